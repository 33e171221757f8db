//go:build linux || darwin

package record

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// SIGQUIT before the terminal is raw is a key and ends nothing; after, it is
// from outside, and does.
func TestQuitDuringTheStart(t *testing.T) {
	s := notifySignals()
	defer s.stop()
	await := func(c <-chan os.Signal, when string) {
		t.Helper()
		if err := unix.Kill(unix.Getpid(), unix.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		for {
			select {
			case sig := <-c:
				if sig == unix.SIGQUIT {
					return
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("SIGQUIT %s does not arrive", when)
			}
		}
	}
	await(s.early, "before the terminal is raw")
	s.takeQuit()
	select {
	case sig := <-s.c:
		if s.kind(sig) == sigEnd {
			t.Errorf("%v from before the terminal was raw ends the session", sig)
		}
	default:
	}
	await(s.c, "when the terminal is raw")
}
