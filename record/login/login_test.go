//go:build linux

package login

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	helloWait = await.Patience
	os.Exit(m.Run())
}

func TestReadPolicy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a policy file belongs to root")
	}
	dir, err := os.MkdirTemp("/run", "ttydeck-policy-test")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "login.toml")
	if p, err := ReadPolicy(path); err != nil || p.Blocks() || p.Socket != DefaultSocket {
		t.Errorf("ReadPolicy without a file = %+v, %v; want the defaults", p, err)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("record = [\"me\", \"@wheel\"]\nexcept = [\"you\"]\ninput = true\nshell = \"/bin/zsh\"\nsocket = \"/x\"\non-failure = \"block\"\nnotice = \"n\"\n")
	want := Policy{Record: []string{"me", "@wheel"}, Except: []string{"you"}, Input: true, Shell: "/bin/zsh", Socket: "/x", OnFailure: "block", Notice: "n"}
	if p, err := ReadPolicy(path); err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("ReadPolicy = %+v, %v; want %+v", p, err, want)
	}
	for _, bad := range []string{
		"input = 3", "inputs = true", "on-failure = \"maybe\"", "on-failure = \"Block\"", "on-failure = \"block", "on-failure = \"\"", "shell = \"bash\"", "[",
		"socket = \"login.sock\"", "record = \"me\"", "record = [\"\"]", "record = [\"@\"]", "record = [\"me,you\"]", "record = [\"adm*\"]", "record = [\"%wheel\"]",
		"except = [\" me\"]", "except = [\"!me\"]",
	} {
		write(bad)
		// Even with a broken policy there is a shell, for sessions that are not
		// recorded.
		if p, err := ReadPolicy(path); !errors.Is(err, ErrPolicy) || !filepath.IsAbs(p.Shell) {
			t.Errorf("ReadPolicy of %s = %+v, %v; want ErrPolicy, and a shell", bad, p, err)
		}
	}
	write("record = [\"*\", \"me\", \"host$\", \"@domain users@example.com\"]\n")
	if _, err := ReadPolicy(path); err != nil {
		t.Error(err)
	}
	write("")
	open := filepath.Join(dir, "open") // writable by everybody
	link := func(to, from string) {
		os.Remove(from)
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for what, loosen := range map[string]func(){
		"others may write it":         func() { os.Chmod(path, 0o646) },
		"another user's":              func() { os.Chown(path, 65534, 0) },
		"in a directory of everybody": func() { os.Chmod(dir, 0o777) },
		"in another user's directory": func() { os.Chown(dir, 65534, 0) },
		"gone from a directory of everybody": func() {
			os.Remove(path)
			os.Chmod(dir, 0o777)
		},
		"a link to nowhere":           func() { link("nowhere", path) },
		"a link to itself":            func() { link(path, path) },
		"a link to what others write": func() { link("open/file", path) },
		"a link by a link that others may change": func() {
			link("../good", filepath.Join(open, "link"))
			link("open/link", path)
		},
		"a link of another user": func() {
			link("good", path)
			os.Lchown(path, 65534, 0)
		},
		"a directory": func() {
			os.Remove(path)
			os.Mkdir(path, 0o755)
		},
	} {
		os.RemoveAll(dir)
		os.MkdirAll(open, 0o755)
		os.Chmod(open, 0o777)
		for name, mode := range map[string]os.FileMode{"login.toml": 0o644, "good": 0o644, "open/file": 0o666} {
			os.WriteFile(filepath.Join(dir, name), nil, 0o644)
			os.Chmod(filepath.Join(dir, name), mode)
		}
		if _, err := ReadPolicy(path); err != nil {
			t.Fatal(err)
		}
		loosen()
		if _, err := ReadPolicy(path); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: ReadPolicy: %v; want ErrPolicy", what, err)
		}
	}
	// Root's own links are fine. So is a missing file, behind a link or in a
	// missing directory.
	os.RemoveAll(dir)
	os.MkdirAll(filepath.Join(dir, "real"), 0o755)
	link("real", filepath.Join(dir, "linked"))
	path = filepath.Join(dir, "linked", "login.toml")
	if p, err := ReadPolicy(path); err != nil || p.Blocks() {
		t.Errorf("ReadPolicy without a file, through a link = %+v, %v; want no error and no block", p, err)
	}
	os.WriteFile(filepath.Join(dir, "real", "policy"), []byte("on-failure = \"block\"\n"), 0o644)
	link("../linked/policy", filepath.Join(dir, "real", "login.toml"))
	if p, err := ReadPolicy(path); err != nil || !p.Blocks() {
		t.Errorf("ReadPolicy through links = %+v, %v; want a block", p, err)
	}
	if p, err := ReadPolicy(filepath.Join(t.TempDir(), "no", "login.toml")); err != nil || p.Blocks() {
		t.Errorf("ReadPolicy without a directory = %+v, %v; want no error and no block", p, err)
	}
}

