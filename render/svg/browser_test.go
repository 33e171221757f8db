package svg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
	"github.com/ttydeck/ttydeck/vt"
)

// need returns the path of a program that the tests run. It skips the test if there is
// none, but fails it in CI.
func need(tb testing.TB, names ...string) string {
	tb.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s is missing", names[0])
	}
	tb.Skipf("SKIPPED: %s: %s is missing", tb.Name(), names[0])
	return ""
}

// browser runs a script in a page, and decodes its result.
type browser func(tb testing.TB, page, script string, result any)

// browsers are those that the pictures are checked in.
var browsers = []struct {
	name string
	run  browser
}{{"chromium", inChromium}, {"firefox", inFirefox}}

// newChromium starts Chromium.
func newChromium(tb testing.TB) context.Context {
	tb.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(need(tb, "chromium", "google-chrome", "chrome")),
		chromedp.WindowSize(1200, 900), chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which does not work for root
	}
	ctx, cancel := chromedp.NewExecAllocator(tb.Context(), options...)
	tb.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	tb.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal(err)
	}
	return ctx
}

func inChromium(tb testing.TB, page, script string, result any) {
	tb.Helper()
	evaluate(tb, newChromium(tb), page, script, result)
}

// evaluate runs a script in a page.
func evaluate(tb testing.TB, ctx context.Context, page, script string, result any) {
	tb.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		tb.Fatal(err)
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(got, result); err != nil {
		tb.Fatal(err)
	}
}

func inFirefox(tb testing.TB, page, script string, result any) {
	tb.Helper()
	modules := os.Getenv("TTYDECK_BROWSERS")
	if modules == "" {
		if os.Getenv("CI") == "true" {
			tb.Fatal("TTYDECK_BROWSERS, the folder of testdata/browser/package.json's modules, is not set")
		}
		tb.Skipf("SKIPPED: %s: TTYDECK_BROWSERS, the folder of testdata/browser/package.json's modules, is not set", tb.Name())
	}
	modules, err := filepath.Abs(modules)
	if err != nil {
		tb.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), need(tb, "node"), "testdata/browser/firefox.mjs", need(tb, "firefox-esr", "firefox"), modules, page, script)
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%v: %s", err, &stderr)
	}
	if err := json.Unmarshal(got, result); err != nil {
		tb.Fatal(err)
	}
}

// page writes a page that holds these pictures, and returns its address.
func page(tb testing.TB, pictures ...string) string {
	tb.Helper()
	probe, err := os.ReadFile("testdata/browser/probe.js")
	if err != nil {
		tb.Fatal(err)
	}
	name := filepath.Join(tb.TempDir(), "page.html")
	body := "<meta charset=utf-8><body style='margin:0'>" + strings.Join(pictures, "\n") + "<script>" + string(probe) + "</script>"
	if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
		tb.Fatal(err)
	}
	return fileURL(name)
}

func fileURL(name string) string { return "file://" + (&url.URL{Path: name}).EscapedPath() }

// probed is what probe.js returns.
type probed struct {
	Rows   map[string]probedRow
	Frames [][]struct {
		ID     string
		X, Y   float64
		Cursor bool
	}
}

type probedRow struct {
	Chars []struct {
		Text         string
		X, Opacity   float64
		Fill         string
		Bold, Italic bool
		Link         string
	}
	Backs []struct {
		From, To float64
		Color    string
	}
	Paths []struct {
		D, Fill, Stroke string
		Opacity         float64
	}
}

