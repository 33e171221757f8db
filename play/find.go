package play

import (
	"bytes"
	"regexp"
	"runtime"
	"slices"
	"time"
	"unicode"
)

// hit is a moment at which text that is searched for came onto the screen.
type hit struct {
	number int // of the piece that brought it
	at     time.Duration
}

// maxHits bounds how many are kept.
const maxHits = 200_000

// pattern is what is searched for: a regular expression (package regexp's), in
// which case counts only if it has a capital letter; what is no regular
// expression is searched for as it stands.
type pattern struct {
	re   *regexp.Regexp
	lit  []byte // set when it is plain text: searched for without re
	fold bool   // case does not count
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

// find gives what matches in text first; nil if nothing does. buf is room for
// it to work in.
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
		// Beyond ASCII, K and S have other lower-case forms; (?i) knows them,
		// and nobody looks for them.
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

// hits is a search under way, and what it has found. It is used by the
// goroutine of Run; only the goroutine that searches sends.
type hits struct {
	pattern *pattern
	list    []hit // in the order of the tape
	more    bool  // there are more than maxHits
	done    bool
	batches chan batch
	stop    chan struct{}
}

// batch is what was found in a block.
type batch struct {
	hits []hit
	done bool // all that there is has been searched
}

// search begins to look for p, in the blocks of x from the one with piece
// number from on, or before it when backward, and then in the rest. When the
// recording still grows it goes on with what comes.
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
		tail := 0 // entries of the last block that were searched
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
			wait := 20 * time.Millisecond // it is being made at full speed
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
	// matched holds, for the entries that matched, what did: a line that is
	// typed on, or otherwise goes on, is no new find.
	matched map[int]string
}

// block searches block i from entry skip on.
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

// add takes a batch in.
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

// after gives the place in the list of the first hit behind piece number n.
func (h *hits) after(n int) int {
	i, _ := slices.BinarySearchFunc(h.list, n+1, func(x hit, n int) int { return x.number - n })
	return i
}

// next gives the hit behind piece number n, or, backward, the one before it;
// false if there is none yet.
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
