package record

import (
	"io"
	"os"
	"sync"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// followLimit bounds the output that waits, while the recording is paused, for
// the screen to have read what was recorded before.
const followLimit = 4 << 20

// follower keeps the screen while the recording is paused, so that the
// recording can go on with the real one. It learns what was on it by reading
// the recording so far: a screen that is fed all the time would cost more than
// all the rest of the recorder, for a key that is hardly ever pressed.
type follower struct {
	s *session

	mu      sync.Mutex
	changed sync.Cond      // pending, resuming or over
	pending []format.Event // output and resizes since the pause; guarded by mu
	resized format.Event   // the last of the resizes; guarded by mu
	bytes   int            // of pending; guarded by mu
	// resuming says that the user wants to go on. It is done when nothing is
	// pending any more. Guarded by mu.
	resuming bool
	over     bool // the recording goes on; guarded by mu
}

func newFollower(s *session) *follower {
	f := &follower{s: s}
	f.changed.L = &f.mu
	return f
}

// put takes output or a resize. It gives false if the recording goes on again:
// then it is to be recorded.
func (f *follower) put(ev format.Event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.bytes >= followLimit && !f.over {
		f.changed.Wait()
	}
	if f.over {
		return false
	}
	if ev.Code == format.Resize {
		f.resized = ev
	}
	f.pending = append(f.pending, ev)
	f.bytes += len(ev.Data)
	f.changed.Broadcast()
	return true
}

// resume has the recording go on.
func (f *follower) resume() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resuming = true
	f.changed.Broadcast()
}

// settle waits for a recording that is to go on to have done so: what came
// since is with the follower.
func (f *follower) settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.resuming && !f.over {
		f.changed.Wait()
	}
}

// run follows the screen until the recording goes on.
func (f *follower) run() {
	screen, err := f.recorded()
	for {
		f.mu.Lock()
		for len(f.pending) == 0 && !f.resuming {
			f.changed.Wait()
		}
		events := f.pending
		f.pending, f.bytes = nil, 0
		f.changed.Broadcast()
		if len(events) == 0 {
			// Still locked: what is read from now on is recorded, behind this.
			f.goOn(screen)
			f.mu.Unlock()
			if err != nil {
				f.s.redraw()
			}
			return
		}
		f.mu.Unlock()
		if err == nil {
			for _, ev := range events {
				draw(screen, ev)
			}
		}
	}
}

// goOn ends the pause; f.mu must be held.
func (f *follower) goOn(screen *vt.Screen) {
	f.over = true
	f.changed.Broadcast()
	f.s.mark("resumed")
	at, _ := f.s.clock.now()
	if f.resized.Code != "" {
		f.resized.Time = at
		f.s.queue.force(f.resized)
	}
	if screen != nil {
		f.s.queue.force(format.Event{Time: at, Code: format.Output, Data: string(screen.AppendState(nil))})
	}
	f.s.clock.resume()
	f.s.display.title("", false)
}

// recorded gives the screen as the recording has it.
func (f *follower) recorded() (*vt.Screen, error) {
	if f.s.Recorded == nil {
		return nil, format.ErrUnknownFormat
	}
	f.s.sync()
	cast, closer, err := f.s.Recorded()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	screen := vt.New(cast.Header.Size.Cols, cast.Header.Size.Rows)
	for ev, err := range cast.Events {
		if err != nil {
			return nil, err
		}
		draw(screen, ev)
	}
	return screen, nil
}

func draw(screen *vt.Screen, ev format.Event) {
	switch ev.Code {
	case format.Output:
		screen.WriteString(ev.Data)
	case format.Resize:
		if size, err := ev.Size(); err == nil {
			screen.Resize(size.Cols, size.Rows)
		}
	}
}

// Recorded opens the recording as it is when that is called; see [Recorder.Recorded]. It is
// nil for what cannot be read again: a stream, a pipe, a format without sizes.
func (f *File) Recorded() func() (format.Cast, io.Closer, error) {
	if f.f == nil || f.Format == format.Raw {
		return nil
	}
	if info, err := f.f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return func() (format.Cast, io.Closer, error) {
		in, err := os.Open(f.Path)
		if err != nil {
			return format.Cast{}, nil, err
		}
		var cast format.Cast
		info, err := in.Stat()
		if err == nil {
			// What comes later is not of so far.
			cast, _, err = format.Open(io.LimitReader(in, info.Size()), format.As(f.Format))
		}
		if err != nil {
			in.Close()
			return format.Cast{}, nil, err
		}
		return cast, in, nil
	}
}
