package transcript

import (
	"testing"
	"time"
)

func TestJudgeLines(t *testing.T) {
	judge := func(name string, habits habits, want result, segs ...segment) passTest {
		tt := passTest{name: name, habits: habits, in: segs, want: append([]segment{}, segs...)}
		tt.want[0].result = want
		return tt
	}
	tab := segment{bounds: FromTyping, prompt: prompt("$ "), text: "make te"}
	again := segment{bounds: FromTyping, prompt: prompt("$ "), text: "make test", given: "make te"}
	marked := segment{bounds: FromMarks, text: "make te", marks: unsigned}
	own := segment{bounds: FromPaste, text: "echo fal", marks: signed, left: leftLineFeed, exit: exited(2)}
	eof := segment{bounds: FromTyping, text: "exit", pace: burst, key: ctrlD}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	people := segment{bounds: FromTyping, prompt: prompt("me@box$ "), text: "ls", pace: typed}
	bye := segment{bounds: FromTyping, prompt: prompt("me@box$ "), text: "exit", pace: burst, start: time.Second, last: true}
	inner := segment{bounds: FromTyping, prompt: prompt("# "), text: "exit", pace: burst, start: time.Second}
	same := with(bye, func(s *segment) { s.last = false })
	ahead := with(same, func(s *segment) { s.start = 0 })
	back := segment{bounds: FromTyping, prompt: prompt("me@box$ "), text: "id", pace: typed}
	robot := segment{bounds: FromTyping, prompt: prompt("me@box$ "), text: "ls", pace: burst}
	further := segment{bounds: FromTyping, prompt: prompt("$ "), text: "if true\nthen"}
	zshLine := segment{bounds: FromPaste, shell: zsh, prompt: prompt("% "), text: "rm -r x"}
	silent := with(zshLine, func(s *segment) { s.end = fact[time.Duration]{from: fromNext} })
	shown := with(silent, func(s *segment) { s.left = leftKeys })
	typing := with(silent, func(s *segment) { s.bounds, s.shell, s.pace = FromTyping, "", typed })
	says := func(s segment) segment { s.text = "cd x; echo 'a b'"; return s }
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
		judge("nothing was entered, but the screen keeps what was deleted", oneMark, cancelled, own),
		judge("a line that cannot be parsed", oneMark, entered, with(own, func(s *segment) { s.printed = 1 })),
		judge("a comment", oneMark, entered, with(own, func(s *segment) { s.text = " # note" })),
		judge("a continuation starts nothing", oneMark, entered, with(marked, func(s *segment) { s.announced = asContinuation }), marked),
		judge("ctrl-D is on the screen", habits{}, shellEnded, segment{bounds: FromPaste, text: "^D"}),
		judge("ctrl-D, and the editor began again", habits{}, shellEnded, segment{bounds: FromPaste, text: "^D", after: afterRestart}),
		judge("ctrl-D, and the shell prints exit", habits{}, shellEnded, eof),
		judge("ctrl-D, and the shell prints logout", habits{}, shellEnded, with(eof, func(s *segment) { s.text = "logout" })),
		judge("exit is typed", habits{}, entered, with(eof, func(s *segment) { s.pace = typed })),
		judge("exit is typed in an editor", habits{}, entered, with(eof, func(s *segment) { s.bounds = FromPaste; s.left = leftLineFeed })),
		judge("exit comes at once, without ctrl-D", habits{}, entered, with(eof, func(s *segment) { s.key = otherKey })),
		{name: "the recording ends as a shell does", habits: habits{people: true}, in: []segment{people, bye}, want: []segment{people, with(bye, func(s *segment) { s.result = shellEnded })}},
		{
			name:   "a line editor of a shell inside another took exit",
			habits: habits{people: true},
			in:     []segment{people, with(inner, func(s *segment) { s.left = leftLineFeed }), back},
			want:   []segment{people, with(inner, func(s *segment) { s.left = leftLineFeed }), back},
		},
		{name: "a shell inside another ends", habits: habits{people: true}, in: []segment{people, inner, back}, want: []segment{people, with(inner, func(s *segment) { s.result = shellEnded }), back}},
		{name: "one with the same prompt", habits: habits{people: true}, in: []segment{people, same, back}, want: []segment{people, with(same, func(s *segment) { s.result = shellEnded }), back}},
		{name: "exit is typed ahead", habits: habits{people: true}, in: []segment{people, ahead, back}, want: []segment{people, ahead, back}},
		{name: "nothing follows, not even the end of the shell", habits: habits{people: true}, in: []segment{people, same}, want: []segment{people, same}},
		{name: "programs enter all lines at once", in: []segment{robot, robot, bye}, want: []segment{robot, robot, bye}},
		judge("given up in a further line", habits{}, cancelled, with(further, func(s *segment) { s.lines = []string{"if true", "then"} })),
		judge("a line that only looks incomplete", habits{}, entered, further),
		judge("a further line was run", habits{}, entered, with(further, func(s *segment) { s.lines, s.run = []string{"if true", "then"}, ran })),
		judge("the next prompt shows that it was interrupted", habits{}, cancelled, zshLine, with(zshLine, func(s *segment) { s.prompt = prompt("[130] % ") })),
		judge("the next right-hand prompt shows it", habits{}, cancelled, zshLine, with(zshLine, func(s *segment) { s.right.text = "130 ↵" })),
		judge("a command was interrupted", habits{}, entered, with(zshLine, func(s *segment) { s.printed = 1 }), with(zshLine, func(s *segment) { s.prompt = prompt("[130] % ") })),
		{name: "nothing shows whether it was run", in: []segment{silent, zshLine}, want: []segment{with(silent, func(s *segment) { s.silent = true }), zshLine}},
		{name: "what was run would have printed something", in: []segment{says(silent), zshLine}, want: []segment{with(says(silent), func(s *segment) { s.silent, s.result = true, cancelled }), zshLine}},
		{name: "a terminal that does not show ctrl-C", in: []segment{says(typing), typing}, want: []segment{with(says(typing), func(s *segment) { s.silent, s.result = true, cancelled }), with(typing, func(s *segment) { s.silent = true })}},
		{name: "another prompt came first", in: []segment{says(typing), with(typing, func(s *segment) { s.prompt = prompt("Wait > ") })}, want: []segment{with(says(typing), func(s *segment) { s.silent = true }), with(typing, func(s *segment) { s.prompt, s.silent = prompt("Wait > "), true })}},
		{name: "it printed something", in: []segment{with(says(typing), func(s *segment) { s.printed = 1 }), zshLine}, want: []segment{with(says(typing), func(s *segment) { s.printed = 1 }), zshLine}},
		{name: "the session's lines show it", habits: habits{keys: map[string]bool{zshKinds: true}}, in: []segment{shown}, want: []segment{shown}},
		judge("another number", habits{}, entered, zshLine, with(zshLine, func(s *segment) { s.prompt = prompt("[1300] % ") })),
		judge("a mark shows an end without a start", oneMark, cancelled, with(marked, func(s *segment) { s.bounds, s.left, s.exit = FromPaste, leftLineFeed, exited(0) })),
		judge("a function", oneMark, entered, with(marked, func(s *segment) { s.text, s.bounds, s.left, s.exit = "f() { ls; }", FromPaste, leftLineFeed, exited(0) })),
		judge("another program prints at ctrl-D", habits{}, entered, with(eof, func(s *segment) { s.text = "bye" })),
	})
}

func TestPrints(t *testing.T) {
	for _, text := range []string{"echo a", "echo", "cd x; pwd", "echo $(ls)"} {
		if !prints(text) {
			t.Errorf("%q prints nothing", text)
		}
	}
	for _, text := range []string{"rm x", "echo a >b", "echo -n", "echo a &", "echo a | cat", "pwd; cd x", "echo 'a", "", "Xecho"} {
		if prints(text) {
			t.Errorf("%q prints something", text)
		}
	}
}
