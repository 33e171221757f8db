package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// ErrExists is returned by [Create] for a file that would be overwritten.
var ErrExists = fs.ErrExist

// ErrInUse is returned by [Create] for a file that a recorder is writing.
var ErrInUse = errors.New("another recorder is writing it")

// ErrNoAppend is returned by [Create] when a file is of a kind that cannot be
// appended to, or not of the format that was asked for.
var ErrNoAppend = errors.New("cannot append")

// FileOptions are the options of [Create].
type FileOptions struct {
	// Format is the recording's; nil: by the extension of its name, or
	// asciicast v3.
	Format *format.Format
	// Overwrite replaces a file that exists. It stays until the recording
	// has begun.
	Overwrite bool
	// Append goes on with a recording that exists: times go on from its last
	// event, its header stays, and a line that a crash has torn at its end is
	// cut off.
	Append bool
}

// File is the [format.Writer] of a recording in a file. At every moment what
// was flushed can be read, whatever happens to the writing process; a write
// that fails is cut back to the last whole line.
type File struct {
	Path        string
	Format      *format.Format
	Compression format.Compression
	// Elapsed is the length of the recording that is appended to.
	Elapsed time.Duration
	// Appending says that there is a recording to append to, Began what its
	// header says.
	Appending bool
	Began     format.Header

	f         *os.File // nil for a stream
	temp      string   // the file's name until the header is written; "" if none
	exclusive bool     // there must be no file at Path when temp gets that name
	size      format.Size
	shift     time.Duration // added to times: formats that count from the start
	comp      format.Compressor
	w         format.Writer
	compress  bool
}

// compressedFlush is how often a compressed recording is made readable to its
// last event. A flush ends a block of the compression, so not for each; half a
// second leaves a busy machine the other half of the second that may be lost.
const compressedFlush = 500 * time.Millisecond

// FlushEvery is the [Recorder.FlushEvery] that suits the file.
func (f *File) FlushEvery() time.Duration {
	if f.compress {
		return compressedFlush
	}
	return 0
}

// Create opens the file of a new recording. It is readable by its owner alone,
// and directories that are missing are made, for the owner alone too. A file
// that exists is an error that wraps [ErrExists], but for an empty one
// (mktemp); a symbolic link is never followed. A pipe or a device is written
// to as it is. The file appears under its name with the header in it.
//
// The Recorder closes the File; [File.Discard] takes it back when nothing was
// recorded.
func Create(path string, o FileOptions) (*File, error) {
	f := &File{Path: path, Format: o.Format, Compression: format.CompressionByFileName(path)}
	if f.Format == nil && !o.Append {
		f.Format = formatOf(path)
	}
	err := f.open(o)
	if err == nil && f.w == nil {
		if f.Format == nil {
			f.Format = formatOf(path)
		}
		err = f.layers(f.f)
	}
	if err != nil {
		f.Discard()
		return nil, fmt.Errorf("%s: %w", path, pathless(err))
	}
	return f, nil
}

// pathless takes the path out of an error that is to be told with it.
func pathless(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func formatOf(path string) *format.Format {
	if f, ok := format.ByFileName(path); ok {
		return f
	}
	return format.AsciicastV3
}

// NewStream gives a File that is written to w, such as the standard output; f
// nil is asciicast v3. It is flushed at each event.
func NewStream(w io.Writer, f *format.Format) (*File, error) {
	if f == nil {
		f = format.AsciicastV3
	}
	file := &File{Format: f}
	return file, file.layers(w)
}

// layers puts the format's writer and the compression's onto w.
func (f *File) layers(w io.Writer) (err error) {
	f.compress = f.Compression != format.Uncompressed
	if f.f != nil && !f.compress {
		w = &wholeLines{f: f.f, lines: f.Format != format.Raw}
	}
	if f.comp, err = f.Compression.NewFastWriter(w); err != nil {
		return err
	}
	w = f.comp
	if f.Appending {
		w = &skipLine{w: w}
	}
	f.w, err = f.Format.NewWriter(w)
	return err
}

func (f *File) open(o FileOptions) error {
	if f.Path == "" {
		return errors.New("the file has no name")
	}
	info, err := os.Stat(f.Path)
	switch {
	case err == nil && info.IsDir() || os.IsPathSeparator(f.Path[len(f.Path)-1]):
		return errors.New("is a directory")
	case err == nil && !info.Mode().IsRegular():
		f.f, err = os.OpenFile(f.Path, os.O_WRONLY, 0)
		return err
	case err == nil && o.Append:
		return f.openAppend(o)
	case err == nil && o.Overwrite:
		return f.openTemp()
	case err == nil && info.Size() > 0:
		return ErrExists
	case err == nil:
		f.f, err = os.OpenFile(f.Path, os.O_WRONLY|openNoFollow, 0)
	default:
		if _, err = os.Lstat(f.Path); err == nil {
			return ErrExists // a link to nowhere
		}
		if err = os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
			return err
		}
		f.exclusive = true
		return f.openTemp()
	}
	if err == nil {
		err = lock(f.f)
	}
	return err
}

