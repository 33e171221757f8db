// Package sessions lists the terminal sessions of this host, from /proc alone:
// without utmp, a daemon, or a byte written to a terminal. Start with [List]:
//
//	list, err := sessions.List()
//	for _, s := range list.Sessions {
//		fmt.Println(s.TTY, s.User, s.Command())
//	}
//
// # What a session is
//
// A session begins with setsid(2): it is the set of processes with one session
// ID. This package lists those that have a controlling terminal. In Linux a
// terminal controls at most one session at a time, and a session has at most
// one terminal.
//
// A terminal is identified by its device number and, because every devpts mount
// counts from zero, by its mount: see [TTY]. The pts/0 of two containers are
// different terminals.
//
// # What may be missing
//
// Users can read the files in /proc of their own processes. Of other users'
// sessions they see the public facts: the terminal, the processes and their
// command lines, the user, the start. [Session.Unknown] lists the columns that
// were not readable, so that an empty field is never mistaken for a fact;
// [Listing.Missing] sums them up in a sentence.
//
// Nothing here stops, changes or reads from a session. Only for its size, its
// terminal is opened for a moment, without becoming a controlling terminal.
package sessions

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/visible"
)

// ErrNotFound is returned by [Listing.Find] if no session has the name.
var ErrNotFound = errors.New("no such terminal session")

// TTY identifies a terminal of this host.
type TTY struct {
	// Number is the device number in the encoding of field 7 of /proc/PID/stat: the
	// major number is in bits 8 to 19, the minor number in the others.
	Number uint32
	// Instance is the device number (st_dev) of a pseudo-terminal's devpts mount,
	// or of the file system with any other terminal's node; 0 if unknown.
	Instance uint64
	// Name is the terminal's name below /dev, such as pts/3, tty1 or ttyS0, as its
	// own processes see it.
	Name string
}

// Major returns the major number of the device.
func (t TTY) Major() uint32 { return t.Number >> 8 & 0xfff }

// Minor returns the minor number of the device.
func (t TTY) Minor() uint32 { return t.Number&0xff | t.Number>>12&0xfff00 }

// IsPTY reports whether t is a pseudo-terminal of a devpts.
func (t TTY) IsPTY() bool { return t.Major() >= 136 && t.Major() <= 143 }

// Index returns the number N of pts/N. It means nothing for other terminals.
func (t TTY) Index() int { return int(t.Major()-136)<<20 + int(t.Minor()) }

// String returns the name with the instance, if that is known, such as
// pts/3@0:26.
func (t TTY) String() string {
	if t.Instance == 0 {
		return t.Name
	}
	return t.Name + "@" + t.InstanceString()
}

// InstanceString returns the instance in the form MAJOR:MINOR of
// /proc/PID/mountinfo.
func (t TTY) InstanceString() string {
	// The C library's encoding, which stat uses for st_dev.
	major := t.Instance>>8&0xfff | t.Instance>>32&^uint64(0xfff)
	minor := t.Instance&0xff | t.Instance>>12&^uint64(0xff)
	return fmt.Sprintf("%d:%d", uint32(major), uint32(minor))
}

// Process is a process at one moment. PID and StartTicks together identify it
// for good: the kernel uses a PID again.
type Process struct {
	// PID is the process ID.
	PID int
	// PPID is the parent's process ID.
	PPID int
	// PGID is the process group ID.
	PGID int
	// SID is the session ID.
	SID int
	// StartTicks is the start of the process, in 1/100 s since the host's start.
	StartTicks uint64
	// Started is StartTicks as a time.
	Started time.Time
	// Name is the kernel's name of the process, at most 15 arbitrary bytes.
	Name string
	// Args is the command line, of arbitrary bytes; nil if there is none.
	Args []string
}

// Command returns the command line on one line, made [Printable]. For a process
// without one it returns the name in brackets, like ps(1).
func (p Process) Command() string {
	if len(p.Args) == 0 {
		return "[" + visible.Text(p.Name) + "]"
	}
	return visible.Text(strings.TrimRight(strings.Join(p.Args, " "), " "))
}

// Kind is the kind of a program that holds the master side of a terminal.
type Kind string

// The kinds of holders.
const (
	// Terminal is a terminal emulator.
	Terminal Kind = "terminal"
	// SSHD is an SSH server.
	SSHD Kind = "sshd"
	// Tmux is a tmux server.
	Tmux Kind = "tmux"
	// Screen is GNU screen.
	Screen Kind = "screen"
	// Container is a container runtime: containerd's shim, conmon, docker, lxc.
	Container Kind = "container"
	// TTYDeck is this program.
	TTYDeck Kind = "ttydeck"
	// Recorder is another recorder: script, asciinema, ttyrec, tlog.
	Recorder Kind = "recorder"
	// Detacher is dtach, abduco, zellij, mosh or the like.
	Detacher Kind = "detacher"
	// Other is any other program.
	Other Kind = "other"
)

// Holder is a process that has the master side of a session's terminal open. It
// reads what is written to the terminal.
type Holder struct {
	// PID is the process ID.
	PID int
	// StartTicks identifies the process together with PID; see [Process].
	StartTicks uint64
	// Kind is the kind of the program.
	Kind Kind
	// Name is the name of the program's file, or the process's name if the file
	// is not readable or is an interpreter.
	Name string
	// FDs are the process's descriptors of the master; none if Inferred.
	FDs []int
	// SID is the session of the holder itself.
	SID int
	// Inferred reports that the holder's descriptors are not readable: it is
	// assumed to be the holder because it is the parent of the session's leader and
	// a program that holds terminals.
	Inferred bool
}

