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

// outline adds the outline of a glyph whose origin is at x, y.
func (p *painter) outline(f *face, id font.GID, x, y float64) {
	o, ok := f.GlyphDataOutline(id)
	if !ok {
		return
	}
	at := func(s opentype.SegmentPoint) (float32, float32) {
		return limit(x + float64(s.X)*f.sx), limit(y - float64(s.Y)*f.sy)
	}
	for i, s := range o.Segments {
		p.empty = false
		ax, ay := at(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				p.raster.ClosePath()
			}
			p.raster.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			p.raster.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			bx, by := at(s.Args[1])
			p.raster.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			bx, by := at(s.Args[1])
			cx, cy := at(s.Args[2])
			p.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	p.raster.ClosePath()
}

// mask returns the quantised coverage of the outlines so far; nil if there is none.
func (p *painter) mask() []uint8 {
	if p.empty {
		return nil
	}
	img := image.NewAlpha(image.Rectangle{Max: p.size})
	p.raster.DrawOp = draw.Src
	p.raster.Draw(img, img.Rect, image.Opaque, image.Point{})
	any := uint8(0)
	for i, v := range img.Pix {
		img.Pix[i] = quantise(v)
		any |= img.Pix[i]
	}
	if any == 0 {
		return nil
	}
	return img.Pix
}

// quantise returns the nearest of the [Levels].
func quantise(v uint8) uint8 {
	const step = 255 / (Levels - 1)
	return uint8((int(v) + step/2) / step * step)
}
