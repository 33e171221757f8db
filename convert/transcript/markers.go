package transcript

import (
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
)

// maxLabel is how long a marker's label may be, in characters.
const maxLabel = 200

// Markers gives a filter that puts a marker at the start of each command, with
// its text as the label, into the recording that the commands were read from.
// Markers that are there stay.
func Markers(cmds []Command) edit.Filter {
	return func(cast format.Cast) format.Cast {
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			next := 0
			for ev, err := range events {
				for err == nil && next < len(cmds) && cmds[next].Start <= ev.Time {
					c := &cmds[next]
					next++
					if !yield(format.Event{Time: c.Start, Code: format.Marker, Data: label(c)}, nil) {
						return
					}
				}
				if !yield(ev, err) {
					return
				}
			}
			for ; next < len(cmds); next++ {
				c := &cmds[next]
				if !yield(format.Event{Time: c.Start, Code: format.Marker, Data: label(c)}, nil) {
					return
				}
			}
		}
		return cast
	}
}

func label(c *Command) string {
	text := oneLine(c.Text)
	if r := []rune(text); len(r) > maxLabel {
		text = string(r[:maxLabel-1]) + "…"
	}
	return text
}
