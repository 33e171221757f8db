package edit

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

func TestHeaderFilters(t *testing.T) {
	theme := &format.Theme{Fg: format.RGB{R: 1}, Palette: make([]format.RGB, 8)}
	src := cast(format.Header{Title: "old", Command: "sh"}, out(1, "a"))
	got := Chain(Title("new"), Theme(theme))(src)
	want := format.Header{Title: "new", Command: "sh", Term: format.Term{Theme: theme}}
	if diff := cmp.Diff(want, got.Header, ignoreSource); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]format.Event{out(1, "a")}, events(t, got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestRemoveInput(t *testing.T) {
	in := func(seconds float64, data string) format.Event {
		return format.Event{Time: time.Duration(seconds * float64(time.Second)), Code: format.Input, Data: data}
	}
	for _, tt := range []struct {
		name      string
		src, want []format.Event
	}{
		{"between others", []format.Event{in(0, "l"), out(1, "l"), in(2, "s"), out(3, "s")}, []format.Event{out(1, "l"), out(3, "s")}},
		{"at the end: the recording keeps its length", []format.Event{out(1, "l"), in(2, "s"), in(3, "\r")}, []format.Event{out(1, "l"), out(3, "")}},
		{"nothing else", []format.Event{in(2, "x")}, []format.Event{out(2, "")}},
		{"none", []format.Event{out(1, "a")}, []format.Event{out(1, "a")}},
	} {
		got := events(t, RemoveInput()(cast(format.Header{}, tt.src...)))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
