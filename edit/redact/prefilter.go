package redact

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// prefilter reports which texts a regular expression cannot match, a hundred times
// as fast as package regexp matches it. It is a deterministic automaton for a
// simpler expression that matches more: without assertions such as \b, with short
// repetitions instead of long ones, and without anything optional at its ends. Its
// states are made when a text needs them.
type prefilter struct {
	*automaton
	next   [][]int16        // the state that follows, by state and class; 0 if not made yet
	sets   [][]uint32       // the instructions of each state
	ids    map[string]int16 // states by their instructions
	accept []bool           // the state is reached by a match
	resets int              // number of times that there were too many states
	key    []byte           // scratch
}

// automaton is the part of a prefilter that does not change.
type automaton struct {
	prog  *syntax.Prog
	class [256]uint8 // of each byte
	bytes []int      // a byte of each class
	start []uint32   // the instructions at the start of a match
	all   bool       // the expression matches the empty text
	edged bool       // a text is to be read as with a blank at its start and its end
}

const (
	maxStates = 1 << 9 // states of a prefilter
	maxResets = 1 << 6 // after which a prefilter passes everything
	maxCopies = 12     // repetitions that count
)

// newAutomaton returns the automaton for an expression that package regexp
// compiles.
func newAutomaton(expr string) *automaton {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err == nil {
		re = trimmed(loose(re))
	}
	a := &automaton{all: true}
	if err != nil {
		return a
	}
	if a.prog, err = syntax.Compile(re.Simplify()); err != nil {
		return a
	}
	a.start, a.all = a.closure(nil, uint32(a.prog.Start))
	// Bytes that no instruction tells apart are one class.
	seen := map[string]uint8{}
	sign := make([]byte, len(a.prog.Inst))
	for c := range 256 {
		if c > 0x80 && c < 0xc0 || c > 0xc0 { // all continuations are alike, and all leads
			a.class[c] = a.class[c&0xc0]
			continue
		}
		for pc := range a.prog.Inst {
			sign[pc] = 0
			if a.matches(uint32(pc), c) {
				sign[pc] = 1
			}
		}
		key := string(sign)
		if c == 0x80 {
			key = "continuation" // it also leaves the state as it is
		}
		id, ok := seen[key]
		if !ok {
			id = uint8(len(a.bytes))
			seen[key] = id
			a.bytes = append(a.bytes, c)
		}
		a.class[c] = id
	}
	return a
}

// loose returns an expression that matches wherever re does, and that needs few
// states.
func loose(re *syntax.Regexp) *syntax.Regexp {
	for i, sub := range re.Sub {
		re.Sub[i] = loose(sub)
	}
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpCapture:
		return re.Sub[0]
	case syntax.OpRepeat:
		star := &syntax.Regexp{Op: syntax.OpStar, Sub: re.Sub}
		if re.Min == 0 {
			return star
		}
		n := re.Min
		if long := len(re.Sub[0].Sub) > 0; long || n > maxCopies {
			n = min(n, maxCopies)
			if long {
				n = 1
			}
		}
		parts := slices.Repeat(re.Sub, n)
		if n < re.Min || re.Max != re.Min {
			parts = append(parts, star)
		}
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: parts}
	}
	return re
}

// trimmed returns re without the parts at its ends that may be empty.
func trimmed(re *syntax.Regexp) *syntax.Regexp {
	if re.Op != syntax.OpConcat {
		return re
	}
	sub := re.Sub
	for len(sub) > 1 && optional(sub[0]) {
		sub = sub[1:]
	}
	for len(sub) > 1 && optional(sub[len(sub)-1]) {
		sub = sub[:len(sub)-1]
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: sub}
}

// optional reports whether re is one of the expressions that match the empty text
// too.
func optional(re *syntax.Regexp) bool {
	return re.Op == syntax.OpStar || re.Op == syntax.OpQuest || re.Op == syntax.OpEmptyMatch
}

