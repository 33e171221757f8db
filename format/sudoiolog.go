package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SudoIOLog is sudo's I/O log (sudoers(5), "I/O LOG FILES"): a directory with
// the file timing, one file for each stream, compressed or not, and log and
// log.json, which describe the command. Open it by the directory's path or that
// of its timing file.
//
// Output to a pipe is read with a CR before each LF, as a terminal driver adds
// it. The time during which the command was suspended is cut; see
// [KeepSuspend]. Only TERM is read from the environment, which is full of
// secrets.
var SudoIOLog = &Format{
	Name:       "sudo",
	Also:       []string{"sudo-iolog", "iolog"},
	Ext:        []string{".sudo", ".iolog"},
	Desc:       "sudo's I/O log directory",
	Loses:      "markers, exit status, title, environment",
	detect:     isSudoFile,
	read:       func(in *input) (Cast, error) { return readSudo(in, filepath.Dir(in.path)) },
	detectDir:  isSudoDir,
	readDir:    readSudo,
	writeFiles: func(files Files) Writer { return &sudoWriter{files: files} },
	layout:     Directory,
}

// The kinds of entries in a sudo timing file (sudo's iolog.h). The first five
// are streams, each in a file of that name.
const (
	sudoStdin = iota
	sudoStdout
	sudoStderr
	sudoTTYIn
	sudoTTYOut
	sudoWinsize
	_ // output in sudo 1.8.7, which had all other kinds two lower
	sudoSuspend
)

var sudoStreams = [...]string{"stdin", "stdout", "stderr", "ttyin", "ttyout"}

// sudoNames are the names of all files in an I/O log.
var sudoNames = append([]string{"log", "log.json", "timing"}, sudoStreams[:]...)

// sudoEntry is a line of a timing file.
type sudoEntry struct {
	kind  int
	delay time.Duration
	rest  []byte
}

func parseSudoTiming(line []byte) (e sudoEntry, ok bool) {
	if len(line) < 5 || line[0]-'0' > 7 || line[1] != ' ' {
		return e, false
	}
	e.kind = int(line[0] - '0')
	i := 0
	if e.delay, i, ok = parseDelay(line, 2); !ok || i+1 >= len(line) || line[i] != ' ' {
		return e, false
	}
	e.rest = line[i+1:]
	return e, true
}

// isSudoFile reports whether prefix begins the timing file of an I/O log.
func isSudoFile(prefix []byte) bool {
	count := 0
	for line := range bytes.Lines(prefix[:min(len(prefix), 4096)]) {
		text, whole := bytes.CutSuffix(line, []byte{'\n'})
		if !whole {
			break
		}
		// "4 5 6" could be anything.
		if _, ok := parseSudoTiming(text); !ok || !bytes.ContainsAny(text, ".,") {
			return false
		}
		count++
	}
	return count > 0
}

func isSudoDir(dir string, names []string) bool {
	if !slices.Contains(names, "timing") || !slices.Contains(names, "log") && !slices.Contains(names, "log.json") {
		return false
	}
	return slices.ContainsFunc(sudoStreams[:], func(name string) bool { return slices.Contains(names, name) })
}

// sudoDecoder reads the timing, and the streams as it demands.
type sudoDecoder struct {
	in      *input
	timing  *lines
	dir     string
	streams [len(sudoStreams)]*logReader
	missing [len(sudoStreams)]bool // a warning said so
	cr      [len(sudoStreams)]bool // the last byte was CR
	now     time.Duration
	slab    slab
	kind    int   // of the entry whose unread bytes left counts
	left    int64 // unread bytes of an entry too long for one event
}

