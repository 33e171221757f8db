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
//	GET  /v1/session/watch-input a WebSocket; also the input that is recorded
//	GET  /v1/session/attach      a WebSocket; ?cols=80&rows=24
//
// An error has a status of 400 or more, with {"error":"..."}. The exit status of
// an ended session's program is in the last message.
//
// Over the WebSocket, the session sends text messages, which are JSON:
//
//	{"kind":"screen","cols":80,"rows":24,"us":1500000,"lost":100}
//	{"kind":"end","status":0}
//
// The first message is a screen. The binary message after it draws the whole
// screen, as it is at that time, in microseconds since the start of the session.
// Later screens replace output that came too fast: that many bytes were lost. All
// other binary messages hold events. Each is the time in microseconds, a byte with
// the event's code as in asciicast (o, r, m, x; for watch-input also i), the length
// of the data, and the data; numbers are unsigned varints (Protocol Buffers, base
// 128). The times are those of [record.Watcher]. An attached client sends binary
// messages, which are input, and text messages with its size:
// {"cols":80,"rows":24}.
//
// These messages are the WebSocket subprotocol ttydeck.v2. To a client that does
// not offer it, a session sends the messages of the version before: a binary
// message is output, and a new size is {"kind":"size","cols":80,"rows":24}. A
// [Client] understands both.
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

// Message is what a session sends: a screen, events, or its end.
type Message struct {
	// Kind is MessageScreen, MessageEvents or MessageEnd.
	Kind string
	// Size is the size of the program's terminal, for MessageScreen. It is not
	// checked.
	Size format.Size
	// Screen draws the whole screen on a terminal of that size, for MessageScreen.
	Screen []byte
	// Time is the time of the screen since the start of the session, for
	// MessageScreen; 0 from a session of the version before.
	Time time.Duration
	// Lost is the number of bytes of output that were not sent, for
	// MessageScreen: the screen replaces them.
	Lost int64
	// Events are the session's events, for MessageEvents. Their times count from
	// the start of the session; from one of the version before, from the time at
	// which this client came.
	Events []format.Event
	// Status is the exit status of the recorded program, for MessageEnd.
	Status int
}

// Kinds of a [Message].
const (
	// MessageScreen: the screen is sent, at the beginning and in place of output.
	MessageScreen = "screen"
	// MessageEvents: something happened.
	MessageEvents = "events"
	// MessageEnd: the session has ended, and nothing follows.
	MessageEnd = "end"
)

// size returns cols and rows as a Size, and whether it is valid.
func size(cols, rows int) (format.Size, bool) {
	return format.Size{Cols: cols, Rows: rows}, cols > 0 && rows > 0 && cols <= 10000 && rows <= 10000
}
