package svg

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/raster"
)

// document writes the picture.
func (d *drawing) document(w *out, n *names) {
	l, id := &d.layout, n.prefix
	width, height := l.Size.X, l.Size.Y
	w.str(`<svg xmlns="http://www.w3.org/2000/svg" id="`, id, `" width="`)
	w.num(width * d.scale)
	w.str(`" height="`)
	w.num(height * d.scale)
	w.str(`" viewBox="0 0 `)
	w.num(width)
	w.str(" ")
	w.num(height)
	w.str(`" xml:space="preserve" role="img" aria-labelledby="`, id, `.t `, id, `.d">`, "\n")
	title := d.title
	if strings.TrimSpace(title) == "" {
		title = "A terminal session"
	}
	w.str(`<title id="`, id, `.t">`, escape(plain(oneLine(title))), "</title>\n")
	desc := d.Desc
	if desc == "" {
		desc = strings.TrimRight(strings.Join(d.final, "\n"), "\n ")
	}
	w.str(`<desc id="`, id, `.d">`, escape(plain(desc)), "</desc>\n")
	d.rows.classes.name()
	d.style(w, id)
	// The last rows are where they are shown, so that their text can be selected.
	last := map[int]bool{d.cursor.look.final(): true}
	for _, t := range d.lines {
		last[t.final()] = true
	}
	still := d.still()
	if !still {
		w.str("<defs>\n")
		for _, row := range n.order {
			if row == 0 || !last[row] {
				d.define(w, n, row)
				w.str("\n")
			}
		}
		w.str("</defs>\n")
	}
	w.str(`<g id="`, id, `.w">`, "\n")
	d.window(w)
	cells := l.Cells
	// Not a svg element within: in Chromium it would have a time of its own.
	w.str(`<clipPath id="`, id, `.v"><rect`)
	d.place(w, 0, 0, cells.Dx(), cells.Dy())
	w.str(`/></clipPath>`, "\n", `<g class="v" clip-path="url(#`, id, `.v)" transform="translate(`)
	w.num(cells.Min.X)
	w.str(" ")
	w.num(cells.Min.Y)
	w.str(`)">`, "\n")
	for y, t := range d.lines {
		if len(t) == 1 {
			d.row(w, n, last, t.final(), 0, y)
		}
	}
	if still {
		d.row(w, n, last, d.cursor.look.final(), d.cursor.x.final(), d.cursor.y.final())
	} else {
		w.str(`<g class="m">`, "\n")
		for y, t := range d.lines {
			if len(t) > 1 {
				d.use(w, n, t, nil, nil, y)
			}
		}
		d.use(w, n, d.cursor.look, d.cursor.x, d.cursor.y, 0)
		w.str("</g>\n", `<g class="n">`, "\n")
		for y, t := range d.lines {
			if len(t) > 1 {
				d.row(w, n, last, t.final(), 0, y)
			}
		}
		d.row(w, n, last, d.cursor.look.final(), d.cursor.x.final(), d.cursor.y.final())
		w.str("</g>\n")
	}
	w.str("</g>\n</g>\n</svg>\n")
}

// define writes a row with its id.
func (d *drawing) define(w *out, n *names, row int) {
	w.str(`<g id="`, n.prefix, n.of[row], `">`)
	d.content(w, row)
	w.str("</g>")
}

func (d *drawing) content(w *out, row int) {
	w.b = d.rows.classes.expand(w.b[:0], d.rows.defs[row])
	w.bytes(w.b)
}

// still reports whether nothing moves.
func (d *drawing) still() bool {
	for _, t := range d.lines {
		if len(t) > 1 {
			return false
		}
	}
	return len(d.cursor.look) <= 1 && len(d.cursor.x) <= 1 && len(d.cursor.y) <= 1
}

func (d *drawing) left(x int) int { return x * d.rows.cellW }
func (d *drawing) top(y int) int  { return y*d.rows.cellH + d.rows.baseline }

