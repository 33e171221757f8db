package format

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// VHS is a tape of VHS (https://github.com/charmbracelet/vhs): a script that
// types the input of a recording again, at the same pace. It can only be
// written. Input without an echo, such as a password, is left out.
var VHS = &Format{
	Name:  "vhs",
	Also:  []string{"tape"},
	Ext:   []string{".tape"},
	Desc:  "a VHS tape, which retypes the input",
	Loses: "output, resizes, exit status, typed secrets",
	write: func(w io.Writer) Writer { return &vhsWriter{out: output{w: w}} },
	text:  true,
}

// vhsWriter writes a tape. It holds the input of a line back until it is known
// whether the line was echoed.
type vhsWriter struct {
	out  output
	lost losses
	last time.Duration

	// done is the time up to which the tape has been written.
	done time.Duration
	line []vhsKey // keys since the last Enter, or a long run without one
	// entered reports that line ends in Enter, and that the next output
	// shows whether it was echoed.
	entered bool
	echo    []byte // output since the beginning of line, without control sequences
	prompt  []byte // the end of the output before that
	screen  bool   // a full-screen program draws; it needs no echo
	rest    string // the beginning of a key's sequence, or of a character
	strip   sequenceStripper
}

// vhsKey is a key that was pressed.
type vhsKey struct {
	at   time.Duration
	text string // a character; empty for a key with a name
	name string // in the tape's form
}

const (
	vhsFontSize = 22
	// vhsMaxLine is the most keys that are held back.
	vhsMaxLine = 4096
)

func (w *vhsWriter) WriteHeader(h Header) error {
	w.lost.header(h, holdsStart|holdsCommand|holdsTermType)
	var b strings.Builder
	b.WriteString("# The input of a recording")
	if !h.Start.IsZero() {
		b.WriteString(" of " + h.Start.UTC().Format(time.DateTime) + " UTC")
	}
	b.WriteString("\n")
	if h.Command != "" {
		b.WriteString("# command: " + oneLine(h.Command) + "\n")
	}
	b.WriteString("\nOutput recording.gif\n")
	if h.Size != (Size{}) {
		// VHS counts in pixels: its cells are 0.6 by 1.2 of the font's
		// size, with a border of 60 on each side.
		fmt.Fprintf(&b, "Set FontSize %d\nSet Width %d\nSet Height %d\n", vhsFontSize,
			h.Size.Cols*vhsFontSize*6/10+120, h.Size.Rows*vhsFontSize*12/10+120)
	}
	b.WriteString("\n")
	w.write(b.String())
	return w.out.written()
}

func (w *vhsWriter) write(s string) {
	w.out.room(len(s))
	w.out.buf = append(w.out.buf, s...)
}

func (w *vhsWriter) WriteEvent(ev Event) error {
	w.last = max(w.last, ev.Time)
	switch ev.Code {
	case Input:
		w.input(ev.Data)
	case Output:
		w.output(ev.Data)
		w.lost.event(ev)
	case Marker:
		w.flushLine()
		w.write("# " + oneLine(ev.Data) + "\n")
	default:
		w.lost.event(ev)
	}
	return w.out.written()
}

// output watches for the echo of the input.
func (w *vhsWriter) output(data string) {
	if strings.Contains(data, "\x1b[?1049h") || strings.Contains(data, "\x1b[?47h") {
		w.screen = true
	}
	if strings.Contains(data, "\x1b[?1049l") || strings.Contains(data, "\x1b[?47l") {
		w.screen = false
	}
	text := w.strip.text(data)
	if len(w.line) > 0 {
		if len(w.echo) < 1<<16 {
			w.echo = append(w.echo, text...)
		}
	} else {
		w.prompt = append(w.prompt, text...)
		if len(w.prompt) > 256 {
			w.prompt = append(w.prompt[:0], w.prompt[len(w.prompt)-256:]...)
		}
	}
	if w.entered && len(strings.TrimSpace(string(w.echo))) > 0 {
		w.flushLine()
		w.prompt = append(w.prompt[:0], text...)
	}
}

// input splits the input into keys.
func (w *vhsWriter) input(data string) {
	data, w.rest = w.rest+data, ""
	for data != "" {
		if w.entered || len(w.line) >= vhsMaxLine {
			w.flushLine()
		}
		key, n, whole := nextKey(data)
		if !whole {
			w.rest = data
			return
		}
		if key.name == "" && key.text == "" {
			if n > 0 && !isReply(data[:n]) {
				w.lost.add("keys without a name in VHS", 1)
			}
		} else {
			key.at = w.last
			w.line = append(w.line, key)
			w.entered = key.name == "Enter"
		}
		data = data[n:]
	}
}

// passwordPrompt matches the end of the output before a secret is typed.
var passwordPrompt = regexp.MustCompile(`(?i)(pass(word|phrase|code)|passwort|kennwort|mot de passe|contrase|secret|token|\bpin\b|\botp\b)[^\n]{0,80}[:?>]\s*$`)

