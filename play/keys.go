package play

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// key is one press of a key, one move of the mouse, or a paste. Its name is the
// character itself if that is printable, else a word: "esc", "enter", "tab",
// "backspace", "up", "home", "f1", "paste", "mouse". The prefixes "ctrl-", "alt-"
// and "shift-" come in that order, as in "ctrl-c" and "shift-left".
type key struct {
	name string
	// text is the pasted text, for "paste".
	text string
	// x and y are the cell under the mouse, from 0. button is 0 for the left
	// button, 64 and 65 for the wheel. drag: the mouse moved while the button
	// was pressed; up: the button was released.
	x, y, button int
	drag, up     bool
}

// escapeWait is how long a lone ESC waits for the rest of a sequence before it
// counts as the Esc key. Sequences arrive in one read or, over slow lines, in
// reads close to each other.
const escapeWait = 50 * time.Millisecond

// Bounds in bytes of an unfinished sequence and of a paste.
const (
	maxSequence = 64
	maxPaste    = 1 << 16
)

// keyReader splits the bytes that a terminal sends into keys.
type keyReader struct {
	buf   []byte // not split yet
	paste bool   // inside a bracketed paste
	text  []byte // the paste so far
}

// feed adds p and returns the keys that are complete.
func (k *keyReader) feed(p []byte) []key {
	k.buf = append(k.buf, p...)
	var keys []key
	for len(k.buf) > 0 {
		key, n := k.next()
		if n == 0 {
			if len(k.buf) <= maxSequence {
				break
			}
			n = len(k.buf) // no terminal sends this: drop it
		}
		k.buf = k.buf[n:]
		if key.name != "" {
			keys = append(keys, key)
		}
	}
	if len(k.buf) == 0 {
		k.buf = nil
	}
	return keys
}

// pending reports whether an incomplete key waits for flush.
func (k *keyReader) pending() bool { return len(k.buf) > 0 && !k.paste }

// flush returns the keys in an incomplete sequence, when nothing more has come for
// escapeWait.
func (k *keyReader) flush() []key {
	rest := k.buf
	k.buf = nil
	var keys []key
	for i, c := range rest {
		if i == 0 && c == 0x1b {
			keys = append(keys, key{name: "esc"})
		} else if c >= 0x20 && c < 0x7f {
			keys = append(keys, key{name: string(rune(c))})
		}
	}
	if len(keys) > 1 { // an unknown, unfinished sequence was not typed
		return keys[:1]
	}
	return keys
}

