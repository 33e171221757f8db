package play

import (
	"context"
	"errors"
	"math"
	"os"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/replay"
)

const (
	// frameGap is the shortest time between two frames: nobody sees more.
	frameGap = 4 * time.Millisecond
	// slice is the longest time that the deck plays without looking for keys.
	slice = 6 * time.Millisecond
	// barFor is how long a bar that covers a line stays after a key.
	barFor = 2 * time.Second
	// syncWait is the longest time that a frame of the recording is held back
	// because it is marked as incomplete (mode 2026).
	syncWait = 100 * time.Millisecond
	// mostLooks is how often in lookEvery a deck that waits for more of the
	// recording looks for it. What a session writes is shown at once; while a
	// file loads, looking for each event would slow it down.
	lookEvery = 20 * time.Millisecond
	mostLooks = 5
)

// deck is a Player that draws the screen of a recording from a model, and goes
// anywhere in it. It belongs to the goroutine of Run; the loader, the index and
// the console have goroutines of their own.
type deck struct {
	p   *Player
	con *console
	reel
	edit *editing // nil: only plays

	clock   clock
	touched bool // the user has pressed a key
	loop    bool
	stops   bool

	size     format.Size // of the viewer's terminal
	view     render.View
	painter  *render.Painter
	picture  render.Canvas
	extra    []byte    // to be written before the next frame
	titled   string    // the last title set on the viewer's terminal
	stale    bool      // the terminal does not show the current state
	drawn    time.Time // when the last frame was written
	held     time.Time // when an incomplete frame was first held back; zero: none
	bar      bar
	barRow   int       // the row of the bar when it was last drawn
	barMode  int       // see barShown
	barUntil time.Time // a bar that covers a line is shown until then
	help     int       // the first line of the help screen; -1: not shown
	helpMost int       // the last line that help can be scrolled to

	keys     keyReader
	keyTimer time.Time      // when a lone ESC counts; zero: none
	prompt   *prompt        // nil: keys are commands
	found    *replay.Search // the search whose matches are highlighted; nil: none
	lastFind *replay.Pattern
	wanted   *wanted // the match to go to; nil: none
	matchAt  int     // the place of the match that view shows
	before   *prompt // the prompt of the search for wanted
	backward bool    // the last search went backward
	dragging bool    // the mouse drags on the track
	message  string
	until    time.Time // message is shown until then
}

// runDeck is Run for a terminal.
func (p *Player) runDeck(ctx context.Context) (err error) {
	cast, err := p.open(0)
	if err != nil {
		return err
	}
	term := p.Terminal
	if term == nil {
		t, err := openTerminal()
		if err != nil {
			return err
		}
		defer t.Close()
		term = t
	}
	d := &deck{
		p: p, con: newConsole(term, term), reel: newReel(p, cast),
		clock: clock{speed: p.speed()}, loop: p.Loop, stops: p.PauseOnMarkers, help: -1,
	}
	d.from, d.to = p.Start, p.End
	tape := d.tape // the deck may show another at the end
	defer tape.Close()
	if d.size, err = d.termSize(); err != nil {
		return err
	}
	getenv := p.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	d.setUp(getenv)

	loading, stop := context.WithCancel(ctx)
	watched := false // played to the end without keys
	// Deferred first, to restore the terminal also after a panic.
	defer func() {
		stop()
		d.found.Close()
		d.con.cleanup = d.cleanup(watched)
		if cerr := d.con.close(); err == nil {
			err = cerr
		}
		d.edit.wait()
	}()
	if err := d.con.start(d.cleanup(false)); err != nil {
		return err
	}
	d.load(loading, &d.reel)
	d.con.write([]byte(deckStart(!p.NoUI) + d.askSize(d.header.Size)))
	now := time.Now()
	if p.Edit == nil {
		d.clock.run(now)
	} else {
		d.startEditing(loading, now)
	}
	switch {
	case p.Follow:
		d.reach = endOfTime
	case p.Start > 0:
		err = d.goTo(now, p.Start)
	}
	if err != nil {
		return err
	}
	d.stale = true
	err = d.loopEvents(ctx)
	watched = err == nil
	if errors.Is(err, errQuit) {
		err = nil
	}
	if _, loadErr := tape.Loaded(); err == nil {
		err = loadErr
	}
	return err
}

func (d *deck) termSize() (format.Size, error) {
	size, err := d.con.term.Size()
	return size.OrDefault(), err // a serial line does not know its size
}

// setUp adapts the deck to the terminal's features.
func (d *deck) setUp(getenv func(string) string) {
	d.painter = render.NewPainter(getenv, d.p.Colors)
	d.bar.ascii = getenv("TERM") == "linux" || d.painter.ASCII()
	if d.p.RecordedTheme {
		d.view.Theme = d.header.Term.Theme
	}
	if d.p.Theme != nil {
		d.view.Theme = d.p.Theme
	}
	d.bar.title = d.header.Title
	d.view.Panned = d.p.Clip
}

