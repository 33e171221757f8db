package record

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// recordInput records input, as far as Input and InputSecrets ask for it, and
// returns the event; no Code if there is none.
func (s *session) recordInput(p []byte) (ev format.Event) {
	if !s.Input {
		return ev
	}
	if !s.InputSecrets {
		if m, err := s.master.Mode(); err == nil {
			p = s.secrecy.typed(p, m)
		}
	}
	if len(p) == 0 {
		return ev
	}
	if at, running := s.clock.now(); running {
		ev = format.Event{Time: at, Code: format.Input, Data: string(p)}
		s.queue.force(ev)
	}
	return ev
}

// feedStdin copies Stdin to the program, then the end of file.
func (s *session) feedStdin() {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Stdin.Read(buf)
		if n > 0 {
			if ev := s.recordInput(buf[:n]); ev.Code != "" {
				s.pump.call(func() { s.pump.watch(ev) })
			}
			s.master.Write(buf[:n]) // an error means that the program has ended
		}
		if err != nil {
			s.sendEOF()
			return
		}
	}
}

// sendEOF checks the program's mode every eofPoll, and sends the key at most
// eofTimes times, to a program that reads by the character every eofAgain.
const (
	eofPoll  = 10 * time.Millisecond
	eofAgain = 500 * time.Millisecond
	eofTimes = 20
)

// sendEOF ends the program's input. A terminal has no end of file but a key,
// which only counts if the program reads it at the right moment: after all
// input, and, in a shell's line editor, not before the editor has begun. So
// sendEOF sends the key when the program has read its input, again when the
// program switches between lines and characters, and a few times more to a
// program that reads by the character.
func (s *session) sendEOF() {
	const none = -1
	sentIn := none // the mode when the key was last sent
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
