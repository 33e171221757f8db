package redact

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// command says which arguments of a program are secrets. Long options that are named
// after a secret, as --password, have a rule of their own.
type command struct {
	names string // of the program
	// subs, unless empty, are the subcommands that it holds for.
	subs     string
	separate string // options before a secret: -p SECRET
	attached string // options with a secret directly behind: -pSECRET
	bundled  string // options before a secret that may stand at the end of others: -oP SECRET
	// user are options before a user and a secret, which at separates.
	user string
	at   string
	// word is the number of the argument that is a secret, without options, from 1;
	// 0 is none, and lastWord the last one.
	word  int
	needs string // an option, or a letter of one, that word needs
	named bool   // arguments that are the name of a secret precede it
	pairs bool   // in NAME=SECRET, the secret has any name
	// cookies are options before cookies.
	cookies string
	valued  string // options before what is no secret
	slashes bool   // options may begin with a slash: /p SECRET
}

const lastWord = -1

var commands = []command{
	{names: "docker podman nerdctl buildah skopeo oras crane regctl helm az oc cloudctl ibmcloud twine lxc npm", subs: "login upload", separate: "-p", attached: "-p"},
	{names: "skopeo buildah podman", user: "--creds --src-creds --dest-creds", at: ":"},
	{names: "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlpump mysqlbinlog mysqlsh mariadb mariadb-dump mariadb-admin mycli", attached: "-p"},
	{names: "mysqladmin mariadb-admin", subs: "password", word: lastWord},
	{names: "mycli pgcli beeline cqlsh evil-winrm steghide aescrypt rdesktop psexec ncftp ncftpput ncftpget tsql smbmap netexec nxc crackmapexec hydra medusa certutil yt-dlp youtube-dl rabbitmqadmin racadm cypher-shell neo4j-admin vsql", separate: "-p", attached: "-p"},
	{names: "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles", separate: "-p", attached: "-p"},
	{names: "sshpass", separate: "-p", attached: "-p"},
	{names: "unzip zip", separate: "-P", attached: "-P", bundled: "-P"},
	{names: "ipmitool mosquitto_pub mosquitto_sub sqlcmd bcp isql mssql-cli", separate: "-P", attached: "-P"},
	{names: "7z 7za 7zr 7zz rar unrar", attached: "-p -hp"},
	{names: "openssl", separate: "-k -K", user: "-pass -passin -passout -password", at: "pass:"},
	{names: "openssl", subs: "passwd", word: lastWord},
	{names: "redis-cli valkey-cli keydb-cli dragonfly-cli", separate: "-a --pass"},
	{names: "redis-cli valkey-cli keydb-cli dragonfly-cli", subs: "auth AUTH requirepass masterauth", word: lastWord},
	{names: "ldapsearch ldapmodify ldapadd ldapdelete ldapmodrdn ldapcompare ldapwhoami ldapexop ldapvc", separate: "-w", attached: "-w"},
	{names: "ldappasswd", separate: "-w -s -a", attached: "-w -s -a"},
	{names: "curl", user: "-u --user -U --proxy-user -E --cert", at: ":", cookies: "-b --cookie", separate: "--pass --proxy-pass"},
	{names: "http https xh xhs httpie", user: "-a --auth", at: ":"},
	{names: "smbclient rpcclient smbget smbcacls smbspool net winexe wmic mount.cifs wbinfo", user: "-U --user -a --authenticate", at: "%"},
	{names: "smbclient", word: 2, valued: "-U --user -I --ip-address -L --list -c --command -d --debuglevel -D --directory -W --workgroup -p --port -m --max-protocol -t --timeout -s -n -M -O -R -A --authentication-file -T -b"},
	{names: "net", subs: "user", word: 2, slashes: true},
	{names: "net", subs: "use", word: lastWord, slashes: true},
	{names: "schtasks", separate: "/rp /RP /p /P", slashes: true},
	{names: "signtool", separate: "/p /P", slashes: true},
	{names: impacket("psexec smbexec wmiexec atexec dcomexec secretsdump smbclient lookupsid mssqlclient getTGT GetNPUsers GetUserSPNs samrdump services rpcdump"), at: ":", word: 1, separate: "-hashes"},
	{names: "etcdctl", user: "--user", at: ":"},
	{names: "swaks", separate: "-ap"},
	{names: "sendemail sendEmail", separate: "-xp"},
	{names: "kadmin kadmin.local", separate: "-w -pw"},
	{names: "dsconf dsctl dsidm", separate: "-w"},
	{names: "security", subs: "add-generic-password add-internet-password unlock-keychain set-keychain-password create-keychain import export", separate: "-w -p -P", attached: "-w"},
	{names: "bw", subs: "unlock", word: 1, valued: "--passwordenv --passwordfile"},
	{names: "bw", subs: "login", word: 2, valued: "--passwordenv --passwordfile --method --code"},
	{names: "rclone", subs: "obscure", word: 1},
	{names: "ansible-vault", subs: "encrypt_string", word: 1, valued: "--vault-id --vault-password-file --encrypt-vault-id -n --name --output"},
	{names: "mkpasswd", word: 1, valued: "-m --method -S --salt -R --rounds -P --password-fd"},
	{names: "ngrok", subs: "add-authtoken authtoken", word: 1},
	{names: "cloudflared", subs: "install", word: 1},
	{names: "mc mcli", subs: "set", word: 4},
	{names: "dotnet", subs: "user-secrets", word: 3},
	{names: "iwconfig", subs: "key enc", word: 1},
	{names: "netlify dvc wpa_cli doppler", subs: "env:set modify set_network configure set", named: true},
	{names: "supabase firebase dokku", subs: "secrets functions:config:set config:set", pairs: true},
	{names: "az", subs: "secret", separate: "--value"},
	{names: "eas", subs: "secret:create env:create", separate: "--value"},
	{names: "lftp", user: "-u --user", at: ","},
	{names: "htpasswd htdbm", word: lastWord, needs: "b"},
	{names: "mosquitto_passwd", word: lastWord, needs: "b"},
	{names: "rabbitmqctl", subs: "add_user change_password authenticate_user", word: 2},
	{names: "vault bao", subs: "login unseal", word: lastWord},
	{names: "vault bao", subs: "put patch write", pairs: true},
	{names: "kubectl oc", subs: "secret secrets", pairs: true, valued: "-o --output --template -l --selector"},
	{names: "heroku flyctl fly doppler railway", subs: "config:set secrets", pairs: true},
	{names: "pulumi", subs: "set", word: lastWord, needs: "--secret"},
	{names: "gh glab", subs: "set", separate: "-b --body", attached: "-b"},
	{names: "aws", subs: "put-parameter", separate: "--value"},
	{names: "aws npm yarn pnpm git kubectl pip poetry rclone wp composer", subs: "configure config", named: true},
	{names: "nmcli", subs: "connect modify add edit", named: true},
	{names: "grafana-cli grafana", subs: "reset-admin-password", word: lastWord},
	{names: "wpa_passphrase", word: 2},
	{names: "ssh-keygen", separate: "-N -P"},
	{names: "keytool jarsigner apksigner", separate: "-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass -new"},
	{names: "plink pscp psftp putty", separate: "-pw"},
	{names: "xfreerdp xfreerdp3 wlfreerdp", attached: "/p:", separate: "-p"},
	{names: "snmpget snmpgetnext snmpwalk snmpset snmpbulkget snmpbulkwalk snmptrap snmpstatus snmptable", separate: "-A -X -c", attached: "-A -X -c"},
	{names: "sqlplus sqlldr expdp impdp", at: "/", word: 1},
	{names: "pdftk", subs: "user_pw owner_pw input_pw", word: 1},
	{names: "pdftotext pdfinfo pdfimages pdftoppm pdftocairo", separate: "-upw -opw"},
	{names: "influx x11vnc", separate: "-password -passwd"},
	{names: "useradd usermod", separate: "-p --password"},
	{names: "yubico-piv-tool pkcs11-tool pkcs15-tool pkcs15-crypt p11tool tpm2_createprimary", separate: "-P -N -p --pin --so-pin --new-pin --puk"},
	{names: "ykman", separate: "-P -p -n -m --pin --new-pin --puk --new-puk --management-key"},
	{names: "slappasswd", separate: "-s"},
	{names: "drush", subs: "user:password user-password upwd", word: 2},
	{names: "cmdkey", attached: "/pass: /p:", slashes: true},
	{names: "ccrypt ccencrypt ccdecrypt", separate: "-K"},
}

