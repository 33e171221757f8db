package png

import (
	"context"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Folder writes each frame of a film as a PNG file, and a list of them.
type Folder struct {
	Film    *render.Film    // what is drawn
	Picture *render.Picture // the colours and what surrounds the cells
	Fonts   *glyph.Fonts    // of the size that cells have in the picture
	// Progress, unless it is nil, is called after each file with the end of its frame,
	// in ticks.
	Progress func(tick int64)
}

// ListName is the name of the list. It has the files and the seconds for which they are
// shown, as ffmpeg reads them:
//
//	ffmpeg -f concat -i frames.ffconcat out.webp
const ListName = "frames.ffconcat"

// folderLevel is that of compression. The frames of a folder are many, and often only
// read by the next program, so that time matters more than size.
const folderLevel = 4

// Write writes frame-00001.png and so on, and at last [ListName], to files that create
// returns, which it closes. All pictures have the same size and type of colour. If the recording ends in an
// error, Write writes what comes before, and returns that error.
func (f *Folder) Write(ctx context.Context, create func(name string) (io.WriteCloser, error)) error {
	measured, broken := f.Film.Measure(ctx)
	if ctx.Err() != nil || measured.Frames == 0 {
		return broken
	}
	c, err := f.survey(ctx, measured.Size)
	if err != nil {
		return err
	}
	r, err := raster.New(f.Picture, f.Fonts, measured.Size)
	if err != nil {
		return err
	}
	name := func(number int) string {
		return fmt.Sprintf("frame-%0*d.png", max(5, len(fmt.Sprint(measured.Frames))), number+1)
	}
	now := image.NewNRGBA(r.Bounds())
	p := newPool(ctx, folderLevel, 2*len(now.Pix))
	free := make(chan *image.NRGBA, cap(p.free)) // copies that are no longer in use
	list := []byte("ffconcat version 1.0\n")
	frames, till := 0, int64(0)
	for fr, err := range f.Film.Frames(ctx, measured.Size) {
		if err != nil {
			break // Measure returned it
		}
		j := p.job()
		if j == nil {
			break
		}
		r.DrawDirty(now, fr)
		var copied *image.NRGBA
		select {
		case copied = <-free:
		default:
			copied = image.NewNRGBA(now.Rect)
		}
		copy(copied.Pix, now.Pix)
		known := true
		j.fill = func(raw []byte) []byte {
			raw, known = c.fillImage(raw, copied)
			select {
			case free <- copied:
			default:
			}
			return raw
		}
		j.write = func(packed []byte) error {
			if !known {
				return errChanged
			}
			w, err := create(name(fr.Number))
			if err != nil {
				return err
			}
			err = c.writeFile(w, now.Rect.Size(), packed)
			if cerr := w.Close(); err == nil {
				err = cerr
			}
			if err == nil && f.Progress != nil {
				f.Progress(fr.Till)
			}
			return err
		}
		p.submit(j)
		list = fmt.Appendf(list, "file %s\nduration %s\n", name(fr.Number), seconds(f.Film.Time(fr.Till))-seconds(f.Film.Time(fr.Tick)))
		frames, till = frames+1, fr.Till
	}
	if err := p.close(); err != nil {
		return err
	}
	if f.Film.Time(till) != measured.Length {
		return errChanged
	}
	// ffmpeg ignores the last duration.
	list = fmt.Appendf(list, "file %s\n", name(frames-1))
	w, err := create(ListName)
	if err != nil {
		return err
	}
	_, err = w.Write(list)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return broken
}

// survey finds a coding for all frames. Programs that read one after another, such as
// ffmpeg, may stumble where it changes.
func (f *Folder) survey(ctx context.Context, size format.Size) (*coding, error) {
	r, err := raster.New(f.Picture, f.Fonts, size)
	if err != nil {
		return nil, err
	}
	colors := new(colorSet)
	for fr, err := range f.Film.Frames(ctx, size) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			break // Measure returned it
		}
		colors.addFrame(r, fr)
	}
	return newCoding(colors, false), nil
}

// micros is a time in microseconds, the unit in which ffmpeg counts.
type micros int64

func seconds(d time.Duration) micros { return micros(d.Round(time.Microsecond) / time.Microsecond) }

// String returns the time in seconds.
func (m micros) String() string { return fmt.Sprintf("%d.%06d", m/1e6, m%1e6) }
