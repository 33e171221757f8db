package play

import (
	"errors"
	"fmt"
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
		screen := newScreen(cast.Header, vt.Hooks{})
		var known differ
		known.changed(screen)
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
			switch ev.Code {
			case format.Output:
				screen.WriteString(ev.Data)
				f.Cells = known.changed(screen)
			case format.Resize:
				if size, err := ev.Size(); err == nil {
					screen.Resize(size.Cols, size.Rows)
					f.Cells = known.changed(screen)
				}
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

// Moment is a moment in a recording.
type Moment struct {
	// At is the moment after all events up to and including this time; a time
	// beyond the end means the end.
	At time.Duration
	// Marker, if not empty, replaces At: the moment is at the first marker with
	// this label.
	Marker string
}

// End is the moment after the last event.
var End = Moment{At: endOfTime}

// ErrNoMarker is returned by Screens if the recording does not have a marker.
var ErrNoMarker = errors.New("no such marker")

// Screens plays a recording without waiting and calls show at each of the
// moments, in the order in which they come. Its arguments are the index in
// moments, the time of the last event so far and the screen, which show must not
// change or keep. Screens returns the first error of show, and [ErrNoMarker],
// wrapped, for a marker that did not come. If the recording ends in an error,
// later times are shown as the end, and Screens returns the error.
func Screens(cast format.Cast, moments []Moment, show func(i int, at time.Duration, s *vt.Screen) error) error {
	screen := newScreen(cast.Header, vt.Hooks{})
	shown := make([]bool, len(moments))
	var last time.Duration
	left := len(moments)
	// showIf shows the moments for which ok returns true.
	showIf := func(ok func(Moment) bool) error {
		for i, m := range moments {
			if shown[i] || !ok(m) {
				continue
			}
			shown[i] = true
			left--
			if err := show(i, last, screen); err != nil {
				return err
			}
		}
		return nil
	}
	var broken error
	for ev, err := range cast.Events {
		if err != nil {
			broken = err
			break
		}
		if err := showIf(func(m Moment) bool { return m.Marker == "" && m.At < ev.Time }); err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		last = ev.Time
		switch ev.Code {
		case format.Output:
			screen.WriteString(ev.Data)
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				screen.Resize(size.Cols, size.Rows)
			}
		case format.Marker:
			if err := showIf(func(m Moment) bool { return m.Marker != "" && m.Marker == ev.Data }); err != nil {
				return err
			}
		}
	}
	if err := showIf(func(m Moment) bool { return m.Marker == "" }); err != nil {
		return err
	}
	if broken != nil {
		return broken
	}
	for i, m := range moments {
		if !shown[i] {
			return fmt.Errorf("%w: %q", ErrNoMarker, m.Marker)
		}
	}
	return nil
}

// AppendANSI appends the text of a screen to b, with SGR sequences for its
// colours and attributes and no other escape sequences, and without blank lines at
// the end. ColorsAuto means ColorsRGB.
func AppendANSI(b []byte, s *vt.Screen, colors Colors) []byte {
	var c canvas
	cols, rows := s.Size()
	c.reset(cols, rows)
	(&view{}).draw(&c, s, rows)
	if colors == ColorsAuto {
		colors = ColorsRGB
	}
	p := painter{colors: colors, curly: colors >= Colors256, buf: b}
	for rows > 0 && blankRow(c.row(rows-1)) {
		rows--
	}
	p.lines(&c, rows, "\n")
	return p.buf
}
