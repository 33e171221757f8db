//go:build linux || darwin

package tty

import (
	"errors"
	"io"
	"os"
	"os/signal"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func setNonblock(fd int) error { return unix.SetNonblock(fd, true) }

func closeFD(fd int) { unix.Close(fd) }

func isAgain(err error) bool { return errors.Is(err, unix.EAGAIN) }

// openPTYByPath makes a pseudo-terminal by creack/pty, which supports each
// system. creack/pty 1.1.24 leaves the master blocking, and calling Fd of its
// File would make it blocking again, so openPTYByPath keeps a duplicate.
func openPTYByPath() (int, *os.File, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return -1, nil, err
	}
	defer master.Close()
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		slave.Close()
		return -1, nil, os.NewSyscallError("fcntl", err)
	}
	return fd, slave, nil
}

// wakeUp ignores a full pipe: it wakes as well.
func wakeUp(fd int) { _, _ = unix.Write(fd, []byte{0}) }

func drainPipe(fd int) {
	var buf [64]byte
	for {
		if n, err := unix.Read(fd, buf[:]); n < len(buf) || err != nil {
			return
		}
	}
}

// readFD reads once; again means that there is nothing to read now. It returns
// io.EOF at the end of a terminal, which is EIO on Linux and 0 bytes elsewhere.
//
// Linux looks for output first, and then whether the other side is closed. If that wrote
// and closed in between, EIO comes before the output, so only a second EIO is the end
// (n_tty_read in drivers/tty/n_tty.c).
func readFD(fd int, p []byte) (n int, again bool, err error) {
	for ended := false; ; {
		n, err = unix.Read(fd, p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, true, nil
		case err == unix.EIO && !ended:
			ended = true
			continue
		case err == unix.EIO:
			return 0, false, io.EOF
		case err != nil:
			return 0, false, os.NewSyscallError("read", err)
		case n == 0 && len(p) > 0:
			return 0, false, io.EOF
		}
		return n, false, nil
	}
}

// writeFD writes once; again means that nothing fits now.
func writeFD(fd int, p []byte) (n int, again bool, err error) {
	for {
		n, err = unix.Write(fd, p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, true, nil
		case err != nil:
			return 0, false, os.NewSyscallError("write", err)
		}
		return n, n == 0, nil
	}
}

func foregroundGroup(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCGPGRP) }

func processGroup() int { return unix.Getpgrp() }

func getSize(fd int) (Size, error) {
	ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return Size{}, os.NewSyscallError("ioctl", err)
	}
	return Size{int(ws.Col), int(ws.Row)}, nil
}

func setSize(fd int, s Size) error {
	ws := &unix.Winsize{Col: uint16(s.Cols), Row: uint16(s.Rows)}
	return os.NewSyscallError("ioctl", unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, ws))
}

func modeOf(t *termios) Mode {
	return Mode{
		Echo:      t.Lflag&unix.ECHO != 0,
		Canonical: t.Lflag&unix.ICANON != 0,
		EOF:       t.Cc[unix.VEOF],
	}
}

func setUTF8(t *termios) { t.Iflag |= unix.IUTF8 }

func notifyResize() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
