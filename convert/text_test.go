package convert

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

// session returns a recording of outputs, one per second. An output that is a
// size becomes a resize.
func session(size format.Size, outputs ...string) format.Cast {
	return format.Cast{Header: format.Header{Size: size}, Events: func(yield func(format.Event, error) bool) {
		for i, out := range outputs {
			ev := format.Event{Time: time.Duration(i+1) * time.Second, Code: format.Output, Data: out}
			if _, err := format.ParseSize(out); err == nil {
				ev.Code = format.Resize
			}
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

func TestText(t *testing.T) {
	small := format.Size{Cols: 10, Rows: 4}
	for _, tt := range []struct {
		name    string
		outputs []string
		opts    TextOptions
		want    string
	}{
		{"what scrolls off is there", []string{"1\r\n2\r\n3\r\n4\r\n5\r\n6"}, TextOptions{}, "1\n2\n3\n4\n5\n6\n"},
		{"empty lines within, none at the end", []string{"1\r\n\r\n\r\n2\r\n\r\n"}, TextOptions{}, "1\n\n\n2\n"},
		{"a wrapped line is one", []string{"0123456789abcdefghijKLM\r\nx"}, TextOptions{}, "0123456789abcdefghijKLM\nx\n"},
		{"a wrapped line that scrolls off in parts", []string{strings.Repeat("0123456789", 7) + "\r\nx"}, TextOptions{}, strings.Repeat("0123456789", 7) + "\nx\n"},
		{"a wide character that did not fit", []string{"012345678日x"}, TextOptions{}, "012345678日x\n"},
		{"spaces at the end are none, within a wrapped line they stay", []string{"12345678   xy  \r\n"}, TextOptions{}, "12345678   xy\n"},
		{"clear keeps the text", []string{"one\r\n\r\ntwo\r\n", "\x1b[H\x1b[2J\x1b[3J", "three"}, TextOptions{}, "one\n\ntwo\nthree\n"},
		{"control-L, as terminals without ED 2 have it", []string{"$ one\r\n$ \x1b[H\x1b[J$ two"}, TextOptions{}, "$ one\n$\n$ two\n"},
		{"a reset too", []string{"one\x1bctwo"}, TextOptions{}, "one\ntwo\n"},
		{"clearing an empty screen adds nothing", []string{"\x1b[2J\x1b[2J\x1b[Hone"}, TextOptions{}, "one\n"},
		{"a progress bar is its last state", []string{"10 %\r", "50 %\r", "100 %\r\n", "done"}, TextOptions{}, "100 %\ndone\n"},
		{"a display that is drawn again is its last state", []string{"$ run\r\na 1\r\nb 1\r\n", "\x1b[2A\x1b[J", "a 2\r\nb 2\r\n"}, TextOptions{}, "$ run\na 2\nb 2\n"},
		{"a full-screen program is left out", []string{"$ vim\r\n", "\x1b[?1049h\x1b[2J\x1b[Htext", "\x1b[?1049l$ "}, TextOptions{}, "$ vim\n$\n"},
		{"colours and titles are no text", []string{"\x1b]0;title\x07\x1b[1;31mred\x1b[0m"}, TextOptions{}, "red\n"},
		{"a smaller window loses nothing", []string{"1\r\n2\r\n3\r\n4", "10x2", "\r\n5"}, TextOptions{}, "1\n2\n3\n4\n5\n"},
		{"a larger one brings nothing twice", []string{"1\r\n2\r\n3\r\n4\r\n5\r\n6", "10x8", "\r\n7"}, TextOptions{}, "1\n2\n3\n4\n5\n6\n7\n"},
		{"times are of the first character of a line", []string{"one", " more\r\n", "", "two\r\n", "3\r\n4\r\n5\r\n", "\x1b[2J\x1b[Hsix"}, TextOptions{Timestamps: true},
			"0:01.000  one more\n0:04.000  two\n0:05.000  3\n0:05.000  4\n0:05.000  5\n0:06.000  six\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := Text(&b, session(small, tt.outputs...), tt.opts); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No line of a plain log is lost, repeated or out of order, however the output
// is cut and the window resized.
func TestTextKeepsEveryLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		var log, want strings.Builder
		for i := range 200 {
			line := fmt.Sprintf("%d%s", i, strings.Repeat("x", rng.IntN(60)))
			log.WriteString(line + "\r\n")
			want.WriteString(line + "\n")
		}
		var outputs []string
		for rest := log.String(); rest != ""; {
			n := min(len(rest), 1+rng.IntN(300))
			outputs = append(outputs, rest[:n])
			rest = rest[n:]
			if rng.IntN(20) == 0 {
				outputs = append(outputs, fmt.Sprintf("80x%d", 2+rng.IntN(40)))
			}
		}
		var got strings.Builder
		if err := Text(&got, session(format.Size{Cols: 80, Rows: 24}, outputs...), TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// The text before an error is written, and the error is returned.
func TestTextError(t *testing.T) {
	broken := errors.New("broken")
	cast := format.Cast{Events: func(yield func(format.Event, error) bool) {
		if yield(format.Event{Code: format.Output, Data: "some"}, nil) {
			yield(format.Event{}, broken)
		}
	}}
	var b strings.Builder
	if err := Text(&b, cast, TextOptions{}); !errors.Is(err, broken) || b.String() != "some\n" {
		t.Errorf("Text = %v, %q", err, b.String())
	}
	r, w := io.Pipe()
	r.Close()
	if err := Text(w, session(format.Size{}, strings.Repeat("x\r\n", 100000)), TextOptions{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Text to a closed pipe = %v", err)
	}
}

// FuzzText checks that any recording converts, and that cutting it into events
// differently changes nothing.
func FuzzText(f *testing.F) {
	f.Add("one\r\n\x1b[H\x1b[2Jtwo", "30x7", "\x1b[8;50;90t\x1b[5S\x1bc\x1b[?1049h\x1b[2J")
	f.Add("日本\x1b[?3h\x1b[2J", "1x1", "\x1b[2;3r\x1b[10L\x1b[3M\x1b[L")
	f.Fuzz(func(t *testing.T, a, size, b string) {
		var whole, bytewise strings.Builder
		if err := Text(&whole, session(format.Size{Cols: 9, Rows: 5}, a, size, b), TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := format.ParseSize(size); err != nil {
			return // the pieces could form one
		}
		pieces := append(strings.Split(a, ""), size)
		if err := Text(&bytewise, session(format.Size{Cols: 9, Rows: 5}, append(pieces, strings.Split(b, "")...)...), TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if whole.String() != bytewise.String() && !strings.ContainsAny(a+b, "0123456789x") {
			t.Fatalf("character by character, Text = %q; want %q", bytewise.String(), whole.String())
		}
	})
}

func ExampleText() {
	cast, _, err := format.Open(strings.NewReader(`{"version":3,"term":{"cols":80,"rows":24}}
[0.5, "o", "$ make\r\n"]
[1.5, "o", "cc -c a.c\r\n"]
`))
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	Text(&b, cast, TextOptions{Timestamps: true})
	fmt.Print(b.String())
	// Output:
	// 0:00.500  $ make
	// 0:02.000  cc -c a.c
}
