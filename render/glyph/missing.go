package glyph

import (
	"cmp"
	"fmt"
	"image"
	"maps"
	"slices"
	"unicode"
)

// maxMissing is how many texts without a glyph are kept apart.
const maxMissing = 10000

// Missing is what no font has, of one script.
type Missing struct {
	Script  string // "Han", "Emoji", "Private Use", "Symbols", "Unassigned" or another name of Unicode's
	Texts   int    // how many different texts; those beyond the first 10,000 of all are not counted
	Example string // the first of them
}

// String names the example as U+XXXX.
func (m Missing) String() string {
	s := ""
	for i, r := range m.Example {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprintf("%U", r)
	}
	return s
}

// Remedy returns what to install so that the text has a glyph, such as
// "fonts-noto-cjk (Noto Sans CJK)": a package of Debian and its kin, and the font.
func (m Missing) Remedy() string {
	switch m.Script {
	case "Han", "Hiragana", "Katakana", "Hangul", "Bopomofo":
		return "fonts-noto-cjk (Noto Sans CJK)"
	case "Emoji":
		return "fonts-noto-color-emoji (Noto Color Emoji)"
	case "Private Use":
		return "a Nerd Font (www.nerdfonts.com)"
	case "Symbols":
		return "fonts-noto-core (Noto Sans Symbols), or fonts-symbola (Symbola)"
	case "Latin", "Greek", "Cyrillic":
		return "fonts-noto-core (Noto Sans)"
	case "Unassigned":
		return "a newer font"
	}
	return "fonts-noto-core (Noto Sans " + m.Script + ")"
}

// Missing returns what was drawn as a box so far, because no font has it, and what was
// drawn without its marks: by script, most texts first.
func (f *Fonts) Missing() []Missing {
	f.mu.Lock()
	defer f.mu.Unlock()
	by := map[string]*Missing{}
	for i, text := range f.missing {
		script := scriptName(clusterOf(text))
		m := by[script]
		if m == nil {
			m = &Missing{Script: script, Example: f.missing[i]}
			by[script] = m
		}
		m.Texts++
	}
	var list []Missing
	for _, name := range slices.Sorted(maps.Keys(by)) {
		list = append(list, *by[name])
	}
	slices.SortStableFunc(list, func(a, b Missing) int { return cmp.Compare(b.Texts, a.Texts) })
	return list
}

// miss keeps a text that has no glyph. f.mu is held.
func (f *Fonts) miss(text string, c cluster) {
	if len(f.missing) < maxMissing && !f.missed[text] {
		f.missed[text] = true
		f.missing = append(f.missing, text)
	}
}

// scriptName returns the name of what a text is written in.
func scriptName(c cluster) string {
	if c.emoji {
		return "Emoji"
	}
	for _, r := range c.seen {
		if unicode.Is(unicode.Co, r) {
			return "Private Use"
		}
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, c.seen[0]) {
			return name
		}
	}
	if unicode.IsGraphic(c.seen[0]) {
		return "Symbols"
	}
	return "Unassigned"
}

// digits has hexadecimal digits of 3 by 5 pixels, a row in each 3 bits, the highest
// first.
var digits = [16]uint16{
	0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111,
	0b101_101_111_001_001, 0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_001_001_001,
	0b111_101_111_101_111, 0b111_101_111_001_111, 0b111_101_111_101_101, 0b110_101_110_101_110,
	0b111_100_100_100_111, 0b110_101_101_101_110, 0b111_100_111_100_111, 0b111_100_111_100_100,
}

// box returns the mask of a box with the number of a rune in it, if it fits.
func (f *Fonts) box(r rune, size image.Point) []uint8 {
	mask := make([]uint8, size.X*size.Y)
	fill := func(x0, y0, x1, y1 int) {
		for y := max(y0, 0); y < min(y1, size.Y); y++ {
			for x := max(x0, 0); x < min(x1, size.X); x++ {
				mask[y*size.X+x] = 255
			}
		}
	}
	// A pixel stays free at the sides, if there is room, so that boxes in a row are
	// told apart.
	t, gap := max(f.lines.Thickness/2, 1), 0
	if size.X >= 8 {
		gap = max(f.lines.Thickness/2, 1)
	}
	x0, x1 := 0, size.X-gap
	y0, y1 := min(gap, size.Y-1), max(size.Y-gap, 1)
	fill(x0, y0, x1, y0+t)
	fill(x0, y1-t, x1, y1)
	fill(x0, y0, x0+t, y1)
	fill(x1-t, y0, x1, y1)

	hex := fmt.Sprintf("%04X", r)
	w, h := x1-x0-2*t, y1-y0-2*t
	best, cols, rows := 0, 0, 0
	for n := 1; n <= len(hex); n++ {
		lines := (len(hex) + n - 1) / n
		if k := min(w/(4*n-1), h/(6*lines-1)); k > best {
			best, cols, rows = k, n, lines
		}
	}
	if best == 0 {
		return mask
	}
	left, top := x0+t+(w-best*(4*cols-1))/2, y0+t+(h-best*(6*rows-1))/2
	for i, c := range hex {
		d := int(c - '0')
		if c >= 'A' {
			d = int(c-'A') + 10
		}
		x, y := left+best*4*(i%cols), top+best*6*(i/cols)
		for bit := range 15 {
			if digits[d]>>(14-bit)&1 != 0 {
				px, py := x+best*(bit%3), y+best*(bit/3)
				fill(px, py, px+best, py+best)
			}
		}
	}
	return mask
}
