package format

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// BSDScript is what `script -r` of FreeBSD, NetBSD and macOS writes and `script
// -p` plays. Each chunk follows a stamp of 24 bytes in the byte order of the
// machine: length, seconds, microseconds, and a letter for its kind. It is
// written little-endian.
var BSDScript = &Format{
	Name:   "bsd-script",
	Also:   []string{"macos-script"},
	Ext:    []string{".bsd", ".bsdscript"},
	Desc:   "script -r of BSD and macOS",
	Loses:  "size, resizes, markers, exit status, title, command",
	detect: func(prefix []byte) bool { return isBSDScript(prefix) },
	read:   readBSDScript,
	write:  func(w io.Writer) Writer { return &bsdWriter{out: output{w: w}} },
}

const bsdStamp = 24

// bsdEntry is a stamp.
type bsdEntry struct {
	n, sec uint64
	usec   uint32
	kind   uint32 // 's' start, 'o' output, 'i' input, 'e' end
}

// parseBSD decodes a stamp. A kind above 0xff means the other byte order.
func parseBSD(b []byte) bsdEntry {
	e := bsdEntry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])}
	if e.kind > 0xff {
		e.n, e.sec = bits.ReverseBytes64(e.n), bits.ReverseBytes64(e.sec)
		e.usec, e.kind = bits.ReverseBytes32(e.usec), bits.ReverseBytes32(e.kind)
	}
	return e
}

func (e bsdEntry) valid() bool {
	switch e.kind {
	case 's', 'e':
		return e.n <= maxFrame && e.usec < 1e6
	case 'o', 'i':
		return e.n <= maxFrame && e.usec < 1e6
	}
	return false
}

func isBSDScript(prefix []byte) bool {
	if len(prefix) < bsdStamp {
		return false
	}
	e := parseBSD(prefix)
	return e.kind == 's' && e.n == 0 && e.usec < 1e6 && e.sec < 1<<40
}

type bsdDecoder struct {
	in     *input
	clock  wallClock
	slab   slab
	offset int64
	now    time.Duration
}

func readBSDScript(in *input) (Cast, error) {
	h := Header{}
	if b, err := in.r.Peek(bsdStamp); err == nil {
		e := parseBSD(b)
		h.Start = startTime(int64(e.sec&(1<<62-1)), int64(e.usec)*1000)
	}
	return in.cast(h, &bsdDecoder{in: in, clock: wallClock{in: in}}), nil
}

func (d *bsdDecoder) next() (Event, bool) {
	for d.in.err == nil {
		b, err := d.in.r.Peek(bsdStamp)
		if err != nil {
			if len(b) > 0 && d.in.err == nil {
				d.in.warn(0, "cut off", fmt.Sprintf("the last stamp, at byte %d, has %d of its %d bytes", d.offset, len(b), bsdStamp))
			}
			break
		}
		e := parseBSD(b)
		if !e.valid() {
			d.in.warn(0, "not a stamp", fmt.Sprintf("at byte %d, and the rest cannot be split; skipped", d.offset))
			break
		}
		d.in.r.Discard(bsdStamp)
		data, err := d.slab.read(d.in.r, int(e.n))
		if err != nil && d.in.err == nil {
			d.in.warn(0, "cut off", fmt.Sprintf("the last chunk, at byte %d, has %d of its %d bytes", d.offset, len(data), e.n))
		}
		d.offset += bsdStamp + int64(len(data))
		d.now = max(d.now, d.clock.at(int64(e.sec&(1<<62-1)), int64(e.usec)*1000))
		if d.in.err == nil && data != "" {
			switch e.kind {
			case 'o':
				return Event{Time: d.now, Code: Output, Data: data}, true
			case 'i':
				return Event{Time: d.now, Code: Input, Data: data}, true
			}
		}
		if err != nil {
			break
		}
	}
	return Event{}, false
}

type bsdWriter struct {
	out   output
	lost  losses
	start time.Time
	last  time.Duration
}

func (w *bsdWriter) WriteHeader(h Header) error {
	w.start = h.Start
	w.lost.header(h, holdsStart)
	if h.Size != (Size{}) {
		w.lost.add("sizes", 1)
	}
	return w.stamp('s', "")
}

func (w *bsdWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch {
	case ev.Code == Output && ev.Data != "":
		return w.stamp('o', ev.Data)
	case ev.Code == Input && ev.Data != "":
		return w.stamp('i', ev.Data)
	case ev.Code == Output || ev.Code == Input:
	default:
		w.lost.event(ev)
	}
	return w.out.err
}

func (w *bsdWriter) stamp(kind uint32, data string) error {
	sec, usec := wallMicros(w.start, w.last)
	// Players read a chunk into a buffer of its length; this one holds as
	// much.
	for first := true; first || data != ""; first = false {
		part := data[:min(len(data), maxFrame)]
		data = data[len(part):]
		w.out.room(bsdStamp + len(part))
		b := binary.LittleEndian.AppendUint64(w.out.buf, uint64(len(part)))
		b = binary.LittleEndian.AppendUint64(b, uint64(sec))
		b = binary.LittleEndian.AppendUint32(b, uint32(usec))
		b = binary.LittleEndian.AppendUint32(b, kind)
		w.out.buf = append(b, part...)
		if err := w.out.written(); err != nil {
			return err
		}
	}
	return w.out.err
}

func (w *bsdWriter) Flush() error { return w.out.flush() }

func (w *bsdWriter) Close() error {
	w.stamp('e', "")
	return w.out.flush()
}

func (w *bsdWriter) Losses() []Loss { return w.lost.list() }
