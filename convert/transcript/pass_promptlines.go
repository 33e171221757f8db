package transcript

import (
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/place"
)

// maxUpper is the most upper lines of a prompt.
const maxUpper = 4

// movePromptLines moves the upper lines of long prompts from the output before
// them to the prompt. Nothing marks where such a prompt begins, but its lines
// come before every prompt of the kind, and at least once without any output
// before them.
//
// Needs: whole commands, or the prompts of further lines would count as well.
// Holds after: the output of a command ends where the output ended.
// Sets: the prompt, and the output of the segment before, which is its source.
// It leaves alone output that is not whole, or that a full-screen program left.
func movePromptLines(_ *session, segs []*segment) []*segment {
	groups := map[string][]promptAfter{}
	for i, s := range segs {
		if i == 0 || s.bounds == "" || len(s.prompt) == 0 {
			continue
		}
		if before := segs[i-1]; before.screens == 0 && before.out.lost == 0 {
			kind := kindOf(lastLine(s.prompt))
			groups[kind] = append(groups[kind], promptAfter{before, s, strings.Split(plain(before.out.text), "\n")})
		}
	}
	for _, group := range groups {
		n := upperLines(group)
		if n == 0 {
			continue
		}
		for _, g := range group {
			g.at.prompt = append(slices.Clone(g.lines[len(g.lines)-n:]), g.at.prompt...)
			styled := strings.Split(g.before.out.text, "\n")
			g.before.out.text = strings.TrimRight(strings.Join(styled[:len(styled)-n], "\n"), "\n")
			if at := g.at.uppers[n-1]; at != (place.Point{}) && g.before.end.from == fromNext {
				g.at.points.Prompt, g.before.points.End = at, at
			}
		}
	}
	return segs
}

// promptAfter is a prompt and the lines of output before it.
type promptAfter struct {
	before, at *segment
	lines      []string
}

// upperLines returns how many of the lines before each prompt of a kind belong
// to it.
func upperLines(group []promptAfter) int {
	if len(group) < 3 {
		return 0
	}
	certain := true
	for n := 1; n <= maxUpper; n++ {
		found := lineAbove(group, n)
		if found == outputLine {
			break
		}
		certain = certain && found == promptLine
		if !slices.ContainsFunc(group, func(p promptAfter) bool { return len(p.lines) == n }) {
			continue
		}
		// Lines that could be output belong to the prompt if they also follow
		// a command that prints nothing.
		if certain || slices.ContainsFunc(group, func(p promptAfter) bool { return len(p.lines) == n && p.before.printsNothing() }) {
			return n
		}
		break
	}
	return 0
}

// lineSort is what the lines at a place above all prompts of a kind are.
type lineSort uint8

const (
	outputLine  lineSort = iota
	perhapsLine          // of the prompt or of the output
	promptLine
)

// lineAbove judges the lines that are the nth above the prompts of a kind.
func lineAbove(group []promptAfter, n int) lineSort {
	same, alike, paths := true, len(group) > 3, len(group) > 3
	first, firstShape := "", ""
	for i, g := range group {
		if len(g.lines) < n || len(g.lines) == 1 && g.lines[0] == "" {
			return outputLine
		}
		line := g.lines[len(g.lines)-n]
		if i == 0 {
			first, firstShape = line, shape(line)
		}
		same = same && (line == first || shape(line) == firstShape)
		alike = alike && line == first
		paths = paths && line != "" && (line[0] == '~' || line[0] == '/')
	}
	blank := firstShape == ""
	switch {
	case same && blank && n > 1, same && decoratedLine(firstShape):
		return promptLine
	case alike && !blank, paths:
		return perhapsLine
	}
	return outputLine
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
