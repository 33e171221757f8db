package transcript

import "testing"

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
	testPass(t, preferReported, []passTest{
		{name: "as typed", in: []segment{line("ls -l [1/2]", ran, "ls -l", FromHook)}, want: []segment{taken("ls -l", "ls -l", FromHook)}},
		{name: "blanks at the end go", in: []segment{line("", ran, "ls \n\n", FromHook)}, want: []segment{taken("ls", "ls \n\n", FromHook)}},
		{name: "from the history, with nothing on the screen", in: []segment{line("", ran, "ls", fromHistory)}, want: []segment{taken("ls", "ls", fromHistory)}},
		same("from the history", line("!!", ran, "ls -l", fromHistory)),
		same("no mark shows that it was run", line("ls -l [1/2]", fact[string]{}, "ls -l", FromHook)),
		same("blank", line("ls", ran, "  ", FromHook)),
		same("only blanks and semicolons differ", line("if true\nthen ls\nfi", ran, "if true; then ls; fi", FromHook)),
		same("nothing was reported", line("ls", ran, "", "")),
	})
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
