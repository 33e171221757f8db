package transcript

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// learner is the second pass: it turns segments into commands.
type learner struct {
	opts   Options
	segs   []*segment
	keys   map[string]bool // by kind of prompt: zsh resets the cursor keys when it accepts a line
	redrew map[string]int  // by kind of prompt: accepted lines that zsh redrew, less the others
	ran    bool            // marks show when commands start
	rights []rightPrompt   // the right-hand prompts of the session; nil: not gathered yet
	// work is the number of bytes that guessing may still look at. A hostile
	// recording may have very many prompts that look like each other.
	work int
}

func (l *learner) commands() []Command {
	l.drop()
	l.splitAll()
	l.resplit()
	l.join()
	l.promptLines()
	l.hooks()
	return l.build()
}

// hooks prefers the text that the shell reported, where it differs from the text
// on the screen: the screen shows the typed line among other things.
func (l *learner) hooks() {
	for _, s := range l.segs {
		if s.reported.known() && s.run.known() && strings.TrimSpace(s.reported.value) != "" && !sameText(s.reported.value, s.text) && (s.reported.from == FromHook || s.text == "") {
			s.text = strings.TrimRight(s.reported.value, " \n")
			s.textBy = FromHook
		}
	}
}

// drop learns the habits of the session, and drops segments that are no prompts.
func (l *learner) drop() {
	l.keys, l.redrew = map[string]bool{}, map[string]int{}
	for _, s := range l.segs {
		l.ran = l.ran || s.run.known()
		if s.shell != zsh || s.text == "" {
			continue
		}
		key := kindOf(lastLine(s.prompt))
		l.keys[key] = l.keys[key] || s.left.has(leftKeys)
		if s.after == afterRedraw {
			l.redrew[key]++
		} else {
			l.redrew[key]--
		}
	}
	l.restarts()
}

// maxTries is the most places in a line where the end of a prompt is tried.
const maxTries = 8

// restartGap is the longest time that an editor takes to begin again.
const restartGap = 200 * time.Millisecond

// restarts joins the segments of an editor that ended and began again in the
// same line, as fish does if its prompt changes when the line is entered.
func (l *learner) restarts() {
	var out []*segment
	for i, s := range l.segs {
		if s.bounds == FromPaste && s.after == afterRestart && s.text != "" && !strings.HasSuffix(s.text, "^C") && i+1 < len(l.segs) {
			next := l.segs[i+1]
			if next.bounds == FromPaste && next.promptAt-s.start < restartGap && s.printed == 0 {
				if next.text == "" {
					next.text, next.prompt = s.text, s.prompt
					if !s.promptEnd.seen() {
						next.promptEnd = s.promptEnd
					} else {
						next.promptEnd = max(next.promptEnd, endSeen)
					}
				}
				next.promptAt = s.promptAt
				continue
			}
		}
		out = append(out, s)
	}
	l.segs = out
}

// splitAll finds the end of each prompt whose end was not seen.
func (l *learner) splitAll() {
	var prompts []string
	seen := map[string]bool{}
	for _, s := range l.segs {
		if s.promptEnd.seen() && len(s.prompt) > 0 {
			if p := s.prompt[len(s.prompt)-1]; strings.TrimSpace(p) != "" && !seen[p] && len(prompts) < 64 {
				seen[p] = true
				prompts = append(prompts, p)
			}
		}
	}
	for _, s := range l.segs {
		if s.promptEnd.seen() || s.bounds == "" || len(s.rows) == 0 {
			continue
		}
		l.split(s, prompts)
	}
}

func (l *learner) split(s *segment, prompts []string) {
	for i := len(s.rows) - 1; i >= 0; i-- {
		if l.work -= len(prompts) * 16; l.work < 0 {
			return
		}
		best := ""
		for _, p := range prompts {
			if len(p) > len(best) && (strings.HasPrefix(s.rows[i].text, p) || s.rows[i].text == strings.TrimRight(p, " ")) {
				best = p
			}
		}
		if best == "" {
			best = l.splitByShape(s.rows[i].text, prompts)
		}
		if best == "" && i == len(s.rows)-1 {
			best = replStart.FindString(s.rows[i].text)
		}
		if best != "" {
			s.prompt = nil
			for _, row := range s.rows[:i] {
				s.prompt = append(s.prompt, row.text)
			}
			s.prompt = append(s.prompt, best)
			s.promptEnd = endLearned
			s.text = joinRows(s.rows[i:], columns(best), l.rightOf(s.rows[i].text))
			return
		}
	}
}

