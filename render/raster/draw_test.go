package raster_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
	"github.com/ttydeck/ttydeck/vt"
)

var (
	red   = format.RGB{R: 0xf0, G: 0x10, B: 0x20}
	blue  = format.RGB{R: 0x10, G: 0x20, B: 0xe0}
	green = format.RGB{R: 0x10, G: 0xc0, B: 0x30}
	pink  = format.RGB{R: 0xff, G: 0x80, B: 0xc0}
)

func vtColor(c format.RGB) vt.Color { return vt.RGBColor(c.R, c.G, c.B) }

// drawn is a drawn canvas.
type drawn struct {
	*image.NRGBA
	*raster.Raster
	fonts *glyph.Fonts
}

func draw(t testing.TB, p *render.Picture, c *render.Canvas, size float64) *drawn {
	t.Helper()
	f, err := glyph.New(glyph.Options{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	r, err := raster.New(p, f, format.Size{Cols: c.Cols, Rows: c.Rows})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewNRGBA(r.Bounds())
	r.Draw(img, c)
	return &drawn{NRGBA: img, Raster: r, fonts: f}
}

// at returns the colour of a pixel of a cell.
func (d *drawn) at(col, row, x, y int) format.RGB {
	l := d.Layout()
	c := d.NRGBAAt(l.Cells.Min.X+col*l.Cell.X+x, l.Cells.Min.Y+row*l.Cell.Y+y)
	return format.RGB{R: c.R, G: c.G, B: c.B}
}

// colors returns how many pixels of a cell have each colour.
func (d *drawn) colors(col, row, cols int) map[format.RGB]int {
	n := map[format.RGB]int{}
	cell := d.Layout().Cell
	for y := range cell.Y {
		for x := range cell.X * cols {
			n[d.at(col, row, x, y)]++
		}
	}
	return n
}

// canvas has one cell, with a blank on each side.
func canvas(text string, s render.Style) *render.Canvas {
	var c render.Canvas
	c.Reset(4, 1)
	c.CursorInk = render.InkCursor
	c.Put(1, 0, text, s)
	return &c
}

func TestCharacters(t *testing.T) {
	style := render.Style{Fg: vtColor(red), Bg: vtColor(blue)}
	d := draw(t, &render.Picture{}, canvas("█", style), 16)
	cell := d.Layout().Cell
	if n := d.colors(1, 0, 1); n[red] != cell.X*cell.Y {
		t.Errorf("a full block has %v; want only the foreground", n)
	}
	if n := d.colors(0, 0, 1); n[render.Themes[0].Bg] != cell.X*cell.Y {
		t.Errorf("a blank has %v; want only the background of the theme", n)
	}
	d = draw(t, &render.Picture{}, canvas("M", style), 16)
	n := d.colors(1, 0, 1)
	if n[red] < 10 || n[blue] < 10 || len(n) < 4 || len(n) > glyph.Levels {
		t.Errorf("M has %v; want both colours, and some of the steps in between", n)
	}
	for c := range n {
		found := false
		for i := range glyph.Levels {
			found = found || c == render.Mix(red, blue, uint8(i*255/(glyph.Levels-1)))
		}
		if !found {
			t.Errorf("M has the colour %v, which is no step between the two", c)
		}
	}
	d = draw(t, &render.Picture{}, canvas("█", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: vt.Inverse}), 16)
	if n := d.colors(1, 0, 1); len(n) != 1 || n[blue] == 0 {
		t.Errorf("an inverse block has %v; want the background's colour", n)
	}
	d = draw(t, &render.Picture{}, canvas("█", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: vt.Faint}), 16)
	if n := d.colors(1, 0, 1); n[render.Mix(red, blue, 128)] == 0 {
		t.Errorf("a faint block has %v; want %v", n, render.Mix(red, blue, 128))
	}
	for _, attr := range []vt.Attr{vt.Conceal, vt.Conceal | vt.Strike | vt.Overline} {
		d = draw(t, &render.Picture{}, canvas("█", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: attr}), 16)
		if n := d.colors(1, 0, 1); len(n) != 1 || n[blue] == 0 {
			t.Errorf("a concealed block has %v; want only its background", n)
		}
	}
	bold := draw(t, &render.Picture{}, canvas("M", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: vt.Bold}), 16)
	italic := draw(t, &render.Picture{}, canvas("M", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: vt.Italic}), 16)
	if b, i := bold.colors(1, 0, 1)[red], italic.colors(1, 0, 1)[red]; b <= n[red] || i == n[red] {
		t.Errorf("M has %d pixels, in bold %d and in italic %d", n[red], b, i)
	}
}

