package live

import (
	"context"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// ringSize is the size of the events that are kept for the watchers, the
	// newest, in bytes.
	ringSize = 512 << 10
	// behindLimit is the size of the events that a watcher may fall behind, less if
	// there are many watchers, but at least a chunk. A watcher farther behind is
	// sent the current screen.
	behindLimit = ringSize / 2
	// chunk is the most bytes of events sent at once, except that an event is not
	// split.
	chunk = 32 << 10
	// eventCost is the size of an event without its data, in bytes.
	eventCost = 64
	// paceGap is the shortest time between two sends to a watcher that is not
	// attached, and screenGap between two screens; longer if there are many
	// watchers. Nobody could see faster changes, and sending them would slow
	// down the session.
	paceGap   = 4 * time.Millisecond
	screenGap = 100 * time.Millisecond
	// linger is how long the hub goes on after the last watcher has left.
	linger = 30 * time.Second
)

// hub passes the events of a session to its watchers. While there are any, it is
// the session's [record.Watcher]; a session without watchers costs nothing. Each
// watcher reads the newest events at its own pace. One that falls behind is sent
// the session's screen; the session waits for none.
type hub struct {
	control func() (*record.Control, error) // set before use

	joining sync.Mutex // held while the hub joins or leaves
	joined  bool       // the hub is the session's watcher; guarded by joining

	mu       sync.Mutex
	changed  sync.Cond // anything below changed; its lock is mu
	events   []kept    // the newest
	end      place     // after the last event
	watchers int       // calls of enter less calls of exit
	ended    bool      // nothing more comes

	shooting sync.Mutex // held while the screen is asked for
	state    snapshot   // the last one, shared by watchers; guarded by shooting
}

// place is a place between two events, counted since the hub was made.
type place struct {
	events int           // before it
	cost   int64         // of these events
	output int64         // bytes of output before it
	time   time.Duration // of the session; set by look
}

// kept is an event with the place after it.
type kept struct {
	format.Event
	place
}

// snapshot is the screen at a place.
type snapshot struct {
	place
	made  time.Time
	size  format.Size
	bytes []byte // see [vt.Screen.AppendState]; not changed after it was made
}

func newHub(control func() (*record.Control, error)) *hub {
	h := &hub{control: control}
	h.changed.L = &h.mu
	return h
}

// Event takes an event of the session.
func (h *hub) Event(ev format.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end.events++
	h.end.cost += int64(len(ev.Data)) + eventCost
	if ev.Code == format.Output {
		h.end.output += int64(len(ev.Data))
	}
	h.events = append(h.events, kept{ev, h.end})
	old := 0
	for h.end.cost-h.events[old].cost > ringSize {
		h.events[old] = kept{} // releases its data
		old++
	}
	h.events = h.events[old:]
	h.changed.Broadcast()
}

// finish ends the events: watchers reach their end and are sent no more.
func (h *hub) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.changed.Broadcast()
}

// enter adds a watcher, and makes the hub the session's watcher if it is not;
// exit removes the watcher.
func (h *hub) enter() {
	h.mu.Lock()
	h.watchers++
	h.mu.Unlock()
	h.joining.Lock()
	defer h.joining.Unlock()
	if h.joined {
		return
	}
	if c, err := h.control(); err == nil {
		h.joined = c.Watch(h) == nil
	}
}

func (h *hub) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers--; h.watchers == 0 {
		time.AfterFunc(linger, h.rest)
	}
}

// rest has the hub leave the session if there are no watchers.
func (h *hub) rest() {
	h.joining.Lock()
	defer h.joining.Unlock()
	h.mu.Lock()
	empty := h.watchers == 0
	h.mu.Unlock()
	if !empty || !h.joined {
		return
	}
	if c, err := h.control(); err == nil {
		c.Watch(nil)
	}
	h.joined = false
	h.mu.Lock()
	h.events = nil
	h.mu.Unlock()
	h.shooting.Lock()
	h.state = snapshot{}
	h.shooting.Unlock()
}

// look calls f with the current screen, and returns the place at which it is.
func (h *hub) look(f func(*vt.Screen)) (at place, err error) {
	c, err := h.control()
	if err != nil {
		return at, err
	}
	err = c.Screen(func(now time.Duration) {
		h.mu.Lock()
		defer h.mu.Unlock()
		at = h.end
		at.time = now
	}, f)
	return at, err
}

