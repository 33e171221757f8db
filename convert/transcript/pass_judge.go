package transcript

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// judgeLines decides what became of each line.
//
// Needs: whole commands with their final text.
// Holds after: result is final.
// Sets: the result of what was entered to listed, shellEnded or cancelled, in
// this order, if marks, the screen or the habits of the session show that; and
// silent. A silent line is cancelled if a command that was run would have printed
// something.
func judgeLines(ses *session, segs []*segment) []*segment {
	for i, s := range segs {
		switch {
		case s.result == unentered:
		case i+1 < len(segs) && ses.habits.lists(s, segs[i+1]):
			s.result = listed
		case s.endsShell(), ses.habits.people && s.printsEnd() && (s.last || i+1 < len(segs) && s.start-s.promptAt >= promptGap):
			s.result = shellEnded
		case ses.habits.cancelled(s), s.givenUp(), i+1 < len(segs) && s.interrupts(segs[i+1]):
			s.result = cancelled
		case ses.habits.silent(s):
			s.silent = true
			if i+1 < len(segs) && kindOf(lastLine(segs[i+1].prompt)) == kindOf(lastLine(s.prompt)) && prints(s.text) {
				s.result = cancelled
			}
		}
	}
	return segs
}

// silent reports whether s may have been cancelled: it printed nothing, and the
// shell writes the same for both. zsh does if it has none of the habits; without
// an editor that switches, it depends on the terminal.
func (h *habits) silent(s *segment) bool {
	if s.printed > 0 || s.screens > 0 || s.run.known() || s.exit.known() || s.end.from != fromNext {
		return false
	}
	switch kind := s.promptKind(); {
	case s.bounds == FromTyping:
		return s.pace == typed
	case s.shell == zsh && s.bounds != FromMarks:
		return !h.keys[kind] && h.redraws[kind] <= 0
	}
	return false
}

// printers are commands that print something whatever their arguments are.
var printers = map[string]bool{
	"echo": true, "pwd": true, "date": true, "whoami": true, "id": true, "uname": true, "hostname": true, "uptime": true, "df": true, "ps": true, "cal": true,
}

// prints reports whether a command line ends with a command that prints something
// on the terminal, as far as its text shows.
func prints(text string) bool {
	if len(text) > 1<<10 {
		return false
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text+"\n"), "")
	if err != nil || len(file.Stmts) == 0 {
		return false
	}
	last := file.Stmts[len(file.Stmts)-1]
	call, ok := last.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 || len(last.Redirs) > 0 || last.Background {
		return false
	}
	name := call.Args[0].Lit()
	return printers[name] && !slices.ContainsFunc(call.Args[1:], func(w *syntax.Word) bool { return strings.HasPrefix(w.Lit(), "-") })
}

// lists reports whether s is no command, but a shell without bracketed paste
// showing completions: it then redraws its prompt with the input so far.
func (h *habits) lists(s, next *segment) bool {
	switch s.bounds {
	case FromMarks:
		return h.marksRun && !s.run.known() && !s.exit.known() && s.announced != asContinuation
	case FromTyping:
		return next.bounds == FromTyping && next.given != "" && lastLine(next.prompt) == lastLine(s.prompt) &&
			strings.HasPrefix(next.given, s.text)
	}
	return false
}

// givenUp reports whether a shell asked for further lines, and began anew before
// they were complete.
func (s *segment) givenUp() bool {
	return len(s.lines) > 0 && !s.run.known() && !s.reported.known() && s.unread == 0 && incomplete(s.text)
}

// interrupted is the status of a line that was cancelled with ctrl-C.
var interrupted = regexp.MustCompile(`(^|\D)130($|\D)`)

// interrupts reports whether next, the next prompt, shows that status, which has
// no other cause: if a command is interrupted, the terminal shows ^C.
func (s *segment) interrupts(next *segment) bool {
	shows := func(s *segment) bool {
		return interrupted.MatchString(strings.Join(s.prompt, " ") + " " + s.right.text)
	}
	return s.shell == zsh && s.printed == 0 && !s.run.known() && !s.exit.known() && shows(next) && !shows(s)
}

// endsShell reports whether the line is a shell that ended at ctrl-D, and printed
// so.
func (s *segment) endsShell() bool {
	return s.text == "^D" ||
		s.key == ctrlD && s.printsEnd()
}

// printsEnd reports whether the line may be what a shell printed at its end,
// which comes at once, and not from a line editor. Nobody types that fast; what was
// typed ahead comes together with the prompt.
func (s *segment) printsEnd() bool {
	return s.bounds != FromPaste && s.pace == burst && !s.left.has(leftLineFeed) && s.out.text == "" && (s.text == "exit" || s.text == "logout")
}

// typedByPeople reports whether most of the lines with a known pace were typed
// by a person, key by key.
func typedByPeople(segs []*segment) bool {
	n := 0
	for _, s := range segs {
		switch {
		case s.pace == typed:
			n++
		case s.pace == burst && !s.printsEnd():
			n--
		}
	}
	return n > 0
}
