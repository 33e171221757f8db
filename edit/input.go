package edit

import "github.com/ttydeck/ttydeck/format"

// RemoveInput returns a Filter that removes the events of input. The recording keeps
// its length: if the last event was input, one of output without data stands there.
func RemoveInput() Filter {
	return func(src format.Cast) format.Cast {
		events := src.Events
		src.Events = func(yield func(format.Event, error) bool) {
			end := format.Event{Code: format.Output}
			input := false // the last event was input
			for ev, err := range events {
				if input = err == nil && ev.Code == format.Input; input {
					end.Time = ev.Time
				} else if !yield(ev, err) {
					return
				}
			}
			if input {
				yield(end, nil)
			}
		}
		return src
	}
}
