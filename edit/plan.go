package edit

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/place"
)

// Plan is what a [Recipe] does to one recording: ranges that go, ranges that are
// run through at another speed, and events that come. See [Recipe.Plan].
//
// A Plan can be applied any number of times, also concurrently.
type Plan struct {
	line    *timeline
	spans   []span   // what goes, in order; none overlaps another
	holds   []hold   // in order
	markers []marker // to be set, in order
	labels  labels   // what happens to markers that are there
	times   []named  // what was not looked for in the recording

	header []func(*format.Header)
	after  []Filter // applied to the result
	window Filter   // applied last; nil for none

	steps []step
	src   place.Source

	warnings []string
}

// spanKind is what happens instead of a part of the source.
type spanKind uint8

const (
	// cutSpan goes; the screen after it is that of the source.
	cutSpan spanKind = iota
	// forgottenSpan goes as if it had never been; what follows is drawn on the
	// screen before it.
	forgottenSpan
	// typedSpan is replaced by other events; the screen after it is that of the
	// source.
	typedSpan
)

// ErrNothingLeft is the error for a plan that removes all of a recording.
var ErrNothingLeft = errors.New("nothing is left of the recording")

// span is a part of the source that the result does not have.
type span struct {
	place.Range
	kind   spanKind
	name   string         // for messages: the operation as it was written
	insert []format.Event // in its place; their times count from its start
	length time.Duration  // that insert takes
}

// hold is a point at which the result stands still.
type hold struct {
	at   place.Point
	long time.Duration
	name string
}

// marker is a marker to set.
type marker struct {
	at    place.Point
	label string
	name  string
}

// named is a time of the source that an operation names.
type named struct {
	at   time.Duration
	name string
}

// step is an operation, for the table. Lines typed anew, pauses and markers are not among
// them.
type step struct {
	place.Range
	what string
}

// behind reports whether a point is behind another in a recording. A point of
// which only the time is known is before all events at that time.
func behind(a, b place.Point) bool {
	switch {
	case a.Time != b.Time || a.Event < 0 || b.Event < 0:
		return a.Time > b.Time || a.Time == b.Time && b.Event < 0 && a.Event >= 0
	case a.Event != b.Event:
		return a.Event > b.Event
	}
	return a.Byte > b.Byte
}

// precedes reports whether a point comes before the next start or, in a span that goes,
// the next end of one. At the start, the picture is still that before it; at the end,
// it is the one behind it.
func precedes(at, edge place.Point, gone bool) bool {
	if gone {
		return behind(edge, at)
	}
	return !behind(at, edge)
}

// inOrder compares points, as behind does.
func inOrder(a, b place.Point) int {
	switch {
	case behind(a, b):
		return 1
	case behind(b, a):
		return -1
	}
	return 0
}

// overlapError is the error for operations of which none says what becomes of the
// part that both have.
func overlapError(a, b string) error { return fmt.Errorf("%s overlaps %s", b, a) }

// addSpans adds spans to those of the plan, and takes their time from the
// timeline. Spans inside others are dropped; those that cross are an error.
func (p *Plan) addSpans(spans []span) error {
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(inOrder(a.From, b.From), inOrder(b.To, a.To)) // the longer one first
	})
	var typed []span
	for _, s := range spans {
		if s.kind == typedSpan {
			typed = append(typed, s)
			continue
		}
		if n := len(p.spans); n > 0 {
			last := &p.spans[n-1]
			switch {
			case !behind(s.To, last.To): // inside
				continue
			case s.kind == cutSpan && last.kind == cutSpan && last.To == s.From: // one seam will do
				last.To = s.To
				continue
			case behind(last.To, s.From):
				return overlapError(last.name, s.name)
			}
		}
		p.spans = append(p.spans, s)
	}
	p.spans = withTyped(p.spans, typed)
	for _, s := range p.spans {
		p.line.change(s.From.Time, s.To.Time, func(pc *piece) { pc.gone = true })
	}
	return nil
}

// missed returns an error for a place or a label that the recording, which ends at end,
// does not have.
func (p *Plan) missed(end time.Duration, labels *labelRun) error {
	for _, x := range p.times {
		if x.at > end {
			return fmt.Errorf("%s: %s is after the end, %s", x.name, timecode.Format(x.at, time.Millisecond), timecode.Format(end, time.Millisecond))
		}
	}
	return labels.missed()
}

// withTyped adds the spans of lines that are typed anew to those that go. What goes from
// inside such a line goes with it; a line of which more goes stays as it was typed, as
// what is left of it would make no sense.
func withTyped(gone, typed []span) []span {
	var all []span
	for _, t := range typed {
		for len(gone) > 0 && !behind(gone[0].To, t.From) {
			all = append(all, gone[0])
			gone = gone[1:]
		}
		n := 0 // those inside
		for n < len(gone) && gone[n].Range != t.Range && !behind(t.From, gone[n].From) && !behind(gone[n].To, t.To) {
			n++
		}
		if n == len(gone) || !behind(t.To, gone[n].From) {
			gone = gone[n:]
			all = append(all, t)
		}
	}
	return append(all, gone...)
}

