package glyph

import (
	"image"
)

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

// mask returns the quantised coverage of a shape in a cell of that size.
func (s Shape) mask(size image.Point) []uint8 { return nil }