// everything is a film of all that a cell can be.
func everything() *render.Film {
	out := testcast.Out
	tick := time.Second / 10
	events := []format.Event{
		out(0, "plain \x1b[1mbold\x1b[m \x1b[3mitalic\x1b[m \x1b[1;3mboth\x1b[m \x1b[2mfaint\x1b[m \x1b[7minverse\x1b[m \x1b[8mconceal\x1b[m \x1b[9mstrike\x1b[m \x1b[53mover\x1b[m\r\n"),
		out(1*tick, "\x1b[4mone\x1b[m \x1b[21mtwo\x1b[m \x1b[4:3mcurly\x1b[m \x1b[4:4;58;5;1mdots\x1b[m \x1b[4:5;58;2;1;2;3mdashes\x1b[m \x1b[4;2;34mfaint   \x1b[m|\r\n"),
		out(2*tick, "\x1b[31mred\x1b[42mgreen\x1b[m \x1b[38;5;200;48;5;17m256 \x1b[38;2;1;2;3;48;2;250;240;230mrgb\x1b[m\x1b[41m \x1b[m \x1b[44m \x1b[m\x1b[41m  \x1b[91;7mbright\x1b[m\r\n"),
		out(3*tick, "wide 漢字かな한글、\x1b[33m漢\x1b[m字 ｆｕｌｌ \x1b[42m宽\x1b[m| e\u0301o\u0308 n\u0303\u0323 \u0915\u094d\u0937 ก็\r\n"),
		out(4*tick, "שלום עולם مرحبا بالعالم abc\x1b[1mשלום\x1b[m|\r\n"),
		out(5*tick, "emoji 👍 ❤ 🇫🇷 👨‍👩‍👧 ✓ → • ™ │ \ue0b0 \U000f0001 ½ ß Ω Ж ﬁ|\r\n"),
		out(6*tick, "┌──┬──╮ ╔═╗ ┏┳┓ ░▒▓█▄▀▌▐ ▁▂▃▅▇ ╱╲╳ ⠁⣿⡷ 🬀🬞🬻\r\n│ab│\x1b[32mcd\x1b[m│\r\n└──┴──╯\r\n"),
		out(7*tick, "\x1b]8;;https://example.com/?a=1&b=%22\x07link \x1b[1mand\x1b[m on\x1b]8;;\x07 off \x1b]8;;javascript:alert(1)\x07no\x1b]8;;\x07 <a href='x'>&amp;\"]]>--\r\n"),
		out(8*tick, "a  two   three    "+strings.Repeat(" ", 45)+"far\xc2\xa0nbsp\x1b[1G"),
	}
	at := 9 * tick
	add := func(s string) { events = append(events, out(at, s)); at += tick }
	for shape := range 7 { // the cursor's shapes over several characters
		add(fmt.Sprintf("\x1b[%d q\x1b[1;1H", shape))
		add("\x1b[4;6H")
		add("\x1b[7;1H")
		add("\x1b[3;5H")
	}
	add("\x1b]12;#ff8800\x07\x1b[0 q\x1b[1;2H")
	add("\x1b[?25l")
	add("\x1b[?25h\x1b[?5h")
	add("\x1b[?5l\x1b[2;2H\x1b[1L")
	events = append(events, format.Event{Time: at, Code: format.Resize, Data: "90x14"})
	at += tick
	add("resized\x1b[14;90Hx\x1b[1;1H")
	events = append(events, format.Event{Time: at, Code: format.Resize, Data: "40x8"})
	at += tick
	add("\x1b[2Jsmaller\x1b[8;38Hend")
	return filmOf(format.Size{Cols: 80, Rows: 16}, events...)
}

// The text, its colours, its columns and its backgrounds are in both browsers what the
// cells are, at the beginning and at the end of every frame.
func TestBrowsers(t *testing.T) {
	films := []struct {
		name string
		film *render.Film
		each int // of so many frames one is checked
	}{{"everything", everything(), 1}}
	if os.Getenv("TTYDECK_CORPUS") != "" && !testing.Short() {
		for _, r := range recordings {
			films = append(films, struct {
				name string
				film *render.Film
				each int
			}{r.name, fileFilm(filepath.Join(testcorpus.Dir(t, "render"), r.name)), r.each})
		}
	}
	for _, b := range browsers {
		for _, f := range films {
			t.Run(b.name+"/"+f.name, func(t *testing.T) { checkFilm(t, b.run, f.film, f.each) })
		}
	}
}

// clock is an animation that shows the time of a picture.
const clock = `<rect class="clock"><animate attributeName="x" from="0" to="100000" dur="100000s"/></rect></svg>`

func withClock(picture string) string { return strings.TrimSuffix(picture, "</svg>\n") + clock }

// checkFilm compares a film with what a browser shows.
func checkFilm(t *testing.T, run browser, film *render.Film, each int) {
	address := page(t, withClock(write(t, &Writer{Film: film})))
	f := newFilmCheck(t, film, each)
	var got probed
	run(t, address, f.script(0), &got)
	f.check(t, &got, render.Themes[0])
}

