package render

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// Painter turns pictures into the bytes that change a terminal from one to the
// next. It writes nothing but drawing: cursor positions, SGR, printable
// characters, erasing, scrolling, the cursor's look and the brackets of a
// synchronized update. Wrapping must be off on the terminal. Only one goroutine
// may use a Painter at a time.
type Painter struct {
	colors Colors
	ascii  bool // the terminal shows ASCII only
	curly  bool // the terminal supports styles and colours of underlines
	sync   bool // send each picture as one update (mode 2026)

	shaped bool // the cursor's shape was changed

	shown Canvas // the picture on the terminal
	known bool   // shown is right; false at the start and after a disturbance

	buf    []byte
	x, y   int   // the place of the cursor; x < 0: unknown
	style  Style // the current SGR
	styled bool  // style is right
}

const (
	syncStart = "\x1b[?2026h"
	syncEnd   = "\x1b[?2026l"
	// syncAbove is the number of bytes above which a picture is sent as one
	// update. Terminals read fewer bytes at once anyway.
	syncAbove = 256
)

// NewPainter returns a Painter for the terminal that the variables of getenv,
// such as [os.Getenv], describe. ColorsAuto means the colours that they describe.
func NewPainter(getenv func(string) string, colors Colors) *Painter {
	p := &Painter{}
	term := getenv("TERM")
	simple := term == "" || term == "dumb" || term == "linux" || strings.HasPrefix(term, "vt")
	if p.colors = colors; colors == ColorsAuto {
		p.colors = colorsOf(getenv)
	}
	p.sync = !simple
	p.curly = !simple && p.colors >= Colors256
	locale := getenv("LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = getenv(name)
		}
	}
	locale = strings.ToLower(strings.ReplaceAll(locale, "-", ""))
	p.ascii = locale != "" && !strings.Contains(locale, "utf8")
	return p
}

// ASCII reports whether the terminal shows ASCII only. The painter replaces
// other characters.
func (p *Painter) ASCII() bool { return p.ascii }

// Shaped reports whether the painter has changed the cursor's shape.
func (p *Painter) Shaped() bool { return p.shaped }

// Forget has the next picture painted in full.
func (p *Painter) Forget() { p.known = false }

// Paint returns the bytes that bring next onto the terminal; nil if it is there
// already. They are valid until the next call.
func (p *Painter) Paint(next *Canvas) []byte {
	buf := append(p.buf[:0], syncStart...)
	p.buf = append(buf, "\x1b[?25l"...)
	start := len(p.buf)
	p.x = -1
	full := !p.known || p.shown.Cols != next.Cols || p.shown.Rows != next.Rows
	if full {
		shape := p.shown.Cursor.Shape
		p.shown.Reset(next.Cols, next.Rows)
		p.shown.Cursor = Cursor{Shape: shape}
		p.buf = append(p.buf, "\x1b[m\x1b[H\x1b[2J"...)
		p.style, p.styled = Style{}, true
	} else {
		p.scroll(next)
	}
	for y := range next.Rows {
		p.paintRow(next, y)
	}
	drawn := len(p.buf) > start
	old, cur := p.shown.Cursor, next.Cursor
	if !drawn && old == cur {
		p.buf = p.buf[:0]
		return nil
	}
	if cur.Shape != old.Shape {
		p.buf = append(p.buf, "\x1b["...)
		p.buf = strconv.AppendInt(p.buf, int64(cur.Shape), 10)
		p.buf = append(p.buf, " q"...)
		p.shaped = true
	}
	if cur.Visible {
		p.move(cur.X, cur.Y)
		p.buf = append(p.buf, "\x1b[?25h"...)
	}
	p.shown.copyFrom(next)
	p.known = true
	if p.sync && len(p.buf) > syncAbove {
		p.buf = append(p.buf, syncEnd...)
		return p.buf
	}
	return p.buf[len(syncStart):]
}

// move puts the cursor at column x of row y.
func (p *Painter) move(x, y int) {
	if p.x == x && p.y == y {
		return
	}
	p.buf = append(p.buf, "\x1b["...)
	if y > 0 || x > 0 {
		p.buf = strconv.AppendInt(p.buf, int64(y+1), 10)
	}
	if x > 0 {
		p.buf = append(p.buf, ';')
		p.buf = strconv.AppendInt(p.buf, int64(x+1), 10)
	}
	p.buf = append(p.buf, 'H')
	p.x, p.y = x, y
}

