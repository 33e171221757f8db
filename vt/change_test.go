package vt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// changes checks that the output of AppendChange brings a screen that has drawn past
// to the state of one that has drawn other, and that it stays there, whatever both
// draw next.
func changes(t *testing.T, past, other, future string, cols, rows int) {
	t.Helper()
	opts := []Option{NoSizeChange()}
	from, s, got := New(cols, rows, opts...), New(cols, rows, opts...), New(cols, rows, opts...)
	from.WriteString(past)
	got.WriteString(past)
	s.WriteString(other)
	want, before := dump(s, false), dump(from, true)
	change := s.AppendChange([]byte("x"), from)[1:]
	same(t, "AppendChange changed the screen", dump(s, false), want)
	same(t, "AppendChange changed from", dump(from, true), before)
	got.Write(change)
	check(t, got)
	same(t, fmt.Sprintf("after the change %q", change), dump(got, false), want)

	if again := s.AppendChange(nil, got); s.AtRest() && len(again) > 0 {
		t.Fatalf("after the change %q there is another: %q", change, again)
	}
	if !s.AtRest() {
		return
	}
	for i := range future {
		s.WriteString(future[i : i+1])
		got.WriteString(future[i : i+1])
		if i < 8 || i == len(future)-1 {
			same(t, fmt.Sprintf("the change %q, then %q", change, future[:i+1]), dump(got, false), dump(s, false))
		}
	}
}

// futures are the outputs that depend most on what came before.
var futures = []string{
	"\x1b[3bx", "\u0301x", "\u200d\U0001F4BB", "\ufe0f!", "\U0001F1F5\U0001F1F5", "\u094dक", "\x1b8z\x1b[?1047hy\x1b[?1049l",
	"\x7f\x1b[b", "\x1b[23t\x1b[23t", "\x1b[?1;5;6;7;12;25;45;66;69;1004;2004;2026;2027r", "\t\tx\x1b[Z",
	"\n\n\n\n\x1bM\x1bM\x1b[5L", "q\x0eq\x1bnq\x1boq\x1bNqq", strings.Repeat("wrap ", 12),
}

func FuzzChange(f *testing.F) {
	corpusSeeds(f, func(s string) {
		f.Add([]byte(s), []byte("\x1b[?1049h\x1b[5;6rsome\u0301text"), []byte(futures[len(s)%len(futures)]), uint16(20+37*6))
		f.Add([]byte("one\r\ntwo\x1b[?1049h"), []byte(s), []byte(futures[len(s)%len(futures)]), uint16(20+37*6))
	})
	f.Fuzz(func(t *testing.T, past, other, future []byte, dim uint16) {
		cols, rows := size(dim)
		changes(t, string(past), string(other), string(future), cols, rows)
	})
}

// TestChange checks AppendChange with random outputs: 500 pairs, or for as long as
// VT_PROPERTIES says.
func TestChange(t *testing.T) {
	start := time.Now()
	limit, _ := time.ParseDuration(os.Getenv("VT_PROPERTIES"))
	first := uint64(0)
	if limit > 0 {
		first = uint64(start.UnixNano())
	}
	rest, n := 0, uint64(0)
	for ; n < 500 || time.Since(start) < limit; n++ {
		r := rand.New(rand.NewPCG(first+n, 3))
		cols, rows := 2+r.IntN(30), 1+r.IntN(9)
		if r.IntN(3) == 0 {
			cols, rows = 2+r.IntN(3), 1+r.IntN(3)
		}
		g := newGenerator(first+n, cols, rows)
		past := g.stream(1 + r.IntN(60))
		other := past + g.stream(1+r.IntN(20))
		if r.IntN(2) == 0 {
			other = g.stream(1 + r.IntN(60))
		}
		future := g.stream(10)
		if r.IntN(2) == 0 {
			future = futures[r.IntN(len(futures))] + future
		}
		ok := t.Run(strconv.FormatUint(first+n, 10), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%dx%d\npast   %q\nother  %q\nfuture %q", cols, rows, past, other, future)
				}
			})
			changes(t, past, other, future, cols, rows)
		})
		if !ok {
			return
		}
		s := New(cols, rows)
		if s.WriteString(other); s.AtRest() {
			rest++
		}
	}
	t.Logf("%d pairs, %d of which end at rest", n, rest)
	if rest < int(n)/2 {
		t.Errorf("only %d of %d outputs end at rest", rest, n)
	}
}

// TestChangeOfCorpus checks AppendChange between every two of a few places in each of
// the recorded programs.
func TestChangeOfCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("TestChangeOfCorpus is skipped with -short: it is long and uses one goroutine")
	}
	names, err := filepath.Glob(filepath.Join(testcorpus.Dir(t, "vt/xterm.js"), "*.in"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no inputs: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data = data[:min(len(data), 20000)]
		for i := range 4 {
			for j := range 5 {
				past, other := string(data[:len(data)*i/4]), string(data[:len(data)*j/4])
				changes(t, past, other, string(data[len(data)*j/4:min(len(data), len(data)*j/4+50)]), 80, 25)
			}
		}
	}
}

