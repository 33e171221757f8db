package transcript

import (
	"testing"
	"time"
)

func TestDropQuestions(t *testing.T) {
	// A line at an odd prompt as the tracer made it: the output holds the row.
	odd := func(prompt, text string) segment {
		return segment{
			bounds: FromTyping, odd: true, pace: typed, prompt: []string{prompt}, text: text, rows: rows(prompt + text),
			out: output{text: prompt + text + "\na b"}, printed: 2, end: until(100 * ms),
		}
	}
	line := func(prompt, text string) segment {
		s := odd(prompt, text)
		s.out, s.printed = output{text: "a b"}, 1
		return s
	}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	shell := segment{bounds: FromTyping, prompt: prompt("$ "), text: "./ask", out: output{text: "hello"}, printed: 1}
	end := func(p string) segment {
		return segment{bounds: FromTyping, odd: true, prompt: []string{p}, result: unentered}
	}
	asked := with(shell, func(s *segment) {
		s.out, s.printed, s.end = output{text: "hello\nName: bob\na b"}, 3, until(100*ms)
	})
	testPass(t, dropQuestions, []passTest{
		{
			name: "a prompt that comes again",
			in:   []segment{{}, odd("~ ± ", "ls"), odd("~ ± ", "id")},
			want: []segment{{}, line("~ ± ", "ls"), line("~ ± ", "id")},
		},
		{
			name: "a prompt at which nothing is entered",
			in:   []segment{{}, odd("src go ", "ls"), end("src go ")},
			want: []segment{{}, line("src go ", "ls"), end("src go ")},
		},
		{
			name: "another directory",
			in:   []segment{{}, odd("me in ~/a: ", "cd ../b"), odd("me in ~/a: ", "ls"), odd("me in ~/b: ", "id")},
			want: []segment{{}, line("me in ~/a: ", "cd ../b"), line("me in ~/a: ", "ls"), line("me in ~/b: ", "id")},
		},
		{
			name: "another directory, in signs",
			in:   []segment{{}, odd("(a) | ", "ls"), odd("(a) | ", "cd ../src"), odd("(src) | ", "id")},
			want: []segment{{}, line("(a) | ", "ls"), line("(a) | ", "cd ../src"), line("(src) | ", "id")},
		},
		{
			name: "another directory, and an odd sign",
			in:   []segment{{}, odd("work! ", "ls"), odd("work! ", "cd src"), odd("src! ", "id")},
			want: []segment{{}, line("work! ", "ls"), line("work! ", "cd src"), line("src! ", "id")},
		},
		{
			name: "a repository",
			in:   []segment{{}, odd("~/work ", "git init"), odd("~/work(main) ", "ls"), odd("~/work(main) ", "id")},
			want: []segment{{}, line("~/work ", "git init"), line("~/work(main) ", "ls"), line("~/work(main) ", "id")},
		},
		{
			name: "somebody types before the first prompt",
			in:   []segment{{}, odd(">_ l", "s"), odd(">_ ", "id"), odd(">_ ", "pwd")},
			want: []segment{{out: output{text: ">_ ls\na b"}, printed: 2, end: until(100 * ms)}, line(">_ ", "id"), line(">_ ", "pwd")},
		},
		{
			name: "the shell is given another prompt",
			in:   []segment{{}, with(shell, func(s *segment) { s.text = "PS1='demo | '" }), odd("demo | ", "ls")},
			want: []segment{{}, with(shell, func(s *segment) { s.text = "PS1='demo | '" }), line("demo | ", "ls")},
		},
		{
			name: "a clock",
			in:   []segment{{}, odd("11:31:32 a :: ", "ls"), odd("11:31:35 a :: ", "id"), odd("11:32:00 src :: ", "id")},
			want: []segment{{}, line("11:31:32 a :: ", "ls"), line("11:31:35 a :: ", "id"), line("11:32:00 src :: ", "id")},
		},
		{
			name: "a question in a shell",
			in:   []segment{{}, shell, odd("Name: ", "bob")},
			want: []segment{{}, asked},
		},
		{
			name: "a question that comes again",
			in:   []segment{{}, shell, odd("Name: ", "bob"), end("Name: ")},
			want: []segment{{}, asked},
		},
		{
			name: "a program's questions, without a shell",
			in:   []segment{{}, odd("Name: ", "bob"), odd("Name: ", "eve"), odd("Colour: ", "red")},
			want: []segment{{out: output{text: "Name: bob\na b\nName: eve\na b\nColour: red\na b"}, printed: 6, end: until(100 * ms)}},
		},
		{
			name: "a prompt in a shell that a command started",
			in:   []segment{{}, with(shell, func(s *segment) { s.text = "ssh web" }), odd("web:~/a | ", "ls"), odd("web:~/a | ", "id")},
			want: []segment{{}, with(shell, func(s *segment) { s.text = "ssh web" }), line("web:~/a | ", "ls"), line("web:~/a | ", "id")},
		},
		{
			name: "progress that ends alike",
			in: []segment{
				{},
				with(odd("Fetching ", "done"), func(s *segment) { s.pace = burst }),
				with(odd("Fetching ", "done"), func(s *segment) { s.pace = burst }),
			},
			want: []segment{{out: output{text: "Fetching done\na b\nFetching done\na b"}, printed: 4, end: until(100 * ms)}},
		},
	})
}

func TestLooksLikeQuestion(t *testing.T) {
	for _, text := range []string{"Continue? ", "Overwrite a? [y/N] ", "Proceed ([y]/n)? ", "Password:", "[sudo] password for bob: ", "Username for 'https://x': ", "Press any key", "45% ", "3/12", "Loading..."} {
		if !looksLikeQuestion(text) {
			t.Errorf("%q is no question", text)
		}
	}
	for _, text := range []string{"~/src ± ", "me in ~/src: ", "src | ", "go ", "~ 🚀 "} {
		if looksLikeQuestion(text) {
			t.Errorf("%q is a question", text)
		}
	}
}

func TestMoveSigns(t *testing.T) {
	line := func(p, text, drawn string) segment {
		return segment{bounds: FromPaste, marks: unsigned, promptEnd: endCertain, prompt: prompt(p), text: text, drawn: drawn, start: time.Second}
	}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	same := func(name string, segs ...segment) passTest { return passTest{name: name, in: segs, want: segs} }
	testPass(t, moveSigns, []passTest{
		{
			name: "a sign behind each prompt",
			in:   []segment{line("~", "> ls", "> "), line("~/a", "> id", "> "), line("~", ">", "> ")},
			want: []segment{line("~> ", "ls", "> "), line("~/a> ", "id", "> "), line("~> ", "", "> ")},
		},
		{
			name: "one line",
			in:   []segment{line("~", "> ls", "> ")},
			want: []segment{line("~> ", "ls", "> ")},
		},
		same("no sign", line("~> ", "ls", ""), line("~> ", "ls", "")),
		same("typed at once", line("~> ", "ls", "l"), line("~> ", "id", ""), line("~> ", "ls", "l"), line("~> ", "id", "")),
		same("signed marks", with(line("~", "> ls", "> "), func(s *segment) { s.marks = signed })),
		same("zsh", with(line("~", "> ls", "> "), func(s *segment) { s.shell = zsh })),
	})
}
