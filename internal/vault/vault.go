// Package vault holds more bytes than should be in memory: packed, and beyond a
// budget in an unlinked temporary file.
package vault

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// A Vault holds packed blocks of bytes: in memory up to a budget, and beyond it
// in an unlinked temporary file. The zero value is ready for use. Several
// goroutines may call its methods, but Put by one at a time.
type Vault struct {
	// Budget is the most packed bytes in memory.
	Budget int

	buf []byte // of Put

	mu     sync.Mutex
	blocks [][]byte // those in memory
	memory int      // their bytes
	file   *os.File // nil until needed
	length int64    // of file
	err    error    // the file failed: further blocks stay in memory
}

// A Block is a block in a vault. The zero value is no block. Its fields are
// exported so that it can be stored.
type Block struct {
	At   int64 // in the file; if negative, the block in memory that ^At is the number of
	Size int   // packed
}

// Held reports whether b is a block.
func (b Block) Held() bool { return b.Size > 0 }

// Put packs raw and adds it. It does not keep raw.
func (v *Vault) Put(raw []byte) Block {
	// S2 packs twice as fast as zstd; what is larger goes to the file. The copy
	// has the right size, as the encoder allocates for the worst case.
	v.buf = s2.Encode(v.buf[:cap(v.buf)], raw)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.memory+len(v.buf) > v.Budget && v.err == nil {
		if v.err = v.write(v.buf); v.err == nil {
			return Block{v.length - int64(len(v.buf)), len(v.buf)}
		}
	}
	v.memory += len(v.buf)
	v.blocks = append(v.blocks, slices.Clone(v.buf))
	return Block{int64(^(len(v.blocks) - 1)), len(v.buf)}
}

func (v *Vault) write(data []byte) error {
	if v.file == nil {
		f, err := os.CreateTemp("", "ttydeck-*")
		if err != nil {
			return err
		}
		os.Remove(f.Name())
		v.file = f
	}
	if _, err := v.file.WriteAt(data, v.length); err != nil {
		return err
	}
	v.length += int64(len(data))
	return nil
}

// rooms holds buffers for packed bytes.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// Get returns the bytes of b, in buf if that is large enough.
func (v *Vault) Get(b Block, buf []byte) ([]byte, error) {
	v.mu.Lock()
	file := v.file
	var data []byte
	if b.At < 0 {
		data = v.blocks[^b.At]
	}
	v.mu.Unlock()
	if data == nil {
		room := rooms.Get().(*[]byte)
		defer rooms.Put(room)
		*room = slices.Grow((*room)[:0], b.Size)
		data = (*room)[:b.Size]
		if _, err := file.ReadAt(data, b.At); err != nil {
			return nil, fmt.Errorf("reading back the temporary file: %w", err)
		}
	}
	return s2.Decode(buf[:cap(buf)], data)
}

// Sizes returns how many packed bytes are in memory, and how many in the file.
func (v *Vault) Sizes() (memory int, file int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.memory, v.length
}

// Close closes the file. Blocks that were written there cannot be read any more,
// and no other file is made.
func (v *Vault) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = os.ErrClosed
	if v.file != nil {
		v.file.Close()
	}
}
