package glyph

// arms has the weights of the lines of box drawing, from U+2500 on: up, right, down and
// left, each 0 for none, 1 for light, 2 for heavy and 3 for double. "----" stands for
// dashes, arcs and diagonals.
const arms = "" +
	"0101 0202 1010 2020 ---- ---- ---- ---- " + // U+2500
	"---- ---- ---- ---- 0110 0210 0120 0220 " + // U+2508
	"0011 0012 0021 0022 1100 1200 2100 2200 " + // U+2510
	"1001 1002 2001 2002 1110 1210 2110 1120 " + // U+2518
	"2120 2210 1220 2220 1011 1012 2011 1021 " + // U+2520
	"2021 2012 1022 2022 0111 0112 0211 0212 " + // U+2528
	"0121 0122 0221 0222 1101 1102 1201 1202 " + // U+2530
	"2101 2102 2201 2202 1111 1112 1211 1212 " + // U+2538
	"2111 1121 2121 2112 2211 1122 1221 2212 " + // U+2540
	"1222 2122 2221 2222 ---- ---- ---- ---- " + // U+2548
	"0303 3030 0310 0130 0330 0013 0031 0033 " + // U+2550
	"1300 3100 3300 1003 3001 3003 1310 3130 " + // U+2558
	"3330 1013 3031 3033 0313 0131 0333 1303 " + // U+2560
	"3101 3303 1313 3131 3333 ---- ---- ---- " + // U+2568
	"---- ---- ---- ---- 0001 1000 0100 0010 " + // U+2570
	"0002 2000 0200 0020 0201 1020 0102 2010 " //   U+2578

// weight is that of a line.
type weight uint8

const (
	none weight = iota
	light
	heavy
	double
)

// box draws U+2500 to U+257F.
func (p *pen) box(r rune) {
	switch {
	case r >= 0x2504 && r <= 0x250b:
		i := int(r - 0x2504)
		p.dashes(3+i/4, weight(1+i%2), i%4 >= 2)
	case r >= 0x254c && r <= 0x254f:
		i := int(r - 0x254c)
		p.dashes(2, weight(1+i%2), i >= 2)
	case r >= 0x256d && r <= 0x2570:
		p.arc(r)
	case r >= 0x2571 && r <= 0x2573:
		if r != 0x2572 {
			p.stroke(pt(0, p.h), pt(p.w, 0))
		}
		if r != 0x2571 {
			p.stroke(pt(0, 0), pt(p.w, p.h))
		}
	default:
		a := arms[5*(r-0x2500):]
		p.arms(weight(a[0]-'0'), weight(a[1]-'0'), weight(a[2]-'0'), weight(a[3]-'0'))
	}
}

// span is an interval of pixels.
type span struct{ lo, hi int }

// centre returns the span of a light line in the middle of a length.
func (p *pen) centre(length int) span { return span{(length - p.s) / 2, (length-p.s)/2 + p.s} }

// tracks returns where the lines of a weight are across a length, the middle of which
// is c: one line, or two.
func (p *pen) tracks(c span, w weight) []span {
	switch w {
	case none:
		return nil
	case heavy:
		more := (p.s + 1) / 2
		if 2*(p.s+2*more) > min(p.w, p.h) {
			return []span{{c.lo - more/2, c.hi + more - more/2}} // there is little room
		}
		return []span{{c.lo - more, c.hi + more}}
	case double:
		return []span{{c.lo - p.s, c.lo}, {c.hi, c.hi + p.s}}
	}
	return []span{c}
}

// arms draws lines from the edges to the middle.
func (p *pen) arms(up, right, down, left weight) {
	if p.w < 3*p.s || p.h < 3*p.s {
		// There is no room for two lines.
		for _, w := range []*weight{&up, &right, &down, &left} {
			if *w == double {
				*w = light
			}
		}
	}
	cx, cy := p.centre(p.w), p.centre(p.h)
	for i, y := range p.tracks(cy, left) {
		p.rect(0, y.lo, p.meet(cx, left, right, i, up, down).hi, y.hi)
	}
	for i, y := range p.tracks(cy, right) {
		p.rect(p.meet(cx, right, left, i, up, down).lo, y.lo, p.w, y.hi)
	}
	for i, x := range p.tracks(cx, up) {
		p.rect(x.lo, 0, x.hi, p.meet(cy, up, down, i, left, right).hi)
	}
	for i, x := range p.tracks(cx, down) {
		p.rect(x.lo, p.meet(cy, down, up, i, left, right).lo, x.hi, p.h)
	}
}

// meet returns where a line ends in the middle: at hi if it comes from the left or from
// above, else at lo. The line is the i-th track of an arm of weight w; opposite is the
// weight of the arm that goes on on the other side. before and after are the weights of
// the two arms across; a double line's track 0 faces before, and its track 1, after.
func (p *pen) meet(c span, w, opposite weight, i int, before, after weight) span {
	near, far := span{c.hi, c.lo}, span{c.lo - p.s, c.hi + p.s} // the lines of a double one across
	if w == double {
		facing, back := before, after
		if i == 1 {
			facing, back = after, before
		}
		switch {
		case facing == double:
			return near // the inside of a corner
		case facing == none && opposite == none && back == double:
			return far // the outside
		}
		return c
	}
	switch {
	case before == double && after == double && opposite == none:
		return near
	case (before == double || after == double) && opposite == none:
		return far
	case before == double || after == double:
		return c
	}
	if across := max(before, after); across == heavy {
		return p.tracks(c, heavy)[0]
	}
	return c
}

// dashes draws a line of n dashes.
func (p *pen) dashes(n int, w weight, vertical bool) {
	length, across := p.w, p.centre(p.h)
	if vertical {
		length, across = p.h, p.centre(p.w)
	}
	across = p.tracks(across, w)[0]
	gap := max(length/(3*n), 1)
	if length < 2*n {
		gap = 0
	}
	for i := range n {
		lo, hi := split(length, i, n), split(length, i+1, n)-gap
		if vertical {
			p.rect(across.lo, lo, across.hi, hi)
		} else {
			p.rect(lo, across.lo, hi, across.hi)
		}
	}
}

// arc draws U+256D to U+2570, a line around a corner.
func (p *pen) arc(r rune) {
	x, y := p.centre(p.w), p.centre(p.h)
	// As down and right (U+256D); the others are its mirror images.
	flipX, flipY := r == 0x256e || r == 0x256f, r >= 0x256f
	w, h := p.w-x.lo, p.h-y.lo
	if flipX {
		w = x.hi
	}
	if flipY {
		h = y.hi
	}
	at := func(dx, dy int) Point {
		a := pt(x.lo+dx, y.lo+dy)
		if flipX {
			a.X = float64(x.hi - dx)
		}
		if flipY {
			a.Y = float64(y.hi - dy)
		}
		return a
	}
	s := p.s
	outer := max(min(w, h)-1, s) // the last pixel is straight, and joins
	p.move(at(0, h))
	p.line(at(0, outer))
	p.quarter(at(0, outer), at(outer, 0), true)
	p.line(at(w, 0))
	p.line(at(w, s))
	p.line(at(outer, s))
	p.quarter(at(outer, s), at(s, outer), false)
	p.line(at(s, h))
	p.close()
}

// scanLine draws U+23BA to U+23BD, the horizontal lines 1, 3, 7 and 9 of 9.
func (p *pen) scanLine(r rune) {
	n := []int{0, 2, 6, 8}[r-0x23ba]
	y := split(p.h-p.s, n, 8)
	p.rect(0, y, p.w, y+p.s)
}
