package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// Tlog is Red Hat's session recording (tlog-rec(8)): JSON messages, one per
// line, in a file, after the head of syslog's lines, or in the output of
// `journalctl -o json` and `-o export`. A log may hold several recordings,
// interleaved; see [Recording] and [SeveralError].
var Tlog = &Format{
	Name:   "tlog",
	Ext:    []string{".tlog", ".tlog.json"},
	Desc:   "tlog, also in syslog and journal exports",
	Loses:  "markers, exit status, title, command, fractions of a millisecond",
	detect: sniffTlog,
	object: true,
	read:   readTlog,
	write:  func(w io.Writer) Writer { return &tlogWriter{out: output{w: w}} },
	text:   true,
}

// LogRecording describes one of the recordings in a log.
type LogRecording struct {
	ID   string // the ID for [Recording]
	User string // the recorded user
	Host string // the host name
	// Start is the time of its first message; zero if unknown.
	Start time.Time
}

// SeveralError reports that a log holds several recordings and that [Recording]
// did not pick one.
type SeveralError struct {
	Name       string         // of the input; may be empty
	Recordings []LogRecording // in the order of the log
	More       bool           // Recordings is not complete
}

// Error returns the list of the recordings, one per line.
func (e *SeveralError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sthe log holds %d recordings; pick one by its ID:", position(e.Name, 0), len(e.Recordings))
	for _, r := range e.Recordings {
		fmt.Fprintf(&b, "\n  %s  %s@%s", r.ID, r.User, r.Host)
		if !r.Start.IsZero() {
			b.WriteString("  " + r.Start.Format(time.RFC3339))
		}
	}
	if e.More {
		b.WriteString("\n  and more")
	}
	return b.String()
}

// maxRecordings is how many recordings of a log are listed.
const maxRecordings = 1000

// sniffTlog looks for a message in the first lines.
func sniffTlog(prefix []byte) bool {
	// A recording of a user who looks at such a log is not tlog.
	if bytes.IndexByte(prefix, 0x1b) >= 0 || isTypescript(prefix) {
		return false
	}
	for line := range bytes.Lines(prefix) {
		if text, ok := tlogMessage(line); ok {
			var m tlogHead
			if m.parse(text) && m.hasTiming && m.ver != "" {
				return true
			}
		}
	}
	return false
}

var (
	tlogStart      = []byte(`{"ver":`)
	journalMessage = []byte(`MESSAGE=`)
)

// tlogMessage finds the message in a line of a log of any kind. It leaves the
// journal's binary fields to [tlogDecoder.binaryMessage].
func tlogMessage(line []byte) ([]byte, bool) {
	line = bytes.TrimSpace(line)
	if bytes.HasPrefix(line, tlogStart) {
		return line, true
	}
	if len(line) > 0 && line[0] == '{' {
		// The journal's JSON, a search engine's, or a message with its
		// keys in another order.
		if !bytes.Contains(line, []byte("timing")) && !bytes.Contains(line, []byte(`"MESSAGE"`)) {
			return nil, false
		}
		for key, value := range members(line) {
			switch {
			case key == "MESSAGE" && len(value) > 0 && value[0] == '"':
				var s string
				if json.Unmarshal(value, &s) == nil && strings.HasPrefix(s, string(tlogStart)) {
					return []byte(s), true
				}
			case key == "MESSAGE" && len(value) > 0 && value[0] == '[':
				// A field with control characters is an array
				// of bytes.
				var numbers []uint8
				var wide []int
				if json.Unmarshal(value, &wide) == nil {
					for _, n := range wide {
						numbers = append(numbers, byte(n))
					}
					if bytes.HasPrefix(numbers, tlogStart) {
						return numbers, true
					}
				}
			case key == "_source" && len(value) > 0 && value[0] == '{':
				return value, true
			case key == "timing":
				return line, true
			}
		}
		return nil, false
	}
	if rest, ok := bytes.CutPrefix(line, journalMessage); ok {
		return rest, bytes.HasPrefix(rest, tlogStart)
	}
	if i := bytes.Index(line, tlogStart); i >= 0 {
		return line[i:], true
	}
	return nil, false
}

