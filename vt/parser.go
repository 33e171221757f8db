package vt

// The parser turns bytes into operations on a Screen: printed text, control
// characters, and complete ESC, CSI, OSC and DCS sequences. It is the state
// machine of Paul Williams (https://vt100.net/emu/dec_ansi_parser), applied to
// code points after UTF-8 decoding, so that the C1 controls are U+0080 to
// U+009F and never a stray byte. Two fast paths come before it: one for runs of
// printable ASCII, one for CSI sequences that are whole in the buffer. Both do
// exactly what the machine does; FuzzChunks checks that.

const (
	maxParams  = 32      // as in xterm.js; more are ignored
	maxValues  = 64      // parameters and sub-parameters together
	maxString  = 1 << 16 // payload of an OSC; a longer one is dropped as a whole
	maxParam   = 1<<31 - 1
	noSubParam = -1 // an empty sub-parameter, such as the one in 38:2::1:2:3
)

// seq holds the parts of a CSI or DCS sequence.
type seq struct {
	params [maxValues]int32
	n      int    // values in params, at least 1
	mains  int    // how many of them are not sub-parameters
	colon  uint64 // bit i: params[i] is a sub-parameter
	prefix byte   // one of < = > ? or 0
	inter  uint16 // up to two intermediate bytes, the last one in the low byte
	over   bool   // params is full: digits are dropped
}

func (q *seq) reset() {
	q.params[0] = 0
	q.n, q.mains, q.colon, q.prefix, q.inter, q.over = 1, 1, 0, 0, 0, false
}

// arg returns parameter i, or def if it is missing or 0.
func (q *seq) arg(i, def int) int {
	if i < q.n && q.params[i] > 0 {
		return int(q.params[i])
	}
	return def
}

// dropSubParams keeps only the parameters themselves, for sequences that take
// no sub-parameters.
func (q *seq) dropSubParams() {
	n := 0
	for i := range q.n {
		if q.colon>>i&1 == 0 {
			q.params[n] = q.params[i]
			n++
		}
	}
	q.n, q.mains, q.colon = n, n, 0
}

func (q *seq) param(c byte) {
	switch {
	case c == ';':
		if q.mains == maxParams || q.n == maxValues {
			q.over = true
			return
		}
		q.params[q.n] = 0
		q.n++
		q.mains++
	case c == ':':
		if q.over || q.n == maxValues {
			q.over = true
			return
		}
		q.params[q.n] = noSubParam
		q.colon |= 1 << q.n
		q.n++
	case !q.over:
		v := int64(max(q.params[q.n-1], 0))
		q.params[q.n-1] = int32(min(v*10+int64(c-'0'), maxParam))
	}
}

func (q *seq) collect(c byte) {
	if c >= '<' {
		q.prefix = c
		return
	}
	q.inter = q.inter<<8 | uint16(c)
}

// States of the machine.
const (
	stGround = iota
	stEscape
	stEscapeInter
	stCSIEntry
	stCSIParam
	stCSIInter
	stCSIIgnore
	stDCSEntry
	stDCSParam
	stDCSInter
	stDCSIgnore
	stDCSPass
	stOSC
	stString // SOS, PM, APC and the title of screen and tmux (ESC k): ignored
	numStates
)

// Actions of the machine. Its own "ignore" is actNone.
const (
	actNone = iota
	actPrint
	actExecute
	actClear
	actCollect
	actParam
	actESC
	actCSI
	actDCS
	actOSCStart
	actOSCPut
	actOSCEnd
)

// wideIndex is the column of the table for every code point from U+00A0 on.
const wideIndex = 0xa0

// transitions holds action<<4 | next state for each state and code point.
var transitions = makeTransitions()

