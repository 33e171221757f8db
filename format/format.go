// Package format reads and writes recordings of terminal sessions.
//
// [Open] takes any reader, finds out by its content which format it holds,
// also through gzip, zstd, bzip2 and xz, and gives a [Cast]: a [Header] and
// its [Events]. [OpenFile] does the same for a path. [Format.NewWriter] gives
// the [Writer] of a format, and [Copy] takes a Cast to a Writer:
//
//	f, err := format.OpenFile("old.ttyrec.gz")
//	...
//	w, err := format.AsciicastV3.NewWriter(out)
//	...
//	err = format.Copy(w, f.Cast)
//
// # Bytes
//
// A terminal writes bytes, and an [Event] carries them as they are, cut
// wherever the recorder's reads were cut. Formats that hold text (asciicast)
// join characters that were split over events and replace what is no UTF-8
// when they are written; see [LossesOf].
//
// # Files
//
// [Formats] is the table of all formats. A recording of some is several files,
// or a directory: [OpenFile] finds them all, [Format.Layout] tells, and
// [Format.NewFilesWriter] writes them. What a format does not tell, such as the
// size of a ttyrec's terminal, can be given ([DefaultSize], [Encoding],
// [BytesPerSecond]), is inferred, or stays unknown; a [Warning] with Notice says
// which.
//
// # Bad input
//
// Recordings come from crashed recorders, from many programs and from
// strangers. Readers give all that can be read: what they tolerate is told to
// [OnWarning] with its line, and costs at most that line. With [Strict] the
// first such finding ends the reading with a [*SyntaxError]. No input makes a
// reader panic, run on or take more memory than [MaxLine], [MaxHeader] and
// [MaxV1] allow.
package format

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Size is the size of a terminal in character cells. The zero Size means
// unknown.
type Size struct{ Cols, Rows int }

// MaxSide is the largest number of columns or rows that a [Size] read from a
// recording can have: what a struct winsize holds (ioctl_tty(2)).
const MaxSide = 65535

// String gives "COLSxROWS", as asciicast's resize events have it.
func (s Size) String() string { return strconv.Itoa(s.Cols) + "x" + strconv.Itoa(s.Rows) }

// ParseSize reads "COLSxROWS". Both must be between 1 and [MaxSide].
func ParseSize(s string) (Size, error) {
	cols, rows, ok := strings.Cut(s, "x")
	c, ok1 := parseSide(cols)
	r, ok2 := parseSide(rows)
	if !ok || !ok1 || !ok2 {
		return Size{}, fmt.Errorf("malformed size %s: want COLSxROWS, such as 80x24", quote(s))
	}
	return Size{c, r}, nil
}

func parseSide(s string) (int, bool) {
	if s == "" || len(s) > 5 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n >= 1 && n <= MaxSide
}

// Code says what an event is. Formats may have others than the ones named
// here; they are kept as read.
type Code string

// The codes of asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/),
// and Comment, which is not an event there but a line between two.
const (
	Output  Code = "o" // bytes that the program wrote, as the terminal got them
	Input   Code = "i" // bytes that the user typed
	Resize  Code = "r" // the terminal's new size, "COLSxROWS"
	Marker  Code = "m" // a mark, with a label that may be empty
	Exit    Code = "x" // the program's exit status, a decimal number
	Comment Code = "#" // a comment, without its "#"
)

// Event is something that happened in a session.
type Event struct {
	// Time is the time since the start of the session. It never falls from
	// one event of a Cast to the next.
	Time time.Duration
	Code Code
	// Data is the event's bytes. It is never changed, so it may be kept.
	Data string
	// JSON says that Data is a JSON value and no string: an event of an
	// unknown Code with data of another kind, kept as read.
	JSON bool
}

// Size gives the size that a [Resize] event carries.
func (e Event) Size() (Size, error) { return ParseSize(e.Data) }

// Status gives the exit status that an [Exit] event carries.
func (e Event) Status() (int, error) { return strconv.Atoi(e.Data) }

// Events is the sequence of a recording's events. It is single-use: range
// over it once. It ends after the first error, which comes with a zero Event.
// Whoever ranges over it and stops early has nothing to clean up; the reader
// below is closed by who opened it.
type Events = iter.Seq2[Event, error]

// Cast is a recording: its header, and its events in the order of time.
type Cast struct {
	Header Header
	Events Events
}

// Writer writes a recording: WriteHeader once, then WriteEvent for each event
// in the order of time (earlier times are taken as the time of the event
// before), then Close, which writes what is held back but leaves the
// underlying writer open. After an error every call returns that error. A
// Writer is used by one goroutine at a time.
//
// Writers may hold bytes back; those that do have a Flush method, see [Flush].
type Writer interface {
	WriteHeader(Header) error
	WriteEvent(Event) error
	Close() error
}

// Flush makes w write out everything that it holds back, if it can.
func Flush(w Writer) error {
	if f, ok := w.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}

// Loss is something that a Writer could not hold and therefore left out or
// changed.
type Loss struct {
	What string // a plural, such as "comments"
	N    int    // how many
}

// LossesOf tells what w has left out or changed so far; nil if nothing, or if
// w does not count.
func LossesOf(w Writer) []Loss {
	if l, ok := w.(interface{ Losses() []Loss }); ok {
		return l.Losses()
	}
	return nil
}

// Copy writes src to dst and closes dst. When src ends in an error, what came
// before is written and dst closed nevertheless, and that error is returned.
func Copy(dst Writer, src Cast) error {
	err := dst.WriteHeader(src.Header)
	if err == nil {
		for ev, readErr := range src.Events {
			if err = readErr; err == nil {
				err = dst.WriteEvent(ev)
			}
			if err != nil {
				break
			}
		}
	}
	// A Writer that has failed says so once more.
	if closeErr := dst.Close(); !errors.Is(err, closeErr) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// Tee gives a Writer that writes to all of ws. It stops at the first error;
// Close closes all of them, and joins their errors.
func Tee(ws ...Writer) Writer { return tee(ws) }

type tee []Writer

func (t tee) WriteHeader(h Header) error {
	return t.each(func(w Writer) error { return w.WriteHeader(h) })
}
func (t tee) WriteEvent(ev Event) error {
	return t.each(func(w Writer) error { return w.WriteEvent(ev) })
}
func (t tee) Flush() error { return t.each(Flush) }

func (t tee) each(do func(Writer) error) error {
	for _, w := range t {
		if err := do(w); err != nil {
			return err
		}
	}
	return nil
}

func (t tee) Close() error {
	var errs []error
	for _, w := range t {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

func (t tee) Losses() []Loss {
	var all []Loss
	for _, w := range t {
		all = append(all, LossesOf(w)...)
	}
	return all
}

// quote quotes s for an error message, cut to a length that fits a line.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
