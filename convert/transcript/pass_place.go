package transcript

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
func placeLines(ses *session, segs []*segment) []*segment {
	p := &ses.placer
	if p.shells == nil {
		p.shells, p.last, p.index = []*shellLevel{{parent: -1}}, -1, map[*segment]int{}
	}
	before := len(p.placed)
	for _, s := range segs {
		if s.bounds != "" && s.result != unentered {
			p.place(ses, s)
		}
	}
	return p.placed[before:]
}

// forget gives up the lines that cannot change any more, and returns the others:
// the last one, those that run the shells, and open ones.
func (p *placer) forget(open []*segment) []*segment {
	before := p.late
	p.late = nil
	seen := map[int]bool{}
	keep := func(i int) {
		for ; i >= 0 && !seen[i]; i = p.placed[i].parent {
			seen[i] = true
			p.late = append(p.late, i)
		}
	}
	keep(p.last)
	for _, s := range open {
		if i, ok := p.index[s]; ok {
			keep(i)
		}
	}
	for _, shell := range p.shells {
		keep(shell.parent)
	}
	for ; p.forgotten < len(p.placed); p.forgotten++ {
		before = append(before, p.forgotten)
	}
	for _, i := range before {
		if !seen[i] {
			delete(p.index, p.placed[i])
			p.placed[i] = nil
		}
	}
	var late []*segment
	for _, i := range p.late {
		late = append(late, p.placed[i])
	}
	return late
}

// placer is the state of placeLines.
type placer struct {
	shells []*shellLevel    // each inside the one before
	placed []*segment       // nil where forgotten
	last   int              // the line that was run last; -1 if there is none
	index  map[*segment]int // the index in placed
	// reports is the number of reports of directories that were used.
	reports int

	forgotten int   // lines before this one are, except
	late      []int // these
}

// shellLevel is a shell in which commands were entered.
type shellLevel struct {
	prompts []string // latest last
	parent  int      // the command that started it
	uppers  []string // the shapes of the lines above them
	used    bool     // a command was entered
	at      location // as far as it was reported
}

func (v *shellLevel) has(prompt string) bool {
	if slices.Contains(v.prompts, prompt) {
		return true
	}
	if who := account(prompt); who != "" {
		for _, p := range v.prompts {
			if other := account(p); other != "" && other != who {
				return false // another user's, or on another host
			}
		}
	}
	return known(v.prompts, prompt)
}

// signs reports whether the prompt of s is another sign than usual, which shows
// how the last command ended, or the state of a repository: below an upper line of
// the shell's prompts, or as wide as its usual sign.
func (v *shellLevel) signs(s *segment) bool {
	sign := lastLine(s.prompt)
	if n := len(s.prompt); n > 1 && !looksLikeREPL(sign) {
		upper := strings.TrimSpace(s.prompt[n-2])
		if columns(sign) <= 4 && upper != "" || strings.Contains(upper, " ") {
			return slices.Contains(v.uppers, shape(s.prompt[n-2]))
		}
	}
	return s.bounds == FromPaste && isSign(sign) && slices.ContainsFunc(v.prompts, func(p string) bool {
		return isSign(p) && columns(p) == columns(sign)
	})
}

// isSign reports whether a prompt is a single symbol, one that no program uses.
func isSign(prompt string) bool {
	r, n := utf8.DecodeRuneInString(prompt)
	return r > 0x7f && !unicode.IsLetter(r) && strings.TrimSpace(prompt[n:]) == ""
}