func readSudo(in *input, dir string) (Cast, error) {
	if in.path == "" {
		return Cast{}, in.syntaxError(0, errors.New("this is the timing file of an I/O log: give the directory's name, not a pipe"))
	}
	in.parts = []string{dir}
	h := Header{}
	if !in.sudoJSON(filepath.Join(dir, "log.json"), &h) && !in.sudoLog(filepath.Join(dir, "log"), &h) {
		in.warn(0, "no log", "there is no valid log.json or log; the command is unknown")
	}
	path := filepath.Join(dir, "timing")
	r, err := in.beside(path)
	if err != nil {
		return Cast{}, err
	}
	timing := &input{options: in.options, format: in.format, r: r}
	timing.name = path
	d := &sudoDecoder{in: in, timing: newLines(timing), dir: dir}
	if in.err != nil {
		return Cast{}, in.err
	}
	return in.cast(h, d), nil
}

func (d *sudoDecoder) next() (Event, bool) {
	for d.in.err == nil {
		if d.left > 0 {
			n := min(d.left, maxChunk)
			d.left -= n
			if ev, ok := d.data(d.kind, n); ok {
				return ev, true
			}
			d.left = 0
			continue
		}
		line, ok := d.timing.next()
		if !ok {
			if d.in.err = d.timing.in.err; d.in.err != nil || !d.leftOver() {
				break
			}
			continue
		}
		e, ok := parseSudoTiming(line)
		if !ok || d.timing.torn {
			d.timing.cut = d.timing.torn
			d.warn("not a timing entry", quote(string(line))+"; skipped")
			continue
		}
		cont := e.kind == sudoSuspend && string(e.rest) == "CONT"
		if cont && !d.in.keepSuspend {
			d.in.note("suspended time cut", e.delay.String())
		} else if d.now += e.delay; d.now > maxTime {
			d.now = maxTime
		}
		switch {
		case e.kind <= sudoTTYOut:
			n, err := strconv.ParseInt(string(e.rest), 10, 64)
			if err != nil || n < 0 {
				d.warn("not a timing entry", quote(string(line))+"; skipped")
				continue
			}
			d.kind, d.left = e.kind, n
		case e.kind == sudoWinsize:
			lines, cols, _ := strings.Cut(string(e.rest), " ")
			cols, _, _ = strings.Cut(cols, " ")
			r, ok1 := parseSide(lines)
			c, ok2 := parseSide(cols)
			if !ok1 || !ok2 {
				d.warn("malformed size", quote(string(e.rest)))
				continue
			}
			return Event{Time: d.now, Code: Resize, Data: Size{c, r}.String()}, true
		case e.kind == sudoSuspend:
		default:
			d.warn("not a timing entry", quote(string(line))+" is of sudo 1.8.7 alone; skipped")
		}
	}
	return Event{}, false
}

// leftOver returns the output after the end of the timing, which sudo leaves
// when it is killed. Its time is that of the last entry.
func (d *sudoDecoder) leftOver() bool {
	log := d.streams[sudoTTYOut]
	if log == nil || log.short {
		return false
	}
	if rest, _ := log.r.Peek(1); len(rest) == 0 {
		return false
	}
	log.short = true // a stream without timing cannot end before it
	d.kind, d.left = sudoTTYOut, maxTimeless
	return d.in.warn(0, "output after the end of the timing", "its time is that of the last entry")
}

// maxTimeless is more than any stream holds.
const maxTimeless = 1 << 50

func (d *sudoDecoder) warn(kind, detail string) {
	if !d.timing.in.warn(d.timing.no, kind, detail) {
		d.in.err = d.timing.in.err
	}
}

// data reads n bytes of a stream.
func (d *sudoDecoder) data(kind int, n int64) (Event, bool) {
	log := d.streams[kind]
	if log == nil {
		if d.missing[kind] {
			return Event{}, false
		}
		r, err := d.in.beside(filepath.Join(d.dir, sudoStreams[kind]))
		if err != nil {
			d.missing[kind] = true
			d.warn("stream is missing", sudoStreams[kind]+": its data is skipped")
			return Event{}, false
		}
		log = &logReader{r: r}
		d.streams[kind] = log
	}
	data, err := d.slab.read(log.r, int(n))
	if err != nil && !log.short && d.in.err == nil {
		log.short = true
		d.warn("cut off", sudoStreams[kind]+" ends before its timing")
	}
	if data == "" {
		return Event{}, false
	}
	code := Output
	switch kind {
	case sudoStdin, sudoTTYIn:
		code = Input
	case sudoStdout, sudoStderr:
		data, d.cr[kind] = crlf(data, d.cr[kind])
	}
	return Event{Time: d.now, Code: code, Data: data}, true
}

