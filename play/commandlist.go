package play

import (
	"context"
	"iter"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// Bounds of the list of commands.
const (
	maxListed     = 100_000 // commands
	maxListedText = 160     // bytes of each
)

// listed is a command of the recording, as far as the deck shows it.
type listed struct {
	prompt, start, end time.Duration // see place.Command; in this order, and after those before
	text               string        // in one line
	number             int           // from 1, as places count; 0 for a cancelled line
	depth              int           // of shells inside the one that was recorded
	failed, cancelled  bool
}

// selector returns what [edit.Recipe.DropCommand] calls the command.
func (l listed) selector() string {
	if l.cancelled {
		return "cancelled"
	}
	return strconv.Itoa(l.number)
}

// Parts of a command, as places name them.
const (
	atPrompt = ".prompt"
	atStart  = ".start"
	atEnd    = ".end"
)

// at returns the time of a part.
func (l listed) at(part string) time.Duration {
	switch part {
	case atStart:
		return l.start
	case atEnd:
		return l.end
	}
	return l.prompt
}

// place returns the place of a part.
func (l listed) place(part string) string {
	if l.cancelled {
		return place.FormatTime(l.at(part))
	}
	return "command:" + l.selector() + part
}

// commandList holds the commands of the recording while they are found. Several
// goroutines may call its methods.
type commandList struct {
	mu   sync.Mutex
	list []listed // guarded by mu
	run  int      // those in list that were not cancelled; guarded by mu
	done bool     // all are found; guarded by mu

	whole []place.Command // the same as they were found; nil if that is too much
	size  int             // of the texts in whole
}

// maxWhole is the most bytes of commands that are kept as they were found.
const maxWhole = 16 << 20

// finder returns a finder of the commands of the same recording. Once all are found,
// it has them without reading the recording again, for one plan after the other.
func (l *commandList) finder(find place.Commands) place.Commands {
	if find == nil {
		return nil
	}
	return func(cast format.Cast) iter.Seq2[place.Command, error] {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.done || l.whole == nil {
			return find(cast)
		}
		whole := l.whole
		return func(yield func(place.Command, error) bool) {
			for _, c := range whole {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// all returns the commands so far, which callers must not change, and whether
// these are all.
func (l *commandList) all() ([]listed, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list[:len(l.list):len(l.list)], l.done
}

// add adds a command; false if there is no room.
func (l *commandList) add(c place.Command) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last listed
	if n := len(l.list); n == maxListed {
		return false
	} else if n > 0 {
		last = l.list[n-1]
	}
	n := listed{text: oneLine(c.Text, maxListedText), failed: c.Failed, cancelled: c.Cancelled, depth: c.Depth}
	if !c.Cancelled {
		l.run++
		n.number = l.run
	}
	n.prompt = max(c.PromptAt.Time, last.prompt)
	n.start = max(c.Start.Time, n.prompt)
	n.end = max(c.End.Time, n.start)
	l.list = append(l.list, n)
	if l.size += len(c.Prompt) + len(c.Text) + int(unsafe.Sizeof(c)); l.size <= maxWhole {
		l.whole = append(l.whole, c)
	}
	return true
}

// yield calls yield for each command so far, with no more than is shown of it.
func (l *commandList) yield(yield func(place.Command, error) bool) {
	list, _ := l.all()
	at := func(t time.Duration) place.Point { return place.Point{Time: t, Event: -1} }
	for _, c := range list {
		if !yield(place.Command{
			Text: c.text, PromptAt: at(c.prompt), Start: at(c.start), End: at(c.end), Over: at(c.end),
			Failed: c.failed, Cancelled: c.cancelled, Depth: c.depth,
		}, nil) {
			return
		}
	}
}

// finish notes that no commands will come, as all were found or not.
func (l *commandList) finish(all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	if !all || l.size > maxWhole {
		l.whole = nil
	}
}

// oneLine returns the first words of a text, most bytes or fewer.
func oneLine(s string, most int) string {
	if len(s) > 4*most {
		s = s[:4*most]
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

// commandBefore returns the index of the last command whose prompt has begun at a time; -1
// if there is none.
func commandBefore(list []listed, at time.Duration) int {
	return sort.Search(len(list), func(i int) bool { return list[i].prompt > at }) - 1
}

// findCommands fills the list of commands, until the end of ctx.
func (d *deck) findCommands(ctx context.Context) {
	e := d.edit
	all := false
	defer e.tell(ctx, func(time.Time) error { return d.redraw() })
	defer func() { e.commands.finish(all) }()
	if e.Source.Commands == nil {
		return
	}
	cast, err := e.Source.Open()
	if err != nil {
		e.tell(ctx, func(now time.Time) error { return d.sayLong(now, err.Error()) })
		return
	}
	cast.Events = untilDone(ctx, cast.Events)
	told := time.Time{}
	for c, err := range e.Source.Commands(cast) {
		// What is wrong with the recording is reported when it is played.
		if err != nil || !e.commands.add(c) {
			return
		}
		if now := time.Now(); now.Sub(told) > lookEvery {
			told = now
			e.tell(ctx, func(time.Time) error { return d.redraw() })
		}
	}
	all = ctx.Err() == nil
}

// redraw has the next frame drawn.
func (d *deck) redraw() error {
	d.stale = true
	return nil
}

// untilDone returns events that end in an error when ctx is done. A key never
// waits long for the goroutine that reads them.
func untilDone(ctx context.Context, events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		n := 0
		for ev, err := range events {
			if n++; n%32 == 0 {
				if cerr := ctx.Err(); cerr != nil {
					yield(format.Event{}, cerr)
					return
				}
				runtime.Gosched()
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}