// plain reports whether the plan leaves all events as they are.
func (p *Plan) plain() bool {
	return p.line.plain() && len(p.spans)+len(p.holds)+len(p.markers) == 0 && p.labels.none()
}

// baked moves the idle limit of the header to the timeline if the plan has pauses, which
// players would shorten.
func (p *Plan) baked(h *format.Header) *timeline {
	limit := h.IdleLimit
	if len(p.holds) == 0 || limit <= 0 {
		return p.line
	}
	h.IdleLimit = 0
	line := &timeline{pieces: slices.Clone(p.line.pieces)}
	line.change(0, forever, func(pc *piece) {
		if pc.limit == 0 || pc.limit > limit {
			pc.limit = limit
		}
	})
	return line
}

// Filter returns the plan as a Filter, for the recording that it was made for.
// Events after an error of the plan, such as a place behind the end, are missing:
// the error comes instead.
func (p *Plan) Filter() Filter { return p.FilterWith(Chain()) }

// FilterWith is Filter with another one that changes texts, such as that for
// [Recipe.Replace]. It comes before the picture is cropped, so that it sees all of a text
// that is cut there.
func (p *Plan) FilterWith(texts Filter) Filter {
	var filters []Filter
	if !p.plain() {
		filters = append(filters, p.apply)
	}
	if len(p.header) > 0 {
		filters = append(filters, func(c format.Cast) format.Cast {
			for _, change := range p.header {
				change(&c.Header)
			}
			return c
		})
	}
	filters = append(append(filters, p.after...), texts)
	if p.window != nil {
		filters = append(filters, p.window)
	}
	return Chain(filters...)
}

// apply is the Filter for everything that changes events.
func (p *Plan) apply(src format.Cast) format.Cast {
	header := src.Header
	line := p.baked(&header)
	if !line.plain() || len(p.holds) > 0 {
		header.Duration = 0 // unknown from here on
	}
	if p.trims() {
		return p.trimmed(src, header, line)
	}
	r := newRun(p, src.Header, line)
	events := src.Events
	return format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
		r := *r
		r.yield = yield
		for ev, err := range events {
			if !r.next(ev, err) {
				return
			}
		}
		r.finish(nil)
	}}
}

// Comments of a part at the start that goes are kept, in memory, up to maxComments bytes.
// An event takes eventBytes besides its data.
const (
	maxComments = 4 << 20
	eventBytes  = 64
)

// trimmed is apply if the start is cut off. The result begins with the size that the
// source has there, so the source is read up to there before trimmed returns.
func (p *Plan) trimmed(src format.Cast, header format.Header, line *timeline) format.Cast {
	r := newRun(p, src.Header, line)
	next, stop := iter.Pull2(src.Events)
	var kept []format.Event
	var failed error
	over := false
	r.trimming = true
	resumed, comments := -1, 0 // in kept: the index of the last one, and their bytes
	r.yield = func(ev format.Event, err error) bool {
		_, isResumed := format.ResumedAt(ev.Data)
		isResumed = isResumed && ev.Code == format.Marker && r.trimming
		switch {
		case err != nil:
			failed = err
		case ev.Code == format.Comment && comments > maxComments:
		case isResumed && resumed >= 0: // all come at the start, so the last one counts
			kept[resumed] = ev
		default:
			if ev.Code == format.Comment {
				comments += len(ev.Data) + eventBytes
			}
			if kept = append(kept, ev); isResumed {
				resumed = len(kept) - 1
			}
		}
		return true
	}
	for r.trimming && !over {
		ev, err, ok := next()
		if !ok {
			r.finish(nil)
			over = true
		} else {
			over = !r.next(ev, err) || err != nil
		}
	}
	if r.size != (format.Size{}) {
		header.Size = r.size
	}
	if !header.Start.IsZero() {
		header.Start = header.Start.Add(p.spans[0].To.Time)
	}
	return format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
		defer stop()
		for _, ev := range kept {
			if !yield(ev, nil) {
				return
			}
		}
		if failed != nil {
			yield(format.Event{}, failed)
			return
		}
		if over {
			return
		}
		r.yield = yield
		for {
			ev, err, ok := next()
			if !ok {
				r.finish(nil)
				return
			}
			if !r.next(ev, err) {
				return
			}
		}
	}}
}

// trims reports whether the start is cut off.
func (p *Plan) trims() bool {
	return len(p.spans) > 0 && p.spans[0].kind == cutSpan && atStart(p.spans[0].From)
}

func atStart(at place.Point) bool { return at.Time == 0 && at.Event <= 0 && at.Byte == 0 }

// Warnings returns what the plan leaves undone, a line for each.
func (p *Plan) Warnings() []string { return p.warnings }
