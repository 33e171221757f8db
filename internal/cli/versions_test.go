package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/live"
	controlPlane "github.com/ttydeck/ttydeck/live/daemon"
)

// versionBefore returns the program of the version before, which scripts/test builds.
func versionBefore(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TTYDECK_BEFORE")
	if path == "" {
		t.Skip("SKIPPED: TTYDECK_BEFORE names no program of the version before")
	}
	return path
}

// Sessions and programs of this version and of the one before work together: their
// sessions are listed, shown, attached, watched, typed into, renamed and stopped.
func TestVersions(t *testing.T) {
	before := versionBefore(t)
	ttydeck, _ := sessionsOf(t)
	for _, test := range []struct{ name, session, client string }{
		{"new with old session", before, ttydeck},
		{"old with new session", ttydeck, before},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := func(args ...string) string {
				t.Helper()
				return ttydeckCommand(t, append([]string{test.client}, args...)...)
			}
			cast := filepath.Join(t.TempDir(), "a.cast")
			ttydeckCommand(t, test.session, "run", "-q", "-d", "--name", "s", "-o", cast, "--", "sh", "-c", `stty -echo; echo ready; while read x; do echo "<$x>"; stty size; done`)
			if got := run("ls"); !strings.Contains(got, "s ") || !strings.Contains(got, cast) {
				t.Errorf("ls printed %q; want the session", got)
			}
			var states []live.State
			if err := json.Unmarshal([]byte(run("ls", "--json")), &states); err != nil || len(states) != 1 || states[0].Watching != 0 {
				t.Errorf("ls --json: %+v, %v; want one session that nobody watches", states, err)
			}
			one := startOnTerminal(t, 70, 20, test.client, "attach", "s")
			one.start()
			one.waitFor("the session", shows("ready"))
			one.press("one\r")
			one.waitFor("its answer", shows("<one>\n20 70"))
			watcher := startOnTerminal(t, 70, 20, test.client, "watch", "s")
			watcher.start()
			watcher.waitFor("the screen", shows("<one>"))
			// A terminal of another size, and of the other version.
			two := startOnTerminal(t, 60, 15, test.session, "attach", "s")
			two.start()
			two.waitFor("the screen", shows("<one>"))
			two.press("two\r")
			for _, v := range []*terminal{one, two, watcher} {
				v.waitFor("the answer", shows("<two>"))
				v.waitFor("the size", shows("15 60"))
			}
			run("send", "s", "--enter", "three")
			watcher.waitFor("the answer", shows("<three>"))
			if got := run("screen", "s"); !strings.Contains(got, "<three>") {
				t.Errorf("screen printed %q; want <three>", got)
			}
			run("mark", "s", "here")
			run("pause", "s")
			run("resume", "s")
			run("rename", "s", "renamed")
			one.press("\x1cd") // detach
			one.wait()
			run("stop", "renamed")
			two.wait()
			watcher.press("q")
			watcher.wait()
			text, err := os.ReadFile(cast)
			if err != nil || !bytes.Contains(text, []byte(`"m", "here"`)) || !bytes.Contains(text, []byte(`"x", "`)) {
				t.Errorf("the recording, %v, ends in %q; want the marker and the exit", err, text[max(0, len(text)-200):])
			}
		})
	}
}

// A daemon of one version serves sessions of the other and starts sessions, also
// after its program has been replaced.
func TestVersionsOfDaemon(t *testing.T) {
	before := versionBefore(t)
	ttydeck, dir := sessionsOf(t)
	for _, test := range []struct{ name, daemon, session string }{
		{"old daemon", before, ttydeck},
		{"new daemon", ttydeck, before},
	} {
		t.Run(test.name, func(t *testing.T) {
			tmp := t.TempDir()
			program := filepath.Join(tmp, "ttydeck")
			install := func(from string) {
				t.Helper()
				text, err := os.ReadFile(from)
				if err == nil {
					err = os.WriteFile(program+".new", text, 0o755)
				}
				if err == nil {
					err = os.Rename(program+".new", program)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			install(test.daemon)
			daemon := exec.Command(program, "daemon", "--recordings", tmp)
			daemon.Stderr = os.Stderr
			if err := daemon.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { daemon.Process.Kill(); daemon.Wait() }()
			c, err := controlPlane.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			await.Until(t, "the daemon", func() bool { _, err := c.Sessions(t.Context()); return err == nil })
			install(test.session)
			name := strings.ReplaceAll(test.name, " ", "-")
			if st, err := c.Start(t.Context(), controlPlane.Start{Name: name, Command: []string{"sh", "-c", "echo ready; read x; exit 3"}, Cols: 50, Rows: 10}); err != nil || st.Name != name {
				t.Fatalf("Start = %+v, %v; want the session %s", st, err, name)
			}
			if states, err := c.Sessions(t.Context()); err != nil || len(states) != 1 || states[0].Cols != 50 {
				t.Errorf("Sessions = %+v, %v; want one of 50 columns", states, err)
			}
			s := c.Session(name)
			await.Until(t, "the session's output", func() bool {
				screen, err := s.Screen(t.Context())
				return err == nil && screen.Text == "ready"
			})
			w, err := s.Watch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if m, err := w.Next(t.Context()); err != nil || m.Kind != live.MessageScreen || m.Size.Cols != 50 || !bytes.Contains(m.Screen, []byte("ready")) {
				t.Errorf("first message %+v, %v; want the screen", m, err)
			}
			if err := s.Type(t.Context(), []byte("\r")); err != nil {
				t.Fatal(err)
			}
			for {
				m, err := w.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if m.Kind == live.MessageEnd {
					if m.Status != 3 {
						t.Errorf("exit status %d; want 3", m.Status)
					}
					break
				}
			}
		})
	}
}
