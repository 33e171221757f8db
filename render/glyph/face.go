package glyph

import (
	"bytes"
	"sync"

	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"codeberg.org/go-fonts/dejavu/dejavusansmonobold"
	"codeberg.org/go-fonts/dejavu/dejavusansmonoboldoblique"
	"codeberg.org/go-fonts/dejavu/dejavusansmonooblique"
	"github.com/go-text/typesetting/font"
)

// builtin has the faces of DejaVu Sans Mono, by Style. They are parsed when they are
// first used.
var builtin = [4]func() *face{
	Regular:       builtinFace(dejavusansmono.TTF),
	Bold:          builtinFace(dejavusansmonobold.TTF),
	Italic:        builtinFace(dejavusansmonooblique.TTF),
	Bold | Italic: builtinFace(dejavusansmonoboldoblique.TTF),
}

func builtinFace(data []byte) func() *face {
	parsed := sync.OnceValue(func() *font.Font {
		f, err := font.ParseTTF(bytes.NewReader(data))
		if err != nil {
			panic("glyph: the built-in font is malformed: " + err.Error())
		}
		return f.Font
	})
	return func() *face { return &face{Face: font.NewFace(parsed())} }
}

// face is a face of a font at one size. It is not safe for concurrent use.
type face struct {
	*font.Face
	sx, sy float64 // pixels for each unit of the font; set by fit
}

// metrics is the measures of a face at a size, in pixels. All are positive.
type metrics struct{ advance, ascent, descent, xHeight float64 }

// metrics returns the measures of the face at that many pixels for an em.
func (f *face) metrics(size float64) metrics {
	scale := size / float64(f.Upem())
	m := metrics{advance: .6 * size, ascent: .9 * size, descent: .25 * size, xHeight: .5 * size}
	if id, ok := f.NominalGlyph('0'); ok {
		if a := float64(f.HorizontalAdvance(id)) * scale; a > 0 {
			m.advance = a
		}
	}
	if e, ok := f.FontHExtents(); ok && e.Ascender > 0 {
		m.ascent, m.descent = float64(e.Ascender)*scale, -float64(e.Descender)*scale
	}
	if x := float64(f.LineMetric(font.XHeight)) * scale; x > 0 {
		m.xHeight = x
	}
	return m
}

// fit sets the scale for a size and for the width of a cell. The advance becomes that
// width, so that characters that span it, such as underscores, join.
func (f *face) fit(size float64, width int) {
	f.sy = size / float64(f.Upem())
	f.sx = f.sy * float64(width) / f.metrics(size).advance
}
