package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// text is the one format whose writer needs a screen.
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
		return nil, fmt.Errorf("%s cannot be read, only written", f)
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
		return nil, fmt.Errorf("%s cannot be written, only read", f)
	}
	return f, nil
}

// transcriptHint is for users who want to read a recording, not to play it.
const transcriptHint = "to write its commands and their output: ttydeck transcript IN -o OUT"

func formatNames(can func(*format.Format) bool) string {
	var names []string
	for _, f := range allFormats() {
		if can(f) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// targetByFileName returns the format that the name of an output file stands
// for; nil for none.
func targetByFileName(name string) *format.Format {
	bare := strings.ToLower(strings.TrimSuffix(name, format.CompressionByFileName(name).Ext()))
	if strings.HasSuffix(bare, text.Ext[0]) {
		return text
	}
	f, _ := format.ByFileName(name)
	return f
}

// targetFormat returns the format to write name in: to, unless it is nil.
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
	if to == nil {
		return nil, withHint(usageError{fmt.Errorf("%s: unknown file extension", name)}, "name the format with --format, such as --format asciicast-v3")
	}
	return to, nil
}
