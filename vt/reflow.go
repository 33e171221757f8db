package vt

// reflow wraps the lines that had wrapped, and those that no longer fit, to
// the new width. The line with the cursor is left to the program, which
// redraws it when it hears of the new size: so xterm.js.
func (r *resizer) reflow() {
	wider := r.cols > r.s.cols
	out := make([]*line, 0, len(r.lines))
	cursor := r.base + r.y
	// Lines that a paragraph grows or shrinks by move the screen over the
	// list; they are counted up and applied one paragraph at a time.
	for from := 0; from < len(r.lines); {
		upto := from + 1
		for upto < len(r.lines) && r.lines[upto].continued {
			upto++
		}
		para := r.lines[from:upto]
		hasCursor := cursor >= from && cursor < upto
		from = upto
		if hasCursor ||
			wider && len(para) == 1 ||
			!wider && len(para) == 1 && para[0].content() <= r.cols {
			out = append(out, para...)
			continue
		}
		out = append(out, r.wrap(para)...)
	}
	r.settle(out)
}

// settle places the screen over the lines after a reflow: their end stays its
// end, but an empty end below the cursor takes up what a longer text pushes
// down, and what a shorter one frees is padded.
func (r *resizer) settle(out []*line) {
	grown := len(out) - len(r.lines)
	switch {
	case grown > 0:
		for range grown {
			if r.base == 0 && r.y < r.rows-1 {
				r.y++
				out = out[:len(out)-1] // xterm.js takes it for blank
			} else {
				r.base++
			}
		}
	case grown < 0:
		for range -grown {
			if r.base > 0 {
				r.base--
				continue
			}
			if r.y > 0 {
				r.y--
			}
			if len(out) < r.rows {
				out = append(out, newLine(r.cols))
			}
		}
	}
	for len(out) < r.base+r.rows {
		out = append(out, newLine(r.cols))
	}
	r.lines = out
}

// wrap lays the text of a paragraph out in lines of the new width.
func (r *resizer) wrap(para []*line) []*line {
	old := r.s.cols
	total := 0
	for _, l := range para {
		total += len(l.cells)
	}
	out := make([]*line, 0, total/r.cols+1)
	cur := newLine(r.cols)
	cur.continued = para[0].continued
	x := 0
	next := func() {
		out = append(out, cur)
		cur = newLine(r.cols)
		cur.continued = true
		x = 0
	}
	for i, l := range para {
		n := min(old, len(l.cells))
		if i == len(para)-1 {
			n = l.content()
		} else if para[i+1].cells[0].lo&chWide != 0 && l.cells[n-1].Empty() {
			n-- // left free by a wide character that did not fit
		}
		for k := 0; k < n; k++ {
			c := l.cells[k]
			w := 1
			if c.lo&chWide != 0 {
				w = 2
			}
			if x+w > r.cols {
				next()
			}
			cur.cells[x] = c
			if w == 2 {
				k++
				cur.cells[x+1] = l.cells[k]
			}
			x += w
			cur.used = x
		}
	}
	return append(out, cur)
}
