package png

import (
	"cmp"
	"encoding/binary"
	"image"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/raster"
)

// pixel is a pixel of an [image.NRGBA]: red in the lowest byte, alpha in the highest.
// Where alpha is 0, so is all else.
type pixel uint32

func pixelAt(b []byte) pixel {
	p := pixel(binary.LittleEndian.Uint32(b))
	if p < 1<<24 {
		return 0
	}
	return p
}

func pixelOf(c format.RGB) pixel {
	return pixel(c.R) | pixel(c.G)<<8 | pixel(c.B)<<16 | 255<<24
}

func (p pixel) alpha() uint8 { return uint8(p >> 24) }

// maxColors is the size of the largest palette.
const maxColors = 256

// colorSet is a set of colours. The zero colorSet is empty.
type colorSet struct {
	few         map[pixel]uint8 // at most maxColors, with their index in a palette
	many        []uint64        // a bit for each opaque colour; nil if few has all
	translucent bool            // one is not opaque

	tiles map[tileColors]struct{} // that were added
}

// tileColors is what the colours of a tile depend on.
type tileColors struct {
	tile  *raster.Tile // nil unless it has colours of its own
	used  uint16
	paint *raster.Paint
}

// maxTiles limits the memory of a colorSet.
const maxTiles = 1 << 14

func (s *colorSet) add(c pixel) {
	s.translucent = s.translucent || c.alpha() < 255
	if s.many == nil {
		if _, ok := s.few[c]; ok {
			return
		}
		if len(s.few) < maxColors {
			if s.few == nil {
				s.few = map[pixel]uint8{}
			}
			s.few[c] = uint8(len(s.few))
			return
		}
		s.many = make([]uint64, 1<<24/64)
		for c := range s.few {
			s.mark(c)
		}
	}
	s.mark(c)
}

func (s *colorSet) mark(c pixel) {
	if c.alpha() == 255 {
		c &= 1<<24 - 1
		s.many[c/64] |= 1 << (c % 64)
	}
}

// addFrame adds the colours of a frame. The first one must be passed, and all others in
// their order.
func (s *colorSet) addFrame(r *raster.Raster, f render.Frame) {
	if f.Number == 0 {
		base := image.NewNRGBA(r.Bounds())
		r.DrawBase(base)
		s.addImage(base)
	}
	for _, ch := range r.Changes(f) {
		s.addTile(ch.Tile, ch.Paint)
	}
}

// addImage adds the colours of a picture.
func (s *colorSet) addImage(m *image.NRGBA) {
	var last pixel
	for i := 0; i < len(m.Pix); i += 4 {
		if c := pixelAt(m.Pix[i:]); c != last || i == 0 {
			s.add(c)
			last = c
		}
	}
}

// addTile adds the colours of a cell.
func (s *colorSet) addTile(t *raster.Tile, p *raster.Paint) {
	key := tileColors{used: t.Used, paint: p}
	if t.Color != nil {
		key.tile = t
	}
	if _, ok := s.tiles[key]; ok {
		return
	}
	if s.tiles == nil || len(s.tiles) >= maxTiles {
		s.tiles = map[tileColors]struct{}{}
	}
	s.tiles[key] = struct{}{}
	for l, c := range p.Colors {
		if t.Used>>l&1 != 0 {
			s.add(pixelOf(c))
		}
	}
	if t.Color == nil {
		return
	}
	for i := range len(t.Color.Pix) / 4 {
		if t.Color.Pix[4*i+3] > 0 {
			s.add(pixelOf(t.Over(p, i)))
		}
	}
}

// The types of colour of a PNG file.
const (
	trueColor      = 2
	paletted       = 3
	trueColorAlpha = 6
)

// coding is how a file stores pixels. It is immutable.
type coding struct {
	colorType int
	depth     int             // of a palette's indices, in bits; else 8
	size      int             // of a pixel before it is packed, in bytes
	palette   []pixel         // sorted by alpha
	index     map[pixel]uint8 // of palette
	blank     [4]byte         // the transparent pixel, as many bytes as size
	keyed     bool            // blank is a colour that is not used for other pixels
}

