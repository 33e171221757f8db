package play

import "github.com/ttydeck/ttydeck/vt"

// AppendANSI appends the text of a screen to b, with SGR sequences for its
// colours and attributes and no other escape sequences, and without blank lines at
// the end. ColorsAuto means ColorsRGB.
func AppendANSI(b []byte, s *vt.Screen, colors Colors) []byte {
	var c canvas
	cols, rows := s.Size()
	c.reset(cols, rows)
	(&view{}).draw(&c, s, rows)
	if colors == ColorsAuto {
		colors = ColorsRGB
	}
	p := painter{colors: colors, curly: colors >= Colors256, buf: b}
	for rows > 0 && blankRow(c.row(rows-1)) {
		rows--
	}
	p.lines(&c, rows, "\n")
	return p.buf
}
