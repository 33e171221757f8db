package record

import (
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// Watcher is told what happens in a session, as it happens and in that order.
// Its methods are called by the goroutine that moves the session's bytes: they
// must not wait, and not call the [Control].
type Watcher interface {
	// Output gets what the program wrote, as the user's terminal shows it,
	// also while the recording is paused. b is valid during the call only.
	Output(b []byte)
	// Resized tells that the program's terminal has a new size.
	Resized(size format.Size)
}

// Control acts on a running session; [Recorder.Started] gets it. Its methods
// may be called by several goroutines at once. After the session's end they
// give [ErrEnded].
type Control struct {
	s    *session
	pump *pump
}

// Errors of a [Control].
var (
	ErrEnded = errors.New("the session has ended")
	ErrBusy  = errors.New("the program does not read what was typed before")
	// ErrNoRecord is Watch's when what was recorded cannot be read.
	ErrNoRecord = errors.New("what was recorded so far cannot be read")
)

// calls are what other goroutines want the pump to do between two reads.
type calls struct {
	mu    sync.Mutex
	list  []func()
	ended bool
}

// call has f run by the pump, soon. It gives false when the session has ended.
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

// do has f run by the pump, and waits for that.
func (c *Control) do(f func()) error {
	done := make(chan struct{})
	if !c.pump.call(func() { defer close(done); f() }) {
		return ErrEnded
	}
	<-done
	return nil
}

// typeLimit bounds what was typed and waits for the program to read it.
const typeLimit = 256 << 10

// Type gives the program b, as if it was typed. With ErrBusy nothing of it was
// given.
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

// Resize gives the program's terminal a size, whatever that of the user's
// terminal is.
func (c *Control) Resize(size format.Size) error {
	c.s.mu.Lock()
	c.s.fixed = size
	c.s.mu.Unlock()
	return c.do(c.s.resizeNow)
}

// Mark sets a marker.
func (c *Control) Mark(label string) error {
	return c.do(func() {
		c.s.mark(label)
		c.s.display.title("● marker set", true)
	})
}

// Pause pauses the recording, not the session. Resume goes on with it. They do
// nothing where it is so already.
func (c *Control) Pause() error  { return c.setPaused(true) }
func (c *Control) Resume() error { return c.setPaused(false) }

func (c *Control) setPaused(paused bool) error {
	return c.do(func() {
		if c.s.isPaused() != paused {
			c.s.pause()
		}
	})
}

// Redraw has full-screen programs draw their screen again.
func (c *Control) Redraw() { c.s.redraw() }

// State is how a session stands.
type State struct {
	Size   format.Size // of the program's terminal
	Paused bool        // the recording is paused
	PID    int         // of the program
	// Foreground is the process group that has the terminal; -1 if that
	// cannot be told.
	Foreground int
}

// State tells how the session stands.
func (c *Control) State() State {
	c.s.mu.Lock()
	size := c.s.size
	c.s.mu.Unlock()
	return State{Size: size, Paused: c.s.isPaused(), PID: c.s.cmd.Process.Pid, Foreground: c.s.master.ForegroundGroup()}
}

// Watch has w told of all that happens from now on; nil ends that. There is one
// watcher at a time. The Cast is the recording up to that very moment; the
// caller closes it. Without it, the error is ErrNoRecord or that of
// [Recorder.Recorded], and w is told nevertheless.
func (c *Control) Watch(w Watcher) (format.Cast, io.Closer, error) {
	var (
		cast   format.Cast
		closer io.Closer
		err    = ErrNoRecord
		done   = make(chan struct{})
	)
	if !c.pump.call(func() {
		p, s := c.pump, c.s
		p.watcher = w
		if w == nil || s.Recorded == nil {
			close(done)
			return
		}
		s.syncThen(func() {
			cast, closer, err = s.Recorded()
			close(done)
		})
		if p.full.Code != "" { // read, but behind that
			w.Output([]byte(p.full.Data))
		}
	}) {
		return cast, nil, ErrEnded
	}
	select {
	case <-done:
		if w == nil {
			err = nil
		}
		return cast, closer, err
	case <-c.s.ended:
	}
	select {
	case <-done: // both
		return cast, closer, err
	default:
		return format.Cast{}, nil, ErrNoRecord
	}
}

// isPaused says whether the recording is paused.
func (s *session) isPaused() bool {
	f := s.paused()
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.resuming && !f.over
}

// resizeNow gives the program's terminal the size that it should have; the pump
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
	// First the event: what is drawn for the new size must come after it.
	at, _ := s.clock.now()
	ev := format.Event{Time: at, Code: format.Resize, Data: size.String()}
	if f := s.paused(); f == nil || !f.put(ev) {
		s.queue.force(ev)
	}
	if w := s.pump.watcher; w != nil {
		w.Resized(size)
	}
	s.master.SetSize(tty.Size(size))
}

// Signal sends a signal to the program's process group, and to the one that has
// the terminal.
func (c *Control) Signal(sig syscall.Signal) error {
	return c.do(func() { c.s.signalAll(sig) })
}
