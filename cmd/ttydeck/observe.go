package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/observe"
	"github.com/ttydeck/ttydeck/record/sessions"
	"github.com/urfave/cli/v2"
)

func observeCommand(e *env) *cli.Command {
	var methods []string
	for _, m := range observe.Methods {
		methods = append(methods, string(m))
	}
	return &cli.Command{
		Name:      "observe",
		Usage:     "record a session that already runs",
		ArgsUsage: "TTY|PID [FILE] | --all [DIR] | --user USER [DIR]",
		Description: `Records what the session on TTY (pts/3), or that of the process PID, shows from now on into FILE, until the session
ends or ctrl-C. Nothing is restarted and nothing is typed into it. FILE is as for rec; "-" is standard output.

   What is on the screen already is known only where tmux can be asked for it; --redraw makes most programs draw anew.

   --all and --user record each session, those that begin later too, into a file of its own in DIR (the present
   directory if none is given), until ctrl-C.

   METHOD is one of these, the best that is possible if none is given:
   tmux      asks tmux: no privilege needed, nothing lost, the first screen is there
   fexit     by eBPF at the kernel's terminals: needs root (CAP_BPF, CAP_PERFMON) and a kernel that allows it; what comes
             too fast is lost, and marked where
   sys_exit  by eBPF at the return of system calls: as fexit, on more kernels, but each system call of the host takes
             some 0.1 µs longer
   ptrace    stops the program behind the terminal at each system call: for your own sessions, or with CAP_SYS_PTRACE;
             nothing is lost, but much output takes twice the time

   With --lossless, fexit and sys_exit stop the session's output for as long as the recording is behind.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "method", Aliases: []string{"m"}, Usage: "use `METHOD`: " + strings.Join(methods, ", ")},
			&cli.BoolFlag{Name: "lossless", Usage: "lose nothing: let the session wait for the recording where it must"},
			&cli.BoolFlag{Name: "redraw", Usage: "change the window's height by one and back, so that programs draw anew"},
			&cli.BoolFlag{Name: "input", Aliases: []string{"I"}, Usage: "record what is typed too, but no passwords: nothing typed while it is not shown"},
			&cli.BoolFlag{Name: "all", Usage: "record all sessions that can be, into DIR"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "record all sessions of `USER`, into DIR"},
			&cli.BoolFlag{Name: "append", Aliases: []string{"a"}, Usage: "go on with the recording in FILE"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace FILE if it exists"},
			&cli.StringFlag{Name: "title", Aliases: []string{"t"}, Usage: "give the recording the title `TITLE`"},
			&cli.StringFlag{Name: "output-format", Aliases: []string{"f"}, Usage: "write `FORMAT`, whatever FILE is named"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"},
		},
		Action: func(c *cli.Context) error {
			least, most := 1, 2
			owner, err := userName(c.String("user"))
			if err != nil {
				return err
			}
			many := c.Bool("all") || owner != ""
			if many {
				least, most = 0, 1
			}
			args, err := fileArgs(c, least, most, "the session to observe, a TTY or PID,")
			if err != nil {
				return err
			}
			name := time.Now().Format("ttydeck-20060102-150405.cast")
			if len(args) == 2 {
				name = args[1]
			}
			o := observe.Observer{
				Method: observe.Method(c.String("method")), Lossless: c.Bool("lossless"),
				Redraw: c.Bool("redraw"), Input: c.Bool("input"),
			}
			if o.Lossless {
				self, err := os.Executable()
				if err != nil {
					return err
				}
				o.Guard = []string{self, guardName}
			}
			o.Header.Title = c.String("title")
			file := record.FileOptions{Append: c.Bool("append"), Overwrite: c.Bool("overwrite")}
			if file.Append && file.Overwrite {
				return usageError{errors.New("--append and --overwrite exclude each other")}
			}
			if file.Format, err = targetNamed(c.String("output-format")); err != nil {
				return err
			}
			if many {
				dir := "."
				if len(args) > 0 {
					dir = args[0]
				}
				return runObserveMany(c.Context, e, o, owner, dir, file.Format, c.Bool("quiet"))
			}
			return runObserve(c.Context, e, &o, args[0], name, file, c.Bool("quiet"))
		},
	}
}

// guardCommand lets a session go on whose observer was killed while it had
// stopped it. It is no command of users.
func guardCommand() *cli.Command {
	return &cli.Command{
		Name: guardName, Hidden: true,
		Action: func(c *cli.Context) error { return observe.Guard(os.Stdin, os.Stdout, c.Args().Slice()) },
	}
}

const guardName = "__guard"

func runObserve(ctx context.Context, e *env, o *observe.Observer, session, name string, opts record.FileOptions, quiet bool) error {
	list, err := sessions.List()
	if err != nil {
		return err
	}
	s, err := list.Find(session)
	if err != nil {
		return withHint(err, "ttydeck ps lists them all")
	}
	if r := s.Recording; r != nil && !quiet {
		e.notef("%s records this session already (process %d)", r.Name, r.PID)
	}
	o.Session = *s
	file, err := e.createRecording(name, opts)
	if err != nil {
		return err
	}
	o.Writer = file
	began := false
	o.Began = func(m observe.Method, skipped []error) {
		began = true
		if quiet {
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
			return withHint(err, "ttydeck doctor tells what this host allows")
		}
		return err
	}
	if err != nil {
		return err
	}
	if result.Lost > 0 {
		e.warnf("%d bytes of output came too fast and are lost; markers stand where", result.Lost)
	}
	if !quiet {
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
func runObserveMany(ctx context.Context, e *env, template observe.Observer, user, dir string, f *format.Format, quiet bool) error {
	note := func(message string, args ...any) {
		if !quiet {
			e.notef(message, args...)
		}
	}
	ext := ".cast"
	if f != nil && len(f.Ext) > 0 {
		ext = f.Ext[0]
	}
	var files sync.Map // *record.File by SID, until its recording has begun
	m := observe.Many{
		Want: func(s *sessions.Session) bool { return user == "" || s.User == user },
		Begin: func(s sessions.Session) (*observe.Observer, error) {
			// The user, the terminal, the leader and the time: no two are the same.
			name := fmt.Sprintf("%s-%s-%d-%s%s", s.User, s.TTY.Name, s.SID, time.Now().Format("20060102-150405"), ext)
			file, err := record.Create(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")), record.FileOptions{Format: f})
			if err != nil {
				return nil, err
			}
			o := template
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
