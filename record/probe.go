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

// The terminal is asked for its name and version (XTVERSION), its colours (OSC
// 10, 11 and 4), and last for its device attributes, which every terminal
// answers: when that answer comes, there is nothing to wait for any more. See
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html.
func probeQuery() []byte {
	q := []byte("\x1b[>0q\x1b]10;?\x1b\\\x1b]11;?\x1b\\")
	for i := range 16 {
		q = append(q, "\x1b]4;"+strconv.Itoa(i)+";?\x1b\\"...)
	}
	return append(q, "\x1b[c"...)
}

// probeWait is how long the recording's header waits for the terminal's
// answers. The session itself does not wait. Tests are more patient.
var probeWait = 300 * time.Millisecond

const (
	// probeEnd is when answers are no longer looked for.
	probeEnd = 3 * time.Second
	// probeHold is how long the beginning of what may be an answer waits for
	// its rest: Escape is a key as well.
	probeHold = 30 * time.Millisecond
)

// probeable lists the beginnings of TERM whose terminals know the sequences,
// or pass over what they do not know. Others might show them as text.
var probeable = []string{
	"xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "kitty", "wezterm", "ghostty", "konsole", "vte",
	"gnome", "st-", "iterm", "contour", "mintty", "ms-terminal", "rio", "mlterm", "nsterm",
}

// mayProbe says whether a terminal of that kind may be asked. GNU screen, which
// sets STY, passes some questions on and garbles the answers.
func mayProbe(term string, inScreen bool) bool {
	if inScreen && !strings.HasPrefix(term, "tmux") {
		return false
	}
	return slices.ContainsFunc(probeable, func(p string) bool { return strings.HasPrefix(term, p) })
}

// probe takes the terminal's answers out of what is read from it. feed and
// flush are for the goroutine that reads; the rest may be called by any.
type probe struct {
	answered chan struct{} // closed at the end of the answers; nil when not asked
	held     []byte        // the beginning of an answer

	mu   sync.Mutex // guards all below
	over bool       // answered is closed

	version string
	fg, bg  *format.RGB
	palette [16]*format.RGB
}

// feed takes what was read and gives what the user typed. Nothing that might
// be the beginning of an answer is given before its rest has come, see flush.
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

// flush gives back what feed holds: it was typed.
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

// isOver says whether no answers are looked for any more.
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

// maxAnswer bounds an answer; a longer one is none.
const maxAnswer = 512

// answerLen gives the length of the answer that in, which begins with ESC,
// begins with, as far as its form goes; 0 if that is not the form of one. Not
// complete: more bytes may make it one.
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

// answer takes what has the form of an answer; it gives false if it is not one
// to our questions.
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

// parseColour reads XParseColor's "rgb:RR/GG/BB", of 1 to 4 hexadecimal digits
// each, and "rgba:", whose fourth part does not matter here.
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

// describe puts what the terminal has told into its description.
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

// theme gives the colours, if the terminal told them all: 16, or the first 8.
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
