package render

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// filmOf returns the film of events, at 10 frames a second.
func filmOf(size format.Size, events ...format.Event) *Film {
	return &Film{FPS: 10, Hold: time.Second, Open: func() (format.Cast, error) {
		return format.Cast{Header: format.Header{Size: size}, Events: func(yield func(format.Event, error) bool) {
			for _, ev := range events {
				if !yield(ev, nil) {
					return
				}
			}
		}}, nil
	}}
}

func out(ms int, data string) format.Event {
	return format.Event{Time: time.Duration(ms) * time.Millisecond, Code: format.Output, Data: data}
}

// text returns the text of a canvas, its rows separated by |.
func text(c *Canvas) string {
	var rows []string
	for y := range c.Rows {
		var b strings.Builder
		for _, cl := range c.Row(y) {
			switch {
			case cl.Text != "":
				b.WriteString(cl.Text)
			case cl.Rune != 0:
				b.WriteRune(cl.Rune)
			case !cl.Rest:
				b.WriteByte(' ')
			}
		}
		rows = append(rows, strings.TrimRight(b.String(), " "))
	}
	return strings.TrimRight(strings.Join(rows, "|"), "|")
}

// list returns the frames of a film, each as "from-till text".
func list(t *testing.T, f *Film, size format.Size) (frames []string) {
	t.Helper()
	for fr, err := range f.Frames(context.Background(), size) {
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, fmt.Sprintf("%d-%d %s", fr.Tick, fr.Till, text(fr.Canvas)))
	}
	return frames
}

func TestFrames(t *testing.T) {
	size := format.Size{Cols: 10, Rows: 3}
	for _, test := range []struct {
		name   string
		events []format.Event
		want   []string
	}{
		{"nothing", nil, []string{"0-10 "}},
		{"at once", []format.Event{out(0, "a")}, []string{"0-10 a"}},
		{"blank at first", []format.Event{out(500, "a")}, []string{"0-5 ", "5-15 a"}},
		{"several in a tick", []format.Event{out(210, "a"), out(220, "b"), out(299, "c"), out(300, "d")},
			[]string{"0-2 ", "2-3 abc", "3-13 abcd"}},
		{"no change", []format.Event{out(0, "a"), out(500, "\ra"), out(900, "b")}, []string{"0-9 a", "9-19 ab"}},
		{"there and back in a tick", []format.Event{out(0, "a"), out(500, "b"), out(510, "\b \b"), out(900, "b")},
			[]string{"0-9 a", "9-19 ab"}},
		{"time passes at the end", []format.Event{out(0, "a"), {Time: 2 * time.Second, Code: format.Marker, Data: "m"}}, []string{"0-30 a"}},
		{"update", []format.Event{out(0, "a"), out(500, "b\x1b[?2026h\x1b[2J"), out(600, "\x1b[Hnew"), out(700, "!\x1b[?2026l")},
			[]string{"0-5 a", "5-7 ab", "7-17 new!"}},
		{"update that does not end", []format.Event{out(0, "a"), out(500, "\x1b[?2026h\x1b[Hnew"), out(1000, "er"), out(2000, "!")},
			[]string{"0-15 a", "15-20 newer", "20-30 newer!"}},
		{"update at the end", []format.Event{out(0, "a"), out(500, "\x1b[?2026h\x1b[Hnew")}, []string{"0-5 a", "5-15 new"}},
		{"two updates in an event", []format.Event{out(0, "\x1b[?2026ha\x1b[?2026lb\x1b[?2026hc")}, []string{"0-10 abc"}},
		{"cursor moves", []format.Event{out(0, "a"), out(500, "\r")}, []string{"0-5 a", "5-15 a"}},
		{"resize", []format.Event{out(0, "abc"), {Time: time.Second, Code: format.Resize, Data: "2x1"}}, []string{"0-10 abc", "10-20 ab"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := filmOf(size, test.events...)
			if got := list(t, f, size); cmp.Diff(test.want, got) != "" {
				t.Errorf("frames differ (-want +got):\n%s", cmp.Diff(test.want, got))
			}
		})
	}
}

// The size of the frames is the screen's, or that asked for.
func TestFrameSize(t *testing.T) {
	f := filmOf(format.Size{Cols: 10, Rows: 2}, out(0, "0123456789"),
		format.Event{Time: time.Second, Code: format.Resize, Data: "4x5"}, out(2000, "\x1b[2J\x1b[5Hend"))
	m, err := f.Measure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := (format.Size{Cols: 10, Rows: 5}); m.Size != want || m.Frames != 3 || m.Length != 3*time.Second {
		t.Errorf("Measure = %+v; want %v, 3 frames and 3s", m, want)
	}
	for _, size := range []format.Size{{}, m.Size, {Cols: 3, Rows: 1}} {
		for fr, err := range f.Frames(context.Background(), size) {
			if err != nil {
				t.Fatal(err)
			}
			want := size
			if size == (format.Size{}) {
				want = []format.Size{{Cols: 10, Rows: 2}, {Cols: 4, Rows: 5}, {Cols: 4, Rows: 5}}[fr.Number]
			}
			if got := (format.Size{Cols: fr.Canvas.Cols, Rows: fr.Canvas.Rows}); got != want || len(fr.Dirty) != want.Rows {
				t.Errorf("frame %d with size %v: %v, %d rows noted; want %v", fr.Number, size, got, len(fr.Dirty), want)
			}
		}
	}
}

