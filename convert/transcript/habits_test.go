//go:build unix

package transcript_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/score"
)

// hardSessions hold what users do and screens do not show. Their transcripts must
// be exact.
var hardSessions = makeHardSessions()

func makeHardSessions() (list []session) {
	type shell struct {
		name, prompt string
		argv         []string
		rc           map[string]string
		env          []string
		scenes       []string
	}
	every := []string{"recall", "cancel", "kill", "paste", "long", "dirs", "nest"}
	noPaste := []string{"cancel", "kill", "long", "dirs", "nest"}
	for _, sh := range []shell{
		{"bash", "", []string{"bash"}, map[string]string{".bashrc": debianBash}, nil, every},
		{"bash two lines", "", []string{"bash"}, map[string]string{".bashrc": twoLines}, nil, every},
		{"bash bare colours", "", []string{"bash"}, map[string]string{".bashrc": "PS1='\\e[1;32m\\u@\\h\\e[0m:\\w\\$ '\n"}, nil, []string{"cancel", "long", "nest"}},
		{"bash vi", "", []string{"bash"}, map[string]string{".bashrc": "set -o vi\n" + debianBash}, nil, []string{"vi", "long"}},
		{"bash tmux", "", []string{"bash"}, map[string]string{".bashrc": debianBash}, []string{"TERM=tmux-256color"}, every},
		{"zsh", "", []string{"zsh"}, map[string]string{".zshrc": arrowZsh}, nil, every},
		{"zsh right", "", []string{"zsh"}, map[string]string{".zshrc": twoZsh}, nil, every},
		{"zsh vi", "", []string{"zsh"}, map[string]string{".zshrc": "bindkey -v\n" + arrowZsh}, nil, []string{"vi", "long"}},
		{"fish", "", []string{"fish"}, nil, nil, []string{"cancel", "kill", "long", "dirs", "nest"}},
		{"fish right", "", []string{"fish"}, map[string]string{".config/fish/config.fish": fishRight}, []string{"TERM=tmux-256color"}, []string{"cancel", "long", "nest"}},
		{"dash", "$ ", []string{"dash"}, nil, []string{"PS1=$ "}, []string{"kill", "dirs", "nest"}},
		{"ksh", "$ ", []string{"ksh"}, map[string]string{".kshrc": "set -o emacs\n"}, []string{"PS1=$ "}, noPaste},
		{"mksh", "# ", []string{"mksh"}, nil, []string{"PS1=# "}, noPaste},
		{"busybox", "# ", []string{"busybox", "sh"}, nil, []string{"PS1=\\w \\$ "}, noPaste},
	} {
		for _, name := range sh.scenes {
			list = append(list, session{name: sh.name + " " + name, argv: sh.argv, rc: sh.rc, env: sh.env, prompt: sh.prompt, do: scenes[name]})
		}
	}
	return list
}

