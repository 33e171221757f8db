package gif

import (
	"cmp"
	"image"
	"math/bits"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render/raster"
)

const (
	// maxColors is the most colours of a table, of which one more is transparent.
	maxColors = 255
	// spare is what text leaves to the colours of emoji, where there are any.
	spare = 31
	// manyColors is how many colours of a frame are told apart when a table is made.
	manyColors = 1 << 10
	// maxCounted limits what is counted, so that endless colours do not fill the
	// memory. Frames with the others have their own tables.
	maxCounted = 1 << 16
)

// colorCount counts how much the colours of a film are used.
type colorCount struct {
	uses []*use // of the paints that are not in text yet
	text map[format.RGB]int64
	// emoji has the colours of glyphs that have their own.
	emoji map[format.RGB]int64
	seen  map[tilePaint]bool // whose colours are in emoji
}

// tilePaint is a glyph with colours of its own, as it is drawn in a cell.
type tilePaint struct {
	tile  *raster.Tile
	paint *raster.Paint
}

// use is how much a paint is used.
type use struct {
	paint *raster.Paint
	used  uint16 // the levels
	cells int64
}

func newColorCount() *colorCount {
	return &colorCount{text: map[format.RGB]int64{}, emoji: map[format.RGB]int64{}, seen: map[tilePaint]bool{}}
}

// add counts the colours of changes.
func (c *colorCount) add(changes []raster.Change) {
	for i := range changes {
		ch := &changes[i]
		u, ok := ch.Paint.Aux.(*use)
		if !ok {
			if len(c.uses) >= maxCounted/8 {
				c.flush()
			}
			u = &use{paint: ch.Paint}
			c.uses = append(c.uses, u)
			ch.Paint.Aux = u
		}
		if u.cells == 0 && u.used != 0 {
			c.uses = append(c.uses, u) // again, after a flush
		}
		u.used |= ch.Tile.Used
		u.cells++
		if ch.Tile.Color != nil {
			c.addEmoji(ch.Tile, ch.Paint)
		}
	}
}

func (c *colorCount) addEmoji(t *raster.Tile, p *raster.Paint) {
	key := tilePaint{t, p}
	if c.seen[key] {
		return
	}
	if len(c.seen) >= 1<<12 {
		clear(c.seen)
	}
	c.seen[key] = true
	for i := range len(t.Color.Pix) / 4 {
		if t.Color.Pix[4*i+3] > 0 && len(c.emoji) < maxCounted {
			c.emoji[t.Over(p, i)]++
		}
	}
}

// flush adds the uses to text.
func (c *colorCount) flush() {
	for _, u := range c.uses {
		for l := u.used; l != 0; l &= l - 1 {
			color := u.paint.Colors[bits.TrailingZeros16(l)]
			if _, ok := c.text[color]; ok || len(c.text) < maxCounted {
				c.text[color] += u.cells
			}
		}
		u.cells = 0
	}
	c.uses = c.uses[:0]
}

// table is a table of colours.
type table struct {
	// colors begins with one that stands for transparent pixels. The others are in the
	// order of their use, since frames of only the first ones take fewer bits.
	colors []format.RGB
	index  map[format.RGB]uint8
	// exact reports that the colours of all text are in index; else the missing ones
	// are the nearest.
	exact   bool
	nearest map[format.RGB]uint8 // found so far
	// buckets, unless it is nil, has those found so far by bucket.
	buckets *[1 << 15]uint8
}

func newTable() *table {
	return &table{index: map[format.RGB]uint8{}, colors: make([]format.RGB, 1, maxColors+1)}
}

// tableOf returns the best table for counts of the colours of text and of emoji. If not
// all of text fit, the colours most used are in it, or, if cut is set, such that the
// nearest are near.
func tableOf(text, emoji map[format.RGB]int64, cut bool) *table {
	t := newTable()
	for c := range emoji {
		if _, ok := text[c]; ok {
			delete(emoji, c)
		}
	}
	room := maxColors
	if len(text)+len(emoji) > maxColors && len(emoji) > 0 {
		room -= spare
	}
	ordered := order(text)
	t.exact = len(text) <= room
	switch {
	case t.exact:
		t.add(ordered)
	case cut:
		t.add(cutColors(weigh(ordered, text), room))
	default:
		t.add(ordered[:room])
	}
	if room = maxColors + 1 - len(t.colors); len(emoji) <= room {
		t.add(order(emoji))
	} else {
		t.add(cutColors(weigh(order(emoji), emoji), room))
	}
	return t
}

// order returns the colours of a count, those used most first.
func order(count map[format.RGB]int64) []format.RGB {
	list := make([]format.RGB, 0, len(count))
	for c := range count {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b format.RGB) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(number(a), number(b)))
	})
	return list
}

func number(c format.RGB) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }

func (t *table) add(colors []format.RGB) {
	for _, c := range colors {
		if _, ok := t.index[c]; !ok {
			t.index[c] = uint8(len(t.colors))
			t.colors = append(t.colors, c)
		}
	}
}

// transparent is the index of transparent pixels in all tables.
const transparent = 0

// size returns the binary logarithm of the number of entries of the table as it is
// written.
func (t *table) size() int { return max(bits.Len(uint(len(t.colors)-1)), 1) }

// of returns the index of a colour, or of the nearest.
func (t *table) of(c format.RGB) uint8 {
	if t.buckets != nil {
		i := &t.buckets[bucketOf(c)]
		if *i == transparent {
			*i = t.search(c)
		}
		return *i
	}
	if i, ok := t.index[c]; ok {
		return i
	}
	if i, ok := t.nearest[c]; ok {
		return i
	}
	if t.nearest == nil || len(t.nearest) >= maxCounted {
		t.nearest = map[format.RGB]uint8{}
	}
	i := t.search(c)
	t.nearest[c] = i
	return i
}

