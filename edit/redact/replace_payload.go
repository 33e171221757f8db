package redact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// coding is how a part of a control string is encoded.
type coding int

const (
	asIs     coding = iota
	percents        // with the escapes of URLs
	escapesX        // with \xHH for what separates, as in VS Code's marks
	base64s         // in base64
)

// textPart is a part of a control string that is text, not structure.
type textPart struct {
	extent
	coding coding
}

// textParts returns the parts of a control string that are text. kind is its introducer.
func textParts(kind byte, text []byte) []textPart {
	all := extent{0, len(text)}
	switch kind {
	case ']':
	case 'P':
		if bytes.HasPrefix(text, []byte("tmux;")) {
			return []textPart{{all, asIs}}
		}
		return nil // pictures, and requests
	case '_':
		if bytes.HasPrefix(text, []byte("G")) {
			return nil // an image of kitty
		}
		return []textPart{{all, asIs}}
	default:
		return []textPart{{all, asIs}}
	}
	number, _, ok := bytes.Cut(text, []byte(";"))
	if !ok {
		return nil
	}
	fields := fieldsOf(text, len(number)+1)
	body := extent{len(number) + 1, len(text)}
	from := func(n int, c coding) []textPart { // the fields from n on, as one
		if n >= len(fields) {
			return nil
		}
		return []textPart{{extent{fields[n].from, len(text)}, c}}
	}
	switch string(number) {
	case "4", "5", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "104", "105":
		return nil // colours and pointers
	case "6", "7":
		return []textPart{{body, percents}}
	case "8":
		return from(1, percents)
	case "9":
		if len(fields) > 1 && fields[0].to == fields[0].from+1 && text[body.from]-'0' < 10 {
			return from(1, asIs)
		}
	case "52", "5522":
		return from(1, base64s)
	case "99":
		if bytes.Contains(text[fields[0].from:fields[0].to], []byte("e=1")) {
			return from(1, base64s)
		}
		return from(1, asIs)
	case "777":
		return from(1, asIs)
	case "133":
		var list []textPart
		for _, f := range fields[1:] {
			key, value := valueIn(text, f)
			switch key {
			case "", "aid", "hn", "k", "cl", "err", "redraw", "special_key", "click_events":
			case "cmdline_url":
				list = append(list, textPart{value, percents})
			default:
				list = append(list, textPart{value, asIs})
			}
		}
		return list
	case "633":
		letter := string(text[fields[0].from:fields[0].to])
		switch {
		case letter == "E" && len(fields) > 1:
			return []textPart{{fields[1], escapesX}} // a nonce follows
		case letter == "P" && len(fields) > 1:
			_, value := valueIn(text, extent{fields[1].from, len(text)})
			return []textPart{{value, escapesX}}
		case strings.HasPrefix(letter, "Env"):
			return from(1, escapesX)
		}
		return nil
	case "1337":
		key, value := valueIn(text, body)
		switch key {
		case "File", "MultipartFile", "FilePart", "SetColors", "CursorShape", "":
			return nil
		case "SetUserVar":
			_, value = valueIn(text, value)
			return []textPart{{value, base64s}}
		case "Copy":
			if i := bytes.IndexByte(text[value.from:], ':'); i >= 0 {
				return []textPart{{extent{value.from + i + 1, len(text)}, base64s}}
			}
		}
		return []textPart{{value, asIs}}
	case "697", "3008":
		var list []textPart
		for i, f := range fields {
			if _, value := valueIn(text, f); i > 0 || string(number) == "697" {
				list = append(list, textPart{value, asIs})
			}
		}
		return list
	}
	return []textPart{{body, asIs}}
}

// fieldsOf splits text, from index from on, at its semicolons.
func fieldsOf(text []byte, from int) []extent {
	var list []extent
	for {
		i := bytes.IndexByte(text[from:], ';')
		if i < 0 {
			return append(list, extent{from, len(text)})
		}
		list = append(list, extent{from, from + i})
		from += i + 1
	}
}

// valueIn splits key=value.
func valueIn(text []byte, f extent) (key string, value extent) {
	i := bytes.IndexByte(text[f.from:f.to], '=')
	if i < 0 {
		return "", extent{f.to, f.to}
	}
	return string(text[f.from : f.from+i]), extent{f.from + i + 1, f.to}
}

// replacePayload replaces the texts in a control string. at has the position of each byte
// in the stream; whole reports whether text is all of the string.
func (r *run) replacePayload(to *swaps, kind byte, text []byte, at []int64, whole bool) {
	p := r.m.replacer
	for _, part := range textParts(kind, text) {
		old, at := text[part.from:part.to], at[part.from:part.to]
		var decode func(b []byte) (c byte, n int)
		var escape func(string) string
		switch part.coding {
		case percents:
			escape = escapePercent
			decode = func(b []byte) (byte, int) {
				if len(b) > 2 {
					if c, ok := unhex(b[1], b[2], b[0] == '%'); ok {
						return c, 3
					}
				}
				return b[0], 1
			}
		case escapesX:
			escape = escapeHex
			decode = func(b []byte) (byte, int) {
				if len(b) > 3 {
					if c, ok := unhex(b[2], b[3], b[0] == '\\' && b[1] == 'x'); ok {
						return c, 4
					}
				}
				if len(b) > 1 && b[0] == '\\' && b[1] == '\\' {
					return '\\', 2
				}
				return b[0], 1
			}
		case base64s:
			if whole {
				r.replaceBase64(to, old, at)
			}
			continue
		default:
			decode = func(b []byte) (byte, int) { return b[0], 1 }
		}
		var plain []byte
		var from []int
		for i := 0; i < len(old); {
			c, n := decode(old[i:])
			plain, from = append(plain, c), append(from, i)
			i += n
		}
		from = append(from, len(old))
		for _, sp := range p.find(nil, plain) {
			now := sp.s.pair.new
			if escape != nil {
				now = escape(now)
			}
			to.payload(at[from[sp.from]:from[sp.to]], now, len(sp.s.pair.old))
		}
	}
}

// replaceBase64 is replacePayload for text in base64.
func (r *run) replaceBase64(to *swaps, text []byte, at []int64) {
	clean := strings.TrimRight(string(text), "=")
	plain, err := base64.RawStdEncoding.DecodeString(clean)
	if err != nil || !r.m.replacer.in(plain) {
		return
	}
	enc := base64.StdEncoding
	if len(clean) == len(text) && len(plain)%3 != 0 {
		enc = base64.RawStdEncoding
	}
	to.payload(at, enc.EncodeToString([]byte(r.m.replacer.text(string(plain), nil))), len(plain))
}

// payload replaces bytes of a control string, unless they are replaced already: the
// windows onto a long one overlap.
func (s *swaps) payload(at []int64, text string, rank int) {
	if slices.ContainsFunc(at, func(pos int64) bool { _, ok := s.get(pos); return ok }) {
		return
	}
	for i, pos := range at {
		if i > 0 {
			text = ""
		}
		s.set(pos, swapText{text, rank})
	}
}

// escapePercent returns text as it stands in a URL.
func escapePercent(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if wordByte(c) && c < 0x80 || strings.IndexByte("-.~:/?#[]@!$&'()*+,=", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// escapeHex returns text as it stands in VS Code's marks.
func escapeHex(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\x3b`).Replace(text)
}
