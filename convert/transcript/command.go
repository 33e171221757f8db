package transcript

import (
	"time"
)

// A Kind is a sort of command line.
type Kind string

const (
	// Shell is a command that a shell ran.
	Shell Kind = "command"
	// Comment is a line that holds only a comment.
	Comment Kind = "comment"
	// REPL is a line entered in a program with a prompt of its own, such as
	// python or sqlite3. Its Parent is the command that ran the program.
	REPL Kind = "repl"
	// Cancelled is a line that was cancelled with ctrl-C before it was run.
	Cancelled Kind = "cancelled"
	// Unseen is a line that only the recorded input shows: it was entered, but
	// at no prompt that was seen. A program may have read it, or a shell that
	// hid its prompt.
	Unseen Kind = "unseen"
)

// Sources of an [Evidence].
const (
	// FromPaste: the shell switched bracketed paste on and off around the line.
	FromPaste = "paste"
	// FromKeys: zsh switched the cursor keys on and off around the line.
	FromKeys = "keys"
	// FromMarks: marks of a shell integration.
	FromMarks = "marks"
	// FromTyping: the cursor rested behind a prompt, and something was typed.
	FromTyping = "typing"
	// FromInput: the line is in the recorded input only.
	FromInput = "input"
	// FromScreen: the text was read off the screen.
	FromScreen = "screen"
	// FromHook: the shell reported the text itself, with cmdline_url, 633;E or 777.
	FromHook = "hook"
	// FromEnd: the recorded shell ended with that status.
	FromEnd = "end"
	// FromPrompt: the text was split from a prompt that was learned elsewhere
	// in the session.
	FromPrompt = "prompt"
)

// Evidence names the sources of what a Command holds.
type Evidence struct {
	// Bounds is the source of where the line begins and ends: FromPaste,
	// FromKeys, FromMarks, FromTyping or FromInput.
	Bounds string `json:"bounds"`
	// Text is the source of the text: FromScreen, FromHook, FromPrompt or
	// FromInput.
	Text string `json:"text"`
	// Exit is the source of the exit status: FromMarks or FromEnd; empty if the
	// status is unknown.
	Exit string `json:"exit,omitempty"`
	// Shell is the name of the shell, such as zsh, if it showed itself.
	Shell string `json:"shell,omitempty"`
}

// A Command is a line that was entered at a prompt.
type Command struct {
	// Index counts the commands from 0, in the order they were entered. REPL,
	// cancelled and unseen lines count if the options include them.
	Index int
	// Kind is the sort of line.
	Kind Kind
	// Prompt is the prompt as it was on the screen; its lines are separated
	// by \n.
	Prompt string
	// Text is the command as typed. Continuation lines are separated by \n,
	// without the continuation prompts.
	Text string
	// Expanded is the command line that the shell reported, if it differs from
	// Text: with aliases or history expansions replaced. Usually empty.
	Expanded string
	// Output is the text that the command printed, as the screen showed it at
	// the end: a progress bar in its last state, wrapped lines whole, without
	// trailing spaces and without what full-screen programs drew. Lines that
	// the command cleared from the screen are kept. The output of commands in
	// a nested shell or REPL belongs to those commands.
	Output string
	// Styled is Output with its colours as SGR sequences. It is set with
	// Options.Styled only.
	Styled string
	// Truncated reports that Output was longer than the limit and lost its
	// middle.
	Truncated bool
	// FullScreen reports that the command used the alternate screen.
	FullScreen bool

	// PromptAt is when the prompt was drawn, Start when the line was entered,
	// and End when the command finished: when the next prompt came, or the
	// recording ended. All count from the start of the recording.
	PromptAt, Start, End time.Duration
	// Unfinished reports that the recording ended before the command did.
	Unfinished bool

	// Exit is the exit status; valid if HasExit.
	Exit int
	// HasExit reports whether the exit status is known.
	HasExit bool
	// Dir is the directory in which the command was started, Host the host
	// that reported it; empty if unknown.
	Dir, Host string

	// Depth is 0 for the shell that was recorded, and one more for each shell
	// or REPL inside another. Parent is the Index of the command that started
	// the shell or REPL, -1 at depth 0.
	Depth, Parent int

	// Evidence names the sources of the above.
	Evidence Evidence
	// Confidence is the likelihood that this was a command with this text, from
	// 0 to 1. A command below 0.9 deserves a second look.
	Confidence float64
	// Trusted is false if something here relies on marks that any program
	// could have printed.
	Trusted bool
}

// Duration returns the time from Start to End.
func (c *Command) Duration() time.Duration { return c.End - c.Start }

// Failed reports whether the command is known to have failed.
func (c *Command) Failed() bool { return c.HasExit && c.Exit != 0 }

// Options change how commands are read. The zero value is ready for use.
type Options struct {
	// REPL includes lines that were entered in programs with a prompt of their
	// own, Cancelled lines that were cancelled.
	REPL, Cancelled bool
	// Unseen includes lines that are in no command according to the recorded
	// input. They are counted in any case; see [List.Unseen].
	Unseen bool
	// Styled fills Command.Styled.
	Styled bool
	// MaxOutput is the most bytes kept of a command's output, half of them from
	// its start and half from its end; 0 means DefaultMaxOutput.
	MaxOutput int
	// Nonce is the secret that the recorder put into its own marks (aid=).
	// Empty means the one in the recording's header; see [format.Header.Nonce].
	Nonce string
}

const (
	// DefaultMaxOutput is the most bytes kept of a command's output.
	DefaultMaxOutput = 256 << 10
	// maxTotal is the most bytes of output kept of all commands; beyond it,
	// each further command keeps 4 KiB.
	maxTotal = 256 << 20
	// maxSegments is the most prompts that are read.
	maxSegments = 1 << 18
	// maxWork is the most bytes that guessing at prompts may look at.
	maxWork = 1 << 30
)