// impacket returns the names that the programs of impacket are installed under.
func impacket(programs string) string {
	var names []string
	for _, name := range strings.Fields(programs) {
		names = append(names, name+".py", "impacket-"+name)
	}
	return strings.Join(names, " ")
}

// commandsByName has the indices of the commands of a program.
var commandsByName = func() map[string][]*command {
	list := map[string][]*command{}
	for i := range commands {
		for _, name := range strings.Fields(commands[i].names) {
			list[name] = append(list[name], &commands[i])
		}
	}
	return list
}()

// commandRules returns the rules for the arguments and the input of programs.
func commandRules() []*rule {
	var keywords []string
	for name := range commandsByName {
		keywords = append(keywords, strings.ToLower(name)+" ")
	}
	slices.Sort(keywords)
	return []*rule{
		{
			name: "option", keywords: keywords,
			locate: locateCommands,
			read:   commandValues,
		},
		{
			// A password that a program reads from a pipe.
			name: "option", keywords: []string{"echo ", "printf ", "print ", "yes ", "<<<"},
			locate: locateEchoes,
			read:   pipedValues,
		},
	}
}

// locateCommands returns the names of commands with a blank behind. Their group is the
// name.
func locateCommands(text []byte) (matches [][]int) {
	from := 0
	for i, c := range text {
		switch c {
		case ' ', '\t':
			name := bytes.TrimSuffix(text[from:i], []byte(".exe"))
			if commandsByName[string(name)] != nil {
				matches = append(matches, []int{from, i + 1, from, from + len(name)})
			}
			from = i + 1
		case ';', '|', '&', '(', ')', '{', '}', '"', '\'', '`', '/', '\\', '>', '\n', '\r':
			from = i + 1
		}
	}
	return matches
}

