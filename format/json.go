package format

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// This file handles the JSON of asciicast's event lines: it decodes and encodes
// strings eight bytes at a time, without reflection. All other JSON (headers,
// rare lines) goes through encoding/json.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, by their highest bit, the bytes of x that a JSON string
// escapes or ends at: below 0x20, '"' and '\'. The lowest mark is exact; those
// above it may be wrong, because the subtractions borrow.
func special(x uint64) uint64 {
	quote := x ^ ones*'"'
	slash := x ^ ones*'\\'
	return ((x - ones*0x20) | (quote - ones) | (slash - ones)) & ^x & highs
}

// quirk is a set of the odd things in a JSON string.
type quirk uint8

const (
	badEscape     quirk = 1 << iota // \x, or \ before the closing quote: the backslash is kept
	loneSurrogate                   // half a surrogate pair: read as U+FFFD
	rawControl                      // a control character that should have been escaped
	invalidUTF8                     // invalid UTF-8: kept
	unterminated                    // no closing quote
)

// load64 returns the eight bytes at p as a little-endian number. All eight must
// exist. This saves the bounds checks that the compiler would repeat in the
// loops that every byte of a recording goes through.
func load64(p unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }

// store64 stores x at p as load64 reads it.
func store64(p unsafe.Pointer, x uint64) { binary.LittleEndian.PutUint64((*[8]byte)(p)[:], x) }

// word returns the first eight bytes of s as load64 does.
func word(s string) (x uint64) {
	for i := range min(len(s), 8) {
		x |= uint64(s[i]) << (8 * i)
	}
	return x
}

var escESC = word(`\u001b`)

// unquote appends to dst the string that begins at src[i], after its opening
// quote, and returns the index after its closing quote. dst must have room for
// len(src)-i+8 more bytes.
func unquote(dst, src []byte, i int) ([]byte, int, quirk) {
	var quirks quirk
	var seen uint64 // all bytes or-ed, perhaps with some after them
	start := len(dst)
	j := start
	dst = dst[:cap(dst)]
	if len(dst)-j < len(src)-i+8 {
		panic("format: unquote: no room")
	}
	// Each step reads eight bytes and writes eight; the next step may
	// overwrite some of them. Each byte read becomes at most one byte; the
	// six of an escape become three.
	from, to := unsafe.Pointer(unsafe.SliceData(src)), unsafe.Pointer(unsafe.SliceData(dst))
	esc := escESC
	for {
		for i+8 <= len(src) {
			x := load64(unsafe.Add(from, i))
			store64(unsafe.Add(to, j), x)
			seen |= x
			if m := special(x); m != 0 {
				n := bits.TrailingZeros64(m) >> 3
				i += n
				j += n
				goto found
			}
			i += 8
			j += 8
		}
		for {
			if i >= len(src) {
				return dst[:j], i, quirks | unterminated
			}
			c := src[i]
			if c < 0x20 || c == '"' || c == '\\' {
				break
			}
			seen |= uint64(c)
			dst[j] = c
			i++
			j++
		}
	found:
		switch c := src[i]; {
		case c == '"':
			if seen&highs != 0 && !utf8.Valid(dst[start:j]) {
				quirks |= invalidUTF8
			}
			return dst[:j], i + 1, quirks
		case c < 0x20:
			quirks |= rawControl
			dst[j] = c
			i++
			j++
		default:
			// Nearly every escape in a terminal's output is \u001b,
			// \r or \n. Which of them comes next cannot be
			// predicted, so the code does not branch between them.
			if i+8 <= len(src) {
				x := load64(unsafe.Add(from, i))
				e, size := shortEscape[byte(x>>8)], 2
				if x<<16 == esc<<16 {
					e, size = 0x1b, 6
				}
				if e != 0 {
					dst[j] = e
					i += size
					j++
					continue
				}
			}
			var q quirk
			j, i, q = unescape(dst, j, src, i)
			quirks |= q
		}
	}
}

// unescape decodes the escape at src[i], a backslash, to dst[j].
func unescape(dst []byte, j int, src []byte, i int) (int, int, quirk) {
	if i+1 < len(src) {
		switch c := src[i+1]; c {
		case 'u':
			r, ok := hex4(src, i+2)
			if !ok {
				break
			}
			i += 6
			var q quirk
			if utf16.IsSurrogate(r) {
				second, ok := rune(0), false
				if i+1 < len(src) && src[i] == '\\' && src[i+1] == 'u' {
					second, ok = hex4(src, i+2)
				}
				if full := utf16.DecodeRune(r, second); ok && full != utf8.RuneError {
					i += 6
					r = full
				} else {
					q = loneSurrogate
					r = utf8.RuneError
				}
			}
			return j + utf8.EncodeRune(dst[j:], r), i, q
		default:
			if e := shortEscape[c]; e != 0 {
				dst[j] = e
				return j + 1, i + 2, 0
			}
		}
	}
	dst[j] = '\\'
	return j + 1, i + 1, badEscape
}

