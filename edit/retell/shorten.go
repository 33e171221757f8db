package retell

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

// A Hurry is a part of a recording that is run through in less time.
type Hurry struct {
	place.Range
	// Length is how long it takes, at most.
	Length time.Duration
}

// hurried is the longest time that the middle of an output takes.
const hurried = time.Second / 2

// Shorten returns the parts of a recording that are run through so that long outputs pass
// fast: of each output of a command with more rows than rows, everything between the first
// half of these rows and the last. An output that uses the alternate screen is left as it
// is. The commands must be in order.
func Shorten(cast format.Cast, cmds []place.Command, rows int) ([]Hurry, error) {
	var hurries []Hurry
	var ranges []place.Range
	for i, c := range cmds {
		r := place.Range{From: c.Start, To: c.End}
		if i+1 < len(cmds) && before(cmds[i+1].PromptAt, r.To) {
			r.To = cmds[i+1].PromptAt // it is a shell: what follows belongs to its commands
		}
		ranges = append(ranges, r)
	}
	source := screen.New(cast.Header)
	out := output{rows: uint64(rows)}
	i := 0
	for p, err := range pieces(cast.Events, bounds(ranges)) {
		if err != nil {
			return nil, err
		}
		for i < len(ranges) && !before(p.at, ranges[i].To) {
			if h, ok := out.middle(); ok {
				hurries = append(hurries, h)
			}
			out.reset()
			i++
		}
		if i == len(ranges) {
			break
		}
		inside := !before(p.at, ranges[i].From)
		if inside {
			out.begin(cursorOf(source.Screen).line)
		}
		source.Feed(p.Event)
		if inside && p.Code == format.Output {
			out.take(p, cursorOf(source.Screen).line, source.OnAlternate())
		}
	}
	return hurries, nil
}

// output is the output of one command.
type output struct {
	rows    uint64 // as many of it pass at their own pace
	begun   bool
	first   uint64 // the line in which it begins
	highest uint64 // the last line so far
	full    bool   // it used the alternate screen
	head    place.Point
	hasHead bool // head is behind the first half of the rows
	// steps are the points up to which the last half of the rows is not shown yet, with
	// the last line at each.
	steps []step
}

type step struct {
	at   place.Point
	line uint64
}

func (o *output) reset() { *o = output{rows: o.rows, steps: o.steps[:0]} }

// begin begins the output below line, if it has not begun.
func (o *output) begin(line uint64) {
	if !o.begun {
		o.begun, o.first, o.highest = true, line+1, line+1
	}
}

// take takes a piece that has been drawn; the cursor is in line.
func (o *output) take(p piece, line uint64, full bool) {
	o.full = o.full || full
	if full || line <= o.highest {
		return
	}
	if o.hasHead {
		// Of the points before the last rows, only the last one counts.
		tail := o.rows / 2
		n := 0
		for n+1 < len(o.steps) && o.steps[n+1].line+tail <= line {
			n++
		}
		o.steps = append(o.steps[n:], step{p.to, line})
	} else if line >= o.first+(o.rows+1)/2 {
		o.hasHead, o.head = true, p.to
		o.steps = append(o.steps, step{p.to, line})
	}
	o.highest = line
}

// middle returns the middle of the output, if it is worth to be hurried.
func (o *output) middle() (Hurry, bool) {
	if !o.hasHead || o.full || o.highest-o.first <= o.rows {
		return Hurry{}, false
	}
	h := Hurry{Range: place.Range{From: o.head, To: o.head}, Length: hurried}
	for _, s := range o.steps {
		if s.line+o.rows/2 <= o.highest {
			h.To = s.at
		}
	}
	return h, h.To.Time-h.From.Time > hurried
}
