package gif_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	stdgif "image/gif"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	for next > 0 && next < len(got.Image) && got.Delay[next-1] == 65535 {
		till += got.Delay[next]
		next++
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
		// short.cast shows emoji, whose colours are cut to a few.
		{"short", 30, 64, .02},
		{"vim", 30, 0, 0},
		{"fire", 30, 0, 0},
		{"log10m", 1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			film := filmOf(testcast.File(t, filepath.Join(testcorpus.Dir(t, "render"), tt.name+".cast")))
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

// Recordings by strangers: all that are short.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("TestCorpus is skipped with -short: it is long")
	}
	f := fonts(t, 8)
	checked := 0
	for _, name := range testcorpus.Files(t, "casts/*", 71) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 60_000 || filepath.Ext(name) == ".tsv" {
			continue
		}
		film := filmOf(testcast.File(t, name))
		film.FPS = 10
		if m, _ := film.Measure(t.Context()); m.Frames > 300 || m.Size.Cols*m.Size.Rows > 10000 {
			continue
		}
		w := &gif.Writer{Film: film, Picture: &render.Picture{}, Fonts: f}
		d := check(t, w, write(t, w))
		if d.mean > .5 {
			t.Errorf("%s: the distance is %+v", filepath.Base(name), d)
		} else if d.max > 0 {
			t.Logf("%s: the distance is %+v", filepath.Base(name), d)
		}
		checked++
	}
	if checked < 20 {
		t.Errorf("checked %d recordings; want at least 20", checked)
	}
}

// generated is a recording of random text in few colours or in many, with changes of size.
func generated(seed uint64, events int, colors bool) format.Cast {
	r := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{
		"plain text ", "日本語", "e\u0301a\u0308", "\x1b[1mbold\x1b[m", "\x1b[3;31mitalic", "\x1b[4mu\x1b[4:3mcurly", "\x1b[m", "\x1b[44m  ", "\x1b[2J", "\x1b[K", "\r\n",
		"\x1b[3S", "\x1b[L", "\x1b[?25l", "\x1b[?25h", "\x1b[3 q", "\x1b[6 q", "─│┼█", "\x1b[?2026h", "\x1b[?2026l",
	}
	at := time.Duration(0)
	next := func(yield func(format.Event, error) bool) {
		for range events {
			at += time.Duration(r.IntN(100)) * time.Millisecond
			if r.IntN(25) == 0 {
				if !yield(format.Event{Time: at, Code: format.Resize, Data: fmt.Sprintf("%dx%d", 5+r.IntN(50), 2+r.IntN(12))}, nil) {
					return
				}
				continue
			}
			out := fmt.Sprintf("\x1b[%d;%dH", 1+r.IntN(10), 1+r.IntN(40))
			for range r.IntN(4) {
				if colors && r.IntN(2) == 0 {
					out += fmt.Sprintf("\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
				}
				out += pieces[r.IntN(len(pieces))]
			}
			if !yield(testcast.Out(at, out), nil) {
				return
			}
		}
	}
	return format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 10}}, Events: next}
}

// seeds returns the number of random films.
func seeds(n int) int {
	if testing.Short() {
		return 3
	}
	return n
}

func TestGenerated(t *testing.T) {
	pictures := []*render.Picture{
		{},
		{Padding: 10, Window: render.ChromeMac, Title: "a title", Radius: 8, Margin: 20, MarginColor: &format.RGB{R: 200, G: 220, B: 255}},
		{Window: render.ChromePlain, Title: "plain", Padding: 5, Radius: 10, Margin: 3},
	}
	f := fonts(t, 10)
	for seed := range uint64(seeds(15)) {
		w := &gif.Writer{Film: filmOf(func() format.Cast { return generated(seed, 150, false) }), Picture: pictures[seed%3], Fonts: f}
		w.Film.FPS = []int{0, 50, 7}[seed%3]
		if d := check(t, w, write(t, w)); d.max > 0 {
			t.Errorf("seed %d: the distance is %+v; want none", seed, d)
		}
		// With endless colours, each frame has those of its own, as long as they are
		// few.
		w.Film = filmOf(func() format.Cast { return generated(seed, 150, true) })
		if d := check(t, w, write(t, w)); d.max > 90 || d.mean > 1 {
			t.Errorf("seed %d, with colours: the distance is %+v", seed, d)
		}
	}
}

