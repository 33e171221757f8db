package glyph

import (
	"image"
	"testing"

	"golang.org/x/image/font/sfnt"
)

// Any text has a glyph of the right size.
func FuzzGlyph(f *testing.F) {
	for _, s := range []string{"", "a", "─", "漢", "e\u0301", "👩\u200d💻", "\xff\xfe", "\ufe0f", "\u200d", "🇯", "\x00", "a\u0301\u0302\u0303\u0304", "שׁ", "\u0600", "क\u094dष", "\U0010ffff"} {
		f.Add(s, uint8(0), uint8(1), uint8(16))
		f.Add(s, uint8(3), uint8(2), uint8(9))
	}
	fonts := map[uint8]*Fonts{}
	f.Fuzz(func(t *testing.T, text string, style, cols, size uint8) {
		size = min(max(size, MinSize), 64)
		if fonts[size] == nil {
			fonts[size] = newFonts(t, float64(size))
		}
		f := fonts[size]
		checkGlyph(t, f, f.Glyph(text, Style(style), int(cols)), min(max(int(cols), 1), 2))
	})
}

func checkGlyph(t *testing.T, f *Fonts, g *Glyph, cols int) {
	t.Helper()
	size := image.Pt(f.Cell().X*cols, f.Cell().Y)
	if g.Mask != nil && len(g.Mask) != size.X*size.Y {
		t.Fatalf("the mask has %d pixels; want %d", len(g.Mask), size.X*size.Y)
	}
	for _, v := range g.Mask {
		if v != quantise(v) {
			t.Fatalf("coverage %d", v)
		}
	}
	if g.Color != nil && (g.Mask != nil || g.Color.Rect != image.Rectangle{Max: size}) {
		t.Fatalf("the picture is %v; want %v", g.Color.Rect, size)
	}
	if g.Missing && g.Mask == nil {
		t.Fatal("a missing glyph has no box")
	}
}

// Any character has a sound shape, or none, at any size.
func FuzzShape(f *testing.F) {
	for _, r := range []rune{'─', '╬', '╭', '█', '▒', 0x1cd00, 0x1fb00, 0x1fb3c, 0x28ff, 0xe0a0, 0xe0b4, 'a'} {
		f.Add(r, 10, 22, 1, 1)
		f.Add(r, 1, 1, 2, 9)
		f.Add(r, 3, 7, 1, 2)
		f.Add(r, 200, 400, 1, 10)
	}
	f.Fuzz(func(t *testing.T, r rune, w, h, cols, stroke int) {
		w, h = min(w, 300), min(h, 300)
		s, ok := ShapeOf(r, image.Pt(w, h), cols, stroke)
		if !ok {
			return
		}
		size := image.Pt(max(w, 1)*min(max(cols, 1), 2), max(h, 1))
		check(t, r, s, size)
		s.mask(size)
	})
}

// Any file is a font or an error. A font draws glyphs and makes subsets, or refuses to.
func FuzzFont(f *testing.F) {
	f.Add(makeFont(f, "A", map[rune]rune{'a': 'a', 'i': 'i', 'é': 'é', '0': '0'}))
	f.Add(emojiFont(f))
	f.Add([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		members, err := parseFont(data)
		if err != nil {
			return
		}
		f := newFonts(t, 16)
		f.families = append([]*family{familyOf(members)}, f.families...)
		f.measure(1.4)
		for _, s := range []string{"a", "i", "é", "a\u0301", "0", "\U0001f600", "❤\ufe0f", "漢"} {
			checkGlyph(t, f, f.Glyph(s, Bold|Italic, 2), 2)
			checkGlyph(t, f, f.Glyph(s, Regular, 1), 1)
			c := clusterOf(s)
			if g := f.drawColor(f.families[0].face(Regular), c, image.Pt(2*f.Cell().X, f.Cell().Y)); g != nil {
				checkGlyph(t, f, g, 2)
			}
		}
		if out, err := f.Subset([]rune("aé0❤"), Italic); err == nil {
			if _, err := sfnt.Parse(out); err != nil {
				t.Fatalf("the subset is malformed: %v", err)
			}
		}
	})
}
