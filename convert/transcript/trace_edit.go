package transcript

import (
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/vt"
)

// editGap is gap while a line is entered.
func (t *tracer) editGap(d time.Duration) {
	line, x := t.cursor()
	if !t.cur.promptEnd.seen() {
		if line == t.promptLine && x <= t.promptX {
			if x == 0 || d < restGap {
				return // nothing is drawn yet
			}
			if t.again.ok { // and nothing will be
				t.promptLine, t.promptX = t.again.line, t.again.x
				t.again = origin{}
				t.cur.promptEnd = endSeen
				return
			}
			// The prompt was there before the switch.
			t.promptX = 0
		}
		t.inputAt(line, x)
	}
	if t.redrawn {
		t.reanchor()
	}
	if s := t.sign; s.ok && t.cur.drawn == "" && line == s.line && x > s.x {
		t.cur.drawn = t.padded(line, s.x, x)
	}
	t.sign.ok = false
	t.moved = t.moved || line != t.inputLine || x != t.inputX
	// Perhaps it was entered, and a mark will show it, with the text.
	entered := t.runs && (t.cur.bounds == FromMarks || t.cur.marks == signed && t.cur.outer == nil)
	if !entered && t.cur.shell != zsh && x == 0 && line > t.inputLine && t.scan.fresh && t.restLine == t.inputLine && t.restX >= t.inputX && !t.full(line-1) && !t.pasted() {
		// A background job wrote into the line, and the line goes on below.
		t.carry = append(t.carry, t.rowText(t.inputLine, t.inputX, t.restX))
		t.inputLine, t.inputX = line, 0
	}
	t.restLine, t.restX = line, x
}

// pasted reports whether text behind the place where the cursor rested last was
// pasted: readline shows it standing out until the next key. What was typed before
// it may have come in the same moment.
func (t *tracer) pasted() bool {
	row, ok := t.row(t.restLine)
	if !ok || !t.spend(row.Len()) {
		return false
	}
	for x := t.restX; x < row.Content(); x++ {
		if row.Cell(x).Attr() != 0 {
			return true
		}
	}
	return false
}

// inputAt sets where input begins.
func (t *tracer) inputAt(line uint64, x int) {
	t.inputLine, t.inputX = line, x
	t.cur.promptEnd = endSeen
	t.cur.prompt = t.readPrompt()
	t.seeRight()
}

func (t *tracer) readPrompt() []string {
	var rows []string
	first := t.promptLine
	if t.inputLine > first+20 {
		first = t.inputLine - 20
	}
	for line := first; line < t.inputLine; line++ {
		from := 0
		if line == t.promptLine {
			from = t.promptX
		}
		rows = append(rows, strings.TrimRight(t.rowText(line, from, allCols), " "))
	}
	from := 0
	if t.inputLine == t.promptLine && t.promptX < t.inputX {
		from = t.promptX
	}
	return append(rows, t.padded(t.inputLine, from, t.inputX))
}

// padded returns the text of a row with the blanks that the cursor was moved
// over.
func (t *tracer) padded(line uint64, from, upto int) string {
	text := t.rowText(line, from, upto)
	if pad := upto - from - columns(text); pad > 0 && pad < 3 {
		text += strings.Repeat(" ", pad)
	}
	return text
}

// seeRight looks for text at the right of where input begins, before anything is
// entered. Later, text there may be input.
func (t *tracer) seeRight() {
	row, ok := t.row(t.inputLine)
	if !ok || !t.spend(row.Len()) {
		return
	}
	if t.right = t.rightFrom(row, t.inputLine, t.inputX); t.right.x <= t.inputX {
		t.right = rightPrompt{} // what is typed
	}
}

// seeUnwritten looks for text at the right edge of a line, behind columns that
// nothing was written to. Whatever is typed leaves no such columns, but editors
// move over them to draw a right-hand prompt, which may have changed since the
// last look.
func (t *tracer) seeUnwritten(line uint64) {
	row, ok := t.row(line)
	if !ok || line != t.inputLine || row.Content() < row.Len()-2 || !t.spend(row.Len()) {
		return
	}
	// zsh redraws a line without the blank that was typed last, so one column may
	// be input.
	for x := row.Content() - 1; x > t.inputX; x-- {
		if !row.Cell(x).Empty() || row.Cell(x).Width() == 0 {
			continue
		}
		if row.Cell(x-1).Empty() || strings.Map(noDigits, t.rowText(line, x+1, allCols)) == t.knownRight {
			for x < row.Content() && row.Cell(x).Rune() <= ' ' && row.Cell(x).Rune() >= 0 {
				x++
			}
			t.right = rightPrompt{x, t.rowText(line, x, allCols)}
			t.knownRight = strings.Map(noDigits, t.right.text)
			return
		}
	}
}

