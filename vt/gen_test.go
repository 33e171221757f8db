package vt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A generator writes random terminal output that is mostly well-formed.
type generator struct {
	*rand.Rand
	cols, rows int
	hostile    bool // add invalid sequences, huge counts and sequences cut short
}

func newGenerator(seed uint64, cols, rows int) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), cols: cols, rows: rows, hostile: true}
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// n returns a small count, sometimes empty or large.
func (g *generator) n() string {
	switch g.IntN(12) {
	case 0, 1, 2:
		return ""
	case 3:
		return "0"
	case 4:
		if g.hostile {
			return pick(g, "65535", "99999", "2147483647", "4294967296", "99999999999999999999")
		}
	case 5:
		return strconv.Itoa(g.IntN(2 * max(g.cols, g.rows)))
	}
	return strconv.Itoa(1 + g.IntN(9))
}

func (g *generator) text() string {
	var b strings.Builder
	if !g.hostile {
		b.WriteByte('.') // keeps a combining mark from joining the text before
	}
	for range 1 + g.IntN(12) {
		switch g.IntN(10) {
		case 0:
			b.WriteString(pick(g, "日", "本", "語", "한", "🚀", "，", "\u1100\u1161\u11a8"))
		case 1:
			b.WriteString(pick(g, "é", "─", "█", "€", "ж", "ก"))
		case 2:
			b.WriteString(pick(g, "\u0301", "\u0308", "\ufe0f", "\u200d", "\U0001F1EF", "\U0001F1F5", "❤", "👩", "💻", "क", "\u094d", "\u0600"))
		case 3:
			b.WriteString(strings.Repeat(pick(g, "x", "=", " "), 1+g.IntN(g.cols)))
		default:
			b.WriteByte(byte(' ' + g.IntN(95)))
		}
	}
	return b.String()
}

func (g *generator) sgr() string {
	var p []string
	for range g.IntN(4) + 1 {
		switch g.IntN(8) {
		case 0:
			p = append(p, pick(g, "0", "", "39", "49", "59", "22", "24", "27"))
		case 1:
			p = append(p, fmt.Sprintf("%s;5;%d", pick(g, "38", "48"), g.IntN(256)))
		case 2:
			p = append(p, fmt.Sprintf("%s;2;%d;%d;%d", pick(g, "38", "48"), g.IntN(256), g.IntN(256), g.IntN(256)))
		case 3:
			p = append(p, pick(g, "4:0", "4:3", "4:5", "21", "58:5:9", "58:2::1:2:3", "38:2::4:5:6", "48:5:7"))
		case 4, 5:
			p = append(p, strconv.Itoa(pick(g, 30, 40, 90, 100)+g.IntN(8)))
		default:
			p = append(p, pick(g, "1", "2", "3", "4", "5", "7", "8", "9", "53", "55", "23", "28", "29", "25"))
		}
	}
	return "\x1b[" + strings.Join(p, ";") + "m"
}

