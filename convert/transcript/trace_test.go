package transcript

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// The sequences of line editors and shells.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l\r"
	keysOn   = "\x1b[?1h\x1b="
	keysOff  = "\x1b[?1l\x1b>"
	zshLine  = "\r\x1b[0m\x1b[27m\x1b[24m\x1b[J"
	markA    = "\x1b]133;A\a"
	markB    = "\x1b]133;B\a"
	markC    = "\x1b]133;C;cmdline_url=ls%20x\a"
	markD    = "\x1b]133;D;3\a"
)

// TestTracer tests what the tracer knows of lines, and from where. Output comes
// every 100 ms; "<" begins input, and "=" the exit of the recorded program.
func TestTracer(t *testing.T) {
	next, marked := fact[time.Duration]{from: fromNext}, fact[time.Duration]{from: FromMarks}
	ls := segment{bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", left: leftLineFeed, end: next}
	zshLs := segment{bounds: FromPaste, shell: zsh, prompt: prompt("% "), promptEnd: endCertain, text: "ls", left: leftKeys, end: next}
	again := segment{bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, result: unentered}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	bash := []string{pasteOn + "$ ", "ls", "\r\n" + pasteOff + "a b\r\n" + pasteOn + "$ "}
	nonce := func(marks string) string { return strings.ReplaceAll(marks, "\a", ";aid=N\a") }
	for _, tt := range []struct {
		name   string
		nonce  string
		output []string
		want   []segment
	}{
		{"bash", "", bash, []segment{ls, again}},
		{"bash, cancelled", "", []string{pasteOn + "$ ", "ls", "^C", pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.left, s.after, s.result = "ls^C", 0, afterRestart, cancelled }), again,
		}},
		{"bash, and ctrl-C was recorded", "", []string{pasteOn + "$ ", "ls", "<\x03", "^C" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.left, s.after, s.key, s.result = "ls^C", 0, afterRestart, ctrlC, cancelled }), again,
		}},
		{"the prompt was not seen by itself", "", []string{pasteOn + "$ ls\r\n" + pasteOff + "a\r\n" + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.prompt, s.promptEnd, s.text = nil, endUnseen, "$ ls" }), again,
		}},
		{"the editor began again", "", []string{pasteOn + "$ ", "ls", pasteOn + "\r\n$ ", "id", "\r\n" + pasteOff}, []segment{
			{bounds: FromPaste, prompt: prompt("", "$ "), promptEnd: endSeen, text: "id", left: leftLineFeed},
		}},
		{"a background job wrote into the line", "", []string{pasteOn + "$ ", "ec", "ho", "\r\ndone\r\n", " hi", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.pieces = "echo hi", 2 }), again,
		}},
		{"bash, cancelled with the cursor in the line", "", []string{pasteOn + "$ ", "rm -r x\b\b\b\b\b\b\b", "^C", pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.left, s.after, s.result = "^C -r x", 0, afterRestart, cancelled }), again,
		}},
		{"the first word was replaced", "", []string{pasteOn + "$ ", "cat a b", "\b\b\b\b\b\b\b", "\x1b[3P", "\x1b[1@l", "\x1b[1@s", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "ls a b" }), again,
		}},
		{"a paste that ends in a newline", "", []string{pasteOn + "$ ", "id; ", "\x1b[7mls\x1b[27m\r\n", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "id; ls" }), again,
		}},
		{"a paste behind what was typed in the same moment", "", []string{pasteOn + "$ ", "id; \x1b[7mls\x1b[27m\r\n", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "id; ls" }), again,
		}},
		{"typed ahead, and shown again by an editor", "", []string{"$ ", "sl", "eep\r\n", "id", "\r\n", "$ id\r\na b\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "sleep", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "id", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"a program reads what is typed", "", []string{"$ ", "ca", "t\r\n", "l", "s", "\r\n", "ls\r\n$ a b\r\n", "$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "cat", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"lines that a program enters ahead", "", []string{"$ ", "sleep\r\n", "ls\r\n", "done\r\n$ a b\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "sleep", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endCertain, text: "ls", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"a program prints a prompt", "", []string{"$ ", "ca", "t\r\n", "Run\r\n$ make\r\n", "$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "cat", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"lines at once, in two directories", "", []string{"me@box:~$ ", "cd a\r\nme@box:~/a$ ls\r\nb\r\nme@box:~/a$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box:~$ "), promptEnd: endSeen, text: "cd a", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box:~/a$ "), promptEnd: endSeen, text: "ls", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box:~/a$ "), result: unentered},
		}},
		{"lines of a command at once", "", []string{"me@box$ ", "for a\r\n> do b\r\n> done\r\nc\r\nme@box$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "for a", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("> "), promptEnd: endSeen, text: "do b", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("> "), promptEnd: endSeen, text: "done", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box$ "), result: unentered},
		}},
		{"a prompt behind output without a line feed", "", []string{"me@box$ ", "l", "s\r\n", "a b", "me@box$ ", "i", "d\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("a bme@box$ "), promptEnd: endSeen, text: "id", pace: typed},
		}},
		{"what is typed to a program looks like a prompt", "", []string{"$ ", "ca", "t\r\n", "$", " ", "x", "\r\n$ x\r\n", "$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "cat", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"a prompt that came with what was typed ahead", "", []string{"$ ", "l", "s\r\n", "i", "\r\na\r\n$ i", "d", "\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "id", pace: typed},
		}},
		{"a prompt that shows a repository", "", []string{"➜ a ", "l", "s\r\n", "➜ a (x ✗) ", "i", "d\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("➜ a "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("➜ a (x ✗) "), promptEnd: endSeen, text: "id", pace: typed},
		}},
		{"a prompt behind ^C", "", []string{"$ ", "l", "s\r\n", "^C", "$ ", "i", "d\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("^C$ "), promptEnd: endSeen, text: "id", pace: typed},
		}},
		{"a suggestion that is still there", "", []string{pasteOn + "$ ", "ls \x1b[90mx\x1b[m\b", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{ls, again}},
		{"the cursor in the line", "", []string{pasteOn + "$ ", "ls\b", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{ls, again}},
		{"readline takes the prompt for longer, and writes over it", "", []string{pasteOn + "\x1b[1m$ ", "echo 12", "34 \r", "56", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.pieces = "echo 123456", 2 }), again,
		}},
		{"the same without bracketed paste", "", []string{"$ ", "echo 12", "34 \r", "5", "6", "\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endCertain, text: "echo 123456", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"readline takes the prompt for shorter, and writes over a further row", "", []string{pasteOn + "$ ", "echo 1234567890123", "4567 \r", "x", "yz", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.pieces = "echo 12345678901234567xyz", 2 }), again,
		}},
		{"the same row without bracketed paste", "", []string{"$ ", "echo 1234567890123", "4567 \r", "x", "yz", "\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endCertain, text: "echo 12345678901234567xyz", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"a history is searched behind a blank", "", []string{pasteOn + "$ ", "ls ", "\r(search) ls", "\r$ ls\x1b[K", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{ls, again}},
		{"the editor scrolls sideways", "", []string{"$ ", "echo 12", "345678901", "2\r89012      <" + strings.Repeat("\b", 7), "34", "\r\r\na b\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endCertain, text: "echo 12345678901234", pace: typed, left: leftLineFeed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endUnseen, result: unentered},
		}},
		{"a wide character that does not fit into a row", "", []string{pasteOn + "$ ", "echo 12345678日本", " \x1b[K日", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "echo 12345678日本日" }), again,
		}},
		{"and a blank before it", "", []string{pasteOn + "$ ", "echo 123456789012 日", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "echo 123456789012 日" }), again,
		}},
		{"one that zsh does not fit into a row", "", []string{zshLine + "% \x1b[K" + keysOn + pasteOn, "echo 123456789012\x1b[7m \x1b[27m日\x1b[K", keysOff + pasteOff + "\r\na\r\n" + zshLine + "% \x1b[K" + keysOn + pasteOn}, []segment{
			with(zshLs, func(s *segment) { s.text = "echo 123456789012日" }), with(zshLs, func(s *segment) { s.text, s.left, s.end, s.result = "", 0, fact[time.Duration]{}, unentered }),
		}},
		{"one that fish does not fit into a row", "", []string{pasteOn + "$ ", "echo 123456789012\r\n日", "\r\n" + pasteOff}, []segment{
			with(ls, func(s *segment) { s.text, s.end = "echo 123456789012日", fact[time.Duration]{} }),
		}},
		{"a paste on a terminal that stands out in italics", "", []string{pasteOn + "$ ", "\x1b[3mls\x1b[23m\r\n", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{ls, again}},
		{"a line feed before SI", "", []string{pasteOn + "$ ", "ls", "\r\n\x1b[m\x0f" + pasteOff + "a b\r\n" + pasteOn + "$ "}, []segment{ls, again}},
		{"a right-hand prompt that came later", "", []string{pasteOn + "$ ", "ls", "\x1b[10C[main]\x1b[16D", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{ls, again}},
		{"input up to the right edge", "", []string{pasteOn + "$ ", "echo a      bcdef", "\r\n" + pasteOff + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text = "echo a      bcdef" }), again,
		}},
		{"a full-screen program", "", []string{pasteOn + "$ ", "vi", "\r\n" + pasteOff + "\x1b[?1049h", "~", "\x1b[?1049l" + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) { s.text, s.screens = "vi", 1 }), again,
		}},
		{"zsh", "", []string{zshLine + "% \x1b[K" + keysOn + pasteOn, "ls", keysOff + pasteOff + "\r\na\r\n" + zshLine + "% \x1b[K" + keysOn + pasteOn}, []segment{
			zshLs, with(zshLs, func(s *segment) { s.text, s.left, s.end, s.result = "", 0, fact[time.Duration]{}, unentered }),
		}},
		{"zsh, redrawn after it was entered", "", []string{zshLine + "% \x1b[K" + pasteOn, "ls", pasteOff + zshLine + "> ls\r\r\n", "a\r\n"}, []segment{
			with(zshLs, func(s *segment) { s.left, s.after, s.end = 0, afterRedraw, fact[time.Duration]{} }),
		}},
		{"zsh, redrawn before somebody types", "", []string{zshLine + "[I] % \x1b[K\r\r" + pasteOn + zshLine + "[I] % \x1b[K", "ls", pasteOff + "\r\na\r\n"}, []segment{
			with(zshLs, func(s *segment) { s.prompt, s.left, s.end = prompt("[I] % "), 0, fact[time.Duration]{} }),
		}},
		{"zsh, which switches only when the line is entered", "", []string{zshLine + "~\r\n% \x1b[K", "ls\r\x1b[A" + pasteOn + zshLine + "> ls\x1b[K" + pasteOff + "\r\na\r\n"}, []segment{
			with(zshLs, func(s *segment) { s.prompt, s.left, s.end = prompt("> "), 0, fact[time.Duration]{} }),
		}},
		{"zsh, several lines that are redrawn after they were entered", "", []string{zshLine + "~ % \x1b[K" + pasteOn, "ls\x1b[K\r\r\nid", pasteOff + "\x1b[A\r" + zshLine + "% ls\x1b[K\r\r\nid\x1b[K\r\r\n", "a\r\n"}, []segment{
			with(zshLs, func(s *segment) {
				s.prompt, s.text, s.left, s.after, s.end = prompt("~ % "), "ls\nid", 0, afterRedraw, fact[time.Duration]{}
			}),
		}},
		{"fish indents further lines", "", []string{pasteOn + "$ ", "if a", "\r\n\x1b[2Cend", "\r\n" + pasteOff}, []segment{
			with(ls, func(s *segment) { s.text, s.end = "if a\nend", fact[time.Duration]{} }),
		}},
		{"zsh on a terminal that ends attributes with SI", "", []string{"\r\x1b[m\x0f\x1b[27m\x1b[24m\x1b[J% \x1b[K" + pasteOn, "ls", pasteOff + "\r\na\r\n" + zshLine + "% \x1b[K" + pasteOn}, []segment{
			with(zshLs, func(s *segment) { s.left = 0 }), with(zshLs, func(s *segment) { s.text, s.left, s.end, s.result = "", 0, fact[time.Duration]{}, unentered }),
		}},
		{"zsh without bracketed paste", "", []string{zshLine + "% \x1b[K" + keysOn, "ls", keysOff + "\r\r\na\r\n"}, []segment{
			with(zshLs, func(s *segment) { s.bounds, s.end = FromKeys, fact[time.Duration]{} }),
		}},
		{"marks that anybody could print", "", []string{markA + "$ " + markB, "ls", "\r\n" + markC + "a\r\n" + markD + markA + "$ " + markB}, []segment{
			{bounds: FromMarks, marks: unsigned, prompt: prompt("$ "), promptEnd: endCertain, text: "ls", pace: typed, run: ran, exit: exited(3), end: marked, reported: fact[string]{"ls x", FromHook}},
			{bounds: FromMarks, marks: unsigned, prompt: prompt("$ "), promptEnd: endCertain, result: unentered},
		}},
		{"marks in an editor", "", []string{pasteOn + markA + "$ " + markB, "ls", "\r\n" + pasteOff + markC + "a\r\n" + markD + pasteOn}, []segment{
			with(ls, func(s *segment) {
				s.marks, s.promptEnd, s.run, s.exit, s.end, s.reported = unsigned, endCertain, ran, exited(3), marked, fact[string]{"ls x", FromHook}
			}),
			{bounds: FromPaste, promptEnd: endUnseen, result: unentered},
		}},
		{"signed marks in an editor", "N", []string{nonce(pasteOn + markA + "$ " + markB), "ls", nonce("\r\n" + pasteOff + markC + "a\r\n" + markD), "=7"}, []segment{
			with(ls, func(s *segment) {
				s.marks, s.promptEnd, s.run, s.exit, s.end, s.reported = signed, endCertain, ran, exited(3), marked, fact[string]{"ls x", FromHook}
			}),
		}},
		{"marks without the nonce", "N", []string{markA + pasteOn + "$ " + markB, "ls", "\r\n" + pasteOff + markC + "a\r\n" + markD + pasteOn + "$ "}, []segment{ls, again}},
		{"the recorded shell ended", "N", []string{nonce(pasteOn + markA + "$ " + markB), "exit 7", nonce("\r\n" + pasteOff + markC), "=7"}, []segment{
			with(ls, func(s *segment) {
				s.marks, s.promptEnd, s.text, s.run, s.reported = signed, endCertain, "exit 7", ran, fact[string]{"ls x", FromHook}
				s.exit, s.end = fact[int]{7, FromEnd}, fact[time.Duration]{from: FromEnd}
			}),
		}},
		{"a program without marks ended", "", append(bash[:2:2], "\r\n"+pasteOff, "=7"), []segment{with(ls, func(s *segment) { s.end = fact[time.Duration]{} })}},
		{"fish marks the start before it ends the editor", "", []string{pasteOn + "$ ", "ls", "\r\n" + markC + pasteOff + "a\r\n" + markD + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) {
				s.marks, s.run, s.exit, s.end, s.reported = unsigned, ran, exited(3), marked, fact[string]{"ls x", FromHook}
			}), again,
		}},
		{"a context with a status", "", []string{pasteOn + "$ ", "ls", "\r\n" + pasteOff + "\x1b]3008;start=c1;type=command;cmdline=ls\a" + "a\r\n\x1b]3008;end=c0;status=1\a\x1b]3008;end=c1;status=2\a" + pasteOn + "$ "}, []segment{
			with(ls, func(s *segment) {
				s.marks, s.run, s.exit, s.end, s.reported = unsigned, fact[string]{"c1", FromMarks}, exited(2), marked, fact[string]{"ls", fromHistory}
			}), again,
		}},
		{"a mark announced a continuation", "", []string{markA + "$ " + markB, "if", "\r\n\x1b]133;A;k=s\a> " + markB, "fi", "\r\n"}, []segment{
			{bounds: FromMarks, marks: unsigned, prompt: prompt("$ "), promptEnd: endCertain, text: "if", pace: typed, end: next},
			{bounds: FromMarks, marks: unsigned, prompt: prompt("> "), promptEnd: endCertain, text: "fi", pace: typed, announced: asContinuation},
		}},
		{"typing", "", []string{"$ ", "l", "s", "\r\n", "a b\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"typing all at once", "", []string{"$ ", "ls\r\n", "a b\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: burst},
		}},
		{"lines that come at once, and their output", "", []string{"me@box$ ", "ls\r\na b\r\nme@box$ id\r\nc\r\nme@box$ if a\r\n> fi\r\n$ x\r\nme@box$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "ls", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "id", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "if a", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("> "), promptEnd: endSeen, text: "fi", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("me@box$ "), result: unentered},
		}},
		{"lines that the terminal showed before their prompts", "", []string{"$ ", "ls\r\nid\r\na b\r\n$ c\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"lines that come at once, in an editor", "", []string{"$ ", "sl", "\b\b", "\r\n$ ", "ls\r\na b\r\n$ id\r\nc\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "sl", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "ls", pace: burst, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "id", pace: burst},
		}},
		{"a program prints the prompt", "", []string{"me@box$ ", "l", "s", "\r\nme@box$ id\r\nme@box$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("me@box$ "), result: unentered},
		}},
		{"the prompt's colours tell it from what programs print", "", []string{"\x1b[32mme@box\x1b[m:~$ ", "l", "s", "\r\nme@box:~$ a\r\n\x1b[32mme@box\x1b[m:~$ id\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("me@box:~$ "), promptEnd: endSeen, text: "ls", pace: typed, end: next},
			{bounds: FromTyping, prompt: prompt("me@box:~$ "), promptEnd: endSeen, text: "id", pace: burst},
		}},
		{"the terminal shows ^C, and the line begins anew behind it", "", []string{"$ ", "rm", "^C", "l", "s", "\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endCertain, text: "ls", pace: typed},
		}},
		{"ctrl-C in a line without bracketed paste", "", []string{"$ ", "rm -r x", "\b\b\b\b\b\b\b", "^C\r\n$ "}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "^C -r x", pace: typed, result: cancelled, end: next},
			{bounds: FromTyping, prompt: prompt("$ "), result: unentered},
		}},
		{"typing at a prompt that a mark announced", "", []string{"\x1b]777;precmd\aready ", "l", "s", "\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("ready "), promptEnd: endSeen, text: "ls", pace: typed, announced: asPrompt},
		}},
		{"ctrl-D, and the shell prints exit", "", []string{"$ ", "<\x04", "exit\r\n"}, []segment{
			{bounds: FromTyping, prompt: prompt("$ "), promptEnd: endSeen, text: "exit", pace: burst, key: ctrlD},
		}},
		{"the input is too long", "", []string{pasteOn + "$ ", "a" + strings.Repeat("\r\nx", 210), "\r\n" + pasteOff}, []segment{
			with(ls, func(s *segment) { s.text, s.unread, s.end = "a"+strings.Repeat("\nx", 199), 11, fact[time.Duration]{} }),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			events := func(yield func(format.Event, error) bool) {}
			tr := newTracer(format.Cast{Header: format.Header{Size: format.Size{Cols: 20, Rows: 230}}, Events: events}, Options{Nonce: tt.nonce})
			for i, data := range tt.output {
				ev := format.Event{Time: time.Duration(i) * 100 * ms, Code: format.Output, Data: data}
				switch data[0] {
				case '<':
					ev.Code, ev.Data = format.Input, data[1:]
				case '=':
					ev.Code, ev.Data = format.Exit, data[1:]
				}
				tr.event(ev)
			}
			tr.finish()
			var got []segment
			for _, s := range tr.segs[1:] {
				got = append(got, facts(s))
			}
			if diff := cmp.Diff(tt.want, got, cmpSegments, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("segments differ (-want +got):\n%s", diff)
			}
		})
	}
}