func makeTransitions() (t [numStates][wideIndex + 1]uint8) {
	on := func(state, lo, hi, action, next int) {
		for c := lo; c <= hi; c++ {
			t[state][c] = uint8(action<<4 | next)
		}
	}
	c0 := func(state, action int) {
		on(state, 0x00, 0x1f, action, state)
	}

	// Everything not listed below is an error: no action, back to ground.
	on(stGround, 0x20, 0x7e, actPrint, stGround)
	on(stGround, wideIndex, wideIndex, actPrint, stGround)
	c0(stGround, actExecute)

	c0(stEscape, actExecute)
	on(stEscape, 0x20, 0x2f, actCollect, stEscapeInter)
	on(stEscape, 0x30, 0x7e, actESC, stGround)
	on(stEscape, '[', '[', actClear, stCSIEntry)
	on(stEscape, ']', ']', actOSCStart, stOSC)
	on(stEscape, 'P', 'P', actClear, stDCSEntry)
	for _, c := range "X^_k" {
		on(stEscape, int(c), int(c), actNone, stString)
	}
	on(stEscape, 0x7f, 0x7f, actNone, stEscape)

	c0(stEscapeInter, actExecute)
	on(stEscapeInter, 0x20, 0x2f, actCollect, stEscapeInter)
	on(stEscapeInter, 0x30, 0x7e, actESC, stGround)
	on(stEscapeInter, 0x7f, 0x7f, actNone, stEscapeInter)

	for _, st := range []int{stCSIEntry, stCSIParam} {
		c0(st, actExecute)
		on(st, 0x20, 0x2f, actCollect, stCSIInter)
		on(st, 0x30, 0x3b, actParam, stCSIParam)
		on(st, 0x40, 0x7e, actCSI, stGround)
		on(st, 0x7f, 0x7f, actNone, st)
	}
	on(stCSIEntry, 0x3c, 0x3f, actCollect, stCSIParam)
	on(stCSIParam, 0x3c, 0x3f, actNone, stCSIIgnore)
	c0(stCSIInter, actExecute)
	on(stCSIInter, 0x20, 0x2f, actCollect, stCSIInter)
	on(stCSIInter, 0x30, 0x3f, actNone, stCSIIgnore)
	on(stCSIInter, 0x40, 0x7e, actCSI, stGround)
	on(stCSIInter, 0x7f, 0x7f, actNone, stCSIInter)
	c0(stCSIIgnore, actExecute)
	on(stCSIIgnore, 0x20, 0x3f, actNone, stCSIIgnore)
	on(stCSIIgnore, 0x40, 0x7e, actNone, stGround)
	on(stCSIIgnore, 0x7f, 0x7f, actNone, stCSIIgnore)
	on(stCSIIgnore, wideIndex, wideIndex, actNone, stCSIIgnore)

	for _, st := range []int{stDCSEntry, stDCSParam} {
		c0(st, actNone)
		on(st, 0x20, 0x2f, actCollect, stDCSInter)
		on(st, 0x30, 0x3b, actParam, stDCSParam)
		on(st, 0x40, 0x7e, actDCS, stDCSPass)
		on(st, 0x7f, 0x7f, actNone, st)
	}
	on(stDCSEntry, 0x3c, 0x3f, actCollect, stDCSParam)
	on(stDCSParam, 0x3c, 0x3f, actNone, stDCSIgnore)
	c0(stDCSInter, actNone)
	on(stDCSInter, 0x20, 0x2f, actCollect, stDCSInter)
	on(stDCSInter, 0x30, 0x3f, actNone, stDCSIgnore)
	on(stDCSInter, 0x40, 0x7e, actDCS, stDCSPass)
	on(stDCSInter, 0x7f, 0x7f, actNone, stDCSInter)
	for _, st := range []int{stDCSIgnore, stDCSPass, stString} {
		c0(st, actNone)
		on(st, 0x20, 0x7f, actNone, st)
		on(st, wideIndex, wideIndex, actNone, st)
	}

	c0(stOSC, actNone)
	on(stOSC, 0x20, 0x7f, actOSCPut, stOSC)
	on(stOSC, wideIndex, wideIndex, actOSCPut, stOSC)

	// Transitions from every state.
	for st := range numStates {
		leave := func(c, action, next int) {
			// Leaving a string ends it first. run calls the exit
			// before the action, so only exits without an action
			// are listed here.
			on(st, c, c, action, next)
		}
		leave(0x18, actExecute, stGround)
		leave(0x1a, actExecute, stGround)
		leave(0x1b, actClear, stEscape)
		for c := 0x80; c <= 0x9f; c++ {
			leave(c, actExecute, stGround)
		}
		leave(0x90, actClear, stDCSEntry)
		leave(0x9b, actClear, stCSIEntry)
		leave(0x9d, actOSCStart, stOSC)
		leave(0x9c, actNone, stGround)
		for _, c := range []int{0x98, 0x9e, 0x9f} {
			leave(c, actNone, stString)
		}
	}
	on(stOSC, 0x07, 0x07, actOSCEnd, stGround) // xterm's own terminator
	return t
}

