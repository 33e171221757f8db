package gif

import (
	"context"
	"encoding/binary"
	"image"
	"io"
	"math/bits"
	"runtime"
	"sync"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/raster"
)

// encoder turns the frames of a film into jobs.
type encoder struct {
	w      *Writer
	raster *raster.Raster
	layout render.Layout
	base   *image.NRGBA // what is around the cells: see drawBase
	global *table
	emoji  map[tilePaint][]uint8 // with the global table
	// shown has the index in the global table of each pixel that is shown; that of
	// transparent ones where a frame had another table.
	shown []uint8
	pipe  *pipe
	gen   int // the number of the current frame

	paints []*paintInfo // of the current frame
	many   buckets      // empty
}

// paintInfo is what the encoder knows of a paint.
type paintInfo struct {
	paint  *raster.Paint
	global *lut
	have   uint16 // the levels whose colours are in the global table
	// The current frame.
	gen   int
	used  uint16
	cells int64
	local *lut
}

// lut has the index in a table of each level of a paint.
type lut [raster.Levels]uint8

func (w *Writer) newEncoder(s *survey) (*encoder, error) {
	r, err := raster.New(w.picture(), w.Fonts, s.size)
	if err != nil {
		return nil, err
	}
	s.colors.flush()
	base, err := w.drawBase(r)
	if err != nil {
		return nil, err
	}
	countImage(base, s.colors.text)
	return &encoder{
		w: w, raster: r, layout: r.Layout(), base: base, emoji: map[tilePaint][]uint8{},
		global: tableOf(s.colors.text, s.colors.emoji, false),
	}, nil
}

// drawBase draws what is around the cells. The rows of pixels in the middle, which are all
// alike, are one in the image if there are many.
func (w *Writer) drawBase(r *raster.Raster) (*image.NRGBA, error) {
	l, size := r.Layout(), r.Size()
	if rows := 4*max(l.Radius, l.Bar.Dy())/l.Cell.Y + 3; rows < size.Rows {
		size.Rows = rows
		var err error
		if r, err = raster.New(w.picture(), w.Fonts, size); err != nil {
			return nil, err
		}
	}
	base := image.NewNRGBA(r.Bounds())
	r.DrawBase(base)
	return base, nil
}

// header returns what comes before the frames.
func (e *encoder) header(loops int) []byte {
	size, bits := e.layout.Size, e.global.size()
	b := append([]byte("GIF89a"), 0, 0, 0, 0, 0x80|0x70|byte(bits-1), 0, 0)
	binary.LittleEndian.PutUint16(b[6:], uint16(size.X))
	binary.LittleEndian.PutUint16(b[8:], uint16(size.Y))
	b = e.global.append(b)
	if loops != 1 {
		// Viewers repeat the film that many times after the first.
		again := min(max(loops-1, 0), 0xffff)
		b = append(b, "\x21\xff\x0bNETSCAPE2.0\x03\x01"...)
		b = append(b, byte(again), byte(again>>8), 0)
	}
	return b
}

// frames makes all frames, or those of a sample.
func (e *encoder) frames(ctx context.Context, p *pipe, sample *sampler) error {
	var last *job // held back until it is known how long it is shown
	var err error
	fps := int64(e.w.Film.FPS)
	if fps <= 0 {
		fps = render.DefaultFPS
	}
	centiseconds := func(tick int64) int64 { return (200*tick + fps) / (2 * fps) }
	e.pipe = p
	for fr, ferr := range e.w.Film.Frames(ctx, e.raster.Size()) {
		if ferr != nil {
			err = ferr
			break
		}
		if e.w.Progress != nil {
			e.w.Progress(fr.Tick)
		}
		changes := e.raster.Changes(fr)
		if len(changes) > 0 || last == nil && fr.Number == 0 {
			if last != nil && !p.send(last) {
				return nil
			}
			last = nil
			j := e.rectangle(changes, fr.Number == 0)
			// What is unchanged in between costs little.
			weight := int64(1000 + len(changes)*e.layout.Cell.X*e.layout.Cell.Y + j.rect.Dx()*j.rect.Dy()/16)
			e.fill(j, changes, fr.Number == 0)
			if sample != nil && !sample.pick(weight) {
				p.release(j.pixels)
				p.release(j.before)
				continue
			}
			j.from = centiseconds(fr.Tick)
			last = j
		}
		if last != nil {
			last.till = centiseconds(fr.Till)
		}
	}
	if last != nil {
		p.send(last)
	}
	return err
}

