package gif

import "encoding/binary"

const (
	// maxCode is the largest code of GIF's LZW. When it is in use, the table stays as
	// it is, until it is cleared.
	maxCode = 1<<12 - 1
	// hashSize is twice the number of codes.
	hashBits = 13
	hashSize = 1 << hashBits
	// window is how many bytes are made with a full table before it is asked whether it
	// still fits. Cleared at once, as compress/lzw does, GIFs are 2 percent larger.
	window = 1024
)

// compressor compresses pixels as GIF's LZW has it, faster than compress/lzw does, since
// it need not write to an io.Writer, and jumps along runs of one colour.
type compressor struct {
	// hash has, for the code of a phrase of pixels and another pixel, the code of both
	// together: code<<8 | pixel in its upper 20 bits, and that code in its lower 12. An
	// entry is 0 if it is free. The hash is Knuth's, by the golden ratio.
	hash [hashSize]uint32
	// runs has for each colour the codes of phrases of only that colour, from two
	// pixels on: as many as runLength says.
	runs   [256][]uint16
	packed []byte
}

// compress appends the compressed pixels in blocks to dst. There is at least one pixel,
// and all are below 1<<width, where width is 2 to 8.
func (z *compressor) compress(dst []byte, px []uint8, width int) []byte {
	out := z.packed[:0]
	clearCode := uint32(1) << width
	z.reset(clearCode)
	bits := uint(width) + 1
	last := clearCode + 1 // the last code in use
	acc, n := uint64(clearCode), bits
	i := 0
	var node uint32
	// While the table is full, the pixels that a byte stands for are watched: the table
	// is cleared when they are fewer than before.
	var best float64    // of all windows so far
	var from, check int // where the window began in px, and where it ends in out
	for {
		// The next phrase begins at i.
		c := px[i]
		i++
		node = uint32(c)
		if runs := z.runs[c]; len(runs) > 0 {
			m := 0
			for m < len(runs) && i+m < len(px) && px[i+m] == c {
				m++
			}
			if m > 0 {
				node = uint32(runs[m-1])
				i += m
			}
		}
		var slot, key uint32
		for ; i < len(px); i++ {
			key = node<<8 | uint32(px[i])
			slot = key * 0x9E3779B1 >> (32 - hashBits)
			for {
				t := z.hash[slot]
				if t>>12 == key && t != 0 {
					node = t & maxCode
					break
				}
				if t == 0 {
					goto end
				}
				slot = (slot + 1) & (hashSize - 1)
			}
		}
		break
	end:
		acc |= uint64(node) << n
		if n += bits; n >= 32 {
			out = binary.LittleEndian.AppendUint32(out, uint32(acc))
			acc >>= 32
			n -= 32
		}
		if last == maxCode {
			if len(out) < check {
				continue
			}
			ratio := float64(i-from) / float64(len(out)-check+window)
			from, check = i, len(out)+window
			if ratio >= best {
				best = ratio
				continue
			}
			acc |= uint64(clearCode) << n
			if n += bits; n >= 32 {
				out = binary.LittleEndian.AppendUint32(out, uint32(acc))
				acc >>= 32
				n -= 32
			}
			z.reset(clearCode)
			last, bits = clearCode+1, uint(width)+1
			continue
		}
		if last++; last == maxCode {
			best, from, check = 0, i, len(out)+window
		}
		z.hash[slot] = key<<12 | last
		if last == 1<<bits && bits < 12 {
			bits++
		}
		if next := px[i]; next == px[i-1] {
			runs := z.runs[next]
			if len(runs) == 0 && node == uint32(next) || len(runs) > 0 && node == uint32(runs[len(runs)-1]) {
				z.runs[next] = append(runs, uint16(last))
			}
		}
	}
	acc |= uint64(node) << n
	if n += bits; n >= 32 {
		out = binary.LittleEndian.AppendUint32(out, uint32(acc))
		acc >>= 32
		n -= 32
	}
	// The reader of the last code adds one to its table, too.
	if last++; last == 1<<bits && bits < 12 {
		bits++
	}
	acc |= uint64(clearCode+1) << n
	for n += bits; n > 0; n -= min(n, 8) {
		out = append(out, byte(acc))
		acc >>= 8
	}
	z.packed = out
	for len(out) > 0 {
		m := min(len(out), 255)
		dst = append(dst, byte(m))
		dst = append(dst, out[:m]...)
		out = out[m:]
	}
	return append(dst, 0)
}

// reset empties the table for codes of single pixels below colors.
func (z *compressor) reset(colors uint32) {
	clear(z.hash[:])
	for i := range colors {
		z.runs[i] = z.runs[i][:0]
	}
}
