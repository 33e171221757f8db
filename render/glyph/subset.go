package glyph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf16"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// Metrics is the measures of a font, in pixels, as a browser sees them: without the
// rounding to cells.
type Metrics struct {
	Size    float64 // of an em
	Advance float64 // the width of a character
	Ascent  float64 // above the baseline
	Descent float64 // below it
}

// Metrics returns the measures of the chosen font.
func (f *Fonts) Metrics() Metrics {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.families[0].face(Regular).metrics(f.size)
	return Metrics{Size: f.size, Advance: m.advance, Ascent: m.ascent, Descent: m.descent}
}

// ErrNoEmbed is the error for a font whose licence bits forbid to embed a subset of it.
var ErrNoEmbed = errors.New("the licence of the font does not allow to embed a part of it")

// Subset returns a TrueType font that has only the given runes, those of them that the
// chosen font has in that style: see [Options]. Variations, features and hints are left
// out. The error is [ErrNoEmbed], or that of a font that is malformed.
func (f *Fonts) Subset(runes []rune, style Style) (data []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			data, err = nil, fmt.Errorf("malformed font: %v", p)
		}
	}()
	face := f.families[0].face(style & (Bold | Italic))
	if !face.embed {
		return nil, ErrNoEmbed
	}
	w := &subset{face: face, style: style, name: "ttydeck subset", upem: int(face.Upem())}
	if w.upem < 16 || w.upem > 16384 {
		return nil, errors.New("malformed font: the em is out of range")
	}
	if err := w.add(0); err != nil { // what is shown for other characters
		return nil, err
	}
	runes = slices.Clone(runes)
	slices.Sort(runes)
	seen := map[font.GID]int{}
	for _, r := range slices.Compact(runes) {
		id, ok := face.NominalGlyph(r)
		if r < 0 || r > 0x10ffff || !ok || id == 0 {
			continue
		}
		if _, ok := seen[id]; !ok {
			if len(w.glyphs) == 0xffff {
				return nil, errors.New("too many characters for a font")
			}
			seen[id] = len(w.glyphs)
			if err := w.add(id); err != nil {
				return nil, err
			}
		}
		w.cmap = append(w.cmap, mapping{r, seen[id]})
	}
	return encodeFont(w.tables()), nil
}

// subset writes a font in the format of OpenType's specification, with outlines in the
// table glyf.
type subset struct {
	face   *face
	style  Style
	name   string // of the family
	upem   int
	glyphs []subsetGlyph
	cmap   []mapping // by rune

	// The extremes of all glyphs.
	box                        [4]int // xMin, yMin, xMax, yMax
	points, contours, advances int
	lsb, rsb, extent           int
}

type mapping struct {
	r     rune
	glyph int
}

type subsetGlyph struct {
	data    []byte // of glyf; empty for a blank one
	advance int
	lsb     int
}

// contour is a closed outline of on- and off-curve points, as glyf has it.
type contour []curvePoint

type curvePoint struct {
	x, y float64
	on   bool
}

// add adds a glyph of the face.
func (w *subset) add(id font.GID) error {
	o, ok := w.face.GlyphDataOutline(id)
	if !ok && id != 0 {
		return fmt.Errorf("malformed font: glyph %d has no outline", id)
	}
	advance := int(math.Round(float64(w.face.HorizontalAdvance(id))))
	g := subsetGlyph{advance: min(max(advance, 0), 0xffff)}
	contours := contoursOf(o)
	if w.face.italic {
		for _, c := range contours {
			for i := range c {
				c[i].x += .2 * (c[i].y - .25*float64(w.upem))
			}
		}
	}
	if w.face.bold {
		for _, c := range contours {
			again := slices.Clone(c)
			for i := range again {
				again[i].x += float64(w.upem) / 24
			}
			contours = append(contours, again)
		}
	}
	var box [4]int
	var err error
	if g.data, box, err = encodeGlyph(contours); err != nil {
		return err
	}
	if len(g.data) > 0 {
		g.lsb = box[0]
		if w.contours == 0 {
			w.box, w.lsb, w.rsb, w.extent = box, box[0], g.advance-box[2], box[2]
		}
		w.box = [4]int{min(w.box[0], box[0]), min(w.box[1], box[1]), max(w.box[2], box[2]), max(w.box[3], box[3])}
		w.lsb, w.rsb, w.extent = min(w.lsb, box[0]), min(w.rsb, g.advance-box[2]), max(w.extent, box[2])
		points := 0
		for _, c := range contours {
			points += len(c)
		}
		w.points, w.contours = max(w.points, points), max(w.contours, len(contours))
	}
	w.advances = max(w.advances, g.advance)
	w.glyphs = append(w.glyphs, g)
	return nil
}

