package render

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// keyTests are what terminals send, and the label that shows it.
var keyTests = []struct{ name, input, want string }{
	{"text", "ls -l\r", "ls -l ⏎"},
	{"CR and LF are one key", "one\r\ntwo\n", "one ⏎ two ⏎"},
	{"a blank alone", " ", "␣"},
	{"a blank after a key", "\t \t", "⇥ ␣ ⇥"},
	{"a mask", "****\r", "**** ⏎"},
	{"controls", "\x03\x04\x1a\x00\x1c", "⌃C ⌃D ⌃Z ⌃Space ⌃\\"},
	{"tab and backspace", "ab\t\x7f\x7f", "ab ⇥⌫⌫"},
	{"repeated keys", "\x1b[A\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B\x1b[B", "↑↑↑↓×4"},
	{"repeated text", "kkkkk", "kkkkk"},
	{"repeated names", "\x03\x03", "⌃C×2"},
	{"arrows", "\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA", "↑↓→←↑"},
	{"modified arrows", "\x1b[1;5C\x1b[1;2A\x1b[1;3D\x1b[1;6B", "⌃→ ⇧↑ Alt-← ⌃⇧↓"},
	{"home and end", "\x1b[H\x1b[F\x1b[1~\x1b[4~\x1bOH", "Home End Home End Home"},
	{"page and delete", "\x1b[5~\x1b[6~\x1b[3~\x1b[2~\x1b[3;5~", "PgUp PgDn Del Ins ⌃Del"},
	{"functions", "\x1bOP\x1b[11~\x1b[24~\x1b[[A\x1b[1;2P\x1b[15;5~", "F1×2 F12 F1 ⇧F1 ⌃F5"},
	{"shift tab", "\x1b[Z", "⇧⇥"},
	{"alt", "\x1bx\x1bf\x1b\r\x1b\x7f\x1bé", "Alt-x Alt-f Alt-⏎ Alt-⌫ Alt-é"},
	{"alt by two ESC", "\x1b\x1b[A", "Alt-↑"},
	{"escape and then text", "\x1b\x1b:wq\r", "Esc Alt-: wq ⏎"},
	{"three escapes", "\x1b\x1b\x1b[A", "Esc Alt-↑"},
	{"keypad", "\x1bOq\x1bOM\x1bOj", "1⏎*"},
	{"rxvt", "\x1b[3$\x1b[7^\x1b[a", "⇧Del ⌃Home ⇧↑"},
	{"kitty", "\x1b[97;5u\x1b[27u\x1b[13;2u\x1b[120;3u\x1b[57417;1u", "⌃A Esc ⇧⏎ Alt-x ←"},
	{"kitty text", "\x1b[97u\x1b[97:65;2u\x1b[49;2;33u", "aA!"},
	{"kitty release and modifiers", "\x1b[97;1:3u\x1b[1;1:3A\x1b[57441;2u\x1b[57442;5:3u", ""},
	{"modifyOtherKeys", "\x1b[27;5;105~\x1b[27;6;65~", "⌃I ⌃⇧A"},
	{"paste", "\x1b[200~echo one\x1b[201~", "echo one"},
	{"paste of lines", "\x1b[200~first\rsecond\rthird\x1b[201~x", "first…x"},
	{"paste with a last line break", "\x1b[200~first\n\x1b[201~", "first"},
	{"paste with escapes", "\x1b[200~a\x1b[31mb\x1b[20\x1b[201~", "a31mb"},
	{"mouse", "\x1b[<0;10;20M\x1b[<0;10;20m\x1b[M !!\x1b[32;10;10M", ""},
	{"cursor reports", "\x1b[12;40R\x1b[?12;40R\x1b[1;1R", ""},
	{"attributes", "\x1b[?62;22c\x1b[>1;4000;0c\x1b[0n\x1b[?2026;2$y\x1b[4;1$y", ""},
	{"window reports", "\x1b[8;24;80t\x1b[48;24;80;480;800t\x1b[I\x1b[O\x1b[?997;1n", ""},
	{"colours", "\x1b]11;rgb:1111/2222/3333\x1b\\\x1b]10;rgb:ff/ff/ff\x07x", "x"},
	{"capabilities", "\x1bP1+r544e=787465726d\x1b\\\x1bP>|xterm(390)\x1b\\\x1b_Gi=31;OK\x1b\\y", "y"},
	{"a string that breaks off", "\x1b]11;rgb:1\x1b[A", "↑"},
	{"wide characters", "日本\r", "日本 ⏎"},
	{"combining characters", "e\u0301x", "e\u0301x"},
	{"controls of direction", "a\u202eb\u2066c", "abc"},
	{"broken UTF-8", "a\xff\xc3b", "ab"},
	{"a sequence without end", "\x1b[" + strings.Repeat("1;", 400) + "Zx", "x"},
}

