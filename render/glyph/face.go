package glyph

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"codeberg.org/go-fonts/dejavu/dejavusansmonobold"
	"codeberg.org/go-fonts/dejavu/dejavusansmonoboldoblique"
	"codeberg.org/go-fonts/dejavu/dejavusansmonooblique"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
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
	parsed := sync.OnceValue(func() loaded {
		faces, err := parseFont(data)
		if err != nil {
			panic("glyph: the built-in font is malformed: " + err.Error())
		}
		return faces[0]
	})
	return func() *face { l := parsed(); return &face{Face: font.NewFace(l.font), rights: l.rights} }
}

// face is a face of a font at one size. It is not safe for concurrent use.
type face struct {
	*font.Face
	bold, italic bool // drawn so, as the font has no such face
	rights
	sx, sy    float64
	zones     zones // set by fit, for the fonts that most text is in
	stretched bool  // by fit, so that all its characters are as wide as a cell
}

// metrics is the measures of a face at a size, in pixels. All are positive.
type metrics struct{ advance, ascent, descent, xHeight float64 }

// metrics returns the measures of the face at that many pixels for an em. What a font
// lacks, or cannot mean, has a usual value.
func (f *face) metrics(size float64) metrics {
	scale := size / float64(f.Upem())
	m := metrics{advance: .6 * size, ascent: .9 * size, descent: .25 * size, xHeight: .5 * size}
	set := func(v *float64, units float32, lo, hi float64) {
		if x := float64(units) * scale; x >= lo*size && x <= hi*size {
			*v = x
		}
	}
	if id, ok := f.NominalGlyph('0'); ok {
		set(&m.advance, f.HorizontalAdvance(id), .2, 2)
	}
	if e, ok := f.FontHExtents(); ok {
		set(&m.ascent, e.Ascender, .3, 2)
		set(&m.descent, -e.Descender, 0, 1.5)
	}
	set(&m.xHeight, f.LineMetric(font.XHeight), .2, 1)
	return m
}

// fit sets the scale for a size and, if all characters of the font have one width, for
// that of a cell. They take its width exactly then, so that those that span it, such as
// underscores, join.
func (f *face) fit(size float64, width int) {
	f.sy = size / float64(f.Upem())
	f.sx, f.stretched = f.sy, false
	if a := f.metrics(size).advance; f.monospaced() && math.Abs(float64(width)/a-1) < .2 {
		f.sx *= float64(width) / a
		f.stretched = true
	}
	if width > 0 {
		f.zones = zonesOf(f, f.sy)
	}
}

// monospaced reports whether some characters that usually differ are equally wide.
func (f *face) monospaced() bool {
	var width float32
	for _, r := range "iMW0." {
		id, ok := f.NominalGlyph(r)
		if !ok {
			return false
		}
		a := f.HorizontalAdvance(id)
		if width != 0 && a != width {
			return false
		}
		width = a
	}
	return true
}

// Limits of font files.
const (
	maxFontFile   = 128 << 20 // bytes
	maxFontTables = 256       // in a font
	maxFontFaces  = 128       // in a collection
)

var errNoFont = errors.New("not a font in OpenType or TrueType format")

// checkFont checks that the tables of a font are in the file, before anything trusts
// their sizes.
func checkFont(r opentype.Resource, size int64) error {
	if size > maxFontFile {
		return fmt.Errorf("the file has %d MiB; at most %d are read", size>>20, maxFontFile>>20)
	}
	number := func(at int64, n int) (v int64, err error) {
		var b [4]byte
		if _, err := r.ReadAt(b[:n], at); err != nil {
			return 0, errNoFont
		}
		for _, c := range b[:n] {
			v = v<<8 | int64(c)
		}
		return v, nil
	}
	one := func(at int64) error {
		kind, err := number(at, 4)
		if err != nil {
			return err
		}
		if kind != 0x00010000 && kind != 0x4f54544f && kind != 0x74727565 { // or OTTO, or true
			return errNoFont
		}
		n, err := number(at+4, 2)
		if err != nil || n > maxFontTables {
			return errNoFont
		}
		for i := range n {
			offset, err := number(at+12+16*i+8, 4)
			if err != nil {
				return err
			}
			length, err := number(at+12+16*i+12, 4)
			if err != nil || offset+length > size {
				return fmt.Errorf("%w: a table is beyond its end", errNoFont)
			}
		}
		return nil
	}
	kind, err := number(0, 4)
	if err != nil || kind != 0x74746366 { // ttcf
		return one(0)
	}
	n, err := number(8, 4)
	if err != nil || n > maxFontFaces {
		return errNoFont
	}
	for i := range n {
		offset, err := number(12+4*i, 4)
		if err != nil {
			return err
		}
		if err := one(offset); err != nil {
			return err
		}
	}
	return nil
}

