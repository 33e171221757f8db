package render

import (
	"math"
	"slices"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// contrast returns the contrast of two colours as the Web Content Accessibility
// Guidelines 2.2 define it: from 1 to 21.
func contrast(a, b format.RGB) float64 {
	luminance := func(c format.RGB) float64 {
		linear := func(v uint8) float64 {
			f := float64(v) / 255
			if f <= 0.04045 {
				return f / 12.92
			}
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// Text in our own themes is readable in all colours but black, and those of the light
// one that are nearly white.
func TestOwnThemesAreReadable(t *testing.T) {
	for _, name := range []string{"ttydeck", "ttydeck-light"} {
		th := ThemeByName(name)
		if th == nil {
			t.Fatalf("no theme %q", name)
		}
		if got := contrast(th.Fg, th.Bg); got < 7 {
			t.Errorf("%s: the contrast of text is %.1f; want at least 7", name, got)
		}
		for i, c := range th.Palette {
			if i == 0 && name == "ttydeck" || i == 15 && name == "ttydeck-light" {
				continue
			}
			if got := contrast(c, th.Bg); got < 4.5 {
				t.Errorf("%s: the contrast of colour %d, %v, is %.1f; want at least 4.5", name, i, c, got)
			}
		}
		if got := contrast(th.Palette[0], th.Palette[7]); got < 3 {
			t.Errorf("%s: the contrast of black on white is %.1f; want at least 3", name, got)
		}
	}
}

func TestThemesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, th := range Themes {
		key := themeKey(th.Name)
		if seen[key] {
			t.Errorf("two themes are called %q", th.Name)
		}
		seen[key] = true
		if ThemeByName(th.Name) != th {
			t.Errorf("ThemeByName(%q) is another theme", th.Name)
		}
		if contrast(th.Fg, th.Bg) < 4 {
			t.Errorf("%s: the contrast of text is %.1f; want at least 4", th.Name, contrast(th.Fg, th.Bg))
		}
	}
	for other, name := range otherNames {
		if seen[other] {
			t.Errorf("%q is the name of a theme and another name", other)
		}
		if th := ThemeByName(other); th == nil || th.Name != name {
			t.Errorf("ThemeByName(%q) = %v; want %s", other, th, name)
		}
	}
}

func TestThemeByName(t *testing.T) {
	tests := []struct {
		name, want string
		near       []string
	}{
		{"dracula", "dracula", nil},
		{"Dracula", "dracula", nil},
		{"Solarized Dark", "solarized-dark", nil},
		{"solarized_dark", "solarized-dark", nil},
		{"SolarizedDark", "solarized-dark", nil},
		{"solarized", "solarized-dark", nil},
		{"Rosé Pine", "rose-pine", nil},
		{"TokyoNight Night", "tokyo-night", nil},
		{"light", "ttydeck-light", nil},
		{"drakula", "", []string{"dracula"}},
		{"solarized-drak", "", []string{"solarized-dark"}},
		{"gruvbx-light", "", []string{"gruvbox-light"}},
		{"kanagawa-lotos", "", []string{"kanagawa", "kanagawa-light"}},
		{"rose", "", []string{"rose-pine", "rose-pine-dawn"}},
		{"pine", "", []string{"rose-pine", "rose-pine-dawn"}},
		{"gruvbx", "", []string{"gruvbox-dark", "gruvbox-light"}},
		{"", "", nil},
		{"zzzzzz", "", nil},
	}
	for _, tt := range tests {
		got := ""
		if th := ThemeByName(tt.name); th != nil {
			got = th.Name
		}
		if got != tt.want {
			t.Errorf("ThemeByName(%q) = %q; want %q", tt.name, got, tt.want)
		}
		if tt.want != "" {
			continue
		}
		if near := ThemesNear(tt.name); len(near) == 0 != (len(tt.near) == 0) || len(tt.near) > 0 && !slices.Equal(near[:min(len(near), len(tt.near))], tt.near) {
			t.Errorf("ThemesNear(%q) = %q; want %q first", tt.name, near, tt.near)
		}
	}
}
