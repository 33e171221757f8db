// Package await waits for events in tests, up to a time limit.
package await

import (
	"testing"
	"time"
)

// Patience is the time limit of a test's waits: far longer than the slowest
// machine needs, so only a failing test reaches it.
const Patience = 2 * time.Minute

// Until returns when is reports true. If is never does, Until fails the test
// with a message that ends in details, which is may set.
func Until(tb testing.TB, what string, is func() bool, details ...*string) {
	tb.Helper()
	if Within(Patience, is) {
		return
	}
	for _, d := range details {
		what += "\n" + *d
	}
	tb.Fatalf("timed out waiting for %s", what)
}

// Within reports whether is becomes true within a time: for what may fail on a
// slow machine, and is then tried again in another way.
func Within(limit time.Duration, is func() bool) bool {
	for end, pause := time.Now().Add(limit), time.Millisecond; !is(); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(pause) // pause between two calls
	}
	return true
}

// Receive returns the next value of a channel, or the zero value if the channel
// is closed. If neither happens, it fails the test.
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
