package edit

import (
	"fmt"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// WindowSize returns a Filter that makes a recording one of a terminal of that size. A
// side that is 0 stays as it is at the start.
//
// The result shows, after each event, the upper left corner of what the source shows,
// with blanks where that ends; lines are not wrapped again. Output becomes the least
// change of that picture, with the marks of shells between, and with the lines that
// scrolled off before the event ended, as output is read from them. A resize becomes the
// change that it makes, and events without any are dropped. A recording that has the size
// throughout keeps its events as they are, and one whose size is not known is taken to
// have it.
func WindowSize(size format.Size) Filter {
	return func(src format.Cast) format.Cast {
		to := size
		known := src.Header.Size.OrDefault()
		if to.Cols == 0 {
			to.Cols = known.Cols
		}
		if to.Rows == 0 {
			to.Rows = known.Rows
		}
		to.Cols, to.Rows = vt.ClampSize(to.Cols, to.Rows)
		from := src.Header.Size
		if from == (format.Size{}) {
			from = to
		}
		src.Header.Size = to
		events := src.Events
		src.Events = func(yield func(format.Event, error) bool) {
			w := newWindowing(from, to)
			end := format.Event{Code: format.Output}
			dropped := false // the last event was
			for ev, err := range events {
				if err == nil {
					keep := false
					if ev, keep = w.event(ev); !keep {
						end.Time, dropped = ev.Time, true
						continue
					}
				}
				if dropped = false; !yield(ev, err) {
					return
				}
			}
			if dropped { // the recording keeps its length
				yield(end, nil)
			}
		}
		return src
	}
}

// windowing draws a recording for a terminal of another size.
type windowing struct {
	to     format.Size
	screen screen.Screen // of the source
	window *vt.Window    // of the result
	same   bool          // the two are the same, so that events can be passed on
	out    []byte        // of the event being read
}

func newWindowing(from, to format.Size) *windowing {
	w := &windowing{to: to, window: vt.NewWindow(to.Cols, to.Rows)}
	w.screen = screen.Sized(from, vt.WithHooks(vt.Hooks{
		Mark: func(m vt.Mark) {
			if !w.same && passes(m) {
				w.draw()
				w.out = fmt.Appendf(w.out, "\x1b]%d;%s\x1b\\", m.Code, m.Data)
			}
		},
		// A line that scrolls off is drawn before, for those who read the output.
		LineLeft: func(_ vt.Row, why vt.Leave) {
			if !w.same && why == vt.LeftTop && !w.screen.OnAlternate() {
				w.draw()
			}
		},
		Bell: func() {
			if !w.same {
				w.out = append(w.out, '\a')
			}
		},
	}))
	w.same = w.fits()
	return w
}

// passes reports whether a mark is passed on. The directory is part of the state of the
// screen, and images belong to places on it.
func passes(m vt.Mark) bool {
	if m.Code != 1337 {
		return m.Code != 7
	}
	for _, key := range []string{"File=", "MultipartFile=", "FilePart=", "FileEnd"} {
		if len(m.Data) >= len(key) && m.Data[:len(key)] == key {
			return false
		}
	}
	return true
}

// fits reports whether the source has the size of the result.
func (w *windowing) fits() bool {
	cols, rows := w.screen.Size()
	return cols == w.to.Cols && rows == w.to.Rows
}

// draw brings the result up to date.
func (w *windowing) draw() { w.out = w.window.AppendChange(w.out, w.screen.Screen) }

// event returns what becomes of an event, and false if that is nothing.
func (w *windowing) event(ev format.Event) (format.Event, bool) {
	switch size, err := ev.Size(); {
	case ev.Code == format.Output:
	case ev.Code != format.Resize || err != nil:
		return ev, true
	case w.same:
		if size == w.to {
			return ev, true
		}
		w.part()
	}
	w.out = w.out[:0]
	w.feed(ev)
	switch {
	case w.same && w.fits():
		return ev, true
	case w.same:
		// The program asked for another size, and the viewer's terminal may have
		// obeyed.
		w.same = false
		w.out = fmt.Appendf(w.out, "%s\x1b[8;%d;%dt", ev.Data, w.to.Rows, w.to.Cols)
		w.window = vt.NewWindow(w.to.Cols, w.to.Rows)
		w.out = w.window.Shown().AppendState(w.out)
		w.draw()
	case w.fits():
		w.out = w.screen.AppendChange(w.out, w.window.Shown())
		w.same = true
	default:
		w.draw()
	}
	ev.Code, ev.Data = format.Output, string(w.out)
	return ev, len(w.out) > 0
}

// pasteMode begins the sequences that turn the mode of bracketed paste on and off. Shells
// do so before and behind each command line, so they are passed on in their place.
const pasteMode = "\x1b[?2004"

// feed has the source draw an event.
func (w *windowing) feed(ev format.Event) {
	if !w.same && ev.Code == format.Output {
		for {
			n := strings.Index(ev.Data, pasteMode)
			if n < 0 {
				break
			}
			n = min(n+len(pasteMode)+1, len(ev.Data))
			w.screen.WriteString(ev.Data[:n-len(pasteMode)-1])
			w.draw()
			w.screen.WriteString(ev.Data[n-len(pasteMode)-1 : n])
			w.draw()
			ev.Data = ev.Data[n:]
		}
	}
	w.screen.Feed(ev)
}

// part notes that the source is about to get another size than the result, which shows
// the same until then.
func (w *windowing) part() {
	shown := vt.New(w.to.Cols, w.to.Rows)
	shown.Restore(w.screen.Snapshot())
	w.window.Set(shown)
	w.same = false
}
