package transcript

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// points are where a command is in the recording, to the byte. Its times are those of
// the segment.
type points struct {
	// Prompt, Start and End are those of [place.Command]. Over is where all of it was
	// over, if it ran a shell; endless as long as that runs.
	Prompt, Start, End, Over place.Point
}

// endless is a point behind all others.
var endless = place.Point{Event: math.MaxInt}

// compare compares two points whose events are known.
func compare(a, b place.Point) int {
	return cmp.Or(cmp.Compare(a.Event, b.Event), cmp.Compare(a.Byte, b.Byte))
}

func later(a, b place.Point) place.Point {
	if compare(a, b) < 0 {
		return b
	}
	return a
}

// spot is where a prompt may begin, and where the lines above it do: the nearest
// first, zero if they are not at hand.
type spot struct {
	at     place.Point
	uppers [maxUpper]place.Point
}

// maxLook is the most bytes of the last output in which the beginning of a prompt is
// looked for.
const maxLook = 4 << 10

// stream is the last output, and where it is in the recording.
type stream struct {
	chunks []chunk // oldest first; the last one is being written
	size   int     // of the chunks
	used   int     // bytes of the last chunk that were written
	events int     // before the one that is read
	now    time.Duration
	exit   place.Point // before the exit status, if that came last; else zero
	buf    []byte      // of look
}

// chunk is the output of an event.
type chunk struct {
	event int
	at    time.Duration
	data  string
}

// begin is called before an event is read.
func (s *stream) begin(ev format.Event) {
	s.now = max(s.now, ev.Time)
	if s.exit = (place.Point{}); ev.Code == format.Exit {
		s.exit = place.Point{Time: s.now, Event: s.events}
	}
	if ev.Code != format.Output || ev.Data == "" {
		return
	}
	for len(s.chunks) > 0 && s.size-len(s.chunks[0].data) >= maxLook {
		s.size -= len(s.chunks[0].data)
		s.chunks = s.chunks[1:]
	}
	s.chunks = append(s.chunks, chunk{s.events, s.now, ev.Data})
	s.size += len(ev.Data)
	s.used = 0
}

// end is called when an event has been read.
func (s *stream) end() { s.events++ }

// back returns the point n bytes before what was written last.
func (s *stream) back(n int) place.Point {
	used := s.used
	for i := len(s.chunks) - 1; i >= 0; i-- {
		c := s.chunks[i]
		if n == 0 && used == len(c.data) {
			return place.Point{Time: c.at, Event: c.event + 1}
		}
		if n <= used {
			return place.Point{Time: c.at, Event: c.event, Byte: used - n}
		}
		if n -= used; i > 0 {
			used = len(s.chunks[i-1].data)
		}
	}
	return place.Point{}
}

// look returns the end of what was written.
func (s *stream) look() string {
	n, first, used := 0, len(s.chunks), s.used
	for ; first > 0 && n < maxLook; first-- {
		n += used
		if first > 1 {
			used = len(s.chunks[first-2].data)
		}
	}
	buf := s.buf[:0]
	for i := first; i < len(s.chunks); i++ {
		data := s.chunks[i].data
		if i == len(s.chunks)-1 {
			data = data[:s.used]
		}
		buf = append(buf, data[max(0, len(data)-maxLook):]...)
	}
	s.buf = buf
	return string(buf[max(0, len(buf)-maxLook):])
}

// over returns the end of the recording, before its exit status.
func (s *stream) over() place.Point {
	if s.exit != (place.Point{}) {
		return s.exit
	}
	return place.Point{Time: s.now, Event: s.events}
}

// spotAt returns the spot behind the first n bytes of text, which is what look has
// returned.
func (s *stream) spotAt(text string, n int) spot {
	sp := spot{at: s.back(len(text) - n)}
	for i := range sp.uppers {
		if !strings.HasSuffix(text[:n], "\n") {
			break
		}
		n = strings.LastIndexByte(text[:n-1], '\n') + 1
		if n == 0 {
			break // it may begin before
		}
		sp.uppers[i] = s.back(len(text) - n)
	}
	return sp
}

// promptSpot returns where the prompt begins whose first sequences were written last:
// before them, and before what shells write ahead of a prompt.
func (s *stream) promptSpot(sequences int) spot {
	text := s.look()
	n := len(text)
	for range sequences {
		n = lastSequence(strings.TrimRight(text[:n], silentBytes))
	}
	text, all := text[:n], text
	if before, ok := strings.CutSuffix(text, "\r"); ok && sequences > 1 && cutNewLine(text) == text {
		text = before
	}
	return s.spotAt(all, opening(text))
}

// lineSpot returns where the line begins that was written last.
func (s *stream) lineSpot() spot {
	text := s.look()
	n := strings.LastIndexByte(text, '\n') + 1
	for i := n; i < len(text); {
		esc := strings.IndexByte(text[i:], 0x1b)
		if esc < 0 {
			break
		}
		i += esc
		size := sequence(text[i:])
		if size > 2 && text[i+1] == '[' && strings.IndexByte("HJfhl", text[i+size-1]) >= 0 {
			n = i + size // a program cleared the screen, or ended
		}
		i += max(size, 1)
	}
	for n < len(text) && (text[n] == '\r' || isCommandMark(text[n:])) {
		n += max(1, sequence(text[n:]))
	}
	return s.spotAt(text, max(n, len(text)-s.recent()))
}

