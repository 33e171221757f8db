package vt

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A behaviour is one feature of the screen. The inputs also seed the fuzzers.
type behaviour struct {
	name       string
	cols, rows int
	in         string
	want       string // rows joined with |, without trailing spaces and rows
	x, y       int    // the cursor
}

var behaviours = []behaviour{
	{"text and line ends", 10, 3, "ab\r\ncd\nef", "ab|cd|  ef", 4, 2},
	{"LNM", 10, 3, "\x1b[20hab\ncd", "ab|cd", 2, 1},
	{"wrap", 5, 3, "abcdefg", "abcde|fg", 2, 1},
	{"wrap is pending", 5, 3, "abcde\rX", "Xbcde", 1, 0},
	{"no wrap without DECAWM", 5, 3, "\x1b[?7labcdefg", "abcdg", 4, 0},
	{"a wide character does not fit", 5, 3, "abcd日", "abcd|日", 2, 1},
	{"nor without DECAWM", 5, 3, "\x1b[?7labcd日x", "abcdx", 4, 0},
	{"wide halves are cut", 10, 1, "日本\x1b[2Gx", " x本", 2, 0},
	{"a wide one over halves", 10, 1, "日本語\x1b[2G한", " 한 語", 3, 0},
	{"mark on the character before", 10, 1, "e\u0301x", "e\u0301x", 2, 0},
	{"mark after an SGR", 10, 1, "e\x1b[1m\u0301x", "e\u0301x", 2, 0},
	{"mark with the wrap pending", 3, 2, "abc\u0301d", "abc\u0301|d", 1, 1},
	{"mark at the start of a line", 10, 1, "\u0301x", "x", 1, 0},
	{"mark on nothing", 10, 1, "\x1b[2G\u0301x", " \u0301x", 2, 0},
	{"variation selector keeps the width", 10, 1, "❤\ufe0fx", "❤\ufe0fx", 2, 0},
	{"ZWJ emoji are two cells", 10, 1, "👩\u200d💻x", "👩\u200d💻x", 5, 0},
	{"one with mode 2027", 10, 1, "\x1b[?2027h👩\u200d💻x", "👩\u200d💻x", 3, 0},
	{"flag with 2027", 10, 1, "\x1b[?2027h🇯🇵🇫🇷x", "🇯🇵🇫🇷x", 5, 0},
	{"emoji presentation with 2027", 10, 1, "\x1b[?2027h❤\ufe0fx", "❤\ufe0fx", 3, 0},
	{"a cluster that grows over the edge moves", 4, 2, "\x1b[?2027habc❤\ufe0fx", "abc|❤\ufe0fx", 3, 1},
	{"skin tone with 2027", 10, 1, "\x1b[?2027h👍🏽x", "👍🏽x", 3, 0},
	{"Hangul jamo", 10, 1, "\u1100\u1161\u11a8x", "\u1100\u1161\u11a8x", 3, 0},
	{"Indic conjunct with 2027", 10, 1, "\x1b[?2027hक्षx", "क्षx", 2, 0},
	{"no replies, no marks from queries", 10, 1, "\x1b[c\x1b[6n\x1b]11;?\x07x", "x", 1, 0},
	{"broken UTF-8", 10, 1, "a\xffb\xe2\x82c\xf0\x9f\x98d\xc0\xafe", "a\ufffdb\ufffdc\ufffdd\ufffd\ufffde", 10 - 1, 0},
	{"byte order mark", 10, 1, "\ufeffx", "x", 1, 0},
	{"C1 in UTF-8", 10, 3, "a\u0085b\u009b2Cc\u008dd", "a   d|b  c", 5, 0},
	{"CAN and SUB end a sequence", 10, 1, "\x1b[3\x18a\x1b[3\x1ab", "ab", 2, 0},
	{"controls inside a sequence", 10, 2, "ab\x1b[\r1Cx", "ax", 2, 0},
	{"ESC starts over", 10, 1, "\x1b[3\x1b[2Cx", "  x", 3, 0},
	{"private SGR is no SGR", 10, 1, "\x1b[>4;2mx\x1b[?4mx", "xx", 2, 0},

	{"CUP", 10, 5, "\x1b[3;4Hx", "||   x", 4, 2},
	{"CUP is held to the screen", 10, 5, "\x1b[99;99Hx", "||||         x", 9, 4},
	{"HVP, CHA, VPA", 10, 5, "\x1b[2;2fa\x1b[5Gb\x1b[4dc", "| a  b||     c", 6, 3},
	{"CUU stops at the margin", 10, 6, "\x1b[3;5r\x1b[4;1H\x1b[9Ax", "||x", 1, 2},
	{"CUU from above goes on", 10, 6, "\x1b[3;5r\x1b[2;1H\x1b[9Ax", "x", 1, 0},
	{"CUD stops at the margin", 10, 6, "\x1b[3;5r\x1b[4;1H\x1b[9Bx", "||||x", 1, 4},
	{"VPR does not", 10, 6, "\x1b[3;5r\x1b[4;1H\x1b[9ex", "|||||x", 1, 5},
	{"origin mode", 10, 6, "\x1b[3;5r\x1b[?6h\x1b[2;3Hx\x1b[9;1Hy", "|||  x|y", 1, 4},
	{"relative moves in origin mode", 10, 6, "\x1b[3;5r\x1b[?6h\x1b[2;3H\x1b[Ax\x1b[2Gy", "|| yx", 2, 2},
	{"DECSTBM of one line is refused", 10, 4, "\x1b[2;2rx", "x", 1, 0},
	{"LF scrolls the region", 10, 5, "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[4;1H\nx", "1|3|4|x|5", 1, 3},
	{"RI scrolls it down", 10, 5, "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[2;1H\x1bMx", "1|x|2|3|5", 1, 1},
	{"LF below the region", 10, 5, "\x1b[1;3r\x1b[5;1Hx\ny", "||||xy", 2, 4},
	{"IND and NEL", 10, 3, "a\x1bDb\x1bEc", "a| b|c", 1, 2},
	{"SU and SD", 10, 4, "1\r\n2\r\n3\r\n4\x1b[2S\x1b[T", "|3|4", 1, 3},
	{"IL", 10, 4, "1\r\n2\r\n3\r\n4\x1b[2;2H\x1b[2Lx", "1|x||2", 1, 1},
	{"DL", 10, 4, "1\r\n2\r\n3\r\n4\x1b[2;2H\x1b[2Mx", "1|x", 1, 1},
	{"IL outside the region", 10, 4, "1\r\n2\r\n3\x1b[2;3r\x1b[1;1H\x1b[L", "1|2|3", 0, 0},
	{"ICH", 10, 1, "abcdef\x1b[2G\x1b[2@x", "ax bcdef", 2, 0},
	{"DCH", 10, 1, "abcdef\x1b[2G\x1b[2Px", "axef", 2, 0},
	{"DCH cuts a wide one", 10, 1, "a日b\x1b[3G\x1b[P", "a b", 2, 0},
	{"ICH cuts a wide one", 10, 1, "a日b\x1b[3G\x1b[@", "a   b", 2, 0},
	{"ICH pushes half a wide one out", 4, 1, "ab日\x1b[1G\x1b[@", " ab", 0, 0},
	{"ECH", 10, 1, "abcdef\x1b[2G\x1b[2X", "a  def", 1, 0},
	{"ECH cuts wide ones", 10, 1, "日本語\x1b[2G\x1b[2X", "    語", 1, 0},
	{"insert mode", 10, 1, "abc\x1b[1G\x1b[4hXY\x1b[4lZ", "XYZbc", 3, 0},
	{"insert mode, wide", 6, 1, "abcd日\x1b[1G\x1b[4h한", "한abcd", 2, 0},
	{"REP", 10, 1, "a\x1b[3b", "aaaa", 4, 0},
	{"REP of a wide one", 10, 1, "日\x1b[2b", "日日日", 6, 0},
	{"REP of a cluster", 10, 1, "e\u0301\x1b[2b", "e\u0301e\u0301e\u0301", 3, 0},
	{"REP needs a character", 10, 1, "a\r\x1b[3b", "a", 0, 0},
	{"EL", 10, 3, "abcde\x1b[3G\x1b[K\r\nabcde\x1b[3G\x1b[1K\r\nabcde\x1b[2K", "ab|   de", 5, 2},
	{"EL with the wrap pending", 5, 1, "abcde\x1b[K", "abcde", 4, 0},
	{"ED 0", 5, 3, "abc\r\nabc\r\nabc\x1b[2;2H\x1b[J", "abc|a", 1, 1},
	{"ED 1", 5, 3, "abc\r\nabc\r\nabc\x1b[2;2H\x1b[1J", "|  c|abc", 1, 1},
	{"ED 2 leaves the cursor", 5, 3, "abc\r\nabc\x1b[2J", "", 3, 1},
	{"DECSCA and DECSEL", 10, 1, "\x1b[1\"qab\x1b[0\"qcd\x1b[?2K", "ab", 4, 0},
	{"DECSED", 10, 2, "\x1b[1\"qa日\x1b[2\"qb\r\nc\x1b[?2J", "a日", 1, 1},
	{"EL takes protected cells", 10, 1, "\x1b[1\"qab\x1b[2K", "", 2, 0},
	{"DECALN", 3, 2, "x\x1b#8", "EEE|EEE", 0, 0},

	{"tabs", 20, 1, "a\tb\tc\td", "a       b       c  d", 19, 0},
	{"HTS and TBC", 20, 1, "\x1b[3g\x1b[5G\x1bH\x1b[9G\x1bH\ra\tb\x1b[g\r\tc\td", "a   c   d", 9, 0},
	{"CHT and CBT", 40, 1, "\x1b[2Ia\x1b[Zb\x1b[2Zc", "        c       b", 9, 0},

	{"DECSC keeps place and pen", 10, 3, "\x1b[2;3H\x1b7\x1b[Hx\x1b8y", "x|  y", 3, 1},
	{"SCO save", 10, 3, "\x1b[2;3H\x1b[s\x1b[Hx\x1b[uy", "x|  y", 3, 1},
	{"DECRC of nothing goes home", 10, 3, "ab\x1b8c", "cb", 1, 0},
	{"DECSTR", 10, 4, "\x1b[2;3r\x1b[?6h\x1b[4h\x1b[!p\x1b[1;1Habc\x1b[1Gx", "xbc", 1, 0},
	{"RIS", 10, 4, "abc\x1b[2;3r\x1b[?6h\x1bcx", "x", 1, 0},

	{"graphics set", 10, 1, "\x1b(0lqk\x1b(Blqk", "┌─┐lqk", 6, 0},
	{"G1 by SO", 10, 1, "\x1b)0q\x0eq\x0fq", "q─q", 3, 0},
	{"G2 and G3 by LS2, LS3", 10, 1, "\x1b*0\x1b+A\x1bnq#\x1boq#\x0fq#", "─#q£q#", 6, 0},
	{"SS2 and SS3", 10, 1, "\x1b*0\x1b+A\x1bNqq\x1bO##\u008eq", "─q£#─", 5, 0},
	{"UK and German", 10, 1, "\x1b(A#\x1b(K[", "£Ä", 2, 0},
	{"unknown set is ASCII", 10, 1, "\x1b(0\x1b(?q", "q", 1, 0},

	{"alternate screen", 10, 2, "main\x1b[?1049halt\x1b[?1049l!", "main!", 5, 0},
	{"1047 keeps the cursor", 10, 2, "main\x1b[?1047halt\x1b[?1047l!", "main   !", 8, 0},
	{"47 comes up blank", 10, 2, "main\x1b[?47halt\x1b[?47l\x1b[?47h", "", 7, 0},
	{"1048", 10, 2, "ab\x1b[?1048h\r\nc\x1b[?1048ld", "abd|c", 3, 0},

	{"left and right margins", 10, 3, "\x1b[?69h\x1b[3;6s\x1b[1;3Habcdefg", "  abcd|  efg", 5, 1},
	{"LF scrolls between margins", 10, 3, "0123456789\r\n0123456789\r\n0123456789\x1b[?69h\x1b[3;5s\x1b[3;3H\n", "0123456789|0123456789|01   56789", 2, 2},
	{"RI there", 8, 3, "abcdefgh\r\nabcdefgh\r\nabcdefgh\x1b[?69h\x1b[3;5s\x1b[1;3H\x1bM", "ab   fgh|abcdefgh|abcdefgh", 2, 0},
	{"ICH and DCH there", 10, 2, "0123456789\x1b[?69h\x1b[3;6s\x1b[1;4H\x1b[@\x1b[2;1H", "012 346789", 0, 1},
	{"DECIC and DECDC", 10, 2, "abcdef\r\nabcdef\x1b[1;3H\x1b[2'}\x1b[6G\x1b['~", "ab  cef|ab  cef", 5, 0},
	{"SL and SR", 10, 2, "abc\r\nabc\x1b[1;1H\x1b[2 A\x1b[ @", " abc| abc", 0, 0},
	{"DECBI and DECFI", 6, 1, "abcdef\x1b9\x1b[1G\x1b6", " bcdef", 0, 0},
	{"CSI s is DECSLRM then", 10, 2, "ab\x1b[?69h\x1b[s\x1b[?69l\x1b[ux", "xb", 1, 0},

	{"reverse wrap", 5, 2, "\x1b[?45habcdefg\x08\x08\x08\x08x", "abcxe|fg", 4, 0},
	{"reverse wrap not over a line end", 5, 2, "\x1b[?45habc\r\n\x08x", "abc|x", 1, 1},
	{"BS ends a pending wrap", 5, 2, "abcde\x08x", "abcxe", 4, 0},

	{"DECFRA, DECERA, DECCRA", 10, 3, "\x1b[88;1;1;2;4$x\x1b[1;2;1;3$z\x1b[1;1;2;2;1;2;6$v", "X  X|XXXX X|     XX", 0, 0},
	{"XTSAVE and XTRESTORE", 5, 2, "\x1b[?7s\x1b[?7l\x1b[?7rabcdefg", "abcde|fg", 2, 1},
	{"CSI 8 t", 10, 3, "\x1b[8;2;5tabcdefg", "abcde|fg", 2, 1},
	{"a title of screen and tmux", 10, 1, "a\x1bkroot@web:~\x1b\\b", "ab", 2, 0},
	{"a title that is cancelled", 10, 1, "\x1bkti\x18a\x1bktle\x1ab", "ab", 2, 0},
	{"a title that a sequence cuts off", 10, 1, "\x1bktitle\x1b[3Ca", "   a", 4, 0},
	{"strings are swallowed", 10, 1, "a\x1bP1$r0m\x1b\\b\x1b_Gx\x1b\\c\x1b^x\x1b\\d\x1bXx\x1b\\e", "abcde", 5, 0},
	{"OSC with text after", 10, 1, "\x1b]0;t\x07a\x1b]2;t\x1b\\b\x1b]52;c;aGk=\x07c", "abc", 3, 0},
	{"DEL does nothing", 10, 1, "a\x7fb", "ab", 2, 0},
}