// search returns the index of the nearest colour.
func (t *table) search(c format.RGB) uint8 {
	best, least := transparent+1, 1<<30
	for i, d := range t.colors {
		if far := distance(c, d); far < least && i != transparent {
			best, least = i, far
		}
	}
	return uint8(best)
}

// distance is how different two colours look: the eye sees green best.
func distance(a, b format.RGB) int {
	dr, dg, db := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return 3*dr*dr + 4*dg*dg + 2*db*db
}

// append appends the table as it is written.
func (t *table) append(b []byte) []byte {
	for _, c := range t.colors {
		b = append(b, c.R, c.G, c.B)
	}
	return append(b, make([]byte, 3*(1<<t.size()-len(t.colors)))...)
}

// weighted is a color and how much it is used.
type weighted struct {
	format.RGB
	n float64
}

func weigh(colors []format.RGB, count map[format.RGB]int64) []weighted {
	list := make([]weighted, len(colors))
	for i, c := range colors {
		list[i] = weighted{c, float64(count[c])}
	}
	return list
}

// cutColors returns at most n colours such that all of a list, which it reorders, are near
// to one of them: again and again, the box of colours that differ most from its mean, by
// number and distance, is cut in two (after Wan, Wong and Prusinkiewicz, 1988).
func cutColors(list []weighted, n int) []format.RGB {
	boxes := []box{newBox(list)}
	for len(boxes) < n {
		worst := -1
		for i := range boxes {
			if len(boxes[i].colors) > 1 && (worst < 0 || boxes[i].error > boxes[worst].error) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		a, b := boxes[worst].cut()
		boxes[worst] = a
		boxes = append(boxes, b)
	}
	colors := make([]format.RGB, 0, len(boxes))
	for i := range boxes {
		colors = append(colors, boxes[i].center())
	}
	return colors
}

// box is a set of colours that one will stand for.
type box struct {
	colors []weighted // not empty
	mean   [3]float64 // of red, green and blue
	axis   int        // in which they differ most
	error  float64    // the sum of the squares of the distances from the mean
}

func (c weighted) channel(axis int) float64 {
	switch axis {
	case 0:
		return float64(c.R)
	case 1:
		return float64(c.G)
	}
	return float64(c.B)
}

func newBox(colors []weighted) box {
	b := box{colors: colors}
	var n float64
	var sum, squares [3]float64
	for _, c := range colors {
		n += c.n
		for i, v := range [3]float64{float64(c.R), float64(c.G), float64(c.B)} {
			sum[i] += c.n * v
			squares[i] += c.n * v * v
		}
	}
	widest := -1.0
	for i, weight := range [3]float64{3, 4, 2} {
		b.mean[i] = sum[i] / n
		e := weight * (squares[i] - sum[i]*b.mean[i])
		b.error += e
		if e > widest {
			widest, b.axis = e, i
		}
	}
	return b
}

// center returns the colour of the box nearest to the mean: one that most have should be
// kept as it is.
func (b *box) center() format.RGB {
	mean := format.RGB{R: uint8(b.mean[0] + .5), G: uint8(b.mean[1] + .5), B: uint8(b.mean[2] + .5)}
	best, least := b.colors[0].RGB, 1<<30
	for _, c := range b.colors {
		if d := distance(c.RGB, mean); d < least {
			best, least = c.RGB, d
		}
	}
	return best
}

// cut cuts a box of several colours in two.
func (b *box) cut() (low, high box) {
	list, at := b.colors, b.mean[b.axis]
	n := 0
	for i, c := range list {
		if c.channel(b.axis) <= at {
			list[i], list[n] = list[n], c
			n++
		}
	}
	n = min(max(n, 1), len(list)-1)
	return newBox(list[:n]), newBox(list[n:])
}

// buckets counts colours that are too many for maps, by the upper 5 bits of each channel.
type buckets struct {
	n, r, g, b [1 << 15]int64 // the weight, and the sums of the weighted channels
	used       []uint16       // those whose weight is not 0
}

func bucketOf(c format.RGB) uint16 {
	return uint16(c.R>>3)<<10 | uint16(c.G>>3)<<5 | uint16(c.B>>3)
}

func (b *buckets) add(c format.RGB, n int64) {
	k := bucketOf(c)
	if b.n[k] == 0 {
		b.used = append(b.used, k)
		b.r[k], b.g[k], b.b[k] = 0, 0, 0
	}
	b.n[k] += n
	b.r[k] += n * int64(c.R)
	b.g[k] += n * int64(c.G)
	b.b[k] += n * int64(c.B)
}

// table returns a table for what has been counted, and forgets that.
func (b *buckets) table() *table {
	list := make([]weighted, len(b.used))
	for i, k := range b.used {
		n := b.n[k]
		list[i] = weighted{format.RGB{R: uint8(b.r[k] / n), G: uint8(b.g[k] / n), B: uint8(b.b[k] / n)}, float64(n)}
		b.n[k] = 0
	}
	b.used = b.used[:0]
	t := newTable()
	t.add(cutColors(list, maxColors))
	t.buckets = new([1 << 15]uint8)
	return t
}

// countImage adds the colours of an image to a count, of which each counts once.
func countImage(img *image.NRGBA, count map[format.RGB]int64) {
	var last format.RGB
	for i := 0; i < len(img.Pix); i += 4 {
		c := format.RGB{R: img.Pix[i], G: img.Pix[i+1], B: img.Pix[i+2]}
		if i > 0 && c == last {
			continue
		}
		last = c
		count[c] = max(count[c], 1<<20)
	}
}
