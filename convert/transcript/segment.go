package transcript

import (
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/internal/vault"
	"github.com/ttydeck/ttydeck/place"
)

// segment is one prompt with the line entered there and its output: the raw
// material of a Command. The tracer makes segments of a recording, and the
// passes make better ones of them.
type segment struct {
	// bounds is what showed where the line begins and ends: FromPaste,
	// FromKeys, FromMarks or FromTyping. Empty in the first segment, which
	// stands for what came before any prompt.
	bounds source
	shell  string // zsh, or empty: its prompt did not show it
	marks  trust  // in the marks that were used
	// outer is the command inside which the prompt came, according to signed
	// marks: it had started and not ended. nil at the prompts of the shell that
	// was recorded, and without such marks.
	outer *segment
	// dir and host are where the shell was, as the last of the reports up to
	// here says.
	dir, host string
	reports   int

	// prompt is the rows of the prompt, the last one up to the column where
	// input begins.
	prompt    []string
	promptAt  time.Duration
	points    points
	uppers    [maxUpper]place.Point // see spot
	promptEnd promptEnd
	announced announced
	// kindBefore is the kind of the prompt before zsh drew it again with the
	// line; "" if it did not.
	kindBefore string

	// rows are those of the screen from the last one of the prompt to the end
	// of the input; right is the text at the right of the first one.
	rows     []textRow
	right    rightPrompt
	unread   int      // rows that were not read: the input was too long
	pieces   int      // of the input, read before a background job wrote between
	text     string   // the input; the whole rows until promptEnd is known
	lines    []string // the lines of the text that were entered one by one, if there are several
	textBy   source   // FromHook if text is reported; else from the screen
	doubtful bool     // the text may be wrong
	// overdrawn: the editor wrote over the text, which was put together from what
	// the screen showed before and after.
	overdrawn bool
	// typedBefore: the line was entered before its prompt came; out begins with
	// the prompt.
	typedBefore bool
	given       string // the text that came together with the prompt
	silent      bool   // nothing shows whether it was run
	odd         bool   // the prompt may be a question; out begins with it, and the text
	drawn       string // what followed the mark of the prompt's end at once
	start       time.Duration
	pace        pace
	key         key  // typed last
	killed      bool // ^C came last before the line feed that entered it
	left        left
	after       after
	result      result

	// reported is the command as the shell reported it: from FromHook as it
	// was typed, fromHistory as the shell's history has it.
	reported fact[string]
	// run is from a mark that the command was run, with its 3008 context.
	run fact[string]
	// again: the line was entered together with the one before, and has no
	// prompt of its own.
	again bool
	// exit is the status, from FromMarks or FromEnd.
	exit fact[int]
	// end is when the output ended, from FromMarks, FromEnd or fromNext. If it
	// is unknown, its value is the end of the recording.
	end fact[time.Duration]

	last    bool // the recorded program ended next
	out     output
	capture *capture // what out is made of; nil once it is
	printed int      // rows that were printed before the next prompt
	screens int      // how often the alternate screen was entered

	// kind, depth and parent are where the line was entered; parent is the
	// number of the segment that started the shell or REPL, or -1.
	kind          Kind
	depth, parent int
	stray         []string      // rows behind out that only looked like prompts, and their output
	strays        []vault.Block // more of them, before stray
	strayBytes    int           // in stray

	number int      // among the segments of the session
	copied *segment // what this is a copy of, if it is one
	// index is the command's, above that of its parent; -1 if it has none.
	index, above int
}

// is reports whether s is p, or a copy of it.
func (s *segment) is(p *segment) bool { return p != nil && (s == p || s.copied == p) }

// entered returns the line as far as it is known yet: until a prompt's end is, its
// text is the whole rows, prompt and all, and it may begin with a sign.
func (s *segment) entered() string {
	if s.reported.known() {
		return s.reported.value
	}
	return strings.TrimPrefix(s.text, s.drawn)
}

// promptKind returns the kind of the prompt at which the line was begun.
func (s *segment) promptKind() string {
	if s.kindBefore != "" {
		return s.kindBefore
	}
	return kindOf(lastLine(s.prompt))
}

// output is what a command printed.
type output struct {
	text string      // its end; all of it if there is no head
	head vault.Block // what comes before text
	lost int         // bytes that were not kept
}

// A fact is a value with its source; the zero fact is unknown.
type fact[T any] struct {
	value T
	from  source
}

func (f fact[T]) known() bool { return f.from != "" }

// source is where something is known from: one of the constants for [Evidence]
// or of those below. Empty if it is not known.
type source string

const (
	// fromHistory: the shell reported the text from its history, where lines
	// are joined and expanded.
	fromHistory source = "history"
	// fromNext: the next prompt came.
	fromNext source = "next"
)

const zsh = "zsh"

// trust is how far marks can be trusted. All the marks that are used in a
// session are alike.
type trust uint8

const (
	noMarks  trust = iota // none were used
	unsigned              // any program could have printed them
	signed                // they carry the recording's nonce
)

// promptEnd is how it is known where a prompt ends and input begins.
type promptEnd uint8

const (
	endUnseen    promptEnd = iota
	endLearned             // not seen: the prompts of other segments showed it
	endCorrected           // seen elsewhere: the prompts of other segments showed it
	endSeen                // the cursor rested there
	endCertain             // from a mark, or from zsh
)

// seen reports whether the screen showed the end, right or wrong.
func (e promptEnd) seen() bool { return e >= endCorrected }

// announced is what a mark said of a prompt.
type announced uint8

const (
	notAnnounced announced = iota
	asPrompt               // a prompt follows
	asContinuation
)

// pace is how fast the text of a line and its line feed came.
type pace uint8

const (
	anyPace pace = iota // the line has a better source than its pace
	burst               // all at once
	typed               // with a pause
)

type key uint8

const (
	otherKey key = iota // or none was recorded
	ctrlC
	ctrlD
)

// left is what a line editor did before it ended: a set.
type left uint8

const (
	leftLineFeed left = 1 << iota // moved to the next line, as all but zsh do
	leftKeys                      // reset the cursor keys, as zsh does to accept a line
)

func (l left) has(what left) bool { return l&what != 0 }

// after is what came after a line editor ended, instead of a line feed.
type after uint8

const (
	afterNothing after = iota
	afterRedraw        // zsh redrew the line
	afterRestart       // the editor began again; it is not zsh
)

// result is what became of a line.
type result uint8

const (
	entered    result = iota // and run, as far as anybody knows
	unentered                // the recording ended first
	cancelled                // with ctrl-C, it or a further line of it
	listed                   // it is shown above a list of completions
	shellEnded               // by ctrl-D, and printed so
)

// textRow is a row of the screen.
type textRow struct {
	text string
	wrap bool // it goes on in the next row
	// indent is the number of columns at its start that nothing was written to:
	// fish moves over them to show further lines below the first.
	indent int
	fill   fill
}

// fill is what is in the last column of a row, if that may be no character of the
// input.
type fill uint8

const (
	noFill      fill = iota
	emptyFill        // nothing
	markedFill       // an inverse blank, as zsh draws it
	blankFill        // a blank behind a wide character; readline draws it, or it was typed
	perhapsFill      // a blank behind another character, more probably typed
)

// rightPrompt is the text at the right of the line being entered.
type rightPrompt struct {
	x    int
	text string
}
