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

func kept(data string) part { return part{data, false} }
func gone(data string) part { return part{data, true} }

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
		{"nothing", []part{kept("$ a\r\nA\r\n$ ")}, true},
		{"a command", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ c\r\nC\r\n$ ")}, false},
		{"one that does nothing to the screen", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\x1b[K"), kept("$ c\r\nC\r\n$ ")}, true},
		{"the first", []part{gone("$ b\r\nB\r\n"), kept("$ c\r\nC\r\n$ ")}, false},
		{"the last", []part{kept("$ c\r\nC\r\n"), gone("$ b\r\nB\r\n"), kept("$ ")}, false},
		{"two", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ c\r\n"), gone("$ d\r\nD\r\n"), kept("$ e\r\nE\r\n$ ")}, false},
		{"a long output", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 50)), kept("$ c\r\nC\r\n$ ")}, false},
		{"all, piece by piece", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 50)), kept("$ "), kept("c"), kept("\r\n"), kept("C\r\n"), kept("$ ")}, false},
		{"until it has scrolled away", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\n" + lines(1, 5)), kept("$ c\r\n" + lines(1, 4)), kept(lines(1, 5)), kept(lines(1, 10) + "$ ")}, true},
		{"a full screen, at once", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\n"), kept(lines(1, 50) + "$ ")}, true},
		{"a wrapped line", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ " + strings.Repeat("long ", 12)), kept("\r\n$ ")}, false},
		{"clear", []part{kept("$ a\r\nA\r\n"), gone("$ clear\r\n\x1b[H\x1b[2J"), kept("$ c\r\nC\r\n"), kept(lines(1, 4) + "$ ")}, false},
		{"clear, to the end", []part{kept("$ a\r\nA\r\n"), gone("$ clear\r\n\x1b[H\x1b[2J"), kept("$ c\r\nC\r\n"), kept(lines(1, 9) + "$ ")}, true},
		{"before clear", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ clear\r\n"), kept("\x1b[H\x1b[2J\x1b[3J$ "), kept("c\r\nC\r\n")}, true},
		{"a reset", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ reset\r\n"), kept("\x1bc$ ")}, true},
		{"styles, links and marks", []part{kept("\x1b[31m$ a\x1b[m\r\n"), gone("$ b\r\nB\r\n"), kept("\x1b]133;A\x07\x1b[1m$ \x1b]8;;http://a\x1b\\c\x1b]8;;\x1b\\ e\u0301\x1b[m\r\n"), kept("C\r\n")}, false},
		{"inside a sequence", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ \x1b[3"), kept("1mc\xe6\x97"), kept("\xa5\r\n")}, false},
		{"moves up and down", []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), kept("$ c\r\n1%\r\n\x1b[A100%\x1b[K\r\n"), kept("\n\n\n\x1b[3Amenu\x1b[J\r\n$ ")}, false},
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
	dropped := []part{kept("$ a\r\nA\r\n"), gone("$ b\r\nB1\r\nB2\r\n")}
	for _, test := range []struct {
		name  string
		parts []part
		text  string
		same  bool
	}{
		{"a row by its number", []part{kept("$ c\r\n"), kept("x\x1b[7;5Hy"), kept("\r\n$ ")}, "$ a\nA\n$ c\nx   y\n$", false},
		{"saved and restored", []part{kept("$ c\x1b7\r\nC"), kept("\x1b8!\r\n\n$ ")}, "$ a\nA\n$ c!\nC\n$", false},
		{"the row below", []part{kept("$ c\r\n\x1b[8;1Hmenu\x1b[7;1H"), kept("\x1b[J$ ")}, "$ a\nA\n$ c\n$", false},
		{"everything", []part{kept("$ c\r\n"), kept("\x1b[2J\x1b[3;3Hx")}, "\n\n  x", true},
		{"the first row", []part{kept("$ c\r\n"), kept("\x1b7\x1b[1;10Hclock\x1b8")}, "$ a      clock\nA\n$ b\nB1\nB2\n$ c", true},
		{"what is above", []part{kept("$ c\r\n"), kept("\x1b[1J"), kept("$ ")}, "\n\n\n\n\n\n$", true},
		{"a status bar", []part{kept("$ apt\r\n"), kept("\x1b7\x1b[1;8r\x1b8"), kept("\x1b7\x1b[9;1Hbar\x1b8"), kept("one\r\n"), kept("two\r\n")},
			"\n\n$ a\nA\n$ apt\none\ntwo\n\nbar", false},
		{"a full-screen program", []part{kept("$ vi\r\n"), kept("\x1b[?1049h"), kept("\x1b[2J\x1b[5;5Htext\x1b[9;1H:q"), kept("\x1b[?1049l"), kept("$ ")}, "$ a\nA\n$ vi\n$", false},
		{"one that is resized", []part{kept("$ vi\r\n\x1b[?1049h\x1b[2Jtext"), kept("20x7"), kept("\x1b[?1049l")}, "$ a\nA\n$ b\nB1\nB2\n$ vi", true},
		{"a higher window", []part{kept("$ c\r\nC\r\n$ "), kept("20x15"), kept("d\r\n")}, "$ a\nA\n$ c\nC\n$ d", false},
		{"a lower window", []part{kept("$ c\r\nC\r\n$ "), kept("20x6"), kept("d\r\n")}, "$ a\nA\n$ c\nC\n$ d", false},
		{"a narrow window", []part{kept("$ echo 12345\r\n12345\r\n$ "), kept("6x9"), kept("d\r\n")}, "$ a\nA\n$ echo\n 12345\n12345\n$ d", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, out, same := retold(t, format.Size{Cols: 20, Rows: 9}, append(dropped, test.parts...)...)
			if result.Text() != test.text || same != test.same {
				t.Errorf("the screen is\n%s\nwant\n%s\nsame %v, output %q", result.Text(), test.text, same, out)
			}
		})
	}
}

// TestForgetResize leaves out a command while which the window was resized.
func TestForgetResize(t *testing.T) {
	result, _, _ := retold(t, format.Size{Cols: 20, Rows: 9}, kept("$ a\r\nA\r\n"), gone("$ b\r\nB\r\n"), gone("30x7"), gone("C\r\n"), kept("$ c\r\nC\r\n"))
	if cols, rows := result.Size(); result.Text() != "$ a\nA\n$ c\nC" || cols != 30 || rows != 7 {
		t.Errorf("the screen of %dx%d is\n%s", cols, rows, result.Text())
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
		{"before the next prompt", []part{kept("$ a\r\n"), gone("$ b\r\nno end"), kept("$ "), kept("c"), kept("\r\nC\r\n$ ")}, "$ a\n$ c\nC\n$"},
		{"and its line is longer than the row", []part{kept("$ a\r\n"), gone("$ b\r\nno end"), kept("$ 1234567890"), kept("12345678"), kept("\r\nC")}, "$ a\n$ 123456789012\n345678\nC"},
		{"before the first prompt", []part{kept("$ a\r\nno end"), gone("$ b\r\nB\r\n"), kept("$ "), kept("c"), kept("\r\nC\r\n$ ")}, "$ a\nno end\n$ c\nC\n$"},
		{"before both", []part{kept("$ a\r\nno end"), gone("$ b\r\nno end"), kept("$ "), kept("c"), kept("\r\nC")}, "$ a\nno end$ c\nC"},
		{"in zsh", []part{kept("$ a\r\n"), gone(zsh + "$ b\r\nno end"), kept(zsh + "$ "), kept("c"), kept("\r\nC")}, "$ a\n$ c\nC"},
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
