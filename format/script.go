package format

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Script is the format of script(1) of util-linux: a typescript, which is a
// first line, the output and perhaps a last line; a timing file; and perhaps a
// log of the input. [OpenFile] takes the path of any of them and finds the
// others beside it: by the names in the timing file, or by the lengths in it,
// which must add up to the typescript's. [TimingFile] and [InputLog] name them.
// A typescript without timing is read too; see [BytesPerSecond].
//
// It is written with advanced timing, which scriptreplay reads since util-linux
// 2.35: NAME, NAME.timing, and NAME.in if there is input. Markers become header
// lines named MARKER; scriptreplay uses only their delay.
var Script = &Format{
	Name:       "script",
	Also:       []string{"typescript", "script-advanced"},
	Ext:        []string{".typescript", ".script"},
	Desc:       "script of util-linux, with timing of all streams",
	Loses:      "title, environment, comments",
	detect:     sniffScript,
	read:       readScript,
	detectDir:  isScriptDir,
	readDir:    readScriptDir,
	writeFiles: func(files Files) Writer { return &scriptWriter{files: files, advanced: true} },
	layout:     Beside,
}

// ScriptClassic is [Script] with the timing of the output alone, which every
// scriptreplay and other players read: NAME and NAME.timing.
var ScriptClassic = &Format{
	Name:       "script-classic",
	Ext:        []string{".classic.typescript"},
	Desc:       "script of util-linux, with timing of the output",
	Loses:      "input, resizes, markers, title, environment",
	read:       readScript,
	readDir:    readScriptDir,
	writeFiles: func(files Files) Writer { return &scriptWriter{files: files} },
	layout:     Beside,
}

// sniffScript reports whether prefix begins a timing file or a typescript.
func sniffScript(prefix []byte) bool { return isTiming(prefix) || isTypescript(prefix) }

// isTiming reports whether every line of prefix is a line of a timing file; the
// last one may be cut off.
func isTiming(prefix []byte) bool {
	if len(prefix) > 4096 {
		prefix = prefix[:4096]
	}
	if first, _, _ := bytes.Cut(prefix, []byte{'\n'}); !bytes.ContainsAny(first, ".,") {
		return false
	}
	count := 0
	for line := range bytes.Lines(prefix) {
		text, whole := bytes.CutSuffix(line, []byte{'\n'})
		if !whole {
			break
		}
		if _, ok := parseTiming(bytes.TrimSuffix(text, []byte{'\r'})); !ok {
			return false
		}
		count++
	}
	return count > 0
}

// maxTypescriptLine is the longest first line of a typescript; it holds the
// command.
const maxTypescriptLine = 32 << 10

// isTypescript recognises a typescript by its first line, in any language:
// "Script started on DATE [COMMAND="…" TERM="…" …]". util-linux before 2.33 and
// BSD write no brackets; Guacamole writes "[BEGIN TYPESCRIPT]".
func isTypescript(prefix []byte) bool {
	line, _, whole := bytes.Cut(prefix[:min(len(prefix), maxTypescriptLine)], []byte{'\n'})
	return whole && isTypescriptLine(string(line))
}

func isTypescriptLine(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	if strings.HasPrefix(line, "Script started on ") || line == "[BEGIN TYPESCRIPT]" {
		return true
	}
	_, rest, ok := strings.Cut(line, " [")
	return ok && strings.HasSuffix(rest, "]") &&
		(strings.HasPrefix(rest, `COMMAND="`) || strings.HasPrefix(rest, `TERM="`) || strings.HasPrefix(rest, "<not executed"))
}

// timingEntry is a line of a timing file.
type timingEntry struct {
	kind  byte // 'O', 'I', 'S', 'H'; 0 for an unknown kind
	delay time.Duration
	n     int64  // bytes, for 'O' and 'I'
	rest  []byte // for 'S' and 'H'; valid until the next line
}

