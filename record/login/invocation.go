package login

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Name is the name under which the program is a login shell. A login shell gets
// its arguments from login(1), sshd and others, so it can have no flags of ours.
const Name = "ttydeck-login"

// Invocation is the program that a login asks for.
type Invocation struct {
	Path string   // the program
	Args []string // its arguments, with argument zero
	// Interactive reports that the session is one to record: it has a terminal,
	// and does more than a single task, as with scp, rsync, git, su -c and cron.
	Interactive bool
}

// As reports whether a program that was started with this argument zero is to act
// as login shell.
func As(argv0 string) bool { return filepath.Base(strings.TrimPrefix(argv0, "-")) == Name }

// ForShell returns what a login asks of its login shell. shell is the user's real
// shell, args are all arguments of the login shell, with argument zero, and
// terminal reports whether it runs on a terminal.
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
	// An interactive shell may get -l; with -c, a file or anything else it does a
	// single task.
	interactive := true
	for _, arg := range rest {
		if arg != "-l" && arg != "-i" && arg != "--login" {
			interactive = false
		}
	}
	return Invocation{Path: shell, Args: append([]string{zeroth}, rest...), Interactive: interactive && terminal}
}

// sftpServers lists where an sftp server may be installed. It replaces the one
// inside sshd (internal-sftp), which only sshd can run.
var sftpServers = []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/lib/ssh/sftp-server"}

// ForCommand returns what a login asks of sshd's ForceCommand. shell is the
// user's shell, command is $SSH_ORIGINAL_COMMAND, which is empty for a login, and
// terminal reports whether sshd has provided one. The error is for internal-sftp
// where no sftp server is installed.
func ForCommand(shell, command string, terminal bool) (Invocation, error) {
	if command == "" {
		return Invocation{Path: shell, Args: []string{"-" + filepath.Base(shell)}, Interactive: terminal}, nil
	}
	if name, rest, _ := strings.Cut(command, " "); name == "internal-sftp" {
		for _, server := range sftpServers {
			if _, err := os.Stat(server); err == nil {
				command = strings.TrimSpace(server + " " + rest)
				// An sftp server uses no terminal. With one this is something else:
				// the rest of the command is the user's, and may go on behind a ";".
				return Invocation{Path: shell, Args: []string{filepath.Base(shell), "-c", command}, Interactive: terminal}, nil
			}
		}
		return Invocation{}, errors.New("no sftp server is installed, and ForceCommand cannot run internal-sftp")
	}
	// With a terminal (ssh -t) the command is interactive.
	return Invocation{Path: shell, Args: []string{filepath.Base(shell), "-c", command}, Interactive: terminal}, nil
}
