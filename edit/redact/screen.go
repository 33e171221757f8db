package redact

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// screen draws a recording's output on a vt.Screen and searches each line when its
// text is about to change or the cursor leaves it. These moments depend only on
// the stream, so it does not matter how the stream is split into events.
//
// In the second pass it has to know which byte of the stream drew a cell, even
// after the cell was scrolled, moved, copied or wrapped again. So it gives each
// character a colour that encodes the character's offset in the stream, and the
// cells carry it along.
type screen struct {
	run    *run
	locate bool // this is the second pass
	tok    tokenizer
	vt     *vt.Screen

	dirty bool // the text of the cursor's line changed since the last look
	all   bool // and that of other lines may have
	since int  // characters printed since the last look

	// Text that scrolled off the top of the screen and continues in its first
	// row, with the tag of each byte.
	above     []byte
	aboveTags []uint64

	// Text printed since the cursor last moved, with the offset of each byte.
	// Characters that were drawn over are in no line of the screen.
	flow    []byte
	flowAt  []int64
	flowNew bool // it begins a line

	// The line being searched, with the tag of each byte.
	line []byte
	tags []uint64
	cuts []int // offsets in line of the prompts that begin inside of rows
	hard []int // offsets in line of rows that joined added without the terminal's word

	// Where lines begin that may seem to continue others, by row.
	breaks   map[int64]lineBreak
	scrolled int64 // rows that left the top
	filled   int64 // row that the cursor left when it was full
	entered  bool  // a line editor has ended, so the next line feed begins a line

	block     []byte // scratch of lookEncoded
	blockTags []uint64

	entries bool // the head of entries was seen, see entryKinds
	key     bool // a private key was seen, so lines of base64 may belong to one
	keyTop  bool // the row that left the top last was inside a private key

	at      []int64 // scratch of around
	work    int64   // cells searched
	esc     []byte  // scratch
	penHigh uint64  // background of the pen; noPen if it is not known
}

const (
	maxLineText = 8 << 10     // bytes of a line, on each side of the cursor's row
	lookEvery   = maxLineText // characters of a line that does not end
)

// lineBreak is where a prompt or another line begins in a row.
type lineBreak struct {
	// x is the column. At column 0, the row does not continue the one above.
	x int
	// head is the text before the column.
	head string
	// fed reports that a line feed led to the row from a full one, without the
	// terminal's wrap. If the row is part of a token, the program may have wrapped it.
	fed bool
}

func newScreen(r *run, size format.Size, locate bool) *screen {
	s := &screen{run: r, locate: locate, flowNew: true, penHigh: noPen, breaks: map[int64]lineBreak{}, filled: -1}
	s.tok.sink = s
	size = size.OrDefault()
	s.vt = vt.New(size.Cols, size.Rows, vt.WithHooks(vt.Hooks{LineLeft: s.lineLeft}))
	return s
}

// tagOf returns the tag of a character: the offset of its first byte and its
// length, in the 48 bits of two RGB colours.
func tagOf(pos int64, n int) uint64 { return uint64(pos)<<2 | uint64(n-1)&3 }

// cellTag returns the tag of the character in a cell, noTag if it has none.
func cellTag(c vt.Cell) uint64 {
	fr, fg, fb, ok := c.Fg().RGB()
	if !ok {
		return noTag
	}
	br, bg, bb, ok := c.Bg().RGB()
	if !ok {
		return noTag
	}
	return uint64(br)<<40 | uint64(bg)<<32 | uint64(bb)<<24 | uint64(fr)<<16 | uint64(fg)<<8 | uint64(fb)
}

const noTag = 1<<64 - 1

// pen appends the sequence that sets the colours to tag. It sets the background,
// which changes every 4 MiB, only when it may be another.
func (s *screen) pen(b []byte, tag uint64) []byte {
	b = append(b, "\x1b[38;2;"...)
	b = append(b, decimals[tag>>16&255]...)
	b = append(b, ';')
	b = append(b, decimals[tag>>8&255]...)
	b = append(b, ';')
	b = append(b, decimals[tag&255]...)
	if high := tag >> 24; high != s.penHigh {
		s.penHigh = high
		b = append(b, ";48;2;"...)
		b = append(b, decimals[high>>16&255]...)
		b = append(b, ';')
		b = append(b, decimals[high>>8&255]...)
		b = append(b, ';')
		b = append(b, decimals[high&255]...)
	}
	return append(b, 'm')
}

