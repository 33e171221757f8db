package transcript

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/vt"
)

// restedAt is where the cursor rested, and the text left of it.
type restedAt struct {
	line  uint64
	text  string
	grown bool // little by little
}

// typingGap is about the time from one key to the next.
const typingGap = 90 * time.Millisecond

// restPoint is called when the cursor rests outside a line editor.
func (t *tracer) restPoint(d time.Duration) {
	line, x := t.cursor()
	if t.pend.ok && t.pend.typed != "" && line == t.pend.line && strings.TrimSpace(t.rowText(line, 0, allCols)) == "" {
		return // the line is being redrawn
	}
	same := t.pend.ok && t.chain(t.pend.line, line)
	if x == 0 {
		if !same {
			t.pend = pending{}
		}
		t.rested = restedAt{}
		return
	}
	if same && d < typingGap && line == t.pend.line && x >= t.pend.x {
		return // probably between two keys
	}
	if same {
		row := t.rowText(t.pend.line, 0, allCols)
		if strings.HasPrefix(row, strings.TrimRight(t.pend.prefix, " ")) {
			t.pend.typed = strings.TrimRight(fromColumn(cutRight(row, t.pend.right), t.pend.x), " ")
			return
		}
	}
	if !same && len(t.typedKnown)+len(t.oddKnown) == 0 && !t.mayType("") {
		t.pend, t.rested = pending{}, restedAt{} // whatever the text is
		return
	}
	row, ok := t.row(line)
	if !ok {
		return
	}
	if row.Content() == x+1 {
		// The text right of the cursor is too near for a right-hand prompt.
		if !same {
			t.pend = pending{}
		}
		return
	}
	text := t.rowText(line, 0, x)
	if pad := x - row.Content(); pad > 0 && pad < 3 {
		text += strings.Repeat(" ", pad)
	}
	// A prompt is drawn at once. A line that grows is being typed or shows
	// progress, even if it comes to look like a prompt.
	t.rested = restedAt{line: line, text: text, grown: t.grows(line, text)}
	if !same && t.rested.grown {
		t.pend = pending{}
		return
	}
	given := ""
	if k := t.promptOf(text); k != "" {
		rest := text[len(k):]
		// Else it is not the prompt with text, but a prompt that has grown.
		if strings.TrimSpace(rest) == "" || terminator(rest) != terminator(k) && !growsPrompt(rest) {
			text, given = k, rest
		}
	}
	odd := !plausible(text) && t.announced != asPrompt
	if odd && (same || !t.mayBeOdd(text)) || !t.mayType(text) {
		if !same { // else it may come back, as when a history is searched
			t.pend = pending{}
		}
		return
	}
	t.pend = pending{
		ok: true, line: line, x: columns(text), prefix: text, right: t.rightFrom(row, line, x), given: given,
		at: t.now, from: t.stream.lineSpot(), announced: t.announced, cursor: x, odd: odd,
	}
}

// grows reports whether the text of a line came little by little. A prompt with
// what is typed behind it does not count.
func (t *tracer) grows(line uint64, text string) bool {
	before := t.rested
	if before.text == "" || before.line != line || !strings.HasPrefix(text, before.text) {
		return false
	}
	return before.grown || len(before.text) < len(text) && t.promptOf(before.text) == "" && !t.follows(before.text, text[len(before.text):])
}

// follows reports whether a prompt came behind output that does not end in a line
// feed, such as the terminal's ^C.
func (t *tracer) follows(output, prompt string) bool {
	return strings.HasSuffix(output, "^C") || slices.Contains(t.known, prompt) || known(t.typedKnown, prompt) && !bareSign(prompt)
}

// promptOf returns the prompt with which a line begins, if it is one of those seen
// before, perhaps with another time or in another directory; "" if it is not.
func (t *tracer) promptOf(text string) string {
	for _, k := range t.known {
		if t.spend(len(k)); strings.HasPrefix(text, k) {
			return k
		}
	}
	for _, k := range t.known {
		if start := promptLike(k, text); start != "" {
			return start
		}
	}
	return ""
}

// mayBeOdd reports whether text that does not look like a prompt may be one: in a
// shell whose prompts never do.
func (t *tracer) mayBeOdd(text string) bool {
	return columns(text) > 1 && !looksLikeQuestion(text) && t.trust != signed &&
		(len(t.typedKnown) == 0 || setsPrompt.MatchString(t.cur.entered()) || isLauncher(t.cur.entered()) || known(t.oddKnown, text))
}

