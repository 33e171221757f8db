package render

import "github.com/ttydeck/ttydeck/vt"

// AppendANSI appends the text of a screen to b, with SGR sequences for its
// colours and attributes and no other escape sequences, and without blank lines at
// the end. ColorsAuto means ColorsRGB.
func AppendANSI(b []byte, s *vt.Screen, colors Colors) []byte {
	var c Canvas
	cols, rows := s.Size()
	c.Reset(cols, rows)
	(&View{}).Draw(&c, s, rows)
	if colors == ColorsAuto {
		colors = ColorsRGB
	}
	p := Painter{colors: colors, curly: colors >= Colors256}
	return p.AppendLines(b, &c, "\n")
}
