// Package atomicfile writes files and directories that appear under their names
// only when they are complete. Start with [Create] and [Commit], or with
// [CreateDir].
//
// Until then a file is named .NAME.RANDOM, in the same directory. Commit writes it
// to the disk before it gets its name: after a crash, the name is that of the old
// file or of the whole new one.
//
// No file is lost. A name that was taken meanwhile is replaced only with Overwrite.
// A recording in progress, which its recorder has locked, is never replaced. A
// complete file that cannot get its name is kept under another, which the error
// names.
package atomicfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse means that a file is locked: it is being recorded to, or will be
// replaced.
var ErrInUse = errors.New("in use by another program")

// Options are the options of [Create]. The zero value is for a new file that is
// nobody's secret.
type Options struct {
	// Overwrite replaces an existing file. It stays until the new one is
	// complete, and is locked until then.
	Overwrite bool
	// Mode is the file's mode, whatever the umask. 0 stands for that of the
	// file that is replaced or, if there is none, for 0666 without the bits of
	// the umask.
	Mode fs.FileMode
	// Locked is the file to be replaced, if the caller has locked it. The File
	// closes it. nil: the File locks it.
	Locked *os.File
}

// Private returns the mode of a recording: 0600 or, if it is made of files with
// these modes, less if one of them has less. Its owner can always read it.
func Private(sources ...fs.FileMode) fs.FileMode {
	mode := fs.FileMode(0o600)
	for _, source := range sources {
		mode &= source
	}
	return mode | 0o400
}

// File is a file that has no name yet. It is for one goroutine at a time.
type File struct {
	name      string
	f         *os.File
	temp      string   // the name until it is placed; "" from then on, and for a pipe or a device
	old       *os.File // the file to be replaced, locked; nil if there is none
	overwrite bool
	closed    bool
	linked    bool // name is a second link to temp
}

// Create creates the file that will be called name. If that exists and is a pipe or
// a device, or is a name of one of this process's descriptors, such as /dev/stdout,
// the File writes to it directly. Other symbolic links are replaced, not followed.
//
// Without Overwrite, the error for a name that exists wraps [fs.ErrExist]. If the
// file that would be replaced is locked, the error wraps [ErrInUse]. Errors of
// Create and of all methods are [fs.PathError]s with that name.
//
// The caller calls [Commit] or [File.Discard]. A file that is read while it grows
// gets its name by [File.Place].
func Create(name string, o Options) (*File, error) {
	f := &File{name: name, old: o.Locked, overwrite: o.Overwrite}
	err := f.create(o.Mode)
	if err != nil {
		f.old.Close()
		return nil, f.named(err)
	}
	return f, nil
}

func (f *File) create(mode fs.FileMode) error {
	if fd, ok := descriptor(f.name); ok {
		var err error
		f.f, err = dup(fd, f.name)
		return err
	}
	info, err := os.Stat(f.name)
	_, linkErr := os.Lstat(f.name)
	switch {
	case f.name == "":
		return errors.New("the file's name is empty")
	case linkErr != nil && !errors.Is(linkErr, fs.ErrNotExist): // too long, for one
		return linkErr
	case err == nil && info.IsDir():
		return syscall.EISDIR
	case err == nil && !info.Mode().IsRegular():
		f.f, err = os.OpenFile(f.name, os.O_WRONLY, 0)
		return err
	case linkErr == nil && !f.overwrite:
		return fs.ErrExist
	}
	if err := f.hold(); err != nil {
		return err
	}
	created := cmp.Or(mode, 0o666)
	if mode == 0 && err == nil {
		mode = info.Mode().Perm()
		created = mode
	}
	if f.f, err = createTemp(f.name, created); err != nil {
		return err
	}
	f.temp = f.f.Name()
	if mode != 0 {
		if err := chmod(f.f, mode); err != nil {
			f.Discard()
			return err
		}
	}
	return nil
}

