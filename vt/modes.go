package vt

// modeSet holds the modes that are on or off.
type modeSet uint64

const (
	modeCursorKeys   modeSet = 1 << iota // ?1
	modeReverse                          // ?5
	modeOrigin                           // ?6
	modeWrap                             // ?7
	modeBlink                            // ?12
	modeCursor                           // ?25
	modeReverseWrap                      // ?45
	modeKeypad                           // ?66, ESC = and ESC >
	modeLRMargins                        // ?69
	modeFocus                            // ?1004
	modeAltScroll                        // ?1007
	modePaste                            // ?2004
	modeSync                             // ?2026
	modeGraphemes                        // ?2027
	modeInsert                           // 4
	modeNewLine                          // 20
	modeDefaults     = modeWrap | modeCursor
	modeSoftReset    = modeCursorKeys | modeOrigin | modeReverseWrap | modeKeypad | modeLRMargins | modeFocus | modePaste | modeSync | modeInsert
	modeSoftResetSet = modeWrap | modeCursor
)

func (m modeSet) has(bits modeSet) bool { return m&bits != 0 }

func (m *modeSet) put(bits modeSet, on bool) {
	*m &^= bits
	if on {
		*m |= bits
	}
}

// decModes lists the private modes that are a single bit.
var decModes = []struct {
	number int
	bit    modeSet
}{
	{1, modeCursorKeys}, {5, modeReverse}, {6, modeOrigin}, {7, modeWrap},
	{12, modeBlink}, {25, modeCursor}, {45, modeReverseWrap}, {66, modeKeypad},
	{69, modeLRMargins}, {1004, modeFocus}, {1007, modeAltScroll},
	{2004, modePaste}, {2026, modeSync}, {2027, modeGraphemes},
}

func decMode(number int) modeSet {
	for _, m := range decModes {
		if m.number == number {
			return m.bit
		}
	}
	return 0
}

// Modes are the modes of a screen, for a program that draws it or sends it
// input.
type Modes struct {
	Wrap          bool // DECAWM: text continues in the next line
	Origin        bool // DECOM: positions count from the margins
	Insert        bool // IRM: new characters move the rest of the line right
	NewLine       bool // LNM: LF also returns to the first column
	ReverseVideo  bool // DECSCNM: the whole screen is shown reversed
	ReverseWrap   bool // mode 45: BS goes back over wraps
	LRMargins     bool // DECLRMM
	Graphemes     bool // mode 2027
	Sync          bool // mode 2026: a frame is being drawn, do not show it yet
	CursorVisible bool // DECTCEM
	CursorBlink   bool // mode 12; Cursor.Shape has DECSCUSR

	// Modes of the keyboard, the mouse and pasting.

	AppCursor       bool // DECCKM: the cursor keys send ESC O
	AppKeypad       bool // DECNKM, DECKPAM
	BracketedPaste  bool // mode 2004
	FocusEvent      bool // mode 1004
	AltScroll       bool // the wheel sends arrow keys on the alternate screen
	Mouse           int  // 0 for none, else the mode: 9, 1000, 1002 or 1003
	MouseFormat     int  // 0 for the original one, else 1005, 1006, 1015 or 1016
	ModifyOtherKeys int  // the level of XTMODKEYS 4: 0 to 3
}

// Modes returns the current modes.
func (s *Screen) Modes() Modes {
	m := s.modes
	return Modes{
		Wrap: m.has(modeWrap), Origin: m.has(modeOrigin), Insert: m.has(modeInsert),
		NewLine: m.has(modeNewLine), ReverseVideo: m.has(modeReverse),
		ReverseWrap: m.has(modeReverseWrap), LRMargins: m.has(modeLRMargins),
		Graphemes: m.has(modeGraphemes), Sync: m.has(modeSync),
		CursorVisible: m.has(modeCursor), CursorBlink: m.has(modeBlink),
		AppCursor: m.has(modeCursorKeys), AppKeypad: m.has(modeKeypad),
		BracketedPaste: m.has(modePaste), FocusEvent: m.has(modeFocus),
		AltScroll: m.has(modeAltScroll),
		Mouse:     int(s.mouse), MouseFormat: int(s.mouseFormat), ModifyOtherKeys: int(s.otherKeys),
	}
}

// setSlow sets slow: whether printing needs the slow path.
func (s *Screen) setSlow() {
	s.slow = s.modes.has(modeInsert|modeLRMargins) || s.g[s.gl] != csASCII || s.single != 0 ||
		s.cluster.class == gbPrepend
}

// ansiMode is SM and RM.
func (s *Screen) ansiMode(q *seq, on bool) {
	for _, n := range q.params[:q.n] {
		switch n {
		case 4:
			s.modes.put(modeInsert, on)
		case 20:
			s.modes.put(modeNewLine, on)
		}
	}
	s.setSlow()
}

