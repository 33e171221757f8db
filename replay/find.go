package replay

import (
	"bytes"
	"regexp"
	"runtime"
	"slices"
	"time"
	"unicode"
)

// Hit is a moment at which a match appeared on the screen.
type Hit struct {
	Number int           // of the pieces before the one that brought it
	Time   time.Duration // of that piece
}

// maxHits is the most hits kept.
const maxHits = 200_000

// Pattern is what to search for: a regular expression as in package regexp,
// or literal text if it is not a valid one. Case matters only if it has a capital
// letter.
type Pattern struct {
	re   *regexp.Regexp
	lit  []byte // the text to search for without re; nil if it has operators
	fold bool   // ignore case
}

// NewPattern returns the pattern for a text as a user types it.
func NewPattern(s string) *Pattern {
	p := &Pattern{fold: true}
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
func (p *Pattern) find(text []byte, buf *[]byte) []byte {
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

// Search is a search with its hits so far. It belongs to one goroutine, except
// for Run, which only sends batches to it.
type Search struct {
	Pattern *Pattern // what is searched for
	Hits    []Hit    // in the order of the tape; Take adds to them
	More    bool     // there are more than are kept
	Done    bool     // the recording so far has been searched

	tape     *Tape
	from     int
	backward bool
	batches  chan Batch
	stop     chan struct{} // closed by Close
}

// Batch is hits that a Search has found.
type Batch struct {
	hits []Hit
	done bool // the recording so far has been searched
}

// Search returns a search for p, which [Search.Run] carries out: first in what is
// behind piece number from, or before it if backward, then in the rest. What the
// screen showed at any moment is searched, line by line; a match that stays, moves
// or grows is one hit.
func (t *Tape) Search(p *Pattern, from int, backward bool) *Search {
	return &Search{
		Pattern: p, tape: t, from: from, backward: backward,
		batches: make(chan Batch, 16), stop: make(chan struct{}),
	}
}

// Batches returns the channel on which Run sends what it finds. Pass each batch to
// [Search.Take].
func (h *Search) Batches() <-chan Batch { return h.batches }

// Run searches until everything has been searched, or until Close. While the
// recording grows, it goes on. Call it once, in a goroutine of its own.
func (h *Search) Run() {
	x, p := h.tape.index, h.Pattern
	send := func(b Batch) bool {
		select {
		case h.batches <- b:
			return true
		case <-h.stop:
			return false
		}
	}
	blocks, _ := x.size()
	start := x.blockAt(h.from)
	order := make([]int, 0, blocks)
	for i := range blocks {
		if h.backward {
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
		if err != nil || len(found) > 0 && !send(Batch{hits: found}) {
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
		caughtUp := x.holds(h.tape.End().Number) // before the last look
		now, done := x.size()
		found, n, err := s.block(last, tail)
		if err != nil || len(found) > 0 && !send(Batch{hits: found}) {
			return
		}
		tail = n
		if last < now-1 {
			last, tail = last+1, 0
			continue
		}
		if !told && (done || caughtUp) {
			if told = true; !send(Batch{done: true}) {
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
}

// searcher searches blocks.
type searcher struct {
	x    *index
	p    *Pattern
	stop chan struct{}
	buf  []byte
	// matched holds the matches by entry: a line that grows, as it is typed
	// for example, is not a new hit.
	matched map[int]string
}

// block searches block i from entry skip on, and returns the number of entries in
// the block.
func (s *searcher) block(i, skip int) (found []Hit, entries int, err error) {
	s.matched = map[int]string{}
	n := 0
	entries, err = s.x.read(i, skip, func(e entry) bool {
		if n++; n%1024 == 0 {
			select {
			case <-s.stop:
				return false
			default:
			}
			runtime.Gosched() // see Tape.load
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
		if k := len(found); k == 0 || found[k-1].Number != e.number {
			found = append(found, Hit{e.number, e.at})
		}
		return true
	})
	return found, entries, err
}

// Take adds a batch.
func (h *Search) Take(b Batch) {
	if b.done {
		h.Done = true
		return
	}
	if room := maxHits - len(h.Hits); len(b.hits) > room {
		b.hits, h.More = b.hits[:room], true
	}
	if n := len(b.hits); n > 0 {
		i := h.After(b.hits[0].Number - 1)
		h.Hits = slices.Insert(h.Hits, i, b.hits...)
	}
}

// After returns the index in Hits of the first one behind piece number n.
func (h *Search) After(n int) int {
	i, _ := slices.BinarySearchFunc(h.Hits, n+1, func(x Hit, n int) int { return x.Number - n })
	return i
}

// Next returns the first hit behind piece number n or, if backward, the last one
// before it; false if there is none yet.
func (h *Search) Next(n int, backward bool) (Hit, bool) {
	i := h.After(n)
	if backward {
		i = h.After(n-1) - 1
	}
	if i < 0 || i >= len(h.Hits) {
		return Hit{}, false
	}
	return h.Hits[i], true
}

// Close ends the search. Call it once; a nil Search has nothing to end.
func (h *Search) Close() {
	if h != nil {
		close(h.stop)
	}
}

// SeekHit goes to the place after a hit, and returns the cells in which p matches
// there; false if the match came and went within the piece that brought it.
func (p *Position) SeekHit(h Hit, pattern *Pattern) (Span, bool, error) {
	// Comparing the screens before and after the piece shows the new match.
	if err := p.Seek(h.Number); err != nil {
		return Span{}, false, err
	}
	before := matchingLines(p.screen.Screen, pattern)
	if err := p.Seek(h.Number + 1); err != nil {
		return Span{}, false, err
	}
	m, ok := newMatch(p.screen.Screen, pattern, before)
	return m, ok, nil
}
