package svg

import (
	"image"
	"math"
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/vt"
)

// pathKey is what the geometry in one path has in common.
type pathKey struct {
	ink     render.Ink
	opacity uint8 // 0 means all
	stroked bool  // not filled
	crisp   bool  // to be drawn without smooth edges, where neighbours must join at any size
}

// pathGroup is a path in the making.
type pathGroup struct {
	pathKey
	rects  []rect
	others path // what is not a rectangle
}

type rect struct{ x, y, w, h float64 }

func (r *rows) group(key pathKey) *pathGroup {
	for i := range r.paths {
		if r.paths[i].pathKey == key {
			return &r.paths[i]
		}
	}
	n := len(r.paths)
	if n < cap(r.paths) {
		r.paths = r.paths[:n+1]
	} else {
		r.paths = append(r.paths, pathGroup{})
	}
	g := &r.paths[n]
	g.pathKey = key
	g.rects = g.rects[:0]
	g.others.reset()
	return g
}

// rect adds a rectangle, and joins it to one that ends where it begins, or in it.
func (g *pathGroup) rect(x, y, w, h float64) {
	for i := len(g.rects) - 1; i >= 0 && i >= len(g.rects)-16; i-- {
		if p := &g.rects[i]; p.y == y && p.h == h && p.x <= x && x <= p.x+p.w {
			p.w = max(p.w, x+w-p.x)
			return
		}
	}
	g.rects = append(g.rects, rect{x, y, w, h})
}

// flushPaths appends the paths to r.b.
func (r *rows) flushPaths() {
	for i := range r.paths {
		g := &r.paths[i]
		for _, q := range g.rects {
			g.others.rect(q)
		}
		if len(g.others.b) == 0 {
			continue
		}
		others := ""
		if g.opacity > 0 {
			others = r.classes.opacity(g.opacity)
		}
		p := fill
		switch {
		case g.stroked:
			p, others = both, strings.TrimLeft(others+" w", " ")
		case !g.crisp:
			others = strings.TrimLeft(others+" g", " ")
		}
		r.b = append(r.b, "<path"...)
		r.b = r.classes.appendAttr(r.b, p, g.ink, others)
		r.b = append(r.b, ` d="`...)
		r.b = append(r.b, g.others.b...)
		r.b = append(r.b, `"/>`...)
	}
	r.paths = r.paths[:0]
}

// shape adds the geometry of a character; false if it has none.
func (r *rows) shape(x int, ch rune, cell *rowCell) bool {
	shape, ok := glyph.ShapeOf(ch, image.Pt(r.cellW, r.cellH), cell.cols, r.thickness)
	if !ok {
		return false
	}
	dx, dy := float64(x*r.cellW), float64(-r.baseline)
	for _, part := range shape {
		cover := int(part.Coverage)
		if cell.look.Faint {
			cover = (cover*faint + 127) / 255
		}
		if cover == 0 {
			continue
		}
		key := pathKey{ink: cell.look.Fg}
		if cover < 255 {
			key.opacity = uint8(cover)
		}
		if rects, ok := appendRects(r.rects[:0], part.Path); ok {
			for _, q := range rects {
				key.crisp = min(q.w, q.h) >= 3 && q.w >= float64(r.cellW)*.4
				r.group(key).rect(q.x+dx, q.y+dy, q.w, q.h)
			}
			r.rects = rects
			continue
		}
		key.crisp = false
		r.group(key).others.add(part.Path, dx, dy)
	}
	return true
}

// appendRects appends the rectangles that a path is made of; false if it is of anything
// else, or they are not drawn in the same direction, as holes are.
func appendRects(rects []rect, p []glyph.Segment) ([]rect, bool) {
	right := 0 // the direction of all
	for len(p) > 0 {
		n := 1
		for n < len(p) && p[n].Op != glyph.MoveTo {
			n++
		}
		q, way, ok := rectOf(p[:n])
		if !ok || right != 0 && way != right {
			return nil, false
		}
		rects, right, p = append(rects, q), way, p[n:]
	}
	return rects, true
}

