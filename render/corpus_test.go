package render_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	stdgif "image/gif"
	stdpng "image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/png"
	"github.com/ttydeck/ttydeck/render/svg"
	"github.com/ttydeck/ttydeck/render/video"
)

// target is a kind of picture.
type target struct {
	name  string
	write func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error
	check func(b []byte) error // that the picture is one
}

var targets = []target{
	{"gif", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&gif.Writer{Film: film, Picture: p, Fonts: fonts}).Write(ctx, w)
	}, func(b []byte) error {
		if len(b) > 1<<19 { // all frames take much memory
			if !bytes.HasPrefix(b, []byte("GIF89a")) || b[len(b)-1] != ';' {
				return errors.New("incomplete")
			}
			return nil
		}
		_, err := stdgif.DecodeAll(bytes.NewReader(b))
		return err
	}},
	{"png", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&png.Still{Film: film, Picture: p, Fonts: fonts}).Write(ctx, w)
	}, checkPNG},
	{"apng", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&png.Animation{Film: film, Picture: p, Fonts: fonts}).Write(ctx, w)
	}, checkPNG},
	{"frames", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&png.Folder{Film: film, Picture: p, Fonts: fonts}).Write(ctx, func(name string) (io.WriteCloser, error) {
			return nopCloser{w}, nil
		})
	}, nil},
	{"svg", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return (&svg.Writer{Film: film, Picture: p}).Write(ctx, w)
	}, func(b []byte) error {
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			if _, err := d.Token(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}},
	{"ascii", func(ctx context.Context, w io.Writer, film *render.Film, p *render.Picture, fonts *glyph.Fonts) error {
		return render.WriteText(ctx, w, film)
	}, func(b []byte) error {
		if !utf8.Valid(b) {
			return errors.New("not UTF-8")
		}
		return nil
	}},
}

func checkPNG(b []byte) error {
	if !bytes.HasSuffix(b, []byte("IEND\xaeB`\x82")) {
		return errors.New("incomplete")
	}
	_, err := stdpng.Decode(bytes.NewReader(b))
	return err
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// limited is a buffer that takes no more than a picture of a few frames should have.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > 64<<20 {
		return 0, errors.New("more than 64 MB")
	}
	return l.Buffer.Write(b)
}

// beginning returns the film of the first n events of a recording.
func beginning(n int, open func() (format.Cast, error)) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) {
		cast, err := open()
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			left := n
			for ev, err := range events {
				if left--; left < 0 || !yield(ev, err) {
					return
				}
			}
		}
		return cast, err
	}}
}

func openFile(path string) func() (format.Cast, error) {
	return func() (format.Cast, error) {
		f, err := format.OpenFile(path)
		if err != nil {
			return format.Cast{}, err
		}
		cast, events := f.Cast, f.Cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			defer f.Close()
			events(yield)
		}
		return cast, nil
	}
}

