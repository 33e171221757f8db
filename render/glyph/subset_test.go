package glyph

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"codeberg.org/go-fonts/dejavu/dejavusansmonobold"
	"codeberg.org/go-fonts/dejavu/dejavusansmonoboldoblique"
	"codeberg.org/go-fonts/dejavu/dejavusansmonooblique"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

const subsetText = "Hello, wörld! éÅñ ж Ω → ✓ ½ 0123456789 {}[]()<>@#&%"

// The glyphs of a subset have the outlines and the widths of the original, as another
// reader sees them.
func TestSubset(t *testing.T) {
	f := newFonts(t, 16)
	for style, original := range [][]byte{dejavusansmono.TTF, dejavusansmonobold.TTF, dejavusansmonooblique.TTF, dejavusansmonoboldoblique.TTF} {
		data, err := f.Subset([]rune(subsetText+subsetText+"漢"), Style(style))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 20<<10 {
			t.Errorf("style %d: the subset has %d bytes", style, len(data))
		}
		want, err := sfnt.Parse(original)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sfnt.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for _, r := range subsetText {
			wi, err := want.GlyphIndex(&b, r)
			if err != nil {
				t.Fatal(err)
			}
			gi, err := got.GlyphIndex(&b, r)
			if err != nil {
				t.Fatal(err)
			}
			if (wi == 0) != (gi == 0) {
				t.Errorf("style %d: %c is glyph %d; in the original %d", style, r, gi, wi)
			}
			ppem := fixed.I(2048)
			wa, _ := want.GlyphAdvance(&b, wi, ppem, font.HintingNone)
			ga, _ := got.GlyphAdvance(&b, gi, ppem, font.HintingNone)
			if wa != ga {
				t.Errorf("style %d: %c is %v wide; want %v", style, r, ga, wa)
			}
			ws := segments(t, want, wi)
			gs := segments(t, got, gi)
			if len(ws) != len(gs) {
				t.Errorf("style %d: %c has %d segments; want %d", style, r, len(gs), len(ws))
				continue
			}
			for i := range ws {
				n := 1 // points that the operation uses
				if ws[i].Op == sfnt.SegmentOpQuadTo {
					n = 2
				}
				for j := range n {
					d := gs[i].Args[j].Sub(ws[i].Args[j])
					if gs[i].Op != ws[i].Op || max(d.X, -d.X) > 64 || max(d.Y, -d.Y) > 64 {
						t.Fatalf("style %d: %c: segment %d is %v; want %v", style, r, i, gs[i], ws[i])
					}
				}
			}
		}
		if i, _ := got.GlyphIndex(&b, 'Q'); i != 0 {
			t.Errorf("style %d: the subset has Q, which was not asked for", style)
		}
		if again, _ := f.Subset([]rune(subsetText), Style(style)); !bytes.Equal(again, data) {
			t.Errorf("style %d: the same runes make another font", style)
		}
		if name, err := got.Name(&b, sfnt.NameIDCopyright); err != nil || !bytes.Contains([]byte(name), []byte("Bitstream")) {
			t.Errorf("style %d: the copyright is %q, %v", style, name, err)
		}
	}
}

