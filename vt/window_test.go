package vt

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// showsCorner fails the test unless got shows the upper left corner of s.
func showsCorner(t *testing.T, s, got *Screen, what string) {
	t.Helper()
	cols, rows := got.Size()
	for y := range rows {
		for x := range cols {
			c, d := s.Cell(x, y), got.Cell(x, y)
			if c.Width() == 2 && x == cols-1 { // cut
				c = Cell{hi: c.hi & bgBits}
			}
			if s.CellText(c) != got.CellText(d) || c.Width() != d.Width() || style(s, c) != style(got, d) {
				t.Fatalf("%s: the cell at %d,%d is %q %s; want %q %s", what, x, y, got.CellText(d), style(got, d), s.CellText(c), style(s, c))
			}
		}
	}
	c, d := s.Cursor(), got.Cursor()
	if inside := c.X < cols && c.Y < rows; d.Visible != (c.Visible && inside) || inside && (c.X != d.X || c.Y != d.Y) {
		t.Fatalf("%s: the cursor is %+v; want %+v", what, d, c)
	}
	if s.Title() != got.Title() || s.Cwd() != got.Cwd() || s.OnAlternate() != got.OnAlternate() {
		t.Fatalf("%s: title %q, directory %q; want %q, %q", what, got.Title(), got.Cwd(), s.Title(), s.Cwd())
	}
}

// TestWindow draws random output on a screen, and its corner on a smaller or larger one.
func TestWindow(t *testing.T) {
	for seed := range uint64(600) {
		ok := t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 4))
			cols, rows := 2+r.IntN(30), 1+r.IntN(9)
			s := New(cols, rows, NoSizeChange())
			w := NewWindow(2+r.IntN(30), 1+r.IntN(9))
			got := New(w.fresh.cols, w.fresh.rows)
			if seed%3 == 0 { // the two were the same before
				got.WriteString(newGenerator(seed, w.fresh.cols, w.fresh.rows).stream(20))
				had := New(w.fresh.cols, w.fresh.rows)
				had.Restore(got.Snapshot())
				w.Set(had)
			}
			g := newGenerator(seed, cols, rows)
			var past []string
			for range 12 {
				if r.IntN(8) == 0 {
					cols, rows = 2+r.IntN(30), 1+r.IntN(9)
					s.Resize(cols, rows)
				}
				out := g.stream(1 + r.IntN(12))
				if r.IntN(3) == 0 {
					out = strings.Repeat("line\r\n", r.IntN(rows+3)) + out
				}
				s.WriteString(out)
				change := w.AppendChange(nil, s)
				got.Write(change)
				past = append(past, strconv.Quote(out)+" -> "+strconv.Quote(string(change)))
				showsCorner(t, s, got, strings.Join(past, "\n"))
				if again := w.AppendChange(nil, s); len(again) > 0 {
					t.Fatalf("%s\nand then %q", strings.Join(past, "\n"), again)
				}
			}
		})
		if !ok {
			return
		}
	}
}

// Lines that scroll are not drawn again.
func TestWindowScrolls(t *testing.T) {
	s, w := New(80, 24), NewWindow(60, 20)
	for y := range 24 {
		s.WriteString(strconv.Itoa(y) + strings.Repeat(" text", 10) + "\r\n")
	}
	w.AppendChange(nil, s)
	s.WriteString("another line\r\n")
	if change := string(w.AppendChange(nil, s)); len(change) > 120 || !strings.Contains(change, "21 text") {
		t.Errorf("a line that scrolled is drawn by %q", change)
	}
}
