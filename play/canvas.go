package play

import (
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// style is how a cell is drawn. Equal styles look equal.
type style struct {
	fg, bg, ul vt.Color
	attr       vt.Attr
}

// cell is a cell of the viewer's terminal. The zero cell is blank.
type cell struct {
	r     rune   // 0 for a blank; the first code point when text is set
	text  string // set if there are several code points
	width uint8  // 2 for the first half of a wide character; else 0 or 1
	rest  bool   // the second half
	style style
}

// canvas is a picture of a terminal.
type canvas struct {
	cols, rows int
	cells      []cell
	cursor     cursorLook
}

// cursorLook is the place and the look of the cursor.
type cursorLook struct {
	x, y    int
	visible bool
	shape   int // the parameter of DECSCUSR
}

// reset resizes the canvas and makes it blank.
func (c *canvas) reset(cols, rows int) {
	c.cols, c.rows = cols, rows
	n := cols * rows
	if cap(c.cells) < n {
		c.cells = make([]cell, n)
	}
	c.cells = c.cells[:n]
	clear(c.cells)
	c.cursor = cursorLook{}
}

func (c *canvas) copyFrom(d *canvas) {
	c.cols, c.rows, c.cursor = d.cols, d.rows, d.cursor
	c.cells = append(c.cells[:0], d.cells...)
}

func (c *canvas) row(y int) []cell { return c.cells[y*c.cols : (y+1)*c.cols] }

// put writes s, which is our own text, from column x on, cut to the width of the
// canvas, and returns the column behind it.
func (c *canvas) put(x, y int, s string, st style) int {
	if y < 0 || y >= c.rows {
		return x
	}
	row := c.row(y)
	for _, r := range s {
		w := runeWidth(r)
		if w == 0 {
			continue
		}
		if x < 0 || x+w > len(row) {
			break
		}
		row[x] = cell{r: r, width: uint8(w), style: st}
		if w == 2 {
			row[x+1] = cell{rest: true, style: st}
		}
		x += w
	}
	return x
}

// fill makes the cells from column x up to upto blank, in that style.
func (c *canvas) fill(x, upto, y int, st style) {
	if y < 0 || y >= c.rows {
		return
	}
	row := c.row(y)
	for i := max(x, 0); i < min(upto, len(row)); i++ {
		row[i] = cell{style: st}
	}
}

// mend blanks halves of wide characters whose other half is missing, as at the
// edges of a view and of the bar.
func (c *canvas) mend(y int) {
	row := c.row(y)
	for x := range row {
		if row[x].rest && (x == 0 || row[x-1].width != 2) ||
			row[x].width == 2 && (x+1 == len(row) || !row[x+1].rest) {
			row[x] = cell{style: row[x].style}
		}
	}
}

// runeWidth returns the number of columns of a rune in our own texts, which may
// quote titles and input.
func runeWidth(r rune) int {
	if r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || isFormat(r) {
		return 0
	}
	return vt.RuneWidth(r)
}

// textWidth returns the number of columns of s.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
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
