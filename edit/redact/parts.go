package redact

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/vt"
)

// The second pass searches several parts at a time. As the marks of one part may
// decide what is counted in the next, a part that is searched beside others does not
// change the marks and the findings of the recording, but writes a journal, and the
// journals are applied in order.

// maxWorkers is the number of parts that are searched at a time.
const maxWorkers = 4

// searcher searches parts for copies of the secrets.
type searcher struct {
	scan   *Scan
	run    *run
	screen *vt.Screen
}

// journal is what a search changes.
type journal struct {
	changes []change
	entries []entry
	arounds map[findingKey][]around // of the first entries of each key
}

// change is a change of the marks of adjacent bytes.
type change struct {
	marks *marks // of the run
	pos   int64
	n     int32
	what  byte // the mark; keep if the byte is replaced by another
	b     byte // that
}

// entry is a call of run.count.
type entry struct {
	upto   int  // number of changes up to it
	direct bool // it does not count a change of marks
	key    findingKey
	nth    int // its index in the arounds of its key; the last one has those that follow
	now    time.Duration
}

// maxArounds is the number of arounds of a key. The first one is not enough: its marks
// may be those of the part before.
const maxArounds = 8

// maxChanges bounds a journal. A part that would have more is searched alone.
const maxChanges = 1 << 15

var errJournalFull = errors.New("too many changes")

// newWorker returns a searcher that writes journals.
func (c *Scan) newWorker() *searcher {
	r := c.run
	w := &run{m: r.m.fork(), names: r.names}
	w.out = newScreen(w, c.size)
	w.in = newTyped(w)
	return &searcher{c, w, w.out.vt}
}

// fork returns a matcher that knows what m, which is frozen, knows, for another
// goroutine.
func (m *matcher) fork() *matcher {
	f := newMatcher(m.rules)
	f.known, f.prompts, f.any, f.frozen = m.known, m.prompts, m.any, true
	return f
}

// searchParts searches all parts.
func (c *Scan) searchParts(ctx context.Context) error {
	alone := &searcher{c, c.run, c.screen}
	workers := make([]*searcher, min(c.workers, maxWorkers, len(c.parts)))
	if err := c.store.flush(); err != nil {
		return err
	}
	round := 1
	if len(workers) > 1 {
		round = 4 * len(workers) // as some parts take longer than others
		for i := range workers {
			workers[i] = c.newWorker()
		}
	}
	for first := 0; first < len(c.parts); first += round {
		n := min(round, len(c.parts)-first)
		journals, errs := make([]*journal, n), make([]error, n)
		if len(workers) > 1 {
			var next atomic.Int64
			var wg sync.WaitGroup
			for _, w := range workers {
				wg.Go(func() {
					for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
						journals[i], errs[i] = w.write(ctx, first+i)
					}
				})
			}
			wg.Wait()
		}
		for i := range n {
			switch {
			case errs[i] != nil && !errors.Is(errs[i], errJournalFull):
				return errs[i]
			case errs[i] != nil || journals[i] == nil:
				if err := alone.part(ctx, first+i); err != nil {
					return err
				}
			default:
				c.run.apply(journals[i])
			}
		}
		for _, w := range workers {
			c.run.tired = c.run.tired || w != nil && w.run.tired
		}
	}
	return nil
}

// write searches a part and returns what that changes.
func (s *searcher) write(ctx context.Context, i int) (*journal, error) {
	r := s.run
	j := &journal{arounds: map[findingKey][]around{}}
	r.journal = j
	r.outMarks = marks{base: &s.scan.run.outMarks, journal: j}
	r.inMarks = marks{base: &s.scan.run.inMarks, journal: j}
	r.findings = map[findingKey]*finding{}
	if err := s.part(ctx, i); err != nil {
		return nil, err
	}
	for k := range j.changes {
		j.changes[k].marks = j.changes[k].marks.base
	}
	for _, list := range j.arounds {
		for k := range list {
			if a := &list[k]; a.marks != nil {
				a.marks = a.marks.base
			}
		}
	}
	return j, nil
}

