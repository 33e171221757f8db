package format

import (
	"bufio"
	"io"
	"unsafe"
)

// slab is memory that the data of many small events is cut from, so that an
// event needs no allocation of its own. The zero slab is ready.
type slab struct {
	buf  []byte
	used int // of buf; a number, because changing a slice for each event would cost the collector's write barrier
}

const slabSize = 32 << 10

// room returns an empty slice with room for n bytes. Fill it, then keep it with
// take or skip. Until then the next call returns the same memory.
func (s *slab) room(n int) []byte {
	if len(s.buf)-s.used < n {
		s.buf, s.used = make([]byte, max(slabSize, n)), 0
	}
	return s.buf[s.used:s.used]
}

// left returns how many bytes fit without a new slab. It makes one if there is
// hardly any room.
func (s *slab) left() int {
	return cap(s.room(slabSize / 64))
}

// skip keeps the first n bytes of what room returned: they never change again.
func (s *slab) skip(n int) { s.used += n }

// take returns b as a string and keeps it. b was filled from room's beginning.
func (s *slab) take(b []byte) string {
	s.skip(len(b))
	return stringOf(b)
}

// copy returns a copy of b as a string.
func (s *slab) copy(b []byte) string { return s.take(append(s.room(len(b)), b...)) }

// stringOf returns b as a string. b must never change again.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// read reads the next n bytes of r. If r ends before that, read returns the
// bytes it got and [io.ErrUnexpectedEOF] or r's error. It allocates memory as
// the bytes come, so that a false length costs nothing.
func (s *slab) read(r *bufio.Reader, n int) (string, error) {
	if n <= r.Buffered() {
		b, _ := r.Peek(n)
		data := s.copy(b)
		r.Discard(n)
		return data, nil
	}
	if n <= slabSize {
		b := s.room(n)[:n]
		got, err := io.ReadFull(r, b)
		return s.take(b[:got]), cutOff(err)
	}
	b := make([]byte, 0, 2*slabSize)
	for len(b) < n {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(n, 4*cap(b)))
			copy(grown, b)
			b = grown
		}
		upto := min(n, cap(b))
		got, err := io.ReadFull(r, b[len(b):upto])
		b = b[:len(b)+got]
		if err != nil {
			return stringOf(b), cutOff(err)
		}
	}
	return stringOf(b), nil
}

// cutOff turns the end of an input in the middle of something into an error.
func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
