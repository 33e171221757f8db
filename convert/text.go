// Package convert lists everything that a recording can be written as, in
// [Targets], and writes what needs a screen model: for now the text. [Text] writes
// what a reader of the session saw, line by line.
package convert

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// TextOptions are options of [Text]. The zero value is ready to use.
type TextOptions struct {
	// Timestamps writes before each line the time of its first character
	// since the start, such as 2:03.456 or 1:02:03.456.
	Timestamps bool
}

// Text writes the text of cast to w; see [NewText]. If cast ends in an error,
// Text writes the text before it and returns the error. It does not close w.
func Text(w io.Writer, cast format.Cast, opts TextOptions) error {
	return format.Copy(NewText(w, opts), cast)
}

// NewText returns a Writer of the text of a session: every line that scrolled
// off the screen or was cleared from it, when it leaves, and at Close the lines
// on the screen. It joins lines that the terminal wrapped, and leaves out the
// alternate screen of full-screen programs; if a recording ends there, the
// lines then on the primary screen are missing. Close leaves w open.
func NewText(w io.Writer, opts TextOptions) format.Writer {
	t := &textWriter{w: bufio.NewWriter(w), opts: opts}
	t.start(format.Size{})
	return t
}

// TextFormat returns the format that [NewText] writes. It can only be written.
func TextFormat(opts TextOptions) *format.Format {
	return format.NewFormat("txt", []string{".txt"}, "the session's text, line by line",
		"everything but the text of the output", func(w io.Writer) format.Writer { return NewText(w, opts) })
}

// textWriter writes lines as they leave the screen.
type textWriter struct {
	w      *bufio.Writer
	opts   TextOptions
	screen screen.Screen
	now    time.Duration
	// since holds, for each row of the primary screen, the time of its
	// first character; -1 for an empty row.
	since   []time.Duration
	cleared int // rows seen so far of a screen that is being erased as a whole
	// blank and spaces count empty lines, and spaces at the end of the line
	// written so far: both are written when text follows.
	blank, spaces int
	open, begun   bool // a line may continue in the next row; some of it is written
	buf           []byte
	err           error // the first error of w
}

// start makes the screen.
func (t *textWriter) start(size format.Size) {
	// Without a scrollback, no resize brings a line back that has left the
	// screen, to be written twice. A size that the program asks for is
	// ignored: if the terminal took it, the recording has a resize event.
	t.screen = screen.Sized(size, vt.NoSizeChange(), vt.WithHooks(vt.Hooks{LineLeft: t.left}))
	_, rows := t.screen.Size()
	t.since = make([]time.Duration, rows)
	t.clear()
}

func (t *textWriter) WriteHeader(h format.Header) error {
	t.start(h.Size)
	return t.err
}

func (t *textWriter) WriteEvent(ev format.Event) error {
	t.now = ev.Time
	if !t.screen.Feed(ev) {
		return t.err
	}
	_, rows := t.screen.Size()
	for len(t.since) < rows {
		t.since = append(t.since, -1)
	}
	t.since = t.since[:rows]
	if t.screen.OnAlternate() {
		return t.err
	}
	t.screen.Dirty(func(y int) bool {
		switch empty := t.screen.Row(y).Content() == 0; {
		case empty:
			t.since[y] = -1
		case t.since[y] < 0:
			t.since[y] = t.now
		}
		return true
	})
	return t.err
}

func (t *textWriter) Flush() error {
	if err := t.w.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}

func (t *textWriter) Close() error {
	if !t.screen.OnAlternate() {
		for y, since := range t.since {
			t.row(t.screen.Row(y), since)
		}
	}
	t.endLine()
	return t.Flush()
}

// left is called for a line that leaves the screen.
func (t *textWriter) left(row vt.Row, why vt.Leave) {
	switch why {
	case vt.LeftTop, vt.LeftRegion:
		if t.screen.OnAlternate() {
			return
		}
		since := t.since[0]
		if why == vt.LeftTop {
			copy(t.since, t.since[1:])
			t.since[len(t.since)-1] = -1
		}
		t.row(row, since)
	case vt.LeftResize:
		if !t.screen.OnAlternate() {
			t.row(row, t.now)
		}
	case vt.LeftErased:
		if t.screen.OnAlternate() {
			return
		}
		// Part of a screen that is erased is drawn again, as by
		// progress displays; a screen that is erased as a whole has
		// been left. Its empty end is not text.
		t.row(row, t.since[t.cleared])
		if t.cleared++; t.cleared == len(t.since) {
			t.endLine()
			t.cleared, t.blank = 0, 0
			t.clear()
		}
	}
}

func (t *textWriter) clear() {
	for i := range t.since {
		t.since[i] = -1
	}
}

// row writes a row, as a line or a part of one.
func (t *textWriter) row(row vt.Row, since time.Duration) {
	if !row.Continued() {
		t.endLine()
	}
	t.open = true
	t.buf = row.AppendText(t.buf[:0])
	text := bytes.TrimRight(t.buf, " ")
	if len(text) > 0 {
		if !t.begun {
			t.begin(since)
		}
		for ; t.spaces > 0; t.spaces-- {
			t.w.WriteByte(' ')
		}
		t.w.Write(text)
	}
	t.spaces += len(t.buf) - len(text)
	if !row.Wrapped() {
		t.endLine()
	}
}

// begin begins a line that has text.
func (t *textWriter) begin(since time.Duration) {
	t.begun = true
	for ; t.blank > 0; t.blank-- {
		t.w.WriteByte('\n')
	}
	if t.opts.Timestamps {
		if since < 0 {
			since = t.now
		}
		fmt.Fprintf(t.w, "%s  ", timecode.Format(since, time.Millisecond))
	}
}

// endLine ends the open line.
func (t *textWriter) endLine() {
	if !t.open {
		return
	}
	if t.begun {
		if err := t.w.WriteByte('\n'); t.err == nil {
			t.err = err
		}
	} else {
		t.blank++
	}
	t.open, t.begun, t.spaces = false, false, 0
}
