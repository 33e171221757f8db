package format

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// Compression is a way in which a recording's file is compressed.
type Compression string

// The compressions that are unwrapped when reading. Gzip and Zstd can be
// written too.
const (
	Uncompressed Compression = ""
	Gzip         Compression = "gzip"
	Zstd         Compression = "zstd"
	Bzip2        Compression = "bzip2"
	XZ           Compression = "xz"
)

var compressions = []struct {
	c     Compression
	ext   string
	magic string
}{
	{Gzip, ".gz", "\x1f\x8b\x08"},      // RFC 1952, section 2.3.1
	{Zstd, ".zst", "\x28\xb5\x2f\xfd"}, // RFC 8878, section 3.1.1
	{Bzip2, ".bz2", "BZh"},             // bzip2(1)
	{XZ, ".xz", "\xfd7zXZ\x00"},        // the .xz file format, section 2.1.1.1
}

// Ext gives the extension of file names, such as ".gz"; "" for Uncompressed.
func (c Compression) Ext() string {
	for _, row := range compressions {
		if row.c == c {
			return row.ext
		}
	}
	return ""
}

// CompressionByFileName tells from a file's extension how it is compressed.
func CompressionByFileName(name string) Compression {
	name = strings.ToLower(name)
	for _, row := range compressions {
		if strings.HasSuffix(name, row.ext) {
			return row.c
		}
	}
	return Uncompressed
}

// Compressor compresses what is written to it. Flush makes all that was
// written so far readable, also if nothing follows; each flush costs some of
// the compression. Close ends the stream, and leaves the underlying writer
// open.
type Compressor interface {
	io.WriteCloser
	Flush() error
}

// NewWriter gives a Compressor onto w. The error is [errors.ErrUnsupported]
// for what is only read. Its memory is about 1 MiB for Gzip, 10 MiB for Zstd.
func (c Compression) NewWriter(w io.Writer) (Compressor, error) {
	return c.newWriter(w, gzip.DefaultCompression, zstd.SpeedDefault)
}

// NewFastWriter is NewWriter for what is compressed while something else wants
// the processor, such as the session that is recorded: it takes two thirds of
// the time, and makes a terminal's output a tenth of its size, not a
// fourteenth.
func (c Compression) NewFastWriter(w io.Writer) (Compressor, error) {
	return c.newWriter(w, gzip.BestSpeed, zstd.SpeedFastest)
}

func (c Compression) newWriter(w io.Writer, gzipLevel int, zstdLevel zstd.EncoderLevel) (Compressor, error) {
	switch c {
	case Uncompressed:
		return plain{w}, nil
	case Gzip:
		return gzip.NewWriterLevel(w, gzipLevel)
	case Zstd:
		// One goroutine: a recorder shares the machine with what it records.
		// The window bounds the memory, the reader's too.
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20),
			zstd.WithEncoderLevel(zstdLevel), zstd.WithLowerEncoderMem(true))
	}
	return nil, fmt.Errorf("writing %s: %w", c, errors.ErrUnsupported)
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

const (
	// maxLayers is how often a compressed file is looked for inside another:
	// ovh-ttyrec, given a name in .zst, compresses once more on rotation.
	maxLayers = 3
	// maxWindow bounds the memory that a compressed file can demand. It is
	// what `zstd --ultra -22` and `xz -9` need, and half of what the worst
	// of `zstd --long=31` would take.
	maxWindow = 128 << 20
)

// unwrap takes all layers of compression off r. The reader it gives ends
// cleanly where a truncated stream ends, after calling truncated.
func unwrap(r io.Reader, truncated func(error)) (*bufio.Reader, Compression, error) {
	br := bufio.NewReaderSize(r, sniffLen)
	outer := Uncompressed
	for range maxLayers {
		c := sniffCompression(br)
		if c == Uncompressed {
			break
		}
		inner, err := c.newReader(br)
		if err != nil {
			return nil, c, fmt.Errorf("%s: %w", c, err)
		}
		if outer == Uncompressed {
			outer = c
		}
		br = bufio.NewReaderSize(&tolerantReader{r: inner, c: c, truncated: truncated}, sniffLen)
	}
	return br, outer, nil
}

func sniffCompression(br *bufio.Reader) Compression {
	for _, row := range compressions {
		// Peek gives what there is also with an error.
		if head, _ := br.Peek(len(row.magic)); string(head) == row.magic {
			if row.c == Bzip2 && !isBzip2(br) {
				continue
			}
			return row.c
		}
	}
	return Uncompressed
}

// isBzip2 looks past "BZh", which could be text: a level and a block's or the
// end's magic number follow.
func isBzip2(br *bufio.Reader) bool {
	head, _ := br.Peek(10)
	return len(head) == 10 && head[3] >= '1' && head[3] <= '9' &&
		(bytes.Equal(head[4:], []byte{0x31, 0x41, 0x59, 0x26, 0x53, 0x59}) ||
			bytes.Equal(head[4:], []byte{0x17, 0x72, 0x45, 0x38, 0x50, 0x90}))
}

func (c Compression) newReader(r io.Reader) (io.Reader, error) {
	switch c {
	case Gzip:
		return gzip.NewReader(r)
	case Zstd:
		// Concurrency 1 decodes in the caller's goroutine, so nothing is left
		// running by a reader that is dropped, and a file that is still being
		// written can be followed block by block.
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
	case Bzip2:
		return bzip2.NewReader(r), nil
	case XZ:
		return xz.NewReader(r, maxWindow)
	}
	return nil, errors.ErrUnsupported
}

// tolerantReader ends a stream that is cut off or damaged where what could be
// decompressed ends.
type tolerantReader struct {
	r         io.Reader
	c         Compression
	truncated func(error)
	done      bool
}

func (t *tolerantReader) Read(p []byte) (int, error) {
	if t.done {
		return 0, io.EOF
	}
	n, err := t.r.Read(p)
	if err != nil {
		t.done = true
		if err != io.EOF {
			t.truncated(fmt.Errorf("%s: %w", t.c, err))
			err = io.EOF
		}
	}
	return n, err
}
