//go:build linux

package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/record/login"
	"github.com/ttydeck/ttydeck/vt"
	"golang.org/x/sys/unix"
)

// loginHost is a host whose sshd records its users.
type loginHost struct {
	t    *testing.T
	dir  string   // open to everybody
	home string   // of the user
	kept string   // directory of the recordings
	ssh  []string // options of ssh, scp and sftp
	user string
}

const loginUID = 23456

func newLoginHost(t *testing.T, policy string) *loginHost {
	t.Helper()
	const sshd = "/usr/sbin/sshd"
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root's sshd can log in other users")
	}
	for _, need := range []string{sshd, "ssh", "scp", "sftp", "rsync", "git", "unshare"} {
		if _, err := exec.LookPath(need); err != nil && os.Getenv("CI") == "" {
			t.Skipf("SKIPPED: %s is not installed", need)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/run", "ttydeck-login-test") // all its parents belong to root
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	h := &loginHost{t: t, dir: dir, home: filepath.Join(dir, "home"), kept: filepath.Join(dir, "kept"), user: "ttydeckuser"}
	if err := os.Mkdir(h.home, 0o700); err != nil {
		t.Fatal(err)
	}
	os.Chown(h.home, loginUID, loginUID)
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	passwd = fmt.Appendf(passwd, "%s:x:%d:%d::%s:/bin/bash\n", h.user, loginUID, loginUID, h.home)
	host, key := h.path("host"), h.path("key")
	for _, k := range []string{host, key} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", k).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	copyProgram(t, h.path("ttydeck"))
	h.write("passwd", string(passwd), 0o644)
	h.write("policy.toml", "socket = \""+h.path("socket")+"\"\n"+policy, 0o644)
	h.write("sshd_config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s.pub\nPidFile none\nStrictModes no\nUsePAM no\nPrintMotd no\nPrintLastLog no\n"+
		"Subsystem sftp internal-sftp\nForceCommand %s login-rec --policy %s\n", host, key, h.path("ttydeck"), h.path("policy.toml")), 0o600)
	// Only sshd knows the user.
	h.write("proxy", fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %s /etc/passwd && exec %s -i -f %s'\n", h.path("passwd"), sshd, h.path("sshd_config")), 0o755)
	for _, o := range []string{"StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR", "ProxyCommand=" + h.path("proxy")} {
		h.ssh = append(h.ssh, "-o", o)
	}
	h.ssh = append(h.ssh, "-F", "none", "-i", key)
	return h
}

// copyProgram copies the program to a path where other users can run it.
func copyProgram(t *testing.T, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (h *loginHost) path(name string) string { return filepath.Join(h.dir, name) }

func (h *loginHost) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

// useEtc runs sshd with its own /etc, which has the policy at the default path, so
// that ForceCommand names none. Clients may send any variable.
func (h *loginHost) useEtc() {
	h.t.Helper()
	for _, dir := range []string{"etc", "etc/ttydeck"} {
		if err := os.Mkdir(h.path(dir), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	for to, from := range map[string]string{
		"passwd": h.path("passwd"), "group": "/etc/group", "nsswitch.conf": "/etc/nsswitch.conf", "ld.so.cache": "/etc/ld.so.cache",
		"ttydeck/login.toml": h.path("policy.toml"),
	} {
		text, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			h.t.Fatal(err)
		}
		h.write("etc/"+to, string(text), 0o644)
	}
	h.edit("sshd_config", " --policy "+h.path("policy.toml")+"\n", "\nAcceptEnv *\n")
	h.write("proxy", fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %s /etc && exec /usr/sbin/sshd -i -f %s'\n", h.path("etc"), h.path("sshd_config")), 0o755)
}

// edit replaces text in a file.
func (h *loginHost) edit(name, old, new string) {
	h.t.Helper()
	text, err := os.ReadFile(h.path(name))
	if err != nil || !strings.Contains(string(text), old) {
		h.t.Fatalf("%s does not contain %q, %v", name, old, err)
	}
	if err := os.WriteFile(h.path(name), []byte(strings.ReplaceAll(string(text), old, new)), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// receive runs a receiver until the test ends.
func (h *loginHost) receive() {
	h.t.Helper()
	l, err := login.Listen(h.path("socket"))
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := (&login.Receiver{Dir: h.kept}).Serve(ctx, l); err != nil {
			h.t.Error(err)
		}
	}()
	h.t.Cleanup(func() {
		stop()
		await.Receive(h.t, "the receiver's end", served)
	})
}

// run runs ssh, or another program that takes ssh's options; at returns the host
// to name.
func (h *loginHost) run(stdin string, program string, args ...string) (out string, status int) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), await.Patience)
	defer stop()
	cmd := exec.CommandContext(ctx, program, append(append([]string{}, h.ssh...), args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		h.t.Fatalf("%s %q: %v: %s", program, args, err, both.String())
	}
	return both.String(), cmd.ProcessState.ExitCode()
}

func (h *loginHost) at() string { return h.user + "@loopback" }

// recordings lists the recordings that the receiver keeps.
func (h *loginHost) recordings() []string {
	// The receiver does not know the user's name, and uses the ID.
	files, _ := filepath.Glob(filepath.Join(h.kept, fmt.Sprint(loginUID), "*.cast"))
	return files
}

// awaitRecordings waits for n complete recordings and lists them.
func (h *loginHost) awaitRecordings(n int) []string {
	h.t.Helper()
	var files []string
	await.Until(h.t, fmt.Sprintf("recording %d", n), func() bool { files = h.recordings(); return len(files) >= n })
	if len(files) != n {
		h.t.Errorf("the receiver keeps %d recordings; want %d: %q", len(files), n, files)
	}
	return files
}

func (h *loginHost) output(path string, code format.Code) string {
	out := ""
	for ev := range eventsOf(h.t, path) {
		if ev.Code == code {
			out += ev.Data
		}
	}
	return out
}

// A login is recorded, and its user cannot change the file. A command or file
// transfer without a terminal is not recorded, and works as before.
func TestLogin(t *testing.T) {
	h := newLoginHost(t, "on-failure = \"block\"\nnotice = \"This session is recorded.\"\n")
	// Without a receiver, logins are refused and all else works.
	out, status := h.run("", "ssh", "-tt", h.at())
	if status == 0 || !strings.Contains(out, "login refused: session cannot be recorded") {
		t.Errorf("login without a receiver: status %d, %q; want it refused", status, out)
	}
	if out, status := h.run("", "ssh", h.at(), "echo out; exit 3"); out != "out\n" || status != 3 {
		t.Errorf("command without a receiver: status %d, %q", status, out)
	}
	h.receive()

	out, status = h.run("echo $0 $SHELL $((6*7)); stty size; exit 5\r", "ssh", "-tt", h.at())
	if status != 5 || !strings.Contains(out, "-bash /bin/bash 42") || !strings.Contains(out, "This session is recorded.") {
		t.Errorf("login: status %d, %q", status, out)
	}
	files := h.awaitRecordings(1)
	if got := h.output(files[0], format.Output); !strings.Contains(got, "-bash /bin/bash 42") {
		t.Errorf("the recorded output is %q", got)
	}
	if got := h.output(files[0], format.Exit); got != "5" {
		t.Errorf("the recorded status is %q; want 5", got)
	}
	// The user cannot read, change or remove the recording.
	out, status = h.run("", "ssh", h.at(), fmt.Sprintf("cat %[1]s; echo x >>%[1]s; rm -f %[1]s; rm -rf %[2]s; ls %[2]s", files[0], h.kept))
	if status == 0 || strings.Count(out, "ermission denied") < 4 {
		t.Errorf("the user's access to the recording: status %d, %q; want all of it denied", status, out)
	}
	if got := h.output(files[0], format.Exit); got != "5" {
		t.Errorf("after the user's attempts the recorded status is %q; want 5", got)
	}

	// A command at a terminal is recorded, and keeps its status.
	if out, status := h.run("", "ssh", "-tt", h.at(), "echo at a terminal; exit 6"); status != 6 || !strings.Contains(out, "at a terminal") {
		t.Errorf("ssh -tt: status %d, %q", status, out)
	}
	h.awaitRecordings(2)
	// A command that begins like sshd's sftp server is recorded too.
	if out, _ := h.run("", "ssh", "-tt", h.at(), "internal-sftp -h; echo beside it $((6*7))"); !strings.Contains(out, "beside it 42") {
		t.Errorf("internal-sftp at a terminal: %q", out)
	}
	if !slices.ContainsFunc(h.awaitRecordings(3), func(path string) bool { return strings.Contains(h.output(path, format.Output), "beside it 42") }) {
		t.Error("internal-sftp at a terminal is not recorded")
	}

	// Without a terminal nothing is recorded, and all data passes unchanged.
	r := rand.New(rand.NewPCG(1, 1))
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(r.IntN(256))
	}
	h.write("data", string(data), 0o644)
	same := func(what, name string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(h.home, name))
		if err != nil || sha256.Sum256(got) != sha256.Sum256(data) {
			t.Errorf("%s: %v; the %d bytes that arrived differ from those sent", what, err, len(got))
		}
	}
	if out, status := h.run(string(data), "ssh", h.at(), "cat >piped; cat piped; exit 4"); status != 4 || out != string(data) {
		t.Errorf("a pipe: status %d, %d bytes", status, len(out))
	}
	same("a pipe", "piped")
	if out, status := h.run("", "scp", "-O", h.path("data"), h.at()+":scp-old"); status != 0 || out != "" {
		t.Errorf("scp -O: status %d, %q", status, out)
	}
	same("scp -O", "scp-old")
	if out, status := h.run("", "scp", h.path("data"), h.at()+":scp-new"); status != 0 || out != "" {
		t.Errorf("scp: status %d, %q", status, out)
	}
	same("scp", "scp-new")
	h.write("batch", "put "+h.path("data")+" sftp-put\n", 0o644)
	if out, status := h.run("", "sftp", "-b", h.path("batch"), h.at()); status != 0 {
		t.Errorf("sftp: status %d, %q", status, out)
	}
	same("sftp", "sftp-put")
	shell := "ssh"
	for _, o := range h.ssh {
		shell += " '" + o + "'"
	}
	rsync := exec.Command("rsync", "-e", shell, h.path("data"), h.at()+":rsynced")
	if out, err := rsync.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("rsync: %v, %q", err, out)
	}
	same("rsync", "rsynced")
	if out, status := h.run("", "ssh", h.at(), "git init -q repo && cd repo && cp ../piped . && git add . && git -c user.name=x -c user.email=x@y commit -qm x"); status != 0 {
		t.Errorf("git init: status %d, %q", status, out)
	}
	clone := exec.Command("git", "clone", "-q", h.at()+":repo", h.path("clone"))
	clone.Env = append(os.Environ(), "GIT_SSH_COMMAND="+shell)
	if out, err := clone.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("git clone: %v, %q", err, out)
	}
	if got, err := os.ReadFile(h.path("clone/piped")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("git clone: the %d bytes that arrived differ from those sent, %v", len(got), err)
	}
	h.awaitRecordings(3)
}