// filmCheck says which frames of a film are checked.
type filmCheck struct {
	film  *render.Film
	size  format.Size
	last  int
	each  int
	times []float64 // two for each: just after it begins, and before it ends
}

func newFilmCheck(tb testing.TB, film *render.Film, each int) *filmCheck {
	tb.Helper()
	m, err := film.Measure(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	f := &filmCheck{film: film, size: m.Size, last: m.Frames - 1, each: each}
	fps := float64(film.FPS)
	if fps == 0 {
		fps = render.DefaultFPS
	}
	for fr, err := range film.Frames(tb.Context(), m.Size) {
		if err != nil {
			tb.Fatal(err)
		}
		if f.checks(fr.Number) {
			f.times = append(f.times, (float64(fr.Tick)+.01)/fps, (float64(fr.Till)-.5)/fps)
		}
	}
	return f
}

func (f *filmCheck) checks(frame int) bool { return frame%f.each == 0 || frame == f.last }

// script returns the script that reads the nth picture of a page.
func (f *filmCheck) script(n int) string {
	times, _ := json.Marshal(f.times)
	return fmt.Sprintf(`probe(document.querySelectorAll("body > svg")[%d], %s)`, n, times)
}

func (f *filmCheck) check(t *testing.T, got *probed, theme *render.Theme) {
	t.Helper()
	if len(got.Frames) != len(f.times) {
		t.Fatalf("%d of %d frames", len(got.Frames), len(f.times))
	}
	c := checker{tb: t, fonts: newFonts(t), theme: theme, got: got, seen: map[string]bool{}}
	n := 0
	for fr, err := range f.film.Frames(t.Context(), f.size) {
		if err != nil {
			t.Fatal(err)
		}
		if !f.checks(fr.Number) {
			continue
		}
		for range 2 {
			c.frame(fr, n)
			n++
		}
	}
	t.Logf("%d frames, %d rows, %d characters, the farthest off by %.2f pixels", n/2, len(got.Rows), c.chars, c.farthest)
}

func newFonts(tb testing.TB) *glyph.Fonts {
	tb.Helper()
	fonts, err := glyph.New(glyph.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return fonts
}

// checker compares frames with what a browser shows.
type checker struct {
	tb       testing.TB
	fonts    *glyph.Fonts
	theme    *render.Theme
	got      *probed
	seen     map[string]bool // problems
	chars    int
	farthest float64 // of all characters, from their columns
}

func (c *checker) errorf(format string, args ...any) {
	c.tb.Helper()
	s := fmt.Sprintf(format, args...)
	if !c.seen[s] && len(c.seen) < 30 {
		c.seen[s] = true
		c.tb.Error(s)
	}
}

func css(c format.RGB) string { return fmt.Sprintf("rgb(%d, %d, %d)", c.R, c.G, c.B) }

func (c *checker) frame(fr render.Frame, n int) {
	canvas := fr.Canvas
	cell := c.fonts.Cell()
	cursor := canvas.Cursor
	shownCursor := false
	rows := make([]string, canvas.Rows)
	for _, use := range c.got.Frames[n] {
		y := int(math.Round(use.Y - float64(c.fonts.Baseline())))
		if y%cell.Y != 0 || y/cell.Y >= canvas.Rows {
			c.errorf("a row is at %v", use.Y)
			continue
		}
		y /= cell.Y
		row := c.got.Rows[use.ID]
		if !use.Cursor {
			rows[y] = use.ID
			continue
		}
		if len(row.Backs)+len(row.Paths) == 0 {
			continue
		}
		shownCursor = true
		x := cursor.X
		if canvas.Row(cursor.Y)[x].Rest && cursor.Shape < 5 {
			x--
		}
		if !cursor.Visible || y != cursor.Y || int(math.Round(use.X)) != x*cell.X {
			c.errorf("frame %d: the cursor is at %v, %d; want %+v", fr.Number, use.X, y, cursor)
			continue
		}
		c.cursor(canvas, row, x)
	}
	if shownCursor != cursor.Visible {
		c.errorf("frame %d: the cursor is shown: %v; want %v", fr.Number, shownCursor, cursor.Visible)
	}
	for y, id := range rows {
		c.row(fr.Number, canvas, y, canvas.Row(y), c.got.Rows[id])
	}
}

func (c *checker) cursor(canvas *render.Canvas, row probedRow, x int) {
	ink := css(c.theme.RGB(canvas.CursorInk))
	cell := c.fonts.Cell()
	cl := canvas.Row(canvas.Cursor.Y)[x]
	cols := max(int(cl.Width), 1)
	if canvas.Cursor.Shape >= 3 {
		if len(row.Paths) != 1 || row.Paths[0].Fill != ink {
			c.errorf("the cursor is %+v; want one of %s", row, ink)
		}
		return
	}
	if len(row.Backs) != 1 || row.Backs[0].Color != ink || row.Backs[0].To != float64(cols*cell.X) {
		c.errorf("the cursor is %+v; want a block of %s", row, ink)
	}
	look := render.LookOf(cl.Style)
	for _, ch := range row.Chars {
		if ch.Fill != css(c.theme.RGB(look.Bg)) {
			c.errorf("%q below the cursor is %s; want %v", ch.Text, ch.Fill, c.theme.RGB(look.Bg))
		}
	}
}

func (c *checker) row(number int, canvas *render.Canvas, y int, cells []render.Cell, row probedRow) {
	size := c.fonts.Cell()
	chars := row.Chars
	shapes := 0
	for x := range cells {
		cl := &cells[x]
		look := render.LookOf(cl.Style)
		bg := css(c.theme.Bg)
		for _, b := range row.Backs {
			if b.From <= float64(x*size.X) && float64((x+1)*size.X) <= b.To {
				bg = b.Color
			}
		}
		if want := css(c.theme.RGB(look.Bg)); bg != want {
			c.errorf("frame %d, row %d, column %d: the background is %s; want %s", number, y, x, bg, want)
		}
		text := cellText(cl)
		if cl.Rest || look.Concealed || strings.Trim(text, " \u00a0") == "" {
			continue
		}
		runes := []rune(text)
		if _, ok := glyph.ShapeOf(runes[0], size, max(int(cl.Width), 1), c.fonts.Lines().Thickness); ok && len(runes) == 1 {
			shapes++
			continue
		}
		for i, r := range runes {
			for len(chars) > 0 && (chars[0].Text == " " || chars[0].Text == "\u00a0") {
				chars = chars[1:]
			}
			if len(chars) == 0 {
				c.errorf("frame %d, row %d, column %d: %q is missing", number, y, x, r)
				return
			}
			ch := chars[0]
			chars = chars[1:]
			c.chars++
			if want := r; ch.Text != string(want) {
				c.errorf("frame %d, row %d, column %d: %q; want %q", number, y, x, ch.Text, want)
				return
			}
			off := math.Abs(ch.X - float64(x*size.X))
			if i == 0 {
				c.farthest = max(c.farthest, off)
				if off > .5 {
					c.errorf("frame %d, row %d, column %d: %q is at %.2f; want %d", number, y, x, ch.Text, ch.X, x*size.X)
				}
			}
			opacity := 1.0
			if look.Faint {
				opacity = 128. / 255
			}
			_, uri := canvas.Link(cl.Link)
			if strings.HasPrefix(uri, "javascript") {
				uri = ""
			}
			if ch.Fill != css(c.theme.RGB(look.Fg)) || ch.Bold != look.Bold || ch.Italic != look.Italic || math.Abs(ch.Opacity-opacity) > .002 || ch.Link != uri {
				c.errorf("frame %d, row %d, column %d: %+v; want %+v with the link %q", number, y, x, ch, look, uri)
			}
		}
	}
	for _, ch := range chars {
		if ch.Text != " " && ch.Text != "\u00a0" {
			c.errorf("frame %d, row %d: there is %q at %.2f", number, y, ch.Text, ch.X)
		}
	}
	if shapes > 0 && len(row.Paths) == 0 {
		c.errorf("frame %d, row %d: %d characters of geometry are missing", number, y, shapes)
	}
}

// Pictures in one page do not change each other, also in quirks mode, and look the same as
// images.
func TestPage(t *testing.T) {
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			var films []*filmCheck
			var pictures []string
			for _, text := range []string{"\x1b[31mred \x1b[1;32mgreen \x1b[44mblue", "\x1b[32mgreen \x1b[3;33mother \x1b[45mback", "\x1b[38;5;100mthird \x1b[2;31mfaint \x1b[m" + strings.Repeat("\x1b[44m \x1b[45m ", 8)} {
				film := filmOf(format.Size{Cols: 40, Rows: 3}, testcast.Out(0, text), testcast.Out(time.Second, "\r\n"+text))
				films = append(films, newFilmCheck(t, film, 1))
				pictures = append(pictures, withClock(write(t, &Writer{Film: film})))
			}
			address := page(t, pictures...)
			var got []probed
			b.run(t, address, "(async () => ["+"await "+films[0].script(0)+", await "+films[1].script(1)+", await "+films[2].script(2)+"])()", &got)
			for i, f := range films {
				f.check(t, &got[i], render.Themes[0])
			}
		})
	}
}

