package transcript

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// passTest is a case for a pass: the segments that it is given, with nothing but
// what matters, and those that it returns.
type passTest struct {
	name     string
	habits   habits
	in, want []segment
}

func testPass(t *testing.T, pass func(*session, []*segment) []*segment, tests []passTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := values(pass(&session{habits: tt.habits, work: maxWork}, pointers(tt.in)))
			if diff := cmp.Diff(tt.want, got, cmpSegments, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("segments differ (-want +got):\n%s", diff)
			}
		})
	}
}

var cmpSegments = cmp.AllowUnexported(segment{}, fact[string]{}, fact[int]{}, fact[time.Duration]{}, textRow{}, rightPrompt{}, output{})

func pointers(segs []segment) []*segment {
	var list []*segment
	for _, s := range segs {
		list = append(list, &s)
	}
	return list
}

// commandsOf returns the commands that all the passes make of segments.
func commandsOf(segs []*segment, opts Options) []Command {
	r := newReader(&tracer{segs: segs}, opts)
	r.read(true)
	return slices.Collect(r.list.All())
}

func values(segs []*segment) []segment {
	var list []segment
	for _, s := range segs {
		list = append(list, *s)
	}
	return list
}

const ms = time.Millisecond

// A prompt that is drawn again is no text: what was entered before stays.
func TestRestartOfUnseenPrompt(t *testing.T) {
	line := segment{bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, text: "id", rows: rows("$ id"), left: leftLineFeed}
	first := segment{bounds: FromPaste, text: "$ ls", rows: rows("$ ls"), after: afterRestart, start: 10 * ms}
	again := segment{bounds: FromPaste, text: "$", rows: rows("$"), promptAt: 11 * ms, start: 12 * ms, left: leftLineFeed}
	var got []string
	for _, c := range commandsOf(pointers([]segment{{}, line, first, again}), Options{}) {
		got = append(got, c.Text)
	}
	if diff := cmp.Diff([]string{"id", "ls"}, got); diff != "" {
		t.Errorf("commands differ (-want +got):\n%s", diff)
	}
}

// rows returns rows of the screen; one that ends in \ goes on in the next.
func rows(texts ...string) []textRow {
	var list []textRow
	for _, text := range texts {
		row := textRow{text: text}
		if n := len(text); n > 0 && text[n-1] == '\\' {
			row = textRow{text: text[:n-1], wrap: true}
		}
		list = append(list, row)
	}
	return list
}

func prompt(rows ...string) []string { return rows }

var (
	ran      = fact[string]{from: FromMarks}
	oneMark  = habits{marksRun: true}
	zshKinds = kindOf("% ")
)

func exited(n int) fact[int] { return fact[int]{n, FromMarks} }

func until(at time.Duration) fact[time.Duration] { return fact[time.Duration]{at, fromNext} }

