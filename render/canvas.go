package render

import (
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// Style is how a cell is drawn. Equal styles look equal.
type Style struct {
	// Fg, Bg and Underline are the colours; that of the underline is the
	// default where there is none.
	Fg, Bg, Underline vt.Color
	// Attr is the attributes, without [vt.Protected].
	Attr vt.Attr
}

// Cell is a cell of a picture. The zero Cell is blank.
type Cell struct {
	Rune  rune   // 0 for a blank; unused when Text is set
	Text  string // set if there are several code points
	Width uint8  // 2 for the first half of a wide character; else 0 or 1
	Rest  bool   // the second half
	Style Style  // of the blank, too
	Link  uint32 // of a hyperlink: see [Canvas.Link]; 0 if there is none, or links are of no use
}

// Canvas is a picture of a terminal: its cells and its cursor. The zero Canvas
// is empty; give it a size with [Canvas.Reset].
type Canvas struct {
	Cols, Rows int    // set by Reset
	Cursor     Cursor // hidden at first
	CursorInk  Ink    // its colour, in the frames of a [Film]
	cells      []Cell
	links      []link // by the number in a cell, less 1
}

// Cursor is the place and the look of a cursor.
type Cursor struct {
	X, Y    int  // from 0
	Visible bool // if not, X and Y do not matter
	Shape   int  // the parameter of DECSCUSR
}

// Reset resizes the canvas and makes it blank.
func (c *Canvas) Reset(cols, rows int) {
	c.Cols, c.Rows = cols, rows
	n := cols * rows
	if cap(c.cells) < n {
		c.cells = make([]Cell, n)
	}
	c.cells = c.cells[:n]
	clear(c.cells)
	c.Cursor = Cursor{}
}

func (c *Canvas) copyFrom(d *Canvas) {
	c.Cols, c.Rows, c.Cursor, c.CursorInk, c.links = d.Cols, d.Rows, d.Cursor, d.CursorInk, d.links
	c.cells = append(c.cells[:0], d.cells...)
}

// Link returns the hyperlink of a cell: the parameters of OSC 8 and the URI, which
// anybody may have written. Cells of a [Film] that have both in common have the same
// number in all frames.
func (c *Canvas) Link(number uint32) (params, uri string) {
	if number == 0 || int(number) > len(c.links) {
		return "", ""
	}
	l := c.links[number-1]
	return l.params, l.uri
}

type link struct{ params, uri string }

// maxLinks is the most hyperlinks of a film. Text with another is shown without it.
const maxLinks = 1 << 14

// linkTable numbers hyperlinks.
type linkTable struct {
	numbers map[link]uint32
	list    []link
}

// of returns the number of the hyperlink of a cell; 0 if it has none.
func (t *linkTable) of(s *vt.Screen, cl vt.Cell) uint32 {
	params, uri := s.CellLink(cl)
	if uri == "" {
		return 0
	}
	l := link{params, uri}
	n, ok := t.numbers[l]
	if !ok && len(t.list) < maxLinks {
		if t.numbers == nil {
			t.numbers = map[link]uint32{}
		}
		t.list = append(t.list, l)
		n = uint32(len(t.list))
		t.numbers[l] = n
	}
	return n
}

// Row returns the cells of row y, which may be changed.
func (c *Canvas) Row(y int) []Cell { return c.cells[y*c.Cols : (y+1)*c.Cols] }

// Put writes s, a text of the caller's own, from column x on, cut to the width of
// the canvas, and returns the column behind it.
func (c *Canvas) Put(x, y int, s string, st Style) int {
	if y < 0 || y >= c.Rows {
		return x
	}
	row := c.Row(y)
	for _, r := range s {
		w := RuneWidth(r)
		if w == 0 {
			continue
		}
		if x < 0 || x+w > len(row) {
			break
		}
		row[x] = Cell{Rune: r, Width: uint8(w), Style: st}
		if w == 2 {
			row[x+1] = Cell{Rest: true, Style: st}
		}
		x += w
	}
	return x
}

// Fill makes the cells from column x up to upto blank, in that style.
func (c *Canvas) Fill(x, upto, y int, st Style) {
	if y < 0 || y >= c.Rows {
		return
	}
	row := c.Row(y)
	for i := max(x, 0); i < min(upto, len(row)); i++ {
		row[i] = Cell{Style: st}
	}
}

// Mend blanks halves of wide characters whose other half is missing, as at the
// edges of a view and of the bar.
func (c *Canvas) Mend(y int) {
	row := c.Row(y)
	for x := range row {
		if row[x].Rest && (x == 0 || row[x-1].Width != 2) ||
			row[x].Width == 2 && (x+1 == len(row) || !row[x+1].Rest) {
			row[x] = Cell{Style: row[x].Style}
		}
	}
}

// RuneWidth returns the number of columns of a rune that [Canvas.Put] writes. It
// is 0 for those that it leaves out, as a text may quote titles and input.
func RuneWidth(r rune) int {
	if r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || isFormat(r) {
		return 0
	}
	return vt.RuneWidth(r)
}

// TextWidth returns the number of columns of s; see [RuneWidth].
func TextWidth(s string) int {
	n := 0
	for _, r := range s {
		n += RuneWidth(r)
	}
	return n
}

// isFormat reports whether r changes how the text around it is drawn: controls of
// direction (Unicode TR 9) and line breaks. Such characters never reach the
// viewer's terminal.
func isFormat(r rune) bool {
	return r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x206f ||
		r == 0x061c || r == 0xfeff || r >= 0xfff9 && r <= 0xfffb
}