// The text of a still can be selected.
func TestSelect(t *testing.T) {
	film := filmOf(format.Size{Cols: 40, Rows: 3}, testcast.Out(0, "\x1b[31mred\x1b[m  and \x1b[7mmore\r\n\x1b[mnext"))
	address := page(t, write(t, &Writer{Film: film, Still: true}))
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			var got string
			b.run(t, address, `getSelection().selectAllChildren(document.querySelector(".v")), String(getSelection())`, &got)
			if want := "red  and more\nnext"; strings.TrimSpace(got) != want {
				t.Errorf("the selection is %q; want %q", got, want)
			}
		})
	}
}

// On a dark page, a picture with a dark theme has its colours.
func TestDark(t *testing.T) {
	var light, dark *render.Theme = render.Themes[0], nil
	for _, theme := range render.Themes {
		if theme.Bg != light.Bg && theme.Palette[1] != light.Palette[1] {
			dark = theme
		}
	}
	film := filmOf(format.Size{Cols: 40, Rows: 3}, testcast.Out(0, "\x1b[31mred\x1b[m plain \x1b[7minverse\x1b[m \x1b[44mblue \x1b[38;2;1;2;3mdirect\x1b[m"), testcast.Out(time.Second, "."))
	f := newFilmCheck(t, film, 1)
	address := page(t, withClock(write(t, &Writer{Film: film, Picture: &render.Picture{Dark: dark}})))
	for scheme, theme := range map[string]*render.Theme{"light": light, "dark": dark} {
		t.Run(scheme, func(t *testing.T) {
			ctx := newChromium(t)
			media(t, ctx, "prefers-color-scheme", scheme)
			var got probed
			evaluate(t, ctx, address, f.script(0), &got)
			f.check(t, &got, theme)
			var bg string
			evaluate(t, ctx, address, `getComputedStyle(document.querySelector(".bg")).fill`, &bg)
			if want := css(theme.Bg); bg != want {
				t.Errorf("the background is %s; want %s", bg, want)
			}
		})
	}
}