// parser is the state between two writes. Snapshots copy it by value and clone
// str.
type parser struct {
	seq
	state uint8

	// An incomplete UTF-8 sequence: the bits so far, the number of
	// continuation bytes still missing, and the bounds of the next one.
	need   uint8
	lo, hi uint8
	cp     rune
	seen   uint8   // bytes of it read so far
	pend   [3]byte // and those bytes

	str     []byte // payload of the current OSC
	strOver bool   // it is longer than maxString and will be dropped
}

// feed parses b. It neither changes nor keeps b.
func (s *Screen) feed(b []byte) {
	i := 0
	if s.p.state|s.p.need != 0 {
		i = s.resume(b)
	}
	for i < len(b) {
		c := b[i]
		switch {
		case c-0x20 < 0x5f:
			if s.slow {
				i += s.printSlow(b[i:])
				continue
			}
			if s.pend {
				s.wrapPending()
			}
			// A run of printable ASCII goes straight into the line,
			// as far as there is room. Cells are stored while the
			// end of the run is searched.
			l := s.buf.lines[s.y]
			x := s.x
			cells := l.cells
			if x > 0 && cells[x-1].lo&chWide != 0 {
				cells[x-1] = s.halfBlank()
			}
			lo, hi := s.penLo, s.penHi
			src := b[i:]
			dst := cells[x:]
			if len(src) > len(dst) {
				src = src[:len(dst)]
			}
			dst = dst[:len(src)]
			k := 0
			for k < len(src) {
				c := src[k]
				if c-0x20 >= 0x5f {
					break
				}
				dst[k].lo = lo | uint64(c)
				dst[k].hi = hi
				k++
			}
			if step := s.opts.step; step > 0 {
				for j := range dst[:k] {
					dst[j].hi += uint64(j) * step
				}
				s.penHi += uint64(k) * step
			}
			i += k
			x += k
			l.touched = touchedAll
			if x > l.used {
				l.used = x
			}
			if x < len(cells) {
				if cells[x].lo&chSpacer != 0 {
					cells[x] = s.halfBlank()
				}
				s.x = x
			} else {
				s.x, s.pend = x-1, true
			}
			s.joinable = true
			s.cluster = clusterState{}
		case c == 0x1b:
			p := &s.p
			p.reset()
			if i++; i == len(b) || b[i] != '[' {
				p.state = stEscape
				i = s.run(b, i)
				continue
			}
			p.state = stCSIEntry
			if i++; i < len(b) && b[i]-'<' < 4 {
				p.prefix = b[i]
				p.state = stCSIParam
				i++
			}
			if i = s.fastCSI(b, i); p.state != stGround {
				i = s.run(b, i)
			}
		case c >= 0x80:
			if n := s.printUTF8(b[i:]); n > 0 {
				i += n
				continue
			}
			i = s.run(b, i)
		case c != 0x7f:
			s.execute(c)
			i++
		default:
			i++
		}
	}
}

// resume parses on inside a sequence, up to its end or that of b.
func (s *Screen) resume(b []byte) int {
	p := &s.p
	i := 0
	if p.state == stEscape && len(b) > 0 && b[0] == '[' && p.need == 0 {
		p.state = stCSIEntry // the reset was done at the ESC
		i = 1
	}
	if (p.state == stCSIParam || p.state == stCSIEntry) && p.colon == 0 && !p.over && p.need == 0 {
		if p.state == stCSIEntry && i < len(b) && b[i]-'<' < 4 {
			p.prefix = b[i]
			p.state = stCSIParam
			i++
		}
		i = s.fastCSI(b, i)
		if p.state == stGround {
			return i
		}
	}
	return s.run(b, i)
}

// fastCSI is the machine in the states stCSIEntry and stCSIParam, for digits,
// semicolons and the final byte. It stops at any other byte, at the end of b
// and at the limits of seq; the machine goes on from there.
func (s *Screen) fastCSI(b []byte, i int) int {
	p := &s.p
	q := &p.seq
	n := q.n - 1
	v := q.params[n&(maxValues-1)]
	start := i
	for i < len(b) {
		c := b[i]
		if d := c - '0'; d <= 9 {
			if v > maxParam/10-1 {
				break
			}
			v = v*10 + int32(d)
			i++
			continue
		}
		if c == ';' {
			if n+1 >= maxParams {
				break
			}
			q.params[n&(maxValues-1)] = v
			v = 0
			n++
			i++
			continue
		}
		if c-0x40 >= 0x3f {
			break
		}
		q.params[n&(maxValues-1)] = v
		q.n, q.mains = n+1, n+1
		p.state = stGround
		if c == 'm' && q.prefix == 0 {
			s.sgr(q)
			s.joinable = false
		} else {
			s.csi(q, c)
		}
		return i + 1
	}
	q.params[n&(maxValues-1)] = v
	q.n, q.mains = n+1, n+1
	if i > start {
		p.state = stCSIParam
	}
	return i
}

