package transcript

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// Places where a [Hit] was found.
const (
	// InCommand is the text of a command.
	InCommand = "command"
	// InOutput is the output of a command.
	InOutput = "output"
	// InScreen is anything else on the screen.
	InScreen = "screen"
	// InInput is a line that was typed, according to the recorded input.
	InInput = "input"
)

// A Hit is a line that matches.
type Hit struct {
	// Where is the place: InCommand, InOutput, InScreen or InInput.
	Where string
	// Time is when the line first appeared on the screen, or when the command
	// was entered. It counts from the start of the recording.
	Time time.Duration
	// Text is the line; of a command, all of its lines.
	Text string
	// Command is the command that was being run or, for InCommand, entered,
	// without its output; nil if there is none.
	Command *Command
}

// SearchOptions change what [Search] looks at. The zero value looks
// everywhere.
type SearchOptions struct {
	// Commands, Output, Screen and Input limit the search to those places. All
	// false means all true, except that lines of the input that are in a command
	// are not searched again.
	Commands, Output, Screen, Input bool
	// Max is the most hits returned; 0 means 10000.
	Max int
	// Options change how commands are read.
	Options
}

// Search returns the lines of a recording for which match is true, in order of
// time: commands, their output, and anything else that was on the screen at some
// moment, also in full-screen programs; and lines of the recorded input that are in
// no command. If the recording ends in an error, or
// more than Max lines match, the results up to there come with an error.
func Search(cast format.Cast, match func(string) bool, opts SearchOptions) ([]Hit, error) {
	unseen := !opts.Commands && !opts.Output && !opts.Screen && !opts.Input
	if unseen {
		opts.Commands, opts.Output, opts.Screen = true, true, true
	}
	if opts.Max <= 0 {
		opts.Max = 10000
	}
	w := &watcher{match: match, max: opts.Max, seed: maphash.MakeSeed()}
	if opts.Output || opts.Screen {
		w.watch(&cast)
	}
	var typed func(time.Duration, string)
	if opts.Input {
		typed = w.typed
	}
	list, err := readAll(cast, opts.Options, typed)
	defer func() { list.Close() }()
	w.finish()
	if unseen {
		for _, l := range list.unseenLines {
			w.typed(l.at, l.text)
		}
	}
	slices.SortStableFunc(w.hits, func(a, b sight) int { return cmp.Compare(a.Time, b.Time) })
	if err == nil && w.full {
		err = fmt.Errorf("more than %d lines match: the rest was not searched", opts.Max)
	}
	m := merger{match: match, opts: opts}
	m.merge(list, w.hits)
	if err == nil {
		err = list.Err()
	}
	return m.hits, err
}

// merger sorts the lines seen on the screen by the place they belong to.
type merger struct {
	match func(string) bool
	opts  SearchOptions
	hits  []Hit
	// entered are the latest commands that have been entered.
	entered []enteredCommand
}

// enteredCommand is a command with the matching lines of its output.
type enteredCommand struct {
	*Command
	lines map[string]bool
}

func (m *merger) merge(list *List, seen []sight) {
	next, stop := iter.Pull(list.each(len(seen) > 0))
	defer stop()
	c, more := next()
	for _, s := range seen {
		for more && c.Start <= s.Time {
			m.enter(c)
			c, more = next()
		}
		m.sort(s, c, more)
	}
	for more {
		m.enter(c)
		c, more = next()
	}
	slices.SortStableFunc(m.hits, func(a, b Hit) int { return cmp.Compare(a.Time, b.Time) })
}

func (m *merger) enter(c Command) {
	lines := map[string]bool{}
	if c.Output != "" {
		for line := range strings.SplitSeq(c.Output, "\n") {
			if m.match(line) {
				lines[strings.TrimSpace(line)] = true
			}
		}
	}
	c.Output, c.Styled = "", ""
	if m.opts.Commands && m.match(c.Text) {
		m.hits = append(m.hits, Hit{Where: InCommand, Time: c.Start, Text: c.Text, Command: &c})
	}
	if len(m.entered) == mostAtOnce {
		m.entered = slices.Delete(m.entered, 0, 1)
	}
	m.entered = append(m.entered, enteredCommand{&c, lines})
}

