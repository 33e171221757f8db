package glyph

import (
	"image"
	"math"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// cluster is the text of a cell, which is drawn as one.
type cluster struct {
	runes []rune // composed, if there are several
	seen  []rune // those that a font must have
	emoji bool   // to be drawn in colours, if a font has them
}

func clusterOf(text string) cluster {
	c := cluster{runes: []rune(text)}
	if len(c.runes) > 1 {
		c.runes = []rune(norm.NFC.String(text))
	}
	for _, r := range c.runes {
		if !ignorable(r) {
			c.seen = append(c.seen, r)
		}
	}
	c.emoji = isEmoji(c.runes)
	return c
}

// ignorable reports whether a rune is never drawn itself: joiners, variation selectors,
// controls of direction, tags.
func ignorable(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r >= 0xfe00 && r <= 0xfe0f ||
		r == 0xfeff || r == 0x034f || r == 0x061c || r >= 0xe0000 && r <= 0xe0fff
}

// blank reports whether nothing is drawn for a text: it has only spaces, controls and
// what is ignorable.
func blank(text string) bool {
	for _, r := range text {
		if r > ' ' && r != 0x7f && !(r >= 0x80 && r <= 0xa0) && !ignorable(r) && !unicode.Is(unicode.Zs, r) {
			return false
		}
	}
	return true
}

// placed is a glyph of a font and its place, in units of the font.
type placed struct {
	id   font.GID
	x, y float64
}

// shape returns the glyphs of a cluster in a face, and their width; nil if the face
// lacks some.
func (f *Fonts) shape(face *face, c cluster) (glyphs []placed, width float64) {
	if len(c.runes) == 1 {
		id, ok := face.NominalGlyph(c.runes[0])
		if !ok || id == 0 {
			return nil, 0
		}
		return []placed{{id: id}}, float64(face.HorizontalAdvance(id))
	}
	in := shaping.Input{
		Text: c.runes, RunEnd: len(c.runes), Face: face.Face, Direction: di.DirectionLTR,
		Size: fixed.I(int(face.Upem())), Script: scriptOf(c.seen), Language: f.language,
	}
	if rightToLeft(in.Script) {
		in.Direction = di.DirectionRTL
	}
	for _, g := range f.shaper.Shape(in).Glyphs {
		if g.GlyphID == 0 {
			return nil, 0
		}
		glyphs = append(glyphs, placed{g.GlyphID, width + float64(g.XOffset)/64, float64(g.YOffset) / 64})
		width += float64(g.Advance) / 64
	}
	return glyphs, width
}

// scriptOf returns the script of the first rune that has one of its own.
func scriptOf(runes []rune) language.Script {
	s := language.Common
	for _, r := range runes {
		if s = language.LookupScript(r); s != language.Common && s != language.Inherited && s != language.Unknown {
			break
		}
	}
	return s
}

func rightToLeft(s language.Script) bool {
	switch s {
	case language.Arabic, language.Hebrew, language.Syriac, language.Thaana, language.Nko, language.Samaritan,
		language.Mandaic, language.Adlam, language.Mende_Kikakui, language.Hanifi_Rohingya:
		return true
	}
	return false
}

// covers reports whether a face has all runes. A malformed one has none.
func (f *face) covers(runes []rune) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	for _, r := range runes {
		if id, ok := f.NominalGlyph(r); !ok || id == 0 {
			return false
		}
	}
	return true
}

// draw draws the text of a cell over that many pixels.
func (f *Fonts) draw(text string, style Style, cols int) *Glyph {
	size := image.Pt(f.cell.X*cols, f.cell.Y)
	c := clusterOf(text)
	if c.emoji {
		if g := f.drawEmoji(c, size); g != nil {
			return g
		}
	}
	if g := f.drawText(c, style, size); g != nil {
		return g
	}
	// A picture instead of an outline is better than none.
	if !c.emoji {
		if g := f.drawEmoji(c, size); g != nil {
			return g
		}
	}
	if len(c.seen) > 1 && !c.emoji {
		// Without a mark, a letter is still a letter.
		if g := f.drawText(cluster{runes: c.seen[:1], seen: c.seen[:1]}, style, size); g != nil {
			f.miss(text, c)
			return g
		}
	}
	f.miss(text, c)
	return &Glyph{Mask: f.box(c.seen[0], size), Missing: true}
}

