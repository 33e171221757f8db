package attach

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
)

// An attached session is renamed, and another takes its name: the keys for the
// recording are not for that one.
func TestAttachRenamed(t *testing.T) {
	base, err := os.MkdirTemp("", "attach") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("XDG_RUNTIME_DIR", base)
	dir, err := live.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	server, err := dir.Serve(live.Options{Name: "s", Command: []string{"cat"}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := record.Create(filepath.Join(base, "s.cast"), record.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r := record.Recorder{Writer: file, Recorded: file.Recorded(), Args: []string{"cat"}, Headless: true, Started: server.Started}
		status, _ := r.Run(ctx)
		server.Close(status)
	}()
	defer func() { stop(); <-ended }()
	client, err := dir.Open("s")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	st, err := client.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := &attachment{client: client, process: st.Process + 1}
	for _, act := range []record.Action{record.PauseAction, record.MarkerAction} {
		if err := a.control(t.Context(), act); err == nil {
			t.Errorf("action %v reached the session that has the name now", act)
		}
	}
	if st, err := client.State(t.Context()); err != nil || st.Paused {
		t.Errorf("paused %v, %v; want false", st.Paused, err)
	}
	a.process = st.Process
	if err := a.control(t.Context(), record.PauseAction); err != nil {
		t.Error(err)
	}
	if st, err := client.State(t.Context()); err != nil || !st.Paused {
		t.Errorf("paused %v, %v; want true", st.Paused, err)
	}
}