// row writes a row that stays at its place. Those in first are written themselves, once,
// and others referred to.
func (d *drawing) row(w *out, n *names, first map[int]bool, row, x, y int) {
	if row == 0 {
		return
	}
	if !first[row] {
		w.str(`<use href="#`, n.prefix, n.of[row], `"`)
		d.place(w, d.left(x), d.top(y), 0, 0)
		w.str("/>\n")
		return
	}
	delete(first, row)
	w.str(`<g transform="translate(`)
	w.num(d.left(x))
	w.str(" ")
	w.num(d.top(y))
	w.str(`)">`)
	if n.used[row] > 1 || !d.still() {
		d.define(w, n, row)
	} else {
		d.content(w, row)
	}
	w.str("</g>\n")
}

// use writes the element that shows one row after another, at row y, or where xs and ys
// say.
func (d *drawing) use(w *out, n *names, t, xs, ys track, y int) {
	if len(t) == 1 && t.final() == 0 {
		return
	}
	w.str("<use")
	x := 0
	if len(xs) > 0 {
		x, y = xs.final(), ys.final()
		w.str(` id="`, n.prefix, `.c"`)
	}
	w.str(` href="#`, n.prefix, n.of[t.final()], `"`)
	d.place(w, d.left(x), d.top(y), 0, 0)
	w.str(">")
	d.animate(w, "href", t, func(b []byte, v int) []byte { return append(append(append(b, '#'), n.prefix...), n.of[v]...) })
	d.animate(w, "x", xs, func(b []byte, v int) []byte { return strconv.AppendInt(b, int64(d.left(v)), 10) })
	d.animate(w, "y", ys, func(b []byte, v int) []byte { return strconv.AppendInt(b, int64(d.top(v)), 10) })
	w.str("</use>\n")
}

// animate writes the values of an attribute as time passes, if it has several.
func (d *drawing) animate(w *out, attribute string, t track, value func([]byte, int) []byte) {
	if len(t) <= 1 {
		return
	}
	w.str(`<animate attributeName="`, attribute, `" calcMode="discrete" dur="`, seconds(d.till, d.Film.FPS), `s" `)
	if d.Loops > 0 {
		w.str(`repeatCount="`)
		w.num(d.Loops)
		w.str(`" fill="freeze"`)
	} else {
		w.str(`repeatCount="indefinite"`)
	}
	var b []byte
	w.str(` values="`)
	for i, c := range t {
		b = b[:0]
		if i > 0 {
			b = append(b, ';')
		}
		w.bytes(value(b, c.value))
	}
	w.str(`" keyTimes="`)
	for i, c := range t {
		b = b[:0]
		if i > 0 {
			b = append(b, ';')
		}
		w.bytes(appendKeyTime(b, c.tick, d.till))
	}
	w.str(`"/>`)
}

// seconds returns that many frames as seconds, to the microsecond.
func seconds(ticks int64, fps int) string {
	if fps <= 0 {
		fps = render.DefaultFPS
	}
	return strconv.FormatFloat(math.Round(float64(ticks)/float64(fps)*1e6)/1e6, 'f', -1, 64)
}

// appendKeyTime appends the shortest decimal fraction that is within tick/till and four
// tenths of a frame before.
func appendKeyTime(b []byte, tick, till int64) []byte {
	if tick <= 0 {
		return append(b, '0')
	}
	from := (float64(tick) - .4) / float64(till)
	unit := uint64(1)
	for digits := 1; ; digits++ {
		unit *= 10
		hi, lo := bits.Mul64(uint64(tick), unit)
		v, _ := bits.Div64(hi, lo, uint64(till)) // rounded down; tick is less than till
		if float64(v)/float64(unit) > from || digits == 18 {
			b = append(b, '.')
			s := strconv.FormatUint(v, 10)
			for range digits - len(s) {
				b = append(b, '0')
			}
			return append(b, s...)
		}
	}
}

