package vt

// line is one row of the grid.
type line struct {
	cells []Cell

	// used is a high-water mark: every cell from here on is the zero Cell.
	used int

	// continued reports that the line above wrapped into this one.
	continued bool

	// fed reports that it did so until a line feed moved the cursor to it.
	fed bool

	// touched holds the bits touchedLook and touchedPack. Every change sets
	// both, and the reader of each clears it. The bits above hold the tag of
	// Row.SetTag, so that every change clears that.
	touched uint64

	// packed is the compact form of the line, valid while touchedPack is
	// clear.
	packed packedLine
}

const (
	touchedLook = 1 << iota // changed since the last Screen.Dirty
	touchedPack             // changed since packed was made

	touchedAll = touchedLook | touchedPack

	tagShift = 2
)

func newLine(cols int) *line { return &line{cells: make([]Cell, cols), touched: touchedAll} }

// wipe empties every cell, with the background bg (the high word of such a
// cell), and forgets the wrap.
func (l *line) wipe(bg uint64, continued bool) {
	if bg == 0 {
		clear(l.cells[:l.used])
		l.used = 0
	} else {
		fill(l.cells, Cell{hi: bg})
		l.used = len(l.cells)
	}
	l.continued, l.fed = continued, false
	l.touched = touchedAll
}

func fill(cells []Cell, c Cell) {
	for i := range cells {
		cells[i].lo = c.lo
		cells[i].hi = c.hi
	}
}

// set stores c in the cells from from up to upto. The caller handles the halves
// of wide characters at the edges.
func (l *line) set(from, upto int, c Cell) {
	if from >= upto {
		return
	}
	fill(l.cells[from:upto], c)
	if c != (Cell{}) {
		l.used = max(l.used, upto)
	} else if upto >= l.used {
		l.used = min(l.used, from)
	}
	l.touched = touchedAll
}

// mend empties the two cells at the border before column x, with the style of
// c, if they are the halves of one wide character. It is called for each border
// that an operation cuts.
func (l *line) mend(x int, c Cell) {
	if x <= 0 || x >= len(l.cells) || l.cells[x].lo&chSpacer == 0 {
		return
	}
	l.set(x-1, x+1, c)
}

// content returns the number of cells up to the last one that is not empty. A
// wide character counts with both halves.
func (l *line) content() int {
	for x := l.used; x > 0; x-- {
		if !l.cells[x-1].Empty() {
			return x
		}
	}
	return 0
}

// resize gives the line cols cells; cells beyond them are lost.
func (l *line) resize(cols int) {
	old := len(l.cells)
	switch {
	case cols < old:
		l.mend(cols, Cell{})
		l.cells = append([]Cell(nil), l.cells[:cols]...)
		l.used = min(l.used, cols)
	case cols > old:
		grown := make([]Cell, cols)
		copy(grown, l.cells[:l.used])
		l.cells = grown
	default:
		return
	}
	l.touched = touchedAll
}
