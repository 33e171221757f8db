package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
)

// The targets of the commands, all from one table.
var (
	// transcripts are the targets of transcript.
	transcripts = convert.Targets.Where(func(t *convert.Target) bool { return t.Style != nil })
	// showable are the targets of convert: recordings, text and pictures.
	showable = convert.Targets.Where(func(t *convert.Target) bool { return t.Style == nil })
	// targets are those of all other commands that write a recording.
	targets = convert.Targets.Where(func(t *convert.Target) bool { return t.Format != nil })
	// recordable are those of the recorders, which write one file, while the session
	// runs.
	recordable = targets.Where(func(t *convert.Target) bool {
		return t.Format.Layout() == format.OneFile && !slices.Contains(t.Needs, convert.NeedWhole)
	})
)

// readable lists the names of the formats that can be read.
func readable() []string {
	var names []string
	for _, f := range format.Formats {
		if f.CanRead() {
			names = append(names, f.Name)
		}
	}
	return names
}

// sourceNamed returns the format of that name to read.
func sourceNamed(name string) (*format.Format, error) {
	f, err := format.ByName(name)
	switch {
	case err != nil:
		return nil, withHint(err, formatsHint(readable()))
	case !f.CanRead():
		return nil, fmt.Errorf("%s can be written but not read", f)
	}
	return f, nil
}

// targetNamed returns the target of that name in table.
func targetNamed(table convert.Table, name string) (*convert.Target, error) {
	if t := table.ByName(name); t != nil {
		return t, nil
	}
	if table[0].Kind == convert.KindTranscript {
		return nil, withHint(fmt.Errorf("unknown format %q", name), formatsHint(table.Names()))
	}
	f, err := format.ByName(name)
	switch {
	case err == nil:
		return nil, fmt.Errorf("%s can be read but not written", f)
	case transcripts.ByName(name) != nil:
		return nil, withHint(err, transcriptHint)
	case showable.ByName(name) != nil:
		return nil, withHint(err, pictureHint)
	}
	return nil, withHint(err, formatsHint(table.Names()))
}

func formatsHint(names []string) string { return "formats: " + strings.Join(names, ", ") }

// pictureHint is the hint for the formats of pictures.
const pictureHint = "to write it as a picture: ttydeck convert IN OUT, with the same flags"

// transcriptHint is the hint for the formats of transcripts.
const transcriptHint = "to write its commands and their output: ttydeck transcript IN -o OUT"

// targetFor returns the target of table to write name as: to, unless that is nil.
func targetFor(table convert.Table, to *convert.Target, name string) (*convert.Target, error) {
	if to == nil {
		to = table.ByFileName(name)
	}
	switch {
	case to != nil:
		return to, nil
	case name == "-":
		return table.ByFormat(format.AsciicastV3), nil
	case transcripts.ByFileName(name) != nil:
		return nil, withHint(usageError{fmt.Errorf("%s: not a recording format", name)}, transcriptHint)
	case showable.ByFileName(name) != nil:
		return nil, withHint(usageError{fmt.Errorf("%s: not a recording format", name)}, pictureHint)
	}
	if slices.Contains(otherPictures, strings.ToLower(filepath.Ext(name))) {
		return nil, withHint(usageError{fmt.Errorf("%s: unknown file extension", name)}, "pictures are .svg, .svg.gz, .gif, .png, .apng, .mp4 and .webm")
	}
	if strings.HasSuffix(name, string(filepath.Separator)) {
		return nil, withHint(usageError{fmt.Errorf("%s: a folder", name)}, "for a PNG of each frame: --format frames; to convert into it: -o "+name)
	}
	return nil, errExtension(name, table.ByFormat(format.AsciicastV3))
}

// otherPictures are extensions of pictures that ttydeck does not write.
var otherPictures = []string{".jpg", ".jpeg", ".webp", ".mov", ".avif", ".svgz", ".bmp", ".tiff", ".mkv", ".avi", ".pdf"}

// transcriptFor returns the transcript to write name as: to, unless that is nil.
// Without an extension, it is text.
func transcriptFor(to *convert.Target, name string) (*convert.Target, error) {
	if to == nil {
		to = transcripts.ByFileName(name)
	}
	bare := strings.TrimSuffix(name, format.CompressionByFileName(name).Ext())
	if to == nil && filepath.Ext(bare) != "" {
		return nil, errExtension(name, transcripts[0])
	}
	return cmp.Or(to, transcripts[0]), nil
}

// errExtension returns the error for an output whose extension names no target, with
// one that it may be.
func errExtension(name string, example *convert.Target) error {
	return withHint(usageError{fmt.Errorf("%s: unknown file extension", name)}, "name the format with --format, such as --format "+example.Name)
}
