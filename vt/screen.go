package vt

import (
	"unicode/utf8"
	"unsafe"
)

// Limits of a screen. A recording may ask for any size; a screen stays within
// these limits, so that no size can exhaust memory.
const (
	MinCols  = 2 // room for a wide character
	MinRows  = 1
	MaxCols  = 4096
	MaxRows  = 4096
	MaxCells = 1 << 19 // cols times rows; the rows give way
)

// MaxScrollback is the largest number of lines that [Scrollback] accepts.
const MaxScrollback = 1 << 20

// ClampSize returns the size of a screen for which cols by rows is requested.
func ClampSize(cols, rows int) (int, int) {
	cols = max(MinCols, min(cols, MaxCols))
	rows = max(MinRows, min(rows, MaxRows, MaxCells/cols))
	return cols, rows
}

// A Screen is the state of a terminal: feed it the output of a program with
// [Screen.Write] and read what would be on the display.
//
// A Screen must not be used by several goroutines at once. It starts no
// goroutine, never blocks and never replies to queries.
type Screen struct {
	state
	p parser

	// buf is the buffer on display: &main, or &alt while onAlt.
	buf       *buffer
	main, alt buffer // alt.lines is nil until its first use

	sb   scrollback
	tab  tables
	opts options

	// dirtyTop and dirtyBottom bound the rows that show another line, or
	// have moved, since the last Dirty; top > bottom means none.
	dirtyTop, dirtyBottom int

	// slow is set while printing needs the slow path: in insert mode, with
	// a character set, a single shift, left and right margins, or a
	// prepending character that the next one may join.
	slow bool

	rot  []*line // buffer of rotate
	buf8 []byte  // buffer of Snapshot and of building clusters
}

// state is the part that a snapshot copies: no pointer in it leads to anything
// that changes.
type state struct {
	cols, rows int

	x, y int  // the cursor, from 0
	pend bool // a character was written in the last column; the next one wraps

	penLo, penHi uint64 // the cell that print stores, without the rune
	ulColor      Color  // colour of underlines
	link         uint32 // hyperlink: index in tables.links, 0 for none

	onAlt       bool
	modes       modeSet
	savedModes  modeSet // XTSAVE; the defaults until then
	mouse       uint16  // 0, 9, 1000, 1002 or 1003
	mouseFormat uint16  // 0, 1005, 1006, 1015 or 1016
	otherKeys   uint8   // modifyOtherKeys

	left, right int // DECSLRM margins, both inclusive; the whole width if unset

	g        [4]charset
	gl       uint8
	single   uint8 // G set of the next character only: 2, 3, or 0 for none
	rectSpan bool  // DECSACE 2: rectangles are rectangles, not spans
	shape    uint8 // DECSCUSR
	title    string
	icon     string
	titles   []string // stacks; replaced, never changed
	icons    []string
	cwd      string
	palette  *palette // nil if unchanged; replaced, never changed
	scrolled uint64   // lines that left the primary screen at its top
	joinable bool     // only text came since the last character
	cluster  clusterState
}

// buffer is the primary or the alternate screen.
type buffer struct {
	lines []*line
	bufState
}

type bufState struct {
	top, bottom int // DECSTBM margins, both inclusive
	saved       savedCursor
	x, y        int       // the cursor of the primary when it was left, for Resize
	tabs        *tabStops // replaced, never changed
}

type savedCursor struct {
	x, y         int
	penLo, penHi uint64 // without the hyperlink
	ulColor      Color
	g            [4]charset
	gl           uint8
}

type options struct {
	scrollback   int
	noReflow     bool
	noSizeChange bool
	graphemes    bool
	step         uint64 // of Numbered; 0 for cells with colours
	hooks        Hooks
}

// An Option is an option of [New].
type Option func(*options)

// Scrollback keeps up to n lines that scroll off the top of the primary screen,
// at most [MaxScrollback]. By default none are kept.
func Scrollback(n int) Option {
	return func(o *options) { o.scrollback = max(0, min(n, MaxScrollback)) }
}

// NoReflow makes Resize cut or pad lines, as xterm does, instead of wrapping
// them again.
func NoReflow() Option { return func(o *options) { o.noReflow = true } }

