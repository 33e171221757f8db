package redact

import "errors"

// errTooMuch is returned if the places of the secrets do not fit in memory. The
// recording is not written then.
var errTooMuch = errors.New("redact: too many secrets in the recording")

// What happens to a byte of a stream.
const (
	keep = iota
	star // replace it with "*", one column wide
	wide // replace it with U+FF0A, two columns wide
	drop // omit it: the rest of a character, or one without width

	pageSz = 1 << 12 // bytes of the stream in a page
	// maxPages bounds the pages to 64 MiB, for 256 MiB of adjacent secrets.
	maxPages    = 1 << 16
	maxReplaced = 1 << 20
)

// marks holds what happens to each byte of a stream, by position. It stores only
// pages that have a mark. The zero value is ready to use.
type marks struct {
	pages    map[int64]*[pageSz / 4]byte // two bits for each byte
	last     *[pageSz / 4]byte           // the page used last, lastPage
	lastPage int64
	replaced map[int64]byte // other bytes to write, by position: base64
	// The first and the last position in replaced.
	firstReplaced, lastReplaced int64
	err                         error // errTooMuch, once a mark did not fit

	// base, unless nil, has more marks, which others may read at the same time. What is
	// added to them is noted in journal.
	base    *marks
	journal *journal
}

// page returns page n, or nil if there is none and it is not to be created, or
// does not fit.
func (m *marks) page(n int64, create bool) *[pageSz / 4]byte {
	if m.last != nil && m.lastPage == n {
		return m.last
	}
	p := m.pages[n]
	if p == nil {
		if !create {
			return nil
		}
		if len(m.pages) >= maxPages {
			m.err = errTooMuch
			return nil
		}
		if m.pages == nil {
			m.pages = map[int64]*[pageSz / 4]byte{}
		}
		p = new([pageSz / 4]byte)
		m.pages[n] = p
	}
	m.last, m.lastPage = p, n
	return p
}

// get returns what happens to the byte at pos.
func (m *marks) get(pos int64) byte {
	i := pos % pageSz
	if p := m.page(pos/pageSz, false); p != nil {
		if what := p[i/4] >> (i % 4 * 2) & 3; what != keep {
			return what
		}
	}
	if m.base != nil {
		if p := m.base.pages[pos/pageSz]; p != nil {
			return p[i/4] >> (i % 4 * 2) & 3
		}
	}
	return keep
}

// hides reports whether the byte at pos is not written as it is.
func (m *marks) hides(pos int64) bool {
	return m.isReplaced(pos) || m.get(pos) != keep
}

// isReplaced reports whether the byte at pos is written as another.
func (m *marks) isReplaced(pos int64) bool {
	_, replaced := m.replaced[pos]
	if !replaced && m.base != nil {
		_, replaced = m.base.replaced[pos]
	}
	return replaced
}

// anyReplaced reports whether some byte in [from, to) may be replaced by another.
func (m *marks) anyReplaced(from, to int64) bool {
	return len(m.replaced) > 0 && to > m.firstReplaced && from <= m.lastReplaced
}

// set marks the byte at pos, unless it has a mark. It reports whether it had
// none.
func (m *marks) set(pos int64, what byte) bool {
	if m.base != nil && m.get(pos) != keep {
		return false
	}
	p := m.page(pos/pageSz, true)
	if p == nil {
		return false
	}
	i := pos % pageSz
	if p[i/4]>>(i%4*2)&3 != keep {
		return false
	}
	p[i/4] |= what << (i % 4 * 2)
	if m.journal != nil {
		m.journal.add(m, pos, what, 0)
	}
	return true
}

// char marks a character of n bytes and width columns, and reports whether it
// had no mark. The replacement takes the place of its last byte, which is the
// one that draws the character.
func (m *marks) char(pos int64, n, width int) bool {
	if n == 0 {
		return false
	}
	for i := range n - 1 {
		m.set(pos+int64(i), drop)
	}
	what := byte(star)
	switch width {
	case 0:
		what = drop
	case 2:
		what = wide
	}
	return m.set(pos+int64(n-1), what)
}

// replace has the byte at pos written as b, and reports whether it was not
// replaced before.
func (m *marks) replace(pos int64, b byte) bool {
	if m.isReplaced(pos) {
		return false
	}
	if len(m.replaced) >= maxReplaced {
		m.err = errTooMuch
		return false
	}
	if m.replaced == nil {
		m.replaced = map[int64]byte{}
		m.firstReplaced, m.lastReplaced = pos, pos
	}
	m.firstReplaced, m.lastReplaced = min(m.firstReplaced, pos), max(m.lastReplaced, pos)
	m.replaced[pos] = b
	if m.journal != nil {
		m.journal.add(m, pos, keep, b)
	}
	return true
}

// next returns the first position from pos on, but before end, with a mark; end if
// there is none.
func (m *marks) next(pos, end int64) int64 {
	for pos < end {
		p := m.page(pos/pageSz, false)
		if p == nil {
			pos = (pos/pageSz + 1) * pageSz
			continue
		}
		i := pos % pageSz
		if p[i/4]>>(i%4*2) == 0 {
			pos += 4 - i%4 // none in the rest of these four
			continue
		}
		if p[i/4]>>(i%4*2)&3 != keep {
			return pos
		}
		pos++
	}
	return end
}

// apply returns data, which stands at pos in the stream, with the marks applied.
func (m *marks) apply(data string, pos int64) string {
	end := pos + int64(len(data))
	if m.next(pos, end) == end && !m.anyReplaced(pos, end) {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for at := pos; at < end; {
		upto := m.next(at, end)
		if !m.anyReplaced(at, upto) {
			out = append(out, data[at-pos:upto-pos]...)
			at = upto
		}
		for ; at < upto; at++ {
			b, ok := m.replaced[at]
			if !ok {
				b = data[at-pos]
			}
			out = append(out, b)
		}
		if at == end {
			break
		}
		switch m.get(at) {
		case star:
			out = append(out, '*')
		case wide:
			out = append(out, "\uff0a"...)
		}
		at++
	}
	return string(out)
}
