package svg

import (
	"strconv"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
)

// rows makes rows of cells into elements, each distinct row once. The origin of a row is
// its baseline at its left edge.
type rows struct {
	fonts     *glyph.Fonts
	cellW     int
	cellH     int
	baseline  int
	thickness int // of lines and strokes

	defs  []string       // by number; the first is a blank row
	ids   map[string]int // of each of defs
	bytes int            // of defs, with what surrounds them in the file

	links  map[uint32]string // by their numbers
	linked bool              // any is in use

	classes classes
	faces   [4]map[rune]bool // the characters in each style, if embed
	embed   bool

	// For one row at a time:
	b      []byte
	cells  []rowCell
	paths  []pathGroup
	rects  []rect
	segs   []segment
	counts []count
}

// rowCell is a cell as it is drawn.
type rowCell struct {
	look render.Look
	text string
	kind kind
	cols int
	rest bool
	link uint32
}

// What surrounds a row in the file, and about how much longer an attribute is there.
const (
	defBytes  = len(`<g id="abcde"></g>`)
	attrBytes = 6
)

func (r *rows) init(fonts *glyph.Fonts, cols int) {
	cell := fonts.Cell()
	r.fonts, r.cellW, r.cellH, r.baseline = fonts, cell.X, cell.Y, fonts.Baseline()
	r.thickness = max(fonts.Lines().Thickness, 1)
	r.ids = map[string]int{"": 0}
	r.defs = []string{""}
	r.links = map[uint32]string{}
	r.cells = make([]rowCell, cols)
	r.classes.init()
}

// intern returns the number of the row in r.b.
func (r *rows) intern() int {
	if n, ok := r.ids[string(r.b)]; ok {
		return n
	}
	s := string(r.b)
	n := len(r.defs)
	r.classes.keep()
	r.defs = append(r.defs, s)
	r.ids[s] = n
	r.bytes += len(s) + defBytes + len(r.classes.used)*attrBytes
	return n
}

// row returns the number of a row.
func (r *rows) row(c *render.Canvas, row []render.Cell) int {
	r.cells = r.cells[:0]
	var last render.Style
	look := render.LookOf(last)
	for i := range row {
		cell := &row[i]
		if cell.Style != last {
			last = cell.Style
			look = render.LookOf(last)
		}
		r.cells = append(r.cells, newCell(cell, look))
	}
	r.b, r.classes.used = r.b[:0], r.classes.used[:0]
	r.draw(c, false)
	return r.intern()
}

func newCell(cell *render.Cell, look render.Look) rowCell {
	rc := rowCell{look: look, cols: 1, rest: cell.Rest, link: cell.Link}
	if cell.Width == 2 {
		rc.cols = 2
	}
	if !cell.Rest && !look.Concealed {
		if rc.text = cellText(cell); rc.text != "" {
			rc.kind = kindOf(rc.text)
		}
	}
	return rc
}

// cursor returns the number of the row that is the cursor over the first cell of row.
func (r *rows) cursor(c *render.Canvas, row []render.Cell, shape int) int {
	look := render.LookOf(row[0].Style)
	cell := newCell(&row[0], look)
	ink := c.CursorInk
	r.b, r.classes.used = r.b[:0], r.classes.used[:0]
	if shape >= 3 {
		g := r.group(pathKey{ink: ink})
		if shape <= 4 {
			h := max(r.cellH/8, 1)
			g.rect(0, float64(r.cellH-h-r.baseline), float64(r.cellW*cell.cols), float64(h))
		} else {
			g.rect(0, float64(-r.baseline), float64(max((r.cellW+3)/6, 1)), float64(r.cellH))
		}
		r.flushPaths()
		return r.intern()
	}
	if look.Line == look.Fg {
		cell.look.Line = look.Bg
	}
	cell.look.Fg, cell.look.Bg = look.Bg, ink
	cell.link = 0
	r.cells = append(r.cells[:0], cell)
	if cell.cols == 2 {
		cell.rest, cell.text, cell.kind = true, "", blank
		r.cells = append(r.cells, cell)
	}
	r.draw(c, true)
	return r.intern()
}

// draw appends the elements of r.cells to r.b. The default background is left out unless
// all is set.
func (r *rows) draw(c *render.Canvas, all bool) {
	r.backgrounds(all)
	for x := range r.cells {
		cell := &r.cells[x]
		if cell.rest || cell.text == "" || cell.kind == inRun {
			continue
		}
		if ch, n := utf8.DecodeRuneInString(cell.text); n == len(cell.text) && r.shape(x, ch, cell) {
			cell.text, cell.kind = "", blank
		}
	}
	r.decorate()
	r.flushPaths()
	r.text(c)
}

