package format

import (
	"encoding/binary"
	"fmt"
	"time"
)

// TTYLog is the log of User-Mode Linux's tty logging, which the honeypots Kippo
// and Cowrie took over. Each chunk follows a header of 24 bytes, little-endian:
// operation, terminal, length, direction, seconds and microseconds. It has no
// size.
var TTYLog = &Format{
	Name:   "ttylog",
	Also:   []string{"cowrie", "kippo"},
	Ext:    []string{".ttylog"},
	Desc:   "Cowrie, Kippo and User-Mode Linux",
	detect: isTTYLog,
	read:   readTTYLog,
}

const ttylogHeader = 24

// Operations and directions of a ttylog.
const (
	ttyOpen     = 1
	ttyClose    = 2
	ttyWrite    = 3
	ttyExec     = 4
	ttyInput    = 1
	ttyOutput   = 2
	ttyInteract = 3 // the command of an exec
)

type ttylogEntry struct {
	op, n, dir uint32
	sec, usec  uint32
}

func parseTTYLog(b []byte) ttylogEntry {
	u := func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
	return ttylogEntry{op: u(0), n: u(8), dir: u(12), sec: u(16), usec: u(20)}
}

func (e ttylogEntry) valid() bool {
	return e.op >= ttyOpen && e.op <= ttyExec && e.dir <= ttyInteract && e.n <= maxFrame && e.usec < 1e6
}

func isTTYLog(prefix []byte) bool {
	if len(prefix) < ttylogHeader {
		return false
	}
	e := parseTTYLog(prefix)
	if !e.valid() || e.op != ttyOpen || e.n != 0 {
		return false
	}
	return len(prefix) < 2*ttylogHeader || parseTTYLog(prefix[ttylogHeader:]).valid()
}

type ttylogDecoder struct {
	in     *input
	clock  wallClock
	slab   slab
	offset int64
	now    time.Duration
	// output is the direction of output. It is that of the first write, as
	// in Cowrie's players. User-Mode Linux had the directions the other way
	// round.
	output uint32
}

func readTTYLog(in *input) (Cast, error) {
	h := Header{}
	if b, err := in.r.Peek(ttylogHeader); err == nil {
		e := parseTTYLog(b)
		h.Start = startTime(int64(e.sec), int64(e.usec)*1000)
	}
	return in.cast(h, &ttylogDecoder{in: in, clock: wallClock{in: in}}), nil
}

func (d *ttylogDecoder) next() (Event, bool) {
	for d.in.err == nil {
		b, err := d.in.r.Peek(ttylogHeader)
		if err != nil {
			if len(b) > 0 && d.in.err == nil {
				d.in.warn(0, "cut off", fmt.Sprintf("the last header, at byte %d, has %d of its %d bytes", d.offset, len(b), ttylogHeader))
			}
			break
		}
		e := parseTTYLog(b)
		if !e.valid() {
			d.in.warn(0, "not a record", fmt.Sprintf("at byte %d, and the rest cannot be split; skipped", d.offset))
			break
		}
		d.in.r.Discard(ttylogHeader)
		data, err := d.slab.read(d.in.r, int(e.n))
		if err != nil && d.in.err == nil {
			d.in.warn(0, "cut off", fmt.Sprintf("the last record, at byte %d, has %d of its %d bytes", d.offset, len(data), e.n))
		}
		d.offset += ttylogHeader + int64(len(data))
		d.now = max(d.now, d.clock.at(int64(e.sec), int64(e.usec)*1000))
		if d.in.err == nil && data != "" && e.op == ttyWrite {
			if d.output == 0 && e.dir != ttyInteract {
				d.output = e.dir
			}
			switch e.dir {
			case d.output:
				return Event{Time: d.now, Code: Output, Data: data}, true
			default:
				return Event{Time: d.now, Code: Input, Data: data}, true
			}
		}
		if err != nil {
			break
		}
	}
	return Event{}, false
}