func TestRecords(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	mine := os.Getuid()
	const nobody = 2345678 // a user without a name
	tests := []struct {
		uid            int
		record, except []string
		want           bool
	}{
		{mine, nil, nil, true}, {mine, []string{"*"}, nil, true}, {mine, []string{me.Username}, nil, true}, {mine, []string{"x"}, nil, false},
		{mine, []string{"@" + g.Name}, nil, true}, {mine, nil, []string{me.Username}, false}, {mine, []string{"*"}, []string{"@" + g.Name}, false},
		{mine, nil, []string{"x", "@x"}, true},
		// In doubt the user is recorded: an unknown group may contain anybody,
		// and a user without a name may be listed under any.
		{mine, []string{"@nosuchgroup"}, nil, true}, {mine, []string{"x", "@nosuchgroup"}, []string{me.Username}, false},
		{nobody, []string{"x"}, nil, true}, {nobody, []string{"@" + g.Name}, nil, true}, {nobody, nil, []string{"x", "@" + g.Name}, true},
		{nobody, nil, []string{"2345678"}, false},
	}
	for _, tt := range tests {
		if got := (Policy{Record: tt.record, Except: tt.except}).Records(tt.uid); got != tt.want {
			t.Errorf("Records(%d), record %q, except %q = %v; want %v", tt.uid, tt.record, tt.except, got, tt.want)
		}
	}
	p := Policy{Record: []string{"*", me.Username, "@" + g.Name, "nosuchuser"}, Except: []string{"@nosuchgroup"}}
	if got := p.Unknown(); !reflect.DeepEqual(got, []string{"nosuchuser", "@nosuchgroup"}) {
		t.Errorf("Unknown() = %q; want nosuchuser and @nosuchgroup", got)
	}
}

