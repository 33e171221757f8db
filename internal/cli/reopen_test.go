package cli

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
)

// A pipe that never ends can be given up, and no copy stays.
func TestReopenableIsCancelled(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	e := &env{in: r}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := e.reopenable(ctx, "-", &readOptions{})
		done <- err
	}()
	if _, err := w.WriteString("\x1b]"); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	await.Until(t, "a copy", func() bool { return files() == 1 })
	cancel()
	if err := await.Receive(t, "the end", done); !errors.Is(err, context.Canceled) {
		t.Errorf("reopenable = %v; want that it was cancelled", err)
	}
	if n := files(); n != 0 {
		t.Errorf("%d copies stay", n)
	}
}
