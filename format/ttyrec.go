package format

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Ttyrec is the format of ttyrec(1), termrec(1), ovh-ttyrec and the game
// servers. Each chunk of output follows a header with seconds, microseconds and
// length, 32 bits each, little-endian.
//
// The format has no size. termrec's convention is read and written: a record
// "ESC [ 8 ; ROWS ; COLS t" and nothing else sets the terminal's size; the
// first one may come after "ESC % G". OVH's seconds of 44 bits and the NetHack
// Learning Environment's headers of 13 bytes are read too.
var Ttyrec = &Format{
	Name:   "ttyrec",
	Also:   []string{"tty"},
	Ext:    []string{".ttyrec", ".tty", ".rec"},
	Desc:   "ttyrec, termrec, ovh-ttyrec, NetHack servers",
	Loses:  "input, markers, exit status, title, command",
	detect: func(prefix []byte) bool { return sniffTtyrec(prefix) != 0 },
	read:   readTtyrec,
	write:  func(w io.Writer) Writer { return &ttyrecWriter{out: output{w: w}} },
}

const (
	// maxFrame is the longest record: ovh-ttyrec's player refuses longer ones.
	maxFrame = 16 << 20
	// ovhSeconds are the bits of the microseconds in which ovh-ttyrec 1.2
	// keeps bits 32 to 43 of the seconds. No other program sets them.
	ovhSeconds = 0xfff00000
)

// ttyrecHeader decodes a record's header.
func ttyrecHeader(b []byte) (sec, usec int64, n uint32) {
	s, u := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	return int64(s) | int64(u&ovhSeconds)<<12, int64(u &^ ovhSeconds), binary.LittleEndian.Uint32(b[8:])
}

// sniffTtyrec returns the length of the headers in prefix: 12, or 13 in the
// NetHack Learning Environment's ttyrec2 and ttyrec3; 0 if prefix is not
// ttyrec.
func sniffTtyrec(prefix []byte) int {
	if walkTtyrec(prefix, 12) > 0 {
		return 12
	}
	// One record is too little to detect the longer headers.
	if walkTtyrec(prefix, 13) > 1 {
		return 13
	}
	return 0
}

// walkTtyrec counts the records in prefix, with headers of that length. It
// returns 0 if one of them is invalid.
func walkTtyrec(prefix []byte, header int) int {
	const year = 365 * 24 * 3600
	count, last := 0, int64(-1)
	for len(prefix) >= header {
		sec, usec, n := ttyrecHeader(prefix)
		if usec >= 1e6 || n > maxFrame || count == 0 && n == 0 {
			return 0
		}
		if header == 13 && prefix[12] > 2 {
			return 0
		}
		if last >= 0 && (sec < last-2*year || sec > last+50*year) {
			return 0
		}
		last = sec
		count++
		prefix = prefix[header:]
		if int(n) > len(prefix) {
			break
		}
		prefix = prefix[n:]
	}
	return count
}

// ttyrecDecoder turns records into events.
type ttyrecDecoder struct {
	in     *input
	header int // its length
	clock  wallClock
	now    time.Duration
	slab   slab
	count  int
	offset int64 // of the next record, for warnings
}

func readTtyrec(in *input) (Cast, error) {
	d := &ttyrecDecoder{in: in, header: 12, clock: wallClock{in: in}}
	prefix, _ := in.r.Peek(min(sniffLen, max(in.r.Buffered(), 13)))
	if n := sniffTtyrec(prefix); n != 0 {
		d.header = n
	}
	if isNLE(in.name) {
		d.header = 13
	}
	if in.path != "" && len(prefix) >= d.header && d.header == 12 {
		// Headers of 13 bytes look like 12 bytes if the first record is
		// longer than the prefix.
		if full, _ := in.r.Peek(sniffLen); sniffTtyrec(full) == 13 {
			d.header = 13
		}
	}
	h := Header{}
	if len(prefix) >= 12 {
		sec, usec, _ := ttyrecHeader(prefix)
		h.Start = startTime(sec, usec*1000)
	}
	if size, ok := d.firstSize(); ok {
		h.Size = size
	}
	cast := in.cast(h, d)
	return cast, in.err
}

// isNLE reports whether name is that of a file of the NetHack Learning
// Environment.
func isNLE(name string) bool {
	return strings.Contains(name, ".ttyrec2") || strings.Contains(name, ".ttyrec3")
}

// utf8On is "ESC % G", ISO 2022's change to UTF-8.
const utf8On = "\x1b%G"

// firstSize reads termrec's first record, if it is there: the size, and whether
// the terminal is in UTF-8.
func (d *ttyrecDecoder) firstSize() (Size, bool) {
	head, _ := d.in.r.Peek(12)
	if len(head) < 12 {
		return Size{}, false
	}
	sec, usec, n := ttyrecHeader(head)
	if n > 32 || usec >= 1e6 || d.header != 12 {
		return Size{}, false
	}
	record, err := d.in.r.Peek(12 + int(n))
	if err != nil {
		return Size{}, false
	}
	data := strings.TrimPrefix(string(record[12:]), utf8On)
	size, ok := sizeSequence(data)
	if !ok && data != "" {
		return Size{}, false
	}
	d.in.r.Discard(len(record))
	d.offset += int64(len(record))
	d.count++
	d.clock.at(sec, usec*1000)
	return size, ok
}

