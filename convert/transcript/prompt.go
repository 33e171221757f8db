package transcript

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ends are the characters that the prompts of shells end with.
const ends = "$#%>❯➜λ»⟩›▶→⇒∴✗✔❱➤▸⚡\ue0b0\ue0b1\ue0b4\ue0b5\ue0bc\ue0c0"

// starts are characters that begin prompts and little else.
const starts = "➜❯λ▶→╰└⚡∴"

// maxPrompt is the most bytes in the last line of a prompt that is compared.
const maxPrompt = 1000

// plausible reports whether text, up to the cursor, may be a prompt at which
// commands are typed.
func plausible(text string) bool {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || len(text) > 400 || len(trimmed) == 1 && trimmed == text {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(trimmed)
	first, _ := utf8.DecodeRuneInString(trimmed)
	return strings.ContainsRune(ends, last) || strings.ContainsRune(starts, first)
}

// question matches the end of what programs ask.
var question = regexp.MustCompile(`(?i)(\?|[[(]y(es)?/n(o)?[])]|(password|passphrase|passcode|pin|login|username|user name|press .*)( for .*)?):?$|^-- ?more|\d%|\d+/\d+|\.\.\.$`)

// looksLikeQuestion reports whether text is what programs ask, or progress that
// they show.
func looksLikeQuestion(text string) bool { return question.MatchString(strings.TrimSpace(text)) }

// terminator returns the last character of a prompt with the blanks behind it;
// letters and digits become w.
func terminator(prompt string) string {
	trimmed := strings.TrimRight(prompt, " ")
	r, n := utf8.DecodeLastRuneInString(trimmed)
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return "w" + prompt[len(trimmed):] // a name
	}
	return prompt[len(trimmed)-n:]
}

// growsPrompt reports whether what is behind a known prompt belongs to a longer
// one, such as the state of a repository, and was not typed: it ends in a sign with
// a blank.
func growsPrompt(rest string) bool {
	body, blank := strings.CutSuffix(rest, " ")
	last, _ := utf8.DecodeLastRuneInString(body)
	return blank && body != "" && (strings.ContainsRune(")]}*±", last) || strings.ContainsRune(ends, last))
}

// endsLikePrompt reports whether text ends with a character that prompts end with.
func endsLikePrompt(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, " "))
	return strings.ContainsRune(ends, last)
}

// shape returns what stays of a prompt when the names in it change: every run of
// letters, digits and characters of paths becomes one w.
func shape(prompt string) string {
	var b strings.Builder
	word := false
	for _, r := range strings.TrimRight(prompt, " ") {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_~/.-+…", r) {
			if !word {
				b.WriteByte('w')
			}
			word = true
			continue
		}
		word = false
		b.WriteRune(r)
	}
	return b.String()
}

// alike reports whether two prompts belong to the same shell.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > maxPrompt || len(b) > maxPrompt {
		return false
	}
	if terminator(a) != terminator(b) {
		return false
	}
	sa, sb := shape(a), shape(b)
	if sa == sb {
		return true
	}
	// A sign in front shows how the last command ended.
	if ta, tb := strings.TrimLeftFunc(sa, decorates), strings.TrimLeftFunc(sb, decorates); ta == tb && len(ta) > 2 {
		return true
	}
	// Parts come and go: a virtual environment before the prompt, the state of
	// a repository behind it.
	return strings.HasSuffix(sa, " "+sb) || strings.HasSuffix(sb, " "+sa) ||
		commonPrefix(a, b) >= 4 && commonPrefix(a, b)*2 >= min(len(a), len(b))
}

// account returns the user@host in a prompt; "" if there is none.
func account(prompt string) string {
	if len(prompt) > maxPrompt {
		return ""
	}
	return userAtHost.FindString(prompt)
}

var userAtHost = regexp.MustCompile(`[\w.-]*\w@\w[\w.-]*\w`)

// decorates reports whether a character of a shape belongs to no word.
func decorates(r rune) bool { return r == ' ' || r > 0x7f }

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// replPrompt matches the prompts of programs that read a language of their own.
var replPrompt = regexp.MustCompile(`^\s*(` +
	`>>>|\.\.\.|In \[\d+\]:|Out\[\d+\]:|\?-|\|\s?:|` +
	`\((gdb|lldb|pdb|Pdb|ipdb|rdb|dlv|byebug|node)[^)]*\)\+?|` +
	`(ftp|sftp|mysql|MariaDB \[[^\]]*\]|sqlite|lua|scala|julia|ghci|Prelude[\w. ]*|iex\(\d+\)|irb\([^)]*\)[:\d*>]*|pry\([^)]*\)|hive|spark-sql|duckdb|telnet|gnuplot|octave(:\d+)?|redis|mongosh?|test|php|user|node|jshell|cqlsh|nslookup|gp|maxima|R|Redis|psql|lftp [^>]*|smb: [^>]*|nu)\s*>|` +
	`[\w.-]+:\d+(\[\d+\])?>|` + // redis-cli
	`[\w-]+[=-][>#]|` + // psql
	`(dbg|debug|debugger|jdb|bpython|deno)[>:]?|` +
	`>|-|:|\*|λ>|=>|->|\.\.>|'>|">` +
	`)\s*$`)

