package transcript

import (
	"strings"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
)

// Typed returns a filter that adds, to the recording that the commands were read from,
// an event of input at the start of each command: its text and Enter. They show which
// commands were entered, and not how: keys that edited a line are not known. A recording
// that has input keeps it: nothing is added after its first event of input. Existing
// events stay. The filter reads cmds and may be applied more than once.
//
// The text is what was on the screen, so passwords that were not shown are not in it.
func Typed(cmds []Command) edit.Filter {
	return func(cast format.Cast) format.Cast {
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			next := 0
			typed := func() bool {
				c := &cmds[next]
				next++
				return yield(format.Event{Time: c.Start, Code: format.Input, Data: keysOf(c)}, nil)
			}
			for ev, err := range events {
				if err == nil && ev.Code == format.Input {
					next = len(cmds)
				}
				for err == nil && next < len(cmds) && cmds[next].Start <= ev.Time {
					if !typed() {
						return
					}
				}
				if !yield(ev, err) || err != nil {
					return
				}
			}
			for next < len(cmds) {
				if !typed() {
					return
				}
			}
		}
		return cast
	}
}

// keysOf returns the keys that enter a command.
func keysOf(c *Command) string {
	var b strings.Builder
	for line := range strings.SplitSeq(c.Text, "\n") {
		b.WriteString(strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r == 0x7f {
				return -1
			}
			return r
		}, line))
		b.WriteByte('\r')
	}
	if c.Kind == Cancelled {
		return strings.TrimSuffix(b.String(), "\r") + "\x03"
	}
	return b.String()
}
