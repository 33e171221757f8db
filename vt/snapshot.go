package vt

import (
	"encoding/binary"
	"unsafe"
)

// A Snapshot is a screen at one moment: both buffers, the scrollback and the
// state of a sequence that was cut off. It is immutable and compact; snapshots
// of one screen share the lines that did not change between them. Any number of
// screens can be restored from one, also concurrently.
type Snapshot struct {
	state
	p         parser
	main, alt packedBuffer
	sb        packedScrollback
	tab       tables // without the maps

	sbLimit int
}

type packedBuffer struct {
	lines []packedLine // nil if the buffer was never used
	bufState
}

// packedLine is a line in the form of packLine; nil is a blank one.
type packedLine []byte

// chunkLines is the number of lines of the scrollback that are packed together
// for good, so that snapshots share them.
const chunkLines = 64

type chunk [chunkLines]packedLine

type packedScrollback struct {
	first  uint64 // number of the oldest line, as scrollback.pushed counts
	chunks []*chunk
	rest   []packedLine // the lines after the last full chunk
}

// Snapshot takes a snapshot.
func (s *Screen) Snapshot() *Snapshot {
	n := &Snapshot{state: s.state, p: s.p, tab: s.tab, sbLimit: s.sb.limit}
	n.p.str = append([]byte(nil), s.p.str...)
	n.tab.clusterIDs, n.tab.extraIDs, n.tab.linkIDs = nil, nil, nil
	// Cut the capacity: appending to a restored table must allocate a new
	// one.
	n.tab.clusters = n.tab.clusters[:len(n.tab.clusters):len(n.tab.clusters)]
	n.tab.extras = n.tab.extras[:len(n.tab.extras):len(n.tab.extras)]
	n.tab.links = n.tab.links[:len(n.tab.links):len(n.tab.links)]

	n.main = packedBuffer{s.packLines(s.main.lines), s.main.bufState}
	n.alt.bufState = s.alt.bufState
	if s.onAlt {
		n.alt.lines = s.packLines(s.alt.lines)
	}
	n.sb = s.packScrollback()
	return n
}

// Size returns the size of the screen at the time of the snapshot.
func (n *Snapshot) Size() (cols, rows int) { return n.cols, n.rows }

func (s *Screen) packLines(lines []*line) []packedLine {
	out := make([]packedLine, len(lines))
	for y, l := range lines {
		out[y] = s.pack(l)
	}
	return out
}

// pack returns the packed form of l; the previous one if l did not change.
func (s *Screen) pack(l *line) packedLine {
	if l.touched&touchedPack != 0 {
		s.buf8 = packLine(s.buf8[:0], l)
		switch {
		case len(s.buf8) == 0:
			l.packed = nil
		case string(s.buf8) == string(l.packed):
			// Overwritten with the same text: still share it.
		default:
			l.packed = append(make(packedLine, 0, len(s.buf8)), s.buf8...)
		}
		l.touched &^= touchedPack
	}
	return l.packed
}

func (s *Screen) packScrollback() packedScrollback {
	b := &s.sb
	out := packedScrollback{first: b.pushed - uint64(b.n)}
	if b.n == 0 {
		return out
	}
	// A chunk begins at a multiple of its length, so the first one may lack
	// its oldest lines.
	i := 0
	for num := out.first; num < b.pushed; {
		key := num / chunkLines
		end := (key + 1) * chunkLines
		if end > b.pushed {
			out.rest = make([]packedLine, 0, b.pushed-num)
			for ; i < b.n; i++ {
				out.rest = append(out.rest, s.pack(b.at(i)))
			}
			break
		}
		c := b.chunks[key]
		if c == nil {
			c = new(chunk)
			for k := num % chunkLines; k < chunkLines; k++ {
				c[k] = s.pack(b.at(i + int(k-num%chunkLines)))
			}
			if b.chunks == nil {
				b.chunks = map[uint64]*chunk{}
			}
			b.chunks[key] = c
		}
		out.chunks = append(out.chunks, c)
		i += int(end - num)
		num = end
	}
	// Forget the chunks whose last line has left the ring.
	if len(b.chunks) > len(out.chunks)+16 {
		for key := range b.chunks {
			if key < out.first/chunkLines {
				delete(b.chunks, key)
			}
		}
	}
	return out
}

