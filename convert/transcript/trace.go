package transcript

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/vault"
	"github.com/ttydeck/ttydeck/place"
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

type traceState uint8

const (
	running   traceState = iota // a program runs, or nothing has happened yet
	editing                     // a line is being entered
	accepting                   // the line is entered, its last row not known yet
)

// tracer cuts a recording into segments.
type tracer struct {
	opts   Options
	screen screen.Screen
	scan   scanner
	nonce  string
	trust  trust // in the marks of the session

	now    time.Duration
	stream stream
	state  traceState
	segs   []*segment
	// cur is the segment whose output is being read (running) or whose line
	// is being entered; never nil. The first one stands for what came before
	// any prompt.
	cur  *segment
	prev *segment // the one before, while cur is being entered

	// from is the line at which the output of cur begins.
	from uint64
	// capturing is false while rows that leave the screen are not the output of
	// cur: while it is being entered, and after a mark has ended it.
	capturing bool
	erasing   int  // rows so far of a screen that is being erased
	keep      bool // they are output

	lineState
	back back

	knownRight string // the last right-hand prompt; its digits are 0

	idiom  origin // where zsh began its prompt
	key    key    // typed last
	pend   pending
	undo   undoTyped
	paused beforePrompt // the last time that bracketed paste was switched on
	rested restedAt
	known  []string // prompts seen, latest first
	// typedKnown are the prompts that only typing showed, and styles how their
	// first characters looked.
	typedKnown []string
	// oddKnown are texts that may be prompts, though they do not end as prompts
	// usually do.
	oddKnown []string
	styles   map[string]vt.Cell
	// bursts is the number of lines of output in which another prompt is still
	// looked for, with a line that came at once.
	bursts int
	// whole is the line that was typed last, with those that it goes on.
	whole string
	// ahead has the last lines of output that may have been typed ahead.
	ahead []aheadLine
	// atStart: at the last gap, the cursor was at the start of a line.
	atStart bool
	// edits: the cursor was seen inside a line, so a line editor echoes what is
	// typed. Else the terminal may, and shows lines before their prompts.
	edits bool

	paste     bool     // bracketed paste was seen in the session
	open      *segment // the command that has started and not ended, from marks
	here      location // reported last
	reports   int
	announced announced // of the next prompt
	signedState
	// gone holds rows of the line being entered that left the screen at its
	// top, from goneLine on.
	gone     []textRow
	goneLine uint64
	total    int // bytes of output kept
	credit   int // see spend
	scratch  []byte
	spare    spareBuffers
	vault    *vault.Vault // for long outputs; nil if they stay
	count    int          // of segments
	overrun  bool         // more than maxSegments
}

// lineState is the line being entered.
type lineState struct {
	// Where its prompt begins and ends.
	promptLine, inputLine uint64
	promptX, inputX       int
	right                 rightPrompt
	moved                 bool // the cursor was seen behind the first character

	redrawn    bool   // inputLine and inputX are to be found again
	erasesLeft int    // CSI K still to come in a redrawn prompt
	buffer     string // the input before the prompt was redrawn

	// carry is the input from before background jobs wrote into the line; the
	// rest is entered from inputLine on.
	carry    []string
	restLine uint64 // the cursor at the last gap
	restX    int

	// acceptLine is where the cursor was when the line was entered; redrawnRows
	// counts the rows of it that were drawn again then.
	acceptLine  uint64
	redrawnRows int

	// sign is where a mark showed the end of the prompt, until the cursor rests.
	sign origin
	// restarted: readline begins again only to move to the next line, after
	// ctrl-C.
	restarted bool
	hollow    bool // and drew nothing: the line feed is that of the line before

	// hint is where a prompt begins according to a mark that any program could
	// have printed.
	hint  origin
	again origin // where it began before the editor began again

	// returned is where the cursor was at the last carriage return, and over what
	// had been entered in that line, if the editor may write over it.
	returned struct {
		line uint64
		x    int
	}
	over     string
	overLine uint64
	// wroteOver: it has written over the start of a further row.
	wroteOver bool
}

// location is where a shell is.
type location struct{ dir, host string }

// signedState is what the marks with the recording's nonce have shown.
type signedState struct {
	top location // of the recorded shell, which has marks
	// unmarked is why the shell has no marks for statuses.
	unmarked string
	marked   bool   // there were such marks
	runs     bool   // they show when a command starts
	placed   bool   // the directory that comes next is the recorded shell's
	number   string // the history number of the command that runs
}

// pending is a prompt behind which the cursor has come to rest.
type pending struct {
	ok     bool
	line   uint64
	x      int
	prefix string
	at     time.Duration
	from   spot
	cursor int    // the cursor's column then
	moved  bool   // the cursor was seen elsewhere since
	paused bool   // and rested there, if only for a moment
	killed int    // the column behind ^C, which the terminal has shown
	given  string // the text that was behind the prompt already
	typed  string // the text that was typed since
	// gapLine and gapX are where the cursor was at the last gap.
	gapLine   uint64
	gapX      int
	right     rightPrompt
	announced announced
	odd       bool   // see segment
	ahead     string // the line, if it was typed before the prompt came; else ""
	further   bool   // it is for a further line of a command
	sideways  sideways
	over      string // what the editor has written over, from overLine on
	overLine  uint64
}

