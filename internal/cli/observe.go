package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/observe"
	"github.com/ttydeck/ttydeck/record/sessions"
)

type observeOptions struct {
	observer observe.Observer // without its Session and Writer
	file     record.FileOptions
	all      bool
	user     string // whose sessions, all of them; empty: one session
	quiet    bool
}

func observeCommand(e *env) *command {
	var o observeOptions
	return &command{
		name:    "observe",
		purpose: "record a running session",
		args:    "TTY|PID [FILE] | --all [DIR] | --user USER [DIR]",
		examples: []string{
			"ttydeck observe pts/3 incident.cast",
			"ttydeck observe --all recordings/",
		},
		about: `Records the output of the session on TTY (pts/3), or of the session of the process PID, to FILE from
now on, until the session ends or ctrl-C. Nothing is restarted, and nothing is typed. FILE is as for
rec; "-" is standard output. Only tmux can provide the present screen; --redraw makes most programs
redraw it.

--all and --user record each session, later ones too, to a file of its own in DIR (default: the
present directory), until ctrl-C.

METHOD (default: the best that is possible here)
   tmux      ask tmux: needs no privilege, loses nothing, has the first screen
   fexit     eBPF at the kernel's terminals: needs root (CAP_BPF, CAP_PERFMON) and a kernel
             that allows it; output that comes too fast is lost, and marked
   sys_exit  eBPF at the return of system calls: as fexit, on more kernels, but adds some
             0.1 µs to each system call of the host
   ptrace    stop the program behind the terminal at each system call: for your own sessions,
             or with CAP_SYS_PTRACE; loses nothing, but much output takes twice the time`,
		flags: []group{
			{"Observing", []*flag{
				valued(&o.observer.Method, "method", "use `METHOD`", parseMethod).offering(func(*env) []string { return methodNames() }),
				onOff(&o.observer.Lossless, "lossless", "with fexit and sys_exit, stop the session's output while the recording is behind"),
				onOff(&o.observer.Redraw, "redraw", "change the window's height by one and back, so that programs redraw"),
				onOff(&o.all, "all", "record all sessions that can be observed"),
				userFlag(&o.user),
			}},
			{"Recording", []*flag{
				inputFlag(&o.observer.Input),
				titleFlag(&o.observer.Header.Title),
				formatFlag(&o.file.Format),
				appendFlag(&o.file.Append),
				overwriteFlag(&o.file.Overwrite),
				quietFlag(&o.quiet),
			}},
		},
		run: func(ctx context.Context, args []string) error {
			least, most := 1, 2
			several := o.all || o.user != ""
			if several {
				least, most = 0, 1
			}
			if err := e.need(args, least, most, "the session to observe, a TTY or PID,"); err != nil {
				return err
			}
			if o.file.Append && o.file.Overwrite {
				return errExclude("--append", "--overwrite")
			}
			if o.observer.Lossless {
				self, err := os.Executable()
				if err != nil {
					return err
				}
				o.observer.Guard = []string{self, guardName}
			}
			if several {
				return runObserveMany(ctx, e, o, append(args, ".")[0])
			}
			name := time.Now().Format("ttydeck-20060102-150405.cast")
			if len(args) == 2 {
				name = args[1]
			}
			return runObserve(ctx, e, o, args[0], name)
		},
	}
}

func methodNames() []string {
	var names []string
	for _, m := range observe.Methods {
		names = append(names, string(m))
	}
	return names
}

func parseMethod(s string) (observe.Method, error) {
	if !slices.Contains(observe.Methods, observe.Method(s)) {
		return "", fmt.Errorf("invalid value %q: want one of %s", s, strings.Join(methodNames(), ", "))
	}
	return observe.Method(s), nil
}

// guardCommand lets a session go on if its observer is killed while it has
// stopped the session. It is not for users.
func guardCommand(e *env) *command {
	return &command{
		name: guardName, hidden: true, sealed: true,
		run: func(_ context.Context, args []string) error { return observe.Guard(os.Stdin, os.Stdout, args) },
	}
}

const guardName = "__guard"

func runObserve(ctx context.Context, e *env, opts observeOptions, session, name string) error {
	o := &opts.observer
	list, err := sessions.List()
	if err != nil {
		return err
	}
	s, err := list.Find(session)
	if err != nil {
		return withHint(err, "ttydeck ps lists them all")
	}
	if r := s.Recording; r != nil && !opts.quiet {
		e.notef("%s records this session already (process %d)", r.Name, r.PID)
	}
	o.Session = *s
	file, err := e.createRecording(name, opts.file)
	if err != nil {
		return err
	}
	o.Writer = file
	began := false
	o.Began = func(m observe.Method, skipped []error) {
		began = true
		if opts.quiet {
			return
		}
		for _, why := range skipped {
			e.notef("%v", why)
		}
		e.notef("recording %s by %s; C-c ends it", s.TTY.Name, m)
	}
	result, err := o.Run(ctx)
	if !began {
		file.Discard()
		switch {
		case errors.Is(err, observe.ErrNoHolder):
			return withHint(err, "run it as root, or as the user of the program behind the terminal")
		case errors.Is(err, observe.ErrMethod):
			return withHint(err, "ttydeck doctor shows what this host allows")
		}
		return err
	}
	if err != nil {
		return err
	}
	if result.Lost > 0 {
		e.warnf("%d bytes of output came too fast and are lost; markers show where", result.Lost)
	}
	if !opts.quiet {
		end := "ended"
		if result.Ended {
			end = "ended with the session"
		}
		e.notef("%s: %d bytes of output", end, result.Output)
		if file.Path != "" {
			e.notef("recorded to %s", file.Path)
		}
	}
	return nil
}

// runObserveMany records all sessions, or a user's.
func runObserveMany(ctx context.Context, e *env, opts observeOptions, dir string) error {
	f := opts.file.Format
	note := func(message string, args ...any) {
		if !opts.quiet {
			e.notef(message, args...)
		}
	}
	ext := ".cast"
	if f != nil && len(f.Ext) > 0 {
		ext = f.Ext[0]
	}
	var files sync.Map // *record.File by SID, until its recording has begun
	m := observe.Many{
		Want: func(s *sessions.Session) bool { return opts.user == "" || s.User == opts.user },
		Begin: func(s sessions.Session) (*observe.Observer, error) {
			// The user, the terminal, the leader and the time: no two are the same.
			name := fmt.Sprintf("%s-%s-%d-%s%s", s.User, s.TTY.Name, s.SID, time.Now().Format("20060102-150405"), ext)
			file, err := record.Create(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")), record.FileOptions{Format: f})
			if err != nil {
				return nil, err
			}
			o := opts.observer
			o.Session, o.Writer = s, file
			files.Store(s.SID, file)
			o.Began = func(method observe.Method, _ []error) {
				files.Delete(s.SID)
				note("recording %s by %s to %s", s.TTY.Name, method, file.Path)
			}
			return &o, nil
		},
		End: func(s sessions.Session, r observe.Result, err error) {
			if file, ok := files.LoadAndDelete(s.SID); ok {
				file.(*record.File).Discard()
			}
			switch {
			case errors.Is(err, context.Canceled):
			case err != nil:
				e.warnf("%s: %s", s.TTY.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
			case r.Lost > 0:
				e.warnf("%s ended: %d bytes of output, %d more came too fast and are lost", s.TTY.Name, r.Output, r.Lost)
			default:
				note("%s ended: %d bytes of output", s.TTY.Name, r.Output)
			}
		},
	}
	return m.Run(ctx)
}