// NoSizeChange makes the screen ignore CSI 8 t, with which a program asks the
// terminal for another size. The hook is called nevertheless.
func NoSizeChange() Option { return func(o *options) { o.noSizeChange = true } }

// Graphemes turns grapheme mode (DEC mode 2027) on, at the start and after a
// reset. In this mode a whole grapheme cluster takes one cell or two.
func Graphemes() Option { return func(o *options) { o.graphemes = true } }

// Numbered makes cells store a number in place of their colours, to show which
// character of the output is in which cell, however it was moved there. SetNumber
// sets the number of the next character printed, and each character after it has
// step more, which must not be 0. A character that REP repeats has the number of the
// first; characters that no print put there, as by DECALN, have [NoNumber].
func Numbered(step uint64) Option { return func(o *options) { o.step = step } }

// NoNumber is the number of a cell whose character was not printed.
const NoNumber = 1<<64 - 1

// SetNumber sets the number of the next character; see [Numbered].
func (s *Screen) SetNumber(n uint64) { s.penHi = n }

// WithHooks sets the functions that the screen calls during Write.
func WithHooks(h Hooks) Option { return func(o *options) { o.hooks = h } }

// New returns a blank screen. The size is limited by [ClampSize].
func New(cols, rows int, opts ...Option) *Screen {
	s := &Screen{}
	for _, o := range opts {
		o(&s.opts)
	}
	s.cols, s.rows = ClampSize(cols, rows)
	s.p.reset()
	s.sb.limit = s.opts.scrollback
	s.tab.init()
	s.main.lines = s.newLines()
	s.reset()
	s.dirtyAll()
	return s
}

func (s *Screen) newLines() []*line {
	// One block for all cells: they are freed together. Rows may change
	// places with the scrollback, which does no harm.
	cells := make([]Cell, s.cols*s.rows)
	ls := make([]line, s.rows)
	lines := make([]*line, s.rows)
	for y := range lines {
		ls[y].cells = cells[y*s.cols : (y+1)*s.cols : (y+1)*s.cols]
		ls[y].touched = touchedAll
		lines[y] = &ls[y]
	}
	return lines
}

// Write feeds b to the screen. It always takes all of b and never fails.
// Sequences may be split anywhere between writes; the screen is the same as
// after one write. b is not kept.
func (s *Screen) Write(b []byte) (int, error) {
	s.feed(b)
	return len(b), nil
}

// WriteString is Write for a string; it copies nothing.
func (s *Screen) WriteString(str string) (int, error) {
	// feed neither changes nor keeps its input.
	s.feed(unsafe.Slice(unsafe.StringData(str), len(str)))
	return len(str), nil
}

// Size returns the number of columns and rows.
func (s *Screen) Size() (cols, rows int) { return s.cols, s.rows }

// A Cursor is the position of the next character, and the look of the cursor.
type Cursor struct {
	X, Y int // from 0, always on the screen

	// Pending reports that the last column was just written: the next
	// character wraps first.
	Pending bool

	Visible bool // DECTCEM
	Shape   int  // the number in DECSCUSR, 0 to 6
}

// Cursor returns the cursor.
func (s *Screen) Cursor() Cursor {
	return Cursor{
		X: s.x, Y: s.y, Pending: s.pend,
		Visible: s.modes.has(modeCursor), Shape: int(s.shape),
	}
}

// Pen returns a cell with the style of the next character.
func (s *Screen) Pen() Cell { return Cell{lo: s.penLo, hi: s.penHi} }

// Margins returns the bounds of the scrolling region: rows and columns from 0,
// all inclusive.
func (s *Screen) Margins() (top, bottom, left, right int) {
	return s.buf.top, s.buf.bottom, s.left, s.right
}

// Title returns the window title (OSC 0 and 2).
func (s *Screen) Title() string { return s.title }

// IconName returns the icon name (OSC 0 and 1).
func (s *Screen) IconName() string { return s.icon }

// Cwd returns the working directory that OSC 7 set, usually a file: URL.
func (s *Screen) Cwd() string { return s.cwd }

