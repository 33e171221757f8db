package glyph

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// layers draws a glyph of a COLR table: a graph of outlines, colours and transforms.
type layers struct {
	face  *face
	paint painter
	steps int // left; hostile graphs are deep, or wide
}

// paintLayers draws a glyph as large as it fits the box; false if it is empty.
func (f *Fonts) paintLayers(dst *image.RGBA, box image.Rectangle, face *face, id font.GID, g font.GlyphColor) bool {
	l := &layers{face: face, steps: 2000}
	// The advance and the line's height are the frame that designers use; outlines may
	// lack a box of their own.
	upem := float64(face.Upem())
	width := float64(face.HorizontalAdvance(id))
	if width <= 0 || width > 4*upem {
		width = upem
	}
	bottom, top := -.2*upem, .95*upem
	if e, ok := face.FontHExtents(); ok && float64(e.Ascender-e.Descender) > .5*upem && float64(e.Ascender-e.Descender) < 2*upem {
		bottom, top = float64(e.Descender), float64(e.Ascender)
	}
	scale := min(float64(box.Dx())/width, float64(box.Dy())/(top-bottom))
	m := affine{
		xx: scale, yy: -scale,
		dx: float64(box.Min.X) + (float64(box.Dx())-width*scale)/2,
		dy: float64(box.Min.Y) + (float64(box.Dy())+(top+bottom)*scale)/2,
	}
	l.paint.size = dst.Rect.Size()
	l.draw(dst, g.Paint, m, nil, 0)
	return l.steps > 0 && hasInk(dst)
}

func hasInk(img *image.RGBA) bool {
	for i := 3; i < len(img.Pix); i += 4 {
		if img.Pix[i] != 0 {
			return true
		}
	}
	return false
}

// draw draws a node of the graph through clip, which is nil for the whole picture.
func (l *layers) draw(dst *image.RGBA, node tables.PaintTable, m affine, clip *image.Alpha, depth int) {
	if l.steps--; l.steps <= 0 || depth > 32 {
		return
	}
	switch p := node.(type) {
	case tables.PaintColrLayersResolved:
		for _, layer := range p {
			mask := l.outline(font.GID(layer.GlyphID), m)
			l.fill(dst, both(mask, clip), image.NewUniform(l.color(layer.PaletteIndex, 1)))
			if l.steps--; l.steps <= 0 {
				return
			}
		}
	case tables.PaintColrLayers:
		nodes, err := l.face.COLR.LayerList.Resolve(p)
		if err != nil {
			return
		}
		for _, n := range nodes {
			l.draw(dst, n, m, clip, depth+1)
		}
	case tables.PaintGlyph:
		l.draw(dst, p.Paint, m, both(l.outline(font.GID(p.GlyphID), m), clip), depth+1)
	case tables.PaintColrGlyph:
		if n, ok := l.face.COLR.Search(tables.GlyphID(p.GlyphID)); ok {
			l.draw(dst, n, m, clip, depth+1)
		}
	case tables.PaintComposite:
		l.composite(dst, p, m, clip, depth)
	default:
		if child, n, ok := transform(node); ok {
			l.draw(dst, child, m.then(n), clip, depth+1)
			return
		}
		if src := l.source(node, m); src != nil {
			l.fill(dst, clip, src)
		}
	}
}

// outline returns the coverage of a glyph's outline.
func (l *layers) outline(id font.GID, m affine) *image.Alpha {
	l.paint.reset(l.paint.size)
	o, _ := l.face.GlyphDataOutline(id)
	l.paint.outline(o, placed{}, zones{}, m)
	return l.paint.coverage()
}

// both returns where both masks cover; b may be nil.
func both(a, b *image.Alpha) *image.Alpha {
	if b != nil {
		for i, v := range b.Pix {
			a.Pix[i] = uint8(int(a.Pix[i]) * int(v) / 255)
		}
	}
	return a
}

// fill draws a colour or a gradient through a mask.
func (l *layers) fill(dst *image.RGBA, clip *image.Alpha, src image.Image) {
	if clip == nil {
		draw.Draw(dst, dst.Rect, src, image.Point{}, draw.Over)
		return
	}
	draw.DrawMask(dst, dst.Rect, src, image.Point{}, clip, image.Point{}, draw.Over)
}