// backgrounds appends the backgrounds: for each colour a path of lines as thick as the
// row.
func (r *rows) backgrounds(all bool) {
	type run struct {
		ink     render.Ink
		from, n int
	}
	var runs []run
	for x := range r.cells {
		ink := r.cells[x].look.Bg
		if ink == render.InkBg && !all {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].ink == ink && runs[n-1].from+runs[n-1].n == x {
			runs[n-1].n++
			continue
		}
		runs = append(runs, run{ink, x, 1})
	}
	for i := range runs {
		ink := runs[i].ink
		if runs[i].n == 0 {
			continue
		}
		r.b = append(r.b, "<path"...)
		r.b = r.classes.appendAttr(r.b, line, ink, "")
		r.b = append(r.b, ` d="M`...)
		r.b = strconv.AppendInt(r.b, int64(runs[i].from*r.cellW), 10)
		r.b = appendNumber(r.b, float64(r.cellH)/2-float64(r.baseline), true)
		at := runs[i].from
		for j := i; j < len(runs); j++ {
			run := &runs[j]
			if run.ink != ink || run.n == 0 {
				continue
			}
			if run.from > at {
				r.b = append(r.b, 'm')
				r.b = strconv.AppendInt(r.b, int64((run.from-at)*r.cellW), 10)
				r.b = append(r.b, " 0"...)
			}
			r.b = append(r.b, 'h')
			r.b = strconv.AppendInt(r.b, int64(run.n*r.cellW), 10)
			at = run.from + run.n
			run.n = 0
		}
		r.b = append(r.b, `"/>`...)
	}
}

// textStyle is how text is drawn.
type textStyle struct {
	ink     render.Ink
	classes string // further ones
}

// segment is a part of a run of text in one style.
type segment struct {
	style textStyle
	link  string
	text  []byte
	plain bool // only blanks, which look alike in all classes
}

// maxGap is how many blanks are written between two words; more begin a new run, which
// is shorter.
const maxGap = 36

// text appends the text.
func (r *rows) text(c *render.Canvas) {
	for x := 0; x < len(r.cells); {
		switch r.cells[x].kind {
		case blank:
			x++
		case inRun:
			x = r.run(c, x)
		case placed:
			x = r.placed(c, x)
		case alone:
			x = r.alone(c, x)
		}
	}
}

// run appends the run of text that begins at column x, and returns the column behind it.
func (r *rows) run(c *render.Canvas, x int) int {
	from, to := x, x
	r.segs = r.segs[:0]
	for x < len(r.cells) {
		cell := &r.cells[x]
		if cell.kind == inRun {
			for ; to < x; to++ {
				r.addText(c, &r.cells[to], " ", true)
			}
			r.addText(c, cell, cell.text, false)
			to++
		} else if cell.kind != blank || x-to >= maxGap {
			break
		}
		x++
	}
	r.b = append(r.b, "<text"...)
	if from > 0 {
		r.b = append(r.b, ` x="`...)
		r.b = strconv.AppendInt(r.b, int64(from*r.cellW), 10)
		r.b = append(r.b, '"')
	}
	if to-from > 1 {
		r.b = append(r.b, ` textLength="`...)
		r.b = strconv.AppendInt(r.b, int64((to-from)*r.cellW), 10)
		r.b = append(r.b, '"')
	}
	r.closeText()
	return to
}

// placed appends characters that have places of their own.
func (r *rows) placed(c *render.Canvas, x int) int {
	r.segs = r.segs[:0]
	r.b = append(r.b, `<text x="`...)
	first := true
	put := func(x int) {
		if !first {
			r.b = append(r.b, ' ')
		}
		first = false
		r.b = strconv.AppendInt(r.b, int64(x*r.cellW), 10)
	}
	for x < len(r.cells) {
		cell := &r.cells[x]
		switch {
		case cell.kind == placed:
			put(x)
			r.addText(c, cell, cell.text, false)
			x += cell.cols
			continue
		case cell.kind == blank && x+1 < len(r.cells) && r.cells[x+1].kind == placed:
			put(x)
			r.addText(c, cell, " ", true)
			x++
			continue
		}
		break
	}
	r.b = append(r.b, '"')
	r.closeText()
	return x
}

// alone appends one character.
func (r *rows) alone(c *render.Canvas, x int) int {
	cell := &r.cells[x]
	r.segs = r.segs[:0]
	r.addText(c, cell, cell.text, false)
	r.b = append(r.b, "<text"...)
	if x > 0 {
		r.b = append(r.b, ` x="`...)
		r.b = strconv.AppendInt(r.b, int64(x*r.cellW), 10)
		r.b = append(r.b, '"')
	}
	r.closeText()
	return x + cell.cols
}

