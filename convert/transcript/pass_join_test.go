package transcript

import (
	"strings"
	"testing"
)

func TestJoinLines(t *testing.T) {
	first := segment{
		bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, promptAt: 100 * ms, text: "if true", start: 200 * ms,
		left: leftLineFeed, end: until(200 * ms), dir: "/tmp",
	}
	second := segment{
		bounds: FromPaste, prompt: prompt("> "), promptEnd: endSeen, promptAt: 210 * ms, text: "then ls; fi", start: 900 * ms,
		left: leftLineFeed | leftKeys, end: until(950 * ms), out: output{text: "a b", lost: 1}, printed: 2, screens: 1, exit: exited(3), run: ran,
	}
	joined := segment{
		bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, promptAt: 100 * ms, text: "if true\nthen ls; fi", start: 900 * ms,
		left: leftLineFeed | leftKeys, end: until(950 * ms), out: output{text: "a b", lost: 1}, printed: 2, screens: 1, exit: exited(3), run: ran, dir: "/tmp",
	}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	text := func(s segment, p, text string) segment {
		s.prompt, s.text = prompt(p), text
		return s
	}
	same := func(name string, segs ...segment) passTest { return passTest{name: name, in: segs, want: segs} }
	announced := with(second, func(s *segment) { s.announced = asContinuation })
	givenUp := with(joined, func(s *segment) {
		s.text, s.start, s.left, s.printed, s.screens, s.run, s.exit, s.result =
			"if true\nthen ls; fi^C", first.start, first.left, 0, 0, fact[string]{}, fact[int]{}, cancelled
	})
	zshFirst := segment{bounds: FromPaste, shell: zsh, prompt: prompt("% "), text: "for i in 1 2"}
	zshSecond := segment{bounds: FromPaste, shell: zsh, prompt: prompt("for> "), text: "do ls; done"}
	below := func(text string, printed int) segment {
		return segment{bounds: FromTyping, prompt: prompt("└─▪ "), text: text, printed: printed}
	}
	tests := []passTest{
		{name: "two lines", in: []segment{{}, first, second}, want: []segment{{}, joined}},
		{
			name: "three lines",
			in:   []segment{text(first, "$ ", "if a"), text(first, "> ", "then"), text(second, "> ", "ls; fi")},
			want: []segment{text(joined, "$ ", "if a\nthen\nls; fi")},
		},
		{
			name: "an odd prompt for further lines",
			in:   []segment{first, text(second, "… ", "then ls; fi")},
			want: []segment{joined},
		},
		{
			name: "only the last line of the prompt comes again",
			in:   []segment{with(first, func(s *segment) { s.prompt = prompt("~/src", "➜ ") }), text(second, "➜ ", "then ls; fi")},
			want: []segment{with(joined, func(s *segment) { s.prompt = prompt("~/src", "➜ ") })},
		},
		{
			name: "zsh names what is open among other text",
			in:   []segment{zshFirst, with(zshSecond, func(s *segment) { s.prompt = prompt("… for ❯ ") })},
			want: []segment{text(zshFirst, "% ", "for i in 1 2\ndo ls; done")},
		},
		{
			name: "upper lines of a prompt that typing showed are not there",
			in:   []segment{below("ls", 1), below("id", 1), below("pwd", 1), below("for a", 0), below("do b; done", 1)},
			want: []segment{below("ls", 1), below("id", 1), below("pwd", 1), with(below("for a\ndo b; done", 1), func(s *segment) { s.lines = []string{"for a", "do b; done"} })},
		},
		same("the prompt has no upper lines", below("ls", 0), below("id", 1), below("pwd", 1), below("for a", 0), below("do b; done", 1)),
		{
			name: "zsh has the prompt of a REPL",
			in:   []segment{text(zshFirst, ">>> ", "for i in 1 2"), with(zshSecond, func(s *segment) { s.prompt = prompt(">>> for >>> ") })},
			want: []segment{text(zshFirst, ">>> ", "for i in 1 2\ndo ls; done")},
		},
		{
			name: "zsh has a sign for further lines",
			in:   []segment{zshFirst, with(zshSecond, func(s *segment) { s.prompt = prompt("\\ ") })},
			want: []segment{text(zshFirst, "% ", "for i in 1 2\ndo ls; done")},
		},
		same("a prompt at which commands began", text(first, "db- ", "ls"), text(first, ">>> ", "quit()"), text(second, "db- ", "id")),
		same("the shell's own prompt, in another directory", text(first, "a main ▶ ", "cd .\\a\\"), text(second, "b main ▶ ", "ls")),
		{
			name: "zsh names what is open",
			in:   []segment{zshFirst, zshSecond},
			want: []segment{text(zshFirst, "% ", "for i in 1 2\ndo ls; done")},
		},
		{
			name: "a mark announced the prompt, whatever it looks like",
			in:   []segment{text(first, "$ ", "ls"), text(announced, "... $ ", "id")},
			want: []segment{text(joined, "$ ", "ls\nid")},
		},
		{
			name: "cancelled in the second line",
			in:   []segment{first, with(second, func(s *segment) { s.text, s.left, s.run = "then ls; fi^C", 0, fact[string]{} })},
			want: []segment{givenUp},
		},
		{
			name: "the shell with marks runs the last line only",
			in: []segment{
				{bounds: FromMarks, text: "if true", marks: unsigned}, {bounds: FromMarks, text: "fi", marks: signed, announced: asContinuation},
			},
			want:   []segment{{bounds: FromMarks, text: "if true\nfi", marks: signed}},
			habits: oneMark,
		},
		{
			name: "the text that was reported with the last line",
			in:   []segment{first, with(second, func(s *segment) { s.reported = fact[string]{"fi", FromHook} })},
			want: []segment{with(joined, func(s *segment) { s.reported = fact[string]{"fi", FromHook} })},
		},
		{
			name:   "a shell with signed marks says itself what it runs",
			in:     []segment{first, with(second, func(s *segment) { s.text, s.marks, s.run = "then ls; fi^C", signed, fact[string]{} })},
			want:   []segment{with(joined, func(s *segment) { s.text, s.marks, s.run = "if true\nthen ls; fi^C", signed, fact[string]{} })},
			habits: oneMark,
		},
		{
			name: "text that was reported with the first line stays",
			in:   []segment{with(first, func(s *segment) { s.reported = fact[string]{"if", FromHook} }), second},
			want: []segment{with(joined, func(s *segment) { s.reported = fact[string]{"if", FromHook} })},
		},
		{
			name: "marks are as good as the best",
			in:   []segment{with(first, func(s *segment) { s.marks = unsigned }), second},
			want: []segment{with(joined, func(s *segment) { s.marks = unsigned })},
		},
		same("the first line is whole", text(first, "$ ", "ls"), second),
		same("the first line was cancelled", with(text(first, "$ ", "if true^C"), func(s *segment) { s.left = 0 }), second),
		same("the first line was run", with(first, func(s *segment) { s.run = ran }), second),
		same("the first line was run, and a continuation announced", with(first, func(s *segment) { s.run = ran }), announced),
		same("the first line has a status", with(first, func(s *segment) { s.exit = exited(1) }), second),
		same("the first line printed something", with(first, func(s *segment) { s.printed = 1 }), second),
		same("the first line is empty", text(first, "$ ", ""), second),
		same("the same prompt again", first, text(second, "$ ", "then ls; fi")),
		same("another shell's prompt", first, text(second, "me@box:~$ ", "then ls; fi")),
		same("a prompt of two rows", first, with(second, func(s *segment) { s.prompt = prompt("~", "> ") })),
		same("zsh would name what is open", zshFirst, text(zshSecond, "mysql> ", "do ls; done")),
		same("signed marks would announce a continuation", first, with(second, func(s *segment) { s.bounds, s.marks = FromMarks, signed })),
		same("the recording ended in the second line", first, with(second, func(s *segment) { s.result = unentered })),
		same("what came before any prompt", segment{text: "if true"}, second),
	}
	for _, tt := range tests {
		for i, s := range tt.want {
			if lines := strings.Split(s.text, "\n"); len(lines) > 1 {
				tt.want[i].lines = lines
			}
		}
	}
	testPass(t, joinLines, tests)
}
