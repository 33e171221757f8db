package raster

import (
	"encoding/binary"
	"image"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
)

// Raster draws canvases. It may not be used concurrently, but its tiles may.
type Raster struct {
	picture *render.Picture
	theme   *render.Theme
	fonts   *glyph.Fonts
	size    format.Size
	layout  render.Layout
	lines   glyph.Lines

	tiles     map[tileKey]*Tile
	tileBytes int
	paints    map[[Levels]format.RGB]*Paint
	styles    map[render.Style]*style
	last      render.Style // the key of lastStyle
	lastStyle *style       // nil at first

	// What was drawn last, for Changes: a grid of size.
	cells   []render.Cell
	shown   []look
	cursor  render.Cursor
	ink     render.Ink
	changes []Change
	blank   look
}

// look is how a cell is drawn. The second half of a wide character has no tile.
type look struct {
	tile  *Tile
	paint *Paint
}

// style is what is known of a [render.Style].
type style struct {
	look  render.Look
	face  glyph.Style
	lines lines
	// colors are those of a tile with all levels but the cursor's.
	colors [Levels]format.RGB
	paint  *Paint     // of colors
	empty  *Paint     // of a blank
	ascii  *[128]look // nil until there are some cells in the style
	cells  int        // that were looked up before
}

// Limits of what is kept, so that a recording with endless colours or characters does not
// fill the memory.
const (
	maxStyles    = 1 << 12
	maxPaints    = 1 << 15
	maxTileBytes = 16 << 20
)

// New returns a Raster for films of that size. The error is [render.ErrTooLarge].
func New(picture *render.Picture, fonts *glyph.Fonts, size format.Size) (*Raster, error) {
	layout, err := picture.Layout(size, fonts.Cell())
	if err != nil {
		return nil, err
	}
	r := &Raster{picture: picture, theme: picture.Theme, fonts: fonts, size: size, layout: layout, lines: fonts.Lines()}
	if r.theme == nil {
		r.theme = render.Themes[0]
	}
	r.forgetTiles()
	r.forgetPaints()
	r.blank = r.lookOf(&render.Cell{}, noCursor, 0, 1)
	return r, nil
}

// Layout returns the layout of the pictures.
func (r *Raster) Layout() render.Layout { return r.layout }

// Size returns the size of the films.
func (r *Raster) Size() format.Size { return r.size }

// Bounds returns the bounds of the pictures.
func (r *Raster) Bounds() image.Rectangle { return image.Rectangle{Max: r.layout.Size} }

// Draw draws everything onto dst: the margin, the window around the cells, and the cells
// of c, as many as are within the size. dst begins at the point (0, 0).
func (r *Raster) Draw(dst *image.NRGBA, c *render.Canvas) {
	r.DrawBase(dst)
	for y := range min(c.Rows, r.size.Rows) {
		row := c.Row(y)
		for x := range min(c.Cols, r.size.Cols) {
			if l := r.cellAt(c, row, x, y); l.tile != nil && l != r.blank {
				r.DrawTile(dst, x, y, l.tile, l.paint)
			}
		}
	}
}

// DrawDirty draws the changes of a frame onto dst, which shows the frame before. The
// first frame, that with the number 0, is drawn whole.
func (r *Raster) DrawDirty(dst *image.NRGBA, f render.Frame) {
	if f.Number == 0 || r.cells == nil {
		r.DrawBase(dst)
	}
	for _, ch := range r.Changes(f) {
		r.DrawTile(dst, ch.X, ch.Y, ch.Tile, ch.Paint)
	}
}

// Change is a cell that a frame changes.
type Change struct {
	X, Y  int    // the column and the row, from 0
	Tile  *Tile  // what is drawn there
	Paint *Paint // the colours in which it is
}

// Changes returns the cells that look different from those of the frame before, row by
// row; of the first frame, that with the number 0, those that are not blank. The slice is
// valid until the next call. All frames must be passed, in their order.
func (r *Raster) Changes(f render.Frame) []Change {
	c := f.Canvas
	n := r.size.Cols * r.size.Rows
	whole := false
	if f.Number == 0 || r.cells == nil {
		whole = true
		if r.cells == nil {
			r.cells, r.shown = make([]render.Cell, n), make([]look, n)
		}
		clear(r.cells)
		for i := range r.shown {
			r.shown[i] = r.blank
		}
		r.cursor = render.Cursor{}
	}
	r.changes = r.changes[:0]
	was, now := r.cursor, c.Cursor
	moved := was != now || r.ink != c.CursorInk
	r.cursor, r.ink = now, c.CursorInk
	for y := range r.size.Rows {
		if y < c.Rows && !whole && y < len(f.Dirty) && !f.Dirty[y] &&
			!(moved && (was.Visible && was.Y == y || now.Visible && now.Y == y)) {
			continue
		}
		r.changesOf(c, y, was, now, moved)
	}
	return r.changes
}

