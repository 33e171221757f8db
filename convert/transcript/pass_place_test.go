package transcript

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// In a session of TestPlaceLines, each line is "prompt|text", entered in a line
// editor; ~ before it means that only typing showed it. The lines that the pass
// returns are "kind depth parent: text".
func TestPlaceLines(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"one shell", []string{"$ |ls", "$ |# a note", "$ |id"}, []string{"command 0 -1: ls", "comment 0 -1: # a note", "command 0 -1: id"}},
		{"without text", []string{"$ |", "$ |ls"}, []string{"command 0 -1: ls"}},
		{
			"a shell in another, and back",
			[]string{"$ |ssh box", "me@box:~$ |ls", "me@box:/$ |exit", "$ |id"},
			[]string{"command 0 -1: ssh box", "command 1 0: ls", "command 1 0: exit", "command 0 -1: id"},
		},
		{
			"three shells, and back to the first",
			[]string{"$ |ssh b", "me@b:~$ |sudo -i", "root@b:~# |id", "$ |ls"},
			[]string{"command 0 -1: ssh b", "command 1 0: sudo -i", "command 2 1: id", "command 0 -1: ls"},
		},
		{
			"a shell in another with the prompt of the first",
			[]string{"root@a:~# |su me", "me@a:~$ |sudo -i", "root@a:~# |id", "root@a:~# |exit", "me@a:~$ |exit", "root@a:~# |ls"},
			[]string{"command 0 -1: su me", "command 1 0: sudo -i", "command 2 1: id", "command 2 1: exit", "command 1 0: exit", "command 0 -1: ls"},
		},
		{
			"a REPL, and back",
			[]string{"$ |python3", ">>> |1+1", ">>> |# two", "$ |ls"},
			[]string{"command 0 -1: python3", "repl 1 0: 1+1", "repl 1 0: # two", "command 0 -1: ls"},
		},
		{
			"a REPL whose prompt has the shape of the shell's",
			[]string{"work> |sqlite3 x", "sqlite> |select 1;", "sqlite> |.quit", "work> |ls", "src> |id"},
			[]string{"command 0 -1: sqlite3 x", "repl 1 0: select 1;", "repl 1 0: .quit", "command 0 -1: ls", "command 0 -1: id"},
		},
		{
			"a shell that is given another prompt",
			[]string{"~me@a# |PS1='$ '", "~$ |ls", "~$ |export PS1='demo> '", "~demo> |ls", "~demo> |. env/bin/activate", "~(env) demo> |id"},
			[]string{"command 0 -1: PS1='$ '", "command 0 -1: ls", "command 0 -1: export PS1='demo> '", "command 0 -1: ls", "command 0 -1: . env/bin/activate", "command 0 -1: id"},
		},
		{
			"a program whose prompt has its name",
			[]string{"~me@a# |virsh", "~virsh # |list", "~virsh # |quit", "~me@a# |bluetoothctl", "~[bluetooth]# |exit", "~me@a# |ls"},
			[]string{"command 0 -1: virsh", "repl 1 0: list", "repl 1 0: quit", "command 0 -1: bluetoothctl", "repl 1 3: exit", "command 0 -1: ls"},
		},
		{
			"a REPL that a launcher started",
			[]string{"$ |docker run redis", "127.0.0.1:6379> |ping"},
			[]string{"command 0 -1: docker run redis", "repl 1 0: ping"},
		},
		{
			"a prompt like a REPL's, in a shell started by its name",
			[]string{"$ |sh", "> |ls"},
			[]string{"command 0 -1: sh", "command 1 0: ls"},
		},
		{
			"a launcher's name in a REPL starts nothing",
			[]string{"$ |python3", ">>> |bash", "% |ls"},
			[]string{"command 0 -1: python3", "repl 1 0: bash", "command 0 -1: ls"},
		},
		{"another prompt that only a shell has", []string{"$ |cd x", "~/x % |ls"}, []string{"command 0 -1: cd x", "command 0 -1: ls"}},
		{"a sign that shows the last status", []string{"❯ |false", "✘ |ls"}, []string{"command 0 -1: false", "command 0 -1: ls"}},
		{"a sign in front", []string{" me  ~ ▶ |false", "✘  me  ~ ▶ |ls"}, []string{"command 0 -1: false", "command 0 -1: ls"}},
		{
			"the modes of a router",
			[]string{"~r1>|enable", "~r1#|conf t", "~r1(config)#|int e0", "~r1(config-if)#|end", "~r1#|wr"},
			[]string{"command 0 -1: enable", "command 0 -1: conf t", "command 0 -1: int e0", "command 0 -1: end", "command 0 -1: wr"},
		},
		{
			"the modes of another",
			[]string{"~me@srx> |configure", "~me@srx# |commit"},
			[]string{"command 0 -1: configure", "command 0 -1: commit"},
		},
		{"another prompt that may be anything", []string{"$ |prog", "ready |go"}, []string{"command 0 -1: prog", "repl 1 0: go"}},
		{"blank prompts of a shell that showed no other", []string{" |ls", " |id"}, []string{"command 0 -1: ls", "command 0 -1: id"}},
		{"typing at a prompt", []string{"~$ |ls", "~$ |id"}, []string{"command 0 -1: ls", "command 0 -1: id"}},
		{"typing at no prompt, at first", []string{"~Loading |x", "~$ |ls"}, []string{"command 0 -1: ls"}},
		{"typing at a shell's prompt with the same end", []string{"~me@a$ |ls", "~(x) root@b:/$ |id"}, []string{"command 0 -1: ls", "command 0 -1: id"}},
		{"typing at a shell's prompt with another end", []string{"~me@a$ |prog", "~root@b:/# |id"}, []string{"command 0 -1: prog", "repl 1 0: id"}},
		{"it came after a command that runs nothing", []string{"~me@a$ |git init", "~[me master x]> |id", "me@a ▶ |cd x", "x go ▶ |ls"}, []string{"command 0 -1: git init", "command 0 -1: id", "command 0 -1: cd x", "command 0 -1: ls"}},
		{"a completed command", []string{"$ |ls", "$ |make te!list", "$ |make test"}, []string{"command 0 -1: ls", "command 0 -1: make test"}},
		{"the end of a shell", []string{"$ |sh", "# |exit!eof", "$ |ls"}, []string{"command 0 -1: sh", "command 0 -1: ls"}},
		{
			"a cancelled line starts nothing",
			[]string{"$ |ssh box!cancel", "me@box:~$ |ls", "$ |id"},
			[]string{"cancelled 0 -1: ssh box", "command 0 -1: ls", "command 0 -1: id"},
		},
		{
			"a cancelled line of a REPL stands beside the others",
			[]string{"$ |python3", ">>> |1+!cancel", ">>> |1"},
			[]string{"command 0 -1: python3", "cancelled 0 -1: 1+", "repl 1 0: 1"},
		},
		{
			"a shell with signed marks is the recorded one",
			[]string{"$ |ssh box", "me@box:~$ |id", "root@c:~# |ls!signed"},
			[]string{"command 0 -1: ssh box", "command 1 0: id", "command 0 -1: ls"},
		},
		{"a zsh that shows itself is a shell", []string{"$ |prog", ">>> |ls!zsh"}, []string{"command 0 -1: prog", "command 0 -1: ls"}},
		{
			"what looks like a prompt and is none",
			[]string{"$ |make", "~file main.c |ok", "$ |ls"},
			[]string{"command 0 -1: make + file main.c ok", "command 0 -1: ls"},
		},
		{"the line that the recording ended in", []string{"$ |ls", "$ |id!unentered"}, []string{"command 0 -1: ls"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			segs := []*segment{{text: "not entered at a prompt"}}
			for _, line := range tt.lines {
				segs = append(segs, placeable(line))
			}
			var got []string
			for _, s := range placeLines(&session{}, segs) {
				line := fmt.Sprintf("%s %d %d: %s", s.kind, s.depth, s.parent, s.text)
				if stray := strings.TrimSpace(strings.Join(s.stray, "\n")); stray != "" {
					line += " + " + stray
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines differ (-want +got):\n%s", diff)
			}
		})
	}
}