// parseTiming parses a line of a timing file, without its line break: "DELAY
// BYTES", or "LETTER DELAY REST".
func parseTiming(line []byte) (e timingEntry, ok bool) {
	if len(line) < 3 {
		return e, false
	}
	e.kind = 'O'
	if line[0]-'0' > 9 {
		if line[0] < 'A' || line[0] > 'Z' || line[1] != ' ' {
			return e, false
		}
		e.kind = line[0]
		line = line[2:]
	}
	i, ok := 0, false
	if e.delay, i, ok = parseDelay(line, 0); !ok || i+1 >= len(line) || line[i] != ' ' {
		return e, false
	}
	i++
	switch e.kind {
	case 'O', 'I':
		digits := i
		for i < len(line) && line[i]-'0' <= 9 {
			if i-digits > 15 {
				return e, false
			}
			e.n = e.n*10 + int64(line[i]-'0')
			i++
		}
		return e, i == len(line) && i > digits
	case 'S', 'H':
		e.rest = line[i:]
	default:
		e.kind = 0
	}
	return e, true
}

// parseDelay parses the delay at line[i], seconds and a fraction, and returns
// the index after it. script writes six digits since 2.35, sudo nine; older
// ones wrote the locale's decimal comma.
func parseDelay(line []byte, i int) (delay time.Duration, end int, ok bool) {
	start := i
	var whole, frac uint64
	for i < len(line) && line[i]-'0' <= 9 {
		whole = whole*10 + uint64(line[i]-'0')
		if i++; i-start > 10 {
			return 0, i, false
		}
	}
	if i == start {
		return 0, i, false
	}
	if i < len(line) && (line[i] == '.' || line[i] == ',') {
		i++
		digits := i
		for i < len(line) && line[i]-'0' <= 9 {
			if i-digits < 9 {
				frac = frac*10 + uint64(line[i]-'0')
			}
			i++
		}
		frac *= nanos[min(i-digits, 9)]
	}
	delay = time.Duration(whole*1e9 + frac)
	return delay, i, delay >= 0 && delay <= maxTime
}

// headerValue cuts the rest of an 'H' line into name and value.
func headerValue(rest []byte) (name, value string) {
	n, v, _ := strings.Cut(string(rest), " ")
	return n, v
}

// typescriptLine parses the first line of a typescript into h.
func typescriptLine(line string, h *Header) {
	line = strings.TrimSuffix(line, "\r")
	head, rest, ok := strings.Cut(line, " [")
	if len(head) > 25 {
		if t, ok := scriptTime(head[len(head)-25:]); ok {
			h.Start = t
		}
	}
	if h.Start.IsZero() {
		if date, ok := strings.CutPrefix(head, "Script started on "); ok {
			// ctime(3), in an unknown zone.
			if t, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", strings.TrimSpace(date), time.Local); err == nil {
				h.Start = t
			}
		}
	}
	if !ok {
		return
	}
	// The command's quotes are not escaped: its end is found by what
	// follows.
	if s, ok := strings.CutPrefix(rest, `COMMAND="`); ok {
		for _, end := range []string{`" TERM="`, `" <not executed on terminal>]`, `"]`} {
			if i := strings.LastIndex(s, end); i >= 0 {
				h.Command, rest = s[:i], s[i+2:]
				break
			}
		}
	}
	h.Term.Type = attribute(rest, "TERM")
	cols, ok1 := parseSide(attribute(rest, "COLUMNS"))
	rows, ok2 := parseSide(attribute(rest, "LINES"))
	if ok1 && ok2 {
		h.Size = Size{cols, rows}
	}
}

// attribute returns the value of NAME="VALUE" in s.
func attribute(s, name string) string {
	_, value, ok := strings.Cut(s, name+`="`)
	if !ok {
		return ""
	}
	value, _, _ = strings.Cut(value, `"`)
	return value
}

// scriptTime parses a time that script wrote. 1970 stands for unknown.
func scriptTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Unix() > 0
		}
	}
	return time.Time{}, false
}

// readScript reads the recording that in is a file of.
func readScript(in *input) (Cast, error) {
	prefix, _ := in.r.Peek(min(4096, max(in.r.Buffered(), 1)))
	if in.path == "" {
		if in.as == nil && isTiming(prefix) {
			return Cast{}, in.syntaxError(0, errors.New("this is a timing file without its typescript: give the file's name, not a pipe"))
		}
		return readTypescript(in)
	}
	s := &scriptFiles{in: in}
	if isTiming(prefix) && in.timing == "" {
		if err := s.byTiming(in.path); err != nil {
			return Cast{}, err
		}
	} else if !s.byData(in.path, in.timing) {
		if in.err != nil {
			return Cast{}, in.err
		}
		in.note("typescript without timing", "no matching timing file next to it")
		return readTypescript(in)
	}
	return s.open()
}

