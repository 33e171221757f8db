package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// text is the one format that needs a screen to be written.
var text = convert.TextFormat(convert.TextOptions{})

// allFormats is what recordings are read and written in.
func allFormats() []*format.Format { return append(slices.Clone(format.Formats), text) }

// formatNamed gives the format of that name to read; nil for "".
func formatNamed(name string) (*format.Format, error) {
	if name == "" {
		return nil, nil
	}
	f, err := format.ByName(name)
	if err != nil {
		return nil, withHint(usageError{err}, "formats: "+formatNames((*format.Format).CanRead))
	}
	return f, nil
}

// targetNamed gives the format of that name to write; nil for "".
func targetNamed(name string) (*format.Format, error) {
	if strings.EqualFold(name, text.Name) {
		return text, nil
	}
	f, err := formatNamed(name)
	switch {
	case err != nil:
		if _, ok := transcript.StyleByName(name); ok {
			return nil, withHint(usageError{err}, transcriptHint)
		}
		return nil, withHint(usageError{err}, "formats: "+formatNames((*format.Format).CanWrite))
	case f != nil && !f.CanWrite():
		return nil, usageError{fmt.Errorf("%s cannot be written, only read", f)}
	}
	return f, nil
}

// transcriptHint is for who wants to read a recording, not to play it.
const transcriptHint = "ttydeck transcript writes what was done as text, markdown, html, json, ...: ttydeck transcript IN -o OUT"

func formatNames(can func(*format.Format) bool) string {
	var names []string
	for _, f := range allFormats() {
		if can(f) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// targetByFileName gives the format that the name of a file to write means;
// nil for none.
func targetByFileName(name string) *format.Format {
	bare := strings.ToLower(strings.TrimSuffix(name, format.CompressionByFileName(name).Ext()))
	if strings.HasSuffix(bare, text.Ext[0]) {
		return text
	}
	f, _ := format.ByFileName(name)
	return f
}

// targetFormat tells which format to write name in.
func targetFormat(to *format.Format, name string) (*format.Format, error) {
	if to == nil {
		to = targetByFileName(name)
	}
	if to == nil && name == "-" {
		to = format.AsciicastV3
	}
	if _, ok := transcript.StyleByFileName(name); ok && to == nil {
		return nil, withHint(usageError{fmt.Errorf("%s: that is no format of recordings", name)}, transcriptHint)
	}
	if to == nil {
		return nil, withHint(usageError{fmt.Errorf("%s: its extension names no format", name)}, "name the format with --to, such as --to asciicast-v3")
	}
	return to, nil
}