// echo matches the commands that write to a pipe.
var echo = regexp.MustCompile("(?:^|[\\s;|&(){}\"'`])(?:(?:echo|printf|print|yes)[ \\t]|cat\\s*<<<)")

// locateEchoes returns the commands that may write to a pipe.
func locateEchoes(text []byte) [][]int {
	if bytes.IndexByte(text, '|') < 0 {
		return nil
	}
	return echo.FindAllIndex(text, -1)
}

// maxArguments is the number of bytes of a command that are read.
const maxArguments = 1 << 9

// commandValues reads the secrets among the arguments of a command.
func commandValues(m match) []value {
	p := m.place(-1, m.all[1])
	text := p.line.text
	start := min(p.at, len(text))
	head := bytes.TrimRight(text[:start], " \t")
	sure := atCommand(head[:max(0, len(head)-(m.groups[3]-m.groups[2]))])
	var values []value
	for _, c := range commandsByName[m.group(1)] {
		a := arguments{m: m, c: c, sure: sure}
		a.read(p.line, p.at)
		values = append(values, a.values...)
	}
	slices.SortFunc(values, func(a, b value) int { return a.from - b.from })
	return values
}

var (
	// The end of the text before a command: a prompt, an operator of a shell, or a
	// word that precedes commands.
	commandLead = regexp.MustCompile("(?:^|[$#%>❯➜»λ;|&({`\"'!+\\]~✗✔]|(?:^|\\s)(?:sudo|doas|env|time|exec|nohup|xargs|then|do|else|command|nice|watch|\\w+=\\S*|RUN|SHELL|CMD|ENTRYPOINT|-c)(?:\\s+-\\w+)*)$")
	// The folder of a program.
	programPath = regexp.MustCompile(`(?:^|[\s"'])[\w./~\\:-]*[/\\]$`)
)

// atCommand reports whether a command may begin behind a text.
func atCommand(before []byte) bool {
	before = near(before)
	if at := programPath.FindIndex(before); at != nil {
		before = before[:at[0]]
	}
	return commandLead.Match(bytes.TrimRight(before, " \t"))
}

// arguments reads the arguments of a command.
type arguments struct {
	m    match
	c    *command
	sure bool // they are known to be those of a command, not of a text about it

	values []value
	found  bool // the subcommand was seen, or none is needed
	needed bool // so was the option
	count  int  // arguments so far, without options
	final  word // the last of them
}

// What an option, or a name, says of the argument behind it.
const (
	nothing = iota
	isSecret
	isUser
	isCookies
	isOther // neither a secret, nor an argument that counts
)

