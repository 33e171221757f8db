package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// castDecoder turns the lines of an asciicast v2 or v3 into events.
type castDecoder struct {
	in      *input
	l       *lines
	version int
	size    Size          // of the header; a second header is compared with it
	now     time.Duration // of the previous event
	base    time.Duration // where the time of the current header begins
	slab    slab
	// half is a high surrogate at the end of an event. The next event of
	// that code may begin with the low one. high is 0 if there is none.
	half struct {
		code Code
		high rune
	}
}

func (d *castDecoder) events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			ev, ok := d.ahead()
			if !ok {
				line, more := d.l.next()
				if !more {
					break
				}
				ev, ok = d.fast(line)
				if !ok && !d.slow(line, yield) {
					return
				}
			}
			if ok && !yield(ev, nil) {
				return
			}
			if d.in.err != nil {
				break
			}
		}
		if ev, ok := d.lastHalf(); ok && !yield(ev, nil) {
			return
		}
		if d.in.err != nil {
			yield(Event{}, d.in.err)
		}
	}
}

// ahead reads the next line as fast does, but does not look for its end first:
// a short line that is whole in the buffer is scanned once.
func (d *castDecoder) ahead() (Event, bool) {
	const short = 2 << 10
	b := d.l.buffered()
	if d.l.from-d.l.start > short {
		return Event{}, false // long lines tend to come together
	}
	if room := d.slab.left() - 8; len(b) > room {
		b = b[:room]
	}
	ev, end := d.parse(b)
	if end == 0 || end == len(b) || b[end] != '\n' || !d.take(&ev) {
		return Event{}, false
	}
	d.l.pass(end + 1)
	return ev, true
}

// fast reads a line as every recorder writes it, such as `[0.123, "o",
// "text"]`. It leaves a line that is odd in any way to slow.
func (d *castDecoder) fast(line []byte) (Event, bool) {
	ev, end := d.parse(line)
	ok := end > 0 && end == len(line) && d.take(&ev)
	return ev, ok
}

// parse reads the event at the beginning of b and returns it with the index
// after its closing bracket. The index is 0 if the event is odd in any way. The
// event's time is still the number in the file.
func (d *castDecoder) parse(b []byte) (Event, int) {
	if len(b) < 10 || b[0] != '[' || d.half.high != 0 {
		return Event{}, 0
	}
	t, i, ok := fastSeconds(b, 1)
	if !ok || i+6 > len(b) || b[i] != '"' || b[i+2] != '"' || b[i+3] != ',' {
		return Event{}, 0
	}
	code := codes[b[i+1]]
	if code == "" {
		return Event{}, 0
	}
	if i += 4; b[i] == ' ' {
		i++
	}
	if b[i] != '"' {
		return Event{}, 0
	}
	data, end, quirks := d.text(b, i+1)
	if quirks != 0 || end >= len(b) || b[end] != ']' {
		return Event{}, 0
	}
	return Event{Time: t, Code: code, Data: data}, end + 1
}

// take makes ev, an event that parse returned, the next event. It reports false
// if ev is not valid here.
func (d *castDecoder) take(ev *Event) bool {
	if ev.Code == Resize || ev.Code == Exit {
		if _, ok := d.check(ev.Code, ev.Data); !ok {
			return false
		}
	}
	if d.version == 3 {
		ev.Time += d.now
	} else {
		ev.Time += d.base
	}
	if ev.Time < d.now || ev.Time > maxTime {
		return false
	}
	d.now = ev.Time
	d.slab.skip(len(ev.Data))
	return true
}

// fastSeconds reads the number at b[i] and the comma after it, and returns the
// index of what follows. ok is false if the number is odd or b ends.
func fastSeconds(b []byte, i int) (t time.Duration, next int, ok bool) {
	whole, n := digits(b, i)
	if i += n; n == 0 || i+2 > len(b) {
		return 0, i, false
	}
	t = time.Duration(whole) * time.Second
	if b[i] == '.' {
		i++
		fraction, n := digits(b, i)
		if i += n; n == 0 || i+2 > len(b) {
			return 0, i, false
		}
		t += time.Duration(fraction * nanos[n])
	}
	if b[i] != ',' {
		return 0, i, false
	}
	if i++; b[i] == ' ' {
		i++
	}
	return t, i, true
}

