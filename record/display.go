package record

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/internal/tty"
)

const (
	// tailSize is how much of the output's end is looked at for an escape
	// sequence that is not complete.
	tailSize = 256
	// insertWait is how long an insertion waits for the program to end the
	// sequence that it is in.
	insertWait = 200 * time.Millisecond
	// cueTime is how long a cue stays in the title.
	cueTime = 1500 * time.Millisecond
)

// display is the user's terminal as the place where output is shown. The
// recorder's own signs go to the terminal's title, which it saves before and
// restores after: on the screen they would get between what programs draw.
type display struct {
	term    *tty.Terminal // nil when headless
	titling bool          // the terminal knows titles

	mu      sync.Mutex // guards what follows and the order of writes
	dead    bool       // the terminal has hung up
	tail    []byte     // the end of the output so far
	pending []byte     // waits for the end of an escape sequence
	titled  bool       // our title is shown, the program's is saved
	cue     int        // counts titles, so that a cue clears only itself
}

// show shows the program's output. A slow terminal makes it wait.
func (d *display) show(p []byte) {
	if d.term == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write(p)
	if n := len(p); n >= tailSize {
		d.tail = append(d.tail[:0], p[n-tailSize:]...)
	} else {
		if over := len(d.tail) + n - tailSize; over > 0 {
			d.tail = append(d.tail[:0], d.tail[over:]...)
		}
		d.tail = append(d.tail, p...)
	}
	if len(d.pending) > 0 && isWhole(d.tail) {
		d.insertNow()
	}
}

// write writes to the terminal, until that hangs up: the recording goes on
// without. d.mu must be held.
func (d *display) write(p []byte) {
	if d.dead {
		return
	}
	if _, err := d.term.Write(p); err != nil {
		d.dead = true
	}
}

// insert writes s between two sequences of the program's output.
func (d *display) insert(s string) {
	if d.term == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append(d.pending, s...)
	if isWhole(d.tail) {
		d.insertNow()
		return
	}
	time.AfterFunc(insertWait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.insertNow()
	})
}

func (d *display) insertNow() {
	if len(d.pending) > 0 {
		d.write(d.pending)
		d.pending = d.pending[:0]
	}
}

// Titles are saved and restored by XTWINOPS 22 and 23, and set by OSC 2.
const (
	saveTitle    = "\x1b[22;2t"
	restoreTitle = "\x1b[23;2t"
)

// title shows a title; with "" the program's again. A cue is shown for a
// short time only.
func (d *display) title(s string, cue bool) {
	if d.term == nil || !d.titling {
		return
	}
	d.mu.Lock()
	d.cue++
	this := d.cue
	seq := ""
	if !d.titled && s != "" {
		seq = saveTitle
	}
	if s != "" {
		seq += "\x1b]2;" + s + "\x1b\\"
	} else if d.titled {
		seq = restoreTitle
	}
	d.titled = s != ""
	d.mu.Unlock()
	d.insert(seq)
	if cue {
		time.AfterFunc(cueTime, func() {
			d.mu.Lock()
			stale := d.cue != this
			d.mu.Unlock()
			if !stale {
				d.title("", false)
			}
		})
	}
}

// close takes our title away.
func (d *display) close() {
	d.title("", false)
	if d.term != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.insertNow()
		d.dead = true // a cue's timer must not write to what is the shell's again
	}
}

// isWhole says whether the output that ends in tail is not inside an escape
// sequence or a character.
func isWhole(tail []byte) bool {
	for n := 1; n <= min(utf8.UTFMax-1, len(tail)); n++ {
		c := tail[len(tail)-n]
		if c >= 0xc0 {
			if !utf8.FullRune(tail[len(tail)-n:]) {
				return false
			}
			break
		}
		if c < 0x80 {
			break
		}
	}
	esc := bytes.LastIndexByte(tail, 0x1b)
	if esc < 0 {
		return true
	}
	seq := tail[esc:]
	if len(seq) == 1 {
		return false
	}
	switch seq[1] {
	case '[':
		for _, c := range seq[2:] {
			if c >= 0x40 && c <= 0x7e || c < 0x20 {
				return true
			}
		}
		return false
	case ']', 'P', '_', '^', 'X':
		return bytes.ContainsAny(seq, "\x07\x18\x1a") // ST would be a later ESC
	}
	for _, c := range seq[1:] {
		if c >= 0x30 {
			return true
		}
	}
	return false
}
