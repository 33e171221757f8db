package transcript

import (
	"slices"
	"strings"
)

// placeLines finds the shell or REPL in which each line was entered.
//
// Needs: whole commands with their final text and result.
// Holds after: every segment is a line that was entered, with its kind and its
// place. A parent comes before its children.
// Sets: the kind, the depth and the parent; the end of a shell or REPL, which
// runs as long as the lines in it; and stray and the end, of a line that printed
// what only looked like prompts. It drops the segments of those, lines without
// text, lists of completions, ends of shells, and the line that the recording
// ended in.
func placeLines(_ *session, segs []*segment) []*segment {
	p := placer{shells: []*shellLevel{{parent: -1}}, last: -1}
	for _, s := range segs {
		if s.bounds != "" && s.result != unentered {
			p.place(s)
		}
	}
	return p.placed
}

// placer is the state of placeLines.
type placer struct {
	shells []*shellLevel // each inside the one before
	placed []*segment
	last   int // the line that was run last; -1 if there is none
}

// shellLevel is a shell in which commands were entered.
type shellLevel struct {
	prompts []string // latest last
	parent  int      // the command that started it
	used    bool     // a command was entered
}

func (v *shellLevel) has(prompt string) bool {
	return slices.Contains(v.prompts, prompt) || known(v.prompts, prompt)
}

func (v *shellLevel) learn(prompt string) {
	if strings.TrimSpace(prompt) == "" {
		return
	}
	v.used = true
	if slices.Contains(v.prompts, prompt) {
		return
	}
	v.prompts = append(v.prompts, prompt)
	if len(v.prompts) > 32 {
		v.prompts = v.prompts[1:]
	}
}

// level is where a segment belongs: a level of shells, from 0, or one of the
// constants.
type level int

const (
	inREPL   level = -1 // a line of a REPL
	noPrompt level = -2 // not entered at a prompt
	deeper   level = -3 // a shell that the last command started
)

func (p *placer) place(s *segment) {
	s.kind = Shell
	switch at := p.levelOf(s); at {
	case inREPL:
		s.kind = REPL
	case noPrompt:
		if p.last >= 0 {
			last := p.placed[p.last]
			last.stray = append(last.stray, strings.TrimRight(lastLine(s.prompt)+s.text, " "), plain(s.out.text))
			last.end.value = s.end.value
		}
		return
	case deeper:
		p.shells = append(p.shells, &shellLevel{parent: p.last})
	default:
		p.shells = p.shells[:at+1]
	}
	shell := p.shells[len(p.shells)-1]
	if s.kind == Shell {
		shell.learn(lastLine(s.prompt))
	}
	if s.text == "" || s.result == listed || s.result == shellEnded {
		return
	}
	if s.result == cancelled {
		s.kind = Cancelled
	} else if s.kind == Shell && strings.HasPrefix(s.text, "#") {
		s.kind = Comment
	}
	s.depth, s.parent = len(p.shells)-1, shell.parent
	if s.kind == REPL {
		s.depth++
		s.parent = p.last
		if p.last >= 0 && p.placed[p.last].kind == REPL {
			s.parent = p.placed[p.last].parent
		}
	}
	// The shells and REPLs around a line run as long as it does.
	for i := s.parent; i >= 0; i = p.placed[i].parent {
		around := &p.placed[i].end
		around.value, around.from = max(around.value, s.end.value), s.end.from
	}
	p.placed = append(p.placed, s)
	if s.kind != Cancelled {
		p.last = len(p.placed) - 1
	}
}

// levelOf returns the level of a segment.
func (p *placer) levelOf(s *segment) level {
	prompt := lastLine(s.prompt)
	here := level(len(p.shells) - 1)
	shell := p.shells[here]
	if !shell.used {
		if s.bounds == FromTyping && !plausible(prompt) {
			return noPrompt
		}
		return here
	}
	if s.marks == signed {
		return 0
	}
	for i := here; i >= 0; i-- {
		if p.shells[i].has(prompt) {
			return i
		}
	}
	running := ""
	if p.last >= 0 && p.placed[p.last].kind != REPL {
		running = p.placed[p.last].text
	}
	switch repl := looksLikeREPL(prompt); {
	case isLauncher(running) && (!repl || shellNames(running)):
		return deeper
	case s.shell == zsh:
		return here
	case repl:
		return inREPL
	case looksLikeShell(prompt):
		if s.bounds != FromTyping || s.pace != burst && s.announced == asPrompt ||
			terminator(prompt) == terminator(shell.prompts[len(shell.prompts)-1]) {
			return here
		}
	}
	if s.bounds == FromTyping && !plausible(prompt) {
		return noPrompt
	}
	return inREPL
}

// shellNames reports whether a line starts a shell by its own name.
func shellNames(line string) bool {
	for _, w := range firstWords(line) {
		switch w {
		case "sh", "bash", "zsh", "fish", "dash", "ash", "ksh", "mksh":
			return true
		}
	}
	return false
}
