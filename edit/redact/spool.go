package redact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
)

// maxInMemory is the size, in bytes, up to which a recording is kept in memory.
const maxInMemory = 4 << 20

// spool stores events to be read several times: in memory up to maxInMemory, then
// in a temporary file that only its owner can read.
type spool struct {
	mem  bytes.Buffer  // all events, if file is nil
	file *os.File      // all events, if not nil
	w    *bufio.Writer // to file
	end  spoolMark     // behind the event added last
	buf  []byte        // scratch
	err  error         // the first error of writing
}

// spoolMark is a place between two events.
type spoolMark struct {
	at    int64         // in bytes
	count int           // of the events before it
	time  time.Duration // of the event before it
}

// mark returns the end.
func (s *spool) mark() spoolMark { return s.end }

// spooled is an event, or an odd line in Data.
type spooled struct {
	format.Event
	odd bool
}

// add stores an event, or an odd line. Its error is kept in err.
func (s *spool) add(ev format.Event, odd bool) {
	if s.err != nil {
		return
	}
	b := s.buf[:0]
	b = binary.AppendVarint(b, int64(ev.Time-s.end.time))
	b = binary.AppendUvarint(b, uint64(len(ev.Code)))
	b = append(b, ev.Code...)
	switch {
	case odd:
		b = append(b, 2)
	case ev.JSON:
		b = append(b, 1)
	default:
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(ev.Data)))
	b = append(b, ev.Data...)
	s.buf = b
	s.end = spoolMark{s.end.at + int64(len(b)), s.end.count + 1, ev.Time}
	if s.file == nil && s.mem.Len()+len(b) > maxInMemory {
		var err error
		if s.file, err = os.CreateTemp("", "ttydeck-redact-*"); err != nil {
			s.fail(err)
			return
		}
		// Where the system allows it, the file loses its name now, so that it
		// cannot outlive the program.
		os.Remove(s.file.Name())
		s.w = bufio.NewWriterSize(s.file, 1<<16)
		s.w.Write(s.mem.Bytes())
		s.mem = bytes.Buffer{}
	}
	if s.file == nil {
		s.mem.Write(b)
		return
	}
	if _, err := s.w.Write(b); err != nil {
		s.fail(err)
	}
}

func (s *spool) fail(err error) { s.err = fmt.Errorf("redact: temporary file: %w", err) }

// flush writes what is buffered. Until the next event is added, the events may then be
// read by several goroutines.
func (s *spool) flush() error {
	if s.file == nil || s.w.Buffered() == 0 {
		return nil
	}
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("redact: temporary file: %w", err)
	}
	return nil
}

// events returns the events between two marks. It may be called, and ranged over, any
// number of times.
func (s *spool) events(from, upto spoolMark) iter.Seq2[spooled, error] {
	return func(yield func(spooled, error) bool) {
		fail := func(err error) { yield(spooled{}, fmt.Errorf("redact: temporary file: %w", err)) }
		in := slabs{rest: upto.at - from.at}
		if s.file == nil {
			in.slab, in.rest = s.mem.Bytes()[from.at:upto.at], 0
		} else {
			if err := s.flush(); err != nil {
				yield(spooled{}, err)
				return
			}
			in.file, in.at = s.file, from.at
		}
		ev := spooled{Event: format.Event{Time: from.time}}
		for range upto.count - from.count {
			ev.Time += time.Duration(in.varint())
			if code := in.text(); code != string(ev.Code) {
				ev.Code = format.Code(strings.Clone(code))
			}
			flag := in.next(1)[0]
			ev.JSON, ev.odd, ev.Data = flag == 1, flag == 2, in.text()
			if in.err != nil {
				fail(in.err)
				return
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// slabSize is the number of bytes that are read at once.
const slabSize = 256 << 10

// slabs reads blocks of bytes, which it cuts from slabs that are not used again. So
// nothing is copied.
type slabs struct {
	slab []byte // read and not returned yet
	file *os.File
	at   int64 // place in file of what follows slab
	rest int64 // number of bytes that follow
	err  error // the first error; then there are only zeros
}

// fill reads until slab has n bytes, or all that follow.
func (s *slabs) fill(n int) {
	if len(s.slab) >= n || s.rest == 0 {
		return
	}
	size := min(int64(max(n, slabSize)), int64(len(s.slab))+s.rest)
	slab := make([]byte, size)
	have := copy(slab, s.slab)
	got, err := s.file.ReadAt(slab[have:], s.at)
	s.slab, s.at, s.rest = slab[:have+got], s.at+int64(got), s.rest-int64(got)
	if err != nil && have+got < int(size) {
		s.rest, s.err = 0, err
	}
}

// next returns the next n bytes.
func (s *slabs) next(n int) []byte {
	s.fill(n)
	if len(s.slab) < n {
		if s.err == nil {
			s.err = io.ErrUnexpectedEOF
		}
		return make([]byte, n)
	}
	b := s.slab[:n:n]
	s.slab = s.slab[n:]
	return b
}

// varint returns the next number.
func (s *slabs) varint() int64 {
	s.fill(binary.MaxVarintLen64)
	v, n := binary.Varint(s.slab)
	s.next(max(n, 0))
	return v
}

// text returns the next block that follows its length.
func (s *slabs) text() string {
	s.fill(binary.MaxVarintLen64)
	v, n := binary.Uvarint(s.slab)
	s.next(max(n, 0))
	if v == 0 || int64(v) > int64(len(s.slab))+s.rest {
		if v > 0 {
			s.next(len(s.slab) + 1)
		}
		return ""
	}
	b := s.next(int(v))
	return unsafe.String(&b[0], len(b)) // nothing changes b any more
}

// close frees the memory and removes the file.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name()) // on systems that cannot remove an open file
	}
	s.mem = bytes.Buffer{}
}
