package transcript

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

func TestTyped(t *testing.T) {
	const sec = time.Second
	cmds := []Command{
		{Start: sec, Text: "ls"},
		{Start: 2 * sec, Text: "for x in a b; do\n\techo $x\x1b[A\ndone"},
		{Start: 5 * sec, Text: "sleep", Kind: Cancelled},
		{Start: 9 * sec, Text: "make"},
	}
	event := func(at time.Duration, code format.Code, data string) format.Event {
		return format.Event{Time: at, Code: code, Data: data}
	}
	out := func(at time.Duration) format.Event { return event(at, format.Output, "o") }
	in := func(at time.Duration, data string) format.Event { return event(at, format.Input, data) }
	loop := "for x in a b; do\r\techo $x[A\rdone\r"
	tests := []struct {
		name      string
		src, want []format.Event
	}{
		{"without input", []format.Event{out(sec / 2), out(sec), out(3 * sec), out(6 * sec)},
			[]format.Event{out(sec / 2), in(sec, "ls\r"), out(sec), in(2*sec, loop), out(3 * sec), in(5*sec, "sleep\x03"), out(6 * sec), in(9*sec, "make\r")}},
		{"with input", []format.Event{in(sec/2, "l"), in(sec/2, "s"), out(sec)}, []format.Event{in(sec/2, "l"), in(sec/2, "s"), out(sec)}},
		{"input begins later", []format.Event{out(3 * sec), in(4*sec, "x"), out(9 * sec)},
			[]format.Event{in(sec, "ls\r"), in(2*sec, loop), out(3 * sec), in(4*sec, "x"), out(9 * sec)}},
		{"no events", nil, []format.Event{in(sec, "ls\r"), in(2*sec, loop), in(5*sec, "sleep\x03"), in(9*sec, "make\r")}},
	}
	broken := errors.New("broken")
	for _, tt := range tests {
		for _, end := range []error{nil, broken} {
			filter := Typed(cmds)
			for range 2 {
				cast := filter(format.Cast{Events: func(yield func(format.Event, error) bool) {
					for _, ev := range tt.src {
						if !yield(ev, nil) {
							return
						}
					}
					if end != nil {
						yield(format.Event{}, end)
					}
				}})
				var got []format.Event
				var last error
				for ev, err := range cast.Events {
					if last = err; err == nil {
						got = append(got, ev)
					}
				}
				want := tt.want
				if end != nil { // nothing is added behind an error
					for len(want) > 0 && len(tt.src) > 0 && want[len(want)-1] != tt.src[len(tt.src)-1] {
						want = want[:len(want)-1]
					}
					if len(tt.src) == 0 {
						want = nil
					}
				}
				if diff := cmp.Diff(want, got); diff != "" || last != end {
					t.Errorf("%s: error %v; (-want +got):\n%s", tt.name, last, diff)
				}
			}
		}
	}
}
