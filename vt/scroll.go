package vt

// scrollUp moves the scrolling region up by n because the cursor went below it,
// as LF and a wrap do. Lines that leave the primary screen at its top go to the
// scrollback.
func (s *Screen) scrollUp(n int, continued bool) {
	b := s.buf
	if s.narrow() {
		s.scrollBlock(b.top, b.bottom, n, s.bce())
		return
	}
	if b.top != 0 {
		s.scrollRegionUp(b.top, b.bottom, n, continued, LeftRegion)
		return
	}
	bg := s.bce()
	for range n {
		l := b.lines[0]
		if h := s.opts.hooks.LineLeft; h != nil {
			row := s.Row(0)
			if b.bottom == 0 {
				row.wrap = continued // the next line comes only now
			}
			h(row, LeftTop)
		}
		if !s.onAlt {
			s.scrolled++
			if s.sb.limit > 0 {
				if l = s.sb.push(l); l == nil || len(l.cells) != s.cols {
					l = newLine(s.cols)
				}
			}
		}
		copy(b.lines[:b.bottom], b.lines[1:b.bottom+1])
		b.lines[b.bottom] = l
		l.wipe(bg, continued)
	}
	s.dirty(0, b.bottom)
}

// narrow reports whether left or right margins are set.
func (s *Screen) narrow() bool { return s.left > 0 || s.right < s.cols-1 }

// panUp is SU. Nothing goes to the scrollback, as in xterm.js.
func (s *Screen) panUp(n int) {
	s.scrollRegionUp(s.buf.top, s.buf.bottom, n, false, LeftRegion)
}

// scrollDown is SD. New lines have the default background, as in xterm.js;
// other terminals use the pen's.
func (s *Screen) scrollDown(n int) {
	s.scrollRegionDown(s.buf.top, s.buf.bottom, n, 0)
}

// insertLines is IL.
func (s *Screen) insertLines(n int) {
	s.pend = false
	if s.inRegion() {
		s.scrollRegionDown(s.y, s.buf.bottom, n, s.bce())
		s.x = s.left
	}
}

// deleteLines is DL.
func (s *Screen) deleteLines(n int) {
	s.pend = false
	if s.inRegion() {
		s.scrollRegionUp(s.y, s.buf.bottom, n, false, LeftDeleted)
		s.x = s.left
	}
}

// scrollRegionUp moves the rows top to bottom up by n; why is for the hook.
func (s *Screen) scrollRegionUp(top, bottom, n int, continued bool, why Leave) {
	n = min(n, bottom-top+1)
	if s.narrow() {
		s.scrollBlock(top, bottom, n, s.bce())
		return
	}
	if s.opts.hooks.LineLeft != nil {
		s.tellCleared(top, top+n, why)
	}
	lines := s.buf.lines[top : bottom+1]
	s.rotate(lines, n)
	for _, l := range lines[len(lines)-n:] {
		l.wipe(s.bce(), continued)
	}
	s.dirty(top, bottom)
}

// scrollRegionDown moves the rows top to bottom down by n; new lines have the
// background bg.
func (s *Screen) scrollRegionDown(top, bottom, n int, bg uint64) {
	n = min(n, bottom-top+1)
	if s.narrow() {
		s.scrollBlock(top, bottom, -n, bg)
		return
	}
	if s.opts.hooks.LineLeft != nil {
		s.tellCleared(bottom+1-n, bottom+1, LeftDeleted)
	}
	lines := s.buf.lines[top : bottom+1]
	s.rotate(lines, len(lines)-n)
	for _, l := range lines[:n] {
		l.wipe(bg, false)
	}
	s.dirty(top, bottom)
}

// rotate moves lines up by n, the first n to the end.
func (s *Screen) rotate(lines []*line, n int) {
	if n == 0 || n == len(lines) {
		return
	}
	if n <= len(lines)/2 {
		s.rot = append(s.rot[:0], lines[:n]...)
		copy(lines, lines[n:])
		copy(lines[len(lines)-n:], s.rot)
	} else {
		n = len(lines) - n
		s.rot = append(s.rot[:0], lines[len(lines)-n:]...)
		copy(lines[n:], lines)
		copy(lines, s.rot)
	}
	clear(s.rot)
}

// scrollBlock moves the cells between the left and right margins of the rows
// top to bottom: up by n, or down by -n.
func (s *Screen) scrollBlock(top, bottom, n int, bg uint64) {
	c := Cell{hi: bg}
	lines := s.buf.lines
	for y := top; y <= bottom; y++ {
		lines[y].mend(s.left, c)
		lines[y].mend(s.right+1, c)
	}
	move := func(to, from int) {
		d := lines[to]
		if from < top || from > bottom {
			d.set(s.left, s.right+1, c)
			return
		}
		copy(d.cells[s.left:s.right+1], lines[from].cells[s.left:s.right+1])
		d.used = max(d.used, s.right+1)
		d.touched = touchedAll
	}
	if n > 0 {
		for y := top; y <= bottom; y++ {
			move(y, y+n)
		}
	} else {
		for y := bottom; y >= top; y-- {
			move(y, y+n)
		}
	}
}
