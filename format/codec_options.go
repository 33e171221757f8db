package format

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// codecOptions are the options that only some formats have a use for.
type codecOptions struct {
	size        Size
	encoding    encoding.Encoding // nil: as it is
	recording   string
	timing      string
	inputLog    string
	keepSuspend bool
	legacyShift bool
	rate        int // bytes per second; 0: all at once
}

// DefaultSize is the size to take for a recording whose format tells none. With
// one of Cols and Rows zero, that one is inferred from the content; see
// [Warning.Notice].
func DefaultSize(size Size) Option { return func(o *options) { o.size = size } }

// Encoding turns what the terminal got from that character encoding into UTF-8.
// It is for recordings from before UTF-8, such as NetHack's with IBMgraphics,
// which need [golang.org/x/text/encoding/charmap.CodePage437]. Formats that
// hold text, which is UTF-8 by their definition, are left alone, with a notice.
func Encoding(enc encoding.Encoding) Option { return func(o *options) { o.encoding = enc } }

// EncodingByName finds a character encoding by its IANA or WHATWG name, such as
// "cp437", "latin1", "koi8-r" or "shift_jis". UTF-8 is nil.
func EncodingByName(name string) (encoding.Encoding, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		// IANA has no "cp850" or "windows1252" but with a hyphen or "IBM".
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
			return nil, fmt.Errorf("no known character encoding named %s", quote(name))
		}
	}
	if canonical, err := htmlindex.Name(enc); err == nil && canonical == "utf-8" {
		return nil, nil
	}
	return enc, nil
}

// Recording picks one of several recordings in a log, by the ID that
// [SeveralError] lists. It is for tlog.
func Recording(id string) Option { return func(o *options) { o.recording = id } }

// TimingFile names the file with a typescript's timing, when it is not found by
// itself; see [Script].
func TimingFile(path string) Option { return func(o *options) { o.timing = path } }

// InputLog names the file with the input of a typescript that was recorded with
// script --log-in, when it is not found by itself; see [Script].
func InputLog(path string) Option { return func(o *options) { o.inputLog = path } }

// KeepSuspend keeps the time during which a command was suspended. It is for
// sudo's I/O logs; without it that time is cut, as sudoreplay does.
func KeepSuspend() Option { return func(o *options) { o.keepSuspend = true } }

// LegacyShift reads the timing of a typescript as util-linux up to 2.24 wrote
// it: each delay belongs to the chunk before its own, as the time was taken
// before the read and not behind it.
func LegacyShift() Option { return func(o *options) { o.legacyShift = true } }

// BytesPerSecond spreads output that comes without times, such as a log of
// `screen -L`, over time: as a line of that speed would deliver it. Without it
// all output is at time zero.
func BytesPerSecond(n int) Option { return func(o *options) { o.rate = max(n, 0) } }
