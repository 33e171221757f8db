package tty

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

type termios = unix.Termios

func openTerminal() (int, error) {
	return unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

// openPTY opens the master non-blocking, and its slave by TIOCGPTPEER (Linux
// 4.13), because a path may lead to another devpts. creack/pty 1.1.24 does
// neither, and passes pointers as uintptr (its issue 214); it is the fallback
// for systems without that call.
func openPTY() (int, *os.File, error) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, nil, &os.PathError{Op: "open", Path: "/dev/ptmx", Err: err}
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err == nil {
		slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
		if errno == 0 {
			return master, os.NewFile(slave, "pty"), nil
		}
	}
	unix.Close(master)
	return openPTYByPath()
}

// wakePipe makes a pipe that ends waits.
func wakePipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return -1, -1, os.NewSyscallError("pipe2", err)
	}
	return p[0], p[1], nil
}

func getTermios(fd int) (*termios, error) { return unix.IoctlGetTermios(fd, unix.TCGETS) }

// setTermios waits for output and keeps input (TCSADRAIN): TCSAFLUSH would drop
// the user's type-ahead for the shell.
func setTermios(fd int, t *termios) error { return unix.IoctlSetTermios(fd, unix.TCSETSW, t) }

// unreadInput returns the number of bytes that the other side of a master has
// not read yet. Only the slave knows, so it is opened for a moment.
func unreadInput(master int) (int, error) {
	slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK)
	if errno != 0 {
		return 0, errno
	}
	defer unix.Close(int(slave))
	return unix.IoctlGetInt(int(slave), unix.TIOCINQ)
}

func drain(fd int) error {
	for {
		if err := unix.IoctlSetInt(fd, unix.TCSBRK, 1); err != unix.EINTR {
			return err
		}
	}
}

// waitFD waits until fd is readable or writable, a byte arrives in wake (a
// pipe; none if negative), or the timeout is over (never if negative).
func waitFD(fd int, write bool, wake int, timeout time.Duration) error {
	events := int16(unix.POLLIN)
	if write {
		events = unix.POLLOUT
	}
	fds := [2]unix.PollFd{{Fd: int32(wake), Events: unix.POLLIN}, {Fd: int32(fd), Events: events}}
	ms := -1
	if timeout >= 0 {
		ms = int(min((timeout+time.Millisecond-1)/time.Millisecond, 1<<30))
	}
	_, err := unix.Poll(fds[:], ms)
	if err == unix.EINTR {
		return nil // the caller tries again anyway
	}
	if fds[0].Revents != 0 {
		drainPipe(wake)
	}
	return os.NewSyscallError("poll", err)
}
