package glyph

import "testing"

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newFonts(b, 16)
	}
}

// A glyph that is drawn already: an ASCII character, and another.
func BenchmarkGlyphCached(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"ascii", "a"}, {"other", "é"}} {
		b.Run(bb.name, func(b *testing.B) {
			f := newFonts(b, 16)
			b.ReportAllocs()
			for b.Loop() {
				f.Glyph(bb.text, Bold, 1)
			}
		})
	}
}

// A glyph that is not drawn yet.
func BenchmarkGlyphDrawn(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"letter", "a"}, {"cluster", "x\u0304"}, {"shape", "┼"}, {"missing", "漢"}} {
		b.Run(bb.name, func(b *testing.B) {
			f := newFonts(b, 16)
			b.ReportAllocs()
			for b.Loop() {
				f.create(bb.text, Regular, 1)
			}
		})
	}
}

func BenchmarkEmoji(b *testing.B) {
	f := newFonts(b, 16)
	f.system.index = systemFonts
	if f.Glyph("\U0001f600", Regular, 2).Color == nil {
		b.Skip("SKIPPED: BenchmarkEmoji: no font for emoji is installed")
	}
	b.ReportAllocs()
	for b.Loop() {
		f.create("\U0001f600", Regular, 2)
	}
}

func BenchmarkSubset(b *testing.B) {
	f := newFonts(b, 16)
	var runes []rune
	for r := rune(0x20); r < 0x7f; r++ {
		runes = append(runes, r)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Subset(runes, Regular); err != nil {
			b.Fatal(err)
		}
	}
}
