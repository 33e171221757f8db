package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/internal/tty"
)

// progressBar draws the progress of long work on a terminal. It draws nothing
// elsewhere, and nothing for short work.
type progressBar struct {
	stop chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	w     io.Writer
	drawn bool // the bar is in the last line
}

// startProgress draws progress until Stop. state returns a name for the work, how
// much is done, and the total, 0 if unknown.
func startProgress(w io.Writer, state func() (what string, done, total int64)) *progressBar {
	p := &progressBar{w: w, stop: make(chan struct{})}
	if !tty.IsTerminal(w) {
		return p
	}
	p.done.Go(func() {
		const wait, step = 500 * time.Millisecond, 100 * time.Millisecond
		timer := time.NewTimer(wait)
		for {
			select {
			case <-p.stop:
				p.Write(nil)
				return
			case <-timer.C:
				timer.Reset(step)
			}
			if what, done, total := state(); total > 0 {
				p.mu.Lock()
				io.WriteString(w, "\r"+progressLine(what, done, total)+"\x1b[K")
				p.drawn = true
				p.mu.Unlock()
			}
		}
	})
	return p
}

// Write writes b in the place of the bar, which is drawn again below it.
func (p *progressBar) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		io.WriteString(p.w, "\r\x1b[K")
		p.drawn = false
	}
	return p.w.Write(b)
}

// Stop removes the bar. Call it once.
func (p *progressBar) Stop() {
	close(p.stop)
	p.done.Wait()
}

// progressLine returns the bar, in less than 80 columns.
func progressLine(what string, done, total int64) string {
	const width = 30
	done = min(done, total)
	full := int(done * width / total)
	if n := 38; len(what) > n {
		what = "…" + strings.ToValidUTF8(what[len(what)-n:], "")
	}
	return fmt.Sprintf("[%s%s] %3d%% %s", strings.Repeat("#", full), strings.Repeat(".", width-full), done*100/total, printable(what))
}
