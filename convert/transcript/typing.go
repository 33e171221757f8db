package transcript

import "strings"

// restPoint: a program runs, or nothing we know of, and the cursor rests.
func (t *tracer) restPoint() {
	if !t.mayType() {
		t.pend = pending{}
		return
	}
	line, x := t.cursor()
	if t.pend.ok && t.pend.typed != "" && line == t.pend.line && strings.TrimSpace(t.rowText(line, 0, allCols)) == "" {
		return // the line is being drawn anew
	}
	if x == 0 {
		t.pend = pending{}
		return
	}
	if t.pend.ok && t.chain(t.pend.line, line) {
		row := t.rowText(t.pend.line, 0, allCols)
		if strings.HasPrefix(row, strings.TrimRight(t.pend.prefix, " ")) {
			t.pend.typed = strings.TrimRight(fromColumn(cutRight(row, t.pend.right), t.pend.x), " ")
			return
		}
	}
	row, ok := t.row(line)
	if !ok {
		return
	}
	if row.Content() > x && !gapAt(row.Content(), x) {
		// Something stands right of the cursor: at most a right-hand prompt.
		t.pend = pending{}
		return
	}
	text := t.rowText(line, 0, x)
	if pad := x - columns(text); pad > 0 && pad < 3 {
		text += strings.Repeat(" ", pad)
	}
	given := ""
	for _, k := range t.known {
		if !strings.HasPrefix(text, k) {
			continue
		}
		rest := text[len(k):]
		if strings.TrimSpace(rest) != "" && terminator(rest) == terminator(k) {
			break // not the prompt and a text, but a prompt that has grown
		}
		text, given = k, rest
		break
	}
	if !plausible(text) && !t.ready {
		t.pend = pending{}
		return
	}
	right := rightPrompt{}
	if content := row.Content(); content > x {
		for rx := x; rx < content; rx++ {
			if c := row.Cell(rx); !c.Empty() && c.Rune() != ' ' {
				right = rightPrompt{line: line, x: rx, text: t.rowText(line, rx, allCols)}
				break
			}
		}
	}
	t.pend = pending{ok: true, right: right, line: line, x: columns(text), prefix: text, at: t.now, ready: t.ready, given: given, cursor: x}
}

func gapAt(content, x int) bool { return content > x+1 }

// mayType tells whether a prompt may be one that only typing shows.
func (t *tracer) mayType() bool {
	if !t.paste {
		return true
	}
	return t.cur.bounds != "" && isLauncher(t.cur.text) || t.cur.bounds == FromTyping
}

// chain tells whether line is first or one that first was wrapped into.
func (t *tracer) chain(first, line uint64) bool {
	if line < first || line > first+maxInputRows {
		return false
	}
	for l := first; l < line; l++ {
		row, ok := t.row(l)
		if !ok || !row.Wrapped() && row.Content() < row.Len() {
			return false
		}
	}
	return true
}

// typed: a line feed comes while the cursor may stand in a line that was typed.
func (t *tracer) typed(line uint64) {
	p := t.pend
	t.pend = pending{}
	if !t.chain(p.line, line) {
		return
	}
	row := t.rowText(p.line, 0, allCols)
	if !strings.HasPrefix(row, strings.TrimRight(p.prefix, " ")) {
		// A prompt that is drawn in another form once the line is entered.
		before, ok := strings.CutSuffix(strings.TrimRight(row, " "), p.typed)
		if !ok || p.typed == "" || !plausible(before) {
			return
		}
		p.x, p.prefix = columns(before), before
		p.right = rightPrompt{}
	}
	undo := undoTyped{ok: true, pend: p, cur: t.cur, from: t.from, ended: t.cur.ended, closed: t.closed, prev: t.prev}
	oneGo := !p.moved
	t.startPrompt(FromTyping, p.line, 0, p.at)
	t.inputAt(p.line, p.x)
	t.right = p.right
	t.cur.rest = true
	t.cur.oneGo = oneGo
	t.cur.ready = p.ready
	t.cur.given = strings.TrimRight(p.given, " ")
	t.cur.eof = t.eof
	t.cur.start = t.now
	t.takeInput(line)
	t.begin(line+1, 0)
	t.undo = undo
}

// undoTyped is what was before a line feed was taken for the end of a line.
type undoTyped struct {
	ok            bool
	pend          pending
	cur, prev     *segment
	from          uint64
	ended, closed bool
}

// takeBack is called at the first gap after a line was taken as entered: an
// editor that shows lists below what is entered has gone back up to it.
func (t *tracer) takeBack() {
	u := t.undo
	t.undo = undoTyped{}
	line, x := t.cursor()
	if t.state != running || t.cur.bounds != FromTyping || line < u.pend.line || line > u.pend.line+1 || x < u.pend.x && line == u.pend.line ||
		!t.chain(u.pend.line, line) ||
		!strings.HasPrefix(t.rowText(u.pend.line, 0, allCols), strings.TrimRight(u.pend.prefix, " ")) {
		return
	}
	t.segs = t.segs[:len(t.segs)-1]
	t.cur, t.prev, t.from, t.closed = u.cur, u.prev, u.from, u.closed
	t.cur.ended = u.ended
	t.capturing = true
	t.from = max(t.from, u.pend.line)
	t.pend = u.pend
	t.pend.moved = true
}
