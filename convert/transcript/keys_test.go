//go:build unix

package transcript_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/convert/transcript"
)

// TestRandomKeys presses random keys at real shells: text, the keys of line editors,
// searches in the history, pastes and ctrl-C. What the transcript is sure of must be
// what the shell's own history has, in its order.
func TestRandomKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: TestRandomKeys with -short: it drives shells for some seconds")
	}
	t.Parallel()
	const bashHistory = "HISTCONTROL=\nHISTTIMEFORMAT='%s '\n"
	const zshHistory = "HISTFILE=$HOME/.history SAVEHIST=1000 HISTSIZE=1000 NULLCMD=:\nsetopt inc_append_history extended_history interactive_comments\nbindkey -e\n"
	for i, s := range []session{
		{name: "bash", argv: []string{"bash"}, rc: map[string]string{".bashrc": bashHistory + debianBash}},
		{name: "bash bare colours", argv: []string{"bash"}, rc: map[string]string{".bashrc": bashHistory + "PS1='\\e[1;32m\\w\\e[0m\\$ '\n"}},
		{name: "zsh", argv: []string{"zsh"}, rc: map[string]string{".zshrc": zshHistory + "PROMPT='%n %~ %# '\n"}},
		{name: "zsh right", argv: []string{"zsh"}, rc: map[string]string{".zshrc": zshHistory + "PROMPT='%F{blue}%~%f\n> ' RPROMPT=%T\n"}},
	} {
		t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			home, err := os.MkdirTemp("", "keys")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(home) })
			s.do = func(d *driver) { pressAny(d, rand.New(rand.NewPCG(uint64(i), 7)), 25) }
			cast, _, err := s.run(home, true)
			if err != nil {
				t.Fatal(err)
			}
			keep(t, "keys "+s.name, cast, nil)
			history := readHistory(t, filepath.Join(home, ".history"), s.argv[0])
			next, sure := 0, 0
			for c, err := range transcript.Commands(cast, transcript.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				if c.Confidence < 1 || c.Depth > 0 {
					continue
				}
				at := next
				for at < len(history) && history[at] != words(c.Text) {
					at++
				}
				if at == len(history) {
					t.Errorf("%q at %v is not in the history behind line %d: %q", c.Text, c.Start, next, history[next:min(next+3, len(history))])
					continue
				}
				next, sure = at+1, sure+1
			}
			if sure < 4 || sure*2 < len(history) {
				t.Errorf("%d commands that are certain; the history has %d", sure, len(history))
			}
		})
	}
}

// pressAny enters n lines of random keys.
func pressAny(d *driver, rng *rand.Rand, n int) {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	word := func() string {
		return pick("echo", "true", "false", "hello", `"a b"`, "'x  y'", "alpha.txt", "|", "&&", ";", "*.txt", "$((1+2))", "# note", `\\`, "x=1", `"multi`, `end"`,
			"{a,b}", ">/dev/null", "2>&1", strings.Repeat("word", 6))
	}
	enter := func(key string) {
		d.setMark()
		d.press(key)
		d.wait(d.prompt)
	}
	d.speed /= 4
	for range n {
		switch rng.IntN(8) {
		case 0:
			d.press(up)
		case 1:
			d.press(ctrl('R'))
			d.text(pick("ec", "al", "tr"))
			d.settle(quiet)
		case 2:
			d.press("\x1b[200~" + word() + " " + word() + pick("", "\n", "\necho z") + "\x1b[201~")
			d.settle(quiet)
		default:
			d.text(pick("echo", "echo", "true", "printf %s", "false", " echo"))
			for range rng.IntN(5) {
				d.text(" " + word())
			}
		}
		for range rng.IntN(6) {
			d.press(pick(left, left, right, ctrl('A'), ctrl('E'), bs, bs, ctrl('W'), ctrl('K'), ctrl('Y'), esc+"b", esc+"f", tab, ctrl('U')))
			if rng.IntN(3) == 0 {
				d.text(word())
			}
		}
		d.settle(quiet)
		enter(pick("\r", "\r", "\r", "\r", "\r", "\r", "\r", "\r", "\r", ctrl('C')))
	}
	enter(ctrl('C'))
}

var historyTime = regexp.MustCompile(`(?m)^(?:#\d{9,}\n|: \d+:\d+;)`)

// readHistory returns the lines of a shell's history, with one blank in place of
// several and of line breaks.
func readHistory(t *testing.T, file, shell string) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if shell == "zsh" {
		text = strings.ReplaceAll(text, "\\\n", "\n") // a line break inside a line
	}
	for _, line := range historyTime.Split(text, -1)[1:] {
		lines = append(lines, words(strings.TrimSuffix(line, "\n")))
	}
	if len(lines) == 0 {
		t.Fatal(fmt.Errorf("%s: no lines", file))
	}
	return lines
}

// words returns a command's words. A history joins lines.
func words(command string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(command, "\\\n", "")), " ")
}
