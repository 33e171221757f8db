package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/urfave/cli/v2"
)

// sessionConfig is what a session's process is told by the one that starts it.
type sessionConfig struct {
	Name         string
	File         string
	Args         []string
	Dir          string // where it runs; empty: here
	Title        string
	Size         format.Size
	Input        bool
	NoMarks      bool
	Smallest     bool
	IdleLimit    time.Duration
	RecordFormat string
}

func runCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "start a recorded session that outlives its terminal",
		ArgsUsage: "[-- COMMAND [ARGUMENT...]]",
		Description: `Starts your shell, or COMMAND, in a process of its own that records it, and attaches this terminal to it. C-\ d leaves the
session, which goes on; ttydeck attach NAME comes back, from any terminal, also after this one is gone.

The recording is FILE, or one named after the session and the time in $XDG_DATA_HOME/ttydeck (~/.local/share/ttydeck).`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not attach to it"},
			&cli.StringFlag{Name: "name", Aliases: []string{"n"}, Usage: "call it `NAME`; without, it is called after COMMAND"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "record to `FILE`"},
			&cli.StringFlag{Name: "title", Aliases: []string{"t"}, Usage: "give the recording the title `TITLE`"},
			&cli.BoolFlag{Name: "input", Aliases: []string{"I"}, Usage: "record what is typed too, but no passwords"},
			&cli.StringFlag{Name: "window-size", Usage: "begin with `COLSxROWS`; attached terminals set it later"},
			&cli.StringFlag{Name: "size", Usage: "of several attached terminals, take the size of the `latest` or the smallest", Value: "latest"},
			durationFlag("idle-time-limit", []string{"i"}, "let players shorten every pause to `SECONDS`"),
			&cli.BoolFlag{Name: "no-shell-integration", Usage: "do not have the shell mark its prompts and commands"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"},
			detachKeyFlag(),
		},
		Action: func(c *cli.Context) error {
			args := c.Args().Slice()
			var cfg sessionConfig
			if at := slices.Index(args, "--"); at >= 0 {
				args, cfg.Args = args[:at], args[at+1:]
			}
			if len(args) > 0 {
				return withHint(usageError{fmt.Errorf("unexpected argument %q", args[0])}, "a command goes behind --: ttydeck run -- "+strings.Join(args, " "))
			}
			cfg.Name, cfg.Title, cfg.Input, cfg.NoMarks = c.String("name"), c.String("title"), c.Bool("input"), c.Bool("no-shell-integration")
			if cfg.Name != "" {
				if err := live.CheckName(cfg.Name); err != nil {
					return usageError{err}
				}
			}
			var err error
			if cfg.Size, err = parseWindowSize(c.String("window-size")); err != nil {
				return usageError{fmt.Errorf("--window-size: %w", err)}
			}
			switch c.String("size") {
			case "latest":
			case "smallest":
				cfg.Smallest = true
			default:
				return usageError{fmt.Errorf("--size %s: want latest or smallest", c.String("size"))}
			}
			if cfg.IdleLimit = durationOf(c, "idle-time-limit"); cfg.IdleLimit < 0 {
				return usageError{errors.New("--idle-time-limit: want 0 seconds or more")}
			}
			keys, err := attachKeys(c)
			if err != nil {
				return err
			}
			if cfg.File = c.String("output"); cfg.File != "" {
				if cfg.File, err = filepath.Abs(cfg.File); err != nil {
					return err
				}
			}
			return runRun(c.Context, e, cfg, keys, c.Bool("detach"), c.Bool("quiet"))
		},
	}
}

func runRun(ctx context.Context, e *env, cfg sessionConfig, keys record.Keys, detached, quiet bool) error {
	if !detached && !hasTerminal() {
		return withHint(errors.New("there is no terminal to attach"), "ttydeck run --detach starts a session without one")
	}
	if t, err := tty.Open(); err == nil {
		if have, err := t.Size(); err == nil && have.Cols > 0 && have.Rows > 0 && cfg.Size == (format.Size{}) {
			cfg.Size = format.Size(have)
		}
		t.Close()
	}
	if len(cfg.Args) == 0 {
		cfg.Args = []string{os.Getenv("SHELL")}
		if cfg.Args[0] == "" {
			cfg.Args[0] = "/bin/sh"
		}
	} else if _, err := exec.LookPath(cfg.Args[0]); err != nil {
		return err
	}
	name, file, err := startSession(cfg)
	if err != nil {
		if errors.Is(err, live.ErrNameTaken) {
			return withHint(err, "ttydeck attach "+cfg.Name)
		}
		return err
	}
	if detached {
		if !quiet {
			e.notef("session %s is recorded to %s; ttydeck attach %s", name, file, name)
		}
		_, err := fmt.Fprintln(e.out, name)
		return err
	}
	return runAttach(ctx, e, name, attachOptions{keys: keys, quiet: quiet})
}

