package redact

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// screen reads a recording's output on a vt.Screen and shows the matcher each
// line whenever its text is about to change or be left. These moments lie in
// the stream and not between events, so how it is cut into events makes no
// difference.
//
// When it locates, it needs to know which byte of the stream drew a cell, also
// after the cell was scrolled, inserted before, copied or wrapped anew. So its
// screen is another one than the user's: before each character the pen gets a
// colour that is the character's place in the stream, and the cells carry it
// along.
type screen struct {
	run    *run
	locate bool
	tok    tokenizer
	vt     *vt.Screen

	dirty bool // text was drawn or moved in the cursor's line since the last look
	all   bool // and perhaps in others
	since int  // characters printed since the last look

	// What left the top of the screen and goes on in its first row.
	above     []byte
	aboveTags []uint64

	// What was printed since the cursor was last moved, with the places of
	// its bytes: where bytes were drawn over each other, no line has them.
	flow    []byte
	flowAt  []int64
	flowNew bool // it begins a line

	line []byte
	tags []uint64
	hard []int // where in line rows begin that were only taken for its continuation

	key    bool // a private key was seen, so lines of base64 may belong to one
	keyTop bool // what left the top last was inside one

	work    int64 // cells looked at
	esc     []byte
	penHigh uint64 // the background of the pen; noPen if it is not known
}

const (
	maxLineText = 8 << 10     // of a line, on each side of the cursor's row
	lookEvery   = maxLineText // characters, of a line that does not end
)

func newScreen(r *run, size format.Size, locate bool) *screen {
	s := &screen{run: r, locate: locate, flowNew: true, penHigh: noPen}
	s.tok.sink = s
	if size.Cols <= 0 || size.Rows <= 0 {
		size = format.Size{Cols: 80, Rows: 24}
	}
	s.vt = vt.New(size.Cols, size.Rows, vt.WithHooks(vt.Hooks{LineLeft: s.lineLeft}))
	return s
}

// A tag is the place of a character's first byte and its length, in the 48
// bits of two RGB colours.
func tagOf(pos int64, n int) uint64 { return uint64(pos)<<2 | uint64(n-1)&3 }

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

// pen appends what makes tag the colour of what is printed next. The
// background, which changes every 4 MiB, is only given when it may be another.
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
		// What joins the character before must follow it at once. In grapheme
		// mode that may be anything but ASCII; such a cluster has the place
		// of its first character.
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
			return // it would change tags, and no text
		}
	case edits:
		s.dirty = true
	case editsAll:
		s.all = true
	}
	s.vt.Write(seq)
	if len(seq) > 1 {
		s.penHigh = noPen
	}
}

func (s *screen) passed(raw string) { s.vt.WriteString(raw) }

func (s *screen) payload(kind byte, text []byte, at []int64, first, last bool) {
	s.run.payload(kind, text, at, first && last)
}

func (s *screen) resize(size format.Size) {
	s.look()
	s.vt.Resize(size.Cols, size.Rows)
	s.all = true
	s.look()
}

func (s *screen) finish() {
	s.tok.finish()
	s.look()
	s.endFlow(0)
}

// look shows the matcher what may have new text.
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

// tired reports whether so much was looked at already, for the length of the
// stream, that from now on a look is at the cursor's row alone. Only a stream
// that is made for it gets there: a few bytes can change a large screen.
func (s *screen) tired() bool {
	if s.work < workStart+workByte*s.tok.pos {
		return false
	}
	s.run.tired = true
	return true
}

// What may be looked at, in cells: at the start, and for each byte read.
const (
	workStart = 64 << 20
	workByte  = 256
)

// lookLine shows the line that row y belongs to, and gives its last row.
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
	s.hard = s.hard[:0]
	bottom := top
	for n = 0; ; bottom++ {
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
	s.lookText(0, len(s.line), start)
	// Rows that were only taken for one line may be several: a secret that
	// ends in the last column must not hide what the next line begins with.
	if len(s.hard) > 0 {
		from := 0
		for _, upto := range append(s.hard, len(s.line)) {
			s.lookText(from, upto, start || from > 0)
			from = upto
		}
	}
	s.lookKey(top, bottom)
	return bottom
}

