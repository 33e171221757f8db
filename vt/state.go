package vt

import (
	"strconv"
	"unicode/utf8"
)

// AppendState appends to dst bytes that make any terminal of the same size show
// this screen and behave like it from then on: both buffers, cursor, pen,
// margins, tab stops, character sets, modes, titles, palette and the start of a
// sequence that was cut off. The scrollback is not included. Hyperlinks keep
// their identity.
//
// It does not use the terminal's own reset (RIS), which would cost the user the
// scrollback; it sets every mode one by one.
func (s *Screen) AppendState(dst []byte) []byte {
	w := stateWriter{s: s, b: dst}
	w.start()
	w.titles()
	w.colors()

	w.buffer(&s.main)
	if s.onAlt {
		w.csi("H", s.main.y+1, s.main.x+1)
		w.str("\x1b[m\x1b[?1047h\x1b[m\x1b[2J")
		w.known = false
		w.buffer(&s.alt)
	}
	w.modes()
	w.cursor()
	w.finish()
	w.partial()
	return w.b
}

type stateWriter struct {
	s *Screen
	b []byte

	// pen is the terminal's current style, if known.
	pen   Cell
	known bool
	link  uint32
	guard bool // DECSCA is on
}

func (w *stateWriter) str(s string) { w.b = append(w.b, s...) }
func (w *stateWriter) num(n int)    { w.b = strconv.AppendInt(w.b, int64(n), 10) }

// csi appends CSI, numbers between semicolons and final.
func (w *stateWriter) csi(final string, nums ...int) {
	w.str("\x1b[")
	for i, n := range nums {
		if i > 0 {
			w.b = append(w.b, ';')
		}
		w.num(n)
	}
	w.str(final)
}

func (w *stateWriter) mode(n int, on bool) {
	w.str("\x1b[?")
	w.num(n)
	if on {
		w.b = append(w.b, 'h')
	} else {
		w.b = append(w.b, 'l')
	}
}

// start brings the terminal into a known state from any other.
func (w *stateWriter) start() {
	w.str("\x1b\\")                                    // end a string, or an unfinished sequence
	w.str("\x1b[?1049l")                               // the primary screen
	w.str("\x1b[!p")                                   // DECSTR: margins, sets, origin, insert
	w.str("\x1b[?69l\x1b[r\x1b[?6l\x1b[?7h\x1b[4;20l") // for terminals without DECSTR
	w.str("\x1b[?5;12;45;66;1004;1007;2004;2026;2027;1;9;1000;1002;1003;1005;1006;1015;1016l")
	w.str("\x1b[?25h\x1b[2*x\x1b[>4m\x1b[0 q")
	w.str("\x1b(B\x1b)B\x1b*B\x1b+B\x0f")
	w.str("\x1b]8;;\x1b\\\x1b[0\"q\x1b[m\x1b[H\x1b[2J")
	w.known = true
}

func (w *stateWriter) osc(code int, data string) {
	w.str("\x1b]")
	w.num(code)
	w.b = append(w.b, ';')
	w.str(data)
	w.str("\x1b\\")
}

func (w *stateWriter) titles() {
	for _, t := range w.s.titles {
		w.osc(2, t)
		w.csi("t", 22, 2)
	}
	for _, t := range w.s.icons {
		w.osc(1, t)
		w.csi("t", 22, 1)
	}
	w.osc(2, w.s.title)
	w.osc(1, w.s.icon)
	w.osc(7, w.s.cwd)
}