// digits reads up to nine decimal digits at b[i]; n is their number. n is 0 if
// there are more, or if b ends in them.
func digits(b []byte, i int) (value uint64, n int) {
	if i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:]) ^ ones*'0' // 0 to 9 for a digit
		others := (x + ones*(0x80-10) | x) & highs        // only the lowest mark is exact
		if n = bits.TrailingZeros64(others) >> 3; n < 8 {
			if n == 0 {
				return 0, 0
			}
			// Pad to eight digits with leading zeros, then join
			// pairs, fours and eights.
			x <<= 64 - 8*n
			x = (x*10 + x>>8) & 0x00ff00ff00ff00ff
			x = (x*100 + x>>16) & 0x0000ffff0000ffff
			return x*10000&0xffffffff + x>>32, n
		}
	}
	for i+n < len(b) && b[i+n]-'0' <= 9 {
		if n++; n > 9 {
			return 0, 0
		}
		value = value*10 + uint64(b[i+n-1]-'0')
	}
	if i+n == len(b) {
		return 0, 0
	}
	return value, n
}

var nanos = [10]uint64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1}

// codes maps the letter of each known code to that code, which saves allocating
// it.
var codes = func() (t [256]Code) {
	for _, c := range []Code{Output, Input, Resize, Marker, Exit} {
		t[c[0]] = c
	}
	return t
}()

// text decodes the string that begins at line[i], after its opening quote. The
// string lies in the slab and stays valid after [slab.skip].
func (d *castDecoder) text(line []byte, i int) (string, int, quirk) {
	s, end, quirks := unquote(d.slab.room(len(line)-i+8), line, i)
	return stringOf(s), end, quirks
}

// check reports whether data is valid for an event of that code, and if not,
// what is wrong with it.
func (d *castDecoder) check(code Code, data string) (string, bool) {
	switch code {
	case Resize:
		if _, err := ParseSize(data); err != nil {
			return err.Error(), false
		}
	case Exit:
		if _, err := strconv.Atoi(data); err != nil {
			return "malformed exit status " + quote(data), false
		}
	}
	return "", true
}

// slow reads every line that fast refuses. It reports whether the consumer
// wants more.
func (d *castDecoder) slow(line []byte, yield func(Event, error) bool) bool {
	if isBlank(line) {
		// Version 3 allows empty lines.
		if d.version != 3 || len(line) > 0 {
			d.warn("blank line", "skipped")
		}
		return true
	}
	for i := skipSpace(line, 0); i < len(line) && d.in.err == nil; i = skipSpace(line, i) {
		switch line[i] {
		case '#':
			return d.comment(line, i, yield)
		case '{':
			return d.object(line, i, yield)
		case '[':
		default:
			d.noEvent(line[i:])
			return true
		}
		end := scanValue(line, i)
		if end < 0 {
			if ev, ok := d.unbalanced(line[i:]); !ok {
				d.noEvent(line[i:])
				return true
			} else {
				return yield(ev, nil)
			}
		}
		if ev, ok := d.array(line[i:end]); ok && !yield(ev, nil) {
			return false
		}
		if i = skipSpace(line, end); i < len(line) && line[i] == ',' {
			i++
			d.warn("comma after an event", "skipped")
		} else if i < len(line) && line[i] == '[' {
			d.warn("several events on one line", "read one by one")
		}
	}
	return true
}

func (d *castDecoder) warn(kind, detail string) bool { return d.in.warn(d.l.no, kind, detail) }

func isBlank(line []byte) bool { return skipSpace(line, 0) == len(line) }

// noEvent warns that the rest of a line is not an event.
func (d *castDecoder) noEvent(rest []byte) {
	switch {
	case len(bytes.Trim(rest, "\x00")) == 0:
		// A file system that lost the last blocks of a file pads it
		// with NULs.
		d.l.cut = true
		d.warn("NUL bytes", strconv.Itoa(len(rest))+" skipped")
	case d.l.torn:
		d.l.cut = true
		d.warn("cut off", "the last line, "+quote(string(rest))+", is incomplete; skipped")
	default:
		d.warn("not an event", quote(string(rest))+"; skipped")
	}
}

// unbalanced reads an event whose string ends in a single backslash where two
// should stand. termrec writes these; the backslash hides the closing quote.
func (d *castDecoder) unbalanced(text []byte) (Event, bool) {
	text = bytes.TrimRight(text, " \t")
	if !bytes.HasSuffix(text, []byte(`\"]`)) {
		return Event{}, false
	}
	values, _ := elements(text)
	if len(values) != 2 {
		return Event{}, false
	}
	i := bytes.IndexByte(text[offset(text, values[1])+len(values[1]):], '"')
	if i < 0 {
		return Event{}, false
	}
	data := text[offset(text, values[1])+len(values[1])+i:]
	fixed := append(data[:len(data)-2:len(data)-2], '\\', '"')
	if !d.warn("invalid escape", "backslash kept") {
		return Event{}, false
	}
	return d.event(values[0], values[1], fixed)
}

