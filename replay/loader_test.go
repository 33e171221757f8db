package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
			time.Sleep(2 * batchWait) // in the bubble: until the timer of the batch has fired
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
	for _, hurry := range []bool{false, true} {
		t.Run(fmt.Sprintf("hurry=%v", hurry), func(t *testing.T) { testRunEnds(t, hurry) })
	}
}

func testRunEnds(t *testing.T, hurry bool) {
	run := func(ctx context.Context, events format.Events) (err error) {
		tape := New(format.Cast{Events: events})
		defer tape.Close()
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v", v)
			}
		}()
		if hurry {
			if err := tape.Position().SeekTime(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
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

// Whether or not somebody waits for the end, the index gets the same entries, if no
// line that was on the screen before is drawn again after that.
func TestIndexInHurry(t *testing.T) {
	entries := func(hurryAt int) (list []string) {
		cast := testcast.WithResizes(testcast.Work(2<<20, time.Hour))
		events := cast.Events
		var tape *Tape
		cast.Events = func(yield func(format.Event, error) bool) {
			n := 0
			events(func(ev format.Event, err error) bool {
				if n++; n == hurryAt {
					if err := tape.Position().SeekTime(2 * time.Hour); err != nil {
						t.Error(err)
					}
				}
				return yield(ev, err)
			})
		}
		tape = New(cast)
		defer tape.Close()
		if err := tape.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		blocks, done := tape.index.size()
		if !done || !tape.index.holds(tape.End().Number) {
			t.Errorf("in a hurry at event %d: the index is not complete", hurryAt)
		}
		for i := range blocks {
			_, err := tape.index.read(i, 0, func(e entry) bool {
				list = append(list, fmt.Sprintf("%d %v %d %d %q", e.number, e.at, e.id, e.prev, e.text))
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return list
	}
	want := entries(0)
	for _, at := range []int{1, 2, 1000, 5001, 12345} {
		got := entries(at)
		if slices.Equal(got, want) {
			continue
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("in a hurry at event %d, entry %d is %s; want %s", at, i, got[i], want[i])
			}
		}
		t.Errorf("in a hurry at event %d, the index has %d entries; want %d", at, len(got), len(want))
	}
}

// A recording cannot make the queue of the index grow, not even by one event that
// has hundreds of screens leave.
func TestQueueIsBounded(t *testing.T) {
	output := strings.Repeat("\x1b#8\x1b[2J\x1b[999B\n", 200)
	for _, hurry := range []bool{false, true} {
		tape := New(format.Cast{Header: format.Header{Size: format.Size{Cols: 500, Rows: 200}}, Events: func(yield func(format.Event, error) bool) {
			yield(out(0, output), nil)
		}})
		defer tape.Close()
		tape.hurry.Store(hurry)
		q := newQueue()
		largest := 0
		take := func() {
			b := q.take()
			largest = max(largest, b.size())
			tape.index.take(b)
		}
		go func() {
			defer close(q.ended)
			for {
				select {
				case <-q.wake:
					take()
				case f := <-q.rest: // which takes by itself
					if err := f(); err != nil {
						t.Error(err)
					}
				case <-q.last:
					take()
					return
				}
			}
		}()
		if err := tape.load(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		q.close()
		if largest = max(largest, cap(q.pending.text), cap(q.spare.text)); largest > 4*maxBatch {
			t.Errorf("in a hurry: %v: a batch of %d bytes; want about %d at most", hurry, largest, maxBatch)
		}
	}
}

// The time of a place is that of the piece before it, also where a block of the tape
// ends: a viewer shortens the pause after it.
func TestTimeAtBlocks(t *testing.T) {
	tape := New(format.Cast{Events: func(yield func(format.Event, error) bool) {
		for range 4 {
			if !yield(out(time.Second, strings.Repeat("x", blockSize/4)), nil) {
				return
			}
		}
		yield(out(time.Hour, "y"), nil)
	}})
	defer tape.Close()
	if err := tape.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := tape.Position()
	for i := range 5 {
		pc, ok, err := p.Peek()
		if err != nil || !ok {
			t.Fatalf("Peek = %v, %v", ok, err)
		}
		want := time.Duration(0)
		if i > 0 {
			want = time.Second
		}
		if got := p.Point(); got.Time != want || got.Number != i {
			t.Errorf("before piece %d, at %v: the place is %+v; want the time %v", i, pc.Time, got, want)
		}
		if _, _, err := p.Next(); err != nil {
			t.Fatal(err)
		}
	}
}
