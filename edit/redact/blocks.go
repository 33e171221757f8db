package redact

import (
	"bytes"
	"regexp"
	"strings"
)

// As rules match one line at a time, the lines above decide whether one belongs to a
// private key, or is an entry of a list of secrets.

// keyAround matches what may stand around a line of a key: the indentation, quotes
// and signs of a program that prints or holds it, and line numbers.
const (
	keyBefore = `^[\s>+|│"'#*-]*(?:\d+[ \t│|:]*)?`
	keyBehind = `(?:\\n)?["',;+\\\s]*$`
)

// The lines of an armoured private key.
var (
	keyBegin = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|^Private-Lines: \d+`)
	keyEnd   = regexp.MustCompile(`-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|^Private-MAC: `)
	keyBody  = regexp.MustCompile(keyBefore + `(?:[A-Za-z0-9+/]{4,}={0,2}|=[A-Za-z0-9+/]{4}|[A-Z][A-Za-z-]+: .*|)` + keyBehind)
	keyData  = regexp.MustCompile(`([A-Za-z0-9+/]{4,}={0,2})` + keyBehind)
	keyFull  = regexp.MustCompile(keyBefore + `[A-Za-z0-9+/]{16,}={0,2}` + keyBehind)
	keyArmor = []byte("PRIVATE KEY")
	puttyKey = []byte("Private-")
)

// maxKeyLines is the number of lines of a key that are looked for above its end.
const maxKeyLines = 128

// lookKey replaces the line, whose first row is top, if it belongs to a private key.
func (s *screen) lookKey(top int) {
	armor := bytes.Contains(s.line, keyArmor) || bytes.Contains(s.line, puttyKey)
	if armor && keyEnd.Match(s.line) {
		s.lookKeyAbove(top)
	}
	if !s.key {
		s.key = armor && keyBegin.Match(s.line)
		return
	}
	if !keyBody.Match(s.line) {
		return
	}
	if s.insideKey(top) {
		s.hideKey()
	}
}

// insideKey reports whether a line whose first row is top follows the start of a
// private key and lines of it.
func (s *screen) insideKey(top int) bool {
	for y := top; ; {
		if y == 0 {
			return s.keyTop
		}
		y--
		for y > 0 && s.vt.Row(y).Continued() {
			y--
		}
		text := s.vt.Row(y).AppendText(nil)
		if keyBegin.Match(text) {
			return true
		}
		if !keyBody.Match(text) {
			return false
		}
	}
}

// hideKey replaces the line, which is one of a private key.
func (s *screen) hideKey() {
	if at := keyData.FindSubmatchIndex(s.line); at != nil {
		s.hide(at[2], at[3], "private-key-line", false)
	}
}

// hide replaces a part of the line.
func (s *screen) hide(from, to int, rule string, sure bool) {
	sp := s.run.m.found(s.line, valueOf(from, to), rule, sure, true)
	s.run.here = s.around(s.line, s.tagged())
	s.run.mark(sp, s.tagged()[sp.from:sp.to], where{kind: "output"})
}

// lookKeyAbove replaces the lines of a private key above its end, in row top. Its
// start may not be on the screen, as with tail.
func (s *screen) lookKeyAbove(top int) {
	line, tags := s.line, s.tagged()
	s.line, s.tags = nil, nil
	for y, n := top, 0; y > 0 && n < maxKeyLines; n++ {
		upto := y
		for y--; y > 0 && s.vt.Row(y).Continued(); y-- {
		}
		s.line, s.tags = s.line[:0], s.tags[:0]
		for row := y; row < upto; row++ {
			s.line = s.vt.Row(row).AppendText(s.line)
			s.tags = s.appendTags(s.tags, s.vt.Row(row))
		}
		if !keyFull.Match(s.line) && (n > 0 || !keyBody.Match(s.line)) {
			break
		}
		s.hideKey()
	}
	s.line, s.tags = line, tags
}

// entryKind is a kind of list, of which the entries are secrets.
type entryKind struct {
	rule  string
	word  []byte         // each head has it
	sign  []byte         // and each entry this
	head  *regexp.Regexp // matches the line above the entries
	among *regexp.Regexp // matches the lines that may stand between
	entry *regexp.Regexp // matches an entry; its group is the secret
	isOK  func(secret string) bool
}

// mostAbove is the number of lines between an entry and its head.
const mostAbove = 48

var entryKinds = []entryKind{
	{ // The data of a Kubernetes Secret: base64 of a text.
		rule: "kubernetes", word: []byte("ata"), sign: []byte(": "),
		head:  regexp.MustCompile(`^\s*["']?data["']?:\s*\{?\s*$`),
		among: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:(?:\s|$)|^\s+\S+$`),
		entry: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:\s+["']?([A-Za-z0-9+/]{4,}={0,2})["']?,?\s*$`),
		isOK: func(secret string) bool {
			return encoded(secret) || len(secret)%4 == 0 && strings.HasSuffix(secret, "=") && isText(secret) || len(secret) >= 16 && len(secret)%4 == 0 && isText(secret)
		},
	},
	{ // Its data as text.
		rule: "kubernetes", word: []byte("ata"), sign: []byte(": "),
		head:  regexp.MustCompile(`^\s*["']?stringData["']?:\s*\{?\s*$`),
		among: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:(?:\s|$)`),
		entry: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:\s+["']?([^\s"'|>].*?)["']?,?\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // .netrc with a word a line.
		rule: "netrc", word: []byte("machine"), sign: []byte("password"),
		head:  regexp.MustCompile(`^\s*(?:machine\s+\S+|default)(?:\s+login\s+\S+)?\s*$`),
		among: regexp.MustCompile(`^\s*(?:login|account)\s`),
		entry: regexp.MustCompile(`^\s*password\s+(\S+)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	// A name and its value, in a line each: the environment of Kubernetes and of ECS,
	// and parameters.
	namedEntry("ame", "name|optionname"),
	namedEntry("ey", "key|parameterkey"),
	{ // A property list.
		rule: "setting", word: []byte("<key>"), sign: []byte("<string>"),
		head:  regexp.MustCompile(`^\s*<key>[\w .-]*(?i:passw(?:or)?d|passphrase|secret|token|(?:api|access|private)[_-]?key)</key>\s*$`),
		among: regexp.MustCompile(`^\s*$`),
		entry: regexp.MustCompile(`^\s*<string>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</string>\s*$`),
		isOK: func(secret string) bool {
			return len(secret) >= 4 && !isPlaceholder(secret, "") && !metavar(secret) && !strings.Contains(secret, " ")
		},
	},
	{ // A session of FTP or POP3.
		rule: "protocol", word: []byte("USER "), sign: []byte("PASS "),
		head:  regexp.MustCompile(`^(?:\S+ )?USER \S+\s*$`),
		among: regexp.MustCompile(`^(?:[<*]+ )?(?:\d{3}|\+OK)\b`),
		entry: regexp.MustCompile(`^(?:\S+ )?PASS (\S+)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // A variable that Terraform asks for.
		rule: "prompt", word: []byte("var."), sign: []byte("Enter a value:"),
		head:  regexp.MustCompile(`^\s*var\.\S*(?i:passw|secret|token|api_?key|access_?key|private_?key|credential|_pass|_pwd)\S*\s*$`),
		among: regexp.MustCompile(`^\s*(?:[A-Z][\w ,.'()-]*)?$`),
		entry: regexp.MustCompile(`^\s*Enter a value:\s+(\S.*?)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
}

// namedEntry returns the kind of list in which an entry is the value of the name in
// the line above, behind one of labels, each of which has word.
func namedEntry(word, labels string) entryKind {
	return entryKind{
		rule: "setting", word: []byte(word), sign: []byte("alue"),
		head: regexp.MustCompile(`^[\s{-]*["']?(?i:` + labels + `)["']?:\s*["']?[\w.-]*` +
			`(?i:passw(?:or)?d|passphrase|secret|token|api[_-]?key|(?:access|private|secret|encryption|master|signing|auth)[_-]?key|credentials?|[_-]pass|[_-]pwd)["']?,?\s*$`),
		among: regexp.MustCompile(`^\s*["']?(?i:type|sensitive|secure)["']?:`),
		entry: regexp.MustCompile(`^\s*["']?(?i:value|parametervalue)["']?:\s+["']?([^\s"'|>].*?)["']?,?[\s}]*$`),
		isOK:  func(secret string) bool { return len(secret) >= 4 && !isPlaceholder(secret, "") && !metavar(secret) },
	}
}

// isText reports whether a text is base64 of a text.
func isText(secret string) bool {
	_, ok := decode64(secret)
	return ok
}

// lookEntry replaces the secret in the line, whose first row is top, if it is an entry
// of a list of secrets.
func (s *screen) lookEntry(top int) {
	for i, kind := range entryKinds {
		at, ok := s.entry(i, s.line)
		if !ok {
			continue
		}
		for y, n := top, 0; y > 0 && n < mostAbove; n++ {
			for y--; y > 0 && s.vt.Row(y).Continued(); y-- {
			}
			text := s.vt.Row(y).AppendText(nil)
			if kind.head.Match(text) {
				s.hide(at[2], at[3], kind.rule, false)
				break
			}
			if !kind.among.Match(text) {
				break
			}
		}
	}
}

// isEntry notes the heads of lists of secrets that the line is, and reports whether it
// may be an entry.
func (s *screen) isEntry(line []byte) bool {
	for i := range entryKinds {
		if _, ok := s.entry(i, line); ok {
			return true
		}
	}
	return false
}

// entry notes that the line is the head of a list of entryKinds[i], and returns where
// the secret is if the line may be an entry.
func (s *screen) entry(i int, line []byte) (at []int, ok bool) {
	kind := &entryKinds[i]
	if bytes.Contains(line, kind.word) && kind.head.Match(line) {
		s.heads |= 1 << i
	}
	if s.heads>>i&1 == 0 || !bytes.Contains(line, kind.sign) {
		return nil, false
	}
	at = kind.entry.FindSubmatchIndex(line)
	return at, at != nil && kind.isOK(string(line[at[2]:at[3]]))
}
