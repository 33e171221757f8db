package edit

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ttydeck/ttydeck/format"
)

func cast(h format.Header, events ...format.Event) format.Cast {
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

func out(seconds float64, data string) format.Event {
	return format.Event{Time: time.Duration(seconds * float64(time.Second)), Code: format.Output, Data: data}
}

func events(t *testing.T, c format.Cast) []format.Event {
	t.Helper()
	var all []format.Event
	for ev, err := range c.Events {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ev)
	}
	return all
}

var ignoreSource = cmpopts.IgnoreUnexported(format.Header{})

func TestFilters(t *testing.T) {
	start := time.Unix(1700000000, 0)
	src := func() format.Cast {
		return cast(format.Header{IdleLimit: 3 * time.Second, Start: start, Title: "t"},
			out(1, "a"), out(1.5, "b"), out(11.5, "c"), out(12, "d"))
	}
	double, err := Speed(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		filter Filter
		header format.Header
		want   []format.Event
	}{
		{"speed", double, format.Header{IdleLimit: 1500 * time.Millisecond, Start: start, Title: "t"},
			[]format.Event{out(.5, "a"), out(.75, "b"), out(5.75, "c"), out(6, "d")}},
		{"idle", LimitIdle(2 * time.Second), format.Header{Start: start, Title: "t"},
			[]format.Event{out(1, "a"), out(1.5, "b"), out(3.5, "c"), out(4, "d")}},
		{"the pause before the first event is one too", LimitIdle(time.Second / 2), format.Header{Start: start, Title: "t"},
			[]format.Event{out(.5, "a"), out(1, "b"), out(1.5, "c"), out(2, "d")}},
		{"shift", Shift(-1200 * time.Millisecond), format.Header{IdleLimit: 3 * time.Second, Start: start.Add(1200 * time.Millisecond), Title: "t"},
			[]format.Event{out(0, "a"), out(.3, "b"), out(10.3, "c"), out(10.8, "d")}},
		{"chain", Chain(LimitIdle(2*time.Second), double), format.Header{Start: start, Title: "t"},
			[]format.Event{out(.5, "a"), out(.75, "b"), out(1.75, "c"), out(2, "d")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // a filter keeps no state between recordings
				got := tt.filter(src())
				if diff := cmp.Diff(tt.header, got.Header, ignoreSource); diff != "" {
					t.Errorf("header (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.want, events(t, got)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSpeedRefusesWhatIsNone(t *testing.T) {
	for _, factor := range []float64{0, -1, nan(), inf()} {
		if _, err := Speed(factor); err == nil {
			t.Errorf("Speed(%v) returned no error", factor)
		}
	}
}

func nan() float64 { z := 0.0; return z / z }
func inf() float64 { z := 0.0; return 1 / z }

func TestConcat(t *testing.T) {
	a := cast(format.Header{Size: format.Size{Cols: 80, Rows: 24}, Title: "first"}, out(1, "a"),
		format.Event{Time: 2 * time.Second, Code: format.Resize, Data: "100x30"})
	b := cast(format.Header{Size: format.Size{Cols: 100, Rows: 30}, Title: "second"}, out(1, "b"))
	c := cast(format.Header{Size: format.Size{Cols: 80, Rows: 24}}, out(0, "c"), out(5, "d"))
	got := Concat(a, b, c)
	want := []format.Event{
		out(1, "a"), {Time: 2 * time.Second, Code: format.Resize, Data: "100x30"},
		resumed(2), out(2, "\x1b[H\x1b[100X"), out(3, "b"),
		resumed(3), {Time: 3 * time.Second, Code: format.Resize, Data: "80x24"}, out(3, "\x1b[H\x1b[80X"), out(3, "c"), out(8, "d"),
	}
	if diff := cmp.Diff(want, events(t, got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got.Header.Title != "first" || got.Header.Size != (format.Size{Cols: 80, Rows: 24}) {
		t.Errorf("header = %+v; want that of the first recording", got.Header)
	}
}

// resumed is the marker between recordings that have no start.
func resumed(at float64) format.Event {
	return format.Event{Time: time.Duration(at * float64(time.Second)), Code: format.Marker, Data: "resumed"}
}

// Joined recordings have the time of day at which each began, and one nonce in the
// marks, however they are cut.
func TestConcatOfSessions(t *testing.T) {
	header := func(start int64, nonce string) format.Header {
		return format.Header{Start: time.Unix(start, 0).UTC(), Extra: []format.Field{{Key: format.NonceKey, JSON: `"` + nonce + `"`}}}
	}
	const marks = "\x1b]133;A;aid=22\a$ \x1b]133;B;N22\a\x1b]133;B;k=s;aid=22\x1b\\ls\x1b[0m\x1b]133;C;aid=22;cmdline_url=aid=22 22\ax\x1b]133;D;0;aid=222\a\x1b]133;D;aid=1\a\x1b]133;D;9;aid=11\a\x1b]13"
	const want = "\x1b]133;A;aid=11\a$ \x1b]133;B;N11\a\x1b]133;B;k=s;aid=11\x1b\\ls\x1b[0m\x1b]133;C;aid=11;cmdline_url=aid=22 22\ax\x1b]133;D;0;aid=222\a\x1b]133;D;aid=1\a\x1b]133;D;9;aid=\a\x1b]13"
	for i := range marks {
		a, b := out(2, marks[:i]), out(3, marks[i:])
		got := events(t, Concat(cast(header(1000, "11"), out(1, "a")), cast(header(5000, "22"), a, b), cast(header(1000, "11"), out(1, "c"))))
		label := func(start int64) string { return format.Resumed(time.Unix(start, 0).UTC()) }
		if len(got) < 7 || got[1].Code != format.Marker || got[1].Data != label(5000) || got[1].Time != time.Second {
			t.Fatalf("events = %v; want a marker %q", got, label(5000))
		}
		seam := got[2].Data
		if !strings.HasSuffix(seam, "\x1b]133;D;aid=11\a") {
			t.Fatalf("the change to the next recording is %q; want a signed mark behind it", seam)
		}
		text, n := "", 3
		for ; got[n].Code == format.Output; n++ {
			text += got[n].Data
		}
		if text != want {
			t.Errorf("cut at %d, the marks are %q; want %q", i, text, want)
		}
		if got[n].Data != label(1000) {
			t.Errorf("before the last recording comes %v; want a marker %q", got[n], label(1000))
		}
		if last := got[len(got)-1]; last.Data != "c" || last.Time != 5*time.Second {
			t.Errorf("the last event is %v", last)
		}
	}
}

// The nonce of a later recording becomes that of the joined one, which then begins
// with the marker: the marks of the first are not signed.
func TestConcatAdoptsANonce(t *testing.T) {
	signed := format.Header{Extra: []format.Field{{Key: format.NonceKey, JSON: `"22"`}}}
	const forged = "\x1b]133;D;1;aid=22\a"
	got := Concat(cast(format.Header{}, out(1, "a"+forged)), cast(signed, out(1, "b"+forged)))
	if nonce := got.Header.Nonce(); nonce != "22" {
		t.Errorf("nonce = %q; want that of the second recording", nonce)
	}
	want := []format.Event{
		resumed(0), out(1, "a\x1b]133;D;1;aid=\a"),
		resumed(1), out(1, "\x1b[H\x1b[80X\x1b]133;D;aid=22\a"), out(2, "b"+forged),
	}
	if diff := cmp.Diff(want, events(t, got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestConcatAppliesIdleLimitsThatDiffer(t *testing.T) {
	a := cast(format.Header{IdleLimit: time.Second}, out(5, "a"))
	b := cast(format.Header{}, out(5, "b"))
	got := Concat(a, b)
	if got.Header.IdleLimit != 0 {
		t.Errorf("idle limit in the header = %v; want none", got.Header.IdleLimit)
	}
	want := []format.Event{out(1, "a"), resumed(1), out(1, "\x1b[H\x1b[80X"), out(6, "b")}
	if diff := cmp.Diff(want, events(t, got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// A filter passes errors on, and stops when its consumer stops.
func TestErrorAndStop(t *testing.T) {
	broken := errors.New("broken")
	src := format.Cast{Events: func(yield func(format.Event, error) bool) {
		if yield(out(1, "a"), nil) {
			yield(format.Event{}, broken)
		}
	}}
	speed, _ := Speed(3)
	all := Chain(LimitIdle(time.Second), Shift(time.Second), speed)
	var got []error
	for _, err := range Concat(all(src), all(src)).Events {
		got = append(got, err)
	}
	if diff := cmp.Diff([]string{"<nil>", "broken"}, []string{fmt.Sprint(got[0]), fmt.Sprint(got[1])}); diff != "" || len(got) != 2 {
		t.Errorf("errors = %v (-want +got):\n%s", got, diff)
	}
	for range all(src).Events {
		break
	}
}

// Filters never make times decrease.
func TestTimesNeverFall(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var evs []format.Event
		now := time.Duration(0)
		for range 100 {
			now += time.Duration(rng.Int64N(int64(time.Second)))
			evs = append(evs, format.Event{Time: now, Code: format.Output})
		}
		speed, _ := Speed(rng.Float64()*4 + 1e-9)
		got := Chain(Shift(time.Duration(rng.Int64N(int64(time.Minute))-int64(30*time.Second))), LimitIdle(300*time.Millisecond), speed)(cast(format.Header{}, evs...))
		if !slices.IsSortedFunc(events(t, got), func(a, b format.Event) int { return int(a.Time - b.Time) }) {
			t.Fatal("times decrease")
		}
	}
}
