package record

import (
	"bytes"
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/query"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// pump moves bytes between the user's terminal and the program's, and puts
// events into the queue. One goroutine serves both directions and never waits
// for one of them alone: a program that echoes a paste blocks while nobody
// reads the echo, keys keep working while a slow terminal writes, and the echo
// of a key returns without waking a second thread.
type pump struct {
	s      *session
	waiter *tty.Waiter

	drain  atomic.Bool   // the program has ended: read the rest of its output
	stop   atomic.Bool   // end at once
	hungup chan struct{} // closed when the terminal is gone

	slab   slab
	keyBuf [16 << 10]byte
	toTerm []byte       // output that the terminal has not taken yet
	toProg []byte       // input that the program has not taken yet
	full   format.Event // output that the full queue has refused; no Code if there is none
	tail   []byte       // the end of the output, see isWhole
	marks  stripper     // removes our marks from the terminal's output

	calls   calls
	watcher Watcher        // nil if there is none
	watched time.Duration  // the time of its latest event
	queries query.Splitter // finds queries for us to answer
	replies []byte         // to queries of the output that is being read
	asked   bool           // the keeper answers queries: one needed the screen

	keysOver bool // the terminal has no more input
	termGone bool // the terminal takes no more output
	// progGone means that no process has the program's terminal open. While the
	// program lives, it could open it again.
	progGone bool
	outOver  bool // all output has been read
	left     int  // bytes that may still be read after the program's end
	// unwritten is the time of the first event that was queued since the writer
	// was last woken; zero if there is none.
	unwritten time.Time
	holdTill  time.Time // when the probe's held bytes become input
}

const (
	// drainLimit bounds the bytes that are read after the program's end. The
	// kernel holds less (some 20 KB), so all of the program's output is read,
	// but a background job that goes on writing does not keep the session
	// alive.
	drainLimit = 1 << 20
	// reopenPoll is the poll interval for a terminal that no process has open.
	reopenPoll = 50 * time.Millisecond
	// echoTime bounds the wait for a key's echo by Waiter.Soon.
	echoTime = 2 * time.Millisecond
	// burst is the number of reads of output between two looks for keys.
	burst = 16
)

func newPump(s *session) (*pump, error) {
	w, err := tty.NewWaiter()
	if err != nil {
		return nil, err
	}
	p := &pump{s: s, waiter: w, hungup: make(chan struct{}), left: drainLimit}
	if s.shell != nil {
		p.marks = stripper{nonce: s.Nonce, seen: func() { s.goFunc(func() { s.shell.Close() }) }, unmarked: s.Unmarked}
	}
	p.keysOver = s.term == nil || s.Stdin != nil
	p.termGone = s.term == nil
	s.queue.room = w.Wake
	s.display.wake = w.Wake
	s.keys.pass, s.keys.do = p.send, s.do
	s.pump = p
	return p, nil
}

// The writer is woken in a lull: waking another thread right after a key's echo
// would delay the programs that show it. It is woken after kickAfter in any
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

// signal sets a flag and makes run check it.
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

// waits returns the Waits for the terminal and for the program.
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

// mayRead reports whether output may be read: all earlier output is shown and
// queued.
func (p *pump) mayRead() bool { return !p.outOver && len(p.toTerm) == 0 && p.full.Code == "" }

// readAnyway reports whether to read although the Waiter reports nothing to
// read.
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

// flush moves waiting bytes on, as far as possible without blocking.
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

// show writes to the terminal as much of b as it takes now, and returns the
// rest.
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
		p.s.probe.giveUp() // the header waits for answers
		close(p.hungup)
	}
}

// give writes to the program as much of b as it takes now, and returns the
// rest. Input for a program that is gone is dropped: its end is noticed
// elsewhere.
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