// changesOf appends the changes of a row.
func (r *Raster) changesOf(c *render.Canvas, y int, was, now render.Cursor, moved bool) {
	var row []render.Cell
	if y < c.Rows {
		row = c.Row(y)
		row = row[:min(len(row), r.size.Cols)]
	}
	cells := r.cells[y*r.size.Cols : (y+1)*r.size.Cols]
	shown := r.shown[y*r.size.Cols : (y+1)*r.size.Cols]
	near := func(cur render.Cursor, x int) bool {
		return cur.Visible && cur.Y == y && (cur.X == x || cur.X == x+1 || cur.X == x-1)
	}
	moved = moved && (was.Visible && was.Y == y || now.Visible && now.Y == y)
	force := false // the cell before changed, and covers or covered this one
	for x := range cells {
		var cell *render.Cell
		if x < len(row) {
			cell = &row[x]
		} else {
			cell = &render.Cell{}
		}
		if !force && *cell == cells[x] && !(moved && (near(was, x) || near(now, x))) {
			continue
		}
		cells[x] = *cell
		l := r.blank
		if x < len(row) {
			l = r.cellAt(c, row, x, y)
		}
		if l == shown[x] && !force {
			continue
		}
		force = shown[x].tile != nil && shown[x].tile.Cols == 2 || l.tile != nil && l.tile.Cols == 2
		shown[x] = l
		if l.tile != nil {
			r.changes = append(r.changes, Change{X: x, Y: y, Tile: l.tile, Paint: l.paint})
		}
	}
}

// cellAt returns how the cell in column x of a row is drawn.
func (r *Raster) cellAt(c *render.Canvas, row []render.Cell, x, y int) look {
	cell, cols := &row[x], 1
	if cell.Rest && x > 0 && row[x-1].Width == 2 {
		return look{}
	}
	if cell.Width == 2 && x+1 < len(row) && x+1 < r.size.Cols && row[x+1].Rest {
		cols = 2
	}
	kind := noCursor
	if cur := &c.Cursor; cur.Visible && cur.Y == y && cur.X >= x && cur.X < x+cols {
		kind = kindOf(cur.Shape)
	}
	return r.lookOf(cell, kind, c.CursorInk, cols)
}

// lookOf returns how a cell is drawn over that many columns.
func (r *Raster) lookOf(cell *render.Cell, cursor cursorKind, ink render.Ink, cols int) look {
	st := r.lastStyle
	if st == nil || cell.Style != r.last {
		st = r.styleOf(cell.Style)
		r.last, r.lastStyle = cell.Style, st
	}
	plain := cursor == noCursor && cols == 1 && cell.Text == "" && cell.Rune < 128
	if plain && st.ascii != nil {
		if l := st.ascii[cell.Rune]; l.tile != nil {
			return l
		}
	}
	key := tileKey{style: st.face, cols: uint8(cols), lines: st.lines}
	switch {
	case st.look.Concealed || cell.Rest:
	case cell.Text != "":
		key.text = cell.Text
	case cell.Rune <= ' ' || cell.Rune >= 0x7f && cell.Rune <= 0xa0:
	default:
		key.text = string(cell.Rune)
	}
	if key.text == "" {
		key.style = 0
	}
	colors := st.colors
	inked := r.theme.RGB(ink)
	if cursor == blockCursor {
		l := st.look
		l.Fg, l.Bg, l.Line, l.Faint = l.Bg, ink, l.Bg, false
		colors = r.colors(l)
		key.lines.ownColor = false
		inked = format.RGB{}
	} else {
		key.lines.cursor = cursor
	}
	key.faint = st.look.Faint && cursor != blockCursor && key.text != "" && r.fonts.Glyph(key.text, key.style, cols).Color != nil
	t := r.tiles[key]
	if t == nil {
		if r.tileBytes > maxTileBytes {
			r.forgetTiles()
		}
		t = r.newTile(key)
		r.tiles[key] = t
		r.tileBytes += 256 + len(t.Mask)
		if t.Color != nil && key.faint {
			r.tileBytes += len(t.Color.Pix)
		}
	}
	var p *Paint
	switch {
	case cursor != noCursor || t.Used&(1<<levelLine-1) != t.Used:
		colors[levelCursor] = inked
		p = r.paintOf(colors, t.Used)
	case t.Used == 1:
		p = st.empty
	default:
		p = st.paint
	}
	l := look{tile: t, paint: p}
	if plain {
		if st.cells++; st.cells == 16 {
			st.ascii = new([128]look)
		}
		if st.ascii != nil {
			st.ascii[cell.Rune] = l
		}
	}
	return l
}

