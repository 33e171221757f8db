package transcript

import "time"

// segment is one prompt with the line entered there and its output: the raw
// material of a Command.
type segment struct {
	bounds string // FromPaste, FromMarks, FromTyping
	zsh    bool   // its prompt began with zsh's idiom

	promptAt, start, end time.Duration
	ended                bool // another prompt came

	// prompt is the rows of the prompt, the last one up to the column where
	// input begins. Empty if that column was not seen.
	prompt []string
	split  bool // the end of the prompt was seen
	exact  bool // the end is certain, from a mark or from zsh
	// rows is the whole rows from the prompt's to the end of the input.
	rows      []string
	wraps     []bool // rows[i] goes on in rows[i+1]
	text      string // input, valid if split
	short     bool   // the input was longer than was read
	moved     bool   // the cursor was seen behind the first character
	oneGo     bool   // typing: text and line feed came in one burst
	fresh     bool   // a line feed came before the editor ended
	redrew    bool   // zsh redrew the line after it was entered
	right     rightPrompt
	unentered bool // the recording ended first
	aborted   bool // a further line of it was cancelled
	// dropped: the editor ended and began again without a line feed.
	dropped bool
	keys    bool // the editor reset the cursor keys: zsh accepts the line
	ctrlC   bool // ctrl-C was typed last
	second  bool // a mark: this is a continuation prompt
	ready   bool // a mark: a prompt follows

	hook string // the command as the shell reported it; valid if hooked
	// verbatim: hook is the text as it was typed, not from a history.
	verbatim bool
	hooked   bool
	byHook   bool   // text is hook
	again    bool   // the end of the prompt was corrected
	cut      bool   // it was entered in pieces
	ran      bool   // a mark: the command was run
	exit     int    // the status; valid if exited
	exited   bool   // the status is known
	byEvent  bool   // exit is that of the recorded program
	signed   bool   // the marks carry the nonce
	unsure   bool   // marks without a nonce were used
	context  string // the 3008 context of the command
	dir      string
	host     string

	out     *capture
	outText string // the output, once out has been freed
	alt     bool   // the alternate screen was used
	given   string // typing: the text that came together with the prompt
	eof     bool   // ctrl-D was typed last
	printed bool   // something was printed before the next prompt
}
