package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"html"
	"net/url"
	"slices"
	"strings"
)

// derive adds to the grams the forms in which programs print a secret: base64,
// hexadecimal digits, and quotes and blanks as some languages write them. Escapes
// need no form, as findEscaped decodes them.
func (k *known) derive(s *secret) {
	of := s
	if s.same != nil {
		of = s.same
	}
	add := func(text string, least int) {
		if k.derived += len(text); k.derived > maxDerived {
			k.full = true
			return
		}
		if len(text) < gramLen || k.byText[text] != nil {
			return
		}
		// A part of 11 bytes has a gram at a multiple of four.
		k.index(&secret{text: text, rule: s.rule, strong: true, same: of, least: least}, 4)
	}
	text := s.text
	for skip := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			coded := enc.EncodeToString([]byte(strings.Repeat("x", skip) + text))
			// The first and the last character may depend on others too.
			from, to := (skip*8+5)/6, (skip+len(text))*8/6
			if enc == base64.RawStdEncoding || strings.ContainsAny(coded[from:to], "-_") {
				add(coded[from:to], leastBase64)
			}
		}
	}
	digits := hex.EncodeToString([]byte(text))
	add(digits, leastHex)
	add(strings.ToUpper(digits), leastHex)
	for _, d := range []string{digits, strings.ToUpper(digits)} { // hexdump -C, xxd
		add(grouped(d, 2, 2), leastSpaced)
		add(grouped(d, 4, 4), leastSpaced)
		add(grouped(d, 2, 4), leastSpaced)
	}
	for _, pair := range [][2]string{{" ", "+"}, {"'", "''"}, {`"`, `""`}} {
		if strings.Contains(text, pair[0]) {
			form := strings.ReplaceAll(text, pair[0], pair[1])
			add(form, len(form)) // a part of it is one of the secret too
		}
	}
	if strings.Contains(text, " ") {
		add(url.QueryEscape(text), max(12, len(text)/2)) // a word of it is none
	}
}

const (
	minDerived  = 6       // bytes of a secret with derived forms
	maxDerived  = 1 << 20 // bytes of all derived forms
	leastBase64 = 10      // bytes of a part of a form that are enough to replace it
	leastHex    = 12
	leastSpaced = 17
)

// grouped returns digits with a blank behind the first and then behind each n.
func grouped(digits string, first, n int) string {
	var b strings.Builder
	for len(digits) > first {
		b.WriteString(digits[:first] + " ")
		digits, first = digits[first:], n
	}
	b.WriteString(digits)
	return b.String()
}

// index adds a secret's grams, of each so many bytes one.
func (k *known) index(s *secret, step int) {
	for i := 0; i+gramLen <= len(s.text); i += step {
		g := s.text[i : i+gramLen]
		if dull(g) && i > 0 {
			continue
		}
		key := binary.LittleEndian.Uint64([]byte(g))
		if len(k.grams[key]) < 16 {
			k.grams[key] = append(k.grams[key], gram{s, int32(i), s.least == 0 && (plain(g) || i < 4)})
		}
	}
}

// around extends a part of base64 by the characters at its ends that depend on the
// secret in part, and by padding.
func (sp span) around(text []byte) span {
	if sp.s.least != leastBase64 {
		return sp
	}
	if sp.from > 0 && base64Byte(text[sp.from-1]) {
		sp.from--
	}
	if sp.to < len(text) && base64Byte(text[sp.to]) {
		sp.to++
	}
	for sp.to < len(text) && text[sp.to] == '=' {
		sp.to++
	}
	return sp
}

// base64Byte reports whether c belongs to base64, of either alphabet.
func base64Byte(c byte) bool {
	return c < 0x80 && (wordByte(c) || c == '+' || c == '/' || c == '-')
}

// encodedLine reports whether a line is one of a longer text in base64 or
// hexadecimal digits.
func encodedLine(text []byte) bool {
	text = bytes.TrimRight(text, "= ")
	for _, c := range text {
		if !base64Byte(c) {
			return false
		}
	}
	return len(text) > 0
}

