package redact

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/vt"
)

// typed reads the input and edits it into lines, as a line editor would.
type typed struct {
	run *run
	tok tokenizer

	buf   []key // the line
	cur   int   // index of the cursor in buf
	dirty bool  // the line changed since it was searched

	prompt string // text before the cursor when the line was begun
	asked  bool   // prompt asks for a password

	text []byte // the line
	at   []int  // index in buf of the key of each byte of text
}

// key is a typed character.
type key struct {
	r       rune
	pos     int64 // offset of its bytes in the input
	n       int   // number of its bytes
	deleted []key // keys typed behind it and deleted
	// numbers are the offsets, from and to, of the numbers that encode the
	// character in the kitty keyboard protocol; nil for other keys.
	numbers [][2]int64
}

const maxTyped = 1 << 10 // keys in a line

func newTyped(r *run) *typed {
	t := &typed{run: r}
	t.tok.sink = t
	return t
}

func (t *typed) ascii(run string, pos int64) {
	for i := range len(run) {
		t.insert(key{r: rune(run[i]), pos: pos + int64(i), n: 1})
	}
}

func (t *typed) char(r rune, raw string, pos int64) {
	t.insert(key{r: r, pos: pos, n: len(raw)})
}

// insert adds a key at the cursor.
func (t *typed) insert(k key) {
	if len(t.buf) == 0 && t.run.m.replacer == nil {
		t.prompt = t.run.out.promptText()
		t.asked = asksSecret(t.prompt) || t.prompt == "" && t.run.out.hiddenRead()
	}
	if len(t.buf) >= maxTyped {
		t.look()
		n := copy(t.buf, t.buf[len(t.buf)-maxTyped/2:])
		t.buf = t.buf[:n]
		t.cur = n
	}
	t.buf = append(t.buf, key{})
	copy(t.buf[t.cur+1:], t.buf[t.cur:])
	t.buf[t.cur] = k
	t.cur++
	t.dirty = true
}

// remove deletes the keys from index from to upto. The key before them keeps
// them, so that they can be replaced with it.
func (t *typed) remove(from, upto int) {
	from, upto = max(from, 0), min(upto, len(t.buf))
	if from >= upto {
		return
	}
	t.look()
	if from > 0 {
		to := &t.buf[from-1]
		for _, k := range t.buf[from:upto] {
			if len(to.deleted) < 256 {
				to.deleted = append(to.deleted, k)
				to.deleted = append(to.deleted, k.deleted...)
			}
		}
	}
	t.buf = append(t.buf[:from], t.buf[upto:]...)
	if t.cur > upto {
		t.cur -= upto - from
	} else {
		t.cur = min(t.cur, from)
	}
	t.dirty = true
}

func (t *typed) control(seq []byte) {
	if k, pressed, ok := kittyKey(seq, t.tok.pos+1-int64(len(seq))); ok {
		if pressed {
			t.insert(k)
		} else if t.cur > 0 {
			t.buf[t.cur-1].deleted = append(t.buf[t.cur-1].deleted, k)
		}
		return
	}
	switch string(seq) {
	case "\r", "\n", "\x1b[13u":
		t.look()
		t.enter()
		t.clear()
	case "\x03", "\x04", "\x07", "\x1a", "\x1b":
		t.look()
		t.clear()
	case "\x7f", "\b", "\x1b[127u":
		t.remove(t.cur-1, t.cur)
	case "\x1b[3~":
		t.remove(t.cur, t.cur+1)
	case "\x15":
		t.remove(0, t.cur)
	case "\x0b":
		t.remove(t.cur, len(t.buf))
	case "\x17", "\x1b\x7f":
		from := t.cur
		for from > 0 && t.buf[from-1].r == ' ' {
			from--
		}
		for from > 0 && t.buf[from-1].r != ' ' {
			from--
		}
		t.remove(from, t.cur)
	case "\x01", "\x1b[H", "\x1bOH", "\x1b[1~":
		t.cur = 0
	case "\x05", "\x1b[F", "\x1bOF", "\x1b[4~":
		t.cur = len(t.buf)
	case "\x02", "\x1b[D", "\x1bOD":
		t.cur = max(t.cur-1, 0)
	case "\x06", "\x1b[C", "\x1bOC":
		t.cur = min(t.cur+1, len(t.buf))
	case "\x1bb", "\x1b[1;5D", "\x1b[1;3D":
		for t.cur > 0 && t.buf[t.cur-1].r == ' ' {
			t.cur--
		}
		for t.cur > 0 && t.buf[t.cur-1].r != ' ' {
			t.cur--
		}
	case "\x1bf", "\x1b[1;5C", "\x1b[1;3C":
		for t.cur < len(t.buf) && t.buf[t.cur].r == ' ' {
			t.cur++
		}
		for t.cur < len(t.buf) && t.buf[t.cur].r != ' ' {
			t.cur++
		}
	}
}