// rightFrom returns the text of a row behind the blanks at column x.
func (t *tracer) rightFrom(row vt.Row, line uint64, x int) rightPrompt {
	for content := row.Content(); x < content; x++ {
		if c := row.Cell(x); !c.Empty() && c.Rune() != ' ' {
			return rightPrompt{x, t.rowText(line, x, allCols)}
		}
	}
	return rightPrompt{}
}

// clearedEdit is called before the screen is cleared while a line is entered:
// the editor will redraw it at the top.
func (t *tracer) clearedEdit() {
	if t.cur.promptEnd.seen() && !t.redrawn {
		t.buffer, _, _ = t.readInput(t.bottom())
		t.redrawn = true
		t.erasesLeft = 1
	}
	t.promptLine, t.promptX = t.screen.Scrolled(), 0
	t.inputLine = min(t.inputLine, t.promptLine)
	t.carry = nil
}

// pasteOn: a line editor begins to read.
func (t *tracer) pasteOn() {
	line, x := t.cursor()
	t.paste = true
	switch t.state {
	case editing:
		if t.cur.bounds == FromMarks || t.cur.bounds == FromKeys {
			t.cur.bounds = FromPaste
		}
		switch {
		case t.idiom.ok:
			t.zshInput(line, x)
		case t.cur.shell != zsh && t.cur.promptEnd == endSeen && (line != t.promptLine || x != t.promptX):
			// The editor begins again without an end: the time between is not
			// in the recording, or the editor was killed.
			t.again = origin{ok: true, line: t.promptLine, x: t.promptX}
			t.promptLine, t.promptX = line, x
			t.cur.promptEnd = endUnseen
		}
		return
	case accepting:
		// No line feed followed: the line was cancelled.
		if t.cur.shell != zsh {
			t.cur.after = afterRestart
			if t.cur.marks == signed && t.cur.outer == nil {
				return // a prompt will be marked
			}
		}
		t.finishAccept(line)
		t.begin(line)
		t.capturing = false
	}
	if t.idiom.ok {
		t.startPrompt(FromPaste, t.idiom.line, 0, t.idiom.at, t.idiom.from)
		t.zshInput(line, x)
		return
	}
	if h := t.hint; h.ok && h.line <= line && line-h.line < 20 {
		t.startPrompt(FromPaste, h.line, h.x, h.at, h.from)
		if line > h.line || x > h.x {
			// fish 4 switches after it has drawn its prompt.
			t.inputAt(line, x)
		}
		return
	}
	restarted := t.cur.result == cancelled && t.now-t.cur.start < promptGap
	before := t.beforePrompt()
	t.startPrompt(FromPaste, line, x, t.now, t.stream.promptSpot(1))
	t.paused = before
	t.restarted = restarted
}

// zshInput sets where input begins: zsh switches after it has drawn its prompt.
func (t *tracer) zshInput(line uint64, x int) {
	end := t.idiom.end
	t.idiom = origin{}
	t.cur.shell = zsh
	if t.cur.promptEnd == endCertain {
		return
	}
	if x == 0 && end.ok && (end.line > line || end.x > 0) {
		// It has gone back to draw its prompt again, and perhaps a line that
		// was entered meanwhile: a widget does so before zsh switches.
		t.inputAt(end.line, end.x)
		t.buffer, _, _ = t.readInput(t.bottom())
		t.redrawn, t.erasesLeft = true, 1
	} else if x == 0 {
		return // it will draw its prompt again, and nothing showed where that ends
	} else {
		t.inputAt(line, x)
	}
	t.cur.promptEnd = endCertain
}

