package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Layout is the form of a format's recordings on disk.
type Layout int

const (
	OneFile   Layout = iota // a file, or a stream
	Beside                  // a file, and others beside it with longer names
	Directory               // a directory
)

// String returns the layout in words, such as "a directory".
func (l Layout) String() string {
	switch l {
	case Beside:
		return "several files"
	case Directory:
		return "a directory"
	}
	return "a file"
}

// Layout returns the form on disk of a recording written in format f.
func (f *Format) Layout() Layout { return f.layout }

// Files creates the files of a recording for a [Writer].
type Files struct {
	// Base is the name of the recording's file, without its folder. The
	// names of the other files derive from it.
	Base string
	// Create creates a file. For [OneFile] and [Beside], the file's name is
	// Base+suffix, and the empty suffix stands for the recording itself.
	// For [Directory], suffix is the file's name in the directory. The
	// finished file has the permissions perm; 0 stands for those of the
	// recording.
	Create func(suffix string, perm fs.FileMode) (io.WriteCloser, error)
}

// NewFilesWriter returns a Writer of format f, for any [Layout]. The Writer
// closes every file that files creates, in the order in which they must be
// complete. The error wraps [errors.ErrUnsupported] if f can only be read.
func (f *Format) NewFilesWriter(files Files) (Writer, error) {
	if f.writeFiles != nil {
		return f.writeFiles(files), nil
	}
	if f.write == nil {
		return nil, fmt.Errorf("%s: this format can only be read: %w", f.Name, errors.ErrUnsupported)
	}
	file, err := files.Create("", 0)
	if err != nil {
		return nil, err
	}
	return &fileWriter{f.write(file), file}, nil
}

// fileWriter closes the only file of a Writer.
type fileWriter struct {
	Writer
	file io.Closer
}

func (w *fileWriter) Flush() error   { return Flush(w.Writer) }
func (w *fileWriter) Losses() []Loss { return LossesOf(w.Writer) }
func (w *fileWriter) Close() error   { return errors.Join(w.Writer.Close(), w.file.Close()) }

// part is a file of a recording that is being written.
type part struct {
	output
	file io.Closer // nil until it is created
}

// create creates the file, unless it is there already.
func (p *part) create(files Files, suffix string, perm fs.FileMode) error {
	if p.file != nil || p.err != nil {
		return p.err
	}
	file, err := files.Create(suffix, perm)
	if err != nil {
		p.err = err
		return err
	}
	p.file, p.w = file, file
	return nil
}

func (p *part) close() error {
	if p.file == nil {
		return p.err
	}
	err := p.flush()
	return errors.Join(err, p.file.Close())
}

// DetectDir returns the format of the recording that the directory dir is. It
// returns nil if dir is not a recording, even if there are recordings in it.
func DetectDir(dir string) *Format {
	f, _ := detectDir(dir)
	return f
}

// maxDir is how many names of a directory are read.
const maxDir = 4096

func detectDir(dir string) (*Format, []string) {
	names := namesIn(dir)
	for _, f := range Formats {
		if f.detectDir != nil && f.detectDir(dir, names) {
			return f, names
		}
	}
	return nil, names
}

// namesIn returns the names in a directory, sorted.
func namesIn(dir string) []string {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(maxDir)
	slices.Sort(names)
	return names
}

// openDir opens a directory that is a recording.
func (in *input) openDir(dir string) (Cast, error) {
	if in.format = in.as; in.format == nil {
		f, names := detectDir(dir)
		if f == nil {
			what := "this directory is not a recording"
			if len(names) == 0 {
				what = "the directory is empty"
			}
			return Cast{}, fmt.Errorf("%s%w: %s", position(in.name, 0), ErrUnknownFormat, what)
		}
		in.format = f
	}
	if in.format.readDir == nil {
		return Cast{}, fmt.Errorf("%s%s: recordings of this format are not directories: %w", position(in.name, 0), in.format.Name, errors.ErrUnsupported)
	}
	cast, err := in.format.readDir(in, dir)
	return in.finish(cast, err), err
}

// beside opens another file of the recording and decompresses it. The file is
// closed with the recording.
func (in *input) beside(path string) (*bufio.Reader, error) {
	// A pipe in the place of a part could block forever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in.closers = append(in.closers, f)
	sticky := &stickyReader{r: f, in: in}
	if info, err := f.Stat(); err == nil && (info.Size() > in.total.Load() || path == in.path) {
		// Progress counts the bytes of the largest file.
		if in.counting != nil {
			in.counting.counts = false
		}
		in.counting, sticky.counts = sticky, true
		in.read.Store(0)
		in.total.Store(info.Size())
	}
	r, _, err := unwrap(sticky, func(err error) {
		detail := err.Error()
		if path != in.name {
			detail = path + ": " + detail
		}
		in.warn(0, "damaged or cut off", detail)
		in.damaged = true
	})
	return r, err
}

// Suffixes returns the endings of the file names of a recording in format f,
// after the recording's own name: the empty one, and for [Beside] those of the
// files beside it. For [Directory] it returns the names in the directory.
func (f *Format) Suffixes() []string {
	switch f.layout {
	case Beside:
		return []string{"", timingSuffix, inputSuffix}
	case Directory:
		return sudoNames
	}
	return []string{""}
}
