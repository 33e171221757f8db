// Package cli is the whole program: its commands, their flags, and all text
// that users read. The program, tests and the login shell call [Run].
//
// Each command has a file, which says what its flags are, opens files and
// calls the packages that do the work.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/ttydeck/ttydeck/record/login"
	"github.com/urfave/cli/v2"
)

// Run runs the command line args, whose first is the program's name, and
// returns the exit status. environ is the environment, as [os.Environ] returns
// it: flags, the configuration file and recorded programs are taken from it.
// Where the sockets of sessions are is the process's own environment's
// business. Run may be called by several goroutines, but a command that has a
// terminal takes the process's.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, environ []string) int {
	e := &env{in: in, out: out, errOut: errOut, environ: environ}
	return e.exit(e.run(ctx, args))
}

// commands lists the commands, in the order of the help.
func commands(e *env) []*command {
	return []*command{
		recCommand(e),
		playCommand(e),
		convertCommand(e),
		catCommand(e),
		redactCommand(e),
		infoCommand(e),
		formatsCommand(e),
		screenCommand(e),
		framesCommand(e),
		transcriptCommand(e),
		searchCommand(e),
		markCommand(e),
		runCommand(e),
		lsCommand(e),
		attachCommand(e),
		watchCommand(e),
		sendCommand(e),
		pauseCommand(e),
		resumeCommand(e),
		renameCommand(e),
		stopCommand(e),
		killCommand(e),
		daemonCommand(e),
		psCommand(e),
		observeCommand(e),
		loginCommand(e),
		doctorCommand(e),
		completionCommand(e),
		manCommand(e),
		sessionCommand(e),
		guardCommand(e),
	}
}

func (e *env) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"ttydeck"}
	}
	if login.As(args[0]) {
		return e.loginShell(ctx, args)
	}
	e.commands = commands(e)
	if len(args) > 1 && args[1] == completeName {
		return e.complete(args[2:])
	}
	if args[len(args)-1] == "--generate-bash-completion" {
		return nil // asked by a completion script of an older ttydeck: nothing may run
	}
	help := &helpWriter{Writer: e.out}
	app := &cli.App{
		Name:    "ttydeck",
		Version: version(),
		Reader:  e.in, Writer: help, ErrWriter: e.errOut,
		CustomAppHelpTemplate: literal(e.appHelp()),
		// Errors are reported in one place, and only main exits.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return withHint(usageError{err}, "see ttydeck --help") },
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return e.unknownCommand(c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, c := range e.commands {
		app.Commands = append(app.Commands, c.cli(e))
	}
	if len(args) > 1 {
		if c := e.command(args[1]); c != nil {
			e.current = c
			flags, rest, err := e.splitArgs(c, args[2:])
			if err != nil {
				return err
			}
			args = slices.Concat(args[:2], flags, []string{"--"}, rest)
		}
	}
	if err := app.RunContext(ctx, args); err != nil {
		return err
	}
	return help.err
}

// helpWriter keeps the first error of writing a help, which the CLI library
// drops.
type helpWriter struct {
	io.Writer
	err error
}

func (w *helpWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// command returns the command of that name; nil for none.
func (e *env) command(name string) *command {
	for _, c := range e.commands {
		if c.name == name || slices.Contains(c.aliases, name) {
			return c
		}
	}
	return nil
}

// cli returns the command as the CLI library wants it.
func (c *command) cli(e *env) *cli.Command {
	var flags []cli.Flag
	for _, f := range c.allFlags() {
		flags = append(flags, f.cli())
	}
	return &cli.Command{
		Name: c.name, Aliases: c.aliases, Usage: c.purpose, Hidden: c.hidden,
		Flags:              flags,
		HideHelpCommand:    true, // `info help` reads a file
		CustomHelpTemplate: literal(e.help(c)),
		OnUsageError:       func(_ *cli.Context, err error, _ bool) error { return e.flagError(c, err) },
		Before: func(*cli.Context) error {
			if c.sealed {
				return nil
			}
			return e.defaults(c)
		},
		Action: func(ctx *cli.Context) error {
			args := ctx.Args().Slice()
			if at := slices.Index(args, "--"); at >= 0 {
				if c.program != nil {
					args, *c.program = args[:at], args[at+1:]
				} else {
					args = slices.Delete(args, at, at+1) // only names follow
				}
			}
			if c.signals {
				return c.run(ctx.Context, args)
			}
			return interruptible(ctx.Context, func(ctx context.Context) error { return c.run(ctx, args) })
		},
	}
}

// interruptible ends the context of f at ctrl-C or SIGTERM, so that f removes
// what it has begun to write. The second signal ends the program.
func interruptible(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return f(ctx)
}

// version returns the module's version, or for a build from a checkout the
// commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	if v := info.Main.Version; v != "" {
		return v
	}
	return "(devel)"
}

// need checks how many arguments there are: from least to most, or any number
// from least where most is negative. what names the missing one.
func (e *env) need(args []string, least, most int, what string) error {
	var err error
	switch {
	case len(args) < least:
		err = fmt.Errorf("%s is missing", what)
	case most >= 0 && len(args) > most:
		err = fmt.Errorf("unexpected argument %q", args[most])
	default:
		return nil
	}
	return withHint(usageError{err}, strings.ToLower(e.current.usage()[:1])+e.current.usage()[1:])
}

func (e *env) unknownCommand(name string) error {
	err := withHint(usageError{fmt.Errorf("unknown command %q", name)}, "see ttydeck --help")
	var names []string
	for _, c := range e.commands {
		if !c.hidden {
			names = append(names, c.name)
		}
	}
	if best := closest(name, names); best != "" {
		err.hints = append([]string{"did you mean: ttydeck " + best}, err.hints...)
	} else if _, statErr := os.Stat(name); statErr == nil {
		err.hints = append([]string{"to play a recording: ttydeck play " + name}, err.hints...)
	}
	return err
}

// closest returns the name that was probably meant: one that name begins, or
// that begins with name; "" for none.
func closest(name string, names []string) string {
	for _, n := range names {
		if len(name) > 1 && (strings.HasPrefix(n, name) || strings.HasPrefix(name, n)) {
			return n
		}
	}
	return ""
}