// known reports whether a prompt is like one of prompts.
func known(prompts []string, prompt string) bool {
	for _, k := range prompts {
		if alike(k, prompt) {
			return true
		}
	}
	return false
}

// mayType reports whether text may be a prompt that only typing shows. Once a
// line editor has switched bracketed paste, such prompts occur only inside
// launchers and full-screen programs, which may run another shell, in programs with
// a language of their own, and where they occurred before. An empty text asks
// whether there may be any.
func (t *tracer) mayType(text string) bool {
	if !t.paste || t.cur.bounds != "" && (isLauncher(t.cur.entered()) || t.cur.bounds == FromTyping && setsPrompt.MatchString(t.cur.entered())) {
		return true
	}
	if t.cur.screens > 0 && (text == "" || looksLikeShell(text)) {
		return true // a shell of a full-screen program, such as :sh in vim
	}
	if t.cur.bounds != "" && startsREPL(t.cur.entered()) && (text == "" || looksLikeREPL(text)) {
		return true
	}
	return known(t.typedKnown, text) || known(t.oddKnown, text)
}

// chain reports whether line is first, or first wraps into it.
func (t *tracer) chain(first, line uint64) bool {
	if line < first || line > first+maxInputRows {
		return false
	}
	for l := first; l < line; l++ {
		if row, ok := t.anyRow(l); !ok || !row.wrap {
			return false
		}
	}
	return true
}

// typed is called before a line feed while the cursor may be in a line that was
// typed.
func (t *tracer) typed(line uint64) {
	t.bursts--
	p := t.pend
	if !p.ok {
		if p = t.burstPrompt(line); !p.ok {
			t.noteAhead(line)
		}
	} else {
		t.ahead = t.ahead[:0]
	}
	if !p.ok {
		return
	}
	t.edits = t.edits || t.scan.returns > 1
	if cols, _ := t.screen.Size(); t.full(line) && p.moved && p.gapLine == line && p.gapX < cols {
		return // an editor that moves to the next line as this one is full
	}
	t.pend = pending{}
	if !t.chain(p.line, line) {
		return
	}
	first, _ := t.anyRow(p.line)
	row := first.text
	aside := ""
	if p.over != "" && line == p.overLine {
		aside = p.over + t.rowText(line, 0, t.returned.x)
	} else if !strings.HasPrefix(row, strings.TrimRight(p.prefix, " ")) {
		aside = strings.TrimRight(p.sideways.text, " ")
	}
	if aside != "" {
		row = p.prefix + aside
	} else if !strings.HasPrefix(row, strings.TrimRight(p.prefix, " ")) {
		// Some prompts are redrawn in another form once the line is entered.
		before, ok := strings.CutSuffix(strings.TrimRight(row, " "), p.typed)
		if !ok || p.typed == "" || !plausible(before) {
			return
		}
		p.x, p.prefix = columns(before), before
		p.right = rightPrompt{}
	}
	killed := p.killed > p.x && strings.TrimSpace(fromColumn(row, p.killed)) != ""
	if killed {
		p.x = p.killed // what is entered begins anew there
	}
	if strings.TrimSpace(cutRight(fromColumn(row, p.x), p.right)) == "" && !known(t.typedKnown, p.prefix) && !slices.Contains(t.oddKnown, p.prefix) {
		return // probably a progress display
	}
	undo := undoTyped{ok: true, line: line, pend: p, beforePrompt: t.beforePrompt()}
	t.startPrompt(FromTyping, p.line, 0, p.at, p.from)
	t.inputAt(p.line, p.x)
	t.right = p.right
	if t.cur.odd = p.odd; p.odd {
		t.oddKnown = remember(t.oddKnown, p.prefix)
	} else {
		t.typedKnown = remember(t.typedKnown, p.prefix)
	}
	if row, ok := t.row(p.line); ok {
		t.styles[p.prefix] = row.Cell(0)
		if len(t.styles) > 2*maxKnown {
			maps.DeleteFunc(t.styles, func(k string, _ vt.Cell) bool {
				return !slices.Contains(t.typedKnown, k) && !slices.Contains(t.oddKnown, k)
			})
		}
	}
	t.cur.pace = paceOf(p.paused)
	t.movedOn()
	t.cur.announced = p.announced
	t.cur.given = strings.TrimRight(p.given, " ")
	t.cur.key = t.key
	t.cur.start, t.cur.points.Start = t.now, t.stream.beforeReturns()
	if t.scan.interrupted() {
		t.cur.result = cancelled
	}
	t.takeInput(line)
	if p.further {
		t.whole += "\n" + t.cur.text
	} else {
		t.whole = t.cur.text
	}
	if p.ahead != "" {
		t.cur.text, t.cur.rows, t.cur.typedBefore = p.ahead, nil, true
		t.whole = p.ahead
	}
	if killed || aside != "" || p.ahead != "" {
		t.cur.prompt, t.cur.promptEnd = []string{p.prefix}, endCertain
	}
	if aside != "" {
		t.cur.text, t.cur.rows, t.cur.overdrawn = aside, nil, true
	}
	t.begin(line + 1)
	if p.odd || p.ahead != "" {
		t.from = p.line // it may be output
	}
	t.bursts = maxBurst
	t.undo = undo
}

