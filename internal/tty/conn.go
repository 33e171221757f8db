package tty

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNotReady is returned by [Conn.TryRead] when there is nothing to read now.
var ErrNotReady = errors.New("nothing to read yet")

// Conn is one side of a terminal: a non-blocking descriptor that is read and
// written with deadlines. One goroutine may read and another write at the same
// time; every other method may be called at any time by any goroutine.
type Conn struct {
	fd int
	// read and write are woken when their deadline changes, a context ends or
	// the Conn is closed.
	read, write waiter

	mu     sync.Mutex
	users  int  // calls that use fd now; guarded by mu
	closed bool // guarded by mu
}

// waiter waits for one direction of a Conn.
type waiter struct {
	wakeR, wakeW int          // a pipe: a byte in it ends a wait
	deadline     atomic.Int64 // Unix time in ns; 0: none
}

// newConn takes over fd, and closes it on an error.
func newConn(fd int) (*Conn, error) {
	c := &Conn{fd: fd}
	err := setNonblock(fd)
	if err == nil {
		err = c.read.init()
	}
	if err == nil {
		if err = c.write.init(); err != nil {
			c.read.close()
		}
	}
	if err != nil {
		closeFD(fd)
		return nil, err
	}
	return c, nil
}

func (w *waiter) init() (err error) {
	w.wakeR, w.wakeW, err = wakePipe()
	return err
}

func (w *waiter) close() {
	closeFD(w.wakeR)
	closeFD(w.wakeW)
}

// wake ends the current wait, or the next if there is none now.
func (w *waiter) wake() { wakeUp(w.wakeW) }

// expired says whether the deadline is over, and else how long it is until it
// is (negative: for ever).
func (w *waiter) expired() (time.Duration, bool) {
	at := w.deadline.Load()
	if at == 0 {
		return -1, false
	}
	left := time.Until(time.Unix(0, at))
	return left, left <= 0
}

// acquire keeps fd open until release.
func (c *Conn) acquire() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return os.ErrClosed
	}
	c.users++
	return nil
}

func (c *Conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.closeIfUnused()
}

// closeIfUnused closes the descriptors once nobody uses them: never under a
// running call, which might then read from whatever gets the number next.
// c.mu must be held.
func (c *Conn) closeIfUnused() {
	if c.closed && c.users == 0 {
		closeFD(c.fd)
		c.read.close()
		c.write.close()
	}
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Close ends running reads and writes with [os.ErrClosed] and closes the
// descriptor as soon as they have returned.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return os.ErrClosed
	}
	c.closed = true
	if c.users > 0 {
		c.read.wake()
		c.write.wake()
	}
	c.closeIfUnused()
	return nil
}

// control runs do with the descriptor.
func (c *Conn) control(do func(fd int) error) error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	return do(c.fd)
}

// SetReadDeadline makes reads, a running one too, end with
// [os.ErrDeadlineExceeded] at t. The zero time means none.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.read, t) }

// SetWriteDeadline is SetReadDeadline for writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.write, t) }

func (c *Conn) setDeadline(w *waiter, t time.Time) error {
	return c.control(func(int) error {
		at := int64(0)
		if !t.IsZero() {
			at = max(1, t.UnixNano())
		}
		w.deadline.Store(at)
		w.wake()
		return nil
	})
}

// Read waits for bytes and reads them. It returns [io.EOF] when the other side
// is gone, [os.ErrDeadlineExceeded] at the deadline.
func (c *Conn) Read(p []byte) (int, error) { return c.ReadContext(context.Background(), p) }

// ReadContext is Read that also ends with the context's error when ctx ends.
func (c *Conn) ReadContext(ctx context.Context, p []byte) (int, error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, c.wakeReader)()
	}
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		left, expired := c.read.expired()
		if expired {
			return 0, os.ErrDeadlineExceeded
		}
		if c.isClosed() {
			return 0, os.ErrClosed
		}
		n, again, err := readFD(c.fd, p)
		if !again {
			return n, err
		}
		if err := waitFD(c.fd, false, c.read.wakeR, left); err != nil {
			return 0, err
		}
	}
}

// wakeReader ends a running wait of a read. The Conn may be closed by then.
func (c *Conn) wakeReader() { _ = c.control(func(int) error { c.read.wake(); return nil }) }

// TryRead reads what is there now, whatever the deadline: [ErrNotReady] if
// that is nothing. On the master of a pseudo-terminal that is a proof that
// everything written before has been read: Linux' n_tty_read pushes pending
// data through before it says EAGAIN.
func (c *Conn) TryRead(p []byte) (int, error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	n, again, err := readNow(c.fd, p)
	if again {
		return 0, ErrNotReady
	}
	return n, err
}

// TryWrite writes what fits now, whatever the deadline: [ErrNotReady] if that
// is nothing.
func (c *Conn) TryWrite(p []byte) (int, error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	n, again, err := writeNow(c.fd, p)
	if again {
		return 0, ErrNotReady
	}
	return n, err
}

// Write writes all of p, however slowly the terminal takes it; n < len(p) only
// with an error.
func (c *Conn) Write(p []byte) (n int, err error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	for n < len(p) {
		left, expired := c.write.expired()
		if expired {
			return n, os.ErrDeadlineExceeded
		}
		if c.isClosed() {
			return n, os.ErrClosed
		}
		m, again, err := writeFD(c.fd, p[n:])
		n += m
		if err != nil {
			return n, err
		}
		if again {
			if err := waitFD(c.fd, true, c.write.wakeR, left); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// WriteFile writes all of p to f, which may be a descriptor that another
// program has made non-blocking: it waits then instead of failing with EAGAIN.
func WriteFile(f *os.File, p []byte) (n int, err error) {
	for {
		m, err := f.Write(p[n:])
		n += m
		if err == nil || !isAgain(err) {
			return n, err
		}
		rc, err := f.SyscallConn()
		if err != nil {
			return n, err
		}
		var werr error
		if err := rc.Control(func(fd uintptr) { werr = waitFD(int(fd), true, -1, -1) }); err != nil {
			return n, err
		}
		if werr != nil {
			return n, werr
		}
	}
}

var _ io.ReadWriteCloser = (*Conn)(nil)
