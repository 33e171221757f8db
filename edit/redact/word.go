package redact

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line is a text that values are read from: the text that a rule searches, called
// the source, or the content of quotes in it.
type line struct {
	text []byte
	// extents has the bytes of the source that each byte of text was read from;
	// nil if text is the source.
	extents []extent
	// literal reports for each byte of text whether quotes kept a shell from
	// expanding it; nil if text is the source.
	literal []bool
	// left, unless nil, is the number of bytes of words that may still be read before
	// words become short.
	left *int
}

// briefWord is the number of bytes of a word that are read if none are left.
const briefWord = 256

// most returns how many bytes of a word are read, at most so many unless that is 0.
func (l line) most(n int) int {
	if l.left != nil && *l.left <= 0 && (n == 0 || n > briefWord) {
		return briefWord
	}
	return n
}

// took notes that a word of n bytes was read.
func (l line) took(n int) {
	if l.left != nil {
		*l.left -= n
	}
}

// extent is a range of bytes in the source.
type extent struct{ from, to int }

// from returns where byte i of the line begins in the source; for the length of
// the line, where the line ends.
func (l line) from(i int) int {
	switch {
	case l.extents == nil:
		return i
	case i < len(l.extents):
		return l.extents[i].from
	case len(l.extents) > 0:
		return l.extents[len(l.extents)-1].to
	}
	return 0
}

// to returns where byte i of the line ends in the source.
func (l line) to(i int) int {
	if l.extents == nil {
		return i + 1
	}
	return l.extents[i].to
}

// index returns the first byte of the line that is at or behind an offset in the
// source. The line must have extents.
func (l line) index(place int) int {
	i, _ := slices.BinarySearchFunc(l.extents, place, func(e extent, place int) int { return e.from - place })
	return i
}

// emit appends a byte to the line.
func (l *line) emit(c byte, e extent, literal bool) {
	l.text = append(l.text, c)
	l.extents = append(l.extents, e)
	l.literal = append(l.literal, literal)
}

// style is the grammar of a word. The zero value is the grammar of a POSIX shell
// and bash.
type style struct {
	// config is the grammar of YAML, JSON, INI files and prose. A quote counts
	// only at the start, its end ends the word, a backslash is an ordinary
	// character, and punctuation ends the word only if a blank or other
	// punctuation follows.
	config bool
	// loose words may have metacharacters of a shell inside, as in a list of
	// processes, which has arguments without their quotes.
	loose bool
	// strict words, which are assigned to environment variables, do not end at
	// brackets, commas and the like, except behind a quote.
	strict bool
	// bare words end only at blanks and the operators of a shell.
	bare bool
	// spaced words end only at blanks.
	spaced bool
	// most limits the length of the content, in bytes; 0 is no limit.
	most int
	// fish allows backslashes in single quotes.
	fish bool
	// powershell has backquotes in place of backslashes.
	powershell bool
}

// word is a word of a shell, or a value of another grammar.
type word struct {
	line        // its content, without quotes and escapes
	end    int  // index of its end in the line that it was read from
	quoted bool // it begins with a quote
	single bool // it is one quoted part
	open   bool // its last quote is not closed, so it extends to the end of the line
}

// blank reports whether c separates words.
func blank(c byte) bool { return c <= ' ' }

// isQuote reports whether c is a quote.
func isQuote(c byte) bool { return c == '"' || c == '\'' }

