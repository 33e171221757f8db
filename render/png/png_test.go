package png

import (
	"bytes"
	"fmt"
	"image"
	stdpng "image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// filmOf returns a film of a recording.
func filmOf(cast format.Cast) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) { return cast, nil }}
}

func fontsOf(t testing.TB, size float64) *glyph.Fonts {
	t.Helper()
	fonts, err := glyph.New(glyph.Options{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	return fonts
}

// films are generated recordings, each with what makes it special.
var films = []struct {
	name string
	cast format.Cast
	film render.Film // but for Open
	bits int         // of a pixel of the animation
}{
	{name: "plain", bits: 8, cast: cast(20, 3, "one", "\r\ntwo", "\r\nthree\r\nfour", "\x1b[2J")},
	{name: "still", bits: 8, cast: cast(20, 3, "one")},
	{name: "empty", bits: 8, cast: cast(20, 3)},
	{name: "resized", bits: 8, cast: resized()},
	{name: "wide", bits: 8, cast: cast(20, 3, "漢字 e\u0301", "\rx漢", "\x1b[1;20H漢", "\x1b[1;2Hy")},
	{name: "many colours", bits: 8, cast: cast(40, 4, colors(30), "\x1b[H\x1b[Jend")},
	{name: "more colours", bits: 24, cast: cast(40, 4, colors(100), "\x1b[H\x1b[Jend")},
	{name: "long waits", bits: 8, cast: testcast.Of(format.Header{Size: format.Size{Cols: 10, Rows: 2}},
		testcast.Out(0, "a"), testcast.Out(40*time.Minute+time.Second/30, "b"), testcast.Out(41*time.Hour+time.Second/3, "c"))},
	{name: "large", bits: 8, cast: cast(120, 40, strings.Repeat("large ", 800), "\x1b[H"+strings.Repeat("LARGE\x1b[3;33m ", 800))},
	{name: "fast", bits: 8, film: render.Film{FPS: 50, Hold: time.Second / 2}, cast: cast(20, 3, "one", "\x1b[5mtwo")},
}

func cast(cols, rows int, out ...string) format.Cast {
	var all []format.Event
	for i, s := range out {
		all = append(all, testcast.Out(time.Duration(i+1)*123*time.Millisecond, s))
	}
	return testcast.Of(format.Header{Size: format.Size{Cols: cols, Rows: rows}}, all...)
}

func resized() format.Cast {
	return testcast.Of(format.Header{Size: format.Size{Cols: 10, Rows: 4}},
		testcast.Out(0, "one\r\ntwo\r\n"),
		format.Event{Time: time.Second, Code: format.Resize, Data: "30x2"},
		testcast.Out(2*time.Second, "\x1b[41mred"),
		format.Event{Time: 3 * time.Second, Code: format.Resize, Data: "5x6"},
		testcast.Out(4*time.Second, "\x1b[J\r\nlast"))
}

// colors returns n letters in different colours.
func colors(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm%c", 250-i, 2*i, 30+i, i, i/2, 99-i, 'a'+i%26)
	}
	return b.String()
}

// pictures surround the cells.
var pictures = []struct {
	name string
	render.Picture
	alpha bool // outside
}{
	{"bare", render.Picture{}, false},
	{"mac", render.Picture{Window: render.ChromeMac, Title: "title", Padding: 7, Radius: 9, Margin: 5}, true},
	{"margin", render.Picture{Padding: 1, Margin: 5, Radius: 4, MarginColor: &format.RGB{R: 200, G: 10, B: 30}, Scale: 2}, false},
}

func TestStill(t *testing.T) {
	fonts := fontsOf(t, 12)
	for _, f := range films {
		for _, p := range pictures {
			t.Run(f.name+"/"+p.name, func(t *testing.T) {
				film := f.film
				film.Open = filmOf(f.cast).Open
				var out bytes.Buffer
				if err := (&Still{Film: &film, Picture: &p.Picture, Fonts: fonts}).Write(t.Context(), &out); err != nil {
					t.Fatal(err)
				}
				got, err := stdpng.Decode(&out)
				if err != nil {
					t.Fatal(err)
				}
				var want *image.NRGBA
				for fr, err := range film.Frames(t.Context(), format.Size{}) {
					if err != nil {
						t.Fatal(err)
					}
					want = reference(t, &p.Picture, fonts, fr.Canvas)
				}
				compare(t, toNRGBA(got), want)
			})
		}
	}
}

// reference draws a canvas.
func reference(t *testing.T, p *render.Picture, fonts *glyph.Fonts, c *render.Canvas) *image.NRGBA {
	t.Helper()
	r, err := raster.New(p, fonts, format.Size{Cols: c.Cols, Rows: c.Rows})
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewNRGBA(r.Bounds())
	r.Draw(m, c)
	return m
}

func toNRGBA(m image.Image) *image.NRGBA {
	n := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	for y := range n.Rect.Dy() {
		for x := range n.Rect.Dx() {
			n.Set(x, y, m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y))
		}
	}
	return n
}

func compare(t *testing.T, got, want *image.NRGBA) {
	t.Helper()
	if got.Rect != want.Rect {
		t.Fatalf("the picture is %v; want %v", got.Rect, want.Rect)
	}
	for i := 0; i < len(want.Pix); i += 4 {
		if g, w := pixelAt(got.Pix[i:]), pixelAt(want.Pix[i:]); g != w {
			t.Fatalf("the pixel at %d, %d is %08x; want %08x", i/4%want.Rect.Dx(), i/4/want.Rect.Dx(), g, w)
		}
	}
}

// A folder has a picture for each frame, and a list that ffmpeg reads with exact times.
func TestFolder(t *testing.T) {
	fonts := fontsOf(t, 12)
	for _, f := range films {
		t.Run(f.name, func(t *testing.T) {
			film := f.film
			film.Open = filmOf(f.cast).Open
			dir := t.TempDir()
			var names []string
			folder := &Folder{Film: &film, Picture: &pictures[1].Picture, Fonts: fonts}
			err := folder.Write(t.Context(), func(name string) (io.WriteCloser, error) {
				names = append(names, name)
				return os.Create(filepath.Join(dir, name))
			})
			if err != nil {
				t.Fatal(err)
			}
			measured, err := film.Measure(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			frames := 0
			for fr, err := range film.Frames(t.Context(), measured.Size) {
				if err != nil {
					t.Fatal(err)
				}
				frames++
				b, err := os.ReadFile(filepath.Join(dir, names[fr.Number]))
				if err != nil {
					t.Fatal(err)
				}
				got, err := stdpng.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, toNRGBA(got), reference(t, &pictures[1].Picture, fonts, fr.Canvas))
			}
			if len(names) != frames+1 || names[0] != "frame-00001.png" || names[frames] != ListName {
				t.Fatalf("the files are %q; want %d frames and a list", names, frames)
			}
			list, err := os.ReadFile(filepath.Join(dir, ListName))
			if err != nil {
				t.Fatal(err)
			}
			var sum time.Duration
			for line := range strings.Lines(string(list)) {
				if d, ok := strings.CutPrefix(strings.TrimSpace(line), "duration "); ok {
					wait, err := time.ParseDuration(d + "s")
					if err != nil {
						t.Fatal(err)
					}
					sum += wait
				}
			}
			if sum != measured.Length.Round(time.Microsecond) {
				t.Errorf("the durations of the list are %v; want %v", sum, measured.Length)
			}
		})
	}
}
