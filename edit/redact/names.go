package redact

import (
	"bytes"
	"regexp"
	"strings"
)

// secretish matches a name with one of the words that may make it that of a secret;
// secretName decides. The expression needs the word, or the name in
// "https://x/?token=1" would be "https".
const secretish = `[A-Za-z0-9_.-]*(?i:passw|pass|secret|token|key|credential|auth|pwd|pat|psk|pw)[A-Za-z0-9_.-]*`

// nameRules returns rules for secrets without a form of their own, which are
// recognized by the name before them, the place in a URL, or the option of a
// command. gitleaks is made for source code, where most of these rules would be
// wrong; a terminal shows environments, configuration and command lines.
//
// An expression matches the text before a value. A function then reads the value
// by the grammar of a shell, or of what it belongs to.
func nameRules() []*rule {
	words := []string{
		"password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key",
		"access_key", "access-key", "accesskey", "private_key", "private-key", "privatekey", "encryption_key", "encryption-key", "encryptionkey",
		"master_key", "master-key", "masterkey", "signing_key", "signing-key", "signingkey", "account_key", "account-key", "accountkey",
		"storage_key", "storage-key", "storagekey", "credential", "auth", "pass", "pwd", "psk", "_pat", "-pat", "rootpw", "bindpw", "userpw", "adminpw", "ownerpw",
		"dbpw", "_pw", "shared_key", "shared-key", "sharedkey",
	}
	const upper = `[A-Z0-9_]*(?:PASSW|PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|PWD|PAT|PSK|SESSION)[A-Z0-9_]*`
	return []*rule{
		{
			// An assignment to an environment variable: NAME=VALUE.
			name: "variable", keywords: append([]string{"_key=", "_session="}, words...),
			expr: `(?:^|[^A-Za-z0-9_$])(` + upper + `)(?:\[\w*\])?\+?=`,
			read: environmentValue,
		},
		{
			// A name in lower case may be source code, in which a value is often
			// another name.
			name: "variable", keywords: words,
			expr: `(` + secretish + `)(?:\\*["'])?(\]?\s*(?:=>|[:+?]?=|:)\s*)`,
			read: namedValue,
		},
		{
			// csh, launchctl and Apache: setenv NAME VALUE. Windows: setx.
			name: "variable", keywords: []string{"setenv", "setx"},
			expr: `(?i:\bsetenv|\bsetx(?:\s+/\w)?)\s+(` + upper + `)\s+`,
			read: func(m match) []value {
				if !secretName(m.group(1)) {
					return nil
				}
				return wordValue(m)
			},
		},
		{
			// Dockerfile: ENV NAME VALUE, to the end of the line.
			name: "variable", keywords: words,
			expr: `^(?:\s|\d|[|│+-])*(?:ONBUILD\s+)?ENV\s+(` + upper + `)\s+`,
			read: dockerValue,
		},
		{
			name: "variable", keywords: []string{"printf -v"},
			expr: `\bprintf\s+-v\s+(` + secretish + `)\s+(?:["']?%\w["']?\s+)?`,
			read: func(m match) []value {
				if !secretName(m.group(1)) {
					return nil
				}
				return wordValue(m)
			},
		},
		{
			// fish: set -x NAME VALUE...
			name: "variable", keywords: append([]string{"_key "}, words...),
			expr: `(?:^|[>$#%;&|(@+❯➜λ»~]\s*|\b(?:then|do|and|or|begin)\s+)set((?:\s+-[\w-]+)*)\s+(` + secretish + `)\s+`,
			read: fishValues,
		},
		{
			// A here-string for a variable of a secret, or for a command that
			// reads one.
			name: "option", keywords: []string{"<<<"},
			expr: `(?:\bread\b[^<>|;&]*?\s(` + secretish + `)|(?:^|[\s;|&(){}"'/])(?:htpasswd\b|` + secretReaders + `))[^<>|;&]*<<<\s*`,
			read: hereValue,
		},
		{
			name: "authorization", keywords: []string{"authorization"},
			expr: `(?i)((?:proxy-|x-[a-z-]+-)?authorization)(?:\\*["'])?(\]?)\s*(?:=>|:?=|:)\s*`,
			read: func(m match) []value { return headerValue(m, authScheme) },
		},
		{
			name: "authorization", keywords: []string{"bearer"},
			expr:   `(?i)\bbearer\s+([A-Za-z0-9._~+/-]{12,}=*)`,
			accept: func(m match) bool { return mixed(m.secret(), 12) },
		},
		{
			name: "authorization", keywords: []string{"x-"},
			expr: `(?i)\b(x-[a-z0-9-]*(?:key|token|secret|auth)[a-z0-9-]*)(?:\\*["'])?()\s*:\s*`,
			read: func(m match) []value { return headerValue(m, nil) },
		},
		{
			name: "url-password", keywords: []string{"://"},
			expr: `[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'"<>]*:`,
			read: urlPassword,
		},
		{
			name: "option", keywords: append([]string{"--"}, words...),
			expr: `(?:^|[\s"'])(--?)(` + secretish + `)(=|\s+|["']\s*,\s*)`,
			read: optionValue,
		},
		{
			name: "option", keywords: []string{"pass:"},
			expr: `\b(pass):`,
			read: sslPassword,
		},
		{
			name: "netrc", keywords: []string{"password"},
			expr: `\b(login|user|username)\s+\S+\s+password\s+`,
			read: func(m match) []value {
				w := m.place(-1, m.all[1]).word(style{config: true, spaced: true})
				if m.placeholder(w, "") || m.group(1) != "login" && !mixed(string(w.text), 6) {
					return nil
				}
				return m.value(w)
			},
		},
	}
}

