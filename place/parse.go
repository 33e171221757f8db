package place

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Place is a place in a recording as a person names it. The zero Place is the
// start.
type Place struct {
	kind    kind
	at      time.Duration // of atTime and beforeEnd
	percent float64       // of atPercent
	label   string        // of atMarker
	number  int           // of atEvent, from 1
	command Selector      // of atCommand
	part    part          // of atCommand
	pattern pattern       // of atScreen
	clock   timeOfDay     // of atClock
}

// kind is a way to name a place.
type kind int

const (
	atTime kind = iota
	atStart
	atEnd
	beforeEnd
	atPercent
	atMarker
	atEvent
	atCommand
	atScreen
	atClock
)

// part is a point of a command.
type part int

const (
	prompt part = iota
	start
	end
)

// partNames are the parts as they are written.
var partNames = []string{"prompt", "start", "end"}

// Span is the part of a recording between two places.
type Span struct {
	From Place // where it begins
	To   Place // where it ends
}

// Start is the start of a recording, End its end.
var (
	Start = Place{kind: atStart}
	End   = Place{kind: atEnd}
)

// At returns the place at a time since the start of the recording, which is not
// negative.
func At(d time.Duration) Place { return Place{kind: atTime, at: d} }

// Marker returns the place of the marker with a label.
func Marker(label string) Place { return Place{kind: atMarker, label: label} }

// Parse parses a place:
//
//	12.5  1:20  1:02:03.5  1m30s   a time since the start
//	start  end  end-3  50%         from the ends
//	marker:LABEL                   the marker with that label
//	event:N                        an event, counted from 1, without comments
//	command:N  command:/RE/        a command that was run; -1 is the last
//	screen:/RE/                    the first moment at which the screen matches
//	clock:14:32:05                 the time of day, also with a date before it
//
// A command is followed by .prompt (the default), .start (where Enter was pressed)
// or .end. A label that has .., @ or = in it, or a blank at an end, stands in double
// quotes; see [ParseLabel]. A regular expression ends at its unescaped slash; see
// [ParsePattern].
func Parse(s string) (Place, error) {
	name, rest, named := strings.Cut(s, ":")
	switch {
	case named && name == "marker":
		return parseMarker(rest)
	case named && name == "event":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 || rest[0] == '+' {
			return Place{}, fmt.Errorf("invalid place %q: want a number from 1, as in event:12", s)
		}
		return Place{kind: atEvent, number: n}, nil
	case named && name == "command":
		return parseCommand(rest)
	case named && name == "screen":
		p, err := parsePattern(rest)
		return Place{kind: atScreen, pattern: p}, err
	case named && name == "clock":
		t, err := parseTimeOfDay(rest)
		return Place{kind: atClock, clock: t}, err
	case s == "start":
		return Start, nil
	case s == "end":
		return End, nil
	}
	if before, ok := strings.CutPrefix(s, "end-"); ok {
		d, err := ParseTime(before)
		if d == 0 && err == nil {
			return End, nil
		}
		return Place{kind: beforeEnd, at: d}, err
	}
	if number, ok := strings.CutSuffix(s, "%"); ok {
		x, err := parseDecimal(number)
		if err != nil || x > 100 {
			return Place{}, fmt.Errorf("invalid place %q: want a percentage from 0%% to 100%%", s)
		}
		return Place{kind: atPercent, percent: x}, nil
	}
	d, err := ParseTime(s)
	if err != nil {
		err = fmt.Errorf("invalid place %q: want a time (12.5, 1:20), 50%%, end, or marker:X, event:N, command:N, screen:/RE/ or clock:14:32", s)
	}
	return Place{kind: atTime, at: d}, err
}

func parseMarker(s string) (Place, error) {
	if s == "" {
		return Place{}, errors.New(`invalid place "marker:": want a label, as in marker:intro`)
	}
	label, err := ParseLabel(s)
	if err == nil && !isQuoted(s) && (strings.Contains(s, "..") || strings.ContainsAny(s, "@=")) {
		err = fmt.Errorf("invalid place %q: put the label in double quotes: %s", "marker:"+s, Marker(s))
	}
	return Marker(label), err
}

func parseCommand(s string) (Place, error) {
	p := Place{kind: atCommand}
	for i, name := range partNames {
		if before, ok := strings.CutSuffix(s, "."+name); ok {
			s, p.part = before, part(i)
			break
		}
	}
	var err error
	p.command, err = ParseSelector(s)
	return p, err
}

// ParseRange parses a range: A..B. An empty A is the start, an empty B the end. A
// lone command is what it printed: from .start to .end.
func ParseRange(s string) (Span, error) {
	a, b, found := Cut(s, "..")
	if !found {
		p, err := Parse(s)
		switch {
		case err != nil:
			return Span{}, err
		case p.kind != atCommand:
			return Span{}, fmt.Errorf("invalid range %q: want A..B, A.. or ..B", s)
		case p.part != prompt || strings.HasSuffix(s, ".prompt"):
			return Span{}, fmt.Errorf("invalid range %q: want A..B, or a command without .%s", s, partNames[p.part])
		}
		from, to := p, p
		from.part, to.part = start, end
		return Span{from, to}, nil
	}
	span := Span{Start, End}
	var err error
	if a != "" {
		if span.From, err = Parse(a); err != nil {
			return Span{}, err
		}
	}
	if b != "" {
		span.To, err = Parse(b)
	}
	return span, err
}

// String returns the place as [Parse] parses it.
func (p Place) String() string {
	switch p.kind {
	case atStart:
		return "start"
	case atEnd:
		return "end"
	case beforeEnd:
		return "end-" + shortTime(p.at)
	case atPercent:
		return strconv.FormatFloat(p.percent, 'f', -1, 64) + "%"
	case atMarker:
		return "marker:" + QuoteLabel(p.label)
	case atEvent:
		return "event:" + strconv.Itoa(p.number)
	case atCommand:
		text := "command:" + p.command.String()
		if p.part != prompt {
			text += "." + partNames[p.part]
		}
		return text
	case atScreen:
		return "screen:" + p.pattern.String()
	case atClock:
		return "clock:" + p.clock.String()
	}
	return shortTime(p.at)
}

// String returns the range as [ParseRange] parses it.
func (s Span) String() string { return s.From.String() + ".." + s.To.String() }

// Kind returns what p is named by: time, start, end, percent, marker, event, command,
// screen or clock.
func (p Place) Kind() string {
	return [...]string{"time", "start", "end", "end", "percent", "marker", "event", "command", "screen", "clock"}[p.kind]
}

// IsEvent reports whether p names an event itself: by its number, or a marker. The
// point of such a place is before the event.
func (p Place) IsEvent() bool { return p.kind == atEvent || p.kind == atMarker }

// IsStart reports whether p is the start of a command, where Enter was pressed.
func (p Place) IsStart() bool { return p.kind == atCommand && p.part == start }

// of returns p percent of d.
func (p Place) of(d time.Duration) time.Duration {
	return min(time.Duration(math.Round(float64(d)*(p.percent/100))), d)
}
