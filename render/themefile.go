package render

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/ttydeck/ttydeck/format"
)

// MaxThemeFile is the most bytes of a file with a theme.
const MaxThemeFile = 256 << 10

// ReadTheme returns the theme in a file; [ParseTheme] describes the forms.
func ReadTheme(file string) (*Theme, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxThemeFile+1))
	if err != nil {
		return nil, err
	}
	t, err := ParseTheme(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// ParseTheme returns the theme in a text, which is one of:
//
//   - a JSON object as the headers of asciicasts have it, or an asciicast;
//   - a colour scheme of Windows Terminal (JSON), of iTerm2 (.itermcolors), of Alacritty
//     or WezTerm (TOML), of kitty, Ghostty or foot;
//   - X resources (XTerm, urxvt), with #define or without;
//   - a scheme of base16 or base24 (YAML), whose colours are put where base16-shell puts
//     them.
//
// The text, the background and the first eight colours must be there; without the
// brighter ones, these have the same colours, and without that of the cursor, it has that
// of the text. Whatever else the file says is ignored.
func ParseTheme(text []byte) (*Theme, error) {
	if len(text) > MaxThemeFile {
		// An asciicast has its theme at the start.
		text = text[:MaxThemeFile]
		if t, err := format.ParseTheme(text); err == nil {
			return ThemeOf(t), nil
		}
		return nil, fmt.Errorf("too large for a theme: more than %d bytes", MaxThemeFile)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	start := bytes.TrimLeft(text, " \t\r\n")
	var d themeDraft
	var err error
	switch {
	case bytes.HasPrefix(start, []byte("bplist")):
		return nil, errors.New("binary property list; for one of text: plutil -convert xml1 FILE")
	case bytes.HasPrefix(start, []byte("{")):
		return parseJSONTheme(text)
	case bytes.HasPrefix(start, []byte("<")):
		err = d.plist(text)
	case themeTOML.Match(text) && !themeINI.Match(text):
		err = d.toml(text)
	case themeLines.Match(text):
		err = d.lines(string(text))
	default:
		// An asciicast may begin with a comment.
		if t, err := format.ParseTheme(text); err == nil {
			return ThemeOf(t), nil
		}
		return nil, errNoTheme
	}
	if err != nil {
		return nil, err
	}
	return d.theme()
}

var errNoTheme = errors.New("no theme: want the JSON of an asciicast, or a colour scheme of Windows Terminal, iTerm2, Alacritty, WezTerm, kitty, Ghostty, foot, Xresources or base16")

var (
	// themeTOML matches what only TOML has, and themeINI what foot has in a table of that
	// name.
	themeTOML = regexp.MustCompile(`(?m)^\s*\[?colors\.|^\s*\[colors\]|^\s*(ansi|brights)\s*=\s*\[`)
	themeINI  = regexp.MustCompile(`(?m)^\s*regular0\s*=`)
	// themeLines matches a line with one of the colours in the other forms.
	themeLines = regexp.MustCompile(`(?im)^\s*(regular0\s*=|palette\s*=\s*\d+\s*=|color0\s|base00\s*:|\S*[.*]color0\s*:|#define\s+\S+\s+#)`)
)

// themeDraft is a theme whose colours come one by one.
type themeDraft struct {
	Theme
	has [19]bool // fg, bg, cursor and the palette
}

// The places of the colours of a draft.
const (
	draftFg = iota
	draftBg
	draftCursor
	draftPalette
)

func (d *themeDraft) set(at int, c format.RGB) {
	d.has[at] = true
	switch at {
	case draftFg:
		d.Fg = c
	case draftBg:
		d.Bg = c
	case draftCursor:
		d.Cursor = c
	default:
		d.Palette[at-draftPalette] = c
	}
}

// theme returns the theme, if enough is known of it.
func (d *themeDraft) theme() (*Theme, error) {
	switch {
	case !d.has[draftFg]:
		return nil, errors.New("incomplete theme: no colour of the text (foreground)")
	case !d.has[draftBg]:
		return nil, errors.New("incomplete theme: no colour of the background")
	}
	if !d.has[draftCursor] {
		d.Cursor = d.Fg
	}
	for i := range d.Palette {
		switch {
		case d.has[draftPalette+i]:
		case i < 8:
			return nil, fmt.Errorf("incomplete theme: no colour %d (%s)", i, colorNames[i])
		default:
			d.Palette[i] = d.Palette[i-8]
		}
	}
	return &d.Theme, nil
}

var colorNames = [8]string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}

// parseColor parses a colour as the forms have it: #rrggbb, rrggbb, 0xrrggbb, #rgb, X11's
// rgb:r/g/b, and #rrggbbaa, whose transparency is ignored.
func parseColor(s string) (format.RGB, error) {
	fail := func() (format.RGB, error) {
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return format.RGB{}, fmt.Errorf("malformed colour %q: want #rrggbb", s)
	}
	if rest, ok := strings.CutPrefix(s, "rgb:"); ok {
		parts := strings.Split(rest, "/")
		if len(parts) != 3 {
			return fail()
		}
		var v [3]uint8
		for i, p := range parts {
			n, err := strconv.ParseUint(p, 16, 16)
			if err != nil || p == "" || len(p) > 4 {
				return fail()
			}
			v[i] = uint8((n*255*2 + 1<<(4*len(p)) - 1) / (2 * (1<<(4*len(p)) - 1)))
		}
		return format.RGB{R: v[0], G: v[1], B: v[2]}, nil
	}
	hex := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "#"), "0x"), "0X")
	if len(hex) == 8 {
		hex = hex[:6]
	}
	if len(hex) == 3 && s[0] == '#' {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	c, err := format.ParseRGB("#" + hex)
	if err != nil {
		return fail()
	}
	return c, nil
}

