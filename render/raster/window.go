package raster

import (
	"encoding/binary"
	"image"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
)

// DrawBase draws everything but the cells onto dst: the margin, the frame of the window
// with its title, and the background where the cells are.
func (r *Raster) DrawBase(dst *image.NRGBA) {
	l := &r.layout
	var margin uint32 // transparent
	if m := r.picture.MarginColor; m != nil {
		margin = word(*m, 255)
	}
	if l.Window != dst.Rect {
		fill(dst, dst.Rect, margin)
	}
	fill(dst, l.Window, word(r.theme.Bg, 255))
	if !l.Bar.Empty() {
		r.drawBar(dst)
	}
	r.roundCorners(dst)
}

func fill(dst *image.NRGBA, in image.Rectangle, c uint32) {
	for y := in.Min.Y; y < in.Max.Y; y++ {
		line := dst.Pix[dst.PixOffset(in.Min.X, y):][:4*in.Dx()]
		for i := 0; i < len(line); i += 4 {
			binary.LittleEndian.PutUint32(line[i:], c)
		}
	}
}

// BarColors returns the colours of a title bar and of its text in a theme.
func BarColors(t *render.Theme) (bar, text format.RGB) {
	bar = render.Mix(t.Fg, t.Bg, 30)
	return bar, render.Mix(t.Fg, bar, 190)
}

// Buttons are the colours of the three buttons of a bar, and where they are, in pixels
// before scaling.
var Buttons = [3]format.RGB{{R: 0xff, G: 0x5f, B: 0x57}, {R: 0xfe, G: 0xbc, B: 0x2e}, {R: 0x28, G: 0xc8, B: 0x40}}

// Places of the buttons in pixels before scaling: their radius, the middle of the first,
// and how far they are apart.
const (
	ButtonRadius = 6
	ButtonFirst  = 20
	ButtonStep   = 20
)

func (r *Raster) drawBar(dst *image.NRGBA) {
	l := &r.layout
	bar, text := BarColors(r.theme)
	fill(dst, l.Bar, word(bar, 255))
	side := 12 * l.Scale // kept free at both sides
	if r.picture.Window == render.ChromeMac {
		side = (ButtonFirst + 3*ButtonStep) * l.Scale
		for i, c := range Buttons {
			r.drawButton(dst, l.Bar.Min.X+(ButtonFirst+i*ButtonStep)*l.Scale, (l.Bar.Min.Y+l.Bar.Max.Y)/2, c, bar)
		}
	}
	cell := l.Cell
	columns := (l.Bar.Dx() - 2*side) / max(cell.X, 1)
	title := CutTitle(r.picture.Title, columns)
	x := l.Bar.Min.X + (l.Bar.Dx()-render.TextWidth(title)*cell.X)/2
	y := (l.Bar.Min.Y + l.Bar.Max.Y - cell.Y) / 2
	for _, c := range title {
		cols := render.RuneWidth(c)
		if cols == 0 {
			continue
		}
		w := cols * cell.X
		g := r.fonts.Glyph(string(c), 0, cols)
		for i := range w * cell.Y {
			at := image.Pt(x+i%w, y+i/w)
			if !at.In(l.Bar) {
				continue
			}
			under, over, cover := bar, text, uint8(0)
			switch {
			case g.Color != nil:
				px := g.Color.Pix[4*i : 4*i+4]
				over, cover = format.RGB{R: px[0], G: px[1], B: px[2]}, px[3]
			case g.Mask != nil:
				cover = level(g.Mask[i]) * coverage
			}
			if cover > 0 {
				binary.LittleEndian.PutUint32(dst.Pix[dst.PixOffset(at.X, at.Y):], word(render.Mix(over, under, cover), 255))
			}
		}
		x += w
	}
}

// CutTitle returns what of a title is shown in that many columns. A title is untrusted;
// only characters that take up columns are kept.
func CutTitle(title string, columns int) string {
	var b []rune
	end, width := 0, 0 // of what fits with an ellipsis
	for _, c := range title {
		w := render.RuneWidth(c)
		if w == 0 {
			continue
		}
		if width+w > columns {
			if columns < 1 {
				return ""
			}
			return string(b[:end]) + "…"
		}
		b = append(b, c)
		if width += w; width < columns {
			end = len(b)
		}
	}
	return string(b)
}

func (r *Raster) drawButton(dst *image.NRGBA, x, y int, c, bar format.RGB) {
	radius := ButtonRadius * r.layout.Scale
	for py := y - radius; py < y+radius; py++ {
		for px := x - radius; px < x+radius; px++ {
			if cover := insideCircle(px-x, py-y, radius); cover > 0 && image.Pt(px, py).In(r.layout.Bar) {
				binary.LittleEndian.PutUint32(dst.Pix[dst.PixOffset(px, py):], word(render.Mix(c, bar, cover), 255))
			}
		}
	}
}

// insideCircle returns how much of the pixel from (x, y) to (x+1, y+1) is within that
// distance of (0, 0), in the steps of glyphs, so that pictures have few colours.
func insideCircle(x, y, radius int) uint8 {
	n := 0
	for i := range 8 {
		for j := range 8 {
			dx, dy := 16*x+2*i+1, 16*y+2*j+1
			if dx*dx+dy*dy <= 256*radius*radius {
				n++
			}
		}
	}
	return level(uint8(n*255/64)) * coverage
}

func (r *Raster) roundCorners(dst *image.NRGBA) {
	win, radius := r.layout.Window, r.layout.Radius
	for y := range radius {
		for x := range radius {
			cover := insideCircle(x-radius, y-radius, radius)
			if cover == 255 {
				break
			}
			for _, at := range [4]image.Point{
				win.Min.Add(image.Pt(x, y)), image.Pt(win.Max.X-1-x, win.Min.Y+y),
				image.Pt(win.Min.X+x, win.Max.Y-1-y), win.Max.Sub(image.Pt(x+1, y+1)),
			} {
				px := dst.Pix[dst.PixOffset(at.X, at.Y):][:4]
				c := format.RGB{R: px[0], G: px[1], B: px[2]}
				switch m := r.picture.MarginColor; {
				case m != nil:
					c = render.Mix(c, *m, cover)
					binary.LittleEndian.PutUint32(px, word(c, 255))
				case cover == 0:
					clear(px)
				default:
					px[3] = cover
				}
			}
		}
	}
}
