package transcript

import (
	"strings"
	"testing"
)

func TestPreferReported(t *testing.T) {
	line := func(text string, run fact[string], reported string, from source) segment {
		return segment{bounds: FromPaste, text: text, run: run, reported: fact[string]{reported, from}}
	}
	taken := func(text, reported string, from source) segment {
		return segment{bounds: FromPaste, text: text, textBy: FromHook, run: ran, reported: fact[string]{reported, from}}
	}
	same := func(name string, s segment) passTest {
		return passTest{name: name, in: []segment{s}, want: []segment{s}}
	}
	doubtful := func(s segment) segment { s.doubtful = true; return s }
	signedBy := func(s segment) segment { s.marks = signed; return s }
	tail := func(text string, run fact[string], reported string, from source) segment {
		s := line(text, run, reported, from)
		s.again = true
		return s
	}
	lined := func(s segment) segment { s.lines = strings.Split(s.text, "\n"); return s }
	hook := func(s segment) segment { s.textBy = FromHook; return s }
	testPass(t, preferReported, []passTest{
		{name: "as typed", in: []segment{line("ls -l [1/2]", ran, "ls -l", FromHook)}, want: []segment{taken("ls -l", "ls -l", FromHook)}},
		{name: "line feeds at the end go", in: []segment{line("", ran, "ls\n\n", FromHook)}, want: []segment{taken("ls", "ls\n\n", FromHook)}},
		{name: "outer blanks are as on the screen", in: []segment{line(" ls", ran, "ls ", FromHook)}, want: []segment{taken(" ls", "ls ", FromHook)}},
		{name: "tabs", in: []segment{line("a       b", ran, "a\tb", FromHook)}, want: []segment{taken("a\tb", "a\tb", FromHook)}},
		{name: "lines beside a right-hand prompt", in: []segment{line("for i         echo", ran, "for i\necho", FromHook)}, want: []segment{taken("for i\necho", "for i\necho", FromHook)}},
		{name: "from the history, with nothing on the screen", in: []segment{line("", ran, "ls", fromHistory)}, want: []segment{taken("ls", "ls", fromHistory)}},
		{
			name: "from the history, with the line feeds of the screen",
			in:   []segment{lined(line("if true\nthen ls\nfi", ran, "if true; then ls; fi", fromHistory))},
			want: []segment{lined(taken("if true\nthen ls\nfi", "if true; then ls; fi", fromHistory))},
		},
		{
			name: "from the history, in contradiction to the screen",
			in:   []segment{signedBy(line("rd07 word08", ran, "echo word07 word08", fromHistory))},
			want: []segment{signedBy(taken("echo word07 word08", "echo word07 word08", fromHistory))},
		},
		{
			name: "the history has only the last line",
			in:   []segment{lined(signedBy(line("if true\nthen ls\nfi", ran, "fi", fromHistory)))},
			want: []segment{doubtful(lined(signedBy(line("if true\nthen ls\nfi", ran, "fi", fromHistory))))},
		},
		{
			name: "two commands that were pasted together",
			in:   []segment{line("echo one\necho two", ran, "echo one", fromHistory), tail("", ran, "echo two", fromHistory)},
			want: []segment{taken("echo one", "echo one", fromHistory), hook(tail("echo two", ran, "echo two", fromHistory))},
		},
		{
			name: "two commands, and the first is reported twice",
			in:   []segment{line("echo one\necho two", ran, "echo one", fromHistory), tail("", ran, "echo one", fromHistory)},
			want: []segment{taken("echo one", "echo one", fromHistory), doubtful(tail("echo two", ran, "echo one", fromHistory))},
		},
		{
			name: "the same command twice",
			in:   []segment{line("ls\nls", ran, "ls", fromHistory), tail("", ran, "ls", fromHistory)},
			want: []segment{taken("ls", "ls", fromHistory), hook(tail("ls", ran, "ls", fromHistory))},
		},
		{
			name: "no word about a line that may be wrong",
			in:   []segment{signedBy(line("echo  é", ran, "", ""))},
			want: []segment{doubtful(signedBy(line("echo  é", ran, "", "")))},
		},
		same("from the history of another", line("ls", ran, "id", fromHistory)),
		same("history expansion", signedBy(line("echo !!", ran, "echo ls -l", fromHistory))),
		same("no mark shows that it was run", line("ls -l [1/2]", fact[string]{}, "ls -l", FromHook)),
		same("blank", line("ls", ran, "  ", FromHook)),
		same("nothing was reported", line("ls", ran, "", "")),
	})
}

