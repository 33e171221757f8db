package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/vt"
)

// loaded loads and indexes a recording.
func loaded(t *testing.T, cast format.Cast) *Tape {
	t.Helper()
	tape := New(cast)
	t.Cleanup(tape.Close)
	if err := tape.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tape
}

// findAllIn searches and returns the search with all hits.
func findAllIn(t *testing.T, tape *Tape, pattern string, from int, backward bool) *Search {
	t.Helper()
	h := tape.Search(NewPattern(pattern), from, backward)
	go h.Run()
	timeout := time.After(time.Minute)
	for !h.Done {
		select {
		case b := <-h.Batches():
			h.Take(b)
		case <-timeout:
			t.Fatal("the search does not end")
		}
	}
	h.Close()
	return h
}

// The index finds all text that was on the screen, at the time it appeared.
func TestIndex(t *testing.T) {
	sec := func(n int, s string) format.Event { return out(time.Duration(n)*time.Second, s) }
	var flood strings.Builder
	for i := range 200 {
		fmt.Fprintf(&flood, "flood %d\r\n", i)
	}
	tape := loaded(t, castOf(format.Header{Size: format.Size{Cols: 20, Rows: 5}},
		sec(1, "hello world\r\n"),
		sec(2, "\x1b[1;1H\x1b[2Koverwritten soon"),
		sec(3, "\r\x1b[2Kreplaced\r\n"),
		sec(4, flood.String()), // scrolls off within one piece
		sec(5, "\x1b[2J\x1b[1;1Hthis line is longer than the screen"),
		sec(6, "\x1b[?1049h\x1b[2;3Halternate"),
		sec(7, "\x1b[?1049l"),
		sec(8, "\r\n"), sec(9, "t"), sec(10, "y"), sec(11, "p"), sec(12, "ed"), sec(13, " on"),
		sec(14, "\r\n\x1b[7m漢字 wide e\u0301\x1b[m"),
	))
	tests := []struct {
		pattern string
		at      []int // in seconds
	}{
		{"world", []int{1}},
		{"WORLD", nil},
		{"(?i)WORLD", []int{1}},
		{"overwritten", []int{2}},
		{"replaced", []int{3}},
		{"flood 0$", []int{4}},
		{"flood 7$", []int{4}},
		{"flood 199", []int{4}},
		{"than the screen", []int{5}}, // over the wrap
		{"alternate", []int{6}},
		{"^typ", []int{11}},
		{"typed", []int{12}},
		{"漢字 wide", []int{14}},
		{"e\u0301", []int{14}},
		{"nowhere", nil},
		{"w.r+ld", []int{1}},
		{"[", nil}, // not a regular expression: searched literally
		{".*", nil},
	}
	for _, tt := range tests {
		var got []int
		for _, h := range findAllIn(t, tape, tt.pattern, 0, false).Hits {
			got = append(got, int(h.Time/time.Second))
		}
		if tt.pattern == ".*" {
			if len(got) < 8 {
				t.Errorf(".* is found at %v; want 8 or more hits", got)
			}
			continue
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.at) {
			t.Errorf("%q is found at %v; want %v", tt.pattern, got, tt.at)
		}
	}
}

// In a recording of many blocks a search finds the same hits wherever it begins, and
// each hit is on the screen.
func TestIndexOfManyBlocks(t *testing.T) {
	cast := testcast.Work(3<<20, time.Hour)
	tape := loaded(t, cast)
	if n := len(tape.index.blocks); n < 3 {
		t.Fatalf("the index has only %d blocks; want 3 or more", n)
	}
	end := tape.End().Number
	for _, pattern := range []string{"item 777", "error error error", "^server.*socket"} {
		all := findAllIn(t, tape, pattern, 0, false)
		if len(all.Hits) == 0 {
			t.Errorf("%q is not found", pattern)
		}
		for i := 1; i < len(all.Hits); i++ {
			if all.Hits[i].Number < all.Hits[i-1].Number {
				t.Fatalf("%q: the hits are out of order", pattern)
			}
		}
		for _, from := range []int{end / 3, end} {
			for _, backward := range []bool{false, true} {
				again := findAllIn(t, tape, pattern, from, backward)
				if len(again.Hits) != len(all.Hits) {
					t.Errorf("%q from %d, backward %v: %d hits; want %d", pattern, from, backward, len(again.Hits), len(all.Hits))
				}
			}
		}
		pos := tape.Position()
		re := NewPattern(pattern)
		for i, h := range all.Hits {
			if i%(len(all.Hits)/20+1) != 0 {
				continue
			}
			if err := pos.Seek(h.Number + 1); err != nil {
				t.Fatal(err)
			}
			if pattern[0] != '^' && !re.re.MatchString(joined(pos.Screen())) {
				t.Errorf("%q: the hit at %v is not on the screen", pattern, h.Time)
			}
		}
	}
	n, ok := 0, false
	all := findAllIn(t, tape, "module", 0, false)
	h, ok := all.Next(-1, false)
	for ; ok; h, ok = all.Next(h.Number, false) {
		n++
	}
	back := 0
	for h, ok = all.Next(end, true); ok; h, ok = all.Next(h.Number, true) {
		back++
	}
	if n != back || n < 1000 {
		t.Errorf("%d hits forward, %d backward; want the same number, 1000 or more", n, back)
	}
}

// joined returns a screen's text with wrapped lines joined.
func joined(s *vt.Screen) string {
	var b []byte
	_, rows := s.Size()
	for y := range rows {
		b = s.Row(y).AppendText(b)
		if !s.Row(y).Wrapped() {
			b = append(b, '\n')
		}
	}
	return string(b)
}
