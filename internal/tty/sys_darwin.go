package tty

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type termios = unix.Termios

func openTerminal() (int, error) {
	return unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

func openPTY() (int, *os.File, error) { return openPTYByPath() }

// wakePipe makes a pipe that ends waits.
func wakePipe() (r, w int, err error) {
	var p [2]int
	// macOS has no pipe2: the lock prevents a fork in between.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(p[:]); err != nil {
		return -1, -1, os.NewSyscallError("pipe", err)
	}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			unix.Close(p[0])
			unix.Close(p[1])
			return -1, -1, os.NewSyscallError("fcntl", err)
		}
	}
	return p[0], p[1], nil
}

func getTermios(fd int) (*termios, error) { return unix.IoctlGetTermios(fd, unix.TIOCGETA) }

// setTermios waits for output and keeps input (TCSADRAIN): TCSAFLUSH would drop
// the user's type-ahead for the shell.
func setTermios(fd int, t *termios) error { return unix.IoctlSetTermios(fd, unix.TIOCSETAW, t) }

// unreadInput returns the number of bytes that the other side of a master has
// not read yet.
func unreadInput(master int) (int, error) { return unix.IoctlGetInt(master, unix.TIOCOUTQ) }

func drain(fd int) error {
	for {
		if err := unix.IoctlSetInt(fd, unix.TIOCDRAIN, 0); err != unix.EINTR {
			return err
		}
	}
}

// waitFD waits until fd is readable or writable, a byte arrives in wake (a
// pipe; none if negative), or the timeout is over (never if negative).
func waitFD(fd int, write bool, wake int, timeout time.Duration) error {
	waits := [1]Wait{{Conn: &Conn{fd: fd}, Read: !write, Write: write}}
	return waitFDs(waits[:], wake, timeout)
}

// waiterSys has no state on macOS.
type waiterSys struct{}

func (waiterSys) init(int) error { return nil }
func (waiterSys) close()         {}

func (waiterSys) wait(waits []Wait, wake int, timeout time.Duration, soon time.Duration) error {
	if soon > 0 && (timeout < 0 || timeout > soon) {
		timeout = soon
	}
	return waitFDs(waits, wake, timeout)
}

func readNow(fd int, p []byte) (n int, again bool, err error)  { return readFD(fd, p) }
func writeNow(fd int, p []byte) (n int, again bool, err error) { return writeFD(fd, p) }

// waitFDs uses select, because poll and kqueue refuse /dev/tty on macOS.
func waitFDs(waits []Wait, wake int, timeout time.Duration) error {
	var rd, wr unix.FdSet
	last := wake
	if wake >= 0 {
		rd.Set(wake)
	}
	for _, w := range waits {
		if w.Conn == nil {
			continue
		}
		if w.Conn.fd >= unix.FD_SETSIZE {
			return unix.EMFILE
		}
		if w.Read {
			rd.Set(w.Conn.fd)
		}
		if w.Write {
			wr.Set(w.Conn.fd)
		}
		last = max(last, w.Conn.fd)
	}
	var tv *unix.Timeval
	if timeout >= 0 {
		t := unix.NsecToTimeval(int64(min(timeout, 24*time.Hour)))
		tv = &t
	}
	_, err := unix.Select(last+1, &rd, &wr, nil, tv)
	if err != nil {
		rd.Zero()
		wr.Zero()
	}
	for i := range waits {
		w := &waits[i]
		w.Read = w.Read && w.Conn != nil && rd.IsSet(w.Conn.fd)
		w.Write = w.Write && w.Conn != nil && wr.IsSet(w.Conn.fd)
	}
	if wake >= 0 && rd.IsSet(wake) {
		drainPipe(wake)
	}
	if err == unix.EINTR {
		return nil // the caller tries again anyway
	}
	return os.NewSyscallError("select", err)
}
