package replay

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Bounds of the commands of a session.
const (
	maxCommands = 50_000 // commands kept
	maxCommand  = 512    // bytes kept of each
)

// commands are the commands of a session with their places on the tape, from the
// marks of the shell's integration or found without them. Several goroutines may
// call its methods.
type commands struct {
	mu   sync.Mutex
	list []Mark // labelled with the command line; guarded by mu

	// nonce, if not empty, is in the recording's own marks; marks without it
	// are ignored.
	nonce string

	// Where the command line that is being typed begins on the loader's screen;
	// used by the loader only.
	typing bool
	line   uint64
	x      int
	screen *vt.Screen
}

// all returns the commands so far.
func (c *commands) all() []Mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list[:len(c.list):len(c.list)]
}

// Commands returns the commands so far, in order: those that the shell has
// marked, or else those of FindCommands. Callers must not change them.
func (t *Tape) Commands() []Mark { return t.commands.all() }

// mark handles a mark in a piece. The command is that of VS Code's
// OSC 633 ; E ; COMMAND, or the one that kitty and fish send with OSC 133 ; C, or
// else the text on the screen between the marks B and C, where the user types
// (FinalTerm's semantic prompts).
func (c *commands) mark(m vt.Mark, at Point) {
	if m.Code != 133 && m.Code != 633 || c.nonce != "" && !slices.Contains(strings.Split(m.Data, ";"), "aid="+c.nonce) {
		return
	}
	if text, ok := commandOf(m); ok {
		c.typing = false
		c.add(text, at)
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
			c.add(c.typed(m), at)
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

// add adds a command from a mark in the piece before at.
func (c *commands) add(text string, at Point) {
	c.put(Mark{at.Time, at.Number - 1, text})
}

func (c *commands) put(m Mark) {
	m.Label = strings.Join(strings.Fields(m.Label), " ")
	if len(m.Label) > maxCommand {
		m.Label = m.Label[:maxCommand]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Label != "" && len(c.list) < maxCommands {
		c.list = append(c.list, m)
	}
}

// findCommands has FindCommands find the commands of the loaded recording, if the
// shell has marked none.
func (t *Tape) findCommands(ctx context.Context) {
	if done, _ := t.Loaded(); !done || t.FindCommands == nil || len(t.Commands()) > 0 {
		return
	}
	r := reader{t: t}
	for at, text := range t.FindCommands(format.Cast{Header: t.header, Events: t.events(ctx)}) {
		if ctx.Err() != nil {
			return
		}
		if err := r.to(at); err != nil {
			return // a position will report it
		}
		t.commands.put(Mark{at, r.pos.Number, text})
	}
}

// commandOf returns the command line in a mark of a shell's integration: VS
// Code's OSC 633 ; E ; COMMAND, or the cmdline_url or cmdline that kitty and fish
// send with OSC 133 ; C.
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

// unescape replaces each prefix and the two hex digits behind it with their
// byte.
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
