package play

import (
	"encoding/binary"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
)

// Bounds of the memory of a tape.
const (
	// blockSize is the number of bytes of events in a block: small enough to
	// unpack in less than a millisecond, and large enough to pack well.
	blockSize = 256 << 10
	// maxPiece is the most bytes of output in a piece. Longer output is split,
	// so that no piece takes long to show.
	maxPiece = 64 << 10
	// tapeMemory is the most bytes of packed blocks held in memory.
	tapeMemory = 32 << 20
	// maxMarkers is the most markers kept, maxLabel the most bytes of a label.
	maxMarkers = 100_000
	maxLabel   = 1 << 10
)

// piece is an event as the tape keeps it.
type piece struct {
	at   time.Duration
	kind byte // see below
	data []byte
}

// event returns the piece as an event, whose data is valid as long as the piece's.
func (p piece) event() format.Event {
	ev := format.Event{Time: p.at, Data: unsafe.String(unsafe.SliceData(p.data), len(p.data))}
	switch p.kind {
	case pieceOutput, piecePartial:
		ev.Code = format.Output
	case pieceResize:
		ev.Code = format.Resize
	case pieceMarker:
		ev.Code = format.Marker
	case pieceExit:
		ev.Code = format.Exit
	}
	return ev
}

// Kinds of pieces. The tape drops events that a player does not show.
const (
	pieceOutput  = 'o'
	piecePartial = 'p' // output whose event goes on with the next piece
	pieceResize  = 'r'
	pieceMarker  = 'm'
	pieceExit    = 'x'
)

// tape holds the events of a recording, packed. They can be read from any place
// while the tape grows. Several goroutines may call its methods.
type tape struct {
	vault *vault

	mu     sync.Mutex
	blocks []block
	tail   []byte   // the pieces behind the last block, not packed yet
	open   block    // the block that tail will become
	last   pieceRef // the end
	marks  []mark
}

// block is a run of pieces.
type block struct {
	first  time.Duration // the time of its first piece
	number int           // of its first piece
	count  int
	packed packed
}

// pieceRef is a place between two pieces: number of them are before it, the
// last of them at time at.
type pieceRef struct {
	number int
	at     time.Duration
}

// mark is a place of the recording with a label: a marker, or the start of a
// command.
type mark struct {
	at     time.Duration
	number int // of its piece
	label  string
}

func newTape() (*tape, error) {
	v, err := newVault(tapeMemory)
	return &tape{vault: v}, err
}

// close closes the temporary file, if there is one.
func (t *tape) close() { t.vault.close() }

// add appends an event. Only the loading goroutine may call it.
func (t *tape) add(ev format.Event) {
	data := ev.Data
	kind := byte(0)
	switch ev.Code {
	case format.Output:
		kind = pieceOutput
		for len(data) > maxPiece {
			t.append(ev.Time, piecePartial, data[:maxPiece])
			data = data[maxPiece:]
		}
	case format.Resize:
		kind = pieceResize
	case format.Exit:
		kind = pieceExit
	case format.Marker:
		kind = pieceMarker
		if len(data) > maxLabel {
			data = data[:maxLabel]
		}
	default:
		return
	}
	t.append(ev.Time, kind, data)
}

func (t *tape) append(at time.Duration, kind byte, data string) {
	t.mu.Lock()
	if kind == pieceMarker && len(t.marks) < maxMarkers {
		t.marks = append(t.marks, mark{at: at, number: t.last.number, label: data})
	}
	if t.open.count == 0 {
		t.open = block{first: at, number: t.last.number}
		t.last.at = at
	}
	t.tail = append(t.tail, kind)
	t.tail = binary.AppendUvarint(t.tail, uint64(max(at-t.last.at, 0)))
	t.tail = binary.AppendUvarint(t.tail, uint64(len(data)))
	t.tail = append(t.tail, data...)
	t.open.count++
	t.last.number++
	t.last.at = max(at, t.last.at)
	full := len(t.tail) >= blockSize
	t.mu.Unlock()
	if full {
		t.seal()
	}
}

// seal packs the tail into a block. Only the goroutine that adds changes the
// tail, so it can be packed without holding up the readers.
func (t *tape) seal() {
	p := t.vault.put(t.tail)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open.packed = p
	t.blocks = append(t.blocks, t.open)
	t.open = block{}
	// A new slice: readers may still use the old one.
	t.tail = make([]byte, 0, blockSize+maxPiece/8)
}