// value is a secret that a rule read.
type value struct {
	from, to int // bytes of its first part, which is all of it if it has no quotes inside
	// end is the end of the text, from from on, that is searched for elsewhere.
	// It is less than to if the rest may not belong to the secret.
	end  int
	weak bool     // it is not searched for elsewhere
	more []extent // its other parts
	also []string // other spellings: the secret without quotes, its other parts
}

// valueOf returns the value that is the bytes from from to to.
func valueOf(from, to int) value { return value{from: from, to: to, end: to} }

// value returns the value of a word, or none if the word is empty.
func (m match) value(w word) []value {
	if w.open {
		return m.guess(w)
	}
	parts := w.parts()
	if len(parts) == 0 {
		return nil
	}
	v := valueOf(parts[0].from, parts[0].to)
	v.more = parts[1:]
	if !bytes.Equal(m.text[v.from:v.to], w.text) {
		for text := range bytes.SplitSeq(w.text, []byte("\n")) {
			v.also = append(v.also, string(text))
		}
		for _, part := range v.more {
			v.also = append(v.also, string(m.text[part.from:part.to]))
		}
	}
	return []value{v}
}

// guess is value for a word that may end too late. Only its text up to the first
// blank is searched for elsewhere.
func (m match) guess(w word) []value {
	parts := w.parts()
	if len(parts) == 0 {
		return nil
	}
	v := valueOf(parts[0].from, parts[0].to)
	v.more = parts[1:]
	if piece := w.piece(); len(piece.text) > 0 && piece.last() < v.end {
		v.end = piece.last()
	}
	// The title that fish sets is the start of a command and a directory, so a
	// quote in it may have no content but that.
	v.weak = w.open && blank(w.text[0])
	return []value{v}
}

// piece returns the word's content up to the first blank.
func (w word) piece() word {
	i := 0
	for i < len(w.text) && blank(w.text[i]) {
		i++
	}
	j := i
	for j < len(w.text) && !blank(w.text[j]) {
		j++
	}
	return w.slice(i, j)
}

// placeholder reports whether a word stands in for a secret.
func (m match) placeholder(w word, name string) bool {
	return w.expands() || placeholderText(string(w.text), name) || template.Match(w.text)
}

