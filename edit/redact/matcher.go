package redact

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"regexp"
)

// matcher finds secrets in texts: by the rules and, once frozen, also those that
// it found before.
type matcher struct {
	rules  *ruleSet
	known  known
	frozen bool // the first pass is over

	seed    maphash.Seed
	dull    map[uint64]struct{} // hashes of texts without a secret
	hits    []uint64            // bit i: the text has a keyword of rule i
	spans   []span
	last    uint64 // hash of the text that spans belong to
	any     bool   // it found a secret
	escapes decoder
	prompts map[string]bool // first words of lines that look like the prompts of a shell
}

// maxDull bounds dull. Screens repeat themselves, so it saves much work.
const maxDull = 1 << 15

func newMatcher(rules *ruleSet) *matcher {
	return &matcher{
		rules: rules, seed: maphash.MakeSeed(), dull: map[uint64]struct{}{},
		prompts: map[string]bool{}, hits: make([]uint64, (len(rules.rules)+63)/64),
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

// find returns the secrets in text. The result is valid until the next call.
// start reports whether text begins a line.
func (m *matcher) find(text []byte, start bool) []span {
	if len(text) < 2 && !m.frozen {
		return nil
	}
	hash := maphash.Bytes(m.seed, text)
	if start {
		hash++
	}
	if _, ok := m.dull[hash]; ok {
		return nil
	}
	if hash == m.last && len(m.spans) > 0 {
		return m.spans // the same text is often looked at on the screen and as printed
	}
	m.spans, m.last = m.spans[:0], hash
	if word := firstWord(text); start && !m.frozen && len(word) < len(text) && promptEnding.MatchString(word) && len(m.prompts) < maxPrompts {
		m.prompts[word] = true
	}
	clear(m.hits)
	m.rules.keywords.find(text, func(i int) { m.hits[i>>6] |= 1 << (i & 63) })
	for _, i := range m.rules.always {
		m.hits[i>>6] |= 1 << (i & 63)
	}
	for w, word := range m.hits {
		for ; word != 0; word &= word - 1 {
			r := m.rules.rules[w<<6+bits.TrailingZeros64(word)]
			r.find(text, func(v value) {
				if v.from > 0 && m.prompts[firstWord(text[v.from:v.to])] {
					return
				}
				sp := m.found(text, v, r.name, r.sure, start)
				m.spans = append(m.spans, sp)
				for _, part := range v.more {
					m.spans = append(m.spans, span{from: part.from, to: part.to, s: sp.s, more: true})
				}
			})
		}
	}
	if m.frozen {
		m.spans = m.known.find(m.spans, text, start)
		m.spans = m.findEscaped(m.spans, text)
	}
	if len(m.spans) > 0 {
		m.any = true
	} else {
		if len(m.dull) >= maxDull {
			clear(m.dull)
		}
		m.dull[hash] = struct{}{}
	}
	return m.spans
}

const maxPrompts = 1 << 10

// promptEnding matches the first word of a line if it may be a prompt.
var promptEnding = regexp.MustCompile(`^[\w.@:~/\[\]-]{2,62}[$#%>]$`)

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
	s := m.known.byText[string(text[v.from:min(v.end, v.from+maxSecret)])]
	if !m.frozen {
		t := string(text[v.from:v.end])
		if v.weak {
			m.known.add(t, rule, false, "")
		} else {
			m.known.add(t, rule, sure || strongText(t), before(text, v.from, start), append(v.also, spellings(t)...)...)
		}
	} else if s == nil {
		s = &secret{rule: rule}
	}
	return span{from: v.from, to: v.to, s: s}
}
