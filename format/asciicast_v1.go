package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// AsciicastV1 is asciinema 1's format: one JSON object with all output in an
// array. It is read into memory as a whole; see [MaxV1] and
// https://docs.asciinema.org/manual/asciicast/v1/.
var AsciicastV1 = &Format{
	Name:   "asciicast-v1",
	Also:   []string{"v1"},
	Ext:    []string{".v1.cast", ".v1.json", ".json"},
	Desc:   "asciinema 1",
	Loses:  "invalid UTF-8, input, resizes, markers, exit status",
	detect: func(prefix []byte) bool { return sniffAsciicast(prefix) == 1 },
	object: true,
	read:   readAsciicastV1,
	write:  func(w io.Writer) Writer { return newV1Writer(w) },
	text:   true,
}

func readAsciicastV1(in *input) (Cast, error) {
	text, err := io.ReadAll(io.LimitReader(in.r, MaxV1+1))
	if in.err != nil {
		err = in.err
	}
	if err != nil {
		return Cast{}, err
	}
	if len(text) > MaxV1 {
		return Cast{}, in.syntaxError(0, fmt.Errorf("longer than %d bytes", MaxV1))
	}
	text = bytes.TrimRight(bytes.TrimPrefix(text, bom), "\x00")
	header, stdout, err := splitV1(text)
	if err != nil {
		return Cast{}, in.syntaxError(1, err)
	}
	h, err := in.parseHeader(header, 1, 1)
	if err != nil {
		return Cast{}, err
	}
	// Version 1's delay is version 3's interval.
	d := &castDecoder{in: in, l: newLines(in), version: 3}
	return Cast{Header: h, Events: func(yield func(Event, error) bool) {
		if !d.eventsV1(text, stdout, yield) {
			return
		}
		if in.err != nil {
			yield(Event{}, in.err)
		}
	}}, nil
}

// splitV1 returns the object without its array of output, and the index of that
// array; -1 if there is none.
func splitV1(text []byte) (header []byte, stdout int, err error) {
	from := skipSpace(text, 0)
	if from == len(text) || text[from] != '{' {
		return nil, 0, errors.New("malformed header: want a JSON object")
	}
	header, stdout = []byte{'{'}, -1
	for key, value := range members(text[from:]) {
		if key == "stdout" {
			stdout = offset(text, value)
			continue
		}
		if len(header) > 1 {
			header = append(header, ',')
		}
		header, _ = appendQuoted(append(header, '"'), key)
		header = append(header, '"', ':')
		header = append(header, value...)
		if len(header) > MaxHeader {
			return nil, 0, errHeaderTooLong
		}
	}
	return append(header, '}'), stdout, nil
}

// eventsV1 yields the events of the array at text[i]. It reports whether the
// consumer wants more.
func (d *castDecoder) eventsV1(text []byte, i int, yield func(Event, error) bool) bool {
	d.l.no = 1
	if i < 0 || i >= len(text) || text[i] != '[' {
		d.warn("no output", `"stdout" is not an array`)
		return true
	}
	counted := 0
	for i = skipSpace(text, i+1); i < len(text) && text[i] != ']'; {
		d.l.no += bytes.Count(text[counted:i], []byte{'\n'})
		counted = i
		end := scanValue(text, i)
		if end < 0 {
			break
		}
		if ev, ok := d.delay(text[i:end]); ok && !yield(ev, nil) {
			return false
		}
		if d.in.err != nil {
			return true
		}
		if i = skipSpace(text, end); i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		} else if i < len(text) && text[i] != ']' {
			d.warn("not an event", quote(string(text[i:]))+" and everything after it; skipped")
			return true
		}
	}
	if i >= len(text) || text[i] != ']' {
		d.warn("cut off", "the last event is incomplete; skipped")
		return true
	}
	if end := scanValue(text, skipSpace(text, 0)); end < 0 {
		d.warn("cut off", "the closing brace is missing")
	} else if rest := text[end:]; !isBlank(rest) {
		d.l.no += bytes.Count(text[counted:end+skipSpace(rest, 0)], []byte{'\n'})
		d.warn("text after the recording", quote(string(bytes.TrimSpace(rest)))+"; skipped")
	}
	return true
}

// delay reads an event of version 1: a delay, and the output after it.
func (d *castDecoder) delay(text []byte) (Event, bool) {
	if t, i, ok := fastSeconds(text, min(1, len(text))); ok && text[0] == '[' && text[i] == '"' && d.half.high == 0 {
		data, end, quirks := d.text(text, i+1)
		if t += d.now; quirks == 0 && end == len(text)-1 && t <= maxTime {
			d.now = t
			d.slab.skip(len(data))
			return Event{Time: t, Code: Output, Data: data}, true
		}
	}
	if text[0] == '[' {
		if values, more := elements(text); len(values) == 2 && !more {
			return d.event(values[0], []byte(`"o"`), values[1])
		}
	}
	d.warn("not an event", quote(string(text))+"; skipped")
	return Event{}, false
}

// v1Writer writes version 1. It leaves the header open for the output, whose
// length is known only at the end.
type v1Writer struct {
	asciicastWriter
	some bool // output has been written
}

func newV1Writer(w io.Writer) *v1Writer {
	return &v1Writer{asciicastWriter: asciicastWriter{
		out: output{w: w}, version: 1, unit: time.Microsecond,
	}}
}

func (w *v1Writer) WriteHeader(h Header) error {
	w.out.room(0)
	w.out.buf = headerV2(w.out.buf, h, 1, &w.lost)
	w.out.buf = append(w.out.buf, `,"stdout":[`...)
	return w.out.written()
}

func (w *v1Writer) WriteEvent(ev Event) error {
	if ev.Time < w.last {
		ev.Time = w.last
	}
	w.last = ev.Time
	if ev.Code != Output {
		w.lost.event(ev)
		return w.out.err
	}
	data, ok := w.split.join(ev.Code, ev.Data)
	if !ok {
		return w.out.err
	}
	return w.delay(data)
}

func (w *v1Writer) delay(data string) error {
	w.out.room(len(data))
	b := w.out.buf
	if w.some {
		b = append(b, ',')
	}
	w.some = true
	b = append(b, "\n["...)
	b = w.appendInterval(b, w.last)
	b = append(b, ", "...)
	b = appendText(b, data, &w.lost)
	w.out.buf = append(b, ']')
	return w.out.written()
}

func (w *v1Writer) Close() error {
	for ev := range w.split.rest() {
		w.delay(ev.Data)
	}
	w.out.room(0)
	w.out.buf = append(w.out.buf, "\n],\"duration\":"...)
	w.out.buf = append(appendSeconds(w.out.buf, w.last), "}\n"...)
	return w.out.flush()
}
