package login

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Name is what the program is called where it is a login shell, which takes no
// arguments of ours.
const Name = "ttydeck-login"

// Invocation is what a login wants: a program, and whether it is one that a
// user talks to.
type Invocation struct {
	Path string   // the program
	Args []string // its arguments, with the zeroth
	// Interactive says that it is to be recorded: it has a terminal, and was
	// not asked to do one thing, as scp, rsync, git, su -c and cron ask.
	Interactive bool
}

// As says whether a program that was called so is to be a login shell.
func As(argv0 string) bool { return filepath.Base(strings.TrimPrefix(argv0, "-")) == Name }

// ForShell reads how a login shell was called: args are all its arguments, the
// zeroth too. shell is the user's real one.
func ForShell(shell string, args []string, terminal bool) Invocation {
	zeroth := filepath.Base(shell)
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		zeroth = "-" + zeroth
	} else {
		zeroth = shell
	}
	var rest []string
	if len(args) > 1 {
		rest = args[1:]
	}
	// -l may come with a user who talks to it; -c, a file or anything else is
	// one thing to do.
	talks := true
	for _, arg := range rest {
		if arg != "-l" && arg != "-i" && arg != "--login" {
			talks = false
		}
	}
	return Invocation{Path: shell, Args: append([]string{zeroth}, rest...), Interactive: talks && terminal}
}

// sftpServers are where sshd's sftp server may be, for an sshd that has it
// built in and cannot give it away.
var sftpServers = []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/lib/ssh/sftp-server"}

// ForCommand reads what sshd wants of its ForceCommand: command is
// SSH_ORIGINAL_COMMAND, empty for a login.
func ForCommand(shell, command string, terminal bool) (Invocation, error) {
	if command == "" {
		return Invocation{Path: shell, Args: []string{"-" + filepath.Base(shell)}, Interactive: terminal}, nil
	}
	if name, rest, _ := strings.Cut(command, " "); name == "internal-sftp" {
		for _, server := range sftpServers {
			if _, err := os.Stat(server); err == nil {
				command = strings.TrimSpace(server + " " + rest)
				// The server talks to no terminal; whatever does is no sftp: the
				// rest of the command is the user's, and may go on behind a ";".
				return Invocation{Path: shell, Args: []string{filepath.Base(shell), "-c", command}, Interactive: terminal}, nil
			}
		}
		return Invocation{}, errors.New("sshd's own sftp server cannot be run behind a ForceCommand, and no other is installed")
	}
	// With a terminal (ssh -t) somebody sits at it.
	return Invocation{Path: shell, Args: []string{filepath.Base(shell), "-c", command}, Interactive: terminal}, nil
}
