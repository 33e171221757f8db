package record

import (
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
)

const (
	// slabSize is how much output is packed into one piece of memory. A
	// pseudo-terminal gives at most 4095 bytes at a read when it is idle, so
	// a buffer for each read would hold twenty times what it is filled with.
	slabSize = 256 << 10
	// slabLeft is the least room that is read into: a read has been seen to
	// give 18,895 bytes, when the program refilled the kernel's buffer.
	slabLeft = 20 << 10
	// queueLimit bounds what waits for the writer, in bytes. When it is
	// full, the program waits: nothing is lost, and memory stays flat.
	queueLimit = 4 << 20
	// eventCost is what an event takes besides its data.
	eventCost = 64
	// plenty is how much wakes the writer in any case.
	plenty = 128 << 10
	// joinWithin is how far reads may be apart to become one event. Only
	// less than a millisecond of timing is lost by it, what asciicast v3 does
	// not hold anyway.
	joinWithin = time.Millisecond
	// joinLimit is the size up to which reads are joined: a line that a full
	// disk or a crash tears is lost as a whole.
	joinLimit = 16 << 10
)

// queue takes events from the goroutines that read and gives them to the one
// that writes. It is bounded in bytes.
type queue struct {
	// ready gets a value when there is something for the writer.
	ready chan struct{}

	// room, if not nil, is called when there is room again after tryPut had
	// found none. Set before use.
	room func()

	mu      sync.Mutex
	roomier sync.Cond      // the queue has become smaller, or discards
	refused bool           // tryPut has found no room; guarded by mu
	events  []format.Event // guarded by mu
	bytes   int            // what events and those taken but not done cost; guarded by mu
	waiting int            // what events cost, more or less; guarded by mu
	inSlab  bool           // the data of the last event lies in a slab; guarded by mu
	discard bool           // nobody writes any more; guarded by mu
	ended   bool           // guarded by mu
}

func newQueue() *queue {
	q := &queue{ready: make(chan struct{}, 1)}
	q.roomier.L = &q.mu
	return q
}

// put adds an event, whose data lies in a slab, and waits while the queue is full. After end and discard
// it does nothing.
func (q *queue) put(ev format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes >= queueLimit && !q.discard && !q.ended {
		q.roomier.Wait()
	}
	q.add(ev, true)
	q.wake()
}

// tryPut is a put that does not wait: false if the queue is full. Nor does it
// wake the writer, unless much waits; kick does, at a better time.
func (q *queue) tryPut(ev format.Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes >= queueLimit && !q.discard && !q.ended {
		q.refused = true
		return false
	}
	before := q.waiting
	q.add(ev, true)
	if q.waiting >= plenty && before < plenty {
		q.wake()
	}
	return true
}

// kick wakes the writer if something waits.
func (q *queue) kick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting > 0 {
		q.wake()
	}
}

// force adds an event also to a full queue. It is for what is rare and small.
func (q *queue) force(ev format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(ev, false)
	q.wake()
}

// end adds the last event, whether there is room for it or not; with no Code,
// it just ends the queue.
func (q *queue) end(last format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last.Code != "" {
		q.add(last, false)
	}
	q.ended = true
	q.released()
	q.wake()
}

// add adds an event, whose data lies in a slab or not; q.mu must be held.
func (q *queue) add(ev format.Event, inSlab bool) {
	if q.discard || q.ended {
		return
	}
	joinable := q.inSlab && inSlab
	q.inSlab = inSlab
	if n := len(q.events); n > 0 && joinable && joins(q.events[n-1], ev) {
		last := &q.events[n-1]
		last.Data = unsafe.String(unsafe.StringData(last.Data), len(last.Data)+len(ev.Data))
		q.bytes += len(ev.Data)
	} else {
		q.events = append(q.events, ev)
		q.bytes += len(ev.Data) + eventCost
	}
	q.waiting += len(ev.Data) + eventCost
}

// joins says whether b is output that was read within a millisecond of a, and
// lies behind it in the same slab.
func joins(a, b format.Event) bool {
	return a.Code == format.Output && b.Code == format.Output &&
		a.Data != "" && b.Data != "" && len(a.Data)+len(b.Data) <= joinLimit && b.Time-a.Time < joinWithin && adjacent(a.Data, b.Data)
}

// adjacent says whether b begins where a ends; both must lie in slabs. Two of
// them could lie side by side in memory; then it is still one readable stretch,
// but of two allocations, of which a string keeps only the first. The slab's
// last byte is never used, so that this cannot be.
func adjacent(a, b string) bool {
	return unsafe.Pointer(unsafe.StringData(b)) == unsafe.Add(unsafe.Pointer(unsafe.StringData(a)), len(a))
}

// wake makes the writer look.
func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take gives all events that wait, and whether more may come. buf is used for
// the events that come next. What is taken counts until done is called.
func (q *queue) take(buf []format.Event) (events []format.Event, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(buf)
	events, q.events = q.events, buf[:0]
	q.waiting = 0
	return events, !q.ended
}

// done makes room for what ev took.
func (q *queue) done(ev format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(ev.Data) + eventCost
	q.released()
}

// released tells those who wait for room; q.mu must be held.
func (q *queue) released() {
	q.roomier.Broadcast()
	if q.refused {
		q.refused = false
		q.room()
	}
}

// drop throws away what waits and what comes: the recording has failed, and
// the session goes on.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.discard = true
	q.events, q.bytes = nil, 0
	q.released()
}

// slab packs what is read into memory that is never written twice, so events
// can refer to it without a copy.
type slab struct{ buf []byte }

// space gives room to read into.
func (s *slab) space() []byte {
	if cap(s.buf)-len(s.buf) <= slabLeft {
		s.buf = make([]byte, 0, slabSize)
	}
	// One byte stays free, see adjacent.
	return s.buf[len(s.buf) : cap(s.buf)-1]
}

// keep makes the first n bytes of the space part of the slab for good.
func (s *slab) keep(n int) string {
	if n == 0 {
		return ""
	}
	from := len(s.buf)
	s.buf = s.buf[:from+n]
	return unsafe.String(&s.buf[from], n)
}

// hold gives a copy of text that is part of the slab.
func (s *slab) hold(text string) string {
	if text == "" {
		return ""
	}
	if cap(s.buf)-len(s.buf) <= len(text) {
		s.buf = make([]byte, 0, max(slabSize, len(text)+1))
	}
	return s.keep(copy(s.buf[len(s.buf):cap(s.buf)-1], text))
}

// clock gives times since the start of the recording. It stands still while
// the recording is paused. Safe for concurrent use.
type clock struct {
	mu      sync.Mutex
	start   time.Time // moved on by each pause
	stopped time.Time // zero unless paused
}

func newClock() *clock { return &clock{start: time.Now()} }

// now gives the time, and whether the clock runs.
func (c *clock) now() (time.Duration, bool) {
	t := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped.Sub(c.start), false
	}
	return t.Sub(c.start), true
}

func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.stopped = time.Now()
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		c.start = c.start.Add(time.Since(c.stopped))
		c.stopped = time.Time{}
	}
}

// exitEvent is the event of a program's end.
func exitEvent(at time.Duration, status int) format.Event {
	return format.Event{Time: at, Code: format.Exit, Data: strconv.Itoa(status)}
}
