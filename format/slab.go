package format

import (
	"bufio"
	"io"
	"unsafe"
)

// slab is memory that the data of many small events is cut from, so that an
// event costs no allocation of its own. The zero slab is ready.
type slab struct {
	buf  []byte
	used int // of buf; a number, as a slice changed for each event would cost the collector's barrier
}

const slabSize = 32 << 10

// room gives an empty slice with room for n bytes, to be filled and then kept
// by take or skip. Until then the next call gives the same memory.
func (s *slab) room(n int) []byte {
	if len(s.buf)-s.used < n {
		s.buf, s.used = make([]byte, max(slabSize, n)), 0
	}
	return s.buf[s.used:s.used]
}

// left tells for how many bytes there is room without a new slab, which is
// made when that is hardly any.
func (s *slab) left() int {
	return cap(s.room(slabSize / 64))
}

// skip keeps the first n bytes of what room gave: they are never written again.
func (s *slab) skip(n int) { s.used += n }

// take makes b, which was filled from room's beginning, a string.
func (s *slab) take(b []byte) string {
	s.skip(len(b))
	return stringOf(b)
}

// copy gives b as a string of its own.
func (s *slab) copy(b []byte) string { return s.take(append(s.room(len(b)), b...)) }

// stringOf gives b, which must never be written again, as a string.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// read reads the next n bytes of r. When r ends before that, it gives what
// there is and [io.ErrUnexpectedEOF] or r's error. Memory is taken as the bytes
// come, so that a claimed length costs nothing.
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

// cutOff makes the end of an input in the middle of something an error.
func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
