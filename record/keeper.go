package record

import (
	"io"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/query"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// keepLimit bounds the output, in bytes, that waits to be drawn. Beyond it the
// program waits.
const keepLimit = 1 << 20

// keeper keeps the session's screen, in a goroutine of its own, while something
// needs it. It begins with the screen of the recording so far: keeping one all the
// time would cost more than the rest of the recorder. Only a recording that cannot
// be read again needs one from its beginning.
type keeper struct {
	s *session

	mu      sync.Mutex
	changed sync.Cond    // any of the fields below has changed
	steps   []step       // output and resizes to draw; guarded by mu
	bytes   int          // the size of steps; guarded by mu
	needs   needs        // guarded by mu
	resized format.Event // the last resize of a pause; guarded by mu
	// resuming means that the user has asked to resume. The recording resumes when
	// all steps have been drawn. Guarded by mu.
	resuming bool
	answers  []byte // for the program; guarded by mu
	ended    bool   // no more steps will come; guarded by mu
	// over means that the screen is not kept any more: nothing needed it. Guarded by
	// mu.
	over bool
	// last is the session's last screen, set when it has ended and everything is
	// drawn. Guarded by mu.
	last *vt.Screen
}

// needs are the reasons to keep a screen.
type needs uint8

const (
	// needAnswers: the program queries its terminal. It will do so again.
	needAnswers needs = 1 << iota
	// needStream: the recording cannot be read again.
	needStream
	// needWatcher: there is a watcher.
	needWatcher
	// needPause: the recording is paused. It resumes with the screen.
	needPause
)

// step is output or a resize to draw, or a call of look.
type step struct {
	ev   format.Event
	asks []ask // in ev
	look func(*vt.Screen)
	cut  bool // look is to see no unfinished sequence
}

// ask is a query in output.
type ask struct {
	query []byte
	end   int // its end in the output
}

// keep returns the keeper, which stays until the needs are dropped. Only the pump
// calls keep, or what runs before it.
func (s *session) keep(n needs) *keeper {
	if k := s.keeper.Load(); k != nil && k.add(n) {
		return k
	}
	k := &keeper{s: s, needs: n}
	k.changed.L = &k.mu
	if s.pump.watcher != nil {
		k.needs |= needWatcher
	}
	if ev := s.pump.full; ev.Code != "" { // comes after the recording so far
		k.steps = append(k.steps, step{ev: ev})
	}
	size := s.size
	switch {
	case n&needStream != 0:
		s.goFunc(func() { k.run(screen.Sized(size), true) })
	case s.Recorded == nil:
		s.goFunc(func() { k.run(screen.Sized(size), false) })
	default:
		var cast format.Cast
		var closer io.Closer
		var err error
		opened := make(chan struct{})
		s.syncThen(func() {
			cast, closer, err = s.Recorded()
			close(opened)
		})
		s.goFunc(func() {
			select {
			case <-opened:
			case <-s.ended: // syncThen may have come too late
				select {
				case <-opened:
				default:
					k.run(screen.Sized(size), false)
					return
				}
			}
			if err == nil {
				var drawn screen.Screen
				drawn, err = drawAll(cast)
				closer.Close()
				if err == nil {
					k.run(drawn, true)
					return
				}
			}
			k.run(screen.Sized(size), false)
		})
	}
	s.keeper.Store(k)
	return k
}

// drawAll returns the screen at the end of a recording.
func drawAll(cast format.Cast) (screen.Screen, error) {
	s := screen.New(cast.Header)
	for ev, err := range cast.Events {
		if err != nil {
			return s, err
		}
		s.Feed(ev)
	}
	return s, nil
}

// add adds needs. It returns false if the screen is not kept any more.
func (k *keeper) add(n needs) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.needs |= n
	return !k.over
}

// drop removes needs.
func (k *keeper) drop(n needs) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.needs &^= n
	k.changed.Broadcast()
}

// put has a step drawn. It returns false if the recording is paused; otherwise the
// caller records the event.
func (k *keeper) put(st step) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.bytes >= keepLimit && !k.over {
		k.changed.Wait()
	}
	if k.over {
		return true
	}
	paused := k.needs&needPause != 0
	if paused && st.ev.Code == format.Resize {
		k.resized = st.ev
	}
	k.steps = append(k.steps, st)
	k.bytes += len(st.ev.Data)
	k.changed.Broadcast()
	return !paused
}