// secret reports whether the line is a secret: typed at a prompt for one, or
// not echoed although lines are.
func (w *vhsWriter) secret() bool {
	if w.screen {
		return false
	}
	var typed strings.Builder
	for _, k := range w.line {
		typed.WriteString(k.text)
	}
	text := strings.TrimSpace(typed.String())
	if text == "" {
		return false
	}
	if passwordPrompt.Match(w.prompt) {
		return true
	}
	return w.entered && utf8.RuneCountInString(text) > 1 && !echoed(string(w.echo), text)
}

// echoed reports whether the characters of text are in echo, in their order;
// line editing may have put others between them.
func echoed(echo, text string) bool {
	found, total := 0, 0
	for _, r := range text {
		if unicode.IsSpace(r) {
			continue
		}
		total++
		if i := strings.IndexRune(echo, r); i >= 0 {
			echo = echo[i+utf8.RuneLen(r):]
			found++
		}
	}
	return found*2 > total
}

// flushLine writes the line that was held back.
func (w *vhsWriter) flushLine() {
	if len(w.line) == 0 {
		return
	}
	keys := w.line
	if w.secret() {
		n := 0
		for n < len(keys) && keys[n].name != "Enter" {
			n++
		}
		w.wait(keys[0].at)
		w.write("# a secret was typed here; to type it, add\n# Type \"...\"\n")
		w.lost.add("secrets", 1)
		keys = keys[n:]
	}
	w.keys(keys)
	w.line, w.entered = w.line[:0], false
	w.prompt = append(w.prompt[:0], w.echo...)
	w.echo = w.echo[:0]
}

// wait writes the pause up to t.
func (w *vhsWriter) wait(t time.Duration) {
	if ms := (t - w.done) / time.Millisecond; ms > 0 {
		w.write("Sleep " + vhsTime(ms) + "\n")
		w.done += ms * time.Millisecond
	}
}

// vhsTime returns milliseconds in the tape's form.
func vhsTime(ms time.Duration) string {
	if ms%1000 == 0 {
		return strconv.Itoa(int(ms/1000)) + "s"
	}
	return strconv.Itoa(int(ms)) + "ms"
}

// keys writes keys at the pace at which they were pressed. VHS waits after each
// key for the time in its command; keys at about the same pace share a command.
func (w *vhsWriter) keys(keys []vhsKey) {
	const most = 64
	for len(keys) > 0 {
		w.wait(keys[0].at)
		n := 1
		for n < min(len(keys), most) && keys[n].name == keys[0].name && steady(keys[:n+1]) {
			n++
		}
		if n > 1 && n < len(keys) && keys[n].at-keys[n-1].at < (keys[n-1].at-keys[0].at)/time.Duration(n-1) {
			n-- // the pause after the last key would be too long
		}
		// n keys have n pauses; the last pause is part of the gap after
		// them.
		pause := time.Duration(0)
		if n > 1 {
			pause = (keys[n-1].at - keys[0].at) / time.Duration(n-1) / time.Millisecond
		}
		pause = max(pause, 1)
		if keys[0].name != "" {
			w.write(keys[0].name + "@" + vhsTime(pause))
			if n > 1 {
				w.write(" " + strconv.Itoa(n))
			}
			w.write("\n")
		} else {
			var text strings.Builder
			for _, k := range keys[:n] {
				text.WriteString(k.text)
			}
			for _, part := range vhsStrings(text.String()) {
				w.write("Type@" + vhsTime(pause) + " " + part + "\n")
			}
		}
		w.done += time.Duration(n) * pause * time.Millisecond
		keys = keys[n:]
	}
}

// steady reports whether keys came at about one pace: each within a twentieth
// of a second of its time at that pace.
func steady(keys []vhsKey) bool {
	const off = 50 * time.Millisecond
	pace := (keys[len(keys)-1].at - keys[0].at) / time.Duration(len(keys)-1)
	for i, k := range keys {
		if (k.at - keys[0].at - time.Duration(i)*pace).Abs() > off {
			return false
		}
	}
	return pace <= 500*time.Millisecond // a longer pause becomes a Sleep
}

// vhsStrings quotes s for a tape, which has no escapes: it splits a string with
// all three quotes into several.
func vhsStrings(s string) []string {
	var parts []string
	for s != "" {
		best, quote := 0, byte('"')
		for _, q := range []byte{'"', '\'', '`'} {
			n := strings.IndexByte(s, q)
			if n < 0 {
				n = len(s)
			}
			if n > best {
				best, quote = n, q
			}
		}
		parts = append(parts, string(quote)+s[:best]+string(quote))
		s = s[best:]
	}
	return parts
}

