package play

import (
	"sort"
	"time"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/replay"
)

// Ways to show the bar.
const (
	barAuto   = iota // if there is room for it; otherwise for a while after a key
	barHidden        // only for prompts and messages
	barAlways        // also where it takes a line of the recording
)

// barShown reports whether the bar is shown.
func (d *deck) barShown(now time.Time) bool {
	if d.prompt != nil {
		return true
	}
	switch {
	case d.p.NoUI:
		return false
	case d.barMode == barHidden:
		return now.Before(d.until)
	case d.barMode == barAlways || d.hasRoom():
		return true
	}
	return now.Before(d.barUntil) || now.Before(d.until) || !d.clock.running && d.touched
}

// hasRoom reports whether the terminal has a line for the bar that the recording
// does not need.
func (d *deck) hasRoom() bool {
	_, rows := d.pos.Screen().Size()
	return rows < d.size.Rows
}

// say shows a message in the bar for a while.
func (d *deck) say(now time.Time, message string) {
	d.message, d.until, d.stale = message, now.Add(barFor), true
}

// draw draws the next frame, if there is anything new and the terminal is ready
// for it, and returns the time to wait before the next call.
func (d *deck) draw(now time.Time) time.Duration {
	wait := time.Hour
	for _, at := range []time.Time{d.until, d.barUntil} {
		// The end of a message or of the bar is a change too.
		if at.IsZero() {
			continue
		}
		if left := at.Sub(now); left > 0 {
			wait = min(wait, left)
		} else if d.drawn.Before(at) {
			d.stale = true
		}
	}
	if d.barShown(now) && d.clock.running && d.at(now)/time.Second != d.bar.at/time.Second {
		d.stale = true
	}
	if !d.stale || d.con.busy {
		return wait
	}
	if early := d.drawn.Add(frameGap).Sub(now); early > 0 {
		return min(wait, early)
	}
	// The recording is in the middle of a frame of its own.
	if d.pos.Screen().Modes().Sync && d.clock.running && d.prompt == nil {
		if d.held.IsZero() {
			d.held = now
		}
		if left := d.held.Add(syncWait).Sub(now); left > 0 {
			return min(wait, left)
		}
	} else {
		d.held = time.Time{}
	}
	d.setTitle()
	d.compose(now)
	out := d.painter.Paint(&d.picture)
	if len(d.extra) > 0 {
		out = append(d.extra, out...)
		d.extra = nil
	}
	d.drawn, d.stale = now, false
	if len(out) > 0 {
		d.con.write(out)
	}
	return wait
}

// setTitle sets the title of the viewer's terminal to that of the recording, if
// the Player asks for it.
func (d *deck) setTitle() {
	title := d.pos.Screen().Title()
	if !d.p.Titles || title == d.titled {
		return
	}
	d.titled = title
	const most = 200
	clean := []rune{}
	for _, r := range title {
		if render.RuneWidth(r) > 0 && len(clean) < most {
			clean = append(clean, r)
		}
	}
	d.extra = append(d.extra, "\x1b]2;"+string(clean)+"\x1b\\"...)
}

// compose makes the picture.
func (d *deck) compose(now time.Time) {
	c := &d.picture
	c.Reset(d.size.Cols, d.size.Rows)
	if d.help >= 0 {
		title, lines := d.helpText()
		d.helpMost = drawHelp(c, title, lines, d.help)
		d.help = min(d.help, d.helpMost)
		return
	}
	rows := c.Rows
	bar := d.barShown(now)
	if bar && (d.hasRoom() || d.barMode == barAlways) && rows > 1 {
		rows-- // a line of its own
	}
	if d.clock.running || d.matchAt != d.pos.Point().Number {
		d.view.Leave()
	}
	d.view.Draw(c, d.pos.Screen(), rows)
	if d.found != nil {
		for m := range d.found.Pattern.Matches(d.pos.Screen()) {
			d.view.Highlight(c, render.Span(m))
		}
	}
	if d.edit != nil {
		d.drawPane(now, c, rows)
	}
	if !bar {
		return
	}
	d.fillBar(now)
	y := c.Rows - 1
	looked := c.Cursor.Visible && c.Cursor.Y == y
	if m, ok := d.view.Shown(); ok {
		looked = m.Y-d.view.Y == y
	}
	if rows == c.Rows && looked && c.Rows > 1 {
		y = 0 // cover another line than the one that is looked at
	}
	if rows == c.Rows && c.Cursor.Y == y {
		c.Cursor.Visible = false
	}
	d.bar.draw(c, y)
	d.barRow = y
	c.Mend(y)
}

// commandAt returns the last command before place n; "" if there is none.
func commandAt(commands []replay.Mark, n int) string {
	i := sort.Search(len(commands), func(i int) bool { return commands[i].Number >= n })
	if i == 0 {
		return ""
	}
	return commands[i-1].Label
}

// fillBar brings the bar up to date.
func (d *deck) fillBar(now time.Time) {
	b := &d.bar
	done, _ := d.tape.Loaded()
	b.at, b.end = d.at(now), d.tape.End().Time
	if d.to > 0 && done {
		b.end = min(b.end, max(d.to, b.at))
	}
	b.loading, b.live = !done, !done && d.reach == endOfTime
	b.running, b.ended = d.clock.running, d.ended
	b.speed, b.loop, b.stops = d.clock.speed, d.loop, d.stops
	b.idle = 0
	if d.idle {
		b.idle = d.limit
	}
	b.marks = d.tape.Markers()
	b.hits = nil
	b.message, b.prompt, b.command = "", "", commandAt(d.tape.Commands(), d.pos.Point().Number)
	if now.Before(d.until) {
		b.message = d.message
	}
	if d.found != nil {
		b.hits = d.found.Hits
	}
	if d.prompt != nil {
		b.prompt = d.prompt.label + string(d.prompt.text)
		if d.prompt.kind == promptFind && d.found != nil {
			b.message = countOf(d.found)
		}
	}
	b.title = d.pos.Screen().Title()
	if b.title == "" {
		b.title = d.header.Title
	}
	if d.edit != nil {
		d.fillEdit(now)
	}
}
