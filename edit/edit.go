// Package edit has filters over recordings: steps that take a [format.Cast] and
// return a changed one. A filter changes events as they are read and does not
// hold the recording in memory.
//
// A [Filter] changes the header and the events together: [LimitIdle], for
// example, also removes the idle limit from the header, so that no player
// applies it again. Combine filters with [Chain]; join recordings with
// [Concat].
//
// A Cast is single-use, and so is the Cast that a filter returns: its events
// come from the ones passed in.
package edit

import (
	"fmt"
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Filter is a step that changes a recording. A Filter can be used for any
// number of recordings, also concurrently.
type Filter func(format.Cast) format.Cast

// Chain returns a Filter that applies filters in order.
func Chain(filters ...Filter) Filter {
	return func(src format.Cast) format.Cast {
		for _, f := range filters {
			src = f(src)
		}
		return src
	}
}

// each returns a Filter that calls a step for each event. The step returns the
// changed event, and false to drop it. newStep is called once for each
// recording, for the step's state.
func each(newStep func() func(format.Event) (format.Event, bool)) Filter {
	return func(src format.Cast) format.Cast {
		events := src.Events
		src.Events = func(yield func(format.Event, error) bool) {
			step := newStep()
			for ev, err := range events {
				keep := true
				if err == nil {
					ev, keep = step(ev)
				}
				if keep && !yield(ev, err) {
					return
				}
			}
		}
		return src
	}
}

// Speed returns a Filter that makes a recording run factor times as fast. It
// shortens an idle limit in the header likewise. The error reports a factor
// that is not a finite number above 0.
func Speed(factor float64) (Filter, error) {
	if !(factor > 0) || math.IsInf(factor, 0) {
		return nil, fmt.Errorf("speed %v: want a number above 0", factor)
	}
	scale := func(d time.Duration) time.Duration {
		if f := math.Round(float64(d) / factor); f < float64(MaxTime) {
			return time.Duration(f)
		}
		return MaxTime
	}
	events := each(func() func(format.Event) (format.Event, bool) {
		return func(ev format.Event) (format.Event, bool) {
			ev.Time = scale(ev.Time)
			return ev, true
		}
	})
	return func(src format.Cast) format.Cast {
		src.Header.IdleLimit = scale(src.Header.IdleLimit)
		src.Header.Duration = scale(src.Header.Duration)
		return events(src)
	}, nil
}

// MaxTime is the latest time to which a filter moves an event: 146 years.
const MaxTime = time.Duration(math.MaxInt64 / 2)

// LimitIdle returns a Filter that shortens every pause longer than limit to
// limit, which must be above zero. It removes the idle limit from the header.
func LimitIdle(limit time.Duration) Filter {
	shorten := each(func() func(format.Event) (format.Event, bool) {
		var before, cut time.Duration
		return func(ev format.Event) (format.Event, bool) {
			if pause := ev.Time - before; pause > limit {
				cut += pause - limit
			}
			before = ev.Time
			ev.Time -= cut
			return ev, true
		}
	})
	return func(src format.Cast) format.Cast {
		src.Header.IdleLimit = 0
		src.Header.Duration = 0 // unknown from here on
		return shorten(src)
	}
}

// Shift returns a Filter that moves every event by d. Events that would come
// before the start get the time zero. The header's start moves the other way,
// so that an event keeps its time of day.
func Shift(d time.Duration) Filter {
	move := each(func() func(format.Event) (format.Event, bool) {
		return func(ev format.Event) (format.Event, bool) {
			ev.Time = min(max(ev.Time+d, 0), MaxTime)
			return ev, true
		}
	})
	return func(src format.Cast) format.Cast {
		if !src.Header.Start.IsZero() {
			src.Header.Start = src.Header.Start.Add(-d)
		}
		if src.Header.Duration > 0 {
			src.Header.Duration = max(src.Header.Duration+d, 0)
		}
		return move(src)
	}
}
