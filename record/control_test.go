//go:build linux || darwin

package record

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/vt"
	"golang.org/x/sys/unix"
)

// viewer is a Watcher that keeps all events.
type viewer struct {
	mu   sync.Mutex
	all  []format.Event
	came chan struct{}
}

func newViewer() *viewer { return &viewer{came: make(chan struct{}, 1)} }

func (v *viewer) Event(ev format.Event) {
	v.mu.Lock()
	v.all = append(v.all, ev)
	v.mu.Unlock()
	select {
	case v.came <- struct{}{}:
	default:
	}
}

// events returns the events so far.
func (v *viewer) events() []format.Event {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.all)
}

// text returns the data of the events with a code.
func (v *viewer) text(code format.Code) string {
	var b strings.Builder
	for _, ev := range v.events() {
		if ev.Code == code {
			b.WriteString(ev.Data)
		}
	}
	return b.String()
}

func (v *viewer) wait(t *testing.T, want string) {
	t.Helper()
	for {
		got := v.text(format.Output)
		if strings.Contains(got, want) {
			return
		}
		await.Receive(t, fmt.Sprintf("%q in the watcher's output %q", want, got), v.came)
	}
}

// control starts a headless session. It returns the session's Control, and a
// function that waits for the session's end and returns the exit status.
func control(t *testing.T, path string, args ...string) (*Control, func() int) {
	t.Helper()
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return controlled(t, Recorder{Writer: f, FlushEvery: f.FlushEvery(), Recorded: f.Recorded(), Args: args})
}

// controlled is control with other fields of a Recorder.
func controlled(t *testing.T, r Recorder) (*Control, func() int) {
	t.Helper()
	started := make(chan *Control, 1)
	r.Headless, r.Started = true, func(c *Control) { started <- c }
	type ending struct {
		status int
		err    error
	}
	ended := make(chan ending, 1)
	go func() {
		status, err := r.Run(t.Context())
		ended <- ending{status, err}
	}()
	select {
	case c := <-started:
		return c, func() int {
			t.Helper()
			e := <-ended
			if e.err != nil {
				t.Errorf("Run: %v", e.err)
			}
			return e.status
		}
	case e := <-ended:
		t.Fatalf("Run ended before the session started: %v", e.err)
	}
	return nil, nil
}