// drawText draws a cluster with the first font that has it: the chosen one, the
// built-in one, those of the system; nil if none has.
func (f *Fonts) drawText(c cluster, style Style, size image.Point) *Glyph {
	for i, family := range f.families {
		if i == len(f.families)-1 && unicode.Is(unicode.Co, c.seen[0]) {
			break // what DejaVu has for private use is not what others use it for
		}
		for _, face := range []*face{family.face(style), family.face(Regular).as(style)} {
			if face.covers(c.seen) {
				if g := f.drawFace(face, c, size); g != nil {
					return g
				}
			}
		}
	}
	for face := range f.system.faces(c, style, f.locale) {
		face.fit(f.size, 0)
		if g := f.drawFace(face, c, size); g != nil {
			return g
		}
	}
	return nil
}

// as returns the face drawn in a style that it has not.
func (f *face) as(style Style) *face {
	g := *f
	g.bold, g.italic = style&Bold != 0, style&Italic != 0
	return &g
}

// drawFace draws a cluster with a face; nil if the face lacks a glyph, or is malformed.
func (f *Fonts) drawFace(face *face, c cluster, size image.Point) (g *Glyph) {
	defer func() {
		if recover() != nil {
			g = nil // the font is malformed where only its use shows it
		}
	}()
	glyphs, width := f.shape(face, c)
	if glyphs == nil {
		return nil
	}
	outlines := make([]font.GlyphOutline, len(glyphs))
	for i, p := range glyphs {
		o, ok := face.GlyphDataOutline(p.id)
		if !ok {
			return nil
		}
		if len(o.Segments) == 0 {
			if _, ok := face.GlyphDataBitmap(p.id); ok {
				return nil // it is in colours only
			}
		}
		outlines[i] = o
	}
	m := f.place(face, c, glyphs, width, size)
	var z zones
	if m.yy == -face.sy && (unicode.IsLetter(c.seen[0]) || unicode.IsDigit(c.seen[0])) {
		z = face.zones // not for what is made smaller, nor for what has heights of its own
	}
	f.paint.reset(size)
	for i, p := range glyphs {
		f.paint.outline(outlines[i], p, z, m)
		if face.bold {
			smear := m
			smear.dx += max(f.size/24, .6)
			f.paint.outline(outlines[i], p, z, smear)
		}
	}
	return &Glyph{Mask: f.paint.mask()}
}

// place returns the map from units of the font to pixels for a cluster, so that it
// stays in its columns: centred, and smaller if it has to be.
func (f *Fonts) place(face *face, c cluster, glyphs []placed, width float64, size image.Point) affine {
	sx, sy := face.sx, face.sy
	w, y := float64(size.X), float64(f.baseline)
	x := (w - width*sx) / 2
	switch {
	case face.stretched && size.X == f.cell.X && math.Abs(width*sx-w) < 1:
		x = 0
	case symbol(c.seen[0]):
		lo, hi, bottom, top := extents(face, glyphs)
		// Symbols keep their form. What is too large for the cell is put in its middle.
		scale := min(w/max((hi-lo)*sx, 1), float64(size.Y)/max((top-bottom)*sy, 1), 1)
		sx, sy = sx*scale, sy*scale
		if width*sx > w || scale < 1 {
			x = (w - (hi+lo)*sx) / 2
		} else {
			x = (w - width*sx) / 2
		}
		if y-top*sy < 0 || y-bottom*sy > float64(size.Y) {
			y = (float64(size.Y) + (top+bottom)*sy) / 2
		}
	case width*sx > w:
		sx *= w / (width * sx)
		x = 0
	case size.X > f.cell.X:
		// Wide characters are often a little narrower than two columns.
		scale := min(w/max(width*sx, 1), 1.1)
		sx, sy = sx*scale, sy*scale
		x = (w - width*sx) / 2
	}
	m := affine{xx: sx, yy: -sy, dx: x, dy: y}
	if face.italic {
		const slope = .2
		m.xy = slope * sy
		m.dx -= slope * f.size * .25 // about the middle of small letters
	}
	return m
}

// extents returns the box around glyphs.
func extents(face *face, glyphs []placed) (left, right, bottom, top float64) {
	left, right, bottom, top = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range glyphs {
		e, ok := face.GlyphExtents(p.id)
		if !ok {
			continue
		}
		left, right = min(left, p.x+float64(e.XBearing)), max(right, p.x+float64(e.XBearing+e.Width))
		bottom, top = min(bottom, p.y+float64(e.YBearing+e.Height)), max(top, p.y+float64(e.YBearing))
	}
	if left > right || bottom > top {
		return 0, 0, 0, 0
	}
	return left, right, bottom, top
}

// symbol reports whether a rune is a picture more than a letter.
func symbol(r rune) bool { return unicode.In(r, unicode.So, unicode.Sm, unicode.Sk, unicode.Co) }
