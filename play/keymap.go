package play

import (
	"sort"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/replay"
)

// prompt is a line that the user types in the bar.
type prompt struct {
	kind  int
	label string
	text  []rune

	// Where the deck was when the prompt was opened, to return there.
	number  int
	at      time.Duration
	running bool

	done func(now time.Time, text string) // of promptEdit: called with what is entered
}

// Kinds of prompts.
const (
	promptTime = iota
	promptFind
	promptEdit
)

// maxPrompt is the most characters in a prompt.
const maxPrompt = 256

// typed acts on input.
func (d *deck) typed(b []byte) error {
	keys := d.keys.feed(b)
	d.keyTimer = time.Time{}
	if d.keys.pending() {
		d.keyTimer = time.Now().Add(escapeWait)
	}
	return d.pressAll(keys)
}

func (d *deck) pressAll(keys []key) error {
	for _, k := range keys {
		if err := d.press(time.Now(), k); err != nil {
			return err
		}
	}
	return nil
}

// press acts on a key.
func (d *deck) press(now time.Time, k key) error {
	d.touched = true
	if k.name == "ctrl-c" {
		if d.mayLeave(now, "ctrl-C") {
			return ErrInterrupted
		}
		return nil
	}
	if d.edit != nil && k.name != "q" {
		d.edit.leaves = false
	}
	if k.name == "mouse" {
		return d.mouse(now, k)
	}
	if d.help >= 0 {
		return d.pressHelp(k)
	}
	if d.prompt != nil {
		return d.pressPrompt(now, k)
	}
	d.stale, d.until = true, time.Time{}
	if k.name == "paste" {
		return nil // a paste is never a command
	}
	if k.name == "b" {
		d.toggleBar(now)
		return nil
	}
	d.barUntil = now.Add(barFor)
	return d.obey(now, k.name)
}

// obey carries out the command of a key.
func (d *deck) obey(now time.Time, name string) error {
	if d.edit != nil {
		if done, err := d.edits(now, name); done {
			return err
		}
	}
	const jump = 5 * time.Second
	at := d.at(now)
	end := d.tape.End().Time
	switch name {
	case "q":
		if d.mayLeave(now, "q") {
			return errQuit
		}
	case " ", "k":
		return d.toggle(now)
	case "left":
		return d.goTo(now, at-jump)
	case "right":
		return d.goTo(now, min(at+jump, d.last()))
	case "shift-left", "pgup":
		return d.goTo(now, at-end/10)
	case "shift-right", "pgdown":
		return d.goTo(now, min(at+end/10, d.last()))
	case "home", "g":
		return d.goTo(now, 0)
	case "end", "G":
		return d.goTo(now, d.last())
	case "F":
		d.clock.run(now)
		return d.goTo(now, d.last())
	case ".":
		return d.frameForward(now)
	case ",":
		return d.frameBack(now)
	case "]":
		return d.nextMark(now, d.tape.Markers(), "marker")
	case "[":
		return d.prevMark(now, at, d.tape.Markers(), "marker")
	case "}":
		return d.nextMark(now, d.tape.Commands(), "command")
	case "{":
		return d.prevMark(now, at, d.tape.Commands(), "command")
	case "+", ">":
		d.setSpeed(now, faster(d.clock.speed))
	case "-", "<":
		d.setSpeed(now, slower(d.clock.speed))
	case "=":
		d.setSpeed(now, 1)
	case "i":
		d.idle, d.gapAt = !d.idle, -1
		d.say(now, onOff(d.idle, "pauses shortened to "+d.limit.String(), "pauses as recorded"))
	case "m":
		d.stops = !d.stops
		d.say(now, onOff(d.stops, "pausing at markers", "not pausing at markers"))
	case "l":
		d.loop = !d.loop
		d.say(now, onOff(d.loop, "looping", "not looping"))
	case "t", ":":
		d.prompt = &prompt{kind: promptTime, label: "go to: "}
	case "/", "?":
		d.openFind(now, name == "?")
	case "n":
		return d.findNext(now, d.backward)
	case "N":
		return d.findNext(now, !d.backward)
	case "esc":
		d.found.Close()
		d.found = nil
	case "H", "alt-left":
		d.panBy(now, -max(d.size.Cols/4, 1), 0)
	case "L", "alt-right":
		d.panBy(now, max(d.size.Cols/4, 1), 0)
	case "K", "alt-up":
		d.panBy(now, 0, -max(d.size.Rows/4, 1))
	case "J", "alt-down":
		d.panBy(now, 0, max(d.size.Rows/4, 1))
	case "c":
		d.view.Follow()
		d.say(now, "following the cursor")
	case "R":
		cols, rows := d.pos.Screen().Size()
		d.extra = append(d.extra, "\x1b[8;"+itoa(rows)+";"+itoa(cols)+"t"...)
	case "ctrl-l":
		d.painter.Forget()
	case "ctrl-z":
		return d.suspend()
	case "h", "f1":
		d.help = 0
	default:
		if len(name) == 1 && name[0] >= '0' && name[0] <= '9' {
			return d.goTo(now, time.Duration(float64(end)*float64(name[0]-'0')/10))
		}
		d.say(now, "h shows the keys")
	}
	return nil
}

