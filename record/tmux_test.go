//go:build linux || darwin

package record

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
)

// tmux is a real terminal whose screen a test can read.
type tmux struct {
	t      *testing.T
	socket string
}

func newTmux(t *testing.T, command ...string) *tmux {
	t.Helper()
	m := &tmux{t, filepath.Join(t.TempDir(), "tmux")}
	args := append([]string{"new-session", "-d", "-x", "100", "-y", "30"}, command...)
	m.run(args...)
	t.Cleanup(func() { exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	return m
}

func (m *tmux) run(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", m.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// shows returns the text on the terminal's screen.
func (m *tmux) shows() string {
	m.t.Helper()
	return strings.TrimRight(m.run("capture-pane", "-p"), "\n")
}

// step is keys, in tmux's names, and text on the screen after them.
type keyStep struct {
	keys []string
	want string
	// frame: compare only the last line, as the rest changes.
	frame bool
}

// At each step, a program shows the same in a real terminal with the recorder
// as without it, and so does the recording.
func TestProgramsInTmux(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil && os.Getenv("CI") == "" {
		t.Skip("tmux is not installed")
	}
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "line %d: żółw 漢字 %s\n", i, strings.Repeat("x", i%120))
	}
	if err := os.WriteFile(text, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		args  []string
		steps []keyStep
	}{
		{"bash", []string{"bash", "--norc", "--noprofile"}, []keyStep{
			{want: "$"}, {keys: []string{"ls -d /; printf '\\033[31mred\\033[0m\\n'", "Enter"}, want: "\nred"}, {keys: []string{"x", "y", "Left", "z"}, want: "xzy"},
		}},
		{"zsh", []string{"zsh", "-f"}, []keyStep{
			{want: "$"}, {keys: []string{"echo a b c", "Enter"}, want: "\na b c"}, {keys: []string{"C-p", "C-a", "#"}, want: "#echo"},
		}},
		// fish may leave a suggestion on the screen if the line is entered
		// while fish still looks for one.
		{"fish", []string{"fish", "--no-config", "-C", "set -g fish_autosuggestion_enabled 0"}, []keyStep{
			{want: "#"}, {keys: []string{"echo a b c", "Enter"}, want: "\na b c"}, {keys: []string{"echo", "C-a", "x"}, want: "xecho"},
		}},
		{"vim", []string{"vim", "-u", "NONE", "-i", "NONE", "-n", text}, []keyStep{
			{want: "line 0"}, {keys: []string{"G", "5", "k", "A", "added", "Escape"}, want: "added"}, {keys: []string{":split", "Enter", "g", "g"}, want: "line 0"},
			{keys: []string{":set nu", "Enter"}, want: " 14 line 13"},
		}},
		{"less", []string{"less", text}, []keyStep{
			{want: "line 0"}, {keys: []string{"Space", "Space"}, want: "line 80"}, {keys: []string{"/line 250", "Enter"}, want: "line 250"}, {keys: []string{"b"}, want: "line 24"},
		}},
		{"htop", []string{"htop", "-d", "1000"}, []keyStep{{want: "F10", frame: true}, {keys: []string{"F1"}, want: "search"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tt.args[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("%s is not installed", tt.args[0])
			}
			path := filepath.Join(t.TempDir(), "a.cast")
			config, err := json.Marshal(helper{Path: path, Args: tt.args, Keys: true})
			if err != nil {
				t.Fatal(err)
			}
			env := []string{"env", "PS1=$ ", "PROMPT=$ ", "HISTFILE=", "LESSHISTFILE=-", "LC_ALL=C.UTF-8"}
			without := newTmux(t, append(env, tt.args...)...)
			with := newTmux(t, append(env, helperEnv+"="+string(config), os.Args[0])...)
			for i, s := range tt.steps {
				for _, m := range []*tmux{without, with} {
					for _, key := range s.keys {
						m.run("send-keys", key)
					}
				}
				// In the end all input is on the screens, and they are equal.
				problem := ""
				same := 0 // equal looks in a row
				await.Until(t, fmt.Sprintf("step %d in both terminals and the recording", i), func() bool {
					want, got := without.shows(), with.shows()
					r, err := tryRead(path)
					if err != nil {
						return false
					}
					recorded := screenOf(r).Text()
					problem = ""
					switch last := want[strings.LastIndexByte(want, '\n')+1:]; {
					case !strings.Contains(want, s.want) || !strings.Contains(got, s.want):
						problem = fmt.Sprintf("%q is not in the terminal with the recorder\n%s\n--- or not in the one without\n%s", s.want, got, want)
					case s.frame && !strings.HasSuffix(got, last):
						problem = fmt.Sprintf("the last line is not %q:\n%s", last, got)
					case !s.frame && got != want:
						problem = fmt.Sprintf("with the recorder\n%s\n--- without\n%s", got, want)
					case trimLines(recorded) != trimLines(got):
						problem = fmt.Sprintf("the recording shows\n%s\n--- the terminal\n%s", trimLines(recorded), got)
					}
					if same++; problem != "" {
						same = 0
					}
					return same == 2
				}, &problem)
			}
		})
	}
}

// trimLines removes trailing blanks from each line: tmux and vt differ in which
// blanks they count as written.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
