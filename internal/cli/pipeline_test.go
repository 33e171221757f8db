package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/vt"
)

// Both ends of a pipeline put the terminal in raw mode. Whichever ends first, the
// terminal has its old modes after the last.
func TestPipelineLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	ttydeck := program(t)
	for name, script := range map[string]string{
		"rec ends first": `"$0" rec -q - -- sh -c 'echo hi; sleep 1' | "$0" play -`,
		"play ends first": `"$0" rec -q - -- sh -c 'echo hi; read x; echo more' |
			{ sh -c 'echo $$ >"$1"; exec "$0" play -' "$0" "$1"; echo "play ended with $?"; }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pid := filepath.Join(t.TempDir(), "pid")
			v := startOnTerminal(t, 80, 24, "sh", "-c", script, ttydeck, pid)
			before := v.modes()
			v.start()
			if name == "play ends first" {
				v.waitFor("the output", func(s *vt.Screen) bool { return s.OnAlternate() && strings.HasPrefix(s.Text(), "hi") })
				text, err := os.ReadFile(pid)
				if err != nil {
					t.Fatal(err)
				}
				play, err := strconv.Atoi(strings.TrimSpace(string(text)))
				if err != nil {
					t.Fatal(err)
				}
				if err := syscall.Kill(play, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				v.waitFor("the end of play", shows("play ended with 143"))
				v.press("\r")
			}
			v.wait()
			if !bytes.Contains(v.got, []byte("\x1b[?1049h")) || !bytes.Contains(v.got, []byte("hi")) {
				t.Errorf("the terminal got %q; want \"hi\" on the alternate screen", v.got)
			}
			if after := v.modes(); after != before {
				t.Errorf("stty -a printed\n%s; want\n%s", after, before)
			}
		})
	}
}

// C-\ typed ahead, while the terminal still turns it into a signal, does not end
// the recorder.
func TestRecTakesQuitTypedAhead(t *testing.T) {
	t.Parallel()
	ttydeck := program(t)
	for range 4 {
		// The program ends with its first line of input.
		v := startOnTerminal(t, 80, 24, ttydeck, "rec", filepath.Join(t.TempDir(), "x.cast"),
			"--", "sh", "-c", "trap '' QUIT; echo hi; read x")
		before := v.modes()
		v.start()
		v.waitFor("the start", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "recording to") })
		await.Until(t, "a terminal without line mode", func() bool {
			m, err := v.master.Mode()
			if err == nil && m.Canonical {
				v.press("\x1c")
			}
			return err == nil && !m.Canonical
		})
		v.press("x\r") // the recorder takes the x if it saw a C-\ as its prefix key
		if status := v.wait(); status != 0 {
			t.Errorf("rec ended with status %d; the terminal shows\n%s", status, v.screen.Text())
		}
		if after := v.modes(); after != before {
			t.Errorf("stty -a printed\n%s; want\n%s", after, before)
		}
	}
}
