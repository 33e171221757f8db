package vt

// execute executes a C0 control.
func (s *Screen) execute(c byte) {
	s.joinable = false
	switch c {
	case '\n', '\v', '\f':
		s.lineFeed()
	case '\r':
		s.carriageReturn()
	case '\b':
		s.backspace()
	case '\t':
		s.tabForward(1)
	case 0x07:
		if h := s.opts.hooks.Bell; h != nil {
			h()
		}
	case 0x0e:
		s.gl = 1
		s.setSlow()
	case 0x0f:
		s.gl = 0
		s.setSlow()
	}
}

// c1 executes a control from U+0080 to U+009F that does not start a sequence.
func (s *Screen) c1(r rune) {
	s.joinable = false
	switch r {
	case 0x84: // IND
		s.index()
	case 0x85: // NEL
		s.x, s.pend = s.leftEdge(), false
		s.index()
	case 0x88: // HTS
		s.setTab()
	case 0x8d: // RI
		s.reverseIndex()
	case 0x8e, 0x8f: // SS2, SS3
		s.single = uint8(r - 0x8c)
		s.setSlow()
	}
}

// esc executes an ESC sequence with its intermediate bytes.
func (s *Screen) esc(inter uint16, final byte) {
	switch inter {
	case 0:
		switch final {
		case '6': // DECBI
			s.backIndex()
		case '7':
			s.saveCursor()
		case '8':
			s.restoreCursor()
		case '9': // DECFI
			s.forwardIndex()
		case '=':
			s.modes |= modeKeypad
		case '>':
			s.modes &^= modeKeypad
		case 'D', 'E', 'H', 'M', 'N', 'O':
			s.c1(rune(final) + 0x40)
		case 'c':
			s.fullReset()
		case 'n', 'o': // LS2, LS3
			s.gl = final - 'n' + 2
			// LS1R, LS2R and LS3R choose the set of the bytes from
			// 0xa0 on, which do not occur in UTF-8.
		}
	case '(', ')', '*', '+':
		s.g[inter-'('] = charsetOf(final)
	case '-', '.': // 96-character sets: none is supported
		s.g[inter-'-'+1] = csASCII
	case '%':
		if final == '@' || final == 'G' {
			s.g[0], s.gl = csASCII, 0
		}
	case '#':
		if final == '8' {
			s.alignment()
		}
	}
	s.setSlow()
}

// dcs executes a DCS sequence, whose payload is not kept. Only the older form
// of synchronized update has an effect.
func (s *Screen) dcs(q *seq) {
	if q.prefix == '=' && q.inter == 's' && (q.params[0] == 1 || q.params[0] == 2) {
		s.setPrivate(2026, q.params[0] == 1)
	}
}

// csi executes a CSI sequence.
func (s *Screen) csi(q *seq, final byte) {
	if q.colon != 0 && final != 'm' && !(final == 'r' && q.inter == '$') {
		q.dropSubParams()
	}
	if q.prefix|byte(q.inter)|byte(q.inter>>8) != 0 {
		s.csiOther(q, final)
		s.joinable = false
		return
	}
	if final == 'm' {
		s.sgr(q)
		s.joinable = false
		return
	}
	switch final {
	case '@':
		s.insertChars(q.arg(0, 1))
	case 'A':
		s.up(q.arg(0, 1))
	case 'B':
		s.down(q.arg(0, 1))
	case 'C', 'a':
		s.forward(q.arg(0, 1))
	case 'D':
		s.back(q.arg(0, 1))
	case 'E':
		s.down(q.arg(0, 1))
		s.x = s.leftEdge()
	case 'F':
		s.up(q.arg(0, 1))
		s.x = s.leftEdge()
	case 'G', '`':
		s.toColumn(q.arg(0, 1) - 1)
	case 'H', 'f':
		s.moveTo(q.arg(1, 1)-1, q.arg(0, 1)-1)
	case 'I':
		s.tabForward(q.arg(0, 1))
	case 'J':
		s.eraseDisplay(int(q.params[0]), false)
	case 'K':
		s.eraseLine(int(q.params[0]), false)
	case 'L':
		s.insertLines(q.arg(0, 1))
	case 'M':
		s.deleteLines(q.arg(0, 1))
	case 'P':
		s.deleteChars(q.arg(0, 1))
	case 'S':
		s.panUp(q.arg(0, 1))
	case 'T':
		if q.n == 1 { // more are xterm's request for mouse tracking
			s.scrollDown(q.arg(0, 1))
		}
	case 'X':
		s.eraseChars(q.arg(0, 1))
	case 'Z':
		s.tabBack(q.arg(0, 1))
	case '^': // SD in ECMA-48
		s.scrollDown(q.arg(0, 1))
	case 'b':
		s.repeat(q.arg(0, 1))
	case 'd':
		s.toRow(q.arg(0, 1) - 1)
	case 'e':
		s.moveBy(0, q.arg(0, 1))
	case 'g':
		s.clearTabs(int(q.params[0]))
	case 'h':
		s.ansiMode(q, true)
	case 'l':
		s.ansiMode(q, false)
	case 'r':
		s.setMargins(q)
	case 's':
		if s.modes.has(modeLRMargins) {
			s.setLRMargins(q)
		} else {
			s.saveCursor()
		}
	case 't':
		s.windowOp(q)
	case 'u':
		s.restoreCursor()
	}
	s.joinable = false
}

