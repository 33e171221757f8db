package redact

// keywords finds which of a set of words a text has, in any case of ASCII, in
// one pass (Aho and Corasick 1975). It is what keeps the regular expressions,
// a hundred times slower, away from most text.
type keywords struct {
	class [256]uint8
	width int
	next  []uint16 // state*width + class
	out   [][]uint16
}

// newKeywords makes keywords of lists of lower-case words; what is found are
// the numbers of the lists.
func newKeywords(lists [][]string) *keywords {
	k := &keywords{width: 1}
	for _, list := range lists {
		for _, word := range list {
			for i := range len(word) {
				c := word[i]
				if k.class[c] != 0 {
					continue
				}
				k.class[c] = uint8(k.width)
				if 'a' <= c && c <= 'z' {
					k.class[c-0x20] = uint8(k.width)
				}
				k.width++
			}
		}
	}
	state := func() uint16 {
		k.next = append(k.next, make([]uint16, k.width)...)
		k.out = append(k.out, nil)
		return uint16(len(k.out) - 1)
	}
	state()
	for n, list := range lists {
		for _, word := range list {
			s := uint16(0)
			for i := range len(word) {
				to := int(s)*k.width + int(k.class[word[i]])
				if k.next[to] == 0 {
					made := state()
					k.next[to] = made
				}
				s = k.next[to]
			}
			k.out[s] = append(k.out[s], uint16(n))
		}
	}
	// Breadth first: where a state has no way on, it goes the way of the
	// longest of its suffixes that is a state too.
	fail := make([]uint16, len(k.out))
	queue := []uint16{0}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for c := range k.width {
			to := &k.next[int(s)*k.width+c]
			back := uint16(0)
			if s != 0 {
				back = k.next[int(fail[s])*k.width+c]
			}
			if *to == 0 {
				*to = back
				continue
			}
			fail[*to] = back
			k.out[*to] = append(k.out[*to], k.out[back]...)
			queue = append(queue, *to)
		}
	}
	return k
}

// find calls yield with the number of a list for each of its words in text; a
// list may come often.
func (k *keywords) find(text []byte, yield func(int)) {
	s := 0
	for _, c := range text {
		s = int(k.next[s*k.width+int(k.class[c])])
		if out := k.out[s]; out != nil {
			for _, n := range out {
				yield(int(n))
			}
		}
	}
}