func (r *Raster) styleOf(s render.Style) *style {
	if st := r.styles[s]; st != nil {
		return st
	}
	if len(r.styles) >= maxStyles {
		clear(r.styles)
	}
	l := render.LookOf(s)
	st := &style{look: l, colors: r.colors(l)}
	if l.Bold {
		st.face |= glyph.Bold
	}
	if l.Italic {
		st.face |= glyph.Italic
	}
	if !l.Concealed {
		st.lines = lines{underline: l.Underline, strike: l.Strike, overline: l.Overline}
		st.lines.ownColor = l.Underline != 0 && l.Line != l.Fg
	}
	st.paint = r.paintOf(st.colors, 1<<levelLine-1)
	st.empty = r.paintOf(st.colors, 1)
	r.styles[s] = st
	return st
}

// colors returns the colours of all levels but the cursor's.
func (r *Raster) colors(l render.Look) (c [Levels]format.RGB) {
	fg, bg, line := l.Colors(r.theme)
	for i := range glyph.Levels {
		c[i] = render.Mix(fg, bg, uint8(i*coverage))
		if i > 0 {
			c[levelLine+i-1] = render.Mix(line, bg, uint8(i*coverage))
		}
	}
	return c
}

// paintOf returns the paint of a tile that uses these levels. Colours of other levels do
// not matter, so that blanks look alike whatever their foreground.
func (r *Raster) paintOf(colors [Levels]format.RGB, used uint16) *Paint {
	if used&(1<<levelLine-2) == 0 {
		for i := 1; i < levelLine; i++ {
			colors[i] = colors[0]
		}
	}
	if used>>levelLine&(1<<levelText-1) == 0 {
		for i := levelLine; i < levelCursor; i++ {
			colors[i] = colors[0]
		}
	}
	if used>>levelCursor == 0 {
		colors[levelCursor] = colors[0]
	}
	if p := r.paints[colors]; p != nil {
		return p
	}
	if len(r.paints) >= maxPaints {
		r.forgetPaints()
	}
	p := &Paint{Colors: colors}
	for i, c := range colors {
		p.words[i] = word(c, 255)
	}
	r.paints[colors] = p
	return p
}

func (r *Raster) forgetTiles() {
	r.tiles, r.tileBytes = map[tileKey]*Tile{}, 0
	r.styles, r.lastStyle = map[render.Style]*style{}, nil
}

func (r *Raster) forgetPaints() {
	r.paints = map[[Levels]format.RGB]*Paint{}
	r.styles, r.lastStyle = map[render.Style]*style{}, nil
}

// word returns the bytes of a pixel of an image.NRGBA.
func word(c format.RGB, alpha uint8) uint32 {
	return uint32(c.R) | uint32(c.G)<<8 | uint32(c.B)<<16 | uint32(alpha)<<24
}

// DrawTile draws a tile in the cell in column x of row y.
func (r *Raster) DrawTile(dst *image.NRGBA, x, y int, t *Tile, p *Paint) {
	cell := r.layout.Cell
	w := cell.X * t.Cols
	at := r.layout.Cells.Min.Add(image.Pt(x*cell.X, y*cell.Y))
	for py := range cell.Y {
		line := dst.Pix[dst.PixOffset(at.X, at.Y+py):][:4*w]
		if t.Mask == nil {
			for i := range w {
				binary.LittleEndian.PutUint32(line[4*i:], p.words[0])
			}
		} else {
			for i, l := range t.Mask[py*w : (py+1)*w] {
				binary.LittleEndian.PutUint32(line[4*i:], p.words[l])
			}
		}
		if t.Color == nil {
			continue
		}
		for i := range w {
			if t.Color.Pix[4*(py*w+i)+3] > 0 {
				binary.LittleEndian.PutUint32(line[4*i:], word(t.Over(p, py*w+i), 255))
			}
		}
	}
}
