package replay

import (
	"time"

	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// Position is a place on a tape with the screen at that place. It belongs to one
// goroutine; a tape may have any number of them. Its methods return an error only
// if the tape's temporary file cannot be read.
type Position struct {
	tape   *Tape
	keys   *keyframes
	rd     reader
	screen screen.Screen
}

// Position returns a new position at the start of the tape.
func (t *Tape) Position() *Position {
	return &Position{tape: t, keys: &t.keys, rd: reader{t: t}, screen: screen.New(t.header)}
}

// Point returns the place.
func (p *Position) Point() Point { return p.rd.pos }

// Screen returns the screen at the place. It is valid until the position moves,
// and must not be changed.
func (p *Position) Screen() *vt.Screen { return p.screen.Screen }

// Peek returns the piece behind the place; false if there is none yet.
func (p *Position) Peek() (Piece, bool, error) { return p.rd.peek() }

// Next plays the next piece; false if there is none yet.
func (p *Position) Next() (Piece, bool, error) {
	pc, ok, err := p.rd.next()
	if ok {
		p.screen.Feed(pc.event())
	}
	return pc, ok, err
}

// SeekTime goes to the place after all pieces up to time at, or to the end of the
// tape so far. Then the rest is loaded first and indexed later.
func (p *Position) SeekTime(at time.Duration) error {
	if at > p.tape.End().Time {
		p.tape.hurry.Store(true)
	}
	return p.seek(
		func(r Point) bool { return r.Time <= at },
		func(pc Piece, _ int) bool { return pc.Time <= at })
}

// Seek goes to the place after n pieces, or to the end of the tape so far.
func (p *Position) Seek(n int) error {
	return p.seek(
		func(r Point) bool { return r.Number <= n },
		func(_ Piece, number int) bool { return number < n })
}

// SeekMark goes to the place after a marker, or after the start of a command.
func (p *Position) SeekMark(m Mark) error { return p.Seek(m.Number + 1) }

// seek goes to the place up to which play is true. before is true for the places
// that are not behind it.
func (p *Position) seek(before func(Point) bool, play func(pc Piece, number int) bool) error {
	frame, ok := p.keys.before(before)
	here := p.rd.pos
	switch {
	case before(here) && (!ok || frame.at.Number <= here.Number):
		// It is nearer from here.
	case ok:
		if err := p.restore(frame); err != nil {
			return err
		}
	default:
		p.screen = screen.New(p.tape.header)
		p.rd = reader{t: p.tape, own: p.rd.own}
	}
	for {
		pc, ok, err := p.rd.peek()
		if err != nil {
			return err
		}
		if !ok || !play(pc, p.rd.pos.Number) {
			return nil
		}
		if _, _, err := p.Next(); err != nil {
			return err
		}
	}
}

// Skip goes on to the last keyframe before the time at, and reports whether there
// is one ahead. While the tape loads, a viewer that waits for that time follows
// with less work than by playing everything.
func (p *Position) Skip(at time.Duration) (bool, error) {
	frame, ok := p.keys.before(func(r Point) bool { return r.Time <= at })
	if !ok || frame.at.Number <= p.rd.pos.Number {
		return false, nil
	}
	return true, p.restore(frame)
}

func (p *Position) restore(frame keyframe) error {
	p.screen.Restore(frame.snap)
	return p.at(frame.at.Number)
}

// at moves the reader to piece number n, and leaves the screen alone.
func (p *Position) at(n int) error {
	if err := p.rd.seekBlock(p.tape.blockOf(n)); err != nil {
		return err
	}
	for p.rd.pos.Number < n {
		if _, ok, err := p.rd.next(); !ok || err != nil {
			return err
		}
	}
	return nil
}

// Forward plays the next event that changes the screen, and returns its time;
// false if there is none yet.
func (p *Position) Forward() (time.Duration, bool, error) {
	for {
		pc, ok, err := p.Next()
		if !ok || err != nil {
			return 0, false, err
		}
		if pc.changes() && !pc.Partial {
			return pc.Time, true, nil
		}
	}
}

// Back goes to the place before the last event that changed the screen, and after
// the one before that, whose time it returns; 0 at the start.
func (p *Position) Back() (time.Duration, error) {
	shown, ok, err := p.frameBefore(p.rd.pos.Number)
	if err != nil {
		return 0, err
	}
	to := frame{}
	if ok {
		if to, _, err = p.frameBefore(shown.first); err != nil {
			return 0, err
		}
	}
	return to.at, p.Seek(to.after)
}

// frame is the pieces of one event that changes the screen.
type frame struct {
	first, after int // the numbers of its first piece and of the one behind it
	at           time.Duration
}

// frameBefore returns the last frame before place n; false if there is none.
func (p *Position) frameBefore(n int) (frame, bool, error) {
	for block := p.tape.blockOf(max(n-1, 0)); block >= 0; block-- {
		rd := reader{t: p.tape}
		if err := rd.seekBlock(block); err != nil {
			return frame{}, false, err
		}
		var last frame
		found, open := false, false
		for rd.pos.Number < n {
			number := rd.pos.Number
			pc, ok, err := rd.next()
			if err != nil {
				return frame{}, false, err
			}
			if !ok || rd.block != block {
				break
			}
			if pc.changes() {
				if !open {
					last.first, found = number, true
				}
				last.after, last.at = number+1, pc.Time
				open = pc.Partial
			}
		}
		if found {
			return last, true, nil
		}
	}
	return frame{}, false, nil
}
