package vt

//go:generate go run -C internal/gentables .

// Grapheme break classes (UAX #29), in the order of the generated table.
const (
	gbOther = iota
	gbControl
	gbExtend
	gbZWJ
	gbSpacing
	gbPrepend
	gbL
	gbV
	gbT
	gbLV
	gbLVT
	gbRI
	gbPict
)

// Indic conjunct break classes, in the order of the generated table.
const (
	incbNone = iota
	incbConsonant
	incbExtend
	incbLinker
)

// property returns the packed properties of r: its width in bits 0-1, the
// grapheme break class in bits 2-5, the Indic conjunct break in bits 6-7.
func property(r rune) uint8 {
	if uint32(r) > 0x10ffff {
		return 1
	}
	return propBlocks[int(propIndex[r>>7])<<7|int(r&0x7f)]
}

// RuneWidth returns the number of columns (0, 1 or 2) that r takes on a screen
// that is not in grapheme mode: the wcwidth of Unicode 17, with ambiguous
// characters narrow.
func RuneWidth(r rune) int { return int(property(r) & 3) }

// clusterState is the part of a grapheme cluster that decides whether the next
// code point belongs to it.
type clusterState struct {
	class uint8 // of the last code point
	ri    bool  // an odd number of regional indicators ends here
	pict  uint8 // 1 after ExtPict Extend*, 2 when a ZWJ followed
	indic uint8 // 1 after a consonant, 2 when a linker followed
}

// step reports whether there is no break before a code point of property prop,
// and moves on to it. The rules are those of UAX #29, revision 17.
func (c *clusterState) step(prop uint8) (joins bool) {
	class, incb := prop>>2&15, prop>>6
	switch last := c.class; {
	case last == gbControl || class == gbControl: // GB4, GB5
	case last == gbL && (class == gbL || class == gbV || class == gbLV || class == gbLVT), // GB6
		(last == gbLV || last == gbV) && (class == gbV || class == gbT), // GB7
		(last == gbLVT || last == gbT) && class == gbT:                  // GB8
		joins = true
	case class == gbExtend || class == gbZWJ || class == gbSpacing: // GB9, GB9a
		joins = true
	case last == gbPrepend: // GB9b
		joins = true
	case c.indic == 2 && incb == incbConsonant: // GB9c
		joins = true
	case c.pict == 2 && class == gbPict: // GB11
		joins = true
	case c.ri && class == gbRI: // GB12, GB13
		joins = true
	}
	c.advance(class, incb, joins)
	return joins
}

// advance records a code point that was added to the cluster, or that began
// one.
func (c *clusterState) advance(class, incb uint8, joins bool) {
	c.ri = class == gbRI && !(joins && c.ri)
	switch {
	case class == gbPict:
		c.pict = 1
	case c.pict == 1 && class == gbZWJ:
		c.pict = 2
	case c.pict == 1 && class == gbExtend:
	default:
		c.pict = 0
	}
	switch {
	case incb == incbConsonant:
		c.indic = 1
	case c.indic != 0 && incb == incbLinker:
		c.indic = 2
	case c.indic != 0 && incb == incbExtend:
	default:
		c.indic = 0
	}
	c.class = class
}
