package shellint

import (
	_ "embed"
	"os"
	"slices"
	"strings"
)

//go:embed nu.nu
var nuScript string

// hostChars are the characters of host names.
const hostChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

// startNu adds a command that nushell runs after its start-up files.
func startNu(s *Shell, nonce string) (bool, error) {
	for _, arg := range s.Args[1:] {
		switch arg {
		case "-l", "--login", "-i", "--interactive", "-n", "--no-config-file", "--no-history", "--no-std-lib":
		default:
			return false, nil
		}
	}
	// The name is looked up here, because nushell would query the whole machine
	// for it at each prompt.
	host, err := os.Hostname()
	if err != nil || strings.Trim(host, hostChars) != "" {
		host = ""
	}
	path, err := s.write("init.nu", strings.NewReplacer("@NONCE@", nonce, "@HOST@", host).Replace(nuScript))
	if err != nil || strings.Contains(path, "'") {
		return false, err
	}
	s.Args = slices.Concat(s.Args, []string{"--execute", "source '" + path + "'"})
	return true, nil
}
