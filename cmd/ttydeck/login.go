package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/login"
	"github.com/urfave/cli/v2"
)

func loginCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "login-rec",
		Usage:     "record every login, as sshd's ForceCommand or as login shell",
		ArgsUsage: " ",
		Description: `Runs the user's shell, and has the session recorded where the user cannot change it. It stands in /etc/ssh/sshd_config:

   ForceCommand /usr/local/bin/ttydeck login-rec

or in /etc/passwd, by a link that is called ttydeck-login:

   ln -s ttydeck /usr/local/bin/ttydeck-login

Only what has a terminal is recorded: scp, sftp, rsync, git, ssh HOST COMMAND, su -c and cron run as without it. The
recordings go to a receiver, which runs as root and is its own program:

   ttydeck login-rec --receive

Without one, the policy says whether there is a session. It is ` + login.DefaultPolicy + `, which must be root's:

   record = ["*"]               # users and @groups that are recorded
   except = ["backup"]          # and those that are not
   input = false                # what is typed too; passwords never
   shell = "/bin/bash"          # of those whose login shell is ttydeck-login
   on-failure = "block"         # or "allow" sessions that cannot be recorded
   notice = "This session is recorded."
   socket = "` + login.DefaultSocket + `"`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "policy", Usage: "follow the policy in `FILE`", Value: login.DefaultPolicy},
			&cli.BoolFlag{Name: "receive", Usage: "take recordings, as root, until interrupted"},
			&cli.StringFlag{Name: "dir", Usage: "with --receive, keep them in `DIR`", Value: login.DefaultDir},
		},
		Action: func(c *cli.Context) error {
			if _, err := fileArgs(c, 0, 0, ""); err != nil {
				return err
			}
			policy, err := login.ReadPolicy(c.String("policy"))
			if c.Bool("receive") {
				if err != nil {
					return err
				}
				return runReceiver(c.Context, e, policy, c.String("dir"))
			}
			shell := os.Getenv("SHELL")
			if shell == "" || login.As(shell) || strings.HasSuffix(shell, "/ttydeck") {
				shell = policy.Shell
			}
			in, ierr := login.ForCommand(shell, os.Getenv("SSH_ORIGINAL_COMMAND"), atTerminal())
			if ierr != nil {
				return ierr
			}
			return runLogin(c.Context, e, policy, err, in)
		},
	}
}

// loginShell is the program where it is called as a login shell.
func loginShell(ctx context.Context, args []string, errOut io.Writer) int {
	e := &env{in: os.Stdin, out: os.Stdout, errOut: errOut}
	policy, err := login.ReadPolicy(login.DefaultPolicy)
	return e.exit(runLogin(ctx, e, policy, err, login.ForShell(policy.Shell, args, atTerminal())))
}

func atTerminal() bool { return tty.IsTerminal(os.Stdin) && tty.IsTerminal(os.Stdout) }

// runReceiver keeps recordings of logins.
func runReceiver(ctx context.Context, e *env, policy login.Policy, dir string) error {
	if os.Geteuid() != 0 {
		e.warnf("not root: other users would not trust this receiver, and cannot be kept from its files")
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
	me, err := user.Current()
	if err != nil {
		me = &user.User{Username: fmt.Sprint(os.Getuid()), Uid: fmt.Sprint(os.Getuid())}
	}
	environ := withShell(os.Environ(), in.Path)
	if !in.Interactive || policyErr == nil && !policy.Records(me) {
		return runUntouched(in, environ)
	}
	var sender *login.Sender
	if err = policyErr; err == nil {
		hello := login.Hello{Command: shellJoin(in.Args)}
		hello.TTY, _ = os.Readlink("/proc/self/fd/0")
		sender, err = login.Send(policy.Socket, hello)
	}
	if err != nil {
		if policy.Blocks() {
			return fmt.Errorf("this session cannot be recorded, and so cannot be: %w", err)
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
