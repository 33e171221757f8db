package edit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit/retell"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// ErrNoCommands is the error for an operation on commands where none are known.
var ErrNoCommands = errors.New("commands are not known here")

// reading reads the source once more for what needs its commands.
type reading struct {
	ctx  context.Context
	src  place.Source
	cmds []place.Command
}

// open opens the source. Its events end with the context.
func (r *reading) open() (format.Cast, error) {
	cast, err := r.src.Open()
	if err != nil {
		return cast, err
	}
	events := cast.Events
	cast.Events = func(yield func(format.Event, error) bool) {
		n := 0
		for ev, err := range events {
			if n++; n%1024 == 0 && r.ctx.Err() != nil {
				yield(format.Event{}, r.ctx.Err())
				return
			}
			// What comes before a fault is the recording.
			if err != nil && r.ctx.Err() == nil || !yield(ev, err) {
				return
			}
		}
	}
	return cast, nil
}

// commands finds the commands.
func (r *reading) commands() error {
	if r.src.Commands == nil {
		return ErrNoCommands
	}
	cast, err := r.open()
	if err != nil {
		return err
	}
	for c, err := range r.src.Commands(cast) {
		if err != nil {
			return err
		}
		r.cmds = append(r.cmds, c)
	}
	return nil
}

// setCommands returns the spans of what goes with commands, and sets the time that
// their outputs take.
func (p *Plan) setCommands(ctx context.Context, r Recipe, o *ops) ([]span, error) {
	if len(o.drop)+len(o.tidy) == 0 && !r.DropExit && !r.TidyTyping && r.ShortenOutput == 0 {
		return nil, nil
	}
	rd := &reading{ctx: ctx, src: p.src}
	if err := rd.commands(); err != nil {
		return nil, err
	}
	var spans []span
	for _, do := range []func(*reading, Recipe, *ops) ([]span, error){p.dropCommands, p.dropExit, p.tidyTyping, p.shortenOutput} {
		more, err := do(rd, r, o)
		if err != nil {
			return nil, err
		}
		spans = append(spans, more...)
	}
	return spans, nil
}

// number returns the number of a command, as places count: without cancelled ones.
func number(cmds []place.Command, index int) int {
	n := 0
	for _, c := range cmds[:index+1] {
		if !c.Cancelled {
			n++
		}
	}
	return n
}

// selected returns, for each command, the name of the last operation that selects it; ""
// for none.
func selected(cmds []place.Command, list []selecting) ([]string, error) {
	names := make([]string, len(cmds))
	for _, d := range list {
		var which []int
		switch {
		case d.failed || d.cancelled:
			for i, c := range cmds {
				// A shell ends with the status of the last command in it, which says
				// nothing about the others.
				shell := i+1 < len(cmds) && cmds[i+1].Depth > c.Depth
				if d.failed && c.Failed && !shell || d.cancelled && c.Cancelled {
					which = append(which, i)
				}
			}
		default:
			if which = d.commands.Match(cmds); len(which) == 0 {
				return nil, fmt.Errorf("%s: no such command; %s", d.name, has(cmds))
			}
		}
		for _, i := range which {
			names[i] = d.name
		}
	}
	return names, nil
}

// dropCommands returns the spans of the commands that are dropped.
func (p *Plan) dropCommands(rd *reading, r Recipe, o *ops) ([]span, error) {
	if len(o.drop) == 0 {
		return nil, nil
	}
	names, err := selected(rd.cmds, o.drop)
	if err != nil {
		return nil, err
	}
	cast, err := rd.open()
	if err != nil {
		return nil, err
	}
	ranges, err := retell.Dropped(cast, rd.cmds, func(i int) bool { return names[i] != "" })
	if err != nil {
		return nil, err
	}
	var spans []span
	next := 0 // the first command that may be in a range to come
	for _, g := range ranges {
		s := span{Range: g, kind: forgottenSpan, name: "drop-command"}
		var what []string
		n := 0
		// The range may begin behind the start of the first prompt, as the mark of an end
		// can be there, but each of its commands was entered in it.
		for ; next < len(rd.cmds) && !behind(rd.cmds[next].Start, g.To); next++ {
			if names[next] == "" {
				continue
			}
			s.name = names[next]
			if n++; n <= mostNamed {
				what = append(what, short(rd.cmds[next].Text))
			}
		}
		if n > mostNamed {
			what = append(what, fmt.Sprintf("and %d more", n-mostNamed))
		}
		p.add(g, "drop "+strings.Join(what, ", "))
		spans = append(spans, s)
	}
	return spans, nil
}

