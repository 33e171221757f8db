package vt

import "bytes"

// AtRest reports whether the parser is between two sequences and characters.
func (s *Screen) AtRest() bool { return s.p.state == stGround && s.p.need == 0 && s.single == 0 }

// AppendChange appends the bytes that bring a terminal from another state to this
// one.
func (s *Screen) AppendChange(dst []byte, from *Screen) []byte {
	b := s.AppendState(nil)
	if bytes.Equal(b, from.AppendState(nil)) {
		return dst
	}
	return append(dst, b...)
}
