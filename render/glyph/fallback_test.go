package glyph

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/dejavu/dejavusansbold"
	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"codeberg.org/go-fonts/dejavu/dejavusansmonobold"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/fontscan"
)

// withSystem makes the files the only fonts of the system.
func withSystem(tb testing.TB, f *Fonts, files ...string) {
	tb.Helper()
	var list []fontscan.Footprint
	for _, name := range files {
		faces, err := readFont(name)
		if err != nil {
			tb.Fatal(err)
		}
		for i, l := range faces {
			fp := fontscan.Footprint{Family: font.NormalizeFamily(l.about.Family), Aspect: l.about.Aspect, Location: font.FontID{File: name, Index: uint16(i)}}
			for r := rune(1); r < 0x110000; r++ {
				if id, ok := l.font.NominalGlyph(r); ok && id != 0 {
					fp.Runes.Add(r)
				}
			}
			list = append(list, fp)
		}
	}
	f.system.index = func() ([]fontscan.Footprint, error) { return list, nil }
}

// write writes a file to a folder of the test's, and returns its name.
func write(tb testing.TB, dir, name string, data []byte) string {
	tb.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}

// makeFont returns a font of a family with some runes, each with the outline of a
// letter of DejaVu's, and with tables of its own.
func makeFont(tb testing.TB, family string, runes map[rune]rune, more ...table) []byte {
	tb.Helper()
	w := &subset{face: builtin[Regular](), name: family, upem: 2048}
	if err := w.add(0); err != nil {
		tb.Fatal(err)
	}
	var keys []rune
	for r := range runes {
		keys = append(keys, r)
	}
	slices.Sort(keys)
	for _, r := range keys {
		id, ok := w.face.NominalGlyph(runes[r])
		if !ok {
			tb.Fatalf("%c is no letter of DejaVu's", runes[r])
		}
		w.cmap = append(w.cmap, mapping{r, len(w.glyphs)})
		if err := w.add(id); err != nil {
			tb.Fatal(err)
		}
	}
	tables := append(w.tables(), more...)
	slices.SortFunc(tables, func(a, b table) int { return strings.Compare(a.tag, b.tag) })
	return encodeFont(tables)
}

