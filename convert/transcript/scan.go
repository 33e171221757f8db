package transcript

import "strings"

// token is a sequence in the output at which the tracer stops to look.
type token uint8

const (
	tokNone    token = iota
	tokPaste         // CSI ? 2004 h: a line editor begins to read
	tokNoPaste       // CSI ? 2004 l: the line editor has ended
	tokPrompt        // zsh begins to draw its prompt
	tokErase         // CSI K
	tokKeys          // CSI ? 1 h: the cursor keys are in application mode
	tokNoKeys        // CSI ? 1 l: the cursor keys are in normal mode
	tokAlt           // the alternate screen is entered
	tokLine          // a line feed comes next
	tokReturn        // a carriage return comes next
)

// scanner cuts output at tokens. It knows just enough of the syntax of control
// sequences to find them, however the bytes are split. The zero value is ready
// for use.
type scanner struct {
	state scanState
	// param is the start of the CSI sequence being read, as far as it fits.
	param [16]byte
	n     int
	// idiom counts the consecutive sequences of zsh's prompt start read so far.
	idiom int
	// near: nothing was read since the last CSI sequence.
	near bool
	// fresh: the last byte that was neither part of a sequence nor a control
	// character that shows nothing was a line feed.
	fresh bool
	// last has the last two such bytes.
	last [2]byte
	// returns is the number of CRs read last.
	returns int
	// asked: the terminal was asked where the cursor is, as busybox does.
	asked bool
	// lines: stop before every line feed.
	lines bool
	// heads: stop before every carriage return.
	heads bool
	// erases: stop at CSI K.
	erases bool
	// stopped: the scanner has stopped before the line feed or carriage return
	// that comes next.
	stopped bool
}

type scanState uint8

const (
	scanGround scanState = iota
	scanEsc
	scanEscIgnore // ESC and an intermediate byte
	scanCSI
	scanOSC
	scanString // DCS, APC, PM, SOS, and the title of screen and tmux (ESC k)
	scanStringEsc
)

// next returns the next token and the number of bytes of data up to its end.
func (s *scanner) next(data string) (int, token) {
	for i := 0; i < len(data); {
		c := data[i]
		switch s.state {
		case scanGround:
			if !s.lines && !s.heads && !s.erases && s.idiom == 0 {
				if i = s.leap(data, i); i == len(data) {
					return i, tokNone
				}
				s.stopped = false
				c = data[i]
			}
			if c == 0x1b {
				s.state = scanEsc
				i++
				continue
			}
			run := data[i:]
			if esc := strings.IndexByte(run, 0x1b); esc >= 0 {
				run = run[:esc]
			}
			if at, tok := s.ends(run); at == 0 && s.stopped {
				s.stopped = false
				run = run[:1]
			} else if tok != tokNone {
				s.ground(run[:at])
				s.stopped = true
				return i + at, tok
			}
			s.ground(run)
			s.stopped = false
			i += len(run)
		case scanEsc:
			i++
			switch {
			case c == '[':
				s.state, s.n = scanCSI, 0
			case c == ']':
				s.state = scanOSC
			case c == 'P' || c == '_' || c == '^' || c == 'X' || c == 'k':
				s.state = scanString
			case c >= 0x20 && c < 0x30:
				s.state = scanEscIgnore
			case c == 0x1b:
			default:
				s.state = scanGround
				s.near = false
			}
		case scanEscIgnore:
			i++
			switch {
			case c == 0x1b:
				s.state = scanEsc
			case c >= 0x30 || c == 0x18 || c == 0x1a:
				s.state = scanGround
				s.near = false
			}
		case scanCSI:
			// The parameters, as far as they have arrived.
			for c >= '0' && c <= ';' {
				if s.n < len(s.param) {
					s.param[s.n] = c
				}
				s.n++
				if i++; i == len(data) {
					return len(data), tokNone
				}
				c = data[i]
			}
			i++
			switch {
			case c == 0x1b:
				s.state = scanEsc
			case c == 0x18 || c == 0x1a:
				s.state = scanGround
			case c >= 0x40 && c < 0x7f:
				s.state = scanGround
				tok := s.csi(c)
				s.near = true
				if tok != tokNone {
					return i, tok
				}
			case c >= 0x20 && c < 0x40:
				if s.n < len(s.param) {
					s.param[s.n] = c
				}
				s.n++
			case c == '\n': // executed inside the sequence
				s.fresh = true
			}
		case scanOSC, scanString:
			ends := "\x07\x1b\x18\x1a"
			if s.state == scanString {
				ends = ends[1:] // only an OSC ends at BEL
			}
			j := strings.IndexAny(data[i:], ends)
			if j < 0 {
				return len(data), tokNone
			}
			i += j + 1
			if data[i-1] == 0x1b {
				s.state = scanStringEsc
				continue
			}
			// A mark may change which tokens matter.
			s.state = scanGround
			return i, tokNone
		case scanStringEsc:
			s.state = scanEsc // the string was cut off by another sequence
			if c == '\\' {
				i++
				s.state = scanGround
			}
			return i, tokNone
		}
	}
	return len(data), tokNone
}