// composite draws a source over its backdrop. The modes that blend colours are drawn as
// "over"; emoji use those of Porter and Duff.
func (l *layers) composite(dst *image.RGBA, p tables.PaintComposite, m affine, clip *image.Alpha, depth int) {
	back, src := image.NewRGBA(dst.Rect), image.NewRGBA(dst.Rect)
	l.draw(back, p.BackdropPaint, m, nil, depth+1)
	l.draw(src, p.SourcePaint, m, nil, depth+1)
	for i := 0; i < len(back.Pix); i += 4 {
		sa, ba := float64(src.Pix[i+3])/255, float64(back.Pix[i+3])/255
		fs, fb := 1.0, 1-sa
		switch p.CompositeMode {
		case tables.CompositeClear:
			fs, fb = 0, 0
		case tables.CompositeSrc:
			fb = 0
		case tables.CompositeDest:
			fs, fb = 0, 1
		case tables.CompositeDestOver:
			fs, fb = 1-ba, 1
		case tables.CompositeSrcIn:
			fs, fb = ba, 0
		case tables.CompositeDestIn:
			fs, fb = 0, sa
		case tables.CompositeSrcOut:
			fs, fb = 1-ba, 0
		case tables.CompositeDestOut:
			fs = 0
		case tables.CompositeSrcAtop:
			fs = ba
		case tables.CompositeDestAtop:
			fs, fb = 1-ba, sa
		case tables.CompositeXor:
			fs = 1 - ba
		case tables.CompositePlus:
			fb = 1
		}
		for j := range 4 {
			back.Pix[i+j] = uint8(min(float64(src.Pix[i+j])*fs+float64(back.Pix[i+j])*fb+.5, 255))
		}
	}
	l.fill(dst, clip, back)
}

// color returns a colour of the first palette.
func (l *layers) color(i uint16, alpha float64) color.NRGBA {
	c := color.NRGBA{128, 128, 128, 255} // stands for that of the text, which a glyph does not know
	if p := l.face.CPAL; i != 0xffff && len(p) > 0 && int(i) < len(p[0]) {
		r := p[0][i]
		c = color.NRGBA{r.Red, r.Green, r.Blue, r.Alpha}
	}
	c.A = uint8(float64(c.A)*min(max(alpha, 0), 1) + .5)
	return c
}

// fixed214 returns a number of a table: 2 bits and 14 bits behind the point.
func fixed214(v tables.Fixed214) float64 { return float64(v) / (1 << 14) }

// transform returns the child and the map of a node that transforms; false for others.
// Variations of fonts are not applied.
func transform(node tables.PaintTable) (child tables.PaintTable, m affine, ok bool) {
	about := func(m affine, x, y int16) affine {
		return affine{1, 0, 0, 1, float64(x), float64(y)}.then(m).then(affine{1, 0, 0, 1, -float64(x), -float64(y)})
	}
	scale := func(x, y tables.Fixed214) affine { return affine{xx: fixed214(x), yy: fixed214(y)} }
	rotate := func(a tables.Fixed214) affine {
		sin, cos := math.Sincos(fixed214(a) * math.Pi)
		return affine{cos, sin, -sin, cos, 0, 0}
	}
	skew := func(x, y tables.Fixed214) affine {
		return affine{1, math.Tan(fixed214(y) * math.Pi), -math.Tan(fixed214(x) * math.Pi), 1, 0, 0}
	}
	move := func(x, y int16) affine { return affine{1, 0, 0, 1, float64(x), float64(y)} }
	switch p := node.(type) {
	case tables.PaintTransform:
		t := p.Transform
		return p.Paint, affine{float64(t.Xx), float64(t.Yx), float64(t.Xy), float64(t.Yy), float64(t.Dx), float64(t.Dy)}, true
	case tables.PaintVarTransform:
		t := p.Transform
		return p.Paint, affine{float64(t.Xx), float64(t.Yx), float64(t.Xy), float64(t.Yy), float64(t.Dx), float64(t.Dy)}, true
	case tables.PaintTranslate:
		return p.Paint, move(p.Dx, p.Dy), true
	case tables.PaintVarTranslate:
		return p.Paint, move(p.Dx, p.Dy), true
	case tables.PaintScale:
		return p.Paint, scale(p.ScaleX, p.ScaleY), true
	case tables.PaintVarScale:
		return p.Paint, scale(p.ScaleX, p.ScaleY), true
	case tables.PaintScaleAroundCenter:
		return p.Paint, about(scale(p.ScaleX, p.ScaleY), p.CenterX, p.CenterY), true
	case tables.PaintVarScaleAroundCenter:
		return p.Paint, about(scale(p.ScaleX, p.ScaleY), p.CenterX, p.CenterY), true
	case tables.PaintScaleUniform:
		return p.Paint, scale(p.Scale, p.Scale), true
	case tables.PaintVarScaleUniform:
		return p.Paint, scale(p.Scale, p.Scale), true
	case tables.PaintScaleUniformAroundCenter:
		return p.Paint, about(scale(p.Scale, p.Scale), p.CenterX, p.CenterY), true
	case tables.PaintVarScaleUniformAroundCenter:
		return p.Paint, about(scale(p.Scale, p.Scale), p.CenterX, p.CenterY), true
	case tables.PaintRotate:
		return p.Paint, rotate(p.Angle), true
	case tables.PaintVarRotate:
		return p.Paint, rotate(p.Angle), true
	case tables.PaintRotateAroundCenter:
		return p.Paint, about(rotate(p.Angle), p.CenterX, p.CenterY), true
	case tables.PaintVarRotateAroundCenter:
		return p.Paint, about(rotate(p.Angle), p.CenterX, p.CenterY), true
	case tables.PaintSkew:
		return p.Paint, skew(p.XSkewAngle, p.YSkewAngle), true
	case tables.PaintVarSkew:
		return p.Paint, skew(p.XSkewAngle, p.YSkewAngle), true
	case tables.PaintSkewAroundCenter:
		return p.Paint, about(skew(p.XSkewAngle, p.YSkewAngle), p.CenterX, p.CenterY), true
	case tables.PaintVarSkewAroundCenter:
		return p.Paint, about(skew(p.XSkewAngle, p.YSkewAngle), p.CenterX, p.CenterY), true
	}
	return nil, affine{}, false
}

