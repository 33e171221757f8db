package retell

import (
	"cmp"
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

// Tidy returns inserts that have each command typed evenly, one character at a time, with
// speed from one to the next: without corrections, completion, suggestions or
// hesitation. The pause before the first key stays, in which people read what was printed
// before. Each character has the style that it had when Enter was pressed. A command
// whose text is not on the screen then stays as it was, and so does one that was typed on
// a screen that is cleared. A list of completions shows when Enter is pressed. The commands
// must be in order.
func Tidy(cast format.Cast, cmds []place.Command, speed time.Duration) ([]Insert, []Warning, error) {
	var inserts []Insert
	var warnings []Warning
	var ranges []place.Range
	for _, c := range cmds {
		ranges = append(ranges, place.Range{From: c.PromptAt, To: c.Start})
	}
	source := screen.New(cast.Header)
	t := typist{tape: tape{replay: screen.New(cast.Header)}, speed: speed}
	i := 0
	for p, err := range pieces(cast.Events, bounds(ranges)) {
		if err != nil {
			return nil, nil, err
		}
		for i < len(cmds) && !before(p.at, cmds[i].Start) {
			if cmds[i].Text != "" {
				typed, err := t.retype(source.Screen, cmds[i])
				if inserts = append(inserts, typed...); err != nil {
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
		t.cleared(source.Screen)
	}
	return inserts, warnings, nil
}

// typist types the lines of one command after the other.
type typist struct {
	tape
	speed time.Duration
	// moved is the number of rows by which the prompt is further down when Enter is
	// pressed than where the line is typed: below a list of completions.
	moved uint64
}

// retype returns what types a command: an insert for each line that was entered on its
// own. The source is where Enter was pressed.
func (t *typist) retype(source *vt.Screen, cmd place.Command) ([]Insert, error) {
	keys, at, err := t.locate(source, cmd)
	if err != nil {
		return nil, err
	}
	from, err := t.empty(cmd.Prompt, at)
	if err != nil {
		return nil, err
	}
	end, start := t.end(), cmd.Start
	if end.n < len(t.pieces) {
		start = t.point(end)
	}
	if last := keys[len(keys)-1].line; cursorOf(source).line > last {
		// A line that was cancelled may have been left before.
		if enter, ok := t.lineFeed(from, last+1); ok {
			end, start = enter, t.point(enter)
		}
	}
	t.seek(from)
	t.moved = at.line - cursorOf(t.replay.Screen).line
	if !before(t.point(from), start) {
		return nil, errors.New("nothing was typed")
	}
	if cmd.Cancelled && strings.Contains(cmd.Text, "^C") {
		return nil, errors.New("it has a control character")
	}
	if inserts, ok := t.byLines(source, keys, from, end, start); ok {
		return inserts, nil
	}
	insert, err := t.insert(source, keys, from, end, place.Range{From: t.untouched(from), To: start})
	if err != nil {
		return nil, err
	}
	return []Insert{insert}, nil
}

// byLines is retype if each further line was entered at a prompt of its own: what the
// shell writes between two lines stays. It reports false if the command is one line, or
// was edited as a whole.
func (t *typist) byLines(source *vt.Screen, keys []key, from, end position, start place.Point) (inserts []Insert, ok bool) {
	begin := t.untouched(from)
	for {
		n := slices.IndexFunc(keys, func(k key) bool { return k.text == "\n" })
		if n < 0 {
			break
		}
		if len(inserts) == maxLines {
			return nil, false
		}
		enter, ok := t.lineFeed(from, keys[n].line)
		if !ok || !t.shows(source, keys[:n]) {
			return nil, false
		}
		insert, err := t.insert(source, keys[:n], from, enter, place.Range{From: begin, To: t.point(enter)})
		if err != nil || !before(insert.From, insert.To) {
			return nil, false
		}
		inserts = append(inserts, insert)
		next := keys[n].spot
		if from, ok = t.quiet(enter, func() bool {
			return cursorOf(t.replay.Screen) == next && t.indented(source, keys[n])
		}); !ok {
			return nil, false
		}
		begin = t.point(from)
		keys = keys[n+1:]
	}
	if len(inserts) == 0 {
		return nil, false
	}
	insert, err := t.insert(source, keys, from, end, place.Range{From: begin, To: start})
	return append(inserts, insert), err == nil && before(insert.From, insert.To)
}

// shows reports whether the screen of the replay has the characters of keys.
func (t *typist) shows(source *vt.Screen, keys []key) bool {
	s := t.replay
	for _, k := range keys {
		if k.line < s.Scrolled() || s.CellText(s.Cell(k.x, int(k.line-s.Scrolled()))) != source.CellText(k.cell) {
			return false
		}
	}
	return true
}

// indented reports whether the cursor of the replay is behind what comes before a further
// line, and nothing is entered there, nor below, where a search in the history shows.
func (t *typist) indented(source *vt.Screen, lf key) bool {
	s := t.replay
	y := s.Cursor().Y
	for x, c := range lf.indent {
		if orBlank(s.CellText(s.Cell(x, y))) != orBlank(source.CellText(c)) {
			return false
		}
	}
	_, rows := s.Size()
	for x := lf.x; y < rows; x, y = 0, y+1 {
		for ; x < s.Row(y).Content(); x++ {
			if !blank(s.Screen, x, y) {
				return false
			}
		}
	}
	return true
}

// insert returns what types keys from one position to another, in place of a range.
func (t *typist) insert(source *vt.Screen, keys []key, from, to position, instead place.Range) (Insert, error) {
	insert := Insert{Range: instead}
	typed, kept, err := t.between(from, to)
	if err != nil {
		return Insert{}, err
	}
	t.seek(from)
	t.enter(&insert, source, keys, typed)
	insert.Length = time.Duration(len(keys)+1) * t.speed
	if to == t.end() && len(keys) > 0 {
		if n := t.scrolled(source, keys[len(keys)-1]); n > 0 {
			data := strings.Repeat("\n", n) + fmt.Sprintf("\x1b[%dA", n)
			insert.Events = append(insert.Events, format.Event{Time: insert.Length, Code: format.Output, Data: data})
		}
	}
	for _, ev := range kept {
		ev.Time = min(max(ev.Time-insert.From.Time, 0), insert.Length)
		insert.Events = append(insert.Events, ev)
	}
	slices.SortStableFunc(insert.Events, func(a, b format.Event) int { return cmp.Compare(a.Time, b.Time) })
	return insert, nil
}

// enter adds the events that type keys. Input comes with them if typed is not nil.
func (t *typist) enter(insert *Insert, source *vt.Screen, keys []key, typed *string) {
	row := t.replay.Cursor().Y
	cols, _ := t.replay.Size()
	right := t.replay.Cursor().X // where the prompt at the right begins
	for right < cols && blank(t.replay.Screen, right, row) {
		right++
	}
	line := t.replay.Scrolled() + uint64(row) + t.moved
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
	if len(keys) > 0 && t.wraps(source, keys[len(keys)-1]) {
		// The editor has wrapped the full row already.
		insert.Events[len(insert.Events)-1].Data += " \r"
	}
	if typed != nil && strings.HasSuffix(*typed, "\r") || typed != nil && strings.HasSuffix(*typed, "\n") {
		end := (*typed)[len(*typed)-1:]
		insert.Events = append(insert.Events, format.Event{Time: time.Duration(len(keys)+1) * t.speed, Code: format.Input, Data: end})
	}
}

// scrolled returns the number of rows below the line of the last key if the screen has
// scrolled for them, as it does for a search in the history. The replay is where the line
// was empty.
func (t *typist) scrolled(source *vt.Screen, last key) int {
	_, rows := source.Size()
	line := last.line - t.moved
	if t.wraps(source, last) {
		line++
	}
	bottom := source.Scrolled() + uint64(rows) - 1
	if source.Scrolled() == t.replay.Scrolled() || line >= bottom {
		return 0
	}
	return int(bottom - line)
}

// wraps reports whether a key is in the last column, and the next row continues it.
func (t *typist) wraps(source *vt.Screen, k key) bool {
	cols, rows := source.Size()
	next := int(int64(k.line) - int64(source.Scrolled()) + 1)
	return k.x+max(k.cell.Width(), 1) == cols && next > 0 && next < rows && source.Row(next).Continued()
}

func orBlank(text string) string {
	if text == "" {
		return " "
	}
	return text
}
