package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/visible"
)

// This file prints all messages. Data goes to standard output. Messages go to
// standard error; they begin with the program's name and a small letter, and end
// without a period.

// env is the environment of a command: its streams and variables.
type env struct {
	in          io.Reader
	out, errOut io.Writer
	environ     []string // in the form of os.Environ
	commands    []*command
	current     *command // the command that runs; nil before it is known
	told        []string // the notes on old names that were printed
}

// with returns a copy of e that prints messages to errOut.
func (e *env) with(errOut io.Writer) *env {
	own := *e
	own.errOut = errOut
	return &own
}

// getenv returns the value of an environment variable; "" if the variable is not
// set.
func (e *env) getenv(name string) string {
	value, _ := e.lookupEnv(name)
	return value
}

// lookupEnv returns the value of an environment variable, and reports whether it
// is set. The last entry counts, as for [exec.Cmd].
func (e *env) lookupEnv(name string) (value string, ok bool) {
	for _, entry := range e.environ {
		if key, v, found := strings.Cut(entry, "="); found && key == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// Exit statuses. The help of every command lists them: see exitCodes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

const exitCodes = `Exit status:
   0    done
   1    failed, or done only in part
   2    error in the command line, the environment or the configuration
   130  interrupted`

// usageError is an error in the command line, the environment or the
// configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// statusError makes the program exit with a status. err is reported unless it is
// nil.
type statusError struct {
	status int
	err    error
}

func (e statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e statusError) Unwrap() error { return e.err }

// hinted is an error with hints for the user.
type hinted struct {
	err   error
	hints []string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// withHint adds hints to err, each a line. The best hint is a command that works.
func withHint(err error, hints ...string) *hinted { return &hinted{err, hints} }

// exit reports err and returns its exit status.
func (e *env) exit(err error) int {
	if err == nil {
		return exitOK
	}
	status := exitFailed
	if s, ok := errors.AsType[statusError](err); ok {
		status = s.status
		if s.err == nil {
			return status
		}
	} else if _, ok := errors.AsType[usageError](err); ok {
		status = exitUsage
	} else if errors.Is(err, context.Canceled) {
		status = exitInterrupted
	}
	for line := range strings.SplitSeq(message(err), "\n") {
		fmt.Fprintf(e.errOut, "ttydeck: error: %s\n", printable(line))
	}
	for _, hint := range e.hints(err) {
		fmt.Fprintf(e.errOut, "ttydeck: hint: %s\n", printable(hint))
	}
	return status
}

// hints returns the hints of err, and hints for errors that are common to many
// commands.
func (e *env) hints(err error) []string {
	var list []string
	if h, ok := errors.AsType[*hinted](err); ok {
		list = h.hints
	}
	// An error that ends with more than that names the reason.
	if errors.Is(err, format.ErrUnknownFormat) && len(list) == 0 && strings.HasSuffix(err.Error(), format.ErrUnknownFormat.Error()) {
		if e.current != nil && e.current.flag("input-format") != nil {
			list = append(list, "name the format with --input-format; for plain output: --input-format raw")
		}
	}
	return list
}

// message returns the text of err for users, a line for each joined error. An
// error about a file or a URL begins with its name, as in "demo.cast: no such file
// or directory", and not with a system call. No name is repeated, and no line.
func message(err error) string {
	text := err.Error()
	each(err, func(err error) {
		if short := brief(err); short != "" {
			text = strings.ReplaceAll(text, err.Error(), short)
		}
	})
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.Join(slices.Compact(strings.Split(line, ": ")), ": ")
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// brief returns the text of an error without the system call's or the request's
// name; "" if it has none.
func brief(err error) string {
	switch err := err.(type) {
	case *fs.PathError:
		return err.Path + ": " + err.Err.Error()
	case *os.LinkError: // of a rename to New
		return err.New + ": " + err.Err.Error()
	case *url.Error:
		reason := err.Err
		if dns, ok := errors.AsType[*net.DNSError](reason); ok && dns.IsNotFound {
			reason = errors.New("no such host")
		} else if errno, ok := errors.AsType[syscall.Errno](reason); ok {
			reason = errno
		}
		return err.URL + ": " + reason.Error()
	}
	return ""
}

// each calls f with err and every error that it wraps.
func each(err error, f func(error)) {
	if err == nil {
		return
	}
	f(err)
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		each(x.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, err := range x.Unwrap() {
			each(err, f)
		}
	}
}

// notef prints a note.
func (e *env) notef(message string, args ...any) {
	fmt.Fprintf(e.errOut, "ttydeck: %s\n", printable(fmt.Sprintf(message, args...)))
}

// warnf prints a warning.
func (e *env) warnf(message string, args ...any) { e.notef("warning: "+message, args...) }

// printable returns text from a recording, a session or a file name in a form
// that is safe to print, on one line.
func printable(s string) string { return visible.Text(s) }

// warnings reports the faults that a reader skipped: the first of each kind at
// once, with its line, and at the end the number of the others. Without an env it
// only counts.
type warnings struct {
	env  *env
	all  []format.Warning // the first of each kind in each file
	more map[string]int   // by name and kind
}

func (w *warnings) add(warning format.Warning) {
	key := warning.Name + "\x00" + warning.Kind
	if n, ok := w.more[key]; ok {
		w.more[key] = n + 1
		return
	}
	if w.more == nil {
		w.more = map[string]int{}
	}
	w.more[key] = 0
	w.all = append(w.all, warning)
	switch {
	case w.env == nil:
	case warning.Notice:
		w.env.notef("%s", warning)
	default:
		w.env.warnf("%s", warning)
	}
}

// count returns the number of warnings of the same kind.
func (w *warnings) count(warning format.Warning) int {
	return w.more[warning.Name+"\x00"+warning.Kind] + 1
}

// done reports the number of warnings that were not printed.
func (w *warnings) done() {
	for _, first := range w.all {
		if n := w.count(first) - 1; n > 0 {
			name := first.Name
			if name != "" {
				name += ": "
			}
			w.env.warnf("%s%s: %d more", name, first.Kind, n)
		}
	}
}

// lossesNote returns a line that lists what a target cannot store; "" if it
// stores everything.
func lossesNote(target string, losses []format.Loss) string {
	if len(losses) == 0 {
		return ""
	}
	var parts []string
	for _, l := range losses {
		parts = append(parts, fmt.Sprintf("%s (%d)", l.What, l.N))
	}
	slices.Sort(parts)
	return fmt.Sprintf("%s cannot store: %s", target, strings.Join(parts, ", "))
}
