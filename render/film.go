package render

import (
	"context"
	"iter"
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// DefaultFPS is the usual limit of frames in a second, and DefaultHold how long the last
// frame is usually held.
const (
	DefaultFPS  = 30
	DefaultHold = 3 * time.Second
)

// Film is a recording as a sequence of frames, which can be run through any number of
// times, also concurrently if Open can be called concurrently.
type Film struct {
	// Open opens the recording, for each pass anew. Its events are read to their
	// end, an error, or the end of the pass.
	Open func() (format.Cast, error)
	// FPS limits the frames in a second; 0 means [DefaultFPS].
	FPS int
	// Hold is how long the last frame is shown after the last event; 0 means
	// [DefaultHold].
	Hold time.Duration
	// Cursor is the cursor's shape.
	Cursor CursorShape
	// Keys adds a row that shows the events of input, and Captions one that shows
	// the last marker.
	Keys, Captions bool
}

// CursorShape is the shape of the cursor in a picture.
type CursorShape int

// The shapes of a cursor.
const (
	CursorRecorded CursorShape = iota // as the recording sets it, usually a block
	CursorBlock
	CursorUnderline
	CursorBar
	CursorNone
)

// Frame is what is seen for some time. Times are counted in ticks, of which [Film.FPS]
// are a second, so that no rounding error can add up.
type Frame struct {
	Number     int     // counted from 0
	Tick, Till int64   // when it is shown, and when no longer
	Canvas     *Canvas // what is seen; valid until the next frame
	// Dirty reports the rows that may differ from those of the frame before; all of
	// them at first and after a change of size.
	Dirty []bool
}

// Measured is what is known of a film after one pass.
type Measured struct {
	Size   format.Size   // the largest width and the largest height of all frames
	Frames int           // their number
	Length time.Duration // of all
	Cells  int64         // that change from frame to frame, of all frames together
	Title  string        // of the recording
	Theme  *format.Theme // of the recording; nil if unknown
}

func (f *Film) fps() int64 {
	if f.FPS <= 0 {
		return DefaultFPS
	}
	return int64(f.FPS)
}

// Time returns the time of a tick.
func (f *Film) Time(tick int64) time.Duration {
	fps := f.fps()
	if sec := tick / fps; sec > math.MaxInt64/int64(time.Second)-1 {
		return math.MaxInt64
	}
	return time.Duration(tick/fps)*time.Second + time.Duration(tick%fps)*time.Second/time.Duration(fps)
}

// tick returns the tick in which a moment is.
func (f *Film) tick(t time.Duration) int64 {
	sec, rest := t/time.Second, t%time.Second
	return int64(sec)*f.fps() + int64(rest)*f.fps()/int64(time.Second)
}

// Measure runs through the film once. If the recording ends in an error, the measures
// are of what comes before.
func (f *Film) Measure(ctx context.Context) (Measured, error) {
	var m Measured
	var last Canvas
	pass, err := f.open()
	if err != nil {
		return m, err
	}
	m.Title, m.Theme = pass.cast.Header.Title, pass.cast.Header.Term.Theme
	for fr, err := range pass.frames(ctx, format.Size{}) {
		if err != nil {
			return m, err
		}
		c := fr.Canvas
		m.Frames++
		m.Size.Cols, m.Size.Rows = max(m.Size.Cols, c.Cols), max(m.Size.Rows, c.Rows)
		m.Length = f.Time(fr.Till)
		whole := last.Cols != c.Cols || last.Rows != c.Rows
		for y := range c.Rows {
			if !whole && !fr.Dirty[y] {
				continue
			}
			row := c.Row(y)
			for x := range row {
				if whole || row[x] != last.Row(y)[x] {
					m.Cells++
				}
			}
		}
		last.copyFrom(c)
	}
	return m, nil
}

// Frames returns the frames, in canvases of that size, whose upper left corner is the
// screen; a side of 0 is that of the screen at the time. The sequence is single-use, and
// ends after the first error.
//
// A frame is the screen at the end of a tick. One within a synchronized update (mode
// 2026) is the screen before that, unless the update takes longer than a second. Ticks in
// which nothing changes make no frames of their own.
func (f *Film) Frames(ctx context.Context, size format.Size) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		pass, err := f.open()
		if err != nil {
			yield(Frame{}, err)
			return
		}
		pass.frames(ctx, size)(yield)
	}
}

// pass is one run through a film.
type pass struct {
	*Film
	cast format.Cast
	size format.Size // of the canvases; 0 as for Frames

	screen    screen.Screen
	now       *Canvas // the picture of the screen
	dirty     []bool  // the rows of now that differ from shown
	changed   bool    // the screen has changed since it was drawn onto now
	inSync    bool
	syncBegan time.Duration
	at        time.Duration // of the current event

	shown     *Canvas // the frame not yet passed on
	shownAt   int64
	shownRows []bool
	number    int
}

