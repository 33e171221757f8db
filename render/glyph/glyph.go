// Package glyph draws characters: with the outlines of fonts, and those that must join
// their neighbours, such as box drawing, as geometry. Start with [New]; [ShapeOf] has the
// geometry for targets that draw it themselves.
//
// # Columns
//
// A glyph is drawn into the columns of its text, and clipped to them, whatever the font
// says about its width. So text stays in its columns with any font.
package glyph

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
)

// Levels is the number of steps of coverage in a mask, of which the first is none and
// the last is all. Few steps keep pictures with a palette small.
const Levels = 6

// Limits of [Options].
const (
	MinSize       = 4    // of Options.Size
	MaxSize       = 512  // of Options.Size times Options.Scale
	MinLineHeight = 0.5  // of Options.LineHeight
	MaxLineHeight = 4    // of Options.LineHeight
	maxGlyphs     = 8192 // in the cache
	maxPixels     = 1 << 24
	maxText       = 256 // bytes of a cell's text that are drawn
)

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
	// Scale multiplies everything, so that a cell is as many times as large as with 1:
	// its sides are rounded before. 0 means 1.
	Scale int
	// Font is the file or the family of the font; "" means DejaVu Sans Mono, which is
	// built in.
	Font string
	// NoSystem leaves out the fonts of the system, so that the same text is drawn alike
	// everywhere.
	NoSystem bool
	// Language is that of the text, such as "ja" or "zh-TW", for the form of Han
	// characters; "" means "zh-CN".
	Language string
}

// Fonts draws glyphs of one size. Its methods may be called concurrently.
type Fonts struct {
	size     float64 // in pixels, after scale
	scale    int
	cell     image.Point
	baseline int
	lines    Lines
	families []*family // the chosen one and the built-in one, or the latter only

	// ascii has the glyphs of single characters of one byte in one column, the most
	// frequent ones.
	ascii [4][128]atomic.Pointer[Glyph]

	cacheMu sync.RWMutex
	cache   map[key]*Glyph // guarded by cacheMu
	pixels  int            // of all masks in cache; guarded by cacheMu

	mu       sync.Mutex // held while a glyph is made; guards what is below and the faces
	paint    painter
	shaper   shaping.HarfbuzzShaper
	system   system
	locale   string
	language language.Language
	missed   map[string]bool // what is in missing
	missing  []string        // texts, in order
}

// key is a key of the cache of glyphs.
type key struct {
	text  string
	style Style
	cols  uint8
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

// Lines says where the lines of a cell are, in pixels from its top.
type Lines struct {
	Underline int // the top of an underline
	Strike    int // the top of a line through the text
	Overline  int // the top of a line above the text
	Thickness int // of all of them, at least 1; and of the strokes of box drawing
}

// ErrSize is the error for a size or a line height beyond the limits.
var ErrSize = errors.New("size out of range")

// New loads fonts. The error is [ErrSize], or that of a font that cannot be found or
// read.
func New(o Options) (*Fonts, error) {
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Size == 0 {
		o.Size = 16
	}
	if o.LineHeight == 0 {
		o.LineHeight = 1.4
	}
	if size := o.Size * float64(o.Scale); o.Scale < 0 || !(o.Size >= MinSize && size <= MaxSize) {
		return nil, fmt.Errorf("font size %v: %w; use %v to %v pixels", o.Size, ErrSize, MinSize, MaxSize)
	}
	if !(o.LineHeight >= MinLineHeight && o.LineHeight <= MaxLineHeight) {
		return nil, fmt.Errorf("line height %v: %w; use %v to %v", o.LineHeight, ErrSize, MinLineHeight, MaxLineHeight)
	}
	f := &Fonts{
		size: o.Size * float64(o.Scale), scale: o.Scale, cache: map[key]*Glyph{}, missed: map[string]bool{},
		system: system{fonts: map[font.FontID]*loaded{}, made: map[madeFace]*face{}},
		locale: o.Language, language: language.NewLanguage(o.Language),
	}
	if !o.NoSystem {
		f.system.index = systemFonts
	}
	if o.Font != "" {
		chosen, err := findFamily(o.Font, &f.system)
		if err != nil {
			return nil, err
		}
		f.families = append(f.families, chosen)
	}
	f.families = append(f.families, builtinFamily())
	f.measure(o.LineHeight)
	return f, nil
}

// measure computes the size of a cell, and where what is in a cell is.
func (f *Fonts) measure(lineHeight float64) {
	regular := f.families[0].face(Regular)
	m := regular.metrics(f.size)
	whole := func(v float64) int { return max(int(math.Round(v/float64(f.scale))), 1) * f.scale }
	f.cell = image.Pt(whole(m.advance), whole(f.size*lineHeight))
	ascent, descent := int(math.Round(m.ascent)), int(math.Round(m.descent))
	f.baseline = (f.cell.Y + ascent - descent) / 2

	h := f.cell.Y
	t := max(int(math.Round(float64(h)/20)), 1)
	place := func(y int) int { return min(max(y, 0), max(h-t, 0)) }
	f.lines = Lines{
		// A row of pixels stays free below the letters, and the curl of an underline
		// has its room below.
		Underline: place(f.baseline + max(1+t/2, int(math.Round(f.size*.09)))),
		Strike:    place(f.baseline - int(math.Round(m.xHeight/2)) - t/2),
		Overline:  place(f.baseline - ascent),
		Thickness: t,
	}
	for _, family := range f.families {
		family.fit(f.size, f.cell.X)
	}
}

// Cell returns the size of a cell, in pixels.
func (f *Fonts) Cell() image.Point { return f.cell }

// Monospaced reports whether the characters of the chosen font are equally wide. Those of
// others are put into columns all the same, but do not look good there.
func (f *Fonts) Monospaced() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.families[0].face(Regular).monospaced()
}

