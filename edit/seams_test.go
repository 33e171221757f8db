package edit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

// numbered puts an event of input with its number behind each event but comments. Such
// an event is in the result of a plan unless it is in a part that is gone.
func numbered(evs []format.Event) []format.Event {
	var list []format.Event
	for i, ev := range evs {
		if ev.Code == format.Input {
			continue
		}
		list = append(list, ev)
		if ev.Code != format.Exit {
			list = append(list, format.Event{Time: ev.Time, Code: format.Input, Data: strconv.Itoa(i)})
		}
	}
	return list
}

// randomPoint returns a point of a recording: between two events, inside one, or at a
// time.
func randomPoint(r *rand.Rand, evs []format.Event) place.Point {
	i := r.IntN(len(evs))
	at := place.Point{Time: evs[i].Time, Event: i}
	switch n := len(evs[i].Data); {
	case r.IntN(4) == 0:
		at.Event = -1
	case evs[i].Code == format.Output && n > 0 && r.IntN(3) > 0:
		at.Byte = r.IntN(n)
	}
	return at
}

// randomPlan returns a plan of operations of all kinds that keep the screen.
func randomPlan(t *testing.T, r *rand.Rand, src format.Cast, evs []format.Event) (p *Plan, what string) {
	length := evs[len(evs)-1].Time
	at := func() string {
		return strconv.FormatFloat(time.Duration(r.Int64N(int64(length)+1)).Truncate(time.Microsecond).Seconds(), 'f', 6, 64)
	}
	var recipe Recipe
	for range r.IntN(3) {
		recipe.Marker = append(recipe.Marker, at()+"=new")
	}
	if r.IntN(3) == 0 {
		recipe.Speed = []string{pick(r, "3", "0.7", "1.9@20%..60%")}
	}
	if r.IntN(3) == 0 {
		recipe.IdleTimeLimit = []string{pick(r, "0.2", "1@10%..", "0.01@..50%")}
	}
	for range r.IntN(3) {
		recipe.Pause = append(recipe.Pause, "1.5@"+at())
	}
	p, err := recipe.Plan(context.Background(), place.Source{Open: func() (format.Cast, error) { return src, nil }})
	if err != nil {
		t.Fatalf("%+v: %v", recipe, err)
	}
	var points []place.Point
	for range 2 * (1 + r.IntN(4)) {
		points = append(points, randomPoint(r, evs))
	}
	slices.SortStableFunc(points, func(a, b place.Point) int {
		switch {
		case behind(a, b):
			return 1
		case behind(b, a):
			return -1
		}
		return 0
	})
	if r.IntN(5) == 0 {
		points[0] = place.Point{}
	}
	var spans []span
	for i := 0; i < len(points); i += 2 {
		spans = append(spans, span{Range: place.Range{From: points[i], To: points[i+1]}, name: "cut"})
	}
	if err := p.addSpans(spans); err != nil {
		t.Fatal(err)
	}
	return p, fmt.Sprintf("%+v, cut %v", recipe, points)
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// keepsScreens checks that wherever an event of the source is in the result, the
// screen is that of the source.
func keepsScreens(t *testing.T, src, result format.Cast) (kept int) {
	t.Helper()
	want, got := screen.New(src.Header), screen.New(result.Header)
	rest := events(t, src)
	var last time.Duration
	for ev, err := range result.Events {
		if errors.Is(err, ErrNothingLeft) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if ev.Time < last {
			t.Fatalf("the time falls from %v to %v", last, ev.Time)
		}
		last = ev.Time
		got.Feed(ev)
		if ev.Code != format.Input {
			continue
		}
		for {
			if len(rest) == 0 {
				t.Fatalf("event %s of the result is not in the source, or not in order", ev.Data)
			}
			next := rest[0]
			rest = rest[1:]
			want.Feed(next)
			if next.Code == format.Input && next.Data == ev.Data {
				break
			}
		}
		kept++
		if change := want.AppendChange(nil, got.Screen); len(change) > 0 && want.AtRest() {
			t.Fatalf("behind event %s, at %v: %q brings the screen to that of the source", ev.Data, ev.Time, change)
		}
		if kept%64 == 1 || !want.AtRest() {
			if got, want := string(got.AppendState(nil)), string(want.AppendState(nil)); got != want {
				t.Fatalf("behind event %s, at %v: the states differ:\n%q\nwant\n%q", ev.Data, ev.Time, got, want)
			}
		}
	}
	return kept
}

// TestSeamsKeepWhatIsRare checks what random plans seldom meet: each of these changes the
// state in a way that only a part of a seam can bring about.
func TestSeamsKeepWhatIsRare(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 20, Rows: 4}}
	resize := format.Event{Code: format.Resize, Data: "30x6"}
	for _, c := range []struct {
		name              string
		before, cut, then string
		resize            bool
	}{
		{"titles", "\x1b]2;a\a\x1b[22t\x1b]2;b\a\x1b[22t", "\x1b[23t", "\x1b[23t", false},
		{"titles, with another size", "\x1b]2;a\a\x1b[22t\x1b]2;b\a\x1b[22t", "\x1b[23t\x1b[23t", "\x1b[22t", true},
		{"saved modes, with another size", "\x1b[?7l\x1b[?7s", "\x1b[?7h\x1b[?7s", "\x1b[?7l\x1b[?7r", true},
		{"the primary screen behind the alternate one", "one\x1b[?1049htwo", "\x1b[?1049lthree\x1b[?1049h", "\x1b[?1049l", false},
		{"wraps", "x", strings.Repeat("wrap", 30), "\x1b[?45h\b\b", false},
		{"a character that is joined", "x", "\r\n\x1b[?2027h\U0001F469", "\u200d\U0001F4BB", false},
		{"a character that is repeated", "x", "\x1b[1mbold", "\x1b[3b", false},
		{"a colour", "x", "\x1b]4;1;#ff0000\a\x1b]11;#102030\a", "y", false},
		{"a link", "\x1b]8;id=1;http://x/\aone", "\x1b]8;;\atwo", "three", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			evs := []format.Event{out(1, c.before), out(2, c.cut)}
			if c.resize {
				evs = append(evs, resize)
				evs[2].Time = 2 * time.Second
			}
			evs = numbered(append(evs, out(3, c.then), out(4, "end")))
			src := cast(h, evs...)
			plan, err := Recipe{Cut: []string{"1.5..2.5"}}.Plan(context.Background(), place.Source{})
			if err != nil {
				t.Fatal(err)
			}
			if n := keepsScreens(t, src, plan.Filter()(src)); n != 3 {
				t.Errorf("%d events are left; want 3", n)
			}
		})
	}
}

