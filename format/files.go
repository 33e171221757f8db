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

// Layout is what a recording of a format is on disk.
type Layout int

const (
	OneFile   Layout = iota // a file, or a stream
	Beside                  // a file, and others beside it with longer names
	Directory               // a directory
)

// String gives the layout in words.
func (l Layout) String() string {
	switch l {
	case Beside:
		return "several files"
	case Directory:
		return "a directory"
	}
	return "a file"
}

// Layout tells what a recording that is written in format f is on disk.
func (f *Format) Layout() Layout { return f.layout }

// Files makes the files of a recording for a Writer.
type Files struct {
	// Base is the name of the recording's file, without its folder; the
	// names of the others are made from it.
	Base string
	// Create makes a file: of [Beside], the one whose name is Base and
	// suffix, the recording's own if that is empty; of [Directory], the one
	// of that name in it. When it is finished, it has the permissions perm,
	// or if that is 0 those of the recording.
	Create func(suffix string, perm fs.FileMode) (io.WriteCloser, error)
}

// NewFilesWriter gives a Writer of format f, whatever its [Layout]. The Writer
// closes each file that files made, in the order in which they must be
// complete.
func (f *Format) NewFilesWriter(files Files) (Writer, error) {
	if f.writeFiles != nil {
		return f.writeFiles(files), nil
	}
	if f.write == nil {
		return nil, fmt.Errorf("%s: cannot be written: %w", f.Name, errors.ErrUnsupported)
	}
	file, err := files.Create("", 0)
	if err != nil {
		return nil, err
	}
	return &fileWriter{f.write(file), file}, nil
}

// fileWriter closes the one file of a Writer.
type fileWriter struct {
	Writer
	file io.Closer
}

func (w *fileWriter) Flush() error   { return Flush(w.Writer) }
func (w *fileWriter) Losses() []Loss { return LossesOf(w.Writer) }
func (w *fileWriter) Close() error   { return errors.Join(w.Writer.Close(), w.file.Close()) }

// part is one file of a recording that is being written.
type part struct {
	output
	file io.Closer // nil until it is made
}

// create makes the file, if it is not there yet.
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

// DetectDir tells of which format the directory dir is one recording; nil if it
// is none, though recordings may be in it.
func DetectDir(dir string) *Format {
	f, _ := detectDir(dir)
	return f
}

// maxDir is how many names of a directory are looked at.
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

// namesIn gives the names in a directory, sorted.
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

// openDir opens a directory that is one recording.
func (in *input) openDir(dir string) (Cast, error) {
	if in.format = in.as; in.format == nil {
		f, names := detectDir(dir)
		if f == nil {
			what := "it is a directory that is no recording"
			if len(names) == 0 {
				what = "it is an empty directory"
			}
			return Cast{}, fmt.Errorf("%s%w: %s", position(in.name, 0), ErrUnknownFormat, what)
		}
		in.format = f
	}
	if in.format.readDir == nil {
		return Cast{}, fmt.Errorf("%s%s: a directory is no recording of that format: %w", position(in.name, 0), in.format.Name, errors.ErrUnsupported)
	}
	cast, err := in.format.readDir(in, dir)
	return in.finish(cast, err), err
}

// beside opens another file of the recording, and takes its compression off.
// It is closed with the recording.
func (in *input) beside(path string) (*bufio.Reader, error) {
	// A pipe put in the place of a part could block for good.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in.closers = append(in.closers, f)
	sticky := &stickyReader{r: f, in: in}
	if info, err := f.Stat(); err == nil && (info.Size() > in.total.Load() || path == in.path) {
		// Progress is told of the largest.
		if in.counting != nil {
			in.counting.counts = false
		}
		in.counting, sticky.counts = sticky, true
		in.read.Store(0)
		in.total.Store(info.Size())
	}
	r, _, err := unwrap(sticky, func(err error) {
		in.warn(0, "damaged or cut off", path+": "+err.Error())
		in.damaged = true
	})
	return r, err
}

// Suffixes gives what the names of the files of a recording in format f can end
// in, behind its own name: nothing, and for [Beside] what stands beside it.
func (f *Format) Suffixes() []string {
	if f.layout == Beside {
		return []string{"", timingSuffix, inputSuffix}
	}
	return []string{""}
}
