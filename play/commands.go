package play

import (
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Bounds of what is kept of the commands of a session.
const (
	maxCommands = 50_000
	maxCommand  = 512
)

// commands are the commands that a recorded shell with integration told of, or
// that were found without, by their places on the tape. Its methods may be called by several goroutines.
type commands struct {
	mu   sync.Mutex
	list []mark // labelled with the command line

	// nonce, if not empty, is what the recording's own marks hold; others do
	// not count then.
	nonce string

	// Where the command line begins that is being typed, on the loader's
	// screen; used by the loader alone.
	typing bool
	line   uint64
	x      int
	screen *vt.Screen
}

// all gives the commands so far.
func (c *commands) all() []mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list[:len(c.list):len(c.list)]
}

// at gives the last command before place n; "" if there is none.
func (c *commands) at(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := sort.Search(len(c.list), func(i int) bool { return c.list[i].number >= n })
	if i == 0 {
		return ""
	}
	return c.list[i-1].label
}

// mark takes in a mark that came with a piece: VS Code's
// OSC 633 ; E ; COMMAND, the command line that kitty and fish send with
// OSC 133 ; C, and else what stands on the screen between the marks B and C,
// where the shell lets the user type (FinalTerm's semantic prompts).
func (c *commands) mark(m vt.Mark, ref pieceRef) {
	if m.Code != 133 && m.Code != 633 || c.nonce != "" && !slices.Contains(strings.Split(m.Data, ";"), "aid="+c.nonce) {
		return
	}
	if text, ok := commandOf(m); ok {
		c.typing = false
		c.add(text, ref)
		return
	}
	switch kind, _, _ := strings.Cut(m.Data, ";"); kind {
	case "A":
		c.typing = false
	case "B":
		c.typing, c.line, c.x = true, m.Line, m.X
	case "C":
		if c.typing {
			c.typing = false
			c.add(c.typed(m), ref)
		}
	}
}

// typed reads the command line off the screen.
func (c *commands) typed(m vt.Mark) string {
	first := m.Y - int(m.Line-c.line)
	if first < 0 || first > m.Y {
		return "" // it has scrolled away
	}
	var b []byte
	for y := first; y <= m.Y && len(b) < maxCommand; y++ {
		if y == m.Y && y > first && m.X == 0 {
			break
		}
		row := c.screen.Row(y)
		text := row.Text()
		if y == first {
			cut := 0
			for _, x := range row.AppendColumns(nil) {
				if x < c.x {
					cut++
				}
			}
			text = text[min(cut, len(text)):]
		}
		b = append(b, text...)
		if !row.Wrapped() {
			b = append(b, ' ')
		}
	}
	return string(b)
}

// add adds a command that a mark told of, which ref is behind.
func (c *commands) add(text string, ref pieceRef) {
	c.put(mark{ref.at, ref.number - 1, text})
}

func (c *commands) put(m mark) {
	m.label = strings.Join(strings.Fields(m.label), " ")
	if len(m.label) > maxCommand {
		m.label = m.label[:maxCommand]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.label != "" && len(c.list) < maxCommands {
		c.list = append(c.list, m)
	}
}

// find has find look for the commands of the loaded recording, if its shell has
// marked none.
func (l *loader) find(find func(format.Cast) iter.Seq2[time.Duration, string], h format.Header, stop <-chan struct{}) {
	if done, _ := l.state(); !done || find == nil || len(l.commands.all()) > 0 {
		return
	}
	r := reader{t: l.tape}
	for at, text := range find(format.Cast{Header: h, Events: l.tape.events(stop)}) {
		select {
		case <-stop:
			return
		default:
		}
		if err := r.to(at); err != nil {
			return // as the player will tell
		}
		l.commands.put(mark{at, r.pos.number, text})
	}
	l.tell()
}

// commandOf takes the command line out of what a shell's integration tells:
// VS Code's OSC 633 ; E ; COMMAND and the cmdline_url and cmdline of
// OSC 133 ; C that kitty and fish send.
func commandOf(m vt.Mark) (string, bool) {
	switch {
	case m.Code == 633 && strings.HasPrefix(m.Data, "E;"):
		cmd, _, _ := strings.Cut(m.Data[2:], ";")
		return unescape(cmd, `\x`), true
	case m.Code == 133 && strings.HasPrefix(m.Data, "C;"):
		for _, field := range strings.Split(m.Data[2:], ";") {
			if cmd, ok := strings.CutPrefix(field, "cmdline_url="); ok {
				return unescape(cmd, "%"), true
			}
			if cmd, ok := strings.CutPrefix(field, "cmdline="); ok {
				return strings.Trim(cmd, "'\""), true
			}
		}
	}
	return "", false
}

// unescape replaces the two hex digits behind each prefix.
func unescape(s, prefix string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, prefix)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if len(after) >= 2 {
			if v, err := strconv.ParseUint(after[:2], 16, 8); err == nil {
				b.WriteByte(byte(v))
				s = after[2:]
				continue
			}
		}
		b.WriteString(prefix)
		s = after
	}
}
