package redact

import (
	"regexp"
	"strings"
)

// settingRules returns rules for secrets in configuration files, in the languages of
// network equipment and of protocols, and in what programs say.
func settingRules() []*rule {
	return []*rule{
		{
			// NAME SECRET, in a line of its own.
			name: "setting", keywords: []string{"requirepass", "masterauth", "bindpw", "rootpw", "wireless-key", "proxy-auth", "default-key", "ike-key"},
			expr: `(?i)(?:^|[\s"'])(requirepass|masterauth|bindpw|rootpw|olcRootPW:|wireless-key\S*)(?:\s+--plaintext|\s+--iscrypted|["'])?\s+`,
			read: func(m match) []value {
				if promptStop.Match(near(m.text[m.all[1]:m.wordEnd(m.all[1])])) {
					return nil // a manual
				}
				return wordValue(m)
			},
		},
		{
			name: "setting", keywords: []string{"password", "secret", "passwd", "token", "apikey", "api_key", "access_key", "private_key", "passphrase"},
			expr: `^\s*([A-Za-z][\w-]*)(?:\t|\s{2,})([^\s=:|]\S*)\s*$`,
			read: tableValue,
		},
		{
			// Network equipment: a line of the configuration, perhaps behind a prompt.
			name: "setting", keywords: []string{"password", "passwd", "secret", "community", "key", "psk"},
			expr: `(?i)^\s*(?:\S+[#>] ?|\[\S+\] ?)?(?:set\s+|no\s+)?(?:` +
				`local-user\s+\S+.*?\s(?:password|secret)|enable\s+(?:password|secret)|username\s+\S+.*?\s(?:password|secret)|snmp(?:-server)?\s+community|` +
				`(?:tacacs|radius|ldap|aaa)(?:-server)?\s+(?:.*?\b)?key|crypto\s+isakmp\s+key|key-string|wpa-psk|neighbor\s+\S+\s+password|` +
				`ip\s+ospf\s+(?:authentication-key|message-digest-key\s+\d+\s+md5)|ntp\s+authentication-key\s+\d+\s+\S+|ppp\s+(?:chap|pap)\s.*?\bpassword|` +
				`(?:system|security|snmp|protocols|access|interfaces|user|login|vpn|network|mgt-config|service)\s.*?\b(?:plain-?text-password(?:-value)?|encrypted-password|pre-shared-key|authentication-key|phash|secret|community)|` +
				`(?:password|secret|pass-?phrase)\s+[0579]|(?:password|passwd|psksecret|secret)\s+ENC)\s+` +
				`(?:(?:[0-9]|ENC|key|ascii|ascii-text|hex|hexadecimal|cipher|plain-?text|simple|irreversible-cipher)\s+)*["']?([^\s"']+)`,
			accept: func(m match) bool {
				s := m.secret()
				return (!isPlaceholder(s, "") || crypted.MatchString(s)) && !metavar(s) && len(s) > 2 && !promptStop.MatchString(s) && !strings.HasPrefix(s, "=")
			},
		},
		{
			// The secrets of IPsec and PPP: PEERS : KIND "SECRET", CLIENT SERVER "SECRET".
			name: "setting", keywords: []string{" psk ", " eap ", " xauth ", ":psk ", " ntlm "},
			expr:   `^\s*(?:[^\s#"']\S*\s+)*:\s*(?:PSK|EAP|XAUTH|NTLM)\s+["']?([^\s"']+)`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			name: "setting", keywords: []string{"* "},
			expr:   `^\s*["']?[\w.@\\-]+["']?\s+(?:\*|["']?[\w.-]+["']?)\s+"([^"]+)"\s+(?:\*|[\d./]+)\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// Answers for the installer of Debian.
			name: "setting", keywords: []string{"password"},
			expr:   `^\s*\S+\s+\S+/\S*password\S*\s+password\s+(\S.*?)\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// The registry of Windows, and netsh.
			name: "setting", keywords: []string{"reg_"},
			expr: `(` + secretish + `)\s+REG_(?:SZ|EXPAND_SZ|MULTI_SZ|BINARY)\s+(\S.*?)\s*$`,
			read: markupValue,
		},
		{
			name: "setting", keywords: []string{"key content", "sselinhalt", "contenu de la cl"},
			expr: `(?i)^\s*(?:key content|schlüsselinhalt|contenu de la clé)\s*:\s+(\S.*?)\s*$`,
		},
		{
			name: "setting", keywords: []string{"set smbpass", "set password", "set httppassword", "set pass", "setg "},
			expr:   `^msf\S*\s.*?>\s+setg?\s+(?i:\w*pass(?:word)?)\s+(\S+)\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// A row of a table, framed: | NAME | SECRET |.
			name: "setting", keywords: []string{"|", "│"},
			expr: `(?i)^\s*[|│]\s*([\w .-]*(?:passw(?:or)?d|passphrase|secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key|secret[ _-]?key)[\w-]*)\s*[|│]\s*(\S+)\s*[|│]?\s*$`,
			read: tableValue,
		},
		{
			// The key of a storage account, in a table.
			name: "setting", keywords: []string{"full"},
			expr: `(?i)^\s*key\d\s+full\s+([A-Za-z0-9+/]{40,}={0,2})`,
		},
		{
			// NAME SECRET, where the name says all and nothing else stands in the line.
			name: "setting", keywords: []string{"password ", "passwd ", "secret ", "psksecret ", "passphrase ", "psk "},
			expr: `(?i)^\s*(?:\S+[#>] ?)?(?:set\s+)?(?:password|passwd|secret|psksecret|passphrase|psk)\s+["']?([^\s"'=:]\S*?)["']?;?\s*$`,
			accept: func(m match) bool {
				s := m.secret()
				return mixed(s, 6) && strings.ContainsAny(s, "0123456789") && !isPlaceholder(s, "") && !promptStop.MatchString(s)
			},
		},
		{
			// An element of XML: <NAME>SECRET</NAME>.
			name: "setting", keywords: []string{"</"},
			expr: `<(?:[\w-]+:)?(` + secretish + `)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?([^<>\s](?:[^<>]*[^<>\s])?)\s*(?:\]\]>)?\s*</`,
			read: markupValue,
		},
		{
			// A property list: <key>NAME</key><string>SECRET</string>.
			name: "setting", keywords: []string{"</key>"},
			expr: `<key>(` + secretish + `)</key>\s*<string>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</`,
			read: markupValue,
		},
		{
			// A name and a value, each with a name: name="NAME" value="SECRET".
			name: "setting", keywords: []string{"value", "content="},
			expr: `(?i:\b(?:name|key|id|property|parameterkey))\\*["']?\s*[=:]\s*\\*["']?(` + secretish + `)\\*["']?[^<>{}]{0,80}?(?i:\b(?:(?:parameter)?value|content))\\*["']?\s*[=:]\s*(\\*["'][^"'\\]+|[^\s"',;{}<>\\]+)`,
			read: markupValue,
		},
		{
			// What programs say: the password is SECRET.
			name: "said", keywords: []string{"password", "passphrase", "passcode", "secret", "token", "key", "pin", "code"},
			expr: `(?i)\b(?:password|passphrase|passcode|(?:client |shared |secret )?secret(?: key)?|(?:api|access|auth|license|licence|recovery|encryption|activation)[ -]?(?:key|token|code)|token|pin(?: code)?)\s+` +
				`(?:(?:for|of)\s+(?:the\s+)?(?:user\s+|account\s+)?["'\x60]?\S+\s+)?(?:is(?:\s+now)?|was|has\s+been|set|changed|reset)(?:\s+(?:set|changed|reset|generated))?(?:\s+to)?:?\s+["'\x60«<]*([^\s"'\x60«»<>]+)`,
			read: saidValue,
		},
		{
			// FTP, POP3 and IRC, as clients show what they send.
			name: "protocol", keywords: []string{"pass "},
			expr:   `^(?:[>*]+ |C: ?|-+> ?|/quote |/raw |\[?\d[\d:.\]]* ?[>*-]+ ?)PASS\s+:?(\S+)\s*$|\bUSER \S+ PASS (\S+)\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			name: "protocol", keywords: []string{"login "},
			expr:   `^(?:[>*]+ |C: ?)?[A-Za-z]{0,4}\d+ (?i:LOGIN) "?[^\s"]+"? "?([^\s"]+)"?\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			name: "protocol", keywords: []string{"identify ", "register ", "oper ", "ghost ", "recover "},
			expr:   `(?i)(?:^|[\s>])(?:/?(?:msg|query|privmsg|quote|squery)\s+nickserv\S*\s+:?|/(?:ns|nickserv)\s+)(?:identify|register|ghost|recover|release)\s+(?:\S+\s+)??(\S+)(?:\s+\S+@\S+)?\s*$|^/oper\s+\S+\s+(\S+)\s*$`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			name: "option", keywords: []string{"ftp>"},
			expr: `(?i)^l?ftp>\s*(?:user\s+\S+|quote\s+pass)\s+(\S+)\s*$`,
		},
		{
			// expect: what is sent behind the prompt for a password.
			name: "option", keywords: []string{"assword", "assphrase"},
			expr:   `(?i)pass(?:word|phrase).*?\bsend(?:line|_line)?\s*\(?\s*(?:--\s+)?\\?["'{]([^"'{}\\\s]{3,})`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") && !strings.HasPrefix(m.secret(), "$") },
		},
		{
			// expect: a text that looks like no command.
			name: "option", keywords: []string{"send "},
			expr:   `\bsend\s+(?:--\s+)?\\?"([^\s"\\/.$]{8,})\\+[rn]`,
			accept: func(m match) bool { return mixed(m.secret(), 8) && strings.ContainsAny(m.secret(), "0123456789") },
		},
		{
			// A secret in place of a file: --password-file=<(echo SECRET).
			name: "option", keywords: []string{"<("},
			expr: `(?i)(?:pass|secret|token|key|cred|auth|pin)[\w-]*(?:[= ]|\s+-\w+\s+)<\(\s*(?:echo|printf)\s+(?:-[neE]+\s+)?(?:["']?%s(?:\\n)?["']?\s+)?`,
			read: wordBehind,
		},
		{
			// PowerShell.
			name: "option", keywords: []string{"convertto-securestring"},
			expr: `(?i)\bConvertTo-SecureString\s+(?:-(?:String|AsPlainText|Force)\s+)*`,
			read: wordBehind,
		},
		{
			// composer's credentials, and qemu's.
			name: "option", keywords: []string{"http-basic.", "github-oauth.", "gitlab-token.", "bearer."},
			expr: `\b(?:http-basic\.\S+\s+\S+|(?:github-oauth|gitlab-token|bearer)\.\S+)\s+`,
			read: wordBehind,
		},
		{
			name: "option", keywords: []string{"secret,"},
			expr:   `\bsecret,(?:\S*,)?data=([^\s,"']+)`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
	}
}

// saidValue reads the word in a sentence about a secret that may be the secret.
func saidValue(m match) []value {
	s := strings.TrimRight(m.group(1), ".,;:!?)")
	if !mixed(s, 6) || !strings.ContainsAny(s, "0123456789") || strings.Contains(s, "://") || isPlaceholder(s, "") || promptStop.MatchString(s) || plainVersion.MatchString(s) {
		return nil
	}
	return m.value(line{text: m.text}.until(m.groups[2], m.groups[2]+len(s), false))
}

// plainVersion matches versions, dates, durations and sizes.
var plainVersion = regexp.MustCompile(`(?i)^v?\d+(?:[.:-]\d+)*(?:[a-z]{0,5}\d*)?(?:/\w+)?$|^[a-z]+\d{1,3}$`)

// wordEnd returns the index of the blank behind index i, or of the end.
func (m match) wordEnd(i int) int {
	for i < len(m.text) && !blank(m.text[i]) {
		i++
	}
	return i
}

// wordBehind reads the word behind a match.
func wordBehind(m match) []value {
	w := m.place(-1, m.all[1]).word(style{})
	if len(w.text) < 3 || m.placeholder(w, "") {
		return nil
	}
	return m.value(w)
}

// markupValue reads the value of a name, which are the groups of a match.
func markupValue(m match) []value {
	name := m.group(1)
	from, to := m.groups[4], m.groups[5]
	for from < to && m.text[from] == '\\' {
		from++
	}
	quoted := from < to && isQuote(m.text[from])
	if quoted {
		from++
	}
	w := line{text: m.text}.until(from, to, false)
	text := string(w.text)
	if !secretName(name) || len(text) < 4 || m.placeholder(w, name) || metavar(text) {
		return nil
	}
	// Other texts are labels, names of types and the like.
	if mixed(upTo(text, " "), 6) || encoded(text) || settingName.MatchString(name) && len(text) >= 6 && !strings.Contains(text, " ") && !promptWord().Match(w.text) && !promptStop.Match(w.text) {
		return m.value(w)
	}
	return nil
}

// tableValue reads the value in a table of names and values.
func tableValue(m match) []value {
	name := m.group(1)
	w := line{text: m.text}.until(m.groups[4], m.groups[5], false)
	if !secretName(name) || !mixed(string(w.text), 6) || m.placeholder(w, name) || portNumber.Match(w.text) || promptStop.Match(w.text) || lowWord.Match(w.text) && !plainSetting.MatchString(name) {
		return nil
	}
	return m.value(w)
}

// crypted matches a secret of network equipment that begins as an expansion of a shell
// would.
var crypted = regexp.MustCompile(`^\$(?:[1-9]|sha\d+)\$[^\s$]`)

var (
	// A word with a digit inside, as of files that stand side by side.
	lowWord = regexp.MustCompile(`^[a-z_-]+\d[a-z_-]*$`)
	// A name that says all.
	plainSetting = regexp.MustCompile(`(?i)^(?:\w+[ _-])?(?:password|passwd|passphrase|secret|token)$`)
)

// portNumber matches the second column of /etc/services.
var portNumber = regexp.MustCompile(`^\d+/\w+$`)