// word reads the word at index i: its parts in single quotes, double quotes, $'..'
// and $"..", backslashes, and plain text, in any order without blanks between
// them (https://www.gnu.org/software/bash/manual/html_node/Quoting.html).
func (l line) word(i int, s style) word {
	w := word{line: line{extents: make([]extent, 0, 32)}}
	s.most = l.most(s.most)
	defer func() { l.took(len(w.text)) }()
	first := i
	parts := 0
	plain := false // the part being read is not quoted
scan:
	for i < len(l.text) && (s.most == 0 || len(w.text) < s.most) {
		c := l.text[i]
		if n := l.quoteAt(i, first, s); n > 0 {
			closed := false
			i, closed = l.quotedPart(&w.line, i, n, s)
			parts++
			plain = false
			w.quoted = w.quoted || parts == 1
			if !closed {
				w.open = true
				break
			}
			if s.config || i < len(l.text) && l.ends(i, s, true) {
				break
			}
			continue
		}
		if l.ends(i, s, false) || isQuote(c) && i > first && i+1 == len(l.text) {
			break
		}
		if !plain {
			plain = true
			parts++
		}
		escape := byte('\\')
		if s.powershell {
			escape = '`'
		}
		if c == escape && !s.config {
			if i+1 == len(l.text) {
				i++ // the next line continues this one
				break scan
			}
			w.emit(l.text[i+1], extent{l.from(i), l.to(i + 1)}, true)
			i += 2
			continue
		}
		w.emit(c, extent{l.from(i), l.to(i)}, false)
		i++
	}
	w.end = i
	w.single = parts == 1 && w.quoted
	w.trim()
	return w
}

// trim removes blanks from the end of an open word.
func (w *word) trim() {
	n := len(w.text)
	for w.open && n > 0 && blank(w.text[n-1]) {
		n--
	}
	w.text, w.extents, w.literal = w.text[:n], w.extents[:n], w.literal[:n]
}

// parts returns the ranges of the source that show the word's content. The quotes
// between and around them are in none.
func (w word) parts() (parts []extent) {
	for i, e := range w.extents {
		switch n := len(parts); {
		case i > 0 && e == w.extents[i-1]: // one escape, several bytes
		case n > 0 && parts[n-1].to == e.from:
			parts[n-1].to = e.to
		default:
			parts = append(parts, e)
		}
	}
	return parts
}

// quoteAt returns the length of the quote that opens at index i of the word that
// begins at first, or 0 if none does.
func (l line) quoteAt(i, first int, s style) int {
	switch c := l.text[i]; {
	case i > first && (s.config || i+1 == len(l.text)):
		return 0 // at the end of the line, it closes a quote opened elsewhere
	case isQuote(c):
		return 1
	case c == '$' && !s.config && !s.powershell && i+1 < len(l.text) && isQuote(l.text[i+1]):
		return 2
	}
	return 0
}

