// Package transcript finds out which commands were run in a recorded terminal
// session: each with its prompt, its text, what it printed, when it ran and,
// where the recording tells, its exit status and directory.
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
// # Where commands are found
//
// Hardly any recording carries marks that say where a command begins, so the
// reading rests on what line editors do anyhow. Readline, zsh and fish switch
// bracketed paste (mode 2004) on before they read a line and off after it: that
// is the spine. The bytes around the switches tell the shells apart, and zsh
// says where its prompt begins. Where nobody switches (dash, old shells, the
// far end of an ssh), a prompt is a line on which the cursor came to rest and
// something was then typed. Marks (OSC 133, 633, 7, 777, 1337, 3008) and window
// titles annotate what was so found, and stand in for it where nothing else
// is. All text is read off a [vt.Screen], so it is what the user saw when Enter
// was pressed, whatever editing led there.
//
// A second pass knows the prompts of the whole session. It joins continuation
// lines, splits lines that came in one piece, tells the prompts of a REPL from
// those of a shell, and takes back what only looked like a command.
//
// # Trust
//
// A program can print marks. Where the recording carries a nonce (see [Nonce]),
// marks without it are ignored; elsewhere they never make a command in a session
// that has a better spine, and what was read from them has Command.Trusted false.
package transcript