// vhsKeys maps the sequences of keys to their names. The longest match counts.
var vhsKeys = map[string]string{
	"\r": "Enter", "\t": "Tab", "\x7f": "Backspace", "\x1b": "Escape",
	"\x1b[A": "Up", "\x1b[B": "Down", "\x1b[C": "Right", "\x1b[D": "Left",
	"\x1bOA": "Up", "\x1bOB": "Down", "\x1bOC": "Right", "\x1bOD": "Left",
	"\x1b[H": "Home", "\x1b[F": "End", "\x1bOH": "Home", "\x1bOF": "End",
	"\x1b[1~": "Home", "\x1b[4~": "End", "\x1b[7~": "Home", "\x1b[8~": "End",
	"\x1b[2~": "Insert", "\x1b[3~": "Delete", "\x1b[5~": "PageUp", "\x1b[6~": "PageDown",
	"\x1b[Z":    "Shift+Tab",
	"\x1b[1;5A": "Ctrl+Up", "\x1b[1;5B": "Ctrl+Down", "\x1b[1;5C": "Ctrl+Right", "\x1b[1;5D": "Ctrl+Left",
}

// nextKey returns the first key of data: its name or text, or neither if VHS
// has no name for it, and its length. whole is false if more bytes may belong
// to it.
func nextKey(data string) (key vhsKey, n int, whole bool) {
	c := data[0]
	switch {
	case c == 0x1b:
		n := sequenceLen(data)
		if n < 0 {
			if len(data) == 1 {
				// An Escape key comes alone; a sequence comes
				// in one write.
				return vhsKey{name: "Escape"}, 1, true
			}
			return vhsKey{}, 0, len(data) > 256
		}
		if name, ok := vhsKeys[data[:n]]; ok {
			return vhsKey{name: name}, n, true
		}
		if n == 2 && (data[1] >= 'a' && data[1] <= 'z' || data[1] >= 'A' && data[1] <= 'Z' || data[1] >= '0' && data[1] <= '9' || data[1] == '.') {
			return vhsKey{name: "Alt+" + data[1:2]}, n, true
		}
		if n == 2 {
			return vhsKey{name: "Escape"}, 1, true
		}
		return vhsKey{}, n, true
	case vhsKeys[data[:1]] != "":
		return vhsKey{name: vhsKeys[data[:1]]}, 1, true
	case c == '\n':
		return vhsKey{name: "Ctrl+J"}, 1, true
	case c >= 1 && c <= 26:
		return vhsKey{name: "Ctrl+" + string(rune('A'+c-1))}, 1, true
	case c < 0x20:
		return vhsKey{name: "Ctrl+" + string(rune('@'+c))}, 1, true
	}
	if !utf8.FullRuneInString(data) {
		return vhsKey{}, 0, false
	}
	r, n := utf8.DecodeRuneInString(data)
	if r == utf8.RuneError && n == 1 {
		return vhsKey{}, 1, true
	}
	return vhsKey{text: data[:n]}, n, true
}

// sequenceLen returns the length of the escape sequence that data begins with;
// -1 if it is incomplete.
func sequenceLen(data string) int {
	if len(data) < 2 {
		return -1
	}
	switch data[1] {
	case '[':
		for i := 2; i < len(data); i++ {
			if data[i] >= 0x40 && data[i] < 0x7f {
				return i + 1
			}
			if data[i] < 0x20 {
				return i
			}
		}
		return -1
	case 'O', 'N':
		if len(data) < 3 {
			return -1
		}
		return 3
	case ']', 'P', '_', '^':
		for i := 2; i < len(data); i++ {
			if data[i] == 0x07 {
				return i + 1
			}
			if data[i] == 0x1b && i+1 < len(data) && data[i+1] == '\\' {
				return i + 2
			}
		}
		return -1
	case 0x1b:
		return 1
	}
	_, n := utf8.DecodeRuneInString(data[1:])
	return 1 + n
}

// isReply reports whether seq comes from the terminal and not from a key: its
// answers, the mouse, focus, and the marks around pasted text.
func isReply(seq string) bool {
	if len(seq) < 3 {
		return false
	}
	switch seq[1] {
	case ']', 'P', '_', '^':
		return true
	case '[':
		switch seq[len(seq)-1] {
		case 'R', 'c', 'n', 'y', 'u', 'M', 'm', 'I', 'O', 't':
			return true
		case '~':
			return seq == "\x1b[200~" || seq == "\x1b[201~"
		}
	}
	return false
}

// sequenceStripper removes escape sequences and control characters from output.
type sequenceStripper struct{ z sizer }

func (s *sequenceStripper) text(data string) string {
	var b strings.Builder
	for i := range len(data) {
		before := s.z.state
		s.z.feed(data[i : i+1])
		if before == ground && s.z.state == ground && (data[i] >= 0x20 && data[i] != 0x7f || data[i] == '\n') {
			b.WriteByte(data[i])
		}
	}
	return b.String()
}

func (w *vhsWriter) Flush() error { return w.out.flush() }

func (w *vhsWriter) Close() error {
	w.flushLine()
	if w.rest != "" {
		w.lost.add("keys without a name in VHS", 1)
	}
	w.wait(w.last)
	return w.out.flush()
}

func (w *vhsWriter) Losses() []Loss { return w.lost.list() }
