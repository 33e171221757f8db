package place

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

func TestClock(t *testing.T) {
	start := time.Date(2026, 11, 30, 13, 0, 0, 0, time.UTC)
	c := NewClock(format.Header{Start: start})
	mark := func(at time.Duration, label string) {
		c.See(format.Event{Time: at, Code: format.Marker, Data: label})
	}
	mark(10*time.Second, "paused")
	mark(10*time.Second, format.Resumed(start.Add(time.Minute)))
	mark(20*time.Second, "resumed shortly")
	mark(30*time.Second, format.Resumed(start.Add(time.Hour)))
	for at, want := range map[time.Duration]time.Duration{
		0: 0, 9 * time.Second: 9 * time.Second, 10 * time.Second: time.Minute, 29 * time.Second: 79 * time.Second, 31 * time.Second: time.Hour + time.Second,
	} {
		if got, ok := c.At(at); !ok || !got.Equal(start.Add(want)) {
			t.Errorf("At(%v) = %v, %v; want %v", at, got, ok, start.Add(want))
		}
	}
	if at, ok := c.Unsure(); ok {
		t.Errorf("Unsure() = %v, true; want false", at)
	}
	mark(40*time.Second, "resumed")
	mark(50*time.Second, "resumed")
	if at, ok := c.Unsure(); !ok || at != 40*time.Second {
		t.Errorf("Unsure() = %v, %v; want 40s", at, ok)
	}
	unknown := NewClock(format.Header{})
	if _, ok := unknown.At(0); ok {
		t.Error("a recording without a start has a time of day")
	}
}
