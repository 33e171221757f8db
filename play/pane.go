package play

import (
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/vt"
)

// Widths of the commands' pane.
const (
	minPane = 30 // of one beside the picture
	overBy  = 40 // of one over the picture
)

// pane is the list of commands beside the picture, or over it. Its fields from x
// on are those of the last drawing, for the mouse.
type pane struct {
	wanted, unwanted bool // the user has shown or hidden it
	top              int  // the first command in the list that is in view

	x, width, y, rows int // of the list; a width of 0: not shown
}

// place returns the column and the width of the pane; a width of 0 if it is not
// shown.
func (p *pane) place(cols, screenCols int) (x, width int) {
	beside := cols - screenCols - 1 // and the frame
	switch {
	case p.unwanted:
		return 0, 0
	case beside >= minPane:
		return screenCols + 1, beside
	case p.wanted:
		width = min(overBy, cols)
		return cols - width, width
	}
	return 0, 0
}

// toggle shows the pane, or hides it.
func (p *pane) toggle() {
	shown := p.width > 0
	p.wanted, p.unwanted = !shown, shown
}

var (
	paneHead    = render.Style{Attr: vt.Bold}
	paneGone    = render.Style{Attr: vt.Faint | vt.Strike}
	paneFailed  = render.Style{Fg: vt.PaletteColor(1)}
	paneCurrent = render.Style{Attr: vt.Inverse}
)

// drawPane draws the pane onto the upper rows of c.
func (d *deck) drawPane(now time.Time, c *render.Canvas, rows int) {
	e := d.edit
	p := &e.pane
	cols, _ := d.pos.Screen().Size()
	p.x, p.width = p.place(c.Cols, cols)
	if p.width < 2 || rows < 2 {
		p.width = 0
		return
	}
	over := p.x <= cols
	for y := range rows {
		c.Fill(p.x, c.Cols, y, render.Style{})
		if over {
			c.Put(p.x, y, "│", render.Style{Attr: vt.Faint})
		}
		c.Mend(y)
	}
	if over {
		p.x, p.width = p.x+1, p.width-1
		if c.Cursor.X >= p.x-1 {
			c.Cursor.Visible = false
		}
	}
	list, done := e.commands.all()
	p.y, p.rows = 1, rows-1
	head := fmt.Sprintf("%d commands", len(list))
	switch {
	case !done:
		head += ", reading..."
	case len(list) == 1:
		head = "1 command"
	}
	c.Put(p.x, 0, cutText(head, p.width), paneHead)
	current := d.command(now)
	p.top = listTop(p.top, current, p.rows, len(list))
	number := len(fmt.Sprint(len(list)))
	for i := p.top; i < min(p.top+p.rows, len(list)); i++ {
		d.drawCommand(c, p.y+i-p.top, list[i], number, i == current)
	}
}

// listTop returns the first line in view of a list, moved by as little as needed
// from top, so that the line at and those around it are in view.
func listTop(top, at, rows, all int) int {
	if at >= 0 {
		margin := min(3, (rows-1)/2)
		top = min(max(top, at+margin-rows+1), at-margin)
	}
	return max(min(top, all-rows), 0)
}

// drawCommand draws a command of the list.
func (d *deck) drawCommand(c *render.Canvas, y int, l listed, number int, current bool) {
	p := &d.edit.pane
	style := render.Style{}
	sign := " "
	switch {
	case d.edit.dropped(l):
		style, sign = paneGone, "-"
	case l.failed:
		style, sign = paneFailed, "✗"
		if d.bar.ascii {
			sign = "x"
		}
	case l.cancelled:
		sign = "^"
	}
	if current {
		style.Attr |= paneCurrent.Attr
		c.Fill(p.x, p.x+p.width, y, paneCurrent)
	}
	// Only the text is struck out.
	plain := style
	plain.Attr &^= vt.Strike
	name := ""
	if l.number > 0 {
		name = fmt.Sprint(l.number)
	}
	x := c.Put(p.x, y, cutText(fmt.Sprintf("%*s %s %s ", number, name, timeText(l.start, false), sign), p.width), plain)
	x += 2 * min(max(l.depth, 0), 4)
	c.Put(x, y, cutText(l.text, max(p.x+p.width-x, 0)), style)
}

// command returns the index of the command that the deck shows; -1 if it shows
// none.
func (d *deck) command(now time.Time) int {
	e := d.edit
	if l, ok := d.standing(); ok && l.command >= 0 {
		return l.command
	}
	list, _ := e.commands.all()
	return commandBefore(list, d.sourceTime(now))
}

// sourceTime returns the time of the source that the deck shows, in the source or
// in the result.
func (d *deck) sourceTime(now time.Time) time.Duration {
	if r := d.edit.shown; r != nil {
		return r.plan.SourceAt(d.at(now))
	}
	return d.at(now)
}

// goToCommand goes to where a command is entered.
func (d *deck) goToCommand(now time.Time, i int) error {
	list, done := d.edit.commands.all()
	switch {
	case i >= len(list) && !done:
		d.say(now, "the commands are not read yet")
		return nil
	case i >= len(list):
		d.say(now, "no later command")
		return nil
	case i < 0:
		d.say(now, "no earlier command")
		return nil
	}
	if r := d.edit.shown; r != nil {
		return d.goTo(now, r.plan.At(list[i].start))
	}
	d.pause(now, d.at(now))
	if err := d.goTo(now, list[i].start); err != nil {
		return err
	}
	d.land(i, "")
	return nil
}

// nextCommand goes to the first command that is entered after the place in view,
// or to the one after that to which the deck has gone.
func (d *deck) nextCommand(now time.Time) error {
	list, _ := d.edit.commands.all()
	if l, ok := d.standing(); ok && l.command >= 0 {
		return d.goToCommand(now, l.command+1)
	}
	at := d.sourceTime(now)
	i := max(commandBefore(list, at), 0)
	for i < len(list) && list[i].start <= at {
		i++
	}
	return d.goToCommand(now, i)
}

// prevCommand goes to the last command that was entered before.
func (d *deck) prevCommand(now time.Time) error {
	list, _ := d.edit.commands.all()
	if l, ok := d.standing(); ok && l.command >= 0 {
		return d.goToCommand(now, l.command-1)
	}
	at := d.sourceTime(now)
	if d.clock.running {
		at -= time.Second // time to press the key again
	}
	i := commandBefore(list, at)
	for i >= 0 && list[i].start >= at {
		i--
	}
	return d.goToCommand(now, i)
}

// clickPane handles the mouse in the pane; false if it is elsewhere.
func (d *deck) clickPane(now time.Time, k key) (bool, error) {
	p := &d.edit.pane
	if p.width == 0 || k.x < p.x || k.x >= p.x+p.width || k.y < 0 || k.y >= p.y+p.rows {
		return false, nil
	}
	switch {
	case d.dragging:
		return false, nil
	case k.button == 64:
		return true, d.prevCommand(now)
	case k.button == 65:
		return true, d.nextCommand(now)
	case k.button == 0 && !k.up && !k.drag && k.y >= p.y:
		if list, _ := d.edit.commands.all(); p.top+k.y-p.y < len(list) {
			return true, d.goToCommand(now, p.top+k.y-p.y)
		}
	}
	return true, nil
}