// Baseline returns how far the baseline is below the top of a cell, in pixels.
func (f *Fonts) Baseline() int { return f.baseline }

// Lines returns the places of the lines of a cell.
func (f *Fonts) Lines() Lines { return f.lines }

// Glyph returns the glyph of the text of a cell, drawn over that many columns, 1 or 2.
// It is never nil. The same arguments return the same pointer, unless some 8,000 other
// glyphs were drawn in between.
func (f *Fonts) Glyph(text string, style Style, cols int) *Glyph {
	style &= Bold | Italic
	cols = min(max(cols, 1), 2)
	if len(text) > maxText {
		// A letter with a heap of marks. What is cut off would be outside the cell.
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	if len(text) == 1 && text[0] < 128 && cols == 1 {
		p := &f.ascii[style][text[0]]
		if g := p.Load(); g != nil {
			return g
		}
		p.CompareAndSwap(nil, f.create(text, style, cols))
		return p.Load()
	}
	f.cacheMu.RLock()
	g := f.cache[key{text, style, uint8(cols)}]
	f.cacheMu.RUnlock()
	if g != nil {
		return g
	}
	// The text may be a part of a recording, which the cache must not keep.
	text = strings.Clone(text)
	g = f.create(text, style, cols)
	f.cacheMu.Lock()
	defer f.cacheMu.Unlock()
	k := key{text, style, uint8(cols)}
	if was := f.cache[k]; was != nil {
		return was
	}
	if len(f.cache) >= maxGlyphs || f.pixels > maxPixels {
		// Few recordings have so many, and to start anew costs little.
		clear(f.cache)
		f.pixels = 0
	}
	f.cache[k] = g
	f.pixels += len(g.Mask)
	if g.Color != nil {
		f.pixels += len(g.Color.Pix)
	}
	return g
}

// create draws a glyph.
func (f *Fonts) create(text string, style Style, cols int) *Glyph {
	if blank(text) {
		return &Glyph{}
	}
	if r, n := utf8.DecodeRuneInString(text); n == len(text) {
		if s, ok := ShapeOf(r, f.cell, cols, f.lines.Thickness); ok {
			return &Glyph{Mask: s.mask(image.Pt(f.cell.X*cols, f.cell.Y))}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// A terminal without grapheme clusters puts what a joiner joins into cells of its own.
	return f.draw(strings.TrimRight(text, "\u200d"), style, cols)
}