// A tall screen is scrolled by a few rows; for many, it is painted.
func TestChangeOfATallScreen(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "line %d\r\n", i)
	}
	for _, by := range []int{100, 300} {
		from, s := New(12, 1000), New(12, 1000)
		from.WriteString(b.String())
		s.WriteString(b.String() + strings.Repeat("new\r\n", by))
		change := s.AppendChange(nil, from)
		if painted := len(change) > 5000; painted != (by > maxScroll) {
			t.Errorf("scrolled by %d rows: the change has %d bytes", by, len(change))
		}
		from.Write(change)
		if got, want := from.AppendState(nil), s.AppendState(nil); !bytes.Equal(got, want) {
			t.Errorf("scrolled by %d rows: the change leads to another screen", by)
		}
	}
}

// TestChangeIsLeast checks the bytes of some changes.
func TestChangeIsLeast(t *testing.T) {
	full := strings.Repeat("all work and no play\r\n", 11)
	numbered := ""
	for i := range 30 {
		numbered += fmt.Sprintf("this is line %d\r\n", i)
	}
	for _, c := range []struct {
		name, past, other string
		most              int
	}{
		{"nothing", full + "\x1b[31;4m\x1b]8;;http://x/\x07link", "", 0},
		{"one cell", full, "\x1b[3;5H!\x1b[12H", 20},
		{"one cell, in colour", full, "\x1b[3;5H\x1b[1;38;2;1;2;3mX\x1b[m\x1b[12H", 40},
		{"a character is typed", full + "$ l", "s", 8},
		{"a prompt goes", full + "$ ls", "\x1b[4D\x1b[J", 20},
		{"lines scroll", numbered, "next\r\n\r\nlast", 32},
		{"the screen is cleared", full, "\x1b[H\x1b[2J", 16},
		{"the title", full, "\x1b]2;title\x07", 24},
		{"the pen", full, "\x1b[1m", 6},
		{"the cursor is hidden", full, "\x1b[?25l", 6},
		{"a mode and a program's keys", full, "\x1b[?2004h\x1b=", 16},
		{"the pen's link ends", full + "\x1b]8;;http://x/\x07link", "\x1b]8;;\x07", 8},
		{"a colour of the palette", full, "\x1b]4;1;#ff0000\x07", 24},
		{"a title on the stack", "\x1b]2;a\x07\x1b[22t", "\x1b]2;b\x07\x1b[22t", 32},
		{"an editor comes and goes", full + "$ ", "\x1b[?1049h\x1b[2Jtext\x1b[?1049l", 12},
	} {
		from, s := New(80, 24), New(80, 24)
		from.WriteString(c.past)
		s.WriteString(c.past + c.other)
		change := s.AppendChange(nil, from)
		if len(change) > c.most || len(change) == 0 && c.most > 0 {
			t.Errorf("%s: %q has %d bytes; want at most %d", c.name, change, len(change), c.most)
		}
		if again := s.AppendChange(nil, s); len(again) > 0 {
			t.Errorf("%s: from itself: %q; want nothing", c.name, again)
		}
	}

	from, s := New(80, 24), New(80, 24)
	s.WriteString(full)
	change := s.AppendChange(nil, from)
	if !bytes.HasPrefix(change, []byte("\x1b[?2026h")) || !bytes.Contains(change, []byte("\x1b[?2026l")) {
		t.Errorf("a large change is no synchronized update: %q", change)
	}
	if s.WriteString("\x1b[?2026h"); !bytes.HasPrefix(s.AppendChange(nil, from), []byte("\x1b[?2026h")) ||
		bytes.Contains(s.AppendChange(nil, from), []byte("\x1b[?2026l")) {
		t.Errorf("within an update, the change %q does not leave the terminal in one", s.AppendChange(nil, from))
	}
}

func TestAtRest(t *testing.T) {
	for _, c := range []struct {
		in   string
		want bool
	}{
		{"", true}, {"text", true}, {"日本", true}, {"e\u0301", true}, {"\x1b[31mred", true}, {"0123456789", true},
		{"\x1b[?2027h\U0001F469\u200d\U0001F4BB", true}, {"\x1b[?2027h\U0001F1EF", true}, {"\x1b(0q", true},
		{"\x1b", false}, {"\x1b[3", false}, {"\x1b]2;title", false}, {"\x1bPq", false}, {"\xe6\x97", false}, {"\x1bN", false},
		{"\x1b_text", false}, {"\x1b[4htext", false}, {"\x1b[4htext\x1b[D", true}, {"\x1b(0\x1bNq", false},
	} {
		s := New(10, 3)
		s.WriteString(c.in)
		if got := s.AtRest(); got != c.want {
			t.Errorf("after %q: AtRest() = %v; want %v", c.in, got, c.want)
		}
	}
}
