package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/live/daemon"
	"github.com/urfave/cli/v2"
)

// past is a time that no deadline outlives.
var past = time.Unix(1, 0)

// setSessionMemory keeps a session's process small: it lives long, and there
// are many.
func setSessionMemory() {
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(16 << 20)
}

var errNoHost = withHint(errors.New("there is no daemon of the host"), "root starts one: ttydeck daemon --host")

// openSession connects to the session of that name; with none, to the only one
// that there is. NAME@USER is one of the host's.
func openSession(ctx context.Context, name string) (*live.Client, string, error) {
	if strings.Contains(name, "@") {
		client := daemon.OpenHost().Session(name)
		_, err := client.State(ctx)
		if errors.Is(err, live.ErrNoSession) {
			err = withHint(err, "ttydeck ls --host lists them")
			if _, serr := os.Stat(live.HostSocket()); serr != nil {
				err = errNoHost
			}
		}
		return client, name, err
	}
	dir, err := live.OpenDir()
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		names, err := dir.Names()
		switch {
		case err != nil:
			return nil, "", err
		case len(names) == 0:
			return nil, "", withHint(errors.New("no session runs"), "ttydeck run starts one")
		case len(names) > 1:
			return nil, "", withHint(usageError{errors.New("several sessions run: which?")}, strings.Join(names, ", "))
		}
		name = names[0]
	}
	client, err := dir.Open(name)
	if err != nil {
		return nil, "", err
	}
	if _, err := client.State(ctx); err != nil {
		client.Close()
		if errors.Is(err, live.ErrNoSession) {
			return nil, "", withHint(err, "ttydeck ls lists them")
		}
		return nil, "", err
	}
	return client, name, nil
}

// sessionAction is the Action of a command that does one thing to a session:
// NAME and at most extra more arguments.
func sessionAction(least, most int, f func(ctx context.Context, c *live.Client, args []string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		args, err := fileArgs(c, least, most, "the session's name")
		if err != nil {
			return err
		}
		name := ""
		if len(args) > 0 {
			name, args = args[0], args[1:]
		}
		client, _, err := openSession(c.Context, name)
		if err != nil {
			return err
		}
		defer client.Close()
		return f(c.Context, client, args)
	}
}

// liveCommands are those that act on sessions that run.
func liveCommands(e *env) []*cli.Command {
	return []*cli.Command{
		runCommand(e),
		lsCommand(e),
		attachCommand(e),
		watchCommand(e),
		sendCommand(e),
		{
			Name: "pause", Usage: "pause a session's recording", ArgsUsage: "[NAME]",
			Description: "Pauses the recording of the session NAME. The session goes on; nothing of it is recorded until ttydeck resume.",
			Action:      sessionAction(0, 1, func(ctx context.Context, c *live.Client, _ []string) error { return c.Pause(ctx) }),
		},
		{
			Name: "resume", Usage: "go on with a session's recording", ArgsUsage: "[NAME]",
			Description: "Goes on with the recording of the session NAME, from the screen as it is then.",
			Action:      sessionAction(0, 1, func(ctx context.Context, c *live.Client, _ []string) error { return c.Resume(ctx) }),
		},
		{
			Name: "rename", Usage: "give a session another name", ArgsUsage: "NAME NEW",
			Description: "Gives the session NAME the name NEW. Terminals that are attached stay so.",
			Action: sessionAction(2, 2, func(ctx context.Context, c *live.Client, args []string) error {
				dir, err := live.OpenDir()
				if err != nil {
					return err
				}
				return c.Rename(ctx, dir, args[0])
			}),
		},
		{
			Name: "stop", Usage: "end a session", ArgsUsage: "NAME",
			Description: "Ends the session NAME as a terminal does that is closed (SIGHUP), and waits until its recording is complete.",
			Action: sessionAction(1, 1, func(ctx context.Context, c *live.Client, _ []string) error {
				return endSession(ctx, c, syscall.SIGHUP)
			}),
		},
		{
			Name: "kill", Usage: "kill a session", ArgsUsage: "NAME",
			Description: "Kills the program of the session NAME (SIGKILL), and waits until its recording is complete.",
			Action: sessionAction(1, 1, func(ctx context.Context, c *live.Client, _ []string) error {
				return endSession(ctx, c, syscall.SIGKILL)
			}),
		},
		daemonCommand(e),
		sessionCommand(e),
	}
}

// endPatience is how long a session may take to end.
const endPatience = 10 * time.Second

