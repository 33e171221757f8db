package replay

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/vt"
)

const (
	// textBlock is the number of bytes of text in a block of the index.
	textBlock = 256 << 10
	// textMemory is the most bytes of packed blocks held in memory.
	textMemory = 16 << 20
	// maxText is the most bytes kept of a line.
	maxText = 16 << 10
)

// index holds every line of text that was on the screen, packed, with the
// piece of the tape that brought it there. A line that stays or moves while
// others change is held once.
type index struct {
	tape    *Tape
	vault   *vault
	entered atomic.Int64 // the number of pieces in the index

	mu     sync.Mutex
	blocks []textBlockInfo
	done   bool // the whole recording is in the index
	open   blockOfText

	// The fields below belong to the goroutine of run.
	entries int            // in all blocks
	latest  map[uint64]int // by line of the session: its latest entry
	buf     []byte
	row     []vt.Cell
	seed    maphash.Seed

	// The rows after the last piece.
	cols     int
	scrolled uint64         // vt.Screen.Scrolled
	cells    [][]vt.Cell    // nil: unknown
	tags     []uint64       // of the rows on the screen, while they have those cells
	tag      uint64         // the last one given
	rows     []uint64       // the hash of the logical line that begins in the row; 0: none does
	present  map[uint64]int // the number of rows with a hash

	left     []byte // a line that scrolls off while a piece is played, in parts
	leftLine uint64
}

type textBlockInfo struct {
	first  int // the number of its first entry's piece
	packed packed
}

// blockOfText is an incomplete block.
type blockOfText struct {
	first   int    // the number of the first entry's piece
	count   int    // of entries
	head    []byte // for each entry the steps of its piece and time, the distance to its predecessor, and its length, as varints
	text    []byte
	number  int           // of the last entry's piece
	at      time.Duration // of the last entry
	entries int           // in the blocks before
}

func newIndex(t *Tape) (*index, error) {
	v, err := newVault(textMemory)
	return &index{tape: t, vault: v, latest: map[uint64]int{}, present: map[uint64]int{}, seed: maphash.MakeSeed()}, err
}

// close closes the temporary file, if there is one.
func (x *index) close() { x.vault.close() }

// run indexes the tape, following the loader, until the end or that of ctx.
func (x *index) run(ctx context.Context) error {
	number := 0
	var at time.Duration
	var pos *Position
	pos = x.tape.position(vt.Hooks{LineLeft: func(r vt.Row, _ vt.Leave) { x.lineLeft(pos.screen.Screen, r, number, at) }})
	for n := 0; ; n++ {
		if n%32 == 0 {
			if ctx.Err() != nil {
				return nil
			}
			runtime.Gosched() // see Run
		}
		pc, ok, err := pos.rd.peek()
		if err != nil {
			return err
		}
		if !ok {
			if done, _ := x.tape.Loaded(); done && pos.rd.pos.Number == x.tape.End().Number {
				x.finish()
				return nil
			}
			select {
			case <-x.tape.Grown(pos.rd.pos.Number):
			case <-ctx.Done():
				return nil
			}
			continue
		}
		number, at = pos.rd.pos.Number, pc.Time
		if _, _, err := pos.Next(); err != nil {
			return err
		}
		if pc.changes() {
			x.endLeft(number, at)
			x.look(pos.screen.Screen, number, at)
		}
		x.entered.Store(int64(number) + 1)
	}
}

// lineOf returns an identifier of the line in row y, valid while the line is on
// the screen.
func lineOf(s *vt.Screen, y int) uint64 {
	if s.OnAlternate() {
		return 1<<63 | uint64(y)
	}
	return s.Scrolled() + uint64(y)
}

// look adds the lines that the last piece brought onto the screen.
func (x *index) look(s *vt.Screen, number int, at time.Duration) {
	cols, rows := s.Size()
	if len(x.rows) != rows || x.cols != cols {
		x.cols = cols
		x.rows = make([]uint64, rows)
		x.cells = make([][]vt.Cell, rows)
		x.tags = make([]uint64, rows)
		clear(x.present)
	}
	x.scroll(s, rows)
	next := 0 // the rows above have been looked at
	for y := range s.Dirty {
		if y < next || x.same(s.Row(y), y) {
			continue
		}
		first := y
		for first > next && s.Row(first).Continued() {
			first--
		}
		line := lineOf(s, first)
		x.buf = x.buf[:0]
		for next = first; ; {
			row := s.Row(next)
			x.buf = row.AppendText(x.buf)
			x.copyRow(row, next)
			if next++; !row.Wrapped() || next >= rows {
				break
			}
		}
		hash := x.hash(x.buf)
		isNew := hash != 0 && x.present[hash] == 0
		for i := first; i < next; i++ {
			h := uint64(0)
			if i == first {
				h = hash
			}
			x.replace(i, h)
		}
		if isNew {
			x.enter(x.buf, line, number, at)
		}
	}
}

// scroll moves the known rows as the screen scrolls, so that same recognizes them.
func (x *index) scroll(s *vt.Screen, rows int) {
	n := int(min(s.Scrolled()-x.scrolled, uint64(rows)))
	x.scrolled = s.Scrolled()
	if n <= 0 || n >= rows || s.OnAlternate() {
		return
	}
	rotate(x.rows, n)
	rotate(x.cells, n)
	rotate(x.tags, n)
}

// rotate moves the first n to the end.
func rotate[T any](s []T, n int) {
	slices.Reverse(s[:n])
	slices.Reverse(s[n:])
	slices.Reverse(s)
}