// read reads the arguments from index i of a line on.
func (a *arguments) read(l line, i int) {
	a.found, a.needed = a.c.subs == "", a.c.needs == ""
	next := nothing
	start := min(i, len(l.text))
	for end := min(len(l.text), i+maxArguments); i < end; {
		if c := l.text[i]; blank(c) || c == '<' || c == '>' {
			i++
			continue
		}
		w := l.word(i, style{most: maxArguments, bare: a.sure, loose: !a.sure})
		if w.end == i {
			break // an operator
		}
		i = w.end
		option := len(w.text) > 1 && (w.text[0] == '-' || w.text[0] == '/' && a.c.slashes) || len(w.text) > 2 && w.text[0] == '/' && listed(a.c.attached, string(w.text[:3]))
		switch {
		case next == isSecret && (!option || w.quoted):
			a.add(w)
			next = nothing
		case next == isOther && !option:
			next = nothing
		case next == isUser:
			a.user(w)
			next = nothing
		case next == isCookies:
			a.values = append(a.values, a.m.cookies(w.line, true)...)
			next = nothing
		case option:
			next = a.option(w)
		default:
			next = a.argument(w)
		}
	}
	if a.c.word == lastWord && a.count > 0 && a.needed && !bytes.Contains(l.text[start:], []byte(" [-")) {
		a.last()
	}
}

// add adds a secret.
func (a *arguments) add(w word) {
	text := string(w.text)
	if len(text) >= 3 && !a.m.placeholder(w, "") && !metavar(text) && !isSentence(text) && (a.sure || mixed(text, 4)) {
		a.values = append(a.values, a.m.value(w)...)
	}
}

// user adds the secret behind a user.
func (a *arguments) user(w word) {
	if i := bytes.Index(w.text, []byte(a.c.at)); i >= 0 && !urlExample.Match(w.text[i+len(a.c.at):]) {
		a.add(w.slice(i+len(a.c.at), len(w.text)))
	}
}

// option reads an option, and returns what it says of the next argument.
func (a *arguments) option(w word) int {
	c, text := a.c, string(w.text)
	short := text[1] != '-'
	if text == c.needs || len(c.needs) == 1 && short && strings.Contains(text, c.needs) {
		a.needed = true
	}
	if listed(c.valued, text) {
		return isOther
	}
	if !a.found {
		return nothing
	}
	switch name, rest, equals := strings.Cut(text, "="); {
	case listed(c.separate, text), listed(c.bundled, "-"+text[len(text)-1:]) && short && len(text) < 5:
		return isSecret
	case listed(c.user, text):
		return isUser
	case listed(c.cookies, text):
		return isCookies
	case equals && listed(c.separate, name):
		a.add(w.slice(len(name)+1, len(text)))
	case equals && listed(c.user, name):
		a.user(w.slice(len(name)+1, len(text)))
	case equals && listed(c.cookies, name):
		a.values = append(a.values, a.m.cookies(w.slice(len(name)+1, len(text)).line, true)...)
	case equals && c.pairs && name == "--from-literal":
		if i := strings.IndexByte(rest, '='); i >= 0 {
			a.add(w.slice(len(name)+1+i+1, len(text)))
		}
	case short && listed(c.user, text[:2]):
		a.user(w.slice(2, len(text)))
	default:
		for _, option := range strings.Fields(c.attached) {
			if rest, ok := strings.CutPrefix(text, option); ok && rest != "" && rest[0] != '-' && rest[0] != '=' {
				a.add(w.slice(len(option), len(text)))
				break
			}
		}
	}
	return nothing
}

// argument reads an argument that is no option, and returns what it says of the next.
func (a *arguments) argument(w word) int {
	c, text := a.c, string(w.text)
	if !a.found {
		a.found = listed(c.subs, text)
		return nothing
	}
	a.count++
	a.final = w
	if a.count == c.word {
		secret := w
		if c.at != "" { // USER/SECRET@HOST
			i := strings.Index(text, c.at)
			if i <= 0 {
				return nothing
			}
			secret = w.slice(i+1, len(text))
			if host := bytes.LastIndexByte(secret.text, '@'); host >= 0 {
				secret = secret.slice(0, host)
			} else if c.at == ":" {
				return nothing // HOST:PORT
			}
		}
		a.add(secret)
	}
	if i := strings.IndexByte(text, '='); i > 0 && c.pairs && !strings.HasPrefix(text[i+1:], "@") {
		a.add(w.slice(i+1, len(text)))
	}
	if c.named && (secretName(text[strings.LastIndexAny(text, "/.:")+1:]) || plainName.MatchString(text)) && !strings.Contains(text, "=") {
		return isSecret
	}
	return nothing
}

