package transcript

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

// secretive matches commands that show a secret, roughly: better one comment
// too many.
var secretive = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credential)s?["']?\s*[=: ]\s*["']?[^\s"'$]|` +
	`authorization:|bearer\s+\S|://[^/\s:@]+:[^/\s:@]+@|\b(AKIA|ghp_|gho_|glpat-|xox[abp]-|sk-|eyJ)[A-Za-z0-9_-]{8,}|-----BEGIN`)

func writeScript(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	shell := "sh"
	trusted := true
	for _, rec := range recs {
		for i := range rec.Commands {
			trusted = trusted && rec.Commands[i].Trusted
			if rec.Commands[i].Evidence.Shell != "" {
				shell = rec.Commands[i].Evidence.Shell
			}
		}
	}
	fmt.Fprintf(w, "#!/usr/bin/env %s\n", shell)
	w.WriteString("# Commands read from a recorded terminal session. Read them before you run them:\n" +
		"# they were typed for another moment and another machine. What failed, was given up,\n" +
		"# filled the screen, ran inside another shell or shows a secret is a comment.\n")
	if !trusted {
		w.WriteString("# WARNING: some were found by marks that any program in the session could have printed.\n")
	}
	for _, rec := range recs {
		fmt.Fprintf(w, "\n# %s\n", oneLine(rec.Name))
		opts.each(rec.Commands, func(c, _ *Command) {
			w.WriteByte('\n')
			why := notRun(c)
			if why != "" {
				fmt.Fprintf(w, "# %s:\n", why)
			} else if c.HasExit {
				fmt.Fprintf(w, "# exit %d\n", c.Exit)
			}
			text := printable(c.Text)
			if why == "" || c.Kind == Comment {
				w.WriteString(text + "\n")
				return
			}
			for line := range strings.SplitSeq(text, "\n") {
				w.WriteString("# " + line + "\n")
			}
		})
	}
	return nil
}

// notRun says why a command is not to be run again; "" if it may be.
func notRun(c *Command) string {
	switch {
	case c.Kind == Comment:
		return ""
	case c.Kind == Cancelled:
		return "given up"
	case c.Kind == REPL:
		return "entered in a program"
	case c.Failed():
		return fmt.Sprintf("failed with exit status %d", c.Exit)
	case c.FullScreen:
		return "filled the screen"
	case c.Depth > 0:
		return "ran inside another shell"
	case secretive.MatchString(c.Text):
		return "may show a secret"
	case c.Unfinished:
		return "had not ended when the recording did"
	case !c.Trusted:
		return "found by marks that may be forged"
	case c.Confidence < 0.7:
		return "not sure to have been a command"
	}
	return ""
}
