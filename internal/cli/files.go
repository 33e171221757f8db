package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// input is a recording to read: a file, standard input, or a download.
type input struct {
	format.Cast
	format      *format.Format
	compression format.Compression
	name        string
	// parts lists the files of the recording; see [format.File]. It is nil for
	// standard input and downloads.
	parts []string
	// progress returns how many bytes were read, of how many; see [format.File].
	progress func() (read, total int64)
	close    func() error
}

// errTerminalInput is the error for a terminal in place of a recording.
var errTerminalInput = withHint(usageError{errors.New("standard input is a terminal, not a recording")},
	"name a file, or pipe a recording in")

// open opens a recording: name is a file, "-" for standard input, or the URL of a
// recording or of a page that names one. A download ends with ctx.
func (e *env) open(ctx context.Context, name string, opts ...format.Option) (*input, error) {
	unknown := func() (int64, int64) { return 0, 0 }
	if fetch.IsURL(name) {
		body, err := fetch.Open(ctx, name)
		if err != nil {
			return nil, err
		}
		cast, f, err := format.Open(body, append([]format.Option{format.Name(name)}, opts...)...)
		if err != nil {
			return nil, errors.Join(err, body.Close())
		}
		return &input{Cast: cast, format: f, name: name, progress: unknown, close: body.Close}, nil
	}
	if name == "-" {
		if tty.IsTerminal(e.in) {
			return nil, errTerminalInput
		}
		cast, f, err := format.Open(e.in, append([]format.Option{format.Name("standard input")}, opts...)...)
		if err != nil {
			return nil, err
		}
		return &input{Cast: cast, format: f, name: name, progress: unknown, close: func() error { return nil }}, nil
	}
	f, err := format.OpenFile(name, opts...)
	if err != nil {
		if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
			err = withHint(err, "to convert all recordings in it: ttydeck convert -o DIR/ "+name)
		}
		return nil, err
	}
	return &input{Cast: f.Cast, format: f.Format, compression: f.Compression, name: name,
		parts: f.Parts, progress: f.Progress, close: f.Close}, nil
}

// output is a recording to write. Commit or discard it.
type output struct {
	Writer format.Writer
	files  []*atomicfile.File
	dir    *atomicfile.Dir // holds the files, if the recording is a directory; else nil
}

// errExists is the error for an output file that exists.
var errExists = errors.New("file exists")

// create opens name for writing as target, compressed if its extension says so; "-"
// is standard output. The output is made of sources, which may hold secrets: a
// recording is not readable by more users than they are.
func (e *env) create(name string, target *convert.Target, overwrite bool, sources ...*input) (*output, error) {
	f := target.Format
	if name == "-" {
		return e.createStream(target)
	}
	comp := format.CompressionByFileName(name)
	if f.Layout() != format.OneFile && comp != format.Uncompressed {
		return nil, usageError{fmt.Errorf("%s: a recording in format %s is %s and cannot be compressed", name, f, f.Layout())}
	}
	opts := atomicfile.Options{Overwrite: overwrite}
	if target.Kind == convert.KindRecording {
		opts.Mode = privateMode(sources)
	}
	o := &output{}
	var err error
	switch f.Layout() {
	case format.Directory:
		if _, statErr := os.Stat(name); statErr == nil && overwrite && format.DetectDir(name) != f {
			return nil, fmt.Errorf("%s: not replaced, as it is not a recording in format %s", name, f) // it may hold anything
		}
		if o.dir, err = atomicfile.CreateDir(name, f.Suffixes(), overwrite); err != nil {
			return nil, createError(name, err)
		}
	case format.Beside: // before any is written
		for _, suffix := range f.Suffixes() {
			if _, err := os.Lstat(name + suffix); err == nil && !overwrite {
				return nil, createError(name+suffix, fs.ErrExist)
			}
		}
	}
	create := func(suffix string, perm fs.FileMode) (io.WriteCloser, error) {
		var file *atomicfile.File
		var err error
		if o.dir != nil {
			file, err = o.dir.Create(suffix, perm&opts.Mode)
		} else if file, err = atomicfile.Create(name+suffix, opts); err == nil {
			o.files = append(o.files, file)
		}
		if err != nil {
			return nil, createError(name+suffix, err)
		}
		return comp.NewWriter(file)
	}
	if o.Writer, err = f.NewFilesWriter(format.Files{Base: filepath.Base(name), Create: create}); err != nil {
		o.discard()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// createStream opens standard output for writing as target.
func (e *env) createStream(target *convert.Target) (*output, error) {
	f := target.Format
	switch {
	case f.Layout() != format.OneFile:
		return nil, withHint(usageError{fmt.Errorf("a recording in format %s is %s and cannot go to standard output", f, f.Layout())},
			"name an output: ttydeck convert IN OUT --format "+f.Name)
	case target.Binary && tty.IsTerminal(e.out):
		why := "as it is not text"
		if f == format.Raw {
			why = "which would obey its escape sequences"
		}
		return nil, withHint(usageError{fmt.Errorf("refusing to write %s output to the terminal, %s", f, why)},
			"to play a recording: ttydeck play FILE")
	}
	w, err := f.NewWriter(e.out)
	return &output{Writer: w}, err
}

// commit completes the output and gives it its name. The Writer must be closed.
func (o *output) commit() error {
	if o.dir != nil {
		return o.dir.Commit()
	}
	return atomicfile.Commit(o.files...)
}

// discard removes the unfinished output.
func (o *output) discard() {
	if o.dir != nil {
		o.dir.Discard()
	}
	for _, f := range o.files {
		f.Discard()
	}
}

// writeFile writes a file, compressed if its extension says so, which gets its name
// when it is complete; "-" is standard output.
func (e *env) writeFile(name string, overwrite bool, write func(io.Writer) error) error {
	if name == "-" {
		return write(e.out)
	}
	file, err := atomicfile.Create(name, atomicfile.Options{Overwrite: overwrite})
	if err != nil {
		return createError(name, err)
	}
	comp, err := format.CompressionByFileName(name).NewWriter(file)
	if err == nil {
		err = errors.Join(write(comp), comp.Close())
	}
	if err != nil {
		file.Discard()
		return err
	}
	return atomicfile.Commit(file)
}

// createError returns the error for an output that cannot be created, with a hint.
func createError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it")
	case errors.Is(err, fs.ErrNotExist):
		return withHint(err, "to create its directory: mkdir -p "+shellJoin([]string{filepath.Dir(name)}))
	}
	return err
}

// privateMode returns the mode for a recording made of sources.
func privateMode(sources []*input) fs.FileMode {
	var modes []fs.FileMode
	for _, src := range sources {
		for _, path := range src.parts {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				modes = append(modes, info.Mode())
			}
		}
	}
	return atomicfile.Private(modes...)
}
