// Package record records the terminal session of a program.
//
// A [Recorder] runs the program on a pseudo-terminal of its own, shows its
// output in the user's terminal, passes the keys on, and writes the events to a
// [format.Writer]. [Create] opens a file as such a Writer:
//
//	f, err := record.Create("demo.cast", record.FileOptions{})
//	...
//	r := record.Recorder{Args: []string{"make", "test"}, Writer: f}
//	status, err := r.Run(ctx)
//
// # What is recorded
//
// The recording holds output, resizes, markers and the exit status. It holds
// input only on request, and input that the program does not show, such as a
// password, only with InputSecrets. The time of an event is the time at which
// its read returned.
//
// # When things go wrong
//
// The session comes first. When a write of the recording fails (a full disk),
// the Recorder notifies the user at once, the program goes on, and Run returns
// the error at its end. When the disk is slow, the program waits: nothing is
// dropped and memory stays bounded.
package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/record/shellint"
)

// Recorder records one session. Fill in the fields and call Run once; do not
// change them while it runs. With only Writer set it records the user's shell
// in the user's terminal.
type Recorder struct {
	// Writer receives the recording; Run closes it once the program has been
	// started. It must be set. Its methods are called by one goroutine.
	Writer format.Writer
	// FlushEvery bounds how long events may stay in a Writer that has a Flush
	// method. With zero the Recorder flushes whenever it has nothing else to
	// do. A compressing Writer needs some time: each flush costs compression.
	// See [File.FlushEvery].
	FlushEvery time.Duration
	// Header is the recording's header. Run fills in Size, Start and Term where
	// they are not set.
	Header format.Header

	// Args is the program and its arguments. Empty means the user's shell:
	// $SHELL, or /bin/sh where that is not set.
	Args []string
	// Path is the program's file if it differs from Args[0], which is "-bash"
	// for a login shell. Empty means that Args[0] names the file.
	Path string
	// Dir is the program's working directory; empty means the current one.
	Dir string
	// Env is the program's environment, as "NAME=value"; nil means that of this
	// process.
	Env []string

	// Stdin, if not nil, is the program's input instead of the user's keys. At
	// its end the program receives the terminal's end of file. A goroutine that
	// still blocks in Read is left behind when the session ends.
	Stdin io.Reader
	// Headless records without the user's terminal: nothing is shown and no
	// keys are read, and the Recorder answers what the program asks its terminal
	// (DSR, DA, DECRQM, XTVERSION, OSC 10 and 11, the size). A process that has
	// no terminal records like this in any case.
	Headless bool
	// Size fixes the size of the program's terminal, in character cells,
	// independent of the user's terminal. A side that is zero follows the
	// user's terminal, or is 80 columns or 24 rows without one.
	Size format.Size

	// Input also records input, except while the program reads a line with echo
	// off, or asks for a password and does not show it. If the program prints
	// such a secret later, asterisks are recorded in its place.
	Input bool
	// InputSecrets, together with Input, also records secrets.
	InputSecrets bool
	// Keys are the keys that control the recording. The zero Keys are none; see
	// [DefaultKeys].
	Keys Keys
	// Integrate adds shell integration to the program if it is an interactive
	// shell; see [shellint]. The marks are recorded but not shown.
	Integrate bool
	// Nonce marks the shell integration's marks as ours. Run makes one where it
	// is empty, and stores it in the header under [format.NonceKey].
	Nonce string
	// WaitAll ends the session only when the last program has closed the
	// terminal, not when the recorded program ends.
	WaitAll bool
	// Notice, if not nil, is called with every message that the user must see
	// at once, such as that the recording has failed; nil shows it in the
	// terminal. Any goroutine may call it.
	Notice func(string)
	// Unmarked, if not nil, is called if the shell reports that no exit statuses
	// will be in the recording, with the reason. It is called at most once, by a
	// goroutine that must not wait.
	Unmarked func(why string)
	// Started, if not nil, is called as soon as the program runs. It must
	// return soon. The Control may be used by any goroutine, also after the end
	// of the session.
	Started func(*Control)
	// Recorded, if not nil, opens the recording as far as the Writer has
	// flushed it; see [File.Recorded]. The Recorder calls it when it needs the
	// session's screen: to resume after a pause, for [Control.Screen], and to
	// answer the program's queries. It closes the Closer. Without Recorded, the
	// Recorder keeps a screen from the start, if the session is headless or
	// Started is set; that costs time and memory.
	Recorded func() (format.Cast, io.Closer, error)
}

