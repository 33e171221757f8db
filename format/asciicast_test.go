package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

var update = flag.Bool("update", false, "rewrite golden files")

// reading is the complete result of reading a recording.
type reading struct {
	Format   string
	Header   Header
	Events   []Event
	Warnings []Warning
	Err      error
}

func read(r io.Reader, opts ...Option) reading {
	var got reading
	cast, f, err := Open(r, append(opts, OnWarning(func(w Warning) { got.Warnings = append(got.Warnings, w) }))...)
	if f != nil {
		got.Format = f.Name
	}
	if got.Err = err; err != nil {
		return got
	}
	got.Header = cast.Header
	for ev, err := range cast.Events {
		if got.Err = err; err != nil {
			break
		}
		got.Events = append(got.Events, ev)
	}
	return got
}

func readString(s string, opts ...Option) reading { return read(strings.NewReader(s), opts...) }

// written returns src as a recording in format f.
func written(t testing.TB, f *Format, src Cast) string {
	t.Helper()
	var b bytes.Buffer
	w, err := f.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := Copy(w, src); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// castOf returns a recording of a header and events.
func castOf(h Header, events ...Event) Cast {
	return Cast{Header: h, Events: func(yield func(Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

var ignoreSource = cmpopts.IgnoreUnexported(Header{})

const (
	v2 = `{"version": 2, "width": 80, "height": 24}` + "\n"
	v3 = `{"version":3,"term":{"cols":80,"rows":24}}` + "\n"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func TestReadHeader(t *testing.T) {
	palette := strings.Repeat(":#010203", 16)[1:]
	theme := &Theme{Fg: RGB{0xd0, 0xd0, 0xd0}, Bg: RGB{0x21, 0x21, 0x21}}
	for range 16 {
		theme.Palette = append(theme.Palette, RGB{1, 2, 3})
	}
	full := Header{
		Size:  Size{100, 30},
		Term:  Term{Type: "xterm-256color", Theme: theme},
		Start: time.Unix(1509091818, 0).UTC(), IdleLimit: 1500 * time.Millisecond,
		Command: "/bin/bash -l", Title: "Demo ż",
		Env:   map[string]string{"SHELL": "/bin/zsh"},
		Extra: []Field{{"foo", `{"bar": [1,2]}`}, {"parent", "7"}},
	}
	withVersion := full
	withVersion.Term.Version = "tmux 3.3a"
	withVersion.Term.Extra = []Field{{"px", "[1,2]"}}
	withVersion.Tags = []string{"a", "b"}
	withDuration := full
	withDuration.Duration = 12500 * time.Millisecond
	for _, tt := range []struct {
		name, text string
		format     *Format
		want       Header
	}{
		{"v1", `{"version": 1, "width": 100, "height": 30, "duration": 12.5, "command": "/bin/bash -l", "title": "Demo ż",
			"env": {"TERM": "xterm-256color", "SHELL": "/bin/zsh"}, "stdout": [[1, "x"]], "timestamp": 1509091818, "idle_time_limit": 1.5,
			"foo": {"bar": [1,2]}, "parent": 7, "theme": {"fg": "#d0d0d0", "bg": "#212121", "palette": "` + palette + `"}}`, AsciicastV1, withDuration},
		{"v2", `{"version": 2, "width": 100, "height": 30, "timestamp": 1509091818, "duration": 12.5, "idle_time_limit": 1.5, "command": "/bin/bash -l",
			"title": "Demo \u017c", "env": {"TERM": "xterm-256color", "SHELL": "/bin/zsh"}, "foo": {"bar": [1,2]}, "parent": 7,
			"theme": {"fg": "#d0d0d0", "bg": "#212121", "palette": "` + palette + `"}}`, AsciicastV2, withDuration},
		{"v3", `{"version":3,"term":{"cols":100,"rows":30,"type":"xterm-256color","version":"tmux 3.3a","px":[1,2],
			"theme":{"fg":"#d0d0d0","bg":"#212121","palette":"` + palette + `"}},"timestamp":1509091818,"idle_time_limit":1.5,"command":"/bin/bash -l",
			"title":"Demo ż","env":{"SHELL":"/bin/zsh"},"tags":["a","b"],"foo":{"bar": [1,2]},"parent":7}`, AsciicastV3, withVersion},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			if tt.format != AsciicastV1 {
				text = strings.ReplaceAll(strings.ReplaceAll(text, "\n", ""), "\t", "") + "\n"
			}
			got := readString(text)
			if got.Err != nil || len(got.Warnings) > 0 || got.Format != tt.format.Name {
				t.Fatalf("reading = %s, %v, %v", got.Format, got.Err, got.Warnings)
			}
			if diff := cmp.Diff(tt.want, got.Header, ignoreSource); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// Written in any version, the header reads the same, except for
			// what that version cannot store.
			for _, f := range []*Format{AsciicastV1, AsciicastV2, AsciicastV3} {
				want := got.Header
				if f != AsciicastV3 {
					want.Term.Version, want.Term.Extra = "", nil
				}
				if f != AsciicastV2 {
					want.Duration = 0
				}
				back := readString(written(t, f, Cast{Header: got.Header, Events: castOf(Header{}).Events}))
				if diff := cmp.Diff(want, back.Header, ignoreSource); diff != "" {
					t.Errorf("through %s (-want +got):\n%s", f, diff)
				}
			}
		})
	}
}

// The header is the one that asciinema 3 would write.
func TestWriteHeader(t *testing.T) {
	h := Header{
		Size: Size{80, 24}, Term: Term{Type: "xterm-256color", Version: "kitty(0.40)"},
		Start: time.Unix(1700000000, 999), IdleLimit: 2 * time.Second, Command: "sh -c \"ls\"", Title: "é",
		Env: map[string]string{"SHELL": "/bin/zsh", "LANG": "C"},
	}
	got := written(t, AsciicastV3, castOf(h))
	want := `{"version":3,"term":{"cols":80,"rows":24,"type":"xterm-256color","version":"kitty(0.40)"},"timestamp":1700000000,` +
		`"idle_time_limit":2.0,"command":"sh -c \"ls\"","title":"é","env":{"LANG":"C","SHELL":"/bin/zsh"}}` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// A recording by asciinema 3 is copied byte for byte, and so is any other with
// the same spacing.
func TestCopyVerbatim(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"asciinema 3.1", `{"version":3,"term":{"cols":80,"rows":24,"type":"xterm"},"timestamp":1700000000,"env":{"SHELL":"/bin/bash"}}
[0.248, "o", "\u001b[1;31mHello\u001b[0m \"q\" \\ \t\b\f\u0000 ż` + "\x7f\u0085" + `"]
# a comment
[0.001, "i", "\u0003"]
[1.001, "m", "chapter \"1\""]
[0.000, "r", "100x30"]
[0.010, "x", "3"]
`},
		{"asciinema 3.0", `{"version":3,"term":{"cols":80,"rows":24},"env":{"SHELL":"/bin/bash"}}
[0.248848, "o", "a"]
[0.000001, "o", "b"]
[12.000000, "o", ""]
`},
		{"keys that are unknown, in an order of their own", `{"foo": [1, 2], "term": {"rows": 24, "px": 3, "cols": 80}, "version": 3, "theme": {}}
[1.000, "o", "a"]
[1.000, "zz", "of no known code"]
[1.000, "z", {"k": [1, 2.50, null]}]
[1.000, "#", "no comment"]
`},
		{"asciinema 3, version 2", `{"version":2,"width":80,"height":24,"timestamp":1700000000,"idle_time_limit":1.0,"env":{"TERM":"xterm","SHELL":"/bin/bash"}}
[0.0, "o", "a"]
[1.5, "o", "b"]
[1.500001, "r", "81x24"]
[90061.25, "m", ""]
`},
		{"asciinema 2", `{"version": 2, "width": 80, "height": 24, "timestamp": 1700000000, "env": {"SHELL": "/bin/bash", "TERM": "xterm"}}
[0.012345, "o", "\u001b]0;t\u0007\r\n"]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cast, f, err := Open(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.text, written(t, f, cast)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A changed header is written anew, with its unknown keys.
func TestCopyChangedHeader(t *testing.T) {
	cast, f, err := Open(strings.NewReader(`{"foo": [1, 2],   "version":3, "term":{"cols":80,"rows":24,"px":3},"title":"old"}` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	cast.Header.Title = "new"
	want := `{"version":3,"term":{"cols":80,"rows":24,"px":3},"title":"new","foo":[1, 2]}` + "\n"
	if got := written(t, f, cast); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// No event is more than half a millisecond off in version 3, or half a
// microsecond in versions 1 and 2, however many there are.
func TestTimesDoNotDrift(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n /= 10
	}
	for _, tt := range []struct {
		f    *Format
		most time.Duration
	}{{AsciicastV3, 500 * time.Microsecond}, {AsciicastV2, 500}, {AsciicastV1, 500}} {
		t.Run(tt.f.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 14))
			times := make([]time.Duration, n)
			now := time.Duration(0)
			for i := range times {
				switch rng.IntN(3) {
				case 0:
					now += time.Duration(rng.Int64N(400_000)) // below a millisecond, where rounding could drift
				case 1:
					now += time.Duration(rng.Int64N(3_000_000))
				}
				times[i] = now
			}
			pr, pw := io.Pipe()
			go func() {
				w, _ := tt.f.NewWriter(pw)
				pw.CloseWithError(Copy(w, Cast{Events: func(yield func(Event, error) bool) {
					for _, at := range times {
						if !yield(Event{Time: at, Code: Output, Data: "x"}, nil) {
							return
						}
					}
				}}))
			}()
			cast, _, err := Open(pr)
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			for ev, err := range cast.Events {
				if err != nil {
					t.Fatal(err)
				}
				if off := (ev.Time - times[i]).Abs(); off > tt.most {
					t.Fatalf("event %d is %v off", i, off)
				}
				i++
			}
			if i != n {
				t.Errorf("read %d events; want %d", i, n)
			}
		})
	}
}

func TestSplitCharacters(t *testing.T) {
	o := func(at int, data string) Event { return Event{Time: ms(at), Code: Output, Data: data} }
	in := func(at int, data string) Event { return Event{Time: ms(at), Code: Input, Data: data} }
	exit := Event{Time: ms(9), Code: Exit, Data: "0"}
	for _, tt := range []struct {
		name     string
		in, want []Event
		replaced int
	}{
		{"in two", []Event{o(1, "a\xc5"), o(2, "\xbcb")}, []Event{o(1, "a"), o(2, "żb")}, 0},
		{"byte by byte", []Event{o(1, "\xf0"), o(2, "\x9f"), o(3, "\x98"), o(4, "\x80")}, []Event{o(4, "😀")}, 0},
		{"around other events", []Event{o(1, "\xe2\x82"), in(2, "x"), {Time: ms(3), Code: Marker}, o(4, "\xac")},
			[]Event{in(2, "x"), {Time: ms(3), Code: Marker}, o(4, "€")}, 0},
		{"input and output apart", []Event{o(1, "\xe2\x82"), in(2, "\xc5"), o(3, "\xac"), in(4, "\xbc")}, []Event{o(3, "€"), in(4, "ż")}, 0},
		{"never completed", []Event{o(1, "a\xe2\x82"), o(2, "b"), exit}, []Event{o(1, "a"), o(2, "\uFFFD\uFFFDb"), exit}, 2},
		{"cut off at the end", []Event{o(1, "a"), o(2, "\xe2\x82"), exit}, []Event{o(1, "a"), o(9, "\uFFFD\uFFFD"), exit}, 2},
		{"no UTF-8 at all", []Event{o(1, "caf\xe9 \xff\xfe!")}, []Event{o(1, "caf\uFFFD \uFFFD\uFFFD!")}, 3},
		{"an empty event stays", []Event{o(1, ""), o(2, "\xc5"), o(3, "")}, []Event{o(1, ""), o(3, ""), o(3, "\uFFFD")}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range []*Format{AsciicastV2, AsciicastV3} {
				var b bytes.Buffer
				w, _ := f.NewWriter(&b)
				if err := Copy(w, castOf(Header{Size: Size{80, 24}}, tt.in...)); err != nil {
					t.Fatal(err)
				}
				got := read(&b)
				if diff := cmp.Diff(tt.want, got.Events); diff != "" || got.Err != nil || got.Warnings != nil {
					t.Errorf("%s: %v %v (-want +got):\n%s", f, got.Err, got.Warnings, diff)
				}
				replaced := 0
				for _, l := range LossesOf(w) {
					replaced += l.N
				}
				if replaced != tt.replaced {
					t.Errorf("%s: replaced %d bytes; want %d", f, replaced, tt.replaced)
				}
			}
		})
	}
}

// TestBadInput compares the events, errors and warnings of every bad recording
// with testdata/bad-casts.txt.
func TestBadInput(t *testing.T) {
	files := testcorpus.Glob(t, "testdata/bad-casts/*.cast", 158)
	var table strings.Builder
	table.WriteString("# The result of reading each file of bad-casts: its events (time, code, data), then the error or warnings.\n")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := read(bytes.NewReader(text))
		fmt.Fprintf(&table, "\n%s: %s %s\n", filepath.Base(path), got.Format, got.Header.Size)
		for _, ev := range got.Events {
			fmt.Fprintf(&table, "\t%v %s %s\n", ev.Time, ev.Code, strconv.QuoteToASCII(ev.Data))
		}
		for _, w := range got.Warnings {
			fmt.Fprintf(&table, "\twarning: %s\n", w)
		}
		if got.Err != nil {
			fmt.Fprintf(&table, "\terror: %v\n", got.Err)
		}

		// Byte by byte, as from a slow pipe, the result is the same.
		if slow := read(iotest.OneByteReader(bytes.NewReader(text))); !sameReading(got, slow) {
			t.Errorf("%s: byte by byte, reading =\n%+v; want\n%+v", path, slow, got)
		}
		// Strict reading returns the first warning as its error, with the line.
		strict := read(bytes.NewReader(text), Strict())
		switch {
		case len(got.Warnings) == 0 && fmt.Sprint(strict.Err) != fmt.Sprint(got.Err):
			t.Errorf("%s: strict reading = %v; want %v, as in lenient reading", path, strict.Err, got.Err)
		case len(got.Warnings) > 0:
			syntax, ok := errors.AsType[*SyntaxError](strict.Err)
			if !ok || syntax.Line != got.Warnings[0].Line || !strings.Contains(syntax.Error(), got.Warnings[0].Kind) {
				t.Errorf("%s: strict reading = %v; want an error for %s", path, strict.Err, got.Warnings[0])
			}
		}
	}
	golden(t, "testdata/bad-casts.txt", table.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func sameReading(a, b reading) bool {
	return cmp.Equal(a, b, ignoreSource, cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) }))
}

// TestRealRecordings reads recordings by many programs and people. It compares
// them with the counts of another reader in INDEX.tsv, and checks the warnings.
func TestRealRecordings(t *testing.T) {
	// The kinds of warnings, by file; all other files are faultless.
	warned := map[string]string{
		"hmyuuu__playground__test.cast":         "no line break at the end",
		"tnk4on__terminal-demo-video__out.cast": "CRLF line ends",
	}
	index := readIndex(t, filepath.Join(testcorpus.Dir(t, "casts"), "INDEX.tsv"))
	files := append(testcorpus.Files(t, "casts/*.cast", 68), testcorpus.Files(t, "casts/*.cast.gz", 1)...)
	files = append(files, testcorpus.Files(t, "casts/*.json", 1)...)
	for _, path := range files {
		name := filepath.Base(path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := read(f)
		if got.Err != nil {
			t.Errorf("%s: %v", name, got.Err)
			continue
		}
		kinds := map[string]bool{}
		for _, w := range got.Warnings {
			kinds[w.Kind] = true
		}
		var list []string
		for kind := range kinds {
			list = append(list, kind)
		}
		if got := strings.Join(list, ", "); got != warned[name] {
			t.Errorf("%s: warnings = %q; want %q", name, got, warned[name])
		}
		want, ok := index[name]
		if !ok {
			t.Errorf("%s is not in the index", name)
			continue
		}
		events, length := 0, time.Duration(0)
		for _, ev := range got.Events {
			if ev.Code != Comment {
				events++
			}
			length = ev.Time
		}
		if fmt.Sprint(events) != want.events || fmt.Sprintf("%.1f", length.Seconds()) != want.seconds {
			t.Errorf("%s: read %d events, %.1f s; want %s, %s s", name, events, length.Seconds(), want.events, want.seconds)
		}

		// Converted to each version and read back, it is the same.
		for _, to := range []*Format{AsciicastV1, AsciicastV2, AsciicastV3} {
			back := readString(written(t, to, castOf(got.Header, got.Events...)))
			checkSame(t, name+" through "+to.Name, got, back, to)
		}
	}
}

type indexRow struct{ events, seconds string }

func readIndex(t *testing.T, path string) map[string]indexRow {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]indexRow{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, "\t"); len(f) >= 8 {
			rows[f[0]] = indexRow{f[6], f[7]}
		}
	}
	return rows
}

// checkSame compares a recording that went through format to with the original,
// except for what the format cannot store.
func checkSame(t *testing.T, name string, want, got reading, to *Format) {
	t.Helper()
	most := 500 * time.Microsecond
	if to != AsciicastV3 {
		most = 500
	}
	if got.Err != nil || got.Warnings != nil {
		t.Errorf("%s: %v %v", name, got.Err, got.Warnings)
		return
	}
	h := want.Header
	if to != AsciicastV3 {
		h.Term.Version, h.Term.Extra = "", nil
	}
	if to != AsciicastV2 {
		h.Duration = 0
	}
	h.Start = h.Start.Truncate(time.Second)
	h.Size = h.Size.OrDefault()
	if len(h.Env) == 0 {
		h.Env = nil
	}
	got.Header.Duration = h.Duration
	if diff := cmp.Diff(h, got.Header, ignoreSource); diff != "" {
		t.Errorf("%s: header (-want +got):\n%s", name, diff)
	}
	var events []Event
	for _, ev := range want.Events {
		if to == AsciicastV1 && ev.Code != Output || to == AsciicastV2 && ev.Code == Comment {
			continue
		}
		events = append(events, ev)
	}
	if len(events) != len(got.Events) {
		t.Errorf("%s: read %d events; want %d", name, len(got.Events), len(events))
		return
	}
	for i, ev := range events {
		g := got.Events[i]
		if off := (g.Time - ev.Time).Abs(); off > most {
			t.Errorf("%s: event %d is %v off", name, i, off)
			return
		}
		ev.Time, g.Time = 0, 0
		ev.Data = strings.ToValidUTF8(ev.Data, "\uFFFD")
		if ev != g {
			t.Errorf("%s: event %d = %+v; want %+v", name, i, g, ev)
			return
		}
	}
}

func TestLimits(t *testing.T) {
	t.Run("a line too long costs that line, and its memory is not kept", func(t *testing.T) {
		long := io.MultiReader(strings.NewReader(v3+`[1, "o", "a"]`+"\n"+`[1, "o", "`),
			io.LimitReader(endless('x'), 10*MaxLine), strings.NewReader("\"]\n"+`[1, "o", "b"]`+"\n"))
		got := read(long)
		want := []Event{{Time: time.Second, Code: Output, Data: "a"}, {Time: 2 * time.Second, Code: Output, Data: "b"}}
		if diff := cmp.Diff(want, got.Events); diff != "" || got.Err != nil {
			t.Errorf("%v (-want +got):\n%s", got.Err, diff)
		}
		if len(got.Warnings) != 1 || got.Warnings[0].Line != 3 || got.Warnings[0].Kind != "line too long" {
			t.Errorf("warnings = %v", got.Warnings)
		}
	})
	t.Run("an event of 4 MiB is none too long", func(t *testing.T) {
		data := strings.Repeat("A", 4<<20)
		got := readString(v2 + `[0.05, "o", "` + data + "\"]\n")
		if len(got.Events) != 1 || got.Events[0].Data != data || got.Warnings != nil {
			t.Errorf("read %d events, warnings %v", len(got.Events), got.Warnings)
		}
	})
	t.Run("a header too long", func(t *testing.T) {
		text := `{"version": 2, "width": 80, "height": 24, "title": "` + strings.Repeat("x", MaxHeader) + "\"}\n"
		if got := readString(text); got.Err == nil || !strings.Contains(got.Err.Error(), "line 1: asciicast-v2: header is longer than 1048576 bytes") {
			t.Errorf("err = %v", got.Err)
		}
	})
	t.Run("a header without an end", func(t *testing.T) {
		got := read(io.MultiReader(strings.NewReader(`{"version": 2, "width": 80, "x": [`), endless('[')))
		if got.Err == nil {
			t.Error("Open returned no error")
		}
	})
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// An error of the underlying reader is returned, after everything that could be
// read.
func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, text := range []string{"", v3[:10], v3, v3 + `[1, "o", "a"]` + "\n", v3 + `[1, "o", "a"]` + "\n" + `[1, "o`} {
		got := read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if !errors.Is(got.Err, broken) {
			t.Errorf("after %q: err = %v; want %v", text, got.Err, broken)
		}
		if want := strings.Count(text, `"a"]`); len(got.Events) != want {
			t.Errorf("after %q: read %d events; want %d", text, len(got.Events), want)
		}
	}
}

// An event from a pipe is returned as soon as its line is complete.
func TestReadAsItComes(t *testing.T) {
	pr, pw := io.Pipe()
	lines := make(chan string)
	go func() {
		for line := range lines {
			io.WriteString(pw, line)
		}
		pw.Close()
	}()
	lines <- v3
	cast, _, err := Open(pr)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	lines <- "[1, \"o\", \"a\"]\n"
	for ev, err := range cast.Events {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			close(lines)
			continue
		}
		if ev.Time != time.Duration(n)*time.Second {
			t.Errorf("event %d is at %v", n, ev.Time)
		}
		lines <- "[1, \"o\", \"a\"]\n"
	}
	if n != 3 {
		t.Errorf("read %d events; want 3", n)
	}
}

func FuzzAsciicast(f *testing.F) {
	for _, path := range testcorpus.Glob(f, "testdata/bad-casts/*.cast", 158) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 10_000 {
			f.Add(text)
		}
	}
	for _, found := range []string{ // found by fuzzing
		v2 + `[1000.0, "#", "\0"]`,
		"{\"width\":{},\n\"stdout\":0",
		`{"version":2,"width":80,"height":24,"timestamp":-7}`,
		`{"version":20`,
		v2 + `[5,"r","\ud83d"]`,
		`{"version":e,"width":0,"":4,"stdout":`,
		"{on\":3,\"\x7f\x00\x00\x00\"\"rm-256color\"},\"timest*amp\":1700000000,\"env\":{\"SHELL\":\"/bin/bash\"}}\n[0.1, \"o\", \"hello \"]\n[0.1, \"o\", \"b",
	} {
		f.Add([]byte(found))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := read(bytes.NewReader(text))
		last := time.Duration(0)
		for _, ev := range got.Events {
			if ev.Time < last || ev.Time > maxTime {
				t.Fatalf("an event at %v comes after one at %v", ev.Time, last)
			}
			last = ev.Time
			if ev.Code == Resize && !ev.JSON {
				if _, err := ev.Size(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if slow := read(iotest.OneByteReader(bytes.NewReader(text))); !sameReading(got, slow) {
			t.Fatalf("byte by byte: %+v; want %+v", slow, got)
		}
		if got.Err != nil {
			return
		}
		// Written again, it reads without a warning and is the same, except for
		// invalid UTF-8.
		for _, to := range []*Format{AsciicastV2, AsciicastV3} {
			text := written(t, to, castOf(got.Header, got.Events...))
			back := readString(text, Strict())
			if back.Err != nil {
				t.Fatalf("%s: %v in\n%s", to, back.Err, text)
			}
			if again := written(t, to, castOf(back.Header, back.Events...)); again != text {
				t.Fatalf("%s: written twice:\n%s; want\n%s", to, again, text)
			}
		}
	})
}

// Our string decoder agrees with encoding/json.
func FuzzUnquote(f *testing.F) {
	for _, s := range []string{"", "abc", `\u001b[31m\r\n`, `\"\\\/\b\f\n\r\t`, `\ud83d\ude00`, `\ud83d`, `\ude00\ud83d`, "ż😀", "\xff", `\x`, "a\x00b", `\u00e9\u0000`, `abcdefgh"`, `12345678\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, inside []byte) {
		src := append(append([]byte{'"'}, inside...), '"')
		got, end, quirks := unquote(make([]byte, 0, len(src)+8), src, 1)
		var want string
		err := json.Unmarshal(src, &want)
		if err == nil {
			if end != len(src) || quirks&^(loneSurrogate|invalidUTF8) != 0 || string(got) != want && quirks&invalidUTF8 == 0 {
				t.Fatalf("unquote(%q) = %q, %d, %b; want %q", src, got, end, quirks, want)
			}
			return
		}
		if end == len(src) && quirks&^(loneSurrogate|invalidUTF8) == 0 {
			t.Fatalf("unquote(%q) = %q without a quirk; encoding/json: %v", src, got, err)
		}
	})
}

// encoding/json decodes the output of our string encoder to the input.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "abc", "\x1b[31m\r\n\"\\\x00\x7f", "ż😀\u2028<>&", "\xff\xc5\xbc\xe2\x82", strings.Repeat("x", 100) + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, invalid := appendQuoted([]byte{'"'}, s)
		got = append(got, '"')
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("appendQuoted(%q) = %s: %v", s, got, err)
		}
		want, n := "", 0
		for _, r := range s {
			want += string(r) // U+FFFD for each invalid byte
		}
		for i, r := range s {
			if r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD") {
				n++
			}
		}
		if back != want || invalid != n {
			t.Fatalf("appendQuoted(%q) = %q, %d; want %q, %d", s, back, invalid, want, n)
		}
	})
}
