package play

import (
	"encoding/binary"
	"runtime"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Sizes that bound what a tape keeps in memory.
const (
	// blockSize is how many bytes of events make a block: small enough to
	// unpack in less than a millisecond, large enough to pack well.
	blockSize = 256 << 10
	// maxPiece is the most output in one piece: what is longer is cut, so that
	// no piece takes long to show.
	maxPiece = 64 << 10
	// tapeMemory is how many bytes of packed blocks are held in memory.
	tapeMemory = 32 << 20
	// maxMarkers bounds the list of markers, maxLabel one's text.
	maxMarkers = 100_000
	maxLabel   = 1 << 10
)

// piece is an event as the tape keeps it.
type piece struct {
	at   time.Duration
	kind byte // see below
	data []byte
}

// Kinds of pieces. What a player does not show is not kept.
const (
	pieceOutput  = 'o'
	piecePartial = 'p' // output whose event goes on with the next piece
	pieceResize  = 'r'
	pieceMarker  = 'm'
	pieceExit    = 'x'
)

// tape holds a recording's events packed, to be read from anywhere while the
// end of it still grows. Its methods may be called by several goroutines.
type tape struct {
	vault *vault

	mu     sync.Mutex
	blocks []block
	tail   []byte   // the pieces behind the last block, not packed yet
	open   block    // what will be the block of tail
	last   pieceRef // of the end: the number of pieces, the time of the last
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

// mark is a place of the recording that has a name: a marker, or where a
// command was started.
type mark struct {
	at     time.Duration
	number int // of its piece
	label  string
}

func newTape() (*tape, error) {
	v, err := newVault(tapeMemory)
	return &tape{vault: v}, err
}

// close frees what the tape has besides memory.
func (t *tape) close() { t.vault.close() }

// add appends an event. The goroutine that loads is the only one to call it.
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
	// A new one: readers may still look at the old one.
	t.tail = make([]byte, 0, blockSize+maxPiece/8)
}

// end gives the place behind the last piece there is so far.
func (t *tape) end() pieceRef {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// events gives what a screen is made of, from the first piece to the last that
// is there when it is reached; stop ends them with errQuit.
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
			ev := format.Event{Time: p.at, Data: string(p.data)}
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
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// markers gives the markers so far, in order; the slice must not be changed.
func (t *tape) markers() []mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.marks)
}

// unpack gives the bytes of block i, and what it is; the block after the last
// is the tail. buf is reused if it is large enough.
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

// blockAt gives the block that holds the last piece at or before time at.
func (t *tape) blockAt(at time.Duration) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].first > at })
	if i == len(t.blocks) && t.open.count > 0 && t.open.first <= at {
		return i
	}
	return max(i-1, 0)
}

// blockOf gives the block that holds piece number n; the tail's number if it
// is not there yet.
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
	block int    // that data is of
	data  []byte // its bytes
	own   []byte // the buffer behind data, if it may be reused
	off   int    // of the next piece in data
	info  block
	pos   pieceRef // the place of the next piece
}

// read begins to read at the first piece of block i.
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

// peek gives the next piece without taking it; false at the end of what there
// is. The piece's data is valid until the next call.
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

// to goes on to the first piece at or after time at; the end is one too.
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

// look takes the next piece apart and tells its length.
func (r *reader) look() (piece, int, bool, error) {
	for r.off >= len(r.data) {
		// The block is used up. If it was the tail, it may have grown, or
		// become a block of its own meanwhile.
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