// SignalError is the error of a session that a signal to this process ended,
// such as SIGHUP when the terminal was closed.
type SignalError struct {
	// Signal is the signal.
	Signal os.Signal
	// Number is the signal's number; the conventional exit status is 128 plus
	// Number.
	Number int
}

// Error names the signal.
func (e *SignalError) Error() string { return "ended by signal: " + e.Signal.String() }

// hangupWait is the grace period of a program after SIGHUP. Then its terminal
// is closed, and it has the same time once more. Tests are more patient.
var hangupWait = time.Second

// session is a Recorder at work.
type session struct {
	*Recorder
	term    *tty.Terminal // nil when headless
	display display
	master  *tty.Conn
	cmd     *exec.Cmd
	queue   *queue
	clock   *clock
	probe   probe
	keys    hotkeys
	secrecy secrecy
	shell   *shellint.Shell // nil when there are no marks of ours
	waitAll atomic.Bool     // WaitAll, until the terminal hangs up

	mu     sync.Mutex
	size   format.Size // of the program's terminal; guarded by mu
	fixed  format.Size // the sides that do not follow the user's terminal; guarded by mu
	fault  string      // see State; guarded by mu
	atSync []func()    // calls for the writer, one per syncCode; guarded by mu

	pump   *pump
	keeper atomic.Pointer[keeper] // nil while no screen is kept
	ended  chan struct{}          // closed when the writer has ended
}

// Run starts the program, records it to its end, and returns its exit status:
// 128 plus the signal's number if it was killed, as in shells, or -1 if it did
// not end. If the session cannot begin, such as with an [*exec.Error] for a
// program that does not exist, nothing was written and Writer is not closed.
// Otherwise the error is that of the recording, a [*SignalError], or the cause
// of ctx's end, which hangs up the program's terminal. Run restores the user's
// terminal in any case.
func (r *Recorder) Run(ctx context.Context) (status int, err error) {
	if r.Writer == nil {
		return -1, errors.New("record: no Writer")
	}
	s := &session{Recorder: r, queue: newQueue(), keys: hotkeys{Keys: r.Keys}, fixed: r.Size, ended: make(chan struct{})}
	s.waitAll.Store(r.WaitAll)
	signals := notifySignals()
	defer signals.stop()
	if !r.Headless {
		// An error means that there is no terminal.
		s.term, _ = tty.Open()
	}
	if s.term != nil {
		defer func() { err = errors.Join(err, s.term.Close()) }()
	}
	if err := s.start(); err != nil {
		return -1, err
	}
	defer s.master.Close()
	if s.shell != nil {
		defer s.shell.Close()
	}
	return s.run(ctx, signals)
}

