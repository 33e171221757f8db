package vt

// AppendStyle appends an SGR sequence that gives the pen the colours and attributes of a
// cell of s, whatever it had before.
func (s *Screen) AppendStyle(dst []byte, c Cell) []byte {
	w := stateWriter{s: s, b: dst}
	w.colorsOf(c, s.CellUnderlineColor(c))
	return w.b
}