// parseJSONTheme parses the theme of an asciicast, or of Windows Terminal.
func parseJSONTheme(text []byte) (*Theme, error) {
	var object map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&object); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("line %d: malformed JSON: %w", lineAt(text, int(syntax.Offset)), err)
		}
		return nil, fmt.Errorf("malformed JSON: %w", err)
	}
	if object["background"] == nil || object["foreground"] == nil {
		t, err := format.ParseTheme(text)
		if err != nil {
			return nil, err
		}
		return ThemeOf(t), nil
	}
	var d themeDraft
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := object[key]
		at, ok := windowsColors[key]
		var s string
		if !ok || json.Unmarshal(value, &s) != nil {
			continue
		}
		c, err := parseColor(s)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", lineAt(text, bytes.Index(text, []byte(`"`+key+`"`))), key, err)
		}
		d.set(at, c)
	}
	return d.theme()
}

// windowsColors are the keys of Windows Terminal.
var windowsColors = map[string]int{
	"foreground": draftFg, "background": draftBg, "cursorColor": draftCursor,
	"black": draftPalette, "red": draftPalette + 1, "green": draftPalette + 2, "yellow": draftPalette + 3,
	"blue": draftPalette + 4, "purple": draftPalette + 5, "cyan": draftPalette + 6, "white": draftPalette + 7,
	"brightBlack": draftPalette + 8, "brightRed": draftPalette + 9, "brightGreen": draftPalette + 10, "brightYellow": draftPalette + 11,
	"brightBlue": draftPalette + 12, "brightPurple": draftPalette + 13, "brightCyan": draftPalette + 14, "brightWhite": draftPalette + 15,
}

// lineAt returns the number of the line that has a byte of text.
func lineAt(text []byte, at int) int {
	return 1 + bytes.Count(text[:max(min(at, len(text)), 0)], []byte("\n"))
}

// plist reads the property list of iTerm2: a dictionary with one for each colour.
func (d *themeDraft) plist(text []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("want UTF-8")
	}
	depth := 0 // of dictionaries
	var name, key, value string
	var color iTermColor
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("malformed property list: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			value = ""
			if token.Name.Local == "dict" {
				if depth++; depth == 2 {
					name, color = key, iTermColor{}
				}
			}
		case xml.CharData:
			if len(value) < 256 {
				value += string(token[:min(len(token), 256)])
			}
		case xml.EndElement:
			value = strings.TrimSpace(value)
			switch {
			case token.Name.Local == "key":
				key = value
			case token.Name.Local == "dict":
				if depth--; depth == 1 {
					if at := iTermPlace(name); at >= 0 {
						c, err := color.rgb()
						if err != nil {
							line, _ := dec.InputPos()
							return fmt.Errorf("line %d: %q: %w", line, name, err)
						}
						d.set(at, c)
					}
				}
			case depth == 2:
				color.set(key, value)
			}
			value = ""
		}
	}
}

