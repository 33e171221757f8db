package cli

import (
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/convert"
)

func TestSnippet(t *testing.T) {
	tests := []struct {
		target, name, alt, link string
		width                   int
		want                    string
	}{
		{"svg", "demo.svg", "Demo", "", 0, "![Demo](demo.svg)\n"},
		{"svg", "demo.svg", "Demo", "https://host/a?b=c", 0, "[![Demo](demo.svg)](https://host/a?b=c)\n"},
		{"gif", "docs/my demo (1).gif", "a [b] *c* `d` \\ <e> &amp; !", "", 0, "![a \\[b\\] \\*c\\* \\`d\\` \\\\ \\<e\\> \\&amp; \\!](docs/my%20demo%20%281%29.gif)\n"},
		{"png", "a:b.png", "x\ny\x1b[31m", "", 0, "![x y\\\\x1b\\[31m](./a:b.png)\n"},
		{"apng", "ż.png", "ż", "u (x)", 0, "[![ż](%C5%BC.png)](u%20%28x%29)\n"},
		{"gif", "a'b.gif", `"x" & <y>`, `h"t`, 640, `<a href="h%22t"><img src="a%27b.gif" alt="&#34;x&#34; &amp; &lt;y&gt;" width="640"></a>` + "\n"},
		{"svg", "a.svg", "x", "", 640, `<img src="a.svg" alt="x" width="640">` + "\n"},
		{"mp4", "a.mp4", "x\"y", "", 0, `<video src="a.mp4" autoplay loop muted playsinline controls aria-label="x&#34;y"></video>` + "\n"},
		{"webm", "a.webm", "x", "", 100, `<video src="a.webm" width="100" autoplay loop muted playsinline controls aria-label="x"></video>` + "\n"},
		{"ascii", "a.ascii", "x", "", 0, ""},
		{"frames", "a/", "x", "", 0, ""},
	}
	for _, tt := range tests {
		if got := snippet(&convert.Target{Name: tt.target}, tt.name, tt.alt, tt.link, tt.width); got != tt.want {
			t.Errorf("snippet(%s, %q, %q, %q, %d) = %q; want %q", tt.target, tt.name, tt.alt, tt.link, tt.width, got, tt.want)
		}
	}
}

func TestAltText(t *testing.T) {
	tests := []struct {
		title    string
		commands []string
		want     string
	}{
		{"A title", []string{"ls"}, "A title"},
		{" a\n title\x07 ", nil, "a title" + printable("\x07")},
		{"", nil, "Terminal session"},
		{"", []string{"", " "}, "Terminal session"},
		{"", []string{"ls -l"}, "Terminal session: ls -l"},
		{"", []string{"cd x", "make\n  test", "git push"}, "Terminal session: cd x, make test, git push"},
		{"", []string{"a", "b", "c", "d"}, "Terminal session: a, b, c…"},
		{strings.Repeat("ż", 200), nil, strings.Repeat("ż", 119) + "…"},
	}
	for _, tt := range tests {
		if got := altText(tt.title, tt.commands); got != tt.want {
			t.Errorf("altText(%q, %q) = %q; want %q", tt.title, tt.commands, got, tt.want)
		}
	}
}
