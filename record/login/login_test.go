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
)

func TestReadPolicy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("TestReadPolicy is skipped: a policy is root's")
	}
	dir := "/run/ttydeck-policy-test"
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "login.toml")
	if p, err := ReadPolicy(path); err != nil || p.Blocks() || p.Socket != DefaultSocket {
		t.Errorf("without a file: %+v, %v", p, err)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("record = [\"me\", \"@wheel\"]\nexcept = [\"you\"]\ninput = true\nshell = \"/bin/zsh\"\nsocket = \"/x\"\non-failure = \"block\"\nnotice = \"n\"\n")
	want := Policy{Record: []string{"me", "@wheel"}, Except: []string{"you"}, Input: true, Shell: "/bin/zsh", Socket: "/x", OnFailure: "block", Notice: "n"}
	if p, err := ReadPolicy(path); err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"input = 3", "inputs = true", "on-failure = \"maybe\"", "shell = \"bash\"", "["} {
		write(bad)
		if _, err := ReadPolicy(path); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v; want ErrPolicy", bad, err)
		}
	}
	write("")
	for what, loosen := range map[string]func(){
		"others may write it":         func() { os.Chmod(path, 0o646) },
		"another user's":              func() { os.Chmod(path, 0o644); os.Chown(path, 65534, 0) },
		"in a directory of everybody": func() { os.Chown(path, 0, 0); os.Chmod(dir, 0o777) },
	} {
		os.Chmod(dir, 0o755)
		loosen()
		if _, err := ReadPolicy(path); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v; want ErrPolicy", what, err)
		}
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
	tests := []struct {
		record, except []string
		want           bool
	}{
		{nil, nil, true}, {[]string{"*"}, nil, true}, {[]string{me.Username}, nil, true}, {[]string{"x"}, nil, false},
		{[]string{"@" + g.Name}, nil, true}, {nil, []string{me.Username}, false}, {[]string{"*"}, []string{"@" + g.Name}, false}, {nil, []string{"x", "@x"}, true},
	}
	for _, tt := range tests {
		if got := (Policy{Record: tt.record, Except: tt.except}).Records(me); got != tt.want {
			t.Errorf("record %q, except %q: %v", tt.record, tt.except, got)
		}
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
			t.Errorf("%s, %v: %s %s; want %s", tt.args, tt.terminal, in.Path, got, tt.want)
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
			t.Errorf("%q, %v: %s, %v; want %s", tt.command, tt.terminal, got, err, tt.want)
		}
	}
	// What merely begins like the sftp server is not it.
	for _, terminal := range []bool{false, true} {
		if in, err := ForCommand("/bin/bash", "internal-sftp -h; exec bash", terminal); err == nil && in.Interactive != terminal {
			t.Errorf("internal-sftp, terminal %v: interactive %v", terminal, in.Interactive)
		}
	}
	for name, want := range map[string]bool{"ttydeck-login": true, "-ttydeck-login": true, "/usr/bin/ttydeck-login": true, "ttydeck": false, "-bash": false} {
		if As(name) != want {
			t.Errorf("As(%q) = %v", name, !want)
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
	// What is left of one that is dead is not in the way.
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
		t.Error("two listen at one socket")
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
			t.Errorf("%s holds %q, %v, %v", file, text, err, info)
		}
	}
	// One user cannot keep the others out; when he has ended some he gets more.
	var many []*Sender
	for range maxRecordings {
		s, err := Send(socket, Hello{})
		if err != nil {
			t.Fatal(err)
		}
		many = append(many, s)
	}
	if _, err := Send(socket, Hello{}); err == nil || !strings.Contains(err.Error(), "recorded already") {
		t.Errorf("one more than %d: %v", maxRecordings, err)
	}
	for _, s := range many {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s, err := Send(socket, Hello{})
		if err == nil {
			s.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	// A directory that cannot be is told at once.
	os.RemoveAll(filepath.Join(dir, "kept"))
	os.WriteFile(filepath.Join(dir, "kept"), nil, 0o600)
	if _, err := Send(socket, Hello{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("without a place to keep it: %v", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := Send(socket, Hello{}); err == nil {
		t.Error("it was sent to nobody")
	}
}