func TestBehaviour(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			s := New(b.cols, b.rows)
			s.WriteString(b.in)
			check(t, s)
			if got := strings.ReplaceAll(s.Text(), "\n", "|"); got != b.want {
				t.Errorf("%q shows %q; want %q", b.in, got, b.want)
			}
			if c := s.Cursor(); c.X != b.x || c.Y != b.y {
				t.Errorf("cursor = %d,%d; want %d,%d", c.X, c.Y, b.x, b.y)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	for _, c := range []struct {
		in     string
		fg, bg Color
		attr   Attr
		ul     Color
	}{
		{"", 0, 0, 0, 0},
		{"\x1b[1;2;3;5;7;8;9;53m", 0, 0, Bold | Faint | Italic | Blink | Inverse | Conceal | Strike | Overline, 0},
		{"\x1b[1;2;3;5;7;8;9;53m\x1b[22;23;25;27;28;29;55m", 0, 0, 0, 0},
		{"\x1b[31;42m", PaletteColor(1), PaletteColor(2), 0, 0},
		{"\x1b[91;102m", PaletteColor(9), PaletteColor(10), 0, 0},
		{"\x1b[31;42m\x1b[39;49m", 0, 0, 0, 0},
		{"\x1b[38;5;200;48;5;17m", PaletteColor(200), PaletteColor(17), 0, 0},
		{"\x1b[38:5:200;48:5:17m", PaletteColor(200), PaletteColor(17), 0, 0},
		{"\x1b[38;2;1;2;3;48;2;4;5;6m", RGBColor(1, 2, 3), RGBColor(4, 5, 6), 0, 0},
		{"\x1b[38:2::1:2:3;48:2:4:5:6m", RGBColor(1, 2, 3), RGBColor(4, 5, 6), 0, 0},
		{"\x1b[38:2:9:1:2:3:0:0m", RGBColor(1, 2, 3), 0, 0, 0},
		{"\x1b[38;5m", PaletteColor(0), 0, 0, 0},
		{"\x1b[4m", 0, 0, Attr(0).withUnderline(SingleUnderline), 0},
		{"\x1b[21m", 0, 0, Attr(0).withUnderline(DoubleUnderline), 0},
		{"\x1b[4:3m", 0, 0, Attr(0).withUnderline(CurlyUnderline), 0},
		{"\x1b[4:4;58:5:7m", 0, 0, Attr(0).withUnderline(DottedUnderline), PaletteColor(7)},
		{"\x1b[4:5;58;2;1;2;3m", 0, 0, Attr(0).withUnderline(DashedUnderline), RGBColor(1, 2, 3)},
		{"\x1b[4:3;58:5:7m\x1b[4:0;59m", 0, 0, 0, 0},
		{"\x1b[1;31m\x1b[m", 0, 0, 0, 0},
		{"\x1b[1;31m\x1b[;32m", PaletteColor(2), 0, 0, 0},
		{"\x1b[1m\x1b[>4;2m\x1b[?4m", 0, 0, Bold, 0},
		{"\x1b[31m\x1b[38;9;1mx", PaletteColor(1), 0, Bold, 0},
		{"\x1b[31;1m\x1b7\x1b[m\x1b8", PaletteColor(1), 0, Bold, 0},
	} {
		s := New(10, 2)
		s.WriteString(c.in + "x")
		x := s.Cursor().X - 1
		cell := s.Cell(x, 0)
		if cell.Fg() != c.fg || cell.Bg() != c.bg || cell.Attr() != c.attr || s.CellUnderlineColor(cell) != c.ul {
			t.Errorf("%q: fg %x bg %x attr %b underline %x; want %x %x %b %x", c.in,
				cell.Fg(), cell.Bg(), cell.Attr(), s.CellUnderlineColor(cell), c.fg, c.bg, c.attr, c.ul)
		}
	}
}

// Erased cells take the background of the pen, and no other style.
func TestBackground(t *testing.T) {
	blue := Cell{hi: uint64(PaletteColor(4)) << 32}
	for _, in := range []string{
		"\x1b[K", "\x1b[2K", "\x1b[J", "\x1b[2J", "\x1b[5X", "\x1b[5@", "\x1b[L", "\x1b[M\x1b[9L", "\x1bM",
		"\x1b[99S", "\x1b[?1047h", "\x1b[1;1;3;10$z", "\x1b[3;1H\n\n\n\x1b[1;1H",
	} {
		s := New(10, 3)
		s.WriteString("0123456789\x1b[H\x1b[44;31;4m" + in)
		if got := s.Cell(2, 0); got != blue {
			t.Errorf("%q leaves %+v; want an empty cell with a blue background", in, got)
		}
	}
	s := New(10, 3)
	s.WriteString("\x1b[44;31;4m\x1b[T") // like xterm.js
	if got := s.Cell(2, 0); got != (Cell{}) {
		t.Errorf("SD inserts %+v; want the default", got)
	}
}

func TestHooks(t *testing.T) {
	var log []string
	s := New(10, 3, Scrollback(10), WithHooks(Hooks{
		Mark: func(m Mark) {
			log = append(log, fmt.Sprintf("mark %d %q at %d,%d line %d", m.Code, m.Data, m.X, m.Y, m.Line))
		},
		Title:     func(title string) { log = append(log, "title "+title) },
		Bell:      func() { log = append(log, "bell") },
		LineLeft:  func(r Row, why Leave) { log = append(log, fmt.Sprintf("left %q %v %d", r.Text(), r.Wrapped(), why)) },
		SizeAsked: func(cols, rows int) { log = append(log, fmt.Sprintf("size %dx%d", cols, rows)) },
		Sync:      func(on bool) { log = append(log, fmt.Sprintf("sync %v", on)) },
	}))
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"\x1b]133;A\x07$ \x1b]133;B\x1b\\", []string{`mark 133 "A" at 0,0 line 0`, `mark 133 "B" at 2,0 line 0`}},
		{"\x1b]633;E;a;b\x07", []string{`mark 633 "E;a;b" at 2,0 line 0`}},
		{"\x1b]3008;start=x\x07", []string{`mark 3008 "start=x" at 2,0 line 0`}},
		{"\x1b]1337;CurrentDir=/\x07", []string{`mark 1337 "CurrentDir=/" at 2,0 line 0`}},
		{"\x1b]7;file://h/tmp\x07", []string{`mark 7 "file://h/tmp" at 2,0 line 0`}},
		{"\x1b]777;notify;a;b\x07", []string{`mark 777 "notify;a;b" at 2,0 line 0`}},
		{"\x1b]52;c;aGk=\x07\x1b]133;X", nil}, // OSC 52 sets the clipboard and is not a mark; the second sequence is incomplete
		{"\x18", nil},                         // aborted
		{"\x1b]0;t\x07\x1b]2;t\x07\x07", []string{"title t", "bell"}},
		{"\x1b[22t\x1b]2;u\x07\x1b[23t", []string{"title u", "title t"}},
		{"\r0123456789abc\r\nd\r\ne", []string{`left "0123456789" true 0`}},
		{"\x1b]133;D;0\x07", []string{`mark 133 "D;0" at 1,2 line 3`}},
		{"\x1b[H\x1b[J", []string{`left "abc" false 3`, `left "d" false 3`, `left "e" false 3`}},
		{"1\r\n2\r\n3\x1b[2;1H\x1b[J", []string{`left "2" false 5`, `left "3" false 5`}},
		{"\x1b[3;1H\x1b[1J", []string{`left "1" false 4`, `left "" false 4`}},
		{"\x1b[Hx\x1b[H\x1b[M", []string{`left "x" false 2`}},
		{"\x1b[?2026h\x1b[?2026l", []string{"sync true", "sync false"}},
		{"\x1b[?1049halt\x1b[?1049l", []string{`left "alt" false 6`, `left "" false 6`, `left "" false 6`}},
		{"\x1b[8;4;12t", []string{"size 12x4"}},
	} {
		log = nil
		s.WriteString(c.in)
		if !slices.Equal(log, c.want) {
			t.Errorf("%q: got %q; want %q", c.in, log, c.want)
		}
	}
}

