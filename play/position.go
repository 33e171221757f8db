package play

import (
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// position is a place on a tape with the screen at that place. It belongs to one
// goroutine.
type position struct {
	load   *loader
	header format.Header
	hooks  vt.Hooks
	rd     reader
	screen screen.Screen
}

func newPosition(l *loader, h format.Header, hooks vt.Hooks) *position {
	return &position{load: l, header: h, hooks: hooks, rd: reader{t: l.tape}, screen: screen.New(h, vt.WithHooks(hooks))}
}

// step applies the next piece to the screen; false if there is none yet.
func (p *position) step() (piece, bool, error) {
	pc, ok, err := p.rd.next()
	if ok {
		p.screen.Feed(pc.event())
	}
	return pc, ok, err
}

// seekTime goes to the place after all pieces up to time at, or to the end of the
// tape so far.
func (p *position) seekTime(at time.Duration) error {
	return p.seek(
		func(r pieceRef) bool { return r.at <= at },
		func(pc piece, _ int) bool { return pc.at <= at })
}

// seekNumber goes to the place after n pieces.
func (p *position) seekNumber(n int) error {
	return p.seek(
		func(r pieceRef) bool { return r.number <= n },
		func(_ piece, number int) bool { return number < n })
}

// seek goes to the place up to which play is true. before is true for the places
// that are not behind it.
func (p *position) seek(before func(pieceRef) bool, play func(pc piece, number int) bool) error {
	frame, ok := p.load.before(before)
	here := p.rd.pos
	switch {
	case before(here) && (!ok || frame.ref.number <= here.number):
		// It is nearer from here.
	case ok:
		p.screen.Restore(frame.snap)
		if err := p.at(frame.ref.number); err != nil {
			return err
		}
	default:
		p.screen = screen.New(p.header, vt.WithHooks(p.hooks))
		p.rd = reader{t: p.load.tape, own: p.rd.own}
	}
	for {
		pc, ok, err := p.rd.peek()
		if err != nil {
			return err
		}
		if !ok || !play(pc, p.rd.pos.number) {
			return nil
		}
		if _, _, err := p.step(); err != nil {
			return err
		}
	}
}

// at moves the reader to piece number n, and leaves the screen alone.
func (p *position) at(n int) error {
	if err := p.rd.seekBlock(p.load.tape.blockOf(n)); err != nil {
		return err
	}
	for p.rd.pos.number < n {
		if _, ok, err := p.rd.next(); !ok || err != nil {
			return err
		}
	}
	return nil
}

// frame is the pieces of one event that changes the screen.
type frame struct {
	first, after int // the numbers of its first piece and of the one behind it
	at           time.Duration
}

// frameBefore returns the last frame before place n; false if there is none.
func (p *position) frameBefore(n int) (frame, bool, error) {
	for block := p.load.tape.blockOf(max(n-1, 0)); block >= 0; block-- {
		rd := reader{t: p.load.tape}
		if err := rd.seekBlock(block); err != nil {
			return frame{}, false, err
		}
		var last frame
		found, open := false, false
		for rd.pos.number < n {
			number := rd.pos.number
			pc, ok, err := rd.next()
			if err != nil {
				return frame{}, false, err
			}
			if !ok || rd.block != block {
				break
			}
			switch pc.kind {
			case pieceOutput, piecePartial, pieceResize:
				if !open {
					last.first, found = number, true
				}
				last.after, last.at = number+1, pc.at
				open = pc.kind == piecePartial
			}
		}
		if found {
			return last, true, nil
		}
	}
	return frame{}, false, nil
}

// endOfTime is later than any time of a recording.
const endOfTime time.Duration = math.MaxInt64
