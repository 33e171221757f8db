package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

// themeForms write a theme in the forms that ParseTheme reads.
var themeForms = []struct {
	name  string
	write func(t *Theme) string
	loses string // "cursor", or "bright" for all but the colours of base16
}{
	{"asciicast", func(t *Theme) string {
		return fmt.Sprintf("{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24, \"theme\": {\"fg\": %q, \"bg\": %q, \"palette\": %q}}}\n[0.1, \"o\", \"x\"]\n", t.Fg, t.Bg, strings.Join(hexes(t, ""), ":"))
	}, "cursor"},
	{"theme of an asciicast", func(t *Theme) string {
		return fmt.Sprintf("\n {\"fg\": %q, \"bg\": %q, \"palette\": %q}", t.Fg, t.Bg, strings.Join(hexes(t, ""), ":"))
	}, "cursor"},
	{"Windows Terminal", func(t *Theme) string {
		b := fmt.Sprintf("\ufeff{\r\n  \"name\": \"x\", \"background\": %q,\r\n\"foreground\": %q, \"cursorColor\": %q", t.Bg, t.Fg, t.Cursor)
		for i, name := range []string{"black", "red", "green", "yellow", "blue", "purple", "cyan", "white"} {
			b += fmt.Sprintf(",\n  %q: %q, %q: %q", name, t.Palette[i], "bright"+strings.ToUpper(name[:1])+name[1:], t.Palette[8+i])
		}
		return b + "\n}"
	}, ""},
	{"iTerm2", func(t *Theme) string {
		b := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>\n"
		add := func(name string, c format.RGB) {
			part := func(v uint8) string { return fmt.Sprintf("<real>%.17g</real>", float64(v)/255) }
			b += "<key>" + name + "</key>\n<dict><key>Alpha Component</key><real>1</real>\n<key>Blue Component</key>" + part(c.B) +
				"<key>Color Space</key><string>sRGB</string><key>Green Component</key>" + part(c.G) + "<key>Red Component</key>" + part(c.R) + "</dict>\n"
		}
		add("Foreground Color", t.Fg)
		add("Background Color", t.Bg)
		add("Cursor Color", t.Cursor)
		add("Cursor Text Color", format.RGB{R: 1})
		for i, c := range t.Palette {
			add(fmt.Sprintf("Ansi %d Color", i), c)
			add(fmt.Sprintf("Ansi %d Color (Light)", i), format.RGB{R: 1})
		}
		return b + "</dict></plist>"
	}, ""},
	{"Alacritty", func(t *Theme) string {
		b := fmt.Sprintf("# a comment\n[colors.primary]\nbackground = '%s'\nforeground = \"%s\"\n[colors.cursor]\ntext = 'CellBackground'\ncursor = '0x%s'\n", t.Bg, t.Fg, t.Cursor.String()[1:])
		for i, table := range []string{"normal", "bright"} {
			b += "[colors." + table + "]\n"
			for j, name := range colorNames {
				b += fmt.Sprintf("%s = '%s'\n", name, strings.ToUpper(t.Palette[8*i+j].String()))
			}
		}
		return b + "[[colors.indexed_colors]]\nindex = 16\ncolor = '#d18616'\n"
	}, ""},
	{"Alacritty with inline tables", func(t *Theme) string {
		b := fmt.Sprintf("[colors]\nprimary = { background = '%s', foreground = '%s' }\ncursor = {cursor = '%s', text = '#000000'}\n", t.Bg, t.Fg, t.Cursor)
		for i, table := range []string{"normal", "bright"} {
			var list []string
			for j, name := range colorNames {
				list = append(list, fmt.Sprintf("%s = '%s'", name, t.Palette[8*i+j]))
			}
			b += table + " = {" + strings.Join(list, ", ") + "}\n"
		}
		return b
	}, ""},
	{"WezTerm", func(t *Theme) string {
		return fmt.Sprintf("[colors]\nforeground = %q\nbackground = %q\ncursor_bg = %q\nansi = [%s]\nbrights = [\n%s]\n[metadata]\nname = \"x\"\n", t.Fg, t.Bg, t.Cursor,
			strings.Join(hexes(t, `"`)[:8], ","), strings.Join(hexes(t, `"`)[8:], ",\n"))
	}, ""},
	{"kitty", func(t *Theme) string {
		b := fmt.Sprintf("# vim:ft=kitty\n\nforeground %s\nbackground   %s\ncursor\t%s\ncursor_text_color #000000\nselection_foreground none\n", t.Fg, t.Bg, t.Cursor)
		for i, c := range t.Palette {
			b += fmt.Sprintf("color%d %s\n", i, c)
		}
		return b
	}, ""},
	{"Ghostty", func(t *Theme) string {
		b := ""
		for i, c := range t.Palette {
			b += fmt.Sprintf("palette = %d=%s\n", i, c)
		}
		return b + fmt.Sprintf("background = %s\nforeground=%s\ncursor-color = %s\ncursor-text = 000000\n", t.Bg.String()[1:], t.Fg, t.Cursor)
	}, ""},
	{"foot", func(t *Theme) string {
		b := fmt.Sprintf("# x\n[colors]\nforeground=%s\nbackground=%s\ncursor=000000 %s\n", t.Fg.String()[1:], t.Bg.String()[1:], t.Cursor.String()[1:])
		for i := range 8 {
			b += fmt.Sprintf("regular%d=%s\nbright%d=%s # x\n", i, t.Palette[i].String()[1:], i, t.Palette[8+i].String()[1:])
		}
		return b
	}, ""},
	{"Xresources", func(t *Theme) string {
		b := fmt.Sprintf("! a comment: x\n*.foreground:  %s\nURxvt*background: %s\r\n*cursorColor: %s\n", t.Fg, t.Bg, t.Cursor)
		for i, c := range t.Palette {
			b += fmt.Sprintf("*.color%d: rgb:%02x/%02x/%02x\n", i, c.R, c.G, c.B)
		}
		return b
	}, ""},
	{"Xresources with definitions", func(t *Theme) string {
		b := fmt.Sprintf("#define FG %s\n#define BG %s\n#define CURSOR %s\n", t.Fg, t.Bg, t.Cursor)
		for i, c := range t.Palette {
			b += fmt.Sprintf("#define Ansi_%d_Color %s\n*.color%d: Ansi_%d_Color\n", i, c, i, i)
		}
		return b + "*foreground: FG\n*background: BG\n*cursorColor: CURSOR\n"
	}, ""},
	{"base16", func(t *Theme) string {
		return base16(t)
	}, "bright"},
	{"base24", func(t *Theme) string {
		p := t.Palette
		return fmt.Sprintf("palette:\n  base12: '%s'\n  base14: '%s'\n  base13: '%s'\n", p[9], p[10], p[11]) + base16(t) +
			fmt.Sprintf("  base16: '%s'\n  base17: '%s'\n  base15: '%s'\n  base10: '#010101'\n", p[12], p[13], p[14])
	}, "base24"},
}

