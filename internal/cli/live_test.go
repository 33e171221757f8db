package cli

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	controlPlane "github.com/ttydeck/ttydeck/live/daemon"
	"github.com/ttydeck/ttydeck/vt"
)

// A session's process and an observer's guard ignore the configuration, which may
// have broken since their parents read it.
func TestHiddenCommandsReadNoConfiguration(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(broken, []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TTYDECK_CONFIG", broken)
	ttydeck := program(t)
	answer, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	cmd := exec.Command(ttydeck, "__session")
	cmd.Stdin, cmd.ExtraFiles = strings.NewReader("no configuration of a session"), []*os.File{theirs}
	err = cmd.Run()
	theirs.Close()
	if got, rerr := io.ReadAll(answer); err != nil || rerr != nil || !strings.Contains(string(got), "invalid character") {
		t.Errorf("__session answered %q, %v, %v; want an error in the answer", got, err, rerr)
	}
	if runtime.GOOS != "linux" { // only Linux has guards
		return
	}
	if out, err := exec.Command(ttydeck, "__guard").CombinedOutput(); err == nil || !strings.Contains(string(out), "0 arguments") {
		t.Errorf("__guard printed %q, %v; want an error", out, err)
	}
}

// sessionsOf returns the program and an empty directory for its sessions.
func sessionsOf(t *testing.T) (ttydeck string, dir live.Dir) {
	t.Helper()
	base, err := os.MkdirTemp("", "td") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("XDG_RUNTIME_DIR", base)
	t.Setenv("XDG_DATA_HOME", base)
	ttydeck = program(t)
	if dir, err = live.OpenDir(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		names, _ := dir.Names()
		for _, name := range names {
			exec.Command(ttydeck, "kill", name).Run()
		}
	})
	return ttydeck, dir
}

func ttydeckCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	return string(out)
}

func shows(text string) func(*vt.Screen) bool {
	return func(s *vt.Screen) bool { return strings.Contains(s.Text(), text) }
}

