package vt

import "unicode/utf8"

// printSlow prints the printable ASCII at the front of b if feed cannot: with
// character sets, insert mode or margins. It returns the number of bytes it
// took.
func (s *Screen) printSlow(b []byte) int {
	n := 0
	for n < len(b) && b[n]-0x20 < 0x5f {
		s.printRune(rune(b[n]))
		n++
	}
	return n
}

// printUTF8 prints the complete characters from U+00A0 on at the front of b and
// returns the number of bytes it took: 0 if b begins with anything else.
func (s *Screen) printUTF8(b []byte) int {
	plain := !s.slow && !s.modes.has(modeGraphemes)
	n := 0
	for n < len(b) && b[n] >= 0xc2 {
		var r rune
		size := 0
		switch c := b[n]; {
		case c < 0xe0:
			if n+1 < len(b) && b[n+1]&0xc0 == 0x80 {
				r, size = rune(c&0x1f)<<6|rune(b[n+1]&0x3f), 2
				if r < 0xa0 {
					return n // a C1 control
				}
			}
		case c < 0xf0:
			if n+2 < len(b) && b[n+1]&0xc0 == 0x80 && b[n+2]&0xc0 == 0x80 {
				r, size = rune(c&0x0f)<<12|rune(b[n+1]&0x3f)<<6|rune(b[n+2]&0x3f), 3
				if r < 0x800 || r>>11 == 0xd800>>11 {
					return n
				}
			}
		default:
			if n+3 < len(b) {
				if r, size = utf8.DecodeRune(b[n:]); size != 4 {
					return n
				}
			}
		}
		if size == 0 {
			return n
		}
		n += size
		if plain && !s.pend {
			w := int(property(r) & 3)
			l := s.buf.lines[s.y]
			if x := s.x; w != 0 && x+w < len(l.cells) {
				s.store(l, x, r, w)
				s.x = x + w
				s.joinable = true
				continue
			}
		}
		s.printRune(r)
	}
	return n
}

// printRune prints one character, after the character sets.
func (s *Screen) printRune(r rune) {
	if r < 0x7f {
		set := s.g[s.gl]
		if s.single != 0 {
			set = s.g[s.single]
		}
		if set != csASCII {
			if to := charsetTables[set][r]; to != 0 {
				r = to
			}
		}
	}
	if s.single != 0 {
		s.single = 0
		s.setSlow()
	}
	s.put(r)
}

// put puts a character at the cursor.
func (s *Screen) put(r rune) {
	if r == 0xfeff {
		return // a byte order mark; xterm.js drops it too
	}
	prop := property(r)
	w := int(prop & 3)
	if s.modes.has(modeGraphemes) {
		if !s.joinable {
			s.cluster = clusterState{}
		}
		prepended := s.cluster.class == gbPrepend
		joins := s.cluster.step(prop) && s.joinable
		s.joinable = true
		if prepended != (s.cluster.class == gbPrepend) {
			s.setSlow() // the next character may join, even ASCII
		}
		if joins {
			s.join(r, prop)
			return
		}
		if w == 0 && prop>>2&15 == gbControl {
			return
		}
	}
	if w == 0 {
		// A mark without a character: nothing more can join it.
		s.cluster = clusterState{}
		s.joinable = true
		s.combine(r)
		return
	}

	limit := s.cols
	if s.modes.has(modeLRMargins) && s.x <= s.right {
		limit = s.right + 1
	}
	if s.pend {
		s.wrapPending()
		limit = s.limit()
	} else if s.x+w > limit {
		// A wide character in the last column.
		if !s.modes.has(modeWrap) || limit-s.leftEdge() < w {
			s.joinable = true
			return
		}
		l := s.buf.lines[s.y]
		l.mend(s.x, s.halfBlank())
		l.mend(limit, s.halfBlank()) // there may be a margin inside a wide character
		l.set(s.x, limit, s.halfBlank())
		s.wrap()
		limit = s.limit()
	}
	if s.x+w > limit { // DECAWM is off and the cursor stayed
		s.joinable = true
		return
	}

	l := s.buf.lines[s.y]
	x := s.x
	if s.modes.has(modeInsert) {
		s.insertCells(l, x, w, limit, s.halfBlank())
	}
	s.store(l, x, r, w)
	if x += w; x == limit {
		s.x, s.pend = x-1, true
	} else {
		s.x = x
	}
	s.joinable = true
}

// store writes a character of w columns at column x. There is room for it.
func (s *Screen) store(l *line, x int, r rune, w int) {
	cells := l.cells
	lo, hi := s.penLo, s.penHi
	if x > 0 && cells[x-1].lo&chWide != 0 {
		cells[x-1] = s.halfBlank()
	}
	if w == 2 {
		pair := cells[x : x+2 : x+2]
		pair[0].lo = lo | uint64(r) | chWide
		pair[0].hi = hi
		pair[1].lo = lo | chSpacer
		pair[1].hi = hi
	} else {
		cells[x].lo = lo | uint64(r)
		cells[x].hi = hi
	}
	if x += w; x < len(cells) && cells[x].lo&chSpacer != 0 {
		cells[x] = s.halfBlank() // the cell was inside used already
	}
	if x > l.used {
		l.used = x
	}
	l.touched = touchedAll
	s.penHi += s.opts.step
}