// privateMode is DECSET and DECRST.
func (s *Screen) privateMode(q *seq, on bool) {
	for _, n := range q.params[:q.n] {
		s.setPrivate(int(n), on)
	}
	s.setSlow()
}

func (s *Screen) setPrivate(n int, on bool) {
	switch n {
	case 2:
		if on { // DECANM: all sets become ASCII
			s.g = [4]charset{}
		}
	case 6:
		s.modes.put(modeOrigin, on)
		s.moveTo(0, 0)
	case 69:
		s.modes.put(modeLRMargins, on)
		s.noLRMargins()
	case 2026:
		if on != s.modes.has(modeSync) {
			s.modes.put(modeSync, on)
			if h := s.opts.hooks.Sync; h != nil {
				h(on)
			}
		}
	case 9, 1000, 1002, 1003:
		s.mouse = 0
		if on {
			s.mouse = uint16(n)
		}
	case 1005, 1006, 1015, 1016:
		s.mouseFormat = 0
		if on {
			s.mouseFormat = uint16(n)
		}
	case 1048:
		if on {
			s.saveCursor()
		} else {
			s.restoreCursor()
		}
	case 1049:
		if on {
			s.saveCursor()
			s.useAlternate()
		} else {
			s.usePrimary()
			s.restoreCursor()
		}
	case 47, 1047:
		if on {
			s.useAlternate()
		} else {
			s.usePrimary()
		}
	default:
		s.modes.put(decMode(n), on)
	}
}

// saveModes is XTSAVE, restoreModes XTRESTORE, for the modes that are bits. A mode
// that was never saved gets its default, as in kitty.
func (s *Screen) saveModes(q *seq) {
	for _, n := range q.params[:q.n] {
		bit := decMode(int(n))
		s.savedModes.put(bit, s.modes.has(bit))
	}
}

func (s *Screen) restoreModes(q *seq) {
	for _, n := range q.params[:q.n] {
		if bit := decMode(int(n)); bit != 0 {
			s.setPrivate(int(n), s.savedModes.has(bit))
		}
	}
	s.setSlow()
}

// useAlternate shows the alternate screen, blank. The cursor stays where it is.
func (s *Screen) useAlternate() {
	if s.onAlt {
		return
	}
	s.main.x, s.main.y = s.x, s.y
	if s.pend {
		s.main.x++
	}
	if s.alt.lines == nil {
		s.alt.lines = s.newLines()
	}
	for _, l := range s.alt.lines {
		l.wipe(s.bce(), false)
	}
	s.alt.bufState = s.freshBuffer()
	s.onAlt = true
	s.buf = &s.alt
	s.intoMargins()
	s.dirtyAll()
}

func (s *Screen) usePrimary() {
	if !s.onAlt {
		return
	}
	if s.opts.hooks.LineLeft != nil {
		s.tellCleared(0, s.rows, LeftAlternate)
	}
	s.onAlt = false
	s.buf = &s.main
	s.intoMargins()
	s.dirtyAll()
}

// noLRMargins removes the left and right margins. A wrap that was pending at one of
// them is no longer.
func (s *Screen) noLRMargins() {
	s.left, s.right = 0, s.cols-1
	s.pend = s.pend && s.x == s.right
}

// intoMargins moves the cursor inside the margins, where it always is in origin
// mode.
func (s *Screen) intoMargins() {
	if !s.modes.has(modeOrigin) {
		return
	}
	x, y := s.x, s.y
	s.x = max(s.left, min(x, s.right))
	s.y = max(s.buf.top, min(y, s.buf.bottom))
	if s.x != x || s.y != y {
		s.pend = false
	}
}

// softReset is DECSTR.
func (s *Screen) softReset() {
	s.buf.top, s.buf.bottom = 0, s.rows-1
	s.noLRMargins()
	s.penLo, s.penHi, s.ulColor = 0, 0, 0
	s.setExtra()
	if s.modes.has(modeSync) && s.opts.hooks.Sync != nil {
		s.opts.hooks.Sync(false)
	}
	s.modes = s.modes&^modeSoftReset | modeSoftResetSet
	s.g, s.gl, s.single = [4]charset{}, 0, 0
	s.buf.saved = savedCursor{}
	s.setSlow()
}

// saveCursor is DECSC.
func (s *Screen) saveCursor() {
	s.buf.saved = savedCursor{
		x: s.x, y: s.y, penLo: s.penLo &^ extraBits, penHi: s.penHi, ulColor: s.ulColor,
		g: s.g, gl: s.gl,
	}
}

// restoreCursor is DECRC. It does not restore the hyperlink.
func (s *Screen) restoreCursor() {
	c := &s.buf.saved
	s.x, s.y = min(c.x, s.cols-1), min(c.y, s.rows-1)
	s.pend = false
	s.intoMargins()
	s.penLo, s.penHi, s.ulColor = c.penLo, c.penHi, c.ulColor
	s.g, s.gl = c.g, c.gl
	s.setExtra()
	s.setSlow()
}
