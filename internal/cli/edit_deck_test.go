package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/vt"
)

// The deck writes what it wrote before anew, but replaces no other file, and says so in
// one line.
func TestDeckWritesAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cast := filepath.Join(dir, "in.cast")
	text := `{"version":2,"width":40,"height":5}` + "\n" + `[1,"o","one"]` + "\n" + `[9,"o","two"]` + "\n"
	for _, name := range []string{cast, filepath.Join(dir, "other.cast")} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v := startOnTerminal(t, 100, 24, program(t), "edit", cast)
	v.cmd.Dir = dir
	v.start()
	says := func(text string) {
		t.Helper()
		v.waitFor(text, func(s *vt.Screen) bool { return strings.Contains(s.Text(), text) })
	}
	says("h shows all keys")
	for _, limit := range []string{"3", "2"} {
		v.press("I" + limit + "\r")
		says("pauses of at most " + limit + "s")
		v.press("w\r\r")
		says("wrote in-take.cast")
	}
	v.press("w\x15other.cast\r\r")
	v.waitFor("the fault", func(s *vt.Screen) bool {
		return strings.Count(s.Text(), "other.cast") == 1 && strings.Contains(s.Text(), "other.cast: file exists")
	})
	v.press("q")
	if status := v.wait(); status != 0 {
		t.Errorf("the deck ended with status %d", status)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "other.cast")); err != nil || string(got) != text {
		t.Errorf("other.cast is %q, %v; want it as it was", got, err)
	}
}