func (t *typed) passed(string) {}

func (t *typed) payload(kind byte, text []byte, at []int64, first, last bool) {
	t.run.payloadOf(&t.run.inMarks, "input", kind, text, at, first && last)
}

func (t *typed) clear() {
	t.buf, t.cur, t.dirty, t.asked = t.buf[:0], 0, false, false
}

func (t *typed) finish() {
	t.tok.finish()
	t.look()
}

// layout sets text and at from buf.
func (t *typed) layout() {
	t.text, t.at = t.text[:0], t.at[:0]
	for i, k := range t.buf {
		t.text = utf8.AppendRune(t.text, k.r)
		for len(t.at) < len(t.text) {
			t.at = append(t.at, i)
		}
	}
}

// look searches the line, if it changed.
func (t *typed) look() {
	if !t.dirty {
		return
	}
	t.dirty = false
	t.layout()
	for _, sp := range t.run.m.look(t.text, true) {
		if sp.s.pair != nil {
			t.replaceTyped(sp)
		} else {
			t.mark(sp)
		}
	}
}

// mark replaces the keys of a span, and those deleted between them.
func (t *typed) mark(sp span) {
	if sp.from >= sp.to {
		return
	}
	fresh := false
	t.run.here = t.around()
	first, last := t.at[sp.from], t.at[sp.to-1]
	for i := first; i <= last; i++ {
		fresh = t.hide(t.buf[i]) || fresh
		if i < last || !sp.part {
			for _, k := range t.buf[i].deleted {
				t.hide(k)
			}
		}
	}
	t.run.count(sp, where{kind: "input"}, fresh)
}

// around returns the line for the report.
func (t *typed) around() around {
	at := make([]int64, len(t.at))
	for i, index := range t.at {
		k := t.buf[index]
		if at[i] = k.pos; len(k.numbers) > 0 {
			at[i] = k.numbers[0][0]
		}
	}
	return around{text: t.text, at: at, marks: &t.run.inMarks}
}

// hide replaces a key, and reports whether it was not replaced before.
func (t *typed) hide(k key) bool {
	if len(k.numbers) > 0 {
		fresh := false
		for _, at := range k.numbers {
			for pos := at[0]; pos < at[1]; pos++ {
				digit := byte('0')
				switch at[1] - pos {
				case 1:
					digit = '2'
				case 2:
					digit = '4'
				}
				fresh = t.run.inMarks.replace(pos, digit) || fresh
			}
		}
		return fresh
	}
	return t.run.inMarks.char(k.pos, k.n, max(vt.RuneWidth(k.r), 1))
}

// passwordPrompt matches what programs print before they read a password.
var passwordPrompt = regexp.MustCompile(`(?i)(?:pass(?:word|phrase|code)|secret|token|\bpin\b|\botp\b|api key|verification code)[^:?>]{0,80}[:?>]\s*$`)

// promptSign matches the end of a prompt.
var promptSign = regexp.MustCompile(`[:：?>]\s*$`)

// asksSecret reports whether a prompt asks for a secret, in any language.
func asksSecret(prompt string) bool {
	prompt = strings.TrimRight(prompt, "*•● ") // keys that were typed, but not recorded in this order
	if !promptSign.MatchString(prompt) || shellPrompt.MatchString(prompt) {
		return false
	}
	return passwordPrompt.MatchString(prompt) || len(prompt) <= maxLead+maxTail && promptWord().MatchString(prompt)
}

// hiddenInput matches a command of a shell that reads a line without an echo.
var hiddenInput = regexp.MustCompile(`\bread\s+(?:-\w+\s+)*-\w*s|\bstty\s+-echo\b`)

// hiddenRead reports whether the line above the cursor is such a command.
func (s *screen) hiddenRead() bool {
	y := s.vt.Cursor().Y
	return y > 0 && hiddenInput.Match(s.lineAbove(&y))
}

// echoed replaces the line if a rule finds it in its echo, behind the prompt.
func (t *typed) echoed(shown []byte) {
	end := len(bytes.TrimRight(shown, " "))
	text := bytes.TrimSpace(t.text)
	for _, sp := range t.run.m.look(shown, true) {
		if sp.to >= end && sp.from <= end-len(text) {
			t.mark(span{from: 0, to: len(t.text), s: sp.s})
			return
		}
	}
}

