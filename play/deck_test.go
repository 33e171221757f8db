package play

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// viewing is a deck that plays on a fake terminal in a bubble; a screen model of its
// own shows the output.
type viewing struct {
	t    *testing.T
	term *fakeTerminal
	seen int // writes that vt has read
	vt   *vt.Screen
	done chan struct{}
	err  error
	took time.Duration
}

func getenv(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// startView starts p. The caller must be in a bubble.
func startView(t *testing.T, p *Player, cols, rows int) *viewing {
	t.Helper()
	v := &viewing{t: t, term: newFakeTerminal(cols, rows), done: make(chan struct{}), vt: vt.New(cols, rows)}
	p.Terminal = v.term
	if p.Getenv == nil {
		p.Getenv = getenv(map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"})
	}
	began := time.Now()
	go func() {
		defer close(v.done)
		v.err = p.Run(t.Context())
		v.took = time.Since(began)
	}()
	t.Cleanup(func() {
		select {
		case <-v.done:
		case v.term.keys <- "q":
			<-v.done
		}
	})
	v.settle()
	return v
}

// settle lets the deck draw, and feeds its output to the screen model.
func (v *viewing) settle() {
	time.Sleep(2 * frameGap)
	synctest.Wait()
	v.term.mu.Lock()
	defer v.term.mu.Unlock()
	for _, w := range v.term.writes[v.seen:] {
		v.vt.WriteString(w.data)
	}
	v.seen = len(v.term.writes)
}

func (v *viewing) wait(d time.Duration) {
	time.Sleep(d)
	v.settle()
}

// press types keys, each a read of its own.
func (v *viewing) press(keys ...string) {
	v.t.Helper()
	for _, k := range keys {
		select {
		case v.term.keys <- k:
		case <-v.done:
			v.t.Fatalf("the deck ended before key %q: %v", k, v.err)
		}
		v.settle()
	}
}

func (v *viewing) row(y int) string { return strings.TrimRight(v.vt.Row(y).Text(), " ") }

func (v *viewing) bar() string {
	_, rows := v.vt.Size()
	return v.row(rows - 1)
}

// wantRow fails the test unless row y shows want.
func (v *viewing) wantRow(y int, want string) {
	v.t.Helper()
	if got := v.row(y); got != want {
		v.t.Errorf("row %d shows %q; want %q", y, got, want)
	}
}

// wantBar fails the test unless the bar shows all of want.
func (v *viewing) wantBar(want ...string) {
	v.t.Helper()
	for _, w := range want {
		if got := v.bar(); !strings.Contains(got, w) {
			v.t.Errorf("the bar shows %q; want %q in it", got, w)
		}
	}
}

// countdown returns a recording of n seconds that shows the number of each second on
// its only line, with a marker at every tenth second.
func countdown(n int) format.Cast {
	var events []format.Event
	for i := 1; i <= n; i++ {
		at := time.Duration(i) * time.Second
		if i%10 == 0 {
			events = append(events, marker(at, fmt.Sprintf("mark %d", i)))
		}
		events = append(events, out(at, fmt.Sprintf("\r\x1b[2Ksecond %d", i)))
	}
	return castOf(format.Header{Size: format.Size{Cols: 40, Rows: 5}, Title: "a countdown"}, events...)
}

const (
	left, right           = "\x1b[D", "\x1b[C"
	shiftLeft, shiftRight = "\x1b[1;2D", "\x1b[1;2C"
	esc                   = "\x1b"
)

// Each key does what the help says.
func TestDeckKeys(t *testing.T) {
	type step struct {
		keys string        // typed one by one, separated by spaces; "space" is a space
		wait time.Duration // after the keys
		row  string        // row 0 after the wait
		bar  string        // parts of the bar, separated by "|"
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"pause", []step{{"", 3500 * time.Millisecond, "second 3", "▶ 0:03"}, {"space", time.Hour, "second 3", "⏸ 0:03"}, {"space", time.Second, "second 4", "▶ 0:04"}}},
		{"arrows", []step{{"space " + right, 0, "second 5", "0:05.0"}, {right + " " + right, 0, "second 15", "0:15.0"}, {left, 0, "second 10", "0:10.0"}}},
		{"tenths", []step{{"space " + shiftRight + " " + shiftRight, 0, "second 20", "0:20.0"}, {shiftLeft, 0, "second 10", "0:10.0"}}},
		{"digits", []step{{"space 5", 0, "second 50", "0:50.0"}, {"9", 0, "second 90", "1:30.0"}, {"0", 0, "", "0:00.0"}}},
		{"ends", []step{{"space G", 0, "second 100", "1:40.0"}, {"g", 0, "", "0:00.0"}, {"\x1b[F", 0, "second 100", ""}, {"\x1b[H", 0, "", ""}}},
		{"frames", []step{{"space 5 .", 0, "second 51", "0:51.0"}, {", ,", 0, "second 49", "0:49.0"}, {".", 0, "second 50", ""}, {"0 ,", 0, "", "0:00.0"}}},
		{"frames while playing", []step{{"5 .", time.Minute, "second 51", "⏸"}}},
		{"markers", []step{{"space ]", 0, "second 9", "mark 10"}, {"]", 0, "second 19", "0:20.0|mark 20"}, {"[", 0, "second 9", "mark 10"}, {"[", 0, "second 9", "no earlier marker"}}},
		{"time", []step{{"space t 1 : 0 2 enter", 0, "second 62", "1:02.0"}, {"t 7 enter", 0, "second 7", ""}, {"t x enter", 0, "second 7", "invalid place"}, {"t 2 5 % enter", 0, "second 25", ""}}},
		{"places", []step{
			{"space t e n d - 3 0 enter", 0, "second 70", "1:10.0"}, {"t m a r k e r : m a r k space 4 0 enter", 0, "second 39", "0:40.0|marker: mark 40"},
			{"t m a r k e r : x enter", 0, "second 39", `marker "x": not found`}, {"t e n d enter", 0, "second 100", "1:40.0"},
			{"t e v e n t : 3 enter", 0, "second 100", "not counted here"}, {"t c o m m a n d : 1 enter", 0, "second 100", "command:1: the recording has no commands"},
		}},
		{"faster", []step{{"+", time.Second, "second 2", "x2"}, {"+ + +", time.Second, "second 18", "x16"}, {"=", time.Second, "second 19", ""}}},
		{"slower", []step{{"- -", 8 * time.Second, "second 2", "x0.25"}}},
		{"without waiting", []step{{"+ + + + +", time.Millisecond, "second 100", "max"}}},
		{"loop", []step{{"l", 0, "", "loop"}, {"9", 11 * time.Second, "second 1", ""}}},
		{"stop at markers", []step{{"m", time.Minute, "second 9", "⏸ 0:10.0|marks"}, {"space", 5 * time.Second, "second 15", "▶"}}},
		{"find", []step{{"space / s e c o n d space 4 enter", 0, "second 4", "0:04.0|match 1 of 2"}, {"n", 0, "second 40", "match 2 of 2"}, {"n N N", 0, "second 4", ""}, {"N", 0, "second 40", "match 2 of 2, wrapped"}, {"n", 0, "second 4", "wrapped"}}},
		{"find while typing", []step{{"space / 7", 0, "second 7", "/7"}, {"7", 0, "second 77", "/77"}, {"\x7f", 0, "second 7", ""}, {"\x15", 0, "", "/"}}},
		{"find given up", []step{{"space 5 / 7", 0, "second 57", ""}, {esc, escapeWait, "second 50", "0:50.0"}}},
		{"find behind", []step{{"space 5 ? 7 enter", 0, "second 47", ""}, {"n", 0, "second 37", ""}, {"N", 0, "second 47", ""}}},
		{"find a regular expression", []step{{"space / ^ s . * 9 $ enter", 0, "second 9", ""}, {"n", 0, "second 19", ""}}},
		{"find nothing", []step{{"space 5 / x x enter", 0, "second 50", "not found: xx|0:50.0"}}},
		{"find in capitals", []step{{"space / S E C enter", 0, "", "not found"}}},
		{"bar", []step{{"b", 3 * time.Second, "second 3", ""}}},
		{"unknown", []step{{"z", 0, "", "h shows the keys"}}},
		{"end and again", []step{{"G", time.Second, "second 100", "■"}, {"space", 2 * time.Second, "second 2", "▶"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
				for i, s := range tt.steps {
					for _, k := range strings.Fields(s.keys) {
						switch k {
						case "space":
							k = " "
						case "enter":
							k = "\r"
						}
						v.press(k)
					}
					v.wait(s.wait)
					if got := v.row(0); strings.TrimRight(strings.TrimSuffix(got, "│"), " ") != s.row {
						t.Errorf("after step %d (%q) row 0 shows %q; want %q", i, s.keys, got, s.row)
					}
					for _, want := range strings.Split(s.bar, "|") {
						v.wantBar(want)
					}
				}
			})
		})
	}
}

func TestDeckBarKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
		v.wantBar("a countdown", "0:00")
		v.press("b")
		if v.bar() != "" {
			t.Errorf("after b the bar shows %q; want none", v.bar())
		}
		v.press("b")
		v.wantBar("a countdown")
	})
}

func TestDeckHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
		v.press("h")
		all := v.vt.Text()
		for _, line := range helpLines {
			if !strings.Contains(all, line[0]) || !strings.Contains(all, line[1]) {
				t.Errorf("the help does not show %q", line)
			}
		}
		v.press("x")
		v.wantBar("a countdown")
	})
	// On a small terminal the help scrolls to every line.
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100)}, 40, 10)
		v.press("h")
		seen := v.vt.Text()
		for range helpLines {
			v.press("\x1b[B")
			seen += v.vt.Text()
		}
		for _, line := range helpLines {
			if !strings.Contains(seen, line[0]) || !strings.Contains(seen, line[1]) {
				t.Errorf("the help does not show %q", line)
			}
		}
	})
}

// Without keys, the deck exits at the end of the recording and leaves the last screen
// in view; after a key it stays.
func TestDeckEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(3)}, 80, 24)
		<-v.done
		v.settle()
		if v.err != nil || v.took < 3*time.Second || v.took > 3*time.Second+100*time.Millisecond {
			t.Errorf("the deck ended after %v, %v; want 3s", v.took, v.err)
		}
		v.wantRow(0, "second 3")
		if v.vt.OnAlternate() {
			t.Error("the terminal is still on the alternate screen")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(3)}, 80, 24)
		v.press("b")
		v.wait(time.Hour)
		select {
		case <-v.done:
			t.Error("the deck ended after a key; want it to stay")
		default:
		}
		v.press(left)
	})
}

