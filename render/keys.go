package render

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// escapeWait is how long an ESC in the input may be the beginning of a sequence.
// Recorders write most sequences as one event.
const escapeWait = 50 * time.Millisecond

// maxPending is the most bytes of a sequence in the input. Longer ones are no keys, and
// skipped as they come.
const maxPending = 256

// keyReader reads keys from the input of a terminal. It leaves out what the mouse sends
// and what the terminal itself answers.
type keyReader struct {
	// text is called with a character that was typed, key with the name of any other
	// key, and paste with the first line of a text that was pasted; more reports that
	// there was more.
	text  func(r rune)
	key   func(name string)
	paste func(line string, more bool)

	pending []byte // an incomplete sequence or character
	wasCR   bool   // the last key was Enter, from CR: a LF belongs to it

	skipping bool // within a control string
	skipEsc  bool // its last byte was ESC

	pasting bool
	pasted  []byte // its first bytes
	more    bool   // there were more than maxPaste
	match   int    // how many of its last bytes are the first ones of pasteEnd
}

const (
	pasteEnd = "\x1b[201~"
	maxPaste = 512
)

// waits reports whether the input so far may be a key, or the beginning of a sequence.
func (k *keyReader) waits() bool {
	return len(k.pending) > 0 && len(k.pending) <= 2 && k.pending[0] == 0x1b
}

// flush ends the wait: nothing follows.
func (k *keyReader) flush() {
	if !k.waits() {
		return
	}
	b := k.pending
	k.pending = b[:0]
	switch {
	case len(b) == 1:
		k.key("Esc")
	case b[1] == 0x1b:
		k.key("Esc")
		k.key("Esc")
	case b[1] < utf8.RuneSelf:
		k.char(rune(b[1]), "Alt-")
	}
}

// feed reads the data of an event.
func (k *keyReader) feed(data string) {
	for i := 0; i < len(data); {
		switch {
		case k.pasting:
			k.pasteByte(data[i])
			i++
		case k.skipping:
			k.skipByte(data[i])
			i++
		default:
			k.pending = append(k.pending, data[i])
			i++
			k.step()
		}
	}
}

// step reads what is pending, if it is complete.
func (k *keyReader) step() {
	b := k.pending
	if b[0] != 0x1b {
		if !utf8.FullRune(b) {
			return
		}
		r, n := utf8.DecodeRune(b)
		rest := string(b[n:]) // of a broken character
		k.pending = b[:0]
		k.char(r, "")
		k.feed(rest)
		return
	}
	if len(b) == 1 {
		return
	}
	alt := ""
	if b[1] == 0x1b { // with Alt, some terminals put another ESC before a sequence
		if len(b) == 2 {
			return
		}
		if b[2] == 0x1b {
			k.pending = k.pending[1:]
			k.key("Esc")
			return
		}
		alt, b = "Alt-", b[1:]
	}
	switch b[1] {
	case '[':
		k.csi(b, alt)
	case 'O':
		last := b[len(b)-1]
		if len(b) == 2 || len(b) < 10 && (last >= '0' && last <= '9' || last == ';') {
			return // modifiers, as in ESC O 5 A
		}
		k.pending = k.pending[:0]
		if name, ok := ss3Keys[last]; ok {
			params := string(b[2 : len(b)-1])
			mods, _ := strconv.Atoi(params[strings.IndexByte(params, ';')+1:])
			k.key(named(mods, alt, name))
		}
	case ']', 'P', 'X', '^', '_':
		if len(b) > 2 { // an answer; ESC and such a character alone are Alt and a key
			k.skipping, k.skipEsc, k.pending = true, false, k.pending[:0]
			k.skipByte(b[2])
		}
	default:
		if alt != "" { // ESC, and then Alt and a key
			k.pending = k.pending[1:]
			k.key("Esc")
		}
		if !utf8.FullRune(b[1:]) {
			return
		}
		r, _ := utf8.DecodeRune(b[1:])
		k.pending = k.pending[:0]
		k.char(r, "Alt-")
	}
}

// skipByte skips a byte of a control string: up to BEL or ST.
func (k *keyReader) skipByte(c byte) {
	if k.skipEsc && c != '\\' { // another sequence
		k.skipping = false
		k.pending = append(k.pending[:0], 0x1b, c)
		k.step()
		return
	}
	if c == 0x07 || c == 0x18 || c == 0x1a || k.skipEsc {
		k.skipping = false
	}
	k.skipEsc = c == 0x1b
}

