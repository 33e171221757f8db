package play

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Terminal is what a Player plays on: the terminal of the process, or one at
// the other end of a connection.
//
// Read gives what the user types, as it comes: the Player expects a terminal
// in raw mode, and puts one that has a MakeRaw method in it. Write writes all
// of p or returns an error. Read and Write are called from a goroutine each.
//
// A Terminal may have more methods, found by their signatures:
//
//	MakeRaw() (restore func() error, err error) // for as long as Run runs
//	SetReadDeadline(time.Time) error            // as net.Conn has them: without
//	SetWriteDeadline(time.Time) error           // them a stuck Write holds up Run's end
//	Resized() <-chan struct{}                   // tells that Size has changed
//	Suspend() error                             // stops the process until it is continued
//	Continued() <-chan struct{}                 // tells that it was stopped and goes on
type Terminal interface {
	io.Reader
	io.Writer
	Size() (format.Size, error)
}

// endWait is how long the end of playing waits for a terminal that takes
// nothing.
const endWait = 2 * time.Second

// console is the player's side of a terminal or a pipe: what is typed arrives
// on reads, and at most one write is under way at a time, so that neither a
// slow terminal nor a dense recording keeps the player from seeing a key. All
// but its goroutines is used by the goroutine of Run alone.
type console struct {
	w    io.Writer
	term Terminal // nil when it is a pipe

	reads   chan []byte   // what was typed; nil for a pipe
	resized chan struct{} // nil if nobody tells
	writes  chan []byte   // to the writing goroutine
	wrote   chan error    // its answers, one for each write
	broken  chan error    // reading failed, or a goroutine panicked
	quit    chan struct{} // closed at the end

	busy    bool // a write was begun and its answer not taken yet
	cleanup string
	restore func() error
}

// panicked carries a goroutine's panic to the goroutine of Run, so that it
// unwinds through the restoring of the terminal.
type panicked struct {
	value any
	stack []byte
}

func (p panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func newConsole(w io.Writer, term Terminal) *console {
	c := &console{
		w: w, term: term,
		writes: make(chan []byte),
		wrote:  make(chan error, 1),
		broken: make(chan error, 3),
		quit:   make(chan struct{}),
	}
	if term != nil {
		c.reads = make(chan []byte)
	}
	return c
}

// start makes the terminal raw and starts the goroutines. cleanup is what
// close writes.
func (c *console) start(cleanup string) error {
	if err := c.makeRaw(); err != nil {
		return err
	}
	c.cleanup = cleanup
	if t, ok := c.term.(interface{ Resized() <-chan struct{} }); ok {
		c.resized = make(chan struct{}, 1)
		c.goSafely(func() {
			told := t.Resized()
			for {
				select {
				case _, ok := <-told:
					if !ok {
						return
					}
				case <-c.quit:
					return
				}
				select {
				case c.resized <- struct{}{}:
				default:
				}
			}
		})
	}
	c.goSafely(c.writeLoop)
	if c.term != nil {
		c.goSafely(c.readLoop)
	}
	return nil
}

// makeRaw puts the terminal in raw mode, if it is one that has others.
func (c *console) makeRaw() error {
	t, ok := c.term.(interface {
		MakeRaw() (func() error, error)
	})
	if !ok {
		return nil
	}
	restore, err := t.MakeRaw()
	if err == nil {
		c.restore = restore
	}
	return err
}

func (c *console) goSafely(f func()) {
	go func() {
		defer func() {
			if v := recover(); v != nil {
				c.fail(panicked{v, debug.Stack()})
			}
		}()
		f()
	}()
}

func (c *console) fail(err error) {
	select {
	case c.broken <- err:
	default:
	}
}

func (c *console) writeLoop() {
	for {
		select {
		case p := <-c.writes:
			_, err := c.w.Write(p)
			c.wrote <- err
		case <-c.quit:
			return
		}
	}
}

func (c *console) readLoop() {
	buf := make([]byte, 4096)
	for {
		n, err := c.term.Read(buf)
		if n > 0 {
			select {
			case c.reads <- append([]byte(nil), buf[:n]...):
			case <-c.quit:
				return
			}
		}
		if err != nil {
			select {
			case <-c.quit:
			default:
				c.fail(fmt.Errorf("reading the terminal: %w", err))
			}
			return
		}
	}
}

// write begins to write p, which must not be changed until the answer came.
// It may be called only when not busy.
func (c *console) write(p []byte) {
	c.busy = true
	c.writes <- p
}

// done takes the answer to a write.
func (c *console) done(err error) error {
	c.busy = false
	return err
}

// check gives the error of a goroutine, and panics again for a panic.
func (c *console) check(err error) error {
	var p panicked
	if errors.As(err, &p) {
		panic(p)
	}
	return err
}

// close stops the goroutines, cuts off a write that is stuck, cleans the
// terminal and gives it back.
func (c *console) close() error {
	close(c.quit)
	now := time.Now()
	stuck := false
	if c.busy {
		if t, ok := c.w.(interface{ SetWriteDeadline(time.Time) error }); ok && c.term != nil {
			t.SetWriteDeadline(now.Add(endWait / 20))
		}
		timer := time.NewTimer(endWait)
		select {
		case <-c.wrote:
		case <-timer.C:
			stuck = true
		}
		timer.Stop()
	}
	if c.term == nil {
		return nil
	}
	if t, ok := c.term.(interface{ SetReadDeadline(time.Time) error }); ok {
		t.SetReadDeadline(now)
	}
	var err error
	if c.cleanup != "" && !stuck {
		t, ok := c.w.(interface{ SetWriteDeadline(time.Time) error })
		if ok {
			t.SetWriteDeadline(time.Now().Add(endWait))
		}
		_, err = io.WriteString(c.w, c.cleanup)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil // it takes nothing, so it shows nothing either
		}
	}
	if c.restore != nil {
		err = errors.Join(c.restore(), err)
	}
	return err
}
