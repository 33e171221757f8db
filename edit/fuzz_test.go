package edit_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// Whatever the recording and the recipe, a plan ends, its times do not fall, and the
// result is as long as it was measured.
func FuzzRecipe(f *testing.F) {
	const cast = `{"version":3,"term":{"cols":20,"rows":4},"idle_time_limit":2}
[1.0, "o", "one\u001b[3"]
[0.5, "o", "1mtwo\r\n"]
[0.0, "m", "here"]
[0.5, "r", "10x3"]
[2.0, "i", "x"]
[0.1, "o", "\u001b[?1049hthree"]
[1.0, "x", "0"]
[1.0, "o", "\u001b]0;never ended"]
`
	f.Add([]byte(cast), "0.2..1.2", "2@1..3", "1@marker:here", "1@2..", "event:2=x", "..2")
	f.Add([]byte(cast), "marker:here..event:5", "0.1", "2@end", "0.5", "end-1=y", "1..3")
	f.Add([]byte(cast), "50%..", "1e9", "3@screen:/two/", "0", "screen:/t/=\"a b\"", "")
	f.Fuzz(func(t *testing.T, data []byte, cut, speed, pause, idle, marker, keep string) {
		open := func() (format.Cast, error) {
			c, _, err := format.Open(bytes.NewReader(data))
			return c, err
		}
		list := func(s string) []string {
			if s == "" {
				return nil
			}
			return []string{s}
		}
		recipe := edit.Recipe{Cut: list(cut), Keep: list(keep), Speed: list(speed), Pause: list(pause), IdleTimeLimit: list(idle), Marker: list(marker)}
		plan, err := recipe.Plan(context.Background(), place.Source{Open: open})
		if err != nil {
			return
		}
		c, err := open()
		if err != nil {
			return
		}
		var last time.Duration
		failed := false
		for ev, err := range plan.Filter()(c).Events {
			if err != nil {
				failed = true
				break
			}
			if ev.Time < last {
				t.Fatalf("time falls from %v to %v", last, ev.Time)
			}
			last = ev.Time
		}
		m, err := plan.Measure(context.Background())
		if err != nil {
			if !failed {
				t.Errorf("Measure = %v, but the plan was applied", err)
			}
			return
		}
		if !failed && m.Length() != last {
			t.Errorf("the result is %v long, and measured as %v", last, m.Length())
		}
		m.Steps()
	})
}
