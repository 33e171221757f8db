package transcript

import "strings"

// restPoint: a program runs, or nothing we know of, and the cursor rests.
func (t *tracer) restPoint() {
	if !t.mayType() {
		t.pend = pending{}
		return
	}
	line, x := t.cursor()
	if x == 0 {
		t.pend = pending{}
		return
	}
	if t.pend.ok && t.chain(t.pend.line, line) &&
		strings.HasPrefix(t.rowText(t.pend.line, 0, allCols), strings.TrimRight(t.pend.prefix, " ")) {
		return
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
		if strings.HasPrefix(text, k) {
			text, given = k, text[len(k):]
			break
		}
	}
	if !plausible(text) && !t.ready {
		t.pend = pending{}
		return
	}
	t.pend = pending{ok: true, line: line, x: columns(text), prefix: text, at: t.now, ready: t.ready, given: given, cursor: x}
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
		return
	}
	oneGo := !p.moved
	t.startPrompt(FromTyping, p.line, 0, p.at)
	t.inputAt(p.line, p.x)
	t.cur.rest = true
	t.cur.oneGo = oneGo
	t.cur.ready = p.ready
	t.cur.given = strings.TrimRight(p.given, " ")
	t.cur.eof = t.eof
	t.cur.start = t.now
	t.takeInput(line)
	t.begin(line+1, 0)
}
