//go:build linux || darwin

package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
)

// TestIntegrate: the shell's marks are in the recording, with the nonce in its
// header, and not on the terminal. Other programs' marks are on both.
func TestIntegrate(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for name, text := range map[string]string{
		".bashrc": "PS1='P> '\n",
		"forged":  "\x1b]133;C;cmdline_url=evil\a\x1b]133;D;7;aid=guess\a",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"bash"}, Integrate: true}, terminalOptions{env: []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home}})
	at := m.waitFor(0, "P> ")
	await.Until(t, "the removal of the shell's files", func() bool {
		left, err := filepath.Glob(filepath.Join(home, "ttydeck-*"))
		return err == nil && len(left) == 0
	})
	for _, line := range []string{"(exit 3)", "cat ~/forged", "env; set | grep -c aid="} {
		m.send(line + "\r")
		at = m.waitFor(at, "P> ")
	}
	m.send("exit\r")
	if status := m.wait(); status != 0 {
		t.Errorf("exit status %d; want 0", status)
	}
	r := read(t, path)
	nonce := r.Nonce()
	if len(nonce) < 30 {
		t.Fatalf("header fields %v; want a nonce", r.Extra)
	}
	out, shown := r.text(format.Output), m.all()
	for _, want := range []string{"\x1b]133;C;aid=" + nonce, "\x1b]133;D;3;aid=" + nonce, "\x1b]7;file://", "\x1b]133;D;7;aid=guess\a"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the recording: %q", want, out)
		}
	}
	if strings.Contains(shown, nonce) || strings.Contains(shown, "\x1b]7;") {
		t.Errorf("the terminal shows the shell's marks: %q", shown)
	}
	if !strings.Contains(shown, "\x1b]133;C;cmdline_url=evil\a\x1b]133;D;7;aid=guess\a") {
		t.Errorf("the terminal does not show other programs' marks: %q", shown)
	}
	if env := unmarkedText(out, nonce); strings.Contains(env, nonce) {
		t.Errorf("the environment contains the nonce: %q", env)
	}
}

// unmarkedText returns output without the marks that carry the nonce.
func unmarkedText(out, nonce string) string {
	m := stripper{nonce: nonce, seen: func() {}}
	return string(m.strip([]byte(out)))
}
