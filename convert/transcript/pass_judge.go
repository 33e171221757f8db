package transcript

import (
	"regexp"
	"strings"
)

// judgeLines decides what became of each line.
//
// Needs: whole commands with their final text.
// Holds after: result is final.
// Sets: the result of what was entered to listed, shellEnded or cancelled, in
// this order, if marks, the screen or the habits of the session show that; and
// silent.
func judgeLines(ses *session, segs []*segment) []*segment {
	people := typedByPeople(segs)
	for i, s := range segs {
		switch {
		case s.result == unentered:
		case i+1 < len(segs) && ses.habits.lists(s, segs[i+1]):
			s.result = listed
		case s.endsShell(), people && s.printsEnd() && (s.last || i+1 < len(segs) && s.start-s.promptAt >= promptGap):
			s.result = shellEnded
		case ses.habits.cancelled(s), s.givenUp(), i+1 < len(segs) && s.interrupts(segs[i+1]):
			s.result = cancelled
		default:
			s.silent = ses.habits.silent(s)
		}
	}
	return segs
}

// silent reports whether s may have been cancelled: it printed nothing, and
// zsh writes the same for both if it has none of the habits.
func (h *habits) silent(s *segment) bool {
	kind := kindOf(lastLine(s.prompt))
	return s.shell == zsh && s.bounds != FromMarks && s.printed == 0 && s.screens == 0 && !s.run.known() && !s.exit.known() &&
		s.end.from == fromNext && !h.keys[kind] && h.redraws[kind] <= 0
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
