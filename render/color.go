package render

import (
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Colors is the number of colours that a terminal shows.
type Colors int

// The kinds of terminals, from fewer colours to more.
const (
	// ColorsAuto: as NO_COLOR, COLORTERM and TERM show.
	ColorsAuto Colors = iota
	// ColorsNone: no colours, only attributes such as bold.
	ColorsNone
	// Colors16: the 16 colours of the palette.
	Colors16
	// Colors256: the 256 colours of xterm's palette.
	Colors256
	// ColorsRGB: all colours of 24 bits.
	ColorsRGB
)

// colorsOf returns the number of colours that the terminal shows according to
// NO_COLOR (https://no-color.org), COLORTERM and TERM; never ColorsAuto.
func colorsOf(getenv func(string) string) Colors {
	if getenv("NO_COLOR") != "" {
		return ColorsNone
	}
	switch getenv("COLORTERM") {
	case "truecolor", "24bit":
		return ColorsRGB
	}
	term := getenv("TERM")
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(term, p) {
				return true
			}
		}
		return false
	}
	switch {
	case term == "" || term == "dumb" || strings.HasPrefix(term, "vt1") || strings.HasPrefix(term, "vt2") || has("-m", "mono"):
		return ColorsNone
	case has("direct", "truecolor", "kitty", "ghostty", "alacritty", "foot", "wezterm"):
		return ColorsRGB
	case has("256"):
		return Colors256
	case term == "linux" || has("16color", "ansi", "cygwin", "rxvt", "xterm", "screen", "tmux", "color"):
		return Colors16
	}
	return Colors16
}

// xterm's colours: the first 16, and the steps of the cube of 216
// (xterm, 256colres.h and XTerm-col.ad).
var (
	first16 = [16]format.RGB{
		{R: 0, G: 0, B: 0}, {R: 205, G: 0, B: 0}, {R: 0, G: 205, B: 0}, {R: 205, G: 205, B: 0},
		{R: 0, G: 0, B: 238}, {R: 205, G: 0, B: 205}, {R: 0, G: 205, B: 205}, {R: 229, G: 229, B: 229},
		{R: 127, G: 127, B: 127}, {R: 255, G: 0, B: 0}, {R: 0, G: 255, B: 0}, {R: 255, G: 255, B: 0},
		{R: 92, G: 92, B: 255}, {R: 255, G: 0, B: 255}, {R: 0, G: 255, B: 255}, {R: 255, G: 255, B: 255},
	}
	cube = [6]uint8{0, 95, 135, 175, 215, 255}
)

// paletteRGB returns the usual colour of a palette entry.
func paletteRGB(i uint8) format.RGB {
	switch {
	case i < 16:
		return first16[i]
	case i < 232:
		i -= 16
		return format.RGB{R: cube[i/36], G: cube[i/6%6], B: cube[i%6]}
	}
	v := 8 + 10*(i-232)
	return format.RGB{R: v, G: v, B: v}
}

func distance(a, b format.RGB) int {
	dr, dg, db := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return 3*dr*dr + 4*dg*dg + 2*db*db
}

// nearest256 returns the entry of the fixed part of the palette that looks most
// like c.
func nearest256(c format.RGB) uint8 {
	step := func(v uint8) uint8 {
		best := 0
		for i, s := range cube {
			if abs(int(s)-int(v)) < abs(int(cube[best])-int(v)) {
				best = i
			}
		}
		return uint8(best)
	}
	i := 16 + 36*step(c.R) + 6*step(c.G) + step(c.B)
	grey := (int(c.R) + int(c.G) + int(c.B)) / 3
	g := uint8(232 + min(max((grey-3)/10, 0), 23))
	if distance(paletteRGB(g), c) < distance(paletteRGB(i), c) {
		return g
	}
	return i
}

// nearest16 returns the one of the first 16 colours that looks most like c.
func nearest16(c format.RGB) uint8 {
	best := 0
	for i := range first16 {
		if distance(first16[i], c) < distance(first16[best], c) {
			best = i
		}
	}
	return uint8(best)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// fit returns the colour nearest to c that a terminal of that kind shows.
func (n Colors) fit(c vt.Color) vt.Color {
	if c.IsDefault() {
		return c
	}
	if n == ColorsNone {
		return 0
	}
	if i, ok := c.Palette(); ok {
		if i >= 16 && n == Colors16 {
			return vt.PaletteColor(nearest16(paletteRGB(i)))
		}
		return c
	}
	r, g, b, _ := c.RGB()
	switch n {
	case Colors16:
		return vt.PaletteColor(nearest16(format.RGB{R: r, G: g, B: b}))
	case Colors256:
		return vt.PaletteColor(nearest256(format.RGB{R: r, G: g, B: b}))
	}
	return c
}

// appendColor appends the SGR parameters of c, each after a ";"; base is 30 for
// the foreground, 40 for the background.
func appendColor(b []byte, c vt.Color, base int) []byte {
	if i, ok := c.Palette(); ok {
		switch {
		case i < 8:
			b = append(b, ';')
			return strconv.AppendInt(b, int64(base+int(i)), 10)
		case i < 16:
			b = append(b, ';')
			return strconv.AppendInt(b, int64(base+60+int(i)-8), 10)
		}
		b = append(b, ';')
		b = strconv.AppendInt(b, int64(base+8), 10)
		b = append(b, ";5;"...)
		return strconv.AppendInt(b, int64(i), 10)
	}
	if red, green, blue, ok := c.RGB(); ok {
		b = append(b, ';')
		b = strconv.AppendInt(b, int64(base+8), 10)
		b = append(b, ";2"...)
		for _, v := range [3]uint8{red, green, blue} {
			b = append(b, ';')
			b = strconv.AppendInt(b, int64(v), 10)
		}
	}
	return b
}
