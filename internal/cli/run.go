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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/session"
)

// sessionConfig is sent to a session's process by the process that starts it.
type sessionConfig struct {
	Name      string // empty: the program's
	File      string // absolute; empty: a new one in the directory for recordings
	Args      []string
	Dir       string // the directory to run in; empty: the present one
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
		about: `Starts your shell, or PROGRAM, as a session that is recorded in the background, and attaches this
terminal to it. C-\ d detaches. The session goes on, even if this terminal is closed; ttydeck attach
NAME attaches to it again, from any terminal.

The recording is OUT, or a file in $XDG_DATA_HOME/ttydeck (by default ~/.local/share/ttydeck) that is
named after the session and the time.`,
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
				recordIdleLimitFlag(&o.idle),
				noShellIntegrationFlag(&s.NoMarks),
			}},
		},
		program: &s.Args,
		run: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return withHint(usageError{fmt.Errorf("unexpected argument %q", args[0])}, "put the program after --: ttydeck run -- "+strings.Join(args, " "))
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
	if !o.detached && !tty.Available() {
		return withHint(errors.New("there is no terminal to attach"), "ttydeck run --detach starts a session without one")
	}
	if t, err := tty.Open(); err == nil {
		if have, err := t.Size(); err == nil && have.Cols > 0 && have.Rows > 0 && cfg.Size == (format.Size{}) {
			cfg.Size = format.Size(have)
		}
		t.Close()
	}
	isShell := len(cfg.Args) == 0
	if isShell {
		cfg.Args = []string{cmp.Or(e.getenv("SHELL"), "/bin/sh")}
	}
	if _, err := exec.LookPath(cfg.Args[0]); err != nil {
		return e.notStarted(err, isShell)
	}
	if !o.detached && !o.attach.quiet {
		e.nestedNote()
	}
	name, file, err := startSession(cfg, e.environ)
	if err != nil {
		if errors.Is(err, live.ErrNameTaken) {
			return withHint(err, "to attach to it: ttydeck attach "+cfg.Name)
		}
		return err
	}
	if o.detached {
		if !o.attach.quiet {
			e.notef("recording session %s to %s; to attach: ttydeck attach %s", name, file, name)
		}
		_, err := fmt.Fprintln(e.out, name)
		return err
	}
	err = runAttach(ctx, e, name, o.attach)
	if errors.Is(err, live.ErrNoSession) { // faster than the attachment
		if !o.attach.quiet {
			e.notef("%s has ended already; recorded to %s", name, file)
		}
		return nil
	}
	return err
}

// started is the answer of a session's process.
type started struct {
	Name, File string
	Error      string // why it was not started; empty if it was
	Hints      []string
	Taken      bool // the name is taken
}

// startSession starts a process that runs and records a session, and returns when
// the recording has begun.
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
		return "", "", fmt.Errorf("the session's process has died: %w", err)
	}
	switch {
	case st.Taken:
		return "", "", fmt.Errorf("%s: %w", cfg.Name, live.ErrNameTaken)
	case st.Error != "":
		return "", "", withHint(errors.New(st.Error), st.Hints...)
	}
	return st.Name, st.File, nil
}

// sessionCommand returns the hidden command that is a session's process.
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
				// Only signals that the recorder handles end a session.
				err = e.runSession(context.Background(), cfg, say)
			}
			if err != nil {
				say(started{Error: message(err), Hints: e.hints(err), Taken: errors.Is(err, live.ErrNameTaken)})
			}
			return nil
		},
	}
}

// runSession runs and records a session, and calls say when it has begun.
func (e *env) runSession(ctx context.Context, cfg sessionConfig, say func(started)) error {
	setSessionMemory()
	var file *record.File
	s := session.Session{
		Recorder: record.Recorder{Args: cfg.Args, Env: e.environ, Size: cfg.Size, Headless: true, Input: cfg.Input, Integrate: !cfg.NoMarks},
		Open: func(name string) (f *record.File, err error) {
			file, err = e.createSessionFile(name, cfg.File)
			return file, err
		},
		Sharing: session.Required, Name: cfg.Name, Smallest: cfg.Smallest, Capture: []string{"SHELL"},
		Started: func(name string) { say(started{Name: name, File: file.Path}) },
	}
	h := &s.Recorder.Header
	h.Title, h.IdleLimit, h.Command = cfg.Title, cfg.IdleLimit, shellJoin(cfg.Args)
	_, err := s.Run(ctx)
	return e.notStarted(err, false)
}

// createSessionFile creates a session's recording. Without a path, it is named after
// the session and the time, in the user's directory for recordings.
func (e *env) createSessionFile(name, path string) (*record.File, error) {
	var err error
	given := path != ""
	if !given {
		if path, err = e.recordingOf(name); err != nil {
			return nil, err
		}
	}
	f, err := record.Create(path, record.FileOptions{})
	// The session before of this name was started in the same second.
	for n := 2; !given && errors.Is(err, record.ErrExists) && n < 1000; n++ {
		f, err = record.Create(strings.TrimSuffix(path, ".cast")+"-"+strconv.Itoa(n)+".cast", record.FileOptions{})
	}
	if errors.Is(err, record.ErrExists) {
		return nil, withHint(fmt.Errorf("%s: %w", path, errExists), "to record to another file: ttydeck run -o FILE")
	}
	return f, err
}

// recordingOf returns the path of a new recording: named after a session and the
// time, in the user's directory for recordings, which it creates.
func (e *env) recordingOf(name string) (string, error) {
	const hint = "to record to another file: ttydeck run -o FILE"
	dir, err := e.recordingsDir()
	if err != nil {
		return "", withHint(err, hint)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", withHint(fmt.Errorf("cannot create %s for the recording: %w", dir, err), hint)
	}
	return filepath.Join(dir, name+time.Now().Format("-20060102-150405.cast")), nil
}
