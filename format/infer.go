package format

// sizer infers a terminal's size from the output: programs that use the whole
// screen address its last row and column sooner or later. The zero sizer is
// ready.
type sizer struct {
	cols, rows int
	seen       bool // a cell was addressed
	state      sizerState
	params     [8]int
	n          int  // length of params, with the one that is being read
	private    bool // the sequence has a prefix or intermediates: ignored
	// col is the column of the next character, if an absolute address set
	// it; 0 otherwise.
	col int
}

type sizerState uint8

const (
	ground sizerState = iota
	escape
	control // a control sequence, after CSI
	str     // an operating system command or the like, up to its end
	strEsc
)

// A program that addresses a row or column beyond these asks for the last one
// ("CSI 999;999H", then a cursor report).
const (
	sizerMaxCols = 990
	sizerMaxRows = 490
)

// feed scans data, the next piece of the output.
func (z *sizer) feed(data string) {
	for i := range len(data) {
		c := data[i]
		switch z.state {
		case ground:
			switch {
			case c == 0x1b:
				z.state = escape
			case c >= 0x20 && c < 0x7f || c >= 0xc0:
				if z.col > 0 {
					z.col++
				}
			case c >= 0x80: // the rest of a character
			default:
				z.col = 0
			}
		case escape:
			switch {
			case c == '[':
				z.state, z.params, z.n, z.private = control, [8]int{}, 1, false
			case c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X':
				z.state = str
			case c >= 0x20 && c < 0x30: // an intermediate: "ESC ( 0"
			default:
				z.state = ground
				if c != 'c' && c != '=' && c != '>' {
					z.col = 0
				}
			}
		case control:
			switch {
			case c >= '0' && c <= '9':
				if z.n <= len(z.params) {
					p := &z.params[z.n-1]
					*p = min(*p*10+int(c-'0'), 1<<20)
				}
			case c == ';':
				z.n = min(z.n+1, len(z.params)+1)
			case c >= 0x40 && c < 0x7f:
				z.state = ground
				z.sequence(c)
			case c == 0x1b:
				z.state = escape
			case c >= 0x20:
				z.private = true
			}
		case str:
			if c == 0x07 {
				z.state = ground
			} else if c == 0x1b {
				z.state = strEsc
			}
		case strEsc:
			if z.state = ground; c != '\\' {
				z.state = escape
				if c == '[' {
					z.state, z.params, z.n, z.private = control, [8]int{}, 1, false
				}
			}
		}
	}
}

// sequence handles a complete control sequence.
func (z *sizer) sequence(final byte) {
	if z.private {
		return // a mode: the cursor stays
	}
	first, second := z.params[0], z.params[1]
	switch final {
	case 'H', 'f': // CUP, HVP
		z.written()
		if first >= 200 && first == second {
			z.col = 0
			return
		}
		z.address(max(second, 1), max(first, 1))
	case 'd': // VPA
		z.written()
		z.address(0, max(first, 1))
	case 'G', '`': // CHA, HPA
		z.written()
		z.address(max(first, 1), 0)
	case 'r': // DECSTBM
		if second > 0 {
			z.address(0, second)
		}
		z.col = 0
	case 'm':
	case 'K': // EL
		z.written()
	default:
		z.col = 0
	}
}

// written counts the row that was written to since the last address.
func (z *sizer) written() {
	if z.col > 1 && z.col-1 <= sizerMaxCols {
		z.cols = max(z.cols, z.col-1)
	}
}

// address counts an addressed cell; a coordinate of 0 was not addressed.
func (z *sizer) address(col, row int) {
	z.col = 0
	if col > sizerMaxCols || row > sizerMaxRows {
		return
	}
	z.seen = true
	z.cols = max(z.cols, col)
	z.rows = max(z.rows, row)
	if col > 0 {
		z.col = col
	}
}

// size returns the size inferred so far: the largest address, but at least the
// size that terminals start with.
func (z *sizer) size() (Size, bool) {
	if !z.seen {
		return Size{}, false
	}
	least := Size{}.OrDefault()
	return Size{max(z.cols, least.Cols), max(z.rows, least.Rows)}, true
}
