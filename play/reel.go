package play

import (
	"context"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/replay"
)

// reel is a recording on a deck, and where the deck is in it.
type reel struct {
	header   format.Header
	tape     *replay.Tape
	ran      chan struct{} // closed when the tape is complete; nil after that
	pos      *replay.Position
	from, to time.Duration // where it begins, and where it stops; a to of 0: at the end
	limit    time.Duration // on pauses, when idle is set
	idle     bool
	// reach is a time up to which the tape is played although the clock stands
	// still, as it was not loaded yet; negative: none.
	reach   time.Duration
	starved bool      // everything loaded is played, and more will come
	loaded  bool      // the deck knows that the recording is complete
	seen    int       // the number of pieces when the deck last looked for more
	looks   int       // how often it has looked since grew
	grew    time.Time // see waitForMore
	gapAt   int       // the number of the piece whose pause was shortened
	ended   bool      // at the end of the complete recording
}

// usualIdle is the limit that the key sets if there is no other.
const usualIdle = 2 * time.Second

// newReel returns a recording at its start. The caller loads it, and closes its
// tape.
func newReel(p *Player, cast format.Cast) reel {
	r := reel{
		header: cast.Header, tape: replay.New(cast), ran: make(chan struct{}),
		limit: p.idleLimit(cast.Header), reach: -1, gapAt: -1,
	}
	if r.idle = r.limit > 0; !r.idle {
		r.limit = usualIdle
	}
	r.tape.FindCommands = p.Commands
	r.pos = r.tape.Position()
	return r
}

// load loads a recording in a goroutine, until the end of ctx.
func (d *deck) load(ctx context.Context, r *reel) {
	tape, ran := r.tape, r.ran
	d.con.goSafely(func() {
		err := tape.Run(ctx)
		close(ran)
		// The recording's own error is for when the deck has played what came
		// before it.
		if _, own := tape.Loaded(); err != nil && err != own && ctx.Err() == nil {
			d.con.fail(err)
		}
	})
}
