// Package sessions finds out which terminal sessions run on this host, from
// /proc alone: no utmp, no daemon, nothing typed into anything. Start with
// [List]:
//
//	list, err := sessions.List()
//	for _, s := range list.Sessions {
//		fmt.Println(s.TTY, s.User, s.Command())
//	}
//
// # What a session is
//
// A session is what setsid(2) begins: processes with one session ID, here
// those that have a controlling terminal. The kernel lets a terminal be that of
// one session at a time, and a session have one terminal.
//
// A terminal is named by its device number and, because every devpts mount
// counts from zero, by the mount it belongs to: see [TTY]. Two containers'
// pts/0 are different terminals.
//
// # What may be missing
//
// A user sees the files of /proc that are about his own processes. Of others'
// sessions he gets what is readable by all: the terminal, the processes and
// their command lines, the user, since when. [Session.Unknown] says what was
// not readable, so that an empty field is never mistaken for a fact, and
// [Listing.Missing] says it in a sentence.
//
// Nothing here stops, changes or reads from a session. For its size, and for
// nothing else, its terminal is opened for a moment, without becoming
// anybody's controlling terminal.
package sessions

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// ErrNotFound is returned by [Listing.Find] when no session is meant.
var ErrNotFound = errors.New("no such terminal session")

// TTY names a terminal of this host.
type TTY struct {
	// Number is the device number as field 7 of /proc/PID/stat tells it: the
	// major number in bits 8 to 19, the minor one around it.
	Number uint32
	// Instance is the device number (st_dev) of the devpts mount that a
	// pseudo-terminal belongs to, or of the file system where any other
	// terminal has its node; 0 when unknown.
	Instance uint64
	// Name is the terminal's name below /dev, such as pts/3, tty1 or ttyS0,
	// where its own processes see it.
	Name string
}

// Major and Minor are the halves of the device number.
func (t TTY) Major() uint32 { return t.Number >> 8 & 0xfff }
func (t TTY) Minor() uint32 { return t.Number&0xff | t.Number>>12&0xfff00 }

// IsPTY says whether t is a pseudo-terminal of a devpts.
func (t TTY) IsPTY() bool { return t.Major() >= 136 && t.Major() <= 143 }

// Index is the number N of pts/N.
func (t TTY) Index() int { return int(t.Major()-136)<<20 + int(t.Minor()) }

// String gives the name with the instance, such as pts/3@0:26.
func (t TTY) String() string {
	if t.Instance == 0 {
		return t.Name
	}
	return t.Name + "@" + t.InstanceString()
}

// InstanceString gives the instance as MAJOR:MINOR, as /proc/PID/mountinfo
// does.
func (t TTY) InstanceString() string {
	// The C library's encoding, in which stat gives st_dev.
	major := t.Instance>>8&0xfff | t.Instance>>32&^uint64(0xfff)
	minor := t.Instance&0xff | t.Instance>>12&^uint64(0xff)
	return fmt.Sprintf("%d:%d", uint32(major), uint32(minor))
}

// Process is a process at one moment. The pair of PID and StartTicks names it
// for good: a PID alone is used again.
type Process struct {
	PID, PPID, PGID, SID int
	// StartTicks is when it began, in 1/100 s since the host's start.
	StartTicks uint64
	Started    time.Time // the same as a time
	Name       string    // the kernel's name for it, at most 15 bytes; any bytes
	Args       []string  // its command line, any bytes; nil if it has none
}

// Command gives the command line on one line, made [Printable]; the name in
// brackets, as ps has it, for a process that has none.
func (p Process) Command() string {
	if len(p.Args) == 0 {
		return "[" + Printable(p.Name) + "]"
	}
	return Printable(strings.TrimRight(strings.Join(p.Args, " "), " "))
}

// Kind says what sort of program holds the master side of a terminal.
type Kind string

// The kinds of holders.
const (
	Terminal  Kind = "terminal"  // a terminal emulator
	SSHD      Kind = "sshd"      // an SSH server's session
	Tmux      Kind = "tmux"      //
	Screen    Kind = "screen"    // GNU screen
	Container Kind = "container" // a container runtime: containerd's shim, conmon, docker, lxc
	TTYDeck   Kind = "ttydeck"   // this program
	Recorder  Kind = "recorder"  // another recorder: script, asciinema, ttyrec, tlog
	Detacher  Kind = "detacher"  // dtach, abduco, zellij, mosh and the like
	Other     Kind = "other"
)

