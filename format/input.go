package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// sniffLen is how much of an input's beginning is looked at to tell its
// format.
const sniffLen = 64 << 10

// input is what a format reads from.
type input struct {
	options
	format *Format
	r      *bufio.Reader // decompressed
	path   string        // of the file; empty for a mere reader
	live   bool          // more may come later: no regular file
	// damaged tells that a compressed file ended in the middle, which is said.
	damaged bool
	// variant is the name of the format that it turned out to be, of those
	// that have a reader in common; empty for the one it was taken for.
	variant string
	// parts are the files of the recording; nil for the one alone.
	parts []string
	// read and total are the bytes of the file that has the most.
	read, total atomic.Int64
	counting    *stickyReader // of that file
	// closers are the files that were opened, to be closed by File.Close.
	closers closers
	// err is the first error of the underlying reader or, when strict, the
	// first warning; readers return it at the next event.
	err error
	// warned counts the warnings.
	warned int
}

// The kinds of the warnings that a file which is cut off ends in.
const (
	cutOffKind  = "cut off"
	noLineBreak = "no line break at the end"
)

// warn tells what is tolerated. It reports whether reading may go on: not when
// strict.
func (in *input) warn(line int, kind, detail string) bool {
	in.warned++
	if in.damaged && (kind == cutOffKind || kind == noLineBreak) {
		return in.err == nil // that is how a file that is cut off ends: it is said
	}
	w := Warning{Name: in.name, Line: line, Kind: kind, Detail: detail}
	if in.strict {
		if in.err == nil {
			w.Name, w.Line = "", 0
			in.err = in.syntaxError(line, errors.New(w.String()))
		}
		return false
	}
	if in.options.warn != nil {
		in.options.warn(w)
	}
	return true
}

func (in *input) syntaxError(line int, err error) error {
	e := &SyntaxError{Name: in.name, Line: line, Err: err}
	if in.format != nil {
		e.Format = in.format.Name
	}
	return e
}

// Open finds out which format r holds and reads its header. The Cast's events
// are read from r as they are ranged over, so r must stay open until then.
// The error wraps [ErrUnknownFormat] when r looks like no format, and is a
// [*SyntaxError] when its header cannot be read.
func Open(r io.Reader, opts ...Option) (Cast, *Format, error) {
	in := &input{live: true}
	for _, opt := range opts {
		opt(&in.options)
	}
	cast, _, err := in.open(r)
	return cast, in.format, err
}

func (in *input) open(r io.Reader) (Cast, Compression, error) {
	in.counting = &stickyReader{r: r, in: in, counts: true}
	br, compression, err := unwrap(in.counting, func(err error) {
		in.warn(0, "damaged or cut off", err.Error())
		in.damaged = true
	})
	if err != nil {
		if in.err != nil {
			err = in.err // the reader's own
		} else {
			err = in.syntaxError(0, err)
		}
		return Cast{}, compression, err
	}
	in.r = br
	if in.format = in.as; in.format == nil {
		if err := in.transcode(); err != nil {
			return Cast{}, compression, err
		}
		prefix, f := in.sniff()
		if f == nil && in.hasTiming() {
			f = Script
		}
		if f == nil {
			if in.err != nil {
				return Cast{}, compression, in.err
			}
			return Cast{}, compression, fmt.Errorf("%s%w%s", position(in.name, 0), ErrUnknownFormat, looksLike(prefix))
		}
		in.format = f
	}
	if in.format.read == nil {
		return Cast{}, compression, fmt.Errorf("%s%s: cannot be read: %w", position(in.name, 0), in.format.Name, errors.ErrUnsupported)
	}
	cast, err := in.format.read(in)
	return in.finish(cast, err), compression, err
}

// finish does what is left to do when a format's reader has made cast.
func (in *input) finish(cast Cast, err error) Cast {
	if err != nil {
		return cast
	}
	if f, err := ByName(in.variant); err == nil {
		in.format = f
	}
	return in.encoded(cast)
}

// stickyReader keeps the first error of the reader that was given to Open, as
// decompressors and bufio turn it into others.
type stickyReader struct {
	r      io.Reader
	in     *input
	counts bool // what is read counts as progress
}

func (s *stickyReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.counts {
		s.in.read.Add(int64(n))
	}
	if err != nil && err != io.EOF && s.in.err == nil {
		s.in.err = err
	}
	return n, err
}

// sniff looks at as much of the input as it takes to tell its format, and no
// more: a recording that comes through a pipe is read as it comes.
func (in *input) sniff() (prefix []byte, f *Format) {
	for want := 1; ; want = len(prefix) + 1 {
		_, err := in.r.Peek(min(want, sniffLen))
		prefix, _ = in.r.Peek(in.r.Buffered())
		whole := err != nil || len(prefix) >= sniffLen
		// The first bytes could be anything; only an object is known for what
		// it is once it is whole, or names its version.
		if !whole && !decided(prefix) {
			continue
		}
		for _, f := range Formats {
			if f.detect != nil && (whole || f.object) && f.detect(prefix) {
				return prefix, f
			}
		}
		if whole {
			return prefix, nil
		}
	}
}

// File is a recording opened by its path.
type File struct {
	Cast
	Format      *Format
	Compression Compression // the outermost
	// Parts are the paths of the files that the recording is, the one with
	// the output first; a directory's is its own path.
	Parts   []string
	closers closers
	in      *input
}

// OpenFile opens the recording at path as [Open] does. What else belongs to the
// recording is found beside it: a typescript's timing and logs. A directory is
// opened if it is one recording, as sudo's I/O logs are. Close it when its
// events have been read.
func OpenFile(path string, opts ...Option) (*File, error) {
	in := &input{options: options{name: path}}
	for _, opt := range opts {
		opt(&in.options)
	}
	cast, compression, err := in.openPath(path)
	if err != nil {
		in.closers.Close()
		return nil, err
	}
	if in.parts == nil {
		in.parts = []string{path}
	}
	return &File{Cast: cast, Format: in.format, Compression: compression, Parts: in.parts, closers: in.closers, in: in}, nil
}

// Progress tells how much of the recording's bytes has been read, and how many
// there are; 0 for a total that is not known. Of a recording that is several
// files it is the largest that counts. It may be called while events are read.
func (f *File) Progress() (read, total int64) {
	return f.in.read.Load(), f.in.total.Load()
}

func (in *input) openPath(path string) (Cast, Compression, error) {
	f, err := os.Open(path)
	if err != nil {
		return Cast{}, Uncompressed, err
	}
	in.closers = append(in.closers, f)
	info, err := f.Stat()
	if err != nil {
		return Cast{}, Uncompressed, err
	}
	if info.IsDir() {
		in.path = path
		cast, err := in.openDir(path)
		return cast, Uncompressed, err
	}
	if info.Mode().IsRegular() {
		in.path = path
		in.total.Store(info.Size())
	} else {
		in.live = true
	}
	return in.open(f)
}

// Close closes what was opened. Events that are read afterwards end in an error.
func (f *File) Close() error { return f.closers.Close() }

// closers are the files of a recording.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, file := range c {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
