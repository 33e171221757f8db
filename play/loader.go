package play

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// keyframeEvery is the number of bytes of output between two keyframes. A
	// screen processes them in a few milliseconds.
	keyframeEvery = 256 << 10
	// keyframeMemory is the most bytes of keyframes kept. Beyond it, every
	// second one is dropped.
	keyframeMemory = 24 << 20
	// pieceCost is added to the bytes of a piece when the distance between
	// keyframes is measured, as many small pieces take time too.
	pieceCost = 32
)

// loader reads a recording onto a tape, ahead of the player, and takes keyframes
// of its screen on the way. From a keyframe, playing a little reaches any place
// up to the next.
type loader struct {
	tape     *tape
	notify   chan struct{} // holds one value: something has arrived
	more     chan struct{} // the same for the index
	commands commands
	hungry   atomic.Bool // the player has played everything on the tape

	mu     sync.Mutex // guards the fields below
	frames []keyframe // in the order of the tape
	every  int        // the distance between keyframes, in bytes
	memory int        // bytes of frames
	budget int        // the most bytes of frames
	done   bool       // nothing more will come
	err    error      // the error that ended the recording
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

// run loads the recording, until its end or stop.
func (l *loader) run(cast format.Cast, stop <-chan struct{}) {
	s := screen.New(cast.Header, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) { l.commands.mark(m, l.tape.end()) }}))
	l.commands.nonce = cast.Header.Nonce()
	l.commands.screen = s.Screen
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
		switch changed := s.Feed(ev); {
		case changed && ev.Code == format.Output:
			since += len(ev.Data) + pieceCost
		case changed:
			since += 4096 // reflowing is work
		}
		if since >= l.every {
			since = 0
			l.keep(keyframe{ref: l.tape.end(), snap: s.Snapshot()})
		}
		// Notify a player that waits for this event at once; otherwise, while
		// the recording loads at full speed, now and then is enough.
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

// keep adds a keyframe, and drops every second one if they take too much memory.
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

// push adds k, and counts the memory that it does not share with the one before.
func (l *loader) push(k keyframe) {
	if n := len(l.frames); n > 0 {
		k.size = k.snap.MemSize(l.frames[n-1].snap)
	} else {
		k.size = k.snap.MemSize()
	}
	l.frames = append(l.frames, k)
	l.memory += k.size
}

// before returns the last keyframe for which ok is true; false if there is none.
// ok must be true up to some place, and false from there on.
func (l *loader) before(ok func(pieceRef) bool) (keyframe, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := sort.Search(len(l.frames), func(i int) bool { return !ok(l.frames[i].ref) })
	if i == 0 {
		return keyframe{}, false
	}
	return l.frames[i-1], true
}

// state reports whether the whole recording is loaded, and the error that ended
// it.
func (l *loader) state() (done bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done, l.err
}
