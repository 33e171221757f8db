package retell

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// A part is output, or a resize such as "40x10", that is passed on or left out.
type part struct {
	data string
	gone bool
}

func shown(data string) part { return part{data, false} }
func gone(data string) part  { return part{data, true} }

func (p part) event() format.Event {
	if _, err := format.ParseSize(p.data); err == nil {
		return format.Event{Code: format.Resize, Data: p.data}
	}
	return testcast.Out(0, p.data)
}

// retold passes parts on. It returns the screen of the result, its output, and whether
// source and result are the same at the end.
func retold(t *testing.T, size format.Size, parts ...part) (result *vt.Screen, out string, same bool) {
	t.Helper()
	source, shown := screen.Sized(size), screen.Sized(size)
	var f Forgetter
	emit := func(ev format.Event) {
		shown.Feed(ev)
		if ev.Code == format.Output {
			out += ev.Data
		}
	}
	for i, p := range parts {
		if p.gone && (i == 0 || !parts[i-1].gone) {
			f.Begin(source.Screen)
		}
		if !p.gone && i > 0 && parts[i-1].gone {
			was := shown.Screen
			if cols, rows := source.Size(); !sized(was, cols, rows) {
				emit(format.Event{Code: format.Resize, Data: format.Size{Cols: cols, Rows: rows}.String()})
			}
			emit(testcast.Out(0, f.End(source.Screen)))
		}
		source.Feed(p.event())
		if p.gone {
			continue
		}
		for _, ev := range f.Pass(source.Screen, p.event()) {
			emit(ev)
		}
		want := source.Screen
		if f.Active() {
			want = f.Screen()
		}
		if !alike(want, shown.Screen) {
			t.Fatalf("part %d, %q: the screen of the result is another than the Forgetter has: %q", i, p.data, want.AppendChange(nil, shown.Screen))
		}
	}
	return shown.Screen, out, !f.Active()
}

// alike reports whether nothing needs to be written to make two screens the same.
func alike(a, b *vt.Screen) bool {
	change := a.AppendChange(nil, b)
	return len(change) == 0 || string(change) == string(a.AppendChange(nil, a))
}

func sized(s *vt.Screen, cols, rows int) bool {
	c, r := s.Size()
	return c == cols && r == rows
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "%d\r\n", i)
	}
	return b.String()
}