func TestDeckQuits(t *testing.T) {
	for key, want := range map[string]error{"q": nil, "\x03": ErrInterrupted} {
		synctest.Test(t, func(t *testing.T) {
			v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
			v.term.mu.Lock()
			before := *vt.New(80, 24)
			v.term.mu.Unlock()
			v.wait(5 * time.Second)
			v.term.keys <- key
			<-v.done
			v.settle()
			if !errors.Is(v.err, want) || v.err != want {
				t.Errorf("Run = %v; want %v", v.err, want)
			}
			if got, want := v.vt.Modes(), before.Modes(); got != want {
				t.Errorf("the terminal has the modes\n%+v; want\n%+v", got, want)
			}
			if v.vt.OnAlternate() || v.vt.Pen() != before.Pen() || v.vt.Text() != "" || !v.vt.Cursor().Visible {
				t.Errorf("alternate %v, pen %v, text %q, cursor %+v", v.vt.OnAlternate(), v.vt.Pen(), v.vt.Text(), v.vt.Cursor())
			}
			if v.term.restored != 1 {
				t.Errorf("the terminal was restored %d times; want 1", v.term.restored)
			}
		})
	}
}

// On a slow terminal a frame is late by no more than the time to write one, and keys
// act at once.
func TestDeckSlowTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Player{Cast: countdown(100), Speed: 10}
		v := startView(t, p, 80, 24)
		v.term.mu.Lock()
		v.term.slow = 700 * time.Millisecond
		v.term.mu.Unlock()
		v.wait(5 * time.Second)
		if at, ok := v.term.when("second 49"); ok && at > 6*time.Second {
			t.Errorf("second 49 appeared at %v; want at most 6s", at)
		}
		v.press(" ")
		v.wait(2 * time.Second)
		v.wantBar("⏸ 0:5")
		n := len(v.term.writes)
		if n > 14 {
			t.Errorf("the deck wrote %d frames in 7 s; want at most 14, as each takes 0.7 s", n)
		}
	})
}

func TestDeckMouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
		v.press(" ")
		bar := []rune(v.bar())
		first := 0
		for i, r := range bar {
			if strings.ContainsRune("━─●┃", r) {
				first = i
				break
			}
		}
		width := 0
		for _, r := range bar[first:] {
			if !strings.ContainsRune("━─●┃", r) {
				break
			}
			width++
		}
		if width < 20 {
			t.Fatalf("the bar has no track: %q", string(bar))
		}
		click := func(x, y int, code string) string { return fmt.Sprintf("\x1b[<%s;%d;%d", code, x+1, y+1) }
		v.press(click(first+width/2, 23, "0") + "M")
		mid := v.row(0)
		if !strings.HasPrefix(mid, "second 4") && !strings.HasPrefix(mid, "second 5") {
			t.Errorf("a click in the middle shows %q; want second 4x or 5x", mid)
		}
		v.press(click(first+width-1, 20, "32") + "M") // a drag beside the bar
		v.wantBar("1:40.0")
		v.press(click(first+width-1, 20, "0") + "m")
		v.press(click(first, 5, "0") + "M") // a click elsewhere
		v.wantBar("1:40.0")
	})
}

func TestDeckIdle(t *testing.T) {
	events := []format.Event{out(time.Second, "one "), out(100*time.Second, "two "), out(101*time.Second, "three")}
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(format.Header{}, events...), IdleLimit: 2 * time.Second}, 80, 25)
		v.wait(3100 * time.Millisecond)
		v.wantRow(0, "one two")
		v.wait(time.Second)
		v.wantRow(0, "one two three")
	})
	// Switching the limit on in a pause shortens the rest of the pause; switching
	// it off restores the pause.
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(format.Header{}, events...)}, 80, 25)
		v.wait(10 * time.Second)
		v.press("i")
		v.wait(2100 * time.Millisecond)
		v.wantRow(0, "one two")
		v.press("0")
		v.press("i")
		v.wait(50 * time.Second)
		v.wantRow(0, "one")
	})
}

func TestDeckStartAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100), Start: 50 * time.Second, End: 60 * time.Second}, 80, 24)
		v.wait(time.Second / 2)
		if got := v.row(0); !strings.HasPrefix(got, "second 50") {
			t.Errorf("the deck starts with %q; want second 50", got)
		}
		<-v.done
		if v.took < 10*time.Second || v.took > 11*time.Second {
			t.Errorf("the deck took %v; want 10s", v.took)
		}
		v.settle()
		v.wantRow(0, "second 60")
	})
}

// The view follows the cursor until a key moves it.
func TestDeckViewport(t *testing.T) {
	text := "\x1b[2J"
	for y := range 50 {
		text += fmt.Sprintf("\x1b[%d;1Hleft %d\x1b[%d;195Hright", y+1, y, y+1)
	}
	h := format.Header{Size: format.Size{Cols: 200, Rows: 50}}
	for _, size := range []format.Size{{Cols: 80, Rows: 24}, {Cols: 40, Rows: 10}, {Cols: 200, Rows: 50}, {Cols: 3, Rows: 2}, {Cols: 1, Rows: 1}} {
		synctest.Test(t, func(t *testing.T) {
			v := startView(t, &Player{Cast: castOf(h, out(0, text), out(time.Second, "\x1b[1;1H"), out(time.Hour, ""))}, size.Cols, size.Rows)
			if size.Cols >= 40 {
				v.wantRow(size.Rows/2, strings.TrimRight(v.row(size.Rows/2), " "))
				if !strings.Contains(v.vt.Text(), "right") {
					t.Errorf("%v: the text around the cursor is not in view:\n%s", size, v.vt.Text())
				}
			}
			v.wait(time.Second)
			if size.Cols >= 40 {
				if got := v.row(0); !strings.HasPrefix(got, "left 0") {
					t.Errorf("%v: with the cursor at home, row 0 shows %q; want left 0", size, got)
				}
			}
			v.press("L", "J", "H", "K", "c", "h", "x", "/", "left", "\r")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(h, out(0, text+"\x1b[1;1H"), out(time.Hour, ""))}, 80, 24)
		v.press("J", "J")
		v.wait(barFor)
		v.wantRow(0, "left 12")
		v.press("L", "L", "L", "L", "L", "L", "L")
		v.wait(barFor)
		if got := v.row(0); !strings.HasSuffix(got, " right") {
			t.Errorf("at the right edge row 0 shows %q; want it to end with right", got)
		}
		v.press("c")
		v.wait(2 * barFor)
		v.wantRow(0, "left 0")
	})
}

