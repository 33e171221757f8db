package video

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// need skips the test if a program is missing; in CI, it fails.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skipf("%s is skipped: no %s", t.Name(), p)
		}
	}
}

func fontsOf(t testing.TB) *glyph.Fonts {
	t.Helper()
	fonts, err := glyph.New(glyph.Options{Size: 15})
	if err != nil {
		t.Fatal(err)
	}
	return fonts
}

// demo is a recording with texts in all colours, a change of size, and waits.
func demo() format.Cast {
	var colors strings.Builder
	for i := range 16 {
		fmt.Fprintf(&colors, "\x1b[38;5;%dmcolour \x1b[48;5;%dm \x1b[m", i, i)
	}
	return testcast.Of(format.Header{Size: format.Size{Cols: 37, Rows: 5}},
		testcast.Out(0, colors.String()),
		testcast.Out(400*time.Millisecond, "\x1b[2J\x1b[Hone\r\n"),
		format.Event{Time: 700 * time.Millisecond, Code: format.Resize, Data: "30x7"},
		testcast.Out(900*time.Millisecond, "\x1b[41mtwo\x1b[m \x1b[7mthree\x1b[m"),
		testcast.Out(2500*time.Millisecond, colors.String()))
}

func filmOf(cast format.Cast) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) { return cast, nil }, Hold: time.Second}
}

// Videos have the frames of the film, as often as they are shown, and look alike.
func TestWrite(t *testing.T) {
	need(t, "ffmpeg", "ffprobe")
	fonts := fontsOf(t)
	for _, kind := range []Format{MP4, WebM} {
		for _, fps := range []int{0, 7} {
			t.Run(fmt.Sprintf("%s at %d", kind, fps), func(t *testing.T) {
				t.Parallel()
				film := filmOf(demo())
				film.FPS = fps
				// A name that ffmpeg would misunderstand.
				name := filepath.Join(t.TempDir(), "-f:%d.x")
				done := int64(0)
				w := &Writer{Film: film, Picture: &render.Picture{Window: render.ChromePlain, Radius: 8, Padding: 5}, Fonts: fonts, Format: kind,
					Progress: func(tick int64) { done = tick }}
				if err := w.Write(t.Context(), name); err != nil {
					t.Fatal(err)
				}
				measured, err := film.Measure(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if film.Time(done) != measured.Length {
					t.Errorf("the progress ends at %v; want %v", film.Time(done), measured.Length)
				}
				layout, err := w.Picture.Layout(measured.Size, fonts.Cell())
				if err != nil {
					t.Fatal(err)
				}
				size := image.Pt((layout.Size.X+1)&^1, (layout.Size.Y+1)&^1)
				if size == layout.Size {
					t.Fatal("the test wants a picture of an odd size")
				}
				frames := int(done)
				probe(t, name, fmt.Sprintf("width=%d\nheight=%d\npix_fmt=yuv420p\ncolor_space=bt709\nr_frame_rate=%d/1\nnb_read_frames=%d\n",
					size.X, size.Y, w.fps(), frames), measured.Length, time.Second/time.Duration(w.fps()))
				compare(t, name, w, measured, size)
			})
		}
	}
}

// probe compares what ffprobe reports.
func probe(t *testing.T, name, want string, length, frame time.Duration) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries",
		"stream=width,height,pix_fmt,color_space,r_frame_rate,nb_read_frames", "-of", "default=nw=1", "file:"+name).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("ffprobe: %v, %q; want %q", err, out, want)
	}
	out, err = exec.Command("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "default=nw=1:nk=1", "file:"+name).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v: %s", err, out)
	}
	got, err := time.ParseDuration(strings.TrimSpace(string(out)) + "s")
	// A WebM file has milliseconds.
	if diff := got - length; err != nil || diff < -frame/2 || diff > frame/2 {
		t.Errorf("the video takes %v, %v; want %v", got, err, length)
	}
}

// compare decodes a video and compares each frame with the reference.
func compare(t *testing.T, name string, w *Writer, measured render.Measured, size image.Point) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-i", "file:"+name, "-vf", "scale=in_color_matrix=bt709:flags=neighbor+accurate_rnd+full_chroma_int", "-pix_fmt", "rgba", "-f", "rawvideo", "-")
	cmd.Stderr = &stderr
	pixels, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, &stderr)
	}
	p := *w.Picture
	p.MarginColor = &render.Themes[0].Bg
	r, err := raster.New(&p, w.Fonts, measured.Size)
	if err != nil {
		t.Fatal(err)
	}
	bytesOf := 4 * size.X * size.Y
	worst, worstDark := math.Inf(1), math.Inf(1)
	for fr, err := range w.Film.Frames(t.Context(), measured.Size) {
		if err != nil {
			t.Fatal(err)
		}
		want := image.NewNRGBA(image.Rectangle{Max: size})
		r.Draw(want, fr.Canvas)
		for range fr.Till - fr.Tick {
			if len(pixels) < bytesOf {
				t.Fatal("the video has too few frames")
			}
			luma, rgb := psnr(pixels[:bytesOf], want.Pix)
			worst, worstDark = min(worst, luma), min(worstDark, rgb)
			pixels = pixels[bytesOf:]
		}
	}
	// Only luma has the full resolution; some colours of thin letters are lost.
	if worst < 35 || worstDark < 22 {
		t.Errorf("the worst frame has %.1f dB of luma and %.1f of RGB; want 35 and 22", worst, worstDark)
	}
	t.Logf("the worst frame has %.1f dB of luma and %.1f of RGB", worst, worstDark)
}

