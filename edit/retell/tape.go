package retell

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// tape is the part of a recording from a prompt to Enter, which can be played again.
type tape struct {
	begin  *vt.Snapshot // the screen where the prompt begins; nil before
	first  uint64       // the line of the cursor there
	pieces []piece
	bytes  int           // of the pieces
	replay screen.Screen // at some position
}

// position is a place on a tape: taken bytes of the output of piece n are before it.
type position struct{ n, taken int }

// maxTyping is the most bytes of a recording that the typing of one command may take.
const maxTyping = 1 << 20

func (t *tape) reset() {
	t.begin, t.bytes = nil, 0
	clear(t.pieces)
	t.pieces = t.pieces[:0]
}

// take adds a piece, before it is drawn on the screen of the source.
func (t *tape) take(source *vt.Screen, p piece) {
	if t.begin == nil {
		t.begin, t.first = source.Snapshot(), cursorOf(source).line
	}
	if t.bytes += len(p.Data) + 64; t.bytes <= maxTyping {
		t.pieces = append(t.pieces, p)
	}
}

// cleared begins the tape anew if the screen of the source was cleared, as by ctrl-L: the
// prompt is further up then.
func (t *tape) cleared(source *vt.Screen) {
	if t.begin == nil || source.OnAlternate() || cursorOf(source).line >= t.first {
		return
	}
	t.reset()
	t.begin, t.first = source.Snapshot(), cursorOf(source).line
}

// end is the position at which Enter is pressed: at the end, before the modes of a line
// editor that are switched off there. Transcripts need them where they were.
func (t *tape) end() position {
	at := position{n: len(t.pieces)}
	for n := len(t.pieces) - 1; n >= 0; n-- {
		p := t.pieces[n]
		off := switchedOff.FindString(p.Data)
		if p.Code != format.Output || off == "" {
			break
		}
		if at = (position{n: n}); len(off) < len(p.Data) {
			at.taken = len(p.Data) - len(off)
			break
		}
	}
	return at
}

// switchedOff matches modes that are switched off.
var switchedOff = regexp.MustCompile(`(?:\x1b\[\?[0-9]+l|\x1b>)+$`)

// point returns the point of the recording that a position is. It is as early as what is
// on the screen there.
func (t *tape) point(at position) place.Point {
	switch {
	case at.taken > 0:
		p := t.pieces[at.n].at
		p.Byte += at.taken
		return p
	case at.n > 0:
		return t.pieces[at.n-1].to
	}
	return t.pieces[0].at
}

// untouched is point, but as late as nothing has happened yet.
func (t *tape) untouched(at position) place.Point {
	p := t.point(at)
	if at.taken == 0 && at.n < len(t.pieces) {
		p.Time = t.pieces[at.n].Time
	}
	return p
}

// from returns the pieces from a position on, with the positions behind them.
func (t *tape) from(at position, yield func(p piece, end position) bool) {
	for n := at.n; n < len(t.pieces); n++ {
		p := t.pieces[n]
		if n == at.n {
			p.Data = p.Data[at.taken:]
		}
		if !yield(p, position{n: n + 1}) {
			return
		}
	}
}

// seek draws everything up to a position.
func (t *tape) seek(at position) {
	t.replay.Restore(t.begin)
	for _, p := range t.pieces[:max(at.n, 0)] {
		t.replay.Feed(p.Event)
	}
	if at.taken > 0 {
		t.replay.WriteString(t.pieces[at.n].Data[:at.taken])
	}
}

// locate finds the line of a command on the screen of the source, or on the one before
// Enter was pressed: the shell may have replaced the prompt then.
func (t *tape) locate(source *vt.Screen, cmd place.Command) ([]key, spot, error) {
	switch {
	case t.begin == nil:
		return nil, spot{}, errors.New("it has no prompt")
	case t.bytes > maxTyping:
		return nil, spot{}, errors.New("its typing is too long")
	case len(t.pieces) == 0:
		return nil, spot{}, errors.New("nothing was typed")
	}
	t.seek(position{})
	prompt := cursorOf(t.replay.Screen)
	keys, at, ok := locate(source, cmd, prompt)
	if !ok && !shown(source, cmd.Prompt, prompt) {
		t.seek(position{n: len(t.pieces) - 1})
		keys, at, ok = locate(t.replay.Screen, cmd, prompt)
	}
	if !ok {
		return nil, spot{}, errors.New("its text was not on the screen")
	}
	return keys, at, nil
}