// A user's configuration and environment neither switch the recording off nor lock
// the user out.
func TestLoginOwnSettings(t *testing.T) {
	h := newLoginHost(t, "on-failure = \"block\"\n")
	h.useEtc()
	h.receive()
	config := filepath.Join(h.home, ".config", "ttydeck", "config.toml")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	const none = "/nonexistent/login.toml"
	for _, tt := range []struct{ what, config, env string }{
		{"no settings", "", ""},
		{"another policy in the configuration", "[login-rec]\npolicy = \"/etc/passwd\"\n", ""},
		{"a missing policy in the configuration", "[login-rec]\npolicy = \"" + none + "\"\n", ""},
		{"an unknown flag in the configuration", "[login-rec]\nnosuch = 1\n", ""},
		{"a malformed configuration", "[", ""},
		{"a missing policy in the environment", "", "TTYDECK_LOGIN_REC_POLICY=" + none},
		{"an invalid flag in the environment", "", "TTYDECK_LOGIN_REC_RECEIVE=maybe"},
		{"a missing configuration", "", "TTYDECK_CONFIG=" + none},
	} {
		if err := os.WriteFile(config, []byte(tt.config), 0o644); err != nil {
			t.Fatal(err)
		}
		var env []string
		if tt.env != "" {
			env = []string{"-o", "SetEnv=" + tt.env}
		}
		before := len(h.recordings())
		if out, status := h.run("echo in $((6*7)); exit 5\r", "ssh", append(env, "-tt", h.at())...); status != 5 || !strings.Contains(out, "in 42") {
			t.Errorf("%s: login: status %d, %q", tt.what, status, out)
		}
		if made := len(h.recordings()) - before; made != 1 { // the receiver creates it before the shell starts
			t.Errorf("%s: login made %d recordings; want 1", tt.what, made)
		}
		if out, status := h.run("", "ssh", append(env, h.at(), "echo out; exit 3")...); out != "out\n" || status != 3 {
			t.Errorf("%s: command: status %d, %q", tt.what, status, out)
		}
	}
}

