package format

import (
	"fmt"
	"time"
)

// decoder reads a recording that is not text. next returns its next event;
// false at the end, or after an error, which is in in.err.
type decoder interface{ next() (Event, bool) }

// cast makes a Cast from h and d's events. It settles an unknown size first:
// see [input.settleSize].
func (in *input) cast(h Header, d decoder) Cast {
	ahead := in.settleSize(&h, d)
	return Cast{Header: h, Events: func(yield func(Event, error) bool) {
		first := ahead
		ahead = nil
		for _, ev := range first {
			if !yield(ev, nil) {
				return
			}
		}
		for in.err == nil {
			ev, ok := d.next()
			if !ok {
				break
			}
			if !yield(ev, nil) {
				return
			}
		}
		if in.err != nil {
			yield(Event{}, in.err)
		}
	}}
}

const (
	// aheadBytes and aheadEvents bound what is read ahead, and kept, to
	// infer a size.
	aheadBytes  = 4 << 20
	aheadEvents = 1 << 15
)

// settleSize completes h.Size from the user's [DefaultSize] or else from the
// first events, which it returns. From a pipe it reads no more than has come
// already, so that the pipe can be followed.
func (in *input) settleSize(h *Header, d decoder) (ahead []Event) {
	size := &h.Size
	if size.Cols > 0 && size.Rows > 0 {
		return nil
	}
	if size.Cols == 0 {
		size.Cols = in.size.Cols
	}
	if size.Rows == 0 {
		size.Rows = in.size.Rows
	}
	if size.Cols > 0 && size.Rows > 0 {
		return nil
	}
	var z sizer
	for n := 0; n < aheadBytes && len(ahead) < aheadEvents && in.err == nil; {
		// A header alone may not be an event, and the reader would wait
		// for more.
		if in.live && (in.r.Buffered() == 0 || len(ahead) > 0 && in.r.Buffered() <= 32) {
			break
		}
		ev, ok := d.next()
		if !ok {
			break
		}
		ahead = append(ahead, ev)
		n += len(ev.Data)
		if ev.Code == Resize {
			break // the output after it is drawn for another size
		}
		if ev.Code == Output {
			z.feed(ev.Data)
		}
	}
	inferred, ok := z.size()
	if !ok {
		if *size = (Size{}); in.err == nil {
			in.note("size unknown", "the format does not store it, and the output does not imply it")
		}
		return ahead
	}
	if size.Cols == 0 {
		size.Cols = inferred.Cols
	}
	if size.Rows == 0 {
		size.Rows = inferred.Rows
	}
	in.note("size inferred", fmt.Sprintf("%v, from the cursor movements in the output", *size))
	return ahead
}

// note sends a notice: something that the reader had to assume though nothing
// is wrong. A strict reader goes on too.
func (in *input) note(kind, detail string) {
	if in.options.warn != nil {
		in.options.warn(Warning{Name: in.name, Kind: kind, Detail: detail, Notice: true})
	}
}

// wallClock turns the clock readings of a recording into times since its start.
// If the clock was set while recording, backwards or by more than a lifetime,
// no time passes at that step, and later readings count from there.
type wallClock struct {
	in    *input
	start int64 // the reading at time zero, in nanoseconds, moved by every step
	last  int64
	set   bool
}

// at returns the time of the reading sec and nsec, which are not negative.
func (c *wallClock) at(sec, nsec int64) time.Duration {
	const most = int64(maxTime / 1e9)
	if sec > most {
		// No clock shows this; the record is damaged. No time passes.
		if c.set {
			c.in.warn(0, "time is out of range", fmt.Sprintf("%d seconds; previous time used", sec))
			return time.Duration(c.last - c.start)
		}
		sec, nsec = 0, 0
	}
	t := sec*1e9 + nsec
	if !c.set {
		c.start, c.last, c.set = t, t, true
		return 0
	}
	if t < c.last {
		back := time.Duration(c.last - t)
		c.start -= c.last - t
		c.last = t
		c.in.warn(0, "time goes back", fmt.Sprintf("by %v; previous time used", back))
		return time.Duration(c.last - c.start)
	}
	if time.Duration(t-c.start) > maxTime || t-c.start < 0 {
		c.in.warn(0, "time is out of range", fmt.Sprintf("%d seconds; previous time used", sec))
		return time.Duration(c.last - c.start)
	}
	c.last = t
	return time.Duration(t - c.start)
}

// startTime returns a recording's start from its first clock reading. It
// returns the zero Time if a converter counted the times from zero.
func startTime(sec, nsec int64) time.Time {
	const year = 365 * 24 * 3600
	if sec < year || sec > int64(maxTime/1e9) {
		return time.Time{}
	}
	return time.Unix(sec, nsec).UTC()
}
