// Package observe records a running terminal session. It restarts nothing,
// types nothing, and the session's programs do not notice it. Start with an
// [Observer]:
//
//	list, err := sessions.List()
//	s, err := list.Find("pts/3")
//	file, err := record.Create("out.cast", record.FileOptions{})
//	result, err := (&observe.Observer{Session: *s, Writer: file}).Run(ctx)
//
// The recording holds exactly the bytes that the holder of the terminal's
// master side (a terminal emulator, sshd, tmux) reads and shows, and the
// changes of the window's size.
//
// # Methods
//
// There are several methods to see these bytes; each host and session allows
// some of them: see [Method]. An Observer uses the first that works, in the
// order of [Methods], unless Method chooses one. Only [Tmux] knows the earlier
// contents of the screen; a recording by another method has a partial start,
// which its header notes.
//
// # The end
//
// Whatever happens to the observer, even if it is killed at any moment, the
// session goes on as before: no method leaves anything behind in it.
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

// Method is a way to see the bytes that the holder of a terminal reads.
type Method string

// The methods.
const (
	// Tmux asks tmux for a copy of a pane's output (pipe-pane) and for the contents
	// of its screen. It needs only access to the server's socket, and loses
	// nothing. It sees no input.
	Tmux Method = "tmux"
	// Fexit traces the kernel's terminal functions with eBPF programs, and so sees
	// every read of the master. It needs CAP_BPF and CAP_PERFMON, Linux 5.10 with
	// BTF, and a kernel that allows tracing of its functions. It slows down only
	// operations on terminals. Bytes that come faster than they can be written are
	// lost, counted and marked, unless the Observer is Lossless.
	Fexit Method = "fexit"
	// SysExit traces the holder's system calls with an eBPF program. It needs
	// CAP_BPF and CAP_PERFMON, and Linux 5.8 with BTF. The program costs every
	// system call of the host some 0.1 µs while it is loaded. It loses bytes as
	// Fexit does. It sees neither reads by io_uring nor input, which it could not
	// tell from passwords.
	SysExit Method = "sys_exit"
	// Ptrace stops the holder at each of its system calls. It needs permission to
	// trace the holder (the same user and kernel.yama.ptrace_scope 0, or
	// CAP_SYS_PTRACE), and no other tracer, such as a debugger, may be attached. It
	// loses nothing, but doubles the time that bulk output takes.
	Ptrace Method = "ptrace"
)

// Methods lists all methods, the best first.
var Methods = []Method{Tmux, Fexit, SysExit, Ptrace}

// Errors to test for with [errors.Is].
var (
	// ErrMethod is wrapped by the error of a method that this host or session does
	// not allow.
	ErrMethod = errors.New("method not available")
	// ErrNoHolder means that no visible process holds the terminal's master: the
	// holder is hidden without root, or the terminal is no pseudo-terminal.
	ErrNoHolder = errors.New("no visible process holds the terminal's master side")
)

// Observer records one session. Fill in Session and Writer and call Run once.
type Observer struct {
	// Session is the session to record, from a current listing.
	Session sessions.Session
	// Writer receives the recording. Run closes it once the recording has begun,
	// and does not touch it if no method works.
	Writer format.Writer
	// Header is the beginning of the recording's header. Run sets its size and
	// start, fills in its environment, and adds the key "ttydeck_observed".
	Header format.Header
	// Method chooses one method; empty means the first that works.
	Method Method
	// Lossless loses nothing, at whatever cost to the session: while the recording
	// is behind, [Fexit] and [SysExit] stop the session's output (TCOOFF). They
	// need a Guard then, and are skipped without one.
	Lossless bool
	// Guard is the command line of a program that calls [Guard] with the arguments
	// that Run appends to it. The program resumes the session's output if this
	// process is killed while the output is stopped.
	Guard []string
	// Redraw changes the window's height by one row and back when the recording
	// begins, which makes full-screen programs and shells redraw.
	Redraw bool
	// Input also records input, except while the terminal does not show it, as for
	// passwords.
	Input bool
	// Began, if not nil, is called on a goroutine of its own when the recording has
	// begun, with the method in use and the errors of the methods that were
	// skipped. Run waits for its return.
	Began func(m Method, skipped []error)
}

// Result describes a finished recording.
type Result struct {
	// Method is the method that was used; empty if the recording has not begun.
	Method Method
	// Output is the number of bytes of output that were recorded.
	Output int64
	// Lost is the number of bytes of output that were lost. The recording has a
	// marker at the place of each loss. A whole read that the kernel did not
	// report, which is rare, counts as one byte, because its length is unknown.
	Lost int64
	// Ended reports whether the session ended or its terminal was closed; otherwise
	// the recording ended before.
	Ended bool
}

// Run records until the session or ctx ends, or writing fails. The end of ctx
// is no error once the recording has begun. If no method is available, the
// error wraps [ErrMethod] and contains the reason for each; if no process is
// seen to hold the terminal, it wraps [ErrNoHolder].
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
			skipped = append(skipped, fmt.Errorf("%s: %w: it may lose bytes without a guard", name, ErrMethod))
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
		return Result{}, fmt.Errorf("%w: %q is unknown", ErrMethod, o.Method)
	}
	return Result{}, fmt.Errorf("observing %s: %w", o.Session.TTY.Name, errors.Join(skipped...))
}

// header returns the recording's header.
func (o *Observer) header(m Method, t *target) format.Header {
	h := o.Header
	h.Start = time.Now()
	h.Size = t.size.OrDefault()
	if h.Term.Type == "" {
		h.Term.Type = t.env["TERM"]
	}
	if shell, ok := t.env["SHELL"]; ok && h.Env == nil {
		h.Env = map[string]string{"SHELL": shell}
	}
	about, err := json.Marshal(map[string]any{
		"method": m, "tty": o.Session.TTY.Name, "user": o.Session.User, "sid": o.Session.SID, "since": o.Session.Since,
		// The recording lacks the earlier contents of the screen.
		"partial_start": m != Tmux,
	})
	if err == nil {
		h.Extra = append(h.Extra[:len(h.Extra):len(h.Extra)], format.Field{Key: "ttydeck_observed", JSON: string(about)})
	}
	return h
}
