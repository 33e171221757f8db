package render

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// keysJoin is the longest pause between two keys of a label, and keysStay is how
	// long a label is shown after its last key.
	keysJoin = time.Second
	keysStay = 2 * time.Second

	maxStrokes = 256 // kept of a label; up to twice as many are there
	maxCaption = 512 // characters of a caption
)

// overlay is the rows below the screen: captions, and keys.
type overlay struct {
	keys, captions bool
	// changed reports that the rows have changed since it was set to false.
	changed bool

	caption string

	reader  keyReader
	strokes []stroke      // of the label
	last    time.Duration // the time of the last key
	escape  time.Duration // of the last event of input: an ESC may be at its end
	at      time.Duration // of the event
}

// stroke is a part of a label.
type stroke struct {
	text string
	key  bool // the name of a key, and not text
	n    int  // how many times
}

func newOverlay(f *Film) *overlay {
	o := &overlay{keys: f.Keys, captions: f.Captions, changed: true}
	o.reader = keyReader{text: o.typed, key: o.pressed, paste: o.pasted}
	return o
}

// rows returns the number of rows below the screen.
func (o *overlay) rows() int {
	n := 0
	if o.captions {
		n++
	}
	if o.keys {
		n++
	}
	return n
}

// event is called for each event, after pass with its time.
func (o *overlay) event(ev format.Event) {
	o.at = ev.Time
	switch {
	case ev.Code == format.Marker && o.captions:
		if _, resumed := format.ResumedAt(ev.Data); resumed {
			return
		}
		label := strings.Join(strings.Fields(ev.Data), " ")
		if r := []rune(label); len(r) > maxCaption {
			label = string(r[:maxCaption])
		}
		if label != o.caption {
			o.caption, o.changed = label, true
		}
	case ev.Code == format.Input && o.keys:
		o.reader.feed(ev.Data)
		o.escape = ev.Time
	}
}

// due returns the time at which the rows change even if nothing happens.
func (o *overlay) due() (at time.Duration, ok bool) {
	if len(o.strokes) > 0 {
		at, ok = o.last+keysStay, true
	}
	if escape := o.escape + escapeWait; o.reader.waits() && (!ok || escape < at) {
		at, ok = escape, true
	}
	return at, ok
}

// pass is called when time has passed: at due at the latest.
func (o *overlay) pass(now time.Duration) {
	if o.reader.waits() && now >= o.escape+escapeWait {
		o.at = o.escape + escapeWait
		o.reader.flush()
	}
	if len(o.strokes) > 0 && now >= o.last+keysStay {
		o.strokes, o.changed = o.strokes[:0], true
	}
}

// stroke adds to the label, or begins another one.
func (o *overlay) stroke(s stroke) {
	if o.at-o.last > keysJoin {
		o.strokes = o.strokes[:0]
	}
	o.last, o.changed = o.at, true
	if n := len(o.strokes); n > 0 && s.key && o.strokes[n-1].key && o.strokes[n-1].text == s.text {
		o.strokes[n-1].n++
		return
	}
	if len(o.strokes) == 2*maxStrokes {
		o.strokes = append(o.strokes[:0], o.strokes[maxStrokes:]...)
	}
	o.strokes = append(o.strokes, s)
}

func (o *overlay) typed(r rune) {
	if r == ' ' || RuneWidth(r) > 0 || isMark(r) {
		o.stroke(stroke{text: string(r), n: 1})
	}
}

func (o *overlay) pressed(name string) { o.stroke(stroke{text: name, key: true, n: 1}) }

func (o *overlay) pasted(line string, more bool) {
	line = strings.Join(strings.Fields(line), " ")
	if more {
		line += "…"
	}
	if line != "" {
		o.stroke(stroke{text: line, n: 1})
	}
}