// TestForgetPlain leaves parts of plain output out: what is passed on is what is there, and
// shows what it would show if the rest had never been.
func TestForgetPlain(t *testing.T) {
	for _, test := range []struct {
		name  string
		parts []part
		same  bool
	}{
		{"nothing", []part{shown("$ a\r\nA\r\n$ ")}, true},
		{"a command", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ c\r\nC\r\n$ ")}, false},
		{"one that does nothing to the screen", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\x1b[K"), shown("$ c\r\nC\r\n$ ")}, true},
		{"the first", []part{gone("$ b\r\nB\r\n"), shown("$ c\r\nC\r\n$ ")}, false},
		{"the last", []part{shown("$ c\r\nC\r\n"), gone("$ b\r\nB\r\n"), shown("$ ")}, false},
		{"two", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ c\r\n"), gone("$ d\r\nD\r\n"), shown("$ e\r\nE\r\n$ ")}, false},
		{"a long output", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 50)), shown("$ c\r\nC\r\n$ ")}, false},
		{"all, piece by piece", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 50)), shown("$ "), shown("c"), shown("\r\n"), shown("C\r\n"), shown("$ ")}, false},
		{"until it has scrolled away", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 5)), shown("$ c\r\n" + lines(1, 4)), shown(lines(1, 5)), shown(lines(1, 10) + "$ ")}, true},
		{"a full screen, at once", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\n"), shown(lines(1, 50) + "$ ")}, true},
		{"a wrapped line", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ " + strings.Repeat("long ", 12)), shown("\r\n$ ")}, false},
		{"clear", []part{shown("$ a\r\nA\r\n"), gone("$ clear\r\n\x1b[H\x1b[2J"), shown("$ c\r\nC\r\n"), shown(lines(1, 4) + "$ ")}, false},
		{"clear, to the end", []part{shown("$ a\r\nA\r\n"), gone("$ clear\r\n\x1b[H\x1b[2J"), shown("$ c\r\nC\r\n"), shown(lines(1, 9) + "$ ")}, true},
		{"before clear", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ clear\r\n"), shown("\x1b[H\x1b[2J\x1b[3J$ "), shown("c\r\nC\r\n")}, true},
		{"a reset", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ reset\r\n"), shown("\x1bc$ ")}, true},
		{"styles, links and marks", []part{shown("\x1b[31m$ a\x1b[m\r\n"), gone("$ b\r\nB\r\n"), shown("\x1b]133;A\x07\x1b[1m$ \x1b]8;;http://a\x1b\\c\x1b]8;;\x1b\\ e\u0301\x1b[m\r\n"), shown("C\r\n")}, false},
		{"inside a sequence", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ \x1b[3"), shown("1mc\xe6\x97"), shown("\xa5\r\n")}, false},
		{"moves up and down", []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), shown("$ c\r\n1%\r\n\x1b[A100%\x1b[K\r\n"), shown("\n\n\n\x1b[3Amenu\x1b[J\r\n$ ")}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, out, same := retold(t, format.Size{Cols: 20, Rows: 9}, test.parts...)
			want, kept := vt.New(20, 9), ""
			for _, p := range test.parts {
				if !p.gone {
					want.WriteString(p.data)
					kept += p.data
				}
			}
			if out != kept || same != test.same {
				t.Errorf("passed on %q, same screen at the end: %v; want %q, %v", out, same, kept, test.same)
			}
			if !alike(want, result) {
				t.Errorf("the screen is\n%s\nwant\n%s\nchange %q", result.Text(), want.Text(), want.AppendChange(nil, result))
			}
		})
	}
}

// TestForgetRepaired passes on output that depends on the rows in which it is drawn.
func TestForgetRepaired(t *testing.T) {
	dropped := []part{shown("$ a\r\nA\r\n"), gone("$ b\r\nB1\r\nB2\r\n")}
	for _, test := range []struct {
		name  string
		parts []part
		text  string
		same  bool
	}{
		{"a row by its number", []part{shown("$ c\r\n"), shown("x\x1b[7;5Hy"), shown("\r\n$ ")}, "$ a\nA\n$ c\nx   y\n$", false},
		{"saved and restored", []part{shown("$ c\x1b7\r\nC"), shown("\x1b8!\r\n\n$ ")}, "$ a\nA\n$ c!\nC\n$", false},
		{"the row below", []part{shown("$ c\r\n\x1b[8;1Hmenu\x1b[7;1H"), shown("\x1b[J$ ")}, "$ a\nA\n$ c\n$", false},
		{"everything", []part{shown("$ c\r\n"), shown("\x1b[2J\x1b[3;3Hx")}, "\n\n  x", true},
		{"the first row", []part{shown("$ c\r\n"), shown("\x1b7\x1b[1;10Hclock\x1b8")}, "$ a      clock\nA\n$ b\nB1\nB2\n$ c", true},
		{"what is above", []part{shown("$ c\r\n"), shown("\x1b[1J"), shown("$ ")}, "\n\n\n\n\n\n$", true},
		{"a status bar", []part{shown("$ apt\r\n"), shown("\x1b7\x1b[1;8r\x1b8"), shown("\x1b7\x1b[9;1Hbar\x1b8"), shown("one\r\n"), shown("two\r\n")},
			"\n\n$ a\nA\n$ apt\none\ntwo\n\nbar", false},
		{"a full-screen program", []part{shown("$ vi\r\n"), shown("\x1b[?1049h"), shown("\x1b[2J\x1b[5;5Htext\x1b[9;1H:q"), shown("\x1b[?1049l"), shown("$ ")}, "$ a\nA\n$ vi\n$", false},
		{"one that is resized", []part{shown("$ vi\r\n\x1b[?1049h\x1b[2Jtext"), shown("20x7"), shown("\x1b[?1049l")}, "$ a\nA\n$ b\nB1\nB2\n$ vi", true},
		{"a higher window", []part{shown("$ c\r\nC\r\n$ "), shown("20x15"), shown("d\r\n")}, "$ a\nA\n$ c\nC\n$ d", false},
		{"a lower window", []part{shown("$ c\r\nC\r\n$ "), shown("20x6"), shown("d\r\n")}, "$ a\nA\n$ c\nC\n$ d", false},
		{"a narrow window", []part{shown("$ echo 12345\r\n12345\r\n$ "), shown("6x9"), shown("d\r\n")}, "$ a\nA\n$ echo\n 12345\n12345\n$ d", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, out, same := retold(t, format.Size{Cols: 20, Rows: 9}, append(dropped, test.parts...)...)
			if result.Text() != test.text || same != test.same {
				t.Errorf("the screen is\n%s\nwant\n%s\nsame %v, output %q", result.Text(), test.text, same, out)
			}
		})
	}
}

// TestForgetColumns leaves out a command beside whose output, in the same row, the next
// prompt begins, and one that began beside such an output.
func TestForgetColumns(t *testing.T) {
	size := format.Size{Cols: 20, Rows: 9}
	const zsh = "\x1b[7m%\x1b[27m" + "                   \r \r\x1b[J"
	for _, test := range []struct {
		name  string
		parts []part
		text  string
	}{
		{"before the next prompt", []part{shown("$ a\r\n"), gone("$ b\r\nno end"), shown("$ "), shown("c"), shown("\r\nC\r\n$ ")}, "$ a\n$ c\nC\n$"},
		{"and its line is longer than the row", []part{shown("$ a\r\n"), gone("$ b\r\nno end"), shown("$ 1234567890"), shown("12345678"), shown("\r\nC")}, "$ a\n$ 123456789012\n345678\nC"},
		{"before the first prompt", []part{shown("$ a\r\nno end"), gone("$ b\r\nB\r\n"), shown("$ "), shown("c"), shown("\r\nC\r\n$ ")}, "$ a\nno end\n$ c\nC\n$"},
		{"before both", []part{shown("$ a\r\nno end"), gone("$ b\r\nno end"), shown("$ "), shown("c"), shown("\r\nC")}, "$ a\nno end$ c\nC"},
		{"in zsh", []part{shown("$ a\r\n"), gone(zsh + "$ b\r\nno end"), shown(zsh + "$ "), shown("c"), shown("\r\nC")}, "$ a\n$ c\nC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if result, out, _ := retold(t, size, test.parts...); result.Text() != test.text {
				t.Errorf("the screen is\n%s\nwant\n%s\noutput %q", result.Text(), test.text, out)
			}
		})
	}
}

// TestForgetSeam cuts a part out while something is forgotten.
func TestForgetSeam(t *testing.T) {
	s := vt.New(20, 9)
	var f Forgetter
	s.WriteString("$ a\r\nA\r\n")
	f.Begin(s)
	s.WriteString("$ b\r\nB\r\n")
	f.End(s)
	s.WriteString("$ c\r\n1\r\n")
	f.Insert("inserted\r\n")
	if f.Seam(s); f.Screen().Text() != "$ a\nA\n$ c\n1" {
		t.Errorf("after a seam, the screen is\n%s", f.Screen().Text())
	}
	s.WriteString("\x1b[H\x1b[2Jcleared")
	if out := f.Seam(s); f.Active() || !strings.Contains(out, "cleared") {
		t.Errorf("after a seam to a screen that was cleared: %q, active %v", out, f.Active())
	}
	if out := f.Seam(s); out != "" {
		t.Errorf("a seam between equal screens: %q", out)
	}
}

// TestForgetRandom passes on parts of random output. retold checks what is shown.
func TestForgetRandom(t *testing.T) {
	pieces := []string{"$ ", "word", "日本", "\r\n", "\r\n", "\n", "\r", "long text that wraps around", "\x1b[31m", "\x1b[m", "\x1b[A", "\x1b[3B", "\x1b[5C",
		"\x1b[H", "\x1b[2J", "\x1b[J", "\x1b[K", "\x1b[1J", "\x1b[4;4H", "\x1b[L", "\x1b[M", "\x1b[2P", "\x1b7", "\x1b8", "\x1b[?1049h", "\x1b[?1049l", "\x1b[3;6r", "\x1b[r",
		"\x1bM", "\x1bD", "\x1b[T", "\x1b[S", "\x1b[?6h", "\x1b[?6l", "\x1b[?2026h", "\x1b[?2026l", "\x1b]133;A\x07", "\x1b]8;;http://x\x07", "\x1b]8;;\x07", "e\u0301", "\u0301", "\x1b[", "1m", "\xe6", "\x1bc",
		"\x1b[44m\x1b[K", "30x8", "12x5", "20x9"}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		var parts []part
		for range 40 {
			p := part{gone: r.IntN(3) == 0}
			if i := r.IntN(len(pieces)); i >= len(pieces)-3 {
				p.data = pieces[i]
			} else {
				for range 1 + r.IntN(6) {
					p.data += pieces[r.IntN(len(pieces)-3)]
				}
			}
			parts = append(parts, p)
		}
		retold(t, format.Size{Cols: 20, Rows: 9}, parts...)
		if t.Failed() {
			t.Fatalf("seed %d: %+q", seed, fmt.Sprint(parts))
		}
	}
}
