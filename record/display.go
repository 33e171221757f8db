package record

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// tailSize is the length of the end of the output, in bytes, that is
	// searched for an unfinished escape sequence.
	tailSize = 256
	// insertWait bounds how long an insertion waits for the program to finish
	// an escape sequence.
	insertWait = 200 * time.Millisecond
	// cueTime is the time for which a cue stays in the title.
	cueTime = 1500 * time.Millisecond
)

// display shows the recorder's own messages in the user's terminal. They go to
// the title, which is saved before and restored after: on the screen they would
// mix with the programs' output. The pump writes them between two sequences of
// the program's output.
type display struct {
	on      bool   // there is a terminal
	titling bool   // it supports titles
	wake    func() // wakes the pump

	mu      sync.Mutex // guards the fields below
	pending []byte     // bytes to write
	since   time.Time  // when the first of pending was inserted
	titled  bool       // our title is shown, the program's is saved
	cue     int        // counts titles, so that a cue clears only itself
}

// insert queues s for the terminal.
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

// take returns the bytes to write now, after output that ended in tail.
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

// due returns how long pending bytes may still wait; false if there are none.
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

// title shows a title; "" restores the program's. A cue is shown only for
// cueTime.
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
			if d.cue == this { // no newer title
				seq = d.titleSequence("")
			}
			d.mu.Unlock()
			d.insert(seq)
		})
	}
}

// titleSequence returns the escape sequences that show a title; d.mu must be
// held.
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

// end returns the bytes that are still to be written at the end of the session.
func (d *display) end() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := append(d.pending, d.titleSequence("")...)
	d.pending = nil
	return s
}

// isWhole reports whether output that ends in tail ends outside of escape
// sequences and characters.
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