var (
	// The text before a quote that holds a command.
	commandQuote = regexp.MustCompile(`(?:^|\s)-\w*c\s+$|\beval\s+$|\balias\s+\S+=$`)
	// The text before a quote that holds an assignment and nothing else.
	assignQuote = regexp.MustCompile(`(?:^[\s-]*|[=(\[{,]|\s--?[\w-]+|\s-\w|\b(?:env|export|declare|typeset|local|readonly|ENV|ARG|set|setx))\s*$`)
	// The text before a name at the start of a line, as printed by curl -v,
	// grep -n and diff.
	linePrefix = regexp.MustCompile(`^[\s\d:<>*|│+-]*["']?$`)
	// The text before the name in a "set" of cmd.exe, whose value extends to the
	// end of the command.
	cmdSet = regexp.MustCompile(`(?i)(?:^|[>$#%&|(@]\s*)set\s+(?:/p\s+)?$`)
	// The start of an argument of openssl's -pass, which says where the password is.
	opensslSource = regexp.MustCompile(`^(?:pass|env|file|fd):|^stdin$`)
	// A name whose value may be a plain word.
	settingName = regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|secret|psk)$`)
	// The text before the name of a variable of PowerShell.
	dollarName = regexp.MustCompile(`\$(?:\w+:)?$`)
)

// near returns the last 256 bytes of before, so that the expressions above do not
// search all of a long line for each value in it.
func near(before []byte) []byte {
	return before[max(0, len(before)-256):]
}

// encoded reports whether a value without digits is the base64 of a text, as in the
// secrets of Kubernetes.
func encoded(value string) bool {
	_, ok := decode64(value)
	return ok && len(value) >= 8 && len(value)%4 == 0 && strings.ToLower(value) != value && strings.ToUpper(value[1:]) != value[1:]
}

// environmentValue reads the value assigned to an environment variable.
func environmentValue(m match) []value {
	name := m.group(1)
	if !secretName(name) {
		return m.keyValue(name)
	}
	from := m.groups[2]
	before := near(m.text[:from])
	p := m.place(from, m.all[1])
	if p.at < len(p.line.text) && p.line.text[p.at] == '(' {
		return m.arrayValues(p)
	}
	if p.whole && !commandQuote.Match(p.before) {
		return m.wholeValue(p, name)
	}
	if cmdSet.Match(before) && !p.whole {
		return m.cmdValue(p, name)
	}
	w := p.word(style{strict: true, powershell: dollarName.Match(before)})
	if m.placeholder(w, name) {
		return nil
	}
	return m.value(w)
}

// keyValue reads the value of a variable whose name says only that it is a key, as
// STRIPE_KEY: it has to look like one.
func (m match) keyValue(name string) []value {
	w := m.place(-1, m.all[1]).word(style{strict: true})
	if !generatedKey(name, w) || m.placeholder(w, name) {
		return nil
	}
	return m.value(w)
}

// generatedKey reports whether a word is a generated key, and the name is that of one.
func generatedKey(name string, w word) bool {
	return keyName.MatchString(name) && !plainKey.MatchString(name) && keyText.Match(w.text) && mixed(string(w.text), 16) && bytes.ContainsAny(w.text, "0123456789") && entropy(w.text) > 3.5
}

var (
	keyName = regexp.MustCompile(`^[A-Z0-9_]+_KEY$|^(?:BW|OP)_SESSION(?:_\w+)?$`)
	// Keys that are public, or find things.
	plainKey = regexp.MustCompile(`(?:PUBLIC|PUB|PRIMARY|FOREIGN|CACHE|SORT|PARTITION|INDEX|ROW|MAP|HOST|IDEMPOTENCY|PUBLISHABLE|SITE|OBJECT|TRACE)_KEY$`)
	keyText  = regexp.MustCompile(`^(?:base64:)?[A-Za-z0-9+/_=.-]+$`)
)

// maxElements is the number of elements of an array that are read.
const maxElements = 64

// arrayElement is what may precede the value of an element: [NAME]=.
var arrayElement = regexp.MustCompile(`^\[[^\]]*\]\+?=`)

// arrayValues reads the elements of an array of a shell: (a b).
func (m match) arrayValues(p place) []value {
	var values []value
	for i := p.at + 1; i < len(p.line.text) && len(values) < maxElements; {
		if blank(p.line.text[i]) {
			i++
			continue
		}
		w := p.line.word(i, style{most: maxSecret, bare: true})
		if w.end == i || w.text == nil {
			break
		}
		i = w.end
		w = w.slice(len(arrayElement.Find(w.text)), len(w.text))
		if len(w.text) > 0 && !m.placeholder(w, "") {
			values = append(values, m.value(w)...)
		}
	}
	return values
}

// wholeValue reads a value that extends to the end of the quotes around its name
// and itself: docker run -e 'NAME=VALUE'.
func (m match) wholeValue(p place, name string) []value {
	w := p.line.rest(p.at, p.open)
	sure := assignQuote.Match(p.before)
	if !sure && m.placeholder(w.piece(), name) || m.placeholder(w, name) {
		return nil
	}
	if sure {
		return m.value(w)
	}
	return m.guess(w)
}

// cmdValue reads the value of a "set" of cmd.exe.
func (m match) cmdValue(p place, name string) []value {
	end := p.at
	for end < len(p.line.text) && strings.IndexByte("&|<>", p.line.text[end]) < 0 {
		end++
	}
	for end > p.at && blank(p.line.text[end-1]) {
		end--
	}
	w := p.line.until(p.at, end, false)
	if m.placeholder(w, name) {
		return nil
	}
	return m.value(w)
}

// codeEnds are the characters that end a name or a number in source code.
const codeEnds = "\"',;&|()<>{}[] \t"

// namedValue reads the value of a name in source code, configuration or output.
func namedValue(m match) []value {
	name, sep := m.group(1), m.group(2)
	if !secretName(name) {
		return nil
	}
	from := m.groups[2]
	before := m.text[:from]
	p := m.place(from, m.all[1]+m.prefix(m.all[1]))
	indexed := strings.HasPrefix(sep, "]")
	direct := strings.TrimSpace(sep) == sep
	assign := direct && strings.HasSuffix(sep, "=")
	dollar := len(before) > 0 && before[len(before)-1] == '$'
	if p.whole && assign && strings.HasPrefix(name, "-") {
		return nil // an option, which has a rule of its own
	}
	if p.whole && assign && !commandQuote.Match(p.before) {
		w := p.line.word(p.at, style{})
		if w.end < len(p.line.text) && p.line.text[w.end] == '&' && p.line.pair(w.end+1) {
			// It is in a query string.
			if !mixed(upTo(string(w.text), codeEnds), 6) || m.placeholder(w, name) {
				return nil
			}
			return m.value(w)
		}
		w = p.line.rest(p.at, p.open)
		if assignQuote.Match(p.before) && len(w.text) >= 4 || mixed(upTo(string(w.text), codeEnds), 6) {
			return m.wholeValue(p, name)
		}
		return nil
	}
	w := p.word(style{config: !assign, powershell: dollarName.Match(near(before))})
	if w.quoted {
		if m.placeholder(w, name) || len(w.text) < 4 || isSentence(string(w.text)) || codeName(name, string(w.text), false) || w.open && !assign && !mixed(string(w.piece().text), 6) {
			return nil
		}
		return m.value(w)
	}
	first := upTo(string(w.text), codeEnds)
	if call := len(first); call > 0 && call < len(w.text) && strings.IndexByte("([{", w.text[call]) >= 0 && identifier.MatchString(first) ||
		codeName(name, first, w.end < len(p.line.text) && strings.IndexByte(",;)", p.line.text[w.end]) >= 0) {
		return nil // source code
	}
	// A setting is a line of a file such as .my.cnf.
	setting := len(before) == 0 && strings.Contains(sep, "=") && settingName.MatchString(name) && len(first) == len(w.text) && len(first) >= 4
	if name == "PASS" && !assign || !direct && shellPrompt.Match(p.line.text[p.at:]) {
		return nil // the result of a test, or the next prompt
	}
	if dollar || indexed || !direct && strings.TrimRight(sep, " \t") == sep || !setting && !mixed(first, 6) && !encoded(first) ||
		m.placeholder(w.slice(0, len(first)), name) {
		return nil
	}
	if !assign && !direct && (p.whole || p.outer == nil && linePrefix.Match(before)) {
		if tail := p.tail(w.end); tail > w.end {
			return m.guess(p.line.until(p.at, tail, false))
		}
	}
	values := m.value(w)
	for i := range values {
		if v := &values[i]; len(first) < len(w.text) {
			// The rest may be the arguments of a function.
			v.end = min(v.end, w.extents[len(first)].from)
			v.also = nil
		}
	}
	return values
}

// isSentence reports whether the text of a name is one for people, as in a catalogue of
// messages.
func isSentence(text string) bool {
	return strings.Count(text, " ") > 1 && !strings.ContainsAny(text, "0123456789") && sentence.MatchString(text)
}

// identifier matches the names that source code may have for a value.
var identifier = regexp.MustCompile(`^[&*]*[A-Za-z_][\w.]*$`)

// codeName reports whether a value is the name of another thing of that name, as in
// privateKey: testPrivateKey2. ended reports whether the punctuation of source code is
// behind it: people choose the word for passwords.
func codeName(name, value string, ended bool) bool {
	if !identifier.MatchString(value) || settingName.MatchString(name) && !ended {
		return false
	}
	name = onlyLetters(name[strings.LastIndexByte(name, '.')+1:])
	return len(name) >= 5 && strings.Contains(onlyLetters(value), name)
}

// onlyLetters returns the letters of ASCII in s, in lower case.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z':
			return r
		}
		return -1
	}, s)
}

// prefix returns the length of the letters that Python and others allow before a
// quote, as in b'..'.
func (m match) prefix(at int) int {
	for n := 1; n <= 2 && at+n < len(m.text); n++ {
		if strings.IndexByte("bfu", m.text[at+n-1]) < 0 {
			break
		}
		if isQuote(m.text[at+n]) {
			return n
		}
	}
	return 0
}

// upTo returns s up to the first of characters.
func upTo(s, characters string) string {
	if i := strings.IndexAny(s, characters); i >= 0 {
		return s[:i]
	}
	return s
}

// tail returns the end of a value that extends from index end to the end of the
// line, or to a comment, another name or another column.
func (p place) tail(end int) int {
	text := p.line.text
	for end+1 < len(text) && text[end] == ' ' && !blank(text[end+1]) {
		if c := text[end+1]; c == '#' || c == '/' && end+2 < len(text) && text[end+2] == '/' || p.line.pair(end+1) {
			break
		}
		end++
		for end < len(text) && !blank(text[end]) {
			end++
		}
	}
	return end
}

// wordValue reads a secret that is a word of a shell.
func wordValue(m match) []value {
	p := m.place(m.groups[2], m.all[1])
	w := p.word(style{loose: true})
	if p.whole {
		w = p.line.rest(p.at, p.open)
	}
	if m.placeholder(w, "") {
		return nil
	}
	return m.value(w)
}

// dockerValue reads the value of ENV without "=" in a Dockerfile.
func dockerValue(m match) []value {
	if !secretName(m.group(1)) {
		return nil
	}
	p := m.place(-1, m.all[1])
	w := p.word(style{})
	if p.at < len(p.line.text) && p.line.text[p.at] == '=' || m.placeholder(w, m.group(1)) {
		return nil
	}
	if tail := p.tail(w.end); tail > w.end {
		return m.guess(p.line.until(p.at, tail, false))
	}
	return m.value(w)
}

// fishValues reads the values of a "set" of fish.
func fishValues(m match) []value {
	name := m.group(2)
	flags := strings.Fields(m.group(1))
	for _, flag := range flags {
		if flag == "--erase" || flag == "--query" || flag == "--names" || flag[1] != '-' && strings.ContainsAny(flag, "eqn") {
			return nil
		}
	}
	upper := strings.ToUpper(name) == name
	var values []value
	p := m.place(-1, m.all[1])
	if !secretName(name) {
		if w := p.word(style{fish: true}); generatedKey(name, w) && !m.placeholder(w, name) {
			return m.value(w)
		}
		return nil
	}
	for p.at < len(p.line.text) && p.line.text[p.at] != '#' && p.line.text[p.at] != '(' {
		w := p.word(style{fish: true})
		if w.end == p.at {
			break
		}
		sure := upper && len(flags) > 0 || w.quoted && len(w.text) >= 4 || mixed(string(w.text), 6)
		if sure && !m.placeholder(w, name) {
			values = append(values, m.value(w)...)
		}
		for p.at = w.end; p.at < len(p.line.text) && blank(p.line.text[p.at]); {
			p.at++
		}
	}
	return values
}

// hereValue reads a here-string.
func hereValue(m match) []value {
	if m.groups[2] >= 0 && !secretName(m.group(1)) {
		return nil
	}
	w := m.place(-1, m.all[1]).word(style{})
	if i := bytes.IndexByte(w.text, ':'); i > 0 && bytes.Contains(m.text[m.all[0]:m.all[1]], []byte("chpasswd")) {
		w = w.slice(i+1, len(w.text))
	}
	if m.placeholder(w, "") {
		return nil
	}
	return m.value(w)
}

// authScheme matches the scheme at the start of an Authorization header's value.
var authScheme = regexp.MustCompile(`^\s*(?i:bearer|basic|token|digest|apikey|negotiate|ntlm|hawk|oauth|aws4-hmac-sha256)(?:\s+|$)`)

// headerValue reads the value of an HTTP header. scheme, unless nil, matches the
// start of it that is no secret.
func headerValue(m match, scheme *regexp.Regexp) []value {
	from, at := m.groups[2], m.all[1]
	at += m.prefix(at)
	if at < len(m.text) && m.text[at] == '`' {
		at++ // a string of JavaScript
	}
	p := m.place(from, at)
	text := p.line.text
	if p.at >= len(text) || len(m.group(2)) > 0 && !isQuote(text[p.at]) {
		return nil
	}
	var w word
	sure := true
	switch c := text[p.at]; {
	case p.whole:
		w = p.line.rest(p.at, p.open)
	case isQuote(c), c == '\\', c == '$':
		w = p.word(style{loose: true, config: p.at > 0 && blank(text[p.at-1])})
	default:
		end, words := p.at, 1
		if scheme != nil {
			end += len(scheme.Find(text[p.at:]))
		}
		if first := p.line.word(end, style{loose: true}); !first.open {
			end = first.end
		} else {
			end = p.line.word(end, style{config: true}).end
		}
		// Parameters follow commas.
		for end > p.at && end < len(text) && (text[end-1] == ',' || text[end] == ',') {
			next := end
			for next < len(text) && (text[next] == ',' || text[next] == ' ') {
				next++
			}
			if !p.line.pair(next) {
				break
			}
			if end = p.line.word(next, style{loose: true}).end; end <= next {
				break
			}
			words++
		}
		if p.outer == nil && linePrefix.Match(m.text[:from]) {
			if tail := p.tail(end); tail > end {
				end = tail
				words++
			}
		}
		w = p.line.until(p.at, end, false)
		sure = words == 1
	}
	skip := 0
	if scheme != nil {
		skip = len(scheme.Find(w.text))
	}
	for skip < len(w.text) && blank(w.text[skip]) {
		skip++
	}
	w = w.slice(skip, len(w.text))
	if p.outer == nil && !w.quoted && codeValue.Match(w.text) {
		return nil
	}
	if first := upTo(string(w.text), " \"'$<{"); len(w.text) < 6 || first == "" || placeholderText(first, "") || template.MatchString(first) {
		return nil
	}
	blankAt := bytes.IndexByte(w.text, ' ')
	if sure && blankAt < 0 {
		return m.value(w)
	}
	values := m.guess(w)
	if scheme != nil && blankAt > 0 && strings.Trim(string(w.text[:blankAt]), letters) == "" && len(values) > 0 {
		// The first word may be an unknown scheme. It is replaced, but not
		// searched for elsewhere.
		values = m.guess(w.slice(blankAt+1, len(w.text)))
		if len(values) > 0 {
			values[0].more = append(values[0].more, w.slice(0, blankAt+1).parts()...)
		}
	}
	return values
}