// crlf puts a CR before each LF that has none, as a terminal driver does (ONLCR
// of termios(3)). cr reports whether the previous byte was CR, and the result
// whether the last one is.
func crlf(s string, cr bool) (string, bool) {
	n := strings.Count(s, "\n")
	if n == 0 {
		return s, strings.HasSuffix(s, "\r")
	}
	b := make([]byte, 0, len(s)+n)
	for i := range len(s) {
		if s[i] == '\n' && !cr {
			b = append(b, '\r')
		}
		cr = s[i] == '\r'
		b = append(b, s[i])
	}
	return stringOf(b), cr
}

// smallFile reads a file that must be small.
func smallFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxHeader))
}

// sudoInfo is the content of log.json.
type sudoInfo struct {
	Timestamp struct {
		Seconds     int64 `json:"seconds"`
		Nanoseconds int64 `json:"nanoseconds"`
	} `json:"timestamp"`
	SubmitUser string   `json:"submituser"`
	Command    string   `json:"command"`
	RunUser    string   `json:"runuser"`
	TTYName    string   `json:"ttyname,omitempty"`
	SubmitHost string   `json:"submithost"`
	SubmitCWD  string   `json:"submitcwd"`
	Columns    int      `json:"columns"`
	Lines      int      `json:"lines"`
	RunArgv    []string `json:"runargv"`
	RunEnv     []string `json:"runenv,omitempty"`
}

// sudoJSON reads log.json, which sudo writes since 1.9.
func (in *input) sudoJSON(path string, h *Header) bool {
	text, err := smallFile(path)
	if err != nil || len(text) == 0 {
		return false
	}
	var info sudoInfo
	if err := json.Unmarshal(text, &info); err != nil {
		in.warn(0, "malformed log.json", err.Error()+"; reading log instead")
		return false
	}
	if s, ns := info.Timestamp.Seconds, info.Timestamp.Nanoseconds; ns >= 0 && ns < 1e9 {
		h.Start = startTime(s, ns)
	}
	h.Size = sizeOf(info.Columns, info.Lines)
	if h.Command = strings.Join(info.RunArgv, " "); h.Command == "" {
		h.Command = info.Command
	}
	for _, v := range info.RunEnv {
		if term, ok := strings.CutPrefix(v, "TERM="); ok {
			h.Term.Type = term
		}
	}
	return true
}

// sizeOf returns a size from two numbers; the zero Size if they are out of
// range.
func sizeOf(cols, rows int) Size {
	if cols < 1 || cols > MaxSide || rows < 1 || rows > MaxSide {
		return Size{}
	}
	return Size{cols, rows}
}

// sudoLog reads log. Its lines are
// "TIME:SUBMITUSER:RUNUSER:RUNGROUP:TTY:LINES:COLUMNS", the directory and the
// command.
func (in *input) sudoLog(path string, h *Header) bool {
	text, err := smallFile(path)
	if err != nil || len(text) == 0 {
		return false
	}
	rows := strings.SplitN(string(text), "\n", 4)
	fields := strings.Split(rows[0], ":")
	if sec, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
		h.Start = startTime(sec, 0)
	} else {
		in.warn(0, "malformed log", quote(rows[0]))
		return false
	}
	// Before 1.8 the line had no size.
	if n := len(fields); n >= 7 {
		lines, _ := strconv.Atoi(fields[n-2])
		cols, _ := strconv.Atoi(fields[n-1])
		h.Size = sizeOf(cols, lines)
	}
	if len(rows) > 2 {
		h.Command = rows[2]
	}
	return true
}

// sudoWriter writes an I/O log, uncompressed.
type sudoWriter struct {
	files   Files
	timing  part
	streams [len(sudoStreams)]part
	lost    losses
	last    time.Duration
	written time.Duration
}