func (s *Screen) csiOther(q *seq, final byte) {
	switch key := uint32(q.prefix)<<24 | uint32(q.inter)<<8 | uint32(final); key {
	case '?'<<24 | 'h':
		s.privateMode(q, true)
	case '?'<<24 | 'l':
		s.privateMode(q, false)
	case '?'<<24 | 'J':
		s.eraseDisplay(int(q.params[0]), true)
	case '?'<<24 | 'K':
		s.eraseLine(int(q.params[0]), true)
	case '?'<<24 | 's':
		s.saveModes(q)
	case '?'<<24 | 'r':
		s.restoreModes(q)
	case '?'<<24 | 'W':
		if q.params[0] == 5 { // DECST8C
			s.buf.tabs = defaultTabs(s.cols)
		}
	case '>'<<24 | 'm':
		if q.params[0] == 4 {
			s.otherKeys = uint8(min(q.arg(1, 0), 3))
		} else if q.params[0] == 0 {
			s.otherKeys = 0
		}
	case ' '<<8 | '@':
		s.shiftColumns(s.left, q.arg(0, 1), false)
	case ' '<<8 | 'A':
		s.shiftColumns(s.left, q.arg(0, 1), true)
	case ' '<<8 | 'q':
		if n := q.arg(0, 0); n <= 6 {
			s.shape = uint8(n)
		}
	case '!'<<8 | 'p':
		s.softReset()
	case '"'<<8 | 'q': // DECSCA
		if n := q.params[0]; n == 1 {
			s.penLo |= uint64(Protected) << attrShift
		} else if n == 0 || n == 2 {
			s.penLo &^= uint64(Protected) << attrShift
		}
	case '\''<<8 | '}':
		s.shiftColumns(s.x, q.arg(0, 1), true)
	case '\''<<8 | '~':
		s.shiftColumns(s.x, q.arg(0, 1), false)
	case '*'<<8 | 'x': // DECSACE
		s.rectSpan = q.params[0] == 2
	case '$'<<8 | 'r':
		s.changeRect(q)
	case '$'<<8 | 'x':
		s.fillRect(q)
	case '$'<<8 | 'z':
		s.eraseRect(q)
	case '$'<<8 | 'v':
		s.copyRect(q)
	}
}

// lineFeed is LF, VT and FF.
func (s *Screen) lineFeed() {
	if s.modes.has(modeNewLine) {
		s.x = s.leftEdge()
	}
	s.pend = false
	if s.y == s.buf.bottom {
		s.scrollUp(1, false)
	} else if s.y < s.rows-1 {
		s.y++
		// The program moved to this line on purpose: it continues
		// nothing.
		if l := s.buf.lines[s.y]; l.continued {
			l.continued, l.fed = false, true
			l.touched = touchedAll
		}
	}
}

func (s *Screen) carriageReturn() {
	s.pend = false
	if s.modes.has(modeLRMargins) && s.x >= s.left {
		s.x = s.left
		return
	}
	s.x = 0
}

// backspace is BS. With reverse wrap it goes back over the soft wraps of text
// only, as in xterm.js and unlike xterm.
func (s *Screen) backspace() {
	if s.modes.has(modeReverseWrap) {
		if s.pend {
			s.pend = false // onto the character in the last column
			return
		}
		l := s.buf.lines[s.y]
		if s.x == s.leftEdge() && l.continued && s.y > s.buf.top && s.y <= s.buf.bottom {
			l.continued = false
			l.touched = touchedAll
			s.y--
			s.x = s.right
			if s.buf.lines[s.y].cells[s.x].Empty() && s.x > 0 {
				s.x-- // a wide character did not fit here
			}
			return
		}
	}
	s.back(1)
}

func (s *Screen) index() {
	s.pend = false
	if s.y == s.buf.bottom {
		s.scrollUp(1, false)
	} else if s.y < s.rows-1 {
		s.y++
	}
}

func (s *Screen) reverseIndex() {
	s.pend = false
	if s.y == s.buf.top {
		s.scrollRegionDown(s.buf.top, s.buf.bottom, 1, s.bce())
	} else if s.y > 0 {
		s.y--
	}
}

