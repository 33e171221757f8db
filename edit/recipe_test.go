package edit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
)

const second = time.Second

// lines is a recording of ten seconds: each prints its number.
func lines() format.Cast {
	var events []format.Event
	for i := 1; i <= 10; i++ {
		events = append(events, testcast.Out(time.Duration(i)*second, fmt.Sprint(i, ".\r\n")))
	}
	events = slices.Insert(events, 4, testcast.Marker(4500*time.Millisecond, "half"))
	events = append(events, format.Event{Time: 10 * second, Code: format.Exit, Data: "3"})
	return testcast.Of(format.Header{Size: format.Size{Cols: 20, Rows: 4}}, events...)
}

func source(c format.Cast) place.Source {
	return place.Source{Open: func() (format.Cast, error) { return c, nil }}
}

// edited returns the events of an edited recording as text, and the repaints of seams
// as "seam".
func edited(t *testing.T, r edit.Recipe, c format.Cast) []string {
	t.Helper()
	plan, err := r.Plan(context.Background(), source(c))
	if err != nil {
		return []string{"plan: " + err.Error()}
	}
	var list []string
	for ev, err := range plan.Filter()(c).Events {
		if err != nil {
			return append(list, "error: "+err.Error())
		}
		text := ev.Data
		if strings.Contains(text, "\x1b") {
			text = "seam"
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%v %s %s", ev.Time, ev.Code, strings.TrimSpace(text))))
	}
	return list
}

func TestOperations(t *testing.T) {
	for _, test := range []struct {
		name   string
		recipe edit.Recipe
		want   string
	}{
		{"nothing", edit.Recipe{},
			"1s o 1.|2s o 2.|3s o 3.|4s o 4.|4.5s m half|5s o 5.|6s o 6.|7s o 7.|8s o 8.|9s o 9.|10s o 10.|10s x 3"},
		{"the range begins with the event at its start, and ends before the one at its end", edit.Recipe{Cut: []string{"2..4"}},
			"1s o 1.|2s o seam|2s o 4.|2.5s m half|3s o 5.|4s o 6.|5s o 7.|6s o 8.|7s o 9.|8s o 10.|8s x 3"},
		{"two cuts that meet have one seam", edit.Recipe{Cut: []string{"2..4", "4..6"}},
			"1s o 1.|2s o seam|2s o 6.|3s o 7.|4s o 8.|5s o 9.|6s o 10.|6s x 3"},
		{"the start", edit.Recipe{Cut: []string{"..8.5"}},
			"0s o seam|500ms o 9.|1.5s o 10.|1.5s x 3"},
		{"the end: the exit status stays, and nothing is drawn", edit.Recipe{Cut: []string{"2.5.."}},
			"1s o 1.|2s o 2.|2.5s x 3"},
		{"the frames between", edit.Recipe{Keep: []string{"2.5..4.2", "8.."}},
			"0s o seam|500ms o 3.|1.5s o 4.|1.7s o seam|1.7s o 8.|2.7s o 9.|3.7s o 10.|3.7s x 3"},
		{"all faster", edit.Recipe{Speed: []string{"3"}},
			"333.333333ms o 1.|666.666667ms o 2.|1s o 3.|1.333333333s o 4.|1.5s m half|1.666666667s o 5.|2s o 6.|2.333333333s o 7.|2.666666667s o 8.|3s o 9.|3.333333333s o 10.|3.333333333s x 3"},
		{"a range has the last word", edit.Recipe{Speed: []string{"2@3..9", "0.5"}},
			"2s o 1.|4s o 2.|6s o 3.|6.5s o 4.|6.75s m half|7s o 5.|7.5s o 6.|8s o 7.|8.5s o 8.|9s o 9.|11s o 10.|11s x 3"},
		{"pauses in a range, of the source's time", edit.Recipe{IdleTimeLimit: []string{"0.5@3.5..8"}, Speed: []string{"2"}},
			"500ms o 1.|1s o 2.|1.5s o 3.|2s o 4.|2.25s m half|2.5s o 5.|2.75s o 6.|3s o 7.|3.25s o 8.|3.75s o 9.|4.25s o 10.|4.25s x 3"},
		{"the frame is held after what comes at that time", edit.Recipe{Pause: []string{"2@3", "1.5@end"}},
			"1s o 1.|2s o 2.|3s o 3.|6s o 4.|6.5s m half|7s o 5.|8s o 6.|9s o 7.|10s o 8.|11s o 9.|12s o 10.|13.5s x 3"},
		{"a limit does not shorten what is held", edit.Recipe{Pause: []string{"2@3.5"}, IdleTimeLimit: []string{"0.1"}},
			"100ms o 1.|200ms o 2.|300ms o 3.|2.4s o 4.|2.5s m half|2.6s o 5.|2.7s o 6.|2.8s o 7.|2.9s o 8.|3s o 9.|3.1s o 10.|3.1s x 3"},
		{"places are those of the source", edit.Recipe{Cut: []string{"1..7"}, Marker: []string{"8=late", "marker:half=here"}},
			"plan: marker marker:half=here: this place is gone, by cut 1..7"},
		{"markers", edit.Recipe{Cut: []string{"1..4"}, Marker: []string{"8=late", `marker:half="a=b"`}, RenameMarker: []string{"half=whole"}},
			"1s o seam|1s o 4.|1.5s m a=b|1.5s m whole|2s o 5.|3s o 6.|4s o 7.|5s m late|5s o 8.|6s o 9.|7s o 10.|7s x 3"},
		{"no markers", edit.Recipe{RemoveMarker: []string{"/^h/"}, Cut: []string{"4..4"}},
			"1s o 1.|2s o 2.|3s o 3.|4s o 4.|5s o 5.|6s o 6.|7s o 7.|8s o 8.|9s o 9.|10s o 10.|10s x 3"},
		{"a marker that is not there", edit.Recipe{RenameMarker: []string{"x=y"}, Keep: []string{"9.."}},
			`0s o seam|0s o 9.|1s o 10.|1s x 3|error: marker "x": not found; the recording has "half"`},
		{"events of one time", edit.Recipe{Cut: []string{"event:11..event:12"}},
			"1s o 1.|2s o 2.|3s o 3.|4s o 4.|4.5s m half|5s o 5.|6s o 6.|7s o 7.|8s o 8.|9s o 9.|10s o seam|10s x 3"},

		{"at the end of a cut", edit.Recipe{Cut: []string{"event:6..event:8"}, Pause: []string{"2@event:8"}, Marker: []string{"event:8=x"}},
			"1s o 1.|2s o 2.|3s o 3.|4s o 4.|4.5s m half|5s o seam|5s m x|7s o 7.|8s o 8.|9s o 9.|10s o 10.|10s x 3"},

		{"behind the end", edit.Recipe{Cut: []string{"5..12"}}, "1s o 1.|2s o 2.|3s o 3.|4s o 4.|4.5s m half|5s x 3|error: cut 5..12: 0:12.000 is after the end, 0:10.000"},
		{"all of it behind the end", edit.Recipe{Speed: []string{"2@11..12"}}, "1s o 1.|2s o 2.|3s o 3.|4s o 4.|4.5s m half|5s o 5.|6s o 6.|7s o 7.|8s o 8.|9s o 9.|10s o 10.|10s x 3|error: speed 2@11..12: 0:11.000 is after the end, 0:10.000"},
		{"backwards", edit.Recipe{Cut: []string{"5..3"}}, "plan: cut 5..3: 3 is before 5"},
		{"twice", edit.Recipe{Cut: []string{"5..7", "6..8"}}, "plan: cut 6..8 overlaps cut 5..7"},
		{"across", edit.Recipe{Cut: []string{"5..7"}, Keep: []string{"6..8"}}, "plan: cut 5..7 overlaps keep 6..8"},
		{"two speeds", edit.Recipe{Speed: []string{"2@5..7", "3@6..8"}}, "plan: speed 3@6..8 overlaps speed 2@5..7"},
		{"speed twice", edit.Recipe{Speed: []string{"2", "3"}}, "plan: speed 2 and speed 3: want one"},
		{"no number", edit.Recipe{Speed: []string{"fast"}}, `plan: speed fast: invalid speed "fast": want a number above 0`},
		{"all", edit.Recipe{Cut: []string{".."}}, "error: nothing is left of the recording"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.Split(test.want, "|"), edited(t, test.recipe, lines())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The header says what is true of the result.
func TestEditedHeader(t *testing.T) {
	src := lines()
	src.Header.Start = time.Unix(1000, 0)
	src.Header.IdleLimit = 2 * second
	src.Header.Duration = 10 * second
	for _, test := range []struct {
		name     string
		recipe   edit.Recipe
		start    int64
		limit    time.Duration
		duration time.Duration
	}{
		{"nothing", edit.Recipe{}, 1000, 2 * second, 10 * second},
		{"a cut at the start moves the time of day", edit.Recipe{Cut: []string{"..3"}}, 1003, 2 * second, 0},
		{"a cut elsewhere does not", edit.Recipe{Cut: []string{"3..4"}}, 1000, 2 * second, 0},
		{"faster pauses", edit.Recipe{Speed: []string{"4"}}, 1000, second / 2, 0},
		{"a limit that is applied", edit.Recipe{IdleTimeLimit: []string{"1"}}, 1000, 0, 0},
		{"no limit", edit.Recipe{IdleTimeLimit: []string{"0"}}, 1000, 0, 10 * second},
		{"players must not shorten what is held", edit.Recipe{Pause: []string{"3@5"}}, 1000, 0, 0},
	} {
		plan, err := test.recipe.Plan(context.Background(), source(src))
		if err != nil {
			t.Fatal(err)
		}
		h := plan.Filter()(src).Header
		if h.Start.Unix() != test.start || h.IdleLimit != test.limit || h.Duration != test.duration {
			t.Errorf("%s: start %d, limit %v, duration %v; want %d, %v, %v", test.name,
				h.Start.Unix(), h.IdleLimit, h.Duration, test.start, test.limit, test.duration)
		}
	}
}

// A time of the source is found in the result, and back.
func TestMeasured(t *testing.T) {
	recipe := edit.Recipe{Cut: []string{"2..4"}, Speed: []string{"2@6..8"}, Pause: []string{"3@9"}, IdleTimeLimit: []string{"0.5@4..6"}}
	plan, err := recipe.Plan(context.Background(), source(lines()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := plan.Measure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ms := time.Millisecond
	for _, test := range []struct{ source, result, back time.Duration }{
		{0, 0, 0},
		{1500 * ms, 1500 * ms, 1500 * ms},
		{3 * second, 2 * second, 4 * second}, // gone
		{4 * second, 2 * second, 4 * second},
		{4500 * ms, 2500 * ms, 4500 * ms},
		{5 * second, 3 * second, 5 * second},
		{6 * second, 3500 * ms, 6 * second},
		{7 * second, 4 * second, 7 * second},
		{8 * second, 4500 * ms, 8 * second},
		{10 * second, 9500 * ms, 10 * second},
	} {
		if got := m.At(test.source); got != test.result {
			t.Errorf("At(%v) = %v; want %v", test.source, got, test.result)
		}
		if got := m.SourceAt(test.result); got != test.back {
			t.Errorf("SourceAt(%v) = %v; want %v", test.result, got, test.back)
		}
	}
	// What it says is what the filter does.
	var last time.Duration
	for ev, err := range plan.Filter()(lines()).Events {
		if err != nil {
			t.Fatal(err)
		}
		last = ev.Time
	}
	if m.Length() != last || m.SourceLength() != 10*second {
		t.Errorf("lengths %v, %v; the result has %v, the source 10s", m.Length(), m.SourceLength(), last)
	}
	var b strings.Builder
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
}

// Whoever measures a plan first learns of all that applying it would end in.
func TestMeasuredFaults(t *testing.T) {
	for _, test := range []struct {
		recipe edit.Recipe
		want   string
	}{
		{edit.Recipe{Cut: []string{"5..12"}}, "cut 5..12: 0:12.000 is after the end, 0:10.000"},
		{edit.Recipe{Cut: []string{"11.."}}, "cut 11..: 0:11.000 is after the end, 0:10.000"},
		{edit.Recipe{IdleTimeLimit: []string{"1@11..12"}}, "idle-time-limit 1@11..12: 0:11.000 is after the end, 0:10.000"},
		{edit.Recipe{Pause: []string{"1@11"}}, "pause 1@11: 0:11.000 is after the end, 0:10.000"},
		{edit.Recipe{Marker: []string{"11=late"}}, "marker 11=late: 0:11.000 is after the end, 0:10.000"},
		{edit.Recipe{RenameMarker: []string{"x=y"}}, `marker "x": not found; the recording has "half"`},
		{edit.Recipe{Cut: []string{"..5", "5.."}}, "nothing is left of the recording"},
	} {
		plan, err := test.recipe.Plan(context.Background(), source(lines()))
		if err != nil {
			t.Errorf("%+v: %v", test.recipe, err)
			continue
		}
		if _, err := plan.Measure(context.Background()); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v; want %q", test.recipe, err, test.want)
		}
	}
}

var errBroken = errors.New("broken")

// A recording that ends in an error is edited up to there.
func TestEditBroken(t *testing.T) {
	c := lines()
	events := c.Events
	c.Events = func(yield func(format.Event, error) bool) {
		n := 0
		for ev := range events {
			if n++; n == 6 {
				yield(format.Event{}, errBroken)
				return
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
	for _, recipe := range []edit.Recipe{{Cut: []string{"2..3"}}, {Cut: []string{"..3"}}, {Keep: []string{"3.."}}, {Pause: []string{"1@2"}}} {
		got := edited(t, recipe, c)
		if n := len(got); n < 3 || got[n-1] != "error: broken" || !strings.HasSuffix(got[n-2], "m half") {
			t.Errorf("%+v: %q; want all up to the marker, then the error", recipe, got)
		}
	}
}
