package redact

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// secret is a text to be removed.
type secret struct {
	text string
	rule string
	// strong secrets are unlikely to occur as anything else. They are replaced
	// wherever they stand, and so are long parts of them.
	strong bool
	// before has texts that preceded it, up to contextLen bytes each.
	before []string
	// root is the longer secret that this one is a half-typed form of; nil if
	// there is none.
	root   *secret
	within bool     // a longer secret at the same place contains it
	also   []string // other spellings of the same secret: without its quotes
	same   *secret  // the secret whose also lists this one; nil if there is none
	pair   *pair    // the secret stands for its old text; nil if it is one
	// least, unless 0, is the number of bytes of a part that are enough to replace it.
	// The secret is a form of same then.
	least int
	id    int // number in the report, from 1; 0 for half-typed forms and spellings
}

// known holds the secrets found so far. It grows in the first pass; after
// freeze, find looks them up.
type known struct {
	byText  map[string]*secret
	list    []*secret // in the order found
	bytes   int       // length of all texts
	full    bool      // some secrets did not fit
	derived int       // length of all derived forms
	blank   bool      // some secrets begin with a blank

	bloom    []uint64            // Bloom filters, two bits for each hash: inGrams and inLonger
	mask     uint64              // of a hash
	leads    map[uint32][]placed // those with fewer than contextLen bytes but blanks, as contexts
	leadsIn  [1 << 8]uint64      // Bloom filter of the keys of leads
	grams    map[uint64][]gram   // by their bytes
	contexts map[uint32][]placed // by their last four bytes
	longer   map[uint64][]placed // by their last eight bytes
	brief    bool                // some contexts have fewer
	ctxBloom [1 << 8]uint64      // Bloom filter of the keys of contexts
	early    map[byte][]placed   // those with fewer than four bytes but blanks, by the first byte of the secret
	earlyAll int                 // number of those
	blanks   bool                // some secrets behind blanks may begin with one
	short    []*secret           // strong, but shorter than a gram: from Options.Texts
}

// gram is gramLen bytes of a strong secret.
type gram struct {
	s     *secret
	at    int32 // offset in the text of s
	plain bool  // of one kind of character, so it may be a word
}

// placed is a secret with a text that stood before it, its context.
type placed struct {
	s    *secret
	text string // up to contextLen bytes; newlines stand for those before the start of a line
	bare string // the text without the blanks it begins with
	sure bool   // it is specific
}

const (
	contextLen = 16      // bytes of a context
	maxContext = 8       // contexts of one secret
	gramLen    = 8       // bytes of a gram
	maxKnown   = 1 << 14 // secrets
	maxKnownSz = 4 << 20 // bytes of all secrets
	maxTries   = 1 << 10 // comparisons by context, in one text
	maxAlso    = 16      // other spellings of one secret
	maxAlike   = 64      // secrets with the same context, or too short for a gram
	maxSecret  = 8 << 10 // bytes kept of one secret
	maxEarly   = 1 << 8  // secrets at the start of a line that mayBegin tries
)

// add records a secret with the text before it and its other spellings. It
// returns nil, and sets full, if there is no room.
func (k *known) add(text, rule string, strong bool, before string, also ...string) *secret {
	if len(text) > maxSecret {
		text = text[:maxSecret]
	}
	s := k.byText[text]
	if s == nil {
		if len(k.list) >= maxKnown || k.bytes+len(text) > maxKnownSz {
			k.full = true
			return nil
		}
		if k.byText == nil {
			k.byText = map[string]*secret{}
		}
		s = &secret{text: strings.Clone(text), rule: rule}
		k.byText[s.text] = s
		k.list = append(k.list, s)
		k.bytes += len(text)
	}
	s.strong = s.strong || strong
	if before != "" && len(s.before) < maxContext && !slices.Contains(s.before, before) {
		s.before = append(s.before, strings.Clone(before))
	}
	for _, text := range also {
		text = text[:min(len(text), maxSecret)]
		if len(s.also) < maxAlso && k.bytes+len(text) <= maxKnownSz && !slices.Contains(s.also, text) {
			s.also = append(s.also, text)
			k.bytes += len(text)
		}
	}
	return s
}

