package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// text is the format of the session's text. It is not one of [format.Formats], as
// its writer needs a screen.
var text = convert.TextFormat(convert.TextOptions{})

// allFormats returns every format that is read or written.
func allFormats() []*format.Format { return append(slices.Clone(format.Formats), text) }

// sourceNamed returns the format of that name to read.
func sourceNamed(name string) (*format.Format, error) {
	f, err := format.ByName(name)
	switch {
	case err != nil:
		return nil, withHint(err, "formats: "+formatNames((*format.Format).CanRead))
	case !f.CanRead():
		return nil, fmt.Errorf("%s can be written but not read", f)
	}
	return f, nil
}

// targetNamed returns the format of that name to write.
func targetNamed(name string) (*format.Format, error) {
	if strings.EqualFold(name, text.Name) {
		return text, nil
	}
	f, err := format.ByName(name)
	switch {
	case err != nil:
		if _, ok := transcript.StyleByName(name); ok {
			return nil, withHint(err, transcriptHint)
		}
		return nil, withHint(err, "formats: "+formatNames((*format.Format).CanWrite))
	case !f.CanWrite():
		return nil, fmt.Errorf("%s can be read but not written", f)
	}
	return f, nil
}

// transcriptHint is the hint for the formats of transcripts.
const transcriptHint = "to write its commands and their output: ttydeck transcript IN -o OUT"

// formatNames lists the names of the formats that can be read, or written.
func formatNames(can func(*format.Format) bool) string {
	var names []string
	for _, f := range allFormats() {
		if can(f) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// targetByFileName returns the format that an output file's extension names; nil
// for none.
func targetByFileName(name string) *format.Format {
	bare := strings.ToLower(strings.TrimSuffix(name, format.CompressionByFileName(name).Ext()))
	if strings.HasSuffix(bare, text.Ext[0]) {
		return text
	}
	f, _ := format.ByFileName(name)
	return f
}

// images are the extensions of pictures and videos, which ttydeck cannot write.
var images = []string{".gif", ".svg", ".png", ".mp4", ".webm"}

// targetFormat returns the format to write name in: to, unless that is nil.
func targetFormat(to *format.Format, name string) (*format.Format, error) {
	if to == nil {
		to = targetByFileName(name)
	}
	if to == nil && name == "-" {
		to = format.AsciicastV3
	}
	if _, ok := transcript.StyleByFileName(name); ok && to == nil {
		return nil, withHint(usageError{fmt.Errorf("%s: not a recording format", name)}, transcriptHint)
	}
	if to == nil && slices.Contains(images, strings.ToLower(filepath.Ext(name))) {
		return nil, withHint(usageError{fmt.Errorf("%s: pictures and videos cannot be written", name)},
			"asciinema's agg makes a GIF of a recording in asciicast: agg IN.cast OUT.gif")
	}
	if to == nil {
		return nil, withHint(usageError{fmt.Errorf("%s: unknown file extension", name)}, "name the format with --format, such as --format asciicast-v3")
	}
	return to, nil
}
