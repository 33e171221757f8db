package place

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// Source is a recording in which places are looked for.
type Source struct {
	// Open opens the recording anew. The caller of [Find] closes what it opened.
	Open func() (format.Cast, error)
	// Commands finds the commands. It may be nil if no place names one.
	Commands Commands
	// Zone is the zone of times of day; nil is the local one.
	Zone *time.Location
	// Lenient is for those who only look: a time after the end is no error, and
	// means the end, which is not looked for unless the recording must be read; and
	// the first of several markers with one label is meant.
	Lenient bool
}

// Found is the result of [Find].
type Found struct {
	// Points are the points of the places, in their order.
	Points []Point
	// Read reports that the recording was read. End is its end: the time of its last
	// event, and the number of all events.
	Read bool
	End  Point // known if Read is set
	// Err is the error that ended the reading, if any. What came before it counts
	// as the recording.
	Err error
}

// Error reports a place that is not in a recording, or not only once. Its text is one
// line, which names what the recording has.
type Error struct {
	Place  Place  // the place that is not found
	Reason string // the whole text
}

// Error returns the text.
func (e *Error) Error() string { return e.Reason }

// Find finds the points of places in a recording, with as few reads as it can: none if
// all are times or ends and src is lenient, else one. The error is an [*Error] for the first
// place that cannot be found.
func Find(ctx context.Context, src Source, places ...Place) (Found, error) {
	s := newSearch(src, places)
	if !s.needsEvents {
		return s.found, nil
	}
	cast, err := src.Open()
	if err != nil {
		return Found{}, err
	}
	s.begin(cast.Header)
	cast.Events = s.watch(ctx, cast.Events)
	if len(s.commands) > 0 {
		if src.Commands == nil {
			return Found{}, &Error{s.commands[0].place, fmt.Sprintf("%s: commands are not known here", s.commands[0].place)}
		}
		for c, err := range src.Commands(cast) {
			if err != nil && s.found.Err == nil {
				return Found{}, err
			} else if err == nil {
				s.command(c)
			}
		}
	}
	for range cast.Events { // what the finder of commands has not read
	}
	if err := ctx.Err(); err != nil {
		return Found{}, err
	}
	if err := s.end(); err != nil {
		return s.found, errors.Join(err, s.found.Err)
	}
	return s.found, nil
}

// search is the state of Find.
type search struct {
	src         Source
	places      []Place
	found       Found
	done        []bool // the places that have been found
	needsEvents bool

	markers  map[string][]int // indexes of places, by label
	events   map[int][]int    // by the event's number
	commands []*commandSearch
	clock    Clock
	watcher  watcher

	number int                 // of events, without comments
	times  map[string]int      // how often a marker that is looked for came
	labels []string            // the first labels, for messages
	seen   map[string]struct{} // labels
}

func newSearch(src Source, places []Place) *search {
	s := &search{
		src: src, places: places, found: Found{Points: make([]Point, len(places))}, done: make([]bool, len(places)),
		markers: map[string][]int{}, events: map[int][]int{}, times: map[string]int{}, seen: map[string]struct{}{},
	}
	for i, p := range places {
		switch p.kind {
		case atStart:
			continue
		case atTime:
			s.found.Points[i] = Point{Time: p.at, Event: -1}
			if src.Lenient {
				continue
			}
		case atEnd:
			s.found.Points[i] = Point{Time: math.MaxInt64, Event: -1}
			if src.Lenient {
				continue
			}
		case atMarker:
			s.markers[p.label] = append(s.markers[p.label], i)
		case atEvent:
			s.events[p.number] = append(s.events[p.number], i)
		case atCommand:
			s.addCommand(i, p)
		case atScreen:
			s.watcher.seeks = append(s.watcher.seeks, newSeek(i, p.pattern))
		}
		s.needsEvents = true
	}
	return s
}

// begin is called before the first event.
func (s *search) begin(h format.Header) {
	s.clock = NewClock(h)
	if len(s.watcher.seeks) == 0 {
		return
	}
	s.watcher.screen = screen.New(h)
	_, rows := s.watcher.screen.Size()
	for y := range rows {
		s.watcher.rows = append(s.watcher.rows, y)
	}
	s.watcher.look(func(i int) { s.set(i, Point{}) })
}

// set notes the point of a place.
func (s *search) set(i int, p Point) { s.found.Points[i], s.done[i] = p, true }

