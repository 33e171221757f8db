package retell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// An Insert is what comes in place of a part of a recording. After it, the screen is
// brought to where it was in the recording.
type Insert struct {
	place.Range
	// Events are in order; their times count from the beginning of the part.
	Events []format.Event
	// Length is how long it takes.
	Length time.Duration
}

// A Warning reports a command that stays as it was.
type Warning struct {
	Command int    // its index
	Text    string // what was entered
	Why     string // the reason
}

// maxTyping is the most bytes of a recording that the typing of one command may take.
const maxTyping = 1 << 20

// Tidy returns inserts that have each command typed evenly, one character at a time, with
// speed from one to the next: without corrections, completion, suggestions or
// hesitation. Each character has the style that it had when Enter was pressed. A command
// whose text is not on the screen then stays as it was. The commands must be in order.
func Tidy(cast format.Cast, cmds []place.Command, speed time.Duration) ([]Insert, []Warning, error) {
	var inserts []Insert
	var warnings []Warning
	var ranges []place.Range
	for _, c := range cmds {
		ranges = append(ranges, place.Range{From: c.PromptAt, To: c.Start})
	}
	source := screen.New(cast.Header)
	t := typist{speed: speed, replay: screen.New(cast.Header)}
	i := 0
	for p, err := range pieces(cast.Events, bounds(ranges)) {
		if err != nil {
			return nil, nil, err
		}
		for i < len(cmds) && !before(p.at, cmds[i].Start) {
			if cmds[i].Text != "" {
				insert, err := t.retype(source.Screen, cmds[i])
				if err == nil {
					inserts = append(inserts, insert)
				} else {
					warnings = append(warnings, Warning{i, cmds[i].Text, err.Error()})
				}
			}
			t.reset()
			i++
		}
		if i == len(cmds) {
			break
		}
		if !before(p.at, cmds[i].PromptAt) {
			t.take(source.Screen, p)
		}
		source.Feed(p.Event)
	}
	return inserts, warnings, nil
}

// typist types the line of one command after the other.
type typist struct {
	speed  time.Duration
	begin  *vt.Snapshot // the screen where the prompt begins; nil before
	pieces []piece      // from there to Enter
	bytes  int
	replay screen.Screen
}

func (t *typist) reset() {
	t.begin, t.bytes = nil, 0
	clear(t.pieces)
	t.pieces = t.pieces[:0]
}

// take keeps a piece of the prompt and the typing of a command.
func (t *typist) take(source *vt.Screen, p piece) {
	if t.begin == nil {
		t.begin = source.Snapshot()
	}
	if t.bytes += len(p.Data) + 64; t.bytes <= maxTyping {
		t.pieces = append(t.pieces, p)
	}
}

// retype returns what types a command. The source is where Enter was pressed.
func (t *typist) retype(source *vt.Screen, cmd place.Command) (Insert, error) {
	switch {
	case t.begin == nil:
		return Insert{}, errors.New("it has no prompt")
	case t.bytes > maxTyping:
		return Insert{}, errors.New("its typing is too long")
	}
	keys, at, err := t.locate(source, cmd)
	if err != nil {
		return Insert{}, err
	}
	from, n, err := t.empty(cmd.Prompt, at)
	if err != nil {
		return Insert{}, err
	}
	insert := Insert{Range: place.Range{From: from, To: cmd.Start}}
	typed, kept, err := t.leftover(from, n)
	if err != nil {
		return Insert{}, err
	}
	t.enter(&insert, source, keys, typed)
	insert.Length = time.Duration(len(keys)+1) * t.speed
	for _, ev := range kept {
		ev.Time = min(ev.Time, insert.Length)
		insert.Events = append(insert.Events, ev)
	}
	slices.SortStableFunc(insert.Events, func(a, b format.Event) int { return int(a.Time - b.Time) })
	return insert, nil
}

// locate finds the line of a command on the screen of the source, or on the one before
// Enter was pressed: the shell may have replaced the prompt then.
func (t *typist) locate(source *vt.Screen, cmd place.Command) ([]key, spot, error) {
	t.play(0)
	prompt := cursorOf(t.replay.Screen)
	keys, at, ok := locate(source, cmd, prompt)
	if !ok {
		t.play(len(t.pieces) - 1)
		keys, at, ok = locate(t.replay.Screen, cmd, prompt)
	}
	if !ok {
		return nil, spot{}, errors.New("its text was not on the screen")
	}
	return keys, at, nil
}

// play draws the first n pieces on the screen of the replay.
func (t *typist) play(n int) {
	t.replay.Restore(t.begin)
	for _, p := range t.pieces[:max(n, 0)] {
		t.replay.Feed(p.Event)
	}
}

