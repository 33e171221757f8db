package format

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// asciicastWriter writes version 2 or 3.
type asciicastWriter struct {
	out     output
	lost    losses
	version int           // of asciicast
	unit    time.Duration // of the times written: one in the last decimal
	last    time.Duration // time of the previous event
	// written is the sum of the intervals written so far. It stays within
	// half a unit of last: each interval takes in the rounding error before
	// it.
	written time.Duration
	split   splitText
}

func newAsciicastWriter(w io.Writer, version int) *asciicastWriter {
	return &asciicastWriter{out: output{w: w}, version: version, unit: time.Millisecond}
}

func (w *asciicastWriter) WriteHeader(h Header) error {
	if w.version == 2 {
		w.unit = time.Microsecond
	} else if src := h.source; src != nil && src.version == w.version && src.decimals > 3 {
		// asciinema 3.0 wrote microseconds.
		w.unit = time.Microsecond
	}
	w.out.room(0)
	if text, ok := h.verbatim(w.version); ok {
		w.out.buf = append(w.out.buf, text...)
	} else if w.version == 3 {
		w.out.buf = append(w.headerV3(w.out.buf, h), '}')
	} else {
		w.out.buf = append(headerV2(w.out.buf, h, 2, &w.lost), '}')
	}
	w.out.buf = append(w.out.buf, '\n')
	return w.out.written()
}

func (w *asciicastWriter) headerV3(b []byte, h Header) []byte {
	size := h.Size.OrDefault()
	b = append(b, `{"version":3,"term":{"cols":`...)
	b = strconv.AppendInt(b, int64(size.Cols), 10)
	b = append(b, `,"rows":`...)
	b = strconv.AppendInt(b, int64(size.Rows), 10)
	b = w.appendMember(b, "type", h.Term.Type)
	b = w.appendMember(b, "version", h.Term.Version)
	b = appendTheme(b, h.Term.Theme)
	b = appendExtra(b, h.Term.Extra, "cols", "rows", "type", "version", "theme")
	b = append(b, '}')
	b = appendCommon(b, h, &w.lost)
	b = appendEnv(b, h.Env, "", &w.lost)
	b = appendTags(b, h.Tags, &w.lost)
	return appendExtra(b, h.Extra, "version", "term", "timestamp", "idle_time_limit", "command", "title", "env", "tags")
}

func (w *asciicastWriter) appendMember(b []byte, key, value string) []byte {
	return appendMember(b, key, value, &w.lost)
}

// headerV2 appends the header of version 1 or 2, without its closing brace.
func headerV2(b []byte, h Header, version int, lost *losses) []byte {
	size := h.Size.OrDefault()
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(version), 10)
	b = append(b, `,"width":`...)
	b = strconv.AppendInt(b, int64(size.Cols), 10)
	b = append(b, `,"height":`...)
	b = strconv.AppendInt(b, int64(size.Rows), 10)
	b = appendCommon(b, h, lost)
	if version == 2 && h.Duration > 0 {
		b = append(b, `,"duration":`...)
		b = appendSeconds(b, h.Duration)
	}
	b = appendEnv(b, h.Env, h.Term.Type, lost)
	b = appendTheme(b, h.Term.Theme)
	b = appendTags(b, h.Tags, lost)
	if h.Term.Version != "" {
		lost.add("terminal versions", 1)
	}
	lost.add("unknown fields of the terminal", len(h.Term.Extra))
	return appendExtra(b, h.Extra, "version", "width", "height", "timestamp", "duration", "idle_time_limit",
		"command", "title", "env", "theme", "tags", "stdout")
}

// appendCommon appends the fields that all versions share.
func appendCommon(b []byte, h Header, lost *losses) []byte {
	if h.Start.Unix() >= 0 { // the zero Time is before 1970
		b = append(b, `,"timestamp":`...)
		b = strconv.AppendInt(b, h.Start.Unix(), 10)
	}
	if h.IdleLimit > 0 {
		b = append(b, `,"idle_time_limit":`...)
		b = appendSeconds(b, h.IdleLimit)
	}
	b = appendMember(b, "command", h.Command, lost)
	return appendMember(b, "title", h.Title, lost)
}

