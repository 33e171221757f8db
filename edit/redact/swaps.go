package redact

import (
	"cmp"
	"errors"
	"slices"
)

// swap has n bytes at pos written as text, which takes the place of the last of them, as
// that is the one that draws. Without bytes, n counts as 1.
type swap struct {
	pos  int64
	n    int
	text string
}

// swaps holds the texts that take the places of bytes of a stream. It stores only pages
// that have one. The zero value is ready to use.
type swaps struct {
	pages map[int64][]swapped // in order, by pos/pageSz
	texts []swapText
	ids   map[swapText]uint32 // their indexes
	bytes int                 // of texts
	count int                 // of bytes that are replaced
	err   error               // errTooMuch, once something did not fit
}

// swapped is a byte that is replaced.
type swapped struct {
	off uint16 // in its page
	id  uint32 // of its text
}

// swapText is a text that is written, and the length of the one that it stands for.
type swapText struct {
	text string
	rank int
}

const (
	maxSwaps     = 1 << 23 // bytes that are replaced
	maxSwapTexts = 16 << 20
)

// find returns where the byte at pos is, or belongs, in its page.
func (s *swaps) find(pos int64) (page []swapped, i int, ok bool) {
	page = s.pages[pos/pageSz]
	off := uint16(pos % pageSz)
	if n := len(page); n > 0 && page[n-1].off < off {
		return page, n, false
	}
	i, ok = slices.BinarySearchFunc(page, off, func(b swapped, off uint16) int { return cmp.Compare(b.off, off) })
	return page, i, ok
}

// get returns what takes the place of the byte at pos.
func (s *swaps) get(pos int64) (t swapText, ok bool) {
	if page, i, ok := s.find(pos); ok {
		return s.texts[page[i].id], true
	}
	return swapText{}, false
}

// set replaces the byte at pos.
func (s *swaps) set(pos int64, t swapText) {
	id, ok := s.ids[t]
	if !ok {
		if s.bytes += len(t.text) + 64; s.bytes > maxSwapTexts {
			s.err = errTooMuch
			return
		}
		if s.ids == nil {
			s.ids, s.pages = map[swapText]uint32{}, map[int64][]swapped{}
		}
		id = uint32(len(s.texts))
		s.texts = append(s.texts, t)
		s.ids[t] = id
	}
	page, i, ok := s.find(pos)
	if ok {
		page[i].id = id
		return
	}
	if s.count++; s.count > maxSwaps {
		s.err = errTooMuch
		return
	}
	s.pages[pos/pageSz] = slices.Insert(page, i, swapped{uint16(pos % pageSz), id})
}

var errDrawnTwice = errors.New("one character of the output drew several of it")

// all makes changes that belong to one text, or a part of one, of rank bytes, or none of them if some of the
// bytes belong to another that is as long or longer. It returns an error if the changes
// contradict each other.
func (s *swaps) all(changes []swap, rank int) error {
	var own map[int64]string // needed unless the places ascend, as they mostly do
	for i, c := range changes {
		if i > 0 && c.pos <= changes[i-1].pos {
			own = make(map[int64]string, len(changes))
			break
		}
	}
	for _, c := range changes {
		pos := c.pos + int64(max(c.n, 1)) - 1
		if own != nil {
			if text, ok := own[pos]; ok && text != c.text {
				return errDrawnTwice
			}
			own[pos] = c.text
		}
		if was, ok := s.get(pos); ok && was.rank >= rank && was.text != c.text {
			return nil
		}
	}
	for _, c := range changes {
		last := c.pos + int64(max(c.n, 1)) - 1
		if was, ok := s.get(last); ok && was.rank >= rank {
			continue
		}
		for pos := c.pos; pos < last; pos++ {
			s.set(pos, swapText{"", rank})
		}
		s.set(last, swapText{c.text, rank})
	}
	return nil
}

// apply returns data, which stands at pos in the stream, with its bytes replaced.
func (s *swaps) apply(data string, pos int64) string {
	end := pos + int64(len(data))
	var out []byte
	at := pos // what is before is in out
	for n := pos / pageSz; n*pageSz < end; n++ {
		page := s.pages[n]
		if len(page) == 0 {
			continue
		}
		_, i, _ := s.find(max(pos, n*pageSz))
		for _, b := range page[i:] {
			p := n*pageSz + int64(b.off)
			if p >= end {
				break
			}
			out = append(out, data[at-pos:p-pos]...)
			out = append(out, s.texts[b.id].text...)
			at = p + 1
		}
	}
	if at == pos {
		return data
	}
	return string(append(out, data[at-pos:]...))
}
