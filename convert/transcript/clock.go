package transcript

import (
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

// see notes what an event says of the time of day.
func (c *Clock) see(ev format.Event) {
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
