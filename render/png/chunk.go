package png

import (
	"encoding/binary"
	"hash/crc32"
	"image"
	"io"
)

// signature starts a PNG file.
const signature = "\x89PNG\r\n\x1a\n"

// chunks writes the chunks of a PNG file. It keeps the first error.
type chunks struct {
	w   io.Writer
	seq uint32 // of the next chunk that has a sequence number
	err error
}

func (c *chunks) write(b []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
	}
}

// begin writes the signature and the header.
func (c *chunks) begin(size image.Point, pixels *coding) {
	c.write([]byte(signature))
	b := binary.BigEndian.AppendUint32(nil, uint32(size.X))
	b = binary.BigEndian.AppendUint32(b, uint32(size.Y))
	c.chunk("IHDR", append(b, byte(pixels.depth), byte(pixels.colorType), 0, 0, 0))
}

// numbered writes a chunk that starts with a sequence number.
func (c *chunks) numbered(name string, data []byte) {
	c.chunk(name, binary.BigEndian.AppendUint32(nil, c.seq), data)
	c.seq++
}

// chunk writes a chunk, whose data are in parts.
func (c *chunks) chunk(name string, parts ...[]byte) {
	size := 0
	sum := crc32.ChecksumIEEE([]byte(name))
	for _, p := range parts {
		size += len(p)
		sum = crc32.Update(sum, crc32.IEEETable, p)
	}
	c.write(append(binary.BigEndian.AppendUint32(nil, uint32(size)), name...))
	for _, p := range parts {
		c.write(p)
	}
	c.write(binary.BigEndian.AppendUint32(nil, sum))
}
