package play

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/place"
)

// editLines is the help for the keys of an [Editor].
var editLines = [][2]string{
	{"{ }, up down", "previous, next command"},
	{"C", "toggle the commands"},
	{"( )", "mark in, mark out"},
	{"x", "cut the marked range"},
	{"o", "keep only that range"},
	{"s", "speed of range/command"},
	{"e", "hold the picture"},
	{"d", "drop, restore command"},
	{"E", "drop the final exit"},
	{"y T", "type command/all evenly"},
	{"I", "shorten pauses"},
	{"a", "add a marker"},
	{"r D", "rename, remove marker"},
	{"u U", "undo, redo"},
	{"p", "show the result; back"},
	{"esc", "back to where p was"},
	{"w", "write the result"},
}

// EditKeys returns the keys of a Player with an [Editor], beside those of [Keys]:
// each group of keys with its commands.
func EditKeys() [][2]string { return slices.Clone(editLines) }

// Defaults of what the keys ask for.
const (
	usualSpeed = 8
	usualHold  = 2 // seconds
	usualPause = 1 // seconds
)

// edits carries out the command of a key that only an editor has, and reports
// whether it is one.
func (d *deck) edits(now time.Time, name string) (bool, error) {
	e := d.edit
	switch name {
	case "}", "down":
		return true, d.nextCommand(now)
	case "{", "up":
		return true, d.prevCommand(now)
	case "]":
		return true, d.nextMarker(now)
	case "[":
		return true, d.prevMarker(now)
	case "C":
		e.pane.toggle()
		return true, nil
	case "p":
		if e.shown != nil || e.preparing {
			return true, d.leaveResult(now, false)
		}
		d.showResult(now)
		return true, nil
	case "esc":
		if e.shown != nil || e.preparing {
			return true, d.leaveResult(now, true)
		}
		if s := e.history.current(); s.in != nil || s.out != nil {
			s.in, s.out = nil, nil
			return true, nil
		}
		return false, nil
	case "w":
		d.askWrite(now)
		return true, nil
	}
	operation, ok := operations[name]
	if !ok {
		return false, nil
	}
	// The operations are on the source, where the deck is then.
	if err := d.leaveResult(now, false); err != nil {
		return true, err
	}
	operation(d, now)
	return true, nil
}

// operations are the keys that change the recipe, or the marked range.
var operations = map[string]func(d *deck, now time.Time){
	"(": (*deck).markIn,
	")": (*deck).markOut,
	"x": func(d *deck, now time.Time) {
		d.onRange(now, func(r edit.Recipe, where string) (edit.Recipe, string) {
			r.Cut = append(slices.Clip(r.Cut), where)
			return r, "cut " + where
		})
	},
	"o": func(d *deck, now time.Time) {
		d.onRange(now, func(r edit.Recipe, where string) (edit.Recipe, string) {
			r.Keep = append(slices.Clip(r.Keep), where)
			return r, "kept " + where
		})
	},
	"s": (*deck).askSpeed,
	"e": (*deck).askHold,
	"d": (*deck).dropCommand,
	"E": func(d *deck, now time.Time) {
		r := d.edit.recipe()
		r.DropExit = !r.DropExit
		d.do(now, r, onOff(r.DropExit, "the exit is dropped", "the exit stays"))
	},
	"y": (*deck).tidyCommand,
	"T": func(d *deck, now time.Time) {
		r := d.edit.recipe()
		r.TidyTyping = !r.TidyTyping
		d.do(now, r, onOff(r.TidyTyping, "commands are typed evenly", "commands are typed as recorded"))
	},
	"I": (*deck).askPauses,
	"a": (*deck).askMarker,
	"r": (*deck).askName,
	"D": (*deck).removeMarker,
	"u": func(d *deck, now time.Time) { d.travel(now, d.edit.history.undo(), "undone", "nothing to undo") },
	"U": redo, "ctrl-r": redo,
}

func redo(d *deck, now time.Time) { d.travel(now, d.edit.history.redo(), "redone", "nothing to redo") }

// do puts a recipe into effect.
func (d *deck) do(now time.Time, r edit.Recipe, message string) {
	if d.edit.history.do(r) {
		d.replan()
	}
	d.say(now, message)
}

func (d *deck) travel(now time.Time, ok bool, done, not string) {
	if !ok {
		d.say(now, not)
		return
	}
	d.replan()
	d.say(now, done)
}

func (d *deck) markIn(now time.Time) {
	s := d.edge(now)
	d.edit.history.current().in = &s
	d.say(now, "in: "+s.begin.place)
}

