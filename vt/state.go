package vt

import (
	"slices"
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
	w := stateWriter{s: s, b: dst, origin: len(dst)}
	w.start()
	w.write()
	return w.b
}

// syncAbove is the number of bytes above which AppendChange sends a change as one
// update. Terminals read fewer bytes at once anyway.
const syncAbove = 256

// AppendChange appends to dst the bytes that bring a terminal of the state of from to
// the state of this screen: those of [Screen.AppendState], but only what differs, and
// nothing if nothing does. More than a few bytes are one synchronized update (mode
// 2026). From then on the terminal behaves as this screen does if both are
// [Screen.AtRest].
//
// A sequence that from is inside of is cancelled. If the sizes differ, or if from is
// inside a character, the bytes are those of AppendState: the caller resizes the
// terminal first.
func (s *Screen) AppendChange(dst []byte, from *Screen) []byte {
	return s.appendChange(dst, from, false)
}

func (s *Screen) appendChange(dst []byte, from *Screen, feeds bool) []byte {
	w := stateWriter{s: s, b: dst, origin: len(dst), feeds: feeds}
	if from.cols == s.cols && from.rows == s.rows && from.p.need == 0 && from.single == 0 {
		w.know(from)
	} else {
		w.start()
		w.t.titles, w.t.icons, w.t.savedModes = from.titles, from.icons, from.savedModes
	}
	w.write()
	return w.b
}

// stateWriter writes the bytes that bring a terminal to the state of a screen. It
// keeps count of the terminal's state, and writes only what differs.
type stateWriter struct {
	s      *Screen
	b      []byte
	origin int // where in b the bytes begin

	// t is the state of the terminal, tb that of its buffer on display. main and
	// alt are its buffers at the beginning, with tables of tab: nil for blank
	// ones.
	t         state
	tb        bufState
	main, alt *buffer
	tab       *tables
	untitled  bool // t.title, t.icon and t.cwd are not known

	x, y  int  // the place of the cursor; x < 0: unknown
	moved bool // the cursor is not where it was
	text  int  // where the last character in b ends

	// pen is the terminal's current style without link and protection, and ul its
	// colour of underlines.
	pen   Cell
	ul    Color
	link  string // as linkText has it
	guard bool   // DECSCA is on

	last   Cell // the cell of the last call of style
	styled bool // the pen has still its style

	synced bool // the update is to be bracketed
	feeds  bool // the next row is reached by a line feed, as programs do that print lines
}

// know starts from the state of a screen.
func (w *stateWriter) know(from *Screen) {
	w.t, w.tb, w.tab = from.state, from.buf.bufState, &from.tab
	w.main = &from.main
	if from.onAlt {
		w.alt = &from.alt
	}
	w.x, w.synced = -1, !from.modes.has(modeSync)
	if !from.pend && !from.slow && !from.modes.has(modeOrigin|modeGraphemes) {
		w.x, w.y = from.x, from.y // it prints there as it is to print
	}
	w.link = ";"
	if from.link != 0 {
		w.link = from.tab.links[from.link]
	}
	w.pen, w.ul = bare(from.Pen()), from.ulColor
	w.guard = from.Pen().Attr().Has(Protected)
	if from.p.state != stGround {
		w.str("\x18") // CAN
		w.origin, w.t.joinable = len(w.b), false
	}
}