// look has f called with the screen after everything that was put before, which
// may be after the session's end; with cut without an unfinished sequence. It
// returns false if the screen is not kept any more.
func (k *keeper) look(cut bool, f func(*vt.Screen)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.last != nil:
		f(k.last)
	case !k.over:
		k.steps = append(k.steps, step{look: f, cut: cut})
		k.changed.Broadcast()
	}
	return !k.over
}

// paused reports whether the recording is paused, and whether it is about to
// resume.
func (k *keeper) paused() (paused, resuming bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.needs&needPause != 0, k.resuming
}

// resume has the recording resume.
func (k *keeper) resume() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.resuming = true
	k.changed.Broadcast()
}

// settle waits until a recording that is about to resume has resumed: the keeper
// still holds events.
func (k *keeper) settle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.resuming {
		k.changed.Wait()
	}
}

// end ends the goroutine when everything is drawn. The last screen stays.
func (k *keeper) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.changed.Broadcast()
}

// run keeps the screen. Unless drawn, the screen does not show what was there
// before, and the program is made to redraw it.
func (k *keeper) run(s screen.Screen, drawn bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !drawn && k.needs != needPause {
		k.redraw()
	}
	for {
		for len(k.steps) == 0 && k.needs != 0 && !k.resuming && !k.ended {
			k.changed.Wait()
		}
		switch {
		case len(k.steps) > 0:
			k.doAll(s)
		case k.resuming:
			// Still locked: output that is read from now on is recorded after this.
			k.goOn(s, drawn)
			if !drawn {
				k.redraw()
			}
		case k.ended:
			k.last = s.Screen
			return
		default:
			k.over = true
			k.s.keeper.CompareAndSwap(k, nil)
			return
		}
	}
}

// doAll carries out the steps. k.mu is held, but not meanwhile.
func (k *keeper) doAll(s screen.Screen) {
	steps := k.steps
	k.steps, k.bytes = nil, 0
	k.changed.Broadcast()
	k.mu.Unlock()
	defer k.mu.Lock()
	for _, st := range steps {
		k.do(s, st)
	}
}

// redraw has the program redraw. k.mu is held, but not meanwhile.
func (k *keeper) redraw() {
	k.mu.Unlock()
	defer k.mu.Lock()
	k.s.redraw()
}

// do carries out a step.
func (k *keeper) do(s screen.Screen, st step) {
	switch {
	case st.look != nil && st.cut:
		cols, rows := s.Size()
		without := vt.New(cols, rows)
		without.Restore(s.Snapshot())
		without.WriteString("\x18") // CAN ends a sequence
		st.look(without)
		return
	case st.look != nil:
		st.look(s.Screen)
		return
	}
	ev := st.ev
	at := 0
	for _, a := range st.asks {
		ev.Data = st.ev.Data[at:a.end]
		s.Feed(ev)
		at = a.end
		cols, rows := s.Size()
		if answer, _ := query.Answer(a.query, format.Size{Cols: cols, Rows: rows}, s.Screen); answer != "" {
			k.answer(answer)
		}
	}
	ev.Data = st.ev.Data[at:]
	s.Feed(ev)
}

// answer sends the answer to a query to the program.
func (k *keeper) answer(text string) {
	k.mu.Lock()
	first := len(k.answers) == 0
	if len(k.answers) < answerLimit {
		k.answers = append(k.answers, text...)
	}
	k.mu.Unlock()
	if !first {
		return // the call is on its way
	}
	k.s.pump.call(func() {
		k.mu.Lock()
		b := k.answers
		k.answers = nil
		k.mu.Unlock()
		k.s.pump.answer(b)
	})
}

// goOn ends a pause, with the screen if it was drawn. k.mu is held.
func (k *keeper) goOn(s screen.Screen, drawn bool) {
	k.needs &^= needPause
	k.resuming = false
	k.changed.Broadcast()
	at, _ := k.s.clock.now()
	mark := format.Event{Time: at, Code: format.Marker, Data: format.Resumed(time.Now())}
	k.s.queue.force(mark)
	k.s.pump.call(func() { k.s.pump.watch(mark) })
	if k.resized.Code != "" {
		k.resized.Time = at
		k.s.queue.force(k.resized)
		k.resized = format.Event{}
	}
	if drawn {
		k.s.queue.force(format.Event{Time: at, Code: format.Output, Data: string(s.AppendState(nil))})
	}
	k.s.clock.resume()
	k.s.display.title("", false)
}
