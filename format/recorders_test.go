//go:build linux

package format

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/internal/await"
)

// freshSession is a random session for a real recorder: the program's output,
// the user's input and a resize.
type freshSession struct {
	dir    string
	output [3]string
	input  [2]string
	size   Size // after the resize
	exit   int
	script string // path of the program
}

const (
	freshReady = "<ready>"
	freshAgain = "<again>"
)

// newFresh returns a random session.
func newFresh(t *testing.T, seed uint64) *freshSession {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 23))
	s := &freshSession{dir: t.TempDir(), size: Size{100 + r.IntN(50), 30 + r.IntN(20)}, exit: 1 + r.IntN(100)}
	for i := range s.output {
		var b strings.Builder
		for range 20 + r.IntN(400) {
			b.WriteString(randomData(r, false))
		}
		// Keep the output within the recorders' own limits: no size sequence,
		// which is termrec's, and at most 60,000 bytes.
		s.output[i] = strings.ReplaceAll(b.String(), "\x1b[8;40;132t", "")
		if len(s.output[i]) > 60_000 {
			s.output[i] = s.output[i][:60_000]
		}
		if err := os.WriteFile(filepath.Join(s.dir, fmt.Sprint("part", i)), []byte(s.output[i]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.input {
		for range 5 + r.IntN(20) {
			s.input[i] += []string{"a", "Z", " ", "é", "漢", "\r", "\x1b[A", "\x7f", "'", `"`, "\\", "\t"}[r.IntN(12)]
		}
	}
	// Raw mode passes every byte through unchanged.
	program := fmt.Sprintf(`#!/bin/sh
cd %q
stty raw -echo
printf '%s'
head -c %d >/dev/null
cat part0
sleep 0.05
cat part1
printf '%s'
head -c %d >/dev/null
cat part2
sleep 0.05
exit %d
`, s.dir, freshReady, len(s.input[0]), freshAgain, len(s.input[1]), s.exit)
	s.script = filepath.Join(s.dir, "session.sh")
	if err := os.WriteFile(s.script, []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// record runs a recorder in a terminal, types the input and resizes the window.
func (s *freshSession) record(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var mu sync.Mutex
	var seen bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 32<<10)
		for {
			n, err := terminal.Read(buf)
			mu.Lock()
			seen.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	wait := func(text string) {
		t.Helper()
		var all string
		await.Until(t, fmt.Sprintf("%s from %s; the output is", text, cmd), func() bool {
			mu.Lock()
			defer mu.Unlock()
			all = seen.String()
			return strings.Contains(all, text)
		}, &all)
	}
	wait(freshReady)
	for i, c := range s.input[0] { // one key at a time
		terminal.WriteString(string(c))
		if i%3 == 0 {
			time.Sleep(2 * time.Millisecond) // spread the keys over several reads
		}
	}
	wait(freshAgain)
	pty.Setsize(terminal, &pty.Winsize{Cols: uint16(s.size.Cols), Rows: uint16(s.size.Rows)})
	time.Sleep(200 * time.Millisecond) // recorders note a new size with the next output
	terminal.WriteString(s.input[1])
	select {
	case <-done:
	case <-time.After(await.Patience):
		cmd.Process.Kill()
		t.Fatalf("%s did not exit", cmd)
	}
	cmd.Wait() // some recorders exit with the program's status, others do not
}

// fresh lists what a recorder stores besides the output.
type fresh struct {
	input, resize, exit, size bool
}

// check compares a recording with the session.
func (s *freshSession) check(t *testing.T, path string, f *Format, keeps fresh, opts ...Option) recorded {
	t.Helper()
	r := readAll(path, append(opts, Strict())...)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.format != f {
		t.Errorf("format = %s; want %s", r.format, f)
	}
	sameBytes(t, f.Name, r.data(Output), freshReady+s.output[0]+s.output[1]+freshAgain+s.output[2])
	want := recorded{}
	if keeps.input {
		sameBytes(t, f.Name+"'s input", r.data(Input), s.input[0]+s.input[1])
	}
	if keeps.resize {
		want.events = []Event{{Code: Resize, Data: s.size.String()}}
		if got := r.data(Resize); got != want.data(Resize) {
			t.Errorf("resizes = %q; want %q", got, want.data(Resize))
		}
	}
	if keeps.exit {
		if got := r.data(Exit); got != fmt.Sprint(s.exit) {
			t.Errorf("exit status = %s; want %d", got, s.exit)
		}
	}
	if keeps.size && r.Header.Size != (Size{80, 24}) {
		t.Errorf("size = %v; want 80x24", r.Header.Size)
	}
	last := r.events[len(r.events)-1].Time
	if last < 200*time.Millisecond || last > 30*time.Second {
		t.Errorf("session took %v; want 200ms to 30s", last)
	}
	if age := time.Since(r.Header.Start); age < 0 || age > time.Minute {
		t.Errorf("start = %v; want less than a minute ago", r.Header.Start)
	}
	return r
}

func TestFreshScript(t *testing.T) {
	script := tool(t, "script", "bsdutils")
	for i, row := range []struct {
		name  string
		args  []string
		path  string
		form  *Format
		keeps fresh
	}{
		{"classic", []string{"-T", "timing", "typescript"}, "typescript", ScriptClassic, fresh{size: true, exit: true}},
		{"advanced", []string{"-m", "advanced", "-T", "the.timing", "-O", "out"}, "out", Script, fresh{size: true, exit: true, resize: true}},
		{"separate", []string{"-T", "t", "-O", "o", "-I", "i"}, "i", Script, fresh{size: true, exit: true, resize: true, input: true}},
		{"both", []string{"-T", "times", "-B", "io"}, "times", Script, fresh{size: true, exit: true, resize: true, input: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newFresh(t, uint64(i))
			s.record(t, exec.Command(script, append([]string{"-q", "-e", "-c", s.script}, row.args...)...))
			s.check(t, filepath.Join(s.dir, row.path), row.form, row.keeps)
		})
	}
}

// A typescript may hold two sessions while its timing covers only the second.
// Then the second is read.
func TestFreshAppended(t *testing.T) {
	script := tool(t, "script", "bsdutils")
	first, second := newFresh(t, 31), newFresh(t, 32)
	path := filepath.Join(t.TempDir(), "typescript")
	first.record(t, exec.Command(script, "-q", "-e", "-c", first.script, "-T", path+".timing", path))
	second.record(t, exec.Command(script, "-q", "-e", "-a", "-c", second.script, "-T", path+".timing", path))
	second.check(t, path, ScriptClassic, fresh{size: true, exit: true})
}

func TestFreshTtyrec(t *testing.T) {
	ttyrec := tool(t, "ttyrec", "ttyrec")
	s := newFresh(t, 41)
	path := filepath.Join(s.dir, "out")
	s.record(t, exec.Command(ttyrec, "-e", s.script, path))
	s.check(t, path, Ttyrec, fresh{})
}

func TestFreshTermrec(t *testing.T) {
	termrec := tool(t, "termrec", "termrec")
	for i, ext := range []string{"", ".gz", ".bz2", ".xz", ".zst"} {
		t.Run("ttyrec"+ext, func(t *testing.T) {
			s := newFresh(t, 51+uint64(i))
			path := filepath.Join(s.dir, "out.ttyrec"+ext)
			s.record(t, exec.Command(termrec, "-e", s.script, path))
			s.check(t, path, Ttyrec, fresh{size: true, resize: true})
		})
	}
}

// inOwnMounts returns a command that runs setup and then args in its own mount
// namespace.
func inOwnMounts(t *testing.T, setup string, args ...string) *exec.Cmd {
	t.Helper()
	unshare := tool(t, "unshare", "util-linux")
	if os.Getuid() != 0 {
		t.Skipf("%s is skipped: only root can give the recorder its own configuration", t.Name())
	}
	if out, err := exec.Command(unshare, "-m", "true").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("unshare -m: %v: %s", err, out)
		}
		t.Skipf("%s is skipped: unshare -m: %v", t.Name(), err)
	}
	return exec.Command(unshare, append([]string{"-m", "sh", "-c", setup + `; exec "$@"`, "sh"}, args...)...)
}

func TestFreshSudo(t *testing.T) {
	sudo := tool(t, "sudo", "sudo")
	for i, compress := range []string{"", "!"} {
		t.Run(compress+"compress_io", func(t *testing.T) {
			s := newFresh(t, 61+uint64(i))
			sudoers := filepath.Join(s.dir, "sudoers")
			text := fmt.Sprintf("Defaults log_input, log_output, iolog_dir=%s/io, %scompress_io, !syslog\nroot ALL=(ALL) NOPASSWD: ALL\n", s.dir, compress)
			if err := os.WriteFile(sudoers, []byte(text), 0o440); err != nil {
				t.Fatal(err)
			}
			s.record(t, inOwnMounts(t, "mount --bind "+sudoers+" /etc/sudoers", sudo, s.script))
			r := s.check(t, filepath.Join(s.dir, "io/00/00/01"), SudoIOLog, fresh{size: true, resize: true, input: true})
			if r.Header.Command != s.script {
				t.Errorf("command = %q; want %q", r.Header.Command, s.script)
			}
		})
	}
}

func TestFreshTlog(t *testing.T) {
	tlog := tool(t, "tlog-rec", "tlog")
	for i, payload := range []string{"2048", "64"} {
		t.Run("payload "+payload, func(t *testing.T) {
			s := newFresh(t, 71+uint64(i))
			path := filepath.Join(s.dir, "out.log")
			// tlog-rec 12.1 fails without a utmp file.
			s.record(t, inOwnMounts(t, "mount -t tmpfs none /run && touch /run/utmp",
				tlog, "-w", "file", "-o", path, "--log-input", "--payload", payload, s.script))
			s.check(t, path, Tlog, fresh{size: true, resize: true, input: true})
		})
	}
}
