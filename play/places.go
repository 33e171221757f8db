package play

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/replay"
)

// goToPlace goes to a place as users type it.
func (d *deck) goToPlace(now time.Time, text string) error {
	p, err := place.Parse(text)
	var at place.Point
	if err == nil {
		at, err = d.find(p)
	}
	if err != nil {
		d.say(now, err.Error())
		return nil
	}
	if d.edit != nil && d.edit.shown == nil && p.Kind() != "time" {
		// What the user has typed is how the recipe names the place.
		d.pause(now, d.at(now))
		if err := d.goTo(now, min(at.Time, d.last())); err != nil {
			return err
		}
		d.land(-1, p.String())
		return nil
	}
	var marks []replay.Mark // that at.Event counts
	switch p.Kind() {
	case "marker":
		marks = d.tape.Markers()
	case "command":
		marks = d.tape.Commands()
	}
	if at.Event >= 0 && at.Event < len(marks) {
		return d.goToMark(now, marks[at.Event], p.Kind())
	}
	return d.goTo(now, min(at.Time, d.last()))
}

// find finds a place, as far as the recording is loaded. The event of its point is the
// number of the marker, or of the command.
func (d *deck) find(p place.Place) (place.Point, error) {
	switch p.Kind() {
	case "event":
		return place.Point{}, fmt.Errorf("%s: events are not counted here", p)
	case "screen":
		return place.Point{}, fmt.Errorf("%s: / searches the screen", p)
	}
	found, err := place.Find(context.Background(), place.Source{
		Open: d.outline, Commands: d.placeCommands, Lenient: true,
	}, p)
	if err != nil {
		if done, _ := d.tape.Loaded(); !done {
			err = fmt.Errorf("%w so far", err)
		}
		return place.Point{}, err
	}
	return found.Points[0], nil
}

// outline returns a recording with the markers and the end of the one that is played.
func (d *deck) outline() (format.Cast, error) {
	return format.Cast{Header: d.header, Events: func(yield func(format.Event, error) bool) {
		for _, m := range d.tape.Markers() {
			if !yield(format.Event{Time: m.Time, Code: format.Marker, Data: m.Label}, nil) {
				return
			}
		}
		yield(format.Event{Time: d.tape.End().Time}, nil)
	}}, nil
}

// placeCommands returns the commands of the recording that is played. A tape knows only
// when each was started: its prompt counts as there, and its end as there where the next
// one was started.
func (d *deck) placeCommands(format.Cast) iter.Seq2[place.Command, error] {
	return func(yield func(place.Command, error) bool) {
		if d.edit != nil && d.edit.shown == nil {
			d.edit.commands.yield(yield)
			return
		}
		list := d.tape.Commands()
		for i, m := range list {
			start := place.Point{Time: m.Time, Event: i}
			end := place.Point{Time: d.tape.End().Time, Event: -1}
			if i+1 < len(list) {
				end = place.Point{Time: list[i+1].Time, Event: i + 1}
			}
			if !yield(place.Command{Text: m.Label, PromptAt: start, Start: start, End: end}, nil) {
				return
			}
		}
	}
}
