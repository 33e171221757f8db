package transcript

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCommandsOfLines(t *testing.T) {
	line := func(kind Kind, text string, parent int) *segment {
		return &segment{bounds: FromPaste, promptEnd: endSeen, kind: kind, text: text, parent: parent}
	}
	lines := []*segment{
		line(Cancelled, "l^C", -1), line(Shell, "python3", -1), line(REPL, "1", 1), line(Comment, "# x", -1), line(Shell, "sh", -1), line(Shell, "id", 4),
	}
	type row struct {
		Text          string
		Index, Parent int
	}
	for _, tt := range []struct {
		name string
		opts Options
		want []row
	}{
		{"commands", Options{}, []row{{"python3", 0, -1}, {"# x", 1, -1}, {"sh", 2, -1}, {"id", 3, 2}}},
		{"REPL", Options{REPL: true}, []row{{"python3", 0, -1}, {"1", 1, 0}, {"# x", 2, -1}, {"sh", 3, -1}, {"id", 4, 3}}},
		{"cancelled", Options{Cancelled: true}, []row{{"l", 0, -1}, {"python3", 1, -1}, {"# x", 2, -1}, {"sh", 3, -1}, {"id", 4, 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []row
			ses := &session{placer: placer{placed: lines}}
			ses.index(lines, tt.opts)
			for _, s := range lines {
				if c := s.command(false); c.Index >= 0 {
					got = append(got, row{c.Text, c.Index, c.Parent})
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("commands differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A command says what is known of it, and from where.
func TestCommandOfLine(t *testing.T) {
	plainly := Evidence{Bounds: FromPaste, Text: FromScreen}
	for _, tt := range []struct {
		name   string
		s      segment
		styled bool
		want   Command
	}{
		{"everything", segment{
			bounds: FromPaste, shell: zsh, marks: signed, dir: "/tmp", host: "box", prompt: prompt("~", "% "), promptAt: 1 * ms, promptEnd: endCertain,
			text: "ls", textBy: FromHook, start: 2 * ms, reported: fact[string]{"ls --color", fromHistory}, run: ran, exit: exited(2),
			end: until(3 * ms), out: output{text: "a b", lost: 9}, screens: 2, kind: Shell, depth: 3,
		}, false, Command{
			Kind: Shell, Prompt: "~\n% ", Text: "ls", Expanded: "ls --color", Output: "a b", Truncated: true, FullScreen: true,
			PromptAt: 1 * ms, Start: 2 * ms, End: 3 * ms, Exit: 2, HasExit: true, Dir: "/tmp", Host: "box", Depth: 3,
			Evidence: Evidence{Bounds: FromPaste, Text: FromHook, Exit: FromMarks, Shell: "zsh"}, Confidence: 1, Trusted: true,
		}},
		{"the recording ended", segment{bounds: FromMarks, promptEnd: endSeen, marks: unsigned, exit: fact[int]{3, FromEnd}, end: fact[time.Duration]{value: 5 * ms}}, false, Command{
			End: 5 * ms, Unfinished: true, Exit: 3, HasExit: true, Evidence: Evidence{Bounds: FromMarks, Text: FromScreen, Exit: FromEnd}, Confidence: 1,
		}},
		{"reported with other blanks", segment{bounds: FromPaste, promptEnd: endSeen, text: "a; b", reported: fact[string]{"a;b", fromHistory}, end: until(0)}, false, Command{
			Text: "a; b", Evidence: plainly, Confidence: 1, Trusted: true,
		}},
		{"styled", segment{bounds: FromPaste, promptEnd: endSeen, out: output{text: "\x1b[0;31ma\x1b[0m"}, stray: []string{"x> ", "", "y"}, end: until(0)}, true, Command{
			Output: "a\nx> \ny", Styled: "\x1b[0;31ma\x1b[0m", Evidence: plainly, Confidence: 1, Trusted: true,
		}},
		{"stray rows only", segment{bounds: FromPaste, promptEnd: endSeen, stray: []string{"", "x> "}, end: until(0)}, false, Command{
			Output: "x> ", Evidence: plainly, Confidence: 1, Trusted: true,
		}},
		{"a learned prompt", segment{bounds: FromPaste, promptEnd: endLearned, end: until(0)}, false, Command{
			Evidence: Evidence{Bounds: FromPaste, Text: FromPrompt}, Confidence: 0.75, Trusted: true,
		}},
		{"a prompt that nobody found", segment{bounds: FromPaste, unread: 1, end: until(0)}, false, Command{
			Evidence: Evidence{Bounds: FromPaste, Text: FromPrompt}, Confidence: 0.75, Trusted: true,
		}},
		{"a corrected prompt", segment{bounds: FromPaste, promptEnd: endCorrected, unread: 1, end: until(0)}, false, Command{
			Evidence: Evidence{Bounds: FromPaste, Text: FromPrompt}, Confidence: 0.85, Trusted: true,
		}},
		{"too long to be read", segment{bounds: FromPaste, promptEnd: endCertain, unread: 1, end: until(0)}, false, Command{
			Evidence: plainly, Confidence: 0.5, Trusted: true,
		}},
		{"typing", segment{bounds: FromTyping, promptEnd: endCorrected, pace: typed, end: until(0)}, false, Command{
			Evidence: Evidence{Bounds: FromTyping, Text: FromScreen}, Confidence: 0.8, Trusted: true,
		}},
		{"typing all at once", segment{bounds: FromTyping, promptEnd: endSeen, pace: burst, end: until(0)}, false, Command{
			Evidence: Evidence{Bounds: FromTyping, Text: FromScreen}, Confidence: 0.6, Trusted: true,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.s.command(tt.styled)); diff != "" {
				t.Errorf("command differs (-want +got):\n%s", diff)
			}
		})
	}
}