// source returns the colour or the gradient of a node; nil if it is none.
func (l *layers) source(node tables.PaintTable, m affine) image.Image {
	switch p := node.(type) {
	case tables.PaintSolid:
		return image.NewUniform(l.color(p.PaletteIndex, fixed214(p.Alpha)))
	case tables.PaintVarSolid:
		return image.NewUniform(l.color(p.PaletteIndex, fixed214(p.Alpha)))
	case tables.PaintLinearGradient:
		return l.linear(p, m)
	case tables.PaintVarLinearGradient:
		return l.linear(tables.PaintLinearGradient{ColorLine: still(p.ColorLine), X0: p.X0, Y0: p.Y0, X1: p.X1, Y1: p.Y1, X2: p.X2, Y2: p.Y2}, m)
	case tables.PaintRadialGradient:
		return l.radial(p, m)
	case tables.PaintVarRadialGradient:
		return l.radial(tables.PaintRadialGradient{ColorLine: still(p.ColorLine), X0: p.X0, Y0: p.Y0, Radius0: p.Radius0, X1: p.X1, Y1: p.Y1, Radius1: p.Radius1}, m)
	case tables.PaintSweepGradient:
		return l.sweep(p, m)
	case tables.PaintVarSweepGradient:
		return l.sweep(tables.PaintSweepGradient{ColorLine: still(p.ColorLine), CenterX: p.CenterX, CenterY: p.CenterY, StartAngle: p.StartAngle, EndAngle: p.EndAngle}, m)
	}
	return nil
}

// still returns a line of colours without its variations.
func still(v tables.VarColorLine) tables.ColorLine {
	line := tables.ColorLine{Extend: v.Extend}
	for _, s := range v.ColorStops {
		line.ColorStops = append(line.ColorStops, tables.ColorStop{StopOffset: s.StopOffset, PaletteIndex: s.PaletteIndex, Alpha: s.Alpha})
	}
	return line
}

// gradient is an image whose colours depend on one number.
type gradient struct {
	at    func(x, y float64) (t float64, ok bool) // of a point in units of the font
	back  affine                                  // from pixels to units
	stops []stop
	line  tables.ColorLine
	lo    float64 // the first stop, and the distance to the last one
	span  float64
}

type stop struct {
	at float64
	c  color.NRGBA
}

func (l *layers) gradient(line tables.ColorLine, m affine, at func(x, y float64) (float64, bool)) image.Image {
	det := m.xx*m.yy - m.xy*m.yx
	if len(line.ColorStops) == 0 || math.Abs(det) < 1e-12 {
		return nil
	}
	g := &gradient{at: at, line: line}
	g.back = affine{xx: m.yy / det, yx: -m.yx / det, xy: -m.xy / det, yy: m.xx / det}
	g.back.dx, g.back.dy = g.back.apply(-m.dx, -m.dy)
	for _, s := range line.ColorStops {
		g.stops = append(g.stops, stop{fixed214(s.StopOffset), l.color(s.PaletteIndex, fixed214(s.Alpha))})
	}
	g.lo = g.stops[0].at
	g.span = g.stops[len(g.stops)-1].at - g.lo
	return g
}

