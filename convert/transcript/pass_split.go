package transcript

import (
	"strings"
)

const (
	// maxPrompts is the most prompts of a session that rows are compared with.
	maxPrompts = 64
	// maxTries is the most places in a line where the end of a prompt is tried.
	maxTries = 8
)

// splitPrompts finds the end of each prompt whose end was not seen.
//
// Needs: prompts whose end was seen, to compare with.
// Holds after: promptEnd is endUnseen only where no prompt of the session, and
// no prompt of a REPL, is found in the rows; the text is then all the rows.
// Sets: the prompt and the text where promptEnd is endUnseen; it becomes
// endLearned.
func splitPrompts(ses *session, segs []*segment) []*segment {
	var prompts []string
	seen := map[string]bool{}
	for _, s := range segs {
		p := lastLine(s.prompt)
		if s.promptEnd.seen() && strings.TrimSpace(p) != "" && !seen[p] && len(prompts) < maxPrompts {
			seen[p] = true
			prompts = append(prompts, p)
		}
	}
	rights := rightPrompts(segs)
	for _, s := range segs {
		if s.promptEnd.seen() || s.bounds == "" {
			continue
		}
		i, p := ses.findPrompt(s.rows, prompts)
		if p == "" {
			continue
		}
		s.prompt = nil
		for _, row := range s.rows[:i] {
			s.prompt = append(s.prompt, row.text)
		}
		s.prompt = append(s.prompt, p)
		s.promptEnd = endLearned
		s.text = joinRows(s.rows[i:], columns(p), rights.of(s.rows[i].text))
	}
	return segs
}

// findPrompt returns the lowest row that begins with a prompt, and that prompt;
// "" if there is none.
func (ses *session) findPrompt(rows []textRow, prompts []string) (int, string) {
	for i := len(rows) - 1; i >= 0; i-- {
		if ses.work -= len(prompts) * 16; ses.work < 0 {
			break
		}
		row, best := rows[i].text, ""
		for _, p := range prompts {
			if len(p) > len(best) && (strings.HasPrefix(row, p) || row == strings.TrimRight(p, " ")) {
				best = p
			}
		}
		if best == "" {
			best = ses.findShape(row, prompts)
		}
		if best == "" && i == len(rows)-1 {
			best = replStart.FindString(row)
		}
		if best != "" {
			return i, best
		}
	}
	return 0, ""
}

// findShape returns the start of a row that has the shape of one of prompts, or
// "".
func (ses *session) findShape(row string, prompts []string) string {
	for _, p := range prompts {
		want := shape(p)
		found := ses.tryEnds(row, terminator(p), func(start string) bool { return shape(start) == want })
		if found != "" {
			return found
		}
	}
	return ""
}

// tryEnds returns the shortest start of text that ends with end and for which ok
// is true, or "".
func (ses *session) tryEnds(text, end string, ok func(start string) bool) string {
	for from, tries := 0, 0; tries < maxTries; tries++ {
		i := strings.Index(text[from:], end)
		if i < 0 {
			break
		}
		from += i + len(end)
		if ses.work -= from; ses.work < 0 {
			break
		}
		if ok(text[:from]) {
			return text[:from]
		}
	}
	return ""
}

// rightList is the right-hand prompts of a session.
type rightList []rightPrompt

func rightPrompts(segs []*segment) rightList {
	var list rightList
	seen := map[string]bool{}
	for _, s := range segs {
		text := strings.Map(noDigits, s.right.text)
		if text != "" && !seen[text] && len(list) < 8 {
			seen[text] = true
			list = append(list, s.right)
		}
	}
	return list
}

// of returns the right-hand prompt of a row, if it is in the list.
func (list rightList) of(row string) rightPrompt {
	for _, right := range list {
		if cutRight(row, right) != row {
			return right
		}
	}
	return rightPrompt{}
}
