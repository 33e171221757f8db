package live

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// ringSize is how much of the newest output is kept for those who watch.
	ringSize = 512 << 10
	// behindLimit is how far a watcher may be behind, less when many watch, but
	// a chunk; who is farther gets the screen as it is then.
	behindLimit = ringSize / 2
	// chunk is the most that is sent at once.
	chunk = 32 << 10
	// paceGap is how long there is at least between two sends to one who only
	// watches, and screenGap between two screens, longer when many watch: what
	// comes faster nobody could see, and sending it would take its time from
	// the session.
	paceGap   = 4 * time.Millisecond
	screenGap = 100 * time.Millisecond
	// linger is how long the screen is kept when nobody watches any more.
	linger = 30 * time.Second
)

// hub gives what happens in a session to all who watch it. It is the session's
// [record.Watcher] while somebody does: a session that nobody watches pays
// nothing, but that one without a terminal of its own looks for its program's
// questions. Output goes into a ring, from where each watcher takes it at its own
// pace, and from where one goroutine feeds the screen. The session waits for
// that goroutine if it must, never for a watcher.
type hub struct {
	// join makes the hub the session's watcher, and gives what was recorded
	// before; leave ends that. anew has the program draw all of its screen, and
	// gives its size: for where the recording does not tell what is on it. Set
	// before use.
	join  func() (format.Cast, io.Closer, error)
	leave func()
	anew  func() format.Size
	// answer, if not nil, types what the session answers to its program.
	answer func(string)

	mu       sync.Mutex
	changed  sync.Cond // anything below
	ring     []byte    // of ringSize; nil while the hub does not watch
	total    int64     // the bytes of output since the hub joined
	fed      int64     // how many of them the screen has
	resizes  []resize  // since the hub joined
	watchers int
	busy     bool        // joining or leaving
	ended    bool        // nothing more comes
	queries  Queries     // that the listener looks for
	asked    [][]byte    // questions that wait for the screen
	size     format.Size // as the listener knows it
	behind   bool        // the listener still reads what came before it
	late     []byte      // what has come meanwhile

	screenMu sync.Mutex // guards what follows; taken alone
	screen   *vt.Screen
	screenAt place    // what screen has
	state    snapshot // one that several may use
}

// place is a place in what happened since the hub joined.
type place struct {
	at      int64 // bytes of output
	resizes int   // and resizes
}

type resize struct {
	at   int64 // after so many bytes
	size format.Size
}

// snapshot is the screen at a place.
type snapshot struct {
	place
	made  time.Time
	size  format.Size
	bytes []byte // see [vt.Screen.AppendState]; not changed any more
}

func newHub() *hub {
	h := &hub{}
	h.changed.L = &h.mu
	return h
}

// Output takes what the program wrote.
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

// listener is a session's [record.Watcher] while nobody watches: it looks for
// the program's questions.
type listener struct{ h *hub }

func (l listener) Output(b []byte) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	if l.h.behind {
		l.h.late = append(l.h.late, b...)
		return
	}
	l.h.hear(b)
}

// hear looks for questions; h.mu is held.
func (h *hub) hear(b []byte) { h.queries.Split(b, func([]byte) {}, h.replyTo) }

// catchUp has the listener hear what came before it first.
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

// caughtUp has it hear what has come meanwhile, and go on.
func (h *hub) caughtUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hear(h.late)
	h.behind, h.late = false, nil
}

func (l listener) Resized(size format.Size) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.size = size
}

// replyTo answers what needs no screen, and has one made for what does, and for
// what was asked after it. h.mu is held.
func (h *hub) replyTo(question []byte) {
	if len(h.asked) == 0 {
		answer, need := replyTo(question, h.size, nil)
		if answer != "" {
			h.answer(answer)
		}
		if !need {
			return
		}
		go h.enter() // and does not leave: it will be asked again
	}
	h.asked = append(h.asked, bytes.Clone(question))
}

// answerFrom answers a question from the screen as it is.
func (h *hub) answerFrom(question []byte, s *vt.Screen) {
	cols, rows := s.Size()
	if answer, _ := replyTo(question, format.Size{Cols: cols, Rows: rows}, s); answer != "" {
		h.answer(answer)
	}
}

// Resized takes a new size of the program's terminal.
func (h *hub) Resized(size format.Size) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size = size
	if h.ring != nil {
		h.resizes = append(h.resizes, resize{h.total, size})
		h.changed.Broadcast()
	}
}

// end tells all who watch that nothing more comes.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.changed.Broadcast()
}

// enter makes the hub watch the session if it does not; exit ends what enter
// began. The first who enters waits until the recording has been read.
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

// recorded gives the screen as it was when the hub joined.
func (h *hub) recorded() *vt.Screen {
	cast, closer, err := h.join()
	if err != nil {
		size := h.anew()
		return vt.New(size.Cols, size.Rows)
	}
	defer closer.Close()
	size := cast.Header.Size
	if size == (format.Size{}) {
		size = format.Size{Cols: 80, Rows: 24}
	}
	screen := vt.New(size.Cols, size.Rows)
	for ev, err := range cast.Events {
		if err != nil {
			break
		}
		switch ev.Code {
		case format.Output:
			screen.WriteString(ev.Data)
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				screen.Resize(size.Cols, size.Rows)
			}
		}
	}
	return screen
}

func (h *hub) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers--; h.watchers == 0 {
		time.AfterFunc(linger, h.rest)
	}
}

// rest stops watching if nobody needs it.
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

// feed brings the screen up to date, as long as the hub watches.
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

// take gives what comes at a place, output or a resize, and moves it on. h.mu is
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

// snapshot gives the screen as it is, or was a moment ago.
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

// look calls f with the screen as it is.
func (h *hub) look(f func(*vt.Screen)) {
	h.screenMu.Lock()
	defer h.screenMu.Unlock()
	if h.screen != nil {
		f(h.screen)
	}
}

// seat is the place of one who watches.
type seat struct {
	h     *hub
	paced bool // who only watches
	place place
	seen  bool // the first screen was given
	buf   []byte
	last  time.Time // of what was given
}

// sight is what one who watches gets: a screen, output, a size or the end.
type sight struct {
	screen []byte // what draws the whole screen; size is its size
	lost   int64  // how much output it stands for, that was not given
	output []byte // valid until the next call
	size   format.Size
	end    bool
}

// next waits for what comes next.
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
		first.lost = 0 // it was not there
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