// A wide character is drawn over both its columns.
func TestWide(t *testing.T) {
	c := canvas("界", render.Style{Fg: vtColor(red), Bg: vtColor(blue)})
	d := draw(t, &render.Picture{}, c, 16)
	left, right, both := d.colors(1, 0, 1), d.colors(2, 0, 1), d.colors(1, 0, 2)
	if left[red] == 0 || right[red] == 0 || both[blue] == 0 {
		t.Errorf("the halves have %v and %v; want the foreground in both", left, right)
	}
	if n := d.colors(3, 0, 1); len(n) != 1 {
		t.Errorf("the cell behind has %v", n)
	}
}

func TestLines(t *testing.T) {
	lines := func(u vt.Underline) vt.Attr {
		for a := vt.Attr(0); ; a++ {
			if attrOnlyUnderline(a, u) {
				return a
			}
		}
	}
	for _, tt := range []struct {
		style vt.Underline
		rows  int // in which the whole width is drawn
		other int // the least pixels otherwise
	}{
		{vt.SingleUnderline, 1, 0}, {vt.DoubleUnderline, 2, 0}, {vt.CurlyUnderline, 0, 8}, {vt.DottedUnderline, 0, 4}, {vt.DashedUnderline, 0, 4},
	} {
		for _, own := range []bool{false, true} {
			s := render.Style{Fg: vtColor(red), Bg: vtColor(blue), Attr: lines(tt.style)}
			want := red
			if own {
				s.Underline, want = vtColor(green), green
			}
			d := draw(t, &render.Picture{}, canvas("ag", s), 16)
			cell, at := d.Layout().Cell, d.fonts.Lines()
			whole, some := 0, 0
			for y := range cell.Y {
				n := 0
				for x := range 2 * cell.X {
					if d.at(1, 0, x, y) == want {
						n++
					}
				}
				if n == 2*cell.X {
					whole++
				} else if y >= at.Underline-at.Thickness && own {
					some += n
				}
			}
			if whole != tt.rows*at.Thickness || own && some < tt.other {
				t.Errorf("underline %d: %d rows are drawn, and %d other pixels; want %d and at least %d", tt.style, whole, some, tt.rows*at.Thickness, tt.other)
			}
			if own && tt.style == vt.SingleUnderline && d.at(1, 0, 0, at.Underline) != green {
				t.Errorf("the underline is not at %d", at.Underline)
			}
		}
	}
	d := draw(t, &render.Picture{}, canvas(" ", render.Style{Fg: vtColor(red), Bg: vtColor(blue), Underline: vtColor(green), Attr: vt.Strike | vt.Overline}), 16)
	at := d.fonts.Lines()
	if d.at(1, 0, 3, at.Strike) != red || d.at(1, 0, 3, at.Overline) != red || d.colors(1, 0, 1)[red] != 2*d.Layout().Cell.X*at.Thickness {
		t.Errorf("strike and overline have %v", d.colors(1, 0, 1))
	}
}

// attrOnlyUnderline reports whether a has nothing but that underline.
func attrOnlyUnderline(a vt.Attr, u vt.Underline) bool {
	for _, other := range []vt.Attr{vt.Bold, vt.Faint, vt.Italic, vt.Blink, vt.Inverse, vt.Conceal, vt.Strike, vt.Overline} {
		if a&other != 0 {
			return false
		}
	}
	return a.Underline() == u
}

func TestCursor(t *testing.T) {
	style := render.Style{Fg: vtColor(red), Bg: vtColor(blue)}
	for _, tt := range []struct {
		name  string
		text  string
		shape int
		x     int // of the cursor
		cols  int
		want  func(cell image.Point) int // the pixels in its colour
	}{
		{"block", " ", 0, 1, 1, func(c image.Point) int { return c.X * c.Y }},
		{"block over wide", "界", 2, 1, 2, nil},
		{"block over the second half", "界", 2, 2, 2, nil},
		{"underline", "█", 3, 1, 1, func(c image.Point) int { return c.X * max(c.Y/8, 1) }},
		{"underline over wide", "界", 4, 1, 2, func(c image.Point) int { return 2 * c.X * max(c.Y/8, 1) }},
		{"bar", "█", 5, 1, 1, func(c image.Point) int { return max((c.X+3)/6, 1) * c.Y }},
		{"bar over wide", "界", 6, 1, 2, func(c image.Point) int { return max((c.X+3)/6, 1) * c.Y }},
	} {
		c := canvas(tt.text, style)
		c.Cursor = render.Cursor{X: tt.x, Visible: true, Shape: tt.shape}
		c.CursorInk = render.Ink(0xff80c0)
		d := draw(t, &render.Picture{}, c, 16)
		n := d.colors(1, 0, tt.cols)
		if tt.want != nil {
			if want := tt.want(d.Layout().Cell); n[pink] != want {
				t.Errorf("%s: %d pixels are the cursor's; want %d", tt.name, n[pink], want)
			}
		} else if n[pink] == 0 || n[blue] == 0 || n[red] != 0 {
			t.Errorf("%s: %v; want text in the colour of the background on that of the cursor", tt.name, n)
		}
	}
	c := canvas("x", style)
	c.Cursor = render.Cursor{X: 1, Shape: 1}
	c.CursorInk = render.Ink(0xff80c0)
	if d := draw(t, &render.Picture{}, c, 16); d.colors(1, 0, 1)[pink] != 0 {
		t.Error("a hidden cursor is drawn")
	}
}

