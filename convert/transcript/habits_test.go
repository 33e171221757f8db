//go:build unix

package transcript_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	// A kind of shell, with the scenes that suit it.
	type shell struct {
		name, prompt string
		argv         []string
		rc           map[string]string
		env          []string
		scenes       []string
	}
	every := []string{"recall", "cancel", "kill", "paste", "long", "dirs", "nest"}
	noPaste := []string{"cancel", "kill", "long", "dirs", "nest", "others"}
	rooms := []string{"ssh", "root", "deep", "nano", "mux", "odd"}
	with := func(more ...string) []string { return slices.Concat(rooms, more) }
	for _, sh := range []shell{
		{"bash", "", []string{"bash"}, map[string]string{".bashrc": debianBash}, nil, with(append(every, "others")...)},
		{"bash two lines", "", []string{"bash"}, map[string]string{".bashrc": twoLines}, nil, every},
		{"bash bare colours", "", []string{"bash"}, map[string]string{".bashrc": "PS1='\\e[1;32m\\u@\\h\\e[0m:\\w\\$ '\n"}, nil, []string{"cancel", "long", "nest"}},
		{"bash vi", "", []string{"bash"}, map[string]string{".bashrc": "set -o vi\n" + debianBash}, nil, []string{"vi", "long"}},
		{"bash tmux", "", []string{"bash"}, map[string]string{".bashrc": debianBash}, []string{"TERM=tmux-256color"}, every},
		{"zsh", "", []string{"zsh"}, map[string]string{".zshrc": arrowZsh}, nil, with(append(every, "others")...)},
		{"zsh right", "", []string{"zsh"}, map[string]string{".zshrc": twoZsh}, nil, every},
		{"zsh vi", "", []string{"zsh"}, map[string]string{".zshrc": "bindkey -v\n" + arrowZsh}, nil, []string{"vi", "long"}},
		{"fish", "", []string{"fish"}, nil, nil, with("recall in fish", "cancel", "kill", "paste in fish", "long", "dirs", "nest", "others")},
		{"fish right", "", []string{"fish"}, map[string]string{".config/fish/config.fish": fishRight}, []string{"TERM=tmux-256color"}, []string{"cancel", "long", "nest"}},
		{"fish vi", "", []string{"fish"}, map[string]string{".config/fish/config.fish": "fish_vi_key_bindings\n"}, nil, []string{"vi", "long", "kill"}},
		{"ksh vi", "$ ", []string{"ksh"}, map[string]string{".kshrc": "set -o vi\n"}, []string{"PS1=$ "}, []string{"vi", "long", "kill"}},
		{"mksh vi", "# ", []string{"mksh"}, map[string]string{".mkshrc": "set -o vi\n"}, []string{"PS1=# "}, []string{"vi", "long", "kill"}},
		{"nu", "", []string{"nu"}, map[string]string{".config/nushell/config.nu": "$env.config.show_banner = false\n"}, []string{"SHELL=/bin/sh"},
			with("cancel", "kill", "paste in nu", "long", "dirs", "nest", "others")},
		{"dash", "$ ", []string{"dash"}, nil, []string{"PS1=$ "}, with("kill", "dirs", "nest", "others")},
		{"ksh", "$ ", []string{"ksh"}, map[string]string{".kshrc": "set -o emacs\n"}, []string{"PS1=$ "}, with(noPaste...)},
		{"mksh", "# ", []string{"mksh"}, nil, []string{"PS1=# "}, with(noPaste...)},
		{"busybox", "# ", []string{"busybox", "sh"}, nil, []string{"PS1=\\w \\$ ", "SHELL=/bin/sh"}, with(noPaste...)},
	} {
		for _, name := range sh.scenes {
			s := session{name: sh.name + " " + name, argv: sh.argv, rc: sh.rc, env: sh.env, prompt: sh.prompt, do: scenes[name]}
			if slices.Contains(rooms, name) {
				s.prepare = serve
			}
			if sh.name == "nu" {
				s.asks, s.fails, s.runsOn = true, "^false", `print ("beg" + "un"); sleep 100sec`
			}
			list = append(list, s)
		}
	}
	return list
}

