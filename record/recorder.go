// Package record records what a program shows on a terminal.
//
// A [Recorder] runs the program on a pseudo-terminal of its own, shows its
// output in the user's terminal, hands the keys on, and writes what happens to
// a [format.Writer]; [Create] makes one that is a file:
//
//	f, err := record.Create("demo.cast", record.FileOptions{})
//	...
//	r := record.Recorder{Args: []string{"make", "test"}, Writer: f}
//	status, err := r.Run(ctx)
//
// # What is recorded
//
// Output, resizes, markers and the exit status; input only when asked, and
// even then nothing that is typed while the program does not show it, such as
// a password. An event's time is taken when its read returns.
//
// # When things go wrong
//
// The session comes first. When the recording cannot be written (a full disk),
// the user is told at once, the program goes on, and Run returns the error at
// its end. When the disk is slow, the program waits: nothing is dropped and
// memory stays bounded.
package record

import (
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

// Recorder records one session. Fill in the fields and call Run once. With
// only Writer set it records the user's shell in the user's terminal.
type Recorder struct {
	// Writer gets the recording; Run closes it. It must be set.
	Writer format.Writer
	// FlushEvery is how long at most events may be held back in a Writer
	// that has a Flush method. Zero: whenever the recorder has nothing else
	// to do. Give a compressing Writer some time: a flush costs it
	// compression. See [File.FlushEvery].
	FlushEvery time.Duration
	// Header is the recording's. Run sets Size, Start and Term where they
	// are not set.
	Header format.Header

	// Args is the program and its arguments; empty: the shell, by $SHELL,
	// else /bin/sh.
	Args []string
	// Path is the file of the program, where Args[0] is another name: a login
	// shell's is "-bash". Empty: Args[0] says it.
	Path string
	Dir  string   // where it runs; empty: in the current directory
	Env  []string // its environment, as "NAME=value"; nil: that of this process

	// Stdin, if not nil, is given to the program instead of the user's keys.
	// At its end the program gets the terminal's end of file.
	// A Read that blocks is left behind when the session ends.
	Stdin io.Reader
	// Headless records without the user's terminal: nothing is shown and no
	// keys are read. It is also what happens when this process has none.
	Headless bool
	// Size fixes the size of the program's terminal, whatever the size of the
	// user's. A side that is zero follows the user's terminal, or is 80
	// columns, 24 rows when there is none.
	Size format.Size

	// Input records what is typed, but not while the program reads a line
	// with echo off, or asks for a password and shows nothing of it; where that
	// is printed later, it is recorded as asterisks. InputSecrets records all of
	// it.
	Input, InputSecrets bool
	// Keys control the recording. The zero Keys are none; see [DefaultKeys].
	Keys Keys
	// Integrate puts shell integration into the program if it is a shell that
	// a user is to talk to; see [shellint]. Its marks are recorded, and not
	// shown. Nonce is what they are known by; empty makes one. It goes into
	// the header, under [format.NonceKey].
	Integrate bool
	Nonce     string
	// WaitAll ends the session only when no program has the terminal open
	// any more, not when the recorded program ends.
	WaitAll bool
	// Notice, if not nil, is called with what the user has to know at once,
	// such as that the recording has failed. nil: it is shown in the
	// terminal. It may be called by any goroutine.
	Notice func(string)
	// Started, if not nil, is called once the program runs, with what acts on
	// the session. It must return soon.
	Started func(*Control)
	// Recorded, if not nil, opens what the Writer has been given and flushed
	// so far, see [File.Recorded]. With it, a pause ends with the screen that
	// there is then; without, full-screen programs are made to draw again.
	Recorded func() (format.Cast, io.Closer, error)
}

// SignalError is the error of a session that was ended by a signal to this
// process, such as SIGHUP when the terminal was closed.
type SignalError struct {
	Signal os.Signal
	Number int // for the conventional exit status, 128 and the number
}

func (e *SignalError) Error() string { return "ended by a signal: " + e.Signal.String() }

// hangupWait is how long a program may take to end after it was told that its
// terminal is gone, before that is made true, and then again. Tests are more
// patient.
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

	mu       sync.Mutex
	size     format.Size // of the program's terminal; guarded by mu
	fixed    format.Size // what of it does not follow the user's; guarded by mu
	follower *follower   // while paused; guarded by mu
	atSync   []func()    // what the writer does at each syncCode; guarded by mu

	pump  *pump
	ended chan struct{} // closed when nothing is written any more
}

