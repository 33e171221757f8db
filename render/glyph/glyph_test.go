package glyph

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
	"sync"
	"testing"
)

// newFonts returns fonts of that size, in the built-in font only.
func newFonts(tb testing.TB, size float64) *Fonts {
	tb.Helper()
	f, err := New(Options{Size: size, NoSystem: true})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestCell(t *testing.T) {
	for _, tt := range []struct {
		size, lineHeight float64
		cell             image.Point
	}{
		{0, 0, image.Pt(10, 22)},
		{16, 1.4, image.Pt(10, 22)},
		{32, 1.4, image.Pt(19, 45)},
		{12, 1, image.Pt(7, 12)},
		{8, 1.2, image.Pt(5, 10)},
		{4, .5, image.Pt(2, 2)},
	} {
		f, err := New(Options{Size: tt.size, LineHeight: tt.lineHeight})
		if err != nil {
			t.Fatal(err)
		}
		if f.Cell() != tt.cell {
			t.Errorf("%v px, line height %v: the cell is %v; want %v", tt.size, tt.lineHeight, f.Cell(), tt.cell)
		}
		l := f.Lines()
		for name, y := range map[string]int{"underline": l.Underline, "strike": l.Strike, "overline": l.Overline} {
			if y < 0 || y+l.Thickness > f.Cell().Y {
				t.Errorf("%v px, line height %v: the %s is at %d, %d thick, in a cell of %d", tt.size, tt.lineHeight, name, y, l.Thickness, f.Cell().Y)
			}
		}
		if tt.lineHeight >= 1 && !(l.Overline < l.Strike && l.Strike < f.Baseline() && f.Baseline() < l.Underline) {
			t.Errorf("%v px, line height %v: lines %+v around the baseline %d are out of order", tt.size, tt.lineHeight, l, f.Baseline())
		}
	}
}

func TestSizeLimits(t *testing.T) {
	for _, o := range []Options{{Size: 3}, {Size: 513}, {Size: -1}, {Size: math.NaN()}, {Size: math.Inf(1)}, {LineHeight: .4}, {LineHeight: 4.1}, {LineHeight: math.NaN()}} {
		if _, err := New(o); !errors.Is(err, ErrSize) {
			t.Errorf("New(%+v) returned %v; want ErrSize", o, err)
		}
	}
}

// Masks have the size of their columns, few steps, and ink where there is some.
func TestMask(t *testing.T) {
	f := newFonts(t, 16)
	for _, tt := range []struct {
		text  string
		cols  int
		blank bool
	}{
		{"", 1, true}, {" ", 1, true}, {"\u00a0", 1, true}, {"\t", 1, true},
		{"A", 1, false}, {"g", 1, false}, {"é", 1, false}, {"e\u0301", 1, false}, {"я", 1, false}, {"A", 2, false},
	} {
		for style := range Style(4) {
			g := f.Glyph(tt.text, style, tt.cols)
			if (g.Mask == nil) != tt.blank {
				t.Errorf("Glyph(%q, %d): blank: %v; want %v", tt.text, style, g.Mask == nil, tt.blank)
				continue
			}
			if want := f.Cell().X * f.Cell().Y * tt.cols; g.Mask != nil && len(g.Mask) != want {
				t.Errorf("Glyph(%q, %d) has %d pixels; want %d", tt.text, style, len(g.Mask), want)
			}
			for _, v := range g.Mask {
				if v%(255/(Levels-1)) != 0 {
					t.Fatalf("Glyph(%q, %d) has coverage %d, no step of %d", tt.text, style, v, Levels)
				}
			}
			if g.Missing {
				t.Errorf("Glyph(%q, %d) is missing", tt.text, style)
			}
		}
	}
}

// The four faces differ.
func TestFaces(t *testing.T) {
	f := newFonts(t, 16)
	seen := map[string]Style{}
	for style := range Style(4) {
		m := string(f.Glyph("k", style, 1).Mask)
		if other, ok := seen[m]; ok {
			t.Errorf("styles %d and %d look alike", other, style)
		}
		seen[m] = style
	}
	if ink(f.Glyph("k", Bold, 1)) <= ink(f.Glyph("k", Regular, 1)) {
		t.Error("bold is not stronger than regular")
	}
}

func ink(g *Glyph) (sum int) {
	for _, v := range g.Mask {
		sum += int(v)
	}
	return sum
}

// Underscores join.
func TestUnderscoresJoin(t *testing.T) {
	for size := 6.0; size <= 40; size++ {
		f := newFonts(t, size)
		g := f.Glyph("_", Regular, 1)
		w := f.Cell().X
		for y := range f.Cell().Y {
			row := g.Mask[y*w : (y+1)*w]
			if row[0] != row[w/2] || row[w-1] != row[w/2] {
				t.Errorf("%v px: row %d of the underscore is %v; want an even line", size, y, row)
			}
		}
	}
}

func TestCache(t *testing.T) {
	f := newFonts(t, 16)
	a, b := f.Glyph("é", Bold, 1), f.Glyph("é", Bold, 1)
	if a != b {
		t.Error("the same arguments returned two glyphs")
	}
	if f.Glyph("é", Regular, 1) == a || f.Glyph("é", Bold, 2) == a {
		t.Error("other arguments returned the same glyph")
	}
	// Hostile recordings have any number of texts.
	for i := range 3 * maxGlyphs {
		f.Glyph(fmt.Sprint("e", i), Regular, 1)
	}
	if n := len(f.cache); n > maxGlyphs {
		t.Errorf("the cache has %d glyphs; want at most %d", n, maxGlyphs)
	}
	if again := f.Glyph("é", Bold, 1); string(again.Mask) != string(a.Mask) {
		t.Error("a glyph that is drawn anew looks different")
	}
}

// A heap of marks takes no more time than some marks do.
func TestLongText(t *testing.T) {
	f := newFonts(t, 16)
	g := f.Glyph("e"+strings.Repeat("\u0301", 1<<20), Regular, 1)
	if g.Missing || ink(g) <= ink(f.Glyph("e", Regular, 1)) {
		t.Error("e with a million accents is no e with accents")
	}
	for k := range f.cache {
		if len(k.text) > maxText {
			t.Errorf("the cache keeps a text of %d bytes", len(k.text))
		}
	}
}

func TestConcurrent(t *testing.T) {
	f := newFonts(t, 16)
	want := newFonts(t, 16)
	texts := []string{"a", "B", "é", "я", "─", "e\u0301", "█", "~"}
	for _, s := range texts {
		want.Glyph(s, Regular, 1)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, s := range texts {
				if g := f.Glyph(s, Regular, 1); string(g.Mask) != string(want.Glyph(s, Regular, 1).Mask) {
					t.Errorf("%q looks different when it is drawn concurrently", s)
				}
			}
		})
	}
	wg.Wait()
}

