package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/png"
	"github.com/ttydeck/ttydeck/render/svg"
	"github.com/ttydeck/ttydeck/render/video"
)

// Picture is how a [Target] that is a picture is written. One of Write and WriteFolder is
// set.
type Picture struct {
	// Still reports that only the last frame is shown.
	Still bool
	// Write writes the picture. If the recording ends in an error, what comes before
	// it is written, and the error returned.
	Write func(ctx context.Context, w io.Writer, s *Show) error
	// WriteFolder writes it as files, each of which it closes. Their names have only
	// letters, digits, dots and hyphens.
	WriteFolder func(ctx context.Context, create func(name string) (io.WriteCloser, error), s *Show) error
	// Video reports that each tick is drawn, whether anything changes or not.
	Video bool
	// Opaque reports that nothing can be transparent, or not in part.
	Opaque bool
	// Check, unless it is nil, returns what keeps the picture from being written,
	// whatever the recording.
	Check func() error
	// BytesPerPixel is about how many bytes each pixel that changes takes, to tell
	// pictures that become very large before they are written; 0 if unknown.
	BytesPerPixel float64
	// Estimate returns about how many bytes Write writes.
	Estimate func(ctx context.Context, s *Show) (int64, error)
}

// Show is a recording with the way it is shown.
type Show struct {
	Film       *render.Film    // Film and Measured are the recording and what is known of it
	Measured   render.Measured // of Film
	Picture    *render.Picture // what is around the frames
	Fonts      *glyph.Fonts    // whose size is in pixels of the picture, after its Scale
	FontSize   float64         // in pixels before that
	LineHeight float64         // in sizes of the font
	Font       string          // as glyph.Options has it
	FontFamily string          // for pictures that leave the font to the viewer; "" for the usual ones
	Loops      int             // how many times it is played; 0 means for ever
	Embed      bool            // put the glyphs of the font into the picture, if that is text
}

// counted returns an Estimate that counts what a quick writer writes.
func counted(write func(context.Context, io.Writer, *Show) error) func(context.Context, *Show) (int64, error) {
	return func(ctx context.Context, s *Show) (int64, error) {
		var n counter
		err := write(ctx, &n, s)
		return int64(n), err
	}
}

// counter counts the bytes that are written to it.
type counter int64

func (n *counter) Write(b []byte) (int, error) {
	*n += counter(len(b))
	return len(b), nil
}

// pictures are the targets that are pictures.
func pictures() Table {
	row := func(name, desc, ext string, p Picture) *Target {
		t := &Target{Name: name, Desc: desc, Loses: "everything but the picture", Kind: KindPicture,
			Needs: []Need{NeedScreen, NeedWhole}, Binary: name != "svg" && name != "ascii", Picture: &p}
		if ext != "" {
			t.Ext = []string{ext}
		}
		return t
	}
	return Table{
		row("gif", "animated GIF", ".gif", Picture{Write: writeGIF, BytesPerPixel: 0.1, Opaque: true, Estimate: estimateGIF}),
		row("svg", "animated SVG: text stays text", ".svg", Picture{Write: writeSVG, Estimate: counted(writeSVG)}),
		row("png", "PNG of the last frame", ".png", Picture{Still: true, Write: writePNG, Estimate: counted(writePNG)}),
		row("apng", "animated PNG", ".apng", Picture{Write: writeAPNG, BytesPerPixel: 0.085}),
		row("mp4", "video, H.264 (needs ffmpeg)", ".mp4", Picture{Write: writeVideo(video.MP4), BytesPerPixel: 0.08, Opaque: true, Video: true, Check: video.Check}),
		row("webm", "video, VP9 (needs ffmpeg)", ".webm", Picture{Write: writeVideo(video.WebM), BytesPerPixel: 0.15, Opaque: true, Video: true, Check: video.Check}),
		row("ascii", "the screens as text, one after another", ".ascii", Picture{Write: writeText, Estimate: counted(writeText)}),
		row("frames", "folder with a PNG for each frame", "", Picture{WriteFolder: writeFrames, Estimate: estimateFrames}),
	}
}

func writeGIF(ctx context.Context, w io.Writer, s *Show) error { return gifOf(s).Write(ctx, w) }

func estimateGIF(ctx context.Context, s *Show) (int64, error) {
	e, err := gifOf(s).Estimate(ctx)
	return e.Bytes, err
}

func gifOf(s *Show) *gif.Writer {
	return &gif.Writer{Film: s.Film, Picture: s.Picture, Fonts: s.Fonts, Loops: s.Loops}
}

// writeVideo returns a function that has ffmpeg write a temporary file, as MP4 cannot be
// written to a pipe.
func writeVideo(f video.Format) func(context.Context, io.Writer, *Show) error {
	return func(ctx context.Context, w io.Writer, s *Show) error {
		dir, err := os.MkdirTemp("", "ttydeck-video-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "film."+string(f))
		damage := (&video.Writer{Film: s.Film, Picture: s.Picture, Fonts: s.Fonts, Format: f}).Write(ctx, name)
		if damage != nil && !errors.As(damage, new(*format.SyntaxError)) {
			return damage
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		if _, err := io.Copy(w, file); err != nil {
			return err
		}
		return damage
	}
}

// maxText is the most bytes of screens as text, and maxFiles the most files of a folder.
const (
	maxText  = 1 << 30
	maxFiles = 100_000
)

// ErrTooMuch is the error for a film that would fill the disk.
var ErrTooMuch = errors.New("too much for a disk")

func writeText(ctx context.Context, w io.Writer, s *Show) error {
	return render.WriteText(ctx, &limited{w, maxText}, s.Film)
}

// limited is a writer for a limited number of bytes.
type limited struct {
	io.Writer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, fmt.Errorf("the screens are %w: more than %d MiB", ErrTooMuch, maxText>>20)
	}
	return l.Writer.Write(b)
}

func writeSVG(ctx context.Context, w io.Writer, s *Show) error {
	p := &svg.Writer{Film: s.Film, Picture: s.Picture, FontSize: s.FontSize, LineHeight: s.LineHeight,
		FontFamily: s.FontFamily, Font: s.Font, Embed: s.Embed, Still: s.Measured.Frames == 1, Loops: s.Loops}
	return p.Write(ctx, w)
}

func writePNG(ctx context.Context, w io.Writer, s *Show) error {
	return (&png.Still{Film: s.Film, Picture: s.Picture, Fonts: s.Fonts}).Write(ctx, w)
}

func writeAPNG(ctx context.Context, w io.Writer, s *Show) error {
	return (&png.Animation{Film: s.Film, Picture: s.Picture, Fonts: s.Fonts, Loops: s.Loops}).Write(ctx, w)
}

// estimateFrames takes all frames for as large as the last one.
func estimateFrames(ctx context.Context, s *Show) (int64, error) {
	bytes, err := counted(writePNG)(ctx, s)
	return bytes * int64(s.Measured.Frames), err
}

func writeFrames(ctx context.Context, create func(string) (io.WriteCloser, error), s *Show) error {
	if s.Measured.Frames > maxFiles {
		return fmt.Errorf("%d frames are %w: at most %d", s.Measured.Frames, ErrTooMuch, maxFiles)
	}
	return (&png.Folder{Film: s.Film, Picture: s.Picture, Fonts: s.Fonts}).Write(ctx, create)
}
