//go:build unix

package transcript_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/score"
	"github.com/ttydeck/ttydeck/record"
)

// recorderEnv turns this test binary into a recorder of its command line. The
// value names the file to write.
const recorderEnv = "TTYDECK_TEST_RECORD"

func TestMain(m *testing.M) {
	if path := os.Getenv(recorderEnv); path != "" {
		os.Unsetenv(recorderEnv)
		if err := recordTo(path, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func recordTo(path string, args []string) error {
	f, err := record.Create(path, record.FileOptions{})
	if err != nil {
		return err
	}
	r := record.Recorder{Writer: stampWriter{f, path + ".start"}, Args: args, Integrate: true}
	_, err = r.Run(context.Background())
	return err
}

// stampWriter saves the start of the recording, to the nanosecond.
type stampWriter struct {
	*record.File
	path string
}

func (w stampWriter) WriteHeader(h format.Header) error {
	if err := os.WriteFile(w.path, []byte(strconv.FormatInt(h.Start.UnixNano(), 10)), 0o600); err != nil {
		return err
	}
	return w.File.WriteHeader(h)
}

// recorderClock relates the times of a driver to those of the recorder it runs
// in.
type recorderClock struct {
	path string
	at   map[int]time.Time // when each command was entered, by index
}

// wrap makes cmd run in the recorder.
func (c *recorderClock) wrap(cmd *exec.Cmd) {
	cmd.Args = append([]string{os.Args[0]}, cmd.Args...)
	cmd.Path, cmd.Err = os.Args[0], nil
	cmd.Env = append(cmd.Env, recorderEnv+"="+c.path)
	c.at = map[int]time.Time{}
}

func (c *recorderClock) entered(i int, at time.Time) { c.at[i] = at }

// read returns the recording, and adds the start times to want.
func (c *recorderClock) read(want []score.ExpectedCommand) (format.Cast, error) {
	b, err := os.ReadFile(c.path + ".start")
	if err != nil {
		return format.Cast{}, err
	}
	start, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return format.Cast{}, err
	}
	for i, at := range c.at {
		s := at.Sub(time.Unix(0, start)).Seconds()
		want[i].Start = &s
	}
	f, err := format.OpenFile(c.path)
	if err != nil {
		return format.Cast{}, err
	}
	defer f.Close()
	var events []format.Event
	for ev, err := range f.Events {
		if err != nil {
			return format.Cast{}, err
		}
		events = append(events, ev)
	}
	return format.Cast{Header: f.Header, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}, nil
}

// traps are sessions that have broken shell integrations.
var traps = []session{
	{name: "bash -eu", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PS1='$ '\nset -u\n"}, do: all(basics)},
	{name: "bash exit", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: statusesOf},
	{name: "bash ignorespace", argv: []string{"bash"}, rc: map[string]string{".bashrc": "HISTCONTROL=ignoreboth\n" + debianBash}, do: all(hidden, statusesOf)},
	{name: "bash no history", argv: []string{"bash"}, rc: map[string]string{".bashrc": "set +o history\nPS1='$ '\n"}, do: all(basics, multiline)},
	{name: "bash array", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PROMPT_COMMAND=('echo -- one' 'echo -- two')\n" + debianBash}, do: all(basics, statusesOf)},
	{name: "bash prompt that prints", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PROMPT_COMMAND='echo; date +%s'\nPS1='$ '\n"}, do: all(basics, statusesOf)},
	{name: "bash DEBUG trap", argv: []string{"bash"}, rc: map[string]string{".bashrc": "trap 'x=$BASH_COMMAND' DEBUG\n" + debianBash}, do: all(basics, statusesOf)},
	{name: "bash exported", argv: []string{"bash"}, rc: map[string]string{".bashrc": "export PROMPT_COMMAND='x=1'\n" + debianBash + "export PS1\n"}, do: all(statusesOf, nesting)},
	{name: "bash allexport", argv: []string{"bash"}, rc: map[string]string{".bashrc": "set -a\n" + debianBash}, do: all(basics, nesting)},
	{name: "bash preexec", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash + "PS0='\\[\\e[2m\\]started \\t\\[\\e[0m\\]\\n'\n"}, do: statusesOf},
	{name: "bash login", argv: []string{"bash", "-l"}, rc: map[string]string{".bash_profile": ". ~/.bashrc\n", ".bashrc": debianBash}, do: all(basics, multiline)},
	{name: "bash norc", argv: []string{"bash", "--norc"}, do: all(basics, statusesOf, repls)},
	{name: "bash systemd", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash + systemdBash}, do: all(basics, statusesOf, multiline)},
	{name: "bash VTE", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash + vteBash}, do: all(basics, statusesOf, programs)},
	{name: "bash VS Code", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash + codeBash}, do: all(basics, statusesOf, editing)},
	{name: "bash execs", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: all(statusesOf, execs)},
	{name: "bash theme", argv: []string{"bash"}, rc: map[string]string{".bashrc": statusBash}, do: all(statusesOf, programs)},
	{name: "bash forged", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash, "work/forged": forged}, do: all(catForged, statusesOf)},
	{name: "zsh -u", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "setopt nounset\n" + arrowZsh}, do: all(basics, statusesOf)},
	{name: "zsh options", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "setopt ksharrays shwordsplit noclobber\n" + arrowZsh}, do: all(basics, statusesOf, multiline)},
	{name: "zsh hidden", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "setopt histignorespace\nHISTSIZE=100\n" + arrowZsh}, do: all(hidden, statusesOf)},
	{name: "zsh exported", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh + "export PS1\n"}, do: all(basics, statusesOf)},
	{name: "zsh moved", argv: []string{"zsh"}, rc: map[string]string{".zshenv": "export ZDOTDIR=$HOME/p\n", "p/.zshrc": twoZsh}, do: all(basics, statusesOf, programs)},
	{name: "zsh forged", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh, "work/forged": forged}, do: all(catForged, statusesOf)},
	{name: "zsh login", argv: []string{"zsh", "-l"}, rc: map[string]string{".zshrc": twoZsh}, do: all(statusesOf, repls)},
	{name: "fish statuses", argv: []string{"fish"}, do: all(menu, fishStatuses, programsOfFish)},
	{name: "fish forged", argv: []string{"fish"}, rc: map[string]string{"work/forged": forged}, do: all(menu, catForged, fishStatuses)},
	{name: "dash statuses", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=$ "}, do: statusesOf},
	{name: "dash forged", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=$ "}, rc: map[string]string{"work/forged": forged}, do: all(catForged, statusesOf)},
	{name: "dash prompt", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=[$PWD] $ "}, do: all(basics, multiline)},
	{name: "ksh statuses", prompt: "# ", argv: []string{"ksh"}, env: []string{"PS1=# "}, rc: map[string]string{".kshrc": "set -o emacs\n"}, do: all(ascii, statusesOf, programs)},
	{name: "mksh statuses", prompt: "# ", argv: []string{"mksh"}, env: []string{"PS1=# "}, do: all(ascii, statusesOf, programs)},
}

const (
	systemdBash = `__ctx() { printf '\e]3008;end=abc;exit=success\e\\\e]3008;start=abc;type=shell;cwd=%s\e\\' "$PWD"; }` + "\n" +
		`PROMPT_COMMAND+=(__ctx); PS0="${PS0-}"'\[\e]3008;start=def;type=command;cwd=\w\e\\\]'` + "\n"
	vteBash  = `PROMPT_COMMAND='printf "\e]7;file://%s%s\e\\" "$HOSTNAME" "$PWD"'; PS1='\[\e]133;D;$?\e\\\e]133;A\e\\\]'"$PS1"'\[\e]133;B\e\\\]'; PS0='\[\e]133;C\e\\\]'` + "\n"
	codeBash = `PROMPT_COMMAND='printf "\e]633;D;%s\a\e]633;P;Cwd=%s\a" "$?" "$PWD"'; PS1='\[\e]633;A\a\]'"$PS1"'\[\e]633;B\a\]'; PS0='\[\e]633;E;$(echo wrong)\a\e]633;C\a\]'` + "\n"
)

// statusesOf runs commands with known exit statuses.
func statusesOf(d *driver) {
	d.run("(exit 7)", "")
	d.run("true", "")
	d.run("false", "")
	d.run("! true", "")
	d.run("cd sub", "")
	d.run("echo here", "here")
	d.run("nonexistent-command-xyz")
	d.run("cd ..", "")
	d.run("mkdir 'x;y 100%'", "")
	d.run("printf 'no end'", "no end")
	d.run("true", "")
}

func fishStatuses(d *driver) {
	d.run("true", "")
	d.run("false", "")
	d.run("cd sub", "")
	d.run("echo here", "here")
	d.run("cd ..", "")
	d.run("nonexistent-command-xyz")
	d.run("printf 'no end'", "no end")
}

func programsOfFish(d *driver) {
	d.begin("less alpha.txt", "alpha")
	d.setMark()
	d.press("q")
	d.wait(d.prompt)
	d.run("echo after less", "after less")
	d.run("for i in 1 2\necho $i\nend", "1\n2")
}

// hidden runs commands that the shell keeps out of its history.
func hidden(d *driver) {
	d.run(" echo hidden", "hidden")
	d.run("echo seen", "seen")
	d.run("echo seen", "seen")
	d.run(" false", "")
	d.run(" echo hidden", "hidden")
}

// catForged prints a file with marks.
func catForged(d *driver) {
	d.run("echo before", "before")
	d.run("cat forged")
	d.run("echo after", "after")
}

// execs replaces the shell with another.
func execs(d *driver) {
	d.text("exec bash --norc")
	d.expect("exec bash --norc")
	d.enter()
	d.line("echo on")
	d.expect("echo on", "on")
}

// checkOrder checks that each command starts after it was entered and before
// the next was.
func checkOrder(t *testing.T, want []score.ExpectedCommand, got []transcript.Command) {
	t.Helper()
	const rounding = 0.002 // of times in the recording, in seconds
	for i, c := range got {
		at := c.Start.Seconds()
		if from := want[i].Start; from != nil && at < *from-rounding {
			t.Errorf("%q starts at %v s, before it was entered at %v s", c.Text, at, *from)
		}
		if i+1 < len(want) && want[i+1].Start != nil && at > *want[i+1].Start+rounding {
			t.Errorf("%q starts at %v s, after the next command was entered at %v s", c.Text, at, *want[i+1].Start)
		}
	}
}

// TestOwnMarks drives shells in our recorder, with its marks. TTYDECK_DRIVEN
// selects all sessions; otherwise only someSessions run.
func TestOwnMarks(t *testing.T) {
	if testing.Short() {
		t.Skip("TestOwnMarks is skipped with -short: it drives shells for half a minute")
	}
	t.Parallel()
	list := slices.Concat(drives, traps)
	list = slices.DeleteFunc(list, func(s session) bool { return s.argv[0] == "tcsh" || s.argv[0] == "yash" })
	if len(list) < 60 {
		t.Fatalf("%d sessions; want at least 60", len(list))
	}
	if os.Getenv("TTYDECK_DRIVEN") == "" {
		list = slices.DeleteFunc(list, func(s session) bool { return !slices.Contains(someSessions, s.name) })
	}
	results := drive(t, list, true)
	var all score.Result
	for i, s := range list {
		t.Run(s.id(), func(t *testing.T) {
			if _, err := exec.LookPath(s.argv[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("skipped: %s is not installed", s.argv[0])
			}
			d := results[i]()
			if d.err != nil {
				t.Fatal(d.err)
			}
			keep(t, "own "+s.name, d.cast, d.want)
			var got []transcript.Command
			for c, err := range transcript.Commands(d.cast, transcript.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				if c.Evidence.Exit != "" && !c.Trusted {
					t.Errorf("%q has an exit status but is not trusted", c.Text)
				}
				got = append(got, c)
			}
			r := score.Compare(d.want, got, func(diff string) { t.Log(diff) })
			if r.Perfect > 0 {
				checkOrder(t, d.want, got)
			}
			if strings.Contains(s.name, "forged") && r.Perfect == 0 {
				t.Errorf("forged marks changed the commands: %q", texts(got))
			}
			all.Add(r)
		})
	}
	slices.Sort(all.Late)
	if len(all.Late) == 0 {
		t.Fatal("no session was driven")
	}
	late := all.Late[len(all.Late)*95/100]
	t.Logf("%d of %d sessions perfect, precision %.4f, recall %.4f, output %d/%d, exit %d/%d, directory %d/%d, start within %v",
		all.Perfect, all.Sessions, all.Precision(), all.Recall(), all.OutputsGood, all.Outputs, all.ExitsGood, all.ExitsWanted,
		all.DirsGood, all.Dirs, late)
	if all.Precision() < 0.99 || all.Recall() < 0.99 || float64(all.OutputsGood) < 0.99*float64(all.Outputs) {
		t.Errorf("want at least 0.99 for precision, recall and output")
	}
	if all.ExitsGood < all.ExitsWanted || all.DirsGood < all.Dirs {
		t.Errorf("want all exit statuses and directories")
	}
}

// someSessions run by default: every shell, and every way to load the
// integration.
var someSessions = []string{"bash lists", "bash exit", "bash ignorespace", "bash array", "bash DEBUG trap", "bash login", "bash systemd", "bash VTE",
	"bash forged", "bash without paste edited", "zsh transient", "zsh options", "zsh moved", "zsh forged", "fish statuses", "fish forged", "dash forged", "dash prompt", "ksh statuses", "mksh statuses"}