// strongText reports whether a text that a rule found is to be replaced
// everywhere. A text that is not, such as "hunter2", is replaced only where a
// rule sees it.
func strongText(text string) bool {
	if len(text) < 8 {
		return false
	}
	kinds := 0
	for _, kind := range []func(c byte) bool{
		func(c byte) bool { return 'a' <= c && c <= 'z' },
		func(c byte) bool { return 'A' <= c && c <= 'Z' },
		func(c byte) bool { return '0' <= c && c <= '9' },
		func(c byte) bool { return c != ' ' && c < '0' || '9' < c && c < 'A' || 'Z' < c && c < 'a' || c > 'z' },
	} {
		if strings.ContainsFunc(text, func(r rune) bool { return kind(byte(min(r, 255))) }) {
			kinds++
		}
	}
	return kinds > 1 || len(text) >= 16
}

// freeze builds the tables that find uses. A text that was later completed at
// the same place counts as a half-typed form of the complete secret.
func (k *known) freeze() {
	byContext := map[string][]*secret{}
	var contexts []string // in order, so that the result is always the same
	for _, s := range k.list {
		for _, c := range s.before {
			if byContext[c] == nil {
				contexts = append(contexts, c)
			}
			byContext[c] = append(byContext[c], s)
		}
	}
	for _, c := range contexts {
		group := byContext[c]
		slices.SortFunc(group, func(a, b *secret) int {
			return cmp.Or(cmp.Compare(len(a.text), len(b.text)), strings.Compare(a.text, b.text))
		})
		for i, a := range group {
			// Only the next few: a recording may have thousands at one place.
			for _, b := range group[i+1 : min(len(group), i+64)] {
				if n := begun([]byte(a.text), 0, b.text, true); a.root == nil && len(a.text) < len(b.text) &&
					n >= len(a.text)-2 && 2*n >= len(a.text) { // the last two may be typing mistakes
					a.root = b
				}
				a.within = a.within || strings.Contains(b.text, a.text)
			}
		}
	}
	for _, s := range slices.Clone(k.list) {
		if s.root != nil || s.within {
			continue
		}
		for _, text := range s.also {
			if k.byText[text] != nil || text == "" {
				continue
			}
			if other := k.add(text, s.rule, strongText(text), ""); other != nil {
				other.same = s
			}
		}
	}
	k.longer, k.early, k.leads = map[uint64][]placed{}, map[byte][]placed{}, map[uint32][]placed{}
	k.grams = map[uint64][]gram{}
	k.contexts = map[uint32][]placed{}
	id := 0
	for _, s := range k.list {
		if s.root == nil && s.same == nil {
			id++
			s.id = id
		}
		if s.within {
			continue
		}
		for _, c := range s.before {
			if len(c) < 4 || s.root != nil || s.text == "" {
				continue
			}
			at := placed{s, c, strings.TrimLeft(c, " \n"), specific(c)}
			key := binary.LittleEndian.Uint32([]byte(c[len(c)-4:]))
			if len(k.contexts[key]) < maxAlike {
				k.contexts[key] = append(k.contexts[key], at)
				if len(c) < 8 {
					k.brief = true
				} else {
					long := binary.LittleEndian.Uint64([]byte(c[len(c)-8:]))
					k.longer[long] = append(k.longer[long], at)
					k.blanks = k.blanks || strings.Trim(c[len(c)-8:], " \n") == "" && strings.Contains(s.text, " ")
				}
				if len(at.bare) < 4 {
					k.early[s.text[0]] = append(k.early[s.text[0]], at)
					k.earlyAll++
				}
				h := hash32(key)
				k.ctxBloom[h>>6] |= 1 << (h & 63)
				if n := len(at.bare); n >= 4 && n < contextLen {
					k.leads[key] = append(k.leads[key], at)
					k.leadsIn[h>>6] |= 1 << (h & 63)
				}
			}
		}
		if !s.strong {
			continue
		}
		k.blank = k.blank || strings.HasPrefix(s.text, " ")
		if len(s.text) < gramLen {
			if s.rule == "text" || len(k.short) < maxAlike {
				k.short = append(k.short, s)
			}
			continue
		}
		k.index(s, 1)
	}
	for _, s := range k.list {
		if s.strong && !s.within && s.root == nil && len(s.text) >= minDerived {
			k.derive(s)
		}
	}
	size := uint64(1) << min(max(16, bits.Len(uint(32*(len(k.grams)+len(k.longer))))), 22)
	k.bloom, k.mask = make([]uint64, size/32), size-1
	for key := range k.grams {
		k.enter(key, inGrams)
	}
	for key := range k.longer {
		k.enter(key, inLonger)
	}
}