// matches reports whether an instruction consumes a byte: the character c, or, from
// 0x80 on, any other character.
func (a *automaton) matches(pc uint32, c int) bool {
	inst := &a.prog.Inst[pc]
	switch inst.Op {
	case syntax.InstRuneAny, syntax.InstRuneAnyNotNL, syntax.InstRune, syntax.InstRune1:
	default:
		return false
	}
	if c < utf8.RuneSelf {
		return inst.MatchRune(rune(c))
	}
	folds := syntax.Flags(inst.Arg)&syntax.FoldCase != 0
	return len(inst.Rune) == 0 || folds || inst.Rune[len(inst.Rune)-1] >= utf8.RuneSelf
}

// closure adds to set the instructions that consume something and are reached from
// pc without that. match reports whether the end of a match is reached too.
func (a *automaton) closure(set []uint32, pc uint32) (_ []uint32, match bool) {
	seen := make([]bool, len(a.prog.Inst))
	var walk func(pc uint32)
	walk = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch inst := &a.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			walk(inst.Out)
			walk(inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			walk(inst.Out)
		case syntax.InstMatch:
			match = true
		case syntax.InstFail:
		default:
			set = append(set, pc)
		}
	}
	walk(pc)
	return set, match
}

func newPrefilter(a *automaton) *prefilter {
	p := &prefilter{automaton: a}
	if !a.all {
		p.reset()
	}
	return p
}

// reset forgets all states but the first, whose number is 1.
func (p *prefilter) reset() {
	p.next, p.sets, p.accept = p.next[:0], p.sets[:0], p.accept[:0]
	p.ids = map[string]int16{}
	p.state(nil, false)                   // number 0, for none
	p.state(slices.Clone(p.start), false) // state sorts it, and the automaton is shared
}

// state returns the state of a set of instructions.
func (p *prefilter) state(set []uint32, accept bool) int16 {
	slices.Sort(set)
	set = slices.Compact(set)
	p.key = p.key[:0]
	for _, pc := range set {
		p.key = binary.LittleEndian.AppendUint32(p.key, pc)
	}
	if accept {
		p.key = append(p.key, 1)
	}
	id, ok := p.ids[string(p.key)]
	if !ok {
		id = int16(len(p.sets))
		p.ids[string(p.key)] = id
		p.sets = append(p.sets, set)
		p.accept = append(p.accept, accept)
		p.next = append(p.next, make([]int16, len(p.bytes)))
	}
	return id
}

// step makes the state that follows one.
func (p *prefilter) step(from int16, class uint8) int16 {
	c := p.bytes[class]
	set := slices.Clone(p.start)
	accept := false
	if c == 0x80 { // the rest of a character, or a broken one
		set = append(set, p.sets[from]...)
	}
	for _, pc := range p.sets[from] {
		if p.matches(pc, c) {
			var match bool
			set, match = p.closure(set, p.prog.Inst[pc].Out)
			accept = accept || match
		}
	}
	to := p.state(set, accept)
	p.next[from][class] = to
	return to
}

// may reports whether the expression may match text.
func (p *prefilter) may(text []byte) bool {
	if p.all || p.resets > maxResets {
		return true
	}
	s := int16(1)
	if p.edged {
		if s = p.after(s, ' '); s == 0 {
			return true
		}
	}
	for _, c := range text {
		to := p.next[s][p.class[c]]
		if to == 0 {
			if to = p.after(s, c); to == 0 {
				return true
			}
		}
		if p.accept[to] {
			return true
		}
		s = to
	}
	if p.edged {
		if s = p.after(s, ' '); s == 0 {
			return true
		}
	}
	return p.accept[s]
}

// after returns the state that follows one on a byte, or 0 if there are too many.
func (p *prefilter) after(s int16, c byte) int16 {
	class := p.class[c]
	if to := p.next[s][class]; to != 0 {
		return to
	}
	if len(p.sets) >= maxStates {
		p.resets++
		p.reset()
		return 0
	}
	return p.step(s, class)
}