// The receiver starts despite root's broken configuration and environment, and
// warns of names in the policy that the host does not know.
func TestLoginReceiveOwnSettings(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: a policy must belong to root")
	}
	dir, err := os.MkdirTemp("/run", "ttydeck-receive-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	policy, config := filepath.Join(dir, "policy.toml"), filepath.Join(dir, "config.toml")
	for path, text := range map[string]string{policy: "record = [\"nosuchuser\"]\nsocket = \"" + filepath.Join(dir, "socket") + "\"\n", config: "["} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "login-rec", "--receive", "--policy", policy, "--dir", filepath.Join(dir, "kept"))
	cmd.Args[0] = "ttydeck"
	cmd.Env = append(os.Environ(), "TTYDECK_CONFIG="+config, "TTYDECK_LOGIN_REC_RECEIVE=maybe")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewReader(said)
	for _, want := range []string{`the policy names "nosuchuser", which is unknown on this host`, "receiving recordings of logins"} {
		if line, err := lines.ReadString('\n'); !strings.Contains(line, want) {
			t.Errorf("the receiver printed %q, %v; want %s", line, err, want)
		}
	}
}

// A policy that cannot be used refuses logins, whatever on-failure is. Commands
// without a terminal, which no policy records, still run.
func TestLoginBrokenPolicy(t *testing.T) {
	for _, as := range []string{"ForceCommand", "login shell"} {
		t.Run(as, func(t *testing.T) {
			h := newLoginHost(t, "")
			h.useEtc()
			h.receive()
			if as == "login shell" {
				shell := h.path(login.Name)
				if err := os.Symlink("ttydeck", shell); err != nil {
					t.Fatal(err)
				}
				h.edit("etc/passwd", h.home+":/bin/bash", h.home+":"+shell)
				h.edit("sshd_config", "ForceCommand", "#")
			}
			policy := h.path("etc/ttydeck/login.toml")
			good := "socket = \"" + h.path("socket") + "\"\nshell = \"/bin/bash\"\n"
			for _, tt := range []struct {
				what, policy string
				breaks       func() error
				says         string
			}{
				{"a missing quote", good + "on-failure = \"block\n", nil, "line 3"},
				{"an unknown value", good + "on-failure = \"Block\"\n", nil, "\"Block\": want allow or block"},
				{"an unknown key", good + "on_failure = \"allow\"\n", nil, "unknown key \"on_failure\""},
				{"others may write it", good, func() error { return os.Chmod(policy, 0o664) }, "writable only by root"},
				{"only root may read it", good, func() error { return os.Chmod(policy, 0o600) }, "permission denied"},
				{"a link to nowhere", good, func() error { return errors.Join(os.Remove(policy), os.Symlink("nowhere", policy)) }, "no such file"},
				{"nothing", good, nil, ""},
			} {
				if as == "login shell" && tt.breaks != nil {
					continue // a login shell reads the policy in the same way
				}
				os.Remove(policy)
				h.write("etc/ttydeck/login.toml", tt.policy, 0o644)
				if tt.breaks != nil {
					if err := tt.breaks(); err != nil {
						t.Fatal(err)
					}
				}
				before := len(h.recordings())
				out, status := h.run("echo in $((6*7)); exit 5\r", "ssh", "-tt", h.at())
				made := len(h.recordings()) - before
				refused := status == 1 && !strings.Contains(out, "in 42") && made == 0 &&
					strings.Contains(out, "login refused: session cannot be recorded: cannot use the login policy") && strings.Contains(out, tt.says)
				recorded := status == 5 && strings.Contains(out, "in 42") && made == 1
				if tt.says != "" && !refused || tt.says == "" && !recorded {
					t.Errorf("%s: login: status %d, %d recordings, %q", tt.what, status, made, out)
				}
				if out, status := h.run("", "ssh", h.at(), "echo out; exit 3"); out != "out\n" || status != 3 {
					t.Errorf("%s: command: status %d, %q", tt.what, status, out)
				}
			}
			if out, status := h.run("", "scp", "-O", h.path("proxy"), h.at()+":copied"); status != 0 || out != "" {
				t.Errorf("scp -O: status %d, %q", status, out)
			}
		})
	}
}