// shortEscape maps the byte after a backslash to the byte it stands for; 0 for
// none.
var shortEscape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hexDigit maps a hexadecimal digit to its value, and all other bytes to 0xff.
var hexDigit = func() (t [256]uint8) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range uint8(10) {
		t['0'+i] = i
	}
	for i := range uint8(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

func hex4(src []byte, i int) (rune, bool) {
	if i+4 > len(src) {
		return 0, false
	}
	a, b, c, d := hexDigit[src[i]], hexDigit[src[i+1]], hexDigit[src[i+2]], hexDigit[src[i+3]]
	if a|b|c|d > 15 {
		return 0, false
	}
	return rune(a)<<12 | rune(b)<<8 | rune(c)<<4 | rune(d), true
}

// appendQuoted appends s to dst as the inside of a JSON string, without its
// quotes. It escapes as serde_json does, which asciinema uses: short escapes
// where they exist, \u00xx for other control characters, everything else
// unchanged. Each byte of invalid UTF-8 becomes U+FFFD; invalid is their
// number.
func appendQuoted(dst []byte, s string) (_ []byte, invalid int) {
	start := len(dst)
	dst, ascii := appendEscaped(dst, s)
	if ascii || utf8.ValidString(s) {
		return dst, 0
	}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			invalid++
		}
	}
	dst, _ = appendEscaped(dst[:start], string([]rune(s)))
	return dst, invalid
}

// appendEscaped is appendQuoted for valid UTF-8; ascii reports whether s is
// ASCII.
func appendEscaped(dst []byte, s string) (_ []byte, ascii bool) {
	var seen uint64 // all bytes, or-ed
	for i := 0; i < len(s); {
		// One byte becomes at most 6, and each store writes 8.
		part := min(len(s)-i, 4<<10)
		if cap(dst)-len(dst) < part*6+16 {
			dst = slices.Grow(dst, part*6+16)
		}
		end := i + part
		j := len(dst)
		out := dst[:cap(dst)]
		from, to := unsafe.Pointer(unsafe.StringData(s)), unsafe.Pointer(unsafe.SliceData(out))
		for i+8 <= end {
			x := load64(unsafe.Add(from, i))
			store64(unsafe.Add(to, j), x)
			seen |= x
			m := special(x)
			if m == 0 {
				i += 8
				j += 8
				continue
			}
			n := bits.TrailingZeros64(m) >> 3
			e := &escapes[x>>(8*n)&0x7f]
			store64(unsafe.Add(to, j+n), e.text)
			j += n + e.size
			i += n + 1
		}
		for ; i < end; i++ {
			c := s[i]
			seen |= uint64(c)
			if c >= 0x80 {
				out[j] = c
				j++
				continue
			}
			e := &escapes[c]
			store64(unsafe.Add(to, j), e.text)
			j += e.size
		}
		dst = out[:j]
	}
	return dst, seen&highs == 0
}

// escapes holds the form of each ASCII character in a JSON string: up to eight
// bytes as load64 reads them.
var escapes = func() (t [128]struct {
	text uint64
	size int
}) {
	const hex = "0123456789abcdef"
	for c := range t {
		s := string(rune(c))
		switch c {
		case '"', '\\':
			s = `\` + s
		case '\b':
			s = `\b`
		case '\f':
			s = `\f`
		case '\n':
			s = `\n`
		case '\r':
			s = `\r`
		case '\t':
			s = `\t`
		default:
			if c < 0x20 {
				s = `\u00` + hex[c>>4:c>>4+1] + hex[c&15:c&15+1]
			}
		}
		t[c].text, t[c].size = word(s), len(s)
	}
	return t
}()

// scanValue returns the index after the JSON value that begins at b[i], without
// checking its inside; -1 if it does not end in b. It does not recurse, so
// nesting is cheap.
func scanValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			if i = scanString(b, i+1); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth--; depth < 0 {
				return -1
			}
			i++
			if depth == 0 {
				return i
			}
		default:
			if depth > 0 {
				i++
				continue
			}
			start := i
			for i < len(b) && isScalar(b[i]) {
				i++
			}
			if i == start || i == len(b) {
				return -1 // a number could go on
			}
			return i
		}
	}
	return -1
}

// isScalar reports whether c can be part of a number or a word, such as NaN.
func isScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// scanString returns the index after the closing quote of the string that
// begins at b[i], after its opening quote; -1 if there is none.
func scanString(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}
