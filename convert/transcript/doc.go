// Package transcript finds the commands that were run in a recorded terminal
// session: each with its prompt, text, output and times and, where the
// recording has them, its exit status and directory.
//
// Start with [Commands]:
//
//	for cmd, err := range transcript.Commands(cast, transcript.Options{}) {
//		...
//		fmt.Println(cmd.Start, cmd.Text, cmd.Output)
//	}
//
// [Write] writes them as Markdown, text, HTML, JSON and more.
//
// # How commands are found
//
// Few recordings carry marks that show where a command begins, so the package
// relies on what line editors do anyway. Readline, zsh and fish switch
// bracketed paste (mode 2004) on before they read a line and off after it:
// these switches are the spine. The bytes around them distinguish the shells,
// and zsh also shows where its prompt begins. Where there are no switches
// (dash, old shells, the far end of an ssh), a prompt is a line on which the
// cursor came to rest before something was typed; if that does not look like a
// prompt, it must come first and come again. Marks (OSC 133, 633, 7, 777, 1337,
// 3008) add to the commands found in this way, and are the spine where there is
// no other. All text is read off a [vt.Screen], so it is what the user saw when
// Enter was pressed, however the line was edited.
//
// This takes three stages. A tracer follows the screen and cuts the recording
// into segments, each a prompt with the line entered there and its output. It
// notes facts only: what bounded the line, how it ended, and what is known from
// where. Passes, which know the prompts of the whole session, then split lines
// that arrived in one piece, join continuation lines, distinguish the prompts of
// a REPL from those of a shell, and drop what only looked like a command. Each
// says what it needs and what holds after it. What is left becomes the commands.
//
// # Trust
//
// Any program can print marks. If the recording has a nonce (see
// [Options.Nonce]), marks without it are ignored. Otherwise marks never make a
// command in a session that has a better spine, and a command that relies on
// them has Command.Trusted false.
//
// A file that was appended to, or joined, has several sessions: each begins at a
// marker of [format.Resumed] that does not end a pause, and is read as a recording
// of its own. The marks of all but the first count as if there were no nonce, until
// one has it.
package transcript
