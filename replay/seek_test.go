package replay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/vt"
)

// screenDiff reports the first difference between two screens; "" for none.
func screenDiff(a, b *vt.Screen) string {
	ac, ar := a.Size()
	bc, br := b.Size()
	if ac != bc || ar != br {
		return fmt.Sprintf("size %dx%d, %dx%d", ac, ar, bc, br)
	}
	if a.Cursor() != b.Cursor() || a.Title() != b.Title() || a.Modes() != b.Modes() || a.OnAlternate() != b.OnAlternate() {
		return fmt.Sprintf("cursor %+v, %+v; title %q, %q; modes %+v, %+v", a.Cursor(), b.Cursor(), a.Title(), b.Title(), a.Modes(), b.Modes())
	}
	for y := range ar {
		for x := range ac {
			p, q := a.Cell(x, y), b.Cell(x, y)
			if a.CellText(p) != b.CellText(q) || p.Fg() != q.Fg() || p.Bg() != q.Bg() || p.Attr() != q.Attr() || p.Width() != q.Width() ||
				a.CellUnderlineColor(p) != b.CellUnderlineColor(q) {
				return fmt.Sprintf("row %d column %d: %q %v, %q %v", y, x, a.CellText(p), p, b.CellText(q), q)
			}
		}
	}
	return ""
}

// Seeking to a time shows, cell for cell, the screen of playing to it from the
// start.
func TestSeekIsPlaying(t *testing.T) {
	const size = 3 << 20
	cast := testcast.WithResizes(testcast.Work(size, time.Hour))
	tape := loaded(t, cast)
	frames := len(tape.keys.frames)
	if _, err := tape.Loaded(); err != nil || frames < 8 {
		t.Fatalf("loaded %d keyframes, %v; want 8 or more", frames, err)
	}
	// In order, so that one pass from the start renders all places.
	r := rand.New(rand.NewPCG(3, 4))
	type place struct {
		at   time.Duration
		want *vt.Snapshot
	}
	var places []place
	straight := tape.Position()
	straight.keys = &keyframes{}
	for i := range 200 {
		at := time.Hour * time.Duration(i) / 200
		if i%3 > 0 {
			at += time.Duration(r.Int64N(int64(time.Hour / 200)))
		}
		if err := straight.SeekTime(at); err != nil {
			t.Fatal(err)
		}
		places = append(places, place{at, straight.Screen().Snapshot()})
	}
	pos := tape.Position()
	r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	slowest := time.Duration(0)
	for _, p := range places {
		began := time.Now()
		if err := pos.SeekTime(p.at); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
		want := vt.New(80, 24)
		want.Restore(p.want)
		if diff := screenDiff(pos.Screen(), want); diff != "" {
			t.Fatalf("at %v: %s", p.at, diff)
		}
	}
	t.Logf("%d keyframes; the slowest of %d seeks took %v", frames, len(places), slowest)
	// Skipping ahead and playing on from there is the same.
	ahead, skipped := tape.Position(), 0
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	for _, p := range places {
		did, err := ahead.Skip(p.at)
		if err != nil {
			t.Fatal(err)
		}
		if did {
			skipped++
		}
		if got := ahead.Point().Time; got > p.at {
			t.Fatalf("Skip(%v) went to %v; want no later", p.at, got)
		}
		for {
			pc, ok, err := ahead.Peek()
			if err != nil {
				t.Fatal(err)
			}
			if !ok || pc.Time > p.at {
				break
			}
			if _, _, err := ahead.Next(); err != nil {
				t.Fatal(err)
			}
		}
		want := vt.New(80, 24)
		want.Restore(p.want)
		if diff := screenDiff(ahead.Screen(), want); diff != "" {
			t.Fatalf("at %v, skipping: %s", p.at, diff)
		}
	}
	if skipped < frames/2 {
		t.Errorf("Skip skipped %d times; want half of %d keyframes or more", skipped, frames)
	}
	// Seek by number, and look for the frame before.
	for range 50 {
		n := 1 + r.IntN(tape.End().Number-1)
		if err := pos.Seek(n); err != nil {
			t.Fatal(err)
		}
		f, ok, err := pos.frameBefore(n)
		if !ok || err != nil || f.after > n || f.first >= n {
			t.Fatalf("frameBefore(%d) = %+v, %v, %v", n, f, ok, err)
		}
	}
}

// The loader thins keyframes to its memory budget.
func TestKeyframesAreThinned(t *testing.T) {
	l := keyframes{every: keyframeEvery, budget: 2 << 20}
	s := vt.New(200, 50)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 500 {
		for y := range 50 {
			noise := make([]byte, 199)
			for j := range noise {
				noise[j] = byte('!' + r.IntN(90))
			}
			s.Write(fmt.Appendf(nil, "\x1b[%d;1H%s", y+1, noise))
		}
		l.keep(keyframe{at: Point{Number: i}, snap: s.Snapshot()})
	}
	if l.memory > l.budget || l.every == keyframeEvery || len(l.frames) < 80 {
		t.Errorf("%d keyframes take %d bytes, one every %d; want 80 or more within the budget", len(l.frames), l.memory, l.every)
	}
	k, ok := l.before(func(at Point) bool { return at.Number <= 250 })
	if !ok || k.at.Number > 250 || k.at.Number < 240 {
		t.Errorf("before(250) = %v, %v; want 240 to 250", k.at, ok)
	}
}
