package vt

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A program is a full-screen program with keys to drive it.
type program struct {
	name string
	args []string
	keys []string // typed in turn, in a loop
}

// programs run in a pseudo-terminal to produce real output.
var programs = []program{
	{"vim", []string{"vim", "-n", "-u", "NONE", "-N", "-c", "syntax on", "-c", "set number hlsearch", "print.go"},
		[]string{"\x06", "\x06", "\x05", "\x05", "/func\r", "n", "n", "ddp", "ix\x1b", "u", "G", "gg", "v5jy", "\x1b", ":split\r", "\x17w"}},
	{"less", []string{"less", "-R", "state.go"}, []string{" ", " ", "b", "j", "j", "/func\r", "n", "g", "G"}},
	{"htop", []string{"htop", "-d", "2"}, []string{"j", "j", "k", "\x1b[B", "t", "t", "\x1b[6~", "\x1b[5~"}},
	{"tmux", []string{"tmux", "-f", "/dev/null", "new-session", "ls -la --color=always; exec sh"},
		[]string{"ls -la --color=always /usr\r", "\x02%", "seq 300\r", "\x02o", "\x02\"", "clear; ls /etc\r", "\x02o", "\x02z", "\x02z"}},
	{"mc", []string{"mc", "-a"}, []string{"\x1b[B", "\x1b[B", "\t", "\x1b[B", "\x1b[6~", "\x1b[5~"}},
}

// capture runs a program in a terminal of the given size until it has written
// size bytes or the time limit is reached.
func capture(tb testing.TB, p program, cols, rows uint16, size int, limit time.Duration) []byte {
	tb.Helper()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "COLORTERM=truecolor", "TMUX=", "HOME="+tb.TempDir(), "TMUX_TMPDIR="+tb.TempDir())
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: cols, Rows: rows})
	if err != nil {
		tb.Fatal(err)
	}
	var mu sync.Mutex
	var out bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, err := f.Read(buf)
			mu.Lock()
			out.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	time.Sleep(300 * time.Millisecond) // some programs discard keys typed before they read
	for start, i := time.Now(), 0; time.Since(start) < limit; i++ {
		mu.Lock()
		n := out.Len()
		mu.Unlock()
		if n >= size {
			break
		}
		f.WriteString(p.keys[i%len(p.keys)])
		time.Sleep(15 * time.Millisecond) // one key at a time
	}
	if p.name == "tmux" {
		kill := exec.Command("tmux", "kill-server")
		kill.Env = cmd.Env
		kill.Run()
	}
	cmd.Process.Kill()
	cmd.Wait()
	f.Close()
	<-done
	return out.Bytes()
}

// captures returns the output of each installed program. It runs each program
// once per test run.
func captures(tb testing.TB) map[string][]byte {
	tb.Helper()
	captureOnce.Lock()
	defer captureOnce.Unlock()
	if captured != nil {
		return captured
	}
	out := map[string][]byte{}
	var missing []string
	var mu sync.Mutex // guards out
	var running sync.WaitGroup
	for _, p := range programs {
		if _, err := exec.LookPath(p.args[0]); errors.Is(err, exec.ErrNotFound) {
			missing = append(missing, p.name)
			continue
		}
		running.Go(func() { // in parallel: most wait for keys
			data := capture(tb, p, 200, 50, 1<<20, 6*time.Second)
			mu.Lock()
			defer mu.Unlock()
			out[p.name] = data
		})
	}
	running.Wait()
	if len(missing) > 0 {
		tb.Logf("not installed: %s", strings.Join(missing, ", "))
	}
	captured = out
	return out
}

var (
	captureOnce sync.Mutex
	captured    map[string][]byte
)

// benchPrograms returns fresh output of full-screen programs.
func benchPrograms(tb testing.TB) []byte {
	caps := captures(tb)
	if len(caps) == 0 {
		tb.Skipf("%s is skipped: no full-screen program is installed", tb.Name())
	}
	var out []byte
	for _, p := range programs {
		out = append(out, caps[p.name]...)
		out = append(out, "\x1b[?1049l\x1b[!p\x1b[r\x1b[0m"...)
	}
	return out
}

// TestXtermJSPrograms compares the screens of full-screen programs with those
// of xterm.js, at ten points of each.
func TestXtermJSPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("TestXtermJSPrograms is skipped with -short: it is long and uses one goroutine")
	}
	o := startOracle(t)
	if dir := os.Getenv("VT_CAPTURES"); dir != "" {
		// Keep the captures for a look at the differences.
		t.Cleanup(func() {
			for name, data := range captured {
				os.WriteFile(filepath.Join(dir, name), data, 0o600)
			}
		})
	}
	for name, data := range captures(t) {
		t.Run(name, func(t *testing.T) {
			if len(data) < 1000 {
				t.Fatalf("%s wrote only %d bytes", name, len(data))
			}
			for i := 1; i <= 10; i++ {
				part := []oracleStep{{Data: slices.Clone(data[:len(data)*i/10])}}
				js := o.run(t, oracleJob{200, 50, 0, part})
				same(t, name, dumpLike(replay(200, 50, 0, part)), js.dump())
			}
		})
	}
}
