package replay

import (
	"context"
	"runtime"
	"sort"
	"sync"

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

// keyframes are screens along a tape. From one, playing a little reaches any
// place up to the next.
type keyframes struct {
	mu     sync.Mutex // guards the fields below
	frames []keyframe // in the order of the tape
	every  int        // the distance between keyframes, in bytes
	memory int        // bytes of frames
	budget int        // the most bytes of frames
}

// keyframe is the screen at a place on the tape.
type keyframe struct {
	at   Point
	snap *vt.Snapshot
	size int
}

// Run loads the recording, until its end or that of ctx, and returns the error
// that ended it, as [Tape.Loaded] does, or that of the temporary file. Call it
// once.
func (t *Tape) Run(ctx context.Context) error {
	q := newQueue()
	t.pack = q.pack
	go q.run(t.index)
	ctx, stop := context.WithCancel(ctx)
	defer func() {
		stop() // what is left to index, if the recording's reader panicked
		q.close()
		t.pack = atOnce // releases the queue
	}()
	if err := t.load(ctx, q); err != nil {
		return err
	}
	q.end()
	t.findCommands(ctx)
	q.close()
	if _, err := t.Loaded(); err != nil {
		return err
	}
	return q.err
}

// load puts the recording on the tape. All that is kept of its screens comes from
// one: the keyframes, the commands and the lines of the index.
func (t *Tape) load(ctx context.Context, q *queue) error {
	var s screen.Screen
	scan := &scanner{queue: q, full: q.waitRoom} // nil if the rest is indexed later
	s = screen.New(t.header, vt.WithHooks(vt.Hooks{
		Mark: func(m vt.Mark) { t.commands.mark(m, t.End()) },
		LineLeft: func(r vt.Row, _ vt.Leave) {
			if scan != nil {
				scan.lineLeft(s.Screen, r)
			}
		},
	}))
	t.commands.nonce = t.header.Nonce()
	t.commands.screen = s.Screen
	since, n := 0, 0
	var err error
	for ev, e := range t.source {
		if n++; n%32 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			select {
			case <-q.ended: // by a panic, which close repeats
				return nil
			default:
			}
			// Otherwise, on a machine with few processors, a key would wait for
			// the end of the scheduler's time slice of 10 ms.
			runtime.Gosched()
		}
		if e != nil {
			err = e
			break
		}
		if scan != nil && t.hurry.Load() {
			was, here := scan, keyframe{at: t.End(), snap: s.Snapshot()}
			scan = nil
			q.rest <- func() error { return t.indexFrom(ctx, here, was) }
		}
		number := t.End().Number
		t.add(ev)
		end := t.End()
		changed, size := false, len(ev.Data)
		for ; number < end.Number; number++ {
			part := ev
			if number+1 < end.Number {
				part.Data, ev.Data = ev.Data[:maxPiece], ev.Data[maxPiece:]
			}
			if scan == nil {
				changed = s.Feed(part)
				continue
			}
			scan.begin(number, end.Time)
			if changed = s.Feed(part); changed {
				scan.look(s.Screen)
			}
			q.upto(number + 1)
		}
		switch {
		case changed && ev.Code == format.Output:
			since += size + pieceCost
		case changed:
			since += 4096 // reflowing is work
		}
		if since >= t.keys.every {
			since = 0
			t.keys.keep(keyframe{at: end, snap: s.Snapshot()})
		}
	}
	q.whole = true
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.err = true, err
	t.wake()
	return nil
}

// indexFrom indexes the tape from here on, on a screen of its own, until its end
// or that of ctx: load has left that out, as indexing takes longer than loading.
// The indexing goroutine calls it.
func (t *Tape) indexFrom(ctx context.Context, here keyframe, scan *scanner) error {
	var s screen.Screen
	s = screen.New(t.header, vt.WithHooks(vt.Hooks{
		LineLeft: func(r vt.Row, _ vt.Leave) { scan.lineLeft(s.Screen, r) },
	}))
	s.Restore(here.snap)
	q := scan.queue
	scan.full = func() { t.index.take(q.take()) }
	p := Position{tape: t, rd: reader{t: t}}
	if err := p.at(here.at.Number); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%32 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			q.packAll()
			runtime.Gosched() // see load
		}
		done := false // before the last look
		select {
		case <-q.last:
			done = true
		default:
		}
		number := p.rd.pos.Number
		pc, ok, err := p.rd.next()
		if err != nil {
			return err
		}
		if ok {
			scan.begin(number, pc.Time)
			if s.Feed(pc.event()) {
				scan.look(s.Screen)
			}
		}
		b := q.lock()
		b.upto = p.rd.pos.Number
		size := b.size()
		q.unlock()
		if size >= batchSize || !ok {
			t.index.take(q.take())
		}
		if ok {
			continue
		}
		if done {
			return nil
		}
		select {
		case <-t.Grown(number):
		case f := <-q.packs:
			f()
		case <-q.last:
		}
	}
}

// keep adds a keyframe, and drops every second one if they take too much memory.
func (k *keyframes) keep(f keyframe) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.push(f)
	for k.memory > k.budget && len(k.frames) > 2 {
		all := k.frames
		k.frames, k.memory = make([]keyframe, 0, len(all)), 0
		for i := 1; i < len(all); i += 2 {
			k.push(all[i])
		}
		k.every *= 2
	}
}

// push adds f, and counts the memory that it does not share with the one before.
func (k *keyframes) push(f keyframe) {
	if n := len(k.frames); n > 0 {
		f.size = f.snap.MemSize(k.frames[n-1].snap)
	} else {
		f.size = f.snap.MemSize()
	}
	k.frames = append(k.frames, f)
	k.memory += f.size
}

// before returns the last keyframe for which ok is true; false if there is none.
// ok must be true up to some place, and false from there on.
func (k *keyframes) before(ok func(Point) bool) (keyframe, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := sort.Search(len(k.frames), func(i int) bool { return !ok(k.frames[i].at) })
	if i == 0 {
		return keyframe{}, false
	}
	return k.frames[i-1], true
}