// rectangle returns a job for changes.
func (e *encoder) rectangle(changes []raster.Change, first bool) *job {
	j := &job{rect: image.Rectangle{Max: e.layout.Size}, done: make(chan struct{})}
	cell := e.layout.Cell
	if !first {
		var in image.Rectangle
		for i := range changes {
			ch := &changes[i]
			in = in.Union(image.Rect(ch.X, ch.Y, ch.X+ch.Tile.Cols, ch.Y+1))
		}
		in = image.Rect(in.Min.X*cell.X, in.Min.Y*cell.Y, in.Max.X*cell.X, in.Max.Y*cell.Y)
		j.rect = in.Add(e.layout.Cells.Min)
	}
	return j
}

// fill adds the tiles of changes to a job, and chooses its table.
func (e *encoder) fill(j *job, changes []raster.Change, first bool) {
	j.table = e.global
	e.gen++
	e.paints = e.paints[:0]
	emoji := false
	exact := true // with the global table
	for i := range changes {
		ch := &changes[i]
		info := e.info(ch.Paint)
		info.used |= ch.Tile.Used
		info.cells++
		exact = exact && ch.Tile.Used&^info.have == 0
		emoji = emoji || ch.Tile.Color != nil
	}
	if !exact {
		j.table, j.local = e.localTable(changes, first, emoji), true
		for _, info := range e.paints {
			info.local = info.lut(j.table)
		}
	}
	if first {
		e.startShown(j.table)
	}
	if j.local && !first {
		j.pixels = e.pipe.buffer(j.rect)
		fill(j.pixels, transparent)
		e.draw(changes, j.pixels, j.rect, j.table, true)
		for i := range changes {
			ch := &changes[i]
			e.forget(ch.X, ch.Y, ch.Tile.Cols)
		}
		return
	}
	if !first {
		j.before = e.copyShown(j.rect)
	}
	e.draw(changes, e.shown, image.Rectangle{Max: e.layout.Size}, j.table, j.local)
	j.pixels = e.copyShown(j.rect)
	if j.local {
		fill(e.shown, transparent)
	}
}

// startShown makes shown, and draws what is around the cells.
func (e *encoder) startShown(t *table) {
	w, h := e.layout.Size.X, e.layout.Size.Y
	e.shown = make([]uint8, w*h)
	last, at := format.RGB{}, t.of(format.RGB{})
	height := e.base.Rect.Dy()
	for y := range h {
		from := y
		if y >= height/2 {
			from = max(height/2, y-(h-height))
		}
		for x, line := 0, e.base.Pix[from*e.base.Stride:]; x < w; x++ {
			if c := (format.RGB{R: line[4*x], G: line[4*x+1], B: line[4*x+2]}); c != last {
				last, at = c, t.of(c)
			}
			e.shown[y*w+x] = at
		}
	}
}

// draw draws changes onto the pixels of a rectangle.
func (e *encoder) draw(changes []raster.Change, px []uint8, rect image.Rectangle, t *table, local bool) {
	cell, origin, width := e.layout.Cell, e.layout.Cells.Min.Sub(rect.Min), rect.Dx()
	for i := range changes {
		ch := &changes[i]
		info := ch.Paint.Aux.(*paintInfo)
		l := info.global
		if local {
			l = info.local
		}
		w := cell.X * ch.Tile.Cols
		at := (origin.Y+ch.Y*cell.Y)*width + origin.X + ch.X*cell.X
		mask := ch.Tile.Mask
		var colored []uint8
		if ch.Tile.Color != nil {
			colored = e.emojiOf(ch.Tile, ch.Paint, t, local)
		}
		for y := range cell.Y {
			line := px[at : at+w : at+w]
			at += width
			switch {
			case colored != nil:
				copy(line, colored[y*w:])
			case mask == nil:
				fill(line, l[0])
			default:
				for i, level := range mask[y*w : (y+1)*w : (y+1)*w] {
					line[i] = l[level]
				}
			}
		}
	}
}

// forget notes that cells of a row have colours that are not in the global table.
func (e *encoder) forget(x, y, cols int) {
	cell := e.layout.Cell
	at := e.layout.Cells.Min.Add(image.Pt(x*cell.X, y*cell.Y))
	for i := range cell.Y {
		start := (at.Y+i)*e.layout.Size.X + at.X
		fill(e.shown[start:start+cols*cell.X], transparent)
	}
}

// copyShown returns a copy of a rectangle of shown.
func (e *encoder) copyShown(in image.Rectangle) []uint8 {
	b := e.pipe.buffer(in)
	w := in.Dx()
	for y := range in.Dy() {
		start := (in.Min.Y+y)*e.layout.Size.X + in.Min.X
		copy(b[y*w:(y+1)*w], e.shown[start:])
	}
	return b
}

func fill(b []uint8, v uint8) {
	for i := range b {
		b[i] = v
	}
}