func readScriptDir(in *input, dir string) (Cast, error) {
	s := &scriptFiles{in: in}
	timing := timingIn(dir, namesIn(dir))
	if timing == "" {
		return Cast{}, in.syntaxError(0, errors.New("the directory has no timing file"))
	}
	if err := s.byTiming(timing); err != nil {
		return Cast{}, err
	}
	return s.open()
}

// isScriptDir reports whether the directory dir is one recording: one timing
// file with its logs.
func isScriptDir(dir string, names []string) bool {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); len(names) > 8 || err == nil && info.IsDir() {
			return false // these are recordings in a directory
		}
	}
	return timingIn(dir, names) != ""
}

// timingIn returns the path of the only timing file in a directory; "" if there
// is none, or more than one.
func timingIn(dir string, names []string) string {
	found := ""
	for _, name := range names {
		if path := filepath.Join(dir, name); isTiming(headOf(path)) {
			if found != "" {
				return ""
			}
			found = path
		}
	}
	return found
}

// headOf returns the first bytes of a file; none if it is not a regular file.
func headOf(path string) []byte {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	r, _, err := unwrap(f, func(error) {})
	if err != nil {
		return nil
	}
	head, _ := r.Peek(4096)
	return bytes.Clone(head)
}

// typescriptDecoder reads a typescript without timing.
type typescriptDecoder struct {
	rawDecoder
	held   []byte // perhaps the trailer, if the input ends here
	status string // exit status, the last event
	ended  bool
}

// maxTrailer is the longest end of a typescript, after its output.
const maxTrailer = 4 << 10

// readTypescript reads a typescript without timing.
func readTypescript(in *input) (Cast, error) {
	h := Header{}
	line, err := peekLine(in.r)
	if err == nil && isTypescriptLine(line) {
		typescriptLine(line, &h)
		in.r.Discard(len(line) + 1)
		// BSD's script writes the command on a line of its own.
		if !strings.Contains(line, " [") {
			if line, err := peekLine(in.r); err == nil && strings.HasPrefix(line, "Command: ") {
				h.Command = strings.TrimPrefix(line, "Command: ")
				in.r.Discard(len(line) + 1)
			}
		}
	}
	d := &typescriptDecoder{rawDecoder: rawDecoder{in: in, rate: in.rate}}
	return in.cast(h, d), nil
}

// peekLine returns the first line without its line break, and leaves it unread.
func peekLine(r interface {
	Peek(int) ([]byte, error)
	Buffered() int
}) (string, error) {
	for want := 1; ; {
		_, err := r.Peek(want)
		b, _ := r.Peek(min(r.Buffered(), maxTypescriptLine))
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return string(b[:i]), nil
		}
		if err != nil || len(b) >= maxTypescriptLine {
			return "", io.ErrUnexpectedEOF
		}
		want = len(b) + 1
	}
}

func (d *typescriptDecoder) next() (Event, bool) {
	for {
		ev, ok := d.rawDecoder.next()
		if !ok {
			break
		}
		// The end of the bytes read so far stays back.
		all := append(d.held, ev.Data...)
		if len(all) <= maxTrailer {
			d.held = all
			continue
		}
		give := len(all) - maxTrailer
		ev.Data = d.slab.copy(all[:give])
		d.held = append(all[:0], all[give:]...)
		return ev, true
	}
	if !d.ended {
		d.ended = true
		output, status := cutTrailer(d.held)
		d.status = status
		if len(output) > 0 {
			return Event{Time: d.now, Code: Output, Data: string(output)}, true
		}
	}
	if d.status != "" {
		ev := Event{Time: d.now, Code: Exit, Data: d.status}
		d.status = ""
		return ev, true
	}
	return Event{}, false
}