// pictureFiles returns our own recordings and, with TTYDECK_CORPUS, all of those in it, in
// an order that mixes them.
func pictureFiles(t *testing.T) []string {
	paths := testcorpus.Glob(t, "../testdata/sessions/*.cast.gz", 44)
	if os.Getenv("TTYDECK_CORPUS") == "" {
		t.Log("TTYDECK_CORPUS is not set: on our own recordings only")
		return paths
	}
	recordings := 0
	err := filepath.WalkDir(testcorpus.Dir(t, ""), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if f, err := format.OpenFile(path); err == nil {
			f.Close()
			paths = append(paths, path)
			recordings++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if recordings != 407 {
		t.Fatalf("the corpus has %d recordings; want 407", recordings)
	}
	rand.New(rand.NewPCG(1, 15)).Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

// hostile returns a recording of n events that no program would make.
func hostile(seed uint64, n int) format.Cast {
	r := rand.New(rand.NewPCG(seed, 1))
	parts := []string{
		"\x1b[2J", "\x1b[H", "\x1b[999;999H", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?2026h", "\x1b[?2026l", "\x1b[?25l", "\x1b[5 q", "\x1b[3 q",
		"\x1b[7m", "\x1b[4:3m", "\x1b[58;5;9m", "\x1b[9;53m", "\x1b[8m", "\x1b[m", "\x1b[38;2;1;2;3m", "\x1b]8;;https://example.org/?a=<b>&\"c'\x1b\\", "\x1b]8;;\x1b\\",
		"\x1b]2;</title><script>\x07", "\x1b]12;#ff0000\x07", "\x1b[100@", "\x1b[50L", "\x1b[3;4r", "\x1b[10S", "\r\n", "\t", "\b\b", "\x1b#8", "\x1b(0",
		"漢字", "e\u0301\u0302\u0303", "👩\u200d👩\u200d👧", "🇩🇪", "مرحبا", "─│┌╭═╋▀▄█░▒▓⠿\ue0b0\U0001fb00\U0001cd00", "\u202e", "\u200b", "\xff\xfe", "\x00", "<&>\"'", "]]>",
		"\ufffe\uffff", "\U0010ffff", strings.Repeat("\u0301", 40), strings.Repeat("x", 300),
	}
	sizes := []string{"1x1", "2x1", "300x2", "80x24", "5x100", "0x0", "99999x99999", "-1x3", "x"}
	var all []format.Event
	at := time.Duration(0)
	for range n {
		at += time.Duration(r.Int64N(int64(200 * time.Millisecond)))
		ev := testcast.Out(at, "")
		switch r.IntN(12) {
		case 0:
			ev = format.Event{Time: at, Code: format.Resize, Data: sizes[r.IntN(len(sizes))]}
		case 1:
			ev = testcast.Marker(at, parts[r.IntN(len(parts))])
		case 2:
			ev = format.Event{Time: at, Code: format.Input, Data: parts[r.IntN(len(parts))]}
		default:
			for range 1 + r.IntN(8) {
				ev.Data += parts[r.IntN(len(parts))]
			}
			for range r.IntN(20) {
				ev.Data += fmt.Sprintf("\x1b[38;2;%d;%d;%dm%c", r.IntN(256), r.IntN(256), r.IntN(256), rune(r.IntN(0x3000)))
			}
		}
		all = append(all, ev)
	}
	return testcast.Of(format.Header{Size: format.Size{Cols: 1 + r.IntN(100), Rows: 1 + r.IntN(40)}, Title: parts[r.IntN(len(parts))]}, all...)
}

// TestPictures draws the beginnings of recordings, and generated ones, as pictures of every
// kind: 12 recordings, or as many as TTYDECK_PICTURES says. None may panic, hang, take
// much memory or end in an error that is not the recording's.
func TestPictures(t *testing.T) {
	paths := pictureFiles(t)
	n, events := 12, 60
	if v, err := strconv.Atoi(os.Getenv("TTYDECK_PICTURES")); err == nil {
		n = v
	}
	n = min(n, len(paths))
	type recording struct {
		name string
		film *render.Film
	}
	var recordings []recording
	for _, path := range paths[:n] {
		recordings = append(recordings, recording{path, beginning(events, openFile(path))})
	}
	for seed := range n/4 + 4 {
		cast := hostile(uint64(seed), events)
		if seed%4 == 3 {
			whole := cast.Events
			cast.Events = func(yield func(format.Event, error) bool) {
				whole(yield)
				yield(format.Event{}, &format.SyntaxError{Format: "generated", Err: io.ErrUnexpectedEOF})
			}
		}
		recordings = append(recordings, recording{fmt.Sprint("generated/", seed), &render.Film{Open: func() (format.Cast, error) { return cast, nil }}})
	}
	work := testcast.Work(1<<20, time.Hour)
	recordings = append(recordings, recording{"work", beginning(events, func() (format.Cast, error) { return work, nil })})

	wide := testcast.Of(format.Header{Size: format.Size{Cols: 5000, Rows: 2}}, testcast.Out(0, "wide"))
	recordings = append(recordings, recording{"wide", &render.Film{Open: func() (format.Cast, error) { return wide, nil }}})

	fonts, err := glyph.New(glyph.Options{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	pictures := []*render.Picture{
		{},
		{Window: render.ChromeMac, Title: "</title>\x1b[2J\u202e", Radius: 9, Margin: 3, Padding: 4},
		{Window: render.ChromePlain, Scale: 2, MarginColor: &format.RGB{R: 9}, Dark: render.Themes[1]},
	}
	drawn, broken := 0, 0
	for i, r := range recordings {
		film := r.film
		film.Keys, film.Captions = i%3 == 1, i%2 == 1
		film.Cursor = render.CursorShape(i % 5)
		good := true
		for _, target := range targets {
			var out limited
			err := target.write(t.Context(), &out, film, pictures[i%len(pictures)], fonts)
			if errors.Is(err, render.ErrTooLarge) {
				good = false
				if out.Len() > 0 {
					t.Errorf("%s as %s: %d bytes with the error %v", r.name, target.name, out.Len(), err)
				}
				continue
			}
			if err != nil {
				good = false
				if _, ok := errors.AsType[*format.SyntaxError](err); !ok {
					t.Errorf("%s as %s: %v", r.name, target.name, err)
					continue
				}
			}
			if out.Len() == 0 && target.name != "ascii" {
				t.Errorf("%s as %s: nothing, and the error %v", r.name, target.name, err)
			} else if target.check != nil {
				if err := target.check(out.Bytes()); err != nil {
					t.Errorf("%s as %s: %v", r.name, target.name, err)
				}
			}
		}
		if good {
			drawn++
		} else {
			broken++
		}
	}
	t.Logf("%d recordings drawn whole, %d that end in errors or are too large", drawn, broken)
	if want := (n/4+4)/4 + 1; broken != want { // those that are made so
		t.Errorf("%d recordings end in errors or are too large; want %d", broken, want)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	if mem.Sys > 1<<30 {
		t.Errorf("the pictures took %d MB", mem.Sys>>20)
	}
}

// TestVideos draws a few recordings as videos.
func TestVideos(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is skipped: no ffmpeg", t.Name())
	}
	fonts, err := glyph.New(glyph.Options{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 4 {
		cast := hostile(uint64(seed), 20)
		// In a size that is small enough.
		cast.Header.Size = format.Size{Cols: 20 + seed, Rows: 7}
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			for ev, err := range events {
				if ev.Code != format.Resize && !yield(ev, err) {
					return
				}
			}
		}
		name := filepath.Join(t.TempDir(), "video")
		w := &video.Writer{Film: &render.Film{Open: func() (format.Cast, error) { return cast, nil }, FPS: 10}, Picture: new(render.Picture), Fonts: fonts, Format: []video.Format{video.MP4, video.WebM}[seed%2]}
		if err := w.Write(t.Context(), name); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
