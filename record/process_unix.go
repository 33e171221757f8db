//go:build linux || darwin

package record

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// startOn starts cmd on a terminal, in a new session whose controlling terminal
// that is.
func startOn(cmd *exec.Cmd, slave *os.File) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return cmd.Start()
}

// wait waits for the program and returns its exit status as shells count it.
func (s *session) wait() int {
	s.cmd.Wait() // ProcessState has its error
	st := s.cmd.ProcessState
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return st.ExitCode()
}

// hangup sends SIGHUP to the program and its terminal's foreground. The master
// stays open, so that their last output is recorded.
func (s *session) hangup() {
	s.signalAll(unix.SIGHUP)
	s.signalAll(unix.SIGCONT)
}

// signalAll sends a signal to the program and its terminal's foreground.
func (s *session) signalAll(sig syscall.Signal) {
	pid := s.cmd.Process.Pid // also the number of its process group
	foreground := s.master.ForegroundGroup()
	if foreground > 1 && foreground != pid {
		unix.Kill(-foreground, sig)
	}
	unix.Kill(-pid, sig)
}

// suspend stops this process after a SIGTSTP, with the terminal restored
// meanwhile. It uses SIGSTOP, because Go's runtime keeps its handler of
// SIGTSTP, which then does nothing. The kernel ignores a SIGTSTP that nobody
// could undo (an orphaned process group); with SIGSTOP suspend checks itself
// that a shell in our session can continue us.
func (s *session) suspend() {
	ours, err := unix.Getsid(0)
	parents, perr := unix.Getsid(unix.Getppid())
	if err != nil || perr != nil || ours != parents {
		return
	}
	if s.term != nil {
		s.term.Restore()
	}
	stopSelf()
	s.resumeTerminal()
}

// resumeProgram continues the program after it was stopped.
func (s *session) resumeProgram() { unix.Kill(-s.cmd.Process.Pid, unix.SIGCONT) }

// hangupError is the error of a session whose terminal is gone, also without a
// signal.
var hangupError = &SignalError{unix.SIGHUP, int(unix.SIGHUP)}

type sigKind int

const (
	sigOther sigKind = iota
	sigResize
	sigEnd
	sigStop
	sigContinue
)

// signals are the signals to this process that matter to a session.
type signals struct {
	c chan os.Signal
	// early receives SIGQUIT, and so ignores it, until takeQuit.
	early chan os.Signal
}

var sigKinds = map[os.Signal]sigKind{
	unix.SIGWINCH: sigResize,
	unix.SIGHUP:   sigEnd,
	unix.SIGTERM:  sigEnd,
	unix.SIGINT:   sigEnd, // sent by another process: keys make no signals in raw mode
	unix.SIGQUIT:  sigEnd,
	unix.SIGTSTP:  sigStop,
	unix.SIGCONT:  sigContinue,
	// Writing to a closed standard output fails with an error, and does not end
	// the session.
	unix.SIGPIPE: sigOther,
}

func notifySignals() *signals {
	s := &signals{make(chan os.Signal, 16), make(chan os.Signal, 1)}
	for sig := range sigKinds {
		if sig == unix.SIGQUIT {
			signal.Notify(s.early, sig)
		} else {
			signal.Notify(s.c, sig)
		}
	}
	return s
}

// takeQuit makes SIGQUIT end the session from now on. Before, while the
// terminal still makes signals of keys, it may be a C-\ that was typed ahead
// for the program. SIGQUIT is not ignored by signal.Ignore: the program would
// inherit that.
func (s *signals) takeQuit() {
	signal.Notify(s.c, unix.SIGQUIT)
	signal.Stop(s.early)
}

func (s *signals) stop() {
	signal.Stop(s.c)
	signal.Stop(s.early)
}

func (s *signals) kind(sig os.Signal) sigKind { return sigKinds[sig] }

func (s *signals) number(sig os.Signal) int {
	n, _ := sig.(syscall.Signal)
	return int(n)
}
