package redact

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What prompts call a secret, in the languages that programs are translated to. The
// expressions ignore case.
var (
	passwords = []string{
		`pass[- ]?(?:word|phrase|code)`, `passwd`, `one[- ]time code`, `(?:seed|recovery|mnemonic|secret)[- ]phrase`,
		`passwort`, `kennwort`, `passphrase`, // German
		`mot de passe`, `phrase (?:de passe|secrète)`, // French
		`contraseña`, `clave`, `frase (?:de contraseña|de paso|secreta)`, // Spanish
		`senha`, `palavra-passe`, `frase[- ]senha`, // Portuguese
		`parola d'ordine`, `frase d'accesso`, // Italian
		`contrasenya`, `contrasinal`, `pasahitza`, // Catalan, Galician, Basque
		`wachtwoord(?:zin)?`, `wachtzin`, // Dutch
		`lösenord(?:sfras)?`, `adgangskode`, `kodeord`, `passord`, `lykilorð`, // Swedish, Danish, Norwegian, Icelandic
		`salasana`, `tunnuslause`, `parool`, `salasõna`, `slaptažodis`, // Finnish, Estonian, Lithuanian
		`hasło`, `heslo`, `geslo`, `lozinka`, `zaporka`, // Polish, Czech and Slovak, Slovenian, Croatian
		`jelszó`, `parol[aă]`, `parola`, `şifre`, `pasvorto`, // Hungarian, Romanian, Turkish, Esperanto
		`парол[ьяи]`, `парольная фраза`, `парола`, `лозинка`, // Russian and Ukrainian, Bulgarian, Serbian
		`κωδικός`, `συνθηματικό`, // Greek
		`パスワード`, `パスフレーズ`, `暗証番号`, `密码`, `密碼`, `口令`, `암호`, `비밀번호`, // Japanese, Chinese, Korean
		`كلمة (?:المرور|السر)`, `گذرواژه`, `رمز عبور`, `סיסמ[אה]`, // Arabic, Persian, Hebrew
		`mật khẩu`, `kata sandi`, `sandi`, `รหัสผ่าน`, `पासवर्ड`, // Vietnamese, Indonesian, Thai, Hindi
	}
	// Their secrets may be short and have digits only.
	codes = []string{
		`pin`, `puk`, `otp`, `totp`, `(?:verification|authentication|security|one[- ]time|2fa|mfa|two[- ]factor|recovery|confirmation|backup|authenticator|device|sms|\d[- ]digit)[- ](?:code|token|pin)`,
	}
	// Their secrets are generated.
	tokens = []string{
		`token`, `secret`, `credentials?`, `(?:secret|private|api|access|encryption|unseal|recovery|account|storage|signing|shared|master|deploy|service|authorization|auth|pre-?shared|integration|licen[cs]e|webhook)[- _]?key`,
		`mnemonic`,
	}
)

// promptKeywords are texts of which each prompt has one. As case matters outside of
// ASCII, they omit a first letter that is not.
var promptKeywords = func() []string {
	words := []string{
		"pass", "one-time", "one time", "kennwort", "mot de", "phrase", "contrase", "clave", "frase", "senha", "palavra", "parola", "contrasinal", "pasahitza",
		"wacht", "senord", "adgangskode", "kodeord", "lykilor", "salasana", "tunnuslause", "parool", "salas", "slapta", "hasło", "heslo", "geslo",
		"lozinka", "zaporka", "jelsz", "parol", "ifre", "арол", "озинка", "ωδικ", "υνθημ",
		"パス", "暗証", "密", "口令", "암호", "비밀번호", "كلمة", "گذرواژه", "رمز", "סיסמ", "khẩu", "sandi", "รหัส", "पासवर्ड",
		"pin", "puk", "otp", "code", "token", "secret", "credential", "key", "mnemonic", "seed",
	}
	slices.Sort(words)
	return words
}()

