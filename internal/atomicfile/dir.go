package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Dir is a directory that has no name yet. It is for one goroutine at a time.
type Dir struct {
	name, temp string
	members    []string
	overwrite  bool
	files      []*File
}

// CreateDir creates a directory, with mode 0700, that will be called name. Errors
// are as those of [Create]. With overwrite, it replaces a directory of that name
// that holds only files whose names are among members.
func CreateDir(name string, members []string, overwrite bool) (*Dir, error) {
	name = filepath.Clean(name) // a slash at the end would follow a link
	d := &Dir{name: name, members: members, overwrite: overwrite}
	err := d.replaceable()
	if err == nil {
		for range 100 {
			d.temp = tempName(name)
			if err = os.Mkdir(d.temp, 0o700); !errors.Is(err, fs.ErrExist) {
				break
			}
		}
	}
	if err != nil {
		return nil, named(name, err)
	}
	return d, nil
}

// replaceable returns an error if the name is taken, unless that may be replaced.
func (d *Dir) replaceable() error {
	switch info, err := os.Lstat(d.name); {
	case err != nil || d.overwrite && info.Mode().Type() == fs.ModeSymlink:
		return nil
	case !d.overwrite:
		return fs.ErrExist
	case !info.IsDir():
		return syscall.ENOTDIR
	}
	entries, err := os.ReadDir(d.name)
	for _, e := range entries {
		if e.IsDir() || !slices.Contains(d.members, e.Name()) {
			return fmt.Errorf("not replaced, as it also holds %s", e.Name())
		}
	}
	return err
}

// Share gives the directory the mode that the umask leaves a new one.
func (d *Dir) Share() error {
	probe := filepath.Join(d.temp, ".mode") // only a new directory shows the umask
	err := os.Mkdir(probe, 0o777)
	if err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(probe); err == nil {
			err = errors.Join(os.Remove(probe), os.Chmod(d.temp, info.Mode().Perm()))
		}
	}
	return named(d.name, err)
}

// Create creates a file in the directory, with that mode; 0 stands for 0666 without the
// bits of the umask. Commit completes it, in the order of creation. Errors have the name
// of the directory.
func (d *Dir) Create(name string, mode fs.FileMode) (*File, error) {
	create := mode
	if mode == 0 {
		create = 0o666
	}
	f, err := os.OpenFile(filepath.Join(d.temp, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, create)
	if err == nil && mode != 0 {
		err = chmod(f, mode)
	}
	if err != nil {
		f.Close()
		return nil, named(d.name, err)
	}
	file := &File{name: d.name, f: f}
	d.files = append(d.files, file)
	return file, nil
}

// Finish completes a file before Commit, so that a directory can hold more files than can
// be open.
func (d *Dir) Finish(file *File) error {
	d.files = slices.DeleteFunc(d.files, func(f *File) bool { return f == file })
	return named(d.name, errors.Join(file.f.Sync(), file.f.Close()))
}

// Commit completes the directory and gives it its name. If that fails before it is
// complete, Commit discards it. If it cannot get its name, it is kept under
// another, which the error names.
func (d *Dir) Commit() error {
	for _, f := range d.files {
		if err := errors.Join(f.f.Sync(), f.f.Close()); err != nil {
			d.Discard()
			return named(d.name, err)
		}
	}
	if err := syncDir(d.temp); err != nil {
		d.Discard()
		return named(d.name, err)
	}
	old, err := d.place()
	if err != nil {
		kept := d.temp
		freeName(d.name, func(free string) error {
			if _, err := os.Lstat(free); err == nil {
				return fs.ErrExist
			}
			err := os.Rename(d.temp, free)
			if err == nil {
				kept = free
			}
			return err
		})
		return keptError(named(d.name, err), kept)
	}
	return named(d.name, errors.Join(syncDir(filepath.Dir(d.name)), d.remove(old)))
}

// place gives the directory its name. It returns the new name of the one that it
// replaces; "" if there is none.
func (d *Dir) place() (old string, err error) {
	if err := d.replaceable(); err != nil {
		return "", err
	}
	if _, err := os.Lstat(d.name); err == nil {
		old = d.temp + ".old"
		if err := os.Rename(d.name, old); err != nil {
			return "", err
		}
	}
	if err = os.Rename(d.temp, d.name); err != nil && old != "" {
		if back := os.Rename(old, d.name); back != nil {
			err = fmt.Errorf("%w; the old recording is in %s", reason(err), old)
		}
	}
	return old, err
}

// remove removes the recording in a directory that was replaced, and the directory
// if nothing else is in it.
func (d *Dir) remove(old string) error {
	if old == "" {
		return nil
	}
	if info, err := os.Lstat(old); err == nil && info.IsDir() {
		for _, name := range d.members {
			os.Remove(filepath.Join(old, name))
		}
	}
	if err := os.Remove(old); err != nil {
		return fmt.Errorf("replaced, but not everything in the old directory could be removed: see %s", old)
	}
	return nil
}

// Discard removes the unfinished directory.
func (d *Dir) Discard() {
	for _, f := range d.files {
		f.f.Close()
	}
	os.RemoveAll(d.temp)
}
