package transcript

import (
	"bytes"
	"strings"

	"github.com/ttydeck/ttydeck/vt"
)

// capture collects the lines that a command printed.
type capture struct {
	limit int // bytes kept
	// head holds the first half of the limit, tail a ring of what followed.
	head   []byte
	tail   []byte
	at     int  // where the ring begins
	lost   int  // bytes that fell out of the ring
	open   bool // the last row goes on
	begun  bool // some of the open line has been written
	spaces int  // at the end of the open line, not written yet
	blanks int  // empty lines, not written yet
	// erased counts how often the screen was cleared; mark is the length of
	// head before the first time.
	erased int
	mark   int
	styled bool // with SGR sequences
}

// spareBuffers are buffers that a capture has returned, for the next one.
type spareBuffers struct{ head, tail []byte }

func newCapture(limit int, styled bool, spare *spareBuffers) *capture {
	c := &capture{limit: max(limit, 2), head: spare.head[:0], tail: spare.tail[:0], styled: styled}
	*spare = spareBuffers{}
	return c
}

// free returns the buffers to spare once the text has been taken.
func (c *capture) free(spare *spareBuffers) {
	if cap(c.head) > cap(spare.head) {
		spare.head = c.head
	}
	if cap(c.tail) > cap(spare.tail) {
		spare.tail = c.tail
	}
	c.head, c.tail = nil, nil
}

func (c *capture) put(b ...byte) {
	half := c.limit / 2
	if n := half - len(c.head); n > 0 && len(c.tail) == 0 {
		n = min(n, len(b))
		c.head = append(c.head, b[:n]...)
		b = b[n:]
	}
	for len(b) > 0 {
		if n := min(half-len(c.tail), len(b)); n > 0 {
			c.tail = append(c.tail, b[:n]...)
			b = b[n:]
			continue
		}
		n := copy(c.tail[c.at:], b)
		c.lost += n
		b = b[n:]
		c.at = (c.at + n) % half
	}
}

// row adds a row up to column upto; buf is scratch.
func (c *capture) row(s *vt.Screen, row vt.Row, upto int, buf []byte) []byte {
	if !row.Continued() || !c.open {
		c.endLine()
	}
	c.open = true
	if c.styled {
		buf = appendStyled(buf[:0], s, row, upto)
	} else {
		buf = appendCols(buf[:0], s, row, 0, upto)
	}
	text := bytes.TrimRight(buf, " ")
	if len(text) > 0 {
		if !c.begun {
			c.begun = true
			for ; c.blanks > 0; c.blanks-- {
				c.put('\n')
			}
		}
		for ; c.spaces > 0; c.spaces-- {
			c.put(' ')
		}
		c.put(text...)
	}
	c.spaces += len(buf) - len(text)
	if !row.Wrapped() || upto < row.Len() {
		c.endLine()
	}
	return buf
}

func (c *capture) endLine() {
	if !c.open {
		return
	}
	if c.begun {
		c.put('\n')
	} else {
		c.blanks++
	}
	c.open, c.begun, c.spaces = false, false, 0
}

// maxErased is the most cleared screens that the output of a command keeps: a
// command that clears more often draws pictures.
const maxErased = 4

// cleared is called before the rows of a screen that the command cleared are
// added; it reports whether they are to be added.
func (c *capture) cleared() bool {
	c.endLine()
	if c.erased == 0 {
		c.mark = len(c.head)
	}
	c.erased++
	if c.erased == maxErased+1 {
		c.head, c.tail, c.at = c.head[:c.mark], c.tail[:0], 0
	}
	return c.erased <= maxErased
}

// text returns the output collected so far.
func (c *capture) text() string {
	c.endLine()
	if len(c.tail) == 0 {
		return string(bytes.TrimRight(c.head, "\n"))
	}
	var b strings.Builder
	b.Grow(len(c.head) + len(cutNote) + len(c.tail))
	b.Write(c.head)
	if c.lost > 0 {
		b.WriteString(cutNote)
	}
	b.Write(c.tail[c.at:])
	b.Write(c.tail[:c.at])
	return strings.TrimRight(b.String(), "\n")
}

const cutNote = "\n[... output cut here ...]\n"

// appendCols appends the text of the cells from to upto, empty ones as spaces.
func appendCols(dst []byte, s *vt.Screen, row vt.Row, from, upto int) []byte {
	content := row.Content()
	if from <= 0 && upto >= content {
		return row.AppendText(dst)
	}
	for x := max(from, 0); x < min(upto, content); x++ {
		c := row.Cell(x)
		switch {
		case c.Width() == 0:
		case c.Empty():
			dst = append(dst, ' ')
		default:
			dst = append(dst, s.CellText(c)...)
		}
	}
	return dst
}
