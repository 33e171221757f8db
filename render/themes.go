package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/near"
)

// Themes are the built-in themes; the first is used where nothing else is asked for.
// Each but ours has the colours that its authors published, or those of a collection in
// which many terminals find them; the comments say where.
var Themes = []*Theme{
	theme("ttydeck", "#d8dce2 #16181d #d8dce2",
		"#2b303b #f0717b #8cc570 #e0b35c #6ca8f2 #c990e8 #55c0c9 #c9ced6",
		"#7d8590 #ff9a9f #a9db8f #f2cf86 #97c4ff #deb5f5 #86dbe2 #ffffff"),
	theme("ttydeck-light", "#24292f #ffffff #24292f",
		"#24292f #c4232f #1f7a34 #8a6100 #1f63c9 #8c3fb5 #0f7480 #6e7781",
		"#57606a #9c1822 #155c26 #6b4a00 #174ea6 #6f2c94 #0a5963 #8c959f"),
	// asciinema-player, src/less/themes/_asciinema.less
	theme("asciinema", "#cccccc #121314 #cccccc",
		"#000000 #dd3c69 #4ebf22 #ddaf3c #26b0d7 #b954e1 #54e1b9 #d9d9d9",
		"#4d4d4d #dd3c69 #4ebf22 #ddaf3c #26b0d7 #b954e1 #54e1b9 #ffffff"),
	// github.com/catppuccin/kitty, themes/latte.conf
	theme("catppuccin-latte", "#4c4f69 #eff1f5 #dc8a78",
		"#5c5f77 #d20f39 #40a02b #df8e1d #1e66f5 #ea76cb #179299 #acb0be",
		"#6c6f85 #d20f39 #40a02b #df8e1d #1e66f5 #ea76cb #179299 #bcc0cc"),
	// github.com/catppuccin/kitty, themes/mocha.conf
	theme("catppuccin-mocha", "#cdd6f4 #1e1e2e #f5e0dc",
		"#45475a #f38ba8 #a6e3a1 #f9e2af #89b4fa #f5c2e7 #94e2d5 #bac2de",
		"#585b70 #f38ba8 #a6e3a1 #f9e2af #89b4fa #f5c2e7 #94e2d5 #a6adc8"),
	// draculatheme.com/spec
	theme("dracula", "#f8f8f2 #282a36 #f8f8f2",
		"#21222c #ff5555 #50fa7b #f1fa8c #bd93f9 #ff79c6 #8be9fd #f8f8f2",
		"#6272a4 #ff6e6e #69ff94 #ffffa5 #d6acff #ff92df #a4ffff #ffffff"),
	// github.com/mbadolato/iTerm2-Color-Schemes, GitHub Dark Default
	theme("github-dark", "#e6edf3 #0d1117 #2f81f7",
		"#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4",
		"#6e7681 #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff"),
	// github.com/mbadolato/iTerm2-Color-Schemes, GitHub Light Default
	theme("github-light", "#1f2328 #ffffff #0969da",
		"#24292f #cf222e #116329 #4d2d00 #0969da #8250df #1b7c83 #6e7781",
		"#57606a #a40e26 #1a7f37 #633c01 #218bff #a475f9 #3192aa #8c959f"),
	// github.com/mbadolato/iTerm2-Color-Schemes, after github.com/morhetz/gruvbox
	theme("gruvbox-dark", "#ebdbb2 #282828 #ebdbb2",
		"#282828 #cc241d #98971a #d79921 #458588 #b16286 #689d6a #a89984",
		"#928374 #fb4934 #b8bb26 #fabd2f #83a598 #d3869b #8ec07c #ebdbb2"),
	// github.com/mbadolato/iTerm2-Color-Schemes, after github.com/morhetz/gruvbox
	theme("gruvbox-light", "#3c3836 #fbf1c7 #3c3836",
		"#fbf1c7 #cc241d #98971a #d79921 #458588 #b16286 #689d6a #7c6f64",
		"#928374 #9d0006 #79740e #b57614 #076678 #8f3f71 #427b58 #3c3836"),
	// github.com/mbadolato/iTerm2-Color-Schemes, after github.com/rebelot/kanagawa.nvim
	theme("kanagawa", "#dcd7ba #1f1f28 #dcd7ba",
		"#090618 #c34043 #76946a #c0a36e #7e9cd8 #957fb8 #6a9589 #c8c093",
		"#727169 #e82424 #98bb6c #e6c384 #7fb4ca #938aa9 #7aa89f #dcd7ba"),
	theme("kanagawa-dragon", "#c5c9c5 #181616 #c8c093",
		"#0d0c0c #c4746e #8a9a7b #c4b28a #8ba4b0 #a292a3 #8ea4a2 #c8c093",
		"#a6a69c #e46876 #87a987 #e6c384 #7fb4ca #938aa9 #7aa89f #c5c9c5"),
	theme("kanagawa-light", "#545464 #f2ecbc #43436c",
		"#1f1f28 #c84053 #6f894e #77713f #4d699b #b35b79 #597b75 #545464",
		"#8a8980 #d7474b #6e915f #836f4a #6693bf #624c83 #5e857a #43436c"),
	// github.com/chriskempson/base16-builder, monokai
	theme("monokai", "#f8f8f2 #272822 #f8f8f2",
		"#272822 #f92672 #a6e22e #f4bf75 #66d9ef #ae81ff #a1efe4 #f8f8f2",
		"#75715e #f92672 #a6e22e #f4bf75 #66d9ef #ae81ff #a1efe4 #f9f8f5"),
	// github.com/nordtheme/alacritty, src/nord.yaml
	theme("nord", "#d8dee9 #2e3440 #d8dee9",
		"#3b4252 #bf616a #a3be8c #ebcb8b #81a1c1 #b48ead #88c0d0 #e5e9f0",
		"#4c566a #bf616a #a3be8c #ebcb8b #81a1c1 #b48ead #8fbcbb #eceff4"),
	// github.com/alacritty/alacritty-theme, one_dark.toml
	theme("one-dark", "#abb2bf #282c34 #abb2bf",
		"#1e2127 #e06c75 #98c379 #d19a66 #61afef #c678dd #56b6c2 #abb2bf",
		"#5c6370 #e06c75 #98c379 #d19a66 #61afef #c678dd #56b6c2 #ffffff"),
	// github.com/rose-pine/kitty, dist/rose-pine.conf
	theme("rose-pine", "#e0def4 #191724 #524f67",
		"#26233a #eb6f92 #31748f #f6c177 #9ccfd8 #c4a7e7 #ebbcba #e0def4",
		"#6e6a86 #eb6f92 #31748f #f6c177 #9ccfd8 #c4a7e7 #ebbcba #e0def4"),
	// github.com/rose-pine/kitty, dist/rose-pine-dawn.conf
	theme("rose-pine-dawn", "#575279 #faf4ed #cecacd",
		"#f2e9e1 #b4637a #286983 #ea9d34 #56949f #907aa9 #d7827e #575279",
		"#9893a5 #b4637a #286983 #ea9d34 #56949f #907aa9 #d7827e #575279"),
	// ethanschoonover.com/solarized
	theme("solarized-dark", "#839496 #002b36 #839496",
		"#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #eee8d5",
		"#002b36 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #fdf6e3"),
	// ethanschoonover.com/solarized
	theme("solarized-light", "#657b83 #fdf6e3 #657b83",
		"#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #eee8d5",
		"#002b36 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #fdf6e3"),
	// github.com/folke/tokyonight.nvim, extras/kitty/tokyonight_night.conf
	theme("tokyo-night", "#c0caf5 #1a1b26 #c0caf5",
		"#15161e #f7768e #9ece6a #e0af68 #7aa2f7 #bb9af7 #7dcfff #a9b1d6",
		"#414868 #ff899d #9fe044 #faba4a #8db0ff #c7a9ff #a4daff #c0caf5"),
}

