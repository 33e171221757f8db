//go:build linux || darwin

package record

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/sys/unix"
)

// viewer is a Watcher that keeps all output and sizes.
type viewer struct {
	mu     sync.Mutex
	out    bytes.Buffer
	sizes  []format.Size
	events chan struct{}
}

func (v *viewer) Output(b []byte) {
	v.mu.Lock()
	v.out.Write(b)
	v.mu.Unlock()
	select {
	case v.events <- struct{}{}:
	default:
	}
}

func (v *viewer) Resized(size format.Size) {
	v.mu.Lock()
	v.sizes = append(v.sizes, size)
	v.mu.Unlock()
}

func (v *viewer) wait(t *testing.T, want string) string {
	t.Helper()
	for {
		v.mu.Lock()
		got := v.out.String()
		v.mu.Unlock()
		if strings.Contains(got, want) {
			return got
		}
		await.Receive(t, fmt.Sprintf("%q in the watcher's output %q", want, got), v.events)
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
	started := make(chan *Control, 1)
	r := Recorder{Writer: f, FlushEvery: f.FlushEvery(), Recorded: f.Recorded(), Args: args, Headless: true, Started: func(c *Control) { started <- c }}
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
	v := &viewer{events: make(chan struct{}, 1)}
	_, closer, err := c.Watch(v)
	if err != nil {
		t.Fatal(err)
	}
	closer.Close()
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
	if _, _, err := c.Watch(nil); err != nil {
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
	v.mu.Lock()
	if strings.Contains(v.out.String(), "three") || len(v.sizes) != 1 {
		t.Errorf("watcher: output %q, sizes %v; want one size, and no output after Watch(nil)", v.out.String(), v.sizes)
	}
	v.mu.Unlock()
	r := read(t, path)
	if got := r.text(format.Marker); got != "here paused resumed" {
		t.Errorf("markers %q; want here, paused, resumed", got)
	}
	if got := r.text(format.Output); !strings.Contains(got, "<one>") || strings.Count(got, "<hidden>") > 1 || !strings.Contains(got, "<three>") {
		t.Errorf("output %q; want <one> and <three>, and <hidden> at most once", got)
	}
}

// A watcher may begin at any moment. The recording up to then and the watcher's
// output together are the session's output: nothing is repeated and nothing is
// lost.
func TestWatchJoins(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := castPath(t)
		// The session ends only when it is watched, however late that is.
		watched := path + ".watched"
		if err := unix.Mkfifo(watched, 0o600); err != nil {
			t.Fatal(err)
		}
		c, wait := control(t, path, "sh", "-c", `i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line-$i-; done; sleep 0.05; seq 20000; read x <"$0"`, watched)
		v := &viewer{events: make(chan struct{}, 1)}
		// Watch at a random moment of the session.
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		var before strings.Builder
		cast, closer, err := c.Watch(v)
		if err != nil {
			t.Fatal(err)
		}
		for ev, err := range cast.Events {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Code == format.Output {
				before.WriteString(ev.Data)
			}
		}
		closer.Close()
		if err := os.WriteFile(watched, []byte("\n"), 0); err != nil {
			t.Fatal(err)
		}
		if got := wait(); got != 0 {
			t.Fatalf("exit status %d; want 0", got)
		}
		var want strings.Builder
		for i := 1; i <= 3000; i++ {
			want.WriteString("line-" + strconv.Itoa(i) + "-\r\n")
		}
		for i := 1; i <= 20000; i++ {
			want.WriteString(strconv.Itoa(i) + "\r\n")
		}
		if got := before.String() + v.out.String(); got != want.String() {
			t.Fatalf("%d bytes recorded before Watch and %d bytes watched differ from the session's %d", before.Len(), v.out.Len(), want.Len())
		}
	}
}
