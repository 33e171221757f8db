// Package place names places in recordings: "1:20", "marker:intro",
// "command:/make/.end". [Parse] reads what a person writes; [Find] finds the [Point]
// of a recording that it means.
package place

import (
	"iter"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Point is a point of a recording: between two of its events, or inside the
// bytes of one.
type Point struct {
	// Time is the time of the point, since the start of the recording.
	Time time.Duration
	// Event is the number of events before the point, comments included. An
	// event that the point is inside is not one of them. It is negative if only
	// the time is known: the point is before the first event at Time or later.
	Event int
	// Byte is the number of bytes before the point in the data of the event that
	// it is inside; 0 if it is inside none. Only output is divided.
	Byte int
}

// Range is the part of a recording between two points.
type Range struct {
	From Point // where it begins
	To   Point // where it ends
}

// Command is a command that was entered in a recording, as far as places need to
// know of it.
type Command struct {
	// Prompt is the prompt as it was on the screen, and Text the command as
	// typed. Lines are separated by \n.
	Prompt, Text string
	// PromptAt is where the prompt begins, before any of its bytes. Start is where
	// Enter was pressed: before the bytes that leave the line. End is where the
	// output ended: before the next prompt, or at the end of the recording. For a
	// command that ran a shell, that is the first prompt inside, if a command was
	// entered there; Over is where it was over, with all of those. For others, Over
	// is End, and may be zero if that is all that is known.
	PromptAt, Start, End, Over Point
	// Failed reports that the command is known to have failed, Cancelled that the
	// line was cancelled with ctrl-C before it was run, Unfinished that the
	// recording ended before the command did.
	Failed, Cancelled, Unfinished bool
	// Depth is 0 for the shell that was recorded, and one more for each shell
	// or REPL inside another.
	Depth int
}

// Commands finds the commands of a recording, in order, cancelled lines included.
// The sequence is single-use, and ends after the first error.
type Commands func(format.Cast) iter.Seq2[Command, error]
