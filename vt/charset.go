package vt

// charset is one of the 94-character sets that can be designated as G0 to G3.
// The zero value is ASCII.
type charset uint8

const (
	csASCII charset = iota
	csGraphics
	csUK
	csDutch
	csFinnish
	csFrench
	csFrenchCanadian
	csGerman
	csItalian
	csNorwegian
	csSpanish
	csSwedish
	csSwiss
	numCharsets
)

// charsetOf maps the final byte of ESC ( and its like to a set. Unknown sets
// are ASCII, as in xterm.js.
func charsetOf(final byte) charset {
	switch final {
	case '0':
		return csGraphics
	case 'A':
		return csUK
	case '4':
		return csDutch
	case 'C', '5':
		return csFinnish
	case 'R', 'f':
		return csFrench
	case 'Q', '9':
		return csFrenchCanadian
	case 'K':
		return csGerman
	case 'Y':
		return csItalian
	case 'E', '6', '`':
		return csNorwegian
	case 'Z':
		return csSpanish
	case 'H', '7':
		return csSwedish
	case '=':
		return csSwiss
	}
	return csASCII
}

// final returns the byte that designates the set; charsetOf(c.final()) == c.
func (c charset) final() byte { return "B0A4CRQKYEZH="[c] }

// charsetTables holds the replacement of each byte; 0 keeps the byte.
var charsetTables = makeCharsets()

func makeCharsets() (t [numCharsets][128]rune) {
	// The special graphics are those of the VT100 manual, with the glyphs
	// that xterm shows. The national sets are those of the VT220 manual,
	// table 2-4 and on.
	set := func(c charset, from string, to string) {
		i := 0
		for _, r := range to {
			t[c][from[i]] = r
			i++
		}
		if i != len(from) {
			panic("vt: charset tables do not match")
		}
	}
	set(csGraphics, "`abcdefghijklmnopqrstuvwxyz{|}~",
		"◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
	set(csUK, "#", "£")
	set(csDutch, "#@[\\]{|}~", "£¾ĳ½|¨f¼´")
	set(csFinnish, "[\\]^`{|}~", "ÄÖÅÜéäöåü")
	set(csFrench, "#@[\\]{|}~", "£à°ç§éùè¨")
	set(csFrenchCanadian, "@[\\]^`{|}~", "àâçêîôéùèû")
	set(csGerman, "@[\\]{|}~", "§ÄÖÜäöüß")
	set(csItalian, "#@[\\]`{|}~", "£§°çéùàòèì")
	set(csNorwegian, "@[\\]^`{|}~", "ÄÆØÅÜäæøåü")
	set(csSpanish, "#@[\\]{|}", "£§¡Ñ¿°ñç")
	set(csSwedish, "@[\\]^`{|}~", "ÉÄÖÅÜéäöåü")
	set(csSwiss, "#@[\\]^_`{|}~", "ùàéçêîèôäöüû")
	return t
}
