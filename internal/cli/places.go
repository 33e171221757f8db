package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// placesHelp explains places, for the help of the commands that take them.
const placesHelp = `PLACES
   12.5, 1:20, 1m30s  a time since the start; also start, end and 50%
   end-3              a time before the end
   marker:LABEL       the marker LABEL; marker:"a=b" if it has blanks, .., @ or =
   event:12           an event, as ttydeck frames counts
   command:3          a command's prompt; command:-1 is the last one, command:/RE/ one by its text;
                      with .start, where Enter was pressed; with .end, where its output ended
   screen:/RE/        the first moment at which a line on the screen matches
   clock:14:32:05     a time of day; also clock:2026-11-30T14:32:05`

// find finds places in a recording of which a part is to be shown. It reads the
// recording only if it must. Path is the one to open then: a copy, which remove removes,
// if name was read and cannot be read again.
func (e *env) find(ctx context.Context, name string, read *readOptions, places ...place.Place) (points []place.Point, path string, remove func(), err error) {
	path, remove = name, func() {}
	var src *input
	found, err := place.Find(ctx, place.Source{
		Lenient: true, Commands: transcript.Places,
		Open: func() (format.Cast, error) {
			var err error
			if path, remove, err = e.reopenable(ctx, name, read); err != nil {
				return format.Cast{}, err
			}
			if src, err = e.open(ctx, path, read.list()...); err != nil {
				return format.Cast{}, err
			}
			return src.Cast, nil
		},
	}, places...)
	if src != nil {
		err = errors.Join(err, src.close())
	}
	if err != nil {
		remove()
		return nil, "", nil, placeError(name, err)
	}
	return found.Points, path, remove, nil
}

// openAt finds places, and opens the recording.
func (e *env) openAt(ctx context.Context, name string, read *readOptions, said *warnings, places ...place.Place) (*input, []place.Point, error) {
	points, path, remove, err := e.find(ctx, name, read, places...)
	if err != nil {
		return nil, nil, err
	}
	src, err := e.open(ctx, path, append([]format.Option{format.OnWarning(said.add)}, read.list()...)...)
	if err != nil {
		remove()
		return nil, nil, err
	}
	closed := src.close
	src.name, src.close = name, func() error {
		defer remove()
		return closed()
	}
	return src, points, nil
}

// placeError adds the name and a hint to the error for a place that is not found.
func placeError(name string, err error) error {
	fault, ok := errors.AsType[*place.Error](err)
	if !ok || name == "-" {
		return err
	}
	err = fmt.Errorf("%s: %w", name, err)
	name = shellJoin([]string{name})
	switch fault.Place.Kind() {
	case "marker":
		return withHint(err, "to list its markers: ttydeck info "+name)
	case "command":
		return withHint(err, "to list its commands: ttydeck transcript "+name)
	case "event":
		return withHint(err, "to list its events: ttydeck frames "+name)
	}
	return err
}

// part is the part of a recording that a command reads.
type part struct {
	from, to place.Place
}

// wholeRecording is the part from the start to the end.
var wholeRecording = part{place.Start, place.End}

// flags returns the flags for a part.
func (p *part) flags() []*flag {
	return []*flag{
		valued(&p.from, "from", "skip everything before `PLACE`: 12.5, 1:23, marker:intro, command:3; see PLACES", place.Parse).withoutDefault(),
		valued(&p.to, "to", "skip everything after `PLACE`", place.Parse).withoutDefault(),
	}
}

// times returns the times of the points of p, for those who take whole events at any
// time up to the second. The end is 0.
func (p part) times(points []place.Point) (from, to time.Duration) {
	from, to = points[0].Time, points[1].Time
	switch {
	case p.to == place.End:
		return from, 0
	case p.to.IsEvent(), p.to.IsStart(): // without the event there
		to--
	}
	return from, max(to, 1)
}
