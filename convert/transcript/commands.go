package transcript

import "strings"

// index numbers the commands of lines that are placed. It leaves out the kinds
// of lines that the options exclude.
func (ses *session) index(lines []*segment, opts Options) {
	for _, s := range lines {
		s.index, s.above = -1, -1
		if s.kind == REPL && !opts.REPL || s.kind == Cancelled && !opts.Cancelled || s.kind == Unseen && !opts.Unseen {
			if s.kind == REPL && s.parent >= 0 { // its lines are what the program printed
				p := &ses.placer.placed[s.parent].points
				p.End = later(p.End, s.points.End)
			}
			continue
		}
		s.index = ses.commands
		ses.commands++
		if s.parent >= 0 {
			s.above = ses.placer.placed[s.parent].index
		}
	}
}

func (s *segment) command(styled bool) Command {
	text := s.text
	if s.kind == Cancelled {
		text = strings.TrimSuffix(text, "^C")
	}
	c := Command{
		Index: s.index, Parent: s.above,
		Kind: s.kind, Prompt: strings.Join(s.prompt, "\n"), Text: text,
		PromptAt: s.promptAt, Start: s.start, End: s.end.value, Unfinished: !s.end.known(),
		Truncated: s.out.lost > 0, FullScreen: s.screens > 0,
		Exit: s.exit.value, HasExit: s.exit.known(),
		Dir: s.dir, Host: s.host, Depth: s.depth,
		Evidence: Evidence{Bounds: string(s.bounds), Text: FromScreen, Exit: string(s.exit.from), Shell: s.shell},
		Trusted:  s.marks != unsigned,
	}
	c.setOutput(s.out.text, s.stray, styled)
	if s.textBy != "" {
		c.Evidence.Text = string(s.textBy)
	}
	if s.reported.value != "" && !sameText(s.reported.value, text) {
		c.Expanded = s.reported.value
	}
	var guessed bool
	if c.Confidence, guessed = s.confidence(); guessed {
		c.Evidence.Text = FromPrompt
	}
	return c
}

// setOutput sets the output: text, with stray rows behind it.
func (c *Command) setOutput(text string, stray []string, styled bool) {
	c.Output = text
	if styled {
		c.Styled = text
		c.Output = plain(text)
	}
	c.Output = joinStray(c.Output, stray)
}

// confidence returns the likelihood that s is a command with that text. guessed
// reports that the text was split from the prompt by comparison.
func (s *segment) confidence() (likelihood float64, guessed bool) {
	switch {
	case s.kind == Unseen:
		return 0.3, false
	case s.doubtful:
		return 0.8, false
	case s.textBy == FromHook:
		return 1, false
	case s.marks == signed && s.outer == nil && s.bounds == FromPaste:
		return 0.9, false // the shell, which reports lines, did not report it
	case s.guessesBlank(), s.overdrawn:
		return 0.8, false
	case s.bounds == FromTyping && (s.pace == burst || s.odd):
		return 0.6, false
	case s.bounds == FromTyping:
		return 0.8, false
	case s.promptEnd == endCorrected:
		return 0.85, true
	case !s.promptEnd.seen():
		return 0.75, true
	case s.unread > 0:
		return 0.5, false
	case s.silent:
		return 0.9, false
	}
	return 1, false
}