// A session outlives the terminals that attach to it.
func TestAttach(t *testing.T) {
	ttydeck, dir := sessionsOf(t)
	cast := filepath.Join(t.TempDir(), "a.cast")
	ttydeckCommand(t, ttydeck, "run", "-q", "-d", "--name", "s", "-o", cast, "--", "sh", "-c", `stty -echo; echo ready; while read x; do printf '<%s>\005\n' "$x"; stty size; done; exit 3`)
	one := startOnTerminal(t, 70, 20, ttydeck, "attach", "s")
	before := one.modes()
	one.start()
	one.waitFor("the session", shows("ready"))
	one.press("one\r")
	one.waitFor("its answer", shows("<one>\n20 70"))

	two := startOnTerminal(t, 60, 15, ttydeck, "attach", "s")
	two.start()
	two.waitFor("the screen", shows("ready\n<one>"))
	watcher := startOnTerminal(t, 70, 20, ttydeck, "watch", "s")
	watcher.start()
	watcher.waitFor("the screen", shows("<one>"))
	watcher.press("zz\r")
	two.press("two\r")
	two.waitFor("the answer", shows("<two>\n15 60"))
	framed := func(s *vt.Screen) bool { return shows("<two>")(s) && shows("15 60")(s) && shows("───┘")(s) }
	one.waitFor("the answer, in a frame", framed)
	watcher.waitFor("the answer, in a frame", func(s *vt.Screen) bool { return framed(s) && shows(" live ")(s) })
	// A key from another terminal gives the session that terminal's size; so does
	// resizing the terminal.
	one.press("three\r")
	one.waitFor("the answer", shows("<three>\n20 70"))
	if err := one.master.SetSize(tty.Size{Cols: 100, Rows: 33}); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the size", func() bool { return strings.Contains(ttydeckCommand(t, ttydeck, "ls"), " 100x33 ") })

	// The keys for a marker, for pause and resume, and the one that leaves.
	one.press("\x1cm\x1cp")
	await.Until(t, "the pause", func() bool { return strings.Contains(ttydeckCommand(t, ttydeck, "ls"), "paused") })
	one.press("\x1cp")
	await.Until(t, "the recording", func() bool { return !strings.Contains(ttydeckCommand(t, ttydeck, "ls"), "paused") })
	one.press("\x1cd")
	if got := one.wait(); got != 0 {
		t.Errorf("attach left with status %d; want 0", got)
	}
	_, before, _ = strings.Cut(before, "\n") // the first line holds the size, which has changed
	if after := one.modes(); !strings.HasSuffix(after, before) {
		t.Errorf("stty -a printed\n%s; want\n%s", after, before)
	}
	if !shows("ttydeck: detached from s, which goes on")(one.screen) || one.screen.OnAlternate() || one.screen.Modes() != vt.New(1, 1).Modes() {
		t.Errorf("after leaving, the terminal shows\n%s", one.screen.Text())
	}
	watcher.press("q")
	if got := watcher.wait(); got != 0 {
		t.Errorf("watch ended with status %d; want 0", got)
	}
	// One attach is killed, another loses its terminal.
	two.cmd.Process.Kill()
	<-two.done
	three := startOnTerminal(t, 40, 10, ttydeck, "attach", "s")
	three.start()
	three.waitFor("the screen", shows("<three>"))
	three.slave.Close()
	three.master.Close()
	await.Receive(t, "the end of a program whose terminal is gone", three.done)
	four := startOnTerminal(t, 70, 20, ttydeck, "attach")
	four.start()
	four.waitFor("the screen", shows("<three>"))
	for _, v := range []*terminal{one, two, four} {
		v.mu.Lock()
		if strings.Contains(string(v.got), "\x05") {
			t.Error("a terminal got the program's query, which the session answers")
		}
		v.mu.Unlock()
	}
	four.press("four\r")
	four.waitFor("the answer", shows("<four>\n20 70"))
	four.press("\x04")
	if got := four.wait(); got != 0 || !shows("s ended with exit status 3")(four.screen) {
		t.Errorf("attach ended with status %d; the terminal shows\n%s", got, four.screen.Text())
	}
	await.Until(t, "the session's end", func() bool { names, err := dir.Names(); return err == nil && len(names) == 0 })
	got := ""
	for ev := range eventsOf(t, cast) {
		if ev.Code == format.Output || ev.Code == format.Exit {
			got += ev.Data
		}
	}
	got = strings.ReplaceAll(got, "\x05", "")
	for _, want := range []string{"ready", "<one>\r\n20 70", "<two>\r\n15 60", "<three>\r\n20 70", "<four>\r\n20 70", "3"} {
		_, rest, found := strings.Cut(got, want)
		if !found {
			t.Fatalf("the recording lacks %q, or has it too early", want)
		}
		got = rest
	}
	if strings.Contains(got, "z") {
		t.Error("the watcher's keys reached the session")
	}
}

// A user's own session reaches a terminal of its size unchanged.
func TestAttachOwn(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	ttydeckCommand(t, ttydeck, "run", "-q", "-d", "--name", "s", "-o", filepath.Join(t.TempDir(), "a.cast"), "--", "sh", "-c", asItIs)
	getsAll(t, ttydeck, "s")
}

// asItIs is a program whose output must reach a terminal unchanged.
const asItIs = `stty -echo; printf 'ready\n'; read x; printf '\033]52;c;eA==\007\033[?1004hit is all here\n'; read x`