// endSession sends a signal and waits for the session's end.
func endSession(ctx context.Context, c *live.Client, sig syscall.Signal) error {
	ctx, stop := context.WithTimeout(ctx, endPatience)
	defer stop()
	stream, err := c.Watch(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := c.Signal(ctx, sig); err != nil {
		return err
	}
	for {
		_, _, err := stream.Next(ctx)
		if ctx.Err() != nil {
			return withHint(errors.New("the session has not ended"), "ttydeck kill ends every program that a signal can")
		}
		if err != nil {
			break // it has ended
		}
	}
	// Its name is free a moment later.
	for ctx.Err() == nil {
		if _, err := c.State(ctx); errors.Is(err, live.ErrNoSession) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

func lsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list the sessions that run",
		Description: `Lists your sessions of ttydeck run and ttydeck rec; with --host, those of all users, where root runs ttydeck daemon
--host and lets you. ttydeck ps lists every terminal session of the host.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "host", Usage: "list those of all users"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON array"},
		},
		Action: func(c *cli.Context) error {
			if _, err := fileArgs(c, 0, 0, ""); err != nil {
				return err
			}
			if c.Bool("host") {
				states, err := daemon.OpenHost().Sessions(c.Context)
				if errors.Is(err, live.ErrNoSession) {
					return errNoHost
				}
				if err != nil {
					return err
				}
				return printSessions(e, states, c.Bool("json"))
			}
			states, failed := ownSessions(c.Context)
			if failed != nil && len(states) == 0 {
				return failed
			}
			return errors.Join(printSessions(e, states, c.Bool("json")), failed)
		},
	}
}

// ownSessions gives the states of this user's sessions, also with an error.
func ownSessions(ctx context.Context) ([]live.State, error) {
	dir, err := live.OpenDir()
	if err != nil {
		return nil, err
	}
	names, err := dir.Names()
	if err != nil {
		return nil, err
	}
	states := []live.State{}
	var failed error
	for _, name := range names {
		st, err := dir.StateOf(ctx, name)
		switch {
		case errors.Is(err, live.ErrNoSession): // it has just ended
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			states = append(states, st)
		}
	}
	return states, failed
}

func printSessions(e *env, states []live.State, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(e.out)
		enc.SetIndent("", "  ")
		return enc.Encode(states)
	}
	if len(states) == 0 {
		e.notef("no session runs; ttydeck run starts one")
		return nil
	}
	t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tPID\tSINCE\tSIZE\tATTACHED\tWATCHING\tRECORDING\tCOMMAND")
	for _, st := range states {
		rec := st.File
		switch {
		case st.Fault != "":
			rec = "stopped: " + st.Fault
		case st.Paused:
			rec = "paused: " + rec
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%dx%d\t%d\t%d\t%s\t%s\n", st.Name, st.PID, st.Started.Local().Format("01-02 15:04"), st.Cols, st.Rows,
			st.Attached, st.Watching, printable(rec), printable(shellJoin(st.Command)))
	}
	return t.Flush()
}

func sendCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "send", Usage: "type into a session", ArgsUsage: "NAME [TEXT...]",
		Description: `Types TEXT into the session NAME; without TEXT, what stands on standard input. --enter presses Enter behind it, --key
presses a key by its name: Enter, Tab, Escape, Backspace, Up, Down, Left, Right, Home, End, PageUp, PageDown, Delete, C-c, M-x, ...
Keys come behind the text, in their order.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "enter", Aliases: []string{"e"}, Usage: "press Enter behind it"},
			&cli.StringSliceFlag{Name: "key", Aliases: []string{"k"}, Usage: "press `KEY`; may be given several times"},
		},
		Action: func(c *cli.Context) error {
			var keys []byte
			for _, name := range c.StringSlice("key") {
				k, err := keyBytes(name)
				if err != nil {
					return usageError{err}
				}
				keys = append(keys, k...)
			}
			if c.Bool("enter") {
				keys = append(keys, '\r')
			}
			return sessionAction(1, -1, func(ctx context.Context, client *live.Client, args []string) error {
				text := []byte(strings.Join(args, " "))
				if len(args) == 0 && len(keys) == 0 {
					var err error
					if text, err = io.ReadAll(io.LimitReader(e.in, 64<<20)); err != nil {
						return err
					}
				}
				return client.Type(ctx, append(text, keys...))
			})(c)
		},
	}
}

// keyNames are keys by their names, as a terminal sends them.
var keyNames = map[string]string{
	"enter": "\r", "tab": "\t", "escape": "\x1b", "esc": "\x1b", "backspace": "\x7f", "space": " ",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
	"pageup": "\x1b[5~", "pagedown": "\x1b[6~", "insert": "\x1b[2~", "delete": "\x1b[3~", "backtab": "\x1b[Z",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
	"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}

// keyBytes gives what a terminal sends for a key: one of keyNames, a character,
// or one of these behind C- or M-.
func keyBytes(name string) (string, error) {
	if k, ok := keyNames[strings.ToLower(name)]; ok {
		return k, nil
	}
	switch {
	case len([]rune(name)) == 1:
		return name, nil
	case strings.HasPrefix(name, "M-") || strings.HasPrefix(name, "A-"):
		k, err := keyBytes(name[2:])
		return "\x1b" + k, err
	case len(name) == 3 && (strings.HasPrefix(name, "C-") || strings.HasPrefix(name, "c-")) && (name[2] >= '@' && name[2] <= '_' || name[2] >= 'a' && name[2] <= 'z'):
		return string(rune(name[2] & 0x1f)), nil
	}
	return "", fmt.Errorf("there is no key %q", name)
}