// TestTextOfSession joins the lines that left the screen and the lines still on
// it, as a transcript does.
func TestTextOfSession(t *testing.T) {
	for rows := 1; rows < 5; rows++ {
		var b strings.Builder
		add := func(r Row, _ Leave) {
			b.Write(r.AppendText(nil))
			if !r.Wrapped() {
				b.WriteByte('\n')
			}
		}
		s := New(10, rows, WithHooks(Hooks{LineLeft: add}))
		const text = "one line that wraps over many rows of it\nshort\n日本語の長い行も切れる\nlast"
		s.WriteString(strings.ReplaceAll(text, "\n", "\r\n"))
		for y := range rows {
			if r := s.Row(y); y <= s.Cursor().Y {
				add(r, LeftErased)
			}
		}
		if got := b.String(); got != text+"\n" {
			t.Errorf("%d rows: text = %q; want %q", rows, got, text)
		}
	}
}

func TestDirty(t *testing.T) {
	s := New(10, 4)
	look := func() []int { return slices.Collect(s.Dirty) }
	if got := look(); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("first call: dirty rows = %v; want all", got)
	}
	for _, c := range []struct {
		in   string
		want []int
	}{
		{"", nil},
		{"\x1b[2;1Hx", []int{1}},
		{"\x1b[4;4H", nil},
		{"\x1b[3;1H\x1b[K", []int{2}},
		{"\x1b[1;2r\x1b[2;1H\n", []int{0, 1}},
		{"\x1b[r\x1b[4;1H\n", []int{0, 1, 2, 3}},
		{"\x1b[?1049h", []int{0, 1, 2, 3}},
		{"a\x1b[3;1Hb", []int{2, 3}},
		{"\x1b]4;1;#fff\x07", []int{0, 1, 2, 3}},
	} {
		s.WriteString(c.in)
		if got := look(); !slices.Equal(got, c.want) {
			t.Errorf("%q: dirty rows = %v; want %v", c.in, got, c.want)
		}
	}
	s.WriteString("\x1b[2;1Hx\x1b[3;1Hy")
	for y := range s.Dirty {
		if y != 1 {
			t.Errorf("first dirty row = %d; want 1", y)
		}
		break
	}
	if got := look(); !slices.Equal(got, []int{2}) {
		t.Errorf("after an early break: dirty rows = %v; want the unread row", got)
	}
}

