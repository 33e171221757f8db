package format

import (
	"io"
	"time"
)

// Raw is the bytes that a terminal read, and nothing else: what `cat FILE`
// shows. PuTTY, `screen -L` and `tmux pipe-pane` log it too. It is never
// detected; see [As]. The reader makes one event of each read, all at time zero
// unless [BytesPerSecond] spreads them.
var Raw = &Format{
	Name:  "raw",
	Also:  []string{"bytes"},
	Ext:   []string{".raw", ".log"},
	Desc:  "only the bytes of the output, without times",
	Loses: "everything but the output",
	read:  readRaw,
	write: func(w io.Writer) Writer { return &rawWriter{out: output{w: w}} },
}

func readRaw(in *input) (Cast, error) {
	return in.cast(Header{}, &rawDecoder{in: in, rate: in.rate}), nil
}

// rawDecoder returns each read as an event.
type rawDecoder struct {
	in   *input
	slab slab
	buf  []byte
	rate int // bytes per second; 0: no time passes
	sent int64
	now  time.Duration
}

// rawStep is the time between two events when output is spread over time.
const rawStep = 20 * time.Millisecond

func (d *rawDecoder) next() (Event, bool) {
	if d.buf == nil {
		size := 32 << 10
		if d.rate > 0 {
			size = min(size, max(1, d.rate/int(time.Second/rawStep)))
		}
		d.buf = make([]byte, size)
	}
	for range 100 {
		n, err := d.in.r.Read(d.buf)
		if n > 0 {
			if d.sent += int64(n); d.rate > 0 {
				// A byte arrives when its time on the line is
				// over. Whole seconds are computed apart,
				// because the product would overflow.
				rate := int64(d.rate)
				d.now = time.Duration(d.sent/rate)*time.Second + time.Duration(d.sent%rate*int64(time.Second)/rate)
			}
			return Event{Time: d.now, Code: Output, Data: d.slab.copy(d.buf[:n])}, true
		}
		if err != nil {
			if err != io.EOF && d.in.err == nil {
				d.in.err = err
			}
			return Event{}, false
		}
	}
	d.in.err = io.ErrNoProgress
	return Event{}, false
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
		o.buf = nil // drop the buffer of a huge event
	}
	return o.err
}
