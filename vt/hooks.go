package vt

// Hooks are functions that a [Screen] calls while it reads, each at the moment
// the thing happens; any may be nil. They may look at the screen, but must not
// write to it, resize or restore it.
type Hooks struct {
	// Mark is told of the OSC sequences that say something about the session:
	// shell integration (133, 633, 1337), nested contexts (3008), the working
	// directory (7), notifications (9, 777) and whatever else is no business
	// of the screen.
	Mark func(Mark)

	// Title is told when the window title changes.
	Title func(string)

	// Bell is called for BEL.
	Bell func()

	// LineLeft is told of every line that is about to leave the screen or to
	// be erased whole, top to bottom. The Row is valid only during the call.
	LineLeft func(Row, Leave)

	// SizeAsked is told when a program asks for another size by CSI 8 t,
	// before the screen takes it (see [NoSizeChange]).
	SizeAsked func(cols, rows int)

	// Sync is told when a synchronized update (mode 2026) begins and ends:
	// the screen in between is half drawn.
	Sync func(on bool)
}

// A Mark is an OSC sequence with the place of the cursor when it came.
type Mark struct {
	Code int    // the number, as 133
	Data string // what follows the number and its semicolon

	X, Y    int    // the cursor
	Line    uint64 // Screen.Scrolled plus Y: the line, counted from the start
	Pending bool   // the cursor stands behind the last column
}

// Leave tells why a line leaves the screen.
type Leave int

const (
	// LeftTop: it scrolled off the top of the screen. On the primary screen
	// it goes to the scrollback.
	LeftTop Leave = iota
	// LeftRegion: it scrolled out of a region that does not begin at the top,
	// or by SU.
	LeftRegion
	// LeftDeleted: DL, or pushed out by lines inserted above it.
	LeftDeleted
	// LeftErased: the whole screen was erased, or reset.
	LeftErased
	// LeftErasedAbove and LeftErasedBelow: it was erased together with
	// everything above or below the cursor.
	LeftErasedAbove
	LeftErasedBelow
	// LeftAlternate: the alternate screen was left.
	LeftAlternate
	// LeftResize: the screen became smaller.
	LeftResize
)

func (s *Screen) tellCleared(from, upto int, why Leave) {
	for y := from; y < upto; y++ {
		s.opts.hooks.LineLeft(s.Row(y), why)
	}
}
