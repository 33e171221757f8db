package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"image"
	"io"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Still writes the last frame of a film as a PNG file.
type Still struct {
	Film    *render.Film    // what is drawn
	Picture *render.Picture // the colours and what surrounds the cells
	Fonts   *glyph.Fonts    // of the size that cells have in the picture
}

// Write writes the file. The picture has the size of the screen at the time. If the
// recording ends in an error, the frame before it is written, and the error returned.
func (s *Still) Write(ctx context.Context, w io.Writer) error {
	var last *render.Canvas
	var broken error
	for f, err := range s.Film.Frames(ctx, format.Size{}) {
		if broken = err; err != nil {
			break
		}
		last = f.Canvas
	}
	if last == nil || ctx.Err() != nil {
		return broken
	}
	r, err := raster.New(s.Picture, s.Fonts, format.Size{Cols: last.Cols, Rows: last.Rows})
	if err != nil {
		return err
	}
	m := image.NewNRGBA(r.Bounds())
	r.Draw(m, last)
	if err := encode(w, m); err != nil {
		return err
	}
	return broken
}

// encode writes a picture as a PNG file.
func encode(w io.Writer, m *image.NRGBA) error {
	colors := new(colorSet)
	colors.addImage(m)
	c := newCoding(colors, false)
	raw, _ := c.fillImage(nil, m)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(raw); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return c.writeFile(w, m.Rect.Size(), packed.Bytes())
}

// writeFile writes a PNG file whose pixels are packed.
func (c *coding) writeFile(w io.Writer, size image.Point, packed []byte) error {
	out := &chunks{w: w}
	out.begin(size, c)
	c.describe(out)
	out.chunk("IDAT", packed)
	out.chunk("IEND")
	return out.err
}