var scenes = map[string]func(*driver){
	"ssh": throughSSH, "root": asRoot, "deep": inDepth, "nano": inNano, "mux": inTmux, "odd": inOddShells,
	// recall: a line from the history is changed at its front, or found.
	"recall": func(d *driver) {
		d.run(`printf '%s\n' alpha beta`, "alpha\nbeta")
		d.press(up, ctrl('A'), esc+"d")
		d.text("echo")
		d.enter()
		d.expect(`echo '%s\n' alpha beta`) // zsh prints a line feed
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
	"recall in fish": func(d *driver) {
		d.run(`printf '%s\n' alpha beta`, "alpha\nbeta")
		d.press(up)
		d.settle(quiet)
		d.text(" more")
		d.enter()
		d.expect(`printf '%s\n' alpha beta more`, "alpha\nbeta\nmore")
		d.press(ctrl('R'))
		d.settle(quiet)
		d.text("beta")
		d.settle(quiet)
		d.next() // takes the line that was found last
		d.enter()
		d.expect(`printf '%s\n' alpha beta more`, "alpha\nbeta\nmore")
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
		d.line(`echo "a`)
		d.line("rm -rf everything")
		d.press(ctrl('C'))
		d.settle(quiet)
		for range 2 {
			d.interrupt()
		}
		d.run("echo 'a^C'", "a^C")
		d.press(ctrl('C'))
		d.settle(quiet)
		d.run("echo two", "two")
	},
	// paste: text with bracketed paste, which ends in a newline or holds several.
	"paste": func(d *driver) {
		d.text("echo typed; ")
		d.paste("echo more\n")
		d.enter()
		d.expect("echo typed; echo more", "typed\nmore")
		d.paste("for i in 1 2\ndo echo i=$i\ndone")
		d.enter()
		d.expect("for i in 1 2\ndo echo i=$i\ndone", "i=1\ni=2")
		d.paste("printf '[%s]\\n' 'a b'")
		d.enter()
		d.expect("printf '[%s]\\n' 'a b'", "[a b]")
	},
	"paste in fish": func(d *driver) {
		d.text("echo typed; ")
		d.paste("echo more\n")
		d.enter()
		d.expect("echo typed; echo more", "typed\nmore")
		d.paste("for i in 1 2\n  echo i=$i\nend")
		d.enter()
		d.expect("for i in 1 2\n  echo i=$i\nend", "i=1\ni=2")
	},
	"paste in nu": func(d *driver) {
		d.text("print typed; ")
		d.paste("print more")
		d.enter()
		d.expect("print typed; print more", "typed\nmore")
		d.paste("for i in 1..2 {\n  print $\"i=($i)\"\n}")
		d.enter()
		d.expect("for i in 1..2 {\n  print $\"i=($i)\"\n}", "i=1\ni=2")
	},
	// long: lines longer than a row, with wide characters at its edge.
	"long": func(d *driver) {
		long := strings.Repeat("word ", 40) + "end"
		d.run("echo '"+long+"'", long)
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
			d.run(d.fails, "")
		}
	},
	// nest: shells inside the shell, with prompts of the same shape.
	"nest": func(d *driver) {
		d.run(d.fails, "")
		for _, inner := range []string{"bash", "bash --norc", "sh", "zsh -f"} {
			d.inside(inner)
		}
		d.run("echo back", "back")
	},
	"others": func(d *driver) {
		d.run(d.fails, "")
		for _, inner := range []string{"fish -N", "ksh", "mksh", "busybox sh", "env -i bash"} {
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
		d.run(d.fails, "")
	},
}

// paste pastes text with bracketed paste.
func (d *driver) paste(text string) {
	d.press("\x1b[200~" + text + "\x1b[201~")
	d.settle(quiet)
}

// inside runs commands in a shell that command starts.
func (d *driver) inside(command string) {
	d.inner(command)
	d.depth++
	d.inner("echo inside")
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
	list := slices.Clone(hardSessions)
	if os.Getenv("TTYDECK_DRIVEN") == "" {
		n := -1
		list = slices.DeleteFunc(list, func(session) bool { n++; return n%4 != 0 })
	}
	rootOnly := func(s session) bool { return s.prepare != nil && os.Geteuid() != 0 }
	if n := len(list); rootOnly(session{prepare: serve}) {
		list = slices.DeleteFunc(list, rootOnly)
		t.Run("rooms", func(t *testing.T) {
			t.Skipf("SKIPPED: %s: only root may log in without a password: %d sessions", t.Name(), n-len(list))
		})
	}
	results := drive(t, list, true)
	for i, s := range list {
		t.Run(s.id(), func(t *testing.T) {
			if _, err := exec.LookPath(s.argv[0]); err != nil {
				t.Fatal(err)
			}
			d := results[i]()
			if d.err != nil {
				t.Fatal(d.err)
			}
			keep(t, "hard "+s.name, d.cast, d.want)
			diffs, sure := inspect(t, d.cast, d.want)
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
	list, err := transcript.Read(cast, transcript.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	hidden := 0
	for _, w := range want {
		if strings.HasPrefix(w.Command, "tmux ") {
			hidden++
		}
	}
	if n := len(list.Hidden()); n != hidden {
		t.Errorf("%d times hidden by a multiplexer; want %d", n, hidden)
	}
	got := slices.Collect(list.All())
	return score.Exact(want, got), score.Overconfident(want, got)
}
