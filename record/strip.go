package record

import (
	"bytes"
	"strings"
)

// stripper takes the marks of our shell integration out of what is shown: OSC
// 133 that bears the nonce, and an OSC 7 right behind one. Others' marks are for
// the terminal. The zero stripper leaves everything as it is.
type stripper struct {
	nonce string
	seen  func() // called at the first mark of ours

	begun  bool   // seen has been called
	held   []byte // the beginning of what may be a mark: a terminal would show nothing of it yet
	looked int    // how much of held has been looked at
	after  bool   // what comes is right behind a mark of ours
	out    []byte // reused
}

// markLimit bounds how long a mark may be.
const markLimit = 256 << 10

const (
	markIntro = "\x1b]133;"
	dirIntro  = "\x1b]7;"
)

// strip gives what to show of b, which it does not change. What it gives is good
// until the next call.
func (m *stripper) strip(b []byte) []byte {
	if m.nonce == "" || len(b) == 0 {
		return b
	}
	if len(m.held) == 0 && !m.after {
		// The common case: nothing to do, and nothing copied.
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

// candidate gives where in b something begins that may be a mark of ours.
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

// begins says whether b begins with intro, as far as it goes.
func begins(b []byte, intro string) bool {
	n := min(len(b), len(intro))
	return string(b[:n]) == intro[:n]
}

// ours says whether a sequence is a mark of ours, or an OSC 7 behind one.
func (m *stripper) ours(seq []byte) bool {
	if bytes.HasPrefix(seq, []byte(dirIntro)) {
		after := m.after
		m.after = false // a further one is somebody else's
		return after
	}
	body := strings.TrimRight(string(seq[len(markIntro):]), "\x07\x1b\\")
	for field := range strings.SplitSeq(body, ";") {
		if field == "aid="+m.nonce || field == "N"+m.nonce {
			if !m.begun {
				m.begun = true
				m.seen()
			}
			m.after = true
			return true
		}
	}
	return false
}

// oscEnd gives the length of the OSC sequence that b begins with, as far as it
// is one; whole is false when its end is still to come. The first from bytes are
// known not to end it.
func oscEnd(b []byte, from int) (n int, whole bool) {
	for i := max(1, from); i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x07:
			return i + 1, true
		case c == 0x18 || c == 0x1a:
			return i + 1, true // given up
		case c == 0x1b:
			if i+1 == len(b) {
				return i, false
			}
			if b[i+1] == '\\' {
				return i + 2, true
			}
			return i, true // another sequence begins: this one is over
		}
	}
	return len(b), false
}