// end returns the place behind the last piece so far.
func (t *tape) end() pieceRef {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// events returns the pieces as events, from the first to the last so far; stop
// ends them with errQuit.
func (t *tape) events(stop <-chan struct{}) format.Events {
	return func(yield func(format.Event, error) bool) {
		r := reader{t: t}
		if err := r.seekBlock(0); err != nil {
			yield(format.Event{}, err)
			return
		}
		for n := 1; ; n++ {
			p, ok, err := r.next()
			if n%32 == 0 {
				runtime.Gosched() // see index.run
			}
			select {
			case <-stop:
				err = errQuit
			default:
			}
			if err != nil {
				yield(format.Event{}, err)
				return
			}
			if !ok {
				return
			}
			ev := p.event()
			ev.Data = strings.Clone(ev.Data)
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// markers returns the markers so far, in order. Callers must not change them.
func (t *tape) markers() []mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.marks)
}

// unpack returns the bytes of block i, and the block; the one after the last is
// the tail. It uses buf if that is large enough.
func (t *tape) unpack(i int, buf []byte) ([]byte, block, error) {
	t.mu.Lock()
	if i >= len(t.blocks) {
		b := t.open
		if b.count == 0 {
			b.number, b.first = t.last.number, t.last.at
		}
		data := t.tail[:len(t.tail):len(t.tail)]
		t.mu.Unlock()
		return data, b, nil
	}
	b := t.blocks[i]
	t.mu.Unlock()
	data, err := t.vault.get(b.packed, buf)
	return data, b, err
}

// blockAt returns the block that holds the last piece at or before time at.
func (t *tape) blockAt(at time.Duration) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].first > at })
	if i == len(t.blocks) && t.open.count > 0 && t.open.first <= at {
		return i
	}
	return max(i-1, 0)
}

// blockOf returns the block that holds piece number n, or the tail if that piece
// has not come yet.
func (t *tape) blockOf(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].number > n })
	if i == len(t.blocks) && n >= t.open.number && (t.open.count > 0 || n >= t.last.number) {
		return i
	}
	return max(i-1, 0)
}

// reader reads a tape from one place on. It belongs to one goroutine.
type reader struct {
	t     *tape
	block int    // the current block
	data  []byte // its bytes; nil before the first read
	own   []byte // a buffer for data
	off   int    // of the next piece in data
	info  block
	pos   pieceRef // the place of the next piece
}

// seekBlock goes to the first piece of block i.
func (r *reader) seekBlock(i int) error {
	data, info, err := r.t.unpack(i, r.own)
	if err != nil {
		return err
	}
	r.block, r.data, r.info, r.off = i, data, info, 0
	if info.packed.data != nil || info.packed.size > 0 {
		r.own = data
	}
	r.pos = pieceRef{number: info.number, at: info.first}
	return nil
}

// peek returns the next piece without taking it; false at the end of the tape so
// far. The piece's data is valid until the next call.
func (r *reader) peek() (piece, bool, error) {
	p, _, ok, err := r.look()
	return p, ok, err
}

// next takes the next piece.
func (r *reader) next() (piece, bool, error) {
	p, n, ok, err := r.look()
	if ok {
		r.off += n
		r.pos = pieceRef{number: r.pos.number + 1, at: p.at}
	}
	return p, ok, err
}

// to goes on to the first piece at or after time at, or to the end of the tape so
// far.
func (r *reader) to(at time.Duration) error {
	if i := r.t.blockAt(at - 1); i > r.block || r.data == nil {
		if err := r.seekBlock(i); err != nil {
			return err
		}
	}
	for {
		p, ok, err := r.peek()
		if err != nil || !ok || p.at >= at {
			return err
		}
		r.next()
	}
}

// look decodes the next piece, and returns its length in data.
func (r *reader) look() (piece, int, bool, error) {
	for r.off >= len(r.data) {
		// The block is used up. If it was the tail, it may have grown or become
		// a block meanwhile.
		n := r.pos.number
		if n >= r.t.end().number {
			return piece{}, 0, false, nil
		}
		i := r.t.blockOf(n)
		at := r.pos.at
		off := 0
		if i == r.block {
			off = r.off
		}
		if err := r.seekBlock(i); err != nil {
			return piece{}, 0, false, err
		}
		if r.pos.number == n {
			at = r.info.first
		}
		r.off, r.pos = off, pieceRef{number: n, at: at}
	}
	d := r.data[r.off:]
	kind := d[0]
	delta, n := binary.Uvarint(d[1:])
	size, m := binary.Uvarint(d[1+n:])
	head := 1 + n + m
	return piece{at: r.pos.at + time.Duration(delta), kind: kind, data: d[head : head+int(size)]}, head + int(size), true, nil
}
