package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// exceptions maps flags whose usage text differs between commands, or whose name
// follows another program's, to the meaning that FLAGS.md shows.
var exceptions = map[string]string{
	"speed":           "`N` times as fast, or only a range: N@A..B; `max` only where time passes, in play",
	"at":              "the `PLACE` of the screen to print, or of a still picture; in screen, repeatable",
	"format":          "the format to write",
	"idle-time-limit": "shorten every pause to `SECONDS`, or only in a range: SECONDS@A..B; rec and run let players do so; 0 means no limit",
	"input":           "record input, except while echo is off, as at password prompts; search looks at it",
	"theme":           "a theme: its name, a file with one, or a recording with one; in play, `COLOURS` may also be mine or recording",
	"window-size":     "the window's size: of a session, of a recording that has none, or of a picture that is cropped or padded",
	"ignore-case":     "ignore case; `-i`, as grep has it, is elsewhere `--idle-time-limit`",
	"fixed-strings":   "take PATTERN as plain text; `-F`, as grep has it, is elsewhere `--follow`",
}

// sameShort lists the one-letter names with two meanings.
var sameShort = []string{"i", "F"}

// A flag has the same short name, value and usage text in all commands. FLAGS.md
// lists the flags; -update rewrites it.
func TestFlags(t *testing.T) {
	type row struct {
		*flag
		commands []string
	}
	rows := map[string]*row{}
	short := map[string]string{}
	for _, c := range commands(&env{}) {
		if c.hidden {
			if len(c.flags) > 0 {
				t.Errorf("%s: hidden command has flags", c.name)
			}
			continue
		}
		seen := map[string]bool{}
		for _, f := range c.allFlags() {
			for _, name := range append([]string{f.name, f.short}, f.also...) {
				if name != "" && seen[name] {
					t.Errorf("%s: has two flags named %q", c.name, name)
				}
				seen[name] = true
			}
			if f.on == nil && placeholder.FindString(f.usage) == "" {
				t.Errorf("%s --%s: no placeholder for the value", c.name, f.name)
			}
			if was, ok := short[f.short]; ok && was != f.name && f.short != "" && !slices.Contains(sameShort, f.short) {
				t.Errorf("%s: -%s is --%s; elsewhere it is --%s", c.name, f.short, f.name, was)
			}
			short[f.short] = f.name
			r := rows[f.name]
			if r == nil {
				rows[f.name] = &row{f, []string{c.name}}
				continue
			}
			r.commands = append(r.commands, c.name)
			if f.short != r.short || (f.on == nil) != (r.on == nil) {
				t.Errorf("%s --%s: -%s; want -%s as in %s", c.name, f.name, f.short, r.short, r.commands[0])
			}
			if _, ok := exceptions[f.name]; !ok && f.usage != r.usage {
				t.Errorf("%s --%s: usage is %q; want %q as in %s", c.name, f.name, f.usage, r.usage, r.commands[0])
			}
		}
	}
	var table bytes.Buffer
	table.WriteString(`# The flags of ttydeck

Each flag has one meaning in all commands; TestFlags checks this, and this table;
` + "`go test ./internal/cli -run TestFlags -update`" + ` rewrites it. A new flag takes either a name that is not listed here,
or the meaning that is. Old names work for one version: see oldnames.go.

| flag | | meaning | commands |
|---|---|---|---|
`)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range rows {
			if !yield(name) {
				return
			}
		}
	}) {
		r := rows[name]
		meaning := strings.ReplaceAll(r.usage, "|", "\\|")
		if exception, ok := exceptions[name]; ok {
			meaning = exception
		}
		dash := ""
		if r.short != "" {
			dash = "-" + r.short
		}
		value := ""
		if r.on == nil {
			value = " " + strings.Trim(placeholder.FindString(r.usage), "`")
		}
		fmt.Fprintf(&table, "| `--%s%s` | %s | %s | %s |\n", name, value, dash, meaning, strings.Join(r.commands, ", "))
	}
	if *update {
		if err := os.WriteFile("FLAGS.md", table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("FLAGS.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), table.String()); diff != "" {
		t.Errorf("FLAGS.md is not up to date (-file +flags):\n%s", diff)
	}
}

// An old name maps to a flag that exists, and is no longer a flag itself.
func TestOldNames(t *testing.T) {
	e := &env{}
	e.commands = commands(e)
	for _, o := range oldNames {
		found := false
		for _, c := range e.commands {
			if o.commands != "*" && !slices.Contains(strings.Fields(o.commands), c.name) || c.flag(o.now) == nil {
				continue
			}
			found = true
			if c.flag(o.old) != nil {
				t.Errorf("%s: --%s is a flag and an old name", c.name, o.old)
			}
			if oldNameOf(c, o.old) == nil {
				t.Errorf("%s: oldNameOf does not find --%s", c.name, o.old)
			}
			if o.value != "" && !o.isOn && !strings.Contains(o.value, "%s") {
				t.Errorf("%s: --%s loses its value", c.name, o.old)
			}
		}
		if !found {
			t.Errorf("%s: --%s maps to --%s, which no command has", o.commands, o.old, o.now)
		}
	}
}

// A help text begins with the purpose and a valid example, stays below 100 columns,
// and lists flags in groups of at most eight.
func TestHelp(t *testing.T) {
	e := &env{}
	for _, c := range commands(e) {
		if c.hidden {
			continue
		}
		var out, errOut bytes.Buffer
		if status := Run(context.Background(), []string{"ttydeck", c.name, "--help"}, nil, &out, &errOut, nil); status != 0 || errOut.Len() > 0 {
			t.Fatalf("%s --help: status %d, stderr %q; want 0 and nothing", c.name, status, errOut.String())
		}
		lines := strings.Split(out.String(), "\n")
		if lines[0] != "ttydeck "+c.name+" - "+c.purpose || len(c.purpose) > 80 {
			t.Errorf("%s: help begins with %q; want the name and a purpose of at most 80 bytes", c.name, lines[0])
		}
		if at := slices.Index(lines, "Examples:"); at < 0 || at > 5 || !strings.Contains(lines[at+1], "ttydeck "+c.name) {
			t.Errorf("%s: no example at the top of the help:\n%s", c.name, out.String())
		}
		for _, line := range lines {
			if utf8.RuneCountInString(line) >= 100 {
				t.Errorf("%s: line of %d columns: %s", c.name, utf8.RuneCountInString(line), line)
			}
		}
		for _, g := range c.flags {
			if len(g.flags) > 8 {
				t.Errorf("%s: %d flags under %q; want at most 8", c.name, len(g.flags), g.title)
			}
		}
		for _, x := range c.examples {
			checkExample(t, e, c, x)
		}
	}
	var out bytes.Buffer
	if status := Run(context.Background(), []string{"ttydeck"}, nil, &out, &out, nil); status != 0 {
		t.Errorf("ttydeck without arguments: status %d; want 0", status)
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(line) > 100 {
			t.Errorf("line of %d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}

// checkExample checks that the command has every flag of an example.
func checkExample(t *testing.T, e *env, c *command, example string) {
	_, line, ok := strings.Cut(example, "ttydeck "+c.name)
	if !ok {
		return // an example without the command, such as one that installs a link
	}
	for word := range strings.FieldsSeq(line) {
		if strings.ContainsAny(word, "|>#)") || word == "--" {
			return // the rest belongs to another program
		}
		if name, ok := strings.CutPrefix(word, "-"); ok {
			if name = strings.TrimPrefix(name, "-"); c.flag(name) == nil {
				t.Errorf("%s: example uses unknown flag %s: %s", c.name, word, example)
			}
		}
	}
}