func getsAll(t *testing.T, ttydeck, name string) {
	t.Helper()
	v := startOnTerminal(t, 80, 24, ttydeck, "attach", name)
	v.start()
	v.waitFor("the session", shows("ready"))
	v.press("\r")
	v.waitFor("its answer", shows("it is all here"))
	v.mu.Lock()
	if want := "\x1b]52;c;eA==\x07\x1b[?1004hit is all here\r\n"; !strings.Contains(string(v.got), want) {
		t.Errorf("the terminal got %q; want %q in it", v.got, want)
	}
	v.mu.Unlock()
	v.press("\r")
	if got := v.wait(); got != 0 {
		t.Errorf("attach ended with status %d; want 0", got)
	}
}

// A session of rec keeps its own terminal's size.
func TestAttachOther(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	owner := startOnTerminal(t, 100, 30, ttydeck, "rec", "-q", "--name", "s", filepath.Join(t.TempDir(), "a.cast"), "--", "sh", "-c",
		`stty -echo; printf '\033[?1049h\033[?1h\033[?1000h\033[25;70Hdown here\033]2;title\007'; read x; printf '\033[1;1Hup here <%s>\033[25;79H' "$x"; stty size | tr -d "\\n"; read x`)
	owner.start()
	owner.waitFor("the program", shows("down here"))
	other := startOnTerminal(t, 40, 10, ttydeck, "attach", "s")
	before := other.modes()
	other.start()
	other.waitFor("the text at the cursor", shows("down here"))
	other.waitFor("the mode of the cursor keys", func(s *vt.Screen) bool { return s.Modes().AppCursor })
	if m := other.screen.Modes(); m.Mouse != 0 || other.screen.OnAlternate() {
		t.Errorf("the terminal has the modes %+v; want no mouse and the main screen", m)
	}
	other.press("typed\r")
	owner.waitFor("the typed text and the owner's size", func(s *vt.Screen) bool { return shows("up here <typed>")(s) && shows("30 100")(s) })
	other.waitFor("the owner's size", shows("30 100"))
	// The other terminal becomes as large, larger and small again.
	for _, size := range []tty.Size{{Cols: 100, Rows: 30}, {Cols: 110, Rows: 35}, {Cols: 40, Rows: 10}} {
		other.mu.Lock()
		other.screen.Resize(size.Cols, size.Rows)
		other.mu.Unlock()
		if err := other.master.SetSize(size); err != nil {
			t.Fatal(err)
		}
		other.waitFor("the screen", func(s *vt.Screen) bool {
			large := size.Cols >= 100
			return shows("30 100")(s) && shows("up here <typed>")(s) == large && shows("────┘")(s) == (size.Cols > 100) && s.OnAlternate() == (size.Cols == 100)
		})
	}
	other.press("\x1cd")
	if got := other.wait(); got != 0 {
		t.Errorf("attach left with status %d; want 0", got)
	}
	if after := other.modes(); after != before || other.screen.Modes() != vt.New(1, 1).Modes() {
		t.Errorf("stty -a printed\n%s; want\n%s; the modes are %+v", after, before, other.screen.Modes())
	}
	owner.press("\r")
	if got := owner.wait(); got != 0 {
		t.Errorf("rec ended with status %d; want 0", got)
	}
}

func eventsOf(t *testing.T, path string) func(func(format.Event) bool) {
	t.Helper()
	return func(yield func(format.Event) bool) {
		f, err := format.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for ev, err := range f.Events {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(ev) {
				return
			}
		}
	}
}

// startOf returns the time when a process started, as /proc has it; empty if there
// is no such process.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may contain anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return fields[19]
}

