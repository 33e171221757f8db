package transcript

import (
	"time"
)

// A Kind says what sort of line a command is.
type Kind string

const (
	// Shell is a command that a shell ran.
	Shell Kind = "command"
	// Comment is a line that is all comment.
	Comment Kind = "comment"
	// REPL is a line that was given to a program with a prompt of its own,
	// such as python or sqlite3. Its Parent is the command that ran it.
	REPL Kind = "repl"
	// Cancelled is a line that was given up with ctrl-C before it was run.
	Cancelled Kind = "cancelled"
)

// Sources of what is known of a command.
const (
	FromPaste  = "paste"  // bracketed paste was switched on and off around the line
	FromKeys   = "keys"   // the cursor keys were, around a prompt of zsh
	FromMarks  = "marks"  // shell integration marks
	FromTyping = "typing" // the cursor rested behind a prompt, something was typed
	FromScreen = "screen" // read off the screen
	FromHook   = "hook"   // the shell's own word: cmdline_url, 633;E, 777
	FromEnd    = "end"    // the recorded shell ended with that status
	FromPrompt = "prompt" // split by a prompt learned elsewhere in the session
)

// Evidence tells where what is said of a command comes from.
type Evidence struct {
	Bounds string `json:"bounds"`         // FromPaste, FromKeys, FromMarks or FromTyping
	Text   string `json:"text"`           // FromScreen, FromHook or FromPrompt
	Exit   string `json:"exit,omitempty"` // FromMarks or FromEnd; "" when the status is unknown
	Shell  string `json:"shell,omitempty"`
}

// A Command is a line that was entered at a prompt.
type Command struct {
	// Index counts the commands from 0, in the order they were entered; REPL
	// and cancelled lines are counted when they are given.
	Index int
	Kind  Kind
	// Prompt is the prompt as it stood on the screen; several lines are
	// separated by \n.
	Prompt string
	// Text is the command as typed. Continuation lines are separated by \n,
	// without the continuation prompts.
	Text string
	// Expanded is what the shell said it runs, when that is not Text: with
	// aliases or history expansions replaced. Usually empty.
	Expanded string
	// Output is what the command printed, as it stood on the screen at the
	// end: a progress bar in its last state, wrapped lines whole, without
	// trailing spaces and without what full-screen programs drew. Lines that
	// the command cleared from the screen are kept. What a nested shell's or
	// a REPL's own children printed is in those.
	Output string
	// Styled is Output with colours as SGR sequences. Only with
	// Options.Styled.
	Styled string
	// Truncated tells that Output was longer than the limit and lost its
	// middle.
	Truncated bool
	// FullScreen tells that the command used the alternate screen.
	FullScreen bool

	// PromptAt is when the prompt was drawn, Start when the line was entered
	// and End when the command had finished: when the next prompt came, or the
	// recording ended.
	PromptAt, Start, End time.Duration
	// Unfinished tells that the recording ended first.
	Unfinished bool

	// Exit is the exit status, valid if HasExit.
	Exit    int
	HasExit bool
	// Dir is the directory in which the command was started, Host the host
	// that named it; empty when unknown.
	Dir, Host string

	// Depth is 0 for the shell that was recorded, one more for each shell or
	// REPL inside another. Parent is the Index of the command that started
	// it, -1 at depth 0.
	Depth, Parent int

	Evidence Evidence
	// Confidence is how sure it is that this was a command with this text,
	// from 0 to 1. Below 0.9 a second look is due.
	Confidence float64
	// Trusted is false if something here rests on marks that any program
	// could have printed.
	Trusted bool
}

// Duration is the time from Start to End.
func (c *Command) Duration() time.Duration { return c.End - c.Start }

// Failed reports whether the command is known to have failed.
func (c *Command) Failed() bool { return c.HasExit && c.Exit != 0 }

// Options change how commands are read. The zero value is fit for use.
type Options struct {
	// REPL also gives what was entered in programs with a prompt of their
	// own. Cancelled also gives lines that were given up.
	REPL, Cancelled bool
	// Styled fills Command.Styled.
	Styled bool
	// MaxOutput is the number of bytes kept of what a command printed, half
	// of it from the start, half from the end; 0 is DefaultMaxOutput.
	MaxOutput int
	// Nonce is the secret that the recorder put into its own marks (aid=).
	// Empty takes it from the recording's header; see [format.Header.Nonce].
	Nonce string
}

const (
	// DefaultMaxOutput is how much of a command's output is kept.
	DefaultMaxOutput = 256 << 10
	// maxTotal is how much output is kept in all; past it each command
	// keeps but little.
	maxTotal = 256 << 20
	// maxSegments is how many prompts are looked at.
	maxSegments = 1 << 18
	// maxWork is how many bytes are looked at in guessing at prompts.
	maxWork = 1 << 30
)
