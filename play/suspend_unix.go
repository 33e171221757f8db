//go:build unix

package play

import (
	"os"
	"os/signal"
	"syscall"
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
	<-on
	return nil
}
