package glyph

import "math"

// powerline draws U+E0B0 to U+E0BF: what separates the segments of a prompt. The even
// ones are filled, the odd ones are lines of the same form.
func (p *pen) powerline(r rune) {
	nw, ne, se, sw := pt(0, 0), pt(p.w, 0), pt(p.w, p.h), pt(0, p.h)
	east, west := Point{float64(p.w), float64(p.h) / 2}, Point{0, float64(p.h) / 2}
	switch r {
	case 0xe0b0:
		p.poly(nw, east, sw)
	case 0xe0b1:
		p.chevron(false)
	case 0xe0b2:
		p.poly(ne, west, se)
	case 0xe0b3:
		p.chevron(true)
	case 0xe0b4, 0xe0b5, 0xe0b6, 0xe0b7:
		p.halfCircle(r >= 0xe0b6, r%2 == 1)
	case 0xe0b8:
		p.triangle(1, 255)
	case 0xe0b9, 0xe0bf:
		p.stroke(nw, se)
	case 0xe0ba:
		p.triangle(0, 255)
	case 0xe0bb, 0xe0bd:
		p.stroke(sw, ne)
	case 0xe0bc:
		p.triangle(2, 255)
	case 0xe0be:
		p.triangle(3, 255)
	}
}

// chevron draws a line around a triangle whose tip is at a side.
func (p *pen) chevron(left bool) {
	w, h, s := float64(p.w), float64(p.h), float64(p.s)
	at := func(x, y float64) Point {
		if left {
			x = w - x
		}
		return Point{x, y}
	}
	// A line whose width, measured across it, is s takes dx of the width of the cell.
	slope := h / 2 / w
	dx := min(s*math.Hypot(1, slope)/slope, w)
	p.poly(at(0, 0), at(dx, 0), at(w, h/2), at(w-dx, h/2))
	p.poly(at(w-dx, h/2), at(w, h/2), at(dx, h), at(0, h))
}

// halfCircle draws half an ellipse whose flat side is at the side of the cell.
func (p *pen) halfCircle(left, outline bool) {
	w, h, s := float64(p.w), float64(p.h), float64(p.s)
	at := func(x, y float64) Point {
		if left {
			x = w - x
		}
		return Point{x, y}
	}
	p.move(at(0, 0))
	p.quarter(at(0, 0), at(w, h/2), false)
	p.quarter(at(w, h/2), at(0, h), true)
	if outline && h > 2*s && w > s {
		p.line(at(0, h-s))
		p.quarter(at(0, h-s), at(w-s, h/2), false)
		p.quarter(at(w-s, h/2), at(0, s), true)
	}
	p.close()
}

// powerlineSymbol draws U+E0A0 to U+E0A3: a branch, LN for a line number, a padlock, and
// CN for a column number.
func (p *pen) powerlineSymbol(r rune) {
	w, h, s := float64(p.w), float64(p.h), float64(p.s)
	x := func(f float64) int { return int(f*w + .5) }
	y := func(f float64) int { return int(f*h + .5) }
	bar := func(x0, y0, x1, y1 int) { p.rect(x0, y0, max(x1, x0+1), max(y1, y0+1)) }
	switch r {
	case 0xe0a0:
		stem, twig := x(.25), x(.7)
		bar(stem, y(.15), stem+p.s, y(.85))
		// The twig leaves the stem below, and ends with an arrow.
		p.stroke(Point{float64(stem) + s/2, .72 * h}, Point{float64(twig) + s/2, .52 * h}, Point{float64(twig) + s/2, .32 * h})
		tip := Point{float64(twig) + s/2, .15 * h}
		arm := max(.18*w, 1.2*s)
		p.poly(tip, Point{tip.X + arm, .36 * h}, Point{tip.X - arm, .36 * h})
	case 0xe0a1:
		bar(x(.1), y(.1), x(.1)+p.s, y(.45))
		bar(x(.1), y(.45)-p.s, x(.5), y(.45))
		p.letterN(x(.45), y(.52), x(.95), y(.88))
	case 0xe0a2:
		bar(x(.1), y(.48), x(.9), y(.82))
		p.end()
		// The shackle.
		l, rt, top := float64(x(.25)), float64(x(.75)), float64(y(.2))
		low := float64(y(.48))
		radius := min((rt-l)/2, low-top)
		p.move(Point{l, low})
		p.line(Point{l, top + radius})
		p.quarter(Point{l, top + radius}, Point{(l + rt) / 2, top}, true)
		p.quarter(Point{(l + rt) / 2, top}, Point{rt, top + radius}, false)
		p.line(Point{rt, low})
		if in := radius - s; in > 0 {
			p.line(Point{rt - s, low})
			p.line(Point{rt - s, top + radius})
			p.quarter(Point{rt - s, top + radius}, Point{(l + rt) / 2, top + s}, true)
			p.quarter(Point{(l + rt) / 2, top + s}, Point{l + s, top + radius}, false)
			p.line(Point{l + s, low})
		}
		p.close()
	case 0xe0a3:
		bar(x(.1), y(.1), x(.1)+p.s, y(.45))
		bar(x(.1), y(.1), x(.5), y(.1)+p.s)
		bar(x(.1), y(.45)-p.s, x(.5), y(.45))
		p.letterN(x(.45), y(.52), x(.95), y(.88))
	}
}

// letterN draws an N in a rectangle.
func (p *pen) letterN(x0, y0, x1, y1 int) {
	p.rect(x0, y0, x0+p.s, y1)
	p.rect(x1-p.s, y0, x1, y1)
	a, b, s := pt(x0, y0), pt(x1, y1), float64(p.s)
	p.poly(a, Point{a.X + s, a.Y}, b, Point{b.X - s, b.Y})
}
