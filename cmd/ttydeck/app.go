package main

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

	"github.com/urfave/cli/v2"
)

// commands lists the subcommands, in the order of the help.
func commands(e *env) []*cli.Command {
	return slices.Concat([]*cli.Command{
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
		psCommand(e),
		observeCommand(e),
		guardCommand(),
		loginCommand(e),
		doctorCommand(e),
	}, liveCommands(e), []*cli.Command{
		completionCommand(e),
		manCommand(e),
	})
}

// run is the whole program: it gives the exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	e := &env{in: in, out: out, errOut: errOut}
	app := newApp(e)
	help := &helpWriter{Writer: out}
	app.Writer = help
	if completesCommand(args) {
		return exitOK
	}
	if len(args) > 1 {
		e.formatFlag = formatFlagOf(app.Command(args[1]))
	}
	args, err := permute(app, args)
	if err == nil {
		err = loadConfig(e, app)
	}
	if err == nil {
		err = app.RunContext(ctx, args)
	}
	if err == nil {
		err = help.err
	}
	return e.exit(err)
}

// generateCompletion is the last argument of a command line that asks what may
// stand at its end.
const generateCompletion = "--generate-bash-completion"

// completesCommand reports whether args ask to complete the words behind "--".
// Those are another program's: the CLI library would run the command, and so
// the program, with the request as its argument.
func completesCommand(args []string) bool {
	return len(args) > 0 && args[len(args)-1] == generateCompletion && slices.Contains(args, "--")
}

// helpWriter keeps the error of writing a help, which the CLI library drops.
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

// formatFlagOf gives the flag of c that names the format of what is read.
func formatFlagOf(c *cli.Command) string {
	if c == nil {
		return ""
	}
	for _, f := range c.Flags {
		if s, ok := f.(*cli.StringFlag); ok && (s.Name == "from" || s.Name == "input-format") {
			return "--" + s.Name
		}
	}
	return ""
}

func newApp(e *env) *cli.App {
	app := &cli.App{
		Name:        "ttydeck",
		Usage:       "a tape deck for terminals: record, play, convert, read",
		Version:     version(),
		Description: exitCodes,
		Commands:    commands(e),
		Reader:      e.in, Writer: e.out, ErrWriter: e.errOut,
		EnableBashCompletion: true,
		// `--range 0.3,1` is one value.
		DisableSliceFlagSeparator: true,
		// Only main exits, and errors are told in one place.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageErrorFrom,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return unknownCommand(c.App, c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageErrorFrom
		c.Description = strings.TrimSpace(c.Description + "\n\n" + exitCodes)
		addEnvVars(c)
		if c.Name != "rec" && c.Name != "play" && c.Name != "login-rec" { // these have a terminal to restore
			c.Action = interruptible(c.Action)
		}
	}
	return app
}

// interruptible ends a command's context at ctrl-C or SIGTERM, so that it
// removes what it has begun to write. The second one ends the program.
func interruptible(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
		c.Context = ctx
		return action(c)
	}
}

// addEnvVars lets each flag be given in the environment: --idle-time-limit of
// play is TTYDECK_PLAY_IDLE_TIME_LIMIT.
func addEnvVars(c *cli.Command) {
	for _, f := range c.Flags {
		name := []string{envVar(c.Name, f.Names()[0])}
		switch f := f.(type) {
		case *cli.BoolFlag:
			f.EnvVars = name
		case *cli.StringFlag:
			f.EnvVars = name
		case *cli.StringSliceFlag:
			f.EnvVars = name
		case *cli.IntFlag:
			f.EnvVars = name
		case *cli.Float64Flag:
			f.EnvVars = name
		case *cli.GenericFlag:
			f.EnvVars = name
		default:
			panic(fmt.Sprintf("flag %s of %s: no environment variable for a %T", f.Names()[0], c.Name, f))
		}
	}
}

func envVar(command, flag string) string {
	return strings.ToUpper("TTYDECK_" + strings.ReplaceAll(command+"_"+flag, "-", "_"))
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// permute moves the flags of a command before its arguments, so that they may
// stand behind the file name too. What follows "--" stays as it is, and stays
// behind "--" where the command wants to know (rec FILE -- COMMAND).
func permute(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 || args[len(args)-1] == generateCompletion {
		return args, nil
	}
	command := app.Command(args[1])
	if command == nil {
		return args, nil
	}
	takesValue := map[string]bool{}
	known := map[string]bool{"help": true, "h": true}
	for _, f := range command.Flags {
		for _, name := range f.Names() {
			known[name] = true
			_, isBool := f.(*cli.BoolFlag)
			takesValue[name] = !isBool
		}
	}
	var flags, rest []string
	for i := 2; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		if !known[name] {
			if flag, value, ok := glued(arg, takesValue); ok {
				flags = append(flags, flag, value)
				continue
			}
		}
		flags = append(flags, arg)
		if takesValue[name] && !hasValue && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	out := append([]string{args[0], args[1]}, flags...)
	if len(rest) > 0 {
		out = append(out, "--")
	}
	return append(out, rest...), nil
}

// glued takes -s2 apart, which the library does not.
func glued(arg string, takesValue map[string]bool) (flag, value string, ok bool) {
	if len(arg) < 3 || arg[1] == '-' || !takesValue[arg[1:2]] {
		return "", "", false
	}
	return arg[:2], arg[2:], true
}

// fileArgs gives a command's arguments: at least least, at most most (most < 0:
// any number). what names them for the error.
func fileArgs(c *cli.Context, least, most int, what string) ([]string, error) {
	var args []string
	seen := false
	for _, arg := range c.Args().Slice() {
		if arg == "--" && !seen {
			seen = true // nothing but names follows
			continue
		}
		args = append(args, arg)
	}
	usage := withHint(nil, "usage: ttydeck "+c.Command.Name+" [flags] "+c.Command.ArgsUsage)
	switch {
	case len(args) < least:
		usage.err = usageError{fmt.Errorf("%s is missing", what)}
		return nil, usage
	case most >= 0 && len(args) > most:
		usage.err = usageError{fmt.Errorf("unexpected argument %q", args[most])}
		return nil, usage
	}
	return args, nil
}

func usageErrorFrom(c *cli.Context, err error, _ bool) error {
	hint := "ttydeck --help"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
		hint = "ttydeck " + c.Command.Name + " --help"
	}
	return withHint(usageError{err}, "see "+hint)
}

func unknownCommand(app *cli.App, name string) error {
	err := withHint(usageError{fmt.Errorf("unknown command %q", name)}, "see ttydeck --help")
	if best := closest(app, name); best != "" {
		err.hints = append([]string{"did you mean: ttydeck " + best}, err.hints...)
	} else if _, statErr := os.Stat(name); statErr == nil {
		err.hints = append([]string{"to play a recording: ttydeck play " + name}, err.hints...)
	}
	return err
}

func closest(app *cli.App, name string) string {
	for _, c := range app.VisibleCommands() {
		if len(name) > 1 && (strings.HasPrefix(c.Name, name) || strings.HasPrefix(name, c.Name)) {
			return c.Name
		}
	}
	return ""
}