// Holder is a process that has the master side of a session's terminal open:
// what is written to the terminal comes out there.
type Holder struct {
	PID        int
	StartTicks uint64 // names the process together with PID
	Kind       Kind
	Name       string // the program's, as far as it is readable
	// FDs are its descriptors of the master; none if Inferred.
	FDs []int
	// SID is the session that the holder itself runs in.
	SID int
	// Inferred says that the holder's descriptors may not be read, and that it
	// was taken for the holder because it is the session leader's parent and a
	// program that holds terminals.
	Inferred bool
}

// Recording says who records a session.
type Recording struct {
	PID  int
	Name string // the program
	// File is where to; empty when that cannot be seen.
	File string
}

// Column names what may be unknown of a session.
type Column string

// The columns that can be unknown, each on its own.
const (
	Instance  Column = "instance"  // which devpts; if there is a TTY.Instance, it is assumed
	User      Column = "user"      // never for a process that still lives
	Dir       Column = "dir"       //
	Size      Column = "size"      //
	Idle      Column = "idle"      // LastInput and LastOutput
	Holders   Column = "holders"   // if there is one, it is Inferred
	Recorders Column = "recording" //
)

// Session is a terminal session at one moment. It is a value: it holds nothing
// open, and tells nothing of what happened since.
type Session struct {
	TTY TTY
	// SID is the session's ID, which is the PID of its leader. 0 is a session
	// that was begun outside this PID namespace.
	SID int
	// Leader is the process that began the session; PID 0 if it is not visible.
	Leader Process
	// ForegroundID is the process group that the terminal is given to; 0 if
	// there is none that can be seen.
	ForegroundID int
	// Foreground are the processes of that group, its leader first, the others
	// by age.
	Foreground []Process
	// Processes are all processes of the session, by age.
	Processes []Process
	UID       int // the leader's effective user
	User      string
	Dir       string    // the leader's working directory; any bytes
	Since     time.Time // when the leader began
	// LastInput is when a program last read from the terminal, LastOutput when
	// one last wrote; both to the 8 seconds that Linux keeps them to.
	LastInput, LastOutput time.Time
	Size                  format.Size // 0x0: unknown, or never set
	Holders               []Holder    // by PID
	Recording             *Recording  // nil: not recorded, as far as can be seen
	Unknown               []Column    // sorted
}

// Knows says whether a column of s is known for certain.
func (s *Session) Knows(c Column) bool { return !slices.Contains(s.Unknown, c) }

// Command gives the command line of the foreground process group's leader, or
// of its oldest process; of the session's leader when there is none.
func (s *Session) Command() string {
	switch {
	case len(s.Foreground) > 0:
		return s.Foreground[0].Command()
	case s.Leader.PID != 0:
		return s.Leader.Command()
	}
	return ""
}

// Listing is what runs at one moment.
type Listing struct {
	Time     time.Time
	Sessions []Session // by TTY name, then instance
	// Instance is the devpts that is at /dev/pts here; 0 if none is.
	Instance uint64
	// Missing says in one sentence what could not be seen and what would help;
	// empty when nothing is missing.
	Missing string
}

// Find gives the one session that name means: a terminal (pts/3, /dev/pts/3,
// pts/3@0:39) or the PID of any of its processes. Of several terminals with the
// name, the one of this /dev/pts is meant. It returns [ErrNotFound] if there is
// none, and another error if the name means several.
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
		return nil, fmt.Errorf("%s: %w", Printable(name), ErrNotFound)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, s := range found {
		names = append(names, s.TTY.String())
	}
	return nil, fmt.Errorf("%s is several terminals: %s", Printable(name), strings.Join(names, ", "))
}

// List gives the sessions that run now. It is short for a zero [Lister]'s List.
func List() (*Listing, error) { return new(Lister).List() }

// Lister lists sessions. Its zero value is ready; it may be used again, and
// then does not look up again what does not change, such as users' names. It is
// not for several goroutines at once.
type Lister struct {
	// Proc is where the proc file system is; "/proc" if empty.
	Proc string
	// Unused also lists pseudo-terminals that a visible process holds and that
	// no session has: Leader.PID and SID are 0 then.
	Unused bool

	users map[uint32]string // by UID
}
