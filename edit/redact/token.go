package redact

import "unicode/utf8"

// sink receives the pieces of a stream in order. Together they are all of its
// bytes. pos is the offset of a piece in the stream.
type sink interface {
	// ascii receives a run of printable ASCII.
	ascii(run string, pos int64)
	// char receives any other printed character, with its bytes. r is U+FFFD
	// for each maximal part of broken UTF-8, as on a terminal.
	char(r rune, raw string, pos int64)
	// control receives a control character, or an ESC or CSI sequence, even a
	// broken one, or the next part of one longer than maxSeq.
	control(seq []byte)
	// passed receives bytes of a control string, its introducer and its end.
	passed(raw string)
	// payload receives the content of a control string, without the control
	// characters in it, when it is complete or fills a window of maxPayload.
	// kind is its introducer: ] P X ^ or _. at has the offset of each byte of
	// text in the stream. first and last report whether the window is.
	payload(kind byte, text []byte, at []int64, first, last bool)
}

const (
	maxSeq     = 1 << 10 // bytes of an ESC or CSI sequence, before it is passed on in parts
	maxPayload = 1 << 16 // bytes of a window onto a control string
	overlap    = 4 << 10 // bytes that two windows share
)

// tokenizer splits a terminal's stream into text and sequences as vt's parser
// does (https://vt100.net/emu/dec_ansi_parser, on code points), with the offset
// of each byte. FuzzTokens checks that the two agree.
type tokenizer struct {
	sink  sink
	state uint8
	pos   int64 // offset of the next byte fed

	// lines, unless nil, is called where a line may begin with the rest of the data,
	// and returns how much of it the sink needs no pieces of: up to the end of a line, or
	// all.
	lines func(data string, pos int64) int

	// An incomplete character: the bytes it needs, the range of the next one,
	// the code point and the bytes so far.
	need, lo, hi uint8
	cp           rune
	part         []byte

	seq []byte // the ESC or CSI sequence being read

	// The control string being read: its introducer, a window onto its content
	// with the offset of each byte, and whether that is the first one.
	kind  byte
	text  []byte
	at    []int64
	first bool
}

const (
	inGround = iota
	inEscape
	inEscapeInter
	inCSIEntry
	inCSIParam
	inCSIInter
	inCSIIgnore
	inDCSEntry
	inDCSParam
	inDCSInter
	inString // the payload of DCS, SOS, PM, APC
	inOSC
)

// idle reports whether no character and no sequence is half read.
func (t *tokenizer) idle() bool { return t.state == inGround && t.need == 0 && len(t.seq) == 0 }

// feed reads the next bytes of the stream.
func (t *tokenizer) feed(data string) {
	for i := 0; i < len(data); {
		c := data[i]
		if t.lines != nil && (i == 0 || data[i-1] == '\n') && t.state == inGround && t.need == 0 {
			if n := t.lines(data[i:], t.pos); n > 0 {
				t.pos += int64(n)
				i += n
				continue
			}
		}
		if t.state == inGround && t.need == 0 && c-0x20 < 0x5f {
			j := i + 1
			for j < len(data) && data[j]-0x20 < 0x5f {
				j++
			}
			t.sink.ascii(data[i:j], t.pos)
			t.pos += int64(j - i)
			i = j
			continue
		}
		if c < 0x80 && t.need == 0 {
			t.step(rune(c), data[i:i+1])
			t.pos++
			i++
			continue
		}
		if t.need == 0 {
			// A character that is whole in data needs no copy.
			if r, n := utf8.DecodeRuneInString(data[i:]); r != utf8.RuneError || n == 3 {
				t.step(r, data[i:i+n])
				t.pos += int64(n)
				i += n
				continue
			}
		}
		if t.decode(c) {
			i++
			t.pos++
		}
	}
}

// decode reads a byte of a character that is cut or broken. It returns false,
// without reading c, if c ends a broken character.
func (t *tokenizer) decode(c byte) bool {
	if t.need > 0 {
		if c < t.lo || c > t.hi {
			t.need = 0
			t.emit(utf8.RuneError)
			return false
		}
		t.part = append(t.part, c)
		t.cp = t.cp<<6 | rune(c&0x3f)
		t.lo, t.hi = 0x80, 0xbf
		if t.need--; t.need == 0 {
			t.pos++
			t.emit(t.cp)
			t.pos--
		}
		return true
	}
	t.part = append(t.part[:0], c)
	t.lo, t.hi = 0x80, 0xbf
	switch {
	case 0xc2 <= c && c <= 0xdf:
		t.need, t.cp = 1, rune(c&0x1f)
	case 0xe0 <= c && c <= 0xef:
		t.need, t.cp = 2, rune(c&0x0f)
		if c == 0xe0 {
			t.lo = 0xa0
		} else if c == 0xed {
			t.hi = 0x9f
		}
	case 0xf0 <= c && c <= 0xf4:
		t.need, t.cp = 3, rune(c&0x07)
		if c == 0xf0 {
			t.lo = 0x90
		} else if c == 0xf4 {
			t.hi = 0x8f
		}
	default:
		t.pos++
		t.emit(utf8.RuneError)
		t.pos--
	}
	return true
}

// emit makes a transition on the character in part, which ends before pos.
func (t *tokenizer) emit(r rune) {
	raw := string(t.part)
	t.part = t.part[:0]
	t.pos -= int64(len(raw))
	t.step(r, raw)
	t.pos += int64(len(raw))
}

