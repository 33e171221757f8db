package record

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/vt"
)

// Watcher receives the events of a session as they happen.
type Watcher interface {
	// Event receives an event: output, as the user's terminal shows it and also
	// while the recording is paused; resizes; markers; input, if it is recorded; and
	// at last the exit. The time counts from the start of the session and never
	// falls. It is that of the recording, except that it goes on during a pause.
	// The event may be kept.
	//
	// Calls come one after another, from the goroutine that moves the session's
	// bytes: Event must not block and must not call the [Control].
	Event(ev format.Event)
}

// Control acts on a running session; [Recorder.Started] receives it. Several
// goroutines may call its methods at once. After the end of the session those
// that return an error return [ErrEnded].
type Control struct {
	s    *session
	pump *pump
}

// Errors of a [Control].
var (
	// ErrEnded is returned by methods that are called after the end of the session.
	ErrEnded = errors.New("the session has ended")
	// ErrBusy is returned by [Control.Type] when too much earlier input is still
	// unread.
	ErrBusy = errors.New("the program does not read its input")
)

// calls are functions that other goroutines want the pump to run between two
// reads.
type calls struct {
	mu    sync.Mutex
	list  []func()
	ended bool
}

// call makes the pump run f soon. It returns false if the session has ended.
func (p *pump) call(f func()) bool {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	if p.calls.ended {
		return false
	}
	p.calls.list = append(p.calls.list, f)
	p.waiter.Wake()
	return true
}

func (p *pump) runCalls(ended bool) {
	p.calls.mu.Lock()
	list := p.calls.list
	p.calls.list, p.calls.ended = nil, ended
	p.calls.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// do makes the pump run f, and waits for it.
func (c *Control) do(f func()) error {
	done := make(chan struct{})
	if !c.pump.call(func() { defer close(done); f() }) {
		return ErrEnded
	}
	<-done
	return nil
}

// typeLimit bounds the input, in bytes, that waits for the program to read it.
const typeLimit = 256 << 10

// Type sends b to the program as if the user had typed it. It keeps no
// reference to b. After [ErrBusy] none of b was sent.
func (c *Control) Type(b []byte) error {
	b = append([]byte(nil), b...)
	var busy error
	err := c.do(func() {
		if len(c.pump.toProg) > typeLimit {
			busy = ErrBusy
			return
		}
		c.pump.send(b)
	})
	return errors.Join(err, busy)
}

// Resize sets the size of the program's terminal, in character cells,
// independent of the user's terminal. A side that is zero follows the user's
// terminal.
func (c *Control) Resize(size format.Size) error {
	c.s.mu.Lock()
	c.s.fixed = size
	c.s.mu.Unlock()
	return c.do(c.s.resizeNow)
}

// Mark records a marker with the label, which may be empty.
func (c *Control) Mark(label string) error {
	return c.do(func() {
		c.s.mark(label)
		c.s.display.title("● marker set", true)
	})
}

// Pause pauses the recording; the session goes on. It does nothing if the
// recording is paused.
func (c *Control) Pause() error { return c.setPaused(true) }

// Resume resumes a paused recording. It does nothing if the recording is not
// paused.
func (c *Control) Resume() error { return c.setPaused(false) }

func (c *Control) setPaused(paused bool) error {
	return c.do(func() {
		if c.s.isPaused() != paused {
			c.s.pause()
		}
	})
}

// Redraw makes full-screen programs redraw, by changing the size of their
// terminal for 50 ms.
func (c *Control) Redraw() { c.s.redraw() }

// State is the state of a session at one moment.
type State struct {
	// Size is the size of the program's terminal, in character cells.
	Size format.Size
	// Paused reports whether the recording is paused.
	Paused bool
	// PID is the program's process ID.
	PID int
	// Foreground is the terminal's foreground process group; -1 if unknown.
	Foreground int
	// Fault is the reason why recording has stopped; empty while it goes on.
	Fault string
}

// State returns the state of the session. After its end Foreground is -1.
func (c *Control) State() State {
	c.s.mu.Lock()
	size, fault := c.s.size, c.s.fault
	c.s.mu.Unlock()
	return State{Size: size, Fault: fault, Paused: c.s.isPaused(), PID: c.s.cmd.Process.Pid, Foreground: c.s.master.ForegroundGroup()}
}

// Watch sends all events from now on to w, in place of the previous watcher, and
// keeps a screen for [Control.Screen]. A nil w ends both.
func (c *Control) Watch(w Watcher) error {
	return c.do(func() {
		c.pump.watcher = w
		if w != nil {
			c.s.keep(needWatcher)
		} else if k := c.s.keeper.Load(); k != nil {
			k.drop(needWatcher)
		}
	})
}

// Screen calls at between two events, as a [Watcher]'s method is called, with the
// time of the session, and then look with the screen as the events before have left
// it; look must not keep or change it. Both have been called when Screen returns nil.
//
// The screen is drawn from the recording so far. While there is a watcher, it is
// kept up to date, so that Screen returns soon. If the recording cannot be read
// ([Recorder.Recorded]), the program is made to redraw. Screen also works after
// the end of the session, if there was a watcher then.
func (c *Control) Screen(at func(now time.Duration), look func(*vt.Screen)) error {
	done := make(chan struct{})
	looked := func(s *vt.Screen) {
		defer close(done)
		look(s)
	}
	if !c.pump.call(func() {
		p := c.pump
		k := c.s.keep(needWatcher)
		now, _ := c.s.clock.now()
		p.watched = max(p.watched, c.s.clock.session(now))
		at(p.watched)
		// The rest of a mark of ours is not for watchers.
		k.look(len(p.marks.held) > 0, looked)
		if p.watcher == nil {
			k.drop(needWatcher)
		}
	}) {
		k := c.s.keeper.Load()
		if k == nil {
			return ErrEnded
		}
		now, _ := c.s.clock.now()
		at(c.s.clock.session(now))
		if !k.look(false, looked) {
			return ErrEnded
		}
	}
	<-done
	return nil
}

// isPaused reports whether the recording is paused.
func (s *session) isPaused() bool {
	k := s.keeper.Load()
	if k == nil {
		return false
	}
	paused, resuming := k.paused()
	return paused && !resuming
}

// resizeNow sets the size that the program's terminal should have; the pump
// runs it.
func (s *session) resizeNow() {
	size := s.wantedSize()
	s.mu.Lock()
	changed := size != s.size
	s.size = size
	s.mu.Unlock()
	if !changed {
		return
	}
	// The event comes first: output for the new size must follow it.
	at, _ := s.clock.now()
	ev := format.Event{Time: at, Code: format.Resize, Data: size.String()}
	if k := s.keeper.Load(); k == nil || k.put(step{ev: ev}) {
		s.queue.force(ev)
	}
	s.pump.watch(ev)
	s.master.SetSize(tty.Size(size))
}

// Signal sends a signal to the program's process group and to the terminal's
// foreground process group.
func (c *Control) Signal(sig syscall.Signal) error {
	return c.do(func() { c.s.signalAll(sig) })
}
