package vt

// eraseDisplay is ED, or DECSED when selective.
func (s *Screen) eraseDisplay(what int, selective bool) {
	hook := s.opts.hooks.LineLeft != nil && !selective
	switch what {
	case 0:
		if hook {
			switch {
			case s.x == 0 && s.y == 0:
				s.tellCleared(0, s.rows, LeftErased)
			case s.x == 0:
				s.tellCleared(s.y, s.rows, LeftErasedBelow)
			default:
				s.tellCleared(s.y+1, s.rows, LeftErasedBelow)
			}
		}
		s.eraseLine(0, selective)
		s.eraseRows(s.y+1, s.rows, selective)
	case 1:
		if hook {
			s.tellCleared(0, s.y, LeftErasedAbove)
		}
		l := s.buf.lines[s.y]
		s.eraseCells(l, 0, s.x+1, selective)
		l.continued = false
		l.touched = touchedAll
		if s.x+1 == s.cols && s.y+1 < s.rows {
			next := s.buf.lines[s.y+1]
			next.continued = false
			next.touched = touchedAll
		}
		s.eraseRows(0, s.y, selective)
	case 2:
		if hook {
			s.tellCleared(0, s.rows, LeftErased)
		}
		s.eraseRows(0, s.rows, selective)
	case 3:
		s.sb.clear()
	}
}

func (s *Screen) eraseRows(from, upto int, selective bool) {
	for _, l := range s.buf.lines[from:upto] {
		if selective {
			s.eraseCells(l, 0, s.cols, true)
			l.continued = false
		} else {
			l.wipe(s.bce(), false)
		}
	}
}

// eraseLine is EL, or DECSEL when selective.
func (s *Screen) eraseLine(what int, selective bool) {
	l := s.buf.lines[s.y]
	switch what {
	case 0:
		// With the wrap pending the cursor is after the last column.
		if s.pend {
			return
		}
		s.eraseCells(l, s.x, s.cols, selective)
		if s.x == 0 {
			l.continued = false
		}
	case 1:
		s.eraseCells(l, 0, s.x+1, selective)
	case 2:
		s.eraseCells(l, 0, s.cols, selective)
		l.continued = false
	}
}

// eraseChars is ECH.
func (s *Screen) eraseChars(n int) {
	s.pend = false
	s.eraseCells(s.buf.lines[s.y], s.x, min(s.x+n, s.cols), false)
}

// eraseCells empties the cells from from up to upto, except protected ones if
// selective.
func (s *Screen) eraseCells(l *line, from, upto int, selective bool) {
	c := s.blank()
	if !selective {
		l.mend(from, c)
		l.mend(upto, c)
		l.set(from, upto, c)
		return
	}
	for x := from; x < upto; x++ {
		if l.cells[x].Attr().Has(Protected) {
			continue
		}
		l.mend(x, c)
		l.mend(x+1, c)
		l.set(x, x+1, c)
	}
	l.touched = touchedAll
}

// inRegion reports whether the cursor is inside the scrolling region.
func (s *Screen) inRegion() bool {
	return s.y >= s.buf.top && s.y <= s.buf.bottom &&
		(!s.modes.has(modeLRMargins) || s.x >= s.left && s.x <= s.right)
}

// insertChars is ICH.
func (s *Screen) insertChars(n int) {
	s.pend = false
	if s.modes.has(modeLRMargins) && (s.x < s.left || s.x > s.right) {
		return
	}
	s.insertCells(s.buf.lines[s.y], s.x, n, s.right+1, s.blank())
}

// deleteChars is DCH.
func (s *Screen) deleteChars(n int) {
	s.pend = false
	if s.modes.has(modeLRMargins) && (s.x < s.left || s.x > s.right) {
		return
	}
	s.deleteCells(s.buf.lines[s.y], s.x, n, s.right+1, s.blank())
}

// insertCells moves the cells from x to limit by n and fills the gap with c.
func (s *Screen) insertCells(l *line, x, n, limit int, c Cell) {
	n = min(n, limit-x)
	l.mend(x, c)
	l.mend(limit-n, c)
	l.mend(limit, c)
	copy(l.cells[x+n:limit], l.cells[x:limit-n])
	if l.used > x {
		l.used = min(s.cols, l.used+n)
	}
	l.set(x, x+n, c)
	l.touched = touchedAll
}

// deleteCells removes n cells at x and fills up with c before limit.
func (s *Screen) deleteCells(l *line, x, n, limit int, c Cell) {
	n = min(n, limit-x)
	l.mend(x, c)
	l.mend(x+n, c)
	l.mend(limit, c)
	copy(l.cells[x:limit-n], l.cells[x+n:limit])
	l.set(limit-n, limit, c)
	l.touched = touchedAll
}

// shiftColumns is SL, SR, DECIC and DECDC: it inserts or deletes n columns at
// x in every row of the scrolling region.
func (s *Screen) shiftColumns(x, n int, insert bool) {
	if s.y < s.buf.top || s.y > s.buf.bottom || x < s.left || x > s.right ||
		s.modes.has(modeLRMargins) && !s.inRegion() {
		return
	}
	for _, l := range s.buf.lines[s.buf.top : s.buf.bottom+1] {
		if insert {
			s.insertCells(l, x, n, s.right+1, s.blank())
		} else {
			s.deleteCells(l, x, n, s.right+1, s.blank())
		}
		l.continued = false
	}
}

// backIndex is DECBI, forwardIndex DECFI.
func (s *Screen) backIndex() {
	if s.x == s.left && s.inRegion() {
		s.pend = false
		s.shiftColumns(s.left, 1, true)
	} else {
		s.back(1)
	}
}

func (s *Screen) forwardIndex() {
	if s.x == s.right && s.inRegion() {
		s.pend = false
		s.shiftColumns(s.left, 1, false)
	} else {
		s.forward(1)
	}
}
