package format_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

func TestReadTheme(t *testing.T) {
	palette := strings.Repeat("#000000:", 7) + "#0000ff"
	theme := `{"fg": "#ebdbb2", "bg": "#282828", "palette": "` + palette + `"}`
	want := &format.Theme{Fg: format.RGB{R: 0xeb, G: 0xdb, B: 0xb2}, Bg: format.RGB{R: 0x28, G: 0x28, B: 0x28}, Palette: make([]format.RGB, 8)}
	want.Palette[7].B = 0xff
	const noTheme = "no theme: want"
	for _, c := range []struct{ name, text, err string }{
		{"alone", theme, ""},
		{"alone, on several lines", strings.ReplaceAll(theme, ", ", ",\n"), ""},
		{"asciicast v3", `{"version": 3, "term": {"cols": 80, "rows": 24, "theme": ` + theme + "}}\n[0.1, \"o\", \"x\"]\n", ""},
		{"asciicast v2", `{"version": 2, "width": 80, "height": 24, "theme": ` + theme + "}\n[0.1, \"o\", \"x\"]\n", ""},
		{"asciicast behind a comment", "# fg\n" + `{"version": 2, "theme": ` + theme + "}", ""},
		{"an asciicast without one", `{"version": 3, "term": {"cols": 80, "theme": null}}` + "\n[0.1, \"o\", \"x\"]\n", noTheme},
		{"something else", "fg = black", noTheme},
		{"nothing", "", noTheme},
		{"another object", `{"foreground": "#000000"}`, noTheme},
		{"no background", `{"fg": "#000000", "palette": "` + palette + `"}`, `incomplete theme: no "bg"`},
		{"no palette", `{"fg": "#000000", "bg": "#000000"}`, `incomplete theme: no "palette"`},
		{"a name for a colour", `{"fg": "black", "bg": "#000000", "palette": ""}`, `incomplete theme: "fg": malformed colour "black": want #rrggbb`},
		{"a short palette", `{"fg": "#000000", "bg": "#000000", "palette": "#000000:#000000"}`, `incomplete theme: "palette" has 2 colours: want 8 or 16`},
		{"a long palette", `{"fg": "#000000", "bg": "#000000", "palette": "` + palette + ":" + palette + ":" + palette + `"}`, `incomplete theme: "palette"`},
		{"not text", `{"fg": 1, "bg": 2, "palette": []}`, "malformed theme: want an object of strings"},
		{"in a header, not an object", `{"version": 2, "theme": "dark"}`, "malformed theme: want an object of strings"},
	} {
		name := filepath.Join(t.TempDir(), "theme")
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := format.ReadTheme(name)
		if c.err == "" {
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: error %v, theme (-want +got):\n%s", c.name, err, diff)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), name+": "+c.err) || got != nil {
			t.Errorf("%s: ReadTheme returned %v, error %v; want an error %q", c.name, got, err, c.err)
		}
	}
	if _, err := format.ReadTheme(filepath.Join(t.TempDir(), "gruvbox")); !os.IsNotExist(err) {
		t.Errorf("ReadTheme of no file returned the error %v", err)
	}
}