// quotedPart appends to w the content of the quote of n bytes that opens at index
// i. It returns the end of the part, and whether the quote is closed.
func (l line) quotedPart(w *line, i, n int, s style) (end int, closed bool) {
	quote := l.text[i+n-1]
	ansi := n == 2 && quote == '\''
	for i += n; i < len(l.text) && (s.most == 0 || len(w.text) < s.most); {
		c := l.text[i]
		next := byte(0)
		if i+1 < len(l.text) {
			next = l.text[i+1]
		}
		switch {
		case c == quote && s.config && next == quote:
			i = l.escaped(w, i, 2, quote) // doubled, as in YAML
		case c == quote:
			return i + 1, true
		case ansi && c == '\\':
			n, value := ansiEscape(l.text[i:])
			for j := range len(value) {
				w.emit(value[j], extent{l.from(i), l.to(i + n - 1)}, true)
			}
			i += n
		case s.powershell && quote == '"' && c == '`' && next != 0:
			i = l.escaped(w, i, 2, next)
		case !s.powershell && quote == '"' && c == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`'),
			s.fish && c == '\\' && (next == '\'' || next == '\\'):
			i = l.escaped(w, i, 2, next)
		default:
			w.emit(c, extent{l.from(i), l.to(i)}, quote == '\'')
			i++
		}
	}
	return i, false
}

// escaped appends c to w, for the n bytes at index i, and returns their end.
func (l line) escaped(w *line, i, n int, c byte) int {
	w.emit(c, extent{l.from(i), l.to(i + n - 1)}, true)
	return i + n
}

// ansiEscape decodes the escape of $'..' at the start of b. It returns the length
// of the escape and the text that it stands for.
func ansiEscape(b []byte) (n int, value string) {
	if len(b) < 2 {
		return len(b), `\`
	}
	number := func(from, most, base int) (int, string) {
		to := from
		for to < len(b) && to < from+most {
			if _, err := strconv.ParseUint(string(b[to]), base, 8); err != nil {
				break
			}
			to++
		}
		v, err := strconv.ParseUint(string(b[from:to]), base, 32)
		if err != nil {
			return 2, string(b[:2])
		}
		if most > 3 {
			return to, string(rune(v))
		}
		return to, string([]byte{byte(v)})
	}
	switch c := b[1]; c {
	case 'a':
		return 2, "\a"
	case 'b':
		return 2, "\b"
	case 'e', 'E':
		return 2, "\x1b"
	case 'f':
		return 2, "\f"
	case 'n':
		return 2, "\n"
	case 'r':
		return 2, "\r"
	case 't':
		return 2, "\t"
	case 'v':
		return 2, "\v"
	case 'x':
		return number(2, 2, 16)
	case 'u':
		return number(2, 4, 16)
	case 'U':
		return number(2, 8, 16)
	case '\\', '\'', '"', '?':
		return 2, string(c)
	default:
		if '0' <= c && c <= '7' {
			return number(1, 3, 8)
		}
		return 2, string(b[:2])
	}
}

// ends reports whether a word ends at index i. closed reports whether a quote of
// the word closes just before.
func (l line) ends(i int, s style, closed bool) bool {
	c := l.text[i]
	if blank(c) || s.spaced {
		return blank(c)
	}
	if s.bare {
		return strings.IndexByte(";&|()<>", c) >= 0
	}
	switch c {
	case '"', '\'':
		return s.config && l.closes(i)
	case ';', '&', '|':
		return closed || !s.config && !s.loose || l.closes(i) || l.pair(i+1)
	case ')':
		return closed || !s.config && !s.loose || l.closes(i)
	case ',':
		if l.pair(i+1) || closed && i+1 < len(l.text) && strings.IndexByte(`"'{[`, l.text[i+1]) >= 0 {
			return true
		}
		return (closed || !s.strict) && l.closes(i)
	case ']', '}':
		return (closed || !s.strict) && l.closes(i)
	case '<':
		return closed || !s.strict && i+1 < len(l.text) && l.text[i+1] == '/'
	case '>':
		return closed || !s.strict && l.closes(i)
	case '(':
		return closed
	case '/':
		return closed && i+1 < len(l.text) && l.text[i+1] == '>'
	}
	return false
}

// closes reports whether only closing punctuation stands between index i and the
// next blank.
func (l line) closes(i int) bool {
	for range 32 {
		if i == len(l.text) || blank(l.text[i]) {
			return true
		}
		if strings.IndexByte("&|,;)]}>\"'`.", l.text[i]) < 0 {
			break
		}
		i++
	}
	return false
}

// pair reports whether a name and its separator, such as "user=" or "user: ", are
// at index i.
func (l line) pair(i int) bool {
	for i < len(l.text) && blank(l.text[i]) {
		i++
	}
	if i < len(l.text) && isQuote(l.text[i]) {
		i++
	}
	from := i
	for i < len(l.text) && (wordByte(l.text[i]) || i > from && (l.text[i] == '-' || l.text[i] == '.')) {
		i++
	}
	if i == from {
		return false
	}
	quoted := i < len(l.text) && isQuote(l.text[i])
	if quoted {
		i++
	}
	if i == len(l.text) {
		return false
	}
	switch l.text[i] {
	case '=':
		return true
	case ':':
		return quoted || i+1 == len(l.text) || blank(l.text[i+1]) || isQuote(l.text[i+1])
	}
	return false
}

// wordByte reports whether c belongs to words of letters and digits.
func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= utf8.RuneSelf
}

// rest returns the line from index i on as one word.
func (l line) rest(i int, open bool) word {
	return l.until(i, len(l.text), open)
}

// until returns the line between two indices as one word.
func (l line) until(i, end int, open bool) word {
	i = min(i, end)
	w := word{end: end, open: open}
	if n := l.most(end - i); n < end-i {
		end, w.open = i+n, true
	}
	defer func() { l.took(len(w.text)) }()
	for j := i; j < end; j++ {
		w.emit(l.text[j], extent{l.from(j), l.to(j)}, l.literal != nil && l.literal[j])
	}
	w.trim()
	return w
}

