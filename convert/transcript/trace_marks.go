package transcript

import (
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/vt"
)

// onMark is called for each OSC sequence.
func (t *tracer) onMark(m vt.Mark) {
	if t.screen.OnAlternate() {
		return
	}
	mk := readMark(m)
	if mk.kind == markNone {
		return
	}
	switch mk.kind {
	case markDir, markHost:
		t.located(mk)
		return
	case markReady:
		t.announced = asPrompt
		return
	}
	if t.nonce != "" && mk.aid == t.nonce {
		t.trust = signed
	} else if t.trust == signed {
		return
	}
	t.marked = t.trust == signed
	x := m.X
	if m.Pending {
		x++
	}
	switch mk.kind {
	case markPrompt:
		t.markPrompt(m, x)
	case markContinue:
		if t.state == editing && t.runs && t.cur.bounds == FromMarks && t.cur.promptEnd.seen() && m.Line > t.inputLine {
			t.enter(m.Line, x)
		}
		if t.state == editing {
			t.cur.announced = asContinuation
		} else if t.state == running && (t.trust == signed || !t.paste) {
			if t.trust == signed {
				t.open = nil // the line before runs nothing yet
			}
			t.startPrompt(FromMarks, m.Line, x, t.now, t.stream.promptSpot(1))
			t.cur.announced = asContinuation
			t.cur.marks = t.trust
		}
	case markInput:
		if t.state == editing {
			t.idiom = origin{}
			t.redrawn = false
			t.inputAt(m.Line, x)
			t.cur.promptEnd = endCertain
			t.sign = origin{ok: true, line: m.Line, x: x}
		}
	case markNote:
		if t.unmarked == "" {
			t.unmarked = oneLine(mk.text)
		}
	case markText:
		seg := t.cur
		if t.state == running && seg.bounds != "" && !seg.reported.known() {
			seg.reported = mk.reported
			seg.marks = t.trust
		}
	case markRun:
		t.markRun(m, mk, x)
	case markEnd:
		t.markEnd(m, mk, x)
	}
}

// located takes a report of the directory or host. These have no nonce: only the
// one that comes with the end of a command is the recorded shell's.
func (t *tracer) located(mk mark) {
	at := &t.here
	if t.marked && t.open == nil {
		if !t.placed {
			return
		}
		t.placed = false
		at = &t.top
		at.host = ""
	} else {
		t.reports++
	}
	if mk.kind == markDir {
		at.dir = mk.text
	} else {
		mk.host = mk.text
	}
	if mk.host != "" {
		at.host = mk.host
	}
	if t.state == editing && !t.cur.promptEnd.seen() {
		t.locate() // the report is part of the prompt
	}
}

// markPrompt: a prompt begins.
func (t *tracer) markPrompt(m vt.Mark, x int) {
	if t.trust == signed {
		t.open = nil // it has ended, also without a mark
		if t.state == editing && t.cur.outer != nil && t.cur.promptEnd.seen() {
			t.abandon()
		}
	}
	switch t.state {
	case editing:
		if !t.cur.promptEnd.seen() && t.cur.bounds == FromPaste && t.trust == signed {
			// Readline switches before its prompt.
			t.cur.marks = signed
			t.cur.outer = nil
			t.locate()
		}
	case running:
		if t.trust == signed || !t.paste {
			line, from := m.Line, t.idiom.from
			if t.idiom.ok {
				line, x = min(line, t.idiom.line), 0
			} else {
				from = t.stream.promptSpot(1)
			}
			t.startPrompt(FromMarks, line, x, t.now, from)
			t.cur.marks = t.trust
			if t.idiom.ok {
				t.cur.shell = zsh
			}
		} else {
			t.hint = origin{ok: true, line: m.Line, x: x, at: t.now, from: t.stream.promptSpot(1)}
		}
	}
}