func (w *stateWriter) colors() {
	w.str("\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\")
	p := w.s.palette
	if p == nil {
		return
	}
	for i := range 256 {
		if c, ok := p.colors[uint8(i)]; ok {
			w.osc(4, strconv.Itoa(i)+";"+xcolor(c))
		}
	}
	for i, c := range p.special {
		if c != 0 {
			w.osc(10+i, xcolor(c))
		}
	}
}

// xcolor returns a colour in the notation of XParseColor.
func xcolor(c Color) string {
	const hex = "0123456789abcdef"
	b := []byte("rgb:")
	for shift := 16; shift >= 0; shift -= 8 {
		v := c >> shift & 0xff
		b = append(b, hex[v>>4], hex[v&15], '/')
	}
	return string(b[:len(b)-1])
}

// buffer paints a buffer that is on display and blank, and sets what belongs to
// it alone.
func (w *stateWriter) buffer(b *buffer) {
	w.continued(b.lines)
	for y, l := range b.lines {
		var next *line
		if y+1 < len(b.lines) {
			next = b.lines[y+1]
		}
		w.line(y, l, next)
	}

	w.style(Cell{})
	w.str("\x1b[3g")
	for x := range w.s.cols {
		if b.tabs.has(x) {
			w.csi("H", 1, x+1)
			w.str("\x1bH")
		}
	}
	if b.top != 0 || b.bottom != w.s.rows-1 {
		w.csi("r", b.top+1, b.bottom+1)
	}

	// The saved cursor.
	v := &b.saved
	w.csi("H", v.y+1, v.x+1)
	w.colorsOf(Cell{lo: v.penLo, hi: v.penHi}, v.ulColor)
	w.protect(v.penLo&(uint64(Protected)<<attrShift) != 0)
	w.sets(v.g, v.gl)
	w.str("\x1b7")
	w.sets([4]charset{}, 0)
	w.known = false
}

// continued makes the terminal mark the soft-wrapped lines, by wrapping a space
// into each. Painting the lines overwrites the spaces later.
func (w *stateWriter) continued(lines []*line) {
	wrapInto := func(y int) {
		w.csi("H", y, w.s.cols)
		w.str("  ")
	}
	if lines[0].continued {
		if len(lines) == 1 {
			wrapInto(1) // scrolls
		} else {
			wrapInto(1)
			w.str("\x1b[H\x1b[M") // the second line becomes the first
		}
	}
	for y, l := range lines {
		if y > 0 && l.continued {
			wrapInto(y)
		}
	}
}

// line paints row y; next is the line below.
func (w *stateWriter) line(y int, l, next *line) {
	marked := l.continued || next != nil && next.continued
	if marked {
		w.csi("H", y+1, 1)
		w.style(Cell{})
		w.csi("X", w.s.cols) // ECH keeps the wrap
	}
	used := l.used
	for used > 0 && l.cells[used-1] == (Cell{}) {
		used--
	}
	if used == 0 {
		return
	}
	if !marked {
		w.csi("H", y+1, 1)
	}
	skip := 0 // columns that the cursor lags behind
	for x := 0; x < used; {
		c := l.cells[x]
		if c == (Cell{}) {
			x++
			skip++
			continue
		}
		if skip > 0 {
			w.csi("C", skip)
			skip = 0
		}
		if c.Empty() {
			n := 1
			for x+n < used && l.cells[x+n] == c {
				n++
			}
			w.empty(c, y, x, n)
			x += n
			skip = n
			continue
		}
		w.cell(c)
		x += max(c.Width(), 1)
	}
}

// empty makes n empty cells like c at the cursor. The cursor stays.
func (w *stateWriter) empty(c Cell, y, x, n int) {
	w.style(Cell{hi: c.hi & bgBits})
	w.csi("X", n)
	w.change(c, y, x, n)
}

// change gives n empty cells the attributes that an erase cannot give: all but
// the background.
func (w *stateWriter) change(c Cell, y, x, n int) {
	if c.lo == 0 && c.hi&^bgBits == 0 {
		return
	}
	// The position counts from the margins in origin mode; the callers turn
	// it off.
	w.csi(";", y+1, x+1, y+1, x+n)
	w.sgr(c, w.s.tab.extras[c.extra()].ul)
	w.str("$r")
}

// cell prints a cell at the cursor.
func (w *stateWriter) cell(c Cell) {
	w.style(c)
	if c.lo&chCluster == 0 {
		w.b = utf8.AppendRune(w.b, rune(c.lo&chMask))
		return
	}
	text := w.s.tab.clusters[c.lo&chMask]
	first, n := utf8.DecodeRuneInString(text)
	// Write in grapheme mode what needs it to become one cell: all up to
	// the last part that is more than a mark, or that widens.
	grown := c.Width() != RuneWidth(first)
	upto := 0
	for i, r := range text[n:] {
		if RuneWidth(r) > 0 || grown && r == 0xfe0f {
			upto = n + i + utf8.RuneLen(r)
		}
	}
	if upto > 0 {
		w.mode(2027, true)
		w.str(text[:upto])
		w.mode(2027, false)
	}
	w.str(text[upto:])
}

// style sets the terminal's pen to that of c.
func (w *stateWriter) style(c Cell) {
	if w.known && w.pen.SameStyle(c) {
		return
	}
	e := w.s.tab.extras[c.extra()]
	w.colorsOf(c, e.ul)
	w.protect(c.Attr().Has(Protected))
	if e.link != w.link {
		w.osc(8, w.linkText(e.link))
		w.link = e.link
	}
	w.pen, w.known = c, true
}

func (w *stateWriter) linkText(id uint32) string {
	if id == 0 {
		return ";"
	}
	return w.s.tab.links[id]
}

func (w *stateWriter) protect(on bool) {
	if on != w.guard {
		w.guard = on
		if on {
			w.str("\x1b[1\"q")
		} else {
			w.str("\x1b[0\"q")
		}
	}
}

// colorsOf sets the pen with one SGR.
func (w *stateWriter) colorsOf(c Cell, ul Color) {
	w.str("\x1b[")
	w.sgr(c, ul)
	w.b = append(w.b, 'm')
}

// sgr appends the parameters of an SGR that sets a style from any other.
func (w *stateWriter) sgr(c Cell, ul Color) {
	w.b = append(w.b, '0')
	attr := c.Attr()
	for bit, code := range [...]byte{'1', '2', '3', '5', '7', '8', '9'} {
		if attr>>bit&1 != 0 {
			w.b = append(w.b, ';', code)
		}
	}
	if attr.Has(Overline) {
		w.str(";53")
	}
	switch u := attr.Underline(); u {
	case NoUnderline:
	case SingleUnderline:
		w.str(";4")
	default:
		w.str(";4:")
		w.num(int(u))
	}
	w.color(c.Fg(), 30)
	w.color(c.Bg(), 40)
	if ul != 0 {
		if i, ok := ul.Palette(); ok {
			w.str(";58:5:")
			w.num(int(i))
		} else {
			w.str(";58:2:")
			for shift := 16; shift >= 0; shift -= 8 {
				w.b = append(w.b, ':')
				w.num(int(ul >> shift & 0xff))
			}
		}
	}
}

// color appends the parameters for a foreground (base 30) or background (40).
func (w *stateWriter) color(c Color, base int) {
	if c == 0 {
		return
	}
	w.b = append(w.b, ';')
	if i, ok := c.Palette(); ok {
		switch {
		case i < 8:
			w.num(base + int(i))
		case i < 16:
			w.num(base + 60 + int(i) - 8)
		default:
			w.num(base + 8)
			w.str(";5;")
			w.num(int(i))
		}
		return
	}
	w.num(base + 8)
	w.str(";2")
	for shift := 16; shift >= 0; shift -= 8 {
		w.b = append(w.b, ';')
		w.num(int(c >> shift & 0xff))
	}
}

// sets designates and invokes character sets; all are ASCII, and G0, before.
func (w *stateWriter) sets(g [4]charset, gl uint8) {
	for i, c := range g {
		w.b = append(w.b, 0x1b, "()*+"[i], c.final())
	}
	w.str([...]string{"\x0f", "\x0e", "\x1bn", "\x1bo"}[gl])
}

// modes sets all modes except those that would affect placing the cursor.
func (w *stateWriter) modes() {
	s := w.s
	for _, m := range decModes {
		if s.savedModes.has(m.bit) != modeDefaults.has(m.bit) {
			w.mode(m.number, s.savedModes.has(m.bit))
			w.str("\x1b[?")
			w.num(m.number)
			w.b = append(w.b, 's')
		}
	}
	for _, m := range decModes {
		on := s.modes.has(m.bit)
		if m.bit == modeGraphemes {
			on = false // not yet
		}
		if on != modeDefaults.has(m.bit) || on != s.savedModes.has(m.bit) {
			w.mode(m.number, on)
		}
		if m.bit == modeLRMargins && on && s.narrow() {
			w.csi("s", s.left+1, s.right+1)
		}
	}
	if s.modes.has(modeNewLine) {
		w.csi("h", 20)
	}
	if s.mouse != 0 {
		w.mode(int(s.mouse), true)
	}
	if s.mouseFormat != 0 {
		w.mode(int(s.mouseFormat), true)
	}
	if s.otherKeys != 0 {
		w.str("\x1b[>4;")
		w.num(int(s.otherKeys))
		w.b = append(w.b, 'm')
	}
	if s.shape != 0 {
		w.csi(" q", int(s.shape))
	}
}

// cursor places the cursor. It sets a pending wrap by printing the last
// character of the line again.
func (w *stateWriter) cursor() {
	s := w.s
	x, y := s.x, s.y
	dx, dy := 0, 0
	if s.modes.has(modeOrigin) {
		dx, dy = s.left, s.buf.top
	}
	if !s.pend {
		w.csi("H", y-dy+1, x-dx+1)
		return
	}
	c := s.buf.lines[y].cells[x]
	if c.lo&chSpacer != 0 {
		x--
		c = s.buf.lines[y].cells[x]
	}
	w.csi("H", y-dy+1, x-dx+1)
	if !c.Empty() {
		w.cell(c)
		return
	}
	w.style(Cell{hi: c.hi & bgBits})
	w.b = append(w.b, ' ')
	w.csi("$z", y-dy+1, x-dx+1, y-dy+1, x-dx+1) // DECERA keeps the cursor
	w.change(c, y-dy, x-dx, 1)
}

func (w *stateWriter) finish() {
	s := w.s
	w.style(Cell{lo: s.penLo, hi: s.penHi})
	if w.link != s.link { // the tables had no room for it
		w.osc(8, w.linkText(s.link))
	}
	if !s.rectSpan {
		w.str("\x1b[*x")
	}
	if s.modes.has(modeInsert) {
		w.csi("h", 4)
	}
	if s.modes.has(modeGraphemes) {
		w.mode(2027, true)
	}
	w.sets(s.g, s.gl)
	switch s.single {
	case 2:
		w.str("\x1bN")
	case 3:
		w.str("\x1bO")
	}
}

// partial appends the start of the sequence that the parser is in.
func (w *stateWriter) partial() {
	p := &w.s.p
	params := func() {
		if p.prefix != 0 {
			w.b = append(w.b, p.prefix)
		}
		for i, v := range p.params[:p.n] {
			if i > 0 {
				sep := byte(';')
				if p.colon>>i&1 != 0 {
					sep = ':'
				}
				w.b = append(w.b, sep)
			}
			if v > 0 || v == 0 && p.colon>>i&1 != 0 {
				w.num(int(v))
			}
		}
		if p.over {
			w.str(";")
		}
	}
	inter := func() {
		if hi := byte(p.inter >> 8); hi != 0 {
			w.b = append(w.b, hi)
		}
		if lo := byte(p.inter); lo != 0 {
			w.b = append(w.b, lo)
		}
	}
	switch p.state {
	case stEscape:
		w.str("\x1b")
	case stEscapeInter:
		w.str("\x1b")
		inter()
	case stCSIEntry:
		w.str("\x1b[")
	case stCSIParam, stCSIInter:
		w.str("\x1b[")
		params()
		if p.state == stCSIParam && p.n == 1 && p.params[0] == 0 && p.prefix == 0 {
			w.str("0")
		}
		inter()
	case stCSIIgnore:
		w.str("\x1b[0<")
	case stDCSEntry:
		w.str("\x1bP")
	case stDCSParam, stDCSInter:
		w.str("\x1bP")
		params()
		if p.state == stDCSParam && p.n == 1 && p.params[0] == 0 && p.prefix == 0 {
			w.str("0")
		}
		inter()
	case stDCSIgnore:
		w.str("\x1bP0<")
	case stDCSPass:
		w.str("\x1bP")
		params()
		inter() // the final byte is the last of them
	case stOSC:
		w.str("\x1b]")
		if p.strOver {
			// Too long already; the rest of it is dropped as well.
			for range maxString + 1 {
				w.b = append(w.b, ' ')
			}
		}
		w.b = append(w.b, p.str...)
	case stString:
		w.str("\x1bX")
	}
	if p.need > 0 {
		w.b = append(w.b, p.pend[:p.seen]...)
	}
}
