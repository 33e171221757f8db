package render

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// viewerDiff reports the first difference between a viewer's terminal and the
// picture; "" for none.
func viewerDiff(s *vt.Screen, c *Canvas) string {
	for y := range c.Rows {
		row := c.Row(y)
		for x, want := range row {
			got := s.Cell(x, y)
			text := s.CellText(got)
			if text == "" {
				text = " "
			}
			wantText := string(max(want.Rune, ' '))
			if want.Text != "" {
				wantText = string(appendClean(nil, want))
			}
			if want.Rest {
				if got.Width() != 0 {
					return fmt.Sprintf("row %d column %d: %q is not the second half of a wide character", y, x, text)
				}
				continue
			}
			if isFormat(want.Rune) || want.Rune >= 0x7f && want.Rune < 0xa0 {
				wantText = " "
			}
			st := Style{Fg: got.Fg(), Bg: got.Bg(), Underline: s.CellUnderlineColor(got), Attr: got.Attr()}
			blank := text == " " && wantText == " " && want.Style.Attr == 0 && st.Attr == 0
			if st.Fg != want.Style.Fg && blank {
				st.Fg = want.Style.Fg // a blank shows no foreground
			}
			if st.Attr.Underline() == vt.NoUnderline {
				st.Underline = want.Style.Underline
			}
			if text != wantText || st != want.Style {
				return fmt.Sprintf("row %d column %d shows %q %+v; want %q %+v", y, x, text, st, wantText, want.Style)
			}
		}
	}
	cur := s.Cursor()
	if cur.Visible != c.Cursor.Visible || cur.Visible && (cur.X != c.Cursor.X || cur.Y != c.Cursor.Y) {
		return fmt.Sprintf("the cursor is %+v; want %+v", cur, c.Cursor)
	}
	return ""
}

// checkPainted plays a recording, paints it onto a viewer's terminal of that size
// every step events, compares the two, and returns the number of bytes painted.
func checkPainted(t *testing.T, cast format.Cast, cols, rows, step int, opts ...vt.Option) (bytes int) {
	t.Helper()
	model := screen.New(cast.Header)
	viewer := vt.New(cols, rows, opts...)
	viewer.WriteString("\x1b[?1049h\x1b[?7l\x1b[m\x1b[H\x1b[2J")
	p := Painter{colors: ColorsRGB, curly: true, sync: true}
	var v View
	var c Canvas
	n := 0
	for ev, err := range cast.Events {
		if err != nil {
			break
		}
		if ev.Code != format.Output && ev.Code != format.Resize {
			continue
		}
		model.Feed(ev)
		if n++; n%step != 0 {
			continue
		}
		c.Reset(cols, rows)
		v.Draw(&c, model.Screen, rows)
		out := p.Paint(&c)
		bytes += len(out)
		viewer.Write(out)
		if diff := viewerDiff(viewer, &c); diff != "" {
			t.Fatalf("%dx%d, event %d at %v: %s\npainted %.300q", cols, rows, n, ev.Time, diff, out)
		}
		if again := p.Paint(&c); len(again) > 0 {
			t.Fatalf("paint of the same picture = %.100q; want nothing", again)
		}
	}
	return bytes
}

// The viewer's terminal shows the cells of the screen.
func TestPainterShowsTheScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("TestPainterShowsTheScreen is skipped with -short: it is long, and has one goroutine")
	}
	for _, size := range [][2]int{{120, 41}, {80, 24}, {40, 10}, {200, 60}} {
		checkPainted(t, testcast.WithResizes(testcast.Work(100<<10, time.Hour)), size[0], size[1], 1)
	}
	for name, data := range testcast.Hostile {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(data))))
			var events []format.Event
			for i := range 30 {
				at := r.IntN(len(data))
				events = append(events, testcast.Out(time.Duration(i), fmt.Sprintf("\x1b[%d;%dH", r.IntN(24), r.IntN(80))+data[at:min(at+300, len(data))]))
			}
			checkPainted(t, testcast.Of(format.Header{Size: format.Size{Cols: 80, Rows: 24}}, events...), 70, 25, 1)
			checkPainted(t, testcast.Of(format.Header{Size: format.Size{Cols: 80, Rows: 24}}, events...), 70, 25, 1, vt.Graphemes())
		})
	}
}

// The painter scrolls the terminal instead of painting moved lines again.
func TestPainterScrolls(t *testing.T) {
	var events []format.Event
	for i := range 500 {
		events = append(events, testcast.Out(time.Duration(i), fmt.Sprintf("\r\nline %d of a log that is as long as the lines of logs usually are, %d", i, i*i)))
	}
	n := checkPainted(t, testcast.Of(format.Header{Size: format.Size{Cols: 80, Rows: 24}}, events...), 80, 24, 1)
	if n > 500*160 {
		t.Errorf("%d bytes were painted for 500 lines of 80; want at most 160 a line", n)
	}
}

func TestPainterOnRealRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("TestPainterOnRealRecordings is skipped with -short: it is long, and has one goroutine")
	}
	dir := os.Getenv("TTYDECK_CORPUS")
	if dir == "" {
		t.Skip("SKIPPED: TTYDECK_CORPUS, a directory of real recordings, is not set")
	}
	names, err := filepath.Glob(filepath.Join(dir, "casts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, name := range names {
		if strings.HasSuffix(name, ".tsv") {
			continue
		}
		f, err := format.OpenFile(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			var events []format.Event
			for ev, err := range f.Events {
				if err != nil {
					break
				}
				events = append(events, ev)
			}
			checkPainted(t, testcast.Of(f.Header, events...), 100, 30, 3)
			checkPainted(t, testcast.Of(f.Header, events...), 100, 30, 7, vt.Graphemes())
		})
		f.Close()
		played++
	}
	if played != 70 {
		t.Errorf("played %d recordings; want 70", played)
	}
}

func TestColors(t *testing.T) {
	tests := []struct {
		env  map[string]string
		want Colors
	}{
		{map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorsRGB},
		{map[string]string{"TERM": "xterm-256color"}, Colors256},
		{map[string]string{"TERM": "xterm"}, Colors16},
		{map[string]string{"TERM": "linux"}, Colors16},
		{map[string]string{"TERM": "dumb"}, ColorsNone},
		{map[string]string{"TERM": "vt100"}, ColorsNone},
		{map[string]string{"TERM": "xterm-kitty"}, ColorsRGB},
		{map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, ColorsNone},
		{nil, ColorsNone},
	}
	for _, tt := range tests {
		if got := colorsOf(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("colorsOf(%v) = %v; want %v", tt.env, got, tt.want)
		}
	}
	fits := []struct {
		in   vt.Color
		n    Colors
		want vt.Color
	}{
		{vt.RGBColor(255, 0, 0), ColorsRGB, vt.RGBColor(255, 0, 0)},
		{vt.RGBColor(255, 0, 0), Colors256, vt.PaletteColor(196)},
		{vt.RGBColor(128, 128, 128), Colors256, vt.PaletteColor(244)},
		{vt.RGBColor(250, 10, 5), Colors16, vt.PaletteColor(9)},
		{vt.PaletteColor(196), Colors16, vt.PaletteColor(9)},
		{vt.PaletteColor(3), Colors16, vt.PaletteColor(3)},
		{vt.PaletteColor(196), ColorsNone, 0},
		{0, Colors16, 0},
	}
	for _, tt := range fits {
		if got := tt.n.fit(tt.in); got != tt.want {
			t.Errorf("%v on a terminal with colours %v = %v; want %v", tt.in, tt.n, got, tt.want)
		}
	}
}

// With a theme, the view has the recording's own colours.
func TestTheme(t *testing.T) {
	theme := &format.Theme{Fg: format.RGB{R: 1, G: 2, B: 3}, Bg: format.RGB{R: 4, G: 5, B: 6}, Palette: make([]format.RGB, 8)}
	theme.Palette[1] = format.RGB{R: 200, G: 100, B: 50}
	s := vt.New(10, 2)
	s.WriteString("a\x1b[31mb\x1b[91mc\x1b[38;5;200md\x1b[38;2;9;9;9me")
	var c Canvas
	c.Reset(10, 2)
	(&View{Theme: theme}).Draw(&c, s, 2)
	want := []vt.Color{vt.RGBColor(1, 2, 3), vt.RGBColor(200, 100, 50), vt.RGBColor(200, 100, 50), vt.PaletteColor(200), vt.RGBColor(9, 9, 9)}
	for x, fg := range want {
		if got := c.Row(0)[x].Style; got.Fg != fg || got.Bg != vt.RGBColor(4, 5, 6) {
			t.Errorf("column %d has the style %v; want %v on the theme's background", x, got, fg)
		}
	}
	// A colour that the recording redefines is used without a theme, too.
	s.WriteString("\x1b]4;1;#0000ff\x07")
	c.Reset(10, 2)
	(&View{}).Draw(&c, s, 2)
	if got := c.Row(0)[1].Style.Fg; got != vt.RGBColor(0, 0, 255) {
		t.Errorf("the redefined red is %v; want #0000ff", got)
	}
}
