// Package glyph draws characters: with the outlines of fonts, and those that must join
// their neighbours, such as box drawing, as geometry.
package glyph

import (
	"image"
	"image/draw"

	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Levels is the number of steps of coverage in a mask, of which the first is none and
// the last is all. Few steps keep pictures with a palette small.
const Levels = 6

// Style is a face of a font.
type Style uint8

// The styles; Bold|Italic is one, too.
const (
	Regular Style = 0
	Bold    Style = 1
	Italic  Style = 2
)

// Options says which fonts to use, and how large.
type Options struct {
	Size       float64 // of the font, in pixels; 0 means 16
	LineHeight float64 // in sizes of the font; 0 means 1.4
	// Font is the file or the family of the font; "" means DejaVu Sans Mono, which is
	// built in.
	Font string
}

// Fonts draws glyphs of one size. Its methods may be called concurrently.
type Fonts struct {
	cell     image.Point
	baseline int
	face     font.Face
	cache    map[string]*Glyph
}

// Glyph is a character as it is drawn into its columns. It is immutable.
type Glyph struct {
	// Mask has the coverage of each pixel, row by row, in steps of 255/([Levels]-1);
	// nil if the glyph is blank or has colours of its own.
	Mask []uint8
	// Color, unless it is nil, is a glyph with colours of its own, such as an emoji, of
	// the same size.
	Color *image.NRGBA
	// Missing reports that no font has the character: a box is drawn in its place.
	Missing bool
}

// New loads fonts. The error is that of a font that cannot be found or read.
func New(o Options) (*Fonts, error) {
	f, err := opentype.Parse(dejavusansmono.TTF)
	if err != nil {
		return nil, err
	}
	size := o.Size
	if size == 0 {
		size = 16
	}
	height := o.LineHeight
	if height == 0 {
		height = 1.4
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return nil, err
	}
	adv, _ := face.GlyphAdvance('0')
	m := face.Metrics()
	cell := image.Pt(adv.Round(), int(size*height+.5))
	return &Fonts{cell: cell, baseline: (cell.Y + m.Ascent.Round() - m.Descent.Round()) / 2, face: face, cache: map[string]*Glyph{}}, nil
}

// Cell returns the size of a cell, in pixels.
func (f *Fonts) Cell() image.Point { return f.cell }

// Baseline returns how far the baseline is below the top of a cell, in pixels.
func (f *Fonts) Baseline() int { return f.baseline }

// Glyph returns the glyph of the text of a cell, drawn over that many columns, 1 or 2.
// The same arguments return the same pointer; it is never nil.
func (f *Fonts) Glyph(text string, style Style, cols int) *Glyph {
	if g, ok := f.cache[text]; ok {
		return g
	}
	img := image.NewAlpha(image.Rect(0, 0, f.cell.X*cols, f.cell.Y))
	d := font.Drawer{Dst: img, Src: image.White, Face: f.face, Dot: fixed.P(0, f.baseline)}
	_ = draw.Over
	d.DrawString(text)
	for i, v := range img.Pix {
		img.Pix[i] = uint8((int(v)*(Levels-1) + 127) / 255 * 255 / (Levels - 1))
	}
	g := &Glyph{Mask: img.Pix}
	f.cache[text] = g
	return g
}

// Shape is a character as geometry, in a cell of a given size: see [ShapeOf].
type Shape []Part

// Part is a part of a Shape that is filled: a polygon, or several, whose insides are
// those of the nonzero winding rule.
type Part struct {
	Path     []Segment // closed
	Coverage uint8     // of the inside: 255, or less for a shade
}

// Op is what a [Segment] does.
type Op uint8

// The operations of a path, as in SVG.
const (
	MoveTo  Op = iota // to P[0]
	LineTo            // to P[0]
	CubicTo           // to P[2] by the control points P[0] and P[1]
	Close             // back to the last MoveTo
)

// Segment is a part of a path.
type Segment struct {
	Op Op       // what it does
	P  [3]Point // as many points as Op takes
}

// Point is a point in a cell, in pixels from its upper left corner.
type Point struct {
	X, Y float64 // X and Y count to the right and down
}

// ShapeOf returns the geometry of a character in cells of that size, over that many
// columns; false if it is drawn with a font. Lines are stroke pixels wide. Neighbouring
// cells join without a gap.
func ShapeOf(r rune, cell image.Point, cols int, stroke int) (Shape, bool) {
	return nil, false
}
