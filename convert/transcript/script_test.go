package transcript

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

func script(t *testing.T, h format.Header, cmds ...Command) string {
	t.Helper()
	style, _ := StyleByName("script")
	var b strings.Builder
	if err := Write(&b, style, []Recording{{Name: "x", Header: h, Commands: slices.Values(cmds)}}, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func line(text string) Command {
	return Command{Kind: Shell, Text: text, Confidence: 1, Trusted: true, Parent: -1}
}

func inShell(shell, text string) Command {
	c := line(text)
	c.Evidence.Shell = shell
	return c
}

// A script is for the shell that was recorded, or else for the one that its lines
// are written for.
func TestShellOf(t *testing.T) {
	header := func(command, shell string) format.Header {
		return format.Header{Command: command, Env: map[string]string{"SHELL": shell}}
	}
	nested := line("[[ a ]]")
	nested.Depth = 1
	for _, tt := range []struct {
		name   string
		header format.Header
		cmds   []Command
		want   string
	}{
		{"the command", header("bash --norc", "/bin/zsh"), []Command{line("ls")}, "bash"},
		{"a login shell", header("-zsh", ""), []Command{line("ls")}, "zsh"},
		{"by sudo", header("sudo /usr/bin/fish -l", "/bin/bash"), []Command{line("ls")}, "fish"},
		{"a command of the shell", header("bash -c 'ls | wc'", ""), []Command{line("ls")}, "bash"},
		{"SHELL", header("", "/usr/bin/fish"), []Command{line("ls")}, "fish"},
		{"dash", header("dash", "/bin/bash"), []Command{line("ls")}, "sh"},
		{"busybox", header("busybox sh", ""), []Command{line("ls")}, "sh"},
		{"ksh", header("ksh93", ""), []Command{line("ls")}, "ksh"},
		{"mksh", header("/bin/mksh", ""), []Command{line("ls")}, "mksh"},
		{"nushell", header("nu", ""), []Command{line("ls")}, "nu"},
		{"one line of zsh in bash", header("bash", ""), []Command{line("ls"), inShell("zsh", "print x"), line("id")}, "bash"},
		{"exec zsh", header("", "/bin/bash"), []Command{line("exec zsh"), inShell("zsh", "ls"), inShell("zsh", "id")}, "zsh"},
		{"zsh showed itself", format.Header{}, []Command{inShell("zsh", "ls")}, "zsh"},
		{"an array", format.Header{}, []Command{line("a=(1 2)"), line("ls"), line("ls")}, "bash"},
		{"a test", format.Header{}, []Command{line("[[ -f x ]] && ls")}, "bash"},
		{"a substitution", format.Header{}, []Command{line("diff <(ls a) <(ls b)")}, "bash"},
		{"fish", format.Header{}, []Command{line("for i in 1 2\n    echo $i\nend")}, "fish"},
		{"plain", format.Header{}, []Command{line("ls | wc -l"), line("for i in a b; do echo \"$i\"; done")}, "sh"},
		{"nested lines do not count", format.Header{}, []Command{line("ls"), nested}, "sh"},
		{"no commands", format.Header{}, nil, "sh"},
	} {
		if got, want := strings.SplitN(script(t, tt.header, tt.cmds...), "\n", 2)[0], "#!/usr/bin/env "+tt.want; got != want {
			t.Errorf("%s: %s; want %s", tt.name, got, want)
		}
	}
}

// Scripts are correct for their shell, and what ran elsewhere stands in comments.
func TestScriptsParse(t *testing.T) {
	elsewhere := line("rm -rf /tmp/scratch && (")
	elsewhere.Depth = 1
	host := line("rm -rf /srv; fi")
	host.Host = "db1"
	here := line("echo here")
	here.Host = "laptop"
	for shell, text := range map[string]string{
		"bash": "a=(1 2); [[ ${a[1]} ]]", "dash": "for i in 1 2; do echo $i; done", "zsh": "a=(1 2); print ${a[1]}", "fish": "for i in 1 2\n    echo $i\nend",
		"ksh": "a=(1 2); print ${a[1]}", "mksh": "a=(1 2); print ${a[1]}",
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skipf("SKIPPED: %s: %v", t.Name(), err)
			}
			got := script(t, format.Header{Command: shell}, here, line(text), elsewhere, host)
			name := filepath.Join(t.TempDir(), "x.sh")
			if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(path, "-n", name).CombinedOutput(); err != nil {
				t.Errorf("%s -n: %v: %s\n%s", shell, err, out, got)
			}
			if strings.Contains(got, "\nrm ") {
				t.Errorf("%s: runs what ran elsewhere:\n%s", shell, got)
			}
		})
	}
}

// The script of a recorded session is one for its shell.
func TestScriptOfRecording(t *testing.T) {
	f, err := format.OpenFile("testdata/bashism-sh-own.cast")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cmds []Command
	for c, err := range Commands(f.Cast, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, c)
	}
	got := script(t, f.Header, cmds...)
	if !strings.HasPrefix(got, "#!/usr/bin/env bash\n") || !strings.Contains(got, "\na=(1 2); echo ${a[1]}\n") {
		t.Errorf("the script is:\n%s", got)
	}
}

// A script goes on behind the end of a session, and runs no line of a comment, and none
// that is shown in another order.
func TestScriptRunsWhatItShows(t *testing.T) {
	comment := line("# first\nrm -rf /srv")
	comment.Kind = Comment
	got := script(t, format.Header{Command: "bash"}, line("echo one"), line("exit"), line(" logout 1;"), comment, line("rm -rf \u202e/vrs"), line("echo exit"))
	for _, want := range []string{"\necho one\n", "# ended the shell:\n# exit\n", "# logout 1;\n"[1:], "\n# first\n# rm -rf /srv\n", "# is not in the order in which it is shown:\n# rm", "\necho exit\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
	if strings.Contains(got, "\nrm ") || strings.Contains(got, "\nexit") || strings.Contains(got, "\n logout") {
		t.Errorf("the script runs too much:\n%s", got)
	}
}
