package transcript

import (
	"iter"
	"regexp"
	"slices"
	"time"
)

// A Filter selects commands. The zero Filter selects all.
type Filter struct {
	// From and To select the commands that were entered at From or later, and
	// before To. A To of 0 is the end of the recording.
	From, To time.Duration
	// Failed selects the commands that are known to have failed.
	Failed bool
	// Pattern selects the commands whose text or output it matches; nil
	// selects all.
	Pattern *regexp.Regexp
}

// Of returns those of cmds that f selects.
func (f *Filter) Of(cmds iter.Seq[Command]) iter.Seq[Command] {
	if *f == (Filter{}) {
		return cmds
	}
	return func(yield func(Command) bool) {
		for c := range cmds {
			if f.Match(&c) && !yield(c) {
				return
			}
		}
	}
}

// Markers returns those of markers that lie between From and To.
func (f *Filter) Markers(markers []Marker) []Marker {
	return slices.DeleteFunc(slices.Clone(markers), func(m Marker) bool {
		return m.At < f.From || f.To > 0 && m.At >= f.To
	})
}

// Match reports whether f selects c.
func (f *Filter) Match(c *Command) bool {
	switch {
	case c.Start < f.From, f.To > 0 && c.Start >= f.To:
		return false
	case f.Failed && !c.Failed():
		return false
	case f.Pattern != nil:
		return f.Pattern.MatchString(c.Text) || f.Pattern.MatchString(c.Output)
	}
	return true
}
