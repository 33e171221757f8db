package format

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
	"unicode/utf8"
)

// tlogWriter writes tlog's messages in the form that tlog-play accepts.
type tlogWriter struct {
	out   output
	lost  losses
	split splitText
	head  []byte // the beginning of every message
	start time.Duration
	size  string // "=COLSxROWS"; empty if unknown
	last  time.Duration
	id    int

	// The message that is being filled.
	begun     bool
	pos, at   int64 // of its beginning and of its last record, in milliseconds
	timing    []byte
	text, bin [2][]byte
}

const (
	// maxTlogPayload is the most text of a message: tlog's default.
	maxTlogPayload = 2048
	// maxTlogWait is the longest time of a message: tlog's default latency.
	maxTlogWait = 10_000
	// maxTlogBytes is the longest run of bytes: tlog-play writes one byte
	// too many for a run that fills its buffer.
	maxTlogBytes = 512
)

func (w *tlogWriter) WriteHeader(h Header) error {
	w.lost.header(h, holdsStart|holdsTermType)
	if !h.Start.IsZero() && h.Start.Unix() > 0 && h.Start.Unix() < int64(maxTime/time.Second) {
		w.start = time.Duration(h.Start.UnixNano())
	}
	user := h.Env["USER"]
	if user == "" {
		user = "unknown"
	}
	term := h.Term.Type
	if term == "" {
		term = "xterm"
	}
	// This identifies a recording; the same recording gets the same ID.
	sum := fnv.New128a()
	fmt.Fprintf(sum, "%q %q %v", h.Command, h.Title, h.Start.UnixNano())
	b := []byte(`{"ver":"2.3","host":"localhost","rec":"`)
	b = fmt.Appendf(b, "%x-1-1", sum.Sum(nil))
	b = append(b, `","user":`...)
	b = appendText(b, user, &w.lost)
	b = append(b, `,"term":`...)
	b = appendText(b, term, &w.lost)
	w.head = append(b, `,"session":4294967295,"id":`...)
	if h.Size != (Size{}) {
		w.size = "=" + h.Size.String()
	}
	return w.out.err
}

func (w *tlogWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch ev.Code {
	case Output, Input:
		data, ok := w.split.join(ev.Code, ev.Data)
		if ok {
			w.data(ev.Code, data)
		}
		return w.out.err
	case Resize:
		if size, err := ev.Size(); err == nil {
			// The message's first record is the size before, so
			// that a change at its beginning is a change.
			w.begin()
			w.delay()
			w.size = "=" + size.String()
			w.timing = append(w.timing, w.size...)
			return w.out.err
		}
	}
	w.lost.event(ev)
	return w.out.err
}

// begin begins a message, unless one is begun.
func (w *tlogWriter) begin() {
	now := int64((w.last + time.Millisecond/2) / time.Millisecond)
	if w.begun && (len(w.text[0])+len(w.text[1])+4*(len(w.bin[0])+len(w.bin[1]))+len(w.timing) >= maxTlogPayload ||
		now-w.pos > maxTlogWait) {
		w.message()
	}
	if w.begun {
		return
	}
	w.begun = true
	w.pos, w.at = now, now
	w.timing = append(w.timing[:0], w.size...)
}

// delay writes the time that has passed.
func (w *tlogWriter) delay() {
	now := int64((w.last + time.Millisecond/2) / time.Millisecond)
	if now > w.at {
		w.timing = append(w.timing, '+')
		w.timing = strconv.AppendInt(w.timing, now-w.at, 10)
		w.at = now
	}
}

// data writes output or input, as text where it is valid UTF-8.
func (w *tlogWriter) data(code Code, data string) {
	stream, text, bytes := tlogOut, byte('>'), byte(']')
	if code == Input {
		stream, text, bytes = tlogIn, '<', '['
	}
	for data != "" {
		w.begin()
		w.delay()
		room := max(16, maxTlogPayload-len(w.text[0])-len(w.text[1]))
		n, chars := 0, 0
		for n < len(data) && n < room {
			r, size := utf8.DecodeRuneInString(data[n:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			n += size
			chars++
		}
		if n > 0 {
			w.timing = append(w.timing, text)
			w.timing = strconv.AppendInt(w.timing, int64(chars), 10)
			w.text[stream] = append(w.text[stream], data[:n]...)
			data = data[n:]
			continue
		}
		// Invalid UTF-8: one U+FFFD stands for a run of it.
		for n < len(data) && n < maxTlogBytes {
			if r, size := utf8.DecodeRuneInString(data[n:]); r != utf8.RuneError || size != 1 {
				break
			}
			n++
		}
		w.timing = append(w.timing, bytes)
		w.timing = append(w.timing, "1/"...)
		w.timing = strconv.AppendInt(w.timing, int64(n), 10)
		w.text[stream] = append(w.text[stream], "\uFFFD"...)
		w.bin[stream] = append(w.bin[stream], data[:n]...)
		data = data[n:]
	}
}

// message writes the current message.
func (w *tlogWriter) message() error {
	if !w.begun {
		return w.out.err
	}
	w.begun = false
	w.id++
	w.out.room(len(w.text[0]) + len(w.text[1]) + len(w.timing) + 512)
	b := append(w.out.buf, w.head...)
	b = strconv.AppendInt(b, int64(w.id), 10)
	b = append(b, `,"pos":`...)
	b = strconv.AppendInt(b, w.pos, 10)
	b = append(b, `,"time":`...)
	// tlog-play demands a fraction.
	b = appendDecimal(b, int64(w.start/time.Millisecond)+w.pos, 3)
	b = append(b, `,"timing":"`...)
	b = append(b, w.timing...)
	b = append(b, '"')
	for stream, name := range []string{"in", "out"} {
		b = append(b, `,"`+name+`_txt":"`...)
		b, _ = appendQuoted(b, string(w.text[stream]))
		b = append(b, `","`+name+`_bin":[`...)
		for i, c := range w.bin[stream] {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(c), 10)
		}
		b = append(b, ']')
		w.text[stream], w.bin[stream] = w.text[stream][:0], w.bin[stream][:0]
	}
	w.out.buf = append(b, "}\n"...)
	return w.out.written()
}

// Flush writes out all complete characters, in a message of their own.
func (w *tlogWriter) Flush() error {
	w.message()
	return w.out.flush()
}

func (w *tlogWriter) Close() error {
	for ev := range w.split.rest() {
		w.data(ev.Code, ev.Data)
	}
	if w.id == 0 {
		w.begin() // an empty recording needs a message too
	}
	w.message()
	return w.out.flush()
}

func (w *tlogWriter) Losses() []Loss { return w.lost.list() }