// recordingsOf returns our own recordings and, with TTYDECK_CORPUS, all of those in it,
// in an order that mixes them.
func recordingsOf(t *testing.T) []string {
	paths := testcorpus.Glob(t, "../testdata/sessions/*.cast.gz", 44)
	if os.Getenv("TTYDECK_CORPUS") == "" {
		t.Log("TTYDECK_CORPUS is not set: on our own recordings only")
		return paths
	}
	err := filepath.WalkDir(testcorpus.Dir(t, ""), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 14)).Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

// numberedFile reads a recording, up to its first error or 4,000 events. It reports
// false for a file that is none.
func numberedFile(path string) (format.Cast, bool) {
	f, err := format.OpenFile(path)
	if err != nil {
		return format.Cast{}, false
	}
	defer f.Close()
	var evs []format.Event
	for ev, err := range f.Cast.Events {
		if err != nil || len(evs) == 4000 {
			break
		}
		evs = append(evs, ev)
	}
	return cast(f.Header, numbered(evs)...), len(evs) > 1
}

// TestPlansKeepScreens applies random plans to recordings, one to each in turn: 60, or
// as many as TTYDECK_PLANS says.
func TestPlansKeepScreens(t *testing.T) {
	paths := recordingsOf(t)
	plans := 60
	if n, err := strconv.Atoi(os.Getenv("TTYDECK_PLANS")); err == nil {
		plans = n
	}
	recordings := map[string]format.Cast{}
	kept, empty, seed := 0, 0, 0
	for n := 0; n < plans; seed++ {
		path := paths[seed%len(paths)]
		src, known := recordings[path]
		if !known {
			if read, ok := numberedFile(path); ok {
				src = read
			}
			recordings[path] = src
		}
		if src.Events == nil {
			if seed > len(paths) && n == 0 {
				t.Fatal("no recordings")
			}
			continue
		}
		n++
		evs := events(t, src)
		r := rand.New(rand.NewPCG(uint64(seed), 14))
		plan, what := randomPlan(t, r, src, evs)
		ok := t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s: %s", path, what)
				}
			})
			left := keepsScreens(t, src, plan.Filter()(src))
			if kept += left; left == 0 {
				empty++
			}
		})
		if !ok {
			return
		}
	}
	used := 0
	for _, c := range recordings {
		if c.Events != nil {
			used++
		}
	}
	t.Logf("%d plans for %d recordings; compared %d screens", plans, used, kept)
	want := 44
	if os.Getenv("TTYDECK_CORPUS") != "" {
		want = 430
	}
	if seed >= len(paths) && used != want { // each file was looked at
		t.Errorf("%d of %d files are recordings; want %d", used, len(paths), want)
	}
	if empty > plans/2 {
		t.Errorf("%d of %d plans left nothing", empty, plans)
	}
}
