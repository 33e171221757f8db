package transcript

import (
	"strconv"
	"time"

	"github.com/ttydeck/ttydeck/format"
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
	case markDir:
		t.dir = mk.text
		if mk.host != "" {
			t.host = mk.host
		}
		return
	case markHost:
		t.host = mk.text
		return
	case markReady:
		t.announced = asPrompt
		return
	}
	if t.nonce != "" && mk.aid != t.nonce {
		return
	}
	x := m.X
	if m.Pending {
		x++
	}
	switch mk.kind {
	case markPrompt:
		switch t.state {
		case editing:
			if !t.cur.promptEnd.seen() && t.cur.bounds == FromPaste && t.trust == signed {
				// Readline switches before its prompt.
				t.cur.marks = signed
				t.cur.dir, t.cur.host = t.dir, t.host
			}
		case running:
			if t.trust == signed || !t.paste {
				line := m.Line
				if t.idiom.ok {
					line, x = min(line, t.idiom.line), 0
				}
				t.startPrompt(FromMarks, line, x, t.now)
				t.cur.marks = t.trust
				if t.idiom.ok {
					t.cur.shell = zsh
				}
			} else {
				t.hint = origin{ok: true, line: m.Line, x: x, at: t.now}
			}
		}
	case markContinue:
		if t.state == editing {
			t.cur.announced = asContinuation
		} else if t.state == running && (t.trust == signed || !t.paste) {
			t.startPrompt(FromMarks, m.Line, x, t.now)
			t.cur.announced = asContinuation
			t.cur.marks = t.trust
		}
	case markInput:
		if t.state == editing {
			t.idiom = origin{}
			t.redrawn = false
			t.inputAt(m.Line, x)
			t.cur.promptEnd = endCertain
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

// markRun: the shell starts the command.
func (t *tracer) markRun(m vt.Mark, mk mark, x int) {
	if t.state == editing && t.cur.bounds == FromMarks {
		last := m.Line
		if x == 0 && last > t.promptLine {
			last--
		}
		t.cur.start = t.now
		t.takeInput(last)
		t.begin(m.Line)
	}
	if t.state == accepting {
		last := m.Line
		if x == 0 && last > t.inputLine {
			last--
		}
		t.finishAccept(last)
		t.begin(m.Line)
	}
	seg := t.cur
	// fish 4 sends the mark before it switches bracketed paste off.
	early := t.state == editing && seg.bounds == FromPaste && t.scan.fresh && !seg.run.known()
	if !early && (t.state != running || seg.bounds == "" || seg.run.known() || seg.exit.known()) {
		return
	}
	seg.run.from = FromMarks
	seg.marks = t.trust
	if mk.reported.known() {
		seg.reported = mk.reported
	}
	t.open = seg
	if early {
		return
	}
	seg.run.value = mk.context
	if t.capturing && m.Line >= t.from {
		t.from = m.Line // output so far came from the shell
	}
}

// markEnd: the command has ended.
func (t *tracer) markEnd(m vt.Mark, mk mark, x int) {
	if t.state == editing && t.trust == signed && mk.exit.known() && !t.cur.promptEnd.seen() {
		// A shell without hooks has the mark in the prompt itself.
		seg := t.open
		if seg == nil {
			seg = t.prev
		}
		t.open = nil
		if seg != nil && seg.bounds != "" && !seg.exit.known() {
			seg.exit, seg.marks = mk.exit, signed
		}
		return
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
	if seg.bounds == "" || seg.exit.known() {
		return
	}
	seg.exit, seg.marks = mk.exit, t.trust
	t.endOutput(m.Line, x, t.now, FromMarks)
	if seg != t.cur {
		seg.end.value = t.now
	}
}

// markLine is called before a line feed while a line is entered at a prompt with
// marks. A shell that marks only its prompts runs the line now.
func (t *tracer) markLine(line uint64) {
	if t.cur.promptEnd != endCertain || line < t.inputLine {
		return
	}
	t.cur.start = t.now
	t.cur.pace, t.cur.key = paceOf(t.moved), t.key
	t.takeInput(line)
	t.begin(line + 1)
	if t.cur.marks == signed {
		// The mark of an end belongs to this command, whatever is entered
		// inside it.
		t.open = t.cur
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
	if seg.bounds == "" || seg.exit.known() || seg.marks != signed {
		return
	}
	t.now = max(t.now, ev.Time)
	seg.exit = fact[int]{status, FromEnd}
	line, x := t.cursor()
	t.endOutput(line, x, t.now, FromEnd)
	if seg != t.cur {
		seg.end = fact[time.Duration]{t.now, FromEnd}
	}
}