func TestRowText(t *testing.T) {
	s := New(12, 2)
	s.WriteString("a日e\u0301\x1b[7Gz")
	r := s.Row(0)
	if got, want := r.Text(), "a日e\u0301  z"; got != want {
		t.Errorf("text = %q; want %q", got, want)
	}
	cols := r.AppendColumns(nil)
	if want := []int{0, 1, 1, 1, 3, 3, 3, 4, 5, 6}; !slices.Equal(cols, want) {
		t.Errorf("columns = %v; want %v", cols, want)
	}
	n := 0
	for x, c := range r.Cells() {
		if c != s.Cell(x, 0) {
			t.Errorf("cell %d differs", x)
		}
		n++
	}
	if n != 12 || r.Len() != 12 || r.Content() != 7 {
		t.Errorf("%d cells, Len = %d, Content = %d; want 12, 12, 7", n, r.Len(), r.Content())
	}
	buf := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(10, func() {
		buf = r.AppendText(buf[:0])
		for range r.Cells() {
		}
	}); n != 0 {
		t.Errorf("%v allocations; want 0", n)
	}
}

func TestState(t *testing.T) {
	s := New(10, 3)
	s.WriteString("\x1b]2;win\x07\x1b]1;icon\x07\x1b]7;file:///x\x07\x1b]8;id=k;http://h/;p\x07L\x1b]8;;\x07" +
		"\x1b]4;1;rgb:ff/80/00;2;#0f0\x07\x1b]10;#111;#222;#333\x07\x1b[?1;25l\x1b[?1;1002;1006;2004;1004;5;2026;45h\x1b=\x1b[5 q\x1b[>4;1m")
	if s.Title() != "win" || s.IconName() != "icon" || s.Cwd() != "file:///x" {
		t.Errorf("title = %q, icon = %q, cwd = %q", s.Title(), s.IconName(), s.Cwd())
	}
	if p, u := s.CellLink(s.Cell(0, 0)); p != "id=k" || u != "http://h/;p" {
		t.Errorf("link = %q %q", p, u)
	}
	if _, u := s.CellLink(s.Cell(1, 0)); u != "" {
		t.Errorf("link = %q; want none", u)
	}
	if c, ok := s.Palette(1); !ok || c != RGBColor(255, 128, 0) {
		t.Errorf("palette colour 1 = %x, %v", c, ok)
	}
	if c, ok := s.Palette(2); !ok || c != RGBColor(0, 255, 0) {
		t.Errorf("palette colour 2 = %x, %v", c, ok)
	}
	if fg, bg, cur := s.DefaultColors(); fg != RGBColor(17, 17, 17) || bg != RGBColor(34, 34, 34) || cur != RGBColor(51, 51, 51) {
		t.Errorf("default colours = %x %x %x", fg, bg, cur)
	}
	s.WriteString("\x1b]104;1\x07\x1b]111\x07")
	if _, ok := s.Palette(1); ok {
		t.Error("palette colour 1 is still set")
	}
	if _, bg, _ := s.DefaultColors(); bg != 0 {
		t.Error("the background is still set")
	}
	want := Modes{
		Wrap: true, ReverseVideo: true, ReverseWrap: true, Sync: true, AppCursor: true, AppKeypad: true,
		BracketedPaste: true, FocusEvent: true, Mouse: 1002, MouseFormat: 1006, ModifyOtherKeys: 1,
	}
	if got := s.Modes(); got != want {
		t.Errorf("modes = %+v; want %+v", got, want)
	}
	if c := s.Cursor(); c.Visible || c.Shape != 5 {
		t.Errorf("cursor = %+v", c)
	}
}