const noPen = 1 << 63

var decimals = func() (d [256]string) {
	for i := range d {
		d[i] = strconv.Itoa(i)
	}
	return d
}()

func (s *screen) ascii(run string, pos int64) {
	for len(run) > 0 {
		part := run[:min(len(run), lookEvery)]
		run = run[len(part):]
		if s.locate {
			b := s.esc[:0]
			for i := range len(part) {
				b = append(s.pen(b, tagOf(pos+int64(i), 1)), part[i])
				s.flowAt = append(s.flowAt, pos+int64(i))
			}
			s.vt.Write(b)
			s.esc = b
			pos += int64(len(part))
		} else {
			s.vt.WriteString(part)
		}
		s.flow = append(s.flow, part...)
		s.printed(len(part))
	}
}

func (s *screen) char(r rune, raw string, pos int64) {
	if s.locate {
		// A character that joins the one before must follow it directly. In
		// grapheme mode any character but ASCII may; the cluster has the tag of
		// its first character.
		if vt.RuneWidth(r) > 0 && (!s.vt.Modes().Graphemes || len(s.flow) == 0 || s.flow[len(s.flow)-1] < utf8.RuneSelf) {
			s.esc = s.pen(s.esc[:0], tagOf(pos, len(raw)))
			s.vt.Write(s.esc)
		}
		for i := range utf8.RuneLen(r) {
			s.flowAt = append(s.flowAt, pos+int64(min(i, len(raw)-1)))
		}
	}
	s.vt.WriteString(raw)
	s.flow = utf8.AppendRune(s.flow, r)
	s.printed(1)
}

// printed notes that n characters were printed.
func (s *screen) printed(n int) {
	s.dirty = true
	if s.since += n; s.since >= lookEvery {
		s.look()
		if len(s.flow) >= maxLineText {
			s.endFlow(overlap)
		}
	}
}

func (s *screen) control(seq []byte) {
	k := kindOf(seq)
	if k != harmless {
		s.look()
		s.endFlow(0)
		s.flowNew = seq[0] == '\n' || seq[0] == '\r'
	}
	switch k {
	case recolors:
		if s.locate {
			return // it would change tags, but no text
		}
	case edits:
		s.dirty = true
	case editsAll:
		s.all = true
	}
	was := s.vt.Cursor()
	s.vt.Write(seq)
	switch string(seq) {
	case "\r", "\n", "\x1b[?2004l":
		s.fed(seq[0] == '\n', len(seq) > 1, was)
	default:
		if len(s.breaks) > 0 && movesRows(seq) {
			clear(s.breaks)
		}
	}
	if len(seq) > 1 {
		s.penHigh = noPen
	}
}

// movesRows reports whether a sequence may move rows other than by a line feed.
func movesRows(seq []byte) bool {
	switch seq[len(seq)-1] {
	case 'L', 'M', 'S', 'T', 'J', 'c', 'x', 'v', 't', 'r', '+':
		return true
	case 'h', 'l': // another screen
		return bytes.Contains(seq, []byte("47")) || bytes.Contains(seq, []byte("1049"))
	}
	return false
}

// fed notes that the cursor, which was elsewhere, moved by a carriage return or a
// line feed, or that a line editor ended, which begins a line.
func (s *screen) fed(feed, ended bool, was vt.Cursor) {
	row := s.scrolled + int64(was.Y)
	if was.Pending {
		s.filled = row
	}
	c := s.vt.Cursor()
	to := s.scrolled + int64(c.Y)
	switch {
	case ended:
		s.entered = true
		if c.X == 0 && blankRow(s.vt.Row(c.Y)) {
			s.setBreak(to, lineBreak{})
		}
	case !feed:
	case s.entered:
		s.entered = false
		s.setBreak(to, lineBreak{})
	case !s.vt.Modes().BracketedPaste && (s.filled == to-1 || s.vt.Row(c.Y).WasContinued()) && blankRow(s.vt.Row(c.Y)):
		s.setBreak(to, lineBreak{fed: true})
	}
}

