package replay

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/internal/vault"
)

const (
	// textBlock is the number of bytes of text in a block of the index.
	textBlock = 256 << 10
	// maxText is the most bytes kept of a line.
	maxText = 16 << 10
)

// index holds every line of text that was on the screen, packed, with the piece
// of the tape that brought it there. A line that stays or moves while others
// change is held once.
//
// Its entries are made in two steps: the loading goroutine notes which lines have
// changed on its screen (scanner), and the indexing goroutine finds out which are
// new, and packs them.
type index struct {
	vault   *vault.Vault
	entered atomic.Int64 // the number of pieces in the index

	mu     sync.Mutex
	blocks []textBlockInfo
	done   bool // the whole recording is in the index
	open   blockOfText

	// The fields below belong to the indexing goroutine.
	number  int            // of the piece whose changes are taken
	at      time.Duration  // of that piece
	entries int            // in all blocks
	latest  map[uint64]int // by line of the session: its latest entry
	seed    maphash.Seed
	rows    []uint64       // the hash of the logical line that begins in the row; 0: none does
	present map[uint64]int // the number of rows with a hash
}

type textBlockInfo struct {
	first  int // the number of its first entry's piece
	packed vault.Block
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

func newIndex(v *vault.Vault) *index {
	return &index{vault: v, latest: map[uint64]int{}, present: map[uint64]int{}, seed: maphash.MakeSeed()}
}

// take enters the changes of a batch.
func (x *index) take(b *batch) {
	text := b.text
	for _, c := range b.changes {
		line := text[:c.size]
		text = text[c.size:]
		switch c.kind {
		case pieceBegins:
			x.number, x.at = c.number, c.at
		case screenResized:
			x.rows = make([]uint64, c.next)
			clear(x.present)
		case screenScrolled:
			rotate(x.rows, c.next)
		case lineLeft:
			if hash := x.hash(line); hash != 0 && x.present[hash] == 0 {
				x.enter(line, c.line)
			}
		case lineChanged:
			hash := x.hash(line)
			isNew := hash != 0 && x.present[hash] == 0
			x.replace(c.first, hash)
			for y := c.first + 1; y < c.next; y++ {
				x.replace(y, 0)
			}
			if isNew {
				x.enter(line, c.line)
			}
		}
	}
	x.entered.Store(int64(b.upto))
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

// enter adds a line.
func (x *index) enter(text []byte, line uint64) {
	number, at := x.number, x.at
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
	p := x.vault.Put(x.open.encode(nil))
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

// holds reports whether the index holds the first n pieces.
func (x *index) holds(n int) bool { return x.entered.Load() >= int64(n) }

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
	var p vault.Block
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
		if raw, err = x.vault.Get(p, nil); err != nil {
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
