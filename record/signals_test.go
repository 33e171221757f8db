//go:build linux || darwin

package record

import (
	"os"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/sys/unix"
)

// Before the terminal is raw, SIGQUIT is a key and does not end the session.
// Afterwards it comes from outside and does.
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
			t.Errorf("%v from before raw mode ends the session", sig)
		}
	default:
	}
	arrives(s.c, "when the terminal is raw")
}
