package format

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// codecOptions are the options that only some formats use.
type codecOptions struct {
	size        Size
	encoding    encoding.Encoding // nil: no conversion
	recording   string
	timing      string
	inputLog    string
	keepSuspend bool
	legacyShift bool
	rate        int // bytes per second; 0: all at once
}

// DefaultSize sets the terminal size of a recording whose format has none. A
// zero Cols or Rows is inferred from the content; see [Warning.Notice].
func DefaultSize(size Size) Option { return func(o *options) { o.size = size } }

// Encoding converts output and input from the character encoding enc to UTF-8.
// It is for recordings older than UTF-8, such as NetHack's with IBMgraphics,
// which need [golang.org/x/text/encoding/charmap.CodePage437]. The option is
// ignored, with a notice, for formats that are UTF-8 by definition. A nil enc
// converts nothing.
func Encoding(enc encoding.Encoding) Option { return func(o *options) { o.encoding = enc } }

// EncodingByName returns the character encoding with an IANA or WHATWG name,
// such as "cp437", "latin1", "koi8-r" or "shift_jis". It returns nil for UTF-8.
func EncodingByName(name string) (encoding.Encoding, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		// IANA spells "cp850" and "windows1252" with a hyphen or "IBM".
		for _, try := range []string{
			strings.Replace(strings.ToLower(name), "cp", "ibm", 1),
			strings.Replace(strings.ToLower(name), "windows", "windows-", 1),
		} {
			if enc, err = ianaindex.IANA.Encoding(try); err == nil && enc != nil {
				break
			}
		}
	}
	if err != nil || enc == nil {
		if enc, err = htmlindex.Get(name); err != nil {
			return nil, fmt.Errorf("unknown character encoding %s", quote(name))
		}
	}
	if canonical, err := htmlindex.Name(enc); err == nil && canonical == "utf-8" {
		return nil, nil
	}
	return enc, nil
}

// Recording picks one of several recordings in a log by its ID, or by the
// beginning of it. [SeveralError] lists the IDs. It is for tlog.
func Recording(id string) Option { return func(o *options) { o.recording = id } }

// TimingFile names the timing file of a typescript, for when [OpenFile] does
// not find it; see [Script].
func TimingFile(path string) Option { return func(o *options) { o.timing = path } }

// InputLog names the input file of a typescript that was recorded with `script
// --log-in`, for when [OpenFile] does not find it; see [Script].
func InputLog(path string) Option { return func(o *options) { o.inputLog = path } }

// KeepSuspend keeps the time during which a command was suspended. It is for
// sudo's I/O logs. By default that time is cut, as sudoreplay does.
func KeepSuspend() Option { return func(o *options) { o.keepSuspend = true } }

// LegacyShift reads the timing of a typescript as util-linux up to 2.24 wrote
// it: each delay belongs to the chunk before its own, because script took the
// time before the read, not after it.
func LegacyShift() Option { return func(o *options) { o.legacyShift = true } }

// BytesPerSecond spreads output without times, such as a log of `screen -L`,
// over time, as a line of n bytes per second would deliver it. By default all
// such output is at time zero.
func BytesPerSecond(n int) Option { return func(o *options) { o.rate = max(n, 0) } }
