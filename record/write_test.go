package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// logWriter logs each call of a Writer, and its time.
type logWriter struct {
	begin time.Time
	log   []string
	slow  time.Duration // the duration of WriteEvent
	err   error         // the error of WriteEvent
}

func (w *logWriter) add(s string) {
	w.log = append(w.log, fmt.Sprintf("%dms %s", time.Since(w.begin).Milliseconds(), s))
}

func (w *logWriter) WriteHeader(format.Header) error { w.add("header"); return nil }
func (w *logWriter) Flush() error                    { w.add("flush"); return nil }
func (w *logWriter) Close() error                    { w.add("close"); return nil }

func (w *logWriter) WriteEvent(ev format.Event) error {
	time.Sleep(w.slow)
	w.add(ev.Data)
	return w.err
}

// newWriting returns a session that only writes, for use in a bubble.
func newWriting(w format.Writer, flushEvery time.Duration) *session {
	return &session{
		Recorder: &Recorder{Writer: w, FlushEvery: flushEvery, Notice: func(string) {}},
		queue:    newQueue(), clock: newClock(), ended: make(chan struct{}),
	}
}

func output(at time.Duration, s string) format.Event {
	return format.Event{Time: at, Code: format.Output, Data: s}
}

func TestWriteFlushes(t *testing.T) {
	tests := []struct {
		every time.Duration
		want  string
	}{
		// A plain file is flushed whenever no event waits.
		{0, "0ms header,0ms flush,100ms a,100ms flush,200ms b,200ms flush,1500ms c,1500ms close"},
		// A compressed file is flushed before an event waits longer than every,
		// and not for each event.
		{500 * time.Millisecond, "0ms header,0ms flush,100ms a,200ms b,600ms flush,1500ms c,1500ms close"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := &logWriter{begin: time.Now()}
			s := newWriting(w, tt.every)
			put := putter(s.queue)
			done := make(chan error, 1)
			go func() { done <- s.write() }()
			time.Sleep(100 * time.Millisecond)
			put(output(1, "a"))
			time.Sleep(100 * time.Millisecond)
			put(output(2, "b"))
			time.Sleep(1300 * time.Millisecond)
			s.queue.end(output(3, "c"))
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got := strings.Join(w.log, ","); got != tt.want {
				t.Errorf("flush every %v:\n%s; want\n%s", tt.every, got, tt.want)
			}
		})
	}
}

// A disk slower than the program slows the program down: no event is lost, and
// the queue keeps to its limit.
func TestSlowDiskHoldsTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &logWriter{begin: time.Now(), slow: 100 * time.Millisecond}
		s := newWriting(w, 0)
		put := putter(s.queue)
		done := make(chan error, 1)
		go func() { done <- s.write() }()
		chunk := strings.Repeat("x", queueLimit/4)
		begin := time.Now()
		for i := range 20 {
			put(output(time.Duration(i)*time.Second, chunk))
			s.queue.mu.Lock()
			if s.queue.bytes > queueLimit+len(chunk)+eventCost {
				t.Errorf("the queue holds %d bytes; want about %d at most", s.queue.bytes, queueLimit)
			}
			s.queue.mu.Unlock()
		}
		if d := time.Since(begin); d < 1400*time.Millisecond {
			t.Errorf("the program waited for %v; want about as long as the disk takes", d)
		}
		s.queue.end(format.Event{})
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := len(w.log); n < 22 {
			t.Errorf("the log has %d entries; want at least 22", n)
		}
	})
}

// After a write error the program waits for the queue no more.
func TestWriteErrorReleasesTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("full")
		w := &logWriter{begin: time.Now(), slow: time.Second, err: failure}
		s := newWriting(w, 0)
		put := putter(s.queue)
		told := ""
		s.Notice = func(msg string) { told = msg }
		done := make(chan error, 1)
		go func() { done <- s.write() }()
		for range 10 {
			put(output(0, strings.Repeat("x", queueLimit/2)))
		}
		if d := time.Since(w.begin); d > 2*time.Second {
			t.Errorf("the program waited for %v; want at most 2s", d)
		}
		s.queue.end(exitEvent(0, 0))
		if err := <-done; !errors.Is(err, failure) {
			t.Errorf("write() = %v; want %v", err, failure)
		}
		if !strings.Contains(told, "recording stopped: full") {
			t.Errorf("notice %q; want recording stopped: full", told)
		}
	})
}

func TestSyncWaitsForWhatWasPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &logWriter{begin: time.Now()}
		s := newWriting(w, time.Hour)
		put := putter(s.queue)
		done := make(chan error, 1)
		go func() { done <- s.write() }()
		put(output(1, "a"))
		synced := make(chan struct{})
		s.syncThen(func() { close(synced) })
		<-synced
		if got := strings.Join(w.log, ","); got != "0ms header,0ms flush,0ms a,0ms flush" {
			t.Errorf("log %s; want the event and a flush", got)
		}
		s.queue.end(format.Event{})
		<-done
		s.syncThen(func() { t.Error("syncThen's function was called without a writer") })
		<-s.ended
	})
}

func TestReadsAreJoinedWithinAMillisecond(t *testing.T) {
	q := newQueue()
	put := putter(q)
	var s slab
	want := ""
	at := time.Duration(0)
	var times []time.Duration // the time of each byte
	for i := range 3000 {
		b := s.space()
		n := copy(b, fmt.Sprintf("%d,", i))
		at += time.Duration(i%7) * 170 * time.Microsecond
		for range n {
			times = append(times, at)
		}
		want += string(b[:n])
		put(output(at, s.keep(n)))
		if i%1000 == 999 {
			put(format.Event{Time: at, Code: format.Marker, Data: "m"})
		}
	}
	events, _ := q.take(nil)
	got, markers := "", 0
	for _, ev := range events {
		if ev.Code == format.Marker {
			markers++
			continue
		}
		for i := range len(ev.Data) {
			if lost := times[len(got)+i] - ev.Time; lost < 0 || lost >= time.Millisecond {
				t.Fatalf("the time of a byte is off by %v; want less than 1ms", lost)
			}
		}
		got += ev.Data
	}
	if got != want || markers != 3 {
		t.Errorf("%d bytes, %d markers; want %d bytes, 3 markers", len(got), markers, len(want))
	}
	if len(events) > 1800 {
		t.Errorf("%d events from 3000 reads; want at most 1800", len(events))
	}
}

// Memory outside a slab may end where a slab begins. A string that joined them
// would keep only one of them alive.
func TestOnlySlabsAreJoined(t *testing.T) {
	q := newQueue()
	put := putter(q)
	var s slab
	read := func(text string) string { return s.keep(copy(s.space(), text)) }
	put(output(0, read("a")))
	q.force(output(0, read("b"))) // a screen, for example
	put(output(0, read("c")))
	put(output(0, read("d")))
	q.force(output(0, string(make([]byte, 32)))) // ends at the end of its memory
	put(output(0, read("e")))
	put(output(0, s.hold("**")))
	put(output(0, read("f")))
	events, _ := q.take(nil)
	var got []string
	for _, ev := range events {
		got = append(got, strings.Trim(ev.Data, "\x00"))
	}
	if want := []string{"a", "b", "cd", "", "e**f"}; !slices.Equal(got, want) {
		t.Errorf("events %q; want %q", got, want)
	}
}

// A slab never overwrites memory that it has handed out, and pieces of
// different slabs are never joined.
func TestSlab(t *testing.T) {
	var s slab
	var kept []string
	for i := range 200 {
		b := s.space()
		if len(b) < slabLeft-1 {
			t.Fatalf("space() has %d bytes; want about %d", len(b), slabLeft)
		}
		for j := range b {
			b[j] = byte(i)
		}
		kept = append(kept, s.keep(min(len(b), 4095)))
		if text := strings.Repeat("x", i*5000); s.hold(text) != text {
			t.Fatalf("hold of %d bytes returns another text", len(text))
		}
	}
	for i, k := range kept {
		if strings.Trim(k, string([]byte{byte(i)})) != "" {
			t.Fatalf("piece %d was overwritten", i)
		}
	}
}

func TestClockStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		time.Sleep(time.Second)
		c.stop()
		time.Sleep(time.Hour)
		c.stop()
		if at, running := c.now(); at != time.Second || running {
			t.Errorf("now() while stopped = %v, %v; want 1s, false", at, running)
		}
		c.resume()
		time.Sleep(time.Second)
		if at, running := c.now(); at != 2*time.Second || !running {
			t.Errorf("now() after resume = %v, %v; want 2s, true", at, running)
		}
	})
}

// putter returns a function that adds an event to q and waits while q is full, as
// the pump does by not reading. Call putter before the writer starts.
func putter(q *queue) func(format.Event) {
	room := make(chan struct{}, 1)
	q.room = func() {
		select {
		case room <- struct{}{}:
		default:
		}
	}
	return func(ev format.Event) {
		for !q.tryPut(ev) {
			<-room
		}
		q.kick()
	}
}