// cutTrailer removes the trailer from the end of a typescript without timing,
// if it is certain to be one, and returns the exit status in it.
func cutTrailer(b []byte) (output []byte, status string) {
	text, ok := bytes.CutSuffix(b, []byte{'\n'})
	if !ok {
		return b, ""
	}
	i := bytes.LastIndexByte(text, '\n')
	if i < 0 {
		return b, ""
	}
	line := string(text[i+1:])
	status, known := trailerStatus(line)
	if !known && !strings.HasPrefix(line, "Script done on ") && line != "[END TYPESCRIPT]" {
		return b, ""
	}
	output = text[:i]
	// BSD: an empty line, and "Command exit status: 3".
	if j := bytes.LastIndexByte(output, '\n'); j >= 0 {
		if s, ok := strings.CutPrefix(string(output[j+1:]), "Command exit status: "); ok && isStatus(s) {
			status = s
			output = bytes.TrimSuffix(output[:j], []byte{'\n'})
		}
	}
	return output, status
}

// trailerStatus parses the end of a trailer's line, which is the same in every
// language: the exit status, or the reason why script stopped.
func trailerStatus(line string) (status string, known bool) {
	i := strings.LastIndex(line, " [")
	if i < 0 || !strings.HasSuffix(line, "]") {
		return "", false
	}
	inside := line[i+2 : len(line)-1]
	if strings.HasPrefix(inside, "<") {
		return "", true
	}
	if status = attribute(inside, "COMMAND_EXIT_CODE"); !isStatus(status) {
		return "", false
	}
	return status, true
}

func isStatus(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= -255 && n <= 255
}

// scriptDecoder reads the timing, and the logs as it demands.
type scriptDecoder struct {
	in      *input // for warnings without a line
	timing  *lines
	out, ip *logReader // the same for a log of both; nil: skipped
	hasExit bool       // the timing has the exit status
	shift   bool
	held    []Event // with shift: the chunk whose delay comes next
	now     time.Duration
	slab    slab
	queue   []Event
	// chunk is the unread part of an entry too long for one event.
	chunk struct {
		log  *logReader
		code Code
		n    int64
	}
	ended bool // the timing has ended
	rest  bool // output is left after the end of the timing
}

// maxChunk is the most bytes that one event holds.
const maxChunk = 1 << 20

// logReader reads a log after its first line.
type logReader struct {
	r     *bufio.Reader
	first string // the first line
	short bool   // it ended before the timing; a warning said so
}

func (d *scriptDecoder) next() (Event, bool) {
	for {
		if len(d.queue) > 0 {
			ev := d.queue[0]
			if d.queue = d.queue[1:]; len(d.queue) == 0 {
				d.queue = nil
			}
			return ev, true
		}
		if c := &d.chunk; c.n > 0 {
			data := d.take(c.log, min(c.n, maxChunk))
			c.n -= int64(len(data))
			if data == "" {
				c.n = 0
				continue
			}
			return Event{Time: d.now, Code: c.code, Data: data}, true
		}
		if d.rest {
			data, err := d.slab.read(d.out.r, slabSize)
			d.rest = err == nil
			if data == "" {
				continue
			}
			return Event{Time: d.now, Code: Output, Data: data}, true
		}
		if d.ended || d.in.err != nil {
			return Event{}, false
		}
		line, ok := d.timing.next()
		if !ok {
			if d.in.err == nil {
				d.in.err = d.timing.in.err
			}
			if d.in.err != nil {
				return Event{}, false
			}
			d.ended = true
			d.end()
			continue
		}
		e, ok := parseTiming(line)
		if !ok || d.timing.torn && (e.kind == 'O' || e.kind == 'I') {
			// A number without a line break may have lost its last
			// digits.
			what := "skipped"
			if d.timing.torn {
				d.timing.cut = true
				what = "cut off; skipped"
			}
			if !d.timing.in.warn(d.timing.no, "not a timing entry", quote(string(line))+": "+what) {
				d.in.err = d.timing.in.err
				return Event{}, false
			}
			continue
		}
		if d.now += e.delay; d.now > maxTime {
			d.now = maxTime
		}
		for _, held := range d.held {
			held.Time = d.now
			d.queue = append(d.queue, held)
		}
		d.held = d.held[:0]
		ev, ok := d.event(e)
		switch {
		case !ok:
		case d.shift:
			d.held = append(d.held, ev)
		case len(d.queue) > 0:
			d.queue = append(d.queue, ev)
		default:
			return ev, true
		}
		if d.in.err != nil {
			return Event{}, false
		}
	}
}

