package retell

import (
	"strings"

	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/vt"
)

// key is a character of a command on the screen, or a line feed between two lines of it.
type key struct {
	text string
	cell vt.Cell
	spot
	// indent is what the shell shows before the next line; only for a line feed.
	indent []vt.Cell
}

// follow compares text with the cells from column x of row y on, over the ends of rows,
// and calls found with each. It returns the place behind the text.
func follow(s *vt.Screen, x, y int, text string, found func(x, y int, c vt.Cell, text string)) (int, int, bool) {
	cols, rows := s.Size()
	for text != "" {
		if x == cols {
			x = 0
			y++
		}
		if y >= rows {
			return x, y, false
		}
		c := s.Cell(x, y)
		is := s.CellText(c)
		if is == "" {
			is = " "
		}
		rest, ok := strings.CutPrefix(text, is)
		switch {
		case ok:
			if found != nil {
				found(x, y, c, is)
			}
			text = rest
			x = min(x+max(c.Width(), 1), cols)
		case x == cols-1 && c.Empty():
			x++ // a wide character did not fit
		default:
			return x, y, false
		}
	}
	return x, y, true
}

// blank reports whether nothing is to be seen in a cell.
func blank(s *vt.Screen, x, y int) bool {
	cols, rows := s.Size()
	if x >= cols || y >= rows {
		return true
	}
	c := s.Cell(x, y)
	return c.Empty() || c.Rune() == ' '
}

// Bounds of the search for a line, which a hostile recording makes long.
const (
	maxTries  = 8   // prompts behind which it is searched
	maxIndent = 200 // columns before a further line
	maxLines  = 32  // lines that are typed one by one
)

// A spot is a place on the screen of a recording.
type spot struct {
	x    int
	line uint64 // counted from the start of the recording
}

// cursorOf returns the spot of the cursor.
func cursorOf(s *vt.Screen) spot {
	c := s.Cursor()
	return spot{c.X, s.Scrolled() + uint64(c.Y)}
}

// prompted returns the column behind the last line of the prompt in row y, if it is there.
// The prompt begins at from, or in the first column of a later row.
func prompted(s *vt.Screen, y int, prompt string, from spot) (x int, ok bool) {
	prompt = prompt[strings.LastIndexByte(prompt, '\n')+1:]
	begin := spot{0, s.Scrolled() + uint64(y)}
	if begin.line < from.line {
		return 0, false
	}
	if begin.line == from.line {
		if x, end, ok := follow(s, from.x, y, prompt, nil); ok && end == y {
			return x, true
		}
	}
	x, end, ok := follow(s, 0, y, prompt, nil)
	return x, ok && end == y
}

// shown reports whether a prompt that begins at from is on the screen.
func shown(s *vt.Screen, prompt string, from spot) bool {
	_, rows := s.Size()
	for y := range rows {
		if _, ok := prompted(s, y, prompt, from); ok {
			return true
		}
	}
	return false
}

// locate finds the line of a command on the screen, behind the last line of its prompt,
// which begins at from. It returns the keys that enter the line, and where they begin.
func locate(s *vt.Screen, cmd place.Command, from spot) (keys []key, at spot, ok bool) {
	// The last one counts: above it may be others, drawn before a list of completions.
	tries := maxTries
	for y := s.Cursor().Y; y >= 0 && tries > 0; y-- {
		x, ok := prompted(s, y, cmd.Prompt, from)
		if !ok {
			continue
		}
		tries--
		if keys, ok = locateAt(s, x, y, cmd); ok {
			return keys, spot{x, s.Scrolled() + uint64(y)}, true
		}
	}
	return nil, spot{}, false
}

// locateAt finds the text of a command on the screen that begins in column x of row y. Its
// further lines are at the ends of their rows.
func locateAt(s *vt.Screen, x, y int, cmd place.Command) (keys []key, ok bool) {
	take := func(x, y int, c vt.Cell, text string) {
		keys = append(keys, key{text: text, cell: c, spot: spot{x, s.Scrolled() + uint64(y)}})
	}
	for i, line := range strings.Split(cmd.Text, "\n") {
		if i > 0 {
			y++
			if x, ok = indentOf(s, y, line); !ok {
				return nil, false
			}
			lf := key{text: "\n", spot: spot{x, s.Scrolled() + uint64(y)}}
			lf.indent = s.Row(y).AppendCells(nil)[:x]
			keys = append(keys, lf)
		}
		if x, y, ok = follow(s, x, y, line, take); !ok {
			return nil, false
		}
		if _, _, killed := follow(s, x, y, "^C", nil); !blank(s, x, y) && !(cmd.Cancelled && killed) {
			return nil, false
		}
	}
	// Blanks at the end are no part of the text, but were entered.
	for c := s.Cursor(); y == c.Y && x < c.X && blank(s, x, y); x++ {
		take(x, y, s.Cell(x, y), " ")
	}
	return keys, true
}

// indentOf returns the column at which line begins, which ends the text that begins in row
// y.
func indentOf(s *vt.Screen, y int, line string) (int, bool) {
	cols, rows := s.Size()
	if y >= rows {
		return 0, false
	}
	if line == "" {
		return s.Row(y).Content(), s.Row(y).Content() < cols
	}
	for x := range min(cols, maxIndent) {
		endX, endY, ok := follow(s, x, y, line, nil)
		if ok && endX >= s.Row(endY).Content() {
			return x, true
		}
	}
	return 0, false
}
