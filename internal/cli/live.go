package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/live/daemon"
)

// setSessionMemory keeps a session's process small, as it lives long and there may
// be many.
func setSessionMemory() {
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(16 << 20)
}

// errNoHost is the error if the host's daemon does not run.
var errNoHost = withHint(errors.New("no host daemon is running"), "to start one: sudo ttydeck daemon --host")

// openSession connects to the session of that name, or without a name to the only
// session, and returns its name. NAME@USER is a session in the list of the host's
// daemon. The caller closes the Client.
func openSession(ctx context.Context, name string) (*live.Client, string, error) {
	if strings.Contains(name, "@") {
		if client := openOwn(ctx, name); client != nil {
			return client, name, nil
		}
		client := daemon.OpenHost().Session(name)
		_, err := client.State(ctx)
		if errors.Is(err, live.ErrNoSession) {
			err = withHint(err, "ttydeck ls --host lists the running sessions")
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
			return nil, "", withHint(errors.New("no session is running"), "ttydeck run starts one")
		case len(names) > 1:
			return nil, "", withHint(usageError{errors.New("several sessions are running; name one of them")}, "sessions: "+strings.Join(names, ", "))
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
			return nil, "", withHint(err, "ttydeck ls lists the running sessions")
		}
		return nil, "", err
	}
	return client, name, nil
}

// openOwn connects to NAME@USER directly if USER is the caller: through the host's
// daemon the session would not be known as the caller's own. It returns nil if
// there is no such session.
func openOwn(ctx context.Context, name string) *live.Client {
	at := strings.LastIndexByte(name, '@')
	uid := os.Geteuid()
	if u, err := user.Lookup(name[at+1:]); name[at+1:] != strconv.Itoa(uid) && (err != nil || u.Uid != strconv.Itoa(uid)) {
		return nil
	}
	for _, dir := range live.HostDirs() {
		if dir.UID() != uid {
			continue
		}
		client, err := dir.Open(name[:at])
		if err != nil {
			continue
		}
		if _, err := client.State(ctx); err == nil {
			return client
		}
		client.Close()
	}
	return nil
}

// sessionCommandOf returns a command that acts on a session. The first argument
// names the session; if least is 0, it may be missing. f gets the other arguments.
func sessionCommandOf(e *env, c command, least, most int, f func(ctx context.Context, c *live.Client, args []string) error) *command {
	c.first = runningSessions
	c.run = func(ctx context.Context, args []string) error {
		if err := e.need(args, least, most, "the session's name", "the new name"); err != nil {
			return err
		}
		name := ""
		if len(args) > 0 {
			name, args = args[0], args[1:]
		}
		client, _, err := openSession(ctx, name)
		if err != nil {
			return err
		}
		defer client.Close()
		return f(ctx, client, args)
	}
	return &c
}

func pauseCommand(e *env) *command {
	return sessionCommandOf(e, command{
		name: "pause", purpose: "pause a session's recording", args: "[NAME]",
		examples: []string{"ttydeck pause deploy"},
		about: `Pauses the recording of the session NAME, or of the only session. The session goes on; ttydeck resume
resumes the recording.`,
	}, 0, 1, func(ctx context.Context, c *live.Client, _ []string) error { return c.Pause(ctx) })
}

func resumeCommand(e *env) *command {
	return sessionCommandOf(e, command{
		name: "resume", purpose: "resume a session's recording", args: "[NAME]",
		examples: []string{"ttydeck resume deploy"},
		about: `Resumes the recording of the session NAME, or of the only session. It continues with the current
screen.`,
	}, 0, 1, func(ctx context.Context, c *live.Client, _ []string) error { return c.Resume(ctx) })
}

func renameCommand(e *env) *command {
	return sessionCommandOf(e, command{
		name: "rename", purpose: "rename a session", args: "NAME NEW",
		examples: []string{"ttydeck rename deploy deploy-3"},
		about:    `Renames the session NAME to NEW. Attached terminals stay attached; the recording keeps its name.`,
	}, 2, 2, func(ctx context.Context, c *live.Client, args []string) error {
		dir, err := live.OpenDir()
		if err != nil {
			return err
		}
		return c.Rename(ctx, dir, args[0])
	})
}

func stopCommand(e *env) *command {
	return sessionCommandOf(e, command{
		name: "stop", purpose: "end a session", args: "NAME",
		examples: []string{"ttydeck stop deploy"},
		about: `Ends the session NAME as if its terminal had been closed (SIGHUP), and waits up to 10 seconds for the
recording to be complete.`,
	}, 1, 1, func(ctx context.Context, c *live.Client, _ []string) error { return endSession(ctx, c, syscall.SIGHUP) })
}

