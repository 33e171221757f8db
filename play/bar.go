package play

import (
	"fmt"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/replay"
	"github.com/ttydeck/ttydeck/vt"
)

// bar is the line with the time and the state of the deck. Its fields are set
// before each drawing.
type bar struct {
	at, end time.Duration
	loading bool // end is not known yet
	live    bool // following the end of a growing recording
	running bool
	ended   bool
	speed   float64
	idle    time.Duration // the limit in effect; 0: none
	loop    bool
	stops   bool // pausing at markers
	marks   []replay.Mark
	hits    []replay.Hit
	title   string
	command string // replaces the title
	message string // replaces both
	prompt  string // replaces everything
	ascii   bool   // draw with ASCII only
	wide    bool   // a message that has no room beside the rest replaces all of it
	edited  string // of an editor: the length of the result, and what is shown
	zones   zones  // of an editor
	in, out *edge  // of an editor: the marked range

	track, trackEnd int // the columns of the track, for the mouse; equal: none
}

var (
	barStyle  = render.Style{Attr: vt.Inverse}
	markStyle = render.Style{Fg: vt.PaletteColor(6), Attr: vt.Inverse | vt.Bold}
	zoneStyle = render.Style{Fg: vt.PaletteColor(1), Attr: vt.Inverse}
	hitStyle  = render.Style{Fg: vt.PaletteColor(3), Attr: vt.Inverse | vt.Bold}
)

// glyphs are the characters that draw the bar.
type glyphs struct {
	play, pause, end, live, done, todo, knob, mark, hit string

	zones [zoneKinds]string
}

var (
	fullGlyphs  = glyphs{"▶", "⏸", "■", "●", "━", "─", "●", "┃", "╿", [zoneKinds]string{"═", "╪", "╳"}}
	asciiGlyphs = glyphs{">", "|", "#", "*", "=", "-", "O", "!", "'", [zoneKinds]string{">", "+", "x"}}
)

// timeText returns a time as the bar shows it: 1:23 or 1:02:03, with tenths
// when fine. Like any running counter it cuts off and does not round.
func timeText(d time.Duration, fine bool) string {
	unit := time.Second
	if fine {
		unit /= 10
	}
	return timecode.Format(d.Truncate(unit), unit)
}

// speedText returns a speed as the bar shows it.
func speedText(speed float64) string {
	if speed == unpaced {
		return "max"
	}
	return fmt.Sprintf("x%.4g", speed)
}

// draw draws the bar on row y of c.
func (b *bar) draw(c *render.Canvas, y int) {
	g := fullGlyphs
	if b.ascii {
		g = asciiGlyphs
	}
	c.Fill(0, c.Cols, y, barStyle)
	b.track, b.trackEnd = 0, 0
	if b.prompt != "" {
		b.drawPrompt(c, y)
		return
	}
	x := c.Put(0, y, " "+b.state(g)+" ", barStyle)
	fine := !b.running && c.Cols >= 60
	times := timeText(b.at, fine) + "/" + timeText(b.end, false)
	if b.loading {
		times += "+"
	}
	if b.edited != "" && c.Cols >= 60 {
		times += " " + b.edited
	}
	x = c.Put(x, y, times, barStyle)
	for _, flag := range b.flags(c.Cols) {
		x = c.Put(x, y, " "+flag, barStyle)
	}
	x++
	text := b.title
	if b.command != "" {
		text = "$ " + b.command
	}
	if b.message != "" {
		text = b.message
	}
	room := c.Cols - x - 1
	if b.wide && b.message != "" && render.TextWidth(b.message) > max(room-8, room/2) {
		c.Fill(0, c.Cols, y, barStyle)
		c.Put(1, y, cutText(b.message, c.Cols-2), barStyle)
		return
	}
	width := 0 // of the text at the right
	if text != "" {
		width = min(render.TextWidth(text), room/2)
		if b.message != "" {
			width = min(render.TextWidth(text), max(room-8, room/2))
		}
		if width < 4 {
			width = 0
		}
	}
	track := room
	if width > 0 {
		track -= width + 1
		c.Put(c.Cols-1-width, y, cutText(text, width), barStyle)
	}
	if track >= 4 {
		b.track, b.trackEnd = x, x+track
		b.drawTrack(c, y, g)
	}
}

