package redact

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"regexp"
	"strings"
)

// matcher finds secrets in texts: by the rules and, once frozen, also those that
// it found before.
type matcher struct {
	rules *ruleSet
	// replacer, unless nil, finds texts to replace, in place of secrets.
	replacer *replacer
	known    known
	frozen   bool // the first pass is over

	filters []*prefilter // of each rule; nil until its first use

	seed    maphash.Seed
	dull    []uint64 // hashes of texts without a secret, by their last bits
	hits    []uint64 // bit i: the text has a keyword of rule i, or a text of special
	spans   []span
	last    uint64 // hash of the text that spans belong to
	any     bool   // it found a secret
	escapes decoder
	prompts map[string]bool // first words of lines that look like the prompts of a shell
	// suspect is set when a rule finds what may be a prompt. The second pass, which
	// knows the prompts, applies the rules again.
	suspect bool
	again   bool // look applies the rules again

	quiet []uint64 // of a scout

	others map[string]*secret // by rule: they stand for secrets that known has no room for
}

// maxDull bounds dull. Screens repeat themselves, so it saves much work.
const maxDull = 1 << 15

func newMatcher(rules *ruleSet) *matcher {
	return &matcher{
		rules: rules, seed: maphash.MakeSeed(), dull: make([]uint64, maxDull),
		prompts: map[string]bool{}, hits: make([]uint64, (len(rules.rules)+specials+63)/64),
		filters: make([]*prefilter, len(rules.rules)), others: map[string]*secret{},
	}
}

// freeze ends the first pass.
func (m *matcher) freeze() {
	for _, s := range m.known.list {
		// It was found behind the prompt for a password that was not echoed.
		if m.prompts[firstWord([]byte(s.text))] {
			s.strong, s.within = false, true
		}
	}
	m.known.freeze()
	m.frozen = true
	clear(m.dull)
	m.spans = m.spans[:0]
}

// look returns the secrets in text that a pass over the output or the input is for:
// in the first, those that the rules find; in the second, all copies of them, as what
// the rules find is marked already. The result is valid until the next call. start
// reports whether text begins a line.
func (m *matcher) look(text []byte, start bool) []span {
	if m.replacer != nil {
		m.spans = m.replacer.find(m.spans[:0], text)
		return m.spans
	}
	if !m.frozen || m.again {
		return m.find(text, start)
	}
	m.last = 0
	m.spans = m.known.findBegun(m.copies(m.spans[:0], text), text, start)
	return m.spans
}

// lookCopies is look for copies alone, without beginnings.
func (m *matcher) lookCopies(text []byte) []span {
	m.last = 0
	m.spans = m.copies(m.spans[:0], text)
	return m.spans
}

// copies appends the known secrets in text, also in escapes.
func (m *matcher) copies(dst []span, text []byte) []span {
	return m.findEscaped(m.known.find(dst, text), text)
}

// find returns the secrets in text: those that the rules find and, once frozen, the
// copies of all known ones. The result is valid until the next call. start reports
// whether text begins a line.
func (m *matcher) find(text []byte, start bool) []span { return m.search(text, start, false) }

// search is find. scanned reports whether hits is set already.
func (m *matcher) search(text []byte, start, scanned bool) []span {
	if len(text) < 2 && !m.frozen {
		return nil
	}
	hash := maphash.Bytes(m.seed, text)
	if start {
		hash++
	}
	dull := &m.dull[hash%maxDull]
	if *dull == hash {
		return nil
	}
	if hash == m.last && len(m.spans) > 0 {
		return m.spans // the same text is often looked at on the screen and as printed
	}
	m.spans, m.last = m.spans[:0], hash
	if start {
		m.notePrompt(text)
	}
	suspect := false
	if !scanned {
		m.scan(text)
		m.takeSpecial()
	}
	m.eachHit(func(i int) bool {
		if !m.may(i, text) {
			return true
		}
		r := m.rules.rules[i]
		r.find(text, func(v value) {
			if v.from > 0 && maybePrompt(text[v.from:v.to]) {
				if m.prompts[firstWord(text[v.from:v.to])] {
					return
				}
				if !m.frozen {
					m.found(text, v, r.name, r.sure, start)
					m.suspect, suspect = true, true
					return
				}
			}
			sp := m.found(text, v, r.name, r.sure, start)
			m.spans = append(m.spans, sp)
			for _, part := range v.more {
				m.spans = append(m.spans, span{from: part.from, to: part.to, s: sp.s, more: true})
			}
		})
		return true
	})
	if m.frozen {
		m.spans = m.known.findBegun(m.copies(m.spans, text), text, start)
	}
	if len(m.spans) > 0 {
		m.any = true
	} else if !suspect {
		*dull = hash
	}
	return m.spans
}

