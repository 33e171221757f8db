package redact

// keywords finds which words of a set occur in a text, ignoring ASCII case, in
// one pass (Aho and Corasick 1975). It spares most text the regular
// expressions, which are a hundred times slower.
type keywords struct {
	class [256]uint8 // of each byte; 0 for bytes that are in no word
	width int        // number of classes
	next  []uint16   // the state that follows, by state*width + class
	fast  []uint32   // next as 2*state*width, plus 1 if a word ends in the state
	out   [][]uint16 // the lists that have a word ending in a state
}

// newKeywords returns keywords for lists of lower-case words. A word is reported
// as the index of its list.
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
	// Breadth first: a state without a successor takes that of its longest
	// suffix that is a state too.
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
	for _, s := range k.next {
		f := 2 * uint32(s) * uint32(k.width)
		if k.out[s] != nil {
			f++
		}
		k.fast = append(k.fast, f)
	}
	return k
}

// mark sets the bit of each list that has a word in text.
func (k *keywords) mark(text []byte, lists []uint64) {
	s := uint32(0)
	for _, c := range text {
		s = k.fast[s>>1+uint32(k.class[c])]
		if s&1 != 0 {
			for _, n := range k.out[int(s>>1)/k.width] {
				lists[n>>6] |= 1 << (n & 63)
			}
		}
	}
}

// find calls yield with the index of a list for each of its words in text. It
// may report a list several times.
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
