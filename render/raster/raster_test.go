package raster_test

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// fonts are small ones, to be fast.
func fonts(t testing.TB) *glyph.Fonts {
	t.Helper()
	f, err := glyph.New(glyph.Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(cast func() format.Cast) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) { return cast(), nil }}
}

// checkDirty draws a film frame by frame, and compares with each whole one. It returns the
// number of frames.
func checkDirty(t *testing.T, film *render.Film, picture *render.Picture) int {
	t.Helper()
	ctx := context.Background()
	m, err := film.Measure(ctx)
	if m.Frames == 0 {
		t.Fatalf("no frames: %v", err)
	}
	f := fonts(t)
	r, err := raster.New(picture, f, m.Size)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := raster.New(picture, f, m.Size)
	if err != nil {
		t.Fatal(err)
	}
	dirty, whole := image.NewNRGBA(r.Bounds()), image.NewNRGBA(r.Bounds())
	frames := 0
	for fr, err := range film.Frames(ctx, m.Size) {
		if err != nil {
			break
		}
		frames++
		r.DrawDirty(dirty, fr)
		ref.Draw(whole, fr.Canvas)
		for i := range whole.Pix {
			if whole.Pix[i] != dirty.Pix[i] {
				at := image.Pt(i/4%whole.Rect.Dx(), i/4/whole.Rect.Dx())
				cell := at.Sub(r.Layout().Cells.Min)
				t.Fatalf("frame %d differs at %v, in column %d of row %d", fr.Number, at, cell.X/r.Layout().Cell.X, cell.Y/r.Layout().Cell.Y)
			}
		}
	}
	return frames
}

// generated is a recording of everything that is drawn in its own way, at random places.
func generated(seed uint64) format.Cast {
	r := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{
		"plain text ", "日本語", "e\u0301a\u0308", "👩\u200d👩\u200d👧", "😀", "\x1b[1mbold\x1b[m", "\x1b[3;31mitalic", "\x1b[4mu\x1b[4:3mcurly\x1b[58:2::9:200:30mcolour",
		"\x1b[4:2;58:5:3mdouble", "\x1b[4:4mdots\x1b[4:5mdash", "\x1b[9;53mlines", "\x1b[7minverse", "\x1b[8mhidden", "\x1b[2mfaint", "\x1b[m", "\x1b[48;5;200m  ", "\x1b[38;2;1;200;99mrgb",
		"\x1b[2J", "\x1b[K", "\n", "\r\n", "\x1b[3S", "\x1b[L", "\x1b[3P", "\x1b[?25l", "\x1b[?25h", "\x1b[3 q", "\x1b[6 q", "\x1b[1 q", "─│┼█▓", "\x1b]12;#ff0000\a", "\x1b[?5h", "\x1b[?5l", "\x1b[?2026h", "\x1b[?2026l", "\x1b]8;;http://a\alink\x1b]8;;\a",
	}
	var events []format.Event
	size := format.Size{Cols: 40, Rows: 10}
	for i := range 150 {
		at := time.Duration(i) * 20 * time.Millisecond
		if r.IntN(25) == 0 {
			to := format.Size{Cols: 5 + r.IntN(50), Rows: 2 + r.IntN(12)}
			events = append(events, format.Event{Time: at, Code: format.Resize, Data: fmt.Sprintf("%dx%d", to.Cols, to.Rows)})
			continue
		}
		out := ""
		if r.IntN(2) == 0 {
			out = fmt.Sprintf("\x1b[%d;%dH", 1+r.IntN(size.Rows), 1+r.IntN(size.Cols))
		}
		for range r.IntN(4) {
			out += pieces[r.IntN(len(pieces))]
		}
		events = append(events, testcast.Out(at, out))
	}
	return testcast.Of(format.Header{Size: size}, events...)
}

func TestDrawDirtyIsDraw(t *testing.T) {
	pictures := []*render.Picture{
		{},
		{Padding: 10, Window: render.ChromeMac, Title: "a title", Radius: 8, Margin: 20, MarginColor: &format.RGB{R: 200, G: 220, B: 255}},
	}
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		checkDirty(t, open(func() format.Cast { return generated(seed) }), pictures[seed%2])
	}
	checkDirty(t, open(testcast.Session), pictures[1])
	checkDirty(t, open(func() format.Cast { return testcast.WithResizes(testcast.Work(20<<10, time.Minute)) }), pictures[0])
}

func TestDrawDirtyIsDrawOfRealRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("TestDrawDirtyIsDrawOfRealRecordings is skipped with -short: it is long")
	}
	dir := testcorpus.Dir(t, "render")
	for _, name := range []string{"short", "vim", "fire"} {
		film := open(testcast.File(t, filepath.Join(dir, name+".cast")))
		film.FPS = 4
		if n := checkDirty(t, film, &render.Picture{}); n < 20 {
			t.Errorf("%s has %d frames; want more", name, n)
		}
	}
}