// start starts the program.
func (s *session) start() error {
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	args := s.Args
	if len(args) == 0 {
		args = []string{s.Shell()}
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	if s.Path != "" {
		s.cmd = &exec.Cmd{Path: s.Path, Args: args}
	}
	if s.cmd.Err != nil {
		return s.cmd.Err
	}
	s.cmd.Dir, s.cmd.Env = s.Dir, env
	if s.Integrate {
		s.integrate()
	}
	s.size = s.wantedSize()
	master, slave, err := tty.OpenPTY(tty.Size(s.size))
	if err != nil {
		return err
	}
	defer slave.Close()
	if s.term != nil {
		err = master.CopyModes(s.term.Conn)
	} else {
		err = master.SetUTF8()
	}
	if err == nil {
		err = startOn(s.cmd, slave)
	}
	if err != nil {
		master.Close()
		if s.shell != nil {
			s.shell.Close()
		}
		return err
	}
	s.master = master
	s.clock = newClock()
	s.describe(env)
	return nil
}

// integrate adds shell integration to the program if it is a shell. After an
// error it is recorded without.
func (s *session) integrate() {
	if s.Nonce == "" {
		s.Nonce = shellint.NewNonce()
	}
	sh, err := shellint.Prepare(s.cmd.Args, s.cmd.Env, s.Nonce)
	if err != nil && s.Unmarked != nil {
		s.Unmarked(err.Error())
	}
	if err != nil || sh == nil {
		return
	}
	s.shell = sh
	s.cmd.Args, s.cmd.Env = sh.Args, sh.Env
	if s.Header.Nonce() == "" {
		s.Header.Extra = append(s.Header.Extra, format.Field{Key: format.NonceKey, JSON: strconv.Quote(s.Nonce)})
	}
}

// Shell returns the program that empty Args stand for: $SHELL, or /bin/sh where
// that is not set.
func (r *Recorder) Shell() string {
	env := r.Env
	if env == nil {
		env = os.Environ()
	}
	return cmp.Or(lookup(env, "SHELL"), "/bin/sh")
}

func lookup(env []string, name string) string {
	for _, e := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// describe fills in the header.
func (s *session) describe(env []string) {
	h := &s.Header
	if h.Size == (format.Size{}) {
		h.Size = s.size
	}
	if h.Start.IsZero() {
		h.Start = time.Now()
	}
	if h.Term.Type == "" {
		h.Term.Type = lookup(env, "TERM")
	}
	s.display.on = s.term != nil
	if s.term != nil && mayProbe(h.Term.Type, lookup(env, "STY") != "") {
		s.display.titling = true
		if s.Stdin == nil && s.term.Foreground() {
			s.probe.answered = make(chan struct{})
		}
	}
}

// wantedSize returns the size that the program's terminal should have now.
func (s *session) wantedSize() format.Size {
	size := format.Size{}.OrDefault()
	if s.term != nil {
		// A serial line does not know its size and reports 0.
		if have, err := s.term.Size(); err == nil && have.Cols > 0 && have.Rows > 0 {
			size = format.Size(have)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fixed.Cols > 0 {
		size.Cols = s.fixed.Cols
	}
	if s.fixed.Rows > 0 {
		size.Rows = s.fixed.Rows
	}
	return size
}

// quitWait bounds how late a SIGQUIT may arrive that a key caused before the
// terminal became raw: the kernel delivers it when one of our threads runs
// next.
const quitWait = 500 * time.Millisecond

// run records the program that start has started.
func (s *session) run(ctx context.Context, signals *signals) (int, error) {
	pump, err := newPump(s)
	if err == nil {
		defer pump.waiter.Close()
	}
	if err == nil && s.term != nil && s.Stdin == nil {
		err = s.enterRaw()
	}
	if err != nil {
		s.hangup()
		return -1, err
	}
	if s.term != nil && s.Stdin == nil {
		quit := time.AfterFunc(quitWait, signals.takeQuit)
		defer quit.Stop()
	} else {
		signals.takeQuit()
	}
	written := make(chan error, 1)
	s.goFunc(func() { written <- s.write() })
	if s.Recorded == nil && (s.term == nil || s.Started != nil) {
		s.keep(needStream) // it may be asked or watched, and cannot begin later
	}
	pumped := make(chan struct{})
	s.goFunc(func() { defer close(pumped); pump.run() })
	if s.Started != nil {
		s.Started(&Control{s, pump})
	}
	if s.Stdin != nil {
		s.goFunc(s.feedStdin)
	}
	exited := make(chan int, 1)
	s.goFunc(func() { exited <- s.wait() })

	status, err := s.supervise(ctx, signals, pump, exited, pumped)
	if k := s.keeper.Load(); k != nil {
		k.settle()
	}
	at, _ := s.clock.now()
	last := format.Event{}
	if status >= 0 {
		last = exitEvent(at, status)
	}
	if s.term != nil && !pump.termGone {
		// Before the writer ends: its header waits for the answers.
		pump.awaitAnswers(probeWait)
	}
	s.queue.end(last)
	pump.watch(last)
	werr := <-written
	if k := s.keeper.Load(); k != nil {
		k.end()
	}
	if s.term != nil && !pump.termGone {
		s.term.SetWriteDeadline(time.Now().Add(probeWait))
		s.term.Write(s.display.end())
	}
	return status, errors.Join(werr, err)
}

func (s *session) enterRaw() error {
	if err := s.term.Raw(); err != nil {
		return err
	}
	if s.probe.answered != nil {
		s.display.insert(string(probeQuery()))
		time.AfterFunc(max(probeEnd, probeWait), s.probe.giveUp)
	}
	return nil
}

// goFunc runs f in a goroutine. A panic of f does not leave the terminal raw.
func (s *session) goFunc(f func()) {
	go func() {
		defer func() {
			if p := recover(); p != nil {
				if s.term != nil {
					s.term.Restore()
				}
				panic(fmt.Sprintf("%v\n%s", p, debug.Stack()))
			}
		}()
		f()
	}()
}

// supervise waits for the end of the session and of its output. The status is
// -1 if the program does not end.
func (s *session) supervise(ctx context.Context, signals *signals, pump *pump, exited <-chan int, pumped <-chan struct{}) (status int, err error) {
	status = -1
	var late <-chan time.Time
	hangup := func(cause error) {
		if err == nil {
			err = cause
			s.waitAll.Store(false)
			s.hangup()
			late = time.After(hangupWait)
		}
	}
	done, hungup := ctx.Done(), pump.hungup
	stopped := make(chan struct{})
	go s.watchStops(stopped)
	for {
		select {
		case status = <-exited:
			exited = nil
			if pumped == nil {
				return status, err
			}
			pump.signal(&pump.drain)
		case <-pumped:
			pumped = nil
			if exited == nil {
				return status, err
			}
			// The program has ignored the hangup. Now its terminal is really
			// gone; if it ignores that too, it is left alone.
			s.master.Close()
			late = time.After(hangupWait)
		case <-done:
			done = nil
			hangup(context.Cause(ctx))
		case <-hungup:
			hungup = nil
			hangup(hangupError)
		case <-stopped:
			// The user would be locked out: stop this process too, so that the
			// outer shell takes over. Its fg continues both.
			s.suspend()
			s.resumeProgram()
		case <-late:
			if pumped == nil {
				return status, err
			}
			pump.signal(&pump.stop)
		case sig := <-signals.c:
			switch signals.kind(sig) {
			case sigResize:
				pump.call(s.resizeNow)
			case sigEnd:
				hangup(&SignalError{sig, signals.number(sig)})
			case sigStop:
				s.suspend()
			case sigContinue:
				s.resumeTerminal()
			}
		}
	}
}

// resumeTerminal makes the terminal raw again after this process was stopped.
func (s *session) resumeTerminal() {
	if s.term == nil || s.Stdin != nil || !s.term.Foreground() {
		return
	}
	if s.term.Raw() == nil {
		s.pump.call(s.resizeNow)
	}
}

// do carries out the action of a key.
func (s *session) do(a Action) {
	switch a {
	case PauseAction:
		s.pause()
	case MarkerAction:
		s.mark("")
		s.display.title("● marker set", true)
	}
}

// mark records a marker. Only the pump calls it.
func (s *session) mark(label string) {
	at, _ := s.clock.now()
	ev := format.Event{Time: at, Code: format.Marker, Data: label}
	s.queue.force(ev)
	s.pump.watch(ev)
}

// pause pauses or resumes the recording. The clock stands still during a pause.
// Only the pump calls it.
func (s *session) pause() {
	if k := s.keeper.Load(); k != nil {
		switch paused, resuming := k.paused(); {
		case resuming:
			return // it resumes already
		case paused:
			k.resume()
			return
		}
	}
	s.mark("paused")
	s.clock.stop()
	s.keep(needPause)
	s.display.title("⏸ recording paused", false)
}

// redraw makes full-screen programs redraw by changing the size for a moment.
func (s *session) redraw() {
	size, err := s.master.Size()
	if err != nil || size.Rows < 2 {
		return
	}
	s.master.SetSize(tty.Size{Cols: size.Cols, Rows: size.Rows - 1})
	// The program must see two different sizes.
	time.Sleep(redrawPause)
	s.master.SetSize(size)
}

const redrawPause = 50 * time.Millisecond

// syncCode is the code of an event at which the writer flushes. The event
// itself is not written.
const syncCode format.Code = "sync"

// syncThen makes the writer call f when everything queued so far is readable,
// before it writes more. When the writer has ended, f is not called.
func (s *session) syncThen(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atSync = append(s.atSync, f)
	s.queue.force(format.Event{Code: syncCode})
}
