// Package format reads and writes recordings of terminal sessions.
//
// [Open] detects the format of any reader by its content, through gzip, zstd,
// bzip2 and xz, and returns a [Cast]: a [Header] and its [Events]. [OpenFile]
// does the same for a path. [Format.NewWriter] returns a [Writer] of a format,
// and [Copy] writes a Cast to it:
//
//	f, err := format.OpenFile("old.ttyrec.gz")
//	...
//	w, err := format.AsciicastV3.NewWriter(out)
//	...
//	err = format.Copy(w, f.Cast)
//
// The events of a Cast can be ranged over once. A second range yields nothing
// and no error; open the recording again, or keep the events.
//
// # Bytes
//
// A terminal reads and writes bytes. An [Event] carries them unchanged, split
// where the recorder's reads split them. Writers of text formats (asciicast)
// join characters that were split over events and replace invalid UTF-8; see
// [LossesOf].
//
// # Files
//
// [Formats] lists all formats. In some, a recording is several files or a
// directory: [OpenFile] finds all of them, [Format.Layout] returns the form,
// and [Format.NewFilesWriter] writes them. Anything a format does not store,
// such as the size of a ttyrec's terminal, can be set ([DefaultSize],
// [Encoding], [BytesPerSecond]), is inferred, or stays unknown. A [Warning]
// with Notice reports which.
//
// A Writer leaves the underlying writer open. To write a compressed file, close
// the Writer first, then the [Compressor], then the file.
//
// # Bad input
//
// Recordings come from crashed recorders, from many programs and from
// strangers. Readers return everything that can be read. They report what they
// tolerate to [OnWarning], with its line, and lose at most that line. With
// [Strict] the first such finding ends the reading with a [*SyntaxError]. No
// input makes a reader panic, run forever or take more memory than [MaxLine],
// [MaxHeader] and [MaxV1] allow.
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
type Size struct {
	Cols int // columns
	Rows int // rows
}

// MaxSide is the largest number of columns or rows in a [Size] read from a
// recording: the largest in a struct winsize (ioctl_tty(2)).
const MaxSide = 65535

// String returns "COLSxROWS", the form of asciicast's resize events.
func (s Size) String() string { return strconv.Itoa(s.Cols) + "x" + strconv.Itoa(s.Rows) }

// OrDefault returns s with 80 columns or 24 rows, those of most terminals at their
// start, in place of a side that is unknown.
func (s Size) OrDefault() Size {
	if s.Cols <= 0 {
		s.Cols = 80
	}
	if s.Rows <= 0 {
		s.Rows = 24
	}
	return s
}

// ParseSize parses "COLSxROWS". Both numbers must be between 1 and [MaxSide].
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

// Code is the kind of an event. Formats may have other codes than the ones
// named here; readers keep them.
type Code string

// The codes of asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/),
// and Comment, which asciicast has as a line between two events.
const (
	Output  Code = "o" // bytes that the program wrote, as the terminal read them
	Input   Code = "i" // bytes that the user typed
	Resize  Code = "r" // the terminal's new size, "COLSxROWS"
	Marker  Code = "m" // a mark; Data is its label, which may be empty
	Exit    Code = "x" // the program's exit status, a decimal number
	Comment Code = "#" // a comment, without its "#"
)

// Event is something that happened in a session.
type Event struct {
	// Time is the time since the start of the session. Within a Cast it
	// never decreases.
	Time time.Duration
	// Code is the event's kind.
	Code Code
	// Data holds the event's bytes. It may be kept after the next event.
	Data string
	// JSON reports that Data is a JSON value other than a string: an event
	// of an unknown Code whose data is kept as read.
	JSON bool
}

// Size returns the size in a [Resize] event. It fails for other data.
func (e Event) Size() (Size, error) { return ParseSize(e.Data) }

// Status returns the exit status in an [Exit] event. It fails for other data.
func (e Event) Status() (int, error) { return strconv.Atoi(e.Data) }

// Events is the sequence of a recording's events. It is single-use: range over
// it once, from one goroutine. A second range yields nothing and no error. The
// sequence ends after the first error, which comes with a zero Event. A range
// may stop early and leaves nothing to clean up. The caller who opened the
// underlying reader closes it.
type Events = iter.Seq2[Event, error]

// Cast is a recording: its header, and its events in the order of time.
type Cast struct {
	Header Header // what was known before the first event
	Events Events // single-use
}

// Writer writes a recording: call WriteHeader once, WriteEvent for each event
// in the order of time, then Close. After an error every call returns that
// error. A Writer is used by one goroutine at a time.
//
// Writers may hold bytes back; those that do have a Flush method, see [Flush].
type Writer interface {
	// WriteHeader writes the header, or keeps it until it can be written.
	WriteHeader(Header) error
	// WriteEvent writes an event. An event that is earlier than the previous
	// one gets the time of that one. An event that the format cannot store
	// is counted, see [LossesOf], and is not an error.
	WriteEvent(Event) error
	// Close writes everything held back. It leaves the underlying writer
	// open.
	Close() error
}

// Flush makes w write out all that it holds back. It does nothing if w has no
// Flush method. An incomplete character may stay back until its last byte.
func Flush(w Writer) error {
	if f, ok := w.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}

// Loss is something that a Writer left out or changed because its format cannot
// store it.
type Loss struct {
	What string // a plural, such as "comments"
	N    int    // how many
}

// LossesOf returns what w has left out or changed so far; nil if nothing, or if
// w does not count. Call it after Close for the complete list.
func LossesOf(w Writer) []Loss {
	if l, ok := w.(interface{ Losses() []Loss }); ok {
		return l.Losses()
	}
	return nil
}

// Copy writes src to dst and closes dst. If src ends in an error, Copy writes
// what came before it, closes dst and returns that error. Events of src are
// used up.
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
	// A Writer that has failed returns its error again.
	if closeErr := dst.Close(); !errors.Is(err, closeErr) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// Tee returns a Writer that writes to all of ws, in their order. Each call stops
// at the first Writer that fails and returns its error: the Writers after it
// miss that header or event. Close closes all of ws, also after an error, and
// joins their errors. [LossesOf] lists the losses of all.
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

// quote quotes s for an error message, cut to a length that fits on a line.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}

// quoteJSON returns a JSON value for messages: as quote does, but so that 42 and
// "42" differ.
func quoteJSON(value []byte) string {
	s := strings.Replace(quote(string(value)), `"`, "", 1)
	at := strings.LastIndexByte(s, '"')
	return strings.ReplaceAll(s[:at]+s[at+1:], `\"`, `"`)
}