func (d *castDecoder) comment(line []byte, i int, yield func(Event, error) bool) bool {
	if d.version != 3 && !d.warn("comment in version 2", "kept") {
		return true
	}
	if d.version == 3 && i > 0 && !d.warn("indented comment", "kept") {
		return true
	}
	return yield(Event{Time: d.now, Code: Comment, Data: string(line[i+1:])}, nil)
}

// array reads an event that is an array, as the format demands.
func (d *castDecoder) array(text []byte) (Event, bool) {
	values, more := elements(text)
	if more {
		if !d.warn("more than three elements", "the others are ignored") {
			return Event{}, false
		}
	}
	if len(values) < 3 {
		d.warn("not an event", quote(string(text))+"; skipped")
		return Event{}, false
	}
	return d.event(values[0], values[1], values[2])
}

// elements cuts a JSON array into its first three values; more reports whether
// others follow.
func elements(text []byte) (values [][]byte, more bool) {
	i := skipSpace(text, 1)
	for i < len(text) && text[i] != ']' {
		end := scanValue(text, i)
		if end < 0 {
			return values, false
		}
		if len(values) == 3 {
			return values, true
		}
		values = append(values, text[i:end])
		if i = skipSpace(text, end); i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		} else if i < len(text) && text[i] != ']' {
			return nil, false
		}
	}
	return values, false
}

// object reads an event that is an object, which asciinema 3 accepts too, or a
// second header: two recordings joined by cat.
func (d *castDecoder) object(line []byte, i int, yield func(Event, error) bool) bool {
	end := scanValue(line, i)
	if end < 0 {
		d.noEvent(line[i:])
		return true
	}
	text := line[i:end]
	var ev struct {
		Time json.RawMessage
		Code json.RawMessage
		Data json.RawMessage
	}
	if v := sniffAsciicast(text); v == 2 || v == 3 {
		return d.secondHeader(text, v, yield)
	}
	if err := json.Unmarshal(text, &ev); err != nil || ev.Time == nil || ev.Code == nil || ev.Data == nil {
		d.noEvent(line[i:])
		return true
	}
	if !d.warn("event is an object", "read as an array") {
		return true
	}
	if got, ok := d.event(ev.Time, ev.Code, ev.Data); ok {
		return yield(got, nil)
	}
	return true
}

// secondHeader continues with a recording that was joined to the previous one.
func (d *castDecoder) secondHeader(text []byte, version int, yield func(Event, error) bool) bool {
	if !d.warn("another header", "the recordings are joined") {
		return true
	}
	h, err := d.in.parseHeader(text, d.l.no, version)
	if err != nil {
		d.warn("not an event", err.Error())
		return true
	}
	d.version, d.base = version, d.now
	if h.Size != d.size && h.Size != (Size{}) {
		d.size = h.Size
		return yield(Event{Time: d.now, Code: Resize, Data: h.Size.String()}, nil)
	}
	return true
}

// event makes an event from its three JSON values.
func (d *castDecoder) event(when, what, data []byte) (Event, bool) {
	t, ok := d.time(when)
	if !ok {
		return Event{}, false
	}
	code, ok := d.code(what)
	if !ok {
		return Event{}, false
	}
	ev := Event{Time: t, Code: code}
	known := len(code) == 1 && codes[code[0]] != ""
	switch {
	case data[0] == '"':
		s, end, quirks := d.text(data, 1)
		if quirks&unterminated != 0 || end != len(data) {
			d.warn("not an event", "malformed string")
			return Event{}, false
		}
		d.slab.skip(len(s))
		if ev.Data = d.joinHalves(code, s, data, &quirks); !d.quirks(quirks) {
			return Event{}, false
		}
	case code == Exit && json.Valid(data) && data[0] != '[' && data[0] != '{' && data[0] != 'n':
		if ev.Data = string(data); !d.warn("exit status is not a string", "read as one") {
			return Event{}, false
		}
	case known:
		d.warn("not an event", "data of "+quote(string(code))+" is "+quoteJSON(data)+": want a string; skipped")
		return Event{}, false
	case !json.Valid(data):
		d.warn("not an event", "malformed data "+quote(string(data)))
		return Event{}, false
	default:
		ev.Data, ev.JSON = string(data), true
	}
	if code == Comment && !ev.JSON {
		// The file has an event of that code, which is not a comment;
		// keep them apart.
		text, _ := appendQuoted([]byte{'"'}, ev.Data)
		ev.Data, ev.JSON = string(append(text, '"')), true
	}
	if wrong, ok := d.check(code, ev.Data); !ok {
		d.warn("not an event", wrong+"; skipped")
		return Event{}, false
	}
	d.now = t
	return ev, true
}

