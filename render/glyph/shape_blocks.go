package glyph

// eighths fills the rectangle between eighths of the cell.
func (p *pen) eighths(x0, y0, x1, y1 int) { p.rect(p.x(x0, 8), p.y(y0, 8), p.x(x1, 8), p.y(y1, 8)) }

// block draws U+2580 to U+259F: blocks, shades and quadrants.
func (p *pen) block(r rune) {
	switch {
	case r == 0x2580:
		p.eighths(0, 0, 8, 4)
	case r <= 0x2588:
		p.eighths(0, 8-int(r-0x2580), 8, 8)
	case r <= 0x258f:
		p.eighths(0, 0, 8-int(r-0x2588), 8)
	case r == 0x2590:
		p.eighths(4, 0, 8, 8)
	case r <= 0x2593:
		p.eighths(0, 0, 8, 8)
		p.shade([]uint8{lightShade, mediumShade, darkShade}[r-0x2591])
	case r == 0x2594:
		p.eighths(0, 0, 8, 1)
	case r == 0x2595:
		p.eighths(7, 0, 8, 8)
	default:
		p.grid(quadrants[r-0x2596], 2, 2)
	}
}

// quadrants has the quadrants of U+2596 to U+259F, as bits: 1 is the upper left one, 2
// the upper right, 4 the lower left and 8 the lower right.
var quadrants = []int{4, 8, 1, 1 | 4 | 8, 1 | 8, 1 | 2 | 4, 1 | 2 | 8, 2, 2 | 4, 2 | 4 | 8}

// grid fills those of the parts of a cell whose bits are set: bit 0 is the upper left
// part, and they count as we read. What is full from one part to the next is one
// rectangle.
func (p *pen) grid(bits, cols, rows int) {
	has := func(x, y int) bool { return bits>>(y*cols+x)&1 != 0 }
	same := func(y, as int) bool { return (bits>>(y*cols)^bits>>(as*cols))&(1<<cols-1) == 0 }
	for y := 0; y < rows; {
		end := y + 1
		for end < rows && same(end, y) {
			end++
		}
		for x := 0; x < cols; {
			if !has(x, y) {
				x++
				continue
			}
			from := x
			for x < cols && has(x, y) {
				x++
			}
			p.rect(p.x(from, cols), p.y(y, rows), p.x(x, cols), p.y(end, rows))
		}
		y = end
	}
}

// separated is grid with gaps around the parts.
func (p *pen) separated(bits, cols, rows int) {
	gap := max(min(p.w/(4*cols), p.h/(4*rows)), 1)
	for i := range cols * rows {
		if bits>>i&1 == 0 {
			continue
		}
		x, y := i%cols, i/cols
		x0, x1, y0, y1 := p.x(x, cols), p.x(x+1, cols), p.y(y, rows), p.y(y+1, rows)
		if x1-x0 > gap {
			x1 -= gap
		}
		if y1-y0 > gap {
			y1 -= gap
		}
		p.rect(x0, y0, x1, y1)
	}
}

// sextant draws U+1FB00 to U+1FB3B: all patterns of 2 by 3 parts, in the order of their
// bits, without those that are blocks of other names: none, the left half, the right
// half and all.
func (p *pen) sextant(r rune) {
	bits := int(r-0x1fb00) + 1
	if bits >= 0b010101 {
		bits++
	}
	if bits >= 0b101010 {
		bits++
	}
	p.grid(bits, 2, 3)
}

// octant draws U+1CD00 to U+1CDE5.
func (p *pen) octant(r rune) { p.grid(int(octants[r-0x1cd00]), 2, 4) }

// octants has the bits of U+1CD00 to U+1CDE5: all patterns of 2 by 4 parts, in their
// order, without those that are characters elsewhere.
var octants = func() (list []uint8) {
	elsewhere := map[int]bool{
		0x03: true, 0xc0: true, 0x3f: true, 0xfc: true, // quarters and three quarters, above and below
		0x01: true, 0x02: true, 0x40: true, 0x80: true, // quarters of a half: U+1CEA8, 1CEAB, 1CEA3, 1CEA0
		0x14: true, 0x28: true, // those in the middle: U+1FBE6, 1FBE7
	}
	for q := range 16 { // quadrants
		bits := 0
		for i, part := range []int{0x05, 0x0a, 0x50, 0xa0} {
			if q>>i&1 != 0 {
				bits |= part
			}
		}
		elsewhere[bits] = true
	}
	for bits := range 256 {
		if !elsewhere[bits] {
			list = append(list, uint8(bits))
		}
	}
	return list
}()

// corner draws U+25E2 to U+25E5, halves of a cell along a diagonal, at the lower right,
// lower left, upper left and upper right.
func (p *pen) corner(r rune) {
	p.triangle(int(r-0x25e2), 255)
}

// triangle fills half of the cell, at a corner: 0 is the lower right one, and they count
// clockwise.
func (p *pen) triangle(corner int, coverage uint8) {
	c := []Point{pt(p.w, p.h), pt(0, p.h), pt(0, 0), pt(p.w, 0)}
	p.poly(c[(corner+3)%4], c[corner], c[(corner+1)%4])
	p.shade(coverage)
}

// braille draws U+2800 to U+28FF. The lower 8 bits are the dots 1 to 8.
func (p *pen) braille(r rune) {
	pitch := min(float64(p.w)/2, float64(p.h)/4)
	d := max(int(pitch*.55+.5), 1)
	for dot := range 8 {
		if r>>dot&1 == 0 {
			continue
		}
		// Dots 1, 2, 3 and 4, 5, 6 go down; 7 and 8 are the row below.
		col, row := dot/3, dot%3
		if dot >= 6 {
			col, row = dot-6, 3
		}
		x, y := split(p.w, 2*col+1, 4)-(d+1)/2, split(p.h, 2*row+1, 8)-(d+1)/2
		x, y = min(max(x, 0), max(p.w-d, 0)), min(max(y, 0), max(p.h-d, 0))
		if d < 4 {
			p.rect(x, y, x+d, y+d)
			continue
		}
		p.ellipse(pt(x, y), pt(x+d, y+d))
	}
}

// ellipse fills the ellipse in a rectangle.
func (p *pen) ellipse(lo, hi Point) {
	cx, cy := (lo.X+hi.X)/2, (lo.Y+hi.Y)/2
	n, e, s, w := Point{cx, lo.Y}, Point{hi.X, cy}, Point{cx, hi.Y}, Point{lo.X, cy}
	p.move(n)
	p.quarter(n, e, false)
	p.quarter(e, s, true)
	p.quarter(s, w, false)
	p.quarter(w, n, true)
	p.close()
}
