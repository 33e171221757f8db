package play

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// view shows a screen on a terminal of any size.
type view struct {
	x, y   int    // the cell of the screen in the upper left corner
	panned bool   // the user has chosen x and y; else they follow the cursor
	match  *match // to be kept in view, not the cursor; nil: none
	theme  *format.Theme
}

// pan moves the view and keeps it from following the cursor.
func (v *view) pan(dx, dy int) {
	v.x, v.y, v.panned, v.match = v.x+dx, v.y+dy, true, nil
}

// match is the place of a match on the screen, and that of the view before it
// moved to the match.
type match struct {
	x, y, end int // row y, from column x to before end
	number    int // the place on the tape
	wasX      int
	wasY      int
}

// show moves the view to a match, and keeps it there until leave.
func (v *view) show(m match) {
	v.leave()
	m.wasX, m.wasY = v.x, v.y
	v.match = &m
}

// leave ends show: a view that the user has panned goes back.
func (v *view) leave() {
	if m := v.match; m != nil && v.panned {
		v.x, v.y = m.wasX, m.wasY
	}
	v.match = nil
}

// place moves the view, by as little as needed, so that it shows the cursor or
// the match; if the user has panned it, so that it lies within the screen.
func (v *view) place(s *vt.Screen, cols, rows int) {
	w, h := s.Size()
	switch {
	case v.match != nil:
		// If the match is too long, show its beginning.
		v.x = follow(v.x, v.match.end-1, cols, w)
		v.x = follow(v.x, v.match.x, cols, w)
		v.y = follow(v.y, v.match.y, rows, h)
	case !v.panned:
		c := s.Cursor()
		v.x = follow(v.x, c.X, cols, w)
		v.y = follow(v.y, c.Y, rows, h)
	}
	v.x = max(min(v.x, w-cols), 0)
	v.y = max(min(v.y, h-rows), 0)
}

// follow returns the start of a window of that length that shows at with a
// margin.
func follow(start, at, length, whole int) int {
	if whole <= length {
		return 0
	}
	margin := min(length/8, 8)
	if at < start+margin {
		return at - margin
	}
	if at >= start+length-margin {
		return at - length + margin + 1
	}
	return start
}

// draw draws the part of the screen in view onto the first rows of c, and a frame
// if the screen leaves room for one.
func (v *view) draw(c *canvas, s *vt.Screen, rows int) {
	v.place(s, c.cols, rows)
	w, h := s.Size()
	shownCols, shownRows := min(c.cols, w-v.x), min(rows, h-v.y)
	modes := s.Modes()
	look := v.colors(s)
	for y := range shownRows {
		row, to := s.Row(v.y+y), c.row(y)
		for x := range shownCols {
			from := row.Cell(v.x + x)
			cl := &to[x]
			attr := from.Attr() &^ vt.Protected
			if modes.ReverseVideo {
				attr ^= vt.Inverse
			}
			cl.style = style{fg: look.fg(from.Fg()), bg: look.bg(from.Bg()), attr: attr}
			if attr.Underline() != vt.NoUnderline {
				cl.style.ul = look.of(s.CellUnderlineColor(from))
			}
			switch from.Width() {
			case 0:
				cl.rest = true
			case 2:
				cl.width = 2
			}
			if cl.r = from.Rune(); cl.r < 0 {
				cl.r, cl.text = 0, s.CellText(from)
			}
		}
		c.mend(y)
	}
	cursor := s.Cursor()
	c.cursor = cursorLook{
		x: cursor.X - v.x, y: cursor.Y - v.y, shape: cursor.Shape,
		visible: cursor.Visible && cursor.X >= v.x && cursor.X < v.x+shownCols && cursor.Y >= v.y && cursor.Y < v.y+shownRows,
	}
	v.frame(c, shownCols, shownRows, rows)
}

// frame draws the edges of a screen that is smaller than the terminal.
func (v *view) frame(c *canvas, cols, rows, upto int) {
	edge := style{attr: vt.Faint}
	right, below := cols < c.cols, rows < upto
	if right {
		for y := range rows {
			c.put(cols, y, "│", edge)
		}
	}
	if below {
		for x := range cols {
			c.put(x, rows, "─", edge)
		}
		if right {
			c.put(cols, rows, "┘", edge)
		}
	}
}

// screenColors maps the colours of a screen's cells to those of the viewer's
// terminal. Colours that the recording redefined, and with a theme all that are
// not direct, look as recorded; the others are the terminal's own.
type screenColors struct {
	screen *vt.Screen
	theme  *format.Theme
	defFg  vt.Color
	defBg  vt.Color
	plain  bool // nothing is redefined
}

func (v *view) colors(s *vt.Screen) screenColors {
	l := screenColors{screen: s, theme: v.theme}
	l.defFg, l.defBg, _ = s.DefaultColors()
	if v.theme != nil {
		if l.defFg == 0 {
			l.defFg = rgb(v.theme.Fg)
		}
		if l.defBg == 0 {
			l.defBg = rgb(v.theme.Bg)
		}
	}
	l.plain = v.theme == nil && l.defFg == 0 && l.defBg == 0 && !anyPalette(s)
	return l
}

func rgb(c format.RGB) vt.Color { return vt.RGBColor(c.R, c.G, c.B) }

func (l *screenColors) fg(c vt.Color) vt.Color {
	if c == 0 {
		return l.defFg
	}
	return l.of(c)
}

func (l *screenColors) bg(c vt.Color) vt.Color {
	if c == 0 {
		return l.defBg
	}
	return l.of(c)
}

func (l *screenColors) of(c vt.Color) vt.Color {
	if l.plain {
		return c
	}
	i, ok := c.Palette()
	if !ok {
		return c
	}
	if own, ok := l.screen.Palette(i); ok {
		return own
	}
	if l.theme != nil && i < 16 {
		n := int(i)
		if n >= 8 && len(l.theme.Palette) == 8 {
			n -= 8
		}
		if n < len(l.theme.Palette) {
			return rgb(l.theme.Palette[n])
		}
	}
	return c
}

// light highlights the matches of p in view.
func (v *view) light(c *canvas, s *vt.Screen, rows int, p *pattern) {
	w, h := s.Size()
	shownCols, shownRows := min(c.cols, w-v.x), min(rows, h-v.y)
	for l := range logicalLines(s) {
		for _, m := range p.findAll(l.text) {
			for i := m[0]; i < m[1]; i++ {
				x, y := l.cols[i]-v.x, l.rows[i]-v.y
				if x < 0 || y < 0 || x >= shownCols || y >= shownRows {
					continue
				}
				row := c.row(y)
				row[x].style = matchStyle
				if row[x].width == 2 && x+1 < len(row) {
					row[x+1].style = matchStyle
				}
			}
		}
	}
}

// matchStyle is visible on any terminal, also on one without colours.
var matchStyle = style{fg: vt.PaletteColor(3), bg: vt.PaletteColor(0), attr: vt.Bold | vt.Inverse}

// findAll returns all matches in text, as package regexp does.
func (p *pattern) findAll(text []byte) [][]int {
	const most = 10_000
	return p.re.FindAllIndex(text, most)
}

// anyPalette reports whether the recording has redefined any colour.
func anyPalette(s *vt.Screen) bool {
	for i := range 256 {
		if _, ok := s.Palette(uint8(i)); ok {
			return true
		}
	}
	return false
}