// Recording is the recording of a session by a running program.
type Recording struct {
	// PID is the recorder's process ID.
	PID int
	// Name is the recorder's program.
	Name string
	// File is the path of the recording; empty if unknown.
	File string
}

// Column names a fact about a session that may be unknown.
type Column string

// The columns that can be unknown, each independent of the others.
const (
	// Instance is TTY.Instance; it may be set to an assumption.
	Instance Column = "instance"
	// User is UID and User. They are known while the leader lives.
	User Column = "user"
	// Dir is Dir.
	Dir Column = "dir"
	// Size is Size.
	Size Column = "size"
	// Idle is LastInput and LastOutput.
	Idle Column = "idle"
	// Holders is Holders; a holder that is listed is Inferred.
	Holders Column = "holders"
	// Recorders is Recording.
	Recorders Column = "recording"
)

// Session is a terminal session at one moment. It is a value: it holds no
// resources and does not change later.
type Session struct {
	// TTY is the session's terminal.
	TTY TTY
	// SID is the session's ID, which is the PID of its leader; 0 if the session
	// began outside this PID namespace.
	SID int
	// Leader is the process that began the session; its PID is 0 if it is not
	// visible.
	Leader Process
	// ForegroundID is the terminal's foreground process group; 0 if none is
	// visible.
	ForegroundID int
	// Foreground are the processes of that group, its leader first, the others by
	// age.
	Foreground []Process
	// Processes are all processes of the session, by age.
	Processes []Process
	// UID is the leader's effective user ID; -1 if unknown.
	UID int
	// User is the name of UID, or its digits if it has none; empty if unknown.
	User string
	// Dir is the leader's working directory, of arbitrary bytes; empty if unknown.
	Dir string
	// Since is the start of the leader; zero if the leader is not visible.
	Since time.Time
	// LastInput is the time of the last read from the terminal by a program, to the
	// 8 seconds of Linux' clock for it; zero if unknown.
	LastInput time.Time
	// LastOutput is the time of the last write to the terminal by a program, with
	// the same precision.
	LastOutput time.Time
	// Size is the terminal's size in character cells; zero if it is unknown or was
	// never set.
	Size format.Size
	// Holders are the processes that hold the terminal's master, by PID.
	Holders []Holder
	// Recording is the recording of the session; nil if none is visible.
	Recording *Recording
	// Unknown lists the unknown columns, sorted.
	Unknown []Column
}

// Knows reports whether a column of s is known for certain.
func (s *Session) Knows(c Column) bool { return !slices.Contains(s.Unknown, c) }

// Command returns the command line, made [Printable], of the leader of the
// foreground process group, or of the group's oldest process, or of the
// session's leader if there is no foreground; "" if none is visible.
func (s *Session) Command() string {
	switch {
	case len(s.Foreground) > 0:
		return s.Foreground[0].Command()
	case s.Leader.PID != 0:
		return s.Leader.Command()
	}
	return ""
}

// Listing is a list of sessions at one moment.
type Listing struct {
	// Time is the time of the listing.
	Time time.Time
	// Sessions are sorted by the terminal's major number, then devpts (this
	// process's own first), then minor number.
	Sessions []Session
	// Instance is the devpts at /dev/pts of this process; 0 if there is none.
	Instance uint64
	// Missing is a sentence about the columns that are unknown without root; empty
	// if nothing is missing.
	Missing string
}

// Find returns the session with the given name: a terminal (pts/3, /dev/pts/3,
// pts/3@0:39) or the PID of any of its processes. If several terminals have the
// name, Find prefers the one at this process's /dev/pts. The error wraps
// [ErrNotFound] if there is none; another error means that the name is
// ambiguous. The Session points into l.
func (l *Listing) Find(name string) (*Session, error) {
	if pid, err := strconv.Atoi(name); err == nil {
		for i := range l.Sessions {
			has := func(p Process) bool { return p.PID == pid }
			if slices.ContainsFunc(l.Sessions[i].Processes, has) {
				return &l.Sessions[i], nil
			}
		}
		return nil, fmt.Errorf("process %d: %w", pid, ErrNotFound)
	}
	want := strings.TrimPrefix(name, "/dev/")
	var found []*Session
	for i := range l.Sessions {
		s := &l.Sessions[i]
		if s.TTY.String() == want {
			return s, nil
		}
		if s.TTY.Name == want {
			if s.TTY.Instance == l.Instance && l.Instance != 0 {
				return s, nil
			}
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%s: %w", visible.Text(name), ErrNotFound)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, s := range found {
		names = append(names, s.TTY.String())
	}
	return nil, fmt.Errorf("%s is ambiguous: use one of %s", visible.Text(name), strings.Join(names, ", "))
}

// List returns the sessions that run now, as the zero [Lister] does.
func List() (*Listing, error) { return new(Lister).List() }

// Lister lists sessions. Its zero value is ready for use. It may be used
// repeatedly, by one goroutine at a time, and remembers users' names.
type Lister struct {
	// Proc is the path of the proc file system; empty means /proc.
	Proc string
	// Unused also lists pseudo-terminals that a visible process holds and that
	// belong to no session. Their Leader.PID and SID are 0.
	Unused bool

	users map[uint32]string // by UID
}