func TestKeys(t *testing.T) {
	for _, tt := range keyTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.input), 1, 2} {
				o := newOverlay(&Film{Keys: true})
				for part := range slices.Chunk([]byte(tt.input), step) {
					o.event(format.Event{Time: time.Minute, Code: format.Input, Data: string(part)})
				}
				if got := o.label(1000); got != tt.want {
					t.Errorf("in events of %d bytes: the label of %q is %q; want %q", step, tt.input, got, tt.want)
				}
			}
		})
	}
}

// Whatever is in the input, the label shows no control characters, and fits.
func FuzzKeys(f *testing.F) {
	for _, tt := range keyTests {
		f.Add(tt.input, 7)
	}
	f.Fuzz(func(t *testing.T, input string, cols int) {
		whole, bytes := newOverlay(&Film{Keys: true}), newOverlay(&Film{Keys: true})
		whole.event(format.Event{Code: format.Input, Data: input})
		for i := range len(input) {
			bytes.event(format.Event{Code: format.Input, Data: input[i : i+1]})
		}
		if a, b := whole.label(1000), bytes.label(1000); a != b {
			t.Errorf("the label of %q is %q; of its bytes %q", input, a, b)
		}
		if n := len(whole.reader.pending); n > 2*maxPending {
			t.Errorf("%d bytes are kept of %q", n, input)
		}
		cols = 1 + int(uint(cols)%100)
		var c Canvas
		c.Reset(cols, 2)
		whole.draw(&c, 1)
		for _, cl := range c.Row(1) {
			for _, r := range cl.Text + string(cl.Rune) {
				if r != 0 && RuneWidth(r) == 0 && !isMark(r) {
					t.Errorf("%q shows %q", input, r)
				}
			}
		}
		was := slices.Clone(c.Row(1))
		c.Mend(1)
		if !slices.Equal(was, c.Row(1)) {
			t.Errorf("%q in %d columns leaves half a character", input, cols)
		}
	})
}

// filmed returns what a film shows: for each frame its time and its rows.
func filmed(t *testing.T, f *Film, size format.Size) []string {
	t.Helper()
	var got []string
	for fr, err := range f.Frames(context.Background(), size) {
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for y := range fr.Canvas.Rows {
			rows = append(rows, rowText(fr.Canvas.Row(y)))
		}
		got = append(got, fmt.Sprintf("%v %s", f.Time(fr.Tick), strings.Join(rows, "|")))
	}
	return got
}

