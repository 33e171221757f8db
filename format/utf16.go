package format

import (
	"bufio"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// transcode converts UTF-16 with a byte order mark, as PowerShell's > writes
// it, to UTF-8.
func (in *input) transcode() error {
	mark, _ := in.r.Peek(2)
	if s := string(mark); s != "\xff\xfe" && s != "\xfe\xff" {
		return nil
	}
	if !in.warn(1, "UTF-16", "read as UTF-8") {
		return in.err
	}
	decoder := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
	in.r = bufio.NewReaderSize(transform.NewReader(in.r, decoder), sniffLen)
	return nil
}
