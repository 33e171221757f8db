package redact

import "encoding/binary"

// oddLine is a line that was not printed as it stands, such as one that was edited.
// It is kept for the second pass.
type oddLine struct {
	text  []byte
	tags  []uint64 // of each byte
	start bool     // it is a line from its beginning on
}

// maxOdd is the number of bytes of odd lines that are kept for a part of a recording
// of partSize.
const maxOdd = 64 << 10

// encode returns the line as bytes: its text, and the tags as runs, each with the
// number of tags, the first, and how much more each following one is.
func (l oddLine) encode() []byte {
	b := []byte{0}
	if l.start {
		b[0] = 1
	}
	b = binary.AppendUvarint(b, uint64(len(l.text)))
	b = append(b, l.text...)
	for tags := l.tags; len(tags) > 0; {
		step := uint64(0)
		if len(tags) > 1 && tags[1] == tags[0]+tagOf(1, 1) {
			step = tagOf(1, 1)
		}
		n := 1
		for n < len(tags) && tags[n] == tags[n-1]+step {
			n++
		}
		b = binary.AppendUvarint(b, uint64(n))
		b = binary.AppendUvarint(b, tags[0])
		b = binary.AppendUvarint(b, step)
		tags = tags[n:]
	}
	return b
}

// decodeOdd returns the line that encode has encoded.
func decodeOdd(b []byte) oddLine {
	l := oddLine{start: b[0] == 1}
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	b = b[1:]
	n := next()
	l.text, b = b[:n], b[n:]
	for len(b) > 0 {
		n, tag, step := next(), next(), next()
		for range n {
			l.tags = append(l.tags, tag)
			tag += step
		}
	}
	return l
}