func TestAsTyped(t *testing.T) {
	for _, tt := range []struct {
		name, screen, history, want string
	}{
		{"one line", "ls", "ls", "ls"},
		{"tabs", "cat <<-E\n        a\n        E", "cat <<-E\n\ta\n\tE", "cat <<-E\n\ta\n\tE"},
		{"semicolons", "for i in 1 2\ndo\necho $i\ndone", "for i in 1 2; do echo $i; done", "for i in 1 2\ndo\necho $i\ndone"},
		{"a semicolon that was typed", "for i in 1;\ndo :;\ndone", "for i in 1; do :; done", "for i in 1;\ndo :;\ndone"},
		{"function", "f() {\necho a\n}", "f() { echo a; }", "f() {\necho a\n}"},
		{"pipe", "ls |\nwc", "ls | wc", "ls |\nwc"},
		{"backslash", "echo one \\\ntwo", "echo one two", "echo one \\\ntwo"},
		{"backslash within a word", "echo on\\\ne", "echo one", "echo on\\\ne"},
		{"quotes", "echo 'a\nb'", "echo 'a\nb'", "echo 'a\nb'"},
		{"a wide character that wraps is no line feed", "echo abc\n日", "echo abc日", "echo abc日"},
		{"one behind a blank", "echo abc\n日", "echo abc 日", "echo abc 日"},
		{"blank lines in quotes", "echo 'a\n\nb'", "echo 'a\n\nb'", "echo 'a\n\nb'"},
		{"another command", "ls", "id", ""},
		{"more on the screen", "ls\nid", "ls", "ls"},
		{"less on the screen", "ls", "ls; id", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, ok := asTyped(strings.Split(tt.screen, "\n"), fact[string]{tt.history, fromHistory}, nil)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("asTyped(%q, %q) = %q, %v; want %q", tt.screen, tt.history, got, ok, tt.want)
			}
		})
	}
	// Only that each line was entered by itself shows all line feeds here.
	lines := []string{"case x in", "x)", "echo a", ";;", "esac"}
	const history = "case x in x) echo a ;; esac"
	if got, _, _ := asTyped(lines, fact[string]{history, fromHistory}, lines); got != strings.Join(lines, "\n") {
		t.Errorf("asTyped(%q, %q) = %q", lines, history, got)
	}
}

func TestExpands(t *testing.T) {
	for _, tt := range []struct {
		line, full string
		want       bool
	}{
		{"echo !!", "echo ls -l", true},
		{"sudo !!", "sudo ls", true},
		{"!ls", "ls -l", true},
		{"echo !$ x", "echo a b x", true},
		{"vi !$:h/x", "vi /etc/x", true},
		{"^a^b", "echo b", true},
		{"echo !! x", "echo ls y", false},
		{"echo a", "echo b", false},
		{"test ! -f x", "test ! -f  y", false},
	} {
		if got := expands(tt.line, tt.full); got != tt.want {
			t.Errorf("expands(%q, %q) = %v; want %v", tt.line, tt.full, got, tt.want)
		}
	}
}

func TestSameText(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"ls", "ls", true},
		{"ls  -l\n", " ls -l", true},
		{"a; b", "a\nb", true},
		{"a \\\nb", "a b", true},
		{"\tls", "ls", true},
		{"ls", "ls -l", false},
		{"ls 'a,b'", "ls 'a b'", false},
	} {
		if got := sameText(tt.a, tt.b); got != tt.want {
			t.Errorf("sameText(%q, %q) = %v; want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
