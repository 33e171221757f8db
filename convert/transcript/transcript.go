package transcript

import (
	"errors"
	"iter"

	"github.com/ttydeck/ttydeck/format"
)

// ErrTooMany ends the commands of a recording that has more prompts than are
// kept. The commands of the first prompts come before it.
var ErrTooMany = errors.New("too many prompts in the recording: the rest was not read")

// Commands returns the commands that were entered in a recording, in order. It
// reads the whole recording before it yields the first command, because late
// prompts help to read early ones; what it keeps in memory is bounded. The
// sequence is single-use, as the Cast is; see [Read] for a list. If the recording ends in an error, the
// commands up to there come first, and the error last, with a zero Command.
func Commands(cast format.Cast, opts Options) iter.Seq2[Command, error] {
	return func(yield func(Command, error) bool) {
		list, err := Read(cast, opts)
		defer func() { list.Close() }()
		for c := range list.All() {
			if !yield(c, nil) {
				return
			}
		}
		if err == nil {
			err = list.Err()
		}
		if err != nil {
			yield(Command{}, err)
		}
	}
}
