package session

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
)

// newDir returns an empty directory for sessions.
func newDir(t *testing.T) live.Dir {
	t.Helper()
	base, err := os.MkdirTemp("", "session") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("XDG_RUNTIME_DIR", base)
	dir, err := live.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// of returns a session of a shell command, recorded to path.
func of(path, command string) *Session {
	return &Session{
		Recorder: record.Recorder{Args: []string{"sh", "-c", command}, Headless: true},
		Open:     func(string) (*record.File, error) { return record.Create(path, record.FileOptions{}) },
	}
}

// output returns the output of a recording, and its header.
func output(t *testing.T, path string) (string, format.Header) {
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
		if ev.Code == format.Output {
			b.WriteString(ev.Data)
		}
	}
	return b.String(), f.Header
}

func TestRun(t *testing.T) {
	dir := newDir(t)
	path := filepath.Join(t.TempDir(), "a.cast")
	for _, test := range []struct {
		name    string
		sharing Sharing
		want    string // $TTYDECK_SESSION
	}{
		{"private", Private, ""}, {"shared", IfPossible, "mine"}, {"required", Required, "mine"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := path + test.name
			s := of(path, `echo "<$TTYDECK_REC $ASCIINEMA_REC $TTYDECK_SESSION>"; exit 3`)
			s.Name, s.Sharing = "mine", test.sharing
			s.Capture = []string{"SHELL", "TERM", "NOTHING"}
			s.Recorder.Env = []string{"PATH=" + os.Getenv("PATH"), "SHELL=/bin/x", "TERM=xterm"}
			var calls []string
			open := s.Open
			s.Open = func(name string) (*record.File, error) { calls = append(calls, "open "+name); return open(name) }
			s.Begun = func(f *record.File) { calls = append(calls, "begun "+f.Path) }
			s.Started = func(name string) { calls = append(calls, "started "+name) }
			status, err := s.Run(t.Context())
			if err != nil || status != 3 {
				t.Errorf("Run = %d, %v; want 3", status, err)
			}
			text, h := output(t, path)
			if want := "<1 1 " + test.want + ">"; !strings.Contains(text, want) {
				t.Errorf("output %q; want %q", text, want)
			}
			if len(h.Env) != 1 || h.Env["SHELL"] != "/bin/x" {
				t.Errorf("the header's environment is %v; want SHELL alone", h.Env)
			}
			if want := []string{"open " + test.want, "begun " + path, "started " + test.want}; !slices.Equal(calls, want) {
				t.Errorf("calls %q; want %q", calls, want)
			}
			if names, err := dir.Names(); err != nil || len(names) != 0 {
				t.Errorf("sessions after the end: %q, %v; want none", names, err)
			}
		})
	}
}

// A session that cannot begin leaves neither a recording nor its name.
func TestNotStarted(t *testing.T) {
	dir := newDir(t)
	tmp := t.TempDir()
	plain := filepath.Join(tmp, "plain")
	if err := os.WriteFile(plain, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	for _, test := range []struct {
		name   string
		change func(*Session)
		status int
		err    error
	}{
		{"missing program", func(s *Session) { s.Recorder.Args = []string{"no-such-program"} }, 127, nil},
		{"not a program", func(s *Session) { s.Recorder.Args = []string{plain}; s.Recorder.Path = plain }, 126, nil},
		{"no recording", func(s *Session) { s.Open = func(string) (*record.File, error) { return nil, refused } }, 0, refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.cast")
			s := of(path, "true")
			s.Name, s.Sharing = "mine", Required
			s.Started = func(string) { t.Error("it has started") }
			test.change(s)
			status, err := s.Run(t.Context())
			start, ok := errors.AsType[*StartError](err)
			if status != -1 || ok != (test.status != 0) || ok && start.Status != test.status || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("Run = %d, %v; want an error of status %d", status, err, test.status)
			}
			if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
				t.Errorf("files %v, %v are left; want none", left, err)
			}
			if names, err := dir.Names(); err != nil || len(names) != 0 {
				t.Errorf("sessions after the end: %q, %v; want none", names, err)
			}
		})
	}
}

// A taken name stops a session; where it cannot be shared at all, one that need not
// be is recorded nevertheless.
func TestSharing(t *testing.T) {
	dir := newDir(t)
	taken, err := dir.Serve(live.Options{Name: "taken"})
	if err != nil {
		t.Fatal(err)
	}
	for _, sharing := range []Sharing{IfPossible, Required} {
		s := of(filepath.Join(t.TempDir(), "a.cast"), "true")
		s.Name, s.Sharing = "taken", sharing
		if _, err := s.Run(t.Context()); !errors.Is(err, live.ErrNameTaken) {
			t.Errorf("Run with a taken name: %v; want ErrNameTaken", err)
		}
	}
	taken.Close(0)
	if err := os.Chmod(dir.Path(), 0o777); err != nil {
		t.Fatal(err)
	}
	s := of(filepath.Join(t.TempDir(), "a.cast"), "true")
	s.Sharing = Required
	if _, err := s.Run(t.Context()); !errors.Is(err, live.ErrUnsafe) {
		t.Errorf("Run in an unsafe directory: %v; want ErrUnsafe", err)
	}
	path := filepath.Join(t.TempDir(), "a.cast")
	s = of(path, "echo recorded")
	s.Sharing = IfPossible
	var told error
	s.Unshared = func(err error) { told = err }
	if status, err := s.Run(t.Context()); status != 0 || err != nil || !errors.Is(told, live.ErrUnsafe) {
		t.Errorf("Run = %d, %v, and told %v; want 0, and ErrUnsafe told", status, err, told)
	}
	if text, _ := output(t, path); text != "recorded\r\n" {
		t.Errorf("output %q; want recorded", text)
	}
}

// Others see that the recording of a session has stopped.
func TestFault(t *testing.T) {
	dir := newDir(t)
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux has /dev/full")
	}
	s := of("/dev/full", "read x")
	s.Name, s.Sharing = "mine", Required
	var told string
	s.Recorder.Notice = func(msg string) { told = msg }
	ended := make(chan error, 1)
	go func() { _, err := s.Run(t.Context()); ended <- err }()
	await.Until(t, "the fault in the session's state", func() bool {
		st, err := dir.StateOf(t.Context(), "mine")
		return err == nil && strings.Contains(st.Fault, "no space left on device")
	})
	c, err := dir.Open("mine")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Type(t.Context(), []byte("\r")); err != nil {
		t.Fatal(err)
	}
	if err := await.Receive(t, "the session's end", ended); err == nil || told == "" {
		t.Errorf("Run: %v, told %q; want the error of the recording", err, told)
	}
}
