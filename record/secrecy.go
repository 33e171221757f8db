package record

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ttydeck/ttydeck/internal/tty"
)

// secrecy finds the input that must not be recorded: input that the program
// does not show.
//
// A program that reads a line with echo off is recognised by the modes of its
// terminal. One that reads by the character (fish's read -s, bash's read -s -n)
// has the modes of a line editor. It is recognised by a password prompt before
// the cursor that is there when the line is begun and stays there: an editor
// would show the input after the prompt.
type secrecy struct {
	mu     sync.Mutex // guards the fields below
	tail   []byte     // the end of the output
	full   bool       // on the alternate screen
	begun  bool       // the line has been begun
	asked  bool       // at a password prompt
	line   []byte     // the secret typed so far
	known  []string   // secrets that were typed
	spared []byte     // reused
}

const (
	// secretTail is the length of the end of the output, in bytes, that is searched
	// for a prompt.
	secretTail = 1 << 10
	// minSecret and maxSecret bound the length of a secret that is hidden in
	// output: a shorter one could be anything, and nobody types a longer one.
	minSecret, maxSecret = 6, 256
	// maxSecrets bounds the number of secrets that are hidden.
	maxSecrets = 32
)

// passwordPrompt matches the end of output when a program reads a password.
var passwordPrompt = regexp.MustCompile(`(?i)(?:pass(?:word|phrase|code)|secret|token|\bpin\b|\botp\b|api key|verification code)[^:?>]{0,80}[:?>]\s*[*•●·]*\s*$`)

// typed returns the part of the input that may be recorded. It is valid until
// the next call.
func (y *secrecy) typed(p []byte, m tty.Mode) []byte {
	y.mu.Lock()
	defer y.mu.Unlock()
	if !m.Echo && m.Canonical {
		y.learn(p)
		return nil
	}
	y.spared = y.spared[:0]
	for _, c := range p {
		was := y.asked
		if !y.begun || y.asked {
			y.asked = !m.Echo && y.asks()
		}
		if was && !y.asked {
			y.learn([]byte{'\r'}) // the secret ended without Enter
		}
		y.begun = true
		if y.asked {
			y.learn([]byte{c})
		} else {
			y.spared = append(y.spared, c)
		}
		if c == '\r' || c == '\n' || c == 3 || c == 4 {
			y.begun, y.asked = false, false
		}
	}
	return y.spared
}

// learn takes a part of a secret.
func (y *secrecy) learn(p []byte) {
	for _, c := range p {
		switch {
		case c == '\r' || c == '\n':
			if n := len(y.line); n >= minSecret && n < maxSecret && len(y.known) < maxSecrets && !slices.Contains(y.known, string(y.line)) {
				y.known = append(y.known, string(y.line))
			}
			y.line = y.line[:0]
		case c == 3 || c == 4 || c == 0x15:
			y.line = y.line[:0]
		case c == 0x7f || c == '\b':
			y.line = y.line[:max(len(y.line)-1, 0)]
		case len(y.line) < maxSecret:
			y.line = append(y.line, c)
		}
	}
}

// asks reports whether the output ends in a password prompt.
func (y *secrecy) asks() bool {
	return !y.full && passwordPrompt.MatchString(lastLine(y.tail))
}

// printed takes output and returns it with asterisks for the secrets that were
// typed.
func (y *secrecy) printed(s string) string {
	y.mu.Lock()
	defer y.mu.Unlock()
	if at := strings.LastIndex(s, "\x1b[?1049"); at >= 0 && at+len("\x1b[?1049") < len(s) {
		y.full = s[at+len("\x1b[?1049")] == 'h'
	}
	if len(s) >= secretTail {
		y.tail = append(y.tail[:0], s[len(s)-secretTail:]...)
	} else {
		if over := len(y.tail) + len(s) - secretTail; over > 0 {
			y.tail = append(y.tail[:0], y.tail[over:]...)
		}
		y.tail = append(y.tail, s...)
	}
	for _, secret := range y.known {
		s = hide(s, secret)
	}
	if len(y.line) >= minSecret {
		s = hide(s, string(y.line)) // for a program that needs no Enter
	}
	return s
}

func hide(s, secret string) string {
	if !strings.Contains(s, secret) {
		return s
	}
	return strings.ReplaceAll(s, secret, strings.Repeat("*", len(secret)))
}

// lastLine returns the text of the last line of output, without escape
// sequences.
func lastLine(out []byte) string {
	out = out[bytes.LastIndexByte(out, '\n')+1:]
	var b strings.Builder
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == 0x1b && i+1 < len(out) && out[i+1] == '[':
			for i += 2; i < len(out) && (out[i] < 0x40 || out[i] > 0x7e); i++ {
			}
		case c == 0x1b && i+1 < len(out) && out[i+1] == ']':
			for i += 2; i < len(out) && out[i] != 0x07 && out[i] != 0x1b; i++ {
			}
			if i < len(out) && out[i] == 0x1b {
				i++
			}
		case c == 0x1b:
			i++
			for i < len(out) && out[i] >= 0x20 && out[i] < 0x30 {
				i++
			}
		case c >= 0x20 && c != 0x7f:
			b.WriteByte(c)
		}
	}
	return b.String()
}
