package render

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// DefaultFPS is the usual limit of frames in a second, MaxFPS the highest, and
// DefaultHold how long the last frame is usually held.
const (
	DefaultFPS  = 30
	MaxFPS      = 1000
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
	// Still makes a single frame, of the picture at the time of the last event.
	Still bool
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
	return int64(min(f.FPS, MaxFPS))
}

// Time returns the time of a tick.
func (f *Film) Time(tick int64) time.Duration {
	fps := f.fps()
	if sec := tick / fps; sec > math.MaxInt64/int64(time.Second)-1 {
		return math.MaxInt64
	}
	return time.Duration(tick/fps)*time.Second + time.Duration(tick%fps)*time.Second/time.Duration(fps)
}

// Tick returns the tick in which a moment is.
func (f *Film) Tick(t time.Duration) int64 {
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
	changed   bool // the screen has changed since it was drawn
	inSync    bool
	syncBegan time.Duration
	updates   int // that began in this tick
	links     linkTable
	overlay   *overlay

	at       time.Duration // of what happens
	tick     int64         // in which it is
	now      *Canvas       // the picture of the screen, drawn with these:
	drawn    format.Size   // the part of the screen
	reversed bool          // DECSCNM was set
	colors   screenColors
	dirty    []bool // the rows of now that may differ from shown

	shown      *Canvas // the frame that is not passed on yet; its size is 0 at first
	shownDirty []bool
	shownAt    int64
	number     int
	yield      func(Frame, error) bool
}

func (f *Film) open() (*pass, error) {
	cast, err := f.Open()
	return &pass{Film: f, cast: cast}, err
}

// maxUpdates is the most synchronized updates in a tick before which the picture is drawn:
// after that many, what is in view during a further one may be older.
const maxUpdates = 64

// maxSync is the longest synchronized update that is waited for. Terminals end one after
// 0.15 to 2 seconds.
const maxSync = time.Second

func (p *pass) frames(ctx context.Context, size format.Size) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		p.size, p.yield = size, yield
		p.now, p.shown = new(Canvas), new(Canvas)
		p.screen = screen.New(p.cast.Header, vt.WithHooks(vt.Hooks{Sync: p.sync}))
		p.overlay = newOverlay(p.Film)
		p.changed = true
		var broken error
		for ev, err := range p.cast.Events {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				broken = err
				break
			}
			if p.Still {
				p.at = ev.Time
				p.pastDue()
			} else if !p.advance(ev.Time) {
				return
			}
			if p.screen.Feed(ev) {
				p.changed = true
			}
			p.overlay.event(ev)
		}
		if err := context.Cause(ctx); err != nil {
			yield(Frame{}, err)
			return
		}
		// Nothing ends an update that is going on now.
		p.inSync = false
		hold := p.Hold
		if hold <= 0 {
			hold = DefaultHold
		}
		if p.Still {
			if !p.frame() || !p.pass(max(p.Tick(hold), 1)) {
				return
			}
		} else if hold = min(hold, math.MaxInt64-p.at); !p.advance(p.at+hold) || !p.pass(max(p.tick, p.shownAt+1)) {
			return
		}
		if broken != nil {
			yield(Frame{}, broken)
		}
	}
}

// advance goes to a time at which something happens.
func (p *pass) advance(to time.Duration) bool {
	for {
		due, ok := p.due()
		if !ok || due >= to {
			break
		}
		if !p.reach(due) {
			return false
		}
		p.pastDue()
	}
	if !p.reach(to) {
		return false
	}
	p.pastDue()
	return true
}

// due returns the time at which the picture changes even if nothing happens.
func (p *pass) due() (at time.Duration, ok bool) {
	at, ok = p.overlay.due()
	if sync := p.syncBegan + maxSync; p.inSync && (!ok || sync < at) {
		at, ok = sync, true
	}
	return at, ok
}

// pastDue ends what is due.
func (p *pass) pastDue() {
	if p.inSync && p.at >= p.syncBegan+maxSync {
		p.inSync = false
	}
	p.overlay.pass(p.at)
}

// reach goes to a time. If it is in another tick, the one before makes a frame.
func (p *pass) reach(to time.Duration) bool {
	p.at = to
	tick := p.Tick(to)
	if tick == p.tick {
		return true
	}
	ok := p.frame()
	p.tick, p.updates = tick, 0
	return ok
}

// sync is called when a synchronized update begins and ends. What the screen shows when
// it begins is in view till it ends.
func (p *pass) sync(on bool) {
	if on && !p.inSync {
		if p.updates++; p.updates <= maxUpdates {
			p.draw()
		}
		p.syncBegan = p.at
	}
	p.inSync = on
	p.changed = true
}