// decoder decodes the escapes of a text.
type decoder struct {
	plain []byte
	from  []int // index in the text of each byte of plain, and of the end
}

// escapeBytes are the bytes that escapes begin with.
var escapeBytes = [256]bool{'%': true, '\\': true, '&': true, '\'': true}

// mayEscape reports whether decode may find an escape in text.
func mayEscape(text []byte) bool {
	for i, c := range text {
		if !escapeBytes[c] {
			continue
		}
		switch rest := text[i+1:]; c {
		case '%':
			if len(rest) > 1 {
				if _, ok := unhex(rest[0], rest[1], true); ok {
					return true
				}
			}
		case '&':
			if bytes.IndexByte(rest[:min(len(rest), 9)], ';') >= 0 {
				return true
			}
		case '\'':
			if len(rest) > 2 && (rest[0] == '\\' || rest[0] == '"') {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// decode decodes the escapes of URLs (%20), of shells, JSON and C (\", \x20, \u0020),
// and of HTML (&quot;). It reports whether there are any.
func (d *decoder) decode(text []byte) bool {
	d.plain, d.from = d.plain[:0], d.from[:0]
	any := false
	for i := 0; i < len(text); {
		n, s := 1, ""
		switch c := text[i]; c {
		case '%':
			n, s = percent(text[i:])
		case '\\':
			n, s = backslash(text[i:])
		case '&':
			n, s = entity(text[i:])
		case '\'':
			// In single quotes of a shell.
			for _, quote := range []string{`'\''`, `'"'"'`} {
				if bytes.HasPrefix(text[i:], []byte(quote)) {
					n, s = len(quote), "'"
				}
			}
		}
		if s == "" {
			d.plain, d.from = append(d.plain, text[i]), append(d.from, i)
			i++
			continue
		}
		any = true
		for j := range len(s) {
			d.plain, d.from = append(d.plain, s[j]), append(d.from, i)
		}
		i += n
	}
	d.from = append(d.from, len(text))
	return any
}

// percent decodes %XX at the start of b. It returns the length and the text; "" if
// it is none.
func percent(b []byte) (int, string) {
	if len(b) > 2 {
		if c, ok := unhex(b[1], b[2], true); ok {
			return 3, string([]byte{c})
		}
	}
	return 1, ""
}

// backslash decodes the escape at the start of b like percent. One that stands for
// nothing else is the character behind it.
func backslash(b []byte) (int, string) {
	n, s := ansiEscape(b)
	if len(s) > 0 && s[0] == '\\' && n == 2 && len(b) > 1 && b[1] < 0x80 {
		return 2, string(b[1:2])
	}
	if n < 2 {
		return 1, ""
	}
	return n, s
}

// entity decodes an entity of HTML at the start of b like percent.
func entity(b []byte) (int, string) {
	n := bytes.IndexByte(b[:min(len(b), 10)], ';')
	if n < 0 {
		return 1, ""
	}
	if s := html.UnescapeString(string(b[:n+1])); len(s) <= n {
		return n + 1, s
	}
	return 1, ""
}

// findEscaped appends the known secrets in a text that has escapes.
func (m *matcher) findEscaped(dst []span, text []byte) []span {
	if !mayEscape(text) || !m.escapes.decode(text) {
		return dst
	}
	d := &m.escapes
	found := dst
	for _, sp := range m.known.find(nil, d.plain) {
		sp.from, sp.to, sp.escaped = d.from[sp.from], d.from[sp.to], true
		// A rule that found it has its parts, without the quotes between them.
		if i := slices.IndexFunc(found[:min(len(found), 64)], func(f span) bool { return f.from == sp.from && !f.part }); i < 0 {
			dst = append(dst, sp)
		}
	}
	return dst
}

// spellings returns what a secret in base64 stands for, and the part of it behind a
// user.
func spellings(text string) []string {
	plain, ok := decode64(text)
	if !ok || len(text) < 8 {
		return nil
	}
	plain = strings.TrimSpace(plain)
	if _, secret, ok := strings.Cut(plain, ":"); ok {
		return []string{plain, secret}
	}
	return []string{plain}
}
