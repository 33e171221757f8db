package redact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Replacement is a text, and what takes its place.
type Replacement struct {
	// Old is the text to replace, wherever it occurs in a line. Case matters. It
	// must not be empty, nor have control characters.
	Old string
	// New takes its place. It must not be wider on a screen, nor have control
	// characters.
	New string
}

// ParseReplacement parses OLD=NEW. A text that has a "=", or begins with a quote, stands
// in double quotes, as strings of Go do.
func ParseReplacement(s string) (Replacement, error) {
	var r Replacement
	rest := s
	if q, err := strconv.QuotedPrefix(s); err == nil && s[0] == '"' {
		r.Old, _ = strconv.Unquote(q)
		rest = s[len(q):]
	} else if i := strings.IndexByte(s, '='); i >= 0 {
		r.Old, rest = s[:i], s[i:]
	}
	text, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return Replacement{}, fmt.Errorf("malformed replacement %q: want OLD=NEW", s)
	}
	if r.New = text; strings.HasPrefix(text, `"`) {
		var err error
		if r.New, err = strconv.Unquote(text); err != nil {
			return Replacement{}, fmt.Errorf("malformed replacement %q: the quotes of NEW do not close", s)
		}
	}
	return r, r.check()
}

// check returns an error that says why r is refused; nil if it is not.
func (r Replacement) check() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("cannot replace %q: "+format, append([]any{r.Old}, args...)...)
	}
	switch {
	case r.Old == "":
		return errors.New("cannot replace the empty text")
	case len(r.Old) > maxOld:
		return fmt.Errorf("cannot replace a text of %d bytes: at most %d", len(r.Old), maxOld)
	case !utf8.ValidString(r.Old) || !utf8.ValidString(r.New):
		return refuse("it, or the new text, is not UTF-8")
	case strings.ContainsFunc(r.Old, unicode.IsControl):
		return refuse("it has control characters, but is looked for in a line of the screen")
	case strings.ContainsFunc(r.New, unicode.IsControl):
		return refuse("%q has control characters, which would move what stands around it", r.New)
	}
	was, now := textWidth(r.Old), textWidth(r.New)
	switch {
	case was == 0:
		return refuse("it has no width on a screen")
	case now > was:
		return refuse("%q is wider, %s and not %s, and would move what stands behind it", r.New, columns(now), columns(was))
	case !fits(glyphsOf(r.Old), glyphsOf(r.New)):
		return refuse("the wide characters of %q would stand across those of it", r.New)
	}
	return nil
}

const maxOld = 1 << 10 // bytes of a text to replace

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}

// Replace returns a filter that replaces texts, on the screen and elsewhere: in output,
// input, control strings, markers, comments, other events and the header.
//
// A text is replaced wherever it occurs in a line of the screen, however it was drawn:
// split over events, typed, coloured or wrapped. Each of its characters is replaced in
// the event that drew it, so everything else stays in its cell; a new text that is
// narrower is followed by blanks. A character that was drawn once has one replacement:
// what stood there while the text was being typed, and what a program leaves of it when
// it overwrites the rest, is the same part of the new text. Input, control strings and
// texts without columns get no blanks, and links and directories in control strings
// are escaped as they have to be. Of two texts that overlap, the longer one is replaced,
// or else the one that comes first. A new text is not searched.
//
// Replace returns an error if a text is refused; see [Replacement]. Applied to a
// recording, the filter reads it to its end before it returns, as [Redactor.Filter]
// does. If a text cannot be replaced, the result has an empty header and no events but
// an error.
func Replace(ctx context.Context, list ...Replacement) (edit.Filter, error) {
	p, err := newReplacer(list)
	if err != nil {
		return nil, err
	}
	return func(src format.Cast) format.Cast {
		r := &Redactor{rules: newRuleSet(nil), replacer: p}
		cast, _, err := r.Cast(ctx, src)
		if err != nil {
			return format.Cast{Events: func(yield func(format.Event, error) bool) { yield(format.Event{}, err) }}
		}
		return cast
	}, nil
}

// replacer finds texts to replace. It does not change, so that it can be shared.
type replacer struct {
	pairs []*pair // the longest first
	marks bool    // some texts have characters without width
}

// pair is a Replacement, prepared.
type pair struct {
	old    []byte
	new    string
	glyphs []glyph // of new
	secret secret  // refers to the pair, for spans
}