// sideways is a line that its editor scrolls sideways, as mksh does when it reaches
// the right edge: then it draws the end of the line anew, without the prompt.
type sideways struct {
	text  string // the line so far, as far as it was seen
	x     int    // where what is typed next appears
	drawn bool   // and is to be found when nothing more is written
}

// edge is the most columns that such an editor leaves free.
const edge = 4

// scrolls is called at a carriage return behind a prompt, with the row up to the
// cursor.
func (t *tracer) scrolls(row string, x int) {
	s := &t.pend.sideways
	cols, _ := t.screen.Size()
	switch {
	case s.text != "":
		s.text += fromColumn(row, s.x)
	case x < cols-edge || !strings.HasPrefix(row, strings.TrimRight(t.pend.prefix, " ")):
		return
	default:
		s.text = fromColumn(row, t.pend.x)
	}
	s.x, s.drawn = x, true
	if len(s.text) > maxInput {
		*s = sideways{}
	}
}

// seen takes the row up to the cursor, after the line was drawn anew, and the two
// bytes that were written last. The editor goes back to the cursor; characters may
// have been typed since.
func (s *sideways) seen(row string, x int, last [2]byte) {
	s.x, s.drawn = x, false
	n := len(row)
	for i := len(last) - 1; i >= 0 && last[i] != '\b' && n > 0; i-- {
		n--
	}
	if n == 0 || n < len(row)-1 || !strings.HasSuffix(s.text, row[:n]) {
		*s = sideways{} // something else, or too much
		return
	}
	s.text += row[n:]
}

// maxBurst is the most lines of output behind which a burst may go on.
const maxBurst = 1000

// burstPrompt returns the prompt with which a line begins that came at once,
// together with the end of the output before it: one of those seen before, or one
// for a further line of the command.
func (t *tracer) burstPrompt(line uint64) pending {
	if t.cur.bounds != FromTyping || line < t.from {
		return pending{}
	}
	first := line
	for first > t.from && line-first < maxInputRows {
		if row, ok := t.row(first - 1); !ok || !t.spend(1) || !wraps(row) {
			break
		}
		first--
	}
	row, ok := t.row(first)
	if !ok || row.Cell(0).Empty() {
		return pending{}
	}
	text := t.rowText(first, 0, allCols)
	found, odd := "", false
	for _, k := range slices.Concat(t.typedKnown, t.oddKnown) {
		style := t.styles[k]
		if len(k) <= len(found) || !row.Cell(0).SameStyle(style) {
			continue
		}
		start := promptLike(k, text)
		if start == "" {
			continue
		}
		// A program may print what looks like a prompt, but hardly in its
		// colours, nor while lines come faster than anybody types, nor with a
		// line that the terminal has shown before.
		if t.cur.pace == burst && (t.edits || t.scan.asked || looksLikeShell(k) && !bareSign(k)) ||
			!style.SameStyle(vt.Cell{}) && looksLikeShell(k) ||
			t.isAhead(text[len(start):]) {
			odd = slices.Contains(t.oddKnown, k)
			found = start
		} else if ahead := t.nextAhead(start); ahead != "" {
			return pending{ok: true, line: first, x: columns(start), prefix: start, at: t.now, from: t.stream.lineSpot(), ahead: ahead}
		}
	}
	further := false
	if found == "" && first == t.from && t.spend(len(t.whole)) {
		found, further = continuationStart.FindString(text), true
		if found != "" && !incomplete(t.whole) {
			return pending{}
		}
	}
	if found == "" {
		return pending{}
	}
	return pending{ok: true, line: first, x: columns(found), prefix: found, at: t.now, from: t.stream.lineSpot(), right: t.right, odd: odd, further: further}
}

