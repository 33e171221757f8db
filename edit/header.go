package edit

import "github.com/ttydeck/ttydeck/format"

// Title returns a Filter that sets the title in the header; "" removes it.
func Title(title string) Filter {
	return func(src format.Cast) format.Cast {
		src.Header.Title = title
		return src
	}
}

// Theme returns a Filter that sets the colours of the recorded terminal; nil removes
// them. See [render.OpenTheme].
func Theme(theme *format.Theme) Filter {
	return func(src format.Cast) format.Cast {
		src.Header.Term.Theme = theme
		return src
	}
}