// eachHit calls do with the index of each rule in hits, until it returns false. It reports
// whether it never has.
func (m *matcher) eachHit(do func(i int) bool) bool {
	for w, word := range m.hits {
		for ; word != 0; word &= word - 1 {
			if !do(w<<6 + bits.TrailingZeros64(word)) {
				return false
			}
		}
	}
	return true
}

// may reports whether rule i may find something in a text.
func (m *matcher) may(i int, text []byte) bool {
	r := m.rules.rules[i]
	if m.filters[i] == nil {
		m.filters[i] = newPrefilter(r.filter())
	}
	if r.within != nil {
		if text = r.within(text); text == nil {
			return false
		}
	}
	return m.filters[i].may(text)
}

// scan sets hits for a text.
func (m *matcher) scan(text []byte) {
	clear(m.hits)
	m.rules.keywords.mark(text, m.hits)
	for _, i := range m.rules.always {
		m.hits[i>>6] |= 1 << (i & 63)
	}
}

// takeSpecial returns which of special the text has, as bits, and leaves the rules in
// hits.
func (m *matcher) takeSpecial() int {
	bits := 0
	for i := range specials {
		n := len(m.rules.rules) + i
		bits |= int(m.hits[n>>6]>>(n&63)&1) << i
		m.hits[n>>6] &^= 1 << (n & 63)
	}
	return bits
}

// isDull reports whether the rules find nothing in a line, and which of special it has,
// as bits. Once frozen, it may ignore copies of known secrets.
func (m *matcher) isDull(line []byte) (special int, dull bool) {
	if m.replacer != nil {
		return 0, !m.replacer.in(line)
	}
	if len(line) < 2 {
		return 0, true
	}
	m.scan(line)
	special = m.takeSpecial()
	for _, word := range m.hits {
		if word != 0 {
			return special, len(m.search(line, true, true)) == 0
		}
	}
	m.notePrompt(line)
	return special, true
}

// mayCopy reports whether look may find something in a text when frozen; lineHead stands
// before it. start reports whether the text begins a line; if not, it may be what is
// behind the blanks that a line begins with.
func (m *matcher) mayCopy(headed []byte, start bool) bool {
	text := headed[headLen:]
	return m.known.touches(headed, start) ||
		mayEscape(text) && m.escapes.decode(text) && len(m.known.find(nil, m.escapes.plain)) > 0
}

// notePrompt keeps the first word of a line if it looks like the prompt of a shell.
func (m *matcher) notePrompt(line []byte) {
	if !m.frozen && len(m.prompts) < maxPrompts && maybePrompt(line) {
		if word := firstWord(line); len(word) < len(line) {
			m.prompts[word] = true
		}
	}
}

const maxPrompts = 1 << 10

// promptEnding matches the first word of a line if it may be a prompt.
var promptEnding = regexp.MustCompile(`^[\w.@:~/\[\]-]{2,62}[$#%>]$`)

// maybePrompt reports whether the first word of text may be a prompt.
func maybePrompt(text []byte) bool {
	end := bytes.IndexByte(text, ' ')
	if end < 0 {
		end = len(text)
	}
	return end > 0 && end <= 64 && strings.IndexByte("$#%>", text[end-1]) >= 0 && promptEnding.Match(text[:end])
}

// firstWord returns the text up to the first blank.
func firstWord(text []byte) string {
	if i := bytes.IndexByte(text, ' '); i >= 0 {
		text = text[:i]
	}
	if len(text) > 64 {
		return ""
	}
	return string(text)
}

// found records a secret that a rule found in text, and returns its span.
func (m *matcher) found(text []byte, v value, rule string, sure, start bool) span {
	m.any = true
	t := string(text[v.from:v.end])
	s := m.known.byText[t[:min(len(t), maxSecret)]]
	switch {
	case m.frozen:
	case v.weak:
		s = m.known.add(t, rule, false, "")
	default:
		s = m.known.add(t, rule, sure || strongText(t), before(text, v.from, start), append(v.also, spellings(t)...)...)
	}
	if s == nil { // there was no room for it
		s = m.other(rule)
	}
	return span{from: v.from, to: v.to, s: s}
}

// other returns what stands for the secrets of a rule that known has no room for.
func (m *matcher) other(rule string) *secret {
	s := m.others[rule]
	if s == nil {
		s = &secret{rule: rule}
		m.others[rule] = s
	}
	return s
}
