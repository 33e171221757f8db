package replay

import (
	"context"
	"encoding/binary"
	"iter"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/vault"
)

// Bounds of the memory of a tape.
const (
	// blockSize is the number of bytes of events in a block: small enough to
	// unpack in less than a millisecond, and large enough to pack well.
	blockSize = 256 << 10
	// maxPiece is the most bytes of output in a piece. Longer output is split,
	// so that no piece takes long to show.
	maxPiece = 64 << 10
	// tapeMemory is the most bytes of packed blocks, of the tape and of its index,
	// held in memory.
	tapeMemory = 32 << 20
	// maxMarkers is the most markers kept, maxLabel the most bytes of a label.
	maxMarkers = 100_000
	maxLabel   = 1 << 10
)

// Piece is an event as a tape keeps it, or a part of a long one. A tape drops
// events that a viewer is not shown, such as input.
type Piece struct {
	Time time.Duration // since the start of the session
	Code format.Code   // Output, Resize, Marker or Exit
	Data []byte        // valid until the Position moves again
	// Partial output continues in the next piece: both are of one event.
	Partial bool
}

// event returns the piece as an event, whose data is valid as long as the piece's.
func (p Piece) event() format.Event {
	return format.Event{Time: p.Time, Code: p.Code, Data: unsafe.String(unsafe.SliceData(p.Data), len(p.Data))}
}

// changes reports whether the piece can change the screen.
func (p Piece) changes() bool { return p.Code == format.Output || p.Code == format.Resize }

// Kinds of pieces.
const (
	pieceOutput  = 'o'
	piecePartial = 'p' // output whose event goes on with the next piece
	pieceResize  = 'r'
	pieceMarker  = 'm'
	pieceExit    = 'x'
)

// codeOf returns the code of a kind.
func codeOf(kind byte) format.Code {
	switch kind {
	case pieceResize:
		return format.Resize
	case pieceMarker:
		return format.Marker
	case pieceExit:
		return format.Exit
	}
	return format.Output
}

// Tape is a recording that is loaded in the background, and can be sought
// meanwhile. Call [Tape.Run] in a goroutine to load it; all other methods may be
// called by several goroutines at any time.
type Tape struct {
	// FindCommands, if set, finds the commands of a recording whose shell has
	// marked none: the time at which each was entered, in order, and its text.
	// Run calls it when the whole recording is loaded, with its output, sizes
	// and markers. The events end in an error when Run is to end. Do not change
	// it after calling Run.
	FindCommands func(format.Cast) iter.Seq2[time.Duration, string]

	header   format.Header
	source   format.Events // read by Run
	vault    *vault.Vault
	keys     keyframes
	index    *index
	commands commands

	pack  func(func()) // has a block packed, at once or later
	hurry atomic.Bool  // somebody waits for what is not loaded yet

	mu     sync.Mutex // guards the fields below
	blocks []block
	tail   []byte // the pieces behind the last block
	open   block  // the block that tail will become
	last   Point  // the end
	marks  []Mark
	done   bool          // nothing more will come
	err    error         // the error that ended the recording
	grown  chan struct{} // closed by the next piece; nil if nobody waits
}

// block is a run of pieces.
type block struct {
	first  time.Duration // the time of its first piece
	before time.Duration // the time of the piece before that
	number int           // of its first piece
	count  int
	packed vault.Block
	raw    []byte // its bytes, until they are packed
}

// Point is a place between two pieces of a tape.
type Point struct {
	Number int           // of the pieces before it
	Time   time.Duration // of the last of them
}

// Mark is a place with a label: a marker, or the start of a command.
type Mark struct {
	Time   time.Duration // of its piece
	Number int           // of the pieces before that
	Label  string        // of the marker, or the command line
}

// New returns an empty tape for a recording. The caller runs [Tape.Run], and
// calls [Tape.Close] in the end.
func New(cast format.Cast) *Tape {
	v := &vault.Vault{Budget: tapeMemory}
	return &Tape{
		header: cast.Header, source: cast.Events, vault: v, index: newIndex(v),
		keys: keyframes{every: keyframeEvery, budget: keyframeMemory},
		pack: atOnce,
	}
}

// atOnce packs a block of a tape when nobody else does.
func atOnce(f func()) { f() }

// Close frees the temporary file, if the tape has one. Positions cannot move any
// more. It does not wait for Run, which the caller ends first.
func (t *Tape) Close() { t.vault.Close() }

// End returns the place behind the last piece so far.
func (t *Tape) End() Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// Loaded reports whether the whole recording is on the tape, and returns the error
// that ended it, if any: what came before it is there.
func (t *Tape) Loaded() (done bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done, t.err
}

// Grown returns a channel that is closed when the tape has more than n pieces, or
// is complete.
func (t *Tape) Grown(n int) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.Number > n || t.done {
		return closed
	}
	if t.grown == nil {
		t.grown = make(chan struct{})
	}
	return t.grown
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// wake wakes those who wait for Grown. The caller holds mu.
func (t *Tape) wake() {
	if t.grown != nil {
		close(t.grown)
		t.grown = nil
	}
}

