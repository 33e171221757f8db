package video

import (
	"bytes"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Whatever a recording holds, the pixels that ffmpeg is sent, of which only those that
// changed are converted, are those of a frame that is drawn and converted whole, and there
// are as many frames as the film has ticks.
func FuzzFrames(f *testing.F) {
	for _, output := range testcast.Hostile {
		if len(output) < 10_000 {
			f.Add(output, uint8(20), uint8(5))
		}
	}
	fonts, err := glyph.New(glyph.Options{Size: 7, NoSystem: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, output string, cols, rows uint8) {
		if len(output) > 10_000 {
			t.Skip()
		}
		size := format.Size{Cols: int(cols%30) + 2, Rows: int(rows%8) + 1}
		cast := testcast.Of(format.Header{Size: size}, testcast.Out(0, output[:len(output)/2]), testcast.Out(3e8, output[len(output)/2:]))
		w := &Writer{
			Film:    &render.Film{FPS: 5, Hold: 1, Open: func() (format.Cast, error) { return cast, nil }},
			Picture: &render.Picture{Padding: 3, Window: render.ChromePlain}, Fonts: fonts,
		}
		measured, err := w.Film.Measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if measured.Size.Cols*measured.Size.Rows > 5000 {
			return
		}
		r, err := raster.New(w.Picture, fonts, measured.Size)
		if err != nil {
			t.Fatal(err)
		}
		sent := newFrames(r)
		var got bytes.Buffer
		if err := w.pipe(t.Context(), &got, sent, &measured); err != nil {
			t.Fatal(err)
		}
		for fr, err := range w.Film.Frames(t.Context(), measured.Size) {
			if err != nil {
				t.Fatal(err)
			}
			whole := newFrames(r)
			r.Draw(whole.rgb, fr.Canvas)
			whole.convert(whole.rgb.Rect)
			for range fr.Till - fr.Tick {
				if frame := got.Next(len(whole.planes)); !bytes.Equal(frame, whole.planes) {
					t.Fatalf("frame %d differs from one that is drawn whole", fr.Number)
				}
			}
		}
		if got.Len() != 0 {
			t.Errorf("%d bytes more than the film has frames", got.Len())
		}
	})
}