// Restore brings the screen back to the state of the snapshot, from which it
// behaves as the original did. The options of the screen stay, and its
// scrollback limit cuts the snapshot's scrollback.
func (s *Screen) Restore(n *Snapshot) {
	same := s.tab.id == n.tab.id &&
		len(s.tab.clusters) >= len(n.tab.clusters) &&
		len(s.tab.extras) >= len(n.tab.extras) &&
		len(s.tab.links) >= len(n.tab.links)
	if !same {
		s.tab = n.tab
		if s.tab.id == nil {
			s.tab.init()
		}
		// A new history begins here: numbers given from now on mean
		// nothing in other snapshots.
		s.tab.id = new(byte)
	}
	sizeSame := s.cols == n.cols && s.rows == n.rows
	s.state = n.state
	str := append(s.p.str[:0], n.p.str...)
	s.p = n.p
	s.p.str = str

	if !sizeSame {
		s.main.lines, s.alt.lines = s.newLines(), nil
	}
	s.main.bufState, s.alt.bufState = n.main.bufState, n.alt.bufState
	restoreLines(s.main.lines, n.main.lines, same)
	if n.alt.lines != nil {
		if s.alt.lines == nil {
			s.alt.lines = s.newLines()
		}
		restoreLines(s.alt.lines, n.alt.lines, same)
	} else {
		// Not on display, and its numbers may belong to other tables.
		for _, l := range s.alt.lines {
			l.wipe(0, false)
		}
	}
	s.buf = &s.main
	if s.onAlt {
		s.buf = &s.alt
	}
	s.restoreScrollback(n, same)
	s.dirtyTop, s.dirtyBottom = 0, s.rows-1
	s.setSlow()
}

// restoreLines unpacks lines. keep reports that the tables are those of the
// snapshot, so that the next snapshot can share the packed form.
func restoreLines(lines []*line, packed []packedLine, keep bool) {
	for y, l := range lines {
		restoreLine(l, packed[y], keep)
	}
}

func restoreLine(l *line, p packedLine, keep bool) {
	unpackLine(l, p)
	l.touched = touchedAll
	if keep {
		l.packed = p
		l.touched = touchedLook
	}
}

func (s *Screen) restoreScrollback(n *Snapshot, keep bool) {
	total := len(n.sb.rest)
	if len(n.sb.chunks) > 0 {
		total += len(n.sb.chunks)*chunkLines - int(n.sb.first%chunkLines)
	}
	skip := max(0, total-s.sb.limit)
	s.sb.clear()
	if total == skip {
		s.sb.pushed = n.sb.first + uint64(total)
		return
	}
	lines := make([]*line, 0, total-skip)
	add := func(p packedLine) {
		if skip > 0 {
			skip--
			return
		}
		l := newLine(n.cols)
		restoreLine(l, p, keep)
		lines = append(lines, l)
	}
	k := int(n.sb.first % chunkLines)
	for _, c := range n.sb.chunks {
		for _, p := range c[k:] {
			add(p)
		}
		k = 0
	}
	for _, p := range n.sb.rest {
		add(p)
	}
	s.sb.ring, s.sb.n = lines, len(lines)
	s.sb.pushed = n.sb.first + uint64(total)
}

// A packed line is one byte of flags and a list of runs. A run begins with
// count<<2|kind as a varint.
const (
	packStyle = iota // count is 0: the high half of lo and hi follow, 12 bytes
	packText         // count bytes of ASCII, one cell each
	packCells        // count cells, the low 24 bits as varints; spacers are left out
	packFill         // count cells of the low 24 bits that follow as a varint
)

const packContinued = 1