func base16(t *Theme) string {
	p := t.Palette
	hex := func(c format.RGB) string { return c.String()[1:] }
	return fmt.Sprintf("system: base16\nname: \"x\"\npalette:\n  base00: \"%s\" # background\n  base03: \"%s\"\n  base05: '#%s'\n  base07: %s\n  base08: %q\n  base0A: %q\n  base0B: %q\n  base0C: %q\n  base0D: %q\n  base0E: %q\n",
		hex(t.Bg), hex(p[8]), hex(t.Fg), hex(p[15]), hex(p[1]), hex(p[3]), hex(p[2]), hex(p[6]), hex(p[4]), hex(p[5]))
}

// hexes returns the palette's colours, quoted.
func hexes(t *Theme, quote string) (list []string) {
	for _, c := range t.Palette {
		list = append(list, quote+c.String()+quote)
	}
	return list
}

func TestParseTheme(t *testing.T) {
	// A colour for each place.
	theme := &Theme{Fg: format.RGB{R: 200, G: 1, B: 0x9a}, Bg: format.RGB{R: 201, G: 2, B: 0xbc}, Cursor: format.RGB{R: 202, G: 3, B: 0xde}}
	for i := range theme.Palette {
		theme.Palette[i] = format.RGB{R: uint8(i), G: uint8(17 * i), B: 0xa0 + uint8(i)}
	}
	for _, form := range themeForms {
		want := *theme
		switch form.loses {
		case "cursor":
			want.Cursor = want.Fg
		case "bright", "base24":
			want.Cursor, want.Palette[0], want.Palette[7] = want.Fg, want.Bg, want.Fg
			if form.loses == "bright" {
				copy(want.Palette[9:15], want.Palette[1:7])
			}
		}
		text := form.write(theme)
		got, err := ParseTheme([]byte(text))
		if err != nil {
			t.Errorf("%s: %v\n%s", form.name, err, text)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", form.name, diff, text)
		}
	}
}

