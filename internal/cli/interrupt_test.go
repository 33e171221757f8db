//go:build unix

package cli

import (
	"context"
	"os/signal"
	"syscall"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
)

// Whoever closes the terminal leaves no unfinished files behind.
func TestInterruptible(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if s == syscall.SIGHUP && signal.Ignored(s) {
			t.Skipf("SKIPPED: TestInterruptible: %v is ignored", s)
		}
		interruptible(t.Context(), func(ctx context.Context) error {
			if err := syscall.Kill(syscall.Getpid(), s); err != nil {
				t.Fatal(err)
			}
			await.Receive(t, "the end of the context after "+s.String(), ctx.Done())
			return nil
		})
	}
}
