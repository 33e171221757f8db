package format

import (
	"io"
	"iter"
	"strings"
)

// Raw is the bytes that a terminal got, and nothing else: what `cat FILE` shows.
// It is never guessed. Read, it is one event for each read, all at time zero.
var Raw = &Format{
	Name:  "raw",
	Also:  []string{"bytes"},
	Ext:   []string{".raw", ".log"},
	Desc:  "output bytes alone, without times",
	read:  readRaw,
	write: func(w io.Writer) Writer { return &rawWriter{out: output{w: w}} },
}

func readRaw(in *input) (Cast, error) {
	var events iter.Seq2[Event, error] = func(yield func(Event, error) bool) {
		buf := make([]byte, 32<<10)
		for {
			n, err := in.r.Read(buf)
			if n > 0 && !yield(Event{Code: Output, Data: string(buf[:n])}, nil) {
				return
			}
			if err != nil {
				if err != io.EOF {
					yield(Event{}, err)
				} else if in.err != nil {
					yield(Event{}, in.err)
				}
				return
			}
		}
	}
	return Cast{Events: events}, nil
}

type rawWriter struct {
	out  output
	lost losses
}

func (w *rawWriter) WriteHeader(Header) error { return w.out.err }

func (w *rawWriter) WriteEvent(ev Event) error {
	if ev.Code == Output {
		w.out.room(0)
		w.out.buf = append(w.out.buf, ev.Data...)
		return w.out.written()
	}
	w.lost.event(ev)
	return w.out.err
}

func (w *rawWriter) Flush() error   { return w.out.flush() }
func (w *rawWriter) Close() error   { return w.out.flush() }
func (w *rawWriter) Losses() []Loss { return w.lost.list() }

// output is the buffer of a Writer. It keeps the first error.
type output struct {
	w   io.Writer
	buf []byte
	err error
}

const outputSize = 64 << 10

// room makes room for n bytes more.
func (o *output) room(n int) {
	if o.buf == nil {
		o.buf = make([]byte, 0, outputSize+max(4<<10, n))
	}
}

// written writes the buffer out once it is full.
func (o *output) written() error {
	if len(o.buf) >= outputSize {
		return o.flush()
	}
	return o.err
}

func (o *output) flush() error {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
	if cap(o.buf) > 4*outputSize {
		o.buf = nil // a huge event's
	}
	return o.err
}

// losses counts what a Writer cannot hold.
type losses []Loss

func (l *losses) add(what string, n int) {
	if n == 0 {
		return
	}
	for i := range *l {
		if (*l)[i].What == what {
			(*l)[i].N += n
			return
		}
	}
	*l = append(*l, Loss{what, n})
}

// event counts an event of a kind that is not written.
func (l *losses) event(ev Event) {
	switch ev.Code {
	case Output:
		l.add("output events", 1)
	case Input:
		l.add("input events", 1)
	case Resize:
		l.add("resizes", 1)
	case Marker:
		l.add("markers", 1)
	case Exit:
		l.add("exit statuses", 1)
	case Comment:
		l.add("comments", 1)
	default:
		l.add("events of code "+quote(strings.ToValidUTF8(string(ev.Code), "\uFFFD")), 1)
	}
}

func (l losses) list() []Loss { return l }