// The tops and the bottoms of letters are at whole pixels.
func TestSharp(t *testing.T) {
	for size := 8.0; size <= 32; size++ {
		f := newFonts(t, size)
		w := f.Cell().X
		for _, r := range "xzHTEF" {
			g := f.Glyph(string(r), Regular, 1)
			first, last := -1, 0
			for i, v := range g.Mask {
				if v != 0 {
					if first < 0 {
						first = i / w
					}
					last = i / w
				}
			}
			if last != f.Baseline()-1 {
				t.Errorf("%v px: %c ends at row %d; want the row above the baseline, %d", size, r, last, f.Baseline())
			}
			peak := uint8(0)
			for _, v := range g.Mask[first*w : (first+1)*w] {
				peak = max(peak, v)
			}
			if size > 10 && peak < 153 {
				t.Errorf("%v px: the top of %c has %d of 255; want a sharp edge", size, r, peak)
			}
		}
	}
}

// Zones keep the order of heights.
func TestZones(t *testing.T) {
	for size := 4.0; size < 100; size += .7 {
		f := newFonts(t, size)
		for style := range Style(4) {
			face := f.families[0].face(style)
			if len(face.zones.from) < 5 {
				t.Fatalf("style %d has the zones %+v", style, face.zones)
			}
			last := -1e9
			for y := -3000.0; y < 4000; y++ {
				got := face.zones.apply(y)
				if got < last-1e-6 {
					t.Fatalf("%v px: height %v is moved to %v, below %v", size, y, got, last)
				}
				if d := (got - y) * size / 2048; d > 1 || d < -1 {
					t.Fatalf("%v px: height %v is moved by %v pixels", size, y, d)
				}
				last = got
			}
		}
	}
}