// OnAlternate reports whether the alternate screen is shown.
func (s *Screen) OnAlternate() bool { return s.onAlt }

// Scrolled returns the number of lines that have left the primary screen at its
// top. Scrolled plus a row identifies a line of the session permanently, while
// the width does not change.
func (s *Screen) Scrolled() uint64 { return s.scrolled }

// PrintsPlain reports whether printable ASCII is put into the cells as it is, one
// after the other: not in insert mode, with a character set, a single shift, or left
// and right margins.
func (s *Screen) PrintsPlain() bool { return !s.slow }

// PrintsASCII reports whether the characters of printable ASCII are printed as
// themselves: not with another character set, or after a single shift.
func (s *Screen) PrintsASCII() bool { return s.g[s.gl] == csASCII && s.single == 0 }

// Cell returns the cell at column x of row y; the zero Cell outside the screen.
func (s *Screen) Cell(x, y int) Cell {
	if uint(y) >= uint(s.rows) || uint(x) >= uint(s.cols) {
		return Cell{}
	}
	return s.buf.lines[y].cells[x]
}

// TabStop reports whether column x is a tab stop.
func (s *Screen) TabStop(x int) bool { return s.buf.tabs.has(x) }

// reset is RIS: everything except the size, the titles, the palette, the
// options and the parser's state returns to its initial value.
func (s *Screen) reset() {
	keep := state{
		cols: s.cols, rows: s.rows,
		title: s.title, icon: s.icon, titles: s.titles, icons: s.icons,
		cwd: s.cwd, palette: s.palette, scrolled: s.scrolled,
	}
	s.state = keep
	s.modes = modeDefaults
	if s.opts.graphemes {
		s.modes |= modeGraphemes
	}
	s.savedModes = s.modes
	s.right = s.cols - 1
	s.alt = buffer{}
	s.buf = &s.main
	for _, l := range s.main.lines {
		l.wipe(0, false)
	}
	s.main.bufState = s.freshBuffer()
	s.alt.bufState = s.freshBuffer()
	s.sb.clear()
	s.dirtyAll()
	s.setSlow()
}

func (s *Screen) freshBuffer() bufState {
	return bufState{bottom: s.rows - 1, tabs: defaultTabs(s.cols)}
}

func (s *Screen) dirtyAll() { s.dirty(0, s.rows-1) }

// dirty marks the rows top to bottom as showing another line.
func (s *Screen) dirty(top, bottom int) {
	s.dirtyTop = min(s.dirtyTop, top)
	s.dirtyBottom = max(s.dirtyBottom, bottom)
}

// Dirty calls yield, from the top, with each row that may look different than
// at the last call of Dirty; at the first call, with every row. It does not
// allocate. A moved cursor makes no row dirty.
func (s *Screen) Dirty(yield func(y int) bool) {
	top, bottom := s.dirtyTop, s.dirtyBottom
	s.dirtyTop, s.dirtyBottom = s.rows, -1
	for y, l := range s.buf.lines {
		if l.touched&touchedLook == 0 && (y < top || y > bottom) {
			continue
		}
		l.touched &^= touchedLook
		if !yield(y) {
			if y < bottom { // the rows not seen stay dirty
				s.dirty(max(top, y+1), bottom)
			}
			return
		}
	}
}

// bce returns the high word of an erased cell: only the background of the pen.
func (s *Screen) bce() uint64 {
	if s.opts.step > 0 {
		return 0
	}
	return s.penHi & bgBits
}

func (s *Screen) blank() Cell { return Cell{hi: s.bce()} }

// fillHi returns the high word of a cell that is filled with a character.
func (s *Screen) fillHi() uint64 {
	if s.opts.step > 0 {
		return NoNumber
	}
	return s.penHi
}

// halfBlank returns the remains of a wide character whose other half is
// overwritten: an empty cell with the style of the pen, as in xterm.js.
func (s *Screen) halfBlank() Cell {
	return Cell{lo: s.penLo &^ (extraBits | uint64(Protected)<<attrShift), hi: s.penHi}
}

func appendRune(b []byte, r rune) []byte { return utf8.AppendRune(b, r) }