// A match is in view wherever the cursor is, even if the recording is larger than
// the terminal. When play goes on, the view follows the cursor again.
func TestDeckFoundIsInView(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 100, Rows: 30}}
	home := "\x1b[1;1Htop"
	events := []format.Event{
		out(0, home),
		out(time.Second, "\x1b[15;80Hthe daemon one"+home),
		out(2*time.Second, "\x1b[30;3Ha daemon two"+home), // the bar's row
		out(3*time.Second, "\x1b[20;90Hdaemo"+home),
		out(4*time.Second, "\x1b[20;95Hn three"+home),
		out(5*time.Second, home),
		out(time.Hour, home+" end"),
	}
	for _, clip := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			v := startView(t, &Player{Cast: castOf(h, events...), Clip: clip}, 40, 10)
			sees := func(what string) {
				t.Helper()
				if !strings.Contains(v.vt.Text(), what) {
					t.Errorf("clip %v: %q is not in view:\n%s", clip, what, v.vt.Text())
				}
			}
			sees("top")
			v.press("/", "d", "a", "e", "m", "o", "n")
			sees("daemon one")
			v.press("\r")
			sees("daemon one")
			v.press("n")
			sees("daemon two")
			v.press("n")
			sees("daemon th")
			v.press("N")
			sees("daemon two")
			v.press("N")
			sees("daemon one")
			v.press("c")
			sees("top")
			v.press("n", "n")
			sees("daemon th")
			v.press(" ")
			v.wait(2 * time.Second)
			sees("top")
			v.press(" ", "N")
			sees("daemon th")
			v.press("g", "\x1b[B")
			sees("top")
		})
	}
	// After the search a moved view is back in its place.
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(h, append(events, out(0, ""))...)}, 40, 10)
		v.press("J")
		v.press("/", "o", "n", "e", "\r")
		if !strings.Contains(v.vt.Text(), "one") {
			t.Errorf("the match is not in view:\n%s", v.vt.Text())
		}
		v.press("g")
		if strings.Contains(v.vt.Text(), "top") {
			t.Errorf("the moved view follows the cursor:\n%s", v.vt.Text())
		}
	})
}

func TestDeckTerminalIsResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: countdown(100)}, 80, 24)
		v.wait(5 * time.Second)
		v.vt.Resize(60, 15)
		v.term.resize(60, 15)
		v.settle()
		if got := v.row(0); !strings.HasPrefix(got, "second 5") {
			t.Errorf("after a resize row 0 shows %q; want second 5", got)
		}
		v.wantBar("0:05")
	})
}

// With Follow, the deck shows a recording as it grows.
func TestDeckFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		defer close(ended)
		cast := format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 5}}, Events: func(yield func(format.Event, error) bool) {
			for i := range 1000 {
				if !yield(out(time.Duration(i)*time.Second, fmt.Sprintf("\r\x1b[Kold %d", i)), nil) {
					return
				}
			}
			for i := range 10 {
				select {
				case <-time.After(time.Minute):
				case <-ended:
					return
				}
				if !yield(out(time.Duration(1000+60*i)*time.Second, fmt.Sprintf("\r\x1b[Knew %d", i)), nil) {
					return
				}
			}
		}}
		v := startView(t, &Player{Cast: cast, Follow: true}, 80, 24)
		if got := v.row(0); !strings.HasPrefix(got, "old 999") {
			t.Errorf("the deck begins with %q; want the last event, old 999", got)
		}
		v.wait(time.Minute)
		if got := v.row(0); !strings.HasPrefix(got, "new 0") {
			t.Errorf("after a minute row 0 shows %q; want new 0", got)
		}
		v.wantBar("live")
		v.press("0")
		v.wait(2 * time.Second)
		if got := v.row(0); !strings.HasPrefix(got, "old 2") {
			t.Errorf("2 s from the start row 0 shows %q; want old 2", got)
		}
		v.press("F")
		v.wait(time.Minute)
		if got := v.row(0); !strings.HasPrefix(got, "new 1") && !strings.HasPrefix(got, "new 2") {
			t.Errorf("after F row 0 shows %q; want new 1 or new 2", got)
		}
	})
}

