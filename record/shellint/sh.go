package shellint

import (
	"fmt"
	"slices"
	"strings"
)

// posixShell is what differs between the shells that read ENV.
type posixShell struct {
	// env is the file that it reads where ENV is not set.
	env     string
	setsENV bool // it sets ENV to that then
	// hide and show stand around what takes no room in a prompt, begin at the
	// prompt's beginning.
	begin, hide, show string
	plainPS2          bool // nothing in PS2 is expanded
}

var posixShells = map[string]posixShell{
	"dash":        {},
	"bash":        {hide: `\[`, show: `\]`}, // as sh
	"busybox":     {hide: `\[`, show: `\]`},
	"mksh":        {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01", plainPS2: true},
	"mksh-static": {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01", plainPS2: true},
	"lksh":        {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01", plainPS2: true},
}

// startPosix has a shell that knows nothing but POSIX read a file by ENV, which
// sets ENV back and reads the user's. There is nothing to hook into but the
// prompts: they tell the status of what came before, and that a command runs is
// told by the line's end.
func (p posixShell) start(args int) starter {
	return func(s *Shell, nonce string) (bool, error) {
		if !onlyTalks(s.Args[args:]) {
			return false, nil
		}
		mark := func(seq string) string { return "\x1b]133;" + seq + ";aid=$__ttydeck_aid\a" }
		prompt := func(seqs string) string { return "${__ttydeck_aid:+" + p.hide + seqs + p.show + "}" }
		before := prompt(mark("D;$?") + "\x1b]7;kitty-shell-cwd://$PWD\a" + mark("A"))
		after := prompt(mark("B"))
		second := prompt(mark("A;k=s"))

		b := p.files(s.Env, nonce)
		fmt.Fprintf(b, "PS1=%s${PS1-}%s\n", quote(p.begin+before), quote(after))
		if !p.plainPS2 {
			fmt.Fprintf(b, "PS2=%s${PS2-}%s\n", quote(p.begin+second), quote(after))
		}
		path, err := s.write("env", b.String())
		if err != nil {
			return false, err
		}
		s.setEnv("ENV", path)
		s.Args = slices.Clone(s.Args)
		return true, nil
	}
}

// onlyTalks says whether a shell with the arguments talks to a user.
func onlyTalks(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "-i", "-l", "-il", "-li", "-E":
		default:
			return false
		}
	}
	return true
}

// files gives the beginning of what the shell reads: it sets ENV back, reads the
// user's file, and has the nonce.
func (p posixShell) files(env []string, nonce string) *strings.Builder {
	b := new(strings.Builder)
	b.WriteString(restore(env, "ENV"))
	fmt.Fprintf(b, "__ttydeck_file=${ENV-%s}\n", p.env)
	if p.setsENV {
		b.WriteString("[ -n \"${ENV+set}\" ] || ENV=$__ttydeck_file\n")
	}
	b.WriteString(`eval "__ttydeck_file=\"$__ttydeck_file\""
[ ! -r "$__ttydeck_file" ] || . "$__ttydeck_file"
unset __ttydeck_file
case $- in
*a*) set +a; __ttydeck_aid=` + nonce + `; set -a ;;
*) __ttydeck_aid=` + nonce + ` ;;
esac
`)
	return b
}

// startKsh is for ksh93, which knows of no text in a prompt that takes no room
// but sequences of numbers: what comes before the prompt is written by a
// function, which forks nothing, and the mark behind it has the nonce in a field
// of its own, behind an N. PS2 it takes as it is.
func startKsh(s *Shell, nonce string) (bool, error) {
	if !onlyTalks(s.Args[1:]) {
		return false, nil
	}
	b := posixShell{env: "$HOME/.kshrc", setsENV: true}.files(s.Env, nonce)
	b.WriteString(`__ttydeck_mark() {
	typeset s=$?
	command print -rn -- $'\e]133;D;'$s';aid='$__ttydeck_aid$'\a\e]7;kitty-shell-cwd://'$PWD$'\a\e]133;A;aid='$__ttydeck_aid$'\a' >/dev/tty
}
case ${PS1-} in '') case $(id -u) in 0) PS1='# ' ;; *) PS1='$ ' ;; esac ;; esac
PS1='${__ttydeck_aid:+$(__ttydeck_mark)}'$PS1'${__ttydeck_aid:+'$'\e]133;B;N''$__ttydeck_aid'$'\a''}'
`)
	path, err := s.write("env", b.String())
	if err != nil {
		return false, err
	}
	s.setEnv("ENV", path)
	return true, nil
}
