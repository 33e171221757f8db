package edit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
)

// Plan makes the plan for a recording: it finds the places of the recipe there. A
// recipe of which all places are plain times, or the ends of ranges left open, is
// planned without reading the recording. The error, which is one line for each
// fault, reports a malformed recipe, a place that is not found or found twice, and
// operations that contradict each other.
func (r Recipe) Plan(ctx context.Context, src place.Source) (*Plan, error) {
	o, err := r.parse()
	if err != nil {
		return nil, err
	}
	p := &Plan{line: newTimeline(), labels: o.labels, src: src}
	f := &finding{src: src}
	ranges := func(list []ranged[struct{}]) {
		for _, x := range list {
			f.add(x.name, x.span.From, x.span.To)
		}
	}
	ranges(o.cut)
	ranges(o.keep)
	for _, x := range o.speed {
		if !x.whole {
			f.add(x.name, x.span.From, x.span.To)
		}
	}
	for _, x := range o.idle {
		if !x.whole {
			f.add(x.name, x.span.From, x.span.To)
		}
	}
	for _, x := range o.pause {
		f.add(x.name, x.place)
	}
	for _, x := range o.marker {
		f.add(x.name, x.place)
	}
	if err := f.find(ctx); err != nil {
		return nil, err
	}
	p.times = f.unchecked()
	if err := p.setSpeeds(o, f); err != nil {
		return nil, err
	}
	if err := p.setSpans(ctx, r, o, f); err != nil {
		return nil, err
	}
	if err := p.setPoints(o, f); err != nil {
		return nil, err
	}
	if err := p.setFilters(r, o); err != nil {
		return nil, err
	}
	return p, nil
}

// finding finds places.
type finding struct {
	src    place.Source
	names  []string // the operation of each place
	places []place.Place
	points []place.Point
	next   int // the first point not taken yet
}

func (f *finding) add(name string, places ...place.Place) {
	for _, p := range places {
		f.names = append(f.names, name)
		f.places = append(f.places, p)
	}
}

// take returns the next point, in the order of add.
func (f *finding) take() place.Point {
	f.next++
	return f.points[f.next-1]
}

// takeRange returns the range between the next two points.
func (f *finding) takeRange() (place.Range, error) {
	name, from, to := f.names[f.next], f.places[f.next], f.places[f.next+1]
	r := place.Range{From: f.take(), To: f.take()}
	if behind(r.From, r.To) && r.From.Time != r.To.Time || r.From.Event >= 0 && r.To.Event >= 0 && behind(r.From, r.To) {
		return r, fmt.Errorf("%s: %s is before %s", name, to, from)
	}
	return r, nil
}

// takeRanges returns the ranges of operations of one kind, which must not overlap.
func takeRanges[T any](f *finding, list []ranged[T]) ([]place.Range, error) {
	var ranges []place.Range
	for _, x := range list {
		if x.whole {
			ranges = append(ranges, place.Range{To: place.Point{Time: forever, Event: -1}})
			continue
		}
		r, err := f.takeRange()
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, r)
	}
	whole := -1
	var order []int // of those that are no whole recordings
	for i, x := range list {
		switch {
		case !x.whole:
			order = append(order, i)
		case whole >= 0:
			return nil, fmt.Errorf("%s and %s: want one", list[whole].name, x.name)
		default:
			whole = i
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return inOrder(ranges[a].From, ranges[b].From) })
	for n, i := range order[:max(len(order)-1, 0)] {
		next := order[n+1]
		if behind(ranges[i].To, ranges[next].From) && behind(ranges[next].To, ranges[i].From) {
			return nil, overlapError(list[min(i, next)].name, list[max(i, next)].name)
		}
		if behind(ranges[i].To, ranges[next].To) { // it is empty, and at the start
			order[n+1] = i
		}
	}
	return ranges, nil
}

// setSpeeds sets what each range is run through at.
func (p *Plan) setSpeeds(o *ops, f *finding) error {
	f.next = 2 * (len(o.cut) + len(o.keep))
	speeds, err := takeRanges(f, o.speed)
	if err != nil {
		return err
	}
	limits, err := takeRanges(f, o.idle)
	if err != nil {
		return err
	}
	// What holds for the whole recording comes first: a range has the last word.
	for _, whole := range []bool{true, false} {
		for i, x := range o.speed {
			if x.whole != whole {
				continue
			}
			p.line.change(speeds[i].From.Time, speeds[i].To.Time, func(pc *piece) { pc.speed = x.value })
			p.add(speeds[i], fmt.Sprintf("speed %v", x.value))
			if whole {
				p.headers(func(h *format.Header) { h.IdleLimit = addScaled(0, h.IdleLimit, x.value) })
			}
		}
		for i, x := range o.idle {
			if x.whole != whole {
				continue
			}
			p.line.change(limits[i].From.Time, limits[i].To.Time, func(pc *piece) { pc.limit = x.value })
			p.add(limits[i], fmt.Sprintf("pauses at most %v", x.value))
			if whole {
				p.headers(func(h *format.Header) { h.IdleLimit = 0 })
			}
		}
	}
	return nil
}

