package edit

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"text/tabwriter"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/place"
)

// Measured is a plan with the times of its result.
type Measured struct {
	plan   *Plan
	knots  []knot        // in order
	source time.Duration // the length of the source
	result time.Duration // and of the result

	// When each span, pause and marker of the plan begins in the result.
	spans, holds, markers []time.Duration
}

// Measure reads the recording, as the lengths of its pauses decide how long the
// result is. If the recording ends in an error, what comes before counts. The error
// is one that applying the plan would end in.
func (p *Plan) Measure(ctx context.Context) (*Measured, error) {
	cast, err := p.src.Open()
	if err != nil {
		return nil, err
	}
	m := &Measured{plan: p, knots: []knot{{}}}
	events := cast.Events
	c := &timer{clock: clock{line: p.baked(&cast.Header), knots: func(k knot) {
		if k.source < forever {
			m.add(k)
		}
	}}, m: m, holds: p.holds, spans: p.spans, markers: p.markers}
	labels := p.labels.run()
	n, broken := 0, false
	for ev, err := range events {
		if broken = err != nil; broken {
			break
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		stays := ev.Code != format.Comment
		if _, resumed := format.ResumedAt(ev.Data); ev.Code == format.Marker && !resumed {
			_, stays = labels.of(ev.Data)
		}
		c.event(ev, stays)
	}
	c.end()
	m.source, m.result = c.clock.now, c.clock.at()
	if !broken {
		if err := p.missed(m.source, labels); err != nil {
			return nil, err
		}
		if c.gone && len(c.spans) == len(p.spans) && p.trims() {
			return nil, ErrNothingLeft
		}
	}
	m.knots = append(m.knots, knot{m.source, m.result})
	return m, nil
}

// add adds a knot. One between two others at the same time of the result says nothing.
func (m *Measured) add(k knot) {
	if n := len(m.knots); n > 1 && m.knots[n-1].result == k.result && m.knots[n-2].result == k.result {
		m.knots[n-1] = k
		return
	}
	m.knots = append(m.knots, k)
}

// timer is a run that only counts the time.
type timer struct {
	clock   clock
	m       *Measured
	count   int
	holds   []hold
	spans   []span
	markers []marker
	gone    bool
}

// event takes an event; stays reports whether it ends a pause of the result.
func (t *timer) event(ev format.Event, stays bool) {
	here := place.Point{Time: ev.Time, Event: t.count}
	for {
		var edge place.Point
		isEdge := false
		if len(t.spans) > 0 {
			if edge = t.spans[0].From; t.gone {
				edge = t.spans[0].To
			}
			isEdge = !behind(edge, here)
		}
		isHold := len(t.holds) > 0 && !behind(t.holds[0].at, here) && (t.holds[0].at.Event >= 0 || t.holds[0].at.Time < ev.Time)
		isMarker := len(t.markers) > 0 && !behind(t.markers[0].at, here)
		switch {
		case isMarker && (!isEdge || precedes(t.markers[0].at, edge, t.gone)) && (!isHold || !behind(t.markers[0].at, t.holds[0].at)):
			t.clock.to(t.markers[0].at.Time)
			t.marker()
			continue
		case isHold && (!isEdge || precedes(t.holds[0].at, edge, t.gone)):
			t.clock.to(t.holds[0].at.Time)
			t.hold()
			continue
		case isEdge:
			t.clock.to(edge.Time)
			if t.gone {
				t.clock.hold(t.spans[0].length)
				t.clock.seen()
				t.spans = t.spans[1:]
			} else {
				t.m.spans = append(t.m.spans, t.clock.at())
			}
			t.gone = !t.gone
			continue
		}
		break
	}
	t.clock.to(ev.Time)
	if stays && !t.gone {
		t.clock.seen()
	}
	t.count++
}

func (t *timer) hold() {
	t.m.holds = append(t.m.holds, t.clock.at())
	t.clock.hold(t.holds[0].long)
	t.holds = t.holds[1:]
}

func (t *timer) marker() {
	t.m.markers = append(t.m.markers, t.clock.at())
	t.markers = t.markers[1:]
}

func (t *timer) end() {
	for len(t.holds) > 0 && (t.holds[0].at.Time <= t.clock.now || t.holds[0].at.Time == forever) {
		t.hold()
	}
	for len(t.markers) > 0 && (t.markers[0].at.Time <= t.clock.now || t.markers[0].at.Time == forever) {
		t.marker()
	}
}

// Length returns the length of the result.
func (m *Measured) Length() time.Duration { return m.result }

// SourceLength returns the length of the source.
func (m *Measured) SourceLength() time.Duration { return m.source }

// At returns the time in the result of a time of the source. A time that is gone is
// that of the seam.
func (m *Measured) At(source time.Duration) time.Duration {
	i := sort.Search(len(m.knots), func(i int) bool { return m.knots[i].source > source })
	return between(m.knots, i, source, func(k knot) (from, to time.Duration) { return k.source, k.result })
}

// until is At for the end of a range: where the result stands still, it is the moment
// before that.
func (m *Measured) until(source time.Duration) time.Duration {
	i := sort.Search(len(m.knots), func(i int) bool { return m.knots[i].source >= source })
	if i < len(m.knots) && m.knots[i].source == source {
		return m.knots[i].result
	}
	return m.At(source)
}

// SourceAt returns the time of the source that the result shows at a time. At a seam
// it is the time behind it.
func (m *Measured) SourceAt(result time.Duration) time.Duration {
	i := sort.Search(len(m.knots), func(i int) bool { return m.knots[i].result > result })
	return between(m.knots, i, result, func(k knot) (from, to time.Duration) { return k.result, k.source })
}

// between returns the value of x on the line from the knot before i to knot i.
func between(knots []knot, i int, x time.Duration, of func(knot) (from, to time.Duration)) time.Duration {
	a, at := of(knots[max(i-1, 0)])
	if i == len(knots) {
		return at
	}
	b, upto := of(knots[i])
	if b <= a {
		return at
	}
	return at + time.Duration(float64(upto-at)*(float64(x-a)/float64(b-a)))
}

// Step is what becomes of a part of the source.
type Step struct {
	Source place.Range   // a range, or a point
	What   string        // what is done, such as "cut"; "" where nothing is
	From   time.Duration // where it begins in the result
	To     time.Duration // where it ends
}

// Steps lists the plan in the order of the source: what is done to each part, and
// the parts of which nothing is said.
func (m *Measured) Steps() []Step {
	var steps []Step
	for _, s := range m.plan.steps {
		steps = append(steps, m.step(s.Range, s.what))
	}
	add := func(r place.Range, what string, from, long time.Duration) {
		steps = append(steps, Step{m.inside(r), what, from, from + long})
	}
	for i, from := range m.spans {
		if s := m.plan.spans[i]; s.kind == typedSpan {
			add(s.Range, "typed evenly", from, s.length)
		}
	}
	for i, from := range m.holds {
		h := m.plan.holds[i]
		add(place.Range{From: h.at, To: h.at}, fmt.Sprintf("pause of %v", h.long), from, h.long)
	}
	for i, from := range m.markers {
		x := m.plan.markers[i]
		add(place.Range{From: x.at, To: x.at}, fmt.Sprintf("marker %q", x.label), from, 0)
	}
	slices.SortStableFunc(steps, func(a, b Step) int {
		switch {
		case behind(a.Source.From, b.Source.From):
			return 1
		case behind(b.Source.From, a.Source.From):
			return -1
		}
		return 0
	})
	var all []Step
	var upto time.Duration
	untouched := func(to time.Duration) {
		all = append(all, m.step(place.Range{From: place.Point{Time: upto, Event: -1}, To: place.Point{Time: to, Event: -1}}, ""))
	}
	for _, s := range steps {
		if s.Source.From.Time > upto {
			untouched(s.Source.From.Time)
		}
		all = append(all, s)
		upto = max(upto, s.Source.To.Time)
	}
	if upto < m.source {
		untouched(m.source)
	}
	return all
}

// step returns the step of a range which is in the result what is left of it.
func (m *Measured) step(r place.Range, what string) Step {
	r = m.inside(r)
	s := Step{Source: r, What: what}
	if from, to := r.From.Time, r.To.Time; from == to {
		s.From, s.To = m.until(to), m.At(to)
	} else {
		s.From, s.To = m.At(from), m.until(to)
	}
	s.To = max(s.From, s.To)
	return s
}

// inside returns a range without what is behind the end.
func (m *Measured) inside(r place.Range) place.Range {
	r.From.Time, r.To.Time = min(r.From.Time, m.source), min(r.To.Time, m.source)
	return r
}

// Write writes the plan as a table for people: what is done to each part of the
// source, where that is in the result, and the new length.
func (m *Measured) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	at := func(d time.Duration) string { return timecode.Format(d, time.Millisecond) }
	span := func(from, to time.Duration) string {
		if from == to {
			return at(from)
		}
		return at(from) + " - " + at(to)
	}
	fmt.Fprintln(t, "SOURCE\tWHAT\tRESULT")
	for _, s := range m.Steps() {
		what := s.What
		if what == "" {
			what = "as it is"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", span(s.Source.From.Time, s.Source.To.Time), what, span(s.From, s.To))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "length: %s, was %s\n", at(m.result), at(m.source))
	return err
}
