package play

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// fakeTerminal is a Terminal inside a synctest bubble: the test sends keys, and the
// terminal keeps each write with its time.
type fakeTerminal struct {
	size format.Size
	keys chan string
	// slow is the duration of a write; stuck makes writes wait for their
	// deadline.
	slow  time.Duration
	stuck bool

	mu       sync.Mutex
	began    time.Time
	writes   []timedWrite
	raw      bool
	restored int
	cut      bool          // a write was cut off by its deadline
	readEnd  chan struct{} // closed by a read deadline in the past
	writeEnd chan struct{} // closed and replaced when the write deadline is set
	deadline time.Time     // of writes
	resized  chan struct{}
}

type timedWrite struct {
	at   time.Duration
	data string
}

func newFakeTerminal(cols, rows int) *fakeTerminal {
	return &fakeTerminal{
		size: format.Size{Cols: cols, Rows: rows}, keys: make(chan string), began: time.Now(),
		readEnd: make(chan struct{}), writeEnd: make(chan struct{}), resized: make(chan struct{}, 1),
	}
}

func (f *fakeTerminal) Size() (format.Size, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size, nil
}

func (f *fakeTerminal) resize(cols, rows int) {
	f.mu.Lock()
	f.size = format.Size{Cols: cols, Rows: rows}
	f.mu.Unlock()
	f.resized <- struct{}{}
}

func (f *fakeTerminal) Resized() <-chan struct{} { return f.resized }

func (f *fakeTerminal) MakeRaw() (func() error, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.raw = true
	return func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.raw = false
		f.restored++
		return nil
	}, nil
}

func (f *fakeTerminal) Read(p []byte) (int, error) {
	select {
	case s, ok := <-f.keys:
		if !ok {
			return 0, io.EOF
		}
		return copy(p, s), nil
	case <-f.readEnd:
		return 0, os.ErrDeadlineExceeded
	}
}

func (f *fakeTerminal) SetReadDeadline(t time.Time) error {
	if t.After(time.Now()) {
		return errors.New("fake terminal: only past deadlines")
	}
	close(f.readEnd)
	return nil
}

func (f *fakeTerminal) SetWriteDeadline(t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deadline = t
	close(f.writeEnd)
	f.writeEnd = make(chan struct{})
	return nil
}

func (f *fakeTerminal) Write(p []byte) (int, error) {
	for wait := true; wait; {
		f.mu.Lock()
		slow, changed, deadline := f.slow, f.writeEnd, f.deadline
		stuck := f.stuck
		f.mu.Unlock()
		if stuck {
			slow = 1000 * time.Hour
		}
		if slow == 0 {
			break
		}
		var expired <-chan time.Time
		if !deadline.IsZero() {
			expired = time.After(time.Until(deadline))
		}
		select {
		case <-time.After(slow):
			wait = false
		case <-changed:
		case <-expired:
			f.mu.Lock()
			f.cut = true
			f.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, timedWrite{time.Since(f.began), string(p)})
	return len(p), nil
}

// output returns all that was written.
func (f *fakeTerminal) output() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, w := range f.writes {
		b.WriteString(w.data)
	}
	return b.String()
}

// when returns the time of the first write of s.
func (f *fakeTerminal) when(s string) (time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.writes {
		if strings.Contains(w.data, s) {
			return w.at, true
		}
	}
	return 0, false
}

var castOf, out, marker = testcast.Of, testcast.Out, testcast.Marker