// start brings the terminal into a known state from any other.
func (w *stateWriter) start() {
	w.str("\x1b\\")                                    // end a string, or an unfinished sequence
	w.str("\x1b[?1049l")                               // the primary screen
	w.str("\x1b[!p")                                   // DECSTR: margins, sets, origin, insert
	w.str("\x1b[?69l\x1b[r\x1b[?6l\x1b[?7h\x1b[4;20l") // for terminals without DECSTR
	w.str("\x1b[?5;12;45;66;1004;1007;2004;2026;2027;1;9;1000;1002;1003;1005;1006;1015;1016l")
	w.str("\x1b[?25h\x1b[*x\x1b[>4m\x1b[0 q")
	w.str("\x1b(B\x1b)B\x1b*B\x1b+B\x0f")
	w.str("\x1b]8;;\x1b\\\x1b[0\"q\x1b[m\x1b[H\x1b[2J\x1b[3g\x1b7")
	w.str("\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\")

	s := w.s
	w.t = state{cols: s.cols, rows: s.rows, right: s.cols - 1, modes: modeDefaults, savedModes: modeDefaults}
	w.tb = s.freshBuffer()
	w.tb.tabs = w.tb.tabs.none()
	w.untitled = true
	w.link, w.moved, w.x = ";", true, -1
}

// write writes the change.
func (w *stateWriter) write() {
	w.titles()
	w.colors()
	w.buffers()
	w.modes()
	w.finish()
	w.partial()
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

func (w *stateWriter) osc(code int, data string) {
	w.str("\x1b]")
	w.num(code)
	w.b = append(w.b, ';')
	w.str(data)
	w.str("\x1b\\")
}

func (w *stateWriter) titles() {
	s, t := w.s, &w.t
	w.stack(&t.titles, s.titles, &t.title, 2)
	w.stack(&t.icons, s.icons, &t.icon, 1)
	if w.untitled || t.title != s.title {
		w.osc(2, s.title)
	}
	if w.untitled || t.icon != s.icon {
		w.osc(1, s.icon)
	}
	if w.untitled || t.cwd != s.cwd {
		w.osc(7, s.cwd)
	}
}

// stack makes a stack of titles like want. Each title goes through the title itself,
// which OSC n sets.
func (w *stateWriter) stack(have *[]string, want []string, title *string, n int) {
	same := 0
	for same < min(len(*have), len(want)) && (*have)[same] == want[same] {
		same++
	}
	for k := len(*have) - 1; k >= same; k-- {
		w.csi("t", 23, n)
		*title = (*have)[k]
	}
	for _, text := range want[same:] {
		w.osc(n, text)
		w.csi("t", 22, n)
		*title = text
	}
	*have = want
}

func (w *stateWriter) colors() {
	have, want := w.t.palette, w.s.palette
	if have == want {
		return
	}
	if have == nil {
		have = &palette{}
	}
	if want == nil {
		want = &palette{}
	}
	for i := range 256 {
		c, ok := want.colors[uint8(i)]
		if old, was := have.colors[uint8(i)]; c == old && ok == was {
			continue
		}
		if ok {
			w.osc(4, strconv.Itoa(i)+";"+xcolor(c))
		} else {
			w.osc(104, strconv.Itoa(i))
		}
	}
	for i, c := range want.special {
		switch {
		case c == have.special[i]:
		case c != 0:
			w.osc(10+i, xcolor(c))
		default:
			w.str("\x1b]")
			w.num(110 + i)
			w.str("\x1b\\")
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

// empty makes n empty cells like c at the cursor. The cursor stays.
func (w *stateWriter) empty(c Cell, y, x, n int) {
	w.style(Cell{hi: c.hi & bgBits})
	w.csi("X", n)
	w.restyle(c, y, x, n)
}

// restyle gives n empty cells the attributes that an erase cannot give: all but
// the background.
func (w *stateWriter) restyle(c Cell, y, x, n int) {
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
		w.text = len(w.b)
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
	if upto < len(text) {
		w.str(text[upto:])
		w.text = len(w.b)
	}
}

// style sets the terminal's pen to that of c.
func (w *stateWriter) style(c Cell) {
	if w.styled && w.last.SameStyle(c) {
		return
	}
	e := w.s.tab.extras[c.extra()]
	w.look(c, e.ul)
	if link := w.linkText(e.link); link != w.link {
		w.osc(8, link)
		w.link = link
	}
	w.last, w.styled = c, true
}

// look is style without the hyperlink.
func (w *stateWriter) look(c Cell, ul Color) {
	w.styled = false
	if p := bare(c); w.pen != p || w.ul != ul {
		w.colorsOf(c, ul)
		w.pen, w.ul = p, ul
	}
	w.protect(c.Attr().Has(Protected))
}

// bare returns an empty cell of the colours and attributes of c.
func bare(c Cell) Cell {
	return Cell{lo: c.lo &^ (chBits | extraBits | uint64(Protected)<<attrShift), hi: c.hi}
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

// sets designates and invokes character sets.
func (w *stateWriter) sets(g [4]charset, gl uint8) {
	for i, c := range g {
		if c != w.t.g[i] {
			w.b = append(w.b, 0x1b, "()*+"[i], c.final())
		}
	}
	if gl != w.t.gl {
		w.str([...]string{"\x0f", "\x0e", "\x1bn", "\x1bo"}[gl])
	}
	w.t.g, w.t.gl = g, gl
}

// set sets a mode that is a single bit.
func (w *stateWriter) set(bit modeSet, on bool) {
	if w.t.modes.has(bit) == on {
		return
	}
	w.t.modes.put(bit, on)
	switch bit {
	case modeInsert:
		w.str(ifelse(on, "\x1b[4h", "\x1b[4l"))
		return
	case modeNewLine:
		w.str(ifelse(on, "\x1b[20h", "\x1b[20l"))
		return
	case modeOrigin:
		w.lost()
	case modeLRMargins:
		w.t.left, w.t.right = 0, w.s.cols-1
	}
	for _, m := range decModes {
		if m.bit == bit {
			w.mode(m.number, on)
		}
	}
}

func ifelse(cond bool, a, b string) string {
	if cond {
		return a
	}
	return b
}

// modes sets all modes except those that would affect placing the cursor, and that
// of the update.
func (w *stateWriter) modes() {
	s := w.s
	for _, m := range decModes {
		if on := s.savedModes.has(m.bit); on != w.t.savedModes.has(m.bit) {
			w.set(m.bit, on)
			w.str("\x1b[?")
			w.num(m.number)
			w.b = append(w.b, 's')
		}
	}
	w.set(modeNewLine, s.modes.has(modeNewLine))
	for _, m := range decModes {
		if m.bit != modeGraphemes && m.bit != modeSync {
			w.set(m.bit, s.modes.has(m.bit))
		}
	}
	if w.t.left != s.left || w.t.right != s.right {
		w.csi("s", s.left+1, s.right+1)
		w.lost()
	}
	for _, m := range []struct{ have, want uint16 }{{w.t.mouse, s.mouse}, {w.t.mouseFormat, s.mouseFormat}} {
		if m.have != m.want && m.have != 0 {
			w.mode(int(m.have), false)
		}
		if m.have != m.want && m.want != 0 {
			w.mode(int(m.want), true)
		}
	}
	if w.t.otherKeys != s.otherKeys {
		w.str("\x1b[>4;")
		w.num(int(s.otherKeys))
		w.b = append(w.b, 'm')
	}
	if w.t.shape != s.shape {
		w.csi(" q", int(s.shape))
	}
	if w.t.rectSpan != s.rectSpan {
		w.str(ifelse(s.rectSpan, "\x1b[2*x", "\x1b[*x"))
	}
}

// finish sets the pen and the modes that affect printing, and places the cursor.
func (w *stateWriter) finish() {
	s, t := w.s, &w.t
	text, textX, joins := s.lastText()
	moved := w.moved || s.x != t.x || s.y != t.y || s.pend != t.pend
	if s.pend && moved && !joins {
		w.pending()
	}
	w.style(s.Pen())
	if link := w.linkText(s.link); w.link != link { // the tables had no room for it
		w.osc(8, link)
	}
	w.set(modeInsert, s.modes.has(modeInsert))
	w.set(modeGraphemes, s.modes.has(modeGraphemes))
	w.sets(s.g, s.gl)
	if w.synced && len(w.b)-w.origin > syncAbove {
		n := len(w.b)
		w.b = slices.Insert(w.b, w.origin, []byte("\x1b[?2026h")...)
		w.text += len(w.b) - n
		t.modes.put(modeSync, true)
	}
	w.set(modeSync, s.modes.has(modeSync))

	// Does the terminal take the last character for the last output?
	last := t.joinable
	if len(w.b) > w.origin {
		last = w.text == len(w.b)
	}
	at := w.x == s.x && w.y == s.y && !s.pend
	if joins {
		// Print it again, unless it is: what comes next may repeat it or join
		// it.
		painted := last && at && !s.modes.has(modeGraphemes) && w.text == len(w.b)
		as := last && !moved && len(w.b) == w.origin && (!s.modes.has(modeGraphemes) || t.cluster == s.cluster)
		if !painted && !as {
			w.place(textX, s.y)
			w.str(text)
		}
	} else if moved && !at && !s.pend || last {
		if s.pend {
			w.colorsOf(s.Pen(), s.ulColor) // any sequence but a movement
		} else if w.feeds && !at {
			w.move(s.x, s.y)
		} else {
			w.place(s.x, s.y)
		}
	}
	switch s.single {
	case 2:
		w.str("\x1bN")
	case 3:
		w.str("\x1bO")
	}
}

// place puts the cursor at column x of row y, when the modes and the margins are set.
func (w *stateWriter) place(x, y int) {
	if w.s.modes.has(modeOrigin) {
		x, y = x-w.s.left, y-w.s.buf.top
	}
	w.cup(x, y)
}

func (w *stateWriter) cup(x, y int) {
	switch {
	case x > 0:
		w.csi("H", y+1, x+1)
	case y > 0:
		w.csi("H", y+1)
	default:
		w.str("\x1b[H")
	}
}

// pending sets a pending wrap by printing the last character of the line again.
func (w *stateWriter) pending() {
	s := w.s
	w.verbatim()
	x, y := s.x, s.y
	c := s.buf.lines[y].cells[x]
	if c.lo&chSpacer != 0 {
		x--
		c = s.buf.lines[y].cells[x]
	}
	w.place(x, y)
	if !c.Empty() {
		w.cell(c)
		return
	}
	if s.modes.has(modeOrigin) {
		x, y = x-s.left, y-s.buf.top
	}
	w.style(Cell{hi: c.hi & bgBits})
	w.b = append(w.b, ' ')
	w.csi("$z", y+1, x+1, y+1, x+1) // DECERA keeps the cursor
	w.restyle(c, y, x, 1)
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