const (
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// next returns the key at the front of buf and its length, 0 if it is incomplete.
// The caller ignores a key without a name.
func (k *keyReader) next() (key, int) {
	b := k.buf
	if k.paste {
		if i := strings.Index(string(b), pasteEnd); i >= 0 {
			k.addPaste(b[:i])
			text := string(k.text)
			k.paste, k.text = false, nil
			return key{name: "paste", text: text}, i + len(pasteEnd)
		}
		// Keep bytes that may begin pasteEnd.
		n := max(len(b)-len(pasteEnd)+1, 0)
		k.addPaste(b[:n])
		return key{}, n
	}
	if b[0] != 0x1b {
		return plainKey(b)
	}
	if len(b) == 1 {
		return key{}, 0
	}
	switch b[1] {
	case '[':
		return k.csiKey(b)
	case 'O':
		if len(b) < 3 {
			return key{}, 0
		}
		return key{name: ss3Keys[b[2]]}, 3
	case ']', 'P', '_', '^', 'X':
		// The answer to a query of another program: skip it.
		for i := 2; i < len(b); i++ {
			if b[i] == 7 {
				return key{}, i + 1
			}
			if b[i] == '\\' && b[i-1] == 0x1b {
				return key{}, i + 1
			}
		}
		return key{}, 0
	case 0x1b:
		return key{name: "esc"}, 1
	}
	inner, n := plainKey(b[1:])
	if n == 0 {
		return key{}, 0
	}
	if inner.name != "" {
		inner.name = "alt-" + inner.name
	}
	return inner, 1 + n
}

func (k *keyReader) addPaste(p []byte) {
	if room := maxPaste - len(k.text); len(p) > room {
		p = p[:room]
	}
	k.text = append(k.text, p...)
}

// plainKey reads a key that is a character.
func plainKey(b []byte) (key, int) {
	switch c := b[0]; {
	case c == '\r' || c == '\n':
		return key{name: "enter"}, 1
	case c == '\t':
		return key{name: "tab"}, 1
	case c == 0x7f || c == 8:
		return key{name: "backspace"}, 1
	case c == 0:
		return key{name: "ctrl-space"}, 1
	case c == 0x1b:
		return key{name: "esc"}, 1
	case c <= 0x1a:
		return key{name: "ctrl-" + string(rune('a'+c-1))}, 1
	case c < 0x20:
		return key{name: "ctrl-" + string(rune(c+0x40))}, 1
	case c < 0x80:
		return key{name: string(rune(c))}, 1
	}
	if !utf8.FullRune(b) {
		return key{}, 0
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError {
		return key{}, n
	}
	return key{name: string(r)}, n
}

var ss3Keys = map[byte]string{
	'A': "up", 'B': "down", 'C': "right", 'D': "left", 'F': "end", 'H': "home",
	'P': "f1", 'Q': "f2", 'R': "f3", 'S': "f4", 'M': "enter",
}

var tildeKeys = map[int]string{
	1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pgup", 6: "pgdown",
	7: "home", 8: "end", 11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5",
}

// csiKey reads a key that is a control sequence, as sent by xterm (ctlseqs,
// "PC-Style Function Keys"), rxvt, the Linux console and the kitty keyboard
// protocol.
func (k *keyReader) csiKey(b []byte) (key, int) {
	if len(b) >= 3 && b[2] == '[' { // Linux console: ESC [ [ A is F1
		if len(b) < 4 {
			return key{}, 0
		}
		if b[3] >= 'A' && b[3] <= 'E' {
			return key{name: "f" + string(rune('1'+b[3]-'A'))}, 4
		}
		return key{}, 4
	}
	end := 2
	for end < len(b) && (b[end] < 0x40 || b[end] > 0x7e) {
		if b[end] < 0x20 || b[end] > 0x7e { // cut off: ignore the sequence
			return key{}, end
		}
		end++
	}
	if end == len(b) {
		return key{}, 0
	}
	final, n := b[end], end+1
	params := string(b[2:end])
	if final == 'M' && params == "" { // X10 mouse; never switched on
		if len(b) < n+3 {
			return key{}, 0
		}
		return key{}, n + 3
	}
	if rest, ok := strings.CutPrefix(params, "<"); ok && (final == 'M' || final == 'm') {
		return mouseKey(rest, final == 'm'), n
	}
	first, second := numbers(params)
	name := ""
	switch {
	case final == '~' && first == 200:
		k.paste = true
	case final == '~' && first == 27: // modifyOtherKeys: CSI 27 ; mod ; code ~
		if parts := strings.Split(params, ";"); len(parts) == 3 {
			code, _ := strconv.Atoi(parts[2])
			name = codeName(code)
		}
	case final == '~':
		name = tildeKeys[first]
	case final == 'u':
		name = codeName(first)
	case final == 'Z':
		return key{name: "shift-tab"}, n
	default:
		name = ss3Keys[final]
		if final == 'M' {
			name = ""
		}
	}
	if name == "" {
		return key{}, n
	}
	return key{name: modified(name, second)}, n
}

// modified adds the prefixes for the modifiers in mod, the second parameter of
// xterm and kitty.
func modified(name string, mod int) string {
	if mod < 2 {
		return name
	}
	mod--
	if mod&1 != 0 {
		if len(name) == 1 {
			name = strings.ToUpper(name)
		} else {
			name = "shift-" + name
		}
	}
	if mod&2 != 0 {
		name = "alt-" + name
	}
	if mod&4 != 0 {
		name = "ctrl-" + strings.ToLower(name)
	}
	return name
}

// codeName returns the name of the key for a code point, as the extended keyboard
// protocols of kitty and xterm send it.
func codeName(code int) string {
	if code <= 0 || code > utf8.MaxRune || code >= 0xe000 && code <= 0xf8ff {
		return ""
	}
	k, _ := plainKey([]byte(string(rune(code))))
	return k.name
}

// numbers returns the first two parameters of a sequence, without kitty's
// sub-parameters.
func numbers(params string) (first, second int) {
	a, rest, _ := strings.Cut(params, ";")
	b, _, _ := strings.Cut(rest, ";")
	a, _, _ = strings.Cut(a, ":")
	b, _, _ = strings.Cut(b, ":")
	first, _ = strconv.Atoi(a)
	second, _ = strconv.Atoi(b)
	return first, second
}

// mouseKey reads an SGR mouse report (xterm ctlseqs, "Extended coordinates").
func mouseKey(params string, up bool) key {
	parts := strings.Split(params, ";")
	if len(parts) != 3 {
		return key{}
	}
	b, err1 := strconv.Atoi(parts[0])
	x, err2 := strconv.Atoi(parts[1])
	y, err3 := strconv.Atoi(parts[2])
	if err1 != nil || err2 != nil || err3 != nil || x < 1 || y < 1 {
		return key{}
	}
	return key{name: "mouse", x: x - 1, y: y - 1, button: b &^ (4 | 8 | 16 | 32), drag: b&32 != 0, up: up}
}