// replStart matches such a prompt at the start of a line.
var replStart = regexp.MustCompile(`^(>>> |\.\.\. |In \[\d+\]: |[\w.-]+(\([\w.*:-]*\))?[=-]?[>#] |\([A-Za-z]+db\) )`)

// looksLikeREPL reports whether a prompt is unlikely to be a shell's.
func looksLikeREPL(prompt string) bool { return replPrompt.MatchString(prompt) }

// looksLikeShell reports whether a prompt is unlikely to be anything but a
// shell's.
func looksLikeShell(prompt string) bool {
	trimmed := strings.TrimSpace(prompt)
	if trimmed == "" {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(trimmed)
	first, _ := utf8.DecodeRuneInString(trimmed)
	switch {
	case strings.ContainsAny(trimmed, "@~/"):
		return true
	case strings.ContainsRune("$#%❯➜", last) || strings.ContainsRune(starts, first):
		return !looksLikeREPL(prompt)
	}
	return false
}

// bareSign reports whether a prompt has no words.
func bareSign(prompt string) bool { return !strings.ContainsFunc(prompt, unicode.IsLetter) }

// sameName reports whether a prompt begins with the name in another one, and only
// its sign differs, or what is between: routers show their modes so.
func sameName(prompt, other string) bool {
	name := strings.TrimRightFunc(other, func(r rune) bool { return r == ' ' || strings.ContainsRune(ends, r) })
	if i := strings.IndexByte(name, '('); i > 0 {
		name = name[:i]
	}
	return len(name) > 2 && strings.HasPrefix(prompt, name) && endsLikePrompt(prompt) && !looksLikeREPL(prompt) &&
		shape(prompt[len(name):]) != shape(prompt)
}

// setsPrompt matches a command line that may change the prompt of its shell.
var setsPrompt = regexp.MustCompile(`(^|[\s;&])(PS1|PROMPT|prompt)\+?=|fish_prompt|^\s*(prompt|source|\.|(conda|micromamba|mamba|pyenv) (de)?activate|deactivate|workon|nvm use)(\s|$)`)

// simple are commands that read no lines of their own at a prompt: the next prompt
// is the shell's, which may have changed.
var simple = map[string]bool{
	"cd": true, "pushd": true, "popd": true, "z": true, "ls": true, "ll": true, "la": true, "pwd": true, "echo": true, "printf": true, "mkdir": true,
	"touch": true, "true": true, "false": true, "export": true, "unset": true, "alias": true, "clear": true, "git": true, "date": true, "sleep": true,
}

// runsNothing reports whether a command line is of simple commands only.
func runsNothing(line string) bool {
	words := firstWords(line)
	return len(words) > 0 && !strings.ContainsAny(line, "|`$(") && !slices.ContainsFunc(words, func(w string) bool { return !simple[w] })
}

// namesProgram reports whether a prompt has the name of the program that a command
// line starts, or its beginning, and nothing that only the prompts of shells have.
func namesProgram(prompt, line string) bool {
	name := strings.ToLower(strings.Trim(prompt, " []()<>:#$%❯➜›»-"))
	return len(name) > 2 && !strings.ContainsAny(prompt, "@~/") && slices.ContainsFunc(firstWords(line), func(word string) bool {
		return strings.HasPrefix(word, name)
	})
}

// decorated reports whether a prompt has more than words and the sign at its end,
// so that another one of its shape is one of the same shell.
func decorated(prompt string) bool {
	sh := shape(prompt)
	_, n := utf8.DecodeLastRuneInString(sh)
	return strings.ContainsFunc(sh[:len(sh)-n], func(r rune) bool { return r != ' ' && r != 'w' })
}

// continuation matches the prompts that shells show for a further line.
var continuation = regexp.MustCompile(`^\s*((\S+ )*(if|then|elif|else|while|until|for|do|case|select|function|repeat|foreach|quote|dquote|bquote|pipe|cmdand|cmdor|subsh|cmdsubst|mathsubst|braceparam|heredoc|heredocd|array|cursh|cond|math|coproc|nocorrect|time|always|errexit|elif-then)*>|>|\.\.\.|…|::: |∙|\|)\s*$`)

// continuationStart matches such a prompt at the start of a line.
var continuationStart = regexp.MustCompile(`^(((if|then|elif|else|while|until|for|do|case|select|function|repeat|foreach|quote|dquote|bquote|pipe|cmdand|cmdor|subsh|cmdsubst|mathsubst|braceparam|heredoc|heredocd|array|cursh|cond|math|coproc|always|elif-then)\s?)*>|\.\.\.|…|:::|∙) `)

func looksLikeContinuation(prompt string) bool { return continuation.MatchString(prompt) }

// zshContinuation matches those of zsh, which name the construct that is open.
var zshContinuation = regexp.MustCompile(`^((if|then|elif|else|while|until|for|do|case|select|function|repeat|foreach|quote|dquote|bquote|pipe|cmdand|cmdor|subsh|cmdsubst|mathsubst|braceparam|heredoc|heredocd|array|cursh|cond|math|coproc|always|elif-then)\s?)+> ?$`)

// zshOpen matches a prompt that has the name of such a construct among other text.
var zshOpen = regexp.MustCompile(`\b(if|then|elif|else|while|until|for|do|case|select|function|repeat|foreach|quote|dquote|bquote|pipe|cmdand|cmdor|subsh|cmdsubst|mathsubst|braceparam|heredocd?|array|cursh|cond|math|always)\b`)

// launchers are commands that may start another shell.
var launchers = map[string]bool{
	"sh": true, "bash": true, "zsh": true, "fish": true, "dash": true, "ash": true, "ksh": true, "mksh": true,
	"ksh93": true, "tcsh": true, "csh": true, "nu": true, "elvish": true, "xonsh": true, "busybox": true, "rbash": true, "pwsh": true,
	"su": true, "sudo": true, "doas": true, "ssh": true, "mosh": true, "docker": true, "podman": true, "nerdctl": true,
	"kubectl": true, "oc": true, "k": true, "lxc": true, "incus": true, "lxc-attach": true, "lxc-console": true,
	"nix-shell": true, "nix": true, "poetry": true, "pipenv": true, "hatch": true, "newgrp": true, "script": true,
	"asciinema": true, "chroot": true, "arch-chroot": true, "systemd-nspawn": true, "machinectl": true, "vagrant": true,
	"multipass": true, "limactl": true, "lima": true, "colima": true, "adb": true, "distrobox": true, "toolbox": true, "toolbx": true, "env": true,
	"nsenter": true, "unshare": true, "gcloud": true, "aws": true, "az": true, "exec": true, "login": true, "setpriv": true, "runuser": true,
	"docker-compose": true, "wsl": true, "telnet": true, "screen": true, "tmux": true, "guix": true, "flatpak": true,
	"apptainer": true, "singularity": true, "ttydeck": true, "termrec": true, "stdbuf": true, "time": true, "minikube": true, "vind": true, "vcluster": true,
	"devbox": true, "direnv": true, "rlwrap": true, "socat": true, "nc": true, "ncat": true, "picocom": true, "minicom": true, "virsh": true, "qemu-system-x86_64": true,
}

// replPrograms are programs that read a language of their own, not all with
// bracketed paste.
var replPrograms = map[string]bool{
	"node": true, "nodejs": true, "deno": true, "bun": true, "irb": true, "pry": true, "lua": true, "luajit": true, "ghci": true, "R": true,
	"psql": true, "mysql": true, "mariadb": true, "sqlite3": true, "duckdb": true, "redis-cli": true, "mongosh": true, "mongo": true,
	"gdb": true, "lldb": true, "pdb": true, "dlv": true, "jshell": true, "scala": true, "julia": true, "octave": true, "maxima": true, "gp": true,
	"php": true, "iex": true, "erl": true, "swipl": true, "ftp": true, "sftp": true, "nslookup": true, "telnet": true, "gnuplot": true, "bpython": true,
}

// startsREPL reports whether a command line starts such a program. Python has
// a number in its name, as may others.
func startsREPL(line string) bool {
	for _, word := range firstWords(line) {
		name := strings.TrimRight(word, "0123456789.")
		if replPrograms[word] || replPrograms[name] || name == "python" || name == "ipython" || name == "pypy" {
			return true
		}
	}
	return false
}

// isLauncher reports whether a command line may start a shell.
func isLauncher(line string) bool {
	for _, word := range firstWords(line) {
		if launchers[word] {
			return true
		}
	}
	return false
}

// firstWords returns the name of each command in a line, without directories,
// as far as they can be found without parsing.
func firstWords(line string) []string {
	var words []string
	next := true
	for _, f := range strings.Fields(line) {
		if next && !strings.Contains(f, "=") {
			name := f[strings.LastIndexByte(f, '/')+1:]
			words = append(words, strings.TrimLeft(name, "({"))
			next = name == "sudo" || name == "env" || name == "exec" || name == "time"
		}
		if strings.HasSuffix(f, ";") || f == "&&" || f == "||" || f == "|" {
			next = true
		}
		if len(words) > 8 {
			break
		}
	}
	return words
}

// kindOf returns a key that is usually the same for all prompts of a shell.
func kindOf(prompt string) string { return shape(prompt) + "\x00" + terminator(prompt) }

func lastLine(prompt []string) string {
	if len(prompt) == 0 {
		return ""
	}
	return prompt[len(prompt)-1]
}
