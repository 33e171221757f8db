//go:build linux || darwin

package record

import (
	"os"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/sys/unix"
)

// SIGQUIT before the terminal is raw is a key and ends nothing; after, it is
// from outside, and does.
func TestQuitDuringTheStart(t *testing.T) {
	s := notifySignals()
	defer s.stop()
	arrives := func(c <-chan os.Signal, when string) {
		t.Helper()
		if err := unix.Kill(unix.Getpid(), unix.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		for await.Receive(t, "SIGQUIT "+when, c) != unix.SIGQUIT {
		}
	}
	arrives(s.early, "before the terminal is raw")
	s.takeQuit()
	select {
	case sig := <-s.c:
		if s.kind(sig) == sigEnd {
			t.Errorf("%v from before the terminal was raw ends the session", sig)
		}
	default:
	}
	arrives(s.c, "when the terminal is raw")
}
