package shellint

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed nu.nu
var nuScript string

// startNu adds a command that nushell runs after its start-up files.
func startNu(s *Shell, nonce string) (bool, error) {
	for _, arg := range s.Args[1:] {
		switch arg {
		case "-l", "--login", "-i", "--interactive", "-n", "--no-config-file", "--no-history", "--no-std-lib":
		default:
			return false, nil
		}
	}
	path, err := s.write("init.nu", strings.ReplaceAll(nuScript, "@NONCE@", nonce))
	if err != nil || strings.Contains(path, "'") {
		return false, err
	}
	s.Args = slices.Concat(s.Args, []string{"--execute", "source '" + path + "'"})
	return true, nil
}