// one returns one piece of output.
func (g *generator) one() string {
	switch g.IntN(32) {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		return g.text()
	case 8, 9, 10:
		return g.sgr()
	case 11, 12:
		return pick(g, "\r\n", "\n", "\r", "\b", "\t", "\v")
	case 13, 14, 15:
		return fmt.Sprintf("\x1b[%d;%dH", 1+g.IntN(g.rows), 1+g.IntN(g.cols))
	case 16, 17:
		return "\x1b[" + g.n() + pick(g, "A", "B", "C", "D", "E", "F", "G", "d", "`", "a", "e")
	case 18, 19:
		return "\x1b[" + pick(g, "", "0", "1", "2") + pick(g, "J", "K")
	case 20:
		return "\x1b[" + g.n() + pick(g, "X", "@", "P")
	case 21:
		return "\x1b[" + g.n() + pick(g, "L", "M", "S", "T")
	case 22:
		top := g.IntN(g.rows)
		return fmt.Sprintf("\x1b[%d;%dr", top, top+g.IntN(g.rows))
	case 23:
		return pick(g, "\x1bM", "\x1bD", "\x1bE", "\x1b7", "\x1b8", "\x1b[s", "\x1b[u")
	case 24:
		return "\x1b[?" + pick(g, "6", "7", "7", "25", "1", "5", "12", "45", "1000", "1006", "2004", "1004") + pick(g, "h", "l")
	case 25:
		return pick(g, "\x1b[4h", "\x1b[4l", "\x1b[20h", "\x1b[20l", "\x1b(0", "\x1b(B", "\x1b)0", "\x0e", "\x0f")
	case 26:
		return pick(g, "\x1bH", "\x1b[g", "\x1b[3g", "\x1b[2I", "\x1b[Z", "\x1b["+g.n()+"b")
	case 27:
		return pick(g, "\x1b[?1049h", "\x1b[?1049l", "\x1b[?1047h", "\x1b[?1047l", "\x1b[?47h", "\x1b[?47l", "\x1b[?1048h", "\x1b[?1048l")
	case 28:
		return pick(g, "\x1b]0;title\x07", "\x1b]2;a\x1b\\", "\x1b[22t", "\x1b[23t", "\x1b]8;;http://a/\x07", "\x1b]8;id=1;u:b\x07", "\x1b]8;;\x07", "\x1b]4;3;#abc\x07", "\x1b]10;rgb:1/2/3\x07", "\x1b]104\x07", "\x1b]7;file:///\x07")
	case 29:
		if !g.hostile {
			return pick(g, "\x1b[1\"q", "\x1b[0\"q", "\x1b[?K", "\x1b[?1J")
		}
		return pick(g, "\x1b[?69h", "\x1b[?69l", "\x1b[?2027h", "\x1b[?2027l", "\x1b[1\"q", "\x1b[0\"q", "\x1b[?K", "\x1b[?2K", "\x1b[?1J", "\x1b[2 @", "\x1b[ A", "\x1b['}", "\x1b[2'~", "\x1b[?1;6;7s", "\x1b[?6;7r", "\x1b[2*x", "\x1b[*x", "\x1b6", "\x1b9")
	case 30:
		if !g.hostile {
			return "\x1b[" + g.n() + "m"
		}
		l := g.IntN(g.cols)
		return pick(g,
			fmt.Sprintf("\x1b[%d;%ds", l, l+g.IntN(g.cols)),
			fmt.Sprintf("\x1b[%d;%d;%d;%d;7;31;4:3$r", 1+g.IntN(g.rows), 1+l, 1+g.IntN(g.rows), 1+g.IntN(g.cols)),
			fmt.Sprintf("\x1b[88;%d;%d;%d;%d$x", 1+g.IntN(g.rows), 1+l, 1+g.IntN(g.rows), 1+g.IntN(g.cols)),
			fmt.Sprintf("\x1b[%d;%d;%d;%d$z", 1+g.IntN(g.rows), 1+l, 1+g.IntN(g.rows), 1+g.IntN(g.cols)),
			fmt.Sprintf("\x1b[%d;%d;%d;%d;1;%d;%d;1$v", 1+g.IntN(g.rows), 1+l, 1+g.IntN(g.rows), 1+g.IntN(g.cols), 1+g.IntN(g.rows), 1+g.IntN(g.cols)),
			"\x1b[!p", "\x1bc", "\x1b#8", "\x1b[3J", "\x1bN", "\x1bO", "\x1bn", "\x1bo", "\x1b~", "\x1b(A", "\x1b*0", "\x1b[?2026h", "\x1b[?2026l", "\x1b[4 q", "\x1b[>4;2m")
	}
	if !g.hostile {
		return g.text()
	}
	return pick(g, "\x1b", "\x1b[", "\x1b[3", "\x1b[38;5;", "\x1b[4:", "\x1b[?", "\x1b[1 ", "\x1b]2;abc", "\x1bP1$", "\x1bPq", "\x1b_a", "\x18",
		"\xe6\x97", "\xf0\x9f\x98", "\xff", "\xc2\x9b", "\xc2\x85", "\x7f", "\x00", "\x1b[1;2:3;4H", "\x1b[?1;<h", "\x1b[<1h")
}

// stream returns n pieces of output.
func (g *generator) stream(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(g.one())
	}
	return b.String()
}

// properties checks the properties of the fuzz tests for one random input.
func properties(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	cols, rows := 2+r.IntN(30), 1+r.IntN(9)
	if r.IntN(3) == 0 {
		cols, rows = 2+r.IntN(3), 1+r.IntN(3)
	}
	g := newGenerator(seed, cols, rows)
	past, other, future := g.stream(1+r.IntN(60)), g.stream(20), g.stream(20)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d, %dx%d\npast   %q\nother  %q\nfuture %q", seed, cols, rows, past, other, future)
		}
	})
	s := New(cols, rows, Scrollback(r.IntN(80)))
	s.WriteString(past)
	check(t, s)
	want := dump(s, true)

	single := New(cols, rows, Scrollback(s.sb.limit))
	for i := range len(past) {
		single.WriteString(past[i : i+1])
	}
	same(t, "byte by byte", dump(single, true), want)

	// AppendState
	look := dump(s, false)
	state := s.AppendState(nil)
	blank := New(s.cols, s.rows)
	blank.Write(state)
	check(t, blank)
	same(t, "state into a blank screen", dump(blank, false), look)
	used := New(s.cols, s.rows)
	used.WriteString(other)
	used.titles, used.icons, used.savedModes = nil, nil, modeDefaults
	used.Write(state)
	check(t, used)
	same(t, "state into a used screen", dump(used, false), look)

	// Snapshot
	n, again := s.Snapshot(), s.Snapshot()
	other1 := New(7, 7, Scrollback(s.sb.limit))
	other1.WriteString(other)
	other1.Restore(n)
	check(t, other1)
	same(t, "restored elsewhere", dump(other1, true), want)
	c2, r2 := 2+r.IntN(40), 1+r.IntN(12)
	go2 := func(s *Screen) {
		s.WriteString(future)
		s.Resize(c2, r2)
		s.WriteString(other)
	}
	go2(s)
	check(t, s)
	end := dump(s, true)
	go2(other1)
	same(t, "future elsewhere", dump(other1, true), end)
	s.Restore(again)
	same(t, "restored in place", dump(s, true), want)
	go2(s)
	same(t, "future in place", dump(s, true), end)
}

// TestProperties checks random inputs: 500, or for as long as VT_PROPERTIES
// says.
func TestProperties(t *testing.T) {
	start := time.Now()
	limit, _ := time.ParseDuration(os.Getenv("VT_PROPERTIES"))
	first := uint64(0)
	if limit > 0 {
		first = uint64(start.UnixNano())
	}
	n := uint64(0)
	for ; n < 500 || time.Since(start) < limit; n++ {
		if seed := first + n; !t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { properties(t, seed) }) {
			return
		}
	}
	if limit > 0 {
		t.Logf("%d inputs in %v", n, time.Since(start))
	}
}
