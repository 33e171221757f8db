package record

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// followLimit bounds the output, in bytes, that waits during a pause while the
// screen is fed with the recording so far.
const followLimit = 4 << 20

// follower keeps a screen while the recording is paused, from which the
// recording resumes. It first feeds the screen with the recording so far:
// keeping a screen all the time would cost more than the rest of the recorder,
// for a key that is hardly ever pressed.
type follower struct {
	s *session

	mu      sync.Mutex
	changed sync.Cond      // pending, resuming or over has changed
	pending []format.Event // output and resizes since the pause; guarded by mu
	resized format.Event   // the last resize; guarded by mu
	bytes   int            // size of pending; guarded by mu
	// resuming means that the user has asked to resume. The recording resumes when
	// nothing is pending. Guarded by mu.
	resuming bool
	over     bool // the recording has resumed; guarded by mu
}

func newFollower(s *session) *follower {
	f := &follower{s: s}
	f.changed.L = &f.mu
	return f
}

// put takes output or a resize. It returns false if the recording has resumed:
// then ev is to be recorded.
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

// resume asks for the recording to resume.
func (f *follower) resume() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resuming = true
	f.changed.Broadcast()
}

// settle waits until a recording that is about to resume has resumed: the
// follower still holds events.
func (f *follower) settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.resuming && !f.over {
		f.changed.Wait()
	}
}

// run keeps the screen until the recording resumes.
func (f *follower) run() {
	s, err := f.recorded()
	for {
		f.mu.Lock()
		for len(f.pending) == 0 && !f.resuming {
			f.changed.Wait()
		}
		events := f.pending
		f.pending, f.bytes = nil, 0
		f.changed.Broadcast()
		if len(events) == 0 {
			// Still locked: output that is read from now on is recorded after
			// this.
			f.goOn(s, err == nil)
			f.mu.Unlock()
			if err != nil {
				f.s.redraw()
			}
			return
		}
		f.mu.Unlock()
		if err == nil {
			for _, ev := range events {
				s.Feed(ev)
			}
		}
	}
}

// goOn ends the pause, with the screen s if it was drawn; f.mu must be held.
func (f *follower) goOn(s screen.Screen, drawn bool) {
	f.over = true
	f.changed.Broadcast()
	f.s.mark("resumed")
	at, _ := f.s.clock.now()
	if f.resized.Code != "" {
		f.resized.Time = at
		f.s.queue.force(f.resized)
	}
	if drawn {
		f.s.queue.force(format.Event{Time: at, Code: format.Output, Data: string(s.AppendState(nil))})
	}
	f.s.clock.resume()
	f.s.display.title("", false)
}

// recorded returns the screen at the end of the recording so far.
func (f *follower) recorded() (s screen.Screen, err error) {
	if f.s.Recorded == nil {
		return s, format.ErrUnknownFormat
	}
	f.s.sync()
	cast, closer, err := f.s.Recorded()
	if err != nil {
		return s, err
	}
	defer closer.Close()
	s = screen.New(cast.Header)
	for ev, err := range cast.Events {
		if err != nil {
			return s, err
		}
		s.Feed(ev)
	}
	return s, nil
}

// Recorded returns a function that opens the recording as far as it is flushed
// at the time of the call; see [Recorder.Recorded]. Any goroutine may call the
// function; its caller closes the Closer. Recorded returns nil if the recording
// cannot be read again: for a stream, a pipe, or a format without sizes.
func (f *File) Recorded() func() (format.Cast, io.Closer, error) {
	if f.f == nil || f.Format == format.Raw {
		return nil
	}
	began, err := f.f.Stat()
	if err != nil || !began.Mode().IsRegular() {
		return nil
	}
	return func() (format.Cast, io.Closer, error) {
		in, err := f.reopen(began)
		if err != nil {
			return format.Cast{}, nil, err
		}
		var cast format.Cast
		info, err := in.Stat()
		if err == nil {
			// Do not read events that are written later.
			cast, _, err = format.Open(io.LimitReader(in, info.Size()), format.As(f.Format))
		}
		if err != nil {
			in.Close()
			return format.Cast{}, nil, err
		}
		return cast, in, nil
	}
}

// reopen opens the file for reading. If it was renamed, and Path is perhaps another
// recording by now, reopen finds it by its descriptor, which only Linux can.
func (f *File) reopen(began os.FileInfo) (*os.File, error) {
	in, err := os.Open(f.Path)
	if err == nil {
		if info, err := in.Stat(); err == nil && os.SameFile(info, began) {
			return in, nil
		}
		in.Close()
		err = fmt.Errorf("%s: another file has taken the recording's name", f.Path)
	}
	raw, rawErr := f.f.SyscallConn()
	if rawErr != nil {
		return nil, err
	}
	ctlErr := raw.Control(func(fd uintptr) {
		if moved, openErr := os.Open("/proc/self/fd/" + strconv.Itoa(int(fd))); openErr == nil {
			in, err = moved, nil
		}
	})
	if ctlErr != nil || err != nil {
		return nil, cmp.Or(err, ctlErr)
	}
	return in, nil
}
