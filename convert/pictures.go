package convert

import (
	"context"
	"io"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
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
	// BytesPerPixel is about how many bytes each pixel that changes takes, to tell
	// pictures that become very large before they are written; 0 if unknown.
	BytesPerPixel float64
	// Estimate returns about how many bytes Write writes.
	Estimate func(ctx context.Context, s *Show) (int64, error)
}

// Show is a recording with the way it is shown.
type Show struct {
	Film     *render.Film // Film and Measured are the recording and what is known of it
	Measured render.Measured
	Picture  *render.Picture // what is around the frames
	Fonts    *glyph.Fonts    // whose size is in pixels of the picture, after its Scale
	Loops    int             // how many times it is played; 0 means for ever
	Embed    bool            // put the glyphs of the font into the picture, if that is text
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
	picture := func(name, desc string, ext string, binary bool, p Picture) *Target {
		return &Target{Name: name, Ext: []string{ext}, Desc: desc, Loses: "everything but the picture", Kind: KindPicture,
			Needs: []Need{NeedScreen, NeedWhole}, Binary: binary, Picture: &p}
	}
	return Table{picture("png", "the last frame, or that of --at", ".png", true, Picture{Still: true, Write: tmpPNG})}
}