// zshPrompt: zsh begins to draw or redraw its prompt.
func (t *tracer) zshPrompt() {
	line, x := t.cursor()
	if x != 0 {
		return
	}
	switch t.state {
	case running:
		if t.pend.odd {
			t.pend = pending{} // typed ahead
		}
		if !t.idiom.ok {
			t.idiom = origin{ok: true, line: line, at: t.now, from: t.stream.promptSpot(3)}
		} else if line < t.idiom.line {
			t.idiom.line = line
		}
	case accepting:
		t.cur.after = afterRedraw
	case editing:
		if t.cur.bounds == FromMarks || !t.cur.promptEnd.seen() {
			t.idiom = origin{ok: true, line: line, at: t.now, from: t.stream.promptSpot(3)}
			return
		}
		if !t.redrawn {
			t.buffer, _, _ = t.readInput(t.bottom())
			if t.buffer != "" && t.cur.kindBefore == "" {
				t.cur.kindBefore = kindOf(lastLine(t.cur.prompt))
			}
		}
		t.cur.shell = zsh
		t.redrawn = true
		t.promptLine, t.promptX = line, 0
		t.erasesLeft = 1
	}
}

// erased is called for each CSI K.
func (t *tracer) erased() {
	if t.state == running && t.now-t.idiom.at < promptGap {
		t.idiom.end.ok = true
		t.idiom.end.line, t.idiom.end.x = t.cursor()
	}
	if t.state == editing && t.redrawn && t.buffer != "" && t.erasesLeft > 0 {
		// It clears the rest of the line behind the input.
		line, x := t.cursor()
		if from := x - columns(t.buffer); from >= 0 && t.rowText(line, from, x) == t.buffer {
			t.redrawn = false
			t.inputLine, t.inputX = line, from
			t.cur.prompt = t.readPrompt()
		}
	}
	if t.state == editing && t.redrawn && t.buffer == "" && t.erasesLeft > 0 {
		// As long as nothing is entered, zsh clears the rest of the line
		// behind its prompt.
		t.erasesLeft--
		t.inputLine, t.inputX = t.cursor()
		t.cur.prompt = t.readPrompt()
	}
}

// reanchor finds where input begins after a prompt was redrawn.
func (t *tracer) reanchor() {
	t.redrawn = false
	if t.buffer == "" {
		if line, x := t.cursor(); t.erasesLeft > 0 && line >= t.promptLine {
			t.inputLine, t.inputX = line, x
			t.cur.prompt = t.readPrompt()
		}
		return
	}
	first, _, _ := strings.Cut(t.buffer, "\n")
	tail := lastLine(t.cur.prompt)
	line, _ := t.cursor()
	for l := t.promptLine; l <= line; l++ {
		text := t.rowText(l, 0, allCols)
		if tail != "" && strings.HasPrefix(text, tail) {
			t.inputLine, t.inputX = l, columns(tail)
			return
		}
		if i := strings.LastIndex(text, first); i > 0 {
			t.inputLine, t.inputX = l, columns(text[:i])
			t.cur.prompt = t.readPrompt()
			return
		}
	}
}

// pasteOff: a line editor has ended.
func (t *tracer) pasteOff() {
	if t.state != editing {
		return
	}
	if t.redrawn {
		t.reanchor()
	}
	line, _ := t.cursor()
	seg := t.cur
	seg.start = t.now
	if seg.points.Start = t.stream.back(0); t.scan.fresh {
		seg.points.Start = t.stream.leftLine()
	}
	if t.restarted && !seg.promptEnd.seen() && line == t.promptLine {
		t.state, t.hollow = accepting, true // nothing was drawn, let alone entered
		return
	}
	if t.scan.fresh {
		seg.left |= leftLineFeed
	} else if t.scan.interrupted() && seg.shell != zsh {
		seg.result = cancelled // readline draws ^C wherever the cursor is
	}
	if t.scan.fresh && seg.shell != zsh && line > t.screen.Scrolled() {
		// Readline and fish have moved to the next line already.
		t.takeInput(line - 1)
		t.begin(line)
		return
	}
	t.takeInput(t.bottom())
	t.state, t.acceptLine = accepting, line
}

// lineFeed is called before a line feed.
func (t *tracer) lineFeed() {
	line, _ := t.cursor()
	switch t.state {
	case accepting:
		if row, ok := t.row(line); ok && line >= t.inputLine+uint64(len(t.cur.rows)) && row.Content() > 0 {
			// The cursor moved below the input without a line feed: this is
			// output.
			t.finishAccept(line - 1)
			t.begin(line)
			return
		}
		if t.redrawsOn(line) {
			return
		}
		t.cur.points.Start = t.stream.beforeReturns()
		t.finishAccept(line)
		t.begin(line + 1)
	case editing: // with marks, but none for the start of a command
		t.markLine(line)
	case running:
		t.typed(line)
	}
}

