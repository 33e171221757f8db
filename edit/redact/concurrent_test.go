package redact

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// A Redactor is for any number of recordings at a time: what is made of its rules for one
// must not change them. The race detector sees it.
func TestConcurrentStart(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			cast := testcast.Of(format.Header{Size: format.Size{Cols: 80, Rows: 24}},
				testcast.Out(0, "$ export GITHUB_TOKEN=ghp_kY9pF34Qy6nB3Wwd25rq4f5zr3QA7YeEEBY3\r\n"), testcast.Out(time.Second, "done\r\n"))
			clean, report, err := r.Cast(context.Background(), cast)
			if err != nil || report.Secrets != 1 {
				t.Errorf("Cast = %+v, %v; want one secret", report, err)
			}
			for range clean.Events {
			}
		})
	}
	wg.Wait()
}