// letters are the characters of an unknown scheme.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"

// urlPassword reads the password of a URL, which ends at the last "@" before the
// path.
func urlPassword(m match) []value {
	if bytes.IndexByte(m.text[m.all[1]:], '@') < 0 {
		return nil
	}
	p := m.place(m.all[0], m.all[1])
	w := p.word(style{spaced: true, most: maxURL})
	if w.open {
		w = p.line.word(p.at, style{spaced: true, config: true, most: maxURL})
	}
	end := passwordEnd(w.text)
	if end < 0 && p.whole {
		w = p.line.until(p.at, min(p.at+maxURL, len(p.line.text)), p.open)
		end = passwordEnd(w.text)
	}
	if end <= 0 {
		return nil
	}
	w = w.slice(0, end)
	if m.placeholder(w, "") || urlExample.Match(w.text) {
		return nil
	}
	return m.value(w)
}

// urlExample matches the passwords in the URLs of manuals.
var urlExample = regexp.MustCompile(`^(?:password|passwd|passphrase|pass|pwd|pw|secret|token|PASS(?:WORD)?|TOKEN)$`)

// maxURL is the number of bytes of a URL that are searched for the end of its
// password.
const maxURL = 2 << 10

// passwordEnd returns the end of the password at the start of text, or -1 if there
// is none. text is a URL behind the colon of its user.
func passwordEnd(text []byte) int {
	host := bytes.IndexAny(text, "/?#<>")
	if host < 0 {
		host = len(text)
	}
	if end := bytes.LastIndexByte(text[:host], '@'); end >= 0 {
		return end
	}
	// If the text before a slash is no port, the password may have the slash,
	// though it should be encoded.
	if end := bytes.IndexByte(text, '@'); host < len(text) && text[host] == '/' && end >= 0 &&
		len(bytes.Trim(text[:host], "0123456789")) > 0 && mixed(string(text[:end]), 4) {
		return end
	}
	return -1
}