func TestControl(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	c, wait := control(t, path, "sh", "-c", `stty -echo; echo ready; while read x; do echo "<$x>"; stty size; done; exit 3`)
	v := newViewer()
	if err := c.Watch(v); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{c.Resize(format.Size{Cols: 40, Rows: 10}), c.Mark("here"), c.Type([]byte("one\r"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	v.wait(t, "<one>\r\n10 40")
	if got := c.State(); got.Size != (format.Size{Cols: 40, Rows: 10}) || got.Paused || got.PID < 2 {
		t.Errorf("State() = %+v; want 40x10, not paused, and a PID", got)
	}
	c.Pause()
	if !c.State().Paused {
		t.Error("State().Paused = false after Pause; want true")
	}
	c.Type([]byte("hidden\r"))
	v.wait(t, "<hidden>\r\n10 40")
	c.Resume()
	c.Type([]byte("two\r"))
	v.wait(t, "<two>\r\n10 40")
	if err := c.Watch(nil); err != nil {
		t.Fatal(err)
	}
	c.Type([]byte("three\r\x04"))
	if got := wait(); got != 3 {
		t.Errorf("exit status %d; want 3", got)
	}
	for _, err := range []error{c.Type([]byte("x")), c.Resize(format.Size{Cols: 1, Rows: 1}), c.Mark(""), c.Pause()} {
		if !errors.Is(err, ErrEnded) {
			t.Errorf("error after the session's end: %v; want ErrEnded", err)
		}
	}
	if out, sizes := v.text(format.Output), v.text(format.Resize); strings.Contains(out, "three") || sizes != "40x10" {
		t.Errorf("watcher: output %q, sizes %q; want 40x10, and no output after Watch(nil)", out, sizes)
	}
	r := read(t, path)
	at, isTime := format.ResumedAt(strings.TrimPrefix(r.text(format.Marker), "here paused "))
	if !isTime || at.Before(r.Header.Start.Truncate(time.Second)) || at.After(time.Now()) {
		t.Errorf("markers %q; want here, paused, resumed and the time", r.text(format.Marker))
	}
	if got := r.text(format.Output); !strings.Contains(got, "<one>") || strings.Count(got, "<hidden>") > 1 || !strings.Contains(got, "<three>") {
		t.Errorf("output %q; want <one> and <three>, and <hidden> at most once", got)
	}
}

// A watcher may begin at any moment. The screen and the events after it are
// together the session's: nothing is repeated and nothing is lost.
func TestWatchJoins(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	for i := 1; i <= 3000; i++ {
		want.WriteString("line-" + strconv.Itoa(i) + "-\r\n")
	}
	for i := 1; i <= 20000; i++ {
		want.WriteString(strconv.Itoa(i) + "\r\n")
	}
	for n := range 20 {
		path := castPath(t)
		// The session ends only when it is watched, however late that is.
		watched := path + ".watched"
		if err := unix.Mkfifo(watched, 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"sh", "-c", `i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line-$i-; done; sleep 0.05; seq 20000; read x <"$0"`, watched}
		var c *Control
		var wait func() int
		if n%4 == 3 { // also a recording that cannot be read again
			f, err := NewStream(io.Discard, nil)
			if err != nil {
				t.Fatal(err)
			}
			c, wait = controlled(t, Recorder{Writer: f, Args: args})
		} else {
			c, wait = control(t, path, args...)
		}
		v := newViewer()
		// Watch at a random moment of the session, and look at another: after so many
		// turns of the goroutine that moves its bytes.
		turns := func(most int) {
			for range rand.IntN(most) {
				c.do(func() {})
			}
		}
		turns(3000)
		if err := c.Watch(v); err != nil {
			t.Fatal(err)
		}
		turns(1000)
		var before int
		var text string
		if err := c.Screen(func(time.Duration) { before = len(v.text(format.Output)) }, func(s *vt.Screen) { text = s.Text() }); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(watched, []byte("\n"), 0); err != nil {
			t.Fatal(err)
		}
		if got := wait(); got != 0 {
			t.Fatalf("exit status %d; want 0", got)
		}
		got := v.text(format.Output)
		if !strings.HasSuffix(want.String(), got) {
			t.Fatalf("%d bytes watched are not the end of the session's %d", len(got), want.Len())
		}
		s := vt.New(80, 24)
		s.WriteString(want.String()[:want.Len()-len(got)+before])
		if s.Text() != text {
			t.Fatalf("the screen shows\n%s\nwant it after %d bytes:\n%s", text, want.Len()-len(got)+before, s.Text())
		}
	}
}

// A watcher's events are those of the recording, with their times.
func TestWatchEvents(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, wait := controlled(t, Recorder{Writer: f, Recorded: f.Recorded(), Input: true, Args: []string{"sh", "-c", `read x; while read x; do echo "<$x>"; done; exit 3`}})
	v := newViewer()
	if err := c.Watch(v); err != nil {
		t.Fatal(err)
	}
	c.Type([]byte("begin\r"))
	v.wait(t, "begin")
	c.Resize(format.Size{Cols: 40, Rows: 10})
	c.Mark("here")
	for _, line := range []string{"one", "two", "three"} {
		c.Type([]byte(line + "\r"))
		v.wait(t, "<"+line+">\r\n")
	}
	c.Type([]byte("\x04"))
	if got := wait(); got != 3 {
		t.Errorf("exit status %d; want 3", got)
	}
	r := read(t, path)
	for _, code := range []format.Code{format.Output, format.Input, format.Resize, format.Marker, format.Exit} {
		var want string
		var at []time.Duration
		for _, ev := range r.events {
			if ev.Code == code {
				want += ev.Data
				at = append(at, ev.Time)
			}
		}
		if got := v.text(code); got != want || got == "" {
			t.Errorf("events %q of the watcher: %q; of the recording: %q", code, got, want)
		}
		if code == format.Output { // the recording may join two reads
			continue
		}
		n := 0
		for _, ev := range v.events() {
			if ev.Code != code {
				continue
			}
			// The file has milliseconds.
			if n < len(at) && (ev.Time-at[n]).Abs() > 2*time.Millisecond {
				t.Errorf("event %d of %q: at %v for the watcher, at %v in the recording", n, code, ev.Time, at[n])
			}
			n++
		}
	}
	last := time.Duration(0)
	for _, ev := range v.events() {
		if ev.Time < last {
			t.Errorf("the time falls from %v to %v", last, ev.Time)
		}
		last = ev.Time
	}
}

// The screen outlives the session for a watcher that is late.
func TestScreenAtEnd(t *testing.T) {
	t.Parallel()
	c, wait := control(t, castPath(t), "sh", "-c", "read x; seq 100000; echo the end")
	if err := c.Watch(newViewer()); err != nil {
		t.Fatal(err)
	}
	c.Type([]byte("\r"))
	wait()
	var text string
	if err := c.Screen(func(time.Duration) {}, func(s *vt.Screen) { text = s.Text() }); err != nil || !strings.HasSuffix(text, "100000\nthe end") {
		t.Errorf("Screen after the end: %v, with the text %q; want the last lines", err, text)
	}
	if c, wait := control(t, castPath(t), "true"); wait() == 0 {
		if err := c.Screen(func(time.Duration) {}, func(*vt.Screen) {}); !errors.Is(err, ErrEnded) {
			t.Errorf("Screen after the end of a session that nobody watched: %v; want ErrEnded", err)
		}
	}
}

// A session without a terminal answers its program's queries, from the screen as
// the output before the query has left it.
func TestHeadlessAnswers(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatal("needs python3")
	}
	const asks = `
import os, tty
tty.setraw(0)
def ask(q, end):
    os.write(1, q)
    got = b""
    while not got.endswith(end):
        got += os.read(0, 1)
    print(repr(got), end="\r\n", flush=True)
ask(b"\x1b[c", b"c")
ask(b"\x1b[2J\x1b[3;1Hab\x1b[6ncd", b"R")
ask(b"\x1b[18t\x1b[7;1Hx\x1b[6n\x1b[c", b"c")
os.write(1, b"\x1b[9;1H\x1b["); ask(b"6nxyz", b"R")
ask(b"\x1b]11;?\x07", b"\x07")
`
	want := []string{`b'\x1b[?62;22c'`, `b'\x1b[3;3R'`, `b'\x1b[8;24;80t\x1b[7;2R\x1b[?62;22c'`, `b'\x1b[9;1R'`, `b'\x1b]11;rgb:0000/0000/0000\x07'`}
	for _, name := range []string{"file", "stream", "paused"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Recorder{Args: []string{"python3", "-c", asks}, Headless: true}
			f, err := Create(castPath(t), FileOptions{})
			r.Recorded = f.Recorded()
			if name == "stream" {
				f.Discard()
				f, err = NewStream(io.Discard, nil)
				r.Recorded = nil
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Writer = f
			v := newViewer()
			r.Started = func(c *Control) {
				if name == "paused" {
					c.Pause()
				}
				c.Watch(v)
			}
			if _, err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := v.text(format.Output)
			for _, answer := range want {
				if !strings.Contains(got, answer+"\r\n") {
					t.Errorf("the program shows %q; want the answer %s", got, answer)
				}
			}
		})
	}
}

// A program cannot end its recorder by queries that are cut off, wherever the
// output is split.
func TestQueriesCutOff(t *testing.T) {
	t.Parallel()
	// The pauses make each piece a read of its own.
	c, wait := control(t, castPath(t), "sh", "-c", `for p in '\033[6n' '\033]11;?\033' '\033]11;?\033' x '\033[6\033' '[6n' '\033P+q\033' '\\'; do printf "$p"; sleep 0.1; done`)
	v := newViewer()
	c.Watch(v)
	if got := wait(); got != 0 {
		t.Errorf("exit status %d; want 0", got)
	}
}

// A screen that is taken while one of our marks is under way does not end in the
// middle of it: its rest is not for watchers.
func TestScreenInMark(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal("needs bash")
	}
	f, err := Create(castPath(t), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, wait := controlled(t, Recorder{Writer: f, Recorded: f.Recorded(), Args: []string{"bash"}, Integrate: true, Nonce: "abc", Env: append(os.Environ(), "PS1=$ ", "HOME="+t.TempDir())})
	v := newViewer()
	c.Watch(v)
	c.Type([]byte("echo b'eg'in\r"))
	v.wait(t, "begin\r\n")
	c.Type([]byte("printf 'o''ne\\e]133;P;aid=abc'; read -s x; printf '\\aT''WO\\n'\r"))
	await.Until(t, "the beginning of the mark", func() bool {
		held := false
		c.do(func() { held = len(c.pump.marks.held) > len("\x1b]133;P;aid=ab") })
		return held
	})
	v.mu.Lock()
	v.all = nil
	v.mu.Unlock()
	var state []byte
	if err := c.Screen(func(time.Duration) {}, func(s *vt.Screen) { state = s.AppendState(nil) }); err != nil {
		t.Fatal(err)
	}
	c.Type([]byte("\r"))
	v.wait(t, "TWO")
	s := vt.New(80, 24)
	s.Write(state)
	s.WriteString(v.text(format.Output))
	if !strings.Contains(s.Text(), "TWO") {
		t.Errorf("the screen and the output after it show\n%s\nwant TWO", s.Text())
	}
	c.Type([]byte("exit\r"))
	wait()
}

// With input, the answer to a query is recorded after the query.
func TestAnswerIsRecordedAfterQuery(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := Recorder{Writer: f, Recorded: f.Recorded(), Headless: true, InputSecrets: true, Input: true, Args: []string{"bash", "-c", `stty raw -echo; printf 'A\033[c'; read -rd c x; printf 'B\033[6n'; read -rd R x`}}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, ev := range read(t, path).events {
		fmt.Fprintf(&got, "%s %q, ", ev.Code, ev.Data)
	}
	if want := `o "A\x1b[c", i "\x1b[?62;22c", o "B\x1b[6n", i "\x1b[1;3R", x "0", `; got.String() != want {
		t.Errorf("events %s; want %s", got.String(), want)
	}
}

// The time of a screen is the present, not that of the last event.
func TestScreenTime(t *testing.T) {
	t.Parallel()
	c, wait := control(t, castPath(t), "sh", "-c", "read x")
	v := newViewer()
	c.Watch(v)
	clock := func() time.Duration { now, _ := c.s.clock.now(); return now }
	var times []time.Duration
	for range 2 {
		times = append(times, clock())
		if err := c.Screen(func(now time.Duration) { times = append(times, now) }, func(*vt.Screen) {}); err != nil {
			t.Fatal(err)
		}
	}
	times = append(times, clock())
	c.Mark("")
	c.Type([]byte("\r"))
	wait()
	if times = append(times, v.events()[0].Time); !slices.IsSorted(times) || times[0] == 0 {
		t.Errorf("the clock, a screen, the clock, a screen, the clock, an event: %v; want rising times", times)
	}
}
