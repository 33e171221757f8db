package redact

import (
	"regexp"
	"strings"
)

// nameRules are for secrets that have no form of their own: they are known by
// the name that stands before them, the place in a URL, or the option of a
// command. gitleaks looks at source code, where such a thing is rarely right;
// a terminal shows environments, configuration and command lines.
func nameRules() []*rule {
	// The word stands in the expressions too: in "https://x/?token=1" the name
	// must not be "https".
	const name = `[A-Za-z0-9_.-]*(?i:passw|pass|secret|token|key|credential|auth|pwd|pat)[A-Za-z0-9_.-]*`
	words := []string{
		"password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key",
		"access_key", "access-key", "accesskey", "private_key", "private-key", "encryption_key", "master_key", "signing_key",
		"credential", "auth", "pass", "pwd",
	}
	return []*rule{
		{
			// An environment or a shell assignment: NAME=VALUE, NAME="VALUE".
			name: "variable", keywords: words, group: 2,
			expr: `(?:^|[^A-Za-z0-9_$])([A-Z0-9_]*(?:PASSW|PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|PWD|PAT)[A-Z0-9_]*)=["']?([^\s"';&|)]+)`,
			accept: func(m match) bool {
				return secretName(m.group(1)) && !placeholder(m.secret(), m.group(1))
			},
		},
		{
			// Lower case is also source code, where a value is often a name.
			name: "variable", keywords: words, group: 2,
			expr: `(?:^|[^A-Za-z0-9_$])(` + name + `)["']?(?:=|\s*[:=]\s+|:)["']?([^\s"',;&|()<>{}\[\]]+)`,
			accept: func(m match) bool {
				return secretName(m.group(1)) && !placeholder(m.secret(), m.group(1)) && mixed(m.secret(), 6)
			},
		},
		{
			// Configuration: "password": "value", password = 'value'.
			name: "variable", keywords: words, group: 2,
			expr: `(` + name + `)["']?\s*[:=]\s*(?:"([^"\s]{4,})"|'([^'\s]{4,})')`,
			accept: func(m match) bool {
				return secretName(m.group(1)) && !placeholder(m.secret(), m.group(1))
			},
		},
		{
			name: "authorization", keywords: []string{"authorization"},
			expr:   `(?i)authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|apikey|negotiate|aws4-hmac-sha256)\s+)?([^\s"'$<{]{6,})`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "authorization", keywords: []string{"bearer"},
			expr:   `(?i)\bbearer\s+([A-Za-z0-9._~+/-]{12,}=*)`,
			accept: func(m match) bool { return mixed(m.secret(), 12) },
		},
		{
			name: "authorization", keywords: []string{"x-"},
			expr:   `(?i)\bx-[a-z0-9-]*(?:key|token|secret|auth)[a-z0-9-]*["']?\s*:\s*["']?([^\s"'$<{]{6,})`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "url-password", keywords: []string{"://"},
			expr:   `[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'"<>]*:([^\s/@'"<>]+)@`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "option", keywords: []string{"--"}, group: 2,
			expr: `(?:^|[\s"'])--?(` + name + `)(?:=|\s+)["']?([^\s"'=\[\]<>()-][^\s"'\[\]<>()]{2,})`,
			accept: func(m match) bool {
				return secretName(m.group(1)) && !placeholder(m.secret(), m.group(1)) && !metavar(m.secret())
			},
		},
		{
			name: "option", keywords: []string{"curl"},
			expr:   `\bcurl\b.*?\s(?:-u|--user|--proxy-user)[ =]?["']?[^\s:'"]+:([^\s'"]+)`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "option", keywords: []string{"mysql", "mariadb"},
			expr:   `\b(?:mysql|mysqldump|mysqladmin|mariadb)\b.*?\s-p["']?([^\s'"-][^\s'"]*)`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "option", keywords: []string{"sshpass"},
			expr:   `\bsshpass\s+-p\s*["']?([^\s'"]+)`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
		{
			name: "option", keywords: []string{"pass:"},
			expr:   `\bpass:([^\s'"]{4,})`,
			accept: func(m match) bool { return mixed(m.secret(), 4) },
		},
		{
			name: "netrc", keywords: []string{"password"},
			expr:   `\blogin\s+\S+\s+password\s+(\S+)`,
			accept: func(m match) bool { return !placeholder(m.secret(), "") },
		},
	}
}

var (
	secretWord = regexp.MustCompile(`(?i)passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|(?:private|encryption|master|signing|auth|account|storage)[_-]?key|credential`)
	// Short words count as a part of their own: DB_PASS, PGPASS, not COMPASS;
	// DB_PWD, not PWD.
	shortWord = regexp.MustCompile(`(?i)[_-](?:pass|pwd|auth|pat)$|^(?:pass|pgpass)$|(?-i:[a-z](?:Pass|Pwd))$`)
	// Names of what is beside the secret.
	besides = regexp.MustCompile(`(?i)(?:file|path|dir|ur[il]|name|type|len|length|size|count|limit|expiry|expires?(?:_in|_at)?|ttl|timeout|age|method|endpoint|algorithm|format|policy|prompt|hint|stdin|budget|usage|keyboard|max|min)s?$|^(?:OLDPWD|SSH_AUTH_SOCK|tokens|max[_-]?tokens?)$|keyboard|tokeniz`)
)

// secretName reports whether a variable of that name holds a secret.
func secretName(name string) bool {
	return (secretWord.MatchString(name) || shortWord.MatchString(name)) && !besides.MatchString(name)
}

var (
	placeholders = regexp.MustCompile(`(?i)^(?:[*xX.•·?#-]+|true|false|yes|no|on|off|null|nil|none|undefined|auto|default|required|optional|sufficient|enabled?|disabled?|string|str|int|bool|bytes|value|text|stdin|file|prompt|ask|env|invalid|missing|expired|error|failed|incorrect|changed|ok|redacted|masked|hidden|\[?redacted\]?|your[_-].*|<.*|.*>|\d{1,3})[,.;:!)]*$`)
	// What a shell, make or a template puts in is not there yet.
	expansion = regexp.MustCompile("^(?:\\$|`|%[A-Za-z_]|\\{\\{|<|\\(|@)|\\$\\{|\\$\\(")
	pathLike  = regexp.MustCompile(`^(?:~|\.{0,2})/(?:[\w.@+-]+/)*[\w.@+-]*$`)
	word      = regexp.MustCompile(`^(?:[A-Z][A-Z0-9_-]*|string|str|value|file|path|text|name|key|token|password|secret|passphrase)[,.;:]?$`)
)

// placeholder reports whether a value stands for a secret and is none.
func placeholder(value, name string) bool {
	if placeholders.MatchString(value) || expansion.MatchString(value) || strings.EqualFold(value, name) {
		return true
	}
	// A path of short parts; keys in base64 may begin with a slash too.
	return pathLike.MatchString(value) && len(value) < 200 && (strings.Count(value, "/") > 1 || len(value) < 16) && !mixed(value, 30)
}

// metavar reports whether a value is what help texts print for one.
func metavar(value string) bool { return word.MatchString(value) }

// mixed reports whether value has at least n bytes, and letters as well as
// digits or what is neither: no word, no number, no name.
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
