package live

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// fake is what answers as a session, at its socket.
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

// What is known to be the caller's own is what the kernel says he listens at.
func TestOwn(t *testing.T) {
	d := newDir(t)
	if c := clientOf(t, d, "s"); !c.Own() {
		t.Error("a session of this user is not his own")
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
			t.Errorf("%s is this user's own", name)
		}
	}
	// Whose user is another than who listens is refused.
	fake(t, d, "s", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") })
	if err := os.Chown(d.socket("s"), os.Geteuid()+1, -1); err != nil {
		if _, err := newClient("s", d.socket("s"), os.Geteuid()+1).State(t.Context()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("a socket of this user for another's: %v", err)
		}
		return
	}
	for _, uid := range []int{os.Geteuid(), os.Geteuid() + 1} { // only root comes here
		if _, err := newClient("s", d.socket("s"), uid).State(t.Context()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("a socket of user %d at which %d listens, for user %d: %v", os.Geteuid()+1, os.Geteuid(), uid, err)
		}
	}
}

// A session that redirects has nothing done to another.
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
			t.Errorf("%s: a redirection is no error", name)
		}
	}
	if n := there.Load(); n != 0 {
		t.Errorf("%d requests went where the session sent them", n)
	}
}

// What another user's session says of itself is cut; one's own is whole.
func TestStateIsCut(t *testing.T) {
	long := strings.Repeat("é", 50_000)
	c := fake(t, newDir(t), "s", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(State{Command: []string{"sh", "-c", long, "last"}, Dir: "/d", File: long, Fault: long})
	})
	st, err := c.State(t.Context())
	if err != nil || len(st.Command) != 4 || st.Command[2] != long || st.File != long || st.Fault != long {
		t.Errorf("one's own: %d arguments, %v", len(st.Command), err)
	}
	st, err = c.Of("s", c.base).State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Join(st.Command, " "), st.File, st.Fault} {
		if len(text) > maxText+10 || !strings.HasSuffix(text, "éé...") {
			t.Errorf("%d bytes: %.30q", len(text), text)
		}
	}
	if len(st.Command) != 3 || st.Dir != "/d" {
		t.Errorf("the command is %.50q, the directory %q", st.Command, st.Dir)
	}
}