// Who prefers reduced motion sees the last frame, and nothing moves.
func TestReducedMotion(t *testing.T) {
	film := filmOf(format.Size{Cols: 20, Rows: 3}, testcast.Out(0, "\x1b[41m first \x1b[m"), testcast.Out(time.Second, "\x1b[2J\x1b[H\x1b[42m last \x1b[m\x1b[2;3H"))
	picture := write(t, &Writer{Film: film})
	still := shot(t, newChromium(t), page(t, write(t, &Writer{Film: film, Still: true})))
	ctx := newChromium(t)
	media(t, ctx, "prefers-reduced-motion", "reduce")
	if got := shot(t, ctx, page(t, picture)); !equal(got, still) {
		t.Error("with reduced motion, the picture differs from the last frame")
	}
	ctx = newChromium(t)
	if got := shot(t, ctx, page(t, picture)); equal(got, still) {
		t.Error("without reduced motion, the picture begins with the last frame")
	}
	// As an image, it is the same.
	name := filepath.Join(t.TempDir(), "still.svg")
	if err := os.WriteFile(name, []byte(write(t, &Writer{Film: film, Still: true})), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := shot(t, newChromium(t), page(t, `<img src="`+fileURL(name)+`">`)); !equal(got, still) {
		t.Error("as an image, the picture differs")
	}
}

// Characters of geometry have the pixels of the raster pictures: to the bit where they are
// of rectangles, and else nearly.
func TestGeometry(t *testing.T) {
	var text strings.Builder
	n := 0
	add := func(from, to rune) {
		for r := from; r <= to; r++ {
			if text.WriteRune(r); n%64 == 63 {
				text.WriteString("\r\n")
			}
			n++
		}
	}
	add(0x2500, 0x259f)
	add(0x2800, 0x281f)
	add(0x28e0, 0x28ff)
	add(0x1fb00, 0x1fb3b)
	add(0x1fb3c, 0x1fb8b)
	add(0xe0b0, 0xe0bf)
	text.WriteString("\r\n\x1b[31m┌─┬─┐\x1b[2m░▒▓█\x1b[m \x1b[4mone\x1b[m \x1b[21mtwo\x1b[m \x1b[4:4mdots\x1b[m \x1b[4:5mdash\x1b[m\x1b[9m  \x1b[m\x1b[53m  \x1b[m\x1b[?25l")
	film := filmOf(format.Size{Cols: 64, Rows: 10}, testcast.Out(0, text.String()))
	for _, size := range []float64{16, 13, 22} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			fonts, err := glyph.New(glyph.Options{Size: size, NoSystem: true})
			if err != nil {
				t.Fatal(err)
			}
			var p render.Picture
			r, err := raster.New(&p, fonts, format.Size{Cols: 64, Rows: 10})
			if err != nil {
				t.Fatal(err)
			}
			want := image.NewNRGBA(r.Bounds())
			var cells [][]render.Cell
			for fr, err := range film.Frames(t.Context(), format.Size{Cols: 64, Rows: 10}) {
				if err != nil {
					t.Fatal(err)
				}
				r.Draw(want, fr.Canvas)
				for y := range fr.Canvas.Rows {
					cells = append(cells, slices.Clone(fr.Canvas.Row(y)))
				}
			}
			got := shot(t, newChromium(t), page(t, write(t, &Writer{Film: film, FontSize: size, Still: true})))
			if got.Bounds() != want.Bounds() {
				t.Fatalf("the picture is %v; want %v", got.Bounds(), want.Bounds())
			}
			cell := fonts.Cell()
			exact, near, worst := 0, 0, 0.0
			for y, row := range cells {
				for x := range row {
					text := cellText(&row[x])
					r, _ := utf8.DecodeRuneInString(text)
					shape, ok := glyph.ShapeOf(r, cell, 1, fonts.Lines().Thickness)
					if !ok {
						continue
					}
					rects := true
					for _, part := range shape {
						_, ok := appendRects(nil, part.Path)
						rects = rects && ok && part.Coverage == 255
					}
					at := image.Rect(x*cell.X, y*cell.Y, (x+1)*cell.X, (y+1)*cell.Y)
					mean, most := difference(got, want, at)
					if rects && !row[x].Style.Attr.Has(vt.Faint) {
						exact++
						if most > 0 {
							t.Errorf("%q differs by up to %d", text, most)
						}
						continue
					}
					near++
					worst = max(worst, mean)
					if mean > 16 {
						t.Errorf("%q differs by %.1f of 255 on average, up to %d", text, mean, most)
					}
				}
			}
			t.Logf("%d characters are equal to the bit, %d differ by at most %.1f on average", exact, near, worst)
			// The lines of the last row.
			y := 0
			for i := range cells {
				if cellText(&cells[i][0]) == "┌" && cells[i][0].Style.Fg != 0 {
					y = i
				}
			}
			for x := range cells[y] {
				c := &cells[y][x]
				if u := c.Style.Attr; cellText(c) == "" && (u.Has(vt.Strike) || u.Has(vt.Overline)) {
					at := image.Rect(x*cell.X, y*cell.Y, (x+1)*cell.X, (y+1)*cell.Y)
					if _, most := difference(got, want, at); most > 0 {
						t.Errorf("the line of column %d differs by up to %d", x, most)
					}
				}
			}
		})
	}
}