// enter adds a key to bloom.
func (k *known) enter(key, what uint64) {
	h := hash(key)
	for _, h := range [2]uint64{h & k.mask, h >> 32 & k.mask} {
		k.bloom[h>>5] |= what << (2 * (h & 31))
	}
}

// hash returns two hashes of a key for bloom: one in the lower half, one in the upper.
func hash(key uint64) uint64 {
	h := key * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// hash32 returns the hash of a key of contexts, of 14 bits.
func hash32(key uint32) uint32 { return key * 0x9e3779b1 >> 18 }

// in returns which of grams and longer may have a key.
func (k *known) in(key uint64) uint64 {
	h := hash(key)
	g := h >> 32 & k.mask
	h &= k.mask
	in := k.bloom[h>>5] >> (2 * (h & 31)) & 3
	if in == 0 {
		return 0
	}
	return in & (k.bloom[g>>5] >> (2 * (g & 31)))
}

// blanks is the key of eight blanks, which lines have more often than any other.
const blanks = 0x2020202020202020

// The bits in bloom.
const (
	inGrams = 1 << iota
	inLonger
)

// dull reports whether a gram has too few different bytes to identify a secret.
func dull(g string) bool {
	seen := map[byte]bool{}
	for i := range len(g) {
		seen[g[i]] = true
	}
	return len(seen) < 4
}

// plain reports whether a gram has one kind of character, apart from
// punctuation, so that it may be a word or a number.
func plain(g string) bool {
	var lower, upper, digit int
	for i := range len(g) {
		switch c := g[i]; {
		case 'a' <= c && c <= 'z':
			lower = 1
		case 'A' <= c && c <= 'Z':
			upper = 1
		case '0' <= c && c <= '9':
			digit = 1
		}
	}
	return lower+upper+digit < 2
}

// span is a part of a text to be replaced.
type span struct {
	from, to int // bytes of the text
	s        *secret
	part     bool // it is not the whole secret
	more     bool // it continues a span before it, and is not counted
	escaped  bool // it has escapes inside, or quotes
}

// find appends the known secrets in text, and the parts of them, to dst.
func (k *known) find(dst []span, text []byte) []span {
	for _, s := range k.short {
		for at := 0; ; {
			i := bytes.Index(text[at:], []byte(s.text))
			if i < 0 {
				break
			}
			dst = append(dst, span{from: at + i, to: at + i + len(s.text), s: s})
			at += i + len(s.text)
		}
	}
	if len(k.grams) > 0 {
		for i := 0; i+gramLen <= len(text); {
			key := binary.LittleEndian.Uint64(text[i:])
			if k.in(key)&inGrams == 0 {
				i++
				continue
			}
			best := span{}
			for _, g := range k.grams[key] {
				from, to := i, i+gramLen
				at := int(g.at)
				for from > 0 && at > 0 && text[from-1] == g.s.text[at-1] {
					from--
					at--
				}
				end := int(g.at) + gramLen
				for to < len(text) && end < len(g.s.text) && text[to] == g.s.text[end] {
					to++
					end++
				}
				whole := to-from == len(g.s.text)
				if !whole && (g.plain && to-from < max(12, len(g.s.text)/2) || to-from < g.s.least) {
					continue
				}
				if to-from > best.to-best.from {
					best = span{from: from, to: to, s: g.s, part: !whole}
				}
			}
			if best.s == nil {
				i++
				continue
			}
			best = best.around(text)
			dst = append(dst, best)
			i = best.to
		}
	}
	return dst
}

// findBegun appends the texts that resemble a secret and stand behind the same
// context: the secret half typed, or with a mistake not yet corrected. start reports
// whether text begins a line.
func (k *known) findBegun(dst []span, text []byte, start bool) []span {
	if len(k.contexts) == 0 {
		return dst
	}
	for i, tries := 0, 0; i < len(text) && tries < maxTries; i++ {
		for _, c := range k.contextsAt(text, i, start) {
			if !c.stands(text, i, start) {
				continue
			}
			tries++
			if to := begun(text, i, c.s.text, c.sure); to > i {
				dst = append(dst, span{from: i, to: to, s: c.s, part: string(text[i:to]) != c.s.text})
			}
		}
	}
	return dst
}

// contextsAt returns contexts of which some may stand before text[i:]. start reports whether
// text begins a line.
func (k *known) contextsAt(text []byte, i int, start bool) []placed {
	if i >= contextLen && !k.brief {
		key := binary.LittleEndian.Uint64(text[i-8:])
		if k.in(key)&inLonger == 0 {
			return nil
		}
		return k.longer[key]
	}
	var key uint32
	switch {
	case i >= 4:
		key = binary.LittleEndian.Uint32(text[i-4:])
	case start:
		head := [8]byte{'\n', '\n', '\n', '\n'}
		copy(head[4:], text[:i])
		key = binary.LittleEndian.Uint32(head[i:])
	default:
		return nil
	}
	if h := hash32(key); k.ctxBloom[h>>6]>>(h&63)&1 == 0 {
		return nil
	}
	return k.contexts[key]
}

// touches reports whether find may find something in text or, if start, findBegun for
// text that begins a line, or else mayBegin. text is preceded by headLen newlines.
func (k *known) touches(headed []byte, start bool) bool {
	text := headed[headLen:]
	for _, s := range k.short {
		if bytes.Contains(text, []byte(s.text)) {
			return true
		}
	}
	if !start && k.mayBegin(text, contextLen, nil) {
		return true
	}
	if k.brief && start && len(k.findBegun(nil, text, true)) > 0 {
		return true
	}
	tries, searched := 0, false
	first := 0
	if !k.blanks {
		// Nothing begins inside of the indentation.
		first = len(text) - len(bytes.TrimLeft(text, " "))
	}
	for i := first; i+gramLen <= len(headed); i++ {
		key := binary.LittleEndian.Uint64(headed[i:])
		in := k.in(key)
		if in == 0 {
			continue
		}
		// The key is what stands before text[i:].
		if in&inLonger != 0 && i < len(text) && (start || i >= contextLen) && (key != blanks || text[i] != ' ' || k.blanks) {
			for _, c := range k.longer[key] {
				if !c.stands(text, i, start) {
					continue
				}
				if tries++; tries > maxTries || begun(text, i, c.s.text, c.sure) > i {
					return true
				}
			}
		}
		if in&inGrams == 0 || searched {
			continue
		}
		if _, ok := k.grams[key]; ok {
			if searched = true; len(k.find(nil, text)) > 0 {
				return true
			}
		}
	}
	return !start && k.brief && k.mayBegin(text, len(text), nil)
}

// headLen is the number of newlines before a text that touches searches: as many as
// there are bytes in a key of longer.
const headLen = 8

// mayBegin reports whether findBegun, on a line that ends with text, might find a
// secret that begins in text before the index upto, other than where done, unless nil,
// reports true. The line has nothing but blanks before text.
func (k *known) mayBegin(text []byte, upto int, done func(i int) bool) bool {
	if len(k.contexts) == 0 || len(text) == 0 {
		return false
	}
	if k.earlyAll > maxEarly {
		return true
	}
	indent := len(text) - len(bytes.TrimLeft(text, " "))
	tries := 0
	try := func(i int, list []placed) bool {
		for _, c := range list {
			// Blanks that are not in text may stand before it.
			stands := bytes.HasSuffix(text[:i], []byte(c.bare)) && (c.bare != "" || i <= indent)
			if i >= len(c.text) {
				stands = c.stands(text, i, false)
			}
			if !stands {
				continue
			}
			if tries++; tries > maxTries || begun(text, i, c.s.text, c.sure) > i && (done == nil || !done(i)) {
				return true
			}
		}
		return false
	}
	for i := range min(len(text), indent+4) {
		if list := k.early[text[i]]; len(list) > 0 && try(i, list) {
			return true
		}
	}
	n := min(len(text), upto)
	for i := 4; i < min(n, contextLen) && len(k.leads) > 0; i++ {
		key := binary.LittleEndian.Uint32(text[i-4:])
		if h := hash32(key); k.leadsIn[h>>6]>>(h&63)&1 != 0 && try(i, k.leads[key]) {
			return true
		}
	}
	for i := contextLen; i < n; i++ {
		if try(i, k.contextsAt(text, i, false)) {
			return true
		}
	}
	return false
}

// stands reports whether the context is before text[i:]. start reports whether text
// begins a line.
func (c placed) stands(text []byte, i int, start bool) bool {
	missing := len(c.text) - i
	if missing <= 0 {
		return string(text[-missing:i]) == c.text
	}
	return start && string(text[:i]) == c.text[missing:] && strings.Trim(c.text[:missing], "\n") == ""
}

// before returns the contextLen bytes before text[i:], with newlines in place of
// those before the start of a line.
func before(text []byte, i int, start bool) string {
	from := i - contextLen
	if from >= 0 {
		return string(text[from:i])
	}
	if !start {
		return string(text[:i])
	}
	return strings.Repeat("\n", -from) + string(text[:i])
}

// specific reports whether a context has enough text that even a single character
// behind it counts as part of the secret.
func specific(before string) bool {
	n := 0
	for i := range len(before) {
		if before[i] > ' ' {
			n++
		}
	}
	return n >= 4
}

// begun returns the end of the part of text from i on that resembles s, or i if
// there is none. sure reports whether a single character is enough.
func begun(text []byte, i int, s string, sure bool) int {
	if !sure && (s == "" || text[i] != s[0]) {
		return i
	}
	end := i
	for end < len(text) && end-i < len(s)+16 {
		if c := text[end]; (c <= ' ' || c == '"' || c == '\'') && strings.IndexByte(s, c) < 0 {
			break
		}
		end++
	}
	t := text[i:end]
	pre := 0
	for pre < len(t) && pre < len(s) && t[pre] == s[pre] {
		pre++
	}
	if pre == len(s) {
		return i + pre
	}
	least := 4
	if sure {
		least = 1
	}
	switch {
	case len(t) < least || pre == 0 && !sure:
		return i
	case pre == len(t), within(t, s):
		return end
	}
	// The mistake lies between the start of s and an end of it. Text behind that
	// end is not part of s.
	post, upto := 0, 0
	for e := min(len(t), 512); e > pre; e-- {
		n := 0
		for n < e-pre && n < len(s)-pre && t[e-1-n] == s[len(s)-1-n] {
			n++
		}
		if n > 0 && n >= post {
			post, upto = n, e
		}
	}
	switch {
	case post > 0 && (pre+post)*2 >= upto:
		return i + upto
	case pre >= least:
		return i + pre
	}
	return i
}

// within reports whether t is s with some bytes left out.
func within(t []byte, s string) bool {
	i := 0
	for j := 0; i < len(t) && j < len(s); j++ {
		if t[i] == s[j] {
			i++
		}
	}
	return i == len(t)
}
