package svg

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
)

// filmOf returns a film of these events.
func filmOf(size format.Size, events ...format.Event) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) {
		return testcast.Of(format.Header{Size: size}, events...), nil
	}}
}

// fileFilm returns a film of a file.
func fileFilm(name string) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) {
		b, err := os.ReadFile(name)
		if err != nil {
			return format.Cast{}, err
		}
		cast, _, err := format.Open(bytes.NewReader(b))
		return cast, err
	}}
}

// recordings are those of the corpus whose pictures have a size to reach.
var recordings = []struct {
	name string
	most int // bytes
	each int // of so many frames the tests in browsers check one
}{
	{"short.cast", 50e3, 1},
	{"vim.cast", 160e3, 1},
	{"log10m.cast", 1.7e6, 100},
	{"fire.cast", 2.1e6, 30},
}

// Pictures are small.
func TestSizes(t *testing.T) {
	dir := testcorpus.Dir(t, "render")
	for _, r := range recordings {
		got := len(write(t, &Writer{Film: fileFilm(filepath.Join(dir, r.name))}))
		t.Logf("%s: %d bytes", r.name, got)
		if got > r.most {
			t.Errorf("the picture of %s has %d bytes; want at most %d", r.name, got, r.most)
		}
	}
}

func write(tb testing.TB, w *Writer) string {
	tb.Helper()
	var b bytes.Buffer
	if err := w.Write(context.Background(), &b); err != nil {
		tb.Fatal(err)
	}
	if err := wellFormed(b.Bytes()); err != nil {
		tb.Fatalf("%v in\n%.4000s", err, &b)
	}
	return b.String()
}