// difference returns the mean and the greatest difference of the colours in a rectangle.
func difference(a, b *image.NRGBA, in image.Rectangle) (mean float64, most int) {
	sum := 0
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			i, j := a.PixOffset(x, y), b.PixOffset(x, y)
			for k := range 3 {
				d := int(a.Pix[i+k]) - int(b.Pix[j+k])
				d = max(d, -d)
				sum += d
				most = max(most, d)
			}
		}
	}
	return float64(sum) / float64(3*in.Dx()*in.Dy()), most
}

func equal(a, b *image.NRGBA) bool {
	return a.Bounds() == b.Bounds() && bytes.Equal(a.Pix, b.Pix)
}

// The characters that are put into a picture are those that are shown.
func TestEmbed(t *testing.T) {
	film := filmOf(format.Size{Cols: 40, Rows: 3}, testcast.Out(0, "plain \x1b[1mbold \x1b[3mboth\x1b[m \x1b[3mitalic\x1b[m é Ω → 漢"), testcast.Out(time.Second, "\r\nmore"))
	picture := write(t, &Writer{Film: film, Embed: true, FontFamily: "sans-serif", ID: "t"})
	t.Logf("%d bytes", len(picture))
	address := page(t, picture)
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			var got []string
			b.run(t, address, `Promise.all([...document.fonts].map(f => f.load().then(() => f.family + " " + f.weight + " " + f.style + " " + f.status, String)))`, &got)
			slices.Sort(got)
			want := []string{"t-font bold italic loaded", "t-font bold normal loaded", "t-font normal italic loaded", "t-font normal normal loaded"}
			if !slices.Equal(got, want) {
				t.Errorf("the fonts are %q; want %q", got, want)
			}
		})
	}
}

