package glyph

// wedges has U+1FB3C to U+1FB67, the part of a cell on one side of a line. The first
// letter is the corner that is filled, the others are the ends of the line:
//
//	a b c
//	d   e
//	f   g
//	h i j
const wedges = "" +
	"hfi hfj hdi hdj hai jdb jdc jfb jfc jhb jfe " +
	"jig jhg jie jhe jic hbe hae hbg hag hbj hdg " +
	"cfi cfj cdi cdj cai adb adc afb afc ahb afe " +
	"aig ahg aie ahe aic cbe cae cbg cag cbj cdg "

// wedge draws U+1FB3C to U+1FB67.
func (p *pen) wedge(r rune) {
	at := func(c byte) Point {
		x := map[byte]int{'a': 0, 'd': 0, 'f': 0, 'h': 0, 'b': 1, 'i': 1, 'c': 2, 'e': 2, 'g': 2, 'j': 2}[c]
		y := map[byte]int{'a': 0, 'b': 0, 'c': 0, 'd': 1, 'e': 1, 'f': 2, 'g': 2, 'h': 3, 'i': 3, 'j': 3}[c]
		return pt(p.x(x, 2), p.y(y, 3))
	}
	def := wedges[4*(r-0x1fb3c):]
	corner, a, b := at(def[0]), at(def[1]), at(def[2])
	side := func(c Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }
	cell := []Point{pt(0, 0), pt(p.w, 0), pt(p.w, p.h), pt(0, p.h)}
	if side(corner) < 0 {
		p.poly(cut(cell, func(c Point) float64 { return -side(c) })...)
	} else {
		p.poly(cut(cell, side)...)
	}
}

// legacyBlock draws U+1FB68 to U+1FB9F and the blocks behind them.
func (p *pen) legacyBlock(r rune) {
	nw, ne, se, sw := pt(0, 0), pt(p.w, 0), pt(p.w, p.h), pt(0, p.h)
	mid := Point{float64(p.w) / 2, float64(p.h) / 2}
	left, upper := [2]Point{sw, nw}, [2]Point{nw, ne}
	right, lower := [2]Point{ne, se}, [2]Point{se, sw}
	switch i := int(r - 0x1fb00); {
	case i <= 0x6f: // triangles from the middle to the sides
		for side, s := range [][2]Point{left, upper, right, lower} {
			if (i >= 0x6c) == (side == (i-0x68)%4) {
				p.poly(s[0], s[1], mid)
			}
		}
	case i <= 0x75:
		x := min(p.x(i-0x6f, 8), p.w-1)
		p.rect(x, 0, max(p.x(i-0x6e, 8), x+1), p.h)
	case i <= 0x7b:
		y := min(p.y(i-0x75, 8), p.h-1)
		p.rect(0, y, p.w, max(p.y(i-0x74, 8), y+1))
	case i <= 0x7f:
		if i <= 0x7d {
			p.eighths(0, 0, 1, 8)
		} else {
			p.eighths(7, 0, 8, 8)
		}
		if i == 0x7c || i == 0x7f {
			p.eighths(0, 7, 8, 8)
		} else {
			p.eighths(0, 0, 8, 1)
		}
	case i == 0x80:
		p.eighths(0, 0, 8, 1)
		p.eighths(0, 7, 8, 8)
	case i == 0x81:
		for _, y := range []int{0, 2, 4, 7} {
			p.eighths(0, y, 8, y+1)
		}
	case i <= 0x86:
		p.eighths(0, 0, 8, []int{2, 3, 5, 6, 7}[i-0x82])
	case i <= 0x8b:
		p.eighths(8-[]int{2, 3, 5, 6, 7}[i-0x87], 0, 8, 8)
	case i <= 0x8f:
		h := [][4]int{{0, 0, 4, 8}, {4, 0, 8, 8}, {0, 0, 8, 4}, {0, 4, 8, 8}}[i-0x8c]
		p.eighths(h[0], h[1], h[2], h[3])
		p.shade(mediumShade)
	case i == 0x90:
		p.eighths(0, 0, 8, 8)
		p.shade(inverseShade)
	case i <= 0x94:
		h := [][2][4]int{
			{{0, 0, 8, 4}, {0, 4, 8, 8}}, {{0, 4, 8, 8}, {0, 0, 8, 4}},
			{}, {{4, 0, 8, 8}, {0, 0, 4, 8}},
		}[i-0x91]
		p.eighths(h[0][0], h[0][1], h[0][2], h[0][3])
		p.end()
		p.eighths(h[1][0], h[1][1], h[1][2], h[1][3])
		p.shade(inverseShade)
	case i == 0x9a:
		p.poly(nw, ne, mid)
		p.poly(sw, se, mid)
	case i == 0x9b:
		p.poly(nw, sw, mid)
		p.poly(ne, se, mid)
	case i <= 0x9f:
		p.triangle([]int{2, 3, 0, 1}[i-0x9c], mediumShade)
	case i == 0xce:
		p.rect(0, 0, p.x(2, 3), p.h)
	case i == 0xcf:
		p.rect(0, 0, p.x(1, 3), p.h)
	case i == 0xe4:
		p.eighths(2, 0, 6, 4)
	case i == 0xe5:
		p.eighths(2, 4, 6, 8)
	case i == 0xe6:
		p.eighths(0, 2, 4, 6)
	case i == 0xe7:
		p.eighths(4, 2, 8, 6)
	}
}