// rectOf returns the rectangle that a path is, and 1 or -1 for its direction; false if it
// is none.
func rectOf(p []glyph.Segment) (q rect, way int, ok bool) {
	if len(p) > 0 && p[len(p)-1].Op == glyph.Close {
		p = p[:len(p)-1]
	}
	if len(p) == 5 && p[4].P[0] == p[0].P[0] {
		p = p[:4]
	}
	if len(p) != 4 || p[0].Op != glyph.MoveTo {
		return rect{}, 0, false
	}
	for _, s := range p[1:] {
		if s.Op != glyph.LineTo {
			return rect{}, 0, false
		}
	}
	a, b, c, d := p[0].P[0], p[1].P[0], p[2].P[0], p[3].P[0]
	if !(a.Y == b.Y && b.X == c.X && c.Y == d.Y && d.X == a.X) && !(a.X == b.X && b.Y == c.Y && c.X == d.X && d.Y == a.Y) {
		return rect{}, 0, false
	}
	way = 1
	if (b.X-a.X)*(c.Y-b.Y)-(b.Y-a.Y)*(c.X-b.X) < 0 {
		way = -1
	}
	return rect{min(a.X, c.X), min(a.Y, c.Y), math.Abs(a.X - c.X), math.Abs(a.Y - c.Y)}, way, true
}

// decorate adds the lines of the cells.
func (r *rows) decorate() {
	for x := range r.cells {
		l := &r.cells[x].look
		if l.Concealed || l.Underline == vt.NoUnderline && !l.Strike && !l.Overline {
			continue
		}
		key := pathKey{ink: l.Fg}
		if l.Faint {
			key.opacity = faint
		}
		top, w := float64(-r.baseline), float64(r.cellW)
		at := r.fonts.Lines()
		thick := float64(at.Thickness)
		if l.Strike {
			r.group(key).rect(float64(x)*w, top+float64(at.Strike), w, thick)
		}
		if l.Overline {
			r.group(key).rect(float64(x)*w, top+float64(at.Overline), w, thick)
		}
		if l.Underline != vt.NoUnderline {
			key.ink, key.stroked = l.Line, l.Underline == vt.CurlyUnderline
			r.underline(r.group(key), x, l.Underline)
		}
	}
}

// underline adds the underline of a cell, as package raster draws it.
func (r *rows) underline(g *pathGroup, x int, style vt.Underline) {
	at := r.fonts.Lines()
	thick := max(at.Thickness, 1)
	left, w := float64(x*r.cellW), float64(r.cellW)
	top := float64(-r.baseline)
	under := min(at.Underline, r.cellH-thick)
	line := func(dx, y, w int) { g.rect(left+float64(dx), top+float64(y), float64(w), float64(thick)) }
	switch style {
	case vt.SingleUnderline:
		line(0, under, r.cellW)
	case vt.DoubleUnderline:
		under = min(under, r.cellH-3*thick)
		line(0, under, r.cellW)
		line(0, under+2*thick, r.cellW)
	case vt.DottedUnderline:
		n := max(r.cellW/(2*thick), 1)
		for i := range n {
			line(i*r.cellW/n, under, min(thick, r.cellW))
		}
	case vt.DashedUnderline:
		line(r.cellW/4, under, min((r.cellW+1)/2, r.cellW-r.cellW/4))
	case vt.CurlyUnderline:
		amp := max(float64(thick), float64(r.cellH)/16)
		mid := top + min(float64(under)+float64(thick)/2, float64(r.cellH)-amp-float64(thick)/2)
		g.others.wave(left, mid, w, amp)
	}
}

// path is the data of a path.
type path struct {
	b      []byte
	x, y   float64 // the current point
	sx, sy float64 // where the current part began
}

func (p *path) reset() { *p = path{b: p.b[:0]} }

// appendNumber appends a coordinate with two decimals; between two numbers, a separator
// as needed.
func appendNumber(b []byte, v float64, separate bool) []byte {
	n := int64(math.Round(v * 100))
	if n < 0 {
		b = append(b, '-')
		n = -n
	} else if separate {
		b = append(b, ' ')
	}
	if n >= 100 || n == 0 {
		b = strconv.AppendInt(b, n/100, 10)
	}
	if n %= 100; n > 0 {
		b = append(b, '.', byte('0'+n/10))
		if n%10 > 0 {
			b = append(b, byte('0'+n%10))
		}
	}
	return b
}

