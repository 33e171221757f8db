package screen

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Moment is a moment in a recording.
type Moment struct {
	// At is the moment after all events up to and including this time; a time
	// beyond the end means the end.
	At time.Duration
	// Marker, if not empty, replaces At: the moment is at the first marker with
	// this label.
	Marker string
}

// End is the moment after the last event.
var End = Moment{At: math.MaxInt64}

// ErrNoMarker is returned by [At] if the recording does not have a marker.
var ErrNoMarker = errors.New("no such marker")

// At plays a recording without waiting and calls show at each of the
// moments, in the order in which they come. Its arguments are the index in
// moments, the time of the last event so far and the screen, which show must not
// change or keep. At returns the first error of show, and [ErrNoMarker],
// wrapped, for a marker that did not come. If the recording ends in an error,
// later times are shown as the end, and At returns the error.
func At(cast format.Cast, moments []Moment, show func(i int, at time.Duration, s *vt.Screen) error) error {
	screen := New(cast.Header)
	shown := make([]bool, len(moments))
	var last time.Duration
	left := len(moments)
	// showIf shows the moments for which ok returns true.
	showIf := func(ok func(Moment) bool) error {
		for i, m := range moments {
			if shown[i] || !ok(m) {
				continue
			}
			shown[i] = true
			left--
			if err := show(i, last, screen.Screen); err != nil {
				return err
			}
		}
		return nil
	}
	var broken error
	for ev, err := range cast.Events {
		if err != nil {
			broken = err
			break
		}
		if err := showIf(func(m Moment) bool { return m.Marker == "" && m.At < ev.Time }); err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		last = ev.Time
		screen.Feed(ev)
		if ev.Code == format.Marker {
			if err := showIf(func(m Moment) bool { return m.Marker != "" && m.Marker == ev.Data }); err != nil {
				return err
			}
		}
	}
	if err := showIf(func(m Moment) bool { return m.Marker == "" }); err != nil {
		return err
	}
	if broken != nil {
		return broken
	}
	for i, m := range moments {
		if !shown[i] {
			return fmt.Errorf("%w: %q", ErrNoMarker, m.Marker)
		}
	}
	return nil
}
