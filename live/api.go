// Package live shares a session while it is recorded: from any other terminal,
// its user can watch it, attach to it and control it.
//
// Each session has a socket of its own, in the [Dir] of its user. A [Server] is
// the session's end of the socket, in the process that records; a [Client] is
// the other end. Start with [OpenDir] and then [Dir.Serve] or [Dir.Open]. No
// daemon stands between the two: a session lives as long as its process,
// whatever happens to the terminals that watch it.
//
// # The protocol
//
// HTTP/1.1 over the Unix socket:
//
//	GET  /v1/session             a State
//	POST /v1/session/input       the body goes to the program as input
//	POST /v1/session/mark        {"label":"..."}
//	POST /v1/session/pause       the recording, not the session
//	POST /v1/session/resume
//	POST /v1/session/rename      {"name":"..."}
//	POST /v1/session/signal      {"signal":15}; 1, SIGHUP, ends it as closing a terminal does
//	GET  /v1/session/screen      a Screen
//	GET  /v1/session/watch       a WebSocket
//	GET  /v1/session/attach      a WebSocket; ?cols=80&rows=24
//
// An error has a status of 400 or more, with {"error":"..."}. Over the
// WebSocket, the session sends binary messages, which are bytes for a terminal,
// and text messages, each a [Message] about what follows it. An attached client
// sends binary messages, which are input, and text messages with its size:
// {"cols":80,"rows":24}.
//
// # Terminal queries
//
// A session that has no terminal of its own answers the queries that its program
// sends to a terminal (DSR, DA, DECRQM, XTVERSION, OSC 10 and 11, the size). An
// attached client that passes output to its terminal unchanged removes the
// queries first: see [Queries].
//
// # Access
//
// The session's user and root may connect. The directory is the user's alone,
// the socket has mode 0600 from the moment it is created, and the kernel reports
// the user of each connection: even if a mode is loosened later, nobody else
// gets in.
package live

import (
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// State describes a session.
type State struct {
	// Name is the session's name.
	Name string `json:"name"`
	// User is the name of the session's user; set only by a daemon that serves
	// the sessions of all users.
	User string `json:"user,omitempty"`
	// PID is the process ID of the recorded program.
	PID int `json:"pid"`
	// Process is the process ID of the process that records.
	Process int `json:"process"`
	// Command is the recorded program with its arguments.
	Command []string `json:"command"`
	// Dir is the directory in which the program was started.
	Dir string `json:"dir,omitempty"`
	// File is the path of the recording.
	File string `json:"file,omitempty"`
	// Started is when the session began.
	Started time.Time `json:"started"`
	// Cols is the width of the program's terminal.
	Cols int `json:"cols"`
	// Rows is the height of the program's terminal.
	Rows int `json:"rows"`
	// Paused reports that the recording is paused.
	Paused bool `json:"paused"`
	// Watching counts the clients that watch and are not attached.
	Watching int `json:"watching"`
	// Attached counts the attached clients.
	Attached int `json:"attached"`
	// Fault is the reason why recording has stopped; empty while it goes on.
	Fault string `json:"fault,omitempty"`
	// Owner reports that the session has a terminal of its own, which sets its
	// size, as a session of ttydeck rec has.
	Owner bool `json:"owner"`
}

// Screen is the content of a session's screen.
type Screen struct {
	// Cols is the width of the screen.
	Cols int `json:"cols"`
	// Rows is the height of the screen.
	Rows int `json:"rows"`
	// Text is the text of its rows.
	Text string `json:"text"`
	// ANSI draws the screen on a terminal.
	ANSI string `json:"ansi"`
	// Title is the window title.
	Title string `json:"title,omitempty"`
	// Cursor is the cursor; Col and Row count from 0.
	Cursor struct {
		Col     int  `json:"col"`
		Row     int  `json:"row"`
		Visible bool `json:"visible"`
	} `json:"cursor"`
}

// Message is anything that a session sends besides output.
type Message struct {
	// Kind is MessageScreen, MessageSize or MessageEnd; empty for output.
	Kind string `json:"kind"`
	// Cols is the width of the program's terminal, for MessageScreen and
	// MessageSize.
	Cols int `json:"cols,omitempty"`
	// Rows is its height.
	Rows int `json:"rows,omitempty"`
	// Lost is the number of bytes of output that were not sent, for
	// MessageScreen: the screen replaces them.
	Lost int64 `json:"lost,omitempty"`
	// Status is the exit status of the recorded program, for MessageEnd.
	Status int `json:"status,omitempty"`
}

// Kinds of a [Message].
const (
	// MessageScreen: the output that follows draws the whole screen.
	MessageScreen = "screen"
	// MessageSize: the program's terminal has a new size.
	MessageSize = "size"
	// MessageEnd: the session has ended, and nothing follows.
	MessageEnd = "end"
)

// size returns cols and rows as a Size, and whether it is valid.
func size(cols, rows int) (format.Size, bool) {
	return format.Size{Cols: cols, Rows: rows}, cols > 0 && rows > 0 && cols <= 10000 && rows <= 10000
}
