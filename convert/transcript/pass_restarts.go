package transcript

import "time"

// restartGap is the longest time that an editor takes to begin again.
const restartGap = 200 * time.Millisecond

// joinRestarts joins the segments of an editor that ended and began again in the
// same line, as fish does if its prompt changes when the line is entered.
//
// Needs: prompts and texts apart, where that can be learned: a prompt that is
// drawn again is no text.
// Holds after: a line that an editor read in two goes, with no output between
// them, is one segment.
// Sets: of the second segment, the time of the prompt; and the prompt, its end
// and the text, if the second segment has no text.
func joinRestarts(_ *session, segs []*segment) []*segment {
	var out []*segment
	for i, s := range segs {
		if i+1 == len(segs) || !restarts(s, segs[i+1]) {
			out = append(out, s)
			continue
		}
		next := segs[i+1]
		next.promptAt = s.promptAt
		next.points.Prompt, next.uppers = s.points.Prompt, s.uppers
		if next.text != "" {
			continue
		}
		next.text, next.prompt = s.text, s.prompt
		if s.promptEnd.seen() {
			next.promptEnd = max(next.promptEnd, endSeen)
		} else {
			next.promptEnd = s.promptEnd
		}
	}
	return out
}

// restarts reports whether next is the same line as s.
func restarts(s, next *segment) bool {
	return s.marks != signed && s.bounds == FromPaste && next.bounds == FromPaste && s.after == afterRestart &&
		next.promptAt-s.start < restartGap && s.printed == 0 &&
		s.text != "" && s.result != cancelled
}
