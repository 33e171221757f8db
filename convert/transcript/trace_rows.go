package transcript

import (
	"strings"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// spend pays for reading n cells of the screen, and reports whether the credit
// suffices. Each byte of output adds credit, so that a hostile recording made of
// nothing but prompts cannot cause work out of proportion to its size.
func (t *tracer) spend(n int) bool {
	t.credit -= n
	return t.credit > 0
}

// cursor returns the line and column of the cursor.
func (t *tracer) cursor() (uint64, int) {
	c := t.screen.Cursor()
	x := c.X
	if c.Pending {
		x++
	}
	return t.screen.Scrolled() + uint64(c.Y), x
}

// row returns the row of a line, if that is on the screen.
func (t *tracer) row(line uint64) (vt.Row, bool) {
	top := t.screen.Scrolled()
	_, rows := t.screen.Size()
	if line < top || line >= top+uint64(rows) {
		return vt.Row{}, false
	}
	return t.screen.Row(int(line - top)), true
}

func (t *tracer) rowText(line uint64, from, upto int) string {
	row, ok := t.row(line)
	if !ok || !t.spend(row.Len()) {
		return ""
	}
	t.scratch = appendCols(t.scratch[:0], t.screen.Screen, row, from, upto)
	return string(t.scratch)
}

const allCols = 1 << 30

// full reports whether a line reaches the last column.
func (t *tracer) full(line uint64) bool {
	row, ok := t.row(line)
	return ok && row.Content() == row.Len()
}

func (t *tracer) rowGone(row vt.Row, line uint64) {
	if len(t.gone) >= maxInputRows || len(t.gone) > 0 && line != t.goneLine+uint64(len(t.gone)) {
		t.gone = t.gone[:0]
	}
	if len(t.gone) == 0 {
		t.goneLine = line
	}
	t.gone = append(t.gone, textRow{string(row.AppendText(nil)), wraps(row), indent(row), fillOf(row)})
}

// anyRow returns a row of the line being entered, on the screen or not.
func (t *tracer) anyRow(line uint64) (textRow, bool) {
	if row, ok := t.row(line); ok {
		if !t.spend(row.Len()) {
			return textRow{}, false
		}
		return textRow{string(appendCols(t.scratch[:0], t.screen.Screen, row, 0, allCols)), wraps(row), indent(row), fillOf(row)}, true
	}
	if n := int(line - t.goneLine); line >= t.goneLine && n < len(t.gone) {
		return t.gone[n], true
	}
	return textRow{}, false
}

func indent(row vt.Row) int {
	n := 0
	for n < row.Content() && row.Cell(n).Empty() && row.Cell(n).Width() == 1 {
		n++
	}
	return n
}

// wraps reports whether a row goes on in the next one, or may: a line editor
// moves to the next line itself.
func wraps(row vt.Row) bool { return row.Wrapped() || row.Content() == row.Len() }

// fillOf returns what is in the last column of a row, which a wide character
// does not fit into.
func fillOf(row vt.Row) fill {
	last := row.Len() - 1
	if last < 1 {
		return noFill
	}
	switch c := row.Cell(last); {
	case c.Empty() && c.Width() == 1 && row.Content() == last:
		return emptyFill
	case c.Rune() != ' ':
	case c.Attr().Has(vt.Inverse) && !row.Cell(last-1).Attr().Has(vt.Inverse):
		return markedFill
	case row.Cell(last-1).Width() == 0:
		return blankFill
	default:
		return perhapsFill
	}
	return noFill
}

// fills reports whether the last column of a row was filled because the first
// character of the next row is wide. Only fish leaves it empty, and it indents
// what follows a line feed.
func (r *textRow) fills(next *textRow) bool {
	wide, _ := utf8.DecodeRuneInString(next.text)
	return r.fill != noFill && r.fill != perhapsFill && next.indent == 0 && vt.RuneWidth(wide) == 2
}

// guessesBlank reports whether the text has, or has not, a blank before a wide
// character that may have been drawn, or typed.
func (s *segment) guessesBlank() bool {
	for i := 1; i < len(s.rows); i++ {
		wide, _ := utf8.DecodeRuneInString(s.rows[i].text)
		if fill := s.rows[i-1].fill; (fill == blankFill || fill == perhapsFill) && vt.RuneWidth(wide) == 2 {
			return true
		}
	}
	return false
}

func columns(s string) int {
	n := 0
	for i, r := range s {
		if r >= utf8.RuneSelf {
			for _, r := range s[i:] {
				n += vt.RuneWidth(r)
			}
			return n
		}
		if r >= ' ' && r != 0x7f {
			n++
		}
	}
	return n
}

// bottom returns the last line of the screen that is not blank, or the cursor's
// if that is lower.
func (t *tracer) bottom() uint64 {
	_, rows := t.screen.Size()
	y := rows - 1
	cursor := t.screen.Cursor().Y
	for ; y > cursor; y-- {
		if t.screen.Row(y).Content() > 0 {
			break
		}
	}
	t.spend(rows)
	return t.screen.Scrolled() + uint64(y)
}

// joinRows joins rows to a text; the first row begins at column x.
func joinRows(rows []textRow, x int, right rightPrompt) string {
	var b strings.Builder
	further := false // a line behind the first begins
	for i, row := range rows {
		text, wrap := row.text, row.wrap
		if further && row.indent <= len(text) {
			text = text[row.indent:]
		}
		if i == 0 {
			text = cutRight(row.text, right)
			wrap = wrap && text == row.text
			text = fromColumn(text, x)
		}
		switch {
		case i+1 < len(rows) && row.fills(&rows[i+1]):
			wrap = true
			if row.fill != emptyFill {
				text = strings.TrimSuffix(text, " ")
			}
		case !wrap:
			text = strings.TrimRight(text, " ")
		}
		b.WriteString(text)
		further = !wrap
		if i+1 < len(rows) && !wrap {
			b.WriteByte('\n')
		}
	}
	return strings.TrimRight(b.String(), " \n")
}

// cutRight removes the right-hand prompt; a clock in it may show another time.
func cutRight(row string, right rightPrompt) string {
	if right.text == "" {
		return row
	}
	row = strings.TrimRight(row, " ")
	text := strings.TrimRight(right.text, " ")
	if left, ok := strings.CutSuffix(row, text); ok {
		return left
	}
	if tail := fromColumn(row, right.x); tail != "" && strings.Map(noDigits, tail) == strings.Map(noDigits, text) {
		return strings.TrimSuffix(row, tail)
	}
	return row
}

func noDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return '0'
	}
	return r
}

// fromColumn returns the text of s from column x on.
func fromColumn(s string, x int) string {
	for i, r := range s {
		if x <= 0 {
			return s[i:]
		}
		x -= vt.RuneWidth(r)
	}
	return ""
}