func rowText(row []Cell) string {
	var b strings.Builder
	for _, c := range row {
		switch {
		case c.Rest:
		case c.Text != "":
			b.WriteString(c.Text)
		default:
			b.WriteRune(max(c.Rune, ' '))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Captions stay until the next marker, keys until two seconds after the last; both make
// frames of their own where the screen does not change.
func TestOverlayRows(t *testing.T) {
	in := func(at time.Duration, s string) format.Event {
		return format.Event{Time: at, Code: format.Input, Data: s}
	}
	mark := func(at time.Duration, s string) format.Event {
		return format.Event{Time: at, Code: format.Marker, Data: s}
	}
	const sec = time.Second
	tests := []struct {
		name   string
		film   Film
		size   format.Size
		events []format.Event
		want   []string
	}{
		{"captions", Film{Captions: true, FPS: 10}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), mark(sec, "one"), testcast.Out(2*sec, "b"), mark(3*sec, "two\nlines"),
			mark(3500*time.Millisecond, format.Resumed(time.Unix(0, 0))), mark(4*sec, ""), testcast.Out(5*sec, ""),
		}, []string{"0s a||", "1s a||        one", "2s ab||        one", "3s ab||     two lines", "4s ab||"}},
		{"a caption that is too long", Film{Captions: true, FPS: 10}, format.Size{Cols: 10, Rows: 3}, []format.Event{
			testcast.Out(0, "a"), mark(sec, "日本語日本語"),
		}, []string{"0s a||", "1s a|| 日本語…"}},
		{"keys", Film{Keys: true, FPS: 10, Hold: sec}, format.Size{}, []format.Event{
			in(sec, "l"), testcast.Out(sec, "l"), in(1500*time.Millisecond, "s"), testcast.Out(1500*time.Millisecond, "s"),
			in(3*sec, "x"), testcast.Out(9*sec, ""),
		}, []string{"0s ||", "1s l||                  l", "1.5s ls||                 ls", "3s ls||                  x", "5s ls||"}},
		{"a label goes while the last frame is held", Film{Keys: true, FPS: 10, Hold: 3 * sec}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), in(sec, "x"),
		}, []string{"0s a||", "1s a||                  x", "3s a||"}},
		{"a label that is too long", Film{Keys: true, FPS: 10, Hold: sec}, format.Size{Cols: 10, Rows: 3}, []format.Event{
			testcast.Out(0, "a"), in(sec, "0123456789abcdef"), in(sec, "日本"),
		}, []string{"0s a||", "1s a|| …def日本"}},
		{"the key Esc", Film{Keys: true, FPS: 100, Hold: sec}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), in(sec, "\x1b"), in(1500*time.Millisecond, "[A"),
		}, []string{"0s a||", "1.05s a||                Esc", "1.5s a||             Esc [A"}},
		{"both", Film{Keys: true, Captions: true, FPS: 10, Hold: sec}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), mark(sec, "m"), in(sec, "k"),
		}, []string{"0s a|||", "1s a||         m|                  k"}},
		{"in a synchronized update", Film{Keys: true, FPS: 10, Hold: sec}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), testcast.Out(sec, "\x1b[?2026hb"), in(1200*time.Millisecond, "k"), testcast.Out(1500*time.Millisecond, "\x1b[?2026l"),
		}, []string{"0s a||", "1.2s a||                  k", "1.5s ab||                  k"}},
		{"resized", Film{Captions: true, FPS: 10, Hold: sec}, format.Size{Cols: 20, Rows: 5}, []format.Event{
			testcast.Out(0, "a"), mark(sec, "m"), {Time: 2 * sec, Code: format.Resize, Data: "10x4"}, testcast.Out(2*sec, "\x1b[4Hz"),
		}, []string{"0s a||||", "1s a||||         m", "2s a|||z|         m"}},
		{"neither is asked for", Film{FPS: 10, Hold: sec}, format.Size{}, []format.Event{
			testcast.Out(0, "a"), mark(sec, "m"), in(2*sec, "k"),
		}, []string{"0s a|"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.film
			f.Open = func() (format.Cast, error) {
				return testcast.Of(format.Header{Size: format.Size{Cols: 20, Rows: 2}}, tt.events...), nil
			}
			if got := filmed(t, &f, tt.size); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
			m, err := f.Measure(context.Background())
			if err != nil || m.Frames != len(tt.want) {
				t.Errorf("Measure: %d frames, %v; want %d", m.Frames, err, len(tt.want))
			}
		})
	}
}

// A still shows the keys of the time, and not those before.
func TestOverlayOfStill(t *testing.T) {
	events := []format.Event{
		testcast.Out(0, "a"),
		{Time: time.Second, Code: format.Input, Data: "old"},
		{Time: 5 * time.Second, Code: format.Marker, Data: "first"},
		{Time: 6 * time.Second, Code: format.Marker, Data: "m"},
		{Time: 6 * time.Second, Code: format.Input, Data: "ne\x1b"},
		testcast.Out(7*time.Second, "b"),
	}
	for _, tt := range []struct {
		upto int
		want string
	}{{3, "0s a||        first|"}, {6, "0s ab||          m|            ne Esc"}, {0, "0s |||"}} {
		f := &Film{Keys: true, Captions: true, Still: true, Open: func() (format.Cast, error) {
			return testcast.Of(format.Header{Size: format.Size{Cols: 20, Rows: 2}}, events[:tt.upto]...), nil
		}}
		if got := filmed(t, f, format.Size{}); len(got) != 1 || strings.ReplaceAll(got[0], " ", "") != strings.ReplaceAll(tt.want, " ", "") {
			t.Errorf("the still of %d events is %q; want %q", tt.upto, got, tt.want)
		}
		if m, err := f.Measure(context.Background()); err != nil || m.Frames != 1 || m.Length != DefaultHold {
			t.Errorf("Measure = %+v, %v; want 1 frame of %v", m, err, DefaultHold)
		}
	}
}