// inverseShade is the coverage of the inverse of the medium shade.
const inverseShade = 255 - mediumShade

// diagonals has U+1FBA0 to U+1FBAE and, from the 16th on, U+1FBD0 to U+1FBDF: lines from
// point to point, and from the start again after a comma.
//
//	a b c
//	d e f
//	g h i
var diagonals = []string{
	"bd", "bf", "dh", "fh", "bdh", "bfh", "dhf", "dbf", "bd,fh", "bf,dh", "bfhd", "bdhf", "dbfh", "fbdh", "dbfhd", "",
	"fg", "cd", "af", "di", "ah", "bi", "ch", "bg", "aec", "cei", "gei", "aeg", "ahc", "cdi", "gbi", "afg",
}

// legacyDiagonal draws light lines between the corners and the middles of the sides.
func (p *pen) legacyDiagonal(r rune) {
	i := r - 0x1fba0
	if r >= 0x1fbd0 {
		i = r - 0x1fbd0 + 16
	}
	var points []Point
	flush := func() {
		if len(points) > 1 {
			p.stroke(points...)
		}
		points = nil
	}
	for _, c := range []byte(diagonals[i]) {
		if c == ',' {
			flush()
			continue
		}
		points = append(points, Point{float64(p.w) * float64((c-'a')%3) / 2, float64(p.h) * float64((c-'a')/3) / 2})
	}
	flush()
}

// supplement draws the blocks of the supplement of symbols for legacy computing, from
// U+1CC21 to U+1CC2F and from U+1CE51 to U+1CEAF.
func (p *pen) supplement(r rune) {
	switch {
	case r <= 0x1cc2f:
		p.separated(int(r-0x1cc20), 2, 2)
	case r <= 0x1ce8f:
		p.separated(int(r-0x1ce50), 2, 3)
	case r <= 0x1ce9f:
		i := int(r - 0x1ce90)
		p.eighths(i%4*2, i/4*2, i%4*2+2, i/4*2+2)
	default:
		// Quarters at the sides, over a half or three quarters of them.
		q := [][4]int{
			{4, 6, 8, 8}, {2, 6, 8, 8}, {0, 6, 6, 8}, {0, 6, 4, 8}, // below
			{0, 4, 2, 8}, {0, 2, 2, 8}, {0, 0, 2, 6}, {0, 0, 2, 4}, // at the left
			{0, 0, 4, 2}, {0, 0, 6, 2}, {2, 0, 8, 2}, {4, 0, 8, 2}, // above
			{6, 0, 8, 4}, {6, 0, 8, 6}, {6, 2, 8, 8}, {6, 4, 8, 8}, // at the right
		}[r-0x1cea0]
		p.eighths(q[0], q[1], q[2], q[3])
	}
}