// loadFaces reads the faces of a font file, or only the one of that index unless it is
// -1. Malformed fonts are errors, whatever the parser does with them.
func loadFaces(r opentype.Resource, size int64, index int) (faces []loaded, err error) {
	defer func() {
		if p := recover(); p != nil {
			faces, err = nil, fmt.Errorf("malformed font: %v", p)
		}
	}()
	if err := checkFont(r, size); err != nil {
		return nil, err
	}
	loaders, err := opentype.NewLoaders(r)
	if err != nil {
		return nil, err
	}
	for i, ld := range loaders {
		if index >= 0 && i != index {
			continue
		}
		f, err := font.NewFont(ld)
		if err != nil {
			return nil, err
		}
		if f.Upem() == 0 {
			return nil, errNoFont
		}
		l := loaded{font: f, about: f.Describe(), rights: rightsOf(ld)}
		l.about.Aspect.SetDefaults()
		l.weights = weightAxis(ld)
		// Some faults show only when the measures are used; better here than later.
		for style := range Style(4) {
			l.face(style).fit(16, 10)
		}
		faces = append(faces, l)
	}
	if len(faces) == 0 {
		return nil, errNoFont
	}
	return faces, nil
}

// loaded is a face of a font file.
type loaded struct {
	font  *font.Font
	about font.Description
	rights
	weights [2]float32 // the range of a variable weight; 0 if it is fixed
}

// face returns the face for a style, drawn bold or italic if the font is not.
func (l loaded) face(style Style) *face {
	f := &face{Face: font.NewFace(l.font), rights: l.rights}
	if l.weights[1] >= 600 {
		w := float32(400)
		if style&Bold != 0 {
			w = 700
		}
		f.SetVariations([]font.Variation{{Tag: opentype.MustNewTag("wght"), Value: min(max(w, l.weights[0]), l.weights[1])}})
	} else {
		f.bold = style&Bold != 0 && l.about.Aspect.Weight < font.WeightSemibold
	}
	f.italic = style&Italic != 0 && l.about.Aspect.Style != font.StyleItalic
	return f
}

// weightAxis returns the range of a variable font's weight.
func weightAxis(ld *opentype.Loader) (w [2]float32) {
	b, err := ld.RawTable(opentype.MustNewTag("fvar"))
	if err != nil || len(b) < 16 {
		return w
	}
	u16 := func(i int) int { return int(b[i])<<8 | int(b[i+1]) }
	at, n, size := u16(4), u16(8), u16(10)
	for i := range n {
		j := at + i*size
		if j+16 > len(b) {
			break
		}
		if string(b[j:j+4]) == "wght" {
			return [2]float32{float32(u16(j + 4)), float32(u16(j + 12))}
		}
	}
	return w
}

// rights is what a font says about its licence.
type rights struct {
	embed              bool // a part of it may be embedded
	copyright, licence string
}

// rightsOf reads what a font says about its licence: its names, and the bits fsType in
// the specification of the table OS/2.
func rightsOf(ld *opentype.Loader) (r rights) {
	if b, err := ld.RawTable(opentype.MustNewTag("name")); err == nil {
		if names, _, err := tables.ParseName(b); err == nil {
			const copyright, licenceURL, most = 0, 14, 500
			r.copyright, r.licence = names.Name(copyright), names.Name(licenceURL)
			r.copyright = strings.ToValidUTF8(r.copyright[:min(len(r.copyright), most)], "")
			r.licence = strings.ToValidUTF8(r.licence[:min(len(r.licence), most)], "")
		}
	}
	b, err := ld.RawTable(opentype.MustNewTag("OS/2"))
	if err != nil || len(b) < 10 {
		return r
	}
	const restricted, preview, editable, noSubset, onlyBitmaps = 2, 4, 8, 0x100, 0x200
	bits := int(b[8])<<8 | int(b[9])
	// The least restrictive of the lower bits counts.
	r.embed = bits&(noSubset|onlyBitmaps) == 0 && (bits&restricted == 0 || bits&(preview|editable) != 0)
	return r
}
