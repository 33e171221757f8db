package redact

import (
	"bytes"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
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
	keyBegin = regexp.MustCompile(`-----BEGIN (?:[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V\d)-----|^Private-Lines: \d+`)
	keyEnd   = regexp.MustCompile(`-----END (?:[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V\d)-----|^Private-MAC: `)
	keyBody  = regexp.MustCompile(keyBefore + `(?:[A-Za-z0-9+/]{4,}={0,2}|=[A-Za-z0-9+/]{4}|[A-Z][A-Za-z-]+: .*|)` + keyBehind)
	keyData  = regexp.MustCompile(`([A-Za-z0-9+/]{4,}={0,2})` + keyBehind)
	keyFull  = regexp.MustCompile(keyBefore + `[A-Za-z0-9+/]{16,}={0,2}` + keyBehind)
	keyArmor = []byte("PRIVATE KEY")
	puttyKey = []byte("Private-")
	vpnKey   = []byte("Static key")
)

// maxKeyLines is the number of lines of a key that are looked for above its end.
const maxKeyLines = 128

// lookKey replaces the line, whose first row is top, if it belongs to a private key.
func (s *screen) lookKey(top int) {
	armor := bytes.Contains(s.line, keyArmor) || bytes.Contains(s.line, puttyKey) || bytes.Contains(s.line, vpnKey)
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
	words []string       // in lower case; each head has one of them
	sign  string         // each entry has it
	head  *regexp.Regexp // matches the line above the entries
	never *regexp.Regexp // matches those that head matches, but that are none; nil if there are none
	among *regexp.Regexp // matches the lines that may stand between; nil if there are none
	entry *regexp.Regexp // matches an entry; the group that matches is the secret
	isOK  func(secret string) bool
	each  bool // the words of the group are a secret each
	table bool // the secret is only that part of the group that is in a column of the head
}

// mostAbove is the number of lines between an entry and its head.
const mostAbove = 48