func (d *deck) markOut(now time.Time) {
	s := d.edge(now)
	d.edit.history.current().out = &s
	d.say(now, "out: "+s.end.place)
}

// marked returns the marked range; without a mark out, up to what the deck shows.
func (d *deck) marked(now time.Time) (where string, ok bool) {
	s := d.edit.history.current()
	if s.in == nil {
		return "", false
	}
	in, out := *s.in, d.edge(now)
	if s.out != nil {
		out = *s.out
	}
	if out.begin.at < in.begin.at {
		in, out = out, in
	}
	return in.begin.place + ".." + out.end.place, true
}

// onRange changes the recipe by an operation on the marked range.
func (d *deck) onRange(now time.Time, change func(r edit.Recipe, where string) (edit.Recipe, string)) {
	where, ok := d.marked(now)
	if !ok {
		d.say(now, "mark the range first: ( where it begins, ) where it ends")
		return
	}
	if begin, end, _ := place.Cut(where, ".."); begin == end {
		d.say(now, "the range is empty")
		return
	}
	r, message := change(d.edit.recipe(), where)
	d.do(now, r, message)
}

// commandInView returns the command that the deck shows.
func (d *deck) commandInView(now time.Time) (c listed, ok bool) {
	list, _ := d.edit.commands.all()
	if i := d.command(now); i >= 0 {
		return list[i], true
	}
	d.say(now, "no command here")
	return listed{}, false
}

// tidyCommand has the command in view typed evenly, or as recorded.
func (d *deck) tidyCommand(now time.Time) {
	c, ok := d.commandInView(now)
	switch {
	case !ok:
	case c.cancelled:
		d.say(now, "a cancelled line has no number: T tidies all lines")
	default:
		r := d.edit.recipe()
		r.TidyCommand = withToggled(r.TidyCommand, c.selector())
		d.do(now, r, onOff(slices.Contains(r.TidyCommand, c.selector()), "typed evenly: ", "typed as recorded: ")+c.text)
	}
}

// dropCommand drops the command in view, or restores it. A cancelled line has no
// number: all of them go.
func (d *deck) dropCommand(now time.Time) {
	c, ok := d.commandInView(now)
	if !ok {
		return
	}
	r := d.edit.recipe()
	what := c.text
	if c.cancelled {
		what = "all lines that were cancelled"
	}
	r.DropCommand = withToggled(r.DropCommand, c.selector())
	d.do(now, r, onOff(slices.Contains(r.DropCommand, c.selector()), "dropped: ", "restored: ")+what)
}

// askSpeed asks for the speed of the marked range, or of the command in view.
func (d *deck) askSpeed(now time.Time) {
	where, ok := d.marked(now)
	what := "the range"
	if !ok {
		c, ok := d.commandInView(now)
		if !ok {
			return
		}
		if what = "command " + c.selector(); c.cancelled {
			what = "the line"
		}
		if where = "command:" + c.selector(); c.cancelled {
			where = c.place(atStart) + ".." + c.place(atEnd)
		}
	}
	d.ask(fmt.Sprintf("speed of %s (enter: %d): ", what, usualSpeed), "", func(now time.Time, text string) {
		x, ok := factor(orUsual(text, usualSpeed))
		if !ok {
			d.say(now, "invalid speed: want a number above 0")
			return
		}
		r := d.edit.recipe()
		value := plain(x)
		if x == 1 {
			value = ""
		}
		r.Speed = withEntry(r.Speed, value, where)
		d.do(now, r, fmt.Sprintf("speed of %s: x%s", what, plain(x)))
	})
}

// askHold asks for how long to hold the picture.
func (d *deck) askHold(now time.Time) {
	here := d.here(now, atStart, atEnd, atPrompt)
	d.ask(fmt.Sprintf("hold for seconds (enter: %d): ", usualHold), "", func(now time.Time, text string) {
		value, ok := d.seconds(now, orUsual(text, usualHold))
		if !ok {
			return
		}
		r := d.edit.recipe()
		r.Pause = withEntry(r.Pause, value, here.place)
		d.do(now, r, onOff(value != "", "held for "+value+"s at "+here.place, "not held"))
	})
}

// askPauses asks for the longest pause in the marked range, or anywhere.
func (d *deck) askPauses(now time.Time) {
	where, _ := d.marked(now)
	d.ask(fmt.Sprintf("longest pause in seconds (enter: %d, 0: as recorded): ", usualPause), "", func(now time.Time, text string) {
		value, ok := d.seconds(now, orUsual(text, usualPause))
		if !ok {
			return
		}
		r := d.edit.recipe()
		r.IdleTimeLimit = withEntry(r.IdleTimeLimit, value, where)
		d.do(now, r, onOff(value != "", "pauses of at most "+value+"s", "pauses as recorded"))
	})
}

