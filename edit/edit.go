// Package edit has filters over recordings: steps that take a [format.Cast]
// and give a changed one, as it is read, without holding it in memory.
//
// A [Filter] changes the header and the events together, so that what is
// applied to the events is not asked for by the header once more. Chain them
// with [Chain]; put recordings behind each other with [Concat].
package edit

import (
	"fmt"
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Filter is a step that changes a recording. A Filter may be used for any
// number of recordings, also at once.
type Filter func(format.Cast) format.Cast

// Chain gives the Filter that applies filters in their order.
func Chain(filters ...Filter) Filter {
	return func(src format.Cast) format.Cast {
		for _, f := range filters {
			src = f(src)
		}
		return src
	}
}

// each makes a Filter of a step that changes one event, or drops it by giving
// false. newStep is called once for each recording, for the step's state.
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

// Speed makes a recording run factor times as fast; factor must be above zero.
// An idle limit in the header is shortened alike.
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

// MaxTime is the latest time that a filter moves an event to, 146 years.
const MaxTime = time.Duration(math.MaxInt64 / 2)

// LimitIdle shortens every pause that is longer than limit to limit, which must
// be above zero. It takes an idle limit out of the header: it is applied now.
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
		src.Header.Duration = 0 // not known any more
		return shorten(src)
	}
}

// Shift moves every event by d. Events that would come before the start are
// held there. The header's start moves the other way, so that an event's time
// of day stays.
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

// Concat puts recordings behind each other, each beginning at the time of the
// last event of the one before, with the header of the first. A resize is put in
// where a recording begins at another size than the one before had. Idle limits
// that differ are applied.
func Concat(casts ...format.Cast) format.Cast {
	if len(casts) == 0 {
		return format.Cast{Events: func(func(format.Event, error) bool) {}}
	}
	parts := append([]format.Cast(nil), casts...)
	same := true
	for _, c := range parts {
		same = same && c.Header.IdleLimit == parts[0].Header.IdleLimit
	}
	if !same {
		for i, c := range parts {
			if c.Header.IdleLimit > 0 {
				parts[i] = LimitIdle(c.Header.IdleLimit)(c)
			}
		}
	}
	header := parts[0].Header
	header.Duration = 0
	return format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
		size := header.Size
		var base, last time.Duration
		for i, part := range parts {
			if start := part.Header.Size; i > 0 && start != size && start != (format.Size{}) {
				size = start
				if !yield(format.Event{Time: base, Code: format.Resize, Data: size.String()}, nil) {
					return
				}
			}
			for ev, err := range part.Events {
				if err != nil {
					yield(ev, err)
					return
				}
				ev.Time = min(ev.Time+base, MaxTime)
				last = ev.Time
				if ev.Code == format.Resize {
					if s, err := ev.Size(); err == nil {
						size = s
					}
				}
				if !yield(ev, nil) {
					return
				}
			}
			base = last
		}
	}}
}
