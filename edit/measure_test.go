package edit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// randomEvents returns some events of all kinds that a plan treats differently.
func randomEvents(r *rand.Rand) []format.Event {
	var evs []format.Event
	var at time.Duration
	for range 1 + r.IntN(20) {
		at += time.Duration(r.IntN(4)) * time.Second / 2
		ev := out(0, pick(r, "abc", "\x1b[1m", "é"))
		switch r.IntN(6) {
		case 0:
			ev = format.Event{Code: format.Input, Data: "x"}
		case 1:
			ev = format.Event{Code: format.Comment, Data: "x"}
		case 2:
			ev = format.Event{Code: format.Resize, Data: "20x5"}
		case 3:
			ev = format.Event{Code: format.Marker, Data: pick(r, "go", "paused", format.Resumed(time.Unix(5, 0)))}
		}
		ev.Time = at
		evs = append(evs, ev)
	}
	if r.IntN(2) == 0 {
		evs = append(evs, format.Event{Time: at + time.Second, Code: format.Exit, Data: "0"})
	}
	return evs
}

// Measure returns the length that the result has, and the error in which it ends.
func TestMeasureIsTheResult(t *testing.T) {
	measured := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 14))
		evs := randomEvents(r)
		length := evs[len(evs)-1].Time
		at := func() time.Duration { return time.Duration(r.Int64N(int64(length) + 1)) }
		span := func() string {
			switch n := 1 + r.IntN(len(evs)); r.IntN(4) {
			case 0:
				return fmt.Sprintf("..%v", at())
			case 1:
				return fmt.Sprintf("%v..", at())
			case 2:
				return fmt.Sprintf("event:%d..event:%d", n, n+r.IntN(4))
			default:
				a, b := at(), at()
				return fmt.Sprintf("%v..%v", min(a, b), max(a, b))
			}
		}
		point := func() string { return pick(r, at().String(), "end", "event:1", "start") }
		var recipe Recipe
		for _, op := range []struct {
			list *[]string
			text string
		}{
			{&recipe.Cut, span()}, {&recipe.Keep, span()},
			{&recipe.Speed, pick(r, "2", "2@"+span())},
			{&recipe.IdleTimeLimit, pick(r, "0.3", "0.4@"+span())},
			{&recipe.Pause, "2@" + point()}, {&recipe.Pause, "0.5@" + point()},
			{&recipe.Marker, point() + "=m"}, {&recipe.RemoveMarker, "all"},
		} {
			if r.IntN(3) == 0 {
				*op.list = append(*op.list, op.text)
			}
		}
		h := format.Header{Size: format.Size{Cols: 10, Rows: 4}, IdleLimit: time.Duration(r.IntN(2)) * time.Second}
		open := func() (format.Cast, error) { return cast(h, evs...), nil }
		plan, err := recipe.Plan(context.Background(), place.Source{Open: open})
		if err != nil {
			continue // it contradicts itself
		}
		m, want := plan.Measure(context.Background())
		var last time.Duration
		var got error
		for ev, err := range plan.Filter()(cast(h, evs...)).Events {
			if got = err; err != nil {
				break
			}
			last = ev.Time
		}
		switch {
		case fmt.Sprint(got) != fmt.Sprint(want):
			t.Errorf("%d: %+v of %v: Measure returned the error %v; the result ends in %v", seed, recipe, evs, want, got)
		case want == nil && m.Length() != last:
			t.Errorf("%d: %+v of %v: Measure returned %v; the result has %v", seed, recipe, evs, m.Length(), last)
		case want == nil:
			measured++
		}
	}
	if measured < 1000 {
		t.Errorf("only %d plans had a result", measured)
	}
}
