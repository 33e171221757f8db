package format

import (
	"bytes"
	"fmt"
	"io"
)

// lines cuts an input into lines. It returns a line as soon as it is complete,
// so that a recording can be followed while it is written.
type lines struct {
	in    *input
	buf   []byte
	from  int    // where the next line begins in buf
	start int    // where the last line that next returned begins in buf
	no    int    // number of that line, from 1
	held  []byte // a part of that line that next returns as a line of its own; usually nil
	eol   byte   // '\n', or '\r' for a file that has no other
	eof   bool
	torn  bool // that line has no line break after it
	cut   bool // the last line was incomplete, and a warning said so
	crlf  bool // a warning reported CRLF

	inHeader bool // lines are limited to MaxHeader; a longer one ends the reading
}

var errHeaderTooLong = fmt.Errorf("header is longer than %d bytes", MaxHeader)

func newLines(in *input) *lines { return &lines{in: in, eol: '\n'} }

// next returns the next line without its line break; ok is false at the end of
// the input. The line is valid until the next call. next skips a line longer
// than MaxLine with a warning.
func (l *lines) next() (line []byte, ok bool) {
	if l.held != nil {
		line, l.held = l.held, nil
		return line, true
	}
	scanned := l.from
	for l.in.err == nil {
		if i := bytes.IndexByte(l.buf[scanned:], l.eol); i >= 0 {
			end := scanned + i
			line = l.buf[l.from:end]
			l.start, l.from = l.from, end+1
			l.no++
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
				if !l.crlf && !l.in.warn(l.no, "CRLF line ends", "read as LF") {
					break
				}
				l.crlf = true
			}
			return line, true
		}
		scanned = len(l.buf)
		if l.eof {
			line, l.start, l.from = l.buf[l.from:], l.from, len(l.buf)
			if len(line) == 0 {
				if l.torn && !l.cut {
					l.in.warn(l.no, "no line break at the end", "")
				}
				break
			}
			l.no++
			l.torn = true
			return line, true
		}
		if l.inHeader && len(l.buf)-l.from > MaxHeader {
			l.in.err = l.in.syntaxError(l.no+1, errHeaderTooLong)
			break
		}
		if len(l.buf)-l.from > MaxLine {
			l.skip()
			scanned = l.from
			continue
		}
		scanned -= l.fill()
	}
	return nil, false
}

// buffered returns the lines already read that next would return, for
// [lines.pass]. It returns nil where next returns something else than the bytes
// up to a line feed.
func (l *lines) buffered() []byte {
	if l.held != nil || l.eol != '\n' || l.in.err != nil {
		return nil
	}
	return l.buf[l.from:]
}

// pass skips the first n bytes of buffered, a line and its line feed, as if
// next had returned it.
func (l *lines) pass(n int) {
	l.start = l.from
	l.from += n
	l.no++
}

// skip skips a line that is too long to keep.
func (l *lines) skip() {
	l.no++
	l.in.warn(l.no, "line too long", "skipped")
	for !l.eof {
		if i := bytes.IndexByte(l.buf[l.from:], l.eol); i >= 0 {
			l.from += i + 1
			return
		}
		l.from = len(l.buf)
		l.fill()
	}
}

// fill reads more into buf. It returns the distance by which it moved the
// unread bytes towards the front.
func (l *lines) fill() (moved int) {
	const chunk = 64 << 10
	if l.from > 0 && cap(l.buf)-len(l.buf) < chunk {
		moved = l.from
		l.buf = l.buf[:copy(l.buf, l.buf[l.from:])]
		l.from = 0
	}
	if cap(l.buf)-len(l.buf) < chunk {
		grown := make([]byte, len(l.buf), max(2*cap(l.buf), 4*chunk))
		copy(grown, l.buf)
		l.buf = grown
	}
	for range 100 {
		n, err := l.in.r.Read(l.buf[len(l.buf):cap(l.buf)])
		l.buf = l.buf[:len(l.buf)+n]
		if err != nil {
			l.eof = true
			return moved
		}
		if n > 0 {
			return moved
		}
	}
	l.in.err = io.ErrNoProgress
	l.eof = true
	return moved
}