// drawGap is a pause that is not inside a prompt.
const drawGap = 500 * time.Millisecond

// recent returns the number of bytes that were written after the last such pause.
func (s *stream) recent() int {
	n := s.used
	for i := len(s.chunks) - 1; i > 0 && n < maxLook; i-- {
		if n > 0 && s.chunks[i].at-s.chunks[i-1].at >= drawGap {
			break
		}
		n += len(s.chunks[i-1].data)
	}
	return n
}

// leftLine returns where a line editor left the line: before the last line feed, if
// only sequences came after it, and else before the last sequence.
func (s *stream) leftLine() place.Point {
	text := s.look()
	at := strings.LastIndexByte(text, '\n')
	i := at + 1
	for at >= 0 && i < len(text) {
		size := sequence(text[i:])
		if strings.IndexByte("\r"+silentBytes, text[i]) >= 0 {
			size = 1
		}
		if size == 0 {
			at = -1
		}
		i += size
	}
	if at < 0 {
		return s.lastMark()
	}
	return s.back(len(text) - len(strings.TrimRight(text[:at], "\r")))
}

// lastMark returns the point before the mark that was written last.
func (s *stream) lastMark() place.Point {
	text := s.look()
	return s.back(len(text) - lastSequence(text))
}

// beforeReturns returns the point before the carriage returns that were written last.
func (s *stream) beforeReturns() place.Point {
	text := s.look()
	return s.back(len(text) - len(strings.TrimRight(text, "\r")))
}

// sequence returns the length of the control sequence with which text begins; 0 if it
// begins with none, or with a part of one.
func sequence(text string) int {
	if len(text) < 2 || text[0] != 0x1b {
		return 0
	}
	i := 2
	switch text[1] {
	case '[':
		for i < len(text) && text[i] >= 0x20 && text[i] < 0x40 {
			i++
		}
	case ']', 'P', '_', '^', 'X', 'k':
		for i < len(text) && text[i] != 0x07 && text[i] != 0x1b {
			i++
		}
		if i < len(text) && text[i] == 0x1b {
			i++
		}
	default:
		for i = 1; i < len(text) && text[i] >= 0x20 && text[i] < 0x30; {
			i++
		}
	}
	if i >= len(text) {
		return 0
	}
	return i + 1
}

// lastSequence returns where the control sequence begins that text ends in.
func lastSequence(text string) int {
	if osc := strings.LastIndex(text, "\x1b]"); osc >= 0 && sequence(text[osc:]) == len(text)-osc {
		return osc
	}
	return max(0, strings.LastIndexByte(text, 0x1b))
}

// opening returns the length of text without what shells write at its end ahead of a
// prompt: titles, directories and other reports, and what zsh and fish write to begin a
// new line if the output did not end in one. The marks of a command are no part of it.
func opening(text string) int {
	for {
		before := text
		if strings.HasSuffix(text, "\x07") || strings.HasSuffix(text, "\x1b\\") {
			if n := lastSequence(text); strings.HasPrefix(text[n:], "\x1b]") && !isCommandMark(text[n:]) {
				text = text[:n]
			}
		}
		text = cutNewLine(text)
		if text == before {
			return len(text)
		}
	}
}

// isCommandMark reports whether an OSC is the mark of the start or the end of a command.
func isCommandMark(osc string) bool {
	for _, mark := range []string{"133;C", "133;D", "633;C", "633;D"} {
		if strings.HasPrefix(osc, "\x1b]"+mark) {
			return true
		}
	}
	return false
}

// minBlanks is the fewest blanks with which zsh and fish fill a line.
const minBlanks = 8

// cutNewLine cuts what zsh and fish write to begin a new line from the end of text: a
// sign, blanks up to the last column, and the way back.
func cutNewLine(text string) string {
	line, ok := strings.CutSuffix(text, "\r \r") // zsh
	if !ok {
		if line, ok = strings.CutSuffix(strings.TrimSuffix(text, "\x1b[K"), " \r"); !ok { // fish
			return text
		}
		cr := strings.LastIndexByte(line, '\r')
		if cr < 0 || len(line)-cr > 8 {
			return text
		}
		line = line[:cr]
	}
	sign := strings.TrimRight(line, " ")
	if len(line)-len(sign) < minBlanks {
		return text
	}
	bare := cutStyles(sign)
	if bare == sign {
		return sign // the sign, if there is one, cannot be told from output
	}
	esc := strings.LastIndexByte(bare, 0x1b)
	if n := sequence(bare[max(esc, 0):]); n > 0 && len(bare)-esc-n <= 16 && !strings.ContainsAny(bare[esc+n:], "\n\r") {
		return cutStyles(bare[:esc+n])
	}
	return bare
}

// cutStyles cuts the sequences that set colours and attributes from the end of text.
func cutStyles(text string) string {
	for {
		text = strings.TrimRight(text, silentBytes)
		esc := strings.LastIndexByte(text, 0x1b)
		if esc < 0 || sequence(text[esc:]) != len(text)-esc || !strings.HasSuffix(text, "m") && !strings.HasSuffix(text, "(B") {
			return text
		}
		text = text[:esc]
	}
}