// readOutput reads the program's output, shows it and records it.
func (p *pump) readOutput() {
	s := p.s
	for range burst {
		buf := p.slab.space()
		// Check for the program's end first: a read after it returns everything
		// that was written before it.
		ended := p.drain.Load()
		n, err := s.master.TryRead(buf)
		at, running := s.clock.now()
		p.progGone = err != nil && !errors.Is(err, tty.ErrNotReady)
		if err != nil {
			// With waitAll, all output has been read only when no process has
			// the terminal open.
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
		p.keepTail(buf[:n])
		ev := format.Event{Time: at, Code: format.Output, Data: p.slab.keep(n)}
		if p.watcher != nil && len(shown) > 0 {
			out := ev
			if len(shown) != n || &shown[0] != &buf[0] {
				out.Data = string(shown) // without our marks
			}
			p.watch(out)
		}
		if s.Input && !s.InputSecrets {
			if hidden := s.secrecy.printed(ev.Data); hidden != ev.Data {
				ev.Data = p.slab.hold(hidden)
			}
		}
		if p.draw(ev) {
			if !running { // it has just resumed
				ev.Time, _ = s.clock.now()
			}
			p.record(ev)
		}
		if len(p.replies) > 0 { // after the queries, in a recording of the input
			p.answer(p.replies)
			p.replies = p.replies[:0]
		}
		// A short read has emptied the kernel's buffer.
		if p.outOver || !p.mayRead() || n < 1024 && !ended {
			return
		}
	}
}

// record queues output, or keeps it until the queue has room.
func (p *pump) record(ev format.Event) {
	if !p.s.queue.tryPut(ev) {
		p.full = ev
	} else if p.unwritten.IsZero() {
		p.unwritten = time.Now()
	}
}

// draw passes output on to be drawn if a screen is kept, and has its queries
// answered if no other terminal answers them. It returns false if the recording is
// paused, and true if the output is to be recorded.
func (p *pump) draw(ev format.Event) bool {
	var asks []ask
	if p.s.term == nil {
		p.queries.Find(unsafe.Slice(unsafe.StringData(ev.Data), len(ev.Data)), func(q []byte, end int) {
			if !p.asked {
				answer, need := query.Answer(q, p.s.size, nil)
				if !need {
					p.replies = append(p.replies, answer...)
					return
				}
				p.asked = true
				p.s.keep(needAnswers)
			}
			asks = append(asks, ask{bytes.Clone(q), end})
		})
	}
	k := p.s.keeper.Load()
	return k == nil || k.put(step{ev: ev, asks: asks})
}

// answerLimit bounds the answers, in bytes, that wait for the program to read
// them. A program that does not read its answers gets no more of them.
const answerLimit = 16 << 10

// answer sends the answers to queries to the program.
func (p *pump) answer(b []byte) {
	if len(p.toProg) <= answerLimit {
		p.send(b)
	}
}

// watch passes an event, with a time of the recording, on to the watcher. Only the
// pump calls it, or what runs after its end.
func (p *pump) watch(ev format.Event) {
	if p.watcher != nil && ev.Code != "" {
		p.watched = max(p.watched, p.s.clock.session(ev.Time))
		ev.Time = p.watched
		p.watcher.Event(ev)
	}
}

// keepTail keeps the end of the output, for isWhole.
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

// readKeys reads the user's input and the terminal's answers.
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

// typed passes on the user's input.
func (p *pump) typed(b []byte) {
	if len(b) > 0 {
		p.s.keys.feed(b)
	}
}

// send sends input to the program. The kernel's buffer for it is small, so what
// does not fit waits.
func (p *pump) send(b []byte) {
	if len(b) == 0 {
		return
	}
	if ev := p.s.recordInput(b); ev.Code != "" {
		p.watch(ev)
	}
	p.waiter.Soon(echoTime)
	if len(p.toProg) == 0 {
		b = p.give(b)
	}
	p.toProg = append(p.toProg, b...)
}

// awaitAnswers reads the terminal's remaining answers: the shell would take
// them for keys.
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
