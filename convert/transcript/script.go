package transcript

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

// secretive matches commands that may show a secret. It matches rather too much
// than too little: a match only becomes a comment.
var secretive = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credential)s?["']?\s*[=: ]\s*["']?[^\s"'$]|` +
	`authorization:|bearer\s+\S|://[^/\s:@]+:[^/\s:@]+@|\b(AKIA|ghp_|gho_|glpat-|xox[abp]-|sk-|eyJ)[A-Za-z0-9_-]{8,}|-----BEGIN`)

func writeScript(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	shell := "sh"
	trusted := true
	for _, rec := range recs {
		for c := range rec.Commands {
			trusted = trusted && c.Trusted
			if c.Evidence.Shell != "" {
				shell = c.Evidence.Shell
			}
		}
	}
	fmt.Fprintf(w, "#!/usr/bin/env %s\n", shell)
	w.WriteString("# Commands from a recorded terminal session. Read them before you run them:\n" +
		"# they were typed at another time, and perhaps on another machine. Commands that failed,\n" +
		"# were cancelled, filled the screen, ran inside another shell or may show a secret\n" +
		"# are commented out.\n")
	if !trusted {
		w.WriteString("# WARNING: some commands rely on marks that any program in the session could have printed.\n")
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

// notRun returns the reason why a command is commented out; "" if it is not.
func notRun(c *Command) string {
	switch {
	case c.Kind == Comment:
		return ""
	case c.Kind == Cancelled:
		return "cancelled"
	case c.Kind == Unseen:
		return "in the recorded input, but at no prompt that was seen"
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
		return "still running when the recording ended"
	case !c.Trusted:
		return "relies on marks that may be forged"
	case c.Confidence < 0.7:
		return "may not have been a command"
	}
	return ""
}