// mostNamed is how many commands a message names.
const mostNamed = 5

// has says which commands a recording has, for messages.
func has(cmds []place.Command) string {
	if len(cmds) == 0 {
		return "the recording has no commands"
	}
	var list []string
	for _, c := range cmds[:min(mostNamed, len(cmds))] {
		list = append(list, short(c.Text))
	}
	if len(cmds) > mostNamed {
		list = append(list, "...")
	}
	return "the recording has " + strings.Join(list, ", ")
}

// short returns the first characters of a command, quoted.
func short(text string) string {
	const most = 30
	for i := range text {
		if i >= most {
			return fmt.Sprintf("%q...", text[:i])
		}
	}
	return fmt.Sprintf("%q", text)
}

// dropExit returns the span of the exit at the end.
func (p *Plan) dropExit(rd *reading, r Recipe, _ *ops) ([]span, error) {
	if !r.DropExit {
		return nil, nil
	}
	cast, err := rd.open()
	if err != nil {
		return nil, err
	}
	exit, err := retell.Exit(cast, rd.cmds)
	if err != nil {
		return nil, fmt.Errorf("drop-exit: %w", err)
	}
	exit.To = place.Point{Time: forever, Event: -1}
	p.add(exit, "drop the exit")
	return []span{{Range: exit, name: "drop-exit"}}, nil
}

// tidyTyping returns the spans of what was typed, with what comes in their place.
func (p *Plan) tidyTyping(rd *reading, r Recipe, o *ops) ([]span, error) {
	if !r.TidyTyping && len(o.tidy) == 0 {
		return nil, nil
	}
	names, err := selected(rd.cmds, o.tidy)
	if err != nil {
		return nil, err
	}
	var cmds []place.Command
	var index []int // of each among all
	for i, c := range rd.cmds {
		if r.TidyTyping || names[i] != "" {
			cmds, index = append(cmds, c), append(index, i)
		}
	}
	cast, err := rd.open()
	if err != nil {
		return nil, err
	}
	inserts, warnings, err := retell.Tidy(cast, cmds, o.typingSpeed)
	if err != nil {
		return nil, err
	}
	for i, w := range warnings {
		warnings[i].Command = index[w.Command]
	}
	var spans []span
	for _, in := range inserts {
		spans = append(spans, span{Range: in.Range, kind: typedSpan, name: "tidy-typing", insert: in.Events, length: in.Length})
	}
	p.warnings = append(p.warnings, asTyped(rd.cmds, warnings)...)
	return spans, nil
}

// asTyped returns warnings for people: the first ones, and how many more there are.
func asTyped(cmds []place.Command, warnings []retell.Warning) []string {
	const most = 10
	var list []string
	for i, w := range warnings {
		if i == most {
			return append(list, fmt.Sprintf("tidy-typing: %d more commands stay as they were typed", len(warnings)-most))
		}
		list = append(list, fmt.Sprintf("tidy-typing: command %d, %s, stays as it was typed: %s", number(cmds, w.Command), short(w.Text), w.Why))
	}
	return list
}

// shortenOutput sets the time that long outputs take.
func (p *Plan) shortenOutput(rd *reading, r Recipe, _ *ops) ([]span, error) {
	if r.ShortenOutput == 0 {
		return nil, nil
	}
	cast, err := rd.open()
	if err != nil {
		return nil, err
	}
	hurried, err := retell.Shorten(cast, rd.cmds, r.ShortenOutput)
	if err != nil {
		return nil, err
	}
	for _, h := range hurried {
		from, to := h.From.Time, h.To.Time
		if to <= from || h.Length <= 0 || h.Length >= to-from {
			continue
		}
		speed := float64(to-from) / float64(h.Length)
		p.line.change(from, to, func(pc *piece) { pc.speed, pc.limit = speed, 0 })
		p.add(h.Range, "hurried to "+h.Length.Round(time.Millisecond).String())
	}
	return nil, nil
}
