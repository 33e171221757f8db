package redact

import (
	"hash/maphash"
	"math/bits"
)

// matcher finds secrets in texts: by rule, and once it is frozen, also those
// that were found before.
type matcher struct {
	rules  *ruleSet
	known  known
	frozen bool

	seed  maphash.Seed
	dull  map[uint64]struct{} // texts in which there was nothing
	hits  []uint64            // scratch: bit i is rule i
	spans []span
	last  uint64 // the text that spans is for
	any   bool   // a secret was found
}

// maxDull bounds the memory of texts without a secret: screens repeat
// themselves.
const maxDull = 1 << 15

func newMatcher(rules *ruleSet) *matcher {
	return &matcher{
		rules: rules, seed: maphash.MakeSeed(), dull: map[uint64]struct{}{},
		hits: make([]uint64, (len(rules.rules)+63)/64),
	}
}

// freeze ends the finding.
func (m *matcher) freeze() {
	m.known.freeze()
	m.frozen = true
	clear(m.dull)
	m.spans = m.spans[:0]
}

// find gives the secrets in text; the result is valid until the next call.
// start tells that a line begins with text.
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
		return m.spans // what is on the screen is often looked at as printed, too
	}
	m.spans, m.last = m.spans[:0], hash
	clear(m.hits)
	m.rules.keywords.find(text, func(i int) { m.hits[i>>6] |= 1 << (i & 63) })
	for _, i := range m.rules.always {
		m.hits[i>>6] |= 1 << (i & 63)
	}
	for w, word := range m.hits {
		for ; word != 0; word &= word - 1 {
			r := m.rules.rules[w<<6+bits.TrailingZeros64(word)]
			r.find(text, func(v value) {
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

// found takes note of a secret that a rule found.
func (m *matcher) found(text []byte, v value, rule string, sure, start bool) span {
	m.any = true
	s := m.known.byText[string(text[v.from:min(v.end, v.from+maxSecret)])]
	if !m.frozen {
		t := string(text[v.from:v.end])
		if v.weak {
			m.known.add(t, rule, false, "")
		} else {
			m.known.add(t, rule, sure || strongText(t), before(text, v.from, start), v.also...)
		}
	} else if s == nil {
		s = &secret{rule: rule}
	}
	return span{from: v.from, to: v.to, s: s}
}
