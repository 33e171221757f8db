package vt

import "math/bits"

// tabStops is a set of columns. It never changes, and is replaced instead, so
// that buffers and snapshots can share one.
type tabStops struct {
	bits []uint64
}

func defaultTabs(cols int) *tabStops {
	t := &tabStops{bits: make([]uint64, (cols+63)/64)}
	for x := 0; x < cols; x += 8 {
		t.bits[x/64] |= 1 << (x % 64)
	}
	return t
}

func (t *tabStops) has(x int) bool {
	return x >= 0 && x/64 < len(t.bits) && t.bits[x/64]>>(x%64)&1 != 0
}

// with returns a copy in which x is a stop, or is not.
func (t *tabStops) with(x int, on bool) *tabStops {
	if t.has(x) == on || x/64 >= len(t.bits) {
		return t
	}
	c := &tabStops{bits: append([]uint64(nil), t.bits...)}
	c.bits[x/64] ^= 1 << (x % 64)
	return c
}

func (t *tabStops) none() *tabStops { return &tabStops{bits: make([]uint64, len(t.bits))} }

// resized returns the stops for another width; new columns get the default
// ones.
func (t *tabStops) resized(old, cols int) *tabStops {
	c := defaultTabs(cols)
	for x := range min(old, cols) {
		if t.has(x) != c.has(x) {
			c.bits[x/64] ^= 1 << (x % 64)
		}
	}
	return c
}

// next returns the first stop after x, or limit.
func (t *tabStops) next(x, limit int) int {
	for x++; x < limit; {
		if x/64 >= len(t.bits) {
			break
		}
		if w := t.bits[x/64] >> (x % 64); w != 0 {
			return min(x+bits.TrailingZeros64(w), limit)
		}
		x = (x/64 + 1) * 64
	}
	return limit
}

// prev returns the last stop before x, or 0.
func (t *tabStops) prev(x int) int {
	for x--; x > 0; x-- {
		if t.has(x) {
			return x
		}
	}
	return 0
}