func TestWindow(t *testing.T) {
	theme := &render.Theme{Fg: format.RGB{R: 255, G: 255, B: 255}, Bg: format.RGB{R: 20, G: 20, B: 20}}
	var c render.Canvas
	c.Reset(40, 2)
	p := &render.Picture{Theme: theme, Window: render.ChromeMac, Title: "a\x1b]0;title\a\u202e", Padding: 8, Radius: 10, Margin: 12}
	d := draw(t, p, &c, 16)
	l := d.Layout()
	bar, _ := raster.BarColors(theme)
	rgba := func(x, y int) color.NRGBA { return d.NRGBAAt(x, y) }
	if got := rgba(3, 3); got.A != 0 {
		t.Errorf("the margin is %v; want it transparent", got)
	}
	if got := rgba(12, 12); got.A != 0 {
		t.Errorf("the corner of the window is %v; want it transparent", got)
	}
	if got := rgba(12+10, 12); got != (color.NRGBA{R: bar.R, G: bar.G, B: bar.B, A: 255}) {
		t.Errorf("the bar is %v; want %v", got, bar)
	}
	if got := rgba(12, l.Window.Max.Y-11); got != (color.NRGBA{R: 20, G: 20, B: 20, A: 255}) {
		t.Errorf("the padding is %v; want the background", got)
	}
	for i, want := range raster.Buttons {
		x := l.Bar.Min.X + raster.ButtonFirst + i*raster.ButtonStep
		if got := rgba(x, (l.Bar.Min.Y+l.Bar.Max.Y)/2); got != (color.NRGBA{R: want.R, G: want.G, B: want.B, A: 255}) {
			t.Errorf("button %d is %v; want %v", i, got, want)
		}
	}
	partial := 0
	for i := 3; i < len(d.Pix); i += 4 {
		if a := d.Pix[i]; a > 0 && a < 255 {
			partial++
		}
	}
	if partial < 4*4 {
		t.Errorf("%d pixels are partly transparent; want some at each corner", partial)
	}
	p.MarginColor = &pink
	d = draw(t, p, &c, 16)
	for i := 3; i < len(d.Pix); i += 4 {
		if d.Pix[i] != 255 {
			t.Fatal("with a colour of the margin, a pixel is transparent")
		}
	}
	if got := rgba(3, 3); got != (color.NRGBA{R: pink.R, G: pink.G, B: pink.B, A: 255}) {
		t.Errorf("the margin is %v; want %v", got, pink)
	}
}

func TestTitleIsCut(t *testing.T) {
	textWidth := func(title string, chrome render.Chrome) (from, to int) {
		var c render.Canvas
		c.Reset(30, 1)
		d := draw(t, &render.Picture{Window: chrome, Title: title}, &c, 16)
		bar, _ := raster.BarColors(render.Themes[0])
		from, to = -1, -1
		l := d.Layout()
		start := l.Bar.Min.X
		if chrome == render.ChromeMac {
			start += raster.ButtonFirst + 2*raster.ButtonStep + raster.ButtonRadius
		}
		for x := start; x < l.Bar.Max.X; x++ {
			for y := l.Bar.Min.Y; y < l.Bar.Max.Y; y++ {
				if c := d.NRGBAAt(x, y); c.R != bar.R || c.G != bar.G || c.B != bar.B {
					if from < 0 {
						from = x
					}
					to = x + 1
				}
			}
		}
		return from, to
	}
	for _, chrome := range []render.Chrome{render.ChromePlain, render.ChromeMac} {
		from, to := textWidth("short", chrome)
		if middle := (from + to) / 2; middle < 145 || middle > 155 {
			t.Errorf("%s: a short title is from %d to %d; want it in the middle of 300", chrome, from, to)
		}
		from, to = textWidth(strings.Repeat("a long title ", 100), chrome)
		if from < 10 || to > 290 || to-from < 100 {
			t.Errorf("%s: a long title is from %d to %d; want it cut to the bar", chrome, from, to)
		}
		if from, _ = textWidth("\x1b\x07\u202e\u200f\n", chrome); from >= 0 {
			t.Errorf("%s: control characters are drawn", chrome)
		}
	}
}

