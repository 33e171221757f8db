package transcript

import (
	"testing"
	"time"
)

func TestSplitPasted(t *testing.T) {
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	s := segment{bounds: FromPaste, promptEnd: endSeen, promptAt: 10 * ms, start: 20 * ms, printed: 2, out: output{text: "1\n2"}}
	first := segment{bounds: FromPaste, promptEnd: endSeen, promptAt: 10 * ms, start: 20 * ms, end: fact[time.Duration]{20 * ms, fromNext}}
	last := with(s, func(s *segment) { s.promptAt = 20 * ms })
	text := func(s segment, text string) segment { s.text = text; return s }
	same := func(name string, s segment) passTest {
		return passTest{name: name, in: []segment{s}, want: []segment{s}}
	}
	testPass(t, splitPasted, []passTest{
		{
			name: "two commands",
			in:   []segment{{}, text(s, "echo 1\necho 2")},
			want: []segment{{}, text(first, "echo 1"), text(last, "echo 2")},
		},
		{
			name: "commands of several lines",
			in:   []segment{text(s, "for i in 1\ndo ls\ndone\ncat <<E\na\nE\nls \\\n-l")},
			want: []segment{text(first, "for i in 1\ndo ls\ndone"), text(with(first, func(s *segment) { s.promptAt = 20 * ms }), "cat <<E\na\nE"), text(last, "ls \\\n-l")},
		},
		{
			name: "blank lines, and one that goes on",
			in:   []segment{text(s, "ls\n\nif true")},
			want: []segment{text(first, "ls"), text(last, "if true")},
		},
		same("one command", text(s, "echo 'a\nb'")),
		same("indented by fish", with(text(s, "ls\nls"), func(s *segment) { s.rows = []textRow{{text: "> ls"}, {text: "  ls", indent: 2}} })),
		same("zsh", with(text(s, "ls\nls"), func(s *segment) { s.shell = zsh })),
		same("a mark reports it", with(text(s, "ls\nls"), func(s *segment) { s.run = ran })),
		same("cancelled", with(text(s, "ls\nls"), func(s *segment) { s.result = cancelled })),
		same("a REPL", with(text(s, "ls\nls"), func(s *segment) { s.prompt = prompt(">>> ") })),
		same("without bracketed paste", with(text(s, "ls\nls"), func(s *segment) { s.bounds = FromTyping })),
	})
}