// randomFilm returns a film with everything that changes a screen.
func randomFilm(r *rand.Rand) (*Film, []format.Event) {
	pieces := []string{"word ", "\r\n", "\x1b[2J", "\x1b[H", "世界", "\x1b[1;31m", "\x1b[0m", "\x1b[7m", "\x1b[4:3;58;5;9m", "\x1b[3A", "\x1b[K", "\x1b[?25l",
		"\x1b[?25h", "\x1b[?5h", "\x1b[?5l", "\x1b]4;1;#123456\a", "\x1b]104\a", "\x1b]11;#303030\a", "\x1b[?1049h", "\x1b[?1049l", "e\u0301", "\x1b[5 q", "\x1b]12;#ff0000\a",
		"\x1b]8;;http://example.com/\a", "\x1b]8;;\a", "\x1b[2;4r", "\n\n\n", "\x1b[4h", "\x1bc", "      ", "\x1b[L", "\x1b[48;2;1;2;3m"}
	var events []format.Event
	at := time.Duration(0)
	for range 60 {
		at += time.Duration(r.IntN(150)) * time.Millisecond
		ev := format.Event{Time: at, Code: format.Output}
		if r.IntN(15) == 0 {
			ev.Code, ev.Data = format.Resize, fmt.Sprintf("%dx%d", 2+r.IntN(20), 1+r.IntN(8))
		} else {
			for range 1 + r.IntN(6) {
				ev.Data += pieces[r.IntN(len(pieces))]
			}
		}
		events = append(events, ev)
	}
	return filmOf(format.Size{Cols: 12, Rows: 5}, events...), events
}

// Each frame is what a screen that is drawn anew shows, all ticks have one, the rows
// that are not dirty are as before, and no two in a row are alike.
func TestFramesAreTheScreen(t *testing.T) {
	for seed := range uint64(50) {
		f, events := randomFilm(rand.New(rand.NewPCG(seed, 1)))
		till := int64(0)
		var before Canvas
		for fr, err := range f.Frames(context.Background(), format.Size{}) {
			if err != nil {
				t.Fatal(err)
			}
			if fr.Tick != till || fr.Till <= fr.Tick {
				t.Fatalf("seed %d: frame %d from %d to %d, after one till %d", seed, fr.Number, fr.Tick, fr.Till, till)
			}
			till = fr.Till
			want := drawnAt(events, f, fr.Tick)
			if !equal(fr.Canvas, want) {
				t.Fatalf("seed %d: frame %d is %q; want %q", seed, fr.Number, text(fr.Canvas), text(want))
			}
			if last := drawnAt(events, f, fr.Till-1); !equal(fr.Canvas, last) {
				t.Fatalf("seed %d: frame %d is shown till %d; the screen changes before", seed, fr.Number, fr.Till)
			}
			if fr.Number > 0 && before.Cols == fr.Canvas.Cols && before.Rows == fr.Canvas.Rows {
				if equal(&before, fr.Canvas) {
					t.Errorf("seed %d: frame %d is the one before", seed, fr.Number)
				}
				for y, dirty := range fr.Dirty {
					if same := fmt.Sprint(before.Row(y)) == fmt.Sprint(fr.Canvas.Row(y)); same == dirty {
						t.Errorf("seed %d: frame %d: row %d is dirty: %t; differs: %t", seed, fr.Number, y, dirty, !same)
					}
				}
			}
			before.copyFrom(fr.Canvas)
		}
	}
}

// equal reports whether two pictures are the same but for the numbers of links.
func equal(a, b *Canvas) bool {
	if a.Cols != b.Cols || a.Rows != b.Rows || a.Cursor != b.Cursor || a.CursorInk != b.CursorInk {
		return false
	}
	for i, x := range a.cells {
		y := b.cells[i]
		_, linkA := a.Link(x.Link)
		_, linkB := b.Link(y.Link)
		x.Link, y.Link = 0, 0
		if x != y || linkA != linkB {
			return false
		}
	}
	return true
}

// drawnAt returns the picture at the end of a tick, drawn by the deck's View.
func drawnAt(events []format.Event, f *Film, tick int64) *Canvas {
	s := screen.Sized(format.Size{Cols: 12, Rows: 5})
	for _, ev := range events {
		if f.Tick(ev.Time) <= tick {
			s.Feed(ev)
		}
	}
	var c Canvas
	cols, rows := s.Size()
	c.Reset(cols, rows)
	(&View{}).Draw(&c, s.Screen, rows)
	var links linkTable
	for y := range rows {
		for x := range c.Row(y) {
			cl := &c.Row(y)[x]
			if cl.Rune == ' ' {
				cl.Rune = 0
			}
			cl.Link = links.of(s.Screen, s.Cell(x, y))
		}
	}
	c.links = links.list
	if !c.Cursor.Visible {
		c.Cursor = Cursor{}
	}
	c.CursorInk = InkCursor
	if _, _, own := s.DefaultColors(); own != 0 && c.Cursor.Visible {
		c.CursorInk = inkOf(own, InkCursor)
	}
	return &c
}

