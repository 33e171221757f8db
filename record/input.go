package record

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// recordInput records what is typed, if it is to be.
func (s *session) recordInput(p []byte) {
	if !s.Input {
		return
	}
	if !s.InputSecrets {
		if m, err := s.master.Mode(); err == nil {
			p = s.secrecy.typed(p, m)
		}
	}
	if len(p) == 0 {
		return
	}
	if at, running := s.clock.now(); running {
		s.queue.force(format.Event{Time: at, Code: format.Input, Data: string(p)})
	}
}

// feedStdin gives the program what Stdin has, and then the end of file.
func (s *session) feedStdin() {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Stdin.Read(buf)
		if n > 0 {
			s.recordInput(buf[:n])
			s.master.Write(buf[:n]) // an error is the end of the program
		}
		if err != nil {
			s.sendEOF()
			return
		}
	}
}

const (
	eofPoll  = 10 * time.Millisecond
	eofAgain = 500 * time.Millisecond
	eofTimes = 20
)

// sendEOF tells the program that its input is at its end. The terminal has no
// end but a key, which only means the end if it is read at the right moment:
// after all input, and, by a shell's line editing, not before that has
// begun. So the key is pressed when the input has been read, again when the
// program changes between lines and characters, and to a program that
// reads by the character a few times more.
func (s *session) sendEOF() {
	const none = -1
	sentIn := none // the mode in which it was last sent
	var sentAt time.Time
	for times := 0; times < eofTimes; {
		m, err := s.master.Mode()
		if err != nil {
			return
		}
		mode := 0
		if m.Canonical {
			mode = 1
		}
		again := !m.Canonical && time.Since(sentAt) >= eofAgain
		if (mode != sentIn || again) && s.master.InputRead() {
			key := byte(4)
			if m.Canonical && m.EOF != 0 {
				key = m.EOF
			}
			if _, err := s.master.Write([]byte{key}); err != nil {
				return
			}
			sentIn, sentAt = mode, time.Now()
			times++
		}
		time.Sleep(eofPoll)
	}
}
