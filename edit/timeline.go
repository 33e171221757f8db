package edit

import (
	"math"
	"sort"
	"time"
)

// timeline maps the times of a recording to those of the result. It is linear by
// pieces: each is run through at a speed of its own, or takes no time. Besides,
// pauses are shortened, and at single points the result stands still.
type timeline struct {
	pieces []piece // in order; each begins where the one before ends, the first at 0
}

// piece is a part of the source that is run through at one speed.
type piece struct {
	to    time.Duration // where it ends; the last one never does
	gone  bool          // it takes no time
	speed float64       // seconds of the source in one of the result
	limit time.Duration // on pauses, in time of the source; 0 means none
}

// forever is later than any time of a recording.
const forever = time.Duration(math.MaxInt64)

// newTimeline returns the timeline that leaves everything as it is.
func newTimeline() *timeline { return &timeline{pieces: []piece{{to: forever, speed: 1}}} }

// change calls do for the pieces from from up to to, which it divides there.
func (l *timeline) change(from, to time.Duration, do func(*piece)) {
	if from >= to {
		return
	}
	for i := l.divide(from); i < len(l.pieces) && (to == forever || l.start(i) < to); i++ {
		if to < l.pieces[i].to {
			l.divide(to)
		}
		do(&l.pieces[i])
	}
}

func (l *timeline) start(i int) time.Duration {
	if i == 0 {
		return 0
	}
	return l.pieces[i-1].to
}

// divide makes a piece begin at at, and returns its number.
func (l *timeline) divide(at time.Duration) int {
	i := sort.Search(len(l.pieces), func(i int) bool { return l.pieces[i].to > at })
	if at == l.start(i) {
		return i
	}
	l.pieces = append(l.pieces, piece{})
	copy(l.pieces[i+1:], l.pieces[i:])
	l.pieces[i].to = at
	return i + 1
}

// plain reports whether the timeline leaves all times as they are.
func (l *timeline) plain() bool {
	return len(l.pieces) == 1 && l.pieces[0] == piece{to: forever, speed: 1}
}

// knot is a point at which the timeline changes its slope.
type knot struct{ source, result time.Duration }

// clock runs along a timeline. Times are whole nanoseconds; what rounding takes
// from a time is not taken from those that follow.
type clock struct {
	line  *timeline
	i     int           // the current piece
	now   time.Duration // in the source
	base  time.Duration // of the result, at the start of the piece, with all that it stood still
	kept  time.Duration // time of the source that counts, since base
	pause time.Duration // how much of the current pause was kept
	knots func(knot)    // if not nil, called where the slope changes
}

// to goes on to a time of the source.
func (c *clock) to(at time.Duration) {
	for c.now < at {
		p := &c.line.pieces[c.i]
		upto := min(at, p.to)
		d := upto - c.now
		switch {
		case p.gone:
			d = 0
		case p.limit > 0:
			d = min(d, max(p.limit-c.pause, 0))
			c.pause += d
		}
		if d < upto-c.now && c.knots != nil {
			c.kept += d
			c.knots(knot{c.now + d, c.at()})
			c.knots(knot{upto, c.at()})
		} else {
			c.kept += d
		}
		if c.now = upto; c.now == p.to {
			c.base, c.kept = c.at(), 0
			c.i++
			if c.knots != nil {
				c.knots(knot{c.now, c.base})
			}
		}
	}
}

// at returns the time in the result.
func (c *clock) at() time.Duration {
	p := &c.line.pieces[c.i]
	if p.speed == 1 {
		return min(c.base+c.kept, MaxTime)
	}
	return addScaled(c.base, c.kept, p.speed)
}

// addScaled returns base + d/speed, at most MaxTime.
func addScaled(base, d time.Duration, speed float64) time.Duration {
	if f := math.Round(float64(d) / speed); f < float64(MaxTime-base) {
		return base + time.Duration(f)
	}
	return MaxTime
}

// hold lets the result stand still.
func (c *clock) hold(d time.Duration) {
	if c.knots != nil {
		c.knots(knot{c.now, c.at()})
	}
	c.base = min(c.base+d, MaxTime)
	if c.knots != nil {
		c.knots(knot{c.now, c.at()})
	}
}

// seen ends the current pause: something happens.
func (c *clock) seen() { c.pause = 0 }