func TestFrameCursor(t *testing.T) {
	for _, test := range []struct {
		cursor CursorShape
		output string
		want   Cursor
	}{
		{CursorRecorded, "a", Cursor{X: 1, Visible: true}},
		{CursorRecorded, "\x1b[5 qa", Cursor{X: 1, Visible: true, Shape: 5}},
		{CursorBlock, "\x1b[5 qa", Cursor{X: 1, Visible: true, Shape: 2}},
		{CursorUnderline, "a", Cursor{X: 1, Visible: true, Shape: 4}},
		{CursorBar, "a", Cursor{X: 1, Visible: true, Shape: 6}},
		{CursorBar, "\x1b[?25l", Cursor{}},
		{CursorNone, "a", Cursor{}},
	} {
		f := filmOf(format.Size{Cols: 5, Rows: 1}, out(0, test.output))
		f.Cursor = test.cursor
		for fr := range f.Frames(context.Background(), format.Size{}) {
			if fr.Canvas.Cursor != test.want {
				t.Errorf("%v with %q: %+v; want %+v", test.cursor, test.output, fr.Canvas.Cursor, test.want)
			}
		}
	}
}

// What comes before an error is shown; a cancelled context ends the film.
func TestFramesBroken(t *testing.T) {
	fault := errors.New("line 7")
	f := &Film{Open: func() (format.Cast, error) {
		return format.Cast{Events: func(yield func(format.Event, error) bool) {
			_ = yield(out(0, "a"), nil) && yield(out(1000, "b"), nil) && yield(format.Event{}, fault)
		}}, nil
	}}
	var got []string
	var last error
	for fr, err := range f.Frames(context.Background(), format.Size{}) {
		if last = err; err == nil {
			got = append(got, text(fr.Canvas))
		}
	}
	if strings.Join(got, ",") != "a,ab" || last != fault {
		t.Errorf("frames %q, error %v; want a, ab and the fault", got, last)
	}
	if m, err := f.Measure(context.Background()); m.Frames != 2 || err != fault {
		t.Errorf("Measure = %+v, %v; want 2 frames and the fault", m, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := filmOf(format.Size{}, out(0, "a")).Measure(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v; want %v", err, context.Canceled)
	}
}

func TestLook(t *testing.T) {
	red, line := vt.PaletteColor(1), vt.RGBColor(1, 2, 3)
	for _, test := range []struct {
		style Style
		want  Look
	}{
		{Style{}, Look{Fg: InkFg, Bg: InkBg}},
		{Style{Fg: red}, Look{Fg: InkPalette + 1, Bg: InkBg}},
		{Style{Fg: red, Attr: vt.Bold}, Look{Fg: InkPalette + 9, Bg: InkBg, Bold: true}},
		{Style{Fg: vt.PaletteColor(9), Bg: red, Attr: vt.Bold}, Look{Fg: InkPalette + 9, Bg: InkPalette + 1, Bold: true}},
		{Style{Bg: red, Attr: vt.Bold | vt.Inverse}, Look{Fg: InkPalette + 9, Bg: InkFg, Bold: true}},
		{Style{Fg: red, Attr: vt.Inverse}, Look{Fg: InkBg, Bg: InkPalette + 1}},
		{Style{Fg: vt.PaletteColor(196), Bg: vt.PaletteColor(232)}, Look{Fg: 0xff0000, Bg: 0x080808}},
		{Style{Attr: vt.Inverse}, Look{Fg: InkBg, Bg: InkFg}},
		{Style{Attr: vt.Bold | vt.Italic | vt.Faint | vt.Conceal | vt.Strike | vt.Overline | vt.Blink},
			Look{Fg: InkFg, Bg: InkBg, Bold: true, Italic: true, Faint: true, Concealed: true, Strike: true, Overline: true}},
		{Style{Underline: line}, Look{Fg: InkFg, Bg: InkBg}}, // no underline
	} {
		if got := LookOf(test.style); got != test.want {
			t.Errorf("LookOf(%+v) = %+v; want %+v", test.style, got, test.want)
		}
	}
	theme := &Theme{Fg: format.RGB{R: 200, G: 100, B: 0}, Bg: format.RGB{R: 0, G: 0, B: 100}}
	if fg, _, _ := (Look{Fg: InkFg, Bg: InkBg, Faint: true}).Colors(theme); fg != (format.RGB{R: 100, G: 50, B: 50}) {
		t.Errorf("faint is %v; want halfway to the background", fg)
	}
}
