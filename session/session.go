// Package session runs a recorded session from a configuration to its end: it
// shares the session with the user's other terminals, opens the recording, runs
// the program, and closes everything. Fill in a [Session], then call
// [Session.Run]:
//
//	s := session.Session{
//		Recorder: record.Recorder{Args: []string{"make"}},
//		Open:     func(string) (*record.File, error) { return record.Create("make.cast", record.FileOptions{}) },
//	}
//	status, err := s.Run(ctx)
package session

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
)

// Session is a session to record. Recorder.Args and Open are enough. Call Run
// once, and do not change the fields after that.
type Session struct {
	// Recorder records the session. Run sets its Writer, Recorded, Started and, where
	// they are zero, FlushEvery and Nonce, and adds to Header and Env: the program
	// finds TTYDECK_REC and ASCIINEMA_REC set to 1, and the name of a shared session
	// in TTYDECK_SESSION. Integrate has an effect only if the recording's format
	// stores the marks of shells.
	Recorder record.Recorder
	// Open opens the recording. It is called with the session's name, which is
	// empty unless the session is shared.
	Open func(name string) (*record.File, error)
	// Sharing is whether other terminals can watch the session and act on it.
	Sharing Sharing
	// Name is the name of a shared session; empty means one made of the program's.
	Name string
	// Smallest sizes a shared session to fit all attached terminals; see
	// [live.Options].
	Smallest bool
	// Capture lists the environment variables that the header stores. Those that
	// are not set are left out, and so is TERM, which the header stores anyway.
	Capture []string

	// Begun, if not nil, is called when the recording is open, before the program
	// runs.
	Begun func(*record.File)
	// Unshared, if not nil, is called with the reason why a session that is shared
	// IfPossible is not.
	Unshared func(error)
	// Started, if not nil, is called as soon as the program runs, with the session's
	// name; see [record.Recorder].
	Started func(name string)
}

// Sharing is whether a session is shared with the user's other terminals.
type Sharing int

// Values of [Sharing].
const (
	Private    Sharing = iota // not shared
	IfPossible                // shared, unless sharing fails; but not if the name is taken
	Required                  // a session that cannot be shared does not begin
)

// StartError is the error of a session whose program could not be started. It wraps
// an [*exec.Error] or an [*fs.PathError].
type StartError struct {
	// Err is the reason.
	Err error
	// Status is the exit status that shells use for it: 127 for a program that does
	// not exist, 126 for one that cannot be run.
	Status int
}

// Error returns the reason's text.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// marked lists the formats that store the marks of shells, with their nonce.
var marked = []*format.Format{format.AsciicastV3, format.AsciicastV2}

// Run runs the session to its end, and returns the exit status of its program; see
// [record.Recorder.Run]. The error is that of Open, a [*StartError], that of sharing
// the session, such as [live.ErrNameTaken], or that of the recording. If the program
// was not started, no recording is left.
func (s *Session) Run(ctx context.Context) (status int, err error) {
	defer tty.HoldQuit()()
	r := &s.Recorder
	if r.Env == nil {
		r.Env = os.Environ()
	}
	s.capture()
	r.Env = append(slices.Clone(r.Env), "TTYDECK_REC=1", "ASCIINEMA_REC=1")
	server, unshared := s.share()
	if unshared != nil && (s.Sharing == Required || errors.Is(unshared, live.ErrNameTaken)) {
		return -1, unshared
	}
	name := ""
	if server != nil {
		name = server.Name()
		r.Env = append(r.Env, "TTYDECK_SESSION="+name)
		defer func() { server.Close(status) }()
	}
	file, err := s.Open(name)
	if err != nil {
		return -1, err
	}
	r.Writer, r.Recorded = file, file.Recorded()
	r.FlushEvery = cmp.Or(r.FlushEvery, file.FlushEvery())
	r.Integrate = r.Integrate && slices.Contains(marked, file.Format)
	r.Nonce = cmp.Or(r.Nonce, file.Began.Nonce())
	if server != nil {
		server.SetFile(file.Path)
	}
	if s.Begun != nil {
		s.Begun(file)
	}
	if unshared != nil && s.Unshared != nil {
		s.Unshared(unshared)
	}
	started := false
	// With Started, a Recorder keeps a screen for a stream, which nobody may need.
	if server != nil || s.Started != nil || r.Recorded != nil {
		r.Started = func(c *record.Control) {
			started = true
			if server != nil {
				server.Started(c)
			}
			if s.Started != nil {
				s.Started(name)
			}
		}
	}
	status, err = r.Run(ctx)
	if !started { // or it is a stream, which Discard leaves alone
		file.Discard()
		err = startError(err)
	}
	return status, err
}

// capture stores environment variables in the header.
func (s *Session) capture() {
	for _, key := range s.Capture {
		for _, e := range slices.Backward(s.Recorder.Env) {
			if value, ok := strings.CutPrefix(e, key+"="); ok && key != "TERM" {
				h := &s.Recorder.Header
				if h.Env == nil {
					h.Env = map[string]string{}
				}
				h.Env[key] = value
				break
			}
		}
	}
}

// share serves the session. The Server is nil if it is not shared; the error is the
// reason, if it should be.
func (s *Session) share() (*live.Server, error) {
	if s.Sharing == Private {
		return nil, nil
	}
	dir, err := live.OpenDir()
	if err != nil {
		return nil, err
	}
	r := &s.Recorder
	args := r.Args
	if len(args) == 0 {
		args = []string{r.Shell()}
	}
	cwd := r.Dir
	if cwd == "" {
		cwd, _ = os.Getwd()
	}
	return dir.Serve(live.Options{Name: s.Name, Command: args, Dir: cwd, Owner: !r.Headless && tty.Available(), Smallest: s.Smallest})
}

// startError returns err as a [*StartError], if it is one.
func startError(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return &StartError{e, 127}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok && e.Op == "fork/exec" {
		return &StartError{e, 126}
	}
	return err
}
