package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ttydeck/ttydeck/format"
)

// outputParts is a recording of several files. When it is complete, the files get
// their names at the same time, as far as the file system allows it.
type outputParts struct {
	name string
	perm fs.FileMode // of the recording: secrets may be in every file
	// dir is the temporary directory, if the recording is one; empty for files
	// beside each other.
	dir   string
	files []*partFile // in the order of their creation
}

// partFile is one of the files, under a temporary name.
type partFile struct {
	*os.File
	name  string      // after it is complete; in dir, if there is one
	final string      // the name that the user knows: of a directory, the directory's
	perm  fs.FileMode // after it is complete
}

// Write writes to the file. Errors have the final name.
func (p *partFile) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	return n, aboutFile(p.final, err)
}

// Close completes the file. The Writer calls it.
func (p *partFile) Close() error {
	return aboutFile(p.final, errors.Join(p.Chmod(p.perm), syncToReplace(p.File, p.final), p.File.Close()))
}

// createParts opens name for writing in format f, whose recordings are several
// files.
func createParts(name string, f *format.Format, overwrite bool, perm fs.FileMode) (*output, error) {
	if name == "-" {
		return nil, withHint(usageError{fmt.Errorf("a recording in format %s is %s and cannot go to standard output", f, f.Layout())},
			"name an output: ttydeck convert IN OUT --format "+f.Name)
	}
	if format.CompressionByFileName(name) != format.Uncompressed {
		return nil, usageError{fmt.Errorf("%s: a recording in format %s is %s and cannot be compressed", name, f, f.Layout())}
	}
	p := &outputParts{name: name, perm: perm}
	files := format.Files{Base: filepath.Base(name), Create: func(suffix string, perm fs.FileMode) (io.WriteCloser, error) {
		return p.create(suffix, perm)
	}}
	var err error
	if f.Layout() == format.Directory {
		if info, statErr := os.Stat(name); statErr == nil {
			switch {
			case !overwrite:
				return nil, withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it")
			case !info.IsDir() || format.DetectDir(name) != f:
				// It may hold anything.
				return nil, fmt.Errorf("%s: not replaced, as it is not a recording in format %s", name, f)
			}
		}
		p.dir, err = os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
		err = aboutFile(name, err)
	} else if !overwrite {
		for _, suffix := range f.Suffixes() {
			if _, statErr := os.Lstat(name + suffix); statErr == nil {
				return nil, withHint(fmt.Errorf("%s: %w", name+suffix, errExists), "--overwrite replaces it")
			}
		}
	}
	if err != nil {
		return nil, err
	}
	o := &output{name: name, parts: p}
	if o.Writer, err = f.NewFilesWriter(files); err != nil {
		p.discard()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// create creates one of the files.
func (p *outputParts) create(suffix string, perm fs.FileMode) (io.WriteCloser, error) {
	if perm == 0 {
		perm = p.perm
	}
	part := &partFile{name: p.name + suffix, final: p.name + suffix, perm: perm}
	var err error
	if p.dir != "" {
		part.name, part.final = filepath.Join(p.dir, suffix), p.name
		part.File, err = os.OpenFile(part.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		err = aboutFile(part.final, err)
	} else {
		part.File, err = createTemp(part.name)
	}
	if err != nil {
		return nil, err
	}
	p.files = append(p.files, part)
	return part, nil
}

// commit gives the files their names. The Writer must be closed.
func (p *outputParts) commit() error {
	if p.dir != "" {
		return p.commitDir()
	}
	for i, part := range p.files {
		if err := os.Rename(part.Name(), part.name); err != nil {
			for _, rest := range p.files[i:] {
				os.Remove(rest.Name())
			}
			return err
		}
	}
	return nil
}

// commitDir gives the directory its name, and removes the one that had it.
func (p *outputParts) commitDir() error {
	old := ""
	if _, err := os.Lstat(p.name); err == nil {
		old = p.dir + ".old"
		if err := os.Rename(p.name, old); err != nil {
			p.discard()
			return aboutFile(p.name, err)
		}
	}
	if err := os.Rename(p.dir, p.name); err != nil {
		if old != "" {
			err = errors.Join(err, os.Rename(old, p.name))
		}
		p.discard()
		return aboutFile(p.name, err)
	}
	if old != "" {
		return aboutFile(p.name, os.RemoveAll(old))
	}
	return nil
}

// discard removes the unfinished output.
func (p *outputParts) discard() {
	for _, part := range p.files {
		part.File.Close()
		os.Remove(part.Name())
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}
