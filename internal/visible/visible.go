// Package visible makes text that others have chosen safe to show on a terminal:
// file names, titles, command lines, lines of a recording.
//
// A character is unsafe if a terminal may obey it (C0 and C1 controls, DEL), or
// if it hides or reorders what stands beside it (zero-width characters, the
// controls of bidirectional text, line and paragraph separators). Everything
// else stays: all scripts, emoji, the private characters of icon fonts.
package visible

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Rune reports whether r is safe to show.
func Rune(r rune) bool {
	switch {
	case r >= 0x20 && r < 0x7f:
		return true
	case r < 0xa0: // C0, DEL, C1
		return false
	}
	return !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs)
}

// Text returns s with unsafe characters and invalid UTF-8 replaced by Go's
// escapes: \x1b, \n, \u202e.
func Text(s string) string {
	if strings.IndexFunc(s, unsafe) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case Rune(r):
			b.WriteString(s[:n])
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// JSON returns a JSON text with the unsafe characters of its strings escaped,
// which [encoding/json] leaves as they are. Its value stays the same.
func JSON(text []byte) []byte {
	if !bytes.ContainsFunc(text, unsafeInJSON) {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		switch {
		case !unsafeInJSON(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func unsafe(r rune) bool { return !Rune(r) }

// unsafeInJSON leaves the blanks between JSON's values alone; in its strings,
// C0 controls are escaped already.
func unsafeInJSON(r rune) bool { return r >= 0x7f && !Rune(r) }
