package transcript

import "testing"

func TestJoinRestarts(t *testing.T) {
	// What fish leaves if its prompt changes when the line is entered.
	old := segment{bounds: FromPaste, text: "ls", prompt: prompt("> "), promptEnd: endSeen, promptAt: 100 * ms, start: 500 * ms, after: afterRestart}
	empty := segment{bounds: FromPaste, promptAt: 600 * ms, start: 650 * ms, out: output{text: "a b"}}
	joined := segment{bounds: FromPaste, text: "ls", prompt: prompt("> "), promptEnd: endSeen, promptAt: 100 * ms, start: 650 * ms, out: output{text: "a b"}}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	same := func(name string, segs ...segment) passTest { return passTest{name: name, in: segs, want: segs} }
	late := with(empty, func(s *segment) { s.promptAt = 700 * ms })
	testPass(t, joinRestarts, []passTest{
		{name: "the second has no text", in: []segment{{}, old, empty}, want: []segment{{}, joined}},
		{
			name: "the second has text of its own",
			in:   []segment{old, with(empty, func(s *segment) { s.text, s.prompt, s.promptEnd = "ls -l", prompt("❯ "), endSeen })},
			want: []segment{with(joined, func(s *segment) { s.text, s.prompt = "ls -l", prompt("❯ ") })},
		},
		{
			name: "three times",
			in:   []segment{old, with(old, func(s *segment) { s.promptAt = 510 * ms }), empty},
			want: []segment{joined},
		},
		{
			name: "the end was not seen at first",
			in:   []segment{with(old, func(s *segment) { s.promptEnd = endUnseen }), with(empty, func(s *segment) { s.promptEnd = endCertain })},
			want: []segment{with(joined, func(s *segment) { s.promptEnd = endUnseen })},
		},
		{
			name: "the second end is certain",
			in:   []segment{old, with(empty, func(s *segment) { s.promptEnd = endCertain })},
			want: []segment{with(joined, func(s *segment) { s.promptEnd = endCertain })},
		},
		{
			name: "only the second is certain",
			in:   []segment{with(old, func(s *segment) { s.promptEnd = endCertain }), empty},
			want: []segment{joined},
		},
		same("no restart", with(old, func(s *segment) { s.after = afterNothing }), empty),
		same("too late", old, late),
		same("output in between", with(old, func(s *segment) { s.printed = 1 }), empty),
		same("cancelled", with(old, func(s *segment) { s.text, s.result = "^C", cancelled }), empty),
		same("nothing entered", with(old, func(s *segment) { s.text = "" }), empty),
		same("found by other means", with(old, func(s *segment) { s.bounds = FromMarks }), empty),
		same("the second found by other means", old, with(empty, func(s *segment) { s.bounds = FromTyping })),
		same("the recording ends", old),
	})
}
