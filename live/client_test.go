package live

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// fake serves f at a session's socket.
func fake(t *testing.T, d Dir, name string, f http.HandlerFunc) *Client {
	t.Helper()
	h, err := d.hold(name)
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.listen()
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(l)
	t.Cleanup(func() { server.Close(); h.release() })
	return clientOf(t, d, name)
}

// A session is the caller's own only if the kernel reports that the caller
// listens at its socket.
func TestOwn(t *testing.T) {
	d := newDir(t)
	if c := clientOf(t, d, "s"); !c.Own() {
		t.Error("Own() = false for a session of this user")
	}
	daemon, err := d.OpenDaemon()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Client{
		"a session behind a daemon":          daemon.Of("s", "/v1/sessions/s"),
		"a session behind the host's daemon": OpenHost().Of("s@root", "/v1/sessions/s@root"),
		"a session of another user":          newClient("s", d.socket("s"), os.Geteuid()+1),
	} {
		if c.Own() {
			t.Errorf("Own() = true for %s", name)
		}
	}
	// A client refuses a socket that belongs to one user and at which another
	// listens.
	fake(t, d, "s", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") })
	if err := os.Chown(d.socket("s"), os.Geteuid()+1, -1); err != nil {
		if _, err := newClient("s", d.socket("s"), os.Geteuid()+1).State(t.Context()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("State at this user's socket, as another's: %v; want ErrUnsafe", err)
		}
		return
	}
	for _, uid := range []int{os.Geteuid(), os.Geteuid() + 1} { // only root gets here
		if _, err := newClient("s", d.socket("s"), uid).State(t.Context()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("State at a socket of user %d at which user %d listens, as user %d's: %v; want ErrUnsafe", os.Geteuid()+1, os.Geteuid(), uid, err)
		}
	}
}

// A session that redirects cannot make a client act on another session.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var there atomic.Int32
	c := fake(t, newDir(t), "s", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/other") {
			there.Add(1)
			io.WriteString(w, "{}")
			return
		}
		w.Header().Set("Location", "/v1/other")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	ctx := t.Context()
	for name, f := range map[string]func() error{
		"state":  func() error { _, err := c.State(ctx); return err },
		"screen": func() error { _, err := c.Screen(ctx); return err },
		"type":   func() error { return c.Type(ctx, []byte("x")) },
		"signal": func() error { return c.Signal(ctx, syscall.SIGHUP) },
		"pause":  func() error { return c.Pause(ctx) },
		"watch":  func() error { _, err := c.Watch(ctx); return err },
		"attach": func() error { _, err := c.Attach(ctx, format.Size{Cols: 80, Rows: 24}); return err },
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error after a redirect", name)
		}
	}
	if n := there.Load(); n != 0 {
		t.Errorf("%d requests followed the redirect; want none", n)
	}
}

// The state of another user's session is cut; the state of one's own is
// complete.
func TestStateIsCut(t *testing.T) {
	long := strings.Repeat("é", 50_000)
	c := fake(t, newDir(t), "s", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(State{Command: []string{"sh", "-c", long, "last"}, Dir: "/d", File: long, Fault: long})
	})
	st, err := c.State(t.Context())
	if err != nil || len(st.Command) != 4 || st.Command[2] != long || st.File != long || st.Fault != long {
		t.Errorf("own session: %d arguments, %v; want all, complete", len(st.Command), err)
	}
	st, err = c.Of("s", c.base).State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Join(st.Command, " "), st.File, st.Fault} {
		if len(text) > maxText+10 || !strings.HasSuffix(text, "éé...") {
			t.Errorf("text of %d bytes: %.30q; want it cut", len(text), text)
		}
	}
	if len(st.Command) != 3 || st.Dir != "/d" {
		t.Errorf("command %.50q, directory %q; want three arguments and /d", st.Command, st.Dir)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(appendEvents(nil, []format.Event{{Time: time.Second, Code: format.Output, Data: "a\x00é"}, {Time: 2 * time.Hour, Code: format.Resize, Data: "80x24"}, {Code: "x"}}))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01o\x05abc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := parseEvents(b)
		if err != nil {
			return
		}
		again, err := parseEvents(appendEvents(nil, events))
		if err != nil || !slices.Equal(again, slices.DeleteFunc(events, func(ev format.Event) bool { return len(ev.Code) != 1 })) {
			t.Errorf("parseEvents(%q) = %v; encoded and parsed again: %v, %v", b, events, again, err)
		}
		s := Stream{}
		for _, ev := range s.events(again).Events {
			if ev.Time < 0 || ev.Time > s.last {
				t.Errorf("an event at %v, before the last at %v", ev.Time, s.last)
			}
		}
	})
}

// A message of events cannot take much more memory than its bytes.
func TestManyEmptyEvents(t *testing.T) {
	if _, err := parseEvents(make([]byte, 3*(maxEvents+1))); err == nil {
		t.Error("parseEvents accepted a message of more events than a session sends")
	}
}
