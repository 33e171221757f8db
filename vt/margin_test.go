package vt

import "testing"

// A wide character that does not fit before the right margin empties the cells up to
// there, and with them a wide character that is across it: half of one would be painted
// without end.
func TestWideAcrossMargin(t *testing.T) {
	s := New(7, 3)
	s.WriteString("\x1b[1;4H世\x1b[?69h\x1b[2;4s\x1b[1;4H界")
	if got, want := s.Text(), "\n 界"; got != want {
		t.Errorf("the screen is %q; want %q", got, want)
	}
	for x := range 7 {
		if s.Cell(x, 0) != (Cell{}) {
			t.Fatalf("column %d of the first row is not empty", x)
		}
	}
	again := New(7, 3)
	again.Write(s.AppendState(nil))
	if got, want := again.Text(), s.Text(); got != want {
		t.Errorf("its state draws %q; want %q", got, want)
	}
}