// contoursOf returns the contours of an outline, with curves of the second degree.
func contoursOf(o font.GlyphOutline) (list []contour) {
	var c contour
	end := func() {
		if n := len(c); n > 1 && c[n-1].on && c[0].on && c[n-1] == c[0] {
			c = c[:n-1]
		}
		if c = c.simplify(); len(c) > 1 {
			list = append(list, c)
		}
		c = nil
	}
	for _, s := range o.Segments {
		a := s.Args
		pt := func(p opentype.SegmentPoint, on bool) curvePoint {
			return curvePoint{float64(p.X), float64(p.Y), on}
		}
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			end()
			c = append(c, pt(a[0], true))
		case opentype.SegmentOpLineTo:
			c = append(c, pt(a[0], true))
		case opentype.SegmentOpQuadTo:
			c = append(c, pt(a[0], false), pt(a[1], true))
		case opentype.SegmentOpCubeTo:
			if len(c) > 0 {
				c = c.cubic(pt(a[0], false), pt(a[1], false), pt(a[2], true))
			}
		}
	}
	end()
	return list
}

// cubic adds a curve of the third degree as some of the second, within half a unit.
func (c contour) cubic(p1, p2, p3 curvePoint) contour {
	p0 := c[len(c)-1]
	// The distance of one curve falls with the third power of their number.
	d := math.Hypot(p3.x-3*p2.x+3*p1.x-p0.x, p3.y-3*p2.y+3*p1.y-p0.y) * math.Sqrt(3) / 36
	n := min(max(int(math.Ceil(math.Cbrt(d/.5))), 1), 8)
	at := func(t float64) (x, y, dx, dy float64) {
		u := 1 - t
		x = u*u*u*p0.x + 3*u*u*t*p1.x + 3*u*t*t*p2.x + t*t*t*p3.x
		y = u*u*u*p0.y + 3*u*u*t*p1.y + 3*u*t*t*p2.y + t*t*t*p3.y
		dx = 3 * (u*u*(p1.x-p0.x) + 2*u*t*(p2.x-p1.x) + t*t*(p3.x-p2.x))
		dy = 3 * (u*u*(p1.y-p0.y) + 2*u*t*(p2.y-p1.y) + t*t*(p3.y-p2.y))
		return x, y, dx, dy
	}
	for i := range n {
		t0, t1 := float64(i)/float64(n), float64(i+1)/float64(n)
		ax, ay, adx, ady := at(t0)
		bx, by, bdx, bdy := at(t1)
		// Of the two points that the tangents' ends give, the middle.
		h := (t1 - t0) / 4
		c = append(c, curvePoint{(ax+bx)/2 + h*(adx-bdx), (ay+by)/2 + h*(ady-bdy), false})
		if i == n-1 {
			bx, by = p3.x, p3.y
		}
		c = append(c, curvePoint{bx, by, true})
	}
	return c
}

// simplify leaves out the points on the curve that are in the middle of those beside
// them, as the format implies them, and rounds the rest.
func (c contour) simplify() contour {
	var out contour
	for i, p := range c {
		a, b := c[(i+len(c)-1)%len(c)], c[(i+1)%len(c)]
		if i == 0 && p.x == math.Round(p.x) && p.y == math.Round(p.y) {
			out = append(out, p) // as it was, so that the contour starts where it did
			continue
		}
		if p.on && !a.on && !b.on && len(c) > 3 && math.Abs((a.x+b.x)/2-p.x) < .01 && math.Abs((a.y+b.y)/2-p.y) < .01 {
			continue
		}
		out = append(out, curvePoint{math.Round(p.x), math.Round(p.y), p.on})
	}
	return out
}