// iTermPlace returns the place of a colour of iTerm2; -1 for those that are not used.
func iTermPlace(name string) int {
	switch name {
	case "Foreground Color":
		return draftFg
	case "Background Color":
		return draftBg
	case "Cursor Color":
		return draftCursor
	}
	rest, ok := strings.CutPrefix(name, "Ansi ")
	number, ok2 := strings.CutSuffix(rest, " Color")
	if n, err := strconv.Atoi(number); ok && ok2 && err == nil && n >= 0 && n < 16 {
		return draftPalette + n
	}
	return -1
}

// iTermColor is a colour of iTerm2.
type iTermColor struct {
	part  [3]string // red, green and blue
	space string
}

func (c *iTermColor) set(key, value string) {
	switch key {
	case "Red Component":
		c.part[0] = value
	case "Green Component":
		c.part[1] = value
	case "Blue Component":
		c.part[2] = value
	case "Color Space":
		c.space = value
	}
}

func (c *iTermColor) rgb() (format.RGB, error) {
	var v [3]float64
	for i, s := range c.part {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || !(x >= -1 && x <= 2) { // wider spaces leave the range
			return format.RGB{}, fmt.Errorf("malformed colour component %.40q: want a number from 0 to 1", s)
		}
		v[i] = x
	}
	if c.space == "P3" {
		v = displayP3(v)
	}
	to := func(x float64) uint8 { return uint8(math.Round(255 * min(max(x, 0), 1))) }
	return format.RGB{R: to(v[0]), G: to(v[1]), B: to(v[2])}, nil
}

// displayP3 returns a colour of Display P3 in sRGB, as CSS Color 4, section 17, has it.
func displayP3(v [3]float64) [3]float64 {
	for i, x := range v {
		if x = math.Abs(x); x <= 0.04045 {
			x /= 12.92
		} else {
			x = math.Pow((x+0.055)/1.055, 2.4)
		}
		v[i] = math.Copysign(x, v[i])
	}
	r, g, b := v[0], v[1], v[2]
	v = [3]float64{
		1.2249401762805598*r - 0.2249401762805598*g,
		-0.0420569547096881*r + 1.0420569547096881*g,
		-0.0196375545903344*r - 0.0786360455506319*g + 1.0982736001409661*b,
	}
	for i, x := range v {
		if x = math.Abs(x); x <= 0.0031308 {
			x *= 12.92
		} else {
			x = 1.055*math.Pow(x, 1/2.4) - 0.055
		}
		v[i] = math.Copysign(x, v[i])
	}
	return v
}

// toml reads a theme of Alacritty or WezTerm.
func (d *themeDraft) toml(text []byte) error {
	if err := shallow(text); err != nil {
		return err
	}
	var file struct{ Colors map[string]any }
	if _, err := toml.Decode(string(text), &file); err != nil {
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			return fmt.Errorf("line %d: malformed TOML: %s", parse.Position.Line, parse.Message)
		}
		return fmt.Errorf("malformed TOML: %w", err)
	}
	set := func(name string, value any, at int) error {
		s, ok := value.(string)
		if !ok || s == "CellForeground" || s == "CellBackground" {
			return nil
		}
		c, err := parseColor(s)
		if err != nil {
			return fmt.Errorf("colors.%s: %w", name, err)
		}
		d.set(at, c)
		return nil
	}
	list := func(name string, first int) error {
		values, _ := file.Colors[name].([]any)
		for i, v := range values[:min(len(values), 8)] {
			if err := set(fmt.Sprintf("%s[%d]", name, i), v, first+i); err != nil {
				return err
			}
		}
		return nil
	}
	table := func(name string, keys map[string]int) error {
		values, _ := file.Colors[name].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if err := set(name+"."+key, values[key], keys[key]); err != nil {
				return err
			}
		}
		return nil
	}
	normal, bright := map[string]int{}, map[string]int{}
	for i, name := range colorNames {
		normal[name], bright[name] = draftPalette+i, draftPalette+8+i
	}
	return firstError(
		set("foreground", file.Colors["foreground"], draftFg),
		set("background", file.Colors["background"], draftBg),
		set("cursor_bg", file.Colors["cursor_bg"], draftCursor),
		list("ansi", draftPalette),
		list("brights", draftPalette+8),
		table("primary", map[string]int{"foreground": draftFg, "background": draftBg}),
		table("cursor", map[string]int{"cursor": draftCursor}),
		table("normal", normal),
		table("bright", bright),
	)
}