// prompted notes that the shell says that a prompt, or a command's output, begins at
// the cursor. What stands before it in the row is another line, such as the prompt
// for a password that was not echoed.
func (s *screen) prompted() {
	s.look()
	s.endFlow(0)
	s.flowNew = true
	c := s.vt.Cursor()
	switch row := s.scrolled + int64(c.Y); {
	case c.Pending:
		s.setBreak(row+1, lineBreak{})
	case c.X == 0:
		s.setBreak(row, lineBreak{})
	default:
		s.setBreak(row, lineBreak{x: c.X, head: s.head(c.Y, c.X)})
	}
}

// head returns the text of row y before column x.
func (s *screen) head(y, x int) string {
	text, _ := s.appendCells(nil, nil, s.vt.Row(y), 0, x)
	return string(text)
}

const maxBreaks = 1 << 12

func (s *screen) setBreak(row int64, b lineBreak) {
	if len(s.breaks) >= maxBreaks {
		clear(s.breaks)
	}
	s.breaks[row] = b
}

// breakAt returns the break in row y, if it still holds.
func (s *screen) breakAt(y int) (lineBreak, bool) {
	b, ok := s.breaks[s.scrolled+int64(y)]
	return b, ok && (b.x == 0 || s.head(y, b.x) == b.head)
}

func (s *screen) passed(raw string) { s.vt.WriteString(raw) }

func (s *screen) payload(kind byte, text []byte, at []int64, first, last bool) {
	if kind == ']' && first && promptMark.Match(text) {
		s.prompted()
	}
	s.run.payload(kind, text, at, first && last)
}

func (s *screen) resize(size format.Size) {
	s.look()
	s.vt.Resize(size.Cols, size.Rows)
	s.all = true
	clear(s.breaks)
	s.look()
}

// promptMark matches the marks of shell integration for the start of a prompt, and of
// a command's output.
var promptMark = regexp.MustCompile(`^(?:133|633);[ACD]`)

func (s *screen) finish() {
	s.tok.finish()
	s.look()
	s.endFlow(0)
}

// look searches the lines whose text may have changed.
func (s *screen) look() {
	s.since = 0
	if s.all && !s.tired() {
		s.all, s.dirty = false, false
		_, rows := s.vt.Size()
		for y := 0; y < rows; y++ {
			y = s.lookLine(y)
		}
		return
	}
	if s.dirty || s.all {
		s.all, s.dirty = false, false
		s.lookLine(s.vt.Cursor().Y)
	}
}

// tired reports whether so many cells were searched, for the length of the stream,
// that from now on only the cursor's row is. A few bytes can change a large
// screen, but only a stream made for it does so all the time.
func (s *screen) tired() bool {
	if s.work < workStart+workByte*s.tok.pos {
		return false
	}
	s.run.tired = true
	return true
}

// Cells that may be searched: at the start, and for each byte of the stream.
const (
	workStart = 64 << 20
	workByte  = 256
)