func TestScrollback(t *testing.T) {
	s := New(10, 2, Scrollback(3))
	for i := range 8 {
		fmt.Fprintf(s, "line %d\r\n", i)
	}
	var got []string
	for i := range s.ScrollbackLen() {
		got = append(got, s.ScrollbackRow(i).Text())
	}
	if want := []string{"line 4", "line 5", "line 6"}; !slices.Equal(got, want) {
		t.Errorf("scrollback = %q; want %q", got, want)
	}
	if s.Scrolled() != 7 {
		t.Errorf("Scrolled = %d; want 7", s.Scrolled())
	}
	s.WriteString("\x1b[?1049h\n\n\n\n\x1b[?1049l")
	if s.ScrollbackLen() != 3 || s.Scrolled() != 7 {
		t.Error("lines of the alternate screen are in the scrollback")
	}
	s.WriteString("\x1b[3J")
	if s.ScrollbackLen() != 0 {
		t.Error("ED 3 does not clear the scrollback")
	}
}

func TestResize(t *testing.T) {
	for _, c := range []struct {
		name       string
		cols, rows int
		in         string
		cols2      int
		rows2      int
		want       string // scrollback/screen
		x, y       int
	}{
		{"wider", 5, 4, "abcdefg\r\nhi\r\n", 8, 4, "/abcdefg|hi", 0, 2},
		{"narrower", 8, 5, "abcdefg\r\nhi\r\n", 5, 5, "/abcde|fg|hi", 0, 3},
		{"narrower, full", 8, 3, "abcdefg\r\nhi\r\n", 5, 3, "abcde/fg|hi", 0, 2},
		{"there and the cursor's line stays", 8, 2, "abcdefg", 5, 2, "/abcde", 4, 0},
		{"a wide one at the edge", 6, 4, "ab日本\r\n", 5, 4, "/ab日|本", 0, 2},
		{"and back", 5, 4, "ab日本\r\n", 6, 4, "/ab日本", 0, 1},
		{"fewer rows drop what is empty", 5, 4, "a\r\nb", 5, 2, "/a|b", 1, 1},
		{"fewer rows scroll", 5, 4, "a\r\nb\r\nc\r\nd", 5, 2, "a|b/c|d", 1, 1},
		{"more rows bring back", 5, 2, "a\r\nb\r\nc\r\nd", 5, 4, "/a|b|c|d", 1, 3},
		{"the alternate screen is cut", 8, 3, "main\x1b[?1049habcdefg", 5, 2, "/    a|efg", 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(c.cols, c.rows, Scrollback(100))
			s.WriteString(c.in)
			s.Resize(c.cols2, c.rows2)
			check(t, s)
			var sb []string
			for i := range s.ScrollbackLen() {
				sb = append(sb, s.ScrollbackRow(i).Text())
			}
			if got := strings.Join(sb, "|") + "/" + strings.ReplaceAll(s.Text(), "\n", "|"); got != c.want {
				t.Errorf("got %q; want %q", got, c.want)
			}
			if cur := s.Cursor(); cur.X != c.x || cur.Y != c.y {
				t.Errorf("cursor = %d,%d; want %d,%d", cur.X, cur.Y, c.x, c.y)
			}
		})
	}
	s := New(5, 3, NoReflow())
	s.WriteString("abcdefg\r\n")
	s.Resize(8, 3)
	if got := s.Text(); got != "abcde\nfg" {
		t.Errorf("without reflow: text = %q", got)
	}
}

