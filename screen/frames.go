package screen

import (
	"iter"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Frame is an event of a recording with its effect on the screen.
type Frame struct {
	// Number counts the frames from 1.
	Number int
	// Event is the event.
	Event format.Event
	// Delta is the time since the frame before, or since the start.
	Delta time.Duration
	// Cells is the number of cells that look different after the event. A
	// resize changes those that come or go.
	Cells int
}

// Frames returns the events of a recording, without comments, with their effects
// on the screen. The sequence is single-use, as the Cast is, and ends after the
// first error.
func Frames(cast format.Cast) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		screen := New(cast.Header)
		var known differ
		known.changed(screen.Screen)
		f := Frame{}
		var last time.Duration
		for ev, err := range cast.Events {
			if err != nil {
				yield(Frame{}, err)
				return
			}
			if ev.Code == format.Comment {
				continue
			}
			f = Frame{Number: f.Number + 1, Event: ev, Delta: ev.Time - last}
			last = ev.Time
			if screen.Feed(ev) {
				f.Cells = known.changed(screen.Screen)
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

// differ counts the cells that change on a screen.
type differ struct {
	cols, rows int
	cells      []vt.Cell
}

// changed returns the number of cells that changed since the last call.
func (d *differ) changed(s *vt.Screen) int {
	cols, rows := s.Size()
	if cols != d.cols || rows != d.rows {
		old := *d
		*d = differ{cols: cols, rows: rows, cells: make([]vt.Cell, cols*rows)}
		n := 0
		for y := range max(rows, old.rows) {
			for x := range max(cols, old.cols) {
				was, is := old.at(x, y), s.Cell(x, y)
				if x < cols && y < rows {
					d.cells[y*cols+x] = is
				}
				if looksOther(was, is) {
					n++
				}
			}
		}
		for range s.Dirty {
		}
		return n
	}
	n := 0
	for y := range s.Dirty {
		row, known := s.Row(y), d.cells[y*cols:(y+1)*cols]
		for x := range known {
			if c := row.Cell(x); c != known[x] {
				if looksOther(known[x], c) {
					n++
				}
				known[x] = c
			}
		}
	}
	return n
}

// looksOther reports whether two cells look different: a space looks like an empty
// cell.
func looksOther(a, b vt.Cell) bool {
	blank := func(c vt.Cell) bool { return c.Rune() == 0 && c.Width() == 1 || c.Rune() == ' ' }
	return a != b && !(blank(a) && blank(b) && a.SameStyle(b))
}

func (d *differ) at(x, y int) vt.Cell {
	if x >= d.cols || y >= d.rows {
		return vt.Cell{}
	}
	return d.cells[y*d.cols+x]
}
