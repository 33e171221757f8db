package redact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

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

// events returns the events between two marks. It may be called, and ranged over, any
// number of times.
func (s *spool) events(from, upto spoolMark) iter.Seq2[spooled, error] {
	return func(yield func(spooled, error) bool) {
		fail := func(err error) { yield(spooled{}, fmt.Errorf("redact: temporary file: %w", err)) }
		var in *bufio.Reader
		if s.file == nil {
			in = bufio.NewReader(bytes.NewReader(s.mem.Bytes()[from.at:]))
		} else {
			if err := s.w.Flush(); err != nil {
				fail(err)
				return
			}
			in = bufio.NewReaderSize(io.NewSectionReader(s.file, from.at, upto.at-from.at), 1<<16)
		}
		ev := spooled{Event: format.Event{Time: from.time}}
		for range upto.count - from.count {
			delta, err := binary.ReadVarint(in)
			ev.Time += time.Duration(delta)
			var code, data []byte
			if err == nil {
				code, err = readBlock(in)
			}
			var flag byte
			if err == nil {
				flag, err = in.ReadByte()
			}
			if err == nil {
				data, err = readBlock(in)
			}
			if err != nil {
				fail(err)
				return
			}
			if string(code) != string(ev.Code) {
				ev.Code = format.Code(code)
			}
			ev.JSON, ev.odd, ev.Data = flag == 1, flag == 2, string(data)
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// readBlock reads bytes that follow their length.
func readBlock(in *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(in, b)
	return b, err
}

// close frees the memory and removes the file.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name()) // on systems that cannot remove an open file
	}
	s.mem = bytes.Buffer{}
}
