package format

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Teleport is the format in which Teleport stores a session, in files named
// "ID.tar". Since Teleport 4.4 these are not tar files: they have parts in
// gzip, each after a header, with events in protocol buffers. The format has no
// input and no exit status. Encrypted recordings are reported, not read.
var Teleport = &Format{
	Name:   "teleport",
	Desc:   "Teleport, ProtoStream version 1 and 2",
	detect: isTeleport,
	read:   readTeleport,
}

// teleportPart is a part's header: the lengths of what follows, and whether it
// is encrypted.
type teleportPart struct {
	version, body, padding uint64
	encrypted              bool
	size                   int // of the header
}

func parseTeleportPart(b []byte) (p teleportPart, ok bool) {
	if len(b) < 24 {
		return p, false
	}
	p.version, p.body, p.padding = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	p.size = 24
	if p.version == 2 {
		// A byte of flags and seven reserved ones.
		if p.size = 32; len(b) < p.size {
			return p, false
		}
		p.encrypted = b[24]&1 != 0
	}
	return p, (p.version == 1 || p.version == 2) && p.body < math.MaxInt64/2 && p.padding < math.MaxInt64/2
}

func isTeleport(prefix []byte) bool {
	p, ok := parseTeleportPart(prefix)
	if !ok || p.body == 0 {
		return false
	}
	body := prefix[p.size:]
	return p.encrypted || len(body) >= 2 && body[0] == 0x1f && body[1] == 0x8b
}

// teleportDecoder reads parts, and the events in them.
type teleportDecoder struct {
	in      *input
	body    *io.LimitedReader // the rest of the current part; nil between parts
	padding uint64            // bytes after it
	part    int               // counted from 1
	zip     *gzip.Reader      // reused
	r       *bufio.Reader     // decompressed
	slab    slab
	first   []Event // the events that were read with the header
	started bool
	start   time.Time
	now     time.Duration
	index   int64 // of the last event; -1 before the first
	ended   bool
}

func readTeleport(in *input) (Cast, error) {
	d := &teleportDecoder{in: in, index: -1}
	h := Header{}
	// The session's start is among its first events.
	for range 8 {
		ev, ok := d.event(&h)
		if in.err != nil {
			return Cast{}, in.err
		}
		if ev != nil {
			d.first = append(d.first, *ev)
		}
		if !ok || d.started || ev != nil {
			break
		}
	}
	cast := in.cast(h, d)
	return cast, in.err
}

func (d *teleportDecoder) next() (Event, bool) {
	if len(d.first) > 0 {
		ev := d.first[0]
		d.first = d.first[1:]
		return ev, true
	}
	for d.in.err == nil {
		ev, ok := d.event(&Header{})
		if ev != nil {
			return *ev, true
		}
		if !ok {
			break
		}
	}
	return Event{}, false
}

// open opens the next part. It reports false at the end.
func (d *teleportDecoder) open() bool {
	head, err := d.in.r.Peek(32)
	if len(head) == 0 || d.in.err != nil {
		return false
	}
	p, ok := parseTeleportPart(head)
	if !ok {
		if err != nil {
			d.in.warn(0, "cut off", fmt.Sprintf("part %d has %d bytes of its header", d.part+1, len(head)))
		} else {
			d.in.warn(0, "not a part", fmt.Sprintf("unknown bytes after part %d; skipped", d.part))
		}
		return false
	}
	d.part++
	if p.encrypted {
		d.in.err = d.in.syntaxError(0, errors.New("the recording is encrypted: only Teleport can decrypt it (tsh play, tsh recordings export)"))
		return false
	}
	d.in.r.Discard(p.size)
	d.body, d.padding = &io.LimitedReader{R: d.in.r, N: int64(p.body)}, p.padding
	if d.zip == nil {
		d.zip, err = gzip.NewReader(d.body)
		d.r = bufio.NewReaderSize(nil, sniffLen)
	} else {
		err = d.zip.Reset(d.body)
	}
	if err != nil {
		if d.in.err == nil {
			d.in.warn(0, "damaged or cut off", fmt.Sprintf("part %d: %v", d.part, err))
		}
		d.zip = nil
		return d.skip()
	}
	// Old writers pad the part after the end of the stream.
	d.zip.Multistream(false)
	d.r.Reset(d.zip)
	return true
}

// skip goes to the end of the current part.
func (d *teleportDecoder) skip() bool {
	_, err := io.CopyN(io.Discard, d.in.r, d.body.N)
	if err == nil {
		_, err = io.CopyN(io.Discard, d.in.r, int64(d.padding))
	}
	d.body = nil
	if err != nil && d.in.err == nil && err != io.EOF {
		d.in.err = err
	}
	return err == nil && d.in.err == nil
}

