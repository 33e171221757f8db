package observe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record/sessions"
	"golang.org/x/sys/unix"
)

// target is a session that is being observed.
type target struct {
	session sessions.Session
	holders []holder
	slave   int               // the terminal, as O_PATH: its holder does not see that; -1 if it was not found
	size    format.Size       // at the beginning
	env     map[string]string // the leader's environment; empty if not readable
	leader  int               // pidfd; -1 if there is none
}

// holder is a process that holds the master.
type holder struct {
	pid int
	fds []int
	fd  int // pidfd
}

// newTarget opens the processes of a session by pidfd, so that they are not
// confused with others that get their PIDs.
func newTarget(s sessions.Session) (*target, error) {
	t := &target{session: s, size: s.Size, env: map[string]string{}, leader: -1, slave: -1}
	for _, h := range s.Holders {
		if len(h.FDs) == 0 {
			continue
		}
		fd, err := pidfd(h.PID, h.StartTicks)
		if err != nil {
			continue // gone
		}
		t.holders = append(t.holders, holder{h.PID, h.FDs, fd})
	}
	if len(t.holders) == 0 {
		return nil, fmt.Errorf("%s: %w", s.TTY.Name, ErrNoHolder)
	}
	if s.Leader.PID != 0 {
		t.leader, _ = pidfd(s.Leader.PID, s.Leader.StartTicks)
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.Leader.PID)); err == nil {
			for entry := range bytes.SplitSeq(text, []byte{0}) {
				if name, value, ok := strings.Cut(string(entry), "="); ok {
					t.env[name] = value
				}
			}
		}
	}
	t.findSlave()
	if !t.lives() {
		t.close()
		return nil, fmt.Errorf("%s: %w", s.TTY.Name, errGone)
	}
	return t, nil
}

var errGone = errors.New("the session has ended")

// lives reports whether a process of the session still runs. If so, what was found
// by the terminal's number is the session's.
func (t *target) lives() bool {
	return len(t.session.Processes) == 0 || slices.ContainsFunc(t.session.Processes, func(p sessions.Process) bool {
		fd, err := pidfd(p.PID, p.StartTicks)
		if err == nil {
			unix.Close(fd)
		}
		return err == nil
	})
}

// present returns an error if the session's terminal is gone, or no process seems
// to hold its master any more. Its number, and the holder's descriptor, may then
// belong to the next terminal.
func (t *target) present() error {
	if t.slave >= 0 && t.withSlave(func(int) error { return nil }) != nil {
		return errGone
	}
	for _, h := range t.holders {
		if i, err := poll([]int{h.fd}, 0); err != nil || i == 0 {
			continue // it has ended
		}
		for _, fd := range h.fds {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", h.pid, fd))
			if errors.Is(err, os.ErrPermission) || err == nil && statusField(text, "tty-index") == strconv.Itoa(int(t.session.TTY.Minor())) {
				return nil
			}
		}
	}
	return errGone
}

func (t *target) close() {
	for _, h := range t.holders {
		unix.Close(h.fd)
	}
	for _, fd := range []int{t.leader, t.slave} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// unheld reports whether all processes that held the master are gone.
func (t *target) unheld() bool {
	return !slices.ContainsFunc(t.holders, func(h holder) bool {
		i, err := poll([]int{h.fd}, 0)
		return err != nil || i != 0
	})
}

// pidfd opens the process that has pid and began at start.
func pidfd(pid int, start uint64) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		at := bytes.LastIndexByte(text, ')')
		fields := bytes.Fields(text[at+1:])
		if at < 0 || len(fields) < 20 || string(fields[19]) != strconv.FormatUint(start, 10) {
			err = errors.New("another process has its PID")
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// findSlave opens the terminal. Its path alone does not stand for it: once the
// session has ended, the path and the number belong to the next terminal.
func (t *target) findSlave() {
	paths := []string{"/dev/" + t.session.TTY.Name}
	for _, p := range t.session.Processes {
		for fd := range 3 {
			paths = append(paths, fmt.Sprintf("/proc/%d/fd/%d", p.PID, fd))
		}
		paths = append(paths, fmt.Sprintf("/proc/%d/root/dev/%s", p.PID, t.session.TTY.Name))
	}
	for _, path := range paths {
		if t.slave = openSlave(path, t.session.TTY); t.slave >= 0 {
			return
		}
	}
}

// openSlave opens a path if it is that terminal's; otherwise it returns -1.
func openSlave(path string, tty sessions.TTY) int {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR ||
		st.Rdev != uint64(tty.Number) || st.Dev != tty.Instance {
		unix.Close(fd)
		return -1
	}
	return fd
}

// withSlave opens the terminal for a moment. Never for longer: while we have it
// open its holder does not see the end of the session.
func (t *target) withSlave(do func(fd int) error) error {
	if t.slave < 0 {
		return os.ErrNotExist
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", t.slave), unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return do(fd)
}

func (t *target) currentSize() (size format.Size, ok bool) {
	err := t.withSlave(func(fd int) error {
		ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil {
			size = format.Size{Cols: int(ws.Col), Rows: int(ws.Row)}
		}
		return err
	})
	return size, err == nil
}

// shows reports whether the terminal shows input, or lets a program do so. It
// does not while a program asks for a password. After an error shows returns
// false.
func (t *target) shows() bool {
	shows := false
	_ = t.withSlave(func(fd int) error {
		termios, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		shows = err == nil && (termios.Lflag&unix.ECHO != 0 || termios.Lflag&unix.ICANON == 0)
		return err
	})
	return shows
}

const redrawPause = 50 * time.Millisecond

// redraw makes the foreground program redraw by changing the window's size for
// a moment.
func (t *target) redraw() {
	_ = t.withSlave(func(fd int) error {
		ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err != nil || ws.Row < 2 {
			return err
		}
		ws.Row--
		if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, ws); err != nil {
			return err
		}
		time.Sleep(redrawPause) // the program must see two different sizes
		ws.Row++
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, ws)
	})
}

// monotonic returns CLOCK_MONOTONIC, in nanoseconds. It is the clock of event
// times, which eBPF has too.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

// poll waits until one of fds is readable and returns its index, or -1 after a
// timeout of ms milliseconds.
func poll(fds []int, ms int) (int, error) {
	list := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		list[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	}
	for {
		_, err := unix.Poll(list, ms)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, os.NewSyscallError("poll", err)
		}
		for i := range list {
			if list[i].Revents != 0 {
				return i, nil
			}
		}
		return -1, nil
	}
}

// statusField returns a field of /proc/PID/status.
func statusField(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
