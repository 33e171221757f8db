package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/vt"
)

const shownSecret = "echo GH_TOKEN=aB3dE6gH9jK2mN5p"

// A recorder that is killed leaves the recording under its other name, which only its
// owner can read, and none that looks clean.
func TestKilledWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	cast := filepath.Join(t.TempDir(), "a.cast")
	raw := unredactedName(cast)
	v := startOnTerminal(t, 80, 24, ttydeck, "rec", "--redact", cast, "--", "sh", "-c", shownSecret+"; read x")
	v.start()
	await.Until(t, "the secret in the recording", func() bool {
		text, _ := os.ReadFile(raw)
		return bytes.Contains(text, []byte("aB3dE6"))
	})
	v.cmd.Process.Kill()
	v.wait()
	if info, err := os.Stat(raw); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the recording is %v, %v", info, err)
	}
	if _, err := os.Stat(cast); err == nil {
		t.Error("a recording appeared under the name of a clean one")
	}
	if out, err := exec.Command(ttydeck, "redact", raw, cast).CombinedOutput(); err != nil {
		t.Errorf("redact: %v: %s", err, out)
	}
}

// A signal ends the session, and its recording is cleaned.
func TestSignalWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	cast := filepath.Join(t.TempDir(), "a.cast")
	v := startOnTerminal(t, 80, 24, ttydeck, "rec", "--redact", cast, "--", "sh", "-c", shownSecret+"; read x")
	v.start()
	v.waitFor("the secret", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "aB3dE6") })
	v.cmd.Process.Signal(syscall.SIGTERM)
	if status := v.wait(); status != 128+15 {
		t.Errorf("rec ended with %d", status)
	}
	text, err := os.ReadFile(cast)
	if err != nil || bytes.Contains(text, []byte("aB3dE6")) || !bytes.Contains(text, []byte("GH_TOKEN=***")) {
		t.Errorf("the recording is %q, %v", text, err)
	}
	if _, err := os.Stat(unredactedName(cast)); err == nil {
		t.Error("the recording with the secrets is left")
	}
}

// On a full disk, the recording keeps its other name.
func TestDiskFullWhileRedacting(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("SKIPPED: TestDiskFullWhileRedacting: only root can mount a small file system, and on Linux")
	}
	ttydeck, _ := sessionsOf(t)
	dir := t.TempDir()
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", dir)
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: TestDiskFullWhileRedacting: mount: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
	cast := filepath.Join(dir, "a.cast")
	raw := unredactedName(cast)
	// The recording fits once, but not twice.
	out, err := exec.Command(ttydeck, "rec", "--redact", "--headless", cast, "--", "sh", "-c", shownSecret+"; head -c 200000 /dev/zero | tr '\\0' x").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the recording is "+raw) || !strings.Contains(string(out), "no space left") {
		t.Errorf("rec: %v: %s", err, out)
	}
	if info, err := os.Stat(raw); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 200_000 {
		t.Errorf("the recording is %v, %v", info, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("the directory has %v", files)
	}
}

// A program that prints more, and faster, than is searched at a time waits: all of it is
// in the clean recording, also in a compressed one, of which little can be read at once.
func TestMuchOutputWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	for _, name := range []string{"a.cast", "a.cast.zst"} {
		cast := filepath.Join(t.TempDir(), name)
		out, err := exec.Command(ttydeck, "rec", "--redact", "--headless", cast, "--", "sh", "-c",
			shownSecret+"; yes 'one line of many that are printed' | head -n 700000; "+shownSecret).CombinedOutput()
		if err != nil {
			t.Fatalf("rec %s: %v: %s", name, err, out)
		}
		text, err := exec.Command(ttydeck, "convert", cast, "-", "-f", "raw").Output()
		if n := bytes.Count(text, []byte("one line of many that are printed\r\n")); err != nil || n != 700000 {
			t.Errorf("%s has %d lines, %v; want 700000", name, n, err)
		}
		if n := bytes.Count(text, []byte("GH_TOKEN=***")); n != 2 || bytes.Contains(text, []byte("aB3dE6")) {
			t.Errorf("%s has %d secrets replaced; want 2", name, n)
		}
	}
}

