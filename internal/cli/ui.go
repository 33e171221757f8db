package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/visible"
)

// This file prints all messages. Data goes to standard output; everything
// here goes to standard error, with the program's name before it, no capital
// at the beginning and no period at the end.

// env is what a command runs in.
type env struct {
	in          io.Reader
	out, errOut io.Writer
	environ     []string // as os.Environ returns it
	commands    []*command
	current     *command // the one that runs; nil before it is known
	told        []string // notes on old names that were printed
}

// with returns a copy that reports to errOut.
func (e *env) with(errOut io.Writer) *env {
	own := *e
	own.errOut = errOut
	return &own
}

// getenv returns the value of an environment variable; "" if it is not set.
func (e *env) getenv(name string) string {
	value, _ := e.lookupEnv(name)
	return value
}

// lookupEnv reports also whether the variable is set. The last one counts, as
// for [exec.Cmd].
func (e *env) lookupEnv(name string) (value string, ok bool) {
	for _, entry := range e.environ {
		if key, v, found := strings.Cut(entry, "="); found && key == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// Exit statuses. They are in the help of every command: see exitCodes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

const exitCodes = `Exit status:
   0    done
   1    failed, or done in part: what could be read or written is there
   2    the command line or the configuration is wrong
   130  interrupted`

// usageError is a mistake on the command line or in the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// statusError makes the program exit with a status, after reporting err unless
// it is nil.
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

// hinted is an error with advice.
type hinted struct {
	err   error
	hints []string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// withHint adds hints to err, each a line: a command that works is best.
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
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(e.errOut, "ttydeck: error: %s\n", printable(line))
	}
	for _, hint := range e.hints(err) {
		fmt.Fprintf(e.errOut, "ttydeck: hint: %s\n", printable(hint))
	}
	return status
}

// hints returns the hints of err, and those for errors that every command may
// meet.
func (e *env) hints(err error) []string {
	var list []string
	if h, ok := errors.AsType[*hinted](err); ok {
		list = h.hints
	}
	switch {
	case errors.Is(err, format.ErrUnknownFormat) && len(list) == 0 && !strings.Contains(err.Error(), "directory"):
		if e.current != nil && e.current.flag("input-format") != nil {
			list = append(list, "name the format with --input-format; for plain output: --input-format raw")
		}
	}
	return list
}

// notef reports something that is no error.
func (e *env) notef(message string, args ...any) {
	fmt.Fprintf(e.errOut, "ttydeck: %s\n", printable(fmt.Sprintf(message, args...)))
}

func (e *env) warnf(message string, args ...any) { e.notef("warning: "+message, args...) }

// printable makes text from a recording, a session or a file name safe to
// print, on one line.
func printable(s string) string { return visible.Text(s) }

// warnings reports the faults that a reader tolerated: the first of each kind
// with its line, and at the end how many more there were. The zero value, with
// an env, is ready.
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

// done reports how many warnings were not shown.
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

// lossesNote returns one line on what a target cannot store; "" for nothing.
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
