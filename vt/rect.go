package vt

// The rectangular operations of the VT420, as in xterm. xterm.js and tmux do
// not have them; AppendState uses two of them for cells that nothing else can
// restore.

// rect parses Pt;Pl;Pb;Pr at params[i]. The bounds count from 0, bottom and
// right are exclusive. In origin mode positions count from the margins.
func (s *Screen) rect(q *seq, i int) (top, left, bottom, right int, ok bool) {
	dx, dy, cols, rows := 0, 0, s.cols, s.rows
	if s.modes.has(modeOrigin) {
		dx, dy = s.left, s.buf.top
		cols, rows = s.right+1, s.buf.bottom+1
	}
	top, left = q.arg(i, 1)-1+dy, q.arg(i+1, 1)-1+dx
	bottom, right = min(q.arg(i+2, rows)+dy, rows), min(q.arg(i+3, cols)+dx, cols)
	return top, left, bottom, right, top < bottom && left < right
}

// fillRect is DECFRA.
func (s *Screen) fillRect(q *seq) {
	ch := q.params[0]
	if ch < 0x20 || ch > 0x7e && ch < 0xa0 || ch > 0xff || RuneWidth(ch) != 1 {
		return
	}
	if top, left, bottom, right, ok := s.rect(q, 1); ok {
		s.setRect(top, left, bottom, right, Cell{lo: s.penLo | uint64(ch), hi: s.fillHi()})
	}
}

// eraseRect is DECERA.
func (s *Screen) eraseRect(q *seq) {
	if top, left, bottom, right, ok := s.rect(q, 0); ok {
		s.setRect(top, left, bottom, right, s.blank())
	}
}

func (s *Screen) setRect(top, left, bottom, right int, c Cell) {
	for _, l := range s.buf.lines[top:bottom] {
		l.mend(left, s.blank())
		l.mend(right, s.blank())
		l.set(left, right, c)
	}
}

// changeRect is DECCARA. It accepts every SGR, as in kitty; a VT420 accepts
// four of them. As in kitty it works on a run of cells, as of text, unless
// DECSACE chose a rectangle.
func (s *Screen) changeRect(q *seq) {
	top, left, bottom, right, ok := s.rect(q, 0)
	if !ok || q.n < 5 {
		return
	}
	style := *q
	style.n = copy(style.params[:], q.params[4:q.n])
	style.colon = q.colon >> 4
	// An SGR keeps or sets each bit, so its effect on no bits and on all
	// bits determines its effect on any cell.
	setAttr, setHi, ul0 := style.style(0, 0, 0)
	keepAttr, keepHi, ul1 := style.style(^Attr(0), ^uint64(0), ^Color(0))
	if s.opts.step > 0 {
		setHi, keepHi = 0, ^uint64(0)
	}
	for y := top; y < bottom; y++ {
		l := s.buf.lines[y]
		from, upto := left, right
		if !s.rectSpan {
			if y > top {
				from = 0
			}
			if y < bottom-1 {
				upto = s.cols
			}
		}
		// Both halves of a character look the same.
		if l.cells[from].lo&chSpacer != 0 {
			from--
		}
		if l.cells[upto-1].lo&chWide != 0 {
			upto++
		}
		for x := from; x < upto; x++ {
			c := &l.cells[x]
			attr := c.Attr()&keepAttr | setAttr
			c.lo = c.lo&^(0xffff<<attrShift) | uint64(attr)<<attrShift
			c.hi = c.hi&keepHi | setHi
			if e := s.tab.extras[c.extra()]; ul0 == ul1 && e.ul != ul0 {
				e.ul = ul0
				id := uint64(s.extraID(e)) // may renumber the extra of c
				c.lo = c.lo&^extraBits | id<<48
			}
		}
		l.used = max(l.used, upto)
		l.touched = touchedAll
	}
}

// copyRect is DECCRA; there is only one page.
func (s *Screen) copyRect(q *seq) {
	top, left, bottom, right, ok := s.rect(q, 0)
	if !ok {
		return
	}
	dx, dy := 0, 0
	if s.modes.has(modeOrigin) {
		dx, dy = s.left, s.buf.top
	}
	toY, toX := q.arg(5, 1)-1+dy, q.arg(6, 1)-1+dx
	h, w := min(bottom-top, s.rows-toY), min(right-left, s.cols-toX)
	if h <= 0 || w <= 0 {
		return
	}
	one := func(i int) {
		src, dst := s.buf.lines[top+i], s.buf.lines[toY+i]
		tmp := append([]Cell(nil), src.cells[left:left+w]...)
		// Half a character at the edge of the copy becomes blank.
		if tmp[0].lo&chSpacer != 0 {
			tmp[0] = s.blank()
		}
		if tmp[w-1].lo&chWide != 0 {
			tmp[w-1] = s.blank()
		}
		dst.mend(toX, s.blank())
		dst.mend(toX+w, s.blank())
		copy(dst.cells[toX:], tmp)
		dst.used = max(dst.used, toX+w)
		dst.touched = touchedAll
	}
	if toY > top {
		for i := h - 1; i >= 0; i-- {
			one(i)
		}
	} else {
		for i := range h {
			one(i)
		}
	}
}
