package transcript

import (
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/vt"
)

// appendStyled appends a row with SGR sequences, up to column upto. It begins and
// ends plain, so that lines can be separated.
func appendStyled(dst []byte, s *vt.Screen, row vt.Row, upto int) []byte {
	var pen vt.Cell
	for x := range min(upto, row.Content()) {
		c := row.Cell(x)
		if c.Width() == 0 {
			continue
		}
		if !c.SameStyle(pen) {
			dst = appendSGR(dst, c)
			pen = c
		}
		if c.Empty() {
			dst = append(dst, ' ')
		} else {
			dst = append(dst, s.CellText(c)...)
		}
	}
	if !pen.SameStyle(vt.Cell{}) {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

var sgrAttrs = []struct {
	attr vt.Attr
	code int
}{
	{vt.Bold, 1}, {vt.Faint, 2}, {vt.Italic, 3}, {vt.Blink, 5},
	{vt.Inverse, 7}, {vt.Conceal, 8}, {vt.Strike, 9}, {vt.Overline, 53},
}

// appendSGR appends the sequence that sets the style of c.
func appendSGR(dst []byte, c vt.Cell) []byte {
	dst = append(dst, "\x1b[0"...)
	for _, a := range sgrAttrs {
		if c.Attr().Has(a.attr) {
			dst = strconv.AppendInt(append(dst, ';'), int64(a.code), 10)
		}
	}
	if c.Underline() != vt.NoUnderline {
		dst = append(dst, ";4"...)
	}
	dst = appendColor(dst, c.Fg(), 30)
	dst = appendColor(dst, c.Bg(), 40)
	return append(dst, 'm')
}

func appendColor(dst []byte, c vt.Color, base int) []byte {
	if i, ok := c.Palette(); ok {
		switch {
		case i < 8:
			return strconv.AppendInt(append(dst, ';'), int64(base)+int64(i), 10)
		case i < 16:
			return strconv.AppendInt(append(dst, ';'), int64(base)+60+int64(i)-8, 10)
		}
		dst = strconv.AppendInt(append(dst, ';'), int64(base)+8, 10)
		return strconv.AppendInt(append(dst, ";5;"...), int64(i), 10)
	}
	if r, g, b, ok := c.RGB(); ok {
		dst = strconv.AppendInt(append(dst, ';'), int64(base)+8, 10)
		dst = append(dst, ";2"...)
		for _, v := range []uint8{r, g, b} {
			dst = strconv.AppendInt(append(dst, ';'), int64(v), 10)
		}
	}
	return dst
}

// plain returns text without its SGR sequences.
func plain(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, 0x1b)
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if j := strings.IndexByte(s, 'm'); j >= 0 {
			s = s[j+1:]
		} else {
			s = ""
		}
	}
	b.WriteString(s)
	return b.String()
}
