//go:build unix

package play

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Suspend stops the process and the others of its pipeline, and returns when it
// continues.
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
		// The process has not stopped: without a shell that could continue it,
		// it cannot (POSIX: orphaned process groups).
	}
	return nil
}

// notifyContinue returns a channel that receives when the stopped process
// continues, and a function that ends that.
func notifyContinue() (<-chan os.Signal, func()) {
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGCONT)
	return on, func() { signal.Stop(on) }
}
