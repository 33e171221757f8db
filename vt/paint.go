package vt

import "slices"

// lost notes that the cursor was moved to a place that the writer does not follow.
func (w *stateWriter) lost() { w.x, w.moved = -1, true }

// ready has the terminal put characters where the cursor is sent, as they are.
func (w *stateWriter) ready() {
	w.set(modeOrigin, false)
	if w.t.left > 0 || w.t.right < w.s.cols-1 {
		w.set(modeLRMargins, false)
	}
	w.verbatim()
}

// verbatim has the terminal print characters as they are.
func (w *stateWriter) verbatim() {
	w.set(modeInsert, false)
	w.set(modeGraphemes, false)
	if g := w.t.g; g[w.t.gl] != csASCII {
		g[0] = csASCII
		w.sets(g, 0)
	}
}

// move puts the cursor at column x of row y.
func (w *stateWriter) move(x, y int) {
	w.ready()
	switch {
	case w.x == x && w.y == y:
	case w.feeds && x == 0 && w.x >= 0 && y == w.y:
		w.str("\r")
	case w.feeds && x == 0 && w.x >= 0 && y == w.y+1 && w.y != w.tb.bottom && !w.s.buf.lines[y].continued:
		w.str("\r\n")
	case w.y == y && w.x >= 0 && w.x < x:
		w.csi("C", x-w.x)
	default:
		w.cup(x, y)
	}
	w.x, w.y, w.moved = x, y, true
}

// buffers paints what differs of the buffers, and shows the right one.
func (w *stateWriter) buffers() {
	s := w.s
	if w.t.onAlt && s.onAlt && w.sameBuffer(w.main, &s.main) {
		w.buffer(w.alt, &s.alt)
		return
	}
	if w.t.onAlt {
		w.ready()
		w.mode(1047, false)
		w.t.onAlt, w.tb = false, w.main.bufState
		w.lost()
	}
	w.buffer(w.main, &s.main)
	if s.onAlt {
		w.move(min(s.main.x, s.cols-1), s.main.y)
		w.style(Cell{})
		w.mode(1047, true)
		w.str("\x1b[2J") // not all terminals clear it
		w.tb = s.freshBuffer()
		w.buffer(nil, &s.alt)
	}
}

// sameBuffer reports whether a buffer that is not on display need not change.
func (w *stateWriter) sameBuffer(have, want *buffer) bool {
	last := w.s.cols - 1
	if have.top != want.top || have.bottom != want.bottom || have.saved != want.saved ||
		min(have.x, last) != min(want.x, last) || have.y != want.y ||
		!slices.Equal(have.tabs.bits, want.tabs.bits) {
		return false
	}
	for y, l := range want.lines {
		if l.continued != have.lines[y].continued || !w.sameLine(l, have.lines[y]) {
			return false
		}
	}
	return true
}

func (w *stateWriter) sameLine(l, m *line) bool {
	if l == m {
		return true
	}
	for x := range max(l.used, m.used) {
		if !w.same(l.cells[x], m.cells[x]) {
			return false
		}
	}
	return true
}

// same reports whether a cell of the screen equals one of the terminal.
func (w *stateWriter) same(c, d Cell) bool {
	if c.hi != d.hi || (c.lo^d.lo)&^(extraBits|chMask) != 0 {
		return false
	}
	s, t := &w.s.tab, w.tab
	if c.lo&chCluster == 0 {
		if (c.lo^d.lo)&chMask != 0 {
			return false
		}
	} else if s.clusters[c.lo&chMask] != t.clusters[d.lo&chMask] {
		return false
	}
	if c.extra()|d.extra() == 0 {
		return true
	}
	e, f := s.extras[c.extra()], t.extras[d.extra()]
	return e.ul == f.ul && s.links[e.link] == t.links[f.link]
}

// shown is a row of the terminal.
type shown struct {
	l         *line // nil: blank
	continued bool
	same      bool // its cells are as they are to be

	// Unsure columns at its start and its end, because a wrap was made there.
	head, tail int
}