func placeable(line string) *segment {
	line, is, _ := strings.Cut(line, "!")
	p, text, _ := strings.Cut(line, "|")
	s := &segment{bounds: FromPaste, text: text, end: until(0)}
	if typing, ok := strings.CutPrefix(p, "~"); ok && !strings.HasPrefix(p, "~/") {
		s.bounds, p = FromTyping, typing
	}
	s.prompt = prompt("~", p)
	switch is {
	case "list":
		s.result = listed
	case "eof":
		s.result = shellEnded
	case "cancel":
		s.result = cancelled
	case "unentered":
		s.result = unentered
	case "signed":
		s.marks = signed
	case "zsh":
		s.shell = zsh
	}
	return s
}

// Typing shows a shell's prompt with another end if a mark announced it, unless
// text and line feed came at once.
func TestPlaceLinesAnnounced(t *testing.T) {
	for _, tt := range []struct {
		announced announced
		pace      pace
		want      Kind
	}{
		{asPrompt, typed, Shell},
		{asPrompt, burst, REPL},
		{notAnnounced, typed, REPL},
	} {
		segs := []*segment{placeable("~me@a$ |prog"), placeable("~root@b:/# |id")}
		segs[1].announced, segs[1].pace = tt.announced, tt.pace
		if got := placeLines(&session{}, segs)[1].kind; got != tt.want {
			t.Errorf("announced %d, pace %d: %s; want %s", tt.announced, tt.pace, got, tt.want)
		}
	}
}

