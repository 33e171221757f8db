package format_test

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

func TestResumed(t *testing.T) {
	at := time.Date(2026, 11, 30, 13, 14, 31, 250e6, time.FixedZone("", 3600))
	label := format.Resumed(at)
	if want := "resumed 2026-11-30 13:14:31.250 +0100"; label != want {
		t.Errorf("Resumed = %q; want %q", label, want)
	}
	if got, ok := format.ResumedAt(label); !ok || !got.Equal(at) {
		t.Errorf("ResumedAt(%q) = %v, %v; want %v", label, got, ok, at)
	}
	for _, other := range []string{"", "resumed", "resumed ", "resumed later", "paused", "x " + label} {
		if _, ok := format.ResumedAt(other); ok {
			t.Errorf("ResumedAt(%q) is true", other)
		}
	}
}