// theme returns a built-in theme. colors are those of the text, the background and the
// cursor.
func theme(name, colors, normal, bright string) *Theme {
	t := &Theme{Name: name}
	to := []*format.RGB{&t.Fg, &t.Bg, &t.Cursor}
	for i := range t.Palette {
		to = append(to, &t.Palette[i])
	}
	all := strings.Fields(colors + " " + normal + " " + bright)
	if len(all) != len(to) {
		panic(fmt.Sprintf("theme %s has %d colours", name, len(all)))
	}
	for i, s := range all {
		c, err := format.ParseRGB(s)
		if err != nil {
			panic(fmt.Sprintf("theme %s: %v", name, err))
		}
		*to[i] = c
	}
	return t
}

// otherNames are names under which people know themes, too, as themeKey returns them.
var otherNames = map[string]string{
	"default": "ttydeck", "dark": "ttydeck", "light": "ttydeck-light",
	"catppuccin": "catppuccin-mocha", "mocha": "catppuccin-mocha", "latte": "catppuccin-latte",
	"github": "github-dark", "githubdarkdefault": "github-dark", "githublightdefault": "github-light",
	"gruvbox": "gruvbox-dark", "solarized": "solarized-dark",
	"kanagawawave": "kanagawa", "kanagawalotus": "kanagawa-light",
	"monokaiclassic": "monokai", "atomonedark": "one-dark",
	"rosepinemain": "rose-pine", "tokyonightnight": "tokyo-night", "tokyonightdark": "tokyo-night",
}

// themeKey returns a name without what people write in different ways.
func themeKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return r
		case r == 'é' || r == 'É': // Rosé Pine
			return 'e'
		}
		return -1
	}, name)
}

// ThemeByName returns the built-in theme of that name. Case, blanks and punctuation do
// not matter: "Solarized Dark" is "solarized-dark". It returns nil if there is none.
func ThemeByName(name string) *Theme {
	key := themeKey(name)
	if other, ok := otherNames[key]; ok {
		key = themeKey(other)
	}
	for _, t := range Themes {
		if themeKey(t.Name) == key {
			return t
		}
	}
	return nil
}

// ThemesNear returns the names of the built-in themes that were perhaps meant by a name
// that is none of them, the likeliest first; at most three.
func ThemesNear(name string) []string {
	key := themeKey(name)
	if key == "" || len(key) > 40 {
		return nil
	}
	type candidate struct {
		name string
		far  int
	}
	var found []candidate
	for _, t := range Themes {
		other := themeKey(t.Name)
		family, _, _ := strings.Cut(t.Name, "-")
		switch far := min(near.Edits(key, other), near.Edits(key, family)+1); {
		case strings.HasPrefix(other, key) || strings.HasPrefix(key, other):
			found = append(found, candidate{t.Name, min(far, 2)})
		case len(key) > 3 && strings.Contains(other, key):
			found = append(found, candidate{t.Name, min(far, 3)})
		case far <= 1+len(key)/4:
			found = append(found, candidate{t.Name, far})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.far - b.far })
	var names []string
	for _, f := range found[:min(len(found), 3)] {
		names = append(names, f.name)
	}
	return names
}