// Where people type, a line that comes at once behind another kind of prompt is
// output.
func TestPlaceLinesAtOnce(t *testing.T) {
	for _, tt := range []struct {
		prompt string
		pace   pace
		people bool
		want   int
	}{
		{"Linking > ", burst, true, 1},
		{"Linking > ", typed, true, 2},
		{"Linking > ", burst, false, 2},
		{"> ", burst, true, 2},
		{"me@box:~$ ", burst, true, 2},
	} {
		segs := []*segment{placeable("~> |make"), placeable("~" + tt.prompt + "|ok")}
		segs[1].pace = tt.pace
		if got := placeLines(&session{habits: habits{people: tt.people}}, segs); len(got) != tt.want {
			t.Errorf("%q, pace %d, people %v: %d lines; want %d", tt.prompt, tt.pace, tt.people, len(got), tt.want)
		}
	}
}

func TestPlaceLinesEnds(t *testing.T) {
	open := func(at time.Duration) fact[time.Duration] { return fact[time.Duration]{value: at} }
	for _, tt := range []struct {
		name  string
		lines []string
		ends  []fact[time.Duration]
		want  []fact[time.Duration]
	}{
		{
			"shells run as long as the lines in them",
			[]string{"$ |ssh b", "me@b:~$ |sudo -i", "root@b:~# |id", "$ |ls"},
			[]fact[time.Duration]{until(1), until(2), until(3), until(4)},
			[]fact[time.Duration]{until(3), until(3), until(3), until(4)},
		},
		{
			"a REPL runs on as the recording ends",
			[]string{"$ |python3", ">>> |1"},
			[]fact[time.Duration]{until(1), open(5)},
			[]fact[time.Duration]{open(5), open(5)},
		},
		{
			"a line ends later than the last in it",
			[]string{"$ |python3", ">>> |1"},
			[]fact[time.Duration]{until(9), until(5)},
			[]fact[time.Duration]{until(9), until(5)},
		},
		{
			"what looked like a prompt belongs to the command",
			[]string{"$ |make", "~file main.c |ok"},
			[]fact[time.Duration]{until(1), until(5)},
			[]fact[time.Duration]{until(5)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var segs []*segment
			for i, line := range tt.lines {
				s := placeable(line)
				s.end = tt.ends[i]
				segs = append(segs, s)
			}
			var got []fact[time.Duration]
			for _, s := range placeLines(&session{}, segs) {
				got = append(got, s.end)
			}
			if diff := cmp.Diff(tt.want, got, cmpSegments); diff != "" {
				t.Errorf("ends differ (-want +got):\n%s", diff)
			}
		})
	}
}