// frame makes a frame of the picture at the end of a tick, unless it is the one shown.
func (p *pass) frame() bool {
	if p.changed && !p.inSync {
		p.draw()
	}
	p.drawOverlay()
	if p.shown.Cols > 0 {
		if p.compare() {
			return true
		}
		if !p.pass(p.tick) {
			return false
		}
	}
	p.shown, p.now = p.now, p.shown
	p.shownDirty, p.dirty = p.dirty, p.shownDirty
	p.shownAt = p.tick
	p.now.copyFrom(p.shown)
	p.dirty = setRows(p.dirty, p.now.Rows, false)
	return true
}

// pass passes on the frame that is shown till that tick.
func (p *pass) pass(till int64) bool {
	ok := p.yield(Frame{Number: p.number, Tick: p.shownAt, Till: till, Canvas: p.shown, Dirty: p.shownDirty}, nil)
	p.number++
	return ok
}

// compare reports whether the picture is the one shown, and leaves only those rows dirty
// that differ.
func (p *pass) compare() bool {
	if p.now.Cols != p.shown.Cols || p.now.Rows != p.shown.Rows {
		p.dirty = setRows(p.dirty, p.now.Rows, true)
		return false
	}
	same := p.now.Cursor == p.shown.Cursor && p.now.CursorInk == p.shown.CursorInk
	for y, dirty := range p.dirty {
		if dirty {
			p.dirty[y] = !slices.Equal(p.now.Row(y), p.shown.Row(y))
			same = same && !p.dirty[y]
		}
	}
	return same
}

// setRows returns b with a length of n, all set to v.
func setRows(b []bool, n int, v bool) []bool {
	b = slices.Grow(b[:0], n)[:n]
	for i := range b {
		b[i] = v
	}
	return b
}

// draw draws the screen.
func (p *pass) draw() {
	p.changed = false
	s := p.screen.Screen
	screenCols, screenRows := s.Size()
	cols, rows := screenCols, screenRows+p.overlay.rows()
	p.colors = (&View{}).colors(s)
	if p.size.Cols > 0 {
		cols = p.size.Cols
	}
	if p.size.Rows > 0 {
		rows = p.size.Rows
	}
	c := p.now
	if c.Cols != cols || c.Rows != rows {
		c.Reset(cols, rows)
		p.dirty = setRows(p.dirty, rows, true)
		p.drawn = format.Size{}
	}
	c.links = p.links.list
	now := s.Modes().ReverseVideo
	size := format.Size{Cols: min(cols, screenCols), Rows: max(min(rows-p.overlay.rows(), screenRows), 0)}
	if size != p.drawn || now != p.reversed {
		clear(c.cells)
		p.overlay.changed = true
		p.drawn, p.reversed = size, now
		p.dirty = setRows(p.dirty, rows, true)
		for range s.Dirty {
		}
		for y := range size.Rows {
			p.drawRow(y)
		}
	} else {
		for y := range s.Dirty {
			if y < size.Rows {
				p.drawRow(y)
				p.dirty[y] = true
			}
		}
	}
	c.links = p.links.list
	p.drawCursor()
}

// drawOverlay draws the rows below the screen, at the bottom of the picture.
func (p *pass) drawOverlay() {
	n := p.overlay.rows()
	if n == 0 || !p.overlay.changed {
		return
	}
	p.overlay.changed = false
	first := p.now.Rows - n
	p.overlay.draw(p.now, first)
	for y := max(first, 0); y < p.now.Rows; y++ {
		p.dirty[y] = true
	}
}

// drawRow draws a row of the screen.
func (p *pass) drawRow(y int) {
	row := p.now.Row(y)[:p.drawn.Cols]
	drawRow(row, p.screen.Screen, y, 0, &p.colors, p.reversed, &p.links)
	for x := range row {
		if row[x].Rune == ' ' {
			row[x].Rune = 0
		}
	}
	p.now.Mend(y)
}

// drawCursor puts the cursor onto the picture, in the shape that is asked for.
func (p *pass) drawCursor() {
	cursor := p.screen.Cursor()
	_, _, own := p.screen.DefaultColors()
	p.now.Cursor, p.now.CursorInk = Cursor{}, InkCursor
	if !cursor.Visible || p.Film.Cursor == CursorNone || cursor.X >= p.drawn.Cols || cursor.Y >= p.drawn.Rows {
		return
	}
	p.now.Cursor = Cursor{X: cursor.X, Y: cursor.Y, Visible: true, Shape: cursor.Shape}
	switch p.Film.Cursor {
	case CursorBlock:
		p.now.Cursor.Shape = 2
	case CursorUnderline:
		p.now.Cursor.Shape = 4
	case CursorBar:
		p.now.Cursor.Shape = 6
	}
	if r, g, b, ok := own.RGB(); ok {
		p.now.CursorInk = direct(format.RGB{R: r, G: g, B: b})
	}
}