func TestWrappedFlags(t *testing.T) {
	s := New(5, 3)
	s.WriteString("abcdefgh\r\nx")
	for y, want := range []bool{true, false, false} {
		if got := s.Row(y).Wrapped(); got != want {
			t.Errorf("row %d: Wrapped = %v; want %v", y, got, want)
		}
	}
	if !s.Row(1).Continued() || s.Row(0).Continued() {
		t.Error("Continued is wrong")
	}
	for _, step := range []struct {
		write          string
		continued, was bool
	}{
		{"\x1b[1;5He", true, false}, {"\r\n", false, true}, {"fgh", false, true},
		{"\x1b[1;5Hef", true, false}, {"\x1b[1;1H\n", false, true}, {"\x1b[2K", false, true}, {"\x1b[2J", false, false},
	} {
		s.WriteString(step.write)
		if r := s.Row(1); r.Continued() != step.continued || r.WasContinued() != step.was {
			t.Errorf("after %q: Continued = %v, WasContinued = %v; want %v, %v", step.write, r.Continued(), r.WasContinued(), step.continued, step.was)
		}
	}
}

func TestClampSize(t *testing.T) {
	for _, c := range [][4]int{
		{80, 24, 80, 24}, {0, 0, MinCols, MinRows}, {-5, -5, MinCols, MinRows}, {1, 1, 2, 1},
		{65535, 65535, MaxCols, MaxCells / MaxCols}, {10, 65535, 10, MaxRows},
	} {
		if cols, rows := ClampSize(c[0], c[1]); cols != c[2] || rows != c[3] {
			t.Errorf("ClampSize(%d, %d) = %d, %d; want %d, %d", c[0], c[1], cols, rows, c[2], c[3])
		}
	}
}

