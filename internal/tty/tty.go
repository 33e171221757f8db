// Package tty handles terminals and pseudo-terminals: [Open] opens the
// controlling terminal, [OpenPTY] makes a pseudo-terminal.
//
// Both return a [Conn], which reads and writes with deadlines and can be
// interrupted. It waits by poll(2) or select(2) and not in Go's poller, which
// does not support every kind of terminal (kqueue refuses /dev/tty on macOS). A
// [Waiter] waits for several.
//
// The package never makes a descriptor non-blocking that is shared with other
// programs (0, 1, 2): O_NONBLOCK belongs to the open file, so the user's shell
// would find its terminal non-blocking too. That is why Open opens the terminal
// once more.
package tty

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"
)

// Size is the size of a terminal.
type Size struct {
	// Cols is the width in character cells.
	Cols int
	// Rows is the height in character cells.
	Rows int
}

// Terminal is the user's terminal. Several goroutines may call its methods at
// once, as far as [Conn] allows it.
type Terminal struct {
	*Conn
	mu    sync.Mutex
	saved *termios // the modes to restore; nil while not raw; guarded by mu
}

// Open opens the controlling terminal of this process, non-blocking and
// independent of the inherited descriptors. It returns an error if the process
// has no terminal (cron, a container without -t). The caller closes the
// Terminal.
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

// IsTerminal reports whether v is an [*os.File] that is a terminal.
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

// Raw sets the terminal to raw mode: no echo, no signals from keys, no
// translation of output. [Terminal.Restore] undoes it. A second call does
// nothing.
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

// Restore restores the terminal's modes from before [Terminal.Raw], once
// pending output is written; it keeps type-ahead. It does nothing if the
// terminal is not raw, or if this process is in the background: the shell has
// set the modes that it needs. When several processes of a pipeline had the
// terminal raw at the same time, they may begin and end in any order: the one
// that knows the original modes restores them.
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

// restored reports whether a terminal that we have made raw must be left as it
// is. That is so if it reads lines again, with echo if it had echo: another
// process has restored the original modes, and the modes that we saved may be
// raw. And it is so if nothing would change: setting a raw mode again might
// undo the work of a process that is restoring the terminal now.
func restored(now, saved *termios) bool {
	if *now == *saved {
		return true
	}
	is, was := modeOf(now), modeOf(saved)
	return is.Canonical && (is.Echo || !was.Echo)
}

// Foreground reports whether this process is in the terminal's foreground
// process group, where reading and setting modes does not stop it.
func (t *Terminal) Foreground() bool {
	return t.ForegroundGroup() == processGroup()
}

// Close restores the terminal and closes it; see [Conn.Close].
func (t *Terminal) Close() error {
	return errors.Join(t.Restore(), t.Conn.Close())
}

// Size returns the terminal's size. It is zero, without an error, if the
// terminal does not know it (a serial line, some containers).
func (c *Conn) Size() (s Size, err error) {
	err = c.control(func(fd int) error {
		s, err = getSize(fd)
		return err
	})
	return s, err
}

// SetSize sets the terminal's size. If it changes, the kernel sends SIGWINCH to
// the terminal's foreground processes.
func (c *Conn) SetSize(s Size) error {
	return c.control(func(fd int) error { return setSize(fd, s) })
}

// Mode holds the modes of a terminal's line discipline that matter to a
// recorder.
type Mode struct {
	// Echo reports whether the terminal shows typed characters.
	Echo bool
	// Canonical reports whether programs read input by the line.
	Canonical bool
	// EOF is the character that ends the input in canonical mode; usually ^D.
	EOF byte
}

// Mode returns the current modes. On the master of a pseudo-terminal these are
// the modes that the program on the other side has set.
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

// CopyModes copies the modes of another terminal to c, a pseudo-terminal: the
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

// SetUTF8 makes the line discipline erase a whole UTF-8 character at a time. A
// new pseudo-terminal does not; terminal emulators set it.
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

// ForegroundGroup returns the terminal's foreground process group; on a master,
// that of the programs on the other side. It is -1 if there is none or it is
// unknown.
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

// InputRead reports whether the program has read all input that was written to
// this master; true also if that is unknown.
func (c *Conn) InputRead() bool {
	n := 0
	err := c.control(func(fd int) (err error) {
		n, err = unreadInput(fd)
		return err
	})
	return err != nil || n == 0
}

// Drain waits until all written bytes have left the kernel's buffers
// (tcdrain(3)). On a pseudo-terminal, where the other side is a program and no
// wire, it returns at once.
func (c *Conn) Drain() error { return c.control(drain) }

// OpenPTY makes a pseudo-terminal of the given size. The slave is the program's
// side, the master that of the terminal. The caller closes both. The master's
// Read returns [io.EOF] once no process has the slave open.
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

// NotifyResize returns a channel that receives a value when the terminal's size
// may have changed. The channel buffers one value, so no change is missed. Call
// NotifyResize before the first call of [Conn.Size]. stop ends it, and does not
// close the channel.
func NotifyResize() (c <-chan os.Signal, stop func()) { return notifyResize() }

// Available reports whether this process has a terminal that can be opened.
func Available() bool {
	t, err := Open()
	if err != nil {
		return false
	}
	t.Close()
	return true
}

// HoldQuit ignores SIGQUIT until stop is called: a C-\ that is typed before a
// terminal is raw, or after that, would end the program with a dump of its
// goroutines.
func HoldQuit() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGQUIT)
	return func() { signal.Stop(c) }
}