// glyph is a character with those without width behind it.
type glyph struct {
	text  string
	width int
}

func newReplacer(list []Replacement) (*replacer, error) {
	p := &replacer{}
	seen := map[string]string{}
	for _, r := range list {
		if err := r.check(); err != nil {
			return nil, err
		}
		if other, ok := seen[r.Old]; ok {
			if other != r.New {
				return nil, fmt.Errorf("cannot replace %q by both %q and %q", r.Old, other, r.New)
			}
			continue
		}
		seen[r.Old] = r.New
		one := &pair{old: []byte(r.Old), new: r.New, glyphs: glyphsOf(r.New)}
		one.secret.pair = one
		p.pairs = append(p.pairs, one)
		p.marks = p.marks || strings.ContainsFunc(r.Old, func(r rune) bool { return vt.RuneWidth(r) == 0 })
	}
	slices.SortStableFunc(p.pairs, func(a, b *pair) int { return cmp.Compare(len(b.old), len(a.old)) })
	return p, nil
}

// find appends the places of the texts in text to dst, in order.
func (p *replacer) find(dst []span, text []byte) []span {
	gaps := []extent{{0, len(text)}} // without a text yet, in order
	first := len(dst)
	for _, one := range p.pairs {
		var left []extent
		found := false
		for n, g := range gaps {
			for {
				i := bytes.Index(text[g.from:g.to], one.old)
				if i < 0 {
					break
				}
				if !found {
					found = true
					left = append(left, gaps[:n]...)
				}
				at := g.from + i
				left = append(left, extent{g.from, at})
				dst = append(dst, span{from: at, to: at + len(one.old), s: &one.secret})
				g.from = at + len(one.old)
			}
			if found {
				left = append(left, g)
			}
		}
		if found {
			gaps = left
		}
	}
	slices.SortFunc(dst[first:], func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return dst
}

// in reports whether text has one of the texts.
func (p *replacer) in(text []byte) bool {
	return slices.ContainsFunc(p.pairs, func(one *pair) bool { return bytes.Contains(text, one.old) })
}

// text returns s with the texts in it replaced. escape, unless nil, is applied to the
// new ones.
func (p *replacer) text(s string, escape func(string) string) string {
	spans := p.find(nil, []byte(s))
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, sp := range spans {
		b.WriteString(s[at:sp.from])
		now := sp.s.pair.new
		if escape != nil {
			now = escape(now)
		}
		b.WriteString(now)
		at = sp.to
	}
	b.WriteString(s[at:])
	return b.String()
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += vt.RuneWidth(r)
	}
	return n
}

// glyphsOf splits a text into glyphs. Characters without width at its start belong to the
// first.
func glyphsOf(s string) []glyph {
	var list []glyph
	for _, r := range s {
		w := vt.RuneWidth(r)
		if n := len(list); n > 0 && (w == 0 || list[n-1].width == 0) {
			list[n-1].text += string(r)
			list[n-1].width += w
		} else {
			list = append(list, glyph{string(r), w})
		}
	}
	return list
}

// fits reports whether glyphs can be drawn in place of others: each wide one in place of
// a wide one or of two that are not, and the other way round.
func fits(was, now []glyph) bool {
	edges := map[int]bool{}
	at := 0
	for _, g := range was {
		at += g.width
		edges[at] = true
	}
	edges[0] = true
	x := 0
	for _, g := range now {
		if g.width == 2 && !(edges[x] && edges[x+2]) {
			return false
		}
		x += g.width
	}
	return true
}

// drawn is a character of a text to replace, and where it was drawn.
type drawn struct {
	pos   int64 // of its bytes in the output; less than 0 if it is a blank that no byte drew
	n     int   // the number of its bytes
	width int
	row   int  // of the screen
	edge  bool // it may have been wrapped because it is too wide for the end of the row above
}

// wideBlank is a blank of two columns.
const wideBlank = "\u3000"

