package vt

// scrollback is a ring of the lines that left the primary screen at its top.
type scrollback struct {
	limit int
	ring  []*line // grows up to limit, then wraps round
	head  int     // of the oldest line
	n     int

	// pushed counts all lines ever pushed, so that pushed-n is the number
	// of the oldest one kept. Snapshots find their chunks of packed lines
	// by it.
	pushed uint64
	chunks map[uint64]*chunk
}

// push adds l as the newest line and returns a free line: the oldest one if the
// ring is full, else nil.
func (b *scrollback) push(l *line) (free *line) {
	b.pushed++
	if b.n < b.limit {
		if b.n == len(b.ring) {
			b.grow()
		}
		b.ring[(b.head+b.n)%len(b.ring)] = l
		b.n++
		return nil
	}
	free = b.ring[b.head]
	b.ring[b.head] = l
	if b.head++; b.head == len(b.ring) {
		b.head = 0
	}
	return free
}

func (b *scrollback) grow() {
	ring := make([]*line, min(b.limit, max(64, 2*len(b.ring))))
	for i := range b.n {
		ring[i] = b.at(i)
	}
	b.ring, b.head = ring, 0
}

// at returns line i, counted from the oldest.
func (b *scrollback) at(i int) *line {
	i += b.head
	if i >= len(b.ring) {
		i -= len(b.ring)
	}
	return b.ring[i]
}

func (b *scrollback) clear() {
	b.ring, b.head, b.n = nil, 0, 0
	b.forgetChunks()
}

// set replaces the whole content by lines.
func (b *scrollback) set(lines []*line) {
	b.ring, b.head, b.n = lines, 0, len(lines)
	b.pushed += uint64(len(lines)) // these are other lines: the old numbers are void
	b.forgetChunks()
}

func (b *scrollback) forgetChunks() { b.chunks = nil }

// ScrollbackLen returns the number of lines in the scrollback.
func (s *Screen) ScrollbackLen() int { return s.sb.n }

// ScrollbackRow returns line i of the scrollback, counted from the oldest. It
// panics if there is no such line.
func (s *Screen) ScrollbackRow(i int) Row {
	if uint(i) >= uint(s.sb.n) {
		panic("vt: no such line in the scrollback")
	}
	next := s.main.lines[0]
	if i+1 < s.sb.n {
		next = s.sb.at(i + 1)
	}
	return Row{s, s.sb.at(i), next.continued}
}