// abandon gives up the line that is being entered: the program that reads it has
// ended.
func (t *tracer) abandon() {
	t.cur.result = unentered
	if t.cur.outer != nil {
		t.cur.outer.screens += t.cur.screens
	}
	line, _ := t.cursor()
	t.begin(line)
	t.capturing = false
}

// markRun: the shell starts the command.
func (t *tracer) markRun(m vt.Mark, mk mark, x int) {
	if t.state == editing && t.trust == signed && t.cur.outer != nil {
		t.abandon() // a program read a line; the recorded shell does now
	}
	switch {
	case t.state == editing && (t.cur.bounds == FromMarks || t.trust == signed),
		// fish 4 sends the mark before it switches bracketed paste off.
		t.state == editing && t.cur.bounds == FromPaste && t.scan.fresh:
		if t.redrawn {
			t.reanchor()
		}
		t.cur.left |= leftLineFeed
		t.enter(m.Line, x)
	case t.state == accepting:
		last := m.Line
		if x == 0 && last > t.inputLine {
			last--
		}
		t.finishAccept(last)
		t.begin(m.Line)
	}
	if t.state != running {
		return
	}
	if t.trust == signed {
		if t.open != nil && t.open.run.known() {
			if mk.number == t.number && mk.number != "" {
				mk.reported = fact[string]{} // of the one before
			}
			t.runAgain(m, x)
		}
		t.here = location{} // of shells inside the command
		t.runs = true
	}
	seg := t.cur
	if seg.bounds == "" || seg.run.known() || seg.exit.known() {
		return
	}
	seg.run = fact[string]{mk.context, FromMarks}
	seg.marks = t.trust
	if mk.reported.known() {
		seg.reported = mk.reported
	}
	t.open = seg
	t.number = mk.number
	if t.capturing && m.Line >= t.from {
		t.from = m.Line // output so far came from the shell
	}
}

// enter ends the line that is being entered, above or at line, where the cursor is
// in column x.
func (t *tracer) enter(line uint64, x int) {
	last := line
	if x == 0 && last > t.inputLine {
		last--
	}
	t.cur.start, t.cur.points.Start = t.now, t.stream.leftLine()
	t.takeInput(last)
	t.begin(line)
}

// runAgain: the shell starts a further command of the lines that were entered.
func (t *tracer) runAgain(m vt.Mark, x int) {
	before := t.open
	t.open = nil
	from := t.stream.lastMark()
	t.startPrompt(FromMarks, m.Line, x, t.now, spot{at: from})
	before.end, before.points.End = fact[time.Duration]{t.now, fromNext}, from
	s := t.cur
	s.again = true
	s.prompt, s.promptEnd, s.shell = before.prompt, endCertain, before.shell
	s.dir, s.host = "", "" // the one before may have changed it
	s.start, s.points.Start = t.now, from
	s.left = before.left
	t.begin(m.Line)
}

