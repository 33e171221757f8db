package vt

import "bytes"

func (s *Screen) AtRest() bool { return s.p.state == stGround && s.p.need == 0 && s.single == 0 }
func (s *Screen) AppendChange(dst []byte, from *Screen) []byte {
	b := s.AppendState(nil)
	if bytes.Equal(b, from.AppendState(nil)) {
		return dst
	}
	return append(dst, b...)
}
