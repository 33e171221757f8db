// Package replay holds a recording that can be sought: it goes to any time, event,
// marker or command at once, shows the screen there, and finds text that was on
// the screen at any moment.
//
// Start with [New], and load the recording in the background:
//
//	tape := replay.New(cast)
//	defer tape.Close()
//	go tape.Run(ctx)
//
// A [Position] is a place on the tape with its screen; a tape can have several,
// such as one for each viewer. [Tape.Markers] and [Tape.Commands] list places, and
// [Tape.Search] finds them. What is loaded so far can be used at once. A recording
// that still grows is one whose events wait for more: [Tape.Grown] reports them.
//
// # Memory
//
// A tape keeps the recording's output packed, with screens at intervals and the
// text of the screen. Each of them is bounded; what goes beyond, as with hundreds
// of megabytes of output, is in an unlinked temporary file or is left out: screens
// get further apart, and there are at most 100,000 markers, 50,000 commands and
// 200,000 hits of a search.
package replay
