package record

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key is a key of the keyboard: a character, with Ctrl or without. The zero Key
// is no key.
type Key struct {
	// Rune is the character; with Ctrl it is lower case.
	Rune rune
	// Ctrl reports whether Ctrl is held down.
	Ctrl bool
}

// ParseKey parses a key written as "p", "C-b", "C+b", "^b" or "^\"; "" and
// "none" are no key.
func ParseKey(s string) (Key, error) {
	var k Key
	name := s
	switch {
	case s == "" || s == "none":
		return Key{}, nil
	case len(s) > 2 && (s[0] == 'C' || s[0] == 'c') && (s[1] == '-' || s[1] == '+'):
		k.Ctrl, name = true, s[2:]
	case len(s) > 1 && s[0] == '^':
		k.Ctrl, name = true, s[1:]
	}
	r, n := utf8.DecodeRuneInString(name)
	if n != len(name) || r == utf8.RuneError || !unicode.IsGraphic(r) {
		return Key{}, fmt.Errorf("malformed key %q: want one character, C-x or ^x for ctrl-x, or none", s)
	}
	k.Rune = r
	if k.Ctrl {
		k.Rune = unicode.ToLower(r)
		if r < '@' || r > 'z' {
			return Key{}, fmt.Errorf("malformed key %q: ctrl works with letters and @ [ \\ ] ^ _", s)
		}
	}
	return k, nil
}

// String returns the key in the form that [ParseKey] parses.
func (k Key) String() string {
	switch {
	case k == Key{}:
		return "none"
	case k.Ctrl:
		return "C-" + string(k.Rune)
	}
	return string(k.Rune)
}

// Keys are the keys that control a recording.
type Keys struct {
	// Prefix comes before each of the others, so that those stay free for programs;
	// pressed twice it goes to the program. Without a Prefix the others work alone.
	Prefix Key
	// Pause pauses and resumes the recording.
	Pause Key
	// Marker sets a marker.
	Marker Key
	// Detach leaves an attached session; a [Recorder] ignores it.
	Detach Key
}

// DefaultKeys are C-\ p for pause and C-\ m for a marker. Other recorders use
// Ctrl-\ too; hardly any program does.
var DefaultKeys = Keys{Prefix: Key{'\\', true}, Pause: Key{'p', false}, Marker: Key{'m', false}}

// Action is the action of one of the [Keys].
type Action int

// The actions.
const (
	// NoAction is the zero Action: none.
	NoAction Action = iota
	// PauseAction pauses or resumes the recording.
	PauseAction
	// MarkerAction sets a marker.
	MarkerAction
	// DetachAction leaves an attached session.
	DetachAction
)

// FilterKeys finds keys in input. It returns feed, which takes the input as it
// is read, from one goroutine at a time; feed calls pass with the bytes for the
// program, and do for each key that it finds, in the order of the input. The
// argument of pass is valid during the call only.
func FilterKeys(keys Keys, pass func([]byte), do func(Action)) (feed func([]byte)) {
	return (&hotkeys{Keys: keys, pass: pass, do: do}).feed
}

// hotkeys finds the recorder's keys in the user's input. It finds them anywhere
// in a read, in the encodings of old terminals (Ctrl-\ is 0x1c), of kitty (CSI
// 92;5u, also with event types) and of xterm's modifyOtherKeys (CSI 27;5;92~),
// but not inside a bracketed paste.
type hotkeys struct {
	Keys
	pass func([]byte) // receives the program's input; must not keep it
	do   func(Action) // receives the recorder's actions

	prefixed bool // the prefix was the last key
	pasting  bool
	tail     []byte // the last bytes of the previous read, to find paste marks that reads split
	swallow  Key    // its press was not passed on, so its release is not either
}