// tlogHead is a message.
type tlogHead struct {
	ver, host, rec, user, term string
	session                    string
	id                         int64
	pos, time                  time.Duration
	hasTiming                  bool
	timing                     []byte // slices of the line, still JSON
	inText, outText            []byte
	inBin, outBin              []byte
}

// parse parses a message as fast as it can: it decodes no strings but those
// that identify the recording, and keeps known strings from message to message.
func (m *tlogHead) parse(text []byte) bool {
	old := *m
	*m = tlogHead{}
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	i := skipSpace(text, 1)
	for i < len(text) && text[i] == '"' {
		end := scanString(text, i+1)
		if end < 0 {
			return false
		}
		key := text[i+1 : end-1]
		if i = skipSpace(text, end); i == len(text) || text[i] != ':' {
			return false
		}
		i = skipSpace(text, i+1)
		if end = scanValue(text, i); end < 0 {
			return false
		}
		value := text[i:end]
		switch string(key) {
		case "ver":
			m.ver = reuse(old.ver, bytes.Trim(value, `"`))
		case "host":
			m.host = reuse(old.host, value)
		case "rec":
			m.rec = reuse(old.rec, value)
		case "user":
			m.user = reuse(old.user, value)
		case "term":
			m.term = reuse(old.term, value)
		case "session":
			m.session = reuse(old.session, value)
		case "id":
			m.id, _ = strconv.ParseInt(string(value), 10, 64)
		case "pos":
			ms, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil || ms < 0 || ms > int64(maxTime/time.Millisecond) {
				return false
			}
			m.pos = time.Duration(ms) * time.Millisecond
		case "time":
			m.time, _ = parseSeconds(string(value))
		case "timing":
			if value[0] == '"' {
				m.timing, m.hasTiming = value[1:len(value)-1], true
			}
		case "in_txt":
			m.inText = value
		case "out_txt":
			m.outText = value
		case "in_bin":
			m.inBin = value
		case "out_bin":
			m.outBin = value
		}
		if i = skipSpace(text, end); i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return i < len(text) && text[i] == '}'
}

// reuse returns b as a string; old if it has the same text, to save an
// allocation.
func reuse(old string, b []byte) string {
	if old == string(b) {
		return old
	}
	return string(b)
}

// jsonString decodes a JSON string; it returns any other value unchanged.
func jsonString(s string) string {
	var decoded string
	if json.Unmarshal([]byte(s), &decoded) != nil {
		return s
	}
	return decoded
}

// key identifies a recording: recordings before version 2.1 have no "rec".
func (m *tlogHead) key() string { return m.host + "\x00" + m.rec + "\x00" + m.session }

func (m *tlogHead) recording() LogRecording {
	r := LogRecording{ID: jsonString(m.rec), User: jsonString(m.user), Host: jsonString(m.host)}
	if m.rec == "" {
		r.ID = r.Host + "-" + m.session
	}
	r.Start = startTime(int64(m.time/time.Second), int64(m.time%time.Second))
	return r
}

// tlogDecoder turns messages into events.
type tlogDecoder struct {
	in     *input
	l      *lines
	m      tlogHead
	key    string // of the recording; empty before its first message
	direct bool   // lines are messages, without a carrier
	slab   slab
	base   time.Duration // the position of time zero
	now    time.Duration
	size   Size
	lastID int64

	// The rest of the current message.
	timing    []byte
	at        time.Duration
	text, bin [2]string // of input and output
	started   bool
}

const (
	tlogIn = iota
	tlogOut
)

func readTlog(in *input) (Cast, error) {
	d := &tlogDecoder{in: in, l: newLines(in)}
	if in.recording == "" {
		// Report several recordings now, if the buffer shows them.
		prefix, _ := in.r.Peek(in.r.Buffered())
		seen := map[string]bool{}
		for line := range bytes.Lines(prefix) {
			var m tlogHead
			if text, ok := tlogMessage(line); ok && m.parse(text) {
				seen[m.key()] = true
			}
		}
		if len(seen) > 1 {
			return Cast{}, d.several(nil)
		}
	}
	if !d.message() {
		if in.err != nil {
			return Cast{}, in.err
		}
		what := "no tlog message found"
		if in.recording != "" {
			what = "no recording " + quote(in.recording) + " found"
		}
		return Cast{}, in.syntaxError(0, fmt.Errorf("%s", what))
	}
	m := &d.m
	h := Header{Term: Term{Type: jsonString(m.term)}}
	if start := m.time - m.pos + d.base; start > 0 {
		h.Start = startTime(int64(start/time.Second), int64(start%time.Second))
	}
	// Each message begins with the window's size, if there is a window.
	if rest, ok := bytes.CutPrefix(d.timing, []byte{'='}); ok {
		n := 0
		for n < len(rest) && (rest[n]-'0' <= 9 || rest[n] == 'x') {
			n++
		}
		if size, err := ParseSize(string(rest[:n])); err == nil {
			h.Size, d.size = size, size
		}
	}
	return in.cast(h, d), nil
}

// several reads the log to its end and lists the recordings in it.
func (d *tlogDecoder) several(first *tlogHead) error {
	e := &SeveralError{Name: d.in.name}
	seen := map[string]bool{}
	add := func(m *tlogHead) {
		if key := m.key(); !seen[key] {
			if len(e.Recordings) == maxRecordings {
				e.More = true
				return
			}
			seen[key] = true
			e.Recordings = append(e.Recordings, m.recording())
		}
	}
	if d.key != "" {
		add(&d.m)
	}
	if first != nil {
		add(first)
	}
	for d.in.err == nil {
		text, ok := d.line()
		if !ok {
			break
		}
		var m tlogHead
		if m.parse(text) && m.hasTiming {
			add(&m)
		}
	}
	if d.in.err != nil {
		return d.in.err
	}
	return e
}

// line returns the text of the next message.
func (d *tlogDecoder) line() ([]byte, bool) {
	for {
		line, ok := d.l.next()
		if !ok {
			return nil, false
		}
		if string(line) == "MESSAGE" {
			if text, ok := d.binaryMessage(); ok {
				return text, true
			}
			continue
		}
		text, ok := tlogMessage(line)
		if ok {
			if !d.started {
				d.started = true
				d.direct = len(text) > 0 && offset(line, text) == 0
			}
			return text, true
		}
		if d.direct && !isBlank(line) {
			d.noMessage(line)
			if d.in.err != nil {
				return nil, false
			}
		}
	}
}

func (d *tlogDecoder) noMessage(line []byte) {
	if d.l.torn {
		d.l.cut = true
		d.in.warn(d.l.no, "cut off", "the last message is incomplete; skipped")
		return
	}
	d.in.warn(d.l.no, "not a message", quote(string(line))+"; skipped")
}

// binaryMessage reads a field of the journal's export that is not plain text:
// the length in 64 bits, little-endian, and the bytes
// (https://systemd.io/JOURNAL_EXPORT_FORMATS/).
func (d *tlogDecoder) binaryMessage() ([]byte, bool) {
	head, ok := d.l.raw(8)
	if !ok {
		return nil, false
	}
	n := binary.LittleEndian.Uint64(head)
	if n > MaxLine {
		d.in.warn(d.l.no, "line too long", "skipped")
		return nil, false
	}
	text, ok := d.l.raw(int(n))
	return text, ok && bytes.HasPrefix(text, tlogStart)
}

// raw returns the next n bytes of any kind; valid until the next call.
func (l *lines) raw(n int) ([]byte, bool) {
	for len(l.buf)-l.from < n {
		if l.eof || l.in.err != nil {
			return nil, false
		}
		l.fill()
	}
	b := l.buf[l.from : l.from+n]
	l.from += n
	return b, true
}

// message reads the next message of the recording. It reports false at the end.
func (d *tlogDecoder) message() bool {
	for d.in.err == nil {
		text, ok := d.line()
		if !ok {
			return false
		}
		before := d.m
		if !d.m.parse(text) || !d.m.hasTiming {
			d.m = before
			d.noMessage(text)
			continue
		}
		m := &d.m
		if major, _, _ := strings.Cut(m.ver, "."); major != "" && (len(major) > 1 || major > "2") {
			d.in.err = d.in.syntaxError(d.l.no, fmt.Errorf("messages of version %s are not supported", quote(m.ver)))
			return false
		}
		switch {
		case d.key == "" && d.in.recording != "" && !m.is(d.in.recording):
			continue
		case d.key == "":
			d.key = m.key()
			if m.id > 1 {
				d.base = m.pos
				if !d.in.warn(d.l.no, "messages are missing", fmt.Sprintf("the first is number %d", m.id)) {
					return false
				}
			}
		case m.key() != d.key && d.in.recording != "":
			d.m = before
			continue
		case m.key() != d.key:
			other := *m
			d.m = before
			d.in.err = d.several(&other)
			return false
		case m.id <= d.lastID && m.id > 0:
			if !d.in.warn(d.l.no, "message out of order", fmt.Sprintf("number %d after %d; skipped", m.id, d.lastID)) {
				return false
			}
			continue
		case m.id > d.lastID+1:
			if !d.in.warn(d.l.no, "messages are missing", fmt.Sprintf("number %d follows %d", m.id, d.lastID)) {
				return false
			}
		}
		d.lastID = m.id
		// Each delay in a message is cut to milliseconds. The message's
		// position is exact, so the error does not add up.
		d.at = m.pos - d.base
		if d.at < d.now {
			if !d.in.warn(d.l.no, "time goes back", fmt.Sprintf("by %v; previous time used", d.now-d.at)) {
				return false
			}
			d.at = d.now
		}
		d.timing = m.timing
		if bytes.IndexByte(d.timing, '\\') >= 0 {
			d.timing = []byte(jsonString(`"` + string(d.timing) + `"`))
		}
		d.text[tlogIn], d.text[tlogOut] = d.decode(m.inText), d.decode(m.outText)
		d.bin[tlogIn], d.bin[tlogOut] = d.numbers(m.inBin), d.numbers(m.outBin)
		return d.in.err == nil
	}
	return false
}

// is reports whether id is the ID of m's recording, or the beginning of it.
func (m *tlogHead) is(id string) bool {
	return strings.HasPrefix(m.recording().ID, id)
}

// decode decodes a JSON string.
func (d *tlogDecoder) decode(value []byte) string {
	if len(value) <= 2 || value[0] != '"' {
		return ""
	}
	b, _, quirks := unquote(d.slab.room(len(value)+8), value, 1)
	if quirks&(badEscape|loneSurrogate|invalidUTF8) != 0 {
		d.in.warn(d.l.no, "malformed text", "invalid characters replaced or kept")
	}
	return d.slab.take(b)
}

// numbers decodes an array of bytes.
func (d *tlogDecoder) numbers(value []byte) string {
	if len(value) <= 2 || value[0] != '[' {
		return ""
	}
	b := d.slab.room(len(value))
	for field := range bytes.SplitSeq(value[1:len(value)-1], []byte{','}) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(field)), 10, 8)
		if err != nil {
			d.in.warn(d.l.no, "malformed bytes", quote(string(field))+"; skipped")
			continue
		}
		b = append(b, byte(n))
	}
	return d.slab.take(b)
}

