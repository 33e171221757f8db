package transcript

import (
	"errors"
	"iter"

	"github.com/ttydeck/ttydeck/format"
)

// ErrTooMany is the error at the end of the commands of a recording that has
// more prompts than are kept; the first ones are given.
var ErrTooMany = errors.New("too many prompts in the recording: the rest was not read")

// Commands gives the commands that were entered in a recording, in order. The
// recording is read whole before the first one comes, as prompts seen late tell
// what was entered early; what is kept of it is bounded. The sequence is
// single-use. When the recording ends in an error, the commands up to there come
// first, and the error last, with a zero Command.
func Commands(cast format.Cast, opts Options) iter.Seq2[Command, error] {
	return func(yield func(Command, error) bool) {
		t := newTracer(cast, opts)
		var err error
		for ev, readErr := range cast.Events {
			if err = readErr; err != nil {
				break
			}
			t.event(ev)
			if t.overrun {
				err = ErrTooMany
				break
			}
		}
		t.finish()
		l := learner{opts: t.opts, segs: t.segs, work: maxWork}
		for _, c := range l.commands() {
			if !yield(c, nil) {
				return
			}
		}
		if err != nil {
			yield(Command{}, err)
		}
	}
}