// quotes finds the quote that is open at an index of a line. For ascending indices
// it reads the line once.
type quotes struct {
	at   int  // index of the next byte to read
	kind byte // the quote that is open there; 0 if none is
	ansi bool // the quote is $'..'
	// slashes is the number of backslashes before the quote. With at least one,
	// the line is the content of other quotes.
	slashes int
	open    int // index of the quote, with its backslashes or its $

	inner *nested // content of the quote that into read last
	// The texts that into read last. They contain the content of the quotes
	// that follow in the same word, which would take quadratic time otherwise.
	unquoted word
	escaped  line
}

// nested is the content of a quote.
type nested struct {
	open   int // index of the quote
	line   line
	cut    bool   // the quote is not closed
	quotes quotes // of line
}

// seek moves q to index i of l.
func (q *quotes) seek(l line, i int) {
	if i < q.at {
		*q = quotes{inner: q.inner, unquoted: q.unquoted, escaped: q.escaped}
	}
	for q.at < i {
		n := l.slashes(q.at)
		if q.kind == '\'' && !q.ansi && q.slashes == 0 {
			n = 0
		}
		if q.at+n == len(l.text) {
			q.at += n
			break
		}
		c := l.text[q.at+n]
		switch {
		case !isQuote(c):
		case q.kind == 0:
			if l.opens(q.at, n+1) {
				q.kind, q.slashes, q.open, q.ansi = c, n, q.at, false
				if n == 0 && q.at > 0 && l.text[q.at-1] == '$' {
					q.open--
					q.ansi = c == '\''
				}
			}
		case c == q.kind && (q.slashes == 0 && n%2 == 0 || n <= q.slashes && q.slashes > 0):
			q.kind = 0
		}
		q.at += n + 1
	}
}

// slashes returns the number of backslashes from index i on.
func (l line) slashes(i int) int {
	n := 0
	for i+n < len(l.text) && l.text[i+n] == '\\' {
		n++
	}
	return n
}

// opens reports whether the quote of n bytes at index i opens. One inside or behind
// a word is an apostrophe, or closes.
func (l line) opens(i, n int) bool {
	before, behind := byte(' '), byte(0)
	if i > 0 {
		before = l.text[i-1]
	}
	if i+n < len(l.text) {
		behind = l.text[i+n]
	}
	if wordByte(before) {
		// An option: -p'..'.
		return i > 1 && l.text[i-2] == '-' && (i == 2 || blank(l.text[i-3]))
	}
	switch behind {
	case 0, ',', ';', ')', ']', '}':
		return false
	case ' ':
		return blank(before) || strings.IndexByte("=([{:,", before) >= 0
	}
	return true
}

// maxEscaped is the number of bytes that unescaped reads.
const maxEscaped = 32 << 10

// unescaped returns the line from index i on without the backslashes that double
// quotes around it need, up to the end of these quotes.
func (l line) unescaped(i int) line {
	inner := line{extents: []extent{}}
	defer func() { l.took(len(inner.text)) }()
	for upto := min(len(l.text), i+l.most(maxEscaped)); i < upto; {
		c := l.text[i]
		if c == '"' {
			break
		}
		if c == '\\' && i+1 < len(l.text) && (isQuote(l.text[i+1]) || l.text[i+1] == '\\') {
			inner.emit(l.text[i+1], extent{l.from(i), l.to(i + 1)}, false)
			i += 2
			continue
		}
		inner.emit(c, extent{l.from(i), l.to(i)}, false)
		i++
	}
	return inner
}

// place is the start of a value in the content of the innermost quotes around both
// its name and it, or in the source.
type place struct {
	line   line   // that content
	at     int    // index of the value in line
	whole  bool   // the quotes begin with the name, so the value extends to their end
	open   bool   // the quotes are not closed
	before []byte // the text before the quotes, from near
	outer  *place // the place outside of the quotes; nil if there are none
}

