package video

import (
	"image"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/raster"
)

// frames draws frames as encoders take them: a plane of luma, and two of chroma that have
// a quarter of the size (yuv420p). ffmpeg could convert RGB itself, but would do so for
// each whole picture, where only a few cells have changed.
type frames struct {
	raster *raster.Raster
	size   image.Point // even, as encoders need it
	rgb    *image.NRGBA
	planes []byte
	drawn  bool
}

func newFrames(r *raster.Raster) *frames {
	size := r.Bounds().Size()
	size.X += size.X & 1
	size.Y += size.Y & 1
	n := size.X * size.Y
	return &frames{raster: r, size: size, rgb: image.NewNRGBA(image.Rectangle{Max: size}), planes: make([]byte, n+n/2)}
}

// draw draws the next frame.
func (f *frames) draw(fr render.Frame) {
	if !f.drawn {
		f.drawn = true
		f.raster.DrawDirty(f.rgb, fr)
		f.convert(f.rgb.Rect)
		return
	}
	l := f.raster.Layout()
	changes := f.raster.Changes(fr) // row by row
	for len(changes) > 0 {
		y := changes[0].Y
		row := image.Rect(changes[0].X, y, 0, y+1)
		for ; len(changes) > 0 && changes[0].Y == y; changes = changes[1:] {
			ch := &changes[0]
			f.raster.DrawTile(f.rgb, ch.X, ch.Y, ch.Tile, ch.Paint)
			row.Max.X = ch.X + ch.Tile.Cols
		}
		row.Min.X, row.Max.X = row.Min.X*l.Cell.X, row.Max.X*l.Cell.X
		row.Min.Y, row.Max.Y = row.Min.Y*l.Cell.Y, row.Max.Y*l.Cell.Y
		f.convert(row.Add(l.Cells.Min))
	}
}

// convert converts a part of the picture.
func (f *frames) convert(r image.Rectangle) {
	r.Min.X &^= 1
	r.Min.Y &^= 1
	r.Max.X += r.Max.X & 1
	r.Max.Y += r.Max.Y & 1
	n := f.size.X * f.size.Y
	luma, blue, red := f.planes[:n], f.planes[n:n+n/4], f.planes[n+n/4:]
	for y := r.Min.Y; y < r.Max.Y; y += 2 {
		upper := f.rgb.Pix[f.rgb.PixOffset(r.Min.X, y):][:4*r.Dx()]
		lower := f.rgb.Pix[f.rgb.PixOffset(r.Min.X, y+1):][:4*r.Dx()]
		at, quarter := y*f.size.X+r.Min.X, y/2*f.size.X/2+r.Min.X/2
		for x := 0; x < len(upper); x += 8 {
			a, b := upper[x:x+8:x+8], lower[x:x+8:x+8]
			luma[at], luma[at+1] = lumaOf(a[0], a[1], a[2]), lumaOf(a[4], a[5], a[6])
			luma[at+f.size.X], luma[at+f.size.X+1] = lumaOf(b[0], b[1], b[2]), lumaOf(b[4], b[5], b[6])
			blue[quarter], red[quarter] = chromaOf(
				int32(a[0])+int32(a[4])+int32(b[0])+int32(b[4]),
				int32(a[1])+int32(a[5])+int32(b[1])+int32(b[5]),
				int32(a[2])+int32(a[6])+int32(b[2])+int32(b[6]))
			at += 2
			quarter++
		}
	}
}

// The conversion is that of ITU-R BT.709, to 16 to 235 and 240, in units of 1/65536.

func lumaOf(r, g, b uint8) uint8 {
	return uint8((11966*int32(r) + 40254*int32(g) + 4064*int32(b) + 16<<16 + 1<<15) >> 16)
}

// chromaOf returns the chroma of the mean of four pixels, whose sums it is passed.
func chromaOf(r, g, b int32) (blue, red uint8) {
	const half = 128<<18 + 1<<17
	return uint8((-6596*r - 22189*g + 28785*b + half) >> 18), uint8((28785*r - 26145*g - 2640*b + half) >> 18)
}