// A panic in one of the deck's goroutines restores the terminal first.
func TestDeckPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cast := format.Cast{Events: func(yield func(format.Event, error) bool) {
			yield(out(0, "fine\x1b[31m"), nil)
			time.Sleep(time.Second)
			panic("boom")
		}}
		term := newFakeTerminal(80, 24)
		var got any
		func() {
			defer func() { got = recover() }()
			(&Player{Cast: cast, Terminal: term, Getenv: getenv(nil)}).Run(t.Context())
		}()
		if !strings.Contains(fmt.Sprint(got), "boom") {
			t.Errorf("recovered %v; want the goroutine's panic", got)
		}
		if !strings.HasSuffix(term.output(), deckEnd(true, false)) || term.restored != 1 {
			t.Errorf("the terminal was restored %d times and got %q; want once, and the deck's end", term.restored, term.output())
		}
	})
}

// The deck plays a broken recording up to the fault, and returns the error at its
// end.
func TestDeckBrokenRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		cast := format.Cast{Events: func(yield func(format.Event, error) bool) {
			_ = yield(out(0, "fine"), nil) && yield(format.Event{}, boom)
		}}
		v := startView(t, &Player{Cast: cast}, 80, 25)
		<-v.done
		v.settle()
		v.wantRow(0, "fine")
		if !errors.Is(v.err, boom) {
			t.Errorf("Run = %v; want boom", v.err)
		}
	})
}

// An empty recording ends at once.
func TestDeckEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{}, 80, 25)
		<-v.done
		if v.err != nil {
			t.Error(v.err)
		}
	})
}

// The bar shows the last command that the recorded shell marked, at any position.
func TestDeckCommand(t *testing.T) {
	prompt := "\x1b]133;A\x07$ \x1b]133;B\x07"
	events := []format.Event{
		out(0, prompt), out(time.Second, "ls"), out(2*time.Second, " -l\r\n\x1b]133;C\x07total 0\r\n\x1b]133;D;0\x07"+prompt),
		out(10*time.Second, "a line that is longer than\r\n\x1b]133;C\x07\x1b]133;D\x07"+prompt),
		out(20*time.Second, "\r\n\x1b]633;E;make\\x20all;nonce\x07\x1b]633;C\x07"),
		out(30*time.Second, "\x1b]133;C;cmdline_url=git%20status\x07"),
		out(40*time.Second, "."),
	}
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(format.Header{Title: "title", Size: format.Size{Cols: 20, Rows: 10}}, events...)}, 80, 24)
		v.press(" ")
		v.wantBar("title")
		v.press(right)
		v.wantBar("$ ls -l")
		v.press(right)
		v.wantBar("$ a line that is longer than")
		v.press(right, right)
		v.wantBar("$ make all")
		v.press("G")
		v.wantBar("$ git status")
		v.press("0", right)
		v.wantBar("$ ls -l")
		v.press("}")
		v.wantBar("$ a line that is longer than")
		v.press("}", "}")
		v.wantBar("$ git status")
		v.press("}")
		v.wantBar("no later command")
		v.press("{")
		v.wantBar("$ make all")
		v.press("{", "{")
		v.wantBar("$ ls -l")
		v.press("{")
		v.wantBar("no earlier command")
	})
}

// If the header has the nonce of the marks, the deck ignores marks that a program
// has forged.
func TestDeckForgedCommand(t *testing.T) {
	header := format.Header{Size: format.Size{Cols: 20, Rows: 10}, Extra: []format.Field{{Key: format.NonceKey, JSON: `"n0nce"`}}}
	events := []format.Event{
		out(time.Second, "\x1b]133;C;aid=n0nce;hn=1;cmdline_url=cat%20evil\x07"),
		out(2*time.Second, "\x1b]133;C;cmdline_url=evil\x07\x1b]133;C;aid=guess;cmdline_url=evil\x07\x1b]633;E;evil\x07"),
		out(40*time.Second, "."),
	}
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(header, events...)}, 80, 24)
		v.press(" ", "G")
		v.wantBar("$ cat evil")
	})
}

