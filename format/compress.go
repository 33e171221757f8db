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

// Compression is a compression of a recording's file.
type Compression string

// The compressions that readers remove. Gzip and Zstd can also be written.
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

// Ext returns the extension of file names, such as ".gz"; "" for Uncompressed.
func (c Compression) Ext() string {
	for _, row := range compressions {
		if row.c == c {
			return row.ext
		}
	}
	return ""
}

// CompressionByFileName returns the compression that a file name's extension
// stands for; Uncompressed if there is none.
func CompressionByFileName(name string) Compression {
	name = strings.ToLower(name)
	for _, row := range compressions {
		if strings.HasSuffix(name, row.ext) {
			return row.c
		}
	}
	return Uncompressed
}

// Compressor compresses the bytes written to it. Close ends the stream and
// leaves the underlying writer open. Close a [Writer] first, then the
// Compressor under it, then the file. A Compressor is used by one goroutine at
// a time.
type Compressor interface {
	io.WriteCloser
	// Flush makes everything written so far readable, even if nothing
	// follows. Each call costs some of the compression.
	Flush() error
}

// NewWriter returns a Compressor that writes to w. For a compression that can
// only be read, the error wraps [errors.ErrUnsupported]. Gzip takes about 1 MiB
// of memory, Zstd 10 MiB.
func (c Compression) NewWriter(w io.Writer) (Compressor, error) {
	return c.newWriter(w, gzip.DefaultCompression, zstd.SpeedDefault)
}

// NewFastWriter is NewWriter for programs that need the processor meanwhile,
// such as the session that is being recorded. It takes two thirds of the time,
// and shrinks a terminal's output to a tenth, not a fourteenth.
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
		// One goroutine, because the recorder shares the machine with
		// the recorded program. The window bounds the memory, also the
		// reader's.
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20),
			zstd.WithEncoderLevel(zstdLevel), zstd.WithLowerEncoderMem(true))
	}
	return nil, fmt.Errorf("writing %s, not .gz or .zst: %w", c, errors.ErrUnsupported)
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

const (
	// maxLayers is how many layers of compression are removed: ovh-ttyrec,
	// given a name in .zst, compresses once more on rotation.
	maxLayers = 3
	// maxWindow bounds the memory that a compressed file can demand. It is
	// what `zstd --ultra -22` and `xz -9` need, and half of what the worst
	// of `zstd --long=31` would take.
	maxWindow = 128 << 20
)

// unwrap removes all layers of compression from r. Where a stream is truncated,
// the returned reader calls truncated and ends cleanly.
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
		// Peek returns what there is even with an error.
		if head, _ := br.Peek(len(row.magic)); string(head) == row.magic {
			if row.c == Bzip2 && !isBzip2(br) {
				continue
			}
			return row.c
		}
	}
	return Uncompressed
}

// isBzip2 looks past "BZh", which could be text: a level and the magic number
// of a block or of the end follow.
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
		// Concurrency 1 decodes in the caller's goroutine. So a dropped
		// reader leaves nothing running, and a file that is still being
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

// tolerantReader reads from a decompressor. Where a stream is cut off or
// damaged, it ends cleanly with the bytes that could be decompressed.
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
