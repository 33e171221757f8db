package edit

import (
	"time"

	"github.com/ttydeck/ttydeck/edit/retell"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// run applies a plan to a recording, event by event.
type run struct {
	p     *Plan
	yield func(format.Event, error) bool
	over  bool // yield has returned false

	clock clock
	count int           // events of the source so far
	last  time.Duration // of the last event that was yielded
	exit  *format.Event // kept back, as the recording may stand still before it

	// What is still to come.
	spans   []span
	holds   []hold
	markers []marker
	labels  *labelRun

	// screen is that of the source. It is drawn as long as a seam is to come, and
	// while the result has another, which forget has then.
	screen *screen.Screen
	forget retell.Forgetter
	before *vt.Screen // of the result, while a span is gone
	gone   bool       // the place is in spans[0]
	// late: the place is at the start or end of spans[0], but inside an escape
	// sequence or a character, which is completed first.
	late  bool
	ahead [3]place.Point // buffer of points

	// trimming: the start is cut off, so that the size of the result is not known.
	trimming bool
	size     format.Size // of the result at its start, once that is known
}

func newRun(p *Plan, h format.Header, line *timeline) *run {
	r := &run{p: p, clock: clock{line: line}, spans: p.spans, holds: p.holds, markers: p.markers, labels: p.labels.run()}
	if len(p.spans) > 0 {
		s := screen.New(h)
		r.screen = &s
	}
	return r
}

// reached reports whether a point is not behind byte taken of the current event,
// which comes at time now.
func (r *run) reached(at place.Point, now time.Duration, taken int) bool {
	if at.Event < 0 {
		return at.Time <= now
	}
	return at.Event < r.count || at.Event == r.count && at.Byte <= taken
}

// edge returns the next start or end of a span.
func (r *run) edge() (place.Point, bool) {
	switch {
	case len(r.spans) == 0 || r.late:
		return place.Point{}, false
	case r.gone:
		return r.spans[0].To, true
	}
	return r.spans[0].From, true
}

// next takes the next event of the source, or the error that ends it, and reports
// whether to go on.
func (r *run) next(ev format.Event, err error) bool {
	if err != nil {
		r.finish(err)
		return false
	}
	r.pass(ev.Time, 0)
	if r.late && r.gone && ev.Code != format.Comment {
		r.clock.seen() // it is behind the span, though it only completes a sequence
	}
	if ev.Code != format.Output {
		r.event(ev)
	} else if r.screen == nil && len(r.holds)+len(r.markers) == 0 {
		r.emit(ev)
	} else {
		r.output(ev)
	}
	r.count++
	return !r.over
}

// output takes an output event, which points may divide.
func (r *run) output(ev format.Event) {
	data := ev.Data
	for taken := 0; ; {
		upto := len(data)
		for _, at := range r.points() {
			if at.Event == r.count && at.Byte > taken {
				upto = min(upto, at.Byte)
			}
		}
		gone := r.gone
		if r.late {
			upto = taken + r.complete(data[taken:upto])
		} else if r.screen != nil {
			r.screen.WriteString(data[taken:upto])
		}
		if ev.Data = data[taken:upto]; !gone && (ev.Data != "" || data == "") {
			r.passOn(ev)
		}
		if r.late && r.screen.AtRest() {
			r.late = false
			r.crossEdge()
		}
		if taken = upto; taken == len(data) || r.over {
			return
		}
		r.pass(ev.Time, taken)
	}
}

// passOn yields an event that was drawn on the screen of the source.
func (r *run) passOn(ev format.Event) {
	if !r.forget.Active() {
		r.emit(ev)
		return
	}
	for _, ev := range r.forget.Pass(r.screen.Screen, ev) {
		r.emit(ev)
	}
	r.rest()
}

// rest drops the screen of the source when it is not needed any more.
func (r *run) rest() {
	if len(r.spans) == 0 && !r.forget.Active() {
		r.screen = nil
	}
}

// points returns the points that come next.
func (r *run) points() []place.Point {
	points := r.ahead[:0]
	if at, ok := r.edge(); ok {
		points = append(points, at)
	}
	if len(r.holds) > 0 {
		points = append(points, r.holds[0].at)
	}
	if len(r.markers) > 0 {
		points = append(points, r.markers[0].at)
	}
	return points
}

// complete draws what completes an escape sequence or a character, and returns the
// number of bytes.
func (r *run) complete(data string) int {
	for i := range len(data) {
		if r.screen.WriteString(data[i : i+1]); r.screen.AtRest() {
			return i + 1
		}
	}
	return len(data)
}

// pass passes the points up to byte taken of the current event, which comes at time
// now.
func (r *run) pass(now time.Duration, taken int) {
	for !r.over {
		edge, isEdge := r.edge()
		isEdge = isEdge && r.reached(edge, now, taken)
		// The frame at that time is held, so what comes at it comes first.
		isHold := len(r.holds) > 0 && r.reached(r.holds[0].at, now, taken) && (r.holds[0].at.Event >= 0 || r.holds[0].at.Time < now)
		isMarker := len(r.markers) > 0 && r.reached(r.markers[0].at, now, taken)
		switch {
		case isMarker && (!isEdge || precedes(r.markers[0].at, edge, r.gone)) && (!isHold || !behind(r.markers[0].at, r.holds[0].at)):
			r.clock.to(r.markers[0].at.Time)
			r.setMarker()
		case isHold && (!isEdge || precedes(r.holds[0].at, edge, r.gone)):
			r.clock.to(r.holds[0].at.Time)
			r.clock.hold(r.holds[0].long)
			r.holds = r.holds[1:]
		case isEdge:
			r.clock.to(edge.Time)
			if r.late = !r.screen.AtRest(); !r.late {
				r.crossEdge()
			} else if r.gone {
				r.clock.seen()
			}
		default:
			r.clock.to(now)
			return
		}
	}
}

// crossEdge passes the start or the end of spans[0].
func (r *run) crossEdge() {
	s := &r.spans[0]
	if r.gone = !r.gone; r.gone {
		if r.trimming = r.trimming && r.clock.now == 0; !r.trimming {
			r.begin(s)
		}
		return
	}
	if s.length > 0 {
		r.clock.hold(s.length)
	}
	r.seam(s)
	r.clock.seen()
	r.trimming = false
	r.spans = r.spans[1:]
	r.rest()
}

// begin begins a span that goes, and yields the events in its place.
func (r *run) begin(s *span) {
	if s.kind == forgottenSpan {
		r.forget.Begin(r.screen.Screen)
		return
	}
	var shown *vt.Screen
	if !r.forget.Active() {
		shown = r.screen.Copy()
	}
	began := r.clock.at()
	for _, ev := range s.insert {
		switch {
		case ev.Code != format.Output:
		case shown != nil:
			shown.WriteString(ev.Data)
		default:
			r.forget.Insert(ev.Data)
		}
		ev.Time = min(began+ev.Time, MaxTime)
		r.put(ev)
	}
	r.before = shown
}

// seam ends a span that goes: it brings the screen of the result to where it has to be.
func (r *run) seam(s *span) {
	var change string
	var before format.Size
	after := sizeOf(r.screen.Screen)
	switch {
	case r.forget.Active():
		before = sizeOf(r.forget.Screen())
		if s.kind == forgottenSpan {
			change = r.forget.End(r.screen.Screen)
		} else {
			change = r.forget.Seam(r.screen.Screen)
		}
	case r.trimming:
		r.size, before = after, after
		change = string(r.screen.AppendChange(nil, vt.New(after.Cols, after.Rows)))
	default:
		before = sizeOf(r.before)
		change = string(r.screen.AppendChange(nil, r.before))
		r.before = nil
	}
	at := r.clock.at()
	if before != after {
		r.put(format.Event{Time: at, Code: format.Resize, Data: after.String()})
	}
	if change != "" {
		r.put(format.Event{Time: at, Code: format.Output, Data: change})
	}
}

func sizeOf(s *vt.Screen) format.Size {
	cols, rows := s.Size()
	return format.Size{Cols: cols, Rows: rows}
}

// event takes an event other than output.
func (r *run) event(ev format.Event) {
	if ev.Code == format.Resize && r.screen != nil {
		if r.screen.Feed(ev); !r.gone {
			r.passOn(ev)
			return
		}
	}
	switch ev.Code {
	case format.Comment:
		ev.Time = r.clock.at()
		r.put(ev)
		return
	case format.Exit:
		if r.trimming {
			ev.Time = r.clock.at()
			exit := ev // nothing may be left but this
			r.exit = &exit
			return
		}
	case format.Marker:
		// The time of day is known from the markers of a pause.
		if _, ok := format.ResumedAt(ev.Data); !ok {
			label, keep := r.labels.of(ev.Data)
			if ev.Data = label; !keep || r.gone {
				return
			}
		}
	default:
		if r.gone {
			return
		}
	}
	r.emit(ev)
}

// emit yields an event of the source, with its new time.
func (r *run) emit(ev format.Event) {
	if r.exit != nil {
		exit := *r.exit
		r.exit = nil
		r.put(exit)
	}
	if ev.Time = r.clock.at(); !r.late && !r.gone {
		r.clock.seen()
	}
	if ev.Code == format.Exit && len(r.holds) > 0 {
		exit := ev // a copy, or each event would be allocated
		r.exit = &exit
		return
	}
	r.put(ev)
}

// put yields an event.
func (r *run) put(ev format.Event) {
	ev.Time = max(ev.Time, r.last)
	r.last = ev.Time
	if !r.over && !r.yield(ev, nil) {
		r.over = true
	}
}

// setMarker yields the next marker to set.
func (r *run) setMarker() {
	m := r.markers[0]
	r.markers = r.markers[1:]
	r.put(format.Event{Time: r.clock.at(), Code: format.Marker, Data: m.label})
}

// finish ends the recording, with an error if err is not nil.
func (r *run) finish(err error) {
	if r.over {
		return
	}
	end := r.clock.now
	for _, h := range r.holds { // those at the end
		if h.at.Time <= end || h.at.Time == forever {
			r.clock.hold(h.long)
			r.holds = r.holds[1:]
		}
	}
	for len(r.markers) > 0 && (r.markers[0].at.Time == forever || r.reached(r.markers[0].at, end, 0)) {
		r.setMarker()
	}
	if err == nil {
		err = r.p.missed(end, r.labels)
	}
	if err == nil && r.trimming {
		err = ErrNothingLeft
	}
	if r.exit != nil && !r.trimming {
		exit := *r.exit
		exit.Time = r.clock.at()
		r.put(exit)
	}
	if at := r.clock.at(); err == nil && at > r.last {
		r.put(format.Event{Time: at, Code: format.Output}) // the recording keeps its length
	}
	if err != nil && !r.over {
		r.over = true
		r.yield(format.Event{}, err)
	}
}