// A policy records a user whose name the host does not know, whatever $USER is, and
// records everybody if it names an unknown group.
func TestLoginUnknownNames(t *testing.T) {
	h := newLoginHost(t, "on-failure = \"block\"\n")
	for _, list := range []string{"except = [\"backup\"]", "record = [\"alice\"]", "record = [\"@nosuchgroup\"]"} {
		h.write("policy.toml", list+"\non-failure = \"block\"\nsocket = \""+h.path("socket")+"\"\n", 0o644)
		v := startOnTerminal(t, 80, 24, h.path("ttydeck"), "login-rec", "--policy", h.path("policy.toml"))
		v.cmd.Env = append(v.cmd.Env, "USER=backup", "SHELL=/bin/sh", "HOME=/")
		v.cmd.Dir = "/"
		v.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: loginUID, Gid: loginUID}
		v.start()
		v.press("exit 0\r")
		if got := v.wait(); got != 1 || !shows("login refused: session cannot be recorded")(v.screen) {
			t.Errorf("%s: login-rec ended with status %d; the terminal shows\n%s", list, got, v.screen.Text())
		}
	}
}

// On a full disk the policy decides whether the session ends or goes on.
func TestLoginDiskFull(t *testing.T) {
	for _, policy := range []string{"block", "allow"} {
		t.Run(policy, func(t *testing.T) {
			h := newLoginHost(t, "on-failure = \""+policy+"\"\n")
			if err := os.Mkdir(h.kept, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mount("tmpfs", h.kept, "tmpfs", 0, "size=64k"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { unix.Unmount(h.kept, unix.MNT_DETACH) })
			h.receive()
			// The program waits: for its end, or for a key after the error.
			next := map[string]string{"block": "sleep 1000", "allow": "read x"}[policy]
			v := startOnTerminal(t, 80, 24, append(append([]string{"ssh"}, h.ssh...), "-tt", h.at(), "seq 200000; "+next+"; echo still-$((40+2)); exit 7")...)
			v.start()
			v.waitFor("the error", func(*vt.Screen) bool { return bytes.Contains(v.got, []byte("no space left on device")) })
			if policy == "allow" {
				v.press("\r")
			}
			status := v.wait()
			went := bytes.Contains(v.got, []byte("still-42"))
			if policy == "block" && (went || status == 0 || status == 7) || policy == "allow" && (!went || status != 7) {
				t.Errorf("%s: status %d, went on: %v", policy, status, went)
			}
			files := h.recordings()
			if len(files) != 1 {
				t.Fatalf("the receiver keeps %d recordings; want 1", len(files))
			}
			f, err := format.OpenFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got := f.Header.Size; got.Cols == 0 {
				t.Errorf("the recording has the size %v", got)
			}
		})
	}
}

// A receiver that goes away ends even a silent session.
func TestLoginReceiverGone(t *testing.T) {
	h := newLoginHost(t, "on-failure = \"block\"\n")
	l, err := login.Listen(h.path("socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(c, `{"file":"kept"}`)
		defer c.Close()
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"working\r`) {
				return
			}
		}
		t.Error("no output reached the receiver")
	}()
	out, status := h.run("", "ssh", "-tt", h.at(), "echo working; sleep 40; echo still-$((40+2))")
	if status == 0 || strings.Contains(out, "still-42") || !strings.Contains(out, "cannot be recorded any more") {
		t.Errorf("status %d: %q", status, out)
	}
}