// lookLine searches the line that row y belongs to, and returns its last row.
func (s *screen) lookLine(y int) int {
	_, rows := s.vt.Size()
	top, n := y, 0
	limit := maxLineText
	if s.tired() {
		limit = 0
	}
	for top > 0 && n < limit && s.joined(top) {
		top--
		n += s.vt.Row(top).Len()
	}
	s.line, s.tags = s.line[:0], s.tags[:0]
	start := true
	if top == 0 && len(s.above) > 0 && s.vt.Row(0).Continued() {
		start = false
		from := max(0, len(s.above)-maxLineText)
		s.line = append(s.line, s.above[from:]...)
		if s.locate {
			s.tags = append(s.tags, s.aboveTags[from:]...)
		}
	} else if top > 0 && s.joined(top) {
		start = false
	}
	s.hard, s.cuts = s.hard[:0], s.cuts[:0]
	bottom := top
	for n = 0; ; bottom++ {
		if b, ok := s.breakAt(bottom); ok && b.x > 0 {
			s.cuts = append(s.cuts, len(s.line)+len(b.head))
		}
		if bottom > top && !s.vt.Row(bottom).Continued() {
			s.hard = append(s.hard, len(s.line))
		}
		s.line, s.tags = s.appendRow(s.line, s.tags, s.vt.Row(bottom))
		if bottom >= y {
			n += s.vt.Row(bottom).Len()
		}
		if bottom+1 >= rows || n >= limit || !s.joined(bottom+1) {
			break
		}
	}
	s.work += int64(s.vt.Row(y).Len() * (bottom - top + 1))
	from := 0
	for _, cut := range append(s.cuts, len(s.line)) {
		if cut = min(cut, len(s.line)); cut > from || len(s.cuts) == 0 {
			s.lookText(from, cut, start || from > 0)
		}
		from = cut
	}
	// Rows joined without the terminal's word may be lines of their own. If a
	// secret ends in the last column, the next line may begin with another.
	if len(s.hard) > 0 && len(s.cuts) == 0 {
		from := 0
		for _, upto := range append(s.hard, len(s.line)) {
			s.lookText(from, upto, start || from > 0)
			from = upto
		}
	}
	s.lookKey(top)
	s.lookEntry(top)
	if s.locate && top > 0 && encodedLine(s.line) {
		s.lookEncoded(top)
	}
	return bottom
}

// lookEncoded searches the line, whose first row is top, together with the one above
// for known secrets that the two share, as in base64 of several lines.
func (s *screen) lookEncoded(top int) {
	from := top - 1
	for from > 0 && top-from < 64 && s.vt.Row(from).Continued() {
		from--
	}
	above, tags := s.block[:0], s.blockTags[:0]
	for y := from; y < top; y++ {
		above, tags = s.appendRow(above, tags, s.vt.Row(y))
	}
	edge := len(above)
	if edge >= minEncoded && encodedLine(above) {
		above, tags = append(above, s.line...), append(tags, s.tags...)
		for _, sp := range s.run.m.known.find(nil, above, false) {
			if sp.s.least != 0 && sp.from < edge && sp.to > edge {
				s.run.here = s.around(above, tags)
				s.run.mark(sp, tags[sp.from:sp.to], where{kind: "output"})
			}
		}
	}
	s.block, s.blockTags = above, tags
}

// minEncoded is the least length of a line of base64 that another follows.
const minEncoded = 16

// lookText searches a part of the line.
func (s *screen) lookText(from, upto int, start bool) {
	spans := s.run.m.find(s.line[from:upto], start)
	if s.locate && len(spans) > 0 {
		s.run.here = s.around(s.line[from:upto], s.tags[from:upto])
		for _, sp := range spans {
			s.run.mark(sp, s.tags[from+sp.from:from+sp.to], where{kind: "output"})
		}
	}
}

// around returns a line of the screen for the report.
func (s *screen) around(text []byte, tags []uint64) around {
	at := s.at[:0]
	for _, tag := range tags {
		pos := int64(-1)
		if tag != noTag {
			pos = int64(tag &^ wideTag >> 2)
		}
		at = append(at, pos)
	}
	s.at = at
	return around{text: text, at: at, marks: &s.run.outMarks}
}

// joined reports whether row y continues the row above: because the terminal
// wrapped it, also if the program has moved to it by a line feed since, as fish does
// to redraw its end; or because the row above is full and both ends look like a token, as
// when a program wraps lines itself.
func (s *screen) joined(y int) bool {
	row := s.vt.Row(y)
	if b, ok := s.breakAt(y); ok && b.x == 0 && (!b.fed || !tokenRow(row)) {
		return false
	}
	if row.Continued() || row.WasContinued() {
		return true
	}
	up := s.vt.Row(y - 1)
	return tokenRune(up.Cell(up.Len()-1).Rune()) && tokenRune(row.Cell(0).Rune())
}

