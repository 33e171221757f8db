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
	user     string // record all sessions of this user; empty: see all
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
		about: `Records the output of a running session to FILE, from now until the session ends or you press
ctrl-C. TTY, such as pts/3, is the session's terminal; PID is any process in the session. Nothing is restarted, and
nothing is typed into the session. FILE is as for ttydeck rec; "-" is standard output.

The recording begins with an empty screen, except with the method tmux. --redraw makes most programs
draw their screen again.

With --all or --user, records every session, including those that start later, to a file of its own in
DIR (default: the current directory), until you press ctrl-C.

METHOD (default: the best that works here)
   tmux      ask tmux: needs no privileges, loses nothing, includes the first screen
   fexit     eBPF in the kernel's terminals: needs root (CAP_BPF, CAP_PERFMON) and a kernel
             that allows it; output that comes too fast is lost, and a marker is added
   sys_exit  eBPF at the return of system calls: like fexit, but works on more kernels, and
             adds about 0.1 µs to each system call of the host
   ptrace    stop the program behind the terminal at each system call: for your own sessions,
             or with CAP_SYS_PTRACE; loses nothing, but heavy output takes twice as long`,
		flags: []group{
			{"Observing", []*flag{
				valued(&o.observer.Method, "method", "use `METHOD`", parseMethod).offering(func(*env) []string { return methodNames() }),
				onOff(&o.observer.Lossless, "lossless", "with fexit and sys_exit, stop the session's output while the recording is behind"),
				onOff(&o.observer.Redraw, "redraw", "change the window's height by one row and back, so that programs redraw"),
				onOff(&o.all, "all", "record all sessions that can be observed"),
				userFlag(&o.user),
			}},
			{"Recording", []*flag{
				inputFlag(&o.observer.Input),
				titleFlag(&o.observer.Header.Title),
				recordFlag(&o.file.Format),
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
			if err := e.need(args, least, most, "the TTY or PID of the session"); err != nil {
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

// guardCommand returns the hidden command that lets a session go on if its observer
// is killed while the session is stopped.
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
		return withHint(err, "ttydeck ps lists all sessions")
	}
	if r := s.Recording; r != nil && !opts.quiet {
		e.notef("%s is recording this session already (process %d)", r.Name, r.PID)
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
			return withHint(err, "run ttydeck observe as root, or as the user of the HOLDER in ttydeck ps")
		case errors.Is(err, observe.ErrMethod):
			return withHint(err, "ttydeck doctor shows what this host allows")
		}
		return err
	}
	if err != nil {
		return err
	}
	if result.Lost > 0 {
		e.warnf("%d bytes of output came too fast and were lost; markers show where", result.Lost)
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

// runObserveMany records all sessions, or all of a user.
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
			// User, terminal, leader and time make the name unique.
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
				why := strings.TrimPrefix(message(err), "observing "+s.TTY.Name+": ")
				e.warnf("%s: %s", s.TTY.Name, strings.ReplaceAll(why, "\n", "; "))
			case r.Lost > 0:
				e.warnf("%s ended: %d bytes of output, %d more came too fast and were lost", s.TTY.Name, r.Output, r.Lost)
			default:
				note("%s ended: %d bytes of output", s.TTY.Name, r.Output)
			}
		},
	}
	return m.Run(ctx)
}