// snapshot returns the screen, at most a moment old, after so many events or more.
// It fails only after the end of the session, if there is no screen any more.
func (h *hub) snapshot(least int) (snapshot, error) {
	h.shooting.Lock()
	defer h.shooting.Unlock()
	h.mu.Lock()
	end := h.end
	h.mu.Unlock()
	s := &h.state
	if s.bytes != nil && s.events >= least && (s.events == end.events || time.Since(s.made) < screenGap/2 && end.cost-s.cost < behindLimit/2) {
		return *s, nil
	}
	shot := snapshot{made: time.Now()}
	at, err := h.look(func(screen *vt.Screen) {
		cols, rows := screen.Size()
		shot.size, shot.bytes = format.Size{Cols: cols, Rows: rows}, screen.AppendState([]byte{})
	})
	if err != nil {
		return snapshot{}, err
	}
	shot.place = at
	*s = shot
	return shot, nil
}

// seat is a watcher's place at the hub.
type seat struct {
	h     *hub
	paced bool // watching, not attached
	input bool // input is wanted
	at    place
	seen  bool      // the first screen has been returned
	last  time.Time // when next last returned something
}

// sight is one of: a screen, events, the end.
type sight struct {
	screen []byte // draws the whole screen; size is its size, and time its time
	lost   int64  // bytes of output that the screen replaces
	size   format.Size
	time   time.Duration
	events []format.Event // with a screen: those that came before it, without output and resizes
	end    bool
}

// next waits for the next sight.
func (s *seat) next(ctx context.Context) (sight, error) {
	h := s.h
	wake := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		h.changed.Broadcast()
		h.mu.Unlock()
	})
	defer wake()
	if !s.seen {
		s.seen = true
		first := s.screen()
		first.lost, first.events = 0, nil // nothing was skipped: the watcher has just come
		return first, ctx.Err()
	}
	h.mu.Lock()
	many := 1 + h.watchers/8
	h.mu.Unlock()
	if s.paced {
		if err := sleep(ctx, time.Until(s.last.Add(paceGap*time.Duration(many)))); err != nil {
			return sight{}, err
		}
	}
	h.mu.Lock()
	for ctx.Err() == nil && s.at.events == h.end.events && !h.ended {
		h.changed.Wait()
	}
	if ctx.Err() != nil {
		h.mu.Unlock()
		return sight{}, ctx.Err()
	}
	if h.end.cost-s.at.cost > int64(max(behindLimit/many, chunk)) {
		gap := min(screenGap*time.Duration(many), time.Second)
		h.mu.Unlock()
		if err := sleep(ctx, time.Until(s.last.Add(gap))); err != nil {
			return sight{}, err
		}
		return s.screen(), nil
	}
	end := s.at.events == h.end.events
	events := s.take()
	h.mu.Unlock()
	s.last = time.Now()
	return sight{events: events, end: end}, nil
}

// since returns the events after a place that are kept. h.mu is held.
func (h *hub) since(at place) []kept {
	return h.events[max(len(h.events)-(h.end.events-at.events), 0):]
}

// take returns the next events. h.mu is held.
func (s *seat) take() (events []format.Event) {
	left := chunk
	for _, ev := range s.h.since(s.at) {
		if left -= len(ev.Data) + eventCost; left < 0 && len(events) > 0 {
			break
		}
		s.at = ev.place
		if ev.Code != format.Input || s.input {
			events = append(events, ev.Event)
		}
	}
	return events
}

// screen returns the current screen; the end if there is none.
func (s *seat) screen() sight {
	shot, err := s.h.snapshot(s.at.events)
	if err != nil {
		return sight{end: true}
	}
	got := sight{screen: shot.bytes, lost: max(shot.output-s.at.output, 0), size: shot.size, time: shot.time}
	s.h.mu.Lock()
	for _, ev := range s.h.since(s.at) {
		switch {
		case ev.place.events > shot.events, ev.Code == format.Output, ev.Code == format.Resize, ev.Code == format.Input && !s.input:
		default:
			got.events = append(got.events, ev.Event)
		}
	}
	s.h.mu.Unlock()
	s.at, s.last = shot.place, time.Now()
	return got
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