var entryKinds = []entryKind{
	{ // The data of a Kubernetes Secret: base64 of a text.
		rule: "kubernetes", words: []string{"ata"}, sign: ": ",
		head:  regexp.MustCompile(`^\s*["']?data["']?:\s*\{?\s*$`),
		among: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:(?:\s|$)|^\s+\S+$`),
		entry: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:\s+["']?([A-Za-z0-9+/]{4,}={0,2})["']?,?\s*$`),
		isOK: func(secret string) bool {
			return encoded(secret) || len(secret)%4 == 0 && strings.HasSuffix(secret, "=") && isText(secret) || len(secret) >= 16 && len(secret)%4 == 0 && isText(secret)
		},
	},
	{ // Its data as text.
		rule: "kubernetes", words: []string{"ata"}, sign: ": ",
		head:  regexp.MustCompile(`^\s*["']?stringData["']?:\s*\{?\s*$`),
		among: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:(?:\s|$)`),
		entry: regexp.MustCompile(`^\s+["']?[\w.-]+["']?:\s+["']?([^\s"'|>].*?)["']?,?\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // .netrc with a word a line.
		rule: "netrc", words: []string{"machine"}, sign: "password",
		head:  regexp.MustCompile(`^\s*(?:machine\s+\S+|default)(?:\s+login\s+\S+)?\s*$`),
		among: regexp.MustCompile(`^\s*(?:login|account)\s`),
		entry: regexp.MustCompile(`^\s*password\s+(\S+)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	// A name and its value, in a line each: the environment of Kubernetes and of ECS,
	// and parameters.
	namedEntry("name", "name|optionname"),
	namedEntry("key", "key|parameterkey"),
	{ // A property list.
		rule: "setting", words: []string{"<key>"}, sign: "<string>",
		head:  regexp.MustCompile(`^\s*<key>[\w .-]*(?i:passw(?:or)?d|passphrase|secret|token|(?:api|access|private)[_-]?key)</key>\s*$`),
		among: regexp.MustCompile(`^\s*$`),
		entry: regexp.MustCompile(`^\s*<string>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</string>\s*$`),
		isOK: func(secret string) bool {
			return len(secret) >= 4 && !isPlaceholder(secret, "") && !metavar(secret) && !strings.Contains(secret, " ")
		},
	},
	{ // A session of FTP or POP3.
		rule: "protocol", words: []string{"user "}, sign: "PASS ",
		head:  regexp.MustCompile(`^(?:\S+ )?USER \S+\s*$`),
		among: regexp.MustCompile(`^(?:[<*]+ )?(?:\d{3}|\+OK)\b`),
		entry: regexp.MustCompile(`^(?:\S+ )?PASS (\S+)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // A variable that Terraform asks for.
		rule: "prompt", words: []string{"var."}, sign: "Enter a value:",
		head:  regexp.MustCompile(`^\s*var\.\S*(?i:passw|secret|token|api_?key|access_?key|private_?key|credential|_pass|_pwd)\S*\s*$`),
		among: regexp.MustCompile(`^\s*(?:[A-Z][\w ,.'()-]*)?$`),
		entry: regexp.MustCompile(`^\s*Enter a value:\s+(\S.*?)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // What a command prints that shows or makes a secret.
		rule: "printed", words: printerWords,
		head: secretPrinter, never: noPrinter,
		entry: regexp.MustCompile(`^\s*(\S.{2,400}?)\s*$`),
		isOK:  printed, each: true,
	},
	{ // A password that a password manager prints, which may have blanks.
		rule: "printed", words: []string{"pass ", "op ", "bw ", "lpass ", "rbw ", "secret-tool ", "password "},
		head: regexp.MustCompile(`(?:^|[\s|&;(])(?:(?:pass|gopass)\s+(?:show|generate)\s|(?:pass|gopass)\s+(?:-o\s+)?[\w.@-]+/\S+\s*$|bw\s+get\s+(?:password|notes)\s|lpass\s+show\s.*(?:-p|--password|--notes)\b|op\s+read\s|rbw\s+get\s|secret-tool\s+lookup\s)|` +
			`^The generated password for .* is:\s*$`),
		never: regexp.MustCompile(`\s(?:-c|--clip|-q\d*|--qrcode)\b`),
		among: regexp.MustCompile(`^(?:\[master \w+\]| \d+ files? changed| create mode| rewrite |\? Master password:|The generated password for ).*$`),
		entry: regexp.MustCompile(`^(\S.{2,200}?)\s*$`),
		isOK: func(secret string) bool {
			return !promptLine.MatchString(secret) && !sentence.MatchString(secret) && !strings.Contains(secret, ": ") && !listed("Error: Error error [ERROR] Enter", upTo(secret, " ")) && !strings.HasPrefix(secret, "[") && !strings.HasPrefix(secret, "├")
		},
	},
	{ // The value of a variable that a command shows.
		rule: "printed", words: []string{"echo ", "printenv ", "print ", "write-output ", "write-host "},
		head:  regexp.MustCompile(`(?:^|[\s|&;(])(?:(?i:echo|print|write-output|write-host)\s+(?:-\w+\s+)?["']?\$\{?(?:env:)?|printenv\s+)(?:\w*(?i:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|_pass|_pwd)|PASS|PW|PWD_?\w+|pass|pw)\}?["']?\s*$`),
		entry: regexp.MustCompile(`^(\S{3,})\s*$`),
		isOK:  func(secret string) bool { return !promptLine.MatchString(secret) && !isPlaceholder(secret, "") },
	},
	{ // What a sentence announces.
		rule: "said", words: []string{"password", "passphrase", "passcode", "token", "key", "secret", "code"},
		head: regexp.MustCompile(`(?i)(?:\b(?:your|generated|following|below|save|store|keep|copy|write|temporary|initial|one-time|default|use|once)\b.*\b(?:` + announced + `)\b[^:]{0,80}:\s*$)|` +
			`(?:\b(?:` + announced + `)\b[^:]{0,80}\b(?:is|are|below|following|again|created|generated|successfully|once)\b[^:]{0,60}[:.!]\s*$)`),
		never: regexp.MustCompile(`(?i)^\W*(?:enter|type|retype|re-enter|repeat|confirm|input|paste|usage|example|error|warning:)\b`),
		among: regexp.MustCompile(`^[\s│|║*#+=─-]*$`),
		entry: regexp.MustCompile(`^[\s│|║*>]*(\S{6,})[\s│|║*]*$`),
		isOK: func(secret string) bool {
			return mixed(secret, 8) && strings.ContainsAny(secret, "0123456789") && !promptLine.MatchString(secret) && !isPlaceholder(secret, "") && !fileLike.MatchString(secret) && entropy([]byte(secret)) > 2.5
		},
	},
	{ // Codes for when another factor is lost.
		rule: "said", words: []string{"codes"},
		head:  regexp.MustCompile(`(?i)\b(?:scratch|backup|recovery|emergency|one[- ]time|2fa|two[- ]factor|rescue)\b[^:]*\bcodes\b[^:]{0,80}(?:[:.]\s*)?$`),
		among: regexp.MustCompile(`^[\s│|║*#+=─-]*$|^[\s│|║*•-]*(?:\d{1,2}[.):]\s*)?` + codeWord + `(?:\s+` + codeWord + `)*[\s│|║]*$`),
		entry: regexp.MustCompile(`^[\s│|║*•-]*(?:\d{1,2}[.):]\s*)?(` + codeWord + `(?:\s+` + codeWord + `)*)[\s│|║]*$`),
		isOK: func(secret string) bool {
			return len(secret) >= 6 || strings.Trim(secret, "0123456789") == "" && len(secret) >= 4
		}, each: true,
	},
	{ // The words that a wallet is restored from.
		rule: "said", words: []string{"phrase", "mnemonic", "seed"},
		head:  regexp.MustCompile(`(?i)\b(?:seed|mnemonic|recovery phrase|secret phrase|backup phrase)\b.*[:.!]?\s*$`),
		among: regexp.MustCompile(`^[\s│|║*#+=─-]*$|^[\s│|║]*(?:\d{1,2}[.):]\s*[a-z]{3,8}[\s│|║]*)+$|^[\s│|║]*(?:[a-z]{3,8}[\s│|║]+){5,}[a-z]{3,8}[\s│|║]*$`),
		entry: regexp.MustCompile(`^[\s│|║]*(\d{1,2}[.):]\s*[a-z]{3,8}(?:[\s│|║]+\d{1,2}[.):]\s*[a-z]{3,8})*|(?:[a-z]{3,8} ){5,23}[a-z]{3,8})[\s│|║]*$`),
		isOK:  func(secret string) bool { return !sentence.MatchString(secret) },
	},
	{ // Input of a program that reads users and passwords, or a secret.
		rule: "option", words: []string{"<<"},
		head:  regexp.MustCompile(`\b(?:chpasswd|newusers)\b[^|]*<<-?\s*["']?\w+`),
		among: regexp.MustCompile(`^(?:> ?)?[\w.-]+:\S+\s*$`),
		entry: regexp.MustCompile(`^(?:> ?)?[\w.-]+:([^\s:]+)`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{
		rule: "option", words: []string{"<<"},
		head:  regexp.MustCompile(`(?:^|[\s;|&(])(?:` + secretReaders + `)[^|]*<<-?\s*["']?[A-Za-z]\w*["']?\s*$`),
		never: regexp.MustCompile(`\b(?:chpasswd|newusers)\b`),
		entry: regexp.MustCompile(`^(?:> ?)?(\S{3,})\s*$`),
		isOK:  func(secret string) bool { return !promptLine.MatchString(secret) && !isPlaceholder(secret, "") },
	},
	{ // The secret keys of minisign and signify.
		rule: "private-key-line", words: []string{"untrusted comment"},
		head:  regexp.MustCompile(`^untrusted comment:.*\bsecret key`),
		entry: regexp.MustCompile(`^([A-Za-z0-9+/]{60,}={0,2})\s*$`),
		isOK:  func(string) bool { return true },
	},
	{ // The arguments of a command in several lines.
		rule: "option", words: []string{"curl "}, sign: "-u",
		head:  regexp.MustCompile(`(?:^|[\s|&;("'])curl\s.*\\\s*$`),
		among: regexp.MustCompile(`\\\s*$`),
		entry: regexp.MustCompile(`^(?:>\s*)?(?:\s*|.*\s)(?:-u|--user|--proxy-user)[\s=]+["']?[\w.@\\-]+:([^\s"']{3,})`),
		isOK: func(secret string) bool {
			return !isPlaceholder(secret, "") && !urlExample.MatchString(secret) && secret[0] != '$'
		},
	},
	{
		rule: "option", words: []string{"mysql", "mariadb"}, sign: "-p",
		head:  regexp.MustCompile(`(?:^|[\s|&;("'/])(?:mysql\w*|mariadb[\w-]*)\s.*\\\s*$`),
		among: regexp.MustCompile(`\\\s*$`),
		entry: regexp.MustCompile(`^(?:>\s*)?(?:\s*|.*\s)-p["']?([^\s"'\\]{3,})`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") && secret[0] != '$' },
	},
	{ // The value of a name, in an object of its own: Terraform's outputs.
		rule: "setting", words: []string{"password", "secret", "token", "key"}, sign: "alue",
		head: regexp.MustCompile(`^\s*["']?[\w.-]*(?i:passw(?:or)?d|passphrase|secret|token|(?:api|access|private|secret)_?key)["']?\s*[:=]\s*\{\s*$|` +
			`^\s*<\w*Password>\s*$`),
		among: regexp.MustCompile(`^\s*["']?(?:sensitive|type|description)["']?\s*[:=]`),
		entry: regexp.MustCompile(`^\s*(?:["']?value["']?\s*[:=]\s+["']([^"']+)["'],?|<Value>([^<]+)</Value>)\s*$`),
		isOK:  func(secret string) bool { return len(secret) >= 4 && !isPlaceholder(secret, "") && !metavar(secret) },
	},
	{ // The passwords of cloud-init's users.
		rule: "setting", words: []string{"chpasswd:"},
		head:  regexp.MustCompile(`^\s*chpasswd:\s*$`),
		among: regexp.MustCompile(`^\s+(?:list|expire|users):|^\s+-?\s*[\w.-]+:\S+\s*$`),
		entry: regexp.MustCompile(`^\s+-?\s*[\w.-]+:([^\s:]+)\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") && secret != "RANDOM" && secret != "R" },
	},
	{ // What a debugger shows.
		rule: "printed", words: []string{"(gdb)", "(lldb)"}, sign: `"`,
		head:  regexp.MustCompile(`^\((?:gdb|lldb)\)\s+p(?:rint)?\s+\S*(?i:passw(?:or)?d|passphrase|secret|token|_key)\S*\s*$`),
		entry: regexp.MustCompile(`^(?:\$\d+|\(.*) = .*"([^"]+)"`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // A parameter or a secret of a cloud.
		rule: "setting", words: []string{"securestring", "/secrets/"}, sign: "alue",
		head:  regexp.MustCompile(`^\s*"?Type"?:\s*"?SecureString"?,?\s*$|^\s*"?id"?:\s*"?https://\S+/secrets/\S+$`),
		among: regexp.MustCompile(`^\s*(?:"?\w+"?: |[}\]],?$)`),
		entry: regexp.MustCompile(`^\s*"?[Vv]alue"?:\s*"?([^\s"][^"]*?)"?,?\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // What a program found out.
		rule: "said", words: []string{"john ", "hashcat "}, sign: ":",
		head:  regexp.MustCompile(`(?:^|[\s/])(?:john|hashcat)\s.*--show\b`),
		among: regexp.MustCompile(`^[^\s:]+:\S`),
		entry: regexp.MustCompile(`^(?:[0-9a-f]{32,}|[\w.@\\-]+):([^\s:]{3,})(?::\S*)?\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // A new password, named by what happened to it.
		rule: "said", words: []string{"password"}, sign: ":",
		head:  regexp.MustCompile(`(?i)\bpassword\b.*\b(?:reset|generated|changed|created|updated)\b`),
		among: regexp.MustCompile(`^\s*$|^\s*(?i:user|username|login|email)\s*:`),
		entry: regexp.MustCompile(`(?i)^\s*(?:new |generated |temporary )?(?:value|password|pass|pw)\s*:\s+(\S+)\s*$`),
		isOK: func(secret string) bool {
			return len(secret) >= 6 && !isPlaceholder(secret, "") && !promptStop.MatchString(secret)
		},
	},
	{ // The secrets of PPP without quotes.
		rule: "setting", words: []string{"client", "chap-secrets", "pap-secrets"},
		head:  regexp.MustCompile(`^#\s*(?i:client\s+server\s+secret)|\b(?:chap|pap)-secrets\s*$`),
		among: regexp.MustCompile(`^\s*#|^\s*$|^\s*\S+\s+\S+\s+\S+(?:\s+[*\d./]+)?\s*$`),
		entry: regexp.MustCompile(`^\s*[^\s#]\S*\s+[\w.*"-]+\s+"?([^\s"]{3,})"?(?:\s+[*\d./]+)?\s*$`),
		isOK:  func(secret string) bool { return !isPlaceholder(secret, "") },
	},
	{ // The keys of a storage account.
		rule: "setting", words: []string{"keyname"}, sign: "alue",
		head:  regexp.MustCompile(`^\s*[-{]?\s*"?keyName"?:`),
		among: regexp.MustCompile(`^\s*"?(?:creationTime|permissions)"?:`),
		entry: regexp.MustCompile(`^\s*"?value"?:\s*"?([A-Za-z0-9+/]{40,}={0,2})"?,?\s*$`),
		isOK:  func(string) bool { return true },
	},
	{ // What is typed in a box.
		rule: "prompt", words: []string{"pass", "pin", "token", "key", "secret"},
		head:  regexp.MustCompile(`(?i)^[^│|║]*[│|║][^│|║]*\b(?:password|passphrase|passcode|pin|token|api key|secret)\b[^│|║]*[│|║]\s*$`),
		among: regexp.MustCompile(`^[^│|║]*[│|║]\s*[│|║]\s*$`),
		entry: regexp.MustCompile(`^[^│|║]*[│|║]\s+([^\s│|║]{4,}?)_*\s+[│|║]\s*$`),
		isOK:  func(secret string) bool { return mixed(secret, 6) && !isPlaceholder(secret, "") },
	},
	{ // A column of a table with frames.
		rule: "setting", words: []string{"pass", "pwd", "secret", "token", "key", "psk", "hash", "authentication_string"},
		head:  regexp.MustCompile(`(?i)^(?:\s*[|│])?(?:[^|│]*[|│])*\s*` + columnName + `\s*(?:[|│].*)?$`),
		among: regexp.MustCompile(`^\s*[-+|│├┼─╪═╞].*|^[^|│]+[|│].*$`),
		entry: regexp.MustCompile(`()[|│]`),
		isOK: func(secret string) bool {
			return mixed(secret, 6) && !strings.Contains(secret, " ") && !isPlaceholder(secret, "") && !promptStop.MatchString(secret)
		},
		table: true,
	},
	{ // A column of a table without.
		rule: "setting", words: []string{"pass", "pwd", "secret", "token", "key"},
		head:  regexp.MustCompile(`^(?:[A-Z]\S*(?: \S+)*\s{2,})*(?:[A-Z]+[ _])?(?:TOKEN|PASSWORD|SECRET|KEY|API[ _-]?KEY|[A-Z]?[a-z]*Token|Password|Secret|(?:Secret|Access|Api) ?Key|SecretAccessKey)(?:\s{2,}[A-Z].*)?\s*$`),
		never: regexp.MustCompile(`^\s*\S+\s*$|[|│:=.]|\s{2}[^A-Z\s]`),
		among: regexp.MustCompile(`^\S+(?:\s{2,}\S.*)?$`),
		entry: regexp.MustCompile(`\S()\s{2,}\S`),
		isOK: func(secret string) bool {
			return mixed(secret, 8) && strings.ContainsAny(secret, "0123456789") && !strings.Contains(secret, " ") && !isPlaceholder(secret, "") && entropy([]byte(secret)) > 2.5
		},
		table: true,
	},
}

const (
	// A code: digits, or groups of letters and digits.
	codeWord = `(?:(?:[0-9A-Za-z]+-)*[0-9A-Za-z]*\d[0-9A-Za-z]*(?:-[0-9A-Za-z]+)*|[a-z]{4,6}(?:-[a-z]{4,6})+)`
	// What programs announce.
	announced = `password|passphrase|passcode|(?:access |api |auth |join |deploy |bearer |root |refresh )?token|(?:api|secret|private|access|recovery|unseal|licen[cs]e|encryption|activation|master)[ -]key|secret access key|client secret|secret|credentials?`
	// The names of columns of secrets, for heads.
	columnName = `(?i:(?:[\w-]+[_ -])?(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|private|secret|secret[_ ]access|account|encryption)[_ ]?key|psk|(?:password[_ ]?)?hash|authentication_string|rolpassword))`
)

var (
	// Lines with the prompt of a shell.
	promptLine = regexp.MustCompile(`[$#%>❯➜»:]\s*$|` + shellPrompt.String())
	// Names of files.
	fileLike = regexp.MustCompile(`^[\w./-]+\.[A-Za-z]{2,5}$|^\.{0,2}/|://|^[\w-]{1,24}(?:\.[\w-]{1,24})+$`)
)

// printerWords are texts of which each line of secretPrinter has one.
var printerWords = []string{
	"openssl rand", "genkey", "genpsk", "pwgen", "apg", "xkcdpass", "makepasswd", "mkpasswd", "random", "token", "initial-password", "password", "passwd",
	"dumpprivkey", "secret", "base64", "-field", "output -raw", "oathtool", "gen.secret", "key:generate", "api_key", "apikey", "api-key", "whoami -t", "ssm get-parameter", "find-generic", "find-internet",
	"kwallet-query", "dcli ", "bw generate", "bw unlock", "bw login", "keepassxc-cli", "op item", "vault_pass", "configure get",
}

// secretPrinter matches the commands that print nothing but secrets.
var secretPrinter = regexp.MustCompile(`(?:^|[\s|&;()$"'\x60/])(?:` +
	`openssl\s+rand\b|wg\s+(?:genkey|genpsk)\b|pwgen\b|apg\b|makepasswd\b|mkpasswd\s*$|(?:bw|keepassxc-cli)\s+generate\b|bw\s+(?:unlock|login)\b.*--raw|` +
	`(?:jq|yq)\s.*\.\w*(?i:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key)\w*["'\]]*(?:\s|$)|(?:grep|rg)\s.*(?:PASSW|SECRET|TOKEN|API_?KEY|(?i:password|secret|token)).*\|\s*(?:cut|awk|sed)\b|` +
	`kwallet-query\s.*-r|dcli\s+(?:password|p)\s|` +
	`keepassxc-cli\s+show\s.*-a\s*[Pp]assword|op\s+item\s+get\s.*(?:password|credential|token|secret)|` +
	`(?:\S.*\s)?(?:tr|base64|xxd|od|hexdump|sha\d+sum|md5sum)\b.*/dev/u?random\b|\S+\s.*/dev/u?random\b.*\|\s*(?:tr|base64|xxd|od|hexdump|sha\d+sum|md5sum)\b|(?:python3?|node|ruby|perl|php)\b.*(?:secrets\.token_|randomBytes\(|SecureRandom|random_bytes\()|` +
	`gcloud\s+auth\s.*print-(?:access|identity)-token|gcloud\s+secrets\s+versions\s+access|az\s+account\s+get-access-token\b.*tsv|az\s+keyvault\s+secret\s+show\b.*tsv|` +
	`aws\s.*\b(?:get-login-password|get-authorization-token|get-random-password)\b|aws\s.*\bget-secret-value\b.*text|aws\s+ssm\s+get-parameters?\b.*with-decryption.*text|aws\s+configure\s+get\s+\S*(?:secret|token)\S*|` +
	`(?:gh|glab)\s+auth\s+token|heroku\s+auth:token|(?:fly|flyctl)\s+(?:auth\s+token|tokens\s+create)|doctl\s+auth\s+token|oc\s+whoami\s+(?:-t|--show-token)|(?:kubectl|oc)\s+create\s+token|kubeadm\s+token\s+(?:create|generate)|k3s\s+token\s+create|docker\s+swarm\s+join-token\s.*-q|npm\s+token\s+create|` +
	`(?:vault|bao)\s+print\s+token|(?:vault|bao)\s+(?:kv\s+)?(?:get|read)\s.*-field|argocd\s+admin\s+initial-password|argocd\s+account\s+generate-token|\S+-cli\b.*\bdumpprivkey\b|` +
	`(?:rails|rake)\s+secret\b|artisan\s+key:generate\s+--show|mix\s+phx\.gen\.secret|oathtool\b|terraform\s+output\s+-raw\s+\S*(?:password|secret|token|key)\S*|tofu\s+output\s+-raw\s+\S*(?:password|secret|token|key)\S*|` +
	`security\s+find-(?:generic|internet)-password\b.*\s-\w*w|chamber\s+read\s.*-q|` +
	`(?:kubectl|oc)\s.*\bget\s+secrets?\b.*(?:jsonpath|go-template|base64\s+(?:-d|-D|--decode))|` +
	`(?:cat|type|Get-Content|head|tail)\s+(?:-\S+\s+)*["']?(?:\S*/run/secrets/\S+|\S*(?:initialAdminPassword|node-token|\.vault-token|\.vault_pass\w*)|(?:\S*[/\\._-])?(?:password|passwd|passphrase|token|secret|api[_-]?key|pw)(?:\.txt)?|\S*(?:password|passphrase|secret|token)\.txt)["']?\s*$)`)

// noPrinter matches those of which the output goes elsewhere, or is none.
var noPrinter = regexp.MustCompile(`[^<]>\s*\S|\|\s*(?:tee|pbcopy|xclip|xsel|wl-copy|docker|podman|sudo|kubectl|wc|md5sum|clip)\b|/etc/passwd|--help|-h\s*$|-out\s|^\s*(?:#|//|\*)|\w=["']?\$\(|\w=\x60`)

// printed reports whether a word of the output of secretPrinter is a secret.
func printed(secret string) bool {
	digits := strings.Trim(secret, "0123456789") == ""
	return !promptLine.MatchString(secret) && !isPlaceholder(secret, "") && !fileLike.MatchString(secret) && (digits && len(secret) >= 6 || mixed(secret, 8) || len(secret) >= 20 && encoded(secret))
}

// namedEntry returns the kind of list in which an entry is the value of the name in
// the line above, behind one of labels, each of which ends in word.
func namedEntry(word, labels string) entryKind {
	return entryKind{
		rule: "setting", words: []string{word + ":", word + `"`, word + "'"}, sign: "alue",
		head: regexp.MustCompile(`^[\s{-]*["']?(?i:` + labels + `)["']?:\s*["']?[\w.-]*` +
			`(?i:passw(?:or)?d|passphrase|secret|token|api[_-]?key|(?:access|private|secret|encryption|master|signing|auth)[_-]?key|credentials?|[_-]pass|[_-]pwd)["']?,?\s*$`),
		among: regexp.MustCompile(`^\s*["']?(?i:type|sensitive|secure)["']?:`),
		entry: regexp.MustCompile(`^\s*["']?(?i:value|parametervalue)["']?:\s+["']?([^\s"'|>].*?)["']?,?[\s}]*$`),
		isOK:  func(secret string) bool { return len(secret) >= 4 && !isPlaceholder(secret, "") && !metavar(secret) },
	}
}

// entryHeads finds the words of the heads of entryKinds.
var entryHeads = sync.OnceValue(func() *keywords {
	lists := make([][]string, len(entryKinds))
	for i, kind := range entryKinds {
		lists[i] = kind.words
	}
	return newKeywords(lists)
})

// headFilters are for newPrefilter, of the heads of entryKinds.
var headFilters = sync.OnceValue(func() (list []*automaton) {
	for _, kind := range entryKinds {
		list = append(list, newAutomaton(kind.head.String()))
	}
	return list
})

// maxHead is the number of bytes of a head.
const maxHead = 1 << 10

// lookEntry replaces the secret in the line, whose first row is top, if it is an entry
// of a list of secrets.
func (s *screen) lookEntry(top int) {
	seen := s.openHeads()
	s.noteHeads(s.line)
	for ; seen != 0; seen &= seen - 1 {
		i := bits.TrailingZeros64(seen)
		kind := &entryKinds[i]
		at := kind.entryIn(s.line)
		if at == nil {
			continue
		}
		if y := top; kind.among == nil && (y == 0 || !s.run.isHead(i, s.lineAbove(&y))) {
			continue
		}
		for y, n := top, 0; y > 0 && n < mostAbove; n++ {
			text := s.lineAbove(&y)
			if s.run.isHead(i, text) {
				n := 1
				for at[2*n] < 0 { // the group that matched
					n++
				}
				s.hideEntry(kind, text, at[2*n], at[2*n+1])
				break
			}
			if kind.among == nil || !kind.among.Match(text) {
				break
			}
		}
	}
}

// entryIn returns where the secret is in a line that may be an entry, or nil.
func (k *entryKind) entryIn(line []byte) []int {
	if !bytes.Contains(line, []byte(k.sign)) {
		return nil
	}
	return k.entry.FindSubmatchIndex(line)
}

// noteHeads notes the heads of entryKinds that a line is.
func (s *screen) noteHeads(line []byte) {
	if len(line) > maxHead {
		return
	}
	hits := uint64(0)
	entryHeads().find(line, func(i int) { hits |= 1 << i })
	for ; hits != 0; hits &= hits - 1 {
		if i := bits.TrailingZeros64(hits); s.run.isHead(i, line) {
			s.heads |= 1 << i
			s.run.heads[i].at = s.scrolled + int64(s.waiting.count)
		}
	}
}

// openHeads returns the kinds of heads that may still be on the screen, as bits.
func (s *screen) openHeads() uint64 {
	if s.heads == 0 {
		return 0
	}
	_, rows := s.vt.Size()
	for open := s.heads; open != 0; open &= open - 1 {
		if i := bits.TrailingZeros64(open); s.scrolled+int64(s.waiting.count)-s.run.heads[i].at > int64(rows) {
			s.heads &^= 1 << i
		}
	}
	return s.heads
}

// mayBeEntry notes the heads that a line is, which has one of their words if named is
// set, and reports whether it may be an entry.
func (s *screen) mayBeEntry(line []byte, named bool) bool {
	seen := s.openHeads()
	if named {
		s.noteHeads(line)
	}
	for ; seen != 0; seen &= seen - 1 {
		if entryKinds[bits.TrailingZeros64(seen)].entryIn(line) != nil {
			return true
		}
	}
	return false
}

// entryHead is what a run knows of the heads of an entryKind.
type entryHead struct {
	filter *prefilter // nil until needed
	at     int64      // screen.scrolled when the last one was seen
}

// isHead reports whether a line is a head of entryKinds[i].
func (r *run) isHead(i int, text []byte) bool {
	kind := &entryKinds[i]
	if len(text) > maxHead {
		return false
	}
	if r.heads == nil {
		r.heads = make([]entryHead, len(entryKinds))
	}
	h := &r.heads[i]
	if h.filter == nil {
		h.filter = newPrefilter(headFilters()[i])
	}
	return h.filter.may(text) && kind.head.Match(text) && (kind.never == nil || !kind.never.Match(text))
}

// lineAbove returns the line above row y, and sets y to its first row.
func (s *screen) lineAbove(y *int) []byte {
	upto := *y
	for *y--; *y > 0 && s.vt.Row(*y).Continued(); *y-- {
	}
	var text []byte
	for row := *y; row < upto && len(text) < maxLineText; row++ {
		text = s.vt.Row(row).AppendText(text)
	}
	return text
}

// hideEntry replaces the secrets in an entry, which are between two indices of the
// line.
func (s *screen) hideEntry(kind *entryKind, head []byte, from, to int) {
	if kind.table {
		if from, to = column(head, s.line); from >= to {
			return
		}
	}
	if !kind.each {
		if kind.isOK(string(s.line[from:to])) {
			s.hide(from, to, kind.rule, false)
		}
		return
	}
	for i := from; i < to; i++ {
		if blank(s.line[i]) {
			continue
		}
		end := i
		for end < to && !blank(s.line[end]) {
			end++
		}
		if kind.isOK(string(s.line[i:end])) {
			s.hide(i, end, kind.rule, false)
		}
		i = end
	}
}

// secretColumn matches the names of columns of secrets.
var secretColumn = regexp.MustCompile(`(?i)^(?:[\w-]+[_ -])?(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|private|secret|secret[_ ]access|account|encryption)[_ ]?key|psk|(?:password[_ ]?)?hash|authentication_string|rolpassword)$`)

// column returns the part of a row of a table that is in the column of secrets. The
// columns are framed, or aligned with the head.
func column(head, row []byte) (from, to int) {
	framed := bytes.ContainsAny(head, "|│")
	rows := cells(row, framed)
	for i, cell := range cells(head, framed) {
		if !secretColumn.Match(head[cell.from:cell.to]) {
			continue
		}
		if !framed {
			at := utf8.RuneCount(head[:cell.from])
			i = slices.IndexFunc(rows, func(c extent) bool { return utf8.RuneCount(row[:c.from]) == at })
		}
		if i >= 0 && i < len(rows) {
			return rows[i].from, rows[i].to
		}
	}
	return 0, 0
}

// cells returns the cells of a row, which are framed, or two blanks apart, without the
// blanks around them.
func cells(row []byte, framed bool) []extent {
	separator := columnGap
	if framed {
		separator = columnFrame
	}
	var list []extent
	from := 0
	for _, at := range append(separator.FindAllIndex(row, -1), []int{len(row), len(row)}) {
		text := row[from:at[0]]
		left := len(text) - len(bytes.TrimLeft(text, " \t"))
		list = append(list, extent{from + left, max(from+left, from+len(bytes.TrimRight(text, " \t")))})
		from = at[1]
	}
	return list
}

var (
	columnFrame = regexp.MustCompile(`[|│]`)
	columnGap   = regexp.MustCompile(`\s{2,}`)
)

// isText reports whether a text is base64 of a text.
func isText(secret string) bool {
	_, ok := decode64(secret)
	return ok
}