// newCoding returns the smallest coding for these colours, and for a transparent pixel
// if blank is set.
func newCoding(s *colorSet, blank bool) *coding {
	if _, ok := s.few[0]; blank && !ok && s.many == nil && len(s.few) < maxColors {
		s.few[0] = 0
	} else if blank && !ok && s.many == nil { // 257 colours
		s.many = make([]uint64, 1<<24/64)
		for c := range s.few {
			s.mark(c)
		}
	}
	if s.many == nil {
		c := &coding{colorType: paletted, depth: 8, size: 1, index: s.few}
		for p := range s.few {
			c.palette = append(c.palette, p)
		}
		slices.SortFunc(c.palette, func(a, b pixel) int { return cmp.Or(cmp.Compare(a.alpha(), b.alpha()), cmp.Compare(a, b)) })
		for i, p := range c.palette {
			c.index[p] = uint8(i) // so that blank is 0
		}
		if blank {
			// ffmpeg 5.1 draws parts of frames wrongly if a byte has several pixels.
			// They would make the file a fifth smaller.
			return c
		}
		for _, d := range []int{4, 2, 1} {
			if len(c.palette) <= 1<<d {
				c.depth = d
			}
		}
		return c
	}
	if s.translucent {
		return &coding{colorType: trueColorAlpha, depth: 8, size: 4}
	}
	c := &coding{colorType: trueColor, depth: 8, size: 3}
	if !blank {
		return c
	}
	for i, bits := range s.many {
		for b := range 64 {
			if bits>>b&1 == 0 {
				key := 64*i + b
				c.blank, c.keyed = [4]byte{byte(key), byte(key >> 8), byte(key >> 16)}, true
				return c
			}
		}
	}
	return &coding{colorType: trueColorAlpha, depth: 8, size: 4}
}

// describe writes the chunks that describe the coding.
func (c *coding) describe(w *chunks) {
	if c.keyed {
		w.chunk("tRNS", []byte{0, c.blank[0], 0, c.blank[1], 0, c.blank[2]})
	}
	if c.colorType != paletted {
		return
	}
	var plte, trns []byte
	for _, p := range c.palette {
		plte = append(plte, byte(p), byte(p>>8), byte(p>>16))
		if p.alpha() < 255 {
			trns = append(trns, p.alpha())
		}
	}
	w.chunk("PLTE", plte)
	if len(trns) > 0 {
		w.chunk("tRNS", trns)
	}
}

// grow returns raw with n bytes.
func grow(raw []byte, n int) []byte {
	return slices.Grow(raw[:0], n)[:n]
}

// rowsOf returns raw as h rows of w pixels, each after the byte of its filter, and the size
// of a row. Pixels are not yet packed.
func (c *coding) rowsOf(raw []byte, w, h int) ([]byte, int) {
	stride := 1 + w*c.size
	return grow(raw, stride*h), stride
}

// fillImage returns raw filled with a picture. It reports whether all its colours have a
// coding.
func (c *coding) fillImage(raw []byte, m *image.NRGBA) (_ []byte, ok bool) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	raw, stride := c.rowsOf(raw, w, h)
	ok = true
	last, index := pixel(0), c.index[0]
	for y := range h {
		row := raw[y*stride:][:stride]
		row[0] = 0
		row = row[1:]
		line := m.Pix[y*m.Stride:][:4*w]
		switch c.colorType {
		case trueColorAlpha:
			copy(row, line)
		case trueColor:
			for x := range w {
				copy(row[3*x:3*x+3], line[4*x:])
			}
		default:
			for x := range w {
				if p := pixelAt(line[4*x:]); p != last || x+y == 0 {
					var known bool
					index, known = c.index[p]
					ok = ok && known
					last = p
				}
				row[x] = index
			}
		}
	}
	return c.pack(raw, w, h), ok
}

// inks is the coding of a [raster.Paint]'s colours in a palette.
type inks [raster.Levels]uint8

// prepare prepares cells for fillTiles.
func (c *coding) prepare(changes []raster.Change) {
	if c.colorType != paletted {
		return
	}
	for _, ch := range changes {
		if ch.Paint.Aux == nil {
			t := new(inks)
			for i, rgb := range ch.Paint.Colors {
				t[i] = c.index[pixelOf(rgb)]
			}
			ch.Paint.Aux = t
		}
	}
}

// area returns the smallest rectangle of pixels that has the changed cells.
func area(l *render.Layout, changes []raster.Change) image.Rectangle {
	r := around(changes)
	return image.Rect(r.Min.X*l.Cell.X, r.Min.Y*l.Cell.Y, r.Max.X*l.Cell.X, r.Max.Y*l.Cell.Y).Add(l.Cells.Min)
}

