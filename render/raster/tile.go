package raster

import (
	"image"
	"math"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/vt"
)

// The levels of a [Tile]. Level n of the text is the foreground over the background with
// a coverage of n of glyph.Levels-1.
const (
	Levels      = 2 * glyph.Levels // Levels is the number of levels of a tile
	levelText   = glyph.Levels - 1 // the foreground itself
	levelLine   = glyph.Levels     // the faintest of the underline, if it has its own colour
	levelCursor = Levels - 1       // the cursor, unless it is a block
	coverage    = 255 / levelText  // of level 1
)

// Tile is the character of a cell with its lines, and the cursor unless it is a block, in
// no particular colours. It is immutable.
type Tile struct {
	Cols int // the columns that it covers, 1 or 2
	// Mask has the level of each pixel, row by row, each an index of [Paint.Colors];
	// nil if all are 0.
	Mask []uint8
	// Color, unless it is nil, is a glyph with colours of its own, of the same size. It
	// lies between the levels below [Tile.Lines] and those from there on.
	Color *image.NRGBA
	// Used has bit n set if a pixel has level n.
	Used uint16
}

// Paint is the colours of a cell. Equal ones are the same, as long as the film has no more
// than some ten thousand.
type Paint struct {
	// Colors has the colour of each level of a tile. The first is the background.
	Colors [Levels]format.RGB
	// Aux is for the use of a writer; nil at first.
	Aux any

	words [Levels]uint32 // Colors as the bytes of an image.NRGBA
}

// Over returns the colour of pixel i of a tile with [Tile.Color].
func (t *Tile) Over(p *Paint, i int) format.RGB {
	c := p.Colors[0]
	if t.Mask != nil {
		c = p.Colors[t.Mask[i]]
	}
	px := t.Color.Pix[4*i : 4*i+4 : 4*i+4]
	return render.Mix(format.RGB{R: px[0], G: px[1], B: px[2]}, c, px[3])
}

type tileKey struct {
	text  string
	style glyph.Style
	cols  uint8
	lines lines
	faint bool // set only for glyphs with colours of their own
}

// lines is what a cell has besides its character.
type lines struct {
	underline        vt.Underline
	strike, overline bool
	ownColor         bool // the underline's colour is not the foreground
	cursor           cursorKind
}

type cursorKind uint8

const (
	noCursor cursorKind = iota
	blockCursor
	underlineCursor
	barCursor
)

func kindOf(shape int) cursorKind {
	switch shape {
	case 3, 4:
		return underlineCursor
	case 5, 6:
		return barCursor
	}
	return blockCursor
}

// newTile draws a tile.
func (r *Raster) newTile(key tileKey) *Tile {
	cell := r.layout.Cell
	w, h := cell.X*int(key.cols), cell.Y
	t := &Tile{Cols: int(key.cols)}
	var mask []uint8
	if key.text != "" {
		g := r.fonts.Glyph(key.text, key.style, int(key.cols))
		if g.Mask != nil {
			mask = make([]uint8, w*h)
			for i, v := range g.Mask {
				mask[i] = level(v)
			}
		}
		if t.Color = g.Color; g.Color != nil && key.faint {
			t.Color = fade(g.Color)
		}
	}
	if key.lines != (lines{}) {
		if mask == nil {
			mask = make([]uint8, w*h)
		}
		r.drawLines(mask, w, key.lines)
	}
	for _, l := range mask {
		t.Used |= 1 << l
	}
	if mask == nil || t.Used == 1 {
		t.Used = 1
		mask = nil
	}
	t.Mask = mask
	return t
}

// level returns the level of a coverage.
func level(v uint8) uint8 { return uint8((int(v) + coverage/2) / coverage) }

func fade(c *image.NRGBA) *image.NRGBA {
	d := image.NewNRGBA(c.Bounds())
	copy(d.Pix, c.Pix)
	for i := 3; i < len(d.Pix); i += 4 {
		d.Pix[i] /= 2
	}
	return d
}

// drawLines adds the lines of a cell to a mask that is w pixels wide. Where lines and text
// overlap, the stronger is seen, so that a pixel never has three colours.
func (r *Raster) drawLines(mask []uint8, w int, ls lines) {
	cell := r.layout.Cell
	at := r.lines
	put := func(x, y int, cover uint8, own bool) {
		if y < 0 || y >= cell.Y || x < 0 || x >= w || cover == 0 {
			return
		}
		px := &mask[y*w+x]
		if cover < *px && *px < levelLine || *px >= levelLine && cover < *px-levelLine+1 {
			return
		}
		if own {
			cover += levelLine - 1
		}
		*px = cover
	}
	bar := func(top, thick int, own bool) {
		for y := top; y < top+thick; y++ {
			for x := range w {
				put(x, y, levelText, own)
			}
		}
	}
	thick := max(at.Thickness, 1)
	under := min(at.Underline, cell.Y-thick)
	switch ls.underline {
	case vt.SingleUnderline:
		bar(under, thick, ls.ownColor)
	case vt.DoubleUnderline:
		under = min(under, cell.Y-3*thick)
		bar(under, thick, ls.ownColor)
		bar(under+2*thick, thick, ls.ownColor)
	case vt.CurlyUnderline:
		// One wave a column, so that neighbours join.
		amp := max(float64(thick), float64(cell.Y)/16)
		mid := min(float64(under)+float64(thick)/2, float64(cell.Y)-amp-float64(thick)/2)
		for x := range w {
			phase := 2 * math.Pi * (float64(x%cell.X) + .5) / float64(cell.X)
			y := mid + amp*math.Sin(phase)
			// The line is as thick across as the others, so taller where it is steep.
			slope := amp * 2 * math.Pi / float64(cell.X) * math.Cos(phase)
			half := float64(thick) / 2 * math.Sqrt(1+slope*slope)
			for py := range cell.Y {
				over := min(y+half, float64(py+1)) - max(y-half, float64(py))
				put(x, py, uint8(math.Round(max(over, 0)*levelText)), ls.ownColor)
			}
		}
	case vt.DottedUnderline:
		n := max(cell.X/(2*thick), 1)
		for c := 0; c < w; c += cell.X {
			for i := range n {
				x := c + i*cell.X/n
				for dx := range min(thick, cell.X) {
					for y := under; y < under+thick; y++ {
						put(x+dx, y, levelText, ls.ownColor)
					}
				}
			}
		}
	case vt.DashedUnderline:
		for x := range w {
			if in := x % cell.X; in < cell.X/4 || in >= cell.X/4+(cell.X+1)/2 {
				continue
			}
			for y := under; y < under+thick; y++ {
				put(x, y, levelText, ls.ownColor)
			}
		}
	}
	if ls.strike {
		bar(at.Strike, thick, false)
	}
	if ls.overline {
		bar(at.Overline, thick, false)
	}
	switch ls.cursor {
	case underlineCursor:
		for i := max(cell.Y-max(cell.Y/8, 1), 0) * w; i < len(mask); i++ {
			mask[i] = levelCursor
		}
	case barCursor:
		for y := range cell.Y {
			for x := range min(max((cell.X+3)/6, 1), w) {
				mask[y*w+x] = levelCursor
			}
		}
	}
}
