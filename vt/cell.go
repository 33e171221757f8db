package vt

// A Cell is one position of the grid: its text and its style. It holds no
// pointer; the [Screen] that the cell came from holds any text of several code
// points and the hyperlinks ([Screen.CellText], [Screen.CellLink]). Cells of
// one screen can be compared with ==: equal cells look equal.
type Cell struct {
	// Two words, because writing a cell then takes two stores. Building it
	// field by field on the stack and copying it costs three times as much.

	lo uint64 // bits 0-20 rune or cluster number, 21-23 flags, 32-47 Attr, 48-63 extra
	hi uint64 // bits 0-31 foreground, 32-63 background
}

const (
	chMask    = 1<<21 - 1 // the rune, or the index of the cluster
	chCluster = 1 << 21   // the index is one into the cluster table
	chWide    = 1 << 22   // first half of a character of two columns
	chSpacer  = 1 << 23   // second half of it; the rune is 0
	chBits    = 1<<24 - 1

	attrShift = 32
	extraBits = 0xffff << 48
	bgBits    = 0xffffffff << 32
)

// Rune returns the first code point of the cell. It is 0 for a cell that was
// never written or has been erased, and for the second half of a wide
// character. Use [Screen.CellText] for a cell of several code points.
func (c Cell) Rune() rune {
	if c.lo&chCluster != 0 {
		return -1
	}
	return rune(c.lo & chMask)
}

// Empty reports whether the cell has had no text since it was last erased. An
// empty cell may still have a background colour.
func (c Cell) Empty() bool { return c.lo&(chMask|chCluster|chSpacer) == 0 }

// Width returns the number of columns that the character takes: 1, or 2 for the
// first half of a wide one and 0 for its second half.
func (c Cell) Width() int {
	switch {
	case c.lo&chWide != 0:
		return 2
	case c.lo&chSpacer != 0:
		return 0
	}
	return 1
}

// Fg returns the foreground colour as it was set; [Inverse] is not applied.
func (c Cell) Fg() Color { return Color(c.hi) }

// Bg returns the background colour as it was set; [Inverse] is not applied.
func (c Cell) Bg() Color { return Color(c.hi >> 32) }

// Number returns the number of the character, on a screen that is [Numbered]. An
// empty cell may have any.
func (c Cell) Number() uint64 { return c.hi }

// Attr returns the attributes of the cell.
func (c Cell) Attr() Attr { return Attr(c.lo >> attrShift) }

// Underline returns the style of the underline, [NoUnderline] if there is none.
// [Screen.CellUnderlineColor] returns its colour.
func (c Cell) Underline() Underline { return c.Attr().Underline() }

// SameStyle reports whether both cells have the same colours, attributes and
// hyperlink, whatever their text.
func (c Cell) SameStyle(d Cell) bool { return c.hi == d.hi && c.lo>>32 == d.lo>>32 }

func (c Cell) extra() uint16 { return uint16(c.lo >> 48) }

// Color is a colour that a program chose: the terminal's default, one of 256 in
// the palette, or an RGB value. The zero value is the default.
type Color uint32

const (
	colorPalette Color = 1 << 24
	colorRGB     Color = 2 << 24
)

// PaletteColor returns the colour of entry i of the palette.
func PaletteColor(i uint8) Color { return colorPalette | Color(i) }

// RGBColor returns a direct colour.
func RGBColor(r, g, b uint8) Color {
	return colorRGB | Color(r)<<16 | Color(g)<<8 | Color(b)
}

// IsDefault reports whether c is the terminal's own foreground or background.
func (c Color) IsDefault() bool { return c == 0 }

// Palette returns the index of a palette colour. ok is false for other colours.
func (c Color) Palette() (i uint8, ok bool) { return uint8(c), c&colorPalette != 0 }

// RGB returns the components of a direct colour. ok is false for other colours.
func (c Color) RGB() (r, g, b uint8, ok bool) {
	return uint8(c >> 16), uint8(c >> 8), uint8(c), c&colorRGB != 0
}

// Attr is a set of character attributes. It includes the style of the
// underline, see [Attr.Underline].
type Attr uint16

// The attributes of a cell. SGR sets them, except Protected, which DECSCA sets.
const (
	Bold Attr = 1 << iota
	Faint
	Italic
	Blink
	Inverse
	Conceal
	Strike
	Overline
	Protected

	underlineShift      = 9
	underlineMask  Attr = 7 << underlineShift
)

// Has reports whether all of bits are set in a.
func (a Attr) Has(bits Attr) bool { return a&bits == bits }

// Underline returns the style of the underline.
func (a Attr) Underline() Underline { return Underline(a & underlineMask >> underlineShift) }

func (a Attr) withUnderline(u Underline) Attr {
	return a&^underlineMask | Attr(u)<<underlineShift
}

// Underline is the style of an underline, numbered as in SGR 4:n.
type Underline uint8

// The styles of underline.
const (
	NoUnderline Underline = iota
	SingleUnderline
	DoubleUnderline
	CurlyUnderline
	DottedUnderline
	DashedUnderline
)
