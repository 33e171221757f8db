package play

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// playing runs p on a fake terminal in a bubble, types keys at their times, and
// returns the duration and the error of Run.
func playing(t *testing.T, p *Player, term *fakeTerminal, keys ...timedWrite) (took time.Duration, err error) {
	t.Helper()
	p.Terminal = term
	began := time.Now()
	term.began = began
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = p.Run(t.Context())
		took = time.Since(began)
	}()
	for _, k := range keys {
		select {
		case <-time.After(k.at - time.Since(began)):
		case <-done:
			t.Fatalf("Run returned before key %q was due", k.data)
		}
		select {
		case term.keys <- k.data:
		case <-done:
			t.Fatalf("Run returned before it read key %q", k.data)
		}
	}
	<-done
	return took, err
}

var abc = []format.Event{out(time.Second, "aaa"), out(2*time.Second, "bbb"), out(10*time.Second, "ccc")}

func TestStreamTiming(t *testing.T) {
	tests := []struct {
		name  string
		p     Player
		h     format.Header
		times [3]time.Duration
	}{
		{name: "as recorded", times: [3]time.Duration{time.Second, 2 * time.Second, 10 * time.Second}},
		{name: "speed 2", p: Player{Speed: 2}, times: [3]time.Duration{500 * time.Millisecond, time.Second, 5 * time.Second}},
		{name: "idle limit", p: Player{IdleLimit: 3 * time.Second}, times: [3]time.Duration{time.Second, 2 * time.Second, 5 * time.Second}},
		{name: "idle limit and speed", p: Player{IdleLimit: 3 * time.Second, Speed: 2},
			times: [3]time.Duration{500 * time.Millisecond, time.Second, 2500 * time.Millisecond}},
		{name: "the header's idle limit", h: format.Header{IdleLimit: 500 * time.Millisecond},
			times: [3]time.Duration{500 * time.Millisecond, time.Second, 1500 * time.Millisecond}},
		{name: "no idle limit", p: Player{IdleLimit: -1}, h: format.Header{IdleLimit: time.Second},
			times: [3]time.Duration{time.Second, 2 * time.Second, 10 * time.Second}},
		{name: "from the middle", p: Player{Start: 1500 * time.Millisecond}, times: [3]time.Duration{0, 500 * time.Millisecond, 8500 * time.Millisecond}},
		{name: "from the middle with an idle limit", p: Player{Start: 5 * time.Second, IdleLimit: time.Second}, times: [3]time.Duration{0, 0, time.Second}},
		{name: "unpaced", p: Player{Speed: Unpaced}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				term := newFakeTerminal(80, 24)
				tt.p.Raw = true
				tt.p.Cast = castOf(tt.h, abc...)
				if _, err := playing(t, &tt.p, term); err != nil {
					t.Fatal(err)
				}
				for i, s := range []string{"aaa", "bbb", "ccc"} {
					if at, ok := term.when(s); !ok || at != tt.times[i] {
						t.Errorf("%s was written at %v, %v; want %v", s, at, ok, tt.times[i])
					}
				}
			})
		})
	}
}

func TestStreamKeys(t *testing.T) {
	tests := []struct {
		name   string
		keys   []timedWrite
		shown  string        // parts of abc on the terminal at the end
		at     time.Duration // time of the last part
		took   time.Duration
		events []format.Event
		err    error
	}{
		{name: "pause and resume", keys: []timedWrite{{1500 * time.Millisecond, " "}, {61500 * time.Millisecond, " "}},
			shown: "aaabbbccc", at: 70 * time.Second, took: 70 * time.Second},
		{name: "quit", keys: []timedWrite{{1500 * time.Millisecond, "q"}}, shown: "aaa", at: time.Second, took: 1500 * time.Millisecond},
		{name: "ctrl-C in a larger read", keys: []timedWrite{{1500 * time.Millisecond, "xx\x1b[A\x03zz"}},
			shown: "aaa", at: time.Second, took: 1500 * time.Millisecond, err: ErrInterrupted},
		{name: "step", keys: []timedWrite{{100 * time.Millisecond, "."}, {200 * time.Millisecond, "."}, {300 * time.Millisecond, "q"}},
			shown: "aaabbb", at: 200 * time.Millisecond, took: 300 * time.Millisecond},
		{name: "next marker", keys: []timedWrite{{100 * time.Millisecond, "]"}, {5 * time.Second, " "}},
			events: []format.Event{abc[0], abc[1], marker(3*time.Second, "here"), abc[2]},
			shown:  "aaabbbccc", at: 12 * time.Second, took: 12 * time.Second},
		{name: "faster", keys: []timedWrite{{2 * time.Second, "++"}}, shown: "aaabbbccc", at: 4 * time.Second, took: 4 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				events := tt.events
				if events == nil {
					events = abc
				}
				term := newFakeTerminal(80, 24)
				took, err := playing(t, &Player{Raw: true, Cast: castOf(format.Header{}, events...)}, term, tt.keys...)
				if !errors.Is(err, tt.err) {
					t.Fatal(err)
				}
				shown := ""
				var last time.Duration
				for _, s := range []string{"aaa", "bbb", "ccc"} {
					if at, ok := term.when(s); ok {
						shown, last = shown+s, at
					}
				}
				if shown != tt.shown || last != tt.at || took != tt.took {
					t.Errorf("the terminal got %q, the last at %v, and Run took %v; want %q, %v, %v", shown, last, took, tt.shown, tt.at, tt.took)
				}
			})
		})
	}
}

func TestStreamPausesOnMarkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newFakeTerminal(80, 24)
		p := &Player{Raw: true, PauseOnMarkers: true, Cast: castOf(format.Header{}, abc[0], marker(1500*time.Millisecond, ""), abc[1])}
		took, err := playing(t, p, term, timedWrite{time.Minute, " "})
		if want := time.Minute + 500*time.Millisecond; err != nil || took != want {
			t.Errorf("Run took %v, %v; want %v", took, err, want)
		}
	})
}

// On a terminal that takes a second for each write, the player always lags, but keys
// still act.
func TestStreamKeysWhenLagging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []format.Event
		for i := range 10000 {
			events = append(events, out(time.Duration(i)*10*time.Millisecond, "x"))
		}
		term := newFakeTerminal(80, 24)
		term.slow = time.Second
		took, err := playing(t, &Player{Raw: true, Cast: castOf(format.Header{}, events...)}, term,
			timedWrite{10500 * time.Millisecond, " "}, timedWrite{time.Minute, "q"})
		if err != nil || took < time.Minute || took > time.Minute+2*time.Second {
			t.Errorf("q at 1m0s ended Run at %v, %v; want at most 1m2s", took, err)
		}
		if n := strings.Count(term.output(), "x"); n < 10 || n > 1200 {
			t.Errorf("the terminal got %d events; want 10 to those that are due at the pause", n)
		}
		for _, w := range term.writes {
			if strings.Contains(w.data, "x") && w.at > 12*time.Second {
				t.Errorf("the terminal got output at %v, after the pause at 10.5s", w.at)
			}
		}
	})
}

// A stuck terminal does not keep the player from ending and restoring the modes.
func TestStreamStuckTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newFakeTerminal(80, 24)
		term.stuck = true
		took, err := playing(t, &Player{Raw: true, Cast: castOf(format.Header{}, abc...)}, term, timedWrite{3 * time.Second, "q"})
		if err != nil || took > 3*time.Second+2*endWait {
			t.Errorf("Run took %v, %v; want 3s and at most twice endWait", took, err)
		}
		if term.restored != 1 || !term.cut {
			t.Errorf("the terminal was restored %d times, a write was cut %v; want 1, true", term.restored, term.cut)
		}
	})
}

func TestStreamEndsClean(t *testing.T) {
	boom := errors.New("boom")
	stop := errors.New("stopped")
	broken := castOf(format.Header{})
	broken.Events = func(yield func(format.Event, error) bool) {
		_ = yield(out(0, "fine"), nil) && yield(format.Event{}, boom)
	}
	panics := castOf(format.Header{})
	panics.Events = func(func(format.Event, error) bool) { panic("boom") }
	check := func(t *testing.T, term *fakeTerminal) {
		t.Helper()
		if term.raw || term.restored != 1 {
			t.Errorf("the terminal is raw %v, restored %d times; want false, 1", term.raw, term.restored)
		}
		if got, want := term.output(), tty.Cleanup(false); !strings.HasSuffix(got, want) {
			t.Errorf("the terminal got %q; want it to end with the cleanup", got)
		}
	}
	t.Run("error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			term := newFakeTerminal(80, 24)
			if _, err := playing(t, &Player{Raw: true, Cast: broken}, term); !errors.Is(err, boom) {
				t.Errorf("Run = %v; want boom", err)
			}
			check(t, term)
		})
	})
	t.Run("panic", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			term := newFakeTerminal(80, 24)
			var got any
			func() {
				defer func() { got = recover() }()
				(&Player{Raw: true, Cast: panics, Terminal: term}).Run(t.Context())
			}()
			if !strings.Contains(fmt.Sprint(got), "boom") {
				t.Errorf("recovered %v; want the panic of the goroutine", got)
			}
			check(t, term)
		})
	})
	t.Run("context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			term := newFakeTerminal(80, 24)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(1500*time.Millisecond, func() { cancel(stop) })
			if err := (&Player{Raw: true, Cast: castOf(format.Header{}, abc...), Terminal: term}).Run(ctx); !errors.Is(err, stop) {
				t.Errorf("Run = %v; want the cause", err)
			}
			check(t, term)
		})
	})
}

func TestStreamLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newFakeTerminal(80, 24)
		p := &Player{Raw: true, Loop: true, Open: func() (format.Cast, error) { return castOf(format.Header{}, abc...), nil }}
		took, err := playing(t, p, term, timedWrite{25 * time.Second, "q"})
		if err != nil || took != 25*time.Second {
			t.Fatalf("Run took %v, %v; want 25s", took, err)
		}
		if n := strings.Count(term.output(), "aaa"); n != 3 {
			t.Errorf("the loop began %d times in 25 s; want 3", n)
		}
	})
}

func TestStreamToPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		began := time.Now()
		p := &Player{Output: &b, PauseOnMarkers: true, Cast: castOf(format.Header{}, abc[0], marker(time.Second, ""), abc[1], abc[2])}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.String() != "aaabbbccc" || time.Since(began) != 10*time.Second {
			t.Errorf("Run wrote %q in %v; want only the recording's bytes, in 10s", b.String(), time.Since(began))
		}
	})
}

func TestStreamEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		began := time.Now()
		p := &Player{Output: &b, End: 5 * time.Second, Cast: castOf(format.Header{}, abc...)}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.String() != "aaabbb" || time.Since(began) != 2*time.Second {
			t.Errorf("Run wrote %q in %v; want the output before End, in 2s", b.String(), time.Since(began))
		}
	})
}

func TestResizeAndHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := format.Header{Size: format.Size{Cols: 100, Rows: 30}}
		var warned []string
		term := newFakeTerminal(80, 24)
		warn := func(s string) { warned = append(warned, s) }
		if _, err := playing(t, &Player{Raw: true, Cast: castOf(h, abc[0]), Warn: warn}, term); err != nil {
			t.Fatal(err)
		}
		if len(warned) != 1 || !strings.Contains(warned[0], "100x30") || !strings.Contains(warned[0], "--resize") {
			t.Errorf("Warn got %q; want one warning with the size and --resize", warned)
		}
		term = newFakeTerminal(80, 24)
		resize := format.Event{Time: time.Second, Code: format.Resize, Data: "90x20"}
		if _, err := playing(t, &Player{Raw: true, Resize: true, Cast: castOf(h, resize)}, term); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"\x1b[8;30;100t", "\x1b[8;20;90t", "\x1b[8;24;80t"} {
			if !strings.Contains(term.output(), want) {
				t.Errorf("the terminal did not get the request %q", want)
			}
		}
	})
}

// A growing recording plays as its events arrive.
func TestStreamGrowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newFakeTerminal(80, 24)
		cast := format.Cast{Events: func(yield func(format.Event, error) bool) {
			time.Sleep(time.Minute)
			_ = yield(out(time.Second, "first"), nil) && yield(out(3*time.Second, "second"), nil)
		}}
		if _, err := playing(t, &Player{Raw: true, Cast: cast}, term); err != nil {
			t.Fatal(err)
		}
		if at, _ := term.when("first"); at != time.Minute {
			t.Errorf("the first event was written at %v; want 1m0s", at)
		}
		if at, _ := term.when("second"); at != time.Minute+2*time.Second {
			t.Errorf("the second event was written at %v; want 1m2s", at)
		}
	})
}

func TestSpeedIsChecked(t *testing.T) {
	if err := (&Player{Speed: -1}).Run(t.Context()); !errors.Is(err, ErrSpeed) {
		t.Errorf("Run = %v; want ErrSpeed", err)
	}
}