func (l *learner) splitByShape(row string, prompts []string) string {
	for _, p := range prompts {
		end := terminator(p)
		want := shape(p)
		for from, tries := 0, 0; tries < maxTries; tries++ {
			i := strings.Index(row[from:], end)
			if i < 0 {
				break
			}
			from += i + len(end)
			if l.work -= from; l.work < 0 {
				return ""
			}
			if prefix := row[:from]; shape(prefix) == want {
				return prefix
			}
		}
	}
	return ""
}

// resplit corrects the ends of prompts: they are too late where somebody typed
// before the prompt was drawn, and too early where it was drawn in parts. The
// frequent prompts of the session show the right place.
func (l *learner) resplit() {
	count := map[string]int{}
	for _, s := range l.segs {
		if s.promptEnd.seen() {
			count[lastLine(s.prompt)]++
		}
	}
	var often []string
	for p, n := range count {
		if (n > 1 || endsLikePrompt(p)) && strings.TrimSpace(p) != "" {
			often = append(often, p)
		}
	}
	slices.SortFunc(often, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	if len(often) > 64 {
		often = often[:64]
	}
	for _, s := range l.segs {
		own := lastLine(s.prompt)
		if s.promptEnd != endSeen || count[own] > 1 || len(s.rows) == 0 || s.pieces > 1 {
			continue
		}
		if p := l.within(own, often); p != "" {
			often := append([]string{p}, often...)
			l.resplitAt(s, own, often, count)
			continue
		}
		l.resplitAt(s, own, often, count)
	}
}

// within returns the first part of the prompt own that is like one of often, if
// the whole is not; else "".
func (l *learner) within(own string, often []string) string {
	for _, p := range often {
		if l.work -= len(own) + len(p); l.work < 0 {
			return ""
		}
		if alike(p, own) || !endsLikePrompt(p) {
			continue
		}
		end := terminator(p)
		for from, tries := 0, 0; tries < maxTries; tries++ {
			i := strings.Index(own[from:], end)
			if i < 0 {
				break
			}
			from += i + len(end)
			if l.work -= from; l.work < 0 {
				return ""
			}
			if prefix := own[:from]; from < len(own) && prefix != p && alike(prefix, p) {
				return prefix
			}
		}
	}
	return ""
}

// resplitAt ends the prompt of s where one of often ends, if one fits.
func (l *learner) resplitAt(s *segment, own string, often []string, count map[string]int) {
	for _, p := range often {
		later, isLater := strings.CutPrefix(own, p)
		switch {
		case isLater && strings.TrimSpace(later) != "" && terminator(later) != terminator(p) && (count[p] > 1 || !endsLikePrompt(own)):
		case !isLater && count[p] > 1 && strings.HasPrefix(p, own) && strings.HasPrefix(s.rows[0].text, p):
		default:
			continue
		}
		s.prompt[len(s.prompt)-1] = p
		i := len(s.rows) - 1
		for i > 0 && !strings.HasPrefix(s.rows[i].text, p) {
			i--
		}
		s.text = joinRows(s.rows[i:], columns(p), l.rightOf(s.rows[i].text))
		s.promptEnd = endCorrected
		return
	}
}

// rightOf returns the right-hand prompt of a row, if other rows of the session
// had the same.
func (l *learner) rightOf(row string) rightPrompt {
	if l.rights == nil {
		l.rights = []rightPrompt{}
		seen := map[string]bool{}
		for _, s := range l.segs {
			text := strings.Map(noDigits, s.right.text)
			if text != "" && !seen[text] && len(l.rights) < 8 {
				seen[text] = true
				l.rights = append(l.rights, s.right)
			}
		}
	}
	for _, right := range l.rights {
		if cutRight(row, right) != row {
			return right
		}
	}
	return rightPrompt{}
}

// kindOf returns a key that is usually the same for all prompts of a shell.
func kindOf(prompt string) string { return shape(prompt) + "\x00" + terminator(prompt) }

// promptLines moves the upper lines of long prompts from the output to the
// prompt. Nothing marks where such a prompt begins, but its lines come before
// every prompt of the kind, and at least once without any output before them.
func (l *learner) promptLines() {
	type pair struct{ before, at *segment }
	groups := map[string][]pair{}
	for i, s := range l.segs {
		if i == 0 || s.bounds == "" || len(s.prompt) == 0 || l.segs[i-1].screens > 0 || l.segs[i-1].out.lost > 0 {
			continue
		}
		key := kindOf(lastLine(s.prompt))
		groups[key] = append(groups[key], pair{l.segs[i-1], s})
	}
	for _, group := range groups {
		if len(group) < 3 {
			continue
		}
		lines := make([][]string, len(group))
		for i, g := range group {
			lines[i] = strings.Split(plain(g.before.out.text), "\n")
		}
		n, bare, plainly := 0, false, true
		for n < 4 {
			same, full, there := true, false, true
			alike, paths := len(group) > 3, len(group) > 3
			first := ""
			for i := range group {
				if len(lines[i]) <= n || lines[i][0] == "" && len(lines[i]) == 1 {
					there = false
					break
				}
				line := lines[i][len(lines[i])-1-n]
				if i == 0 {
					first = line
				}
				same = same && shape(line) == shape(first)
				alike = alike && line == first
				paths = paths && line != "" && (line[0] == '~' || line[0] == '/')
				full = full || len(lines[i]) == n+1
			}
			blank := shape(first) == ""
			usual := same && (blank && n > 0 || !blank && decoratedLine(shape(first)))
			if !there || !usual && !(alike && !blank) && !paths {
				break
			}
			plainly = plainly && usual
			n++
			bare = full
			if full {
				break
			}
		}
		if n == 0 || !bare {
			continue
		}
		// Lines that could be output belong to the prompt if they also follow
		// a command that prints nothing.
		if !plainly && !slices.ContainsFunc(group, func(p pair) bool {
			return p.before.printsNothing() && strings.Count(plain(p.before.out.text), "\n") == n-1
		}) {
			continue
		}
		for i, g := range group {
			at := len(lines[i]) - n
			g.at.prompt = append(slices.Clone(lines[i][at:]), g.at.prompt...)
			styled := strings.Split(g.before.out.text, "\n")
			g.before.out.text = strings.TrimRight(strings.Join(styled[:len(styled)-n], "\n"), "\n")
		}
	}
}

// printsNothing reports whether a command usually prints nothing.
func (s *segment) printsNothing() bool {
	word, _, _ := strings.Cut(s.text, " ")
	return s.promptEnd.seen() && !strings.ContainsAny(s.text, ";|&\n") &&
		slices.Contains([]string{"cd", "export", "mkdir", "touch", "true", "false", "unset", "sleep", ":", "chmod", "rm", "mv", "cp"}, word)
}

// decoratedLine reports whether the shape of a line is unlikely for output: it
// has more than words.
func decoratedLine(sh string) bool {
	for _, r := range sh {
		if r > 0x7f || strings.ContainsRune("@:[]()$#%>~|", r) {
			return true
		}
	}
	return false
}

func lastLine(prompt []string) string {
	if len(prompt) == 0 {
		return ""
	}
	return prompt[len(prompt)-1]
}

// join joins the lines of each command into one segment.
func (l *learner) join() {
	var out []*segment
	for _, s := range l.segs {
		if s.bounds == "" || len(out) == 0 {
			out = append(out, s)
			continue
		}
		p := out[len(out)-1]
		if p.bounds == "" || s.result == unentered || !l.continues(p, s) {
			out = append(out, s)
			continue
		}
		givenUp := s.cancelled(l)
		if s.bounds == FromMarks {
			givenUp = strings.HasSuffix(s.text, "^C") // the shell runs the last line only
		}
		if givenUp {
			p.result = aborted
			p.text += "\n" + s.text
			p.out, p.end = s.out, s.end
			continue
		}
		p.text += "\n" + s.text
		p.start, p.end, p.out = s.start, s.end, s.out
		p.screens, p.printed = s.screens, s.printed
		if s.reported.known() {
			p.reported = fact[string]{s.reported.value, fromHistory} // perhaps of the last line only
		}
		p.run, p.exit = s.run, s.exit
		p.marks = max(p.marks, s.marks)
		p.left = s.left
	}
	l.segs = out
}

// continues reports whether s is a continuation line of the command p.
func (l *learner) continues(p, s *segment) bool {
	if s.announced == asContinuation {
		return !p.run.known()
	}
	if p.text == "" || p.printed > 0 || p.run.known() || p.exit.known() || s.marks == signed && s.bounds == FromMarks {
		return false
	}
	if p.cancelled(l) {
		return false
	}
	prompt := lastLine(s.prompt)
	if prompt == lastLine(p.prompt) && p.announced != asContinuation && !looksLikeContinuation(prompt) {
		return false
	}
	if len(s.prompt) > 1 {
		return false
	}
	if s.shell == zsh {
		return zshContinuation.MatchString(prompt) || strings.TrimSpace(prompt) == ">" && incomplete(p.text)
	}
	if !looksLikeContinuation(prompt) && looksLikeShell(prompt) {
		return false
	}
	return looksLikeContinuation(prompt) && incomplete(p.text)
}

// cancelled reports whether the line was cancelled.
func (s *segment) cancelled(l *learner) bool {
	switch {
	case s.result == aborted:
		return true
	case s.run.known():
		return false
	case s.bounds == FromTyping:
		return strings.HasSuffix(s.text, "^C")
	case s.bounds == FromMarks:
		return l.ran && s.marks == signed || strings.HasSuffix(s.text, "^C")
	case l.ran && s.marks == signed && incomplete(s.text):
		return true // the shell would have marked that it runs it
	case s.shell == zsh:
		kind := kindOf(lastLine(s.prompt))
		return l.keys[kind] && !s.left.has(leftKeys) || l.redrew[kind] > 0 && s.after != afterRedraw || s.key == ctrlC
	}
	return !s.left.has(leftLineFeed) && (s.after == afterRestart || strings.HasSuffix(s.text, "^C"))
}

// shellLevel is a shell in which commands were entered.
type shellLevel struct {
	prompts []string // latest first
	parent  int      // the command that started it
	used    bool     // a command was entered
}

func (v *shellLevel) has(prompt string) bool {
	if slices.Contains(v.prompts, prompt) {
		return true
	}
	for _, p := range v.prompts {
		if alike(p, prompt) {
			return true
		}
	}
	return false
}

func (v *shellLevel) learn(prompt string) {
	for _, p := range v.prompts {
		if p == prompt {
			return
		}
	}
	v.prompts = append(v.prompts, prompt)
	if len(v.prompts) > 32 {
		v.prompts = v.prompts[1:]
	}
}

// build places the segments in their shells.
func (l *learner) build() []Command {
	var cmds []Command
	levels := []*shellLevel{{parent: -1}}
	last := -1 // the last command that was run; later output may be its
	appendOut := func(s string) {
		if last >= 0 && s != "" {
			c := &cmds[last]
			if c.Output != "" {
				c.Output += "\n"
			}
			c.Output += s
		}
	}
	for i, s := range l.segs {
		if s.bounds == "" || s.result == unentered {
			continue
		}
		prompt := lastLine(s.prompt)
		top := levels[len(levels)-1]
		kind := Shell
		class := l.classify(s, prompt, levels, last, cmds)
		switch {
		case class == placeREPL:
			kind = REPL
		case class == placeNot:
			appendOut(strings.TrimRight(prompt+s.text, " "))
			appendOut(plain(s.out.text))
			if last >= 0 {
				cmds[last].End = s.end.value
			}
			continue
		case class == placeDeeper:
			top = &shellLevel{parent: last}
			levels = append(levels, top)
		default:
			levels = levels[:int(class)+1]
			top = levels[len(levels)-1]
		}
		if kind == Shell && strings.TrimSpace(prompt) != "" {
			top.learn(prompt)
			top.used = true
		}
		if s.text == "" {
			continue
		}
		if l.isListing(i) || s.isEOF() {
			continue
		}
		if s.cancelled(l) {
			kind = Cancelled
			s.text = strings.TrimSuffix(s.text, "^C")
		} else if kind == Shell && strings.HasPrefix(s.text, "#") {
			kind = Comment
		}
		c := l.command(s, kind)
		c.Depth = len(levels) - 1
		c.Parent = top.parent
		if kind == REPL {
			c.Depth++
			c.Parent = last
			if last >= 0 && cmds[last].Kind == REPL {
				c.Parent = cmds[last].Parent
			}
		}
		// The shells and REPLs around a line run as long as it does.
		for p := c.Parent; p >= 0; p = cmds[p].Parent {
			cmds[p].End = max(cmds[p].End, c.End)
			cmds[p].Unfinished = c.Unfinished
		}
		cmds = append(cmds, c)
		if kind != Cancelled {
			last = len(cmds) - 1
		}
	}
	return l.filter(cmds)
}

// place is where a segment belongs: a level of shells, from 0, or one of the
// constants.
type place int

const (
	placeREPL   place = -1 // a line of a REPL
	placeNot    place = -2 // not entered at a prompt
	placeDeeper place = -3 // a shell that the last command started
)

func (l *learner) classify(s *segment, prompt string, levels []*shellLevel, last int, cmds []Command) place {
	n := len(levels) - 1
	top := levels[n]
	if !top.used {
		if s.bounds == FromTyping && !plausible(prompt) {
			return placeNot
		}
		return place(n)
	}
	if s.marks == signed {
		return 0
	}
	for i := n; i >= 0; i-- {
		if levels[i].has(prompt) {
			return place(i)
		}
	}
	if strings.TrimSpace(prompt) == "" && len(top.prompts) == 0 {
		return place(n)
	}
	running := ""
	if last >= 0 {
		running = cmds[last].Text
		if cmds[last].Kind == REPL {
			running = ""
		}
	}
	if isLauncher(running) && !looksLikeREPL(prompt) {
		return placeDeeper
	}
	if isLauncher(running) && shellNames(running) {
		return placeDeeper
	}
	if s.shell == zsh {
		return place(n)
	}
	if looksLikeREPL(prompt) {
		return placeREPL
	}
	if s.bounds == FromTyping {
		if looksLikeShell(prompt) && s.pace != burst && s.announced == asPrompt {
			return place(n)
		}
		if looksLikeShell(prompt) && terminator(prompt) == terminator(top.prompts[len(top.prompts)-1]) {
			return place(n)
		}
		if plausible(prompt) {
			return placeREPL
		}
		return placeNot
	}
	if looksLikeShell(prompt) {
		return place(n)
	}
	return placeREPL
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

// isListing reports whether segment i is no command, but a shell without
// bracketed paste showing completions: it then redraws its prompt with the input
// so far.
func (l *learner) isListing(i int) bool {
	s := l.segs[i]
	if s.bounds == FromPaste || i+1 >= len(l.segs) {
		return false
	}
	next := l.segs[i+1]
	switch s.bounds {
	case FromMarks:
		return l.ran && !s.run.known() && !s.exit.known() && s.announced != asContinuation
	case FromTyping:
		return next.bounds == FromTyping && next.given != "" && lastLine(next.prompt) == lastLine(s.prompt) &&
			strings.HasPrefix(next.given, s.text)
	}
	return false
}

// isEOF reports whether the segment is a shell that ended at ctrl-D, and printed
// so.
func (s *segment) isEOF() bool {
	switch {
	case s.text == "^D":
		return true
	case s.bounds != FromPaste && s.pace == burst && s.key == ctrlD:
		return s.text == "exit" || s.text == "logout"
	}
	return false
}

func (l *learner) command(s *segment, kind Kind) Command {
	c := Command{
		Kind: kind, Prompt: strings.Join(s.prompt, "\n"), Text: s.text,
		PromptAt: s.promptAt, Start: s.start, End: s.end.value, Unfinished: !s.end.known(),
		FullScreen: s.screens > 0, Dir: s.dir, Host: s.host,
		Parent: -1, Trusted: s.marks != unsigned,
		Evidence:   Evidence{Bounds: string(s.bounds), Text: FromScreen},
		Confidence: 1,
	}
	if l.opts.Styled {
		c.Styled = s.out.text
		c.Output = plain(c.Styled)
	} else {
		c.Output = s.out.text
	}
	c.Truncated = s.out.lost > 0
	c.Evidence.Shell = s.shell
	c.Exit, c.HasExit, c.Evidence.Exit = s.exit.value, s.exit.known(), string(s.exit.from)
	if s.textBy == FromHook {
		c.Evidence.Text = FromHook
	}
	if s.reported.value != "" && !sameText(s.reported.value, s.text) {
		c.Expanded = s.reported.value
	}
	switch {
	case s.bounds == FromTyping && s.pace == burst:
		c.Confidence = 0.6
	case s.bounds == FromTyping:
		c.Confidence = 0.8
	case s.promptEnd == endCorrected:
		c.Confidence = 0.85
		c.Evidence.Text = FromPrompt
	case !s.promptEnd.seen():
		c.Confidence = 0.75
		c.Evidence.Text = FromPrompt
	case s.unread > 0:
		c.Confidence = 0.5
	}
	return c
}

// sameText reports whether two sources have the same text for a command. It
// ignores the blanks, semicolons and backslashes that bash's history adds and
// removes.
func sameText(a, b string) bool {
	strip := func(r rune) rune {
		if strings.ContainsRune(" \t\n;\\", r) {
			return -1
		}
		return r
	}
	return strings.Map(strip, a) == strings.Map(strip, b)
}

func plain(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, 0x1b)
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if j := strings.IndexByte(s, 'm'); j >= 0 {
			s = s[j+1:]
		} else {
			s = ""
		}
	}
	b.WriteString(s)
	return b.String()
}

// filter drops the kinds of lines that the options exclude, and numbers the
// rest.
func (l *learner) filter(cmds []Command) []Command {
	index := make([]int, len(cmds))
	out := cmds[:0:0]
	for i, c := range cmds {
		if c.Kind == REPL && !l.opts.REPL || c.Kind == Cancelled && !l.opts.Cancelled {
			index[i] = -1
			continue
		}
		index[i] = len(out)
		c.Index = len(out)
		if c.Parent >= 0 {
			c.Parent = index[c.Parent]
		}
		out = append(out, c)
	}
	return out
}
