package vt

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSpliced(t *testing.T) {
	above, s := New(8, 5), New(8, 5)
	above.WriteString("\x1b[31mone\x1b[m\r\ntwo 日\r\nthree\x1b7")
	s.WriteString("old\r\nno end$ \x1b[1mls\x1b[m\r\nfile\r\n$ ")
	for _, test := range []struct {
		name   string
		p      Splice
		text   string
		cursor Cursor
	}{
		{"the same", Splice{Above: above}, "old\nno end$\nls\nfile\n$", Cursor{X: 2, Y: 4}},
		{"higher up", Splice{Above: above, Rows: 1, N: 1, From: 3}, "one\nfile\n$", Cursor{X: 2, Y: 2}},
		{"lower down", Splice{Above: above, Rows: 3, N: 3, From: 3}, "one\ntwo 日\nthree\nfile\n$", Cursor{X: 2, Y: 4}},
		{"without the oldest", Splice{Above: above, Rows: 3, N: 1, From: 2}, "three\nls\nfile\n$", Cursor{X: 2, Y: 3}},
		{"below empty rows", Splice{Above: above, Rows: 1, N: 3, From: 3}, "\n\none\nfile\n$", Cursor{X: 2, Y: 4}},
		{"cut at the bottom", Splice{Above: above, Rows: 3, N: 3, From: 1}, "one\ntwo 日\nthree\nno end$\nls", Cursor{X: 2, Y: 4}},
		{"inside a row", Splice{Above: above, Rows: 1, N: 1, From: 1, Keep: 2, Skip: 6}, "one\ntw$\nls\nfile\n$", Cursor{X: 2, Y: 4}},
		{"further right", Splice{Above: above, Rows: 1, N: 1, From: 1, Keep: 3}, "one\ntwono en\nls\nfile\n$", Cursor{X: 2, Y: 4}},
		{"at the start of a row", Splice{Above: above, From: 1, Skip: 6}, "$\nls\nfile\n$", Cursor{X: 2, Y: 3}},
	} {
		w := s.Spliced(test.p, above)
		test.cursor.Visible = true
		if got := w.Text(); got != test.text || w.Cursor() != test.cursor {
			t.Errorf("%s: %q, cursor %+v; want %q, %+v", test.name, got, w.Cursor(), test.text, test.cursor)
		}
	}
	w := s.Spliced(Splice{Above: above, Rows: 1, N: 1, From: 2}, above)
	if !w.Row(0).Same(above.Row(0)) || !w.Row(1).Same(s.Row(2)) {
		t.Error("a row lost its style")
	}
	w.WriteString("\x1b8")
	if c := w.Cursor(); c.X != 5 || c.Y != 2 {
		t.Errorf("the saved cursor is at %d, %d; want 5, 2", c.X, c.Y)
	}
}

// TestSplicedRandom compares the rows of random screens, and the cells of their whole
// state, with what they are made of.
func TestSplicedRandom(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		cols, rows := 2+r.IntN(30), 1+r.IntN(12)
		s, above := New(cols, rows), New(cols, rows)
		s.WriteString(newGenerator(seed, cols, rows).stream(60))
		above.WriteString(newGenerator(seed+1000, cols, rows).stream(60))
		p := Splice{Above: above, Rows: r.IntN(rows), N: r.IntN(rows + 1), From: r.IntN(rows)}
		joint := p
		joint.Keep, joint.Skip = r.IntN(cols+1), r.IntN(cols+1)
		check(t, s.Spliced(joint, above))
		w := s.Spliced(p, above)
		check(t, w)
		row := func(s *Screen, y int) Row { return Row{s, s.main.lines[y], false} }
		for y := range rows {
			want := New(cols, 1).Row(0)
			if old, from := p.Rows-p.N+y, y-p.N+p.From; y < p.N && old >= 0 {
				want = row(above, old)
			} else if y >= p.N && from < rows {
				want = row(s, from)
			}
			if got := row(w, y); !got.Same(want) {
				t.Fatalf("seed %d: row %d is %q; want %q (%+v)", seed, y, got.Text(), want.Text(), p)
			}
		}
		c := w.Copy()
		same(t, "a copy", dump(c, true), dump(w, true))
		more := newGenerator(seed+2000, cols, rows).stream(20)
		c.WriteString(more)
		w.WriteString(more)
		same(t, "a copy, later", dump(c, true), dump(w, true))
	}
}

func TestSame(t *testing.T) {
	row := func(text string) Row {
		s := New(10, 2)
		// Other numbers for clusters and links on each screen.
		s.WriteString(strings.Repeat("e\u0301o\u0308"[:len(text)%2*3], 1) + "\r\x1b[2K" + text)
		return s.Row(0)
	}
	texts := []string{"", "a", "b", "\x1b[1ma", "\x1b[41m\x1b[K", "o\u0308", "x\u0308", "日", "\x1b[4;58;5;1ma", "\x1b[4;58;5;2ma",
		"\x1b]8;;http://a\x1b\\a", "\x1b]8;;http://b\x1b\\a", "\x1b]8;id=1;http://a\x1b\\a"}
	for i, a := range texts {
		for j, b := range texts {
			if got := row(a).Same(row(b)); got != (i == j) {
				t.Errorf("the rows of %q and %q: Same = %v", a, b, got)
			}
		}
	}
	s := New(3, 2)
	s.WriteString("abcabc")
	if s.Row(0).Same(s.Row(1)) {
		t.Error("a row that continues another is the same as one that does not")
	}
}

func TestAppendStyle(t *testing.T) {
	s := New(10, 1)
	s.WriteString("\x1b[1;4:3;38;5;200;48;2;1;2;3;58;5;4mx\x1b[my")
	for x := range 2 {
		w := New(10, 1)
		w.WriteString("\x1b[7;31m" + string(s.AppendStyle(nil, s.Cell(x, 0))) + s.CellText(s.Cell(x, 0)))
		if got, want := w.Cell(0, 0), s.Cell(x, 0); got.Fg() != want.Fg() || got.Bg() != want.Bg() || got.Attr() != want.Attr() ||
			w.CellUnderlineColor(got) != s.CellUnderlineColor(want) {
			t.Errorf("column %d: %+v; want %+v", x, got, want)
		}
	}
}
