// Package play shows recordings on a terminal.
//
// Start with a [Player]: its zero value is ready for use, except for the
// recording. Call [Player.Run]:
//
//	cast, _, err := format.Open(file)
//	...
//	err = (&play.Player{Cast: cast}).Run(ctx)
//
// It plays on the terminal of the process, on [Player.Terminal] if that is set,
// or, without keys, to [Player.Output].
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
	"github.com/ttydeck/ttydeck/render"
)

// Unpaced is a [Player.Speed]: play without waiting between events.
const Unpaced = unpaced

// Player plays a recording. The zero value with a Cast plays it at the recorded
// speed on the terminal of the process. Do not change the fields after calling
// Run, and call Run once.
type Player struct {
	// Cast is the recording. Its events are read while it plays, so that
	// playing starts at once, also if the recording still grows.
	Cast format.Cast
	// Open, if set, replaces Cast: it opens the recording. With Loop and Raw or
	// Output it is called again for each round.
	Open func() (format.Cast, error)

	// Terminal is the terminal to play on; nil means that of the process,
	// /dev/tty.
	Terminal Terminal
	// Output, if set, replaces the terminal: the recording's bytes are written
	// there, to a pipe or file, and nothing else. There are no keys then.
	Output io.Writer

	// Speed is the number of seconds of the recording that pass in a second, or
	// Unpaced; 0 means 1.
	Speed float64
	// IdleLimit is the longest pause between two events, in time of the
	// recording; 0 means the limit in the recording's header, negative means no
	// limit.
	IdleLimit time.Duration
	// Loop starts over at the end.
	Loop bool
	// PauseOnMarkers pauses at each marker.
	PauseOnMarkers bool
	// Start is where to begin and End where to stop, in time of the recording;
	// an End of 0 means the recording's end.
	Start, End time.Duration
	// Follow begins at the end of the recording so far, and stays at the end
	// while it grows. Where the events of Cast would end, they must wait for
	// more; see the function [Follow].
	Follow bool
	// Resize asks the terminal to take the recording's size, and its own again
	// at the end. Many terminals ignore the request.
	Resize bool
	// NoUI shows the recording only: no bar and no messages, and the terminal
	// keeps the mouse. Keys work.
	NoUI bool
	// Clip shows the upper left corner of a recording that is larger than the
	// terminal, instead of the part around the cursor.
	Clip bool
	// Titles sets the terminal's title to that of the recording. The bar shows
	// it anyway.
	Titles bool
	// Colors is the kind of colours that the terminal shows. Others are
	// replaced by the nearest.
	Colors render.Colors
	// RecordedTheme shows the colours of the recorded terminal, if the
	// recording holds them, instead of those of the viewer's.
	RecordedTheme bool
	// Theme, if not nil, has the colours to show instead of both.
	Theme *format.Theme
	// Getenv returns environment variables. TERM, COLORTERM, NO_COLOR and the
	// locale show what the terminal supports. Nil means os.Getenv.
	Getenv func(string) string
	// Raw writes the recording's bytes to the terminal unchanged, with all
	// their escape sequences. An untrusted recording may set the clipboard,
	// make the terminal send input, or leave it in a state that Run does not
	// clean up.
	Raw bool

	// Commands, if set, finds the commands of a recording whose shell has
	// marked none: the time at which each was entered, in order, and its text.
	// It is called in a goroutine of its own after the whole recording was
	// read, with its output, sizes and markers. The events end in an error
	// when the player ends.
	Commands func(format.Cast) iter.Seq2[time.Duration, string]

	// Edit, if set, makes the player an editor. It opens paused. It needs a
	// terminal: Raw and Output play as without it.
	Edit *Editor

	// Warn, if set, is called with each notice for the user, a line without
	// newline.
	Warn func(string)
}

// ErrSpeed is returned by Run for a speed that is negative or not a number.
var ErrSpeed = errors.New("speed must be more than 0")

// ErrInterrupted is returned by Run when the user quits with ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// Run plays until the end of the recording, until the user quits, or until ctx
// is done. It returns nil at the end and after the key q, [ErrInterrupted] after
// ctrl-C, and the cause of ctx. However it ends, it restores the terminal: its
// modes, the alternate screen, cursor, mouse and keyboard reports, colours and
// title.
//
// An error in the recording ends the playing at that place, and Run returns it.
func (p *Player) Run(ctx context.Context) error {
	if p.Speed < 0 || math.IsNaN(p.Speed) {
		return fmt.Errorf("%w: %v", ErrSpeed, p.Speed)
	}
	if p.Raw || p.Output != nil {
		return p.runStream(ctx)
	}
	return p.runDeck(ctx)
}

// open opens the recording for round n, from 0.
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

// idleLimit returns the limit on pauses; 0 means none.
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