// blankRow reports whether a row has no text but blanks, of which readline prints one
// to wrap.
func blankRow(row vt.Row) bool {
	for x := range row.Content() {
		if c := row.Cell(x); !c.Empty() && c.Rune() != ' ' {
			return false
		}
	}
	return true
}

// tokenRow reports whether a row is a part of a token, or the end of one.
func tokenRow(row vt.Row) bool {
	for x := range row.Content() {
		if !tokenRune(row.Cell(x).Rune()) {
			return false
		}
	}
	return true
}

// tokenRune reports whether tokens contain r.
func tokenRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	switch r {
	case '+', '/', '_', '-', '.', '=', '%', '~', ':', '@':
		return true
	}
	return false
}

// appendRow appends the text of a row to line and, in the second pass, the tag of
// each byte to tags.
func (s *screen) appendRow(line []byte, tags []uint64, row vt.Row) ([]byte, []uint64) {
	if !s.locate {
		return row.AppendText(line), tags
	}
	line = row.AppendText(line)
	for x := 0; len(tags) < len(line) && x < row.Len(); x++ {
		c := row.Cell(x)
		size := 1
		switch {
		case c.Width() == 0:
			continue
		case c.Rune() < 0:
			size = len(s.vt.CellText(c))
		case c.Rune() >= utf8.RuneSelf:
			size = utf8.RuneLen(c.Rune())
		}
		tag := cellTag(c)
		if c.Empty() {
			tag = noTag
		} else if c.Width() == 2 {
			tag |= wideTag
		}
		for range size {
			tags = append(tags, tag)
		}
	}
	return line, tags
}

// wideTag is set in the tag of a character two columns wide, above its 48 bits.
const wideTag = 1 << 48

// lineLeft keeps the text of a row that left the screen if its line continues.
func (s *screen) lineLeft(row vt.Row, why vt.Leave) {
	if why != vt.LeftTop {
		clear(s.breaks)
		return
	}
	s.scrolled++
	if _, rows := s.vt.Size(); rows > 1 && !row.Wrapped() && !s.key {
		s.above, s.aboveTags = s.above[:0], s.aboveTags[:0]
		return
	}
	if _, ok := s.breaks[s.scrolled]; ok {
		// The next row begins a line.
		s.above, s.aboveTags = s.above[:0], s.aboveTags[:0]
	}
	if !row.Continued() || len(s.above) > 4*maxLineText {
		n := 0
		if row.Continued() {
			n = max(0, len(s.above)-maxLineText)
			n = copy(s.above, s.above[n:])
			if s.locate {
				copy(s.aboveTags, s.aboveTags[len(s.aboveTags)-n:])
				s.aboveTags = s.aboveTags[:n]
			}
		}
		s.above = s.above[:n]
		if n == 0 {
			s.aboveTags = s.aboveTags[:0]
		}
	}
	from := len(s.above)
	s.above, s.aboveTags = s.appendRow(s.above, s.aboveTags, row)
	if s.key {
		switch text := s.above[from:]; {
		case keyBegin.Match(text):
			s.keyTop = true
		case !keyBody.Match(text):
			s.keyTop = false
		}
	}
}

// endFlow searches the flow, and removes all but its last rest bytes.
func (s *screen) endFlow(rest int) {
	if len(s.flow) == 0 {
		return
	}
	spans := s.run.m.find(s.flow, s.flowNew)
	if s.locate && len(spans) > 0 {
		s.run.here = around{text: s.flow, at: s.flowAt, marks: &s.run.outMarks}
		for _, sp := range spans {
			s.run.markBytes(sp, s.flow[sp.from:sp.to], s.flowAt[sp.from:sp.to], where{kind: "output"})
		}
	}
	n := min(rest, len(s.flow))
	copy(s.flow, s.flow[len(s.flow)-n:])
	s.flow = s.flow[:n]
	if s.locate {
		copy(s.flowAt, s.flowAt[len(s.flowAt)-n:])
		s.flowAt = s.flowAt[:n]
	}
	s.flowNew = false
}

