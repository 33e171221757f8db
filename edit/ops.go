package edit

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// ops is a [Recipe] as parsed. Each operation keeps the text that it was written
// as, for messages.
type ops struct {
	cut, keep   []ranged[struct{}]
	speed       []ranged[float64]
	idle        []ranged[time.Duration]
	pause       []placed[time.Duration]
	marker      []placed[string]
	labels      labels
	drop        []selecting
	tidy        []selecting
	typingSpeed time.Duration
	size        format.Size
}

// ranged is a value for a range, or for the whole recording.
type ranged[T any] struct {
	name  string
	value T
	span  place.Span
	whole bool
}

// placed is a value at a place.
type placed[T any] struct {
	name  string
	value T
	place place.Place
}

// selecting selects commands.
type selecting struct {
	name              string
	failed, cancelled bool
	commands          place.Selector // unless one of those
}

// OperationError is the error for a malformed operation of a [Recipe].
type OperationError struct {
	Operation string // its name, such as cut
	Value     string // as it was written
	Err       error  // what is wrong
}

// Error returns the operation, its value, and what is wrong.
func (e *OperationError) Error() string { return e.Operation + " " + e.Value + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *OperationError) Unwrap() error { return e.Err }

// Check returns an error if the recipe is malformed, whatever the recording: one
// line for each fault, which is an [*OperationError].
func (r Recipe) Check() error {
	_, err := r.parse()
	return err
}

func (r Recipe) parse() (*ops, error) {
	o := &ops{typingSpeed: DefaultTypingSpeed}
	var errs []error
	add := func(flag, value string, err error) {
		if err != nil {
			errs = append(errs, &OperationError{flag, value, err})
		}
	}
	for _, s := range r.Cut {
		span, err := place.ParseRange(s)
		o.cut = append(o.cut, ranged[struct{}]{name: "cut " + s, span: span})
		add("cut", s, err)
	}
	for _, s := range r.Keep {
		span, err := place.ParseRange(s)
		o.keep = append(o.keep, ranged[struct{}]{name: "keep " + s, span: span})
		add("keep", s, err)
	}
	for _, s := range r.Speed {
		x, err := parseRanged("speed", s, parseFactor)
		o.speed = append(o.speed, x)
		add("speed", s, err)
	}
	for _, s := range r.IdleTimeLimit {
		x, err := parseRanged("idle-time-limit", s, place.ParseTime)
		o.idle = append(o.idle, x)
		add("idle-time-limit", s, err)
	}
	for _, s := range r.Pause {
		x, err := parsePause(s)
		o.pause = append(o.pause, x)
		add("pause", s, err)
	}
	for _, s := range r.Marker {
		x, err := parseMarker(s)
		o.marker = append(o.marker, x)
		add("marker", s, err)
	}
	for _, s := range r.RenameMarker {
		x, err := parseRenaming(s)
		o.labels.rename = append(o.labels.rename, x)
		add("rename-marker", s, err)
	}
	for _, s := range r.RemoveMarker {
		x, err := parseRemoval(s)
		o.labels.remove = append(o.labels.remove, x)
		add("remove-marker", s, err)
	}
	for _, s := range r.DropCommand {
		x := selecting{name: "drop-command " + s, failed: s == "failed", cancelled: s == "cancelled"}
		if !x.failed && !x.cancelled {
			var err error
			if x.commands, err = place.ParseSelector(s); err != nil {
				add("drop-command", s, fmt.Errorf("%w, failed or cancelled", err))
			}
		}
		o.drop = append(o.drop, x)
	}
	for _, s := range r.TidyCommand {
		commands, err := place.ParseSelector(s)
		add("tidy-command", s, err)
		o.tidy = append(o.tidy, selecting{name: "tidy-command " + s, commands: commands})
	}
	if s := r.TypingSpeed; s != "" {
		var err error
		if o.typingSpeed, err = place.ParseTime(s); err == nil && (o.typingSpeed <= 0 || o.typingSpeed > time.Minute) {
			err = errors.New("want more than 0, and at most a minute a key")
		}
		add("typing-speed", s, err)
	}
	if r.ShortenOutput < 0 || r.ShortenOutput == 1 {
		add("shorten-output", strconv.Itoa(r.ShortenOutput), errors.New("want 2 rows or more"))
	}
	if s := r.WindowSize; s != "" {
		var err error
		o.size, err = parseSides(s)
		add("window-size", s, err)
	}
	return o, errors.Join(errs...)
}

// parseSides parses COLSxROWS, or one side of it: 100x or x30. The other is 0.
func parseSides(s string) (format.Size, error) {
	cols, rows, _ := strings.Cut(s, "x")
	if (cols == "") == (rows == "") {
		return format.ParseSize(s)
	}
	size, err := format.ParseSize(cmp.Or(cols, "1") + "x" + cmp.Or(rows, "1"))
	switch {
	case err != nil || !strings.Contains(s, "x"):
		_, err = format.ParseSize(s)
	case cols == "":
		size.Cols = 0
	default:
		size.Rows = 0
	}
	return size, err
}

// parseRanged parses VALUE or VALUE@RANGE.
func parseRanged[T any](flag, s string, parse func(string) (T, error)) (ranged[T], error) {
	x := ranged[T]{name: flag + " " + s}
	value, span, found := place.Cut(s, "@")
	var err error
	if x.value, err = parse(value); err != nil {
		return x, err
	}
	if x.whole = !found; found {
		x.span, err = place.ParseRange(span)
	}
	return x, err
}

// parseFactor parses a speed: 2, 0.5 or 2x.
func parseFactor(s string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(x > 0) {
		return 1, fmt.Errorf("invalid speed %q: want a number above 0", s)
	}
	if x > 1e9 || x < 1e-9 {
		return 1, fmt.Errorf("invalid speed %q: want 1e-9 to 1e9", s)
	}
	return x, nil
}

// parsePause parses TIME@PLACE.
func parsePause(s string) (placed[time.Duration], error) {
	x := placed[time.Duration]{name: "pause " + s}
	long, at, found := place.Cut(s, "@")
	if !found {
		return x, errors.New("want SECONDS@PLACE, such as 2@1:20")
	}
	var err error
	if x.value, err = place.ParseTime(long); err != nil {
		return x, err
	}
	if x.value <= 0 {
		return x, errors.New("want a pause of more than 0 seconds")
	}
	x.place, err = place.Parse(at)
	return x, err
}

// parseMarker parses PLACE=LABEL.
func parseMarker(s string) (placed[string], error) {
	x := placed[string]{name: "marker " + s}
	at, label, found := place.Cut(s, "=")
	if !found {
		return x, errors.New("want PLACE=LABEL, such as 1:20=build")
	}
	var err error
	if x.value, err = place.ParseLabel(label); err != nil {
		return x, err
	}
	x.place, err = place.Parse(at)
	return x, err
}

// parseRenaming parses OLD=NEW.
func parseRenaming(s string) (renaming, error) {
	from, to, found := place.Cut(s, "=")
	if !found {
		return renaming{}, errors.New("want OLD=NEW")
	}
	var x renaming
	var err error
	if x.from, err = place.ParseLabel(from); err != nil {
		return x, err
	}
	x.to, err = place.ParseLabel(to)
	return x, err
}

// parseRemoval parses a label, /RE/ or all.
func parseRemoval(s string) (removal, error) {
	x := removal{name: s, all: s == "all"}
	var err error
	switch {
	case x.all:
	case strings.HasPrefix(s, "/"):
		x.pattern, err = place.ParsePattern(s)
	default:
		x.label, err = place.ParseLabel(s)
	}
	return x, err
}
