package main

import (
	"fmt"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/urfave/cli/v2"
)

func manCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "man",
		Usage:     "print the manual page",
		ArgsUsage: " ",
		Description: `To read it: ttydeck man | man -l -
To install it: ttydeck man > ~/.local/share/man/man1/ttydeck.1`,
		Action: func(c *cli.Context) error {
			_, err := e.out.Write(md2man.Render([]byte(manual(c.App))))
			return err
		},
	}
}

// manual is the manual page in md2man's Markdown, made of the commands' help.
func manual(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%% ttydeck 1 \"\" \"ttydeck %s\"\n\n# NAME\n\nttydeck - %s\n\n# SYNOPSIS\n\n", app.Version, app.Usage)
	for _, c := range app.VisibleCommands() {
		if c.Name != "help" {
			fmt.Fprintf(&b, "**ttydeck %s** [flags] %s\n\n", c.Name, markdown(strings.TrimSpace(c.ArgsUsage)))
		}
	}
	b.WriteString("# COMMANDS\n\n")
	for _, c := range app.VisibleCommands() {
		if c.Name == "help" {
			continue
		}
		names := strings.Join(c.Names(), ", ")
		fmt.Fprintf(&b, "## ttydeck %s\n\n%s.\n\n", names, markdown(c.Usage))
		text := strings.TrimSpace(strings.TrimSuffix(c.Description, exitCodes))
		for paragraph := range strings.SplitSeq(text, "\n\n") {
			if strings.Contains(paragraph, "\n   ") || strings.Contains(paragraph, "  ") {
				// A table, whose columns must stay.
				fmt.Fprintf(&b, "```\n%s\n```\n\n", paragraph)
				continue
			}
			fmt.Fprintf(&b, "%s\n\n", markdown(paragraph))
		}
		for _, f := range c.VisibleFlags() {
			flag, usage, _ := strings.Cut(f.String(), "\t")
			usage, _, _ = strings.Cut(usage, " [$")
			fmt.Fprintf(&b, "**%s**\n: %s\n\n", markdown(strings.TrimSpace(flag)), markdown(strings.TrimSpace(usage)))
		}
	}
	b.WriteString(`# CONFIGURATION

Every flag can be set in ~/.config/ttydeck/config.toml ($XDG_CONFIG_HOME is minded, $TTYDECK_CONFIG names another file), in
the table of its command:

` + "```" + `
[rec]
idle-time-limit = 2
[play]
speed = 1.5
` + "```" + `

and in the environment, which comes before the file: TTYDECK\\_PLAY\\_SPEED=1.5. The command line comes before both.

# EXIT STATUS

` + "```\n" + strings.TrimPrefix(exitCodes, "EXIT STATUS\n") + "\n```\n")
	return b.String()
}

// markdown makes text stand for itself in Markdown.
func markdown(text string) string {
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "_", "\\_", "`", "\\`", "<", "\\<", "[", "\\[", "#", "\\#").Replace(text)
}
