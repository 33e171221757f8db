package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ttydeck/ttydeck/format"
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
			return nil, withHint(usageError{errors.New("standard input is a terminal, not a recording")},
				"name a file, or pipe a recording in")
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

// output is a recording to write.
type output struct {
	Writer format.Writer
	name   string
	temp   *os.File          // the file until commit; nil unless it is a regular file
	comp   format.Compressor // writes to temp
	device *os.File          // a pipe or a device; nil otherwise
	parts  *outputParts      // the files of a format with several; nil otherwise
}

// errExists is the error for an output file that exists.
var errExists = errors.New("file exists")

// create opens name for writing in format f, compressed if its extension says so;
// "-" is standard output. A file gets its name and the permissions perm only at
// commit, when it is complete.
func (e *env) create(name string, f *format.Format, overwrite bool, perm fs.FileMode) (*output, error) {
	if f.Layout() != format.OneFile {
		return createParts(name, f, overwrite, perm)
	}
	if name == "-" {
		if tty.IsTerminal(e.out) && f == format.Raw {
			return nil, withHint(usageError{errors.New("refusing to write raw output to the terminal, which would obey its escape sequences")},
				"to play a recording: ttydeck play FILE")
		}
		w, err := f.NewWriter(e.out)
		return &output{Writer: w, name: name}, err
	}
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return nil, fmt.Errorf("%s: is a directory", name)
		}
		if info.Mode().IsRegular() && !overwrite {
			return nil, withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it")
		}
		if !info.Mode().IsRegular() { // a pipe or a device is not replaced
			file, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return nil, err
			}
			w, err := f.NewWriter(file)
			return &output{Writer: w, name: name, device: file}, err
		}
	}
	temp, err := createTemp(name)
	if err != nil {
		return nil, err
	}
	o := &output{name: name, temp: temp}
	err = temp.Chmod(perm)
	if err == nil {
		o.comp, err = format.CompressionByFileName(name).NewWriter(namedWriter{temp, name})
	}
	if err == nil {
		o.Writer, err = f.NewWriter(o.comp)
	}
	if err != nil {
		o.discard()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// namedWriter writes to a file that has a temporary name. Its errors have the
// final name.
type namedWriter struct {
	f    *os.File
	name string
}

func (w namedWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, aboutFile(w.name, err)
}

// commit completes the output and gives it its name. The Writer must be closed.
func (o *output) commit() error {
	if o.parts != nil {
		return o.parts.commit()
	}
	if o.device != nil {
		return o.device.Close()
	}
	if o.temp == nil {
		return nil
	}
	err := o.comp.Close()
	if err == nil {
		err = syncToReplace(o.temp, o.name)
	}
	if err = errors.Join(err, o.temp.Close()); err == nil {
		err = os.Rename(o.temp.Name(), o.name)
	}
	if err != nil {
		os.Remove(o.temp.Name())
		return fmt.Errorf("%s: %w", o.name, aboutFile(o.name, err))
	}
	return nil
}

// createTemp creates the temporary file that is renamed to name when it is
// complete. Errors have the final name.
func createTemp(name string) (*os.File, error) {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*")
	err = aboutFile(name, err)
	if errors.Is(err, fs.ErrNotExist) {
		err = withHint(err, "to create its directory: mkdir -p "+shellJoin([]string{dir}))
	}
	return f, err
}

// aboutFile replaces the temporary name in an error by name, the one that the
// user knows.
func aboutFile(name string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", name, path.Err)
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("%s: %w", name, link.Err)
	}
	return err
}

// syncToReplace waits until f is on the disk, if it is to replace a file: after a
// crash, one of the two must be there. If f replaces nothing, a crash costs only a
// copy, and waiting would take a third of the time.
func syncToReplace(f *os.File, name string) error {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.Sync()
}

// discard removes the unfinished output.
func (o *output) discard() {
	if o.parts != nil {
		o.parts.discard()
	}
	if o.temp != nil {
		o.temp.Close()
		os.Remove(o.temp.Name())
	}
}

// permOf returns the permissions for an output made of the recording at name: those
// of the recording, as it may hold secrets; 0600 if it is not a file.
func permOf(name string) fs.FileMode {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return info.Mode().Perm() | 0o600
	}
	return 0o600
}
