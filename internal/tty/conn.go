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

// ErrNotReady is returned by [Conn.TryRead] and [Conn.TryWrite] if they would
// block.
var ErrNotReady = errors.New("terminal not ready")

// Conn is one side of a terminal: a non-blocking descriptor with deadlines for
// reads and writes. One goroutine may read while another writes; any goroutine
// may call the other methods at any time. After Close all return
// [os.ErrClosed].
type Conn struct {
	fd int
	// read and write are woken when their deadline changes, a context ends or the
	// Conn is closed.
	read, write waiter

	mu     sync.Mutex
	users  int  // running calls that use fd; guarded by mu
	closed bool // guarded by mu
}

// waiter waits for one direction of a Conn.
type waiter struct {
	wakeR, wakeW int          // a pipe; a byte in it ends a wait
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

// wake ends the current wait, or the next one if there is none now.
func (w *waiter) wake() { wakeUp(w.wakeW) }

// expired reports whether the deadline is over; if not, it returns the time
// that is left (negative means for ever).
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

// closeIfUnused closes the descriptors once no call uses them. A running call
// might otherwise read from the next file that gets the number. c.mu must be
// held.
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

// Close ends running reads and writes with [os.ErrClosed], and closes the
// descriptor as soon as they have returned. A second Close returns
// [os.ErrClosed].
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

// control calls do with the descriptor.
func (c *Conn) control(do func(fd int) error) error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	return do(c.fd)
}

// SetReadDeadline makes reads, also a running one, end with
// [os.ErrDeadlineExceeded] at t. The zero time means no deadline. TryRead
// ignores it.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.read, t) }

// SetWriteDeadline makes writes, also a running one, end with
// [os.ErrDeadlineExceeded] at t. The zero time means no deadline. TryWrite
// ignores it.
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
// is gone, and [os.ErrDeadlineExceeded] at the deadline.
func (c *Conn) Read(p []byte) (int, error) { return c.ReadContext(context.Background(), p) }

// ReadContext is like [Conn.Read], and also returns ctx's error when ctx ends.
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

// wakeReader ends the wait of a running read. The Conn may be closed.
func (c *Conn) wakeReader() { _ = c.control(func(int) error { c.read.wake(); return nil }) }

// TryRead reads without blocking; it returns [ErrNotReady] if there is nothing
// to read. On the master of a pseudo-terminal ErrNotReady proves that
// everything written before has been read: Linux' n_tty_read pushes pending
// data through before it returns EAGAIN.
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

// TryWrite writes as much of p as fits without blocking; it returns
// [ErrNotReady] if nothing fits.
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

// Write writes all of p, however slow the terminal is. It returns
// [os.ErrDeadlineExceeded] at the deadline; n < len(p) only with an error.
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

// WriteFile writes all of p to f. If another program has made f non-blocking,
// WriteFile waits instead of failing with EAGAIN.
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