// optionValue reads the value of a command's option.
func optionValue(m match) []value {
	name, sep := m.group(2), m.group(3)
	short := m.group(1) == "-"
	if !secretName(name) || short && !secretWord.MatchString(name) && !bytes.Contains(m.text, []byte("--")) {
		return nil
	}
	p := m.place(m.groups[2], m.all[1])
	var w word
	switch {
	case p.whole && sep == "=":
		w = p.line.rest(p.at, p.open)
		w.quoted = true
	default:
		w = p.word(style{loose: true})
	}
	first := w
	if p.whole || !w.quoted {
		list := sep != "=" && strings.TrimSpace(sep) != ""
		first = w.slice(0, len(upTo(string(w.text), "\"'[]<>()")))
		if !w.quoted && list || len(first.text) > 0 && (first.text[0] == '-' || first.text[0] == '=') {
			return nil
		}
	}
	if short && (opensslSource.Match(first.text) || !w.quoted && sep != "=" && !mixed(string(first.text), 4)) {
		return nil
	}
	if sep != "=" && !w.quoted && (promptStop.Match(first.text) || strings.TrimSpace(sep) == "" && len(sep) > 1 && !mixed(string(first.text), 4)) {
		return nil // a sentence, or the column of a manual
	}
	if len(first.text) < 3 || m.placeholder(first, name) || metavar(string(first.text)) {
		return nil
	}
	return m.value(w)
}

