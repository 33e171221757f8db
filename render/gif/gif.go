// Package gif writes films as animated GIFs.
//
// [Writer.Write] runs through the film twice: first to find its size and its colours, then
// to write it. Frames hold only the cells that changed and are written as they come, so a
// film may be of any length: a few frames are in memory at a time.
//
// A GIF has at most 256 colours in a frame. Where all colours of the film fit into one
// table, or those of each frame into its own, every pixel has the colour that
// [raster.Raster.Draw] gives it. Else the colours of the text come first, those that are
// used most; others are replaced by the nearest, as most of those of emoji are.
//
// A GIF has no partial transparency, so a margin without a colour has that of the
// theme's background.
package gif

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Limits of a GIF.
const (
	// MaxFPS is the largest number of frames in a second: browsers show any that
	// lasts less than 1/50 s for 1/10 s.
	MaxFPS = 50
	// MaxLength is the longest film. A GIF needs a frame for each 11 minutes in which
	// nothing happens.
	MaxLength = 30 * 24 * time.Hour
)

// The errors for films beyond the limits. That for a picture that is too large is
// [render.ErrTooLarge].
var (
	ErrRate    = errors.New("too many frames a second for a GIF")
	ErrTooLong = errors.New("too long for a GIF")
)

// Writer writes a film as a GIF.
type Writer struct {
	Film    *render.Film    // what is written, in [MaxFPS] or fewer frames a second
	Picture *render.Picture // what surrounds it; Dark is not used
	Fonts   *glyph.Fonts    // of the size after Picture.Scale
	// Loops is how often the film is shown; 0 means for ever.
	Loops int
	// Workers is the number of goroutines that compress; 0 means [runtime.GOMAXPROCS].
	Workers int
	// Progress, unless it is nil, is called after each frame with the tick that is
	// reached.
	Progress func(tick int64)
}

// Write writes the GIF. If the recording ends in an error, what comes before it is
// written, and the error returned. Nothing is written if the film is beyond a limit.
func (w *Writer) Write(ctx context.Context, out io.Writer) error {
	s, err := w.survey(ctx)
	if s == nil {
		return err
	}
	e, err := w.newEncoder(s)
	if err != nil {
		return err
	}
	p := newPipe(ctx, out, w.Workers, e.layout.Size)
	p.write(e.header(w.Loops))
	err = e.frames(ctx, p, nil)
	if perr := p.close(); perr != nil {
		return perr
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, werr := out.Write([]byte{0x3b}); werr != nil {
		return werr
	}
	return err
}

// Estimate is what a GIF will be like.
type Estimate struct {
	Frames int           // their number, without pauses of more than 11 minutes cut in pieces
	Length time.Duration // of all
	Size   image.Point   // in pixels
	Bytes  int64         // estimated from some of the frames
}

// Estimate returns what the GIF will be like, without making most of it. The number of
// bytes is estimated from up to 60 frames, and rarely wrong by more than a quarter. The
// error of a recording is returned with the estimate of what comes before it.
func (w *Writer) Estimate(ctx context.Context) (Estimate, error) {
	s, err := w.survey(ctx)
	if s == nil {
		return Estimate{}, err
	}
	e, nerr := w.newEncoder(s)
	if nerr != nil {
		return Estimate{}, nerr
	}
	est := Estimate{Length: s.length, Size: e.layout.Size}
	var c counter
	p := newPipe(ctx, &c, w.Workers, e.layout.Size)
	sample := &sampler{every: max(s.frames/60, 1)}
	e.frames(ctx, p, sample)
	if perr := p.close(); perr != nil {
		return est, perr
	}
	if ctx.Err() != nil {
		return est, context.Cause(ctx)
	}
	est.Frames = sample.n
	est.Bytes = int64(len(e.header(w.Loops))) + sample.total(&c)
	return est, err
}

// counter counts the bytes of frames, each written at once.
type counter struct {
	bytes int64
	first int64 // of the first frame
}

func (c *counter) Write(b []byte) (int, error) {
	if c.bytes += int64(len(b)); c.first == 0 {
		c.first = c.bytes
	}
	return len(b), nil
}

// sampler picks frames for an estimate: the first, which is like no other, and each of
// so many of the others.
type sampler struct {
	every   int
	n       int   // the frames so far
	weight  int64 // of all frames but the first, about in proportion to their bytes
	sampled int64 // of those of them that are picked
}

// pick reports whether a frame is compressed.
func (s *sampler) pick(weight int64) bool {
	if s.n++; s.n == 1 {
		return true
	}
	s.weight += weight
	if s.n%s.every != s.every/2 {
		return false
	}
	s.sampled += weight
	return true
}

// total returns the bytes of all frames.
func (s *sampler) total(c *counter) int64 {
	if s.sampled == 0 {
		return c.bytes
	}
	return c.first + int64(float64(c.bytes-c.first)*float64(s.weight)/float64(s.sampled))
}

// survey is what is known after the first pass.
type survey struct {
	size   format.Size
	frames int // about: a change of size may not be seen
	length time.Duration
	colors *colorCount
}

// survey runs through the film. It returns nil if there is nothing to write.
func (w *Writer) survey(ctx context.Context) (*survey, error) {
	if w.Film.FPS > MaxFPS {
		return nil, fmt.Errorf("%w: %d; at most %d", ErrRate, w.Film.FPS, MaxFPS)
	}
	s := &survey{colors: newColorCount()}
	var r *raster.Raster // for the largest size so far
	for fr, err := range w.Film.Frames(ctx, format.Size{}) {
		if err != nil {
			if r == nil || ctx.Err() != nil {
				return nil, err
			}
			return s, err
		}
		if c := fr.Canvas; r == nil || c.Cols > s.size.Cols || c.Rows > s.size.Rows {
			s.size = format.Size{Cols: max(s.size.Cols, c.Cols), Rows: max(s.size.Rows, c.Rows)}
			if r, err = raster.New(w.picture(), w.Fonts, s.size); err != nil {
				return nil, err
			}
		}
		if s.length = w.Film.Time(fr.Till); s.length > MaxLength {
			return nil, fmt.Errorf("%w: %v; at most %v", ErrTooLong, s.length.Round(time.Second), MaxLength)
		}
		if changes := r.Changes(fr); len(changes) > 0 || fr.Number == 0 {
			s.frames++
			s.colors.add(changes)
		}
	}
	return s, nil
}

// picture returns the picture with a colour for its margin.
func (w *Writer) picture() *render.Picture {
	p := *w.Picture
	if p.MarginColor == nil {
		t := p.Theme
		if t == nil {
			t = render.Themes[0]
		}
		p.MarginColor = &t.Bg
	}
	return &p
}
