package record

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// pump moves bytes between the user's terminal and the program's, and what is
// recorded of them into the queue. One goroutine does both ways, without ever
// waiting for one of them: a program that echoes what is pasted into it blocks
// when nobody reads that; keys stay live while a slow terminal takes its time;
// and a key's echo comes back without waking a second thread.
type pump struct {
	s      *session
	waiter *tty.Waiter

	drain  atomic.Bool   // the program has ended: read what is left
	stop   atomic.Bool   // end at once
	hungup chan struct{} // closed when the terminal is gone

	slab   slab
	keyBuf [16 << 10]byte
	toTerm []byte       // output that the terminal has not taken yet
	toProg []byte       // keys that the program has not taken yet
	full   format.Event // output for which the queue has no room; none: no Code
	tail   []byte       // the end of the output, see isWhole
	marks  stripper     // keeps our marks from the terminal

	calls   calls
	watcher Watcher // nil if there is none

	keysOver bool // nothing comes from the terminal any more
	termGone bool // nor does it take anything
	// progGone says that nobody has the program's terminal open. While the
	// program lives, it could open it again.
	progGone bool
	outOver  bool // all output has been read
	left     int  // how much may still be read after the program's end
	// unwritten is when something was put into the queue since the writer was
	// woken; zero if nothing was.
	unwritten time.Time
	holdTill  time.Time // when the probe's held bytes are taken for keys
}

const (
	// drainLimit is how much is read after the program's end. It is more
	// than the kernel holds (some 20 KB), so all that the program wrote is
	// there; a background job that goes on writing does not keep the session.
	drainLimit = 1 << 20
	// reopenPoll is how often a terminal that nobody has open is looked at.
	reopenPoll = 50 * time.Millisecond
	// echoTime is how long a key's echo may take to be waited for as what
	// comes soon.
	echoTime = 2 * time.Millisecond
	// burst is how many reads of output are done before keys are looked for.
	burst = 16
)

func newPump(s *session) (*pump, error) {
	w, err := tty.NewWaiter()
	if err != nil {
		return nil, err
	}
	p := &pump{s: s, waiter: w, hungup: make(chan struct{}), left: drainLimit}
	if s.shell != nil {
		p.marks = stripper{nonce: s.Nonce, seen: func() { s.goFunc(func() { s.shell.Close() }) }}
	}
	p.keysOver = s.term == nil || s.Stdin != nil
	p.termGone = s.term == nil
	s.queue.room = w.Wake
	s.display.wake = w.Wake
	s.keys.pass, s.keys.do = p.send, s.do
	s.pump = p
	return p, nil
}

// The writer is woken in a lull: waking another thread just after a key's echo
// would get in the way of those who show it. It is woken after kickAfter in any
// case, or when plenty waits, see [queue.tryPut].
const (
	lull      = 8 * time.Millisecond
	kickAfter = 50 * time.Millisecond
)

// kick wakes the writer.
func (p *pump) kick() {
	p.unwritten = time.Time{}
	p.s.queue.kick()
}

// signal sets a flag and makes run look at it.
func (p *pump) signal(flag *atomic.Bool) {
	flag.Store(true)
	p.waiter.Wake()
}

// run moves bytes until the program has ended and all its output is shown and
// recorded.
func (p *pump) run() {
	defer p.runCalls(true)
	for !p.stop.Load() {
		p.flush()
		if p.outOver && len(p.toTerm) == 0 && p.full.Code == "" {
			return
		}
		waits := p.waits()
		if !p.unwritten.IsZero() {
			p.waiter.Soon(lull)
		}
		if p.waiter.Wait(waits[:], p.timeout()) != nil {
			return
		}
		p.runCalls(false)
		quiet := !waits[0].Read && !waits[1].Read
		if !p.unwritten.IsZero() && (quiet || time.Since(p.unwritten) > kickAfter) {
			p.kick()
		}
		if waits[0].Read {
			p.readKeys()
		}
		if waits[1].Read || p.readAnyway() {
			p.readOutput()
		}
		if !p.holdTill.IsZero() && !time.Now().Before(p.holdTill) {
			p.holdTill = time.Time{}
			p.typed(p.s.probe.flush())
		}
	}
}

// waits gives what to wait for at the terminal and at the program.
func (p *pump) waits() [2]tty.Wait {
	return [2]tty.Wait{
		{
			Conn: p.connOfTerm(),
			Read: !p.keysOver && len(p.toProg) == 0 &&
				(!p.s.Input || p.full.Code == ""), // keys would be recorded
			Write: len(p.toTerm) > 0,
		},
		{Conn: p.s.master, Read: p.mayRead() && !p.progGone, Write: len(p.toProg) > 0 && !p.progGone},
	}
}

func (p *pump) connOfTerm() *tty.Conn {
	if p.s.term == nil {
		return nil
	}
	return p.s.term.Conn
}

// mayRead says whether output may be read: what was read before has gone on.
func (p *pump) mayRead() bool { return !p.outOver && len(p.toTerm) == 0 && p.full.Code == "" }

// readAnyway says whether to read without having been told that there is
// something.
func (p *pump) readAnyway() bool { return p.mayRead() && (p.progGone || p.drain.Load()) }

func (p *pump) timeout() time.Duration {
	timeout := time.Duration(-1)
	switch {
	case p.mayRead() && p.drain.Load():
		return 0
	case p.progGone:
		timeout = reopenPoll
	}
	if !p.holdTill.IsZero() {
		hold := max(0, time.Until(p.holdTill))
		if timeout < 0 || hold < timeout {
			timeout = hold
		}
	}
	if left, ok := p.s.display.due(); ok && (timeout < 0 || left < timeout) {
		timeout = left
	}
	return timeout
}

