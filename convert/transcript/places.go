package transcript

import (
	"iter"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// Places finds the commands of a recording for package place, which knows them to the
// byte. It is a [place.Commands]. Lines of REPLs are no commands: the program printed
// them.
func Places(cast format.Cast) iter.Seq2[place.Command, error] {
	return func(yield func(place.Command, error) bool) {
		list, err := Read(cast, Options{MaxOutput: 1, Cancelled: true})
		defer func() { list.Close() }()
		for c := range list.Places() {
			if !yield(c, nil) {
				return
			}
		}
		if err == nil {
			err = list.Err()
		}
		if err != nil {
			yield(place.Command{}, err)
		}
	}
}

// Between returns the commands that were entered at from or later, and before to. It
// may be called more than once, and ends early as [List.All] does.
func (l *List) Between(from, to place.Point) iter.Seq[Command] {
	before := func(c *Command, at, p place.Point) bool {
		if p.Event < 0 || c.Kind == Unseen {
			return c.Start < p.Time
		}
		return compare(at, p) < 0
	}
	return func(yield func(Command) bool) {
		for c, p := range l.stored(true) {
			if !before(&c, p.Start, from) && before(&c, p.Start, to) && !yield(c) {
				return
			}
		}
	}
}

// Places returns the commands as package place knows them, in order. Prompts, starts
// and ends are in the order of the recording, and ranges from a prompt to an end do not
// overlap. It may be called more than once, and ends early as [List.All] does.
func (l *List) Places() iter.Seq[place.Command] {
	return func(yield func(place.Command) bool) {
		var before place.Command // its end depends on the next
		known := false
		for c, p := range l.stored(false) {
			if c.Kind == Unseen {
				continue
			}
			next := place.Command{
				Prompt: c.Prompt, Text: c.Text, PromptAt: p.Prompt, Start: p.Start, End: p.End, Over: p.Over,
				Failed: c.Failed(), Cancelled: c.Kind == Cancelled, Unfinished: c.Unfinished, Depth: c.Depth,
			}
			if p.Over == endless {
				next.Over = l.end
			}
			if known {
				next.PromptAt = later(next.PromptAt, before.Start)
				if compare(next.PromptAt, before.End) < 0 {
					before.End = next.PromptAt
				}
				if !yield(before) {
					return
				}
			}
			next.Start = later(next.Start, next.PromptAt)
			next.End = later(next.End, next.Start)
			next.Over = later(next.Over, next.End)
			before, known = next, true
		}
		if known {
			yield(before)
		}
	}
}