// label returns the text of the label, or the end of it, if that is longer than so many
// columns: text as it was typed, keys apart from it.
func (o *overlay) label(cols int) string {
	var b strings.Builder
	for i := max(len(o.strokes)-max(cols, 1)-1, 0); i < len(o.strokes); i++ {
		s := o.strokes[i]
		if i > 0 {
			before := o.strokes[i-1]
			if s.key != before.key || s.key && (len([]rune(s.text)) > 1 || len([]rune(before.text)) > 1) {
				b.WriteByte(' ')
			}
		}
		switch {
		case s.text == " " && (i == 0 || i == len(o.strokes)-1 || o.strokes[i-1].key || o.strokes[i+1].key):
			b.WriteString("␣")
		case s.n <= 3 && len([]rune(s.text)) == 1:
			b.WriteString(strings.Repeat(s.text, s.n))
		case s.n > 1:
			b.WriteString(s.text + "×" + strconv.Itoa(s.n))
		default:
			b.WriteString(s.text)
		}
	}
	return b.String()
}

// The styles of the rows; readable in every theme.
var (
	captionStyle = Style{Attr: vt.Bold | vt.Inverse}
	keysStyle    = Style{Attr: vt.Inverse}
)

// draw draws the rows onto a canvas, from that row on.
func (o *overlay) draw(c *Canvas, y int) {
	if o.captions {
		c.Fill(0, c.Cols, y, Style{})
		if o.caption != "" {
			text := clusters(o.caption, false, c.Cols-2)
			pill(c, (c.Cols-width(text)-2)/2, y, text, captionStyle)
		}
		y++
	}
	if o.keys {
		c.Fill(0, c.Cols, y, Style{})
		if label := o.label(c.Cols); label != "" {
			text := clusters(label, true, c.Cols-2)
			pill(c, c.Cols-width(text)-2, y, text, keysStyle)
		}
	}
}

// pill draws a text with a blank on each side.
func pill(c *Canvas, x, y int, text []Cell, st Style) {
	if y < 0 || y >= c.Rows {
		return
	}
	x = max(x, 0)
	c.Fill(x, x+width(text)+2, y, st)
	row := c.Row(y)
	x++
	for _, cl := range text {
		cl.Style = st
		if x+int(cl.Width) > len(row) {
			break
		}
		row[x] = cl
		if cl.Width == 2 {
			row[x+1] = Cell{Rest: true, Style: st}
		}
		x += int(cl.Width)
	}
}

// width returns the number of columns of the characters.
func width(cells []Cell) int {
	n := 0
	for _, c := range cells {
		n += int(c.Width)
	}
	return n
}

// clusters returns a text of a recording as the characters that fit into so many
// columns, without their second halves and without styles. What does not fit is replaced
// by "…": the beginning if tail is set, else the end.
func clusters(s string, tail bool, cols int) []Cell {
	var cells []Cell
	for _, r := range s {
		switch w := RuneWidth(r); {
		case w > 0:
			if r == ' ' {
				r = 0
			}
			cells = append(cells, Cell{Rune: r, Width: uint8(w)})
		case isMark(r) && len(cells) > 0:
			last := &cells[len(cells)-1]
			if last.Text == "" && last.Rune != 0 {
				last.Text, last.Rune = string(last.Rune), 0
			}
			if last.Text != "" && len(last.Text) < 32 {
				last.Text += string(r)
			}
		}
	}
	switch {
	case width(cells) <= cols:
		return cells
	case cols < 1:
		return nil
	}
	dots := Cell{Rune: '…', Width: 1}
	n := 1
	if tail {
		i := len(cells)
		for i > 0 && n+int(cells[i-1].Width) <= cols {
			i--
			n += int(cells[i].Width)
		}
		cells[i-1] = dots
		return cells[i-1:]
	}
	i := 0
	for i < len(cells) && n+int(cells[i].Width) <= cols {
		n += int(cells[i].Width)
		i++
	}
	return append(cells[:i], dots)
}

// isMark reports whether a rune is drawn onto the character before it.
func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) && !isFormat(r) }