// last adds the last argument, unless it is the subcommand, or names something else:
// NAME=VALUE.
func (a *arguments) last() {
	w, text := a.final, string(a.final.text)
	name, value, ok := strings.Cut(text, "=")
	switch {
	case listed(a.c.subs, text), strings.HasPrefix(text, `\`) && a.c.slashes:
	case !ok || name == "" || strings.Trim(value, "=") == "":
		a.add(w)
	case secretName(name):
		a.add(w.slice(len(name)+1, len(text)))
	}
}

// plainName matches the names of secrets in arguments that are not in others.
var plainName = regexp.MustCompile(`(?i)^(?:pass|pwd|psk|pw|wep-key\d|(?:.*\.)?psk)$`)

// listed reports whether a list has a word.
func listed(list, word string) bool {
	return word != "" && slices.Contains(strings.Fields(list), word)
}

// secretReaders matches the programs that read a secret from their standard input.
const secretReaders = `sudo\b[^|;<>]*\s(?:-\w*S|--stdin)\b|` +
	`(?:chpasswd|passwd|smbpasswd|vncpasswd|kinit|cryptsetup|su|pw|ecryptfs-\S+|htpasswd\b[^|;<>]*\s-\w*i|openconnect|ssh-add|saslpasswd2|kpasswd|ykman|keyctl\b[^|;<>]*\spadd|pass\s+insert|secret-tool\s+store|keepassxc-cli|ldappasswd\b[^|;<>]*\s-T)\b|` +
	`(?:gh|glab)\b[^|;<>]*\s--with-token|(?:vault|bao)\b[^|;<>]*\s(?:-|\w+=-)(?:\s|$)|(?:gh|wrangler|fly|flyctl|vercel|docker|podman)\s+(?:secrets?|env)\s+(?:set|put|create|add)\b|` +
	`[^|;<>]*(?:--[\w-]*stdin\b|--passphrase-fd[ =]?0|-pass(?:in|out)?\s+stdin|--data-file=-)`

var (
	// Programs that read a secret from a pipe.
	secretReader = regexp.MustCompile(`^[ \t]*(?:;[ \t]*(?:echo|printf|print|sleep)\b[^|;]*)*[ \t]*[)}]?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:\S*/)?(?:` +
		secretReaders + `)`)
	chpasswd = regexp.MustCompile(`^[^|]*\|[ \t]*(?:sudo[ \t]+)?(?:\S*/)?(?:chpasswd|pw)\b`)
	// The escapes and the formats of printf that are not part of the text.
	printfFormat = regexp.MustCompile(`^(?:%\w|\\n)+$`)
	lineEscape   = regexp.MustCompile(`\\[nr]`)
)

// pipedValues reads the words that echo and printf write to a program that reads a
// password.
func pipedValues(m match) []value {
	p := m.place(-1, m.all[1])
	l := p.line
	var words []word
	i := p.at
	end := min(len(l.text), i+maxArguments)
	for i < end {
		if blank(l.text[i]) {
			i++
			continue
		}
		w := l.word(i, style{most: maxArguments, bare: true})
		if w.end == i {
			break
		}
		i = w.end
		if s := string(w.text); len(words) > 0 || !echoOption.MatchString(s) && !printfFormat.MatchString(s) {
			words = append(words, w)
		}
	}
	rest := l.text[min(i, len(l.text)):min(len(l.text), i+maxArguments)]
	if len(words) == 0 || !secretReader.Match(rest) {
		return nil
	}
	users := chpasswd.Match(rest)
	var values []value
	for _, w := range words {
		from := 0
		for _, at := range append(lineEscape.FindAllIndex(w.text, -1), []int{len(w.text), len(w.text)}) {
			part := w.slice(from, at[0])
			from = at[1]
			if users {
				part = part.slice(bytes.IndexByte(part.text, ':')+1, len(part.text))
			}
			if len(part.text) > 1 && !m.placeholder(part, "") && part.text[0] != '-' && !(metavar(string(part.text)) && strings.ToLower(string(part.text)) == string(part.text)) {
				values = append(values, m.value(part)...)
			}
		}
	}
	return values
}

var echoOption = regexp.MustCompile(`^-[neE]+$|^--$`)
