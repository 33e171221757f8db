// Package cli is the whole program: its commands, their flags, and all text
// that users read. The program, tests and the login shell call [Run].
//
// Each command has a file, which declares the flags, opens the recordings and
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

// Run runs the command line args, whose first element is the program's name, and
// returns the exit status. environ is the environment, in the form of
// [os.Environ]: it sets flags, names the configuration file and is passed to
// recorded programs. Only the directory of the sessions' sockets comes from the
// environment of the process. Several goroutines may call Run at once, but
// commands that use a terminal use that of the process.
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
		editCommand(e),
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
		return nil // from the completion script of an older ttydeck: nothing may run
	}
	help := &helpWriter{Writer: e.out}
	app := &cli.App{
		Name:    "ttydeck",
		Version: version(),
		Reader:  e.in, Writer: help, ErrWriter: e.errOut,
		CustomAppHelpTemplate: literal(e.appHelp()),
		// Errors are reported in one place, and only main exits.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			if _, name, ok := strings.Cut(err.Error(), "flag provided but not defined: -"); ok {
				err = fmt.Errorf("unknown flag --%s before the command", strings.TrimPrefix(name, "-"))
			}
			return withHint(usageError{err}, "see ttydeck --help")
		},
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
		if isHelp := args[1] == "help" || args[1] == "h"; isHelp && len(args) > 2 && e.command(args[2]) == nil {
			return e.unknownCommand(args[2])
		}
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

// helpWriter keeps the first error of printing a help text, which the CLI library
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

// interruptible ends the context of f at ctrl-C, SIGTERM, or when the terminal is gone, so
// that f removes its unfinished output and copies of its input. The second signal ends
// the program.
func interruptible(ctx context.Context, f func(context.Context) error) error {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as it is for nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, signals...)
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

// need checks the number of arguments: at least least and at most most, which is
// negative for no limit. names describes the required ones, in their order.
func (e *env) need(args []string, least, most int, names ...string) error {
	var err error
	switch {
	case len(args) < least:
		err = fmt.Errorf("%s is missing", names[min(len(args), len(names)-1)])
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

// closest returns the name that was probably meant: one that name abbreviates or
// extends, or one that differs in a letter or two; "" for none.
func closest(name string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if len(name) > 1 && (strings.HasPrefix(n, name) || strings.HasPrefix(name, n)) {
			return n
		}
		if d := distance(name, n); d < least && d < len(n)-1 {
			best, least = n, d
		}
	}
	return best
}

// distance returns how many letters have to be inserted, deleted, replaced or
// swapped with their neighbour to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
