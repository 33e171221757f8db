package transcript

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
)

const (
	// maxTyped is the most entered lines that are kept at a time, until it is
	// known whether they are in a command.
	maxTyped = 1 << 14
	// typedAhead is the longest time that a line typed ahead waits for its prompt
	// in which it is looked for.
	typedAhead = 10 * time.Minute
	// typedOutputs is the number of outputs behind a line in which a shell ends
	// its line editor.
	typedOutputs = 8
)

// typedLine is a line that was entered, according to the recorded input.
type typedLine struct {
	at   time.Duration
	text string
	// screenful is true while the line seems to be for a full-screen program.
	screenful bool
	secret    bool // entered at the prompt for a password
}

// typing reads lines from recorded input.
type typing struct {
	keys  keyState
	csi   []byte // the sequence so far
	line  []byte
	lines []typedLine
	lost  int // lines beyond maxTyped
	watch int // outputs that may show what the last line was for
	// each, if not nil, is called for each line, also for one that was cancelled
	// with ctrl-C.
	each func(at time.Duration, text string)
}

// keyState is where in the bytes of the keyboard a typing is.
type keyState uint8

const (
	keyText   keyState = iota
	keyEscape          // behind ESC
	keyCSI             // behind ESC [
	keySS3             // behind ESC O
	keyString          // in a terminal's answer, up to BEL or ST
	keyPaste           // in a bracketed paste
)

// passwordRow matches a row at which a password is entered.
var passwordRow = regexp.MustCompile(`(?i)(pass(word|phrase|code)?|secret|token|pin)\b[^:]{0,40}[:：]\s*$`)

// event reads an event, before the tracer t does.
func (ty *typing) event(ev format.Event, t *tracer) {
	switch ev.Code {
	case format.Input:
		for i := range len(ev.Data) {
			if ev.Data[i] == 3 && ty.keys == keyText {
				ty.tell(ev.Time)
			}
			if ty.key(ev.Data[i]) {
				ty.tell(ev.Time)
				ty.enter(ev.Time, t)
			}
		}
	case format.Output:
		if ty.watch == 0 || len(ty.lines) == 0 {
			return
		}
		ty.watch--
		l := &ty.lines[len(ty.lines)-1]
		switch {
		case strings.Contains(ev.Data, "\x1b[?1049l"):
			l.screenful, ty.watch = true, 0 // the program has ended, as vim does at :q
		case strings.Contains(ev.Data, "\x1b[?2004l"):
			l.screenful = false // a shell's line editor has ended
		}
	}
}

// key reads a byte, and reports whether it enters the line.
func (ty *typing) key(b byte) bool {
	switch ty.keys {
	case keyEscape:
		switch b {
		case '[':
			ty.keys, ty.csi = keyCSI, ty.csi[:0]
		case 'O':
			ty.keys = keySS3
		case ']', 'P', '_', '^', 'X':
			ty.keys = keyString
		default:
			ty.keys = keyText
		}
		return false
	case keySS3:
		ty.keys = keyText
		return false
	case keyCSI:
		if b >= 0x40 && b <= 0x7e {
			if ty.keys = keyText; b == '~' && string(ty.csi) == "200" {
				ty.keys, ty.csi = keyPaste, ty.csi[:0]
			}
		} else if len(ty.csi) < 16 {
			ty.csi = append(ty.csi, b)
		}
		return false
	case keyString:
		if b == 7 || b == '\\' {
			ty.keys = keyText
		}
		return false
	case keyPaste:
		if ty.add(b); strings.HasSuffix(string(ty.line[max(0, len(ty.line)-6):]), "\x1b[201~") {
			ty.line, ty.keys = ty.line[:len(ty.line)-6], keyText
		}
		return false
	}
	switch b {
	case '\r', '\n':
		return true
	case 0x1b:
		ty.keys = keyEscape
	case 0x7f, 0x08:
		_, n := utf8.DecodeLastRune(ty.line)
		ty.line = ty.line[:len(ty.line)-n]
	case 0x15, 0x03: // C-u, C-c
		ty.line = ty.line[:0]
	case 0x17: // C-w
		rest := strings.TrimRight(string(ty.line), " ")
		ty.line = ty.line[:strings.LastIndexByte(rest, ' ')+1]
	default:
		if b >= ' ' || b == '\t' && len(ty.line) == 0 {
			ty.add(b)
		}
	}
	return false
}

func (ty *typing) add(b byte) {
	if len(ty.line) < maxInput {
		ty.line = append(ty.line, b)
	}
}

// text returns the line so far.
func (ty *typing) text() string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(string(ty.line), "\r", "\n"), "\uFFFD"))
}

func (ty *typing) tell(at time.Duration) {
	if text := ty.text(); ty.each != nil && text != "" {
		ty.each(at, text)
	}
}

// enter ends a line at the screen of t.
func (ty *typing) enter(at time.Duration, t *tracer) {
	text := ty.text()
	ty.line = ty.line[:0]
	if ty.watch = 0; text == "" {
		return
	}
	if len(ty.lines) >= maxTyped {
		ty.lost++
		return
	}
	l := typedLine{at: at, text: text}
	line, x := t.cursor()
	row := t.rowText(line, 0, x)
	l.secret = passwordRow.MatchString(row)
	if t.screen.OnAlternate() {
		before, shown := strings.CutSuffix(strings.TrimRight(row, " "), text)
		if l.screenful = !shown || !known(t.known, before); l.screenful {
			ty.watch = typedOutputs
		}
	}
	ty.lines = append(ty.lines, l)
}

// take returns segments for the lines entered before a time that are in none of
// segs.
func (ty *typing) take(segs []*segment, before time.Duration) []*segment {
	n := 0
	for n < len(ty.lines) && ty.lines[n].at < before {
		n++
	}
	lines := ty.lines[:n]
	taken := map[*segment]bool{}
	first := func(at time.Duration, from int) int { // that is not over long before
		for from < len(segs) && segs[from].result != unentered && segs[from].start+restGap < at {
			from++
		}
		return from
	}
	var left []typedLine
	next := 0
	for _, l := range lines {
		next = first(l.at, next)
		if s := l.editedIn(segs[next:]); s != nil {
			taken[s] = true
		} else if !l.screenful && !l.secret {
			left = append(left, l)
		}
	}
	var unseen []*segment
	next = 0
	for _, l := range left {
		next = first(l.at, next)
		if l.typedAhead(segs[next:], taken) {
			continue
		}
		unseen = append(unseen, &segment{
			bounds: FromInput, kind: Unseen, text: l.text, textBy: FromInput, start: l.at, promptAt: l.at,
			end: fact[time.Duration]{l.at, FromInput}, parent: -1,
		})
	}
	ty.lines = append(ty.lines[:0], ty.lines[n:]...)
	return unseen
}

// editedIn returns the segment in whose line editor the line was entered.
func (l *typedLine) editedIn(segs []*segment) *segment {
	for _, s := range segs {
		switch {
		case s.promptAt > l.at+restGap:
			return nil
		case s.bounds != "" && (s.result == unentered || l.at <= s.start+restGap):
			return s
		}
	}
	return nil
}

// typedAhead reports whether the line is in one of segs that came later, except
// those that are taken by lines of their own.
func (l *typedLine) typedAhead(segs []*segment, taken map[*segment]bool) bool {
	for i, s := range segs {
		if s.promptAt > l.at+typedAhead || i > maxInputRows {
			return false
		}
		if !taken[s] && (strings.Contains(s.text, l.text) || strings.Contains(s.reported.value, l.text)) {
			return true
		}
	}
	return false
}
