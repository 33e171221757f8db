package transcript

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

const (
	// promptGap is the shortest pause of a line editor that has drawn its
	// prompt.
	promptGap = 15 * time.Millisecond
	// restGap is the shortest rest of the cursor behind a prompt before
	// somebody types.
	restGap = 20 * time.Millisecond
	// keyGap is the shortest time from one key to the next.
	keyGap = 5 * time.Millisecond
	// maxInputRows is the most rows of the screen that an entered line takes.
	maxInputRows = 200
	// maxInput is the most bytes in an entered line.
	maxInput = 64 << 10
)

// segment is one prompt with the line entered there and its output: the raw
// material of a Command.
type segment struct {
	bounds string // FromPaste, FromMarks, FromTyping
	zsh    bool   // its prompt began with zsh's idiom

	promptAt, start, end time.Duration
	ended                bool // another prompt came

	// prompt is the rows of the prompt, the last one up to the column where
	// input begins. Empty if that column was not seen.
	prompt []string
	split  bool // the end of the prompt was seen
	exact  bool // the end is certain, from a mark or from zsh
	// rows is the whole rows from the prompt's to the end of the input.
	rows      []string
	wraps     []bool // rows[i] goes on in rows[i+1]
	text      string // input, valid if split
	short     bool   // the input was longer than was read
	moved     bool   // the cursor was seen behind the first character
	oneGo     bool   // typing: text and line feed came in one burst
	fresh     bool   // a line feed came before the editor ended
	redrew    bool   // zsh redrew the line after it was entered
	right     rightPrompt
	unentered bool // the recording ended first
	aborted   bool // a further line of it was cancelled
	// dropped: the editor ended and began again without a line feed.
	dropped bool
	keys    bool // the editor reset the cursor keys: zsh accepts the line
	ctrlC   bool // ctrl-C was typed last
	second  bool // a mark: this is a continuation prompt
	ready   bool // a mark: a prompt follows

	hook string // the command as the shell reported it; valid if hooked
	// verbatim: hook is the text as it was typed, not from a history.
	verbatim bool
	hooked   bool
	byHook   bool   // text is hook
	again    bool   // the end of the prompt was corrected
	cut      bool   // it was entered in pieces
	ran      bool   // a mark: the command was run
	exit     int    // the status; valid if exited
	exited   bool   // the status is known
	byEvent  bool   // exit is that of the recorded program
	signed   bool   // the marks carry the nonce
	unsure   bool   // marks without a nonce were used
	context  string // the 3008 context of the command
	dir      string
	host     string

	out     *capture
	outText string // the output, once out has been freed
	alt     bool   // the alternate screen was used
	given   string // typing: the text that came together with the prompt
	eof     bool   // ctrl-D was typed last
	printed bool   // something was printed before the next prompt
}

type traceState uint8

const (
	running   traceState = iota // a program runs, or nothing has happened yet
	editing                     // a line is being entered
	accepting                   // the line is entered, its last row not known yet
)

// tracer is the first pass: it cuts a recording into segments.
type tracer struct {
	opts   Options
	screen screen.Screen
	scan   scanner
	nonce  string

	now   time.Duration
	state traceState
	segs  []*segment
	// cur is the segment whose output is being read (running) or whose line
	// is being entered; never nil. The first one stands for what came before
	// any prompt.
	cur  *segment
	prev *segment // the one before, while cur is being entered

	// from is the line at which the output of cur begins.
	from uint64
	// closed: a mark ended cur, and what follows is not its output.
	closed bool
	// capturing is false while rows that leave the screen belong to no segment.
	capturing bool
	erasing   int  // rows so far of a screen that is being erased
	keep      bool // they are output

	// The line being entered: where its prompt begins and ends.
	promptLine, inputLine uint64
	promptX, inputX       int
	right                 rightPrompt
	erasesLeft            int    // CSI K still to come in a redrawn prompt
	buffer                string // the input before the prompt was redrawn
	redrawn               bool   // inputLine and inputX are to be found again

	// idiomLine is where zsh began its prompt, at idiomAt; valid if idiom.
	idiom     bool
	idiomLine uint64
	idiomAt   time.Duration

	// hint is where a prompt begins according to a mark that any program could
	// have printed.
	hint  promptHint
	again againAt

	// carry is the input from before a background job wrote into the line; the
	// rest is entered from inputLine on.
	carry    string
	carried  bool
	restLine uint64 // the cursor at the last gap
	restX    int
	eof      bool // ctrl-D was typed last

	pend   pending
	undo   undoTyped
	rested restedAt
	known  []string // prompts seen, latest first
	// typedKnown are the prompts that only typing showed.
	typedKnown []string

	paste bool     // bracketed paste was seen in the session
	open  *segment // the command that has started and not ended, from marks
	dir   string
	host  string
	ready bool
	// gone holds rows of the line being entered that left the screen at its
	// top, from goneLine on.
	gone     []goneRow
	goneLine uint64
	total    int // bytes of output kept
	credit   int // see spend
	scratch  []byte
	spare    spareBuffers
	overrun  bool // more than maxSegments
}

