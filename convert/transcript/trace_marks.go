package transcript

import (
	"strconv"

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
		t.ready = true
		return
	}
	signed := t.nonce != "" && mk.aid == t.nonce
	if t.nonce != "" && !signed {
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
			if !t.cur.split && t.cur.bounds == FromPaste {
				// Readline switches before its prompt.
				t.cur.signed = t.cur.signed || signed
				if signed {
					t.cur.dir, t.cur.host = t.dir, t.host
				}
			}
		case running:
			if signed || !t.paste {
				line := m.Line
				if t.idiom {
					line, x = min(line, t.idiomLine), 0
				}
				zsh := t.idiom
				t.startPrompt(FromMarks, line, x, t.now)
				t.cur.zsh = zsh
				t.cur.signed, t.cur.unsure = signed, !signed
			} else {
				t.hint = promptHint{ok: true, line: m.Line, x: x, at: t.now}
			}
		}
	case markContinue:
		if t.state == editing {
			t.cur.second = true
		} else if t.state == running && (signed || !t.paste) {
			t.startPrompt(FromMarks, m.Line, x, t.now)
			t.cur.second = true
			t.cur.signed, t.cur.unsure = signed, !signed
		}
	case markInput:
		if t.state == editing {
			t.idiom = false
			t.redrawn = false
			t.inputAt(m.Line, x)
			t.cur.exact = true
		}
	case markText:
		seg := t.cur
		if t.state == running && seg.bounds != "" && !seg.hooked {
			seg.hook, seg.hooked = mk.text, true
			seg.unsure = seg.unsure || !signed
		}
	case markRun:
		t.markRun(m, mk, signed, x)
	case markEnd:
		t.markEnd(m, mk, signed, x)
	}
}

// markRun: the shell starts the command.
func (t *tracer) markRun(m vt.Mark, mk mark, signed bool, x int) {
	if t.state == editing && t.cur.bounds == FromMarks {
		last := m.Line
		if x == 0 && last > t.promptLine {
			last--
		}
		t.cur.start = t.now
		t.takeInput(last)
		t.begin(m.Line, x)
	}
	if t.state == accepting {
		last := m.Line
		if x == 0 && last > t.inputLine {
			last--
		}
		t.finishAccept(last, x, true)
		t.begin(m.Line, x)
	}
	seg := t.cur
	if t.state == editing && seg.bounds == FromPaste && t.scan.fresh && !seg.ran {
		// fish 4 sends the mark before it switches bracketed paste off.
		seg.ran = true
		seg.signed, seg.unsure = seg.signed || signed, seg.unsure || !signed
		if mk.hasText {
			seg.hook, seg.hooked, seg.verbatim = mk.text, true, mk.verbatim
		}
		t.open = seg
		return
	}
	if t.state != running || seg.bounds == "" || seg.ran || seg.exited {
		return
	}
	seg.ran = true
	seg.context = mk.context
	seg.signed = seg.signed || signed
	seg.unsure = seg.unsure || !signed
	if mk.hasText {
		seg.hook, seg.hooked, seg.verbatim = mk.text, true, mk.verbatim
	}
	// Output so far came from the shell.
	if !t.closed && m.Line >= t.from {
		t.from = m.Line
	}
	t.open = seg
}

// markEnd: the command has ended.
func (t *tracer) markEnd(m vt.Mark, mk mark, signed bool, x int) {
	if t.state == editing && signed && mk.hasExit && !t.cur.split {
		// A shell without hooks has the mark in the prompt itself.
		seg := t.open
		if seg == nil {
			seg = t.prev
		}
		t.open = nil
		if seg != nil && seg.bounds != "" && !seg.exited {
			seg.exit, seg.exited, seg.signed = mk.exit, true, true
		}
		return
	}
	if t.state != running {
		return
	}
	if mk.context != "" && (t.open == nil || t.open.context != mk.context) {
		return // the context of a shell or session has ended
	}
	seg := t.open
	if seg == nil {
		// The shell has no mark for the start of a command.
		seg = t.cur
	}
	t.open = nil
	if seg.bounds == "" || seg.exited {
		return
	}
	seg.exit, seg.exited = mk.exit, mk.hasExit
	seg.signed = seg.signed || signed
	seg.unsure = seg.unsure || !signed
	t.endOutput(m.Line, x, t.now)
	if seg != t.cur {
		seg.end = t.now
	}
}

// markLine is called before a line feed while a line is entered at a prompt with
// marks. A shell that marks only its prompts runs the line now.
func (t *tracer) markLine(line uint64) {
	if !t.cur.exact || line < t.inputLine {
		return
	}
	t.cur.start = t.now
	t.cur.oneGo, t.cur.eof = !t.cur.moved, t.eof
	t.takeInput(line)
	t.begin(line+1, 0)
	if t.cur.signed {
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
	if seg.bounds == "" || seg.exited || !seg.signed {
		return
	}
	t.now = max(t.now, ev.Time)
	seg.exit, seg.exited, seg.byEvent = status, true, true
	line, x := t.cursor()
	t.endOutput(line, x, t.now)
	if seg != t.cur {
		seg.ended, seg.end = true, t.now
	}
}