func TestParseThemeErrors(t *testing.T) {
	kitty := themeForms[7].write(Themes[0])
	tests := []struct{ text, want string }{
		{"", "no theme: want"},
		{"hello\n", "no theme: want"},
		{"bplist00\xdf\x10", "binary property list"},
		{"{", "malformed JSON"},
		{"{\n\"background\": \"#000000\",\n!", "line 3: malformed JSON"},
		{"{\"a\": 1}", "no theme: want"},
		{"{\"foreground\": \"#000000\",\n\"background\": \"#000\",\n\"red\": \"reddish\"}", `line 3: "red": malformed colour "reddish": want #rrggbb`},
		{"{\"foreground\": \"#000000\", \"background\": \"#000\"}", "incomplete theme: no colour 0 (black)"},
		{"<plist><dict><key>Ansi 0 Color", "malformed property list"},
		{"<plist><dict>\n<key>Ansi 0 Color</key><dict><key>Red Component</key><real>NaN</real></dict>", `line 2: "Ansi 0 Color": malformed colour component "NaN"`},
		{"[colors.normal]\nblack = #000000", "line 2: malformed TOML"},
		{"[colors.normal]\nblack = 'dark'", `colors.normal.black: malformed colour "dark"`},
		{"[colors.normal]\nblack = 7", "incomplete theme: no colour of the text"},
		{kitty + "color3 " + strings.Repeat("x", 100), "line 24: malformed colour \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\""},
		{strings.Replace(kitty, "color7 ", "color77 ", 1), "incomplete theme: no colour 7 (white)"},
		{strings.Replace(kitty, "background", "x", 1), "incomplete theme: no colour of the background"},
		{"color0 #000000\n" + strings.Repeat(" ", MaxThemeFile), "too large for a theme"},
		{"base00: '00000'", "line 1: malformed colour"},
		{"*color0: rgb:1/2", "line 1: malformed colour"},
	}
	for _, tt := range tests {
		th, err := ParseTheme([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseTheme(%.80q) = %v, %v; want the error %q", tt.text, th, err, tt.want)
		}
	}
}

func TestReadTheme(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.conf")
	if _, err := ReadTheme(file); !os.IsNotExist(err) {
		t.Errorf("ReadTheme of no file: %v", err)
	}
	if err := os.WriteFile(file, []byte(themeForms[7].write(Themes[1])), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadTheme(file)
	want := *Themes[1]
	want.Name = ""
	if err != nil || *got != want {
		t.Errorf("ReadTheme = %v, %v; want %v", got, err, want)
	}
	// An asciicast may be as long as it likes.
	cast := themeForms[0].write(Themes[1]) + strings.Repeat("[0.1, \"o\", \"x\"]\n", MaxThemeFile/10)
	if err := os.WriteFile(file, []byte(cast), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadTheme(file); err != nil || *got != want {
		t.Errorf("ReadTheme of an asciicast = %v, %v; want %v", got, err, want)
	}
	if err := os.WriteFile(file, []byte("color0 x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTheme(file); err == nil || !strings.HasPrefix(err.Error(), file+": line 1: ") {
		t.Errorf("ReadTheme: error %v; want one with the file and the line", err)
	}
}

// The colours of Display P3 become those of sRGB.
func TestDisplayP3(t *testing.T) {
	tests := []struct {
		in   [3]string
		want format.RGB
	}{
		{[3]string{"1", "1", "1"}, format.RGB{R: 255, G: 255, B: 255}},
		{[3]string{"0", "0", "0"}, format.RGB{}},
		{[3]string{"0.5", "0.5", "0.5"}, format.RGB{R: 128, G: 128, B: 128}},
		{[3]string{"0.917488", "0.200287", "0.138561"}, format.RGB{R: 255}}, // the red of sRGB
		{[3]string{"0.458402", "0.985265", "0.298295"}, format.RGB{G: 255}}, // and its green
	}
	for _, tt := range tests {
		c := iTermColor{part: tt.in, space: "P3"}
		got, err := c.rgb()
		if err != nil || abs(int(got.R)-int(tt.want.R)) > 1 || abs(int(got.G)-int(tt.want.G)) > 1 || abs(int(got.B)-int(tt.want.B)) > 1 {
			t.Errorf("%v = %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
}

func FuzzParseTheme(f *testing.F) {
	for _, form := range themeForms {
		f.Add([]byte(form.write(Themes[0])))
	}
	f.Add([]byte("[colors.x]\ny = " + strings.Repeat("[", 1000)))
	f.Add([]byte("{\"a\":" + strings.Repeat("[", 1000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		th, err := ParseTheme(text)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("ParseTheme(%.80q): an error of %d bytes", text, len(err.Error()))
			}
			return
		}
		// What is read can be written and read again.
		again, err := ParseTheme([]byte(themeForms[7].write(th)))
		if err != nil || *again != *th {
			t.Errorf("ParseTheme(%.80q) = %v; again %v, %v", text, th, again, err)
		}
	})
}
