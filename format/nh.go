package format

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
)

// NHRecorder is the format that nh_recorder wrote for NetHack, and termrec can
// write: output with marks in it. A mark is a NUL and the time of the bytes
// after it, in hundredths of a second in 32 bits, little-endian. The first
// output may be termrec's size, as in [Ttyrec].
var NHRecorder = &Format{
	Name:   "nh",
	Also:   []string{"nh_recorder"},
	Ext:    []string{".nh"},
	Desc:   "nh_recorder",
	detect: isNH,
	read:   readNH,
}

const nhMark = 5

func isNH(prefix []byte) bool {
	// The first mark is time zero; text, or a second mark, follows.
	return len(prefix) > nhMark && string(prefix[:nhMark]) == "\x00\x00\x00\x00\x00" && prefix[nhMark] != 0
}

type nhDecoder struct {
	in   *input
	slab slab
	now  time.Duration
}

func readNH(in *input) (Cast, error) {
	d := &nhDecoder{in: in}
	h := Header{}
	head, _ := in.r.Peek(nhMark + 32)
	if len(head) > nhMark {
		text, _, _ := strings.Cut(string(head[nhMark:]), "\x00")
		text = strings.TrimPrefix(text, utf8On)
		if i := strings.IndexByte(text, 't'); i > 0 {
			if size, ok := sizeSequence(text[:i+1]); ok {
				h.Size = size
				skip := strings.Index(string(head), text[:i+1]) + i + 1
				in.r.Discard(skip)
			}
		}
	}
	return in.cast(h, d), nil
}

func (d *nhDecoder) next() (Event, bool) {
	for d.in.err == nil {
		if _, err := d.in.r.Peek(1); err != nil {
			break
		}
		b, _ := d.in.r.Peek(min(d.in.r.Buffered(), slabSize))
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			i = len(b)
		}
		if i > 0 {
			data := d.slab.copy(b[:i])
			d.in.r.Discard(i)
			if size, ok := sizeSequence(data); ok {
				return Event{Time: d.now, Code: Resize, Data: size.String()}, true
			}
			return Event{Time: d.now, Code: Output, Data: data}, true
		}
		mark, err := d.in.r.Peek(nhMark)
		if err != nil {
			if d.in.err == nil {
				d.in.warn(0, "cut off", "the last mark is incomplete")
			}
			break
		}
		t := time.Duration(binary.LittleEndian.Uint32(mark[1:])) * 10 * time.Millisecond
		d.in.r.Discard(nhMark)
		if t < d.now {
			d.in.warn(0, "time goes back", "by "+(d.now-t).String()+"; previous time used")
		}
		d.now = max(d.now, t)
	}
	return Event{}, false
}
