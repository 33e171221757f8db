package record

import (
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
)

const (
	// slabSize is the size of a slab, in bytes. A read of an idle
	// pseudo-terminal returns at most 4095 bytes, so a buffer per read would be
	// twenty times as large as its contents.
	slabSize = 256 << 10
	// slabLeft is the least room for a read: a read has been seen to return
	// 18,895 bytes, when the program refilled the kernel's buffer.
	slabLeft = 20 << 10
	// queueLimit bounds the events that wait for the writer, in bytes. When the
	// queue is full, the program waits: nothing is lost, and memory stays flat.
	queueLimit = 4 << 20
	// eventCost is the size of an event without its data, in bytes.
	eventCost = 64
	// plenty is the number of waiting bytes that wakes the writer in any case.
	plenty = 128 << 10
	// joinWithin bounds the time between two reads that become one event. That
	// loses less than a millisecond of timing, which asciicast v3 does not
	// store anyway.
	joinWithin = time.Millisecond
	// joinLimit bounds the size of a joined event, in bytes: a line that a full
	// disk or a crash tears is lost as a whole.
	joinLimit = 16 << 10
)

// queue passes events from the goroutines that read to the one that writes. Its
// size in bytes is bounded.
type queue struct {
	// ready receives a value when there is something for the writer.
	ready chan struct{}

	// room is called when there is room again after tryPut has found none. Set it
	// before the first tryPut.
	room func()

	mu      sync.Mutex
	refused bool           // tryPut has found no room; guarded by mu
	events  []format.Event // guarded by mu
	bytes   int            // cost of events, and of those taken but not done; guarded by mu
	waiting int            // approximate cost of events; guarded by mu
	inSlab  bool           // the data of the last event lies in a slab; guarded by mu
	discard bool           // writing has failed; guarded by mu
	ended   bool           // guarded by mu
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, 1)}
}

// tryPut adds an event whose data lies in a slab. It returns false if the queue is
// full, and room is called when it is not any more. It wakes the writer only if
// plenty waits; kick does so at a better time. After end or drop, tryPut does
// nothing and returns true.
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

// kick wakes the writer if an event waits.
func (q *queue) kick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting > 0 {
		q.wake()
	}
}

// force adds an event even to a full queue. It is for rare, small events.
func (q *queue) force(ev format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(ev, false)
	q.wake()
}

// end adds the last event, even to a full queue, and ends the queue. An event
// without a Code is not added.
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

// add adds an event; inSlab reports whether its data lies in a slab. q.mu must
// be held.
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

// joins reports whether a and b are output that was read within a millisecond,
// and b follows a in the same slab.
func joins(a, b format.Event) bool {
	return a.Code == format.Output && b.Code == format.Output &&
		a.Data != "" && b.Data != "" && len(a.Data)+len(b.Data) <= joinLimit && b.Time-a.Time < joinWithin && adjacent(a.Data, b.Data)
}

// adjacent reports whether b begins where a ends; both must lie in slabs. Two
// slabs may be neighbours in memory, but a string across both would keep only
// the first one alive. So the last byte of a slab is never used, and adjacent
// strings are always of the same slab.
func adjacent(a, b string) bool {
	return unsafe.Pointer(unsafe.StringData(b)) == unsafe.Add(unsafe.Pointer(unsafe.StringData(a)), len(a))
}

// wake makes the writer check the queue.
func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns all waiting events, and whether more may come. It uses buf for
// the next events. Taken events count towards the limit until done.
func (q *queue) take(buf []format.Event) (events []format.Event, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(buf)
	events, q.events = q.events, buf[:0]
	q.waiting = 0
	return events, !q.ended
}

// done frees the room of ev, which take has returned.
func (q *queue) done(ev format.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(ev.Data) + eventCost
	q.released()
}

// released calls room if tryPut has found none; q.mu must be held.
func (q *queue) released() {
	if q.refused {
		q.refused = false
		q.room()
	}
}

// drop discards all waiting and future events: the recording has failed, and
// the session goes on.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.discard = true
	q.events, q.bytes = nil, 0
	q.released()
}

// slab packs reads into memory that is never overwritten, so that events can
// refer to it without a copy.
type slab struct{ buf []byte }

// space returns room for a read.
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

// hold copies text into the slab and returns the copy.
func (s *slab) hold(text string) string {
	if text == "" {
		return ""
	}
	if cap(s.buf)-len(s.buf) <= len(text) {
		s.buf = make([]byte, 0, max(slabSize, len(text)+1))
	}
	return s.keep(copy(s.buf[len(s.buf):cap(s.buf)-1], text))
}

// clock measures the time since the start of the recording. It stands still
// while the recording is paused. It is safe for concurrent use.
type clock struct {
	mu      sync.Mutex
	began   time.Time
	start   time.Time // later than began by the length of each pause
	stopped time.Time // zero unless paused
}

func newClock() *clock {
	now := time.Now()
	return &clock{began: now, start: now}
}

// now returns the time, and whether the clock runs.
func (c *clock) now() (time.Duration, bool) {
	t := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped.Sub(c.start), false
	}
	return t.Sub(c.start), true
}

// session returns the time since the start of the session, pauses included, at a
// time of the recording; during a pause, the present.
func (c *clock) session(at time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return time.Since(c.began)
	}
	return at + c.start.Sub(c.began)
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

// exitEvent returns the event of a program's end.
func exitEvent(at time.Duration, status int) format.Event {
	return format.Event{Time: at, Code: format.Exit, Data: strconv.Itoa(status)}
}
