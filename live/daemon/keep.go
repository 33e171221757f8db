package daemon

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
	"github.com/ttydeck/ttydeck/record"
	"golang.org/x/sys/unix"
)

// Keep is the policy for tidying up recordings: how long they are kept, and when
// they are compressed. The zero value keeps every recording as it is. A
// recording in progress is never touched: its recorder holds a lock on the file,
// by flock(2).
type Keep struct {
	// Age is the age at which a recording is removed, counted from the last
	// change of its file; 0 means never.
	Age time.Duration
	// Bytes is the most that all recordings may take; beyond it the oldest are
	// removed. 0 means no limit.
	Bytes int64
	// Count is how many recordings are kept; beyond it the oldest are removed.
	// 0 means no limit.
	Count int
	// Compress is the age at which a recording is compressed with zstd, counted
	// like Age; 0 means never.
	Compress time.Duration
}

// Swept reports what a sweep has done. All names are paths below the directory
// of the sweep. A recording that was mended may have been compressed too.
type Swept struct {
	Removed []string `json:"removed"` // recordings that were removed
	Packed  []string `json:"packed"`  // recordings that were compressed: NAME.cast is now NAME.cast.zst
	Mended  []string `json:"mended"`  // recordings whose torn end was cut off
}

// file is a recording in the directory.
type file struct {
	path string
	size int64
	at   time.Time // of the last change
	busy bool      // the recording is in progress
}

// Sweep tidies up the recordings in dir once. It compresses and removes
// recordings as k asks, and mends what crashes left: it cuts off a torn last
// line and adds a marker. Recordings are the files named *.cast and *.cast.zst;
// a missing dir holds none. Sweep reports each change and each failure to log,
// which must not be nil.
//
// A file that fails does not stop the sweep: the errors are joined. If ctx ends,
// Sweep stops before the next file and returns what it has done, with an error
// that wraps that of ctx.
func (k Keep) Sweep(ctx context.Context, dir string, log *slog.Logger) (Swept, error) {
	var done Swept
	var errs []error
	files, err := list(dir)
	if err != nil {
		return done, err
	}
	note := func(action string, list *[]string, path string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			log.Error("cannot tidy up a recording", "action", action, "file", path, "error", err)
			return
		}
		*list = append(*list, path)
		log.Info("tidied up a recording", "action", action, "file", path)
	}
	now := time.Now()
	for i := range files {
		f := &files[i]
		if f.busy || ctx.Err() != nil {
			continue
		}
		mended, err := mend(f)
		if mended || err != nil {
			note("mend", &done.Mended, f.path, err)
		}
		if k.Compress > 0 && err == nil && strings.HasSuffix(f.path, ".cast") && now.Sub(f.at) >= k.Compress {
			if err := pack(f); errors.Is(err, errChanged) {
				f.busy = true
			} else {
				note("compress", &done.Packed, f.path, err)
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.at.Compare(a.at) }) // the newest first
	var bytes int64
	count := 0
	for _, f := range files {
		bytes += f.size
		count++
		old := k.Age > 0 && now.Sub(f.at) > k.Age || k.Bytes > 0 && bytes > k.Bytes || k.Count > 0 && count > k.Count
		if !old || f.busy || ctx.Err() != nil {
			continue
		}
		err := remove(&f)
		if errors.Is(err, errChanged) {
			continue
		}
		note("remove", &done.Removed, f.path, err)
		if err == nil {
			bytes -= f.size
			count--
		}
	}
	return done, errors.Join(append(errs, ctx.Err())...)
}

// list returns the recordings in dir.
func list(dir string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".cast") && !strings.HasSuffix(name, ".cast.zst") || strings.HasPrefix(name, ".") {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		f := file{path: filepath.Join(dir, name), size: info.Size(), at: info.ModTime()}
		lock, err := lock(f.path)
		if f.busy = err != nil; err == nil {
			lock.Close()
		}
		files = append(files, f)
	}
	return files, nil
}

// lock opens and locks a recording. It fails if the recording is in progress.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, os.NewSyscallError("flock", err)
	}
	return f, nil
}

// errChanged means that a recording is no longer what the listing says: compressing
// others takes its time, and meanwhile somebody has replaced or continued it.
var errChanged = errors.New("changed since it was listed")

// lock locks the recording, if it is as it was listed.
func (f *file) lock() (*os.File, error) {
	locked, err := lock(f.path)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
		return nil, errChanged
	}
	if err != nil {
		return nil, err
	}
	if info, err := locked.Stat(); err != nil || info.Size() != f.size || !info.ModTime().Equal(f.at) {
		locked.Close()
		return nil, errors.Join(errChanged, err)
	}
	return locked, nil
}

// remove removes a recording, unless it has changed or is in progress.
func remove(f *file) error {
	locked, err := f.lock()
	if err != nil {
		return err
	}
	defer locked.Close()
	return unlink(locked, f.path)
}

// unlink removes the recording that was locked as f, unless another recording
// has taken its name since, as with rec --overwrite: that one is in progress.
func unlink(f *os.File, path string) error {
	if err := stillAt(f, path); err != nil {
		return err
	}
	return os.Remove(path)
}

