package tty

import (
	"os"
	"sync"
	"time"
)

// Waiter waits for several Conns at once. It is for one goroutine that moves
// bytes both ways and must not block one direction for the other. Only
// [Waiter.Wake] may be called by other goroutines.
type Waiter struct {
	mu     sync.Mutex
	closed bool          // guarded by mu
	soon   time.Duration // owned by the goroutine that waits
	wakes  waiter
	sys    waiterSys
}

// NewWaiter returns a Waiter. The caller closes it.
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

// Wake ends the current Wait, or the next one if there is none now. Any
// goroutine may call it at any time, also after Close.
func (w *Waiter) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.wakes.wake()
	}
}

// Close releases the Waiter. No Wait may be running. A second Close returns
// [os.ErrClosed].
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

// Wait is one of the conditions that a [Waiter] waits for.
type Wait struct {
	// Conn is the Conn to wait for; nil for none.
	Conn *Conn
	// Read asks to wait until Conn is readable; afterwards it reports whether it
	// is.
	Read bool
	// Write asks to wait until Conn is writable; afterwards it reports whether it
	// is.
	Write bool
}

// Soon limits the next Wait to d, which must be a few milliseconds, and makes
// it bypass the scheduler: that returns sooner and wakes no other thread. Use
// it when input is likely to come, such as the echo of a key. Call it from the
// goroutine that waits.
func (w *Waiter) Soon(d time.Duration) { w.soon = d }

// maxWaits is the maximal number of Conns of a Waiter.
const maxWaits = 4

// Wait waits until one of the conditions in waits is met, Wake is called, or
// the timeout is over; a negative timeout means for ever. It sets Read and
// Write of each to whether that can be done now. It takes at most four waits.
// Each place in waits must hold the same Conn, or none, at every call, and the
// Conns must stay open until Close.
func (w *Waiter) Wait(waits []Wait, timeout time.Duration) error {
	soon := w.soon
	w.soon = 0
	return w.sys.wait(waits, w.wakes.wakeR, timeout, soon)
}
