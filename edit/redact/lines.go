package redact

import "strings"

// Most output is plain lines: printable ASCII, perhaps indented and coloured, that
// scrolls up from the last row of the screen. Nearly all of them have nothing to
// find, and of a thousand of them only the last few are on the screen in the end. So
// a plain line is searched as it is in the stream. If there is nothing, it waits, and
// is drawn only if something else comes while it would be on the screen. Otherwise
// all that waits is drawn, and then the line character by character, as any other
// output is.

// waiting is plain lines that are not drawn yet. In the state that they leave, more
// may follow: the cursor is at the start of the last row, which is blank.
type waiting struct {
	lines []plainLine // the last ones, in a ring
	first int         // index of the first one in lines
	count int         // of all lines, also those that leave the screen without being drawn

	// The start of a line whose end has not come yet: indentation, text and colours.
	rest   string
	restAt int64
}

// plainLine is a line with its end, at an offset of the stream.
type plainLine struct {
	raw string
	pos int64
}

// plainText splits the front of data, up to a control character or anything else that
// is not plain, into its tabs and the rest. It reports whether that has colours.
func plainText(data string) (tabs, n int, coloured bool) {
	for tabs < len(data) && data[tabs] == '\t' {
		tabs++
	}
	for n = tabs; n < len(data); n++ {
		for n+8 < len(data) && printable(data[n:n+8]) {
			n += 8
		}
		if c := data[n]; c-0x20 < 0x5f {
			continue
		}
		size := colour(data[n:])
		if size == 0 {
			break
		}
		coloured = true
		n += size - 1
	}
	return tabs, n, coloured
}

// printable reports whether eight bytes are printable ASCII. It may miss that.
func printable(data string) bool {
	b := uint64(data[0]) | uint64(data[1])<<8 | uint64(data[2])<<16 | uint64(data[3])<<24 |
		uint64(data[4])<<32 | uint64(data[5])<<40 | uint64(data[6])<<48 | uint64(data[7])<<56
	const ones = 0x0101010101010101
	return (b|(b+ones)|(b-0x20*ones))&(0x80*ones) == 0
}

// colour returns the length of the SGR sequence at the front of data, or 0.
func colour(data string) int {
	if len(data) < 3 || data[0] != 0x1b || data[1] != '[' {
		return 0
	}
	for i := 2; i < min(len(data), 64); i++ {
		switch c := data[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c-'0' > 9:
			return 0
		}
	}
	return 0
}

// appendPlain appends text without its colours.
func appendPlain(dst []byte, text string, coloured bool) []byte {
	if !coloured {
		return append(dst, text...)
	}
	for len(text) > 0 {
		n := strings.IndexByte(text, 0x1b)
		if n < 0 {
			n = len(text)
		}
		dst = append(dst, text[:n]...)
		text = text[n:]
		text = text[colour(text):]
	}
	return dst
}

// plainLines takes plain lines from the front of data that have nothing to find. It
// returns the number of bytes that need no more; if it takes none, nothing waits.
func (s *screen) plainLines(data string, pos int64) int {
	if s.vt == nil {
		return s.plainPieces(data, pos)
	}
	w := &s.waiting
	if w.count == 0 && w.rest == "" && !s.scrolls() {
		return 0
	}
	n := 0
	for n < len(data) {
		raw, at := data[n:], pos+int64(n)
		size := 0 // of the line in data
		if i := strings.IndexByte(raw, '\n'); i >= 0 {
			size = i + 1
			raw = raw[:size]
		}
		if w.rest != "" {
			raw, at = w.rest+raw, w.restAt
		}
		tabs, end, coloured := plainText(raw)
		s.headed = append(append(s.headed[:0], lineHead...), s.indent(tabs)...)
		s.headed = appendPlain(s.headed, raw[tabs:end], coloured)
		width := len(s.headed) - headLen
		if cols, _ := s.vt.Size(); width >= min(cols, lookEvery) {
			break
		}
		if size == 0 && end == len(raw) {
			w.rest, w.restAt = raw, at
			return len(data)
		}
		if raw[end:] != "\r\n" || !s.isDull(width-8*tabs, at+int64(end)) {
			break
		}
		w.rest = ""
		s.wait(plainLine{raw, at}, coloured)
		n += size
	}
	s.draw()
	return n
}

// indent returns the blanks that tabs at the start of a row move over.
func (s *screen) indent(tabs int) []byte {
	for len(s.blanks) < 8*tabs {
		s.blanks = append(s.blanks, "        "...)
	}
	return s.blanks[:8*tabs]
}

// scrolls reports whether plain lines may wait from here on.
func (s *screen) scrolls() bool {
	c := s.vt.Cursor()
	cols, rows := s.vt.Size()
	if c.X != 0 || c.Y != rows-1 || c.Pending || rows < 2 || len(s.flow) > 0 || s.dirty || s.all || s.entered || !s.vt.PrintsPlain() {
		return false
	}
	if top, bottom, left, right := s.vt.Margins(); top != 0 || bottom != rows-1 || left != 0 || right != cols-1 {
		return false
	}
	row := s.vt.Row(c.Y)
	if row.Content() > 0 || row.Continued() || row.WasContinued() || tokenRune(s.vt.Cell(cols-1, c.Y-1).Rune()) {
		return false
	}
	at := s.scrolled + int64(c.Y)
	for _, next := range []int64{at, at + 1} {
		if _, ok := s.breaks[next]; ok {
			return false
		}
	}
	if s.filled == at || s.key && !s.run.m.frozen && s.insideKey(c.Y) {
		return false
	}
	for x := range cols {
		if s.vt.TabStop(x) != (x%8 == 0) {
			return false
		}
	}
	above := s.vt.Row(c.Y - 1)
	s.headed = above.AppendText(s.headed[:0])
	s.plainAbove = above.Continued() || encodedLine(s.headed)
	return true
}