// add adds a change of a byte.
func (j *journal) add(m *marks, pos int64, what, b byte) {
	if n := len(j.changes); n > 0 {
		last := &j.changes[n-1]
		closed := len(j.entries) > 0 && j.entries[len(j.entries)-1].upto == n
		if !closed && last.marks == m && last.what == what && what != keep && last.pos+int64(last.n) == pos {
			last.n++
			return
		}
	}
	j.changes = append(j.changes, change{m, pos, 1, what, b})
}

// count adds an entry.
func (j *journal) count(key findingKey, now time.Duration, here around, at int) {
	upto := 0
	if n := len(j.entries); n > 0 {
		upto = j.entries[n-1].upto
	}
	if len(j.arounds[key]) < maxArounds {
		j.arounds[key] = append(j.arounds[key], here.cut(at))
	}
	j.entries = append(j.entries, entry{
		upto: len(j.changes), direct: upto == len(j.changes), key: key, nth: len(j.arounds[key]) - 1, now: now,
	})
}

// apply does what a journal says.
func (r *run) apply(j *journal) {
	at := 0
	for _, e := range j.entries {
		fresh := e.direct
		for ; at < e.upto; at++ {
			fresh = j.changes[at].apply() || fresh
		}
		if !fresh {
			continue
		}
		key := e.key
		if key.s.text == "" {
			key.s = r.m.other(key.s.rule)
		}
		r.now = e.now
		r.add(key, func() around { return j.arounds[e.key][e.nth] })
	}
	for ; at < len(j.changes); at++ {
		j.changes[at].apply()
	}
}

// apply makes a change, and reports whether it changes anything.
func (c change) apply() bool {
	fresh := false
	for i := range int64(c.n) {
		if c.what == keep {
			fresh = c.marks.replace(c.pos, c.b) || fresh
		} else {
			fresh = c.marks.set(c.pos+i, c.what) || fresh
		}
	}
	return fresh
}

// part searches a part.
func (s *searcher) part(ctx context.Context, i int) error {
	r, p := s.run, &s.scan.parts[i]
	upto := s.scan.store.mark()
	if i+1 < len(s.scan.parts) {
		upto = s.scan.parts[i+1].at
	}
	if p.plain && !r.m.known.blank {
		n, err := s.search(ctx, p, upto, 0, false)
		if err != nil || !r.out.doubtful {
			return err
		}
		_, err = s.search(ctx, p, upto, n, true)
		return err
	}
	_, err := s.search(ctx, p, upto, 0, true)
	return err
}

// search searches the events from a part's start to a mark: their lines too, or only
// the flow, until that is doubtful. It returns the number of events that it has read.
// The first done of them were read before, so only their output and input is searched.
func (s *searcher) search(ctx context.Context, p *part, upto spoolMark, done int, lines bool) (n int, _ error) {
	r := s.run
	*r.out = p.out.clone()
	r.out.run, r.out.tok.sink, r.out.tok.lines = r, r.out, nil
	if p.out.tok.lines != nil {
		r.out.tok.lines = r.out.plainLines
	}
	r.keep = func(oddLine) bool { return true }
	if lines {
		r.out.vt = s.screen
		s.screen.Restore(p.vt)
	}
	r.in = newTyped(r)
	r.m.again = p.again
	defer func() { r.m.again = false }()
	for ev, err := range s.scan.store.events(p.at, upto) {
		if n++; err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = r.err()
		}
		if err == nil && r.journal != nil && len(r.journal.changes)+len(r.journal.entries) > maxChanges {
			err = errJournalFull
		}
		if err != nil {
			return n, err
		}
		if !ev.odd {
			r.event(ev.Event)
			if n > done {
				r.otherEvent(ev.Event)
			}
			if r.out.doubtful {
				return n, nil
			}
		} else if !lines {
			r.now = ev.Time
			r.odd(decodeOdd([]byte(ev.Data)))
		}
	}
	if upto == s.scan.store.mark() {
		r.out.finish()
		r.in.finish()
	}
	return n, nil
}

// settled reports whether nothing is half read, so that a part can begin.
func (r *run) settled() bool {
	r.out.draw()
	if !r.out.tok.idle() || !r.in.tok.idle() || len(r.in.buf) > 0 {
		return false
	}
	_, rows := r.out.vt.Size()
	for y := range rows {
		if r.out.vt.Row(y).WasContinued() {
			return false // a snapshot does not have it
		}
	}
	return true
}
