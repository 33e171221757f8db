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

// Terminal is a terminal that a Player plays on: that of the process, or one at
// the other end of a connection.
//
// Read returns input as it is typed. The terminal must be in raw mode; a Player
// puts one that has a MakeRaw method into it. Write writes all of p or returns
// an error. Read and Write are called from one goroutine each, at once.
//
// A Terminal may have more methods, found by their signatures:
//
//	MakeRaw() (restore func() error, err error) // for as long as Run runs
//	SetReadDeadline(time.Time) error            // as in net.Conn: without them,
//	SetWriteDeadline(time.Time) error           // a stuck Write delays the end of Run
//	Resized() <-chan struct{}                   // receives when Size has changed
//	Suspend() error                             // stops the process until it is continued
//	Continued() <-chan struct{}                 // receives when the stopped process continues
type Terminal interface {
	io.Reader
	io.Writer
	// Size returns the current size.
	Size() (format.Size, error)
}

// endWait is the longest time that the end of playing waits for a terminal that
// does not take the output.
const endWait = 2 * time.Second

// console is the player's side of a terminal or a pipe. Input arrives on reads,
// and at most one write is under way at a time, so that neither a slow terminal
// nor a dense recording delays a key. Its methods and fields are for the
// goroutine of Run, except for the goroutines that it starts.
type console struct {
	w    io.Writer
	term Terminal // nil for a pipe

	reads   chan []byte   // input; nil for a pipe
	resized chan struct{} // nil if the terminal does not report resizes
	writes  chan []byte   // to the writing goroutine
	wrote   chan error    // its results, one for each write
	broken  chan error    // reading failed, or a goroutine panicked
	quit    chan struct{} // closed at the end

	busy    bool         // a write has begun, and its result was not taken yet
	cleanup string       // written by close
	restore func() error // ends raw mode; nil if not in it
}

// panicked carries a goroutine's panic to the goroutine of Run, so that it
// unwinds through the restoring of the terminal.
type panicked struct {
	value any
	stack []byte
}

// Error returns the panic's value and stack.
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

// start puts the terminal into raw mode and starts the goroutines; close writes
// cleanup.
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

// makeRaw puts the terminal into raw mode, if it has other modes.
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

// write begins to write p, which must not change until the result has come. It
// may be called only when not busy.
func (c *console) write(p []byte) {
	c.busy = true
	c.writes <- p
}

// done takes the result of a write.
func (c *console) done(err error) error {
	c.busy = false
	return err
}

// check returns the error of a goroutine, and repeats a panic.
func (c *console) check(err error) error {
	var p panicked
	if errors.As(err, &p) {
		panic(p)
	}
	return err
}

// close stops the goroutines, cuts off a stuck write, cleans up the terminal and
// restores it.
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
			err = nil // a terminal that takes no output shows none
		}
	}
	if c.restore != nil {
		err = errors.Join(c.restore(), err)
	}
	return err
}