// fillTiles returns raw filled with an area of cells; all else in it is blank.
func (c *coding) fillTiles(raw []byte, l *render.Layout, area image.Rectangle, changes []raster.Change) []byte {
	w, h := area.Dx(), area.Dy()
	raw, stride := c.rowsOf(raw, w, h)
	if c.keyed {
		for y := range h {
			row := raw[y*stride:][:stride]
			row[0] = 0
			for x := 1; x < len(row); x += 3 {
				copy(row[x:x+3], c.blank[:])
			}
		}
	} else {
		clear(raw)
	}
	for _, ch := range changes {
		at := image.Pt(ch.X*l.Cell.X, ch.Y*l.Cell.Y).Add(l.Cells.Min).Sub(area.Min)
		width := l.Cell.X * ch.Tile.Cols
		for y := range l.Cell.Y {
			c.fillRow(raw[(at.Y+y)*stride+1+at.X*c.size:][:width*c.size], ch, y*width)
		}
	}
	if len(changes)*l.Cell.X*l.Cell.Y > muchToDraw {
		filterUp(raw, stride)
	}
	return c.pack(raw, w, h)
}

// muchToDraw is the number of pixels from which frames compress better, and a third
// faster, as differences from row to row: the row of text before, which has the same
// characters, is out of reach of deflate then. Smaller ones get larger by it.
const muchToDraw = 192 << 10

// filterUp has each row but the first stored as the difference from that above (the
// filter Up).
func filterUp(raw []byte, stride int) {
	for y := len(raw)/stride - 1; y > 0; y-- {
		row, above := raw[y*stride:][:stride], raw[(y-1)*stride:][:stride]
		row[0] = 2
		for i := 1; i < len(row); i++ {
			row[i] -= above[i]
		}
	}
}

// fillRow fills a row of a cell, which starts with pixel i of its tile.
func (c *coding) fillRow(row []byte, ch raster.Change, i int) {
	t, p := ch.Tile, ch.Paint
	var mask []uint8
	if t.Mask != nil {
		mask = t.Mask[i:][:len(row)/c.size]
	}
	switch {
	case c.colorType == paletted && mask == nil:
		index := p.Aux.(*inks)[0]
		for x := range row {
			row[x] = index
		}
	case c.colorType == paletted:
		index := p.Aux.(*inks)
		for x, l := range mask {
			row[x] = index[l]
		}
	default:
		for x := range len(row) / c.size {
			rgb := p.Colors[0]
			if mask != nil {
				rgb = p.Colors[mask[x]]
			}
			c.put(row, x, rgb)
		}
	}
	if t.Color == nil {
		return
	}
	for x := range len(row) / c.size {
		if t.Color.Pix[4*(i+x)+3] > 0 {
			c.put(row, x, t.Over(p, i+x))
		}
	}
}

func (c *coding) put(row []byte, x int, rgb format.RGB) {
	switch row := row[x*c.size:][:c.size]; c.size {
	case 1:
		row[0] = c.index[pixelOf(rgb)]
	case 4:
		row[3] = 255
		fallthrough
	default:
		row[0], row[1], row[2] = rgb.R, rgb.G, rgb.B
	}
}

// around returns the smallest rectangle of cells that has them all.
func around(changes []raster.Change) image.Rectangle {
	var r image.Rectangle
	for i, ch := range changes {
		cell := image.Rect(ch.X, ch.Y, ch.X+ch.Tile.Cols, ch.Y+1)
		if i == 0 {
			r = cell
			continue
		}
		r = image.Rectangle{
			Min: image.Pt(min(r.Min.X, cell.Min.X), min(r.Min.Y, cell.Min.Y)),
			Max: image.Pt(max(r.Max.X, cell.Max.X), max(r.Max.Y, cell.Max.Y)),
		}
	}
	return r
}

// pack packs pixels of less than a byte.
func (c *coding) pack(raw []byte, w, h int) []byte {
	if c.depth == 8 {
		return raw
	}
	per := 8 / c.depth
	out := raw[:0]
	for y := range h {
		row := raw[y*(1+w):][:1+w]
		out = append(out, 0)
		for x := 1; x < len(row); x += per {
			var b byte
			for i := range per {
				b <<= c.depth
				if x+i < len(row) {
					b |= row[x+i]
				}
			}
			out = append(out, b)
		}
	}
	return out
}
