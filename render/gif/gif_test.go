package gif_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	stdgif "image/gif"
	"path/filepath"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// fonts are small ones, to be fast.
func fonts(t testing.TB, size float64) *glyph.Fonts {
	t.Helper()
	f, err := glyph.New(glyph.Options{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func filmOf(cast func() format.Cast) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) { return cast(), nil }}
}

// recording reads a whole recording.
func recording(t testing.TB, path string) func() format.Cast {
	t.Helper()
	f, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []format.Event
	for ev, err := range f.Events {
		if err != nil {
			break
		}
		events = append(events, ev)
	}
	header := f.Header
	return func() format.Cast { return testcast.Of(header, events...) }
}

// distance is how far a GIF is from the reference.
type distance struct {
	frames int
	max    int     // the largest difference of a channel
	mean   float64 // of all channels of the frame that differs most
}

// check decodes a GIF and compares it with the film, frame by frame.
func check(t *testing.T, w *gif.Writer, data []byte) distance {
	t.Helper()
	ctx := context.Background()
	got, err := stdgif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Film.Measure(ctx)
	picture := *w.Picture
	if picture.MarginColor == nil {
		picture.MarginColor = &render.Themes[0].Bg
	}
	r, err := raster.New(&picture, w.Fonts, m.Size)
	if err != nil {
		t.Fatal(err)
	}
	if size := image.Pt(got.Config.Width, got.Config.Height); size != r.Layout().Size {
		t.Fatalf("the GIF is %v large; want %v", size, r.Layout().Size)
	}
	var d distance
	want, shown := image.NewNRGBA(r.Bounds()), image.NewNRGBA(r.Bounds())
	next, till := 0, 0 // the frame of the GIF, and when that before it ends
	for fr, err := range w.Film.Frames(ctx, m.Size) {
		if err != nil {
			break
		}
		d.frames++
		at := centiseconds(w.Film.Time(fr.Tick))
		for next < len(got.Image) && till <= at {
			if next > 0 && got.Delay[next] < 2 && got.Delay[next-1] < 65535 {
				t.Fatalf("frame %d lasts %d/100 s", next, got.Delay[next])
			}
			if got.Disposal[next] != stdgif.DisposalNone {
				t.Fatalf("frame %d is disposed of by %d", next, got.Disposal[next])
			}
			paint(shown, got.Image[next])
			till += got.Delay[next]
			next++
		}
		r.DrawDirty(want, fr)
		sum := 0
		if !bytes.Equal(want.Pix, shown.Pix) {
			for i := range want.Pix {
				diff := int(want.Pix[i]) - int(shown.Pix[i])
				d.max = max(d.max, diff, -diff)
				sum += max(diff, -diff)
			}
		}
		d.mean = max(d.mean, float64(sum)/float64(len(want.Pix)))
	}
	if next != len(got.Image) {
		t.Fatalf("the GIF has %d frames; want %d", len(got.Image), next)
	}
	if want := centiseconds(m.Length); till != want {
		t.Fatalf("the GIF lasts %d/100 s; want %d", till, want)
	}
	return d
}

func centiseconds(d time.Duration) int {
	return int((d + 5*time.Millisecond) / (10 * time.Millisecond))
}

func paint(dst *image.NRGBA, src *image.Paletted) {
	var colors [256]color.NRGBA
	for i, c := range src.Palette {
		colors[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	for y := src.Rect.Min.Y; y < src.Rect.Max.Y; y++ {
		for x := src.Rect.Min.X; x < src.Rect.Max.X; x++ {
			if c := colors[src.ColorIndexAt(x, y)]; c.A > 0 {
				dst.SetNRGBA(x, y, c)
			}
		}
	}
}

func write(t testing.TB, w *gif.Writer) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := w.Write(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRealRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("TestRealRecordings is skipped with -short: it is long")
	}
	for _, tt := range []struct {
		name string
		fps  int
		max  int
		mean float64
	}{
		{"short", 30, 0, 0},
		{"vim", 30, 0, 0},
		{"fire", 30, 0, 0},
		{"log10m", 1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			film := filmOf(recording(t, filepath.Join(testcorpus.Dir(t, "render"), tt.name+".cast")))
			film.FPS = tt.fps
			w := &gif.Writer{Film: film, Picture: &render.Picture{}, Fonts: fonts(t, 10)}
			d := check(t, w, write(t, w))
			t.Logf("%+v", d)
			if d.frames < 20 || d.max > tt.max || d.mean > tt.mean {
				t.Errorf("the distance is %+v; want %+v", d, tt)
			}
		})
	}
}