// pending is a prompt behind which the cursor has come to rest.
type pending struct {
	ok     bool
	line   uint64
	x      int
	prefix string
	at     time.Duration
	ready  bool
	cursor int    // the cursor's column then
	moved  bool   // the cursor was seen elsewhere since
	given  string // the text that was behind the prompt already
	typed  string // the text that was typed since
	// gapLine and gapX are where the cursor was at the last gap.
	gapLine uint64
	gapX    int
	right   rightPrompt
}

// againAt is where the prompt began before the editor began again.
type againAt struct {
	ok   bool
	line uint64
	x    int
}

type promptHint struct {
	ok   bool
	line uint64
	x    int
	at   time.Duration
}

// rightPrompt is the text at the right of the line being entered.
type rightPrompt struct {
	line uint64
	x    int
	text string
}

func newTracer(cast format.Cast, opts Options) *tracer {
	t := &tracer{opts: opts, nonce: opts.Nonce, capturing: true, credit: 1 << 24}
	if t.nonce == "" {
		t.nonce = cast.Header.Nonce()
	}
	if t.opts.MaxOutput <= 0 {
		t.opts.MaxOutput = DefaultMaxOutput
	}
	t.screen = screen.New(cast.Header, vt.WithHooks(vt.Hooks{
		LineLeft: t.left, Mark: t.onMark,
	}))
	t.cur = &segment{out: newCapture(t.opts.MaxOutput, opts.Styled, &t.spare)}
	t.segs = append(t.segs, t.cur)
	return t
}

func (t *tracer) event(ev format.Event) {
	switch ev.Code {
	case format.Output:
		if ev.Data == "" {
			return
		}
		if ev.Time > t.now {
			t.gap(ev.Time - t.now)
			t.now = ev.Time
		}
		t.credit = min(t.credit+64*len(ev.Data), 1<<28)
		t.write(ev.Data)
	case format.Input:
		if ev.Data != "" {
			last := ev.Data[len(ev.Data)-1]
			t.eof = last == 4
			if t.state == editing {
				t.cur.ctrlC = last == 3
			}
		}
	case format.Exit:
		t.exitEvent(ev)
	case format.Resize:
		if _, err := ev.Size(); err == nil {
			if ev.Time > t.now {
				t.gap(ev.Time - t.now)
				t.now = ev.Time
			}
			t.resize(ev)
		}
	}
}

// spend pays for reading n cells of the screen, and reports whether the credit
// suffices. Each byte of output adds credit, so that a hostile recording made of
// nothing but prompts cannot cause work out of proportion to its size.
func (t *tracer) spend(n int) bool {
	t.credit -= n
	return t.credit > 0
}

