package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

func manCommand(e *env) *command {
	return &command{
		name:    "man",
		purpose: "print the manual page",
		examples: []string{
			"ttydeck man | man -l -",
			"ttydeck man > ~/.local/share/man/man1/ttydeck.1",
		},
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			_, err := e.out.Write(md2man.Render([]byte(e.manual())))
			return err
		},
	}
}

// manual returns the manual page, made of the commands' help texts, in md2man's
// Markdown.
func (e *env) manual() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%% ttydeck 1 \"\" \"ttydeck %s\"\n\n# NAME\n\nttydeck - a tape deck for terminals: record, play, convert and search sessions\n\n# SYNOPSIS\n\n", version())
	var visible []*command
	for _, c := range e.commands {
		if !c.hidden {
			visible = append(visible, c)
		}
	}
	for _, c := range visible {
		fmt.Fprintf(&b, "**ttydeck %s** [FLAGS] %s\n\n", c.name, markdown(c.args))
	}
	b.WriteString("# COMMANDS\n\n")
	for _, c := range visible {
		fmt.Fprintf(&b, "## ttydeck %s\n\n%s.\n\n", strings.Join(append([]string{c.name}, c.aliases...), ", "), markdown(c.purpose))
		fmt.Fprintf(&b, "```\n%s\n```\n\n", strings.Join(c.examples, "\n"))
		for _, p := range paragraphs(c.about) {
			if isTable(p) {
				fmt.Fprintf(&b, "```\n%s\n```\n\n", p)
				continue
			}
			fmt.Fprintf(&b, "%s\n\n", markdown(p))
		}
		for _, f := range c.allFlags() {
			fmt.Fprintf(&b, "**%s**\n: %s\n\n", markdown(strings.TrimSpace(f.synopsis())), markdown(f.explanation()))
		}
	}
	b.WriteString(`# CONFIGURATION

Every flag can be set in ~/.config/ttydeck/config.toml, in the table of its command. $XDG_CONFIG_HOME replaces
~/.config, and $TTYDECK_CONFIG names another file:

` + "```" + `
[rec]
idle-time-limit = 2
[play]
speed = 1.5
` + "```" + `

The environment overrides the file: TTYDECK\_PLAY\_SPEED=1.5. The command line overrides both. login-rec reads its
flags only from the command line.

# EXIT STATUS

` + "```\n" + strings.TrimPrefix(exitCodes, "Exit status:\n") + "\n```\n")
	return b.String()
}

// markdown escapes text for Markdown.
func markdown(text string) string {
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "_", "\\_", "`", "\\`", "<", "\\<", "[", "\\[", "#", "\\#").Replace(text)
}
