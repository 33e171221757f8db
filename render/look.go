package render

import (
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Ink is a colour of a picture: a direct one, 0xRRGGBB, or one of the theme's.
type Ink uint32

// The theme's colours. The 16 of its palette are InkPalette to InkPalette+15.
const (
	InkPalette Ink = 1<<24 + iota
)

const (
	InkFg     Ink = InkPalette + 16 + iota // the default foreground
	InkBg                                  // the default background
	InkCursor                              // the cursor
)

// Direct reports whether the colour is the same in every theme.
func (i Ink) Direct() bool { return i < InkPalette }

// Theme is the colours of a picture.
type Theme struct {
	Name    string         // as people know it; empty for one read from elsewhere
	Fg, Bg  format.RGB     // Fg and Bg are the default colours of the text and behind it
	Cursor  format.RGB     // of the cursor, if the recording sets no other
	Palette [16]format.RGB // the first 16 colours of the palette
}

// RGB returns the colour of an Ink.
func (t *Theme) RGB(i Ink) format.RGB {
	switch {
	case i.Direct():
		return format.RGB{R: uint8(i >> 16), G: uint8(i >> 8), B: uint8(i)}
	case i == InkFg:
		return t.Fg
	case i == InkBg:
		return t.Bg
	case i == InkCursor:
		return t.Cursor
	}
	return t.Palette[(i-InkPalette)&15]
}

// ThemeOf returns the theme that a recording holds.
func ThemeOf(r *format.Theme) *Theme {
	t := &Theme{Fg: r.Fg, Bg: r.Bg, Cursor: r.Fg, Palette: first16}
	for i := range t.Palette {
		switch {
		case i < len(r.Palette):
			t.Palette[i] = r.Palette[i]
		case len(r.Palette) == 8:
			t.Palette[i] = r.Palette[i-8]
		}
	}
	return t
}

// Recorded returns the theme as a recording holds it.
func (t *Theme) Recorded() *format.Theme {
	return &format.Theme{Fg: t.Fg, Bg: t.Bg, Palette: t.Palette[:]}
}

// OpenTheme returns the built-in theme of that name or, if there is none or the name has a
// slash, the theme in the file of that name.
func OpenTheme(name string) (*format.Theme, error) {
	if IsThemeFile(name) {
		t, err := ReadTheme(name)
		if err != nil {
			return nil, err
		}
		return t.Recorded(), nil
	}
	return ThemeByName(name).Recorded(), nil
}

// IsThemeFile reports whether [OpenTheme] takes a name for that of a file.
func IsThemeFile(name string) bool { return strings.Contains(name, "/") || ThemeByName(name) == nil }

// Look is how the character of a cell is drawn. Inverse is applied, and equal looks
// are drawn alike.
type Look struct {
	// Fg and Bg are the colours of the text and behind it; Line is that of the
	// underline, strike and overline excepted, which have Fg.
	Fg, Bg, Line Ink
	// Faint has the text and its lines drawn half as strong: see [Look.Colors].
	Faint        bool
	Bold, Italic bool         // Bold and Italic choose the face
	Concealed    bool         // only the background is drawn
	Underline    vt.Underline // its style
	Strike       bool         // a line through the text
	Overline     bool         // a line above it
}

// LookOf returns the Look of a style. Blinking text is shown steadily, and bold text in
// one of the first eight colours in its bright counterpart, as xterm and xterm.js do:
// programs write bold black where they mean grey.
func LookOf(s Style) Look {
	l := Look{
		Fg: inkOf(s.Fg, InkFg), Bg: inkOf(s.Bg, InkBg),
		Faint: s.Attr.Has(vt.Faint), Bold: s.Attr.Has(vt.Bold), Italic: s.Attr.Has(vt.Italic),
		Concealed: s.Attr.Has(vt.Conceal), Underline: s.Attr.Underline(),
		Strike: s.Attr.Has(vt.Strike), Overline: s.Attr.Has(vt.Overline),
	}
	if s.Attr.Has(vt.Inverse) {
		l.Fg, l.Bg = l.Bg, l.Fg
	}
	if l.Bold && l.Fg >= InkPalette && l.Fg < InkPalette+8 {
		l.Fg += 8
	}
	if l.Underline != vt.NoUnderline {
		l.Line = inkOf(s.Underline, l.Fg)
	}
	return l
}

// inkOf returns the Ink of a terminal's colour.
func inkOf(c vt.Color, otherwise Ink) Ink {
	if i, ok := c.Palette(); ok {
		if i < 16 {
			return InkPalette + Ink(i)
		}
		return direct(paletteRGB(i))
	}
	if r, g, b, ok := c.RGB(); ok {
		return direct(format.RGB{R: r, G: g, B: b})
	}
	return otherwise
}

func direct(c format.RGB) Ink { return Ink(c.R)<<16 | Ink(c.G)<<8 | Ink(c.B) }

// Colors returns the colours with which a cell is drawn in a theme. Faint ones are
// halfway to the background.
func (l Look) Colors(t *Theme) (fg, bg, line format.RGB) {
	fg, bg, line = t.RGB(l.Fg), t.RGB(l.Bg), t.RGB(l.Line)
	if l.Faint {
		fg, line = Mix(fg, bg, 128), Mix(line, bg, 128)
	}
	return fg, bg, line
}

// Mix returns the colour of fg over bg, where fg covers coverage/255.
func Mix(fg, bg format.RGB, coverage uint8) format.RGB {
	mix := func(a, b uint8) uint8 {
		return uint8((int(a)*int(coverage) + int(b)*(255-int(coverage)) + 127) / 255)
	}
	return format.RGB{R: mix(fg.R, bg.R), G: mix(fg.G, bg.G), B: mix(fg.B, bg.B)}
}
