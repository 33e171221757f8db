// Package video writes films as video, with ffmpeg.
//
// [Writer.Write] draws the frames, passes their pixels to ffmpeg, and has it write an MP4
// (H.264) or a WebM (VP9) file, both of the kind that all browsers play. A video has a
// constant number of frames in a second, [render.Film.FPS], so that each frame of the
// film is shown exactly as long as in it.
//
// Unlike the other formats, videos are not exact: they keep less of the colour than of
// the brightness, and all of it approximately. They have no transparency either: unless
// [render.Picture.MarginColor] is set, the margin has the colour of the background.
package video

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// Format is a format of video.
type Format string

// The formats.
const (
	MP4  Format = "mp4"  // H.264
	WebM Format = "webm" // VP9
)

// MaxLength is the length of the longest film. Even where nothing moves, each frame takes
// time to encode and bytes to store.
const MaxLength = 6 * time.Hour

// MaxPixels is the most pixels of a frame: ffmpeg keeps dozens of frames in memory.
const MaxPixels = 1 << 24

// MaxTotal is the most pixels of all frames together: six hours of 1280 by 720 pixels, three
// times over. Encoding them takes a day.
const MaxTotal = 2_000_000_000_000

// Errors of [Writer.Write].
var (
	ErrNoFFmpeg = errors.New("video needs the program ffmpeg, which is not in PATH")
	ErrTooLong  = errors.New("the film is too long for a video")
)

// Check returns [ErrNoFFmpeg] if there is no ffmpeg in PATH.
func Check() error {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return ErrNoFFmpeg
	}
	return nil
}

// Writer writes a film as video.
type Writer struct {
	Film    *render.Film    // what is drawn
	Picture *render.Picture // the colours and what surrounds the cells
	Fonts   *glyph.Fonts    // of the size that cells have in the picture
	Format  Format          // "" means MP4
	FFmpeg  string          // the program; "" means the ffmpeg in PATH
	// Progress, unless it is nil, is called with the end of the part that is encoded,
	// in ticks.
	Progress func(tick int64)
}

// Write writes the video to a file of that name, which it creates or overwrites; choose a
// temporary one and rename it. If the recording ends in an error, Write writes what comes
// before, and returns that error. If there is any other error, or ctx is done, there is no
// such file afterwards.
//
// The film is run through twice. The error is [ErrNoFFmpeg] if there is no ffmpeg, and
// [ErrTooLong] for a film of more than [MaxLength].
func (w *Writer) Write(ctx context.Context, name string) error {
	program, err := exec.LookPath(cmp.Or(w.FFmpeg, "ffmpeg"))
	if err != nil {
		if w.FFmpeg == "" {
			return ErrNoFFmpeg
		}
		return err
	}
	measured, broken := w.Film.Measure(ctx)
	if ctx.Err() != nil || measured.Frames == 0 {
		return broken
	}
	if l, err := w.Picture.Layout(measured.Size, w.Fonts.Cell()); err != nil {
		return err
	} else if l.Size.X*l.Size.Y > MaxPixels {
		return fmt.Errorf("%w: %d by %d pixels; a video has at most %d", render.ErrTooLarge, l.Size.X, l.Size.Y, MaxPixels)
	} else if ticks := w.Film.Tick(measured.Length); ticks > MaxTotal/int64(l.Size.X*l.Size.Y+1) {
		return fmt.Errorf("%w: %d frames of %d by %d pixels", ErrTooLong, ticks, l.Size.X, l.Size.Y)
	}
	if measured.Length > MaxLength {
		return fmt.Errorf("%w: %v; at most %v", ErrTooLong, measured.Length.Round(time.Second), MaxLength)
	}
	p := *w.Picture
	if p.MarginColor == nil {
		theme := p.Theme
		if theme == nil {
			theme = render.Themes[0]
		}
		p.MarginColor = &theme.Bg
	}
	r, err := raster.New(&p, w.Fonts, measured.Size)
	if err != nil {
		return err
	}
	if err := w.encode(ctx, program, name, r, &measured); err != nil {
		os.Remove(name)
		return err
	}
	return broken
}

// codecs are the arguments for each format, by which text stays sharp. x264 takes half the
// time with veryfast that it takes with fast, for 5 % of the size and 2 dB.
var codecs = map[Format][]string{
	MP4:  {"-c:v", "libx264", "-preset", "veryfast", "-tune", "animation", "-crf", "20", "-movflags", "+faststart"},
	WebM: {"-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "30", "-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1"},
}

// encode runs ffmpeg.
func (w *Writer) encode(ctx context.Context, program, name string, r *raster.Raster, measured *render.Measured) error {
	kind := cmp.Or(w.Format, MP4)
	codec, ok := codecs[kind]
	if !ok {
		return fmt.Errorf("unknown format of video %q", kind)
	}
	// Not even the file's name may be taken for an option or a protocol.
	name, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	f := newFrames(r)
	args := []string{"-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", "pipe",
		"-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", fmt.Sprintf("%dx%d", f.size.X, f.size.Y),
		"-framerate", strconv.FormatInt(w.fps(), 10), "-i", "pipe:0"}
	args = append(args, codec...)
	args = append(args, "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709",
		"-color_trc", "iec61966-2-1", "-color_range", "tv", "-f", string(kind), "-y", "file:"+name)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	var said tail
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// A program that ffmpeg is started by may still have the pipe open.
	stop := context.AfterFunc(ctx, func() { in.Close() })
	err = w.pipe(ctx, in, f, measured)
	stop()
	err = errors.Join(err, in.Close())
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ended != nil: // which is why it took no more
		return fmt.Errorf("%s: %w%s", filepath.Base(program), ended, said.String())
	}
	return err
}

// pipe writes the pixels of all frames, each as often as it is shown.
func (w *Writer) pipe(ctx context.Context, out io.Writer, f *frames, measured *render.Measured) error {
	till := int64(0)
	for fr, err := range w.Film.Frames(ctx, measured.Size) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			break // Measure returned it
		}
		till = fr.Till
		f.draw(fr)
		for tick := fr.Tick; tick < fr.Till; tick++ {
			if _, err := out.Write(f.planes); err != nil {
				return err
			}
			if w.Progress != nil {
				w.Progress(tick + 1)
			}
		}
	}
	if w.Film.Time(till) != measured.Length {
		return errors.New("the recording changed while it was read")
	}
	return nil
}

func (w *Writer) fps() int64 {
	return int64(cmp.Or(min(max(w.Film.FPS, 0), render.MaxFPS), render.DefaultFPS))
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	t.b = t.b[max(len(t.b)-2048, 0):]
	return len(b), nil
}

// String returns the last lines as the end of an error.
func (t *tail) String() string {
	lines := strings.Split(strings.TrimSpace(string(t.b)), "\n")
	s := ""
	for _, line := range lines[max(len(lines)-3, 0):] {
		if line = strings.TrimSpace(line); line != "" {
			s += ": " + visible.Text(line)
		}
	}
	return s
}
