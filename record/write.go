package record

import (
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// write writes the recording until the end of the queue. After an error it
// drops the rest: the session goes on.
func (s *session) write() error {
	defer close(s.ended)
	err := s.writeAll()
	cerr := s.Writer.Close()
	if err == nil {
		err = cerr
	}
	return err
}

func (s *session) writeAll() error {
	s.awaitProbe()
	w := s.Writer
	err := w.WriteHeader(s.Header)
	if err == nil {
		err = format.Flush(w)
	}
	if err != nil {
		return s.fail(err)
	}
	var (
		buf     []format.Event
		due     <-chan time.Time // fires at the next flush; nil if all is flushed
		unfresh bool             // the Writer holds unflushed events
	)
	for {
		select {
		case <-s.queue.ready:
		case <-due:
			due = nil
			unfresh = false
			if err := format.Flush(w); err != nil {
				return s.fail(err)
			}
		}
		for {
			events, more := s.queue.take(buf)
			buf = events
			if len(events) == 0 {
				if !more {
					return nil
				}
				break
			}
			for _, ev := range events {
				if ev.Code == syncCode {
					err = format.Flush(w)
					s.mu.Lock()
					f := s.atSync[0]
					s.atSync = s.atSync[1:]
					s.mu.Unlock()
					f()
				} else {
					err = w.WriteEvent(ev)
				}
				if err != nil {
					return s.fail(err)
				}
				s.queue.done(ev)
			}
			unfresh = true
		}
		switch {
		case !unfresh || due != nil:
		case s.FlushEvery <= 0:
			unfresh = false
			if err := format.Flush(w); err != nil {
				return s.fail(err)
			}
		default:
			due = time.After(s.FlushEvery)
		}
	}
}

// awaitProbe waits for the terminal's answers, which go into the header, but at
// most for probeWait.
func (s *session) awaitProbe() {
	if s.probe.answered == nil {
		return
	}
	select {
	case <-s.probe.answered:
	case <-time.After(probeWait):
	}
	s.probe.describe(&s.Header.Term)
}

// fail ends the recording, not the session.
func (s *session) fail(err error) error {
	s.queue.drop()
	msg := fmt.Sprintf("recording stopped: %v; the session goes on", err)
	s.mu.Lock()
	s.fault = msg
	s.mu.Unlock()
	if s.Notice != nil {
		s.Notice(msg)
	} else {
		s.display.insert("\r\n\x1b[0;7m ttydeck: " + msg + " \x1b[0m\r\n")
		s.display.title("✖ recording stopped", false)
	}
	return err
}
