package live

import (
	"io"
	"net/http"
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