// learnUpper takes the upper line of a prompt.
func (v *shellLevel) learnUpper(prompt []string) {
	if n := len(prompt); n > 1 && len(v.uppers) < maxPrompts {
		if upper := shape(prompt[n-2]); strings.TrimSpace(upper) != "" && !slices.Contains(v.uppers, upper) {
			v.uppers = append(v.uppers, upper)
		}
	}
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

func (p *placer) place(ses *session, s *segment) {
	s.kind = Shell
	defer p.leave(s, p.parents())
	switch at := p.levelOf(s, ses.habits.people); at {
	case inREPL:
		s.kind = REPL
	case noPrompt:
		if p.last >= 0 {
			last := p.placed[p.last]
			ses.addStray(last, strings.TrimRight(lastLine(s.prompt)+s.text, " "), s.out)
			last.end.value, last.points.End = s.end.value, s.points.End
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
		shell.learnUpper(s.prompt)
	}
	if s.reports > p.reports || s.marks == signed && s.outer == nil {
		p.reports = max(p.reports, s.reports)
		shell.at = location{s.dir, s.host}
	}
	switch s.dir, s.host = shell.at.dir, shell.at.host; {
	case s.kind == REPL:
		s.dir, s.host = "", "" // it may be elsewhere
	case s.again:
		s.dir = "" // the line before may have changed it
	}
	if s.text == "" || s.result == listed || s.result == shellEnded {
		return
	}
	if s.result == cancelled {
		s.kind = Cancelled
	} else if s.kind == Shell && strings.HasPrefix(s.text, "#") && !(s.marks == signed && s.run.known()) {
		s.kind = Comment     // not marked as run
		s.exit = fact[int]{} // of the command before
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
	p.index[s] = len(p.placed)
	p.placed = append(p.placed, s)
	if s.kind != Cancelled {
		p.last = len(p.placed) - 1
	}
}

// parents returns the commands that started the shells.
func (p *placer) parents() []int {
	var list []int
	for _, shell := range p.shells[1:] {
		list = append(list, shell.parent)
	}
	return list
}

// leave notes that shells have ended before the prompt of s: of those that the
// commands before had started. Others have begun.
func (p *placer) leave(s *segment, before []int) {
	now := p.parents()
	n := 0
	for n < len(now) && n < len(before) && now[n] == before[n] {
		n++
	}
	for _, i := range before[n:] {
		p.placed[i].points.Over = s.points.Prompt
	}
	for _, i := range now[n:] {
		p.placed[i].points.Over = endless
	}
}

// levelOf returns the level of a segment; people is of the session's habits.
func (p *placer) levelOf(s *segment, people bool) level {
	prompt := lastLine(s.prompt)
	here := level(len(p.shells) - 1)
	shell := p.shells[here]
	if !shell.used {
		if s.bounds == FromTyping && !plausible(prompt) && !s.odd {
			return noPrompt
		}
		return here
	}
	if s.marks == signed && s.outer == nil {
		return 0
	}
	lowest := level(0)
	if s.outer != nil {
		if at, ok := p.inside(s); ok {
			return at
		}
		lowest = 1
	}
	repl := looksLikeREPL(prompt)
	running, entered := "", "" // a command, or the prompt of the program's last line
	if p.last >= 0 {
		if last := p.placed[p.last]; last.kind == REPL {
			entered = lastLine(last.prompt)
		} else {
			running = last.text
		}
	}
	// The prompt of a program may have the shape of the shell's.
	isOf := func(i level) bool { return !(repl && startsREPL(running)) && p.shells[i].has(prompt) }
	launched := isLauncher(running) && (!repl || shellNames(running))
	switch {
	case here < lowest:
	case slices.Contains(shell.prompts, prompt):
		return here
	case launched && isOf(here):
		return here
	}
	program := prompt == entered || !shellNames(running) && namesProgram(prompt, running)
	// A shell that was started here may have the prompt of one further out. It prints
	// nothing before.
	if !program && launched {
		if last := p.placed[p.last]; last.depth == int(here) && last.parent == shell.parent && last.out.text == "" {
			return deeper
		}
	}
	for i := here - 1; i >= lowest; i-- {
		if slices.Contains(p.shells[i].prompts, prompt) {
			return i
		}
	}
	if lowest == 0 && (setsPrompt.MatchString(running) || (plausible(prompt) || s.odd) && !repl && runsNothing(running)) {
		return here
	}
	if program {
		return inREPL
	}
	if people && s.bounds == FromTyping && s.pace == burst && !strings.ContainsAny(prompt, "@~/") && !decorated(prompt) && !isLauncher(running) &&
		!slices.ContainsFunc(shell.prompts, func(p string) bool { return shape(p) == shape(prompt) }) {
		return noPrompt // nobody types that fast, at a prompt of another kind
	}
	for i := here; i >= lowest; i-- {
		if isOf(i) {
			return i
		}
	}
	if launched {
		return deeper
	}
	for i := here; i >= lowest; i-- {
		if p.shells[i].signs(s) {
			return i
		}
	}
	switch {
	case s.shell == zsh:
		return here
	case repl:
		return inREPL
	case looksLikeShell(prompt):
		if s.bounds != FromTyping || s.pace != burst && s.announced == asPrompt ||
			terminator(prompt) == terminator(shell.prompts[len(shell.prompts)-1]) ||
			slices.ContainsFunc(shell.prompts, func(p string) bool { return sameName(prompt, p) }) {
			return here
		}
	}
	if s.bounds == FromTyping && !plausible(prompt) && !s.odd {
		return noPrompt
	}
	return inREPL
}

// inside returns the level of a segment inside a command, as marks have shown,
// if the shells around it do not have it.
func (p *placer) inside(s *segment) (at level, ok bool) {
	outer, found := p.index[s.outer]
	if !found {
		return 0, false
	}
	prompt := lastLine(s.prompt)
	if len(p.shells) > 1 && p.shells[1].parent == outer {
		return 0, false
	}
	p.shells = p.shells[:1]
	p.last = outer
	switch repl := looksLikeREPL(prompt); {
	case s.bounds == FromTyping && !plausible(prompt):
		return noPrompt, true
	case isLauncher(s.outer.text) && (!repl || shellNames(s.outer.text)), looksLikeShell(prompt):
		return deeper, true
	}
	return inREPL, true
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
