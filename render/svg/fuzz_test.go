package svg

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
)

// Whatever a recording holds, the picture is well-formed, and nothing in it could run or
// be loaded.
func FuzzSVG(f *testing.F) {
	f.Add("\x1b[31mred\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07", "<script>", "]]>", uint8(0))
	f.Add("\x1b]8;;https://a/\"onclick=\x07x\x1b]8;;\x07\x1b[4:3mcurl\x1b[9;53m\x1b[2J\x1b[5 q\ufffe\x01", "\"' onload='", "t", uint8(1))
	f.Add("┌─┐░▒▓⠁🬀🬼\ue0b0\x1b[2m█▌\x1b[38;5;99m▟漢\x1b[D\x1b[7m", "a\x00b", "&amp;", uint8(2))
	f.Add("e\u0301\u202e\u05d0\u0628\U000e0001\x1b[?5h\x1b[8mhidden\x1b[38;2;1;2;3;48;2;4;5;6mx", "--", "--><x", uint8(255))
	f.Fuzz(func(t *testing.T, text, title, more string, options uint8) {
		w := &Writer{
			Film: filmOf(format.Size{Cols: 20, Rows: 4}, testcast.Out(0, text), testcast.Out(time.Second, more+text),
				format.Event{Time: 2 * time.Second, Code: format.Resize, Data: "30x3"}, testcast.Out(3*time.Second, text+more)),
			Picture:    &render.Picture{Title: title},
			Still:      options&1 != 0,
			Loops:      int(options >> 6),
			Title:      title,
			Desc:       more,
			FontFamily: more,
		}
		if options&2 != 0 {
			w.Title, w.Desc, w.FontFamily = "", "", ""
			w.Film.Captions, w.Film.Keys = true, true
		}
		if options&4 != 0 {
			w.Picture.Window, w.Picture.Radius, w.Picture.Padding = render.ChromeMac, 9, 3
		}
		if options&8 != 0 {
			w.Picture.Dark = render.Themes[len(render.Themes)-1]
		}
		var b bytes.Buffer
		if err := w.Write(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(b.Bytes()); err != nil {
			t.Fatalf("%v in\n%s", err, &b)
		}
		style := b.String()
		style = style[strings.Index(style, "<style>"):strings.Index(style, "</style>")]
		for _, bad := range []string{"@import", "url(", "expression", "@font-face", `\`} {
			if strings.Contains(style, bad) {
				t.Fatalf("the style sheet has %s:\n%s", bad, style)
			}
		}
		if n := strings.Count(style, "{") - strings.Count(style, "}"); n != 0 {
			t.Fatalf("the style sheet has %d braces that are not closed:\n%s", n, style)
		}
	})
}

func FuzzSafeLink(f *testing.F) {
	for _, s := range []string{"https://a", "JavaScript:x", "java\nscript:x", "data:text/html,x", "mailto:a@b", "//a", "/a", "#x", "http:a", "vbscript:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := safeLink(s)
		if got == "" {
			return
		}
		if got != s {
			t.Fatalf("safeLink(%q) = %q", s, got)
		}
		scheme, _, _ := strings.Cut(got, ":")
		switch strings.ToLower(scheme) {
		case "javascript", "data", "vbscript", "file", "blob", "about", "":
			t.Fatalf("safeLink(%q) is not safe", s)
		}
	})
}