// sslPassword reads the password in openssl's "pass:PASSWORD".
func sslPassword(m match) []value {
	p := m.place(m.groups[2], m.all[1])
	w := p.word(style{loose: true})
	if p.whole {
		w = p.line.rest(p.at, p.open)
		w.quoted = true
	}
	if len(w.text) < 4 || blank(w.text[0]) || !mixed(string(w.text), 4) || w.expands() {
		return nil
	}
	return m.value(w)
}

var (
	secretWord = regexp.MustCompile(`(?i)passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|(?:private|encryption|master|signing|auth|account|storage|pre-?shared)[_-]?key|credential`)
	// Short words count only as a separate part of a name: DB_PASS, PGPASS and
	// DB_PWD, but not COMPASS or PWD.
	shortWord = regexp.MustCompile(`(?i)[_-](?:pass|pwd|auth|pat)$|(?:^|[._-])psk$|^(?:pass|pgpass|(?:require|store|key|trust|user|admin|root|db|ssh|smtp|ftp|ldap|bind|wifi|remote|imap|pop|mail|proxy|sql|mysql|pg|redis|login|vpn|enable|become)pass|masterauth|(?:root|bind|user|admin|owner|db)_?pw)$|(?-i:[a-z](?:Pass|Pwd)$|[A-Z]{2}Pass$|^pwd$)`)
	// Names of things that belong to a secret but are none.
	besides = regexp.MustCompile(`(?i)(?:file|path|dir|ur[il]|name|type|len|length|size|count|limit|expiry|expires?(?:_in|_at)?|ttl|timeout|age|method|endpoint|algorithm|format|policy|prompt|hint|stdin|budget|usage|keyboard|max|min|label|title|message|description|placeholder|example|errors?|err|cnt|encryption|column|handler|factory)s?$|^(?:OLDPWD|SSH_AUTH_SOCK|tokens|max[_-]?tokens?|.*(?:passw(?:or)?d|token)[_-]?key)$|keyboard|tokeniz`)
)