func killCommand(e *env) *command {
	return sessionCommandOf(e, command{
		name: "kill", purpose: "kill a session's program", args: "NAME",
		examples: []string{"ttydeck kill deploy"},
		about: `Kills the program of the session NAME (SIGKILL), and waits up to 10 seconds for the recording to be
complete.`,
	}, 1, 1, func(ctx context.Context, c *live.Client, _ []string) error {
		return endSession(ctx, c, syscall.SIGKILL)
	})
}

// endPatience is how long endSession waits for the end. Tests wait longer.
var endPatience = 10 * time.Second

// endSession sends a signal and waits until the session has ended.
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
		_, err := stream.Next(ctx)
		if ctx.Err() != nil {
			return withHint(fmt.Errorf("the session has not ended within %v", endPatience), "ttydeck kill NAME kills its program")
		}
		if err != nil {
			break // it has ended
		}
	}
	// The name becomes free a moment later.
	for ctx.Err() == nil {
		if _, err := c.State(ctx); errors.Is(err, live.ErrNoSession) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

func lsCommand(e *env) *command {
	var host, asJSON bool
	return &command{
		name: "ls", purpose: "list the running sessions",
		examples: []string{"ttydeck ls", "ttydeck ls --host"},
		about: `Lists your sessions of ttydeck run and ttydeck rec. With --host, lists those of all users: this needs
ttydeck daemon --host, and you must be root or a member of the group that its --group names. ttydeck
ps lists every terminal session of the host, recorded or not.`,
		flags: []group{{"Output", []*flag{
			onOff(&host, "host", "sessions of all users, not only your own"),
			jsonFlag(&asJSON),
		}}},
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			if host {
				states, err := daemon.OpenHost().Sessions(ctx)
				if errors.Is(err, live.ErrNoSession) {
					return errNoHost
				}
				if err != nil {
					return err
				}
				return printSessions(e, states, asJSON)
			}
			states, failed := ownSessions(ctx)
			if failed != nil && len(states) == 0 {
				return failed
			}
			return errors.Join(printSessions(e, states, asJSON), failed)
		},
	}
}

// ownSessions returns the states of this user's sessions. With an error it returns
// those that answered.
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

// maxColumn is the greatest width of a column whose text other users choose.
const maxColumn = 160

func printSessions(e *env, states []live.State, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(states, "", "  ")
		if err != nil {
			return err
		}
		_, err = e.out.Write(append(visible.JSON(text), '\n'))
		return err
	}
	if len(states) == 0 {
		e.notef("no session is running; ttydeck run starts one")
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
		rec, command := printable(rec), printable(shellJoin(st.Command))
		if st.User != "" { // another user's session, whose texts may be very long
			rec, command = cut(rec, maxColumn), cut(command, maxColumn)
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%dx%d\t%d\t%d\t%s\t%s\n", printable(st.Name), st.PID, st.Started.Local().Format("01-02 15:04"), st.Cols, st.Rows,
			st.Attached, st.Watching, rec, command)
	}
	return t.Flush()
}

func sendCommand(e *env) *command {
	var keys []string
	var enter bool
	return sessionCommandOf(e, command{
		name: "send", purpose: "type into a session", args: "NAME [TEXT...]",
		examples: []string{
			"ttydeck send deploy --enter yes",
			"ttydeck send deploy --key C-c",
		},
		about: `Types TEXT into the session NAME, then the keys of --key in their order, then Enter with --enter.
Without TEXT and keys, types standard input.

Keys are Enter, Tab, Escape, Backspace, Up, Down, Left, Right, Home, End, PageUp, PageDown, Insert,
Delete, F1 to F12, Space, a character, C-c for ctrl-C and M-x for alt-X.`,
		flags: []group{{"Keys", []*flag{
			onOff(&enter, "enter,e", "press Enter at the end"),
			many(&keys, "key,k", "press `KEY`; repeatable", keyBytes),
		}}},
	}, 1, -1, func(ctx context.Context, client *live.Client, args []string) error {
		text := []byte(strings.Join(args, " "))
		if enter {
			keys = append(keys, "\r")
		}
		if len(args) == 0 && len(keys) == 0 {
			var err error
			if text, err = io.ReadAll(io.LimitReader(e.in, 64<<20)); err != nil {
				return err
			}
		}
		return client.Type(ctx, append(text, strings.Join(keys, "")...))
	})
}

// keyNames holds what a terminal sends for a key, by the key's name.
var keyNames = map[string]string{
	"enter": "\r", "tab": "\t", "escape": "\x1b", "esc": "\x1b", "backspace": "\x7f", "space": " ",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
	"pageup": "\x1b[5~", "pagedown": "\x1b[6~", "insert": "\x1b[2~", "delete": "\x1b[3~", "backtab": "\x1b[Z",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
	"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}

// keyBytes returns what a terminal sends for a key: one of keyNames, a
// character, or one of these behind C- or M-.
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
	return "", fmt.Errorf("unknown key %q: want Enter, Up, F1, C-c, M-x or similar; see ttydeck send --help", name)
}
