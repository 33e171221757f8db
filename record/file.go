package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
)

// ErrExists is returned by [Create] if it would overwrite a file.
var ErrExists = fs.ErrExist

// ErrInUse is returned by [Create] if another recorder is writing to the file.
var ErrInUse = atomicfile.ErrInUse

// ErrNoAppend is returned by [Create] if a file's format does not allow
// appending, or is not the requested one, or if its secrets were removed.
var ErrNoAppend = errors.New("cannot append")

// FileOptions are the options of [Create].
type FileOptions struct {
	// Format is the format of the recording. nil means the format of the file
	// name's extension, or asciicast v3.
	Format *format.Format
	// Overwrite replaces an existing file. The old file stays until the
	// recording has begun.
	Overwrite bool
	// Append continues an existing recording: its header stays, times continue
	// from its last event, and a last line that a crash cut short is removed. A
	// file that does not exist is created.
	Append bool
}

// File is a [format.Writer] that writes to a file. Flushed events are
// readable at every moment, whatever happens to the writing process; a
// write that fails is cut back to the last whole line. It is for one
// goroutine at a time, except for the function that [File.Recorded]
// returns.
type File struct {
	// Path is the file's name; empty for a stream.
	Path string
	// Format is the format of the recording.
	Format *format.Format
	// Compression is the compression of the file.
	Compression format.Compression
	// Elapsed is the length of the recording that is appended to.
	Elapsed time.Duration
	// Appending reports whether there is a recording to append to.
	Appending bool
	// Began is the header of the recording that is appended to.
	Began format.Header
	// Pace, unless nil, is called before each event with the number of bytes of output
	// written so far. While it waits, the session's program soon waits too.
	Pace func(output int64)

	f        *os.File         // nil for a stream
	unnamed  *atomicfile.File // f until the header is written; nil if it has its name
	replaces bool             // f replaces an existing file
	size     format.Size      // at the end of the recording that is appended to
	shift    time.Duration    // added to times: formats that count from the start
	comp     format.Compressor
	w        format.Writer
	compress bool
	sizes    sizes // for Recorded, of a raw file
}

// compressedFlush is the interval at which a compressed recording is flushed. A
// flush ends a block of the compression, so not every event can have one. At
// most one second may be lost in a crash: half a second leaves a busy machine
// the other half.
const compressedFlush = 500 * time.Millisecond

// FlushEvery returns the [Recorder.FlushEvery] that suits the file.
func (f *File) FlushEvery() time.Duration {
	if f.compress {
		return compressedFlush
	}
	return 0
}

// Create opens a file for a recording. Only its owner can read it, and Create
// makes missing directories with the same restriction. If the file exists and
// is not empty, the error wraps [ErrExists]; an empty file (mktemp) is used.
// Create never follows a symbolic link to a file; it writes directly to a pipe
// or a device. The file appears under its name together with the header. Errors
// begin with path.
//
// [Recorder.Run] closes the File. If Run did not start the program, the caller
// calls [File.Discard].
func Create(path string, o FileOptions) (*File, error) {
	if path == "" {
		return nil, errors.New("the recording's file name is empty")
	}
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

// pathless removes the path from an error that will be prefixed with it.
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

// NewStream returns a File that writes to w, such as the standard output, in
// the format f; nil means asciicast v3. The caller closes w after the File.
func NewStream(w io.Writer, f *format.Format) (*File, error) {
	if f == nil {
		f = format.AsciicastV3
	}
	file := &File{Format: f}
	if err := file.layers(w); err != nil {
		return nil, err
	}
	return file, nil
}

// layers stacks the compression and the format's writer onto w.
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

// errMoved means that a file had lost its name when it was locked.
var errMoved = errors.New("replaced or removed by another program")

// open opens the file. A file that lost its name before it was locked, as when the
// daemon has just compressed it, is not the one to record to.
func (f *File) open(o FileOptions) error {
	for range 10 {
		err := f.openOnce(o)
		if !errors.Is(err, errMoved) {
			return err
		}
		f.f.Close()
		f.f = nil
	}
	return errMoved
}

// lockOpened locks the opened file, and checks that it still has its name.
func (f *File) lockOpened() error {
	if err := atomicfile.Lock(f.f); err != nil {
		return err
	}
	mine, err := f.f.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Lstat(f.Path); err != nil || !os.SameFile(mine, now) {
		return errMoved
	}
	return nil
}

func (f *File) openOnce(o FileOptions) error {
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
		return f.openUnnamed(atomicfile.Options{Overwrite: true})
	case err == nil && info.Size() > 0:
		return ErrExists
	case err == nil:
		f.f, err = os.OpenFile(f.Path, os.O_WRONLY|atomicfile.NoFollow, 0)
	default:
		if _, err = os.Lstat(f.Path); err == nil {
			return ErrExists // a dangling link
		}
		if err = os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
			return err
		}
		return f.openUnnamed(atomicfile.Options{})
	}
	if err == nil {
		err = f.lockOpened()
	}
	return err
}