// flush moves on what waits, as far as it goes now.
func (p *pump) flush() {
	if ev := p.full; ev.Code != "" {
		p.full = format.Event{}
		p.record(ev)
	}
	p.toTerm = p.show(p.toTerm)
	if len(p.toTerm) == 0 {
		if s := p.s.display.take(p.tail); len(s) > 0 {
			p.toTerm = p.show(s)
		}
	}
	if len(p.toProg) > 0 {
		p.toProg = p.give(p.toProg)
	}
}

// show writes to the terminal what it takes now, and gives the rest.
func (p *pump) show(b []byte) []byte {
	if p.termGone {
		return nil
	}
	for len(b) > 0 {
		n, err := p.s.term.TryWrite(b)
		b = b[n:]
		switch {
		case errors.Is(err, tty.ErrNotReady):
			return b
		case err != nil:
			p.loseTerminal()
			return nil
		}
	}
	return nil
}

// loseTerminal notes that the terminal has hung up. The recording goes on.
func (p *pump) loseTerminal() {
	if !p.termGone {
		p.termGone, p.keysOver = true, true
		close(p.hungup)
	}
}

// give writes to the program what it takes now, and gives the rest. Of a
// program that is gone nothing is left to do: its end is noticed elsewhere.
func (p *pump) give(b []byte) []byte {
	for len(b) > 0 {
		n, err := p.s.master.TryWrite(b)
		b = b[n:]
		switch {
		case errors.Is(err, tty.ErrNotReady):
			return b
		case err != nil:
			return nil
		}
	}
	return nil
}

// readOutput reads what the program has written, and shows and records it.
func (p *pump) readOutput() {
	s := p.s
	for range burst {
		buf := p.slab.space()
		// The program's end is looked at first: what is read after it is all
		// that there was before it.
		ended := p.drain.Load()
		n, err := s.master.TryRead(buf)
		at, running := s.clock.now()
		p.progGone = err != nil && !errors.Is(err, tty.ErrNotReady)
		if err != nil {
			// To wait for background jobs is to wait until it is gone.
			p.outOver = ended && (p.progGone || !s.waitAll.Load())
			return
		}
		if ended && !s.waitAll.Load() {
			if p.left -= n; p.left < 0 {
				p.outOver = true
			}
		}
		shown := p.marks.strip(buf[:n])
		p.toTerm = p.show(shown)
		if p.watcher != nil {
			p.watcher.Output(shown)
		}
		p.keepTail(buf[:n])
		ev := format.Event{Time: at, Code: format.Output, Data: p.slab.keep(n)}
		if s.Input && !s.InputSecrets {
			if hidden := s.secrecy.printed(ev.Data); hidden != ev.Data {
				ev.Data = p.slab.hold(hidden)
			}
		}
		if running || !p.follow(&ev) {
			p.record(ev)
		}
		// A short read has emptied the kernel's buffer.
		if p.outOver || !p.mayRead() || n < 1024 && !ended {
			return
		}
	}
}

// record puts output into the queue, or keeps it until there is room.
func (p *pump) record(ev format.Event) {
	if !p.s.queue.tryPut(ev) {
		p.full = ev
	} else if p.unwritten.IsZero() {
		p.unwritten = time.Now()
	}
}

// follow gives output to who follows the screen while the recording is paused.
// When the recording goes on again after all, ev is to be recorded, now.
func (p *pump) follow(ev *format.Event) bool {
	if f := p.s.paused(); f != nil && f.put(*ev) {
		return true
	}
	ev.Time, _ = p.s.clock.now()
	return false
}

// keepTail keeps the end of the output, to see whether it is inside a sequence.
func (p *pump) keepTail(b []byte) {
	if n := len(b); n >= tailSize {
		p.tail = append(p.tail[:0], b[n-tailSize:]...)
		return
	}
	if over := len(p.tail) + len(b) - tailSize; over > 0 {
		p.tail = append(p.tail[:0], p.tail[over:]...)
	}
	p.tail = append(p.tail, b...)
}

// readKeys reads what the user has typed, and what the terminal has answered.
func (p *pump) readKeys() {
	n, err := p.s.term.TryRead(p.keyBuf[:])
	if n > 0 {
		p.typed(p.s.probe.feed(p.keyBuf[:n]))
		p.holdTill = time.Time{}
		if len(p.s.probe.held) > 0 {
			p.holdTill = time.Now().Add(probeHold)
		}
	}
	if err != nil && !errors.Is(err, tty.ErrNotReady) {
		p.loseTerminal()
	}
}

// typed takes what the user has typed.
func (p *pump) typed(b []byte) {
	if len(b) > 0 {
		p.s.keys.feed(b)
	}
}

// send gives the program what was typed. Keys are typed over a terminal with
// little room, so what it does not take waits.
func (p *pump) send(b []byte) {
	if len(b) == 0 {
		return
	}
	p.s.recordInput(b)
	p.waiter.Soon(echoTime)
	if len(p.toProg) == 0 {
		b = p.give(b)
	}
	p.toProg = append(p.toProg, b...)
}

// awaitAnswers reads the terminal's answers that are still to come: the shell
// would take them for keys.
func (p *pump) awaitAnswers(wait time.Duration) {
	if p.s.probe.answered == nil || p.keysOver {
		return
	}
	buf := make([]byte, 4096)
	p.s.term.SetReadDeadline(time.Now().Add(wait))
	for !p.s.probe.isOver() {
		n, err := p.s.term.Read(buf)
		p.s.probe.feed(buf[:n])
		if err != nil {
			break
		}
	}
	p.s.probe.giveUp()
}
