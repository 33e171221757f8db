package replay

import (
	"iter"

	"github.com/ttydeck/ttydeck/vt"
)

// Span is a run of cells in a row of a screen.
type Span struct {
	Y, X int // its first cell
	End  int // the column behind its last cell
}

// logicalLine is a line of text that may wrap over several rows.
type logicalLine struct {
	text []byte
	// cols and rows hold the cell of each byte of text.
	cols, rows []int
}

// logicalLines returns the lines of a screen from the top. Each is valid until
// the next.
func logicalLines(s *vt.Screen) iter.Seq[logicalLine] {
	return func(yield func(logicalLine) bool) {
		var l logicalLine
		_, h := s.Size()
		for y := 0; y < h; y++ {
			l.text, l.cols, l.rows = l.text[:0], l.cols[:0], l.rows[:0]
			for ; ; y++ {
				row := s.Row(y)
				l.text = row.AppendText(l.text)
				l.cols = row.AppendColumns(l.cols)
				for len(l.rows) < len(l.text) {
					l.rows = append(l.rows, y)
				}
				if !row.Wrapped() || y+1 >= h {
					break
				}
			}
			if !yield(l) {
				return
			}
		}
	}
}

// matchingLines returns the texts of the lines in which p matches.
func matchingLines(s *vt.Screen, p *Pattern) map[string]bool {
	lines := map[string]bool{}
	for l := range logicalLines(s) {
		if p.find(l.text, new([]byte)) != nil {
			lines[string(l.text)] = true
		}
	}
	return lines
}

// newMatch returns the first match of p in a line that is not in before, or else
// in any line; false if nothing on the screen matches.
func newMatch(s *vt.Screen, p *Pattern, before map[string]bool) (m Span, ok bool) {
	for l := range logicalLines(s) {
		isNew := !before[string(l.text)]
		if ok && !isNew {
			continue
		}
		for _, at := range p.findAll(l.text) {
			if at[0] == at[1] {
				continue
			}
			m = Span{X: l.cols[at[0]], Y: l.rows[at[0]]}
			for i := at[0]; i < at[1] && l.rows[i] == m.Y; i++ {
				m.End = l.cols[i] + 1
			}
			if isNew {
				return m, true
			}
			ok = true
			break
		}
	}
	return m, ok
}

// Matches returns the cells of the screen in which p matches. A match that wraps
// is several spans.
func (p *Pattern) Matches(s *vt.Screen) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for l := range logicalLines(s) {
			for _, at := range p.findAll(l.text) {
				for i := at[0]; i < at[1]; {
					m := Span{Y: l.rows[i], X: l.cols[i]}
					for ; i < at[1] && l.rows[i] == m.Y; i++ {
						m.End = l.cols[i] + 1
					}
					if !yield(m) {
						return
					}
				}
			}
		}
	}
}

// findAll returns all matches in text, as package regexp does.
func (p *Pattern) findAll(text []byte) [][]int {
	const most = 10_000
	return p.re.FindAllIndex(text, most)
}