// As a login shell, without a policy and a receiver, the program runs the user's
// shell.
func TestLoginShell(t *testing.T) {
	if _, err := os.Stat(login.DefaultPolicy); err == nil {
		if os.Getenv("CI") != "" {
			t.Fatal("this host has a policy; the test needs one without")
		}
		t.Skip("SKIPPED: this host has a policy")
	}
	if c, err := net.Dial("unix", login.DefaultSocket); err == nil {
		c.Close()
		if os.Getenv("CI") != "" {
			t.Fatal("this host has a receiver; the test needs one without")
		}
		t.Skip("SKIPPED: this host has a receiver")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := startOnTerminal(t, 80, 24, self)
	v.cmd.Args = []string{"-ttydeck-login"}
	v.start()
	v.waitFor("a warning and the shell", func(s *vt.Screen) bool {
		return shows("this session is not recorded")(s) && strings.ContainsAny(strings.TrimSpace(s.Text()[strings.LastIndexByte(s.Text(), '\n')+1:]), "$#")
	})
	v.press("echo \"<$0>\" $SHELL; exit 9\r")
	if got := v.wait(); got != 9 || !shows("<-sh> /bin/sh")(v.screen) {
		t.Errorf("the login shell ended with status %d; the terminal shows\n%s", got, v.screen.Text())
	}
	cmd := &exec.Cmd{Path: self, Args: []string{"ttydeck-login", "-c", "echo out; exit 8"}}
	out, err := cmd.CombinedOutput()
	if string(out) != "out\n" || cmd.ProcessState.ExitCode() != 8 {
		t.Errorf("-c: %q, %v", out, err)
	}
}
