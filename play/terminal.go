package play

// deckStart returns the bytes that take over a terminal for a deck, with or
// without the mouse: they save the title and switch on the alternate screen and
// bracketed paste, and wrapping off.
func deckStart(mouse bool) string {
	s := "\x1b[22;0t\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[m\x1b[H\x1b[2J"
	if mouse {
		s += "\x1b[?1002h\x1b[?1006h"
	}
	return s
}

// deckEnd returns the bytes that undo deckStart. CAN ends a sequence that was cut
// off in the middle.
func deckEnd(mouse, shaped bool) string {
	s := "\x18\x1b[?2026l"
	if mouse {
		s += "\x1b[?1006l\x1b[?1002l"
	}
	if shaped {
		s += "\x1b[0 q"
	}
	return s + "\x1b[?2004l\x1b[r\x1b[m\x1b[?25h\x1b[?7h\x1b[H\x1b[2J\x1b[?1049l\x1b[23;0t"
}
