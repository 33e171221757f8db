package transcript

import "testing"

func TestMovePromptLines(t *testing.T) {
	line := func(p []string, text, out string) segment {
		return segment{bounds: FromPaste, prompt: p, promptEnd: endSeen, text: text, out: output{text: out}}
	}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	// Each line of the upper prompt comes before the lower one, which is "$ ".
	session := func(first string, outs ...string) []segment {
		segs := []segment{{out: output{text: first}}}
		for i, out := range outs {
			segs = append(segs, line(prompt("$ "), []string{"cd x", "ls", "id", "pwd", "date"}[i], out))
		}
		return segs
	}
	moved := func(first string, upper [][]string, outs ...string) []segment {
		segs := session(first, outs...)
		for i, rows := range upper {
			segs[i+1].prompt = append(append([]string{}, rows...), "$ ")
		}
		return segs
	}
	one := func(rows ...string) [][]string {
		var list [][]string
		for _, row := range rows {
			list = append(list, []string{row})
		}
		return list
	}
	same := func(name string, segs []segment) passTest { return passTest{name: name, in: segs, want: segs} }
	lost := session("[me] ~", "[me] /", "a\n[me] /")
	lost[1].out.lost = 1
	full := session("[me] ~", "[me] /", "a\n[me] /", "[me] /")
	full[1].screens = 1
	testPass(t, movePromptLines, []passTest{
		{
			name: "a decorated line, in three prompts",
			in:   session("[me] ~", "[me] /", "a b\n[me] /", "last"),
			want: moved("", one("[me] ~", "[me] /", "[me] /"), "", "a b", "last"),
		},
		{
			name: "a blank line above it",
			in:   session("\n[me] ~", "\n[me] /", "a b\n\n[me] /", "last"),
			want: moved("", [][]string{{"", "[me] ~"}, {"", "[me] /"}, {"", "[me] /"}}, "", "a b", "last"),
		},
		{
			name: "colours are in the output only",
			in:   session("\x1b[0;31m[me]\x1b[0m ~", "\x1b[0;31m[me]\x1b[0m /", "\x1b[0;1ma\x1b[0m\n[me] /", "last"),
			want: moved("", one("[me] ~", "[me] /", "[me] /"), "", "\x1b[0;1ma\x1b[0m", "last"),
		},
		{
			name: "words, also behind a command that prints nothing",
			in:   session("vm", "vm", "a\nvm", "b\nvm", "last"),
			want: moved("", one("vm", "vm", "vm", "vm"), "", "a", "b", "last"),
		},
		{
			name: "paths, also behind a command that prints nothing",
			in:   session("~", "~/x main", "a\n/x main", "b\n/", "last"),
			want: moved("", one("~", "~/x main", "/x main", "/"), "", "a", "b", "last"),
		},
		{
			name: "other prompts do not count",
			in:   append(session("[me] ~", "[me] /", "a\n[me] /", "out"), line(prompt(">>> "), "1", "2"), line(prompt(">>> "), "3", "4")),
			want: append(moved("", one("[me] ~", "[me] /", "[me] /"), "", "a", "out"), line(prompt(">>> "), "1", "2"), line(prompt(">>> "), "3", "4")),
		},
		{
			name: "the part of the output that is whole",
			in:   append(session("[me] ~", "[me] /", "a\n[me] /", "[me] /"), with(line(prompt("$ "), "vi", "[me] /"), func(s *segment) { s.screens = 1 }), line(prompt("$ "), "id", "")),
			want: append(moved("", one("[me] ~", "[me] /", "[me] /"), "", "a", ""), with(line(prompt("[me] /", "$ "), "vi", "[me] /"), func(s *segment) { s.screens = 1 }), line(prompt("$ "), "id", "")),
		},
		same("two prompts", session("[me] ~", "[me] /", "last")),
		same("words, in three prompts", session("vm", "vm", "a\nvm", "last")),
		same("words, but not behind a command that prints nothing", session("vm", "a\nvm", "vm", "b\nvm", "last")),
		same("paths in three prompts", session("~", "~/x main", "a\n/x main", "last")),
		same("different words", session("vm", "vm one", "a\nvm", "b\nvm", "last")),
		same("never without output", session("x\n[me] ~", "y\n[me] /", "a b\n[me] /", "last")),
		same("once without", session("[me] ~", "[me] /", "", "last")),
		same("a blank line below it", session("[me] ~\n", "[me] /\n", "a\n[me] /\n", "last")),
		same("only blank lines", session("\n", "a\n", "b\n", "last")),
		same("more lines than a prompt has", session("[1]\n[2]\n[3]\n[4]\n[5]", "[1]\n[2]\n[3]\n[4]\n[5]", "a\n[1]\n[2]\n[3]\n[4]\n[5]", "last")),
		same("output that is not whole", lost),
		same("a full-screen program", full[:4]),
		{name: "no prompt", in: []segment{{}, {bounds: FromPaste}, {bounds: FromPaste}, {bounds: FromPaste}}, want: []segment{{}, {bounds: FromPaste}, {bounds: FromPaste}, {bounds: FromPaste}}},
	})
}
