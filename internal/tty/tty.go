// Package tty handles terminals and pseudo-terminals: [Open] opens the
// controlling terminal anew, [OpenPTY] makes a pseudo-terminal.
//
// Both give a [Conn], which reads and writes with deadlines and can be
// interrupted. It waits by poll(2) or select(2) and not in Go's poller, which
// does not take every kind of terminal (kqueue refuses /dev/tty on macOS). A
// [Waiter] waits for several.
//
// A descriptor that is shared with other programs (0, 1, 2) is never made
// non-blocking here: O_NONBLOCK belongs to the open file, so the user's shell
// would find its terminal non-blocking too. That is why Open opens anew.
package tty

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// Size is a terminal's size in character cells.
type Size struct{ Cols, Rows int }

// Terminal is the user's terminal. Its methods may be called by several
// goroutines at once.
type Terminal struct {
	*Conn
	mu    sync.Mutex
	saved *termios // the modes to restore; nil while not raw; guarded by mu
}

// Open opens the controlling terminal of this process, non-blocking, and
// independent of the descriptors that the process was given. The error is
// there when the process has none (cron, a container without -t).
func Open() (*Terminal, error) {
	fd, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("open the terminal: %w", err)
	}
	return newTerminal(fd)
}

func newTerminal(fd int) (*Terminal, error) {
	c, err := newConn(fd)
	if err != nil {
		return nil, err
	}
	return &Terminal{Conn: c}, nil
}

// IsTerminal says whether v is an [os.File] that is a terminal.
func IsTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok || f == nil {
		return false
	}
	// Not f.Fd(): it would make a non-blocking file blocking.
	rc, err := f.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	err = rc.Control(func(fd uintptr) { is = term.IsTerminal(int(fd)) })
	return err == nil && is
}

// Raw takes the terminal out of line mode: no echo, no signals from keys, no
// translation of output. Restore undoes it. A second call does nothing.
func (t *Terminal) Raw() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.saved != nil {
		return nil
	}
	return t.control(func(fd int) error {
		saved, err := getTermios(fd)
		if err == nil {
			_, err = term.MakeRaw(fd)
		}
		if err != nil {
			return fmt.Errorf("set the terminal to raw mode: %w", err)
		}
		t.saved = saved
		return nil
	})
}

// Restore gives the terminal the modes back that it had before Raw, after
// pending output is out; keys typed ahead stay. It does nothing when the
// terminal is not raw, or when this process is in the background: the shell
// has then set the modes that it needs. Of several processes that had the
// terminal raw at the same time, a pipeline's, each may be the first or the
// last to begin and to end: it is restored once one of them knows how.
func (t *Terminal) Restore() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.saved == nil {
		return nil
	}
	saved := t.saved
	t.saved = nil
	if !t.Foreground() {
		return nil
	}
	return t.control(func(fd int) error {
		now, err := getTermios(fd)
		if err == nil && !restored(now, saved) {
			err = setTermios(fd, saved)
		}
		if err != nil {
			return fmt.Errorf("restore the terminal: %w", err)
		}
		return nil
	})
}

// restored says whether a terminal that we have made raw is to be left as it
// is now. That is so when it reads lines again, and shows them if it did: who
// has ended that is the one who knew the modes from before all of us, and what
// we saved may be a raw mode. And it is so when there is nothing to change:
// setting a raw mode once more might undo what another is restoring just now.
func restored(now, saved *termios) bool {
	if *now == *saved {
		return true
	}
	is, was := modeOf(now), modeOf(saved)
	return is.Canonical && (is.Echo || !was.Echo)
}

// Foreground says whether this process is in the terminal's foreground
// process group, so that reading and setting modes does not stop it.
func (t *Terminal) Foreground() bool {
	return t.ForegroundGroup() == processGroup()
}

// Close restores the terminal and closes it.
func (t *Terminal) Close() error {
	return errors.Join(t.Restore(), t.Conn.Close())
}

// Size gives the terminal's size. A terminal that does not know it (a serial
// line, some containers) gives zeros, and no error.
func (c *Conn) Size() (s Size, err error) {
	err = c.control(func(fd int) error {
		s, err = getSize(fd)
		return err
	})
	return s, err
}

// SetSize sets the size, and makes the kernel send SIGWINCH to the terminal's
// foreground processes if it changed.
func (c *Conn) SetSize(s Size) error {
	return c.control(func(fd int) error { return setSize(fd, s) })
}

// Mode is what of a terminal's line discipline matters to a recorder.
type Mode struct {
	Echo      bool // typed characters are shown
	Canonical bool // input is read by the line, with EOF as end of input
	EOF       byte // the character that ends the input when Canonical; usually ^D
}

// Mode gives the current modes. On the master side of a pseudo-terminal it
// gives what the program on the other side has set.
func (c *Conn) Mode() (m Mode, err error) {
	err = c.control(func(fd int) error {
		modes, err := getTermios(fd)
		if err != nil {
			return os.NewSyscallError("ioctl", err)
		}
		m = modeOf(modes)
		return nil
	})
	return m, err
}

// CopyModes gives c, a pseudo-terminal, the modes of another terminal: the
// user's erase character, whether characters are UTF-8, and so on.
func (c *Conn) CopyModes(from *Conn) error {
	var modes *termios
	err := from.control(func(fd int) (err error) {
		modes, err = getTermios(fd)
		return err
	})
	if err != nil {
		return err
	}
	return c.control(func(fd int) error { return setTermios(fd, modes) })
}

// SetUTF8 makes the line discipline erase a whole UTF-8 character at a time.
// Kernels begin without it, terminals do not.
func (c *Conn) SetUTF8() error {
	return c.control(func(fd int) error {
		modes, err := getTermios(fd)
		if err != nil {
			return err
		}
		setUTF8(modes)
		return setTermios(fd, modes)
	})
}

// ForegroundGroup gives the process group in the terminal's foreground; on a
// master, of the programs on the other side. -1 if there is none.
func (c *Conn) ForegroundGroup() int {
	pgrp := -1
	if err := c.control(func(fd int) (err error) {
		pgrp, err = foregroundGroup(fd)
		return err
	}); err != nil {
		return -1
	}
	return pgrp
}

// InputRead says whether the program has read all that was written to this
// master; true also where that cannot be told.
func (c *Conn) InputRead() bool {
	n := 0
	err := c.control(func(fd int) (err error) {
		n, err = unreadInput(fd)
		return err
	})
	return err != nil || n == 0
}

// Drain waits until what was written has left the kernel's buffers
// (tcdrain(3)). On a pseudo-terminal, where the other side is a program and no
// wire, the kernel has nothing to wait for, and Drain returns at once.
func (c *Conn) Drain() error { return c.control(drain) }

// OpenPTY makes a pseudo-terminal of the given size. The caller closes both
// sides; the slave is for the program, the master for whoever plays terminal.
// The master reads [io.EOF] once nobody has the slave open any more.
func OpenPTY(size Size) (master *Conn, slave *os.File, err error) {
	fd, slave, err := openPTY()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	if master, err = newConn(fd); err != nil {
		slave.Close()
		return nil, nil, err
	}
	if err = master.SetSize(size); err != nil {
		master.Close()
		slave.Close()
		return nil, nil, fmt.Errorf("set the size of a pseudo-terminal: %w", err)
	}
	return master, slave, nil
}

// NotifyResize gives a channel that gets a value when the terminal's size may
// have changed; it holds one, so none is missed. Call it before asking for the
// first size. stop ends it.
func NotifyResize() (c <-chan os.Signal, stop func()) { return notifyResize() }
