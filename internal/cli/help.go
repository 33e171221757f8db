package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// helpWidth is the width of help texts, in columns.
const helpWidth = 96

// appHelp returns the help of the program.
func (e *env) appHelp() string {
	var b strings.Builder
	b.WriteString(`ttydeck - a tape deck for terminals: record, play, convert and search sessions

Usage: ttydeck COMMAND [FLAGS] [ARGUMENT...]

Examples:
   ttydeck rec demo.cast
   ttydeck play demo.cast
   ttydeck convert demo.cast demo.txt
   ttydeck transcript demo.cast

Commands:
`)
	for _, c := range e.commands {
		if !c.hidden {
			fmt.Fprintf(&b, "   %-12s %s\n", c.name, c.purpose)
		}
	}
	b.WriteString("\nttydeck COMMAND --help explains a command; ttydeck man prints the manual.\n\n" + exitCodes + "\n")
	return b.String()
}

// help returns the help of a command.
func (e *env) help(c *command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ttydeck %s - %s\n\n%s\n", c.name, c.purpose, wrapped(c.usage(), "       "))
	if len(c.examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, x := range c.examples {
			fmt.Fprintf(&b, "   %s\n", x)
		}
	}
	for _, p := range paragraphs(c.about) {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	for _, g := range c.flags {
		fmt.Fprintf(&b, "\n%s:\n", g.title)
		for _, f := range g.flags {
			b.WriteString(f.help())
		}
	}
	fmt.Fprintf(&b, "\n%s\n", exitCodes)
	return b.String()
}

// paragraphs returns the paragraphs of a text, wrapped; tables are not changed.
func paragraphs(text string) []string {
	var list []string
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		switch {
		case p == "":
		case isTable(p):
			list = append(list, p)
		default:
			list = append(list, wrapped(strings.Join(strings.Fields(p), " "), ""))
		}
	}
	return list
}

// isTable reports whether a paragraph is a table, whose lines are not to be
// wrapped.
func isTable(p string) bool { return strings.HasPrefix(p, "   ") || strings.Contains(p, "\n   ") }

// wrapped breaks text at blanks, and indents all lines but the first by indent.
func wrapped(text, indent string) string {
	var b strings.Builder
	col := 0
	for i, w := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(w)
		switch {
		case i == 0:
		case col+1+n > helpWidth:
			b.WriteString("\n" + indent)
			col = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(w)
		col += n
	}
	return b.String()
}

var placeholder = regexp.MustCompile("`[^`]*`")

// synopsis returns the flag's names and the placeholder of its value.
func (f *flag) synopsis() string {
	s := "    --" + f.name
	if f.short != "" {
		s = "-" + f.short + ", --" + f.name
	}
	if f.on == nil {
		s += " " + strings.Trim(placeholder.FindString(f.usage), "`")
	}
	return s
}

// explanation returns the flag's usage text, its possible values and its default.
func (f *flag) explanation() string {
	s := strings.ReplaceAll(f.usage, "`", "")
	if f.names != nil {
		s += ": " + strings.Join(f.names, ", ")
	}
	if f.shown != "" {
		s += " (default " + f.shown + ")"
	}
	return s
}

// help returns the flag's lines in a help text.
func (f *flag) help() string {
	const width = 30 // of the left column
	left := "  " + f.synopsis()
	pad := strings.Repeat(" ", width)
	if n := utf8.RuneCountInString(left); n+2 > width {
		left += "\n" + pad
	} else {
		left += pad[n:]
	}
	text := wrapped(strings.Repeat("x", width-1)+" "+f.explanation(), pad)
	return left + strings.TrimPrefix(text, strings.Repeat("x", width-1)+" ") + "\n"
}

// literal returns a template for the CLI library that prints text unchanged.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }
