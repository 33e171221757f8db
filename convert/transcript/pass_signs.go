package transcript

import "strings"

// moveSigns moves the signs that some shells draw behind the mark of their
// prompt's end to the prompt. nushell does so with its indicator.
//
// Needs: segments as the tracer made them.
// Holds after: what was drawn at once behind the mark of a prompt's end is a part
// of the prompt, if it is no text that was entered.
// Sets: the prompt and the text of segments with marks that anybody could print.
func moveSigns(_ *session, segs []*segment) []*segment {
	count, marked := map[string]int{}, 0
	for _, s := range segs {
		if s.promptEnd == endCertain && s.shell != zsh && s.marks != signed {
			marked++
			count[s.drawn]++
		}
	}
	for _, s := range segs {
		if s.promptEnd != endCertain || s.shell == zsh || s.marks == signed || len(s.prompt) == 0 {
			continue
		}
		best := ""
		for sign, n := range count {
			if len(sign) > len(best) && strings.TrimSpace(sign) != "" && (n > 1 && n*2 > marked || endsLikePrompt(sign) && n*2 > marked || n > 2 && endsLikePrompt(sign)) &&
				(strings.HasPrefix(s.text, sign) || s.text == strings.TrimRight(sign, " ")) {
				best = sign
			}
		}
		if best != "" {
			s.text = strings.TrimPrefix(s.text+" ", best)
			s.text = strings.TrimRight(s.text, " ")
			s.prompt[len(s.prompt)-1] += best
		}
	}
	return segs
}
