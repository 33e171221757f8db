package play

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// processTerminal is the terminal of the process, as a Terminal.
type processTerminal struct {
	*tty.Terminal
	resized   chan struct{}
	continued chan struct{}
	stop      chan struct{}
}

// openTerminal opens the terminal of the process. Keys are read from it, so
// standard input is free for the recording.
func openTerminal() (*processTerminal, error) {
	t, err := tty.Open()
	if err != nil {
		return nil, err
	}
	p := &processTerminal{
		Terminal: t, resized: make(chan struct{}, 1), continued: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	// Before the size is first read, so that no change is missed.
	changes, stop := tty.NotifyResize()
	continues, stopToo := notifyContinue()
	go func() {
		defer stop()
		defer stopToo()
		for {
			tell := p.resized
			select {
			case <-changes:
			case <-continues:
				tell = p.continued
			case <-p.stop:
				return
			}
			select {
			case tell <- struct{}{}:
			default:
			}
		}
	}()
	return p, nil
}

// Size returns the terminal's size.
func (p *processTerminal) Size() (format.Size, error) {
	s, err := p.Terminal.Size()
	return format.Size(s), err
}

// MakeRaw puts the terminal into raw mode.
func (p *processTerminal) MakeRaw() (restore func() error, err error) {
	return p.Terminal.Restore, p.Terminal.Raw()
}

// Resized returns a channel that receives when Size may have changed.
func (p *processTerminal) Resized() <-chan struct{} { return p.resized }

// Continued returns a channel that receives when the stopped process continues:
// the shell has used the terminal meanwhile.
func (p *processTerminal) Continued() <-chan struct{} { return p.continued }

// Close restores and closes the terminal.
func (p *processTerminal) Close() error {
	close(p.stop)
	return p.Terminal.Close()
}
