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
	// Estimate returns about how many bytes Write writes.
	Estimate func(ctx context.Context, s *Show) (int64, error)
}

// Show is a recording with the way it is shown.
type Show struct {
	Film     *render.Film
	Measured render.Measured // of Film
	Picture  *render.Picture
	Fonts    *glyph.Fonts // of Font.Size times Picture.Scale
	Font     glyph.Options
	Loops    int  // how many times it is played; 0 means for ever
	Embed    bool // put the glyphs of the font into the picture, if that is text
}

// pictures are the targets that are pictures.
func pictures() Table {
	picture := func(name, desc string, ext string, binary bool, p Picture) *Target {
		return &Target{Name: name, Ext: []string{ext}, Desc: desc, Loses: "everything but the picture", Kind: KindPicture,
			Needs: []Need{NeedScreen, NeedWhole}, Binary: binary, Picture: &p}
	}
	_ = picture
	return Table{}
}
