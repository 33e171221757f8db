package play

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/replay"
)

// spot is a place on the source.
type spot struct {
	at    time.Duration
	place string // as a recipe names it
}

// edge is a place that the user has marked as one end of a range. A command that
// the user has marked is in the range, whichever end it is.
type edge struct {
	begin, end spot // where the range begins, and where it ends
}

// landed is where the deck has gone by a key that names the place: it is there
// until it moves.
type landed struct {
	valid   bool
	at      time.Duration
	number  int    // of the pieces before it; -1 if they were not loaded yet
	command int    // its index; -1: none
	name    string // of the place, as a recipe names it; "": none
}

// land notes that the deck has gone to a command, or to a place with a name.
func (d *deck) land(command int, name string) {
	l := landed{valid: true, at: d.clock.tape, number: d.pos.Point().Number, command: command, name: name}
	if d.reach >= 0 {
		l.number = -1
	}
	d.edit.landed = l
}

// standing returns where the deck has landed, if it is still there.
func (d *deck) standing() (landed, bool) {
	l := d.edit.landed
	ok := l.valid && d.edit.shown == nil && !d.clock.running && d.clock.tape == l.at &&
		(l.number < 0 || l.number == d.pos.Point().Number)
	return l, ok
}

// here returns the place that the deck shows. If it stands at a command or at a
// marker, the place is named after that: the first of parts of a command that it
// has gone to, or else the first that is at this time. A place that the user has
// typed keeps its name.
func (d *deck) here(now time.Time, parts ...string) spot {
	e := d.edit
	at := d.at(now)
	list, _ := e.commands.all()
	if l, ok := d.standing(); ok {
		if l.name != "" {
			return d.spotOf(at, l.name)
		}
		if l.command >= 0 {
			return d.spotOf(list[l.command].at(parts[0]), list[l.command].place(parts[0]))
		}
	}
	if name := d.timePlace(at); d.clock.running || name == place.End.String() {
		return d.spotOf(at, name)
	}
	for _, m := range d.markers() {
		if m.Time == at && d.named(m) {
			return d.spotOf(at, m.place)
		}
	}
	for _, part := range parts {
		// Several commands may be at this time; the last is in view.
		for i := commandBefore(list, at); i >= 0 && list[i].end >= at; i-- {
			if list[i].at(part) == at {
				return d.spotOf(at, list[i].place(part))
			}
		}
	}
	return d.spotOf(at, d.timePlace(at))
}

// edge returns what the deck shows as one end of a range.
func (d *deck) edge(now time.Time) edge {
	return edge{begin: d.here(now, atPrompt, atStart, atEnd), end: d.here(now, atEnd, atStart, atPrompt)}
}

func (d *deck) spotOf(at time.Duration, name string) spot {
	d.edit.times[name] = at
	return spot{at: at, place: name}
}

// timePlace returns a time of the source as a place. A place is before the events
// at its time, but what the deck shows is after them: so the time is a little
// later, if need be.
func (d *deck) timePlace(at time.Duration) string {
	last := d.pos.Point().Time
	if d.pos.Point().Number == 0 {
		last = -1
	}
	next := endOfTime
	if pc, ok, err := d.pos.Peek(); err == nil && ok {
		next = pc.Time
	} else if done, _ := d.tape.Loaded(); done && err == nil {
		return place.End.String()
	}
	return timeBetween(at, last, next)
}

// timeBetween returns a time near at that is later than one event, and not later
// than the next, to the millisecond if that is enough.
func timeBetween(at, event, next time.Duration) string {
	unit := time.Millisecond
	for ; unit > time.Nanosecond; unit /= 1000 {
		t := at.Round(unit)
		if t > next {
			t -= unit
		}
		if t <= event {
			t += unit
		}
		if t > event && t <= next {
			return place.FormatTime(t)
		}
	}
	return place.FormatTime(min(max(at, event+1), max(next, event)))
}

// editMark is a marker of the result, at its place on the source.
type editMark struct {
	replay.Mark
	was   string // the label in the recording
	place string // "" if a place cannot name it
	entry int    // its index in the recipe's Marker; -1: it is in the recording
}

// markers returns the markers as the recipe has them, in order. Callers must not
// change them.
func (d *deck) markers() []editMark {
	e := d.edit
	tape := d.tape
	if e.shown != nil {
		tape = e.shown.source.tape
	}
	recorded := tape.Markers()
	made := [3]int{e.history.version, len(recorded), len(e.times)}
	if e.marks != nil && e.marksMade == made {
		return e.marks
	}
	r := e.recipe()
	removed, renamed := removes(r), map[string]string{}
	for _, s := range r.RenameMarker {
		if old, label, ok := cutLabels(s); ok {
			renamed[old] = label
		}
	}
	e.marks = make([]editMark, 0, len(recorded)+len(r.Marker))
	for _, m := range recorded {
		if removed(m.Label) {
			continue
		}
		em := editMark{Mark: m, was: m.Label, entry: -1}
		if nameable(m.Label) {
			em.place = place.Marker(m.Label).String()
		}
		if label, ok := renamed[m.Label]; ok {
			em.Label = label
		}
		e.marks = append(e.marks, em)
	}
	for i, s := range r.Marker {
		at, label, _ := place.Cut(s, "=")
		label, err := place.ParseLabel(label)
		if t, known := e.times[at]; known && err == nil {
			e.marks = append(e.marks, editMark{Mark: replay.Mark{Time: t, Label: label}, place: at, entry: i})
		}
	}
	slices.SortStableFunc(e.marks, func(a, b editMark) int { return cmp.Compare(a.Time, b.Time) })
	e.barMarks = e.barMarks[:0]
	for _, m := range e.marks {
		e.barMarks = append(e.barMarks, m.Mark)
	}
	e.marksMade = made
	return e.marks
}

// findMarkers finds the times of the markers that a recipe sets, for the track.
func (d *deck) findMarkers(ctx context.Context, markers []string) {
	var names []string
	var places []place.Place
	for _, s := range markers {
		name, _, _ := place.Cut(s, "=")
		if p, err := place.Parse(name); err == nil {
			names, places = append(names, name), append(places, p)
		}
	}
	found, err := place.Find(ctx, d.edit.Source, places...)
	if err != nil {
		return // the plan has the same error
	}
	d.edit.tell(ctx, func(time.Time) error {
		for i, p := range found.Points {
			d.edit.times[names[i]] = p.Time
		}
		return d.redraw()
	})
}

// named reports whether the place of a marker means that marker and no other.
func (d *deck) named(m editMark) bool {
	if m.entry >= 0 || m.place == "" {
		return m.place != ""
	}
	n := 0
	for _, o := range d.markers() {
		if o.entry < 0 && o.was == m.was {
			n++
		}
	}
	return n == 1
}
