package transcript

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/internal/vault"
)

// The tracer cuts a recording into segments; passes make the session's commands
// of them. A pass takes the segments in the order of the recording and returns
// those that are left, in the same order. It may change them: nobody else holds
// them. What it needs, what is true of the segments that it returns, and which
// facts it sets stand in its comment.

// passes lists the passes in the order in which they run.
var passes = []func(*session, []*segment) []*segment{
	dropQuestions, // now its prompt is one, as far as repetition shows
	moveSigns,     // and is whole
	splitPrompts,
	joinRestarts,    // now a segment is a line
	correctPrompts,  // now its prompt and its text are apart
	splitPasted,     // now it has one command, or a part of one
	joinLines,       // now it is a command
	movePromptLines, // now its prompt and its output are whole
	preferReported,  // now its text is final
	judgeLines,      // now it is known what became of it
	dropNeighbours,  // now the lines are those of the stretch
	placeLines,      // and it is known where each was entered
}

// session is what the passes know about the whole session. A long one is read in
// stretches; then habits are those of the stretch.
type session struct {
	habits habits
	// work is the number of bytes that guessing may still look at. A hostile
	// recording may have very many prompts that look like each other.
	work int
	// from and to are the numbers of the first segment of the stretch, and of
	// the first behind it. The segments around it show what it follows, and what
	// follows it.
	from, to int
	placer   placer
	commands int          // the number of those that have an index
	vault    *vault.Vault // of the outputs
}

// run runs the passes on a stretch and its neighbours. It returns its lines.
func (ses *session) run(segs []*segment) []*segment {
	ses.habits = learnHabits(segs)
	for _, pass := range passes {
		segs = pass(ses, segs)
	}
	return segs
}

// dropNeighbours drops the segments around the stretch.
//
// Needs: nothing that a later pass may still learn from neighbours.
// Holds after: each line of the session is in one stretch.
func dropNeighbours(ses *session, segs []*segment) []*segment {
	return slices.DeleteFunc(segs, func(s *segment) bool { return s.number < ses.from || s.number >= ses.to })
}

// habits is what the line editors of a session do whenever a line is entered.
// A line without it was not entered.
type habits struct {
	// keys has the kinds of prompt at which zsh resets the cursor keys.
	keys map[string]bool
	// redraws counts, by kind of prompt, the lines that zsh redrew after they
	// were entered, less the others.
	redraws map[string]int
	// marksRun: marks show when commands start.
	marksRun bool
	// people: most lines without a better source were typed by a person.
	people bool
}

// learnHabits needs segments as the tracer made them: joined lines would count
// once.
func learnHabits(segs []*segment) habits {
	h := habits{keys: map[string]bool{}, redraws: map[string]int{}, people: typedByPeople(segs)}
	for _, s := range segs {
		h.marksRun = h.marksRun || s.run.known()
		if s.shell != zsh || s.text == "" {
			continue
		}
		kind := s.promptKind()
		h.keys[kind] = h.keys[kind] || s.left.has(leftKeys)
		if s.after == afterRedraw {
			h.redraws[kind]++
		} else {
			h.redraws[kind]--
		}
	}
	return h
}

// definition matches lines that some integrations do not mark as run.
var definition = regexp.MustCompile(`^\s*(#|(function\s+)?[^\s()]+\s*\(\)|function\s)`)

// cancelled reports whether a line was cancelled.
func (h *habits) cancelled(s *segment) bool {
	typedC := strings.HasSuffix(s.text, "^C")
	switch {
	case s.result == cancelled:
		return true
	case s.run.known():
		return false
	case h.marksRun && s.marks == signed && s.outer == nil:
		// The shell would have marked that it runs it. It neither runs comments
		// nor what it cannot parse, and complains of that.
		if typedC || !s.exit.known() {
			return true
		}
		return s.printed == 0 && !strings.HasPrefix(strings.TrimLeft(s.text, " \t"), "#")
	case s.bounds == FromMarks && s.marks == signed && s.exit.value == 256+2 && s.printed == 0:
		return true // ksh93 adds 256 to the number of the signal, and shows no ^C
	case s.bounds == FromMarks && s.marks == signed && s.exit.known():
		return false // whatever its text ends in
	case h.marksRun && s.bounds == FromPaste && s.marks == unsigned && (s.exit.value == 0 || s.exit.value == 130) && s.exit.known() && !definition.MatchString(s.text):
		return true // it ended without a start
	case s.bounds == FromTyping, s.bounds == FromMarks:
		return typedC
	case s.shell == zsh:
		kind := s.promptKind()
		return h.keys[kind] && !s.left.has(leftKeys) || h.redraws[kind] > 0 && s.after != afterRedraw || s.key == ctrlC
	}
	return !s.left.has(leftLineFeed) && (s.after == afterRestart || typedC)
}
