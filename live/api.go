// Package live shares a session that is being recorded: whoever else its user
// is, at any of his terminals, can watch it, attach to it, and act on it.
//
// Each session has a socket of its own, in the [Dir] of its user. A [Server]
// is the session's end of it, in the process that records; a [Client] the
// other. There is nothing in between: a session lives as long as its process,
// whatever becomes of the terminals that watch it.
//
// # The protocol
//
// HTTP/1.1 over the Unix socket:
//
//	GET  /v1/session             a State
//	POST /v1/session/input       the body is typed
//	POST /v1/session/mark        {"label":"..."}
//	POST /v1/session/pause       the recording, not the session
//	POST /v1/session/resume
//	POST /v1/session/rename      {"name":"..."}
//	POST /v1/session/signal      {"signal":15}; 1, SIGHUP, ends it as a terminal does that is closed
//	GET  /v1/session/screen      a Screen
//	GET  /v1/session/watch       a WebSocket
//	GET  /v1/session/attach      a WebSocket; ?cols=80&rows=24
//
// An error is a status of 400 and more, with {"error":"..."}. Over the
// WebSocket, the session sends binary messages, which are what a terminal is to
// be given, and text messages, a [Message] each, before what they are about. An
// attached client sends binary messages, which are typed, and text messages
// with its size: {"cols":80,"rows":24}.
//
// # The program's questions
//
// A session that has no terminal of its own answers what its program asks a
// terminal (DSR, DA, DECRQM, XTVERSION, OSC 10 and 11, the size). An attached
// client whose terminal gets the output as it is keeps the questions from it:
// see [Queries].
//
// # Who may connect
//
// The user of the session, and root. The directory is the user's alone, the
// socket has the mode 0600 from birth, and each connection's user is asked of
// the kernel: a mode that was loosened later lets nobody in.
package live

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// State is how a session stands.
type State struct {
	Name     string    `json:"name"`
	User     string    `json:"user,omitempty"` // whose it is, where all users' are served
	PID      int       `json:"pid"`            // of the recorded program
	Process  int       `json:"process"`        // of the process that records
	Command  []string  `json:"command"`
	Dir      string    `json:"dir,omitempty"` // where it was started
	File     string    `json:"file,omitempty"`
	Started  time.Time `json:"started"`
	Cols     int       `json:"cols"`
	Rows     int       `json:"rows"`
	Paused   bool      `json:"paused"`
	Watching int       `json:"watching"` // how many watch
	Attached int       `json:"attached"` // how many are attached
	// Fault is why nothing is recorded any more.
	Fault string `json:"fault,omitempty"`
	// Owner says that the session has a terminal of its own, as that of
	// ttydeck rec has, which sets its size.
	Owner bool `json:"owner"`
}

// Screen is what is on the screen.
type Screen struct {
	Cols   int    `json:"cols"`
	Rows   int    `json:"rows"`
	Text   string `json:"text"`
	ANSI   string `json:"ansi"` // draws it on a terminal
	Title  string `json:"title,omitempty"`
	Cursor struct {
		Col     int  `json:"col"` // from 0
		Row     int  `json:"row"`
		Visible bool `json:"visible"`
	} `json:"cursor"`
}

// Message is what a session tells besides its output.
type Message struct {
	// Kind is one of the constants below.
	Kind string `json:"kind"`
	Cols int    `json:"cols,omitempty"`
	Rows int    `json:"rows,omitempty"`
	// Lost is how many bytes of output are not sent: the screen that comes
	// next stands for them.
	Lost int64 `json:"lost,omitempty"`
	// Status is the exit status of the recorded program.
	Status int `json:"status,omitempty"`
}

// Kinds of a [Message].
const (
	MessageScreen = "screen" // what comes next draws the whole screen
	MessageSize   = "size"   // the terminal has a new size
	MessageEnd    = "end"    // the session has ended
)

// size gives a size that is one.
func size(cols, rows int) (format.Size, bool) {
	return format.Size{Cols: cols, Rows: rows}, cols > 0 && rows > 0 && cols <= 10000 && rows <= 10000
}
