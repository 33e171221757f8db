package record

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// probeQuery returns the questions for the terminal: its name and version
// (XTVERSION), its colours (OSC 10, 11 and 4), and last its device attributes,
// which every terminal answers: after that answer there is nothing to wait for.
// See https://invisible-island.net/xterm/ctlseqs/ctlseqs.html.
func probeQuery() []byte {
	q := []byte("\x1b[>0q\x1b]10;?\x1b\\\x1b]11;?\x1b\\")
	for i := range 16 {
		q = append(q, "\x1b]4;"+strconv.Itoa(i)+";?\x1b\\"...)
	}
	return append(q, "\x1b[c"...)
}

// probeWait bounds how long the recording's header waits for the terminal's
// answers. The session itself does not wait. Tests are more patient.
var probeWait = 300 * time.Millisecond

const (
	// probeEnd is the time after which input is no longer searched for answers.
	probeEnd = 3 * time.Second
	// probeHold bounds how long the beginning of a possible answer waits for
	// its rest: Escape is a key as well.
	probeHold = 30 * time.Millisecond
)

// probeable lists prefixes of TERM whose terminals know the sequences, or
// ignore unknown ones. Other terminals might show them as text.
var probeable = []string{
	"xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "kitty", "wezterm", "ghostty", "konsole", "vte",
	"gnome", "st-", "iterm", "contour", "mintty", "ms-terminal", "rio", "mlterm", "nsterm",
}

// mayProbe reports whether a terminal of that kind may be asked. GNU screen,
// which sets STY, passes some questions on and garbles the answers.
func mayProbe(term string, inScreen bool) bool {
	if inScreen && !strings.HasPrefix(term, "tmux") {
		return false
	}
	return slices.ContainsFunc(probeable, func(p string) bool { return strings.HasPrefix(term, p) })
}

// probe removes the terminal's answers from the input. feed and flush are for
// the goroutine that reads; any goroutine may call the other methods.
type probe struct {
	answered chan struct{} // closed at the end of the answers; nil when not asked
	held     []byte        // the beginning of an answer

	mu   sync.Mutex // guards the fields below
	over bool       // answered is closed

	version string
	fg, bg  *format.RGB
	palette [16]*format.RGB
}

// feed takes the bytes that were read and returns the user's input among them.
// It holds back what may be the beginning of an answer until the rest has come;
// see flush.
func (p *probe) feed(in []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answered == nil || p.over && p.held == nil {
		return in
	}
	in = append(p.held, in...)
	p.held = nil
	var typed []byte
	for len(in) > 0 && !p.over {
		esc := bytes.IndexByte(in, 0x1b)
		if esc < 0 {
			break
		}
		typed = append(typed, in[:esc]...)
		in = in[esc:]
		n, complete := answerLen(in)
		if !complete {
			p.held = slices.Clone(in)
			return typed
		}
		if n == 0 || !p.answer(in[:n]) {
			n = max(n, 1)
			typed = append(typed, in[:n]...)
		}
		in = in[n:]
	}
	return append(typed, in...)
}

// flush returns the bytes that feed holds back: they are input.
func (p *probe) flush() []byte {
	held := p.held
	p.held = nil
	return held
}

// giveUp stops looking for answers.
func (p *probe) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

// isOver reports whether the search for answers has ended.
func (p *probe) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// end is giveUp with p.mu held.
func (p *probe) end() {
	if p.answered != nil && !p.over {
		p.over = true
		close(p.answered)
	}
}

// maxAnswer bounds the length of an answer; anything longer is input.
const maxAnswer = 512

// answerLen returns the length of the answer at the start of in, which begins
// with ESC, judged by its form alone; 0 if it has not the form of an answer.
// complete is false if more bytes may make it one.
func answerLen(in []byte) (n int, complete bool) {
	if len(in) > maxAnswer {
		in = in[:maxAnswer]
	}
	if len(in) == 1 {
		return 0, false
	}
	switch in[1] {
	case ']', 'P': // OSC, DCS: up to ST, or BEL
		for i := 2; i < len(in); i++ {
			switch {
			case in[i] == 0x07:
				return i + 1, true
			case in[i] == 0x1b && i+1 < len(in):
				if in[i+1] == '\\' {
					return i + 2, true
				}
				return 0, true
			case in[i] < 0x20 && in[i] != 0x1b:
				return 0, true
			}
		}
		return 0, len(in) == maxAnswer
	case '[': // CSI ? ... c
		for i := 2; i < len(in); i++ {
			switch c := in[i]; {
			case i == 2 && c != '?':
				return 0, true
			case c >= 0x40 && c < 0x7f:
				return i + 1, true
			case c < 0x20:
				return 0, true
			}
		}
		return 0, len(in) == maxAnswer
	}
	return 0, true
}

// answer reads a sequence that has the form of an answer. It returns false if
// the sequence answers none of our questions.
func (p *probe) answer(a []byte) bool {
	if a[1] == '[' {
		if a[len(a)-1] != 'c' {
			return false
		}
		p.end()
		return true
	}
	body := string(bytes.TrimSuffix(bytes.TrimSuffix(a[2:], []byte("\x07")), []byte("\x1b\\")))
	if a[1] == 'P' {
		version, ok := strings.CutPrefix(body, ">|")
		if ok {
			p.version = strings.ToValidUTF8(version, "")
		}
		return ok
	}
	kind, rest, _ := strings.Cut(body, ";")
	switch kind {
	case "10":
		p.fg = parseColour(rest)
		return true
	case "11":
		p.bg = parseColour(rest)
		return true
	case "4":
		index, colour, _ := strings.Cut(rest, ";")
		i, ok := decimal(index)
		if !ok || i >= len(p.palette) {
			return false
		}
		p.palette[i] = parseColour(colour)
		return true
	}
	return false
}

// parseColour parses XParseColor's "rgb:RR/GG/BB", with 1 to 4 hexadecimal
// digits each, and "rgba:", whose fourth part it ignores.
func parseColour(s string) *format.RGB {
	parts, ok := strings.CutPrefix(s, "rgb:")
	if !ok {
		parts, ok = strings.CutPrefix(s, "rgba:")
	}
	fields := strings.Split(parts, "/")
	if !ok || len(fields) < 3 {
		return nil
	}
	var c [3]uint8
	for i := range c {
		v, err := strconv.ParseUint(fields[i], 16, 16)
		if err != nil || len(fields[i]) > 4 {
			return nil
		}
		top := uint64(1)<<(4*len(fields[i])) - 1
		c[i] = uint8((v*255 + top/2) / top)
	}
	return &format.RGB{R: c[0], G: c[1], B: c[2]}
}

// describe copies the terminal's answers to its description in the header.
func (p *probe) describe(t *format.Term) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.Version == "" {
		t.Version = p.version
	}
	if t.Theme == nil {
		t.Theme = p.theme()
	}
}

// theme returns the colours, 16 or the first 8; nil if the terminal did not
// answer for all of them.
func (p *probe) theme() *format.Theme {
	if p.fg == nil || p.bg == nil {
		return nil
	}
	t := &format.Theme{Fg: *p.fg, Bg: *p.bg}
	for _, c := range p.palette {
		if c == nil {
			break
		}
		t.Palette = append(t.Palette, *c)
	}
	if len(t.Palette) < 8 {
		return nil
	}
	if len(t.Palette) < 16 {
		t.Palette = t.Palette[:8]
	}
	return t
}