// sizeSequence parses "ESC [ 8 ; ROWS ; COLS t", the sequence that sets a
// terminal's size (XTWINOPS), if s has nothing else.
func sizeSequence(s string) (Size, bool) {
	s, ok := strings.CutPrefix(s, "\x1b[8;")
	if !ok {
		return Size{}, false
	}
	s, ok = strings.CutSuffix(s, "t")
	rows, cols, both := strings.Cut(s, ";")
	r, ok1 := parseSide(rows)
	c, ok2 := parseSide(cols)
	return Size{c, r}, ok && both && ok1 && ok2
}

func (d *ttyrecDecoder) next() (Event, bool) {
	for {
		head, err := d.in.r.Peek(d.header)
		if err != nil {
			if len(head) > 0 && d.in.err == nil {
				d.in.warn(0, "cut off", fmt.Sprintf("the last record, at byte %d, has %d bytes of its header; skipped", d.offset, len(head)))
			}
			return Event{}, false
		}
		sec, usec, n := ttyrecHeader(head)
		if usec >= 1e6 || n > maxFrame {
			d.in.warn(0, "not a record", fmt.Sprintf("at byte %d, and the rest cannot be split; skipped", d.offset))
			return Event{}, false
		}
		channel := byte(0)
		if d.header == 13 {
			channel = head[12]
		}
		d.in.r.Discard(d.header)
		d.count++
		data, err := d.slab.read(d.in.r, int(n))
		at := d.offset
		d.offset += int64(d.header) + int64(len(data))
		d.now = max(d.now, d.clock.at(sec, usec*1000))
		if err != nil {
			if d.in.err == nil {
				d.in.warn(0, "cut off", fmt.Sprintf("the last record, at byte %d, has %d of its %d bytes", at, len(data), n))
			}
			if d.in.err != nil || data == "" {
				return Event{}, false
			}
		}
		switch {
		case data == "": // game servers write empty records; ignore them
		case channel == 1:
			return Event{Time: d.now, Code: Input, Data: data}, true
		case channel > 1:
			// NLE's score is not part of the session.
		case len(data) >= 8 && len(data) < 24 && data[0] == 0x1b:
			if size, ok := sizeSequence(data); ok {
				return Event{Time: d.now, Code: Resize, Data: size.String()}, true
			}
			fallthrough
		default:
			return Event{Time: d.now, Code: Output, Data: data}, true
		}
		if d.in.err != nil {
			return Event{}, false
		}
	}
}

// ttyrecWriter writes ttyrec with termrec's sizes.
type ttyrecWriter struct {
	out   output
	lost  losses
	start time.Time
	last  time.Duration
}

func (w *ttyrecWriter) WriteHeader(h Header) error {
	w.start = h.Start
	w.lost.header(h, holdsStart)
	// The first record is time zero, so that an initial pause stays.
	first := utf8On
	if h.Size != (Size{}) {
		first += "\x1b[8;" + strconv.Itoa(h.Size.Rows) + ";" + strconv.Itoa(h.Size.Cols) + "t"
	}
	return w.record(0, first)
}

func (w *ttyrecWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch ev.Code {
	case Output:
		data := ev.Data
		if _, ok := sizeSequence(data); ok {
			// Output that looks like a size must not become one.
			if err := w.record(w.last, data[:1]); err != nil {
				return err
			}
			data = data[1:]
		}
		// termrec's detection refuses a record of 64 KiB.
		for len(data) > math.MaxUint16 {
			if err := w.record(w.last, data[:math.MaxUint16]); err != nil {
				return err
			}
			data = data[math.MaxUint16:]
		}
		return w.record(w.last, data)
	case Resize:
		size, err := ev.Size()
		if err != nil {
			w.lost.event(ev)
			return w.out.err
		}
		return w.record(w.last, "\x1b[8;"+strconv.Itoa(size.Rows)+";"+strconv.Itoa(size.Cols)+"t")
	}
	w.lost.event(ev)
	return w.out.err
}

func (w *ttyrecWriter) record(t time.Duration, data string) error {
	if data == "" {
		return w.out.err
	}
	w.out.room(12 + len(data))
	sec, usec := wallMicros(w.start, t)
	b := w.out.buf
	b = binary.LittleEndian.AppendUint32(b, uint32(sec))
	b = binary.LittleEndian.AppendUint32(b, uint32(usec)|uint32(sec>>32)<<20)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	w.out.buf = append(b, data...)
	return w.out.written()
}

// wallMicros returns the time t after start as seconds and microseconds since
// 1970, or t itself if start is unknown.
func wallMicros(start time.Time, t time.Duration) (sec, usec int64) {
	var nsec int64
	if !start.IsZero() && start.Unix() >= 0 {
		sec, nsec = start.Unix(), int64(start.Nanosecond())
	}
	sec += int64(t / time.Second)
	usec = (nsec + int64(t%time.Second) + 500) / 1000
	return sec + usec/1e6, usec % 1e6
}

func (w *ttyrecWriter) Flush() error   { return w.out.flush() }
func (w *ttyrecWriter) Close() error   { return w.out.flush() }
func (w *ttyrecWriter) Losses() []Loss { return w.lost.list() }
