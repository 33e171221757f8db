package redact

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// screen draws a recording's output on a vt.Screen and searches each line when its
// text is about to change or the cursor leaves it. These moments depend only on
// the stream, so it does not matter how the stream is split into events.
//
// It has to know which byte of the stream drew a cell, even after the cell was
// scrolled, moved, copied or wrapped again. So the cells of its vt.Screen have the
// tags of their characters as numbers.
//
// Most text is printed line by line, and then no line has more to find than the text
// as it was printed. A second pass needs no vt.Screen there; see the field plain.
type screen struct {
	run *run
	tok tokenizer
	vt  *vt.Screen // nil if only the text as printed is searched

	// plain reports that each line searched so far was kept as an oddLine, or printed as
	// it stands, so that a copy of a secret in it is also in the flow.
	plain bool
	// doubtful reports that the flow may have a text that is a secret only because
	// of what stands before it in its line. It is set without a vt.Screen.
	doubtful bool

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
	covered int  // bytes of it that were searched as part of a plain line

	// The line being searched: text above the screen, and the rows from top to
	// bottom.
	line        []byte
	top, bottom int
	above0      int      // bytes of it that are above the screen
	tags        []uint64 // the tag of each byte, once tagged has been called
	cuts        []int    // offsets in line of the prompts that begin inside of rows
	hard        []int    // offsets in line of rows that joined added without the terminal's word

	// Where lines begin that may seem to continue others, by row.
	breaks   map[int64]lineBreak
	scrolled int64 // rows that left the top
	filled   int64 // row that the cursor left when it was full
	entered  bool  // a line editor has ended, so the next line feed begins a line

	block     []byte // scratch of lookEncoded
	blockTags []uint64

	heads  uint64 // bit i: a head of entryKinds[i] was seen
	key    bool   // a private key was seen, so lines of base64 may belong to one
	keyTop bool   // the row that left the top last was inside a private key

	at   []int64 // scratch of around
	work int64   // cells searched

	waiting    waiting
	headed     []byte // lineHead and the plain line being searched, as on the screen
	plainAbove bool   // the one above is a long line of base64
	blanks     []byte // scratch of indent

	// For a replacer: the marks without width that were printed behind a character, by
	// its place; the bytes printed with a character set; and scratch.
	marksOf  map[int64][]int64
	graphics [][2]int64
	starts   []int
	rowText  []byte
	rowTags  []uint64
	begun    map[*pair]*begunText // texts that are being typed
	cells    []drawn
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

func newScreen(r *run, size format.Size) *screen {
	s := &screen{run: r, flowNew: true, plain: true, breaks: map[int64]lineBreak{}, filled: -1}
	s.tok.sink, s.tok.lines = s, s.plainLines
	size = size.OrDefault()
	s.vt = vt.New(size.Cols, size.Rows, vt.Numbered(tagOf(1, 1)), vt.WithHooks(vt.Hooks{LineLeft: s.lineLeft}))
	return s
}

// tagOf returns the tag of a character: the offset of its first byte and its
// length.
func tagOf(pos int64, n int) uint64 { return uint64(pos)<<2 | uint64(n-1)&3 }

// noTag is the tag of a blank that no character drew.
const noTag = vt.NoNumber

func (s *screen) ascii(run string, pos int64) {
	for len(run) > 0 {
		part := run[:min(len(run), lookEvery)]
		run = run[len(part):]
		if s.vt != nil {
			s.vt.SetNumber(tagOf(pos, 1))
			s.vt.WriteString(part)
			if s.run.m.replacer != nil && !s.vt.PrintsPlain() && !s.vt.PrintsASCII() {
				s.graphic(pos, pos+int64(len(part)))
			}
		}
		s.flow = append(s.flow, part...)
		for range len(part) {
			s.flowAt = append(s.flowAt, pos)
			pos++
		}
		s.printed(len(part))
	}
}

func (s *screen) char(r rune, raw string, pos int64) {
	if s.vt != nil {
		s.vt.SetNumber(tagOf(pos, len(raw)))
		if r == utf8.RuneError {
			s.vt.WriteString("\ufffd") // the end of raw may be missing, so the screen would wait for it
		} else {
			s.vt.WriteString(raw)
		}
		if s.run.m.replacer != nil {
			s.note(r, len(raw), pos)
		}
	}
	s.flow = utf8.AppendRune(s.flow, r)
	for i := range utf8.RuneLen(r) {
		s.flowAt = append(s.flowAt, pos+int64(min(i, len(raw)-1)))
	}
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
	case edits:
		s.dirty = true
	case editsAll:
		s.all = true
	}
	if s.vt == nil {
		return
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
	if s.vt == nil {
		return
	}
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

func (s *screen) passed(raw string) {
	if s.vt != nil {
		s.vt.WriteString(raw)
	}
}

func (s *screen) payload(kind byte, text []byte, at []int64, first, last bool) {
	if kind == ']' && first && promptMark.Match(text) {
		s.prompted()
	}
	s.run.payload(kind, text, at, first && last)
}

func (s *screen) resize(size format.Size) {
	if s.vt == nil {
		return
	}
	s.plain = false
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
	s.draw()
	s.tok.finish()
	s.look()
	s.endFlow(0)
}

// look searches the lines whose text may have changed.
func (s *screen) look() {
	s.since = 0
	if s.vt == nil {
		s.all, s.dirty = false, false
		return
	}
	if s.all && !s.tired() {
		s.all, s.dirty, s.plain = false, false, false
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
	s.line, s.tags, s.above0 = s.line[:0], s.tags[:0], 0
	start := true
	if top == 0 && len(s.above) > 0 && s.vt.Row(0).Continued() {
		start = false
		s.line = append(s.line, s.above[max(0, len(s.above)-maxLineText):]...)
		s.above0 = len(s.line)
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
		s.line = s.vt.Row(bottom).AppendText(s.line)
		if bottom >= y {
			n += s.vt.Row(bottom).Len()
		}
		if bottom+1 >= rows || n >= limit || !s.joined(bottom+1) {
			break
		}
	}
	s.work += int64(s.vt.Row(y).Len() * (bottom - top + 1))
	s.top, s.bottom = top, bottom
	odd := false
	switch {
	case s.isFlow(start):
		s.covered = len(s.flow)
	case len(s.cuts) > 0 || !s.isRun():
		odd = true
	}
	from := 0
	for _, cut := range append(s.cuts, len(s.line)) {
		if cut = min(cut, len(s.line)); cut > from || len(s.cuts) == 0 {
			s.lookText(from, cut, start || from > 0, odd)
		}
		from = cut
	}
	// Rows joined without the terminal's word may be lines of their own. If a
	// secret ends in the last column, the next line may begin with another.
	if len(s.hard) > 0 && len(s.cuts) == 0 {
		from := 0
		for _, upto := range append(s.hard, len(s.line)) {
			s.lookText(from, upto, start || from > 0, odd)
			from = upto
		}
	}
	if s.run.m.replacer != nil {
		s.lookBegun()
		return bottom
	}
	if !s.run.m.frozen {
		s.lookKey(top)
		s.lookEntry(top)
	}
	if top > 0 && encodedLine(s.line) {
		s.lookEncoded(top)
	}
	return bottom
}

// lookEncoded searches the line, whose first row is top, together with the one above
// for known secrets that the two share, as in base64 of several lines. In the first
// pass, it only notes that there is such a line.
func (s *screen) lookEncoded(top int) {
	from := top - 1
	for from > 0 && top-from < 64 && s.vt.Row(from).Continued() {
		from--
	}
	above, tags := s.block[:0], s.blockTags[:0]
	for y := from; y < top; y++ {
		above = s.vt.Row(y).AppendText(above)
		tags = s.appendTags(tags, s.vt.Row(y))
	}
	edge := len(above)
	if edge >= minEncoded && encodedLine(above) {
		if s.plain = false; s.run.m.frozen {
			above, tags = append(above, s.line...), append(tags, s.tagged()...)
			for _, sp := range s.run.m.known.find(nil, above) {
				if sp.s.least != 0 && sp.from < edge && sp.to > edge {
					s.run.here = s.around(above, tags)
					s.run.mark(sp, tags[sp.from:sp.to], where{kind: "output"})
				}
			}
		}
	}
	s.block, s.blockTags = above, tags
}

// minEncoded is the least length of a line of base64 that another follows.
const minEncoded = 16

// isFlow reports whether the line is the flow, apart from blanks at its start. start
// reports whether the line is searched from its beginning on.
func (s *screen) isFlow(start bool) bool {
	text := bytes.TrimLeft(s.line, " ")
	if len(text) == 0 || len(s.hard)+len(s.cuts) > 0 || !bytes.HasSuffix(s.flow, text) || s.above0 > 0 {
		return false
	}
	at := len(s.flow) - len(text)
	if start && len(bytes.TrimLeft(s.flow[:at], " ")) > 0 {
		return false
	}
	row, x := s.vt.Row(s.top), len(s.line)-len(text)
	return x < row.Len() && int64(row.Cell(x).Number()>>2) == s.flowAt[at]
}

// isRun reports whether the line's characters follow each other in the stream,
// apart from blanks at its start. Then each part of it, up to the length of overlap,
// is or was in the flow.
func (s *screen) isRun() bool {
	indent := len(s.line) - len(bytes.TrimLeft(s.line, " "))
	tags := s.tagged()
	for i := indent; i < len(tags); i++ {
		switch tag := tags[i]; {
		case tag == noTag:
			return false
		case i == indent || !utf8.RuneStart(s.line[i]):
		default:
			before := tags[i-1] &^ wideTag
			if tag&^wideTag>>2 != before>>2+before&3+1 {
				return false
			}
		}
	}
	return true
}

// lookText searches a part of the line, and keeps it if it is odd.
func (s *screen) lookText(from, upto int, start, odd bool) {
	if odd && s.plain {
		s.plain = s.run.keep(oddLine{s.line[from:upto], s.tagged()[from:upto], start})
	}
	spans := s.run.m.look(s.line[from:upto], start)
	if s.run.m.replacer != nil {
		for _, sp := range spans {
			s.replaceLine(sp.s.pair, from+sp.from, from+sp.to)
		}
		return
	}
	if len(spans) > 0 {
		s.run.here = s.around(s.line[from:upto], s.tagged()[from:upto])
	}
	for _, sp := range spans {
		s.run.mark(sp, s.tagged()[from+sp.from:from+sp.to], where{kind: "output"})
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
	if b, ok := s.breakAt(y); ok && b.x == 0 {
		switch {
		case b.fed && row.Continued():
			delete(s.breaks, s.scrolled+int64(y)) // the terminal has wrapped the row above since
		case !b.fed || !tokenRow(row):
			return false
		}
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

// tagged returns the tag of each byte of the line.
func (s *screen) tagged() []uint64 {
	if len(s.tags) < len(s.line) {
		s.tags = append(s.tags[:0], s.aboveTags[len(s.aboveTags)-s.above0:]...)
		for y := s.top; y <= s.bottom; y++ {
			s.tags = s.appendTags(s.tags, s.vt.Row(y))
		}
	}
	return s.tags
}

// appendTags appends the tag of each byte of a row's text.
func (s *screen) appendTags(tags []uint64, row vt.Row) []uint64 {
	for x := range row.Content() {
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
		tag := c.Number()
		if c.Empty() {
			tag = noTag
		} else if c.Width() == 2 && tag != noTag {
			tag |= wideTag
		}
		for range size {
			tags = append(tags, tag)
		}
	}
	return tags
}

// wideTag is set in the tag of a character two columns wide.
const wideTag = 1 << 62

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
			copy(s.aboveTags, s.aboveTags[len(s.aboveTags)-n:])
		}
		s.above, s.aboveTags = s.above[:n], s.aboveTags[:n]
	}
	from := len(s.above)
	s.above = row.AppendText(s.above)
	s.aboveTags = s.appendTags(s.aboveTags, row)
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
	var spans []span
	switch {
	case s.vt == nil:
		spans = s.run.m.lookCopies(s.flow)
	case s.run.m.replacer != nil:
		for _, sp := range s.run.m.look(s.flow, s.flowNew) {
			s.replaceFlow(sp.s.pair, sp.from, sp.to)
		}
	case s.run.m.frozen || s.covered != len(s.flow): // else the rules have seen it in its line
		spans = s.run.m.look(s.flow, s.flowNew)
	}
	if len(spans) > 0 {
		s.run.here = around{text: s.flow, at: s.flowAt, marks: &s.run.outMarks}
	}
	for _, sp := range spans {
		s.run.markBytes(sp, s.flow[sp.from:sp.to], s.flowAt[sp.from:sp.to], where{kind: "output"})
	}
	if s.vt == nil && !s.doubtful {
		s.doubtful = s.run.m.known.mayBegin(s.flow, len(s.flow), func(i int) bool { return s.run.outMarks.get(s.flowAt[i]) != keep })
	}
	n := min(rest, len(s.flow))
	copy(s.flow, s.flow[len(s.flow)-n:])
	copy(s.flowAt, s.flowAt[len(s.flowAt)-n:])
	s.flow, s.flowAt = s.flow[:n], s.flowAt[:n]
	s.flowNew, s.covered = false, 0
}

// promptText returns the text of the cursor's line before the cursor.
func (s *screen) promptText() string {
	text, _ := s.beforeCursor()
	return string(text)
}

// beforeCursor returns the text of the cursor's line before the cursor, and the tag of
// each byte.
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

// appendCells appends the text of the cells in some columns to text, and the tag of
// each byte to tags.
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
			if tag = cell.Number(); cell.Width() == 2 && tag != noTag {
				tag |= wideTag
			}
		}
		for len(tags) < len(text) {
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
			return harmless // it changes colours
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