// secretName reports whether a name is that of a secret.
func secretName(name string) bool {
	return (secretWord.MatchString(name) || shortWord.MatchString(name)) && !besides.MatchString(name)
}

var (
	placeholders = regexp.MustCompile(`(?i)^(?:[*xX.•·?#-]+|public|private|true|false|yes|no|on|off|null|nil|none|undefined|auto|default|required|optional|sufficient|enabled?|disabled?|string|str|int|bool|bytes|value|text|stdin|file|prompt|ask|env|invalid|missing|expired|error|failed|incorrect|changed|ok|redacted|masked|hidden|\[?redacted\]?|your[_-].*|.*[_-]here|(?:change|replace)[_-]?(?:me|this|it)|[A-Z]+=[A-Z]+|\d+(?:\.\d+)+|(?:[a-z]+_)*x{6,}|<.*|[\w -]*>|\d{1,3}|-?0x[0-9a-f_]{1,16}|#[0-9a-f]{3,8}|(?:u?int|float|complex)\d+(?:_t)?)[,.;:!?)]*$`)
	// Values that make or a template replaces later. For those of a shell see
	// word.expands.
	template = regexp.MustCompile(`^(?:%[-+#0]?[\d.]*[A-Za-z](?:$|[^A-Za-z0-9_])|%[A-Za-z_]\w*(?:\([^)]*\))?%|%[a-z]*[({]|\{\{|<|\(|@|\.\*|\{[\w.\[\]]*\}|\[[^\]]*-[^\]]*\]|[\])}>]+$|DATA\+OMITTED$|` +
		// A value of Terraform, of a program or of a workflow.
		`(?:var|local|data|module|each|self|process\.env|import\.meta|os\.environ|ENV|env|config|settings|cfg|conf|this|req|request|args|opts|options|params|props|state|secrets|github|inputs|steps|needs|values)\.[A-Za-z_])`)
	literalExpansion = regexp.MustCompile(`^\$\w+$|\$\{[^}]*\}|\$\([^)]*\)`)
	pathLike         = regexp.MustCompile(`^(?:~|\.{0,2})/(?:[\w.@+-]+/)*[\w.@+-]*$`)
	metavars         = regexp.MustCompile(`^(?:[A-Z][A-Z0-9_-]*|string|str|value|file|path|text|name|key|token|password|secret|passphrase|pwd|passwd|arg|val|word|options?|(?:user|key)-?(?:id|name)|userid)[,.;:]?$`)
)

