package glyph

import (
	"image"
	"image/draw"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/vector"
)

// painter draws outlines into a mask.
type painter struct {
	raster vector.Rasterizer
	size   image.Point
	empty  bool // nothing is drawn yet
}

// reset starts a mask of that size.
func (p *painter) reset(size image.Point) {
	p.size = size
	p.raster.Reset(size.X, size.Y)
	p.empty = true
}

// limit keeps a coordinate near the mask, where the rasterizer is fast and exact.
// Only fonts that mean harm go so far.
func limit(v float64) float32 { return float32(min(max(v, -4096), 8192)) }

// affine maps a point to xx*x + xy*y + dx, yx*x + yy*y + dy.
type affine struct{ xx, yx, xy, yy, dx, dy float64 }

func (m affine) apply(x, y float64) (float64, float64) {
	return m.xx*x + m.xy*y + m.dx, m.yx*x + m.yy*y + m.dy
}

// then returns the map that does n first and m on its result.
func (m affine) then(n affine) affine {
	dx, dy := m.apply(n.dx, n.dy)
	return affine{
		m.xx*n.xx + m.xy*n.yx, m.yx*n.xx + m.yy*n.yx,
		m.xx*n.xy + m.xy*n.yy, m.yx*n.xy + m.yy*n.yy, dx, dy,
	}
}

// outline adds the outline of a glyph, moved by at and then by the zones; m maps units
// of the font, which go up, to pixels, which go down.
func (p *painter) outline(o font.GlyphOutline, at placed, z zones, m affine) {
	if len(o.Segments) == 0 {
		return
	}
	pixel := func(s opentype.SegmentPoint) (float32, float32) {
		x, y := m.apply(float64(s.X)+at.x, z.apply(float64(s.Y)+at.y))
		return limit(x), limit(y)
	}
	p.empty = false
	for i, s := range o.Segments {
		ax, ay := pixel(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				p.raster.ClosePath()
			}
			p.raster.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			p.raster.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			bx, by := pixel(s.Args[1])
			p.raster.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			bx, by := pixel(s.Args[1])
			cx, cy := pixel(s.Args[2])
			p.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	p.raster.ClosePath()
}

// coverage returns the coverage of the outlines so far.
func (p *painter) coverage() *image.Alpha {
	img := image.NewAlpha(image.Rectangle{Max: p.size})
	p.raster.DrawOp = draw.Src
	p.raster.Draw(img, img.Rect, image.Opaque, image.Point{})
	return img
}

// mask returns the quantised coverage of the outlines so far; nil if there is none.
func (p *painter) mask() []uint8 {
	if p.empty {
		return nil
	}
	pix, ink := p.coverage().Pix, uint8(0)
	for i, v := range pix {
		pix[i] = quantise(v)
		ink |= pix[i]
	}
	if ink == 0 {
		return nil
	}
	return pix
}

// quantise returns the nearest of the [Levels].
func quantise(v uint8) uint8 {
	const step = 255 / (Levels - 1)
	return uint8((int(v) + step/2) / step * step)
}