// Clusters, extras and links are collected or refused, so memory stays bounded
// whatever a program prints.
func TestTablesAreBounded(t *testing.T) {
	s := New(80, 24, Scrollback(10))
	for i := range 3 * maxClusters {
		fmt.Fprintf(s, "%c%c", 'a'+rune(i%26), 0x300+rune(i%112))
		fmt.Fprintf(s, "%c%c%c", 'a'+rune(i%26), 0x300+rune(i/112%112), 0x300+rune(i%112))
		if i%3 == 0 {
			fmt.Fprintf(s, "\x1b]8;;http://host/%d\x07x", i)
		}
		fmt.Fprintf(s, "\x1b[58;2;%d;%d;%dmy", i>>16&255, i>>8&255, i&255)
	}
	check(t, s)
	if n := len(s.tab.clusters); n > maxClusters {
		t.Errorf("%d clusters; want at most the limit", n)
	}
	if n := len(s.tab.extras); n > maxExtras {
		t.Errorf("%d extras; want at most the limit", n)
	}
	if n := len(s.tab.links); n > maxLinks {
		t.Errorf("%d links; want at most the limit", n)
	}
	s.WriteString("\x1b[m\x1b[H\x1b]8;;u:last\x07z\u0301")
	if got := s.CellText(s.Cell(0, 0)); got != "z\u0301" {
		t.Errorf("with full tables, a new cluster = %q", got)
	}
	if _, uri := s.CellLink(s.Cell(0, 0)); uri != "u:last" {
		t.Errorf("with full tables, a new link = %q", uri)
	}
	long := strings.Repeat("\u0301", 10000)
	s.WriteString("\x1b[He" + long + "\x1b]2;" + strings.Repeat("t", 1<<20) + "\x07\x1b]8;;" + strings.Repeat("u", 60000) + "\x07v")
	if n := len(s.CellText(s.Cell(0, 0))); n > maxClusterBytes {
		t.Errorf("cluster has %d bytes", n)
	}
	if len(s.Title()) > maxTitle || cap(s.p.str) > maxString {
		t.Errorf("title has %d bytes, string buffer %d", len(s.Title()), cap(s.p.str))
	}
}

