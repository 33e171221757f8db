package redact

import "errors"

// errTooMuch is returned for a recording of which so much would have to be
// redacted that the places do not fit in memory; nothing of it is let out.
var errTooMuch = errors.New("redact: more secrets than can be kept track of")

// What becomes of a byte of a stream.
const (
	keep   = iota
	star   // replaced by *, one column
	wide   // replaced by U+FF0A, two columns
	drop   // left out: the rest of a character, or one without width
	pageSz = 1 << 12
	// maxPages bounds marks to 64 MiB, 256 MiB of secrets without a gap.
	maxPages    = 1 << 16
	maxReplaced = 1 << 20
)

// marks says what becomes of the bytes of a stream, by their place in it. Only
// pages with a mark are held. The zero value is ready.
type marks struct {
	pages    map[int64]*[pageSz / 4]byte
	last     *[pageSz / 4]byte
	lastPage int64
	replaced map[int64]byte // bytes that become another: base64
	err      error
}

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

func (m *marks) get(pos int64) byte {
	p := m.page(pos/pageSz, false)
	if p == nil {
		return keep
	}
	i := pos % pageSz
	return p[i/4] >> (i % 4 * 2) & 3
}

// any reports whether there may be a mark in [from, to).
func (m *marks) any(from, to int64) bool {
	if len(m.replaced) > 0 {
		return true
	}
	for n := from / pageSz; n*pageSz < to; n++ {
		if m.page(n, false) != nil {
			return true
		}
	}
	return false
}

// set reports whether the byte was not marked before.
func (m *marks) set(pos int64, what byte) bool {
	p := m.page(pos/pageSz, true)
	if p == nil {
		return false
	}
	i := pos % pageSz
	if p[i/4]>>(i%4*2)&3 != keep {
		return false
	}
	p[i/4] |= what << (i % 4 * 2)
	return true
}

// char marks a character of n bytes and width columns. Its last byte becomes
// the replacement, as only with it the character is drawn.
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

func (m *marks) replace(pos int64, b byte) bool {
	if _, ok := m.replaced[pos]; ok {
		return false
	}
	if len(m.replaced) >= maxReplaced {
		m.err = errTooMuch
		return false
	}
	if m.replaced == nil {
		m.replaced = map[int64]byte{}
	}
	m.replaced[pos] = b
	return true
}

// apply gives data, which stands at pos of the stream, redacted.
func (m *marks) apply(data string, pos int64) string {
	if !m.any(pos, pos+int64(len(data))) {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for i := range len(data) {
		p := pos + int64(i)
		switch m.get(p) {
		case keep:
			if b, ok := m.replaced[p]; ok {
				out = append(out, b)
			} else {
				out = append(out, data[i])
			}
		case star:
			out = append(out, '*')
		case wide:
			out = append(out, "\uff0a"...)
		}
	}
	return string(out)
}