// sort adds a line. next is the command entered after it, if there is one.
func (m *merger) sort(s sight, next Command, isNext bool) {
	h, text, typed := s.Hit, strings.TrimSpace(s.Text), false
	h.Where = InScreen
	last := len(m.entered) - 1
	if last >= 0 && h.Time <= m.entered[last].End {
		h.Command = m.entered[last].Command
	}
	if s.Where == InInput {
		h.Where = InInput
		m.hits = append(m.hits, h)
		return
	}
	// One look may span several commands: find the one that printed it.
	for i := last; i >= 0; i-- {
		c := m.entered[i]
		if c.End < s.since {
			continue // a command around it may still be running
		}
		if c.lines[text] {
			h.Where, h.Command, h.Time = InOutput, c.Command, min(h.Time, c.End)
			break
		}
		typed = typed || s.since <= c.Start && containsLine(h.Text, c.Text)
	}
	typed = typed || isNext && h.Time >= next.PromptAt && containsLine(h.Text, next.Text)
	switch {
	case h.Where == InScreen && typed: // the command being typed is a hit of its own
	case h.Where == InOutput && !m.opts.Output, h.Where == InScreen && !m.opts.Screen:
	default:
		m.hits = append(m.hits, h)
	}
}

// mostAtOnce is the most commands considered for a line.
const mostAtOnce = 64

// sight is a matching line that was on the screen. Everything drawn within a
// short time is looked at once.
type sight struct {
	Hit
	since time.Duration // when that time began
}

// containsLine reports whether a line of the screen ends with the first line of
// a command, and so shows it being typed.
func containsLine(screen, command string) bool {
	first, _, _ := strings.Cut(command, "\n")
	return strings.HasSuffix(screen, first)
}

// watcher looks at each state of the screen.
type watcher struct {
	match  func(string) bool
	screen screen.Screen
	seed   maphash.Seed
	now    time.Duration
	since  time.Duration // the time of the first event since the last look
	// rows holds, for the primary and the alternate screen, a hash of the text
	// of each row at the last look.
	rows  [2][]uint64
	hits  []sight
	max   int
	full  bool
	buf   []byte
	dirty bool
}

// watch has w see the events of cast as they are read.
func (w *watcher) watch(cast *format.Cast) {
	w.screen = screen.New(cast.Header, vt.WithHooks(vt.Hooks{LineLeft: w.left}))
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

// Output with pauses below frameGap is looked at together, but at least once in
// a longestFrame.
const (
	frameGap     = 10 * time.Millisecond
	longestFrame = 100 * time.Millisecond
)

func (w *watcher) event(ev format.Event) {
	if ev.Code == format.Output {
		if ev.Time-w.now >= frameGap || ev.Time-w.since >= longestFrame {
			w.look()
		}
		if !w.dirty {
			w.since = ev.Time
		}
		w.now = ev.Time
		w.dirty = true
	}
	w.screen.Feed(ev)
}

func (w *watcher) look() {
	if !w.dirty {
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

// left is called for lines that leave the screen, perhaps before a look.
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

// seen returns the hashes of the rows of the current screen.
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
	// While a line is typed, each key makes a new text of it.
	if n := len(w.hits); n > 0 && w.hits[n-1].Where == "" && strings.HasPrefix(text, w.hits[n-1].Text) && w.hits[n-1].Time != w.now {
		w.hits[n-1].Text = text
		return
	}
	if len(w.hits) >= w.max {
		w.full = true
		return
	}
	w.hits = append(w.hits, sight{Hit{Time: w.now, Text: text}, w.since})
}

// typed is called for a line of the recorded input.
func (w *watcher) typed(at time.Duration, text string) {
	switch {
	case !w.match(text):
	case len(w.hits) >= w.max:
		w.full = true
	default:
		w.hits = append(w.hits, sight{Hit{Where: InInput, Time: at, Text: text}, at})
	}
}

func (w *watcher) finish() { w.look() }
