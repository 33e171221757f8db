package convert

import (
	"context"
	"image"
	"image/png"
	"io"

	"github.com/ttydeck/ttydeck/render/raster"
)

func tmpPNG(ctx context.Context, w io.Writer, s *Show) error {
	r, err := raster.New(s.Picture, s.Fonts, s.Measured.Size)
	if err != nil {
		return err
	}
	img := image.NewNRGBA(r.Bounds())
	var broken error
	for fr, err := range s.Film.Frames(ctx, s.Measured.Size) {
		if err != nil {
			broken = err
			break
		}
		r.Draw(img, fr.Canvas)
	}
	if err := png.Encode(w, img); err != nil {
		return err
	}
	return broken
}