// promptText returns the text of the cursor's line before the cursor.
func (s *screen) promptText() string {
	text, _ := s.beforeCursor()
	return string(text)
}

// beforeCursor returns the text of the cursor's line before the cursor and, in the
// second pass, the tag of each byte.
func (s *screen) beforeCursor() (text []byte, tags []uint64) {
	c := s.vt.Cursor()
	top := c.Y
	for top > 0 && c.Y-top < 8 && s.vt.Row(top).Continued() {
		top--
	}
	for y := top; y <= c.Y; y++ {
		upto := s.vt.Row(y).Len()
		if y == c.Y && !c.Pending {
			upto = c.X
		}
		from := 0
		if b, ok := s.breakAt(y); ok && b.x <= upto {
			text, tags = text[:0], tags[:0]
			from = b.x
		}
		text, tags = s.appendCells(text, tags, s.vt.Row(y), from, upto)
	}
	return text, tags
}

// appendCells appends the text of the cells in some columns to text and, in the
// second pass, the tag of each byte to tags.
func (s *screen) appendCells(text []byte, tags []uint64, row vt.Row, from, upto int) ([]byte, []uint64) {
	for x := from; x < min(upto, row.Len()); x++ {
		cell := row.Cell(x)
		tag := uint64(noTag)
		switch {
		case cell.Width() == 0:
			continue
		case cell.Empty():
			text = append(text, ' ')
		default:
			text = append(text, s.vt.CellText(cell)...)
			if tag = cellTag(cell); cell.Width() == 2 {
				tag |= wideTag
			}
		}
		for s.locate && len(tags) < len(text) {
			tags = append(tags, tag)
		}
	}
	return text, tags
}

// What a sequence does to the text.
const (
	moves    = iota // it moves the cursor or text
	harmless        // nothing
	edits           // it may change the cursor's line
	editsAll        // it may change any line
	recolors        // it changes only colours
)

// kindOf returns what a control character, an ESC or a CSI sequence does: moves,
// if it is not known.
func kindOf(seq []byte) int {
	if len(seq) == 0 {
		return moves
	}
	final := seq[len(seq)-1]
	if seq[0] != 0x1b {
		if seq[0] == 0xc2 && len(seq) > 2 && seq[1] == 0x9b {
			return kindOfCSI(seq[2:len(seq)-1], final)
		}
		switch seq[0] {
		case 0, 7, 0x0e, 0x0f, 0x7f:
			return harmless
		}
		return moves
	}
	if len(seq) < 2 {
		return moves
	}
	if seq[1] == '[' {
		if len(seq) == 2 {
			return moves
		}
		return kindOfCSI(seq[2:len(seq)-1], final)
	}
	switch seq[1] {
	case '(', ')', '*', '+', '=', '>', 'n', 'o', 'N', 'O', '\\':
		return harmless
	case '#', '6', '9':
		return editsAll
	}
	return moves
}

// kindOfCSI is kindOf for a CSI sequence.
func kindOfCSI(params []byte, final byte) int {
	var inter byte
	prefix := byte(0)
	for i, c := range params {
		switch {
		case c < 0x20 || c >= 0x7f:
			return editsAll // control characters inside
		case c < 0x30:
			inter = c
		case c >= '<' && i == 0:
			prefix = c
		}
	}
	switch inter {
	case 0:
	case '$':
		if final == 'r' || final == 't' {
			return recolors
		}
		return editsAll
	case ' ':
		if final == 'q' {
			return harmless
		}
		return editsAll
	default:
		return editsAll
	}
	switch final {
	case 'm', 'c', 'n', 'q', 'u':
		if final == 'u' && prefix == 0 {
			return moves
		}
		return harmless
	case 'h', 'l':
		if prefix == '?' {
			switch string(params[1:]) {
			case "1", "12", "25", "1000", "1002", "1003", "1004", "1006", "2004", "2026", "2031":
				return harmless
			}
		}
	case '@', 'P', 'X', 'K', 'J', 'b':
		return edits
	case 't':
		return editsAll // it may be a resize
	}
	return moves
}