func onOff(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// last returns the time of the end; endOfTime while the recording loads or
// grows.
func (d *deck) last() time.Duration {
	end := d.tape.End().Time
	if done, _ := d.tape.Loaded(); !done {
		end = endOfTime
	}
	if d.to > 0 {
		end = min(end, d.to)
	}
	return end
}

// toggle pauses or resumes; at the end, it starts over.
func (d *deck) toggle(now time.Time) error {
	if d.clock.running {
		at := d.at(now)
		d.clock.stop(now)
		d.clock.seek(now, at)
		d.reach = -1
		return nil
	}
	done, _ := d.tape.Loaded()
	if done && d.pos.Point().Number >= d.tape.End().Number || d.to > 0 && d.clock.tape >= d.to {
		if err := d.goTo(now, d.from); err != nil {
			return err
		}
	}
	d.clock.run(now)
	d.clock.seek(now, d.clock.tape)
	return nil
}

func (d *deck) setSpeed(now time.Time, speed float64) {
	d.clock.setSpeed(now, speed)
	d.say(now, "speed "+speedText(speed))
}

// pause stops the clock at the time of the screen.
func (d *deck) pause(now time.Time, at time.Duration) {
	d.clock.stop(now)
	d.clock.seek(now, at)
	d.reach = -1
	d.gapAt, d.ended, d.stale = -1, false, true
}

// frameForward plays the next event that changes the screen, and pauses.
func (d *deck) frameForward(now time.Time) error {
	at, ok, err := d.pos.Forward()
	if err != nil {
		return err
	}
	if !ok {
		at = d.at(now)
	}
	d.pause(now, at)
	return nil
}

// frameBack goes back to the frame before the current one.
func (d *deck) frameBack(now time.Time) error {
	at, err := d.pos.Back()
	if err != nil {
		return err
	}
	d.pause(now, at)
	return nil
}

// nextMark goes to the first of marks ahead; kind names them in messages.
func (d *deck) nextMark(now time.Time, marks []replay.Mark, kind string) error {
	i := sort.Search(len(marks), func(i int) bool { return marks[i].Number >= d.pos.Point().Number })
	if i == len(marks) {
		d.say(now, "no later "+kind)
		return nil
	}
	return d.goToMark(now, marks[i], kind)
}

// prevMark goes to the last of marks behind; within a second after one, while
// playing, to the one before it.
func (d *deck) prevMark(now time.Time, at time.Duration, marks []replay.Mark, kind string) error {
	grace := time.Second
	if !d.clock.running {
		grace = 0
	}
	for i := len(marks) - 1; i >= 0; i-- {
		if m := marks[i]; m.Number+1 < d.pos.Point().Number && m.Time+grace < at {
			return d.goToMark(now, m, kind)
		}
	}
	d.say(now, "no earlier "+kind)
	return nil
}

func (d *deck) goToMark(now time.Time, m replay.Mark, kind string) error {
	if err := d.pos.SeekMark(m); err != nil {
		return err
	}
	d.clock.seek(now, m.Time)
	d.reach, d.gapAt, d.ended = -1, -1, false
	if kind == "marker" { // the bar shows commands anyway
		d.say(now, markerText(m.Label))
	}
	return nil
}

func (d *deck) panBy(now time.Time, dx, dy int) {
	d.view.Pan(dx, dy)
	cols, rows := d.pos.Screen().Size()
	if cols <= d.size.Cols && rows <= d.size.Rows {
		d.say(now, "the whole screen is in view")
	}
}

// toggleBar hides the bar, or shows it permanently.
func (d *deck) toggleBar(now time.Time) {
	if d.barShown(now) {
		d.barMode = barHidden
	} else {
		d.barMode = barAlways
	}
	d.barUntil = time.Time{}
}

// mouse handles clicks on the bar, and the wheel.
func (d *deck) mouse(now time.Time, k key) error {
	if d.edit != nil && d.prompt == nil && !(k.y == d.barRow && d.barShown(now)) {
		if done, err := d.clickPane(now, k); done {
			d.stale = true
			return err
		}
	}
	switch {
	case k.button == 64:
		return d.obey(now, "left")
	case k.button == 65:
		return d.obey(now, "right")
	case k.up:
		d.dragging = false
		return nil
	case k.button != 0 || d.bar.track == d.bar.trackEnd || !d.barShown(now):
		return nil
	case !k.drag:
		d.dragging = k.y == d.barRow && k.x >= d.bar.track && k.x < d.bar.trackEnd
	}
	if !d.dragging {
		return nil
	}
	d.barUntil = now.Add(barFor)
	return d.goTo(now, d.bar.timeAt(k.x))
}

func (d *deck) pressHelp(k key) error {
	d.stale = true
	switch k.name {
	case "up", "k":
		d.help = max(d.help-1, 0)
	case "down", "j":
		d.help = min(d.help+1, d.helpMost)
	case "pgdown", " ":
		if d.helpMost > 0 && d.help < d.helpMost {
			d.help = min(d.help+max(d.size.Rows-2, 1), d.helpMost)
			return nil
		}
		d.help = -1
	case "pgup":
		d.help = max(d.help-max(d.size.Rows-2, 1), 0)
	default:
		d.help = -1
	}
	return nil
}

// pressPrompt edits the prompt.
func (d *deck) pressPrompt(now time.Time, k key) error {
	p := d.prompt
	d.stale = true
	switch k.name {
	case "enter":
		d.prompt = nil
		return d.entered(now, p)
	case "esc", "ctrl-g":
		return d.cancelled(now, p)
	case "backspace":
		if len(p.text) == 0 {
			return d.cancelled(now, p)
		}
		p.text = p.text[:len(p.text)-1]
	case "ctrl-u":
		p.text = nil
	case "paste":
		for _, r := range k.text {
			if r >= ' ' && len(p.text) < maxPrompt {
				p.text = append(p.text, r)
			}
		}
	default:
		if r := []rune(k.name); len(r) == 1 && len(p.text) < maxPrompt {
			p.text = append(p.text, r[0])
		}
	}
	if p.kind == promptFind {
		return d.findTyped(now)
	}
	return nil
}

func (d *deck) entered(now time.Time, p *prompt) error {
	if p.kind == promptFind {
		return d.findEntered(now, p)
	}
	text := strings.TrimSpace(string(p.text))
	if p.kind == promptEdit {
		p.done(now, text)
		return nil
	}
	if text == "" {
		return nil
	}
	return d.goToPlace(now, text)
}

func (d *deck) cancelled(now time.Time, p *prompt) error {
	d.prompt = nil
	if p.kind != promptFind {
		return nil
	}
	d.found.Close()
	d.found = nil
	return d.goBack(now, p, p.running)
}

// goBack returns to where the deck was when the prompt was opened, and resumes
// playing if run is set.
func (d *deck) goBack(now time.Time, p *prompt, run bool) error {
	if err := d.pos.Seek(p.number); err != nil {
		return err
	}
	d.pause(now, p.at)
	if run {
		d.clock.run(now)
	}
	return nil
}
