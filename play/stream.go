package play

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// stream plays a recording's own bytes to a pipe or, with Player.Raw, to a
// terminal. It holds only a few events of the recording.
type stream struct {
	p       *Player
	con     *console
	clock   clock
	keys    keyReader
	limit   time.Duration // on pauses; 0: none
	onScr   format.Size   // the size of the terminal at the start
	origin  bool          // the recording has set origin mode
	events  chan item     // from the goroutine that reads the recording
	next    *item         // the event to play next; nil: not read yet
	last    time.Duration // the time of the event before
	step    bool          // play one output event although paused
	jump    bool          // play up to the next marker at once
	pending []byte        // output that has not been passed to con yet
}

// item is an event, or an error or the end of the events.
type item struct {
	ev  format.Event
	err error
	end bool
}

// runStream is Run for a pipe and for raw bytes.
func (p *Player) runStream(ctx context.Context) (err error) {
	cast, err := p.open(0)
	if err != nil {
		return err
	}
	s := &stream{p: p, clock: clock{speed: p.speed()}}
	if p.Output != nil {
		s.con = newConsole(p.Output, nil)
	} else {
		term := p.Terminal
		if term == nil {
			t, err := openTerminal()
			if err != nil {
				return err
			}
			defer t.Close()
			term = t
		}
		if s.onScr, err = term.Size(); err != nil {
			return err
		}
		p.hintSize(cast.Header.Size, s.onScr)
		s.con = newConsole(term, term)
	}
	// Deferred first, to restore the terminal also after a panic.
	defer func() {
		s.con.cleanup = s.cleanup()
		if cerr := s.con.close(); err == nil {
			err = cerr
		}
	}()
	if err := s.con.start(s.cleanup()); err != nil {
		return err
	}
	if s.con.term != nil {
		s.pending = append(s.pending, rawStart...)
		s.askSize(cast.Header.Size)
	}
	if p.Follow {
		s.clock.speed = unpaced // at the live end, the events set the pace
	}
	s.clock.run(time.Now())
	s.clock.seek(time.Now(), p.Start)
	for round := 0; ; round++ {
		err := s.round(ctx, cast)
		switch {
		case errors.Is(err, errQuit):
			return nil
		case err != nil:
			return err
		case !p.Loop:
			return nil
		}
		if cast, err = p.open(round + 1); err != nil {
			return err
		}
		if s.con.term != nil {
			s.pending = append(s.pending, rawRestart(s.origin)...)
			s.askSize(cast.Header.Size)
		}
		s.clock.seek(time.Now(), p.Start)
	}
}

// errQuit ends the playing when the user quits.
var errQuit = errors.New("quit")

func (s *stream) cleanup() string {
	if s.con.term == nil {
		return ""
	}
	c := tty.Cleanup(s.origin)
	if s.p.Resize {
		c += resizeRequest(s.onScr)
	}
	return c
}

// hintSize warns the user if a recording does not fit the terminal.
func (p *Player) hintSize(rec, term format.Size) {
	if (rec.Cols > term.Cols || rec.Rows > term.Rows) && term != (format.Size{}) && !p.Resize {
		p.warn("the recording is " + rec.String() + " and will look wrong: this terminal is " + term.String() +
			"; enlarge it, or try --resize")
	}
}

// askSize asks the terminal to take the recording's size (xterm's XTWINOPS 8).
func (s *stream) askSize(size format.Size) {
	if s.con.term != nil && s.p.Resize {
		s.pending = append(s.pending, resizeRequest(size)...)
	}
}

// resizeRequest returns the request, empty for a size that no terminal has.
func resizeRequest(size format.Size) string {
	const most = 2000
	if size.Cols < 1 || size.Rows < 1 || size.Cols > most || size.Rows > most {
		return ""
	}
	return "\x1b[8;" + itoa(size.Rows) + ";" + itoa(size.Cols) + "t"
}

