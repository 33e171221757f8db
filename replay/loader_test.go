package replay

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// What a growing recording gets can be waited for, shown and found at once.
func TestGrowingTape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		more := make(chan string)
		tape := New(format.Cast{Events: func(yield func(format.Event, error) bool) {
			for n := 0; ; n++ {
				text, ok := <-more
				if !ok || !yield(out(time.Duration(n)*time.Second, text), nil) {
					return
				}
			}
		}})
		defer tape.Close()
		ended := make(chan error)
		go func() { ended <- tape.Run(t.Context()) }()
		pos := tape.Position()
		for i := range 5 {
			grown := tape.Grown(pos.Point().Number)
			select {
			case <-grown:
				t.Fatalf("the tape has grown before event %d", i)
			default:
			}
			text := fmt.Sprintf("\r\nline %d", i)
			more <- text
			<-grown
			if _, ok, err := pos.Next(); !ok || err != nil {
				t.Fatalf("Next = %v, %v after the tape has grown", ok, err)
			}
			time.Sleep(2 * batchWait)
			if found := findAllIn(t, tape, text[2:], 0, false); len(found.Hits) != 1 {
				t.Errorf("%q is found %d times; want once", text[2:], len(found.Hits))
			}
		}
		close(more)
		<-tape.Grown(5)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if done, err := tape.Loaded(); !done || err != nil {
			t.Errorf("Loaded = %v, %v; want true, nil", done, err)
		}
	})
}

// Run returns the recording's error, its panic, and the end of its context.
func TestRunEnds(t *testing.T) {
	run := func(ctx context.Context, events format.Events) (err error) {
		tape := New(format.Cast{Events: events})
		defer tape.Close()
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v", v)
			}
		}()
		return tape.Run(ctx)
	}
	boom := errors.New("boom")
	err := run(t.Context(), func(yield func(format.Event, error) bool) {
		_ = yield(out(0, "fine"), nil) && yield(format.Event{}, boom)
	})
	if err != boom {
		t.Errorf("Run of a broken recording = %v; want boom", err)
	}
	err = run(t.Context(), func(yield func(format.Event, error) bool) {
		yield(out(0, "fine"), nil)
		panic("boom")
	})
	if fmt.Sprint(err) != "panic: boom" {
		t.Errorf("Run of a reader that panics = %v; want its panic", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	events := testcast.Work(10<<20, time.Hour).Events
	err = run(ctx, func(yield func(format.Event, error) bool) {
		events(func(ev format.Event, err error) bool {
			if n++; n == 1000 {
				cancel()
			}
			return yield(ev, err)
		})
	})
	if err != context.Canceled || n > 1100 {
		t.Errorf("Run = %v after %d events; want it to be cancelled after 1000", err, n)
	}
}