// enter records the line as a password if it was typed at a prompt for one and
// was not echoed, or a rule finds the echo.
func (t *typed) enter() {
	if len(t.buf) == 0 || t.run.m.replacer != nil {
		return
	}
	t.layout()
	text := string(t.text)
	shown, tags := t.run.out.beforeCursor()
	var echoed []extent
	if t.asked {
		now, ok := strings.CutPrefix(string(shown), strings.TrimRight(t.prompt, " "))
		if ok && strings.TrimSpace(now) == strings.TrimSpace(text) {
			t.echoed(shown)
			return
		}
		if !ok || strings.Trim(now, " *•●·x") != "" {
			return
		}
	} else if echoed = typedAhead(shown, text); echoed == nil {
		return
	}
	sp := t.run.m.found(t.text, valueOf(0, len(t.text)), "typed-password", len(text) >= 6 && mixed(text, 6), false)
	t.mark(sp)
	for _, e := range echoed {
		t.run.here = t.run.out.around(shown, tags)
		t.run.mark(sp, tags[e.from:e.to], where{kind: "output"})
	}
}

// typedAhead returns where a line shows the parts of a text that was typed, in part
// or whole, before a program asked for it as a password. It returns nil if that was
// not so, and no parts if none is shown.
func typedAhead(shown []byte, text string) []extent {
	shown = bytes.TrimRight(shown, " ")
	if len(shown) > 512 || len(text) > 128 || bytes.HasSuffix(shown, bytes.TrimRight([]byte(text), " ")) {
		return nil // as at the prompt of a shell
	}
	for n := range len(text) { // bytes shown behind the prompt
		prompt, ok := bytes.CutSuffix(shown, []byte(text[len(text)-n:]))
		if end := bytes.TrimRight(prompt, " "); !ok || len(end) == 0 || strings.IndexByte(":?>", end[len(end)-1]) < 0 {
			continue
		}
		at := passwordPrompt.FindIndex(prompt)
		if at == nil || shellPrompt.Match(prompt) || strings.Contains(text, string(bytes.TrimRight(prompt[at[0]:], " "))) {
			continue
		}
		early := 0 // bytes shown before the prompt
		for early < len(text)-n && early < at[0] && prompt[early] == text[early] {
			early++
		}
		switch {
		case n == 0 && early == 0:
			return []extent{}
		case n == 0:
			return []extent{{0, early}}
		case early == len(text)-n:
			return []extent{{0, early}, {len(prompt), len(shown)}}
		}
	}
	return nil
}

// kittyKey reads a key with a character from the sequence of the kitty keyboard
// protocol, CSI codepoint:shifted:base ; modifiers:event ; text u
// (https://sw.kovidgoyal.net/kitty/keyboard-protocol/). seq stands at pos.
// pressed is false for the release of the key; ok is false for other sequences.
func kittyKey(seq []byte, pos int64) (k key, pressed, ok bool) {
	if len(seq) < 4 || seq[0] != 0x1b || seq[1] != '[' || seq[len(seq)-1] != 'u' {
		return key{}, false, false
	}
	params := bytes.Split(seq[2:len(seq)-1], []byte(";"))
	at := pos + 2
	k.pos, k.n = pos, len(seq)
	for i, param := range params {
		for j, sub := range bytes.Split(param, []byte(":")) {
			n, err := strconv.Atoi(string(sub))
			switch {
			case len(sub) == 0:
			case err != nil || n < 0 || n > utf8.MaxRune:
				return key{}, false, false
			case i == 0 && j == 0 && (n < ' ' || n == 0x7f || 0xe000 <= n && n <= 0xf8ff):
				return key{}, false, false // Enter, Backspace, keys without a character
			case i == 0 && j == 0:
				k.r = rune(n)
			case i == 0 && j == 1 && k.shift(params):
				k.r = rune(n)
			case i == 1 && j == 0 && (n-1)&^(1|64) != 0: // more than shift and caps lock
				return key{}, false, false
			case i == 2 && j == 0:
				k.r = rune(n)
			}
			if len(sub) > 0 && i != 1 {
				k.numbers = append(k.numbers, [2]int64{at, at + int64(len(sub))})
			}
			at += int64(len(sub)) + 1
		}
	}
	pressed = len(params) < 2 || !bytes.HasSuffix(params[1], []byte(":3"))
	return k, pressed, k.r != 0
}

// shift reports whether the second parameter has the shift key.
func (k key) shift(params [][]byte) bool {
	if len(params) < 2 {
		return false
	}
	mods, _, _ := bytes.Cut(params[1], []byte(":"))
	n, err := strconv.Atoi(string(mods))
	return err == nil && n > 0 && (n-1)&1 != 0
}
