package play

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// processTerminal is the terminal of the process, as a Terminal.
type processTerminal struct {
	*tty.Terminal
	resized chan struct{}
	stop    chan struct{}
}

// openTerminal opens the terminal of the process. Keys are read from it, so
// standard input is free for the recording.
func openTerminal() (*processTerminal, error) {
	t, err := tty.Open()
	if err != nil {
		return nil, err
	}
	p := &processTerminal{Terminal: t, resized: make(chan struct{}, 1), stop: make(chan struct{})}
	// Before anybody asks for the size, so that no change is missed.
	changes, stop := tty.NotifyResize()
	go func() {
		defer stop()
		for {
			select {
			case <-changes:
			case <-p.stop:
				return
			}
			select {
			case p.resized <- struct{}{}:
			default:
			}
		}
	}()
	return p, nil
}

// Size gives the terminal's size.
func (p *processTerminal) Size() (format.Size, error) {
	s, err := p.Terminal.Size()
	return format.Size(s), err
}

// MakeRaw puts the terminal in raw mode.
func (p *processTerminal) MakeRaw() (restore func() error, err error) {
	return p.Terminal.Restore, p.Terminal.Raw()
}

// Resized tells that Size may have changed.
func (p *processTerminal) Resized() <-chan struct{} { return p.resized }

// Close restores and closes the terminal.
func (p *processTerminal) Close() error {
	close(p.stop)
	return p.Terminal.Close()
}