func appendMember(b []byte, key, value string, lost *losses) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',')
	b = appendText(b, key, lost)
	b = append(b, ':')
	return appendText(b, value, lost)
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string, lost *losses) []byte {
	b, invalid := appendQuoted(append(b, '"'), s)
	lost.add(invalidBytes, invalid)
	return append(b, '"')
}

// invalidBytes names the bytes that appendQuoted replaces.
const invalidBytes = "invalid UTF-8 bytes"

func appendTheme(b []byte, t *Theme) []byte {
	if t == nil {
		return b
	}
	b = append(b, `,"theme":{"fg":"`...)
	b = append(b, t.Fg.String()...)
	b = append(b, `","bg":"`...)
	b = append(b, t.Bg.String()...)
	b = append(b, `","palette":"`...)
	for i, c := range t.Palette {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, c.String()...)
	}
	return append(b, `"}`...)
}

func appendEnv(b []byte, env map[string]string, term string, lost *losses) []byte {
	if term != "" {
		env = maps.Clone(env)
		if env == nil {
			env = map[string]string{}
		}
		env["TERM"] = term
	}
	for i, name := range slices.Sorted(maps.Keys(env)) {
		if i == 0 {
			b = append(b, `,"env":{`...)
		} else {
			b = append(b, ',')
		}
		b = appendText(b, name, lost)
		b = append(b, ':')
		b = appendText(b, env[name], lost)
	}
	if len(env) > 0 {
		b = append(b, '}')
	}
	return b
}