// ends returns where the first line feed or carriage return in run is, and its
// token, if the scanner stops there.
func (s *scanner) ends(run string) (int, token) {
	at, tok := -1, tokNone
	if s.lines {
		if at = strings.IndexByte(run, '\n'); at >= 0 {
			run, tok = run[:at], tokLine
		}
	}
	if s.heads {
		if cr := strings.IndexByte(run, '\r'); cr >= 0 {
			at, tok = cr, tokReturn
		}
	}
	return at, tok
}

// leap skips to the next sequence that may be a token. Most are not, and their
// third byte shows it.
func (s *scanner) leap(data string, i int) int {
	for {
		esc := strings.IndexByte(data[i:], 0x1b)
		if esc < 0 {
			s.ground(data[i:])
			return len(data)
		}
		s.ground(data[i : i+esc])
		i += esc
		if i+2 >= len(data) || data[i+1] != '[' {
			return i
		}
		c := data[i+2]
		if c == '?' {
			return i
		}
		end := i + 2
		for end < len(data) && data[end] >= '0' && data[end] <= ';' {
			end++
		}
		if end == len(data) || data[end] < 0x40 || data[end] > 0x7e {
			return i
		}
		if (c == '0' || c == 'm') && !followed(data[end+1:]) {
			return i
		}
		s.asked = s.asked || data[end] == 'n'
		i = end + 1
		s.near = true
	}
}

// followed reports whether data, which follows CSI 0 m, is long enough to judge
// and is not what zsh writes next.
func followed(data string) bool {
	data = strings.TrimLeft(data, silentBytes)
	return len(data) > 2 && (data[0] != 0x1b || data[1] == '[' && data[2] != '2')
}

// silentBytes are NUL, SO and SI. Terminals such as linux and screen have SI in
// the sequence that ends all attributes.
const silentBytes = "\x00\x0e\x0f"

// ground takes bytes that belong to no sequence.
func (s *scanner) ground(run string) {
	if strings.Trim(run, silentBytes) == "" {
		return
	}
	s.near = false
	if rest := strings.TrimRight(run, "\r"); rest == "" {
		s.returns += len(run)
	} else {
		s.returns = len(run) - len(rest)
	}
	var last [2]byte
	n := len(last)
	for i := len(run) - 1; i >= 0 && n > 0; i-- {
		switch run[i] {
		case '\r', 0, 0x07, 0x0e, 0x0f:
		default:
			n--
			last[n] = run[i]
		}
	}
	switch n {
	case 2:
		return
	case 1:
		last[0] = s.last[1]
	}
	s.last, s.fresh = last, last[1] == '\n'
}

// interrupted reports whether "^C" was written last.
func (s *scanner) interrupted() bool { return s.last == [2]byte{'^', 'C'} }

// csi takes a complete sequence and returns its token.
func (s *scanner) csi(final byte) token {
	idiom := 0
	if s.near {
		idiom = s.idiom
	}
	s.idiom = 0
	if s.n > len(s.param) {
		return tokNone
	}
	param := s.param[:s.n]
	switch final {
	case 'm':
		// CSI 0 m, CSI 27 m, CSI 24 m, CSI J: zsh begins a prompt with these.
		// On terminals that show standout as italics, 23 replaces 27.
		switch {
		case s.n == 0 || s.n == 1 && param[0] == '0':
			s.idiom = 1
		case s.n == 2 && param[0] == '2':
			switch {
			case idiom == 1 && (param[1] == '7' || param[1] == '3'):
				s.idiom = 2
			case idiom == 2 && param[1] == '4':
				return tokPrompt
			}
		}
	case 'K':
		if s.erases && (s.n == 0 || s.n == 1 && param[0] == '0') {
			return tokErase
		}
	case 'n':
		s.asked = true
	case 'h', 'l':
		if s.n == 0 || param[0] != '?' {
			return tokNone
		}
		tok := tokNone
		for p := range strings.SplitSeq(string(param[1:]), ";") {
			switch {
			case p == "2004" && final == 'h':
				return tokPaste
			case p == "2004":
				return tokNoPaste
			case p == "1" && final == 'h':
				tok = tokKeys
			case p == "1":
				tok = tokNoKeys
			case (p == "1049" || p == "47" || p == "1047") && final == 'h':
				tok = tokAlt
			}
		}
		return tok
	}
	return tokNone
}
