package vt

import "slices"

// A Window is a terminal that shows the upper left corner of a screen of another size,
// with blanks where the screen ends. It keeps what the terminal shows, and so can bring
// it up to date. A Window is for one goroutine at a time.
//
// The terminal has the title, the colours and the modes of the screen, but prints as a
// new one does: without margins, tab stops, character sets, and insert and origin mode.
// A cursor outside of the window is hidden.
type Window struct {
	have  *Screen // the state of the terminal
	fresh *Screen // of its size
	spare *Screen // what have was before, to be used again; nil if it is another's
	own   bool    // have is
	blank *line
	tag   uint64 // of a row of the screen, and of its copy: the last one given
}

// NewWindow returns a window onto nothing. The size is limited by [ClampSize].
func NewWindow(cols, rows int) *Window {
	fresh := New(cols, rows)
	return &Window{have: fresh, fresh: fresh, blank: newLine(fresh.cols)}
}

// Set says that the terminal has the state of a screen of the window's size. The screen
// must not change from then on.
func (w *Window) Set(s *Screen) { w.have, w.own = s, false }

// Shown returns the state of the terminal, until that changes. It must not be changed.
func (w *Window) Shown() *Screen { return w.have }

// AppendChange appends to dst the bytes that bring the terminal to what s shows now, as
// [Screen.AppendChange] does. If lines scrolled off the top, it scrolls, so that those
// that moved need no bytes. It sets the tags of the rows of s; see [Row.SetTag].
func (w *Window) AppendChange(dst []byte, s *Screen) []byte {
	if n := int(min(s.scrolled-w.have.scrolled, 1<<30)); n > 0 && s.scrolled > w.have.scrolled && n < w.fresh.rows && w.scrolls() && !s.onAlt {
		dst = w.scroll(dst, n)
	}
	now := w.crop(s)
	dst = now.appendChange(dst, w.have, true)
	if w.spare = nil; w.own {
		w.spare = w.have
	}
	w.have, w.own = now, true
	return dst
}

// scrolls reports whether the terminal is as crop left it, so that a line feed in the
// last row scrolls all of it.
func (w *Window) scrolls() bool {
	h := w.have
	return w.own && !h.onAlt && h.Pen() == Cell{} && !h.modes.has(modeOrigin|modeLRMargins) &&
		h.main.top == 0 && h.main.bottom == h.rows-1 && h.p.state == stGround && h.p.need == 0
}

// scroll scrolls the terminal up by n lines.
func (w *Window) scroll(dst []byte, n int) []byte {
	h := w.have
	b := stateWriter{b: dst}
	switch {
	case h.y < h.rows-1 || h.pend:
		b.csi("H", h.rows, 1)
	case h.x > 0:
		b.str("\r")
	}
	for range n {
		b.b = append(b.b, '\n')
	}
	lines := h.main.lines
	copy(lines, lines[n:])
	for y := len(lines) - n; y < len(lines); y++ {
		lines[y] = w.blank
	}
	h.x, h.y, h.pend, h.joinable = 0, h.rows-1, false, false
	return b.b
}

// like returns a terminal with the title, the colours and the modes of s, but no lines.
func (w *Window) like(s *Screen) *Screen {
	n := w.spare
	if w.spare = nil; n == nil {
		n = &Screen{}
	}
	*n = Screen{state: w.fresh.state, main: buffer{lines: n.main.lines}, alt: buffer{lines: n.alt.lines}}
	n.onAlt = s.onAlt
	n.modes = s.modes&^(modeOrigin|modeLRMargins|modeInsert|modeNewLine|modeGraphemes) | modeWrap
	n.mouse, n.mouseFormat, n.otherKeys, n.shape = s.mouse, s.mouseFormat, s.otherKeys, s.shape
	n.title, n.icon, n.cwd, n.palette, n.scrolled = s.title, s.icon, s.cwd, s.palette, s.scrolled
	n.main.bufState, n.alt.bufState = w.fresh.main.bufState, w.fresh.alt.bufState
	n.buf = &n.main
	if n.onAlt {
		n.buf = &n.alt
	}
	return n
}

// crop returns what the terminal is to show of s. It shares the lines that did not
// change with what the terminal shows.
func (w *Window) crop(s *Screen) *Screen {
	n := w.like(s)
	n.tab = s.tab
	if n.x, n.y = s.x, s.y; n.x < n.cols && n.y < n.rows {
		n.pend = s.pend && s.cols == n.cols
	} else { // outside, where it moves unseen
		n.modes.put(modeCursor, false)
		n.x, n.y = w.have.x, w.have.y
	}
	n.main.lines = w.lines(n.main.lines, s, s.main.lines, w.have.main.lines)
	if s.onAlt {
		n.alt.lines = w.lines(n.alt.lines, s, s.alt.lines, w.have.alt.lines)
	} else {
		n.alt.lines = nil
	}
	// The last character printed may stay the last output, which saves a movement.
	n.joinable = s.joinable
	_, _, n.joinable = n.lastText()
	return n
}

// lines returns the lines of the window onto lines of s, in the memory of list.
func (w *Window) lines(list []*line, s *Screen, from, have []*line) []*line {
	cols := w.fresh.cols
	if list == nil {
		list = make([]*line, w.fresh.rows)
	}
	for y := range list {
		if y >= len(from) {
			list[y] = w.blank
			continue
		}
		l := from[y]
		used := min(l.used, cols)
		continued := l.continued && s.cols == cols && y > 0
		cut := l.used > cols && l.cells[cols].lo&chSpacer != 0
		tag := l.touched >> tagShift
		var c *line
		if y < len(have) && w.have.tab.id == s.tab.id && have[y].continued == continued {
			c = have[y]
		}
		if c != nil && tag != 0 && c.touched>>tagShift == tag {
			list[y] = c
			continue
		}
		w.tag++
		l.touched = l.touched&touchedAll | w.tag<<tagShift
		if c != nil && !cut && c.used == used && slices.Equal(c.cells[:used], l.cells[:used]) {
			c.touched = l.touched
			list[y] = c
			continue
		}
		c = newLine(cols)
		c.touched = l.touched
		copy(c.cells, l.cells[:used])
		c.used, c.continued = used, continued
		if cut { // half of a wide character
			c.cells[cols-1] = Cell{hi: l.cells[cols-1].hi & bgBits}
		}
		list[y] = c
	}
	return list
}