// A recording that loses its name meanwhile is cleaned, and the file that has the name
// now stays. Two recorders that begin at the same time have one name.
func TestNameTakenWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	for _, c := range []struct {
		name, do string
		other    string // what the unredacted recording's name has at the end
	}{
		{"removed", `rm "$RAW"`, ""},
		{"moved", `mv "$RAW" "$RAW.mine"`, ""},
		{"replaced", `rm "$RAW"; echo another >"$RAW"`, "another\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cast := filepath.Join(t.TempDir(), "a.cast")
			raw := unredactedName(cast)
			cmd := exec.Command(ttydeck, "rec", "--redact", "--headless", cast, "--", "sh", "-c", shownSecret+`; until [ -e "$RAW" ]; do :; done; `+c.do+"; echo the end")
			cmd.Env = append(os.Environ(), "RAW="+raw)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("rec: %v: %s", err, out)
			}
			text, err := os.ReadFile(cast)
			if err != nil || bytes.Contains(text, []byte("aB3dE6")) || !bytes.Contains(text, []byte("the end")) {
				t.Errorf("the recording is %q, %v", text, err)
			}
			if other, _ := os.ReadFile(raw); string(other) != c.other {
				t.Errorf("%s is %q; want %q", raw, other, c.other)
			}
		})
	}
	t.Run("never had", func(t *testing.T) {
		cast := filepath.Join(t.TempDir(), "a.cast")
		raw := unredactedName(cast)
		first := startOnTerminal(t, 80, 24, ttydeck, "rec", "--redact", cast, "--", "sh", "-c", shownSecret+"; read x; echo the end")
		second := startOnTerminal(t, 80, 24, ttydeck, "rec", "--redact", cast, "--", "sh", "-c", shownSecret+"; read x; echo the end")
		first.start()
		second.start()
		for _, v := range []*terminal{first, second} {
			v.waitFor("the secret, or a refusal", func(s *vt.Screen) bool {
				return strings.Contains(s.Text(), "aB3dE6") || strings.Contains(s.Text(), "exists")
			})
		}
		await.Until(t, "a recording", func() bool { text, _ := os.ReadFile(raw); return bytes.Contains(text, []byte("aB3dE6")) })
		second.press("\r")
		two := second.wait()
		first.press("\r")
		one := first.wait()
		if min(one, two) != 0 || max(one, two) != 1 {
			t.Errorf("the recorders ended with %d and %d; want one to fail", one, two)
		}
		text, err := os.ReadFile(cast)
		if err != nil || bytes.Contains(text, []byte("aB3dE6")) || !bytes.Contains(text, []byte("the end")) {
			t.Errorf("the recording is %q, %v", text, err)
		}
	})
}

// The status of a program that failed does not hide that the secrets are still there.
func TestReturnWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	cast := filepath.Join(t.TempDir(), "a.cast")
	out, err := exec.Command(ttydeck, "rec", "--redact", "--return", "--headless", cast, "--", "sh", "-c", shownSecret+"; echo another >"+cast+"; exit 7").CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("rec: %v; want status 7", err)
	}
	if want := "the recording is " + unredactedName(cast) + ": " + cast + ": file exists"; !strings.Contains(string(out), want) {
		t.Errorf("rec printed %q; want %q", out, want)
	}
}

// Secrets are removed from a recording that can be read.
func TestRedactingFormat(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	for _, args := range [][]string{{"a.txt"}, {"a.txt.gz"}, {"-f", "vhs", "a.cast"}} {
		cmd := exec.Command(ttydeck, append(append([]string{"rec", "--redact", "--headless"}, args...), "--", "true")...)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "can be written but not read") {
			t.Errorf("rec --redact %q: %v: %s", args, err, out)
		}
		if files, _ := os.ReadDir(cmd.Dir); len(files) != 0 {
			t.Errorf("rec --redact %q left %v", args, files)
		}
	}
}

// The hint on a recording with secrets that is left removes them, in every format that
// can be recorded.
func TestLeftByRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	for _, target := range recordable {
		if f := target.Format; f.CanRead() {
			dir := t.TempDir()
			file := "a demo" + f.Ext[0]
			rec := func(name string, flags ...string) (string, error) {
				cmd := exec.Command(ttydeck, append(append([]string{"rec", "--headless", "-f", f.Name}, flags...), name, "--", "sh", "-c", shownSecret)...)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			if out, err := rec(unredactedName(file)); err != nil {
				t.Fatalf("rec: %v: %s", err, out)
			}
			out, err := rec(file, "--redact")
			_, hint, ok := strings.Cut(out, "hint: to remove them: ")
			if err == nil || !ok {
				t.Errorf("%s: rec: %v: %s; want a hint", f, err, out)
				continue
			}
			cmd := exec.Command("sh", "-c", hint)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+filepath.Dir(ttydeck)+":"+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v: %s", f, hint, err, out)
			}
			if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || bytes.Contains(text, []byte("aB3dE6")) || !bytes.Contains(text, []byte("GH_TOKEN=***")) {
				t.Errorf("%s: the recording is %q, %v", f, text, err)
			}
		}
	}
}