// A program that does not know SMIL shows the last frame.
func TestWithoutSMIL(t *testing.T) {
	convert := need(t, "rsvg-convert")
	film := filmOf(format.Size{Cols: 10, Rows: 2}, testcast.Out(0, "\x1b[48;2;255;0;0m first"), testcast.Out(time.Second, "\r\x1b[48;2;0;255;0m last \x1b[?25l"))
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.svg"), filepath.Join(dir, "out.png")
	if err := os.WriteFile(in, []byte(write(t, &Writer{Film: film})), 0o666); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.Command(convert, in, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, b)
	if c := got.NRGBAAt(1, 1); c != (color.NRGBA{0, 255, 0, 255}) {
		t.Errorf("the first cell is %v; want it green", c)
	}
	if c := got.NRGBAAt(95, 1); c == (color.NRGBA{0, 255, 0, 255}) {
		t.Errorf("the last cell is %v; want it without a colour", c)
	}
}

// media has a browser prefer something.
func media(tb testing.TB, ctx context.Context, name, value string) {
	tb.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
	if err != nil {
		tb.Fatal(err)
	}
}

// shot returns how the first picture of a page looks as it begins.
func shot(tb testing.TB, ctx context.Context, page string) *image.NRGBA {
	tb.Helper()
	stop := `document.querySelectorAll("svg").forEach(s => { s.pauseAnimations(); s.setCurrentTime(0) }); new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))`
	var done int
	evaluate(tb, ctx, page, stop, &done)
	b, err := chromedp.Run(ctx, chromedp.Screenshot(chromedp.CSS("body > svg, body > img")))
	if err != nil {
		tb.Fatal(err)
	}
	return decode(tb, b)
}

func decode(tb testing.TB, b []byte) *image.NRGBA {
	tb.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	n := image.NewNRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(n, n.Rect, img, img.Bounds().Min, draw.Src)
	return n
}

// TestSheet writes pictures of everything to the folder TTYDECK_SHEETS, to be looked at.
func TestSheet(t *testing.T) {
	dir := os.Getenv("TTYDECK_SHEETS")
	if dir == "" {
		t.Skipf("SKIPPED: %s: TTYDECK_SHEETS, the folder for pictures to look at, is not set", t.Name())
	}
	for _, theme := range []int{0, 1} {
		w := &Writer{Film: everything(), Picture: &render.Picture{Theme: render.Themes[theme], Window: render.ChromeMac, Padding: 12, Radius: 8, Margin: 16, Title: "everything"}}
		w.Film.Open = first(w.Film.Open, 10)
		name := filepath.Join(dir, fmt.Sprintf("svg-%d", theme))
		still := *w
		still.Still = true
		img := shot(t, newChromium(t), page(t, write(t, &still)))
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".png", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".svg", []byte(write(t, w)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// first leaves out all but the first events.
func first(open func() (format.Cast, error), n int) func() (format.Cast, error) {
	return func() (format.Cast, error) {
		cast, err := open()
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			i := 0
			for ev, err := range events {
				if i++; i > n || !yield(ev, err) {
					return
				}
			}
		}
		return cast, err
	}
}