func (t *tracer) write(data string) {
	for len(data) > 0 {
		t.scan.lines = t.state == accepting || t.state == running && t.pend.ok ||
			t.state == editing && t.cur.bounds == FromMarks
		t.scan.erases = t.state == editing
		n, tok := t.scan.next(data)
		t.screen.WriteString(data[:n])
		data = data[n:]
		if t.screen.OnAlternate() {
			if tok == tokAlt && t.state == running {
				t.cur.alt = true
			}
			continue
		}
		switch tok {
		case tokPaste:
			t.pasteOn()
		case tokNoPaste:
			t.pasteOff()
		case tokPrompt:
			t.zshPrompt()
		case tokErase:
			t.erased()
		case tokKeys:
			// zsh without bracketed paste sets the cursor keys when its prompt
			// is drawn, and resets them when the line is entered.
			if !t.paste && t.state == running && t.idiom {
				line, x := t.cursor()
				t.startPrompt(FromKeys, t.idiomLine, 0, t.idiomAt)
				t.zshInput(line, x)
			}
		case tokNoKeys:
			if t.state == editing {
				t.cur.keys = true
				if t.cur.bounds == FromKeys {
					t.pasteOff()
				}
			}
		case tokLine:
			t.lineFeed()
		}
	}
}

// cursor returns the line and column of the cursor.
func (t *tracer) cursor() (uint64, int) {
	c := t.screen.Cursor()
	x := c.X
	if c.Pending {
		x++
	}
	return t.screen.Scrolled() + uint64(c.Y), x
}

// row returns the row of a line, if that is on the screen.
func (t *tracer) row(line uint64) (vt.Row, bool) {
	top := t.screen.Scrolled()
	_, rows := t.screen.Size()
	if line < top || line >= top+uint64(rows) {
		return vt.Row{}, false
	}
	return t.screen.Row(int(line - top)), true
}

func (t *tracer) rowText(line uint64, from, upto int) string {
	row, ok := t.row(line)
	if !ok || !t.spend(row.Len()) {
		return ""
	}
	t.scratch = appendCols(t.scratch[:0], t.screen.Screen, row, from, upto)
	return string(t.scratch)
}

const allCols = 1 << 30

// gap is called when nothing was written for d.
func (t *tracer) gap(d time.Duration) {
	if t.screen.OnAlternate() {
		return
	}
	switch t.state {
	case editing:
		if d >= promptGap {
			t.editGap(d)
		}
	case running:
		if t.undo.ok {
			t.takeBack()
		}
		if t.pend.ok {
			line, x := t.cursor()
			t.pend.moved = t.pend.moved || line != t.pend.line || x != t.pend.cursor
			t.pend.gapLine, t.pend.gapX = line, x
		}
		if d >= restGap {
			t.restPoint(d)
		} else if line, x := t.cursor(); d >= keyGap && !t.pend.ok && x > 0 && x <= 4 {
			// Somebody may type the shortest prompts that fast.
			t.rested = restedAt{line: line, text: t.rowText(line, 0, x)}
		}
	}
}