// One frame has more colours than a GIF can have.
func TestGradient(t *testing.T) {
	var out strings.Builder
	for y := range 20 {
		for x := range 60 {
			fmt.Fprintf(&out, "\x1b[48;2;%d;%d;%dm ", x*4, y*12, (x+y)*3)
		}
		out.WriteString("\r\n")
	}
	w := &gif.Writer{
		Film: filmOf(func() format.Cast {
			return testcast.Of(format.Header{Size: format.Size{Cols: 60, Rows: 21}}, testcast.Out(0, out.String()))
		}),
		Picture: &render.Picture{}, Fonts: fonts(t, 8),
	}
	// 1200 colours become 255.
	if d := check(t, w, write(t, w)); d.max > 24 || d.mean > 5 {
		t.Errorf("the distance is %+v; want at most 24 and 5", d)
	}
}

// text is a film of some frames of a line each.
func text(times ...time.Duration) *render.Film {
	return filmOf(func() format.Cast {
		var events []format.Event
		for i, at := range times {
			events = append(events, testcast.Out(at, fmt.Sprintf("\x1b[Hline %d", i)))
		}
		return testcast.Of(format.Header{Size: format.Size{Cols: 20, Rows: 3}}, events...)
	})
}

func TestDelays(t *testing.T) {
	f := fonts(t, 8)
	decode := func(film *render.Film) *stdgif.GIF {
		t.Helper()
		w := &gif.Writer{Film: film, Picture: &render.Picture{}, Fonts: f}
		data := write(t, w)
		check(t, w, data)
		g, err := stdgif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	film := text(0, time.Second, 1034*time.Millisecond, 1067*time.Millisecond)
	film.Hold = time.Second
	if got, want := decode(film).Delay, []int{100, 3, 4, 100}; !slices.Equal(got, want) {
		t.Errorf("the delays are %v; want %v", got, want)
	}
	// A frame can last 655.35 s.
	if got, want := decode(text(0, 2000*time.Second)).Delay, []int{65535, 65535, 68930, 300}; got[0] != want[0] || got[1] != want[1] || got[2]+got[3] != want[2] || got[4] != want[3] {
		t.Errorf("the delays of a film with a long pause are %v", got)
	}
}

func TestLoops(t *testing.T) {
	for _, tt := range []struct{ loops, want int }{
		// As image/gif has it: 0 is for ever, -1 once, and n another n times.
		{0, 0}, {1, -1}, {2, 1}, {7, 6}, {1 << 20, 0xffff},
	} {
		w := &gif.Writer{Film: text(0), Picture: &render.Picture{}, Fonts: fonts(t, 8), Loops: tt.loops}
		g, err := stdgif.DecodeAll(bytes.NewReader(write(t, w)))
		if err != nil {
			t.Fatal(err)
		}
		if g.LoopCount != tt.want {
			t.Errorf("with %d loops, the count is %d; want %d", tt.loops, g.LoopCount, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	fast := text(0)
	fast.FPS = 51
	huge := filmOf(func() format.Cast {
		return testcast.Of(format.Header{Size: format.Size{Cols: 10, Rows: 10}}, format.Event{Code: format.Resize, Data: "5000x3000"}, testcast.Out(1, "a"))
	})
	for _, tt := range []struct {
		name string
		film *render.Film
		want error
	}{
		{"51 frames a second", fast, gif.ErrRate},
		{"31 days", text(0, 31*24*time.Hour), gif.ErrTooLong},
		{"292 years", text(0, math.MaxInt64), gif.ErrTooLong},
		{"5000x3000", huge, render.ErrTooLarge},
	} {
		w := &gif.Writer{Film: tt.film, Picture: &render.Picture{}, Fonts: fonts(t, 8)}
		var b bytes.Buffer
		if err := w.Write(t.Context(), &b); !errors.Is(err, tt.want) || b.Len() > 0 {
			t.Errorf("%s: Write = %v, and wrote %d bytes; want %v and nothing", tt.name, err, b.Len(), tt.want)
		}
		if _, err := w.Estimate(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: Estimate = %v; want %v", tt.name, err, tt.want)
		}
	}
}

func TestBrokenRecording(t *testing.T) {
	broken := &format.SyntaxError{Format: "asciicast-v2", Line: 7, Err: errors.New("malformed event")}
	film := filmOf(func() format.Cast {
		return format.Cast{Header: format.Header{Size: format.Size{Cols: 20, Rows: 3}}, Events: func(yield func(format.Event, error) bool) {
			_ = yield(testcast.Out(0, "one"), nil) && yield(testcast.Out(time.Second, "two"), nil) && yield(format.Event{}, broken)
		}}
	})
	w := &gif.Writer{Film: film, Picture: &render.Picture{}, Fonts: fonts(t, 8)}
	var b bytes.Buffer
	err := w.Write(t.Context(), &b)
	if syntax, ok := errors.AsType[*format.SyntaxError](err); !ok || syntax.Line != 7 {
		t.Errorf("Write = %v; want the error of the recording", err)
	}
	if d := check(t, w, b.Bytes()); d.frames != 2 || d.max > 0 {
		t.Errorf("what was written has %+v; want both frames", d)
	}
	if _, err := w.Estimate(t.Context()); err == nil {
		t.Error("Estimate of a broken recording = nil; want its error")
	}
	failed := errors.New("no such file")
	w.Film = &render.Film{Open: func() (format.Cast, error) { return format.Cast{}, failed }}
	b.Reset()
	if err := w.Write(t.Context(), &b); !errors.Is(err, failed) || b.Len() > 0 {
		t.Errorf("Write of a film that cannot be opened = %v, and %d bytes", err, b.Len())
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless := filmOf(func() format.Cast {
		return format.Cast{Header: format.Header{Size: format.Size{Cols: 20, Rows: 3}}, Events: func(yield func(format.Event, error) bool) {
			for i := 0; yield(testcast.Out(time.Duration(i)*time.Millisecond, fmt.Sprint("\r", i)), nil); i++ {
				if i == 5000 {
					cancel()
				}
			}
		}}
	})
	w := &gif.Writer{Film: endless, Picture: &render.Picture{}, Fonts: fonts(t, 8)}
	if err := w.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v; want it cancelled", err)
	}
	// In the second pass, too.
	ctx, cancel = context.WithCancel(t.Context())
	w.Film = filmOf(func() format.Cast { return generated(1, 3000, false) })
	w.Progress = func(tick int64) {
		if tick > 300 {
			cancel()
		}
	}
	if err := w.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v; want it cancelled", err)
	}
}

// failingWriter fails after some bytes.
type failingWriter struct{ left int }

var errFull = errors.New("no space left on device")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestFullDisk(t *testing.T) {
	w := &gif.Writer{Film: filmOf(func() format.Cast { return generated(1, 200, false) }), Picture: &render.Picture{}, Fonts: fonts(t, 8)}
	size := len(write(t, w))
	for _, n := range []int{0, 5, 900, 3000, size / 2, size - 1} {
		if err := w.Write(t.Context(), &failingWriter{n}); !errors.Is(err, errFull) {
			t.Errorf("Write to a disk with room for %d of %d bytes = %v; want %v", n, size, err, errFull)
		}
	}
	if err := w.Write(t.Context(), &failingWriter{size}); err != nil {
		t.Errorf("Write to a disk with just enough room = %v", err)
	}
}

func TestEstimate(t *testing.T) {
	for seed := range uint64(seeds(6)) {
		w := &gif.Writer{Film: filmOf(func() format.Cast { return generated(seed, 400, seed%2 == 1) }), Picture: &render.Picture{Window: render.ChromeMac, Padding: 10}, Fonts: fonts(t, 10)}
		est, err := w.Estimate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		data := write(t, w)
		g, err := stdgif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if n := int64(len(data)); est.Frames != len(g.Image) || est.Bytes < n/2 || est.Bytes > 2*n || est.Size != image.Pt(g.Config.Width, g.Config.Height) {
			t.Errorf("seed %d: the estimate is %+v; the GIF has %d frames and %d bytes", seed, est, len(g.Image), n)
		}
	}
}

// The memory does not grow with the film.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("TestMemory is skipped with -short: it is long")
	}
	w := &gif.Writer{Film: filmOf(func() format.Cast { return generated(1, 20000, true) }), Picture: &render.Picture{}, Fonts: fonts(t, 10)}
	var early, late uint64
	n := 0
	w.Progress = func(tick int64) {
		if n++; n%100 != 0 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if n <= 2000 {
			early = max(early, m.HeapAlloc)
		} else {
			late = max(late, m.HeapAlloc)
		}
	}
	if err := w.Write(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if n < 8000 || late > early+early/2+8<<20 {
		t.Errorf("%d frames take %d KiB; the first 2000 took %d", n, late>>10, early>>10)
	}
}

// Another program agrees on the length.
func TestFFprobe(t *testing.T) {
	path, err := exec.LookPath("ffprobe")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: TestFFprobe: ffprobe is not installed")
	}
	name := filepath.Join(t.TempDir(), "a.gif")
	w := &gif.Writer{Film: filmOf(func() format.Cast { return generated(3, 200, true) }), Picture: &render.Picture{}, Fonts: fonts(t, 10)}
	if err := os.WriteFile(name, write(t, w), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "-v", "error", "-count_frames", "-show_entries", "format=duration:stream=width,height,nb_read_frames", "-of", "json", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Format  struct{ Duration string }
		Streams []struct {
			Width, Height int
			Frames        string `json:"nb_read_frames"`
		}
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got.Streams) != 1 {
		t.Fatalf("ffprobe says %s", out)
	}
	est, err := w.Estimate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var seconds float64
	fmt.Sscan(got.Format.Duration, &seconds)
	if s := got.Streams[0]; s.Width != est.Size.X || s.Height != est.Size.Y || math.Abs(seconds-est.Length.Seconds()) > .0101 || s.Frames != fmt.Sprint(est.Frames) {
		t.Errorf("ffprobe says %s; want %+v", out, est)
	}
}

// Whatever a recording holds, the result is a GIF of its frames or an error.
func FuzzGIF(f *testing.F) {
	f.Add([]byte(`{"version":2,"width":20,"height":3}`+"\n"+`[0,"o","hello"]`+"\n"+`[1.5,"o","\u001b[31mred\u001b[H\u001b[48;2;1;2;3mx"]`+"\n"+`[2,"r","30x5"]`+"\n"), uint8(0))
	f.Add([]byte(`{"version":3,"term":{"cols":10,"rows":2}}`+"\n"+`[0.1,"o","日本\u001b[?2026h"]`+"\n"+`[900,"o","a"]`+"\n"), uint8(3))
	for _, data := range testcast.Hostile {
		line, err := json.Marshal(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(`{"version":2,"width":30,"height":6}`+"\n"+`[0.1,"o",`+string(line)+"]\n"), uint8(1))
	}
	small := fonts(f, 6)
	f.Fuzz(func(t *testing.T, data []byte, look uint8) {
		film := &render.Film{FPS: 1 + int(look%50), Open: func() (format.Cast, error) {
			cast, _, err := format.Open(bytes.NewReader(data))
			return cast, err
		}}
		m, err := film.Measure(t.Context())
		if m.Size.Cols*m.Size.Rows > 5000 || m.Frames > 200 || m.Length > time.Hour {
			return
		}
		w := &gif.Writer{Film: film, Picture: &render.Picture{Padding: int(look % 7), Window: []render.Chrome{"", render.ChromeMac, render.ChromePlain}[look%3], Radius: int(look), Title: string(data[:min(len(data), 50)])}, Fonts: small}
		var b bytes.Buffer
		if werr := w.Write(t.Context(), &b); (werr == nil) != (err == nil) {
			t.Fatalf("Write = %v; the film ends in %v", werr, err)
		}
		if b.Len() == 0 {
			if m.Frames > 0 {
				t.Fatalf("nothing was written of %d frames", m.Frames)
			}
			return
		}
		check(t, w, b.Bytes())
	})
}

// BenchmarkVim is the speed of a film of about a minute.
func BenchmarkVim(b *testing.B) {
	film := filmOf(testcast.File(b, filepath.Join(testcorpus.Dir(b, "render"), "vim.cast")))
	w := &gif.Writer{Film: film, Picture: &render.Picture{}, Fonts: fonts(b, 16), Workers: 1}
	for b.Loop() {
		if err := w.Write(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
