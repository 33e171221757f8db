package observe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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
	"unsafe"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/sessions"
	"golang.org/x/sys/unix"
)

// TestMain also turns this binary into the helpers of the tests: the holder of
// an observed terminal, which keeps the output for comparison, an observer to
// kill, and a guard.
func TestMain(m *testing.M) {
	if path := os.Getenv("TTYDECK_TEST_HOLD"); path != "" {
		if err := hold(path); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	if pid := os.Getenv("TTYDECK_TEST_OBSERVE"); pid != "" {
		if err := observeUntilKilled(pid, Method(os.Getenv("TTYDECK_TEST_METHOD"))); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("TTYDECK_TEST_GUARD") != "" {
		if err := Guard(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	writerWait = await.Patience
	os.Exit(m.Run())
}

// guard is the command that runs this binary as the guard of a lossless
// Observer.
var guard = func() []string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{"env", "TTYDECK_TEST_OBSERVE=", "TTYDECK_TEST_GUARD=1", self}
}()

// observeUntilKilled observes a session until a test kills it.
func observeUntilKilled(pid string, m Method) error {
	list, err := sessions.List()
	if err != nil {
		return err
	}
	s, err := list.Find(pid)
	if err != nil {
		return err
	}
	w, err := record.NewStream(os.Stdout, nil)
	if err != nil {
		return err
	}
	o := Observer{Session: *s, Writer: w, Method: m}
	if os.Getenv("TTYDECK_TEST_LOSSLESS") != "" {
		// It cannot keep up: the session is stopped most of the time.
		ringBytes, o.Writer, o.Lossless, o.Guard = 64<<10, &slowWriter{Writer: w}, true, guard
	}
	_, err = o.Run(context.Background())
	return err
}

// hold runs a shell on a terminal, types its own input into the terminal, and
// writes the terminal's output to a file until the end. A line "size COLS ROWS"
// in its input changes the window size instead.
func hold(path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	setSize := func(cols, rows uint16) error {
		return unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &unix.Winsize{Col: cols, Row: rows})
	}
	if err := setSize(80, 24); err != nil {
		return err
	}
	shell := exec.Command("bash", "--norc", "--noprofile", "-i")
	shell.Env = append(os.Environ(), "TTYDECK_TEST_HOLD=", "PS1=ready> ", "HISTFILE=", "TERM=xterm-256color")
	shell.Stdin, shell.Stdout, shell.Stderr = slave, slave, slave
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		return err
	}
	slave.Close()
	fmt.Println(shell.Process.Pid)
	go func() {
		var line []byte
		buf := make([]byte, 1)
		for {
			if n, err := os.Stdin.Read(buf); n == 0 || err != nil {
				os.Exit(2) // the test is over
			}
			line = append(line, buf[0])
			if buf[0] != '\n' {
				continue
			}
			var cols, rows uint16
			if n, _ := fmt.Sscanf(string(line), "size %d %d", &cols, &rows); n == 2 {
				setSize(cols, rows)
			} else {
				unix.Write(master, bytes.ReplaceAll(line, []byte("\n"), []byte("\r")))
			}
			line = line[:0]
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		if os.Getenv("TTYDECK_TEST_BLOCKED") == "" {
			if _, err := poll([]int{master}, -1); err != nil {
				return err
			}
		}
		n, err := unix.Read(master, buf)
		if n <= 0 {
			if err == unix.EINTR {
				continue
			}
			shell.Wait()
			return out.Close()
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// holderProcess is a process that runs hold.
type holderProcess struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    *os.File
	shell int
	shown string // the file with the terminal's output
}

func startHolder(t testing.TB) *holderProcess {
	t.Helper()
	h := &holderProcess{t: t, shown: filepath.Join(t.TempDir(), "shown")}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	h.in = w
	// The holder is not our child: a process that is both its tracer and its
	// parent would receive the tracing stops when it waits for its children.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.cmd = exec.Command("sh", "-c", self+"; exit $?")
	h.cmd.Env = append(os.Environ(), "TTYDECK_TEST_HOLD="+h.shown)
	h.cmd.Stdin, h.cmd.Stderr = r, os.Stderr
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	t.Cleanup(func() {
		w.Close()
		h.cmd.Wait()
	})
	t.Cleanup(func() {
		if t.Failed() {
			shown := h.read()
			t.Logf("the terminal's last output: %q", shown[max(0, len(shown)-1000):])
		}
	})
	if _, err := fmt.Fscan(out, &h.shell); err != nil {
		t.Fatal(err)
	}
	h.awaitShown("ready> ")
	return h
}

// send types a line into the terminal.
func (h *holderProcess) send(line string) {
	h.t.Helper()
	if _, err := h.in.WriteString(line + "\n"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *holderProcess) read() []byte {
	h.t.Helper()
	data, err := os.ReadFile(h.shown)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

// size returns the number of bytes that read would return.
func (h *holderProcess) size() int64 {
	h.t.Helper()
	info, err := os.Stat(h.shown)
	if err != nil {
		h.t.Fatal(err)
	}
	return info.Size()
}

func (h *holderProcess) awaitShown(what string) {
	h.t.Helper()
	await.Until(h.t, what+" at the end of the terminal's output", func() bool { return bytes.HasSuffix(h.read(), []byte(what)) })
}

// wait waits for the session's end.
func (h *holderProcess) wait() {
	h.t.Helper()
	if err := h.cmd.Wait(); err != nil {
		h.t.Fatalf("the holder ended with %v", err)
	}
}

func (h *holderProcess) session() sessions.Session {
	h.t.Helper()
	return sessionOf(h.t, h.shell)
}

func sessionOf(t testing.TB, pid int) sessions.Session {
	t.Helper()
	list, err := sessions.List()
	if err != nil {
		t.Fatal(err)
	}
	s, err := list.Find(strconv.Itoa(pid))
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// observation is a running Observer.
type observation struct {
	path   string
	result Result
	err    error
	done   chan struct{}
	cancel context.CancelFunc
}

// observe starts to record, and returns when the Observer has begun. It skips
// the test if the host does not permit the method.
func observe(t testing.TB, o Observer, wrap ...func(format.Writer) format.Writer) *observation {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ob := &observation{path: filepath.Join(t.TempDir(), "out.cast"), done: make(chan struct{}), cancel: cancel}
	file, err := record.Create(ob.path, record.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan Method, 1)
	o.Writer = file
	for _, w := range wrap {
		o.Writer = w(o.Writer)
	}
	o.Began = func(m Method, _ []error) { began <- m }
	go func() {
		ob.result, ob.err = o.Run(ctx)
		close(ob.done)
	}()
	t.Cleanup(func() { cancel(); <-ob.done })
	select {
	case m := <-began:
		if o.Method != "" && m != o.Method {
			t.Errorf("method %q; want %q", m, o.Method)
		}
	case <-ob.done:
		if errors.Is(ob.err, ErrMethod) && errors.Is(ob.err, unix.EPERM) && os.Getenv("CI") == "" {
			t.Skipf("not permitted here: %v", ob.err)
		}
		t.Fatalf("Run: %v", ob.err)
	}
	return ob
}

func (ob *observation) wait(t testing.TB) {
	t.Helper()
	select {
	case <-ob.done:
	case <-time.After(await.Patience):
		t.Fatal("the recording did not end")
	}
	if ob.err != nil {
		t.Errorf("Run: %v", ob.err)
	}
}

// recorded reads the recording. It returns the header, the output and all other
// events.
func (ob *observation) recorded(t testing.TB) (h format.Header, output []byte, others []format.Event) {
	t.Helper()
	in, err := format.OpenFile(ob.path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var last time.Duration
	for ev, err := range in.Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Time < last {
			t.Errorf("time goes back from %v to %v", last, ev.Time)
		}
		last = ev.Time
		if ev.Code == format.Output {
			output = append(output, ev.Data...)
		} else {
			others = append(others, ev)
		}
	}
	return in.Header, output, others
}

// kernelMethods are the methods that see any kind of holder. Many kernels do
// not permit Fexit: scripts/test-vm runs these tests on one that does.
var kernelMethods = []Method{SysExit, Ptrace}

func init() {
	if names := os.Getenv("TTYDECK_TEST_METHODS"); names != "" {
		kernelMethods = nil
		for _, name := range strings.Fields(names) {
			kernelMethods = append(kernelMethods, Method(name))
		}
	}
}

// bpfMethods returns the kernel methods that may lose bytes.
func bpfMethods() []Method {
	return slices.DeleteFunc(slices.Clone(kernelMethods), func(m Method) bool { return m == Ptrace })
}

// same compares the recorded bytes with those shown. Asciicast holds text, so
// the sessions of these tests show text only.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if sha256.Sum256(got) == sha256.Sum256(want) {
		t.Logf("%s: %d bytes, SHA-256 %x", what, len(got), sha256.Sum256(got))
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	t.Errorf("%s: %d bytes recorded, %d shown; they differ at %d: %q, %q", what, len(got), len(want), at,
		got[at:min(at+80, len(got))], want[at:min(at+80, len(want))])
}

// repeats returns how often a randomized or long test does its work: few times,
// or the value of the environment variable, which CI sets.
func repeats(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestBulk records ten megabytes of output of a shell that was already running.
// TTYDECK_BULK_MB sets the size (100 in CI).
func TestBulk(t *testing.T) {
	size := repeats(t, "TTYDECK_BULK_MB", 10) << 20
	if testing.Short() {
		size = 5 << 20
	}
	// The large buffer lets a busy machine fall behind without a loss: this
	// test is about exact recording only.
	ring := ringBytes
	ringBytes = 128 << 20
	t.Cleanup(func() { ringBytes = ring })
	for _, m := range kernelMethods {
		t.Run(string(m), func(t *testing.T) {
			h := startHolder(t)
			ob := observe(t, Observer{Session: h.session(), Method: m})
			before := len(h.read())
			h.send(fmt.Sprintf("yes | head -c %d", size))
			h.send("exit")
			h.wait()
			ob.wait(t)
			if !ob.result.Ended || ob.result.Lost != 0 {
				t.Errorf("result %+v; want Ended, and no lost bytes", ob.result)
			}
			_, output, others := ob.recorded(t)
			same(t, string(m), output, h.read()[before:])
			if len(others) > 0 {
				t.Errorf("other events %v; want none", others)
			}
		})
	}
}

// TestNextTerminal ends a session that an observer is still reading. Its path and
// number then belong to the next terminal, whose size is none of the session's.
func TestNextTerminal(t *testing.T) {
	h := startHolder(t)
	target, err := newTarget(h.session())
	if err != nil {
		t.Fatal(err)
	}
	defer target.close()
	if size, ok := target.currentSize(); !ok || size != (format.Size{Cols: 80, Rows: 24}) {
		t.Fatalf("size %v, %v before the end; want 80x24", size, ok)
	}
	name := "/dev/" + target.session.TTY.Name
	h.send("exit")
	h.wait()
	for range 100 { // the kernel gives the lowest free number; another test may be faster
		master, slave, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		defer slave.Close()
		if slave.Name() == name {
			break
		}
	}
	if size, ok := target.currentSize(); ok {
		t.Errorf("size %v after the end; want none", size)
	}
	if err := target.present(); err == nil {
		t.Error("the session is present after its end")
	}
	if later, err := newTarget(target.session); err == nil {
		later.close()
		t.Error("the session can be observed after its end")
	}
}

// TestContainer: in a PID namespace of its own, an observer would take the
// descriptors of a stranger for those of its session.
func TestContainer(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil && os.Getenv("CI") == "" {
		t.Skip("unshare is not installed")
	}
	if !slices.Contains(kernelMethods, SysExit) {
		t.Skip("sys_exit is not tested here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		`TTYDECK_TEST_HOLD="$1" "$0" | { read pid; TTYDECK_TEST_OBSERVE=$pid TTYDECK_TEST_METHOD=sys_exit "$0"; kill -KILL $pid; }`,
		self, filepath.Join(t.TempDir(), "shown"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.CombinedOutput()
	if err != nil && errors.Is(err, unix.EPERM) && os.Getenv("CI") == "" {
		t.Skipf("not permitted here: %v", err)
	}
	if !strings.Contains(string(out), "needs the host's PID namespace") {
		t.Errorf("observing in a PID namespace: %q; want a refusal", out)
	}
}

// TestNextMaster closes a terminal whose holder goes on, and opens another in its
// place: the descriptor and the number are the same.
func TestNextMaster(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sleep", "1000")
	shell.Stdin = slave
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	target, err := newTarget(sessionOf(t, shell.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer target.close()
	if err := target.present(); err != nil {
		t.Errorf("present: %v before the end", err)
	}
	shell.Process.Kill()
	shell.Wait()
	slave.Close()
	fd := target.holders[0].fds[0]
	next, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	defer theirs.Close()
	if err := unix.Dup3(int(next.Fd()), fd, unix.O_CLOEXEC); err != nil { // as close and open
		t.Fatal(err)
	}
	defer master.Close()
	if err := target.present(); err == nil {
		t.Error("the session is present while its holder's descriptor is another terminal's")
	}
}

// TestScreen records a full-screen program while the terminal and a program
// change the window size.
func TestScreen(t *testing.T) {
	for _, m := range kernelMethods {
		t.Run(string(m), func(t *testing.T) {
			h := startHolder(t)
			ob := observe(t, Observer{Session: h.session(), Method: m})
			before := len(h.read())
			h.send("ls --color=always -l /etc; printf '\\e[?1049h\\e[38;2;1;2;3m\\e[10;10Häö猫😀\\e[?1049l'; echo done")
			await.Until(t, "the prompt", func() bool { return bytes.Contains(h.read()[before:], []byte("ready> ")) })
			mark := len(h.read())
			h.send("size 100 30")
			h.send("vim -u NONE -n -N /etc/services")
			drawn := func() {
				t.Helper()
				await.Until(t, "vim's screen", func() bool { return bytes.Contains(h.read()[mark:], []byte("\x1b[?25h")) })
			}
			drawn()
			mark = len(h.read())
			h.send("size 90 20")
			// vim misses a resize that comes right before it waits for a key, until the
			// key comes.
			h.send("\x0c")
			drawn() // vim may not exit if it is resized while it exits
			h.send("GggGgg:q!")
			await.Until(t, "the shell's prompt after vim", func() bool {
				_, after, left := bytes.Cut(h.read()[mark:], []byte("\x1b[?1049l"))
				return left && bytes.Contains(after, []byte("ready> "))
			})
			h.send("stty rows 20 cols 70")
			await.Until(t, "the size set by stty, in the recording", func() bool {
				_, _, others := ob.recorded(t)
				return slices.ContainsFunc(others, func(ev format.Event) bool { return ev.Data == "70x20" })
			})
			h.send("exit")
			h.wait()
			ob.wait(t)
			header, output, others := ob.recorded(t)
			same(t, string(m), output, h.read()[before:])
			var sizes []string
			for _, ev := range others {
				if ev.Code != format.Resize {
					t.Errorf("event %v %q; want resizes only", ev.Code, ev.Data)
				}
				sizes = append(sizes, ev.Data)
			}
			if want := []string{"100x30", "90x20", "70x20"}; !slices.Equal(sizes, want) {
				t.Errorf("sizes %q; want %q", sizes, want)
			}
			if header.Size != (format.Size{Cols: 80, Rows: 24}) || header.Term.Type != "xterm-256color" {
				t.Errorf("header %+v; want the session's size and terminal", header)
			}
			if !slices.ContainsFunc(header.Extra, func(f format.Field) bool {
				return f.Key == "ttydeck_observed" && strings.Contains(f.JSON, `"method":"`+string(m)+`"`) && strings.Contains(f.JSON, `"partial_start":true`)
			}) {
				t.Errorf("header fields %q; want the method and a partial start", header.Extra)
			}
		})
	}
}

// slowWriter acts as a disk that cannot keep up at first.
type slowWriter struct {
	format.Writer
	events int
}

func (w *slowWriter) WriteEvent(ev format.Event) error {
	if w.events++; w.events < 100 {
		time.Sleep(20 * time.Millisecond) // the purpose of slowWriter
	}
	return w.Writer.WriteEvent(ev)
}

// TestGaps loses bytes, and checks that each loss is recorded where it
// occurred.
func TestGaps(t *testing.T) {
	ring := ringBytes
	ringBytes = 64 << 10
	t.Cleanup(func() { ringBytes = ring })
	for _, m := range bpfMethods() {
		t.Run(string(m), func(t *testing.T) { testGaps(t, m) })
	}
}

func testGaps(t *testing.T, m Method) {
	h := startHolder(t)
	path := filepath.Join(t.TempDir(), "out.cast")
	file, err := record.Create(path, record.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowWriter{Writer: file}
	began := make(chan bool, 1)
	o := Observer{Session: h.session(), Method: m, Writer: slow, Began: func(Method, []error) { began <- true }}
	done := make(chan struct{})
	var result Result
	go func() {
		result, err = o.Run(t.Context())
		close(done)
	}()
	select {
	case <-began:
	case <-done:
		if errors.Is(err, unix.EPERM) && os.Getenv("CI") == "" {
			t.Skipf("not permitted here: %v", err)
		}
		t.Fatal(err)
	}
	before := len(h.read())
	// The lines are numbered, so each shows its place in the stream.
	h.send("seq -f %09.0f 1 400000")
	h.send("exit")
	h.wait()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	shown := h.read()[before:]
	_, _, _ = (&observation{path: path}).recorded(t)
	in, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	place, gaps, lost := 0, 0, 0
	for ev, err := range in.Events {
		if err != nil {
			t.Fatal(err)
		}
		switch ev.Code {
		case format.Output:
			if place+len(ev.Data) > len(shown) || string(shown[place:place+len(ev.Data)]) != ev.Data {
				t.Fatalf("after %d gaps, at %d of %d: recorded %q; other bytes were shown there", gaps, place, len(shown), ev.Data[:min(40, len(ev.Data))])
			}
			place += len(ev.Data)
		case format.Marker:
			var n int
			if _, err := fmt.Sscanf(ev.Data, "lost %d bytes of output", &n); err != nil {
				t.Fatalf("marker %q; want a number of lost bytes", ev.Data)
			}
			place, gaps, lost = place+n, gaps+1, lost+n
		}
	}
	if place != len(shown) || int64(lost) != result.Lost || gaps == 0 {
		t.Errorf("%d gaps, %d bytes lost, end at %d; want at least one gap, %d bytes, end at %d", gaps, lost, place, result.Lost, len(shown))
	}
	t.Logf("lost %d of %d bytes, in %d gaps, each at its place", lost, len(shown), gaps)
}

// TestLossless has a Writer that cannot keep up: the session waits for it.
func TestLossless(t *testing.T) {
	ring := ringBytes
	ringBytes = 4 << 20 // the brake has half of it to come too late
	lines := 600_000
	if repeats(t, "TTYDECK_BULK_MB", 0) >= 100 {
		lines = 1_500_000
	}
	t.Cleanup(func() { ringBytes = ring })
	for _, m := range bpfMethods() {
		t.Run(string(m), func(t *testing.T) {
			h := startHolder(t)
			ob := observe(t, Observer{Session: h.session(), Method: m, Lossless: true, Guard: guard}, func(w format.Writer) format.Writer { return &slowWriter{Writer: w} })
			before := len(h.read())
			h.send(fmt.Sprintf("seq -f %%09.0f 1 %d", lines))
			h.send("exit")
			h.wait()
			ob.wait(t)
			if !ob.result.Ended || ob.result.Lost != 0 {
				t.Errorf("result %+v; want Ended, and no lost bytes", ob.result)
			}
			_, output, _ := ob.recorded(t)
			same(t, string(m), output, h.read()[before:])
		})
	}
}

// TestKill kills the observer at random moments: the session does not notice.
// TTYDECK_KILLS sets the number of kills (200 in CI, for all methods together).
func TestKill(t *testing.T) {
	kills := repeats(t, "TTYDECK_KILLS", 32) / 2
	if testing.Short() {
		kills = 10
	}
	type variant struct {
		Method
		lossless string
	}
	var variants []variant
	for _, m := range kernelMethods {
		variants = append(variants, variant{m, ""})
	}
	for _, m := range bpfMethods() {
		variants = append(variants, variant{m, "lossless"})
	}
	for _, m := range variants {
		t.Run(strings.TrimSpace(string(m.Method)+" "+m.lossless), func(t *testing.T) {
			kills := kills
			if m.lossless != "" {
				kills /= 2
			}
			h := startHolder(t)
			before := len(h.read())
			h.send("stty noflsh; i=0; while test $i -lt 100000000; do echo line $i; i=$((i+1)); done")
			attached := 0
			for i := range kills {
				cmd := exec.Command("/proc/self/exe")
				cmd.Env = append(os.Environ(), "TTYDECK_TEST_OBSERVE="+strconv.Itoa(h.shell), "TTYDECK_TEST_METHOD="+string(m.Method), "TTYDECK_TEST_LOSSLESS="+m.lossless)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				// One kill in four may come before the observer begins, most a
				// little after.
				if i%4 == 0 {
					time.Sleep(time.Duration(i) * time.Millisecond)
				} else {
					buf := make([]byte, 100)
					if n, _ := out.Read(buf); n == 0 {
						cmd.Wait()
						if os.Getenv("CI") != "" {
							t.Fatalf("the %s observer did not begin", m.Method)
						}
						t.Skipf("%s is not possible here", m.Method)
					}
					attached++
					time.Sleep(time.Duration(i*37%5000) * time.Microsecond)
				}
				cmd.Process.Kill()
				cmd.Wait()
				// The session goes on: the shell keeps counting.
				size := h.size()
				await.Until(t, "more output", func() bool { return h.size() > size })
			}
			h.send("\x03")
			await.Until(t, "the prompt", func() bool { return bytes.HasSuffix(tail(t, h.shown, 100), []byte("ready> ")) })
			h.send("exit 0")
			h.wait()
			// Every number is there once, in order.
			n := 0
			for line := range bytes.Lines(h.read()[before:]) {
				// The first number may follow the shell's own output for a
				// new command.
				if at := bytes.LastIndex(line, []byte("line ")); at >= 0 && bytes.HasSuffix(line, []byte("\r\n")) {
					text := line[at+len("line "):]
					if got, err := strconv.Atoi(string(bytes.TrimSpace(text))); err == nil {
						if got != n {
							t.Fatalf("line %d follows line %d", got, n-1)
						}
						n++
					}
				}
			}
			t.Logf("killed %d observers, %d of them attached; the session wrote %d lines", kills, attached, n)
		})
	}
}

// TestThreadOfTheTracer: the tracer waits on a thread without children.
// Otherwise it would take the children's exits from those that wait for them.
func TestThreadOfTheTracer(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		child := exec.Command("cat")
		in, err := child.StdinPipe()
		if err == nil {
			err = child.Start()
		}
		if err != nil {
			t.Error(err)
			return
		}
		parent := unix.Gettid()
		onOwnThread(func() {
			if tid := unix.Gettid(); tid == parent || tid == os.Getpid() {
				t.Errorf("the tracer's thread is %d; the parent's is %d, the first is %d", tid, parent, os.Getpid())
			}
		})
		in.Close()
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}()
	<-done
}

// TestStop stops observers in order, also while the session is idle.
func TestStop(t *testing.T) {
	for _, m := range kernelMethods {
		t.Run(string(m), func(t *testing.T) {
			h := startHolder(t)
			for i := range max(5, repeats(t, "TTYDECK_KILLS", 0)/20) {
				ob := observe(t, Observer{Session: h.session(), Method: m})
				if r := h.session().Recording; r == nil || r.PID != os.Getpid() || r.File != ob.path {
					t.Errorf("Recording = %+v; want this process and the file %s", r, ob.path)
				}
				want := fmt.Sprintf("word%d", i)
				h.send("echo " + want)
				await.Until(t, want, func() bool { _, out, _ := ob.recorded(t); return bytes.Contains(out, []byte("\r"+want+"\r\n")) })
				ob.cancel()
				ob.wait(t)
				if ob.result.Ended {
					t.Errorf("result %+v; want Ended false, as the session goes on", ob.result)
				}
				status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.session().Holders[0].PID))
				if err != nil || statusField(status, "TracerPid") != "0" {
					t.Errorf("after recording %d the holder is still traced: %v", i, err)
				}
			}
		})
	}
}

// readInput returns the input of a recording.
func readInput(t *testing.T, path string) string {
	t.Helper()
	in, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var typed strings.Builder
	for ev, err := range in.Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Code == format.Input {
			typed.WriteString(ev.Data)
		}
	}
	return typed.String()
}

// TestInput records all input except a password.
func TestInput(t *testing.T) {
	want := Ptrace
	if slices.Contains(kernelMethods, Fexit) {
		want = Fexit
	}
	h := startHolder(t)
	ob := observe(t, Observer{Session: h.session(), Input: true})
	h.send("read -s -p 'Password: ' p; echo got ${#p}")
	await.Until(t, "the password prompt", func() bool { return bytes.HasSuffix(h.read(), []byte("Password: ")) })
	h.send("secret")
	await.Until(t, "the password's length", func() bool { return bytes.Contains(h.read(), []byte("got 6")) })
	h.send("echo plain")
	h.send("exit")
	h.wait()
	ob.wait(t)
	if ob.result.Method != want {
		t.Errorf("method %q; want %s, the first that records input", ob.result.Method, want)
	}
	if got := readInput(t, ob.path); strings.Contains(got, "secret") || !strings.Contains(got, "read -s") || !strings.Contains(got, "echo plain\rexit\r") {
		t.Errorf("input %q; want all but the password", got)
	}
}

// TestOvertaken ends a session whose last key is still being written: the holder's
// reading thread sees the end before its writing thread goes on.
func TestOvertaken(t *testing.T) {
	h := startHolder(t)
	target, err := newTarget(h.session())
	if err != nil {
		t.Fatal(err)
	}
	defer target.close()
	arch, key := uint32(unix.AUDIT_ARCH_X86_64), []byte("exit\r")
	if runtime.GOARCH == "arm64" {
		arch = unix.AUDIT_ARCH_AARCH64
	}
	write := syscallInfo{arch: arch, nr: uint64(native().write), args: [6]uint64{9, uint64(uintptr(unsafe.Pointer(&key[0]))), uint64(len(key))}}
	iov := []uint64{write.args[1], 2, write.args[1] + 2, 3}
	writev := syscallInfo{arch: arch, nr: uint64(native().writev), args: [6]uint64{9, uint64(uintptr(unsafe.Pointer(&iov[0]))), 2}}
	for name, call := range map[string]*syscallInfo{"write": &write, "writev": &writev} {
		for _, visible := range []bool{true, false} {
			path := filepath.Join(t.TempDir(), "out.cast")
			file, err := record.Create(path, record.FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s := &sink{o: &Observer{Session: target.session, Writer: file, Input: true}, t: target}
			if err := s.begin(); err != nil {
				t.Fatal(err)
			}
			reader := &thread{pid: os.Getpid()}
			p := &tracer{t: target, s: s, buf: make([]byte, 64<<10), fds: map[int][]int{os.Getpid(): {9}},
				threads: map[int]*thread{1: reader, 2: {pid: os.Getpid(), call: call, visible: visible}}}
			done, err := p.returned(reader, &syscallInfo{arch: arch, nr: uint64(native().read)}, -int64(unix.EIO), native(), 8)
			if !done || err != nil {
				t.Errorf("returned %v, %v at the end; want true, nil", done, err)
			}
			if _, err := s.finish(nil); err != nil {
				t.Fatal(err)
			}
			want := ""
			if visible {
				want = "exit\r"
			}
			if got := readInput(t, path); got != want {
				t.Errorf("%s, visible %v: input %q; want %q", name, visible, got, want)
			}
		}
	}
	runtime.KeepAlive(key)
	runtime.KeepAlive(iov)
}

// TestBlocked: Fexit refuses a holder that waits in a read; another method
// records it.
func TestBlocked(t *testing.T) {
	t.Setenv("TTYDECK_TEST_BLOCKED", "1")
	h := startHolder(t)
	if slices.Contains(kernelMethods, Fexit) {
		_, err := (&Observer{Session: h.session(), Method: Fexit}).Run(t.Context())
		if !errors.Is(err, ErrMethod) || !strings.Contains(err.Error(), "waits in a read") {
			t.Errorf("Fexit: %v; want ErrMethod, as the holder waits in a read", err)
		}
	}
	ob := observe(t, Observer{Session: h.session()})
	before := len(h.read())
	h.send("echo first; seq 1 1000; exit")
	h.wait()
	ob.wait(t)
	_, output, _ := ob.recorded(t)
	same(t, string(ob.result.Method), output, h.read()[before:])
}

// TestRedraw makes a program that was already running draw its screen again.
func TestRedraw(t *testing.T) {
	for _, m := range kernelMethods {
		t.Run(string(m), func(t *testing.T) {
			h := startHolder(t)
			h.send("vim -u NONE -n -N /etc/services")
			await.Until(t, "vim's screen", func() bool { return bytes.Contains(h.read(), []byte("tcpmux")) })
			ob := observe(t, Observer{Session: h.session(), Method: m, Redraw: true})
			await.Until(t, "the screen in the recording", func() bool {
				_, output, _ := ob.recorded(t)
				return bytes.Contains(output, []byte("tcpmux"))
			})
		})
	}
}

// TestTmux records a pane, with the screen from before the recording.
func TestTmux(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil && os.Getenv("CI") == "" {
		t.Skip("tmux is not installed")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), "TMUX=", "TERM=xterm", "PS1=ready> ", "HISTFILE=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("new-session", "-d", "-x", "80", "-y", "24", "bash --norc --noprofile")
	t.Cleanup(func() { exec.Command("tmux", "-S", socket, "kill-server").Run() })
	pid, err := strconv.Atoi(run("display-message", "-p", "#{pane_pid}"))
	if err != nil {
		t.Fatal(err)
	}
	run("send-keys", "echo before", "Enter")
	await.Until(t, "the first line in the pane", func() bool { return strings.Contains(run("capture-pane", "-p"), "\nbefore") })

	ob := observe(t, Observer{Session: sessionOf(t, pid)}) // the best method, which is the default
	run("send-keys", "seq 1 300000; echo done", "Enter")
	await.Until(t, "the end of the lines in the pane", func() bool { return strings.Contains(run("capture-pane", "-p"), "\ndone") })
	run("resize-window", "-x", "91", "-y", "31")
	await.Until(t, "the new size in the recording", func() bool {
		_, _, others := ob.recorded(t)
		return slices.ContainsFunc(others, func(ev format.Event) bool { return ev.Code == format.Resize && ev.Data == "91x31" })
	})
	if run("display-message", "-p", "#{pane_pipe}") != "1" {
		t.Error("the pane is not piped")
	}
	// A second observer cannot have the pipe, and reports this.
	second := Observer{Session: sessionOf(t, pid), Method: Tmux}
	if _, err := second.Run(t.Context()); !errors.Is(err, ErrMethod) || !strings.Contains(err.Error(), "already") {
		t.Errorf("second observer: %v; want an error, as the pipe is taken", err)
	}
	// The recording holds every byte before the end. When a pane ends, tmux
	// discards what it has not yet written to the pipe, so the shell exits only
	// when the last line is recorded.
	run("send-keys", "clear; seq 400000 500000", "Enter")
	await.Until(t, "the last line in the recording", func() bool {
		_, output, _ := ob.recorded(t)
		return bytes.Contains(output, []byte("\r\n500000\r\n"))
	})
	run("send-keys", "exit", "Enter")
	ob.wait(t)
	if ob.result.Method != Tmux || !ob.result.Ended || ob.result.Lost != 0 {
		t.Errorf("result %+v; want tmux, Ended, and no lost bytes", ob.result)
	}
	header, output, _ := ob.recorded(t)
	if !bytes.Contains(output[:min(len(output), 2000)], []byte("before")) {
		t.Errorf("the recording begins with %q; want the screen from before", output[:min(len(output), 2000)])
	}
	var want bytes.Buffer
	for i := range 300000 {
		fmt.Fprintf(&want, "%d\r\n", i+1)
	}
	var last bytes.Buffer
	for i := 400000; i <= 500000; i++ {
		fmt.Fprintf(&last, "%d\r\n", i)
	}
	if !bytes.Contains(output, last.Bytes()) || !bytes.HasSuffix(output, []byte("exit\r\n")) {
		t.Errorf("the recording ends with %q; want all output before the end", output[max(0, len(output)-100):])
	}
	if !bytes.Contains(output, want.Bytes()) {
		t.Errorf("the recording has %d bytes of output; want all lines in order", len(output))
	}
	if header.Size != (format.Size{Cols: 80, Rows: 24}) || !slices.ContainsFunc(header.Extra, func(f format.Field) bool {
		return strings.Contains(f.JSON, `"partial_start":false`)
	}) {
		t.Errorf("header %+v; want 80x24 and no partial start", header)
	}
}

// TestRefusal: Run reports why it refuses, and writes nothing.
func TestRefusal(t *testing.T) {
	h := startHolder(t)
	s := h.session()
	var w bytes.Buffer
	stream, err := record.NewStream(&w, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		o    Observer
		want string
	}{
		{Observer{Method: Tmux}, "not in tmux"},
		{Observer{Method: "telepathy"}, "is unknown"},
		{Observer{Method: SysExit, Lossless: true}, "it may lose bytes"},
		{Observer{Method: SysExit, Input: true}, "passwords"},
	} {
		test.o.Session, test.o.Writer = s, stream
		if _, err := test.o.Run(t.Context()); !errors.Is(err, ErrMethod) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Run with method %+v: %v; want %q in the error", test.o.Method, err, test.want)
		}
	}
	s.Holders = nil
	if _, err := (&Observer{Session: s, Writer: stream}).Run(t.Context()); !errors.Is(err, ErrNoHolder) {
		t.Errorf("Run without a holder: %v; want ErrNoHolder", err)
	}
	if w.Len() > 0 {
		t.Errorf("a refused Run wrote %q", &w)
	}
}

// tail returns the last n bytes of a file.
func tail(t *testing.T, path string, n int64) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, min(n, info.Size()))
	if _, err := f.ReadAt(data, info.Size()-int64(len(data))); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSSHD observes a session of a real sshd on the server's side.
func TestSSHD(t *testing.T) {
	const sshd = "/usr/sbin/sshd"
	if os.Geteuid() != 0 {
		t.Skip("needs root: sshd cannot give the terminal to its group otherwise")
	}
	if _, err := exec.LookPath(sshd); err != nil && os.Getenv("CI") == "" {
		t.Skip("sshd is not installed")
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	host, user, config := filepath.Join(dir, "host"), filepath.Join(dir, "user"), filepath.Join(dir, "config")
	for _, key := range []string{host, user} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	if err := os.WriteFile(config, fmt.Appendf(nil, "HostKey %s\nAuthorizedKeysFile %s.pub\nPidFile none\nStrictModes no\nUsePAM no\n"+
		"PermitRootLogin yes\nPrintMotd no\n", host, user), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range kernelMethods {
		t.Run(string(m), func(t *testing.T) {
			shown := filepath.Join(t.TempDir(), "shown")
			out, err := os.Create(shown)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			ssh := exec.Command("ssh", "-tt", "-F", "none", "-i", user, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
				"-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "-o", "ProxyCommand="+sshd+" -i -f "+config, "root@loopback",
				"echo pid $$.; PS1='ready> ' exec bash --norc --noprofile -i")
			ssh.Stdout, ssh.Stderr = out, os.Stderr
			keys, err := ssh.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := ssh.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ssh.Process.Kill(); ssh.Wait() })
			read := func() []byte {
				data, err := os.ReadFile(shown)
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			await.Until(t, "the shell over ssh", func() bool { return bytes.HasSuffix(read(), []byte("ready> ")) })
			_, text, _ := bytes.Cut(read(), []byte("pid "))
			digits, _, _ := bytes.Cut(text, []byte("."))
			pid, err := strconv.Atoi(string(digits))
			if err != nil {
				t.Fatal(err)
			}
			ob := observe(t, Observer{Session: sessionOf(t, pid), Method: m})
			before := len(read())
			if _, err := keys.Write([]byte("seq 1 200000; exit\r")); err != nil {
				t.Fatal(err)
			}
			if err := ssh.Wait(); err != nil {
				t.Errorf("ssh: %v", err)
			}
			ob.wait(t)
			if !ob.result.Ended || ob.result.Lost > 0 {
				t.Errorf("result %+v; want Ended, and no lost bytes", ob.result)
			}
			_, output, _ := ob.recorded(t)
			same(t, string(m), output, read()[before:])
		})
	}
}

// TestMany records sessions as they begin and end.
func TestMany(t *testing.T) {
	first := startHolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	path := func(sid int) string { return filepath.Join(dir, strconv.Itoa(sid)+".cast") }
	var holders []int // the test's own shells; other sessions are ignored
	var mu sync.Mutex
	ours := func(pid int) {
		mu.Lock()
		defer mu.Unlock()
		holders = append(holders, pid)
	}
	ours(first.shell)
	began, ended := make(chan int, 10), make(chan int, 10)
	many := Many{
		Every: 50 * time.Millisecond,
		Want: func(s *sessions.Session) bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Contains(holders, s.SID)
		},
		Begin: func(s sessions.Session) (*Observer, error) {
			file, err := record.Create(path(s.SID), record.FileOptions{})
			return &Observer{Session: s, Writer: file, Lossless: true, Began: func(Method, []error) { began <- s.SID }}, err
		},
		End: func(s sessions.Session, r Result, err error) {
			if err != nil {
				t.Errorf("session %d: %v", s.SID, err)
			}
			ended <- s.SID
		},
	}
	done := make(chan error, 1)
	go func() { done <- many.Run(ctx) }()
	if sid := <-began; sid != first.shell {
		t.Errorf("session %d began; want %d", sid, first.shell)
	}
	second := startHolder(t)
	ours(second.shell)
	if sid := <-began; sid != second.shell {
		t.Errorf("session %d began; want %d", sid, second.shell)
	}
	second.send("echo second")
	second.send("exit")
	second.wait()
	if sid := <-ended; sid != second.shell {
		t.Errorf("session %d ended; want %d", sid, second.shell)
	}
	first.send("echo first")
	await.Until(t, "the first session's output in its recording", func() bool {
		_, out, _ := (&observation{path: path(first.shell)}).recorded(t)
		return bytes.Contains(out, []byte("\rfirst\r\n"))
	})
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, out, _ := (&observation{path: path(second.shell)}).recorded(t); !bytes.Contains(out, []byte("\rsecond\r\n")) && !bytes.Contains(out, []byte("\nsecond\r\n")) {
		t.Errorf("the second session's output is %q; want second in it", out)
	}
}
