package record

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"
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

// display is what the recorder itself shows in the user's terminal. It goes to
// the title, which is saved before and restored after: on the screen it would
// get between what programs draw. The pump writes it, between two sequences of
// the program's output.
type display struct {
	on      bool   // there is a terminal
	titling bool   // which knows titles
	wake    func() // makes the pump look

	mu      sync.Mutex // guards what follows
	pending []byte     // what to write
	since   time.Time  // when pending became so
	titled  bool       // our title is shown, the program's is saved
	cue     int        // counts titles, so that a cue clears only itself
}

// insert has s written.
func (d *display) insert(s string) {
	if !d.on || s == "" {
		return
	}
	d.mu.Lock()
	if len(d.pending) == 0 {
		d.since = time.Now()
	}
	d.pending = append(d.pending, s...)
	d.mu.Unlock()
	d.wake()
}

// take gives what to write now, after output that ended in tail.
func (d *display) take(tail []byte) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pending) == 0 || !isWhole(tail) && time.Since(d.since) < insertWait {
		return nil
	}
	s := d.pending
	d.pending = nil
	return s
}

// due tells how long it is until what waits is written in any case.
func (d *display) due() (time.Duration, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pending) == 0 {
		return 0, false
	}
	return max(0, insertWait-time.Since(d.since)), true
}

// Titles are saved and restored by XTWINOPS 22 and 23, and set by OSC 2.
const (
	saveTitle    = "\x1b[22;2t"
	restoreTitle = "\x1b[23;2t"
)

// title shows a title; with "" the program's again. A cue is shown for a
// short time only.
func (d *display) title(s string, cue bool) {
	if !d.titling {
		return
	}
	d.mu.Lock()
	seq := d.titleSequence(s)
	this := d.cue
	d.mu.Unlock()
	d.insert(seq)
	if cue {
		time.AfterFunc(cueTime, func() {
			d.mu.Lock()
			seq := ""
			if d.cue == this { // nothing is shown since
				seq = d.titleSequence("")
			}
			d.mu.Unlock()
			d.insert(seq)
		})
	}
}

// titleSequence gives what to write for a title; d.mu must be held.
func (d *display) titleSequence(s string) string {
	d.cue++
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
	return seq
}

// end gives what is still to be written at the end of the session, and takes
// nothing more.
func (d *display) end() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := append(d.pending, d.titleSequence("")...)
	d.pending = nil
	return s
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
