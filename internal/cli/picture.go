package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/svg"
	"github.com/ttydeck/ttydeck/render/video"
)

// runPicture writes a recording as a picture.
func runPicture(ctx context.Context, e *env, opts convertOptions, from, name string, to *convert.Target) error {
	switch {
	case opts.picture.link != "" && !opts.picture.snippet:
		return usageError{errors.New("--link needs --snippet")}
	case opts.picture.snippet && (name == "-" || snippet(to, name, "", "", 0) == ""):
		return usageError{errors.New("--snippet needs a file that a page can show: .svg, .gif, .png, .apng, .mp4, .webm")}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(6)) // what is kept is little
	var current atomic.Pointer[input]
	var pass atomic.Int32
	bar := startProgress(e.errOut, func() (string, int64, int64) {
		src := current.Load()
		if src == nil {
			return from, 0, 0
		}
		done, total := src.progress()
		if pass.Load() < 2 {
			return from + ": measuring", done, total
		}
		return from, done, total
	})
	defer bar.Stop()
	own := e.with(bar)
	if name == "-" && tty.IsTerminal(e.out) {
		if to.Binary {
			return withHint(usageError{fmt.Errorf("refusing to write %s output to the terminal, as it is not text", to.Name)}, "name a file: ttydeck convert "+from+" OUT"+to.Ext[0])
		}
		own = e
	}
	if name != "-" && sameFile(from, name) {
		return usageError{fmt.Errorf("%s: a picture cannot replace its recording", name)}
	}
	if to.Picture.Check != nil {
		if err := to.Picture.Check(); err != nil {
			return pictureError(err)
		}
	}
	e.warnIdle(&opts.picture, to)
	if !opts.picture.dryRun {
		if err := checkOutput(name, opts.overwrite); err != nil {
			return err
		}
	}
	said := &warnings{env: own}
	s, err := own.show(ctx, opts, from, name, to, said, func(src *input) {
		pass.Add(1)
		current.Store(src)
	})
	defer s.done()
	if err != nil {
		return err
	}
	for _, text := range s.warnings {
		own.warnf("%s", text)
	}
	for _, text := range s.notes {
		own.notef("%s", text)
	}
	if opts.picture.dryRun {
		said.done()
		is, err := estimate(ctx, to, &s.Show)
		switch {
		case err != nil:
		case opts.json:
			err = json.NewEncoder(e.out).Encode(is)
		default:
			_, err = fmt.Fprintln(e.out, is)
		}
		return err
	}
	err = own.draw(ctx, opts, name, to, &s.Show)
	said.done()
	for _, text := range missingGlyphs(s.Fonts) {
		own.warnf("%s", text)
	}
	if err == nil && opts.picture.snippet {
		err = e.printSnippet(ctx, name, opts.picture.link, to, &s.Show)
	}
	return pictureError(err)
}

// pictureError adds a hint to an error of a writer.
func pictureError(err error) error {
	switch {
	case errors.Is(err, video.ErrNoFFmpeg):
		return withHint(err, "apt install ffmpeg; or write another format: .svg, .gif")
	case errors.Is(err, svg.ErrTooLarge), errors.Is(err, convert.ErrTooMuch):
		return withHint(err, "a part of it, --keep A..B, or fewer frames, --fps 5, make less")
	}
	return err
}

// missingGlyphs returns what to say of characters that no font has.
func missingGlyphs(fonts *glyph.Fonts) (texts []string) {
	for _, m := range fonts.Missing() {
		n := "1 character has"
		if m.Texts != 1 {
			n = fmt.Sprintf("%d characters have", m.Texts)
		}
		texts = append(texts, fmt.Sprintf("%s no glyph, such as %s (%s): install %s, or name a font that has it with --font", n, m, m.Script, m.Remedy()))
	}
	return texts
}

// checkOutput returns the error that an output would get when it is complete, where that is
// known before.
func checkOutput(name string, overwrite bool) error {
	if name == "-" {
		return nil
	}
	name = filepath.Clean(name)
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return createError(name, &fs.PathError{Op: "open", Path: name, Err: errors.Unwrap(err)})
	}
	if info, err := os.Lstat(name); err == nil && !overwrite && (info.Mode().IsRegular() || info.IsDir()) {
		if entries, err := os.ReadDir(name); err == nil && len(entries) == 0 {
			return nil // for a folder
		}
		return createError(name, fs.ErrExist)
	}
	return nil
}

// printSnippet prints the Markdown that shows a picture.
func (e *env) printSnippet(ctx context.Context, name, link string, to *convert.Target, s *convert.Show) error {
	var texts []string
	if s.Measured.Title == "" {
		cmds, err := shownCommands(s.Film.Open) // without what was redacted
		if err != nil && !errors.As(err, new(*format.SyntaxError)) {
			return err
		}
		for _, c := range cmds {
			texts = append(texts, c.Text)
		}
	}
	width := 0
	if l, err := s.Picture.Layout(s.Measured.Size, s.Fonts.Cell()); err == nil && l.Scale > 1 && to.Name != "svg" {
		width = l.Size.X / l.Scale
	}
	alt, err := withoutSecrets(ctx, altText(s.Measured.Title, texts))
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.out, snippet(to, name, alt, link, width))
	return err
}

