// Package observe records a terminal session that already runs: nothing is
// restarted, nothing typed into it, and its programs see nothing of it. Start
// with an [Observer]:
//
//	list, err := sessions.List()
//	s, err := list.Find("pts/3")
//	file, err := record.Create("out.cast", record.FileOptions{})
//	result, err := (&observe.Observer{Session: *s, Writer: file}).Run(ctx)
//
// What is recorded are the bytes that the holder of the terminal's master side
// (a terminal emulator, sshd, tmux) reads: what it shows, to the byte, with
// the changes of the window's size.
//
// # Methods
//
// There are several ways to see these bytes, and each host and session allows
// some of them: see [Method]. An Observer takes the first that works, in the
// order of [Methods], unless it is told which one. What was on the screen
// before is known only to [Tmux]; for the others the recording's start is
// partial, which its header says.
//
// # The end
//
// Whatever becomes of the observer, killed at any moment too, the session goes
// on as before: no method leaves anything behind in it.
package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record/sessions"
)

// Method is a way to see what the holder of a terminal reads.
type Method string

// The methods.
const (
	// Tmux asks tmux for a copy of a pane's output (pipe-pane), and for what
	// is on its screen. It needs no privilege but the use of the server's
	// socket, and loses nothing. It sees no input.
	Tmux Method = "tmux"
	// Fexit looks, by eBPF programs, at the kernel's functions for terminals as
	// they return: whoever reads the master. It needs CAP_BPF and CAP_PERFMON,
	// Linux 5.10 with BTF, and a kernel that lets its functions be traced; it
	// costs nothing but the reads of terminals. Bytes that come faster than
	// they can be written are lost, counted and marked, unless the Observer is
	// to be lossless.
	Fexit Method = "fexit"
	// SysExit looks, by an eBPF program, at the system calls of the holder as
	// they return. It needs CAP_BPF and CAP_PERFMON, and Linux 5.8 with BTF;
	// the program costs every system call of the host some 0.1 µs while it is
	// there. It loses what Fexit loses. Reads by io_uring are not seen; neither
	// is input, for it cannot tell that from passwords.
	SysExit Method = "sys_exit"
	// Ptrace stops the holder at each of its system calls. It needs the right
	// to trace it (the same user and kernel.yama.ptrace_scope 0, or
	// CAP_SYS_PTRACE), and that nothing else does, such as a debugger. It loses
	// nothing, but makes bulk output take about twice the time.
	Ptrace Method = "ptrace"
)

// Methods are all methods, the best first.
var Methods = []Method{Tmux, Fexit, SysExit, Ptrace}

// Errors that callers tell apart.
var (
	// ErrMethod is wrapped by the error of a method that this host or session
	// does not allow.
	ErrMethod = errors.New("method not possible")
	// ErrNoHolder means that no process was seen to hold the terminal's master:
	// none can be seen without root, or it is no pseudo-terminal.
	ErrNoHolder = errors.New("no process is seen to hold the terminal's master side")
)

// Observer records one session. It is used once.
type Observer struct {
	Session sessions.Session
	// Writer gets the recording. Run closes it; it is left alone when no
	// method works.
	Writer format.Writer
	// Header is what the recording's begins as. Its size, start and
	// environment are filled in, and the key "ttydeck_observed" is added.
	Header format.Header
	// Method forces one method; empty: the first that works.
	Method Method
	// Lossless loses nothing, at whatever cost to the session: where the method
	// could, the session's output is stopped (TCOOFF) for as long as the
	// recording is behind. That takes a Guard; without one those methods are
	// left out.
	Lossless bool
	// Guard is the command line of a program that calls [Guard] with what
	// follows these arguments. It lets the session's output go on when this
	// process is killed while it has stopped it.
	Guard []string
	// Redraw changes the window's height by one and back when the recording
	// begins, which makes full-screen programs and shells draw anew.
	Redraw bool
	// Input records what is typed too, but not while the terminal does not
	// show it, as for passwords.
	Input bool
	// Began, if not nil, is called on a goroutine of its own when the recording
	// has begun, with the method that was taken and why those before it were
	// not. Run returns after it has.
	Began func(m Method, skipped []error)
}

// Result is what became of a recording.
type Result struct {
	Method Method
	// Output counts the bytes of output that were recorded, Lost those that
	// were not; each loss has a marker at its place. A read that the kernel did
	// not show at all, which is rare, counts as one: how long it was nobody knows.
	Output, Lost int64
	// Ended says that the session ended, or its terminal was closed; otherwise
	// the recording was ended before.
	Ended bool
}

// Run records until the session ends, ctx does, or the recording cannot be
// written. The end of ctx is no error. With no method possible it returns an
// error that wraps [ErrMethod] and says why of each.
func (o *Observer) Run(ctx context.Context) (Result, error) {
	t, err := newTarget(o.Session)
	if err != nil {
		return Result{}, err
	}
	defer t.close()
	var skipped []error
	for _, name := range Methods {
		if o.Method != "" && o.Method != name {
			continue
		}
		if o.Lossless && len(o.Guard) == 0 && (name == Fexit || name == SysExit) {
			skipped = append(skipped, fmt.Errorf("%s: %w: without a guard it may lose bytes", name, ErrMethod))
			continue
		}
		s := &sink{o: o, t: t, skipped: skipped, result: Result{Method: name}}
		err := run(ctx, name, t, s)
		if s.began {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				err = nil
			}
			return s.finish(err)
		}
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		if err == nil {
			err = errors.New("the session ended before the recording began")
		}
		skipped = append(skipped, fmt.Errorf("%s: %w: %w", name, ErrMethod, err))
	}
	if len(skipped) == 0 {
		return Result{}, fmt.Errorf("%q: %w: there is none of that name", o.Method, ErrMethod)
	}
	return Result{}, fmt.Errorf("observing %s: %w", o.Session.TTY.Name, errors.Join(skipped...))
}

// header gives the recording's header.
func (o *Observer) header(m Method, t *target) format.Header {
	h := o.Header
	h.Start = time.Now()
	h.Size = t.size
	if h.Size.Cols == 0 || h.Size.Rows == 0 {
		h.Size = format.Size{Cols: 80, Rows: 24}
	}
	if h.Term.Type == "" {
		h.Term.Type = t.env["TERM"]
	}
	if shell, ok := t.env["SHELL"]; ok && h.Env == nil {
		h.Env = map[string]string{"SHELL": shell}
	}
	about, err := json.Marshal(map[string]any{
		"method": m, "tty": o.Session.TTY.Name, "user": o.Session.User, "sid": o.Session.SID, "since": o.Session.Since,
		// What was on the screen before is not in the recording.
		"partial_start": m != Tmux,
	})
	if err == nil {
		h.Extra = append(h.Extra[:len(h.Extra):len(h.Extra)], format.Field{Key: "ttydeck_observed", JSON: string(about)})
	}
	return h
}