func TestTooLarge(t *testing.T) {
	f := fonts(t)
	for _, size := range []format.Size{{Cols: 100000, Rows: 1}, {Cols: 1, Rows: 100000}, {Cols: 2000, Rows: 1000}} {
		if _, err := raster.New(&render.Picture{}, f, size); err == nil {
			t.Errorf("New for a film of %v = nil; want an error", size)
		}
	}
}

// A film with more colours and characters than are kept is drawn all the same.
func TestEndlessColors(t *testing.T) {
	var out strings.Builder
	for i := range 70000 {
		fmt.Fprintf(&out, "\x1b[38;2;%d;%d;%dm%c", i&255, i>>8&255, 7, 0x4e00+i%20000)
		if i%300 == 299 {
			out.WriteString("\x1b[H")
		}
	}
	text := out.String()
	checkDirty(t, open(func() format.Cast {
		var events []format.Event
		for i := 0; i < len(text); i += 60000 {
			events = append(events, testcast.Out(time.Duration(i/60000)*100*time.Millisecond, strings.ToValidUTF8(text[i:min(i+60000, len(text))], "")))
		}
		return testcast.Of(format.Header{Size: format.Size{Cols: 60, Rows: 10}}, events...)
	}), &render.Picture{})
}

// TestSheets draws sheets to be looked at, into the folder that TTYDECK_SHEETS names.
func TestSheets(t *testing.T) {
	dir := os.Getenv("TTYDECK_SHEETS")
	for i, p := range []*render.Picture{
		{},
		{Window: render.ChromeMac, Title: "~/src — a title that is as long as titles of terminals sometimes are, or longer", Padding: 16, Radius: 10, Margin: 24},
		{Window: render.ChromePlain, Title: "vim 日本語 😀", Padding: 10, Radius: 30, Margin: 20, MarginColor: &pink, Theme: render.Themes[len(render.Themes)/2]},
		{Window: render.ChromeMac, Title: "twice", Padding: 8, Radius: 8, Margin: 8, Scale: 2, Theme: render.Themes[len(render.Themes)-1]},
	} {
		f, err := glyph.New(glyph.Options{Size: 16 * float64(max(p.Scale, 1))})
		if err != nil {
			t.Fatal(err)
		}
		r, err := raster.New(p, f, format.Size{Cols: 76, Rows: 22})
		if err != nil {
			t.Fatal(err)
		}
		film := open(func() format.Cast {
			return testcast.Of(format.Header{Size: format.Size{Cols: 76, Rows: 22}}, testcast.Out(0, sheet))
		})
		img := image.NewNRGBA(r.Bounds())
		for fr, err := range film.Frames(t.Context(), format.Size{}) {
			if err != nil {
				t.Fatal(err)
			}
			r.DrawDirty(img, fr)
		}
		if dir == "" {
			continue
		}
		out, err := os.Create(filepath.Join(dir, fmt.Sprintf("looks-%d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(out, img); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// sheet shows all looks.
var sheet = func() string {
	var b strings.Builder
	for _, s := range []struct{ name, sgr string }{
		{"plain", "0"}, {"bold", "1"}, {"faint", "2"}, {"italic", "3"}, {"bold italic", "1;3"}, {"blink", "5"}, {"inverse", "7"}, {"conceal", "8"}, {"strike", "9"}, {"overline", "53"},
		{"underline", "4"}, {"double", "4:2"}, {"curly", "4:3"}, {"dotted", "4:4"}, {"dashed", "4:5"},
	} {
		fmt.Fprintf(&b, "\x1b[m%-12s", s.name)
		for _, c := range []string{"", ";33", ";30;46", ";38;2;255;120;0", ";58:2::255:60:60", ";2", ";7"} {
			fmt.Fprintf(&b, "\x1b[m \x1b[%s%smjpg Åx\x1b[m ", s.sgr, c)
		}
		b.WriteString("\x1b[m\r\n")
	}
	b.WriteString("wide: 日本語 한국어 \x1b[4:3m日本\x1b[m e\u0301a\u0308 😀👩\u200d👩\u200d👧 \x1b[2m😀\x1b[m ─┼█▓▒░ ⣿⡇ \ue0b0\ue0b2 עברית\r\n")
	for i := range 16 {
		fmt.Fprintf(&b, "\x1b[48;5;%dm %2d ", i, i)
	}
	b.WriteString("\x1b[m\r\n")
	for i := range 64 {
		fmt.Fprintf(&b, "\x1b[48;2;%d;%d;128m ", i*4, 255-i*4)
	}
	b.WriteString("\x1b[m\r\n\x1b[6 q")
	return b.String()
}()
