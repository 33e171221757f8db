package screen

import (
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
	// Event and Byte, unless both are 0, replace At: the moment is after this many
	// events, comments included, and after this many bytes of the next one, which
	// is output. Beyond the end means the end.
	Event, Byte int
}

// timed reports whether m is known by its time.
func (m Moment) timed() bool { return m.Event == 0 && m.Byte == 0 }

// End is the moment after the last event.
var End = Moment{At: math.MaxInt64}

// At plays a recording without waiting and calls show at each of the
// moments, in the order in which they come. Its arguments are the index in
// moments, the time of the last event so far and the screen, which show must not
// change or keep. At returns the first error of show. If the recording ends in an
// error, later moments are shown as the end, and At returns the error.
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
	n := 0 // events so far
	for ev, err := range cast.Events {
		if err != nil {
			broken = err
			break
		}
		due := func(m Moment) bool {
			if m.timed() {
				return m.At < ev.Time
			}
			return m.Event == n && m.Byte == 0
		}
		if err := showIf(due); err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		last = ev.Time
		for drawn := 0; ev.Code == format.Output; {
			next := len(ev.Data)
			for i, m := range moments {
				if m.Event == n && m.Byte > drawn && !shown[i] {
					next = min(next, m.Byte-drawn)
				}
			}
			if next == len(ev.Data) {
				break
			}
			screen.WriteString(ev.Data[:next])
			ev.Data = ev.Data[next:]
			drawn += next
			if err := showIf(func(m Moment) bool { return m.Event == n && m.Byte == drawn }); err != nil {
				return err
			}
		}
		screen.Feed(ev)
		n++
	}
	if err := showIf(func(Moment) bool { return true }); err != nil {
		return err
	}
	return broken
}