// origin is where a prompt begins, perhaps.
type origin struct {
	ok   bool
	line uint64
	x    int
	at   time.Duration
	from spot
	// end is where it ends, as far as zsh has shown that.
	end struct {
		ok   bool
		line uint64
		x    int
	}
}

func newTracer(cast format.Cast, opts Options) *tracer {
	t := &tracer{opts: opts, nonce: opts.Nonce, capturing: true, credit: 1 << 24, styles: map[string]vt.Cell{}}
	if t.nonce == "" {
		t.nonce = cast.Header.Nonce()
	}
	if t.trust = unsigned; t.nonce != "" {
		t.trust = signed
	}
	if t.opts.MaxOutput <= 0 {
		t.opts.MaxOutput = DefaultMaxOutput
	}
	t.screen = screen.New(cast.Header, vt.WithHooks(vt.Hooks{
		LineLeft: t.left, Mark: t.onMark,
	}))
	t.cur = &segment{capture: newCapture(t.opts.MaxOutput, opts.Styled, &t.spare)}
	t.segs = append(t.segs, t.cur)
	return t
}

// anew returns a tracer for another session in the same recording. Whether its marks
// are signed shows at the first one that is.
func (t *tracer) anew() *tracer {
	cols, rows := t.screen.Size()
	n := newTracer(format.Cast{Header: format.Header{Size: format.Size{Cols: cols, Rows: rows}}}, t.opts)
	n.nonce, n.trust = t.nonce, unsigned
	n.now, n.cur.promptAt = t.now, t.now
	n.stream = stream{events: t.stream.events, now: t.stream.now}
	n.total, n.count, n.credit, n.vault = t.total, t.count, t.credit, t.vault
	return n
}

func (t *tracer) event(ev format.Event) {
	t.stream.begin(ev)
	defer t.stream.end()
	switch ev.Code {
	case format.Output:
		if ev.Data == "" {
			return
		}
		t.advance(ev.Time)
		t.credit = min(t.credit+64*len(ev.Data), 1<<28)
		t.write(ev.Data)
	case format.Input:
		if ev.Data != "" {
			switch ev.Data[len(ev.Data)-1] {
			case 3:
				t.key = ctrlC
			case 4:
				t.key = ctrlD
			default:
				t.key = otherKey
			}
			if t.state == editing {
				t.cur.key = t.key
			}
		}
	case format.Exit:
		t.cur.last = true
		t.exitEvent(ev)
	case format.Resize:
		if _, err := ev.Size(); err == nil {
			t.advance(ev.Time)
			t.resize(ev)
		}
	}
}

func (t *tracer) advance(at time.Duration) {
	if at > t.now {
		t.gap(at - t.now)
		t.now = at
	}
}

