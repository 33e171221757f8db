package vt

// Resize changes the size of the screen, within the limits of [ClampSize].
//
// The primary screen keeps its lines as xterm.js does. Rows are removed from
// the empty end below the cursor first, then from the top into the scrollback,
// and come back from there. Lines that had wrapped, except for the one with the
// cursor, are wrapped again (see [NoReflow]). The alternate screen is cut or
// padded. Margins are reset.
func (s *Screen) Resize(cols, rows int) {
	cols, rows = ClampSize(cols, rows)
	if cols == s.cols && rows == s.rows {
		return
	}
	x := s.x
	if s.pend {
		x++
	}
	mainX, mainY, altX, altY := x, s.y, x, s.y
	if s.onAlt {
		mainX, mainY = s.main.x, s.main.y
	}
	mainX, mainY = s.resizeMain(mainX, mainY, cols, rows)
	if s.alt.lines != nil {
		if s.onAlt {
			altX, altY = s.resizeAlt(altX, altY, cols, rows)
		} else {
			s.alt.lines = nil // made anew, and blank, at the next use
		}
	}
	s.x, s.y = mainX, mainY
	if s.onAlt {
		s.main.x, s.main.y = mainX, mainY
		s.x, s.y = altX, altY
	}
	s.pend = false
	for _, b := range []*buffer{&s.main, &s.alt} {
		b.top, b.bottom = 0, rows-1
		b.tabs = b.tabs.resized(s.cols, cols)
		b.saved.x = min(b.saved.x, cols-1)
		b.saved.y = min(b.saved.y, rows-1)
	}
	s.cols, s.rows = cols, rows
	s.left, s.right = 0, cols-1
	s.dirtyTop, s.dirtyBottom = 0, rows-1
}

// resizeAlt cuts or pads the alternate screen, keeping the cursor's row.
func (s *Screen) resizeAlt(x, y, cols, rows int) (int, int) {
	lines := s.alt.lines
	if len(lines) > rows {
		// Rows below the cursor go first, then rows at the top.
		drop := max(0, y+1-rows)
		if s.opts.hooks.LineLeft != nil {
			s.tellCleared(0, drop, LeftResize)
		}
		lines = lines[drop:][:rows]
		y -= drop
	}
	for _, l := range lines {
		l.resize(cols)
	}
	lines = append([]*line(nil), lines...)
	for len(lines) < rows {
		lines = append(lines, newLine(cols))
	}
	s.alt.lines = lines
	return min(x, cols-1), min(y, rows-1)
}

// resizeMain resizes the primary screen and the scrollback, which it treats as
// one list of lines; base is the index of the first line of the screen in it.
func (s *Screen) resizeMain(x, y, cols, rows int) (int, int) {
	r := resizer{s: s, base: s.sb.n, x: x, y: y, cols: cols, rows: rows}
	r.lines = make([]*line, 0, s.sb.n+max(s.rows, rows))
	for i := range s.sb.n {
		r.lines = append(r.lines, s.sb.at(i))
	}
	r.lines = append(r.lines, s.main.lines...)

	if cols > s.cols {
		r.setCols()
	}
	r.setRows()
	r.trim()
	if cols != s.cols && !s.opts.noReflow {
		r.reflow()
	}
	r.setCols()

	r.base = len(r.lines) - rows
	r.trim()
	s.main.lines = append([]*line(nil), r.lines[r.base:]...)
	s.sb.set(append([]*line(nil), r.lines[:r.base]...))
	for _, l := range s.main.lines {
		l.touched = touchedAll
	}
	return min(r.x, cols-1), max(0, min(r.y, rows-1))
}

// trim drops the lines that the scrollback cannot hold.
func (r *resizer) trim() {
	over := len(r.lines) - r.rows - r.s.sb.limit
	if over <= 0 {
		return
	}
	if h := r.s.opts.hooks.LineLeft; h != nil {
		for i := range over {
			h(Row{r.s, r.lines[i], r.lines[i+1].continued}, LeftResize)
		}
	}
	r.lines = r.lines[over:]
	r.base = max(0, r.base-over)
}

type resizer struct {
	s          *Screen
	lines      []*line
	base       int // first line of the screen
	x, y       int // cursor on the screen
	cols, rows int // the new size
}

func (r *resizer) setCols() {
	for _, l := range r.lines {
		l.resize(r.cols)
	}
}

// setRows adds or removes rows by the rules of xterm.js.
func (r *resizer) setRows() {
	old := r.s.rows
	up := 0
	for range r.rows - old {
		if len(r.lines) >= r.rows+r.base {
			break
		}
		if r.base > 0 && len(r.lines) <= r.base+r.y+up+1 {
			r.base-- // the cursor is on the last line: show an older one
			up++
		} else {
			r.lines = append(r.lines, newLine(r.cols))
		}
	}
	for range old - r.rows {
		if len(r.lines) <= r.rows+r.base {
			break
		}
		if len(r.lines) > r.base+r.y+1 {
			r.dropLast()
		} else {
			r.base++
		}
	}
	r.y = min(r.y, r.rows-1) + up
	r.x = min(r.x, r.cols-1)
}

func (r *resizer) dropLast() {
	n := len(r.lines) - 1
	if h := r.s.opts.hooks.LineLeft; h != nil && r.lines[n].content() > 0 {
		h(Row{r.s, r.lines[n], false}, LeftResize)
	}
	r.lines = r.lines[:n]
}
