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
)

func loginCommand(e *env) *command {
	policyFile, dir := login.DefaultPolicy, login.DefaultDir
	var receive bool
	return &command{
		name:    "login-rec",
		purpose: "record every login, as sshd's ForceCommand or as login shell",
		examples: []string{
			"ttydeck login-rec --receive",
			"ForceCommand /usr/local/bin/ttydeck login-rec     # in /etc/ssh/sshd_config",
			"ln -s ttydeck /usr/local/bin/ttydeck-login        # a login shell for /etc/passwd",
		},
		about: `Runs the user's shell and sends a recording of the session to a receiver, which runs as root and keeps
the recordings out of the user's reach. Start the receiver from a service, then use login-rec as
ForceCommand or as login shell, as above.

Only sessions with a terminal are recorded: scp, sftp, rsync, git, ssh HOST COMMAND, su -c and cron
run as without login-rec.

Recordings that the receiver has written belong to root: their user can neither read, change nor
remove them. The recorder itself runs as the user. A user who attacks it can end the recording or
send false events. sshd starts a ForceCommand with the user's shell: bash may read ~/.bashrc first,
zsh reads ~/.zshenv, and a user who starts another shell there is not recorded. Nothing of the
user's runs before ttydeck-login, but it does not record the command of ssh -t HOST COMMAND.

The flags are read from the command line alone, never from the configuration or the environment. The
policy is ` + login.DefaultPolicy + `. It must belong to root and be readable by everybody. Without the
file, all sessions are recorded, and sessions that cannot be recorded are allowed. While the file is
wrong or unreadable, every session with a terminal is refused. Its keys:

   record = ["*"]               # users and @groups to record; an unknown group means everybody
   except = ["backup"]          # users and @groups not to record
   input = false                # also record input, except passwords
   shell = "/bin/bash"          # for users whose login shell is ttydeck-login
   on-failure = "block"         # or "allow" sessions that cannot be recorded
   notice = "This session is recorded."
   socket = "` + login.DefaultSocket + `"`,
		flags: []group{{"Recording", []*flag{
			word(&policyFile, "policy", "follow the policy in `FILE`"),
			onOff(&receive, "receive", "receive recordings, as root, until interrupted"),
			word(&dir, "dir", "with --receive, keep recordings in `DIR`"),
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

// loginShell is the program when it is called as a login shell.
func (e *env) loginShell(ctx context.Context, args []string) error {
	policy, err := login.ReadPolicy(login.DefaultPolicy)
	return runLogin(ctx, e, policy, err, login.ForShell(policy.Shell, args, atTerminal()))
}

func atTerminal() bool { return tty.IsTerminal(os.Stdin) && tty.IsTerminal(os.Stdout) }

// runReceiver keeps recordings of logins.
func runReceiver(ctx context.Context, e *env, policy login.Policy, dir string) error {
	if os.Geteuid() != 0 {
		e.warnf("not root: other users would not trust this receiver, and cannot be kept from its files")
	}
	for _, who := range policy.Unknown() {
		e.warnf("the policy names %q, which this host does not know", who)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	l, err := login.Listen(policy.Socket)
	if err != nil {
		return err
	}
	e.notef("taking recordings of logins at %s into %s", policy.Socket, dir)
	r := login.Receiver{Dir: dir, Log: slog.New(slog.NewTextHandler(e.errOut, nil))}
	return r.Serve(ctx, l)
}

// runLogin runs what a login wants, recorded if the policy says so.
func runLogin(ctx context.Context, e *env, policy login.Policy, policyErr error, in login.Invocation) error {
	environ := withShell(e.environ, in.Path)
	// No policy asks for these recordings, so one that cannot be followed does
	// not stop them either. By ssh HOST COMMAND and scp root can correct it.
	if !in.Interactive {
		return runUntouched(in, environ)
	}
	// Whom it records and whether it blocks is not known: it may be everybody.
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
		e.warnf("this session is not recorded: %v", err)
		return runUntouched(in, environ)
	}
	return recordLogin(ctx, e, policy, sender, in, environ)
}

// runUntouched becomes the program.
func runUntouched(in login.Invocation, environ []string) error {
	err := syscall.Exec(in.Path, in.Args, environ)
	return fmt.Errorf("%s: %w", in.Path, err)
}

func withShell(environ []string, shell string) []string {
	environ = slices.DeleteFunc(slices.Clone(environ), func(e string) bool { return strings.HasPrefix(e, "SHELL=") })
	return append(environ, "SHELL="+shell)
}

// errUnrecorded ends a session that cannot be recorded any more.
var errUnrecorded = errors.New("the session cannot be recorded any more")

func recordLogin(ctx context.Context, e *env, policy login.Policy, sender *login.Sender, in login.Invocation, environ []string) error {
	if policy.Notice != "" {
		fmt.Fprintln(e.errOut, printable(policy.Notice))
	}
	stream, err := record.NewStream(sender, nil)
	if err != nil {
		return err
	}
	defer holdQuit()()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	failed := false
	r := &record.Recorder{
		Writer: stream, FlushEvery: 100 * time.Millisecond, Path: in.Path, Args: in.Args, Env: environ, Input: policy.Input,
	}
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
		go func() { // where nothing is written, no write fails
			select {
			case <-sender.Ended():
				stop(errUnrecorded)
			case <-over:
			}
		}()
	}
	// What the terminal sends to a login that it is done with.
	signal.Ignore(syscall.SIGPIPE)
	status, err := r.Run(ctx)
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
		e.warnf("the recording is not complete: %v", err)
	}
	return statusError{status: status}
}
