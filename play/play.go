// Package play shows recordings on a terminal.
//
// A [Player] is a struct whose zero value plays; give it a recording and call
// [Player.Run]:
//
//	cast, _, err := format.Open(file)
//	...
//	err = (&play.Player{Cast: cast}).Run(ctx)
//
// It plays on the terminal of the process, or on whatever is given as
// [Player.Terminal], or, without keys, to [Player.Output].
package play

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Unpaced is the [Player.Speed] that does not wait between events.
const Unpaced = unpaced

// Player plays a recording. Its zero value, with a Cast, plays it at the speed
// it was recorded on the terminal of the process. The fields must not be
// changed after Run was called, and Run is called once.
type Player struct {
	// Cast is the recording. Its events are read while it plays, so playing
	// starts at once and also follows a recording that still grows.
	Cast format.Cast
	// Open, when set, is called for the recording instead of using Cast, and
	// called again to start over, see Loop.
	Open func() (format.Cast, error)

	// Terminal is where to play; nil is the terminal of the process, /dev/tty.
	Terminal Terminal
	// Output, when set, is where the recording's bytes are played to in place
	// of a terminal: a pipe or a file. There are no keys then, and nothing is
	// added to the bytes.
	Output io.Writer

	// Speed is how many seconds of the recording pass in a second, or
	// Unpaced; 0 means 1.
	Speed float64
	// IdleLimit is the longest pause between two events, in seconds of the
	// recording; 0 means what the recording's header asks for, negative
	// means no limit.
	IdleLimit time.Duration
	// Loop starts over at the end.
	Loop bool
	// PauseOnMarkers pauses at each marker.
	PauseOnMarkers bool
	// Start is where to begin, End where to stop, in time of the recording;
	// an End of 0 is the recording's end.
	Start, End time.Duration
	// Follow begins at the end of what there is of the recording, and stays at
	// the end while it grows: Cast's events must then wait for more where they
	// would end.
	Follow bool
	// Resize asks the terminal to take the recording's size, and at the end
	// to take its own again. Many terminals do not listen.
	Resize bool
	// NoUI shows the recording alone: no bar, no messages, and the mouse left
	// to the terminal. Keys work.
	NoUI bool
	// Clip shows the upper left corner of a recording that is larger than the
	// terminal, in place of what is around its cursor.
	Clip bool
	// Titles gives the terminal the recording's titles; the bar has them
	// anyway.
	Titles bool
	// Colors is what the terminal can show; colours that it cannot are
	// replaced by the nearest.
	Colors Colors
	// RecordedTheme shows the colours of the terminal that was recorded, where
	// the recording tells them, in place of those of the viewer's.
	RecordedTheme bool
	// Getenv finds out what the terminal can, by TERM, COLORTERM, NO_COLOR and
	// the locale; nil is os.Getenv.
	Getenv func(string) string
	// Raw writes the recording's bytes to the terminal as they are, with
	// whatever escape sequences they hold: those of a stranger's recording may
	// set the clipboard, ask the terminal to type, or leave it in a state
	// that Run's cleaning does not know of.
	Raw bool

	// Commands, when set, finds the commands of a recording whose shell has
	// marked none, by what is on its screen: when each was entered, in order,
	// and its line. It is called once all has been read, beside the player,
	// with the output and the sizes; events that end in an error are those of
	// a player that has ended.
	Commands func(format.Cast) iter.Seq2[time.Duration, string]

	// Warn is told what the user should know, a line each; nil: nobody.
	Warn func(string)
}

// ErrSpeed is returned by Run for a speed that is negative or not a number.
var ErrSpeed = errors.New("speed must be more than 0")

// ErrInterrupted is returned by Run when the user quit with ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// Run plays until the end, until the user quits, which is no error unless it
// was by ctrl-C, or until ctx is done, which gives its cause. However it ends, the terminal is put
// back as it was: its modes, the alternate screen, cursor, mouse and keyboard
// reports, colours and title.
//
// An error in the recording ends the playing where it stands and is returned.
func (p *Player) Run(ctx context.Context) error {
	if p.Speed < 0 || math.IsNaN(p.Speed) {
		return fmt.Errorf("%w: %v", ErrSpeed, p.Speed)
	}
	if p.Raw || p.Output != nil {
		return p.runStream(ctx)
	}
	return p.runDeck(ctx)
}

// open gives the recording for round n, counted from 0.
func (p *Player) open(n int) (format.Cast, error) {
	switch {
	case p.Open != nil:
		return p.Open()
	case n > 0:
		return format.Cast{}, errors.New("cannot start over: the recording can be read only once")
	case p.Cast.Events == nil:
		return format.Cast{Header: p.Cast.Header, Events: func(func(format.Event, error) bool) {}}, nil
	}
	return p.Cast, nil
}

func (p *Player) speed() float64 {
	switch {
	case p.Speed == 0:
		return 1
	case math.IsInf(p.Speed, 1):
		return unpaced
	}
	return p.Speed
}

// idleLimit gives the limit on pauses, 0 for none.
func (p *Player) idleLimit(h format.Header) time.Duration {
	switch {
	case p.IdleLimit > 0:
		return p.IdleLimit
	case p.IdleLimit < 0:
		return 0
	}
	return max(h.IdleLimit, 0)
}

func (p *Player) warn(msg string) {
	if p.Warn != nil {
		p.Warn(msg)
	}
}
