package transcript

import (
	"testing"
	"time"
)

// A recording by an older version does not hold how long it was paused.
func TestPauseWithoutTime(t *testing.T) {
	list, err := Read(open(t, "pause-absolute.cast"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	if at, ok := list.Clock().Unsure(); !ok || at < time.Second {
		t.Errorf("Unsure() = %v, %v; want the time of the pause", at, ok)
	}
}
