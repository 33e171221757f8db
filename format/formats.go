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
	Name string   // such as "asciicast-v3"; --to takes it
	Also []string // other names that [ByName] accepts
	Ext  []string // extensions of file names, with the dot; the usual one first
	Desc string   // a description of one line
	// Loses names what a recording loses when it is written in this format;
	// empty if nothing.
	Loses string

	// detect reports whether a recording begins with prefix, which is the
	// whole input if it is shorter than [sniffLen]. nil: never detected.
	detect func(prefix []byte) bool
	// object reports that recordings begin with a JSON object, by which
	// detect recognises the format.
	object bool
	// read reads the header from in and returns it with the events after
	// it. nil: this format can only be written.
	read func(in *input) (Cast, error)
	// write returns a Writer. nil: this format can only be read, or its
	// recordings are not single files.
	write func(w io.Writer) Writer
	// detectDir reports whether the directory dir is a recording; names are
	// some of the names in it. nil: recordings are never directories.
	detectDir func(dir string, names []string) bool
	// readDir is read for a directory.
	readDir func(in *input, dir string) (Cast, error)
	// writeFiles returns a Writer of a format whose recordings are several
	// files; see [Format.NewFilesWriter].
	writeFiles func(files Files) Writer
	layout     Layout
	// text reports that the format is UTF-8 by definition.
	text bool
}

// Formats lists all known formats, in the order in which readers try them. Do
// not change it while recordings are being opened.
var Formats = []*Format{
	Tlog, // before asciicast, which is detected by keys that tlog has too
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

// NewFormat returns a format of text that another package writes, such as one that
// needs a screen model. It is not in [Formats], [ByName] does not find it, and
// it cannot be read. loses is [Format.Loses].
func NewFormat(name string, ext []string, desc, loses string, write func(io.Writer) Writer) *Format {
	return &Format{Name: name, Ext: ext, Desc: desc, Loses: loses, write: write, text: true}
}

// ErrUnknownFormat is returned for an input in no known format.
var ErrUnknownFormat = errors.New("unknown recording format")

// String returns the format's name.
func (f *Format) String() string { return f.Name }

// CanRead reports whether recordings of this format can be read.
func (f *Format) CanRead() bool { return f.read != nil }

// CanWrite reports whether recordings of this format can be written.
func (f *Format) CanWrite() bool { return f.write != nil || f.writeFiles != nil }

// IsText reports whether recordings of format f are text by definition, without
// control sequences: a terminal can show them.
func (f *Format) IsText() bool { return f.text }

// NewWriter returns a Writer of format f that writes to w. The error wraps
// [errors.ErrUnsupported] if f can only be read, or if its recordings are not
// single files: see [Format.NewFilesWriter].
func (f *Format) NewWriter(w io.Writer) (Writer, error) {
	if f.writeFiles != nil {
		return nil, fmt.Errorf("%s: a recording is %s, not one stream: %w", f.Name, f.layout, errors.ErrUnsupported)
	}
	if f.write == nil {
		return nil, fmt.Errorf("%s: this format can only be read: %w", f.Name, errors.ErrUnsupported)
	}
	return f.write(w), nil
}

// ByName returns the format with that name, in upper or lower case. The error
// wraps [ErrUnknownFormat].
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
	return nil, fmt.Errorf("%w %s", ErrUnknownFormat, quote(name))
}

// ByFileName returns the format to write a file of that name in, by its
// extension, and whether there is one. It ignores an extension of compression.
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