// setSpans sets what goes.
func (p *Plan) setSpans(ctx context.Context, r Recipe, o *ops, f *finding) error {
	f.next = 0
	var spans []span
	cuts, err := takeRanges(f, o.cut)
	if err != nil {
		return err
	}
	for i, c := range cuts {
		spans = append(spans, span{Range: c, name: o.cut[i].name})
		p.add(c, "cut")
	}
	keeps, err := takeRanges(f, o.keep)
	if err != nil {
		return err
	}
	if len(keeps) > 0 {
		order := make([]int, len(keeps))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			if behind(keeps[a].From, keeps[b].From) {
				return 1
			}
			return -1
		})
		var from place.Point
		name := ""
		for _, i := range order {
			name = o.keep[i].name
			if behind(keeps[i].From, from) {
				spans = append(spans, span{Range: place.Range{From: from, To: keeps[i].From}, name: name})
			}
			from = keeps[i].To
		}
		spans = append(spans, span{Range: place.Range{From: from, To: place.Point{Time: forever, Event: -1}}, name: name})
		for _, s := range spans[len(cuts):] {
			p.add(s.Range, "cut")
		}
	}
	commands, err := p.setCommands(ctx, r, o)
	if err != nil {
		return err
	}
	return p.addSpans(append(spans, commands...))
}

// setPoints sets what happens at single points.
func (p *Plan) setPoints(o *ops, f *finding) error {
	f.next = len(f.places) - len(o.pause) - len(o.marker)
	for _, x := range o.pause {
		at, err := p.placed(f.take(), x.name)
		if err != nil {
			return err
		}
		p.holds = append(p.holds, hold{at: at, long: x.value, name: x.name})
	}
	for _, x := range o.marker {
		at, err := p.placed(f.take(), x.name)
		if err != nil {
			return err
		}
		p.markers = append(p.markers, marker{at: at, label: x.value, name: x.name})
	}
	slices.SortStableFunc(p.holds, func(a, b hold) int { return inOrder(a.at, b.at) })
	slices.SortStableFunc(p.markers, func(a, b marker) int { return inOrder(a.at, b.at) })
	return nil
}

// placed returns where the point of an operation is in the result. In a line that is
// typed anew, it is where that begins.
func (p *Plan) placed(at place.Point, name string) (place.Point, error) {
	for _, s := range p.spans {
		switch {
		case !behind(at, s.From) || !behind(s.To, at):
		case s.kind == typedSpan:
			return s.From, nil
		default:
			return at, fmt.Errorf("%s: this place is gone, by %s", name, s.name)
		}
	}
	return at, nil
}

// setFilters sets what changes headers and contents.
func (p *Plan) setFilters(r Recipe, o *ops) error {
	for _, s := range r.RenameMarker {
		p.everywhere(fmt.Sprintf("markers renamed: %q", s))
	}
	for _, s := range r.RemoveMarker {
		p.everywhere(fmt.Sprintf("markers removed: %q", s))
	}
	for _, s := range r.Replace {
		p.everywhere(fmt.Sprintf("replaced: %q", s))
	}
	if r.RemoveInput {
		p.after = append(p.after, RemoveInput())
		p.everywhere("input removed")
	}
	if r.RemoveMetadata {
		p.after = append(p.after, RemoveMetadata())
		p.everywhere("metadata removed")
	}
	if o.size != (format.Size{}) {
		p.window = WindowSize(o.size)
		p.everywhere("window " + r.WindowSize)
	}
	if r.Title != nil {
		p.after = append(p.after, Title(*r.Title))
		p.everywhere(fmt.Sprintf("title %q", *r.Title))
	}
	if r.Theme != "" {
		theme, err := render.OpenTheme(r.Theme)
		if err != nil {
			return err
		}
		p.after = append(p.after, Theme(theme))
		p.everywhere("theme " + r.Theme)
	}
	return nil
}

// everywhere adds a step for the whole recording to the table.
func (p *Plan) everywhere(what string) {
	p.add(place.Range{To: place.Point{Time: forever, Event: -1}}, what)
}

// headers adds a change of the header.
func (p *Plan) headers(change func(*format.Header)) { p.header = append(p.header, change) }

// add adds a step to the table.
func (p *Plan) add(r place.Range, what string) { p.steps = append(p.steps, step{Range: r, what: what}) }

// find finds all places. If they are plain times, it need not read the recording;
// whether they are inside it shows when the plan is applied.
func (f *finding) find(ctx context.Context) error {
	src := f.src
	src.Lenient = true
	for _, p := range f.places {
		if kind := p.Kind(); kind != "time" && kind != "start" && p != place.End {
			src.Lenient = false
		}
	}
	found, err := place.Find(ctx, src, f.places...)
	if fault, ok := errors.AsType[*place.Error](err); ok {
		for i, p := range f.places {
			if p == fault.Place {
				return fmt.Errorf("%s: %w", f.names[i], err)
			}
		}
	}
	f.points = found.Points
	return err
}

// unchecked returns the times of which find does not know whether they are in the
// recording.
func (f *finding) unchecked() []named {
	var times []named
	for i, p := range f.places {
		if p.Kind() == "time" {
			times = append(times, named{f.points[i].Time, f.names[i]})
		}
	}
	return times
}
