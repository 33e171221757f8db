package vt

import "unicode/utf8"

// AtRest reports whether the output so far can be cut here: it ends between two
// characters and sequences, and [Screen.AppendChange] can bring about everything on
// which what comes next depends. That includes the last character, which the next
// may join (a combining mark, a part of an emoji) or repeat (REP). Without it, the
// screen is not at rest only after text in insert mode, and in a few cases of its
// kind.
func (s *Screen) AtRest() bool {
	if s.p.state != stGround || s.p.need != 0 || s.single != 0 {
		return false
	}
	if !s.joinable {
		return true
	}
	if s.x == 0 && !s.pend && s.cluster == (clusterState{}) {
		return true // there is no last character
	}
	_, _, ok := s.lastText()
	return ok
}

// lastText returns the text and the column of the character before the cursor. It
// reports false if that was not the last output, and if the same text, printed there
// again, would not leave the screen as it is.
func (s *Screen) lastText() (text string, x int, ok bool) {
	if !s.joinable || s.modes.has(modeInsert) || s.single != 0 {
		return "", 0, false
	}
	l, x, ok := s.lead()
	if !ok || s.modes.has(modeOrigin) && (x < s.left || x > s.right) {
		return "", 0, false
	}
	c := l.cells[x]
	if c.Empty() || !c.SameStyle(s.Pen()) {
		return "", 0, false
	}
	// The cursor, as printing leaves it.
	limit := s.cols
	if s.modes.has(modeLRMargins) && x <= s.right {
		limit = s.right + 1
	}
	end := x + c.Width()
	if pend := end == limit; pend != s.pend || end > limit || !pend && end != s.x || pend && end-1 != s.x {
		return "", 0, false
	}
	text = s.CellText(c)
	var cluster clusterState
	width := 0
	for i, r := range text {
		if r < 0x7f && s.g[s.gl] != csASCII && charsetTables[s.g[s.gl]][r] != 0 {
			return "", 0, false
		}
		prop := property(r)
		n := int(prop & 3)
		joins := cluster.step(prop)
		switch {
		case i == 0:
			width = n
		case s.modes.has(modeGraphemes):
			if !joins {
				return "", 0, false
			}
			if r == 0xfe0f || n == 2 || prop>>2&15 == gbRI {
				width = 2
			}
		case n > 0:
			return "", 0, false
		}
	}
	if width != c.Width() || s.modes.has(modeGraphemes) && cluster != s.cluster {
		return "", 0, false
	}
	return text, x, utf8.ValidString(text)
}
