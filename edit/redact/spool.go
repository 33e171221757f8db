package redact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
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
	last time.Duration // time of the event added last
	buf  []byte        // scratch
	err  error         // the first error of writing
}

// add stores an event.
func (s *spool) add(ev format.Event) error {
	if s.err != nil {
		return s.err
	}
	b := s.buf[:0]
	b = binary.AppendVarint(b, int64(ev.Time-s.last))
	s.last = ev.Time
	b = binary.AppendUvarint(b, uint64(len(ev.Code)))
	b = append(b, ev.Code...)
	if ev.JSON {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(ev.Data)))
	b = append(b, ev.Data...)
	s.buf = b
	if s.file == nil && s.mem.Len()+len(b) > maxInMemory {
		if s.file, s.err = os.CreateTemp("", "ttydeck-redact-*"); s.err != nil {
			return s.err
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
		return nil
	}
	_, s.err = s.w.Write(b)
	return s.err
}

// events returns the stored events. It may be called, and ranged over, any number
// of times.
func (s *spool) events() format.Events {
	return func(yield func(format.Event, error) bool) {
		fail := func(err error) { yield(format.Event{}, fmt.Errorf("redact: temporary file: %w", err)) }
		var in *bufio.Reader
		if s.file == nil {
			in = bufio.NewReader(bytes.NewReader(s.mem.Bytes()))
		} else {
			if err := s.w.Flush(); err != nil {
				fail(err)
				return
			}
			in = bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), 1<<16)
		}
		var ev format.Event
		for {
			delta, err := binary.ReadVarint(in)
			if err == io.EOF {
				return
			}
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
			ev.Code, ev.JSON, ev.Data = format.Code(code), flag == 1, string(data)
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
