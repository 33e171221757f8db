package transcript

import (
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/vt"
)

// release takes the text of a segment to which nothing more is added.
func (t *tracer) release(seg *segment) {
	if seg == nil || seg.capture == nil {
		return
	}
	seg.out = output{text: seg.capture.text(), lost: seg.capture.lost}
	if seg.typedBefore {
		seg.out.text = strings.TrimPrefix(seg.out.text, lastLine(seg.prompt))
	}
	t.total += len(seg.out.text)
	if !seg.odd {
		seg.out.putAway(t.vault)
	}
	seg.capture.free(&t.spare)
	seg.capture = nil
}

// endOutput ends the output of the current segment at line, x, as from shows.
func (t *tracer) endOutput(line uint64, x int, at time.Duration, from source, point place.Point) {
	if !t.cur.end.known() {
		t.cur.end = fact[time.Duration]{at, from}
		t.cur.points.End = point
	}
	if !t.capturing {
		return
	}
	t.flush(line, x)
	t.capturing = false
}

// flush adds the rows from where output begins up to line to the output; of line
// itself, the part before x.
func (t *tracer) flush(line uint64, x int) {
	top := t.screen.Scrolled()
	if line >= t.from {
		t.cur.printed += int(line - t.from)
		if x > 0 {
			t.cur.printed++
		}
	}
	for l := max(t.from, top); l < line; l++ {
		t.takeRow(l, allCols)
	}
	if x > 0 && line >= t.from {
		t.takeRow(line, x)
	}
	t.from = max(t.from, line)
}

func (t *tracer) takeRow(line uint64, upto int) {
	row, ok := t.row(line)
	if !ok || !t.spend(row.Content()) {
		return
	}
	if content := row.Content(); upto >= content {
		// zsh and fish put a mark behind a last line without a line feed.
		if content > 0 && row.Wrapped() || content == row.Len() {
			upto = noEOL(row, content)
		} else {
			upto = row.Len()
		}
	}
	t.scratch = t.cur.capture.row(t.screen.Screen, row, upto, t.scratch)
}

// noEOL returns the columns of a row without the mark that zsh (an inverse % or
// #) and fish (a dim ⏎) put behind output that does not end in a line feed.
func noEOL(row vt.Row, content int) int {
	for x := content - 1; x >= 0; x-- {
		c := row.Cell(x)
		if c.Empty() || c.Rune() == ' ' {
			continue
		}
		switch {
		case (c.Rune() == '%' || c.Rune() == '#') && c.Attr().Has(vt.Inverse),
			c.Rune() == '⏎' && c.Attr().Has(vt.Faint):
			return x
		}
		break
	}
	return row.Len()
}

// left is called for rows that leave the screen.
func (t *tracer) left(row vt.Row, why vt.Leave) {
	if t.screen.OnAlternate() {
		return
	}
	switch why {
	case vt.LeftTop:
		line := t.screen.Scrolled()
		if (t.state != running || t.pend.ok) && t.spend(row.Len()) {
			t.rowGone(row, line)
		}
		if t.capturing && line >= t.from {
			t.cur.printed++
			t.scratch = t.cur.capture.row(t.screen.Screen, row, row.Len(), t.scratch)
			t.from = line + 1
		}
	case vt.LeftRegion:
		if t.capturing {
			t.scratch = t.cur.capture.row(t.screen.Screen, row, row.Len(), t.scratch)
		}
	case vt.LeftErased:
		top := t.screen.Scrolled()
		line := top + uint64(t.erasing)
		_, rows := t.screen.Size()
		if t.state == editing && t.erasing == 0 {
			t.clearedEdit()
		}
		if t.capturing {
			if t.erasing == 0 {
				t.keep = t.cur.capture.cleared()
			}
			if t.pend.ok && line >= t.pend.line {
				// A prompt, and the line typed there.
			} else if cursor, _ := t.cursor(); line >= t.from && t.keep && (line <= cursor || row.Content() > 0) {
				t.scratch = t.cur.capture.row(t.screen.Screen, row, row.Len(), t.scratch)
			}
		}
		if t.erasing++; t.erasing == rows {
			t.erasing = 0
			t.from = top
			t.pend.ok = false
		}
	}
}

// fullScreen is called when the alternate screen is entered. Some programs switch
// bracketed paste on before that, which begins no prompt then.
func (t *tracer) fullScreen() {
	if t.state == editing && t.paused.cur != nil && !t.cur.promptEnd.seen() && t.cur.marks != signed {
		if line, x := t.cursor(); line == t.promptLine && x == t.promptX {
			t.resume(t.paused)
			t.state = running
			if t.from = line; x > 0 {
				t.from++ // this row was taken as far as it goes
			}
		}
	}
	t.paused = beforePrompt{}
	t.cur.screens++
}

func (t *tracer) resize(ev format.Event) {
	if t.screen.OnAlternate() {
		t.screen.Feed(ev)
		return
	}
	before, _ := t.cursor()
	if t.state == running && t.capturing && t.from < before {
		t.flush(before, 0)
	}
	capturing := t.capturing
	t.capturing = false
	t.screen.Feed(ev)
	t.capturing = capturing
	after, _ := t.cursor()
	move := func(line uint64) uint64 {
		if line >= before {
			return after + (line - before)
		}
		return after - min(after, before-line)
	}
	t.from = move(t.from)
	t.promptLine, t.inputLine = move(t.promptLine), move(t.inputLine)
	t.pend.line = move(t.pend.line)
	t.idiom.line = move(t.idiom.line)
}
