package redact

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// statementRules returns rules for secrets in the languages of databases, in HTTP's
// cookies, and in other places with a grammar of their own.
func statementRules() []*rule {
	return []*rule{
		{
			name: "sql", keywords: []string{"identified"},
			expr: `(?i)\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+|values\s+)?`,
			read: sqlValue,
		},
		{
			name: "sql", keywords: []string{"password"},
			expr: `(?i)(?:\b(?:create|alter)\s+(?:user|role|login|group|server|database|credential)\b.*?|\bset\s+|\b(?:with|options)[\s(]+(?:(?:no)?(?:login|superuser|createdb|createrole|inherit|replication|bypassrls|encrypted|unencrypted|connection|limit|\d+)\s+)*|\bencrypted\s+)password(?:\s+for\s+\S+|\s+old_password)?(?:\s*=\s*(?:password\s*)?|\s+|\s*(?:\())\(?\s*`,
			read: sqlString,
		},
		{
			name: "sql", keywords: []string{"set password"},
			expr: `(?i)\bset\s+password\s*(?:for\s+\S+\s*)?=\s*(?:password\s*)?\(?\s*`,
			read: sqlString,
		},
		{
			// MongoDB's db.auth(USER, SECRET), and arguments in source code.
			name: "sql", keywords: []string{"auth", "changeuserpassword(", ".login(", "authenticate("},
			expr: `(?:\.auth|\.changeUserPassword|\.login|\.authenticate|(?i:basic_?auth)|\bauth\s*=\s*)\(\s*["'][^"']*["']\s*,\s*`,
			read: sqlString,
		},
		{
			// Credentials of Java, .NET and others: a user and a secret.
			name: "sql", keywords: []string{"credential", "passwordauthentication("},
			expr: `(?i)(?:credentials?|passwordauthentication)\(\s*["'][^"']*["']\s*,\s*`,
			read: sqlString,
		},
		{
			// A name and its value as arguments: define('DB_PASSWORD', 'SECRET').
			name: "variable", keywords: []string{"password", "passwd", "secret", "token", "_key", "api-key", "apikey", "_salt"},
			expr: `\(\s*["']([\w.-]*(?i:passw(?:or)?d|passphrase|secret|token|key|_pass|_salt)[\w.-]*)["']\s*,\s*`,
			read: argumentValue,
		},
		{
			// The argument of a function that hashes or sets a password.
			name: "sql", keywords: []string{"set_password(", "setpassword(", "bcrypt(", "hash_password(", "hashpassword(", "make_password(", "password_hash(", "user("},
			expr: `(?i)\b(?:set_?password|bcrypt|hash_?password|make_password|password_hash)\(\s*|\bcreate_?(?:super_?)?user\(\s*["'][^"']*["']\s*,\s*(?:["'][^"'\s@]*@[^"'\s]*["']\s*,\s*)?`,
			read: func(m match) []value {
				values := sqlString(m)
				if len(values) == 1 && mixed(string(m.text[values[0].from:values[0].to]), 6) && !bytes.Contains(m.text[values[0].from:values[0].to], []byte("@")) {
					return values
				}
				return nil
			},
		},
		{
			// Terraform: NAME = "SECRET" -> "SECRET".
			name: "variable", keywords: []string{" -> "},
			expr: `(` + secretish + `)"?\s*[=:]\s*"[^"]*"\s*->\s*`,
			read: func(m match) []value {
				if !secretName(m.group(1)) {
					return nil
				}
				return sqlString(m)
			},
		},
		{
			// What an authorization server sends to a client.
			name: "authorization", keywords: []string{"code="},
			expr:   `[?&]code=([A-Za-z0-9%/_.~-]{16,})`,
			accept: func(m match) bool { return mixed(m.secret(), 16) },
		},
		{
			name: "authorization", keywords: []string{"bot"},
			expr: `\bbot\d{6,12}:([A-Za-z0-9_-]{30,})`,
		},
		{
			// A session in a URL.
			name: "cookie", keywords: []string{"sessionid=", "sessid=", "session_id="},
			expr:   `(?i)[?&;](?:jsessionid|phpsessid|sess(?:ion)?_?id|aspsessionid\w*)=([A-Za-z0-9_!.-]{16,})`,
			accept: func(m match) bool { return mixed(m.secret(), 16) },
		},
		{
			// The hashes of Windows.
			name: "password-hash", keywords: []string{":::"},
			expr: `:\d+:[0-9a-fA-F]{32}:([0-9a-fA-F]{32}):::`,
		},
		{
			// The settings of OpenWrt: wireless.X.key='SECRET'.
			name: "setting", keywords: []string{"wireless.", "network.", "openvpn.", "ddns."},
			expr:   `\b(?:wireless|network|openvpn|ddns)\.\S+\.(?:key\d?|password|sae_password|psk|auth_secret|private_key|preshared_key)=["']?([^\s"']{5,})`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// mysql's USER:SECRET@tcp(HOST).
			name: "connection", keywords: []string{"@tcp(", "@unix("},
			expr: `(?:^|[\s"'=])[\w.-]+:([^\s"']+)@(?:tcp|unix)\(`,
		},
		{
			name: "sql", keywords: []string{"conn"},
			expr:   `(?i)\b(?:SQL|RMAN|ADRCI)>\s*conn(?:ect)?\s+(?:target\s+)?\w+/"?([^\s"@]+)`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// redis: ACL SETUSER USER >SECRET.
			name: "sql", keywords: []string{"setuser"},
			expr: `(?i)\bacl\s+setuser\s.*?\s["']?[>#<!]([^\s"']{3,})`,
		},
		{
			// A key of AWS with its ID: columns, or CSV.
			name: "aws-secret-key", keywords: []string{"akia", "asia"},
			expr: `\b(?:AKIA|ASIA)[A-Z0-9]{16}\b.*?[\s,"'|]([A-Za-z0-9/+]{40})(?:[\s,"'|]|$)`,
		},
		{
			// A private key of JOSE. A public one has no "d".
			name: "jwk", keywords: []string{"\"d\"", "\"dp\"", "\"dq\"", "\"qi\"", "\"p\"", "\"q\"", "\"k\""},
			expr:   `\\*"(?:d|p|q|dp|dq|qi|k)\\*"\s*:\s*\\*"([A-Za-z0-9_-]{22,})\\*"`,
			accept: func(m match) bool { return len(m.secret()) >= 42 || bytes.Contains(m.text, []byte(`"kty`)) },
		},
		{
			// What an identity provider says of a user.
			name: "authorization", keywords: []string{"saml"},
			expr: `\bSAML(?:Response|Request|art)\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9+/%_-]{40,}(?:%3D|=)*)`,
		},
		{
			// The extended keys of a wallet, and a key of nostr.
			name: "private-key", keywords: []string{"prv", "nsec1"},
			expr: `\b([xyztuv]prv[1-9A-HJ-NP-Za-km-z]{90,}|nsec1[02-9ac-hj-np-z]{58})\b`,
		},
		{
			// redis: AUTH [USER] SECRET.
			name: "sql", keywords: []string{"auth "},
			expr: `(?:(?:[\w.-]+:\d+(?:\[\d+\])?|redis[^\s>]*|valkey[^\s>]*)>\s*(?:AUTH|auth)|^AUTH)\s+(?:[\w.-]+\s+(?:\S))?`,
			read: redisAuth,
		},
		{
			name: "cookie", keywords: []string{"cookie"},
			expr: `(?i)\b((?:set-)?cookie2?)(?:\\*["'])?\s*(?:=>|:|=)\s*`,
			read: cookieValues,
		},
		{
			// .pgpass: HOST:PORT:DATABASE:USER:SECRET.
			name: "pgpass", keywords: []string{":"},
			expr:   `^\s*(?:[\w.*/-]+|\[[0-9a-f:]+\]):(?:\*|[1-9]\d{3,4}):(?:\*|[A-Za-z][\w.-]*):(?:\*|[A-Za-z_][\w.@-]*):((?:\\.|[^\s:\\])+)\s*$`,
			accept: func(m match) bool { return strings.Trim(m.secret(), "0123456789") != "" && len(m.secret()) > 2 },
		},
		{
			// The password has blanks.
			name: "pgpass", keywords: []string{":5432:", ":6432:", ":*:"},
			expr: `^(?:[\w.*/-]+|\[[0-9a-f:]+\]):(?:\*|[56]432):(?:\*|[A-Za-z][\w.-]*):(?:\*|[A-Za-z_][\w.@-]*):((?:\\.|[^:\\])*\S)\s*$`,
		},
		{
			name: "connection", keywords: []string{"pwd=", "password="},
			expr: `(?i)(?:^|[;"'])\s*(pwd|password)\s*=\s*`,
			read: connectionValue,
		},
		{
			name: "connection", keywords: []string{"jdbc:oracle", "sqlplus"},
			expr: `(?i)jdbc:oracle:\w+:\w+/([^\s@"']+)@`,
		},
		{
			// The signature of a URL that gives access by itself.
			name: "connection", keywords: []string{"sig=", "signature="},
			expr: `[?&;](?:sig|Signature|X-Amz-Signature|X-Goog-Signature)=([A-Za-z0-9%/+_-]{20,}(?:%3D|=)*)`,
		},
		{
			// Docker's config.json, .npmrc: base64 of a user and a secret.
			name: "authorization", keywords: []string{"auth"},
			expr: `\b_?auth(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?([A-Za-z0-9+/_-]{8,}={0,2})`,
			accept: func(m match) bool {
				plain, ok := decode64(m.secret())
				return ok && strings.Contains(plain, ":")
			},
		},
		{
			// Kubernetes: keys and tokens in a kubeconfig.
			name: "kubeconfig", keywords: []string{"key-data"},
			expr:   `\bkey-data(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?([A-Za-z0-9+/_-]{8,}={0,2})`,
			accept: func(m match) bool { return !isPlaceholder(m.secret(), "") },
		},
		{
			// A private key in one line, which may be cut off.
			name: "private-key", keywords: []string{"private key"},
			expr: `-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:(?:\\+[rn])+|\s+|%0A)((?:[A-Za-z0-9+/=]|\\+[rn]|%0A|%2B|%2F|\s){16,})`,
		},
		{
			// A hash of a password, as of crypt(3).
			name: "password-hash", keywords: []string{"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$apr1$", "$argon2", "pbkdf2", "scrypt:", "{ssha", "{sha", "{smd5}", "{crypt}", "{argon2}", "scram-sha", "$p$", "$s$"},
			expr: `\$(?:[1567]|2[abxy]|g?y|apr1|argon2i?d?)\$[./A-Za-z0-9$=,+-]{20,}|\$[PHS]\$[./A-Za-z0-9]{31,}|\bpbkdf2_sha\d+\$\d+\$([./A-Za-z0-9$=+]{20,})|\bpbkdf2:sha\d+:\d+\$([A-Za-z0-9]+\$[0-9a-f]{32,})|` +
				`\bscrypt:[\d:]+\$([A-Za-z0-9]+\$[0-9a-f]{32,})|\bgrub\.pbkdf2\.sha512\.\d+\.([0-9A-F.]{40,})|\bSCRAM-SHA-(?:1|256)\$\d+:([A-Za-z0-9+/=$:]{40,})|\{(?:S?SHA\d*|SMD5|PBKDF2[\w-]*)\}([./A-Za-z0-9$=+]{20,})`,
		},
	}
}

