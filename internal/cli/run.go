package cli

import (
	"cmp"
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
)

// sessionConfig is what a session's process receives from the one that starts
// it.
type sessionConfig struct {
	Name      string
	File      string
	Args      []string
	Dir       string // where it runs; empty: here
	Title     string
	Size      format.Size
	Input     bool
	NoMarks   bool
	Smallest  bool
	IdleLimit time.Duration
}

type runOptions struct {
	session    sessionConfig
	detached   bool
	idle       optional[time.Duration]
	attachSize string
	attach     attachOptions
}

func runCommand(e *env) *command {
	var o runOptions
	s := &o.session
	return &command{
		name:    "run",
		purpose: "start a recorded session that outlives its terminal",
		args:    "[-- PROGRAM [ARGUMENT...]]",
		examples: []string{
			"ttydeck run --name deploy -- ./deploy.sh",
			"ttydeck run --detach",
		},
		about: `Starts your shell, or PROGRAM, in a process of its own that records it, and attaches this terminal.
C-\ d detaches; the session goes on, also when this terminal is closed. ttydeck attach NAME comes
back, from any terminal.

The recording is OUT, or a file named after the session and the time in $XDG_DATA_HOME/ttydeck
(~/.local/share/ttydeck).`,
		flags: []group{
			{"Session", []*flag{
				onOff(&o.detached, "detach,d", "do not attach to the session"),
				nameFlag(&s.Name),
				windowSizeFlag(&s.Size),
				oneOf(&o.attachSize, "attach-size", "with several terminals attached, use the size of `WHICH`: latest or smallest", "latest", "smallest"),
				detachKeyFlag(&o.attach),
				quietFlag(&o.attach.quiet),
			}},
			{"Recording", []*flag{
				outputFlag(&s.File),
				titleFlag(&s.Title),
				inputFlag(&s.Input),
				idleLimitFlag(&o.idle, ""),
				noShellIntegrationFlag(&s.NoMarks),
			}},
		},
		program: &s.Args,
		run: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return withHint(usageError{fmt.Errorf("unexpected argument %q", args[0])}, "a program goes behind --: ttydeck run -- "+strings.Join(args, " "))
			}
			s.Smallest, s.IdleLimit = o.attachSize == "smallest", o.idle.value
			if s.File != "" {
				path, err := filepath.Abs(s.File)
				if err != nil {
					return err
				}
				s.File = path
			}
			return runRun(ctx, e, o)
		},
	}
}

func runRun(ctx context.Context, e *env, o runOptions) error {
	cfg := o.session
	if !o.detached && !hasTerminal() {
		return withHint(errors.New("no terminal to attach"), "ttydeck run --detach starts a session without one")
	}
	if t, err := tty.Open(); err == nil {
		if have, err := t.Size(); err == nil && have.Cols > 0 && have.Rows > 0 && cfg.Size == (format.Size{}) {
			cfg.Size = format.Size(have)
		}
		t.Close()
	}
	if len(cfg.Args) == 0 {
		cfg.Args = []string{cmp.Or(e.getenv("SHELL"), "/bin/sh")}
	} else if _, err := exec.LookPath(cfg.Args[0]); err != nil {
		return err
	}
	name, file, err := startSession(cfg, e.environ)
	if err != nil {
		if errors.Is(err, live.ErrNameTaken) {
			return withHint(err, "ttydeck attach "+cfg.Name)
		}
		return err
	}
	if o.detached {
		if !o.attach.quiet {
			e.notef("session %s is recorded to %s; ttydeck attach %s", name, file, name)
		}
		_, err := fmt.Fprintln(e.out, name)
		return err
	}
	return runAttach(ctx, e, name, o.attach)
}

// started is a session's process's answer.
type started struct {
	Name, File, Error string
	Taken             bool // the name is
}

// startSession starts a process that runs and records a session.
func startSession(cfg sessionConfig, environ []string) (name, file string, err error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	cmd := &exec.Cmd{Path: self, Args: []string{"ttydeck", "__session"}, Env: environ, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
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
	// It ends on its own; init waits for it then.
	go cmd.Wait()
	var st started
	if err := json.NewDecoder(answer).Decode(&st); err != nil {
		return "", "", fmt.Errorf("the session's process ended at once: %w", err)
	}
	switch {
	case st.Taken:
		return "", "", fmt.Errorf("%s: %w", cfg.Name, live.ErrNameTaken)
	case st.Error != "":
		return "", "", errors.New(st.Error)
	}
	return st.Name, st.File, nil
}

// sessionCommand is a session's process. It is not for users.
func sessionCommand(e *env) *command {
	return &command{
		name: "__session", hidden: true, sealed: true, signals: true,
		run: func(context.Context, []string) error {
			answer := os.NewFile(3, "answer")
			say := func(st started) {
				json.NewEncoder(answer).Encode(st)
				answer.Close()
			}
			var cfg sessionConfig
			err := json.NewDecoder(e.in).Decode(&cfg)
			if err == nil {
				// No signal but those that its recorder handles ends a session.
				err = e.runSession(context.Background(), cfg, say)
			}
			if err != nil {
				say(started{Error: err.Error(), Taken: errors.Is(err, live.ErrNameTaken)})
			}
			return nil
		},
	}
}

func (e *env) runSession(ctx context.Context, cfg sessionConfig, say func(started)) error {
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
		if cfg.File, err = e.recordingOf(server.Name()); err != nil {
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
		Env: append(slices.Clone(e.environ), "TTYDECK_REC=1", "ASCIINEMA_REC=1", "TTYDECK_SESSION="+server.Name()),
	}
	r.Header.Title, r.Header.IdleLimit, r.Header.Command = cfg.Title, cfg.IdleLimit, shellJoin(cfg.Args)
	r.Header.Env = map[string]string{"SHELL": e.getenv("SHELL")}
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
// directory for recordings.
func (e *env) recordingOf(name string) (string, error) {
	dir, err := e.recordingsDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, name+time.Now().Format("-20060102-150405.cast")), nil
}