// wellFormed reports whether b is XML without anything that could run.
func wellFormed(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	ids := map[string]bool{}
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains([]string{"svg", "title", "desc", "style", "defs", "clipPath", "g", "path", "text", "tspan", "a", "use", "animate", "rect", "circle"}, e.Name.Local) {
			return errors.New("unexpected element " + e.Name.Local)
		}
		for _, a := range e.Attr {
			switch name := a.Name.Local; {
			case strings.HasPrefix(strings.ToLower(name), "on"):
				return errors.New("an attribute for an event: " + name)
			case name == "id":
				if ids[a.Value] {
					return errors.New("the id twice: " + a.Value)
				}
				ids[a.Value] = true
			case name == "href" && e.Name.Local == "a":
				if safeLink(a.Value) == "" {
					return errors.New("a link to " + a.Value)
				}
			case name == "href" && !strings.HasPrefix(a.Value, "#"):
				return errors.New("a reference to " + a.Value)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	film := filmOf(format.Size{Cols: 20, Rows: 3},
		testcast.Out(0, "\x1b]8;;javascript:alert(1)\x07$\x1b]8;;\x07 \x1b[31;1mred\x1b[m <&>\"\r\n"),
		testcast.Out(time.Second, "\x1b[7minverse\x1b[m"),
		testcast.Out(2*time.Second, " 漢字"))
	got := write(t, &Writer{Film: film})
	for _, want := range []string{
		`<desc id="`, "$ red &lt;&amp;&gt;&quot;\ninverse 漢字</desc>", "prefers-reduced-motion", `dur="5s" repeatCount="indefinite"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the picture lacks %s:\n%s", want, got)
		}
	}
	if strings.Contains(got, "javascript") {
		t.Errorf("the picture has a link to a script:\n%s", got)
	}
}

func TestKeyTime(t *testing.T) {
	for _, tt := range []struct {
		tick, till int64
		want       string
	}{
		{0, 10, "0"}, {5, 10, ".5"}, {1, 3, ".3"}, {1, 30, ".03"}, {29, 30, ".96"},
		{1, 18090, ".00005"}, {18089, 18090, ".99994"}, {9045, 18090, ".5"},
	} {
		if got := string(appendKeyTime(nil, tt.tick, tt.till)); got != tt.want {
			t.Errorf("the key time of %d of %d = %s; want %s", tt.tick, tt.till, got, tt.want)
		}
	}
}

// A picture that would be too large is an error, and nothing is written.
func TestTooLarge(t *testing.T) {
	endless := &render.Film{Open: func() (format.Cast, error) {
		return format.Cast{Header: format.Header{Size: format.Size{Cols: 80, Rows: 24}}, Events: func(yield func(format.Event, error) bool) {
			for i := range 10_000 {
				if !yield(testcast.Out(time.Duration(i)*time.Second, strconv.Itoa(i)+"\r\n"), nil) {
					return
				}
			}
		}}, nil
	}}
	var b bytes.Buffer
	err := (&Writer{Film: endless, MaxBytes: 1 << 16}).Write(t.Context(), &b)
	if !errors.Is(err, ErrTooLarge) || b.Len() > 0 {
		t.Errorf("Write = %v, %d bytes; want %v, none", err, b.Len(), ErrTooLarge)
	}
	// A still has only the last frame.
	if err := (&Writer{Film: endless, MaxBytes: 1 << 16, Still: true}).Write(t.Context(), &b); err != nil || b.Len() == 0 || b.Len() > 4096 {
		t.Errorf("Write of a still = %v, %d bytes; want at most 4096", err, b.Len())
	}
	b.Reset()
	huge := filmOf(format.Size{Cols: 5000, Rows: 5000}, testcast.Out(0, "x"))
	if err := (&Writer{Film: huge}).Write(t.Context(), &b); !errors.Is(err, render.ErrTooLarge) || b.Len() > 0 {
		t.Errorf("Write of 5000 columns = %v, %d bytes; want %v, none", err, b.Len(), render.ErrTooLarge)
	}
}

// The size of a picture is what it is limited to, within a sixth.
func TestLimit(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "\x1b[38;2;%d;%d;%dm%d\x1b[48;2;1;2;%dm ", i%256, i/256, i*7%256, i, i%256)
	}
	events := []format.Event{testcast.Out(0, text.String())}
	for i := range 2000 {
		events = append(events, testcast.Out(time.Duration(i)*time.Second/30, "\x1b["+strconv.Itoa(1+i%24)+"H\x1b[3"+strconv.Itoa(i%8)+"m"+strconv.Itoa(i)))
	}
	film := filmOf(format.Size{Cols: 80, Rows: 24}, events...)
	size := len(write(t, &Writer{Film: film}))
	var b bytes.Buffer
	if err := (&Writer{Film: film, MaxBytes: size - size/6}).Write(t.Context(), &b); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Write of %d bytes = %v; want %v", size, err, ErrTooLarge)
	}
	if err := (&Writer{Film: film, MaxBytes: size + size/6}).Write(t.Context(), &b); err != nil {
		t.Errorf("Write of %d bytes = %v", size, err)
	}
}

// If the recording breaks off, what comes before is written, and the error returned.
func TestBroken(t *testing.T) {
	broken := &format.SyntaxError{Format: "asciicast-v2", Line: 3, Err: io.ErrUnexpectedEOF}
	film := &render.Film{Open: func() (format.Cast, error) {
		return format.Cast{Header: format.Header{Size: format.Size{Cols: 20, Rows: 2}}, Events: func(yield func(format.Event, error) bool) {
			_ = yield(testcast.Out(0, "before"), nil) && yield(format.Event{}, broken)
		}}, nil
	}}
	for _, still := range []bool{false, true} {
		var b bytes.Buffer
		err := (&Writer{Film: film, Still: still}).Write(t.Context(), &b)
		if !errors.Is(err, broken) {
			t.Errorf("Write = %v; want %v", err, broken)
		}
		if err := wellFormed(b.Bytes()); err != nil || !strings.Contains(b.String(), ">before</text>") {
			t.Errorf("%v; the picture is\n%s", err, &b)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b bytes.Buffer
	err := (&Writer{Film: filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "x"))}).Write(ctx, &b)
	if !errors.Is(err, context.Canceled) || b.Len() > 0 {
		t.Errorf("Write = %v, %d bytes; want %v, none", err, b.Len(), context.Canceled)
	}
}

// The error of the writer below is returned.
func TestFailingWriter(t *testing.T) {
	film := filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "x"))
	full := errors.New("no space left")
	if err := (&Writer{Film: film}).Write(t.Context(), failing{full}); !errors.Is(err, full) {
		t.Errorf("Write = %v; want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Pictures differ in all ids and in all rules; the same one is the same each time.
func TestIDs(t *testing.T) {
	a := write(t, &Writer{Film: filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "\x1b[31mone"))})
	b := write(t, &Writer{Film: filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "\x1b[31mtwo"))})
	if again := write(t, &Writer{Film: filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "\x1b[31mone"))}); again != a {
		t.Errorf("the same film as\n%s\nand\n%s", a, again)
	}
	ids := regexp.MustCompile(`id="([^".]*)`)
	seen := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(a, -1) {
		seen[m[1]] = true
	}
	for _, m := range ids.FindAllStringSubmatch(b, -1) {
		if seen[m[1]] {
			t.Errorf("both pictures have the id %s", m[1])
		}
	}
	moving := filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "x"), testcast.Out(time.Second, "y"))
	if err := (&Writer{Film: moving, ID: "a{}"}).Write(t.Context(), io.Discard); err == nil {
		t.Error(`the ID "a{}" is accepted`)
	}
	if got := write(t, &Writer{Film: moving, ID: "mine"}); !strings.Contains(got, `<svg xmlns="http://www.w3.org/2000/svg" id="mine" `) || !strings.Contains(got, `href="#mineb"`) {
		t.Errorf("the ids of the picture do not begin with mine:\n%s", got)
	}
	// Names never repeat.
	names := map[string]bool{}
	for i := range 20_000 {
		names[shortName(i)] = true
	}
	classes := map[string]bool{}
	for n := 0; len(classes) < 20_000; {
		c := className(&n)
		if classes[c] || c != strings.ToLower(c) {
			t.Fatalf("the class %s twice, or with a capital letter", c)
		}
		classes[c] = true
	}
	if len(names) != 20_000 {
		t.Errorf("%d names of 20000", len(names))
	}
}

func TestLoops(t *testing.T) {
	film := filmOf(format.Size{Cols: 20, Rows: 2}, testcast.Out(0, "x"), testcast.Out(time.Second, "y"))
	if got := write(t, &Writer{Film: film, Loops: 3}); !strings.Contains(got, `dur="4s" repeatCount="3" fill="freeze"`) {
		t.Errorf("the picture is not shown 3 times:\n%s", got)
	}
	if got := write(t, &Writer{Film: film, Still: true}); strings.Contains(got, "animate") {
		t.Errorf("the still moves:\n%s", got)
	}
	if got := write(t, &Writer{Film: film, Picture: &render.Picture{Scale: 2}}); !strings.Contains(got, `width="400" height="88" viewBox="0 0 200 44"`) {
		t.Errorf("the picture is not twice as large:\n%.300s", got)
	}
}

func TestSafeLink(t *testing.T) {
	for _, s := range []string{"https://example.com/a?b=c&d#e", "HTTP://a", "mailto:a@example.com", "ssh://host"} {
		if got := safeLink(s); got != s {
			t.Errorf("safeLink(%q) = %q; want it", s, got)
		}
	}
	for _, s := range []string{"", "a", "/a", "#a", "//a", "javascript:alert(1)", "JAVASCRIPT:x", " javascript:x", "java\tscript:x", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "blob:x", "http:x", "https://a b", "https://a\u202eb", "https://\ufffe"} {
		if got := safeLink(s); got != "" {
			t.Errorf("safeLink(%q) = %q; want none", s, got)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	cast := testcast.Work(1<<20, 10*time.Minute)
	film := &render.Film{Open: func() (format.Cast, error) { return cast, nil }}
	b.ReportAllocs()
	b.SetBytes(1 << 20)
	for b.Loop() {
		if err := (&Writer{Film: film}).Write(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// Times are exact to less than half a frame, also in long films.
func TestKeyTimes(t *testing.T) {
	for _, till := range []int64{1, 7, 30, 1934, 18090, 1 << 21, 1 << 35} {
		before, last := -1.0, int64(-1)
		for _, tick := range []int64{0, 1, 2, 3, till / 3, till/3 + 1, till / 2, till - 2, till - 1} {
			if tick <= last || tick >= till {
				continue
			}
			got, err := strconv.ParseFloat(string(appendKeyTime(nil, tick, till)), 64)
			if err != nil {
				t.Fatal(err)
			}
			if off := float64(tick) - got*float64(till); off < -1e-4 || off > .41 {
				t.Errorf("the key time of %d of %d is %v, %.3f frames early", tick, till, got, off)
			}
			if got <= before {
				t.Errorf("the key time of %d of %d is %v, after %v", tick, till, got, before)
			}
			before, last = got, tick
		}
	}
}
