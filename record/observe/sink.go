package observe

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record/sessions"
)

// flushEvery bounds the time until an event is readable in the file.
const flushEvery = 200 * time.Millisecond

// sink receives the events that a method sees, and writes them. Any goroutine
// may call its methods.
type sink struct {
	o       *Observer
	t       *target
	skipped []error

	mu      sync.Mutex // guards the fields below
	began   bool
	start   int64         // CLOCK_MONOTONIC at the beginning
	last    time.Duration // time of the last event
	next    int64         // position of the next byte of output, as the method counts
	nextIn  int64         // the same for input
	size    format.Size
	dirty   bool  // there are unflushed events
	err     error // the first error of the Writer
	result  Result
	stopped chan struct{} // closed by finish
	flusher sync.WaitGroup
	mark    io.Closer // the announcement; nil if there is none
}

// begin writes the header. A method calls it once, when it is attached, before any
// other call. It refuses a session that has ended: the method would record the next
// one that gets its number.
func (s *sink) begin() error {
	if err := s.t.present(); err != nil {
		return err
	}
	s.mu.Lock()
	s.began, s.start, s.size = true, monotonic(), s.t.size
	s.stopped = make(chan struct{})
	h := s.o.header(s.result.Method, s.t)
	s.size = h.Size
	s.err = s.o.Writer.WriteHeader(h)
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if mark, err := sessions.Announce(&s.o.Session); err == nil { // listings show the recording
		s.mark = mark
	}
	s.flusher.Go(s.tick)
	if s.o.Began != nil {
		// On another goroutine: it may write to the terminal whose holder is
		// stopped until we return.
		s.flusher.Go(func() { s.o.Began(s.result.Method, s.skipped) })
	}
	if s.o.Redraw {
		s.flusher.Go(s.t.redraw) // likewise: it is slow
	}
	return nil
}

// tick flushes the Writer, and checks whether a program of the session has
// changed the window's size: the holder does not see that.
func (s *sink) tick() {
	t := time.NewTicker(flushEvery)
	defer t.Stop()
	// The holder's own changes come by another path, which may be behind this
	// one, or ahead of it. So only a size that stays the same counts.
	var seen, recorded format.Size
	for {
		select {
		case <-s.stopped:
			return
		case <-t.C:
		}
		if size, ok := s.t.currentSize(); ok {
			s.mu.Lock()
			if size == seen && s.size == recorded {
				s.resizeLocked(monotonic(), size)
			}
			seen, recorded = size, s.size
			s.mu.Unlock()
		}
		s.mu.Lock()
		if s.dirty && s.err == nil {
			s.dirty, s.err = false, format.Flush(s.o.Writer)
		}
		s.mu.Unlock()
	}
}

// event writes an event; at is on CLOCK_MONOTONIC. s.mu must be held.
func (s *sink) event(at int64, code format.Code, data string) {
	if s.err != nil {
		return
	}
	s.last = max(s.last, time.Duration(at-s.start))
	s.dirty = true
	s.err = s.o.Writer.WriteEvent(format.Event{Time: s.last, Code: code, Data: data})
}

// output records bytes that the holder has read at a time (CLOCK_MONOTONIC) and
// at a position in the stream. It marks a gap before them. It does not keep
// data. The error is that of the Writer, now or before.
func (s *sink) output(at, place int64, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap(at, place)
	s.next = place + int64(len(data))
	s.result.Output += int64(len(data))
	s.event(at, format.Output, string(data))
	return s.err
}

// upTo notes that the output has reached the position place.
func (s *sink) upTo(at, place int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap(at, place)
}

func (s *sink) gap(at, place int64) {
	if lost := place - s.next; lost > 0 {
		s.result.Lost += lost
		s.next = place
		s.event(at, format.Marker, fmt.Sprintf("lost %d bytes of output", lost))
	}
}

// missed notes that n reads were not seen at all.
func (s *sink) missed(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Lost += int64(n)
	s.event(monotonic(), format.Marker, fmt.Sprintf("lost %d reads of output", n))
}

// input records bytes that the holder has written; see output.
func (s *sink) input(at, place int64, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lost := place - s.nextIn; lost > 0 {
		s.event(at, format.Marker, fmt.Sprintf("lost %d bytes of input", lost))
	}
	s.nextIn = place + int64(len(data))
	s.event(at, format.Input, string(data))
	return s.err
}

// hidden notes n bytes of input that are not recorded because the terminal does
// not show them.
func (s *sink) hidden(place int64, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextIn = place + int64(n)
}

// resize records a size if it is new.
func (s *sink) resize(at int64, size format.Size) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resizeLocked(at, size)
}

func (s *sink) resizeLocked(at int64, size format.Size) {
	if size.Cols > 0 && size.Rows > 0 && size != s.size {
		s.size = size
		s.event(at, format.Resize, size.String())
	}
}

// ended notes that the session has ended.
func (s *sink) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Ended = true
}

// finish closes the recording.
func (s *sink) finish(err error) (Result, error) {
	if s.stopped != nil {
		close(s.stopped)
		s.flusher.Wait()
	}
	if s.mark != nil {
		s.mark.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || errors.Is(err, s.err) {
		err = s.err
	}
	return s.result, errors.Join(err, s.o.Writer.Close())
}
