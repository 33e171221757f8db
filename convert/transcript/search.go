package transcript

import (
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Where a [Hit] was found.
const (
	InCommand = "command" // in a command's text
	InOutput  = "output"  // in what a command printed
	InScreen  = "screen"  // on the screen, in neither of them
)

// A Hit is a place where something was found.
type Hit struct {
	Where string
	// Time is when it could first be seen on the screen. For a command it is
	// when that was entered.
	Time time.Duration
	// Text is the line it is in.
	Text string
	// Command is the command in whose time it is; nil if there is none.
	Command *Command
}

// SearchOptions change what [Search] looks at. The zero value looks
// everywhere.
type SearchOptions struct {
	Commands, Output, Screen bool // all false is all true
	// Max is how many hits are given at most; 0 is 10000.
	Max int
	Options
}

// Search finds the lines of a recording for which match is true: commands, what
// they printed, and whatever else stood on the screen at some moment, also in
// full-screen programs. Hits come in the order of time. The commands are those
// of the whole recording. When it ends in an error, what was found up to there
// is given with the error.
func Search(cast format.Cast, match func(string) bool, opts SearchOptions) ([]Hit, []Command, error) {
	if !opts.Commands && !opts.Output && !opts.Screen {
		opts.Commands, opts.Output, opts.Screen = true, true, true
	}
	if opts.Max <= 0 {
		opts.Max = 10000
	}
	w := &watcher{match: match, max: opts.Max, seed: maphash.MakeSeed()}
	if opts.Output || opts.Screen {
		w.watch(&cast)
	}
	var cmds []Command
	var err error
	for c, cmdErr := range Commands(cast, opts.Options) {
		if cmdErr != nil {
			err = cmdErr
			break
		}
		cmds = append(cmds, c)
	}
	w.finish()
	if err == nil && w.full {
		err = fmt.Errorf("more than %d lines match: the rest was not looked at", opts.Max)
	}
	return merge(cmds, w.hits, match, opts), cmds, err
}

// merge says of what was seen on the screen in what it is.
func merge(cmds []Command, seen []Hit, match func(string) bool, opts SearchOptions) []Hit {
	var hits []Hit
	next := 0
	at := -1 // the command that runs
	var lines map[string]bool
	typed := ""
	enter := func(i int) {
		at = i
		c := &cmds[i]
		lines = map[string]bool{}
		for line := range strings.SplitSeq(c.Output, "\n") {
			if match(line) {
				lines[strings.TrimSpace(line)] = true
			}
		}
		typed = c.Text
		if opts.Commands && match(c.Text) {
			hits = append(hits, Hit{Where: InCommand, Time: c.Start, Text: c.Text, Command: c})
		}
	}
	for _, h := range seen {
		for next < len(cmds) && cmds[next].Start <= h.Time {
			enter(next)
			next++
		}
		text := strings.TrimSpace(h.Text)
		if at >= 0 && h.Time <= cmds[at].End {
			h.Command = &cmds[at]
		}
		switch {
		case h.Command != nil && lines[text]:
			h.Where = InOutput
		case next < len(cmds) && h.Time >= cmds[next].PromptAt && containsLine(h.Text, cmds[next].Text),
			at >= 0 && h.Time <= cmds[at].Start && containsLine(h.Text, typed):
			continue // the command being typed: told as such
		default:
			h.Where = InScreen
		}
		if h.Where == InOutput && !opts.Output || h.Where == InScreen && !opts.Screen {
			continue
		}
		hits = append(hits, h)
	}
	for ; next < len(cmds); next++ {
		enter(next)
	}
	return hits
}

// containsLine tells whether what was on the screen is part of a command that
// was typed there.
func containsLine(screen, command string) bool {
	first, _, _ := strings.Cut(command, "\n")
	return strings.HasSuffix(screen, first)
}

// watcher looks at each state of the screen.
type watcher struct {
	match  func(string) bool
	screen *vt.Screen
	seed   maphash.Seed
	now    time.Duration
	// rows holds, for the primary and the alternate screen, a hash of the text
	// of each row when it was last looked at.
	rows  [2][]uint64
	hits  []Hit
	max   int
	full  bool
	buf   []byte
	dirty bool
}

// watch makes w see the events that are ranged over.
func (w *watcher) watch(cast *format.Cast) {
	size := cast.Header.Size
	if size == (format.Size{}) {
		size = format.Size{Cols: 80, Rows: 24}
	}
	w.screen = vt.New(size.Cols, size.Rows, vt.WithHooks(vt.Hooks{LineLeft: w.left}))
	events := cast.Events
	cast.Events = func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if err == nil && !w.full {
				w.event(ev)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

func (w *watcher) event(ev format.Event) {
	switch ev.Code {
	case format.Output:
		if ev.Time-w.now >= 10*time.Millisecond {
			w.look()
		}
		w.now = ev.Time
		w.screen.WriteString(ev.Data)
		w.dirty = true
	case format.Resize:
		if size, err := ev.Size(); err == nil {
			w.screen.Resize(size.Cols, size.Rows)
		}
	}
}

func (w *watcher) look() {
	if w.screen == nil || !w.dirty {
		return
	}
	w.dirty = false
	rows := w.seen()
	w.screen.Dirty(func(y int) bool {
		for len(*rows) <= y {
			*rows = append(*rows, 0)
		}
		w.row(w.screen.Row(y), &(*rows)[y])
		return true
	})
}

// left is told of lines that leave the screen, perhaps before they were looked
// at.
func (w *watcher) left(row vt.Row, why vt.Leave) {
	if why != vt.LeftTop {
		return
	}
	rows := *w.seen()
	if len(rows) == 0 {
		rows = []uint64{0}
	}
	w.row(row, &rows[0])
	copy(rows, rows[1:])
	rows[len(rows)-1] = 0
}

// seen gives the hashes of the screen that is shown.
func (w *watcher) seen() *[]uint64 {
	if w.screen.OnAlternate() {
		return &w.rows[1]
	}
	return &w.rows[0]
}

func (w *watcher) row(row vt.Row, last *uint64) {
	w.buf = row.AppendText(w.buf[:0])
	if len(w.buf) == 0 {
		*last = 0
		return
	}
	hash := maphash.Bytes(w.seed, w.buf) | 1
	if hash == *last {
		return
	}
	*last = hash
	text := strings.TrimRight(string(w.buf), " ")
	if !w.match(text) {
		return
	}
	// Typing makes a new text of the same line at each key.
	if n := len(w.hits); n > 0 && strings.HasPrefix(text, w.hits[n-1].Text) && w.hits[n-1].Time != w.now {
		w.hits[n-1].Text = text
		return
	}
	if len(w.hits) >= w.max {
		w.full = true
		return
	}
	w.hits = append(w.hits, Hit{Time: w.now, Text: text})
}

func (w *watcher) finish() { w.look() }
