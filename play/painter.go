package play

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// painter turns pictures into the bytes that change the viewer's terminal from
// one to the next. A deck that plays writes no other bytes: cursor positions,
// SGR, printable characters, erasing to the end of a line, scrolling, the
// cursor's look and the brackets of a synchronized update.
type painter struct {
	colors Colors
	ascii  bool // the terminal shows ASCII only
	curly  bool // the terminal supports styles and colours of underlines
	sync   bool // send each picture as one update (mode 2026)

	shaped bool // the cursor's shape was changed

	shown canvas // the picture on the terminal
	known bool   // shown is right; false at the start and after a disturbance

	buf    []byte
	x, y   int   // the place of the cursor; x < 0: unknown
	style  style // the current SGR
	styled bool  // style is right
}

const (
	syncStart = "\x1b[?2026h"
	syncEnd   = "\x1b[?2026l"
	// syncAbove is the number of bytes above which a picture is sent as one
	// update. Terminals read fewer bytes at once anyway.
	syncAbove = 256
)

// know adapts the painter to the terminal's features, as the environment shows
// them.
func (p *painter) know(getenv func(string) string, colors Colors) {
	term := getenv("TERM")
	simple := term == "" || term == "dumb" || term == "linux" || strings.HasPrefix(term, "vt")
	if p.colors = colors; colors == ColorsAuto {
		p.colors = ColorsOf(getenv)
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
}

// forget has the next picture painted in full.
func (p *painter) forget() { p.known = false }

// paint returns the bytes that bring next onto the terminal; nil if it is there
// already. They are valid until the next call.
func (p *painter) paint(next *canvas) []byte {
	buf := append(p.buf[:0], syncStart...)
	p.buf = append(buf, "\x1b[?25l"...)
	start := len(p.buf)
	p.x = -1
	full := !p.known || p.shown.cols != next.cols || p.shown.rows != next.rows
	if full {
		shape := p.shown.cursor.shape
		p.shown.reset(next.cols, next.rows)
		p.shown.cursor = cursorLook{shape: shape}
		p.buf = append(p.buf, "\x1b[m\x1b[H\x1b[2J"...)
		p.style, p.styled = style{}, true
	} else {
		p.scroll(next)
	}
	for y := range next.rows {
		p.paintRow(next, y)
	}
	drawn := len(p.buf) > start
	old, cur := p.shown.cursor, next.cursor
	if !drawn && old == cur {
		p.buf = p.buf[:0]
		return nil
	}
	if cur.shape != old.shape {
		p.buf = append(p.buf, "\x1b["...)
		p.buf = strconv.AppendInt(p.buf, int64(cur.shape), 10)
		p.buf = append(p.buf, " q"...)
		p.shaped = true
	}
	if cur.visible {
		p.move(cur.x, cur.y)
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
func (p *painter) move(x, y int) {
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
func (p *painter) paintRow(next *canvas, y int) {
	was, row := p.shown.row(y), next.row(y)
	// tail is where the rest of the row is blank, in one style.
	tail := len(row)
	for tail > 0 && isBlank(row[tail-1]) && row[tail-1].style == row[len(row)-1].style {
		tail--
	}
	unsure := 0 // cells before it may have been overwritten
	for x := 0; x < len(row); x++ {
		if row[x] == was[x] && x >= unsure {
			continue
		}
		if x >= tail && len(row)-x > 8 && row[x].style.attr == 0 && row[x].style.bg == 0 {
			p.move(x, y)
			p.setStyle(row[x].style)
			p.buf = append(p.buf, "\x1b[K"...)
			return
		}
		if row[x].rest {
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
		if row[x].width == 2 {
			x++
		}
	}
}

func isBlank(c cell) bool { return (c.r == 0 || c.r == ' ') && !c.rest && c.text == "" }

// plainRun reports whether the cells are one byte each, in the current style.
func (p *painter) plainRun(cells []cell) bool {
	for _, c := range cells {
		if c.style != p.style || !p.styled || c.text != "" || c.r >= 0x7f || c.rest {
			return false
		}
	}
	return true
}

// paintCell paints a cell at the cursor.
func (p *painter) paintCell(c cell) {
	p.setStyle(c.style)
	sure := true // all terminals agree on the width
	switch {
	case p.ascii && (c.text != "" || c.r >= 0x7f):
		p.buf = append(p.buf, asciiFor(c.r)...)
		if c.width == 2 {
			p.buf = append(p.buf, ' ')
		}
	case c.text != "":
		p.buf = appendClean(p.buf, c)
		sure = false
	case c.r < 0x20 || c.r >= 0x7f && c.r < 0xa0:
		p.buf = append(p.buf, ' ')
	case isFormat(c.r):
		p.buf = append(p.buf, ' ')
	default:
		p.buf = utf8.AppendRune(p.buf, c.r)
		sure = c.r < 0x2600 || c.r >= 0x2e80 && c.r < 0xd800
	}
	p.x += max(int(c.width), 1)
	if !sure || p.x >= p.shown.cols {
		p.x = -1 // terminals differ in where the cursor is now
	}
}

// appendClean appends the code points of a character, but only those that are
// merely drawn.
func appendClean(b []byte, c cell) []byte {
	n := len(b)
	for _, r := range c.text {
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0 || isFormat(r):
			continue
		case r == 0x200b || r == 0xad || r >= 0x2060 && r <= 0x2064:
			continue // draws nothing
		case r == 0xfe0f && c.width < 2:
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
func (c *cell) spill() int {
	switch {
	case c.text != "":
		return min(2*utf8.RuneCountInString(c.text), 16)
	case c.r >= 0x2600 && c.r < 0x2e80 || c.r >= 0xe000:
		return 1
	}
	return 0
}

// setStyle sets SGR to st.
func (p *painter) setStyle(st style) {
	if p.styled && st == p.style {
		return
	}
	p.style, p.styled = st, true
	b := append(p.buf, "\x1b[0"...)
	for i, code := range [...]string{";1", ";2", ";3", ";5", ";7", ";8", ";9", ";53"} {
		if st.attr.Has(1 << i) {
			b = append(b, code...)
		}
	}
	if u := st.attr.Underline(); u != vt.NoUnderline {
		b = append(b, ";4"...)
		if p.curly && u != vt.SingleUnderline {
			b = append(b, ':', '0'+byte(u))
		}
	}
	b = appendColor(b, p.colors.fit(st.fg), 30)
	b = appendColor(b, p.colors.fit(st.bg), 40)
	if p.curly && st.ul != 0 && st.attr.Underline() != vt.NoUnderline {
		if ul := p.colors.fit(st.ul); ul != 0 {
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
func (p *painter) scroll(next *canvas) {
	rows := next.rows
	if rows < 4 {
		return
	}
	// The rows that changed.
	same := func(a, b int) bool { return rowsEqual(p.shown.row(a), next.row(b)) }
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
			if from := y + n; from >= top && from < bottom && same(from, y) && !blankRow(next.row(y)) {
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
	p.setStyle(style{})
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
	region := p.shown.cells[top*next.cols : bottom*next.cols]
	n := abs(by) * next.cols
	if by > 0 {
		copy(region, region[n:])
		clear(region[len(region)-n:])
	} else {
		copy(region[n:], region)
		clear(region[:n])
	}
}

func rowsEqual(a, b []cell) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func blankRow(row []cell) bool {
	for i := range row {
		if row[i] != (cell{}) {
			return false
		}
	}
	return true
}

// lines appends the first rows of c as lines of text, each without trailing
// blanks and followed by newline.
func (p *painter) lines(c *canvas, rows int, newline string) {
	p.styled = true // a terminal, or a file, begins without style
	for y := range rows {
		row := c.row(y)
		end := len(row)
		for end > 0 && row[end-1] == (cell{}) {
			end--
		}
		for _, cl := range row[:end] {
			if !cl.rest {
				p.paintCell(cl)
			}
		}
		p.setStyle(style{})
		p.buf = append(p.buf, newline...)
	}
}