func (t *tracer) write(data string) {
	for len(data) > 0 {
		t.scan.lines = t.state == accepting || t.state == running && (t.pend.ok || t.bursts > 0) ||
			t.state == editing && t.cur.bounds == FromMarks
		t.scan.heads = t.state == running && t.pend.ok || t.state == editing && t.cur.bounds == FromPaste && t.cur.shell != zsh
		t.scan.erases = t.state == editing || t.state == running && t.idiom.ok
		n, tok := t.scan.next(data)
		t.stream.used += n
		t.screen.WriteString(data[:n])
		data = data[n:]
		if t.screen.OnAlternate() {
			if tok == tokAlt {
				t.fullScreen()
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
			if !t.paste && t.state == running && t.idiom.ok {
				line, x := t.cursor()
				t.startPrompt(FromKeys, t.idiom.line, 0, t.idiom.at, t.idiom.from)
				t.zshInput(line, x)
			}
		case tokNoKeys:
			if t.state == editing {
				t.cur.left |= leftKeys
				if t.cur.bounds == FromKeys {
					t.pasteOff()
				}
			}
		case tokLine:
			t.lineFeed()
		case tokReturn:
			t.carriageReturn()
		}
	}
}

// gap is called when nothing was written for d.
func (t *tracer) gap(d time.Duration) {
	if t.screen.OnAlternate() {
		return
	}
	switch t.state {
	case editing:
		if t.back.ok && t.wentBack() {
			t.carry = append(t.carry, t.back.text)
			t.inputLine, t.inputX, t.wroteOver = t.back.line, 0, true
		}
		if d >= promptGap {
			t.editGap(d)
		}
	case running:
		if t.undo.ok {
			t.takeBack()
		}
		t.aheadGap(d)
		if t.pend.ok {
			line, x := t.cursor()
			elsewhere := line != t.pend.line || x != t.pend.cursor
			t.pend.moved = t.pend.moved || elsewhere
			t.pend.paused = t.pend.paused || elsewhere && d >= time.Millisecond
			t.pend.gapLine, t.pend.gapX = line, x
			if row, ok := t.row(line); ok && line == t.pend.line && x < row.Content() {
				t.edits = true
			}
			if t.back.ok && t.wentBack() && t.pend.over == "" {
				t.pend.over, t.pend.overLine = t.back.text, line
			}
			if t.pend.sideways.drawn {
				t.pend.sideways.seen(t.rowText(line, 0, x), x, t.scan.last)
			}
			if d >= keyGap && elsewhere && t.scan.interrupted() {
				t.pend.killed = x
			}
		}
		if d >= restGap {
			t.restPoint(d)
		} else if line, x := t.cursor(); d >= keyGap && !t.pend.ok && x > 0 && x <= 4 {
			// Somebody may type the shortest prompts that fast.
			text := t.rowText(line, 0, x)
			t.rested = restedAt{line: line, text: text, grown: t.grows(line, text)}
		}
	}
}

// startPrompt ends the output of the current segment at line, x and begins the
// next one. A mark that has ended the output shows better where than from does.
func (t *tracer) startPrompt(bounds source, line uint64, x int, at time.Duration, from spot) {
	if t.cur.end.from == FromMarks {
		from = spot{at: t.cur.points.End}
	}
	t.endOutput(line, x, at, fromNext, from.at)
	if t.hollow {
		t.prev.points.End = from.at
	}
	if t.count++; t.count >= maxSegments {
		t.overrun = true
	}
	t.release(t.prev)
	t.prev = t.cur
	limit := t.opts.MaxOutput
	if t.total > maxTotal {
		limit = min(limit, 4<<10)
	}
	t.cur = &segment{
		bounds: bounds, promptAt: at, announced: t.announced,
		points: points{Prompt: from.at}, uppers: from.uppers,
		capture: newCapture(limit, t.opts.Styled, &t.spare),
	}
	if t.marked {
		t.cur.outer = t.open
	}
	t.locate()
	t.segs = append(t.segs, t.cur)
	t.announced = notAnnounced
	t.state = editing
	t.lineState = lineState{promptLine: line, promptX: x, inputLine: line, inputX: x, restLine: line, restX: x}
	t.pend = pending{}
	if bounds != FromTyping {
		t.gone = t.gone[:0]
	}
}

// beforePrompt is the state before a prompt began.
type beforePrompt struct {
	cur, prev *segment
	from      uint64
	end       fact[time.Duration] // of cur
	endPoint  place.Point
	capturing bool
}

func (t *tracer) beforePrompt() beforePrompt {
	return beforePrompt{cur: t.cur, prev: t.prev, from: t.from, end: t.cur.end, endPoint: t.cur.points.End, capturing: t.capturing}
}

// resume takes back that a prompt began: the current segment goes, and the output
// of the one before goes on.
func (t *tracer) resume(b beforePrompt) {
	t.segs = t.segs[:len(t.segs)-1]
	t.cur, t.prev, t.from, t.capturing = b.cur, b.prev, b.from, b.capturing
	t.cur.end, t.cur.points.End = b.end, b.endPoint
}

// locate sets where the shell of the current segment is.
func (t *tracer) locate() {
	s := t.cur
	if t.marked && s.outer == nil {
		s.dir, s.host = t.top.dir, t.top.host
	} else {
		s.dir, s.host, s.reports = t.here.dir, t.here.host, t.reports
	}
}

// finish ends the last segment at the end of the recording.
func (t *tracer) finish() {
	t.gap(time.Second)
	fullScreen := t.screen.OnAlternate()
	if !fullScreen {
		t.finishLine()
	}
	if fullScreen || !t.cur.end.known() { // a program runs on, whatever a mark said
		t.cur.end.value = t.now
		t.cur.points.End = t.stream.over()
	}
	if t.hollow {
		t.prev.points.End = t.cur.points.End
	}
	if s := t.cur; t.runs && s.marks == signed && s.outer == nil && !s.run.known() && !s.promptEnd.seen() {
		s.result = unentered // the shell was killed before its prompt had rested
	}
	t.release(t.prev)
	t.release(t.cur)
}

func (t *tracer) finishLine() {
	line, x := t.cursor()
	switch t.state {
	case running:
		if !t.capturing {
			return
		}
		if p := t.pend; p.ok && (known(t.known, p.prefix) || p.odd) { // as seen before
			t.startPrompt(FromTyping, p.line, 0, p.at, p.from)
			t.cur.prompt, t.cur.odd = []string{p.prefix}, p.odd
			t.cur.result = unentered
			return
		}
		t.flush(line, 0)
		if x > 0 {
			t.takeRow(line, allCols)
		}
	case editing:
		t.cur.result = unentered // a line that was never entered is no command
	case accepting:
		t.finishAccept(line)
	}
}
