package cli

import (
	"fmt"
	"strings"

	"github.com/ttydeck/ttydeck/edit"
)

// metadataKinds lists what a recording may say beyond its picture: the name in JSON, the
// words for one and for several, and the number. Without words for several, the number
// says nothing.
var metadataKinds = []struct {
	name, one, more string
	count           func(m edit.Metadata) int
}{
	{"command_lines", "command line", "command lines", func(m edit.Metadata) int { return m.Commands }},
	{"directories", "directory", "directories", func(m edit.Metadata) int { return m.Directories }},
	{"hosts", "host name", "host names", func(m edit.Metadata) int { return m.Hosts }},
	{"titles", "title", "titles", func(m edit.Metadata) int { return m.Titles }},
	{"marks", "mark of prompts", "marks of prompts", func(m edit.Metadata) int { return m.Marks }},
	{"history_numbers", "history number", "history numbers", func(m edit.Metadata) int { return m.HistoryNumbers }},
	{"notifications", "notification", "notifications", func(m edit.Metadata) int { return m.Notifications }},
	{"clipboard", "text for the clipboard", "texts for the clipboard", func(m edit.Metadata) int { return m.Clipboard }},
	{"variables", "variable", "variables", func(m edit.Metadata) int { return m.Variables }},
	{"contexts", "nested context", "nested contexts", func(m edit.Metadata) int { return m.Contexts }},
	{"control_strings", "other control string", "other control strings", func(m edit.Metadata) int { return m.Strings }},
	{"input_events", "input event", "input events", func(m edit.Metadata) int { return m.Inputs }},
	{"unknown_events", "event of an unknown kind", "events of unknown kinds", func(m edit.Metadata) int { return m.Others }},
	{"environment", "variable in the header", "variables in the header", func(m edit.Metadata) int { return len(m.Environment) }},
	{"header_keys", "unknown key in the header", "unknown keys in the header", func(m edit.Metadata) int { return len(m.Keys) }},
	{"command", "the command", "", func(m edit.Metadata) int { return oneIf(m.Command) }},
	{"nonce", "the nonce", "", func(m edit.Metadata) int { return oneIf(m.Nonce) }},
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// metadataCounts returns the numbers by name, without those that are 0.
func metadataCounts(m edit.Metadata) map[string]int {
	counts := map[string]int{}
	for _, kind := range metadataKinds {
		if n := kind.count(m); n > 0 {
			counts[kind.name] = n
		}
	}
	return counts
}

// metadataText returns the counts as text: "12 command lines, 1 title, the nonce".
func metadataText(counts map[string]int) string {
	var list []string
	for _, kind := range metadataKinds {
		switch n := counts[kind.name]; {
		case n == 0:
		case kind.more == "":
			list = append(list, kind.one)
		case n == 1:
			list = append(list, "1 "+kind.one)
		default:
			list = append(list, fmt.Sprintf("%d %s", n, kind.more))
		}
	}
	return strings.Join(list, ", ")
}