func (d *tlogDecoder) next() (Event, bool) {
	for d.in.err == nil {
		for len(d.timing) > 0 {
			ev, ok, good := d.record()
			if !good {
				d.in.warn(d.l.no, "malformed timing", quote(string(d.timing))+": the rest of the message is skipped")
				d.timing = nil
			}
			if ok {
				return ev, true
			}
		}
		if d.in.err != nil || !d.message() {
			break
		}
	}
	return Event{}, false
}

// record reads the next record of the timing. ok reports whether it is an
// event, good whether it is well formed.
func (d *tlogDecoder) record() (ev Event, ok, good bool) {
	t := d.timing
	kind := t[0]
	i := 1
	first, i, ok1 := number(t, i)
	switch kind {
	case ' ', '\t', '\n', '\r':
		d.timing = t[1:]
		return Event{}, false, true
	case '+':
		if !ok1 {
			return Event{}, false, false
		}
		d.timing = t[i:]
		d.at = min(d.at+time.Duration(first)*time.Millisecond, maxTime)
		return Event{}, false, true
	case '<', '>':
		from := &d.text[tlogOut]
		if kind == '<' {
			from = &d.text[tlogIn]
		}
		n, enough := runesLen(*from, first)
		if !ok1 || !enough {
			return Event{}, false, false
		}
		data := (*from)[:n]
		*from = (*from)[n:]
		d.timing = t[i:]
		return d.event(kind == '<', data)
	case '[', ']':
		text, bin := &d.text[tlogOut], &d.bin[tlogOut]
		if kind == '[' {
			text, bin = &d.text[tlogIn], &d.bin[tlogIn]
		}
		if !ok1 || i >= len(t) || t[i] != '/' {
			return Event{}, false, false
		}
		second, i, ok2 := number(t, i+1)
		n, enough := runesLen(*text, first)
		if !ok2 || !enough || second > len(*bin) {
			return Event{}, false, false
		}
		*text = (*text)[n:]
		data := (*bin)[:second]
		*bin = (*bin)[second:]
		d.timing = t[i:]
		return d.event(kind == '[', data)
	case '=':
		if !ok1 || i >= len(t) || t[i] != 'x' {
			return Event{}, false, false
		}
		second, i, ok2 := number(t, i+1)
		size := sizeOf(first, second)
		if !ok2 {
			return Event{}, false, false
		}
		d.timing = t[i:]
		if size == d.size || size == (Size{}) {
			return Event{}, false, true
		}
		d.size = size
		d.now = d.at
		return Event{Time: d.at, Code: Resize, Data: size.String()}, true, true
	}
	return Event{}, false, false
}

func (d *tlogDecoder) event(input bool, data string) (ev Event, ok, good bool) {
	if data == "" {
		return Event{}, false, true
	}
	d.now = d.at
	code := Output
	if input {
		code = Input
	}
	return Event{Time: d.at, Code: code, Data: data}, true, true
}

// number parses the decimal number at t[i] and returns the index after it.
func number(t []byte, i int) (n, end int, ok bool) {
	start := i
	for i < len(t) && t[i]-'0' <= 9 {
		if n = n*10 + int(t[i]-'0'); n > math.MaxInt32 {
			return 0, i, false
		}
		i++
	}
	return n, i, i > start
}

// runesLen returns the length in bytes of the first n characters of s. It
// reports false if there are fewer.
func runesLen(s string, n int) (int, bool) {
	i := 0
	for n > 0 {
		// Most text is ASCII: eight bytes at a time.
		for n >= 8 && i+8 <= len(s) && load64(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))&highs == 0 {
			i += 8
			n -= 8
		}
		if n == 0 {
			break
		}
		if i >= len(s) {
			return i, false
		}
		if s[i] < utf8.RuneSelf {
			i++
		} else {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
		}
		n--
	}
	return i, true
}