// empty finds the last moment at which the prompt, which ends at spot input, is complete
// and nothing was entered yet. It returns the number of pieces that begin before it, and
// leaves the replay there.
func (t *typist) empty(prompt string, input spot) (at place.Point, n int, err error) {
	s, x, ok := t.replay, input.x, false
	s.Restore(t.begin)
	begins := cursorOf(s.Screen)
	ready := func() bool {
		c := s.Cursor()
		if c.X != x || c.Pending || !s.AtRest() || s.OnAlternate() || !blank(s.Screen, x, c.Y) {
			return false
		}
		end, ok := prompted(s.Screen, c.Y, prompt, begins)
		return ok && end == x
	}
	for i, p := range t.pieces {
		s.Feed(p.Event)
		if p.Code != format.Output && p.Code != format.Resize {
			continue
		}
		if ready() {
			at, n, ok = p.to, i+1, true
		} else if ok {
			break
		}
	}
	if ok {
		t.play(n)
		if cursorOf(s.Screen) != input {
			return at, n, errors.New("its prompt was drawn again elsewhere")
		}
		return at, n, nil
	}
	// The first keys came together with the prompt.
	s.Restore(t.begin)
	for i, p := range t.pieces {
		if p.Code != format.Output {
			s.Feed(p.Event)
			continue
		}
		for k := range len(p.Data) {
			s.WriteString(p.Data[k : k+1])
			if s.Cursor().X == x && ready() {
				at, n, ok = p.at, i+1, true
				at.Byte += k + 1
			}
		}
		if ok {
			t.play(i)
			s.WriteString(p.Data[:at.Byte-p.at.Byte])
			if cursorOf(s.Screen) != input {
				break
			}
			return at, n, nil
		}
	}
	return place.Point{}, 0, errors.New("its prompt was never empty")
}

// emptyLine returns the point at which the prompt of a command was complete and nothing was
// entered yet.
func (t *typist) emptyLine(source *vt.Screen, cmd place.Command) (place.Point, error) {
	_, at, err := t.locate(source, cmd)
	if err != nil {
		return place.Point{}, err
	}
	from, _, err := t.empty(cmd.Prompt, at)
	return from, err
}

// leftover returns what of the part from from on stays in the recording, besides the
// screen: events that are no output, and marks. typed is the input that ended the line, if
// input was recorded.
func (t *typist) leftover(from place.Point, n int) (typed *string, kept []format.Event, err error) {
	hooked := screen.Sized(format.Size{}, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) {
		if m.Code != 133 && m.Code != 633 {
			kept = append(kept, format.Event{Code: format.Output, Data: fmt.Sprintf("\x1b]%d;%s\x1b\\", m.Code, m.Data)})
		} else if kind, _, _ := strings.Cut(m.Data, ";"); kind == "C" || kind == "D" {
			err = errors.New("something else was run meanwhile")
		}
	}}))
	for i, p := range t.pieces[max(n-1, 0):] {
		if i == 0 && n > 0 {
			if p.Code != format.Output || p.at.Event != from.Event {
				continue
			}
			p.Data = p.Data[from.Byte-p.at.Byte:]
		}
		switch p.Code {
		case format.Output:
			hooked.WriteString(p.Data)
		case format.Input:
			typed = &p.Data
		case format.Resize:
			return nil, nil, errors.New("the size changed meanwhile")
		default:
			p.Time -= from.Time
			kept = append(kept, p.Event)
		}
	}
	return typed, kept, err
}

// enter adds the events that type keys. Input comes with them if typed is not nil.
func (t *typist) enter(insert *Insert, source *vt.Screen, keys []key, typed *string) {
	row := t.replay.Cursor().Y
	cols, _ := t.replay.Size()
	right := t.replay.Cursor().X // where the prompt at the right begins
	for right < cols && blank(t.replay.Screen, right, row) {
		right++
	}
	line := t.replay.Scrolled() + uint64(row)
	pen, known := vt.Cell{}, t.replay.Pen() == vt.Cell{}
	show := func(b []byte, c vt.Cell, text string) []byte {
		if !known || !pen.SameStyle(c) {
			b = source.AppendStyle(b, c)
			pen, known = c, true
		}
		return append(b, text...)
	}
	for i, k := range keys {
		at := time.Duration(i+1) * t.speed
		var b []byte
		if right < cols && (k.line > line || k.x+max(k.cell.Width(), 1) >= right) {
			// The line needs the room of the prompt at the right.
			b = append(b, "\x1b[m\x1b[K"...)
			pen, known = vt.Cell{}, true
			right = cols
		}
		if k.text == "\n" {
			b = append(b, "\r\n"...)
			for _, c := range k.indent {
				if c.Width() > 0 {
					b = show(b, c, orBlank(source.CellText(c)))
				}
			}
		} else {
			b = show(b, k.cell, k.text)
		}
		if typed != nil {
			insert.Events = append(insert.Events, format.Event{Time: at, Code: format.Input, Data: strings.ReplaceAll(k.text, "\n", "\r")})
		}
		insert.Events = append(insert.Events, format.Event{Time: at, Code: format.Output, Data: string(b)})
	}
	if typed != nil && strings.HasSuffix(*typed, "\r") || typed != nil && strings.HasSuffix(*typed, "\n") {
		end := (*typed)[len(*typed)-1:]
		insert.Events = append(insert.Events, format.Event{Time: time.Duration(len(keys)+1) * t.speed, Code: format.Input, Data: end})
	}
}

func orBlank(text string) string {
	if text == "" {
		return " "
	}
	return text
}