// stillAt checks that path names f.
func stillAt(f *os.File, path string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Lstat(path)
	if err == nil && !os.SameFile(mine, now) {
		err = fmt.Errorf("%s: replaced by another recording", path)
	}
	return err
}

// mend cuts off the torn end that a killed recorder left. It reports whether
// there was one.
func mend(f *file) (bool, error) {
	if f.size == 0 {
		return false, nil
	}
	in, err := os.Open(f.path)
	if err != nil {
		return false, err
	}
	defer in.Close()
	ended := endsWithLine
	if strings.HasSuffix(f.path, format.Zstd.Ext()) {
		ended = endsWithFrame
	}
	if ok, err := ended(in, f.size); ok || err != nil {
		return false, err
	}
	// Appending cuts off the torn line, and continues at the time of the line
	// before it.
	out, err := record.Create(f.path, record.FileOptions{Append: true})
	if err != nil {
		return false, err
	}
	err = out.WriteHeader(out.Began)
	if err == nil {
		err = out.WriteEvent(format.Event{Code: format.Marker, Data: "cut off: the recorder was killed"})
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return false, err
	}
	// Mending does not make it younger.
	if info, err := os.Stat(f.path); err == nil {
		f.size = info.Size()
	}
	return true, os.Chtimes(f.path, f.at, f.at)
}

func endsWithLine(in io.ReaderAt, size int64) (bool, error) {
	var last [1]byte
	_, err := in.ReadAt(last[:], size-1)
	return last[0] == '\n', err
}

// maxBlocks is how many blocks endsWithFrame looks at: those of a week, if the
// recorder flushes twice a second.
const maxBlocks = 1 << 20

// endsWithFrame reports whether a file of zstd frames (RFC 8878) ends at the end
// of a frame. It reads only the headers of frames and blocks. A file that is not
// zstd, whatever its name, is judged by its last line.
func endsWithFrame(in io.ReaderAt, size int64) (bool, error) {
	buf := make([]byte, zstd.HeaderMaxSize)
	at, blocks := int64(0), 0
	for at < size {
		n, err := in.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return false, err
		}
		var h zstd.Header
		switch err := h.Decode(buf[:n]); {
		case errors.Is(err, io.ErrUnexpectedEOF) && at > 0:
			return false, nil
		case errors.Is(err, zstd.ErrMagicMismatch) && at == 0: // zstd by name only
			return endsWithLine(in, size)
		case err != nil:
			return false, err
		}
		at += int64(h.HeaderSize)
		if h.Skippable {
			at += int64(h.SkippableSize)
			continue
		}
		for last := false; !last; {
			if blocks++; blocks > maxBlocks {
				return true, nil
			}
			var head [4]byte
			if _, err := in.ReadAt(head[:3], at); err == io.EOF {
				return false, nil
			} else if err != nil {
				return false, err
			}
			bits := binary.LittleEndian.Uint32(head[:])
			length := int64(bits >> 3)
			if bits>>1&3 == 1 { // an RLE block: one byte, length times
				length = 1
			}
			last, at = bits&1 != 0, at+3+length
		}
		if h.HasCheckSum {
			at += 4
		}
	}
	return at == size, nil
}

// pack replaces a recording with a compressed one. It removes the old file when
// the new one is on the disk and holds the same events.
func pack(f *file) error {
	in, err := f.lock()
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	packed := f.path + format.Zstd.Ext()
	out, err := atomicfile.Create(packed, atomicfile.Options{Mode: atomicfile.Private(info.Mode())})
	if err != nil {
		return err
	}
	defer out.Discard() // unless it has its name
	w, err := format.Zstd.NewWriter(out)
	if err != nil {
		return err
	}
	if _, err = io.Copy(w, bufio.NewReaderSize(in, 1<<20)); err != nil {
		return err
	}
	if err = errors.Join(w.Close(), out.Sync()); err != nil {
		return err
	}
	if err = sameEvents(f.path, out.OS().Name()); err != nil {
		return err
	}
	if err = os.Chtimes(out.OS().Name(), f.at, f.at); err != nil {
		return err
	}
	if info, err = out.OS().Stat(); err != nil {
		return err
	}
	if err = stillAt(in, f.path); err != nil {
		return err
	}
	if err = errors.Join(out.Place(), out.Sync()); err != nil {
		return err
	}
	err = unlink(in, f.path)
	f.path, f.size = packed, info.Size()
	return err
}

// sameEvents checks that two recordings hold as many events and bytes.
func sameEvents(a, b string) error {
	var counts [2]int
	var bytes [2]int
	for i, path := range []string{a, b} {
		f, err := format.OpenFile(path)
		if err != nil {
			return err
		}
		for ev, err := range f.Events {
			if err != nil {
				f.Close()
				return err
			}
			counts[i]++
			bytes[i] += len(ev.Data)
		}
		f.Close()
	}
	if counts[0] != counts[1] || bytes[0] != bytes[1] {
		return fmt.Errorf("not compressed: the result holds %d events with %d bytes, the recording %d with %d", counts[1], bytes[1], counts[0], bytes[0])
	}
	return nil
}
