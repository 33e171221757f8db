package png

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
)

// creator returns a function that creates files in dir.
func creator(dir string) func(string) (io.WriteCloser, error) {
	return func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(dir, name)) }
}

func mustMeasure(t *testing.T, film *render.Film) render.Measured {
	t.Helper()
	m, err := film.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// writers are all that write to one io.Writer; a Folder concatenates its files.
var writers = map[string]func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error{
	"still": func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&Still{Film: film, Picture: p, Fonts: fonts}).Write(ctx, w)
	},
	"animation": func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&Animation{Film: film, Picture: p, Fonts: fonts}).Write(ctx, w)
	},
	"folder": func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&Folder{Film: film, Picture: p, Fonts: fonts}).Write(ctx, func(string) (io.WriteCloser, error) { return keepOpen{w}, nil })
	},
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// A recording that breaks off makes the picture of what comes before, and its error.
func TestBroken(t *testing.T) {
	fonts := fontsOf(t, 12)
	want := &format.SyntaxError{Format: "test", Line: 3, Err: io.ErrUnexpectedEOF}
	whole := cast(20, 3, "one", "\r\ntwo")
	broken := whole
	broken.Events = func(yield func(format.Event, error) bool) {
		for ev := range whole.Events {
			if !yield(ev, nil) {
				return
			}
		}
		yield(format.Event{}, want)
	}
	for name, write := range writers {
		var got, all bytes.Buffer
		if err := write(t.Context(), &got, filmOf(broken), new(render.Picture), fonts); !errors.Is(err, want) {
			t.Errorf("%s: the error is %v; want %v", name, err, want)
		}
		if err := write(t.Context(), &all, filmOf(whole), new(render.Picture), fonts); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), all.Bytes()) {
			t.Errorf("%s: the picture of the broken recording differs", name)
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	fonts := fontsOf(t, 12)
	broken := errors.New("cannot be opened")
	cause := errors.New("stopped")
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	tests := []struct {
		name    string
		ctx     context.Context
		film    *render.Film
		picture render.Picture
		want    error
	}{
		{"unreadable", t.Context(), &render.Film{Open: func() (format.Cast, error) { return format.Cast{}, broken }}, render.Picture{}, broken},
		{"large", t.Context(), filmOf(cast(20, 3, "one")), render.Picture{Margin: 1 << 20}, render.ErrTooLarge},
		{"cancelled", stopped, filmOf(cast(20, 3, "one")), render.Picture{}, cause},
	}
	for _, test := range tests {
		for name, write := range writers {
			var out bytes.Buffer
			if err := write(test.ctx, &out, test.film, &test.picture, fonts); !errors.Is(err, test.want) || out.Len() > 0 {
				t.Errorf("%s, %s: %d bytes and the error %v; want none and %v", test.name, name, out.Len(), err, test.want)
			}
		}
	}
}

// failing is a writer that fails after some bytes.
type failing struct {
	left int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, f.err
	}
	return len(b), nil
}

// The first error of the file ends the work, and is returned.
func TestFailingFile(t *testing.T) {
	fonts := fontsOf(t, 12)
	for name, write := range writers {
		for _, left := range []int{0, 30, 500, 3000} {
			full := errors.New("disk full")
			film := filmOf(testcast.Work(30000, time.Minute))
			if err := write(t.Context(), &failing{left, full}, film, new(render.Picture), fonts); !errors.Is(err, full) {
				t.Errorf("%s, %d bytes: the error is %v; want %v", name, left, err, full)
			}
		}
	}
}

// Cancelling ends the work in the middle.
func TestCancel(t *testing.T) {
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	film := filmOf(testcast.Work(300000, time.Hour))
	frames := 0
	a := &Animation{Film: film, Picture: new(render.Picture), Fonts: fontsOf(t, 12), Progress: func(int64) {
		if frames++; frames == 20 {
			cancel(cause)
		}
	}}
	if err := a.Write(ctx, io.Discard); !errors.Is(err, cause) {
		t.Errorf("the error is %v; want %v", err, cause)
	}
	if frames > 20+4*runtime.GOMAXPROCS(0) {
		t.Errorf("%d frames were written", frames)
	}
}

// A recording that changes between the passes is reported, not written wrongly.
func TestChanged(t *testing.T) {
	opened := 0
	film := &render.Film{Open: func() (format.Cast, error) {
		opened++
		if opened > 2 {
			return cast(20, 3, "one", "two", "three"), nil
		}
		return cast(20, 3, "one"), nil
	}}
	var out bytes.Buffer
	err := (&Animation{Film: film, Picture: new(render.Picture), Fonts: fontsOf(t, 12)}).Write(t.Context(), &out)
	if !errors.Is(err, errChanged) {
		t.Errorf("the error is %v; want %v", err, errChanged)
	}
}

// The memory does not grow with the length of the film.
func TestMemory(t *testing.T) {
	fonts := fontsOf(t, 12)
	peak := func(size int) uint64 {
		var most uint64
		n := 0
		a := &Animation{Film: filmOf(testcast.Work(size, time.Hour)), Picture: new(render.Picture), Fonts: fonts, Progress: func(int64) {
			if n++; n%20 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}}
		if err := a.Write(t.Context(), io.Discard); err != nil {
			t.Fatal(err)
		}
		if n < size/500 {
			t.Fatalf("only %d frames", n)
		}
		return most
	}
	short, long := peak(20_000), peak(100_000)
	if long > short+4<<20 {
		t.Errorf("a long film takes %d KB, a short one %d KB", long>>10, short>>10)
	}
}

// FuzzAnimation makes animations of any recording. All of them must be valid and have a
// frame for each of the film.
func FuzzAnimation(f *testing.F) {
	for _, film := range films {
		var b bytes.Buffer
		w, err := format.AsciicastV3.NewWriter(&b)
		if err != nil {
			f.Fatal(err)
		}
		if err := errors.Join(format.Copy(w, film.cast), w.Close()); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	fonts := fontsOf(f, 8)
	f.Fuzz(func(t *testing.T, data []byte) {
		film := &render.Film{Open: func() (format.Cast, error) {
			cast, _, err := format.Open(bytes.NewReader(data))
			events := cast.Events
			cast.Events = func(yield func(format.Event, error) bool) {
				n := 0
				for ev, err := range events {
					if n++; n > 50 || !yield(ev, err) {
						return
					}
				}
			}
			return cast, err
		}}
		measured, err := film.Measure(t.Context())
		if measured.Frames == 0 || measured.Size.Cols*measured.Size.Rows > 5000 || measured.Length > 1000*time.Hour {
			return
		}
		p := &pictures[len(data)%len(pictures)].Picture
		var out bytes.Buffer
		a := &Animation{Film: film, Picture: p, Fonts: fonts}
		if werr := a.Write(t.Context(), &out); fmt.Sprint(werr) != fmt.Sprint(err) {
			t.Fatalf("the error is %v; want %v", werr, err)
		}
		got, err := decode(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		next := 0
		for fr, err := range film.Frames(t.Context(), measured.Size) {
			if err != nil {
				break
			}
			want := reference(t, p, fonts, fr.Canvas)
			for range a.delays(fr) {
				if next == len(got.frames) {
					t.Fatalf("there are only %d frames", next)
				}
				compare(t, got.frames[next].picture, want)
				next++
			}
		}
		if next != len(got.frames) {
			t.Fatalf("there are %d frames; want %d", len(got.frames), next)
		}
	})
}