// addText adds a character to the segments.
func (r *rows) addText(c *render.Canvas, cell *rowCell, text string, plain bool) {
	link := ""
	if cell.link != 0 {
		link = r.link(c, cell.link)
	}
	n := len(r.segs)
	if plain {
		if n > 0 && r.segs[n-1].link == link {
			r.segs[n-1].text = append(r.segs[n-1].text, text...)
			return
		}
	}
	style := plainText
	if !plain {
		style = r.textStyle(cell.look)
		r.note(text, cell.look)
	}
	if n > 0 && r.segs[n-1].link == link {
		last := &r.segs[n-1]
		if last.style == style || last.plain {
			last.style, last.plain = style, false
			last.text = appendContent(last.text, text)
			return
		}
	}
	if n < cap(r.segs) {
		r.segs = r.segs[:n+1]
	} else {
		r.segs = append(r.segs, segment{})
	}
	seg := &r.segs[n]
	seg.style, seg.link, seg.plain = style, link, plain
	seg.text = appendContent(seg.text[:0], text)
}

// closeText completes a text element, whose start tag is open, with the segments.
func (r *rows) closeText() {
	base := r.base()
	r.b = r.classes.appendAttr(r.b, both, base.ink, base.classes)
	r.b = append(r.b, '>')
	link := ""
	for i := range r.segs {
		s := &r.segs[i]
		if s.link != link {
			if link != "" {
				r.b = append(r.b, "</a>"...)
			}
			if link = s.link; link != "" {
				r.linked = true
				r.b = append(r.b, `<a href="`...)
				r.b = appendText(r.b, link)
				r.b = append(r.b, `">`...)
			}
		}
		if s.plain || s.style == base {
			r.b = append(r.b, s.text...)
			continue
		}
		r.b = append(r.b, "<tspan"...)
		switch {
		case s.style.ink != base.ink:
			r.b = r.classes.appendAnyAttr(r.b, both, s.style.ink, s.style.classes)
		default:
			r.b = appendClass(r.b, "", s.style.classes)
		}
		r.b = append(r.b, '>')
		r.b = append(r.b, s.text...)
		r.b = append(r.b, "</tspan>"...)
	}
	if link != "" {
		r.b = append(r.b, "</a>"...)
	}
	r.b = append(r.b, "</text>"...)
}

// link returns the hyperlink of a cell; "" if it is none to be followed.
func (r *rows) link(c *render.Canvas, number uint32) string {
	link, ok := r.links[number]
	if !ok {
		_, uri := c.Link(number)
		link = safeLink(uri)
		r.links[number] = link
	}
	return link
}

// base returns the style of the whole run that leaves the least to be said of its segments.
func (r *rows) base() textStyle {
	only, uniform := plainText, true
	plain, styled := 0, r.counts[:0]
	for i := range r.segs {
		s := &r.segs[i]
		if s.plain {
			continue
		}
		if len(styled) == 0 && plain == 0 {
			only = s.style
		}
		uniform = uniform && s.style == only
		switch {
		case s.style == plainText:
			plain++
		case s.style.classes != "": // which a segment cannot take back
		default:
			n := 0
			for n < len(styled) && styled[n].ink != s.style.ink {
				n++
			}
			if n == len(styled) {
				styled = append(styled, count{ink: s.style.ink})
			}
			styled[n].n++
		}
	}
	r.counts = styled
	if uniform {
		return only
	}
	best := plainText
	for _, c := range styled {
		if c.n > plain {
			best, plain = textStyle{ink: c.ink}, c.n
		}
	}
	return best
}

type count struct {
	ink render.Ink
	n   int
}

// plainText is the style of text without any.
var plainText = textStyle{ink: render.InkFg}

// textStyle returns the style of text.
func (r *rows) textStyle(l render.Look) textStyle {
	t := textStyle{ink: l.Fg}
	n := 0
	if l.Bold {
		n |= 1
	}
	if l.Italic {
		n |= 2
	}
	if l.Faint {
		n |= 4
		r.classes.opacity(faint)
	}
	t.classes = textClasses[n]
	return t
}

var textClasses = [...]string{"", "b", "i", "b i", "f", "b f", "i f", "b i f"}

// faint is the opacity of faint text, as [render.Look.Colors] has it.
const faint = 128

// note notes that a font must have text.
func (r *rows) note(text string, l render.Look) {
	if !r.embed {
		return
	}
	s := styleOf(l)
	if r.faces[s] == nil {
		r.faces[s] = map[rune]bool{' ': true}
	}
	for _, c := range text {
		r.faces[s][c] = true
	}
}

func styleOf(l render.Look) (s glyph.Style) {
	if l.Bold {
		s |= glyph.Bold
	}
	if l.Italic {
		s |= glyph.Italic
	}
	return s
}