// encodeGlyph returns a glyph in the format of the table glyf, and its box.
func encodeGlyph(contours []contour) (b []byte, box [4]int, err error) {
	if len(contours) == 0 {
		return nil, box, nil
	}
	box = [4]int{math.MaxInt, math.MaxInt, math.MinInt, math.MinInt}
	var flags, xs, ys []byte
	var ends []uint16
	n, x, y := 0, 0, 0
	for _, c := range contours {
		for _, p := range c {
			px, py := int(p.x), int(p.y)
			if max(px, -px, py, -py) > 16383 {
				return nil, box, errors.New("malformed font: an outline is too large")
			}
			box = [4]int{min(box[0], px), min(box[1], py), max(box[2], px), max(box[3], py)}
			flag := byte(0)
			if p.on {
				flag = 1
			}
			flag |= delta(&xs, px-x, 2, 16) | delta(&ys, py-y, 4, 32)
			flags = append(flags, flag)
			x, y = px, py
		}
		n += len(c)
		ends = append(ends, uint16(n-1))
	}
	if n > 0xffff || len(contours) > math.MaxInt16 {
		return nil, box, errors.New("malformed font: an outline has too many points")
	}
	b = be(int16(len(contours)), int16(box[0]), int16(box[1]), int16(box[2]), int16(box[3]), ends, uint16(0))
	for i := 0; i < len(flags); {
		j := i + 1
		for j < len(flags) && flags[j] == flags[i] && j-i < 256 {
			j++
		}
		if j-i > 1 {
			b = append(b, flags[i]|8, byte(j-i-1))
		} else {
			b = append(b, flags[i])
		}
		i = j
	}
	b = append(append(b, xs...), ys...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b, box, nil
}

// delta appends the step of a coordinate and returns its bits of the flag: short for
// one byte, and same for no step or a positive byte.
func delta(b *[]byte, d int, short, same byte) byte {
	switch {
	case d == 0:
		return same
	case d > 0 && d < 256:
		*b = append(*b, byte(d))
		return short | same
	case d < 0 && d > -256:
		*b = append(*b, byte(-d))
		return short
	}
	*b = append(*b, byte(d>>8), byte(d))
	return 0
}

// be returns numbers, and slices of them, in the order of bytes of fonts.
func be(values ...any) (b []byte) {
	for _, v := range values {
		b, _ = binary.Append(b, binary.BigEndian, v) // fixed sizes only
	}
	return b
}

// tables returns the tables of the font, sorted by their tags.
func (w *subset) tables() []table {
	var glyf, hmtx []byte
	loca := be(uint32(0))
	for _, g := range w.glyphs {
		glyf = append(glyf, g.data...)
		loca = append(loca, be(uint32(len(glyf)))...)
		hmtx = append(hmtx, be(uint16(g.advance), int16(g.lsb))...)
	}
	if len(glyf) == 0 {
		glyf = []byte{0, 0, 0, 0} // some readers refuse an empty table
	}
	m := w.face.metrics(float64(w.upem))
	ascent, descent := int16(math.Round(m.ascent)), int16(math.Round(m.descent))
	bold, italic := w.style&Bold != 0, w.style&Italic != 0
	var mac, selection, weight uint16 = 0, 0, 400
	if bold {
		mac, selection, weight = 1, 0x20, 700
	}
	if italic {
		mac, selection = mac|2, selection|1
	}
	if mac == 0 {
		selection = 0x40
	}
	proportion, pitch := byte(0), uint32(0)
	if w.face.monospaced() {
		proportion, pitch = 9, 1
	}
	first, last := uint16(0xffff), uint16(0)
	for _, c := range w.cmap {
		r := uint16(min(c.r, 0xffff))
		first, last = min(first, r), max(last, r)
	}
	n := uint16(len(w.glyphs))
	const created = int64(3786912000) // 2024-01-01, the same on every run, in seconds since 1904
	return []table{
		{"OS/2", be(uint16(4), int16(w.advances), weight, uint16(5), uint16(0),
			// Subscripts, superscripts and strikeout, as parts of the em.
			int16(w.upem*65/100), int16(w.upem*60/100), int16(0), int16(w.upem*14/100),
			int16(w.upem*65/100), int16(w.upem*60/100), int16(0), int16(w.upem*48/100),
			int16(w.upem*5/100), int16(w.upem*26/100), int16(0),
			[10]byte{2, 0, 0, proportion}, [4]uint32{}, [4]byte{'t', 't', 'y', 'd'}, selection, first, last,
			ascent, -descent, int16(0), uint16(max(ascent, 0)), uint16(max(descent, 0)), [2]uint32{1},
			int16(math.Round(m.xHeight)), int16(w.upem*73/100), uint16(0), uint16(' '), uint16(1))},
		{"cmap", w.encodeCmap()},
		{"glyf", glyf},
		{"head", be(uint32(0x00010000), uint32(0x00010000), uint32(0), uint32(0x5f0f3cf5), uint16(3), uint16(w.upem), created, created,
			int16(w.box[0]), int16(w.box[1]), int16(w.box[2]), int16(w.box[3]), mac, uint16(6), int16(2), int16(1), int16(0))},
		{"hhea", be(uint32(0x00010000), ascent, -descent, int16(0), uint16(w.advances), int16(w.lsb), int16(w.rsb), int16(w.extent),
			int16(1), int16(0), int16(0), [4]int16{}, int16(0), n)},
		{"hmtx", hmtx},
		{"loca", loca},
		{"maxp", be(uint32(0x00010000), n, uint16(w.points), uint16(w.contours), [2]uint16{}, uint16(2), [8]uint16{})},
		{"name", w.encodeNames()},
		{"post", be(uint32(0x00030000), int32(0), int16(-w.upem/10), int16(w.upem/20), pitch, [4]uint32{})},
	}
}

// encodeCmap returns the map from runes to glyphs, in format 4 for the basic plane and
// in format 12 for all.
func (w *subset) encodeCmap() []byte {
	// Runs of runes whose glyphs are in a row, too.
	type runOf struct {
		first, last rune
		glyph       int
	}
	var runs []runOf
	for _, c := range w.cmap {
		if k := len(runs) - 1; k >= 0 && runs[k].last+1 == c.r && runs[k].glyph+int(c.r-runs[k].first) == c.glyph && (c.r < 0x10000) == (runs[k].first < 0x10000) {
			runs[k].last = c.r
			continue
		}
		runs = append(runs, runOf{c.r, c.r, c.glyph})
	}
	var starts, ends, deltas, offsets []uint16
	var groups []byte
	for _, r := range runs {
		groups = append(groups, be(uint32(r.first), uint32(r.last), uint32(r.glyph))...)
		if r.first < 0xffff {
			starts, ends = append(starts, uint16(r.first)), append(ends, uint16(min(r.last, 0xfffe)))
			deltas, offsets = append(deltas, uint16(r.glyph-int(r.first))), append(offsets, 0)
		}
	}
	starts, ends, deltas, offsets = append(starts, 0xffff), append(ends, 0xffff), append(deltas, 1), append(offsets, 0)
	segments := len(starts)
	log := bits.Len(uint(segments)) - 1
	search := 2 << log
	var four []byte
	if length := 16 + 8*segments; length < 0x10000 { // or too many segments for the format, which is optional then
		four = be(uint16(4), uint16(length), uint16(0), uint16(2*segments), uint16(search), uint16(log), uint16(2*segments-search), ends, uint16(0), starts, deltas, offsets)
	}
	twelve := be(uint16(12), uint16(0), uint32(16+len(groups)), uint32(0), uint32(len(runs)))
	twelve = append(twelve, groups...)
	if four == nil {
		return append(be(uint16(0), uint16(1), uint16(3), uint16(10), uint32(12)), twelve...)
	}
	head := be(uint16(0), uint16(2), uint16(3), uint16(1), uint32(20), uint16(3), uint16(10), uint32(20+len(four)))
	return append(append(head, four...), twelve...)
}

// encodeNames returns the names of the font. It has a name of its own, as licences of
// fonts want it for those that are changed, and the copyright of the original.
func (w *subset) encodeNames() []byte {
	sub := [4]string{"Regular", "Bold", "Italic", "Bold Italic"}[w.style&(Bold|Italic)]
	names := []struct {
		id   uint16
		text string
	}{
		{0, w.face.copyright}, {1, w.name}, {2, sub}, {3, w.name + " " + sub}, {4, w.name + " " + sub},
		{5, "Version 1.0"}, {6, "ttydeck-subset-" + fmt.Sprint(w.style)}, {14, w.face.licence},
	}
	var records, text []byte
	count := 0
	for _, n := range names {
		if n.text == "" {
			continue
		}
		b := be(utf16.Encode([]rune(n.text)))
		records = append(records, be(uint16(3), uint16(1), uint16(0x409), n.id, uint16(len(b)), uint16(len(text)))...)
		text = append(text, b...)
		count++
	}
	return append(append(be(uint16(0), uint16(count), uint16(6+12*count)), records...), text...)
}

// table is a table of a font.
type table struct {
	tag  string
	data []byte
}

// encodeFont returns a font file of tables, which are sorted by their tags.
func encodeFont(tables []table) []byte {
	log := bits.Len(uint(len(tables))) - 1
	search := 16 << log
	out := be(uint32(0x00010000), uint16(len(tables)), uint16(search), uint16(log), uint16(16*len(tables)-search))
	offset := len(out) + 16*len(tables)
	head := 0
	for _, t := range tables {
		if t.tag == "head" {
			head = offset
		}
		out = append(out, t.tag...)
		out = append(out, be(checksum(t.data), uint32(offset), uint32(len(t.data)))...)
		offset += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	if head > 0 {
		binary.BigEndian.PutUint32(out[head+8:], 0xb1b0afba-checksum(out))
	}
	return out
}

// checksum returns the sum of the 32-bit words of a table.
func checksum(b []byte) (sum uint32) {
	for len(b) > 0 {
		var word [4]byte
		b = b[copy(word[:], b):]
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}