// empty finds the last position at which the prompt, which ends in the column of input, is
// complete and nothing was entered yet.
func (t *tape) empty(prompt string, input spot) (position, error) {
	t.seek(position{})
	begins := cursorOf(t.replay.Screen)
	below, known := "", false // what is below the prompt, where a search in the history shows
	at, ok := t.quiet(position{}, func() bool {
		c := t.replay.Cursor()
		if c.X != input.x || c.Pending || t.replay.OnAlternate() || !blank(t.replay.Screen, c.X, c.Y) {
			return false
		}
		if end, ok := prompted(t.replay.Screen, c.Y, prompt, begins); !ok || end != c.X {
			return false
		}
		var rows []byte
		_, height := t.replay.Size()
		for y := c.Y + 1; y < height; y++ {
			rows = append(bytes.TrimRight(t.replay.Row(y).AppendText(rows), " "), '\n')
		}
		if !known {
			below, known = string(rows), true
		}
		return below == string(rows)
	})
	if !ok {
		// The shell may have drawn the prompt with a part of the line, below a list of
		// completions.
		return at, errors.New("its prompt came with text")
	}
	return at, nil
}

// emptyLine returns the last point at which the prompt of a command was complete and nothing
// was entered yet.
func (t *tape) emptyLine(source *vt.Screen, cmd place.Command) (place.Point, error) {
	_, input, err := t.locate(source, cmd)
	if err != nil {
		return place.Point{}, err
	}
	at, err := t.empty(cmd.Prompt, input)
	if err != nil {
		return place.Point{}, err
	}
	return t.untouched(at), nil
}

// quiet finds the last position between two events, from at on, at which ready holds before
// it does no longer. At at itself it holds if the screen was cleared before.
func (t *tape) quiet(at position, ready func() bool) (found position, ok bool) {
	if t.seek(at); t.replay.AtRest() && ready() {
		found, ok = at, true // the screen was cleared
	}
	t.from(at, func(p piece, end position) bool {
		t.replay.Feed(p.Event)
		if p.Code != format.Output && p.Code != format.Resize {
			return true
		}
		if t.replay.AtRest() && ready() {
			found, ok = end, true
			return true
		}
		return !ok
	})
	return found, ok
}

// entered matches what a shell writes when Enter is pressed, up to the line feed.
var entered = regexp.MustCompile(`(?:\x1b\[\?[0-9]+l|\x1b>)*\r*\n$`)

// lineFeed finds the first position, from at on, at which Enter moves the cursor to a line.
// The replay is behind the line feed then.
func (t *tape) lineFeed(at position, line uint64) (found position, ok bool) {
	t.seek(at)
	t.from(at, func(p piece, end position) bool {
		if p.Code != format.Output {
			t.replay.Feed(p.Event)
			return true
		}
		for data := p.Data; data != "" && !ok; {
			n := strings.IndexByte(data, '\n') + 1
			if n == 0 {
				n = len(data)
			}
			t.replay.WriteString(data[:n])
			data = data[n:]
			if cursorOf(t.replay.Screen).line == line {
				before := t.pieces[end.n-1].Data
				before = before[:len(before)-len(data)]
				if enter := entered.FindString(before); enter != "" {
					found, ok = position{end.n - 1, len(before) - len(enter)}, true
				}
				return false
			}
		}
		return true
	})
	return found, ok
}

// between returns what of a part stays in the recording, besides the screen: events that
// are no output, and marks. typed is the input that ended the line, if input was recorded.
func (t *tape) between(from, to position) (typed *string, kept []format.Event, err error) {
	hooked := screen.Sized(format.Size{}, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) {
		if m.Code != 133 && m.Code != 633 {
			kept = append(kept, format.Event{Code: format.Output, Data: fmt.Sprintf("\x1b]%d;%s\x1b\\", m.Code, m.Data)})
		} else if kind, _, _ := strings.Cut(m.Data, ";"); kind == "C" || kind == "D" {
			err = errors.New("something else was run meanwhile")
		}
	}}))
	t.from(from, func(p piece, end position) bool {
		if end.n > to.n {
			if end.n-1 > to.n || to.taken == 0 {
				return false
			}
			p.Data = p.Data[:len(p.Data)-len(t.pieces[to.n].Data)+to.taken]
		}
		switch p.Code {
		case format.Output:
			hooked.WriteString(p.Data)
		case format.Input:
			typed = &p.Data
		case format.Resize:
			err = errors.New("the size changed meanwhile")
		default:
			kept = append(kept, p.Event)
		}
		return true
	})
	return typed, kept, err
}