// packLine appends the packed form of l to b; nothing for a blank line.
func packLine(b []byte, l *line) []byte {
	cells := l.cells[:l.used]
	if len(cells) == 0 && !l.continued {
		return b
	}
	flags := byte(0)
	if l.continued {
		flags = packContinued
	}
	b = append(b, flags)
	style, colors := uint64(0), uint64(0)
	for i := 0; i < len(cells); {
		c := cells[i]
		if c.lo>>32 != style || c.hi != colors {
			style, colors = c.lo>>32, c.hi
			b = append(b, packStyle)
			b = binary.LittleEndian.AppendUint32(b, uint32(style))
			b = binary.LittleEndian.AppendUint64(b, colors)
		}
		// Three equal cells are worth a run of their own.
		n := 1
		for i+n < len(cells) && cells[i+n] == c {
			n++
		}
		if n >= 4 && c.lo&(chWide|chSpacer) == 0 {
			b = binary.AppendUvarint(b, uint64(n)<<2|packFill)
			b = binary.AppendUvarint(b, c.lo&chBits)
			i += n
			continue
		}
		ascii := c.lo&chBits-0x20 < 0x5f
		n = 1
		for i+n < len(cells) {
			d := cells[i+n]
			if d.lo>>32 != style || d.hi != colors || (d.lo&chBits-0x20 < 0x5f) != ascii {
				break
			}
			if i+n+3 < len(cells) && d == cells[i+n+1] && d == cells[i+n+2] && d == cells[i+n+3] &&
				d.lo&(chWide|chSpacer) == 0 {
				break
			}
			n++
		}
		if ascii {
			b = binary.AppendUvarint(b, uint64(n)<<2|packText)
			for _, d := range cells[i : i+n] {
				b = append(b, byte(d.lo))
			}
		} else {
			b = binary.AppendUvarint(b, uint64(n)<<2|packCells)
			for _, d := range cells[i : i+n] {
				if d.lo&chSpacer == 0 {
					b = binary.AppendUvarint(b, d.lo&chBits)
				}
			}
		}
		i += n
	}
	return b
}

// unpackLine restores to l the line that packLine packed. p is never input from
// outside.
func unpackLine(l *line, p packedLine) {
	l.wipe(0, false)
	if len(p) == 0 {
		return
	}
	l.continued = p[0]&packContinued != 0
	p = p[1:]
	style, colors := uint64(0), uint64(0)
	x := 0
	for len(p) > 0 {
		head, k := binary.Uvarint(p)
		p = p[k:]
		n := int(head >> 2)
		switch head & 3 {
		case packStyle:
			style = uint64(binary.LittleEndian.Uint32(p)) << 32
			colors = binary.LittleEndian.Uint64(p[4:])
			p = p[12:]
		case packText:
			dst := l.cells[x : x+n]
			for i, c := range p[:n] {
				dst[i].lo = style | uint64(c)
				dst[i].hi = colors
			}
			p = p[n:]
			x += n
		case packFill:
			ch, k := binary.Uvarint(p)
			p = p[k:]
			fill(l.cells[x:x+n], Cell{lo: style | ch, hi: colors})
			x += n
		case packCells:
			for end := x + n; x < end; x++ {
				// A wide character brings its second half with
				// it. A run begins with a spacer only if the
				// two differ in style.
				if x > 0 && l.cells[x-1].lo&chWide != 0 {
					l.cells[x] = Cell{lo: style | chSpacer, hi: colors}
					continue
				}
				ch, k := binary.Uvarint(p)
				p = p[k:]
				l.cells[x] = Cell{lo: style | ch, hi: colors}
			}
		}
	}
	l.used = x
}

// MemSize returns about the number of bytes that the snapshot holds and does
// not share with the ones in prev. Each line is counted once.
func (n *Snapshot) MemSize(prev ...*Snapshot) int {
	seen := map[*byte]bool{}
	walk := func(n *Snapshot) (size int) {
		line := func(p packedLine) {
			size += 24
			if len(p) > 0 && !seen[&p[0]] {
				seen[&p[0]] = true
				size += cap(p)
			}
		}
		for _, lines := range [][]packedLine{n.main.lines, n.alt.lines, n.sb.rest} {
			for _, p := range lines {
				line(p)
			}
		}
		for _, c := range n.sb.chunks {
			size += 8
			for _, p := range c {
				if len(p) > 0 && !seen[&p[0]] {
					seen[&p[0]] = true
					size += cap(p) + 24
				}
			}
		}
		return size + int(unsafe.Sizeof(*n)) + len(n.p.str)
	}
	for _, p := range prev {
		walk(p)
	}
	return walk(n)
}
