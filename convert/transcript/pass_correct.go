package transcript

import (
	"cmp"
	"slices"
	"strings"
)

// correctPrompts corrects the ends of prompts: they are too late where somebody
// typed before the prompt was drawn, and too early where it was drawn in parts.
// The frequent prompts of the session show the right place.
//
// Needs: prompts whose end was seen. Those that splitPrompts found are right
// already, as they were found by comparison.
// Holds after: a prompt that was seen once is not a frequent prompt with text
// behind it, nor the beginning of one. Text that ends like the frequent prompt
// may be a part of the prompt, and stays there.
// Sets: the prompt and the text where promptEnd is endSeen; it becomes
// endCorrected. It leaves alone an end that is certain, and input in pieces,
// whose rows do not hold the first piece.
func correctPrompts(ses *session, segs []*segment) []*segment {
	count := map[string]int{}
	for _, s := range segs {
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
	often = often[:min(len(often), maxPrompts)]
	rights := rightPrompts(segs)
	for _, s := range segs {
		own := lastLine(s.prompt)
		if s.promptEnd != endSeen || count[own] > 1 || len(s.rows) == 0 || s.pieces > 1 {
			continue
		}
		candidates := often
		if p := ses.within(own, often); p != "" {
			candidates = append([]string{p}, often...)
		}
		for _, p := range candidates {
			if !corrects(p, own, s.rows[0].text, count) {
				continue
			}
			i := len(s.rows) - 1
			for i > 0 && !strings.HasPrefix(s.rows[i].text, p) {
				i--
			}
			s.prompt = append(slices.Clone(s.prompt[:len(s.prompt)-1]), p)
			s.promptEnd = endCorrected
			s.text = joinRows(s.rows[i:], columns(p), rights.of(s.rows[i].text))
			break
		}
	}
	return segs
}

// corrects reports whether p is the right prompt where own was seen, in a line
// that begins with row; count has the number of times that prompts were seen.
func corrects(p, own, row string, count map[string]int) bool {
	if later, ok := strings.CutPrefix(own, p); ok {
		// A sign behind the prompt shows how the last command ended.
		return !bareSign(later) && !growsPrompt(later) && terminator(later) != terminator(p) && (count[p] > 1 || !endsLikePrompt(own))
	}
	return count[p] > 1 && strings.HasPrefix(p, own) && strings.HasPrefix(row, p)
}

// within returns the first part of the prompt own that is like one of often, if
// the whole is not; else "".
func (ses *session) within(own string, often []string) string {
	for _, p := range often {
		if ses.work -= len(own) + len(p); ses.work < 0 {
			return ""
		}
		if alike(p, own) || !endsLikePrompt(p) {
			continue
		}
		found := ses.tryEnds(own, terminator(p), func(start string) bool {
			return len(start) < len(own) && start != p && alike(start, p)
		})
		if found != "" {
			return found
		}
	}
	return ""
}
