package cli

import (
	"fmt"
	"html"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/ttydeck/ttydeck/convert"
)

// snippet returns the Markdown, or where that has no words for it the HTML, that shows a
// picture of a recording on a page: to is what it is, name the file, alt a text for
// readers who do not see it, link where a click leads, and width the number of pixels at
// which it is shown. Without a link it has none, and with a width of 0 the picture's own.
// An SVG with two themes needs nothing more. It returns "" for what no page shows.
func snippet(to *convert.Target, name, alt, link string, width int) string {
	src := pageURL(filepath.ToSlash(filepath.Clean(name))) // //host/ would be another host
	switch to.Name {
	case "gif", "png", "apng", "svg":
	case "mp4", "webm":
		return fmt.Sprintf("<video src=\"%s\"%s autoplay loop muted playsinline controls aria-label=\"%s\"></video>\n", html.EscapeString(src), widthAttr(width), html.EscapeString(oneLine(alt)))
	default:
		return ""
	}
	picture := fmt.Sprintf("![%s](%s)", escapeMarkdown(alt), src)
	if width > 0 { // Markdown has no sizes
		picture = fmt.Sprintf("<img src=\"%s\" alt=\"%s\"%s>", html.EscapeString(src), html.EscapeString(oneLine(alt)), widthAttr(width))
	}
	switch {
	case link == "":
		return picture + "\n"
	case width > 0:
		return fmt.Sprintf("<a href=\"%s\">%s</a>\n", html.EscapeString(pageLink(link)), picture)
	}
	return fmt.Sprintf("[%s](%s)\n", picture, pageLink(link))
}

func widthAttr(width int) string {
	if width <= 0 {
		return ""
	}
	return fmt.Sprintf(" width=\"%d\"", width)
}

// altText returns the text that stands for a picture: the title or, without one, the
// first commands.
func altText(title string, commands []string) string {
	const most, longest = 3, 120
	text := oneLine(title)
	if text == "" {
		var first []string
		for _, c := range commands {
			if c = oneLine(c); c != "" {
				first = append(first, c)
			}
		}
		switch {
		case len(first) == 0:
			return "Terminal session"
		case len(first) > most:
			first = append(first[:most], "…")
		}
		text = "Terminal session: " + strings.Replace(strings.Join(first, ", "), ", …", "…", 1)
	}
	if r := []rune(text); len(r) > longest {
		text = strings.TrimSpace(string(r[:longest-1])) + "…"
	}
	return text
}

// oneLine returns a text of a recording as a line without control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1 // it would change the order of the page's text
		}
		return r
	}, s)
	return printable(strings.Join(strings.Fields(s), " "))
}

// escapeMarkdown returns a line in which nothing means anything to Markdown, and no
// HTML begins.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s) {
		if strings.ContainsRune("\\`*_{}[]()<>#!|~&$^", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pageURL returns the address of a file from a page beside it.
func pageURL(path string) string {
	u := (&url.URL{Path: path}).String() // "./" where the name looks like a scheme
	return strings.NewReplacer("(", "%28", ")", "%29", "'", "%27").Replace(u)
}

// pageLink returns an address as it can stand between the parentheses of a link.
func pageLink(link string) string {
	var b strings.Builder
	for i := range len(link) {
		switch c := link[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("()<>\"'\\`", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
