package live

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
)

// While one goroutine renames a session, others use its Client. The Client
// finds the session under its new name; the race detector watches.
func TestRenameWhileUsed(t *testing.T) {
	d := newDir(t)
	serve(t, d, Options{Name: "n0"}, "cat")
	c := clientOf(t, d, "n0")
	ctx, stop := context.WithCancel(context.Background())
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for ctx.Err() == nil {
				c.Close() // the next call dials
				if _, err := c.State(ctx); err != nil && !errors.Is(err, ErrNoSession) && ctx.Err() == nil {
					t.Errorf("State: %v", err)
				}
			}
		})
	}
	const renames = 100
	for i := range renames {
		if err := c.Rename(ctx, d, "n"+strconv.Itoa(i+1)); err != nil {
			t.Errorf("Rename %d: %v", i+1, err)
		}
	}
	stop()
	users.Wait()
	c.Close()
	want := "n" + strconv.Itoa(renames)
	if st, err := c.State(context.Background()); err != nil || st.Name != want {
		t.Errorf("State after Rename = %q, %v; want %q", st.Name, err, want)
	}
}

// A Client that reaches its session through a daemon follows a Rename too.
func TestRenameOf(t *testing.T) {
	c := newClient("daemon", "/nonexistent", 0).Of("a b", "/v1/sessions/a%20b")
	c.renamed(Dir{}, "c")
	if got, want := c.at("/screen"), "/v1/sessions/c/screen"; got != want {
		t.Errorf("path after a rename = %q; want %q", got, want)
	}
}