// watch returns events, and looks for places in them as they are read.
func (s *search) watch(ctx context.Context, events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if err == nil && s.found.End.Event%64 == 0 {
				err = ctx.Err()
			}
			if err != nil {
				s.found.Err = err
				yield(format.Event{}, err)
				return
			}
			s.event(ev)
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// event looks for places in an event.
func (s *search) event(ev format.Event) {
	at := Point{Time: ev.Time, Event: s.found.End.Event}
	s.found.End = Point{Time: ev.Time, Event: at.Event + 1}
	if ev.Code != format.Comment {
		s.number++
		for _, i := range s.events[s.number] {
			s.set(i, at)
		}
	}
	if ev.Code == format.Marker {
		s.clock.See(ev)
		s.marker(ev.Data, at)
	}
	s.watcher.feed(ev, func(i int) { s.set(i, s.found.End) })
}

// shown is how many things of a kind an error names.
const shown = 3

func (s *search) marker(label string, at Point) {
	if len(s.markers) == 0 {
		return
	}
	if _, known := s.seen[label]; !known && len(s.labels) <= shown && !isPause(label) {
		s.seen[label] = struct{}{}
		s.labels = append(s.labels, label)
	}
	places := s.markers[label]
	if len(places) == 0 {
		return
	}
	if s.times[label]++; s.times[label] > 1 {
		return
	}
	for _, i := range places {
		s.set(i, at)
	}
}

// isPause reports whether a marker is one of those that a recorder writes at a pause.
func isPause(label string) bool {
	_, ok := format.ResumedAt(label)
	return ok || label == "paused" || label == "resumed"
}

// end finds the places that count from the end, and returns the error for the first
// place that has not been found.
func (s *search) end() error {
	s.found.Read = true
	end := s.found.End
	for _, c := range s.commands {
		s.found.Points[c.index] = c.point
		if c.matches == 0 {
			s.found.Points[c.index] = c.early
		}
	}
	for i, p := range s.places {
		reason := ""
		switch p.kind {
		case atTime:
			if p.at > end.Time && !s.src.Lenient {
				reason = fmt.Sprintf("%s is after the end, %s", p, about(end.Time))
			}
		case atEnd:
			s.found.Points[i] = end
		case beforeEnd:
			if p.at > end.Time {
				reason = fmt.Sprintf("%s is before the start: the recording takes %s", p, about(end.Time))
			}
			s.found.Points[i] = Point{Time: end.Time - p.at, Event: -1}
		case atPercent:
			s.found.Points[i] = Point{Time: p.of(end.Time), Event: -1}
			if p.percent == 100 {
				s.found.Points[i] = end
			}
		case atClock:
			reason = s.findClock(i, p)
		case atMarker:
			if n := s.times[p.label]; n > 1 && !s.src.Lenient {
				reason = fmt.Sprintf("marker %s is %d markers: want one, or event:N as ttydeck frames counts", strconv.Quote(clip(p.label)), n)
			} else if n == 0 {
				reason = fmt.Sprintf("marker %s: not found; the recording has %s", strconv.Quote(clip(p.label)), s.theMarkers())
			}
		case atEvent:
			if !s.done[i] {
				reason = fmt.Sprintf("%s: the recording has %s", p, count(s.number, "event"))
			}
		case atScreen:
			if !s.done[i] {
				reason = fmt.Sprintf("%s: never on the screen", p)
			}
		}
		if reason != "" {
			return &Error{p, reason}
		}
	}
	for _, c := range s.commands {
		if reason := c.fault(); reason != "" {
			return &Error{c.place, reason}
		}
	}
	return nil
}

// findClock finds a time of day, or returns why it cannot.
func (s *search) findClock(i int, p Place) string {
	zone := s.src.Zone
	if zone == nil {
		zone = time.Local
	}
	at, ok := s.clock.find(p.clock, s.found.End.Time, zone)
	if ok {
		s.found.Points[i] = Point{Time: at, Event: -1}
		return ""
	}
	from, known := s.clock.At(0)
	if !known {
		return fmt.Sprintf("%s: the recording does not have the time at which it began", p)
	}
	to, _ := s.clock.At(s.found.End.Time)
	const layout = "2006-01-02 15:04:05"
	return fmt.Sprintf("%s: the recording is from %s to %s", p, from.In(zone).Format(layout), to.In(zone).Format(layout))
}

// theMarkers names the first markers of the recording.
func (s *search) theMarkers() string {
	switch len(s.labels) {
	case 0:
		return "no markers"
	case 1:
		return "the marker " + strconv.Quote(clip(s.labels[0]))
	}
	var list []string
	for _, label := range s.labels[:min(shown, len(s.labels))] {
		list = append(list, strconv.Quote(clip(label)))
	}
	if len(s.labels) > shown {
		list = append(list, "...")
	}
	return "the markers " + strings.Join(list, ", ")
}

// clip returns the beginning of a text, as long as it fits a line with others.
func clip(s string) string {
	const most = 40
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// about returns a time as people read it.
func about(d time.Duration) string { return FormatTime(d.Round(time.Millisecond)) }

// count returns a number of things.
func count(n int, thing string) string {
	switch n {
	case 0:
		return "no " + thing + "s"
	case 1:
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// commandSearch looks for a command.
type commandSearch struct {
	index int // of the place
	place Place
	point Point
	n     int // commands that were run
	// matches are the commands that match a pattern, of which the first are
	// shown; others are the first of all. cancelled is the same for cancelled
	// lines.
	matches, cancelled int
	shown, others      []string
	early              Point   // of the first cancelled line
	ring               []Point // of the last commands, for a number below 0
}

func (s *search) addCommand(i int, p Place) {
	s.commands = append(s.commands, &commandSearch{index: i, place: p})
}

// command looks for places in a command.
func (s *search) command(c Command) {
	for _, search := range s.commands {
		search.see(&c)
	}
}

// pointOf returns the point of c that p means. The end of a command that ran a shell is
// that of the shell.
func (p Place) pointOf(c *Command) Point {
	switch {
	case p.part == start:
		return c.Start
	case p.part == prompt:
		return c.PromptAt
	case c.Over != Point{}:
		return c.Over
	}
	return c.End
}

func (cs *commandSearch) see(c *Command) {
	sel, at := cs.place.command, cs.place.pointOf(c)
	if c.Cancelled {
		if sel.number == 0 && sel.pattern.MatchString(c.Text) {
			if cs.cancelled++; cs.cancelled == 1 {
				cs.early = at
			}
		}
		return
	}
	cs.n++
	name := func() string { return fmt.Sprintf("%d %s", cs.n, strconv.Quote(clip(c.Text))) }
	if len(cs.others) <= shown {
		cs.others = append(cs.others, name())
	}
	switch n := sel.number; {
	case n > 0:
		if n == cs.n {
			cs.point, cs.matches = at, 1
		}
	case n < 0:
		if cs.ring = append(cs.ring, at); len(cs.ring) >= -n {
			cs.point, cs.matches = cs.ring[len(cs.ring)+n], 1
		}
		if len(cs.ring) >= 64 && len(cs.ring)/2 >= -n { // it is long enough to move its end
			cs.ring = append(cs.ring[:0], cs.ring[len(cs.ring)+n:]...)
		}
	case sel.pattern.MatchString(c.Text):
		if cs.matches++; cs.matches == 1 {
			cs.point = at
		}
		if len(cs.shown) <= shown {
			cs.shown = append(cs.shown, name())
		}
	}
}

// fault returns why the command is not found; "" if it is.
func (cs *commandSearch) fault() string {
	switch {
	case cs.matches == 1:
		return ""
	case cs.matches > 1:
		return fmt.Sprintf("%s is %s: %s: want one", cs.name(), count(cs.matches, "command"), cut(cs.shown))
	case cs.place.command.number != 0:
		return fmt.Sprintf("%s: the recording has %s", cs.name(), count(cs.n, "command"))
	case cs.cancelled == 1:
		return ""
	case cs.cancelled > 1:
		return fmt.Sprintf("%s is %d cancelled lines: want one command", cs.name(), cs.cancelled)
	case cs.n == 0:
		return cs.name() + ": the recording has no commands"
	}
	return fmt.Sprintf("%s: not found; the recording has %s: %s", cs.name(), count(cs.n, "command"), cut(cs.others))
}

func (cs *commandSearch) name() string { return "command:" + cs.place.command.String() }

// cut joins a list, of which only the first are shown.
func cut(list []string) string {
	if len(list) > shown {
		list = append(slices.Clone(list[:shown]), "...")
	}
	return strings.Join(list, ", ")
}
