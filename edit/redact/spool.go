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

// maxInMemory is how much of a recording is held in memory before it goes to a
// file.
const maxInMemory = 4 << 20

// spool holds events to be read more than once: in memory, and from
// maxInMemory on in a temporary file that only its owner can read.
type spool struct {
	mem  bytes.Buffer
	file *os.File
	w    *bufio.Writer
	last time.Duration
	buf  []byte
	err  error
}

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
		// Where that is possible it has no name from now on, so that it
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

// events gives what was added, from the start, as often as it is called.
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

func readBlock(in *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(in, b)
	return b, err
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name()) // where an open file could not be removed
	}
	s.mem = bytes.Buffer{}
}
