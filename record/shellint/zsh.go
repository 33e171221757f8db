package shellint

import (
	_ "embed"
	"strings"
)

//go:embed zsh.sh
var zshScript string

// startZsh makes zsh read our .zshenv, by ZDOTDIR. The file restores ZDOTDIR at
// once, so that zsh reads the user's other files next, and those find the
// user's ZDOTDIR.
func startZsh(s *Shell, nonce string) (bool, error) {
	args := s.Args[1:]
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--login" || arg == "--interactive":
		case len(arg) < 2 || arg[0] != '-' && arg[0] != '+' || strings.HasPrefix(arg, "--") || strings.ContainsAny(arg[1:], "cfsb"):
			return false, nil // zsh would read no start-up files, or run a command
		case strings.HasSuffix(arg, "o"):
			if len(args) == 0 || strings.Contains(strings.ToLower(args[0]), "rcs") {
				return false, nil
			}
			args = args[1:]
		case strings.Contains(arg, "o"):
			return false, nil
		}
	}
	text := restore(s.Env, "ZDOTDIR") + strings.ReplaceAll(zshScript, "@NONCE@", nonce) +
		`[[ ! -r ${ZDOTDIR-$HOME}/.zshenv ]] || builtin . "${ZDOTDIR-$HOME}/.zshenv"` + "\n"
	if _, err := s.write(".zshenv", text); err != nil {
		return false, err
	}
	s.setEnv("ZDOTDIR", s.dir)
	return true, nil
}
