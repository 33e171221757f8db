package transcript

import (
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
)

// maxLabel is the most characters in a marker's label.
const maxLabel = 200

// Markers returns a filter that adds a marker at the start of each command,
// labelled with its text, to the recording that the commands were read from.
// Existing markers stay. The filter reads cmds and may be applied more than
// once.
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

// A Marker is a labelled moment of a recording.
type Marker struct {
	// At is the time from the start of the recording.
	At time.Duration
	// Label is the text: one line, and not empty.
	Label string
}

func label(c *Command) string { return clipLabel(c.Text) }

// clipLabel returns text as one line of at most maxLabel characters.
func clipLabel(text string) string {
	text = strings.TrimSpace(oneLine(text))
	if r := []rune(text); len(r) > maxLabel {
		text = string(r[:maxLabel-1]) + "…"
	}
	return text
}