// buffer paints what differs of a buffer that is on display, and sets what belongs
// to it alone. have is nil for a blank one.
func (w *stateWriter) buffer(have, want *buffer) {
	rows := make([]shown, w.s.rows)
	if have != nil {
		differ := 0
		for y, l := range have.lines {
			rows[y] = shown{l: l, continued: l.continued, same: w.sameLine(want.lines[y], l)}
			if !rows[y].same {
				differ++
			}
		}
		if differ > 2 {
			w.scroll(rows, want.lines)
		}
	}
	w.erase(rows, want.lines)
	w.wraps(rows, want.lines)
	for y, l := range want.lines {
		w.row(y, l, &rows[y])
	}
	w.tabStops(want.tabs)
	if w.tb.top != want.top || w.tb.bottom != want.bottom {
		w.region(want.top, want.bottom)
	}
	if v := &want.saved; w.tb.saved != *v {
		w.move(v.x, v.y)
		w.look(Cell{lo: v.penLo, hi: v.penHi}, v.ulColor)
		w.sets(v.g, v.gl)
		w.str("\x1b7")
		w.tb.saved = *v
	}
}

func (w *stateWriter) region(top, bottom int) {
	if top == 0 && bottom == w.s.rows-1 {
		w.str("\x1b[r")
	} else {
		w.csi("r", top+1, bottom+1)
	}
	w.tb.top, w.tb.bottom = top, bottom
	w.lost()
}

func (w *stateWriter) tabStops(want *tabStops) {
	have := w.tb.tabs
	if slices.Equal(have.bits, want.bits) {
		return
	}
	differ, stops := 0, 0
	for x := range w.s.cols {
		if want.has(x) {
			stops++
		}
		if want.has(x) != have.has(x) {
			differ++
		}
	}
	if stops < differ {
		w.str("\x1b[3g")
		have = have.none()
	}
	for x := range w.s.cols {
		if on := want.has(x); on != have.has(x) {
			w.move(x, 0)
			w.str(ifelse(on, "\x1bH", "\x1b[g"))
		}
	}
	w.tb.tabs = want
}

// maxScroll is the most rows that are scrolled, less one. All distances are tried, which
// takes too long on a screen of thousands of rows.
const maxScroll = 256

// scroll scrolls the rows up if more of them are then as they are to be. On the primary
// screen they go to the scrollback, as they did when the program scrolled them.
func (w *stateWriter) scroll(rows []shown, want []*line) {
	sum := func(l *line) (sum uint64) {
		for _, c := range l.cells[:l.end()] {
			// Numbers of clusters and the like mean nothing on the other screen.
			if c.lo &^= extraBits; c.lo&chCluster != 0 {
				c.lo &^= chMask
			}
			sum = (sum+c.lo+1)*0x9e3779b97f4a7c15 ^ c.hi
			sum ^= sum >> 29
		}
		return sum
	}
	n := len(rows)
	sums := make([]uint64, 2*n)
	have, goal := sums[:n], sums[n:]
	for y, l := range want {
		have[y] = sum(rows[y].l)
		goal[y] = sum(l)
	}
	most, by := 0, 0
	for k := range min(n, maxScroll) {
		matches := 0
		for y, sum := range goal[:n-k] {
			if sum == have[y+k] && sum != 0 {
				matches++
			}
		}
		if k == 0 {
			most = matches + 1
		} else if matches > most {
			most, by = matches, k
		}
	}
	if by == 0 {
		return
	}
	if w.tb.top != 0 || w.tb.bottom != n-1 {
		w.region(0, n-1)
	}
	w.move(0, n-1)
	w.style(Cell{})
	for range by {
		w.b = append(w.b, '\n')
	}
	w.lost()
	copy(rows, rows[by:])
	clear(rows[n-by:])
	for y := range rows {
		rows[y].same = false
	}
}

