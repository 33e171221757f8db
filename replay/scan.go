package replay

import (
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/vt"
)

// scanner notes the lines of text that change on the loading goroutine's screen.
type scanner struct {
	queue *queue
	full  func() // waits for room in the queue

	// The rows after the last piece.
	cols     int
	scrolled uint64      // vt.Screen.Scrolled
	cells    [][]vt.Cell // nil: unknown
	tags     []uint64    // of the rows on the screen, while they have those cells
	tag      uint64      // the last one given; odd ones are of rows that are a line each
	row      []vt.Cell   // a buffer

	left     []byte // a line that scrolls off while a piece is played, in parts
	leftLine uint64
}

// begin begins a piece.
func (n *scanner) begin(number int, at time.Duration) {
	n.queue.lock().add(change{kind: pieceBegins, number: number, at: at}, nil)
	n.queue.unlock()
}

// look notes the lines that the piece brought onto the screen.
func (n *scanner) look(s *vt.Screen) {
	b := n.queue.lock()
	defer n.queue.unlock()
	n.endLeft(b)
	cols, rows := s.Size()
	if len(n.cells) != rows || n.cols != cols {
		n.cols = cols
		n.cells = make([][]vt.Cell, rows)
		n.tags = make([]uint64, rows)
		b.add(change{kind: screenResized, next: rows}, nil)
	}
	n.scroll(b, s, rows)
	next := 0 // the rows above have been looked at
	for y := range s.Dirty {
		if y < next || n.same(s.Row(y), y) {
			continue
		}
		first := y
		for first > next && s.Row(first).Continued() {
			first--
		}
		start := len(b.text)
		for next = first; ; {
			row := s.Row(next)
			b.text = row.AppendText(b.text)
			n.cells[next] = row.AppendCells(n.cells[next][:0])
			n.mark(row, next, next == first && !row.Wrapped())
			if next++; !row.Wrapped() || next >= rows {
				break
			}
		}
		b.changes = append(b.changes, change{kind: lineChanged, first: first, next: next, line: lineOf(s, first), size: len(b.text) - start})
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

// scroll moves the known rows as the screen scrolls, so that same recognizes them.
func (n *scanner) scroll(b *batch, s *vt.Screen, rows int) {
	by := int(min(s.Scrolled()-n.scrolled, uint64(rows)))
	n.scrolled = s.Scrolled()
	if by <= 0 || by >= rows || s.OnAlternate() {
		return
	}
	rotate(n.cells, by)
	rotate(n.tags, by)
	b.add(change{kind: screenScrolled, next: by}, nil)
}

// rotate moves the first n to the end.
func rotate[T any](s []T, n int) {
	slices.Reverse(s[:n])
	slices.Reverse(s[n:])
	slices.Reverse(s)
}

// same reports whether a row is unchanged since it was copied.
func (n *scanner) same(row vt.Row, y int) bool {
	tag := row.Tag()
	if tag != 0 && tag == n.tags[y] {
		return true
	}
	n.row = row.AppendCells(n.row[:0])
	if !slices.Equal(n.row, n.cells[y]) {
		return false
	}
	n.mark(row, y, false)
	return true
}

// mark has same recognize a row, which has the cells of row y, by its tag. alone
// reports that the row is a line by itself, and was noted as that.
func (n *scanner) mark(row vt.Row, y int, alone bool) {
	if row.Tag() == 0 || alone {
		n.tag += 2
		if alone {
			n.tag |= 1
		} else {
			n.tag &^= 1
		}
		row.SetTag(n.tag)
	}
	n.tags[y] = row.Tag()
}

// noted reports whether a row that leaves at the top is a line that was noted as
// it is, and so has nothing new.
func (n *scanner) noted(s *vt.Screen, r vt.Row) bool {
	tag := r.Tag()
	y := s.Scrolled() - n.scrolled
	return tag&1 != 0 && !r.Continued() && !r.Wrapped() && y < uint64(len(n.tags)) && n.tags[y] == tag && !s.OnAlternate()
}

// lineLeft collects a line that left the screen, for endLeft.
func (n *scanner) lineLeft(s *vt.Screen, r vt.Row) {
	if !r.Continued() && len(n.left) > 0 {
		b := n.queue.lock()
		n.endLeft(b)
		full := b.size() >= maxBatch
		n.queue.unlock()
		if full {
			n.full()
		}
	}
	if n.noted(s, r) {
		return // most lines
	}
	if len(n.left) < maxText {
		n.left = r.AppendText(n.left)
	}
	n.leftLine = s.Scrolled()
}

// endLeft notes the collected line: it may have come and gone within one piece.
func (n *scanner) endLeft(b *batch) {
	if len(n.left) > 0 {
		b.add(change{kind: lineLeft, line: n.leftLine}, n.left)
	}
	n.left = n.left[:0]
}
