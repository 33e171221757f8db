package png

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"math"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Animation writes a film as an animated PNG (APNG). Programs that know only PNG show its
// first frame.
type Animation struct {
	Film    *render.Film    // what is drawn
	Picture *render.Picture // the colours and what surrounds the cells
	Fonts   *glyph.Fonts    // of the size that cells have in the picture
	// Loops is how often the film is shown; 0 means for ever.
	Loops int
	// Progress, unless it is nil, is called after each frame with the end of the part
	// that is written, in ticks.
	Progress func(tick int64)
}

// Limits of an Animation.
const (
	MaxFrames = 1 << 30 // frames
)

// animationLevel is that of compression. The next one takes half as long again, for 5 %.
const animationLevel = 6

// ErrTooLong is the error for a film of more than [MaxFrames].
var ErrTooLong = errors.New("the film has too many frames")

// errChanged is the error for a film that differs from one pass to the next.
var errChanged = errors.New("the recording changed while it was read")

// Write writes the film, which it runs through three times. If the recording ends in an
// error, Write writes what comes before, and returns that error.
func (a *Animation) Write(ctx context.Context, w io.Writer) error {
	measured, broken := a.Film.Measure(ctx)
	if ctx.Err() != nil || measured.Frames == 0 {
		return broken
	}
	c := animator{Animation: a, size: measured.Size}
	if err := c.survey(ctx); err != nil {
		return err
	}
	if err := c.write(ctx, w); err != nil {
		return err
	}
	return broken
}

// animator is one call of [Animation.Write].
type animator struct {
	*Animation
	size   format.Size
	frames int // that the file has
	coding *coding
}

// survey counts the frames of the file and finds the coding of their colours.
func (a *animator) survey(ctx context.Context) error {
	r, err := raster.New(a.Picture, a.Fonts, a.size)
	if err != nil {
		return err
	}
	colors := new(colorSet)
	for f, err := range a.Film.Frames(ctx, a.size) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			break // Measure returned it
		}
		if a.frames += len(a.delays(f)); a.frames > MaxFrames {
			return ErrTooLong
		}
		colors.addFrame(r, f)
	}
	a.coding = newCoding(colors, true)
	return nil
}

func (a *animator) write(ctx context.Context, w io.Writer) error {
	r, err := raster.New(a.Picture, a.Fonts, a.size)
	if err != nil {
		return err
	}
	out := &chunks{w: w}
	out.begin(r.Bounds().Size(), a.coding)
	actl := binary.BigEndian.AppendUint32(nil, uint32(a.frames))
	out.chunk("acTL", binary.BigEndian.AppendUint32(actl, uint32(max(a.Loops, 0))))
	a.coding.describe(out)

	p := newPool(ctx, animationLevel, 4*r.Bounds().Dx()*r.Bounds().Dy())
	layout := r.Layout()
	written := 0
	for f, err := range a.Film.Frames(ctx, a.size) {
		if err != nil {
			break // Measure returned it
		}
		changes := r.Changes(f)
		for i, wait := range a.delays(f) {
			j := p.job()
			if j == nil {
				break
			}
			// A frame has pixels, also if nothing changes.
			rect, cells := image.Rect(0, 0, 1, 1), j.changes[:0]
			var whole *image.NRGBA
			switch {
			case written == 0:
				whole = image.NewNRGBA(r.Bounds())
				r.Draw(whole, f.Canvas)
				rect = whole.Rect
			case i == 0 && len(changes) > 0:
				a.coding.prepare(changes)
				cells = append(cells, changes...)
				rect = area(&layout, changes)
			}
			j.changes = cells
			j.fill = func(raw []byte) []byte {
				if whole != nil {
					raw, _ = a.coding.fillImage(raw, whole)
					return raw
				}
				return a.coding.fillTiles(raw, &layout, rect, cells)
			}
			data, control := "fdAT", control(rect, wait, written > 0)
			if written == 0 {
				data = "IDAT"
			}
			j.write = func(packed []byte) error {
				out.numbered("fcTL", control)
				if data == "IDAT" {
					out.chunk(data, packed)
				} else {
					out.numbered(data, packed)
				}
				if a.Progress != nil {
					a.Progress(f.Till)
				}
				return out.err
			}
			p.submit(j)
			written++
		}
		if p.ctx.Err() != nil {
			break
		}
	}
	if err := p.close(); err != nil {
		return err
	}
	if written != a.frames {
		return errChanged
	}
	out.chunk("IEND")
	return out.err
}

// delay is a time as a fraction of seconds.
type delay struct{ num, den uint16 }

// delays returns how long a frame is shown, exactly, as the delays of one frame or
// several.
func (a *Animation) delays(f render.Frame) []delay {
	const most = math.MaxUint16
	fps := int64(cmp.Or(min(max(a.Film.FPS, 0), render.MaxFPS), render.DefaultFPS))
	ticks := f.Till - f.Tick
	div := ticks
	for b := fps; b != 0; {
		div, b = b, div%b
	}
	if ticks/div <= most {
		return []delay{{uint16(ticks / div), uint16(fps / div)}}
	}
	var all []delay
	for ; ticks >= fps*most; ticks -= fps * most {
		all = append(all, delay{most, 1})
	}
	if sec := ticks / fps; sec > 0 {
		all = append(all, delay{uint16(sec), 1})
	}
	if rest := ticks % fps; rest > 0 {
		all = append(all, delay{uint16(rest), uint16(fps)})
	}
	return all
}

// The operations of a frame.
const (
	disposeNone = 0
	blendSource = 0
	blendOver   = 1
)

// control returns the chunk that says where and how long a frame is shown.
func control(r image.Rectangle, d delay, over bool) []byte {
	var b []byte
	for _, v := range []int{r.Dx(), r.Dy(), r.Min.X, r.Min.Y} {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	b = binary.BigEndian.AppendUint16(b, d.num)
	b = binary.BigEndian.AppendUint16(b, d.den)
	blend := byte(blendSource)
	if over {
		blend = blendOver
	}
	return append(b, disposeNone, blend)
}