// sqlValue reads a string or a name of SQL.
func sqlValue(m match) []value {
	if values := sqlString(m); values != nil || m.all[1] >= len(m.text) {
		return values
	}
	p := m.place(-1, m.all[1])
	w := p.word(style{config: true})
	w = w.slice(0, len(upTo(string(w.text), `;,"'\`)))
	if len(w.text) < 3 || m.placeholder(w, "") || metavar(string(w.text)) || promptStop.Match(w.text) || !mixed(string(w.text), 4) && !sqlStart.Match(m.text[:m.all[0]]) {
		return nil
	}
	return m.value(w)
}

var sqlStart = regexp.MustCompile(`(?i)\b(?:create|alter|grant)\s`)

// sqlString reads a string of SQL, in which a quote is doubled, or of PostgreSQL's
// $$..$$.
func sqlString(m match) []value {
	p := m.place(-1, m.all[1])
	text := p.line.text
	if p.at < len(text) && p.at > 0 && p.outer != nil && isQuote(text[p.at-1]) {
		p.at--
	}
	if bytes.HasPrefix(text[min(p.at, len(text)):], []byte("$$")) {
		if n := bytes.Index(text[p.at+2:], []byte("$$")); n > 0 {
			return m.value(p.line.until(p.at+2, p.at+2+n, false))
		}
		return nil
	}
	if p.at < len(text) && (text[p.at] == 'E' || text[p.at] == 'N') {
		p.at++
	}
	if p.at >= len(text) || !isQuote(text[p.at]) && text[p.at] != '\\' {
		return nil
	}
	s := style{config: true}
	if text[p.at] == '\\' {
		s = style{loose: true}
	}
	w := p.line.word(p.at, s)
	if len(w.text) < 2 || w.open || m.placeholder(w, "") || urlExample.Match(w.text) {
		return nil
	}
	return m.value(w)
}

// argumentValue reads the argument behind the name of a secret.
func argumentValue(m match) []value {
	name := m.group(1)
	p := m.place(-1, m.all[1])
	if p.at >= len(p.line.text) || !isQuote(p.line.text[p.at]) {
		return nil
	}
	w := p.line.word(p.at, style{config: true})
	text := string(w.text)
	if w.open || m.placeholder(w, name) || strings.Contains(text, "://") {
		return nil
	}
	sure := secretName(name) && mixed(text, 8) && entropy(w.text) > 2.5 && (strings.ContainsAny(text, "0123456789") || len(text) >= 16 && !strings.Contains(text, " "))
	if !sure && !(keyArgument.MatchString(name) && mixed(text, 24) && entropy(w.text) > 3.5) {
		return nil
	}
	return m.value(w)
}

// keyArgument matches the names of keys, the values of which are long.
var keyArgument = regexp.MustCompile(`_(?:KEY|SALT)$`)

// redisAuth reads the last word of redis' AUTH.
func redisAuth(m match) []value {
	at := m.all[1]
	for at > 0 && !blank(m.text[at-1]) {
		at--
	}
	w := line{text: m.text}.word(at, style{})
	if bytes.IndexByte(m.text[:m.all[1]], '>') < 0 && !mixed(string(w.text), 6) && len(bytes.Fields(m.text)) > 2 {
		return nil // a sentence
	}
	if len(w.text) < 3 || w.end < len(m.text) && len(bytes.TrimSpace(m.text[w.end:])) > 0 || m.placeholder(w, "") {
		return nil
	}
	return m.value(w)
}

// connectionValue reads the password in a connection string, up to the semicolon.
func connectionValue(m match) []value {
	p := m.place(m.groups[2], m.all[1])
	text := p.line.text
	// PWD=/home/bob is the working directory.
	if p.at >= len(text) || text[p.at] == '/' || bytes.IndexByte(text, ';') < 0 || string(m.text[m.groups[2]:m.groups[3]]) == "PWD" && bytes.Count(text, []byte(";")) < 2 {
		return nil
	}
	if !connectionString.Match(text[max(0, p.at-256):min(len(text), p.at+128)]) {
		return nil
	}
	end := p.at
	spaced := p.outer != nil || bytes.IndexByte(text[end:], ';') > 0
	for end < len(text) && text[end] != ';' && text[end] != '"' && (spaced || !blank(text[end])) {
		end++
	}
	w := p.line.until(p.at, end, false)
	if len(w.text) < 3 || m.placeholder(w, "pwd") {
		return nil
	}
	return m.value(w)
}

// connectionString matches the other parts of a connection string.
var connectionString = regexp.MustCompile(`(?i)(?:server|data source|host|user(?: id)?|uid|database|initial catalog|driver|dsn|endpoint)\s*=[^;]*;`)

// The names of cookies that identify a session.
var sessionCookie = regexp.MustCompile(`(?i)sess|(?:^|[_.-])sid$|sid$|auth|token|csrf|xsrf|jwt|login|remember|secret|ticket|passw`)

// maxCookies is the number of bytes of a header that are read.
const maxCookies = 4 << 10

// cookieValues reads the values of a Cookie or Set-Cookie header.
func cookieValues(m match) []value {
	at := m.all[1]
	p := m.place(m.groups[2], at+m.prefix(at))
	l := p.line
	end := min(len(l.text), p.at+maxCookies)
	if i := bytes.Index(l.text[min(p.at, end):end], []byte("ookie:")); i >= 0 {
		end = p.at + i // the next header reads the rest
	}
	if p.at < end && isQuote(l.text[p.at]) {
		w := p.word(style{config: true, most: maxCookies})
		return m.cookies(w.line, !strings.HasPrefix(strings.ToLower(m.group(1)), "set"))
	}
	return m.cookies(l.until(p.at, end, false).line, !strings.HasPrefix(strings.ToLower(m.group(1)), "set"))
}

// cookies reads the values of cookies: NAME=VALUE; NAME=VALUE. all reports whether
// attributes of a cookie do not follow the first.
func (m match) cookies(l line, all bool) []value {
	var values []value
	for i := 0; i < len(l.text); {
		n := bytes.IndexByte(l.text[i:], ';')
		if n < 0 {
			n = len(l.text) - i
		}
		part := l.text[i : i+n]
		if at := bytes.IndexByte(part, '='); at > 0 {
			name := strings.TrimSpace(string(part[:at]))
			w := l.until(i+at+1, i+n, false)
			w = w.slice(0, len(upTo(string(w.text), " \"'")))
			text := string(w.text)
			if (sessionCookie.MatchString(name) || secretName(name)) && len(text) >= 4 && text != "deleted" || mixed(text, 20) {
				if !m.placeholder(w, name) {
					values = append(values, m.value(w)...)
				}
			}
		}
		if !all {
			break
		}
		i += n + 1
	}
	return values
}

// decode64 decodes base64 of either alphabet, padded or not, that stands for text.
func decode64(s string) (string, bool) {
	s = strings.TrimRight(s, "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	plain, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(plain) == 0 || !utf8.Valid(plain) {
		return "", false
	}
	for _, r := range string(plain) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return "", false
		}
	}
	return string(plain), true
}