// placeholderText reports whether the value of a name stands in for a secret, such
// as "none" or "<password>", or is a path.
func placeholderText(value, name string) bool {
	if placeholders.MatchString(value) || strings.EqualFold(value, name) {
		return true
	}
	// A path has short parts; a key in base64 may begin with a slash too.
	return pathLike.MatchString(value) && len(value) < 200 && (strings.Count(value, "/") > 1 || len(value) < 16) && !mixed(value, 30)
}

// isPlaceholder is match.placeholder for a value that is not in a line.
func isPlaceholder(value, name string) bool {
	return match{}.placeholder(line{text: []byte(value)}.rest(0, false), name)
}

// metavar reports whether a value is one that help texts show, such as "FILE".
func metavar(value string) bool { return metavars.MatchString(value) }

// mixed reports whether value has at least n bytes and is no word, number or name:
// it has letters and digits, or both cases and punctuation.
func mixed(value string, n int) bool {
	if len(value) < n {
		return false
	}
	var letters, digits, others, upper bool
	for _, c := range value {
		switch {
		case 'a' <= c && c <= 'z':
			letters = true
		case 'A' <= c && c <= 'Z':
			letters, upper = true, true
		case '0' <= c && c <= '9':
			digits = true
		case c == '_' || c == '-' || c == '.' || c == '/' || c == ':':
		default:
			others = true
		}
	}
	return letters && (digits || others && upper)
}
