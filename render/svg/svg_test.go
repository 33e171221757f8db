package svg

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	{"vim.cast", 160e3, 10},
	{"log10m.cast", 1.7e6, 600},
	{"fire.cast", 2.1e6, 300},
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
