//go:build unix

package play

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Suspend stops the process and all that were started with it in a pipeline,
// and returns when it goes on.
func (p *processTerminal) Suspend() error {
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGCONT)
	defer signal.Stop(on)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-on:
	case <-time.After(300 * time.Millisecond):
		// Nothing stops a process without a shell that would let it go on
		// (POSIX: orphaned process groups), so it has not stopped.
	}
	return nil
}

// notifyContinue gives a channel that gets a value when the process goes on
// after it was stopped.
func notifyContinue() (<-chan os.Signal, func()) {
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGCONT)
	return on, func() { signal.Stop(on) }
}
