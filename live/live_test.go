package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// intruderEnv turns this test binary into a program that tries every call at
// the socket with this path, and prints the status codes.
const intruderEnv = "TTYDECK_LIVE_INTRUDER"

func TestMain(m *testing.M) {
	if path := os.Getenv(intruderEnv); path != "" {
		intrude(path)
		return
	}
	os.Exit(m.Run())
}

// patience is how long a test waits before it fails.
const patience = await.Patience

// newDir returns a directory for sessions. Its path is short, as a socket's
// path must be.
func newDir(t *testing.T) Dir {
	t.Helper()
	base, err := os.MkdirTemp("", "live")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("XDG_RUNTIME_DIR", base)
	d, err := OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// running is a session that runs in this process.
type running struct {
	*Server
	path  string // the recording
	ended chan struct{}
}

// serve starts a session and serves it.
func serve(t *testing.T, d Dir, o Options, args ...string) *running {
	t.Helper()
	return serveWith(t, d, o, record.Recorder{}, args...)
}

// serveWith is serve with more fields of the Recorder.
func serveWith(t *testing.T, d Dir, o Options, rec record.Recorder, args ...string) *running {
	t.Helper()
	o.Command = args
	s, err := d.Serve(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{s, filepath.Join(t.TempDir(), "session.cast"), make(chan struct{})}
	f, err := record.Create(r.path, record.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.SetFile(f.Path)
	rec.Writer, rec.FlushEvery, rec.Recorded, rec.Args, rec.Headless, rec.Started = f, f.FlushEvery(), f.Recorded(), args, true, s.Started
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(r.ended)
		status, err := rec.Run(ctx)
		if err != nil && ctx.Err() == nil {
			t.Errorf("Run: %v", err)
		}
		if err := s.Close(status); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	t.Cleanup(func() { stop(); <-r.ended })
	return r
}

func (r *running) wait(t *testing.T) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		t.Fatal("the session did not end")
	}
}

// clientOf returns a client of a session.
func clientOf(t *testing.T, d Dir, name string) *Client {
	t.Helper()
	c, err := d.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// looker watches a session, with a screen of its own.
type looker struct {
	*Stream
	screen *vt.Screen
	got    strings.Builder // the output alone
	events []format.Event
	lost   int64
	status int
	ended  bool
}

func look(t *testing.T, s *Stream, err error) *looker {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &looker{Stream: s, screen: vt.New(80, 24)}
}

// step applies the next message.
func (l *looker) step(ctx context.Context) error {
	m, err := l.Next(ctx)
	if err != nil {
		return err
	}
	switch m.Kind {
	case MessageScreen:
		l.lost += m.Lost
		l.screen.Resize(m.Size.Cols, m.Size.Rows)
		l.screen.Write(m.Screen)
		l.got.Write(m.Screen)
	case MessageEvents:
		for _, ev := range m.Events {
			l.events = append(l.events, ev)
			screen.Screen{Screen: l.screen}.Feed(ev)
			if ev.Code == format.Output {
				l.got.WriteString(ev.Data)
			}
		}
	case MessageEnd:
		l.ended, l.status = true, m.Status
	}
	return nil
}

// until watches until ok reports true or, if ok is nil, until the session's
// end.
func (l *looker) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	for !l.ended && (ok == nil || !ok()) {
		if err := l.step(ctx); err != nil {
			t.Fatalf("%s did not come: %v; the screen shows\n%s", what, err, l.screen.Text())
		}
	}
	if ok != nil && !ok() {
		t.Fatalf("the session ended before %s; the screen shows\n%s", what, l.screen.Text())
	}
}

func (l *looker) untilShown(t *testing.T, text string) {
	t.Helper()
	l.until(t, text, func() bool { return strings.Contains(l.screen.Text(), text) })
}

func TestSession(t *testing.T) {
	d := newDir(t)
	ctx := t.Context()
	r := serve(t, d, Options{Name: "mine"}, "sh", "-c", `stty -echo; printf '\033]2;a title\033\\ready\n'; while read x; do echo "<$x>"; stty size; done; exit 3`)
	c := clientOf(t, d, "mine")
	a, err := c.Attach(ctx, format.Size{Cols: 60, Rows: 20})
	first := look(t, a, err)
	first.untilShown(t, "ready")
	first.Type(ctx, []byte("one\r"))
	first.untilShown(t, "<one>\n20 60")

	// A watcher that comes later begins with the screen.
	w, err := c.Watch(ctx)
	second := look(t, w, err)
	second.untilShown(t, "ready\n<one>\n20 60")
	b, err := c.Attach(ctx, format.Size{Cols: 90, Rows: 30})
	third := look(t, b, err)
	third.Type(ctx, []byte("two\r"))
	second.untilShown(t, "<two>\n30 90")
	first.Resize(ctx, format.Size{Cols: 50, Rows: 10})
	first.Type(ctx, []byte("three\r"))
	for _, l := range []*looker{first, second, third} {
		l.untilShown(t, "<three>\n10 50")
		if cols, rows := l.screen.Size(); cols != 50 || rows != 10 {
			t.Errorf("a watcher's screen is %dx%d; want 50x10", cols, rows)
		}
	}
	st, err := c.State(ctx)
	if err != nil || st.Attached != 2 || st.Watching != 1 || st.Cols != 50 || st.Rows != 10 || st.Name != "mine" || st.PID < 2 || st.File != r.path {
		t.Errorf("State = %+v, %v; want 2 attached, 1 watching, 50x10", st, err)
	}
	if s, err := c.Screen(ctx); err != nil || s.Title != "a title" || !strings.HasSuffix(s.Text, "<three>\n10 50") || s.Cols != 50 {
		t.Errorf("Screen = %+v, %v; want the title and the last line, 50 columns", s, err)
	}
	if err := c.Mark(ctx, "a marker"); err != nil {
		t.Fatal(err)
	}
	if err := c.Pause(ctx); err != nil {
		t.Fatal(err)
	}
	if st, err := c.State(ctx); err != nil || !st.Paused {
		t.Errorf("Paused = %v, %v after Pause; want true", st.Paused, err)
	}
	if err := c.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Rename(ctx, d, "yours"); err != nil {
		t.Fatal(err)
	}
	if names, err := d.Names(); err != nil || !slices.Equal(names, []string{"yours"}) {
		t.Errorf("Names = %q, %v; want yours", names, err)
	}
	if err := c.Rename(ctx, d, "../x"); err == nil {
		t.Error("Rename accepted a name that leads out of the directory")
	}
	if _, err := d.Serve(Options{Name: "yours"}); !errors.Is(err, ErrNameTaken) {
		t.Errorf("Serve with a taken name: %v; want ErrNameTaken", err)
	}
	if err := c.Type(ctx, []byte("\x04")); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	for _, l := range []*looker{first, second, third} {
		l.until(t, "the end", nil)
		if l.status != 3 || l.lost != 0 {
			t.Errorf("end with status %d, %d bytes lost; want 3, none lost", l.status, l.lost)
		}
	}
	if _, err := c.State(ctx); !errors.Is(err, ErrNoSession) {
		t.Errorf("State after the end: %v; want ErrNoSession", err)
	}
	if entries, err := os.ReadDir(d.Path()); err != nil || len(entries) != 0 {
		t.Errorf("files after the end: %v, %v; want none", entries, err)
	}
	text := strings.TrimSuffix(recorded(t, r.path, format.Marker), "\n")
	label, told := strings.CutPrefix(text, "a marker\npaused\n")
	if _, ok := format.ResumedAt(label); !told || !ok {
		t.Errorf("markers %q; want a marker, paused, resumed with the time", text)
	}
}

// recorded returns the data of all events with a code, one a line except for
// output.
func recorded(t *testing.T, path string, code format.Code) string {
	t.Helper()
	f, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b strings.Builder
	for ev, err := range f.Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Code == code {
			b.WriteString(ev.Data)
			if code != format.Output {
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

func TestNames(t *testing.T) {
	d := newDir(t)
	for _, want := range []string{"sleep", "sleep-2", "sleep-3"} {
		if got := serve(t, d, Options{}, "/bin/sleep", "100").Name(); got != want {
			t.Errorf("Name() = %q; want %q", got, want)
		}
	}
	// The files of a killed session do not block its name.
	for _, name := range []string{"dead.sock", "dead.lock"} {
		if err := os.WriteFile(filepath.Join(d.Path(), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := d.Names(); err != nil || !slices.Equal(names, []string{"sleep", "sleep-2", "sleep-3"}) {
		t.Errorf("Names = %q, %v; want the running sessions", names, err)
	}
	serve(t, d, Options{Name: "dead"}, "sleep", "100")
	for _, bad := range []string{"", ".", "..", "a/b", "-x", ".x", "a b", "é", strings.Repeat("x", 49)} {
		if CheckName(bad) == nil {
			t.Errorf("CheckName(%q) = nil; want an error", bad)
		}
	}
}

// A watcher that falls behind is sent the current screen and a report of the
// loss, and delays nobody.
func TestSlowWatcher(t *testing.T) {
	d := newDir(t)
	r := serve(t, d, Options{Name: "s"}, "sh", "-c", "read x; seq 1000000; echo the end; read x")
	ctx := t.Context()
	c := clientOf(t, d, "s")
	w, err := c.Watch(ctx)
	slow := look(t, w, err)
	w, err = c.Watch(ctx)
	stuck := look(t, w, err)
	if err := c.Type(ctx, []byte("\r")); err != nil {
		t.Fatal(err)
	}
	// The output reaches its end without any watcher reading.
	var text string
	await.Until(t, "the end of the session's output; the screen shows", func() bool {
		s, err := c.Screen(ctx)
		if err != nil {
			t.Fatal(err)
		}
		text = s.Text
		return strings.Contains(text, "the end")
	}, &text)
	slow.untilShown(t, "the end")
	if slow.lost == 0 {
		t.Error("no loss was reported to the slow watcher")
	}
	if got := slow.screen.Text(); !strings.Contains(got, "999999\n1000000\nthe end") {
		t.Errorf("the screen shows\n%s\nwant the last lines", got)
	}
	c.Type(ctx, []byte("\r"))
	r.wait(t)
	stuck.Close()
	if got := recorded(t, r.path, format.Output); strings.Count(got, "\n") != 1000003 {
		t.Errorf("the recording has %d lines; want 1000003", strings.Count(got, "\n"))
	}
}

// If the recording cannot be read back, a watch begins with the program's
// redraw, in the program's size.
func TestWatchWithoutRecording(t *testing.T) {
	d := newDir(t)
	s, err := d.Serve(Options{Name: "s"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := record.NewStream(io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "ready")
	// The program draws outside the trap: bash forgets a signal that arrives
	// during a trap.
	program := "trap asked=1 WINCH; : >" + ready + "; for i in {1..800}; do sleep 0.05; if [[ $asked ]]; then asked=; echo drawn anew; stty size; fi; done"
	rec := record.Recorder{Writer: f, Args: []string{"bash", "-c", program}, Headless: true, Size: format.Size{Cols: 70, Rows: 15}, Started: s.Started}
	rec.Recorded = func() (format.Cast, io.Closer, error) { return format.Cast{}, nil, os.ErrNotExist }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); rec.Run(ctx); s.Close(0) }()
	t.Cleanup(func() { stop(); <-ended })
	await.Until(t, "the start of the program", func() bool { _, err := os.Stat(ready); return err == nil })
	w, err := clientOf(t, d, "s").Watch(t.Context())
	l := look(t, w, err)
	l.untilShown(t, "drawn anew\n15 70")
	if cols, rows := l.screen.Size(); cols != 70 || rows != 15 {
		t.Errorf("the screen is %dx%d; want 70x15", cols, rows)
	}
}

// A session that is recorded to a stream, which cannot be read back, is joined as
// any other.
func TestWatchStream(t *testing.T) {
	d := newDir(t)
	s, err := d.Serve(Options{Name: "s"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := record.NewStream(io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := record.Recorder{Writer: f, Args: []string{"sh", "-c", "echo early; read x; echo late; read x; exit 3"}, Headless: true, Started: s.Started}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		status, _ := rec.Run(context.Background())
		s.Close(status)
	}()
	c := clientOf(t, d, "s")
	await.Until(t, "the output on the screen", func() bool {
		screen, err := c.Screen(t.Context())
		return err == nil && strings.Contains(screen.Text, "early")
	})
	w, err := c.Watch(t.Context())
	l := look(t, w, err)
	if err := l.step(t.Context()); err != nil || l.screen.Text() != "early" {
		t.Errorf("a watcher begins with %q, %v; want the output so far", l.screen.Text(), err)
	}
	c.Type(t.Context(), []byte("\r"))
	l.untilShown(t, "late")
	c.Type(t.Context(), []byte("\r"))
	l.until(t, "the end", nil)
	if l.status != 3 {
		t.Errorf("exit status %d; want 3", l.status)
	}
	<-ended
}

// Watchers are sent the session's events with their times, and input only if they
// ask for it.
func TestWatchEvents(t *testing.T) {
	d := newDir(t)
	r := serveWith(t, d, Options{Name: "s"}, record.Recorder{Input: true}, "sh", "-c", "while read x; do echo \"<$x>\"; done; exit 3")
	c := clientOf(t, d, "s")
	w, err := c.WatchInput(t.Context())
	all := look(t, w, err)
	w, err = c.Watch(t.Context())
	plain := look(t, w, err)
	for _, l := range []*looker{all, plain} {
		l.step(t.Context()) // the screen: what follows is sent to both
	}
	c.Mark(t.Context(), "here")
	c.Type(t.Context(), []byte("one\r"))
	plain.untilShown(t, "<one>")
	c.Type(t.Context(), []byte("\x04"))
	r.wait(t)
	want := map[format.Code]string{format.Output: recorded(t, r.path, format.Output), format.Input: "one\r\x04", format.Marker: "here", format.Exit: "3"}
	for _, l := range []*looker{all, plain} {
		l.until(t, "the end", nil)
		got := map[format.Code]string{}
		last := time.Duration(0)
		for _, ev := range l.events {
			got[ev.Code] += ev.Data
			if ev.Time < last || ev.Time == 0 {
				t.Errorf("an event at %v follows one at %v", ev.Time, last)
			}
			last = ev.Time
		}
		if l == plain {
			delete(want, format.Input)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("events %q; want %q", got, want)
		}
	}
}

// A Cast holds the session's events in its time.
func TestCast(t *testing.T) {
	d := newDir(t)
	r := serve(t, d, Options{Name: "s"}, "sh", "-c", "read x; stty size; echo more; exit 3")
	c := clientOf(t, d, "s")
	w, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cast, err := w.Cast(t.Context())
	if err != nil || cast.Header.Size != (format.Size{Cols: 80, Rows: 24}) {
		t.Fatalf("Cast: size %v, %v; want 80x24", cast.Header.Size, err)
	}
	a, err := c.Attach(t.Context(), format.Size{Cols: 50, Rows: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	await.Until(t, "the attached terminal's size", func() bool {
		st, err := c.State(t.Context())
		return err == nil && st.Cols == 50
	})
	c.Mark(t.Context(), "here")
	c.Type(t.Context(), []byte("\r"))
	var codes strings.Builder
	var output string
	for ev, err := range cast.Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Code == format.Output {
			output += ev.Data
			continue
		}
		fmt.Fprintf(&codes, "%s %s, ", ev.Code, ev.Data)
	}
	if got := codes.String(); got != "r 50x10, m here, x 3, " || !strings.HasSuffix(output, "10 50\r\nmore\r\n") {
		t.Errorf("events %q, and the output %q; want the resize, the marker, the exit, and 10 50, more", got, output)
	}
	if status, ok := w.Ended(); status != 3 || !ok {
		t.Errorf("Ended() = %d, %v; want 3, true", status, ok)
	}
	r.wait(t)
}

// The directory and the sockets belong to this user alone.
func TestDirIsSafe(t *testing.T) {
	base := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", base)
	path := filepath.Join(base, "ttydeck")
	refused := func(why string) {
		t.Helper()
		if d, err := OpenDir(); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: OpenDir = %v, %v; want ErrUnsafe", why, d, err)
		}
		if _, err := (Dir{path: path, uid: os.Geteuid()}).Serve(Options{Name: "x"}); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: Serve: %v; want ErrUnsafe", why, err)
		}
		os.RemoveAll(path)
	}
	elsewhere := t.TempDir()
	os.Chmod(elsewhere, 0o700)
	os.Symlink(elsewhere, path)
	refused("a symbolic link")
	os.WriteFile(path, nil, 0o600)
	refused("a file")
	os.Mkdir(path, 0o700)
	os.Chmod(path, 0o750)
	refused("a directory that others may enter")
	if os.Geteuid() == 0 {
		os.Mkdir(path, 0o700)
		os.Chown(path, 65534, 65534)
		refused("another user's directory")
	}
	if os.Geteuid() == 0 {
		// A user who becomes root and keeps the environment leaves no files of
		// root's in the user's directory.
		t.Setenv("TMPDIR", elsewhere)
		os.Chown(base, 65534, 65534)
		if d, err := OpenDir(); err != nil || d.Path() != filepath.Join(elsewhere, "ttydeck-0") {
			t.Errorf("OpenDir with another user's runtime directory = %v, %v; want one in TMPDIR", d, err)
		}
		os.Chown(base, 0, 0)
	}
	d, err := OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Serve(Options{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(0)
	for name, want := range map[string]os.FileMode{".": 0o700, "x.sock": 0o600, "x.lock": 0o600} {
		if info, err := os.Stat(filepath.Join(d.Path(), name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	// A client does not connect to a socket that is not this user's.
	os.Symlink(d.socket("x"), d.socket("link"))
	if _, err := clientOf(t, d, "link").State(t.Context()); !errors.Is(err, ErrUnsafe) {
		t.Errorf("State at a symbolic link to a socket: %v; want ErrUnsafe", err)
	}
	if os.Geteuid() == 0 {
		l, err := net.Listen("unix", d.socket("foreign"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		os.Chown(d.socket("foreign"), 65534, 65534)
		if _, err := clientOf(t, d, "foreign").State(t.Context()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("State at another user's socket: %v; want ErrUnsafe", err)
		}
	}
}

var calls = []string{
	"GET /v1/session", "POST /v1/session/input", "POST /v1/session/mark", "POST /v1/session/pause", "POST /v1/session/resume",
	"POST /v1/session/rename", "POST /v1/session/signal", "GET /v1/session/screen", "GET /v1/session/watch", "GET /v1/session/watch-input", "GET /v1/session/attach",
}

// intrude tries every call and prints the status codes.
func intrude(path string) {
	hc := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return net.Dial("unix", path)
	}}}
	for _, call := range calls {
		method, at, _ := strings.Cut(call, " ")
		req, err := http.NewRequest(method, "http://session"+at, strings.NewReader(`{"label":"x","name":"y","signal":9}`))
		if err != nil {
			panic(err)
		}
		if strings.Contains(at, "watch") || strings.HasSuffix(at, "attach") {
			for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
				req.Header.Set(name, value)
			}
		}
		res, err := hc.Do(req)
		if err != nil {
			fmt.Println("no connection")
			continue
		}
		fmt.Println(res.StatusCode)
		res.Body.Close()
	}
}

// Every call refuses another user, even with loosened file modes.
func TestOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	d := newDir(t)
	r := serve(t, d, Options{Name: "s"}, "sh", "-c", "read x; exit 4")
	c := clientOf(t, d, "s")
	if _, err := c.State(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Other users cannot run the test binary where it is.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := os.MkdirTemp("", "live")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(shared)
	os.Chmod(shared, 0o755)
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(shared, "intruder")
	if err := os.WriteFile(binary, text, 0o755); err != nil {
		t.Fatal(err)
	}
	try := func() []string {
		cmd := exec.Command(binary)
		cmd.Dir = "/"
		cmd.Env = []string{intruderEnv + "=" + d.socket("s")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Fields(strings.ReplaceAll(string(out), "no connection", "none"))
	}
	if got, want := try(), slices.Repeat([]string{"none"}, len(calls)); !slices.Equal(got, want) {
		t.Errorf("another user's calls: %v; want no connection", got)
	}
	for path, mode := range map[string]os.FileMode{filepath.Dir(d.Path()): 0o755, d.Path(): 0o777, d.socket("s"): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := try(), slices.Repeat([]string{"403"}, len(calls)); !slices.Equal(got, want) {
		t.Errorf("another user's calls: %v; want %v", got, want)
	}
	// Its own user also refuses a directory that is open to others.
	if _, err := d.Open("s"); !errors.Is(err, ErrUnsafe) {
		t.Errorf("Open in a directory of mode 0777: %v; want ErrUnsafe", err)
	}
	os.Chmod(d.Path(), 0o700)
	if st, err := c.State(t.Context()); err != nil || st.Name != "s" || st.Paused {
		t.Errorf("State = %+v, %v; want the name s, not paused", st, err)
	}
	c.Type(t.Context(), []byte("\r"))
	r.wait(t)
	if got := recorded(t, r.path, format.Marker); got != "" {
		t.Errorf("another user set the markers %q", got)
	}
}

// Fifty watchers, one of which does not read, see the end of a busy session,
// and its recording is complete.
func TestManyWatchers(t *testing.T) {
	d := newDir(t)
	const lines = 300000
	r := serve(t, d, Options{Name: "s"}, "sh", "-c", fmt.Sprintf("read x; seq %d; echo the end; read x", lines))
	ctx := t.Context()
	c := clientOf(t, d, "s")
	var watching sync.WaitGroup
	for i := range 50 {
		w, err := c.Watch(ctx)
		l := look(t, w, err)
		if i == 0 {
			continue // this watcher never reads
		}
		watching.Go(func() {
			l.untilShown(t, "the end")
			if got := l.screen.Text(); !strings.Contains(got, "300000\nthe end") {
				t.Errorf("the screen shows\n%s\nwant the last lines", got)
			}
		})
	}
	c.Type(ctx, []byte("\r"))
	watching.Wait()
	c.Type(ctx, []byte("\r"))
	r.wait(t)
	if got := recorded(t, r.path, format.Output); strings.Count(got, "\n") != lines+3 {
		t.Errorf("the recording has %d lines; want %d", strings.Count(got, "\n"), lines+3)
	}
}

func TestBadRequests(t *testing.T) {
	d := newDir(t)
	serve(t, d, Options{Name: "s"}, "sleep", "100")
	c := clientOf(t, d, "s")
	for path, body := range map[string]string{"/mark": "{", "/rename": `{"name":"a/b"}`, "/signal": `{"signal":99}`, "/nothing": "{}"} {
		if err := c.call(t.Context(), "POST", path, []byte(body), nil); err == nil {
			t.Errorf("POST %s with %s succeeded; want an error", path, body)
		}
	}
	if err := c.call(t.Context(), "POST", "/input", make([]byte, maxBody+1), nil); err == nil {
		t.Error("POST of more than the limit succeeded; want an error")
	}
	req, _ := http.NewRequest("GET", "http://session/v1/session/screen", nil)
	req.Header.Set("Origin", "https://evil.example")
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Error string }
	if json.NewDecoder(res.Body).Decode(&out); res.StatusCode != http.StatusForbidden || out.Error == "" {
		t.Errorf("response to a request with an Origin: %s, %q; want 403 and an error", res.Status, out.Error)
	}
	if _, err := clientOf(t, d, "nobody").State(t.Context()); !errors.Is(err, ErrNoSession) {
		t.Errorf("State of a missing session: %v; want ErrNoSession", err)
	}
}
