package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Theme is a terminal's colours.
type Theme struct {
	Fg, Bg  RGB   // the default colours of the text and of the background
	Palette []RGB // the first 8 or 16 colours
}

// RGB is a colour with 8 bits per channel.
type RGB struct {
	R, G, B uint8 // red, green, blue
}

// ParseRGB parses a colour such as "#00ff7f". The "#" is optional.
func ParseRGB(s string) (RGB, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 24)
	if err != nil || len(s) != 7 {
		return RGB{}, fmt.Errorf("malformed colour %s: want #rrggbb", quote(s))
	}
	return RGB{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// String returns the colour as "#rrggbb".
func (c RGB) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ReadTheme returns the theme in a file: a JSON object as the headers of asciicasts
// have it,
//
//	{"fg": "#ebdbb2", "bg": "#282828", "palette": "#282828:#cc241d:…"}
//
// or a whole asciicast with a theme in its header.
func ReadTheme(file string) (*Theme, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxHeader))
	if err != nil {
		return nil, err
	}
	t, err := ParseTheme(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// ParseTheme returns the theme in a text of which [ReadTheme] describes the content. The
// events of an asciicast may be missing.
func ParseTheme(text []byte) (*Theme, error) {
	start := headerStart(text)
	if start < 0 {
		return nil, errNoTheme
	}
	text = text[start:]
	if end := scanValue(text, 0); end > 0 {
		text = text[:end]
	}
	alone := false
	for key, value := range members(text) {
		if string(value) == "null" {
			continue
		}
		switch key {
		case "fg", "bg", "palette":
			alone = true
		case "theme":
			return parseTheme(value)
		case "term":
			for key, value := range members(value) {
				if key == "theme" && string(value) != "null" {
					return parseTheme(value)
				}
			}
		}
	}
	if !alone {
		return nil, errNoTheme
	}
	return parseTheme(text)
}

var (
	errNoTheme        = errors.New(`no theme: want {"fg": "#rrggbb", "bg": "#rrggbb", "palette": "#rrggbb:..."}, or an asciicast whose header has a theme`)
	errMalformedTheme = errors.New("malformed theme: want an object of strings")
)

// parseTheme reads the value of a theme. All three of fg, bg and the palette must be
// valid.
func parseTheme(value []byte) (*Theme, error) {
	var raw struct{ Fg, Bg, Palette *string }
	if err := json.Unmarshal(value, &raw); err != nil {
		return nil, errMalformedTheme
	}
	t := &Theme{}
	for _, c := range []struct {
		name string
		text *string
		to   *RGB
	}{{"fg", raw.Fg, &t.Fg}, {"bg", raw.Bg, &t.Bg}} {
		if c.text == nil {
			return nil, fmt.Errorf("incomplete theme: no %q", c.name)
		}
		var err error
		if *c.to, err = ParseRGB(*c.text); err != nil {
			return nil, fmt.Errorf("incomplete theme: %q: %w", c.name, err)
		}
	}
	if raw.Palette == nil {
		return nil, errors.New(`incomplete theme: no "palette"`)
	}
	for _, s := range strings.SplitN(*raw.Palette, ":", 17) {
		c, err := ParseRGB(s)
		if err != nil {
			return nil, fmt.Errorf("incomplete theme: \"palette\": %w", err)
		}
		t.Palette = append(t.Palette, c)
	}
	if n := len(t.Palette); n != 8 && n != 16 {
		return nil, fmt.Errorf("incomplete theme: \"palette\" has %d colours: want 8 or 16", len(strings.Split(*raw.Palette, ":")))
	}
	return t, nil
}
