package transcript

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
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
func merge(cmds []Command, seen []sight, match func(string) bool, opts SearchOptions) []Hit {
	var hits []Hit
	next := 0 // the first command that was not entered yet
	lines := make([]map[string]bool, len(cmds))
	enter := func() {
		c := &cmds[next]
		lines[next] = map[string]bool{}
		for line := range strings.SplitSeq(c.Output, "\n") {
			if match(line) {
				lines[next][strings.TrimSpace(line)] = true
			}
		}
		if opts.Commands && match(c.Text) {
			hits = append(hits, Hit{Where: InCommand, Time: c.Start, Text: c.Text, Command: c})
		}
		next++
	}
	for _, s := range seen {
		for next < len(cmds) && cmds[next].Start <= s.Time {
			enter()
		}
		h, text, typed := s.Hit, strings.TrimSpace(s.Text), false
		h.Where = InScreen
		if next > 0 && h.Time <= cmds[next-1].End {
			h.Command = &cmds[next-1]
		}
		// It came in one look with what came before: which of the commands
		// of that time was it?
		for i := next - 1; i >= max(0, next-mostAtOnce); i-- {
			if cmds[i].End < s.since {
				continue // it may be part of one that goes on
			}
			if lines[i][text] {
				h.Where, h.Command, h.Time = InOutput, &cmds[i], min(h.Time, cmds[i].End)
				break
			}
			typed = typed || s.since <= cmds[i].Start && containsLine(h.Text, cmds[i].Text)
		}
		typed = typed || next < len(cmds) && h.Time >= cmds[next].PromptAt && containsLine(h.Text, cmds[next].Text)
		switch {
		case h.Where == InScreen && typed: // the command being typed: told as such
		case h.Where == InOutput && !opts.Output, h.Where == InScreen && !opts.Screen:
		default:
			hits = append(hits, h)
		}
	}
	for next < len(cmds) {
		enter()
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Time, b.Time) })
	return hits
}

// mostAtOnce is how many commands are looked at for what was seen in one look.
const mostAtOnce = 64

// sight is a line that was seen on the screen: what is drawn in a short time is
// looked at once.
type sight struct {
	Hit
	since time.Duration // when the time began that was looked at
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
	since  time.Duration // the first event that was not looked at
	// rows holds, for the primary and the alternate screen, a hash of the text
	// of each row when it was last looked at.
	rows  [2][]uint64
	hits  []sight
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

// What is drawn with pauses below frameGap is looked at together, but at least
// once in a longestFrame.
const (
	frameGap     = 10 * time.Millisecond
	longestFrame = 100 * time.Millisecond
)

func (w *watcher) event(ev format.Event) {
	switch ev.Code {
	case format.Output:
		if ev.Time-w.now >= frameGap || ev.Time-w.since >= longestFrame {
			w.look()
		}
		if !w.dirty {
			w.since = ev.Time
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
	w.hits = append(w.hits, sight{Hit{Time: w.now, Text: text}, w.since})
}

func (w *watcher) finish() { w.look() }
