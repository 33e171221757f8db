package tty

import (
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

type termios = unix.Termios

func openTerminal() (int, error) {
	return unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

// openPTY asks the kernel for the slave of this very master (TIOCGPTPEER,
// Linux 4.13), where a path may name another devpts, and opens the master
// non-blocking. creack/pty does neither in 1.1.24, and passes pointers as
// uintptr (its issue 214): it is for the systems that lack that call.
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

// setTermios waits for output and keeps input (TCSADRAIN): TCSAFLUSH would eat
// what the user typed ahead for the shell.
func setTermios(fd int, t *termios) error { return unix.IoctlSetTermios(fd, unix.TCSETSW, t) }

// unreadInput tells how much the other side of a master has not read yet. Only
// the slave knows, so it is opened for a moment.
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

// waitFD waits until fd can be read or written, a byte comes out of wake (a
// pipe; none if negative), or the time is over (never if negative).
func waitFD(fd int, write bool, wake int, timeout time.Duration) error {
	events := int16(unix.POLLIN)
	if write {
		events = unix.POLLOUT
	}
	fds := [2]unix.PollFd{{Fd: int32(wake), Events: unix.POLLIN}, {Fd: int32(fd), Events: events}}
	_, err := poll(fds[:], timeout, false, nil)
	return err
}

// hotTime is how long a thread that has just had something to do keeps the
// scheduler's leave to run while it waits. It must be less than the 10 ms after
// which the runtime would interrupt it.
const hotTime = 4 * time.Millisecond

// poll waits; the first of fds is the pipe that ends it. woken says that
// something came before the time was over.
//
// A thread that waits in a system call hands its share of the scheduler back,
// and to get it again costs some 15 µs after the wait: as much as all the rest
// of a key's way through a recorder. What comes after a key, its echo, comes
// within microseconds. So when hot, poll first waits a little in a call that
// the scheduler does not know of. A collection of garbage interrupts it by a
// signal; with one processor others would have to wait, so it is left out.
func poll(fds []unix.PollFd, timeout time.Duration, hot bool, idle func()) (woken bool, err error) {
	n := 0
	if hot && timeout != 0 && runtime.GOMAXPROCS(0) > 1 {
		ts := unix.NsecToTimespec(int64(hotTime))
		if timeout > 0 {
			ts = unix.NsecToTimespec(int64(min(hotTime, timeout)))
		}
		r, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)),
			uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
		if errno == 0 {
			n = int(r)
		}
	}
	if n == 0 {
		if idle != nil {
			idle()
		}
		ms := -1
		if timeout >= 0 {
			ms = int(min((timeout+time.Millisecond-1)/time.Millisecond, 1<<30))
		}
		if n, err = unix.Poll(fds, ms); err == unix.EINTR {
			return false, nil // the caller tries again anyway
		}
	}
	if fds[0].Revents != 0 {
		drainPipe(int(fds[0].Fd))
	}
	return n > 0, os.NewSyscallError("poll", err)
}

func waitFDs(waits []Wait, wake int, timeout time.Duration, hot bool, idle func()) (woken bool, err error) {
	var array [4]unix.PollFd
	fds := append(array[:0], unix.PollFd{Fd: int32(wake), Events: unix.POLLIN})
	for i := range waits {
		w := &waits[i]
		fd := unix.PollFd{Fd: -1}
		if w.Conn != nil && (w.Read || w.Write) {
			fd.Fd = int32(w.Conn.fd)
			if w.Read {
				fd.Events |= unix.POLLIN
			}
			if w.Write {
				fd.Events |= unix.POLLOUT
			}
		}
		fds = append(fds, fd)
	}
	woken, err = poll(fds, timeout, hot, idle)
	for i := range waits {
		// A hangup or an error can be done too: doing it tells.
		got := fds[i+1].Revents
		waits[i].Read = waits[i].Read && got&^unix.POLLOUT != 0
		waits[i].Write = waits[i].Write && got&^unix.POLLIN != 0
	}
	return woken, err
}
