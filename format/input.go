package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
)

// sniffLen is how many bytes of an input are read to detect its format.
const sniffLen = 64 << 10

// input is what a format reads from.
type input struct {
	options
	format *Format
	r      *bufio.Reader // decompressed
	path   string        // of the file; empty for a reader
	live   bool          // more may come later: not a regular file
	// damaged reports that a compressed file ended early; a warning said
	// so.
	damaged bool
	// variant is the name of the format that the recording turned out to
	// be, if several formats share a reader; empty for the detected one.
	variant string
	// parts are the files of the recording; nil if it is only one.
	parts []string
	// read and total count the bytes of the largest file.
	read, total atomic.Int64
	counting    *stickyReader // of the largest file
	// closers are the files that File.Close closes.
	closers closers
	// err is the first error of the underlying reader or, when strict, the
	// first warning; readers return it at the next event.
	err error
	// warned counts the warnings.
	warned int
}

// The kinds of the warnings at the end of a file that was cut off.
const (
	cutOffKind  = "cut off"
	noLineBreak = "no line break at the end"
)

// warn reports something that the reader tolerates. It reports whether reading
// may go on: a strict reader stops.
func (in *input) warn(line int, kind, detail string) bool {
	in.warned++
	if in.damaged && (kind == cutOffKind || kind == noLineBreak) {
		return in.err == nil // damaged: the user knows already that the file is cut off
	}
	w := Warning{Name: in.name, Line: line, Kind: kind, Detail: detail}
	if in.strict {
		if in.err == nil {
			w.Name, w.Line = "", 0
			// Behind the semicolon is how a tolerant reader continues.
			w.Detail, _, _ = strings.Cut(detail, "; ")
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

// Open detects the format of r and reads its header. The Cast reads its events
// from r when they are ranged over, so r must stay open until then; the caller
// closes it. The error wraps [ErrUnknownFormat] if r is in no known format, and
// is a [*SyntaxError] if its header is malformed.
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
			err = in.err // the reader's own error
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
		if isPicture(prefix) {
			f = nil // also if it could be a ttyrec
		} else if f == nil && in.hasTiming() {
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
		return Cast{}, compression, fmt.Errorf("%s%s: this format can only be written: %w", position(in.name, 0), in.format.Name, errors.ErrUnsupported)
	}
	cast, err := in.format.read(in)
	return in.finish(cast, err), compression, err
}

// finish completes cast after a format's reader has made it.
func (in *input) finish(cast Cast, err error) Cast {
	if err != nil {
		return cast
	}
	if f, err := ByName(in.variant); err == nil {
		in.format = f
	}
	return in.encoded(cast)
}

// stickyReader keeps the first error of the reader passed to Open, because
// decompressors and bufio turn it into others.
type stickyReader struct {
	r      io.Reader
	in     *input
	counts bool // its bytes count as progress
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

// sniff reads as much of the input as the detection needs, and no more, so that
// a recording in a pipe is read as it comes.
func (in *input) sniff() (prefix []byte, f *Format) {
	for want := 1; ; want = len(prefix) + 1 {
		_, err := in.r.Peek(min(want, sniffLen))
		prefix, _ = in.r.Peek(in.r.Buffered())
		whole := err != nil || len(prefix) >= sniffLen
		// The first bytes could be anything. Only a JSON object is
		// certain before the end, once it is whole or names its
		// version.
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

// File is a recording opened by its path. Its events read from the file: close
// it when they have been read.
type File struct {
	Cast                    // single-use, as every Cast
	Format      *Format     // the detected format, or that of [As]
	Compression Compression // the outermost compression
	// Parts are the paths of the recording's files, the one with the output
	// first. A directory has its own path.
	Parts   []string
	closers closers
	in      *input
}

// OpenFile opens the recording at path as [Open] does, and finds its other
// files: a typescript's timing and logs are beside it. A directory is opened if
// it is one recording, as sudo's I/O logs are. Call Close when the events have
// been read.
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

// Progress returns how many of the recording's bytes have been read, and how
// many there are; a total of 0 is unknown. For a recording of several files it
// counts the largest. It may be called from another goroutine while events are
// read.
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

// Close closes the files of the recording. Events that are read afterwards end
// in an error.
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