// paintRow paints the cells of a row that differ from what is shown.
func (p *Painter) paintRow(next *Canvas, y int) {
	was, row := p.shown.Row(y), next.Row(y)
	// tail is where the rest of the row is blank, in one style.
	tail := len(row)
	for tail > 0 && isBlank(row[tail-1]) && row[tail-1].Style == row[len(row)-1].Style {
		tail--
	}
	unsure := 0 // cells before it may have been overwritten
	for x := 0; x < len(row); x++ {
		if row[x] == was[x] && x >= unsure {
			continue
		}
		if x >= tail && len(row)-x > 8 && row[x].Style.Attr == 0 && row[x].Style.Bg == 0 {
			p.move(x, y)
			p.setStyle(row[x].Style)
			p.buf = append(p.buf, "\x1b[K"...)
			return
		}
		if row[x].Rest {
			// The first half is unchanged, so a wide character overlapped:
			// paint the whole character.
			if x == 0 {
				continue
			}
			x--
		}
		// Repainting a few unchanged cells is shorter than a jump.
		if p.y == y && p.x >= 0 && p.x < x && x-p.x <= 4 && p.plainRun(row[p.x:x]) {
			for _, c := range row[p.x:x] {
				p.paintCell(c)
			}
		}
		p.move(x, y)
		p.paintCell(row[x])
		unsure = max(unsure, x+1+row[x].spill())
		if row[x].Width == 2 {
			x++
		}
	}
}

func isBlank(c Cell) bool { return (c.Rune == 0 || c.Rune == ' ') && !c.Rest && c.Text == "" }

// plainRun reports whether the cells are one byte each, in the current style.
func (p *Painter) plainRun(cells []Cell) bool {
	for _, c := range cells {
		if c.Style != p.style || !p.styled || c.Text != "" || c.Rune >= 0x7f || c.Rest {
			return false
		}
	}
	return true
}

// paintCell paints a cell at the cursor.
func (p *Painter) paintCell(c Cell) {
	p.setStyle(c.Style)
	sure := true // all terminals agree on the width
	switch {
	case p.ascii && (c.Text != "" || c.Rune >= 0x7f):
		p.buf = append(p.buf, asciiFor(c.Rune)...)
		if c.Width == 2 {
			p.buf = append(p.buf, ' ')
		}
	case c.Text != "":
		p.buf = appendClean(p.buf, c)
		sure = false
	case c.Rune < 0x20 || c.Rune >= 0x7f && c.Rune < 0xa0:
		p.buf = append(p.buf, ' ')
	case isFormat(c.Rune):
		p.buf = append(p.buf, ' ')
	default:
		p.buf = utf8.AppendRune(p.buf, c.Rune)
		sure = c.Rune < 0x2600 || c.Rune >= 0x2e80 && c.Rune < 0xd800
	}
	p.x += max(int(c.Width), 1)
	if !sure || p.x >= p.shown.Cols {
		p.x = -1 // terminals differ in where the cursor is now
	}
}

