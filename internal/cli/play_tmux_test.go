package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
)

// tmux is a tmux session with a server of its own.
type tmux struct {
	t      *testing.T
	socket string
}

func startTmux(t *testing.T, cols, rows int, command ...string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil && os.Getenv("CI") == "" {
		t.Skip("SKIPPED: tmux is not installed")
	}
	x := &tmux{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	t.Cleanup(func() { exec.Command("tmux", "-S", x.socket, "kill-server").Run() })
	x.run(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(cols), "-y", fmt.Sprint(rows)}, command...)...)
	x.run("set-option", "-g", "status", "off")
	x.run("set-option", "-g", "escape-time", "0")
	return x
}

func (x *tmux) run(args ...string) string {
	x.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color")
	out, err := cmd.CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// rows returns the rows of the pane.
func (x *tmux) rows() []string { return strings.Split(x.run("capture-pane", "-p"), "\n") }

// wait waits until ok reports true for the pane.
func (x *tmux) wait(what string, ok func(rows []string) bool) {
	x.t.Helper()
	var text string
	await.Until(x.t, what+"; the pane shows", func() bool {
		rows := x.rows()
		text = strings.Join(rows, "\n")
		return ok(rows)
	}, &text)
}

// Every key does what the help says in real terminals of three sizes, one of them
// smaller than the recording.
func TestPlayInTmux(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"version":2,"width":60,"height":12,"title":"counting"}` + "\n")
	for i := 1; i <= 100; i++ {
		if i%10 == 0 {
			fmt.Fprintf(&b, "[%d,\"m\",\"mark %d\"]\n", i, i)
		}
		fmt.Fprintf(&b, "[%d,\"o\",\"\\r\\u001b[2K\\u001b[32msecond\\u001b[m %d\"]\n", i, i)
	}
	cast := filepath.Join(t.TempDir(), "counting.cast")
	if err := os.WriteFile(cast, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ttydeck := program(t)
	// What the bar's track shows at a match, and a name for a track without it.
	const hit, noHit = "╿", "no match on the track"
	// The bar shows a message for two seconds. A test that was too slow to see it
	// presses these keys: they bring it back where it was.
	again := map[string][]string{
		"match 1 of 1":     {"n"},
		"match 1 of":       {"0", "/", "9", "Enter"},
		"match 2 of":       {"N", "n"},
		"not found":        {"/", "z", "z", "Enter"},
		"following":        {"c"},
		"h shows the keys": {"y"},
	}
	steps := []struct {
		keys []string // names for send-keys
		row  string   // first row of the recording; "*" for any
		bar  string
	}{
		{[]string{"Space"}, "*", "⏸"}, // at any second
		{[]string{"5"}, "second 50", "0:50"},
		{[]string{"Right"}, "second 55", "0:55"},
		{[]string{"Left", "Left"}, "second 45", "0:45"},
		{[]string{"S-Right"}, "second 55", "0:55"},
		{[]string{"S-Left"}, "second 45", "0:45"},
		{[]string{"NPage"}, "second 55", "0:55"},
		{[]string{"PPage"}, "second 45", "0:45"},
		{[]string{"."}, "second 46", "0:46"},
		{[]string{",", ","}, "second 44", "0:44"},
		{[]string{"]"}, "second 49", "0:50"},
		{[]string{"["}, "second 39", "0:40"},
		{[]string{"End"}, "second 100", "1:40"},
		{[]string{"g"}, "", "0:00"},
		{[]string{"G"}, "second 100", "1:40"},
		{[]string{"Home"}, "", "0:00"},
		{[]string{"t", "1", ":", "1", "5", "Enter"}, "second 75", "1:15"},
		{[]string{"+"}, "second 75", "x2"},
		{[]string{"-", "-"}, "second 75", "x0.5"},
		{[]string{"="}, "second 75", "x1"},
		{[]string{"i"}, "second 75", "idle<2s"},
		{[]string{"i", "m"}, "second 75", "marks"},
		{[]string{"m", "l"}, "second 75", "loop"},
		{[]string{"l", "0", "/", "d", " ", "7", "$"}, "second 7", "/d 7$"},
		{[]string{"Enter"}, "second 7", "match 1 of 1"},
		{[]string{"/", "9", "Enter"}, "second 9", "match 1 of"},
		{[]string{"n"}, "second 19", "match 2 of"},
		{[]string{"n", "N", "N"}, "second 9", "match 1 of"},
		{[]string{"5", "?", "3", "3", "Enter"}, "second 33", "match 1 of 1"},
		// The next key after Escape would be Alt and that key if it came too soon:
		// each step with Escape waits for what nothing else does.
		{[]string{"6"}, "second 60", hit},
		{[]string{"Escape"}, "second 60", noHit},
		{[]string{"/", "z", "z", "Enter"}, "second 60", "not found"},
		{[]string{"/", "4"}, "second 64", "/4"},
		{[]string{"Escape"}, "second 60", "1:00"},
		{[]string{"c"}, "second 60", "following"},
		{[]string{"C-l"}, "second 60", "1:00"},
		{[]string{"y"}, "second 60", "h shows the keys"},
		{[]string{"9", "F"}, "second 100", "1:40"},
	}
	for _, size := range [][2]int{{80, 24}, {200, 50}, {40, 10}} {
		if testing.Short() && size[0] != 80 {
			continue
		}
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			x := startTmux(t, size[0], size[1], "env", "LC_ALL=C.UTF-8", "PS1=$ ", "sh")
			x.run("send-keys", ttydeck+" play "+cast+"; echo status $?", "Enter")
			x.wait("the first second", func(rows []string) bool { return strings.HasPrefix(rows[0], "second ") })
			bar := func(rows []string) string { return rows[size[1]-1] }
			for _, s := range steps {
				press := func(keys []string) time.Time {
					for _, k := range keys {
						x.run("send-keys", k)
					}
					return time.Now()
				}
				pressed := press(s.keys)
				x.wait(fmt.Sprintf("after %q: %q and %q", s.keys, s.row, s.bar), func(rows []string) bool {
					first := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(rows[0], " "), "│"), " ")
					row := s.row == "*" || first == s.row
					if s.bar == noHit {
						return row && !strings.Contains(bar(rows), hit)
					}
					if row && strings.Contains(bar(rows), s.bar) {
						return true
					}
					if keys := again[s.bar]; keys != nil && time.Since(pressed) > 3*time.Second {
						pressed = press(keys)
					}
					return false
				})
			}
			x.run("send-keys", "h")
			x.wait("the help", func(rows []string) bool { return strings.Contains(strings.Join(rows, "\n"), "pause, resume") })
			x.run("send-keys", "x", "0", "b")
			x.run("send-keys", "b")
			x.wait("the bar", func(rows []string) bool { return strings.Contains(bar(rows), "0:00") })
			// The mouse: a click on the bar, a drag to its end and beyond, the wheel.
			if from, to := track(x.rows()[size[1]-1]); to-from >= 4 {
				mouse := func(button, col int, final string) {
					x.run("send-keys", "-l", fmt.Sprintf("\x1b[<%d;%d;%d%s", button, col+1, size[1], final))
				}
				mouse(0, (from+to)/2, "M")
				x.wait("the middle after a click", func(rows []string) bool {
					n := 0
					fmt.Sscanf(rows[0], "second %d", &n)
					return n > 40 && n < 60
				})
				mouse(32, to-1, "M")
				x.wait("the end after a drag", func(rows []string) bool { return strings.HasPrefix(rows[0], "second 100") })
				mouse(0, to-1, "m")
				mouse(64, 0, "M")
				x.wait("five seconds back by the wheel", func(rows []string) bool { return strings.HasPrefix(rows[0], "second 95") })
				mouse(65, 0, "M")
				x.wait("the end by the wheel", func(rows []string) bool { return strings.HasPrefix(rows[0], "second 100") })
			} else if size[0] >= 80 {
				t.Errorf("the bar has no track: %q", x.rows()[size[1]-1])
			}
			// tmux does not let a program change the size; the request must
			// leave nothing on the screen.
			x.run("send-keys", "R", "0")
			x.wait("the start after R", func(rows []string) bool {
				return strings.Trim(strings.Join(rows[:size[1]-1], ""), " │─┘") == "" && strings.Contains(bar(rows), "0:00")
			})
			// ctrl-Z and fg.
			x.run("send-keys", "5", "C-z")
			x.wait("the shell after ctrl-Z", func(rows []string) bool { return strings.Contains(strings.Join(rows, "\n"), "Stopped") })
			x.run("send-keys", "fg", "Enter")
			x.wait("the deck after fg", func(rows []string) bool { return strings.HasPrefix(rows[0], "second 50") })
			// The terminal changes its size.
			x.run("resize-window", "-x", "70", "-y", "20")
			x.wait("the bar in the last row after a resize", func(rows []string) bool {
				return len(rows) > 19 && strings.Contains(rows[19], "0:50") && strings.HasPrefix(rows[0], "second 50")
			})
			x.run("send-keys", "q")
			x.wait("the prompt after q", func(rows []string) bool { return slices.Contains(rows, "$") && !strings.HasPrefix(rows[0], "second") })
			x.run("send-keys", "clear; stty -a | head -n 1; echo back", "Enter")
			x.wait("the shell after q", func(rows []string) bool {
				return strings.HasPrefix(rows[0], "speed") && strings.Contains(strings.Join(rows, "\n"), "back")
			})
		})
	}
}

// Play finds the commands of a shell without integration by its prompts.
func TestPlayFindsCommandsInTmux(t *testing.T) {
	t.Parallel()
	cast, err := filepath.Abs("../../testdata/sessions/bash_minimal.cast.gz")
	if err != nil {
		t.Fatal(err)
	}
	x := startTmux(t, 80, 30, "env", "LC_ALL=C.UTF-8", program(t), "play", cast)
	bar := func(want string) {
		t.Helper()
		x.wait(want, func(rows []string) bool { return strings.Contains(rows[29], want) })
	}
	x.run("send-keys", "Space")
	bar("⏸")
	x.run("send-keys", "G")
	bar("$ printf 'a;b\\n'; (exit 7)")
	x.run("send-keys", "0", "}", "}", "}")
	bar("$ echo hello world")
	x.wait("the command without its output", func(rows []string) bool {
		text := strings.Join(rows[:29], "\n")
		return strings.Contains(text, "$ echo hello world") && !strings.Contains(text, "alpha")
	})
	x.run("send-keys", "{")
	bar("$ ls")
}

// track returns the columns of the bar's track, the longest run of lines and dots.
func track(bar string) (from, to int) {
	start := -1
	for i, r := range []rune(bar + " ") {
		on := strings.ContainsRune("●━─┃╿", r)
		if on && start < 0 {
			start = i
		} else if !on && start >= 0 {
			if i-start > to-from {
				from, to = start, i
			}
			start = -1
		}
	}
	return from, to
}

// Keys move the view of a recording that is larger than the terminal, at every
// size.
func TestPlayPansInTmux(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {200, 50}, {40, 10}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			playPans(t, size[0], size[1])
		})
	}
}

// playPans plays a recording three times as large as the terminal.
func playPans(t *testing.T, cols, rows int) {
	var data strings.Builder
	for y := range 3 * rows {
		fmt.Fprintf(&data, `\u001b[%d;1Hleft %d\u001b[%d;%dHright %d`, y+1, y, y+1, 3*cols-10, y)
	}
	cast := filepath.Join(t.TempDir(), "large.cast")
	text := fmt.Sprintf(`{"version":2,"width":%d,"height":%d}`, 3*cols, 3*rows) + "\n[0,\"o\",\"" + data.String() + `\u001b[1;1H"]` + "\n[500,\"o\",\"\"]\n"
	if err := os.WriteFile(cast, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	x := startTmux(t, cols, rows, "env", "LC_ALL=C.UTF-8", program(t), "play", cast)
	step := rows / 4 // a key moves the view by a quarter of its rows
	first := func(side string, steps int) func([]string) bool {
		want := fmt.Sprintf("%s %d", side, steps*step)
		return func(rows []string) bool { return strings.TrimSpace(rows[0]) == want }
	}
	x.wait("the upper left corner", first("left", 0))
	x.run("send-keys", "J", "J")
	x.wait("two steps down", first("left", 2))
	x.run("send-keys", "L", "L", "L", "L", "L", "L", "L", "L")
	x.wait("the right edge", first("right", 2))
	x.run("send-keys", "K")
	x.wait("a step up", first("right", 1))
	x.run("send-keys", "M-Up")
	x.wait("another step up", first("right", 0))
	x.run("send-keys", "H", "H", "H", "H", "H", "H", "H", "H")
	x.wait("the left edge", first("left", 0))
	x.run("send-keys", "J", "c")
	x.wait("the cursor", first("left", 0))
}
