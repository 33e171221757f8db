package transcript

import "strings"

// judgeLines decides what became of each line.
//
// Needs: whole commands with their final text.
// Holds after: result is final.
// Sets: the result of what was entered to listed, shellEnded or cancelled, in
// this order, if marks, the screen or the habits of the session show that.
func judgeLines(ses *session, segs []*segment) []*segment {
	for i, s := range segs {
		switch {
		case s.result == unentered:
		case i+1 < len(segs) && ses.habits.lists(s, segs[i+1]):
			s.result = listed
		case s.endsShell():
			s.result = shellEnded
		case ses.habits.cancelled(s):
			s.result = cancelled
		}
	}
	return segs
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

// endsShell reports whether the line is a shell that ended at ctrl-D, and printed
// so.
func (s *segment) endsShell() bool {
	return s.text == "^D" ||
		s.bounds != FromPaste && s.pace == burst && s.key == ctrlD && (s.text == "exit" || s.text == "logout")
}