// info returns the info of a paint, which is in the current frame.
func (e *encoder) info(p *raster.Paint) *paintInfo {
	info, ok := p.Aux.(*paintInfo)
	if !ok {
		info = &paintInfo{paint: p, global: new(lut)}
		for i, c := range p.Colors {
			if at, ok := e.global.index[c]; ok {
				info.global[i] = at
				info.have |= 1 << i
			}
		}
		p.Aux = info
	}
	if info.gen != e.gen {
		info.gen, info.used, info.cells = e.gen, 0, 0
		e.paints = append(e.paints, info)
	}
	return info
}

// lut returns the indices of the paint in a table.
func (info *paintInfo) lut(t *table) *lut {
	l := new(lut)
	for u := info.used; u != 0; u &= u - 1 {
		i := bits.TrailingZeros16(u)
		l[i] = t.of(info.paint.Colors[i])
	}
	return l
}

// localTable returns the table of a frame that has colours that are not in the global
// one.
func (e *encoder) localTable(changes []raster.Change, first, emoji bool) *table {
	text, colored := map[format.RGB]int64{}, map[format.RGB]int64{}
	each := func(do func(c format.RGB, n int64) bool) {
		for _, info := range e.paints {
			for u := info.used; u != 0; u &= u - 1 {
				i := bits.TrailingZeros16(u)
				n := info.cells
				if i == 0 {
					n *= 8 // most pixels are background
				}
				if !do(info.paint.Colors[i], n) {
					return
				}
			}
		}
	}
	each(func(c format.RGB, n int64) bool {
		text[c] += n
		return len(text) <= manyColors
	})
	if len(text) > manyColors {
		each(func(c format.RGB, n int64) bool {
			e.many.add(c, n)
			return true
		})
	}
	if first {
		countImage(e.base, text)
	}
	if emoji {
		for i := range changes {
			ch := &changes[i]
			if ch.Tile.Color == nil {
				continue
			}
			for i := range len(ch.Tile.Color.Pix) / 4 {
				if ch.Tile.Color.Pix[4*i+3] > 0 {
					colored[ch.Tile.Over(ch.Paint, i)]++
				}
			}
		}
	}
	if len(e.many.used) > 0 {
		if first {
			countImage(e.base, colored)
		}
		for _, c := range order(colored) {
			e.many.add(c, colored[c])
		}
		return e.many.table()
	}
	return tableOf(text, colored, true)
}

// emojiOf returns the pixels of a tile with colours of its own.
func (e *encoder) emojiOf(t *raster.Tile, p *raster.Paint, table *table, local bool) []uint8 {
	key := tilePaint{t, p}
	if pixels := e.emoji[key]; pixels != nil && !local {
		return pixels
	}
	pixels := make([]uint8, len(t.Color.Pix)/4)
	for i := range pixels {
		pixels[i] = table.of(t.Over(p, i))
	}
	if !local {
		if len(e.emoji) >= 1<<12 {
			clear(e.emoji)
		}
		e.emoji[key] = pixels
	}
	return pixels
}

// job is a frame to be compressed.
type job struct {
	rect       image.Rectangle
	from, till int64 // centiseconds
	table      *table
	local      bool    // table is written with the frame
	pixels     []uint8 // of rect
	before     []uint8 // what they were; nil if that is unknown, or they were not

	out  []byte
	done chan struct{} // closed when out is ready
}