// markEnd: the command has ended.
func (t *tracer) markEnd(m vt.Mark, mk mark, x int) {
	if t.trust == signed {
		t.placed = true
	}
	if t.state == editing && t.trust == signed {
		switch {
		case t.cur.outer != nil && t.cur.promptEnd.seen():
			t.abandon()
		case !t.cur.promptEnd.seen() && mk.exit.known():
			// A shell without hooks has the mark in the prompt itself.
			seg := t.open
			if seg == nil {
				seg = t.prev
			}
			t.open = nil
			if o := t.cur.outer; o != nil {
				o.screens += t.cur.screens
				t.cur.screens = 0
				t.cur.outer = nil
				t.promptLine, t.promptX = m.Line, x
				t.cur.promptAt = t.now
				o.end, o.points.End = fact[time.Duration]{t.now, FromMarks}, t.stream.back(0)
			}
			// The mark belongs to the command before.
			t.cur.points.Prompt, t.cur.uppers = t.stream.back(0), [maxUpper]place.Point{}
			t.prev.points.End = t.cur.points.Prompt
			if seg != nil && seg.bounds != "" && !seg.exit.known() {
				t.ended(seg, mk)
			}
			return
		case !mk.exit.known() && t.cur.bounds == FromPaste && t.cur.promptEnd.seen():
			// fish leaves its editor without a word when a line is cancelled.
			t.cur.result = cancelled
			t.enter(m.Line, x)
			return
		case t.runs && t.cur.bounds == FromMarks && t.cur.promptEnd.seen():
			t.enter(m.Line, x) // and cancelled, as no mark said that it was run
		}
	}
	if t.state == accepting && t.trust == signed {
		t.finishAccept(m.Line)
		t.begin(m.Line)
	}
	if t.state != running {
		return
	}
	if mk.context != "" && (t.open == nil || t.open.run.value != mk.context) {
		return // the context of a shell or session has ended
	}
	seg := t.open
	if seg == nil {
		// The shell has no mark for the start of a command.
		seg = t.cur
	}
	t.open = nil
	if seg.bounds == "" || seg.exit.known() || seg.outer != nil {
		return
	}
	t.ended(seg, mk)
	t.endOutput(m.Line, x, t.now, FromMarks, t.stream.back(0))
	if seg != t.cur {
		seg.end, seg.points.End = fact[time.Duration]{t.now, FromMarks}, t.stream.back(0)
	}
}

// ended takes what a mark says of the command that has ended.
func (t *tracer) ended(seg *segment, mk mark) {
	seg.exit, seg.marks = mk.exit, t.trust
	if mk.reported.known() && !seg.reported.known() {
		seg.reported = mk.reported
	}
	switch {
	case t.trust != signed || seg.run.known():
	case !mk.exit.known(), // nothing was run
		// mksh adds such a line to its history.
		seg.killed && mk.exit.value == 128+2 && !strings.HasSuffix(strings.TrimSpace(seg.reported.value), "^C"):
		seg.result = cancelled
	}
}

// markLine is called before a line feed while a line is entered at a prompt with
// marks. A shell that marks only its prompts runs the line now.
func (t *tracer) markLine(line uint64) {
	if t.cur.promptEnd != endCertain || line < t.inputLine {
		return
	}
	if t.runs && t.cur.outer == nil {
		return // a mark will show it
	}
	if t.full(line) && t.scan.returns > 1 {
		return // busybox moves to the next line itself, and the terminal adds a CR
	}
	t.cur.start, t.cur.points.Start = t.now, t.stream.beforeReturns()
	t.cur.pace, t.cur.key = paceOf(t.moved), t.key
	t.cur.killed = t.scan.interrupted()
	t.movedOn()
	t.takeInput(line)
	t.begin(line + 1)
	if t.cur.marks == signed {
		// The mark of an end belongs to this command, whatever is entered
		// inside it.
		t.open = t.cur
	}
}

// movedOn notes, before a line feed, that a line editor moves to the next line: it
// writes a CR, and the terminal adds one.
func (t *tracer) movedOn() {
	if t.scan.returns > 1 {
		t.cur.left |= leftLineFeed
	}
}

// exitEvent: the recorded program has ended. If it is a shell known by its marks,
// the running command has ended it.
func (t *tracer) exitEvent(ev format.Event) {
	status, err := strconv.Atoi(ev.Data)
	if err != nil || status < 0 || status > 128 || t.state != running || t.screen.OnAlternate() {
		return
	}
	seg := t.open
	if seg == nil {
		seg = t.cur
	}
	if seg.bounds == "" || seg.exit.known() || seg.marks != signed || t.runs && !seg.run.known() {
		return
	}
	t.now = max(t.now, ev.Time)
	seg.exit = fact[int]{status, FromEnd}
	line, x := t.cursor()
	t.endOutput(line, x, t.now, FromEnd, t.stream.over())
	if seg != t.cur {
		seg.end, seg.points.End = fact[time.Duration]{t.now, FromEnd}, t.stream.over()
	}
}