// TestPassOrder has a case for each pass that depends on one before it.
func TestPassOrder(t *testing.T) {
	line := func(p, text string, left left) segment {
		return segment{bounds: FromPaste, prompt: prompt(p), promptEnd: endSeen, text: text, rows: rows(p + text), pieces: 1, left: left}
	}
	unseen := func(row string) segment {
		return segment{bounds: FromPaste, text: row, rows: rows(row), left: leftLineFeed}
	}
	hooked := func(s segment, from source, text string) segment {
		s.run, s.reported, s.left = ran, fact[string]{text, from}, leftLineFeed
		return s
	}
	for _, tt := range []struct {
		name string
		in   []segment
		want []string // texts
	}{
		{"splitPrompts, joinLines", []segment{
			line("$ ", "if a", leftLineFeed), line("> ", "then b; fi", leftLineFeed), unseen("$ if c"), unseen("> then d; fi"),
		}, []string{"if a\nthen b; fi", "if c\nthen d; fi"}},
		{"correctPrompts, joinLines", []segment{
			line("$ ", "ls", leftLineFeed), line("$ ", "if a", leftLineFeed), line("> ", "then", leftLineFeed), line("> ", "b", leftLineFeed), line("> f", "i", leftLineFeed),
		}, []string{"ls", "if a\nthen\nb\nfi"}},
		{"joinLines, preferReported", []segment{
			line("$ ", "if a", leftLineFeed), hooked(line("> ", "then b; fi", leftLineFeed), FromHook, "if a\nthen b; fi"),
		}, []string{"if a\nthen b; fi"}},
		{"joinLines, judgeLines", []segment{
			line("$ ", "if a", leftLineFeed), line("> ", "then^C", 0), line("$ ", "ls", leftLineFeed),
		}, []string{"ls"}},
		{"preferReported, judgeLines", []segment{
			hooked(segment{bounds: FromPaste, prompt: prompt("$ "), promptEnd: endSeen, text: "^D"}, FromHook, "cat"),
		}, []string{"cat"}},
		{"preferReported, placeLines", []segment{
			hooked(line("$ ", "", 0), FromHook, "ssh box"), line("me@box:~$ ", "ls", leftLineFeed), line("$ ", "id", leftLineFeed),
		}, []string{"ssh box", "  ls", "id"}},
		{"judgeLines, placeLines", []segment{
			line("$ ", "ssh box^C", 0), line("me@box:~$ ", "ls", leftLineFeed),
		}, []string{"ls"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range commandsOf(pointers(tt.in), Options{}) {
				got = append(got, strings.Repeat("  ", c.Depth)+c.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("commands differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLearnHabits(t *testing.T) {
	z := func(s segment) segment {
		s.shell, s.text, s.prompt = zsh, "ls", prompt("% ")
		return s
	}
	for _, tt := range []struct {
		name string
		in   []segment
		want habits
	}{
		{"nothing", []segment{{}, {bounds: FromPaste, text: "ls", left: leftKeys, after: afterRedraw}}, habits{}},
		{"a mark that a command was run", []segment{{}, {run: ran}, {}}, oneMark},
		{"an exit status is no such mark", []segment{{exit: exited(1)}}, habits{}},
		{"one line resets the keys", []segment{z(segment{}), z(segment{left: leftKeys}), z(segment{})}, habits{
			keys: map[string]bool{zshKinds: true}, redraws: map[string]int{zshKinds: -3},
		}},
		{"most lines are redrawn", []segment{z(segment{after: afterRedraw}), z(segment{after: afterRedraw}), z(segment{})}, habits{
			keys: map[string]bool{zshKinds: false}, redraws: map[string]int{zshKinds: 1},
		}},
		{"lines without text do not count", []segment{{shell: zsh, prompt: prompt("% "), left: leftKeys, after: afterRedraw}}, habits{}},
		{"each kind of prompt has its own", []segment{z(segment{left: leftKeys}), {shell: zsh, text: "ls", prompt: prompt("host> "), after: afterRedraw}}, habits{
			keys:    map[string]bool{zshKinds: true, kindOf("host> "): false},
			redraws: map[string]int{zshKinds: -1, kindOf("host> "): 1},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := learnHabits(pointers(tt.in))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(habits{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("habits differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	keys := habits{keys: map[string]bool{zshKinds: true}}
	redraws := habits{redraws: map[string]int{zshKinds: 1}}
	z := segment{bounds: FromPaste, shell: zsh, prompt: prompt("% "), text: "ls"}
	with := func(s segment, change func(*segment)) segment { change(&s); return s }
	for _, tt := range []struct {
		name   string
		habits habits
		s      segment
		want   bool
	}{
		{"bash moved to the next line", habits{}, segment{bounds: FromPaste, text: "ls", left: leftLineFeed}, false},
		{"bash began again in the line", habits{}, segment{bounds: FromPaste, text: "ls", after: afterRestart}, true},
		{"^C is on the screen", habits{}, segment{bounds: FromPaste, text: "ls^C"}, true},
		{"a command that ends in ^C", habits{}, segment{bounds: FromPaste, text: "echo ^C", left: leftLineFeed}, false},
		{"nothing happened", habits{}, segment{bounds: FromPaste, text: "ls"}, false},
		{"zsh without habits", habits{}, z, false},
		{"zsh did not reset the keys", keys, z, true},
		{"zsh reset the keys", keys, with(z, func(s *segment) { s.left = leftKeys }), false},
		{"zsh at another prompt", keys, with(z, func(s *segment) { s.prompt = prompt("host> ") }), false},
		{"zsh drew another prompt, and did not reset the keys", keys, with(z, func(s *segment) { s.prompt, s.kindBefore = prompt("> "), zshKinds }), true},
		{"zsh did not redraw the line", redraws, z, true},
		{"zsh redrew the line", redraws, with(z, func(s *segment) { s.after = afterRedraw }), false},
		{"zsh, and ctrl-C was typed", habits{}, with(z, func(s *segment) { s.key = ctrlC }), true},
		{"zsh, but a mark shows that it was run", keys, with(z, func(s *segment) { s.run = ran }), false},
		{"bash, and ctrl-C was typed to something else", habits{}, segment{bounds: FromPaste, text: "ls", key: ctrlC, left: leftLineFeed}, false},
		{"a mark shows that it was run", habits{}, segment{bounds: FromTyping, text: "echo ^C", run: ran}, false},
		{"cancelled for another reason", habits{}, segment{bounds: FromPaste, run: ran, result: cancelled}, true},
		{"typing", habits{}, segment{bounds: FromTyping, text: "ls"}, false},
		{"typing ^C", habits{}, segment{bounds: FromTyping, text: "ls^C", left: leftLineFeed}, true},
		{"a shell with marks that did not run it", oneMark, segment{bounds: FromMarks, text: "ls", marks: signed}, true},
		{"marks of anybody", oneMark, segment{bounds: FromMarks, text: "ls", marks: unsigned}, false},
		{"no marks for starts", habits{}, segment{bounds: FromMarks, text: "ls", marks: signed}, false},
		{"marks and ^C", habits{}, segment{bounds: FromMarks, text: "ls^C", marks: signed}, true},
		{"an open quote that was not run", oneMark, segment{bounds: FromPaste, text: "echo 'a", marks: signed, left: leftLineFeed}, true},
		{"an open quote without signed marks", oneMark, segment{bounds: FromPaste, text: "echo 'a", marks: unsigned, left: leftLineFeed}, false},
		{"a whole line that was not marked", oneMark, segment{bounds: FromPaste, text: "f() { :; }", marks: signed, left: leftLineFeed}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.habits.cancelled(&tt.s); got != tt.want {
				t.Errorf("cancelled = %v; want %v", got, tt.want)
			}
		})
	}
}
