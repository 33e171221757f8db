package vt

// Copy returns a copy of the screen with its options, but without hooks and
// scrollback.
func (s *Screen) Copy() *Screen {
	c := New(s.cols, s.rows)
	c.opts = s.opts
	c.opts.hooks, c.opts.scrollback = Hooks{}, 0
	c.Restore(s.Snapshot())
	return c
}

// A Splice describes a screen that shows the primary rows of another screen below
// older ones, as if something between them had never been there.
type Splice struct {
	// Above has the older rows.
	Above *Screen
	// Rows is the number of them: they are the first ones of Above.
	Rows int
	// N is the number of rows shown of them, the last ones. If it is more than
	// Rows, the rows above them are empty.
	N int
	// From is the row of the other screen that comes below them.
	From int
	// Keep and Skip join two rows, if they are not 0: in place of its first Skip
	// columns, row From shows the first Keep columns of row Rows of Above.
	Keep, Skip int
}

// Spliced returns a copy of s that shows its primary rows where p places them. The
// cursor is on the same row of s as in s. Two things are those of was, a screen of the
// same size: the saved cursor of the primary screen, which is a place on a screen and not
// in its text, and the working directory, which shells report again.
func (s *Screen) Spliced(p Splice, was *Screen) *Screen {
	w := s.Copy()
	src := w.main.lines
	w.main.lines = make([]*line, w.rows)
	for y := range w.main.lines {
		if from := y - p.N + p.From; y >= p.N && from >= 0 && from < len(src) {
			w.main.lines[y] = src[from]
		} else {
			w.main.lines[y] = newLine(w.cols)
		}
	}
	for y := range min(p.N, w.rows) {
		w.copyCells(w.main.lines[y], p.Above, p.Rows-p.N+y, w.cols)
	}
	if p.Keep+p.Skip > 0 && p.N >= 0 && p.N < w.rows {
		w.joinRows(w.main.lines[p.N], p)
	}
	w.placeCursor(p)
	w.main.saved.x, w.main.saved.y = was.main.saved.x, was.main.saved.y
	w.cwd = was.cwd
	w.dirtyAll()
	return w
}

// joinRows makes l, which is row p.From of s, the joint row of p.
func (s *Screen) joinRows(l *line, p Splice) {
	cells := append([]Cell(nil), l.cells[min(p.Skip, s.cols):]...)
	continued := l.continued
	l.wipe(0, continued)
	keep := min(p.Keep, s.cols)
	end := keep + copy(l.cells[keep:], cells)
	l.used = end
	if keep < end && l.cells[keep].lo&chSpacer != 0 {
		l.cells[keep] = Cell{} // its first half is not shown
	}
	if end > 0 && l.cells[end-1].lo&chWide != 0 {
		l.cells[end-1] = Cell{}
	}
	if keep > 0 {
		s.copyCells(l, p.Above, p.Rows, keep)
	}
}

// placeCursor moves the cursor of the primary screen with its row.
func (s *Screen) placeCursor(p Splice) {
	place := func(x, y int) (int, int) {
		if y == p.From {
			x = max(0, min(x-p.Skip+p.Keep, s.cols-1))
		}
		return x, max(0, min(y-p.From+p.N, s.rows-1))
	}
	if s.onAlt {
		s.main.x, s.main.y = place(s.main.x, s.main.y)
		return
	}
	x, y := place(s.x, s.y)
	s.pend = s.pend && x == s.x
	s.x, s.y = x, y
	s.intoMargins()
}

// copyCells copies the first n cells of row y of the primary screen of another screen,
// if it has that row, and whether the row continues the one above.
func (s *Screen) copyCells(l *line, from *Screen, y, n int) {
	if y < 0 || y >= len(from.main.lines) {
		return
	}
	old := from.main.lines[y]
	n = min(n, len(old.cells))
	for x, c := range old.cells[:n] {
		// The tables may be collected meanwhile, and this cell is in none.
		for range 2 {
			tables := s.tab.id
			l.cells[x] = s.imported(c, from)
			l.used = max(l.used, x+1)
			if tables == s.tab.id {
				break
			}
			l.cells[x] = Cell{}
		}
	}
	l.mend(n, Cell{})
	if n > 0 && l.cells[n-1].lo&chWide != 0 && n < len(old.cells) {
		l.set(n-1, n, Cell{})
	}
	l.continued = old.continued
}

// imported returns a cell of another screen as a cell of s.
func (s *Screen) imported(c Cell, from *Screen) Cell {
	if c.lo&chCluster != 0 {
		id, ok := s.clusterID([]byte(from.tab.clusters[c.lo&chMask]))
		if c.lo &^= chMask | chCluster; ok {
			c.lo |= chCluster | uint64(id)
		}
	}
	if id := c.extra(); id != 0 {
		e := from.tab.extras[id]
		e.link = s.linkID([]byte(from.tab.links[e.link]))
		c.lo = c.lo&^extraBits | uint64(s.extraID(e))<<48
	}
	return c
}

// Same reports whether two rows show the same: text, styles and hyperlinks, and whether
// they continue the row above. The rows may be of two screens.
func (r Row) Same(o Row) bool {
	if r.l.continued != o.l.continued || len(r.l.cells) != len(o.l.cells) {
		return false
	}
	used := max(r.l.used, o.l.used)
	for x, a := range r.l.cells[:used] {
		b := o.l.cells[x]
		if (a.lo|b.lo)&(extraBits|chCluster) == 0 {
			if a != b {
				return false
			}
			continue
		}
		const plain = ^uint64(extraBits | chMask)
		if a.lo&plain != b.lo&plain || a.hi != b.hi || r.s.CellText(a) != o.s.CellText(b) {
			return false
		}
		d, e := r.s.tab.extras[a.extra()], o.s.tab.extras[b.extra()]
		if d.ul != e.ul || r.s.tab.links[d.link] != o.s.tab.links[e.link] {
			return false
		}
	}
	return true
}
