package glyph

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// Shape is a character as geometry, in a cell of a given size: see [ShapeOf].
type Shape []Part

// Part is a part of a Shape that is filled: a polygon, or several, whose insides are
// those of the nonzero winding rule. Polygons that overlap wind the same way.
type Part struct {
	Path     []Segment // closed
	Coverage uint8     // of the inside: 255, or less for a shade; a step of [Levels]
}

// Op is what a [Segment] does.
type Op uint8

// The operations of a path, as in SVG.
const (
	MoveTo  Op = iota // to P[0]
	LineTo            // to P[0]
	CubicTo           // to P[2] by the control points P[0] and P[1]
	Close             // back to the last MoveTo
)

// Segment is a part of a path.
type Segment struct {
	Op Op       // what it does
	P  [3]Point // as many points as Op takes
}

// Point is a point in a cell, in pixels from its upper left corner.
type Point struct {
	X, Y float64 // X and Y count to the right and down
}

// The coverage of shades: the steps that are nearest to a quarter, a half and three
// quarters, as masks have no others.
const (
	lightShade  = 255 / (Levels - 1)
	mediumShade = 255 / (Levels - 1) * 3
	darkShade   = 255 / (Levels - 1) * 4
)

// ShapeOf returns the geometry of a character in cells of that size, over that many
// columns; false if it is drawn with a font. Lines are stroke pixels wide, such as
// [Lines.Thickness]. Neighbouring cells join without a gap: what is horizontal or
// vertical ends at whole pixels, and nothing is outside the cell.
//
// It covers box drawing, blocks, shades, quadrants, sextants and octants, what else of
// the symbols for legacy computing joins, scan lines, braille, Powerline's symbols and
// the triangles U+25E2 to U+25E5.
func ShapeOf(r rune, cell image.Point, cols int, stroke int) (Shape, bool) {
	draw := drawerOf(r)
	if draw == nil {
		return nil, false
	}
	w, h := max(cell.X, 1)*min(max(cols, 1), 2), max(cell.Y, 1)
	p := &pen{w: w, h: h, s: min(max(stroke, 1), w, h)}
	draw(p, r)
	p.end()
	return p.shape, true
}

// drawerOf returns the function that draws a character; nil if there is none.
func drawerOf(r rune) func(*pen, rune) {
	switch {
	case r < 0x23ba:
		return nil
	case r <= 0x23bd:
		return (*pen).scanLine
	case r >= 0x2500 && r <= 0x257f:
		return (*pen).box
	case r >= 0x2580 && r <= 0x259f:
		return (*pen).block
	case r >= 0x25e2 && r <= 0x25e5:
		return (*pen).corner
	case r >= 0x2800 && r <= 0x28ff:
		return (*pen).braille
	case r >= 0xe0a0 && r <= 0xe0a3:
		return (*pen).powerlineSymbol
	case r >= 0xe0b0 && r <= 0xe0bf:
		return (*pen).powerline
	case r >= 0x1cc21 && r <= 0x1cc2f, r >= 0x1ce51 && r <= 0x1ceaf:
		return (*pen).supplement
	case r >= 0x1cd00 && r <= 0x1cde5:
		return (*pen).octant
	case r >= 0x1fb00 && r <= 0x1fb3b:
		return (*pen).sextant
	case r >= 0x1fb3c && r <= 0x1fb67:
		return (*pen).wedge
	case r >= 0x1fb68 && r <= 0x1fb94 && r != 0x1fb93, r >= 0x1fb9a && r <= 0x1fb9f,
		r == 0x1fbce, r == 0x1fbcf, r >= 0x1fbe4 && r <= 0x1fbe7:
		return (*pen).legacyBlock
	case r >= 0x1fba0 && r <= 0x1fbae, r >= 0x1fbd0 && r <= 0x1fbdf:
		return (*pen).legacyDiagonal
	}
	return nil
}

// pen draws a Shape.
type pen struct {
	w, h  int // of the columns of the shape
	s     int // the width of light lines; at most w and h
	shape Shape
	part  Part // not yet in shape
}

// end puts the part that is being drawn into the shape. What follows is a part of its
// own.
func (p *pen) end() {
	if len(p.part.Path) > 0 {
		if p.part.Coverage == 0 {
			p.part.Coverage = 255
		}
		p.shape = append(p.shape, p.part)
	}
	p.part = Part{}
}

// shade ends the part that is being drawn with that coverage.
func (p *pen) shade(coverage uint8) {
	p.part.Coverage = coverage
	p.end()
}

// rect fills the pixels of a rectangle that are in the cell.
func (p *pen) rect(x0, y0, x1, y1 int) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, p.w), min(y1, p.h)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	p.poly(pt(x0, y0), pt(x1, y0), pt(x1, y1), pt(x0, y1))
}

func pt(x, y int) Point { return Point{float64(x), float64(y)} }

