package live

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// ringSize is the number of bytes of output kept for the watchers, the
	// newest.
	ringSize = 512 << 10
	// behindLimit is the number of bytes that a watcher may fall behind, less if
	// there are many watchers, but at least a chunk. A watcher farther behind is
	// sent the current screen.
	behindLimit = ringSize / 2
	// chunk is the most bytes sent at once.
	chunk = 32 << 10
	// paceGap is the shortest time between two sends to a watcher that is not
	// attached, and screenGap between two screens; longer if there are many
	// watchers. Nobody could see faster changes, and sending them would slow
	// down the session.
	paceGap   = 4 * time.Millisecond
	screenGap = 100 * time.Millisecond
	// linger is how long the screen is kept after the last watcher has left.
	linger = 30 * time.Second
)

// hub passes output and resizes of a session to its watchers. While there are
// any, it is the session's [record.Watcher]; a session without watchers costs
// nothing, except that one without a terminal of its own looks for queries in
// the output. Output goes into a ring, from which each watcher reads at its own
// pace, and one goroutine feeds the screen. The session waits for that goroutine
// if it must, but never for a watcher.
type hub struct {
	// join makes the hub the session's watcher, and returns the recording so
	// far; leave ends that. anew has the program redraw its screen, and returns
	// its size, for recordings that do not hold the screen. Set before use.
	join  func() (format.Cast, io.Closer, error)
	leave func()
	anew  func() format.Size
	// answer, if not nil, sends the answer to a query to the program.
	answer func(string)

	mu       sync.Mutex
	changed  sync.Cond   // anything below changed; its lock is mu
	ring     []byte      // of ringSize; nil while the hub is not the watcher
	total    int64       // bytes of output since the hub joined
	fed      int64       // those of them that the screen has
	resizes  []resize    // since the hub joined
	watchers int         // calls of enter less calls of exit
	busy     bool        // joining or leaving
	ended    bool        // nothing more comes
	queries  Queries     // of the listener
	asked    [][]byte    // queries that wait for the screen
	size     format.Size // as the listener knows it
	behind   bool        // the listener still reads the recording so far
	late     []byte      // output that has come meanwhile

	screenMu sync.Mutex // guards the fields below; never held together with mu
	screen   *vt.Screen
	screenAt place    // the place up to which screen has been fed
	state    snapshot // the last one, shared by watchers
}

// place is a place in the output and resizes since the hub joined.
type place struct {
	at      int64 // bytes of output before it
	resizes int   // resizes before it
}

// resize is a resize after at bytes of output.
type resize struct {
	at   int64
	size format.Size
}

// snapshot is the screen at a place.
type snapshot struct {
	place
	made  time.Time
	size  format.Size
	bytes []byte // see [vt.Screen.AppendState]; not changed after it was made
}

func newHub() *hub {
	h := &hub{}
	h.changed.L = &h.mu
	return h
}

// Output takes output of the program. It waits while the ring is full.
func (h *hub) Output(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(b) > 0 && h.ring != nil {
		room := ringSize - int(h.total-h.fed)
		if room == 0 {
			h.changed.Wait()
			continue
		}
		at := int(h.total % ringSize)
		n := copy(h.ring[at:min(ringSize, at+room)], b)
		b = b[n:]
		h.total += int64(n)
	}
	h.changed.Broadcast()
}

// listener is the session's [record.Watcher] while there are no watchers: it
// looks for queries in the output.
type listener struct{ h *hub }

// Output takes output of the program.
func (l listener) Output(b []byte) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	if l.h.behind {
		l.h.late = append(l.h.late, b...)
		return
	}
	l.h.hear(b)
}

// hear looks for queries in b; h.mu is held.
func (h *hub) hear(b []byte) { h.queries.Split(b, func([]byte) {}, h.replyTo) }

// catchUp has the listener hear the recording so far.
func (h *hub) catchUp(c format.Cast) {
	for ev, err := range c.Events {
		if err != nil {
			return
		}
		if ev.Code == format.Output {
			h.mu.Lock()
			h.hear([]byte(ev.Data))
			h.mu.Unlock()
		}
	}
}

// caughtUp has it hear the output that has come meanwhile, and ends that.
func (h *hub) caughtUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hear(h.late)
	h.behind, h.late = false, nil
}

// Resized takes the new size of the program's terminal.
func (l listener) Resized(size format.Size) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.size = size
}

// replyTo answers a query that needs no screen. Otherwise it has a screen made,
// which answers the query and those after it. h.mu is held.
func (h *hub) replyTo(question []byte) {
	if len(h.asked) == 0 {
		answer, need := replyTo(question, h.size, nil)
		if answer != "" {
			h.answer(answer)
		}
		if !need {
			return
		}
		go h.enter() // without exit: more queries will come
	}
	h.asked = append(h.asked, bytes.Clone(question))
}

// answerFrom answers a query from the screen.
func (h *hub) answerFrom(question []byte, s *vt.Screen) {
	cols, rows := s.Size()
	if answer, _ := replyTo(question, format.Size{Cols: cols, Rows: rows}, s); answer != "" {
		h.answer(answer)
	}
}

// Resized takes the new size of the program's terminal.
func (h *hub) Resized(size format.Size) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size = size
	if h.ring != nil {
		h.resizes = append(h.resizes, resize{h.total, size})
		h.changed.Broadcast()
	}
}

// end ends the output: watchers reach its end and are sent no more.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.changed.Broadcast()
}

