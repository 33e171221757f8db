package render

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// View shows a screen on a canvas of any size: the part around the cursor, or
// the part to which the user has moved. The zero View follows the cursor.
type View struct {
	X, Y   int  // the cell of the screen in the upper left corner
	Panned bool // the user has chosen X and Y; else they follow the cursor
	// Theme, if not nil, replaces the colours of the viewer's terminal.
	Theme *format.Theme

	match      *Span // to be kept in view, not the cursor; nil: none
	wasX, wasY int   // X and Y before the view moved to match
	cols, rows int   // the size of the part that Draw has drawn
}

// Span is a run of cells in a row of a screen.
type Span struct {
	Y, X int // its first cell
	End  int // the column behind its last cell
}

// Pan moves the view and keeps it from following the cursor.
func (v *View) Pan(dx, dy int) {
	v.X, v.Y, v.Panned, v.match = v.X+dx, v.Y+dy, true, nil
}

// Follow has the view follow the cursor again.
func (v *View) Follow() { v.Panned, v.match = false, nil }

// Show moves the view to a match, and keeps it there until Leave.
func (v *View) Show(m Span) {
	v.Leave()
	v.wasX, v.wasY = v.X, v.Y
	v.match = &m
}

// Leave ends Show: a view that the user has panned goes back.
func (v *View) Leave() {
	if v.match != nil && v.Panned {
		v.X, v.Y = v.wasX, v.wasY
	}
	v.match = nil
}

// Shown returns the match of Show; false after Leave.
func (v *View) Shown() (m Span, ok bool) {
	if v.match == nil {
		return Span{}, false
	}
	return *v.match, true
}

// place moves the view, by as little as needed, so that it shows the cursor or
// the match; if the user has panned it, so that it lies within the screen.
func (v *View) place(s *vt.Screen, cols, rows int) {
	w, h := s.Size()
	switch {
	case v.match != nil:
		// If the match is too long, show its beginning.
		v.X = follow(v.X, v.match.End-1, cols, w)
		v.X = follow(v.X, v.match.X, cols, w)
		v.Y = follow(v.Y, v.match.Y, rows, h)
	case !v.Panned:
		c := s.Cursor()
		v.X = follow(v.X, c.X, cols, w)
		v.Y = follow(v.Y, c.Y, rows, h)
	}
	v.X = max(min(v.X, w-cols), 0)
	v.Y = max(min(v.Y, h-rows), 0)
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

// Draw draws the part of the screen in view onto the upper rows of c, as many as
// the last argument says, and a frame if the screen leaves room for one.
func (v *View) Draw(c *Canvas, s *vt.Screen, rows int) {
	v.place(s, c.Cols, rows)
	w, h := s.Size()
	v.cols, v.rows = min(c.Cols, w-v.X), min(rows, h-v.Y)
	look, reverse := v.colors(s), s.Modes().ReverseVideo
	for y := range v.rows {
		drawRow(c.Row(y)[:v.cols], s, v.Y+y, v.X, &look, reverse, nil)
		c.Mend(y)
	}
	v.cursor(c, s)
	v.frame(c, v.cols, v.rows, rows)
}

// drawRow draws the cells of row y of a screen from column x on. It is for blank cells,
// and for those that it has drawn before.
func drawRow(to []Cell, s *vt.Screen, y, x int, look *screenColors, reverse bool, links *linkTable) {
	row := s.Row(y)
	for i := range to {
		from := row.Cell(x + i)
		cl := &to[i]
		attr := from.Attr() &^ vt.Protected
		if reverse {
			attr ^= vt.Inverse
		}
		*cl = Cell{Style: Style{Fg: look.fg(from.Fg()), Bg: look.bg(from.Bg()), Attr: attr}}
		if attr.Underline() != vt.NoUnderline {
			cl.Style.Underline = look.of(s.CellUnderlineColor(from))
		}
		switch from.Width() {
		case 0:
			cl.Rest = true
		case 2:
			cl.Width = 2
		}
		if cl.Rune = from.Rune(); cl.Rune < 0 {
			cl.Rune, cl.Text = 0, s.CellText(from)
		}
		if links != nil {
			cl.Link = links.of(s, from)
		}
	}
}

// cursor puts the cursor of the screen onto the canvas.
func (v *View) cursor(c *Canvas, s *vt.Screen) {
	cursor := s.Cursor()
	c.Cursor = Cursor{
		X: cursor.X - v.X, Y: cursor.Y - v.Y, Shape: cursor.Shape,
		Visible: cursor.Visible && cursor.X >= v.X && cursor.X < v.X+v.cols && cursor.Y >= v.Y && cursor.Y < v.Y+v.rows,
	}
}

// frame draws the edges of a screen that is smaller than the terminal.
func (v *View) frame(c *Canvas, cols, rows, upto int) {
	edge := Style{Attr: vt.Faint}
	right, below := cols < c.Cols, rows < upto
	if right {
		for y := range rows {
			c.Put(cols, y, "│", edge)
		}
	}
	if below {
		for x := range cols {
			c.Put(x, rows, "─", edge)
		}
		if right {
			c.Put(cols, rows, "┘", edge)
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

func (v *View) colors(s *vt.Screen) screenColors {
	l := screenColors{screen: s, theme: v.Theme}
	l.defFg, l.defBg, _ = s.DefaultColors()
	if v.Theme != nil {
		if l.defFg == 0 {
			l.defFg = rgb(v.Theme.Fg)
		}
		if l.defBg == 0 {
			l.defBg = rgb(v.Theme.Bg)
		}
	}
	l.plain = v.Theme == nil && l.defFg == 0 && l.defBg == 0 && !anyPalette(s)
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

// Highlight highlights a match in what Draw has drawn.
func (v *View) Highlight(c *Canvas, m Span) {
	y := m.Y - v.Y
	if y < 0 || y >= v.rows {
		return
	}
	row := c.Row(y)
	for x := max(m.X-v.X, 0); x < min(m.End-v.X, v.cols); x++ {
		row[x].Style = matchStyle
		if row[x].Width == 2 && x+1 < len(row) {
			row[x+1].Style = matchStyle
		}
	}
}

// matchStyle is visible on any terminal, also on one without colours.
var matchStyle = Style{Fg: vt.PaletteColor(3), Bg: vt.PaletteColor(0), Attr: vt.Bold | vt.Inverse}

// anyPalette reports whether the recording has redefined any colour.
func anyPalette(s *vt.Screen) bool {
	for i := range 256 {
		if _, ok := s.Palette(uint8(i)); ok {
			return true
		}
	}
	return false
}
