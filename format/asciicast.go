package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// AsciicastV3 is asciinema 3's format: a header line, then a line for each
// event with the time since the event before it. See
// https://docs.asciinema.org/manual/asciicast/v3/.
var AsciicastV3 = &Format{
	Name:   "asciicast-v3",
	Also:   []string{"cast", "asciicast", "v3"},
	Ext:    []string{".cast", ".v3.cast"},
	Desc:   "asciinema 3",
	Loses:  "invalid UTF-8, fractions of a millisecond",
	detect: func(prefix []byte) bool { return sniffAsciicast(prefix) == 3 },
	object: true,
	read:   readAsciicast,
	write:  func(w io.Writer) Writer { return newAsciicastWriter(w, 3) },
	text:   true,
}

// AsciicastV2 is asciinema 2's format: a header line, then a line for each
// event with the time since the start. See
// https://docs.asciinema.org/manual/asciicast/v2/.
var AsciicastV2 = &Format{
	Name:   "asciicast-v2",
	Also:   []string{"v2"},
	Ext:    []string{".v2.cast"},
	Desc:   "asciinema 2",
	Loses:  "invalid UTF-8, comments",
	detect: func(prefix []byte) bool { return sniffAsciicast(prefix) == 2 },
	object: true,
	read:   readAsciicast,
	write:  func(w io.Writer) Writer { return newAsciicastWriter(w, 2) },
	text:   true,
}

// version returns the asciicast version that f stands for.
func (f *Format) version() int { return int(f.Name[len(f.Name)-1] - '0') }

// maxTime is the latest time of an event: 146 years.
const maxTime = time.Duration(math.MaxInt64 / 2)

// readAsciicast reads version 2 or 3.
func readAsciicast(in *input) (Cast, error) {
	version := in.format.version()
	l := newLines(in)
	text, err := l.header()
	if err != nil {
		return Cast{}, err
	}
	warned := in.warned
	h, err := in.parseHeader(text, l.no, version)
	if err != nil {
		return Cast{}, err
	}
	src := &source{version: version, parsed: h, decimals: l.decimals()}
	if in.warned == warned && !bytes.ContainsAny(text, "\r\n") {
		src.text = string(text)
	}
	h.source = src
	d := &castDecoder{in: in, l: l, version: version, size: h.Size}
	return Cast{Header: h, Events: d.events()}, nil
}

// header reads the header: one JSON object, on as many lines as it takes. It
// skips comments and blank lines before it.
func (l *lines) header() ([]byte, error) {
	l.inHeader = true
	defer func() { l.inHeader = false }()
	var text []byte
	for {
		line, ok := l.next()
		if !ok {
			if l.in.err != nil {
				return nil, l.in.err
			}
			if text == nil {
				return nil, l.in.syntaxError(max(l.no, 1), errors.New("no header"))
			}
			return nil, l.in.syntaxError(l.no, fmt.Errorf("header: %w", io.ErrUnexpectedEOF))
		}
		if text == nil {
			if l.no == 1 && bytes.HasPrefix(line, bom) {
				line = line[len(bom):]
				if !l.in.warn(1, "byte order mark", "skipped") {
					return nil, l.in.err
				}
			}
			line = line[skipSpace(line, 0):]
			if len(line) == 0 || line[0] == '#' {
				if !l.in.warn(l.no, "header is not on the first line", "") {
					return nil, l.in.err
				}
				continue
			}
			if line[0] != '{' {
				return nil, l.in.syntaxError(l.no, fmt.Errorf("malformed header %s: want a JSON object", quote(string(line))))
			}
		} else {
			text = append(text, '\n')
		}
		first := text == nil
		text = append(text, line...)
		if len(text) > MaxHeader {
			return nil, l.in.syntaxError(l.no, errHeaderTooLong)
		}
		end := scanValue(text, 0)
		if end < 0 {
			continue
		}
		if rest := skipSpace(text, end); rest < len(text) {
			if text[end] == '\r' && first {
				// Old Macintosh line ends, in the whole file:
				// read it again.
				if l.eol = '\r'; !l.in.warn(l.no, "CR line ends", "read as LF") {
					return nil, l.in.err
				}
				l.from = l.start
				l.no--
				l.torn = false
				text = nil
				continue
			}
			if !l.in.warn(l.no, "events on the header line", "read as if on separate lines") {
				return nil, l.in.err
			}
			l.held = bytes.Clone(text[rest:])
		}
		if !first && !l.in.warn(l.no, "header spans several lines", "") {
			return nil, l.in.err
		}
		return text[:end], nil
	}
}

var bom = []byte("\ufeff")

// decimals returns how many digits stand after the point in the first event's
// time, if that event is in the buffer already: asciinema 3.0 wrote six, later
// versions write three. It returns 0 if the number is not known yet.
func (l *lines) decimals() int {
	rest := l.buf[l.from:]
	for len(rest) > 0 && rest[0] != '[' {
		_, rest, _ = bytes.Cut(rest, []byte{'\n'})
	}
	number, _, ok := bytes.Cut(rest, []byte{','})
	if !ok || len(number) > 40 {
		return 0
	}
	_, fraction, _ := bytes.Cut(number, []byte{'.'})
	return len(fraction)
}
