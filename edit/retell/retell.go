// Package retell finds what package edit changes in a recording to tell what it shows
// anew: commands that were never run, lines that are typed without a slip, long outputs
// that hurry by.
//
// A [Forgetter] passes on the output after a command that is left out. [Tidy], [Exit]
// and [Shorten] read a recording with its commands, and return what to put in place of
// which parts of it.
package retell

import (
	"cmp"
	"iter"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// piece is an event, or a part of one, between points of a recording.
type piece struct {
	format.Event
	at, to place.Point // where it begins and ends
}

// before reports whether a comes before b.
func before(a, b place.Point) bool {
	return cmp.Or(cmp.Compare(a.Event, b.Event), cmp.Compare(a.Byte, b.Byte)) < 0
}

// pieces returns the events of a recording, cut at points, which must be in order. An
// empty piece without a code comes last, at the end of the recording.
func pieces(events format.Events, points []place.Point) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		n, reached := 0, 0
		var last place.Point
		for ev, err := range events {
			if err != nil {
				yield(piece{}, err)
				return
			}
			at := place.Point{Time: ev.Time, Event: n}
			n++
			last = place.Point{Time: ev.Time, Event: n}
			for {
				for reached < len(points) && !before(at, points[reached]) {
					reached++
				}
				p := piece{ev, at, place.Point{Time: ev.Time, Event: n}}
				if ev.Code == format.Output && reached < len(points) && points[reached].Event == at.Event {
					if cut := points[reached].Byte - at.Byte; cut < len(ev.Data) {
						p.Data = ev.Data[:cut]
						p.to = points[reached]
					}
				}
				if !yield(p, nil) {
					return
				}
				if len(p.Data) == len(ev.Data) {
					break
				}
				ev.Data = ev.Data[len(p.Data):]
				at = p.to
			}
		}
		yield(piece{at: last, to: last}, nil)
	}
}

// bounds returns the points of ranges, in order.
func bounds(ranges []place.Range) []place.Point {
	points := make([]place.Point, 0, 2*len(ranges))
	for _, r := range ranges {
		points = append(points, r.From, r.To)
	}
	slices.SortStableFunc(points, func(a, b place.Point) int {
		return cmp.Or(cmp.Compare(a.Event, b.Event), cmp.Compare(a.Byte, b.Byte))
	})
	return points
}