// feed takes input and calls pass and do in the order of the keys.
func (h *hotkeys) feed(p []byte) {
	if h.Pause == (Key{}) && h.Marker == (Key{}) && h.Detach == (Key{}) {
		h.pass(p)
		return
	}
	if len(p) == 1 && h.pasting && !h.prefixed && h.is(p, h.Prefix) {
		// A paste comes in larger pieces: its end was lost.
		h.pasting = false
	}
	sent := 0
	for i := 0; i < len(p); {
		n, key, release := h.token(p[i:])
		tok := p[i : i+n]
		i += n
		h.trackPaste(tok)
		if h.pasting || key == (Key{}) {
			continue
		}
		if release {
			if h.swallow != (Key{}) && key == h.swallow {
				h.pass(p[sent : i-n])
				sent = i
				h.swallow = Key{}
			}
			continue
		}
		act := NoAction
		switch {
		case h.Prefix != (Key{}) && !h.prefixed:
			if key != h.Prefix {
				continue
			}
			h.pass(p[sent : i-n])
			sent = i
			h.prefixed, h.swallow = true, key
			continue
		case key == h.Pause:
			act = PauseAction
		case key == h.Marker:
			act = MarkerAction
		case key == h.Detach:
			act = DetachAction
		}
		if act != NoAction {
			h.pass(p[sent : i-n])
			sent = i
			h.swallow = key
			h.prefixed = false
			h.do(act)
			continue
		}
		if h.prefixed {
			// The prefix pressed twice is for the program. Any other key is
			// dropped: with Ctrl-\ a program would only quit.
			h.pass(p[sent : i-n])
			sent = i
			h.prefixed = false
			if key == h.Prefix {
				h.pass(tok)
			} else {
				h.swallow = key
			}
		}
	}
	h.pass(p[sent:])
}

// is reports whether tok is the key k, pressed.
func (h *hotkeys) is(tok []byte, k Key) bool {
	_, key, release := h.token(tok)
	return key == k && k != Key{} && !release
}

// token returns the length of the key or sequence at the start of p, and the
// key that it encodes, if that could be one of ours.
func (h *hotkeys) token(p []byte) (n int, k Key, release bool) {
	c := p[0]
	switch {
	case c == 0x1b && len(p) > 2 && p[1] == '[':
		for n = 2; n < len(p) && p[n] < 0x40; n++ {
		}
		if n == len(p) {
			return n, Key{}, false
		}
		k, release = csiKey(p[2:n], p[n])
		return n + 1, k, release
	case c == 0x1b && len(p) > 1:
		return 2, Key{}, false // Alt with a key, or SS3
	case c == 0x1b:
		return 1, Key{}, false
	case c < 0x20:
		return 1, Key{unicode.ToLower(rune(c) | 0x40), true}, false
	case c < utf8.RuneSelf:
		return 1, Key{rune(c), false}, false
	}
	r, n := utf8.DecodeRune(p)
	return n, Key{r, false}, false
}

// csiKey parses the parameters of a key in kitty's protocol
// (https://sw.kovidgoyal.net/kitty/keyboard-protocol/) or in that of xterm's
// modifyOtherKeys.
func csiKey(params []byte, final byte) (k Key, release bool) {
	fields := strings.Split(string(params), ";")
	var code, mods string
	switch {
	case final == 'u' && len(fields) >= 1 && len(fields) <= 3:
		code = fields[0]
		if len(fields) > 1 {
			mods = fields[1]
		}
	case final == '~' && len(fields) == 3 && fields[0] == "27":
		code, mods = fields[2], fields[1]
	default:
		return Key{}, false
	}
	code, _, _ = strings.Cut(code, ":") // alternates: shifted, base layout
	mods, kind, _ := strings.Cut(mods, ":")
	c, ok := decimal(code)
	if !ok || c < 0x20 || c >= 57344 && c <= 63743 { // kitty's own: modifiers, media keys
		return Key{}, false
	}
	m := 1
	if mods != "" {
		if m, ok = decimal(mods); !ok || m < 1 {
			return Key{}, false
		}
	}
	const shift, ctrl, locks = 1, 4, 64 | 128
	m = (m - 1) &^ locks
	k = Key{Rune: rune(c), Ctrl: m&ctrl != 0}
	if m&^(ctrl|shift) != 0 {
		return Key{}, false
	}
	if m&shift != 0 && !k.Ctrl {
		k.Rune = unicode.ToUpper(k.Rune)
	}
	return k, kind == "3"
}

func decimal(s string) (n int, ok bool) {
	if s == "" || len(s) > 7 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

var pasteStart, pasteEnd = []byte("\x1b[200~"), []byte("\x1b[201~")

// trackPaste finds the start and end marks of bracketed pastes, also where a
// read split them.
func (h *hotkeys) trackPaste(tok []byte) {
	h.tail = append(h.tail, tok...)
	switch {
	case bytes.HasSuffix(h.tail, pasteStart):
		h.pasting = true
	case bytes.HasSuffix(h.tail, pasteEnd):
		h.pasting = false
	}
	if n := len(h.tail) - len(pasteStart); n > 0 {
		h.tail = append(h.tail[:0], h.tail[n:]...)
	}
}
