package vt

// reflow wraps the lines that had wrapped, and those that no longer fit, to the
// new width. It leaves the line with the cursor to the program, which redraws
// it after the change of size, as xterm.js does.
func (r *resizer) reflow() {
	wider := r.cols > r.s.cols
	out := make([]*line, 0, len(r.lines))
	cursor := r.base + r.y
	// A paragraph that becomes longer or shorter moves the screen along the
	// list. The lines are counted and applied one paragraph at a time.
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

// settle places the screen on the lines after a reflow: their end stays its
// end, but an empty end below the cursor takes up the lines that a longer text
// pushes down, and the lines that a shorter text frees are padded.
func (r *resizer) settle(out []*line) {
	grown := len(out) - len(r.lines)
	switch {
	case grown > 0:
		for range grown {
			if r.base == 0 && r.y < r.rows-1 {
				r.y++
				out = out[:len(out)-1] // xterm.js treats it as blank
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

// wrap lays out the text of a paragraph in lines of the new width.
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
