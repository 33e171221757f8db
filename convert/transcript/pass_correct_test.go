package transcript

import "testing"

func TestCorrectPrompts(t *testing.T) {
	line := func(p, text string) segment {
		return segment{bounds: FromPaste, prompt: prompt(p), promptEnd: endSeen, text: text, rows: rows(p + text), pieces: 1}
	}
	corrected := func(p, text, screen string) segment {
		return segment{bounds: FromPaste, prompt: prompt(p), promptEnd: endCorrected, text: text, rows: rows(screen), pieces: 1}
	}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	ls, id := line("$ ", "ls"), line("$ ", "id")
	early := line("$ ma", "ke") // typed before the prompt was drawn
	same := func(name string, segs ...segment) passTest { return passTest{name: name, in: segs, want: segs} }
	testPass(t, correctPrompts, []passTest{
		{
			name: "the end is too late",
			in:   []segment{ls, early, id},
			want: []segment{ls, corrected("$ ", "make", "$ make"), id},
		},
		{
			name: "the end is too early",
			in:   []segment{line("(env) $ ", "ls"), line("(env) ", "$ make"), line("(env) $ ", "id")},
			want: []segment{line("(env) $ ", "ls"), corrected("(env) $ ", "make", "(env) $ make"), line("(env) $ ", "id")},
		},
		{
			name: "one that ends like a prompt will do, if this does not",
			in:   []segment{ls, early},
			want: []segment{ls, corrected("$ ", "make", "$ make")},
		},
		{
			name: "the longest that fits",
			in:   []segment{line("# ", "ls"), line("# ", "id"), line("# b> ", "ls"), line("# b> ", "id"), line("# b> ma", "ke")},
			want: []segment{line("# ", "ls"), line("# ", "id"), line("# b> ", "ls"), line("# b> ", "id"), corrected("# b> ", "make", "# b> make")},
		},
		{
			name: "a part that is only like a frequent prompt",
			in:   []segment{line("me@box:~$ ", "ls"), line("me@box:~$ ", "id"), line("me@box:~/src$ ma", "ke")},
			want: []segment{line("me@box:~$ ", "ls"), line("me@box:~$ ", "id"), corrected("me@box:~/src$ ", "make", "me@box:~/src$ make")},
		},
		{
			name: "the lowest row with the prompt counts; only the last row of the prompt changes",
			in: []segment{ls, id, {
				bounds: FromPaste, prompt: prompt("~", "$ ma"), promptEnd: endSeen, rows: rows("$ ma", "Makefile", "$ make"),
			}},
			want: []segment{ls, id, {
				bounds: FromPaste, prompt: prompt("~", "$ "), promptEnd: endCorrected, text: "make", rows: rows("$ ma", "Makefile", "$ make"),
			}},
		},
		{
			name: "the input goes on below",
			in:   []segment{ls, id, with(early, func(s *segment) { s.rows = rows("$ make", "all") })},
			want: []segment{ls, id, with(corrected("$ ", "make\nall", ""), func(s *segment) { s.rows = rows("$ make", "all") })},
		},
		same("the end is certain", ls, with(early, func(s *segment) { s.promptEnd = endCertain }), id),
		same("the end is learned", ls, with(early, func(s *segment) { s.promptEnd = endLearned }), id),
		same("the first piece is not in the rows", ls, with(early, func(s *segment) { s.pieces = 2 }), id),
		same("seen more than once", ls, early, early, id),
		same("a sign for the last status behind the frequent one", line(" ~  ", "ls"), line(" ~  ", "id"), line(" ~  ✖ ", "make")),
		same("the state of a repository behind the frequent one", line("➜ a ", "ls"), line("➜ a ", "id"), line("➜ a git:(main ✗) ", "make")),
		same("nothing but blanks behind the frequent one", ls, line("$   ", "make"), id),
		same("a prompt inside another, with the same end", ls, line("$ sub$ ", "make"), id),
		same("another prompt, which ends like one", ls, line("$ db> ", "make")),
		same("no prompt is frequent, and none ends like one", line("one", "ls"), line("one two", "ls")),
		same("blank prompts are no measure", line("  ", "ls"), line("  ", "id"), line("  ma", "ke")),
		same("too early, but the longer one was seen once", line("(env) $ ", "ls"), line("(env) ", "$ make")),
		same("too early, but the rows have something else", line("(env) $ ", "ls"), line("(env) ", "make"), line("(env) $ ", "id")),
	})
	t.Run("no work left", func(t *testing.T) {
		segs := pointers([]segment{line("me@box:~$ ", "ls"), line("me@box:~$ ", "id"), line("me@box:~/src$ ma", "ke")})
		correctPrompts(&session{work: 10}, segs)
		if segs[2].promptEnd != endSeen {
			t.Errorf("corrected to %q", segs[2].prompt)
		}
	})
}

func TestCorrectPromptsWithin(t *testing.T) {
	often := []string{"me@box:~$ ", "one> "}
	for _, tt := range []struct{ own, want string }{
		{"me@box:~/src$ ma", "me@box:~/src$ "},
		{"me@box:~/src$ ma$ ", ""}, // the whole is like it
		{"me@box:~$ ma", ""},       // often has it
		{"two> ma", "two> "},
		{"ma", ""},
	} {
		if got := (&session{work: maxWork}).within(tt.own, often); got != tt.want {
			t.Errorf("within(%q) = %q; want %q", tt.own, got, tt.want)
		}
	}
}