// same reports whether a row is unchanged since it was copied.
func (x *index) same(row vt.Row, y int) bool {
	tag := row.Tag()
	if tag != 0 && tag == x.tags[y] {
		return true
	}
	x.row = row.AppendCells(x.row[:0])
	if !slices.Equal(x.row, x.cells[y]) {
		return false
	}
	x.mark(row, y)
	return true
}

func (x *index) copyRow(row vt.Row, y int) {
	x.cells[y] = row.AppendCells(x.cells[y][:0])
	x.mark(row, y)
}

// mark has same recognize a row, which has the cells of row y, by its tag.
func (x *index) mark(row vt.Row, y int) {
	if row.Tag() == 0 {
		x.tag++
		row.SetTag(x.tag)
	}
	x.tags[y] = row.Tag()
}

// hash returns a hash of text, 0 only for blank text.
func (x *index) hash(text []byte) uint64 {
	for _, c := range text {
		if c != ' ' {
			return maphash.Bytes(x.seed, text) | 1
		}
	}
	return 0
}

func (x *index) replace(row int, hash uint64) {
	old := x.rows[row]
	if old == hash {
		return
	}
	if old != 0 {
		if x.present[old]--; x.present[old] <= 0 {
			delete(x.present, old)
		}
	}
	if hash != 0 {
		x.present[hash]++
	}
	x.rows[row] = hash
}

// lineLeft collects a line that left the screen, for endLeft.
func (x *index) lineLeft(s *vt.Screen, r vt.Row, number int, at time.Duration) {
	if !r.Continued() {
		x.endLeft(number, at)
	}
	if len(x.left) < maxText {
		x.left = r.AppendText(x.left)
	}
	x.leftLine = s.Scrolled()
}

// endLeft adds the collected line, if it came and went within one piece.
func (x *index) endLeft(number int, at time.Duration) {
	if hash := x.hash(x.left); hash != 0 && x.present[hash] == 0 {
		x.enter(x.left, x.leftLine, number, at)
	}
	x.left = x.left[:0]
}

// enter adds a line.
func (x *index) enter(text []byte, line uint64, number int, at time.Duration) {
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	if len(text) > maxText {
		text = text[:maxText]
	}
	x.mu.Lock()
	o := &x.open
	if o.count == 0 {
		o.first, o.number, o.at, o.entries = number, number, 0, x.entries // the first time counts from 0
	}
	back := 0
	if prev, ok := x.latest[line]; ok {
		back = x.entries - prev
	} else if len(x.latest) > 1<<14 {
		clear(x.latest)
	}
	x.latest[line] = x.entries
	x.entries++
	o.count++
	o.head = binary.AppendUvarint(o.head, uint64(number-o.number))
	o.head = binary.AppendUvarint(o.head, uint64(at-o.at))
	o.head = binary.AppendUvarint(o.head, uint64(back))
	o.head = binary.AppendUvarint(o.head, uint64(len(text)))
	o.text = append(o.text, text...)
	o.number, o.at = number, at
	full := len(o.text)+len(o.head) >= textBlock
	x.mu.Unlock()
	if full {
		x.seal()
	}
}

// encode appends the block's encoding to b.
func (o *blockOfText) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(o.count))
	b = binary.AppendUvarint(b, uint64(o.first))
	b = binary.AppendUvarint(b, uint64(o.entries))
	b = binary.AppendUvarint(b, uint64(len(o.head)))
	b = append(b, o.head...)
	return append(b, o.text...)
}

func (x *index) seal() {
	p := x.vault.put(x.open.encode(nil))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.blocks = append(x.blocks, textBlockInfo{first: x.open.first, packed: p})
	o := &x.open
	*o = blockOfText{head: o.head[:0], text: o.text[:0]}
}

func (x *index) finish() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.done = true
}

// size returns the number of blocks, with the open one, and whether they hold the
// whole recording.
func (x *index) size() (blocks int, done bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.blocks) + 1, x.done
}

// caughtUp reports whether the index holds the whole tape so far.
func (x *index) caughtUp() bool { return x.entered.Load() >= int64(x.tape.End().Number) }

// blockAt returns the first block that may hold entries of piece number n.
func (x *index) blockAt(n int) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	i, _ := slices.BinarySearchFunc(x.blocks, n, func(b textBlockInfo, n int) int { return b.first - n })
	return max(i-1, 0)
}

// entry is a line of the index.
type entry struct {
	number int // of the piece that brought it
	at     time.Duration
	id     int // of the entry
	prev   int // the id of the entry before of the same line; -1: none
	text   []byte
}

// read calls yield for each entry of block i from skip on, until it returns
// false, and returns the number of entries in the block.
func (x *index) read(i, skip int, yield func(entry) bool) (int, error) {
	x.mu.Lock()
	var raw []byte
	var p packed
	switch {
	case i < len(x.blocks):
		p = x.blocks[i].packed
	case x.open.count > skip:
		raw = x.open.encode(nil)
	default:
		x.mu.Unlock()
		return skip, nil
	}
	x.mu.Unlock()
	if raw == nil {
		var err error
		if raw, err = x.vault.get(p, nil); err != nil {
			return 0, err
		}
	}
	num := func() int {
		v, n := binary.Uvarint(raw)
		raw = raw[n:]
		return int(v)
	}
	count, number, id := num(), num(), num()
	size := num()
	head, text := raw[:size], raw[size:]
	raw = head
	var at time.Duration
	for k := range count {
		e := entry{id: id + k}
		number += num()
		at += time.Duration(num())
		e.prev = e.id - num()
		if e.prev == e.id {
			e.prev = -1
		}
		n := num()
		e.number, e.at, e.text = number, at, text[:n]
		text = text[n:]
		if k >= skip && !yield(e) {
			break
		}
	}
	return count, nil
}