// openTemp opens a file that gets its name when the recording begins, so that
// under that name there is never a file without a header, and never none when
// there was one.
func (f *File) openTemp() (err error) {
	f.f, err = os.CreateTemp(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".*")
	if err != nil {
		return err
	}
	f.temp = f.f.Name()
	return lock(f.f)
}

// openAppend opens an existing file, finds out where its recording ends, and
// makes its end one that can be appended to.
func (f *File) openAppend(o FileOptions) (err error) {
	if f.f, err = os.OpenFile(f.Path, os.O_RDWR|openNoFollow, 0); err != nil {
		return err
	}
	if err := lock(f.f); err != nil {
		return err
	}
	if info, err := f.f.Stat(); err != nil || info.Size() == 0 {
		return err
	}
	warned, events, err := f.survey()
	if err != nil {
		return err
	}
	switch {
	case f.Format != format.AsciicastV2 && f.Format != format.AsciicastV3:
		return fmt.Errorf("%w to %s; only to asciicast v2 and v3", ErrNoAppend, f.Format)
	case o.Format != nil && o.Format != f.Format:
		return fmt.Errorf("%w %s: the file holds %s", ErrNoAppend, o.Format, f.Format)
	}
	f.Appending = true
	if f.Format == format.AsciicastV2 {
		f.shift = f.Elapsed
	}
	if f.Compression != format.Uncompressed {
		if warned {
			return f.rewrite()
		}
		_, err = f.f.Seek(0, io.SeekEnd)
		return err
	}
	return f.repairTail(events)
}

// survey reads the recording to its end: its format, length and last size.
func (f *File) survey() (warned bool, events int, err error) {
	in, err := format.OpenFile(f.Path, format.OnWarning(func(format.Warning) { warned = true }))
	if err != nil {
		return false, 0, err
	}
	defer in.Close()
	f.Format, f.Compression, f.size = in.Format, in.Compression, in.Header.Size
	f.Began = in.Header
	for ev, err := range in.Events {
		if err != nil {
			return warned, events, err
		}
		events++
		f.Elapsed = ev.Time
		if size, err := ev.Size(); err == nil && ev.Code == format.Resize {
			f.size = size
		}
	}
	return warned, events, nil
}