// event reads the next event. It returns nil for an event that is not needed,
// and false at the end.
func (d *teleportDecoder) event(h *Header) (*Event, bool) {
	if d.ended {
		return nil, false
	}
	if d.body == nil {
		if !d.open() {
			d.ended = true
			return nil, false
		}
		return nil, true
	}
	var head [4]byte
	_, err := io.ReadFull(d.r, head[:])
	if err == io.EOF {
		d.ended = !d.skip()
		return nil, !d.ended
	}
	n := binary.BigEndian.Uint32(head[:])
	if err == nil && n > maxFrame {
		err = fmt.Errorf("event of %d bytes", n)
	}
	var record string
	if err == nil {
		record, err = d.slab.read(d.r, int(n))
	}
	if err != nil {
		if d.in.err == nil {
			d.in.warn(0, "damaged or cut off", fmt.Sprintf("part %d: %v", d.part, err))
		}
		d.ended = d.in.err != nil || !d.skip()
		return nil, !d.ended
	}
	return d.record(record, h), true
}

// Field numbers of Teleport's events.proto.
const (
	teleportStart  = 5 // in OneOf
	teleportPrint  = 7
	teleportResize = 9
)

// record decodes an event in protocol buffers.
func (d *teleportDecoder) record(record string, h *Header) *Event {
	for kind, v := range protoFields(record) {
		if kind != teleportStart && kind != teleportPrint && kind != teleportResize {
			continue
		}
		var index int64
		var at time.Time
		var data, size string
		var command []string
		var delay uint64
		for n, v := range protoFields(v.bytes) {
			switch {
			case n == 1: // Metadata
				for n, v := range protoFields(v.bytes) {
					switch n {
					case 1:
						index = int64(v.number)
					case 5:
						at = protoTime(v.bytes)
					}
				}
			case kind == teleportPrint && n == 3:
				data = v.bytes
			case kind == teleportPrint && n == 5:
				delay = v.number
			case kind != teleportPrint && n == 6:
				size = v.bytes
			case kind == teleportStart && n == 9:
				command = append(command, v.bytes)
			}
		}
		// After a resumed upload, events come twice.
		if index <= d.index {
			continue
		}
		d.index = index
		parsed, sizeErr := ParseSize(strings.Replace(size, ":", "x", 1))
		switch kind {
		case teleportStart:
			d.started = true
			d.start, h.Start = at, at
			h.Command = strings.Join(command, " ")
			if sizeErr == nil {
				h.Size = parsed
			}
		case teleportPrint:
			if delay > uint64(maxTime/time.Millisecond) {
				d.in.warn(0, "time is out of range", fmt.Sprintf("%d ms; previous time used", delay))
				delay = 0
			} else if t := time.Duration(delay) * time.Millisecond; t < d.now-time.Second {
				d.in.warn(0, "time goes back", fmt.Sprintf("by %v; previous time used", d.now-t))
			}
			// Resizes have another clock, which may be a little
			// behind.
			d.now = max(d.now, time.Duration(delay)*time.Millisecond)
			if data != "" {
				return &Event{Time: d.now, Code: Output, Data: data}
			}
		case teleportResize:
			if t := at.Sub(d.start); !d.start.IsZero() && !at.IsZero() && t < maxTime {
				d.now = max(d.now, t)
			}
			if sizeErr == nil {
				return &Event{Time: d.now, Code: Resize, Data: parsed.String()}
			}
			d.in.warn(0, "malformed size", quote(size))
		}
	}
	return nil
}

// protoValue is the value of a field in protocol buffers: a number, or bytes.
type protoValue struct {
	number uint64
	bytes  string
}

// protoFields returns the fields of a message, by their numbers, up to its end
// or its first error (https://protobuf.dev/programming-guides/encoding/).
func protoFields(b string) func(yield func(int, protoValue) bool) {
	return func(yield func(int, protoValue) bool) {
		for len(b) > 0 {
			key, n := protoVarint(b)
			if n == 0 {
				return
			}
			b = b[n:]
			var v protoValue
			switch key & 7 {
			case 0:
				v.number, n = protoVarint(b)
			case 1:
				n = 8
			case 2:
				length, k := protoVarint(b)
				if k == 0 || length > uint64(len(b)-k) {
					return
				}
				v.bytes = b[k : k+int(length)]
				n = k + int(length)
			case 5:
				n = 4
			default:
				return
			}
			if n == 0 || n > len(b) {
				return
			}
			b = b[n:]
			if !yield(int(key>>3&math.MaxInt32), v) {
				return
			}
		}
	}
}

func protoVarint(b string) (v uint64, n int) {
	for n < len(b) && n < 10 {
		c := b[n]
		v |= uint64(c&0x7f) << (7 * n)
		n++
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// protoTime decodes a google.protobuf.Timestamp.
func protoTime(b string) time.Time {
	var sec, nsec int64
	for n, v := range protoFields(b) {
		switch n {
		case 1:
			sec = int64(v.number)
		case 2:
			nsec = int64(v.number)
		}
	}
	if nsec < 0 || nsec >= 1e9 {
		nsec = 0
	}
	return startTime(sec, nsec)
}
