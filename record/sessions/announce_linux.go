package sessions

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Announce announces to every [List] on this host that this process records the
// session, until the caller closes the Closer or the process ends in any
// way. It is for recorders that do not hold the terminal's master. Listings
// accept it from the session's own user and from root. They also show the
// recording's file if it is locked by flock(2).
func Announce(s *Session) (io.Closer, error) {
	// Other processes see the name of an anonymous file; the file takes no
	// room, leaves nothing behind, and ends with this process.
	fd, err := unix.MemfdCreate(fmt.Sprintf("%s%d:%d:%d", markName, s.TTY.Number, s.TTY.Instance, s.Leader.StartTicks), unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "announcement"), nil
}