// style writes the style sheet. Its rules must match within the copies that use elements
// make, where elements outside of a row do not count as parents.
func (d *drawing) style(w *out, id string) {
	family := d.FontFamily
	if family == "" {
		family = DefaultFamily
	}
	family = safeFamily(family)
	in := "g[id^=" + id + "] "
	theme := d.picture.Theme
	w.str("<style>\n")
	if d.embed(w, id) {
		family = id + "-font," + family
	}
	size := strconv.FormatFloat(d.fontSize(), 'f', -1, 64)
	w.str("#", id, "{color:", rgb(theme.Fg), ";fill:currentColor;stroke-width:", strconv.Itoa(d.rows.cellH), "px;font:", size, "px ", escape(family),
		";font-variant-ligatures:none;letter-spacing:", d.spacing(), ";shape-rendering:crispEdges}\n")
	w.str(in, "text{white-space:pre}\n")
	if d.rows.linked {
		w.str(in, "a{color:inherit;text-decoration:none}\n")
	}
	w.str(in, ".b{font-weight:bold}\n", in, ".i{font-style:italic}\n", in, ".k{stroke:currentColor}\n", in, ".g{shape-rendering:auto}\n",
		in, ".w{fill:none;stroke:currentColor;shape-rendering:auto;stroke-width:", strconv.Itoa(d.rows.thickness), "px}\n")
	for _, v := range d.rows.classes.fades {
		o := strconv.FormatFloat(math.Round(float64(v)/255*1000)/1000, 'f', -1, 64)
		w.str(in, ".", d.rows.classes.opacities[v], "{fill-opacity:", o, ";stroke-opacity:", o, "}\n")
	}
	d.colors(w, in, theme, false)
	if dark := d.picture.Dark; dark != nil {
		w.str("@media(prefers-color-scheme:dark){\n", "#", id, "{color:", rgb(dark.Fg), "}\n")
		d.colors(w, in, dark, true)
		w.str("}\n")
	}
	if !d.still() {
		w.str(in, ".n{display:none}\n@media(prefers-reduced-motion:reduce),print{", in, ".n{display:inline}", in, ".m{display:none}}\n")
	}
	w.str("</style>\n")
}

// colors writes the rules of the colours; if themed, only of those that depend on the
// theme.
func (d *drawing) colors(w *out, in string, theme *render.Theme, themed bool) {
	c := &d.rows.classes
	for _, ink := range c.order {
		if themed && ink.Direct() {
			continue
		}
		w.str(in, ".", c.names[ink], "{color:", rgb(theme.RGB(ink)), "}\n")
	}
	w.str(in, ".bg{color:", rgb(theme.Bg), "}\n")
	if !d.layout.Bar.Empty() {
		bar, text := raster.BarColors(theme)
		w.str(in, ".bar{color:", rgb(bar), "}\n", in, ".title{color:", rgb(text), "}\n")
	}
}

// spacing returns what the font lacks to the width of a cell, for programs that ignore
// textLength.
func (d *drawing) spacing() string {
	lacks := float64(d.rows.cellW) - d.rows.fonts.Metrics().Advance
	return strconv.FormatFloat(math.Round(lacks*1000)/1000, 'f', -1, 64) + "px"
}

// safeFamily leaves out of a list of families what could end the rule.
func safeFamily(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`;{}<>\/@()&`, r) || r < ' ' {
			return -1
		}
		return r
	}, s)
}