// redrawsOn reports whether a line feed is inside the input, which zsh draws
// again after it was entered.
func (t *tracer) redrawsOn(line uint64) bool {
	seg := t.cur
	// Lists of completions are below the cursor.
	n := min(len(seg.rows), int(t.acceptLine)-int(t.inputLine)+1)
	if seg.after != afterRedraw || n < 2 || t.redrawnRows == n {
		return false
	}
	row := strings.TrimRight(t.rowText(line, 0, allCols), " ")
	want := strings.TrimRight(seg.rows[t.redrawnRows].text, " ")
	switch {
	case t.redrawnRows == 0:
		// The prompt may be another now, and have upper lines.
		want = strings.TrimRight(fromColumn(cutRight(want, t.right), t.inputX), " ")
		if want == "" || !strings.HasSuffix(row, want) {
			return line < t.inputLine
		}
		t.redrawnRows = 1
	case row == want:
		t.redrawnRows++
	default:
		return false
	}
	return t.redrawnRows < n
}

// finishAccept cuts the input at its last row.
func (t *tracer) finishAccept(line uint64) {
	seg := t.cur
	if n := t.redrawnRows; n > 0 { // the rows are elsewhere now
		line = t.inputLine + uint64(n) - 1
	} else if seg.after == afterRedraw {
		line = t.acceptLine // what was below the cursor is gone
	}
	if n := int(line) - int(t.inputLine) + 1; n >= 1 && n < len(seg.rows) {
		seg.rows = seg.rows[:n]
		seg.text = t.carried() + joinRows(seg.rows, t.inputX, t.right)
	}
	t.state = running
}

// begin: the command runs, and prints from line on.
func (t *tracer) begin(line uint64) {
	t.state = running
	t.from = line
	t.capturing = true
	t.idiom = origin{}
	t.pend = pending{}
	t.known = remember(t.known, lastLine(t.cur.prompt))
}

// carriageReturn is called before a carriage return.
func (t *tracer) carriageReturn() {
	line, x := t.cursor()
	t.returned.line, t.returned.x = line, x
	if t.state == running {
		if line == t.pend.line {
			t.scrolls(t.rowText(line, 0, x), x)
		}
		t.goesBack(t.pend.line, t.pend.x, line, x)
		return
	}
	if t.cur.promptEnd.seen() && line > t.inputLine {
		t.goesBack(t.inputLine, t.inputX, line, x)
	}
	if !t.cur.promptEnd.seen() || line != t.inputLine || x <= t.inputX+1 || t.full(line) || t.scan.last[1] != ' ' {
		return
	}
	if row := t.rowText(line, 0, x-1); strings.HasPrefix(row, strings.TrimRight(lastLine(t.cur.prompt), " ")) {
		t.over, t.overLine = fromColumn(row, t.inputX), line
	}
}

// back is a place where readline has gone to the first column, perhaps to write over
// what is there.
type back struct {
	ok   bool
	line uint64
	x    int
	text string // the input up to x
}

// goesBack is called before a carriage return at line, x. The input begins at from,
// fromX. readline writes a blank before, as it believes that the row is full.
func (t *tracer) goesBack(from uint64, fromX int, line uint64, x int) {
	t.back.ok = false
	if line < from || x <= 1 || line == from && x <= fromX+1 || t.full(line) || t.scan.last[1] != ' ' || !t.chain(from, line) {
		return
	}
	var rows []textRow
	for l := from; l < line; l++ {
		row, _ := t.anyRow(l)
		rows = append(rows, row)
	}
	rows = append(rows, textRow{text: t.rowText(line, 0, x-1)})
	t.back = back{ok: true, line: line, x: x, text: joinRows(rows, fromX, rightPrompt{})}
}

// wentBack is called when nothing more is written for a moment. It reports whether
// something was typed over the start of the row, and takes what was there.
func (t *tracer) wentBack() bool {
	line, x := t.cursor()
	t.back.ok = line == t.back.line && x == 0 // nothing is typed yet
	return line == t.back.line && x > 0 && x <= 3 && x < t.back.x
}