// event returns the event that an entry of the timing stands for, if it is one.
func (d *scriptDecoder) event(e timingEntry) (Event, bool) {
	switch e.kind {
	case 'O', 'I':
		log, code := d.out, Output
		if e.kind == 'I' {
			log, code = d.ip, Input
		}
		if log == nil || e.n == 0 {
			return Event{}, false
		}
		if e.n > maxChunk && !d.shift {
			d.chunk.log, d.chunk.code, d.chunk.n = log, code, e.n
			return Event{}, false
		}
		data := d.take(log, min(e.n, maxFrame))
		return Event{Time: d.now, Code: code, Data: data}, data != ""
	case 'S':
		name, args := headerValue(e.rest)
		if name != "SIGWINCH" {
			return Event{}, false
		}
		rows, ok1 := parseSide(equals(args, "ROWS"))
		cols, ok2 := parseSide(equals(args, "COLS"))
		if !ok1 || !ok2 {
			d.warn("malformed size", quote(args))
			return Event{}, false
		}
		return Event{Time: d.now, Code: Resize, Data: Size{cols, rows}.String()}, true
	case 'H':
		switch name, value := headerValue(e.rest); name {
		case "EXIT_CODE":
			if isStatus(value) {
				return Event{Time: d.now, Code: Exit, Data: value}, true
			}
			d.warn("malformed exit status", quote(value))
		case "MARKER":
			return Event{Time: d.now, Code: Marker, Data: value}, true
		}
	case 0:
		d.warn("not a timing entry", "unknown kind; skipped")
	}
	return Event{}, false
}

func (d *scriptDecoder) warn(kind, detail string) {
	if !d.timing.in.warn(d.timing.no, kind, detail) {
		d.in.err = d.timing.in.err
	}
}

// equals returns the value of NAME=VALUE among the words of s.
func equals(s, name string) string {
	for word := range strings.FieldsSeq(s) {
		if value, ok := strings.CutPrefix(word, name+"="); ok {
			return value
		}
	}
	return ""
}

// end reads the bytes after the last one that the timing covers: the trailer,
// or output that was written when the recorder was killed.
func (d *scriptDecoder) end() {
	d.queue = append(d.queue, d.held...)
	d.held = nil
	if d.out == nil || d.out.short {
		return
	}
	rest, _ := d.out.r.Peek(maxTrailer)
	if len(rest) == 0 {
		return
	}
	line, later, ok := afterOutput(rest, d.out.first)
	if !ok {
		d.rest = d.in.warn(0, "output after the end of the timing", "its time is that of the last entry")
		return
	}
	if status, known := trailerStatus(line); known && status != "" && !d.hasExit {
		d.queue = append(d.queue, Event{Time: d.now, Code: Exit, Data: status})
	}
	if later {
		d.in.note("another session in the typescript", "after the one that the timing covers; skipped")
	}
}

// take reads the next n bytes of a log.
func (d *scriptDecoder) take(log *logReader, n int64) string {
	data, err := d.slab.read(log.r, int(n))
	if err != nil && !log.short && d.in.err == nil {
		log.short = true
		d.warn("cut off", "the typescript ends before its timing")
	}
	return data
}

// afterOutput reports whether rest, the bytes after the output of a typescript,
// is what script writes there: a line break and a line, and then either nothing
// or the first line of a later session.
func afterOutput(rest []byte, first string) (line string, later, ok bool) {
	text, ok := strings.CutPrefix(string(rest), "\n")
	if !ok {
		return "", false, false
	}
	line, text, ok = strings.Cut(text, "\n")
	if !ok || text == "" {
		return line, false, ok
	}
	next, _, ok := strings.Cut(text, "\n")
	return line, true, ok && isFirstLine(next, first)
}

// isFirstLine reports whether line begins a session in a typescript whose first
// line is first, in any language.
func isFirstLine(line, first string) bool {
	const same = 8
	return len(line) > same && len(first) > same && line[:same] == first[:same] && isTypescriptLine(line)
}