// appendClean appends the code points of a character, but only those that are
// merely drawn.
func appendClean(b []byte, c Cell) []byte {
	n := len(b)
	for _, r := range c.Text {
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0 || isFormat(r):
			continue
		case r == 0x200b || r == 0xad || r >= 0x2060 && r <= 0x2064:
			continue // draws nothing
		case r == 0xfe0f && c.Width < 2:
			// On newer terminals the selector of emoji style widens the
			// character to two columns; on the recorded one it did not.
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	if len(b) == n {
		b = append(b, ' ')
	}
	return b
}

// asciiFor returns the replacement for r on a terminal that shows ASCII only.
func asciiFor(r rune) string {
	switch {
	case r == 0xa0 || r == 0x3000:
		return " "
	case r == '─' || r == '━' || r == '═' || r == '—' || r == '–':
		return "-"
	case r == '│' || r == '┃' || r == '║':
		return "|"
	case r > 0x2500 && r < 0x2580:
		return "+"
	case r >= 0x2580 && r < 0x25a0:
		return "#"
	case r == '…':
		return "."
	}
	return "?"
}

// spill returns the number of columns behind c that a terminal may overwrite,
// because it draws c wider than the recorded one did.
func (c *Cell) spill() int {
	switch {
	case c.Text != "":
		return min(2*utf8.RuneCountInString(c.Text), 16)
	case c.Rune >= 0x2600 && c.Rune < 0x2e80 || c.Rune >= 0xe000:
		return 1
	}
	return 0
}

// setStyle sets SGR to st.
func (p *Painter) setStyle(st Style) {
	if p.styled && st == p.style {
		return
	}
	p.style, p.styled = st, true
	b := append(p.buf, "\x1b[0"...)
	for i, code := range [...]string{";1", ";2", ";3", ";5", ";7", ";8", ";9", ";53"} {
		if st.Attr.Has(1 << i) {
			b = append(b, code...)
		}
	}
	if u := st.Attr.Underline(); u != vt.NoUnderline {
		b = append(b, ";4"...)
		if p.curly && u != vt.SingleUnderline {
			b = append(b, ':', '0'+byte(u))
		}
	}
	b = appendColor(b, p.colors.fit(st.Fg), 30)
	b = appendColor(b, p.colors.fit(st.Bg), 40)
	if p.curly && st.Underline != 0 && st.Attr.Underline() != vt.NoUnderline {
		if ul := p.colors.fit(st.Underline); ul != 0 {
			b = appendUnderline(b, ul)
		}
	}
	p.buf = append(b, 'm')
}

func appendUnderline(b []byte, c vt.Color) []byte {
	if i, ok := c.Palette(); ok {
		b = append(b, ";58:5:"...)
		return strconv.AppendInt(b, int64(i), 10)
	}
	red, green, blue, _ := c.RGB()
	b = append(b, ";58:2:"...)
	for _, v := range [3]uint8{red, green, blue} {
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(v), 10)
	}
	return b
}

// scroll scrolls rows of the terminal if that leaves less to paint, as the output
// of most programs scrolls.
func (p *Painter) scroll(next *Canvas) {
	rows := next.Rows
	if rows < 4 {
		return
	}
	// The rows that changed.
	same := func(a, b int) bool { return rowsEqual(p.shown.Row(a), next.Row(b)) }
	top, bottom := 0, rows
	for top < bottom && same(top, top) {
		top++
	}
	for bottom > top && same(bottom-1, bottom-1) {
		bottom--
	}
	if bottom-top < 4 {
		return
	}
	best, by := 0, 0
	for _, n := range [...]int{1, -1, 2, -2, 3, -3, 4, -4, 5, 6, 7, 8, 10, 12, 16} {
		if abs(n) >= bottom-top {
			continue
		}
		moved := 0
		for y := top; y < bottom; y++ {
			if from := y + n; from >= top && from < bottom && same(from, y) && !blankRow(next.Row(y)) {
				moved++
			}
		}
		if moved > best {
			best, by = moved, n
		}
	}
	if best < 3 {
		return
	}
	p.setStyle(Style{})
	b := append(p.buf, "\x1b["...)
	b = strconv.AppendInt(b, int64(top+1), 10)
	b = append(b, ';')
	b = strconv.AppendInt(b, int64(bottom), 10)
	b = append(b, "r\x1b["...)
	b = strconv.AppendInt(b, int64(abs(by)), 10)
	if by > 0 {
		b = append(b, 'S')
	} else {
		b = append(b, 'T')
	}
	p.buf = append(b, "\x1b[r"...)
	p.x = -1
	region := p.shown.cells[top*next.Cols : bottom*next.Cols]
	n := abs(by) * next.Cols
	if by > 0 {
		copy(region, region[n:])
		clear(region[len(region)-n:])
	} else {
		copy(region[n:], region)
		clear(region[:n])
	}
}

func rowsEqual(a, b []Cell) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func blankRow(row []Cell) bool {
	for i := range row {
		if row[i] != (Cell{}) {
			return false
		}
	}
	return true
}

// AppendLines appends a picture to b as lines of text with SGR sequences, each
// without trailing blanks and followed by newline, and without blank lines at the
// end. It ignores what is on the terminal.
func (p *Painter) AppendLines(b []byte, c *Canvas, newline string) []byte {
	rows := c.Rows
	for rows > 0 && blankRow(c.Row(rows-1)) {
		rows--
	}
	// A terminal, or a file, begins without style.
	q := Painter{colors: p.colors, curly: p.curly, buf: b, styled: true}
	for y := range rows {
		row := c.Row(y)
		end := len(row)
		for end > 0 && row[end-1] == (Cell{}) {
			end--
		}
		for _, cl := range row[:end] {
			if !cl.Rest {
				q.paintCell(cl)
			}
		}
		q.setStyle(Style{})
		q.buf = append(q.buf, newline...)
	}
	return q.buf
}