// add appends an event. Only the loading goroutine may call it.
func (t *Tape) add(ev format.Event) {
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

func (t *Tape) append(at time.Duration, kind byte, data string) {
	t.mu.Lock()
	if kind == pieceMarker && len(t.marks) < maxMarkers {
		t.marks = append(t.marks, Mark{Time: at, Number: t.last.Number, Label: data})
	}
	if t.open.count == 0 {
		t.open = block{first: max(at, t.last.Time), before: t.last.Time, number: t.last.Number}
	}
	t.tail = append(t.tail, kind)
	t.tail = binary.AppendUvarint(t.tail, uint64(max(at-t.last.Time, 0)))
	t.tail = binary.AppendUvarint(t.tail, uint64(len(data)))
	t.tail = append(t.tail, data...)
	t.open.count++
	t.last.Number++
	t.last.Time = max(at, t.last.Time)
	t.wake()
	full := len(t.tail) >= blockSize
	t.mu.Unlock()
	if full {
		t.seal()
	}
}

// seal makes the tail a block, which is packed later.
func (t *Tape) seal() {
	t.mu.Lock()
	i, raw := len(t.blocks), t.tail
	t.open.raw = raw
	t.blocks = append(t.blocks, t.open)
	t.open = block{}
	// A new slice: readers may still use the old one.
	t.tail = make([]byte, 0, blockSize+maxPiece/8)
	t.mu.Unlock()
	t.pack(func() {
		p := t.vault.Put(raw)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.blocks[i].packed, t.blocks[i].raw = p, nil
	})
}

// events returns the pieces as events, from the first to the last so far; the
// end of ctx ends them with its error.
func (t *Tape) events(ctx context.Context) format.Events {
	return func(yield func(format.Event, error) bool) {
		r := reader{t: t}
		if err := r.seekBlock(0); err != nil {
			yield(format.Event{}, err)
			return
		}
		for n := 1; ; n++ {
			p, ok, err := r.next()
			if n%32 == 0 {
				runtime.Gosched() // see load
				if err == nil {
					err = ctx.Err()
				}
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

// Markers returns the markers so far, in order. Callers must not change them.
func (t *Tape) Markers() []Mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clip(t.marks)
}

// unpack returns the bytes of block i, and the block; the one after the last is
// the tail. It uses buf if that is large enough.
func (t *Tape) unpack(i int, buf []byte) ([]byte, block, error) {
	t.mu.Lock()
	if i >= len(t.blocks) {
		b := t.open
		if b.count == 0 {
			b.number, b.first, b.before = t.last.Number, t.last.Time, t.last.Time
		}
		data := t.tail[:len(t.tail):len(t.tail)]
		t.mu.Unlock()
		return data, b, nil
	}
	b := t.blocks[i]
	t.mu.Unlock()
	if b.raw != nil {
		return b.raw, b, nil
	}
	data, err := t.vault.Get(b.packed, buf)
	return data, b, err
}

// blockAt returns the block that holds the last piece at or before time at.
func (t *Tape) blockAt(at time.Duration) int {
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
func (t *Tape) blockOf(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].number > n })
	if i == len(t.blocks) && n >= t.open.number && (t.open.count > 0 || n >= t.last.Number) {
		return i
	}
	return max(i-1, 0)
}

// reader reads a tape from one place on. It belongs to one goroutine.
type reader struct {
	t     *Tape
	block int    // the current block
	data  []byte // its bytes; nil before the first read
	own   []byte // a buffer for data
	off   int    // of the next piece in data
	info  block
	pos   Point // the place of the next piece
}

// seekBlock goes to the first piece of block i.
func (r *reader) seekBlock(i int) error {
	data, info, err := r.t.unpack(i, r.own)
	if err != nil {
		return err
	}
	r.block, r.data, r.info, r.off = i, data, info, 0
	if info.packed.Held() {
		r.own = data
	}
	r.pos = Point{Number: info.number, Time: info.before}
	return nil
}

// peek returns the next piece without taking it; false at the end of the tape so
// far. The piece's data is valid until the next call.
func (r *reader) peek() (Piece, bool, error) {
	p, _, ok, err := r.look()
	return p, ok, err
}

// next takes the next piece.
func (r *reader) next() (Piece, bool, error) {
	p, n, ok, err := r.look()
	if ok {
		r.off += n
		r.pos = Point{Number: r.pos.Number + 1, Time: p.Time}
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
		if err != nil || !ok || p.Time >= at {
			return err
		}
		r.next()
	}
}

// look decodes the next piece, and returns its length in data.
func (r *reader) look() (Piece, int, bool, error) {
	for r.off >= len(r.data) {
		// The block is used up. If it was the tail, it may have grown or become
		// a block meanwhile.
		n := r.pos.Number
		if n >= r.t.End().Number {
			return Piece{}, 0, false, nil
		}
		i := r.t.blockOf(n)
		at := r.pos.Time
		off := 0
		if i == r.block {
			off = r.off
		}
		if err := r.seekBlock(i); err != nil {
			return Piece{}, 0, false, err
		}
		if r.pos.Number == n {
			at = r.info.before
		}
		r.off, r.pos = off, Point{Number: n, Time: at}
	}
	d := r.data[r.off:]
	kind := d[0]
	delta, n := binary.Uvarint(d[1:])
	size, m := binary.Uvarint(d[1+n:])
	head := 1 + n + m
	return Piece{
		Time: r.pos.Time + time.Duration(delta), Code: codeOf(kind), Partial: kind == piecePartial,
		Data: d[head : head+int(size)],
	}, head + int(size), true, nil
}
