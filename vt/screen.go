package vt

import (
	"unicode/utf8"
	"unsafe"
)

// Limits of a screen. A recording may ask for any size; what it gets is held
// to these, so that no size can exhaust memory.
const (
	MinCols  = 2 // a wide character has to fit
	MinRows  = 1
	MaxCols  = 4096
	MaxRows  = 4096
	MaxCells = 1 << 19 // cols times rows; the rows give way
)

// MaxScrollback is the largest limit that [Scrollback] takes.
const MaxScrollback = 1 << 20

// ClampSize is the size that a screen takes when cols by rows is asked for.
func ClampSize(cols, rows int) (int, int) {
	cols = max(MinCols, min(cols, MaxCols))
	rows = max(MinRows, min(rows, MaxRows, MaxCells/cols))
	return cols, rows
}

// A Screen is the state of a terminal: feed it what a program wrote with
// [Screen.Write] and look at what would be on the display.
//
// A Screen is not safe for concurrent use. It starts no goroutine, never
// blocks and never replies to queries.
type Screen struct {
	state
	p parser

	// buf is the buffer on display: &main, or &alt while onAlt.
	buf       *buffer
	main, alt buffer // alt.lines is nil until first used

	sb   scrollback
	tab  tables
	opts options

	// dirtyTop and dirtyBottom bound the rows that show another line, or have
	// moved, since the last Dirty; top > bottom is none.
	dirtyTop, dirtyBottom int

	// slow is set while printing cannot take the short way: insert mode, a
	// character set, a single shift, left and right margins, or a prepending
	// character that what follows may join.
	slow bool

	rot  []*line // scratch of rotate
	buf8 []byte  // scratch of Snapshot and of cluster building
}

// state is what a snapshot takes over with a plain copy: no pointer in it
// leads to anything that changes.
type state struct {
	cols, rows int

	x, y int  // the cursor, from 0
	pend bool // a character was written in the last column; the next one wraps

	penLo, penHi uint64 // what print stores, less the rune
	ulColor      Color  // colour of underlines in the pen
	link         uint32 // hyperlink of the pen: number in tables.links, 0 none

	onAlt       bool
	modes       modeSet
	savedModes  modeSet // XTSAVE: the values
	savedMask   modeSet // and which were saved
	mouse       uint16  // 0, 9, 1000, 1002 or 1003
	mouseFormat uint16  // 0, 1005, 1006, 1015 or 1016
	otherKeys   uint8   // modifyOtherKeys

	left, right int // DECSLRMM margins, both inclusive; whole width without

	g        [4]charset
	gl       uint8
	single   uint8 // G set of the next character only: 2, 3, or 0 for none
	rectSpan bool  // DECSACE 2: rectangles are rectangles, not spans
	shape    uint8 // DECSCUSR
	title    string
	icon     string
	titles   []string // stacks; replaced, never changed in place
	icons    []string
	cwd      string
	palette  *palette // nil when untouched; replaced, never changed
	scrolled uint64   // lines that left the primary screen at its top
	joinable bool     // nothing but text came since the last character
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
	x, y        int       // of the primary: the cursor when it was left, for Resize
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
	hooks        Hooks
}

// An Option is given to [New].
type Option func(*options)

// Scrollback keeps up to n lines that scroll off the top of the primary
// screen, at most [MaxScrollback]. Without it none are kept.
func Scrollback(n int) Option {
	return func(o *options) { o.scrollback = max(0, min(n, MaxScrollback)) }
}

// NoReflow makes Resize cut or pad lines, as xterm does, rather than wrap them
// anew.
func NoReflow() Option { return func(o *options) { o.noReflow = true } }

// NoSizeChange makes the screen deaf to CSI 8 t, by which a program asks the
// terminal to take another size. The hook is called all the same.
func NoSizeChange() Option { return func(o *options) { o.noSizeChange = true } }

// Graphemes makes the screen start, and reset to, grapheme mode (DEC mode
// 2027), in which a whole grapheme cluster takes one cell or two.
func Graphemes() Option { return func(o *options) { o.graphemes = true } }

// WithHooks sets the functions that the screen calls while it reads.
func WithHooks(h Hooks) Option { return func(o *options) { o.hooks = h } }

