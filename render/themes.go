package render

import "github.com/ttydeck/ttydeck/format"

// Themes are the built-in themes; the first is used where nothing else is asked for.
var Themes = []*Theme{
	{Name: "ttydeck", Fg: format.RGB{R: 0xd8, G: 0xd8, B: 0xd8}, Bg: format.RGB{R: 0x18, G: 0x18, B: 0x18}, Cursor: format.RGB{R: 0xd8, G: 0xd8, B: 0xd8}, Palette: first16},
}
