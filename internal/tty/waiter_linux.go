package tty

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiterSys is an epoll descriptor inside Go's poller: epoll descriptors can be
// nested (epoll(7)).
//
// A thread that waits in poll(2) itself is expensive: while a system call
// lasts, the runtime's monitor wakes every 20 µs to check whether to take the
// processor from it. That cost 24 context switches and 0.5 ms of CPU for a key
// and its echo, where script(1) takes 2 and 0.1 ms. For the same reason
// [Conn.TryRead] and [Conn.TryWrite], which never block, make their system
// calls without the runtime.
type waiterSys struct {
	epoll *os.File
	conn  syscall.RawConn
	masks [maxWaits]uint32 // the events of each wait; 0 if it is not in the epoll
	timed bool             // epoll has a deadline

	// events and n are set by ready, which is made once so that waiting allocates
	// nothing.
	events [maxWaits + 1]unix.EpollEvent
	n      int
	ready  func(fd uintptr) bool
}

// wakeEvent marks the pipe among the events.
const wakeEvent = -1

func (s *waiterSys) init(wake int) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err = unix.SetNonblock(fd, true); err == nil {
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: wakeEvent})
	}
	if err != nil {
		unix.Close(fd)
		return os.NewSyscallError("epoll_ctl", err)
	}
	s.epoll = os.NewFile(uintptr(fd), "epoll")
	if s.conn, err = s.epoll.SyscallConn(); err != nil {
		s.epoll.Close()
		return err
	}
	s.ready = func(fd uintptr) bool {
		s.n = epollNow(int(fd), s.events[:], 0)
		return s.n != 0
	}
	return nil
}

func (s *waiterSys) close() { s.epoll.Close() }

func (s *waiterSys) wait(waits []Wait, wake int, timeout time.Duration, soon time.Duration) error {
	if err := s.ask(waits); err != nil {
		return err
	}
	var err error
	switch {
	case timeout == 0 || soon > 0:
		if timeout < 0 || timeout > soon {
			timeout = soon
		}
		ms := int((timeout + time.Millisecond - 1) / time.Millisecond)
		err = s.conn.Control(func(fd uintptr) { s.n = epollNow(int(fd), s.events[:], ms) })
	default:
		if timeout > 0 || s.timed {
			var deadline time.Time
			if s.timed = timeout > 0; s.timed {
				deadline = time.Now().Add(timeout)
			}
			if err := s.epoll.SetReadDeadline(deadline); err != nil {
				return err
			}
		}
		err = s.conn.Read(s.ready)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.n, err = 0, nil
	}
	for i := range waits {
		waits[i].Read, waits[i].Write = false, false
	}
	if err != nil {
		return err
	}
	for _, ev := range s.events[:max(s.n, 0)] {
		if ev.Fd == wakeEvent {
			drainPipe(wake)
			continue
		}
		// A hangup or an error counts as both: the read or write returns it.
		asked := s.masks[ev.Fd]
		waits[ev.Fd].Read = asked&unix.EPOLLIN != 0 && ev.Events&^unix.EPOLLOUT != 0
		waits[ev.Fd].Write = asked&unix.EPOLLOUT != 0 && ev.Events&^unix.EPOLLIN != 0
	}
	return nil
}

// ask updates the epoll where waits have changed. It removes a Conn that waits
// for nothing: otherwise the epoll would report a hangup for ever.
func (s *waiterSys) ask(waits []Wait) error {
	for i, w := range waits {
		mask := uint32(0)
		if w.Conn != nil && w.Read {
			mask |= unix.EPOLLIN
		}
		if w.Conn != nil && w.Write {
			mask |= unix.EPOLLOUT
		}
		was := s.masks[i]
		if mask == was {
			continue
		}
		op := unix.EPOLL_CTL_MOD
		switch {
		case was == 0:
			op = unix.EPOLL_CTL_ADD
		case mask == 0:
			op = unix.EPOLL_CTL_DEL
		}
		s.masks[i] = mask
		ev := unix.EpollEvent{Events: mask, Fd: int32(i)}
		var ctlErr error
		err := s.conn.Control(func(fd uintptr) { ctlErr = unix.EpollCtl(int(fd), op, w.Conn.fd, &ev) })
		if err = errors.Join(err, ctlErr); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	return nil
}

// epollNow returns the number of events that are ready within ms milliseconds,
// by a system call without the runtime.
func epollNow(fd int, events []unix.EpollEvent, ms int) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), uintptr(ms), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// readNow is readFD for a non-blocking descriptor, without the runtime.
func readNow(fd int, p []byte) (n int, again bool, err error) {
	r := rawIO(unix.SYS_READ, fd, p)
	if r.errno == unix.EIO {
		r = rawIO(unix.SYS_READ, fd, p) // see readFD
	}
	return result(r, len(p) > 0)
}

// writeNow is writeFD for a non-blocking descriptor, without the runtime.
func writeNow(fd int, p []byte) (n int, again bool, err error) {
	n, again, err = result(rawIO(unix.SYS_WRITE, fd, p), false)
	return n, again || n == 0 && err == nil && len(p) > 0, err
}

type ioResult struct {
	n     int
	errno unix.Errno
}

func rawIO(call uintptr, fd int, p []byte) ioResult {
	for {
		n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno != unix.EINTR {
			return ioResult{int(n), errno}
		}
	}
}

func result(r ioResult, zeroIsEOF bool) (n int, again bool, err error) {
	switch {
	case r.errno == unix.EAGAIN:
		return 0, true, nil
	case r.errno == unix.EIO, r.errno == 0 && r.n == 0 && zeroIsEOF:
		return 0, false, io.EOF
	case r.errno != 0:
		return 0, false, r.errno
	}
	return r.n, false, nil
}
