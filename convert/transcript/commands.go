package transcript

import "strings"

// commands makes commands of lines that are placed. It drops the kinds of lines
// that the options exclude, and numbers the rest.
func commands(lines []*segment, opts Options) []Command {
	var cmds []Command
	index := make([]int, len(lines)) // of each line, among cmds
	for i, s := range lines {
		if s.kind == REPL && !opts.REPL || s.kind == Cancelled && !opts.Cancelled {
			index[i] = -1
			continue
		}
		index[i] = len(cmds)
		c := s.command(opts.Styled)
		c.Index = len(cmds)
		c.Parent = -1
		if s.parent >= 0 {
			c.Parent = index[s.parent]
		}
		cmds = append(cmds, c)
	}
	return cmds
}

func (s *segment) command(styled bool) Command {
	text := s.text
	if s.kind == Cancelled {
		text = strings.TrimSuffix(text, "^C")
	}
	c := Command{
		Kind: s.kind, Prompt: strings.Join(s.prompt, "\n"), Text: text,
		PromptAt: s.promptAt, Start: s.start, End: s.end.value, Unfinished: !s.end.known(),
		Output: s.out.text, Truncated: s.out.lost > 0, FullScreen: s.screens > 0,
		Exit: s.exit.value, HasExit: s.exit.known(),
		Dir: s.dir, Host: s.host, Depth: s.depth,
		Evidence: Evidence{Bounds: string(s.bounds), Text: FromScreen, Exit: string(s.exit.from), Shell: s.shell},
		Trusted:  s.marks != unsigned,
	}
	if styled {
		c.Styled = s.out.text
		c.Output = plain(c.Styled)
	}
	for _, more := range s.stray {
		if c.Output != "" && more != "" {
			c.Output += "\n"
		}
		c.Output += more
	}
	if s.textBy == FromHook {
		c.Evidence.Text = FromHook
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

// confidence returns the likelihood that s is a command with that text. guessed
// reports that the text was split from the prompt by comparison.
func (s *segment) confidence() (likelihood float64, guessed bool) {
	switch {
	case s.doubtful:
		return 0.8, false
	case s.textBy == FromHook:
		return 1, false
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
