package transcript

import (
	"bufio"
	"fmt"
	"html"
	"strconv"
	"strings"
)

const htmlHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<style>
:root{--bg:#fff;--fg:#1f2328;--dim:#59636e;--box:#f6f8fa;--line:#d1d9e0;--bad:#c21c2c;--good:#1a7f37;--link:#0757ba;
--c0:#24292f;--c1:#b31d28;--c2:#116329;--c3:#7d4e00;--c4:#0550ae;--c5:#8250df;--c6:#0b6c75;--c7:#57606a;
--c8:#57606a;--c9:#a40e26;--c10:#1a7f37;--c11:#633c01;--c12:#0757ba;--c13:#6f42c1;--c14:#096169;--c15:#32383f}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--box:#161b22;--line:#3d444d;--bad:#ff8182;--good:#56d364;--link:#79c0ff;
--c0:#8b949e;--c1:#ff7b72;--c2:#56d364;--c3:#e3b341;--c4:#79c0ff;--c5:#d2a8ff;--c6:#56d4dd;--c7:#c9d1d9;
--c8:#8b949e;--c9:#ffa198;--c10:#7ee787;--c11:#f2cc60;--c12:#a5d6ff;--c13:#e2c5ff;--c14:#b3f0ff;--c15:#f0f6fc}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:72rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem}
.meta{color:var(--dim);margin:0 0 1.25rem}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;background:var(--bg)}
details.nested{margin-left:2rem}
summary{padding:.5rem .75rem;cursor:pointer;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}
summary:focus-visible{outline:2px solid var(--link);outline-offset:1px}
summary::before{content:"\25B8";color:var(--dim)}
details[open]>summary::before{content:"\25BE"}
details.bare>summary::before{content:"\00B7"}
summary code{font:14px/1.45 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;flex:1 1 20rem}
.t{color:var(--dim);font-variant-numeric:tabular-nums;text-decoration:none}
a.t:hover,a.t:focus-visible{color:var(--link);text-decoration:underline}
.n{color:var(--dim);font-size:.875rem}
.bad{color:var(--bad);font-weight:600}
pre{margin:0;padding:.75rem;overflow-x:auto;background:var(--box);border-top:1px solid var(--line);border-radius:0 0 6px 6px;font:14px/1.35 ui-monospace,Menlo,Consolas,monospace;tab-size:8}
details:target{border-color:var(--link)}
b{font-weight:700}.f{opacity:.7}.i{font-style:italic}.u{text-decoration:underline}.s{text-decoration:line-through}.v{background:var(--fg);color:var(--bg)}
</style>
</head>
<body>
`

func writeHTML(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	title := "Transcript"
	if len(recs) == 1 {
		title = recordingTitle(recs[0])
	}
	fmt.Fprintf(w, htmlHead, html.EscapeString(title))
	for i, rec := range recs {
		prefix := ""
		if len(recs) > 1 {
			prefix = "r" + strconv.Itoa(i) + "-"
		}
		fmt.Fprintf(w, "<h1>%s</h1>\n<p class=\"meta\">%s</p>\n", html.EscapeString(recordingTitle(rec)), html.EscapeString(recordingMeta(rec)))
		heading := func(m Marker) { fmt.Fprintf(w, "<h2>%s</h2>\n", html.EscapeString(printable(m.Label))) }
		opts.chapters(&rec, heading, func(c, before *Command) { writeHTMLCommand(w, c, before, &rec, prefix, opts) })
	}
	w.WriteString("</body>\n</html>\n")
	return nil
}

func recordingTitle(rec Recording) string {
	if t := oneLine(rec.Header.Title); t != "" {
		return t
	}
	return oneLine(rec.Name)
}

func recordingMeta(rec Recording) string {
	count := 0
	for range rec.Commands {
		count++
	}
	parts := []string{fmt.Sprintf("%d commands", count)}
	if !rec.Header.Start.IsZero() {
		parts = append(parts, "recorded "+rec.Header.Start.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	if rec.Header.Size.Cols > 0 {
		parts = append(parts, rec.Header.Size.String())
	}
	if rec.Err != nil {
		parts = append(parts, "reading stopped: "+oneLine(rec.Err.Error()))
	}
	return strings.Join(parts, " · ")
}

func writeHTMLCommand(w *bufio.Writer, c, before *Command, rec *Recording, prefix string, opts WriteOptions) {
	id := prefix + "c" + strconv.Itoa(c.Index)
	var classes []string
	if c.Depth > 0 {
		classes = append(classes, "nested")
	}
	if c.Output == "" {
		classes = append(classes, "bare")
	}
	class := ""
	if len(classes) > 0 {
		class = ` class="` + strings.Join(classes, " ") + `"`
	}
	open := ""
	if c.Output != "" {
		open = " open"
	}
	fmt.Fprintf(w, "<details id=%q%s%s><summary>", id, class, open)
	link := "#" + id
	if opts.PlayURL != "" {
		link = opts.PlayURL + "#t=" + strconv.FormatFloat(c.Start.Seconds(), 'f', 1, 64)
	}
	fmt.Fprintf(w, `<a class="t" href="%s">%s</a>`, html.EscapeString(link), html.EscapeString(opts.when(rec, c.Start)))
	fmt.Fprintf(w, "<code>%s%s</code>", html.EscapeString(sign(c)), html.EscapeString(printable(c.Text)))
	if s := status(c); s != "" {
		fmt.Fprintf(w, `<span class="n bad">%s</span>`, html.EscapeString(s))
	}
	for _, r := range remarks(c, before, opts) {
		if r != status(c) {
			fmt.Fprintf(w, `<span class="n">%s</span>`, html.EscapeString(r))
		}
	}
	w.WriteString("</summary>")
	if c.Output != "" {
		w.WriteString("<pre>")
		if c.Styled != "" {
			writeSpans(w, c.Styled)
		} else {
			w.WriteString(html.EscapeString(printable(c.Output)))
		}
		w.WriteString("</pre>")
	}
	w.WriteString("</details>\n")
}

// writeSpans writes text with the SGR sequences of a styler, and no others, as
// spans.
func writeSpans(w *bufio.Writer, s string) {
	open := false
	for s != "" {
		i := strings.IndexByte(s, 0x1b)
		if i < 0 {
			i = len(s)
		}
		w.WriteString(html.EscapeString(printable(s[:i])))
		if s = s[i:]; s == "" {
			break
		}
		end := strings.IndexByte(s, 'm')
		if end < 0 {
			break // the sequence was cut off
		}
		if open {
			w.WriteString("</span>")
			open = false
		}
		params := strings.TrimPrefix(s[:end], "\x1b[")
		s = s[end+1:]
		if attrs := spanAttrs(params); attrs != "" {
			w.WriteString("<span" + attrs + ">")
			open = true
		}
	}
	if open {
		w.WriteString("</span>")
	}
}

// spanAttrs returns the attributes of a span that looks as the parameters of an
// SGR sequence ask.
func spanAttrs(params string) string {
	var classes, style []string
	inverse := false
	fg, bg := "", ""
	p := strings.Split(params, ";")
	num := func(i int) int {
		if i < len(p) {
			if n, err := strconv.Atoi(p[i]); err == nil && n >= 0 && n < 256 {
				return n
			}
		}
		return 0
	}
	for i := 0; i < len(p); i++ {
		switch n := num(i); {
		case n == 1:
			style = append(style, "font-weight:700")
		case n == 2:
			classes = append(classes, "f")
		case n == 3:
			classes = append(classes, "i")
		case n == 4:
			classes = append(classes, "u")
		case n == 7:
			inverse = true
		case n == 8:
			style = append(style, "visibility:hidden")
		case n == 9:
			classes = append(classes, "s")
		case n >= 30 && n < 38:
			fg = paletteCSS(n - 30)
		case n >= 90 && n < 98:
			fg = paletteCSS(n - 82)
		case n >= 40 && n < 48:
			bg = paletteCSS(n - 40)
		case n >= 100 && n < 108:
			bg = paletteCSS(n - 92)
		case n == 38 || n == 48:
			color := ""
			if num(i+1) == 5 {
				color = paletteCSS(num(i + 2))
				i += 2
			} else {
				color = fmt.Sprintf("#%02x%02x%02x", num(i+2), num(i+3), num(i+4))
				i += 4
			}
			if n == 38 {
				fg = color
			} else {
				bg = color
			}
		}
	}
	if inverse {
		fg, bg = bg, fg
		if fg == "" {
			fg = "var(--bg)"
		}
		if bg == "" {
			bg = "var(--fg)"
		}
	}
	if fg != "" {
		style = append(style, "color:"+fg)
	}
	if bg != "" {
		style = append(style, "background:"+bg)
		if fg == "" {
			style = append(style, "color:var(--bg)")
		}
	}
	out := ""
	if len(classes) > 0 {
		out += ` class="` + strings.Join(classes, " ") + `"`
	}
	if len(style) > 0 {
		out += ` style="` + strings.Join(style, ";") + `"`
	}
	return out
}

func paletteCSS(i int) string {
	switch {
	case i < 16:
		return "var(--c" + strconv.Itoa(i) + ")"
	case i < 232:
		i -= 16
		level := func(n int) int {
			if n == 0 {
				return 0
			}
			return 55 + 40*n
		}
		return fmt.Sprintf("#%02x%02x%02x", level(i/36), level(i/6%6), level(i%6))
	}
	g := 8 + 10*(i-232)
	return fmt.Sprintf("#%02x%02x%02x", g, g, g)
}
