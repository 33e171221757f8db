// Package await waits, in tests, for what must come.
package await

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must come: far longer than it
// takes on the slowest of machines, so that only a test that fails waits it out.
const Patience = 2 * time.Minute

// Until returns when is reports true. It fails the test when it does not; the
// failure ends with the texts at details, which is may set.
func Until(tb testing.TB, what string, is func() bool, details ...*string) {
	tb.Helper()
	for end, pause := time.Now().Add(Patience), time.Millisecond; !is(); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(end) {
			for _, d := range details {
				what += "\n" + *d
			}
			tb.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(pause) // between two looks
	}
}

// Receive returns the next value of a channel, the zero value once it is
// closed, and fails the test when neither comes.
func Receive[T any](tb testing.TB, what string, c <-chan T) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(Patience):
		tb.Fatalf("timed out waiting for %s", what)
		panic("not reached")
	}
}