// rewrite copies what can be read of a damaged compressed recording to a new
// file, which takes its place at once: nothing can follow a torn stream.
func (f *File) rewrite() error {
	in, err := format.OpenFile(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	old := f.f
	defer old.Close()
	if err := f.openTemp(); err != nil {
		return err
	}
	comp, err := f.Compression.NewWriter(f.f)
	if err != nil {
		return err
	}
	w, err := f.Format.NewWriter(comp)
	if err != nil {
		return err
	}
	if err = errors.Join(format.Copy(w, in.Cast), comp.Close()); err != nil {
		return err
	}
	return f.takePlace()
}

// takePlace gives the temporary file its name.
func (f *File) takePlace() error {
	if f.temp == "" {
		return nil
	}
	if f.exclusive {
		err := os.Link(f.temp, f.Path)
		switch {
		case err == nil:
			err = os.Remove(f.temp)
			f.temp = ""
			return err
		case errors.Is(err, fs.ErrExist):
			return linkless(err)
		}
		// A file system without hard links: there is a moment in which
		// another could take the name.
		if _, err := os.Lstat(f.Path); err == nil {
			return ErrExists
		}
	}
	err := os.Rename(f.temp, f.Path)
	if err == nil {
		f.temp = ""
	}
	return linkless(err)
}

// linkless takes the paths out of an error that is to be told with one.
func linkless(err error) error {
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}

// repairTail makes a plain file end in a whole line. What a crash leaves is a
// line that was torn, or bytes that are zero.
func (f *File) repairTail(events int) error {
	head := make([]byte, 2)
	if _, err := f.f.ReadAt(head, 0); err == nil && (string(head) == "\xff\xfe" || string(head) == "\xfe\xff") {
		return fmt.Errorf("%w to UTF-16", ErrNoAppend)
	}
	end, err := f.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	// Backwards to the last byte that is not zero, and from there to the line
	// break before it.
	last, broke := end, false
	var tail []byte
	for from := end; from > 0 && !broke && len(tail) <= format.MaxLine; {
		n := min(from, 64<<10)
		block := make([]byte, n)
		if _, err := f.f.ReadAt(block, from-n); err != nil {
			return err
		}
		from -= n
		if len(tail) == 0 {
			block = bytes.TrimRight(block, "\x00")
			last = from + int64(len(block))
		}
		at := bytes.LastIndexByte(block, '\n')
		broke = at >= 0
		tail = append(bytes.Clone(block[at+1:]), tail...)
	}
	switch {
	case len(tail) == 0: // ends in a line break
	case isEvent(tail) || events == 0 && !broke:
		// Whole, or all of a header: only its line break is missing.
		if err := f.f.Truncate(last); err != nil {
			return err
		}
		_, err := f.f.WriteAt([]byte("\n"), last)
		last++
		if err != nil {
			return err
		}
	default:
		last -= int64(len(tail))
	}
	if err := f.f.Truncate(last); err != nil {
		return err
	}
	_, err = f.f.Seek(last, io.SeekStart)
	return err
}

// isEvent says whether line is a whole one: a comment, or an array that ends.
func isEvent(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && (line[0] == '#' || line[0] == '[' && json.Valid(line))
}

// WriteHeader begins the recording. Appending, it writes a resize if the size
// is another than the one that the recording ended with.
func (f *File) WriteHeader(h format.Header) error {
	if err := f.w.WriteHeader(h); err != nil {
		return f.named(err)
	}
	if f.Appending && h.Size != f.size {
		err := f.WriteEvent(format.Event{Code: format.Resize, Data: h.Size.String()})
		if err != nil {
			return err
		}
	}
	if err := f.Flush(); err != nil {
		return err
	}
	return f.named(f.takePlace())
}

// WriteEvent writes an event. Times are those of this session; appending, they
// are counted on from the recording's.
func (f *File) WriteEvent(ev format.Event) error {
	ev.Time += f.shift
	return f.named(f.w.WriteEvent(ev))
}

// Flush makes all that was written readable.
func (f *File) Flush() error {
	if err := format.Flush(f.w); err != nil {
		return f.named(err)
	}
	return f.named(f.comp.Flush())
}

// Losses gives what the format cannot hold.
func (f *File) Losses() []format.Loss { return format.LossesOf(f.w) }

// Close ends the recording and closes the file.
func (f *File) Close() error {
	err := f.w.Close()
	if err == nil {
		err = f.comp.Close()
	}
	if f.f != nil {
		if cerr := f.f.Close(); err == nil && !errors.Is(cerr, os.ErrClosed) {
			err = cerr
		}
	}
	return f.named(err)
}

// Discard closes the file, and removes it if nothing was recorded.
func (f *File) Discard() {
	if f.f == nil {
		return
	}
	f.f.Close()
	if f.temp != "" {
		os.Remove(f.temp)
	}
}

func (f *File) named(err error) error {
	if err == nil || f.Path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", f.Path, pathless(err))
}

// wholeLines cuts a write that fails midway back to the last whole line, so
// that the file ends well also when the disk is full.
type wholeLines struct {
	f     *os.File
	lines bool
}

func (w *wholeLines) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil && w.lines {
		if torn := n - (bytes.LastIndexByte(p[:n], '\n') + 1); torn > 0 {
			if at, serr := w.f.Seek(0, io.SeekCurrent); serr == nil {
				w.f.Truncate(at - int64(torn)) // a pipe has nothing to cut
			}
		}
	}
	return n, err
}

// skipLine drops the first line: the header, which is there already.
type skipLine struct {
	w       io.Writer
	skipped bool
}

func (s *skipLine) Write(p []byte) (int, error) {
	if s.skipped {
		return s.w.Write(p)
	}
	at := bytes.IndexByte(p, '\n')
	if at < 0 {
		return len(p), nil
	}
	s.skipped = true
	if at+1 == len(p) {
		return len(p), nil
	}
	n, err := s.w.Write(p[at+1:])
	return at + 1 + n, err
}