// psnr returns the peak ratio of signal to noise of luma and RGB, in dB.
func psnr(got, want []byte) (luma, rgb float64) {
	var l, c float64
	for i := 0; i < len(want); i += 4 {
		d := float64(lumaOf(got[i], got[i+1], got[i+2])) - float64(lumaOf(want[i], want[i+1], want[i+2]))
		l += d * d
		for j := range 3 {
			d := float64(got[i+j]) - float64(want[i+j])
			c += d * d
		}
	}
	n := float64(len(want) / 4)
	return 10 * math.Log10(219*219*n/max(l, 1e-9)), 10 * math.Log10(255*255*3*n/max(c, 1e-9))
}

// The planes of a frame are those of the whole picture, though only changes are converted.
func TestFrames(t *testing.T) {
	fonts := fontsOf(t)
	film := filmOf(demo())
	p := &render.Picture{Padding: 3, MarginColor: &render.Themes[0].Bg}
	measured, err := film.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := raster.New(p, fonts, measured.Size)
	if err != nil {
		t.Fatal(err)
	}
	f := newFrames(r)
	for fr, err := range film.Frames(t.Context(), measured.Size) {
		if err != nil {
			t.Fatal(err)
		}
		f.draw(fr)
		whole, err := raster.New(p, fonts, measured.Size)
		if err != nil {
			t.Fatal(err)
		}
		want := newFrames(whole)
		whole.Draw(want.rgb, fr.Canvas)
		want.convert(want.rgb.Rect)
		if !bytes.Equal(f.rgb.Pix, want.rgb.Pix) {
			t.Fatalf("frame %d differs", fr.Number)
		}
		if !bytes.Equal(f.planes, want.planes) {
			t.Fatalf("the planes of frame %d differ", fr.Number)
		}
	}
}

func TestErrors(t *testing.T) {
	fonts := fontsOf(t)
	broken := &format.SyntaxError{Format: "test", Line: 3, Err: errors.New("broken")}
	dir := t.TempDir()
	script := filepath.Join(dir, "ffmpeg")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho 'first' >&2; printf 'no \\033[1mcodec\\n' >&2; exit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		film    *render.Film
		picture render.Picture
		ffmpeg  string
		path    string
		check   func(err error) bool
	}{
		{"missing", filmOf(demo()), render.Picture{}, "", dir + "/nothing", func(err error) bool { return errors.Is(err, ErrNoFFmpeg) }},
		{"failing", filmOf(demo()), render.Picture{}, script, "", func(err error) bool {
			return err != nil && err.Error() == `ffmpeg: exit status 3: first: no \x1b[1mcodec`
		}},
		{"long", filmOf(testcast.Of(format.Header{Size: format.Size{Cols: 9, Rows: 2}}, testcast.Out(7*time.Hour, "x"))), render.Picture{}, script, "",
			func(err error) bool { return errors.Is(err, ErrTooLong) }},
		{"large", filmOf(demo()), render.Picture{Padding: 1 << 20}, script, "", func(err error) bool { return errors.Is(err, render.ErrTooLarge) }},
		{"unreadable", &render.Film{Open: func() (format.Cast, error) { return format.Cast{}, broken }}, render.Picture{}, script, "",
			func(err error) bool { return errors.Is(err, broken) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.path != "" {
				t.Setenv("PATH", test.path)
			}
			name := filepath.Join(t.TempDir(), "out")
			err := (&Writer{Film: test.film, Picture: &test.picture, Fonts: fonts, FFmpeg: test.ffmpeg}).Write(t.Context(), name)
			if !test.check(err) {
				t.Errorf("the error is %v", err)
			}
			if _, err := os.Stat(name); err == nil {
				t.Error("there is a file")
			}
		})
	}
}

// A video of a broken recording has all that comes before.
func TestBroken(t *testing.T) {
	need(t, "ffmpeg", "ffprobe")
	broken := &format.SyntaxError{Format: "test", Line: 3, Err: errors.New("broken")}
	cast := demo()
	whole := slices.Collect(func(yield func(format.Event) bool) {
		for ev := range cast.Events {
			if !yield(ev) {
				return
			}
		}
	})
	cast.Events = func(yield func(format.Event, error) bool) {
		for _, ev := range whole[:2] {
			if !yield(ev, nil) {
				return
			}
		}
		yield(format.Event{}, broken)
	}
	name := filepath.Join(t.TempDir(), "out")
	w := &Writer{Film: filmOf(cast), Picture: new(render.Picture), Fonts: fontsOf(t)}
	if err := w.Write(t.Context(), name); !errors.Is(err, broken) {
		t.Errorf("the error is %v; want %v", err, broken)
	}
	probe(t, name, "width=334\nheight=106\npix_fmt=yuv420p\ncolor_space=bt709\nr_frame_rate=30/1\nnb_read_frames=42\n", 1400*time.Millisecond, time.Second/30)
}

// A cancelled context ends ffmpeg, also one that hangs, and leaves no file.
func TestCancel(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "hang")
	// It takes some, and then no more. Its last argument is the file.
	err := os.WriteFile(script, []byte("#!/bin/sh\nfor last; do :; done\necho x >\"${last#file:}\"\nhead -c 100000 >/dev/null\nexec sleep 1000\n"), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	name := filepath.Join(dir, "out")
	w := &Writer{Film: filmOf(demo()), Picture: new(render.Picture), Fonts: fontsOf(t), FFmpeg: script, Progress: func(tick int64) {
		if tick == 2 {
			cancel(cause)
		}
	}}
	if err := w.Write(ctx, name); !errors.Is(err, cause) {
		t.Errorf("the error is %v; want %v", err, cause)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the file is left")
	}
}
