package place

import (
	"fmt"
	"sort"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// A Clock tells the time of day in a recording. The zero Clock knows none.
type Clock struct {
	points []clockPoint // in order
	unsure time.Duration
	doubt  bool
}

// clockPoint is a moment of which the time of day is known.
type clockPoint struct {
	at   time.Duration
	wall time.Time
}

// maxPoints is the most pauses that a Clock knows.
const maxPoints = 1 << 14

// NewClock returns a Clock for a recording with the header h.
func NewClock(h format.Header) Clock {
	var c Clock
	if !h.Start.IsZero() {
		c.points = []clockPoint{{0, h.Start}}
	}
	return c
}

// See notes what an event says of the time of day. The events of a recording are
// seen in order, from the first.
func (c *Clock) See(ev format.Event) {
	if ev.Code != format.Marker || len(c.points) == 0 || len(c.points) >= maxPoints {
		return
	}
	if wall, ok := format.ResumedAt(ev.Data); ok {
		c.points = append(c.points, clockPoint{ev.Time, wall})
	} else if ev.Data == "resumed" && !c.doubt {
		c.unsure, c.doubt = ev.Time, true
	}
}

// At returns the time of day at a moment, and whether it is known.
func (c *Clock) At(d time.Duration) (time.Time, bool) {
	n := sort.Search(len(c.points), func(i int) bool { return c.points[i].at > d })
	if n == 0 {
		return time.Time{}, false
	}
	p := c.points[n-1]
	return p.wall.Add(d - p.at), true
}

// Unsure returns the first moment after which times of day may be too early,
// because the recording was paused and does not hold for how long; and whether
// there is one. Recordings by older versions of ttydeck have such pauses.
func (c *Clock) Unsure() (time.Duration, bool) { return c.unsure, c.doubt }

// timeOfDay is a time of day, with a date if it has one.
type timeOfDay struct {
	time.Time // of the zone UTC
	dated     bool
}

func parseTimeOfDay(s string) (timeOfDay, error) {
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return timeOfDay{t, false}, nil
		}
		for _, date := range []string{"2006-01-02 ", "2006-01-02T"} {
			if t, err := time.Parse(date+layout, s); err == nil {
				return timeOfDay{t, true}, nil
			}
		}
	}
	return timeOfDay{}, fmt.Errorf("invalid time of day %q: want 14:32:05, or 2026-11-30 14:32:05", s)
}

// String returns the time of day as it is parsed.
func (t timeOfDay) String() string {
	layout := "15:04:05.999999999"
	if t.dated {
		layout = "2006-01-02 " + layout
	}
	return t.Format(layout)
}

// after returns the first moment at or after wall at which it is t in the zone of
// wall. A date has only one such moment, which may be before wall.
func (t timeOfDay) after(wall time.Time) time.Time {
	year, month, day := t.Date()
	if !t.dated {
		year, month, day = wall.Date()
	}
	moment := func(day int) time.Time {
		return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), wall.Location())
	}
	if at := moment(day); t.dated || !at.Before(wall) {
		return at
	}
	return moment(day + 1)
}

// find returns the first moment at which it is t in zone, in a recording that ends
// at end. A time during a pause is that at which the recording went on.
func (c *Clock) find(t timeOfDay, end time.Duration, zone *time.Location) (time.Duration, bool) {
	for i, p := range c.points {
		until, next := end, time.Time{}
		if i+1 < len(c.points) {
			until, next = c.points[i+1].at, c.points[i+1].wall
		}
		at := t.after(p.wall.In(zone))
		if at.Before(p.wall) {
			continue
		}
		if d := at.Sub(p.wall); d <= until-p.at {
			return p.at + d, true
		}
		if at.Before(next) {
			return until, true
		}
	}
	return 0, false
}