// New makes a blank screen. The size is held to the limits of [ClampSize].
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
	// One block for all cells: they live and die together, until rows change
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
// Sequences may be cut anywhere between writes; the screen is the same as if
// all had been written at once. b is not kept.
func (s *Screen) Write(b []byte) (int, error) {
	s.feed(b)
	return len(b), nil
}

// WriteString is Write for a string; nothing is copied.
func (s *Screen) WriteString(str string) (int, error) {
	// feed neither changes nor keeps what it reads.
	s.feed(unsafe.Slice(unsafe.StringData(str), len(str)))
	return len(str), nil
}

// Size is the size in columns and rows.
func (s *Screen) Size() (cols, rows int) { return s.cols, s.rows }

// A Cursor is where the next character goes, and how the cursor looks.
type Cursor struct {
	X, Y int // from 0, always on the screen

	// Pending tells that the last column was just written: the next character
	// wraps first.
	Pending bool

	Visible bool
	Shape   int // as DECSCUSR numbers it, 0 to 6
}

// Cursor gives the cursor.
func (s *Screen) Cursor() Cursor {
	return Cursor{
		X: s.x, Y: s.y, Pending: s.pend,
		Visible: s.modes.has(modeCursor), Shape: int(s.shape),
	}
}

// Pen gives a cell with the style that the next character will have.
func (s *Screen) Pen() Cell { return Cell{lo: s.penLo, hi: s.penHi} }

// Margins gives the rows and columns, all inclusive, that scrolling is bound to.
func (s *Screen) Margins() (top, bottom, left, right int) {
	return s.buf.top, s.buf.bottom, s.left, s.right
}

// Title is the window title (OSC 0 and 2).
func (s *Screen) Title() string { return s.title }

// IconName is the icon name (OSC 0 and 1).
func (s *Screen) IconName() string { return s.icon }

// Cwd is the working directory as OSC 7 gave it, usually a file: URL.
func (s *Screen) Cwd() string { return s.cwd }

// OnAlternate reports whether the alternate screen is shown.
func (s *Screen) OnAlternate() bool { return s.onAlt }

// Scrolled is the number of lines that have left the primary screen at its
// top so far. Together with a row it names a line of the session for good, as
// long as the width does not change.
func (s *Screen) Scrolled() uint64 { return s.scrolled }

// Cell gives the cell at column x of row y, the zero Cell outside the screen.
func (s *Screen) Cell(x, y int) Cell {
	if uint(y) >= uint(s.rows) || uint(x) >= uint(s.cols) {
		return Cell{}
	}
	return s.buf.lines[y].cells[x]
}

// TabStop reports whether column x is a tab stop.
func (s *Screen) TabStop(x int) bool { return s.buf.tabs.has(x) }

// Reset is RIS: everything but the size, the titles, the palette, the options
// and the parser's place goes back to how it was at the start.
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
// at the last call of Dirty, or of any row at the first. It does not allocate.
// The cursor is not counted: a moved cursor makes no row dirty.
func (s *Screen) Dirty(yield func(y int) bool) {
	top, bottom := s.dirtyTop, s.dirtyBottom
	s.dirtyTop, s.dirtyBottom = s.rows, -1
	for y, l := range s.buf.lines {
		if l.touched&touchedLook == 0 && (y < top || y > bottom) {
			continue
		}
		l.touched &^= touchedLook
		if !yield(y) {
			if y < bottom { // what was not seen stays dirty
				s.dirty(max(top, y+1), bottom)
			}
			return
		}
	}
}

// bce is the high word of an erased cell: only the background of the pen.
func (s *Screen) bce() uint64 { return s.penHi & bgBits }

func (s *Screen) blank() Cell { return Cell{hi: s.penHi & bgBits} }

// halfBlank is what is left of a wide character when its other half is
// written over: an empty cell that has the looks of the pen, as in xterm.js.
func (s *Screen) halfBlank() Cell {
	return Cell{lo: s.penLo &^ (extraBits | uint64(Protected)<<attrShift), hi: s.penHi}
}

func appendRune(b []byte, r rune) []byte { return utf8.AppendRune(b, r) }
