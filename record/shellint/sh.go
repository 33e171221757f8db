package shellint

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed sh.sh
var shScript string

//go:embed busybox.sh
var busyboxScript string

//go:embed mksh.sh
var mkshScript string

//go:embed ksh.sh
var kshScript string

// posixShell holds the differences between the shells that read ENV.
type posixShell struct {
	script string // defines the functions that the prompt calls
	// env is the file that the shell reads if ENV is not set.
	env     string
	setsENV bool // the shell then sets ENV to env
	// end is the text in a prompt that marks the end of a command; fields are added
	// to the mark A.
	end, fields string
	// hide and show enclose text of no width in a prompt; begin comes before the
	// first of them.
	begin, hide, show string
	plainPS2          bool // the shell expands nothing in PS2
}

var posixShells = map[string]posixShell{
	"dash": {script: shScript, end: `$({ __ttydeck_end "$?" ""; } 2>/dev/null)`},
	"busybox": {script: shScript + busyboxScript, hide: `\[`, show: `\]`, end: `$({ __ttydeck_end "$?" "${__ttydeck_n-}"; } 2>/dev/null)`,
		fields: `;hn=$((__ttydeck_n=$({ __ttydeck_count; } 2>/dev/null)))`},
	"mksh":        mksh,
	"mksh-static": mksh,
	"lksh":        mksh,
}

// mksh traces $() (set -x) on the terminal: then the prompt itself has the mark, but
// not every directory's name. An element of __ttydeck_t is empty or not; !! is a !.
var mksh = posixShell{script: mkshScript + "__ttydeck_t=('' 1)\n__ttydeck_=1 __ttydeck_x=0 __ttydeck_k=0 __ttydeck_n=\n",
	end: `${__ttydeck_t[(__ttydeck_k=__ttydeck_${-//[!!x]/})*0]}${__ttydeck_t[__ttydeck_k]:+$(__ttydeck_end "$?" "$__ttydeck_n")}` +
		"${__ttydeck_t[1-__ttydeck_k]:+$__ttydeck_e]133;D;$?;aid=$__ttydeck_aid$__ttydeck_z$__ttydeck_e]7;kitty-shell-cwd://${PWD//[[:cntrl:]]/?}$__ttydeck_z}",
	fields: `${__ttydeck_t[__ttydeck_k]:+;hn=$((__ttydeck_n=$(__ttydeck_count)))}`,
	env:    "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01", plainPS2: true}

// start returns the starter of a shell without hooks, whose command line begins
// with args words. The shell reads a file by ENV, which restores ENV and
// sources the user's file. Only the prompts can contain marks: they report the
// status of the previous command, and its text where the shell has a history. A
// command begins at the end of the line.
func (p posixShell) start(args int) starter {
	return func(s *Shell, nonce string) (bool, error) {
		if !interactive(s.Args[args:]) {
			return false, nil
		}
		// Children may inherit the prompts, and zsh expands no variables in them. So
		// they contain no control characters: zsh knows how wide its prompt is.
		prompt := func(hide, seqs string) string {
			return "${__ttydeck_aid:+" + hide + seqs + "$__ttydeck_z$__ttydeck_o}"
		}
		before := prompt("$__ttydeck_i", p.end+"$__ttydeck_e$__ttydeck_a"+p.fields)
		after := prompt("$__ttydeck_h", "$__ttydeck_e$__ttydeck_b")
		second := prompt("$__ttydeck_i", "$__ttydeck_e$__ttydeck_s")

		var b strings.Builder
		b.WriteString(p.script + p.userFile(s.Env) + p.setVariables(nonce))
		fmt.Fprintf(&b, "PS1=%s${PS1-}%s\n", quote(before), quote(after))
		if !p.plainPS2 {
			fmt.Fprintf(&b, "PS2=%s${PS2-}%s\n", quote(second), quote(after))
		}
		path, err := s.write("env", b.String())
		if err != nil {
			return false, err
		}
		s.setEnv("ENV", path)
		return true, nil
	}
}

// interactive reports whether a shell with these arguments reads its commands
// from a user.
func interactive(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "-i", "-l", "-il", "-li", "-E":
		default:
			return false
		}
	}
	return true
}

// userFile returns the beginning of the start-up file: it restores ENV, and
// sources the user's file.
func (p posixShell) userFile(env []string) string {
	var b strings.Builder
	b.WriteString(restore(env, "ENV"))
	fmt.Fprintf(&b, "__ttydeck_file=${ENV-%s}\n", p.env)
	if p.setsENV {
		b.WriteString("[ -n \"${ENV+set}\" ] || ENV=$__ttydeck_file\n")
	}
	b.WriteString(`eval "__ttydeck_file=\"$__ttydeck_file\""
[ ! -r "$__ttydeck_file" ] || . "$__ttydeck_file"
unset __ttydeck_file
`)
	return b.String()
}

// setVariables returns the part of the start-up file that sets the variables of the
// prompts, which are not exported. None holds a whole sequence, because the command
// set prints them.
func (p posixShell) setVariables(nonce string) string {
	var set strings.Builder
	for _, v := range [][2]string{
		{"aid", nonce}, {"e", "\x1b"}, {"z", "\a"}, {"a", "]133;A;aid=" + nonce}, {"b", "]133;B;aid=" + nonce},
		{"s", "]133;A;k=s;aid=" + nonce}, {"i", p.begin + p.hide}, {"h", p.hide}, {"o", p.show},
	} {
		set.WriteString(" __ttydeck_" + v[0] + "=" + quote(v[1]))
	}
	return "case $- in\n*a*) set +a;" + set.String() + "; set -a ;;\n*)" + set.String() + " ;;\nesac\n"
}

// startKsh prepares ksh93. In a prompt, only escape sequences of numbers have
// no width there. So a function, which does not fork, writes the marks before
// the prompt, and the mark after it has the nonce in a field of its own, after
// an N. ksh93 expands nothing in PS2.
func startKsh(s *Shell, nonce string) (bool, error) {
	if !interactive(s.Args[1:]) {
		return false, nil
	}
	p := posixShell{env: "$HOME/.kshrc", setsENV: true}
	text := kshScript + p.userFile(s.Env) + p.setVariables(nonce) + `__ttydeck_n=-
case ${PS1-} in '') case $(id -u) in 0) PS1='# ' ;; *) PS1='$ ' ;; esac ;; esac
PS1='${__ttydeck_aid:+$__ttydeck_mark}'$PS1'${__ttydeck_aid:+$__ttydeck_e]133;B;N$__ttydeck_aid$__ttydeck_z}'
`
	path, err := s.write("env", text)
	if err != nil {
		return false, err
	}
	s.setEnv("ENV", path)
	return true, nil
}