var scenes = map[string]func(*driver){
	// recall: a line from the history is changed at its front, or found.
	"recall": func(d *driver) {
		d.run(`printf '%s\n' alpha beta`, "alpha\nbeta")
		d.press(up, ctrl('A'), esc+"d")
		d.text("echo")
		d.enter()
		d.expect(`echo '%s\n' alpha beta`, `%s\n alpha beta`)
		d.press(ctrl('R'))
		d.text("printf")
		d.settle(quiet)
		d.enter()
		d.expect(`printf '%s\n' alpha beta`, "alpha\nbeta")
		d.text("cho inserted")
		d.press(ctrl('A'))
		d.text("e")
		d.enter()
		d.expect("echo inserted", "inserted")
	},
	// cancel: lines are given up in every way; none of them ran.
	"cancel": func(d *driver) {
		d.run("echo one", "one")
		d.text("rm -rf everything")
		d.press(ctrl('C'))
		d.settle(quiet)
		d.text("rm -rf everything")
		d.press(ctrl('A'), right, right, ctrl('C'))
		d.settle(quiet)
		d.press(ctrl('R'))
		d.text("one")
		d.settle(quiet)
		d.press(ctrl('C'))
		d.settle(quiet)
		d.run("echo two", "two")
	},
	// kill: ctrl-C ends what is entered, or what runs.
	"kill": func(d *driver) {
		d.text("rm -rf everything")
		d.press(ctrl('C'))
		d.settle(quiet)
		d.line("if true")
		d.line("then rm -rf everything")
		d.press(ctrl('C'))
		d.settle(quiet)
		for range 2 {
			d.begin("echo beg''un; sleep 100", "begun")
			d.setMark()
			d.press(ctrl('C'))
			d.wait(d.prompt)
		}
		d.run("echo 'a^C'", "a^C")
		d.press(ctrl('C'))
		d.settle(quiet)
		d.run("echo two", "two")
	},
	// paste: text with bracketed paste, which ends in a newline or holds several.
	"paste": func(d *driver) {
		paste := func(text string) { d.press("\x1b[200~" + text + "\x1b[201~"); d.settle(quiet) }
		d.text("echo typed; ")
		paste("echo more\n")
		d.enter()
		d.expect("echo typed; echo more", "typed\nmore")
		paste("for i in 1 2\ndo echo i=$i\ndone")
		d.enter()
		d.expect("for i in 1 2\ndo echo i=$i\ndone", "i=1\ni=2")
		paste("printf '[%s]\\n' 'a b'")
		d.enter()
		d.expect("printf '[%s]\\n' 'a b'", "[a b]")
	},
	// long: lines longer than a row, with wide characters at its edge.
	"long": func(d *driver) {
		long := strings.Repeat("word ", 40) + "end"
		d.run("echo "+long, long)
		if d.prompt == "\x1b[?2004h" {
			for n := 50; n < 53; n++ {
				text := strings.Repeat("x", n) + strings.Repeat("日本", 10)
				d.run("echo "+text, text)
			}
		}
	},
	// dirs: directories whose names could break or forge a mark.
	"dirs": func(d *driver) {
		names := []string{"sp ace", "x s=7"}
		if d.prompt == "\x1b[?2004h" {
			names = append(names, "ünï#q?x")
		}
		for _, name := range names {
			d.run("mkdir '"+name+"'", "")
			d.text("cd '" + name + "'")
			d.enter()
			d.expect("cd '" + name + "'")
			d.know("", true)
			d.dir = filepath.Join(d.dir, name)
			d.run("false", "")
		}
	},
	// nest: shells inside the shell, with prompts of the same shape.
	"nest": func(d *driver) {
		d.run("false", "")
		for _, inner := range []string{"bash", "bash --norc", "sh", "zsh -f"} {
			d.inside(inner)
		}
		d.run("echo back", "back")
	},
	// vi: a line edited in vi mode.
	"vi": func(d *driver) {
		d.text("echo vi")
		d.press(esc)
		d.settle(quiet)
		d.text("A more")
		d.enter()
		d.expect("echo vi more", "vi more")
		d.run("false", "")
	},
}

// inside runs commands in a shell that command starts.
func (d *driver) inside(command string) {
	enter := func(line string) {
		d.text(line)
		d.expect(line)
		d.setMark()
		d.press("\r")
		d.wait("$ ", "# ", "\x1b[?2004h")
	}
	enter(command)
	d.depth++
	enter("echo inside")
	d.text("exit")
	d.expect("exit")
	d.depth--
	d.enter()
}

// TestHard drives hard sessions in our recorder, and wants exact transcripts.
// TTYDECK_DRIVEN selects all sessions; otherwise only every fourth runs.
func TestHard(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: TestHard with -short: it drives shells for half a minute")
	}
	t.Parallel()
	if len(hardSessions) < 40 {
		t.Fatalf("%d sessions; want at least 40", len(hardSessions))
	}
	slots := make(chan struct{}, 12)
	for i, s := range hardSessions {
		if os.Getenv("TTYDECK_DRIVEN") == "" && i%4 != 0 {
			continue
		}
		t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(s.argv[0]); err != nil {
				t.Fatal(err)
			}
			home, err := os.MkdirTemp("", "own") // short: some shells scroll sideways
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(home) })
			slots <- struct{}{}
			cast, want, err := s.run(home, true)
			<-slots
			if err != nil {
				t.Fatal(err)
			}
			keep(t, "hard "+s.name, cast, want)
			diffs, sure := inspect(t, cast, want)
			for _, diff := range diffs {
				t.Error(diff)
			}
			if len(sure) > 0 {
				t.Errorf("confidence 1 for what was never entered: %q", sure)
			}
		})
	}
}

// inspect compares a transcript with the commands that were entered.
func inspect(t *testing.T, cast format.Cast, want []score.ExpectedCommand) (diffs, sure []string) {
	t.Helper()
	var got []transcript.Command
	for c, err := range transcript.Commands(cast, transcript.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c)
	}
	return score.Exact(want, got), score.Overconfident(want, got)
}
