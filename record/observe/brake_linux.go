package observe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"github.com/ttydeck/ttydeck/record/sessions"
	"golang.org/x/sys/unix"
)

// How often the brake looks at the ring, and how long the guard waits for it to
// say again that it holds the session: of one that cannot, it is let go.
const (
	brakeEvery  = time.Millisecond
	brakeRepeat = 100 * time.Millisecond
	guardWaits  = time.Second
)

// What the brake tells the guard.
const (
	guardHeld = 's'
	guardFree = 'g'
)

// brake stops the session's output while the ring is full.
type brake struct {
	t       *target
	command []string
	guard   *exec.Cmd
	tell    io.WriteCloser
}

func newBrake(t *target, guard []string) (*brake, error) {
	if !t.isSlave(t.slave) {
		return nil, errors.New("the terminal cannot be opened, to stop its output when the recording is behind")
	}
	tty := t.session.TTY
	b := &brake{t: t, command: append(guard[:len(guard):len(guard)],
		t.slave, strconv.FormatUint(uint64(tty.Number), 10), strconv.FormatUint(tty.Instance, 10))}
	return b, b.start()
}

// start starts the guard, and returns when it is on guard.
func (b *brake) start() error {
	b.guard = exec.Command(b.command[0], b.command[1:]...)
	b.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what kills us shall not kill it
	b.guard.Stderr = os.Stderr
	out, err := b.guard.StdoutPipe()
	if err != nil {
		return err
	}
	if b.tell, err = b.guard.StdinPipe(); err != nil {
		return err
	}
	if err := b.guard.Start(); err != nil {
		return fmt.Errorf("the guard: %w", err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		b.end()
		return fmt.Errorf("the guard: %w", err)
	}
	return nil
}

func (b *brake) end() {
	b.tell.Close()
	b.guard.Wait()
}

// say tells the guard, another one if this one is gone.
func (b *brake) say(what byte) error {
	_, err := b.tell.Write([]byte{what})
	if err != nil {
		b.end()
		if err = b.start(); err == nil {
			_, err = b.tell.Write([]byte{what})
		}
	}
	return err
}

// run brakes until stop is closed. It has a thread of its own, before all
// others where that may be: while it does not look the ring may fill.
func (b *brake) run(ring *ringbuf.Reader, stop <-chan struct{}) {
	runtime.LockOSThread() // and never unlocked: the thread ends with its priority
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20)
	held, said := false, time.Time{}
	free := func() {
		if held {
			_ = b.t.flow(unix.TCOON)
			_ = b.say(guardFree)
			held = false
		}
	}
	defer func() {
		free()
		b.end()
	}()
	pause := unix.NsecToTimespec(brakeEvery.Nanoseconds())
	for {
		select {
		case <-stop:
			return
		default:
		}
		_ = unix.Nanosleep(&pause, nil)
		switch full, now := ring.AvailableBytes(), time.Now(); {
		case held && full < ring.BufferSize()/4:
			free()
		case full > ring.BufferSize()/2 && (!held || now.Sub(said) > brakeRepeat):
			// First the guard, then the brake. Without a guard there is none.
			if b.say(guardHeld) != nil {
				free()
				continue
			}
			held, said = true, now
			_ = b.t.flow(unix.TCOOFF)
		}
	}
}

// flow stops or starts the session's output, by tcflow(3) with action.
func (t *target) flow(action int) error {
	return t.withSlave(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCXONC, action) })
}

// Guard is the guard of a lossless [Observer], which starts it with args as the
// last ones of its command line and speaks with it on its standard input and
// output. It returns when the Observer has ended, in whatever way, and the
// session's output is free.
func Guard(stdin, stdout *os.File, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("%d arguments; want the terminal's path, number and devpts instance", len(args))
	}
	number, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil {
		return err
	}
	instance, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	// Not by the observer's name: who kills all of that name shall leave us.
	_ = os.WriteFile("/proc/self/comm", []byte("tty-guard"), 0)
	t := &target{session: sessions.Session{TTY: sessions.TTY{Number: uint32(number), Instance: instance}}, slave: args[0]}
	if _, err := stdout.Write([]byte{guardFree}); err != nil {
		return err
	}
	wait, order := -1, make([]byte, 1)
	for {
		ready, err := poll([]int{int(stdin.Fd())}, wait)
		if err != nil {
			return err
		}
		held := wait >= 0
		n := 0
		if ready >= 0 {
			n, _ = stdin.Read(order)
		}
		switch {
		case n > 0 && order[0] == guardHeld:
			wait = int(guardWaits.Milliseconds())
			continue
		case n > 0: // it has let it go itself
		case held:
			_ = t.flow(unix.TCOON) // gone, or not to be waited for
		}
		if ready >= 0 && n == 0 {
			return nil
		}
		wait = -1
	}
}
