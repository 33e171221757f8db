package transcript

import "testing"

func TestSplitPrompts(t *testing.T) {
	seen := func(p string) segment {
		return segment{bounds: FromPaste, prompt: prompt(p), promptEnd: endSeen, text: "ls", rows: rows(p + "ls")}
	}
	unseen := func(screen ...string) segment {
		return segment{bounds: FromPaste, text: "?", rows: rows(screen...)}
	}
	learned := func(text string, p []string, screen ...string) segment {
		return segment{bounds: FromPaste, prompt: p, promptEnd: endLearned, text: text, rows: rows(screen...)}
	}
	clock := segment{bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, rows: rows("$ ls      10:20"), right: rightPrompt{x: 10, text: "10:20"}}
	testPass(t, splitPrompts, []passTest{
		{
			name: "the prompt of another line",
			in:   []segment{unseen("$ make"), seen("$ ")},
			want: []segment{learned("make", prompt("$ "), "$ make"), seen("$ ")},
		},
		{
			name: "the longest of several",
			in:   []segment{seen("a"), seen("a b$ "), unseen("a b$ make")},
			want: []segment{seen("a"), seen("a b$ "), learned("make", prompt("a b$ "), "a b$ make")},
		},
		{
			name: "nothing entered, without the blank",
			in:   []segment{seen("$ "), unseen("$")},
			want: []segment{seen("$ "), learned("", prompt("$ "), "$")},
		},
		{
			name: "the lowest row counts; those above belong to the prompt",
			in:   []segment{seen("$ "), unseen("$ mak", "Makefile", "$ make \\", "all")},
			want: []segment{seen("$ "), learned("make all", prompt("$ mak", "Makefile", "$ "), "$ mak", "Makefile", "$ make \\", "all")},
		},
		{
			name: "another directory in the same prompt",
			in:   []segment{seen("me@box:~$ "), unseen("me@box:~/src$ echo $HOME")},
			want: []segment{seen("me@box:~$ "), learned("echo $HOME", prompt("me@box:~/src$ "), "me@box:~/src$ echo $HOME")},
		},
		{
			name: "a program's prompt that nothing else shows",
			in:   []segment{unseen(">>> print(1)")},
			want: []segment{learned("print(1)", prompt(">>> "), ">>> print(1)")},
		},
		{
			name: "the right-hand prompt of another line, with another time",
			in:   []segment{clock, unseen("$ make    11:30")},
			want: []segment{clock, learned("make", prompt("$ "), "$ make    11:30")},
		},
		{
			name: "several begin alike, and none was seen",
			in:   []segment{unseen("me@box:~# ls"), unseen("a b", "me@box:~# echo 1 > f"), unseen("me@box:~/a# id")},
			want: []segment{
				learned("ls", prompt("me@box:~# "), "me@box:~# ls"),
				learned("echo 1 > f", prompt("a b", "me@box:~# "), "a b", "me@box:~# echo 1 > f"),
				learned("id", prompt("me@box:~/a# "), "me@box:~/a# id"),
			},
		},
		{
			name: "one that can be nothing else",
			in:   []segment{unseen("me@box:~# ls # x")},
			want: []segment{learned("ls # x", prompt("me@box:~# "), "me@box:~# ls # x")},
		},
		{
			name: "further lines, whose prompt was not seen",
			in:   []segment{seen("$ "), unseen("$ for i in 1 2"), unseen("> do ls"), unseen("> done"), unseen("> x")},
			want: []segment{
				seen("$ "), learned("for i in 1 2", prompt("$ "), "$ for i in 1 2"), learned("do ls", prompt("> "), "> do ls"),
				learned("done", prompt("> "), "> done"), unseen("> x"),
			},
		},
		{
			name: "nothing like it",
			in:   []segment{seen("$ "), unseen("% make")},
			want: []segment{seen("$ "), unseen("% make")},
		},
		{
			name: "a program's prompt above the last row",
			in:   []segment{unseen(">>> print(1)", "make")},
			want: []segment{unseen(">>> print(1)", "make")},
		},
		{
			name: "blank prompts show nothing",
			in:   []segment{seen("  "), unseen("  make")},
			want: []segment{seen("  "), unseen("  make")},
		},
		{
			name: "an end that was seen stays",
			in:   []segment{seen("$ "), {bounds: FromPaste, prompt: prompt("$ ls "), promptEnd: endSeen, text: "make", rows: rows("$ ls make")}},
			want: []segment{seen("$ "), {bounds: FromPaste, prompt: prompt("$ ls "), promptEnd: endSeen, text: "make", rows: rows("$ ls make")}},
		},
		{
			name: "what came before any prompt stays",
			in:   []segment{{rows: rows("$ make")}, seen("$ ")},
			want: []segment{{rows: rows("$ make")}, seen("$ ")},
		},
	})
	t.Run("no work left", func(t *testing.T) {
		segs := pointers([]segment{seen("$ "), unseen("$ make")})
		splitPrompts(&session{work: 10}, segs)
		if segs[1].promptEnd != endUnseen {
			t.Errorf("found %q", segs[1].prompt)
		}
	})
}