// compress makes the bytes of a job.
func (j *job) compress(z *compressor) {
	if j.before != nil {
		j.skipUnchanged()
	}
	px := j.pixels
	w, h := j.rect.Dx(), j.rect.Dy()
	size := j.table.size()
	out := make([]byte, 0, 64+len(px)/32)
	for delay := j.till - j.from; ; delay -= 0xffff {
		// Do not dispose of the frame; and there is a transparent index.
		b := []byte{0x21, 0xf9, 4, 1<<2 | 1, 0, 0, transparent, 0, 0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		binary.LittleEndian.PutUint16(b[4:], uint16(min(delay, 0xffff)))
		binary.LittleEndian.PutUint16(b[9:], uint16(j.rect.Min.X))
		binary.LittleEndian.PutUint16(b[11:], uint16(j.rect.Min.Y))
		binary.LittleEndian.PutUint16(b[13:], uint16(w))
		binary.LittleEndian.PutUint16(b[15:], uint16(h))
		if j.local {
			b[17] = 0x80 | byte(size-1)
			b = j.table.append(b)
		}
		out = append(out, b...)
		width := bitsOf(px)
		out = z.compress(append(out, byte(width)), px, width)
		if delay <= 0xffff {
			break
		}
		// A frame of one pixel that changes nothing lasts the rest of the time.
		w, h = 1, 1
		px = px[:1]
		px[0] = transparent
	}
	j.out = out
}

// bitsOf returns the number of bits of the largest pixel, but at least 2, which is the
// least that GIF's LZW takes.
func bitsOf(px []uint8) int {
	var or uint64
	for ; len(px) >= 8; px = px[8:] {
		or |= binary.LittleEndian.Uint64(px)
	}
	for _, v := range px {
		or |= uint64(v)
	}
	or |= or >> 32
	or |= or >> 16
	or |= or >> 8
	return max(bits.Len8(uint8(or)), 2)
}

// longStretch is how many pixels in a row must be unchanged to be transparent. A shorter
// stretch of text is packed better as it is, since it resembles other text.
const longStretch = 40

// skipUnchanged cuts the rectangle to what has changed, and makes long stretches of
// pixels transparent that have not.
func (j *job) skipUnchanged() {
	j.trim()
	px, before := j.pixels, j.before
	for i := 0; i < len(px); {
		if px[i] != before[i] {
			i++
			continue
		}
		start := i
		i += unchanged(px[i:], before[i:])
		if i-start < longStretch {
			continue
		}
		// A run of one colour is packed best if it goes on.
		if start > 0 {
			for last := px[start-1]; start < i && px[start] == last; {
				start++
			}
		}
		fill(px[start:i], transparent)
	}
}

// unchanged returns the number of pixels at the start of two slices of the same length
// that are equal.
func unchanged(a, b []uint8) int {
	n := 0
	for len(a)-n >= 8 && binary.LittleEndian.Uint64(a[n:]) == binary.LittleEndian.Uint64(b[n:]) {
		n += 8
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// trim cuts unchanged rows and columns at the sides. At least one pixel is left.
func (j *job) trim() {
	w, h := j.rect.Dx(), j.rect.Dy()
	top, bottom, left, right := h, 0, w, 0
	for y := range h {
		a, b := j.pixels[y*w:(y+1)*w], j.before[y*w:(y+1)*w]
		n := unchanged(a, b)
		if n == w {
			continue
		}
		top, bottom, left = min(top, y), y+1, min(left, n)
		for x := w; x > right; x-- {
			if a[x-1] != b[x-1] {
				right = x
				break
			}
		}
	}
	if bottom == 0 {
		top, bottom, left, right = 0, 1, 0, 1
	}
	if top == 0 && bottom == h && left == 0 && right == w {
		return
	}
	n := right - left
	for i, y := 0, top; y < bottom; i, y = i+1, y+1 {
		copy(j.pixels[i*n:(i+1)*n], j.pixels[y*w+left:])
		copy(j.before[i*n:(i+1)*n], j.before[y*w+left:])
	}
	j.pixels, j.before = j.pixels[:n*(bottom-top)], j.before[:n*(bottom-top)]
	j.rect = image.Rect(left, top, right, bottom).Add(j.rect.Min)
}

// pipe compresses frames concurrently, and writes them in order.
type pipe struct {
	ctx    context.Context
	out    io.Writer
	work   chan *job
	order  chan *job
	failed chan struct{} // closed when err is set
	err    error         // of out
	wait   sync.WaitGroup
	free   chan []uint8 // buffers that are not in use
	size   int          // of each, in bytes
}

func newPipe(ctx context.Context, out io.Writer, workers int, size image.Point) *pipe {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ahead := workers
	if size.X*size.Y > 1<<23 {
		workers, ahead = 1, 0 // large frames are few at a time
	}
	p := &pipe{ctx: ctx, out: out, work: make(chan *job), order: make(chan *job, ahead), failed: make(chan struct{}), free: make(chan []uint8, 4*ahead+2), size: size.X * size.Y}
	for range workers {
		p.wait.Go(func() {
			var z compressor
			for j := range p.work {
				j.compress(&z)
				p.release(j.pixels)
				p.release(j.before)
				j.pixels, j.before = nil, nil
				close(j.done)
			}
		})
	}
	p.wait.Go(func() {
		for j := range p.order {
			<-j.done
			if p.err == nil {
				p.write(j.out)
			}
		}
	})
	return p
}

// write writes b. Before the first frame, anybody may call it.
func (p *pipe) write(b []byte) {
	if _, err := p.out.Write(b); err != nil && p.err == nil {
		p.err = err
		close(p.failed)
	}
}

// send passes on a frame, unless nothing more can be written.
func (p *pipe) send(j *job) bool {
	select {
	case <-p.failed:
		return false
	case <-p.ctx.Done():
		return false
	case p.order <- j:
		p.work <- j
		return true
	}
}

// buffer returns a buffer for the pixels of a rectangle, with any contents.
func (p *pipe) buffer(r image.Rectangle) []uint8 {
	n := r.Dx() * r.Dy()
	select {
	case b := <-p.free:
		return b[:n]
	default:
	}
	return make([]uint8, p.size)[:n] // of a size that fits every frame, so that none is lost
}

func (p *pipe) release(b []uint8) {
	if b == nil {
		return
	}
	select {
	case p.free <- b:
	default:
	}
}

// close waits for all frames, and returns the error of writing.
func (p *pipe) close() error {
	close(p.work)
	close(p.order)
	p.wait.Wait()
	return p.err
}