// erase erases the rows at the end that are to be blank.
func (w *stateWriter) erase(rows []shown, want []*line) {
	n, from := 0, len(rows)
	for from > 0 && !want[from-1].continued && isBlank(want[from-1]) {
		from--
		if r := rows[from]; r.continued || r.l != nil && !isBlank(r.l) {
			n++
		}
	}
	if n < 2 {
		return
	}
	w.move(0, from)
	w.style(Cell{})
	w.str("\x1b[J")
	clear(rows[from:])
}

func isBlank(l *line) bool { return l.end() == 0 }

// end returns the number of cells up to the last that is not blank.
func (l *line) end() int {
	x := l.used
	for x > 0 && l.cells[x-1] == (Cell{}) {
		x--
	}
	return x
}

// wraps makes the terminal mark the soft-wrapped lines, by wrapping a space into
// each, and unmark the others.
func (w *stateWriter) wraps(rows []shown, want []*line) {
	for y, l := range want {
		if rows[y].continued && !l.continued {
			w.move(0, y)
			w.style(Cell{})
			w.str("\x1b[K")
			rows[y] = shown{}
		}
	}
	last := w.s.cols - 1
	wrapInto := func(y int) {
		w.set(modeWrap, true)
		if w.tb.top != 0 || w.tb.bottom != len(rows)-1 {
			w.region(0, len(rows)-1) // the wrap must not scroll
		}
		w.move(last, y-1)
		w.style(Cell{})
		w.str("  ")
		w.lost()
	}
	if want[0].continued && !rows[0].continued {
		wrapInto(1)
		if len(rows) > 1 {
			// The second line becomes the first, and the others stay.
			w.str("\x1b[H\x1b[M\x1b[2H\x1b[L")
			rows[1] = shown{}
		} // else it scrolled
		w.str("\x1b[H")
		w.csi("X", w.s.cols) // keeps the wrap
		rows[0] = shown{continued: true}
	}
	for y, l := range want {
		if y > 0 && l.continued && !rows[y].continued {
			wrapInto(y)
			rows[y-1].tail = 2
			rows[y].head = 2
		}
	}
}

// row paints what differs of row y.
func (w *stateWriter) row(y int, l *line, have *shown) {
	if l == have.l && have.head+have.tail == 0 {
		return // a Window shares lines
	}
	if have.same && have.head+have.tail == 0 {
		return
	}
	cols := w.s.cols
	differs := func(x int) bool {
		if x < have.head || x >= cols-have.tail {
			return true
		}
		if have.l == nil {
			return l.cells[x] != Cell{}
		}
		return !w.same(l.cells[x], have.l.cells[x])
	}
	end := l.used
	if have.l != nil {
		end = max(end, have.l.used)
	}
	if have.tail > 0 {
		end = cols
	}
	end = min(max(end, have.head), cols)
	for x := 0; x < end; {
		if !differs(x) {
			x++
			continue
		}
		if x > 0 && l.cells[x-1].lo&chWide != 0 {
			x--
		}
		c := l.cells[x]
		if c.Empty() {
			n := 1
			for x+n < cols && l.cells[x+n] == c {
				n++
			}
			w.move(x, y)
			w.empty(c, y, x, n)
			x += n
			continue
		}
		if w.y == y && w.x >= 0 && w.x < x && x-w.x <= 4 && w.plain(l.cells[w.x:x]) {
			// Shorter than a jump.
			for _, d := range l.cells[w.x:x] {
				w.cell(d)
			}
			w.x = x
		}
		if w.x != x || w.y != y {
			w.move(x, y)
		}
		w.cell(c)
		w.moved = true
		x += max(c.Width(), 1)
		w.x = x
		if x >= cols || !sure(c) {
			w.x = -1
		}
	}
}

// plain reports whether the cells are one byte each, in the current style.
func (w *stateWriter) plain(cells []Cell) bool {
	for _, c := range cells {
		if c.lo&chBits-0x20 >= 0x5f || !w.styled || !w.last.SameStyle(c) {
			return false
		}
	}
	return true
}

// sure reports whether all terminals agree on the width of a character.
func sure(c Cell) bool {
	r := c.Rune()
	return r >= 0 && (r < 0x2600 || r >= 0x2e80 && r < 0xd800)
}