// shallow returns an error for TOML whose values or keys are nested as in no theme: its
// decoder would use a lot of time and stack for them.
func shallow(text []byte) error {
	depth, line, start := 0, 1, 0
	for i, c := range text {
		switch c {
		case '\n':
			line, start = line+1, i+1
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		if depth > 32 || i-start > 4096 {
			return fmt.Errorf("line %d: no theme: too long, or nested too deeply", line)
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// themeLine matches a line of the other forms: a key, and behind "=", ":" or blanks a
// value.
var themeLine = regexp.MustCompile(`^\s*([^\s=:#!]+)\s*[=:\s]\s*(.*?)\s*$`)

// lines reads a theme that has each colour on a line of its own.
func (d *themeDraft) lines(text string) error {
	defines := map[string]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "#define"); ok {
			if f := strings.Fields(rest); len(f) >= 2 {
				defines[f[0]] = f[1]
				// Files for the user to include have only definitions, with the names
				// of iTerm2.
				if at := iTermPlace(strings.ReplaceAll(f[0], "_", " ")); at >= 0 {
					if c, err := parseColor(f[1]); err == nil {
						d.set(at, c)
					}
				}
			}
			continue
		}
		m := themeLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key, value := strings.ToLower(m[1]), m[2]
		if key == "palette" { // Ghostty: palette = 1=#ff0000
			n, color, ok := strings.Cut(value, "=")
			if !ok {
				continue
			}
			key, value = "color"+strings.TrimSpace(n), strings.TrimSpace(color)
		} else if i := strings.LastIndexAny(key, ".*"); i >= 0 {
			key = key[i+1:]
		}
		ats := linePlaces(key)
		if len(ats) == 0 {
			continue
		}
		c, err := parseColor(lineValue(key, value, defines))
		if err != nil && ats[0] == draftCursor {
			continue // some have words for it
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		for _, at := range ats {
			if !base24(key) && d.has[at] && strings.HasPrefix(key, "base") {
				continue // base24 has a colour of its own for it
			}
			d.set(at, c)
		}
	}
	return nil
}

// lineValue returns the colour in the value of a line.
func lineValue(key, value string, defines map[string]string) string {
	if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
		if end := strings.IndexByte(value[1:], value[0]); end >= 0 {
			return value[1 : 1+end]
		}
	}
	f := strings.Fields(value)
	if len(f) == 0 {
		return ""
	}
	value = f[0]
	if key == "cursor" && len(f) > 1 && len(f[0]) == 6 && len(f[1]) == 6 { // foot: the text in the cursor, and the cursor
		value = f[1]
	}
	if d, ok := defines[value]; ok {
		return d
	}
	return value
}

// linePlaces returns the places of the colour with that key; none for other keys.
func linePlaces(key string) []int {
	if at, ok := lineColors[key]; ok {
		return at
	}
	for prefix, first := range map[string]int{"color": 0, "regular": 0, "bright": 8} {
		rest, ok := strings.CutPrefix(key, prefix)
		n, err := strconv.Atoi(rest)
		if ok && err == nil && n >= 0 && n < 16-first && (prefix == "color" || n < 8) {
			return []int{draftPalette + first + n}
		}
	}
	return nil
}

// lineColors are the keys of lines. Those of base16 are put as
// https://github.com/tinted-theming/tinted-shell has them; those of base24, which are
// above base0f, are the bright colours.
var lineColors = map[string][]int{
	"foreground": {draftFg}, "background": {draftBg},
	"cursor": {draftCursor}, "cursorcolor": {draftCursor}, "cursor-color": {draftCursor},

	"base00": {draftBg, draftPalette}, "base05": {draftFg, draftCursor, draftPalette + 7},
	"base03": {draftPalette + 8}, "base07": {draftPalette + 15},
	"base08": {draftPalette + 1, draftPalette + 9}, "base0b": {draftPalette + 2, draftPalette + 10},
	"base0a": {draftPalette + 3, draftPalette + 11}, "base0d": {draftPalette + 4, draftPalette + 12},
	"base0e": {draftPalette + 5, draftPalette + 13}, "base0c": {draftPalette + 6, draftPalette + 14},
	"base12": {draftPalette + 9}, "base14": {draftPalette + 10}, "base13": {draftPalette + 11},
	"base16": {draftPalette + 12}, "base17": {draftPalette + 13}, "base15": {draftPalette + 14},
}

// base24 reports whether a key is one that base16 does not have.
func base24(key string) bool { return strings.HasPrefix(key, "base1") }