// drawTo writes a recording as a picture, and returns what a user should know.
func (e *env) drawTo(ctx context.Context, opts convertOptions, from, name string, said *warnings) ([]string, error) {
	s, err := e.show(ctx, opts, from, name, opts.to, said, func(*input) {})
	defer s.done()
	if err != nil {
		return nil, err
	}
	if opts.picture.dryRun {
		is, err := estimate(ctx, opts.to, &s.Show)
		return slices.Concat([]string{is.String()}, s.warnings, s.notes), err
	}
	err = e.draw(ctx, opts, name, opts.to, &s.Show)
	return slices.Concat(s.warnings, s.notes, missingGlyphs(s.Fonts)), err
}

// draw writes a picture. What could be read of a damaged recording is kept.
func (e *env) draw(ctx context.Context, opts convertOptions, name string, to *convert.Target, s *convert.Show) error {
	var damage error
	keep := func(err error) error {
		if err != nil && !opts.read.strict && errors.As(err, new(*format.SyntaxError)) {
			damage, err = err, nil
		}
		return err
	}
	var err error
	if to.Folder() {
		err = e.writeFolder(name, opts.overwrite, func(create func(string) (io.WriteCloser, error)) error {
			return keep(to.Picture.WriteFolder(ctx, create, s))
		})
	} else {
		err = e.writeFile(name, opts.overwrite, func(w io.Writer) error { return keep(to.Picture.Write(ctx, w, s)) })
	}
	return errors.Join(err, damage)
}

// frameFiles are the names of the files in a folder of frames.
var frameFiles = regexp.MustCompile(`^(frame-[0-9]+\.png|frames\.ffconcat)$`)

// writeFolder writes files into a directory that gets its name when all are complete.
func (e *env) writeFolder(name string, overwrite bool, write func(create func(string) (io.WriteCloser, error)) error) error {
	if name == "-" {
		return usageError{errors.New("a folder cannot go to standard output")}
	}
	name = filepath.Clean(name)
	var members []string
	entries, err := os.ReadDir(name)
	if err == nil && len(entries) == 0 {
		overwrite = true
	}
	if overwrite { // only what was written before is replaced
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range entries {
			if frameFiles.MatchString(f.Name()) {
				members = append(members, f.Name())
			}
		}
	}
	dir, err := atomicfile.CreateDir(name, members, overwrite)
	if err != nil {
		return createError(name, err)
	}
	if err := dir.Share(); err != nil {
		dir.Discard()
		return err
	}
	err = write(func(file string) (io.WriteCloser, error) {
		f, err := dir.Create(file, 0)
		if err != nil {
			return nil, err
		}
		return member{dir, f}, nil
	})
	if err != nil {
		dir.Discard()
		return err
	}
	return dir.Commit()
}

// member is a file of a folder.
type member struct {
	dir *atomicfile.Dir
	*atomicfile.File
}

// Close completes the file.
func (m member) Close() error { return m.dir.Finish(m.File) }

// estimated is what a picture will be like: the output of --dry-run --json.
type estimated struct {
	Width    int     `json:"width"` // in pixels
	Height   int     `json:"height"`
	Frames   int     `json:"frames"`
	Duration float64 `json:"duration"`        // in seconds; 0 for a still
	Bytes    int64   `json:"bytes,omitempty"` // about
}

// estimate returns what a picture will be like.
func estimate(ctx context.Context, to *convert.Target, s *convert.Show) (estimated, error) {
	l, err := s.Picture.Layout(s.Measured.Size, s.Fonts.Cell())
	if err != nil {
		return estimated{}, err
	}
	is := estimated{Width: l.Size.X, Height: l.Size.Y, Frames: s.Measured.Frames}
	if is.Frames > 1 {
		is.Duration = s.Measured.Length.Seconds()
	}
	if to.Picture.Estimate == nil {
		cell := s.Fonts.Cell()
		is.Bytes = int64(to.Picture.BytesPerPixel * float64(s.Measured.Cells) * float64(cell.X*cell.Y))
	} else if is.Bytes, err = to.Picture.Estimate(ctx, s); errors.As(err, new(*format.SyntaxError)) {
		err = nil
	}
	return is, err
}

// String returns the estimate for people.
func (is estimated) String() string {
	text := fmt.Sprintf("%d by %d pixels, 1 frame", is.Width, is.Height)
	if is.Frames > 1 {
		text = fmt.Sprintf("%d by %d pixels, %d frames, %s", is.Width, is.Height, is.Frames, timecode.Format(time.Duration(is.Duration*float64(time.Second)), time.Second/10))
	}
	if is.Bytes > 0 {
		text += ", about " + bytesText(is.Bytes)
	}
	return text
}

// bytesText returns a number of bytes for people.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
