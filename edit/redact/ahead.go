package redact

import (
	"hash/maphash"
	"runtime"
	"strings"

	"github.com/ttydeck/ttydeck/format"
)

const (
	batchEvents = 256       // events in a batch
	batchBytes  = 256 << 10 // bytes of their data after which a batch is complete
	batches     = 4         // read ahead
)

// batch is a number of events, the last one perhaps with the error after it.
type batch struct {
	events []readEvent
	quiet  []uint64 // of a scout
}

type readEvent struct {
	ev  format.Event
	err error
}

// ahead returns events, which it reads in another goroutine, a little ahead: while one
// is searched or written, the next ones are read. The goroutine has ended when the range
// over the result has.
func ahead(events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		inBatches(events, nil, func(b batch) bool {
			for _, r := range b.events {
				if !yield(r.ev, r.err) {
					return false
				}
			}
			return true
		})
	}
}

// inBatches calls yield with the events, which it reads in another goroutine. look, unless
// nil, is called with each batch before, in a third goroutine. Both have ended when
// inBatches returns.
func inBatches(events format.Events, look func(*batch), yield func(batch) bool) {
	stop := make(chan struct{})
	full := make(chan batch, batches)
	go func() {
		defer close(full)
		var b batch
		size := 0
		for ev, err := range events {
			b.events = append(b.events, readEvent{ev, err})
			if size += len(ev.Data); len(b.events) < batchEvents && size < batchBytes && err == nil {
				continue
			}
			select {
			case full <- b:
			case <-stop:
				return
			}
			b, size = batch{}, 0
		}
		select {
		case full <- b:
		case <-stop:
		}
	}()
	next := full
	if look != nil {
		next = make(chan batch, batches)
		go func() {
			defer close(next)
			for b := range full {
				look(&b)
				select {
				case next <- b:
				case <-stop:
				}
			}
		}()
	}
	defer func() {
		close(stop)
		for range next {
		}
		for range full {
		}
	}()
	for b := range next {
		if !yield(b) {
			return
		}
	}
}

// A scout looks at the plain lines of a batch before they are searched, in a goroutine of
// its own. Nearly all of them are quiet: no rule finds anything in them, nor may one be the
// head of a list of secrets. It notes the hashes of those.
type scout struct {
	m    *matcher
	run  *run // for the heads
	rest string
	line []byte
}

// newScout returns a scout for m, or nil if there is no processor for it.
func newScout(m *matcher) *scout {
	if runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	own := newMatcher(m.rules)
	own.seed = m.seed
	return &scout{m: own, run: &run{}}
}

// look sets the quiet lines of a batch.
func (s *scout) look(b *batch) {
	s.rest = ""
	for _, r := range b.events {
		if r.ev.Code != format.Output {
			continue
		}
		data := r.ev.Data
		for {
			i := strings.IndexByte(data, '\n')
			if i < 0 {
				break
			}
			raw := data[:i+1]
			if s.rest != "" {
				raw = s.rest + raw
			}
			s.rest, data = "", data[i+1:]
			if hash, ok := s.quiet(raw); ok {
				b.quiet = append(b.quiet, hash)
			}
		}
		if len(s.rest)+len(data) <= maxScouted {
			s.rest += data
		}
	}
}

// maxScouted is the number of bytes of a line that a scout looks at.
const maxScouted = 4 << 10

// quiet reports whether a line, with its end, is plain and quiet, and returns its hash.
func (s *scout) quiet(raw string) (hash uint64, ok bool) {
	if len(raw) > maxScouted {
		return 0, false
	}
	tabs, end, coloured := plainText(raw)
	if raw[end:] != "\r\n" {
		return 0, false
	}
	s.line = s.line[:0]
	for range tabs {
		s.line = append(s.line, "        "...)
	}
	s.line = appendPlain(s.line, raw[tabs:end], coloured)
	hash = maphash.Bytes(s.m.seed, s.line)
	known := &s.m.dull[hash%maxDull]
	if *known == hash {
		return hash, true
	}
	if len(s.line) < 2 || !s.m.isQuiet(s.line) {
		return 0, false
	}
	hits := uint64(0)
	entryHeads().find(s.line, func(i int) { hits |= 1 << i })
	for i := range entryKinds {
		if hits>>i&1 != 0 && s.run.isHead(i, s.line) {
			return 0, false
		}
	}
	*known = hash
	return hash, true
}

// isQuiet reports whether no rule matches in a line, nor may it belong to a private key.
func (m *matcher) isQuiet(line []byte) bool {
	m.scan(line)
	if m.takeSpecial()>>keyLine&1 != 0 {
		return false
	}
	return m.eachHit(func(i int) bool {
		quiet := true
		if r := m.rules.rules[i]; m.may(i, line) {
			r.find(line, func(value) { quiet = false })
		}
		return quiet
	})
}

// wasQuiet reports whether a scout has found that a line is quiet. Lines come in the order
// in which the scout saw them.
func (m *matcher) wasQuiet(line []byte) bool {
	if len(m.quiet) == 0 {
		return false
	}
	hash := maphash.Bytes(m.seed, line)
	for i, h := range m.quiet[:min(len(m.quiet), maxSkipped)] {
		if h == hash {
			m.quiet = m.quiet[i+1:]
			return true
		}
	}
	return false
}

// maxSkipped is the number of quiet lines among which wasQuiet looks for one.
const maxSkipped = 64