// run drives the machine from b[i] until it is in ground again or b ends, and
// returns where it stopped.
func (s *Screen) run(b []byte, i int) int {
	p := &s.p
	for i < len(b) {
		c := b[i]
		code := rune(c)
		if c >= 0x80 || p.need != 0 {
			r, n, ok := p.decode(c)
			i += n
			if !ok {
				continue
			}
			code = r
		} else {
			i++
		}
		s.step(code)
		if p.state == stGround && p.need == 0 {
			break
		}
	}
	return i
}

// decode decodes one byte of UTF-8. It returns the number of bytes consumed (0
// if c belongs to what follows a broken sequence) and, if ok, a code point.
// Each maximal part of a broken sequence becomes one U+FFFD.
func (p *parser) decode(c byte) (r rune, n int, ok bool) {
	if p.need != 0 {
		if c < p.lo || c > p.hi {
			p.need = 0
			return 0xfffd, 0, true
		}
		p.cp = p.cp<<6 | rune(c&0x3f)
		p.lo, p.hi = 0x80, 0xbf
		if p.need--; p.need > 0 {
			p.pend[p.seen] = c
			p.seen++
		}
		return p.cp, 1, p.need == 0
	}
	p.lo, p.hi = 0x80, 0xbf
	p.pend[0], p.seen = c, 1
	switch {
	case 0xc2 <= c && c <= 0xdf:
		p.need, p.cp = 1, rune(c&0x1f)
	case 0xe0 <= c && c <= 0xef:
		p.need, p.cp = 2, rune(c&0x0f)
		if c == 0xe0 {
			p.lo = 0xa0 // no overlong forms
		} else if c == 0xed {
			p.hi = 0x9f // no surrogates
		}
	case 0xf0 <= c && c <= 0xf4:
		p.need, p.cp = 3, rune(c&0x07)
		if c == 0xf0 {
			p.lo = 0x90
		} else if c == 0xf4 {
			p.hi = 0x8f
		}
	default:
		return 0xfffd, 1, true
	}
	return 0, 1, false
}

// step makes one transition of the machine.
func (s *Screen) step(code rune) {
	p := &s.p
	t := transitions[p.state][min(code, wideIndex)]
	action, next := t>>4, t&15

	// A string ends with whatever leaves its state; CAN and SUB abort it.
	if next != p.state || code == 0x1b || code == 0x9d {
		switch p.state {
		case stOSC:
			if code != 0x18 && code != 0x1a && !p.strOver {
				s.osc(p.str)
			}
			p.endString()
			s.joinable = false
		case stDCSPass:
			if code != 0x18 && code != 0x1a {
				s.dcs(&p.seq)
			}
			s.joinable = false
		}
	}
	p.state = next

	switch action {
	case actPrint:
		s.printRune(code)
	case actExecute:
		if code < 0x80 {
			s.execute(byte(code))
		} else {
			s.c1(code)
		}
	case actClear:
		p.reset()
	case actCollect:
		p.collect(byte(code))
	case actParam:
		p.param(byte(code))
	case actESC:
		s.esc(p.inter, byte(code))
		s.joinable = false
	case actCSI:
		s.csi(&p.seq, byte(code))
	case actDCS:
		// dcs reads the final byte from there; the payload is not kept.
		p.inter = p.inter<<8 | uint16(code)
	case actOSCStart:
		p.endString()
	case actOSCPut:
		p.put(code)
	}
}

func (p *parser) put(code rune) {
	if p.strOver {
		return
	}
	if len(p.str) >= maxString {
		p.endString()
		p.strOver = true
		return
	}
	p.str = appendRune(p.str, code)
}

// endString empties the payload buffer, and frees a large one.
func (p *parser) endString() {
	p.strOver = false
	if cap(p.str) > 4096 {
		p.str = nil
	}
	p.str = p.str[:0]
}
