package replay

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// vault holds packed blocks of bytes: in memory up to a budget, and beyond it in
// an unlinked temporary file. Several goroutines may call its methods, but put by
// one at a time.
type vault struct {
	budget int
	buf    []byte // of put

	mu     sync.Mutex
	memory int      // bytes of blocks that are in memory
	file   *os.File // nil until needed
	length int64    // of file
	err    error    // the file failed: further blocks stay in memory
}

// packed is a block in a vault. The zero value is no block.
type packed struct {
	data   []byte // nil if in the file
	offset int64  // in the file
	size   int    // in the file
}

func newVault(budget int) *vault { return &vault{budget: budget} }

// put packs raw and adds it. It does not keep raw.
func (v *vault) put(raw []byte) packed {
	// S2 packs twice as fast as zstd; what is larger goes to the file. The copy
	// has the right size, as the encoder allocates for the worst case.
	v.buf = s2.Encode(v.buf[:cap(v.buf)], raw)
	data := slices.Clone(v.buf)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.memory+len(data) > v.budget && v.err == nil {
		if v.err = v.write(data); v.err == nil {
			return packed{offset: v.length - int64(len(data)), size: len(data)}
		}
	}
	v.memory += len(data)
	return packed{data: data}
}

func (v *vault) write(data []byte) error {
	if v.file == nil {
		f, err := os.CreateTemp("", "ttydeck-replay-*")
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

// get returns the bytes of p, in buf if that is large enough.
func (v *vault) get(p packed, buf []byte) ([]byte, error) {
	data := p.data
	if data == nil {
		v.mu.Lock()
		file := v.file
		v.mu.Unlock()
		data = make([]byte, p.size)
		if _, err := file.ReadAt(data, p.offset); err != nil {
			return nil, fmt.Errorf("reading back the temporary file: %w", err)
		}
	}
	return s2.Decode(buf[:cap(buf)], data)
}

// close closes the file. Blocks that were written there cannot be read any more,
// and no other file is made.
func (v *vault) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = os.ErrClosed
	if v.file != nil {
		v.file.Close()
	}
}
