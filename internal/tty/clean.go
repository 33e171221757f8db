package tty

import "strings"

// Cleanup returns the escape sequences that reset a terminal after arbitrary
// output. They are safe to write in any case: none changes a terminal that is
// in its usual state. With originMode they also reset DECOM, which moves the
// cursor home. Sources: xterm's ctlseqs, the kitty keyboard protocol, and
// terminals' notes on their own modes.
func Cleanup(originMode bool) string {
	var b strings.Builder
	w := func(seqs ...string) {
		for _, s := range seqs {
			b.WriteString(s)
		}
	}
	w("\x18", "\x1b\\")   // CAN and ST end a sequence or string cut short
	w("\x1b[?2026l")      // synchronized update
	w("\x0f", "\x1b(B")   // G0 in use, and ASCII
	w("\x1b7\x1b[?1049l") // main screen; ESC 7 keeps the cursor where it was in it
	if originMode {
		w("\x1b[?6l") // moves the cursor home, so only when it was set
	}
	w("\x1b[?69l", "\x1b7\x1b[r\x1b8") // no margins; resetting them moves the cursor
	w("\x1b[2l", "\x1b[4l", "\x1b[20l", "\x1b[12h")
	w("\x1b[?5l", "\x1b[?7h", "\x1b[?25h", "\x1b[0 q")
	w("\x1b[?1l", "\x1b>", "\x1b[>4m", "\x1b[=0u", "\x1b[<32u")
	w("\x1b[?9l", "\x1b[?1000l", "\x1b[?1001l", "\x1b[?1002l", "\x1b[?1003l")
	w("\x1b[?1005l", "\x1b[?1006l", "\x1b[?1015l", "\x1b[?1016l")
	w("\x1b[?1004l", "\x1b[?2004l", "\x1b[?2031l", "\x1b[?2048l")
	w("\x1b]8;;\x1b\\", "\x1b]104\x1b\\", "\x1b]110\x1b\\", "\x1b]111\x1b\\", "\x1b]112\x1b\\")
	w("\x1b[?5W")   // tab stops at every eighth column
	w("\x1b[m")     // colours
	w("\x1b[23;0t") // the title that was pushed at the start
	w("\r\n")       // a line of its own for the shell
	return b.String()
}