// facts returns what is known of a segment, without rows, output and times.
func facts(s *segment) segment {
	f := segment{
		bounds: s.bounds, shell: s.shell, marks: s.marks, prompt: s.prompt, promptEnd: s.promptEnd, announced: s.announced,
		text: s.text, unread: s.unread, pace: s.pace, key: s.key, left: s.left, after: s.after, result: s.result,
		reported: s.reported, run: s.run, exit: s.exit, end: fact[time.Duration]{from: s.end.from}, screens: s.screens,
	}
	if s.pieces > 1 {
		f.pieces = s.pieces
	}
	return f
}

// A mark is a fact of its own before it is one of a segment.
func TestReadMarkFacts(t *testing.T) {
	for _, tt := range []struct {
		data     string
		reported fact[string]
		exit     fact[int]
	}{
		{"133;C", fact[string]{}, fact[int]{}},
		{"133;C;cmdline_url=a%3Bb", fact[string]{"a;b", FromHook}, fact[int]{}},
		{"133;C;hn=3;cmdline_url=a", fact[string]{"a", fromHistory}, fact[int]{}},
		{"133;C;cmdline=a\\ b;c", fact[string]{"a b;c", fromHistory}, fact[int]{}},
		{"133;D;2", fact[string]{}, exited(2)},
		{"133;D", fact[string]{}, fact[int]{}},
		{"133;D;x", fact[string]{}, fact[int]{}},
		{"633;E;a\\x3bb", fact[string]{"a;b", fromHistory}, fact[int]{}},
		{"633;D;0", fact[string]{}, exited(0)},
		{"3008;end=x;exit=success", fact[string]{}, exited(0)},
		{"3008;end=x;exit=crash;signal=2", fact[string]{}, exited(129)},
		{"3008;start=x;type=command", fact[string]{}, fact[int]{}},
	} {
		code, data, _ := strings.Cut(tt.data, ";")
		n, _ := strconv.Atoi(code)
		m := readMark(vt.Mark{Code: n, Data: data})
		if m.reported != tt.reported || m.exit != tt.exit {
			t.Errorf("%s: reported %v, exit %v; want %v, %v", tt.data, m.reported, m.exit, tt.reported, tt.exit)
		}
	}
}
