package redact

import (
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// rule recognizes a kind of secret.
type rule struct {
	name     string
	keywords []string // in lower case; the rule is tried on texts with one of them, on all texts if nil
	group    int      // of expr that is the secret; 0 for the first that matched
	entropy  float64  // least entropy of the secret, in bits per byte
	accept   func(m match) bool
	read     func(m match) []value // returns the secrets behind a match of expr; if nil, a group is the secret
	// locate, unless nil, returns the matches in place of expr, each with its groups as
	// package regexp has them. It is for rules that read has, and saves most texts the
	// expression.
	locate func(text []byte) [][]int
	// within, unless nil, returns the part of a text in which filter may find a match.
	within func(text []byte) []byte
	extend bool // a match may be only the beginning of a word
	sure   bool // its secrets are strong: they are Options.Texts

	expr   string
	once   sync.Once
	regexp *regexp.Regexp
	filter func() *automaton // for newPrefilter, of expr
}

// match is a match of a rule's expression.
type match struct {
	text     []byte
	all      [2]int // bytes of the whole match
	from, to int    // bytes of the secret, without read
	groups   []int
	quotes   *quotes // shared by the matches in a text; may be nil
	left     *int    // for line, shared by them too; may be nil
}

func (m match) secret() string     { return string(m.text[m.from:m.to]) }
func (m match) group(i int) string { return string(m.text[m.groups[2*i]:m.groups[2*i+1]]) }

// compiled returns the expression, compiled on first use: most recordings need
// only a few of the rules.
func (r *rule) compiled() *regexp.Regexp {
	r.once.Do(func() {
		if r.regexp == nil && r.expr != "" {
			r.regexp = regexp.MustCompile(r.expr)
		}
	})
	return r.regexp
}

// find calls yield with each secret in text.
func (r *rule) find(text []byte, yield func(v value)) {
	if r.read != nil {
		r.readAll(text, yield)
		return
	}
	for _, g := range r.compiled().FindAllSubmatchIndex(text, -1) {
		n := r.group
		if n == 0 {
			for i := 1; i < len(g)/2; i++ {
				if g[2*i] >= 0 && g[2*i] < g[2*i+1] {
					n = i
					break
				}
			}
		}
		from, to := g[2*n], g[2*n+1]
		if from < 0 || from == to {
			continue
		}
		if r.entropy > 0 && entropy(text[from:to]) < r.entropy {
			continue
		}
		m := match{text: text, all: [2]int{g[0], g[1]}, from: from, to: to, groups: g}
		if r.accept == nil || r.accept(m) {
			v := valueOf(from, to)
			if r.extend {
				v = m.extended()
			}
			yield(v)
		}
	}
}

// matches returns the matches in text, for read.
func (r *rule) matches(text []byte) [][]int {
	if r.locate != nil {
		return r.locate(text)
	}
	return r.compiled().FindAllSubmatchIndex(text, -1)
}

// readAll is find for a rule with read.
func (r *rule) readAll(text []byte, yield func(v value)) {
	var q quotes
	// A word may have thousands of names in it, each with the rest of the word as its
	// value. If that is no secret, the next one is read. So after some bytes, values are
	// read in part, and those that are secrets again.
	left := maxWords * max(len(text), maxLineText)
	more := left
	done := 0
	for _, g := range r.matches(text) {
		if g[0] < done {
			continue // inside a secret
		}
		m := match{text: text, all: [2]int{g[0], g[1]}, groups: g, quotes: &q, left: &left}
		values := r.read(m)
		if left <= 0 && len(values) > 0 {
			m.quotes, m.left = nil, &more
			values = r.read(m)
		}
		for _, v := range values {
			done = max(done, v.to)
			yield(v)
		}
	}
}

// maxWords is how many times the bytes of a text may be read as parts of words.
const maxWords = 8

// extended returns the secret of a match, extended to the end of the word.
func (m match) extended() value {
	at := m.from
	if at > 0 && isQuote(m.text[at-1]) {
		for at--; at > 0 && m.text[at-1] == '\\'; {
			at--
		}
	}
	p := m.place(-1, at)
	w := p.word(style{config: at == 0 || m.text[at-1] != '='})
	v := valueOf(m.from, m.to)
	if parts := w.parts(); len(parts) > 0 && parts[0].from == m.from {
		v.to, v.more = max(m.to, parts[0].to), parts[1:]
		if !w.open {
			v.also = []string{string(w.text)}
		}
	}
	return v
}

// entropy returns Shannon's entropy of b, in bits per byte.
func entropy(b []byte) float64 {
	var counts [256]int
	for _, c := range b {
		counts[c]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(b))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// ruleSet is a list of rules with an index of their keywords.
type ruleSet struct {
	rules    []*rule
	always   []int     // indices of rules without keywords
	keywords *keywords // finds the indices of the others, and of the texts of special
}

// What a line may have that no rule finds. The bits of their texts follow those of the
// rules.
const (
	keyLine   = iota // the armour of a private key
	entryLine        // the head of a list of secrets
	specials
)

// special has the texts of each, in lower case.
var special = func() (texts [specials][]string) {
	texts[keyLine] = []string{"private key", "private-"}
	for _, kind := range entryKinds {
		texts[entryLine] = append(texts[entryLine], kind.words...)
	}
	return texts
}()

func newRuleSet(rules []*rule) *ruleSet {
	set := &ruleSet{rules: rules}
	lists := make([][]string, len(rules), len(rules)+specials)
	for i, r := range rules {
		if r.filter == nil {
			r.filter = sync.OnceValue(func() *automaton {
				if r.locate != nil {
					return &automaton{all: true}
				}
				return newAutomaton(r.compiled().String())
			})
		}
		if len(r.keywords) == 0 {
			set.always = append(set.always, i)
		}
		for _, word := range r.keywords {
			lists[i] = append(lists[i], strings.ToLower(word))
		}
	}
	set.keywords = newKeywords(append(lists, special[:]...))
	return set
}

// gitleaksTOML is the rule set of gitleaks (MIT licence, see gitleaks/LICENSE).
// It is embedded as data, because gitleaks' package config would add viper and
// its dependencies for a file that two structs can read.
//
//go:embed gitleaks/gitleaks.toml
var gitleaksTOML string

type gitleaksAllow struct {
	Condition   string
	RegexTarget string
	Regexes     []string
	StopWords   []string
	Paths       []string
	Commits     []string
}

type gitleaksConfig struct {
	Allowlist gitleaksAllow
	Rules     []struct {
		ID          string
		Regex       string
		Path        string
		SecretGroup int
		Entropy     float64
		Keywords    []string
		Allowlists  []gitleaksAllow
	}
}

// parseGitleaks returns the rules of a gitleaks configuration, except for those
// about files.
func parseGitleaks(text string) ([]*rule, error) {
	var config gitleaksConfig
	if _, err := toml.Decode(text, &config); err != nil {
		return nil, fmt.Errorf("gitleaks rules: %w", err)
	}
	global := newAllow(config.Allowlist)
	var rules []*rule
	for _, r := range config.Rules {
		if r.Regex == "" || r.Path != "" {
			continue
		}
		allows := []*allow{global}
		for _, a := range r.Allowlists {
			// One that requires a path as well never applies.
			if !strings.EqualFold(a.Condition, "AND") || len(a.Paths)+len(a.Commits) == 0 {
				allows = append(allows, newAllow(a))
			}
		}
		rules = append(rules, &rule{
			name: r.ID, keywords: r.Keywords, group: r.SecretGroup, entropy: r.Entropy, expr: r.Regex,
			accept: func(m match) bool {
				if r.ID == generalRule {
					if constantName.MatchString(m.secret()) {
						return false
					}
					if publicKey.Match(m.text[max(0, m.all[0]-16):m.from]) {
						return false
					}
					name := namedBefore.FindSubmatch(near(m.text[:m.from]))
					if name != nil && codeName(string(name[1]), m.secret(), false) {
						return false
					}
				}
				if _, secret, ok := strings.Cut(m.secret(), ":"); ok && urlExample.MatchString(strings.Trim(secret, `"'`)) {
					return false
				}
				for _, a := range allows {
					if a.allows(m) {
						return false
					}
				}
				return true
			},
			extend: r.ID == generalRule,
		})
	}
	return rules, nil
}

// allow lists matches that are no secrets.
type allow struct {
	gitleaksAllow
	regexes func() []*regexp.Regexp
	words   func() *keywords
}

func newAllow(a gitleaksAllow) *allow {
	return &allow{
		gitleaksAllow: a,
		regexes: sync.OnceValue(func() (list []*regexp.Regexp) {
			for _, expr := range a.Regexes {
				list = append(list, regexp.MustCompile(expr))
			}
			return list
		}),
		words: sync.OnceValue(func() *keywords {
			lower := make([]string, len(a.StopWords))
			for i, w := range a.StopWords {
				lower[i] = strings.ToLower(w)
			}
			return newKeywords([][]string{lower})
		}),
	}
}

// allows reports whether a match is no secret.
func (a *allow) allows(m match) bool {
	target := m.text[m.from:m.to]
	switch a.RegexTarget {
	case "match":
		target = m.text[m.all[0]:m.all[1]]
	case "line":
		target = m.text
	}
	regex := false
	for _, re := range a.regexes() {
		if regex = re.Match(target); regex {
			break
		}
	}
	word := false
	if len(a.StopWords) > 0 {
		a.words().find(m.text[m.from:m.to], func(int) { word = true })
	}
	if strings.EqualFold(a.Condition, "AND") {
		return (regex || len(a.Regexes) == 0) && (word || len(a.StopWords) == 0) && len(a.Regexes)+len(a.StopWords) > 0
	}
	return regex || word
}

// publicKey matches the name of a value that only looks like a secret to generalRule.
var publicKey = regexp.MustCompile(`(?i)public[ _-]?key|fingerprint|key[ _-]?id`)

// constantName matches the names of constants.
var constantName = regexp.MustCompile(`^[A-Z]+\d{0,4}(?:_[A-Z]+\d{0,4})+$`)

// namedBefore matches the name of a value, up to the value.
var namedBefore = regexp.MustCompile(`([A-Za-z_][\w.-]*)\\*["']?\s*(?:=>|:?=|:)\s*\\*["']?$`)

// generalRule is the name of gitleaks' rule for any value with a suitable name.
const generalRule = "generic-api-key"

// publicRules returns gitleaks' rules and nameRules. generalRule is the last, as a
// secret is reported under the first rule that finds it.
var publicRules = sync.OnceValues(func() ([]*rule, error) {
	rules, err := parseGitleaks(gitleaksTOML)
	rules = slices.Concat(rules, nameRules(), commandRules(), statementRules(), settingRules(), promptRules())
	slices.SortStableFunc(rules, func(a, b *rule) int {
		switch {
		case a.name == generalRule && b.name != generalRule:
			return 1
		case b.name == generalRule && a.name != generalRule:
			return -1
		}
		return 0
	})
	return rules, err
})
