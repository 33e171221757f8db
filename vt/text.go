package vt

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Row is a view of one line of a screen or its scrollback. It is valid until
// the screen next changes.
type Row struct {
	s    *Screen
	l    *line
	wrap bool
}

// Row returns row y of the screen, counted from 0. It panics if there is no
// such row.
func (s *Screen) Row(y int) Row {
	lines := s.buf.lines
	return Row{s, lines[y], y+1 < len(lines) && lines[y+1].continued}
}

// Len returns the number of cells: the width of the screen.
func (r Row) Len() int { return len(r.l.cells) }

// Cell returns the cell at column x. It panics if there is no such column.
func (r Row) Cell(x int) Cell { return r.l.cells[x] }

// AppendCells appends the cells to dst.
func (r Row) AppendCells(dst []Cell) []Cell { return append(dst, r.l.cells...) }

// Cells returns the cells with their columns, counted from 0. It allocates
// nothing.
func (r Row) Cells() iter.Seq2[int, Cell] {
	return func(yield func(int, Cell) bool) {
		for x, c := range r.l.cells {
			if !yield(x, c) {
				return
			}
		}
	}
}

// Wrapped reports whether the text of the row continues in the next one because
// it did not fit: the program wrote both as one line.
func (r Row) Wrapped() bool { return r.wrap }

// Continued reports whether the row continues the text of the one above.
func (r Row) Continued() bool { return r.l.continued }

// WasContinued reports whether the row continued the one above until the program
// moved the cursor to it with a line feed, as a line editor does that redraws a
// part of its line. Since then the row counts as a line of its own, but its text may
// still be the rest of the one above. A row restored from a snapshot does not know.
func (r Row) WasContinued() bool { return r.l.fed }

// SetTag attaches a number other than 0 to the row, of at most 62 bits. The row
// keeps it when it moves, as in scrolling, and loses it with the next change of
// its cells. By its tag, a user of the screen recognizes a row that it has read
// before, without reading it again.
func (r Row) SetTag(tag uint64) { r.l.touched = r.l.touched&touchedAll | tag<<tagShift }

// Tag returns the number that SetTag attached; 0 if the row has none, or has
// changed since.
func (r Row) Tag() uint64 { return r.l.touched >> tagShift }

// Content returns the number of columns up to the end of the last character.
// Cells after it are empty, but may have a background. A column that a wide
// character left free when it wrapped does not count.
func (r Row) Content() int { return r.l.content() }

// Text returns the text of the row; see [Row.AppendText].
func (r Row) Text() string { return string(r.AppendText(nil)) }

// AppendText appends the text of the row to dst: the characters of all cells up
// to [Row.Content], with spaces for empty cells.
func (r Row) AppendText(dst []byte) []byte {
	cells := r.l.cells[:r.l.content()]
	// Each line that scrolls off is read here, and most are ASCII.
	n := len(dst)
	dst = slices.Grow(dst, len(cells))[:n+len(cells)]
	text := dst[n:]
	const mask = chMask | chCluster | chSpacer
	all := uint64(0)
	for i, c := range cells {
		ch := c.lo & mask
		ch |= (ch - 1) >> 63 << 5 // 0, an empty cell, is a space
		all |= ch
		text[i] = byte(ch)
	}
	if all < utf8.RuneSelf {
		return dst
	}
	for i, c := range cells {
		if c.lo&mask >= utf8.RuneSelf {
			dst = dst[:n+i]
			for _, c := range cells[i:] {
				dst = r.s.appendCell(dst, c)
			}
			break
		}
	}
	return dst
}

// AppendColumns appends to dst, for each byte of the text of [Row.AppendText],
// the column of its character. It locates a match in the text on the screen.
func (r Row) AppendColumns(dst []int) []int {
	var buf [maxClusterBytes]byte
	for x, c := range r.l.cells[:r.l.content()] {
		for range r.s.appendCell(buf[:0], c) {
			dst = append(dst, x)
		}
	}
	return dst
}

// appendCell appends the text of c: nothing for the second half of a wide
// character, a space for an empty cell.
func (s *Screen) appendCell(dst []byte, c Cell) []byte {
	switch {
	case c.lo&chCluster != 0:
		return append(dst, s.tab.clusters[c.lo&chMask]...)
	case c.lo&chSpacer != 0:
		return dst
	case c.lo&chMask == 0:
		return append(dst, ' ')
	}
	if ch := c.lo & chMask; ch < utf8.RuneSelf {
		return append(dst, byte(ch))
	}
	return utf8.AppendRune(dst, rune(c.lo&chMask))
}

// CellText returns the text of a cell of this screen: one character with its
// combining marks, or a whole grapheme cluster. It is empty for an empty cell
// and for the second half of a wide character.
func (s *Screen) CellText(c Cell) string {
	switch {
	case c.lo&chCluster != 0:
		return s.tab.clusters[c.lo&chMask]
	case c.lo&chMask == 0:
		return ""
	}
	return string(rune(c.lo & chMask))
}

// CellLink returns the hyperlink of a cell of this screen: the parameters of
// OSC 8 ("id=x:...") and the URI. Cells that have both in common are one link.
// The URI is empty if there is no link.
func (s *Screen) CellLink(c Cell) (params, uri string) {
	if c.extra() == 0 { // almost all
		return "", ""
	}
	params, uri, _ = strings.Cut(s.tab.links[s.tab.extras[c.extra()].link], ";")
	return params, uri
}

// CellUnderlineColor returns the colour of the underline of a cell of this
// screen; the default Color if the underline has the colour of the foreground.
func (s *Screen) CellUnderlineColor(c Cell) Color { return s.tab.extras[c.extra()].ul }

// Text returns the text of the screen, a line for each row, without trailing
// spaces and trailing empty lines.
func (s *Screen) Text() string {
	var b []byte
	for y := range s.rows {
		b = s.Row(y).AppendText(b)
		for len(b) > 0 && b[len(b)-1] == ' ' {
			b = b[:len(b)-1]
		}
		b = append(b, '\n')
	}
	return strings.TrimRight(string(b), "\n")
}
