package svg

import (
	"strconv"

	"github.com/ttydeck/ttydeck/render"
)

// classes are the classes of style that the rows use. Their names have no capital
// letters, as pages in quirks mode ignore case.
type classes struct {
	inks      map[render.Ink]string
	opacities map[uint8]string
	order     []render.Ink // of inks
	fades     []uint8      // of opacities
	n         int          // of names given
	lists     map[string]string
}

func (c *classes) init() {
	c.inks, c.opacities = map[render.Ink]string{}, map[uint8]string{}
	c.lists = map[string]string{}
}

// color appends the class of a colour.
func (c *classes) color(b []byte, ink render.Ink) []byte {
	name, ok := c.inks[ink]
	if !ok {
		name = c.next()
		c.inks[ink] = name
		c.order = append(c.order, ink)
	}
	return append(b, name...)
}

// opacity returns the class of what covers that much of what is below.
func (c *classes) opacity(v uint8) string {
	name, ok := c.opacities[v]
	if !ok {
		name = c.next()
		c.opacities[v] = name
		c.fades = append(c.fades, v)
	}
	return name
}

// shared returns the string of b without allocating one each time.
func (c *classes) shared(b []byte) string {
	if s, ok := c.lists[string(b)]; ok {
		return s
	}
	s := string(b)
	c.lists[s] = s
	return s
}

// next returns a new name: a letter, and then letters and digits.
func (c *classes) next() string {
	for {
		const first, rest = 26, 36
		n := c.n
		c.n++
		name := string(rune('a' + n%first))
		for n /= first; n > 0; n = (n - 1) / rest {
			name += strconv.FormatInt(int64((n-1)%rest), rest)
		}
		switch name {
		case "b", "c", "i", "k", "w", "m", "n", "bg", "bar": // of [drawing.style]
			continue
		}
		return name
	}
}
