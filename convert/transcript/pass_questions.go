package transcript

import (
	"strings"
	"unicode/utf8"
)

// dropQuestions decides which texts that do not look like prompts are prompts:
// the one that comes first in a shell, and comes again. Other texts are what
// programs print before they read a line.
//
// Needs: segments as the tracer made them.
// Holds after: only prompts are odd.
// Sets: the output: that of a prompt begins behind the line entered there, and
// the rest is a part of the output before, with its end.
func dropQuestions(_ *session, segs []*segment) []*segment {
	prompts := oddPrompts(segs)
	var out []*segment
	for _, s := range segs {
		switch {
		case !s.odd, len(out) == 0: // or it is before the stretch
		case s.oddOneOf(prompts):
			if s.result != unentered {
				_, s.out.text, _ = strings.Cut(s.out.text, "\n")
				s.printed = max(0, s.printed-len(s.rows))
			}
		case s.result == unentered:
			continue
		default:
			out[len(out)-1].takeOutput(s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// takeOutput adds the output of next, which is no line that was entered.
func (s *segment) takeOutput(next *segment) {
	if s.out.text != "" && next.out.text != "" {
		s.out.text += "\n"
	}
	s.out.text += next.out.text
	s.out.lost += next.out.lost
	s.printed += next.printed
	s.screens += next.screens
	s.end, s.points.End = next.end, next.points.End
	if !s.exit.known() {
		s.exit = next.exit
	}
}

// oddPrompts returns the odd texts that are prompts.
func oddPrompts(segs []*segment) []string {
	count, typedAt := map[string]int{}, map[string]int{}
	for _, s := range segs {
		if s.odd {
			key := oddKey(lastLine(s.prompt))
			count[key]++
			if s.pace == typed {
				typedAt[key]++
			}
		}
	}
	var prompts []string
	seen := 0 // other prompts
	launched, renamed := false, false
	for i, s := range segs {
		renamed = i > 0 && setsPrompt.MatchString(segs[i-1].text)
		switch p := lastLine(s.prompt); {
		case s.bounds == "":
		case !s.odd:
			seen = 2
			launched = isLauncher(s.entered())
		case s.oddOneOf(prompts):
			launched = isLauncher(s.entered())
		default:
			// Nobody types the end of a progress display.
			key := oddKey(p)
			if renamed && !asks(p) && typedAt[key] > 0 && len(prompts) < maxPrompts {
				prompts = append(prompts, p)
				launched = isLauncher(s.text)
			} else if (seen < 2 || launched && looksLikeShell(p)) && count[key] > 1 && typedAt[key]*2 >= count[key]-1 && typedAt[key] > 0 &&
				(looksLikeShell(p) || !asks(p)) && len(prompts) < maxPrompts {
				prompts = append(prompts, p)
				launched = isLauncher(s.entered())
			}
			seen++
		}
	}
	return prompts
}

// asks reports whether a prompt ends as questions do: in a single colon.
func asks(prompt string) bool {
	body, colon := strings.CutSuffix(strings.TrimSpace(prompt), ":")
	return colon && !strings.HasSuffix(body, ":")
}

// oneSign reports whether a prompt is a name and a sign, though not one that
// questions end in.
func oneSign(prompt string) bool {
	sh := shape(prompt)
	return strings.HasPrefix(sh, "w") && utf8.RuneCountInString(sh) == 2 && !asks(prompt)
}

// oddKey returns what is the same for an odd prompt wherever it comes again: with
// another time, perhaps, or in another directory.
func oddKey(prompt string) string {
	if decorated(prompt) {
		return kindOf(prompt)
	}
	return prompt
}

// oddOneOf reports whether the prompt of s is one of prompts, perhaps in another
// directory.
func (s *segment) oddOneOf(prompts []string) bool {
	own := lastLine(s.prompt)
	for _, p := range prompts {
		n := commonPrefix(p, own)
		if shorter := min(len(strings.TrimRight(p, " ")), len(strings.TrimRight(own, " "))); n >= 4 && n >= shorter && looksLikeShell(p) && looksLikeShell(own) && !asks(own) {
			return true // the state of a repository comes and goes
		}
		if p == own || terminator(p) == terminator(own) && (n >= 4 && n*2 >= min(len(p), len(own)) || shape(p) == shape(own) && (looksLikeShell(own) || decorated(own) || oneSign(own) || n >= 2 && strings.Contains(strings.TrimSpace(own), " "))) {
			return true
		}
	}
	return false
}