// TestRestoreConcurrently helps the race detector: screens restored from one
// snapshot share no mutable state.
func TestRestoreConcurrently(t *testing.T) {
	s := New(30, 6, Scrollback(100))
	for i := range 200 {
		fmt.Fprintf(s, "e\u0301 %d \x1b]8;;u:%d\x07x\x1b]2;%d\x07\x1b[22t\r\n", i, i, i)
	}
	n := s.Snapshot()
	want := dump(s, true)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 20 {
				c := New(10+i, 5, Scrollback(100))
				c.Restore(n)
				if got := dump(c, true); got != want {
					t.Error("restored screen differs")
				}
				fmt.Fprintf(c, "a\u0308\x1b]8;;v:%d\x07y\x1b[23t\x1b[22t\x1bH\x1b]4;1;#123\x07\r\n", i)
				c.Snapshot()
				c.Resize(20, 4)
			}
		})
	}
	wg.Wait()
	s.Restore(n)
	same(t, "afterwards", dump(s, true), want)
}

func ExampleScreen() {
	s := New(20, 3)
	s.WriteString("plain \x1b[1;31mbold red\x1b[0m\r\n日本 👍")
	fmt.Println(s.Row(0).Text())
	fmt.Println(s.Row(1).Text())
	c := s.Cell(6, 0)
	i, _ := c.Fg().Palette()
	fmt.Println(string(c.Rune()), c.Attr().Has(Bold), i)
	// Output:
	// plain bold red
	// 日本 👍
	// b true 1
}

func ExampleScreen_Snapshot() {
	s := New(20, 2)
	s.WriteString("before")
	snap := s.Snapshot()
	s.WriteString("\x1b[2J\x1b[Hafter")
	s.Restore(snap)
	fmt.Println(s.Text())
	// Output: before
}

// A row keeps its tag as long as its text does not change, wherever it moves.
// TestNumbered checks that a numbered screen shows the same text, and that the cells
// know which character is in them.
func TestNumbered(t *testing.T) {
	plain, numbered := New(20, 6), New(20, 6, Numbered(4))
	g := newGenerator(1, 20, 6)
	for i := range 5000 {
		text := g.stream(2)
		plain.WriteString(text)
		numbered.SetNumber(uint64(i) << 20)
		numbered.WriteString(text)
		if plain.Text() != numbered.Text() {
			t.Fatalf("after %q: %q; want %q", text, numbered.Text(), plain.Text())
		}
	}

	s := New(10, 3, Numbered(4))
	s.SetNumber(100)
	for _, text := range []string{"ab", "\x1b[31;44m", "c\x1b[2b", "\x1b[1@", "\x1b[4hd\x1b[4l", "\x1b[K", "\r\n", "h\u00e9\u4e2d", "\x1b[1;1;2;3;7$r"} {
		s.WriteString(text)
	}
	s.Resize(4, 3)
	s.WriteString("\x1b[3;1H\x1b[42;1;4;1;4$x")
	for _, c := range []struct {
		x, y int
		want uint64
	}{
		{0, 0, 100}, {1, 0, 104}, {2, 0, 108}, {3, 0, NoNumber}, // the fourth is filled
		{0, 1, 108}, {1, 1, 112}, {0, 2, 116}, {1, 2, 120}, {2, 2, 124}, {3, 2, 124},
	} {
		if got := s.Cell(c.x, c.y); got.Number() != c.want {
			t.Errorf("column %d of row %d, %q, has the number %d; want %d in\n%s", c.x, c.y, got.Rune(), got.Number(), c.want, s.Text())
		}
	}
}

func TestTag(t *testing.T) {
	s := New(20, 6, Scrollback(3))
	g := newGenerator(1, 20, 6)
	known := map[uint64]string{}
	last := uint64(0)
	kept := 0
	for i := range 20000 {
		s.WriteString(g.stream(2))
		if i%50 == 0 {
			s.Resize(10+g.IntN(20), 2+g.IntN(8))
		}
		for y := range s.rows {
			row := s.Row(y)
			tag := row.Tag()
			switch {
			case tag == 0:
				last++
				row.SetTag(last)
				known[last] = row.Text()
			case row.Text() != known[tag]:
				t.Fatalf("row %d of the tag %d is %q; want %q", y, tag, row.Text(), known[tag])
			default:
				kept++
			}
		}
		if i%3 == 0 {
			s.Snapshot()
		}
	}
	if kept < 20000 {
		t.Errorf("%d rows kept their tags; want 20000 or more", kept)
	}
}
