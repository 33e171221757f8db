package redact

import (
	"context"
	"runtime"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Scan finds the secrets of a recording that may still be growing: pass each event
// to [Scan.Event], then call [Scan.Finish]. Call [Scan.Close] if it is not finished. A
// Scan is for one goroutine at a time.
type Scan struct {
	run    *run
	header format.Header
	size   format.Size // of the screen at the start
	screen *vt.Screen
	texts  bool // there are Options.Texts
	store  spool

	parts []part // of the events, in order; the last one is growing
	least int64  // bytes of output in a part
	odd   int64  // bytes of the odd lines in the last one

	workers int // parts that are searched at a time
}

// part is a part of the events, with the state in which it begins.
type part struct {
	at    spoolMark
	pos   int64        // in the output
	plain bool         // its lines have nothing that the flow and the odd lines have not
	again bool         // the rules have to be applied again
	out   screen       // without its vt.Screen
	vt    *vt.Snapshot // of that
}

const (
	partSize  = 256 << 10 // bytes of output in a part, at first
	partCells = 1 << 19   // cells in all snapshots
)

// Scan begins to read a recording with the header h.
func (r *Redactor) Scan(h format.Header) *Scan {
	c := &Scan{header: h, size: h.Size, texts: len(r.texts) > 0, least: partSize, workers: runtime.GOMAXPROCS(0)}
	c.run = &run{m: newMatcher(r.rules), names: r.names, findings: map[findingKey]*finding{}}
	c.run.keep = c.keep
	if c.run.m.replacer = r.replacer; r.replacer != nil {
		c.least = unbounded // the texts are known, so one pass finds them
		c.run.keep = func(oddLine) bool { return false }
	}
	for _, text := range r.texts {
		c.run.m.known.add(text, "text", true, "")
	}
	c.run.out = newScreen(c.run, h.Size)
	c.run.in = newTyped(c.run)
	c.screen = c.run.out.vt
	c.run.header(h)
	c.divide()
	return c
}

// Event reads the next event. It returns an error of the temporary file.
func (c *Scan) Event(ev format.Event) error {
	if c.run.out.tok.pos-c.parts[len(c.parts)-1].pos >= c.least && c.run.settled() {
		c.divide()
	}
	c.store.add(ev, false)
	c.run.event(ev)
	c.run.otherEvent(ev)
	return c.store.err
}

// events reads events to their end, or to an error of theirs, which is srcErr.
func (c *Scan) events(ctx context.Context, events format.Events) (err, srcErr error) {
	var look func(*batch)
	if scout := newScout(c.run.m); scout != nil && c.run.m.replacer == nil {
		look = scout.look
	}
	inBatches(events, look, func(b batch) bool {
		c.run.m.quiet = b.quiet
		if err = ctx.Err(); err != nil {
			return false
		}
		for _, r := range b.events {
			if srcErr = r.err; srcErr != nil {
				return false
			}
			if err = c.Event(r.ev); err != nil {
				return false
			}
		}
		return true
	})
	c.run.m.quiet = nil
	return err, srcErr
}

// keep keeps an odd line with the events.
func (c *Scan) keep(l oddLine) bool {
	b := l.encode()
	c.odd += int64(len(b))
	if c.odd > maxOdd*max(1, c.least/partSize) {
		return false
	}
	c.store.add(format.Event{Time: c.run.now, Data: string(b)}, true)
	return true
}

// Finish ends the reading, and returns the recording with its secrets replaced, and a
// report, as [Redactor.Cast] does. If it returns an error, call Close.
func (c *Scan) Finish(ctx context.Context) (format.Cast, *Report, error) { return c.finish(ctx, nil) }

// Close removes the temporary file.
func (c *Scan) Close() { c.store.close() }

// divide begins a part.
func (c *Scan) divide() {
	out := c.run.out
	if n := len(c.parts); n > 0 {
		c.endPart()
		cols, rows := out.vt.Size()
		if n >= max(2, partCells/(cols*rows)) {
			c.halve()
		}
	}
	out.plain, c.odd = true, 0
	c.parts = append(c.parts, part{at: c.store.mark(), pos: out.tok.pos, out: out.clone(), vt: out.vt.Snapshot()})
}

// endPart ends the last part.
func (c *Scan) endPart() {
	p := &c.parts[len(c.parts)-1]
	p.again = c.run.m.suspect
	p.plain = c.run.out.plain && !p.again
	c.run.m.suspect = false
}

// halve joins each part to the one after it.
func (c *Scan) halve() {
	half := c.parts[:0]
	for pair := range slices.Chunk(c.parts, 2) {
		pair[0].plain = pair[0].plain && pair[len(pair)-1].plain
		pair[0].again = pair[0].again || pair[len(pair)-1].again
		half = append(half, pair[0])
	}
	clear(c.parts[len(half):])
	c.parts = half
	c.least *= 2
}

// clone returns a copy of s without its vt.Screen.
func (s *screen) clone() screen {
	n := *s
	n.vt, n.line, n.tags, n.hard = nil, nil, nil, nil
	n.tok.seq, n.tok.part, n.tok.text, n.tok.at = nil, nil, nil, nil
	n.flow, n.flowAt = slices.Clone(s.flow), slices.Clone(s.flowAt)
	n.at, n.block, n.blockTags, n.cuts, n.headed, n.blanks = nil, nil, nil, nil, nil, nil
	n.waiting = waiting{}            // nothing waits
	n.breaks = map[int64]lineBreak{} // a clone would have room for all there ever were
	for row, b := range s.breaks {
		if row >= s.scrolled { // the others are gone
			n.breaks[row] = b
		}
	}
	n.above, n.aboveTags = slices.Clone(s.above), slices.Clone(s.aboveTags)
	return n
}

// finish is Finish for a recording that ends with the error srcErr, or nil.
func (c *Scan) finish(ctx context.Context, srcErr error) (format.Cast, *Report, error) {
	r := c.run
	r.out.finish()
	r.in.finish()
	c.endPart()
	r.m.freeze()
	cast := format.Cast{Header: r.header(c.header)}
	if r.m.replacer == nil {
		cast.Header = cast.Header.SetRedacted(true)
	} else if r.tired {
		return format.Cast{}, nil, errHurried
	}
	if r.m.any || c.texts {
		if err := c.searchParts(ctx); err != nil {
			return format.Cast{}, nil, err
		}
	}
	if err := r.err(); err != nil {
		return format.Cast{}, nil, err
	}
	c.parts, c.screen, r.out, r.in = nil, nil, nil, nil
	ranged := false
	cast.Events = func(yield func(format.Event, error) bool) {
		if ranged {
			return // the temporary file is gone
		}
		ranged = true
		defer c.store.close()
		for ev, err := range ahead(c.replaced()) {
			if !yield(ev, err) || err != nil {
				return
			}
		}
		if srcErr != nil {
			yield(format.Event{}, srcErr)
		}
	}
	return cast, r.report(), nil
}

// replaced returns the events with their secrets replaced.
func (c *Scan) replaced() format.Events {
	return func(yield func(format.Event, error) bool) {
		r := c.run
		var outPos, inPos int64
		for spooled, err := range c.store.events(spoolMark{}, c.store.mark()) {
			ev := spooled.Event
			switch {
			case err != nil:
				yield(ev, err)
				return
			case spooled.odd:
				continue
			}
			switch ev.Code {
			case format.Output:
				pos := outPos
				outPos += int64(len(ev.Data))
				if ev.Data = r.outMarks.apply(ev.Data, pos); r.m.replacer != nil {
					ev.Data = r.outSwaps.apply(ev.Data, pos)
				}
			case format.Input:
				pos := inPos
				inPos += int64(len(ev.Data))
				if ev.Data = r.inMarks.apply(ev.Data, pos); r.m.replacer != nil {
					ev.Data = r.inSwaps.apply(ev.Data, pos)
				}
			default:
				ev = r.other(ev, false)
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
}