// round plays the recording once.
func (s *stream) round(ctx context.Context, cast format.Cast) error {
	s.limit = s.p.idleLimit(cast.Header)
	s.next, s.events, s.last = nil, make(chan item, 16), s.p.Start
	stop := make(chan struct{})
	defer close(stop)
	s.con.goSafely(func() { pump(cast.Events, s.events, stop) })

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, err := s.advance(time.Now())
		if err != nil {
			return err
		}
		if s.next != nil && s.next.end && !s.con.busy && len(s.pending) == 0 {
			return nil
		}
		timer.Reset(wait)
		events := s.events
		if s.next != nil {
			events = nil
		}
		// A key comes first: with a dense recording and a fast terminal, other
		// cases are always ready too.
		select {
		case b := <-s.con.reads:
			if err := s.typed(b); err != nil {
				return err
			}
			continue
		default:
		}
		select {
		case b := <-s.con.reads:
			if err := s.typed(b); err != nil {
				return err
			}
		case it := <-events:
			s.arrived(it, !s.con.busy)
		case err := <-s.con.wrote:
			if err := s.con.done(err); err != nil {
				if s.con.term == nil && errors.Is(err, syscall.EPIPE) {
					return errQuit // the reader has seen enough
				}
				return err
			}
		case err := <-s.con.broken:
			return s.con.check(err)
		case <-timer.C:
		case <-s.con.resized:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pump reads the recording ahead of the clock, by a few events.
func pump(events format.Events, to chan<- item, stop <-chan struct{}) {
	send := func(it item) bool {
		select {
		case to <- it:
			return true
		case <-stop:
			return false
		}
	}
	for ev, err := range events {
		if !send(item{ev: ev, err: err}) || err != nil {
			return
		}
	}
	send(item{end: true})
}

// arrived takes the next event, and shortens the pause before it. starved: there
// was nothing else to wait for.
func (s *stream) arrived(it item, starved bool) {
	s.next = &it
	if it.end || it.err != nil {
		return
	}
	if end := s.p.End; end > 0 && it.ev.Time > end {
		s.next.end = true
		return
	}
	if it.ev.Time <= s.p.Start {
		return // due already
	}
	if gap := it.ev.Time - s.last; s.limit > 0 && gap > s.limit {
		s.clock.skip(gap - s.limit)
	}
	// The events of a recording that is still being written come when they
	// happen: one that comes late is due now, and the clock goes on from there.
	if now := time.Now(); starved && s.clock.running && s.clock.due(now, it.ev.Time) < -starvedWait {
		s.clock.seek(now, it.ev.Time)
	}
}

// starvedWait is how late an awaited event may come without moving the clock:
// more than the delays of a busy machine or a slow disk, and less than a user
// perceives as a lag.
const starvedWait = 200 * time.Millisecond

// advance plays the events that are due, as far as the terminal takes them, and
// returns the time to wait for the next one.
func (s *stream) advance(now time.Time) (time.Duration, error) {
	const batch = 32 << 10 // events that are due together are written together, up to this
	for !s.con.busy {
		wait, ready := s.ready(now)
		if len(s.pending) > 0 && (!ready || len(s.pending) >= batch) {
			s.con.write(s.pending)
			s.pending = nil
			break
		}
		if !ready {
			return wait, nil
		}
		if s.next.err != nil {
			return 0, s.next.err
		}
		ev := s.next.ev
		s.next, s.last = nil, max(s.last, ev.Time)
		if s.step || s.jump || s.clock.speed == unpaced {
			s.clock.seek(now, ev.Time)
		}
		s.play(now, ev)
		select { // without a round through the select for each event
		case it := <-s.events:
			s.arrived(it, false)
		default:
		}
	}
	return time.Hour, nil
}

// ready reports whether the next event is due, or the time to wait for it.
func (s *stream) ready(now time.Time) (wait time.Duration, ok bool) {
	switch {
	case s.next == nil || s.next.end:
		return time.Hour, false
	case s.next.err != nil || s.step || s.jump:
		return 0, true
	case !s.clock.running:
		return time.Hour, false
	}
	wait = s.clock.due(now, s.next.ev.Time)
	return wait, wait <= 0
}

// play plays one event.
func (s *stream) play(now time.Time, ev format.Event) {
	switch ev.Code {
	case format.Output:
		s.step = false
		if s.con.term != nil && strings.Contains(ev.Data, "\x1b[?6h") {
			s.origin = true
		}
		s.pending = append(s.pending, ev.Data...)
	case format.Resize:
		if size, err := ev.Size(); err == nil {
			s.askSize(size)
		}
	case format.Marker:
		if s.jump || s.p.PauseOnMarkers && s.con.term != nil {
			s.clock.stop(now)
			s.clock.seek(now, ev.Time)
		}
		s.jump, s.step = false, false
	}
}

// typed acts on input.
func (s *stream) typed(b []byte) error {
	for _, k := range s.keys.feed(b) {
		now := time.Now()
		switch k.name {
		case "q":
			return errQuit
		case "ctrl-c":
			return ErrInterrupted
		case " ":
			if s.clock.running {
				s.clock.stop(now)
			} else {
				s.clock.run(now)
			}
			s.jump = false
		case ".":
			s.clock.stop(now)
			s.step = true
		case "]":
			s.jump = true
		case "+", "=":
			s.clock.setSpeed(now, faster(s.clock.speed))
		case "-":
			s.clock.setSpeed(now, slower(s.clock.speed))
		}
	}
	return nil
}