// enter adds a watcher, and makes the hub the session's watcher if it is not;
// exit removes the watcher. The first enter waits until the recording so far has
// been read.
func (h *hub) enter() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers++
	for h.busy {
		h.changed.Wait()
	}
	if h.ring != nil || h.ended {
		return
	}
	h.busy = true
	h.ring = make([]byte, ringSize)
	h.total, h.fed, h.resizes = 0, 0, nil
	h.mu.Unlock()
	screen := h.recorded()
	h.screenMu.Lock()
	h.screen, h.screenAt, h.state = screen, place{}, snapshot{}
	h.screenMu.Unlock()
	h.mu.Lock()
	for _, question := range h.asked {
		h.answerFrom(question, screen)
	}
	h.asked, h.queries = nil, Queries{}
	h.busy = false
	go h.feed()
	h.changed.Broadcast()
}

// recorded joins, and returns the screen at that place.
func (h *hub) recorded() *vt.Screen {
	cast, closer, err := h.join()
	if err != nil {
		return screen.Sized(h.anew()).Screen
	}
	defer closer.Close()
	s := screen.New(cast.Header)
	for ev, err := range cast.Events {
		if err != nil {
			break
		}
		s.Feed(ev)
	}
	return s.Screen
}

func (h *hub) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers--; h.watchers == 0 {
		time.AfterFunc(linger, h.rest)
	}
}

// rest has the hub leave if there are no watchers.
func (h *hub) rest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers > 0 || h.busy || h.ring == nil {
		return
	}
	h.busy = true
	h.mu.Unlock()
	h.leave()
	h.mu.Lock()
	h.busy, h.ring = false, nil
	h.changed.Broadcast()
}

// feed keeps the screen up to date until the hub leaves.
func (h *hub) feed() {
	buf := make([]byte, chunk)
	var at place
	var queries Queries
	for {
		h.mu.Lock()
		for h.ring != nil && at.at == h.total && at.resizes == len(h.resizes) && !h.ended {
			h.changed.Wait()
		}
		n, size, resized := h.take(buf, &at)
		over := h.ring == nil || n == 0 && !resized
		h.mu.Unlock()
		if over {
			return
		}
		h.screenMu.Lock()
		switch {
		case resized:
			h.screen.Resize(size.Cols, size.Rows)
		case h.answer != nil:
			queries.Split(buf[:n], func(b []byte) { h.screen.Write(b) }, func(question []byte) { h.answerFrom(question, h.screen) })
		default:
			h.screen.Write(buf[:n])
		}
		h.screenAt = at
		h.screenMu.Unlock()
		h.mu.Lock()
		h.fed = at.at
		h.changed.Broadcast()
		h.mu.Unlock()
	}
}

// take returns the output or the resize at p, and moves p behind it. h.mu is
// held.
func (h *hub) take(buf []byte, p *place) (n int, size format.Size, resized bool) {
	if h.ring == nil {
		return 0, size, false
	}
	upto := h.total
	if p.resizes < len(h.resizes) {
		r := h.resizes[p.resizes]
		if r.at <= p.at {
			p.resizes++
			return 0, r.size, true
		}
		upto = r.at
	}
	at := int(p.at % ringSize)
	n = copy(buf, h.ring[at:min(ringSize, at+int(upto-p.at))])
	p.at += int64(n)
	return n, size, false
}

// snapshot returns the screen, at most a moment old.
func (h *hub) snapshot() snapshot {
	h.screenMu.Lock()
	defer h.screenMu.Unlock()
	if h.screen == nil {
		return snapshot{}
	}
	if s := &h.state; s.bytes == nil || s.place != h.screenAt && time.Since(s.made) > screenGap/2 || h.screenAt.at-s.at > behindLimit/2 {
		cols, rows := h.screen.Size()
		*s = snapshot{h.screenAt, time.Now(), format.Size{Cols: cols, Rows: rows}, h.screen.AppendState(nil)}
	}
	return h.state
}

// look calls f with the current screen.
func (h *hub) look(f func(*vt.Screen)) {
	h.screenMu.Lock()
	defer h.screenMu.Unlock()
	if h.screen != nil {
		f(h.screen)
	}
}

// seat is a watcher's place at the hub.
type seat struct {
	h     *hub
	paced bool // watching, not attached
	place place
	seen  bool      // the first screen has been returned
	buf   []byte    // of chunk
	last  time.Time // when next last returned something
}

// sight is one of: a screen, output, a size, the end.
type sight struct {
	screen []byte // draws the whole screen; size is its size
	lost   int64  // bytes of output that the screen replaces
	output []byte // valid until the next call
	size   format.Size
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
		first.lost = 0 // nothing was skipped: the watcher has just come
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
	for ctx.Err() == nil && s.place.at == h.total && s.place.resizes == len(h.resizes) && !h.ended {
		h.changed.Wait()
	}
	if ctx.Err() != nil {
		h.mu.Unlock()
		return sight{}, ctx.Err()
	}
	if h.total-s.place.at > int64(max(behindLimit/many, chunk)) {
		gap := min(screenGap*time.Duration(many), time.Second)
		h.mu.Unlock()
		if err := sleep(ctx, time.Until(s.last.Add(gap))); err != nil {
			return sight{}, err
		}
		return s.screen(), nil
	}
	n, size, resized := h.take(s.buf, &s.place)
	h.mu.Unlock()
	s.last = time.Now()
	switch {
	case resized:
		return sight{size: size}, nil
	case n > 0:
		return sight{output: s.buf[:n]}, nil
	}
	return sight{end: true}, nil
}

func (s *seat) screen() sight {
	shot := s.h.snapshot()
	lost := shot.at - s.place.at
	s.place, s.last = shot.place, time.Now()
	return sight{screen: shot.bytes, lost: max(lost, 0), size: shot.size}
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