// promptWord is the expression for the name of a secret in a prompt. The group that
// matches has its kind.
var promptWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:(` + strings.Join(passwords, "|") + `)|\b(` + strings.Join(codes, "|") + `)\b|\b(` + strings.Join(tokens, "|") + `)\b)`)
})

// promptRules returns the rules for what stands behind the prompt for a secret, as it
// was typed.
func promptRules() []*rule {
	return []*rule{{name: "prompt", keywords: promptKeywords, locate: locatePrompts, within: beforePrompt, filter: promptFilter, read: promptValue}}
}

// promptFilter is the automaton for promptWord in a text with blanks at its ends.
var promptFilter = sync.OnceValue(func() *automaton {
	a := newAutomaton(`(?i)(?:` + strings.Join(passwords, "|") + `|[^0-9A-Za-z_](?:` + strings.Join(codes, "|") + `|` + strings.Join(tokens, "|") + `)[^0-9A-Za-z_])`)
	a.edged = true
	return a
})

// locatePrompts returns the names of secrets at the start of a line that may have a
// prompt.
func locatePrompts(text []byte) [][]int {
	return promptWord().FindAllSubmatchIndex(beforePrompt(text), -1)
}

// beforePrompt returns the start of a line in which there may be the names of secrets
// of a prompt, or nil.
func beforePrompt(text []byte) []byte {
	upto := 0
	for end := min(len(text), maxLead+64); upto < end && !noPrompt[text[upto]]; upto++ {
	}
	near := text[:min(len(text), upto+maxTail)]
	if bytes.IndexByte(near, ':') < 0 && bytes.IndexByte(near, '?') < 0 && bytes.IndexByte(near, '>') < 0 && !bytes.Contains(near, wideColon) {
		return nil
	}
	return text[:upto]
}

var wideColon = []byte("：")

// noPrompt are the bytes that are in no prompt.
var noPrompt = func() (set [256]bool) {
	for _, c := range []byte("={}\"|&<$#%\\") {
		set[c] = true
	}
	return set
}()

const (
	maxLead = 96  // bytes of a prompt before the name of the secret
	maxTail = 120 // bytes of it behind
)

var (
	// A prompt that asks for a secret: what is typed behind it may be anything.
	asks = regexp.MustCompile(`(?i)(?:^|[\s\[(/-])(?:re-?)?(?:enter|type|typing|repeat|again|new|old|current|currently|confirm|verify|provide|paste|input|choose|create|set|please|your|sudo|unix|vault|ldap|kerberos|smb|admin|become|keystore|import|export|pem|default|none|for|will be hidden|di|do|da|von|av|af|till|til|pro|до|от|за|пользователя|користувача|nouveau|saisi\w*|entre\w*|tapez|votre|de|del|para|su|tu|introduzca|ingrese|digite|inserisci|eingeben|geben|neues?|altes|für|voor|nytt?|ange|podaj|dla|zadejte|для|введите|новый|の|を)(?:$|[\s\])/:'’-])|'s $|的|请|請|を|の|새|입력`)
	// Text that cannot be the start of a prompt: source code, configuration and logs.
	noLead = regexp.MustCompile("[={}\"`;|&<$#%\\\\]|:[ \t]|//|^\\s*(?:[-*+.]|[\\d.]+\\s*$)|--")
	// The rest of the name of something that belongs to a secret but is none.
	promptBeside = regexp.MustCompile(`(?i)^[ _-]?(?:s|id|ids|address|contract|symbol|primaria|for[áa]nea|p[úu]blica|incorret[ao]|incorrect[ao]|oubli\S*|olvidad[ao]|type|name|hint|length|file|path|count|expir\w*|age|ur[li]|status|policy|policies|strength|fingerprint|algorithm|format|ttl|accessor|duration|manager|limit|usage|field|protected|changed|last|required|updated|attempts?|source|store|management|version|size|scopes?|endpoint|issuer|audience|server|rotation|hash(?:ing)?|reset|generator|agent|rules?|complexity|min\w*|max\w*|authentication|change|entry|prompt|cache|provider|ring|group|map|words?)\b`)
	// Words that answer a prompt, or report what became of it, but are no secret.
	promptStop = regexp.MustCompile(`(?i)^(?:[a-z]+(?:ed|able|ing|ful|fully|ly|ible|tion)|wrong|bad|good|weak|strong|valid|n/a|na|never|always|unknown|empty|blank|set|unset|new|old|same|match(?:es)?|mismatch|too|must|cannot|can't|should|is|are|was|has|not|no|the|a|an|see|use|using|via|from|with|for|in|on|at|if|and|or|to|of|please|enter|try|sorry|permission|access|login|authentication|options?|flags?|arguments?|parameters?|fields?|can|will|may|might|could|would|success|failure|done|unavailable|todo|tbd|plain|plaintext|cleartext|here|this|that|which|your|my|when|pass|password|passphrase|token|secret|key|admin|root|user|anonymous|internal|external|none|null|press|then|but|also|when|specified|option|below|above|leave|falsch|ungültig|geändert|richtig|incorrect[aoe]s?|inv[áa]lid[aoe]s?|err[óo]ne[aoe]|errad[ao]|cambiad[ao]|alterada|sbagliata|verkeerd|onjuist|gewijzigd|felaktigt|forkert|väärä|błędne|nieprawidłowe|неверн\S*|неправильн\S*|изменён|warning|note|default|custom|random|hash|md5|sha\d*|base\d+\S*|bcrypt|aes\S*|rsa\S*|ed25519|bearer|basic|jwt|opaque|oauth2?|kubernetes\.io\S*)[,.;:!]*$`)
	sentence   = regexp.MustCompile(`(?i)\b(?:the|is|are|not|no|to|of|for|in|on|must|be|please|try|again|was|has|with|or|and|cannot|can't|failed|denied|do|does|you|your|it|at|least|will|been|should|only|from|this|that|expires?|remaining)\b|[.!?]$`)
	// A prompt of a shell, which may follow on the same row, as the Enter behind a
	// secret that is not echoed moves no cursor.
	shellPrompt = regexp.MustCompile(`^(?:\([\w .-]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[: ]?[^\s]*(?: [^\s\]]+\])? ?[$#%>❯]|(?:ba|z|da|k|mk|a|c|tc)?sh(?:-[\d.]+)?[$#%>]|PS [A-Z]:\\[^>]*>|[A-Z]:\\[^>]*>|\[[^\]]*\][$#%>]|[\w./~-]*[~/][\w./~-]*[$#%>❯]|[➜❯λ»])(?:\s|$)`)
	// The type or the value of a field in source code, and the end of a line of it.
	codeValue  = regexp.MustCompile(`^[&*]?[A-Za-z_][\w.]*(?:[\[({].*|\s*=\s.*)[\])},;]*$`)
	codeLine   = regexp.MustCompile(`[,;{(\[]\s*$`)
	plainWords = regexp.MustCompile(`^[\p{L}'-]+(?: [\p{L}'-]+)*$`)
)

// typedEarly matches what was typed before sudo asked for a password.
var typedEarly = regexp.MustCompile(`^([^\s\[]{2,64})\[sudo`)

// promptValue reads what was typed at a prompt: the rest of the line.
func promptValue(m match) []value {
	values := m.typedAt()
	if g := typedEarly.FindSubmatchIndex(m.text); g != nil && g[1] <= m.all[0] {
		early := valueOf(g[2], g[3])
		early.weak = true
		values = append(values, early)
	}
	return values
}

// typedAt returns what was typed at a prompt.
func (m match) typedAt() []value {
	l := line{text: m.text}
	kind := 1
	for kind < 3 && m.groups[2*kind] < 0 {
		kind++
	}
	// Some names have another in front: "Enter your GitHub token or password:".
	lead := m.text[:m.all[0]]
	if len(lead) > maxLead || noLead.Match(lead) || bytes.HasSuffix(lead, []byte(":")) {
		return nil
	}
	if n := len(lead); n > 0 && kind == 1 && lead[n-1] < utf8.RuneSelf && wordByte(lead[n-1]) && lead[n-1] != '_' {
		// A part of a word, as in "bypassword".
		if m.text[m.all[0]] < utf8.RuneSelf {
			return nil
		}
	}
	if promptBeside.Match(m.text[m.all[1]:]) {
		return nil
	}
	at, colon := promptEnd(m.text, m.all[1])
	if at < 0 {
		return nil
	}
	tail := m.text[m.all[1]:colon]
	end := l.typedEnd(at)
	if at >= end || l.pair(at) && bytes.IndexByte(m.text[at:end], '=') < len(bytes.TrimRight(m.text[at:end], "=")) {
		return nil
	}
	text := m.text[at:end]
	if shellPrompt.Match(m.text[at:]) || isQuote(text[0]) || text[0] == '[' || text[0] == '(' || text[0] == '<' || text[0] == '{' {
		return nil
	}
	w := l.until(at, end, false)
	if m.placeholder(w, string(m.text[m.all[0]:m.all[1]])) {
		return nil
	}
	indent := len(lead) - len(bytes.TrimLeft(lead, " \t"))
	if codeValue.Match(text) || indent > 1 && codeLine.Match(m.text) || bytes.IndexFunc(text, isWordRune) < 0 {
		return nil
	}
	asked := asks.Match(lead) || asks.Match(tail) || bytes.ContainsAny(tail, "'\"[(")
	if !m.typedSecret(string(text), kind, asked, len(bytes.TrimSpace(lead))+len(bytes.TrimSpace(tail)) == 0) {
		return nil
	}
	return m.value(w)
}

// isWordRune reports whether r is a letter or a digit.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// typedEnd returns the end of the text typed from index i on: that of the line, or
// where a comment, another name or another column begins.
func (l line) typedEnd(i int) int {
	end := i
	for j := i; j < len(l.text); j++ {
		if !blank(l.text[j]) {
			end = j + 1
			continue
		}
		if j+1 < len(l.text) && (blank(l.text[j+1]) || l.text[j+1] == '#' || l.pair(j+1)) {
			break
		}
	}
	for end < len(l.text) && end > i && strings.IndexByte(",;", l.text[end-1]) >= 0 {
		end--
	}
	return end
}

// typedSecret reports whether a text may be a secret typed at a prompt. asked
// reports whether the prompt is one without doubt, alone whether it has no other
// words.
func (m match) typedSecret(text string, kind int, asked, alone bool) bool {
	words := strings.Fields(text)
	first := words[0]
	if len(text) < 3 || len(text) > 512 || promptStop.MatchString(first) || metavar(first) && len(words) == 1 && kind != 1 {
		return false
	}
	digits := strings.Trim(text, "0123456789") == ""
	switch {
	case digits:
		return len(text) >= 4 && (kind == 2 || kind == 1 && (asked || len(text) >= 6))
	case len(words) > 1:
		// A passphrase has words; a sentence is a message.
		if sentence.MatchString(text) || len(words) > 24 {
			return false
		}
		return kind == 1 && (asked || alone) && (len(words) > 2 || mixed(first, 4)) || kind == 3 && asked && len(words) >= 8
	case plainWords.MatchString(text):
		return kind == 1 && len(text) >= 4 && (asked || alone && len(text) >= 6) || len(text) >= 16 && asked
	case kind == 3:
		return mixed(text, 6) || asked && len(text) >= 8
	}
	return mixed(text, 4) || asked && len(text) >= 4 || len(text) >= 6 && strings.ContainsAny(text, "!@#$%^&*+~")
}

// promptEnd returns where the text typed at a prompt begins, and where the prompt
// ends, which is a colon, a question mark or ">" outside of quotes and brackets; -1
// if there is none.
func promptEnd(text []byte, from int) (at, colon int) {
	var open byte
	for i := from; i < min(len(text), from+maxTail); i++ {
		c := text[i]
		switch {
		case open != 0:
			if c == open {
				open = 0
			}
			continue
		case c == '\'' && i > from && wordByte(text[i-1]):
			continue // an apostrophe
		case c == '\'' || c == '"':
			open = c
			continue
		case c == '(':
			open = ')'
			continue
		case c == '[':
			open = ']'
			continue
		case strings.IndexByte("={}|;$\\", c) >= 0:
			return -1, -1
		case c == 0xef && bytes.HasPrefix(text[i:], []byte("：")):
			at = i + 3
		case c == ':' || c == '?' || c == '>':
			at = i + 1
			if at < len(text) && text[at] == '=' {
				return -1, -1
			}
			// A colon may be part of a name: arn:aws:iam.
			if (c != ':' || i > from && bytes.Contains(text[i:min(len(text), from+maxTail)], []byte(": "))) && at < len(text) && !blank(text[at]) {
				continue
			}
			if bytes.HasPrefix(text[i:], []byte("://")) {
				continue
			}
		default:
			continue
		}
		for n := 0; n < 2 && at < len(text) && text[at] == ' '; n++ {
			at++
		}
		if at < len(text) && blank(text[at]) {
			return -1, -1 // a column of a table
		}
		return at, i
	}
	return -1, -1
}