func (d *castDecoder) code(text []byte) (Code, bool) {
	if text[0] != '"' {
		d.warn("not an event", "code is "+quoteJSON(text)+": want a string; skipped")
		return "", false
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		d.warn("not an event", "malformed code "+quote(string(text)))
		return "", false
	}
	return Code(s), true
}

func (d *castDecoder) quirks(q quirk) bool {
	for _, row := range []struct {
		q            quirk
		kind, detail string
	}{
		{badEscape, "invalid escape", "backslash kept"},
		{loneSurrogate, "unpaired surrogate", "read as U+FFFD"},
		{rawControl, "unescaped control character", "kept"},
		{invalidUTF8, "invalid UTF-8", "kept"},
	} {
		if q&row.q != 0 && !d.warn(row.kind, row.detail) {
			return false
		}
	}
	return true
}

// joinHalves joins a surrogate pair that a recorder split over two events. raw
// is the string of an event of that code; s is the decoded raw.
func (d *castDecoder) joinHalves(code Code, s string, raw []byte, q *quirk) string {
	if code != Output && code != Input {
		return s // not a stream; recorders do not split it
	}
	if d.half.high != 0 && d.half.code == code {
		first := "\uFFFD"
		if low, ok := hexEscape(raw[1:]); ok && *q&loneSurrogate != 0 {
			if r := utf16.DecodeRune(d.half.high, low); r != utf8.RuneError {
				first, s = string(r), strings.TrimPrefix(s, first)
			}
		}
		d.half.high = 0
		s = first + s
	}
	if *q&loneSurrogate != 0 && len(raw) >= 8 && strings.HasSuffix(s, "\uFFFD") {
		if r, ok := hexEscape(raw[len(raw)-7:]); ok && r >= 0xd800 && r < 0xdc00 {
			d.half.code, d.half.high = code, r
			s = strings.TrimSuffix(s, "\uFFFD")
		}
	}
	return s
}

func hexEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return hex4(b, 2)
}

// lastHalf returns what is left of a surrogate pair at the end of the
// recording.
func (d *castDecoder) lastHalf() (Event, bool) {
	if d.half.high == 0 {
		return Event{}, false
	}
	d.half.high = 0
	return Event{Time: d.now, Code: d.half.code, Data: "\uFFFD"}, true
}

// time reads an event's time. A time that goes back, as asciinema 2 wrote when
// its two threads raced, becomes the time of the previous event.
func (d *castDecoder) time(text []byte) (time.Duration, bool) {
	if text[0] == '"' {
		text = bytes.Trim(text, `"`)
		if !d.warn("time is a string", "read as a number") {
			return 0, false
		}
	}
	if bytes.HasPrefix(text, []byte(".")) || bytes.HasPrefix(text, []byte("-.")) {
		if !d.warn("time without a leading digit", "read with a leading 0") {
			return 0, false
		}
	}
	t, err := parseSeconds(string(text))
	if err != nil {
		d.warn("not an event", err.Error()+"; skipped")
		return 0, false
	}
	if d.version == 3 {
		if t < 0 {
			return d.now, d.warn("time goes back", fmt.Sprintf("by %v; previous time used", -t))
		}
		t += d.now
	} else {
		t += d.base
	}
	if t > maxTime {
		d.warn("not an event", "time "+quote(string(text))+" is over a hundred years; skipped")
		return 0, false
	}
	if t < d.now {
		return d.now, d.warn("time goes back", fmt.Sprintf("by %v; previous time used", d.now-t))
	}
	return t, true
}

// parseSeconds reads a JSON number, or something close to one (".1"), and cuts
// it to nanoseconds. Decimals up to [maxTime] are exact.
func parseSeconds(s string) (time.Duration, error) {
	malformed := fmt.Errorf("malformed time %s", quote(s))
	unsigned, negative := strings.CutPrefix(s, "-")
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(s, "xXpP_nNiI") {
			return 0, malformed
		}
		if math.Abs(f) > maxTime.Seconds() {
			return 0, fmt.Errorf("time %s is over a hundred years", quote(s))
		}
		return time.Duration(math.Round(f * 1e9)), nil
	}
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if whole == "" && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return 0, malformed
	}
	if whole = strings.TrimLeft(whole, "0"); len(whole) > 10 {
		return 0, fmt.Errorf("time %s is over a hundred years", quote(s))
	}
	if len(fraction) > 9 {
		fraction = fraction[:9]
	}
	n, _ := strconv.ParseInt("0"+whole+fraction, 10, 64)
	n *= int64(nanos[len(fraction)])
	if n < 0 || time.Duration(n) > maxTime {
		return 0, fmt.Errorf("time %s is over a hundred years", quote(s))
	}
	if negative {
		n = -n
	}
	return time.Duration(n), nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
