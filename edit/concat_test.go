package edit

import (
	"path/filepath"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/screen"
)

// TestConcatKeepsScreens joins recordings of strangers: at each event, the screen of
// the joined recording is that of the recording which the event is of.
func TestConcatKeepsScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("TestConcatKeepsScreens is skipped with -short: it is long and uses one goroutine")
	}
	paths := testcorpus.Files(t, "casts/*.cast", 68)
	begin := format.Event{Code: format.Marker, Data: "the recording begins"}
	read := func(i int) (format.Header, []format.Event) {
		f, err := format.OpenFile(paths[i%len(paths)])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all := []format.Event{begin}
		for ev, err := range f.Cast.Events {
			if err != nil || len(all) == 1000 {
				break // some end in an error, or are long
			}
			all = append(all, ev)
		}
		return f.Header, all
	}
	compared := 0
	for i := range paths {
		var parts []format.Cast
		for _, step := range []int{0, 1, 29} {
			h, all := read(i + step)
			parts = append(parts, cast(h, all...))
		}
		joined := events(t, Concat(parts...))
		whole := screen.New(parts[0].Header)
		for k, part := range parts {
			for joined[0].Data != begin.Data {
				whole.Feed(joined[0])
				joined = joined[1:]
			}
			alone := screen.New(part.Header)
			for _, ev := range events(t, part) {
				got := joined[0]
				if joined = joined[1:]; got.Code != ev.Code || got.Data != ev.Data {
					t.Fatalf("%s, part %d: the event %v became %v", filepath.Base(paths[i]), k, ev, got)
				}
				whole.Feed(got)
				if !alone.Feed(ev) {
					continue
				}
				compared++
				if got, want := string(whole.AppendState(nil)), string(alone.AppendState(nil)); got != want {
					t.Fatalf("%s, part %d, at %v: the screen is\n%q\nwant\n%q", filepath.Base(paths[i]), k, ev.Time, got, want)
				}
			}
		}
		if len(joined) > 0 {
			t.Errorf("%s: events are left: %v", filepath.Base(paths[i]), joined)
		}
	}
	t.Logf("compared %d screens", compared)
}

// Live recordings are joined as they come: an event is passed on before the next one is
// read.
func TestConcatReadsNothingAhead(t *testing.T) {
	read := 0
	part := func(n int) format.Cast {
		return format.Cast{Events: func(yield func(format.Event, error) bool) {
			for range n {
				read++
				if !yield(out(float64(read), "x"), nil) {
					return
				}
			}
		}}
	}
	passed := 0
	for ev, err := range Concat(part(3), part(0), part(2)).Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Data == "x" {
			passed++
		}
		if read != passed {
			t.Fatalf("%d events were read when number %d came", read, passed)
		}
	}
	if passed != 5 {
		t.Errorf("%d events were passed on; want 5", passed)
	}
}