// round rounds to what [appendNumber] writes, so that rounding errors do not add up.
func round(v float64) float64 { return math.Round(v*100) / 100 }

func (p *path) moveTo(x, y float64) {
	x, y = round(x), round(y)
	if len(p.b) == 0 {
		p.b = append(p.b, 'M')
		p.b = appendNumber(p.b, x, false)
		p.b = appendNumber(p.b, y, true)
	} else {
		n := len(p.b)
		p.b = append(p.b, 'm')
		p.b = appendNumber(p.b, x-p.x, false)
		p.b = appendNumber(p.b, y-p.y, true)
		relative := len(p.b) - n
		p.b = append(p.b, 'M')
		p.b = appendNumber(p.b, x, false)
		p.b = appendNumber(p.b, y, true)
		if len(p.b)-n-relative < relative {
			p.b = append(p.b[:n], p.b[n+relative:]...)
		} else {
			p.b = p.b[:n+relative]
		}
	}
	p.x, p.y, p.sx, p.sy = x, y, x, y
}

func (p *path) lineTo(x, y float64) {
	x, y = round(x), round(y)
	switch {
	case y == p.y:
		p.b = append(p.b, 'h')
		p.b = appendNumber(p.b, x-p.x, false)
	case x == p.x:
		p.b = append(p.b, 'v')
		p.b = appendNumber(p.b, y-p.y, false)
	default:
		p.b = append(p.b, 'l')
		p.b = appendNumber(p.b, x-p.x, false)
		p.b = appendNumber(p.b, y-p.y, true)
	}
	p.x, p.y = x, y
}

func (p *path) cubicTo(x1, y1, x2, y2, x, y float64) {
	x, y = round(x), round(y)
	p.b = append(p.b, 'c')
	p.b = appendNumber(p.b, x1-p.x, false)
	for _, v := range [...]float64{y1 - p.y, x2 - p.x, y2 - p.y, x - p.x, y - p.y} {
		p.b = appendNumber(p.b, v, true)
	}
	p.x, p.y = x, y
}

func (p *path) close() {
	p.b = append(p.b, 'z')
	p.x, p.y = p.sx, p.sy
}

func (p *path) rect(q rect) {
	p.moveTo(q.x, q.y)
	p.lineTo(q.x+q.w, q.y)
	p.lineTo(q.x+q.w, q.y+q.h)
	p.lineTo(q.x, q.y+q.h)
	p.close()
}

// add adds the path of a shape, moved.
func (p *path) add(segs []glyph.Segment, dx, dy float64) {
	for i, s := range segs {
		switch s.Op {
		case glyph.MoveTo:
			p.moveTo(s.P[0].X+dx, s.P[0].Y+dy)
		case glyph.LineTo:
			if i+1 < len(segs) && segs[i+1].Op == glyph.Close && round(s.P[0].X+dx) == p.sx && round(s.P[0].Y+dy) == p.sy {
				continue // Close draws this line
			}
			p.lineTo(s.P[0].X+dx, s.P[0].Y+dy)
		case glyph.CubicTo:
			p.cubicTo(s.P[0].X+dx, s.P[0].Y+dy, s.P[1].X+dx, s.P[1].Y+dy, s.P[2].X+dx, s.P[2].Y+dy)
		case glyph.Close:
			p.close()
		}
	}
}

// wave adds one period of a wave, w long, to a path that is stroked: two parabolas, which
// are within a twentieth of a sine.
func (p *path) wave(x, mid, w, amp float64) {
	on := len(p.b) > 0 && p.x == round(x) && p.y == round(mid)
	if !on {
		p.moveTo(x, mid)
		p.b = append(p.b, 'q')
		p.b = appendNumber(p.b, w/4, false)
		p.b = appendNumber(p.b, 2*amp, true)
		p.b = appendNumber(p.b, w/2, true)
		p.b = append(p.b, " 0"...)
	} else {
		p.b = append(p.b, 't')
		p.b = appendNumber(p.b, w/2, false)
		p.b = append(p.b, " 0"...)
	}
	p.b = append(p.b, 't')
	p.b = appendNumber(p.b, w/2, false)
	p.b = append(p.b, " 0"...)
	p.x = round(x + w)
}