func segments(t *testing.T, f *sfnt.Font, i sfnt.GlyphIndex) sfnt.Segments {
	t.Helper()
	var b sfnt.Buffer
	s, err := f.LoadGlyph(&b, i, fixed.I(2048), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A font that is read back looks the same.
func TestSubsetRoundTrip(t *testing.T) {
	f := newFonts(t, 16)
	var all []rune
	for r := rune(0x20); r < 0x3000; r++ {
		if f.families[0].face(Regular).covers([]rune{r}) {
			all = append(all, r)
		}
	}
	data, err := f.Subset(all, Regular)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "subset.ttf")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Size: 16, Font: name, NoSystem: true})
	if err != nil {
		t.Fatal(err)
	}
	if g.Cell() != f.Cell() || g.Baseline() != f.Baseline() || g.Lines() != f.Lines() {
		t.Errorf("the cell is %v, %d, %+v; want %v, %d, %+v", g.Cell(), g.Baseline(), g.Lines(), f.Cell(), f.Baseline(), f.Lines())
	}
	differ := 0
	for _, r := range all {
		a, b := f.Glyph(string(r), Regular, 1).Mask, g.Glyph(string(r), Regular, 1).Mask
		if len(a) != len(b) {
			t.Fatalf("%U: one is blank", r)
		}
		for i := range a {
			if d := int(a[i]) - int(b[i]); d > 51 || d < -51 {
				t.Fatalf("%U looks different", r)
			} else if d != 0 {
				differ++
			}
		}
	}
	if differ > 10*len(all)/100 {
		t.Errorf("%d pixels of %d glyphs differ by a step", differ, len(all))
	}
	// The subset of a subset.
	if again, err := g.Subset(all, Regular); err != nil || math.Abs(float64(len(again)-len(data))) > 100 {
		t.Errorf("the subset of the subset has %d bytes, %v; want about %d", len(again), err, len(data))
	}
}

func TestSubsetLimits(t *testing.T) {
	f := newFonts(t, 16)
	for _, runes := range [][]rune{nil, {}, {' '}, {-1, 0x110000, 0x7fffffff}, {'漢'}, {0xffff}, {0x1d7f6, 'A', 'A'}} {
		data, err := f.Subset(runes, Bold|Italic)
		if err != nil {
			t.Fatalf("%v: %v", runes, err)
		}
		if _, err := sfnt.Parse(data); err != nil {
			t.Errorf("%v: %v", runes, err)
		}
	}
	f.families[0].face(Regular).embed = false
	if _, err := f.Subset([]rune("abc"), Regular); !errors.Is(err, ErrNoEmbed) {
		t.Errorf("a font that may not be embedded: %v", err)
	}
}

// Browsers are strict about fonts. Chromium loads the subset, and measures its text.
func TestSubsetInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("SKIPPED: TestSubsetInChromium: chromium is not installed")
	}
	f := newFonts(t, 16)
	page := subsetPage(t, f)
	if dir := os.Getenv("TTYDECK_SHEETS"); dir != "" { // for other browsers
		if err := os.WriteFile(filepath.Join(dir, "subset.html"), page, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(name, page, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
		"--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+name).Output()
	if err != nil {
		t.Fatal(err)
	}
	for style := range 4 {
		want := []byte("loaded " + string(rune('0'+style)) + " 96.33")
		if !bytes.Contains(out, want) {
			t.Errorf("the page lacks %q:\n%s", want, out[max(len(out)-600, 0):])
		}
	}
}

// subsetPage returns a page that loads a subset of each style, and says how wide ten
// characters of 16 pixels are.
func subsetPage(t *testing.T, f *Fonts) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><meta charset=utf-8><style>\n")
	for style := range Style(4) {
		data, err := f.Subset([]rune(subsetText), style)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "@font-face{font-family:f%d;src:url(data:font/ttf;base64,%s)}\n", style, base64.StdEncoding.EncodeToString(data))
	}
	b.WriteString("</style><pre id=out></pre>\n")
	for style := range 4 {
		fmt.Fprintf(&b, "<div style='font:16px f%d,serif'><span id=s%d>Hello, wör</span> %s</div>\n", style, style, html.EscapeString(subsetText))
	}
	b.WriteString(`<script>
for (let i = 0; i < 4; i++) document.fonts.load("16px f" + i).then(l => {
  let w = document.getElementById("s" + i).getBoundingClientRect().width;
  document.getElementById("out").textContent += "loaded " + i + " " + w.toFixed(2) + " " + l.length + "\n";
}, e => { document.getElementById("out").textContent += "failed " + i + " " + e + "\n" });
</script>`)
	return b.Bytes()
}
