package play

import (
	"math/rand/v2"
	"testing"
	"time"
)

// However late each wait ends, the clock has not drifted after an hour of many
// events.
func TestClockDoesNotDrift(t *testing.T) {
	start := time.Now()
	now := start
	c := clock{speed: 1}
	c.run(now)
	var tape time.Duration
	for tape < time.Hour {
		tape += time.Duration(rand.Int64N(int64(8 * time.Millisecond)))
		if d := c.due(now, tape); d > 0 {
			now = now.Add(d + time.Duration(rand.Int64N(int64(time.Millisecond)))) // sleeps end late
		}
	}
	if off := now.Sub(start) - tape; off < 0 || off > time.Millisecond {
		t.Errorf("after an hour the tape is off by %v; want 0 to 1ms", off)
	}
}

func TestClockChanges(t *testing.T) {
	now := time.Now()
	c := clock{speed: 1}
	if got := c.at(now.Add(time.Hour)); got != 0 {
		t.Fatalf("a stopped clock is at %v; want 0", got)
	}
	c.run(now)
	now = now.Add(2 * time.Second)
	c.setSpeed(now, 4)
	now = now.Add(time.Second)
	if got := c.at(now); got != 6*time.Second {
		t.Errorf("2 s at ×1 and 1 s at ×4 = %v; want 6s", got)
	}
	c.stop(now)
	now = now.Add(time.Minute)
	c.run(now)
	if got := c.due(now, 10*time.Second); got != time.Second {
		t.Errorf("4 s of tape at ×4 are due in %v; want 1s", got)
	}
	c.skip(2 * time.Second)
	if got := c.at(now); got != 8*time.Second {
		t.Errorf("after a skip of 2 s the clock is at %v; want 8s", got)
	}
	c.setSpeed(now, unpaced)
	if got := c.due(now, 1000*time.Hour); got != 0 {
		t.Errorf("an unpaced clock waits %v; want 0", got)
	}
	c.setSpeed(now, 1e-300)
	if got := c.due(now, time.Hour); got < 1000*time.Hour {
		t.Errorf("at speed 1e-300 an hour is due in %v; want 1000h or more", got)
	}
}
