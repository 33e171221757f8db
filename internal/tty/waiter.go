package tty

import (
	"os"
	"sync"
	"time"
)

// Waiter waits for several Conns at once. It is for a goroutine that moves
// bytes both ways and must not hold up one for the other.
type Waiter struct {
	mu     sync.Mutex
	closed bool          // guarded by mu
	soon   time.Duration // of the goroutine that waits
	wakes  waiter
	sys    waiterSys
}

// NewWaiter gives a Waiter; close it after use.
func NewWaiter() (*Waiter, error) {
	w := &Waiter{}
	if err := w.wakes.init(); err != nil {
		return nil, err
	}
	if err := w.sys.init(w.wakes.wakeR); err != nil {
		w.wakes.close()
		return nil, err
	}
	return w, nil
}

// Wake ends the current Wait, or the next if there is none now. Any goroutine
// may call it, at any time.
func (w *Waiter) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.wakes.wake()
	}
}

// Close releases the Waiter. No Wait may run.
func (w *Waiter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return os.ErrClosed
	}
	w.closed = true
	w.sys.close()
	w.wakes.close()
	return nil
}

// Wait is what a [Waiter] waits for.
type Wait struct {
	Conn        *Conn // nil: nothing
	Read, Write bool  // in: what is wanted; out: what can be done now
}

// Soon makes the next Wait last at most d, which must be some milliseconds, and
// do so without the scheduler: it comes back sooner by what that takes, and wakes
// no other thread. It is for when something is likely to come, such as the echo
// of a key. Call it from the goroutine that waits.
func (w *Waiter) Soon(d time.Duration) { w.soon = d }

// maxWaits is how many Conns a Waiter can wait for.
const maxWaits = 4

// Wait waits until one of the waits can be done, Wake is called, or the time is
// over; a negative timeout never is. It says in waits what can be done. Each
// place in waits must be for the same Conn, or none, at every call, and the
// Conns must stay open until Close.
func (w *Waiter) Wait(waits []Wait, timeout time.Duration) error {
	soon := w.soon
	w.soon = 0
	return w.sys.wait(waits, w.wakes.wakeR, timeout, soon)
}
