package edit

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// A start that goes leaves its comments, up to a limit, and the last time of day.
func TestTrimmedStart(t *testing.T) {
	const n = 500_000
	src := cast(format.Header{Start: time.Unix(1000, 0)}, out(1, "x"))
	src.Events = func(yield func(format.Event, error) bool) {
		for i := range n {
			ev := format.Event{Time: time.Second, Code: format.Comment, Data: "comment"}
			if i%2 > 0 {
				ev = format.Event{Time: time.Second, Code: format.Marker, Data: format.Resumed(time.Unix(int64(2000+i), 0))}
			}
			if !yield(ev, nil) {
				return
			}
		}
		yield(out(5, "end"), nil)
	}
	plan, err := Recipe{Cut: []string{"..4"}}.Plan(context.Background(), place.Source{})
	if err != nil {
		t.Fatal(err)
	}
	comments := 0
	var rest []string
	for _, ev := range events(t, plan.Filter()(src)) {
		if ev.Code == format.Comment {
			comments++
		} else {
			rest = append(rest, string(ev.Code)+" "+ev.Data)
		}
	}
	if comments == 0 || comments > maxComments/eventBytes {
		t.Errorf("%d comments are left of %d", comments, n/2)
	}
	if got, want := strings.Join(rest, ", "), "m "+format.Resumed(time.Unix(2000+n-1, 0))+", o end"; got != want {
		t.Errorf("the other events are %q; want %q", got, want)
	}
}
