package svg

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/vt"
)

// kind is how a character is placed.
type kind uint8

const (
	blank  kind = iota
	inRun       // one of those that each font of fixed width has: only its run has a place
	placed      // has a place of its own, in the list of its run
	alone       // has an element of its own: it would be shaped or reordered with its neighbours
)

// kindOf returns the kind of a cell's text.
func kindOf(text string) kind {
	r, n := utf8.DecodeRuneInString(text)
	if n < len(text) {
		return alone
	}
	switch {
	case r > ' ' && r <= '~', r >= 0xa1 && r <= 0x17f && r != 0xad,
		r >= 0x391 && r <= 0x3c9 && r != 0x3a2 && r != 0x3aa && r != 0x3ab && r != 0x3ac && r != 0x3b0,
		r >= 0x410 && r <= 0x44f:
		return inRun
	case r == ' ' || r == 0xa0:
		return blank
	case unicode.In(r, unicode.M, unicode.C) && !unicode.Is(unicode.Co, r):
		return alone
	case r < 0x530, r >= 0x1e00 && r <= 0xd7a3 && (r < 0x2e80 && r >= 0x2010 || r >= 0x2e80 && r < 0xa4d0 || r >= 0xac00 || r < 0x2000),
		r >= 0xe000 && r < 0xfb00, r >= 0xff00 && r < 0xfff0:
		return placed
	}
	return alone
}

// appendText appends text as content of an element, or of an attribute in double quotes.
// Characters that XML cannot hold become U+FFFD.
func appendText(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case !inXML(r):
			b = append(b, "\ufffd"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// appendContent is appendText for the content of an element, where quotes may stay.
func appendContent(b []byte, s string) []byte {
	if len(s) == 1 && s[0] == '"' {
		return append(b, '"')
	}
	return appendText(b, s)
}

// inXML reports whether XML text can hold r (XML 1.0, section 2.2). Controls of C1 are
// discouraged there, and never shown.
func inXML(r rune) bool {
	return r == '\n' || r >= 0x20 && r < 0x7f || r >= 0xa0 && r < 0xfffe && r != utf8.RuneError || r >= 0x10000 && r&0xfffe != 0xfffe
}

func escape(s string) string { return string(appendText(nil, s)) }

// cellText returns the text of a cell; "" for a blank.
func cellText(c *render.Cell) string {
	if c.Rest {
		return ""
	}
	if c.Text != "" {
		return c.Text
	}
	switch {
	case c.Rune == 0:
		return ""
	case c.Rune > 0 && c.Rune < utf8.RuneSelf:
		return ascii[c.Rune : c.Rune+1] // string would allocate each time
	}
	return string(c.Rune)
}

var ascii = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

// rowText returns the text of a row without what is concealed, and without blanks at its
// end.
func rowText(row []render.Cell) string {
	var b strings.Builder
	for i := range row {
		c := &row[i]
		if c.Rest {
			continue
		}
		if s := cellText(c); s != "" && !c.Style.Attr.Has(vt.Conceal) {
			b.WriteString(s)
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// safeLink returns a hyperlink as it is put into the picture; "" if it could do anything
// but open a page, a file of a server, or a letter.
func safeLink(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || rest == "" {
		return ""
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "ftps":
		if !strings.HasPrefix(rest, "//") {
			return ""
		}
	case "mailto", "tel", "news", "gemini", "gopher", "irc", "ircs", "xmpp", "ssh", "sftp":
	default:
		return ""
	}
	for _, r := range uri {
		if r <= ' ' || !inXML(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ""
		}
	}
	return uri
}