// step makes a transition on c, whose bytes raw stand at pos.
func (t *tokenizer) step(c rune, raw string) {
	switch {
	case c == 0x18 || c == 0x1a:
		t.leave()
		t.state = inGround
		t.single(raw)
		return
	case c == 0x1b:
		t.leave()
		t.state = inEscape
		t.seq = append(t.seq[:0], raw...)
		return
	case 0x80 <= c && c <= 0x9f:
		t.leave()
		switch c {
		case 0x9b:
			t.state = inCSIEntry
			t.seq = append(t.seq[:0], raw...)
		case 0x90:
			t.open('P', inDCSEntry, raw)
		case 0x9d:
			t.open(']', inOSC, raw)
		case 0x98:
			t.open('X', inString, raw)
		case 0x9e:
			t.open('^', inString, raw)
		case 0x9f:
			t.open('_', inString, raw)
		default:
			t.state = inGround
			t.single(raw)
		}
		return
	}
	switch t.state {
	case inGround:
		switch {
		case c < 0x20 || c == 0x7f:
			t.single(raw)
		default:
			t.sink.char(c, raw, t.pos)
		}
	case inEscape:
		switch {
		case c == '[':
			t.more(raw, inCSIEntry)
		case c == ']':
			t.openEscape(']', inOSC, raw)
		case c == 'P':
			t.openEscape('P', inDCSEntry, raw)
		case c == 'X' || c == '^' || c == '_':
			t.openEscape(byte(c), inString, raw)
		case c < 0x20 || c == 0x7f:
			t.more(raw, inEscape)
		case c < 0x30:
			t.more(raw, inEscapeInter)
		default:
			t.done(raw)
		}
	case inEscapeInter:
		if c < 0x30 || c == 0x7f {
			t.more(raw, inEscapeInter)
		} else {
			t.done(raw)
		}
	case inCSIEntry, inCSIParam:
		switch {
		case c < 0x20 || c == 0x7f:
			t.more(raw, t.state)
		case c < 0x30:
			t.more(raw, inCSIInter)
		case c < 0x3c || c < 0x40 && t.state == inCSIEntry:
			t.more(raw, inCSIParam)
		case c < 0x40:
			t.more(raw, inCSIIgnore)
		default:
			t.done(raw)
		}
	case inCSIInter:
		switch {
		case c < 0x30 || c == 0x7f:
			t.more(raw, inCSIInter)
		case c < 0x40:
			t.more(raw, inCSIIgnore)
		default:
			t.done(raw)
		}
	case inCSIIgnore:
		if c < 0x40 || c >= 0x7f {
			t.more(raw, inCSIIgnore)
		} else {
			t.done(raw)
		}
	case inDCSEntry, inDCSParam, inDCSInter:
		// The head of a DCS is parsed to find its end, and searched as part of
		// the payload, as a program may write anything there.
		t.put(c, raw)
		switch {
		case c < 0x20 || c == 0x7f:
		case c < 0x30:
			t.state = inDCSInter
		case t.state == inDCSInter && c < 0x40, t.state == inDCSParam && 0x3c <= c && c < 0x40:
			t.state = inString
		case c < 0x40:
			t.state = inDCSParam
		case c < 0x7f:
			t.state = inString
		default:
			t.leave()
			t.state = inGround
		}
	case inString:
		t.put(c, raw)
	case inOSC:
		if c == 0x07 {
			t.leave()
			t.state = inGround
			t.sink.passed(raw)
			return
		}
		t.put(c, raw)
	}
}

// single passes on a control character.
func (t *tokenizer) single(raw string) {
	t.seq = append(t.seq[:0], raw...)
	t.sink.control(t.seq)
	t.seq = t.seq[:0]
}

// more adds raw to the sequence being read.
func (t *tokenizer) more(raw string, state uint8) {
	t.seq = append(t.seq, raw...)
	t.state = state
	if len(t.seq) >= maxSeq {
		t.sink.control(t.seq)
		t.seq = t.seq[:0]
	}
}

// done passes on the sequence that ends with raw.
func (t *tokenizer) done(raw string) {
	t.seq = append(t.seq, raw...)
	t.state = inGround
	t.sink.control(t.seq)
	t.seq = t.seq[:0]
}

// leave ends the sequence being read, complete or not.
func (t *tokenizer) leave() {
	if len(t.seq) > 0 {
		t.sink.control(t.seq)
		t.seq = t.seq[:0]
	}
	if t.state >= inDCSEntry {
		t.sink.payload(t.kind, t.text, t.at, t.first, true)
		t.text, t.at = t.text[:0], t.at[:0]
		t.state = inGround
	}
}

// open begins a control string, whose introducer is raw.
func (t *tokenizer) open(kind byte, state uint8, raw string) {
	t.kind, t.state, t.first = kind, state, true
	t.text, t.at = t.text[:0], t.at[:0]
	t.sink.passed(raw)
}

// openEscape is open for an introducer whose ESC is in seq.
func (t *tokenizer) openEscape(kind byte, state uint8, raw string) {
	head := string(t.seq) + raw
	t.seq = t.seq[:0]
	t.open(kind, state, head)
}

// put adds a character to the control string.
func (t *tokenizer) put(c rune, raw string) {
	t.sink.passed(raw)
	if c < 0x20 || c == 0x7f {
		return
	}
	for i := range len(raw) {
		t.text = append(t.text, raw[i])
		t.at = append(t.at, t.pos+int64(i))
	}
	if len(t.text) >= maxPayload {
		t.sink.payload(t.kind, t.text, t.at, t.first, false)
		n := len(t.text) - overlap
		t.text = append(t.text[:0], t.text[n:]...)
		t.at = append(t.at[:0], t.at[n:]...)
		t.first = false
	}
}

// finish passes on what is still being read when the stream ends.
func (t *tokenizer) finish() {
	if t.need > 0 {
		t.need = 0
		t.emit(utf8.RuneError)
	}
	t.leave()
}