// promptLike returns the start of text that is the prompt k, perhaps with another
// time or in another directory; "" if there is none.
func promptLike(k, text string) string {
	if len(text) >= len(k) && strings.Map(noDigits, text[:len(k)]) == strings.Map(noDigits, k) {
		return text[:len(k)]
	}
	if bareSign(k) || !looksLikeShell(k) {
		return ""
	}
	end, from := terminator(k), 0
	for range maxTries {
		i := strings.Index(text[from:], end)
		if i < 0 {
			break
		}
		from += i + len(end)
		if start := text[:from]; shape(start) == shape(k) && account(start) == account(k) {
			return start
		}
	}
	return ""
}

// maxAhead is the most lines typed ahead that are looked for.
const maxAhead = 16

// aheadLine is a line of output that may have been typed before its prompt came:
// the terminal shows it, and a line editor shows it again.
type aheadLine struct {
	text string
	line uint64
	// alone: it came by itself. Unsure until the next gap.
	alone, unsure bool
}

// noteAhead is called before a line feed, in a line without a prompt.
func (t *tracer) noteAhead(line uint64) {
	if line < t.from {
		return
	}
	if text := strings.TrimSpace(t.rowText(line, 0, allCols)); text != "" {
		t.ahead = append(t.ahead, aheadLine{text: text, line: line, unsure: t.atStart})
		t.ahead = t.ahead[max(0, len(t.ahead)-maxAhead):]
	}
	t.atStart = false
}

// aheadGap is called when nothing was written for d.
func (t *tracer) aheadGap(d time.Duration) {
	if d < keyGap || t.bursts <= 0 {
		return
	}
	line, x := t.cursor()
	for i := range t.ahead {
		if a := &t.ahead[i]; a.unsure {
			a.alone, a.unsure = i+1 == len(t.ahead) && x == 0 && line == a.line+1, false
		}
	}
	t.atStart = x == 0
}

// isAhead reports whether a text is like a line that was typed ahead.
func (t *tracer) isAhead(text string) bool {
	text = strings.TrimSpace(text)
	return slices.ContainsFunc(t.ahead, func(a aheadLine) bool { return a.text == text })
}

// nextAhead takes the next line that was typed ahead, if a shell without a line
// editor has read it: then its prompt comes behind it. This is looked for where a
// program enters lines at once, because others read what people type; and only at
// prompts without words, as such shells have them.
func (t *tracer) nextAhead(prompt string) string {
	if !bareSign(prompt) || t.edits || t.scan.asked || t.cur.pace != burst {
		return ""
	}
	for i, a := range t.ahead {
		if a.alone {
			t.ahead = slices.Delete(t.ahead, i, i+1)
			return a.text
		}
	}
	return ""
}

// paceOf returns the pace of a line in which the cursor was or was not seen at
// rest behind the first character.
func paceOf(moved bool) pace {
	if moved {
		return typed
	}
	return burst
}

// undoTyped is the state before a line feed was taken for the end of a line.
type undoTyped struct {
	ok   bool
	pend pending
	line uint64 // of the line feed
	beforePrompt
}

// takeBack is called at the first gap after a line was taken as entered. If the
// cursor has gone back up to the line, an editor showed a list below it, and the
// line is still being entered.
func (t *tracer) takeBack() {
	u := t.undo
	t.undo = undoTyped{}
	line, x := t.cursor()
	if t.state != running || t.cur.bounds != FromTyping || line < u.pend.line || line > u.line || x < u.pend.x && line == u.pend.line ||
		!t.chain(u.pend.line, line) ||
		!strings.HasPrefix(t.rowText(u.pend.line, 0, allCols), strings.TrimRight(u.pend.prefix, " ")) {
		return
	}
	t.resume(u.beforePrompt)
	t.from = max(t.from, u.pend.line)
	t.pend = u.pend
	t.pend.moved = true
}

// remember puts a prompt in front of those seen before.
func remember(prompts []string, prompt string) []string {
	if strings.TrimSpace(prompt) == "" {
		return prompts
	}
	if i := slices.Index(prompts, prompt); i >= 0 {
		prompts = slices.Delete(prompts, i, i+1)
	}
	prompts = slices.Insert(prompts, 0, prompt)
	return prompts[:min(len(prompts), maxKnown)]
}

// maxKnown is the most prompts that are remembered.
const maxKnown = 16
