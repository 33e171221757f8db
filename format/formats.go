package format

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Format is a recording format: a row of [Formats].
type Format struct {
	Name string   // such as "asciicast-v3", as --to takes it
	Also []string // other names
	Ext  []string // extensions of file names, the usual first, with the dot
	Desc string   // one line
	// Loses is what a recording written in this format cannot hold, in words;
	// empty if it holds all.
	Loses string

	// detect says whether a recording begins with prefix, which holds the
	// whole input when it is shorter than [sniffLen]. nil: never guessed.
	detect func(prefix []byte) bool
	// object says that a recording begins with a JSON object, by which detect
	// tells the format.
	object bool
	// read reads the header from in and gives the events behind it. nil:
	// this format is only written.
	read func(in *input) (Cast, error)
	// write makes a Writer. nil: this format is only read, or is no single
	// file.
	write func(w io.Writer) Writer
	// detectDir says whether the directory dir holds a recording; names are
	// some of what is in it. nil: no recording of this format is a directory.
	detectDir func(dir string, names []string) bool
	// readDir is read for a directory.
	readDir func(in *input, dir string) (Cast, error)
	// writeFiles makes a Writer of a format that is several files; see
	// [Format.NewFilesWriter].
	writeFiles func(files Files) Writer
	layout     Layout
	// text says that the format holds UTF-8 by its definition.
	text bool
}

// Formats is every format that is known, in the order in which they are tried
// on an input.
var Formats = []*Format{
	Tlog, // has keys that asciicast is told by, too
	AsciicastV3,
	AsciicastV2,
	AsciicastV1,
	SudoIOLog,
	Teleport,
	Terminalizer,
	BSDScript,
	TTYLog,
	NHRecorder,
	Script,
	ScriptClassic,
	Ttyrec,
	VHS,
	Raw,
}

// NewFormat gives a format that another package writes, such as one that needs a
// screen to be made. It is not in [Formats], and is never read. loses is as
// [Format.Loses].
func NewFormat(name string, ext []string, desc, loses string, write func(io.Writer) Writer) *Format {
	return &Format{Name: name, Ext: ext, Desc: desc, Loses: loses, write: write, text: true}
}

// ErrUnknownFormat is returned for an input that looks like no known format.
var ErrUnknownFormat = errors.New("no known recording format")

// String gives the format's name.
func (f *Format) String() string { return f.Name }

// CanRead and CanWrite tell what a format is for.
func (f *Format) CanRead() bool  { return f.read != nil }
func (f *Format) CanWrite() bool { return f.write != nil || f.writeFiles != nil }

// NewWriter gives a Writer of format f on w. The error is
// [errors.ErrUnsupported] for a format that is only read, or whose recordings
// are no single file: see [Format.NewFilesWriter].
func (f *Format) NewWriter(w io.Writer) (Writer, error) {
	if f.writeFiles != nil {
		return nil, fmt.Errorf("%s: is %s, not one stream: %w", f.Name, f.layout, errors.ErrUnsupported)
	}
	if f.write == nil {
		return nil, fmt.Errorf("%s: cannot be written: %w", f.Name, errors.ErrUnsupported)
	}
	return f.write(w), nil
}

// ByName finds a format by one of its names.
func ByName(name string) (*Format, error) {
	for _, f := range Formats {
		if strings.EqualFold(f.Name, name) {
			return f, nil
		}
		for _, also := range f.Also {
			if strings.EqualFold(also, name) {
				return f, nil
			}
		}
	}
	return nil, fmt.Errorf("%w named %s", ErrUnknownFormat, quote(name))
}

// ByFileName finds the format to write a file of that name in, by its
// extension; an extension of compression is passed over.
func ByFileName(name string) (*Format, bool) {
	name = strings.ToLower(filepath.Base(name))
	name = strings.TrimSuffix(name, CompressionByFileName(name).Ext())
	best, length := (*Format)(nil), 0
	for _, f := range Formats {
		for _, ext := range f.Ext {
			if f.CanWrite() && len(ext) > length && strings.HasSuffix(name, ext) {
				best, length = f, len(ext)
			}
		}
	}
	return best, best != nil
}