// redraw has a text, or the start of one, drawn as another. It returns why it cannot; "" if
// it can.
func (r *run) redraw(p *pair, cells []drawn, whole bool) (refused string) {
	width := 0
	for _, c := range cells {
		width += c.width
	}
	cols := r.cols[:0] // by column; the second one of a wide glyph has width 0
	for _, g := range p.glyphs {
		for i := range g.width {
			if i == 0 {
				cols = append(cols, g)
			} else {
				cols = append(cols, glyph{})
			}
		}
	}
	if len(cols) > width && whole {
		// The program has a terminal that joins characters to narrower ones.
		return "it was drawn narrower than the new text"
	}
	for len(cols) < width {
		cols = append(cols, glyph{" ", 1})
	}
	if len(cols) > width && cols[width].width == 0 {
		cols[width-1] = glyph{" ", 1}
	}
	r.cols = cols
	changes := r.changes[:0]
	lead := ""  // what no byte drew, to be drawn before the next character
	leadN := 0  // its columns
	leadAt := 0 // its row
	last := -1  // index in changes of the last character
	add := func(c drawn, text string) {
		if leadN > 0 && c.row == leadAt {
			text = strings.Repeat("\b", leadN) + lead + text
			lead, leadN = "", 0
		}
		changes = append(changes, swap{c.pos, c.n, text})
		last = len(changes) - 1
	}
	x := 0
	for i := 0; i < len(cells); i++ {
		c := cells[i]
		g := cols[x]
		switch {
		case c.width == 1 && g.width == 2 && i+1 < len(cells) && cells[i+1].width == 1 &&
			cells[i+1].row == c.row && c.pos >= 0 && cells[i+1].pos >= 0 && c.pos != cells[i+1].pos:
			// The one that is drawn later draws both.
			next := cells[i+1]
			if c.pos < next.pos {
				add(c, " ")
				add(next, "\b"+g.text)
			} else {
				add(c, g.text+"\b")
				add(next, " ")
			}
			i++
			x += 2
			continue
		case c.width == 1 && g.width != 1:
			g.text = " "
		case c.width == 2 && g.width == 1 && cols[x+1].width == 1 && !c.edge:
			g.text += cols[x+1].text
		case c.width == 2 && g.width != 2:
			g.text = wideBlank
		}
		x += c.width
		switch {
		case c.pos >= 0:
			add(c, g.text)
		case leadN > 0 && c.row == leadAt:
			lead += g.text
			leadN++
		case g.text != " ":
			if leadN > 0 {
				return "a blank of it was not printed"
			}
			lead, leadN, leadAt = g.text, 1, c.row
		}
	}
	if leadN > 0 {
		if last < 0 || cells[len(cells)-1].row != leadAt {
			return "a blank of it was not printed"
		}
		changes[last].text += lead + strings.Repeat("\b", leadN)
	}
	for _, c := range changes {
		for _, m := range r.out.marksOf[c.pos] {
			changes = append(changes, swap{m, 0, ""})
		}
		if r.out.inGraphics(c.pos) && strings.ContainsFunc(c.text, func(r rune) bool { return r == '#' || 0x5f <= r && r < 0x7f }) {
			return "it was drawn with another character set"
		}
	}
	r.changes = changes
	rank := len(cells)
	if whole {
		rank = max(rank, len(p.old)) + 1
	}
	if err := r.outSwaps.all(changes, rank); err != nil {
		return err.Error()
	}
	return ""
}

// refuse keeps the error that a text cannot be replaced, unless why is "". It is the first
// one that counts.
func (r *run) refuse(p *pair, why string) {
	if r.refused == nil && why != "" {
		r.refused = fmt.Errorf("cannot replace %q, at %v: %s", p.old, r.now.Round(time.Millisecond), why)
	}
}

// replaceLine replaces a text that stands in the line, from the byte from to to.
func (s *screen) replaceLine(p *pair, from, to int) {
	s.run.refuse(p, s.run.redraw(p, s.drawnIn(from, to), true))
}

// drawnIn returns the characters of a part of the line. The result is valid until the
// next call.
func (s *screen) drawnIn(from, to int) []drawn {
	tags := s.tagged()
	rows := s.rowStarts()
	cells := s.cells[:0]
	for i := from; i < to; {
		c, n := utf8.DecodeRune(s.line[i:to])
		if vt.RuneWidth(c) == 0 && len(cells) > 0 {
			i += n
			continue // drawn with the character before
		}
		d := drawn{pos: -1, width: 1}
		at, begins := slices.BinarySearch(rows, i)
		if d.row = at; !begins {
			d.row = at - 1
		}
		if tag := tags[i]; tag != noTag {
			place := tag &^ wideTag
			d.pos, d.n = int64(place>>2), int(place&3)+1
			if tag&wideTag != 0 {
				d.width = 2
				d.edge = begins && s.cutShort(s.top+d.row-1)
			}
		}
		cells = append(cells, d)
		i += n
	}
	s.cells = cells
	return cells
}