func (b *bar) state(g glyphs) string {
	switch {
	case b.live && b.running:
		return g.live
	case b.ended:
		return g.end
	case b.running:
		return g.play
	}
	return g.pause
}

// flags returns the settings that differ from the usual.
func (b *bar) flags(cols int) (flags []string) {
	if b.speed != 1 {
		flags = append(flags, speedText(b.speed))
	}
	if b.idle > 0 {
		flags = append(flags, "idle<"+strings.TrimSuffix(b.idle.String(), "m0s"))
	}
	if b.loop {
		flags = append(flags, "loop")
	}
	if b.stops {
		flags = append(flags, "marks")
	}
	if b.live {
		flags = append(flags, "live")
	}
	if cols < 50 && len(flags) > 1 {
		flags = flags[:1]
	}
	return flags
}

func (b *bar) drawTrack(c *render.Canvas, y int, g glyphs) {
	knob := b.column(b.at)
	for x := b.track; x < b.trackEnd; x++ {
		s := g.todo
		if x < knob {
			s = g.done
		}
		c.Put(x, y, s, barStyle)
	}
	for kind, list := range b.zones {
		for _, z := range list {
			for x := b.column(z.from); x <= b.column(z.to); x++ {
				c.Put(x, y, g.zones[kind], zoneStyle)
			}
		}
	}
	// There may be many thousands of hits: those in one column are one tick.
	last := -1
	for _, h := range b.hits {
		if x := b.column(h.Time); x != last {
			c.Put(x, y, g.hit, hitStyle)
			last = x
		}
	}
	last = -1
	for _, m := range b.marks {
		if x := b.column(m.Time); x != last {
			c.Put(x, y, g.mark, markStyle)
			last = x
		}
	}
	if b.in != nil {
		c.Put(b.column(b.in.begin.at), y, "(", markStyle)
	}
	if b.out != nil {
		c.Put(b.column(b.out.end.at), y, ")", markStyle)
	}
	c.Put(knob, y, g.knob, render.Style{Attr: vt.Inverse | vt.Bold})
}

// column returns the column of a time on the track.
func (b *bar) column(at time.Duration) int {
	width := b.trackEnd - b.track
	if b.end <= 0 {
		return b.track
	}
	x := int(float64(at) / float64(b.end) * float64(width-1))
	return b.track + min(max(x, 0), width-1)
}

// timeAt returns the time of a column.
func (b *bar) timeAt(x int) time.Duration {
	width := b.trackEnd - b.track
	if width < 2 {
		return 0
	}
	x = min(max(x-b.track, 0), width-1)
	return time.Duration(float64(b.end) * float64(x) / float64(width-1))
}

// drawPrompt draws the end of the prompt, with a cursor behind it.
func (b *bar) drawPrompt(c *render.Canvas, y int) {
	right := b.message
	room := c.Cols - 2
	if right != "" && render.TextWidth(right) < c.Cols/2 {
		room -= render.TextWidth(right) + 1
		c.Put(c.Cols-1-render.TextWidth(right), y, right, barStyle)
	}
	text := []rune(b.prompt)
	for len(text) > 1 && render.TextWidth(string(text)) > room {
		text = text[1:]
	}
	x := c.Put(0, y, string(text), barStyle)
	c.Cursor = render.Cursor{X: min(x, c.Cols-1), Y: y, Visible: true}
}

// cutText cuts s to width columns.
func cutText(s string, width int) string {
	if render.TextWidth(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if n += render.RuneWidth(r); n > width-1 {
			return s[:i] + "…"
		}
	}
	return s
}
