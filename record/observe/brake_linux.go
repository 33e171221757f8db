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

// The brake checks the ring every brakeEvery. While it stops the session, it
// sends guardHeld to the guard every brakeRepeat; if none comes for guardWaits,
// the guard resumes the session.
const (
	brakeEvery  = time.Millisecond
	brakeRepeat = 100 * time.Millisecond
	guardWaits  = time.Second
)

// The messages from the brake to the guard.
const (
	guardHeld = 's' // the session's output is stopped
	guardFree = 'g' // the session's output is free
)

// brake stops the session's output when the ring is half full, and resumes it
// when the ring is a quarter full.
type brake struct {
	t       *target
	command []string
	guard   *exec.Cmd
	tell    io.WriteCloser
}

func newBrake(t *target, guard []string) (*brake, error) {
	if t.slave < 0 {
		return nil, errors.New("cannot open the terminal, whose output a lossless recording has to stop")
	}
	tty := t.session.TTY
	b := &brake{t: t, command: append(guard[:len(guard):len(guard)],
		fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), t.slave), strconv.FormatUint(uint64(tty.Number), 10), strconv.FormatUint(tty.Instance, 10))}
	if err := b.start(); err != nil {
		return nil, err
	}
	return b, nil
}

// start starts the guard, and returns when it is ready.
func (b *brake) start() error {
	b.guard = exec.Command(b.command[0], b.command[1:]...)
	b.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a signal to our process group must not kill it
	b.guard.Stderr = os.Stderr
	out, err := b.guard.StdoutPipe()
	if err != nil {
		return err
	}
	if b.tell, err = b.guard.StdinPipe(); err != nil {
		return err
	}
	if err := b.guard.Start(); err != nil {
		return fmt.Errorf("starting the guard: %w", err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		b.end()
		return fmt.Errorf("starting the guard: %w", err)
	}
	return nil
}

func (b *brake) end() {
	b.tell.Close()
	b.guard.Wait()
}

// say sends a message to the guard, or to a new one if the guard is gone.
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

// run brakes until stop is closed. It has a thread of its own, with the highest
// priority that it may have: the ring may fill between two checks.
func (b *brake) run(ring *ringbuf.Reader, stop <-chan struct{}) {
	runtime.LockOSThread() // and never unlock it: the thread ends, with its priority
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
			// First notify the guard, then brake. Without a guard do not brake.
			if b.say(guardHeld) != nil {
				free()
				continue
			}
			held, said = true, now
			_ = b.t.flow(unix.TCOOFF)
		}
	}
}

// flow stops or resumes the session's output, as tcflow(3) with action.
func (t *target) flow(action int) error {
	return t.withSlave(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCXONC, action) })
}

// Guard is the guard of a lossless [Observer], which starts it in a process of
// its own: args are the last arguments of its command line, stdin and stdout
// its standard input and output. Guard returns when the Observer has ended in
// any way and the session's output is free. It renames the process.
func Guard(stdin, stdout *os.File, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("guard: %d arguments; want the terminal's path, number and devpts instance", len(args))
	}
	number, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil {
		return err
	}
	instance, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	tty := sessions.TTY{Number: uint32(number), Instance: instance}
	t := &target{leader: -1, slave: openSlave(args[0], tty)}
	if t.slave < 0 {
		return fmt.Errorf("guard: %s is not the session's terminal", args[0])
	}
	defer t.close()
	// Another name than the observer's, so that a kill by name spares the
	// guard.
	_ = os.WriteFile("/proc/self/comm", []byte("tty-guard"), 0)
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
		case n > 0: // the brake has resumed the output itself
		case held:
			_ = t.flow(unix.TCOON) // the brake is gone, or hangs
		}
		if ready >= 0 && n == 0 {
			return nil
		}
		wait = -1
	}
}
