package transcript

import (
	"bufio"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/ttydeck/ttydeck/format"
)

// secretive matches commands that may show a secret. It matches rather too much
// than too little: a match only becomes a comment.
var secretive = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credential)s?["']?\s*[=: ]\s*["']?[^\s"'$]|` +
	`authorization:|bearer\s+\S|://[^/\s:@]+:[^/\s:@]+@|\b(AKIA|ghp_|gho_|glpat-|xox[abp]-|sk-|eyJ)[A-Za-z0-9_-]{8,}|-----BEGIN`)

// ending matches commands that end the shell, and would end the script before the
// commands of the next session.
var ending = regexp.MustCompile(`^\s*(exit|logout|bye)(\s+\d+)?\s*;?\s*$`)

func writeScript(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	trusted := true
	for _, rec := range recs {
		for c := range rec.Commands {
			trusted = trusted && c.Trusted
		}
	}
	fmt.Fprintf(w, "#!/usr/bin/env %s\n", shellOf(recs))
	w.WriteString("# Commands from a recorded terminal session. Read them before you run them:\n" +
		"# they were typed at another time, and perhaps on another machine. Commands that failed,\n" +
		"# were cancelled, filled the screen, ran inside another shell, ended the shell or may\n" +
		"# show a secret are commented out.\n")
	if !trusted {
		w.WriteString("# WARNING: some commands rely on marks that any program in the session could have printed.\n")
	}
	for _, rec := range recs {
		fmt.Fprintf(w, "\n# %s\n", oneLine(rec.Name))
		host := ""
		opts.each(rec.Commands, func(c, _ *Command) {
			w.WriteByte('\n')
			why := notRun(c)
			if c.Depth == 0 && host == "" {
				host = c.Host
			}
			if why == "" && c.Host != "" && c.Host != host {
				why = "ran on another host"
			}
			if why != "" {
				fmt.Fprintf(w, "# %s:\n", why)
			} else if c.HasExit {
				fmt.Fprintf(w, "# exit %d\n", c.Exit)
			}
			text := printable(c.Text)
			if why == "" && c.Kind != Comment {
				w.WriteString(text + "\n")
				return
			}
			for line := range strings.SplitSeq(text, "\n") {
				if c.Kind != Comment || !strings.HasPrefix(line, "#") { // a comment is one line
					line = "# " + line
				}
				w.WriteString(line + "\n")
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
	case ending.MatchString(c.Text):
		return "ended the shell"
	case strings.ContainsFunc(c.Text, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }):
		return "is not in the order in which it is shown"
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

// interpreters are the names of shells, and of the programs that run their scripts.
var interpreters = map[string]string{
	"bash": "bash", "rbash": "bash", "zsh": "zsh", "fish": "fish", "nu": "nu", "nushell": "nu",
	"ksh": "ksh", "ksh93": "ksh", "mksh": "mksh", "lksh": "mksh", "pdksh": "ksh", "oksh": "ksh", "yash": "yash",
	"tcsh": "tcsh", "csh": "csh", "xonsh": "xonsh", "elvish": "elvish",
	"sh": "sh", "dash": "sh", "ash": "sh", "busybox": "sh", "posh": "sh",
}

// shellOf returns the interpreter for a script of the commands that can be run: the
// one of most of them.
func shellOf(recs []Recording) string {
	votes := map[string]int{}
	for _, rec := range recs {
		recorded := recordedShell(rec.Header)
		for c := range rec.Commands {
			if c.Depth > 0 || c.Kind != Shell {
				continue
			}
			switch shell := interpreters[c.Evidence.Shell]; {
			case shell != "":
				votes[shell]++
			case recorded != "":
				votes[recorded]++
			default:
				votes[shellBySyntax(c.Text)]++
			}
		}
	}
	if votes["bash"] > 0 { // which lines that every shell understands do not outvote
		votes["bash"] += votes["sh"]
	}
	best := "sh"
	for _, shell := range slices.Sorted(maps.Keys(votes)) {
		if votes[shell] > votes[best] {
			best = shell
		}
	}
	return best
}

// recordedShell returns the interpreter of the shell that was recorded; "" if that
// is unknown.
func recordedShell(h format.Header) string {
	line := h.Command
	if line == "" {
		line = h.Env["SHELL"]
	}
	for _, word := range firstWords(line) { // sudo bash
		if shell := interpreters[strings.TrimPrefix(word, "-")]; shell != "" {
			return shell
		}
	}
	return ""
}

// bashisms match what bash understands and sh does not; fishisms what only fish
// understands.
var (
	bashisms = regexp.MustCompile(`\[\[ |\b\w+\+?=\(|[<>]\(|\$'|<<<|&>|\{\w+\.\.\w+\}|\$\{\w+(\[|\^|,|:\d|/)|^(source|declare|shopt|function|mapfile|readarray|pushd|popd|let|select) `)
	fishisms = regexp.MustCompile(`^set -[lgxUe]+ |^(if|for|while|switch|function|begin)\b[^\x00]*(\n|; *)end\s*$|^(abbr|funcsave|fish_\w+|string) `)
)

// shellBySyntax returns the interpreter that a command seems to be written for.
func shellBySyntax(text string) string {
	switch {
	case fishisms.MatchString(text):
		return "fish"
	case bashisms.MatchString(text):
		return "bash"
	}
	return "sh"
}
