package redact

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	drawing "github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// TestReplaceCorpus replaces words of strangers' recordings. At each event, the cursor is
// where it was, each occurrence that the source shows is the new text in the result, and
// everything else is as it was, but for parts of an occurrence that is half drawn or
// wrapped.
func TestReplaceCorpus(t *testing.T) {
	occurrences, events := 0, 0
	for _, path := range testcorpus.Files(t, "casts/*.cast*", 69) {
		src := readTape(t, path)
		if len(src.stream(format.Output)) > 300<<10 {
			continue
		}
		random := rand.New(rand.NewPCG(3, uint64(len(src.events))))
		old := wordOf(src, random)
		if old == "" {
			continue
		}
		r := Replacement{old, strings.Repeat("Q", 1+random.IntN(len(old)))}
		got := replaced(t, src, r)
		if len(got.events) != len(src.events) {
			t.Fatalf("%s: %d events became %d", path, len(src.events), len(got.events))
		}
		a, b := drawing.New(src.header), drawing.New(src.header)
		for i := range src.events {
			a.Feed(src.events[i])
			b.Feed(got.events[i])
			n, wrong := compareReplaced(a.Screen, b.Screen, r)
			if occurrences += n; wrong != "" {
				t.Errorf("%s: %q replaced by %q, event %d: %s", filepath.Base(path), r.Old, r.New, i, wrong)
				break
			}
		}
		events += len(src.events)
	}
	t.Logf("%d occurrences after %d events", occurrences, events)
}

// compareReplaced returns the number of occurrences on a, and what is wrong on b.
func compareReplaced(a, b *vt.Screen, r Replacement) (n int, wrong string) {
	if ac, bc := a.Cursor(), b.Cursor(); ac.X != bc.X || ac.Y != bc.Y || ac.Pending != bc.Pending {
		return 0, "the cursor has moved"
	}
	_, rows := a.Size()
	now := r.New + strings.Repeat(" ", len(r.Old)-len(r.New))
	for y := range rows {
		was, is := a.Row(y).Text(), b.Row(y).Text()
		count := strings.Count(was, r.Old)
		if was == is && count == 0 {
			continue
		}
		n += count
		was, is = cellBytes(a, y), cellBytes(b, y)
		want := strings.ReplaceAll(was, r.Old, now)
		for x := 0; x < len(want); x++ {
			if is[x] == want[x] {
				continue
			}
			end := x // of the cells that differ
			for end < len(want) && is[end] != want[end] {
				end++
			}
			if !partReplaced(was[x:end], is[x:end], r.Old, now) {
				return n, fmt.Sprintf("%q became %q; want %q", was, is, want)
			}
			x = end
		}
	}
	return n, ""
}

// partReplaced reports whether is has a part of now in place of the same part of old.
func partReplaced(was, is, old, now string) bool {
	for i := 0; i+len(was) <= len(old); i++ {
		if old[i:i+len(was)] == was && now[i:i+len(was)] == is {
			return true
		}
	}
	return false
}

// cellBytes returns a row with one byte for each cell: "?" for all but ASCII.
func cellBytes(s *vt.Screen, y int) string {
	row := s.Row(y)
	text := make([]byte, row.Len())
	for x := range text {
		switch c := row.Cell(x); {
		case c.Empty():
			text[x] = ' '
		case c.Rune() < 0 || c.Rune() > 127 || c.Width() == 0:
			text[x] = '?'
		default:
			text[x] = byte(c.Rune())
		}
	}
	return string(text)
}

func readTape(t *testing.T, path string) *tape {
	t.Helper()
	f, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src := &tape{header: f.Header}
	for ev, err := range f.Events {
		if err != nil {
			break
		}
		src.events = append(src.events, ev)
	}
	return src
}

// wordOf returns a word that a recording shows.
func wordOf(src *tape, random *rand.Rand) string {
	s := drawing.New(src.header)
	var words []string
	for i, ev := range src.events {
		s.Feed(ev)
		if random.IntN(len(src.events)) > 20 && i < len(src.events)-1 {
			continue
		}
		_, rows := s.Size()
		for y := range rows {
			for _, w := range strings.FieldsFunc(s.Row(y).Text(), func(r rune) bool { return !unicode.IsLetter(r) || r > 127 }) {
				if len(w) >= 4 {
					words = append(words, w)
				}
			}
		}
	}
	if len(words) == 0 {
		return ""
	}
	return words[random.IntN(len(words))]
}
