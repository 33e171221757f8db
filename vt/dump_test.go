package vt

import (
	"fmt"
	"strings"
	"testing"
)

// dump formats the state of a screen. With all, it includes the parts that
// AppendState does not restore: the scrollback, the last printed character,
// line numbers.
func dump(s *Screen, all bool) string {
	var b strings.Builder
	st := s.state
	fmt.Fprintf(&b, "size %dx%d cursor %d,%d pend %v alt %v\n", st.cols, st.rows, st.x, st.y, st.pend, st.onAlt)
	fmt.Fprintf(&b, "pen %s link %q ul %x\n", style(s, Cell{lo: st.penLo, hi: st.penHi}), s.tab.links[st.link], st.ulColor)
	fmt.Fprintf(&b, "modes %b saved %b mouse %d/%d keys %d\n", st.modes, st.savedModes, st.mouse, st.mouseFormat, st.otherKeys)
	fmt.Fprintf(&b, "margins %d-%d sets %v %d %d span %v shape %d\n", st.left, st.right, st.g, st.gl, st.single, st.rectSpan, st.shape)
	fmt.Fprintf(&b, "title %q %q stacks %q %q cwd %q\n", st.title, st.icon, st.titles, st.icons, st.cwd)
	if st.palette != nil {
		fmt.Fprintf(&b, "palette %v\n", *st.palette)
	}
	if all {
		fmt.Fprintf(&b, "scrolled %d joinable %v cluster %v\n", st.scrolled, st.joinable, st.cluster)
	}
	p := s.p
	fmt.Fprintf(&b, "parser %d %q over %v utf8 %d %x", p.state, p.str, p.strOver, p.need, p.pend[:p.seen*min(1, p.need)])
	switch p.state {
	case stCSIParam, stCSIInter, stDCSParam, stDCSInter, stDCSPass:
		fmt.Fprintf(&b, " %v %b %c %x %v", p.params[:p.n], p.colon, p.prefix, p.inter, p.over)
	case stEscapeInter:
		fmt.Fprintf(&b, " %x", p.inter)
	}
	b.WriteByte('\n')

	buffer := func(name string, f *buffer) {
		fmt.Fprintf(&b, "%s: region %d-%d tabs %x saved %+v\n", name, f.top, f.bottom, f.tabs.bits, f.saved)
		if st.onAlt && f == &s.main {
			fmt.Fprintf(&b, "left at %d,%d\n", min(f.x, s.cols-1), f.y)
		}
		for y, l := range f.lines {
			fmt.Fprintf(&b, "%3d %s\n", y, dumpLine(s, l))
		}
	}
	buffer("main", &s.main)
	if s.onAlt {
		buffer("alt", &s.alt)
	}
	if all {
		for i := range s.sb.n {
			fmt.Fprintf(&b, "sb%3d %s\n", i, dumpLine(s, s.sb.at(i)))
		}
	}
	return b.String()
}

func dumpLine(s *Screen, l *line) string {
	var b strings.Builder
	if l.continued {
		b.WriteByte('+')
	}
	last := ""
	end := l.used
	for end > 0 && l.cells[end-1] == (Cell{}) {
		end--
	}
	for _, c := range l.cells[:end] {
		if st := style(s, c); st != last {
			fmt.Fprintf(&b, "{%s}", st)
			last = st
		}
		switch {
		case c.lo&chSpacer != 0:
			b.WriteByte('>')
		case c.Empty():
			b.WriteByte('_')
		default:
			fmt.Fprintf(&b, "%q", s.CellText(c))
		}
	}
	return b.String()
}

func style(s *Screen, c Cell) string {
	e := s.tab.extras[c.extra()]
	return fmt.Sprintf("%x %x %x ul%x %s", uint32(c.Fg()), uint32(c.Bg()), uint16(c.Attr()), uint32(e.ul), s.tab.links[e.link])
}

// same fails the test at the first difference between two dumps.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s: line %d of the dump:\n got %s\nwant %s", what, i, g[i], w[i])
		}
	}
	t.Fatalf("%s: %d lines; want %d", what, len(g), len(w))
}

// check fails the test if the grid breaks an invariant of the code.
func check(t *testing.T, s *Screen) {
	t.Helper()
	if s.x < 0 || s.x >= s.cols || s.y < 0 || s.y >= s.rows {
		t.Fatalf("cursor %d,%d is outside the %dx%d screen", s.x, s.y, s.cols, s.rows)
	}
	if s.modes.has(modeOrigin) && (s.x < s.left || s.x > s.right || s.y < s.buf.top || s.y > s.buf.bottom) {
		t.Fatalf("cursor %d,%d is outside the margins in origin mode", s.x, s.y)
	}
	if s.sb.n > s.sb.limit {
		t.Fatalf("scrollback has %d lines; the limit is %d", s.sb.n, s.sb.limit)
	}
	lines := func(name string, ls []*line, n int) {
		if len(ls) != n {
			t.Fatalf("%s has %d lines; want %d", name, len(ls), n)
		}
		for y, l := range ls {
			if len(l.cells) != s.cols {
				t.Fatalf("%s line %d has %d cells; want %d", name, y, len(l.cells), s.cols)
			}
			for x, c := range l.cells {
				spacer := x+1 < s.cols && l.cells[x+1].lo&chSpacer != 0
				if (c.lo&chWide != 0) != spacer || x == 0 && c.lo&chSpacer != 0 {
					t.Fatalf("%s line %d: half a character at column %d: %s", name, y, x, dumpLine(s, l))
				}
				if spacer && !c.SameStyle(l.cells[x+1]) {
					t.Fatalf("%s line %d: the halves at column %d differ: %s", name, y, x, dumpLine(s, l))
				}
				if x >= l.used && c != (Cell{}) {
					t.Fatalf("%s line %d: used = %d, but column %d is not blank", name, y, l.used, x)
				}
				if c.lo&chCluster != 0 && c.lo&chMask >= uint64(len(s.tab.clusters)) || int(c.extra()) >= len(s.tab.extras) {
					t.Fatalf("%s line %d: index out of range at column %d", name, y, x)
				}
			}
		}
	}
	lines("main", s.main.lines, s.rows)
	if s.alt.lines != nil {
		lines("alt", s.alt.lines, s.rows)
	}
	for i := range s.sb.n {
		lines("scrollback", []*line{s.sb.at(i)}, 1)
	}
}
