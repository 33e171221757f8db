package transcript

import "strings"

// joinLines joins the lines of each command into one segment.
//
// Needs: prompts and texts as they should be, because they show whether a line
// continues another.
// Holds after: a segment is a whole command, or a line of a program.
// Sets: of the first segment, the text, and all that is known of how the last
// line ended and what came after it. If that line was cancelled, so is the
// command; then the rest is only the output and its end.
func joinLines(ses *session, segs []*segment) []*segment {
	var out []*segment
	begun := map[string]bool{} // prompts at which commands began
	for _, p := range neverBare(segs) {
		begun["\n"+p] = true
	}
	for _, s := range segs {
		if len(out) == 0 || !ses.continues(out[len(out)-1], s, begun) {
			if len(begun) < maxPrompts {
				begun[strings.Join(s.prompt, "\n")] = true
			}
			out = append(out, s)
			continue
		}
		p := out[len(out)-1]
		givenUp := ses.habits.cancelled(s)
		if s.marks == signed && ses.habits.marksRun {
			givenUp = false // judged when all lines are joined
		} else if s.bounds == FromMarks {
			givenUp = strings.HasSuffix(s.text, "^C") // the shell runs the last line only
		}
		if p.lines == nil {
			p.lines = []string{p.text}
		}
		p.lines = append(p.lines, s.text)
		p.text += "\n" + s.text
		p.out, p.end, p.points.End = s.out, s.end, s.points.End
		if givenUp {
			p.result = cancelled
			continue
		}
		p.start, p.points.Start, p.left = s.start, s.points.Start, s.left
		p.printed, p.screens = s.printed, s.screens
		if p.is(s.outer) {
			continue // marks said of p what is known of all
		}
		p.run, p.exit = s.run, s.exit
		p.marks = max(p.marks, s.marks)
		if s.reported.known() {
			p.reported = s.reported
		}
	}
	return out
}

// goesOn reports whether the text that was reported goes on with a line.
func (s *segment) goesOn(line string) bool {
	return s.reported.known() && line != "" && strings.HasPrefix(letters(s.reported.value), letters(s.text+line))
}

// neverBare returns the prompts that typing showed and that nearly always come
// below other lines if the line before is complete: those belong to the prompt.
func neverBare(segs []*segment) []string {
	count, bare := map[string]int{}, map[string]int{}
	for i := 1; i < len(segs); i++ {
		before, p := segs[i-1], lastLine(segs[i].prompt)
		if segs[i].bounds != FromTyping || before.bounds == "" || len(before.text) > 200 || incomplete(before.text) {
			continue
		}
		count[p]++
		if before.printed == 0 { // or the screen was cleared
			bare[p]++
		}
	}
	var list []string
	for p, n := range count {
		if n > 2 && bare[p]*8 <= n && len(list) < maxPrompts {
			list = append(list, p)
		}
	}
	return list
}

// continues reports whether s is a continuation line of the command p; begun has
// the prompts at which commands began, and behind a line feed those that are
// neverBare.
func (ses *session) continues(p, s *segment, begun map[string]bool) bool {
	switch {
	case p.bounds == "" || s.bounds == "" || s.result == unentered:
		return false
	case s.announced == asContinuation:
		return !p.run.known()
	case p.is(s.outer) && !p.run.known():
		// The shell marks neither its further prompts nor that it runs a line.
		return p.printed == 0 && (incomplete(p.text) && looksLikeContinuation(lastLine(s.prompt)) || p.goesOn(s.text))
	case p.text == "" || p.printed > 0 || p.run.known() || p.exit.known():
		return false
	case s.marks == signed && s.bounds == FromMarks:
		return false // it would be announced
	case ses.habits.cancelled(p):
		return false
	}
	prompt := lastLine(s.prompt)
	further := len(s.prompt) == 1 && !begun[prompt] && (p.shell == zsh || !looksLikeREPL(lastLine(p.prompt))) && incomplete(p.text) // whatever the prompt is
	switch {
	case further && s.bounds == FromPaste && s.promptEnd.seen() && len(p.prompt) > 1:
		return true // the upper lines are not there
	case s.bounds == FromTyping && prompt == lastLine(p.prompt) && begun["\n"+prompt] && incomplete(p.text):
		return true // its upper lines are not there
	case further && s.shell == zsh && (zshOpen.MatchString(prompt) || prompt != lastLine(p.prompt) && !looksLikeShell(prompt) && !looksLikeREPL(prompt)):
		return true
	case prompt == lastLine(p.prompt) && p.announced != asContinuation && !looksLikeContinuation(prompt):
		return false
	case len(s.prompt) > 1:
		return false
	case s.shell == zsh:
		return zshContinuation.MatchString(prompt) || strings.TrimSpace(prompt) == ">" && incomplete(p.text)
	}
	return (looksLikeContinuation(prompt) || !begun[prompt] && s.asksOn(p)) && incomplete(p.text)
}

// asksOn reports whether the prompt of s may be one for a further line of p:
// whatever else a shell shows while a line is incomplete.
func (s *segment) asksOn(p *segment) bool {
	prompt := lastLine(s.prompt)
	return s.promptEnd != endUnseen && prompt != "" && !alike(prompt, lastLine(p.prompt)) && (!looksLikeShell(prompt) || columns(prompt) <= 4)
}
