package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/login"
	"github.com/ttydeck/ttydeck/session"
)

func loginCommand(e *env) *command {
	policyFile, dir := login.DefaultPolicy, login.DefaultDir
	var receive bool
	return &command{
		name:    "login-rec",
		purpose: "record logins, as sshd's ForceCommand or as a login shell",
		examples: []string{
			"ttydeck login-rec --receive",
			"ForceCommand /usr/local/bin/ttydeck login-rec     # in /etc/ssh/sshd_config",
			"ln -s ttydeck /usr/local/bin/ttydeck-login        # a login shell for /etc/passwd",
		},
		about: `Runs the user's shell and sends a recording of the session to a receiver (login-rec --receive), which
runs as root. Start the receiver as a service, then install login-rec as ForceCommand, or ttydeck-login
as the login shell, as above.

Only sessions with a terminal are recorded: scp, sftp, rsync, git, ssh HOST COMMAND, su -c and cron
run as without login-rec.

What it protects: recordings that the receiver has written belong to root. Their user can neither
read, change nor remove them. But the recorder itself runs as the user, and a user who attacks it can
end the recording or send false events. sshd starts a ForceCommand with the user's shell: bash may
read ~/.bashrc first, zsh reads ~/.zshenv, and a user who starts another shell there is not recorded.
No file of the user is read before ttydeck-login, but it does not record the command of ssh -t HOST
COMMAND.

Flags are read only from the command line, not from the configuration or the environment. The policy
is ` + login.DefaultPolicy + `. It must belong to root and be readable by everybody. If it does not
exist, all sessions are recorded, and sessions that cannot be recorded are allowed. If it has an error
or cannot be read, every session with a terminal is refused. Its keys, by example:

   record = ["*"]               # users and @groups to record; an unknown group means everybody
   except = ["backup"]          # users and @groups not to record
   input = false                # also record input, except while echo is off
   shell = "/bin/bash"          # for users whose login shell is ttydeck-login
   on-failure = "block"         # sessions that cannot be recorded; default: "allow"
   notice = "This session is recorded."
   socket = "` + login.DefaultSocket + `"`,
		flags: []group{{"Recording", []*flag{
			word(&policyFile, "policy", "read the policy from `FILE`"),
			onOff(&receive, "receive", "receive recordings, as root, until interrupted"),
			word(&dir, "dir", "with --receive, write recordings to `DIR`"),
		}}},
		sealed:  true,
		signals: true,
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			policy, err := login.ReadPolicy(policyFile)
			if receive {
				if err != nil {
					return err
				}
				return interruptible(ctx, func(ctx context.Context) error { return runReceiver(ctx, e, policy, dir) })
			}
			shell := e.getenv("SHELL")
			if shell == "" || login.As(shell) || strings.HasSuffix(shell, "/ttydeck") {
				shell = policy.Shell
			}
			in, ierr := login.ForCommand(shell, e.getenv("SSH_ORIGINAL_COMMAND"), atTerminal())
			if ierr != nil {
				return ierr
			}
			return runLogin(ctx, e, policy, err, in)
		},
	}
}

// loginShell runs the program as a login shell.
func (e *env) loginShell(ctx context.Context, args []string) error {
	policy, err := login.ReadPolicy(login.DefaultPolicy)
	return runLogin(ctx, e, policy, err, login.ForShell(policy.Shell, args, atTerminal()))
}

func atTerminal() bool { return tty.IsTerminal(os.Stdin) && tty.IsTerminal(os.Stdout) }