func (f *Film) open() (*pass, error) {
	cast, err := f.Open()
	return &pass{Film: f, cast: cast}, err
}

// maxSync is the longest synchronized update. Terminals end one after 0.15 to 2 seconds.
const maxSync = time.Second

func (p *pass) frames(ctx context.Context, size format.Size) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		p.size = size
		p.now, p.shown = new(Canvas), new(Canvas)
		p.screen = screen.New(p.cast.Header, vt.WithHooks(vt.Hooks{Sync: p.sync}))
		p.changed = true
		tick := int64(0)
		n := 0
		var broken error
		for ev, err := range p.cast.Events {
			if err == nil && n%256 == 0 {
				err = context.Cause(ctx)
			}
			n++
			if err != nil {
				broken = err
				break
			}
			if t := p.tick(ev.Time); t != tick {
				if !p.emit(tick, yield) {
					return
				}
				tick = t
			}
			p.at = ev.Time
			if p.screen.Feed(ev) {
				p.changed = true
			}
			// TODO(keys, captions)
		}
		if ctx.Err() != nil && broken != nil {
			yield(Frame{}, broken)
			return
		}
		p.inSync = false
		if !p.emit(tick, yield) {
			return
		}
		hold := p.Hold
		if hold <= 0 {
			hold = DefaultHold
		}
		if !p.pass(tick+max(p.tick(hold), 1), yield) {
			return
		}
		if broken != nil {
			yield(Frame{}, broken)
		}
	}
}

// sync is called when a synchronized update begins and ends. What was drawn before it
// must be kept: it is shown until the update ends.
func (p *pass) sync(on bool) {
	if on && !p.inSync {
		p.draw()
		p.syncBegan = p.at
	}
	p.inSync = on
	p.changed = true
}

// emit ends a tick: if the picture is another than that shown, it is the next frame.
func (p *pass) emit(tick int64, yield func(Frame, error) bool) bool {
	if p.changed && !(p.inSync && p.at-p.syncBegan < maxSync) {
		p.draw()
	}
	if p.number > 0 || p.shown.Cols > 0 {
		if same := p.compare(); same {
			return true
		}
		if !p.pass(tick, yield) {
			return false
		}
	} else {
		p.dirty = rows(p.dirty, p.now.Rows, true)
	}
	p.now, p.shown = p.shown, p.now
	p.dirty, p.shownRows = p.shownRows, p.dirty
	p.now.copyFrom(p.shown)
	p.dirty = rows(p.dirty, p.now.Rows, false)
	p.shownAt = tick
	return true
}

// pass passes the frame on that is shown until that tick.
func (p *pass) pass(till int64, yield func(Frame, error) bool) bool {
	if till <= p.shownAt { // only at the start
		return true
	}
	ok := yield(Frame{Number: p.number, Tick: p.shownAt, Till: till, Canvas: p.shown, Dirty: p.shownRows}, nil)
	p.number++
	return ok
}

// compare reports whether the picture is the one shown, and notes the rows that differ.
func (p *pass) compare() bool {
	if p.now.Cols != p.shown.Cols || p.now.Rows != p.shown.Rows {
		p.dirty = rows(p.dirty, p.now.Rows, true)
		return false
	}
	same := p.now.Cursor == p.shown.Cursor
	for y, dirty := range p.dirty {
		if !dirty {
			continue
		}
		a, b := p.now.Row(y), p.shown.Row(y)
		differ := false
		for x := range a {
			if a[x] != b[x] {
				differ = true
				break
			}
		}
		p.dirty[y] = differ
		same = same && !differ
	}
	return same
}

// rows returns b with a length of n, all set to v.
func rows(b []bool, n int, v bool) []bool {
	if cap(b) < n {
		b = make([]bool, n)
	}
	b = b[:n]
	for i := range b {
		b[i] = v
	}
	return b
}

// draw draws the screen.
func (p *pass) draw() {
	p.changed = false
	s := p.screen.Screen
	cols, height := s.Size()
	if p.size.Cols > 0 {
		cols = p.size.Cols
	}
	if p.size.Rows > 0 {
		height = p.size.Rows
	}
	if p.now.Cols != cols || p.now.Rows != height {
		p.now.Reset(cols, height)
		p.dirty = rows(p.dirty, height, true)
	}
	// TODO: only rows that are dirty
	clear(p.now.cells)
	var v View
	v.Panned = true
	v.drawCells(p.now, s, height)
	p.dirty = rows(p.dirty, height, true)
}