// editGap is gap while a line is entered.
func (t *tracer) editGap(d time.Duration) {
	line, x := t.cursor()
	if !t.cur.split {
		if line == t.promptLine && x <= t.promptX {
			if x == 0 || d < restGap {
				return // nothing is drawn yet
			}
			if t.again.ok { // and nothing will be
				t.promptLine, t.promptX = t.again.line, t.again.x
				t.again = againAt{}
				t.cur.split = true
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
	if line == t.inputLine && x == t.inputX {
		t.seeRight()
	} else {
		t.cur.moved = true
	}
	if !t.cur.zsh && x == 0 && line > t.inputLine && t.scan.fresh && t.restLine == t.inputLine && t.restX >= t.inputX && !t.full(line-1) {
		// A background job wrote into the line, and the line goes on below.
		if !t.carried {
			t.carry = t.rowText(t.inputLine, t.inputX, t.restX)
		} else {
			t.carry += t.rowText(t.inputLine, t.inputX, t.restX)
		}
		t.carried = true
		t.inputLine, t.inputX = line, 0
	}
	t.restLine, t.restX = line, x
}

// full reports whether a line reaches the last column.
func (t *tracer) full(line uint64) bool {
	row, ok := t.row(line)
	return ok && row.Content() == row.Len()
}

// inputAt sets where input begins.
func (t *tracer) inputAt(line uint64, x int) {
	t.inputLine, t.inputX = line, x
	t.cur.split = true
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
	last := t.rowText(t.inputLine, from, t.inputX)
	if pad := t.inputX - from - utf8.RuneCountInString(last); pad > 0 && pad < 3 {
		last += strings.Repeat(" ", pad) // blanks that the cursor was moved over
	}
	return append(rows, last)
}

// seeRight looks for text at the right of where input begins.
func (t *tracer) seeRight() {
	row, ok := t.row(t.inputLine)
	if !ok || !t.spend(row.Len()) {
		return
	}
	t.right = rightPrompt{line: t.inputLine}
	content := row.Content()
	for x := t.inputX; x < content; x++ {
		if c := row.Cell(x); !c.Empty() && c.Rune() != ' ' {
			if x > t.inputX {
				t.right.x = x
				t.right.text = t.rowText(t.inputLine, x, allCols)
			}
			return
		}
	}
}

// startPrompt ends the output of the current segment at line, x and begins the
// next one.
func (t *tracer) startPrompt(bounds string, line uint64, x int, at time.Duration) {
	t.endOutput(line, x, at)
	if len(t.segs) >= maxSegments {
		t.overrun = true
	}
	t.release(t.prev)
	t.prev = t.cur
	limit := t.opts.MaxOutput
	if t.total > maxTotal {
		limit = min(limit, 4<<10)
	}
	t.cur = &segment{bounds: bounds, promptAt: at, dir: t.dir, host: t.host, out: newCapture(limit, t.opts.Styled, &t.spare), ready: t.ready}
	t.segs = append(t.segs, t.cur)
	t.ready = false
	t.state = editing
	t.capturing = false
	t.promptLine, t.promptX = line, x
	t.inputLine, t.inputX = line, x
	t.right = rightPrompt{}
	t.pend = pending{}
	if bounds != FromTyping {
		t.gone = t.gone[:0]
	}
	t.erasesLeft, t.redrawn = 0, false
	t.carry, t.carried = "", false
	t.restLine, t.restX = line, x
	t.hint = promptHint{}
	t.again = againAt{}
}

// release takes the text of a segment to which nothing more is added.
func (t *tracer) release(seg *segment) {
	if seg == nil || seg.out.freed {
		return
	}
	seg.outText = seg.out.text()
	t.total += len(seg.outText)
	seg.out.free(&t.spare)
}

// endOutput ends the output of the current segment at line, x.
func (t *tracer) endOutput(line uint64, x int, at time.Duration) {
	seg := t.cur
	if !seg.ended {
		seg.ended, seg.end = true, at
	}
	if t.closed || !t.capturing {
		return
	}
	t.flush(line, x)
	t.closed = true
}

// flush adds the rows from where output begins up to line to the output; of line
// itself, the part before x.
func (t *tracer) flush(line uint64, x int) {
	top := t.screen.Scrolled()
	if line > t.from || line == t.from && x > 0 {
		t.cur.printed = true
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
	t.scratch = t.cur.out.row(t.screen.Screen, row, upto, t.scratch)
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
		if t.capturing && !t.closed && line >= t.from {
			t.cur.printed = true
			t.scratch = t.cur.out.row(t.screen.Screen, row, row.Len(), t.scratch)
			t.from = line + 1
		}
	case vt.LeftRegion:
		if t.capturing && !t.closed {
			t.scratch = t.cur.out.row(t.screen.Screen, row, row.Len(), t.scratch)
		}
	case vt.LeftErased:
		top := t.screen.Scrolled()
		line := top + uint64(t.erasing)
		_, rows := t.screen.Size()
		if t.state == editing && t.erasing == 0 {
			t.clearedEdit()
		}
		if t.capturing && !t.closed {
			if t.erasing == 0 {
				t.keep = t.cur.out.cleared()
			}
			if t.pend.ok && line >= t.pend.line {
				// A prompt, and the line typed there.
			} else if cursor, _ := t.cursor(); line >= t.from && t.keep && (line <= cursor || row.Content() > 0) {
				t.scratch = t.cur.out.row(t.screen.Screen, row, row.Len(), t.scratch)
			}
		}
		if t.erasing++; t.erasing == rows {
			t.erasing = 0
			t.from = top
			t.pend.ok = false
		}
	}
}

// clearedEdit is called before the screen is cleared while a line is entered:
// the editor will redraw it at the top.
func (t *tracer) clearedEdit() {
	if t.cur.split && !t.redrawn {
		t.buffer, _, _, _ = t.readInput(t.bottom())
		t.redrawn = true
		t.erasesLeft = 1
	}
	t.promptLine, t.promptX = t.screen.Scrolled(), 0
	t.inputLine = min(t.inputLine, t.promptLine)
	t.carry, t.carried = "", false
}

// goneRow is a row of the line being entered that has left the screen.
type goneRow struct {
	text string
	wrap bool
}

func (t *tracer) rowGone(row vt.Row, line uint64) {
	if len(t.gone) >= maxInputRows || len(t.gone) > 0 && line != t.goneLine+uint64(len(t.gone)) {
		t.gone = t.gone[:0]
	}
	if len(t.gone) == 0 {
		t.goneLine = line
	}
	t.gone = append(t.gone, goneRow{string(row.AppendText(nil)), row.Wrapped() || row.Content() == row.Len()})
}

// anyRow returns a row of the line being entered, on the screen or not.
func (t *tracer) anyRow(line uint64) (text string, wrap, ok bool) {
	if row, ok := t.row(line); ok {
		if !t.spend(row.Len()) {
			return "", false, false
		}
		return string(appendCols(t.scratch[:0], t.screen.Screen, row, 0, allCols)), row.Wrapped() || row.Content() == row.Len(), true
	}
	if n := int(line - t.goneLine); line >= t.goneLine && n < len(t.gone) {
		return t.gone[n].text, t.gone[n].wrap, true
	}
	return "", false, false
}

func (t *tracer) resize(ev format.Event) {
	if t.screen.OnAlternate() {
		t.screen.Feed(ev)
		return
	}
	before, _ := t.cursor()
	if t.state == running && t.capturing && !t.closed && t.from < before {
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
	t.idiomLine = move(t.idiomLine)
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
		case t.idiom:
			t.zshInput(line, x)
		case !t.cur.zsh && t.cur.split && !t.cur.exact && (line != t.promptLine || x != t.promptX):
			// The editor begins again without an end: the time between is not
			// in the recording, or the editor was killed.
			t.again = againAt{ok: true, line: t.promptLine, x: t.promptX}
			t.promptLine, t.promptX = line, x
			t.cur.split = false
		}
		return
	case accepting:
		// No line feed followed: the line was cancelled.
		t.cur.dropped = true
		t.finishAccept(line, x, false)
	}
	if t.idiom {
		t.startPrompt(FromPaste, t.idiomLine, 0, t.idiomAt)
		t.zshInput(line, x)
		return
	}
	if h := t.hint; h.ok && h.line <= line && line-h.line < 20 {
		t.startPrompt(FromPaste, h.line, h.x, h.at)
		if line > h.line || x > h.x {
			// fish 4 switches after it has drawn its prompt.
			t.inputAt(line, x)
		}
		return
	}
	t.startPrompt(FromPaste, line, x, t.now)
}

// zshInput sets where input begins: zsh switches after it has drawn its prompt.
func (t *tracer) zshInput(line uint64, x int) {
	t.idiom = false
	t.cur.zsh = true
	if !t.cur.exact {
		t.inputAt(line, x)
		t.cur.exact = true
	}
}

// zshPrompt: zsh begins to draw or redraw its prompt.
func (t *tracer) zshPrompt() {
	line, x := t.cursor()
	if x != 0 {
		return
	}
	switch t.state {
	case running:
		if !t.idiom {
			t.idiom, t.idiomLine, t.idiomAt = true, line, t.now
		} else if line < t.idiomLine {
			t.idiomLine = line
		}
	case accepting:
		t.cur.redrew = true
	case editing:
		if t.cur.bounds == FromMarks || !t.cur.split {
			t.idiom, t.idiomLine, t.idiomAt = true, line, t.now
			return
		}
		if !t.redrawn {
			t.buffer, _, _, _ = t.readInput(t.bottom())
		}
		t.cur.zsh = true
		t.redrawn = true
		t.promptLine, t.promptX = line, 0
		t.erasesLeft = 1
	}
}

// erased is called for each CSI K.
func (t *tracer) erased() {
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
	tail := ""
	if n := len(t.cur.prompt); n > 0 {
		tail = t.cur.prompt[n-1]
	}
	line, _ := t.cursor()
	for l := t.promptLine; l <= line; l++ {
		text := t.rowText(l, 0, allCols)
		if tail != "" && strings.HasPrefix(text, tail) {
			t.inputLine, t.inputX = l, columns(tail)
			return
		}
		if i := strings.Index(text, first); i > 0 {
			t.inputLine, t.inputX = l, columns(text[:i])
			t.cur.prompt = t.readPrompt()
			return
		}
	}
}

func columns(s string) int {
	n := 0
	for i, r := range s {
		if r >= utf8.RuneSelf {
			for _, r := range s[i:] {
				n += vt.RuneWidth(r)
			}
			return n
		}
		if r >= ' ' && r != 0x7f {
			n++
		}
	}
	return n
}

// bottom returns the last line of the screen that is not blank, or the cursor's
// if that is lower.
func (t *tracer) bottom() uint64 {
	_, rows := t.screen.Size()
	y := rows - 1
	cursor := t.screen.Cursor().Y
	for ; y > cursor; y-- {
		if t.screen.Row(y).Content() > 0 {
			break
		}
	}
	t.spend(rows)
	return t.screen.Scrolled() + uint64(y)
}

// pasteOff: a line editor has ended.
func (t *tracer) pasteOff() {
	if t.state != editing {
		return
	}
	if t.redrawn {
		t.reanchor()
	}
	line, x := t.cursor()
	seg := t.cur
	seg.start = t.now
	seg.fresh = t.scan.fresh
	if t.scan.fresh && !seg.zsh && line > t.screen.Scrolled() {
		// Readline and fish have moved to the next line already.
		t.takeInput(line - 1)
		t.begin(line, x)
		return
	}
	t.takeInput(t.bottom())
	t.state = accepting
}

// lineFeed is called before a line feed.
func (t *tracer) lineFeed() {
	line, x := t.cursor()
	switch t.state {
	case accepting:
		if row, ok := t.row(line); ok && line >= t.inputLine+uint64(len(t.cur.rows)) && row.Content() > 0 {
			// The cursor moved below the input without a line feed: this is
			// output.
			t.finishAccept(line-1, 0, true)
			t.begin(line, 0)
			return
		}
		t.finishAccept(line, x, true)
		t.begin(line+1, 0)
	case editing: // with marks, but none for the start of a command
		t.markLine(line)
	case running:
		t.typed(line)
	}
}

// finishAccept cuts the input at its last row.
func (t *tracer) finishAccept(line uint64, x int, ran bool) {
	seg := t.cur
	if n := int(line) - int(t.inputLine) + 1; n >= 1 && n < len(seg.rows) {
		seg.rows, seg.wraps = seg.rows[:n], seg.wraps[:n]
		seg.text = t.carry + joinRows(seg.rows, seg.wraps, t.inputX, t.right)
	}
	t.state = running
	if !ran {
		t.begin(line, x)
		t.closed = true
	}
}

// begin: the command runs, and prints from line on.
func (t *tracer) begin(line uint64, x int) {
	t.state = running
	t.from = line
	t.closed = false
	t.capturing = true
	t.idiom = false
	t.pend = pending{}
	t.known = remember(t.known, lastLine(t.cur.prompt))
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
	return prompts[:min(len(prompts), 16)]
}

// takeInput reads the line that was entered, up to row last.
func (t *tracer) takeInput(last uint64) {
	seg := t.cur
	seg.text, seg.rows, seg.wraps, seg.short = t.readInput(last)
	seg.cut = t.carried
	seg.right = t.right
}

// readInput reads the rows from the last one of the prompt up to last. short
// reports that it read only a part.
func (t *tracer) readInput(last uint64) (text string, rows []string, wraps []bool, short bool) {
	seg := t.cur
	tail := ""
	if n := len(seg.prompt); n > 0 {
		tail = seg.prompt[n-1]
	}
	if !seg.split {
		t.inputLine, t.inputX = t.promptLine, t.promptX
	} else if strings.TrimSpace(tail) != "" && (t.inputLine != t.promptLine || t.promptX == 0) {
		// Completion lists and ctrl-L redraw the prompt elsewhere: the lowest
		// one counts.
		low := max(t.screen.Scrolled(), t.promptLine, last-min(last, maxInputRows))
		if t.carried {
			low = max(low, t.inputLine)
		}
		tail := strings.TrimRight(tail, " ")
		for l := last; l >= low; l-- {
			if strings.HasPrefix(t.rowText(l, 0, allCols), tail) {
				if l != t.inputLine || t.carried {
					t.inputLine, t.inputX = l, columns(lastLine(seg.prompt))
					t.carry, t.carried = "", false
				}
				break
			}
			if l == 0 {
				break
			}
		}
	}
	first := t.inputLine
	if _, _, ok := t.anyRow(first); !ok {
		first = max(first, t.screen.Scrolled())
	}
	size := 0
	for l := first; l <= last; l++ {
		if len(rows) == maxInputRows || size > maxInput {
			short = true
			break
		}
		text, wrap, ok := t.anyRow(l)
		if !ok {
			short = true
			break
		}
		rows = append(rows, text)
		wraps = append(wraps, wrap)
		size += len(text)
	}
	x := t.inputX
	if first > t.inputLine {
		x = 0
	}
	return t.carry + joinRows(rows, wraps, x, t.right), rows, wraps, short
}

// joinRows joins rows to a text; the first row begins at column x.
func joinRows(rows []string, wraps []bool, x int, right rightPrompt) string {
	var b strings.Builder
	for i, row := range rows {
		if i == 0 {
			row = cutRight(row, right)
			row = fromColumn(row, x)
		}
		if !wraps[i] {
			row = strings.TrimRight(row, " ")
		}
		b.WriteString(row)
		if i+1 < len(rows) && !wraps[i] {
			b.WriteByte('\n')
		}
	}
	return strings.TrimRight(b.String(), " \n")
}

// cutRight removes the right-hand prompt; a clock in it may show another time.
func cutRight(row string, right rightPrompt) string {
	if right.text == "" {
		return row
	}
	row = strings.TrimRight(row, " ")
	text := strings.TrimRight(right.text, " ")
	if left, ok := strings.CutSuffix(row, text); ok {
		return left
	}
	if tail := fromColumn(row, right.x); tail != "" && strings.Map(noDigits, tail) == strings.Map(noDigits, text) {
		return strings.TrimSuffix(row, tail)
	}
	return row
}

func noDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return '0'
	}
	return r
}

// fromColumn returns the text of s from column x on.
func fromColumn(s string, x int) string {
	for i, r := range s {
		if x <= 0 {
			return s[i:]
		}
		x -= vt.RuneWidth(r)
	}
	return ""
}

// finish ends the last segment at the end of the recording.
func (t *tracer) finish() {
	t.gap(time.Second)
	line, x := t.cursor()
	if t.screen.OnAlternate() {
		t.cur.end = t.now
		return
	}
	switch t.state {
	case running:
		if t.capturing && !t.closed {
			if p := t.pend; t.pendKnown() {
				t.startPrompt(FromTyping, t.pend.line, 0, t.pend.at)
				t.cur.unentered = true
				t.cur.prompt = []string{p.prefix}
				t.cur.end = t.now
				return
			} else {
				t.flush(line, 0)
				if x > 0 {
					t.takeRow(line, allCols)
				}
			}
		}
		if !t.cur.ended {
			t.cur.end = t.now
		}
	case editing:
		// A line that was never entered is no command.
		t.cur.unentered = true
		t.cur.end = t.now
	case accepting:
		t.finishAccept(line, x, true)
		t.cur.end = t.now
	}
}
