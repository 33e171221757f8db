package render

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// separator is the line after each screen, as VHS writes it whatever the width
// (https://github.com/charmbracelet/vhs, testing.go).
var separator = strings.Repeat("─", 80) + "\n"

// WriteText writes the screens of a film as text, as VHS does for .ascii: for each all
// of its rows without the blanks at their ends, and then a line of "─". Frames with the
// text of the one before, such as those in which only the cursor or a colour changes, are
// left out. No control character but line breaks is written, and concealed text is blank.
//
// If the recording ends in an error that is a [*format.SyntaxError], WriteText writes what
// comes before it, and returns the error.
func WriteText(ctx context.Context, w io.Writer, film *Film) error {
	bw := bufio.NewWriter(w)
	var last, now []byte
	for fr, err := range film.Frames(ctx, format.Size{}) {
		if err != nil {
			if errors.As(err, new(*format.SyntaxError)) {
				return errors.Join(bw.Flush(), err)
			}
			return err
		}
		now = appendText(now[:0], fr.Canvas)
		if fr.Number > 0 && bytes.Equal(now, last) {
			continue
		}
		bw.Write(now)
		if _, err := bw.WriteString(separator); err != nil {
			return err
		}
		last, now = now, last
	}
	return bw.Flush()
}

// appendText appends the rows of a canvas.
func appendText(b []byte, c *Canvas) []byte {
	for y := range c.Rows {
		start := len(b)
		for _, cl := range c.Row(y) {
			switch {
			case cl.Rest:
			case cl.Style.Attr.Has(vt.Conceal):
				b = append(b, "  "[:max(int(cl.Width), 1)]...)
			case cl.Text != "":
				b = appendClean(b, cl)
			case cl.Rune < ' ' || cl.Rune >= 0x7f && cl.Rune < 0xa0 || isFormat(cl.Rune):
				b = append(b, ' ')
			default:
				b = append(b, string(cl.Rune)...)
			}
		}
		b = append(b[:start], bytes.TrimRightFunc(b[start:], unicode.IsSpace)...)
		b = append(b, '\n')
	}
	return b
}
