package transcript

import "testing"

func TestJudgeLines(t *testing.T) {
	judge := func(name string, habits habits, want result, segs ...segment) passTest {
		tt := passTest{name: name, habits: habits, in: segs, want: append([]segment{}, segs...)}
		tt.want[0].result = want
		return tt
	}
	tab := segment{bounds: FromTyping, prompt: prompt("$ "), text: "make te"}
	again := segment{bounds: FromTyping, prompt: prompt("$ "), text: "make test", given: "make te"}
	marked := segment{bounds: FromMarks, text: "make te", marks: unsigned}
	eof := segment{bounds: FromTyping, text: "exit", pace: burst, key: ctrlD}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	testPass(t, judgeLines, []passTest{
		judge("entered", habits{}, entered, segment{bounds: FromPaste, text: "ls", left: leftLineFeed}),
		judge("cancelled", habits{}, cancelled, segment{bounds: FromPaste, text: "ls^C"}),
		judge("cancelled, by the habits of the session", habits{keys: map[string]bool{zshKinds: true}}, cancelled,
			segment{bounds: FromPaste, shell: zsh, prompt: prompt("% "), text: "ls"}),
		judge("not entered", habits{}, unentered, segment{bounds: FromPaste, text: "ls^C", result: unentered}),
		judge("completions are listed", habits{}, listed, tab, again),
		judge("completions are listed at another prompt", habits{}, entered, tab, with(again, func(s *segment) { s.prompt = prompt("# ") })),
		judge("another text came with the prompt", habits{}, entered, tab, with(again, func(s *segment) { s.given = "ls" })),
		judge("less text came with the prompt", habits{}, entered, tab, with(again, func(s *segment) { s.given = "make" })),
		judge("no text came with the prompt", habits{}, entered, with(tab, func(s *segment) { s.text = "" }), with(again, func(s *segment) { s.given = "" })),
		judge("an editor followed", habits{}, entered, tab, with(again, func(s *segment) { s.bounds = FromPaste })),
		judge("an editor never lists like that", habits{}, entered, with(tab, func(s *segment) { s.bounds = FromPaste; s.left = leftLineFeed }), again),
		judge("the session's marks show no start", oneMark, listed, marked, marked),
		judge("no marks show starts", habits{}, entered, marked, marked),
		judge("the last line may not have started yet", oneMark, entered, marked),
		judge("a mark shows the start", oneMark, entered, with(marked, func(s *segment) { s.run = ran }), marked),
		judge("a mark shows the end", oneMark, entered, with(marked, func(s *segment) { s.exit = exited(0) }), marked),
		judge("a continuation starts nothing", oneMark, entered, with(marked, func(s *segment) { s.announced = asContinuation }), marked),
		judge("ctrl-D is on the screen", habits{}, shellEnded, segment{bounds: FromPaste, text: "^D"}),
		judge("ctrl-D, and the editor began again", habits{}, shellEnded, segment{bounds: FromPaste, text: "^D", after: afterRestart}),
		judge("ctrl-D, and the shell prints exit", habits{}, shellEnded, eof),
		judge("ctrl-D, and the shell prints logout", habits{}, shellEnded, with(eof, func(s *segment) { s.text = "logout" })),
		judge("exit is typed", habits{}, entered, with(eof, func(s *segment) { s.pace = typed })),
		judge("exit is typed in an editor", habits{}, entered, with(eof, func(s *segment) { s.bounds = FromPaste; s.left = leftLineFeed })),
		judge("exit comes at once, without ctrl-D", habits{}, entered, with(eof, func(s *segment) { s.key = otherKey })),
		judge("another program prints at ctrl-D", habits{}, entered, with(eof, func(s *segment) { s.text = "bye" })),
	})
}