func appendTags(b []byte, tags []string, lost *losses) []byte {
	for i, tag := range tags {
		if i == 0 {
			b = append(b, `,"tags":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendText(b, tag, lost)
	}
	if len(tags) > 0 {
		b = append(b, ']')
	}
	return b
}

// appendExtra appends fields except those in taken, which this version has in
// fields of its own.
func appendExtra(b []byte, fields []Field, taken ...string) []byte {
	for _, f := range fields {
		if slices.Contains(taken, f.Key) {
			continue
		}
		b, _ = appendQuoted(append(b, `,"`...), f.Key)
		b = append(b, `":`...)
		b = append(b, f.JSON...)
	}
	return b
}

func (w *asciicastWriter) WriteEvent(ev Event) error {
	if ev.Time < w.last {
		ev.Time = w.last
	}
	w.last = ev.Time
	switch ev.Code {
	case Comment:
		if !ev.JSON {
			return w.comment(ev)
		}
	case Output, Input:
		data, ok := w.split.join(ev.Code, ev.Data)
		if !ok {
			return w.out.err
		}
		ev.Data = data
	case Exit:
		// The exit is a recording's last event; output that is held
		// back goes before it.
		if err := w.rest(); err != nil {
			return err
		}
	}
	return w.line(ev)
}

func (w *asciicastWriter) line(ev Event) error {
	w.out.room(len(ev.Data))
	b := append(w.out.buf, '[')
	b = w.appendTime(b, ev.Time)
	if len(ev.Code) == 1 && codes[ev.Code[0]] != "" {
		b = append(b, ", \""...)
		b = append(b, ev.Code[0])
		b = append(b, "\", "...)
	} else {
		b = append(b, ", "...)
		b = appendText(b, string(ev.Code), &w.lost)
		b = append(b, ", "...)
	}
	if ev.JSON {
		b = append(b, strings.Map(dropLineBreaks, ev.Data)...)
	} else {
		invalid := 0
		b, invalid = appendQuoted(append(b, '"'), ev.Data)
		if invalid > 0 {
			w.lost.add(invalidBytes, invalid)
		}
		b = append(b, '"')
	}
	w.out.buf = append(b, "]\n"...)
	return w.out.written()
}

func dropLineBreaks(r rune) rune {
	if r == '\n' || r == '\r' {
		return -1
	}
	return r
}

func (w *asciicastWriter) comment(ev Event) error {
	if w.version != 3 {
		w.lost.event(ev)
		return w.out.err
	}
	w.out.room(len(ev.Data))
	for line := range strings.Lines(ev.Data + "\n") {
		w.out.buf = append(w.out.buf, '#')
		w.out.buf = append(w.out.buf, strings.TrimRight(line, "\n")...)
		w.out.buf = append(w.out.buf, '\n')
	}
	return w.out.written()
}

// appendTime appends the time of an event in the form of its version.
func (w *asciicastWriter) appendTime(b []byte, t time.Duration) []byte {
	if w.version == 2 {
		return appendSeconds(b, t)
	}
	return w.appendInterval(b, t)
}

// appendInterval appends the time since the previous event, rounded to the
// unit.
func (w *asciicastWriter) appendInterval(b []byte, t time.Duration) []byte {
	const milli, micro = time.Millisecond, time.Microsecond // division by constants is fast
	if w.unit == micro {
		units := (t - w.written + micro/2) / micro
		w.written += units * micro
		return appendDecimal(b, int64(units), 6)
	}
	units := (t - w.written + milli/2) / milli
	w.written += units * milli
	if u := uint32(units); units < 10_000 { // most intervals
		return append(b, byte('0'+u/1000), '.', byte('0'+u/100%10), byte('0'+u/10%10), byte('0'+u%10))
	}
	return appendDecimal(b, int64(units), 3)
}

// appendDecimal appends n, which is not negative, with a point before its last
// places digits.
func appendDecimal(b []byte, n int64, places int) []byte {
	var digits [24]byte
	i := len(digits)
	for range places {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	i--
	digits[i] = '.'
	for more := true; more; more = n > 0 {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[i:]...)
}

// appendSeconds appends t in seconds, rounded to microseconds, without trailing
// zeros but with at least one decimal.
func appendSeconds(b []byte, t time.Duration) []byte {
	b = appendDecimal(b, int64((t+time.Microsecond/2)/time.Microsecond), 6)
	end := len(b)
	for b[end-1] == '0' && b[end-2] != '.' {
		end--
	}
	return b[:end]
}

// rest writes the incomplete characters that are still held back.
func (w *asciicastWriter) rest() error {
	for ev := range w.split.rest() {
		ev.Time = w.last
		if err := w.line(ev); err != nil {
			return err
		}
	}
	return w.out.err
}

// Flush writes out all complete characters. The bytes of an incomplete one stay
// back until an event completes it.
func (w *asciicastWriter) Flush() error { return w.out.flush() }

func (w *asciicastWriter) Close() error {
	w.rest()
	return w.out.flush()
}

func (w *asciicastWriter) Losses() []Loss { return w.lost.list() }

// splitText holds back the bytes of a character that the recorder's reads
// split, so that a text format has the whole character in the event that
// completes it.
type splitText struct{ output, input string }

// join returns data without the incomplete character at its end, and with the
// one held back before it. It reports false if all of data is held back.
func (s *splitText) join(code Code, data string) (string, bool) {
	held := &s.output
	if code == Input {
		held = &s.input
	}
	whole := data == ""
	if *held != "" {
		data = *held + data
		*held = ""
	}
	if n := splitTail(data); n > 0 {
		*held = data[len(data)-n:]
		data = data[:len(data)-n]
	}
	return data, data != "" || whole
}

// rest returns the bytes held back, as events without a time.
func (s *splitText) rest() func(yield func(Event) bool) {
	return func(yield func(Event) bool) {
		output, input := s.output, s.input
		s.output, s.input = "", ""
		if output != "" && !yield(Event{Code: Output, Data: output}) {
			return
		}
		if input != "" {
			yield(Event{Code: Input, Data: input})
		}
	}
}

// splitTail returns the number of bytes at the end of s that begin a UTF-8
// character and need more bytes to complete it.
func splitTail(s string) int {
	for n := 1; n <= min(3, len(s)); n++ {
		c := s[len(s)-n]
		if c < 0x80 {
			return 0
		}
		if c >= 0xc0 {
			if utf8.FullRuneInString(s[len(s)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}