// embed writes the fonts, and reports whether there are any.
func (d *drawing) embed(w *out, id string) bool {
	if !d.Embed {
		return false
	}
	any := false
	for style, set := range d.rows.faces {
		if len(set) == 0 {
			continue
		}
		runes := make([]rune, 0, len(set))
		for r := range set {
			runes = append(runes, r)
		}
		slices.Sort(runes)
		font, err := d.rows.fonts.Subset(runes, glyph.Style(style))
		if err != nil {
			if w.err == nil {
				w.err = fmt.Errorf("svg: embed the font: %w", err)
			}
			return false
		}
		any = true
		w.str("@font-face{font-family:", id, "-font")
		if glyph.Style(style)&glyph.Bold != 0 {
			w.str(";font-weight:bold")
		}
		if glyph.Style(style)&glyph.Italic != 0 {
			w.str(";font-style:italic")
		}
		w.str(";src:url(data:font/ttf;base64,", base64.StdEncoding.EncodeToString(font), ")}\n")
	}
	return any
}

// plain returns a text without the controls that change its order: what reads it aloud has
// no columns that it could be kept in.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// oneLine makes a title one line, without controls.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// window writes what surrounds the cells.
func (d *drawing) window(w *out) {
	l := &d.layout
	if m := d.picture.MarginColor; m != nil {
		w.str(`<rect width="`)
		w.num(l.Size.X)
		w.str(`" height="`)
		w.num(l.Size.Y)
		w.str(`" fill="`, rgb(*m), `"/>`, "\n")
	}
	win := l.Window
	w.str(`<rect class="bg g"`)
	d.place(w, win.Min.X, win.Min.Y, win.Dx(), win.Dy())
	if l.Radius > 0 {
		w.str(` rx="`)
		w.num(l.Radius)
		w.str(`"`)
	}
	w.str("/>\n")
	if l.Bar.Empty() {
		return
	}
	bar := l.Bar
	radius := min(l.Radius, bar.Dy())
	p := path{}
	x0, y0, x1, y1, r := float64(bar.Min.X), float64(bar.Min.Y), float64(bar.Max.X), float64(bar.Max.Y), float64(radius)
	p.moveTo(x0, y1)
	p.lineTo(x0, y0+r)
	if r > 0 {
		p.b = append(p.b, fmt.Sprintf("a%d %d 0 0 1 %d-%d", radius, radius, radius, radius)...)
		p.x, p.y = x0+r, y0
	}
	p.lineTo(x1-r, y0)
	if r > 0 {
		p.b = append(p.b, fmt.Sprintf("a%d %d 0 0 1 %d %d", radius, radius, radius, radius)...)
		p.x, p.y = x1, y0+r
	}
	p.lineTo(x1, y1)
	p.close()
	w.str(`<path class="bar g" d="`, string(p.b), `"/>`, "\n")
	side := 12
	middle := (bar.Min.Y + bar.Max.Y) / 2
	if d.picture.Window == render.ChromeMac {
		side = raster.ButtonFirst + 3*raster.ButtonStep
		for i, c := range raster.Buttons {
			w.str(`<circle class="g" cx="`)
			w.num(bar.Min.X + raster.ButtonFirst + i*raster.ButtonStep)
			w.str(`" cy="`)
			w.num(middle)
			w.str(`" r="`)
			w.num(raster.ButtonRadius)
			w.str(`" fill="`, rgb(c), `"/>`, "\n")
		}
	}
	title := raster.CutTitle(d.picture.Title, (bar.Dx()-2*side)/max(l.Cell.X, 1))
	if title == "" {
		return
	}
	w.str(`<text class="title" text-anchor="middle" x="`)
	w.num((bar.Min.X + bar.Max.X) / 2)
	w.str(`" y="`)
	w.num((bar.Min.Y+bar.Max.Y-l.Cell.Y)/2 + d.rows.baseline)
	w.str(`">`, escape(title), "</text>\n")
}

// place writes the place and the size of an element, without what is 0.
func (d *drawing) place(w *out, x, y, width, height int) {
	for _, a := range []struct {
		name  string
		value int
	}{{"x", x}, {"y", y}, {"width", width}, {"height", height}} {
		if a.value == 0 {
			continue
		}
		w.str(" ", a.name, `="`)
		w.num(a.value)
		w.str(`"`)
	}
}