// limit returns the column before which printing stops.
func (s *Screen) limit() int {
	if s.modes.has(modeLRMargins) && s.x <= s.right {
		return s.right + 1
	}
	return s.cols
}

// leftEdge returns the first column of a line after a wrap.
func (s *Screen) leftEdge() int {
	if s.modes.has(modeLRMargins) && s.x >= s.left && s.x <= s.right {
		return s.left
	}
	return 0
}

// wrapPending ends a pending wrap before the next character is put: it wraps,
// or stays in place if DECAWM is off.
func (s *Screen) wrapPending() {
	if s.modes.has(modeWrap) {
		s.wrap()
		return
	}
	s.pend = false
}

// wrap moves to the start of the next line, which it marks as a continuation.
func (s *Screen) wrap() {
	s.pend = false
	s.x = s.leftEdge()
	if s.y == s.buf.bottom {
		s.scrollUp(1, true)
		return
	}
	if s.y < s.rows-1 {
		s.y++
	}
	l := s.buf.lines[s.y]
	l.continued, l.fed = true, false
	l.touched = touchedAll
}

// lead returns the line and the column of the character before the cursor.
func (s *Screen) lead() (l *line, x int, ok bool) {
	l = s.buf.lines[s.y]
	x = s.x
	if !s.pend {
		x--
	}
	if x < 0 {
		return nil, 0, false
	}
	if l.cells[x].lo&chSpacer != 0 {
		x--
	}
	return l, x, true
}

// combine adds a character of no width to the cell before the cursor.
func (s *Screen) combine(r rune) {
	if l, x, ok := s.lead(); ok {
		s.extend(l, x, r)
	}
}

// extend adds r to the text of a cell, and reports whether it could.
func (s *Screen) extend(l *line, x int, r rune) bool {
	c := &l.cells[x]
	id, ok := s.clusterWith(*c, r)
	if !ok {
		return false
	}
	c.lo = c.lo&^(chMask) | chCluster | uint64(id)
	l.used = max(l.used, x+1)
	l.touched = touchedAll
	return true
}

// join adds r to the grapheme cluster before the cursor, which may grow by one
// column.
func (s *Screen) join(r rune, prop uint8) {
	l, x, ok := s.lead()
	if !ok {
		return
	}
	// A second regional indicator, an emoji variation selector and any wide
	// part make a narrow cluster wide.
	grows := l.cells[x].lo&chWide == 0 && (r == 0xfe0f || prop&3 == 2 || prop>>2&15 == gbRI)
	limit := s.limit()
	room := x+2 <= limit
	if grows && !room && (!s.modes.has(modeWrap) || limit-s.leftEdge() < 2) {
		// The cluster cannot grow: it takes marks only.
		if prop&3 == 0 {
			s.extend(l, x, r)
		}
		return
	}
	if !s.extend(l, x, r) || !grows {
		return
	}
	if !room {
		// The whole cluster goes to the next line.
		c := l.cells[x]
		l.set(x, x+1, s.halfBlank())
		s.wrap()
		l, x = s.buf.lines[s.y], s.x
		l.mend(x, s.halfBlank())
		l.cells[x] = c
		limit = s.limit()
	}
	s.x, s.pend = x, false
	if s.modes.has(modeInsert) {
		s.insertCells(l, x+1, 1, limit, s.halfBlank())
	}
	l.mend(x+2, s.halfBlank())
	l.cells[x].lo |= chWide
	l.cells[x+1] = Cell{lo: l.cells[x].lo&^chBits | chSpacer, hi: l.cells[x].hi}
	l.used = max(l.used, x+2)
	l.touched = touchedAll
	if x += 2; x == limit {
		s.x, s.pend = x-1, true
	} else {
		s.x = x
	}
}

// maxRepeat limits the time that a few bytes of REP can take.
const maxRepeat = 1<<16 - 1

// repeat is REP: it prints the last printed character again.
func (s *Screen) repeat(n int) {
	if !s.joinable {
		return
	}
	l, x, ok := s.lead()
	if !ok {
		return
	}
	n = min(n, maxRepeat)
	c := l.cells[x]
	if step := s.opts.step; step > 0 { // all have the number of the first
		defer func(hi uint64) { s.opts.step, s.penHi = step, hi }(s.penHi)
		s.opts.step, s.penHi = 0, c.hi
	}
	switch {
	case c.lo&chCluster != 0:
		text := s.tab.clusters[c.lo&chMask]
		for range n {
			for _, r := range text {
				s.put(r)
			}
		}
	case c.lo&chMask != 0:
		for range n {
			s.put(rune(c.lo & chMask))
		}
	}
}