// char is called for a character, with or without Alt.
func (k *keyReader) char(r rune, alt string) {
	cr := k.wasCR
	k.wasCR = false
	switch {
	case r == '\r':
		k.wasCR = true
		k.key(alt + "⏎")
	case r == '\n':
		if !cr {
			k.key(alt + "⏎")
		}
	case r == '\t':
		k.key(alt + "⇥")
	case r == 0x7f || r == '\b':
		k.key(alt + "⌫")
	case r == 0x1b:
		k.key(alt + "Esc")
	case r == 0:
		k.key("⌃" + alt + "Space")
	case r < 0x20:
		k.key("⌃" + alt + string(r+'@'))
	case alt != "" && r == ' ':
		k.key("Alt-Space")
	case alt != "":
		if RuneWidth(r) > 0 {
			k.key(alt + string(r))
		}
	default:
		k.text(r)
	}
}

// pasteByte reads a byte of a text that is pasted.
func (k *keyReader) pasteByte(c byte) {
	switch {
	case c == pasteEnd[k.match]:
		k.match++
		if k.match == len(pasteEnd) {
			line, rest, more := strings.Cut(strings.ReplaceAll(string(k.pasted), "\r", "\n"), "\n")
			k.paste(line, k.more || more && strings.Trim(rest, "\n") != "")
			k.pasting, k.pasted, k.more, k.match = false, k.pasted[:0], false, 0
		}
		return
	case c == 0x1b:
		k.match = 1
		return
	}
	k.match = 0
	if len(k.pasted) < maxPaste {
		k.pasted = append(k.pasted, c)
	} else {
		k.more = true
	}
}

// csi reads a control sequence, if it is complete.
func (k *keyReader) csi(b []byte, alt string) {
	if len(b) == 2 {
		return
	}
	last := b[len(b)-1]
	switch {
	case b[2] == '[': // the keys F1 to F5 of the Linux console
		if len(b) < 4 {
			return
		}
		k.pending = k.pending[:0]
		if last >= 'A' && last <= 'E' {
			k.key(alt + "F" + string(last-'A'+'1'))
		}
		return
	case b[2] == 'M': // the mouse, with three characters
		if utf8.RuneCount(b[3:]) < 3 || !utf8.FullRune(lastRune(b)) {
			if len(b) < 3+3*utf8.UTFMax {
				return
			}
		}
		k.pending = k.pending[:0]
		return
	case last == 0x1b || last == 0x18 || last == 0x1a: // broken off
		k.pending = k.pending[:0]
		if last == 0x1b {
			k.pending = append(k.pending, 0x1b)
		}
		return
	case last == '$' && len(b) > 3 && len(strings.Trim(string(b[2:len(b)-1]), "0123456789")) == 0: // Shift and a key, of rxvt
	case last < 0x40 || last > 0x7e:
		if len(b) > maxPending {
			k.pending = append(k.pending[:0], "\x1b[?"...) // no key
		}
		return
	}
	params := string(b[2 : len(b)-1])
	k.pending = k.pending[:0]
	k.wasCR = false
	if params != "" && params[0] >= '<' && params[0] <= '?' {
		return // an answer, or the mouse
	}
	k.sequence(params, last, alt)
}

func lastRune(b []byte) []byte {
	i := len(b) - 1
	for i > 0 && len(b)-i < utf8.UTFMax && !utf8.RuneStart(b[i]) {
		i--
	}
	return b[i:]
}

// sequence is called for a control sequence without a private marker.
func (k *keyReader) sequence(params string, last byte, alt string) {
	nums := strings.Split(params, ";")
	number := func(i, part int) int {
		if i >= len(nums) {
			return 0
		}
		parts := strings.Split(nums[i], ":")
		if part >= len(parts) {
			return 0
		}
		n, _ := strconv.Atoi(parts[part])
		return n
	}
	mods := number(1, 0)
	if number(1, 1) == 3 { // the key was released (kitty's protocol)
		return
	}
	switch last {
	case '~', '^', '@', '$':
		n := number(0, 0)
		switch last { // rxvt
		case '$':
			mods = 1 + shift
		case '^':
			mods = 1 + ctrl
		case '@':
			mods = 1 + shift + ctrl
		}
		switch name := tildeKeys[n]; {
		case n == 200:
			k.pasting, k.match = true, 0
		case n == 27: // xterm's modifyOtherKeys
			k.code(number(2, 0), mods, alt)
		case name != "":
			k.key(named(mods, alt, name))
		}
	case 'a', 'b', 'c', 'd': // rxvt
		if params == "" {
			k.key(named(1+shift, alt, csiKeys[last-'a'+'A']))
		}
	case 'Z':
		k.key(named(1+(max(mods-1, 0)|shift), alt, "⇥"))
	case 'R': // F3, but mostly the place of the cursor
	case 'u':
		if r := number(2, 0); r > 0 && max(mods-1, 0)&(altMod|ctrl|super) == 0 { // the text that it typed
			k.code(r, 0, alt)
		} else {
			n := number(0, 0)
			if s := number(0, 1); s > 0 && (mods-1)&shift != 0 && mods > 0 && (mods-1)&(ctrl|altMod|super) == 0 {
				n, mods = s, 0
			}
			k.code(n, mods, alt)
		}
	default:
		if name, ok := csiKeys[last]; ok && (params == "" || nums[0] == "1") && len(nums) <= 3 {
			k.key(named(mods, alt, name))
		}
	}
}

