// Package query recognises the queries that a program sends to its terminal, for
// the position of the cursor, its features or its colours, and answers them in
// place of a terminal. Sources: xterm's ctlseqs, DEC STD 070.
package query

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// maxHeld is the most bytes of an incomplete sequence that are held back.
const maxHeld = 4 << 10

// Splitter separates queries from the rest of a program's output. The zero value
// is ready for use, by one goroutine. Output may be split anywhere.
type Splitter struct {
	held []byte // an incomplete sequence
}

// Split calls text with output to show and ask with each query, in their order.
// Their arguments are valid during the call. An incomplete sequence at the end of
// b is held back until the next call.
func (q *Splitter) Split(b []byte, text, ask func([]byte)) {
	if len(q.held) > 0 {
		b = append(q.held, b...)
		q.held = nil
	}
	shown := 0 // bytes of b passed to text or ask
	give := func(upto int) {
		if upto > shown {
			text(b[shown:upto])
		}
		shown = upto
	}
	for at := 0; at < len(b); {
		i := bytes.IndexAny(b[at:], "\x1b\x05")
		if i < 0 {
			break
		}
		at += i
		n, whole := sequence(b[at:])
		if !whole && len(b)-at < maxHeld {
			give(at)
			q.held = append([]byte(nil), b[at:]...)
			return
		}
		if whole && isQuestion(b[at:at+n]) {
			give(at)
			ask(b[at : at+n])
			shown = at + n
		}
		at += n
	}
	give(len(b))
}

// Find calls ask with each query that is whole with b, and the offset in b of its
// end: 0 if only b shows that it had ended before. The query is valid during the
// call. Use a Splitter either for Find or for Split.
func (q *Splitter) Find(b []byte, ask func(query []byte, end int)) {
	at := -len(q.held)
	q.Split(b, func(text []byte) { at += len(text) }, func(query []byte) {
		at += len(query)
		ask(query, max(at, 0))
	})
}

// sequence returns the length of the control sequence or string at the start of
// b, and whether it is complete.
func sequence(b []byte) (n int, whole bool) {
	if b[0] != 0x1b {
		return 1, true
	}
	if len(b) < 2 {
		return 1, false
	}
	switch b[1] {
	case '[':
		for i, c := range b[2:] {
			if c < 0x20 || c > 0x7e { // cut off by another
				return 2 + i, true
			}
			if c >= 0x40 {
				return 3 + i, true
			}
		}
		return len(b), false
	case ']', 'P', 'X', '^', '_':
		for i, c := range b[2:] {
			switch {
			case c == 0x07 && b[1] == ']', c == 0x18, c == 0x1a:
				return 3 + i, true
			case c == 0x1b && 2+i+1 == len(b):
				return len(b), false
			case c == 0x1b && b[2+i+1] == '\\':
				return 4 + i, true
			case c == 0x1b:
				return 2 + i, true
			}
		}
		return len(b), false
	}
	return 2, true
}

// isQuestion reports whether a complete sequence is a query.
func isQuestion(seq []byte) bool {
	if seq[0] == 0x05 { // ENQ
		return true
	}
	if len(seq) < 3 {
		return false
	}
	body, last := string(seq[2:len(seq)-1]), seq[len(seq)-1]
	switch seq[1] {
	case '[':
		switch last {
		case 'n': // DSR; CSI > n is XTMODKEYS
			return !strings.HasPrefix(body, ">")
		case 'c': // DA1, DA2, DA3; CSI ? c is an answer
			return !strings.HasPrefix(body, "?")
		case 'p': // DECRQM
			return strings.HasSuffix(body, "$")
		case 'q': // XTVERSION
			return strings.HasPrefix(body, ">")
		case 'u': // the kitty keyboard's state
			return body == "?"
		case 'x': // DECREQTPARM
			return body == "" || body == "0" || body == "1"
		case 'S': // XTSMGRAPHICS
			return strings.HasPrefix(body, "?")
		case 't': // XTWINOPS that report
			first, _, _ := strings.Cut(body, ";")
			switch first {
			case "11", "13", "14", "15", "16", "18", "19", "20", "21":
				return true
			}
		}
	case ']':
		return strings.HasSuffix(stringBody(seq), ";?")
	case 'P': // DECRQSS, XTGETTCAP
		return strings.HasPrefix(body, "$q") || strings.HasPrefix(body, "+q")
	}
	return false
}