// TestLiveAtRandom runs random operations on eight busy sessions, several at once:
// the sessions lose no output and leave nothing behind. TTYDECK_LIVE_OPS sets the
// number of operations.
func TestLiveAtRandom(t *testing.T) {
	ops := 80
	if testing.Short() {
		ops = 40
	}
	if n, err := strconv.Atoi(os.Getenv("TTYDECK_LIVE_OPS")); err == nil {
		ops = n
	}
	ttydeck, dir := sessionsOf(t)
	const count = 8
	folder := t.TempDir()
	var clients [count]*live.Client
	for i := range count {
		name := fmt.Sprint("s", i)
		ttydeckCommand(t, ttydeck, "run", "-q", "-d", "--name", name, "-o", filepath.Join(folder, name+".cast"), "--", "sh", "-c",
			`stty -echo; trap 'end=1' USR1; i=0; while [ -z "$end" ]; do i=$((i+1)); echo "line $i"; case $i in *00) sleep 0.01;; esac; done; echo "sum $i"; exit 7`)
		c, err := dir.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients[i] = c
	}
	fds := func(i int) int {
		st, err := clients[i].State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", st.Process))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	var before [count]int
	for i := range count {
		await.Until(t, "the session's output", func() bool {
			screen, err := clients[i].Screen(t.Context())
			return err == nil && strings.Contains(screen.Text, "line ")
		})
		before[i] = fds(i)
	}
	// Several goroutines do what users at terminals do.
	var todo = make(chan int)
	var working sync.WaitGroup
	for range 6 {
		working.Go(func() {
			for i := range todo {
				c := clients[i]
				ctx := t.Context()
				switch rand.IntN(8) {
				case 0, 1: // watch for a while
					s, err := c.Watch(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					for range rand.IntN(20) {
						s.Next(ctx)
					}
					s.Close()
				case 2: // attach, resize, type input that the program ignores, and leave
					s, err := c.Attach(ctx, format.Size{Cols: 20 + rand.IntN(100), Rows: 5 + rand.IntN(40)})
					if err != nil {
						t.Error(err)
						return
					}
					s.Next(ctx)
					s.Resize(ctx, format.Size{Cols: 20 + rand.IntN(100), Rows: 5 + rand.IntN(40)})
					s.Type(ctx, []byte("x"))
					s.Next(ctx)
					s.Close()
				case 3: // attach or watch, and be killed
					v := startOnTerminal(t, 80, 24, ttydeck, []string{"attach", "watch"}[rand.IntN(2)], fmt.Sprint("s", i))
					v.start()
					time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond) // a random moment
					v.cmd.Process.Kill()
					<-v.done
				case 4:
					if err := c.Mark(ctx, "a marker"); err != nil {
						t.Error(err)
					}
				case 5:
					if _, err := c.Screen(ctx); err != nil {
						t.Error(err)
					}
				case 6: // watch without reading, and leave
					s, err := c.Watch(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
					s.Close()
				case 7:
					v := startOnTerminal(t, 80, 24, ttydeck, "attach", fmt.Sprint("s", i))
					v.start()
					v.waitFor("the session", shows("line "))
					v.press("\x1cd")
					if got := v.wait(); got != 0 {
						t.Errorf("attach ended with status %d; the terminal shows\n%s", got, v.screen.Text())
					}
				}
			}
		})
	}
	// No session depends on the daemon, which is killed again and again.
	working.Go(func() {
		for range max(ops/50, 3) {
			daemon := exec.Command(ttydeck, "daemon")
			if err := daemon.Start(); err != nil {
				t.Error(err)
				return
			}
			var listed string
			await.Until(t, "the daemon with all sessions", func() bool {
				c, err := controlPlane.Open(dir)
				if err != nil {
					return false
				}
				defer c.Close()
				// The daemon leaves out a session that is slow to answer.
				list, err := c.Sessions(t.Context())
				listed = fmt.Sprintf("it lists %d sessions, %v; want %d", len(list), err, count)
				return err == nil && len(list) == count
			}, &listed)
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
			daemon.Process.Kill()
			daemon.Wait()
		}
	})
	for range ops {
		todo <- rand.IntN(count)
	}
	close(todo)
	working.Wait()
	for i := range count {
		await.Until(t, "a session without leaked descriptors", func() bool { return fds(i) <= before[i]+1 }) // one for this connection
	}
	processes := map[int]string{} // by PID, the time of the start
	for i, c := range clients {
		st, err := c.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range []int{st.Process, st.PID} {
			if processes[pid] = startOf(pid); processes[pid] == "" {
				t.Errorf("session %d: process %d is gone", i, pid)
			}
		}
		if err := c.Signal(t.Context(), 10); err != nil {
			t.Errorf("session %d: %v", i, err)
		}
	}
	await.Until(t, "the end of all sessions", func() bool { names, err := dir.Names(); return err == nil && len(names) == 0 })
	await.Until(t, "the end of all processes", func() bool {
		for pid, start := range processes {
			if startOf(pid) == start { // not another process with the same PID
				return false
			}
		}
		return true
	})
	if entries, err := os.ReadDir(dir.Path()); err != nil || len(entries) != 0 {
		t.Errorf("the directory of sessions still has %v, %v", entries, err)
	}
	for i := range count {
		var out strings.Builder
		for ev := range eventsOf(t, filepath.Join(folder, fmt.Sprintf("s%d.cast", i))) {
			if ev.Code == format.Output {
				out.WriteString(ev.Data)
			}
		}
		// The signal may also kill a sleep, which sh reports.
		text := strings.Replace(out.String(), "User defined signal 1\r\n", "", 1)
		lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
		for n, line := range lines[:len(lines)-1] {
			if line != fmt.Sprint("line ", n+1) {
				t.Fatalf("session %d: line %d of the recording is %q", i, n+1, line)
			}
		}
		last := len(lines) - 1
		if got := lines[last]; got != fmt.Sprint("sum ", last) {
			t.Errorf("session %d: the recording ends with %q after %d lines", i, got, last)
		}
	}
}

// Two sessions of one name, one soon after the other, have two recordings.
func TestSessionFiles(t *testing.T) {
	e := &env{environ: []string{"XDG_DATA_HOME=" + t.TempDir()}}
	var paths []string
	for range 3 {
		f, err := e.createSessionFile("s", "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Discard()
		if err := f.WriteHeader(format.Header{Size: format.Size{Cols: 80, Rows: 24}}); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(paths, f.Path) {
			t.Errorf("%s is the recording of two sessions", f.Path)
		}
		paths = append(paths, f.Path)
	}
}

// A session whose program ends at once is no error, whether attach comes in time or
// not.
func TestRunShort(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	for range 15 {
		v := startOnTerminal(t, 80, 24, ttydeck, "run", "--", "true")
		v.start()
		if status := v.wait(); status != 0 || strings.Contains(v.screen.Text(), "error") {
			t.Fatalf("run ended with %d; the screen shows\n%s", status, v.screen.Text())
		}
	}
}

// ctrl-backslash is a key for us: SIGQUIT does not end rec, not even while it
// removes the secrets of a session that has ended.
func TestQuitWhileRedacting(t *testing.T) {
	ttydeck, _ := sessionsOf(t)
	dir := t.TempDir()
	big, cast := filepath.Join(dir, "big"), filepath.Join(dir, "a.cast")
	if err := os.WriteFile(big, bytes.Repeat([]byte("export PASSWORD=hunter2hunter2 and more\n"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(ttydeck, "rec", "-q", "--redact", "--headless", cast, "--", "sh", "-c", "cat "+big+"; echo over")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the end of the session", func() bool {
		text, _ := os.ReadFile(unredactedName(cast))
		_, err := os.Stat(cast)
		return err == nil || bytes.Contains(text[max(0, len(text)-100):], []byte(`"x", "0"`))
	})
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for running := true; running; {
		select {
		case err := <-ended:
			running = false
			if err != nil {
				t.Errorf("rec: %v: %s", err, said.String())
			}
		case <-time.After(time.Millisecond):
			cmd.Process.Signal(syscall.SIGQUIT)
		}
	}
	if text, err := os.ReadFile(cast); err != nil || bytes.Contains(text, []byte("hunter2")) {
		t.Errorf("the recording, %v, still holds the secret", err)
	}
}