// The modifiers in control sequences, of which 1 more is sent.
const (
	shift  = 1
	altMod = 2
	ctrl   = 4
	super  = 8
)

// code is called for a key that is sent as its code point.
func (k *keyReader) code(n, mods int, alt string) {
	if name, ok := codeKeys[n]; ok {
		k.key(named(mods, alt, name))
		return
	}
	if n < ' ' || n > utf8.MaxRune || n >= 0xe000 && n <= 0xf8ff || RuneWidth(rune(n)) == 0 {
		return
	}
	if m := max(mods-1, 0); m&(altMod|ctrl|super) == 0 && alt == "" {
		if m&shift != 0 && n >= 'a' && n <= 'z' {
			n -= 'a' - 'A'
		}
		k.text(rune(n))
		return
	}
	name := string(rune(n))
	if n == ' ' {
		name = "Space"
	} else if m := max(mods-1, 0); m&ctrl != 0 && n >= 'a' && n <= 'z' {
		name = strings.ToUpper(name)
	}
	k.key(named(mods, alt, name))
}

// named returns the name of a key with its modifiers.
func named(mods int, alt, name string) string {
	m := max(mods-1, 0)
	if m&ctrl != 0 {
		alt = "⌃" + alt
	}
	if m&altMod != 0 && !strings.Contains(alt, "Alt-") {
		alt += "Alt-"
	}
	if m&super != 0 {
		alt += "Super-"
	}
	if m&shift != 0 {
		alt += "⇧"
	}
	return alt + name
}

// csiKeys are the keys of sequences by their last byte.
var csiKeys = map[byte]string{
	'A': "↑", 'B': "↓", 'C': "→", 'D': "←", 'E': "Begin", 'F': "End", 'H': "Home",
	'P': "F1", 'Q': "F2", 'S': "F4",
}

// ss3Keys are the keys that terminals send as ESC O and a byte, in some modes.
var ss3Keys = map[byte]string{
	'A': "↑", 'B': "↓", 'C': "→", 'D': "←", 'E': "Begin", 'F': "End", 'H': "Home",
	'P': "F1", 'Q': "F2", 'R': "F3", 'S': "F4", 'M': "⏎", 'I': "⇥", 'X': "=",
	'j': "*", 'k': "+", 'l': ",", 'm': "-", 'n': ".", 'o': "/", 'p': "0", 'q': "1", 'r': "2", 's': "3",
	't': "4", 'u': "5", 'v': "6", 'w': "7", 'x': "8", 'y': "9",
}

// tildeKeys are the keys of sequences that end in ~.
var tildeKeys = map[int]string{
	1: "Home", 2: "Ins", 3: "Del", 4: "End", 5: "PgUp", 6: "PgDn", 7: "Home", 8: "End",
	11: "F1", 12: "F2", 13: "F3", 14: "F4", 15: "F5", 17: "F6", 18: "F7", 19: "F8", 20: "F9", 21: "F10",
	23: "F11", 24: "F12", 25: "F13", 26: "F14", 28: "F15", 29: "F16", 31: "F17", 32: "F18", 33: "F19", 34: "F20",
}

// codeKeys are the keys without a character of their own in kitty's protocol
// (https://sw.kovidgoyal.net/kitty/keyboard-protocol/).
var codeKeys = map[int]string{
	9: "⇥", 13: "⏎", 27: "Esc", 127: "⌫", 8: "⌫",
	57361: "PrtSc", 57362: "Pause", 57363: "Menu",
	57376: "F13", 57377: "F14", 57378: "F15", 57379: "F16", 57380: "F17", 57381: "F18", 57382: "F19", 57383: "F20",
	57399: "0", 57400: "1", 57401: "2", 57402: "3", 57403: "4", 57404: "5", 57405: "6", 57406: "7", 57407: "8", 57408: "9",
	57409: ".", 57410: "/", 57411: "*", 57412: "-", 57413: "+", 57414: "⏎", 57415: "=",
	57417: "←", 57418: "→", 57419: "↑", 57420: "↓", 57421: "PgUp", 57422: "PgDn", 57423: "Home", 57424: "End",
	57425: "Ins", 57426: "Del", 57427: "Begin",
}