// What the chosen font lacks comes from the built-in one, then from the system; what
// none has is a box, and is counted.
func TestFallback(t *testing.T) {
	dir := t.TempDir()
	chosen := write(t, dir, "chosen.ttf", makeFont(t, "Chosen", map[rune]rune{'A': 'X', '0': '0', 'i': 'i', 'M': 'M', 'W': 'W', '.': '.', 'x': 'x', 'H': 'H', 'd': 'd', 'o': 'o', 'O': 'O', 'p': 'p'}))
	other := write(t, dir, "other.ttf", makeFont(t, "Other Sans", map[rune]rune{'漢': 'H', 'B': 'Z'}))
	f, err := New(Options{Font: chosen, NoSystem: true})
	if err != nil {
		t.Fatal(err)
	}
	withSystem(t, f, other)
	plain := newFonts(t, 16)
	same := func(a, b *Glyph) bool { return string(a.Mask) == string(b.Mask) && !a.Missing && len(a.Mask) > 0 }
	if !same(f.Glyph("A", Regular, 1), plain.Glyph("X", Regular, 1)) {
		t.Error("A is not that of the chosen font")
	}
	if !same(f.Glyph("B", Regular, 1), plain.Glyph("B", Regular, 1)) {
		t.Error("B is not that of the built-in font")
	}
	if g := f.Glyph("漢", Regular, 2); g.Missing || ink(g) == 0 || len(g.Mask) != 2*10*22 {
		t.Error("漢 is not that of the system's font")
	}
	if list := f.Missing(); len(list) != 0 {
		t.Errorf("missing: %v", list)
	}
	for _, s := range []string{"字", "国", "あ", "\U0001f600", "\ue000", "字"} {
		for cols := 1; cols <= 2; cols++ {
			g := f.Glyph(s, Regular, cols)
			if !g.Missing || ink(g) == 0 || len(g.Mask) != cols*10*22 {
				t.Errorf("Glyph(%q) has %d pixels, missing: %v; want a box", s, len(g.Mask), g.Missing)
			}
		}
	}
	var got []string
	for _, m := range f.Missing() {
		got = append(got, fmt.Sprintf("%s %d %v %s", m.Script, m.Texts, m, m.Remedy()))
	}
	want := []string{
		"Han 2 U+5B57 fonts-noto-cjk (Noto Sans CJK)", "Emoji 1 U+1F600 fonts-noto-color-emoji (Noto Color Emoji)",
		"Hiragana 1 U+3042 fonts-noto-cjk (Noto Sans CJK)", "Private Use 1 U+E000 a Nerd Font (www.nerdfonts.com)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("missing:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A letter whose marks no font has is drawn without them, and counted.
func TestMissingMark(t *testing.T) {
	f := newFonts(t, 16)
	if g := f.Glyph("Z\u0351\u036b", Regular, 1); g.Missing || string(g.Mask) != string(f.Glyph("Z", Regular, 1).Mask) {
		t.Error("Z with marks that no font has is not Z")
	}
	if list := f.Missing(); len(list) != 1 || list[0].Script != "Latin" || list[0].String() != "U+005A U+0351 U+036B" {
		t.Errorf("missing: %v", list)
	}
}

// The box says which character is missing, if it is large enough.
func TestBox(t *testing.T) {
	f := newFonts(t, 16)
	a, b := f.Glyph("\ue001", Regular, 2), f.Glyph("\ue002", Regular, 2)
	if string(a.Mask) == string(b.Mask) {
		t.Error("boxes of different characters look alike")
	}
	for size := 4.0; size < 64; size += 3 {
		f := newFonts(t, size)
		for cols := 1; cols <= 2; cols++ {
			if g := f.Glyph("\U0010fffd", Bold, cols); ink(g) == 0 {
				t.Errorf("%v px: no box", size)
			}
		}
	}
}

// Marks are put where the font says.
func TestCombining(t *testing.T) {
	f := newFonts(t, 16)
	for _, tt := range []struct{ text, same string }{{"e\u0301", "é"}, {"A\u030a", "Å"}, {"o\u0302\u0301", "ố"}} {
		if string(f.Glyph(tt.text, Regular, 1).Mask) != string(f.Glyph(tt.same, Regular, 1).Mask) {
			t.Errorf("%+q does not look as %s does", tt.text, tt.same)
		}
	}
	x, mark := f.Glyph("x", Regular, 1), f.Glyph("x\u0304", Regular, 1)
	if mark.Missing || ink(mark) <= ink(x) {
		t.Fatal("x with a macron lacks the macron")
	}
	for i := 11 * 10; i < len(x.Mask); i++ { // below the middle
		if x.Mask[i] != mark.Mask[i] {
			t.Fatal("the macron is not above the x")
		}
	}
	for _, s := range []string{"a\u200d", "a\ufe0e", "\u200ea", "a\u2060", "a\U000e0100"} {
		if string(f.Glyph(s, Regular, 1).Mask) != string(f.Glyph("a", Regular, 1).Mask) {
			t.Errorf("%+q does not look as a does", s)
		}
	}
	for _, s := range []string{"\u200d", "\ufe0f", "\u3000", "\u2003", "\x1b", "\u2028"} {
		if g := f.Glyph(s, Regular, 2); g.Mask != nil || g.Color != nil || g.Missing {
			t.Errorf("%+q is not blank", s)
		}
	}
}

// A proportional font keeps the columns: each character is in the middle of its own.
func TestProportional(t *testing.T) {
	name := write(t, t.TempDir(), "Sans-Regular.ttf", dejavusans.TTF)
	f, err := New(Options{Font: name, NoSystem: true})
	if err != nil {
		t.Fatal(err)
	}
	w := f.Cell().X
	for _, s := range []string{"i", "l", ".", "|", "W", "M", "m", "@", "ﬃ"} {
		for style := range Style(4) {
			g := f.Glyph(s, style, 1)
			if len(g.Mask) != w*f.Cell().Y {
				t.Fatalf("%q has %d pixels", s, len(g.Mask))
			}
			left, right := w, 0
			for i, v := range g.Mask {
				if v > 51 {
					left, right = min(left, i%w), max(right, i%w)
				}
			}
			if style == Regular && max(left-(w-1-right), w-1-right-left) > 2 {
				t.Errorf("%q is at %d to %d of %d; want the middle", s, left, right, w)
			}
		}
	}
	if string(f.Glyph("i", Bold, 1).Mask) == string(f.Glyph("i", Regular, 1).Mask) || string(f.Glyph("i", Italic, 1).Mask) == string(f.Glyph("i", Regular, 1).Mask) {
		t.Error("styles that the font lacks are not drawn")
	}
}

// The files beside the chosen one have its other styles.
func TestFamilyOfFile(t *testing.T) {
	dir := t.TempDir()
	regular := write(t, dir, "Mono-Regular.ttf", dejavusansmono.TTF)
	write(t, dir, "Mono-Bold.ttf", dejavusansmonobold.TTF)
	write(t, dir, "Mono-Broken.ttf", []byte("no font"))
	write(t, dir, "Mono-Other.ttf", dejavusansbold.TTF) // of another family
	f, err := New(Options{Font: regular, NoSystem: true})
	if err != nil {
		t.Fatal(err)
	}
	want := newFonts(t, 16)
	for style := Regular; style <= Bold; style++ {
		if string(f.Glyph("g", style, 1).Mask) != string(want.Glyph("g", style, 1).Mask) {
			t.Errorf("style %d is not that of its file", style)
		}
	}
	if string(f.Glyph("g", Bold|Italic, 1).Mask) == string(f.Glyph("g", Bold, 1).Mask) {
		t.Error("bold italic is not slanted")
	}
}

func TestFontErrors(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ font, want string }{
		{filepath.Join(dir, "no.ttf"), "no such file"},
		{write(t, dir, "text.ttf", []byte("This is no font at all.")), "not a font"},
		{write(t, dir, "empty.otf", nil), "not a font"},
		{write(t, dir, "short.ttf", dejavusansmono.TTF[:5000]), "beyond its end"},
		{write(t, dir, "web.woff2", []byte("wOF2")), "use TrueType or OpenType"},
		{dir + "/", "not a file"},
	} {
		_, err := New(Options{Font: tt.font, NoSystem: true})
		if err == nil || !strings.Contains(err.Error(), tt.want) && !strings.Contains(err.Error(), "cannot find") {
			t.Errorf("New(%q) returned %v; want %q", tt.font, err, tt.want)
		}
	}
	var notFound *NotFoundError
	if _, err := New(Options{Font: "Comic Code", NoSystem: true}); !errors.As(err, &notFound) || notFound.Font != "Comic Code" {
		t.Errorf("a family that is not installed: %v", err)
	}
	if _, err := New(Options{Font: "dejavu sans mono", NoSystem: true}); err != nil {
		t.Errorf("the built-in family: %v", err)
	}
}

// A family is found by its name however it is spelt, and similar names are a hint.
func TestFamilyByName(t *testing.T) {
	dir := t.TempDir()
	var s Fonts
	withSystem(t, &s, write(t, dir, "a.ttf", dejavusans.TTF), write(t, dir, "b.ttf", dejavusansbold.TTF),
		write(t, dir, "c.ttf", makeFont(t, "Fira Code", map[rune]rune{'a': 'a'})), write(t, dir, "d.ttf", makeFont(t, "Hack", map[rune]rune{'a': 'a'})))
	s.system.fonts, s.system.made = map[font.FontID]*loaded{}, map[madeFace]*face{}
	for _, name := range []string{"DejaVu Sans", "dejavusans", "DEJAVU SANS"} {
		f, err := findFamily(name, &s.system)
		if err != nil {
			t.Fatal(err)
		}
		if f.face(Regular).bold || f.face(Bold).bold || f.face(Bold).Font == f.face(Regular).Font {
			t.Errorf("%q: the bold face is not that of the family", name)
		}
		if !f.face(Italic).italic {
			t.Errorf("%q: there is no italic face, but it is not drawn", name)
		}
	}
	for name, want := range map[string]string{"FiraCode Nerd": "Fira Code", "Fira Cod": "Fira Code", "hac": "Hack", "Zapfino": ""} {
		_, err := findFamily(name, &s.system)
		var notFound *NotFoundError
		if !errors.As(err, &notFound) {
			t.Fatalf("%q: %v", name, err)
		}
		if got := strings.Join(notFound.Near, ", "); got != want {
			t.Errorf("%q: similar names are %q; want %q", name, got, want)
		}
	}
}

// Hostile recordings do not load all fonts of the system.
func TestSystemLimit(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i := range maxSystemFonts + 6 {
		files = append(files, write(t, dir, fmt.Sprintf("%02d.ttf", i), makeFont(t, fmt.Sprint("F", i), map[rune]rune{rune(0x4e00 + i): 'a'})))
	}
	f := newFonts(t, 16)
	withSystem(t, f, files...)
	missing := 0
	for i := range files {
		if f.Glyph(string(rune(0x4e00+i)), Regular, 2).Missing {
			missing++
		}
	}
	if missing != 6 {
		t.Errorf("%d of %d fonts are not used; want 6", missing, len(files))
	}
}

// A font that cannot be read any more, or is malformed, gives way to the next.
func TestBrokenSystemFont(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.ttf", makeFont(t, "A Mono", map[rune]rune{'漢': 'a', '字': 'a'}))
	b := write(t, dir, "b.ttf", makeFont(t, "B Mono", map[rune]rune{'漢': 'b'}))
	f := newFonts(t, 16)
	withSystem(t, f, a, b)
	write(t, dir, "a.ttf", []byte("no font"))
	if f.Glyph("漢", Regular, 2).Missing {
		t.Error("the second font is not used")
	}
	if !f.Glyph("字", Regular, 2).Missing {
		t.Error("a character of a font that cannot be read is not missing")
	}
}

// emojiFont returns a font with a smiley of two layers, a red and a blue one.
func emojiFont(tb testing.TB) []byte {
	palette := be(uint16(0), uint16(2), uint16(1), uint16(2), uint32(14), uint16(0), [4]byte{0, 0, 255, 255}, [4]byte{255, 0, 0, 255}) // blue, green, red, alpha
	// Version 0: glyph 4, the smiley, is glyph 1 in red and glyph 2 in blue.
	colr := be(uint16(0), uint16(1), uint32(14), uint32(20), uint16(2), uint16(4), uint16(0), uint16(2), uint16(1), uint16(0), uint16(2), uint16(1))
	return makeFont(tb, "Test Emoji", map[rune]rune{'1': '█', '2': '▄', '❤': 'v', '\U0001f600': 'o'}, table{"COLR", colr}, table{"CPAL", palette})
}

// Characters are shown in colours, or not, by their presentation (Unicode TR 51).
func TestPresentation(t *testing.T) {
	f := newFonts(t, 16)
	name := write(t, t.TempDir(), "emoji.ttf", emojiFont(t))
	withSystem(t, f, name)
	g := f.Glyph("\U0001f600", Regular, 2)
	if g.Color == nil || g.Mask != nil || g.Missing {
		t.Fatal("the smiley is not in colours")
	}
	if got, want := g.Color.Rect, image.Rect(0, 0, 20, 22); got != want {
		t.Errorf("the smiley is %v; want %v", got, want)
	}
	red, blue := 0, 0
	for y := range 22 {
		for x := range 20 {
			switch c := g.Color.NRGBAAt(x, y); {
			case c.A == 255 && c == color.NRGBA{255, 0, 0, 255}:
				red++
			case c.A == 255 && c == color.NRGBA{0, 0, 255, 255}:
				blue++
			}
		}
	}
	if red < 5 || blue < 5 {
		t.Errorf("the smiley has %d red and %d blue pixels", red, blue)
	}
	for text, want := range map[string]bool{
		"\U0001f600": true, "\U0001f600\ufe0e": false,
		"❤": false, "1": false, "1\ufe0f": false, "⚡": false, "→": false, "漢": false,
	} {
		if got := f.Glyph(text, Regular, 1).Color != nil; got != want {
			t.Errorf("%+q is in colours: %v; want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"❤": false, "❤\ufe0f": true, "☺": false, "☺\ufe0f": true, "⚡": true, "⚡\ufe0e": false, "1\ufe0f\u20e3": true, "👍🏽": true,
		"🇯🇵": true, "©": false, "©\ufe0f": true, "〰": false, "漢": false, "a": false, "1\ufe0f": false, "\U0001fae9": true,
	} {
		if got := isEmoji([]rune(text)); got != want {
			t.Errorf("isEmoji(%+q) = %v; want %v", text, got, want)
		}
	}
}

// A gradient of COLR's version 1 goes from its first colour to its last.
func TestGradient(t *testing.T) {
	palette := be(uint16(0), uint16(2), uint16(1), uint16(2), uint32(14), uint16(0), [4]byte{0, 0, 255, 255}, [4]byte{255, 0, 0, 255})
	const full = 0x4000 // 1 in 2.14
	line := be(uint8(0), uint16(2), uint16(0), uint16(0), uint16(full), uint16(full), uint16(1), uint16(full))
	gradient := append(be([]byte{4, 0, 0, 16}, int16(0), int16(0), int16(1233), int16(0), int16(0), int16(1000)), line...)
	outline := append(be([]byte{10, 0, 0, 6}, uint16(1)), gradient...)
	shrunk := append(be([]byte{20, 0, 0, 6}, uint16(full)), outline...) // a scale of 1
	base := append(be(uint32(1), uint16(2), uint32(10)), shrunk...)
	colr := append(be(uint16(1), uint16(0), uint32(0), uint32(0), uint16(0), uint32(34), uint32(0), uint32(0), uint32(0), uint32(0)), base...)
	f := newFonts(t, 32)
	withSystem(t, f, write(t, t.TempDir(), "emoji.ttf", makeFont(t, "Test Emoji", map[rune]rune{'A': '█', '\U0001f600': 'o'}, table{"COLR", colr}, table{"CPAL", palette})))
	g := f.Glyph("\U0001f600", Regular, 2)
	if g.Color == nil {
		t.Fatal("the glyph is not in colours")
	}
	y, last := g.Color.Rect.Dy()/2, -1
	for x := range g.Color.Rect.Dx() {
		c := g.Color.NRGBAAt(x, y)
		if c.A < 255 {
			continue
		}
		if int(c.B) < last || int(c.R)+int(c.B) < 250 || int(c.R)+int(c.B) > 260 {
			t.Fatalf("column %d is %v", x, c)
		}
		if last < 0 && c.B > 40 {
			t.Errorf("the gradient begins with %v", c)
		}
		last = int(c.B)
	}
	if last < 215 {
		t.Errorf("the gradient ends with %d of blue", last)
	}
}

// The fonts of this system: Han characters and emoji are drawn, in their columns.
func TestSystemFonts(t *testing.T) {
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Glyph("漢", Regular, 2).Missing || f.Glyph("\U0001f600", Regular, 2).Missing {
		if os.Getenv("CI") == "true" {
			t.Fatal("no fonts for Han and emoji are installed")
		}
		t.Skip("SKIPPED: TestSystemFonts: no fonts for Han and emoji are installed")
	}
	han := f.Glyph("漢", Regular, 2)
	w := 2 * f.Cell().X
	var cols [2]int
	for i, v := range han.Mask {
		cols[i%w*2/w] += int(v)
	}
	if cols[0] == 0 || cols[1] == 0 {
		t.Error("漢 does not fill its two columns")
	}
	smiley := f.Glyph("\U0001f600", Regular, 2)
	if smiley.Color == nil {
		t.Fatal("the smiley is not in colours")
	}
	if thumb, brown := f.Glyph("👍", Regular, 2), f.Glyph("👍🏽", Regular, 2); brown.Color == nil || bytes.Equal(thumb.Color.Pix, brown.Color.Pix) {
		t.Error("the modifier of the skin has no effect")
	}
	if japan, germany := f.Glyph("🇯🇵", Regular, 2), f.Glyph("🇩🇪", Regular, 2); japan.Color == nil || germany.Color == nil || bytes.Equal(japan.Color.Pix, germany.Color.Pix) {
		t.Error("flags look alike")
	}
	if heart := f.Glyph("❤", Regular, 1); heart.Mask == nil {
		t.Error("the heart as text is not drawn with an outline")
	}
	if heart := f.Glyph("❤\ufe0f", Regular, 2); heart.Color == nil {
		t.Error("the heart as an emoji is not in colours")
	}
}

// Icons come from a font of icons: what others have for private use is something else.
func TestIcons(t *testing.T) {
	dir := t.TempDir()
	f := newFonts(t, 16)
	withSystem(t, f, write(t, dir, "a.ttf", makeFont(t, "DejaVu Sans", map[rune]rune{0xf001: 'W', 0xf002: 'i'})),
		write(t, dir, "b.ttf", makeFont(t, "Symbols Nerd Font", map[rune]rune{0xf001: 'o'})))
	icon, o := f.Glyph("\uf001", Regular, 1), f.Glyph("o", Regular, 1)
	if icon.Missing || math.Abs(float64(ink(icon))/float64(ink(o))-1) > .2 {
		t.Error("the icon is not that of the Nerd Font")
	}
	if !f.Glyph("\uf002", Regular, 1).Missing {
		t.Error("a character of private use is that of DejaVu")
	}
}
