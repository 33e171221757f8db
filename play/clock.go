package play

import (
	"math"
	"time"
)

// unpaced is the speed of a clock that never waits.
const unpaced = math.MaxFloat64

// clock maps the wall clock to the time on the tape. It computes all times from
// one anchor, so that waits that end a little late never add up. The zero clock
// stands still at the start of the tape; set its speed before it runs.
type clock struct {
	wall    time.Time     // of the anchor, while running
	tape    time.Duration // of the anchor
	speed   float64       // tape seconds per second; unpaced: no waiting at all
	running bool
}

// at returns the time on the tape when the wall clock shows now. An unpaced clock
// stays at its anchor: there the events lead and the clock follows.
func (c *clock) at(now time.Time) time.Duration {
	if !c.running || c.speed == unpaced {
		return c.tape
	}
	d := float64(now.Sub(c.wall)) * c.speed
	if d > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return c.tape + time.Duration(d)
}

// due returns the time from now until t on the tape is reached: zero or less if
// it has been. It is meaningless for a clock that stands still.
func (c *clock) due(now time.Time, t time.Duration) time.Duration {
	if c.speed == unpaced {
		return 0
	}
	d := float64(t-c.tape) / c.speed
	if d > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return c.wall.Add(time.Duration(d)).Sub(now)
}

// seek moves the clock to the time t on the tape.
func (c *clock) seek(now time.Time, t time.Duration) {
	c.wall, c.tape = now, t
}

// skip moves the clock forward by d of the tape. The anchor keeps its place on
// the wall clock, so that lateness is not forgotten.
func (c *clock) skip(d time.Duration) { c.tape += d }

func (c *clock) run(now time.Time) {
	if !c.running {
		c.wall, c.running = now, true
	}
}

func (c *clock) stop(now time.Time) {
	c.tape, c.running = c.at(now), false
}

// setSpeed changes the speed from now on.
func (c *clock) setSpeed(now time.Time, speed float64) {
	c.wall, c.tape, c.speed = now, c.at(now), speed
}