func (g *gradient) ColorModel() color.Model { return color.NRGBAModel }
func (g *gradient) Bounds() image.Rectangle { return image.Rect(-1e6, -1e6, 1e6, 1e6) }

func (g *gradient) At(x, y int) color.Color {
	t, ok := g.at(g.back.apply(float64(x)+.5, float64(y)+.5))
	if !ok || math.IsNaN(t) {
		return color.NRGBA{}
	}
	if g.span > 0 {
		switch u := (t - g.lo) / g.span; g.line.Extend {
		case tables.ExtendRepeat:
			t = g.lo + (u-math.Floor(u))*g.span
		case tables.ExtendReflect:
			u = math.Mod(math.Abs(u), 2)
			t = g.lo + min(u, 2-u)*g.span
		}
	}
	for i, s := range g.stops {
		if t > s.at {
			continue
		}
		if i == 0 || s.at <= g.stops[i-1].at {
			return s.c
		}
		a := g.stops[i-1]
		u := (t - a.at) / (s.at - a.at)
		mix := func(p, q uint8) uint8 { return uint8(float64(p)*(1-u) + float64(q)*u + .5) }
		return color.NRGBA{mix(a.c.R, s.c.R), mix(a.c.G, s.c.G), mix(a.c.B, s.c.B), mix(a.c.A, s.c.A)}
	}
	return g.stops[len(g.stops)-1].c
}

// linear is a gradient along a line from point 0 to point 1, turned so that it is even
// along the line from point 0 to point 2.
func (l *layers) linear(p tables.PaintLinearGradient, m affine) image.Image {
	x0, y0 := float64(p.X0), float64(p.Y0)
	dx, dy := float64(p.X1)-x0, float64(p.Y1)-y0
	ex, ey := float64(p.X2)-x0, float64(p.Y2)-y0
	// The part of p1-p0 that is perpendicular to p2-p0.
	if e := ex*ex + ey*ey; e > 0 {
		k := (dx*ex + dy*ey) / e
		dx, dy = dx-k*ex, dy-k*ey
	}
	d := dx*dx + dy*dy
	if d == 0 {
		return nil
	}
	return l.gradient(p.ColorLine, m, func(x, y float64) (float64, bool) { return ((x-x0)*dx + (y-y0)*dy) / d, true })
}

// radial is a gradient from circle to circle.
func (l *layers) radial(p tables.PaintRadialGradient, m affine) image.Image {
	x0, y0, r0 := float64(p.X0), float64(p.Y0), float64(p.Radius0)
	dx, dy, dr := float64(p.X1)-x0, float64(p.Y1)-y0, float64(p.Radius1)-r0
	a := dx*dx + dy*dy - dr*dr
	return l.gradient(p.ColorLine, m, func(x, y float64) (float64, bool) {
		// The largest t whose circle, of radius r0+t*dr >= 0, goes through the point.
		x, y = x-x0, y-y0
		b, c := x*dx+y*dy+r0*dr, x*x+y*y-r0*r0
		if math.Abs(a) < 1e-9 {
			if b == 0 {
				return 0, false
			}
			t := c / (2 * b)
			return t, r0+t*dr >= 0
		}
		d := b*b - a*c
		if d < 0 {
			return 0, false
		}
		root := math.Sqrt(d)
		t1, t2 := (b+root)/a, (b-root)/a
		if t1 < t2 {
			t1, t2 = t2, t1
		}
		if r0+t1*dr >= 0 {
			return t1, true
		}
		return t2, r0+t2*dr >= 0
	})
}

// sweep is a gradient around a centre.
func (l *layers) sweep(p tables.PaintSweepGradient, m affine) image.Image {
	start, end := (fixed214(p.StartAngle)+1)*math.Pi, (fixed214(p.EndAngle)+1)*math.Pi
	if start == end {
		return nil
	}
	return l.gradient(p.ColorLine, m, func(x, y float64) (float64, bool) {
		a := math.Atan2(y-float64(p.CenterY), x-float64(p.CenterX))
		if a < 0 {
			a += 2 * math.Pi
		}
		return (a - start) / (end - start), true
	})
}