// openUnnamed opens a file that gets its name when the recording begins: Path
// never names a file without a header, and an existing file is replaced atomically.
func (f *File) openUnnamed(o atomicfile.Options) (err error) {
	o.Mode = cmp.Or(o.Mode, atomicfile.Private())
	if f.unnamed, err = atomicfile.Create(f.Path, o); err != nil {
		return err
	}
	f.f, f.replaces = f.unnamed.OS(), o.Overwrite
	return atomicfile.Lock(f.f)
}

// openAppend opens an existing file, finds the end of its recording, and
// repairs the end for appending.
func (f *File) openAppend(o FileOptions) (err error) {
	if f.f, err = os.OpenFile(f.Path, os.O_RDWR|atomicfile.NoFollow, 0); err != nil {
		return err
	}
	if err := f.lockOpened(); err != nil {
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
		return fmt.Errorf("%w to %s: only asciicast v2 and v3 allow it", ErrNoAppend, f.Format)
	case o.Format != nil && o.Format != f.Format:
		return fmt.Errorf("%w %s: the recording is %s", ErrNoAppend, o.Format, f.Format)
	case f.Began.Redacted():
		// Its header would go on to say that there are no secrets.
		return fmt.Errorf("%w: the recording is redacted, and what is added would not be", ErrNoAppend)
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

// survey reads the recording to its end, for its format, length and last size.
func (f *File) survey() (warned bool, events int, err error) {
	// Create adds the name to errors.
	in, err := format.OpenFile(f.Path, format.Name(""), format.OnWarning(func(format.Warning) { warned = true }))
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

// rewrite copies the readable part of a damaged compressed recording to a new
// file, which replaces it at once: nothing can be appended to a torn stream.
func (f *File) rewrite() error {
	in, err := format.OpenFile(f.Path, format.Name(""))
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	if err := f.openUnnamed(atomicfile.Options{Overwrite: true, Locked: f.f, Mode: atomicfile.Private(info.Mode())}); err != nil {
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

// takePlace gives the file its name.
func (f *File) takePlace() error {
	if f.unnamed == nil {
		return nil
	}
	if f.replaces {
		// After a crash, one of the two must be there.
		if err := f.unnamed.Sync(); err != nil {
			return err
		}
	}
	err := f.unnamed.Place()
	if err == nil {
		f.unnamed = nil
	}
	return err
}

// repairTail makes a plain file end in a whole line. A crash leaves a torn
// line, or zero bytes.
func (f *File) repairTail(events int) error {
	head := make([]byte, 2)
	if _, err := f.f.ReadAt(head, 0); err == nil && (string(head) == "\xff\xfe" || string(head) == "\xfe\xff") {
		return fmt.Errorf("%w to UTF-16", ErrNoAppend)
	}
	end, err := f.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	// Search backwards for the last byte that is not zero, and from there for
	// the line break before it.
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
	case len(tail) == 0: // the file ends in a line break
	case isEvent(tail) || events == 0 && !broke:
		// A whole line, or a whole header: only the line break is missing.
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

// isEvent reports whether line is complete: a comment, or a whole array.
func isEvent(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && (line[0] == '#' || line[0] == '[' && json.Valid(line))
}

// WriteHeader begins the recording and gives the file its name. When appending,
// it writes a marker with the time of h.Start instead, and a resize if the size
// differs from the size at the end of the recording.
func (f *File) WriteHeader(h format.Header) error {
	f.sizes.add(h.Size)
	if err := f.w.WriteHeader(h); err != nil {
		return f.named(err)
	}
	if f.Appending && !h.Start.IsZero() {
		if err := f.WriteEvent(format.Event{Code: format.Marker, Data: format.Resumed(h.Start)}); err != nil {
			return err
		}
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

// WriteEvent writes an event. Its time is since the start of this session; when
// appending, WriteEvent adds the length of the recording so far.
func (f *File) WriteEvent(ev format.Event) error {
	if f.Pace != nil {
		f.Pace(f.sizes.at)
	}
	ev.Time += f.shift
	switch ev.Code {
	case format.Output:
		f.sizes.at += int64(len(ev.Data))
	case format.Resize:
		if size, err := ev.Size(); err == nil && f.Format == format.Raw {
			f.sizes.add(size)
		}
	}
	return f.named(f.w.WriteEvent(ev))
}

// Flush makes all written events readable.
func (f *File) Flush() error {
	if err := format.Flush(f.w); err != nil {
		return f.named(err)
	}
	return f.named(f.comp.Flush())
}

// Losses returns the losses of the recording: anything that the format cannot
// store.
func (f *File) Losses() []format.Loss { return format.LossesOf(f.w) }

// Close ends the recording and closes the file. It does not close the writer of
// [NewStream].
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
	f.Discard()
	return f.named(err)
}

// Discard closes the file, and removes it if it has no header yet.
func (f *File) Discard() {
	if f.unnamed != nil {
		f.unnamed.Discard()
	}
	f.f.Close()
}

// OpenReader opens the file for reading, before or after it has its name.
func (f *File) OpenReader() (*os.File, error) {
	in, err := os.Open(f.f.Name())
	return in, f.named(err)
}

func (f *File) named(err error) error {
	if err == nil || f.Path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", f.Path, pathless(err))
}

// wholeLines cuts a write that fails midway back to the last whole line, so
// that the file is valid also when the disk is full.
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

// skipLine drops the first line, the header: the file has one already.
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
