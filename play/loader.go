package play

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// keyframeEvery is how many bytes of output are between two keyframes: a
	// screen takes in so much in a few milliseconds.
	keyframeEvery = 256 << 10
	// keyframeMemory is how many bytes of keyframes are kept. When there are
	// more, every second one goes.
	keyframeMemory = 24 << 20
	// pieceCost is what a piece counts for besides its bytes when the distance
	// of keyframes is measured: many small ones take time too.
	pieceCost = 32
)

// loader reads a recording onto a tape, ahead of the player, and takes
// keyframes of its screen on the way: places from where any later one is
// reached by playing a little.
type loader struct {
	tape   *tape
	notify chan struct{} // holds one: something has arrived
	more   chan struct{} // the same for the index
	// commands are those that the recorded shell told of.
	commands commands
	hungry   atomic.Bool // the player has played all there is

	mu     sync.Mutex
	frames []keyframe // in the order of the tape
	every  int        // the distance of keyframes now
	memory int        // of frames
	budget int        // for frames
	done   bool       // nothing more will come
	err    error      // what ended it
}

// keyframe is the screen at a place on the tape.
type keyframe struct {
	ref  pieceRef
	snap *vt.Snapshot
	size int
}

func newLoader(t *tape) *loader {
	return &loader{tape: t, every: keyframeEvery, budget: keyframeMemory, notify: make(chan struct{}, 1), more: make(chan struct{}, 1)}
}

// newScreen makes the screen that a recording begins on.
func newScreen(h format.Header, hooks vt.Hooks) *vt.Screen {
	size := h.Size
	if size.Cols <= 0 || size.Rows <= 0 {
		size = format.Size{Cols: 80, Rows: 24}
	}
	return vt.New(size.Cols, size.Rows, vt.WithHooks(hooks))
}

// applyPiece brings a piece of a recording onto a screen.
func applyPiece(s *vt.Screen, p piece) {
	switch p.kind {
	case pieceOutput, piecePartial:
		s.Write(p.data)
	case pieceResize:
		if size, err := format.ParseSize(string(p.data)); err == nil {
			s.Resize(size.Cols, size.Rows)
		}
	}
}

// run loads the recording; stop makes it end early.
func (l *loader) run(cast format.Cast, stop <-chan struct{}) {
	screen := newScreen(cast.Header, vt.Hooks{Mark: func(m vt.Mark) { l.commands.mark(m, l.tape.end()) }})
	l.commands.nonce = cast.Header.Nonce()
	l.commands.screen = screen
	since, n := 0, 0
	var told time.Time
	var err error
	for ev, e := range cast.Events {
		if n++; n%32 == 0 {
			select {
			case <-stop:
				return
			default:
			}
			runtime.Gosched() // see index.run
		}
		if e != nil {
			err = e
			break
		}
		l.tape.add(ev)
		switch ev.Code {
		case format.Output:
			screen.WriteString(ev.Data)
			since += len(ev.Data) + pieceCost
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				screen.Resize(size.Cols, size.Rows)
				since += 4096 // reflowing is work
			}
		}
		if since >= l.every {
			since = 0
			l.keep(keyframe{ref: l.tape.end(), snap: screen.Snapshot()})
		}
		// Who waits for this very event is told at once; else, while all comes
		// in at full speed, a word now and then is enough.
		if now := time.Now(); l.hungry.Load() || now.Sub(told) > 20*time.Millisecond {
			told = now
			l.tell()
		}
	}
	l.mu.Lock()
	l.done, l.err = true, err
	l.mu.Unlock()
	l.tell()
}

func (l *loader) tell() {
	for _, c := range [...]chan struct{}{l.notify, l.more} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// keep adds a keyframe, and thins all when they take too much memory.
func (l *loader) keep(k keyframe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.push(k)
	for l.memory > l.budget && len(l.frames) > 2 {
		all := l.frames
		l.frames, l.memory = make([]keyframe, 0, len(all)), 0
		for i := 1; i < len(all); i += 2 {
			l.push(all[i])
		}
		l.every *= 2
	}
}

// push adds k, counting what it does not share with the one before.
func (l *loader) push(k keyframe) {
	if n := len(l.frames); n > 0 {
		k.size = k.snap.MemSize(l.frames[n-1].snap)
	} else {
		k.size = k.snap.MemSize()
	}
	l.frames = append(l.frames, k)
	l.memory += k.size
}

// before gives the last keyframe that satisfies ok, which must hold for all up
// to some one and for none behind; false if there is none.
func (l *loader) before(ok func(pieceRef) bool) (keyframe, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := sort.Search(len(l.frames), func(i int) bool { return !ok(l.frames[i].ref) })
	if i == 0 {
		return keyframe{}, false
	}
	return l.frames[i-1], true
}

// state tells whether all has been loaded, and what ended it.
func (l *loader) state() (done bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done, l.err
}