// fullReset is RIS.
func (s *Screen) fullReset() {
	if s.opts.hooks.LineLeft != nil {
		s.tellCleared(0, s.rows, LeftErased)
	}
	if s.modes.has(modeSync) && s.opts.hooks.Sync != nil {
		s.opts.hooks.Sync(false)
	}
	s.reset()
}

// alignment is DECALN: a screen of E, in the pen's style, as in xterm.js.
func (s *Screen) alignment() {
	c := Cell{lo: s.penLo&^extraBits | 'E', hi: s.fillHi()}
	for _, l := range s.buf.lines {
		l.set(0, s.cols, c)
		l.continued = false
	}
	s.moveTo(0, 0)
}

// Cursor movement. Each ends a pending wrap.

// moveTo moves the cursor to a position, which counts from the margins in
// origin mode.
func (s *Screen) moveTo(x, y int) {
	s.pend = false
	if s.modes.has(modeOrigin) {
		s.x = max(s.left, min(x+s.left, s.right))
		s.y = max(s.buf.top, min(y+s.buf.top, s.buf.bottom))
		return
	}
	s.x = max(0, min(x, s.cols-1))
	s.y = max(0, min(y, s.rows-1))
}

func (s *Screen) toColumn(x int) {
	s.pend = false
	if s.modes.has(modeOrigin) {
		s.x = max(s.left, min(x+s.left, s.right))
		return
	}
	s.x = max(0, min(x, s.cols-1))
}

func (s *Screen) toRow(y int) {
	s.pend = false
	if s.modes.has(modeOrigin) {
		s.y = max(s.buf.top, min(y+s.buf.top, s.buf.bottom))
		return
	}
	s.y = max(0, min(y, s.rows-1))
}

// moveBy moves the cursor regardless of the margins, except in origin mode.
func (s *Screen) moveBy(dx, dy int) {
	s.pend = false
	top, bottom := 0, s.rows-1
	if s.modes.has(modeOrigin) {
		top, bottom = s.buf.top, s.buf.bottom
	}
	s.x = max(0, min(s.x+dx, s.cols-1))
	s.y = max(top, min(s.y+dy, bottom))
}

func (s *Screen) up(n int) {
	s.pend = false
	limit := 0
	if s.y >= s.buf.top {
		limit = s.buf.top
	}
	s.y = max(limit, s.y-n)
}

func (s *Screen) down(n int) {
	s.pend = false
	limit := s.rows - 1
	if s.y <= s.buf.bottom {
		limit = s.buf.bottom
	}
	s.y = min(limit, s.y+n)
}

func (s *Screen) forward(n int) {
	s.pend = false
	limit := s.cols - 1
	if s.x <= s.right {
		limit = s.right
	}
	s.x = min(limit, s.x+n)
}

func (s *Screen) back(n int) {
	s.pend = false
	limit := 0
	if s.x >= s.left {
		limit = s.left
	}
	s.x = max(limit, s.x-n)
}

func (s *Screen) tabForward(n int) {
	if s.pend {
		return
	}
	limit := s.cols - 1
	if s.x <= s.right {
		limit = s.right
	}
	for ; n > 0 && s.x < limit; n-- {
		s.x = s.buf.tabs.next(s.x, limit)
	}
}

func (s *Screen) tabBack(n int) {
	if s.pend {
		return
	}
	limit := 0
	if s.modes.has(modeOrigin) {
		limit = s.left
	}
	for ; n > 0 && s.x > limit; n-- {
		s.x = max(limit, s.buf.tabs.prev(s.x))
	}
}

func (s *Screen) setTab() {
	if !s.pend {
		s.buf.tabs = s.buf.tabs.with(s.x, true)
	}
}

func (s *Screen) clearTabs(what int) {
	switch what {
	case 0:
		if !s.pend {
			s.buf.tabs = s.buf.tabs.with(s.x, false)
		}
	case 3:
		s.buf.tabs = s.buf.tabs.none()
	}
}

// setMargins is DECSTBM. It refuses a region of one line, as every VT does.
func (s *Screen) setMargins(q *seq) {
	top := q.arg(0, 1)
	bottom := q.arg(1, s.rows)
	if bottom > s.rows {
		bottom = s.rows
	}
	if top < bottom {
		s.buf.top, s.buf.bottom = top-1, bottom-1
		s.moveTo(0, 0)
	}
}

// setLRMargins is DECSLRM.
func (s *Screen) setLRMargins(q *seq) {
	left := q.arg(0, 1)
	right := min(q.arg(1, s.cols), s.cols)
	if left < right {
		s.left, s.right = left-1, right-1
		s.moveTo(0, 0)
	}
}