// maxNested is the number of quotes in quotes that place reads.
const maxNested = 4

// place returns the place of the value at index at of the source. name is the index
// of its name, or -1.
func (m match) place(name, at int) place {
	p := place{line: line{text: m.text, left: m.left}, at: at}
	q := m.quotes
	if q == nil {
		q = &quotes{}
	}
	for range maxNested {
		q.seek(p.line, p.at)
		kind, open, slashes := q.kind, q.open, q.slashes
		if kind == 0 {
			n := p.line.slashes(p.at)
			if n == 0 || p.at+n == len(p.line.text) || !isQuote(p.line.text[p.at+n]) {
				break
			}
			open, slashes = p.at, n
		}
		in := q.into(p.line, open, slashes > 0)
		whole := false
		if slashes == 0 {
			first := open + 1
			if p.line.text[open] == '$' {
				first++
			}
			whole = first == name
		}
		if in.cut && !whole {
			break // an apostrophe, or a command not typed to its end
		}
		in.line.left = m.left
		inner := place{line: in.line, at: in.line.index(p.line.from(p.at)), whole: whole, open: in.cut, before: near(p.line.text[:open])}
		if slashes == 0 {
			outer := p
			inner.outer = &outer
		}
		if name >= open {
			name = in.line.index(p.line.from(name))
		} else {
			name = -1
		}
		p, q = inner, &in.quotes
		if whole {
			break
		}
	}
	return p
}

// into returns the content of the quote at index open of l. escaped reports whether
// backslashes precede the quote.
func (q *quotes) into(l line, open int, escaped bool) *nested {
	if q.inner != nil && q.inner.open == open {
		return q.inner
	}
	q.inner = &nested{open: open}
	if escaped {
		i := q.escaped.index(l.from(open))
		if i > maxEscaped/2 || i >= len(q.escaped.text) || q.escaped.from(i) != l.from(open) {
			q.escaped, i = l.unescaped(open), 0
		}
		q.inner.line = q.escaped.behind(i)
		return q.inner
	}
	i := q.unquoted.index(l.from(open))
	if i == 0 || i >= len(q.unquoted.text) {
		q.unquoted, i = l.word(open, style{}), 0
	}
	q.inner.line, q.inner.cut = q.unquoted.behind(i), q.unquoted.open
	return q.inner
}

// behind returns the line from index i on.
func (l line) behind(i int) line {
	return line{text: l.text[i:], extents: l.extents[i:], literal: l.literal[i:], left: l.left}
}

// word reads the word at the place.
func (p place) word(s style) word {
	w := p.line.word(p.at, s)
	if p.outer == nil {
		return w
	}
	// A quote that seems to close the one around the name may open the value, if
	// the former was taken for a quote by mistake.
	l, i := p.outer.line, p.outer.at
	if i+1 < len(l.text) && isQuote(l.text[i]) && !blank(l.text[i+1]) && !l.ends(i+1, s, true) {
		if other := l.word(i, s); other.single && !other.open && other.last() > w.last() {
			return other
		}
	}
	return w
}

// last returns the end of the word's content in the source, 0 if it is empty.
func (w word) last() int {
	if len(w.extents) == 0 {
		return 0
	}
	return w.extents[len(w.extents)-1].to
}

// slice returns the part of the word's content between two indices.
func (w word) slice(i, j int) word {
	i = min(i, j)
	return word{
		line: line{text: w.text[i:j], extents: w.extents[i:j], literal: w.literal[i:j]},
		end:  w.end, quoted: w.quoted, open: w.open && j == len(w.text),
	}
}

// expands reports whether a shell replaces the word, or a part of it, with another
// text: "$NAME", "$(..)", "${..}".
func (w word) expands() bool {
	for i, c := range w.text {
		if c != '$' && c != '`' || w.literal[i] {
			continue
		}
		if i == 0 || c == '$' && i+1 < len(w.text) && (w.text[i+1] == '{' || w.text[i+1] == '(') {
			return true
		}
	}
	return literalExpansion.Match(w.text)
}