// Run starts the program, records it to its end, and gives its exit status:
// 128 and the signal's number when it was killed, as shells count. The error
// is about the recording, or a [*SignalError], or an [*exec.Error] when the
// program could not be started; then nothing was written. When ctx ends the
// program's terminal is hung up. The user's terminal is restored whatever
// happens.
func (r *Recorder) Run(ctx context.Context) (status int, err error) {
	if r.Writer == nil {
		return -1, errors.New("record: no Writer")
	}
	s := &session{Recorder: r, queue: newQueue(), keys: hotkeys{Keys: r.Keys}, fixed: r.Size, ended: make(chan struct{})}
	s.waitAll.Store(r.WaitAll)
	signals := notifySignals()
	defer signals.stop()
	if !r.Headless {
		// Without a terminal we record without one.
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
		args = []string{shell(env)}
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

// integrate puts shell integration into the program if it is a shell. Where
// that cannot be done, it is recorded without.
func (s *session) integrate() {
	if s.Nonce == "" {
		s.Nonce = shellint.NewNonce()
	}
	sh, err := shellint.Prepare(s.cmd.Args, s.cmd.Env, s.Nonce)
	if err != nil || sh == nil {
		return
	}
	s.shell = sh
	s.cmd.Args, s.cmd.Env = sh.Args, sh.Env
	if s.Header.Nonce() == "" {
		s.Header.Extra = append(s.Header.Extra, format.Field{Key: format.NonceKey, JSON: strconv.Quote(s.Nonce)})
	}
}

// shell gives the user's shell.
func shell(env []string) string {
	if sh := lookup(env, "SHELL"); sh != "" {
		return sh
	}
	return "/bin/sh"
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

// defaultSize is what terminals begin with.
var defaultSize = format.Size{Cols: 80, Rows: 24}

// wantedSize gives the size that the program's terminal should have now.
func (s *session) wantedSize() format.Size {
	size := defaultSize
	if s.term != nil {
		// A serial line does not know its size, and says 0.
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

// quitWait is how long after the terminal was made raw a SIGQUIT may still be
// a key from before: the kernel hands it to a thread when that gets to run.
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
	if f := s.paused(); f != nil {
		f.settle()
	}
	at, _ := s.clock.now()
	last := format.Event{}
	if status >= 0 {
		last = exitEvent(at, status)
	}
	if s.term != nil && !pump.termGone {
		// Before the writer, whose header waits for them.
		pump.awaitAnswers(probeWait)
	}
	s.queue.end(last)
	werr := <-written
	if f := s.paused(); f != nil {
		f.resume() // it is of no use any more
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
		time.AfterFunc(probeEnd, s.probe.giveUp)
	}
	return nil
}

// goFunc runs f in a goroutine whose panic does not leave the terminal raw.
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
// -1 when the program does not end.
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
			// It did not mind the hangup. Now its terminal is really gone;
			// if it minds that neither, it is left to itself.
			s.master.Close()
			late = time.After(hangupWait)
		case <-done:
			done = nil
			hangup(context.Cause(ctx))
		case <-hungup:
			hungup = nil
			hangup(hangupError)
		case <-stopped:
			// Its user would be shut out: this is how it is handed on to the
			// shell outside, whose fg goes on with both.
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

// paused gives who follows the screen while the recording is paused; nil when
// it is not.
func (s *session) paused() *follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.follower
}

// resumeTerminal takes the terminal again after this process was stopped.
func (s *session) resumeTerminal() {
	if s.term == nil || s.Stdin != nil || !s.term.Foreground() {
		return
	}
	if s.term.Raw() == nil {
		s.pump.call(s.resizeNow)
	}
}

// do does what the user asked for by a key.
func (s *session) do(a Action) {
	switch a {
	case PauseAction:
		s.pause()
	case MarkerAction:
		s.mark("")
		s.display.title("● marker set", true)
	}
}

func (s *session) mark(label string) {
	at, _ := s.clock.now()
	s.queue.force(format.Event{Time: at, Code: format.Marker, Data: label})
}

// pause pauses the recording, or resumes it. The clock stops meanwhile.
func (s *session) pause() {
	if f := s.paused(); f != nil {
		f.mu.Lock()
		resuming, over := f.resuming, f.over
		f.mu.Unlock()
		switch {
		case !resuming:
			f.resume()
			return
		case !over:
			return // it is about to go on
		}
	}
	s.mark("paused")
	s.clock.stop()
	f := newFollower(s)
	s.mu.Lock()
	s.follower = f
	s.mu.Unlock()
	s.goFunc(f.run)
	s.display.title("⏸ recording paused", false)
}

// redraw makes full-screen programs draw their screen, as they do when the size
// changes.
func (s *session) redraw() {
	size, err := s.master.Size()
	if err != nil || size.Rows < 2 {
		return
	}
	s.master.SetSize(tty.Size{Cols: size.Cols, Rows: size.Rows - 1})
	// The program must see the two as different.
	time.Sleep(redrawPause)
	s.master.SetSize(size)
}

const redrawPause = 50 * time.Millisecond

// syncCode is the code of an event that the writer does not write, but at which
// it flushes.
const syncCode format.Code = "sync"

// syncThen has the writer call f once all that was put into the queue can be
// read, before it writes more. When nothing is written any more, f is not
// called.
func (s *session) syncThen(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atSync = append(s.atSync, f)
	s.queue.force(format.Event{Code: syncCode})
}

// sync waits until all that was put into the queue can be read.
func (s *session) sync() {
	synced := make(chan struct{})
	s.syncThen(func() { close(synced) })
	select {
	case <-synced:
	case <-s.ended:
	}
}