// If the shell has marked no command, the deck looks for commands in the recording.
func TestDeckFindsCommands(t *testing.T) {
	size := format.Size{Cols: 20, Rows: 10}
	events := []format.Event{
		out(time.Second, "$ "), out(2*time.Second, "ls\r\n"), out(2*time.Second, "a\r\n$ "), {Time: 3 * time.Second, Code: format.Resize, Data: "30x5"},
		out(4*time.Second, strings.Repeat("x", 128<<10)), out(40*time.Second, "."),
	}
	finder := func(t *testing.T) func(format.Cast) iter.Seq2[time.Duration, string] {
		return func(cast format.Cast) iter.Seq2[time.Duration, string] {
			var text strings.Builder
			var sizes []string
			for ev, err := range cast.Events {
				switch {
				case err != nil:
					t.Error(err)
				case ev.Code == format.Output:
					text.WriteString(ev.Data)
				case ev.Code == format.Resize:
					sizes = append(sizes, fmt.Sprint(ev.Time, ev.Data))
				}
			}
			if want := "$ ls\r\na\r\n$ " + strings.Repeat("x", 128<<10) + "."; text.String() != want || !slices.Equal(sizes, []string{"3s30x5"}) || cast.Header.Size != size {
				t.Errorf("Commands got size %v, %d bytes, resizes %v; want the whole recording", cast.Header.Size, text.Len(), sizes)
			}
			return func(yield func(time.Duration, string) bool) {
				_ = yield(2*time.Second, "ls\n -l") && yield(4*time.Second, "yes") && yield(time.Hour, "beyond")
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		v := startView(t, &Player{Cast: castOf(format.Header{Title: "title", Size: size}, events...), Commands: finder(t)}, 80, 24)
		v.press(" ", "0", ".")
		v.wantBar("title")
		v.press("}")
		v.wantBar("$ ls -l")
		v.wantBar("0:02")
		v.press("}")
		v.wantBar("$ yes")
		v.wantBar("0:04")
		v.press("G", "{", "{")
		v.wantBar("$ ls -l")
		v.press(strings.Split("tcommand:/yes/\r", "")...)
		v.wantBar("$ yes")
		v.press(strings.Split("tcommand:1\r", "")...)
		v.wantBar("$ ls -l")
	})
	// A marked recording is not searched for commands.
	synctest.Test(t, func(t *testing.T) {
		marked := append([]format.Event{out(0, "\x1b]133;C;cmdline_url=make\x07")}, events...)
		v := startView(t, &Player{Cast: castOf(format.Header{Size: size}, marked...), Commands: func(format.Cast) iter.Seq2[time.Duration, string] {
			t.Error("the deck called Commands for a marked recording")
			return func(func(time.Duration, string) bool) {}
		}}, 80, 24)
		v.press(" ", "G")
		v.wantBar("$ make")
	})
}

// The deck ends with the recording, also while commands are looked for.
func TestDeckEndsBeforeCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		v := startView(t, &Player{Cast: countdown(3), Commands: func(format.Cast) iter.Seq2[time.Duration, string] {
			<-stop
			return func(func(time.Duration, string) bool) {}
		}}, 80, 24)
		<-v.done
		if v.err != nil || v.took > 4*time.Second {
			t.Errorf("the deck ended after %v, %v; want 3s", v.took, v.err)
		}
	})
}

// An ASCII terminal gets only ASCII.
func TestDeckASCII(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cast := castOf(format.Header{Size: format.Size{Cols: 20, Rows: 10}}, out(0, "┌─é漢字─┐ e\u0301"), out(time.Hour, ""))
		v := startView(t, &Player{Cast: cast, Getenv: getenv(map[string]string{"TERM": "xterm", "LANG": "C"})}, 60, 20)
		v.press(" ", "h", "x")
		v.wait(barFor)
		v.wantRow(0, "+-?? ? -+ ?         |")
		for _, c := range v.term.output() {
			if c >= 0x80 {
				t.Fatalf("the terminal got %q", c)
			}
		}
	})
}

// At any speed a loop shows the last screen before it starts over.
func TestDeckLoopShowsTheEnd(t *testing.T) {
	for _, speed := range []float64{1, Unpaced} {
		synctest.Test(t, func(t *testing.T) {
			v := startView(t, &Player{Cast: countdown(3), Speed: speed, Loop: true}, 40, 6)
			v.wait(10 * time.Second)
			ends := 0
			screen := vt.New(40, 6)
			for _, w := range v.term.writes {
				screen.WriteString(w.data)
				if strings.HasPrefix(screen.Row(0).Text(), "second 3") {
					ends++
				}
			}
			if ends < 2 {
				t.Errorf("speed %g: in 10 s the loop showed the last screen %d times; want 2 or more", speed, ends)
			}
		})
	}
}
