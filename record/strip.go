package record

import (
	"bytes"
	"strings"
)

// stripper removes the marks of our shell integration from output: OSC 133 with
// the nonce, and an OSC 7 right after one. Other marks are for the terminal.
// The zero stripper changes nothing.
type stripper struct {
	nonce string
	seen  func() // called at our first mark

	// unmarked, if not nil, is called with the reason of our first mark W.
	unmarked func(why string)

	begun  bool   // seen has been called
	held   []byte // the beginning of a possible mark: a terminal would not show it yet
	looked int    // number of bytes of held that were searched for the end
	after  bool   // the next byte follows one of our marks
	out    []byte // reused
}

// markLimit bounds the length of a mark, in bytes.
const markLimit = 256 << 10

const (
	markIntro = "\x1b]133;"
	dirIntro  = "\x1b]7;"
)

// strip returns the part of b to show. It does not change b; the result is
// valid until the next call.
func (m *stripper) strip(b []byte) []byte {
	if m.nonce == "" || len(b) == 0 {
		return b
	}
	if len(m.held) == 0 && !m.after {
		// The common case: no mark, and no copy.
		if m.candidate(b) == len(b) {
			return b
		}
	}
	fresh := len(m.held) == 0
	if !fresh {
		m.held = append(m.held, b...)
		b = m.held
	}
	m.out = m.out[:0]
	for len(b) > 0 {
		n := m.candidate(b)
		if n > 0 {
			m.out = append(m.out, b[:n]...)
			m.after = false
			b = b[n:]
			continue
		}
		end, whole := oscEnd(b, m.looked)
		m.looked = 0
		switch {
		case !whole && len(b) < markLimit:
			if fresh || len(b) < len(m.held) {
				m.held = append(m.held[:0], b...)
			}
			m.looked = end
			return m.out
		case whole && m.ours(b[:end]):
			b = b[end:]
		default:
			m.after = false
			end = max(end, 1)
			m.out = append(m.out, b[:end]...)
			b = b[end:]
		}
	}
	m.held = m.held[:0]
	return m.out
}

// candidate returns the offset in b of the first sequence that may be one of
// our marks, or len(b).
func (m *stripper) candidate(b []byte) int {
	for i := 0; ; {
		esc := bytes.IndexByte(b[i:], 0x1b)
		if esc < 0 {
			return len(b)
		}
		i += esc
		if begins(b[i:], markIntro) || m.after && i == 0 && begins(b, dirIntro) {
			return i
		}
		i++
	}
}

// begins reports whether b begins with intro, or is a beginning of it.
func begins(b []byte, intro string) bool {
	n := min(len(b), len(intro))
	return string(b[:n]) == intro[:n]
}

// ours reports whether a sequence is one of our marks, or an OSC 7 right after
// one.
func (m *stripper) ours(seq []byte) bool {
	if bytes.HasPrefix(seq, []byte(dirIntro)) {
		after := m.after
		m.after = false // another OSC 7 is not ours
		return after
	}
	body := strings.TrimRight(string(seq[len(markIntro):]), "\x07\x1b\\")
	for field := range strings.SplitSeq(body, ";") {
		if field == "aid="+m.nonce || field == "N"+m.nonce {
			if !m.begun {
				m.begun = true
				m.seen()
			}
			if why, ok := strings.CutPrefix(body, "W;aid="+m.nonce+";why="); ok && m.unmarked != nil {
				m.unmarked(why)
				m.unmarked = nil
			}
			m.after = true
			return true
		}
	}
	return false
}

// oscEnd returns the length of the OSC sequence at the start of b; whole is
// false if its end is still to come. The first from bytes are known not to end
// it.
func oscEnd(b []byte, from int) (n int, whole bool) {
	for i := max(1, from); i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x07:
			return i + 1, true
		case c == 0x18 || c == 0x1a:
			return i + 1, true // cancelled
		case c == 0x1b:
			if i+1 == len(b) {
				return i, false
			}
			if b[i+1] == '\\' {
				return i + 2, true
			}
			return i, true // another sequence begins, which ends this one
		}
	}
	return len(b), false
}
