package shellint

import (
	"fmt"
	"slices"
	"strings"
)

// posixShell is what differs between the shells that read ENV.
type posixShell struct {
	// env is the file that it reads where ENV is not set.
	env string
	// hide and show stand around what takes no room in a prompt, begin at the
	// prompt's beginning.
	begin, hide, show string
}

var posixShells = map[string]posixShell{
	"dash":        {},
	"bash":        {hide: `\[`, show: `\]`}, // as sh
	"busybox":     {hide: `\[`, show: `\]`},
	"mksh":        {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01"},
	"mksh-static": {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01"},
	"lksh":        {env: "$HOME/.mkshrc", begin: "\x01\r", hide: "\x01", show: "\x01"},
	// ksh93 takes what is in the marks for text of the prompt, and scrolls.
}

// startPosix has a shell that knows nothing but POSIX read a file by ENV, which
// sets ENV back and reads the user's. There is nothing to hook into but the
// prompts: they tell the status of what came before, and that a command runs is
// told by the line's end.
func (p posixShell) start(args int) starter {
	return func(s *Shell, nonce string) (bool, error) {
		for _, arg := range s.Args[args:] {
			switch arg {
			case "-i", "-l", "-il", "-li", "-E":
			default:
				return false, nil
			}
		}
		mark := func(seq string) string { return "\x1b]133;" + seq + ";aid=$__ttydeck_aid\a" }
		prompt := func(seqs string) string { return "${__ttydeck_aid:+" + p.hide + seqs + p.show + "}" }
		before := prompt(mark("D;$?") + "\x1b]7;kitty-shell-cwd://$PWD\a" + mark("A"))
		after := prompt(mark("B"))
		second := prompt(mark("A;k=s"))

		var b strings.Builder
		b.WriteString(restore(s.Env, "ENV"))
		if p.env != "" {
			fmt.Fprintf(&b, "__ttydeck_file=${ENV-%s}\n", p.env)
		} else {
			b.WriteString("__ttydeck_file=${ENV-}\n")
		}
		b.WriteString(`eval "__ttydeck_file=\"$__ttydeck_file\""
[ ! -r "$__ttydeck_file" ] || . "$__ttydeck_file"
unset __ttydeck_file
case $- in
*a*) set +a; __ttydeck_aid=` + nonce + `; set -a ;;
*) __ttydeck_aid=` + nonce + ` ;;
esac
`)
		fmt.Fprintf(&b, "PS1=%s${PS1-}%s\n", quote(p.begin+before), quote(after))
		fmt.Fprintf(&b, "PS2=%s${PS2-}%s\n", quote(p.begin+second), quote(after))
		path, err := s.write("env", b.String())
		if err != nil {
			return false, err
		}
		s.setEnv("ENV", path)
		s.Args = slices.Clone(s.Args)
		return true, nil
	}
}