// seconds parses a length of time, and returns it in seconds; "" for none.
func (d *deck) seconds(now time.Time, text string) (string, bool) {
	t, err := place.ParseTime(text)
	if err != nil {
		d.say(now, err.Error())
		return "", false
	}
	if t == 0 {
		return "", true
	}
	return plain(t.Seconds()), true
}

// orUsual returns what the user has typed, or else the usual value.
func orUsual(text string, usual int) string {
	if strings.TrimSpace(text) == "" {
		return strconv.Itoa(usual)
	}
	return text
}

// askMarker asks for the label of a marker at the place in view.
func (d *deck) askMarker(now time.Time) {
	here := d.here(now, atStart, atEnd, atPrompt)
	d.ask("label: ", "", func(now time.Time, text string) {
		if text == "" {
			return
		}
		d.do(now, withMarker(d.edit.recipe(), here.place, text), markerText(text)+" at "+here.place)
	})
}

// markerBefore returns the last marker at or before the place in view.
func (d *deck) markerBefore(now time.Time) (m editMark, ok bool) {
	at := d.sourceTime(now)
	for _, o := range d.markers() {
		if o.Time > at {
			break
		}
		m, ok = o, true
	}
	if !ok {
		d.say(now, "no marker here")
	}
	return m, ok
}

// askName asks for another label of the marker in view.
func (d *deck) askName(now time.Time) {
	m, ok := d.markerBefore(now)
	if !ok {
		return
	}
	d.ask("label: ", m.Label, func(now time.Time, text string) {
		if text != "" {
			d.do(now, withRenamed(d.edit.recipe(), m, text), markerText(text))
		}
	})
}

func (d *deck) removeMarker(now time.Time) {
	if m, ok := d.markerBefore(now); ok {
		d.do(now, withRenamed(d.edit.recipe(), m, ""), "removed "+markerText(m.Label))
	}
}

// nextMarker goes to the first marker behind the place in view.
func (d *deck) nextMarker(now time.Time) error {
	at := d.sourceTime(now)
	for _, m := range d.markers() {
		if m.Time > at {
			return d.goToMarker(now, m)
		}
	}
	d.say(now, "no later marker")
	return nil
}

// prevMarker goes to the last marker before the place in view.
func (d *deck) prevMarker(now time.Time) error {
	at := d.sourceTime(now)
	if d.clock.running {
		at -= time.Second // time to press the key again
	}
	marks := d.markers()
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].Time < at {
			return d.goToMarker(now, marks[i])
		}
	}
	d.say(now, "no earlier marker")
	return nil
}

func (d *deck) goToMarker(now time.Time, m editMark) error {
	d.say(now, markerText(m.Label))
	if r := d.edit.shown; r != nil {
		return d.goTo(now, r.plan.At(m.Time))
	}
	if err := d.goTo(now, m.Time); err != nil {
		return err
	}
	if d.named(m) {
		d.land(-1, m.place)
	}
	return nil
}

// askWrite asks for the names of the files, and writes them.
func (d *deck) askWrite(now time.Time) {
	e := d.edit
	switch {
	case e.Write == nil:
		d.say(now, "this deck cannot write")
		return
	case e.writing != "":
		d.say(now, "still writing "+e.writing)
		return
	}
	d.ask("write the result to: ", e.Out, func(_ time.Time, out string) {
		if out == "" {
			return
		}
		d.ask("write the recipe to (enter: nowhere): ", "", func(_ time.Time, recipePath string) {
			e.Out = out
			d.write(out, recipePath)
		})
	})
}

// ask opens a prompt with a text to edit, unless that is none that can be typed.
// What the user enters goes to done.
func (d *deck) ask(label, text string, done func(now time.Time, text string)) {
	d.prompt = &prompt{kind: promptEdit, label: label, done: done}
	if len(text) <= maxPrompt && nameable(text) {
		d.prompt.text = []rune(text)
	}
}

// dropped reports whether the result lacks a command.
func (e *editing) dropped(l listed) bool {
	if slices.Contains(e.recipe().DropCommand, l.selector()) {
		return true
	}
	return e.plan != nil && l.prompt < l.end && e.plan.At(l.prompt) >= e.plan.At(l.end)
}
