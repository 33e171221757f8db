package transcript

import (
	"slices"
	"strings"
	"time"
)

// splitPasted splits lines that were entered together: bash runs each command of
// a text with several lines by itself, as if they had been entered one by one.
// zsh and fish run the text as a whole.
//
// Needs: prompts and texts as they should be.
// Holds after: a text of several lines is one command.
// Sets: the text, the rows and the output of what it splits; the output is that
// of the last command, because nothing shows where those before end. It leaves
// alone what a mark reports, what fish shows, which it indents, and REPLs.
func splitPasted(ses *session, segs []*segment) []*segment {
	var out []*segment
	for _, s := range segs {
		if s.bounds != FromPaste || s.shell == zsh || s.run.known() || s.reported.known() ||
			s.unread > 0 || s.result == cancelled || !strings.Contains(s.text, "\n") ||
			looksLikeREPL(lastLine(s.prompt)) || slices.ContainsFunc(s.rows, func(r textRow) bool { return r.indent > 0 }) {
			out = append(out, s)
			continue
		}
		texts := ses.statements(s.text)
		for i, text := range texts {
			if i+1 == len(texts) {
				s.text = text
				break
			}
			part := *s
			part.text, part.out, part.printed, part.screens = text, output{}, 0, 0
			part.end, part.points.End = fact[time.Duration]{s.start, fromNext}, s.points.Start
			out = append(out, &part)
			s.promptAt, s.points.Prompt = s.start, s.points.Start
		}
		out = append(out, s)
	}
	return out
}

// statements splits a text at the ends of lines that complete a command.
func (ses *session) statements(text string) []string {
	var texts []string
	rest := text
	for rest != "" {
		var one string
		for more := rest; ; {
			line, after, found := strings.Cut(more, "\n")
			one, more = one+line, after
			if ses.work -= len(one); !found || ses.work < 0 || !incomplete(one) {
				rest = more
				break
			}
			one += "\n"
		}
		if strings.TrimSpace(one) != "" {
			texts = append(texts, one)
		}
	}
	if len(texts) == 0 {
		return []string{text}
	}
	return texts
}
