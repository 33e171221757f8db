package svg

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/ttydeck/ttydeck/render"
)

// In a row in the making, an attribute with a colour is a token of attrHead bytes and the
// other classes of its element: a colour that many rows have becomes a class, and others
// are written where they are used.
const (
	attrMark = 1 // never in a text: see appendText
	attrHead = 7
)

// paint is how a colour is used.
type paint byte

const (
	fill paint = iota
	line       // a background: the stroke of a path
	both       // fill and stroke, also of what is within in another color
)

// appendAttr appends the class attribute of an element, or the like, with a leading blank.
// others are its classes besides the colour.
func (c *classes) appendAttr(b []byte, p paint, ink render.Ink, others string) []byte {
	if ink == render.InkFg && p != line {
		return appendClass(b, "", others)
	}
	return c.appendAnyAttr(b, p, ink, others)
}

// appendAnyAttr is appendAttr within an element of another colour.
func (c *classes) appendAnyAttr(b []byte, p paint, ink render.Ink, others string) []byte {
	c.used = append(c.used, ink)
	b = append(b, attrMark, byte(p), byte(len(others)))
	b = binary.LittleEndian.AppendUint32(b, uint32(ink))
	return append(b, others...)
}

func appendClass(b []byte, class, others string) []byte {
	if class == "" && others == "" {
		return b
	}
	b = append(append(b, ` class="`...), class...)
	if class != "" && others != "" {
		b = append(b, ' ')
	}
	return append(append(b, others...), '"')
}

// classes are the classes of style that the rows use. Their names have no capital
// letters, as pages in quirks mode ignore case.
type classes struct {
	used      []render.Ink // in the row in the making
	uses      map[render.Ink]int
	opacities map[uint8]string

	// As the picture is written:
	names map[render.Ink]string // of classes
	order []render.Ink          // of names
	fades []uint8               // of opacities
}

func (c *classes) init() {
	c.uses, c.opacities = map[render.Ink]int{}, map[uint8]string{}
}

// keep counts the colours of the row in the making, which is new.
func (c *classes) keep() {
	for _, ink := range c.used {
		c.uses[ink]++
	}
}

// opacity returns the class of what covers that much of what is below.
func (c *classes) opacity(v uint8) string {
	name, ok := c.opacities[v]
	if !ok {
		name = "f" + strconv.Itoa(int(v))
		if v == faint {
			name = "f"
		}
		c.opacities[v] = name
	}
	return name
}

// rare is how often a colour is used without a class.
const rare = 6

// name gives names to the classes, the most used ones the shortest.
func (c *classes) name() {
	c.names = map[render.Ink]string{}
	c.order = c.order[:0]
	for ink, n := range c.uses {
		if n > rare || !ink.Direct() {
			c.order = append(c.order, ink)
		}
	}
	slices.SortFunc(c.order, func(a, b render.Ink) int {
		if n := c.uses[b] - c.uses[a]; n != 0 {
			return n
		}
		return int(a) - int(b)
	})
	n := 0
	for _, ink := range c.order {
		c.names[ink] = className(&n)
	}
	c.fades = c.fades[:0]
	for v := range c.opacities {
		c.fades = append(c.fades, v)
	}
	slices.Sort(c.fades)
}

// className returns the nth name or a later one, and raises n: a letter, and then letters
// and digits.
func className(n *int) string {
	const first, rest = 26, 36
	for {
		i := *n
		*n++
		name := []byte{byte('a' + i%first)}
		for i /= first; i > 0; i = (i - 1) / rest {
			name = strconv.AppendInt(name, int64((i-1)%rest), rest)
		}
		switch s := string(name); s {
		case "b", "g", "i", "k", "m", "n", "v", "w", "bg", "bar": // those of drawing.style
		default:
			if s[0] != 'f' { // of opacity
				return s
			}
		}
	}
}

// expand appends a row with its attributes.
func (c *classes) expand(b []byte, row string) []byte {
	for {
		i := 0
		for i < len(row) && row[i] != attrMark {
			i++
		}
		b = append(b, row[:i]...)
		if i == len(row) {
			return b
		}
		token := row[i:]
		p, n := paint(token[1]), int(token[2])
		ink := render.Ink(token[3]) | render.Ink(token[4])<<8 | render.Ink(token[5])<<16 | render.Ink(token[6])<<24
		others := token[attrHead : attrHead+n]
		row = token[attrHead+n:]
		if name, ok := c.names[ink]; ok {
			if p == line {
				others = "k"
			}
			b = appendClass(b, name, others)
			continue
		}
		b = append(append(b, ' '), [...]string{"fill", "stroke", "color"}[p]...)
		b = append(b, `="`...)
		b = appendRGB(b, direct(ink))
		b = append(b, '"')
		b = appendClass(b, "", others)
	}
}