// started is what a session's process answers.
type started struct {
	Name, File, Error string
	Taken             bool // the name is
}

// startSession starts a process that runs and records a session.
func startSession(cfg sessionConfig) (name, file string, err error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	cmd := &exec.Cmd{Path: self, Args: []string{os.Args[0], "__session"}, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	cmd.Dir = cfg.Dir
	cmd.Stdin = strings.NewReader(string(text))
	answer, theirs, err := os.Pipe()
	if err != nil {
		return "", "", err
	}
	defer answer.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return "", "", err
	}
	// It ends when it will; who asks is init.
	go cmd.Wait()
	var st started
	if err := json.NewDecoder(answer).Decode(&st); err != nil {
		return "", "", fmt.Errorf("the session's process ended before it said anything: %w", err)
	}
	switch {
	case st.Taken:
		return "", "", fmt.Errorf("%s: %w", cfg.Name, live.ErrNameTaken)
	case st.Error != "":
		return "", "", errors.New(st.Error)
	}
	return st.Name, st.File, nil
}

// sessionCommand is a session's process. It is no command of users.
func sessionCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "__session", Hidden: true,
		Action: func(c *cli.Context) error {
			answer := os.NewFile(3, "answer")
			say := func(st started) {
				json.NewEncoder(answer).Encode(st)
				answer.Close()
			}
			var cfg sessionConfig
			err := json.NewDecoder(e.in).Decode(&cfg)
			if err == nil {
				// Not c.Context: what ends a session is its recorder's business.
				err = runSession(context.Background(), cfg, say)
			}
			if err != nil {
				say(started{Error: err.Error(), Taken: errors.Is(err, live.ErrNameTaken)})
			}
			return nil
		},
	}
}

func runSession(ctx context.Context, cfg sessionConfig, say func(started)) error {
	setSessionMemory()
	dir, err := live.OpenDir()
	if err != nil {
		return err
	}
	cwd, _ := os.Getwd()
	o := live.Options{Name: cfg.Name, Command: cfg.Args, Dir: cwd, Smallest: cfg.Smallest}
	server, err := dir.Serve(o)
	if err != nil {
		return err
	}
	status := -1
	defer func() { server.Close(status) }()
	if cfg.File == "" {
		if cfg.File, err = recordingOf(server.Name()); err != nil {
			return err
		}
	}
	file, err := record.Create(cfg.File, record.FileOptions{})
	if err != nil {
		return err
	}
	server.SetFile(file.Path)
	r := &record.Recorder{
		Writer: file, FlushEvery: file.FlushEvery(), Recorded: file.Recorded(), Args: cfg.Args, Size: cfg.Size, Headless: true,
		Input: cfg.Input, Integrate: !cfg.NoMarks && slices.Contains(marked, file.Format), Notice: server.SetFault,
		Env: append(os.Environ(), "TTYDECK_REC=1", "ASCIINEMA_REC=1", "TTYDECK_SESSION="+server.Name()),
	}
	r.Header.Title, r.Header.IdleLimit, r.Header.Command = cfg.Title, cfg.IdleLimit, shellJoin(cfg.Args)
	r.Header.Env = map[string]string{"SHELL": os.Getenv("SHELL")}
	r.Started = func(c *record.Control) {
		server.Started(c)
		say(started{Name: server.Name(), File: file.Path})
	}
	status, err = r.Run(ctx)
	if status < 0 && err != nil {
		file.Discard()
	}
	return err
}

// recordingOf names a recording after a session and the time, in the user's
// directory for them.
func recordingOf(name string) (string, error) {
	dir, err := recordingsDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, name+time.Now().Format("-20060102-150405.cast")), nil
}
