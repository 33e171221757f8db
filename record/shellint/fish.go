package shellint

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed fish.fish
var fishScript string

// startFish adds a command that fish runs after its start-up files.
func startFish(s *Shell, nonce string) (bool, error) {
	args := s.Args[1:]
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch arg {
		case "-C", "--init-command":
			if len(args) == 0 {
				return false, nil
			}
			args = args[1:]
		case "-l", "--login", "-i", "--interactive", "-il", "-li", "-P", "--private", "-N", "--no-config":
		default:
			if !strings.HasPrefix(arg, "--init-command=") {
				return false, nil
			}
		}
	}
	path, err := s.write("init.fish", strings.ReplaceAll(fishScript, "@NONCE@", nonce))
	if err != nil {
		return false, err
	}
	quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(path) + "'"
	s.Args = slices.Concat(s.Args, []string{"--init-command", "source " + quoted})
	return true, nil
}
