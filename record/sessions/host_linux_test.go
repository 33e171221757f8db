package sessions

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// This file starts sessions of every kind for the tests to find.

// nobody is the ID of a user other than the test's.
const nobody = 65534

// onPTY runs cmd as the leader of a session on a new pseudo-terminal. It
// returns the master, which the test holds.
func onPTY(t testing.TB, size tty.Size, cmd *exec.Cmd) *tty.Conn {
	t.Helper()
	master, slave, err := tty.OpenPTY(size)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	if err := cmd.Start(); err != nil {
		master.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		master.Close()
	})
	// The command line can be read a little after the start.
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid)); err != nil || len(text) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return master
}

func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// tempDir returns a directory that every user may enter.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ttydeck-sessions-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// patience is how long a test waits before it fails.
const patience = await.Patience

// awaitSession lists sessions until find reports true for one of them.
func awaitSession(t testing.TB, what string, find func(*Session) bool) *Session {
	t.Helper()
	var list *Listing
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		if list, err = List(); err != nil {
			t.Fatal(err)
		}
		if at := slices.IndexFunc(list.Sessions, func(s Session) bool { return find(&s) }); at >= 0 {
			return &list.Sessions[at]
		}
	}
	var all strings.Builder
	for _, s := range list.Sessions {
		fmt.Fprintf(&all, "\n%v %+v", s.TTY, s)
	}
	t.Fatalf("no session %s among %d:%s", what, len(list.Sessions), &all)
	return nil
}

// running matches a session by its foreground command.
func running(command string) func(*Session) bool {
	return func(s *Session) bool { return s.Command() == command }
}

func ledBy(pid int) func(*Session) bool {
	return func(s *Session) bool { return s.Leader.PID == pid }
}

// unique returns a long-running command that nothing else runs. Its number is
// unusual enough to find the command by.
func unique() string {
	uniques++
	return fmt.Sprintf("sleep %d.%d", 100000+os.Getpid(), uniques)
}

var uniques int

// startSSHD runs a server of the test's own, and a client that runs command on
// it, on a terminal.
func startSSHD(t *testing.T, size tty.Size, command string) {
	t.Helper()
	need(t, "ssh")
	sshd := "/usr/sbin/sshd" // sshd requires its full path
	need(t, sshd)
	if os.Geteuid() != 0 {
		t.Skip("needs root: sshd cannot give the terminal to its group otherwise")
	}
	dir := tempDir(t)
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	host, user := filepath.Join(dir, "host"), filepath.Join(dir, "user")
	run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host)
	run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", user)
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	config := file("config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s.pub\nPidFile none\nStrictModes no\n"+
		"UsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nPrintMotd no\n", host, user))
	// In inetd mode the server needs no port: it is the client's ProxyCommand.
	client := exec.Command("ssh", "-tt", "-F", "none", "-i", user, "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
		"-o", "ProxyCommand="+sshd+" -i -f "+config, userName(t)+"@loopback", command)
	master := onPTY(t, size, client)
	said := make(chan []byte)
	go func() { // a full terminal would stop ssh
		var all []byte
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				said <- all
				return
			}
		}
	}()
	t.Cleanup(func() {
		client.Process.Kill()
		if out := <-said; t.Failed() {
			t.Logf("ssh wrote %q", out)
		}
	})
}

func userName(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(out))
}
