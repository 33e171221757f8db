package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
)

// pictureOptions are the flags for pictures.
type pictureOptions struct {
	at       optional[place.Place] // of a still
	fps      int
	last     time.Duration
	loops    int
	keys     bool
	captions bool
	cursor   string
	snippet  bool
	link     string
	dryRun   bool
	secrets  secretsPolicy

	dark       string
	font       glyph.Options
	embed      bool
	scale      int
	window     string
	radius     optional[int]
	padding    int
	margin     int
	marginInk  optional[format.RGB]
	lineHeight float64
	size       int

	flags []group // all of them
}

func newPictureOptions() pictureOptions {
	return pictureOptions{fps: render.DefaultFPS, last: render.DefaultHold, scale: 1, padding: 10, lineHeight: 1.4, size: 16}
}

// cursors are the values of --cursor.
var cursors = map[string]render.CursorShape{
	"recorded": render.CursorRecorded, "block": render.CursorBlock, "underline": render.CursorUnderline, "bar": render.CursorBar, "none": render.CursorNone,
}

func (o *pictureOptions) groups() []group {
	return []group{
		{"Pictures and films", []*flag{
			valued(&o.at, "at", "write a still of the screen at `PLACE`; see PLACES", func(s string) (optional[place.Place], error) {
				p, err := place.Parse(s)
				return optional[place.Place]{p, true}, err
			}),
			between(&o.fps, 1, 60, "fps", "show at most `N` frames a second"),
			valued(&o.last, "last-frame", "show the last frame for `SECONDS`", parseLength),
			between(&o.loops, 0, 65535, "loops", "play it `N` times; 0: for ever"),
			onOff(&o.keys, "keys", "show what was typed below the screen, also where it was not echoed"),
			onOff(&o.captions, "captions", "show the markers below the screen"),
			oneOf(&o.cursor, "cursor", "draw the cursor as `SHAPE`: recorded, block, underline, bar or none", "recorded", "block", "underline", "bar", "none"),
		}},
		{"Publishing pictures", []*flag{
			secretsFlag(&o.secrets),
			onOff(&o.snippet, "snippet", "print the Markdown that shows OUT on a page"),
			word(&o.link, "link", "with --snippet, have a click lead to `URL`"),
		}},
		{"Looks of pictures", []*flag{
			word(&o.font.Font, "font", "use the font `FONT`: a file, or the name of a family (default: DejaVu Sans Mono)"),
			between(&o.size, 4, 200, "font-size", "use a font of `PIXELS`"),
			valued(&o.lineHeight, "line-height", "make lines `N` times as high as the font", parseLineHeight),
			onOff(&o.embed, "embed-font", "put the characters' shapes into the SVG"),
			between(&o.scale, 1, 8, "scale", "draw `N` pixels for each; 2 is for displays of high density"),
			valued(&o.dark, "dark-theme", "in an SVG, use `THEME` on dark pages, and --theme on light ones", func(s string) (string, error) {
				_, err := readTheme(s)
				return s, err
			}).offering(themeNames),
		}},
		{"Around pictures", []*flag{
			oneOf(&o.window, "window", "draw a window around the picture: `STYLE` is none, plain or mac", "none", "plain", "mac"),
			between(&o.padding, 0, 1000, "padding", "leave `PIXELS` around the text"),
			valued(&o.radius, "radius", "round the corners by `PIXELS` (default: 8 with a window)", func(s string) (optional[int], error) {
				n, err := parseBetween(s, 0, 1000)
				return optional[int]{n, true}, err
			}),
			between(&o.margin, 0, 1000, "margin", "leave `PIXELS` around the window"),
			valued(&o.marginInk, "margin-color", "fill the margin with `COLOR`, such as #336699 (default: transparent, or a shade of the background where the format cannot)", func(s string) (optional[format.RGB], error) {
				c, err := parseColor(s)
				return optional[format.RGB]{c, true}, err
			}),
		}},
	}
}

// givenIn lists the flags that were given, as they are written.
func givenIn(groups []group) (names []string) {
	for _, g := range groups {
		for _, f := range g.flags {
			if f.given {
				names = append(names, "--"+f.name)
			}
		}
	}
	return names
}

// themeNames lists the built-in themes, for completion.
func themeNames(*env) (names []string) {
	for _, t := range render.Themes {
		names = append(names, t.Name)
	}
	return names
}

// themeList lists the built-in themes, for the help.
func themeList() string {
	var b strings.Builder
	width := 0
	for i, t := range render.Themes {
		if width += len(t.Name) + 2; i == 0 || width > 96 {
			b.WriteString("\n   ")
			width = 3 + len(t.Name) + 2
		} else {
			b.WriteString(", ")
		}
		b.WriteString(t.Name)
	}
	return b.String()[1:]
}

// between returns a flag whose value is a whole number in a range.
func between(p *int, least, most int, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (int, error) { return parseBetween(s, least, most) })
}

func parseBetween(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("invalid number %q: want a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

// parseColor parses a colour as pages have it: #336699 or #369.
func parseColor(s string) (format.RGB, error) {
	if digits := strings.TrimPrefix(s, "#"); len(digits) == 3 {
		s = "#" + string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	return format.ParseRGB(s)
}

func parseLineHeight(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x >= 1 && x <= 4) {
		return 0, fmt.Errorf("invalid line height %q: want a number from 1 to 4", s)
	}
	return x, nil
}

// parseLength parses a length of time that is not negative.
func parseLength(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("invalid time %q: want 0 or more", s)
	}
	return d, err
}

// warnIdle warns of flags that have no effect on a target.
func (e *env) warnIdle(o *pictureOptions, to *convert.Target) {
	if idle := o.idle(to); len(idle) > 0 {
		e.warnf("%s: without effect on %s", strings.Join(idle, ", "), to.Name)
	}
}

// idle lists the flags that were given, and have no effect on a target.
func (o *pictureOptions) idle(to *convert.Target) (names []string) {
	still := to.Picture.Still || o.at.given
	idle := map[string]bool{
		"embed-font": to.Name != "svg", "dark-theme": to.Name != "svg",
		"fps": still, "last-frame": still, "loops": still || !slices.Contains([]string{"gif", "apng", "svg"}, to.Name),
	}
	for _, g := range o.flags {
		look := strings.Contains(g.title, "ooks of") || strings.HasPrefix(g.title, "Around")
		for _, f := range g.flags {
			if f.given && (idle[f.name] || to.Name == "ascii" && (look || f.name == "cursor")) {
				names = append(names, "--"+f.name)
			}
		}
	}
	return names
}
