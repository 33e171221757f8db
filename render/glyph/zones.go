package glyph

import (
	"math"

	"github.com/go-text/typesetting/font"
)

// zones moves the heights at which the tops and the bottoms of letters are to whole
// pixels, so that their edges are sharp: what hints of fonts do, in its simplest form.
// It maps heights in units of the font; those between are moved in proportion.
type zones struct{ from, to []float64 }

// zonesOf returns the zones of a face drawn with that many pixels for a unit.
func zonesOf(f *face, scale float64) (z zones) {
	top := func(r rune) (hi, lo float64) {
		id, ok := f.NominalGlyph(r)
		if !ok {
			return 0, 0
		}
		e, _ := f.GlyphExtents(font.GID(id))
		return float64(e.YBearing), float64(e.YBearing + e.Height)
	}
	xHeight, base := top('x')
	capital, _ := top('H')
	ascender, _ := top('d')
	round, under := top('o')
	roundCapital, _ := top('O')
	_, descender := top('p')
	em := float64(f.Upem())
	if !(base == 0 && xHeight > .2*em && capital > xHeight && ascender > xHeight && ascender < em && descender < -.05*em) {
		return z // no font as this knows them
	}
	at := func(from, to float64) {
		if k := len(z.from) - 1; k < 0 || from > z.from[k] {
			z.from, z.to = append(z.from, from), append(z.to, to)
		}
	}
	whole := func(v float64) float64 { return math.Round(v*scale) / scale }
	// Round letters go a little beyond the others, by less than can be shown.
	beyond := func(from, over float64) {
		at(from, whole(from))
		if over > from && (over-from)*scale < .5 {
			at(over, whole(from))
		}
	}
	at(descender, whole(descender))
	if under < 0 && -under*scale < .5 {
		at(under, 0)
	}
	at(0, 0)
	beyond(xHeight, round)
	if capital <= ascender {
		beyond(capital, roundCapital)
		at(ascender, whole(ascender))
	} else {
		at(ascender, whole(ascender))
		beyond(capital, roundCapital)
	}
	return z
}

// apply returns where a height is moved to.
func (z *zones) apply(y float64) float64 {
	n := len(z.from)
	switch {
	case n == 0:
		return y
	case y <= z.from[0]:
		return y + z.to[0] - z.from[0]
	case y >= z.from[n-1]:
		return y + z.to[n-1] - z.from[n-1]
	}
	i := 1
	for y > z.from[i] {
		i++
	}
	t := (y - z.from[i-1]) / (z.from[i] - z.from[i-1])
	return z.to[i-1] + t*(z.to[i]-z.to[i-1])
}
