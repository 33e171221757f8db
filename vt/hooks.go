package vt

// Hooks are functions that a [Screen] calls during Write, each at the moment of
// the event; any may be nil. They may read the screen, but must not write to
// it, resize it or restore it.
type Hooks struct {
	// Mark is called for OSC sequences that describe the session: shell
	// integration (133, 633, 1337), nested contexts (3008), the working
	// directory (7), notifications (9, 777), and any other that does not
	// change the screen.
	Mark func(Mark)

	// Title is called when the window title changes.
	Title func(string)

	// Bell is called for BEL.
	Bell func()

	// LineLeft is called for every line that is about to leave the screen
	// or to be erased whole, from top to bottom. The Row is valid only
	// during the call.
	LineLeft func(Row, Leave)

	// SizeAsked is called when a program asks for another size with CSI 8
	// t, before the screen takes that size (see [NoSizeChange]).
	SizeAsked func(cols, rows int)

	// Sync is called when a synchronized update (mode 2026) begins and when
	// it ends. In between, the screen is half drawn.
	Sync func(on bool)
}

// A Mark is an OSC sequence, with the position of the cursor when it came.
type Mark struct {
	Code int    // the number, such as 133
	Data string // the text after the number and its semicolon

	X, Y    int    // the cursor, from 0
	Line    uint64 // Screen.Scrolled plus Y: the line, counted from the start
	Pending bool   // the cursor is after the last column
}

// Leave is the reason why a line leaves the screen.
type Leave int

const (
	// LeftTop: it scrolled off the top of the screen. On the primary screen
	// it goes to the scrollback.
	LeftTop Leave = iota
	// LeftRegion: it scrolled out of a region that does not begin at the
	// top, or SU moved it out.
	LeftRegion
	// LeftDeleted: DL deleted it, or lines inserted above pushed it out.
	LeftDeleted
	// LeftErased: the whole screen was erased, or reset.
	LeftErased
	// LeftErasedAbove: it was erased together with everything above the
	// cursor.
	LeftErasedAbove
	// LeftErasedBelow: it was erased together with everything below the
	// cursor.
	LeftErasedBelow
	// LeftAlternate: the program left the alternate screen.
	LeftAlternate
	// LeftResize: the screen became smaller.
	LeftResize
)

func (s *Screen) tellCleared(from, upto int, why Leave) {
	for y := from; y < upto; y++ {
		s.opts.hooks.LineLeft(s.Row(y), why)
	}
}