// stringBody returns the content of a control string.
func stringBody(seq []byte) string {
	return strings.TrimSuffix(strings.TrimSuffix(string(seq[2:]), "\x07"), "\x1b\\")
}

// Answer returns the answer of a VT220 with colours, of that size, to a query; ""
// if it has none. If s is nil and the answer depends on the screen, it returns need
// in place of an answer.
func Answer(seq []byte, size format.Size, s *vt.Screen) (answer string, need bool) {
	if len(seq) < 3 {
		return "", false
	}
	body, last := string(seq[2:len(seq)-1]), seq[len(seq)-1]
	switch seq[1] {
	case '[':
		switch {
		case last == 'n' && body == "5":
			return "\x1b[0n", false
		case last == 'n' && (body == "6" || body == "?6"):
			if s == nil {
				return "", true
			}
			c := s.Cursor()
			return fmt.Sprintf("\x1b[%s%d;%dR", strings.TrimSuffix(body, "6"), c.Y+1, min(c.X, size.Cols-1)+1), false
		case last == 'c' && (body == "" || body == "0"):
			return "\x1b[?62;22c", false
		case last == 'c' && (body == ">" || body == ">0"):
			return "\x1b[>1;10;0c", false
		case last == 'q' && (body == ">" || body == ">0"):
			return "\x1bP>|ttydeck\x1b\\", false
		case last == 't' && body == "18":
			return fmt.Sprintf("\x1b[8;%d;%dt", size.Rows, size.Cols), false
		case last == 'p' && strings.HasPrefix(body, "?"):
			n, err := strconv.Atoi(body[1 : len(body)-1])
			if err != nil {
				return "", false
			}
			if s == nil {
				return "", true
			}
			return fmt.Sprintf("\x1b[?%d;%d$y", n, modeState(n, s)), false
		}
	case ']':
		n := strings.TrimSuffix(stringBody(seq), ";?")
		if n != "10" && n != "11" {
			return "", false
		}
		if s == nil {
			return "", true
		}
		fg, bg, _ := s.DefaultColors()
		if n == "11" {
			fg = bg
		}
		r, g, b, ok := fg.RGB()
		if !ok && n == "10" {
			r, g, b = 0xc0, 0xc0, 0xc0
		}
		end := "\x1b\\"
		if seq[len(seq)-1] == 0x07 {
			end = "\x07"
		}
		return fmt.Sprintf("\x1b]%s;rgb:%02x%02x/%02x%02x/%02x%02x%s", n, r, r, g, g, b, b, end), false
	case 'P':
		if strings.HasPrefix(body, "$q") {
			return "\x1bP0$r\x1b\\", false
		}
		return "\x1bP0+r\x1b\\", false
	}
	return "", false
}

// modeState returns the state of a mode as DECRPM reports it: 0 unknown, 1 set, 2
// reset.
func modeState(n int, s *vt.Screen) int {
	m := s.Modes()
	known := map[int]bool{
		1: m.AppCursor, 5: m.ReverseVideo, 6: m.Origin, 7: m.Wrap, 25: m.CursorVisible, 66: m.AppKeypad, 69: m.LRMargins,
		1004: m.FocusEvent, 1047: s.OnAlternate(), 1049: s.OnAlternate(), 2004: m.BracketedPaste, 2026: m.Sync, 2027: m.Graphemes,
		1000: m.Mouse == 1000, 1002: m.Mouse == 1002, 1003: m.Mouse == 1003, 1006: m.MouseFormat == 1006,
	}
	switch set, ok := known[n]; {
	case !ok:
		return 0
	case set:
		return 1
	}
	return 2
}