func (s *screen) lookText(from, upto int, start bool) {
	spans := s.run.m.find(s.line[from:upto], start)
	if s.locate {
		for _, sp := range spans {
			s.run.mark(sp, s.tags[from+sp.from:from+sp.to], where{kind: "output"})
		}
	}
}

// joined reports whether row y goes on with the text of the one above: by the
// terminal's word, or because that is full and ends, as this begins, in the
// middle of what may be a secret.
func (s *screen) joined(y int) bool {
	row := s.vt.Row(y)
	if row.Continued() {
		return true
	}
	up := s.vt.Row(y - 1)
	return tokenRune(up.Cell(up.Len()-1).Rune()) && tokenRune(row.Cell(0).Rune())
}

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

// wideTag is set in a tag, above its 48 bits, for a character of two columns.
const wideTag = 1 << 48

// lineLeft keeps the text of a line whose end is still on the screen.
func (s *screen) lineLeft(row vt.Row, why vt.Leave) {
	if why != vt.LeftTop {
		return
	}
	if _, rows := s.vt.Size(); rows > 1 && !row.Wrapped() && !s.key {
		s.above, s.aboveTags = s.above[:0], s.aboveTags[:0]
		return
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

// endFlow shows what was printed without a move in between, and forgets it but
// for its last rest bytes.
func (s *screen) endFlow(rest int) {
	if len(s.flow) == 0 {
		return
	}
	spans := s.run.m.find(s.flow, s.flowNew)
	if s.locate {
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

// The lines of a private key between its armour, also behind line numbers.
// The rules match a line at a time; a key's lines are known by those above.
var (
	keyBegin = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`)
	keyBody  = regexp.MustCompile(`^\s*(?:\d+[ \t│|:]*)?(?:[A-Za-z0-9+/]{4,}={0,2}|=[A-Za-z0-9+/]{4}|[A-Z][A-Za-z-]+: .*|)\s*$`)
	keyData  = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}\s*$|[A-Za-z0-9+/]{4,}={0,2}\s*$`)
	keyArmor = []byte("PRIVATE KEY")
)

// lookKey masks the line in the rows top to bottom if it is one of a private
// key.
func (s *screen) lookKey(top, bottom int) {
	if !s.key {
		s.key = bytes.Contains(s.line, keyArmor) && keyBegin.Match(s.line)
		return
	}
	if !keyBody.Match(s.line) {
		return
	}
	at := keyData.FindIndex(s.line)
	if at == nil {
		return
	}
	inside := false
	for y := top; ; {
		if y == 0 {
			inside = s.keyTop
			break
		}
		y--
		for y > 0 && s.vt.Row(y).Continued() {
			y--
		}
		text := s.vt.Row(y).AppendText(nil)
		if keyBegin.Match(text) {
			inside = true
			break
		}
		if !keyBody.Match(text) {
			break
		}
	}
	if !inside {
		return
	}
	data := bytes.TrimRight(s.line[at[0]:at[1]], " ")
	sp := s.run.m.found(s.line, valueOf(at[0], at[0]+len(data)), "private-key-line", false, true)
	if s.locate {
		s.run.mark(sp, s.tags[sp.from:sp.to], where{kind: "output"})
	}
}

// promptText is the text of the cursor's line before the cursor.
func (s *screen) promptText() string {
	c := s.vt.Cursor()
	top := c.Y
	for top > 0 && c.Y-top < 8 && s.vt.Row(top).Continued() {
		top--
	}
	var b []byte
	for y := top; y <= c.Y; y++ {
		row := s.vt.Row(y)
		upto := row.Len()
		if y == c.Y && !c.Pending {
			upto = c.X
		}
		for x := range upto {
			switch cell := row.Cell(x); {
			case cell.Width() == 0:
			case cell.Empty():
				b = append(b, ' ')
			default:
				b = append(b, s.vt.CellText(cell)...)
			}
		}
	}
	return string(b)
}

// What a sequence means to whoever looks at the text.
const (
	moves    = iota // the cursor goes elsewhere, or text away
	harmless        // text goes on behind it as if it had not been
	edits           // the text of the cursor's line changes
	editsAll        // that of any line
	recolors        // cells change their looks
)

// kindOf tells which of them a control character, an ESC or a CSI sequence is.
// When in doubt it moves.
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
