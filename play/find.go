package play

import (
	"bytes"
	"regexp"
	"runtime"
	"slices"
	"time"
	"unicode"
)

// hit is a moment at which a match appeared on the screen.
type hit struct {
	number int // of the piece that brought it
	at     time.Duration
}

// maxHits is the most hits kept.
const maxHits = 200_000

// pattern is a pattern to search for: a regular expression as in package regexp,
// or literal text if it is not a valid one. Case matters only if it has a capital
// letter.
type pattern struct {
	re   *regexp.Regexp
	lit  []byte // the text to search for without re; nil if it has operators
	fold bool   // ignore case
}

func newPattern(s string) *pattern {
	p := &pattern{fold: true}
	for _, r := range s {
		if unicode.IsUpper(r) {
			p.fold = false
		}
	}
	expr := s
	if p.fold {
		expr = "(?i)" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		s, expr = regexp.QuoteMeta(s), regexp.QuoteMeta(s)
		if p.fold {
			expr = "(?i)" + expr
		}
		re = regexp.MustCompile(expr)
	}
	p.re = re
	if plain := regexp.QuoteMeta(s); plain == s && isASCII(s) {
		p.lit = []byte(s)
	}
	return p
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// find returns the first match in text; nil if there is none. buf is a buffer
// that it may use.
func (p *pattern) find(text []byte, buf *[]byte) []byte {
	if p.lit != nil {
		in := text
		if p.fold {
			*buf = appendLower((*buf)[:0], text)
			in = *buf
		}
		if i := bytes.Index(in, p.lit); i >= 0 {
			return text[i : i+len(p.lit)]
		}
		// K and S have further forms beyond ASCII (K the Kelvin sign, long s),
		// which (?i) would match; nobody searches for them.
		return nil
	}
	loc := p.re.FindIndex(text)
	if loc == nil || loc[0] == loc[1] {
		return nil
	}
	return text[loc[0]:loc[1]]
}

func appendLower(b, s []byte) []byte {
	n := len(b)
	b = append(b, s...)
	for i, c := range b[n:] {
		if 'A' <= c && c <= 'Z' {
			b[n+i] = c + 'a' - 'A'
		}
	}
	return b
}

// hits is a search with its hits so far. It belongs to the goroutine of Run; the
// searching goroutine only sends batches.
type hits struct {
	pattern *pattern
	list    []hit // in the order of the tape
	more    bool  // there are more than maxHits
	done    bool  // the recording so far has been searched
	batches chan batch
	stop    chan struct{} // closed by end
}

// batch is the hits of a block.
type batch struct {
	hits []hit
	done bool // the recording so far has been searched
}

// search begins to search for p, first in the blocks of x from piece number from
// on, or backward from there, then in the rest. While the recording grows, the
// search goes on. run runs a goroutine.
func search(x *index, p *pattern, from int, backward bool, run func(func())) *hits {
	h := &hits{pattern: p, batches: make(chan batch, 16), stop: make(chan struct{})}
	send := func(b batch) bool {
		select {
		case h.batches <- b:
			return true
		case <-h.stop:
			return false
		}
	}
	run(func() {
		blocks, _ := x.size()
		start := x.blockAt(from)
		order := make([]int, 0, blocks)
		for i := range blocks {
			if backward {
				order = append(order, ((start-i)%blocks+blocks)%blocks)
			} else {
				order = append(order, (start+i)%blocks)
			}
		}
		s := searcher{x: x, p: p, stop: h.stop}
		tail := 0 // entries of the last block that have been searched
		for _, i := range order {
			found, n, err := s.block(i, 0)
			if i == blocks-1 {
				tail = n
			}
			if err != nil || len(found) > 0 && !send(batch{hits: found}) {
				return
			}
			select {
			case <-h.stop:
				return
			default:
			}
		}
		told := false
		for last := blocks - 1; ; {
			caughtUp := x.caughtUp() // before the last look
			now, done := x.size()
			found, n, err := s.block(last, tail)
			if err != nil || len(found) > 0 && !send(batch{hits: found}) {
				return
			}
			tail = n
			if last < now-1 {
				last, tail = last+1, 0
				continue
			}
			if !told && (done || caughtUp) {
				if told = true; !send(batch{done: true}) {
					return
				}
			}
			if done {
				return
			}
			wait := 20 * time.Millisecond // the index grows at full speed
			if told {
				wait = 200 * time.Millisecond // it grows with the session
			}
			select {
			case <-time.After(wait):
			case <-h.stop:
				return
			}
		}
	})
	return h
}

// searcher searches blocks.
type searcher struct {
	x    *index
	p    *pattern
	stop chan struct{}
	buf  []byte
	// matched holds the matches by entry: a line that grows, as it is typed
	// for example, is not a new hit.
	matched map[int]string
}

// block searches block i from entry skip on, and returns the number of entries in
// the block.
func (s *searcher) block(i, skip int) (found []hit, entries int, err error) {
	s.matched = map[int]string{}
	n := 0
	entries, err = s.x.read(i, skip, func(e entry) bool {
		if n++; n%1024 == 0 {
			select {
			case <-s.stop:
				return false
			default:
			}
			runtime.Gosched() // see index.run
		}
		m := s.p.find(e.text, &s.buf)
		if m == nil {
			return true
		}
		was, seen := s.matched[e.prev]
		s.matched[e.id] = string(m)
		if seen && was == string(m) {
			return true
		}
		if k := len(found); k == 0 || found[k-1].number != e.number {
			found = append(found, hit{e.number, e.at})
		}
		return true
	})
	return found, entries, err
}

// add adds a batch.
func (h *hits) add(b batch) {
	if b.done {
		h.done = true
		return
	}
	if room := maxHits - len(h.list); len(b.hits) > room {
		b.hits, h.more = b.hits[:room], true
	}
	if n := len(b.hits); n > 0 {
		i := h.after(b.hits[0].number - 1)
		h.list = slices.Insert(h.list, i, b.hits...)
	}
}

// after returns the index of the first hit behind piece number n.
func (h *hits) after(n int) int {
	i, _ := slices.BinarySearchFunc(h.list, n+1, func(x hit, n int) int { return x.number - n })
	return i
}

// next returns the first hit behind piece number n or, if backward, the last one
// before it; false if there is none yet.
func (h *hits) next(n int, backward bool) (hit, bool) {
	i := h.after(n)
	if backward {
		i = h.after(n-1) - 1
	}
	if i < 0 || i >= len(h.list) {
		return hit{}, false
	}
	return h.list[i], true
}

// end stops the search.
func (h *hits) end() {
	if h != nil {
		close(h.stop)
	}
}
