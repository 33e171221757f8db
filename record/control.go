package record

import (
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// Watcher receives the events of a session as they happen, in order. One
// goroutine, which moves the session's bytes, calls its methods: they must not
// block and must not call the [Control].
type Watcher interface {
	// Output receives the program's output as the user's terminal shows it, also
	// while the recording is paused. b is valid during the call only.
	Output(b []byte)
	// Resized receives each new size of the program's terminal, in character cells.
	Resized(size format.Size)
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
	// ErrNoRecord is returned by [Control.Watch] when the recording so far cannot
	// be read.
	ErrNoRecord = errors.New("cannot read the recording so far")
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
}

// State returns the state of the session. After its end Foreground is -1.
func (c *Control) State() State {
	c.s.mu.Lock()
	size := c.s.size
	c.s.mu.Unlock()
	return State{Size: size, Paused: c.s.isPaused(), PID: c.s.cmd.Process.Pid, Foreground: c.s.master.ForegroundGroup()}
}

// Watch sends everything that happens from now on to w, in place of the
// previous watcher. The Cast is the recording up to exactly that moment; the
// caller closes the Closer. If the recording cannot be read, the error is
// [ErrNoRecord] or that of [Recorder.Recorded], the Closer is nil, and w is set
// nevertheless. A nil w ends watching and returns no Cast.
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
		if p.full.Code != "" { // was read, but comes after the recording so far
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
	case <-done: // both were ready
		return cast, closer, err
	default:
		return format.Cast{}, nil, ErrNoRecord
	}
}

// isPaused reports whether the recording is paused.
func (s *session) isPaused() bool {
	f := s.paused()
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.resuming && !f.over
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
	if f := s.paused(); f == nil || !f.put(ev) {
		s.queue.force(ev)
	}
	if w := s.pump.watcher; w != nil {
		w.Resized(size)
	}
	s.master.SetSize(tty.Size(size))
}

// Signal sends a signal to the program's process group and to the terminal's
// foreground process group.
func (c *Control) Signal(sig syscall.Signal) error {
	return c.do(func() { c.s.signalAll(sig) })
}
