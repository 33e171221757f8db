package play

import (
	"slices"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/vt"
)

// helpLines is the help screen: each group of keys with its commands.
var helpLines = [][2]string{
	{"space", "pause, resume"},
	{"left right", "5 s back, forward"},
	{"shift-left/right", "10% back, forward"},
	{"0 ... 9", "go to 0% ... 90%"},
	{"home end, g G", "go to the start, end"},
	{", .", "a frame back, forward"},
	{"[ ]", "previous, next marker"},
	{"{ }", "previous, next command"},
	{"t", "go to a time or place"},
	{"+ -", "faster, slower"},
	{"=", "recorded speed"},
	{"i", "toggle short pauses"},
	{"m", "toggle marker pauses"},
	{"l", "toggle looping"},
	{"F", "follow the end"},
	{"/ ?", "search ahead, back"},
	{"n N", "next, previous match"},
	{"esc", "clear the matches"},
	{"H J K L", "move the view"},
	{"alt-arrows", "move the view"},
	{"c", "follow the cursor"},
	{"R", "resize the terminal"},
	{"b", "toggle the bar"},
	{"ctrl-L", "redraw"},
	{"ctrl-Z", "suspend"},
	{"h, f1", "this help"},
	{"q", "quit"},
}

// Keys returns the keys of a Player on a terminal, for a manual: each group of
// keys with its commands.
func Keys() [][2]string { return slices.Clone(helpLines) }

// helpText returns the title and the lines of the help screen.
func (d *deck) helpText() (title string, lines [][2]string) {
	if d.edit == nil {
		return "ttydeck play: keys", helpLines
	}
	lines = append(slices.Clip(editLines), [2]string{})
	for _, l := range helpLines {
		if l[0] != "{ }" { // the editor's own
			lines = append(lines, l)
		}
	}
	return "ttydeck edit: keys", lines
}

// drawHelp draws the help from line top on, and returns the last line that it can
// be scrolled to.
func drawHelp(c *render.Canvas, title string, helpLines [][2]string, top int) (most int) {
	c.Reset(c.Cols, c.Rows)
	rows := max(c.Rows-1, 1)
	columns := 1
	const width = 39
	if c.Cols >= 2*width && len(helpLines) > rows-2 {
		columns = 2
	}
	lines := (len(helpLines) + columns - 1) / columns
	first := 0
	if rows >= lines+2 {
		c.Put(0, 0, title, render.Style{Attr: vt.Bold})
		first = 2
	}
	most = max(lines-(rows-first), 0)
	top = min(top, most)
	for i, line := range helpLines {
		column, row := i/lines, i%lines-top
		if row < 0 || first+row >= rows {
			continue
		}
		x := column * width
		c.Put(x, first+row, line[0], render.Style{Attr: vt.Bold})
		c.Put(x+17, first+row, line[1], render.Style{})
	}
	hint := " any key: back"
	if most > 0 {
		hint = " up, down: more   any other key: back"
	}
	c.Fill(0, c.Cols, c.Rows-1, barStyle)
	c.Put(0, c.Rows-1, hint, barStyle)
	return most
}
