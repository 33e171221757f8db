package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/vt"
	"golang.org/x/sys/unix"
)

// program returns a path to this test's binary under the name that makes it the
// program; see TestMain.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ttydeck")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// terminal is a pseudo-terminal that runs a program; a screen model shows it.
type terminal struct {
	t      *testing.T
	master *tty.Conn
	slave  *os.File
	cmd    *exec.Cmd
	done   chan error

	mu     sync.Mutex
	screen *vt.Screen // guarded by mu
	got    []byte     // guarded by mu
	over   bool       // what still comes is not kept; guarded by mu
}

func startOnTerminal(t *testing.T, cols, rows int, args ...string) *terminal {
	t.Helper()
	master, slave, err := tty.OpenPTY(tty.Size{Cols: cols, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	v := &terminal{t: t, master: master, slave: slave, screen: vt.New(cols, rows), done: make(chan error, 1)}
	v.screen.WriteString("\x1b]2;the shell\x07$ ")
	v.cmd = exec.Command(args[0], args[1:]...)
	v.cmd.Stdin, v.cmd.Stdout, v.cmd.Stderr = slave, slave, slave
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	v.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	t.Cleanup(func() {
		v.cmd.Process.Kill()
		slave.Close()
		master.Close()
	})
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			if n > 0 { // after wait, tests read the fields without mu
				v.mu.Lock()
				if !v.over {
					v.screen.Write(buf[:n])
					v.got = append(v.got, buf[:n]...)
				}
				v.mu.Unlock()
			}
			if err != nil {
				return
			}
		}
	}()
	return v
}

func (v *terminal) start() {
	v.t.Helper()
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	go func() { v.done <- v.cmd.Wait() }()
}

func (v *terminal) press(keys string) {
	v.t.Helper()
	if _, err := v.master.Write([]byte(keys)); err != nil {
		v.t.Fatal(err)
	}
}

// waitFor waits until ok reports true for the screen.
func (v *terminal) waitFor(what string, ok func(*vt.Screen) bool) {
	v.t.Helper()
	var text string
	await.Until(v.t, what+"; the screen shows", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		text = v.screen.Text()
		return ok(v.screen)
	}, &text)
}

// wait waits for the program's end and its last output, and returns the exit
// status.
func (v *terminal) wait() int {
	v.t.Helper()
	err := await.Receive(v.t, "the program's end", v.done)
	// Once a mark after the output arrives, all of the output has.
	const mark = "\x1b]9999;end\x07"
	v.slave.WriteString(mark)
	await.Until(v.t, "the end of the output", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		// The kernel echoes keys in its own time, perhaps after the mark.
		v.over = bytes.Contains(v.got, []byte(mark))
		return v.over
	})
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	} else if err != nil {
		v.t.Fatal(err)
	}
	return 0
}

// modes returns the line discipline's modes, as stty prints them.
func (v *terminal) modes() string {
	v.t.Helper()
	stty := exec.Command("stty", "-a")
	stty.Stdin = v.slave
	out, err := stty.CombinedOutput()
	if err != nil {
		v.t.Fatalf("stty: %v: %s", err, out)
	}
	return string(out)
}