// chmod sets a file's mode, where its file system has modes: vfat has none, and
// refuses to change them.
func chmod(f *os.File, mode fs.FileMode) error {
	if info, err := f.Stat(); err == nil && info.Mode().Perm() == mode {
		return nil
	}
	err := f.Chmod(mode)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// descriptor returns the descriptor of this process that name stands for.
func descriptor(name string) (fd int, ok bool) {
	name, err := filepath.Abs(name)
	if err != nil {
		return 0, false
	}
	switch name {
	case "/dev/stdin":
		return 0, true
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"} {
		if number, ok := strings.CutPrefix(name, dir); ok {
			fd, err := strconv.Atoi(number)
			return fd, err == nil && fd >= 0
		}
	}
	return 0, false
}

// createTemp creates .NAME.RANDOM. Our lists of sessions know such names.
func createTemp(name string, mode fs.FileMode) (*os.File, error) {
	for range 100 {
		f, err := os.OpenFile(tempName(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fs.ErrExist
}

func tempName(name string) string {
	dir, base := filepath.Split(name)
	const room = 255 - len(".."+".old") - 10 // of the longest name, for base
	if len(base) > room {
		base = strings.ToValidUTF8(base[:room], "")
	}
	return dir + "." + base + "." + strconv.FormatUint(uint64(rand.Uint32()), 10)
}

// hold locks the file that has the name now, so that nobody begins to record to a
// file that is about to be replaced.
func (f *File) hold() error {
	now, err := os.Stat(f.name)
	switch {
	case err != nil:
		return nil // a dangling link may be replaced
	case !now.Mode().IsRegular():
		return errors.New("not a regular file any more")
	}
	if f.old != nil {
		if held, err := f.old.Stat(); err == nil && os.SameFile(held, now) {
			return nil
		}
		f.old.Close()
	}
	// A file that may not be read cannot be locked. This user's own is replaced
	// nevertheless; another's may be a recording in progress.
	if f.old, err = os.Open(f.name); err != nil {
		f.old = nil
		if isForeign(now) {
			return err
		}
		return nil
	}
	return Lock(f.old)
}

// OS returns the open file, whose name is the temporary one.
func (f *File) OS() *os.File { return f.f }

// Write writes to the file.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	return n, f.named(err)
}

// Sync waits until the file is on the disk and, once it is placed, its name too.
func (f *File) Sync() error {
	err := f.f.Sync()
	if err == nil && f.temp == "" {
		err = syncDir(filepath.Dir(f.name))
	}
	return f.named(err)
}

// close writes the file to the disk and closes it.
func (f *File) close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.temp != "" {
		err = f.f.Sync()
	}
	return f.named(cmp.Or(err, f.f.Close()))
}

// Place gives the file its name, complete or not. The file stays open; Discard
// closes it. After an error, Place may be called again.
func (f *File) Place() error {
	if f.temp == "" {
		return nil
	}
	err := f.place()
	if err == nil {
		f.finish()
	}
	return f.named(err)
}

// place gives the file its name. unplace can take it back until finish, unless it
// has replaced a file.
func (f *File) place() error {
	if f.overwrite {
		err := f.hold()
		if err == nil {
			err = os.Rename(f.temp, f.name)
		}
		if err == nil {
			f.temp = ""
		}
		return err
	}
	err := os.Link(f.temp, f.name)
	if f.linked = err == nil; f.linked || errors.Is(err, fs.ErrExist) {
		return err
	}
	// This file system has no hard links: for a moment another process could take
	// the name.
	if _, err := os.Lstat(f.name); err == nil {
		return fs.ErrExist
	}
	return os.Rename(f.temp, f.name)
}

func (f *File) unplace() {
	switch {
	case f.temp == "":
	case f.linked:
		os.Remove(f.name)
		f.linked = false
	default:
		os.Rename(f.name, f.temp)
	}
}

func (f *File) finish() {
	if f.linked {
		os.Remove(f.temp)
	}
	f.temp, f.linked = "", false
	f.old.Close()
	f.old = nil
}

// Discard closes the file, and removes it if it has no name yet.
func (f *File) Discard() {
	f.old.Close()
	f.f.Close()
	if f.temp != "" {
		os.Remove(f.temp)
		f.temp = ""
	}
}

// Commit completes the files of one output: it writes them to the disk, closes them
// and gives them their names. If that fails before all are complete, Commit
// discards them. If one cannot get its name, only those that have replaced a file
// keep theirs, and the rest are kept under other names, which the error names.
// All are in one directory.
func Commit(files ...*File) error {
	for _, f := range files {
		if err := f.close(); err != nil {
			for _, f := range files {
				f.Discard()
			}
			return err
		}
	}
	// Pipes and devices have their names.
	files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f.temp == "" })
	if err := placeAll(files); err != nil {
		return keep(files, err)
	}
	for _, f := range files {
		f.finish()
	}
	if len(files) == 0 {
		return nil
	}
	return files[0].named(syncDir(filepath.Dir(files[0].name)))
}

// placeAll gives the files their names: all, or only those that replace a file.
func placeAll(files []*File) error {
	for i, f := range files {
		if err := f.place(); err != nil {
			for _, placed := range files[:i] {
				placed.unplace()
			}
			return f.named(err)
		}
	}
	return nil
}

// keep gives the files that have no name others: NAME.new, or NAME.new2 and so on.
// It returns err with the first of them.
func keep(files []*File, err error) error {
	base := slices.MinFunc(files, func(a, b *File) int { return cmp.Compare(len(a.name), len(b.name)) }).name
	files = slices.DeleteFunc(files, func(f *File) bool { return f.temp == "" })
	suffixes := make([]string, len(files))
	for i, f := range files {
		suffixes[i] = strings.TrimPrefix(f.name, base)
		f.overwrite = false
	}
	keepErr := freeName(base, func(free string) error {
		for i, f := range files {
			f.name = free + suffixes[i]
		}
		return placeAll(files)
	})
	kept := files[0].name
	for _, f := range files {
		if keepErr == nil {
			f.finish()
		} else {
			kept, f.temp = f.temp, ""
			f.old.Close()
		}
	}
	return keptError(err, kept)
}

// keptError adds to an error where the output is; unless its directory was removed
// meanwhile.
func keptError(err error, name string) error {
	if _, lerr := os.Lstat(name); lerr != nil {
		return err
	}
	return fmt.Errorf("%w; the complete output is kept as %s", err, name)
}

// freeName calls try with base.new, base.new2 and so on, until one is free.
func freeName(base string, try func(name string) error) error {
	err := try(base + ".new")
	for i := 2; errors.Is(err, fs.ErrExist) && i < 100; i++ {
		err = try(base + ".new" + strconv.Itoa(i))
	}
	return err
}

// syncDir writes the names in a directory to the disk, if its file system can and
// the directory may be read.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// named returns an error about the file: with the name that it will have, in place
// of the temporary one.
func (f *File) named(err error) error { return named(f.name, err) }

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "write", Path: name, Err: reason(err)}
}

// reason returns an error without its path.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	} else if link, ok := errors.AsType[*os.LinkError](err); ok {
		err = link.Err
	}
	if err == fs.ErrExist {
		err = syscall.EEXIST // as the system puts it
	}
	return err
}
