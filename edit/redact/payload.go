package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// payload searches a control string of the output.
func (r *run) payload(kind byte, text []byte, at []int64, whole bool) {
	r.payloadOf(&r.outMarks, payloadName(kind, text), kind, text, at, whole)
}

// payloadName returns the name that a report has for a control string.
func payloadName(kind byte, text []byte) string {
	switch kind {
	case 'P':
		return "dcs"
	case 'X':
		return "sos"
	case '^':
		return "pm"
	case '_':
		return "apc"
	}
	number, _, _ := bytes.Cut(text, []byte(";"))
	switch string(number) {
	case "0", "1", "2":
		return "title"
	}
	if len(number) == 0 || len(number) > 6 || strings.Trim(string(number), "0123456789") != "" {
		return "osc"
	}
	return "osc " + string(number)
}

// payloadOf searches a control string as it is, and decoded. at has the position
// of each byte in the stream; whole reports whether text is all of the string.
func (r *run) payloadOf(marks *marks, name string, kind byte, text []byte, at []int64, whole bool) {
	if r.m.replacer != nil {
		to := &r.outSwaps
		if marks == &r.inMarks {
			to = &r.inSwaps
		}
		r.replacePayload(to, kind, text, at, whole)
		return
	}
	w := where{kind: name, seen: map[*secret]bool{}}
	if kind == ']' {
		if i := bytes.IndexByte(text, ';'); i >= 0 {
			text, at = text[i+1:], at[i+1:]
		}
	}
	escaped := bytes.Contains(text, []byte(`\x`))
	i := len(text)
	switch name {
	case "osc 52", "osc 1337", "osc 99":
		// Padding does not separate.
		if i = bytes.LastIndexAny(bytes.TrimRight(text, "="), ";:=") + 1; !whole || !r.payloadBase64(marks, w, text[i:], at[i:]) {
			i = len(text)
		}
	}
	if name != "osc 633" || !escaped { // there, \x20 may be the blank that ends a word
		r.payloadText(marks, w, text, at, i)
	}
	if bytes.IndexByte(text, '%') >= 0 {
		r.payloadDecoded(marks, w, text, at, 3, func(b []byte) (byte, bool) {
			return unhex(b[1], b[2], b[0] == '%')
		})
	}
	if escaped { // VS Code's 633;E
		r.payloadDecoded(marks, w, text, at, 4, func(b []byte) (byte, bool) {
			return unhex(b[2], b[3], b[0] == '\\' && b[1] == 'x')
		})
	}
}

// payloadText searches text as it is. From index encoded on, it is base64 that was
// searched already.
func (r *run) payloadText(marks *marks, w where, text []byte, at []int64, encoded int) {
	for _, sp := range r.m.look(text, true) {
		if sp.from >= encoded && sp.s.least > 0 {
			continue
		}
		fresh := false
		for _, pos := range at[sp.from:sp.to] {
			fresh = marks.set(pos, star) || fresh
		}
		r.here = around{text: text, at: at, marks: marks}
		r.count(sp, w, fresh)
	}
}

// unhex decodes two hexadecimal digits; ok is false if they are none, or was
// before.
func unhex(a, b byte, ok bool) (byte, bool) {
	hi, ok1 := hexDigit(a)
	lo, ok2 := hexDigit(b)
	return hi<<4 | lo, ok && ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// payloadDecoded searches text with its escapes, of n bytes each, decoded.
func (r *run) payloadDecoded(marks *marks, w where, text []byte, at []int64, n int, decode func([]byte) (byte, bool)) {
	var plain []byte
	var from []int
	for i := 0; i < len(text); {
		from = append(from, i)
		if i+n <= len(text) {
			if c, ok := decode(text[i : i+n]); ok {
				plain = append(plain, c)
				i += n
				continue
			}
		}
		plain = append(plain, text[i])
		i++
	}
	from = append(from, len(text))
	for _, sp := range r.m.look(plain, true) {
		fresh := false
		sp.from, sp.to = from[sp.from], from[sp.to]
		for _, pos := range at[sp.from:sp.to] {
			fresh = marks.set(pos, star) || fresh
		}
		r.here = around{text: text, at: at, marks: marks}
		r.count(sp, w, fresh)
	}
}

// payloadBase64 searches text decoded from base64. It replaces each group that
// has a byte of a secret with the base64 of stars, so that the text can still be
// decoded. It reports whether the text is base64.
func (r *run) payloadBase64(marks *marks, w where, text []byte, at []int64) bool {
	clean := bytes.TrimRight(text, "=")
	plain, err := base64.RawStdEncoding.DecodeString(string(clean))
	if err != nil || len(plain) == 0 {
		return false
	}
	for _, sp := range r.m.look(plain, true) {
		fresh := false
		for group := sp.from / 3; group*3 < sp.to; group++ {
			stars := "Kioq"
			switch len(clean) - group*4 {
			case 2:
				stars = "Kg"
			case 3:
				stars = "Kio"
			}
			for i := range min(len(stars), len(clean)-group*4) {
				fresh = marks.replace(at[group*4+i], stars[i]) || fresh
			}
		}
		r.here = around{text: text, at: at, marks: marks}
		sp.from = sp.from / 3 * 4
		r.count(sp, w, fresh)
	}
	return true
}
