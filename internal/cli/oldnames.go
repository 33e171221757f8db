package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
)

// oldName is a flag's name in an earlier version. Until the next version it still
// works, with a note: on the command line, in the environment and in the
// configuration.
type oldName struct {
	commands string // the commands that had it, separated by blanks; "*" for all with the new flag
	old      string // without dashes
	now      string // the new name, without dashes
	// value makes the new flag's value: "%s" stands for the old one. Empty means
	// the old value.
	value string
	isOn  bool // the old flag had no value
}

// oldNames lists the old names of flags.
var oldNames = []oldName{
	{commands: "play", old: "start", now: "from"},
	{commands: "play", old: "end", now: "to"},
	{commands: "play", old: "f", now: "follow", isOn: true},
	{commands: "run", old: "size", now: "attach-size"},
	{commands: "screen", old: "cols", now: "force-size", value: "%sx"},
	{commands: "screen", old: "rows", now: "force-size", value: "x%s"},
	{commands: "*", old: "cols", now: "window-size", value: "%sx"},
	{commands: "*", old: "rows", now: "window-size", value: "x%s"},
	{commands: "search", old: "commands", now: "in", value: "commands", isOn: true},
	{commands: "search", old: "output", now: "in", value: "output", isOn: true},
	{commands: "search", old: "screen", now: "in", value: "screen", isOn: true},
	{commands: "convert", old: "output-dir", now: "output", value: "%s/"},
	{commands: "transcript", old: "a", now: "absolute", isOn: true},
	{commands: "ps", old: "all", now: "unused", isOn: true},
	{commands: "ps", old: "a", now: "unused", isOn: true},
	{commands: "ps", old: "t", now: "tree", isOn: true},
	{commands: "ps", old: "n", now: "interval"},
	{commands: "observe", old: "m", now: "method"},
	{commands: "daemon", old: "every", now: "interval"},
}

// oldNameOf returns the entry of oldNames for a name that the command had; nil if
// there is none, or the command has a flag of that name now.
func oldNameOf(c *command, name string) *oldName {
	if c.flag(name) != nil {
		return nil
	}
	for i := range oldNames {
		o := &oldNames[i]
		if o.old == name && c.flag(o.now) != nil && (o.commands == "*" || slices.Contains(strings.Fields(o.commands), c.name)) {
			return o
		}
	}
	// --from and --to named formats; see newName.
	if placeFormat(c, name) != nil {
		return placeName
	}
	return nil
}

// placeName stands for --from and --to where they named formats.
var placeName = &oldName{}

// placeFormat returns the flag that replaces --from or --to where these named a
// format; nil for other names.
func placeFormat(c *command, name string) *flag {
	switch name {
	case "from":
		return c.flag("input-format")
	case "to":
		return c.flag("format")
	}
	return nil
}

// origin is the place where a flag was set: the command line, the environment or
// the configuration.
type origin struct {
	prefix string                   // of messages about it
	form   func(name string) string // returns a flag's name as it is written there
}

// commandLine is the origin of flags on the command line.
var commandLine = origin{form: func(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}}

// newName returns the flag that replaces an old name, and the flag's value, and
// prints a note; nil if the name is no old one but that of f. A format as value of
// --from or --to still names a format.
func (e *env) newName(c *command, f *flag, old *oldName, name, value string, from origin) (*flag, string) {
	now := placeFormat(c, name)
	was, is := "", "" // the values, if they differ
	join := "="
	if strings.HasPrefix(from.form(name), "-") {
		join = " "
	}
	switch {
	case now != nil && isFormat(value):
	case f != nil || old == nil || old == placeName:
		return nil, value
	default:
		now = c.flag(old.now)
		if old.value != "" && !old.isOn {
			was = join + value
		}
		if strings.Contains(old.value, "%s") {
			value = fmt.Sprintf(old.value, value)
		} else {
			value = cmp.Or(old.value, value)
		}
		if old.value != "" {
			is = join + value
		}
	}
	note := fmt.Sprintf("%s%s is now %s; the next version drops the old name", from.prefix, from.form(name)+was, from.form(now.name)+is)
	if !slices.Contains(e.told, note) {
		e.told = append(e.told, note)
		e.notef("%s", note)
	}
	return now, value
}

// isFormat reports whether name is the name of a format, of recordings or of
// transcripts.
func isFormat(name string) bool {
	_, err := format.ByName(name)
	return err == nil || convert.Targets.ByName(name) != nil
}