// lineHead stands before the line in headed.
const lineHead = "\n\n\n\n\n\n\n\n"

// isDull reports whether there is nothing to find in the plain line, which ends before the
// offset pos, and if so, notes that it was searched. Its last n bytes were printed.
func (s *screen) isDull(n int, pos int64) bool {
	if n == 0 {
		s.plainAbove = false
		return true // the row did not change
	}
	m := s.run.m
	line := s.headed[headLen:]
	text := line[len(line)-n:]
	if s.work >= workStart+workByte*pos {
		return false
	}
	if !m.frozen && m.wasQuiet(line) {
		m.notePrompt(line)
		if s.mayBeEntry(line, false) {
			return false
		}
	} else if !m.frozen || m.again {
		special, dull := m.isDull(line)
		if !dull {
			return false
		}
		if m.again {
			if _, dull := m.isDull(text); !dull {
				return false // in the flow, which has no indentation
			}
		}
		if !m.frozen && (special>>keyLine&1 != 0 || (special>>entryLine&1 != 0 || s.heads != 0) && s.mayBeEntry(line, special>>entryLine&1 != 0)) {
			return false
		}
	}
	if m.frozen && m.mayCopy(s.headed, true) {
		return false
	}
	encoded := encodedLine(line)
	if encoded && s.plainAbove {
		return false // lookEncoded searches the two
	}
	s.plainAbove = encoded && len(line) >= minEncoded
	cols, _ := s.vt.Size()
	s.work += int64(cols)
	return true
}

// wait has a line wait.
func (s *screen) wait(l plainLine, coloured bool) {
	w := &s.waiting
	s.flowNew = true
	w.count++
	_, rows := s.vt.Size()
	if len(w.lines) < rows {
		w.lines = append(w.lines, l)
		return
	}
	// One more line will have left the screen.
	if gone := w.lines[w.first].raw; strings.IndexByte(gone, 0x1b) >= 0 {
		for i := strings.IndexByte(gone, 0x1b); i >= 0; i = strings.IndexByte(gone, 0x1b) {
			n := colour(gone[i:])
			s.vt.WriteString(gone[i : i+n])
			gone = gone[i+n:]
		}
	}
	w.lines[w.first] = l
	w.first = (w.first + 1) % rows
}

// draw draws the lines that wait, and feeds the start of the next one.
func (s *screen) draw() {
	w := &s.waiting
	if w.count > 0 {
		if gone := w.count - len(w.lines); gone > 0 {
			s.scrolled += int64(gone)
		}
		for i := range w.lines {
			s.drawLine(w.lines[(w.first+i)%len(w.lines)])
		}
		if w.count > len(w.lines) {
			s.keyTop = false // none of them is inside of a key
		}
		clear(w.lines)
		w.lines, w.first, w.count = w.lines[:0], 0, 0
	}
	if rest := w.rest; rest != "" {
		w.rest = ""
		s.pieces(rest, w.restAt)
	}
}

// drawLine draws a line that was searched.
func (s *screen) drawLine(l plainLine) {
	raw := l.raw
	for len(raw) > 0 {
		n := 0
		for n < len(raw) && raw[n] == '\t' {
			n++
		}
		s.vt.SetNumber(tagOf(l.pos+int64(len(l.raw)-len(raw)+n), 1))
		if i := strings.IndexByte(raw, 0x1b); i >= 0 {
			n = i + colour(raw[i:])
		} else {
			n = len(raw)
		}
		s.vt.WriteString(raw[:n])
		raw = raw[n:]
	}
}

// pieces passes on text that has printable ASCII, colours, tabs, carriage returns and
// line feeds.
func (s *screen) pieces(text string, pos int64) {
	for i := 0; i < len(text); {
		n := 1
		switch c := text[i]; {
		case c == 0x1b:
			n = colour(text[i:])
			s.tok.seq = append(s.tok.seq[:0], text[i:i+n]...)
			s.control(s.tok.seq)
			s.tok.seq = s.tok.seq[:0]
		case c < 0x20:
			s.tok.single(text[i : i+1])
		default:
			for i+n < len(text) && text[i+n]-0x20 < 0x5f {
				n++
			}
			s.ascii(text[i:i+n], pos+int64(i))
		}
		i += n
	}
}

// plainPieces is plainLines without a vt.Screen: it takes all up to the first byte
// that is not plain, and only pieces of text that may have a copy of a secret become the
// flow.
func (s *screen) plainPieces(data string, pos int64) int {
	m := s.run.m
	n := 0
	for n < len(data) {
		_, end, coloured := plainText(data[n:])
		end += n
		next := end
		for next < len(data) && (data[next] == '\r' || data[next] == '\n' || data[next] == '\t') {
			next++
		}
		if next == end && next < len(data) {
			break // anything else
		}
		s.headed = appendPlain(append(s.headed[:0], lineHead...), strings.TrimLeft(data[n:end], "\t"), coloured)
		if next == end || len(s.flow) > 0 || end-n >= lookEvery/2 || m.mayCopy(s.headed, false) {
			s.pieces(data[n:next], pos+int64(n))
		} else if next > n {
			last := data[next-1]
			s.flowNew = last == '\n' || last == '\r'
		}
		n = next
	}
	return n
}