// begunText is a text that is being typed in the line of the cursor. A line editor draws it
// again and again: all of those drawings are to be replaced if it is completed.
type begunText struct {
	row   int64     // of the line's first row, counted from the start
	at    int       // where in the line it begins
	n     int       // bytes of it that are there
	drawn [][]drawn // different drawings of its start
	cells int       // in drawn
}

// maxBegun is the number of characters that a begunText keeps.
const maxBegun = 1 << 14

// lookBegun follows the texts that are being typed at the cursor, in the line.
func (s *screen) lookBegun() {
	c := s.vt.Cursor()
	if c.Y < s.top || c.Y > s.bottom {
		return
	}
	rows := s.rowStarts()
	i := rows[len(rows)-1-(s.bottom-c.Y)]
	upto := c.X
	if c.Pending {
		upto++
	}
	s.rowText, s.rowTags = s.appendCells(s.rowText[:0], s.rowTags[:0], s.vt.Row(c.Y), 0, upto)
	head := s.line[:min(len(s.line), i+len(s.rowText))]
	row := s.scrolled + int64(s.top)
	for _, p := range s.run.m.replacer.pairs {
		b := s.begun[p]
		if b != nil && (b.row != row || b.at >= len(s.line)) {
			delete(s.begun, p)
			b = nil
		}
		n := 0
		if b == nil {
			if n = endsWithBegin(head, p.old); n == 0 {
				continue
			}
			b = &begunText{row: row, at: len(head) - n}
		} else if n = common(s.line[b.at:], p.old); n == 0 || n < b.n-1 {
			delete(s.begun, p)
			continue
		}
		b.n = n
		if n == len(p.old) {
			for _, cells := range b.drawn {
				s.run.redraw(p, cells, false)
			}
			delete(s.begun, p)
			continue
		}
		cells := s.drawnIn(b.at, b.at+n)
		if last := len(b.drawn) - 1; last >= 0 && len(b.drawn[last]) <= len(cells) && slices.Equal(b.drawn[last], cells[:len(b.drawn[last])]) {
			b.cells -= len(b.drawn[last])
			b.drawn = b.drawn[:last] // it is the start of this one
		}
		if b.cells += len(cells); b.cells > maxBegun {
			delete(s.begun, p)
			continue
		}
		b.drawn = append(b.drawn, slices.Clone(cells))
		if s.begun == nil {
			s.begun = map[*pair]*begunText{}
		}
		s.begun[p] = b
	}
}

// endsWithBegin returns the number of bytes at the end of text with which old begins, but
// fewer than it has.
func endsWithBegin(text, old []byte) int {
	for n := min(len(text), len(old)-1); n > 0; n-- {
		if text[len(text)-1] == old[n-1] && bytes.HasSuffix(text, old[:n]) && utf8.RuneStart(old[n]) {
			return n
		}
	}
	return 0
}

