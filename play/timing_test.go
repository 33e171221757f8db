package play

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/vt"
)

// For an hour every frame is on time: half within 2 ms, 99 % within 10 ms, and the
// last no later than the first. Events in bursts faster than the frame rate count,
// too, at the time their text is drawn.
func TestDeckTiming(t *testing.T) {
	length := time.Hour
	if testing.Short() {
		length = 10 * time.Minute
	}
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 7))
		var events []format.Event
		var at time.Duration
		for at < length {
			at += time.Duration(r.ExpFloat64() * float64(150*time.Millisecond))
			events = append(events, out(at, fmt.Sprintf("\r\x1b[K<%d>", len(events))))
		}
		events = append(events, out(at+time.Minute, "."))
		term := newFakeTerminal(80, 24)
		p := &Player{Cast: castOf(format.Header{Size: format.Size{Cols: 40, Rows: 4}}, events...), Terminal: term, NoUI: true,
			Getenv: getenv(map[string]string{"TERM": "xterm"})}
		began := time.Now()
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < length || took > at+time.Minute+10*time.Millisecond {
			t.Errorf("Run took %v; want %v", took, at+time.Minute)
		}
		v := vt.New(80, 24)
		var late []time.Duration
		next := 0
		for _, w := range term.writes {
			v.WriteString(w.data)
			var n int
			if _, err := fmt.Sscanf(v.Row(0).Text(), "<%d>", &n); err != nil || n < next {
				continue
			}
			for ; next <= n; next++ {
				late = append(late, w.at-events[next].Time)
			}
		}
		if len(late) != len(events)-1 {
			t.Fatalf("the deck showed %d frames; want %d", len(late), len(events)-1)
		}
		last := late[len(late)-1000:]
		first := late[:1000]
		median := func(d []time.Duration) time.Duration { d = slices.Sorted(slices.Values(d)); return d[len(d)/2] }
		sorted := slices.Sorted(slices.Values(late))
		p99 := sorted[len(sorted)*99/100]
		if sorted[0] < 0 || median(late) > 2*time.Millisecond || p99 > 10*time.Millisecond || median(last) > median(first)+time.Millisecond {
			t.Errorf("frames are late by %v to %v: median %v (the first 1000 %v, the last %v), 99%% %v",
				sorted[0], sorted[len(sorted)-1], median(late), median(first), median(last), p99)
		}
	})
}

// A pause acts at once, even at the highest speed of a dense recording.
func TestDeckPausesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: testcast.Work(2<<20, 10*time.Minute), Speed: 16}, 120, 40)
		v.wait(5 * time.Second)
		v.press(" ")
		v.wait(barFor)
		n := len(v.term.writes)
		shown := v.vt.Text()
		v.wait(time.Minute)
		if v.vt.Text() != shown || len(v.term.writes) != n {
			t.Error("the deck went on after the pause")
		}
	})
}