// maxSudoRecord is the longest record: sudoreplay loses its place after one of
// more than 64 KiB.
const maxSudoRecord = 64 << 10

func (w *sudoWriter) WriteHeader(h Header) error {
	w.lost.header(h, holdsStart|holdsCommand|holdsTermType)
	// sudoreplay -l skips a session without a command, and a line break in
	// the command breaks the file.
	command := oneLine(h.Command)
	if strings.TrimSpace(command) == "" {
		command = "shell"
	}
	user := oneLine(h.Env["USER"])
	if user == "" || strings.Contains(user, ":") {
		user = "unknown"
	}
	cwd := oneLine(h.Env["PWD"])
	if !strings.HasPrefix(cwd, "/") {
		cwd = "/"
	}
	info := sudoInfo{SubmitUser: user, Command: command, RunUser: user, SubmitHost: "localhost", SubmitCWD: cwd,
		TTYName: "/dev/tty", Columns: h.Size.Cols, Lines: h.Size.Rows, RunArgv: strings.Fields(command)}
	if !h.Start.IsZero() && h.Start.Unix() > 0 {
		info.Timestamp.Seconds, info.Timestamp.Nanoseconds = h.Start.Unix(), int64(h.Start.Nanosecond())
	}
	if h.Term.Type != "" {
		info.RunEnv = []string{"TERM=" + h.Term.Type}
	}
	info.Command, _, _ = strings.Cut(command, " ")
	text, err := json.MarshalIndent(info, "", "    ")
	if err != nil {
		return err
	}
	legacy := fmt.Sprintf("%d:%s:%s::%s:%d:%d\n%s\n%s\n", info.Timestamp.Seconds, user, user, info.TTYName, info.Lines, info.Columns, cwd, command)
	if err := errors.Join(w.whole("log", legacy), w.whole("log.json", string(text)+"\n")); err != nil {
		w.timing.err = err
		return err
	}
	for i, name := range sudoStreams {
		if err := w.streams[i].create(w.files, name, 0o600); err != nil {
			w.timing.err = err
			return err
		}
	}
	// A timing file without write bits marks a complete session.
	return w.timing.create(w.files, "timing", 0o400)
}

func (w *sudoWriter) whole(name, text string) error {
	file, err := w.files.Create(name, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	return errors.Join(err, file.Close())
}

func (w *sudoWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch ev.Code {
	case Output:
		return w.data(sudoTTYOut, ev.Data)
	case Input:
		return w.data(sudoTTYIn, ev.Data)
	case Resize:
		if size, err := ev.Size(); err == nil {
			w.entry(sudoWinsize, strconv.Itoa(size.Rows)+" "+strconv.Itoa(size.Cols))
			return w.timing.written()
		}
	}
	w.lost.event(ev)
	return w.timing.err
}

func (w *sudoWriter) data(kind int, data string) error {
	p := &w.streams[kind]
	for data != "" {
		record := data[:min(len(data), maxSudoRecord)]
		data = data[len(record):]
		p.room(len(record))
		p.buf = append(p.buf, record...)
		w.entry(kind, strconv.Itoa(len(record)))
		if err := errors.Join(p.written(), w.timing.written()); err != nil {
			return err
		}
	}
	return w.timing.err
}

func (w *sudoWriter) entry(kind int, rest string) {
	w.timing.room(len(rest) + 48)
	b := append(w.timing.buf, byte('0'+kind), ' ')
	b = appendDecimal(b, int64(w.last-w.written), 9)
	w.written = w.last
	b = append(b, ' ')
	b = append(b, rest...)
	w.timing.buf = append(b, '\n')
}

func (w *sudoWriter) Flush() error {
	var errs []error
	for i := range w.streams {
		errs = append(errs, w.streams[i].flush())
	}
	return errors.Join(append(errs, w.timing.flush())...)
}

func (w *sudoWriter) Close() error {
	var errs []error
	for i := range w.streams {
		errs = append(errs, w.streams[i].close())
	}
	return errors.Join(append(errs, w.timing.close())...)
}

func (w *sudoWriter) Losses() []Loss { return w.lost.list() }