// overdrawn puts what was entered first before the rest, if readline has written
// that over it. It does so if it takes a prompt with bare colours to be longer
// than it is: it believes that the row is full.
func (t *tracer) overdrawn() bool {
	tail := strings.TrimRight(lastLine(t.cur.prompt), " ")
	if t.over == "" || tail == "" || t.inputLine != t.overLine || strings.HasPrefix(t.rowText(t.overLine, 0, allCols), tail) {
		return false
	}
	t.carry, t.inputX = append(t.carry, t.over), 0
	return true
}

// takeInput reads the line that was entered, up to row last.
func (t *tracer) takeInput(last uint64) {
	seg := t.cur
	over := t.cur.bounds == FromPaste && t.overdrawn() || t.wroteOver
	seg.text, seg.rows, seg.unread = t.readInput(last)
	seg.overdrawn = over
	if over && len(seg.rows) == 1 && t.returned.line == t.inputLine {
		// What was entered first reaches further.
		seg.rows[0].text = t.rowText(t.inputLine, 0, t.returned.x)
		seg.text = t.carried() + strings.TrimRight(seg.rows[0].text, " ")
	}
	if n := len(seg.rows); n > 0 && !over && t.returned.line == t.inputLine+uint64(n-1) && t.suggests(t.returned.line, t.returned.x) {
		seg.rows[n-1].text = t.rowText(t.returned.line, 0, t.returned.x)
		seg.text = t.carried() + joinRows(seg.rows, t.inputX, t.right)
	}
	seg.pieces = 1 + len(t.carry)
	seg.screens = 0 // of the editor's own programs
	seg.right = t.right
}

// suggests reports whether the text of a line behind column x, where the cursor
// was when the line was entered, is no input but a suggestion that fish had no
// time to remove: it is grey, and what is before the cursor is not.
func (t *tracer) suggests(line uint64, x int) bool {
	row, ok := t.row(line)
	if !ok || x < 1 || x >= row.Content() || !t.spend(row.Len()) {
		return false
	}
	style := row.Cell(x)
	if style.Empty() || !grey(style) || row.Cell(x-1).SameStyle(style) {
		return false
	}
	for ; x < row.Content() && !row.Cell(x).Empty(); x++ {
		if !row.Cell(x).SameStyle(style) {
			return false
		}
	}
	return true
}

// grey reports whether a cell looks dimmed.
func grey(c vt.Cell) bool {
	if c.Attr().Has(vt.Faint) {
		return true
	}
	if i, ok := c.Fg().Palette(); ok {
		return i == 8 || i > 232 && i < 250
	}
	r, g, b, ok := c.Fg().RGB()
	return ok && r == g && g == b && r > 0 && r < 0xc0
}

func (t *tracer) carried() string { return strings.Join(t.carry, "") }

// readInput reads the rows from the last one of the prompt up to last, and
// returns how many of them it did not read.
func (t *tracer) readInput(last uint64) (text string, rows []textRow, unread int) {
	seg := t.cur
	tail := lastLine(seg.prompt)
	if !seg.promptEnd.seen() {
		t.inputLine, t.inputX = t.promptLine, t.promptX
	} else if strings.TrimSpace(tail) != "" && (t.inputLine != t.promptLine || t.promptX == 0) {
		// Completion lists and ctrl-L redraw the prompt elsewhere: the lowest
		// one counts.
		low := max(t.screen.Scrolled(), t.promptLine, last-min(last, maxInputRows))
		if len(t.carry) > 0 {
			low = max(low, t.inputLine)
		}
		tail := strings.TrimRight(tail, " ")
		for l := last; l >= low; l-- {
			if strings.HasPrefix(t.rowText(l, 0, allCols), tail) {
				if l != t.inputLine || len(t.carry) > 0 {
					t.inputLine, t.inputX = l, columns(lastLine(seg.prompt))
					t.carry = nil
				}
				break
			}
			if l == 0 {
				break
			}
		}
	}
	first := t.inputLine
	if _, ok := t.anyRow(first); !ok {
		first = max(first, t.screen.Scrolled())
		unread = int(first - t.inputLine)
	}
	t.seeUnwritten(first)
	size := 0
	for l := first; l <= last; l++ {
		if len(rows) == maxInputRows || size > maxInput {
			unread += int(last - l + 1)
			break
		}
		row, ok := t.anyRow(l)
		if !ok {
			unread += int(last - l + 1)
			break
		}
		rows = append(rows, row)
		size += len(row.text)
	}
	x := t.inputX
	if first > t.inputLine {
		x = 0
	}
	return t.carried() + joinRows(rows, x, t.right), rows, unread
}
