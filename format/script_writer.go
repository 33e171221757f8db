package format

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// scriptWriter writes a typescript and its timing.
type scriptWriter struct {
	files    Files
	advanced bool
	out      part // the typescript
	in       part // the input, if there is any
	timing   part
	lost     losses
	header   Header
	last     time.Duration
	written  time.Duration // the sum of the delays written so far
	status   string
}

const (
	timingSuffix = ".timing"
	inputSuffix  = ".in"
	// maxTimingValue keeps a line of timing within the 8192 bytes of
	// scriptreplay's buffer.
	maxTimingValue = 8000
	scriptLayout   = "2006-01-02 15:04:05-07:00"
)

func (w *scriptWriter) WriteHeader(h Header) error {
	w.header = h
	w.lost.header(h, holdsStart|holdsCommand|holdsTermType)
	if err := errors.Join(w.out.create(w.files, "", 0), w.timing.create(w.files, timingSuffix, 0)); err != nil {
		return err
	}
	w.firstLine(&w.out)
	if w.advanced {
		w.value("START_TIME", w.start())
		w.value("TERM", h.Term.Type)
		if h.Size != (Size{}) {
			w.value("COLUMNS", strconv.Itoa(h.Size.Cols))
			w.value("LINES", strconv.Itoa(h.Size.Rows))
		}
		w.value("COMMAND", oneLine(h.Command))
		w.value("TIMING_LOG", w.files.Base+timingSuffix)
		w.value("OUTPUT_LOG", w.files.Base)
	}
	return errors.Join(w.out.written(), w.timing.written())
}

// start returns the start in script's form; 1970 stands for unknown.
func (w *scriptWriter) start() string {
	t := w.header.Start
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(scriptLayout)
}

// firstLine writes the first line of a log.
func (w *scriptWriter) firstLine(p *part) {
	h := w.header
	var b strings.Builder
	b.WriteString("Script started on " + w.start() + " [")
	if h.Command != "" {
		b.WriteString(`COMMAND="` + oneLine(h.Command) + `" `)
	}
	b.WriteString(`TERM="` + strings.ReplaceAll(oneLine(h.Term.Type), `"`, "'") + `"`)
	if h.Size != (Size{}) {
		b.WriteString(` COLUMNS="` + strconv.Itoa(h.Size.Cols) + `" LINES="` + strconv.Itoa(h.Size.Rows) + `"`)
	}
	b.WriteString("]\n")
	p.room(b.Len())
	p.buf = append(p.buf, b.String()...)
}

// lastLine writes the last lines of a log.
func (w *scriptWriter) lastLine(p *part) {
	t := w.header.Start
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	line := "\nScript done on " + t.Add(w.last).UTC().Format(scriptLayout)
	if w.status != "" {
		line += ` [COMMAND_EXIT_CODE="` + w.status + `"]`
	}
	p.room(len(line) + 1)
	p.buf = append(p.buf, line+"\n"...)
}

// oneLine puts s on one line, as script does.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func (w *scriptWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch {
	case ev.Code == Output:
		return w.bytes('O', &w.out, ev.Data)
	case ev.Code == Exit:
		w.status = ev.Data
		return w.timing.err
	case !w.advanced:
	case ev.Code == Input:
		if w.in.file == nil && ev.Data != "" {
			if err := w.in.create(w.files, inputSuffix, 0); err != nil {
				return err
			}
			w.firstLine(&w.in)
			w.value("INPUT_LOG", w.files.Base+inputSuffix)
		}
		return w.bytes('I', &w.in, ev.Data)
	case ev.Code == Resize:
		if size, err := ev.Size(); err == nil {
			w.entry('S', "SIGWINCH ROWS="+strconv.Itoa(size.Rows)+" COLS="+strconv.Itoa(size.Cols))
			return w.timing.written()
		}
	case ev.Code == Marker:
		label := oneLine(ev.Data)
		if len(label) > maxTimingValue {
			label = strings.ToValidUTF8(label[:maxTimingValue], "")
		}
		if label != ev.Data {
			w.lost.add("marker labels in full", 1)
		}
		w.entry('H', "MARKER "+label)
		return w.timing.written()
	}
	w.lost.event(ev)
	return w.timing.err
}

// bytes writes data to a log, and its time to the timing.
func (w *scriptWriter) bytes(kind byte, p *part, data string) error {
	if data == "" { // scriptreplay aborts on a chunk of no bytes
		return p.err
	}
	p.room(len(data))
	p.buf = append(p.buf, data...)
	w.entry(kind, strconv.Itoa(len(data)))
	return errors.Join(p.written(), w.timing.written())
}

// entry writes a line of timing. The delays add up to the times: each takes in
// the rounding error before it.
func (w *scriptWriter) entry(kind byte, rest string) {
	w.timing.room(len(rest) + 48)
	b := w.timing.buf
	if w.advanced {
		b = append(b, kind, ' ')
	}
	micros := (w.last - w.written + time.Microsecond/2) / time.Microsecond
	w.written += micros * time.Microsecond
	b = appendDecimal(b, int64(micros), 6)
	b = append(b, ' ')
	b = append(b, rest...)
	w.timing.buf = append(b, '\n')
}

// value writes a header line of advanced timing.
func (w *scriptWriter) value(name, value string) {
	if value == "" {
		return
	}
	value = oneLine(value)
	if len(value) > maxTimingValue {
		value = value[:maxTimingValue]
	}
	w.timing.room(len(name) + len(value) + 16)
	w.timing.buf = append(w.timing.buf, "H 0.000000 "+name+" "+value+"\n"...)
}

func (w *scriptWriter) Flush() error {
	return errors.Join(w.out.flush(), w.in.flush(), w.timing.flush())
}

func (w *scriptWriter) Close() error {
	if w.advanced && w.timing.file != nil {
		// Its delay is the time from the last event to the end.
		w.entry('H', "DURATION "+string(appendDecimal(nil, int64((w.last+time.Microsecond/2)/time.Microsecond), 6)))
		w.value("EXIT_CODE", w.status)
	}
	if w.out.file != nil {
		w.lastLine(&w.out)
	}
	if w.in.file != nil {
		w.lastLine(&w.in)
	}
	return errors.Join(w.out.close(), w.in.close(), w.timing.close())
}

func (w *scriptWriter) Losses() []Loss { return w.lost.list() }
