package convert

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// Kind is what a [Target] is.
type Kind string

// The kinds of targets.
const (
	KindRecording  Kind = "recording"  // a recording, which may hold secrets
	KindText       Kind = "text"       // text
	KindTranscript Kind = "transcript" // the commands of one or more recordings
	KindPicture    Kind = "picture"    // a picture, or a film
)

// Need is something that a [Target] needs besides a recording's events.
type Need string

// The needs of targets.
const (
	NeedScreen   Need = "screen"   // the screen that the events draw
	NeedCommands Need = "commands" // the commands that [transcript.Commands] finds
	NeedWhole    Need = "whole"    // the whole recording, before anything is written
)

// Target is something that a recording can be written as: a row of [Targets].
type Target struct {
	Name  string   // such as "asciicast-v3"; unique among targets of a kind
	Also  []string // other names
	Ext   []string // extensions of file names, with the dot; the usual one first
	Desc  string   // a description of one line
	Loses string   // what a recording loses; empty if nothing
	Kind  Kind     // what it is
	Needs []Need   // besides the events; empty if nothing
	// Binary reports that a terminal cannot show the target: it is not text, or
	// has control sequences.
	Binary bool

	// One of these writes the target; the others are nil.
	Format  *format.Format    // event by event
	Style   *transcript.Style // as a transcript
	Picture *Picture          // as a picture
}

// Folder reports whether the target is a directory.
func (t *Target) Folder() bool {
	switch {
	case t.Format != nil:
		return t.Format.Layout() == format.Directory
	case t.Picture != nil:
		return t.Picture.WriteFolder != nil
	}
	return false
}

// Targets lists everything that a recording can be written as.
var Targets = slices.Concat(recordings(), Table{ofFormat(TextFormat(TextOptions{}), KindText, NeedScreen)}, pictures(), transcripts())

// Table is a table of targets.
type Table []*Target

func recordings() (rows Table) {
	for _, f := range format.Formats {
		if f.CanWrite() {
			rows = append(rows, ofFormat(f, KindRecording))
		}
	}
	return rows
}

func ofFormat(f *format.Format, kind Kind, needs ...Need) *Target {
	return &Target{Name: f.Name, Also: f.Also, Ext: f.Ext, Desc: f.Desc, Loses: f.Loses,
		Kind: kind, Needs: needs, Binary: !f.IsText(), Format: f}
}

func transcripts() (rows Table) {
	for _, s := range transcript.Styles {
		rows = append(rows, &Target{Name: s.Name, Also: s.Also, Ext: s.Ext, Desc: s.Desc, Loses: s.Loses,
			Kind: KindTranscript, Needs: []Need{NeedCommands, NeedWhole}, Style: s})
	}
	return rows
}

// Where returns the rows for which keep returns true.
func (t Table) Where(keep func(*Target) bool) (rows Table) {
	for _, row := range t {
		if keep(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// Names returns the names of the rows.
func (t Table) Names() (names []string) {
	for _, row := range t {
		names = append(names, row.Name)
	}
	return names
}

// ByName returns the first row with that name, in upper or lower case; nil if there
// is none.
func (t Table) ByName(name string) *Target {
	for _, row := range t {
		if slices.ContainsFunc(append([]string{row.Name}, row.Also...), func(n string) bool { return strings.EqualFold(n, name) }) {
			return row
		}
	}
	return nil
}

// ByFileName returns the row for the extension of a file name, in upper or lower
// case, without an extension of compression; nil if there is none.
func (t Table) ByFileName(name string) (best *Target) {
	name = strings.ToLower(filepath.Base(name))
	name = strings.TrimSuffix(name, format.CompressionByFileName(name).Ext())
	longest := ""
	for _, row := range t {
		for _, ext := range row.Ext {
			if len(ext) > len(longest) && strings.HasSuffix(name, ext) {
				best, longest = row, ext
			}
		}
	}
	return best
}

// ByFormat returns the row that f writes; nil if there is none.
func (t Table) ByFormat(f *format.Format) *Target {
	for _, row := range t {
		if row.Format == f && f != nil {
			return row
		}
	}
	return nil
}