func TestInvocation(t *testing.T) {
	tests := []struct {
		args     string
		terminal bool
		want     string
	}{
		{"-ttydeck-login", true, "[-bash] true"}, {"-ttydeck-login", false, "[-bash] false"}, {"/usr/bin/ttydeck-login", true, "[/bin/bash] true"},
		{"ttydeck-login -c ls", true, "[/bin/bash -c ls] false"}, {"-ttydeck-login -c ls", true, "[-bash -c ls] false"}, {"ttydeck-login -l", true, "[/bin/bash -l] true"},
		{"ttydeck-login script x", true, "[/bin/bash script x] false"},
	}
	for _, tt := range tests {
		in := ForShell("/bin/bash", strings.Fields(tt.args), tt.terminal)
		if got := fmt.Sprint(in.Args, " ", in.Interactive); in.Path != "/bin/bash" || got != tt.want {
			t.Errorf("ForShell(%s, terminal %v) = %s %s; want /bin/bash %s", tt.args, tt.terminal, in.Path, got, tt.want)
		}
	}
	for _, tt := range []struct {
		command  string
		terminal bool
		want     string
	}{
		{"", true, "[-bash] true"}, {"", false, "[-bash] false"}, {"ls -l", false, "[bash -c ls -l] false"}, {"vim", true, "[bash -c vim] true"},
	} {
		in, err := ForCommand("/bin/bash", tt.command, tt.terminal)
		if got := fmt.Sprint(in.Args, " ", in.Interactive); err != nil || got != tt.want {
			t.Errorf("ForCommand(%q, terminal %v) = %s, %v; want %s", tt.command, tt.terminal, got, err, tt.want)
		}
	}
	// A command that only begins like the sftp server is not the server.
	for _, terminal := range []bool{false, true} {
		if in, err := ForCommand("/bin/bash", "internal-sftp -h; exec bash", terminal); err == nil && in.Interactive != terminal {
			t.Errorf("ForCommand(internal-sftp -h; ..., terminal %v).Interactive = %v", terminal, in.Interactive)
		}
	}
	for name, want := range map[string]bool{"ttydeck-login": true, "-ttydeck-login": true, "/usr/bin/ttydeck-login": true, "ttydeck": false, "-bash": false} {
		if As(name) != want {
			t.Errorf("As(%q) = %v; want %v", name, !want, want)
		}
	}
}

func TestReceiver(t *testing.T) {
	dir, err := os.MkdirTemp("", "login")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	// Listen replaces the socket of a dead receiver.
	if dead, err := Listen(socket); err != nil {
		t.Fatal(err)
	} else {
		dead.(interface{ SetUnlinkOnClose(bool) }).SetUnlinkOnClose(false)
		dead.Close()
	}
	l, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(socket); err == nil {
		t.Error("a second Listen on one socket succeeded")
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- (&Receiver{Dir: filepath.Join(dir, "kept")}).Serve(ctx, l) }()
	var files []string
	for range 3 {
		s, err := Send(socket, Hello{TTY: "/dev/pts/1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("all of it\n")); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		files = append(files, s.File)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		info, serr := os.Stat(file)
		if err != nil || serr != nil || string(text) != "all of it\n" || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, %v, %v; want all of it, mode 0600", file, text, err, info)
		}
	}
	// One user cannot take the places of the others. When some of the user's
	// recordings end, there is room for more.
	var many []*Sender
	for range maxRecordings {
		s, err := Send(socket, Hello{})
		if err != nil {
			t.Fatal(err)
		}
		many = append(many, s)
	}
	if _, err := Send(socket, Hello{}); err == nil || !strings.Contains(err.Error(), "recorded already") {
		t.Errorf("Send after %d recordings: %v; want an error", maxRecordings, err)
	}
	for _, s := range many {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(await.Patience); ; time.Sleep(time.Millisecond) {
		s, err := Send(socket, Hello{})
		if err == nil {
			s.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	// Send reports at once a directory that cannot be created.
	os.RemoveAll(filepath.Join(dir, "kept"))
	os.WriteFile(filepath.Join(dir, "kept"), nil, 0o600)
	if _, err := Send(socket, Hello{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("Send without a directory for the recordings: %v; want an error", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := Send(socket, Hello{}); err == nil {
		t.Error("Send after the end of Serve succeeded")
	}
}

// A recording is locked while it is written. If its file is removed before it
// is locked, a new one is created.
func TestHold(t *testing.T) {
	r := Receiver{Dir: t.TempDir()}
	f, err := r.create("me")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	other, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("Flock during the recording: %v; want EWOULDBLOCK", err)
	}
	gone, err := os.Create(filepath.Join(r.Dir, "gone"))
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	if err := os.Remove(gone.Name()); err != nil {
		t.Fatal(err)
	}
	if ok, err := hold(gone); ok || err != nil {
		t.Errorf("hold of a removed file = %v, %v; want false", ok, err)
	}
}
