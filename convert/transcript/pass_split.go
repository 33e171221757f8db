package transcript

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxPrompts is the most prompts of a session that rows are compared with.
	maxPrompts = 64
	// maxTries is the most places in a line where the end of a prompt is tried.
	maxTries = 8
)

// splitPrompts finds the end of each prompt whose end was not seen.
//
// Needs: prompts whose end was seen, to compare with; else several that begin
// alike.
// Holds after: promptEnd is endUnseen only where no prompt of the session, and
// no prompt of a REPL, is found in the rows; the text is then all the rows.
// Sets: the prompt and the text where promptEnd is endUnseen; it becomes
// endLearned.
func splitPrompts(ses *session, segs []*segment) []*segment {
	var prompts []string
	count := map[string]int{}
	for _, s := range segs {
		p := lastLine(s.prompt)
		if s.promptEnd.seen() && strings.TrimSpace(p) != "" && (count[p] > 0 || len(prompts) < maxPrompts) {
			if count[p]++; count[p] == 1 {
				prompts = append(prompts, p)
			}
		}
	}
	// What was seen once may have been a prompt with input.
	all := slices.Clone(prompts)
	prompts = slices.DeleteFunc(prompts, func(p string) bool {
		return count[p] == 1 && slices.ContainsFunc(all, func(often string) bool {
			return count[often] > 1 && strings.HasPrefix(p, often) && terminator(p) != terminator(often)
		})
	})
	if p := ses.repeatedStart(segs); p != "" && len(prompts) < maxPrompts {
		prompts = append(prompts, p)
	}
	rights := rightPrompts(segs)
	open := "" // the command so far
	for _, s := range segs {
		if s.promptEnd.seen() || s.bounds == "" {
			open = extend(open, s)
			continue
		}
		i, p := ses.findPrompt(s.rows, prompts)
		if last := len(s.rows) - 1; p == "" && last >= 0 && open != "" {
			if i, p = last, continuationStart.FindString(s.rows[last].text); p != "" && !incomplete(open) {
				p = ""
			}
		}
		if p == "" {
			open = ""
			continue
		}
		s.prompt = nil
		for _, row := range s.rows[:i] {
			s.prompt = append(s.prompt, row.text)
		}
		s.prompt = append(s.prompt, p)
		s.promptEnd = endLearned
		s.text = joinRows(s.rows[i:], columns(p), rights.of(s.rows[i].text))
		open = extend(open, s)
	}
	return segs
}

// extend returns the command so far, text, with the line s; that is only the
// line if it begins another command.
func extend(text string, s *segment) string {
	if looksLikeContinuation(lastLine(s.prompt)) && len(text) < maxInput {
		return text + "\n" + s.text
	}
	return s.text
}

// repeatedStart returns the prompt with which most of the lines begin whose end
// of the prompt was not seen, if it is no prompt that was seen, and at least two
// begin with it or it can be nothing else; "" if there is none.
func (ses *session) repeatedStart(segs []*segment) string {
	count := map[string]int{}
	for _, s := range segs {
		if s.promptEnd.seen() {
			return ""
		}
		seen := map[string]bool{}
		for _, row := range s.rows[:min(len(s.rows), maxUpper+1)] {
			if ses.work -= len(row.text); ses.work < 0 {
				return ""
			}
			for i, tries := 0, 0; tries < maxTries; tries++ {
				at := strings.IndexAny(row.text[i:], ends)
				if at < 0 {
					break
				}
				_, n := utf8.DecodeRuneInString(row.text[i+at:])
				i += at + n
				if p := row.text[:i] + " "; strings.HasPrefix(row.text[i:]+" ", " ") && plausible(p) && !seen[p] {
					seen[p] = true
					count[p]++
				}
			}
		}
	}
	best := ""
	for p, n := range count {
		longer := cmp.Compare(len(p), len(best))
		if n == 1 { // what follows may be input
			longer = -longer
		}
		if (n > 1 || strings.Contains(p, "@") && looksLikeShell(p)) &&
			cmp.Or(cmp.Compare(n, count[best]), longer, strings.Compare(p, best)) > 0 {
			best = p
		}
	}
	return best
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
