//go:build linux

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/vt"
)

// hostOf returns a directory for the sessions of all users, with the program in it.
func hostOf(t *testing.T) (dir, ttydeck string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can serve other users' sessions")
	}
	dir, err := os.MkdirTemp("/run", "td")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TTYDECK_HOST_SOCKET", filepath.Join(dir, "host", "host.sock"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	for name, mode := range map[string]os.FileMode{"": 0o755, "tmp": 0o777 | os.ModeSticky, "host": 0o755} {
		os.Mkdir(filepath.Join(dir, name), 0o755)
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	ttydeck = filepath.Join(dir, "ttydeck")
	copyProgram(t, ttydeck)
	return dir, ttydeck
}

// hostDaemon starts a daemon that serves these sessions.
func hostDaemon(t *testing.T, dir, ttydeck string, args ...string) *exec.Cmd {
	t.Helper()
	daemon := exec.Command(ttydeck, append([]string{"daemon", "--host", "--recordings", filepath.Join(dir, "host")}, args...)...)
	daemon.Stderr = os.Stderr
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { daemon.Process.Kill(); daemon.Wait() })
	await.Until(t, "the daemon", func() bool { return exec.Command(ttydeck, "ls", "--host").Run() == nil })
	return daemon
}

// A host's daemon lets root control the sessions of all users; members of a group
// may only view them.
func TestHost(t *testing.T) {
	const one, two, watcher, stranger, group = 23461, 23462, 23463, 23464, 23470
	dir, ttydeck := hostOf(t)
	socket := filepath.Join(dir, "host", "host.sock")
	as := func(uid uint32, groups []uint32, args ...string) (string, error) {
		cmd := exec.Command(ttydeck, args...)
		cmd.Dir = filepath.Join(dir, "tmp")
		cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: groups}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	root := func(args ...string) string { return ttydeckCommand(t, append([]string{ttydeck}, args...)...) }
	if _, err := as(0, nil, "ls", "--host"); err == nil {
		t.Error("ls --host succeeded without a daemon")
	}
	for _, uid := range []uint32{one, two} {
		out, err := as(uid, nil, "run", "-q", "-d", "--name", "work", "-o", filepath.Join(dir, "tmp", "work.")+string(rune('0'+uid%10))+".cast", "--",
			"sh", "-c", "stty -echo; id -u; while read x; do echo got $x; done")
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Cleanup(func() { as(uid, nil, "kill", "work") })
	}
	start := func() *exec.Cmd { return hostDaemon(t, dir, ttydeck, "--group", "23470") }
	daemon := start()
	list := root("ls", "--host")
	for _, want := range []string{"work@23461 ", "work@23462 "} {
		if !strings.Contains(list, want) {
			t.Errorf("ls --host does not list %q:\n%s", want, list)
		}
	}
	if list := root("ls", "--host", "--json"); !strings.Contains(list, `"user": "23461"`) {
		t.Errorf("ls --host --json does not list the user:\n%s", list)
	}
	// Root may do everything, through the daemon.
	await.Until(t, "the screen", func() bool { return strings.HasPrefix(root("screen", "work@23461"), "23461\n") })
	root("send", "--enter", "work@23461", "keys")
	await.Until(t, "the typed line", func() bool { return strings.Contains(root("screen", "work@23461"), "got keys\n") })
	if out, err := as(0, nil, "screen", "other@23461"); err == nil || !strings.Contains(out, "no such session") {
		t.Errorf("screen of a missing session: %v, %s", err, out)
	}
	v := startOnTerminal(t, 80, 25, ttydeck, "watch", "work@23462")
	v.start()
	v.waitFor("the session", func(s *vt.Screen) bool { return shows("23462")(s) && shows("work@23462")(s) })
	v.press("q")
	if got := v.wait(); got != 0 {
		t.Errorf("watch ended with status %d; want 0", got)
	}
	// Members of the group may only view sessions. Others may do nothing, even
	// when the socket's mode admits them. To the daemon, a user's own session is
	// no exception.
	looks := [][]string{{"ls", "--host"}, {"screen", "work@23461"}}
	changes := [][]string{{"send", "work@23461", "x"}, {"mark", "work@23461", "x"}, {"pause", "work@23461"}, {"rename", "work@23461", "x"},
		{"stop", "work@23461"}, {"kill", "work@23461"}}
	for _, args := range looks {
		if out, err := as(watcher, []uint32{group}, args...); err != nil {
			t.Errorf("%q as a member of the group: %v: %s", args, err, out)
		}
		if out, err := as(stranger, nil, args...); err == nil || !strings.Contains(out, "permission denied") {
			t.Errorf("%q as a stranger: %v: %s", args, err, out)
		}
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range append(looks, changes...) {
		if out, err := as(stranger, nil, args...); err == nil || !strings.Contains(out, "needs root") {
			t.Errorf("%q as a stranger: %v: %s", args, err, out)
		}
	}
	for _, args := range changes {
		if out, err := as(watcher, []uint32{group}, args...); err == nil || !strings.Contains(out, "needs root") {
			t.Errorf("%q as a member of the group: %v: %s", args, err, out)
		}
	}
	// A daemon that is killed and started again disturbs no session.
	daemon.Process.Kill()
	daemon.Wait()
	start()
	if got := root("screen", "work@23461"); !strings.Contains(got, "got keys\n") || strings.Contains(got, "got x") {
		t.Errorf("the screen is %q; want the typed line and nothing of the refused commands", got)
	}
	// The daemon does not follow a symbolic link in place of a user's directory.
	trap := filepath.Join(dir, "tmp", "ttydeck-23464")
	if err := os.Symlink(filepath.Join(dir, "tmp", "ttydeck-23461"), trap); err != nil {
		t.Fatal(err)
	}
	os.Lchown(trap, stranger, stranger)
	if list := root("ls", "--host"); strings.Contains(list, "@23464") {
		t.Errorf("ls --host followed a symbolic link:\n%s", list)
	}
	// After su, HOME may belong to another user. A configuration that cannot be
	// read there is ignored with a warning.
	if err := os.Mkdir(filepath.Join(dir, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "home"))
	if out, err := as(watcher, nil, "ls"); err != nil || !strings.Contains(out, "warning: ") || !strings.Contains(out, "no session is running") {
		t.Errorf("ls with another user's HOME: %v: %s; want a warning", err, out)
	}
}

// A file that may be another user's recording in progress is not replaced, although
// the directory would allow it.
func TestReplaceForeign(t *testing.T) {
	const uid = 23466
	dir, ttydeck := hostOf(t)
	shared := filepath.Join(dir, "shared")
	if err := os.Mkdir(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(shared, 0o777) // whatever the umask
	theirs, ours := filepath.Join(shared, "r.cast"), filepath.Join(shared, "in.cast")
	text := []byte(`{"version":2,"width":80,"height":24}` + "\n")
	for path, mode := range map[string]os.FileMode{theirs: 0o600, ours: 0o644} {
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(ttydeck, "convert", ours, theirs, "--overwrite")
	cmd.Dir = shared
	cmd.Env = append(os.Environ(), "HOME="+shared)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "permission denied") {
		t.Errorf("convert: %v, %s; want that permission is denied", err, out)
	}
	if info, err := os.Stat(theirs); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("the file is replaced: %v", err)
	}
}