// poly fills the part of a convex polygon that is in the cell.
func (p *pen) poly(points ...Point) {
	points = p.clip(points)
	if len(points) < 3 {
		return
	}
	area := 0.0
	for i, a := range points {
		b := points[(i+1)%len(points)]
		area += a.X*b.Y - b.X*a.Y
	}
	if math.Abs(area) < 1e-9 {
		return
	}
	p.move(points[0])
	for i := range points[1:] {
		if area > 0 {
			p.line(points[i+1])
		} else {
			p.line(points[len(points)-1-i])
		}
	}
	p.close()
}

// clip returns the part of a convex polygon that is in the cell.
func (p *pen) clip(points []Point) []Point {
	w, h := float64(p.w), float64(p.h)
	points = cut(points, func(a Point) float64 { return a.X })
	points = cut(points, func(a Point) float64 { return w - a.X })
	points = cut(points, func(a Point) float64 { return a.Y })
	return cut(points, func(a Point) float64 { return h - a.Y })
}

// cut returns the part of a convex polygon where a linear function is positive. (Each
// side of Sutherland and Hodgman's algorithm is one such cut.)
func cut(points []Point, side func(Point) float64) (in []Point) {
	for i, b := range points {
		a := points[(i+len(points)-1)%len(points)]
		sa, sb := side(a), side(b)
		if sa < 0 && sb > 0 || sa > 0 && sb < 0 {
			t := sa / (sa - sb)
			in = append(in, Point{a.X + t*(b.X-a.X), a.Y + t*(b.Y-a.Y)})
		}
		if sb >= 0 {
			in = append(in, b)
		}
	}
	return in
}

// stroke draws a light line from point to point, which goes on beyond the first and the
// last to the end of the cell, if they are at one.
func (p *pen) stroke(points ...Point) {
	half := float64(p.s) / 2
	for i, a := range points[:len(points)-1] {
		b := points[i+1]
		d := math.Hypot(b.X-a.X, b.Y-a.Y)
		if d == 0 {
			continue
		}
		dx, dy := (b.X-a.X)/d, (b.Y-a.Y)/d
		beyond := func(c Point) float64 {
			if c.X <= 0 || c.Y <= 0 || c.X >= float64(p.w) || c.Y >= float64(p.h) {
				return 4 * half * (1 + d) // out of the cell at any slope
			}
			return half * .8
		}
		ba, bb := beyond(a), beyond(b)
		a = Point{a.X - dx*ba, a.Y - dy*ba}
		b = Point{b.X + dx*bb, b.Y + dy*bb}
		nx, ny := -dy*half, dx*half
		p.poly(Point{a.X + nx, a.Y + ny}, Point{b.X + nx, b.Y + ny}, Point{b.X - nx, b.Y - ny}, Point{a.X - nx, a.Y - ny})
	}
}

func (p *pen) move(a Point) { p.part.Path = append(p.part.Path, Segment{Op: MoveTo, P: [3]Point{a}}) }
func (p *pen) line(a Point) { p.part.Path = append(p.part.Path, Segment{Op: LineTo, P: [3]Point{a}}) }
func (p *pen) close()       { p.part.Path = append(p.part.Path, Segment{Op: Close}) }

// quarter draws a quarter of an ellipse from a to b. The tangent at a is vertical if
// vertical is set, and horizontal otherwise.
func (p *pen) quarter(a, b Point, vertical bool) {
	const k = 0.5522847498 // of the radius, to the control points
	c, d := Point{a.X + k*(b.X-a.X), a.Y}, Point{b.X, b.Y - k*(b.Y-a.Y)}
	if vertical {
		c, d = Point{a.X, a.Y + k*(b.Y-a.Y)}, Point{b.X - k*(b.X-a.X), b.Y}
	}
	p.part.Path = append(p.part.Path, Segment{Op: CubicTo, P: [3]Point{c, d, b}})
}

// split returns the place of i/n of a length, at a whole pixel.
func split(length, i, n int) int { return (2*length*i + n) / (2 * n) }

// x and y return the place of i/n of the width and of the height.
func (p *pen) x(i, n int) int { return split(p.w, i, n) }
func (p *pen) y(i, n int) int { return split(p.h, i, n) }

// mask returns the quantised coverage of a shape in columns of that size; nil if it is
// blank.
func (s Shape) mask(size image.Point) []uint8 {
	if len(s) == 0 {
		return nil
	}
	out := make([]uint8, size.X*size.Y)
	img := image.NewAlpha(image.Rectangle{Max: size})
	raster := vector.NewRasterizer(size.X, size.Y)
	for _, part := range s {
		raster.Reset(size.X, size.Y)
		raster.DrawOp = draw.Src
		for _, g := range part.Path {
			a, b, c := g.P[0], g.P[1], g.P[2]
			switch g.Op {
			case MoveTo:
				raster.MoveTo(float32(a.X), float32(a.Y))
			case LineTo:
				raster.LineTo(float32(a.X), float32(a.Y))
			case CubicTo:
				raster.CubeTo(float32(a.X), float32(a.Y), float32(b.X), float32(b.Y), float32(c.X), float32(c.Y))
			case Close:
				raster.ClosePath()
			}
		}
		raster.Draw(img, img.Rect, image.Opaque, image.Point{})
		for i, v := range img.Pix {
			out[i] = max(out[i], quantise(uint8(int(v)*int(part.Coverage)/255)))
		}
	}
	return out
}
