package svg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
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
	ctx := newChromium(tb)
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
	body := "<!DOCTYPE html><meta charset=utf-8><body style='margin:0'>" + strings.Join(pictures, "\n") + "<script>" + string(probe) + "</script>"
	if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
		tb.Fatal(err)
	}
	return "file://" + (&url.URL{Path: name}).EscapedPath()
}

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

// checkFilm compares a film with what a browser shows.
func checkFilm(t *testing.T, run browser, film *render.Film, each int) {
	w := &Writer{Film: film, ID: "t"}
	const clock = `<rect class="clock"><animate attributeName="x" from="0" to="100000" dur="100000s"/></rect></svg>`
	address := page(t, strings.TrimSuffix(write(t, w), "</svg>\n")+clock)
	m, err := film.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fps := float64(max(film.FPS, 0))
	if fps == 0 {
		fps = render.DefaultFPS
	}
	var times []float64
	for fr, err := range film.Frames(t.Context(), m.Size) {
		if err != nil {
			t.Fatal(err)
		}
		if fr.Number%each == 0 || fr.Number == m.Frames-1 {
			times = append(times, (float64(fr.Tick)+.01)/fps, (float64(fr.Till)-.5)/fps)
		}
	}
	list, _ := json.Marshal(times)
	var got probed
	run(t, address, fmt.Sprintf(`probe(document.querySelector("svg"), %s)`, list), &got)
	if len(got.Frames) != len(times) {
		t.Fatalf("%d of %d frames", len(got.Frames), len(times))
	}
	fonts, err := glyph.New(glyph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := checker{tb: t, fonts: fonts, theme: render.Themes[0], got: &got, seen: map[string]bool{}}
	n := 0
	for fr, err := range film.Frames(t.Context(), m.Size) {
		if err != nil {
			t.Fatal(err)
		}
		if fr.Number%each != 0 && fr.Number != m.Frames-1 {
			continue
		}
		for range 2 {
			c.frame(fr, n)
			n++
		}
	}
	t.Logf("%d frames, %d rows, %d characters, the farthest off by %.2f pixels", len(times)/2, len(got.Rows), c.chars, c.farthest)
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
