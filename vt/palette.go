package vt

import (
	"bytes"
	"maps"
	"strconv"
)

// palette holds the colours that a program redefined. It never changes; a new
// one replaces it.
type palette struct {
	colors  map[uint8]Color
	special [3]Color // foreground, background, cursor; 0 is the terminal's own
}

// Palette returns the colour that a program set for entry i of the palette with
// OSC 4. ok is false if the entry has the terminal's own colour.
func (s *Screen) Palette(i uint8) (c Color, ok bool) {
	if s.palette == nil {
		return 0, false
	}
	c, ok = s.palette.colors[i]
	return c, ok
}

// DefaultColors returns the default foreground and background and the colour of
// the cursor, as OSC 10, 11 and 12 set them. The zero Color is the terminal's
// own.
func (s *Screen) DefaultColors() (fg, bg, cursor Color) {
	if s.palette == nil {
		return 0, 0, 0
	}
	p := s.palette.special
	return p[0], p[1], p[2]
}

func (s *Screen) editPalette(edit func(*palette)) {
	p := palette{}
	if s.palette != nil {
		p.colors, p.special = maps.Clone(s.palette.colors), s.palette.special
	}
	if p.colors == nil {
		p.colors = map[uint8]Color{}
	}
	edit(&p)
	if len(p.colors) == 0 && p.special == [3]Color{} {
		s.palette = nil
	} else {
		s.palette = &p
	}
	s.dirtyAll()
}

// setColors is OSC 4: pairs of number and colour.
func (s *Screen) setColors(rest []byte) {
	s.editPalette(func(p *palette) {
		for len(rest) > 0 {
			var num, spec []byte
			num, rest, _ = bytes.Cut(rest, []byte(";"))
			spec, rest, _ = bytes.Cut(rest, []byte(";"))
			i, err := strconv.ParseUint(string(num), 10, 8)
			if c, ok := parseColor(spec); ok && err == nil {
				p.colors[uint8(i)] = c
			}
		}
	})
}

// setSpecial is OSC 10, 11 and 12; further colours set the next of them.
func (s *Screen) setSpecial(i int, rest []byte) {
	s.editPalette(func(p *palette) {
		for ; i < len(p.special); i++ {
			var spec []byte
			var more bool
			spec, rest, more = bytes.Cut(rest, []byte(";"))
			if c, ok := parseColor(spec); ok {
				p.special[i] = c
			}
			if !more {
				break
			}
		}
	})
}

// resetColors is OSC 104.
func (s *Screen) resetColors(rest []byte) {
	if s.palette == nil {
		return
	}
	s.editPalette(func(p *palette) {
		if len(rest) == 0 {
			clear(p.colors)
		}
		for len(rest) > 0 {
			var num []byte
			num, rest, _ = bytes.Cut(rest, []byte(";"))
			if i, err := strconv.ParseUint(string(num), 10, 8); err == nil {
				delete(p.colors, uint8(i))
			}
		}
	})
}

func (s *Screen) resetSpecial(i int) {
	if s.palette != nil {
		s.editPalette(func(p *palette) { p.special[i] = 0 })
	}
}

// parseColor parses the two notations of XParseColor that programs use:
// rgb:r/g/b with one to four hex digits each, and likewise #rgb.
func parseColor(spec []byte) (Color, bool) {
	var parts [3][]byte
	if rest, ok := bytes.CutPrefix(spec, []byte("rgb:")); ok {
		split := bytes.Split(rest, []byte("/"))
		if len(split) != 3 {
			return 0, false
		}
		copy(parts[:], split)
	} else if rest, ok := bytes.CutPrefix(spec, []byte("#")); ok && len(rest) > 0 && len(rest)%3 == 0 {
		n := len(rest) / 3
		parts = [3][]byte{rest[:n], rest[n : 2*n], rest[2*n:]}
	} else {
		return 0, false
	}
	var v [3]uint8
	for i, p := range parts {
		if len(p) < 1 || len(p) > 4 {
			return 0, false
		}
		n, err := strconv.ParseUint(string(p), 16, 16)
		if err != nil {
			return 0, false
		}
		limit := uint64(1)<<(4*len(p)) - 1
		v[i] = uint8((n*255 + limit/2) / limit)
	}
	return RGBColor(v[0], v[1], v[2]), true
}