func (d *deck) askSize(size format.Size) string {
	if !d.p.Resize {
		return ""
	}
	return resizeRequest(size)
}

// cleanup returns the bytes that restore the terminal. With last, the recording's
// last screen stays on it, as if the recording had been made there.
func (d *deck) cleanup(last bool) string {
	s := deckEnd(!d.p.NoUI, d.painter.Shaped())
	if d.p.Resize {
		s += resizeRequest(d.size)
	}
	if last {
		s += d.lastScreen()
	}
	return s
}

// lastScreen returns the rows of the current screen as lines of text.
func (d *deck) lastScreen() string {
	var c render.Canvas
	cols, rows := d.pos.Screen().Size()
	c.Reset(min(cols, d.size.Cols), max(min(rows, d.size.Rows-1), 1))
	v := d.view
	v.Draw(&c, d.pos.Screen(), c.Rows)
	return string(d.painter.AppendLines(nil, &c, "\r\n"))
}

// loopEvents plays until something ends it.
func (d *deck) loopEvents(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var continued <-chan struct{}
	if t, ok := d.con.term.(interface{ Continued() <-chan struct{} }); ok {
		continued = t.Continued()
	}
	for {
		wait, err := d.advance(time.Now())
		if err != nil {
			return err
		}
		now := time.Now()
		wait = min(wait, d.draw(now))
		if !d.keyTimer.IsZero() {
			wait = min(wait, d.keyTimer.Sub(now))
		}
		if d.ended && !d.con.busy && !d.stale && !d.touched && !d.loop {
			return nil // no key was pressed: end by itself
		}
		grown, wait := d.waitForMore(now, wait)
		timer.Reset(max(wait, 0))
		var batches <-chan replay.Batch
		if d.found != nil {
			batches = d.found.Batches()
		}
		var told <-chan func(time.Time) error
		if d.edit != nil {
			told = d.edit.told
		}
		// A key comes first.
		select {
		case b := <-d.con.reads:
			if err := d.typed(b); err != nil {
				return err
			}
			continue
		default:
		}
		select {
		case b := <-d.con.reads:
			if err := d.typed(b); err != nil {
				return err
			}
		case err := <-d.con.wrote:
			if err := d.con.done(err); err != nil {
				return err
			}
		case err := <-d.con.broken:
			return d.con.check(err)
		case <-grown:
			if now := time.Now(); now.Sub(d.grew) >= lookEvery {
				d.grew, d.looks = now, 0
			}
			d.looks++
			d.loaded, _ = d.tape.Loaded()
			d.seen = d.tape.End().Number
			d.stale = d.stale || !d.clock.running
		case <-d.ran:
			d.ran = nil
			d.stale = d.stale || !d.clock.running
		case b := <-batches:
			if err := d.took(b); err != nil {
				return err
			}
		case f := <-told:
			if err := f(time.Now()); err != nil {
				return err
			}
		case <-d.con.resized:
			if size, err := d.termSize(); err == nil && size != d.size {
				d.size = size
				d.painter.Forget()
				d.stale = true
			}
		case <-continued:
			if err := d.takeAgain(); err != nil {
				return err
			}
		case <-timer.C:
			if !d.keyTimer.IsZero() && !time.Now().Before(d.keyTimer) {
				d.keyTimer = time.Time{}
				if err := d.pressAll(d.keys.flush()); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waitForMore returns a channel that is closed when the recording has grown or is
// complete, nil if the deck need not look; and how long to wait, at most wait.
func (d *deck) waitForMore(now time.Time, wait time.Duration) (<-chan struct{}, time.Duration) {
	if d.loaded {
		return nil, wait
	}
	switch early := d.grew.Add(lookEvery).Sub(now); {
	case d.starved && (early <= 0 || d.looks < mostLooks):
		return d.tape.Grown(d.pos.Point().Number), wait
	case !d.starved && d.clock.running:
		return nil, wait // the bar shows the new end with the next second
	case early > 0:
		return nil, min(wait, early)
	}
	return d.tape.Grown(d.seen), wait
}

// advance plays the pieces that are due, for a slice at most, and returns the
// time to wait for the next one.
func (d *deck) advance(now time.Time) (time.Duration, error) {
	began := now
	if err := d.skip(); err != nil {
		return 0, err
	}
	for n := 1; ; n++ {
		pc, ok, err := d.pos.Peek()
		if err != nil {
			return 0, err
		}
		if !ok {
			return d.outOfTape(now)
		}
		if d.starved {
			// See stream.arrived.
			if d.starved = false; d.clock.running && d.reach < 0 && d.clock.due(now, pc.Time) < -starvedWait {
				d.clock.seek(now, pc.Time)
			}
		}
		if end := d.to; end > 0 && pc.Time > end && d.clock.running {
			return d.atEnd(now, end)
		}
		switch {
		case d.reach >= 0:
			if pc.Time > d.reach {
				d.reach = -1
				continue
			}
		case !d.clock.running:
			return time.Hour, nil
		default:
			d.shorten(now, pc)
			if wait := d.clock.due(now, pc.Time); wait > 0 {
				return min(wait, d.tick(now)), nil
			}
		}
		if _, _, err := d.pos.Next(); err != nil {
			return 0, err
		}
		if d.clock.speed == unpaced && d.reach < 0 {
			d.clock.seek(now, pc.Time)
		}
		d.stale, d.ended = true, false
		d.react(now, pc)
		if n%16 == 0 || len(pc.Data) > 4096 {
			if now = time.Now(); now.Sub(began) > slice {
				return 0, nil
			}
		}
	}
}

// skip goes on towards reach, as far as there are keyframes.
func (d *deck) skip() error {
	if d.reach < 0 {
		return nil
	}
	cols, rows := d.pos.Screen().Size()
	skipped, err := d.pos.Skip(d.reach)
	if !skipped || err != nil {
		return err
	}
	d.stale, d.ended = true, false
	if c, r := d.pos.Screen().Size(); d.p.Resize && (c != cols || r != rows) {
		d.extra = append(d.extra, resizeRequest(format.Size{Cols: c, Rows: r})...)
	}
	return nil
}

// react handles the effects of a piece other than on the screen.
func (d *deck) react(now time.Time, pc replay.Piece) {
	switch pc.Code {
	case format.Marker:
		if d.stops && d.reach < 0 && d.clock.running {
			d.clock.stop(now)
			d.clock.seek(now, pc.Time)
			d.say(now, markerText(string(pc.Data)))
		}
	case format.Resize:
		if d.p.Resize {
			cols, rows := d.pos.Screen().Size()
			d.extra = append(d.extra, resizeRequest(format.Size{Cols: cols, Rows: rows})...)
		}
	}
}

func markerText(label string) string {
	if label == "" {
		return "marker"
	}
	return "marker: " + label
}

// shorten shortens the pause before pc, once.
func (d *deck) shorten(now time.Time, pc replay.Piece) {
	if !d.idle || d.gapAt == d.pos.Point().Number {
		return
	}
	// The pause that is left now, or will be left when the piece before is
	// over.
	at := max(d.clock.at(now), d.pos.Point().Time)
	if gap := pc.Time - at; gap > d.limit {
		d.gapAt = d.pos.Point().Number
		d.clock.skip(gap - d.limit)
		d.stale = true
	}
}

// tick returns the time until the bar shows another time.
func (d *deck) tick(now time.Time) time.Duration {
	if !d.barShown(now) || d.clock.speed == unpaced {
		return time.Hour
	}
	at := d.clock.at(now)
	next := at.Truncate(time.Second) + time.Second
	return max(d.clock.due(now, next), 20*time.Millisecond)
}

// outOfTape is advance when everything on the tape has been played.
func (d *deck) outOfTape(now time.Time) (time.Duration, error) {
	done, _ := d.tape.Loaded()
	if !done || d.pos.Point().Number < d.tape.End().Number {
		if d.pos.Point().Number < d.tape.End().Number {
			return 0, nil // a piece has just come
		}
		d.starved = true
		return time.Hour, nil
	}
	return d.atEnd(now, d.tape.End().Time)
}

// atEnd stops at the end, or starts over.
func (d *deck) atEnd(now time.Time, end time.Duration) (time.Duration, error) {
	if d.reach >= 0 {
		d.reach = -1
		d.clock.seek(now, min(d.clock.tape, end))
		d.stale = true
	}
	if !d.clock.running {
		return time.Hour, nil
	}
	if d.loop && end > 0 {
		if d.stale {
			return frameGap, nil // show the last screen first
		}
		return 0, d.goTo(now, d.from)
	}
	// The last event is played, and the pause behind it is over.
	d.clock.stop(now)
	d.clock.seek(now, end)
	d.ended, d.stale = true, true
	return time.Hour, nil
}

// at returns the time on the tape that the deck shows.
func (d *deck) at(now time.Time) time.Duration {
	if d.reach >= 0 {
		return min(d.reach, d.pos.Point().Time)
	}
	return min(d.clock.at(now), d.tape.End().Time)
}

// endOfTime is later than any time of a recording.
const endOfTime time.Duration = math.MaxInt64

// goTo goes to a time of the recording.
func (d *deck) goTo(now time.Time, at time.Duration) error {
	at = max(at, 0)
	if done, _ := d.tape.Loaded(); done {
		at = min(at, d.tape.End().Time)
	}
	d.gapAt, d.ended, d.stale = -1, false, true
	if err := d.pos.SeekTime(at); err != nil {
		return err
	}
	d.clock.seek(now, at)
	d.reach = -1
	if at > d.tape.End().Time {
		d.reach = at
	}
	return nil
}