// common returns the number of bytes of whole characters with which both begin.
func common(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

// rowStarts returns the offsets in the line at which its rows begin. What is above the
// screen counts as one.
func (s *screen) rowStarts() []int {
	s.starts = s.starts[:0]
	if s.above0 > 0 {
		s.starts = append(s.starts, 0)
	}
	at := s.above0
	for y := s.top; y <= s.bottom; y++ {
		s.starts = append(s.starts, at)
		at += s.textLen(s.vt.Row(y))
	}
	return s.starts
}

// textLen returns the number of bytes of a row's text.
func (s *screen) textLen(row vt.Row) int {
	s.rowText = row.AppendText(s.rowText[:0])
	return len(s.rowText)
}

// cutShort reports whether a row may end with a cell that a wide character had no room
// in. Of a row above the screen, that is not known.
func (s *screen) cutShort(y int) bool {
	if y < 0 {
		return true
	}
	row := s.vt.Row(y)
	return row.Cell(row.Len() - 1).Empty()
}

// replaceFlow replaces a text in the flow, which is in no line.
func (s *screen) replaceFlow(p *pair, from, to int) {
	if s.inGraphics(s.flowAt[from]) {
		return // it looks like something else
	}
	cells := s.cells[:0]
	var marks []swap
	for i := from; i < to; {
		c, n := utf8.DecodeRune(s.flow[i:to])
		size := int(s.flowAt[min(i+n, to)-1]-s.flowAt[i]) + 1
		if w := vt.RuneWidth(c); w > 0 || len(cells) == 0 {
			cells = append(cells, drawn{pos: s.flowAt[i], n: size, width: max(w, 1), row: len(cells), edge: true})
		} else {
			marks = append(marks, swap{s.flowAt[i], size, ""})
		}
		i += n
	}
	s.cells = cells
	s.run.refuse(p, s.run.redraw(p, cells, true))
	if s.run.refused == nil {
		s.run.outSwaps.all(marks, len(p.old))
	}
}

// note keeps what redraw needs to know about a character that was printed at pos: the
// bytes of a mark without width, and whether a character set is in use.
func (s *screen) note(r rune, n int, pos int64) {
	if s.vt == nil {
		return
	}
	if !s.vt.PrintsPlain() && !s.vt.PrintsASCII() {
		s.graphic(pos, pos+int64(n))
	}
	if !s.run.m.replacer.marks || vt.RuneWidth(r) > 0 {
		return
	}
	c := s.vt.Cursor()
	x := c.X
	if !c.Pending {
		x--
	}
	if x > 0 && s.vt.Cell(x, c.Y).Width() == 0 {
		x--
	}
	cell := s.vt.Cell(x, c.Y)
	if cell.Width() == 0 || cell.Number() == noTag || !slices.ContainsFunc(s.run.m.replacer.pairs, func(p *pair) bool {
		return bytes.Contains(p.old, []byte(string(r)))
	}) {
		return
	}
	if s.marksOf == nil {
		s.marksOf = map[int64][]int64{}
	}
	if len(s.marksOf) >= maxMarks {
		s.run.outSwaps.err = errTooMuch
		return
	}
	base := int64(cell.Number() >> 2)
	for i := range int64(n) {
		s.marksOf[base] = append(s.marksOf[base], pos+i)
	}
}

const maxMarks = 1 << 18 // places that note keeps of each kind

// graphic notes that the bytes from from up to upto were printed with a character set.
func (s *screen) graphic(from, upto int64) {
	if n := len(s.graphics); n > 0 && s.graphics[n-1][1] == from {
		s.graphics[n-1][1] = upto
		return
	}
	if len(s.graphics) >= maxMarks {
		s.run.outSwaps.err = errTooMuch
		return
	}
	s.graphics = append(s.graphics, [2]int64{from, upto})
}

// inGraphics reports whether the byte at pos was printed with a character set.
func (s *screen) inGraphics(pos int64) bool {
	i, ok := slices.BinarySearchFunc(s.graphics, pos, func(g [2]int64, pos int64) int { return cmp.Compare(g[0], pos) })
	return ok || i > 0 && pos < s.graphics[i-1][1]
}

// replaceTyped replaces a text in a line of input.
func (t *typed) replaceTyped(sp span) {
	p := sp.s.pair
	now := []rune(p.new)
	var changes []swap
	last := t.at[sp.to-1]
	for i := t.at[sp.from]; i <= last; i++ {
		text := ""
		if len(now) > 0 {
			text, now = string(now[:1]), now[1:]
		}
		k := t.buf[i]
		changes = k.retyped(changes, text)
		for _, up := range k.deleted {
			if up.r == k.r && up.numbers != nil { // its release
				changes = up.retyped(changes, text)
			}
		}
		if i == last && len(now) > 0 {
			changes[len(changes)-1].text += string(now)
		}
	}
	if err := t.run.inSwaps.all(changes, len(p.old)); err != nil {
		t.run.refuse(p, err.Error())
	}
}

// retyped appends what makes a key another, or none for "".
func (k key) retyped(changes []swap, text string) []swap {
	if k.numbers == nil || text == "" {
		return append(changes, swap{k.pos, k.n, text})
	}
	r, _ := utf8.DecodeRuneInString(text)
	for _, at := range k.numbers {
		changes = append(changes, swap{at[0], int(at[1] - at[0]), strconv.Itoa(int(r))})
	}
	return changes
}

var errHurried = errors.New("redact: the output changes the screen too often to search it all")

// unbounded is more bytes than any recording has.
const unbounded = math.MaxInt64