// meanCast writes a recording that leaves a terminal in a bad state, and returns
// its path.
func meanCast(t *testing.T, seconds int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"version":2,"width":80,"height":24}` + "\n")
	set := `\u001b]0;taken over\u0007\u001b[?1049h\u001b[?25l\u001b[?1000h\u001b[?1002h\u001b[?1003h\u001b[?1006h\u001b[?1004h\u001b[?2004h` +
		`\u001b[?1h\u001b=\u001b[?5h\u001b[?6h\u001b[?7l\u001b[4h\u001b[20h\u001b[>4;2m\u001b[5;10r\u001b(0\u001b[31;44;1;7m\u001b[3 q` +
		`\u001b]4;1;#123456\u0007\u001b]10;#ff0000\u0007`
	fmt.Fprintf(&b, "[0.01,\"o\",\"%s\"]\n", set)
	for i := range seconds * 20 {
		fmt.Fprintf(&b, "[%.2f,\"o\",\"\\r\\nevent %d \\u001b[3%dm\"]\n", 0.02+float64(i)*0.05, i, i%8)
	}
	name := filepath.Join(t.TempDir(), "mean.cast")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// However and whenever play ends, it restores the terminal.
func TestPlayLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	ttydeck := program(t)
	long, short := meanCast(t, 60), meanCast(t, 1)
	key := func(k string) func(*terminal) { return func(v *terminal) { v.press(k) } }
	sig := func(s syscall.Signal) func(*terminal) { return func(v *terminal) { v.cmd.Process.Signal(s) } }
	ways := []struct {
		name string
		cast string
		end  func(*terminal)
		want int
	}{
		{"q", long, key("q"), 0},
		{"ctrl-C", long, key("\x03"), 130},
		{"SIGINT", long, sig(syscall.SIGINT), 130},
		{"SIGTERM", long, sig(syscall.SIGTERM), 143},
		{"SIGHUP", long, sig(syscall.SIGHUP), 129},
		{"SIGQUIT", long, sig(syscall.SIGQUIT), 131},
		{"the end", short, func(*terminal) {}, 0},
		{"while searching", long, key("/event 5\x03"), 130},
	}
	for _, flags := range [][]string{nil, {"--raw"}, {"--no-ui"}, {"--speed", "max", "--loop"}} {
		for _, way := range ways {
			if way.name == "the end" && len(flags) == 3 {
				continue // a loop does not end
			}
			if testing.Short() && len(flags) > 0 && way.name != "SIGTERM" {
				continue
			}
			t.Run(strings.Join(append([]string{way.name}, flags...), " "), func(t *testing.T) {
				t.Parallel()
				v := startOnTerminal(t, 80, 24, append(append([]string{ttydeck, "play"}, flags...), way.cast)...)
				before := v.modes()
				v.start()
				if way.name != "the end" { // the short recording may be over by now
					// The recording turns letters into line drawing, but not digits.
					v.waitFor("the recording", func(s *vt.Screen) bool {
						return strings.ContainsAny(s.Text(), "123")
					})
				}
				time.Sleep(time.Duration(rand.IntN(80)) * time.Millisecond) // end at a random moment
				way.end(v)
				if got := v.wait(); got != way.want {
					t.Errorf("play ended with status %d; want %d", got, way.want)
				}
				if after := v.modes(); after != before {
					t.Errorf("stty -a printed\n%s; want\n%s", after, before)
				}
				clean := vt.New(80, 24)
				if got, want := v.screen.Modes(), clean.Modes(); got != want {
					t.Errorf("the terminal has the modes\n%+v; want\n%+v", got, want)
				}
				fg, bg, _ := v.screen.DefaultColors()
				_, redefined := v.screen.Palette(1)
				top, bottom, _, _ := v.screen.Margins()
				if v.screen.OnAlternate() || v.screen.Pen() != clean.Pen() || v.screen.Cursor().Shape != 0 ||
					v.screen.Title() != "the shell" || fg != 0 || bg != 0 || redefined || top != 0 || bottom != 23 {
					t.Errorf("alternate %v, pen %v, cursor %+v, title %q, colours %v %v %v, margins %d to %d",
						v.screen.OnAlternate(), v.screen.Pen(), v.screen.Cursor(), v.screen.Title(), fg, bg, redefined, top, bottom)
				}
				v.screen.WriteString("lqk") // is it ASCII again?
				if !strings.Contains(v.screen.Text(), "lqk") {
					t.Errorf("the character set is not ASCII: %q", v.screen.Text())
				}
			})
		}
	}
}

// A stuck terminal does not keep play from ending.
func TestPlayEndsOnAStuckTerminal(t *testing.T) {
	t.Parallel()
	ttydeck := program(t)
	master, slave, err := tty.OpenPTY(tty.Size{Cols: 200, Rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	cast := filepath.Join(t.TempDir(), "noise.cast")
	var b strings.Builder
	b.WriteString(`{"version":2,"width":200,"height":49}` + "\n")
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		line := make([]byte, 150)
		for j := range line {
			line[j] = byte('a' + r.IntN(26))
		}
		fmt.Fprintf(&b, "[%.3f,\"o\",\"\\u001b[%d;1H%s\"]\n", float64(i)*0.01, 1+i%49, line)
	}
	if err := os.WriteFile(cast, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(ttydeck, "play", cast)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	await.Until(t, "a full terminal", func() bool {
		fds := []unix.PollFd{{Fd: int32(slave.Fd()), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		return n == 0 && err == nil
	})
	if _, err := master.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("play ended with %v", err)
	}
}

// Play reads keys from the terminal while it reads the recording from standard
// input or over the network.
func TestPlayFromElsewhere(t *testing.T) {
	t.Parallel()
	ttydeck := program(t)
	const cast = `{"version":2,"width":40,"height":5}` + "\n" + `[0.01,"o","here it is"]` + "\n" + `[1000,"o","much later"]` + "\n"
	var z bytes.Buffer
	gz := gzip.NewWriter(&z)
	gz.Write([]byte(cast))
	gz.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a/1":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<html><head><link rel="alternate" type="application/x-asciicast" href="/a/1.cast"></head></html>`)
		case "/a/1.cast":
			io.WriteString(w, cast)
		case "/x.cast.gz":
			w.Write(z.Bytes())
		}
	}))
	defer srv.Close()
	if out, err := exec.Command(ttydeck, "convert", "--format", "raw", srv.URL+"/a/1", "-").Output(); err != nil || string(out) != "here it ismuch later" {
		t.Errorf("convert of a page wrote %q, %v", out, err)
	}
	for _, from := range []string{"-", srv.URL + "/a/1", srv.URL + "/a/1.cast", srv.URL + "/x.cast.gz"} {
		v := startOnTerminal(t, 80, 24, ttydeck, "play", from)
		if from == "-" {
			v.cmd.Stdin = strings.NewReader(cast)
			// Standard output becomes the controlling terminal instead.
			v.cmd.SysProcAttr.Ctty = 1
		}
		v.start()
		v.waitFor(from, func(s *vt.Screen) bool { return strings.HasPrefix(s.Text(), "here it is") })
		v.press("G")
		v.waitFor("the end", func(s *vt.Screen) bool { return strings.HasPrefix(s.Text(), "here it ismuch later") })
		v.press("q")
		if status := v.wait(); status != 0 {
			t.Errorf("%s: play ended with status %d; want 0", from, status)
		}
	}
}

// With --follow, play shows a recording as it grows.
func TestPlayFollows(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.cast")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fmt.Fprintln(file, `{"version":3,"term":{"cols":40,"rows":5}}`)
	for i := range 100 {
		fmt.Fprintf(file, "[10.000, \"o\", \"\\r\\nold %d\"]\n", i)
	}
	v := startOnTerminal(t, 80, 24, program(t), "play", "--follow", name)
	v.start()
	v.waitFor("the last event", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "old 99") })
	fmt.Fprint(file, "[100.000, \"o\", \"\\r\\nne")
	time.Sleep(200 * time.Millisecond) // lets play read half a line; the test passes without it, too
	fmt.Fprint(file, "w 1\"]\n")
	v.waitFor("the new event", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "new 1") })
	v.press("0")
	v.waitFor("the start", func(s *vt.Screen) bool { return !strings.Contains(s.Text(), "old") })
	v.press("F")
	v.waitFor("the end again", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "new 1") })
	fmt.Fprint(file, "[100.000, \"o\", \"\\r\\nnew 2\"]\n")
	v.waitFor("the next event", func(s *vt.Screen) bool { return strings.Contains(s.Text(), "new 2") })
	// The bar stays in view, without "live".
	fmt.Fprint(file, "[1.000, \"x\", \"0\"]\n")
	v.waitFor("the end of the session", func(s *vt.Screen) bool { return !strings.Contains(s.Text(), "live") })
	v.press("q")
	if status := v.wait(); status != 0 {
		t.Errorf("play ended with status %d; want 0", status)
	}
}

// Play takes the terminal again after SIGSTOP and SIGCONT.
func TestPlayIsStopped(t *testing.T) {
	t.Parallel()
	v := startOnTerminal(t, 80, 24, program(t), "play", meanCast(t, 60))
	sane := func() { // the modes of the shell
		t.Helper()
		stty := exec.Command("stty", "sane")
		stty.Stdin = v.slave
		if out, err := stty.CombinedOutput(); err != nil {
			t.Fatalf("stty: %v: %s", err, out)
		}
	}
	sane()
	v.start()
	v.waitFor("the recording", func(s *vt.Screen) bool { return strings.ContainsAny(s.Text(), "123") })
	raw := v.modes()
	v.cmd.Process.Signal(syscall.SIGSTOP)
	v.waitFor("the stop", func(*vt.Screen) bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", v.cmd.Process.Pid))
		return err != nil || bytes.Contains(stat, []byte(") T ")) // some systems have no /proc
	})
	// Act as a shell does.
	sane()
	if v.modes() == raw {
		t.Fatal("stty sane has not changed the modes")
	}
	v.slave.WriteString("\x1b[?1049l\x1b[?25h$ ")
	v.waitFor("the shell", func(s *vt.Screen) bool { return !s.OnAlternate() })
	v.cmd.Process.Signal(syscall.SIGCONT)
	v.waitFor("the recording again", func(s *vt.Screen) bool { return s.OnAlternate() && strings.ContainsAny(s.Text(), "123") })
	if now := v.modes(); now != raw {
		t.Errorf("after SIGCONT stty -a printed\n%s; want\n%s", now, raw)
	}
	v.press("q")
	if status := v.wait(); status != 0 {
		t.Errorf("play ended with status %d; want 0", status)
	}
}