// runReceiver receives recordings of logins until ctx ends.
func runReceiver(ctx context.Context, e *env, policy login.Policy, dir string) error {
	if os.Geteuid() != 0 {
		e.warnf("not running as root: other users' logins do not trust this receiver, and you can change the recordings")
	}
	for _, who := range policy.Unknown() {
		e.warnf("the policy names %q, which is unknown on this host", who)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	l, err := login.Listen(policy.Socket)
	if err != nil {
		return err
	}
	e.notef("receiving recordings of logins at %s, writing them to %s", policy.Socket, dir)
	r := login.Receiver{Dir: dir, Log: slog.New(slog.NewTextHandler(e.errOut, nil))}
	return r.Serve(ctx, l)
}

// runLogin runs the program of a login, and records it if the policy asks for it.
func runLogin(ctx context.Context, e *env, policy login.Policy, policyErr error, in login.Invocation) error {
	environ := withShell(e.environ, in.Path)
	// No policy asks to record these, so an invalid one does not stop them. By ssh
	// HOST COMMAND and scp root can mend it.
	if !in.Interactive {
		return runUntouched(in, environ)
	}
	// The policy may record everybody, and may block.
	if policyErr != nil {
		return fmt.Errorf("login refused: session cannot be recorded: %w", policyErr)
	}
	os.Unsetenv("USER") // for Records; environ has it
	if !policy.Records(os.Getuid()) {
		return runUntouched(in, environ)
	}
	hello := login.Hello{Command: shellJoin(in.Args)}
	hello.TTY, _ = os.Readlink("/proc/self/fd/0")
	sender, err := login.Send(policy.Socket, hello)
	if err != nil {
		if policy.Blocks() {
			return fmt.Errorf("login refused: session cannot be recorded: %w", err)
		}
		e.warnf("this session is not recorded: %s", message(err))
		return runUntouched(in, environ)
	}
	return recordLogin(ctx, e, policy, sender, in, environ)
}

// runUntouched replaces this process by the program. It returns only with an error.
func runUntouched(in login.Invocation, environ []string) error {
	err := syscall.Exec(in.Path, in.Args, environ)
	return fmt.Errorf("cannot start %s: %w", in.Path, err)
}

// withShell returns environ with $SHELL set to shell.
func withShell(environ []string, shell string) []string {
	environ = slices.DeleteFunc(slices.Clone(environ), func(e string) bool { return strings.HasPrefix(e, "SHELL=") })
	return append(environ, "SHELL="+shell)
}

// errUnrecorded ends a session that cannot be recorded any more.
var errUnrecorded = errors.New("the session cannot be recorded any more")

// recordLogin runs the program of a login and sends its recording.
func recordLogin(ctx context.Context, e *env, policy login.Policy, sender *login.Sender, in login.Invocation, environ []string) error {
	if policy.Notice != "" {
		fmt.Fprintln(e.errOut, printable(policy.Notice))
	}
	tty.HoldQuit() // to the end of this process
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	failed := false
	s := session.Session{
		Recorder: record.Recorder{FlushEvery: 100 * time.Millisecond, Path: in.Path, Args: in.Args, Env: environ, Input: policy.Input},
		Open:     func(string) (*record.File, error) { return record.NewStream(sender, nil) },
	}
	r := &s.Recorder
	r.Notice = func(msg string) {
		failed = true
		fmt.Fprintf(e.errOut, "\r\nttydeck: %s\r\n", msg)
		if policy.Blocks() {
			stop(errUnrecorded)
		}
	}
	r.Header.Command = shellJoin(in.Args)
	over := make(chan struct{})
	if policy.Blocks() {
		go func() { // a session without output writes nothing that could fail
			select {
			case <-sender.Ended():
				stop(errUnrecorded)
			case <-over:
			}
		}()
	}
	// Writes to a terminal whose login is over raise it.
	signal.Ignore(syscall.SIGPIPE)
	status, err := s.Run(ctx)
	close(over)
	if err == nil {
		err = sender.Close()
	} else {
		sender.Close()
	}
	signalled, isSignal := errors.AsType[*record.SignalError](err)
	switch {
	case isSignal:
		return statusError{status: 128 + signalled.Number}
	case status < 0 || failed && policy.Blocks():
		return statusError{1, err}
	case err != nil:
		e.warnf("the recording is not complete: %s", message(err))
	}
	return statusError{status: status}
}
