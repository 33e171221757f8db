package replay

import (
	"runtime"
	"sync"
	"time"
)

const (
	// batchSize is the number of bytes in a batch at which the indexing goroutine
	// is woken: waking it for each event takes longer than its work.
	batchSize = 64 << 10
	// batchWait is how long a smaller batch waits.
	batchWait = 10 * time.Millisecond
	// maxBatch is the number of bytes at which the loading goroutine waits for the
	// indexing one.
	maxBatch = 4 << 20
)

// Kinds of changes.
const (
	pieceBegins    = iota // the changes up to the next one of this kind are by a piece
	screenResized         // the screen has next rows
	screenScrolled        // next rows left at the top
	lineLeft              // a line that left the screen
	lineChanged           // a line that is now in the rows from first to before next
)

// change is a change of the text on the screen.
type change struct {
	kind        int
	first, next int
	size        int           // of its text in the batch
	line        uint64        // see lineOf
	number      int           // of the piece
	at          time.Duration // of the piece
}

// batch is changes in order, with their text.
type batch struct {
	changes []change
	text    []byte
	upto    int // the number of pieces whose changes are in it or before it
}

func (b *batch) add(c change, text []byte) {
	c.size = len(text)
	b.changes = append(b.changes, c)
	b.text = append(b.text, text...)
}

func (b *batch) size() int { return len(b.text) + 64*len(b.changes) }

// queue takes work from the loading goroutine to the indexing one: changes for the
// index, and blocks of the tape to pack. Packing and indexing take as long as
// loading, and can wait.
type queue struct {
	mu      sync.Mutex
	pending *batch // guarded by mu
	spare   *batch // guarded by mu; the indexing goroutine's after take
	waiting bool   // guarded by mu; the timer runs, or has woken

	timer *time.Timer
	wake  chan struct{} // holds one value: a batch is to be taken
	room  chan struct{} // holds one value: a batch was taken
	packs chan func()
	rest  chan func() error // indexes the rest, if the loading goroutine does not
	err   error             // of rest; read it after ended
	whole bool              // the recording ends with the last batch; read it after last
	last  chan struct{}     // closed by the loading goroutine behind its last batch
	ended chan struct{}     // closed by the indexing goroutine
	value any               // of its panic; read it after ended

	ending sync.Once
}

func newQueue() *queue {
	q := &queue{
		pending: &batch{}, spare: &batch{},
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1), packs: make(chan func(), 4), rest: make(chan func() error, 1),
		last: make(chan struct{}), ended: make(chan struct{}),
	}
	q.timer = time.AfterFunc(time.Hour, q.signal)
	return q
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// lock returns the batch to add to, until unlock.
func (q *queue) lock() *batch {
	q.mu.Lock()
	return q.pending
}

func (q *queue) unlock() { q.mu.Unlock() }

// upto notes that the changes of the first n pieces are in the queue. It waits
// while the queue is full.
func (q *queue) upto(n int) {
	b := q.lock()
	b.upto = n
	size, waiting := b.size(), q.waiting
	q.waiting = true
	q.unlock()
	if size >= batchSize {
		q.signal()
	} else if !waiting {
		q.timer.Reset(batchWait)
	}
	q.waitRoom()
}

// waitRoom waits while the queue is full.
func (q *queue) waitRoom() {
	for {
		size := q.lock().size()
		q.unlock()
		if size < maxBatch {
			return
		}
		q.signal()
		select {
		case <-q.room:
		case <-q.ended:
			return
		}
	}
}

// pack has the indexing goroutine call f.
func (q *queue) pack(f func()) {
	select {
	case q.packs <- f:
	case <-q.ended:
	}
}

// end has run return when everything is done. The loading goroutine adds nothing
// after it.
func (q *queue) end() { q.ending.Do(func() { close(q.last) }) }

// close is end, and waits for run to return. If run panicked, so does close.
func (q *queue) close() {
	q.end()
	<-q.ended
	q.timer.Stop()
	if q.value != nil {
		panic(q.value)
	}
}

// run works for the index until close.
func (q *queue) run(x *index) {
	defer close(q.ended)
	defer func() { q.value = recover() }()
	for {
		select {
		case f := <-q.packs:
			f()
			continue
		case f := <-q.rest:
			x.take(q.take())
			q.err = f()
			continue
		case <-q.wake:
			x.take(q.take())
			runtime.Gosched() // see Tape.load
			continue
		case <-q.last:
		}
		q.packAll()
		x.take(q.take())
		select {
		case f := <-q.rest:
			q.err = f()
		default:
		}
		q.packAll()
		if q.whole && q.err == nil {
			x.finish()
		}
		return
	}
}

// packAll does what waits for pack. Only the indexing goroutine calls it.
func (q *queue) packAll() {
	for len(q.packs) > 0 {
		(<-q.packs)()
	}
}

// take returns the batch so far, which is the caller's until it takes the next.
func (q *queue) take() *batch {
	q.mu.Lock()
	b := q.pending
	q.pending, q.spare, q.waiting = q.spare, b, false
	q.pending.changes, q.pending.text, q.pending.upto = q.pending.changes[:0], q.pending.text[:0], b.upto
	q.mu.Unlock()
	select {
	case q.room <- struct{}{}:
	default:
	}
	return b
}
